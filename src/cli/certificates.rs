//! Files with certificates and public keys that the user names.

use std::path::{Path, PathBuf};

use model::{ByteSize, Fault};
use seal::PublicKey;
use seal::x509::Certificate;

use super::files;

const MAX: ByteSize = ByteSize(1 << 20);

/// Whom the user trusts.
#[derive(Debug, Default)]
pub(crate) struct Trusted {
    /// Ed25519 keys.
    pub(crate) keys: Vec<PublicKey>,
    /// Certificates.
    pub(crate) anchors: Vec<Certificate>,
}

impl Trusted {
    /// Reads what `--trust` names: certificates (PEM or DER), or a public key (OpenSSH or PEM).
    ///
    /// # Errors
    /// `bad-certificate`, `bad-public-key`; I/O faults.
    pub(crate) fn read(paths: &[PathBuf]) -> Result<Self, Fault> {
        let mut trusted = Trusted::default();
        for path in paths {
            let bytes = files::read(path, MAX)?;
            match std::str::from_utf8(&bytes) {
                Ok(text) if !text.contains("-----BEGIN CERTIFICATE-----") => {
                    let pem = text.trim_start().starts_with("-----BEGIN");
                    let key = if pem { PublicKey::from_pem(text) } else { PublicKey::from_openssh(text) };
                    trusted.keys.push(key.map_err(|fault| fault.in_file(path))?);
                }
                _ => trusted.anchors.extend(read(path)?),
            }
        }
        Ok(trusted)
    }
}

/// The certificates of a file, PEM or DER.
///
/// # Errors
/// `bad-certificate`; I/O faults.
pub(crate) fn read(path: &Path) -> Result<Vec<Certificate>, Fault> {
    let bytes = files::read(path, MAX)?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => Certificate::all_from_pem(text),
        Err(_) => Certificate::from_der(&bytes).map(|one| vec![one]),
    }
    .map_err(|fault| fault.in_file(path))
}

/// The certificates of several files.
///
/// # Errors
/// As [`read`].
#[cfg(feature = "house")]
pub(crate) fn read_all(paths: &[PathBuf]) -> Result<Vec<Certificate>, Fault> {
    let mut all = Vec::new();
    for path in paths {
        all.extend(read(path)?);
    }
    Ok(all)
}
