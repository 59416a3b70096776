//! Public keys of certificates, and whether a signature is theirs.

use ed25519_dalek::Signature as EdSignature;
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPublicKey};

use super::algorithm::{Algorithm, Hash};
use super::certificate::AlgorithmId;
use crate::asn1::{Element, Reader, oid, tag, write};
use crate::{Limits, PublicKey};

/// Why a signature does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not the signature of these bytes by this key.
    Wrong,
    /// It may be theirs, but anyone could have made it, in words: `SHA-1 is too weak`.
    Weak(String),
    /// Nothing can be said: the key or the algorithm is not understood, in words.
    NotUnderstood(String),
}

impl Refusal {
    /// The reason as the end of a sentence.
    pub fn reason(&self) -> &str {
        match self {
            Refusal::Wrong => "the signature value does not fit these bytes and this key",
            Refusal::Weak(reason) | Refusal::NotUnderstood(reason) => reason,
        }
    }
}

/// What was signed.
pub(crate) enum Message<'a> {
    Whole(&'a [u8]),
    /// Only its digest is at hand.
    Digest(Hash, &'a [u8]),
}

impl Message<'_> {
    fn digest(&self, hash: Hash) -> Result<Vec<u8>, Refusal> {
        match self {
            Message::Whole(bytes) => Ok(hash.of(bytes)),
            Message::Digest(known, digest) if *known == hash => Ok(digest.to_vec()),
            Message::Digest(..) => Err(Refusal::NotUnderstood(format!("no {} of the content is at hand", hash.name()))),
        }
    }
}

/// Whether `signature` is the signature of `message` by the key in `spki`, and in words what was checked.
pub(crate) fn check(
    spki: &[u8],
    algorithm: &Algorithm,
    message: &Message<'_>,
    signature: &[u8],
) -> Result<String, Refusal> {
    let unreadable = || Refusal::NotUnderstood("the public key of the certificate cannot be read".to_owned());
    let (id, bytes) = parts(spki).ok_or_else(unreadable)?;
    match algorithm {
        Algorithm::Weak(name) => Err(Refusal::Weak(format!("{name} is too weak: others could make such a signature"))),
        Algorithm::Unknown(name) => Err(Refusal::NotUnderstood(format!("the algorithm {name} is not supported"))),
        Algorithm::Rsa(hash) if id.oid == oid::RSA => rsa(bytes, *hash, None, message, signature),
        Algorithm::RsaPss { hash, salt } if id.oid == oid::RSA || id.oid == oid::RSA_PSS => {
            rsa(bytes, *hash, Some(*salt), message, signature)
        }
        Algorithm::Ecdsa(hash) if id.oid == oid::EC_KEY => ecdsa(id, bytes, *hash, message, signature),
        Algorithm::Ed25519 if id.oid == oid::ED25519 => ed25519(bytes, message, signature),
        _ => Err(Refusal::Wrong),
    }
}

/// AlgorithmIdentifier and key of a SubjectPublicKeyInfo.
fn parts(spki: &[u8]) -> Option<(AlgorithmId<'_>, &[u8])> {
    let mut reader = Element::only(spki, tag::SEQUENCE)?.inside();
    let id = AlgorithmId::read(&mut reader)?;
    let bytes = reader.take(tag::BIT_STRING)?.bit_bytes()?;
    reader.end()?;
    Some((id, bytes))
}

/// The bytes inside the BIT STRING of a SubjectPublicKeyInfo: what OCSP identifies keys by.
pub(crate) fn bit_string(spki: &[u8]) -> Option<&[u8]> {
    parts(spki).map(|(_, bytes)| bytes)
}

