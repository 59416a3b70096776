//! The engine: all detectors over a text in one pass.
//!
//! 1. A few vector instructions mark where a match can begin ([`Starts`]).
//! 2. From there one automaton, anchored, runs all patterns at once. It is built while it runs; pairs of bytes that no
//!    pattern begins with are remembered and skipped.
//! 3. A match must have its edges free and pass its check, on the bytes in place.
//! 4. Only then are the words around it looked at, for the types that need them.
//!
//! The cost does not grow with the number of detectors, only with what looks like a match.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

use memchr::memchr_iter;
use model::Fault;
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind, meta};

use crate::context::{Near, Words};
use crate::detector::{Detector, fold_name};
use crate::starts::Starts;

/// Something that looks like personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The bytes of the piece's text.
    pub range: Range<usize>,
    /// Which of the scanner's detectors found it: [`Scanner::detector`].
    pub detector: usize,
    /// How sure it is, in percent.
    pub score: u8,
}

/// Findings below this are dropped.
pub const SCORE_LEAST: u8 = 50;

/// The transitions that the automaton may remember, in bytes. It forgets all and begins anew above it.
const CACHE_BYTES: usize = 16 << 20;

/// A set of detectors, ready to run.
#[derive(Debug)]
pub struct Scanner {
    detectors: Vec<Detector>,
    /// All detectors but those of `labelled` and `anchored`.
    plain: Automaton,
    /// Those that find nothing without a word around: run only where there is one.
    labelled: Automaton,
    starts: Starts,
    anchored: Vec<(usize, meta::Regex)>,
    /// Each detector's pattern by itself, to find the value within a match: made when it is first needed.
    values: Vec<OnceLock<Option<meta::Regex>>>,
    /// Each detector's pattern for a whole field: made when it is first needed.
    wholes: Vec<OnceLock<Option<meta::Regex>>>,
    fields: HashMap<String, Vec<usize>>,
    words: Words,
}

/// Patterns that are run at once.
#[derive(Debug)]
struct Automaton {
    /// Which detector each pattern belongs to.
    owners: Vec<usize>,
    dfa: DFA,
}

/// What an automaton has built so far.
#[derive(Debug)]
struct Built {
    cache: Cache,
    start: LazyStateID,
    clears: usize,
    /// Pairs of first bytes after which no pattern goes on.
    dead: Box<[u64; 1024]>,
}

/// What a scanner remembers between texts. One per thread.
#[derive(Debug)]
pub struct Scratch {
    plain: Built,
    labelled: Built,
    ends: Vec<(usize, usize)>,
    near: Near,
    found: Vec<Finding>,
}

impl Scanner {
    /// Makes ready `detectors` and runs the examples that they bring.
    ///
    /// # Errors
    /// `bad-detector`: a pattern that does not parse, or an example that is not answered as it says.
    pub fn new(detectors: Vec<Detector>) -> Result<Self, Fault> {
        let scanner = Self::unproven(detectors)?;
        scanner.prove()?;
        Ok(scanner)
    }

