//! Values that a line end breaks in two: `DE89 3704 0044` here, `0532 0130 00` on the next line.
//!
//! A second look, at the few line ends where a number, an address or a name may go on: the end of the line and the
//! beginning of the next are put together, without what a wrapped paragraph, a quoted mail (`> `), a comment or a log's
//! continuation puts between them. What is found there must reach over the line end. Records are no wrapped lines: lines
//! that begin alike, as those of logs and columns do, are not put together.

use std::ops::Range;
use std::sync::Arc;

use memchr::{memchr, memchr_iter, memrchr};

use crate::Detector;
use crate::fold::Folded;
use crate::hits::{Hit, PERSON, Who, named};
use crate::memory::Memory;
use crate::piece::Piece;
use crate::redactor::Means;
use crate::scan::{Finding, SCORE_LEAST, Scratch};

/// So many bytes before a line end, and so many after it, are put together.
const TAIL: usize = 64;
const HEAD: usize = 96;

/// Shorter numbers are not looked for over line ends.
const DIGITS_LEAST: usize = 9;

/// So much of a line may be quotation and indent.
const PREFIX_MAX: usize = 24;

/// What is found over the line ends of a piece, whose text is read as `seen`; ranges are those of `seen`.
pub(crate) fn broken(
    means: &Means<'_>,
    scratch: &mut Scratch,
    memory: &Memory,
    piece: &Piece<'_>,
    seen: &[u8],
) -> Vec<Hit> {
    let mut hits = Vec::new();
    for joint in memchr_iter(b'\n', seen).filter_map(|at| Joint::new(seen, at)) {
        if joint.breaks_value() {
            let ways = joint.glues().iter().map(|glue| (*glue, joint.joined(*glue)));
            let found = ways.filter_map(|(glue, joined)| found(means, scratch, piece, glue, &joined)).next();
            hits.extend(found);
        }
        if piece.prose && !memory.known.is_empty() {
            let ways = joint.glues().iter().map(|glue| joint.joined(*glue));
            hits.extend(ways.filter_map(|joined| again(memory, &joined)).next());
        }
    }
    hits
}

/// Whether a number or an address may go on over some line end.
pub(crate) fn may_break(text: &[u8]) -> bool {
    memchr_iter(b'\n', text).filter_map(|at| Joint::new(text, at)).any(|joint| joint.breaks_value())
}

/// The names of persons over line ends where they do not stand as the network would see them: after a hyphen, and where
/// the next line is quoted.
pub(crate) fn broken_names(means: &Means<'_>, text: &str) -> Vec<Hit> {
    let Some(names) = means.names else { return Vec::new() };
    let bytes = text.as_bytes();
    let joints = memchr_iter(b'\n', bytes).filter_map(|at| Joint::new(bytes, at)).filter(Joint::breaks_name);
    let found = joints.flat_map(|joint| {
        let joined = joint.joined(joint.name_glue());
        let read = String::from_utf8_lossy(&joined.folded.text).into_owned();
        let persons = named(names(&read), &read, &[]).into_iter().filter(|hit| *hit.kind == *PERSON);
        persons.filter_map(|hit| joined.hit(&hit)).collect::<Vec<_>>()
    });
    found.collect()
}

/// What the detectors find over a line end.
fn found(means: &Means<'_>, scratch: &mut Scratch, piece: &Piece<'_>, glue: Glue, joined: &Joined) -> Option<Hit> {
    let found = means.scanner.scan_name(scratch, &joined.folded.text, piece.names).iter();
    let mut hits = found.filter_map(|finding| {
        let detector = means.scanner.detector(finding);
        let is_grouped = glue == Glue::Blank || joined.folded.text[..joined.at].last() == Some(&b'-');
        let hit = Hit {
            range: finding.range.clone(),
            kind: detector.kind.clone(),
            detector: detector.id.clone(),
            score: finding.score,
            who: Who::Unasked,
            joined: None,
        };
        // What begins with `@` in a program is a decorator, and what stands before it is none of its business.
        let is_decorator = !piece.prose && joined.folded.text.get(joined.at) == Some(&b'@');
        (is_strong(detector, finding, is_grouped) && !is_decorator).then(|| joined.hit(&hit)).flatten()
    });
    hits.next()
}

