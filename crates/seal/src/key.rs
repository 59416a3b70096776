//! Ed25519 keys (RFC 8032) in the forms that OpenSSL reads and writes.

use std::fmt;

use ed25519_dalek::Signer as _;
use model::Fault;
use zeroize::Zeroizing;

use crate::{Hasher, Limits, armour, sha256};

/// DER of a PKCS#8 version 1 Ed25519 private key up to the seed (RFC 8410 §7).
const PKCS8_V1: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
/// The same for version 2, which carries the public key after the seed (RFC 5958 §2).
const PKCS8_V2: [u8; 16] = [0x30, 0x51, 2, 1, 1, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
/// What stands between seed and public key in version 2.
const PKCS8_V2_PUBLIC: [u8; 3] = [0x81, 0x21, 0];
/// DER of a SubjectPublicKeyInfo up to the key (RFC 8410 §4).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];

/// An Ed25519 private key. Wiped from memory when dropped; `Debug` shows the public half only.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key that RFC 8032 derives from 32 secret bytes. Draw them from the operating system.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        SigningKey(ed25519_dalek::SigningKey::from_bytes(&seed))
    }

    /// Reads a PKCS#8 PEM file, as `openssl genpkey -algorithm ed25519` writes it.
    ///
    /// # Errors
    /// `bad-key-file` when it is anything else.
    pub fn from_pem(pem: &str) -> Result<Self, Fault> {
        let refuse = || {
            Fault::bad_input("bad-key-file", "This is not an unencrypted Ed25519 private key in PEM form")
                .advise("Make one with `openssl genpkey -algorithm ed25519`, or give the passphrase if it has one.")
        };
        if pem.len() > Limits::KEY_FILE_BYTES {
            return Err(refuse());
        }
        let der = Zeroizing::new(armour::unwrap("PRIVATE KEY", pem).ok_or_else(refuse)?);
        SigningKey::from_der(&der).ok_or_else(refuse)
    }

    fn from_der(der: &[u8]) -> Option<Self> {
        if let Some(seed) = der.strip_prefix(&PKCS8_V1) {
            return Some(SigningKey::from_seed(seed.try_into().ok()?));
        }
        let (seed, public) = der.strip_prefix(&PKCS8_V2)?.split_at_checked(32)?;
        let key = SigningKey::from_seed(seed.try_into().ok()?);
        let matches = public.strip_prefix(&PKCS8_V2_PUBLIC)? == key.public().as_bytes();
        matches.then_some(key)
    }

    /// PKCS#8 version 1 in PEM, which every OpenSSL since 1.1.1 reads.
    pub fn to_pem(&self) -> Zeroizing<String> {
        let mut der = Zeroizing::new(PKCS8_V1.to_vec());
        der.extend_from_slice(self.0.as_bytes());
        Zeroizing::new(armour::wrap("PRIVATE KEY", &der, 64))
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// 32 secret bytes for another purpose: SHA-256 over the purpose, a zero byte and the seed. Who has them cannot tell the
    /// seed.
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut hasher = Hasher::new();
        hasher.update(purpose.as_bytes());
        hasher.update(&[0]);
        hasher.update(self.0.as_bytes());
        Zeroizing::new(*hasher.finish().as_bytes())
    }

    /// The 64-byte signature (R ‖ S) of `message`. Ed25519 is deterministic: equal inputs, equal bytes.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(of {})", self.public().fingerprint())
    }
}

/// An Ed25519 public key: a point on the curve that is not of small order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

impl PublicKey {
    /// From the 32 bytes of RFC 8032.
    ///
    /// # Errors
    /// `bad-public-key` when they are no point, or a weak one that would verify signatures nobody made.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Fault> {
        let key = bytes.try_into().ok().and_then(|bytes| ed25519_dalek::VerifyingKey::from_bytes(bytes).ok());
        match key {
            // A non-canonical encoding is read by the library but would give one key two ids.
            Some(key) if !key.is_weak() && key.to_edwards().compress().as_bytes() == key.as_bytes() => {
                Ok(PublicKey(key))
            }
            _ => Err(refuse_public("These bytes are not a sound Ed25519 public key")),
        }
    }

    /// The 32 bytes of RFC 8032.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Reads a `PUBLIC KEY` PEM file, as `openssl pkey -pubout` writes it.
    ///
    /// # Errors
    /// `bad-public-key` when it is anything else.
    pub fn from_pem(pem: &str) -> Result<Self, Fault> {
        if pem.len() > Limits::KEY_FILE_BYTES {
            return Err(refuse_public("This file is too large for a public key"));
        }
        let der = armour::unwrap("PUBLIC KEY", pem);
        let bytes = der.as_deref().and_then(|der| der.strip_prefix(&SPKI));
        PublicKey::from_bytes(bytes.ok_or_else(|| refuse_public("This is not an Ed25519 public key in PEM form"))?)
    }

    /// SubjectPublicKeyInfo in PEM.
    pub fn to_pem(&self) -> String {
        let mut der = SPKI.to_vec();
        der.extend_from_slice(self.as_bytes());
        armour::wrap("PUBLIC KEY", &der, 64)
    }

    /// Whether `signature` (R ‖ S) is this key's signature of `message`; the strict rules of RFC 8032 §5.1.7.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
    }

    /// The first 8 hex digits of the SHA-256 of the key: enough for a person to tell two keys apart.
    pub fn short_id(&self) -> String {
        sha256(self.as_bytes()).hex()[..8].to_owned()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

pub(crate) fn refuse_public(message: &str) -> Fault {
    Fault::bad_input("bad-public-key", message)
        .advise("Give an Ed25519 public key: PEM, or one line that begins with ssh-ed25519.")
}
