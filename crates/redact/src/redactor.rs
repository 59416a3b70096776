//! Decides piece by piece: finds, takes out, remembers what was taken, and audits what is left.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use model::Fault;

use crate::audit::survivors;
use crate::clean::ROUNDS;
use crate::decisions::{Decision, Decisions};
use crate::detector::fold_name;
use crate::fold;
use crate::hits::{Hit, PERSON, ahead, hits, plain, reach};
use crate::joints;
use crate::known::Known;
use crate::limits::Limits;
use crate::lore::{self, KNOWN_PARTY, Lessons, Lore, Whom};
use crate::memory::Memory;
use crate::names;
use crate::operator::Operator;
use crate::parties::Party;
use crate::piece::{Decide, Each, Edit, Offsets, Piece, Spot};
use crate::profile::{Answer, Profile};
use crate::pseudonym::{Numbers, Tag};
use crate::scan::{Lent, NO_NAMES, Scanner, Scratch};

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
    /// Threads that scan. What is found does not depend on it.
    pub jobs: usize,
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
    key: &'a [u8; 32],
    /// What the tag is made of: the value, or the person whom a name stands for.
    identity: &'a str,
}

impl Seen<'_> {
    /// Keyed digest of the value, made when it is asked for.
    pub fn tag(&self) -> Tag {
        Tag::of(self.key, self.kind, self.identity)
    }

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

    /// Whether for now nothing of a finding matters but its type, its detector and its operator: [`Seen::spot`],
    /// [`Seen::with`] and [`Seen::tag`] need not be made.
    fn only_counts(&self) -> bool {
        false
    }

    /// The input is gone through once more, from its beginning: what was told so far is void.
    ///
    /// # Errors
    /// Whatever stops the whole redaction.
    fn again(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

/// What the inputs of one case share: a person has one pseudonym in all of them.
#[derive(Clone, Default)]
pub struct Case {
    pub(crate) numbers: Numbers,
    parties: Vec<Party>,
    lessons: Lessons,
    pub(crate) lore: Option<Arc<Lore>>,
}

impl Case {
    /// A case with its parties: they are found in every input, whether names are looked for in it or not.
    pub fn of(parties: Vec<Party>) -> Self {
        let mut case = Case { parties, ..Case::default() };
        case.settle();
        case
    }

    /// Takes in what one input teaches about the others, whose values are moved; it counts from [`Case::settle`] on.
    /// `false`: not all of it could be held.
    pub fn teach(&mut self, lessons: &mut Lessons, limits: &Limits) -> bool {
        self.lessons.cut |= lessons.cut || self.lessons.names.len() + lessons.names.len() > limits.learned_names;
        if self.lessons.names.len() + lessons.names.len() <= limits.learned_names {
            self.lessons.names.extend(&lessons.names);
        }
        for value in lessons.values.drain() {
            if self.lessons.values.len() < limits.learned_values {
                self.lessons.values.insert(value);
            } else {
                self.lessons.cut |= !self.lessons.values.contains(&value);
            }
        }
        !self.lessons.cut
    }

    /// What was taught is known in every input from now on.
    pub fn settle(&mut self) {
        self.lore = Lore::of(&self.parties, &self.lessons).map(Arc::new);
    }

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

pub(crate) struct Redactor<'a> {
    means: Means<'a>,
    scratch: Lent<'a>,
    pub(crate) act: Act,
    pub(crate) memory: Memory,
    numbers: &'a mut Numbers,
    witness: &'a mut dyn Witness,
    /// What happens to what each detector finds, once that was asked.
    answers: Vec<Option<Option<Answer<'a>>>>,
}

impl<'a> Redactor<'a> {
    pub(crate) fn new(
        means: Means<'a>,
        act: Act,
        memory: Memory,
        numbers: &'a mut Numbers,
        witness: &'a mut dyn Witness,
    ) -> Self {
        let answers = vec![None; means.scanner.detectors().len()];
        Redactor { scratch: means.scanner.lend(), means, act, memory, numbers, witness, answers }
    }

    /// What was remembered.
    pub(crate) fn into_memory(self) -> Memory {
        self.memory
    }

    /// The edits of a piece, with everything that can be found in it.
    fn edits(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
        if self.count(piece)? {
            return Ok(Vec::new());
        }
        let mut hits = hits(&self.means, &mut self.scratch, &self.memory, piece);
        if self.act == Act::TakeAndAudit {
            hits = self.audited(piece, hits)?;
        }
        let means = self.means;
        let mut answered = hits.iter().filter_map(|hit| Some((hit, answer(&means, piece, hit)?)));
        if self.act == Act::Look && self.witness.only_counts() {
            answered.try_for_each(|(hit, answer)| self.tell(piece, Spot::Text, hit, answer, ("", "")))?;
            return Ok(Vec::new());
        }
        answered.map(|(hit, answer)| self.take(piece, hit, answer)).collect()
    }

    /// Tells a witness who only counts what was found, where that needs no more than the detectors. `false`: it does.
    fn count(&mut self, piece: &Piece<'_>) -> Result<bool, Fault> {
        let Redactor { means, scratch, memory, witness, answers, .. } = self;
        let is_fixed = means.profile.is_unconditional() && means.decisions.is_empty();
        if self.act != Act::Look || !witness.only_counts() || !is_fixed {
            return Ok(false);
        }
        let Some(found) = plain(means, scratch, memory, piece) else { return Ok(false) };
        for finding in found {
            let detector = means.scanner.detector(finding);
            let answer = answers[finding.detector]
                .get_or_insert_with(|| means.profile.rule(&detector.kind, &detector.id, |_| false));
            let Some(answer) = answer else { continue };
            witness.seen(&Seen {
                piece,
                spot: Spot::Text,
                range: finding.range.clone(),
                kind: &detector.kind,
                detector: &detector.id,
                score: finding.score,
                operator: answer.operator,
                reason: answer.reason,
                with: "",
                key: means.key,
                identity: "",
            })?;
        }
        Ok(true)
    }

    /// Who or what a value is: the person or party whom a name stands for, whatever its form.
    fn identity<'t>(&self, hit: &Hit, operator: Operator, text: &'t str) -> Result<Cow<'t, str>, Fault> {
        let stops = matches!(self.act, Act::Take | Act::TakeAndAudit) && self.means.decisions.is_empty();
        match self.memory.whom(hit.who) {
            Whom::Party(party) => Ok(party.name.clone().into()),
            Whom::Person(name) => Ok(name.to_owned().into()),
            Whom::Several if operator.is_pseudonymous() && stops => {
                Err(Fault::refused("ambiguous-name", "a name can stand for two persons, and must not get the pseudonym of one of them")
                    .advise("Look at it with --preview and replay what you decide with --decisions; or take names out with `--operator label`."))
            }
            Whom::Several | Whom::Nobody => Ok(text.into()),
        }
    }

    fn take(&mut self, piece: &Piece<'_>, hit: &Hit, answer: Answer<'_>) -> Result<Edit, Fault> {
        let value = &piece.text[hit.range.clone()];
        let text = hit.joined.as_deref().map_or_else(|| String::from_utf8_lossy(value), Cow::Borrowed);
        if self.act == Act::Learn {
            self.learn(hit, answer, value, &text);
            return Ok(Edit { range: hit.range.clone(), with: String::new() });
        }
        let identity = self.identity(hit, answer.operator, &text)?;
        let with = self.with(piece, hit, answer, (&text, &identity));
        let spot = match self.witness.only_counts() {
            true => Spot::Text,
            false => harmless(&self.means, &mut self.scratch, &self.memory.known, &piece.spot),
        };
        self.tell(piece, spot, hit, answer, (&with, &identity))?;
        match (self.act, answer.operator) {
            (Act::Look, _) | (_, Operator::Keep) => {}
            _ if *hit.detector == *KNOWN_PARTY => self.memory.learn_encodings(value, &hit.kind),
            _ => {
                self.memory.learn(value, &hit.kind);
                hit.joined.iter().for_each(|joined| self.memory.learn(joined.as_bytes(), &hit.kind));
            }
        }
        Ok(Edit { range: hit.range.clone(), with })
    }

    /// Tells the witness of a hit: what stands in its place, and whom or what it is.
    fn tell(
        &mut self,
        piece: &Piece<'_>,
        spot: Spot<'_>,
        hit: &Hit,
        answer: Answer<'_>,
        (with, identity): (&str, &str),
    ) -> Result<(), Fault> {
        self.witness.seen(&Seen {
            piece,
            spot,
            range: hit.range.clone(),
            kind: &hit.kind,
            detector: &hit.detector,
            score: hit.score,
            operator: answer.operator,
            reason: answer.reason,
            with,
            key: self.means.key,
            identity,
        })
    }
}

