//! Whether a certificate is to be trusted at a time: path, then revocation, each with its reason.
//!
//! A certificate that had expired or was revoked by now is judged at the time of a trusted stamp, if there is one. An
//! answer about revocation counts when it was current at that time or is newer; of several the one that says "revoked"
//! wins. The certificate of a responder must have been valid when it answered, and is not itself looked up.

use std::collections::HashSet;

use model::Instant;

use crate::answer::{Answer, Revocations, Trust};
use crate::ocsp::{SKEW_SECONDS, Status};
use crate::x509::{Certificate, Problem, Purpose, find_path};
use crate::{Limits, crl, ocsp};

/// Whether `certificate` may sign, judged at `stamped` (a time that is trusted) or else now; and what a reader should
/// know besides. `pool` is where the certificates above it may be, together with those in `evidence`.
pub fn judge_signer(
    certificate: &Certificate,
    pool: &[Certificate],
    stamped: Option<Instant>,
    trust: &Trust<'_>,
    evidence: &Revocations,
) -> (Answer, Vec<String>) {
    judge_signer_with(certificate, pool, stamped, trust, &[evidence])
}

/// The same with evidence from several sources, of which none is copied.
pub(crate) fn judge_signer_with(
    certificate: &Certificate,
    pool: &[Certificate],
    stamped: Option<Instant>,
    trust: &Trust<'_>,
    evidence: &[&Revocations],
) -> (Answer, Vec<String>) {
    let judge = Judge::new(trust, pool, evidence);
    let at = stamped.unwrap_or(trust.now);
    let when = match stamped {
        Some(at) => format!("before the time stamp of {at}"),
        None => "and no trusted time says that the signature is older".to_owned(),
    };
    judge.at(certificate, Purpose::Signing, at, &Used { time: at, when })
}

/// Whether `certificate` may stamp times, judged now, and was valid at `time`, which it stamped.
pub(crate) fn judge_authority(
    certificate: &Certificate,
    pool: &[Certificate],
    time: Instant,
    trust: &Trust<'_>,
    evidence: &[&Revocations],
) -> (Answer, Vec<String>) {
    let (subject, now) = (certificate.subject(), trust.now);
    if time.seconds() > now.seconds() + SKEW_SECONDS {
        return (Answer::No(format!("The time stamp says {time}, which had not come yet on {now}.")), Vec::new());
    }
    if time > certificate.not_after() || time < certificate.not_before() {
        let reason = format!("The certificate of the time stamp authority {subject} was not valid on {time}.");
        return (Answer::No(reason), Vec::new());
    }
    let judge = Judge::new(trust, pool, evidence);
    let when = "and no later time stamp covers this one".to_owned();
    judge.at(certificate, Purpose::TimeStamping, now, &Used { time, when })
}

/// The certificates among evidence that can be read.
pub(crate) fn helpers(evidence: &[&Revocations]) -> Vec<Certificate> {
    let all = evidence.iter().flat_map(|source| &source.certificates).take(Limits::CERTIFICATES);
    all.filter_map(|der| Certificate::from_der(der).ok()).collect()
}

/// What is at hand to judge with.
struct Judge<'a> {
    trust: &'a Trust<'a>,
    pool: Vec<Certificate>,
    ocsp: Vec<ocsp::Response<'a>>,
    crls: Vec<crl::List<'a>>,
    /// How many pieces of evidence could not be read.
    unreadable: usize,
}

/// When a key was used.
struct Used {
    time: Instant,
    /// The end of the sentence that something came before that: expiry, revocation.
    when: String,
}

/// Whether a key that was revoked for this reason was never in other hands (RFC 3161 §4 (1)): what it signed before then
/// stays good, also when it is judged later. Without a reason nobody knows.
fn is_orderly(reason: Option<&str>) -> bool {
    reason.is_some_and(|reason| ["change of affiliation", "superseded", "cessation of operation"].contains(&reason))
}

