//! Making a signature, and adding to one what comes later.
//!
//! Every part that is signed is written in its exclusive canonical form from the start (namespaces first, attributes
//! sorted, no empty tags, no white space), so that digests and signature are over the very bytes of the file.

use model::{Digest, Fault, Instant};

use super::document::{Found, found};
use super::uri;
use super::{ASIC, DS, SIGNED_PROPERTIES, XADES};
use crate::x509::{Algorithm, Certificate, Hash, Signer, ecdsa_to_raw};
use crate::xml::{Form, Method, canonical};
use crate::{Revocations, armour, sha256, tsp};

const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// A file that is signed.
#[derive(Clone, Copy, Debug)]
pub struct File<'f> {
    /// Its path from the root of the container, with slashes.
    pub path: &'f str,
    /// The SHA-256 of its bytes.
    pub sha256: Digest,
    /// Its media type, such as `text/plain`.
    pub media_type: &'f str,
}

/// `META-INF/signatures*.xml` over `files`, of level B-B (EN 319 132-1): one signature, ECDSA P-256 with SHA-256.
///
/// Equal inputs give equal bytes, if the signer's signatures are deterministic.
///
/// # Errors
/// What the signer says; `bad-signed-file` when there is no file, one comes twice, or a path or media type cannot be
/// signed; `certificate-mismatch` when the signature is not that of the signer's certificate.
pub fn sign(files: &[File<'_>], signing_time: Instant, signer: &dyn Signer) -> Result<Vec<u8>, Fault> {
    check(files)?;
    let properties = signed_properties(files, signing_time, signer.certificate());
    let info = signed_info(files, &properties);
    let signature = signer.sign(info.as_bytes())?;
    let algorithm = Algorithm::Ecdsa(Hash::Sha256);
    let raw = ecdsa_to_raw(&signature, 32)
        .filter(|_| signer.certificate().check_signature(&algorithm, info.as_bytes(), &signature).is_ok());
    let raw = raw.ok_or_else(|| {
        Fault::bad_input("certificate-mismatch", "The signature that was made is not that of the certificate")
            .advise("Give the certificate that belongs to this key.")
    })?;
    let value = armour::encode(raw);
    let certificate = armour::encode(signer.certificate().der());
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <asic:XAdESSignatures xmlns:asic=\"{ASIC}\" xmlns:ds=\"{DS}\" xmlns:xades=\"{XADES}\"><ds:Signature Id=\"S0\">\
         {info}\
         <ds:SignatureValue xmlns:ds=\"{DS}\" Id=\"sv\">{value}</ds:SignatureValue>\
         <ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
         <ds:Object><xades:QualifyingProperties Target=\"#S0\">{properties}</xades:QualifyingProperties></ds:Object>\
         </ds:Signature></asic:XAdESSignatures>"
    );
    Ok(document.into_bytes())
}

/// The octets that a time stamp over the signature is over: its `ds:SignatureValue` in exclusive canonical form.
///
/// # Errors
/// `bad-xades` when `xml` has not exactly one signature.
pub fn signature_value(xml: &[u8]) -> Result<Vec<u8>, Fault> {
    let found = found(xml)?;
    canonical(&found.document, found.value, &Method::new(Form::Exclusive)).map_err(super::refuse)
}

/// The signature with a time stamp: level B-T. `token` is a TimeStampToken or a response with one, over
/// [`signature_value`]. Every other byte stays as it was.
///
/// # Errors
/// `bad-xades` when `xml` has not exactly one signature with room for it; `bad-timestamp-token` when `token` is none or
/// stamps something else.
pub fn with_timestamp(xml: &[u8], token: &[u8]) -> Result<Vec<u8>, Fault> {
    let token = tsp::read_token_or_response(token)?;
    let found = found(xml)?;
    let stamped = canonical(&found.document, found.value, &Method::new(Form::Exclusive)).map_err(super::refuse)?;
    if !token.is_over(&stamped) {
        return Err(tsp::bad_token("This time stamp is over something else than this signature"));
    }
    let number = found.document.elements().filter(|id| found.document.is(*id, XADES, "SignatureTimeStamp")).count();
    let id = if number == 0 { "ts".to_owned() } else { format!("ts{number}") };
    let token = armour::encode(token.der());
    add(
        xml,
        &found,
        &format!(
            "<xades:SignatureTimeStamp Id=\"{id}\"><ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"/>\
             <xades:EncapsulatedTimeStamp>{token}</xades:EncapsulatedTimeStamp></xades:SignatureTimeStamp>"
        ),
    )
}

/// The signature with what it takes to judge it later: certificates, OCSP responses, revocation lists (level B-LT). Every
/// other byte stays as it was. None of it is looked at: [`super::verify()`] does.
///
/// # Errors
/// `bad-xades` when `xml` has not exactly one signature with room for it, or has such values already.
pub fn with_long_term(xml: &[u8], values: &Revocations) -> Result<Vec<u8>, Fault> {
    let found = found(xml)?;
    let has = |local| found.document.elements().any(|id| found.document.is(id, XADES, local));
    if has("CertificateValues") || has("RevocationValues") {
        return Err(super::refuse("it has values for the long term already"));
    }
    let each = |name: &str, values: &[Vec<u8>]| -> String {
        values.iter().map(|der| format!("<xades:{name}>{}</xades:{name}>", armour::encode(der))).collect()
    };
    let within = |name: &str, inside: String| {
        if inside.is_empty() { inside } else { format!("<xades:{name}>{inside}</xades:{name}>") }
    };
    let certificates = within("CertificateValues", each("EncapsulatedX509Certificate", &values.certificates));
    let crls = within("CRLValues", each("EncapsulatedCRLValue", &values.crls));
    let ocsp = within("OCSPValues", each("EncapsulatedOCSPValue", &values.ocsp));
    let revocations = within("RevocationValues", crls + &ocsp);
    if certificates.is_empty() && revocations.is_empty() {
        return Ok(xml.to_vec());
    }
    add(xml, &found, &(certificates + &revocations))
}

