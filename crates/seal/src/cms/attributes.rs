//! Attributes of a signer (RFC 5652 §5.3), and the signing-certificate attribute (RFC 5035).

use crate::Limits;
use crate::asn1::{Element, oid, tag};
use crate::x509::{AlgorithmId, Certificate, Hash, sha1};

/// One attribute: its type, and its values.
pub(crate) struct Attribute<'a> {
    pub(crate) id: &'a [u8],
    pub(crate) values: Vec<Element<'a>>,
}

/// The attributes inside `[0]` or `[1]`.
pub(crate) fn read(set: Element<'_>) -> Option<Vec<Attribute<'_>>> {
    set.each(tag::SEQUENCE, Limits::CMS_ATTRIBUTES)?
        .into_iter()
        .map(|element| {
            let mut reader = element.inside();
            let id = reader.oid()?;
            let values = reader.take(tag::SET)?.elements(Limits::CMS_ATTRIBUTES)?;
            reader.end()?;
            Some(Attribute { id, values })
        })
        .collect()
}

/// What a list of attributes says about one type.
pub(crate) enum Found<'a> {
    Absent,
    /// Once, with this one value: what RFC 5652 §11 wants of those that are signed.
    Once(Element<'a>),
    /// Several times, or with another number of values than one.
    Otherwise,
}

/// The value of the attribute with `id`.
pub(crate) fn single<'a>(attributes: &[Attribute<'a>], id: &[u8]) -> Found<'a> {
    let mut matching = attributes.iter().filter(|attribute| attribute.id == id);
    match (matching.next(), matching.next()) {
        (None, _) => Found::Absent,
        (Some(Attribute { values, .. }), None) if values.len() == 1 => Found::Once(values[0]),
        _ => Found::Otherwise,
    }
}

/// Whether the signed attributes name `certificate` as the signer's: `None` when they name none at all.
pub(crate) fn names_certificate(attributes: &[Attribute<'_>], certificate: &Certificate) -> Option<bool> {
    let second = match single(attributes, oid::SIGNING_CERTIFICATE_V2) {
        Found::Absent => None,
        Found::Once(value) => Some(named_by_v2(value, certificate) == Some(true)),
        Found::Otherwise => Some(false),
    };
    let first = match single(attributes, oid::SIGNING_CERTIFICATE) {
        Found::Absent => None,
        Found::Once(value) => Some(named_by_v1(value, certificate) == Some(true)),
        Found::Otherwise => Some(false),
    };
    match (second, first) {
        (None, None) => None,
        (second, first) => Some(second != Some(false) && first != Some(false)),
    }
}

/// ESSCertIDv2 of the first certificate: the digest is SHA-256 when it does not say.
fn named_by_v2(value: Element<'_>, certificate: &Certificate) -> Option<bool> {
    let mut reader = first_id(value)?.inside();
    let hash = match reader.peek()? {
        tag::SEQUENCE => Hash::from_oid(AlgorithmId::read(&mut reader)?.oid)?,
        _ => Hash::Sha256,
    };
    let digest = reader.take(tag::OCTET_STRING)?.content;
    Some(digest == hash.of(certificate.der()) && serial_fits(reader.optional(tag::SEQUENCE)?, certificate)?)
}

/// ESSCertID: always SHA-1. It names a certificate whose key has verified already; a collision would need a certificate
/// that an authority issued for it.
fn named_by_v1(value: Element<'_>, certificate: &Certificate) -> Option<bool> {
    let mut reader = first_id(value)?.inside();
    let digest = reader.take(tag::OCTET_STRING)?.content;
    Some(digest == sha1(certificate.der()) && serial_fits(reader.optional(tag::SEQUENCE)?, certificate)?)
}

/// The first of `certs SEQUENCE OF`: that of the signer (RFC 5035 §3).
fn first_id(value: Element<'_>) -> Option<Element<'_>> {
    let certificates = Element::only(value.whole, tag::SEQUENCE)?.inside().sequence()?;
    certificates.inside().sequence()
}

/// IssuerSerial, where it is given: `SEQUENCE { GeneralNames, INTEGER }`. The name of the issuer is one of the names.
fn serial_fits(serial: Option<Element<'_>>, certificate: &Certificate) -> Option<bool> {
    let Some(serial) = serial else { return Some(true) };
    let mut reader = serial.inside();
    let names = reader.sequence()?;
    let number = reader.take(tag::INTEGER)?.content;
    let is_issuer = |name: &Element<'_>| name.tag == tag::constructed(4) && name.content == certificate.issuer_der();
    Some(number == certificate.serial() && names.elements(Limits::EXTENSIONS)?.iter().any(is_issuer))
}
