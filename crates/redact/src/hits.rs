//! What is found in a piece: by detectors, by the network and the lists, by what is known already.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use model::Fault;

use crate::fold::{self, Alike, Folded};
use crate::joints;
use crate::lore::{self, KNOWN_PARTY};
use crate::memory::Memory;
use crate::names::{Mention, PersonId, Reading, Roster};
use crate::piece::{Decide, Each, Offsets, Piece};
use crate::placeholder;
use crate::profile::Names;
use crate::redactor::{Means, Named};
use crate::scan::{Finding, Foreseen, SCORE_LEAST, Scratch};

/// Something found in a piece, before it is settled what happens to it.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(crate) range: Range<usize>,
    pub(crate) kind: Arc<str>,
    pub(crate) detector: Arc<str>,
    pub(crate) score: u8,
    pub(crate) who: Who,
    /// The value in one line, where it stands in several.
    pub(crate) joined: Option<Arc<str>>,
}

/// Whom a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Nobody has asked.
    Unasked,
    /// This person of the roster.
    Person(PersonId),
    /// This person of the roster of all inputs.
    Elsewhere(PersonId),
    /// This party.
    Party(usize),
    /// One of several: somebody has to look.
    Ambiguous,
}

/// Everything found in a piece, from left to right, apart. What a detector found is what it says it is; names, and values
/// known from elsewhere, are what is left beside it.
pub(crate) fn hits(means: &Means<'_>, scratch: &mut Scratch, memory: &Memory, piece: &Piece<'_>) -> Vec<Hit> {
    let foreseen = if piece.spot.is_name() { None } else { scratch.foreseen(piece.text) };
    if let Some(Foreseen { found, is_simple: true, .. }) = &foreseen
        && (!piece.prose || memory.known.is_empty())
    {
        let mut hits = found.iter().map(|finding| of_finding(means, finding, finding.range.clone())).collect();
        add_known(&mut hits, means, memory, piece, &Seen { text: piece.text, folded: None });
        return hits;
    }
    let folded = fold::folded(piece.text);
    let blanked = placeholder::blanked(folded.as_ref().map_or(piece.text, |folded| folded.text.as_slice()));
    let read = Seen { text: &blanked, folded: folded.as_ref() };
    let (seen, source) = (read.text, |range: &Range<usize>| read.source(range));
    let found: Cow<'_, [Finding]> = match foreseen {
        Some(foreseen) => foreseen.found.into(),
        None if piece.spot.is_name() => means.scanner.scan_name(scratch, seen, piece.names).into(),
        None => match seen_within(means, scratch, piece, seen) {
            true => scratch.settled().into(),
            false => means.scanner.scan(scratch, seen, piece.names).into(),
        },
    };
    let mut hits: Vec<Hit> = found.iter().map(|finding| of_finding(means, finding, source(&finding.range))).collect();
    for window in fold::alike(piece.text) {
        add_over(&mut hits, look_alikes(means, scratch, memory, piece, &window), piece.text);
    }
    let broken = joints::broken(means, scratch, memory, piece, seen).into_iter();
    let broken = broken.map(|hit| Hit { range: source(&hit.range), ..hit });
    let broken: Vec<Hit> = broken.filter(|hit| !is_known_before(&hits, hit, piece.text)).collect();
    add_over(&mut hits, broken, piece.text);
    add_known(&mut hits, means, memory, piece, &read);
    hits
}

/// What the detectors found in a piece of which nothing else is to be said: it is read as it stands, breaks no value over
/// its line ends, and nothing is known from elsewhere. `None`: ask [`hits`].
pub(crate) fn plain<'s>(
    means: &Means<'_>,
    scratch: &'s mut Scratch,
    memory: &Memory,
    piece: &Piece<'_>,
) -> Option<&'s [Finding]> {
    let asks_names = means.names.is_some() && (piece.prose || means.profile.names == Names::Always);
    let knows = !memory.known.is_empty() || memory.lore.is_some() || memory.roster.is_some();
    if asks_names || knows || piece.spot.is_name() {
        return None;
    }
    let text = piece.text;
    if scratch.foresees(text)? {
        return Some(scratch.settled());
    }
    if !fold::is_plain(text) || placeholder::has(text) || joints::may_break(text) {
        return None;
    }
    if !seen_within(means, scratch, piece, text) {
        means.scanner.scan(scratch, text, piece.names);
    }
    Some(scratch.settled())
}

/// A piece's text as it is read.
struct Seen<'a> {
    text: &'a [u8],
    folded: Option<&'a Folded>,
}

impl Seen<'_> {
    /// The bytes of the piece that a range of this was read from.
    fn source(&self, range: &Range<usize>) -> Range<usize> {
        self.folded.map_or_else(|| range.clone(), |folded| folded.source(range))
    }
}

