//! A key and a certificate for a project that has none from an authority.

use model::{Fault, Instant};
use p256::ecdsa::SigningKey;
use zeroize::Zeroizing;

use super::key::p256_spki;
use super::{Certificate, sha1, signer};
use crate::asn1::{oid, tag, time, write};
use crate::{armour, sha256};

/// Letters of a common name (RFC 5280 A.1: ub-common-name).
const NAME_MAX: usize = 64;

/// The P-256 key that `seed` gives, as PKCS#8 PEM, and a certificate that it signed itself: for signing only
/// (digitalSignature, nonRepudiation), no authority. Draw the seed from the operating system. Equal arguments give equal
/// bytes. Nobody but who knows the fingerprint has a reason to trust it.
///
/// # Errors
/// `bad-certificate-name` when the name is empty, longer than 64 characters or has control characters, or when `until` is not
/// after `from`.
pub fn self_signed(
    seed: &[u8; 32],
    common_name: &str,
    from: Instant,
    until: Instant,
) -> Result<(Zeroizing<String>, Certificate), Fault> {
    let is_name = !common_name.trim().is_empty() && !common_name.chars().any(char::is_control);
    if !is_name || common_name.chars().count() > NAME_MAX || until <= from {
        let message = "A certificate needs a name of 1 to 64 characters and an end after its beginning";
        return Err(Fault::usage("bad-certificate-name", message).advise("Give another name, or a later end."));
    }
    let key = key_of(seed);
    let signed = to_be_signed(&key, common_name, from, until);
    let signature = signer::sign(&key, &signed)?;
    let der = write::sequence(&[&signed, &write::algorithm(oid::ECDSA_SHA256), &write::bits(&signature)]);
    Ok((to_pem(&key), Certificate::from_der(&der)?))
}

/// The seed is the scalar, but for one in 2³² that is too large: then its digest is.
fn key_of(seed: &[u8; 32]) -> SigningKey {
    let mut candidate = Zeroizing::new(*seed);
    loop {
        match SigningKey::from_slice(&*candidate) {
            Ok(key) => return key,
            Err(_) => *candidate = *sha256(&*candidate).as_bytes(),
        }
    }
}

/// TBSCertificate (RFC 5280 §4.1.2).
fn to_be_signed(key: &SigningKey, common_name: &str, from: Instant, until: Instant) -> Vec<u8> {
    let spki = p256_spki(key.verifying_key());
    let text = write::element(tag::UTF8_STRING, &[common_name.as_bytes()]);
    let attribute = write::sequence(&[&write::oid(oid::COMMON_NAME), &text]);
    let name = write::sequence(&[&write::set_of(tag::SET, vec![attribute])]);
    let validity = write::sequence(&[&time::write(from), &time::write(until)]);
    // The same key and name must never give one serial number to two certificates: dates are part of it.
    let mut serial = sha256(&[&spki[..], &name, &validity].concat()).as_bytes()[..16].to_vec();
    serial[0] = serial[0] & 0x7f | 0x40;
    let key_id = sha1(key.verifying_key().to_encoded_point(false).as_bytes());
    let extensions = write::sequence(&[
        &extension(oid::BASIC_CONSTRAINTS, true, &write::sequence(&[])),
        // Bits 0 and 1: digitalSignature and nonRepudiation; six of the byte are unused.
        &extension(oid::KEY_USAGE, true, &write::element(tag::BIT_STRING, &[&[6, 0xc0]])),
        &extension(oid::SUBJECT_KEY_ID, false, &write::octets(&key_id)),
    ]);
    write::sequence(&[
        &write::element(tag::constructed(0), &[&write::natural(&[2])]),
        &write::natural(&serial),
        &write::algorithm(oid::ECDSA_SHA256),
        &name,
        &validity,
        &name,
        &spki,
        &write::element(tag::constructed(3), &[&extensions]),
    ])
}

fn extension(id: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { &[tag::BOOLEAN, 1, 0xff] } else { &[] };
    write::sequence(&[&write::oid(id), critical, &write::octets(value)])
}

/// PKCS#8 with the ECPrivateKey inside (RFC 5958, RFC 5915), as OpenSSL writes it.
fn to_pem(key: &SigningKey) -> Zeroizing<String> {
    let scalar = Zeroizing::new(key.to_bytes());
    let point =
        write::element(tag::constructed(1), &[&write::bits(key.verifying_key().to_encoded_point(false).as_bytes())]);
    let secret = Zeroizing::new(write::octets(&scalar));
    let inner = Zeroizing::new(write::sequence(&[&write::natural(&[1]), &secret, &point]));
    let id = write::sequence(&[&write::oid(oid::EC_KEY), &write::oid(oid::P256)]);
    let wrapped = Zeroizing::new(write::octets(&inner));
    let der = Zeroizing::new(write::sequence(&[&write::natural(&[]), &id, &wrapped]));
    Zeroizing::new(armour::wrap("PRIVATE KEY", &der, 64))
}
