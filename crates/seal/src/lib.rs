//! Seals: digests, keys and signatures, in forms that other people's tools read.
//!
//! | module | form | judge |
//! |---|---|---|
//! | [`sha256`], [`Hasher`], [`update_each`] | SHA-256 (FIPS 180-4) | `sha256sum` |
//! | [`canonical`] | canonical JSON (RFC 8785, without floats) | the examples of the RFC |
//! | [`Chain`] | lines of canonical JSON, each with the digest of the one before it | `sha256sum` |
//! | [`SigningKey`], [`PublicKey`] | Ed25519 (RFC 8032): PKCS#8 and SPKI PEM (RFC 8410), OpenSSH | `openssl pkey`, `ssh-keygen` |
//! | [`note`] | signed notes and cosignatures (C2SP signed-note, tlog-cosignature) | Go's `sumdb/note` |
//! | [`sshsig`] | OpenSSH signatures of files (PROTOCOL.sshsig) | `ssh-keygen -Y verify` |
//! | [`minisign`] | minisign signatures of files | `minisign -V` |
//! | [`dsse`] | attestations (in-toto Statement v1 in DSSE v1) | `securesystemslib`, `openssl pkeyutl` |
//! | [`ots`] | proofs of time in the Bitcoin chain (OpenTimestamps) | `ots` |
//! | [`agent`] | keys that an ssh-agent holds | `ssh-agent` |
//! | [`x509`] | certificates, keys and paths (RFC 5280), feature `x509` | `openssl verify` |
//! | [`cms`] | detached signatures (CMS, CAdES, PAdES), feature `x509` | `openssl cms -cades` |
//! | [`tsp`] | time stamps (RFC 3161), feature `x509` | `openssl ts` |
//! | [`ocsp`], [`crl`] | whether a certificate was revoked (RFC 6960, RFC 5280), feature `x509` | `openssl ocsp`, `openssl crl` |
//! | [`xades`] | signatures of containers (XAdES in ASiC-E), feature `x509` | `xmlsec1`, `xmllint`, libdigidocpp |
//! | [`protect`], [`unprotect`] | key files behind a passphrase (age, scrypt) | `age -d` |
//! | [`encrypt_to`], [`decrypt_with`] | files for the holder of a key (age, X25519) | `age -d -i` |
//!
//! Invariants:
//! - a key never appears in `Debug` and is wiped from memory when it is dropped;
//! - signatures are checked strictly (small-order keys and non-canonical encodings are refused);
//! - base64 is read in its one canonical form, so that one signature has one text;
//! - every parser takes hostile bytes and answers with a `Fault`, never a panic; [`Limits`] bounds what it reads.
//!
//! Deliberately absent: files, sockets, the clock, and trust of its own. Keys, times, nonces, anchors and bytes arrive as
//! arguments; a key that is elsewhere arrives as an [`Ed25519Signer`] or an [`x509::Signer`]. The one source of randomness is
//! inside the age crate, which draws its own salt in [`protect`].

pub mod agent;
#[cfg(feature = "x509")]
mod answer;
pub mod armour;
#[cfg(feature = "x509")]
mod asn1;
pub mod canonical;
mod chain;
#[cfg(feature = "x509")]
pub mod cms;
#[cfg(feature = "x509")]
pub mod crl;
pub mod dsse;
mod hash;
mod key;
mod limits;
pub mod minisign;
pub mod note;
#[cfg(feature = "x509")]
pub mod ocsp;
mod openssh;
pub mod ots;
#[cfg(feature = "age")]
mod passphrase;
#[cfg(feature = "age")]
mod sealed;
mod signer;
pub mod sshsig;
#[cfg(feature = "x509")]
mod trust;
#[cfg(feature = "x509")]
pub mod tsp;
mod uuid;
#[cfg(feature = "x509")]
pub mod x509;
#[cfg(feature = "x509")]
pub mod xades;
#[cfg(feature = "x509")]
mod xml;

#[cfg(feature = "x509")]
pub use answer::{Answer, Revocations, Signed, Trust};
pub use chain::{Chain, Links};
pub use hash::{Hasher, sha256, update_each};
pub use key::{PublicKey, SigningKey};
pub use limits::Limits;
#[cfg(feature = "age")]
pub use passphrase::{is_protected, protect, unprotect};
#[cfg(feature = "age")]
pub use sealed::{Opened, Sealing, decrypt_with, encrypt_to, new_holder};
pub use signer::Ed25519Signer;
#[cfg(feature = "x509")]
pub use trust::judge_signer;
pub use uuid::uuid;
