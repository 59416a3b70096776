//! Records of consent that were kept elsewhere.

use model::{Digest, Fault, Instant};

use super::line::{Act, Kind, Notice, Pseudonym, Source};
use super::rows::{Row, bad};
use super::{Scope, expiry, name, words};

/// A record as it was read; people and notices have to be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The line or the number of the record, from 1.
    pub place: u64,
    /// `KEY=VALUE` of everybody it is about.
    pub subject: Vec<String>,
    /// Pseudonyms under the secret of this id, of a record that comes from a log like this one.
    pub known: Option<(String, Vec<Pseudonym>)>,
    /// The act; without people, and without notice.
    pub act: Act,
    /// What was shown.
    pub notice: Option<Notice>,
    /// What it covers.
    pub scope: Option<Scope>,
}

/// Of whom a text speaks: `KEY=VALUE`, `mailto:`, `tel:`, or an id of somebody else's.
pub(super) fn subject_of(text: &str) -> String {
    match text.split_once(':') {
        Some(("mailto", address)) => format!("email={address}"),
        Some(("tel", number)) => format!("phone={number}"),
        _ if text.contains('=') => text.to_owned(),
        _ => format!("data_subject={text}"),
    }
}

/// Reads a row as `consent export --format csv` writes it, or anybody else.
///
/// # Errors
/// `bad-consent-row`, `bad-consent-name`, `bad-consent-time`, each with the line.
pub fn from_row(row: &Row, by: &str, now: Instant) -> Result<Record, Fault> {
    read_row(row, by, now).map_err(|fault| match fault.place() {
        Some(_) => fault.of_input(),
        None => fault.of_input().at(model::Place::line(row.line, 0)),
    })
}

/// Columns that narrow a consent: one of these that is not read would make it hold for longer, or for more.
const NARROWING: [&str; 3] = ["expires", "channel", "explicit"];

fn read_row(row: &Row, by: &str, now: Instant) -> Result<Record, Fault> {
    for name in row.names().filter(|name| !NARROWING.contains(name)) {
        if let Some(near) = model::nearest(name, NARROWING) {
            return Err(bad(row.line, format!("There is no column {name:?}; did you mean {near:?}?")));
        }
    }
    let word = row.text("act").unwrap_or("given");
    let kind = Kind::parse(word)
        .ok_or_else(|| bad(row.line, format!("The act {word:?} is none of given, refused, withdrawn")))?;
    let time = Instant::parse(row.needed("time")?)?;
    if time > now {
        return Err(bad(row.line, format!("The time {time} lies in the future")));
    }
    let (subject, known) = people(row)?;
    let text = |column: &'static str| row.text(column).map(|text| words(column, text)).transpose();
    let age = row
        .text("age")
        .map(|years| years.parse::<u8>().ok().ok_or_else(|| bad(row.line, "The age is no number".into())));
    if age.transpose()?.is_some() {
        return Err(bad(
            row.line,
            "Records of children are not imported: record them with --age and --guardian".into(),
        ));
    }
    let mut act = Act::new(kind, Vec::new(), &name("purpose", row.needed("purpose")?)?, row.text("by").unwrap_or(by));
    act.by = words("by", &act.by)?;
    act.channel = row.text("channel").map(|channel| name("channel", channel)).transpose()?;
    act.time = Some(time);
    act.expires = row.text("expires").map(|end| expiry(end, time)).transpose()?;
    act.explicit = match row.text("explicit").unwrap_or("false") {
        "true" => true,
        "false" => false,
        other => return Err(bad(row.line, format!("explicit is true or false, not {other:?}"))),
    };
    act.method = text("method")?;
    act.place = text("place")?;
    act.source = Some(Source { format: "rows".to_owned(), digest: seal::sha256(&row.canonical()) });
    let notice = row.text("notice").map(|id| {
        Ok::<_, Fault>(Notice {
            id: name("notice", id)?,
            version: name("version", row.text("notice_version").unwrap_or("1"))?,
            language: row.text("language").map(str::to_owned),
            digest: row.text("notice_digest").map(Digest::parse).transpose()?,
        })
    });
    Ok(Record { place: row.line, subject, known, act, notice: notice.transpose()?, scope: None })
}

type People = (Vec<String>, Option<(String, Vec<Pseudonym>)>);

fn people(row: &Row) -> Result<People, Fault> {
    let texts: Vec<&str> = row.needed("subject")?.split(';').map(str::trim).filter(|text| !text.is_empty()).collect();
    match row.text("key") {
        None => Ok((texts.into_iter().map(subject_of).collect(), None)),
        Some(key) => {
            let known: Option<Vec<Pseudonym>> = texts.iter().map(|text| Pseudonym::parse(text)).collect();
            let known =
                known.ok_or_else(|| bad(row.line, "The subject is no pseudonym, and there is a key".to_owned()))?;
            Ok((Vec::new(), Some((key.to_owned(), known))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows;
    use super::*;

    fn now() -> Instant {
        Instant::parse("2026-11-22T12:00:00Z").unwrap()
    }

    #[test]
    fn a_row_is_a_record() {
        let text = "subject,purpose,channel,act,time,expires,notice,notice_version,notice_digest,language,method,place\n\
            email=ann@example.org;user_id=7,news,sms,given,2026-01-31T10:00:00Z,P1Y,n,2,,de,paper,https://x.example/a?b\n";
        let row = rows(text).next().unwrap().unwrap();
        let record = from_row(&row, "uid-0", now()).unwrap();
        assert_eq!(record.subject, ["email=ann@example.org", "user_id=7"]);
        assert_eq!(record.act.expires.unwrap().to_string(), "2027-01-31T10:00:00Z");
        assert_eq!(record.act.place.as_deref(), Some("https://x.example/a"));
        assert_eq!(record.notice.unwrap().version, "2");
        let check = |row: &str| {
            let text = format!("subject,purpose,act,time,age\n{row}\n");
            let fault = from_row(&rows(&text).next().unwrap().unwrap(), "uid-0", now()).unwrap_err();
            assert_eq!(fault.place().map(|place| place.line), Some(2), "{row}: {fault}");
            assert_eq!(fault.kind(), model::Kind::BadInput, "{row}: {fault}");
        };
        check(",news,given,2026-01-31,");
        check("a=b,,given,2026-01-31,");
        check("a=b,news,agreed,2026-01-31,");
        check("a=b,news,given,2027-01-31,");
        check("a=b,news,given,,");
        check("a=b,news,given,2026-01-31,12");
        check("a=b,news,given,2026-13-31,");
        let narrowed = |name: &str, value: &str| {
            let text = format!("subject,purpose,time,{name},note\na=b,news,2026-01-31,{value},x\n");
            from_row(&rows(&text).next().unwrap().unwrap(), "uid-0", now()).map_err(|fault| fault.message().to_owned())
        };
        assert!(narrowed("expires", "P1Y").is_ok() && narrowed("city", "Ulm").is_ok());
        assert!(narrowed("expires", "soon").is_err() && narrowed("explicit", "perhaps").is_err());
        for name in ["expire", "expiry", "channels", "explict"] {
            assert!(narrowed(name, "P1Y").unwrap_err().contains("did you mean"), "{name}");
        }
    }
}