/// Adds names, and values known from elsewhere, to what the detectors found in a piece.
fn add_known(hits: &mut Vec<Hit>, means: &Means<'_>, memory: &Memory, piece: &Piece<'_>, seen: &Seen<'_>) {
    if means.names.is_some() || memory.lore.is_some() {
        let is_whole = std::str::from_utf8(piece.text).is_ok();
        for (start, text) in lore::readable(piece.text) {
            add_names(hits, means, memory, piece, (start, text, is_whole));
        }
    }
    let again = memory.known.find(seen.text).into_iter().map(|again| known(again.kind, seen.source(&again.range)));
    add_beside(hits, again.collect(), piece.text);
    if let Some(lore) = &memory.lore {
        let taught = lore.again(seen.text).into_iter().map(|again| known(again.kind, seen.source(&again.range)));
        add_beside(hits, taught.collect(), piece.text);
        hits.retain(|hit| !memory.stays(hit.who));
    }
}

/// Whether a piece was scanned already, as a part of the block around it: then [`Scratch::settled`] is what is found in it.
fn seen_within(means: &Means<'_>, scratch: &mut Scratch, piece: &Piece<'_>, seen: &[u8]) -> bool {
    let Offsets::Straight { start, .. } = piece.offsets else { return false };
    // What is read in another way than it stands was not scanned in that way.
    let is_itself = std::ptr::eq(seen, piece.text);
    is_itself && means.scanner.within_block(scratch, start, seen, piece.names).is_some()
}

/// How many texts ahead are of use: so many keep a thread busy for longer than it takes to begin one.
pub(crate) fn reach(means: &Means<'_>) -> usize {
    const TEXTS_PER_JOB: usize = 4;
    if means.jobs > 1 { means.jobs * TEXTS_PER_JOB } else { 1 }
}

/// What [`Decide::ahead`] is for whoever has a scratch: the texts are scanned on several threads, and each is decided on
/// with what was found in it.
pub(crate) fn ahead<D: Decide>(
    decider: &mut D,
    means: &Means<'_>,
    scratch: fn(&mut D) -> &mut Scratch,
    texts: &[&[u8]],
    each: Each<'_>,
) -> Result<(), Fault> {
    let read = |text| {
        let read: Cow<'_, [u8]> = match fold::folded(text) {
            Some(folded) => placeholder::blanked(&folded.text).into_owned().into(),
            None => placeholder::blanked(text),
        };
        let is_simple = matches!(read, Cow::Borrowed(_)) && fold::is_plain(text) && !joints::may_break(text);
        (read, is_simple)
    };
    let mut crew = scratch(decider).crew();
    let worked = means.scanner.foresee(&mut crew, texts, means.jobs, &read, &mut |number, foreseen| {
        scratch(decider).expect(foreseen);
        each(number, &mut |piece| decider.decide(piece))
    });
    scratch(decider).rest(crew);
    worked
}

/// Whether a value over a line end is one that ends there, of the same type, and what happens to follow.
fn is_known_before(hits: &[Hit], broken: &Hit, text: &[u8]) -> bool {
    let line =
        memchr::memchr(b'\n', &text[broken.range.clone()]).map_or(broken.range.end, |at| broken.range.start + at);
    let end = text[..line].trim_ascii_end().len();
    hits.iter().any(|hit| hit.range.end == end && hit.range.start <= broken.range.start && hit.kind == broken.kind)
}

/// Adds the names in a part of a piece that is text: those that the network and the lists find, where they are asked,
/// and those of persons and organisations who are known already.
fn add_names(
    hits: &mut Vec<Hit>,
    means: &Means<'_>,
    memory: &Memory,
    piece: &Piece<'_>,
    (start, text, is_whole): (usize, &str, bool),
) {
    let spelled = fold::spelled(text);
    let read = spelled.as_ref().and_then(|read| std::str::from_utf8(&read.text).ok()).unwrap_or(text);
    let back = |mut hit: Hit| {
        let range = spelled.as_ref().map_or(hit.range.clone(), |read| read.source(&hit.range));
        hit.range = start + range.start..start + range.end;
        hit
    };
    let mentioned = everybody(means, memory, read);
    let asked = piece.prose || means.profile.names == Names::Always && !piece.spot.is_path();
    if let Some(names) = means.names.filter(|_| is_whole && asked) {
        let named = named(names(read), read, &mentioned);
        add_beside(hits, named.into_iter().map(back).collect(), piece.text);
        add_over(hits, joints::broken_names(means, read).into_iter().map(back).collect(), piece.text);
    }
    let sure = mentioned.into_iter().filter(lore::is_sure);
    add_beside(hits, sure.map(back).collect(), piece.text);
}

