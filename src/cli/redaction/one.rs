//! One input: look into it, or take out, audit, and only then call it done.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};

use model::{Digest, Fault};
use redact::document::Removed;
use redact::format::detect::Kind;
use redact::{Delta, Lessons, Redaction, Removal, Seen, Walked, Witness};

use super::Run;
use super::source::{self, Draft, Reading, Replay};
use crate::cli::intake::Input;
use crate::cli::signals;

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
    /// The way back byte by byte, of what is not too large for it.
    pub(crate) delta: Option<Delta>,
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
            delta: None,
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

    fn only_counts(&self) -> bool {
        self.witness.only_counts()
    }

    fn again(&mut self) -> Result<(), Fault> {
        self.found.clear();
        self.witness.again()
    }
}

/// Looks into an input; nothing is written.
///
/// # Errors
/// Faults of the input; interruption; what the witness says.
pub(crate) fn look(input: &Input, run: &mut Run<'_>, witness: &mut dyn Witness) -> Result<Outcome, Fault> {
    let Run { plan, case, progress, .. } = run;
    signals::check()?;
    let decisions = plan.decisions(input)?;
    let mut counting = Counting::new(witness);
    let (mut reading, kind) = Reading::begin(input, plan.kind, plan.jobs, *progress)?;
    let walked = plan.with(kind, &decisions, |means| {
        redact::look(
            &mut reading,
            Redaction { kind, means, case, lessons: None, witness: &mut counting, limits: &plan.limits },
        )
    })?;
    Ok(Outcome::of(walked, kind, reading.digest()?, counting))
}

/// Takes out of a stream what has to go, and lets out what has been scanned again.
///
/// # Errors
/// Faults of the input; `redaction-incomplete`; interruption; what the witness says.
pub(crate) fn pass(
    input: &Input,
    output: &mut dyn Write,
    run: &mut Run<'_>,
    witness: &mut dyn Witness,
) -> Result<Outcome, Fault> {
    let Run { plan, case, progress, .. } = run;
    let decisions = plan.decisions(input)?;
    let (mut reading, kind) = Reading::begin(input, plan.kind, plan.jobs, *progress)?;
    let mut counting = Counting::new(witness);
    let mut hashing = source::Hashing::new(BufWriter::new(output));
    let mut delta = None;
    let walked = match kind.is_streamed() {
        true => plan.with(kind, &decisions, |means| {
            let redaction =
                Redaction { kind, means, case, lessons: None, witness: &mut counting, limits: &plan.limits };
            redact::pass(&mut reading, &mut hashing, redaction)
        })?,
        false => {
            let held = source::hold(&mut reading, &plan.limits)?;
            let mut made = source::Made::default();
            let walked = plan.with(kind, &decisions, |means| {
                let redaction =
                    Redaction { kind, means, case, lessons: None, witness: &mut counting, limits: &plan.limits };
                redact::take(&held, &mut made, redaction)
            })?;
            hashing.write_all(&made.bytes).map_err(source::write_failed)?;
            delta = plan.reversible.then(|| Delta::between(held.bytes(), &made.bytes));
            walked
        }
    };
    let written = hashing.finish()?;
    let outcome = Outcome::of(walked, kind, reading.digest()?, counting);
    Ok(Outcome { written: Some(written), delta, ..outcome })
}

/// Larger text formats go back value by value; what is held in memory at once goes back as bytes, whatever it is.
const DELTA_BYTES: u64 = 64 << 20;

/// Learns what a file can teach about others.
///
/// # Errors
/// Faults of the input; interruption.
pub(super) fn learn(input: &Input, run: &mut Run<'_>) -> Result<Lessons, Fault> {
    let Run { plan, case, progress, .. } = run;
    signals::check()?;
    let decisions = plan.decisions(input)?;
    let (mut reading, kind) = Reading::begin(input, plan.kind, plan.jobs, *progress)?;
    plan.with(kind, &decisions, |means| {
        let redaction = Redaction { kind, means, case, lessons: None, witness: &mut Unheard, limits: &plan.limits };
        redact::learn(&mut reading, redaction)
    })
}

/// Nobody is told.
struct Unheard;

impl Witness for Unheard {
    fn seen(&mut self, _: &Seen<'_>) -> Result<(), Fault> {
        Ok(())
    }

    fn only_counts(&self) -> bool {
        true
    }
}

/// Takes out of a file what has to go; `lessons` are those of this file, where it was learned from. The draft is clean when
/// this returns, and not yet in place.
///
/// # Errors
/// Faults of the input; `redaction-incomplete`; interruption; what the witness says.
pub(crate) fn take(
    input: &Input,
    draft: &mut Draft,
    lessons: Option<Lessons>,
    run: &mut Run<'_>,
    witness: &mut dyn Witness,
) -> Result<Outcome, Fault> {
    let Run { plan, case, progress, .. } = run;
    let decisions = plan.decisions(input)?;
    let (first, kind) = Reading::begin(input, plan.kind, plan.jobs, *progress)?;
    drop(first);
    let mut counting = Counting::new(witness);
    let replay = Replay::new(input, *progress);
    let walked = plan.with(kind, &decisions, |means| {
        redact::take(
            &replay,
            draft,
            Redaction { kind, means, case, lessons, witness: &mut counting, limits: &plan.limits },
        )
    })?;
    let outcome = Outcome::of(walked, kind, replay.digest()?, counting);
    let is_small = input.size().is_some_and(|size| size <= DELTA_BYTES);
    let wanted = plan.reversible && (is_small || !kind.is_streamed());
    let delta = wanted.then(|| source::delta(&replay, draft, &plan.limits)).transpose()?;
    Ok(Outcome { written: Some(draft.digest()?), delta, ..outcome })
}
