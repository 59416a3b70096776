//! Looking: an answer, findings as they come, or the review page.

use model::{Fault, Progress};
use redact::{Seen, Witness, wire};

use super::RedactArgs;
use super::shown::{self, Act, Found, Redacted};
use crate::cli::context::Context;
use crate::cli::files::Existing;
use crate::cli::intake::Input;
use crate::cli::output::Output;
use crate::cli::redaction::{self, Observer, Outcome, Plan, Preview, Run};

pub(super) fn look(
    context: &mut Context,
    args: &RedactArgs,
    inputs: Vec<Input>,
    plan: &Plan,
    progress: &dyn Progress,
) -> Result<Redacted, Fault> {
    let preview = args.preview.as_ref().map(|_| Preview::default());
    let mut looker = Looker { output: &mut context.output, args, preview, file: String::new(), places: Vec::new() };
    let finished = redaction::look(inputs, Run::new(plan, progress), &mut looker)?;
    let Looker { preview, places, .. } = looker;
    if let (Some(preview), Some(path)) = (preview, &args.preview) {
        preview.finish(path, Existing::from_flag(args.overwrite), &plan.profile.name)?;
    }
    Ok(Redacted {
        finished,
        places,
        act: if args.check { Act::Checked } else { Act::Previewed },
        allow_unscanned: true,
    })
}

/// Prints findings as they come, or keeps the first places for people, or lays them on the review page.
struct Looker<'a> {
    output: &'a mut Output,
    args: &'a RedactArgs,
    preview: Option<Preview>,
    /// The input at work.
    file: String,
    /// The first places of each input.
    places: Vec<Vec<Found>>,
}

impl Witness for Looker<'_> {
    fn seen(&mut self, seen: &Seen<'_>) -> Result<(), Fault> {
        if let Some(preview) = &mut self.preview {
            preview.note(seen);
        }
        if self.args.check && self.output.is_json() {
            let mut line = wire::finding(&self.file, seen);
            if self.args.show_values {
                line["value"] = String::from_utf8_lossy(&seen.piece.text[seen.range.clone()]).into();
            }
            return self.output.document(line);
        }
        let places = self.places.last_mut().filter(|places| self.args.check && places.len() < shown::PLACES_MAX);
        places.into_iter().for_each(|places| places.push(Found::of(seen)));
        Ok(())
    }

    fn only_counts(&self) -> bool {
        let has_places = self.places.last().is_none_or(|places| places.len() >= shown::PLACES_MAX);
        self.preview.is_none() && !(self.args.check && (self.output.is_json() || !has_places))
    }
}

impl Observer for Looker<'_> {
    fn begin(&mut self, input: &Input) {
        self.file = input.path().display().to_string();
        self.places.push(Vec::new());
    }

    fn end(&mut self, input: &Input, outcome: Option<&Outcome>) -> Result<(), Fault> {
        match (&mut self.preview, outcome) {
            (Some(preview), Some(outcome)) => preview.close(input, outcome),
            (Some(preview), None) => preview.forget(),
            (None, _) => {}
        }
        Ok(())
    }
}
