//! Looking: an answer, findings as they come, or the review page.

use model::{Fault, Progress};
use redact::{Case, Seen, Witness, wire};

use super::RedactArgs;
use super::shown::{self, Act, Cleaned, Redacted};
use crate::cli::context::Context;
use crate::cli::files::Existing;
use crate::cli::intake::Input;
use crate::cli::output::Output;
use crate::cli::redaction::{self, Plan, Preview};

pub(super) fn look(
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
    Ok(Redacted { cleaned, act: if args.check { Act::Checked } else { Act::Previewed }, allow_unscanned: true })
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
