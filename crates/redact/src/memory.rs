//! What is remembered between the passes over one input.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use memchr::memmem;

use crate::fold;
use crate::hits::Who;
use crate::known::{INNER_LEAST, Known};
use crate::lore::{Lessons, Lore, Whom};
use crate::names::{Draft, Roster};
use crate::piece::{Edit, Piece, Spot};
use crate::redactor::Case;
use crate::restore::Removal;

/// Values held at once, to be found again elsewhere. More are still taken out and scanned for, each in its own place.
const KNOWN_MAX: usize = 50_000;

/// What is remembered between the passes over one input.
pub(crate) struct Memory {
    pub(crate) known: Known,
    pub(crate) traces: Known,
    /// Values, as they stood, that hold a sign between two pieces of the format.
    pub(crate) across: Known,
    /// Those signs.
    pub(crate) seams: &'static [u8],
    pub(crate) exempt: Exempt,
    /// The persons found so far.
    pub(crate) draft: Draft,
    /// Who is who, once everybody is known.
    pub(crate) roster: Option<Roster>,
    /// What was taken out where, when there is to be a way back.
    pub(crate) removals: Option<Vec<Removal>>,
    /// What was known before.
    pub(crate) lore: Option<Arc<Lore>>,
    /// What the others can learn from this one.
    pub(crate) lessons: Lessons,
}

impl Memory {
    pub(crate) fn of(case: &Case) -> Self {
        let lore = case.lore.clone();
        Memory {
            known: Known::new(KNOWN_MAX),
            traces: Known::new(KNOWN_MAX * 12),
            across: Known::new(KNOWN_MAX),
            seams: b"",
            exempt: Exempt::default(),
            draft: lore.as_ref().map(|lore| lore.seeds().clone()).unwrap_or_default(),
            roster: None,
            removals: None,
            lore,
            lessons: Lessons::default(),
        }
    }

    pub(crate) fn note_removals(&mut self, piece: &Piece<'_>, edits: &[Edit]) {
        let Some(removals) = &mut self.removals else { return };
        let (spot, base) = match &piece.spot {
            Spot::Text => (None, self.exempt.position),
            spot => (Some(spot.key()), 0),
        };
        let mut growth = 0;
        for edit in edits {
            let start = (base as i64 + edit.range.start as i64 + growth) as u64;
            let value = String::from_utf8_lossy(&piece.text[edit.range.clone()]).into_owned();
            removals.push(Removal { spot, start, size: edit.with.len() as u64, value });
            growth += edit.with.len() as i64 - edit.range.len() as i64;
        }
    }

    /// Whom a hit stands for.
    pub(crate) fn whom(&self, who: Who) -> Whom<'_> {
        match (&self.lore, who, &self.roster) {
            (Some(lore), who, local) => lore.whom(who, local.as_ref()),
            (None, Who::Person(person), Some(local)) => Whom::Person(local.name(person)),
            (None, Who::Ambiguous, _) => Whom::Several,
            (None, ..) => Whom::Nobody,
        }
    }

    /// Whether a hit is the name of somebody whose name stays.
    pub(crate) fn stays(&self, who: Who) -> bool {
        matches!(self.whom(who), Whom::Party(party) if party.stays)
    }

    /// Another round makes another output.
    pub(crate) fn forget_places(&mut self) {
        self.exempt = Exempt::default();
        self.removals.iter_mut().for_each(Vec::clear);
    }

    /// A party's name is known already; its encodings are not.
    pub(crate) fn learn_encodings(&mut self, value: &[u8], kind: &Arc<str>) {
        fold::forms(value).iter().for_each(|value| self.traces.add_encodings(value, kind));
    }

    pub(crate) fn learn(&mut self, value: &[u8], kind: &Arc<str>) {
        if value.len() >= INNER_LEAST && value.iter().any(|byte| self.seams.contains(byte)) {
            self.across.add_form(value, kind);
        }
        for value in fold::forms(value) {
            let before = self.known.len();
            self.known.add(&value, kind);
            if self.known.len() > before {
                self.traces.add_encodings(&value, kind);
            }
        }
    }
}

/// Where our own replacements stand in the output: they are exempt from the audit by place, not by what they look like.
#[derive(Default)]
pub(crate) struct Exempt {
    by_spot: HashMap<u64, Vec<Range<usize>>>,
    /// In plain text: bytes of all such pieces of the output, one after the other, ascending.
    by_offset: Vec<Range<u64>>,
    /// How much plain text has gone out so far.
    position: u64,
    /// What stands on the pages of a PDF: lines fall differently there once something is painted over them.
    painted: HashSet<String>,
}

impl Exempt {
    pub(crate) fn note(&mut self, piece: &Piece<'_>, edits: &[Edit]) {
        if matches!(piece.spot, Spot::Page { .. }) {
            self.painted.extend(edits.iter().map(|edit| edit.with.clone()).filter(|with| !with.is_empty()));
            return;
        }
        let mut growth = 0_i64;
        let mut placed = Vec::with_capacity(edits.len());
        for edit in edits {
            let start = (edit.range.start as i64 + growth) as usize;
            placed.push(start..start + edit.with.len());
            growth += edit.with.len() as i64 - edit.range.len() as i64;
        }
        match &piece.spot {
            Spot::Text => {
                let base = self.position;
                let placed = placed.into_iter();
                self.by_offset.extend(placed.map(|range| base + range.start as u64..base + range.end as u64));
                self.position = (base as i64 + piece.text.len() as i64 + growth) as u64;
            }
            spot => self.by_spot.entry(spot.key()).or_default().extend(placed),
        }
    }

    /// Where our replacements stand in a piece of the output; `start` is where it begins, if it is plain text.
    pub(crate) fn of(&self, piece: &Piece<'_>, start: u64) -> Vec<Range<usize>> {
        match &piece.spot {
            Spot::Text => {
                let end = start + piece.text.len() as u64;
                let first = self.by_offset.partition_point(|range| range.end < start);
                let within = self.by_offset[first..].iter().take_while(|range| range.start <= end);
                let here = |at: u64| at.saturating_sub(start) as usize;
                within.map(|range| here(range.start)..here(range.end)).collect()
            }
            Spot::Page { .. } => {
                let find = |with: &String| {
                    let size = with.len();
                    let found = memmem::find_iter(piece.text, with.as_bytes());
                    found.map(|at| at..at + size).collect::<Vec<_>>()
                };
                self.painted.iter().flat_map(find).collect()
            }
            spot => self.by_spot.get(&spot.key()).cloned().unwrap_or_default(),
        }
    }
}
