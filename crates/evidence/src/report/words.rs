//! Numbers, sizes and times as people read them. The exact ones are in `case.json`.

use model::{ByteSize, Instant};

/// A time for people, cut to whole seconds: `2026-11-22 04:41:56 UTC`.
pub fn to_seconds(time: Instant) -> String {
    // Only the first second of 1677 has no whole second before it; its exact text will do.
    let time = Instant::from_seconds(time.seconds()).unwrap_or(time);
    time.to_string().replacen('T', " ", 1).replacen('Z', " UTC", 1)
}

/// The same for a time in RFC 3339; any other text stays as it is.
pub(super) fn when(time: &str) -> String {
    Instant::parse(time).map_or_else(|_| time.to_owned(), to_seconds)
}

/// Date and time of day, cut to milliseconds, each for a line of its own.
pub(super) fn date_and_time(time: &str) -> (String, String) {
    let text = Instant::parse(time).map_or_else(|_| time.to_owned(), Instant::to_millis);
    let (date, clock) = text.split_once('T').unwrap_or((&text, ""));
    (date.to_owned(), clock.trim_end_matches('Z').to_owned())
}

/// `1 entry`, `16,408 entries`.
pub(super) fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

pub(super) fn is_are(n: u64) -> &'static str {
    if n == 1 { "is" } else { "are" }
}

/// `16,408`.
pub(super) fn grouped(n: u64) -> String {
    group(&n.to_string())
}

/// `85.9 kB (85,879 bytes)`; below 1,000 bytes only the count.
pub(super) fn size(bytes: u64) -> String {
    match short_size(bytes) {
        Some(short) => format!("{short} ({})", exact_size(bytes)),
        None => exact_size(bytes),
    }
}

/// `85.9 kB`: three digits, rounded; `None` below 1,000 bytes.
pub(super) fn short_size(bytes: u64) -> Option<String> {
    let step = 10_u64.pow(bytes.checked_ilog10()?.checked_sub(2)?);
    let rounded = (bytes / step + u64::from(bytes % step >= step.div_ceil(2))).saturating_mul(step);
    (bytes >= 1000).then(|| ByteSize(rounded).to_string())
}

/// `85,879 bytes`.
pub(super) fn exact_size(bytes: u64) -> String {
    count(bytes, "byte", "bytes")
}

/// Most digits that a number with decimals is shown with.
const SIGNIFICANT: usize = 6;

/// A decimal number: thousands apart, decimals cut (never rounded: nothing slips past a limit) to six significant digits and
/// marked where that changes the number. Whole numbers keep every digit. Any other text stays as it is.
pub(super) fn number(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || digits.ends_with('.') || !is_number(whole) || !is_number(decimals) {
        return text.to_owned();
    }
    let keep = match whole.trim_start_matches('0').len() {
        0 => decimals.len() - decimals.trim_start_matches('0').len() + SIGNIFICANT,
        long => SIGNIFICANT.saturating_sub(long),
    };
    let (kept, cut) = decimals.split_at(keep.min(decimals.len()));
    let mark = if cut.contains(|c| c != '0') { "≈ " } else { "" };
    let point = if kept.is_empty() { "" } else { "." };
    format!("{mark}{sign}{}{point}{kept}", group(whole))
}

fn group(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_say_when_they_were_cut() {
        let check = |text: &str, expect: &str| assert_eq!(number(text), expect);
        check("3.2432432432432434", "≈ 3.24324");
        check("99.99166805532411", "≈ 99.9916");
        check("499.99999999", "≈ 499.999");
        check("0.000123456789", "≈ 0.000123456");
        check("-18.592", "-18.592");
        check("2.5000000000", "2.50000");
        check("7768", "7,768");
        check("721126919", "721,126,919");
        check("123456789.25", "≈ 123,456,789");
        check("0", "0");
        for odd in ["", "-", "NaN", "1e-7", "5.", ".5", "1.2.3"] {
            check(odd, odd);
        }
    }

    #[test]
    fn sizes_have_both_forms() {
        let check = |bytes, expect: &str| assert_eq!(size(bytes), expect);
        check(0, "0 bytes");
        check(1, "1 byte");
        check(999, "999 bytes");
        check(1000, "1.00 kB (1,000 bytes)");
        check(85_879, "85.9 kB (85,879 bytes)");
        check(999_950, "1.00 MB (999,950 bytes)");
        check(u64::MAX, "18400000 TB (18,446,744,073,709,551,615 bytes)");
    }

    #[test]
    fn times_are_cut_and_say_their_zone() {
        let check = |text: &str, expect: &str| assert_eq!(when(text), expect);
        check("2026-11-22T04:41:56.784013564Z", "2026-11-22 04:41:56 UTC");
        check("2026-11-22T04:37:00Z", "2026-11-22 04:37:00 UTC");
        check("1969-12-31T23:59:59.5Z", "1969-12-31 23:59:59 UTC");
        check("soon", "soon");
        let (date, time) = date_and_time("2026-11-22T04:41:56.784013564Z");
        assert_eq!((date.as_str(), time.as_str()), ("2026-11-22", "04:41:56.784"));
    }
}
