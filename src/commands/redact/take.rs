//! Taking out: every input into its output, all together, and the log of it.

use std::io::{self, Write};

use model::{Digest, Fault, Progress};
use redact::{Seen, Witness};

use super::RedactArgs;
use super::shown::{Act, Redacted};
use crate::cli::context::Context;
use crate::cli::files::Existing;
use crate::cli::intake::Input;
use crate::cli::output::Output;
use crate::cli::redaction::{self, By, Log, Mapping, Observer, Outcome, Outputs, Plan, Run, Targets};

pub(super) fn take(
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
    let mapping = args.mapping.as_ref().map(|_| Mapping::new(&plan.key, &tool, &now.to_string()));
    let mut scribe = Scribe { log, mapping };
    let targets = Targets::of(&args.input, args.output.as_deref(), &inputs)?;
    let act = if targets.is_stream() { Act::Streamed } else { Act::Written };
    let mut standard = Standard(&mut context.output);
    let mut outputs = Outputs::new(targets, existing, args.allow_unscanned, &mut standard);
    let finished = redaction::take(inputs, Run::new(plan, progress), &mut outputs, &mut scribe)?;
    let result = Redacted { finished, places: Vec::new(), act, allow_unscanned: args.allow_unscanned };
    if result.may_appear() {
        // The way back first: an output without it could not be taken back.
        let last = scribe.finish(args)?;
        outputs.appear()?;
        last.into_iter().for_each(|last| context.trace.digest("redaction_log", last));
    }
    Ok(result)
}

/// Writes the redaction log, where one is wanted.
struct Scribe {
    log: Option<Log>,
    mapping: Option<Mapping>,
}

impl Witness for Scribe {
    fn seen(&mut self, seen: &Seen<'_>) -> Result<(), Fault> {
        self.mapping.iter_mut().for_each(|mapping| mapping.note(seen));
        self.log.as_mut().map_or(Ok(()), |log| log.seen(seen))
    }

    fn only_counts(&self) -> bool {
        self.mapping.is_none() && self.log.is_none()
    }

    fn again(&mut self) -> Result<(), Fault> {
        self.log.as_mut().map_or(Ok(()), Log::again)
    }
}

impl Observer for Scribe {
    fn end(&mut self, input: &Input, outcome: Option<&Outcome>) -> Result<(), Fault> {
        if let (Some(mapping), Some(outcome)) = (&mut self.mapping, outcome) {
            mapping.close(input, outcome);
        }
        match (&mut self.log, outcome) {
            (Some(log), Some(outcome)) => log.close(input, outcome),
            (Some(log), None) => log.forget(),
            (None, _) => Ok(()),
        }
    }
}

impl Scribe {
    /// The digest of the log's last line, which stands for all of them.
    fn finish(self, args: &RedactArgs) -> Result<Option<Digest>, Fault> {
        if let (Some(mapping), Some(path), Some(recipient)) = (self.mapping, &args.mapping, &args.recipient) {
            mapping.finish(path, recipient, Existing::from_flag(args.overwrite))?;
        }
        Ok(self.log.map(Log::finish).transpose()?.flatten())
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