/// A value known from elsewhere over a line end.
fn again(memory: &Memory, joined: &Joined) -> Option<Hit> {
    memory.known.find(&joined.folded.text).into_iter().find_map(|again| {
        let (range, kind) = (again.range, again.kind);
        let hit =
            Hit { range, kind, detector: Arc::from("known"), score: SCORE_LEAST, who: Who::Unasked, joined: None };
        joined.hit(&hit)
    })
}

/// Whether a finding is sure enough for a value of which nobody knows that it was one: its check passed, and its form
/// or a word around it tells what it is.
fn is_strong(detector: &Detector, finding: &Finding, is_grouped: bool) -> bool {
    let is_told = !detector.context.is_empty() && finding.score >= detector.score.context;
    let is_formed = match &*detector.kind {
        "iban" | "email" => true,
        "card" => is_grouped,
        "phone" => detector.score.valid >= 85,
        _ => false,
    };
    detector.check.is_some() && (is_told || is_formed)
}

/// A line end where a value may go on.
#[derive(Clone, Debug)]
struct Joint<'t> {
    text: &'t [u8],
    /// What stands before it, without blanks at the end.
    tail: Range<usize>,
    /// Where the next line goes on, without quotation and indent.
    head: usize,
}

/// What stands between the parts of a value once they are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Glue {
    /// A blank.
    Blank,
    /// Nothing.
    Nothing,
    /// Nothing, and the hyphen before the line end goes.
    NoHyphen,
}

/// The lines around a line end, put together.
#[derive(Debug)]
struct Joined {
    folded: Folded,
    /// Where the second line begins.
    at: usize,
    /// Whether more stands before and after.
    is_cut: [bool; 2],
}

impl Joined {
    /// What was found, where it stands in the original; `None` where it does not reach over the line end, or may be cut
    /// off.
    fn hit(&self, hit: &Hit) -> Option<Hit> {
        let text = &self.folded.text;
        let Range { start, end } = hit.range;
        let is_cut = self.is_cut[0] && start == 0 || self.is_cut[1] && end == text.len();
        let joined = || Some(Arc::from(String::from_utf8_lossy(&text[start..end])));
        (start < self.at && self.at < end && !is_cut).then(|| Hit {
            range: self.folded.source(&hit.range),
            joined: joined(),
            ..hit.clone()
        })
    }
}

/// The last line end up to `at` that breaks no value: `at` itself when all do. What stands behind `at` is not known.
pub(crate) fn last_sound(text: &[u8], at: usize) -> usize {
    let mut end = at;
    loop {
        // The line behind has to be there as far as it is looked at.
        let rest = &text[end + 1..];
        let is_known = rest.len() >= PREFIX_MAX + HEAD || memchr(b'\n', rest).is_some();
        let is_sound = || Joint::new(text, end).is_none_or(|joint| !joint.breaks_value() && !joint.breaks_name());
        if is_known && is_sound() {
            return end;
        }
        match memrchr(b'\n', &text[..end]) {
            Some(before) => end = before,
            None => return at,
        }
    }
}

/// The line ends within a value, each with the blanks and the quotation around it.
pub(crate) fn line_ends(value: &[u8]) -> String {
    let ends = memchr_iter(b'\n', value).map(|at| {
        let start = value[..at].trim_ascii_end().len();
        let next = at + 1 + prefix(&value[at + 1..]);
        String::from_utf8_lossy(&value[start..next]).into_owned()
    });
    ends.collect()
}

impl<'t> Joint<'t> {
    /// The line end at `at`, when there is something on both sides.
    fn new(text: &'t [u8], at: usize) -> Option<Self> {
        let mut end = at;
        while end > 0 && matches!(text[end - 1], b' ' | b'\t' | b'\r') {
            end -= 1;
        }
        let head = at + 1 + prefix(&text[at + 1..]);
        let is_text = |byte: Option<&u8>| byte.is_some_and(|byte| !byte.is_ascii_control());
        let last = end.checked_sub(1).and_then(|last| text.get(last));
        (is_text(last) && is_text(text.get(head))).then(|| Joint { text, tail: end.saturating_sub(TAIL)..end, head })
    }

    fn last(&self) -> u8 {
        self.text[self.tail.end - 1]
    }

    fn first(&self) -> u8 {
        self.text[self.head]
    }

