//! Exact numbers of a verdict: integers and fractions, never a float.

use std::cmp::Ordering;
use std::fmt;

use model::{Decimal, Verdict, readable};

use crate::fraction::Fraction;

/// The verdict on a budget that burns so fast: broken above 1. `None` is no data.
///
/// Of `good` of `total` against a target of `t / 10^k` that is `good · 10^k ≥ t · total`, and the same statement as "the nearest-rank
/// percentile holds": see [`needed`].
pub fn verdict(rate: Option<&BurnRate>) -> Verdict {
    match rate {
        None => Verdict::NoData,
        Some(rate) if rate.compare(Decimal::ONE) == Ordering::Greater => Verdict::Broken,
        Some(_) => Verdict::Met,
    }
}

/// How many of `total` must be good: the nearest rank `⌈target · total⌉`. `target` lies in [0, 1).
pub fn needed(total: u64, target: Decimal) -> u64 {
    let unit = 10_u128.pow(target.scale());
    // At most 18 digits times 2⁶⁴, plus 10¹⁸: below 2¹²⁸. With a target below 1 the quotient is at most `total`.
    let rank = (target.mantissa().unsigned_abs() * u128::from(total)).div_ceil(unit);
    u64::try_from(rank).unwrap_or(u64::MAX)
}

/// What may go wrong, what went wrong, and what is left: in events, or in slices of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// `(1 − target) · total`, exactly.
    pub allowed: Exact,
    /// Bad events. Of a mean of ratios what its slices lack of 1, raised at six decimals.
    pub spent: Exact,
    /// `allowed − spent`; negative once the budget is overdrawn.
    pub remaining: Exact,
}

impl Budget {
    /// The budget of `total` events of which `bad` are bad. `target` lies in [0, 1).
    pub fn of(bad: u64, total: u64, target: Decimal) -> Self {
        Budget::left(allowed(total, target), Exact { mantissa: bad.into(), scale: 0 })
    }

    /// The budget of `total` slices of which the share `missing` is missing; `None` where that is beyond all measure.
    pub(crate) fn of_share(missing: &Fraction, total: u64, target: Decimal) -> Option<Self> {
        let spent = missing.times(&Fraction::new(total, 1_u8)?).ceiling(6);
        Some(Budget::left(allowed(total, target), Exact { mantissa: i64::try_from(spent).ok()?.into(), scale: 6 }))
    }

    /// What the budget comes to if a whole of `whole` goes on as its part `part`: cut at six decimals.
    pub(crate) fn projected(bad: u64, total: u64, target: Decimal, (part, whole): (u128, u128)) -> Option<Self> {
        let events = Fraction::new(u128::from(total) * whole, part)?;
        let allowed = events.times(&Fraction::from(target.complement()?)).floor(6);
        let allowed = Exact { mantissa: i128::try_from(allowed).ok().filter(|it| *it < 1 << 100)?, scale: 6 };
        Some(Budget::left(allowed, Exact { mantissa: bad.into(), scale: 0 }))
    }

    /// Scales are at most 18 decimals and mantissas below 2¹²⁵: both fit.
    fn left(allowed: Exact, spent: Exact) -> Self {
        let scale = allowed.scale.max(spent.scale);
        let at = |exact: Exact| exact.mantissa * 10_i128.pow(scale - exact.scale);
        Budget { allowed, spent, remaining: Exact { mantissa: at(allowed) - at(spent), scale } }
    }
}

/// `(1 − target) · total`: (10^k − t) is at most 10¹⁸ and `total` below 2⁶⁴, so that the product is below 2¹²⁵.
fn allowed(total: u64, target: Decimal) -> Exact {
    let unit = 10_i128.pow(target.scale());
    Exact { mantissa: (unit - target.mantissa()) * i128::from(total), scale: target.scale() }
}

