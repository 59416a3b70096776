//! Whether a signer signed this content: digest, signature value, and the attributes that bind them.

use super::attributes::{self, Attribute, Found};
use super::{SignerInfo, names_certificate};
use crate::Limits;
use crate::answer::Answer;
use crate::asn1::{Element, oid, tag, write};
use crate::x509::{Algorithm, Certificate, Hash, Message, Refusal, weak_hash};
use model::Digest;

/// What was signed and lies elsewhere. Signers choose the digest, so that a reader must be able to make each.
pub trait Content {
    /// The digest of the content; `None` when it cannot be had.
    fn digest(&self, hash: Hash) -> Option<Vec<u8>>;
}

impl Content for &[u8] {
    fn digest(&self, hash: Hash) -> Option<Vec<u8>> {
        Some(hash.of(self))
    }
}

/// Content in pieces, such as the two ranges of a signed PDF.
impl Content for &[&[u8]] {
    fn digest(&self, hash: Hash) -> Option<Vec<u8>> {
        Some(hash.of_all(self))
    }
}

/// Content of which only the SHA-256 is known: signatures over another digest answer "not checked".
impl Content for Digest {
    fn digest(&self, hash: Hash) -> Option<Vec<u8>> {
        (hash == Hash::Sha256).then(|| self.as_bytes().to_vec())
    }
}

/// What is asked of the attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// CAdES, PAdES and time stamps: the signing certificate is named among the signed attributes.
    Ades,
    /// Plain CMS and PKCS#7 (`adbe.pkcs7.detached`): it need not be, which goes into the notes.
    Plain,
}

/// What a check found.
pub(crate) struct Intact {
    /// Whose key it was, or who claims so.
    pub(crate) certificate: Option<Certificate>,
    pub(crate) answer: Answer,
    pub(crate) notes: Vec<String>,
}

/// Checks `signer` over `content`; `pool` is where its certificate may be.
pub(crate) fn check(
    signer: &SignerInfo<'_>,
    content_type: &[u8],
    content: &dyn Content,
    pool: &[Certificate],
    rules: Rules,
) -> Intact {
    let mut named: Vec<&Certificate> = pool.iter().filter(|certificate| signer.names(certificate)).collect();
    named.dedup();
    named.truncate(Limits::SIGNER_CERTIFICATES);
    let mut intact =
        Intact { certificate: named.first().map(|first| (*first).clone()), answer: no(""), notes: Vec::new() };
    intact.answer = match digest(signer, content) {
        Ok((hash, digest)) => match &signer.signed {
            Some(signed) => with_attributes(signer, *signed, (hash, &digest, content_type), &named, rules, &mut intact),
            None if rules == Rules::Ades => {
                no("The signature has no signed attributes, which CAdES and PAdES ask for.")
            }
            None => {
                intact.notes.push("The signature does not name its certificate among what it signs.".to_owned());
                by_one_of(&named, signer, &Message::Digest(hash, &digest), &mut intact.certificate)
            }
        },
        Err(answer) => answer,
    };
    intact
}

/// The digest that the signer chose, of the content as it is.
fn digest(signer: &SignerInfo<'_>, content: &dyn Content) -> Result<(Hash, Vec<u8>), Answer> {
    if let Some(name) = weak_hash(signer.digest) {
        return Err(no(format!("The content was signed by its {name} digest, which is too weak to count.")));
    }
    let unknown =
        || Answer::NotChecked(format!("The digest algorithm {} is not supported.", oid::dotted(signer.digest)));
    let hash = Hash::from_oid(signer.digest).ok_or_else(unknown)?;
    let missing = || Answer::NotChecked(format!("No {} of the content is at hand.", hash.name()));
    Ok((hash, content.digest(hash).ok_or_else(missing)?))
}

