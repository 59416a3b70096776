//! The distribution of values: every value while there are few, a DDSketch when there are many.
//!
//! Which of the two it is depends on the number of values alone, never on their order or on how they were split among
//! threads; and buckets hold integer counts, so merging is addition. Equal values give equal bytes.

use std::cmp::Ordering;
use std::sync::LazyLock;

use model::{Decimal, counted};

/// From this many values on, values are counted in buckets.
pub(crate) const EXACT_VALUES_MAX: u64 = 100_000;
/// More buckets than this are refused: buckets are never merged silently.
pub(crate) const BUCKETS_MAX: usize = 4096;
/// The relative error of a bucket's value.
const ALPHA: f64 = 0.005;
const GAMMA: f64 = (1.0 + ALPHA) / (1.0 - ALPHA);
/// Values closer to zero than this are zero.
const ZERO: f64 = 1e-6;
/// The key of 1e-6; the smallest there is.
const KEY_MIN: i32 = -1381;
const VERSION: u8 = 1;

/// Why a value or a state cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// NaN or an infinity.
    NotFinite,
    /// More than [`BUCKETS_MAX`] buckets.
    TooManyBuckets,
    /// Bytes that this code did not write.
    BadState,
}

/// The distribution of a set of finite numbers.
#[derive(Clone, Debug)]
pub(crate) enum Distribution {
    /// Every value, in no order.
    Exact(Vec<f64>),
    /// Counts by bucket.
    Buckets(Box<Buckets>),
}

impl Default for Distribution {
    fn default() -> Self {
        Distribution::Exact(Vec::new())
    }
}

impl Distribution {
    pub(crate) fn push(&mut self, value: f64) -> Result<(), Refusal> {
        if !value.is_finite() {
            return Err(Refusal::NotFinite);
        }
        match self {
            Distribution::Exact(values) => {
                values.push(value);
                if values.len() as u64 >= EXACT_VALUES_MAX {
                    self.bucketed();
                }
            }
            Distribution::Buckets(buckets) => buckets.add(value, 1),
        }
        Ok(())
    }

    pub(crate) fn merge(&mut self, other: Distribution) -> Result<(), Refusal> {
        match other {
            Distribution::Exact(values) => values.into_iter().try_for_each(|value| self.push(value)),
            Distribution::Buckets(other) => {
                self.bucketed().merge(&other);
                Ok(())
            }
        }
    }

    fn bucketed(&mut self) -> &mut Buckets {
        if let Distribution::Exact(values) = self {
            let mut buckets = Box::<Buckets>::default();
            values.iter().for_each(|value| buckets.add(*value, 1));
            *self = Distribution::Buckets(buckets);
        }
        match self {
            Distribution::Buckets(buckets) => buckets,
            Distribution::Exact(_) => unreachable!("turned into buckets above"),
        }
    }

    /// How many values.
    pub(crate) fn count(&self) -> u64 {
        match self {
            Distribution::Exact(values) => values.len() as u64,
            Distribution::Buckets(buckets) => buckets.count(),
        }
    }

    /// The smallest value with at least `⌈rank · n⌉` values at or below it (nearest rank); `None` without values.
    /// `rank` lies above 0 and not above 1.
    pub(crate) fn quantile(&self, rank: Decimal) -> Result<Option<f64>, Refusal> {
        let Some(nearest) = nearest_rank(rank, self.count()) else { return Ok(None) };
        match self {
            Distribution::Exact(values) => {
                let mut values = values.clone();
                // The rank lies in 1..=n, and n fits into memory.
                let (_, value, _) = values.select_nth_unstable_by(nearest as usize - 1, f64::total_cmp);
                Ok(Some(*value))
            }
            Distribution::Buckets(buckets) => {
                buckets.check()?;
                Ok(Some(buckets.value_at(nearest)))
            }
        }
    }

