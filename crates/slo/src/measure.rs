//! Where numbers come from is somebody else's business: this is what is asked, and what is answered.

use model::{Decimal, Digest, Fault, Instant, RecordKind};

/// A half-open stretch of time: after `from`, up to and including `to`.
///
/// Half-open at the left edge, so that neighbouring windows share no event and the last instant of "now" counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Excluded.
    pub from: Instant,
    /// Included.
    pub to: Instant,
}

impl Interval {
    /// What begins with `from` and ends before `to`, as days and slices do.
    pub fn between(from: Instant, to: Instant) -> Self {
        let before = |at: Instant| Instant::from_nanos(at.nanos().saturating_sub(1));
        Interval { from: before(from), to: before(to) }
    }
}

/// Which events or values a question is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// Rows of a table: each row that fulfils `filter` is one event, or carries one value.
    Rows {
        /// The table.
        table: RecordKind,
        /// A SQL predicate over its columns, or `None` for every row.
        filter: Option<String>,
        /// A SQL expression that yields the value, for threshold indicators.
        value: Option<String>,
    },
    /// Increases of counters that match a selector, resets detected per series.
    Increase(Selector),
    /// The samples of series that match a selector, as they were taken.
    Samples(Selector),
    /// A SQL query that yields a column `value` (number or null) and a column `ts` (timestamp).
    Sql(String),
}

/// A Prometheus vector selector: `http_requests_total{code!~"5.."}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// The name of the metric.
    pub name: String,
    /// Matchers on labels; all must hold. An absent label equals the empty string (Prometheus' rule).
    pub matchers: Vec<Matcher>,
}

/// One condition on one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matcher {
    /// The label.
    pub label: String,
    /// How it is compared.
    pub operator: MatchOperator,
    /// With what; for the regex operators a pattern that must match the whole value.
    pub value: String,
}

/// `=`, `!=`, `=~`, `!~`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchOperator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Matches,
    /// `!~`
    NotMatches,
}

/// How a value is compared with a threshold (OpenSLO `op`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `lt`
    Less,
    /// `lte`
    LessOrEqual,
    /// `gt`
    Greater,
    /// `gte`
    GreaterOrEqual,
}

impl Comparison {
    /// The sign, as SQL and people write it.
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        }
    }
}

/// What a verdict is decided with: exact integers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events that are good, or values that hold.
    pub good: u64,
    /// All events, or all values (nulls excluded).
    pub total: u64,
    /// When the first and the last of them happened; `None` when there are none.
    pub seen: Option<(Instant, Instant)>,
}

/// A percentile, for showing.
#[derive(Clone, Debug, PartialEq)]
pub struct Percentile {
    /// The value.
    pub value: f64,
    /// How it is defined, in words: `nearest rank over 41,877 values`, or
    /// `DDSketch over 2,000,000 values, relative error ≤ 0.5 %`.
    pub definition: String,
}

/// Equal stretches of time without gaps: number `i` begins at `from + i · width` and ends before the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slicing {
    /// The first instant of the first.
    pub from: Instant,
    /// In nanoseconds; above 0.
    pub width: i64,
    /// How many; at least 1, and all of them end before 2262.
    pub count: u32,
}

impl Slicing {
    /// Everything that lies in one of them.
    pub fn interval(self) -> Interval {
        // By its own word it all ends inside the range of instants.
        let length = self.width.saturating_mul(self.count.into());
        Interval::between(self.from, Instant::from_nanos(self.from.nanos().saturating_add(length)))
    }
}

/// What lies in one stretch of time: a ratio, as a numerator and a denominator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Which one, from 0.
    pub number: u32,
    /// Events that are good, or values that hold; the sum of ratios, in parts of [`Slice::PARTS`].
    pub good: u128,
    /// All events, or all values; the number of ratios, in the same parts. Above 0, or [`Slice::good`] is.
    pub total: u128,
}

impl Slice {
    /// A ratio is taken with fifteen decimals: what a double keeps of a decimal.
    pub const PARTS: u128 = 1_000_000_000_000_000;
}

/// What lies in each stretch of time; stretches without anything are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slices {
    /// In no order.
    pub slices: Vec<Slice>,
    /// When the first and the last of all happened.
    pub seen: Option<(Instant, Instant)>,
}

impl Slices {
    /// Adds one, in which things happened between two instants.
    pub fn add(&mut self, slice: Slice, seen: Option<(Instant, Instant)>) {
        self.slices.push(slice);
        self.seen = spanning(self.seen, seen);
    }
}

/// From the first of two stretches to the last, whichever there are.
pub(crate) fn spanning(a: Option<(Instant, Instant)>, b: Option<(Instant, Instant)>) -> Option<(Instant, Instant)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (a, b) => a.or(b),
    }
}

/// The state of the data that answers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basis {
    /// Version of the store's manifest; `None` when the store is empty.
    pub version: Option<u64>,
    /// SHA-256 of the newest commit of the manifest.
    pub head: Digest,
}

/// Answers questions about data. Implementations answer the same whatever the number of threads or machines.
pub trait Measure {
    /// How many events of `total` are also events of `good`, inside `window`.
    ///
    /// Both come from one pass where both are rows of one table. `good` is counted as it stands: more good than total
    /// is reported, never clamped.
    ///
    /// # Errors
    /// `bad-query` when a predicate does not plan; `fractional-counter` when a counter is no integer.
    fn ratio(&self, good: &Source, total: &Source, window: Interval) -> Result<Counts, Fault>;

    /// How many values of `source` hold against `value`, inside `window`.
    ///
    /// # Errors
    /// `bad-query` when an expression does not plan or yields no number.
    fn threshold(&self, source: &Source, op: Comparison, value: Decimal, window: Interval) -> Result<Counts, Fault>;

    /// [`Measure::ratio`] for each stretch of time.
    ///
    /// # Errors
    /// As there.
    fn ratio_slices(&self, good: &Source, total: &Source, slicing: Slicing) -> Result<Slices, Fault>;

    /// [`Measure::threshold`] for each stretch of time.
    ///
    /// # Errors
    /// As there.
    fn threshold_slices(
        &self,
        source: &Source,
        op: Comparison,
        value: Decimal,
        slicing: Slicing,
    ) -> Result<Slices, Fault>;

    /// The sum and the number of the values of `source` for each stretch of time, where each is a ratio.
    ///
    /// # Errors
    /// As [`Measure::threshold`]; `no-ratio` when one is not in [0, 1].
    fn raw_slices(&self, source: &Source, slicing: Slicing) -> Result<Slices, Fault>;

    /// The `rank` percentile (0 < rank ≤ 1) of the values of `source`, inside `window`; `None` without values.
    ///
    /// # Errors
    /// As [`Measure::threshold`].
    fn percentile(&self, source: &Source, rank: Decimal, window: Interval) -> Result<Option<Percentile>, Fault>;

    /// The newest instant in the data; `None` when there is none.
    ///
    /// # Errors
    /// `io-failed` when the store cannot be read.
    fn newest(&self) -> Result<Option<Instant>, Fault>;

    /// What the answers are computed from.
    fn basis(&self) -> Basis;
}
