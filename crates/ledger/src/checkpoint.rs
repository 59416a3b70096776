//! The signed state of a log (C2SP tlog-checkpoint).

use model::{Digest, Fault};
use seal::note::{self, Verifier};
use seal::{armour, sha256};

use crate::Limits;

/// What a log says of itself: so many entries, this root, signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name, which is also the name of its key.
    pub origin: String,
    /// The number of entries.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Digest,
    /// Witnesses that cosigned it, with the time each states in seconds since 1970; empty unless opened with them.
    pub witnesses: Vec<(String, u64)>,
    note: String,
}

impl Checkpoint {
    /// Opens a signed checkpoint: the log's own key must have signed it under the name of the origin.
    ///
    /// # Errors
    /// `bad-checkpoint` when it is malformed, `wrong-signature`, `unknown-signer`.
    pub fn open(note: &[u8], known: &[Verifier]) -> Result<Self, Fault> {
        let mut checkpoint = Checkpoint::parse(note)?;
        let opened = note::open(note, known).map_err(malformed)?;
        if !opened.signers.contains(&checkpoint.origin) {
            return Err(Fault::unverified(
                "unknown-signer",
                format!("The checkpoint of {} is not signed by a key of that name that you trust", checkpoint.origin),
            )
            .advise("Give the verifier key of the log; a witness alone does not speak for it."));
        }
        checkpoint.witnesses = opened.witnesses;
        Ok(checkpoint)
    }

    /// Reads a checkpoint without checking a signature: for display and for readers that hold no key.
    ///
    /// # Errors
    /// `bad-checkpoint` when it is malformed.
    pub fn parse(note: &[u8]) -> Result<Self, Fault> {
        let (text, _) = note::parse(note).map_err(malformed)?;
        let (origin, size, root) =
            parse_text(text).ok_or_else(|| refuse("its text is not the three lines origin, size and root"))?;
        if size == 0 && root != sha256(b"") {
            return Err(refuse("a log without entries has the root of the empty tree"));
        }
        // note::parse has shown that it is UTF-8.
        let note = String::from_utf8_lossy(note).into_owned();
        Ok(Checkpoint { origin: origin.to_owned(), size, root, witnesses: Vec::new(), note })
    }

    pub(crate) fn sign(origin: &str, size: u64, root: Digest, signer: note::Signer<'_>) -> Result<Self, Fault> {
        let text = format!("{origin}\n{size}\n{}\n", armour::encode(root.as_bytes()));
        Checkpoint::parse(note::sign(&text, &[signer])?.as_bytes())
    }

    /// The signed note, byte for byte.
    pub fn note(&self) -> &str {
        &self.note
    }
}

fn parse_text(text: &str) -> Option<(&str, u64, Digest)> {
    let mut lines = text.strip_suffix('\n')?.split('\n');
    let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
    // Extension lines are legal but not recommended; ours has none, so one is a sign of another author.
    let plain = lines.next().is_none() && !origin.is_empty();
    let size = parse_number(size).filter(|size| *size <= Limits::ENTRIES)?;
    let root: [u8; 32] = armour::decode(root)?.try_into().ok()?;
    plain.then_some((origin, size, Digest::new(root)))
}

/// A decimal number without sign and without leading zeros.
pub(crate) fn parse_number(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    canonical.then(|| text.parse().ok()).flatten()
}

/// What is wrong with a note is what is wrong with the checkpoint: evidence that does not verify.
fn malformed(fault: Fault) -> Fault {
    if fault.code() != "bad-note" {
        return fault;
    }
    Fault::unverified("bad-checkpoint", fault.message()).advise(fault.advice().unwrap_or_default())
}

fn refuse(reason: &str) -> Fault {
    Fault::unverified("bad-checkpoint", format!("This is not a checkpoint: {reason}"))
        .advise("Use the file exactly as the log wrote it.")
}
