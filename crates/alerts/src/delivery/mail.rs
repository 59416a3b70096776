//! A mail about an alert (RFC 5322): plain text that a person reads, one thread for each alert.
//!
//! Whatever stands in an alert, it ends no header: texts are on one line, and coded where they hold more than ASCII.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use model::Instant;

use super::payload::Payload;
use super::{Envelope, Letter, key};
use crate::policy::Mail;

/// Characters of a summary that stand in the subject.
const SUBJECT_CHARS: usize = 150;
/// Bytes that an encoded word takes, so that it has at most 75 characters (RFC 2047 §2).
const WORD_BYTES: usize = 45;
/// Characters of a line of quoted-printable (RFC 2045 §6.7).
const LINE_CHARS: usize = 76;
const DAY: i64 = 86_400;

/// The mail of an alert.
pub(super) fn message(letter: &Letter<'_>, envelope: &Envelope<'_>, target: &Mail) -> Payload {
    let alert = letter.alert;
    let domain = target.from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    // The first message of the thread is nobody's: all of them answer it, whichever of them came.
    let thread = format!("{}.{}.{}", alert.id, alert.labels.fingerprint(), alert.active.nanos());
    let state = if letter.over { "resolved" } else { "firing" };
    // The same for a second attempt at the same: whoever sorts out doubles goes by it.
    let own = key(envelope.receiver, std::slice::from_ref(letter));
    let headers = [
        ("Date", date(envelope.now)),
        ("From", format!("probity <{}>", target.from)),
        ("To", target.to.join(",\r\n ")),
        ("Message-ID", format!("<{state}.{}.{own}.{thread}@{domain}>", alert.severity.word())),
        ("In-Reply-To", format!("<{thread}@{domain}>")),
        ("References", format!("<{thread}@{domain}>")),
        ("Subject", coded(&subject(letter))),
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Probity-Fingerprint", alert.labels.fingerprint().to_string()),
        ("MIME-Version", "1.0".to_owned()),
        ("Content-Type", "text/plain; charset=utf-8".to_owned()),
        ("Content-Transfer-Encoding", "quoted-printable".to_owned()),
    ];
    let head: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    Payload { body: format!("{head}\r\n{}", quoted(&text(letter))), headers: Vec::new() }
}

fn subject(letter: &Letter<'_>) -> String {
    let alert = letter.alert;
    let state = if letter.over { "resolved".to_owned() } else { format!("firing {}", alert.severity.word()) };
    let summary: String = one_line(&alert.summary).chars().take(SUBJECT_CHARS).collect();
    format!("[{state}] {} {summary}", alert.id)
}

/// What a person reads.
fn text(letter: &Letter<'_>) -> String {
    let alert = letter.alert;
    let mut lines = vec![one_line(&alert.summary), String::new()];
    let mut say = |name: &str, value: String| lines.push(format!("{name:<12} {}", one_line(&value)));
    say("alert", alert.id.clone());
    say("status", if letter.over { "resolved" } else { "firing" }.to_owned());
    let raised =
        if alert.base == alert.severity { String::new() } else { format!(" (found as {})", alert.base.word()) };
    say("severity", format!("{}{raised}", alert.severity.word()));
    say("kind", alert.kind.word().to_owned());
    say("wrong since", alert.active.to_string());
    alert.fired.into_iter().for_each(|time| say("firing since", time.to_string()));
    alert.resolved.filter(|_| letter.over).into_iter().for_each(|time| say("resolved", time.to_string()));
    say("count", alert.count.to_string());
    alert.runbook.iter().for_each(|runbook| say("runbook", runbook.clone()));
    alert.labels.pairs().for_each(|(name, value)| say(name, value.to_owned()));
    say("fingerprint", alert.labels.fingerprint().to_string());
    if !letter.over {
        lines.extend([String::new(), format!("You know of it: probity alert ack {}", alert.id)]);
    }
    lines.join("\n") + "\n"
}

fn one_line(text: &str) -> String {
    // What other programs take for the end of a line is one here as well.
    let ends = |letter: char| letter.is_control() || ['\u{2028}', '\u{2029}'].contains(&letter);
    text.chars().map(|letter| if ends(letter) { ' ' } else { letter }).collect()
}

/// As a header takes it: short ASCII as it is, everything else in encoded words (RFC 2047), a line for each.
fn coded(text: &str) -> String {
    if text.len() <= LINE_CHARS - "Subject: ".len() && text.is_ascii() && !text.contains("=?") {
        return text.to_owned();
    }
    let (mut words, mut word) = (Vec::new(), String::new());
    for letter in text.chars() {
        if word.len() + letter.len_utf8() > WORD_BYTES {
            words.push(std::mem::take(&mut word));
        }
        word.push(letter);
    }
    words.push(word);
    let words = words.iter().map(|word| format!("=?utf-8?B?{}?=", BASE64.encode(word)));
    words.collect::<Vec<_>>().join("\r\n ")
}

