//! The custody log: who held what, when and why, each line chained to the exact bytes of the line before.
//!
//! One JSON object a line, LF after every line. `prev` is the SHA-256, in lower-case hex, of the previous line without its
//! LF; the first line has 64 zeros; the *head* is the digest of the last line. `prev` is the last member of the line, so
//! that a shell script can find it without a JSON parser. Lines are never rewritten, so no canonical form is needed.
//!
//! Lines are written as `custody/2`. Lines of `custody/1` are read: a log may begin with them.

mod examine;
mod statement;

use std::collections::BTreeMap;
use std::fmt;

use model::{Digest, Fault, Instant};

use crate::Limits;
use crate::wire::CustodyLine;

pub use examine::{Finding, Tampering, examine};
pub use statement::{Countersigned, STATEMENT_NAMESPACE, Statement};

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
    /// A record of what an AI model said was taken in.
    Reasoned,
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
    pub const ALL: [(Deed, &'static str); 13] = [
        (Deed::Opened, "opened"),
        (Deed::Collected, "collected"),
        (Deed::Transferred, "transferred"),
        (Deed::Accessed, "accessed"),
        (Deed::Copied, "copied"),
        (Deed::Annotated, "annotated"),
        (Deed::Evaluated, "evaluated"),
        (Deed::Reasoned, "reasoned"),
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

    /// Whether an exhibit changes hands no more after it.
    pub fn ends_custody(self) -> bool {
        matches!(self, Deed::Returned | Deed::Destroyed)
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What an exhibit is to the thing that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// As it came from where it was found.
    Original,
    /// Byte for byte the same as another exhibit, which was hashed again to say so.
    VerifiedCopy,
    /// Made from another exhibit.
    Derived,
}

impl Status {
    /// Every status and its word.
    pub const ALL: [(Status, &'static str); 3] =
        [(Status::Original, "original"), (Status::VerifiedCopy, "verified copy"), (Status::Derived, "derived")];

    /// The word that people and machines read.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(status, _)| *status == self).map_or("", |(_, word)| word)
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(status, _)| *status)
    }
}

/// In which form a line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// `custody/1`: read only.
    One,
    /// `custody/2`.
    #[default]
    Two,
}

/// What the receiver of an exhibit signed: see [`Statement`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Countersignature {
    /// When the statement was written.
    pub stated: Instant,
    /// The key of the receiver, as OpenSSH writes it, without a comment.
    pub key: String,
    /// The signature, armoured, as `ssh-keygen -Y sign` writes it.
    pub signature: String,
}

/// One line of the log. What is `None` was not recorded, or does not apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// In which form the line is written.
    pub form: Form,
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
    /// In which role.
    pub role: Option<String>,
    /// Who wrote it down, where that is somebody else.
    pub recorded_by: Option<String>,
    /// Who held the exhibit before.
    pub from: Option<String>,
    /// Who holds it after.
    pub to: Option<String>,
    /// Why.
    pub purpose: String,
    /// By what authority: a warrant, an order, consent.
    pub authority: Option<String>,
    /// The seal it was under: its number and state.
    pub seal: Option<String>,
    /// Where it is kept.
    pub storage: Option<String>,
    /// What an exhibit is, when it comes in.
    pub status: Option<Status>,
    /// The exhibit it is a copy of, or was made from.
    pub parent: Option<String>,
    /// How it was made from that.
    pub derivation: Option<String>,
    /// The file in the case folder, `/` between its parts.
    pub file: Option<String>,
    /// The name that came with the file; data, never a path of ours.
    pub original_name: Option<String>,
    /// The path it was taken from, as it was given; data.
    pub original_path: Option<String>,
    /// Where the file comes from: a host, a device, a person; as stated.
    pub source: Option<String>,
    /// When the file was last modified, as its file system said.
    pub modified: Option<Instant>,
    /// The time that the content covers, as stated.
    pub period: Option<String>,
    /// Bytes of the file.
    pub size: Option<u64>,
    /// A title, a description, a remark.
    pub note: Option<String>,
    /// Digest of the file before: what the log says it was.
    pub sha256_before: Option<Digest>,
    /// Digest of the file after: what was measured.
    pub sha256_after: Option<Digest>,
    /// The receiver's signature of a transfer.
    pub countersignature: Option<Countersignature>,
    /// Digest of the line before.
    pub prev: Digest,
}

