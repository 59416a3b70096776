//! Asking whether a certificate was revoked, and reading the answer (OCSP, RFC 6960).

use model::{Fault, Instant};

use crate::Limits;
use crate::asn1::{Element, Reader, oid, tag, time, write};
use crate::x509::{Algorithm, AlgorithmId, Certificate, Hash, Purpose, find_path, key_bytes, read_critical, sha1};

/// What an answer says about one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It was not revoked.
    Good {
        /// When that was known to be so.
        this_update: Instant,
        /// Until when the answer is meant to be used.
        next_update: Option<Instant>,
    },
    /// It was revoked.
    Revoked {
        /// Since when.
        at: Instant,
        /// Why, in words: `key compromise`.
        reason: Option<&'static str>,
    },
    /// The responder does not know the certificate.
    Unknown,
}

/// The bytes to send as `application/ocsp-request`. `nonce` is random, up to 32 bytes (RFC 9654); empty leaves it out.
/// The certificate is named by SHA-1 digests, which every responder knows: nothing rests on them.
pub fn request(certificate: &Certificate, issuer: &Certificate, nonce: &[u8]) -> Vec<u8> {
    let id = write::sequence(&[
        &write::sequence(&[&write::oid(oid::SHA1), &[tag::NULL, 0]]),
        &write::octets(&sha1(issuer.subject_der())),
        &write::octets(&sha1(key_bytes(issuer))),
        &write::element(tag::INTEGER, &[certificate.serial()]),
    ]);
    let list = write::sequence(&[&write::sequence(&[&id])]);
    let extension = write::sequence(&[&write::oid(oid::OCSP_NONCE), &write::octets(&write::octets(nonce))]);
    let extensions = write::element(tag::constructed(2), &[&write::sequence(&[&extension])]);
    let extensions: &[u8] = if nonce.is_empty() { &[] } else { &extensions };
    write::sequence(&[&write::sequence(&[&list, extensions])])
}

/// What `response` says about `certificate` at `at`: its signature is checked, and that its responder may speak for
/// `issuer` (it is the issuer, or has a certificate for that from it).
///
/// # Errors
/// `bad-ocsp-response` when the responder gave no answer, the answer does not count, is about other certificates, or
/// is too old or too new for `at`.
pub fn check(response: &[u8], certificate: &Certificate, issuer: &Certificate, at: Instant) -> Result<Status, Fault> {
    let bad = |reason: String| {
        Fault::bad_input("bad-ocsp-response", reason).advise("Ask the responder again, or use a revocation list.")
    };
    let answer = Response::read(response).and_then(|read| read.about(certificate, issuer, &[])).map_err(bad)?;
    let answer = answer.ok_or_else(|| bad("The OCSP responder answered about another certificate".to_owned()))?;
    answer.refuse_at(certificate, at, at).map_or(Ok(answer.status), |reason| Err(bad(reason)))
}

/// The nonce that an answer repeats. Responders that prepare their answers leave it out; then only the times tell how
/// old it is.
pub fn nonce(response: &[u8]) -> Option<Vec<u8>> {
    let read = Response::read(response).ok()?;
    let extension = read.extensions?.each(tag::SEQUENCE, Limits::EXTENSIONS)?.into_iter().find_map(|extension| {
        let mut reader = extension.inside();
        (reader.oid()? == oid::OCSP_NONCE).then_some(())?;
        read_critical(&mut reader)?;
        reader.take(tag::OCTET_STRING)
    })?;
    Element::only(extension.content, tag::OCTET_STRING).map(|nonce| nonce.content.to_vec())
}

/// The certificates that an answer brings: that of its responder. Some formats want them kept beside the answer.
pub fn certificates(response: &[u8]) -> Vec<Certificate> {
    Response::read(response).map(|read| read.certificates).unwrap_or_default()
}

/// A BasicOCSPResponse, with the bytes it came as.
pub(crate) struct Response<'a> {
    signed: Element<'a>,
    algorithm: Algorithm,
    signature: &'a [u8],
    certificates: Vec<Certificate>,
    responder: Element<'a>,
    produced: Instant,
    answers: Vec<Element<'a>>,
    extensions: Option<Element<'a>>,
}

/// What one counts for.
pub(crate) struct Answered {
    pub(crate) status: Status,
    pub(crate) this_update: Instant,
    next_update: Option<Instant>,
    /// Certificates that expired after this are still told about.
    archive_cutoff: Option<Instant>,
}