/// Quoted-printable: what is ASCII stays readable, and no line is longer than a server takes.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut length = 0;
        let mut bytes = line.bytes().peekable();
        while let Some(byte) = bytes.next() {
            let is_last = bytes.peek().is_none();
            let is_plain = matches!(byte, b'!'..=b'<' | b'>'..=b'~') || (byte == b' ' && !is_last);
            let piece = if is_plain { char::from(byte).to_string() } else { format!("={byte:02X}") };
            // Room for the mark that the line goes on.
            if length + piece.len() > LINE_CHARS - 1 {
                out.push_str("=\r\n");
                length = 0;
            }
            length += piece.len();
            out.push_str(&piece);
        }
        out.push_str("\r\n");
    }
    out
}

/// RFC 5322 §3.3.
fn date(now: Instant) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let day = usize::try_from(now.seconds().div_euclid(DAY).rem_euclid(7)).unwrap_or_default();
    let (date, seconds) = (now.date(), now.seconds().rem_euclid(DAY));
    let mut parts = date.split('-');
    let (year, month, number) =
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let month =
        month.parse::<usize>().ok().and_then(|month| MONTHS.get(month.checked_sub(1)?)).copied().unwrap_or("Jan");
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{}, {number} {month} {year} {hour:02}:{minute:02}:{second:02} +0000", DAYS[day])
}

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;
    use crate::Policy;
    use crate::policy::TargetKind;

    fn mail(summary: &str, runbook: Option<&str>) -> String {
        let policy = Policy::read(
            "schema: alerts/1\ntargets: {m: {kind: email, address: \"smtp://h\", from: p@example.org, to: [a@b, c@d]}}\n",
        )
        .unwrap();
        let TargetKind::Email(target) = &policy.targets[0].kind else { panic!("{policy:?}") };
        let now = Instant::parse("2026-11-22T12:03:04.5Z").unwrap();
        let mut alert = trial(now);
        (alert.summary, alert.runbook) = (summary.to_owned(), runbook.map(str::to_owned));
        let envelope = Envelope { now, receiver: "m", secret: None, group: &crate::Labels::default() };
        message(&Letter { alert: &alert, over: false, told: None }, &envelope, target).body
    }

    #[test]
    fn a_person_reads_it() {
        let mail = mail("web: 7 are bad", Some("https://example.org/runbook"));
        for line in [
            "Date: Sun, 22 Nov 2026 12:03:04 +0000\r\n",
            "From: probity <p@example.org>\r\n",
            "To: a@b,\r\n c@d\r\n",
            "Subject: [firing low] alert-0000 web: 7 are bad\r\n",
            "\r\n\r\nweb: 7 are bad\r\n\r\nalert        alert-0000\r\nstatus       firing\r\n",
            "runbook      https://example.org/runbook\r\n",
            "You know of it: probity alert ack alert-0000\r\n",
        ] {
            assert!(mail.contains(line), "{line:?}\n{mail}");
        }
    }

    /// However long, whatever letters, whatever ends of lines: the headers are ours, and no line is too long.
    #[test]
    fn nothing_ends_a_header() {
        let check = |text: &str| {
            let mail = mail(text, Some(text));
            let (head, body) = mail.split_once("\r\n\r\n").unwrap();
            let names: Vec<&str> = head
                .split("\r\n")
                .filter(|line| !line.starts_with(' '))
                .map(|line| line.split(':').next().unwrap())
                .collect();
            assert_eq!(names.len(), 12, "{mail}");
            assert!(!names.contains(&"Bcc") && names.contains(&"Subject"), "{mail}");
            let lines: Vec<&str> = mail.split("\r\n").collect();
            assert!(lines.iter().all(|line| !line.contains(['\r', '\n'])), "{mail:?}");
            assert!(lines.iter().all(|line| line.len() <= 180) && mail.is_ascii(), "{mail}");
            assert!(body.lines().all(|line| line.len() <= LINE_CHARS), "{mail}");
        };
        check("a\r\nBcc: everybody@example.org\r\n\r\nforged");
        check("a\nBcc: x\u{85}Bcc: y\u{2028}Bcc: z\u{0}\u{b}\u{c}");
        check(&"ü€😀".repeat(100));
        check(&"long ".repeat(100));
        check("=?utf-8?B?Zm9yZ2Vk?=");
        check(".\r\n.\r\nRCPT TO:<x@y>");
        check("");
    }

    #[test]
    fn days_have_their_names() {
        let check = |time: &str, expect: &str| assert_eq!(date(Instant::parse(time).unwrap()), expect);
        check("1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 +0000");
        check("2024-02-29T23:59:59Z", "Thu, 29 Feb 2024 23:59:59 +0000");
        check("2026-11-23T00:00:00.999Z", "Mon, 23 Nov 2026 00:00:00 +0000");
    }
}
