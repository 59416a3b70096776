//! Consent: what a person agreed to, for which purpose, on what words, and when they took it back.
//!
//! ```text
//!  record · withdraw · import ─▶ line ─▶ log (chained, append-only) ─▶ marks ─▶ standing at a time
//!                                          │                           ▲
//!                                          └─▶ index (authenticated) ──┘
//! ```
//!
//! People stand in the log as keyed pseudonyms ([`crate::tombstone::Secret::pseudonym`]), never in clear, so that the proof that
//! Art. 7(1) GDPR asks for outlives an erasure. Nothing is changed or taken out: a withdrawal is a further line.
//!
//! The order of two acts is that of their times, and of their lines where those are equal; a line is never earlier than the one
//! before it, whatever the clock says. An act that was told to nobody can be entered later with the time at which it was done.
//!
//! A channel narrows a purpose: consent without a channel holds for all of them, a withdrawal without one ends all of them.

mod age;
mod bits;
mod dpv;
mod fides;
mod forms;
mod gpp;
mod import;
mod index;
mod line;
mod log;
mod mark;
mod processing;
mod rows;
mod scope;
mod strings;
mod tally;
mod tcf;

pub use age::{Age, DEFAULT_AGE, age_of_consent};
pub use dpv::{Known, Records, from_json_ld};
pub use fides::from_fides;
pub use forms::Form;
pub use gpp::{Gpp, OptOut};
pub use import::{Record, from_row};
pub use index::{Head, Index, IndexKey, ReadAt, Stat, write_index};
pub use line::{Act, Entry, Kind, Line, Notice, Pseudonym, Source};
pub use log::{Append, Reader, Tip};
pub use mark::{Channel, Key, Mark, Marks, Standing, decide};
pub use processing::{Finding, Processed, Timelines, Use};
pub use rows::{Row, rows};
pub use scope::{Purposes, Scope};
pub use strings::from_string;
pub use tally::{Flaw, PurposeTally, Tally};
pub use tcf::Tcf;

use model::{Fault, Instant};

/// Longest name of a purpose or channel, in bytes.
const NAME_MAX: usize = 128;
/// Longest further words of a record, in bytes.
const WORDS_MAX: usize = 512;

/// A purpose or a channel as it may be called.
///
/// # Errors
/// `bad-consent-name`: empty, longer than 128 bytes, or with white space at its ends or signs of control in it.
pub fn name(what: &str, text: &str) -> Result<String, Fault> {
    let bad = text.is_empty() || text.len() > NAME_MAX || text.trim() != text || text.chars().any(char::is_control);
    match bad {
        false => Ok(text.to_owned()),
        true => Err(Fault::usage("bad-consent-name", format!("{text:?} is no name of a {what}"))
            .advise(format!("Name the {what} in at most {NAME_MAX} bytes, for example newsletter."))),
    }
}

/// Further words of a record: how, where, by whom. Of an address of the web what follows `?` or `#` is left out: it can name
/// a person.
///
/// # Errors
/// `bad-consent-name`: empty, longer than 512 bytes, or with signs of control in it.
pub fn words(what: &str, text: &str) -> Result<String, Fault> {
    let text = text.trim();
    let bare = match text.contains("://") {
        true => text.split(['?', '#']).next().unwrap_or_default(),
        false => text,
    };
    if bare.is_empty() || bare.len() > WORDS_MAX || bare.chars().any(char::is_control) {
        return Err(Fault::usage("bad-consent-name", format!("The text of {what} cannot be kept"))
            .advise(format!("Write it in at most {WORDS_MAX} bytes, on one line.")));
    }
    Ok(bare.to_owned())
}

/// When a consent ends: a time, a date, or a period from `given` in ISO 8601 (`P1Y`, `P6M`, `P30D`).
///
/// # Errors
/// `bad-consent-time` where it is none of them, or not after `given`.
pub fn expiry(text: &str, given: Instant) -> Result<Instant, Fault> {
    let period = || {
        let span: jiff::Span = text.starts_with('P').then(|| text.parse().ok())??;
        let zoned = jiff::Timestamp::from_nanosecond(i128::from(given.nanos())).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
        let nanos = zoned.checked_add(span).ok()?.timestamp().as_nanosecond();
        i64::try_from(nanos).ok().map(Instant::from_nanos)
    };
    let end = Instant::parse(text).ok().or_else(period).filter(|end| *end > given);
    end.ok_or_else(|| {
        Fault::usage("bad-consent-time", format!("{text:?} is no end of a consent that was given at {given}"))
            .advise("Write a time, a date or a period after it: 2027-12-31, P1Y, P6M.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_words_are_bounded() {
        assert_eq!(name("purpose", "newsletter").unwrap(), "newsletter");
        for bad in ["", " newsletter", "a\nb", &"x".repeat(129)] {
            assert_eq!(name("purpose", bad).unwrap_err().code(), "bad-consent-name", "{bad:?}");
        }
        let page = words("where", "https://shop.example/signup?mail=ann@example.org#form").unwrap();
        assert_eq!(page, "https://shop.example/signup");
        assert_eq!(words("where", "desk 3, is it #4?").unwrap(), "desk 3, is it #4?");
    }

    #[test]
    fn a_consent_ends_at_a_time_or_after_a_period() {
        let given = Instant::parse("2024-02-29T10:00:00Z").unwrap();
        let check = |text: &str, expect: &str| assert_eq!(expiry(text, given).unwrap().to_string(), expect);
        check("P1Y", "2025-02-28T10:00:00Z");
        check("P6M", "2024-08-29T10:00:00Z");
        check("PT1H", "2024-02-29T11:00:00Z");
        check("2024-12-31", "2024-12-31T00:00:00Z");
        for bad in ["2024-02-29", "-P1Y", "P0D", "one year", ""] {
            assert_eq!(expiry(bad, given).unwrap_err().code(), "bad-consent-time", "{bad:?}");
        }
    }
}