    /// How the number that [`Distribution::quantile`] gives is defined, in words.
    pub(crate) fn definition(&self) -> String {
        let values = counted(self.count(), "value", "values");
        match self {
            Distribution::Exact(_) => format!("nearest rank over {values}"),
            Distribution::Buckets(_) => format!("DDSketch over {values}, relative error ≤ 0.5 %"),
        }
    }

    /// Bytes in memory.
    pub(crate) fn size(&self) -> usize {
        match self {
            Distribution::Exact(values) => values.capacity() * size_of::<f64>(),
            Distribution::Buckets(buckets) => (buckets.positive.capacity() + buckets.negative.capacity()) * 8,
        }
    }

    /// `version, form, …`: values as sorted little-endian doubles, or buckets as sorted pairs of varints
    /// (distance to the key before, count).
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, Refusal> {
        let mut bytes = vec![VERSION];
        match self {
            Distribution::Exact(values) => {
                let mut values = values.clone();
                values.sort_unstable_by(f64::total_cmp);
                bytes.push(0);
                values.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
            }
            Distribution::Buckets(buckets) => {
                buckets.check()?;
                bytes.push(1);
                put_varint(&mut bytes, buckets.zero);
                put_side(&mut bytes, &buckets.positive);
                put_side(&mut bytes, &buckets.negative);
            }
        }
        Ok(bytes)
    }

    /// Reads what [`Distribution::to_bytes`] wrote.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Refusal> {
        match bytes {
            [VERSION, 0, values @ ..] if values.len() % 8 == 0 => {
                let doubles =
                    values.chunks_exact(8).map(|eight| f64::from_le_bytes(eight.try_into().unwrap_or_default()));
                let mut distribution = Distribution::default();
                doubles.into_iter().try_for_each(|value| distribution.push(value))?;
                Ok(distribution)
            }
            [VERSION, 1, rest @ ..] => Self::buckets_from(rest).ok_or(Refusal::BadState),
            _ => Err(Refusal::BadState),
        }
    }

    fn buckets_from(mut bytes: &[u8]) -> Option<Self> {
        let zero = take_varint(&mut bytes)?;
        let positive = take_side(&mut bytes)?;
        let negative = take_side(&mut bytes)?;
        bytes.is_empty().then(|| Distribution::Buckets(Box::new(Buckets { zero, positive, negative })))
    }
}

/// `⌈rank · n⌉`, exactly; `None` when there is nothing to rank.
fn nearest_rank(rank: Decimal, count: u64) -> Option<u64> {
    let unit = 10_i128.pow(rank.scale());
    // At most 18 digits times 20 digits: inside i128.
    let nearest = (rank.mantissa() * i128::from(count) + unit - 1) / unit;
    u64::try_from(nearest).ok().filter(|nearest| (1..=count).contains(nearest))
}

/// Counts by bucket; the count of key `k` stands at index `k - KEY_MIN`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buckets {
    zero: u64,
    positive: Vec<u64>,
    negative: Vec<u64>,
}

impl Buckets {
    fn add(&mut self, value: f64, count: u64) {
        let magnitude = value.abs();
        if magnitude < ZERO {
            self.zero += count;
            return;
        }
        let side = if value > 0.0 { &mut self.positive } else { &mut self.negative };
        let index = index(magnitude);
        if side.len() <= index {
            side.resize(index + 1, 0);
        }
        side[index] += count;
    }

    fn merge(&mut self, other: &Buckets) {
        self.zero += other.zero;
        for (side, other) in [(&mut self.positive, &other.positive), (&mut self.negative, &other.negative)] {
            if side.len() < other.len() {
                side.resize(other.len(), 0);
            }
            side.iter_mut().zip(other).for_each(|(count, other)| *count += other);
        }
    }

    fn count(&self) -> u64 {
        self.zero + self.positive.iter().chain(&self.negative).sum::<u64>()
    }

    fn check(&self) -> Result<(), Refusal> {
        let used = self.positive.iter().chain(&self.negative).filter(|count| **count > 0).count();
        if used > BUCKETS_MAX { Err(Refusal::TooManyBuckets) } else { Ok(()) }
    }

