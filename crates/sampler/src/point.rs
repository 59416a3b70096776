//! One number that was measured, with what it belongs to.

use std::fmt;

use crate::names::Metric;

/// A number: integers stay exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Bytes, counts.
    Int(i64),
    /// Shares, rates; finite.
    Float(f64),
}

impl fmt::Display for Number {
    /// As JSON has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Int(int) => write!(f, "{int}"),
            Number::Float(float) if float.is_finite() => write!(f, "{float}"),
            Number::Float(_) => f.write_str("null"),
        }
    }
}

impl From<u64> for Number {
    fn from(int: u64) -> Self {
        Number::Int(i64::try_from(int).unwrap_or(i64::MAX))
    }
}

impl From<f64> for Number {
    /// With six decimals, which is more than any of these readings has.
    fn from(float: f64) -> Self {
        Number::Float((float * 1e6).round() / 1e6)
    }
}

/// A metric at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// What was measured.
    pub metric: &'static Metric,
    /// Of what: attribute and value.
    pub labels: Vec<(&'static str, String)>,
    /// How much.
    pub value: Number,
}

/// What lies beyond is not taken: a machine with a thousand interfaces is one that somebody simulates.
const POINTS_MAX: usize = 1_000;

/// The points of one sample under construction. What could not be read is not there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points(pub Vec<Point>);

impl Points {
    pub(crate) fn push(&mut self, metric: &'static Metric, value: impl Into<Number>) {
        self.labelled(metric, &[], value);
    }

    pub(crate) fn labelled(
        &mut self,
        metric: &'static Metric,
        labels: &[(&'static str, &str)],
        value: impl Into<Number>,
    ) {
        let value = value.into();
        if self.0.len() == POINTS_MAX || matches!(value, Number::Float(float) if !float.is_finite()) {
            return;
        }
        let labels = labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.0.push(Point { metric, labels, value });
    }
}
