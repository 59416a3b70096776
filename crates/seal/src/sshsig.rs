//! Signatures that `ssh-keygen -Y verify` checks (OpenSSH PROTOCOL.sshsig), Ed25519 with SHA-512.
//!
//! The namespace says what a signature is for; a signature in one namespace is none in another.

use model::Fault;
use sha2::{Digest as _, Sha512};

use crate::openssh::{ALGORITHM, push, take};
use crate::{Ed25519Signer, Limits, PublicKey, armour};

const MAGIC: &[u8] = b"SSHSIG";
const LABEL: &str = "SSH SIGNATURE";
const VERSION: u32 = 1;

/// Signs `message` for `namespace`, as `ssh-keygen -Y sign -n namespace` does. Armoured, 70 columns.
///
/// # Errors
/// What the signer says.
pub fn sign(message: &[u8], namespace: &str, signer: &dyn Ed25519Signer) -> Result<String, Fault> {
    sign_digest(Sha512::digest(message).into(), namespace, signer)
}

/// The same from the SHA-512 of the message.
///
/// # Errors
/// What the signer says.
pub fn sign_digest(message_sha512: [u8; 64], namespace: &str, signer: &dyn Ed25519Signer) -> Result<String, Fault> {
    let signed = signer.sign(&signed_bytes(namespace.as_bytes(), b"sha512", &message_sha512))?;
    let mut signature = Vec::new();
    push(&mut signature, ALGORITHM.as_bytes());
    push(&mut signature, &signed);

    let mut blob = MAGIC.to_vec();
    blob.extend_from_slice(&VERSION.to_be_bytes());
    push(&mut blob, &signer.public().blob());
    push(&mut blob, namespace.as_bytes());
    push(&mut blob, b"");
    push(&mut blob, b"sha512");
    push(&mut blob, &signature);
    Ok(armour::wrap(LABEL, &blob, 70))
}

/// Checks `armoured` and returns the key that made it. The caller decides whether it trusts that key.
///
/// # Errors
/// `bad-ssh-signature` when it cannot be read, `wrong-namespace`, `wrong-signature` when it is for other bytes.
pub fn verify(armoured: &str, namespace: &str, message: &[u8]) -> Result<PublicKey, Fault> {
    if armoured.len() > Limits::KEY_FILE_BYTES {
        return Err(refuse("it is too large"));
    }
    let blob = armour::unwrap(LABEL, armoured).ok_or_else(|| refuse("the armour is damaged"))?;
    let parts = Parts::parse(&blob).ok_or_else(|| refuse("its parts are not those of an Ed25519 signature"))?;
    if parts.namespace != namespace.as_bytes() {
        let found = String::from_utf8_lossy(parts.namespace);
        return Err(Fault::unverified(
            "wrong-namespace",
            format!("The signature is for {found:?}, not for {namespace:?}"),
        )
        .advise("A signature counts only for the purpose it was made for; ask for the right one."));
    }
    let digest: Vec<u8> = match parts.hash {
        b"sha512" => Sha512::digest(message).to_vec(),
        b"sha256" => sha2::Sha256::digest(message).to_vec(),
        _ => return Err(refuse("it uses an unknown hash")),
    };
    if parts.key.verify(&signed_bytes(parts.namespace, parts.hash, &digest), parts.signature) {
        return Ok(parts.key);
    }
    Err(Fault::unverified("wrong-signature", "The SSH signature does not match these bytes")
        .advise("The bytes or the signature were changed after signing; ask for the originals."))
}

/// What a blob holds, borrowed.
struct Parts<'b> {
    key: PublicKey,
    namespace: &'b [u8],
    hash: &'b [u8],
    signature: &'b [u8; 64],
}

impl<'b> Parts<'b> {
    fn parse(blob: &'b [u8]) -> Option<Self> {
        let (version, mut rest) = blob.strip_prefix(MAGIC)?.split_first_chunk::<4>()?;
        let key = PublicKey::from_blob(take(&mut rest)?)?;
        let namespace = take(&mut rest)?;
        let _reserved = take(&mut rest)?;
        let hash = take(&mut rest)?;
        let mut signature = take(&mut rest)?;
        let algorithm = take(&mut signature)?;
        let bytes = take(&mut signature)?.try_into().ok()?;
        let sound = u32::from_be_bytes(*version) == VERSION
            && algorithm == ALGORITHM.as_bytes()
            && !namespace.is_empty()
            && rest.is_empty()
            && signature.is_empty();
        sound.then_some(Parts { key, namespace, hash, signature: bytes })
    }
}

/// The bytes that are signed: never the message itself, so that no signature of ours fits another protocol.
fn signed_bytes(namespace: &[u8], hash: &[u8], digest: &[u8]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    push(&mut bytes, namespace);
    push(&mut bytes, b"");
    push(&mut bytes, hash);
    push(&mut bytes, digest);
    bytes
}

fn refuse(reason: &str) -> Fault {
    Fault::bad_input("bad-ssh-signature", format!("This SSH signature cannot be read: {reason}"))
        .advise("It must be an armoured ssh-ed25519 signature, as `ssh-keygen -Y sign` writes it.")
}
