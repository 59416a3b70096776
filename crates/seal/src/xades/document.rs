//! Where the parts of a signature are, in a document of which nothing is believed yet.

use model::Fault;

use super::{DS, XADES, refuse};
use crate::Limits;
use crate::xml::{self, Document, Id};

/// The roots that hold signatures: ASiC in its two spellings, and OpenDocument.
const CONTAINERS: [(&str, &str); 3] = [
    (super::ASIC, "XAdESSignatures"),
    ("http://uri.etsi.org/2918/v1.2.1#", "XAdESSignatures"),
    ("urn:oasis:names:tc:opendocument:xmlns:digitalsignature:1.0", "document-signatures"),
];

/// The one signature of a document, as far as it takes to add to it.
pub(super) struct Found<'x> {
    pub(super) document: Document<'x>,
    pub(super) value: Id,
    pub(super) properties: Id,
}

/// The parts of the one signature in `xml`.
pub(super) fn found(xml: &[u8]) -> Result<Found<'_>, Fault> {
    let document = xml::read(xml).map_err(refuse)?;
    let signatures = signatures(&document).map_err(refuse)?;
    let [signature] = signatures.as_slice() else { return Err(refuse("it has not exactly one signature")) };
    let parts = Parts::of(&document, *signature).map_err(refuse)?;
    let (value, properties) = (parts.value, parts.properties);
    Ok(Found { document, value, properties })
}

/// The signatures of a document: its root, or what stands directly inside a root that is made for them. A signature
/// anywhere else would be one that another reader may or may not see.
pub(super) fn signatures(document: &Document<'_>) -> Result<Vec<Id>, &'static str> {
    let root = document.root();
    if document.is(root, DS, "Signature") {
        return Ok(vec![root]);
    }
    if !CONTAINERS.iter().any(|(space, local)| document.is(root, space, local)) {
        return Err("it is no document of signatures");
    }
    let signatures: Vec<Id> = document.children(root).collect();
    if !signatures.iter().all(|id| document.is(*id, DS, "Signature")) {
        return Err("it holds something else than signatures");
    }
    match signatures.len() {
        0 => Err("it has no signature"),
        1..=Limits::XML_SIGNATURES => Ok(signatures),
        _ => Err("it has more than 64 signatures"),
    }
}

/// The parts of one signature, each exactly where it belongs.
pub(super) struct Parts {
    /// The signature itself.
    pub(super) whole: Id,
    pub(super) info: Id,
    pub(super) value: Id,
    pub(super) key: Option<Id>,
    /// QualifyingProperties, which names this signature as its target.
    pub(super) properties: Id,
    pub(super) signed: Id,
    pub(super) unsigned: Option<Id>,
}

impl Parts {
    /// XML Signature §4.2: SignedInfo, SignatureValue, KeyInfo?, Object*, in this order and nothing else.
    pub(super) fn of(document: &Document<'_>, signature: Id) -> Result<Self, &'static str> {
        let children: Vec<Id> = document.children(signature).collect();
        let [info, value, rest @ ..] = children.as_slice() else { return Err("a signature lacks its parts") };
        if !document.is(*info, DS, "SignedInfo") || !document.is(*value, DS, "SignatureValue") {
            return Err("the parts of a signature are not in their places");
        }
        let (key, objects) = match rest {
            [key, objects @ ..] if document.is(*key, DS, "KeyInfo") => (Some(*key), objects),
            objects => (None, objects),
        };
        if !objects.iter().all(|id| document.is(*id, DS, "Object")) {
            return Err("the parts of a signature are not in their places");
        }
        let mut properties = objects.iter().flat_map(|object| document.named(*object, XADES, "QualifyingProperties"));
        let (Some(properties), None) = (properties.next(), properties.next()) else {
            return Err("a signature has not exactly one set of properties: it is no XAdES");
        };
        let target = document.attribute(properties, "Target").and_then(|target| target.strip_prefix('#'));
        if target.is_none() || target != document.attribute(signature, "Id") {
            return Err("the properties of a signature belong to another one");
        }
        let only = |local| document.only(properties, XADES, local);
        let signed = only("SignedProperties").ok_or("a signature has not exactly one set of signed properties")?;
        let unsigned =
            only("UnsignedProperties").and_then(|id| document.only(id, XADES, "UnsignedSignatureProperties"));
        Ok(Parts { whole: signature, info: *info, value: *value, key, properties, signed, unsigned })
    }
}

/// The element that `#identifier` means: the only one of the document that could be meant, by its attribute `Id`.
pub(super) fn by_identifier(document: &Document<'_>, identifier: &str) -> Result<Id, &'static str> {
    match document.identified(identifier) {
        Some(Some(id)) if document.attribute(id, "Id") == Some(identifier) => Ok(id),
        Some(Some(_)) => Err("what is referred to has no Id"),
        Some(None) => Err("several parts have the identifier that is referred to"),
        None => Err("what is referred to is not there"),
    }
}