    /// The same without running the examples: for the built-in ones, whose examples are run by a test.
    ///
    /// # Errors
    /// `bad-detector`: a pattern that does not parse.
    pub fn unproven(detectors: Vec<Detector>) -> Result<Self, Fault> {
        let (mut plain, mut labelled) = (Vec::new(), Vec::new());
        let mut anchored = Vec::new();
        let mut fields: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, detector) in detectors.iter().enumerate() {
            if detector.anchor.is_some() {
                anchored.push((index, regex(detector)?));
            } else if detector.needs_context {
                labelled.push(index);
            } else {
                plain.push(index);
            }
            for field in &detector.fields {
                fields.entry(field.clone()).or_default().push(index);
            }
        }
        let plain = Automaton::new(&detectors, plain)?;
        let labelled = Automaton::new(&detectors, labelled)?;
        let starts = signs([&plain, &labelled], &detectors)?;
        let words = detectors.iter().map(|detector| (detector.context.as_slice(), detector.needs_context));
        let words = Words::new(words);
        let later = || std::iter::repeat_with(OnceLock::new).take(detectors.len()).collect();
        let (values, wholes) = (later(), later());
        Ok(Scanner { detectors, plain, labelled, starts, anchored, values, wholes, fields, words })
    }

    /// The detector of a finding.
    pub fn detector(&self, finding: &Finding) -> &Detector {
        &self.detectors[finding.detector]
    }

    /// All detectors.
    pub fn detectors(&self) -> &[Detector] {
        &self.detectors
    }

    /// Room to work in.
    ///
    /// # Panics
    /// Never: the automaton has no look-around, so that its start depends on nothing.
    pub fn scratch(&self) -> Scratch {
        Scratch {
            plain: self.plain.build(),
            labelled: self.labelled.build(),
            ends: Vec::new(),
            near: Near::default(),
            found: Vec::new(),
        }
    }

    /// What is found in `text`, from left to right and apart. `names` are the fields around it, outermost first.
    pub fn scan<'s>(&self, scratch: &'s mut Scratch, text: &[u8], names: &[impl AsRef<str>]) -> &'s [Finding] {
        self.scan_text(scratch, text, names);
        if !names.is_empty() {
            self.scan_field(scratch, text, names);
        }
        settle(&mut scratch.found);
        &scratch.found
    }

    /// The same for the name of a field: it is not the value of the field around it.
    pub(crate) fn scan_name<'s>(
        &self,
        scratch: &'s mut Scratch,
        text: &[u8],
        names: &[impl AsRef<str>],
    ) -> &'s [Finding] {
        self.scan_text(scratch, text, names);
        settle(&mut scratch.found);
        &scratch.found
    }

    fn scan_text(&self, scratch: &mut Scratch, text: &[u8], names: &[impl AsRef<str>]) {
        scratch.found.clear();
        scratch.near.clear();
        self.scan_words(scratch, text, names);
        for (index, regex) in &self.anchored {
            self.scan_anchor(scratch, *index, regex, text, names);
        }
    }

    /// Whether nothing can be found in a block of JSON Lines without escapes, and no field of a telling name is in it.
    pub(crate) fn is_quiet(&self, scratch: &mut Scratch, block: &[u8]) -> bool {
        self.scan(scratch, block, NO_NAMES).is_empty() && !self.names_a_field(block)
    }

    /// Whether `block` has a key whose value is taken whole: `"key" :`.
    fn names_a_field(&self, block: &[u8]) -> bool {
        memchr_iter(b':', block).any(|colon| {
            let before = block[..colon].trim_ascii_end();
            let Some((b'"', key)) = before.split_last() else { return false };
            // An object is no value; the elements of an array are.
            if block[colon + 1..].trim_ascii_start().first() == Some(&b'{') {
                return false;
            }
            let start = memchr::memrchr(b'"', key).map_or(0, |quote| quote + 1);
            std::str::from_utf8(&key[start..]).is_ok_and(|key| self.fields.contains_key(&fold_name(key)))
        })
    }

    fn scan_words(&self, scratch: &mut Scratch, text: &[u8], names: &[impl AsRef<str>]) {
        let (blocks, rest) = text.as_chunks::<64>();
        let mut before = false;
        for (number, block) in blocks.iter().enumerate() {
            let mask = self.starts.mask(block, &mut before);
            self.try_each(scratch, text, number * 64, mask, names);
        }
        let mut last = [b' '; 64];
        last[..rest.len()].copy_from_slice(rest);
        let mask = self.starts.mask(&last, &mut before);
        self.try_each(scratch, text, blocks.len() * 64, mask, names);
    }

    #[inline]
    fn try_each(&self, scratch: &mut Scratch, text: &[u8], base: usize, mut mask: u64, names: &[impl AsRef<str>]) {
        while mask != 0 {
            let at = base + mask.trailing_zeros() as usize;
            mask &= mask - 1;
            if let [first, second, ..] = text[at..] {
                let pair = usize::from(first) << 8 | usize::from(second);
                if scratch.plain.is_alive(pair) {
                    self.try_plain(scratch, text, at, names);
                }
                if scratch.labelled.is_alive(pair) && self.words.is_labelled(&mut scratch.near, text, at, names) {
                    self.try_labelled(scratch, text, at, names);
                }
            }
        }
    }

    fn try_plain(&self, scratch: &mut Scratch, text: &[u8], at: usize, names: &[impl AsRef<str>]) {
        self.plain.run(&mut scratch.plain, &mut scratch.ends, text, at);
        if !scratch.ends.is_empty() {
            self.weigh(scratch, text, at, names);
        }
    }

    fn try_labelled(&self, scratch: &mut Scratch, text: &[u8], at: usize, names: &[impl AsRef<str>]) {
        self.labelled.run(&mut scratch.labelled, &mut scratch.ends, text, at);
        if !scratch.ends.is_empty() {
            self.weigh(scratch, text, at, names);
        }
    }

    /// Of each detector the longest match whose edges are free and whose check passes.
    fn weigh(&self, scratch: &mut Scratch, text: &[u8], at: usize, names: &[impl AsRef<str>]) {
        let mut ends = std::mem::take(&mut scratch.ends);
        ends.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
        let mut taken = None;
        for (index, end) in &ends {
            if taken != Some(*index)
                && let Some(finding) = self.judge(&mut scratch.near, *index, text, at..*end, names)
            {
                taken = Some(*index);
                scratch.found.push(finding);
            }
        }
        scratch.ends = ends;
    }

    /// Edges, value, check, context, score.
    fn judge(
        &self,
        near: &mut Near,
        index: usize,
        text: &[u8],
        whole: Range<usize>,
        names: &[impl AsRef<str>],
    ) -> Option<Finding> {
        let detector = &self.detectors[index];
        if !detector.edge.is_free(text, &whole) {
            return None;
        }
        let range = self.value(index, text, whole)?;
        let needs = detector.needs_context;
        let is_near = needs && self.is_near(near, index, text, &range, names);
        if needs && !is_near {
            return None;
        }
        if detector.check.is_some_and(|check| !check(&text[range.clone()])) {
            return None;
        }
        let bare = if detector.check.is_some() { detector.score.valid } else { detector.score.shape };
        let score = match detector.context.is_empty() || bare >= detector.score.context {
            true => bare,
            false if needs || self.is_near(near, index, text, &range, names) => detector.score.context,
            false => bare,
        };
        (score >= SCORE_LEAST).then_some(Finding { range, detector: index, score })
    }

    /// Whether a word of the detector stands around, or names a field around.
    fn is_near(
        &self,
        near: &mut Near,
        index: usize,
        text: &[u8],
        range: &Range<usize>,
        names: &[impl AsRef<str>],
    ) -> bool {
        self.words.around(near, index, text, range) || self.words.named(near, index, names)
    }

    /// The value within a match.
    fn value(&self, index: usize, text: &[u8], whole: Range<usize>) -> Option<Range<usize>> {
        if !self.detectors[index].marks_value {
            return Some(whole);
        }
        let regex = self.values[index].get_or_init(|| regex(&self.detectors[index]).ok()).as_ref()?;
        let mut groups = regex.create_captures();
        regex.captures(Input::new(&text[whole.clone()]).anchored(Anchored::Yes), &mut groups);
        let value = groups.get_group_by_name("value")?;
        Some(whole.start + value.start..whole.start + value.end)
    }

    fn scan_anchor(
        &self,
        scratch: &mut Scratch,
        index: usize,
        regex: &meta::Regex,
        text: &[u8],
        names: &[impl AsRef<str>],
    ) {
        let Some(anchor) = &self.detectors[index].anchor else { return };
        let mut from = 0;
        for at in memchr_iter(anchor.byte, text) {
            let back = text[from..at].iter().rev().take(BACK_MAX).take_while(|byte| anchor.back[usize::from(**byte)]);
            let least = at - back.count();
            let ahead = text.len().min(at + AHEAD_MAX);
            // The leftmost beginning whose match reaches over the anchor.
            let window = Input::new(text).range(least..ahead);
            let Some(found) = regex.find(window).filter(|found| found.start() <= at && found.end() > at) else {
                continue;
            };
            if let Some(finding) = self.judge(&mut scratch.near, index, text, found.range(), names) {
                from = finding.range.end;
                scratch.found.push(finding);
            }
        }
    }

    /// A whole value that stands in a field of a telling name.
    fn scan_field(&self, scratch: &mut Scratch, text: &[u8], names: &[impl AsRef<str>]) {
        // A name that was taken out tells nothing any more: `[USERNAME]` is no field of that name.
        let Some(name) = names.last().filter(|name| !name.as_ref().starts_with('[')) else { return };
        let Some(owners) = self.fields.get(&fold_name(name.as_ref())) else { return };
        let start = text.len() - text.trim_ascii_start().len();
        let range = start..start + text.trim_ascii().len();
        if range.is_empty() || is_placeholder(&text[range.clone()]) {
            return;
        }
        for index in owners {
            let detector = &self.detectors[*index];
            let fits = detector.marks_value || self.fits(*index, &text[range.clone()]);
            if fits && detector.check.is_none_or(|check| check(&text[range.clone()])) {
                scratch.found.push(Finding { range: range.clone(), detector: *index, score: detector.score.context });
            }
        }
    }

    fn fits(&self, index: usize, value: &[u8]) -> bool {
        let whole = || format!("^(?:{})$", self.detectors[index].pattern);
        let make = || meta::Builder::new().syntax(bytes()).build(&whole()).ok();
        self.wholes[index].get_or_init(make).as_ref().is_some_and(|regex| regex.is_match(value))
    }

    fn prove(&self) -> Result<(), Fault> {
        let mut scratch = self.scratch();
        for (index, detector) in self.detectors.iter().enumerate() {
            let mut finds = |text: &str| self.scan_alone(&mut scratch, text, index);
            let missed = detector.yes.iter().find(|text| !finds(text));
            let taken = detector.no.iter().find(|text| finds(text));
            if let Some(example) = missed.or(taken) {
                let what = if missed.is_some() { "is not found" } else { "is found, and should not be" };
                let message = format!("detector {}: its example {example:?} {what}", detector.id);
                return Err(Fault::bad_config("bad-detector", message).advise(
                    "Mend the pattern, the check or the example; examples are run whenever a detector is loaded.",
                ));
            }
        }
        Ok(())
    }

    fn scan_alone(&self, scratch: &mut Scratch, text: &str, index: usize) -> bool {
        scratch.found.clear();
        scratch.near.clear();
        self.scan_words(scratch, text.as_bytes(), NO_NAMES);
        for (anchored, regex) in self.anchored.iter().filter(|(anchored, _)| *anchored == index) {
            self.scan_anchor(scratch, *anchored, regex, text.as_bytes(), NO_NAMES);
        }
        scratch.found.iter().any(|finding| finding.detector == index)
    }
}