    /// The value of the bucket that holds the `nearest`-th smallest value, from 1.
    fn value_at(&self, nearest: u64) -> f64 {
        let negative = self.negative.iter().enumerate().rev().map(|(index, count)| (-value(index), *count));
        let positive = self.positive.iter().enumerate().map(|(index, count)| (value(index), *count));
        let mut seen = 0;
        let mut last = 0.0;
        for (value, count) in negative.chain([(0.0, self.zero)]).chain(positive).filter(|(_, count)| *count > 0) {
            seen += count;
            last = value;
            if seen >= nearest {
                break;
            }
        }
        last
    }
}

/// γ^k for every key from [`KEY_MIN`] to that of the largest double, by repeated multiplication: the same everywhere.
static BOUNDS: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let mut below: Vec<f64> = std::iter::successors(Some(1.0), |bound| Some(bound / GAMMA)).take(1382).collect();
    below.reverse();
    below.extend(std::iter::successors(Some(GAMMA), |bound| Some(bound * GAMMA)).take_while(|bound| bound.is_finite()));
    below.push(f64::INFINITY);
    below
});

/// The smallest `i` with `magnitude ≤ γ^(i + KEY_MIN)`.
///
/// `ln` comes from the platform and may differ in its last bit between hosts: it only says where to start looking.
fn index(magnitude: f64) -> usize {
    let bounds = &*BOUNDS;
    let key = (magnitude.ln() / GAMMA.ln()).ceil() as i64 - i64::from(KEY_MIN);
    let mut index = usize::try_from(key).unwrap_or(0).min(bounds.len() - 1);
    while index > 0 && bounds[index - 1] >= magnitude {
        index -= 1;
    }
    while bounds[index].partial_cmp(&magnitude) == Some(Ordering::Less) {
        index += 1;
    }
    index
}

/// The middle of a bucket: `2·γ^key / (γ + 1)`, at most α off any value in it.
fn value(index: usize) -> f64 {
    let bound = BOUNDS[index];
    // The last bucket has no upper bound; its lower bound times γ would overflow.
    if bound.is_finite() { 2.0 / (GAMMA + 1.0) * bound } else { f64::MAX }
}

fn put_side(bytes: &mut Vec<u8>, side: &[u64]) {
    let used: Vec<(usize, u64)> = side.iter().copied().enumerate().filter(|(_, count)| *count > 0).collect();
    put_varint(bytes, used.len() as u64);
    let mut before = 0;
    for (index, count) in used {
        put_varint(bytes, (index - before) as u64);
        put_varint(bytes, count);
        before = index;
    }
}

fn take_side(bytes: &mut &[u8]) -> Option<Vec<u64>> {
    let mut side = Vec::new();
    let mut index = 0_usize;
    for _ in 0..take_varint(bytes)? {
        index = index.checked_add(usize::try_from(take_varint(bytes)?).ok()?).filter(|index| *index < BOUNDS.len())?;
        side.resize(index + 1, 0);
        side[index] = take_varint(bytes)?;
    }
    Some(side)
}

