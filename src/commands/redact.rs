//! `redact`: take personal data out of files and streams.

mod plan;
mod shown;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use model::{Fault, Progress};
use redact::{Case, Seen, Witness, wire};

use super::Done;
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::files::{Existing, NewFile};
use crate::cli::intake::{self, Input};
use crate::cli::journal::Wanted;
use crate::cli::output::Output;
use crate::cli::progress::Count;
use crate::cli::redaction::{self, By, Draft, Log, Outcome, Plan, Preview};
use shown::{Act, Cleaned, Redacted};

pub(crate) const EXAMPLES: &[Example] = &[
    Example { about: "Is there personal data in these files?", line: "probity redact --check logs" },
    Example {
        about: "A log to be shared, and a record of what was taken out",
        line: "probity redact access.log -o shared.log --profile logs --report redactions.jsonl",
    },
    Example {
        about: "See each finding in its context, decide, and replay the decisions",
        line: "probity redact letter.txt --preview review.html",
    },
    Example { about: "In a pipe", line: "probity redact - <access.log" },
];

/// Take personal data out of files and streams, and prove that it is gone
///
/// An output is written only when it has been opened again and nothing was found in it any more. A format that cannot
/// be cleaned completely is refused.
#[derive(Args, Debug)]
pub(crate) struct RedactArgs {
    /// Files, folders, or `-` for standard input
    #[arg(required_unless_present = "list")]
    input: Vec<PathBuf>,
    /// File, or folder for a folder or several inputs; `-` for standard output
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Replace files that exist
    #[arg(long)]
    overwrite: bool,
    /// Only look: exit 1 when personal data is found
    #[arg(long, conflicts_with_all = ["output", "report"])]
    check: bool,
    /// What goes and how: a built-in profile, or a file
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Only these types or detectors (can be repeated)
    #[arg(long, value_name = "NAME")]
    detector: Vec<String>,
    /// Leave these types or detectors in (can be repeated)
    #[arg(long, value_name = "NAME")]
    exclude: Vec<String>,
    /// File with a detector of your own (can be repeated)
    #[arg(long, value_name = "FILE")]
    own: Vec<PathBuf>,
    /// One operator for everything that goes
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// Where names are looked for: never, prose or always
    #[arg(long, value_name = "WHERE")]
    names: Option<String>,
    /// The format; otherwise the content decides
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    /// Write a line for each redaction: place, type, reason, operator, keyed digest
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Only look, and write a page on which people see each finding in its context and decide
    #[arg(long, value_name = "FILE", conflicts_with_all = ["output", "report"])]
    preview: Option<PathBuf>,
    /// Replay what was decided and saved on such a page
    #[arg(long, value_name = "FILE")]
    decisions: Option<PathBuf>,
    /// Key of tags and pseudonyms, made when it is not there; otherwise a new one that is forgotten
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// With --check --json: print the values, too
    #[arg(long, requires = "check")]
    show_values: bool,
    /// Write outputs although parts of them, such as pictures, could not be looked into
    #[arg(long)]
    allow_unscanned: bool,
    /// List the detectors
    #[arg(long)]
    list: bool,
}

pub(crate) fn run(context: &mut Context, args: RedactArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, if args.check { "redact.checked" } else { "redact.finished" });
    if args.list {
        return Ok(Done::showing(Exit::Done, shown::Detectors::all()?));
    }
    let plan = plan::resolve(&args)?;
    let inputs = intake::find(&args.input)?;
    let progress = context.progress(Count::Bytes);
    progress.start("reading", inputs.iter().filter_map(Input::size).sum());
    let result = match args.check || args.preview.is_some() {
        true => look(context, &args, inputs, &plan, &*progress)?,
        false => take(context, &args, inputs, &plan, &*progress)?,
    };
    progress.finish();
    result.trace(context);
    result.complain(&context.output);
    let exit = result.exit(args.allow_unscanned);
    if result.is_streamed(&context.output) { Ok(Done::streamed(exit)) } else { Ok(Done::showing(exit, result)) }
}

fn look(
    context: &mut Context,
    args: &RedactArgs,
    inputs: Vec<Input>,
    plan: &Plan,
    progress: &dyn Progress,
) -> Result<Redacted, Fault> {
    let mut cleaned = Vec::new();
    let mut case = Case::default();
    let mut preview = args.preview.as_ref().map(|_| Preview::default());
    for input in inputs {
        let output = &mut context.output;
        let mut looker = Looker { input: &input, output, args, preview: preview.as_mut(), places: Vec::new() };
        let outcome = redaction::look(&input, plan, &mut case, &mut looker, progress);
        let places = looker.places;
        match (&mut preview, &outcome) {
            (Some(preview), Ok(outcome)) => preview.close(&input, outcome),
            (Some(preview), Err(_)) => preview.forget(),
            (None, _) => {}
        }
        cleaned.push(Cleaned::of(input, outcome, places)?);
    }
    if let (Some(preview), Some(path)) = (preview, &args.preview) {
        preview.finish(path, Existing::from_flag(args.overwrite), &plan.profile.name)?;
    }
    Ok(Redacted { cleaned, act: if args.check { Act::Checked } else { Act::Previewed } })
}

