//! Exact numbers of a verdict: integers and fractions, never a float.

use std::cmp::Ordering;
use std::fmt;

use model::{Decimal, Verdict, grouped, readable};

/// The verdict on `good` of `total` against `target`: `good · 10^k ≥ t · total` for `target = t / 10^k`.
///
/// The same statement as "the nearest-rank percentile holds": see [`needed`].
pub fn verdict(good: u64, total: u64, target: Decimal) -> Verdict {
    match total {
        0 => Verdict::NoData,
        _ if target.compare_fraction(good, total) == Ordering::Less => Verdict::Broken,
        _ => Verdict::Met,
    }
}

/// How many of `total` must be good: the nearest rank `⌈target · total⌉`. `target` lies in [0, 1).
pub fn needed(total: u64, target: Decimal) -> u64 {
    let unit = 10_u128.pow(target.scale());
    // At most 18 digits times 2⁶⁴, plus 10¹⁸: below 2¹²⁸. With a target below 1 the quotient is at most `total`.
    let rank = (target.mantissa().unsigned_abs() * u128::from(total)).div_ceil(unit);
    u64::try_from(rank).unwrap_or(u64::MAX)
}

/// What may go wrong, what went wrong, and what is left: in events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// `(1 − target) · total`, exactly.
    pub allowed: Exact,
    /// Bad events.
    pub spent: u64,
    /// `allowed − spent`, exactly; negative once the budget is overdrawn.
    pub remaining: Exact,
}

impl Budget {
    /// The budget of `total` events of which `bad` are bad. `target` lies in [0, 1).
    pub fn of(bad: u64, total: u64, target: Decimal) -> Self {
        let unit = 10_i128.pow(target.scale());
        // (10^k − t) is at most 10¹⁸ and `total` below 2⁶⁴: the product is below 2¹²⁵.
        let allowed = (unit - target.mantissa()) * i128::from(total);
        let remaining = allowed - i128::from(bad) * unit;
        Budget {
            allowed: Exact { mantissa: allowed, scale: target.scale() },
            spent: bad,
            remaining: Exact { mantissa: remaining, scale: target.scale() },
        }
    }
}

impl fmt::Display for Budget {
    /// `50 allowed, 12 spent, 38 left`: for people, as the report has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [allowed, left] = [self.allowed, self.remaining].map(|exact| readable(&exact.to_string()));
        let spent = grouped(self.spent);
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BurnRate {
    bad: u64,
    total: u64,
    target: Decimal,
}

impl BurnRate {
    /// `None` without events; `target` lies in [0, 1).
    pub fn of(bad: u64, total: u64, target: Decimal) -> Option<Self> {
        (total > 0).then_some(BurnRate { bad, total, target })
    }

    /// Compares with `factor`, exactly: `bad · 10^k · 10^s` against `f · (10^k − t) · total` for `factor = f / 10^s`.
    ///
    /// An alert fires on `Greater` only: a burn rate of 14.4 is not above 14.4.
    pub fn compare(self, factor: Decimal) -> Ordering {
        if factor < Decimal::ZERO {
            return Ordering::Greater;
        }
        let allowed = self.unit() - self.target.mantissa().unsigned_abs();
        let left = multiply(u128::from(self.bad) * self.unit(), 10_u128.pow(factor.scale()));
        let right = multiply(factor.mantissa().unsigned_abs() * allowed, u128::from(self.total));
        left.cmp(&right)
    }

    fn unit(self) -> u128 {
        10_u128.pow(self.target.scale())
    }
}

impl fmt::Display for BurnRate {
    /// Two to six decimals, rounded up: a rate above 1 never looks like 1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let allowed = self.unit() - self.target.mantissa().unsigned_abs();
        let text = divide(u128::from(self.bad) * self.unit(), u128::from(self.total) * allowed, 6, Rounding::Up);
        let end = text.trim_end_matches('0').len().max(text.len() - 4);
        f.pad(&text[..end])
    }
}

/// `good / total` with as many decimals as `target` has, and six at least; cut, never rounded up.
///
/// So the text is at or above the target exactly when the verdict is "met". `None` without events.
pub fn ratio(good: u64, total: u64, target: Decimal) -> Option<String> {
    let decimals = target.scale().max(6);
    (total > 0).then(|| divide(u128::from(good), u128::from(total), decimals, Rounding::Down))
}

#[derive(Clone, Copy, PartialEq)]
enum Rounding {
    Down,
    Up,
}

/// Long division; both numbers are below 2¹²⁵, so that ten times a remainder fits. `below` is not 0.
fn divide(above: u128, below: u128, decimals: u32, rounding: Rounding) -> String {
    let (mut whole, mut rest) = (above / below, above % below);
    let mut fraction: u128 = 0;
    for _ in 0..decimals {
        fraction = fraction * 10 + rest * 10 / below;
        rest = rest * 10 % below;
    }
    if rounding == Rounding::Up && rest > 0 {
        fraction += 1;
        whole += fraction / 10_u128.pow(decimals);
        fraction %= 10_u128.pow(decimals);
    }
    format!("{whole}.{fraction:0width$}", width = decimals as usize)
}

/// The 256-bit product as (high, low) halves, which compare as the product does.
fn multiply(a: u128, b: u128) -> (u128, u128) {
    const LOW: u128 = u64::MAX as u128;
    let (a_high, a_low, b_high, b_low) = (a >> 64, a & LOW, b >> 64, b & LOW);
    let low = a_low * b_low;
    let cross = a_high * b_low + (low >> 64);
    let middle = a_low * b_high + (cross & LOW);
    (a_high * b_high + (cross >> 64) + (middle >> 64), (middle << 64) | (low & LOW))
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
            assert_eq!(verdict(good, total, decimal(target)), expect, "{good}/{total} against {target}");
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
            assert_eq!(ratio(good, total, decimal(target)).as_deref(), expect);
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
            let met = verdict(good, total, target) == Verdict::Met;
            prop_assert_eq!(met, good >= needed(total, target));
            prop_assert_eq!(met, !Budget::of(total - good, total, target).remaining.is_negative());
            let burn = BurnRate::of(total - good, total, target).unwrap();
            prop_assert_eq!(met, burn.compare(Decimal::ONE) != Ordering::Greater);
            prop_assert_eq!(met, Decimal::parse(&burn.to_string()).unwrap() <= Decimal::ONE);
            prop_assert_eq!(met, Decimal::parse(&ratio(good, total, target).unwrap()).unwrap() >= target);
        }

        #[test]
        fn products_of_halves_agree(a in any::<u64>(), b in any::<u64>(), c in any::<u64>()) {
            let wide = multiply(u128::from(a) * u128::from(b), u128::from(c));
            prop_assert_eq!(wide, multiply(u128::from(c) * u128::from(b), u128::from(a)));
            prop_assert_eq!(multiply(u128::from(a), u128::from(b)), (0, u128::from(a) * u128::from(b)));
        }
    }
}
