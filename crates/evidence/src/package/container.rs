//! What stands around the bag: the container of EN 319 162-1 (ASiC-E), its signatures and its time stamps.
//!
//! Nothing covers `META-INF/`, so that signatures, time stamps and proofs can be added later without touching what is
//! sealed.

use model::{Digest, Fault, Instant};
use seal::x509::Signer;
use seal::{cms, sha256, xades};

use super::paths::*;
use super::seals::{Keeper, Seals, TimeSource};
use super::source::{Source, Sources};
use super::texts;
use crate::zip::MIMETYPE;

/// The media type of the container (EN 319 162-1, A.1).
pub(crate) const MEDIA_TYPE: &str = "application/vnd.etsi.asic-e+zip";
/// The ODF manifest.
pub(crate) const ODF_MANIFEST: &str = "META-INF/manifest.xml";

/// Puts the files of a bag into a container and signs it. The paths become those in the zip.
pub(super) fn close(bag: Sources, created: Instant, seals: &Seals) -> Result<Sources, Fault> {
    let mut all: Sources = bag.into_iter().map(|(path, source)| (format!("{BAG}{path}"), source)).collect();
    let signed = signed_files(&all);
    let held = |bytes: &[u8]| Source::Held(bytes.to_vec());
    let mut beside = vec![
        (MIMETYPE.to_owned(), held(MEDIA_TYPE.as_bytes())),
        (ODF_MANIFEST.to_owned(), held(odf_manifest(all.keys()).as_bytes())),
    ];
    for (number, signer) in seals.signers.iter().enumerate() {
        let signature = sign(&signed, created, *signer, seals.time, seals.keeper)?;
        beside.push((signatures(number), Source::Held(signature)));
    }
    if let Some((path, signature)) = stamped(&all)
        && let Some(stamp) = seals.time.stamp(&sha256(&signature))?
    {
        beside.push((path.to_owned(), Source::Held(stamp.response)));
    }
    if seals.time.is_pending() {
        beside.push((PENDING.to_owned(), held(texts::TIME_PENDING)));
    }
    all.extend(beside);
    Ok(all)
}

/// The signature that the package's time stamp is over, and where the time stamp stands.
fn stamped(all: &Sources) -> Option<(&'static str, Vec<u8>)> {
    let held = |path: &str| match all.get(&format!("{BAG}{path}")) {
        Some(Source::Held(bytes)) => Some(bytes.clone()),
        _ => None,
    };
    held(CADES).map(|bytes| (CADES_STAMP, bytes)).or_else(|| held(SSH_SIGNATURE).map(|bytes| (SSH_STAMP, bytes)))
}

/// `META-INF/signaturesN.xml`.
pub(super) fn signatures(number: usize) -> String {
    format!("META-INF/signatures{number}.xml")
}

/// What a XAdES signature covers: every file of the bag.
fn signed_files(all: &Sources) -> Vec<(String, Digest)> {
    all.iter().map(|(path, source)| (path.clone(), source.sha256())).collect()
}

/// A XAdES signature over `files`, with a time stamp where one is to be had.
pub(super) fn sign(
    files: &[(String, Digest)],
    created: Instant,
    signer: &dyn Signer,
    time: &dyn TimeSource,
    keeper: Option<&dyn Keeper>,
) -> Result<Vec<u8>, Fault> {
    let files: Vec<_> = files
        .iter()
        .map(|(path, sha256)| xades::File { path, sha256: *sha256, media_type: media_type(path) })
        .collect();
    let signature = xades::sign(&files, created, signer)?;
    let stamp = time.stamp(&sha256(&xades::signature_value(&signature)?))?;
    let stamped = match &stamp {
        Some(stamp) => xades::with_timestamp(&signature, &stamp.token)?,
        None => signature,
    };
    match keeper {
        Some(keeper) => {
            xades::with_long_term(&stamped, &keeper.keep(signer, stamp.as_ref().map(|stamp| &stamp.token[..]))?)
        }
        None => Ok(stamped),
    }
}

/// `proofs/manifest.p7s`: a detached CAdES signature of `manifest.json`.
pub(super) fn detached(manifest: &[u8], created: Instant, signer: &dyn Signer) -> Result<Vec<u8>, Fault> {
    cms::sign(&cms::Sign { digest: sha256(manifest), signing_time: Some(created), chain: true }, signer)
}

/// The manifest of OpenDocument 1.2, part 3, which ASiC-E wants for its media types.
pub(super) fn odf_manifest<'p>(paths: impl Iterator<Item = &'p String>) -> String {
    let mut xml = format!(
        "<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\" manifest:version=\"1.2\">\
         <manifest:file-entry manifest:full-path=\"/\" manifest:media-type=\"{MEDIA_TYPE}\"/>"
    );
    for path in paths {
        // Names in a package have no character that XML escapes.
        xml.push_str(&format!(
            "<manifest:file-entry manifest:full-path=\"{path}\" manifest:media-type=\"{}\"/>",
            media_type(path)
        ));
    }
    xml + "</manifest:manifest>"
}

/// The media type of a file of ours by its ending; exhibits are bytes.
pub(super) fn media_type(path: &str) -> &'static str {
    if path.starts_with("bag/data/exhibits/") {
        return "application/octet-stream";
    }
    match path.rsplit('.').next().unwrap_or_default() {
        "json" | "jsonl" => "application/json",
        "jsonld" => "application/ld+json",
        "xml" | "xsd" => "application/xml",
        "pdf" => "application/pdf",
        "p7s" => "application/pkcs7-signature",
        "html" => "text/html",
        "csv" => "text/csv",
        "txt" | "sh" | "pub" => "text/plain",
        _ => "application/octet-stream",
    }
}
