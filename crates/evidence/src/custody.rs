//! The custody log: who held what, when and why, each line chained to the exact bytes of the line before.
//!
//! One JSON object a line, LF after every line. `prev` is the SHA-256, in lower-case hex, of the previous line without its
//! LF; the first line has 64 zeros; the *head* is the digest of the last line. `prev` is the last member of the line, so
//! that a shell script can find it without a JSON parser. Lines are never rewritten, so no canonical form is needed.

use std::fmt;

use model::{Digest, Fault, Instant, Place};

use crate::Limits;
use crate::wire::CustodyLine;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deed {
    /// The case was opened.
    Opened,
    /// An exhibit came into the case.
    Collected,
    /// An exhibit changed hands.
    Transferred,
    /// An exhibit was looked at.
    Accessed,
    /// A working copy was made.
    Copied,
    /// Somebody wrote a remark.
    Annotated,
    /// A verdict was recorded.
    Evaluated,
    /// A redacted copy was made.
    Redacted,
    /// A package was built from the case.
    Exported,
    /// An exhibit was given back.
    Returned,
    /// An exhibit was destroyed.
    Destroyed,
    /// A torn write at the end of the log (a crash) was set aside.
    Recovered,
}

impl Deed {
    /// Every deed and its word.
    pub const ALL: [(Deed, &'static str); 12] = [
        (Deed::Opened, "opened"),
        (Deed::Collected, "collected"),
        (Deed::Transferred, "transferred"),
        (Deed::Accessed, "accessed"),
        (Deed::Copied, "copied"),
        (Deed::Annotated, "annotated"),
        (Deed::Evaluated, "evaluated"),
        (Deed::Redacted, "redacted"),
        (Deed::Exported, "exported"),
        (Deed::Returned, "returned"),
        (Deed::Destroyed, "destroyed"),
        (Deed::Recovered, "recovered"),
    ];

    /// The word that people and machines read.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(deed, _)| *deed == self).map_or("", |(_, word)| word)
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(deed, _)| *deed)
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// From 1, without gaps.
    pub seq: u64,
    /// When.
    pub time: Instant,
    /// What was done.
    pub deed: Deed,
    /// To which exhibit (`EX-001`), or `None` for the case.
    pub exhibit: Option<String>,
    /// Who did it.
    pub by: String,
    /// Who held the exhibit before.
    pub from: Option<String>,
    /// Who holds it after.
    pub to: Option<String>,
    /// Why.
    pub purpose: String,
    /// The file in the case folder, `/` between its parts.
    pub file: Option<String>,
    /// The name that came with the file; data, never a path of ours.
    pub original_name: Option<String>,
    /// Bytes of the file.
    pub size: Option<u64>,
    /// A title, a description, a remark.
    pub note: Option<String>,
    /// Digest of the file before.
    pub sha256_before: Option<Digest>,
    /// Digest of the file after.
    pub sha256_after: Option<Digest>,
    /// Digest of the line before.
    pub prev: Digest,
}

impl Entry {
    /// The line, without its LF.
    ///
    /// # Errors
    /// `custody-line-too-long`.
    pub fn to_line(&self) -> Result<Vec<u8>, Fault> {
        let line = serde_json::to_vec(&CustodyLine::from(self)).map_err(|error| {
            Fault::internal("custody-not-written", "A custody entry could not be written").caused_by(error)
        })?;
        if line.len() > Limits::CUSTODY_LINE_BYTES {
            return Err(Fault::usage("custody-line-too-long", format!("The custody entry has {} bytes", line.len()))
                .advise("Shorten the note, and add the long text to the case as an exhibit."));
        }
        Ok(line)
    }
}

/// A log that was walked from its first line to its last: every line follows the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Digest of the last line; zeros for an empty log.
    pub head: Digest,
    /// How many bytes the entries take, LFs included.
    pub bytes: u64,
    /// Bytes behind the last LF: a write that was torn by a crash, never an entry.
    pub torn: u64,
}

/// Walks a log.
///
/// # Errors
/// `custody-broken` at the first line that does not follow the one before, is out of number, goes back in time or is no
/// entry.
pub fn read(log: &[u8]) -> Result<Chain, Fault> {
    let mut chain = Chain { entries: Vec::new(), head: Digest::ZERO, bytes: 0, torn: 0 };
    for line in log.split_inclusive(|byte| *byte == b'\n') {
        let Some(content) = line.strip_suffix(b"\n") else {
            chain.torn = line.len() as u64;
            break;
        };
        let number = chain.entries.len() as u64 + 1;
        let entry = follow(&chain, content, number).map_err(|why| broken(number, &why).at(Place::line(number, 0)))?;
        chain.head = seal::sha256(content);
        chain.bytes += line.len() as u64;
        chain.entries.push(entry);
    }
    Ok(chain)
}

