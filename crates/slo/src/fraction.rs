//! Exact fractions of any size: means of ratios, and rates that add up.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use model::Decimal;
use num_bigint::{BigInt, BigUint, Sign};

/// `above / below`, exactly; `below` is above 0. Not in lowest terms: comparing and printing need none.
#[derive(Clone, Debug)]
pub(crate) struct Fraction {
    above: BigInt,
    below: BigUint,
}

impl Fraction {
    /// `None` for a `below` of 0.
    pub(crate) fn new(above: impl Into<BigInt>, below: impl Into<BigUint>) -> Option<Self> {
        let (above, below) = (above.into(), below.into());
        (below > BigUint::ZERO).then_some(Fraction { above, below })
    }

    pub(crate) fn zero() -> Self {
        Fraction { above: BigInt::ZERO, below: BigUint::from(1_u8) }
    }

    /// The sum of `parts`, each a numerator over a denominator above 0.
    ///
    /// Equal denominators are added first and the rest in pairs, so that numbers grow as late as they can.
    pub(crate) fn sum(parts: impl Iterator<Item = (BigInt, u128)>) -> Self {
        let mut alike: BTreeMap<u128, BigInt> = BTreeMap::new();
        for (above, below) in parts {
            *alike.entry(below).or_default() += above;
        }
        let mut parts: Vec<Fraction> =
            alike.into_iter().filter_map(|(below, above)| Fraction::new(above, below)).collect();
        while parts.len() > 1 {
            parts = parts.chunks(2).map(|pair| pair.iter().skip(1).fold(pair[0].clone(), |a, b| a.plus(b))).collect();
        }
        parts.pop().unwrap_or_else(Fraction::zero)
    }

    pub(crate) fn plus(&self, other: &Fraction) -> Self {
        if self.below == other.below {
            return Fraction { above: &self.above + &other.above, below: self.below.clone() };
        }
        let (mine, theirs) = (BigInt::from(self.below.clone()), BigInt::from(other.below.clone()));
        Fraction { above: &self.above * theirs + &other.above * mine, below: &self.below * &other.below }
    }

    pub(crate) fn times(&self, other: &Fraction) -> Self {
        Fraction { above: &self.above * &other.above, below: &self.below * &other.below }
    }

    /// Divided by `other`; `None` unless that is above 0.
    pub(crate) fn over(&self, other: &Fraction) -> Option<Self> {
        let (Sign::Plus, turned) = other.above.clone().into_parts() else { return None };
        Some(Fraction { above: &self.above * BigInt::from(other.below.clone()), below: &self.below * turned })
    }

    /// `1 − self`.
    pub(crate) fn complement(&self) -> Self {
        Fraction { above: BigInt::from(self.below.clone()) - &self.above, below: self.below.clone() }
    }

    pub(crate) fn compare(&self, other: &Fraction) -> Ordering {
        let (mine, theirs) = (BigInt::from(self.below.clone()), BigInt::from(other.below.clone()));
        (&self.above * theirs).cmp(&(&other.above * mine))
    }

    /// With so many decimals, cut down: never above the fraction.
    pub(crate) fn cut(&self, decimals: u32) -> String {
        text(&self.floor(decimals), decimals)
    }

    /// With so many decimals, raised: never below the fraction.
    pub(crate) fn raised(&self, decimals: u32) -> String {
        text(&self.ceiling(decimals), decimals)
    }

    /// `⌈self · 10^decimals⌉`.
    pub(crate) fn ceiling(&self, decimals: u32) -> BigInt {
        let turned = Fraction { above: -&self.above, below: self.below.clone() };
        -turned.floor(decimals)
    }

    /// `⌊self · 10^decimals⌋`.
    pub(crate) fn floor(&self, decimals: u32) -> BigInt {
        let above = &self.above * BigInt::from(10_u8).pow(decimals);
        let below = BigInt::from(self.below.clone());
        let cut = &above / &below;
        if above.sign() == Sign::Minus && &cut * &below != above { cut - 1 } else { cut }
    }
}

impl From<Decimal> for Fraction {
    fn from(decimal: Decimal) -> Self {
        Fraction { above: decimal.mantissa().into(), below: BigUint::from(10_u8).pow(decimal.scale()) }
    }
}

impl PartialEq for Fraction {
    fn eq(&self, other: &Self) -> bool {
        self.compare(other) == Ordering::Equal
    }
}

impl Eq for Fraction {}

/// `scaled / 10^decimals` with every decimal.
fn text(scaled: &BigInt, decimals: u32) -> String {
    let width = decimals as usize;
    let sign = if scaled.sign() == Sign::Minus { "-" } else { "" };
    let digits = format!("{:0>width$}", scaled.magnitude().to_string(), width = width + 1);
    let (whole, fraction) = digits.split_at(digits.len() - width);
    let point = if width > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(above: i64, below: u64) -> Fraction {
        Fraction::new(above, below).unwrap()
    }

    #[test]
    fn cutting_goes_down_and_raising_up() {
        let check = |fraction: Fraction, down: &str, up: &str| {
            assert_eq!((fraction.cut(3).as_str(), fraction.raised(3).as_str()), (down, up));
        };
        check(of(2, 3), "0.666", "0.667");
        check(of(-2, 3), "-0.667", "-0.666");
        check(of(7, 4), "1.750", "1.750");
        check(of(-7, 4), "-1.750", "-1.750");
        check(of(0, 9), "0.000", "0.000");
        check(of(-1, 10_000), "-0.001", "0.000");
        assert_eq!(of(7, 2).cut(0), "3");
    }

    #[test]
    fn sums_are_exact() {
        let thirds = Fraction::sum([(BigInt::from(1), 3), (BigInt::from(1), 6), (BigInt::from(1), 2)].into_iter());
        assert_eq!(thirds, of(1, 1));
        assert_eq!(Fraction::sum(std::iter::empty()), Fraction::zero());
        // 1/1 + 1/2 + … + 1/20, as it is known.
        let harmonic = Fraction::sum((1_u128..=20).map(|below| (BigInt::from(1), below)));
        assert_eq!(harmonic, of(55_835_135, 15_519_504));
    }

    proptest! {
        #[test]
        fn fractions_agree_with_wide_integers(a in -1000_i64..1000, b in 1_u64..1000, c in -1000_i64..1000, d in 1_u64..1000) {
            let (x, y) = (of(a, b), of(c, d));
            let wide = |n: i64, m: u64| i128::from(n) * i128::from(m);
            prop_assert_eq!(x.compare(&y), wide(a, d).cmp(&wide(c, b)));
            prop_assert_eq!(x.plus(&y), Fraction::new(wide(a, d) + wide(c, b), b * d).unwrap());
            prop_assert_eq!(x.complement().plus(&x), of(1, 1));
            prop_assert_eq!(y.over(&x).is_some(), a > 0);
            if let Some(quotient) = y.over(&x) {
                prop_assert_eq!(quotient.times(&x), y);
            }
        }
    }
}