impl fmt::Display for Budget {
    /// `50 allowed, 12 spent, 38 left`: for people, as the report has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [allowed, spent, left] =
            [self.allowed, self.spent, self.remaining].map(|exact| readable(&exact.to_string()));
        f.pad(&format!("{allowed} allowed, {spent} spent, {left} left"))
    }
}

/// An exact decimal with more digits than a [`Decimal`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exact {
    mantissa: i128,
    scale: u32,
}

impl Exact {
    /// Below 0?
    pub fn is_negative(self) -> bool {
        self.mantissa < 0
    }
}

impl fmt::Display for Exact {
    /// Every digit, without zeros at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10_u128.pow(self.scale);
        let digits = self.mantissa.unsigned_abs();
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let fraction = format!("{:0width$}", digits % unit, width = self.scale as usize);
        match fraction.trim_end_matches('0') {
            "" => f.pad(&format!("{sign}{}", digits / unit)),
            fraction => f.pad(&format!("{sign}{}.{fraction}", digits / unit)),
        }
    }
}

/// How fast the budget burns: `(bad / total) / (1 − target)`. 1 spends exactly the whole budget over the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BurnRate(Fraction);

impl BurnRate {
    /// `None` without events; `target` lies in [0, 1).
    pub fn of(bad: u64, total: u64, target: Decimal) -> Option<Self> {
        BurnRate::of_share(&Fraction::new(bad, total)?, target)
    }

    /// The rate at which a share of bad ones burns; `None` for a target of 1.
    pub(crate) fn of_share(bad: &Fraction, target: Decimal) -> Option<Self> {
        bad.over(&Fraction::from(target.complement()?)).map(BurnRate)
    }

    /// Rates that burn one budget, each times its weight.
    pub(crate) fn together<'r>(rates: impl Iterator<Item = (&'r BurnRate, Decimal)>) -> Self {
        let weighted = rates.map(|(rate, weight)| rate.0.times(&Fraction::from(weight)));
        BurnRate(weighted.fold(Fraction::zero(), |sum, rate| sum.plus(&rate)))
    }

    pub(crate) fn fraction(&self) -> &Fraction {
        &self.0
    }

    /// Compares with `factor`, exactly.
    ///
    /// An alert fires on `Greater` only: a burn rate of 14.4 is not above 14.4.
    pub fn compare(&self, factor: Decimal) -> Ordering {
        self.0.compare(&Fraction::from(factor))
    }
}

impl fmt::Display for BurnRate {
    /// Two to six decimals, rounded up: a rate above 1 never looks like 1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.raised(6);
        let end = text.trim_end_matches('0').len().max(text.len() - 4);
        f.pad(&text[..end])
    }
}

/// `good / total`; `None` without events.
pub(crate) fn share(good: u64, total: u64) -> Option<Fraction> {
    Fraction::new(good, total)
}

