//! One line of a segment: an object that ends in the digest of the line before it, its own digest, and a signature.
//!
//! `h` is the SHA-256 of the object's bytes without `h` and `sig`; `sig` the Ed25519 signature of the 32 bytes of `h`. Whoever
//! checks a line cuts these two off and hashes what is there: nothing is written anew, so large integers do no harm.

use model::Digest;
use seal::{PublicKey, SigningKey, canonical, sha256};

use crate::clock::Now;

/// What stands between body and digest, and so on, in the order of the line.
const BEFORE_HASH: &[u8] = b",\"h\":\"";
const BEFORE_SIGNATURE: &[u8] = b"\",\"sig\":\"";
const BEFORE_PREVIOUS: &[u8] = b",\"prev\":\"";
const BEFORE_NUMBER: &[u8] = b"{\"v\":1,\"seq\":";
const END: &[u8] = b"\"}";
/// Digest and signature in hex, with what stands around them.
const SEAL: usize = BEFORE_HASH.len() + 64 + BEFORE_SIGNATURE.len() + 128 + END.len();

/// Longer lines are not written, and not read.
pub const LINE_MAX: usize = 256 << 10;

/// A line whose digest is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number.
    pub seq: u64,
    /// The digest of the line before it.
    pub previous: Digest,
    /// Its own digest.
    pub digest: Digest,
    /// The signature of the digest.
    pub signature: [u8; 64],
}

/// Writes a line: number, boot and clocks, what it says (members, each with a comma in front), seal, newline.
pub fn write(seq: u64, boot: &str, now: &Now, says: &[u8], previous: &Digest, key: &SigningKey) -> (Vec<u8>, Digest) {
    let mut line = Vec::with_capacity(says.len() + 512);
    line.extend_from_slice(BEFORE_NUMBER);
    line.extend_from_slice(format!("{seq},\"boot\":").as_bytes());
    canonical::push_string(&mut line, boot);
    let Now { wall_ns, boot_ns, mono_ns } = now;
    let clocks = format!(",\"wall_ns\":{wall_ns},\"boot_ns\":{boot_ns},\"mono_ns\":{mono_ns}");
    line.extend_from_slice(clocks.as_bytes());
    line.extend_from_slice(says);
    line.extend_from_slice(BEFORE_PREVIOUS);
    line.extend_from_slice(previous.hex().as_bytes());
    line.extend_from_slice(END);
    let digest = close(&mut line, key);
    (line, digest)
}

/// Puts digest and signature into an object, and a newline behind it.
fn close(line: &mut Vec<u8>, key: &SigningKey) -> Digest {
    let digest = sha256(line);
    let signature = key.sign(digest.as_bytes());
    line.pop();
    line.extend_from_slice(BEFORE_HASH);
    line.extend_from_slice(digest.hex().as_bytes());
    line.extend_from_slice(BEFORE_SIGNATURE);
    line.extend_from_slice(model::hex(&signature).as_bytes());
    line.extend_from_slice(END);
    line.push(b'\n');
    digest
}

impl Link {
    /// Reads a line without its newline; `None` where it is none of ours, or its digest is another one. The signature is not
    /// looked at.
    pub fn read(line: &[u8]) -> Option<Link> {
        let (digest, signature, mut body) = unseal(line)?;
        body.push(b'}');
        (sha256(&body) == digest).then_some(())?;
        let number = body.strip_prefix(BEFORE_NUMBER)?;
        let number = &number[..number.iter().position(|byte| !byte.is_ascii_digit())?];
        let seq = std::str::from_utf8(number).ok()?.parse().ok()?;
        let previous = body.strip_suffix(END)?;
        let (before, previous) = previous.split_at_checked(previous.len().checked_sub(64)?)?;
        before.ends_with(BEFORE_PREVIOUS).then_some(())?;
        let previous = Digest::parse(std::str::from_utf8(previous).ok()?).ok()?;
        Some(Link { seq, previous, digest, signature })
    }

    /// Whether `key` has signed it.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.verify(self.digest.as_bytes(), &self.signature)
    }
}

/// Digest, signature, and the object without its end.
fn unseal(line: &[u8]) -> Option<(Digest, [u8; 64], Vec<u8>)> {
    let (body, seal) = line.split_at_checked(line.len().checked_sub(SEAL)?)?;
    let (digest, seal) = seal.strip_prefix(BEFORE_HASH)?.split_at(64);
    let (signature, end) = seal.strip_prefix(BEFORE_SIGNATURE)?.split_at(128);
    (end == END).then_some(())?;
    let is_lower = |text: &[u8]| !text.iter().any(u8::is_ascii_uppercase);
    (is_lower(digest) && is_lower(signature)).then_some(())?;
    let digest = Digest::parse(std::str::from_utf8(digest).ok()?).ok()?;
    let signature = model::unhex(std::str::from_utf8(signature).ok()?)?;
    Some((digest, signature, body.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "{\"v\":1,\"seq\":0,\"boot\":\"6f2c0f5e-8c0e-4c3e-9b1e-1d3a5f7b9c2d\",\"wall_ns\":1790000000000000000,\"boot_ns\":42000000000,\"cpu_util\":null,\"prev\":\"0000000000000000000000000000000000000000000000000000000000000000\"}";

    /// The vector of the format's description, made by other code.
    #[test]
    fn the_vector() {
        let key = SigningKey::from_seed([7; 32]);
        let mut line = BODY.as_bytes().to_vec();
        let digest = close(&mut line, &key);
        assert_eq!(line.len(), 412);
        assert_eq!(digest.hex(), "e34b357f953ca408870aba1e40c4f2abc95360d2daf5ae93cb8d2c39e9e77b63");
        let text = String::from_utf8(line).unwrap();
        assert!(text.ends_with("\"sig\":\"ccd446da211e9172ba85d2aaa16518c9e608ee0809ae30091d63a76beb23b673e6875b57366439841b221aba87af648c564947017a3b3065e778d9699ab05608\"}\n"));
        let link = Link::read(text.trim_end().as_bytes()).unwrap();
        assert_eq!((link.seq, link.previous, link.digest), (0, Digest::ZERO, digest));
        assert!(link.is_signed_by(&key.public()) && !link.is_signed_by(&SigningKey::from_seed([8; 32]).public()));
    }

    /// Whatever byte of a line is another one, or missing, the line or its signature is not good.
    #[test]
    fn a_line_is_what_was_written() {
        let key = SigningKey::from_seed([7; 32]);
        let (line, digest) = write(41, "boot", &Now::default(), b",\"m\":[]", &sha256(b"before"), &key);
        let line = &line[..line.len() - 1];
        let link = Link::read(line).unwrap();
        assert_eq!((link.seq, link.previous, link.digest), (41, sha256(b"before"), digest));
        for at in 0..line.len() {
            let mut changed = line.to_vec();
            changed[at] ^= 1;
            let good = Link::read(&changed).is_some_and(|link| link.is_signed_by(&key.public()));
            assert!(!good && Link::read(&line[..at]).is_none(), "{at}");
        }
    }
}
