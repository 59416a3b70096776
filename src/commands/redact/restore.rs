//! The way back: the original of an output, for the holder of the mapping's key.

use model::Fault;
use redact::Limits;

use super::RedactArgs;
use super::shown::Restored;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::files::{Existing, NewFile};
use crate::cli::intake;
use crate::cli::redaction::{self, Draft};
use crate::commands::Done;

pub(super) fn run(context: &mut Context, args: &RedactArgs) -> Result<Done, Fault> {
    // clap asks for all three with --restore.
    let (Some(mapping), Some(identity), Some(path)) = (&args.mapping, &args.identity, &args.output) else {
        return Err(Fault::usage("no-output", "it is not said where the original goes").advise("Give -o FILE."));
    };
    let inputs = intake::find(&args.input)?;
    let [input] = inputs.as_slice() else {
        return Err(Fault::usage("one-file", "one file at a time can be restored").advise("Name a single file."));
    };
    let digest = redaction::digest(input)?;
    let origin = redaction::origin(mapping, identity, digest)?;
    let mut draft = Draft::new(NewFile::create(path, Existing::from_flag(args.overwrite))?);
    redaction::restore(input, &mut draft, &origin, &Limits::default())?;
    draft.close()?.appear()?;
    context.trace.digest("output", origin.input);
    Ok(Done::showing(
        Exit::Done,
        Restored { path: path.clone(), digest: origin.input, values: origin.removals.len() as u64 },
    ))
}
