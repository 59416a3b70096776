//! Judging a detached signature, ours or that of others.

use std::borrow::Cow;

use model::Instant;

use super::attributes::{self, Attribute, Found};
use super::intact::{self, Content, Rules};
use super::read::{SignedData, SignerInfo};
use crate::answer::{Answer, Revocations, Signed, Trust};
use crate::asn1::{Element, ber, oid, tag, time};
use crate::ocsp::SKEW_SECONDS;
use crate::tsp::{self, Token};
use crate::x509::{Certificate, Hash};
use crate::{Limits, trust};

/// What is known about the signature of the only signer in `cms`, over `content`: CAdES and PAdES want exactly one.
/// `evidence` is what was kept or fetched besides what the signature brings.
pub fn verify(cms: &[u8], content: &dyn Content, rules: Rules, trust: &Trust<'_>, evidence: &Revocations) -> Signed {
    let one = |data: &SignedData<'_>| match data.signers.len() {
        0 => Err("Nobody signed: the signature has no signer.".to_owned()),
        1 => Ok(()),
        several => Err(format!("The signature has {several} signers, and may have only one.")),
    };
    let judged = verify_all(cms, content, rules, trust, evidence, one);
    judged.map_or_else(Signed::unreadable, |mut all| all.remove(0))
}

/// The same for every signer: plain CMS may have several, or none. An unreadable signature gives one answer that says so.
pub fn verify_each(
    cms: &[u8],
    content: &dyn Content,
    rules: Rules,
    trust: &Trust<'_>,
    evidence: &Revocations,
) -> Vec<Signed> {
    verify_all(cms, content, rules, trust, evidence, |_| Ok(()))
        .unwrap_or_else(|reason| vec![Signed::unreadable(reason)])
}

/// Every signer, unless the signature cannot be read or `demand` refuses it.
fn verify_all(
    cms: &[u8],
    content: &dyn Content,
    rules: Rules,
    trust: &Trust<'_>,
    evidence: &Revocations,
    demand: impl Fn(&SignedData<'_>) -> Result<(), String>,
) -> Result<Vec<Signed>, String> {
    let der = whole(cms).ok_or("This is not a CMS signature.")?;
    let data = SignedData::read(&der).ok_or("The CMS signature is not well-formed.")?;
    demand(&data)?;
    if data.content_type != oid::DATA {
        return Err("The signature is over something else than plain content.".to_owned());
    }
    if data.content.is_some_and(|own| !may_bring(own, content, rules)) {
        return Err("The signature brings its own content, which is not what lies beside it.".to_owned());
    }
    let own = evidence_of(&data);
    let evidence = [evidence, &own];
    Ok(data.signers.iter().map(|signer| judge(&data, signer, content, rules, trust, &evidence)).collect())
}

/// Plain CMS may bring its content along, as long as it is the very content that is asked about: what is signed is then no
/// other than what the user sees. In containers and PDFs it lies elsewhere, always.
fn may_bring(own: &[u8], content: &dyn Content, rules: Rules) -> bool {
    rules == Rules::Plain && content.digest(Hash::Sha256) == Some(Hash::Sha256.of(own))
}

/// The content that a signature brings along; `None` when it lies elsewhere, or `cms` is no signature.
pub fn attached(cms: &[u8]) -> Option<Vec<u8>> {
    let der = whole(cms)?;
    SignedData::read(&der)?.content.map(<[u8]>::to_vec)
}

fn whole(cms: &[u8]) -> Option<Cow<'_, [u8]>> {
    (cms.len() <= Limits::CMS_BYTES).then(|| ber::to_der(cms))?
}

fn judge(
    data: &SignedData<'_>,
    signer: &SignerInfo<'_>,
    content: &dyn Content,
    rules: Rules,
    trust: &Trust<'_>,
    evidence: &[&Revocations],
) -> Signed {
    let known = data.certificates.iter().chain(trust.anchors).cloned();
    let pool: Vec<Certificate> = known.chain(trust::helpers(evidence)).collect();
    let intact = intact::check(signer, data.content_type, content, &pool, rules);
    let mut notes = intact.notes;
    let stamp = stamp(signer, &pool, trust, evidence, &mut notes);
    let signer_trusted = match (&intact.certificate, &intact.answer) {
        (Some(certificate), Answer::Yes(_)) => {
            let trusted_time = stamp.time.filter(|_| stamp.trusted.is_yes());
            let (answer, more) = trust::judge_signer_with(certificate, &pool, trusted_time, trust, evidence);
            notes.extend(more);
            answer
        }
        _ => Answer::NotChecked("Whose signature it is was not asked, for it is not good.".to_owned()),
    };
    if unsigned(signer).iter().any(|attribute| oid::ARCHIVE_TIME_STAMPS.contains(&attribute.id)) {
        notes.push("The archive time stamp in the signature was not checked.".to_owned());
    }
    let claimed = claimed(signer);
    if claimed.zip(stamp.time).is_some_and(|(claimed, stamped)| claimed.seconds() > stamped.seconds() + SKEW_SECONDS) {
        notes.push("The signer claims a time after that of the time stamp, which cannot be.".to_owned());
    }
    notes.dedup();
    Signed {
        signer: intact.certificate,
        claimed,
        stamped: stamp.time,
        intact: intact.answer,
        signer_trusted,
        time_trusted: stamp.trusted,
        notes,
    }
}

/// The signingTime attribute: what the signer says, which proves nothing.
fn claimed(signer: &SignerInfo<'_>) -> Option<Instant> {
    match attributes::single(&attributes::read(signer.signed?)?, oid::SIGNING_TIME) {
        Found::Once(value) => time::read(value),
        _ => None,
    }
}