    /// Whether a number or an address may go on here.
    fn breaks_value(&self) -> bool {
        let (last, first) = (self.last(), self.first());
        let is_part = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
        let number = (is_part(last) || b"-+()/".contains(&last)) && (is_part(first) || b"-(".contains(&first));
        number && self.breaks_number() || self.breaks_address()
    }

    /// Enough digits on both sides, no date behind, and no column or list of records.
    fn breaks_number(&self) -> bool {
        if is_date(&self.text[self.head..]) {
            return false;
        }
        let digits =
            |range: &Range<usize>| self.text[range.clone()].iter().filter(|byte| byte.is_ascii_digit()).count();
        let head = digits(&self.number_after());
        if head == 0 {
            return false;
        }
        let before = self.number_before();
        let tail = digits(&before);
        let is_enough = tail > 0 && tail + head >= DIGITS_LEAST;
        is_enough && (has_account(&self.text[before.clone()]) || !self.is_list(before.start))
    }

    /// The groups of digits and capitals at the end of the line.
    fn number_before(&self) -> Range<usize> {
        let part = &self.text[self.tail.clone()];
        let count = part.iter().rev().take_while(|byte| is_of_number(**byte)).count();
        let start = self.tail.end - count;
        // A group that is part of a word, a time or an address is none.
        let is_whole =
            self.text[..start].last().is_none_or(|byte| !byte.is_ascii_alphanumeric() && !b".:_@".contains(byte));
        let blank = memchr(b' ', &self.text[start..self.tail.end]);
        let skipped = if is_whole { Some(0) } else { blank };
        skipped.map_or(self.tail.end, |skipped| start + skipped)..self.tail.end
    }

    /// The groups of digits and capitals at the beginning of the next line.
    fn number_after(&self) -> Range<usize> {
        let part = &self.text[self.head..self.text.len().min(self.head + TAIL)];
        let count = part.iter().take_while(|byte| is_of_number(**byte)).count();
        let goes_on = match part[count..] {
            [b'.', next, ..] => next.is_ascii_digit(),
            [byte, ..] => byte.is_ascii_alphanumeric() || b":_@".contains(&byte),
            [] => false,
        };
        let kept = if goes_on { memrchr(b' ', &part[..count]).unwrap_or(0) } else { count };
        self.head..self.head + kept
    }

    /// Whether this line and the next begin alike, before the number; or, when the number is all of the line, whether
    /// a third line is like them.
    fn is_list(&self, number: usize) -> bool {
        let start = memrchr(b'\n', &self.text[..number]).map_or(0, |at| at + 1);
        let start = start + prefix(&self.text[start..]);
        let like = |one: usize, other: usize| shape(&self.text[one..]).eq(shape(&self.text[other..]));
        if start < number {
            return like(start, self.head);
        }
        let line_before = self.text[..start].len() - prefix_before(&self.text[..start]);
        let before = line_before.checked_sub(1).map(|end| {
            let start = memrchr(b'\n', &self.text[..end]).map_or(0, |at| at + 1);
            start + prefix(&self.text[start..])
        });
        let after = memchr(b'\n', &self.text[self.head..]).map(|at| {
            let start = self.head + at + 1;
            start + prefix(&self.text[start..])
        });
        let is_like =
            |other: Option<usize>, one: usize| other.is_some_and(|other| other < self.text.len() && like(one, other));
        is_like(before, start) || is_like(after, self.head)
    }

    /// An address that is not at its end, or has its sign at the line end.
    fn breaks_address(&self) -> bool {
        let (last, first) = (self.last(), self.first());
        if !(is_of_address(last) && is_of_address(first)) {
            return false;
        }
        // Most lines have none near their end.
        if first != b'@' && last != b'-' && memrchr(b'@', &self.text[self.tail.clone()]).is_none() {
            return false;
        }
        let before = self.word_before();
        match memrchr(b'@', before) {
            Some(0) => false,
            Some(sign) => b"-.@".contains(&last) || !is_domain(&before[sign + 1..]),
            None => first == b'@' || last == b'-' && memchr(b'@', self.word_after()).is_some_and(|at| at > 0),
        }
    }

