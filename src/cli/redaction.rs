//! One input: find, take out, audit, and only then put in place. Composes `redact` with files.

mod decided;
mod log;
mod mapping;
mod plan;
mod preview;
mod source;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::io::{BufWriter, Write};

use model::{Digest, Fault, Progress};
use redact::document::Removed;
use redact::format::detect::Kind;
use redact::names::{self, Finder, Label};
use redact::{
    Case, Decisions, Limits, Means, NameFinder, Named, Names, Profile, Removal, Scanner, Seen, Source as _,
    Vessel as _, Walked, Witness,
};

pub(crate) use decided::Decided;
pub(crate) use log::{By, Log};
pub(crate) use mapping::{Mapping, Origin, origin};
pub(crate) use plan::PlanArgs;
pub(crate) use preview::Preview;
pub(crate) use source::Draft;
use source::{Reading, Replay};

use super::intake::Input;
use super::signals;

/// What is to be done with every input.
pub(crate) struct Plan {
    pub(crate) scanner: Scanner,
    pub(crate) profile: Profile,
    /// Loaded when the first input needs it: it takes longer than most inputs do.
    pub(crate) names: OnceCell<Finder>,
    pub(crate) key: [u8; 32],
    pub(crate) decided: Decided,
    pub(crate) kind: Option<Kind>,
    pub(crate) limits: Limits,
    /// Whether [`Outcome::removals`] are wanted.
    pub(crate) reversible: bool,
}

/// What was found in one input, and what became of it.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) kind: Option<Kind>,
    /// SHA-256 of the input.
    pub(crate) read: Option<Digest>,
    /// SHA-256 of the output.
    pub(crate) written: Option<Digest>,
    /// How many values of each type were found.
    pub(crate) found: BTreeMap<String, u64>,
    pub(crate) removed: Vec<Removed>,
    /// What the reader has to know.
    pub(crate) warnings: Vec<String>,
    /// Parts that nobody could look into: pictures.
    pub(crate) unscanned: Vec<String>,
    /// Whether what stands there now tells persons apart.
    pub(crate) pseudonymised: bool,
    /// What was taken out where, when there is to be a way back.
    pub(crate) removals: Vec<Removal>,
}

impl Outcome {
    pub(crate) fn total(&self) -> u64 {
        self.found.values().sum()
    }

    fn of(walked: Walked, kind: Kind, read: Digest, counting: Counting<'_>) -> Self {
        let Walked { removed, warnings, unscanned, removals, .. } = walked;
        let Counting { found, pseudonymised, .. } = counting;
        Outcome {
            kind: Some(kind),
            read: Some(read),
            written: None,
            found,
            removed,
            warnings,
            unscanned,
            pseudonymised,
            removals,
        }
    }
}

/// Counts what is seen, and tells it on.
struct Counting<'a> {
    found: BTreeMap<String, u64>,
    pseudonymised: bool,
    witness: &'a mut dyn Witness,
}

impl<'a> Counting<'a> {
    fn new(witness: &'a mut dyn Witness) -> Self {
        Counting { found: BTreeMap::new(), pseudonymised: false, witness }
    }
}

impl Witness for Counting<'_> {
    fn seen(&mut self, seen: &Seen<'_>) -> Result<(), Fault> {
        match self.found.get_mut(seen.kind) {
            Some(count) => *count += 1,
            None => drop(self.found.insert(seen.kind.to_owned(), 1)),
        }
        self.pseudonymised |= seen.operator.is_pseudonymous();
        self.witness.seen(seen)
    }

    fn again(&mut self) -> Result<(), Fault> {
        self.found.clear();
        self.witness.again()
    }
}

