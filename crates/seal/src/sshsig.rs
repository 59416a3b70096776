//! Signatures that `ssh-keygen -Y verify` checks (OpenSSH PROTOCOL.sshsig), Ed25519 with SHA-512.
//!
//! The namespace says what a signature is for; a signature in one namespace is none in another.

use std::borrow::Cow;

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

/// A message that comes piece by piece and is signed at its end.
#[derive(Clone, Default)]
pub struct Message(Sha512);

impl Message {
    /// The next bytes of it.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Signs it, as [`sign`] does.
    ///
    /// # Errors
    /// What the signer says.
    pub fn sign(self, namespace: &str, signer: &dyn Ed25519Signer) -> Result<String, Fault> {
        sign_digest(self.0.finalize().into(), namespace, signer)
    }
}

/// Checks `armoured` and returns the key that made it. The caller decides whether it trusts that key.
///
/// # Errors
/// `bad-ssh-signature` when it cannot be read, `wrong-namespace`, `wrong-signature` when it is for other bytes.
pub fn verify(armoured: &str, namespace: &str, message: &[u8]) -> Result<PublicKey, Fault> {
    let signature = Signature::parse(armoured)?;
    if signature.namespace != namespace.as_bytes() {
        return Err(Fault::unverified(
            "wrong-namespace",
            format!("The signature is for {:?}, not for {namespace:?}", signature.namespace()),
        )
        .advise("A signature counts only for the purpose it was made for; ask for the right one."));
    }
    signature.check(&signature.hash.of(message))
}

/// How the message of a signature is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-512, as OpenSSH and this program sign.
    Sha512,
}

impl Hash {
    /// The digest of `message`.
    pub fn of(self, message: &[u8]) -> Vec<u8> {
        match self {
            Hash::Sha256 => sha2::Sha256::digest(message).to_vec(),
            Hash::Sha512 => Sha512::digest(message).to_vec(),
        }
    }
}

/// A signature that was read, and not checked yet: for messages that are hashed by the caller.
#[derive(Clone, Debug)]
pub struct Signature {
    key: PublicKey,
    namespace: Vec<u8>,
    hash: Hash,
    bytes: [u8; 64],
}

impl Signature {
    /// Whether a file begins as one.
    pub fn begins(bytes: &[u8]) -> bool {
        bytes.starts_with(b"-----BEGIN SSH SIGNATURE-----")
    }

    /// Reads `armoured`.
    ///
    /// # Errors
    /// `bad-ssh-signature`.
    pub fn parse(armoured: &str) -> Result<Self, Fault> {
        if armoured.len() > Limits::KEY_FILE_BYTES {
            return Err(refuse("it is too large"));
        }
        let blob = armour::unwrap(LABEL, armoured).ok_or_else(|| refuse("the armour is damaged"))?;
        let parts = Parts::parse(&blob).ok_or_else(|| refuse("its parts are not those of an Ed25519 signature"))?;
        let hash = match parts.hash {
            b"sha512" => Hash::Sha512,
            b"sha256" => Hash::Sha256,
            _ => return Err(refuse("it uses an unknown hash")),
        };
        Ok(Signature { key: parts.key, namespace: parts.namespace.to_vec(), hash, bytes: *parts.signature })
    }

    /// What it is for, as text.
    pub fn namespace(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.namespace)
    }

    /// The hash of the message that [`Signature::check`] wants: SHA-512 or SHA-256.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// Checks it against the digest of the message, and returns the key that made it.
    ///
    /// # Errors
    /// `wrong-signature`.
    pub fn check(&self, digest: &[u8]) -> Result<PublicKey, Fault> {
        let hash: &[u8] = if self.hash == Hash::Sha512 { b"sha512" } else { b"sha256" };
        match self.key.verify(&signed_bytes(&self.namespace, hash, digest), &self.bytes) {
            true => Ok(self.key),
            false => Err(Fault::unverified("wrong-signature", "The SSH signature does not match these bytes")
                .advise("The bytes or the signature were changed after signing; ask for the originals.")),
        }
    }
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
