//! Decides piece by piece: finds, takes out, remembers what was taken, and audits what is left.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use memchr::memmem;
use model::{Fault, Kind};

use crate::decisions::{Decision, Decisions};
use crate::detector::fold_name;
use crate::known::Known;
use crate::operator::Operator;
use crate::piece::{Decide, Edit, Offsets, Piece, Spot};
use crate::placeholder;
use crate::profile::{Answer, Names, Profile};
use crate::pseudonym::{Numbers, Tag};
use crate::restore::Removal;
use crate::scan::{NO_NAMES, SCORE_LEAST, Scanner, Scratch};

/// Finds names in prose: person, place, organisation.
pub type NameFinder<'a> = &'a dyn Fn(&str) -> Vec<Named>;

/// A name in prose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The bytes of the text.
    pub range: Range<usize>,
    /// The type: `person`, `place`, `organisation`, `address`.
    pub kind: &'static str,
    /// What found it: `names.model`, `names.gazetteer`.
    pub detector: &'static str,
    /// How sure it is, in percent.
    pub score: u8,
}

/// What a redaction works with; the same for all its inputs.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// The detectors.
    pub scanner: &'a Scanner,
    /// What goes, and how.
    pub profile: &'a Profile,
    /// Names, when they are looked for.
    pub names: Option<NameFinder<'a>>,
    /// The key of tags and pseudonyms.
    pub key: &'a [u8; 32],
    /// What people decided about findings.
    pub decisions: &'a Decisions,
    /// Whether [`crate::Walked::removals`] are wanted: the way back.
    pub reversible: bool,
}

/// A finding, in its place.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The piece; its text holds the value, which is nobody's business but a preview's.
    pub piece: &'a Piece<'a>,
    /// Where the piece stands, without the personal data that the names of keys, columns and parts can hold.
    pub spot: Spot<'a>,
    /// The value in the piece's text.
    pub range: Range<usize>,
    /// Type.
    pub kind: &'a str,
    /// Detector.
    pub detector: &'a str,
    /// Percent.
    pub score: u8,
    /// Operator.
    pub operator: Operator,
    /// The ground, where the profile names one.
    pub reason: Option<&'a str>,
    /// What stands there afterwards.
    pub with: &'a str,
    /// Keyed digest of the value.
    pub tag: Tag,
}

impl Seen<'_> {
    /// Line of the input, from 1, where it has lines.
    pub fn line(&self) -> Option<u64> {
        let (Offsets::Straight { line, .. } | Offsets::Table { line, .. }) = self.piece.offsets else { return None };
        let before = &self.piece.text[..self.range.start];
        Some(line + memchr::memchr_iter(b'\n', before).count() as u64)
    }

    /// Bytes of the input.
    pub fn source(&self) -> Option<Range<u64>> {
        self.piece.offsets.source(&self.range)
    }
}