/// The time stamp of a signature.
struct Stamp {
    /// Present when imprint and signature are good.
    time: Option<Instant>,
    trusted: Answer,
}

/// The earliest trusted time stamp over the signature, or else the one that comes closest.
fn stamp(
    signer: &SignerInfo<'_>,
    pool: &[Certificate],
    trust: &Trust<'_>,
    evidence: &[&Revocations],
    notes: &mut Vec<String>,
) -> Stamp {
    let mut best = Stamp { time: None, trusted: Answer::NotChecked("There is no time stamp.".to_owned()) };
    for value in tokens(signer) {
        let stamp = match Token::read(value.whole) {
            Ok(token) => {
                let judged = tsp::verify_from(&token, &signer.signature.content, pool, trust, evidence);
                notes.extend(judged.notes);
                match judged.intact {
                    Answer::Yes(_) => Stamp { time: Some(token.time()), trusted: judged.trusted },
                    answer => Stamp { time: None, trusted: answer },
                }
            }
            Err(_) => Stamp { time: None, trusted: Answer::No("The time stamp is not well-formed.".to_owned()) },
        };
        if rank(&stamp) > rank(&best) || rank(&stamp) == rank(&best) && stamp.time < best.time {
            best = stamp;
        }
    }
    best
}

fn rank(stamp: &Stamp) -> u8 {
    match (stamp.time, &stamp.trusted) {
        (Some(_), Answer::Yes(_)) => 3,
        (Some(_), _) => 2,
        (None, Answer::No(_)) => 1,
        (None, _) => 0,
    }
}

/// The values of signatureTimeStampToken among the unsigned attributes, each once.
fn tokens<'a>(signer: &SignerInfo<'a>) -> Vec<Element<'a>> {
    let mut tokens: Vec<Element<'a>> = Vec::new();
    for token in values(&unsigned(signer), oid::SIGNATURE_TIME_STAMP) {
        if tokens.len() < Limits::TIME_STAMPS && !tokens.contains(&token) {
            tokens.push(token);
        }
    }
    tokens
}

fn unsigned<'a>(signer: &SignerInfo<'a>) -> Vec<Attribute<'a>> {
    signer.unsigned.and_then(attributes::read).unwrap_or_default()
}

fn values<'a>(attributes: &[Attribute<'a>], id: &[u8]) -> Vec<Element<'a>> {
    attributes.iter().filter(|attribute| attribute.id == id).flat_map(|attribute| attribute.values.clone()).collect()
}

/// Every certificate that a signature or token brings, with those of its time stamps: about whose revocation one may ask
/// before one keeps it for long. None of them is trusted for being here; what cannot be read brings none.
pub fn certificates(cms: &[u8]) -> Vec<Certificate> {
    let mut found: Vec<Certificate> = Vec::new();
    let mut add = |certificate: &Certificate| {
        if !found.iter().any(|known| known.der() == certificate.der()) {
            found.push(certificate.clone());
        }
    };
    let Some(der) = whole(cms) else { return found };
    let Some(data) = SignedData::read(&der) else { return found };
    data.certificates.iter().for_each(&mut add);
    for signer in &data.signers {
        for value in tokens(signer).into_iter().take(Limits::TIME_STAMPS) {
            if let Ok(token) = Token::read(value.whole) {
                token.certificates().iter().for_each(&mut add);
            }
        }
    }
    found
}

/// What a signature or token brings for judging itself later.
pub(crate) fn evidence_in(cms: &[u8]) -> Revocations {
    let read = whole(cms).and_then(|der| SignedData::read(&der).map(|data| evidence_of(&data)));
    read.unwrap_or_default()
}

/// Beside the signers (RFC 5652 §10.2.1, RFC 5940), among the unsigned attributes (ETSI TS 101 733 §6.3), and among the
/// signed ones (Adobe).
fn evidence_of(data: &SignedData<'_>) -> Revocations {
    let mut found = Revocations {
        ocsp: data.ocsp.iter().map(|bytes| bytes.to_vec()).collect(),
        crls: data.crls.iter().map(|bytes| bytes.to_vec()).collect(),
        certificates: Vec::new(),
    };
    for signer in &data.signers {
        let unsigned = unsigned(signer);
        let signed = signer.signed.and_then(attributes::read).unwrap_or_default();
        let archived = values(&signed, oid::ADOBE_REVOCATION);
        for value in values(&unsigned, oid::REVOCATION_VALUES).into_iter().chain(archived) {
            revocation_values(value, &mut found);
        }
        for value in values(&unsigned, oid::CERTIFICATE_VALUES) {
            let certificates = value.each(tag::SEQUENCE, Limits::CERTIFICATES).unwrap_or_default();
            found.certificates.extend(certificates.iter().map(|element| element.whole.to_vec()));
        }
    }
    found
}

/// `SEQUENCE { [0] SEQUENCE OF list, [1] SEQUENCE OF answer, … }`. What cannot be read is as if it were not there.
fn revocation_values(value: Element<'_>, found: &mut Revocations) {
    for part in value.elements(Limits::EXTENSIONS).unwrap_or_default() {
        let list = Element::only(part.content, tag::SEQUENCE).and_then(|list| list.elements(Limits::CERTIFICATES));
        let items = list.unwrap_or_default().into_iter().map(|item| item.whole.to_vec());
        match part.tag {
            0xa0 => found.crls.extend(items),
            0xa1 => found.ocsp.extend(items),
            _ => {}
        }
    }
}