/// Everybody who is known already and mentioned in a text, the longest mention at each place: parties as they are spelled,
/// then persons of this input, then persons of the others.
fn everybody(means: &Means<'_>, memory: &Memory, text: &str) -> Vec<Hit> {
    let mut all = memory.lore.as_ref().map(|lore| lore.spelled(text)).unwrap_or_default();
    if let Some(roster) = memory.roster.as_ref().filter(|_| means.names.is_some()) {
        all.extend(mentions(roster, text));
    }
    let Some(lore) = &memory.lore else { return all };
    all.extend(lore.mentions(text));
    // A stable sort: of two mentions of the same length the first one counts.
    all.sort_by_key(|hit| std::cmp::Reverse(hit.range.len()));
    let mut apart: Vec<Hit> = Vec::with_capacity(all.len());
    for hit in all {
        let at = apart.partition_point(|other| other.range.end <= hit.range.start);
        if apart.get(at).is_none_or(|other| other.range.start >= hit.range.end) {
            apart.insert(at, hit);
        }
    }
    apart
}

/// What a detector found, at `range` of the piece.
fn of_finding(means: &Means<'_>, finding: &Finding, range: Range<usize>) -> Hit {
    let detector = means.scanner.detector(finding);
    let (kind, id) = (detector.kind.clone(), detector.id.clone());
    Hit { range, kind, detector: id, score: finding.score, who: Who::Unasked, joined: None }
}

/// A value that is known from elsewhere.
fn known(kind: Arc<str>, range: Range<usize>) -> Hit {
    Hit { range, kind, detector: Arc::from("known"), score: SCORE_LEAST, who: Who::Unasked, joined: None }
}

/// What is found in a line whose words look like others.
fn look_alikes(means: &Means<'_>, scratch: &mut Scratch, memory: &Memory, piece: &Piece<'_>, line: &Alike) -> Vec<Hit> {
    let text = line.folded.text.as_slice();
    let found = match line.is_whole(piece.text) && !piece.spot.is_name() {
        true => means.scanner.scan(scratch, text, piece.names),
        false => means.scanner.scan_name(scratch, text, piece.names),
    };
    let found = found.iter().filter_map(|finding| Some(of_finding(means, finding, line.source(&finding.range)?)));
    let mut hits: Vec<Hit> = found.collect();
    let again = memory.known.find(text).into_iter();
    hits.extend(again.filter_map(|again| Some(known(again.kind, line.source(&again.range)?))));
    hits
}

/// Names found in a text, except in placeholders of ours, with the persons that the roster knows.
pub(crate) fn named(names: Vec<Named>, text: &str, mentioned: &[Hit]) -> Vec<Hit> {
    let ours = placeholder::places(text);
    let overlap = |a: &Range<usize>, b: &Range<usize>| a.start < b.end && b.start < a.end;
    let hit = |named: Named| {
        let can_be = |hit: &&Hit| named.kind == PERSON || *hit.detector == *KNOWN_PARTY;
        let who = mentioned.iter().find(|hit| overlap(&hit.range, &named.range) && can_be(hit));
        Hit {
            who: who.map_or(Who::Unasked, |hit| hit.who),
            range: named.range,
            kind: Arc::from(named.kind),
            detector: Arc::from(named.detector),
            score: named.score,
            joined: None,
        }
    };
    names.into_iter().filter(|named| !ours.iter().any(|place| overlap(place, &named.range))).map(hit).collect()
}

/// Every form of the known persons' names. One that is a common word as well says whom a name stands for, where the
/// network or the lists take it for a name, and is nothing by itself: its score is 0.
fn mentions(roster: &Roster, text: &str) -> Vec<Hit> {
    let hit = |mention: Mention| {
        let (who, score) = match mention.reading {
            Reading::Person(person) => (Who::Person(person), 85),
            Reading::Ambiguous(_) => (Who::Ambiguous, 85),
            Reading::CommonWord(person) => (Who::Person(person), 0),
        };
        Hit {
            range: mention.range,
            kind: Arc::from(PERSON),
            detector: Arc::from("names.roster"),
            score,
            who,
            joined: None,
        }
    };
    roster.find(text).into_iter().map(hit).collect()
}

pub(crate) const PERSON: &str = "person";

/// Adds `more`, in place of what is a part of it and no surer.
fn add_over(hits: &mut Vec<Hit>, more: Vec<Hit>, text: &[u8]) {
    let is_part = |other: &Hit, of: &Hit| {
        of.range.start <= other.range.start
            && other.range.end <= of.range.end
            && other.range.len() < of.range.len()
            && other.score <= of.score
    };
    hits.retain(|other| !more.iter().any(|hit| is_part(other, hit)));
    add_beside(hits, more, text);
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
