//! A proof of one entry, as a text file (C2SP tlog-proof): verifies offline, without the log.

use model::{Digest, Fault};
use seal::armour;
use seal::note::Verifier;

use crate::checkpoint::parse_number;
use crate::{Checkpoint, Limits, tree};

const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// A tree of 2^63 entries has no longer proofs.
const HASHES_MAX: usize = 63;

/// The proof that an entry is under a checkpoint. The entry's bytes are not part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The index of the entry, from 0.
    pub index: u64,
    /// The hashes beside its way to the root, leaf side first.
    pub hashes: Vec<Digest>,
    /// The checkpoint.
    pub checkpoint: Checkpoint,
}

impl Proof {
    pub(crate) fn new(index: u64, hashes: Vec<Digest>, checkpoint: Checkpoint) -> Self {
        Proof { index, hashes, checkpoint }
    }

    /// The text of a `.tlog-proof` file.
    pub fn to_text(&self) -> String {
        let mut text = format!("{HEADER}\nindex {}\n", self.index);
        for hash in &self.hashes {
            text.push_str(&armour::encode(hash.as_bytes()));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(self.checkpoint.note());
        text
    }

    /// Reads such a text. Signatures and hashes are not checked: see [`verify_proof`].
    ///
    /// # Errors
    /// `bad-proof` when it is malformed, `bad-checkpoint` when the checkpoint in it is.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let (head, note) = text
            .split_once("\n\n")
            .filter(|_| text.len() <= Limits::PROOF_BYTES)
            .ok_or_else(|| refuse("no empty line ends the hashes"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(refuse("its first line is not c2sp.org/tlog-proof@v1"));
        }
        let mut line = lines.next().unwrap_or_default();
        // `extra` is not authenticated: it is skipped and never shown.
        if let Some(extra) = line.strip_prefix("extra ") {
            armour::decode(extra).ok_or_else(|| refuse("its extra line is not base64"))?;
            line = lines.next().unwrap_or_default();
        }
        let index = line.strip_prefix("index ").and_then(parse_number).ok_or_else(|| refuse("it states no index"))?;
        let hashes: Option<Vec<Digest>> = lines.take(HASHES_MAX + 1).map(parse_hash).collect();
        let hashes = hashes.ok_or_else(|| refuse("one of its hashes is not base64 of 32 bytes"))?;
        if hashes.len() > HASHES_MAX {
            return Err(refuse("it has more than 63 hashes"));
        }
        Ok(Proof { index, hashes, checkpoint: Checkpoint::parse(note.as_bytes())? })
    }
}

/// What a proof has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The index of the entry, from 0.
    pub index: u64,
    /// The signed checkpoint that covers it, with the witnesses among those known that cosigned it.
    pub checkpoint: Checkpoint,
}

/// Checks that `entry`, byte for byte, is in the log that one of `known` speaks for.
///
/// # Errors
/// `bad-proof`, `bad-checkpoint`, `wrong-signature`, `unknown-signer`, `proof-does-not-verify`.
pub fn verify_proof(text: &str, entry: &[u8], known: &[Verifier]) -> Result<Proven, Fault> {
    let proof = Proof::parse(text)?;
    let checkpoint = Checkpoint::open(proof.checkpoint.note().as_bytes(), known)?;
    let leaf = tree::leaf(entry);
    if tree::verify_inclusion(&proof.hashes, leaf, proof.index, checkpoint.size, checkpoint.root) {
        return Ok(Proven { index: proof.index, checkpoint });
    }
    Err(Fault::unverified(
        "proof-does-not-verify",
        format!("The proof does not show these bytes as entry {} of {}", proof.index, checkpoint.origin),
    )
    .advise("The entry or the proof was changed, or they do not belong together."))
}

fn parse_hash(line: &str) -> Option<Digest> {
    let bytes: [u8; 32] = armour::decode(line).filter(|_| line.len() == 44)?.try_into().ok()?;
    Some(Digest::new(bytes))
}

fn refuse(reason: &str) -> Fault {
    Fault::unverified("bad-proof", format!("This is not a proof: {reason}"))
        .advise("Use the .tlog-proof file exactly as it was written.")
}
