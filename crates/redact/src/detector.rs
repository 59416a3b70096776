//! A detector: one kind of personal data, as a small file says it.

use std::ops::Range;
use std::sync::Arc;

use model::Fault;

use crate::check;
use crate::scan::SCORE_LEAST;
use crate::settings::{self, Settings};

/// The built-in detectors: id and text, sorted by id.
pub(crate) use built_in::{DETECTORS, REQUESTED};

mod built_in {
    include!(concat!(env!("OUT_DIR"), "/detectors.rs"));
    include!(concat!(env!("OUT_DIR"), "/requested.rs"));
}

/// One kind of personal data and how it is recognised.
#[derive(Clone, Debug)]
pub struct Detector {
    /// Stable name, `nl.bsn`: stands in findings and in the redaction log.
    pub id: Arc<str>,
    /// The type, `national-id`: what placeholders and profiles name.
    pub kind: Arc<str>,
    /// One line for people.
    pub about: String,
    pub(crate) pattern: String,
    /// Whether the pattern holds more than the value, which it then marks as `(?P<value>…)`.
    pub(crate) marks_value: bool,
    pub(crate) edge: Edge,
    pub(crate) anchor: Option<Anchor>,
    pub(crate) check: Option<fn(&[u8]) -> bool>,
    /// Whether it is none, without context, in a list of numbers as long that do not pass the check.
    pub(crate) unlisted: bool,
    /// Names of fields whose whole value it is, folded by [`fold_name`].
    pub(crate) fields: Vec<String>,
    pub(crate) context: Vec<String>,
    /// Those context words that tell only of what stands behind them: `call`.
    pub(crate) leading: Vec<String>,
    pub(crate) needs_context: bool,
    pub(crate) score: Score,
    /// Texts that hold a hit.
    pub yes: Vec<String>,
    /// Texts that hold none: near misses.
    pub no: Vec<String>,
}

/// What may not stand beside a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// No ASCII letter or digit.
    Alnum,
    /// No ASCII digit.
    Digit,
    /// No ASCII letter or digit, and no more of a decimal number, a version or an object identifier: no dot
    /// with a digit, no `+` and no `~`.
    Number,
    /// As [`Edge::Number`], and no part of a path or of a name: no `/` before it, and no hyphen behind a letter.
    Apart,
    /// Anything may.
    None,
}

/// Bytes in the middle of every match, from which the match is found backwards.
#[derive(Clone, Debug)]
pub(crate) struct Anchor {
    pub(crate) text: String,
    /// Bytes that may stand between the beginning of the match and the anchor.
    pub(crate) back: Box<[bool; 256]>,
}

/// How sure a match is, in percent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Score {
    /// Of a match without check and without context.
    pub(crate) shape: u8,
    /// Of a match whose check passed.
    pub(crate) valid: u8,
    /// Of a match with context.
    pub(crate) context: u8,
}

impl Detector {
    /// Reads a detector's file. Its own examples are run when a [`crate::Scanner`] is made of it.
    ///
    /// # Errors
    /// `bad-detector` with line and column.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        settings::parse(text, "bad-detector", Self::read)
    }

    /// Every built-in detector, by id.
    ///
    /// # Errors
    /// `bad-detector`: a built-in file is wrong, which a test rules out.
    pub fn built_in() -> Result<Vec<Self>, Fault> {
        DETECTORS.iter().map(|(_, text)| Self::parse(text)).collect()
    }

    /// Detectors that run only where a profile names their type: see [`crate::Profile::asks_for`].
    ///
    /// # Errors
    /// As [`Detector::built_in`].
    pub fn requested() -> Result<Vec<Self>, Fault> {
        REQUESTED.iter().map(|(_, text)| Self::parse(text)).collect()
    }

    fn read(file: &mut Settings<'_, '_>) -> Result<Self, Fault> {
        let id = file.required("id")?;
        if id.is_empty()
            || !id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte))
        {
            return Err(file.wrong("id", "an id is lower-case letters, digits, dots and hyphens"));
        }
        let pattern = file.required("pattern")?;
        let words = |table: &mut Settings<'_, '_>| {
            Ok((table.flag("need")?.unwrap_or(false), table.texts("words")?, table.texts("leading")?))
        };
        let (needs_context, words, leading) = file.table("context", words)?.unwrap_or_default();
        let context = [words, leading.clone()].concat();
        file.percent("random_hit")?.filter(|hit| *hit > 2 && !needs_context).map_or(Ok(()), |_| {
            Err(file.wrong("random_hit", "a check that random numbers pass this often needs context: need = true"))
        })?;
        let check = file.text("check")?.map(|name| {
            check::by_name(&name).ok_or_else(|| file.wrong("check", &format!("there is no check {name:?}")))
        });
        Ok(Detector {
            kind: file.required("type")?.into(),
            about: file.required("about")?,
            marks_value: pattern.contains("(?P<value>"),
            pattern,
            edge: Edge::read(file)?,
            anchor: Anchor::read(file)?,
            check: check.transpose()?,
            unlisted: file.flag("unlisted")?.unwrap_or(false),
            fields: file.texts("fields")?.iter().map(|name| fold_name(name)).collect(),
            context,
            leading,
            needs_context,
            score: Score::read(file)?,
            yes: file.texts("yes")?,
            no: file.texts("no")?,
            id: id.into(),
        })
    }
}

