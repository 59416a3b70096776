//! Questions of one rule and their answers: objectives that differ in their target alone cost one pass over the data.

use std::rc::Rc;

use model::{Decimal, Fault};

use crate::evaluate::Extent;
use crate::measure::{Counts, Interval, Measure, Slice, Slices, Slicing, Source};
use crate::outcome::Shown;
use crate::question::Question;
use crate::source::describe;

pub(crate) struct Asked<'m> {
    measure: &'m dyn Measure,
    pub(crate) extent: Extent,
    counts: Vec<(Question, Interval, Counts)>,
    slices: Vec<(Question, Slicing, Rc<Slices>)>,
    shown: Vec<(Source, Interval, Vec<Shown>)>,
}

impl<'m> Asked<'m> {
    pub(crate) fn new(measure: &'m dyn Measure, extent: Extent) -> Self {
        Asked { measure, extent, counts: vec![], slices: vec![], shown: vec![] }
    }

    /// How many are good (or bad, where those are counted), and how many there are.
    ///
    /// # Errors
    /// Those of [`Measure`]; `raw-without-slices`.
    pub(crate) fn counts(&mut self, question: &Question, window: Interval) -> Result<Counts, Fault> {
        if let Some((.., counts)) = self.counts.iter().find(|(known, at, _)| known == question && *at == window) {
            return Ok(*counts);
        }
        let counts = match question {
            Question::Ratio { part, total, .. } => self.measure.ratio(part, total, window)?,
            Question::Threshold { source, op, value } => self.measure.threshold(source, *op, *value, window)?,
            Question::Cost { cost, op, value } => match cost.whole(window) {
                None => Counts::default(),
                Some(whole) => {
                    cost.refuse_strangers(self.measure, whole)?;
                    self.measure.threshold(&cost.judged(*value), *op, Decimal::ZERO, whole)?
                }
            },
            Question::Raw { source, .. } => {
                let message = format!("An average of ratios is not their ratio: {} holds no counts", describe(source));
                return Err(Fault::no_verdict("raw-without-slices", message)
                    .advise("Name good and total, or let budgetingMethod be RatioTimeslices."));
            }
        };
        self.counts.push((question.clone(), window, counts));
        Ok(counts)
    }

    /// The same for each slice of time in which anything lies.
    ///
    /// # Errors
    /// Those of [`Measure`]; `more-good-than-total`, if only in one slice.
    pub(crate) fn slices(&mut self, question: &Question, slicing: Slicing) -> Result<Rc<Slices>, Fault> {
        if let Some((.., slices)) = self.slices.iter().find(|(known, at, _)| known == question && *at == slicing) {
            return Ok(Rc::clone(slices));
        }
        let mut slices = match question {
            Question::Ratio { part, total, .. } => self.measure.ratio_slices(part, total, slicing)?,
            Question::Threshold { source, op, value } => self.measure.threshold_slices(source, *op, *value, slicing)?,
            Question::Cost { cost, op, value } => {
                cost.refuse_strangers(self.measure, slicing.interval())?;
                self.measure.threshold_slices(&cost.judged(*value), *op, Decimal::ZERO, slicing)?
            }
            Question::Raw { source, .. } => self.measure.raw_slices(source, slicing)?,
        };
        for slice in &mut slices.slices {
            *slice = Slice { good: good(question, slice.good, slice.total)?, ..*slice };
        }
        let slices = Rc::new(slices);
        self.slices.push((question.clone(), slicing, Rc::clone(&slices)));
        Ok(slices)
    }

    /// Percentiles, for showing.
    pub(crate) fn shown(&mut self, source: &Source, window: Interval, unit: Option<&str>) -> Result<Vec<Shown>, Fault> {
        if let Some((.., shown)) = self.shown.iter().find(|(known, at, _)| known == source && *at == window) {
            return Ok(shown.clone());
        }
        let mut shown = vec![];
        for (name, percent) in [("P50", 50), ("P95", 95), ("P99", 99)] {
            let rank = Decimal::integer(percent).percent().unwrap_or(Decimal::ONE);
            let Some(found) = self.measure.percentile(source, rank, window)? else { continue };
            let unit = unit.map(str::to_owned);
            shown.push(Shown { name, value: found.value, unit, definition: found.definition });
        }
        self.shown.push((source.clone(), window, shown.clone()));
        Ok(shown)
    }
}

/// The good ones of `total`, where `part` may be the bad ones.
pub(crate) fn good(question: &Question, part: u128, total: u128) -> Result<u128, Fault> {
    let bad = question.counts_bad();
    match part > total {
        true => Err(drifted(question, part, total)),
        false => Ok(if bad { total - part } else { part }),
    }
}

/// Two queries that drift apart (OpenSLO/OpenSLO#7) are reported, never clamped to a perfect ratio.
pub(crate) fn drifted(question: &Question, part: u128, total: u128) -> Fault {
    let word = if question.counts_bad() { "bad" } else { "good" };
    Fault::bad_config("more-good-than-total", format!("{part} events are {word}, of {total} in all"))
        .advise("Let the query for the total include every event that the other query counts.")
}
