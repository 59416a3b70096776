//! One line of the log: what it says, and how it is written.

use std::borrow::Cow;
use std::fmt;

use model::{Digest, Instant};
use serde::{Deserialize, Serialize};

use super::{Age, Scope};
use crate::Limits;

/// An identity as it is kept: its kind, and the keyed pseudonym of its value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym {
    /// `email`, `user_id`, …
    pub kind: String,
    /// HMAC under the project's secret.
    pub digest: Digest,
}

impl Pseudonym {
    /// Reads `kind:hex`.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, hex) = text.rsplit_once(':')?;
        (!kind.is_empty()).then_some(())?;
        Some(Pseudonym { kind: kind.to_owned(), digest: Digest::parse(hex).ok()? })
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.digest.hex())
    }
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The log was begun, with pseudonyms under the secret of this id and identities normalised in this version.
    Begun {
        /// The id of the secret.
        key: String,
        /// The version of the normalisation.
        normalisation: u32,
    },
    /// A text that people are shown.
    Notice(Notice),
    /// What consents for a purpose cover from here on.
    Scope(Box<Scope>),
    /// Somebody agreed, refused or took it back.
    Act(Box<Act>),
}

/// A text that people are shown before they agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its name.
    pub id: String,
    /// Its version.
    pub version: String,
    /// The language of this text, BCP 47.
    pub language: Option<String>,
    /// SHA-256 of the text; not known of texts that somebody else has shown.
    pub digest: Option<Digest>,
}

/// What somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// They agreed.
    Given,
    /// They were asked and did not.
    Refused,
    /// They took it back.
    Withdrawn,
    /// They objected to what needs no consent (Art. 21 GDPR).
    Objected,
    /// The objection does not stand: compelling grounds outweigh it, or they took it back.
    Lifted,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 5] = [Kind::Given, Kind::Refused, Kind::Withdrawn, Kind::Objected, Kind::Lifted];

    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Given => "given",
            Kind::Refused => "refused",
            Kind::Withdrawn => "withdrawn",
            Kind::Objected => "objected",
            Kind::Lifted => "objection-lifted",
        }
    }

    /// Whether it is about an objection, and not about a consent.
    pub fn is_objection(self) -> bool {
        matches!(self, Kind::Objected | Kind::Lifted)
    }

    /// By its word.
    pub fn parse(word: &str) -> Option<Self> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Where an act was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// `csv`, `dpv`, `fides`, `tcf`, `gpp`.
    pub format: String,
    /// SHA-256 of the record or the string.
    pub digest: Digest,
}

/// Somebody agreed, refused or took it back: for one purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// What they did.
    pub kind: Kind,
    /// Who, by every identity that was named.
    pub subject: Vec<Pseudonym>,
    /// What for.
    pub purpose: String,
    /// On which channel; on all of them where there is none.
    pub channel: Option<String>,
    /// When it was done, where that was not when it was entered.
    pub time: Option<Instant>,
    /// When it ends.
    pub expires: Option<Instant>,
    /// The number of the line of the notice that was shown.
    pub notice: Option<u64>,
    /// The number of the line that says what it covers.
    pub covers: Option<u64>,
    /// Whether it was given explicitly (Art. 9(2)(a)).
    pub explicit: bool,
    /// How it was expressed: `web-form`, `paper`.
    pub method: Option<String>,
    /// Where: the page, the form, the desk.
    pub place: Option<String>,
    /// Who recorded it.
    pub by: String,
    /// Of a person whose age was asked.
    pub age: Option<Age>,
    /// Where it was imported from.
    pub source: Option<Source>,
}

impl Act {
    /// An act with nothing but what every one has.
    pub fn new(kind: Kind, subject: Vec<Pseudonym>, purpose: &str, by: &str) -> Self {
        Act {
            kind,
            subject,
            purpose: purpose.to_owned(),
            channel: None,
            time: None,
            expires: None,
            notice: None,
            covers: None,
            explicit: false,
            method: None,
            place: None,
            by: by.to_owned(),
            age: None,
            source: None,
        }
    }
}

/// A line as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 0.
    pub number: u64,
    /// When it was entered.
    pub at: Instant,
    /// What it says.
    pub entry: Entry,
}

impl Line {
    /// When what it says was done.
    pub fn done_at(&self) -> Instant {
        match &self.entry {
            Entry::Act(act) => act.time.unwrap_or(self.at),
            _ => self.at,
        }
    }

