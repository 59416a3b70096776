//! The files of a package that do not depend on the case: how to verify, the script, the schema; and the key in its forms.

use seal::{PublicKey, minisign};

use super::paths::{IDENTITY, NAMESPACE};

/// The schema of `data/case.xml`, as it stands in `schemas/`.
pub(crate) const CASE_XSD: &[u8] = include_bytes!("../../../../schemas/case.v2.xsd");

/// The script that checks an unzipped package with sha256sum, ssh-keygen and awk.
pub(crate) const VERIFY_SH: &[u8] = include_bytes!("verify.sh");

/// The page that checks a package in a browser, without a network.
pub(crate) const VERIFY_HTML: &[u8] = include_bytes!("verify.html");

/// How to verify, for people; the fingerprint of the key is filled in.
pub(crate) fn verify_txt(key: &PublicKey) -> Vec<u8> {
    include_str!("VERIFY.txt").replace("@FINGERPRINT@", &key.fingerprint()).into_bytes()
}

/// `signer.pub`: the key as OpenSSH writes it.
pub(crate) fn signer(key: &PublicKey) -> Vec<u8> {
    format!("{}\n", key.openssh(IDENTITY)).into_bytes()
}

/// `allowed_signers`: the key, for `ssh-keygen -Y verify -f`.
pub(crate) fn allowed_signers(key: &PublicKey) -> Vec<u8> {
    let line = key.openssh("");
    format!("{IDENTITY} namespaces=\"{NAMESPACE}\" {}\n", line.trim_end()).into_bytes()
}

/// `proofs/minisign.pub`.
pub(crate) fn minisign_key(key: &PublicKey) -> Vec<u8> {
    minisign::public_key_text(key, minisign::key_id(key)).into_bytes()
}

/// What [`super::paths::PENDING`] says.
pub(super) const TIME_PENDING: &[u8] =
    b"TIME PENDING: no time stamping authority answered when this package was made. Until `probity package timestamp` has \
added the time stamps, its times are those of the machine that made it.\n";
