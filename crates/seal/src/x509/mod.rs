//! X.509 certificates (RFC 5280): reading them, signing with their keys, and whether a path leads to an anchor.
//!
//! Certificates are kept as the bytes they came as; every signature is checked over those bytes.

mod algorithm;
mod certificate;
mod constraints;
mod ecdsa;
mod extensions;
mod key;
mod name;
mod own;
mod path;
mod signer;

pub use algorithm::{Algorithm, Hash};
pub use certificate::Certificate;
pub use ecdsa::{ecdsa_from_raw, ecdsa_to_raw};
pub use extensions::{ExtendedKeyUsage, KeyUsage};
pub use key::Refusal;
pub use own::self_signed;
pub use path::{Problem, Purpose, find_path};
pub use signer::{FileSigner, Signer};

pub(crate) use algorithm::{sha1, weak_hash};
pub(crate) use certificate::AlgorithmId;
pub(crate) use extensions::read_critical;
pub(crate) use key::Message;

/// The bytes of the public key itself: what OCSP identifies keys by.
pub(crate) fn key_bytes(certificate: &Certificate) -> &[u8] {
    // Its form was checked when the certificate was read, but for the bits.
    key::bit_string(certificate.public_key()).unwrap_or_default()
}
