//! One certificate.

use std::fmt;
use std::sync::Arc;

use model::{Digest, Fault, Instant, hex};

use super::algorithm::Algorithm;
use super::extensions::{self, ExtendedKeyUsage, Extensions, KeyUsage};
use super::key::{self, Refusal};
use super::name;
use crate::asn1::{Element, Reader, tag, time};
use crate::{Limits, armour, sha256};

/// A certificate, with the bytes it came as. Cheap to clone. Reading one says nothing about whether it is to be trusted.
#[derive(Clone)]
pub struct Certificate(Arc<Parts>);

struct Parts {
    der: Vec<u8>,
    /// TBSCertificate: what its issuer signed.
    signed: Vec<u8>,
    /// The algorithm and the signature.
    algorithm: Algorithm,
    signature: Vec<u8>,
    serial: Vec<u8>,
    issuer: Vec<u8>,
    subject: Vec<u8>,
    not_before: Instant,
    not_after: Instant,
    /// SubjectPublicKeyInfo.
    key: Vec<u8>,
    is_first_version: bool,
    extensions: Extensions,
}

impl Certificate {
    /// Reads one in DER.
    ///
    /// # Errors
    /// `bad-certificate` when it is anything else, or larger than [`Limits::CERTIFICATE_BYTES`].
    pub fn from_der(der: &[u8]) -> Result<Self, Fault> {
        let parts = (der.len() <= Limits::CERTIFICATE_BYTES).then(|| read(der)).flatten();
        parts.map(|parts| Certificate(Arc::new(parts))).ok_or_else(|| {
            Fault::bad_input("bad-certificate", "This is not an X.509 certificate")
                .advise("Give a certificate in PEM form, as `openssl x509` writes it.")
        })
    }

    /// Every certificate between `-----BEGIN CERTIFICATE-----` and its end, in order. Text between them is skipped, as
    /// OpenSSL does.
    ///
    /// # Errors
    /// `bad-certificate` when there is none, one cannot be read, or there are more than [`Limits::CERTIFICATES`].
    pub fn all_from_pem(pem: &str) -> Result<Vec<Self>, Fault> {
        let refuse = |message: &str| {
            Fault::bad_input("bad-certificate", message)
                .advise("Give certificates in PEM form, each between its BEGIN and END lines.")
        };
        if pem.len() > Limits::CERTIFICATES_PEM_BYTES {
            return Err(refuse("This file is too large for certificates"));
        }
        let blocks =
            armour::blocks("CERTIFICATE", pem).ok_or_else(|| refuse("A certificate in this file is damaged"))?;
        match blocks.len() {
            0 => Err(refuse("There is no certificate in this file")),
            1..=Limits::CERTIFICATES => blocks.iter().map(|der| Certificate::from_der(der)).collect(),
            _ => Err(refuse("There are too many certificates in this file")),
        }
    }

    /// The bytes it came as.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// PEM, 64 columns a line.
    pub fn to_pem(&self) -> String {
        armour::wrap("CERTIFICATE", &self.0.der, 64)
    }

    /// The SHA-256 of its bytes: its fingerprint.
    pub fn sha256(&self) -> Digest {
        sha256(&self.0.der)
    }

    /// Whom it is about, as RFC 4514 writes names. Control characters are escaped.
    pub fn subject(&self) -> String {
        name::text(&self.0.subject)
    }

    /// The common name of its subject, as it stands there: hostile text, escape it before showing it.
    pub fn common_name(&self) -> Option<String> {
        name::common_name(&self.0.subject)
    }

    /// What people call its subject: the common name, or all of it.
    pub fn name(&self) -> String {
        self.common_name().unwrap_or_else(|| self.subject())
    }

    /// Who issued it, as RFC 4514 writes names.
    pub fn issuer(&self) -> String {
        name::text(&self.0.issuer)
    }

    /// The serial number in lower-case hexadecimal, two digits a byte.
    pub fn serial_hex(&self) -> String {
        hex(&self.0.serial)
    }

    /// From when on it is valid.
    pub fn not_before(&self) -> Instant {
        self.0.not_before
    }

    /// Until when it is valid, inclusive.
    pub fn not_after(&self) -> Instant {
        self.0.not_after
    }

    /// Whether its issuer is its subject and its own key signed it.
    pub fn is_self_signed(&self) -> bool {
        self.0.issuer == self.0.subject && self.is_signed_by(self).is_ok()
    }

    /// Where its revocation can be asked for (OCSP over HTTP).
    pub fn ocsp_urls(&self) -> &[String] {
        &self.0.extensions.ocsp_urls
    }

    /// Where its issuer's revocation lists lie (HTTP).
    pub fn crl_urls(&self) -> &[String] {
        &self.0.extensions.crl_urls
    }

    /// Where its issuer's certificate lies (HTTP).
    pub fn issuer_urls(&self) -> &[String] {
        &self.0.extensions.issuer_urls
    }