impl<'a> Response<'a> {
    /// Reads an OCSPResponse, or a BasicOCSPResponse alone, as CAdES and XAdES keep it.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let malformed = || "This is not an answer of an OCSP responder".to_owned();
        if bytes.len() > Limits::OCSP_BYTES {
            return Err(malformed());
        }
        let outer = Element::only(bytes, tag::SEQUENCE).ok_or_else(malformed)?;
        if outer.inside().peek() != Some(tag::ENUMERATED) {
            return basic(outer).ok_or_else(malformed);
        }
        let mut reader = outer.inside();
        let status = reader.take(tag::ENUMERATED).and_then(|status| status.small()).ok_or_else(malformed)?;
        if status != 0 {
            return Err(format!("The OCSP responder gave no answer: {}", refusal(status)));
        }
        inner(reader).and_then(basic).ok_or_else(malformed)
    }

    /// The answer about `certificate`, once responder and signature are found to count; `None` when it is about others.
    /// `pool` is where the responder's certificate may be besides.
    pub(crate) fn about(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        pool: &[Certificate],
    ) -> Result<Option<Answered>, String> {
        let malformed = || "The answer of the OCSP responder is not well-formed".to_owned();
        let mut found = None;
        for answer in &self.answers {
            let (id, answered) = single(*answer).ok_or_else(malformed)?;
            if id.is_of(certificate, issuer) {
                found = Some(answered);
            }
        }
        if found.is_some() {
            self.responder_signed(issuer, pool)?;
        }
        Ok(found)
    }

    /// RFC 6960 §4.2.2.2: the issuer itself, or whom it gave a certificate for this.
    fn responder_signed(&self, issuer: &Certificate, pool: &[Certificate]) -> Result<(), String> {
        let mut closest = "The certificate of the OCSP responder is not at hand".to_owned();
        let delegated = self.certificates.iter().chain(pool).filter(|certificate| *certificate != issuer);
        let named = std::iter::once(issuer).chain(delegated).filter(|responder| self.names(responder));
        for responder in named.take(Limits::RESPONDERS) {
            if responder != issuer {
                let anchors = std::slice::from_ref(issuer);
                let path = find_path(responder, &[], anchors, self.produced, Purpose::Responding);
                if let Err(problem) = path {
                    closest = format!("The OCSP responder may not speak for {}: {problem}", issuer.subject());
                    continue;
                }
            }
            match responder.check_signature(&self.algorithm, self.signed.whole, self.signature) {
                Ok(_) => return Ok(()),
                Err(refusal) => closest = format!("The signature of the OCSP responder is bad: {}", refusal.reason()),
            }
        }
        Err(closest.trim_end_matches('.').to_owned())
    }

    /// ResponderID: a name, or the SHA-1 of a key.
    fn names(&self, certificate: &Certificate) -> bool {
        if self.responder.tag == tag::constructed(1) {
            return self.responder.content == certificate.subject_der();
        }
        let key = Element::only(self.responder.content, tag::OCTET_STRING);
        key.is_some_and(|key| key.content == sha1(key_bytes(certificate)))
    }
}

impl Answered {
    /// Why this answer says nothing about `at`, when it is `now`. A revocation holds for good, however old the answer is.
    pub(crate) fn refuse_at(&self, certificate: &Certificate, at: Instant, now: Instant) -> Option<String> {
        if self.this_update.seconds() > now.seconds() + SKEW_SECONDS {
            return Some(format!("The answer of the OCSP responder is from the future: {}", self.this_update));
        }
        if matches!(self.status, Status::Revoked { .. }) {
            return None;
        }
        if is_stale(self.this_update, self.next_update, at) {
            return Some(format!("The answer of the OCSP responder of {} is too old for {at}", self.this_update));
        }
        let forgets = self.this_update > certificate.not_after()
            && self.archive_cutoff.is_none_or(|cutoff| cutoff > certificate.not_after());
        forgets.then(|| {
            format!("The answer of the OCSP responder of {} came after the certificate had expired", self.this_update)
        })
    }
}

/// How far two clocks may be apart.
pub(crate) const SKEW_SECONDS: i64 = 300;
/// How long an answer that does not say when the next one comes is used.
const DAY_SECONDS: i64 = 86_400;

/// Whether something published at `this` was outdated at `at`. What was published after `at` knows more, not less.
pub(crate) fn is_stale(this: Instant, next: Option<Instant>, at: Instant) -> bool {
    let until = next.map_or(this.seconds() + DAY_SECONDS, Instant::seconds);
    at.seconds() > until + SKEW_SECONDS
}

fn refusal(status: u64) -> &'static str {
    match status {
        1 => "it cannot read the request",
        2 => "it has a failure of its own",
        3 => "it asks to try again later",
        5 => "it wants signed requests",
        6 => "it does not serve this certificate",
        _ => "it does not say why",
    }
}

