//! Reading revocation lists (RFC 5280 §5).
//!
//! Complete lists by the issuer itself count. Lists by others (indirect), changes to a list (delta) and lists of some
//! reasons only are refused, for they say less than they seem to.

use model::{Fault, Instant};

use crate::Limits;
use crate::asn1::{Element, Reader, oid, tag, time};
use crate::ocsp::{self, SKEW_SECONDS, Status, is_stale};
use crate::x509::{Algorithm, AlgorithmId, Certificate, read_critical};

/// What `list` says about `certificate` at `at`: its signature by `issuer` is checked.
///
/// # Errors
/// `bad-revocation-list` when the list is malformed, not by `issuer`, about other certificates, or too old or too new
/// for `at`.
pub fn check(list: &[u8], certificate: &Certificate, issuer: &Certificate, at: Instant) -> Result<Status, Fault> {
    let bad = |reason: String| {
        Fault::bad_input("bad-revocation-list", reason).advise("Fetch a newer list from the authority.")
    };
    let list = List::read(list).map_err(bad)?;
    let status = list.about(certificate, issuer).map_err(bad)?;
    list.refuse_at(&status, certificate, at, at).map_or(Ok(status), |reason| Err(bad(reason)))
}

/// A CertificateList, with the bytes it came as.
pub(crate) struct List<'a> {
    signed: &'a [u8],
    algorithm: Algorithm,
    signature: &'a [u8],
    pub(crate) issuer: &'a [u8],
    pub(crate) this_update: Instant,
    next_update: Option<Instant>,
    entries: Reader<'a>,
    scope: Scope<'a>,
}

/// Which certificates a list is about.
#[derive(Default)]
struct Scope<'a> {
    /// Why the list cannot be used, as the end of a sentence.
    refused: Option<String>,
    users_only: bool,
    authorities_only: bool,
    /// The names of the place that it was published at, in DER.
    places: Option<Vec<&'a [u8]>>,
    /// Certificates that expired since then are still on it.
    keeps_expired_since: Option<Instant>,
}

impl<'a> List<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let malformed = || "This is not a revocation list".to_owned();
        if bytes.len() > Limits::CRL_BYTES {
            return Err(malformed());
        }
        read(bytes).ok_or_else(malformed)
    }

    /// Whether `certificate` is on it, once the signature is found to be the issuer's.
    pub(crate) fn about(&self, certificate: &Certificate, issuer: &Certificate) -> Result<Status, String> {
        if certificate.issuer_der() != self.issuer || issuer.subject_der() != self.issuer {
            return Err("The revocation list is of another authority".to_owned());
        }
        if issuer.key_usage().is_some_and(|usage| !usage.revocation_lists()) {
            return Err(format!("The certificate of {} does not allow signing revocation lists", issuer.subject()));
        }
        self.scope.refuse(certificate).map_or(Ok(()), Err)?;
        issuer
            .check_signature(&self.algorithm, self.signed, self.signature)
            .map_err(|refusal| format!("The signature of the revocation list is bad: {}", refusal.reason()))?;
        let entry = find(self.entries.clone(), certificate.serial())
            .ok_or_else(|| "The revocation list is not well-formed".to_owned())?;
        Ok(entry.unwrap_or(Status::Good { this_update: self.this_update, next_update: self.next_update }))
    }

    /// Why this list says nothing about `at`, when it is `now`. A revocation holds for good, however old the list is.
    pub(crate) fn refuse_at(
        &self,
        status: &Status,
        certificate: &Certificate,
        at: Instant,
        now: Instant,
    ) -> Option<String> {
        let this = self.this_update;
        if this.seconds() > now.seconds() + SKEW_SECONDS {
            return Some(format!("The revocation list is from the future: {this}"));
        }
        if matches!(status, Status::Revoked { .. }) {
            return None;
        }
        if is_stale(this, self.next_update, at) {
            return Some(format!("The revocation list of {this} is too old for {at}"));
        }
        let keeps = self.scope.keeps_expired_since.is_some_and(|since| since <= certificate.not_after());
        (this > certificate.not_after() && !keeps)
            .then(|| format!("The revocation list of {this} came after the certificate had expired"))
    }
}

impl Scope<'_> {
    fn refuse(&self, certificate: &Certificate) -> Option<String> {
        if let Some(reason) = &self.refused {
            return Some(format!("The revocation list {reason}"));
        }
        let other =
            self.users_only && certificate.is_authority() || self.authorities_only && !certificate.is_authority();
        let urls = certificate.crl_urls();
        let elsewhere = self
            .places
            .as_ref()
            .is_some_and(|places| !places.iter().any(|place| urls.iter().any(|url| url.as_bytes() == *place)));
        (other || elsewhere).then(|| "The revocation list is about other certificates of this authority".to_owned())
    }
}

