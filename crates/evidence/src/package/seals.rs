//! Who and what seals a package: keys, certificates, and where trusted time comes from.

use model::{Digest, Fault};
use seal::x509::Signer;
use seal::{Ed25519Signer, Revocations};

/// What seals a package.
#[derive(Clone, Copy)]
pub struct Seals<'s> {
    /// Signs `manifest.json` as OpenSSH, minisign and DSSE do.
    pub key: &'s dyn Ed25519Signer,
    /// Who signs with a certificate: each the container, the first `manifest.json` as well. May be empty.
    pub signers: &'s [&'s dyn Signer],
    /// Where time stamps come from.
    pub time: &'s dyn TimeSource,
    /// Who collects what is needed when the authorities are gone; `None` where that is not asked for.
    pub keeper: Option<&'s dyn Keeper>,
}

/// Collects certificates and answers about revocation (levels LT and LTA).
pub trait Keeper {
    /// What is needed to judge a signature of `signer` and the time stamp `token` (DER) over it.
    ///
    /// # Errors
    /// Where an answer cannot be had, or a certificate was revoked.
    fn keep(&self, signer: &dyn Signer, token: Option<&[u8]>) -> Result<Revocations, Fault>;
}

/// A time stamp (RFC 3161).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The `TimeStampResp` as it was received, DER.
    pub response: Vec<u8>,
    /// The `TimeStampToken` in it, DER.
    pub token: Vec<u8>,
}

/// Where time stamps come from.
pub trait TimeSource {
    /// A time stamp over `imprint`, the SHA-256 of a signature, checked against the request; `None` where no authority was named or
    /// none answers: the package is then built and its time is pending.
    ///
    /// # Errors
    /// What must stop the work, such as an answer that is no time stamp.
    fn stamp(&self, imprint: &Digest) -> Result<Option<Stamp>, Fault>;

    /// Whether authorities were named and none of them answers any more: the package says so.
    fn is_pending(&self) -> bool {
        false
    }
}

/// No authority was named.
pub struct NoTime;

impl TimeSource for NoTime {
    fn stamp(&self, _imprint: &Digest) -> Result<Option<Stamp>, Fault> {
        Ok(None)
    }
}
