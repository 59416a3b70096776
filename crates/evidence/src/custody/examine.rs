//! What was done to a log that is not as it was written, and where.
//!
//! Each line quotes the digest of the line before, so that the lines that nobody touched still hang together, wherever they
//! stand now. What hangs nowhere, what two lines follow, what stands out of its place and which numbers are missing tell
//! altered, inserted, moved and removed lines apart. Whoever rewrites all lines behind a change leaves no such trace; then
//! the head is another one, which the ledger and every package have.

use std::collections::{BTreeMap, BTreeSet};

use model::{Digest, Fault, Place, counted};

use super::{Chain, Entry};
use crate::Limits;
use crate::wire::CustodyLine;

/// What was done to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tampering {
    /// Its bytes are not those that the line behind it quotes, or are no entry.
    Altered,
    /// It was put in: no line follows it.
    Inserted,
    /// Lines before it are missing.
    Removed,
    /// It stands in another place than it was written.
    Moved,
}

impl Tampering {
    /// The word that people and machines read.
    pub fn word(self) -> &'static str {
        match self {
            Tampering::Altered => "altered",
            Tampering::Inserted => "inserted",
            Tampering::Removed => "removed",
            Tampering::Moved => "moved",
        }
    }
}

/// One thing that was done to a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The line of the file to look at, from 1.
    pub line: u64,
    /// What was done.
    pub tampering: Tampering,
    /// The same as a sentence without a full stop, with the line in it.
    pub said: String,
}

/// Walks a log from its first line to its last.
///
/// # Errors
/// What was done to it, in the order of the lines; at least one finding.
pub fn examine(log: &[u8]) -> Result<Chain, Vec<Finding>> {
    let mut chain = Chain::EMPTY;
    for line in log.split_inclusive(|byte| *byte == b'\n') {
        let Some(content) = line.strip_suffix(b"\n") else {
            chain.torn = line.len() as u64;
            break;
        };
        match follow(&chain, content) {
            Ok(entry) => chain.entries.push(entry),
            Err(why) => return Err(explain(log, chain.entries.len(), why)),
        }
        chain.head = seal::sha256(content);
        chain.bytes += line.len() as u64;
    }
    Ok(chain)
}

/// The fault of a log that does not hold.
pub(super) fn broken(findings: &[Finding]) -> Fault {
    let said: Vec<&str> = findings.iter().take(SAID).map(|finding| finding.said.as_str()).collect();
    let more = match findings.len().saturating_sub(SAID) {
        0 => String::new(),
        more => format!("; and {} more", counted(more as u64, "finding", "findings")),
    };
    let line = findings.first().map_or(0, |finding| finding.line);
    Fault::unverified("custody-broken", format!("The custody log is broken: {}{more}", said.join("; ")))
        .advise("Somebody or something changed the log. Compare it with a package that was built before, which holds a copy.")
        .at(Place::line(line, 0))
}

/// How many findings one message names.
const SAID: usize = 5;

/// The entry of a line, if the line follows the chain.
fn follow(chain: &Chain, content: &[u8]) -> Result<Entry, String> {
    let number = chain.entries.len() as u64 + 1;
    if chain.entries.len() >= Limits::CUSTODY_ENTRIES {
        return Err("the log is longer than a custody log can be".to_owned());
    }
    let entry = parse(content)?;
    if entry.prev != chain.head {
        return Err(format!("it does not follow line {}", number - 1));
    }
    if entry.seq != number {
        return Err(format!("its number is {}", entry.seq));
    }
    if chain.entries.last().is_some_and(|last| last.time > entry.time) {
        return Err("its time is before that of the line before".to_owned());
    }
    Ok(entry)
}

fn parse(content: &[u8]) -> Result<Entry, String> {
    if content.len() > Limits::CUSTODY_LINE_BYTES {
        return Err("it is longer than a custody line can be".to_owned());
    }
    let line: CustodyLine =
        serde_json::from_slice(content).map_err(|error| format!("it is no custody entry ({error})"))?;
    let entry = Entry::try_from(line)?;
    // One entry has one line: no spaces, no other order, nothing a second reader could understand in another way.
    match serde_json::to_vec(&CustodyLine::from(&entry)).ok().as_deref() == Some(content) {
        true => Ok(entry),
        false => Err("it is not written as probity writes it".to_owned()),
    }
}

