//! Data held in memory: real vectors of values, counted one by one.

use std::cell::Cell;
use std::collections::HashMap;

use model::{Decimal, Digest, Fault, Instant};
use slo::measure::{Basis, Comparison, Counts, Interval, Measure, Percentile, Source};

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

impl Measure for Fake {
    fn ratio(&self, good: &Source, total: &Source, window: Interval) -> Result<Counts, Fault> {
        let (good, total) = (self.inside(good, window)?, self.inside(total, window)?);
        Ok(Counts { good: good.len() as u64, total: total.len() as u64, seen: seen(&total) })
    }

    fn threshold(&self, source: &Source, op: Comparison, value: Decimal, window: Interval) -> Result<Counts, Fault> {
        let values = self.inside(source, window)?;
        let holds = |(_, found): &&(Instant, Decimal)| match op {
            Comparison::Less => *found < value,
            Comparison::LessOrEqual => *found <= value,
            Comparison::Greater => *found > value,
            Comparison::GreaterOrEqual => *found >= value,
        };
        let good = values.iter().filter(holds).count() as u64;
        Ok(Counts { good, total: values.len() as u64, seen: seen(&values) })
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
