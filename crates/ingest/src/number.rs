//! Numbers as they are written, kept exact as long as possible.

/// Reads a number in Go's `strconv.ParseFloat` syntax, without underscores and hexadecimal: what Prometheus accepts.
/// `Inf`, `Infinity` and `NaN` of any case; `08` and `.5` and `5.` too. NaN and infinities are returned as such.
pub(crate) fn go_float(text: &[u8]) -> Option<f64> {
    if let Some(exact) = small_decimal(text, 0) {
        return Some(exact);
    }
    let (sign, digits) = match text.first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    if digits.eq_ignore_ascii_case(b"inf") || digits.eq_ignore_ascii_case(b"infinity") {
        return Some(sign * f64::INFINITY);
    }
    if text.eq_ignore_ascii_case(b"nan") {
        return Some(f64::NAN);
    }
    let value: f64 = is_decimal(digits).then(|| std::str::from_utf8(text).ok()?.parse().ok()).flatten()?;
    // Go calls a number beyond the range an error, not infinity.
    value.is_finite().then_some(value)
}

/// Digits with at most one point and an optional exponent; at least one digit.
fn is_decimal(digits: &[u8]) -> bool {
    let end = digits.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(digits.len());
    let (mantissa, exponent) = digits.split_at(end);
    let points = mantissa.iter().filter(|byte| **byte == b'.').count();
    let numerals = mantissa.iter().filter(|byte| byte.is_ascii_digit()).count();
    let exponent_ok = match exponent {
        [] => true,
        [_, b'+' | b'-', rest @ ..] | [_, rest @ ..] => !rest.is_empty() && rest.iter().all(u8::is_ascii_digit),
    };
    points <= 1 && numerals >= 1 && points + numerals == mantissa.len() && exponent_ok
}

/// An integer as written with digits and a sign, if it fits.
pub(crate) fn integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    let mut value: i64 = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        let digit = i64::from(digit - b'0');
        value = value.checked_mul(10)?;
        value = if negative { value.checked_sub(digit)? } else { value.checked_add(digit)? };
    }
    Some(value)
}

/// What the standard library reads as `u64`.
pub(crate) fn unsigned(text: &str) -> Option<u64> {
    if text.is_empty() || text.len() > 19 {
        return text.parse().ok();
    }
    // 19 digits fit.
    let digits =
        text.bytes().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u64::from(byte - b'0')));
    digits.or_else(|| text.parse().ok())
}

/// A decimal number times 10^`shift`, correctly rounded once: `0.123` s is exactly the float `123.0` ms.
/// `None` for anything but a finite decimal number.
pub(crate) fn scaled(text: &[u8], shift: i32) -> Option<f64> {
    if let Some(exact) = small_decimal(text, shift) {
        return Some(exact);
    }
    let unsigned = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    if !is_decimal(unsigned) {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?;
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
        None => (text, 0),
    };
    let value: f64 = format!("{mantissa}e{}", exponent.checked_add(shift)?).parse().ok()?;
    value.is_finite().then_some(value)
}

/// 10^0 … 10^22: exact in a float.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// The fast way for up to 15 digits without exponent: one exact integer and one division or product by an exact power of
/// ten round only once (Clinger 1990). `None` means that the slow way must look.
fn small_decimal(text: &[u8], shift: i32) -> Option<f64> {
    let (negative, digits) = match text.first()? {
        b'-' => (true, &text[1..]),
        _ => (false, text),
    };
    if digits.len() > 16 {
        return None;
    }
    let (mut mantissa, mut decimals, mut numerals, mut pointed) = (0_u64, 0_i32, 0, false);
    for byte in digits {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa * 10 + u64::from(byte - b'0');
                numerals += 1;
                decimals += i32::from(pointed);
            }
            b'.' if !pointed => pointed = true,
            _ => return None,
        }
    }
    if numerals == 0 || numerals > 15 {
        return None;
    }
    let exponent = shift - decimals;
    let power = *POWERS.get(exponent.unsigned_abs() as usize)?;
    // At most 15 digits: exact in a float.
    let value = mantissa as f64;
    let value = if exponent < 0 { value / power } else { value * power };
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn go_floats_are_read_as_go_reads_them() {
        let check = |text: &str, expect: Option<f64>| {
            let value = go_float(text.as_bytes());
            assert_eq!(value.map(f64::to_bits), expect.map(f64::to_bits), "{text}");
        };
        check("08", Some(8.0));
        check("-3e3", Some(-3000.0));
        check("+Inf", Some(f64::INFINITY));
        check("-infinity", Some(f64::NEG_INFINITY));
        check("NaN", Some(f64::NAN));
        check(".5", Some(0.5));
        check("5.", Some(5.0));
        check("-0", Some(-0.0));
        check("1e400", None);
        for wrong in ["", "+", ".", "e5", "1e", "1_000", "0x1p4", "1,5", "+NaN", " 1", "1 ", "1e5.0", "--1", "infin"] {
            check(wrong, None);
        }
    }

    #[test]
    fn scaling_is_exact() {
        let check = |text: &str, shift, expect| assert_eq!(scaled(text.as_bytes(), shift), expect, "{text}");
        check("0.123", 3, Some(123.0));
        check("0.29", 3, Some(290.0));
        check("1.005", 3, Some(1005.0));
        check("350", -3, Some(0.35));
        check("1e-3", 3, Some(1.0));
        check("12345678901234567890.5", 0, Some(12345678901234567890.5));
        check("nan", 3, None);
        check("1e999", 3, None);
        check("", 3, None);
    }

    proptest! {
        #[test]
        fn the_fast_way_agrees_with_the_standard_library(mantissa in any::<i64>(), decimals in 0_usize..18, cut in 1_i64..1_000_000_000_000) {
            let mantissa = mantissa / cut;
            let digits = format!("{:0width$}", mantissa.unsigned_abs(), width = decimals + 1);
            let (whole, fraction) = digits.split_at(digits.len() - decimals);
            let text = format!("{}{whole}.{fraction}", if mantissa < 0 { "-" } else { "" });
            prop_assert_eq!(go_float(text.as_bytes()), text.parse().ok());
            prop_assert_eq!(scaled(text.as_bytes(), 3), format!("{text}e3").parse().ok());
            prop_assert_eq!(scaled(text.as_bytes(), -6), format!("{text}e-6").parse().ok());
        }

        #[test]
        fn unsigned_reads_what_the_standard_library_reads(text in "[+-]?[0-9]{0,22}[ x]?") {
            prop_assert_eq!(unsigned(&text), text.parse().ok());
        }

        #[test]
        fn integers_read_back(value in any::<i64>()) {
            prop_assert_eq!(integer(value.to_string().as_bytes()), Some(value));
        }
    }
}
