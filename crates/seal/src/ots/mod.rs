//! OpenTimestamps: detached proofs that a digest was known when a Bitcoin block was found.
//!
//! ```text
//! "\0OpenTimestamps\0\0Proof\0" ‖ bf89e2e884e89294 ‖ 01      magic, version
//! 08 <digest>                                                 which hash of the file, and the hash
//! <branch>                                                    from that message on:
//!   ff <branch> <branch>        all branches of a message but the last stand behind ff
//!   f0 <varbytes> <branch>      an operation makes the next message
//!   00 <tag> <varbytes>         an attestation ends a path: pending, bitcoin, or one that we keep unread
//! ```
//!
//! A proof is begun with a nonce, so that no calendar learns the digest; a calendar's answer ends in a *pending*
//! attestation: a promise. Hours later the same calendar gives the path to a block header. Upgrading adds that path and
//! never takes the promise away. Sending, waiting and asking for block headers are the edge's business; so is the choice
//! of calendars: an address inside a proof is whatever the author of the proof wrote there.

mod attestation;
mod block;
mod op;
mod read;
mod tree;

use model::{Digest, Fault};

pub use attestation::Attestation;
pub use block::{Block, Header};
pub use op::FileHash;

use op::Op;
use read::Reader;
use tree::Node;

use crate::Limits;

const MAGIC: &[u8] = b"\0OpenTimestamps\0\0Proof\0\xbf\x89\xe2\xe8\x84\xe8\x92\x94";
const VERSION: u64 = 1;

/// A proof in the making: nobody has attested to it yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    digest: Digest,
    nonce: [u8; 16],
}

impl Request {
    /// What to POST to `/digest` of each calendar: SHA-256 of the digest and the nonce.
    pub fn commitment(&self) -> Digest {
        crate::sha256(&[self.digest.as_bytes().as_slice(), &self.nonce].concat())
    }

    /// The proof, from what one or several calendars answered.
    ///
    /// # Errors
    /// `bad-ots-answer` when there is none, or one cannot be read.
    pub fn answered<A: AsRef<[u8]>>(&self, answers: &[A]) -> Result<Proof, Fault> {
        let commitment = self.commitment();
        let mut last = Node::default();
        for answer in answers {
            last.merge(read_answer(commitment.as_bytes(), answer.as_ref())?);
        }
        if last.is_empty() {
            return Err(refuse_answer("no calendar answered"));
        }
        let hashed = Node::of(Op::Sha256, last);
        let root = Node::of(Op::Append(self.nonce.to_vec()), hashed);
        Proof { hash: FileHash::Sha256, digest: self.digest.as_bytes().to_vec(), root }.within_limits()
    }
}

/// A detached proof over the digest of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    hash: FileHash,
    digest: Vec<u8>,
    root: Node,
}

/// An attestation and the message that it attests to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested {
    /// What the path from the digest to here computes. Under a Bitcoin attestation: the merkle root, as hashed.
    pub message: Vec<u8>,
    /// Who says since when.
    pub attestation: Attestation,
}

/// A promise that a calendar has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The address of the calendar, as the proof has it. Ask only those that the user chose.
    pub uri: String,
    /// What to GET from `/timestamp/<hex>`, in bytes.
    pub commitment: Vec<u8>,
}

impl Proof {
    /// Begins a proof over `digest`. Draw `nonce` from the operating system: it hides the digest from the calendar.
    pub fn begin(digest: Digest, nonce: [u8; 16]) -> Request {
        Request { digest, nonce }
    }

