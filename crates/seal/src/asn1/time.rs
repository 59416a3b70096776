//! UTCTime and GeneralizedTime (RFC 5280 §4.1.2.5; RFC 3161 §2.4.2 for fractions of a second).

use model::Instant;

use super::{Element, tag, write};

/// The time of a UTCTime or GeneralizedTime in UTC. Years that an [`Instant`] cannot hold become its first or last
/// moment: certificates without end say 9999.
pub(crate) fn read(element: Element<'_>) -> Option<Instant> {
    let text = std::str::from_utf8(element.content).ok()?.strip_suffix('Z')?;
    let (year, rest) = match element.tag {
        tag::UTC_TIME if text.len() == 12 => (full_year(text.get(..2)?)?, text.get(2..)?),
        tag::GENERALIZED_TIME if text.len() >= 14 => (text.get(..4)?.to_owned(), text.get(4..)?),
        _ => return None,
    };
    let (digits, fraction) = rest.split_at_checked(10)?;
    let is_fraction = |text: &str| text.len() > 1 && text.len() < 10 && text[1..].bytes().all(|b| b.is_ascii_digit());
    let sound = fraction.is_empty() || fraction.starts_with('.') && is_fraction(fraction);
    if !sound || !(year.bytes().chain(digits.bytes())).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let stamp = |year: &str| {
        let [month, day, hour, minute, second] = [0, 2, 4, 6, 8].map(|at| &digits[at..at + 2]);
        Instant::parse(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}{fraction}Z")).ok()
    };
    match year.as_str() {
        // The rest of the text must be a time in any case: 2000 was a leap year.
        year if year < "1678" => stamp("2000").map(|_| Instant::from_nanos(i64::MIN)),
        year if year > "2261" => stamp("2000").map(|_| Instant::from_nanos(i64::MAX)),
        year => stamp(year),
    }
}

/// RFC 5280 §4.1.2.5.1: 50 and later are of the last century.
fn full_year(two: &str) -> Option<String> {
    let century = if two.parse::<u8>().ok()? >= 50 { "19" } else { "20" };
    Some(format!("{century}{two}"))
}

/// UTCTime until 2049 and GeneralizedTime from then on, in whole seconds (RFC 5280 §4.1.2.5).
pub(crate) fn write(at: Instant) -> Vec<u8> {
    let text = digits(at);
    if ("1950".."2050").contains(&&text[..4]) {
        write::element(tag::UTC_TIME, &[&text.as_bytes()[2..]])
    } else {
        write::element(tag::GENERALIZED_TIME, &[text.as_bytes()])
    }
}

/// `YYYYMMDDHHMMSSZ`.
fn digits(at: Instant) -> String {
    let text = at.to_millis();
    let whole = text.split('.').next().unwrap_or_default();
    whole.chars().filter(char::is_ascii_digit).chain(['Z']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tag: u8, text: &str, expect: Option<&str>) {
        let element = Element { tag, content: text.as_bytes(), whole: text.as_bytes() };
        assert_eq!(read(element).map(|at| at.to_string()).as_deref(), expect, "{text}");
    }

    #[test]
    fn both_forms_are_read_in_utc_only() {
        check(tag::UTC_TIME, "260103090000Z", Some("2026-01-03T09:00:00Z"));
        check(tag::UTC_TIME, "500103090000Z", Some("1950-01-03T09:00:00Z"));
        check(tag::UTC_TIME, "2601030900Z", None);
        check(tag::UTC_TIME, "260103090000+0100", None);
        check(tag::GENERALIZED_TIME, "20260103090000Z", Some("2026-01-03T09:00:00Z"));
        check(tag::GENERALIZED_TIME, "20260103090000.25Z", Some("2026-01-03T09:00:00.25Z"));
        check(tag::GENERALIZED_TIME, "20260103090000.Z", None);
        check(tag::GENERALIZED_TIME, "20261303090000Z", None);
        check(tag::GENERALIZED_TIME, "99991231235959Z", Some("2262-04-11T23:47:16.854775807Z"));
        check(tag::GENERALIZED_TIME, "99991331235959Z", None);
    }

    #[test]
    fn what_is_written_is_read_again() {
        for text in ["2026-01-03T09:00:00Z", "2051-12-31T23:59:59Z", "1949-12-31T23:59:59Z"] {
            let bytes = write(Instant::parse(text).expect("a time"));
            let tag = bytes[0];
            assert_eq!(tag == tag::UTC_TIME, text.starts_with("2026"));
            check(tag, std::str::from_utf8(&bytes[2..]).expect("digits"), Some(text));
        }
    }
}
