//! Days that exist.

use super::text::int;

/// The last year of birth that a two-digit year may mean. The room reads no clock; this outlasts it.
pub(super) const LAST_YEAR: u32 = 2049;

/// Whether the Gregorian calendar has this day.
pub(super) fn exists(year: u32, month: u32, day: u32) -> bool {
    year > 0 && (1..=12).contains(&month) && (1..=length(year, month)).contains(&day)
}

/// The last day of a month from 1 to 12.
fn length(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

/// The number that the two digits from `at` write.
pub(super) fn pair(digits: &[u8], at: usize) -> u32 {
    u32::from(digits[at]) * 10 + u32::from(digits[at + 1])
}

/// The number that the four digits from `at` write.
pub(super) fn four(digits: &[u8], at: usize) -> u32 {
    pair(digits, at) * 100 + pair(digits, at + 2)
}

/// The year of this century or the last that two digits mean.
pub(super) fn recent(two: u32) -> u32 {
    if two + 2000 > LAST_YEAR { two + 1900 } else { two + 2000 }
}

/// A date as people write it, in digits or with the month's name: a day that exists, between 1880 and 2049.
pub(super) fn written(raw: &[u8]) -> bool {
    let mut numbers = [(0, 0); 3];
    let mut count = 0;
    for part in raw.split(|byte| !byte.is_ascii_digit()).filter(|part| !part.is_empty()) {
        let Some(number) = numbers.get_mut(count).filter(|_| part.len() <= 4) else { return false };
        let mut digits = [0; 4];
        digits.iter_mut().zip(part).for_each(|(digit, byte)| *digit = byte - b'0');
        *number = (int(&digits[..part.len()]) as u32, part.len());
        count += 1;
    }
    let named = month(raw);
    let (year, one, other) = match (&numbers[..count], named) {
        ([(year, 4), one, other], None) => (*year, one.0, other.0),
        ([one, other, (year, 4)], None) => (*year, one.0, other.0),
        ([one, other, (year, 2)], None) => (recent(*year), one.0, other.0),
        ([day, (year, 4)] | [(year, 4), day], Some(month)) => (*year, month, day.0),
        ([day, (year, 2)], Some(month)) => (recent(*year), month, day.0),
        _ => return false,
    };
    let day = exists(year, one, other) || named.is_none() && exists(year, other, one);
    (1880..=LAST_YEAR).contains(&year) && day
}

/// What is no date, for identifiers in groups of digits.
pub(super) fn absent(raw: &[u8]) -> bool {
    !written(raw)
}

/// The month that one of the words begins with; names of the languages whose detectors we have.
fn month(raw: &[u8]) -> Option<u32> {
    let words = raw.split(|byte| byte.is_ascii() && !byte.is_ascii_alphabetic());
    let begins = |word: &[u8], name: &str| {
        word.get(..name.len()).is_some_and(|there| there.eq_ignore_ascii_case(name.as_bytes()))
    };
    words.filter_map(|word| MONTHS.iter().find(|(name, _)| begins(word, name))).map(|(_, month)| *month).next()
}

/// How months begin, the longer before the shorter. Letters with marks end a beginning: `fév`, `mär`, `aoû`, `déc`.
#[rustfmt::skip]
const MONTHS: &[(&str, u32)] = &[
    ("jan", 1), ("ene", 1), ("gen", 1), ("sty", 1),
    ("feb", 2), ("f\u{e9}v", 2), ("fev", 2), ("lut", 2),
    ("mar", 3), ("m\u{e4}r", 3), ("maa", 3), ("mrt", 3),
    ("apr", 4), ("avr", 4), ("abr", 4), ("kwi", 4),
    ("may", 5), ("mai", 5), ("maj", 5), ("mag", 5), ("mei", 5),
    ("june", 6), ("juni", 6), ("juin", 6), ("junho", 6), ("jun", 6), ("giu", 6), ("cze", 6),
    ("july", 7), ("juil", 7), ("julh", 7), ("juli", 7), ("jul", 7), ("lug", 7), ("lip", 7),
    ("aug", 8), ("ao\u{fb}", 8), ("aou", 8), ("ago", 8), ("sie", 8),
    ("sep", 9), ("set", 9), ("wrz", 9),
    ("oct", 10), ("okt", 10), ("ott", 10), ("out", 10), ("pa\u{17a}", 10),
    ("nov", 11), ("lis", 11),
    ("dec", 12), ("dez", 12), ("d\u{e9}c", 12), ("dic", 12), ("gru", 12),
];

#[cfg(test)]
mod tests {
    use super::{exists, written};

    #[test]
    fn february_knows_its_leap_years() {
        assert!(exists(2000, 2, 29) && exists(2024, 2, 29));
        assert!(!exists(1900, 2, 29) && !exists(2023, 2, 29) && !exists(0, 1, 1) && !exists(2000, 13, 1));
    }

    #[test]
    fn dates_as_people_write_them() {
        for date in [
            "1979-04-12",
            "12.04.1979",
            "4/12/79",
            "31/12/1999",
            "12 April 1979",
            "April 12, 1979",
            "1er mai 1968",
            "3 f\u{e9}vrier 1970",
            "12. M\u{e4}rz 1979",
            "7 de junio de 1985",
            "2 juillet 1991",
        ] {
            assert!(written(date.as_bytes()), "{date}");
        }
        for date in ["1979-13-32", "31.02.1979", "12.04.1679", "31 June 1979", "12.04", "1979", "12345-01-01"] {
            assert!(!written(date.as_bytes()), "{date}");
        }
    }
}