    /// Reads a line alone, without what stands before it. `None` where it is none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        Line::parse(bytes).map(|(line, _)| line)
    }

    /// As bytes without the end of the line. `previous`: the digest of the line before it.
    pub(super) fn to_bytes(&self, previous: &Digest) -> Vec<u8> {
        let mut wire =
            Wire { at: self.at.to_string().into(), n: self.number, previous: previous.hex().into(), ..Wire::default() };
        match &self.entry {
            Entry::Begun { key, normalisation } => {
                wire.act = "begun".into();
                wire.key = Some(key.as_str().into());
                wire.normalisation = Some(*normalisation);
            }
            Entry::Notice(notice) => {
                wire.act = "notice".into();
                wire.digest = notice.digest.map(|digest| digest.hex().into());
                wire.id = Some(notice.id.as_str().into());
                wire.language = notice.language.as_deref().map(Cow::from);
                wire.version = Some(notice.version.as_str().into());
            }
            Entry::Scope(scope) => {
                wire.act = "scope".into();
                wire.scope = Some(WireScope::of(scope));
            }
            Entry::Act(act) => wire.put_act(act),
        }
        // Texts and numbers only: nothing in it can be refused. The fields stand in the order of RFC 8785.
        serde_json::to_vec(&wire).unwrap_or_default()
    }

    /// Reads a line; with it comes the digest of the line before it.
    pub(super) fn parse(bytes: &[u8]) -> Option<(Line, Digest)> {
        let wire: Wire<'_> = (bytes.len() <= Limits::LINE_BYTES).then(|| serde_json::from_slice(bytes).ok())??;
        let entry = match &*wire.act {
            "begun" => Entry::Begun { key: wire.key.as_deref()?.to_owned(), normalisation: wire.normalisation? },
            "notice" => Entry::Notice(Notice {
                id: wire.id.as_deref()?.to_owned(),
                version: wire.version.as_deref()?.to_owned(),
                language: wire.language.as_deref().map(str::to_owned),
                digest: wire.digest.as_deref().map(Digest::parse).transpose().ok()?,
            }),
            "scope" => Entry::Scope(Box::new(wire.scope?.into_scope())),
            kind => Entry::Act(Box::new(wire.act(Kind::parse(kind)?)?)),
        };
        Some((Line { number: wire.n, at: Instant::parse(&wire.at).ok()?, entry }, Digest::parse(&wire.previous).ok()?))
    }
}

/// A line as it is written; the fields in the order of RFC 8785.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    #[serde(borrow)]
    act: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    age: Option<WireAge<'a>>,
    at: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    channel: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    covers: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "is_false")]
    explicit: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<Cow<'a, str>>,
    n: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    normalisation: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notice: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<Cow<'a, str>>,
    previous: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    purpose: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<WireScope>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    subject: Vec<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<Cow<'a, str>>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WireAge<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    country: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    guardian: Vec<Cow<'a, str>>,
    threshold: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verified_by: Option<Cow<'a, str>>,
    years: u8,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WireScope {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    categories: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    controller: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    jurisdictions: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    locations: Vec<String>,
    purpose: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recipients: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    retention: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rights: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sources: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    withdrawal: Option<String>,
}

impl WireScope {
    fn of(scope: &Scope) -> Self {
        let Scope { purpose, title, controller, contact, categories, sources, locations, retention, .. } =
            scope.clone();
        let Scope { recipients, jurisdictions, withdrawal, rights, .. } = scope.clone();
        WireScope {
            categories,
            contact,
            controller,
            jurisdictions,
            locations,
            purpose,
            recipients,
            retention,
            rights,
            sources,
            title,
            withdrawal,
        }
    }

    fn into_scope(self) -> Scope {
        Scope {
            purpose: self.purpose,
            title: self.title,
            controller: self.controller,
            contact: self.contact,
            categories: self.categories,
            sources: self.sources,
            locations: self.locations,
            retention: self.retention,
            recipients: self.recipients,
            jurisdictions: self.jurisdictions,
            withdrawal: self.withdrawal,
            rights: self.rights,
        }
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn texts(pseudonyms: &[Pseudonym]) -> Vec<Cow<'static, str>> {
    pseudonyms.iter().map(|one| one.to_string().into()).collect()
}

fn pseudonyms(texts: &[Cow<'_, str>]) -> Option<Vec<Pseudonym>> {
    texts.iter().map(|text| Pseudonym::parse(text)).collect()
}

impl<'a> Wire<'a> {
    fn put_act(&mut self, act: &'a Act) {
        let text = |text: &'a Option<String>| text.as_deref().map(Cow::from);
        self.act = act.kind.word().into();
        self.subject = texts(&act.subject);
        self.purpose = Some(act.purpose.as_str().into());
        self.channel = text(&act.channel);
        self.time = act.time.map(|time| time.to_string().into());
        self.expires = act.expires.map(|time| time.to_string().into());
        self.notice = act.notice;
        self.covers = act.covers;
        self.explicit = act.explicit;
        self.method = text(&act.method);
        self.place = text(&act.place);
        self.by = Some(act.by.as_str().into());
        self.source = act.source.as_ref().map(|source| format!("{}:{}", source.format, source.digest.hex()).into());
        self.age = act.age.as_ref().map(|age| WireAge {
            country: text(&age.country),
            guardian: texts(&age.guardian),
            threshold: age.threshold,
            verified_by: text(&age.verified_by),
            years: age.years,
        });
    }

    fn act(&self, kind: Kind) -> Option<Act> {
        let own = |text: &Option<Cow<'a, str>>| text.as_deref().map(str::to_owned);
        let time = |text: &Option<Cow<'a, str>>| text.as_deref().map(Instant::parse).transpose().ok();
        let age = match &self.age {
            None => None,
            Some(age) => Some(Age {
                years: age.years,
                threshold: age.threshold,
                country: own(&age.country),
                guardian: pseudonyms(&age.guardian)?,
                verified_by: own(&age.verified_by),
            }),
        };
        let source = match self.source.as_deref() {
            None => None,
            Some(text) => {
                let (format, hex) = text.split_once(':')?;
                Some(Source { format: format.to_owned(), digest: Digest::parse(hex).ok()? })
            }
        };
        Some(Act {
            kind,
            subject: pseudonyms(&self.subject).filter(|subject| !subject.is_empty())?,
            purpose: own(&self.purpose)?,
            channel: own(&self.channel),
            time: time(&self.time)?,
            expires: time(&self.expires)?,
            notice: self.notice,
            covers: self.covers,
            explicit: self.explicit,
            method: own(&self.method),
            place: own(&self.place),
            by: own(&self.by)?,
            age,
            source,
        })
    }
}
