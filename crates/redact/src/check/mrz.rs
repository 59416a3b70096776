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
    if !matches!(line.len(), 36 | 44) {
        return false;
    }
    let fields = [(0, 9), (13, 19), (21, 27)].iter().all(|(from, to)| checked(&line[*from..*to], line[*to]));
    // A visa has no check digit over all, and `<` in its place.
    let last = line.len() - 1;
    fields && born(&line[13..19]) && (line[last] == b'<' || personal(line) && whole(line, last))
}

/// The personal number of a passport; `<` checks an empty one.
fn personal(line: &[u8]) -> bool {
    line.len() == 36 || line[42] == b'<' || checked(&line[28..42], line[42])
}

fn whole(line: &[u8], last: usize) -> bool {
    let all = line[..10].iter().chain(&line[13..20]).chain(&line[21..last]);
    Some(sum(all.copied())) == value(line[last])
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(
            zone,
            &["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"],
            &[
                "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408123F1204159ZE184226B<<<<<10",
                "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<1",
                "",
            ],
        );
        known(
            machine,
            &["L898902C36UTO7408122F1204159ZE184226B<<<<<10", "D231458907UTO7408122F1204159<<<<<<<6"],
            &["L898902C36UTO7408122F1204159ZE184226B<<<<<11", "L898902C36UTO7408122F1204159ZE184226B<<<<<1", ""],
        );
        known(
            names,
            &["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"],
            &[
                "P<UTOERIKSSON<ANNA<MARIA<<<<<<<<<<<<<<<<<<X",
                "VECTOR<LIST<INT>>",
                "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<",
                "",
            ],
        );
    }
    /// The specimens of ICAO Doc 9303, parts 4 to 7.
    #[test]
    fn specimens() {
        let card = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<";
        let two = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6";
        let visa = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<";
        let small_visa = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL8988901C4XXX4009078F9612109<<<<<<<<";
        let wrong = card.replace("7408122F", "7408123F");
        known(zone, &[card, &card.replace('\n', "\r\n"), two, visa], &[&wrong, &card[..60], "\n\n"]);
        known(zone, &[small_visa], &[&small_visa.replace("9078F", "9079F")]);
    }
}
