//! Which digests and signatures we read, and which are too weak to count.

use sha2::{Sha256, Sha384, Sha512};

use super::AlgorithmId;
use crate::Limits;
use crate::asn1::{Element, Reader, oid, tag};

/// A digest that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// The digest of `bytes`.
    pub fn of(self, bytes: &[u8]) -> Vec<u8> {
        self.of_all(&[bytes])
    }

    /// The digest of `pieces` one after the other.
    pub fn of_all(self, pieces: &[&[u8]]) -> Vec<u8> {
        fn digest<D: sha2::Digest>(pieces: &[&[u8]]) -> Vec<u8> {
            let mut digest = D::new();
            pieces.iter().for_each(|piece| digest.update(piece));
            digest.finalize().to_vec()
        }
        match self {
            Hash::Sha256 => digest::<Sha256>(pieces),
            Hash::Sha384 => digest::<Sha384>(pieces),
            Hash::Sha512 => digest::<Sha512>(pieces),
        }
    }

    /// Bytes of a digest.
    pub fn length(self) -> usize {
        match self {
            Hash::Sha256 => 32,
            Hash::Sha384 => 48,
            Hash::Sha512 => 64,
        }
    }

    /// The name that people know.
    pub fn name(self) -> &'static str {
        match self {
            Hash::Sha256 => "SHA-256",
            Hash::Sha384 => "SHA-384",
            Hash::Sha512 => "SHA-512",
        }
    }

    /// The digest with this identifier (its DER content), if it counts.
    pub(crate) fn from_oid(content: &[u8]) -> Option<Self> {
        match content {
            oid::SHA256 => Some(Hash::Sha256),
            oid::SHA384 => Some(Hash::Sha384),
            oid::SHA512 => Some(Hash::Sha512),
            _ => None,
        }
    }

    pub(crate) fn oid(self) -> &'static [u8] {
        match self {
            Hash::Sha256 => oid::SHA256,
            Hash::Sha384 => oid::SHA384,
            Hash::Sha512 => oid::SHA512,
        }
    }
}

/// SHA-1, to recognise a certificate by: nothing rests on it.
pub(crate) fn sha1(bytes: &[u8]) -> Vec<u8> {
    <sha1::Sha1 as sha1::Digest>::digest(bytes).to_vec()
}

/// The name of a digest that is too weak to count.
pub(crate) fn weak_hash(content: &[u8]) -> Option<&'static str> {
    match content {
        oid::MD5 => Some("MD5"),
        oid::SHA1 => Some("SHA-1"),
        oid::SHA224 => Some("SHA-224"),
        _ => None,
    }
}

/// How a signature was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA with PKCS#1 v1.5 padding (RFC 8017 §8.2).
    Rsa(Hash),
    /// RSA-PSS with MGF1 over the same digest (RFC 8017 §8.1).
    RsaPss {
        /// The digest of the message, and of MGF1.
        hash: Hash,
        /// Bytes of salt.
        salt: usize,
    },
    /// ECDSA; the curve is that of the key (FIPS 186-5).
    Ecdsa(Hash),
    /// Ed25519 (RFC 8032), over the message itself.
    Ed25519,
    /// One that can be forged, by name.
    Weak(&'static str),
    /// One that is not understood, by its identifier.
    Unknown(String),
}

impl Algorithm {
    /// Its name, for people.
    pub fn words(&self) -> String {
        match self {
            Algorithm::Rsa(hash) => format!("RSA with {}", hash.name()),
            Algorithm::RsaPss { hash, .. } => format!("RSA-PSS with {}", hash.name()),
            Algorithm::Ecdsa(hash) => format!("ECDSA with {}", hash.name()),
            Algorithm::Ed25519 => "Ed25519".to_owned(),
            Algorithm::Weak(name) => (*name).to_owned(),
            Algorithm::Unknown(number) => number.clone(),
        }
    }

