//! A judgement as a PDF.

use std::path::{Path, PathBuf};

use model::Fault;
use serde_json::Value;

use super::EvaluateArgs;
use crate::cli::context::Context;

/// Whether the PDF can be written at all: said before anything is judged.
///
/// # Errors
/// `no-output`; `flag-without-effect`; `not-built-in`.
pub(super) fn check(args: &EvaluateArgs) -> Result<(), Fault> {
    if args.format != "pdf" {
        return match args.font_dir.is_empty() {
            true => Ok(()),
            false => Err(Fault::usage("flag-without-effect", "--font-dir is for --format pdf").advise("Leave it out.")),
        };
    }
    let file = args.output.as_deref().filter(|path| *path != Path::new("-"));
    match file {
        None => Err(Fault::usage("no-output", "A PDF goes into a file").advise("Add --output FILE.")),
        Some(_) if cfg!(not(feature = "pdf")) => Err(not_built_in()),
        Some(_) => Ok(()),
    }
}

fn not_built_in() -> Fault {
    Fault::usage("not-built-in", "This probity was built without PDF").advise("Use the full build, or --format html.")
}

/// The bytes of the PDF, with the judgement inside as `--format json` writes it.
///
/// # Errors
/// What the renderer cannot show.
#[cfg(feature = "pdf")]
pub(super) fn write(context: &Context, document: &Value, fonts: &[PathBuf]) -> Result<Vec<u8>, Fault> {
    use evidence::Renderer as _;
    let producer = concat!("probity ", env!("CARGO_PKG_VERSION"));
    let report = evidence::judgement::report(format!("{document}\n").as_bytes(), producer, context.now())?;
    crate::cli::report::renderer(fonts).render(&report)
}

#[cfg(not(feature = "pdf"))]
pub(super) fn write(_: &Context, _: &Value, _: &[PathBuf]) -> Result<Vec<u8>, Fault> {
    Err(not_built_in())
}