impl Automaton {
    fn new(detectors: &[Detector], owners: Vec<usize>) -> Result<Self, Fault> {
        let patterns: Vec<&str> = owners.iter().map(|owner| detectors[*owner].pattern.as_str()).collect();
        let dfa = automaton(&patterns).map_err(|error| blame(detectors, &owners, &error))?;
        Ok(Automaton { owners, dfa })
    }

    fn build(&self) -> Built {
        let mut cache = self.dfa.create_cache();
        let start = self.start(&mut cache);
        Built { clears: cache.clear_count(), cache, start, dead: Box::new([0; 1024]) }
    }

    fn start(&self, cache: &mut Cache) -> LazyStateID {
        let input = Input::new(b"").anchored(Anchored::Yes);
        self.dfa.start_state_forward(cache, &input).unwrap_or_else(|error| unreachable!("{error}"))
    }

    /// Puts into `ends` which detectors match from `at`, and how far.
    fn run(&self, built: &mut Built, ends: &mut Vec<(usize, usize)>, text: &[u8], at: usize) {
        ends.clear();
        let mut state = built.start;
        let mut end = at;
        while end < text.len() {
            let Ok(next) = self.dfa.next_state(&mut built.cache, state, text[end]) else { break };
            state = next;
            if state.is_tagged() {
                if state.is_dead() || state.is_quit() {
                    break;
                }
                if state.is_match() {
                    self.note_ends(&built.cache, state, end, ends);
                }
            }
            end += 1;
        }
        if end == text.len()
            && let Ok(last) = self.dfa.next_eoi_state(&mut built.cache, state)
            && last.is_match()
        {
            self.note_ends(&built.cache, last, end, ends);
        }
        if end <= at + 1 && end < text.len() && ends.is_empty() {
            let pair = usize::from(text[at]) << 8 | usize::from(text[at + 1]);
            built.dead[pair >> 6] |= 1 << (pair & 63);
        }
        if built.clears != built.cache.clear_count() {
            built.clears = built.cache.clear_count();
            built.start = self.start(&mut built.cache);
        }
    }