    /// Reads an `.ots` file. What is read is written again as the same bytes.
    ///
    /// # Errors
    /// `bad-ots-proof` when it is anything else, breaks a limit of [`Limits`], or has bytes behind its end.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.len() > Limits::OTS_BYTES {
            return Err(refuse("it is longer than 64 KiB"));
        }
        read_proof(bytes).map_err(refuse)
    }

    /// The `.ots` file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        read::push_varuint(&mut out, VERSION);
        out.push(self.hash.tag());
        out.extend_from_slice(&self.digest);
        self.root.write(&mut out);
        out
    }

    /// Which hash of the file the proof begins with, and the hash.
    pub fn file_digest(&self) -> (FileHash, &[u8]) {
        (self.hash, &self.digest)
    }

    /// The digest, unless the proof begins with another hash than SHA-256.
    pub fn digest(&self) -> Option<Digest> {
        let bytes = self.digest.as_slice().try_into().ok().filter(|_| self.hash == FileHash::Sha256)?;
        Some(Digest::new(bytes))
    }

    /// Whether the proof is over these bytes.
    pub fn is_over(&self, bytes: &[u8]) -> bool {
        self.hash.of(bytes) == self.digest
    }

    /// Every attestation with the message it is for, in the order of the file.
    pub fn attestations(&self) -> Vec<Attested> {
        let mut found = Vec::new();
        self.root.visit(self.digest.clone(), &mut |message, attestation| {
            found.push(Attested { message: message.to_vec(), attestation: attestation.clone() });
        });
        found
    }

    /// What calendars have promised, each with what to ask them for. A promise stays here after it was kept.
    pub fn pending(&self) -> Vec<Pending> {
        let promises = self.attestations().into_iter();
        let promises = promises.filter_map(|Attested { message, attestation }| match attestation {
            Attestation::Pending { uri } => Some(Pending { uri, commitment: message }),
            _ => None,
        });
        promises.collect()
    }

    /// The heights of the blocks that the proof leads to, lowest first.
    pub fn heights(&self) -> Vec<u64> {
        let mut heights: Vec<u64> = self.attestations().iter().filter_map(|at| at.attestation.height()).collect();
        heights.sort_unstable();
        heights.dedup();
        heights
    }

    /// Adds what a calendar answered for `commitment`, one of [`Proof::pending`]. Nothing is taken away. Whether anything
    /// was new: a calendar may well answer with the same promise.
    ///
    /// # Errors
    /// `bad-ots-answer` when nothing is pending there or the answer cannot be read; the proof stays as it was.
    pub fn upgrade(&mut self, commitment: &[u8], answer: &[u8]) -> Result<bool, Fault> {
        if !self.pending().iter().any(|pending| pending.commitment == commitment) {
            return Err(refuse_answer("the proof waits for no such commitment"));
        }
        let answer = read_answer(commitment, answer)?;
        let mut upgraded = self.clone();
        upgraded.root.merge_at(self.digest.clone(), commitment, &answer);
        let upgraded = upgraded.within_limits()?;
        let is_new = upgraded != *self;
        *self = upgraded;
        Ok(is_new)
    }

    /// Adds what another proof over the same file knows.
    ///
    /// # Errors
    /// `bad-ots-answer` when the other one is for another file, or both together break a limit; nothing changes then.
    pub fn merge(&mut self, other: Proof) -> Result<(), Fault> {
        if (other.hash, &other.digest) != (self.hash, &self.digest) {
            return Err(refuse_answer("the other proof is for another file"));
        }
        let mut merged = self.clone();
        merged.root.merge(other.root);
        *self = merged.within_limits()?;
        Ok(())
    }

    /// Checks the proof against the header of the block at `height`, 80 bytes as Bitcoin hashes them: the header has the
    /// merkle root that the proof computes, and its own hash meets the target that it states.
    ///
    /// That the header is the one of the real chain is for the caller to know: [`Block`] says what it would cost to make.
    ///
    /// # Errors
    /// `block-mismatch` when the proof has no attestation for `height`, or the header is another block's or nobody's work.
    pub fn check_header(&self, height: u64, header: &Header) -> Result<Block, Fault> {
        let roots = self.attestations().into_iter().filter(|at| at.attestation.height() == Some(height));
        let roots: Vec<Vec<u8>> = roots.map(|at| at.message).collect();
        block::check(height, header, &roots)
    }

    /// Two proofs within the limits may together be beyond them. Then nobody could read what we wrote.
    fn within_limits(self) -> Result<Self, Fault> {
        let bytes = self.to_bytes();
        let is_short = bytes.len() <= Limits::OTS_BYTES;
        let again = is_short.then(|| read_proof(&bytes).ok()).flatten();
        again.filter(|again| *again == self).ok_or_else(|| refuse_answer("the proof would grow beyond its limits"))
    }
}

fn read_proof(bytes: &[u8]) -> Result<Proof, &'static str> {
    let mut reader = Reader::new(bytes.strip_prefix(MAGIC).ok_or("it does not begin as one")?);
    if reader.varuint()? != VERSION {
        return Err("its version is not 1");
    }
    let hash = FileHash::of_tag(reader.byte()?).ok_or("it begins with an unknown hash")?;
    let digest = reader.take(hash.length())?.to_vec();
    let root = Node::read(&mut reader, digest.clone())?;
    reader.end()?;
    Ok(Proof { hash, digest, root })
}

/// What a calendar answers: branches that begin at `message`.
fn read_answer(message: &[u8], answer: &[u8]) -> Result<Node, Fault> {
    if answer.len() > Limits::OTS_ANSWER_BYTES {
        return Err(refuse_answer("it is longer than 10,000 bytes"));
    }
    let mut reader = Reader::new(answer);
    let node = Node::read(&mut reader, message.to_vec()).map_err(refuse_answer)?;
    reader.end().map_err(refuse_answer)?;
    Ok(node)
}

fn refuse(reason: &str) -> Fault {
    Fault::bad_input("bad-ots-proof", format!("This OpenTimestamps proof cannot be read: {reason}"))
        .advise("It must be a detached proof, as `ots stamp` writes it, whole and unchanged.")
}

fn refuse_answer(reason: &str) -> Fault {
    Fault::bad_input("bad-ots-answer", format!("The calendar's answer cannot be used: {reason}"))
        .advise("The proof is as it was. Ask the calendar again, or another one.")
}