fn with_attributes(
    signer: &SignerInfo<'_>,
    signed: Element<'_>,
    (hash, digest, content_type): (Hash, &[u8], &[u8]),
    named: &[&Certificate],
    rules: Rules,
    intact: &mut Intact,
) -> Answer {
    let Some(attributes) = attributes::read(signed) else {
        return no("The signed attributes are not well-formed.");
    };
    if let Some(answer) = attributes_refuse(&attributes, hash, digest, content_type) {
        return answer;
    }
    let answer = by_one_of(named, signer, &Message::Whole(&signed_bytes(signed)), &mut intact.certificate);
    let answer = match answer {
        // RFC 5652 §5.4 wants DER; a writer that did not sort signed what it wrote, or what it should have written.
        Answer::No(_) => match sorted_bytes(signed) {
            Some(sorted) => by_one_of(named, signer, &Message::Whole(&sorted), &mut intact.certificate),
            None => answer,
        },
        answer => answer,
    };
    let (true, Some(certificate)) = (answer.is_yes(), &intact.certificate) else { return answer };
    match names_certificate(&attributes, certificate) {
        Some(true) => answer,
        Some(false) => no("The signature names another certificate as the signer's than the one whose key made it."),
        None if rules == Rules::Ades => {
            no("The signature does not name its certificate among what it signs, which CAdES and PAdES ask for.")
        }
        None => {
            intact.notes.push("The signature does not name its certificate among what it signs.".to_owned());
            answer
        }
    }
}

/// RFC 5652 §5.6: contentType and messageDigest, once each, and as they must be.
fn attributes_refuse(attributes: &[Attribute<'_>], hash: Hash, digest: &[u8], content_type: &[u8]) -> Option<Answer> {
    let kind = match attributes::single(attributes, oid::CONTENT_TYPE) {
        Found::Once(value) if value.tag == tag::OID => value.content,
        _ => return Some(no("The signature does not say once what type of content it signs.")),
    };
    if kind != content_type {
        return Some(no("The type of the content is not the one that was signed."));
    }
    let signed = match attributes::single(attributes, oid::MESSAGE_DIGEST) {
        Found::Once(value) if value.tag == tag::OCTET_STRING => value.content,
        _ => return Some(no("The signature does not hold the digest of its content once.")),
    };
    (signed != digest)
        .then(|| no(format!("The content was changed: its {} is not the one that was signed.", hash.name())))
}

/// The bytes under the signature: a SET OF, not the `[0]` that stands in its place (RFC 5652 §5.4).
fn signed_bytes(signed: Element<'_>) -> Vec<u8> {
    let mut bytes = signed.whole.to_vec();
    bytes[0] = tag::SET;
    bytes
}

/// The same in the order of DER, if they stand in another.
fn sorted_bytes(signed: Element<'_>) -> Option<Vec<u8>> {
    let elements = signed.elements(Limits::CMS_ATTRIBUTES)?;
    let sorted = write::set_of(tag::SET, elements.iter().map(|element| element.whole.to_vec()).collect());
    (sorted[1..] != signed.whole[1..]).then_some(sorted)
}

/// Whether one of the certificates that the signer may mean has the key that signed `message`.
fn by_one_of(
    named: &[&Certificate],
    signer: &SignerInfo<'_>,
    message: &Message<'_>,
    found: &mut Option<Certificate>,
) -> Answer {
    let algorithm = Algorithm::from_id(signer.algorithm, Some(signer.digest));
    let mut worst = None;
    for certificate in named {
        match certificate.check_message(&algorithm, message, signer.signature.content) {
            Ok(words) => {
                *found = Some((*certificate).clone());
                return Answer::Yes(format!("The content is what was signed ({words})."));
            }
            Err(refusal) => worst = Some(refusal),
        }
    }
    match worst {
        None => Answer::NotChecked("The certificate of the signer is not at hand.".to_owned()),
        Some(Refusal::Wrong) => no("The signature is not by the key of the certificate that it names, or was changed."),
        Some(Refusal::Weak(reason)) => no(format!("The signature does not count: {reason}.")),
        Some(Refusal::NotUnderstood(reason)) => Answer::NotChecked(format!("The signature was not checked: {reason}.")),
    }
}

fn no(reason: impl Into<String>) -> Answer {
    Answer::No(reason.into())
}