impl Redactor<'_> {
    /// What stands in a value's place.
    fn with(&mut self, piece: &Piece<'_>, hit: &Hit, answer: Answer<'_>, (text, identity): (&str, &str)) -> String {
        let key = self.means.key;
        let tag = || Tag::of(key, &hit.kind, identity);
        let label = label(&hit.kind, answer.reason.filter(|_| self.means.profile.shows_reason));
        let numbers = &mut *self.numbers;
        let mut with = answer.operator.apply(text, &label, tag, || numbers.of(&hit.kind, tag()));
        if hit.joined.is_some() && piece.spot == Spot::Text && answer.operator != Operator::Keep {
            // Lines of plain text stay as many as they were.
            with.push_str(&joints::line_ends(&piece.text[hit.range.clone()]));
        }
        with
    }

    /// Remembers who is named and what goes, for this input; and for the others what their own detectors could miss.
    fn learn(&mut self, hit: &Hit, answer: Answer<'_>, value: &[u8], text: &str) {
        if *hit.detector == *KNOWN_PARTY {
            return;
        }
        // What the network takes for a name by its place alone is one here, and may be a word of the trade elsewhere. What is
        // known from before has been judged before.
        let is_guessed = ["names.model", "names.roster", "known"].contains(&&*hit.detector);
        if *hit.kind == *PERSON {
            self.memory.draft.add_name(text);
            if !is_guessed || names::has_given_name(text) {
                self.memory.lessons.names.add_name(text);
            }
        }
        if answer.operator == Operator::Keep {
            return;
        }
        self.memory.learn(value, &hit.kind);
        hit.joined.iter().for_each(|joined| self.memory.learn(joined.as_bytes(), &hit.kind));
        let value = hit.joined.as_deref().map_or(value, str::as_bytes);
        let is_named = *hit.kind == *PERSON || is_guessed || !lore::is_distinct(value);
        let lesson = (value.to_vec(), hit.kind.clone());
        if is_named || self.memory.lessons.values.contains(&lesson) || self.stands_alone(value) {
            return;
        }
        match self.memory.lessons.values.len() < LESSONS_MAX {
            true => drop(self.memory.lessons.values.insert(lesson)),
            false => self.memory.lessons.cut = true,
        }
    }

    /// Whether a value is found wherever it stands, without what stands around it.
    fn stands_alone(&mut self, value: &[u8]) -> bool {
        let found = self.means.scanner.scan(&mut self.scratch, value, NO_NAMES);
        found.iter().any(|finding| finding.range == (0..value.len()))
    }
}

