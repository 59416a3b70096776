//! Sizes in bytes.

use std::fmt;

use crate::{Fault, grouped};

/// A number of bytes. MB is 10⁶ bytes and MiB is 2²⁰ (IEC 80000-13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

impl ByteSize {
    /// Reads an integer and an optional unit: `512MB`, `512 MiB`, `4096`.
    ///
    /// # Errors
    /// `bad-size` for anything else.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (count, suffix) = text.split_at(digits);
        let factor: Option<u64> = match suffix.trim_start() {
            "" | "B" => Some(1),
            "kB" => Some(1_000),
            "MB" => Some(1_000_000),
            "GB" => Some(1_000_000_000),
            "TB" => Some(1_000_000_000_000),
            "KiB" => Some(1 << 10),
            "MiB" => Some(1 << 20),
            "GiB" => Some(1 << 30),
            "TiB" => Some(1 << 40),
            _ => None,
        };
        let size = count.parse::<u64>().ok().zip(factor).and_then(|(count, factor)| count.checked_mul(factor));
        size.map(ByteSize).ok_or_else(|| {
            Fault::usage("bad-size", format!("{text:?} is not a size"))
                .advise("Write a whole number and a unit, for example 512MB (10⁶ bytes) or 512MiB (2²⁰ bytes).")
        })
    }
}

impl fmt::Display for ByteSize {
    /// Three significant digits in decimal units, rounded: for people; machines take the number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = three_digits(self.0);
        let units = [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
        let Some((unit, name)) = units.into_iter().find(|(unit, _)| size >= *unit) else {
            return f.pad(&format!("{} B", self.0));
        };
        let (whole, rest) = (size / unit, size % unit);
        f.pad(&match whole {
            0..10 => format!("{whole}.{:02} {name}", rest * 100 / unit),
            10..100 => format!("{whole}.{} {name}", rest * 10 / unit),
            _ => format!("{} {name}", grouped(whole)),
        })
    }
}

/// Rounded to three significant digits, halves up; what would be larger than any size stays below it.
fn three_digits(size: u64) -> u64 {
    let Some(zeros) = size.checked_ilog10().and_then(|digits| digits.checked_sub(2)) else { return size };
    let step = 10_u64.pow(zeros);
    let up = u64::from(size % step >= step.div_ceil(2));
    (size / step + up).saturating_mul(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_and_binary_units_differ() {
        let check = |text: &str, expect| assert_eq!(ByteSize::parse(text).ok(), expect, "{text}");
        check("512MB", Some(ByteSize(512_000_000)));
        check("512 MiB", Some(ByteSize(536_870_912)));
        check("4096", Some(ByteSize(4096)));
        check("1 mb", None);
        check("-1", None);
        check("99999999999TB", None);
    }

    #[test]
    fn people_see_three_digits() {
        let check = |size, expect: &str| assert_eq!(ByteSize(size).to_string(), expect);
        check(999, "999 B");
        check(1_234_567, "1.23 MB");
        check(12_345_678, "12.3 MB");
        check(123_456_789, "123 MB");
        check(85_879, "85.9 kB");
        check(999_499, "999 kB");
        check(999_500, "1.00 MB");
        check(999, "999 B");
        check(1_000, "1.00 kB");
        check(0, "0 B");
        check(u64::MAX, "18,400,000 TB");
    }
}
