//! The parts of a SignedData (RFC 5652 §5.1), with the bytes they came as.

use model::Fault;

use crate::Limits;
use crate::asn1::{Element, ber, oid, tag};
use crate::x509::{AlgorithmId, Certificate};

/// id-ri-ocsp-response (RFC 5940): an answer of an OCSP responder beside the revocation lists.
const OCSP_INFO: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 16, 2];

/// A ContentInfo that is signed.
pub(crate) struct SignedData<'a> {
    /// Everything of SignedData before the SignerInfos, as it stands.
    pub(crate) head: &'a [u8],
    pub(crate) content_type: &'a [u8],
    /// The content, unless it lies elsewhere.
    pub(crate) content: Option<&'a [u8]>,
    /// Those certificates that can be read.
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) crls: Vec<&'a [u8]>,
    pub(crate) ocsp: Vec<&'a [u8]>,
    pub(crate) signers: Vec<SignerInfo<'a>>,
}

/// How a SignerInfo names its certificate. Nothing signs this; the signing-certificate attribute does.
#[derive(Clone, Copy)]
pub(crate) enum SignerId<'a> {
    /// Name of the issuer, in DER, and content of the serial number.
    Serial(&'a [u8], &'a [u8]),
    /// The subject key identifier.
    Key(&'a [u8]),
}

/// One signer (RFC 5652 §5.3).
pub(crate) struct SignerInfo<'a> {
    pub(crate) whole: Element<'a>,
    pub(crate) id: SignerId<'a>,
    /// The identifier of the digest.
    pub(crate) digest: &'a [u8],
    /// `[0]` around the signed attributes.
    pub(crate) signed: Option<Element<'a>>,
    pub(crate) algorithm: AlgorithmId<'a>,
    pub(crate) signature: Element<'a>,
    /// `[1]` around the unsigned attributes.
    pub(crate) unsigned: Option<Element<'a>>,
}

impl<'a> SignedData<'a> {
    /// Reads a ContentInfo in DER.
    pub(crate) fn read(der: &'a [u8]) -> Option<Self> {
        let mut info = Element::only(der, tag::SEQUENCE)?.inside();
        if info.oid()? != oid::SIGNED_DATA {
            return None;
        }
        let explicit = info.take(tag::constructed(0))?;
        info.end()?;
        let data = Element::only(explicit.content, tag::SEQUENCE)?;
        let mut reader = data.inside();
        reader.take(tag::INTEGER)?.small()?;
        reader.take(tag::SET)?;
        let (content_type, content) = encapsulated(reader.sequence()?)?;
        let certificates = reader.optional(tag::constructed(0))?;
        let revocation = reader.optional(tag::constructed(1))?;
        let signers = reader.take(tag::SET)?;
        reader.end()?;
        let (crls, ocsp) = revocation.map_or(Some((Vec::new(), Vec::new())), revocations)?;
        Some(SignedData {
            head: &data.content[..data.content.len() - signers.whole.len()],
            content_type,
            content,
            certificates: certificates.map_or(Some(Vec::new()), readable)?,
            crls,
            ocsp,
            signers: signers
                .each(tag::SEQUENCE, Limits::CMS_SIGNERS)?
                .into_iter()
                .map(SignerInfo::read)
                .collect::<Option<_>>()?,
        })
    }

    /// The only signer.
    pub(crate) fn signer(&self) -> Option<&SignerInfo<'a>> {
        match self.signers.as_slice() {
            [signer] => Some(signer),
            _ => None,
        }
    }
}

impl<'a> SignerInfo<'a> {
    fn read(whole: Element<'a>) -> Option<Self> {
        let mut reader = whole.inside();
        reader.take(tag::INTEGER)?.small()?;
        let id = match reader.any()? {
            element if element.tag == tag::SEQUENCE => {
                let mut inside = element.inside();
                let id = SignerId::Serial(inside.sequence()?.whole, inside.take(tag::INTEGER)?.content);
                inside.end()?;
                id
            }
            element if element.tag == tag::simple(0) => SignerId::Key(element.content),
            _ => return None,
        };
        let digest = AlgorithmId::read(&mut reader)?.oid;
        let signed = reader.optional(tag::constructed(0))?;
        let algorithm = AlgorithmId::read(&mut reader)?;
        let signature = reader.take(tag::OCTET_STRING)?;
        let unsigned = reader.optional(tag::constructed(1))?;
        reader.end()?;
        Some(SignerInfo { whole, id, digest, signed, algorithm, signature, unsigned })
    }

    /// Whether this is how the signer names `certificate`.
    pub(crate) fn names(&self, certificate: &Certificate) -> bool {
        match self.id {
            SignerId::Serial(issuer, serial) => certificate.issuer_der() == issuer && certificate.serial() == serial,
            SignerId::Key(id) => certificate.extensions().subject_key.as_deref() == Some(id),
        }
    }
}

/// EncapsulatedContentInfo: type and content.
fn encapsulated(element: Element<'_>) -> Option<(&[u8], Option<&[u8]>)> {
    let mut reader = element.inside();
    let kind = reader.oid()?;
    let content = match reader.optional(tag::constructed(0))? {
        Some(explicit) => Some(Element::only(explicit.content, tag::OCTET_STRING)?.content),
        None => None,
    };
    reader.end()?;
    Some((kind, content))
}

/// Certificates are helpers only: one that cannot be read is left out, and so are attribute certificates.
fn readable(set: Element<'_>) -> Option<Vec<Certificate>> {
    let elements = set.elements(Limits::CERTIFICATES)?;
    let certificates = elements.iter().filter(|element| element.tag == tag::SEQUENCE);
    Some(certificates.filter_map(|element| Certificate::from_der(element.whole).ok()).collect())
}

type Revocation<'a> = (Vec<&'a [u8]>, Vec<&'a [u8]>);

/// RevocationInfoChoices: lists, and answers of responders.
fn revocations(set: Element<'_>) -> Option<Revocation<'_>> {
    let (mut crls, mut ocsp) = (Vec::new(), Vec::new());
    for element in set.elements(Limits::CERTIFICATES)? {
        if element.tag == tag::SEQUENCE {
            crls.push(element.whole);
        } else if element.tag == tag::constructed(1) {
            let mut reader = element.inside();
            let is_ocsp = reader.oid()? == OCSP_INFO;
            let response = reader.any()?;
            if is_ocsp {
                ocsp.push(response.whole);
            }
        }
    }
    Some((crls, ocsp))
}

/// The octets of the signature of the only signer: what a time stamp is over.
///
/// # Errors
/// `bad-cms` when `cms` is no CMS signature or has not exactly one signer.
pub fn signature_value(cms: &[u8]) -> Result<Vec<u8>, Fault> {
    let der = ber::to_der(cms).ok_or_else(refuse)?;
    let data = SignedData::read(&der).ok_or_else(refuse)?;
    let signer = data.signer().ok_or_else(refuse)?;
    Ok(signer.signature.content.to_vec())
}

/// The signature without the zeros that fill the rest of its place in a PDF. `None` when anything but zeros follows it.
pub fn unpadded(bytes: &[u8]) -> Option<&[u8]> {
    let rest = ber::rest(bytes)?;
    rest.iter().all(|byte| *byte == 0).then(|| &bytes[..bytes.len() - rest.len()])
}

pub(super) fn refuse() -> Fault {
    Fault::bad_input("bad-cms", "This is not a CMS signature with one signer")
        .advise("Give a detached signature in DER form, as `openssl cms -sign -outform DER` writes it.")
}
