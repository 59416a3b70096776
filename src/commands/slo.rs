//! `slo`: OpenSLO files, read and written, judged by nothing but themselves.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use model::{ByteSize, Fault, counted};
use serde_json::{Value, json};
use slo::{Book, Imported, ObjectKind, Reading, Warning};

use super::Done;
use crate::cli::annotations::{Level, annotation};
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::files::{self, Existing};
use crate::cli::output::{Page, Show};
use crate::cli::rules;

/// Bytes of a file of another tool.
const IMPORT_MAX: ByteSize = ByteSize(4 << 20);

pub(crate) const EXAMPLES: &[Example] = &[
    Example { about: "Only read files, and say what is wrong where", line: "probity slo check slo.yaml" },
    Example {
        about: "As OpenSLO's own validator would, for a code host",
        line: "probity slo check --strict --format github rules",
    },
    Example {
        about: "Objectives of Sloth, Pyrra or slo-generator as OpenSLO",
        line: "probity slo import sloth.yaml --output imported.yaml",
    },
];

/// Check OpenSLO files, and import those of other tools
///
/// OpenSLO v1, v1alpha and v2alpha are read, YAML or JSON. Data are neither needed nor looked at.
#[derive(Args, Debug)]
pub(crate) struct SloArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Only read files; exit 7 when something is wrong
    Check {
        /// OpenSLO files, or folders with them; references between them are resolved
        #[arg(required = true)]
        file: Vec<PathBuf>,
        /// Refuse what OpenSLO's own validator refuses
        #[arg(long)]
        strict: bool,
        /// Form of the result
        #[arg(long, value_name = "NAME", value_parser = ["human", "json", "github"], default_value = "human")]
        format: String,
    },
    /// Write objectives of Sloth, Pyrra or slo-generator as OpenSLO v1
    Import {
        /// A file of one of them
        file: PathBuf,
        /// Write to this file instead of standard output
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Replace the file when it exists
        #[arg(long, requires = "output")]
        overwrite: bool,
        /// The window of tools whose files name none: Sloth, slo-generator
        #[arg(long, value_name = "DURATION", default_value = "30d")]
        window: String,
    },
}

pub(crate) fn run(context: &mut Context, args: SloArgs) -> Result<Done, Fault> {
    match args.verb {
        Verb::Check { file, strict, format } => check(&file, strict, format),
        Verb::Import { file, output, overwrite, window } => {
            let text = files::read_text(&file, IMPORT_MAX)?;
            let imported = Imported::read(&file, &text, &window, &Reading::default());
            let imported = imported.map_err(|faults| rules::say_all(context, faults))?;
            imported.warnings.iter().for_each(|warning| context.output.warn(&rules::in_words(warning)));
            match &output {
                Some(path) => files::write(path, imported.text.as_bytes(), Existing::from_flag(overwrite))?,
                None if !context.output.is_json() => {
                    context.output.write(imported.text.as_bytes())?;
                    return Ok(Done::streamed(Exit::Done));
                }
                None => {}
            }
            Ok(Done::showing(Exit::Done, Written { imported, file: output }))
        }
    }
}

fn check(paths: &[PathBuf], strict: bool, format: String) -> Result<Done, Fault> {
    let texts = rules::texts(paths)?;
    let files = texts.len();
    let checked = match Book::load(texts, &Reading { strict, ..Reading::default() }) {
        Ok(book) => {
            let of_kind =
                |kind: ObjectKind| (kind.word(), book.objects().iter().filter(|(known, _)| *known == kind).count());
            let ours = ("Maintenance", book.maintenance().len());
            Checked {
                files,
                strict,
                objects: ObjectKind::ALL.map(of_kind).into_iter().chain([ours]).collect(),
                warnings: book.warnings().to_vec(),
                faults: vec![],
                format,
            }
        }
        Err(faults) => Checked { files, strict, objects: vec![], warnings: vec![], faults: faults.into_vec(), format },
    };
    let exit = if checked.faults.is_empty() { Exit::Done } else { Exit::BadConfig };
    Ok(Done::showing(exit, checked))
}

struct Checked {
    files: usize,
    strict: bool,
    /// Kinds, and how many of each there are.
    objects: Vec<(&'static str, usize)>,
    warnings: Vec<Warning>,
    faults: Vec<Fault>,
    format: String,
}

impl Show for Checked {
    fn json(&self) -> Value {
        let faults = self.faults.iter().map(|fault| note(fault.code(), fault.message(), fault.advice(), fault.place()));
        let objects = self.objects.iter().filter(|(_, count)| *count > 0);
        json!({
            "schema": "slo-check/1",
            "valid": self.faults.is_empty(),
            "strict": self.strict,
            "files": self.files,
            "objects": objects.map(|(kind, count)| ((*kind).to_owned(), (*count).into())).collect::<serde_json::Map<_, _>>(),
            "faults": faults.collect::<Vec<_>>(),
            "warnings": warnings(&self.warnings),
        })
    }

    fn human(&self, page: &mut Page) {
        let warned =
            |warning: &Warning| (Level::Warning, warning.place.clone(), warning.code, rules::in_words(warning));
        let failed = |fault: &Fault| {
            let words = rules::in_words(&Warning::from(fault));
            (Level::Error, fault.place().cloned(), fault.code(), words)
        };
        let all = self.faults.iter().map(failed).chain(self.warnings.iter().map(warned));
        match self.format.as_str() {
            "json" => page.raw(&format!("{}\n", self.json())),
            "github" => {
                all.for_each(|(level, place, code, text)| page.raw(&annotation(level, place.as_ref(), code, &text)))
            }
            _ => {
                for (level, _, _, text) in all {
                    page.line(format!("{}: {text}", if matches!(level, Level::Error) { "error" } else { "warning" }));
                }
                page.line(self.sentence());
            }
        }
    }
}

impl Checked {
    fn sentence(&self) -> String {
        let files = counted(self.files as u64, "file", "files");
        if !self.faults.is_empty() {
            return format!("{files}: {}", counted(self.faults.len() as u64, "error", "errors"));
        }
        let objects = self.objects.iter().filter(|(_, count)| *count > 0);
        let objects: Vec<String> = objects.map(|(kind, count)| format!("{count} {kind}")).collect();
        let warnings = counted(self.warnings.len() as u64, "warning", "warnings");
        format!("{files}: {}; {warnings}", objects.join(", "))
    }
}

fn warnings(warnings: &[Warning]) -> Vec<Value> {
    let one =
        |warning: &Warning| note(warning.code, &warning.message, warning.advice.as_deref(), warning.place.as_ref());
    warnings.iter().map(one).collect()
}

fn note(code: &str, message: &str, advice: Option<&str>, place: Option<&model::Place>) -> Value {
    json!({"code": code, "message": message, "advice": advice, "place": place.map(ToString::to_string)})
}

struct Written {
    imported: Imported,
    file: Option<PathBuf>,
}

impl Show for Written {
    fn json(&self) -> Value {
        json!({
            "schema": "slo-import/1",
            "from": self.imported.tools,
            "slos": self.imported.names,
            "file": self.file.as_ref().map(|path| path.display().to_string()),
            "text": self.imported.text,
            "warnings": warnings(&self.imported.warnings),
        })
    }

    fn human(&self, page: &mut Page) {
        let slos = counted(self.imported.names.len() as u64, "SLO", "SLOs");
        let file = self.file.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
        page.line(format!("{slos} of {} in {file}", self.imported.tools.join(", ")));
    }
}