    /// What its key may be used for; `None` when it does not say.
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.0.extensions.key_usage
    }

    /// The purposes it is limited to; `None` when it does not say.
    pub fn extended_key_usage(&self) -> Option<&ExtendedKeyUsage> {
        self.0.extensions.extended.as_ref()
    }

    /// Whether it may issue certificates.
    pub fn is_authority(&self) -> bool {
        self.0.extensions.authority
    }

    /// Its SubjectPublicKeyInfo, in DER.
    pub fn public_key(&self) -> &[u8] {
        &self.0.key
    }

    /// What kind of key it has, and the key's length in bits: `RSA`, `P-256`, `Ed25519`, or the number of another kind.
    pub fn key_kind(&self) -> (String, Option<usize>) {
        key::kind(&self.0.key)
    }

    /// How its issuer signed it: `RSA with SHA-256`, or the number of what is not understood.
    pub fn signature_algorithm(&self) -> String {
        self.0.algorithm.words()
    }

    /// Whether `signature` is its key's signature of `message`: what was checked in words, such as
    /// `ECDSA P-256 with SHA-256`, or why not. ECDSA signatures are in DER.
    ///
    /// # Errors
    /// A [`Refusal`].
    pub fn check_signature(&self, algorithm: &Algorithm, message: &[u8], signature: &[u8]) -> Result<String, Refusal> {
        key::check(&self.0.key, algorithm, &key::Message::Whole(message), signature)
    }

    pub(crate) fn check_message(
        &self,
        algorithm: &Algorithm,
        message: &key::Message<'_>,
        signature: &[u8],
    ) -> Result<String, Refusal> {
        key::check(&self.0.key, algorithm, message, signature)
    }

    /// Whether `issuer` has the name that this certificate gives for its issuer, and the key that signed it.
    pub fn is_issued_by(&self, issuer: &Certificate) -> bool {
        self.0.issuer == issuer.0.subject && self.is_signed_by(issuer).is_ok()
    }

    /// Whether the key of `issuer` made this certificate's signature. Names and rights are not looked at.
    pub(crate) fn is_signed_by(&self, issuer: &Certificate) -> Result<String, Refusal> {
        issuer.check_signature(&self.0.algorithm, &self.0.signed, &self.0.signature)
    }

    pub(crate) fn issuer_der(&self) -> &[u8] {
        &self.0.issuer
    }

    pub(crate) fn subject_der(&self) -> &[u8] {
        &self.0.subject
    }

    /// The content of the serial number.
    pub(crate) fn serial(&self) -> &[u8] {
        &self.0.serial
    }

    pub(crate) fn extensions(&self) -> &Extensions {
        &self.0.extensions
    }

    /// Version 1 has no extensions: such roots are authorities by custom.
    pub(crate) fn is_first_version(&self) -> bool {
        self.0.is_first_version
    }

    /// IssuerAndSerialNumber (RFC 5652 §10.2.4).
    pub(crate) fn issuer_and_serial(&self) -> Vec<u8> {
        use crate::asn1::write;
        write::sequence(&[&self.0.issuer, &write::element(tag::INTEGER, &[&self.0.serial])])
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, {})", self.subject(), self.sha256().short())
    }
}

/// An AlgorithmIdentifier: what it is, and its parameters unless they are NULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AlgorithmId<'a> {
    pub(crate) oid: &'a [u8],
    pub(crate) parameters: Option<Element<'a>>,
    pub(crate) whole: &'a [u8],
}

impl<'a> AlgorithmId<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let element = reader.sequence()?;
        let mut inside = element.inside();
        let oid = inside.oid()?;
        let parameters = if inside.is_done() { None } else { Some(inside.any()?) };
        inside.end()?;
        let parameters = parameters.filter(|parameters| parameters.tag != tag::NULL);
        Some(AlgorithmId { oid, parameters, whole: element.whole })
    }
}

/// RFC 5280 §4.1.
fn read(der: &[u8]) -> Option<Parts> {
    let mut outer = Element::only(der, tag::SEQUENCE)?.inside();
    let signed = outer.sequence()?;
    let algorithm = AlgorithmId::read(&mut outer)?;
    let signature = outer.take(tag::BIT_STRING)?.bit_bytes()?;
    outer.end()?;

    let mut inner = signed.inside();
    let version = match inner.optional(tag::constructed(0))? {
        Some(element) => element.inside().take(tag::INTEGER)?.small()?,
        None => 0,
    };
    let serial = inner.take(tag::INTEGER)?.content;
    // RFC 5280 §4.1.1.2: both must be the same, else one could be changed unnoticed.
    if AlgorithmId::read(&mut inner)? != algorithm || version > 2 || serial.is_empty() || serial.len() > 32 {
        return None;
    }
    let issuer = inner.sequence()?.whole;
    let mut validity = inner.sequence()?.inside();
    let (not_before, not_after) = (time::read(validity.any()?)?, time::read(validity.any()?)?);
    validity.end()?;
    let subject = inner.sequence()?.whole;
    let key = inner.sequence()?.whole;
    inner.optional(tag::simple(1))?;
    inner.optional(tag::simple(2))?;
    let extensions = match inner.optional(tag::constructed(3))? {
        Some(element) if version == 2 => extensions::read(Element::only(element.content, tag::SEQUENCE)?)?,
        Some(_) => return None,
        None => Extensions::default(),
    };
    inner.end()?;
    name::parts(issuer)?;
    name::parts(subject)?;
    Some(Parts {
        der: der.to_vec(),
        signed: signed.whole.to_vec(),
        algorithm: Algorithm::from_id(algorithm, None),
        signature: signature.to_vec(),
        serial: serial.to_vec(),
        issuer: issuer.to_vec(),
        subject: subject.to_vec(),
        not_before,
        not_after,
        key: key.to_vec(),
        is_first_version: version == 0,
        extensions,
    })
}
