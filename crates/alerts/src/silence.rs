//! Silences: whom not to disturb, why, and until when.

use model::Instant;

use crate::event::Entry;
use crate::matcher::Matcher;

/// That alerts which match disturb nobody for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    /// `silence-0001`.
    pub id: String,
    /// Which alerts: all conditions hold.
    pub matchers: Vec<Matcher>,
    /// Why.
    pub reason: String,
    /// Who asked for it.
    pub by: String,
    /// Since when.
    pub from: Instant,
    /// Until when, at most.
    pub until: Instant,
    /// When it was ended before its time.
    pub ended: Option<Instant>,
}

impl Silence {
    /// Whether it holds at `now`.
    pub fn holds(&self, now: Instant) -> bool {
        self.from <= now && now < self.ended.unwrap_or(self.until).min(self.until)
    }

    pub(crate) fn opened(entry: &Entry) -> Option<Self> {
        let matchers = entry.names("matchers").iter().map(|text| Matcher::parse(text).ok()).collect::<Option<Vec<_>>>();
        Some(Silence {
            id: entry.about.clone(),
            matchers: matchers.filter(|matchers| !matchers.is_empty())?,
            reason: entry.text("reason")?.to_owned(),
            by: entry.by.clone(),
            from: entry.at,
            until: entry.time("until")?,
            ended: None,
        })
    }
}