fn ecdsa(
    id: AlgorithmId<'_>,
    point: &[u8],
    hash: Hash,
    message: &Message<'_>,
    signature: &[u8],
) -> Result<String, Refusal> {
    let digest = message.digest(hash)?;
    let curve = id.parameters.filter(|curve| curve.tag == tag::OID).map(|curve| curve.content);
    let raw = |width| super::ecdsa_to_raw(signature, width).ok_or(Refusal::Wrong);
    let bad_key = |_| Refusal::NotUnderstood("the public key of the certificate is no point on its curve".to_owned());
    let name = match curve {
        Some(oid::P256) => {
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(bad_key)?;
            let signature = p256::ecdsa::Signature::from_slice(&raw(32)?).map_err(|_| Refusal::Wrong)?;
            key.verify_prehash(&digest, &signature).map_err(|_| Refusal::Wrong)?;
            "P-256"
        }
        Some(oid::P384) => {
            let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(bad_key)?;
            let signature = p384::ecdsa::Signature::from_slice(&raw(48)?).map_err(|_| Refusal::Wrong)?;
            key.verify_prehash(&digest, &signature).map_err(|_| Refusal::Wrong)?;
            "P-384"
        }
        Some(other) => {
            return Err(Refusal::NotUnderstood(format!("the curve {} is not supported", oid::dotted(other))));
        }
        None => return Err(Refusal::NotUnderstood("the key does not name its curve".to_owned())),
    };
    Ok(format!("ECDSA {name} with {}", hash.name()))
}

fn ed25519(key: &[u8], message: &Message<'_>, signature: &[u8]) -> Result<String, Refusal> {
    let Message::Whole(message) = message else {
        return Err(Refusal::NotUnderstood("Ed25519 needs the whole content, not its digest".to_owned()));
    };
    let unsound = |_| Refusal::NotUnderstood("the Ed25519 key of the certificate is not sound".to_owned());
    let key = PublicKey::from_bytes(key).map_err(unsound)?;
    let signature = EdSignature::from_slice(signature).map_err(|_| Refusal::Wrong)?;
    key.verify(message, &signature.to_bytes()).then(|| "Ed25519".to_owned()).ok_or(Refusal::Wrong)
}

fn rsa(
    key: &[u8],
    hash: Hash,
    salt: Option<usize>,
    message: &Message<'_>,
    signature: &[u8],
) -> Result<String, Refusal> {
    let (key, bits) = rsa_key(key)?;
    let digest = message.digest(hash)?;
    let verified = match salt {
        None => key.verify(pkcs1(hash), &digest, signature),
        Some(salt) => key.verify(pss(hash, salt), &digest, signature),
    };
    verified.map_err(|_| Refusal::Wrong)?;
    let padding = if salt.is_some() { "-PSS" } else { "" };
    Ok(format!("RSA{padding} {bits} with {}", hash.name()))
}

/// What kind of key it is, and its length in bits, however weak.
pub(crate) fn kind(spki: &[u8]) -> (String, Option<usize>) {
    let Some((id, bytes)) = parts(spki) else { return ("unreadable".to_owned(), None) };
    let curve = id.parameters.filter(|curve| curve.tag == tag::OID).map(|curve| curve.content);
    match (id.oid, curve) {
        (oid::RSA | oid::RSA_PSS, _) => ("RSA".to_owned(), rsa_numbers(bytes).map(|(modulus, _)| bits(modulus))),
        (oid::EC_KEY, Some(oid::P256)) => ("P-256".to_owned(), Some(256)),
        (oid::EC_KEY, Some(oid::P384)) => ("P-384".to_owned(), Some(384)),
        // Of an uncompressed point one half is as long as the key.
        (oid::EC_KEY, Some(other)) => (oid::dotted(other), Some(bytes.len() / 2 * 8)),
        (oid::ED25519, _) => ("Ed25519".to_owned(), Some(256)),
        (other, _) => (oid::dotted(other), None),
    }
}

fn bits(modulus: &[u8]) -> usize {
    modulus.len() * 8 - modulus.first().map_or(0, |first| first.leading_zeros() as usize)
}

/// Modulus and exponent of an RSAPublicKey (RFC 8017 A.1.1).
fn rsa_numbers(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut reader = Element::only(key, tag::SEQUENCE)?.inside();
    let numbers = (reader.take(tag::INTEGER)?, reader.take(tag::INTEGER)?);
    reader.end()?;
    Some((numbers.0.natural()?, numbers.1.natural()?))
}

