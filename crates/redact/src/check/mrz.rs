//! Machine-readable zones of passports, cards and visas (ICAO Doc 9303).

use super::date::{exists, pair};
use super::text::{alphanumeric, value, values};

/// A zone of two or three lines: all its check digits.
pub(super) fn zone(raw: &[u8]) -> bool {
    let mut lines = raw.split(|byte| *byte == b'\n').map(|line| line.trim_ascii());
    match (lines.next(), lines.next(), lines.next(), lines.next()) {
        (Some(one), Some(two), Some(three), None) => {
            [one, two, three].iter().all(|line| line.len() == 30) && small(one, two)
        }
        (Some(one), Some(two), None, None) => one.len() == two.len() && machine(two),
        _ => false,
    }
}

/// The second line of a passport, visa or two-line card by itself.
pub(super) fn machine(line: &[u8]) -> bool {
    let fields = matches!(line.len(), 36 | 44)
        && checked(&line[..9], line[9])
        && checked(&line[13..19], line[19])
        && checked(&line[21..27], line[27])
        && born(&line[13..19]);
    let joined = |parts: &[&[u8]], check| Some(sum(parts.iter().copied().flatten().copied())) == value(check);
    // A visa has no check digit over all.
    fields
        && match line.len() {
            44 => {
                visa(line)
                    || (checked(&line[28..42], line[42])
                        || line[42] == b'<' && line[28..42].iter().all(|byte| *byte == b'<'))
                        && joined(&[&line[..10], &line[13..20], &line[21..43]], line[43])
            }
            _ => joined(&[&line[..10], &line[13..20], &line[21..35]], line[35]) || visa(line),
        }
}

fn visa(line: &[u8]) -> bool {
    line[28..].iter().any(|byte| *byte != b'<') && line[line.len() - 1] == b'<'
}

/// Lines one and two of a card of three lines.
fn small(one: &[u8], two: &[u8]) -> bool {
    let all = one[5..].iter().chain(&two[..7]).chain(&two[8..15]).chain(&two[18..29]);
    // A number that is too long goes on behind `<`, and its check digit with it.
    let number = checked(&one[5..14], one[14]) || one[14] == b'<';
    number
        && checked(&two[..6], two[6])
        && checked(&two[8..14], two[14])
        && born(&two[..6])
        && Some(sum(all.copied())) == value(two[29])
}

/// The line with the names: `P<UTOERIKSSON<<ANNA<MARIA<<<`, or the third line of a card.
pub(super) fn names(line: &[u8]) -> bool {
    let shape =
        matches!(line.len(), 30 | 36 | 44) && line.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'<');
    let between = line.windows(2).position(|two| two == b"<<");
    shape
        && line.ends_with(b"<")
        && between.is_some_and(|at| at > 1 && line.get(at + 2).is_some_and(u8::is_ascii_uppercase))
}

/// A date of birth: unknown parts are `<`.
fn born(field: &[u8]) -> bool {
    values::<6>(field).map_or(field.contains(&b'<'), |d| exists(2000, pair(&d, 2), pair(&d, 4)))
}

/// Whether `check` is the check digit of `field`, weights 7, 3, 1.
pub(super) fn checked(field: &[u8], check: u8) -> bool {
    value(check) == Some(sum(field.iter().copied()))
}

fn sum(field: impl Iterator<Item = u8>) -> u8 {
    let each = field.zip([7_u32, 3, 1].into_iter().cycle());
    (each.map(|(byte, weight)| u32::from(alphanumeric(byte).unwrap_or(0)) * weight).sum::<u32>() % 10) as u8
}
