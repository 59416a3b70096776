//! Judging the signatures of a container, ours or those of others.

use std::collections::BTreeMap;

use model::Fault;

use super::document::{Parts, signatures};
use super::intact::{self, Files};
use super::read::{self, Digesting, Info};
use super::{DS, XADES, refuse};
use crate::x509::{Certificate, Hash};
use crate::xml::{self, Document, Form, Id, Method, canonical};
use crate::{Answer, Limits, Revocations, Signed, Trust, judge_signer, tsp};

/// What came later, of XAdES 1.4.1.
const XADES141: &str = "http://uri.etsi.org/01903/v1.4.1#";

/// One signature, and what it is over.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The identifier of the signature in its document; empty when it has none.
    pub id: String,
    /// What is known about it.
    pub signed: Signed,
    /// The files that it lists. They are as they were signed if [`Signed::intact`] says so; a file of the container that is
    /// not among them is not signed by this.
    pub covered: Vec<String>,
}

/// Which digests of which files it takes to check every signature in `xml`, each once, sorted by path.
///
/// # Errors
/// `bad-xades` when `xml` is no document of signatures.
pub fn references(xml: &[u8]) -> Result<Vec<(String, Hash)>, Fault> {
    let document = xml::read(xml).map_err(refuse)?;
    let mut wanted = BTreeMap::new();
    for signature in signatures(&document).map_err(refuse)? {
        // What cannot be read needs no digest; `verify` says why.
        let info = Parts::of(&document, signature).ok().and_then(|parts| Info::read(&document, &parts).ok());
        for reference in info.iter().flat_map(|info| &info.references) {
            if let (Some(path), Digesting::By(hash)) = (reference.path(), &reference.digesting) {
                wanted.insert((path.to_owned(), hash.name()), *hash);
            }
        }
    }
    Ok(wanted.into_iter().map(|((path, _), hash)| (path, hash)).collect())
}

/// Judges every signature in `xml`, in the order of the document. `files` gives the digest of a file by its path, `None` if
/// there is no such file; [`references`] tells what it will be asked for. `evidence` is what was kept or fetched besides
/// what the signatures bring.
///
/// Whether every file of the container is covered is for the caller to see, who knows what is in it.
///
/// # Errors
/// `bad-xades` when `xml` is no document of signatures: then nothing in it is one.
pub fn verify(
    xml: &[u8],
    files: &Files<'_>,
    trust: &Trust<'_>,
    evidence: &Revocations,
) -> Result<Vec<Verified>, Fault> {
    let document = xml::read(xml).map_err(refuse)?;
    let signatures = signatures(&document).map_err(refuse)?;
    Ok(signatures.into_iter().map(|signature| judge(&document, signature, files, trust, evidence)).collect())
}

fn judge(
    document: &Document<'_>,
    signature: Id,
    files: &Files<'_>,
    trust: &Trust<'_>,
    evidence: &Revocations,
) -> Verified {
    let id = document.attribute(signature, "Id").unwrap_or_default().to_owned();
    let parts = match Parts::of(document, signature) {
        Ok(parts) => parts,
        Err(reason) => {
            let signed = Signed::unreadable(format!("The signature is not well-formed: {reason}."));
            return Verified { id, signed, covered: Vec::new() };
        }
    };
    let evidence = kept(document, &parts).and(evidence);
    let brought = evidence.certificates.iter().take(Limits::CERTIFICATES);
    let brought: Vec<Certificate> = brought.filter_map(|der| Certificate::from_der(der).ok()).collect();
    let intact = intact::check(document, &parts, &brought, files);
    let pool: Vec<Certificate> = read::certificates(document, parts.key).into_iter().chain(brought).collect();
    let mut notes = not_looked_at(document, &parts);
    let stamp = stamp(document, &parts, &pool, trust, &evidence, &mut notes);
    let signer_trusted = match &intact.certificate {
        Some(certificate) if intact.answer.is_yes() => {
            let time = stamp.time.filter(|_| stamp.trusted.is_yes());
            let (answer, more) = judge_signer(certificate, &pool, time, trust, &evidence);
            notes.extend(more);
            answer
        }
        _ => Answer::NotChecked("Whose signature it is was not asked, for it is not good.".to_owned()),
    };
    notes.dedup();
    let signed = Signed {
        signer: intact.certificate,
        claimed: read::claimed(document, parts.signed),
        stamped: stamp.time,
        intact: intact.answer,
        signer_trusted,
        time_trusted: stamp.trusted,
        notes,
    };
    Verified { id, signed, covered: intact.covered }
}

/// The time stamp of a signature.
struct Stamp {
    /// Present when imprint and signature of the token are good.
    time: Option<model::Instant>,
    trusted: Answer,
}