/// Values that one input can teach.
const LESSONS_MAX: usize = 50_000;

impl Decide for Redactor<'_> {
    fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
        let mut edits = self.edits(piece)?;
        match self.act {
            Act::Look | Act::Learn => return Ok(Vec::new()),
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

    fn ahead(&mut self, texts: &[&[u8]], each: Each<'_>) -> Result<(), Fault> {
        let means = self.means;
        ahead(self, &means, |this| &mut this.scratch, texts, each)
    }

    fn reach(&self) -> usize {
        reach(&self.means)
    }

    fn suspects(&mut self, block: &[u8], start: Option<u64>) -> Option<Vec<Range<usize>>> {
        suspects(&self.means, &mut self.scratch, &self.memory, None, (block, start))
    }

    fn tells(&mut self, name: &[u8]) -> bool {
        self.means.scanner.tells(name)
    }
}

/// Where something may be found in raw bytes; `None` where their form can hide it, or names are looked for. `traces` are
/// searched as well.
pub(crate) fn suspects(
    means: &Means<'_>,
    scratch: &mut Scratch,
    memory: &Memory,
    traces: Option<&Known>,
    (block, start): (&[u8], Option<u64>),
) -> Option<Vec<Range<usize>>> {
    let has_names = means.names.is_some() || memory.lore.as_ref().is_some_and(|lore| !lore.is_quiet(block));
    if has_names || !fold::is_plain(block) {
        return None;
    }
    let found = means.scanner.scan_block(scratch, block, start, means.jobs).iter();
    let mut suspects: Vec<_> = found.map(|finding| finding.range.clone()).collect();
    let known = std::iter::once(&memory.known).chain(traces);
    suspects.extend(known.flat_map(|known| known.find(block)).map(|again| again.range));
    suspects.sort_unstable_by_key(|range| range.start);
    suspects.dedup_by(|next, one| {
        let overlap = next.start < one.end;
        one.end = if overlap { one.end.max(next.end) } else { one.end };
        overlap
    });
    Some(suspects)
}