    fn word_before(&self) -> &'t [u8] {
        let part = &self.text[self.tail.clone()];
        &part[part.len() - part.iter().rev().take_while(|byte| is_of_address(**byte)).count()..]
    }

    fn word_after(&self) -> &'t [u8] {
        let part = &self.text[self.head..self.text.len().min(self.head + TAIL)];
        &part[..part.iter().take_while(|byte| is_of_address(**byte)).count()]
    }

    /// A hyphen that a wrapped word has, or a quoted line: the words on both sides are letters.
    fn breaks_name(&self) -> bool {
        let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte >= 0x80;
        let (last, first) = (self.last(), self.first());
        let is_hyphen = last == b'-' && self.tail.len() > 1 && is_letter(self.text[self.tail.end - 2]);
        let between = &self.text[self.tail.end..self.head];
        let is_quoted = is_letter(last) && !between.trim_ascii().is_empty();
        is_hyphen && is_letter(first) || is_quoted && (first.is_ascii_uppercase() || first >= 0x80)
    }

    /// A hyphen before a small letter is that of a wrapped word.
    fn name_glue(&self) -> Glue {
        match self.last() {
            b'-' if self.first().is_ascii_lowercase() => Glue::NoHyphen,
            b'-' => Glue::Nothing,
            _ => Glue::Blank,
        }
    }

    /// The ways to put the two lines together.
    fn glues(&self) -> &'static [Glue] {
        match self.last() {
            b'-' => &[Glue::Nothing, Glue::NoHyphen],
            _ => &[Glue::Blank, Glue::Nothing],
        }
    }

    /// The two lines put together; a third and a fourth where they are short.
    fn joined(&self, glue: Glue) -> Joined {
        let mut folded = Folded::default();
        let start = whole_from(self.text, &self.tail);
        let tail = start..self.tail.end - usize::from(glue == Glue::NoHyphen);
        folded.copy(&self.text[tail.clone()], tail.start);
        if glue == Glue::Blank {
            folded.put(b" ", self.tail.end..self.head);
        }
        let at = folded.text.len();
        let most = self.text.len().min(self.head + HEAD);
        let mut from = self.head;
        let mut is_cut = false;
        while from < most {
            let line = memchr(b'\n', &self.text[from..most]).map_or(most, |at| from + at);
            let end = from + self.text[from..line].trim_ascii_end().len();
            folded.copy(&self.text[from..end], from);
            is_cut = line == most && most < self.text.len() && self.text[most] != b'\n';
            let next = line + 1 + prefix(self.text.get(line + 1..).unwrap_or_default());
            if glue == Glue::Blank && next < most {
                folded.put(b" ", end..next);
            }
            from = next;
        }
        let goes_on = start > 0 && self.text[start - 1] != b'\n';
        Joined { folded, at, is_cut: [goes_on, is_cut] }
    }
}

/// Where the tail begins without half a character.
fn whole_from(text: &[u8], tail: &Range<usize>) -> usize {
    let line = memrchr(b'\n', &text[tail.clone()]).map_or(tail.start, |at| tail.start + at + 1);
    line + text[line..tail.end].iter().take_while(|byte| **byte & 0xC0 == 0x80).count()
}

/// Bytes of quotation, comment and indent at the beginning of a line: `> `, `# `, `// `, ` * `, `| `.
fn prefix(line: &[u8]) -> usize {
    let is_sign = |byte: u8| b">|#*/".contains(&byte);
    let count = line.iter().take(PREFIX_MAX).take_while(|byte| matches!(byte, b' ' | b'\t') || is_sign(**byte)).count();
    // A sign that belongs to a word is text.
    match line[..count].last() {
        Some(sign) if *sign != b'>' && is_sign(*sign) => {
            line[..count].iter().rposition(|byte| !is_sign(*byte)).map_or(0, |at| at + 1)
        }
        _ => count,
    }
}

/// How much of the end of `before` is the prefix of the line that begins behind it.
fn prefix_before(before: &[u8]) -> usize {
    before.len() - memrchr(b'\n', before).map_or(0, |at| at + 1)
}

/// Whether an account number (ISO 13616) begins here: its checksum is proof enough, whatever the lines look like.
fn has_account(text: &[u8]) -> bool {
    let begins = |group: &[u8]| matches!(group, [a, b, c, d, ..] if [a, b].iter().all(|x| x.is_ascii_uppercase()) && [c, d].iter().all(|x| x.is_ascii_digit()));
    text.split(|byte| *byte == b' ').any(begins)
}

