//! Who signs.

use std::fmt;

use model::Fault;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::ecdsa::{Signature, SigningKey};
use zeroize::Zeroizing;

use super::key::{is_p256, pkcs8_scalar, sec1_scalar};
use super::{Certificate, ecdsa_from_raw};
use crate::{Limits, armour, sha256};

/// A P-256 key and the certificate that names its holder. The key may lie anywhere: in a file, an agent, a card.
pub trait Signer {
    /// The certificate of the key.
    fn certificate(&self) -> &Certificate;

    /// The certificates above it, as far as known; without the signer's own. The order does not matter.
    fn chain(&self) -> &[Certificate];

    /// The signature of `message`: ECDSA on P-256 with SHA-256, as Ecdsa-Sig-Value in DER. It may be asked again, and
    /// need not be the same each time.
    ///
    /// # Errors
    /// Whatever keeps the key from signing.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Fault>;
}

/// A signer whose key was read from a file. The key is wiped from memory when it is dropped; `Debug` does not show it.
pub struct FileSigner {
    key: SigningKey,
    certificate: Certificate,
    chain: Vec<Certificate>,
}

impl FileSigner {
    /// From a P-256 key in PEM (`PRIVATE KEY`: PKCS#8, or `EC PRIVATE KEY`: SEC 1) and certificates: the one of the key,
    /// wherever it stands among them, and those above it.
    ///
    /// # Errors
    /// `bad-signing-key` when the key is of another kind or behind a passphrase; `certificate-mismatch` when none of the
    /// certificates is the key's.
    pub fn new(key_pem: &str, certificates: Vec<Certificate>) -> Result<Self, Fault> {
        let key = read_key(key_pem)?;
        let mut chain = certificates;
        let at = chain.iter().position(|certificate| is_p256(certificate.public_key(), key.verifying_key()));
        let Some(at) = at else {
            return Err(Fault::bad_input("certificate-mismatch", "No certificate given is that of this signing key")
                .advise("Give the certificate that was issued for this very key."));
        };
        let certificate = chain.remove(at);
        Ok(FileSigner { key, certificate, chain })
    }
}

impl Signer for FileSigner {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// Deterministic (RFC 6979): equal messages, equal signatures.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Fault> {
        sign(&self.key, message)
    }
}

impl fmt::Debug for FileSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileSigner(of {:?})", self.certificate)
    }
}

pub(super) fn sign(key: &SigningKey, message: &[u8]) -> Result<Vec<u8>, Fault> {
    let signature: Result<Signature, _> = key.sign_prehash(sha256(message).as_bytes());
    signature
        .ok()
        .and_then(|signature| ecdsa_from_raw(&signature.to_bytes()))
        .ok_or_else(|| Fault::internal("signing-failed", "A P-256 key did not sign"))
}

fn read_key(pem: &str) -> Result<SigningKey, Fault> {
    let refuse = || {
        Fault::bad_input("bad-signing-key", "This is not an unencrypted P-256 private key in PEM form")
            .advise("Make one with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`.")
    };
    if pem.len() > Limits::KEY_FILE_BYTES {
        return Err(refuse());
    }
    let block = |label| armour::blocks(label, pem).and_then(|mut blocks| blocks.pop()).map(Zeroizing::new);
    let key = if let Some(der) = block("PRIVATE KEY") {
        pkcs8_scalar(&der).and_then(|scalar| SigningKey::from_slice(scalar).ok())
    } else if let Some(der) = block("EC PRIVATE KEY") {
        sec1_scalar(&der).and_then(|scalar| SigningKey::from_slice(scalar).ok())
    } else {
        None
    };
    key.ok_or_else(refuse)
}