impl Entry {
    /// An entry with nothing filled in but what every entry has.
    pub fn new(seq: u64, time: Instant, deed: Deed, by: &str, purpose: &str, prev: Digest) -> Self {
        Entry {
            form: Form::Two,
            seq,
            time,
            deed,
            exhibit: None,
            by: by.to_owned(),
            role: None,
            recorded_by: None,
            from: None,
            to: None,
            purpose: purpose.to_owned(),
            authority: None,
            seal: None,
            storage: None,
            status: None,
            parent: None,
            derivation: None,
            file: None,
            original_name: None,
            original_path: None,
            source: None,
            modified: None,
            period: None,
            size: None,
            note: None,
            sha256_before: None,
            sha256_after: None,
            countersignature: None,
            prev,
        }
    }

    /// Whether the file was the same before and after; `None` where the entry has not both digests, or a copy was made.
    pub fn hash_match(&self) -> Option<bool> {
        let same = self.sha256_before? == self.sha256_after?;
        (self.status != Some(Status::Derived)).then_some(same)
    }

    /// Whether the act says who holds the exhibit afterwards.
    pub(crate) fn changes_holder(&self) -> bool {
        matches!(self.deed, Deed::Collected | Deed::Transferred | Deed::Returned)
    }

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

impl Chain {
    pub(crate) const EMPTY: Chain = Chain { entries: Vec::new(), head: Digest::ZERO, bytes: 0, torn: 0 };

    /// The number of the line that has this digest.
    pub fn line_of(&self, digest: &Digest) -> Option<u64> {
        if !self.entries.is_empty() && self.head == *digest {
            return Some(self.entries.len() as u64);
        }
        // Each line but the first quotes the digest of the line before.
        let quoted = self.entries.iter().skip(1).position(|entry| entry.prev == *digest);
        quoted.map(|line| line as u64 + 1)
    }

    /// The digest of each line, from the first on.
    pub fn line_digests(&self) -> Vec<Digest> {
        let quoted = self.entries.iter().skip(1).map(|entry| entry.prev);
        quoted.chain((!self.entries.is_empty()).then_some(self.head)).collect()
    }

    /// The exhibits that were destroyed, each with its line.
    pub fn destroyed(&self) -> BTreeMap<&str, &Entry> {
        let lines = self.entries.iter().filter(|entry| entry.deed == Deed::Destroyed);
        lines.filter_map(|line| Some((line.exhibit.as_deref()?, line))).collect()
    }

    /// Who holds an exhibit, or held it last: whoever it was last handed to.
    pub fn holder(&self, exhibit: &str) -> Option<&str> {
        let of = self.entries.iter().rev().filter(|entry| entry.exhibit.as_deref() == Some(exhibit));
        of.filter(|entry| entry.changes_holder()).find_map(|entry| entry.to.as_deref())
    }
}

/// Walks a log.
///
/// # Errors
/// `custody-broken` when a line does not follow the one before, is out of number, goes back in time or is no entry. The
/// message names the line and says what was done to the log, as far as the log shows: see [`examine`].
pub fn read(log: &[u8]) -> Result<Chain, Fault> {
    examine(log).map_err(|findings| examine::broken(&findings))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn log(count: u64) -> Vec<u8> {
        let mut log = Vec::new();
        let mut prev = Digest::ZERO;
        for seq in 1..=count {
            let time = Instant::from_seconds(1_767_225_600 + seq as i64).unwrap();
            let blank = Entry::new(seq, time, Deed::Annotated, "R. Examiner", "test \"prev\":\"", prev);
            let entry = Entry { note: Some("a line\nbreak".to_owned()), ..blank };
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
        check(&[lines[0], lines[1], &lines[2][..9]].concat(), "2 entries, 9 torn");
        check(&[lines[0], lines[2], lines[1]].concat(), "broken: line 2 was moved");
    }

    #[test]
    fn lines_of_the_first_form_are_read_and_go_on_in_the_second() {
        let first = concat!(
            r#"{"schema":"custody/1","seq":1,"time":"2026-01-01T09:00:00Z","act":"collected","exhibit":"EX-001","by":"R. Examiner","from":null,"#,
            r#""to":"R. Examiner","purpose":"first copy","file":"exhibits/EX-001/a","original_name":"a","size":4,"note":"","sha256_before":null,"#,
            r#""sha256_after":"3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7","#,
            r#""prev":"0000000000000000000000000000000000000000000000000000000000000000"}"#,
            "\n"
        );
        let chain = read(first.as_bytes()).unwrap();
        assert_eq!((chain.entries[0].form, chain.entries[0].status), (Form::One, None));
        let next = Entry::new(2, chain.entries[0].time, Deed::Annotated, "R. Examiner", "remark", chain.head);
        let both = [first.as_bytes(), &next.to_line().unwrap(), b"\n"].concat();
        assert_eq!(read(&both).unwrap().entries[1].form, Form::Two);
        check(
            first.replace("\"from\"", "\"role\":\"clerk\",\"from\"").as_bytes(),
            "line 1 was altered: it says custody/1",
        );
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
