//! Taking out: every input into its output, all together, and the log of it.

use std::io::{self, Write};

use model::{Fault, Progress};
use redact::{Case, Seen, Witness};

use super::RedactArgs;
use super::shown::{Act, Cleaned, Redacted};
use super::target::Targets;
use crate::cli::context::Context;
use crate::cli::files::{Existing, NewFile};
use crate::cli::intake::Input;
use crate::cli::output::Output;
use crate::cli::redaction::{self, By, Draft, Log, Mapping, Outcome, Plan};

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
    let result = Redacted { cleaned, act, allow_unscanned: args.allow_unscanned };
    if result.may_appear() {
        // The way back first: an output without it could not be taken back.
        scribe.finish(context, args)?;
        written.into_iter().try_for_each(|file| file.appear())?;
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

    fn again(&mut self) -> Result<(), Fault> {
        self.log.as_mut().map_or(Ok(()), Log::again)
    }
}

impl Scribe {
    fn close(&mut self, input: &Input, outcome: Option<&Outcome>) -> Result<(), Fault> {
        if let (Some(mapping), Some(outcome)) = (&mut self.mapping, outcome) {
            mapping.close(input, outcome);
        }
        match (&mut self.log, outcome) {
            (Some(log), Some(outcome)) => log.close(input, outcome),
            (Some(log), None) => log.forget(),
            (None, _) => Ok(()),
        }
    }

    fn finish(self, context: &mut Context, args: &RedactArgs) -> Result<(), Fault> {
        if let (Some(mapping), Some(path), Some(recipient)) = (self.mapping, &args.mapping, &args.recipient) {
            mapping.finish(path, recipient, Existing::from_flag(args.overwrite))?;
        }
        if let Some(last) = self.log.map(Log::finish).transpose()?.flatten() {
            context.trace.digest("redaction_log", last);
        }
        Ok(())
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