/// Whether one certificate was revoked.
enum Standing {
    /// It was not, as known at this time.
    Good(Instant),
    /// It was, since then, for this reason.
    Revoked(Instant, Option<&'static str>),
    /// Nobody says; why what is at hand does not count.
    NotKnown(Vec<String>),
}

impl<'a> Judge<'a> {
    fn new(trust: &'a Trust<'a>, pool: &[Certificate], evidence: &[&'a Revocations]) -> Self {
        let ocsp = evidence.iter().flat_map(|source| &source.ocsp).take(Limits::REVOCATIONS);
        let crls = evidence.iter().flat_map(|source| &source.crls).take(Limits::REVOCATIONS);
        let (ocsp, crls) = (ocsp.map(|bytes| ocsp::Response::read(bytes)), crls.map(|bytes| crl::List::read(bytes)));
        let (ocsp, crls): (Vec<_>, Vec<_>) = (ocsp.collect(), crls.collect());
        let unreadable =
            ocsp.iter().filter(|read| read.is_err()).count() + crls.iter().filter(|read| read.is_err()).count();
        let mut pool: Vec<Certificate> = pool.iter().cloned().chain(helpers(evidence)).collect();
        // The same authorities come with the signature, with its time stamp and beside it.
        let mut seen = HashSet::new();
        pool.retain(|certificate| seen.insert(*certificate.sha256().as_bytes()));
        Judge {
            trust,
            pool,
            ocsp: ocsp.into_iter().flatten().collect(),
            crls: crls.into_iter().flatten().collect(),
            unreadable,
        }
    }

    fn at(&self, certificate: &Certificate, purpose: Purpose, at: Instant, used: &Used) -> (Answer, Vec<String>) {
        if self.trust.anchors.is_empty() {
            return (Answer::NotChecked("No trusted certificate was given.".to_owned()), Vec::new());
        }
        match find_path(certificate, &self.pool, self.trust.anchors, at, purpose) {
            Ok(path) => self.along(&path, at, used),
            Err(Problem::Expired { subject, on }) => {
                let reason = format!("The certificate of {subject} had expired on {on}, {}.", used.when);
                (Answer::No(reason), Vec::new())
            }
            Err(Problem::NotYet { subject, from }) => {
                let reason =
                    format!("The certificate of {subject} was not valid before {from}, and is judged on {at}.");
                (Answer::No(reason), Vec::new())
            }
            Err(problem) => (Answer::No(problem.to_string()), Vec::new()),
        }
    }

    /// Revocation of everything on the path but the anchor.
    fn along(&self, path: &[Certificate], at: Instant, used: &Used) -> (Answer, Vec<String>) {
        let (mut notes, mut known) = (Vec::new(), Vec::new());
        for pair in path.windows(2) {
            let subject = pair[0].subject();
            match self.standing(&pair[0], &pair[1], at) {
                Standing::Good(since) => known.push(since),
                Standing::Revoked(since, reason) => {
                    let why = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
                    if since <= at && !(since > used.time && is_orderly(reason)) {
                        let when = &used.when;
                        let reason = format!("The certificate of {subject} was revoked on {since}{why}, {when}.");
                        return (Answer::No(reason), notes);
                    }
                    notes.push(format!("The certificate of {subject} was revoked later, on {since}{why}."));
                    known.push(at);
                }
                Standing::NotKnown(reasons) => notes.push(not_checked(&subject, &reasons)),
            }
        }
        if self.unreadable > 0 && known.len() + 1 < path.len() {
            notes.push("Some of the data about revocation could not be read.".to_owned());
        }
        let [first, .., last] = path else {
            let reason = format!("The certificate of {} is itself a trusted one.", path[0].subject());
            return (Answer::Yes(reason), notes);
        };
        let leads = format!("The certificate of {} leads to the trusted {}", first.subject(), last.subject());
        match known.iter().min().filter(|_| known.len() + 1 == path.len()) {
            Some(since) => (Answer::Yes(format!("{leads}, and was not revoked as of {since}.")), notes),
            None => (Answer::Yes(format!("{leads}.")), notes),
        }
    }

    fn standing(&self, certificate: &Certificate, issuer: &Certificate, at: Instant) -> Standing {
        let now = self.trust.now;
        let (mut good, mut reasons): (Option<Instant>, Vec<String>) = (None, Vec::new());
        let mut revoked: Option<(Instant, Option<&'static str>)> = None;
        let mut enter = |answer: Result<Status, String>| match answer {
            Ok(Status::Good { this_update, .. }) => good = good.max(Some(this_update)),
            Ok(Status::Revoked { at, reason }) if revoked.is_none_or(|(known, _)| at < known) => {
                revoked = Some((at, reason));
            }
            Ok(Status::Revoked { .. }) => {}
            Ok(Status::Unknown) => reasons.push("The OCSP responder does not know the certificate".to_owned()),
            Err(reason) => reasons.push(reason),
        };
        let answers = self.ocsp.iter().filter_map(|answer| answer.about(certificate, issuer, &self.pool).transpose());
        for answered in answers.take(Limits::ANSWERS) {
            enter(answered.and_then(|answered| {
                let refused = answered.refuse_at(certificate, at, now);
                refused.map_or(Ok(answered.status), Err)
            }));
        }
        let lists = self.crls.iter().filter(|list| list.issuer == certificate.issuer_der());
        for list in lists.take(Limits::ANSWERS) {
            enter(list.about(certificate, issuer).and_then(|status| {
                let refused = list.refuse_at(&status, certificate, at, now);
                refused.map_or(Ok(status), Err)
            }));
        }
        match (revoked, good) {
            (Some((since, reason)), _) => Standing::Revoked(since, reason),
            (None, Some(since)) => Standing::Good(since),
            (None, None) => Standing::NotKnown(reasons),
        }
    }
}

fn not_checked(subject: &str, reasons: &[String]) -> String {
    match reasons.last() {
        Some(reason) => format!("Revocation not checked for {subject}: {reason}."),
        None => format!("Revocation not checked for {subject}: no answer about it is at hand."),
    }
}