/// ResponseBytes.
fn inner(mut reader: Reader<'_>) -> Option<Element<'_>> {
    let explicit = reader.take(tag::constructed(0))?;
    reader.end()?;
    let mut bytes = Element::only(explicit.content, tag::SEQUENCE)?.inside();
    let is_basic = bytes.oid()? == oid::OCSP_BASIC;
    let octets = bytes.take(tag::OCTET_STRING)?;
    bytes.end()?;
    is_basic.then(|| Element::only(octets.content, tag::SEQUENCE))?
}

fn basic(element: Element<'_>) -> Option<Response<'_>> {
    let mut reader = element.inside();
    let signed = reader.sequence()?;
    let algorithm = Algorithm::from_id(AlgorithmId::read(&mut reader)?, None);
    let signature = reader.take(tag::BIT_STRING)?.bit_bytes()?;
    let certificates = match reader.optional(tag::constructed(0))? {
        Some(explicit) => Element::only(explicit.content, tag::SEQUENCE)?.each(tag::SEQUENCE, Limits::EXTENSIONS)?,
        None => Vec::new(),
    };
    reader.end()?;
    let mut data = signed.inside();
    data.optional(tag::constructed(0))?;
    let responder = data.any()?;
    let produced = time::read(data.take(tag::GENERALIZED_TIME)?)?;
    let answers = data.sequence()?.each(tag::SEQUENCE, Limits::OCSP_ANSWERS)?;
    let extensions = match data.optional(tag::constructed(1))? {
        Some(explicit) => Some(Element::only(explicit.content, tag::SEQUENCE)?),
        None => None,
    };
    data.end()?;
    let certificates = certificates.iter().filter_map(|element| Certificate::from_der(element.whole).ok()).collect();
    let is_responder = [tag::constructed(1), tag::constructed(2)].contains(&responder.tag);
    is_responder.then_some(Response {
        signed,
        algorithm,
        signature,
        certificates,
        responder,
        produced,
        answers,
        extensions,
    })
}

/// CertID (RFC 6960 §4.1.1).
struct CertId<'a> {
    hash: &'a [u8],
    name: &'a [u8],
    key: &'a [u8],
    serial: &'a [u8],
}

impl CertId<'_> {
    fn is_of(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        let digest = |bytes: &[u8]| match Hash::from_oid(self.hash) {
            Some(hash) => Some(hash.of(bytes)),
            None => (self.hash == oid::SHA1).then(|| sha1(bytes)),
        };
        self.serial == certificate.serial()
            && digest(issuer.subject_der()).as_deref() == Some(self.name)
            && digest(key_bytes(issuer)).as_deref() == Some(self.key)
    }
}

/// SingleResponse.
fn single(element: Element<'_>) -> Option<(CertId<'_>, Answered)> {
    let mut reader = element.inside();
    let mut id = reader.sequence()?.inside();
    let hash = AlgorithmId::read(&mut id)?.oid;
    let (name, key) = (id.take(tag::OCTET_STRING)?.content, id.take(tag::OCTET_STRING)?.content);
    let serial = id.take(tag::INTEGER)?.content;
    id.end()?;
    let told = reader.any()?;
    let this_update = time::read(reader.take(tag::GENERALIZED_TIME)?)?;
    let next_update = match reader.optional(tag::constructed(0))? {
        Some(explicit) => Some(time::read(Element::only(explicit.content, tag::GENERALIZED_TIME)?)?),
        None => None,
    };
    let archive_cutoff = match reader.optional(tag::constructed(1))? {
        Some(explicit) => cutoff(Element::only(explicit.content, tag::SEQUENCE)?)?,
        None => None,
    };
    reader.end()?;
    let status = match told.tag {
        0x80 if told.content.is_empty() => Status::Good { this_update, next_update },
        0xa1 => revoked(told)?,
        0x82 if told.content.is_empty() => Status::Unknown,
        _ => return None,
    };
    Some((CertId { hash, name, key, serial }, Answered { status, this_update, next_update, archive_cutoff }))
}

fn revoked(told: Element<'_>) -> Option<Status> {
    let mut reader = told.inside();
    let at = time::read(reader.take(tag::GENERALIZED_TIME)?)?;
    let reason = match reader.optional(tag::constructed(0))? {
        Some(explicit) => reason(Element::only(explicit.content, tag::ENUMERATED)?.small()?),
        None => None,
    };
    reader.end()?;
    Some(Status::Revoked { at, reason })
}

/// ArchiveCutoff among the extensions of one answer. Critical extensions are none that we know.
fn cutoff(extensions: Element<'_>) -> Option<Option<Instant>> {
    let mut found = None;
    for extension in extensions.each(tag::SEQUENCE, Limits::EXTENSIONS)? {
        let mut reader = extension.inside();
        let id = reader.oid()?;
        let critical = read_critical(&mut reader)?;
        let value = reader.take(tag::OCTET_STRING)?.content;
        if id == oid::OCSP_ARCHIVE_CUTOFF {
            found = Some(time::read(Element::only(value, tag::GENERALIZED_TIME)?)?);
        } else if critical {
            return None;
        }
    }
    Some(found)
}

/// CRLReason (RFC 5280 §5.3.1) in words; `None` for "unspecified".
pub(crate) fn reason(code: u64) -> Option<&'static str> {
    match code {
        1 => Some("key compromise"),
        2 => Some("compromise of the authority"),
        3 => Some("change of affiliation"),
        4 => Some("superseded"),
        5 => Some("cessation of operation"),
        6 => Some("on hold"),
        9 => Some("privilege withdrawn"),
        10 => Some("compromise of an attribute authority"),
        _ => None,
    }
}
