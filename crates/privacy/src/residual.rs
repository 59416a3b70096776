//! What must not be found any more: every form of every identity, looked for in everything that the stores hold.
//!
//! A hit is told with its place and never deleted: it lies where no edge of the graph leads, and somebody has to look.
//!
//! Mail addresses, telephone numbers and other long values are found wherever they stand between other words; a single word
//! (`martin`) only where it is an entry of its own, because people share words; a value that is shorter than that (`id=7`) is
//! not looked for at all, because every number 7 would be a hit. [`Search::unsearched`] says so.

mod bounds;
mod digits;
mod entities;
mod forms;
mod layers;
mod numeric;

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use model::{Fault, Progress};

use crate::identity::{Identity, Way};
use crate::row::Key;
use crate::store::{DataStore, Hit, Needles, Scanned};
use bounds::Bound;
pub use forms::Form;
use layers::Closed;
pub use numeric::numeric;

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
        let all = own.into_iter().chain(plain).chain(identity.misspelled());
        Value { kind: identity.kind().to_owned(), spellings: all.collect() }
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
    /// The patterns of base64 alone, for lines that were joined.
    joined: Option<(AhoCorasick, Vec<usize>)>,
    /// How far around an escape the text is decoded.
    around: usize,
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
        // Under escapes and in packed bytes every form but the plain one would be an encoding of an encoding.
        for value in 0..values.len() {
            number(&mut needles, Needle { value, form: Form::Escaped });
            number(&mut needles, Needle { value, form: Form::Packed });
        }
        let (at, base64): (Vec<usize>, Vec<&Vec<u8>>) =
            bytes.iter().enumerate().filter(|(at, _)| patterns[*at].exact.is_some()).unzip();
        let joined = match base64.is_empty() {
            true => None,
            false => Some((automaton(&base64, false)?, at)),
        };
        // A sign takes at most twelve letters in any escape, and escapes are escaped again.
        let around = plain.iter().map(String::len).max().unwrap_or(0) * 12 + 64;
        let automaton = automaton(&bytes, true)?;
        Ok(Search { automaton, joined, around, patterns, numbers, needles, plain, unsearched })
    }

    /// What stands in `haystack` as it is.
    fn bare(&self, haystack: &[u8], found: &mut Vec<usize>) {
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
            if !found.contains(&number.needle) && number.is_in(haystack) {
                found.push(number.needle);
            }
        }
    }

    /// What stands in lines of base64 that were joined.
    fn in_joined(&self, haystack: &[u8], found: &mut Vec<usize>) {
        let Some((automaton, patterns)) = &self.joined else { return };
        if !automaton.is_match(haystack) {
            return;
        }
        for hit in automaton.find_overlapping_iter(haystack) {
            let needle = self.patterns[patterns[hit.pattern().as_usize()]].needle;
            if !found.contains(&needle) {
                found.push(needle);
            }
        }
    }

    /// What stands in `haystack`, and in the text that a reader would make of its escapes.
    fn text(&self, haystack: &[u8], found: &mut Vec<usize>) {
        self.bare(haystack, found);
        let known = found.clone();
        let mut under = Vec::new();
        layers::escapes(haystack, self.around, &mut |piece| {
            self.bare(piece, &mut under);
            layers::joined(piece, self.around, &mut |piece| self.in_joined(piece, &mut under));
        });
        self.renamed(&under, &known, Form::Escaped, found);
        layers::joined(haystack, self.around, &mut |piece| self.in_joined(piece, found));
    }

    /// Needles that were found under a layer, by the name of the layer, unless the value was found without it.
    fn renamed(&self, under: &[usize], known: &[usize], form: Form, found: &mut Vec<usize>) {
        for needle in under.iter().filter_map(|number| self.needles.get(*number)) {
            let is_known = known.iter().any(|number| self.needles[*number].value == needle.value);
            let wanted = Needle { value: needle.value, form };
            let number = self.needles.iter().position(|known| *known == wanted);
            found.extend(number.filter(|number| !is_known && !found.contains(number)));
        }
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

/// Numbers of needles from here on stand for [`Closed`] places.
const CLOSED: usize = usize::MAX - 64;

fn automaton<P: AsRef<[u8]>>(patterns: &[P], any_case: bool) -> Result<AhoCorasick, Fault> {
    AhoCorasick::builder()
        .ascii_case_insensitive(any_case)
        .match_kind(MatchKind::Standard)
        .kind(Some(AhoCorasickKind::DFA))
        .build(patterns)
        .map_err(|error| {
            Fault::usage("search-too-large", format!("There are too many identities to look for: {error}"))
                .advise("Name fewer identities in one request.")
        })
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
        self.text(haystack, found);
        let known = found.clone();
        let (mut under, mut closed) = (Vec::new(), Vec::new());
        layers::packed(haystack, &mut |content| self.text(content, &mut under), &mut |kind| closed.push(kind));
        self.renamed(&under, &known, Form::Packed, found);
        // A place that nobody can look into is told like one in which something stands, under a number of its own.
        closed.sort_unstable();
        closed.dedup();
        found.extend(
            closed.into_iter().filter_map(|kind| Some(CLOSED + Closed::ALL.iter().position(|it| *it == kind)?)),
        );
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
    let mut closed: BTreeMap<(String, Option<String>, Closed), u64> = BTreeMap::new();
    let mut take = |hit: Hit| {
        if let Some(kind) = hit.needle.checked_sub(CLOSED).and_then(|kind| Closed::ALL.get(kind)) {
            *closed.entry((hit.collection, hit.field, *kind)).or_default() += 1;
            return Ok(());
        }
        let Some(needle) = search.needle(hit.needle) else { return Ok(()) };
        hits += 1;
        let place = (hit.collection, hit.field, hit.key, needle.value);
        if places.len() < crate::Limits::HITS || places.contains_key(&place) {
            places.entry(place).or_default().push(needle.form);
        }
        Ok(())
    };
    let mut scanned = store.scan(search, &mut take, progress)?;
    scanned.unread.extend(closed.into_iter().map(|((collection, field, kind), count)| {
        let field = field.map(|field| format!(".{field}")).unwrap_or_default();
        format!("{collection}{field}: {} {}", model::counted(count, "value", "values"), kind.words())
    }));
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
