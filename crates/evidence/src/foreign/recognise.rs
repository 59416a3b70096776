//! What a file is, by its content.

use model::Fault;
use seal::tsp;

use super::archive::{Archive, MIMETYPE};
use super::tree::Tree as _;
use super::{asic, bag, export, unreadable};
use crate::Limits;
use crate::bytes::{Bytes, take};

/// What can be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A package of this program.
    Package,
    /// A container with any number of data objects (EN 319 162-1).
    AsicE,
    /// A container with one data object.
    AsicS,
    /// A BagIt bag in a zip.
    ZippedBag,
    /// A BagIt bag.
    Bag,
    /// A PDF.
    Pdf,
    /// A time stamp (RFC 3161): token or answer.
    TimeStamp,
    /// A signature in CMS (RFC 5652).
    Cms,
    /// A proof of OpenTimestamps.
    Ots,
    /// An SSH signature (PROTOCOL.sshsig).
    SshSignature,
    /// A person's data, as `export` hands them over.
    Export,
    /// A certificate of erasure, with its signature beside it.
    Certificate,
    /// A supplement to one.
    Supplement,
}

impl Form {
    /// What people and machines call it.
    pub fn word(self) -> &'static str {
        match self {
            Form::Package => "evidence package",
            Form::AsicE => "ASiC-E",
            Form::AsicS => "ASiC-S",
            Form::ZippedBag => "zipped BagIt bag",
            Form::Bag => "BagIt bag",
            Form::Pdf => "PDF",
            Form::TimeStamp => "time stamp",
            Form::Cms => "CMS signature",
            Form::Ots => "OpenTimestamps proof",
            Form::SshSignature => "SSH signature",
            Form::Export => "export of personal data",
            Form::Certificate => "certificate of erasure",
            Form::Supplement => "supplement to a certificate of erasure",
        }
    }

    /// Whether it is about another file, which is needed to verify it.
    pub fn needs_data(self) -> bool {
        matches!(self, Form::TimeStamp | Form::Cms | Form::Ots | Form::SshSignature)
    }
}

/// How many bytes of a file tell what it is, unless it is a zip.
const PREFIX: u64 = 1024;
/// The manifest of a package of this program.
const PACKAGE: &str = "bag/manifest.json";
/// Where the content of the file `mimetype` begins when it comes first.
const MIMETYPE_AT: usize = 38;
/// 1.2.840.113549.1.7.2, in DER: what a CMS signature begins with.
const SIGNED_DATA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];

/// What a file is.
///
/// # Errors
/// `encrypted-input` for a file that has to be decrypted first; `not-verifiable` for one of no form that is known, with what
/// can be verified; what the disk says.
pub fn recognise(input: &dyn Bytes) -> Result<Form, Fault> {
    let len = input.size().map_err(unreadable)?;
    let prefix = take(input, 0, len.min(PREFIX) as usize).map_err(unreadable)?;
    if prefix.starts_with(b"age-encryption.org/v1") || prefix.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----") {
        return Err(Fault::bad_input("encrypted-input", "This file is encrypted with age").advise(
            "Name the key that it is encrypted to with --identity, or decrypt it first: age --decrypt --identity KEY.",
        ));
    }
    if prefix.starts_with(b"PK\x03\x04") {
        return of_file(input, "This file begins as a zip, and is none");
    }
    // Readers of PDF look for the header in the first kilobyte.
    if prefix.windows(5).any(|bytes| bytes == b"%PDF-") {
        return Ok(Form::Pdf);
    }
    if prefix.starts_with(b"\0OpenTimestamps\0\0Proof\0") {
        return Ok(Form::Ots);
    }
    if seal::sshsig::Signature::begins(&prefix) {
        return Ok(Form::SshSignature);
    }
    if prefix.starts_with(b"-----BEGIN CMS-----") || prefix.starts_with(b"-----BEGIN PKCS7-----") {
        return Ok(Form::Cms);
    }
    if prefix.first() == Some(&0x30) && len <= Limits::FOREIGN_SIGNATURE_BYTES {
        return of_der(&take(input, 0, len as usize).map_err(unreadable)?);
    }
    // What ends as a zip was one, before somebody changed its first bytes.
    of_file(input, "This file is of no form that can be verified")
}

fn of_file(input: &dyn Bytes, or: &str) -> Result<Form, Fault> {
    match Archive::open(input).map_err(unreadable)? {
        Some(archive) => of_zip(input, &archive),
        None => Err(not_verifiable(or)),
    }
}

/// A time stamp, also one that was refused; or a signature.
fn of_der(bytes: &[u8]) -> Result<Form, Fault> {
    let signed = bytes.windows(SIGNED_DATA.len()).take(16).any(|there| there == SIGNED_DATA);
    match tsp::read_token_or_response(bytes) {
        Ok(_) => Ok(Form::TimeStamp),
        Err(fault) if fault.code() == "timestamp-refused" => Ok(Form::TimeStamp),
        Err(_) if signed => Ok(Form::Cms),
        Err(_) => Err(not_verifiable("This file begins as ASN.1, and is neither a signature nor a time stamp")),
    }
}

/// By the names in it, and by what it says of itself.
fn of_zip(input: &dyn Bytes, archive: &Archive<'_>) -> Result<Form, Fault> {
    let names = archive.files();
    if names.contains_key(PACKAGE) {
        return Ok(Form::Package);
    }
    let says = if archive.is_sound() { archive.held(MIMETYPE, PREFIX).map_err(unreadable)?.ok() } else { None };
    if let Some(form) = says.and_then(|says| asic::form_of(&says)) {
        return Ok(form);
    }
    if export::is_one(names) {
        return Ok(Form::Export);
    }
    if let Some(form) = asic::form_by_names(names) {
        return Ok(form);
    }
    if bag::root_of(names).is_some() {
        return Ok(Form::ZippedBag);
    }
    if archive.is_sound() {
        return Err(not_verifiable("This zip is no package, no export, no signed container (ASiC) and no BagIt bag"));
    }
    // The directory cannot be read: what the zip begins with tells what it was.
    let prefix = take(input, 0, archive.bytes().min(PREFIX) as usize).map_err(unreadable)?;
    let form = match export::begins(&prefix) {
        true => Some(Form::Export),
        false => prefix.get(MIMETYPE_AT..).and_then(asic::form_at),
    };
    form.ok_or_else(|| not_verifiable(&format!("This zip is damaged: {}", archive.first_flaw())))
}

pub(super) fn not_verifiable(what: &str) -> Fault {
    Fault::bad_input("not-verifiable", what).advise(
        "What can be verified: packages, exports and certificates of probity, ASiC-E and ASiC-S containers, BagIt bags \
         (folder or zip), PDFs, time stamps (.tsr, .tst), CMS signatures (.p7s, .p7m), SSH signatures (.sig) and \
         OpenTimestamps proofs (.ots). A file that is signed beside itself needs its signature there: FILE.sig.",
    )
}
