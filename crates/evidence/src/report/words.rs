//! Numbers, sizes and times as people read them. The exact ones are in `case.json`.

use model::{ByteSize, Instant, counted};

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

pub(super) fn is_are(n: u64) -> &'static str {
    if n == 1 { "is" } else { "are" }
}

/// `85.9 kB (85,879 bytes)`; below 1,000 bytes only the count.
pub(super) fn size(bytes: u64) -> String {
    match short_size(bytes) {
        Some(short) => format!("{short} ({})", exact_size(bytes)),
        None => exact_size(bytes),
    }
}

/// `85.9 kB`; `None` below 1,000 bytes, where every digit is shown anyway.
pub(super) fn short_size(bytes: u64) -> Option<String> {
    (bytes >= 1000).then(|| ByteSize(bytes).to_string())
}

/// `85,879 bytes`.
pub(super) fn exact_size(bytes: u64) -> String {
    counted(bytes, "byte", "bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_both_forms() {
        let check = |bytes, expect: &str| assert_eq!(size(bytes), expect);
        check(0, "0 bytes");
        check(1, "1 byte");
        check(999, "999 bytes");
        check(1000, "1.00 kB (1,000 bytes)");
        check(85_879, "85.9 kB (85,879 bytes)");
        check(999_950, "1.00 MB (999,950 bytes)");
        check(u64::MAX, "18,400,000 TB (18,446,744,073,709,551,615 bytes)");
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
