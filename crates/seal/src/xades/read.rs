//! What a signature says: methods, references, and whose certificate.

use model::Instant;

use super::document::{Parts, by_identifier};
use super::{DS, SIGNED_PROPERTIES, XADES, uri};
use crate::Limits;
use crate::armour;
use crate::x509::{Algorithm, Certificate, Hash};
use crate::xml::{Document, Form, Id, Method};

/// The namespace of `InclusiveNamespaces`.
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// A digest method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Digesting {
    By(Hash),
    /// Too weak to count, by name.
    Weak(&'static str),
    Unknown(String),
}

/// What a reference is to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A file of the container, as it is.
    File(String),
    /// A part of the document, in a canonical form.
    Part(Id, Method),
    /// Something that is not followed, in words.
    Beyond(String),
}

/// One `ds:Reference`.
pub(super) struct Reference {
    pub(super) target: Target,
    pub(super) digesting: Digesting,
    pub(super) digest: Vec<u8>,
    pub(super) is_properties: bool,
}

/// `ds:SignedInfo`, and the value over it.
pub(super) struct Info {
    pub(super) method: Method,
    pub(super) algorithm: Algorithm,
    pub(super) references: Vec<Reference>,
    pub(super) value: Vec<u8>,
}

impl Info {
    /// XML Signature §4.4: CanonicalizationMethod, SignatureMethod, Reference+.
    pub(super) fn read(document: &Document<'_>, parts: &Parts) -> Result<Self, String> {
        let children: Vec<Id> = document.children(parts.info).collect();
        let [method, algorithm, references @ ..] = children.as_slice() else {
            return Err("the list of what is signed lacks its parts".to_owned());
        };
        let is_sound = document.is(*method, DS, "CanonicalizationMethod")
            && document.is(*algorithm, DS, "SignatureMethod")
            && references.iter().all(|id| document.is(*id, DS, "Reference"));
        if !is_sound || references.is_empty() {
            return Err("the list of what is signed lacks its parts".to_owned());
        }
        let references: Vec<Reference> =
            references.iter().map(|id| Reference::read(document, *id)).collect::<Result<_, _>>()?;
        let own = references.iter().filter_map(|reference| match &reference.target {
            Target::Part(id, _) => Some(*id),
            _ => None,
        });
        if own.clone().count() > Limits::XML_OWN_REFERENCES {
            return Err("it refers to its own document more than 8 times".to_owned());
        }
        if !own.clone().all(|id| document.is_within(id, parts.whole)) {
            return Err("it refers to a part of another signature".to_owned());
        }
        let name = document.attribute(*algorithm, "Algorithm").unwrap_or_default();
        Ok(Info {
            method: method_of(document, *method)?,
            algorithm: signing(name),
            references,
            value: bytes(document, parts.value).ok_or("the value of a signature is no base64")?,
        })
    }
}

impl Reference {
    /// XML Signature §4.4.3: Transforms?, DigestMethod, DigestValue.
    fn read(document: &Document<'_>, id: Id) -> Result<Self, String> {
        let children: Vec<Id> = document.children(id).collect();
        let (transforms, method, value) = match children.as_slice() {
            [transforms, method, value] if document.is(*transforms, DS, "Transforms") => {
                (Some(*transforms), *method, *value)
            }
            [method, value] => (None, *method, *value),
            _ => return Err("a reference lacks its parts".to_owned()),
        };
        if !document.is(method, DS, "DigestMethod") || !document.is(value, DS, "DigestValue") {
            return Err("a reference lacks its parts".to_owned());
        }
        Ok(Reference {
            target: target(document, document.attribute(id, "URI"), transforms)?,
            digesting: digesting(document.attribute(method, "Algorithm").unwrap_or_default()),
            digest: bytes(document, value).ok_or("a digest is no base64")?,
            is_properties: document.attribute(id, "Type") == Some(SIGNED_PROPERTIES),
        })
    }
}

fn target(document: &Document<'_>, uri: Option<&str>, transforms: Option<Id>) -> Result<Target, String> {
    let beyond = |what: String| Ok(Target::Beyond(what));
    let Some(uri) = uri else { return beyond("A reference does not say what it is to".to_owned()) };
    let transforms: Vec<Id> = transforms.map(|id| document.children(id).collect()).unwrap_or_default();
    if let Some(identifier) = uri.strip_prefix('#') {
        let method = match transforms.as_slice() {
            // XML Signature §4.4.3.2: then it is Canonical XML 1.0.
            [] => Method::new(Form::Inclusive),
            [transform] if document.is(*transform, DS, "Transform") => method_of(document, *transform)?,
            _ => return Err("a reference has several transforms".to_owned()),
        };
        return Ok(Target::Part(by_identifier(document, identifier)?, method.without_comments()));
    }
    match uri::decode(uri) {
        Some(path) if transforms.is_empty() => Ok(Target::File(path)),
        Some(path) => beyond(format!("{path:?} was signed in another form than it has, which is not followed")),
        None => beyond(format!(
            "A reference leads out of the container, to {:?}",
            uri.chars().take(100).collect::<String>()
        )),
    }
}