/// Adds an unsigned property, which uses the prefixes `xades` and `ds`.
fn add(xml: &[u8], found: &Found<'_>, property: &str) -> Result<Vec<u8>, Fault> {
    let document = &found.document;
    let full = || super::refuse("it has no room for unsigned properties");
    let end = |id| document.element(id).and_then(|element| element.end_tag()).ok_or_else(full);
    let meant = |prefix| document.meaning(found.properties, prefix);
    if meant("xades") != Some(XADES) || meant("ds") != Some(DS) {
        return Err(super::refuse("its prefixes are not those that are written here"));
    }
    let (at, text) = match document.only(found.properties, XADES, "UnsignedProperties") {
        Some(unsigned) => {
            let inside = document.only(unsigned, XADES, "UnsignedSignatureProperties").ok_or_else(full)?;
            (end(inside)?, property.to_owned())
        }
        None => (
            end(found.properties)?,
            format!(
                "<xades:UnsignedProperties><xades:UnsignedSignatureProperties>{property}\
                 </xades:UnsignedSignatureProperties></xades:UnsignedProperties>"
            ),
        ),
    };
    let (before, after) = xml.split_at_checked(at).ok_or_else(full)?;
    Ok([before, text.as_bytes(), after].concat())
}

/// `ds:SignedInfo`: one reference a file, and one to the properties.
fn signed_info(files: &[File<'_>], properties: &str) -> String {
    let digest = |digest: Digest| {
        format!(
            "<ds:DigestMethod Algorithm=\"{SHA256}\"></ds:DigestMethod><ds:DigestValue>{}</ds:DigestValue>",
            armour::encode(digest.as_bytes())
        )
    };
    let mut info = format!(
        "<ds:SignedInfo xmlns:ds=\"{DS}\"><ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{ECDSA_SHA256}\"></ds:SignatureMethod>"
    );
    for (number, file) in files.iter().enumerate() {
        let (uri, digest) = (uri::encode(file.path), digest(file.sha256));
        info.push_str(&format!("<ds:Reference Id=\"r{number}\" URI=\"{uri}\">{digest}</ds:Reference>"));
    }
    info.push_str(&format!(
        "<ds:Reference Type=\"{SIGNED_PROPERTIES}\" URI=\"#sp\"><ds:Transforms><ds:Transform Algorithm=\"{EXCLUSIVE}\">\
         </ds:Transform></ds:Transforms>{}</ds:Reference></ds:SignedInfo>",
        digest(sha256(properties.as_bytes()))
    ));
    info
}

/// `xades:SignedProperties`: the claimed time, whose certificate, and what each file is.
fn signed_properties(files: &[File<'_>], signing_time: Instant, certificate: &Certificate) -> String {
    let seconds = Instant::from_seconds(signing_time.seconds()).unwrap_or(signing_time);
    let digest = armour::encode(certificate.sha256().as_bytes());
    let formats = files.iter().enumerate().map(|(number, file)| {
        let media_type = file.media_type;
        format!(
            "<xades:DataObjectFormat ObjectReference=\"#r{number}\"><xades:MimeType>{media_type}</xades:MimeType>\
             </xades:DataObjectFormat>"
        )
    });
    let formats: String = formats.collect();
    format!(
        "<xades:SignedProperties xmlns:xades=\"{XADES}\" Id=\"sp\"><xades:SignedSignatureProperties>\
         <xades:SigningTime>{seconds}</xades:SigningTime>\
         <xades:SigningCertificateV2><xades:Cert><xades:CertDigest>\
         <ds:DigestMethod xmlns:ds=\"{DS}\" Algorithm=\"{SHA256}\"></ds:DigestMethod>\
         <ds:DigestValue xmlns:ds=\"{DS}\">{digest}</ds:DigestValue>\
         </xades:CertDigest></xades:Cert></xades:SigningCertificateV2></xades:SignedSignatureProperties>\
         <xades:SignedDataObjectProperties>{formats}</xades:SignedDataObjectProperties></xades:SignedProperties>"
    )
}

fn check(files: &[File<'_>]) -> Result<(), Fault> {
    let refuse = |message: String| {
        Fault::bad_input("bad-signed-file", message)
            .advise("A container holds each file once, under a relative path, with a media type such as text/plain.")
    };
    if files.is_empty() {
        return Err(refuse("There is no file to sign".to_owned()));
    }
    let mut seen = std::collections::HashSet::new();
    for file in files {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$^_.+-/".contains(c);
        if file.media_type.split('/').count() != 2 || !file.media_type.chars().all(is_token) {
            return Err(refuse(format!("{:?} is no media type", file.media_type)));
        }
        if !uri::is_path(file.path) {
            return Err(refuse(format!("{:?} is no path inside a container", file.path)));
        }
        if !seen.insert(file.path) {
            return Err(refuse(format!("{:?} would be signed twice", file.path)));
        }
    }
    Ok(())
}
