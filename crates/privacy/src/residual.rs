//! What must not be found any more: every form of every identity, looked for in everything that the stores hold.
//!
//! A hit is told with its place and never deleted: it lies where no edge of the graph leads, and somebody has to look.
//!
//! Mail addresses, telephone numbers and other long values are found wherever they stand between other words; a single word
//! (`martin`) only where it is an entry of its own, because people share words; a value that is shorter than that (`id=7`) is
//! not looked for at all, because every number 7 would be a hit. [`Search::unsearched`] says so.

mod bounds;
mod digits;
mod forms;

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use model::{Fault, Progress};

use crate::identity::{Identity, Way};
use crate::row::Key;
use crate::store::{DataStore, Hit, Needles, Scanned};
use bounds::Bound;
pub use forms::Form;

/// One identity, in every spelling that is known of it.
#[derive(Clone, Debug)]
pub struct Value {
    /// `email`, `phone_number`, …
    pub kind: String,
    /// As given, normalised, and the variants between them.
    pub spellings: Vec<String>,
}

impl Value {
    /// Of an identity.
    pub fn of(identity: &Identity) -> Self {
        let plain = identity.forms().into_iter().filter(|form| form.way == Way::Plain).map(|form| form.text);
        let own = [identity.given().to_owned(), identity.normalised().to_owned()];
        Value { kind: identity.kind().to_owned(), spellings: own.into_iter().chain(plain).collect() }
    }
}

/// One form of one identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needle {
    /// The number of the value.
    pub value: usize,
    /// How it is written.
    pub form: Form,
}

/// All forms of all values, found in one pass.
pub struct Search {
    automaton: AhoCorasick,
    patterns: Vec<Pattern>,
    numbers: Vec<digits::Number>,
    needles: Vec<Needle>,
    plain: Vec<String>,
    unsearched: Vec<String>,
}

struct Pattern {
    needle: usize,
    bound: Bound,
    /// The bytes themselves, where upper and lower case differ (base64).
    exact: Option<Vec<u8>>,
}

impl Search {
    /// Prepares the search for `values`.
    ///
    /// # Errors
    /// `search-too-large` when the forms are more than a search can hold.
    pub fn new(values: &[Value]) -> Result<Search, Fault> {
        let (mut needles, mut patterns, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
        let (mut numbers, mut plain, mut unsearched) = (Vec::new(), Vec::new(), Vec::new());
        for (value, of) in values.iter().enumerate() {
            let Some(bound) = bounds::of(of) else {
                unsearched.push(format!(
                    "{}: the value is too short to be looked for in texts; it was asked for in its own fields only",
                    of.kind
                ));
                continue;
            };
            for (form, spelled) in forms::of(of) {
                let needle = number(&mut needles, Needle { value, form });
                let bound = if form.is_bounded() { bound } else { Bound::None };
                let exact = (form == Form::Base64).then(|| spelled.clone());
                if form == Form::Plain {
                    plain.extend(String::from_utf8(spelled.clone()).ok().map(|text| text.to_lowercase()));
                }
                patterns.push(Pattern { needle, bound, exact });
                bytes.push(spelled);
            }
            if let Some(digits) = digits::telephone(of) {
                let needle = number(&mut needles, Needle { value, form: Form::Digits });
                numbers.push(digits::Number::new(needle, digits));
            }
        }
        plain.sort();
        plain.dedup();
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&bytes)
            .map_err(|error| {
                Fault::usage("search-too-large", format!("There are too many identities to look for: {error}"))
                    .advise("Name fewer identities in one request.")
            })?;
        Ok(Search { automaton, patterns, numbers, needles, plain, unsearched })
    }

    /// The needle with this number.
    pub fn needle(&self, number: usize) -> Option<Needle> {
        self.needles.get(number).copied()
    }

    /// Which values are not looked for in texts, a sentence each.
    pub fn unsearched(&self) -> &[String] {
        &self.unsearched
    }
}

fn number(needles: &mut Vec<Needle>, needle: Needle) -> usize {
    needles.iter().position(|known| *known == needle).unwrap_or_else(|| {
        needles.push(needle);
        needles.len() - 1
    })
}

impl Needles for Search {
    fn within(&self, haystack: &[u8], found: &mut Vec<usize>) {
        found.clear();
        // Most texts hold none: the automaton that may stop at the first is the quicker one.
        if self.automaton.is_match(haystack) {
            for hit in self.automaton.find_overlapping_iter(haystack) {
                let pattern = &self.patterns[hit.pattern()];
                let spelled = pattern.exact.as_ref().is_none_or(|exact| haystack[hit.range()] == **exact);
                if spelled && !found.contains(&pattern.needle) && pattern.bound.holds(haystack, hit.range()) {
                    found.push(pattern.needle);
                }
            }
        }
        for number in &self.numbers {
            if number.is_in(haystack) {
                found.push(number.needle);
            }
        }
    }

    fn plain(&self) -> &[String] {
        &self.plain
    }
}

/// What the scan of one store found.
#[derive(Clone, Debug, Default)]
pub struct Remains {
    /// The store's name.
    pub member: String,
    /// Each place with what stands in it; the first [`crate::Limits::HITS`] of them.
    pub places: Vec<Remain>,
    /// How many hits there were in all.
    pub hits: u64,
    /// What was read.
    pub scanned: Scanned,
}

/// A place in which an identity still stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remain {
    /// Where.
    pub collection: String,
    /// The field, or `None`: in the name of a key, object or subject.
    pub field: Option<String>,
    /// The row.
    pub key: Key,
    /// What: the value's number, and the forms.
    pub value: usize,
    /// How it is written there.
    pub forms: Vec<Form>,
}

/// Scans every store for `search`, all of them side by side. The answer is in the order of `stores`.
pub fn scan(
    stores: &mut [(&str, &mut dyn DataStore)],
    search: &Search,
    progress: &dyn Progress,
) -> Vec<Result<Remains, Fault>> {
    std::thread::scope(|scope| {
        let running: Vec<_> = stores
            .iter_mut()
            .map(|(member, store)| {
                let (member, store) = (*member, &mut **store);
                scope.spawn(move || scan_one(member, store, search, progress))
            })
            .collect();
        running
            .into_iter()
            .map(|thread| {
                thread.join().unwrap_or_else(|_| Err(Fault::internal("scan-failed", "The scan of a store broke off")))
            })
            .collect()
    })
}

fn scan_one(
    member: &str,
    store: &mut dyn DataStore,
    search: &Search,
    progress: &dyn Progress,
) -> Result<Remains, Fault> {
    let mut places: BTreeMap<(String, Option<String>, Key, usize), Vec<Form>> = BTreeMap::new();
    let mut hits = 0;
    let mut take = |hit: Hit| {
        let Some(needle) = search.needle(hit.needle) else { return Ok(()) };
        hits += 1;
        let place = (hit.collection, hit.field, hit.key, needle.value);
        if places.len() < crate::Limits::HITS || places.contains_key(&place) {
            places.entry(place).or_default().push(needle.form);
        }
        Ok(())
    };
    let scanned = store.scan(search, &mut take, progress)?;
    let places = places.into_iter().map(|((collection, field, key, value), forms)| Remain {
        collection,
        field,
        key,
        value,
        forms,
    });
    Ok(Remains { member: member.to_owned(), places: places.collect(), hits, scanned })
}

#[cfg(test)]
mod tests;