fn is_of_number(byte: u8) -> bool {
    byte.is_ascii_digit() || byte.is_ascii_uppercase() || b" -+()/".contains(&byte)
}

fn is_of_address(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._%+-@'=".contains(&byte)
}

/// Names with dots between, the last of letters: nothing has to follow.
fn is_domain(text: &[u8]) -> bool {
    let Some(dot) = memrchr(b'.', text) else { return false };
    let last = &text[dot + 1..];
    dot > 0 && last.len() >= 2 && last.iter().all(u8::is_ascii_alphabetic)
}

/// `2026-11-21` and `2026/11/21`, as lines of logs begin.
fn is_date(line: &[u8]) -> bool {
    let Some(date) = line.first_chunk::<10>() else { return false };
    matches!(date[4], b'-' | b'/')
        && matches!(date[7], b'-' | b'/')
        && [0, 1, 2, 3, 5, 6, 8, 9].iter().all(|at| date[*at].is_ascii_digit())
}

/// The kinds of the characters of a line's first word: digits, capitals, small letters, signs.
fn shape(line: &[u8]) -> impl Iterator<Item = u8> {
    line.iter().take(24).take_while(|byte| !byte.is_ascii_whitespace()).map(|byte| match byte {
        b'0'..=b'9' => b'0',
        b'A'..=b'Z' => b'A',
        b'a'..=b'z' => b'a',
        other => *other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a value may go on, by the beginning of the next line.
    fn check(text: &str, expect: &[&str]) {
        let bytes = text.as_bytes();
        let joints = memchr_iter(b'\n', bytes).filter_map(|at| Joint::new(bytes, at));
        let heads: Vec<&str> = joints
            .filter(Joint::breaks_value)
            .map(|joint| text[joint.head..].lines().next().unwrap_or_default())
            .collect();
        assert_eq!(heads, expect, "{text:?}");
    }

    /// Numbers and addresses may go on; times, dates, records, columns and whole addresses do not.
    #[test]
    fn few_line_ends_break_a_value() {
        check("DE89 3704\n  0044 0532\n", &["0044 0532"]);
        check("DE89 3704 \r\n> 0044 0532\n", &["0044 0532"]);
        check("call +49 30\n# 12345678\n", &["12345678"]);
        check("ada@exam\nple.org, ada\n@example.org", &["ple.org, ada", "@example.org"]);
        check("status 200 1234\n203.0.113.7 - - [x] 200 1235\n203.0.113.8", &[]);
        check("took 12345678\n2026-11-21 10:00:00 took 1\n", &[]);
        check("took 12345678\n10:00:00 took 1\n", &[]);
        check("1700000001 took 12345\n1700000002 took 12346\n1700000003", &[]);
        check("12345678\n12345679\n12345680\n", &[]);
        check("ada@example.org\nnow", &[]);
        check("word\nword, 12\n34\n\n", &[]);
    }

    /// Every way to put lines together leads back to the text.
    #[test]
    fn joined_lines_lead_back() {
        let text = b"aaa 12-\r\n> 34 5\n> 6 bbb";
        let joint = Joint::new(text, 8).unwrap();
        assert_eq!(joint.joined(Glue::NoHyphen).folded.text, b"aaa 1234 56 bbb");
        let joined = joint.joined(Glue::Nothing);
        assert_eq!(joined.folded.text, b"aaa 12-34 56 bbb");
        assert_eq!(joined.folded.source(&(4..12)), 4..19);
        assert_eq!(joined.folded.source(&(0..3)), 0..3);
    }

    /// Line ends of a value, with what belongs to them.
    #[test]
    fn line_ends_are_kept() {
        assert_eq!(line_ends(b"12 \r\n> 34\n  5"), " \r\n> \n  ");
        assert_eq!(line_ends(b"12"), "");
    }

    /// A block ends where the line behind is known and breaks nothing.
    #[test]
    fn blocks_end_between_values() {
        let text = format!("one\ntwo DE89 3704\n0044 0532 {}\nlast", "x".repeat(200));
        let at = memrchr(b'\n', text.as_bytes()).unwrap();
        assert_eq!(last_sound(text.as_bytes(), at), 3);
        assert_eq!(last_sound(b"1\n2", 1), 1);
    }
}
