//! Data held in memory: real vectors of values, counted one by one.

use std::cell::Cell;
use std::collections::HashMap;

use model::{Decimal, Digest, Fault, Instant};
use slo::measure::{Basis, Comparison, Counts, Interval, Measure, Percentile, Slice, Slices, Slicing, Source};

/// Values by what was asked for: the text of the filter, selector or query. Events are values of 1.
#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) values: HashMap<String, Vec<(Instant, Decimal)>>,
    /// How often data was passed over.
    pub(crate) passes: Cell<usize>,
}

pub(crate) fn key(source: &Source) -> String {
    match source {
        Source::Rows { table, filter, value } => {
            let part = |text: &Option<String>| text.clone().unwrap_or_default();
            format!("{table}|{}|{}", part(filter), part(value))
        }
        Source::Increase(selector) => format!("+{selector}"),
        Source::Samples(selector) => selector.to_string(),
        Source::Sql(sql) => sql.clone(),
    }
}

impl Fake {
    pub(crate) fn with(mut self, key: &str, values: &[(Instant, Decimal)]) -> Self {
        self.values.insert(key.to_owned(), values.to_vec());
        self
    }

    fn inside(&self, source: &Source, window: Interval) -> Result<Vec<(Instant, Decimal)>, Fault> {
        self.passes.set(self.passes.get() + 1);
        let key = key(source);
        if key.contains("disk on fire") {
            return Err(Fault::unavailable("io-failed", "The disk is on fire"));
        }
        let Some(values) = self.values.get(&key) else {
            return Err(Fault::bad_config("bad-query", format!("There is no column for {key}")));
        };
        let inside = |(at, _): &&(Instant, Decimal)| *at > window.from && *at <= window.to;
        Ok(values.iter().filter(inside).copied().collect())
    }
}

fn seen(values: &[(Instant, Decimal)]) -> Option<(Instant, Instant)> {
    let times = || values.iter().map(|(at, _)| *at);
    times().min().zip(times().max())
}

fn holds(found: Decimal, op: Comparison, value: Decimal) -> bool {
    match op {
        Comparison::Less => found < value,
        Comparison::LessOrEqual => found <= value,
        Comparison::Greater => found > value,
        Comparison::GreaterOrEqual => found >= value,
    }
}

fn number(at: Instant, slicing: Slicing) -> u32 {
    ((at.nanos() - slicing.from.nanos()) / slicing.width) as u32
}

type Timed = (Instant, Decimal);

/// Slices of `all`, each of which `one` adds to, and of `part`, each of which `other` does.
fn cut(all: &[Timed], slicing: Slicing, one: fn(&mut Slice), part: &[Timed], other: fn(&mut Slice)) -> Slices {
    let mut slices: std::collections::BTreeMap<u32, Slice> = std::collections::BTreeMap::new();
    for (values, add) in [(all, one), (part, other)] {
        for (at, _) in values {
            let number = number(*at, slicing);
            add(slices.entry(number).or_insert(Slice { number, good: 0, total: 0 }));
        }
    }
    Slices { slices: slices.into_values().collect(), seen: seen(all) }
}

impl Measure for Fake {
    fn ratio(&self, good: &Source, total: &Source, window: Interval) -> Result<Counts, Fault> {
        let (good, total) = (self.inside(good, window)?, self.inside(total, window)?);
        Ok(Counts { good: good.len() as u64, total: total.len() as u64, seen: seen(&total) })
    }

    fn threshold(&self, source: &Source, op: Comparison, value: Decimal, window: Interval) -> Result<Counts, Fault> {
        let values = self.inside(source, window)?;
        let good = values.iter().filter(|(_, found)| holds(*found, op, value)).count() as u64;
        Ok(Counts { good, total: values.len() as u64, seen: seen(&values) })
    }

    fn ratio_slices(&self, good: &Source, total: &Source, slicing: Slicing) -> Result<Slices, Fault> {
        let (good, total) = (self.inside(good, slicing.interval())?, self.inside(total, slicing.interval())?);
        Ok(cut(&total, slicing, |slice| slice.total += 1, &good, |slice| slice.good += 1))
    }

    fn threshold_slices(
        &self,
        source: &Source,
        op: Comparison,
        value: Decimal,
        slicing: Slicing,
    ) -> Result<Slices, Fault> {
        let values = self.inside(source, slicing.interval())?;
        let good: Vec<_> = values.iter().filter(|(_, found)| holds(*found, op, value)).copied().collect();
        Ok(cut(&values, slicing, |slice| slice.total += 1, &good, |slice| slice.good += 1))
    }

    fn raw_slices(&self, source: &Source, slicing: Slicing) -> Result<Slices, Fault> {
        let values = self.inside(source, slicing.interval())?;
        let mut slices = cut(&values, slicing, |slice| slice.total += Slice::PARTS, &[], |_| {});
        for (at, value) in &values {
            let number = number(*at, slicing);
            let parts = value.mantissa().unsigned_abs() * 10_u128.pow(15 - value.scale());
            slices.slices.iter_mut().find(|slice| slice.number == number).unwrap().good += parts;
        }
        Ok(slices)
    }

    fn percentile(&self, source: &Source, rank: Decimal, window: Interval) -> Result<Option<Percentile>, Fault> {
        let mut values: Vec<Decimal> = self.inside(source, window)?.into_iter().map(|(_, value)| value).collect();
        values.sort();
        if values.is_empty() {
            return Ok(None);
        }
        let nearest = slo::needed(values.len() as u64, rank).max(1) as usize;
        let definition = format!("nearest rank over {} values", values.len());
        Ok(Some(Percentile { value: values[nearest - 1].approximate(), definition }))
    }

    fn newest(&self) -> Result<Option<Instant>, Fault> {
        Ok(self.values.values().flatten().map(|(at, _)| *at).max())
    }

    fn basis(&self) -> Basis {
        Basis { version: Some(3), head: Digest::ZERO }
    }
}
