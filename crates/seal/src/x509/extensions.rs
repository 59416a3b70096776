//! The extensions of a certificate that we understand (RFC 5280 §4.2).

use crate::Limits;
use crate::asn1::{Element, Reader, oid, tag};

/// What a key may be used for: the bits of RFC 5280 §4.2.1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage(u16);

impl KeyUsage {
    fn has(self, bit: u16) -> bool {
        self.0 & (0x8000 >> bit) != 0
    }

    /// To sign anything but certificates and revocation lists.
    pub fn digital_signature(self) -> bool {
        self.has(0)
    }

    /// To sign what the signer commits to (nonRepudiation, contentCommitment).
    pub fn non_repudiation(self) -> bool {
        self.has(1)
    }

    /// To sign certificates.
    pub fn certificates(self) -> bool {
        self.has(5)
    }

    /// To sign revocation lists.
    pub fn revocation_lists(self) -> bool {
        self.has(6)
    }
}

/// Purposes that a certificate is limited to (RFC 5280 §4.2.1.12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtendedKeyUsage {
    /// Whether the extension is critical.
    pub critical: bool,
    pub(crate) purposes: Vec<Vec<u8>>,
}

impl ExtendedKeyUsage {
    /// The purposes as dotted identifiers.
    pub fn purposes(&self) -> Vec<String> {
        self.purposes.iter().map(|purpose| oid::dotted(purpose)).collect()
    }

    pub(crate) fn has(&self, purpose: &[u8]) -> bool {
        self.purposes.iter().any(|known| known == purpose)
    }

    pub(crate) fn is_only(&self, purpose: &[u8]) -> bool {
        self.purposes.len() == 1 && self.has(purpose)
    }
}

/// All that is read of a certificate's extensions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extensions {
    /// basicConstraints: whether it is an authority.
    pub(crate) authority: bool,
    /// How many authorities may follow below it.
    pub(crate) path_length: Option<u64>,
    pub(crate) key_usage: Option<KeyUsage>,
    pub(crate) extended: Option<ExtendedKeyUsage>,
    pub(crate) subject_key: Option<Vec<u8>>,
    /// NameConstraints, in DER.
    pub(crate) name_constraints: Option<Vec<u8>>,
    /// GeneralNames of subjectAltName, in DER.
    pub(crate) alternative_names: Option<Vec<u8>>,
    pub(crate) ocsp_urls: Vec<String>,
    pub(crate) issuer_urls: Vec<String>,
    pub(crate) crl_urls: Vec<String>,
    /// id-pkix-ocsp-nocheck: a responder whose own revocation nobody can ask for.
    pub(crate) no_check: bool,
    /// Critical ones that we do not understand, dotted: such a certificate must be refused.
    pub(crate) unknown_critical: Vec<String>,
}

/// Reads `Extensions ::= SEQUENCE OF Extension`. An extension that occurs twice is malformed (RFC 5280 §4.2).
pub(crate) fn read(list: Element<'_>) -> Option<Extensions> {
    let mut found = Extensions::default();
    let mut seen: Vec<&[u8]> = Vec::new();
    for element in list.each(tag::SEQUENCE, Limits::EXTENSIONS)? {
        let mut reader = element.inside();
        let id = reader.oid()?;
        let critical = read_critical(&mut reader)?;
        let value = reader.take(tag::OCTET_STRING)?.content;
        reader.end()?;
        if seen.contains(&id) {
            return None;
        }
        seen.push(id);
        found.enter(id, critical, value)?;
    }
    Some(found)
}

/// `critical BOOLEAN DEFAULT FALSE`. FALSE written out is not DER, but certificates with it are about.
pub(crate) fn read_critical(reader: &mut Reader<'_>) -> Option<bool> {
    match reader.optional(tag::BOOLEAN)? {
        Some(element) => element.boolean(),
        None => Some(false),
    }
}

