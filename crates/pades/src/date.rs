//! Dates of PDF (ISO 32000-1, 7.9.4).

use model::Instant;

/// `D:20260103090000Z`.
pub(crate) fn write(time: Instant) -> String {
    let digits: String = time.to_string().chars().filter(char::is_ascii_digit).take(14).collect();
    format!("D:{digits}Z")
}

/// Reads a date with a time; the zone may be missing, and is then taken for UTC.
pub(crate) fn read(text: &str) -> Option<Instant> {
    let text = text.strip_prefix("D:").unwrap_or(text);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if !(4..=14).contains(&digits) || digits % 2 == 1 {
        return None;
    }
    let part =
        |from: usize, default: &'static str| text.get(from..from + 2).filter(|_| digits >= from + 2).unwrap_or(default);
    let (year, zone) = (text.get(..4)?, text.get(digits..)?);
    let zone: String = zone.chars().filter(|sign| *sign != '\'').collect();
    let zone = match zone.as_str() {
        "" | "Z" | "Z0000" | "Z00" => "Z".to_owned(),
        offset if offset.len() == 5 => format!("{}:{}", offset.get(..3)?, offset.get(3..)?),
        offset if offset.len() == 3 => format!("{offset}:00"),
        _ => return None,
    };
    let (month, day) = (part(4, "01"), part(6, "01"));
    let (hour, minute, second) = (part(8, "00"), part(10, "00"), part(12, "00"));
    Instant::parse(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}{zone}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_with_and_without_a_zone() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(read(text).map(|time| time.to_string()).as_deref(), expect, "{text}");
        };
        check("D:20260103090000Z", Some("2026-01-03T09:00:00Z"));
        check("D:20260103100000+01'00'", Some("2026-01-03T09:00:00Z"));
        check("D:20260103100000+01'00", Some("2026-01-03T09:00:00Z"));
        check("D:20260103", Some("2026-01-03T00:00:00Z"));
        check("D:20261303", None);
        check("D:2026010", None);
        check("yesterday", None);
        check("D:20260103090000é", None);
        let time = Instant::parse("2026-01-03T09:00:00.5Z").unwrap();
        assert_eq!(write(time), "D:20260103090000Z");
    }
}
