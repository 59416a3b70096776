//! Exact decimal numbers: what verdicts are decided with.

use std::cmp::Ordering;
use std::fmt;

use crate::Fault;

/// An exact decimal number: `mantissa / 10^scale`, as written in a rule file. Never a float.
///
/// The mantissa has at most 18 digits and the scale is at most 18, so that a product of two decimals and the comparison
/// of two decimals fit into `i128` without overflow.
#[derive(Clone, Copy)]
pub struct Decimal {
    mantissa: i128,
    scale: u32,
}

const DIGITS_MAX: u32 = 18;

impl Decimal {
    /// 0.
    pub const ZERO: Decimal = Decimal { mantissa: 0, scale: 0 };
    /// 1.
    pub const ONE: Decimal = Decimal { mantissa: 1, scale: 0 };

    /// An integer.
    pub const fn integer(value: i64) -> Self {
        Decimal { mantissa: value as i128, scale: 0 }
    }

    /// Reads `0.995`, `-3`, `99.5`, `1e-3`.
    ///
    /// # Errors
    /// `bad-number` for anything else, NaN and infinities included, and for more than 18 digits.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        Self::read(text).ok_or_else(|| {
            Fault::bad_config("bad-number", format!("{text:?} is not a decimal number"))
                .advise("Write it with digits and a point, for example 0.995; at most 18 digits.")
        })
    }

    fn read(text: &str) -> Option<Self> {
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, digits) = match number.as_bytes().first()? {
            b'-' => (true, &number[1..]),
            b'+' => (false, &number[1..]),
            _ => (false, number),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let mut mantissa: i128 = 0;
        for digit in whole.bytes().chain(fraction.bytes()) {
            if !digit.is_ascii_digit() || mantissa >= 10_i128.pow(30) {
                return None;
            }
            mantissa = mantissa * 10 + i128::from(digit - b'0');
        }
        let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        Self::normal(if negative { -mantissa } else { mantissa }, scale)
    }

    /// The shortest form, or `None` when it does not fit into 18 digits.
    fn normal(mut mantissa: i128, mut scale: i32) -> Option<Self> {
        if mantissa == 0 {
            return Some(Decimal::ZERO);
        }
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        while scale < 0 {
            mantissa = mantissa.checked_mul(10).filter(|m| m.unsigned_abs() < 10_u128.pow(DIGITS_MAX))?;
            scale += 1;
        }
        let scale = u32::try_from(scale).ok()?;
        let fits = scale <= DIGITS_MAX && mantissa.unsigned_abs() < 10_u128.pow(DIGITS_MAX);
        fits.then_some(Decimal { mantissa, scale })
    }

    /// The number of 10^-scale steps.
    pub const fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// How many decimals.
    pub const fn scale(self) -> u32 {
        self.scale
    }

    /// `self / 100`: a percentage as a fraction. `None` when it needs more than 18 digits.
    pub fn percent(self) -> Option<Self> {
        Self::normal(self.mantissa, i32::try_from(self.scale).ok()? + 2)
    }

    /// `1 - self`. `None` when it needs more than 18 digits.
    pub fn complement(self) -> Option<Self> {
        Self::normal(10_i128.pow(self.scale) - self.mantissa, i32::try_from(self.scale).ok()?)
    }

    /// `self * other`. `None` when it needs more than 18 digits.
    pub fn times(self, other: Decimal) -> Option<Self> {
        let scale = i32::try_from(self.scale + other.scale).ok()?;
        Self::normal(self.mantissa.checked_mul(other.mantissa)?, scale)
    }

    /// Compares the fraction `numerator / denominator` with this number, exactly. `denominator` is not 0.
    ///
    /// `a/b` against `m/10^s` is `a·10^s` against `m·b`; the first fits into `i128` for counts below 2⁶³.
    pub fn compare_fraction(self, numerator: u64, denominator: u64) -> Ordering {
        let left = i128::from(numerator) * 10_i128.pow(self.scale);
        let right = self.mantissa.checked_mul(i128::from(denominator));
        right.map_or(if self.mantissa < 0 { Ordering::Greater } else { Ordering::Less }, |right| left.cmp(&right))
    }

    /// The nearest float: for showing and for plotting, never for deciding.
    pub fn approximate(self) -> f64 {
        // The text form is parsed back so that 0.1 becomes the same float as the literal 0.1.
        self.to_string().parse().unwrap_or(f64::NAN)
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        // At most 18 digits times 10^18: below 10^36, inside i128.
        (self.mantissa * 10_i128.pow(other.scale)).cmp(&(other.mantissa * 10_i128.pow(self.scale)))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs();
        if self.scale == 0 {
            return f.pad(&format!("{sign}{digits}"));
        }
        let unit = 10_u128.pow(self.scale);
        f.pad(&format!("{sign}{}.{:0width$}", digits / unit, digits % unit, width = self.scale as usize))
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expect: Option<&str>) {
        assert_eq!(Decimal::parse(text).ok().map(|decimal| decimal.to_string()).as_deref(), expect, "{text}");
    }

    #[test]
    fn decimals_are_kept_exactly_in_their_shortest_form() {
        check("0.995", Some("0.995"));
        check("99.50", Some("99.5"));
        check("-3", Some("-3"));
        check("1e-3", Some("0.001"));
        check("2.5E2", Some("250"));
        check(".5", Some("0.5"));
        check("-0.05", Some("-0.05"));
        check("0.000000000000000001", Some("0.000000000000000001"));
        for wrong in ["", "-", ".", "NaN", "inf", "1,5", "1e99", "0.0000000000000000001", "1 "] {
            check(wrong, None);
        }
    }

    #[test]
    fn equality_is_not_above() {
        let factor = Decimal::parse("14.4").unwrap();
        let budget = Decimal::parse("0.999").unwrap().complement().unwrap();
        let threshold = factor.times(budget).unwrap();
        assert_eq!(threshold.to_string(), "0.0144");
        assert_eq!(threshold.compare_fraction(1440, 100_000), Ordering::Equal);
        assert_eq!(threshold.compare_fraction(1441, 100_000), Ordering::Greater);
        assert_eq!(Decimal::ONE.compare_fraction(u64::MAX, u64::MAX), Ordering::Equal);
    }

    proptest! {
        #[test]
        fn printing_and_reading_are_inverse(mantissa in -999_999_999_999_999_999_i128..=999_999_999_999_999_999, scale in 0..=18_i32) {
            let decimal = Decimal::normal(mantissa, scale).unwrap();
            prop_assert_eq!(Decimal::parse(&decimal.to_string()).unwrap(), decimal);
        }

        #[test]
        fn order_agrees_with_integers_over_a_common_scale(a in -10_000_i64..10_000, b in -10_000_i64..10_000) {
            let decimal = |n: i64| Decimal::normal(i128::from(n), 3).unwrap();
            prop_assert_eq!(decimal(a).cmp(&decimal(b)), a.cmp(&b));
        }
    }
}