/// The earliest trusted time stamp over the signature, or else the one that comes closest.
fn stamp(
    document: &Document<'_>,
    parts: &Parts,
    pool: &[Certificate],
    trust: &Trust<'_>,
    evidence: &Revocations,
    notes: &mut Vec<String>,
) -> Stamp {
    let mut best = Stamp { time: None, trusted: Answer::NotChecked("There is no time stamp.".to_owned()) };
    let stamps = parts.unsigned.into_iter().flat_map(|id| document.named(id, XADES, "SignatureTimeStamp"));
    for id in stamps.take(Limits::XML_OWN_REFERENCES) {
        let found = match token(document, parts, id) {
            Ok((token, stamped)) => {
                let judged = tsp::verify_with(&token, &stamped.as_slice(), pool, trust, evidence);
                notes.extend(judged.notes);
                match judged.intact {
                    Answer::Yes(_) => Stamp { time: Some(token.time()), trusted: judged.trusted },
                    answer => Stamp { time: None, trusted: answer },
                }
            }
            Err(reason) => Stamp { time: None, trusted: Answer::No(format!("The time stamp is not good: {reason}.")) },
        };
        if found.rank() > best.rank() || found.rank() == best.rank() && found.time < best.time {
            best = found;
        }
    }
    best
}

impl Stamp {
    fn rank(&self) -> u8 {
        match (self.time, &self.trusted) {
            (Some(_), Answer::Yes(_)) => 3,
            (Some(_), _) => 2,
            (None, Answer::No(_)) => 1,
            (None, _) => 0,
        }
    }
}

/// A token, and the octets that it has to be over: SignatureValue in the canonical form that stands beside the token.
fn token(document: &Document<'_>, parts: &Parts, id: Id) -> Result<(tsp::Token, Vec<u8>), String> {
    let method = match document.only(id, DS, "CanonicalizationMethod") {
        Some(method) => read::method_of(document, method)?,
        None => Method::new(Form::Inclusive),
    };
    let token = document.only(id, XADES, "EncapsulatedTimeStamp").and_then(|id| read::bytes(document, id));
    let token = token.and_then(|token| tsp::read_token_or_response(&token).ok()).ok_or("it cannot be read")?;
    Ok((token, canonical(document, parts.value, &method)?))
}

/// What the signature brings for the day when nobody can be asked any more (EN 319 132-1 §5.4).
fn kept(document: &Document<'_>, parts: &Parts) -> Revocations {
    let mut places: Vec<Id> = parts.unsigned.into_iter().collect();
    // What others add for a time stamp, they put into a box of its own (EN 319 132-1 §5.5.1).
    places.extend(parts.unsigned.iter().flat_map(|id| document.named(*id, XADES141, "TimeStampValidationData")));
    let all = |outer: &str, list: Option<&str>, name: &str| -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        for outer in places.iter().flat_map(|place| document.named(*place, XADES, outer)) {
            let lists = list.map_or_else(|| vec![outer], |list| document.named(outer, XADES, list).collect());
            let values = lists.into_iter().flat_map(|list| document.named(list, XADES, name));
            found.extend(values.filter_map(|id| read::bytes(document, id)));
        }
        found.truncate(Limits::CERTIFICATES);
        found
    };
    Revocations {
        ocsp: all("RevocationValues", Some("OCSPValues"), "EncapsulatedOCSPValue"),
        crls: all("RevocationValues", Some("CRLValues"), "EncapsulatedCRLValue"),
        certificates: all("CertificateValues", None, "EncapsulatedX509Certificate"),
    }
}

/// What stands in the signature and is none of our business, so that nobody believes it was checked.
fn not_looked_at(document: &Document<'_>, parts: &Parts) -> Vec<String> {
    let unsigned: Vec<Id> = parts.unsigned.map(|id| document.children(id).collect()).unwrap_or_default();
    let has = |space, local| unsigned.iter().any(|id| document.is(*id, space, local));
    let signed = document.only(parts.signed, XADES, "SignedSignatureProperties");
    let names = |local| signed.is_some_and(|id| document.named(id, XADES, local).next().is_some());
    let mut notes = Vec::new();
    if has(XADES, "ArchiveTimeStamp") || has(XADES141, "ArchiveTimeStamp") {
        notes.push("Its archive time stamps were not checked.".to_owned());
    }
    if has(XADES, "CounterSignature") {
        notes.push("Its counter signatures were not checked.".to_owned());
    }
    if names("SignaturePolicyIdentifier") {
        notes.push("The policy that it names was not applied.".to_owned());
    }
    if names("SignerRole") || names("SignerRoleV2") {
        notes.push("The role that its signer claims was not checked.".to_owned());
    }
    notes
}