impl Detector {
    /// Whether a word around decides that a match is a finding.
    pub(crate) fn is_faint(&self) -> bool {
        let bare = if self.check.is_some() { self.score.valid } else { self.score.shape };
        self.needs_context || bare < SCORE_LEAST && self.score.context >= SCORE_LEAST
    }

    /// Whether nothing is found without a word around, and a match is found from its beginning.
    pub(crate) fn is_labelled(&self) -> bool {
        self.needs_context && self.anchor.is_none()
    }
}

impl Edge {
    fn read(file: &mut Settings<'_, '_>) -> Result<Self, Fault> {
        match file.text("edge")?.as_deref() {
            None | Some("alnum") => Ok(Edge::Alnum),
            Some("digit") => Ok(Edge::Digit),
            Some("number") => Ok(Edge::Number),
            Some("apart") => Ok(Edge::Apart),
            Some("none") => Ok(Edge::None),
            Some(_) => Err(file.wrong("edge", "an edge is alnum, number, apart, digit or none")),
        }
    }

    /// Whether a match may stand at `range` of `text`.
    pub(crate) fn is_free(self, text: &[u8], range: &Range<usize>) -> bool {
        let mut before = text[..range.start].iter().rev().copied();
        let mut after = text[range.end..].iter().copied();
        let (beside, beyond) = (before.next(), before.next());
        self.allows(beside, beyond)
            && self.allows(after.next(), after.next())
            && !(self == Edge::Apart && is_joined(beside, beyond))
    }

    fn allows(self, beside: Option<u8>, beyond: Option<u8>) -> bool {
        let Some(byte) = beside else { return true };
        match self {
            Edge::None => true,
            Edge::Alnum => !byte.is_ascii_alphanumeric(),
            Edge::Number | Edge::Apart => {
                let goes_on = byte == b'.' && beyond.is_some_and(|byte| byte.is_ascii_digit());
                !(goes_on || byte.is_ascii_alphanumeric() || b"+~".contains(&byte))
            }
            Edge::Digit => !byte.is_ascii_digit(),
        }
    }
}

/// `issues/116909`, `comment-2352654806`: whether what stands before a number makes it part of something else.
fn is_joined(beside: Option<u8>, beyond: Option<u8>) -> bool {
    beside == Some(b'/') || beside == Some(b'-') && beyond.is_some_and(|byte| byte.is_ascii_alphabetic())
}

impl Anchor {
    fn read(file: &mut Settings<'_, '_>) -> Result<Option<Self>, Fault> {
        let (anchor, back) = (file.text("anchor")?, file.text("back")?);
        let Some(anchor) = anchor else { return Ok(None) };
        if anchor.is_empty() {
            return Err(file.wrong("anchor", "an anchor is at least one byte"));
        }
        let class = back.ok_or_else(|| file.wrong("anchor", "an anchor needs `back`, the class of bytes before it"))?;
        let pattern = format!("(?-u:{class})");
        let one = regex_automata::meta::Builder::new()
            .syntax(regex_automata::util::syntax::Config::new().utf8(false).unicode(false))
            .build(&pattern)
            .map_err(|_| file.wrong("back", "`back` is a class of bytes, such as [A-Za-z0-9._-]"))?;
        let mut table = Box::new([false; 256]);
        for byte in 0..=255_u8 {
            table[usize::from(byte)] = one.is_match([byte].as_slice());
        }
        Ok(Some(Anchor { text: anchor, back: table }))
    }
}

impl Score {
    fn read(file: &mut Settings<'_, '_>) -> Result<Self, Fault> {
        let score = file.table("score", |table| {
            Ok(Score {
                shape: table.percent("shape")?.unwrap_or(50),
                valid: table.percent("valid")?.unwrap_or(80),
                context: table.percent("context")?.unwrap_or(95),
            })
        })?;
        Ok(score.unwrap_or(Score { shape: 50, valid: 80, context: 95 }))
    }
}

/// A field's name without what people vary: case, and everything but letters and digits.
pub(crate) fn fold_name(name: &str) -> String {
    name.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the detectors that run only on request are answered as they say.
    #[test]
    fn requested_detectors_prove_themselves() {
        crate::Scanner::new(Detector::requested().unwrap()).unwrap();
    }

    /// Only a profile that names the type asks for it.
    #[test]
    fn dates_are_asked_for_by_name() {
        let asks = |profile: &str| crate::Profile::built_in(profile).unwrap().asks_for("date", "date");
        assert!(asks("hipaa-safe-harbor") && !asks("gdpr-share") && !asks("foia") && !asks("frcp-5.2"));
    }
}
