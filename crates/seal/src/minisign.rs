//! Signatures that `minisign -V` checks: Ed25519 over BLAKE2b-512 of the message, with a trusted comment.

use blake2::{Blake2b512, Digest as _};
use model::Fault;

use crate::{Ed25519Signer, Limits, PublicKey, armour, sha256};

const UNTRUSTED: &str = "untrusted comment: ";
const TRUSTED: &str = "trusted comment: ";
/// Over the message's hash. The older `Ed` is over the message itself: read, never written.
const PREHASHED: &[u8; 2] = b"ED";
const LEGACY: &[u8; 2] = b"Ed";

/// The id of a key: the first 8 bytes of its SHA-256. Minisign's own ids are random; any 8 bytes serve.
pub fn key_id(key: &PublicKey) -> [u8; 8] {
    let digest = sha256(key.as_bytes());
    // A digest has 32 bytes.
    digest.as_bytes()[..8].try_into().unwrap_or_default()
}

/// The public key file: two lines. Minisign shows the id byte-reversed, in upper-case hex.
pub fn public_key_text(key: &PublicKey, key_id: [u8; 8]) -> String {
    let mut bytes = LEGACY.to_vec();
    bytes.extend_from_slice(&key_id);
    bytes.extend_from_slice(key.as_bytes());
    let shown = u64::from_le_bytes(key_id);
    format!("{UNTRUSTED}minisign public key {shown:016X}\n{}\n", armour::encode(bytes))
}

/// Signs `message`. `trusted_comment` is covered by the signature; its line breaks become spaces.
///
/// # Errors
/// What the signer says.
pub fn sign(
    message: &[u8],
    signer: &dyn Ed25519Signer,
    key_id: [u8; 8],
    trusted_comment: &str,
) -> Result<String, Fault> {
    let comment: String = trusted_comment.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let signature = signer.sign(&Blake2b512::digest(message))?;
    let mut line = PREHASHED.to_vec();
    line.extend_from_slice(&key_id);
    line.extend_from_slice(&signature);
    let global = signer.sign(&covered(&signature, &comment))?;
    Ok(format!(
        "{UNTRUSTED}signature from a probity key\n{}\n{TRUSTED}{comment}\n{}\n",
        armour::encode(line),
        armour::encode(global)
    ))
}

/// Checks a signature file and returns its trusted comment.
///
/// # Errors
/// `bad-minisign-signature` when it cannot be read, `wrong-signature` when it is for other bytes, another key or
/// another comment.
pub fn verify(text: &str, key: &PublicKey, message: &[u8]) -> Result<String, Fault> {
    let parts = Parts::parse(text).ok_or_else(|| {
        Fault::bad_input("bad-minisign-signature", "This minisign signature cannot be read")
            .advise("It must be the four lines that `minisign -S` writes.")
    })?;
    let hash = Blake2b512::digest(message);
    let signed: &[u8] = if parts.prehashed { &hash } else { message };
    let sound =
        key.verify(signed, &parts.signature) && key.verify(&covered(&parts.signature, parts.comment), &parts.global);
    if sound {
        return Ok(parts.comment.to_owned());
    }
    Err(Fault::unverified("wrong-signature", "The minisign signature does not match these bytes and this key")
        .advise("The bytes, the comment or the signature were changed after signing; ask for the originals."))
}

struct Parts<'t> {
    prehashed: bool,
    signature: [u8; 64],
    comment: &'t str,
    global: [u8; 64],
}

impl<'t> Parts<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        if text.len() > Limits::KEY_FILE_BYTES {
            return None;
        }
        let mut lines = text.lines();
        lines.next()?.strip_prefix(UNTRUSTED)?;
        let line = armour::decode(lines.next()?)?;
        let comment = lines.next()?.strip_prefix(TRUSTED)?;
        let global = armour::decode(lines.next()?)?.try_into().ok()?;
        let (algorithm, rest) = line.split_first_chunk::<2>()?;
        let prehashed = match algorithm {
            PREHASHED => true,
            LEGACY => false,
            _ => return None,
        };
        let signature = rest.get(8..)?.try_into().ok()?;
        lines.next().is_none().then_some(Parts { prehashed, signature, comment, global })
    }
}

fn covered(signature: &[u8; 64], comment: &str) -> Vec<u8> {
    [signature.as_slice(), comment.as_bytes()].concat()
}