/// Where a line hangs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// It is the first of a log.
    Nothing,
    /// It quotes the digest of the line at this index.
    Line(usize),
    /// It quotes a digest that no line has.
    Lost,
}

struct Line {
    entry: Result<Entry, String>,
    before: Before,
    /// The lines that quote this one.
    behind: Vec<usize>,
}

impl Line {
    fn seq(&self) -> u64 {
        self.entry.as_ref().map_or(0, |entry| entry.seq)
    }
}

/// All that was done, as far as the lines show. `first` is the index of the first line that does not follow, and why.
fn explain(log: &[u8], first: usize, why: String) -> Vec<Finding> {
    let contents: Vec<&[u8]> =
        log.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n")).collect();
    let mut findings = Vec::new();
    if contents.len() <= Limits::CUSTODY_ENTRIES {
        let lines = hang(&contents);
        let mut odd = inserted(&lines, &mut findings);
        altered_and_removed(&lines, &odd, &mut findings);
        odd.extend(findings.iter().map(|finding: &Finding| finding.line as usize - 1));
        moved(&lines, &odd, &mut findings);
    }
    if findings.is_empty() {
        // The lines hang together and yet one of them is wrong: whoever wrote it wrote those behind it too.
        findings.push(finding(first, Tampering::Altered, |line| format!("line {line} was altered: {why}")));
    }
    findings.sort_by_key(|finding| (finding.line, finding.tampering));
    findings
}

fn finding(index: usize, tampering: Tampering, say: impl Fn(u64) -> String) -> Finding {
    let line = index as u64 + 1;
    Finding { line, tampering, said: say(line) }
}

/// Finds for each line the line that it quotes.
fn hang(contents: &[&[u8]]) -> Vec<Line> {
    let mut places: BTreeMap<Digest, usize> = BTreeMap::new();
    for (index, content) in contents.iter().enumerate() {
        places.entry(seal::sha256(content)).or_insert(index);
    }
    let mut lines: Vec<Line> = contents
        .iter()
        .map(|content| {
            let entry = parse(content);
            let before = match &entry {
                Ok(entry) if entry.prev == Digest::ZERO => Before::Nothing,
                Ok(entry) => places.get(&entry.prev).map_or(Before::Lost, |index| Before::Line(*index)),
                Err(_) => Before::Lost,
            };
            Line { entry, before, behind: Vec::new() }
        })
        .collect();
    for index in 0..lines.len() {
        if let Before::Line(before) = lines[index].before {
            lines[before].behind.push(index);
        }
    }
    lines
}

/// Of the lines that quote the same line, the one with most lines behind it was there; the others, and what hangs on them,
/// were put in. Returns them.
fn inserted(lines: &[Line], findings: &mut Vec<Finding>) -> BTreeSet<usize> {
    let weights = weights(lines);
    let mut odd = BTreeSet::new();
    let roots: Vec<usize> = (0..lines.len()).filter(|index| lines[*index].before == Before::Nothing).collect();
    for (place, several) in
        std::iter::once((None, &roots)).chain(lines.iter().enumerate().map(|(at, line)| (Some(at), &line.behind)))
    {
        let Some(most) = several.iter().map(|index| weights[*index]).max().filter(|_| several.len() > 1) else {
            continue;
        };
        let follows = place.map_or("begin the log".to_owned(), |at| format!("follow line {}", at + 1));
        let equal: Vec<usize> = several.iter().copied().filter(|index| weights[*index] == most).collect();
        for index in several.iter().copied().filter(|index| *index != equal[equal.len() - 1]) {
            let said = |line: u64| match equal.contains(&index) {
                true => format!("line {line} or line {} was inserted: both {follows}", equal[equal.len() - 1] + 1),
                false => format!("line {line} was inserted: the log goes on without it"),
            };
            findings.push(finding(index, Tampering::Inserted, said));
            odd.extend(below(lines, index));
        }
    }
    odd
}

/// How many lines hang on each line, itself included. What quotes itself in a circle cannot be: that would be a collision.
fn weights(lines: &[Line]) -> Vec<usize> {
    let mut weights = vec![1; lines.len()];
    let mut open: Vec<usize> = vec![0; lines.len()];
    lines.iter().enumerate().for_each(|(index, line)| open[index] = line.behind.len());
    let mut leaves: Vec<usize> = (0..lines.len()).filter(|index| open[*index] == 0).collect();
    while let Some(index) = leaves.pop() {
        if let Before::Line(before) = lines[index].before {
            weights[before] += weights[index];
            open[before] -= 1;
            if open[before] == 0 {
                leaves.push(before);
            }
        }
    }
    weights
}

