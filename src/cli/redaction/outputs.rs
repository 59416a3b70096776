//! Where each output goes, and how all of them appear together.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use model::Fault;

use super::{Draft, Outcome};
use crate::cli::drafts;
use crate::cli::files::{self, Existing, NewFile, WrittenFile};
use crate::cli::intake::Input;
use crate::cli::new_folder::NewFolder;

/// The outputs of a run: none has its name before all of them are clean.
pub(crate) struct Outputs<'a> {
    targets: Targets,
    existing: Existing,
    /// Parts that could not be looked into are no hindrance.
    allow_unscanned: bool,
    pub(super) stream: &'a mut dyn Write,
    file: Option<WrittenFile>,
    folder: Option<NewFolder>,
}

impl<'a> Outputs<'a> {
    /// Nothing is made yet; what goes to standard output goes to `stream`.
    pub(crate) fn new(targets: Targets, existing: Existing, allow_unscanned: bool, stream: &'a mut dyn Write) -> Self {
        Outputs { targets, existing, allow_unscanned, stream, file: None, folder: None }
    }

    /// The output of an input before it has its name; none where it is the stream.
    pub(super) fn draft(&mut self, input: &Input) -> Result<Option<Draft>, Fault> {
        let path = match &self.targets {
            Targets::Stream => return Ok(None),
            Targets::File(path) => {
                drafts::sweep(files::folder_of(path));
                path.clone()
            }
            Targets::Folder(folder, below) => {
                let relative = below.get(input.path()).map_or(input.path(), PathBuf::as_path);
                if self.existing == Existing::Keep {
                    files::free(&folder.join(relative))?;
                }
                let new = match &mut self.folder {
                    Some(new) => new,
                    none => none.insert(NewFolder::create(folder, self.existing)?),
                };
                new.draft().join(relative)
            }
        };
        Ok(Some(Draft::new(NewFile::create(&path, self.existing)?)))
    }

    /// Keeps a draft until all appear; forgets it where there is no outcome.
    pub(super) fn keep(&mut self, draft: Draft, outcome: Option<&Outcome>) -> Result<(), Fault> {
        if outcome.is_some_and(|outcome| outcome.unscanned.is_empty() || self.allow_unscanned) {
            let written = draft.close()?;
            match self.folder {
                Some(_) => written.appear()?,
                None => self.file = Some(written),
            }
        }
        Ok(())
    }

    /// Gives every output its name.
    ///
    /// # Errors
    /// I/O faults; `output-exists` when somebody else has written one meanwhile.
    pub(crate) fn appear(self) -> Result<(), Fault> {
        self.file.map_or(Ok(()), WrittenFile::appear)?;
        self.folder.map_or(Ok(()), NewFolder::appear)
    }
}

/// Where each output goes.
pub(crate) enum Targets {
    /// To standard output.
    Stream,
    /// To this file.
    File(PathBuf),
    /// Below this folder, by the path below the argument that led to the input.
    Folder(PathBuf, BTreeMap<PathBuf, PathBuf>),
}

impl Targets {
    /// What was typed → where each of `inputs`, found in `roots`, goes.
    ///
    /// # Errors
    /// `no-output`, `one-stream`, `same-output`.
    pub(crate) fn of(roots: &[PathBuf], output: Option<&Path>, inputs: &[Input]) -> Result<Self, Fault> {
        let stdin_only = inputs.len() == 1 && inputs[0].is_stdin();
        let one_file = roots.len() == 1 && !roots[0].is_dir();
        match output {
            None if stdin_only => Ok(Targets::Stream),
            None => Err(Fault::usage("no-output", "it is not said where the output goes")
                .advise("Give -o PATH, or -o - for standard output; or only look, with --check.")),
            Some(path) if path.as_os_str() == "-" && one_file => Ok(Targets::Stream),
            Some(path) if path.as_os_str() == "-" => {
                Err(Fault::usage("one-stream", "several outputs do not fit into one stream")
                    .advise("Give a folder as the output."))
            }
            Some(path) if one_file && !path.is_dir() => Ok(Targets::File(path.to_path_buf())),
            Some(path) => Ok(Targets::Folder(path.to_path_buf(), Self::below(roots, inputs)?)),
        }
    }

    fn below(roots: &[PathBuf], inputs: &[Input]) -> Result<BTreeMap<PathBuf, PathBuf>, Fault> {
        let relative = |input: &Input| {
            let path = input.path();
            let root = roots.iter().filter(|root| root.is_dir()).find_map(|root| path.strip_prefix(root).ok());
            root.unwrap_or_else(|| path.file_name().map_or(path, Path::new)).to_path_buf()
        };
        let below: BTreeMap<_, _> = inputs.iter().map(|input| (input.path().to_path_buf(), relative(input))).collect();
        let mut targets: Vec<&PathBuf> = below.values().collect();
        targets.sort();
        match targets.array_windows().find(|[a, b]| a == b) {
            None => Ok(below),
            Some([twice, _]) => {
                Err(Fault::usage("same-output", format!("two inputs would be written to {}", twice.display()))
                    .advise("Redact them into different folders."))
            }
        }
    }

    /// Whether the output is standard output.
    pub(crate) fn is_stream(&self) -> bool {
        matches!(self, Targets::Stream)
    }
}