fn broken(line: u64, why: &str) -> Fault {
    Fault::unverified("custody-broken", format!("The custody log is broken at line {line}: {why}")).advise(
        "Somebody or something changed the log. Compare it with a package that was built before, which holds a copy.",
    )
}

/// The entry of a line, if the line follows the chain.
fn follow(chain: &Chain, content: &[u8], number: u64) -> Result<Entry, String> {
    if chain.entries.len() >= Limits::CUSTODY_ENTRIES || content.len() > Limits::CUSTODY_LINE_BYTES {
        return Err("it is longer than a custody log can be".to_owned());
    }
    let line: CustodyLine =
        serde_json::from_slice(content).map_err(|error| format!("it is no custody entry ({error})"))?;
    let entry = Entry::try_from(line)?;
    if entry.prev != chain.head {
        return Err(format!("it does not follow line {}", number - 1));
    }
    if entry.seq != number {
        return Err(format!("its number is {}", entry.seq));
    }
    if chain.entries.last().is_some_and(|last| last.time > entry.time) {
        return Err("its time is before that of the line before".to_owned());
    }
    // One entry has one line: no spaces, no other order, nothing a second reader could understand in another way.
    if serde_json::to_vec(&CustodyLine::from(&entry)).ok().as_deref() != Some(content) {
        return Err("it is not written as probity writes it".to_owned());
    }
    Ok(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(count: u64) -> Vec<u8> {
        let mut log = Vec::new();
        let mut prev = Digest::ZERO;
        for seq in 1..=count {
            let entry = Entry {
                seq,
                time: Instant::from_seconds(1_767_225_600 + seq as i64).unwrap(),
                deed: Deed::Annotated,
                exhibit: None,
                by: "R. Examiner".to_owned(),
                from: None,
                to: None,
                purpose: "test \"prev\":\"".to_owned(),
                file: None,
                original_name: None,
                size: None,
                note: Some("a line\nbreak".to_owned()),
                sha256_before: None,
                sha256_after: None,
                prev,
            };
            let line = entry.to_line().unwrap();
            prev = seal::sha256(&line);
            log.extend_from_slice(&line);
            log.push(b'\n');
        }
        log
    }

    fn check(log: &[u8], expect: &str) {
        let said = match read(log) {
            Ok(chain) => format!("{} entries, {} torn", chain.entries.len(), chain.torn),
            Err(fault) => fault.message().to_owned(),
        };
        assert!(said.contains(expect), "{said:?} should contain {expect:?}");
    }

    #[test]
    fn a_chain_holds_iff_nobody_touched_it() {
        let whole = log(5);
        check(&whole, "5 entries, 0 torn");
        check(b"", "0 entries");
        let lines: Vec<&[u8]> = whole.split_inclusive(|b| *b == b'\n').collect();
        check(&[lines[0], lines[2], lines[3]].concat(), "line 2: it does not follow line 1");
        check(&[lines[0], lines[2], lines[1]].concat(), "line 2: it does not follow line 1");
        check(&[lines[1], lines[2]].concat(), "line 1: it does not follow line 0");
        check(&[lines[0], lines[1], &lines[2][..9]].concat(), "2 entries, 9 torn");
        let altered = String::from_utf8(whole.clone()).unwrap().replacen("R. Examiner", "R. Examinor", 1);
        check(altered.as_bytes(), "line 2: it does not follow line 1");
        let spaced = String::from_utf8(log(1)).unwrap().replacen("\"seq\":1", "\"seq\": 1", 1);
        check(spaced.as_bytes(), "line 1: it is not written as probity writes it");
    }

    #[test]
    fn every_flipped_byte_but_in_the_last_line_breaks_the_chain() {
        let whole = log(3);
        let last = whole[..whole.len() - 1].iter().rposition(|b| *b == b'\n').unwrap();
        let head = read(&whole).unwrap().head;
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            match read(&flipped) {
                Err(_) => {}
                Ok(chain) => assert!(at > last && chain.head != head, "byte {at}"),
            }
        }
    }
}