/// Who is told of findings and redactions.
pub trait Witness {
    /// A value was found, and in a redaction taken out.
    ///
    /// # Errors
    /// Whatever stops the whole redaction.
    fn seen(&mut self, seen: &Seen<'_>) -> Result<(), Fault>;

    /// The input is gone through once more, from its beginning: what was told so far is void.
    ///
    /// # Errors
    /// Whatever stops the whole redaction.
    fn again(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

/// What the inputs of one case share: a person has one pseudonym in all of them.
#[derive(Clone, Debug, Default)]
pub struct Case {
    pub(crate) numbers: Numbers,
}

impl Case {
    /// Remembers a pseudonym given earlier: the value with this tag went by `number` among its type.
    pub fn remember(&mut self, kind: &str, tag: Tag, number: u64) {
        self.numbers.remember(kind, tag, number);
    }
}

/// What a redactor does with what it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Only tell.
    Look,
    /// Only remember.
    Learn,
    /// Take out.
    Take,
    /// Take out, and scan again before the piece is given back: for streams, which are not read twice.
    TakeAndAudit,
}

/// Values held at once, to be found again elsewhere. More are still taken out and scanned for, each in its own place.
const KNOWN_MAX: usize = 50_000;

pub(crate) struct Redactor<'a> {
    means: Means<'a>,
    scratch: Scratch,
    pub(crate) act: Act,
    pub(crate) memory: Memory,
    numbers: &'a mut Numbers,
    witness: &'a mut dyn Witness,
    pub(crate) count: u64,
}

/// What is remembered between the passes over one input.
pub(crate) struct Memory {
    pub(crate) known: Known,
    pub(crate) traces: Known,
    pub(crate) exempt: Exempt,
    /// What was taken out where, when there is to be a way back.
    pub(crate) removals: Option<Vec<Removal>>,
}

impl Memory {
    pub(crate) fn new() -> Self {
        Memory {
            known: Known::new(KNOWN_MAX),
            traces: Known::new(KNOWN_MAX * 9),
            exempt: Exempt::default(),
            removals: None,
        }
    }