impl Redactor<'_> {
    /// Scans a piece as it will stand in the output, before anybody is told of it. What remains goes as well.
    fn audited(&mut self, piece: &Piece<'_>, mut found: Vec<Hit>) -> Result<Vec<Hit>, Fault> {
        let mut left = ROUNDS;
        while !found.is_empty() {
            left -= 1;
            let (text, exempt) = edited(piece.text, &self.quietly(piece, &found)?);
            let after = Piece {
                text: &text,
                names: piece.names,
                spot: piece.spot.clone(),
                offsets: piece.offsets,
                prose: piece.prose,
            };
            let survivors = survivors(&self.means, &mut self.scratch, &self.memory, &after, &exempt);
            match survivors.first() {
                None => break,
                Some(first) if left == 0 => {
                    let spot = harmless(&self.means, &mut self.scratch, &self.memory.known, &after.spot);
                    return Err(first.fault(&after, &spot));
                }
                Some(_) => survivors.iter().for_each(|survivor| self.memory.learn(&survivor.value, &survivor.kind)),
            }
            found = hits(&self.means, &mut self.scratch, &self.memory, piece);
        }
        Ok(found)
    }

    /// The edits that take out what was found; nobody is told.
    fn quietly(&mut self, piece: &Piece<'_>, found: &[Hit]) -> Result<Vec<Edit>, Fault> {
        let means = self.means;
        let answered = found.iter().filter_map(|hit| Some((hit, answer(&means, piece, hit)?)));
        let edit = |(hit, answer): (&Hit, Answer<'_>)| {
            let value = String::from_utf8_lossy(&piece.text[hit.range.clone()]);
            let text = hit.joined.as_deref().unwrap_or(&value);
            let identity = self.identity(hit, answer.operator, text)?;
            let identity = identity.into_owned();
            Ok(Edit { range: hit.range.clone(), with: self.with(piece, hit, answer, (text, &identity)) })
        };
        answered.map(edit).collect()
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

/// What happens to a hit: what people decided, else what the profile says. `None`: it stays.
pub(crate) fn answer<'p>(means: &Means<'p>, piece: &Piece<'_>, hit: &Hit) -> Option<Answer<'p>> {
    let near = |words: &[String]| near(piece, &hit.range, words);
    let rule = means.profile.rule(&hit.kind, &hit.detector, near);
    // Who is on the list goes, also where a profile has nothing against names.
    let listed = || (*hit.detector == *KNOWN_PARTY).then_some(Answer { operator: Operator::Label, reason: None });
    let answer = rule.or_else(listed)?;
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
pub(crate) fn harmless<'s>(means: &Means<'_>, scratch: &mut Scratch, known: &Known, spot: &Spot<'s>) -> Spot<'s> {
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
pub(crate) fn label(kind: &str, reason: Option<&str>) -> String {
    let kind = kind.to_uppercase();
    reason.map_or(kind.clone(), |reason| format!("{reason} {kind}"))
}
