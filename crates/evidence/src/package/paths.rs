//! Where things stand in a package.

/// The folder of the bag (RFC 8493 §4: a serialised bag is one folder).
pub(crate) const BAG: &str = "bag/";

pub(crate) const VERIFY_TXT: &str = "VERIFY.txt";
pub(crate) const VERIFY_SH: &str = "verify.sh";
pub(crate) const VERIFY_HTML: &str = "verify.html";
pub(crate) const ALLOWED_SIGNERS: &str = "allowed_signers";
pub(crate) const SIGNER: &str = "signer.pub";
pub(crate) const BAGIT: &str = "bagit.txt";
pub(crate) const BAG_INFO: &str = "bag-info.txt";
pub(crate) const PAYLOAD_MANIFEST: &str = "manifest-sha256.txt";
pub(crate) const TAG_MANIFEST: &str = "tagmanifest-sha256.txt";
pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const PROOFS: &str = "proofs/";
pub(crate) const SSH_SIGNATURE: &str = "proofs/manifest.json.sig";
pub(crate) const MINISIGNATURE: &str = "proofs/manifest.json.minisig";
pub(crate) const MINISIGN_KEY: &str = "proofs/minisign.pub";
/// A detached CAdES signature of `manifest.json`.
pub(crate) const CADES: &str = "proofs/manifest.p7s";
/// An in-toto statement about `manifest.json` in a DSSE envelope.
pub(crate) const DSSE: &str = "proofs/manifest.dsse.json";
/// The time stamp over the CAdES signature, in the zip.
pub(crate) const CADES_STAMP: &str = "META-INF/manifest.p7s.tsr";
/// The time stamp over the SSH signature where there is no CAdES signature, in the zip.
pub(crate) const SSH_STAMP: &str = "META-INF/manifest.json.sig.tsr";
/// The time stamp over the whole report, in the zip: for one whose signatures were made while no authority answered.
pub(crate) const REPORT_STAMP: &str = "META-INF/report.pdf.tsr";
/// The proof of OpenTimestamps over the CAdES signature, in the zip.
pub(crate) const CADES_ANCHOR: &str = "META-INF/manifest.p7s.ots";
/// The proof of OpenTimestamps over the SSH signature where there is no CAdES signature, in the zip.
pub(crate) const SSH_ANCHOR: &str = "META-INF/manifest.json.sig.ots";
/// Says that the time stamps are pending, in the zip; it goes when they come.
pub(crate) const PENDING: &str = "META-INF/time-pending.txt";
pub(crate) const DATA: &str = "data/";
pub(crate) const EXHIBITS: &str = "data/exhibits/";
pub(crate) const EVALUATIONS: &str = "data/evaluations/";
pub(crate) const REPORT: &str = "data/report.pdf";
pub(crate) const CASE_JSON: &str = "data/case.json";
pub(crate) const CASE_XML: &str = "data/case.xml";
pub(crate) const CASE_XSD: &str = "data/case.xsd";
pub(crate) const COUNTERSIGNATURES: &str = "data/countersignatures/";
pub(crate) const PROVENANCE: &str = "data/provenance.jsonld";
pub(crate) const CUSTODY: &str = "data/custody.jsonl";

/// What the ssh-signature is for (`ssh-keygen -n`).
pub const NAMESPACE: &str = "evidence@probity";
/// Who signs, as `allowed_signers` calls them (`ssh-keygen -I`).
pub const IDENTITY: &str = "sealer@probity";

/// What the statement in `proofs/manifest.dsse.json` says: its predicate type.
pub const PREDICATE: &str = "urn:probity:evidence-package:2";

/// Whether the payload manifest lists a path; the tag manifest lists the others but itself.
pub(crate) fn is_payload(path: &str) -> bool {
    path.starts_with(DATA)
}

/// Whether `manifest.json` lists a path: everything but itself, the signatures of it, and the tag manifest over those.
pub(crate) fn is_sealed(path: &str) -> bool {
    path != MANIFEST && path != TAG_MANIFEST && !path.starts_with(PROOFS)
}
