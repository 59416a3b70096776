//! Making a signature, and adding a time stamp to one.

use model::{Digest, Fault, Instant};

use super::read::{SignedData, refuse};
use crate::asn1::{ber, oid, tag, time, write};
use crate::tsp;
use crate::x509::{Algorithm, Hash, Signer};

/// What is signed, and how.
#[derive(Clone, Copy, Debug)]
pub struct Sign {
    /// The SHA-256 of the content.
    pub digest: Digest,
    /// The time that the signer claims, as a signed attribute. `None` in PAdES, where `/M` says it (EN 319 142-1 §6.3).
    pub signing_time: Option<Instant>,
    /// Whether the certificates above the signer's go with the signature.
    pub chain: bool,
}

/// A detached signature of level B-B in DER: one signer, SHA-256, ECDSA, and the signed attributes contentType,
/// messageDigest, signingCertificateV2 and, if wanted, signingTime.
///
/// # Errors
/// What `signer` answers; `certificate-mismatch` when what it signed does not fit its certificate.
pub fn sign(sign: &Sign, signer: &dyn Signer) -> Result<Vec<u8>, Fault> {
    let attributes = signed_attributes(sign, signer);
    let message = write::set_of(tag::SET, attributes.clone());
    let signature = signer.sign(&message)?;
    // An agent or a card may hold another key than one thinks: better known now than in court.
    if signer.certificate().check_signature(&Algorithm::Ecdsa(Hash::Sha256), &message, &signature).is_err() {
        return Err(Fault::bad_input(
            "certificate-mismatch",
            "The signature that was made does not fit the certificate",
        )
        .advise("Give the certificate that was issued for the very key that signs."));
    }
    let info = write::sequence(&[
        &write::natural(&[1]),
        &signer.certificate().issuer_and_serial(),
        &write::algorithm(oid::SHA256),
        &write::set_of(tag::constructed(0), attributes),
        &write::algorithm(oid::ECDSA_SHA256),
        &write::octets(&signature),
    ]);
    Ok(content_info(&[
        &write::natural(&[1]),
        &write::set_of(tag::SET, vec![write::algorithm(oid::SHA256)]),
        &write::sequence(&[&write::oid(oid::DATA)]),
        &write::set_of(tag::constructed(0), certificates(sign, signer)),
        &write::set_of(tag::SET, vec![info]),
    ]))
}

fn signed_attributes(sign: &Sign, signer: &dyn Signer) -> Vec<Vec<u8>> {
    // ESSCertIDv2 with the digest algorithm left out, which means SHA-256 (RFC 5035 §4).
    let id = write::sequence(&[&write::octets(signer.certificate().sha256().as_bytes())]);
    let certificate = write::sequence(&[&write::sequence(&[&id])]);
    let mut attributes = vec![
        attribute(oid::CONTENT_TYPE, write::oid(oid::DATA)),
        attribute(oid::MESSAGE_DIGEST, write::octets(sign.digest.as_bytes())),
        attribute(oid::SIGNING_CERTIFICATE_V2, certificate),
    ];
    attributes.extend(sign.signing_time.map(|at| attribute(oid::SIGNING_TIME, time::write(at))));
    attributes
}

fn attribute(id: &[u8], value: Vec<u8>) -> Vec<u8> {
    write::sequence(&[&write::oid(id), &write::set_of(tag::SET, vec![value])])
}

fn certificates(sign: &Sign, signer: &dyn Signer) -> Vec<Vec<u8>> {
    let chain = if sign.chain { signer.chain() } else { &[] };
    let mut certificates: Vec<Vec<u8>> = vec![signer.certificate().der().to_vec()];
    for certificate in chain {
        if !certificates.iter().any(|known| known == certificate.der()) {
            certificates.push(certificate.der().to_vec());
        }
    }
    certificates
}

/// ContentInfo around the parts of a SignedData.
fn content_info(parts: &[&[u8]]) -> Vec<u8> {
    let data = write::sequence(parts);
    write::sequence(&[&write::oid(oid::SIGNED_DATA), &write::element(tag::constructed(0), &[&data])])
}

/// The signature with a time stamp token among its unsigned attributes: level B-T. Everything that is signed stays as
/// it is, and so do time stamps that are there already. `token` is a TimeStampToken, or a response with one.
///
/// # Errors
/// `bad-cms` when `cms` is no signature with one signer, `bad-timestamp-token` when `token` is none, or is not over the
/// octets of this signature.
pub fn with_timestamp(cms: &[u8], token: &[u8]) -> Result<Vec<u8>, Fault> {
    let der = ber::to_der(cms).ok_or_else(refuse)?;
    let data = SignedData::read(&der).ok_or_else(refuse)?;
    let signer = data.signer().ok_or_else(refuse)?;
    let token = tsp::read_token_or_response(token)?;
    if !token.is_over(signer.signature.content) {
        return Err(tsp::bad_token("This time stamp is over something else than this signature"));
    }
    let mut unsigned = vec![attribute(oid::SIGNATURE_TIME_STAMP, token.der().to_vec())];
    let mut signed_part = signer.whole.content;
    if let Some(present) = signer.unsigned {
        let kept = present.elements(crate::Limits::CMS_ATTRIBUTES).ok_or_else(refuse)?;
        unsigned.extend(kept.iter().map(|element| element.whole.to_vec()));
        signed_part = &signed_part[..signed_part.len() - present.whole.len()];
    }
    let info = write::sequence(&[signed_part, &write::set_of(tag::constructed(1), unsigned)]);
    Ok(content_info(&[data.head, &write::set_of(tag::SET, vec![info])]))
}
