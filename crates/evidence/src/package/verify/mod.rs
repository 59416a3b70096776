//! Verifying: one pass over the bytes, then one answer for each question.

use std::io;
use std::path::Path;

use model::{Fault, Instant, Progress};
use seal::PublicKey;
use seal::x509::Certificate;

use super::intake::Package;
use super::manifest::Manifest;
use super::paths::*;
use super::readers::{Blocks, PdfReader};
use super::verification::Verification;
use crate::bytes::Bytes;
use crate::zip;

mod content;
mod files;
mod signatures;
mod stamps;

pub(crate) use stamps::attested;

/// What the user asks of a package: whom to trust, as of when, and where else to look.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// Keys that the user has from elsewhere.
    pub keys: &'a [PublicKey],
    /// Certificates that the user has from elsewhere. What stands in the package is never one of them.
    pub anchors: &'a [Certificate],
    /// Now: certificates are judged at this time where no trusted time stamp says another.
    pub now: Instant,
    /// Where the headers of Bitcoin's blocks come from.
    pub blocks: &'a dyn Blocks,
    /// Who reads signatures in PDFs.
    pub pdf: &'a dyn PdfReader,
    /// How many different trusted people have to have signed; 0 and 1 ask nothing.
    pub signers: usize,
}

/// The checks without which nothing is intact.
const NEEDED: &[&str] = &[
    "zip-structure",
    "zip-names",
    "zip-contents",
    "container",
    "payload-manifest",
    "tag-manifest",
    "manifest",
    "ssh-signature",
    "minisign-signature",
    "statement",
    "sealers",
];

/// Checks a package. Memory does not grow with the exhibits; nothing is written anywhere.
///
/// What the package says about its own keys and certificates is never believed: `ask` says whom the user trusts. A package
/// that does not hold is an answer (`Ok`), not a fault.
///
/// # Errors
/// `not-a-package` when the file is no zip, or what the disk says.
pub fn verify(input: &dyn Bytes, ask: &Ask, progress: &dyn Progress) -> Result<Verification, Fault> {
    let failed = |error| Fault::io("read", Path::new("the package"), error);
    let bytes = input.size().map_err(failed)?;
    let Some(directory) = zip::open(input).map_err(failed)? else {
        return Err(Fault::bad_input("not-a-package", "This is not an evidence package: it is no zip file")
            .advise("Give the file as it was sent; if it was unpacked, run verify.sh in its folder bag."));
    };
    progress.start("verify the package", bytes);
    let package = Package::read(input, directory, bytes, progress).map_err(failed)?;
    let verification = judge(&package, input, ask)?;
    progress.finish();
    Ok(verification)
}

pub(super) fn judge(package: &Package, input: &dyn Bytes, ask: &Ask) -> Result<Verification, Fault> {
    let failed = |error: io::Error| Fault::io("read", Path::new("the package"), error);
    let mut checks = files::zip_checks(package);
    let manifest = package.held(MANIFEST).and_then(|bytes| {
        Manifest::parse(bytes).map_err(|why| format!("{MANIFEST} is not the manifest of a package: {why}"))
    });
    let manifest = manifest.as_ref();
    checks.push(files::container_check(package));
    checks.push(files::bag_check(package, manifest));
    checks.push(files::list_check(package, "payload-manifest", PAYLOAD_MANIFEST, is_payload));
    checks.push(files::list_check(package, "tag-manifest", TAG_MANIFEST, |path| {
        !is_payload(path) && path != TAG_MANIFEST
    }));
    checks.push(files::manifest_check(package, manifest));
    let (of_key, signer) = signatures::of_key(package, manifest, ask.keys);
    checks.extend(of_key);
    let of_people = stamps::of_people(package, manifest, signer.as_ref(), input, ask).map_err(failed)?;
    checks.extend(of_people.checks);
    checks.extend(stamps::anchors(package, ask)?);
    checks.extend(content::content_checks(package, input, manifest, ask.keys).map_err(failed)?);
    checks.push(content::script_check(package));
    let manifest = manifest.ok();
    Ok(Verification {
        form: "evidence package",
        checks,
        needed: NEEDED,
        signer,
        signers: of_people.signers,
        case: manifest.map(|manifest| manifest.case.clone()),
        created: manifest.map(|manifest| manifest.created),
        manifest: package.held(MANIFEST).ok().map(seal::sha256),
        files: package.directory.entries.len() as u64,
        bytes: package.bytes,
    })
}
