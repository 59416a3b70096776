//! Public keys as OpenSSH writes them: `ssh-ed25519 AAAA… comment`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use model::Fault;

use crate::key::refuse_public;
use crate::{Limits, PublicKey, armour, sha256};

pub(crate) const ALGORITHM: &str = "ssh-ed25519";

impl PublicKey {
    /// One line for `authorized_keys`, `allowed_signers` (after a principal) or a `.pub` file; no line feed.
    /// Control characters in `comment` become spaces.
    pub fn openssh(&self, comment: &str) -> String {
        let comment: String = comment.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let line = format!("{ALGORITHM} {} {comment}", armour::encode(self.blob()));
        line.trim_end().to_owned()
    }

    /// Reads such a line; the comment is ignored.
    ///
    /// # Errors
    /// `bad-public-key` when it is anything else, another key type included.
    pub fn from_openssh(line: &str) -> Result<Self, Fault> {
        let refuse = || refuse_public("This is not a line with an ssh-ed25519 public key");
        let mut words = line.split_ascii_whitespace();
        if line.len() > Limits::KEY_FILE_BYTES || words.next() != Some(ALGORITHM) {
            return Err(refuse());
        }
        let blob = words.next().and_then(armour::decode).ok_or_else(refuse)?;
        PublicKey::from_blob(&blob).ok_or_else(refuse)
    }

    /// `SHA256:…` as `ssh-keygen -l` prints it.
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(sha256(&self.blob()).as_bytes()))
    }

    /// `string "ssh-ed25519" ‖ string key` (RFC 8709 §4).
    pub(crate) fn blob(&self) -> Vec<u8> {
        let mut blob = Vec::with_capacity(51);
        push(&mut blob, ALGORITHM.as_bytes());
        push(&mut blob, self.as_bytes());
        blob
    }

    pub(crate) fn from_blob(blob: &[u8]) -> Option<Self> {
        let mut rest = blob;
        let algorithm = take(&mut rest)?;
        let key = take(&mut rest)?;
        let whole = algorithm == ALGORITHM.as_bytes() && rest.is_empty();
        whole.then(|| PublicKey::from_bytes(key).ok()).flatten()
    }
}

/// Appends an SSH `string`: 4-byte big-endian length and bytes (RFC 4251 §5). Ours are short.
pub(crate) fn push(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
}

/// Takes an SSH `string` off the front.
pub(crate) fn take<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, tail) = rest.split_first_chunk::<4>()?;
    let (bytes, tail) = tail.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    *rest = tail;
    Some(bytes)
}