/// Prints findings as they come, or keeps the first places for people, or lays them on the review page.
struct Looker<'a> {
    input: &'a Input,
    output: &'a mut Output,
    args: &'a RedactArgs,
    preview: Option<&'a mut Preview>,
    places: Vec<shown::Found>,
}

impl Witness for Looker<'_> {
    fn seen(&mut self, seen: &Seen<'_>) -> Result<(), Fault> {
        if let Some(preview) = &mut self.preview {
            preview.note(seen);
        }
        if self.args.check && self.output.is_json() {
            let mut line = wire::finding(&self.input.path().display().to_string(), seen);
            if self.args.show_values {
                line["value"] = String::from_utf8_lossy(&seen.piece.text[seen.range.clone()]).into();
            }
            return self.output.document(line);
        }
        if self.args.check && self.places.len() < shown::PLACES_MAX {
            self.places.push(shown::Found::of(seen));
        }
        Ok(())
    }
}

fn take(
    context: &mut Context,
    args: &RedactArgs,
    inputs: Vec<Input>,
    plan: &Plan,
    progress: &dyn Progress,
) -> Result<Redacted, Fault> {
    let existing = Existing::from_flag(args.overwrite);
    let (actor, now) = (context.actor(), context.now());
    let tool = format!("probity {}", env!("CARGO_PKG_VERSION"));
    let by =
        By { actor: &actor, tool: &tool, time: now, profile: &plan.profile.name, basis: plan.profile.basis.as_deref() };
    let log = args.report.as_deref().map(|path| Log::create(path, existing, &by)).transpose()?;
    let mut scribe = Scribe { log };
    let mut case = Case::default();
    let targets = Targets::of(args, &inputs)?;
    let (mut cleaned, mut written) = (Vec::new(), Vec::new());
    for input in inputs {
        let outcome = match targets.of_input(&input)? {
            None => redaction::pass(&input, &mut Standard(&mut context.output), plan, &mut case, &mut scribe, progress),
            Some(path) => {
                let mut draft = Draft::new(NewFile::create(&path, existing)?);
                let outcome = redaction::take(&input, &mut draft, plan, &mut case, &mut scribe, progress);
                let kept = outcome.as_ref().is_ok_and(|outcome| outcome.unscanned.is_empty() || args.allow_unscanned);
                if kept {
                    written.push(draft.close()?);
                }
                outcome
            }
        };
        scribe.close(&input, outcome.as_ref().ok())?;
        cleaned.push(Cleaned::of(input, outcome, Vec::new())?);
    }
    let act = if targets.is_stream() { Act::Streamed } else { Act::Written };
    let result = Redacted { cleaned, act };
    if result.may_appear(args.allow_unscanned) {
        written.into_iter().try_for_each(|file| file.appear())?;
        scribe.finish(context)?;
    }
    Ok(result)
}

/// Writes the redaction log, where one is wanted.
struct Scribe {
    log: Option<Log>,
}

impl Witness for Scribe {
    fn seen(&mut self, seen: &Seen<'_>) -> Result<(), Fault> {
        self.log.as_mut().map_or(Ok(()), |log| log.note(seen))
    }

    fn again(&mut self) -> Result<(), Fault> {
        self.log.as_mut().map_or(Ok(()), Log::forget)
    }
}

impl Scribe {
    fn close(&mut self, input: &Input, outcome: Option<&Outcome>) -> Result<(), Fault> {
        match (&mut self.log, outcome) {
            (Some(log), Some(outcome)) => log.close(input, outcome),
            (Some(log), None) => log.forget(),
            (None, _) => Ok(()),
        }
    }

    fn finish(self, context: &mut Context) -> Result<(), Fault> {
        if let Some(last) = self.log.map(Log::finish).transpose()?.flatten() {
            context.trace.digest("redaction_log", last);
        }
        Ok(())
    }
}

/// Where each output goes.
enum Targets {
    Stream,
    File(PathBuf),
    /// Below this folder, by the path below the argument that led to the input.
    Folder(PathBuf, BTreeMap<PathBuf, PathBuf>),
}

impl Targets {
    fn of(args: &RedactArgs, inputs: &[Input]) -> Result<Self, Fault> {
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

    fn of_input(&self, input: &Input) -> Result<Option<PathBuf>, Fault> {
        Ok(match self {
            Targets::Stream => None,
            Targets::File(path) => Some(path.clone()),
            Targets::Folder(folder, below) => below.get(input.path()).map(|relative| folder.join(relative)),
        })
    }

    fn is_stream(&self) -> bool {
        matches!(self, Targets::Stream)
    }
}

/// Standard output as a stream of bytes.
struct Standard<'a>(&'a mut Output);

impl Write for Standard<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.write(buffer).map_err(io::Error::other)?;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
