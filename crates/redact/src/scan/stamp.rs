//! Dates with times, and UUIDs: every line has some, and no value begins within them.

use super::automaton::PREFIX;
use super::coarse::fold_digits;

/// ISO 8601 and RFC 3339, to the second; a fraction may follow.
const ISO: &[u8] = b"0000-00-00T00:00:00";
/// The Common Log Format of HTTP servers.
const CLF: &[u8] = b"00/Aaa/0000:00:00:00 +0000";
/// RFC 9562 §4.
const UUID: &[u8] = b"hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";

/// Whether one of them may begin so; digits may stand for each other.
pub(super) fn may_begin(prefix: [u8; PREFIX]) -> bool {
    fits(&prefix, &ISO[..PREFIX]) || fits(&prefix, &CLF[..PREFIX]) || fits(&prefix, &UUID[..PREFIX])
}

/// Where the one ends that begins at `at`; 0 when none does. Its first byte can still begin a value: a date of birth.
pub(super) fn end(text: &[u8], at: usize) -> usize {
    let rest = &text[at..];
    let has = |sign: u8, places: &[usize]| places.iter().all(|place| rest.get(*place) == Some(&sign));
    let is = |shape: &[u8]| rest.get(..shape.len()).is_some_and(|stamp| fits(stamp, shape));
    if has(b'-', &[4, 7]) && has(b':', &[13, 16]) && is(ISO) {
        let end = at + ISO.len();
        let fraction = text[end..].split_first().filter(|(sign, _)| b".,".contains(sign));
        let digits = fraction.map_or(0, |(_, digits)| digits.iter().take_while(|byte| byte.is_ascii_digit()).count());
        return if digits > 0 { end + 1 + digits } else { end };
    }
    if has(b'/', &[2, 6]) && is(CLF) {
        return at + CLF.len();
    }
    let goes_on = |next: &u8| next.is_ascii_alphanumeric() || *next == b'-';
    if has(b'-', &[8, 13, 18, 23]) && is(UUID) && !rest.get(UUID.len()).is_some_and(goes_on) {
        return at + UUID.len();
    }
    0
}

/// Whether bytes have a shape: `0` a digit, `h` a hexadecimal one, `A` and `a` letters, `T` what parts date and time, `+`
/// a sign.
fn fits(bytes: &[u8], shape: &[u8]) -> bool {
    let (fours, last) = bytes.as_chunks::<PREFIX>();
    let (shapes, last_shape) = shape.as_chunks::<PREFIX>();
    fours.iter().zip(shapes).all(|(four, shape)| fold_digits(*four) == *shape || each_fits(four, shape))
        && each_fits(last, last_shape)
}

fn each_fits(bytes: &[u8], shape: &[u8]) -> bool {
    bytes.iter().zip(shape).all(|(byte, shape)| match shape {
        b'0' => byte.is_ascii_digit(),
        b'h' => byte.is_ascii_hexdigit(),
        b'A' => byte.is_ascii_uppercase(),
        b'a' => byte.is_ascii_lowercase(),
        b'T' => b"T t_".contains(byte),
        b'+' => b"+-".contains(byte),
        sign => byte == sign,
    })
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
        ] {
            assert_eq!(end(format!("x {text}").as_bytes(), 2).saturating_sub(2), size, "{text}");
        }
    }
}
