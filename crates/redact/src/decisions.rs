//! What people decided about findings, to be replayed.

use std::collections::HashMap;
use std::ops::Range;

use crate::piece::Spot;

/// What a person decided about one finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It stays.
    Keep,
    /// It goes.
    Take,
}

/// Decisions by the place of the finding: they hold for exactly the bytes that they were made on.
#[derive(Clone, Debug, Default)]
pub struct Decisions {
    by_place: HashMap<String, Decision>,
    reviewed: bool,
}

impl Decisions {
    /// Adds a decision about the finding of that name: see [`place_id`].
    pub fn add(&mut self, id: &str, decision: Decision) {
        self.by_place.insert(id.to_owned(), decision);
    }

    /// Whether nobody has decided anything; a file of decisions that keeps nothing counts as decided.
    pub fn is_empty(&self) -> bool {
        !self.reviewed
    }

    /// The findings of an input were looked at.
    pub fn reviewed(&mut self) {
        self.reviewed = true;
    }

    pub(crate) fn of(&self, spot: &Spot<'_>, source: Option<Range<u64>>, range: &Range<usize>) -> Option<Decision> {
        if self.by_place.is_empty() {
            return None;
        }
        self.by_place.get(&place_id(spot, source, range)).copied()
    }
}

/// The name of a finding within its input: where it stands, and nothing of what it is.
pub fn place_id(spot: &Spot<'_>, source: Option<Range<u64>>, range: &Range<usize>) -> String {
    match source {
        Some(bytes) => format!("{}-{}", bytes.start, bytes.end),
        None => format!("{spot} {}-{}", range.start, range.end),
    }
}