    /// Reads an AlgorithmIdentifier. `digest` is what a CMS SignerInfo says beside it: old signers write only "RSA".
    pub(crate) fn from_id(id: AlgorithmId<'_>, digest: Option<&[u8]>) -> Self {
        match id.oid {
            oid::RSA => match digest {
                Some(digest) => of_digest(digest, Algorithm::Rsa),
                None => Algorithm::Unknown(oid::dotted(id.oid)),
            },
            oid::EC_KEY => match digest {
                Some(digest) => of_digest(digest, Algorithm::Ecdsa),
                None => Algorithm::Unknown(oid::dotted(id.oid)),
            },
            oid::SHA256_WITH_RSA => Algorithm::Rsa(Hash::Sha256),
            oid::SHA384_WITH_RSA => Algorithm::Rsa(Hash::Sha384),
            oid::SHA512_WITH_RSA => Algorithm::Rsa(Hash::Sha512),
            oid::RSA_PSS => pss(id.parameters),
            oid::ECDSA_SHA256 => Algorithm::Ecdsa(Hash::Sha256),
            oid::ECDSA_SHA384 => Algorithm::Ecdsa(Hash::Sha384),
            oid::ECDSA_SHA512 => Algorithm::Ecdsa(Hash::Sha512),
            oid::ED25519 => Algorithm::Ed25519,
            oid::SHA1_WITH_RSA | oid::ECDSA_SHA1 => Algorithm::Weak("SHA-1"),
            oid::MD5_WITH_RSA => Algorithm::Weak("MD5"),
            other => Algorithm::Unknown(oid::dotted(other)),
        }
    }
}

fn of_digest(digest: &[u8], make: impl Fn(Hash) -> Algorithm) -> Algorithm {
    match (Hash::from_oid(digest), weak_hash(digest)) {
        (Some(hash), _) => make(hash),
        (None, Some(name)) => Algorithm::Weak(name),
        (None, None) => Algorithm::Unknown(oid::dotted(digest)),
    }
}

/// RSASSA-PSS-params (RFC 4055 §3.1). Everything that is left out means SHA-1.
fn pss(parameters: Option<Element<'_>>) -> Algorithm {
    let unknown = || Algorithm::Unknown("RSA-PSS with parameters that are not understood".to_owned());
    let Some((digest, mask, salt)) = parameters.and_then(pss_parts) else { return unknown() };
    let (Some(digest), Some(mask)) = (digest, mask) else { return Algorithm::Weak("SHA-1") };
    match of_digest(digest, |hash| Algorithm::RsaPss { hash, salt }) {
        Algorithm::RsaPss { .. } if mask != digest => unknown(),
        algorithm => algorithm,
    }
}

type PssParts<'a> = (Option<&'a [u8]>, Option<&'a [u8]>, usize);

/// The identifiers of the digest and of the digest inside MGF1, and the length of the salt.
fn pss_parts(parameters: Element<'_>) -> Option<PssParts<'_>> {
    let mut reader = Element::only(parameters.whole, tag::SEQUENCE)?.inside();
    let digest = match reader.optional(tag::constructed(0))? {
        Some(element) => Some(AlgorithmId::read(&mut element.inside())?.oid),
        None => None,
    };
    let mask = match reader.optional(tag::constructed(1))? {
        Some(element) => {
            let mask = AlgorithmId::read(&mut element.inside())?;
            (mask.oid == oid::MGF1).then_some(())?;
            Some(AlgorithmId::read(&mut Reader::new(mask.parameters?.whole))?.oid)
        }
        None => None,
    };
    let salt = match reader.optional(tag::constructed(2))? {
        Some(element) => element.inside().take(tag::INTEGER)?.small()?,
        None => 20,
    };
    let trailer = match reader.optional(tag::constructed(3))? {
        Some(element) => element.inside().take(tag::INTEGER)?.small()?,
        None => 1,
    };
    reader.end()?;
    // OpenSSL takes the longest salt that fits.
    (trailer == 1 && salt <= Limits::RSA_BITS_MAX as u64 / 8).then_some((digest, mask, salt as usize))
}