fn read(bytes: &[u8]) -> Option<List<'_>> {
    let mut outer = Element::only(bytes, tag::SEQUENCE)?.inside();
    let signed = outer.sequence()?;
    let algorithm = AlgorithmId::read(&mut outer)?;
    let signature = outer.take(tag::BIT_STRING)?.bit_bytes()?;
    outer.end()?;
    let mut inner = signed.inside();
    let version = inner.optional(tag::INTEGER)?.map_or(Some(0), |version| version.small())?;
    let is_same = AlgorithmId::read(&mut inner)? == algorithm;
    let issuer = inner.sequence()?.whole;
    let this_update = time::read(inner.any()?)?;
    let next_update = match inner.peek() {
        Some(tag::UTC_TIME | tag::GENERALIZED_TIME) => Some(time::read(inner.any()?)?),
        _ => None,
    };
    let entries = inner.optional(tag::SEQUENCE)?.map_or(Reader::new(&[]), |entries| entries.inside());
    let scope = match inner.optional(tag::constructed(0))? {
        Some(explicit) => scope(Element::only(explicit.content, tag::SEQUENCE)?)?,
        None => Scope::default(),
    };
    inner.end()?;
    (is_same && version <= 1).then_some(List {
        signed: signed.whole,
        algorithm: Algorithm::from_id(algorithm, None),
        signature,
        issuer,
        this_update,
        next_update,
        entries,
        scope,
    })
}

/// The extensions of the list.
fn scope(extensions: Element<'_>) -> Option<Scope<'_>> {
    let mut scope = Scope::default();
    for extension in extensions.each(tag::SEQUENCE, Limits::EXTENSIONS)? {
        let mut reader = extension.inside();
        let id = reader.oid()?;
        let critical = read_critical(&mut reader)?;
        let value = reader.take(tag::OCTET_STRING)?.content;
        reader.end()?;
        match id {
            oid::ISSUING_DISTRIBUTION_POINT => distribution_point(value, &mut scope)?,
            oid::DELTA_CRL => scope.refused = Some("has the changes to another one only".to_owned()),
            oid::EXPIRED_CERTS_ON_CRL => {
                scope.keeps_expired_since = Some(time::read(Element::only(value, tag::GENERALIZED_TIME)?)?);
            }
            _ if critical => {
                scope.refused =
                    Some(format!("has the critical extension {}, which is not understood", oid::dotted(id)));
            }
            _ => {}
        }
    }
    Some(scope)
}

/// IssuingDistributionPoint (RFC 5280 §5.2.5).
fn distribution_point<'a>(value: &'a [u8], scope: &mut Scope<'a>) -> Option<()> {
    for part in Element::only(value, tag::SEQUENCE)?.elements(Limits::EXTENSIONS)? {
        let is_set = part.boolean();
        match part.tag {
            0xa0 => {
                let full = part.inside().optional(tag::constructed(0))?;
                let names = full.map_or(Some(Vec::new()), |full| full.elements(Limits::EXTENSIONS))?;
                let urls = names.iter().filter(|name| name.tag == tag::simple(6));
                scope.places = Some(urls.map(|name| name.content).collect());
            }
            0x81 => scope.users_only = is_set?,
            0x82 => scope.authorities_only = is_set?,
            0x83 => scope.refused = Some("is about some reasons only".to_owned()),
            0x84 if is_set? => scope.refused = Some("is about certificates of other authorities too".to_owned()),
            0x85 if is_set? => scope.refused = Some("is about attribute certificates only".to_owned()),
            0x84 | 0x85 => {}
            _ => return None,
        }
    }
    Some(())
}

/// The entry of one serial number. `None` is malformed, `Some(None)` not on the list.
fn find(mut entries: Reader<'_>, serial: &[u8]) -> Option<Option<Status>> {
    while !entries.is_done() {
        let mut entry = entries.sequence()?.inside();
        if entry.take(tag::INTEGER)?.content != serial {
            continue;
        }
        let at = time::read(entry.any()?)?;
        let reason = match entry.optional(tag::SEQUENCE)? {
            Some(extensions) => entry_reason(extensions)?,
            None => None,
        };
        entry.end()?;
        return Some(Some(Status::Revoked { at, reason }));
    }
    Some(None)
}

/// The reason among the extensions of an entry. One that names another issuer belongs to an indirect list.
fn entry_reason(extensions: Element<'_>) -> Option<Option<&'static str>> {
    let mut found = None;
    for extension in extensions.each(tag::SEQUENCE, Limits::EXTENSIONS)? {
        let mut reader = extension.inside();
        let id = reader.oid()?;
        read_critical(&mut reader)?;
        let value = reader.take(tag::OCTET_STRING)?.content;
        match id {
            oid::CRL_REASON => found = ocsp::reason(Element::only(value, tag::ENUMERATED)?.small()?),
            oid::CERTIFICATE_ISSUER => return None,
            _ => {}
        }
    }
    Some(found)
}