/// A line and all that hangs on it.
fn below(lines: &[Line], index: usize) -> Vec<usize> {
    let mut all = vec![index];
    let mut at = 0;
    while let Some(index) = all.get(at).copied() {
        all.extend(&lines[index].behind);
        at += 1;
    }
    all
}

/// A run of lines that hang together ends where the next one quotes what is not there any more: the last line of the run was
/// altered, or lines behind it were removed. The numbers tell which.
fn altered_and_removed(lines: &[Line], odd: &BTreeSet<usize>, findings: &mut Vec<Finding>) {
    let unread: Vec<usize> = (0..lines.len()).filter(|index| lines[*index].entry.is_err()).collect();
    for index in &unread {
        let why = lines[*index].entry.as_ref().err().map_or("", String::as_str);
        let spared = *index > 0 && lines.get(index + 1).is_some_and(|next| next.before == Before::Line(index - 1));
        findings.push(match spared {
            true => finding(*index, Tampering::Inserted, |line| {
                format!("line {line} was inserted: {why}, and the log goes on without it")
            }),
            false => finding(*index, Tampering::Altered, |line| format!("line {line} was altered: {why}")),
        });
    }
    let mut sound: Vec<usize> =
        (0..lines.len()).filter(|index| lines[*index].entry.is_ok() && !odd.contains(index)).collect();
    sound.sort_by_key(|index| (lines[*index].seq(), *index));
    for (at, index) in sound.iter().copied().enumerate() {
        if lines[index].before != Before::Lost {
            continue;
        }
        let last = at.checked_sub(1).map(|at| sound[at]);
        let lost = lines[index].seq().saturating_sub(last.map_or(0, |last| lines[last].seq()) + 1);
        // Altered lines that cannot be read have no number: they stand for as many of those that are missing.
        let between =
            unread.iter().filter(|unread| last.is_none_or(|last| **unread > last) && **unread < index).count() as u64;
        if lost > between {
            findings.push(removed(index, lines[index].seq() - lost, lost, between));
        } else if lost == 0 {
            findings.extend(altered(lines, &sound, at, findings));
        }
    }
}

fn removed(index: usize, from: u64, lost: u64, unread: u64) -> Finding {
    let what = match (lost, unread) {
        (1, 0) => format!("the line with the number {from} was removed"),
        (_, 0) => format!("the lines with the numbers {from} to {} were removed", from + lost - 1),
        _ => format!(
            "of the lines with the numbers {from} to {} {} removed",
            from + lost - 1,
            counted(lost - unread, "was", "were")
        ),
    };
    finding(index, Tampering::Removed, |line| match line {
        1 => format!("{what} before line 1, which begins no log"),
        _ => format!("{what} before line {line}, which does not follow line {}", line - 1),
    })
}

/// The line at `sound[at]` quotes what no line has, and no number is missing before it.
fn altered(lines: &[Line], sound: &[usize], at: usize, findings: &[Finding]) -> Option<Finding> {
    let index = sound[at];
    let last = at.checked_sub(1).map(|at| sound[at]);
    if last.is_some_and(|last| !lines[last].behind.is_empty()) {
        let said = |line| format!("line {line} was inserted: it follows no line, and the log goes on without it");
        return Some(finding(index, Tampering::Inserted, said));
    }
    let next = sound.get(at + 1).map(|next| &lines[*next]);
    // Neither it nor the line behind it fits: that its own bytes were changed explains both.
    let alone = next.is_some_and(|next| next.before == Before::Lost && next.seq() == lines[index].seq() + 1);
    let Some(last) = last.filter(|_| !alone) else {
        let said =
            |line| format!("line {line} was altered: it does not follow the line before it, nor the next line it");
        return Some(finding(index, Tampering::Altered, said));
    };
    if findings.iter().any(|finding| finding.line == last as u64 + 1 && finding.tampering == Tampering::Altered) {
        return None;
    }
    let or = if next.is_none() { format!(", or line {} was", index + 1) } else { String::new() };
    let said = |line| format!("line {line} was altered{or}: line {} does not follow it", index + 1);
    Some(finding(last, Tampering::Altered, said))
}

