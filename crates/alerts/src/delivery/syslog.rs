//! A message of syslog (RFC 5424): one line for people, whatever stands in an alert.

use model::{Instant, Severity};

use super::Letter;

/// RFC 5426 §3.2: receivers should take so many bytes.
const BYTES_MAX: usize = 2048;
const NANOS_OF_MICRO: i64 = 1_000;

/// The message of an alert.
pub(super) fn message(letter: &Letter<'_>, now: Instant, facility: u8) -> String {
    let alert = letter.alert;
    // RFC 5424 §6.2.3: at most six digits of a second.
    let time = Instant::from_nanos(now.nanos() - now.nanos().rem_euclid(NANOS_OF_MICRO));
    let word = if letter.over { "resolved" } else { "firing" };
    // «origin» is registered (§7.2); no further elements, which would need a number of ours. The byte order mark says UTF-8 (§6.4).
    let head = format!(
        "<{}>1 {time} - probity - {word} [origin software=\"probity\" swVersion=\"{}\"] \u{feff}",
        u16::from(facility) * 8 + severity(letter),
        env!("CARGO_PKG_VERSION"),
    );
    let labels: Vec<String> = alert.labels.pairs().map(|(name, value)| format!("{name}={value:?}")).collect();
    let mut text = format!(
        "[{word} {}] {} {} ({}) fingerprint={}",
        alert.severity.word(),
        alert.id,
        alert.summary,
        labels.join(", "),
        alert.labels.fingerprint()
    );
    if let Some(runbook) = &alert.runbook {
        text.push_str(&format!(" runbook={runbook}"));
    }
    cut(head + &one_line(&text))
}

/// RFC 5424 §6.2.1; what is over is information.
fn severity(letter: &Letter<'_>) -> u16 {
    match letter.alert.severity {
        _ if letter.over => 6,
        Severity::Critical => 2,
        Severity::High => 3,
        Severity::Medium => 4,
        Severity::Low => 5,
    }
}

/// A line end in a text would be taken for another message.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn cut(mut message: String) -> String {
    if message.len() > BYTES_MAX {
        let end = (0..=BYTES_MAX).rev().find(|end| message.is_char_boundary(*end)).unwrap_or(0);
        message.truncate(end);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;

    /// Severities are those of syslog; texts are one line, and cut where a letter ends.
    #[test]
    fn whatever_stands_in_an_alert_is_one_message() {
        let now = Instant::parse("2026-11-22T12:00:00.123456789Z").unwrap();
        let check = |severity: Severity, over: bool, priority: u16| {
            let mut alert = trial(now);
            alert.severity = severity;
            let message = message(&Letter { alert: &alert, over, told: None }, now, 16);
            assert!(message.starts_with(&format!("<{priority}>1 2026-11-22T12:00:00.123456Z - probity ")), "{message}");
        };
        check(Severity::Critical, false, 130);
        check(Severity::High, false, 131);
        check(Severity::Medium, false, 132);
        check(Severity::Low, false, 133);
        check(Severity::Critical, true, 134);
        let mut alert = trial(now);
        alert.summary = format!("a\r\n<13>1 - forged\u{7}{}", "ü".repeat(2000));
        let long = message(&Letter { alert: &alert, over: false, told: None }, now, 16);
        assert!(!long.chars().any(char::is_control) && long.len() <= BYTES_MAX && long.ends_with('ü'), "{long}");
    }
}