/// The canonical form that an element with an `Algorithm` asks for. Every other transform is refused.
pub(super) fn method_of(document: &Document<'_>, id: Id) -> Result<Method, String> {
    let name = document.attribute(id, "Algorithm").unwrap_or_default();
    let known = Method::of(name);
    let method = known.ok_or_else(|| format!("the transform {:?} is none that is followed", short(name)))?;
    let children: Vec<Id> = document.children(id).collect();
    match children.as_slice() {
        [] => Ok(method),
        [list] if document.is(*list, EXCLUSIVE, "InclusiveNamespaces") => {
            let prefixes = document.attribute(*list, "PrefixList").unwrap_or_default();
            method.with_prefixes(prefixes).ok_or_else(|| "a canonical form has a list that it cannot have".to_owned())
        }
        _ => Err("a canonical form has parameters that are not understood".to_owned()),
    }
}

/// RFC 9231 and XML Signature §6.2.
pub(super) fn digesting(algorithm: &str) -> Digesting {
    match algorithm {
        "http://www.w3.org/2001/04/xmlenc#sha256" => Digesting::By(Hash::Sha256),
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => Digesting::By(Hash::Sha384),
        "http://www.w3.org/2001/04/xmlenc#sha512" => Digesting::By(Hash::Sha512),
        "http://www.w3.org/2000/09/xmldsig#sha1" => Digesting::Weak("SHA-1"),
        "http://www.w3.org/2001/04/xmldsig-more#md5" => Digesting::Weak("MD5"),
        "http://www.w3.org/2001/04/xmldsig-more#sha224" => Digesting::Weak("SHA-224"),
        other => Digesting::Unknown(short(other)),
    }
}

/// RFC 9231 and XML Signature §6.4.
fn signing(algorithm: &str) -> Algorithm {
    let pss = |hash: Hash| Algorithm::RsaPss { hash, salt: hash.length() };
    match algorithm {
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => Algorithm::Rsa(Hash::Sha256),
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => Algorithm::Rsa(Hash::Sha384),
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => Algorithm::Rsa(Hash::Sha512),
        "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1" => pss(Hash::Sha256),
        "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1" => pss(Hash::Sha384),
        "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1" => pss(Hash::Sha512),
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" => Algorithm::Ecdsa(Hash::Sha256),
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" => Algorithm::Ecdsa(Hash::Sha384),
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512" => Algorithm::Ecdsa(Hash::Sha512),
        "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519" => Algorithm::Ed25519,
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
        | "http://www.w3.org/2000/09/xmldsig#dsa-sha1"
        | "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1" => Algorithm::Weak("SHA-1"),
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5" => Algorithm::Weak("MD5"),
        other => Algorithm::Unknown(short(other)),
    }
}

/// Whose certificate the signed properties name.
pub(super) struct Named {
    pub(super) digesting: Digesting,
    pub(super) digest: Vec<u8>,
}

/// The first certificate of `SigningCertificateV2`, or of `SigningCertificate`: the signer's (EN 319 132-1 §5.2.2).
pub(super) fn named(document: &Document<'_>, signed: Id) -> Option<Named> {
    let properties = document.only(signed, XADES, "SignedSignatureProperties")?;
    let list = document.only(properties, XADES, "SigningCertificateV2");
    let list = list.or_else(|| document.only(properties, XADES, "SigningCertificate"))?;
    let certificate = document.named(list, XADES, "Cert").next()?;
    let digest = document.only(certificate, XADES, "CertDigest")?;
    let method = document.only(digest, DS, "DigestMethod")?;
    Some(Named {
        digesting: digesting(document.attribute(method, "Algorithm").unwrap_or_default()),
        digest: bytes(document, document.only(digest, DS, "DigestValue")?)?,
    })
}

/// The time that the signer claims.
pub(super) fn claimed(document: &Document<'_>, signed: Id) -> Option<Instant> {
    let properties = document.only(signed, XADES, "SignedSignatureProperties")?;
    let time = document.text(document.only(properties, XADES, "SigningTime")?)?;
    Instant::parse(time.trim()).ok()
}

/// The certificates that the signature brings for its own key.
pub(super) fn certificates(document: &Document<'_>, key: Option<Id>) -> Vec<Certificate> {
    let data = key.into_iter().flat_map(|key| document.named(key, DS, "X509Data"));
    let found = data.flat_map(|data| document.named(data, DS, "X509Certificate"));
    let found = found.filter_map(|id| Certificate::from_der(&bytes(document, id)?).ok());
    found.take(Limits::CERTIFICATES).collect()
}

/// The bytes that an element holds in base64; white space may stand anywhere in it.
pub(super) fn bytes(document: &Document<'_>, id: Id) -> Option<Vec<u8>> {
    let text: String = document.text(id)?.split_ascii_whitespace().collect();
    armour::decode(&text)
}

fn short(text: &str) -> String {
    text.chars().take(100).collect()
}
