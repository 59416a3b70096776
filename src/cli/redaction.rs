//! From inputs to redacted outputs: find, take out, audit, and only then put in place. Composes `redact` with files.

mod decided;
mod log;
mod mapping;
mod means;
mod one;
mod outputs;
mod plan;
mod preview;
mod source;
mod way_back;

use std::cell::OnceCell;

use model::{Fault, Kind, Progress, grouped};
use redact::format::detect;
use redact::names::Finder;
use redact::{Case, Lessons, Limits, Party, Profile, Scanner, Witness};

pub(crate) use decided::Decided;
pub(crate) use log::{By, Log};
pub(crate) use mapping::{Mapping, origin};
pub(crate) use one::{Outcome, take as take_one};
pub(crate) use outputs::{Outputs, Targets};
pub(crate) use plan::PlanArgs;
pub(crate) use preview::Preview;
pub(crate) use source::{Draft, prefix};
pub(crate) use way_back::{digest, digest_of, restore};

use super::intake::Input;

/// What is to be done with every input.
pub(crate) struct Plan {
    pub(crate) scanner: Scanner,
    pub(crate) profile: Profile,
    /// Loaded when the first input needs it: it takes longer than most inputs do.
    pub(crate) names: OnceCell<Finder>,
    pub(crate) key: [u8; 32],
    pub(crate) decided: Decided,
    /// Persons and organisations that are found wherever they are named.
    pub(crate) known: Vec<Party>,
    pub(crate) kind: Option<detect::Kind>,
    pub(crate) limits: Limits,
    /// Whether [`Outcome::removals`] are wanted.
    pub(crate) reversible: bool,
    /// Threads that scan.
    pub(crate) jobs: usize,
}

/// A run over inputs that belong together.
pub(crate) struct Run<'a> {
    plan: &'a Plan,
    case: Case,
    progress: &'a dyn Progress,
    warnings: Vec<String>,
}

/// What became of all inputs of a run.
pub(crate) struct Finished {
    pub(crate) cleaned: Vec<Cleaned>,
    /// What concerns more than one of them.
    pub(crate) warnings: Vec<String>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(plan: &'a Plan, progress: &'a dyn Progress) -> Self {
        Run { plan, case: Case::of(plan.known.clone()), progress, warnings: Vec::new() }
    }

    /// Goes through several files once, so that what each of them tells is known in all of them. What a file teaches about
    /// itself is given back; a file that cannot be read will say so when its turn comes.
    fn learn(&mut self, inputs: &[Input]) -> Result<Vec<Option<Lessons>>, Fault> {
        if inputs.len() < 2 {
            return Ok(inputs.iter().map(|_| None).collect());
        }
        let (mut learned, mut held, mut whole) = (Vec::with_capacity(inputs.len()), 0, true);
        for input in inputs {
            // What is no plain file can be read once only.
            let lessons = input.size().map(|_| one::learn(input, self)).transpose();
            let mut lessons = match lessons {
                Err(fault) if matches!(fault.kind(), Kind::Interrupted | Kind::Internal) => return Err(fault),
                lessons => lessons.ok().flatten(),
            };
            whole &= lessons.as_mut().is_none_or(|lessons| self.case.teach(lessons, &self.plan.limits));
            held += lessons.as_ref().map_or(0, Lessons::len);
            // Beyond the limit a file is learned from once more when its turn comes.
            learned.push(lessons.filter(|_| held <= self.plan.limits.learned_names));
        }
        self.case.settle();
        if !whole {
            let Limits { learned_names, learned_values, .. } = self.plan.limits;
            self.warnings.push(format!(
                "the inputs hold more than {} names or {} values that only their context tells; some of these are taken \
                 out only where they were found, not in the other inputs",
                grouped(learned_names as u64),
                grouped(learned_values as u64),
            ));
        }
        Ok(learned)
    }
}

/// Who is told of findings, input by input.
pub(crate) trait Observer: Witness {
    /// An input is begun.
    fn begin(&mut self, input: &Input) {
        let _ = input;
    }

    /// An input is gone through; without an outcome, what was told of it since it was begun is void.
    ///
    /// # Errors
    /// Whatever stops the whole redaction.
    fn end(&mut self, input: &Input, outcome: Option<&Outcome>) -> Result<(), Fault>;
}

/// What became of one input.
pub(crate) struct Cleaned {
    pub(crate) input: Input,
    pub(crate) outcome: Result<Outcome, Fault>,
}

impl Cleaned {
    /// # Errors
    /// What ends the whole run: an interruption.
    fn of(input: Input, outcome: Result<Outcome, Fault>) -> Result<Self, Fault> {
        match outcome {
            Err(fault) if matches!(fault.kind(), Kind::Interrupted | Kind::Internal) => Err(fault),
            outcome => Ok(Cleaned { outcome: outcome.map_err(|fault| input.name_in(fault)), input }),
        }
    }
}

/// Looks into every input; nothing is written.
///
/// # Errors
/// Only what concerns more than one input: interruption, and what the observer says.
pub(crate) fn look(inputs: Vec<Input>, mut run: Run<'_>, observer: &mut dyn Observer) -> Result<Finished, Fault> {
    run.learn(&inputs)?;
    let look = |input: Input| {
        observer.begin(&input);
        let outcome = one::look(&input, &mut run, observer);
        observer.end(&input, outcome.as_ref().ok())?;
        Cleaned::of(input, outcome)
    };
    let cleaned = inputs.into_iter().map(look).collect::<Result<_, _>>()?;
    Ok(Finished { cleaned, warnings: run.warnings })
}

/// Takes out of every input what has to go. The outputs are clean when this returns, and not yet in place.
///
/// # Errors
/// Only what concerns more than one input: interruption, outputs that cannot be made, and what the observer says.
pub(crate) fn take(
    inputs: Vec<Input>,
    mut run: Run<'_>,
    outputs: &mut Outputs<'_>,
    observer: &mut dyn Observer,
) -> Result<Finished, Fault> {
    let lessons = run.learn(&inputs)?;
    let take = |(input, lessons): (Input, Option<Lessons>)| {
        observer.begin(&input);
        let outcome = match outputs.draft(&input)? {
            None => one::pass(&input, outputs.stream, &mut run, observer),
            Some(mut draft) => {
                let outcome = one::take(&input, &mut draft, lessons, &mut run, observer);
                outputs.keep(draft, outcome.as_ref().ok())?;
                outcome
            }
        };
        observer.end(&input, outcome.as_ref().ok())?;
        // The way back is noted; many files' would not fit into memory.
        Cleaned::of(input, outcome.map(|outcome| Outcome { removals: Vec::new(), delta: None, ..outcome }))
    };
    let cleaned = inputs.into_iter().zip(lessons).map(take).collect::<Result<_, _>>()?;
    Ok(Finished { cleaned, warnings: run.warnings })
}