/// RSAPublicKey, from 2,048 to 8,192 bits.
fn rsa_key(key: &[u8]) -> Result<(RsaPublicKey, usize), Refusal> {
    let bad_key = || Refusal::NotUnderstood("the RSA key of the certificate cannot be read".to_owned());
    let (modulus, exponent) = rsa_numbers(key).ok_or_else(bad_key)?;
    let bits = bits(modulus);
    if bits < Limits::RSA_BITS_MIN {
        return Err(Refusal::Weak(format!("an RSA key of {bits} bits is too short")));
    }
    // A long exponent would only cost time: a signature must not take seconds to check.
    if bits > Limits::RSA_BITS_MAX || exponent.len() > 4 {
        return Err(Refusal::NotUnderstood(format!("an RSA key of {bits} bits is larger than what is checked here")));
    }
    let (n, e) = (BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(exponent));
    let key = RsaPublicKey::new_with_max_size(n, e, Limits::RSA_BITS_MAX).map_err(|_| bad_key())?;
    Ok((key, bits))
}

/// PKCS#1 v1.5 with the DigestInfo of RFC 8017 §9.2.
fn pkcs1(hash: Hash) -> Pkcs1v15Sign {
    let id = write::sequence(&[&write::oid(hash.oid()), &[tag::NULL, 0]]);
    let info = write::sequence(&[&id, &write::octets(&vec![0; hash.length()])]);
    Pkcs1v15Sign { hash_len: Some(hash.length()), prefix: info[..info.len() - hash.length()].into() }
}

/// The rsa crate wants digests of its own generation here.
fn pss(hash: Hash, salt: usize) -> Pss {
    match hash {
        Hash::Sha256 => Pss::new_with_salt::<rsa::sha2::Sha256>(salt),
        Hash::Sha384 => Pss::new_with_salt::<rsa::sha2::Sha384>(salt),
        Hash::Sha512 => Pss::new_with_salt::<rsa::sha2::Sha512>(salt),
    }
}

/// The compressed or uncompressed point of a P-256 key as SubjectPublicKeyInfo.
pub(crate) fn p256_spki(key: &p256::ecdsa::VerifyingKey) -> Vec<u8> {
    let id = write::sequence(&[&write::oid(oid::EC_KEY), &write::oid(oid::P256)]);
    write::sequence(&[&id, &write::bits(key.to_encoded_point(false).as_bytes())])
}

/// Whether `spki` holds this P-256 key, in either form of its point.
pub(crate) fn is_p256(spki: &[u8], key: &p256::ecdsa::VerifyingKey) -> bool {
    let Some((id, point)) = parts(spki) else { return false };
    let is_curve = id.oid == oid::EC_KEY && id.parameters.is_some_and(|curve| curve.content == oid::P256);
    is_curve && p256::ecdsa::VerifyingKey::from_sec1_bytes(point).is_ok_and(|point| point == *key)
}

/// The P-256 scalar of an ECPrivateKey (RFC 5915), which must name no other curve.
pub(crate) fn sec1_scalar(der: &[u8]) -> Option<&[u8]> {
    let mut reader = Element::only(der, tag::SEQUENCE)?.inside();
    let version = reader.take(tag::INTEGER)?.small()?;
    let scalar = reader.take(tag::OCTET_STRING)?.content;
    if let Some(curve) = reader.optional(tag::constructed(0))? {
        (curve.inside().oid()? == oid::P256).then_some(())?;
    }
    reader.optional(tag::constructed(1))?;
    reader.end()?;
    (version == 1).then_some(scalar)
}

/// The P-256 scalar of a PrivateKeyInfo (RFC 5958).
pub(crate) fn pkcs8_scalar(der: &[u8]) -> Option<&[u8]> {
    let mut reader: Reader<'_> = Element::only(der, tag::SEQUENCE)?.inside();
    let version = reader.take(tag::INTEGER)?.small()?;
    let id = AlgorithmId::read(&mut reader)?;
    let is_p256 = id.oid == oid::EC_KEY && id.parameters?.content == oid::P256;
    let key = reader.take(tag::OCTET_STRING)?.content;
    (version <= 1 && is_p256).then(|| sec1_scalar(key))?
}