    fn note_ends(&self, cache: &Cache, state: LazyStateID, end: usize, ends: &mut Vec<(usize, usize)>) {
        for i in 0..self.dfa.match_len(cache, state) {
            ends.push((self.owners[self.dfa.match_pattern(cache, state, i).as_usize()], end));
        }
    }
}

impl Built {
    /// Whether a pattern may go on after this pair of bytes.
    #[inline]
    fn is_alive(&self, pair: usize) -> bool {
        self.dead[pair >> 6] >> (pair & 63) & 1 == 0
    }
}

/// No field around.
pub(crate) const NO_NAMES: &[&str] = &[];

/// The longest local part of an address, or user name of a URL, that is looked at (RFC 5321 §4.5.3.1.1 allows 64).
const BACK_MAX: usize = 320;
const AHEAD_MAX: usize = 512;

/// Whether a text is one of our own placeholders: redacting twice is redacting once.
fn is_placeholder(text: &[u8]) -> bool {
    text.first() == Some(&b'[') && text.last() == Some(&b']') || text.iter().all(|byte| b"*-. /x".contains(byte))
}

fn bytes() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false)
}

fn regex(detector: &Detector) -> Result<meta::Regex, Fault> {
    meta::Builder::new()
        .syntax(bytes())
        .configure(meta::Config::new().utf8_empty(false))
        .build(&detector.pattern)
        .map_err(|error| bad_pattern(detector, &error.to_string()))
}

