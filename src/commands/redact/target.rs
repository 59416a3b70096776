//! Where each output goes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use model::Fault;

use super::RedactArgs;
use crate::cli::intake::Input;

/// Where each output goes.
pub(super) enum Targets {
    Stream,
    File(PathBuf),
    /// Below this folder, by the path below the argument that led to the input.
    Folder(PathBuf, BTreeMap<PathBuf, PathBuf>),
}

impl Targets {
    pub(super) fn of(args: &RedactArgs, inputs: &[Input]) -> Result<Self, Fault> {
        let stdin_only = inputs.len() == 1 && inputs[0].is_stdin();
        let one_file = args.input.len() == 1 && !args.input[0].is_dir();
        match &args.output {
            None if stdin_only => Ok(Targets::Stream),
            None => Err(Fault::usage("no-output", "it is not said where the output goes")
                .advise("Give -o PATH, or -o - for standard output; or only look, with --check.")),
            Some(path) if path.as_os_str() == "-" && one_file => Ok(Targets::Stream),
            Some(path) if path.as_os_str() == "-" => {
                Err(Fault::usage("one-stream", "several outputs do not fit into one stream")
                    .advise("Give a folder as the output."))
            }
            Some(path) if one_file && !path.is_dir() => Ok(Targets::File(path.clone())),
            Some(path) => Ok(Targets::Folder(path.clone(), Self::below(args, inputs)?)),
        }
    }

    fn below(args: &RedactArgs, inputs: &[Input]) -> Result<BTreeMap<PathBuf, PathBuf>, Fault> {
        let relative = |input: &Input| {
            let path = input.path();
            let root = args.input.iter().filter(|root| root.is_dir()).find_map(|root| path.strip_prefix(root).ok());
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

    pub(super) fn of_input(&self, input: &Input) -> Result<Option<PathBuf>, Fault> {
        Ok(match self {
            Targets::Stream => None,
            Targets::File(path) => Some(path.clone()),
            Targets::Folder(folder, below) => below.get(input.path()).map(|relative| folder.join(relative)),
        })
    }

    pub(super) fn is_stream(&self) -> bool {
        matches!(self, Targets::Stream)
    }
}