fn put_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(first & 0x7f).checked_shl(shift)?;
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: impl IntoIterator<Item = f64>) -> Distribution {
        let mut distribution = Distribution::default();
        values.into_iter().for_each(|value| distribution.push(value).unwrap());
        distribution
    }

    fn check(values: &[f64], rank: &str, expect: f64) {
        let rank = Decimal::parse(rank).unwrap();
        assert_eq!(of(values.iter().copied()).quantile(rank), Ok(Some(expect)), "{values:?} {rank}");
    }

    #[test]
    fn few_values_have_a_nearest_rank() {
        check(&[1.0, 2.0, 3.0, 4.0, 100.0], "0.95", 100.0);
        check(&[100.0, 4.0, 3.0, 2.0, 1.0], "0.8", 4.0);
        check(&[1.0, 2.0, 3.0, 4.0, 100.0], "0.81", 100.0);
        check(&[-1.0, 0.0, 1.0], "0.01", -1.0);
        check(&[7.0], "1", 7.0);
        assert_eq!(Distribution::default().quantile(Decimal::ONE), Ok(None));
    }

    #[test]
    fn a_bucket_is_what_the_reference_says() {
        assert_eq!(index(158.2111) as i32 + KEY_MIN, 507);
        assert!((value(index(158.2111)) - 158.38515).abs() < 1e-5);
        assert_eq!(index(1e-6) as i32 + KEY_MIN, KEY_MIN);
        assert_eq!(index(f64::MAX), BOUNDS.len() - 1);
        assert!(BOUNDS.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn many_values_are_off_by_half_a_percent_at_most() {
        let values = || (0..200_000).map(|n: u64| ((n * 7919) % 200_003) as f64 * 0.37 - 20_000.0);
        let sketch = of(values());
        assert_eq!(sketch.definition(), "DDSketch over 200,000 values, relative error ≤ 0.5 %");
        let mut sorted: Vec<f64> = values().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        for rank in ["0.001", "0.1", "0.27", "0.5", "0.95", "0.99", "1"] {
            let rank = Decimal::parse(rank).unwrap();
            let exact = sorted[nearest_rank(rank, 200_000).unwrap() as usize - 1];
            let shown = sketch.quantile(rank).unwrap().unwrap();
            assert!((shown - exact).abs() <= 0.005 * exact.abs() + 1e-6, "{rank}: {shown} for {exact}");
        }
    }

    #[test]
    fn the_form_depends_on_the_number_of_values_alone() {
        let below = of((1..EXACT_VALUES_MAX).map(|n| n as f64));
        assert!(matches!(below, Distribution::Exact(_)));
        let mut halves = of((1..EXACT_VALUES_MAX / 2).map(|n| n as f64));
        halves.merge(of((EXACT_VALUES_MAX / 2..=EXACT_VALUES_MAX).map(|n| n as f64))).unwrap();
        let whole = of((1..=EXACT_VALUES_MAX).rev().map(|n| n as f64));
        assert!(matches!(whole, Distribution::Buckets(_)));
        assert_eq!(halves.to_bytes(), whole.to_bytes());
    }

    #[test]
    fn hostile_values_and_states_are_refused() {
        assert_eq!(Distribution::default().push(f64::NAN), Err(Refusal::NotFinite));
        let mut wide = of((0..100_000).map(|_| 1.0));
        (0..5000).for_each(|key| wide.push(GAMMA.powi(key)).unwrap());
        assert_eq!(wide.to_bytes(), Err(Refusal::TooManyBuckets));
        for state in [&[][..], &[2, 0], &[1, 0, 1], &[1, 1], &[1, 1, 0, 1, 0xff], &[1, 1, 0, 0, 0, 0]] {
            assert_eq!(Distribution::from_bytes(state).map(|_| ()), Err(Refusal::BadState), "{state:?}");
        }
    }

    proptest! {
        #[test]
        fn splitting_and_permuting_change_nothing(values in prop::collection::vec(-1e9..1e9, 0..300), at in 0..300_usize) {
            let at = at.min(values.len());
            let mut right = of(values[at..].iter().copied());
            right.merge(of(values[..at].iter().copied())).unwrap();
            let whole = of(values.iter().copied());
            prop_assert_eq!(right.to_bytes(), whole.to_bytes());
            let read = Distribution::from_bytes(&whole.to_bytes().unwrap()).unwrap();
            prop_assert_eq!(read.to_bytes(), whole.to_bytes());
        }

        #[test]
        fn buckets_survive_their_bytes(values in prop::collection::vec(-1e12..1e12_f64, 1..200)) {
            let mut distribution = of(values);
            distribution.bucketed();
            let bytes = distribution.to_bytes().unwrap();
            prop_assert_eq!(Distribution::from_bytes(&bytes).unwrap().to_bytes().unwrap(), bytes);
        }

        #[test]
        fn bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = Distribution::from_bytes(&bytes);
        }
    }
}