impl Extensions {
    fn enter(&mut self, id: &[u8], critical: bool, value: &[u8]) -> Option<()> {
        match id {
            oid::BASIC_CONSTRAINTS => (self.authority, self.path_length) = basic_constraints(value)?,
            oid::KEY_USAGE => self.key_usage = Some(key_usage(value)?),
            oid::EXT_KEY_USAGE => self.extended = Some(ExtendedKeyUsage { critical, purposes: purposes(value)? }),
            oid::SUBJECT_KEY_ID => self.subject_key = Some(Element::only(value, tag::OCTET_STRING)?.content.to_vec()),
            oid::NAME_CONSTRAINTS => self.name_constraints = Some(value.to_vec()),
            oid::SUBJECT_ALT_NAME => self.alternative_names = Some(value.to_vec()),
            // Addresses help to fetch things, nothing more: what cannot be read is left out.
            oid::AUTHORITY_INFO => {
                self.ocsp_urls = access_urls(value, oid::AD_OCSP).unwrap_or_default();
                self.issuer_urls = access_urls(value, oid::AD_ISSUERS).unwrap_or_default();
            }
            oid::CRL_DISTRIBUTION_POINTS => self.crl_urls = crl_urls(value).unwrap_or_default(),
            oid::OCSP_NO_CHECK => self.no_check = true,
            // No policy is asked for, so that none can be missing (RFC 5280 §6.1.1 (c): any-policy).
            oid::CERTIFICATE_POLICIES | oid::QC_STATEMENTS => {}
            _ if critical => self.unknown_critical.push(oid::dotted(id)),
            _ => {}
        }
        Some(())
    }
}

fn basic_constraints(value: &[u8]) -> Option<(bool, Option<u64>)> {
    let mut reader = Element::only(value, tag::SEQUENCE)?.inside();
    let authority = read_critical(&mut reader)?;
    let length = match reader.optional(tag::INTEGER)? {
        Some(element) => Some(element.small()?),
        None => None,
    };
    reader.end()?;
    Some((authority, length))
}

/// The first nine bits, from the highest bit of the result on.
fn key_usage(value: &[u8]) -> Option<KeyUsage> {
    let element = Element::only(value, tag::BIT_STRING)?;
    let (unused, bytes) = element.content.split_first()?;
    let first = bytes.first().copied().unwrap_or(0);
    let second = bytes.get(1).copied().unwrap_or(0);
    (*unused < 8 && bytes.len() <= 2).then(|| KeyUsage(u16::from_be_bytes([first, second])))
}

fn purposes(value: &[u8]) -> Option<Vec<Vec<u8>>> {
    let list = Element::only(value, tag::SEQUENCE)?.each(tag::OID, Limits::EXTENSIONS)?;
    (!list.is_empty()).then(|| list.iter().map(|element| element.content.to_vec()).collect())
}

/// The addresses of one access method in AuthorityInfoAccessSyntax (RFC 5280 §4.2.2.1).
fn access_urls(value: &[u8], method: &[u8]) -> Option<Vec<String>> {
    let mut urls = Vec::new();
    for access in Element::only(value, tag::SEQUENCE)?.each(tag::SEQUENCE, Limits::EXTENSIONS)? {
        let mut reader = access.inside();
        let is_method = reader.oid()? == method;
        let place = reader.any()?;
        urls.extend(url(place).filter(|_| is_method));
    }
    Some(urls)
}

/// The addresses in CRLDistributionPoints (RFC 5280 §4.2.1.13).
fn crl_urls(value: &[u8]) -> Option<Vec<String>> {
    let mut urls = Vec::new();
    for point in Element::only(value, tag::SEQUENCE)?.each(tag::SEQUENCE, Limits::EXTENSIONS)? {
        let Some(name) = point.inside().optional(tag::constructed(0))? else { continue };
        let Some(full) = name.inside().optional(tag::constructed(0))? else { continue };
        urls.extend(full.elements(Limits::EXTENSIONS)?.into_iter().filter_map(url));
    }
    Some(urls)
}

/// A GeneralName that is a URI over HTTP. Others (LDAP) nobody can follow without more tools.
fn url(name: Element<'_>) -> Option<String> {
    let text = std::str::from_utf8(name.content).ok()?;
    let is_http = text.starts_with("http://") || text.starts_with("https://");
    let is_plain = text.len() <= 2048 && text.bytes().all(|byte| byte.is_ascii_graphic());
    (name.tag == tag::simple(6) && is_http && is_plain).then(|| text.to_owned())
}