impl Plan {
    /// Runs `act` with everything that a redaction of this kind of input works with.
    fn with<T>(
        &self,
        kind: Kind,
        decisions: &Decisions,
        act: impl FnOnce(Means<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let (scanner, profile, key) = (&self.scanner, &self.profile, &self.key);
        let means = Means { scanner, profile, names: None, key, decisions, reversible: self.reversible };
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
}

impl Plan {
    /// What people decided about an input, where decisions are replayed.
    fn decisions(&self, input: &Input) -> Result<Cow<'_, Decisions>, Fault> {
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

/// Looks into an input; nothing is written.
///
/// # Errors
/// Faults of the input; interruption; what the witness says.
pub(crate) fn look(
    input: &Input,
    plan: &Plan,
    case: &mut Case,
    witness: &mut dyn Witness,
    progress: &dyn Progress,
) -> Result<Outcome, Fault> {
    signals::check()?;
    let decisions = plan.decisions(input)?;
    let mut counting = Counting::new(witness);
    let (mut reading, kind) = Reading::begin(input, plan.kind, progress)?;
    let walked = plan
        .with(kind, &decisions, |means| redact::look(&mut reading, kind, means, case, &mut counting, &plan.limits))?;
    Ok(Outcome::of(walked, kind, reading.digest()?, counting))
}

/// Takes out of a stream what has to go, and lets out what has been scanned again.
///
/// # Errors
/// Faults of the input; `redaction-incomplete`; interruption; what the witness says.
pub(crate) fn pass(
    input: &Input,
    output: &mut dyn Write,
    plan: &Plan,
    case: &mut Case,
    witness: &mut dyn Witness,
    progress: &dyn Progress,
) -> Result<Outcome, Fault> {
    let decisions = plan.decisions(input)?;
    let (mut reading, kind) = Reading::begin(input, plan.kind, progress)?;
    let mut counting = Counting::new(witness);
    let mut hashing = source::Hashing::new(BufWriter::new(output));
    let walked = match kind.is_streamed() {
        true => plan.with(kind, &decisions, |means| {
            redact::pass(&mut reading, &mut hashing, kind, means, case, &mut counting, &plan.limits)
        })?,
        false => {
            let held = source::hold(&mut reading, &plan.limits)?;
            let mut made = source::Made::default();
            let walked = plan.with(kind, &decisions, |means| {
                redact::take(&held, &mut made, kind, means, case, &mut counting, &plan.limits)
            })?;
            hashing.write_all(&made.bytes).map_err(source::write_failed)?;
            walked
        }
    };
    let written = hashing.finish()?;
    let outcome = Outcome::of(walked, kind, reading.digest()?, counting);
    Ok(Outcome { written: Some(written), ..outcome })
}

/// Takes out of a file what has to go. The draft is clean when this returns, and not yet in place.
///
/// # Errors
/// Faults of the input; `redaction-incomplete`; interruption; what the witness says.
pub(crate) fn take(
    input: &Input,
    draft: &mut Draft,
    plan: &Plan,
    case: &mut Case,
    witness: &mut dyn Witness,
    progress: &dyn Progress,
) -> Result<Outcome, Fault> {
    let decisions = plan.decisions(input)?;
    let (first, kind) = Reading::begin(input, plan.kind, progress)?;
    drop(first);
    let mut counting = Counting::new(witness);
    let replay = Replay::new(input, progress);
    let walked = plan
        .with(kind, &decisions, |means| redact::take(&replay, draft, kind, means, case, &mut counting, &plan.limits))?;
    let outcome = Outcome::of(walked, kind, replay.digest()?, counting);
    Ok(Outcome { written: Some(draft.digest()?), ..outcome })
}

/// Names in prose, by their types.
fn named(finder: &Finder, text: &str) -> Vec<Named> {
    let kind = |label| match label {
        Label::Person => Some("person"),
        Label::Place => Some("place"),
        Label::Organisation => Some("organisation"),
        Label::Address => Some("address"),
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

/// Makes the original of an output that a mapping knows.
///
/// # Errors
/// Those of [`origin`] and of `redact::restore`; `not-restored` when the bytes are not those of the original.
pub(crate) fn restore(input: &Input, draft: &mut Draft, origin: &Origin, limits: &Limits) -> Result<(), Fault> {
    let replay = Replay::new(input, &model::Hidden);
    redact::restore(&mut *replay.open()?, &mut *draft.create()?, origin.kind, &origin.removals, limits)?;
    if draft.digest()? == origin.input {
        return Ok(());
    }
    Err(Fault::unverified("not-restored", "what came out is not the original; nothing was written")
        .advise("The original used another spelling of the same text, such as escapes; read the values in the mapping with `age -d`."))
}

/// The digest of a file.
///
/// # Errors
/// I/O faults.
pub(crate) fn digest(input: &Input) -> Result<Digest, Fault> {
    Replay::new(input, &model::Hidden).digest()
}
