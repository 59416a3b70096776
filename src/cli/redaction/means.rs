//! What one input is worked with: names are loaded when the first input needs them, decisions belong to their input.

use std::borrow::Cow;

use model::Fault;
use redact::format::detect::Kind;
use redact::names::{self, Finder, Label};
use redact::{Decisions, Means, NameFinder, Named, Names};

use super::Plan;
use super::source::Replay;
use crate::cli::intake::Input;

impl Plan {
    /// Runs `act` with everything that a redaction of this kind of input works with.
    pub(super) fn with<T>(
        &self,
        kind: Kind,
        decisions: &Decisions,
        act: impl FnOnce(Means<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let (scanner, profile, key) = (&self.scanner, &self.profile, &self.key);
        let means =
            Means { scanner, profile, names: None, key, decisions, reversible: self.reversible, jobs: self.jobs };
        match profile.names {
            Names::Always => {}
            Names::Prose if kind.has_prose() => {}
            Names::Never | Names::Prose => return act(means),
        }
        let finder = match self.names.get() {
            Some(finder) => finder,
            None => {
                let loaded = Finder::load()?;
                self.names.get_or_init(|| loaded)
            }
        };
        let find = |text: &str| named(finder, text);
        act(Means { names: Some(&find as NameFinder<'_>), ..means })
    }

    /// What people decided about an input, where decisions are replayed.
    pub(super) fn decisions(&self, input: &Input) -> Result<Cow<'_, Decisions>, Fault> {
        if self.decided.is_empty() {
            return Ok(Cow::Owned(Decisions::default()));
        }
        if input.is_stdin() {
            return Err(Fault::usage("decisions-need-a-file", "decisions cannot be replayed on standard input")
                .advise("Name the file that they were made on."));
        }
        Ok(Cow::Borrowed(self.decided.about(Replay::new(input, &model::Hidden).digest()?)?))
    }
}

/// Names in prose, by their types.
fn named(finder: &Finder, text: &str) -> Vec<Named> {
    let kind = |label| match label {
        Label::Person => Some("person"),
        Label::Place => Some("place"),
        Label::Organisation => Some("organisation"),
        Label::Address => Some("address"),
        Label::Number(kind) => Some(kind),
        Label::Other(_) => None,
    };
    let entities = finder.find(text).into_iter();
    let named = entities.filter_map(|entity| {
        let score = (entity.score * 100.0).round() as u8;
        Some(Named { range: entity.range, kind: kind(entity.label)?, detector: source(entity.source), score })
    });
    named.collect()
}

fn source(source: names::Source) -> &'static str {
    match source {
        names::Source::Model => "names.model",
        names::Source::Gazetteer => "names.list",
        names::Source::Title => "names.title",
        names::Source::Form => "names.form",
        names::Source::Roster => "names.roster",
    }
}