/// Lines that hang together but stand in another order than their numbers say.
fn moved(lines: &[Line], odd: &BTreeSet<usize>, findings: &mut Vec<Finding>) {
    let sound: Vec<usize> =
        (0..lines.len()).filter(|index| lines[*index].entry.is_ok() && !odd.contains(index)).collect();
    let kept = longest_rise(&sound.iter().map(|index| lines[*index].seq()).collect::<Vec<_>>());
    for (_, index) in sound.iter().copied().enumerate().filter(|(at, _)| !kept.contains(at)) {
        let seq = lines[index].seq();
        let behind = sound.iter().find(|other| lines[**other].seq() + 1 == seq).map(|other| other + 1);
        findings.push(finding(index, Tampering::Moved, |line| match behind {
            Some(behind) => format!("line {line} was moved: it follows line {behind} and has the number {seq}"),
            None => format!("line {line} was moved: it has the number {seq}"),
        }));
    }
}

/// The indices of a longest strictly rising subsequence.
fn longest_rise(numbers: &[u64]) -> BTreeSet<usize> {
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(numbers.len());
    for (index, number) in numbers.iter().enumerate() {
        let length = ends.partition_point(|end| numbers[*end] < *number);
        before.push(length.checked_sub(1).map(|last| ends[last]));
        match ends.get_mut(length) {
            Some(end) => *end = index,
            None => ends.push(index),
        }
    }
    let mut kept = BTreeSet::new();
    let mut at = ends.last().copied();
    while let Some(index) = at {
        kept.insert(index);
        at = before[index];
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::super::tests::log;
    use super::*;

    /// What is said of a log whose lines of `log(7)` were changed.
    fn check(change: impl Fn(&mut Vec<Vec<u8>>), expect: &[&str]) {
        let mut lines: Vec<Vec<u8>> = log(7).split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        change(&mut lines);
        let said = match examine(&lines.concat()) {
            Ok(chain) => vec![format!("{} entries, {} torn", chain.entries.len(), chain.torn)],
            Err(findings) => findings.into_iter().map(|finding| finding.said).collect(),
        };
        assert_eq!(said, expect);
    }

    fn replace(line: &mut Vec<u8>, from: &str, to: &str) {
        *line = String::from_utf8(line.clone()).unwrap().replacen(from, to, 1).into_bytes();
    }

    /// A line that was not there, written as ours are, behind a line that was.
    fn forged(behind: &[u8], seq: u64) -> Vec<u8> {
        let mut line = behind.strip_suffix(b"\n").unwrap().to_vec();
        let mut entry = parse(&line).unwrap();
        (entry.prev, entry.seq, entry.by) = (seal::sha256(&line), seq, "M. Allory".to_owned());
        line = entry.to_line().unwrap();
        line.push(b'\n');
        line
    }

    #[test]
    fn an_altered_line_is_named() {
        let alter = |at: usize| move |lines: &mut Vec<Vec<u8>>| replace(&mut lines[at], "Examiner", "Examinor");
        check(|_| (), &["7 entries, 0 torn"]);
        check(alter(0), &["line 1 was altered: line 2 does not follow it"]);
        check(alter(3), &["line 4 was altered: line 5 does not follow it"]);
        check(alter(5), &["line 6 was altered, or line 7 was: line 7 does not follow it"]);
        // The last line is what nothing follows: only its digest, which is kept elsewhere, tells.
        check(alter(6), &["7 entries, 0 torn"]);
        check(
            |lines| {
                let mut entry = parse(lines[2].strip_suffix(b"\n").unwrap()).unwrap();
                entry.prev = Digest::new([7; 32]);
                lines[2] = [entry.to_line().unwrap(), b"\n".to_vec()].concat();
            },
            &["line 3 was altered: it does not follow the line before it, nor the next line it"],
        );
    }

    #[test]
    fn lines_that_are_missing_are_named_by_their_numbers() {
        check(
            |lines| drop(lines.remove(3)),
            &["the line with the number 4 was removed before line 4, which does not follow line 3"],
        );
        check(
            |lines| drop(lines.drain(2..5)),
            &["the lines with the numbers 3 to 5 were removed before line 3, which does not follow line 2"],
        );
        check(
            |lines| drop(lines.remove(0)),
            &["the line with the number 1 was removed before line 1, which begins no log"],
        );
        check(|lines| drop(lines.drain(5..)), &["5 entries, 0 torn"]);
    }

    #[test]
    fn a_line_that_was_put_in_is_named() {
        let insert = |at: usize| {
            move |lines: &mut Vec<Vec<u8>>| {
                let line = forged(&lines[at - 1], at as u64 + 1);
                lines.insert(at, line);
            }
        };
        check(insert(3), &["line 4 was inserted: the log goes on without it"]);
        check(insert(6), &["line 7 or line 8 was inserted: both follow line 6"]);
        check(|lines| lines.insert(5, lines[1].clone()), &["line 6 was inserted: the log goes on without it"]);
        check(
            |lines| lines.insert(2, b"nonsense\n".to_vec()),
            &[
                "line 3 was inserted: it is no custody entry (expected ident at line 1 column 2), and the log goes on without it",
            ],
        );
        check(
            |lines| {
                let mut line = forged(&lines[2], 4);
                let mut entry = parse(line.strip_suffix(b"\n").unwrap()).unwrap();
                entry.prev = Digest::new([7; 32]);
                line = [entry.to_line().unwrap(), b"\n".to_vec()].concat();
                lines.insert(3, line);
            },
            &["line 4 was inserted: it follows no line, and the log goes on without it"],
        );
    }

    #[test]
    fn lines_in_another_order_are_named() {
        check(|lines| lines.swap(2, 3), &["line 3 was moved: it follows line 4 and has the number 4"]);
        check(
            |lines| {
                let last = lines.remove(6);
                lines.insert(1, last)
            },
            &["line 2 was moved: it follows line 7 and has the number 7"],
        );
        check(
            |lines| {
                let first = lines.remove(0);
                lines.push(first)
            },
            &["line 7 was moved: it has the number 1"],
        );
    }

    #[test]
    fn several_changes_are_named_each() {
        check(
            |lines| {
                replace(&mut lines[1], "Examiner", "Examinor");
                lines.remove(4);
            },
            &[
                "line 2 was altered: line 3 does not follow it",
                "the line with the number 5 was removed before line 5, which does not follow line 4",
            ],
        );
        check(
            |lines| lines[3] = b"nonsense\n".to_vec(),
            &["line 4 was altered: it is no custody entry (expected ident at line 1 column 2)"],
        );
    }

    #[test]
    fn a_log_that_was_written_anew_is_named_by_what_it_breaks() {
        let spaced = String::from_utf8(log(1)).unwrap().replacen("\"seq\":1", "\"seq\": 1", 1);
        let findings = examine(spaced.as_bytes()).unwrap_err();
        assert_eq!(findings[0].said, "line 1 was altered: it is not written as probity writes it");
        let line = forged(&log(1), 5);
        let findings = examine(&[log(1), line].concat()).unwrap_err();
        assert_eq!(findings[0].said, "line 2 was altered: its number is 5");
    }

    mod anything {
        use super::*;
        use proptest::prelude::*;

        proptest! {
            #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

            /// Whichever line is altered, removed or put in, it is named; the last one only where a line follows.
            #[test]
            fn one_change_is_located(at in 0_usize..11, what in 0..3) {
                let mut lines: Vec<Vec<u8>> = log(12).split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
                let (kind, line) = match what {
                    0 => { replace(&mut lines[at], "Examiner", "Examinor"); (Tampering::Altered, at) }
                    1 => { lines.remove(at); (Tampering::Removed, at) }
                    _ => { let line = forged(&lines[at], at as u64 + 2); lines.insert(at + 1, line); (Tampering::Inserted, at + 1) }
                };
                let findings = examine(&lines.concat()).unwrap_err();
                let found: Vec<_> = findings.iter().map(|finding| (finding.tampering, finding.line)).collect();
                prop_assert_eq!(found, [(kind, line as u64 + 1)]);
            }

            /// Lines in any order, any number of times, and bytes between them: an answer, and each finding at a line.
            #[test]
            fn every_log_is_answered(order in proptest::collection::vec(0_usize..6, 0..12), flip in any::<u16>(), put in ".{0,20}") {
                let whole = log(6);
                let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
                let mut bytes: Vec<u8> = order.iter().flat_map(|line| lines[*line].to_vec()).collect();
                bytes.extend_from_slice(put.as_bytes());
                if let Some(last) = bytes.len().checked_sub(1) {
                    bytes[usize::from(flip) % (last + 1)] ^= 1;
                }
                let count = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
                if let Err(findings) = examine(&bytes) {
                    prop_assert!(!findings.is_empty() && findings.iter().all(|finding| (1..=count).contains(&finding.line)));
                }
            }
        }
    }
}
