//! Chains of lines: canonical JSON objects, each with its number and the digest of the line before it.
//!
//! A line that was changed, left out, doubled or moved breaks the chain. Lines that were cut off the end do not: whoever
//! keeps a chain keeps the digest of its last line elsewhere.

use model::Digest;
use serde_json::{Map, Value};

use crate::{canonical, sha256};

/// A chain as far as it was read or written.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Of each line, behind the beginning.
    digests: Vec<Digest>,
}

/// What was read of a chain.
#[derive(Clone, Debug)]
pub struct Links {
    /// The chain.
    pub chain: Chain,
    /// Its lines, without number and digest.
    pub lines: Vec<Map<String, Value>>,
    /// How many bytes are whole: a last line without its end was not promised to anybody.
    pub whole: usize,
}

impl Chain {
    /// A chain without lines; `beginning` tells what it is a chain of.
    pub fn new(beginning: &[u8]) -> Self {
        Chain { digests: vec![sha256(beginning)] }
    }

    /// Reads the lines of a chain, none longer than `line_max` bytes.
    ///
    /// # Errors
    /// The number of the first line that does not follow from the one before it, or that we would not have written so.
    pub fn read(beginning: &[u8], bytes: &[u8], line_max: usize) -> Result<Links, u64> {
        let mut links = Links { chain: Chain::new(beginning), lines: Vec::new(), whole: 0 };
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let Some(text) = line.strip_suffix(b"\n") else { break };
            let number = links.lines.len() as u64 + 1;
            let is_short = text.len() <= line_max;
            let taken = is_short.then(|| links.chain.take(text)).flatten().ok_or(number)?;
            links.lines.push(taken);
            links.whole += line.len();
        }
        Ok(links)
    }

    /// Takes a line that was written before, without its end.
    fn take(&mut self, line: &[u8]) -> Option<Map<String, Value>> {
        let value: Value = serde_json::from_slice(line).ok()?;
        // One line has one text: what was written differently was not written by us.
        (canonical::to_bytes(&value).ok()? == line).then_some(())?;
        let Value::Object(mut said) = value else { return None };
        let number = said.remove("n")?.as_u64()?;
        let previous = Digest::parse(said.remove("previous")?.as_str()?).ok()?;
        (number == self.len() as u64 && previous == self.head()).then_some(())?;
        self.digests.push(sha256(line));
        Some(said)
    }

    /// Adds a line; gives its bytes, with its end. A float in it is the caller's mistake: nothing is added then.
    pub fn extend(&mut self, mut said: Map<String, Value>) -> Vec<u8> {
        said.insert("n".to_owned(), self.len().into());
        said.insert("previous".to_owned(), self.head().hex().into());
        let Ok(mut line) = canonical::to_bytes(&Value::Object(said)) else { return Vec::new() };
        self.digests.push(sha256(&line));
        line.push(b'\n');
        line
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.digests.len() - 1
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The digest of the last line, which stands for all.
    pub fn head(&self) -> Digest {
        self.digests.last().copied().unwrap_or(Digest::ZERO)
    }

    /// The digests of the lines, in their order.
    pub fn digests(&self) -> &[Digest] {
        self.digests.get(1..).unwrap_or_default()
    }

    /// Whether this is the digest of a line, or of the beginning.
    pub fn holds(&self, line: &Digest) -> bool {
        self.digests.contains(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Vec<u8> {
        let mut chain = Chain::new(b"test 1\n");
        let line = |word: &str| Map::from_iter([("word".to_owned(), Value::from(word))]);
        ["one", "two", "three"].into_iter().flat_map(|word| chain.extend(line(word))).collect()
    }

    fn read(bytes: &[u8]) -> Result<usize, u64> {
        Chain::read(b"test 1\n", bytes, 1_000).map(|links| links.lines.len())
    }

    /// A line that was changed, left out, doubled or moved is named; one that was not finished is known to be torn.
    #[test]
    fn tampering_is_noticed() {
        let whole = written();
        let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        let check = |order: &[usize], expect: Result<usize, u64>| {
            let bytes: Vec<u8> = order.iter().flat_map(|at| lines[*at].to_vec()).collect();
            assert_eq!(read(&bytes), expect, "{order:?}");
        };
        check(&[0, 1, 2], Ok(3));
        check(&[1, 2], Err(1));
        check(&[0, 2], Err(2));
        check(&[0, 1, 1], Err(3));
        check(&[1, 0, 2], Err(1));
        assert_eq!(Chain::read(b"other 1\n", &whole, 1_000).map(|links| links.whole), Err(1));
        assert_eq!(Chain::read(b"test 1\n", &whole, 10).map(|links| links.whole), Err(1));
        for end in 0..whole.len() {
            let lines = whole[..end].iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(read(&whole[..end]), Ok(lines));
        }
    }

    /// What was read can be gone on with; a float is refused whole.
    #[test]
    fn a_chain_goes_on() {
        let Links { mut chain, lines, whole } = Chain::read(b"test 1\n", &written(), 1_000).expect("whole");
        assert_eq!((lines[1]["word"].as_str(), whole), (Some("two"), written().len()));
        let before = chain.head();
        assert!(chain.extend(Map::from_iter([("x".to_owned(), Value::from(0.5))])).is_empty());
        assert_eq!((chain.head(), chain.len()), (before, 3));
        let line = chain.extend(Map::new());
        assert_eq!(read(&[written(), line].concat()), Ok(4));
        assert!(chain.holds(&before) && chain.digests().len() == 4 && !chain.is_empty());
    }
}
