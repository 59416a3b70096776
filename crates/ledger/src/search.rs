//! Searching: always the whole range, and the answer says which range that was.

use std::ops::{ControlFlow, Range};

use memchr::memmem;
use model::{Digest, Fault, Instant};

use crate::tile::WIDTH;
use crate::{Entry, Fact, View};

/// What to look for. Every field that is set must match.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Not before this time.
    pub since: Option<Instant>,
    /// Before this time.
    pub until: Option<Instant>,
    /// Exactly this actor.
    pub actor: Option<String>,
    /// Exactly this command.
    pub command: Option<String>,
    /// Exactly this act.
    pub act: Option<String>,
    /// Exactly this outcome.
    pub outcome: Option<String>,
    /// One of the digests is this.
    pub digest: Option<Digest>,
    /// Any word of the entry contains this, upper or lower case.
    pub text: Option<String>,
    /// Start at the newest entry.
    pub newest_first: bool,
    /// Stop after so many matches.
    pub limit: Option<u64>,
}

impl Filter {
    /// Whether `entry` is one that is looked for.
    pub fn matches(&self, entry: &Entry) -> bool {
        Test::new(self).holds(entry)
    }
}

/// A match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<'b> {
    /// Its index, from 0.
    pub index: u64,
    /// The entry.
    pub entry: Entry,
    /// Its bytes, as they were hashed.
    pub bytes: &'b [u8],
}

/// What a search has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Searched {
    /// The indices that were looked at.
    pub range: Range<u64>,
    /// How many matched.
    pub matches: u64,
}

impl View {
    /// Calls `found` for every entry that matches, until it breaks or the limit is reached.
    ///
    /// Times are not in order (clocks go back), so that the whole range is read whatever `since` says.
    ///
    /// # Errors
    /// `bad-ledger-entry` with the index when an entry is not one of ours, `ledger-truncated`, or an I/O failure.
    pub fn search(
        &self,
        filter: &Filter,
        mut found: impl FnMut(Found<'_>) -> ControlFlow<()>,
    ) -> Result<Searched, Fault> {
        let test = Test::new(filter);
        let mut searched = Searched { range: 0..0, matches: 0 };
        let bundles = self.size().div_ceil(WIDTH);
        for step in 0..bundles {
            let number = if filter.newest_first { bundles - 1 - step } else { step };
            let chunk = self.chunk(number)?;
            let indices = number * WIDTH..((number + 1) * WIDTH).min(self.size());
            for at in 0..indices.end - indices.start {
                let index = if filter.newest_first { indices.end - 1 - at } else { indices.start + at };
                searched.extend_to(index);
                let Some(bytes) = chunk.bytes(index) else { continue };
                let Some(entry) = test.read(index, bytes)? else { continue };
                searched.matches += 1;
                let flow = found(Found { index, entry, bytes });
                if flow.is_break() || filter.limit.is_some_and(|limit| searched.matches >= limit) {
                    return Ok(searched);
                }
            }
        }
        Ok(searched)
    }
}

impl Searched {
    fn extend_to(&mut self, index: u64) {
        match self.range.is_empty() {
            true => self.range = index..index + 1,
            false => self.range = self.range.start.min(index)..self.range.end.max(index + 1),
        }
    }
}

/// A filter, prepared: byte strings that a matching entry must contain are tried before anything is parsed.
struct Test<'f> {
    filter: &'f Filter,
    needles: Vec<memmem::Finder<'static>>,
    text: Option<String>,
}

impl<'f> Test<'f> {
    fn new(filter: &'f Filter) -> Self {
        let members = [
            ("act", &filter.act),
            ("actor", &filter.actor),
            ("command", &filter.command),
            ("outcome", &filter.outcome),
        ];
        let members = members.into_iter().filter_map(|(name, value)| {
            let mut needle = format!("\"{name}\":").into_bytes();
            seal::canonical::push_string(&mut needle, value.as_ref()?);
            Some(needle)
        });
        let digest = filter.digest.iter().map(|digest| digest.hex().into_bytes());
        let needles = members.chain(digest).map(|needle| memmem::Finder::new(&needle).into_owned()).collect();
        Test { filter, needles, text: filter.text.as_ref().map(|text| text.to_lowercase()) }
    }

    fn read(&self, index: u64, bytes: &[u8]) -> Result<Option<Entry>, Fault> {
        if self.needles.iter().any(|needle| needle.find(bytes).is_none()) {
            return Ok(None);
        }
        let entry = Entry::parse(bytes).map_err(|fault| {
            Fault::unverified("bad-ledger-entry", format!("Entry {index}: {}", fault.message()))
                .advise("Verify the ledger: another program may have written to it.")
        })?;
        Ok(self.holds(&entry).then_some(entry))
    }

    fn holds(&self, entry: &Entry) -> bool {
        let filter = self.filter;
        let is = |want: &Option<String>, have: &str| want.as_ref().is_none_or(|want| want == have);
        filter.since.is_none_or(|since| entry.time >= since)
            && filter.until.is_none_or(|until| entry.time < until)
            && is(&filter.actor, &entry.actor)
            && is(&filter.command, &entry.command)
            && is(&filter.act, &entry.act)
            && is(&filter.outcome, &entry.outcome)
            && filter.digest.is_none_or(|digest| entry.digests.iter().any(|(_, have)| *have == digest))
            && self.text.as_ref().is_none_or(|text| mentions(entry, text))
    }
}

/// Whether any word of `entry` contains `text`, which is in lower case.
fn mentions(entry: &Entry, text: &str) -> bool {
    let within = |have: &str| have.to_lowercase().contains(text);
    let fact = |fact: &Fact| match fact {
        Fact::Text(words) => within(words),
        Fact::Integer(integer) => within(&integer.to_string()),
    };
    [&entry.actor, &entry.command, &entry.act, &entry.outcome].into_iter().any(|have| within(have))
        || within(&entry.time.to_string())
        || entry.digests.iter().any(|(name, digest)| within(name) || within(&digest.hex()))
        || entry.facts.iter().any(|(name, value)| within(name) || fact(value))
}