fn bad_pattern(detector: &Detector, why: &str) -> Fault {
    Fault::bad_config("bad-detector", format!("detector {}: its pattern does not parse: {why}", detector.id))
        .advise("Patterns are regular expressions over bytes, without look-around and back-references.")
}

fn automaton(patterns: &[&str]) -> Result<DFA, Box<regex_automata::hybrid::BuildError>> {
    DFA::builder()
        .configure(DFA::config().match_kind(MatchKind::All).cache_capacity(CACHE_BYTES).skip_cache_capacity_check(true))
        .syntax(bytes())
        .thompson(thompson::Config::new().utf8(false).shrink(false))
        .build_many(patterns)
        .map_err(Box::new)
}

/// Which pattern it was that did not parse.
fn blame(detectors: &[Detector], owners: &[usize], error: &regex_automata::hybrid::BuildError) -> Fault {
    let guilty = owners.iter().find(|owner| regex(&detectors[**owner]).is_err());
    bad_pattern(&detectors[guilty.copied().unwrap_or(0)], &error.to_string())
}

/// The bytes, neither letters nor digits, that can begin a match.
fn signs(automata: [&Automaton; 2], detectors: &[Detector]) -> Result<Starts, Fault> {
    let mut begins = [false; 256];
    for Automaton { dfa, .. } in automata {
        let mut cache = dfa.create_cache();
        let start = dfa.start_state_forward(&mut cache, &Input::new(b"").anchored(Anchored::Yes)).ok();
        for byte in 0..=255_u8 {
            let next = start.and_then(|start| dfa.next_state(&mut cache, start, byte).ok());
            begins[usize::from(byte)] |= next.is_some_and(|next| !next.is_dead());
        }
    }
    let signs: Vec<u8> =
        (0..=255_u8).filter(|byte| !byte.is_ascii_alphanumeric() && begins[usize::from(*byte)]).collect();
    Starts::new(signs).ok_or_else(|| {
        let ids: Vec<&str> = detectors.iter().map(|detector| &*detector.id).collect();
        Fault::bad_config("bad-detector", format!("too many different signs begin a match, among {}", ids.join(", ")))
            .advise("Let a pattern begin with a letter, a digit, or one of very few signs.")
    })
}

/// Of findings that overlap the surer stays, then the longer, then the earlier.
fn settle(found: &mut Vec<Finding>) {
    if found.len() < 2 {
        return;
    }
    found.sort_unstable_by(|a, b| {
        b.score
            .cmp(&a.score)
            .then(b.range.len().cmp(&a.range.len()))
            .then(a.range.start.cmp(&b.range.start))
            .then(a.detector.cmp(&b.detector))
    });
    let mut kept: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
    found.retain(|finding| {
        let range = &finding.range;
        let overlaps = kept.range(..range.end).next_back().is_some_and(|(_, end)| *end > range.start);
        if !overlaps {
            kept.insert(range.start, range.end);
        }
        !overlaps
    });
    found.sort_unstable_by_key(|finding| finding.range.start);
}
