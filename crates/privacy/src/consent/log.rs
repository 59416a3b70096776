//! The chain of the log: each line holds its number and the SHA-256 of the line before it.

use model::{Digest, Fault, Instant, Place};

use super::line::{Entry, Line};

/// The end of a log: everything before it follows from this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// How many lines there are.
    pub lines: u64,
    /// How many bytes they have, with the ends of the lines.
    pub size: u64,
    /// The digest of the last line.
    pub digest: Digest,
    /// When the last line was entered.
    pub at: Option<Instant>,
}

impl Tip {
    /// Of a log without lines.
    pub fn start() -> Self {
        Tip { lines: 0, size: 0, digest: seal::sha256(b"probity consent log 1\n"), at: None }
    }

    /// The time for whoever asks: a clock that was set back makes no consent young again.
    pub fn now(&self, clock: Instant) -> Instant {
        self.at.map_or(clock, |last| last.max(clock))
    }
}

/// Reads a log, or the end of one, line by line.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    tip: Tip,
}

impl Reader {
    /// Goes on behind `tip`.
    pub fn behind(tip: Tip) -> Self {
        Reader { tip }
    }

    /// Where it is.
    pub fn tip(&self) -> Tip {
        self.tip
    }

    /// Reads the next line, given without its end. The digest is that of the line.
    ///
    /// # Errors
    /// `consent-log-broken` with the line: it does not follow from the one before it.
    pub fn line(&mut self, bytes: &[u8]) -> Result<(Line, Digest), Fault> {
        let number = self.tip.lines;
        let read = Line::parse(bytes).filter(|(line, previous)| {
            line.number == number
                && *previous == self.tip.digest
                && matches!(line.entry, Entry::Begun { .. }) == (number == 0)
                && self.tip.at.is_none_or(|last| last <= line.at)
        });
        let (line, _) = read.ok_or_else(|| broken(number + 1))?;
        let digest = seal::sha256(bytes);
        self.tip = Tip { lines: number + 1, size: self.tip.size + bytes.len() as u64 + 1, digest, at: Some(line.at) };
        Ok((line, digest))
    }
}

/// Lines that are about to be appended.
#[derive(Clone, Debug)]
pub struct Append {
    tip: Tip,
    bytes: Vec<u8>,
    lines: Vec<(Line, Digest)>,
}

impl Append {
    /// Behind `tip`.
    pub fn behind(tip: Tip) -> Self {
        Append { tip, bytes: Vec::new(), lines: Vec::new() }
    }

    /// Adds what was done; entered `now`, or when the last line was entered where the clock stands before that. What comes back
    /// is the number of the line.
    pub fn add(&mut self, entry: Entry, now: Instant) -> u64 {
        let at = self.tip.now(now);
        let line = Line { number: self.tip.lines, at, entry };
        let bytes = line.to_bytes(&self.tip.digest);
        let digest = seal::sha256(&bytes);
        let number = line.number;
        self.tip = Tip { lines: number + 1, size: self.tip.size + bytes.len() as u64 + 1, digest, at: Some(at) };
        self.bytes.extend_from_slice(&bytes);
        self.bytes.push(b'\n');
        self.lines.push((line, digest));
        number
    }

    /// What is to be appended and synced.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The end of the log when that is done.
    pub fn tip(&self) -> Tip {
        self.tip
    }

    /// The lines with their digests.
    pub fn lines(&self) -> &[(Line, Digest)] {
        &self.lines
    }
}

fn broken(line: u64) -> Fault {
    Fault::unverified(
        "consent-log-broken",
        "The line does not follow from the one before it: the log of consents was changed",
    )
    .at(Place::line(line, 0))
    .advise("Restore the log from a backup. No consent is taken for given on the word of a log that was changed.")
}

#[cfg(test)]
mod tests {
    use super::super::line::{Act, Kind, Notice, Pseudonym, Source};
    use super::super::{Age, Entry, Scope};
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(seconds).unwrap()
    }

    fn ann() -> Vec<Pseudonym> {
        vec![Pseudonym { kind: "email".to_owned(), digest: seal::sha256(b"ann") }]
    }

    fn log() -> Append {
        let mut log = Append::behind(Tip::start());
        log.add(Entry::Begun { key: "abcdef01".to_owned(), normalisation: 1 }, at(0));
        let digest = Some(seal::sha256(b"text"));
        let notice = Notice { id: "news".to_owned(), version: "1".to_owned(), language: Some("de".to_owned()), digest };
        let number = log.add(Entry::Notice(notice), at(1));
        let mut act = Act::new(Kind::Given, ann(), "newsletter", "uid-0");
        act.channel = Some("e-mail \"quoted\" \u{7}ü".to_owned());
        act.notice = Some(number);
        let scope = Scope { purpose: "newsletter".to_owned(), recipients: Some(Vec::new()), ..Scope::default() };
        act.covers = Some(log.add(Entry::Scope(Box::new(scope)), at(1)));
        act.explicit = true;
        act.time = Some(at(-5));
        act.expires = Some(at(100));
        act.source = Some(Source { format: "csv".to_owned(), digest: seal::sha256(b"row") });
        act.age = Some(Age {
            years: 12,
            threshold: 16,
            country: Some("DE".to_owned()),
            guardian: ann(),
            verified_by: Some("card payment".to_owned()),
        });
        log.add(Entry::Act(Box::new(act)), at(2));
        // The clock was set back.
        log.add(Entry::Act(Box::new(Act::new(Kind::Withdrawn, ann(), "newsletter", "uid-0"))), at(1));
        log
    }

    fn read(bytes: &[u8]) -> Result<Vec<Line>, Fault> {
        let mut reader = Reader::behind(Tip::start());
        let lines = bytes.split_inclusive(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\n").unwrap_or(line));
        lines.map(|line| reader.line(line).map(|(line, _)| line)).collect()
    }

    /// What was entered comes back, never earlier than what stands before it, and as canonical JSON.
    #[test]
    fn what_was_entered_is_read_again() {
        let log = log();
        let lines = read(log.bytes()).unwrap();
        let entered: Vec<Line> = log.lines().iter().map(|(line, _)| line.clone()).collect();
        assert_eq!(lines, entered);
        assert_eq!(lines.iter().map(|line| line.at).collect::<Vec<_>>(), [at(0), at(1), at(1), at(2), at(2)]);
        assert_eq!(log.tip().size, log.bytes().len() as u64);
        for line in log.bytes().split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let value: serde_json::Value = serde_json::from_slice(line).unwrap();
            assert_eq!(seal::canonical::to_bytes(&value).unwrap(), line);
        }
    }

    /// A changed, missing, doubled or swapped line is found where it is, and so is one whose time runs backwards.
    #[test]
    fn no_line_is_changed_unnoticed() {
        let text = String::from_utf8(log().bytes().to_vec()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let check = |lines: &[&str], expect: u64| {
            let fault = read((lines.join("\n") + "\n").as_bytes()).unwrap_err();
            assert_eq!((fault.code(), fault.place().unwrap().line), ("consent-log-broken", expect));
        };
        check(&[lines[0], lines[2]], 2);
        check(&[lines[0], lines[1], lines[1]], 3);
        check(&[lines[0], lines[2], lines[1], lines[3]], 2);
        check(&[lines[0], lines[1], &lines[2].replace("newsletter", "marketing"), lines[3]], 4);
        check(&[lines[1]], 1);
        check(&[lines[0], &lines[1].replace("1970-01-01T00:00:01Z", "1969-01-01T00:00:01Z")], 2);
        check(&[&lines[0].replace('{', "{\"extra\":1,")], 1);
    }
}