/// A share with as many decimals as `target` has, and six at least; cut, never rounded up.
///
/// So the text is at or above the target exactly when the verdict is "met".
pub(crate) fn shown(share: &Fraction, target: Decimal) -> String {
    share.cut(target.scale().max(6))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn a_verdict_is_an_integer_comparison() {
        let check = |good, total, target: &str, expect| {
            let rate = BurnRate::of(total - good, total, decimal(target));
            assert_eq!(verdict(rate.as_ref()), expect, "{good}/{total} against {target}");
        };
        check(4, 5, "0.95", Verdict::Broken);
        check(950, 1000, "0.95", Verdict::Met);
        check(949, 1000, "0.95", Verdict::Broken);
        check(0, 0, "0.95", Verdict::NoData);
        check(0, 5, "0", Verdict::Met);
        check(99_999_999, 100_000_000, "0.99999999", Verdict::Met);
        check(99_999_998, 100_000_000, "0.99999999", Verdict::Broken);
        check(u64::MAX, u64::MAX, "0.999999999999999999", Verdict::Met);
    }

    #[test]
    fn budgets_are_exact_and_may_be_overdrawn() {
        let check = |bad, total, target: &str, expect: &str| {
            assert_eq!(Budget::of(bad, total, decimal(target)).to_string(), expect);
        };
        check(50, 1000, "0.95", "50 allowed, 50 spent, 0 left");
        check(250, 1_000_000, "0.999", "1,000 allowed, 250 spent, 750 left");
        check(3, 7, "0.95", "0.35 allowed, 3 spent, -2.65 left");
        check(1, u64::MAX, "0.999999999999999999", "≈ 18.4467 allowed, 1 spent, ≈ 17.4467 left");
        let budget = Budget::of(1, u64::MAX, decimal("0.999999999999999999"));
        let exact = [budget.allowed, budget.remaining].map(|exact| exact.to_string());
        assert_eq!(exact, ["18.446744073709551615", "17.446744073709551615"]);
    }

    #[test]
    fn the_burn_rate_compares_unrounded() {
        let check = |bad, total, target: &str, factor: &str, expect, text: &str| {
            let rate = BurnRate::of(bad, total, decimal(target)).unwrap();
            assert_eq!((rate.compare(decimal(factor)), rate.to_string().as_str()), (expect, text));
        };
        // A peer rounds to one decimal first and stays silent here.
        check(14_440, 1_000_000, "0.999", "14.4", Ordering::Greater, "14.44");
        // Peers with floats fire here.
        check(1_440, 100_000, "0.999", "14.4", Ordering::Equal, "14.40");
        check(50, 1000, "0.95", "1", Ordering::Equal, "1.00");
        check(1, 3, "0.5", "0.666666666666666667", Ordering::Less, "0.666667");
        check(50_000_001, 1_000_000_000, "0.95", "1", Ordering::Greater, "1.000001");
        check(84, 12_000, "0.999", "7", Ordering::Equal, "7.00");
        check(0, 9, "0.999", "0", Ordering::Equal, "0.00");
        check(
            u64::MAX,
            u64::MAX,
            "0.999999999999999999",
            "999999999999999999",
            Ordering::Greater,
            "1000000000000000000.00",
        );
        assert_eq!(BurnRate::of(0, 0, decimal("0.9")), None);
    }

    #[test]
    fn a_ratio_is_cut_and_never_looks_better_than_it_is() {
        let check = |good, total, target: &str, expect: Option<&str>| {
            let target = decimal(target);
            assert_eq!(share(good, total).map(|share| shown(&share, target)).as_deref(), expect);
        };
        check(950, 1000, "0.95", Some("0.950000"));
        check(99_999_999, 100_000_000, "0.99999999", Some("0.99999999"));
        check(2, 3, "0.5", Some("0.666666"));
        check(3, 3, "0.5", Some("1.000000"));
        check(0, 0, "0.5", None);
    }

    fn target() -> impl Strategy<Value = Decimal> {
        (0_u32..=9).prop_flat_map(|scale| {
            (0..10_u64.pow(scale)).prop_map(move |mantissa| Decimal::parse(&format!("{mantissa}e-{scale}")).unwrap())
        })
    }

    proptest! {
        #[test]
        fn verdict_rank_budget_burn_and_ratio_are_one_statement(total in 1_u64..1_000_000, share in 0.0..=1.0, target in target()) {
            let good = (total as f64 * share) as u64;
            let met = verdict(BurnRate::of(total - good, total, target).as_ref()) == Verdict::Met;
            prop_assert_eq!(met, target.compare_fraction(good, total) != Ordering::Less);
            prop_assert_eq!(met, good >= needed(total, target));
            prop_assert_eq!(met, !Budget::of(total - good, total, target).remaining.is_negative());
            let burn = BurnRate::of(total - good, total, target).unwrap();
            prop_assert_eq!(met, burn.compare(Decimal::ONE) != Ordering::Greater);
            prop_assert_eq!(met, Decimal::parse(&burn.to_string()).unwrap() <= Decimal::ONE);
            prop_assert_eq!(met, Decimal::parse(&shown(&super::share(good, total).unwrap(), target)).unwrap() >= target);
        }
    }
}
