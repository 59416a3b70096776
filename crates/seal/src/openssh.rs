//! Keys as OpenSSH writes them: the public `ssh-ed25519 AAAA… comment`, and private key files (PROTOCOL.key).
//!
//! ```text
//! "openssh-key-v1\0" ‖ string cipher ‖ string kdf ‖ string kdf options ‖ uint32 keys ‖ string public blob ‖ string section
//! section of a key without a passphrase:
//!     uint32 check ‖ uint32 check ‖ string "ssh-ed25519" ‖ string public ‖ string (seed ‖ public) ‖ string comment ‖ 1, 2, 3 …
//! ```

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use model::Fault;
use zeroize::Zeroizing;

use crate::key::refuse_public;
use crate::{Limits, PublicKey, SigningKey, armour, sha256};

pub(crate) const ALGORITHM: &str = "ssh-ed25519";
const PRIVATE: &str = "OPENSSH PRIVATE KEY";
const MAGIC: &[u8] = b"openssh-key-v1\0";

impl SigningKey {
    /// Whether this is a private key file of OpenSSH, of whatever type.
    pub fn is_openssh(pem: &str) -> bool {
        pem.trim_start().starts_with(&format!("-----BEGIN {PRIVATE}-----"))
    }

    /// Reads a private key file as `ssh-keygen -t ed25519` writes it, without a passphrase.
    ///
    /// # Errors
    /// `bad-key-file` when it has a passphrase or is anything else, a key of another type included.
    pub fn from_openssh_private(pem: &str) -> Result<Self, Fault> {
        let refuse = || {
            Fault::bad_input("bad-key-file", "This is not an Ed25519 private key of OpenSSH")
                .advise("Make one with `ssh-keygen -t ed25519`.")
        };
        if pem.len() > Limits::KEY_FILE_BYTES {
            return Err(refuse());
        }
        let bytes = Zeroizing::new(armour::unwrap(PRIVATE, pem).ok_or_else(refuse)?);
        let mut rest = bytes.strip_prefix(MAGIC).ok_or_else(refuse)?;
        if take(&mut rest).ok_or_else(refuse)? != b"none" {
            return Err(Fault::refused("bad-key-file", "This private key of OpenSSH is behind a passphrase").advise(
                "Load it with ssh-add and name it with `agent:`; or take the passphrase off a copy: `ssh-keygen -p`.",
            ));
        }
        private_key(rest).ok_or_else(refuse)
    }
}

/// What follows the name of the cipher in a file without a passphrase.
fn private_key(mut rest: &[u8]) -> Option<SigningKey> {
    let kdf = (take(&mut rest)?, take(&mut rest)?);
    let rest = &mut rest.strip_prefix(&1_u32.to_be_bytes())?;
    let public = PublicKey::from_blob(take(rest)?)?;
    let mut section = take(rest)?;
    if kdf != (b"none".as_slice(), b"".as_slice()) || !rest.is_empty() {
        return None;
    }
    let (first, tail) = section.split_first_chunk::<4>()?;
    let (second, tail) = tail.split_first_chunk::<4>()?;
    section = tail;
    let (kind, inner, secret) = (take(&mut section)?, take(&mut section)?, take(&mut section)?);
    let _comment = take(&mut section)?;
    let padded = section.len() < 8 && section.iter().zip(1_u8..).all(|(byte, count)| *byte == count);
    let (seed, last) = secret.split_first_chunk::<32>()?;
    let key = SigningKey::from_seed(*seed);
    let one = key.public() == public && inner == public.as_bytes() && last == public.as_bytes();
    (first == second && kind == ALGORITHM.as_bytes() && padded && one).then_some(key)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    /// A file as OpenSSH would write it for a seed of sevens, with `cipher`, and `padding` at its end.
    fn file(cipher: &str, padding: &[u8]) -> String {
        let key = SigningKey::from_seed([7; 32]);
        let public = key.public();
        let mut section = [9, 9, 9, 9, 9, 9, 9, 9].to_vec();
        push(&mut section, ALGORITHM.as_bytes());
        push(&mut section, public.as_bytes());
        push(&mut section, &[[7; 32], *public.as_bytes()].concat());
        push(&mut section, b"a comment");
        section.extend_from_slice(padding);
        let mut bytes = MAGIC.to_vec();
        push(&mut bytes, cipher.as_bytes());
        push(&mut bytes, b"none");
        push(&mut bytes, b"");
        bytes.extend_from_slice(&1_u32.to_be_bytes());
        push(&mut bytes, &public.blob());
        push(&mut bytes, &section);
        armour::wrap(PRIVATE, &bytes, 70)
    }

    #[test]
    fn private_keys_are_read_or_refused() {
        let key = SigningKey::from_openssh_private(&file("none", &[1, 2, 3])).unwrap();
        assert_eq!(key.public(), SigningKey::from_seed([7; 32]).public());
        let check = |text: &str, words: &str| {
            let fault = SigningKey::from_openssh_private(text).unwrap_err();
            assert!(fault.code() == "bad-key-file" && fault.message().contains(words), "{fault}");
        };
        check(&file("aes256-ctr", &[1, 2, 3]), "behind a passphrase");
        check(&file("none", &[1, 2, 4]), "not an Ed25519");
        check(&file("none", &[1, 2, 3, 4, 5, 6, 7, 8]), "not an Ed25519");
        check(&key.to_pem(), "not an Ed25519");
        let whole = armour::unwrap(PRIVATE, &file("none", &[1])).unwrap();
        for length in 0..whole.len() - 1 {
            check(&armour::wrap(PRIVATE, &whole[..length], 70), "not an Ed25519");
        }
    }
}
