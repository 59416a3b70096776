//! Dates with times, and UUIDs: every line has some, and no value begins within them.

use super::automaton::PREFIX;
use super::coarse::fold_digits;

/// Whether one of them may begin so, digits being zeros.
pub(super) fn may_begin(prefix: [u8; PREFIX]) -> bool {
    let is_clf = matches!(prefix, [b'0', b'0', b'/', month] if month.is_ascii_uppercase());
    is_clf || prefix.iter().all(u8::is_ascii_hexdigit)
}

/// Whether the sign stands there that each of them has early on.
#[inline(always)]
pub(super) fn is_likely(first: [u8; 9]) -> bool {
    (first[4] == b'-') | (first[2] == b'/') | (first[8] == b'-')
}

/// Where the one ends that begins at `at`; 0 when none does. Its first byte can still begin a value: a date of birth.
#[inline]
pub(super) fn end(text: &[u8], at: usize) -> usize {
    let Some(first) = word(text, at) else { return 0 };
    match first {
        [_, _, _, _, b'-', _, _, b'-'] if fold_digits(first) == *b"0000-00-" => iso(text, at),
        [_, _, b'/', _, _, _, b'/', _] => clf(text, at),
        _ if text.get(at + 8) == Some(&b'-') && is_hexadecimal(first) => uuid(text, at),
        _ => 0,
    }
}

/// ISO 8601 and RFC 3339, to the second: `2026-11-01T00:00:00`; a fraction may follow.
fn iso(text: &[u8], at: usize) -> usize {
    let (Some(from_day), Some(time)) = (word(text, at + 8), word(text, at + 11)) else { return 0 };
    let [_, _, parting, ..] = from_day;
    let is_day = from_day[0].is_ascii_digit() && from_day[1].is_ascii_digit();
    if !is_day || !b"T t_".contains(&parting) || fold_digits(time) != *b"00:00:00" {
        return 0;
    }
    let end = at + 19;
    let fraction = text[end..].split_first().filter(|(sign, _)| b".,".contains(sign));
    let digits = fraction.map_or(0, |(_, digits)| digits.iter().take_while(|byte| byte.is_ascii_digit()).count());
    if digits > 0 { end + 1 + digits } else { end }
}

/// The Common Log Format of HTTP servers: `03/Nov/2026:17:06:23 +0000`.
fn clf(text: &[u8], at: usize) -> usize {
    let words = [0, 7, 12, 18].map(|from| word(text, at + from));
    let [Some(date), Some(year), Some(time), Some(mut zone)] = words else { return 0 };
    let [_, _, _, month @ .., _, _] = date;
    let is_month = month[0].is_ascii_uppercase() && month[1..].iter().all(u8::is_ascii_lowercase);
    if zone[3] == b'-' {
        zone[3] = b'+';
    }
    let is_day = date[0].is_ascii_digit() && date[1].is_ascii_digit();
    let folded = [year, time, zone].map(fold_digits);
    if is_day && is_month && folded == [*b"0000:00:", *b"00:00:00", *b"00 +0000"] { at + 26 } else { 0 }
}

/// RFC 9562 §4: `d8733a94-2d2b-4380-b3a5-89d17b0bb5ba`; the first eight digits are known to be some.
fn uuid(text: &[u8], at: usize) -> usize {
    let words = [9, 14, 19, 24, 28].map(|from| word(text, at + from));
    let [Some(second), Some(third), Some(fourth), Some(fifth), Some(last)] = words else { return 0 };
    // Four digits, a hyphen, and three digits of the next group.
    let is_group = |group: [u8; 8]| {
        let [a, b, c, d, hyphen, e, f, g] = group;
        hyphen == b'-' && is_hexadecimal([a, b, c, d, e, f, g, b'0'])
    };
    let goes_on = |next: &u8| next.is_ascii_alphanumeric() || *next == b'-';
    let is_whole = [second, third, fourth].into_iter().all(is_group) && is_hexadecimal(fifth) && is_hexadecimal(last);
    if is_whole && !text.get(at + 36).is_some_and(goes_on) { at + 36 } else { 0 }
}

/// Eight bytes.
#[inline]
fn word(text: &[u8], at: usize) -> Option<[u8; 8]> {
    text.get(at..)?.first_chunk().copied()
}

/// Whether all are hexadecimal digits.
fn is_hexadecimal(bytes: [u8; 8]) -> bool {
    bytes.iter().fold(true, |is, byte| is & byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole ones end where they end, and nothing that only begins like one does.
    #[test]
    fn stamps_end() {
        for (text, size) in [
            ("2026-11-01T00:00:00.747360Z x", 26),
            ("2026-11-01 00:00:00,5 x", 21),
            ("2026-11-01T00:00:00. x", 19),
            ("2026-11-01T00:00", 0),
            ("03/Nov/2026:17:06:23 +0000]", 26),
            ("03/Nov/2026 17:06:23", 0),
            ("d8733a94-2d2b-4380-b3a5-89d17b0bb5ba/3", 36),
            ("d8733a94-2d2b-4380-b3a5-89d17b0bb5ba1", 0),
            ("d8733a94-2d2b-4380-b3a5-89d17b0bb5b", 0),
            ("d8733a94-2d2b-4380-b3a5-89d17b0gb5ba", 0),
            ("d8733a94-2d2b-43805b3a5-89d17b0bb5ba", 0),
            ("2026-11-01T00:00:0x", 0),
            ("2026-11-0xT00:00:00 x", 0),
            ("03/Nov/2026:17:06:23 -0230", 26),
            ("03/Nov/2026:17:06:23 *0230", 0),
            ("03/nov/2026:17:06:23 +0230", 0),
            ("x3/Nov/2026:17:06:23 +0230", 0),
        ] {
            assert_eq!(end(format!("x {text}").as_bytes(), 2).saturating_sub(2), size, "{text}");
        }
    }
}