    fn note_removals(&mut self, piece: &Piece<'_>, edits: &[Edit]) {
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

    /// Another round makes another output.
    pub(crate) fn forget_places(&mut self) {
        self.exempt = Exempt::default();
        self.removals.iter_mut().for_each(Vec::clear);
    }

    pub(crate) fn learn(&mut self, value: &[u8], kind: &Arc<str>) {
        let before = self.known.len();
        self.known.add(value, kind);
        if self.known.len() > before {
            self.traces.add_encodings(value, kind);
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
    fn note(&mut self, piece: &Piece<'_>, edits: &[Edit]) {
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
    fn of(&self, piece: &Piece<'_>, start: u64) -> Vec<Range<usize>> {
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

/// Something found in a piece, before it is settled what happens to it.
#[derive(Clone, Debug)]
struct Hit {
    range: Range<usize>,
    kind: Arc<str>,
    detector: Arc<str>,
    score: u8,
}

impl<'a> Redactor<'a> {
    pub(crate) fn new(
        means: Means<'a>,
        act: Act,
        memory: Memory,
        numbers: &'a mut Numbers,
        witness: &'a mut dyn Witness,
    ) -> Self {
        Redactor { scratch: means.scanner.scratch(), means, act, memory, numbers, witness, count: 0 }
    }

    /// The edits of a piece, with everything that can be found in it.
    fn edits(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
        let hits = hits(&self.means, &mut self.scratch, &self.memory.known, piece);
        let means = self.means;
        let answered = hits.iter().filter_map(|hit| Some((hit, answer(&means, piece, hit)?)));
        answered.map(|(hit, answer)| self.take(piece, hit, answer)).collect()
    }

    fn take(&mut self, piece: &Piece<'_>, hit: &Hit, answer: Answer<'_>) -> Result<Edit, Fault> {
        let value = &piece.text[hit.range.clone()];
        let text = String::from_utf8_lossy(value);
        let tag = Tag::of(self.means.key, &hit.kind, &text);
        let label = label(&hit.kind, answer.reason.filter(|_| self.means.profile.shows_reason));
        let numbers = &mut *self.numbers;
        let with = answer.operator.apply(&text, &label, &tag, || numbers.of(&hit.kind, tag));
        self.count += 1;
        if self.act != Act::Learn {
            let spot = harmless(&self.means, &mut self.scratch, &self.memory.known, &piece.spot);
            self.witness.seen(&Seen {
                piece,
                spot,
                range: hit.range.clone(),
                kind: &hit.kind,
                detector: &hit.detector,
                score: hit.score,
                operator: answer.operator,
                reason: answer.reason,
                with: &with,
                tag,
            })?;
        }
        if self.act != Act::Look && answer.operator != Operator::Keep {
            self.memory.learn(value, &hit.kind);
        }
        Ok(Edit { range: hit.range.clone(), with })
    }
}

impl Decide for Redactor<'_> {
    fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
        let mut edits = self.edits(piece)?;
        match self.act {
            Act::Look | Act::Learn => return Ok(Vec::new()),
            Act::TakeAndAudit if !edits.is_empty() => self.audit_here(piece, &edits)?,
            Act::TakeAndAudit => {}
            Act::Take => {
                self.memory.note_removals(piece, &edits);
                self.memory.exempt.note(piece, &edits);
            }
        }
        // What stays on purpose is exempt from the audit like what was put there, and is no edit.
        edits.retain(|edit| piece.text[edit.range.clone()] != *edit.with.as_bytes());
        Ok(edits)
    }

    fn quiet(&mut self, block: &[u8]) -> bool {
        self.means.names.is_none()
            && self.memory.known.find(block).is_empty()
            && self.means.scanner.is_quiet(&mut self.scratch, block)
    }
}

impl Redactor<'_> {
    /// Scans a piece as it will stand in the output, before it is given back.
    fn audit_here(&mut self, piece: &Piece<'_>, edits: &[Edit]) -> Result<(), Fault> {
        let (text, exempt) = edited(piece.text, edits);
        let after = Piece {
            text: &text,
            names: piece.names,
            spot: piece.spot.clone(),
            offsets: piece.offsets,
            prose: piece.prose,
        };
        let survivor = survivors(&self.means, &mut self.scratch, &self.memory, &after, &exempt).into_iter().next();
        let Some(survivor) = survivor else { return Ok(()) };
        let spot = harmless(&self.means, &mut self.scratch, &self.memory.known, &after.spot);
        Err(survivor.fault(&after, &spot))
    }
}

/// A piece's text after its edits, and where they stand in it.
fn edited(text: &[u8], edits: &[Edit]) -> (Vec<u8>, Vec<Range<usize>>) {
    let (mut after, mut placed, mut from) = (Vec::with_capacity(text.len()), Vec::new(), 0);
    for edit in edits {
        after.extend_from_slice(&text[from..edit.range.start]);
        placed.push(after.len()..after.len() + edit.with.len());
        after.extend_from_slice(edit.with.as_bytes());
        from = edit.range.end;
    }
    after.extend_from_slice(&text[from..]);
    (after, placed)
}

/// Walks an output and finds what should not be there any more.
pub(crate) struct Auditor<'a> {
    means: Means<'a>,
    scratch: Scratch,
    memory: &'a Memory,
    /// How much plain text has been seen so far.
    position: u64,
    pub(crate) survivors: Vec<Survivor>,
    /// The place of the first of them.
    pub(crate) fault: Option<Fault>,
}

impl<'a> Auditor<'a> {
    pub(crate) fn new(means: Means<'a>, memory: &'a Memory) -> Self {
        Auditor { scratch: means.scanner.scratch(), means, memory, position: 0, survivors: Vec::new(), fault: None }
    }
}

impl Decide for Auditor<'_> {
    fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
        let exempt = self.memory.exempt.of(piece, self.position);
        if piece.spot == Spot::Text {
            self.position += piece.text.len() as u64;
        }
        for survivor in survivors(&self.means, &mut self.scratch, self.memory, piece, &exempt) {
            if self.fault.is_none() {
                let spot = harmless(&self.means, &mut self.scratch, &self.memory.known, &piece.spot);
                self.fault = Some(survivor.fault(piece, &spot));
            }
            self.survivors.push(survivor);
        }
        Ok(Vec::new())
    }
}

/// A value that should not stand in the output any more.
#[derive(Debug)]
pub(crate) struct Survivor {
    pub(crate) value: Vec<u8>,
    pub(crate) kind: Arc<str>,
    range: Range<usize>,
}

impl Survivor {
    fn fault(&self, piece: &Piece<'_>, spot: &Spot<'_>) -> Fault {
        let place = match piece.offsets.source(&self.range) {
            Some(range) => format!("bytes {} to {} of the output", range.start, range.end),
            None => spot.to_string(),
        };
        Fault::new(Kind::Unverified, "redaction-incomplete", format!("a value of type {} remains: {place}", self.kind))
            .advise("Nothing was written. Add a detector or a decision for it, and please report the case without the value.")
    }
}

/// What is found in a piece of the output, except where our own replacements stand.
fn survivors(
    means: &Means<'_>,
    scratch: &mut Scratch,
    memory: &Memory,
    piece: &Piece<'_>,
    exempt: &[Range<usize>],
) -> Vec<Survivor> {
    let within = |range: &Range<usize>| exempt.iter().any(|place| place.start <= range.start && range.end <= place.end);
    // A network that reads our placeholders as names, with the words beside them, has found nothing.
    let beside = |range: &Range<usize>| exempt.iter().any(|place| place.start < range.end && range.start < place.end);
    let found = hits(means, scratch, &memory.known, piece).into_iter();
    let found = found.filter(|hit| answer(means, piece, hit).is_some_and(|answer| answer.operator != Operator::Keep));
    let found = found.filter(|hit| !(hit.detector.starts_with("names.") && beside(&hit.range)));
    let traces = memory.traces.find(piece.text).into_iter().map(|again| (again.range, again.kind));
    let all = found.map(|hit| (hit.range, hit.kind)).chain(traces).filter(|(range, _)| !within(range));
    all.map(|(range, kind)| Survivor { value: piece.text[range.clone()].to_vec(), kind, range }).collect()
}

/// Everything found in a piece, from left to right, apart. What a detector found is what it says it is; names, and values
/// known from elsewhere, are what is left beside it.
fn hits(means: &Means<'_>, scratch: &mut Scratch, known: &Known, piece: &Piece<'_>) -> Vec<Hit> {
    let found = means.scanner.scan(scratch, piece.text, piece.names).iter().map(|finding| {
        let detector = means.scanner.detector(finding);
        let (kind, id) = (detector.kind.clone(), detector.id.clone());
        Hit { range: finding.range.clone(), kind, detector: id, score: finding.score }
    });
    let mut hits: Vec<Hit> = found.collect();
    let wanted = means.profile.names == Names::Always || piece.prose;
    if let (Some(names), true, Ok(text)) = (means.names, wanted, std::str::from_utf8(piece.text)) {
        let ours = placeholder::places(text);
        let is_ours =
            |named: &Named| ours.iter().any(|place| place.start < named.range.end && named.range.start < place.end);
        let named = names(text).into_iter().filter(|named| !is_ours(named)).map(|named| Hit {
            range: named.range,
            kind: Arc::from(named.kind),
            detector: Arc::from(named.detector),
            score: named.score,
        });
        add_beside(&mut hits, named.collect(), piece.text);
    }
    let again = known.find(piece.text).into_iter().map(|again| Hit {
        range: again.range,
        kind: again.kind,
        detector: Arc::from("known"),
        score: SCORE_LEAST,
    });
    add_beside(&mut hits, again.collect(), piece.text);
    hits
}

/// Adds the parts of `more` that lie beside what is there, if a letter or digit is in them.
fn add_beside(hits: &mut Vec<Hit>, mut more: Vec<Hit>, text: &[u8]) {
    if more.is_empty() {
        return;
    }
    more.sort_by(|a, b| b.score.cmp(&a.score).then(b.range.len().cmp(&a.range.len())));
    for hit in more {
        for range in uncovered(hits, &hit.range) {
            let range = trimmed(text, range);
            if text[range.clone()].iter().any(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80) {
                let at = hits.partition_point(|other| other.range.start < range.start);
                hits.insert(at, Hit { range, ..hit.clone() });
            }
        }
    }
}

/// The parts of `range` that no hit covers. Hits are sorted and apart.
fn uncovered(hits: &[Hit], range: &Range<usize>) -> Vec<Range<usize>> {
    let (mut parts, mut from) = (Vec::new(), range.start);
    let first = hits.partition_point(|hit| hit.range.end <= range.start);
    for hit in hits[first..].iter().take_while(|hit| hit.range.start < range.end) {
        if hit.range.start > from {
            parts.push(from..hit.range.start);
        }
        from = hit.range.end;
    }
    if from < range.end {
        parts.push(from..range.end);
    }
    parts
}

fn trimmed(text: &[u8], range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + part.len() - part.trim_ascii_start().len();
    start..start.max(range.end - (part.len() - part.trim_ascii_end().len()))
}

/// What happens to a hit: what people decided, else what the profile says. `None`: it stays.
fn answer<'p>(means: &Means<'p>, piece: &Piece<'_>, hit: &Hit) -> Option<Answer<'p>> {
    let near = |words: &[String]| near(piece, &hit.range, words);
    let answer = means.profile.rule(&hit.kind, &hit.detector, near)?;
    let decided = means.decisions.of(&piece.spot, piece.offsets.source(&hit.range), &hit.range);
    Some(if decided == Some(Decision::Keep) { Answer { operator: Operator::Keep, reason: None } } else { answer })
}

/// Whether one of some folded words stands near a value, or in the name of a field around it.
fn near(piece: &Piece<'_>, range: &Range<usize>, words: &[String]) -> bool {
    const WINDOW: usize = 80;
    let window = &piece.text[range.start.saturating_sub(WINDOW)..piece.text.len().min(range.end + WINDOW)];
    let window = String::from_utf8_lossy(window);
    let texts = std::iter::once(window.as_ref()).chain(piece.names.iter().map(AsRef::as_ref));
    texts.flat_map(|text| text.split(|char: char| !char.is_alphanumeric())).any(|part| words.contains(&fold_name(part)))
}

/// A place without personal data in its words: a key of JSON can be an address.
fn harmless<'s>(means: &Means<'_>, scratch: &mut Scratch, known: &Known, spot: &Spot<'s>) -> Spot<'s> {
    let mut clean = |words: &Cow<'s, str>| labelled(means, scratch, known, words);
    match spot {
        Spot::Pointer(pointer) => Spot::Pointer(clean(pointer)),
        Spot::Cell { row, column } => Spot::Cell { row: *row, column: clean(column) },
        Spot::Part { part, path } => Spot::Part { part: clean(part), path: clean(path) },
        Spot::Text | Spot::Page { .. } => spot.clone(),
    }
}

/// Words with labels in place of what is found in them.
fn labelled<'s>(means: &Means<'_>, scratch: &mut Scratch, known: &Known, words: &Cow<'s, str>) -> Cow<'s, str> {
    let found = means.scanner.scan(scratch, words.as_bytes(), NO_NAMES).iter();
    let mut places: Vec<_> = found.map(|one| (one.range.clone(), means.scanner.detector(one).kind.clone())).collect();
    places.extend(known.find(words.as_bytes()).into_iter().map(|again| (again.range, again.kind)));
    places.sort_by_key(|(range, _)| range.start);
    let (mut text, mut from) = (String::new(), 0);
    for (range, kind) in places.iter().filter(|(range, _)| words.get(range.clone()).is_some()) {
        if range.start >= from {
            text.push_str(&words[from..range.start]);
            text.push_str(&format!("[{}]", label(kind, None)));
            from = range.end;
        }
    }
    if from == 0 { words.clone() } else { (text + &words[from..]).into() }
}

/// `[CARD]`, or `[(b)(6) CARD]` where the reason stands at the place.
fn label(kind: &str, reason: Option<&str>) -> String {
    let kind = kind.to_uppercase();
    reason.map_or(kind.clone(), |reason| format!("{reason} {kind}"))
}
