//! The register of requests: what was asked, by when it is to be answered, what became of it – without personal data.
//!
//! Identities stand in it as commitments: SHA-256 over the request's own salt, kind and normalised identity. The salt follows
//! from the key of the request; when that key is destroyed, nobody can test a guess any more (crypto-shredding).
//!
//! Status words are those of the Data Rights Protocol 1.0.

mod term;
mod told;

use model::{Digest, Fault, Instant};
use serde_json::{Map, Value, json};

pub use term::{Cause, Extension, Pause};
pub use told::{Recipient, Told};

use crate::tombstone::mac;

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `req-0007`.
    pub id: String,
    /// What is asked for.
    pub right: Right,
    /// `gdpr`, `ccpa`.
    pub regime: String,
    /// The ground of an erasure or an objection: `17-1-b`, `21-2`.
    pub ground: Option<String>,
    /// What an objection is against.
    pub purposes: Vec<String>,
    /// How it stands.
    pub status: Status,
    /// When it came in.
    pub received: Instant,
    /// When the answer is due.
    pub due: Option<Instant>,
    /// A longer time, with the reason that was told.
    pub extension: Option<Extension>,
    /// Times in which the clock stood still: from, until, reason.
    pub pauses: Vec<Pause>,
    /// When it was answered.
    pub answered: Option<Instant>,
    /// Commitments to the identities: kind and digest.
    pub subject: Vec<(String, Digest)>,
    /// How it was verified that whoever asks is the person: words of the house, no names.
    pub verification: Option<String>,
    /// Why restricted data were used all the same (Art. 18(2)): the exception and the reason.
    pub despite: Option<(String, String)>,
    /// Who is to be told of it (Art. 19), and who was.
    pub recipients: Vec<Recipient>,
    /// Digests of what belongs to it: `plan`, `certificate`, `package`.
    pub digests: Vec<(String, Digest)>,
    /// A sentence for people.
    pub details: Option<String>,
}

/// What a person can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Art. 15 GDPR.
    Access,
    /// Art. 16.
    Rectification,
    /// Art. 17.
    Erasure,
    /// Art. 18.
    Restriction,
    /// Art. 20.
    Portability,
    /// Art. 21.
    Objection,
    /// No person's: rows whose time is over (Art. 5(1)(e)). It stands in a register of its own.
    Retention,
}

/// How a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Under way.
    InProgress,
    /// Waiting for the person to show who they are.
    NeedsVerification,
    /// Done.
    Fulfilled,
    /// Taken back.
    Revoked,
    /// Refused: nobody of that name.
    DeniedNoMatch,
    /// Refused: the person could not be verified.
    DeniedInsufficientVerification,
    /// Refused: suspected fraud.
    DeniedSuspectedFraud,
    /// Refused: the claim is not covered.
    DeniedNotCovered,
    /// Refused: outside the jurisdiction.
    DeniedOutsideJurisdiction,
    /// Refused: too many requests.
    DeniedTooMany,
    /// Refused for another reason.
    DeniedOther,
    /// Nobody answered in time, and it is over.
    Expired,
}

const RIGHTS: [(Right, &str, &str); 7] = [
    (Right::Access, "access", "15"),
    (Right::Rectification, "rectification", "16"),
    (Right::Erasure, "erasure", "17"),
    (Right::Restriction, "restriction", "18"),
    (Right::Portability, "portability", "20"),
    (Right::Objection, "objection", "21"),
    (Right::Retention, "retention", "5"),
];

const STATUSES: [(Status, &str, Option<&str>); 12] = [
    (Status::InProgress, "in_progress", None),
    (Status::NeedsVerification, "in_progress", Some("need_user_verification")),
    (Status::Fulfilled, "fulfilled", None),
    (Status::Revoked, "revoked", None),
    (Status::DeniedNoMatch, "denied", Some("no_match")),
    (Status::DeniedInsufficientVerification, "denied", Some("insuf_verification")),
    (Status::DeniedSuspectedFraud, "denied", Some("suspected_fraud")),
    (Status::DeniedNotCovered, "denied", Some("claim_not_covered")),
    (Status::DeniedOutsideJurisdiction, "denied", Some("outside_jurisdiction")),
    (Status::DeniedTooMany, "denied", Some("too_many_requests")),
    (Status::DeniedOther, "denied", Some("other")),
    (Status::Expired, "expired", None),
];

impl Right {
    /// In a word.
    pub fn word(self) -> &'static str {
        RIGHTS.iter().find(|(right, ..)| *right == self).map_or("", |(_, word, _)| word)
    }

    /// The article of the GDPR.
    pub fn article(self) -> &'static str {
        RIGHTS.iter().find(|(right, ..)| *right == self).map_or("", |(.., article)| article)
    }

    /// The right of this word.
    pub fn parse(word: &str) -> Option<Self> {
        RIGHTS.iter().find(|(_, known, _)| *known == word).map(|(right, ..)| *right)
    }
}

impl Status {
    /// Status and reason in the words of the protocol.
    pub fn words(self) -> (&'static str, Option<&'static str>) {
        STATUSES.iter().find(|(status, ..)| *status == self).map_or(("", None), |(_, word, reason)| (word, *reason))
    }

    /// Whether something is still to be done.
    pub fn is_open(self) -> bool {
        matches!(self, Status::InProgress | Status::NeedsVerification)
    }

    /// The refusal for this reason of the protocol: `no_match`.
    pub fn denied(reason: &str) -> Option<Self> {
        Status::parse("denied", Some(reason))
    }

    fn parse(word: &str, reason: Option<&str>) -> Option<Self> {
        STATUSES.iter().find(|(_, known, why)| *known == word && *why == reason).map(|(status, ..)| *status)
    }
}

/// The commitment to an identity under the salt of a request.
pub fn commitment(salt: &[u8; 32], kind: &str, normalised: &str) -> Digest {
    mac(salt, &[b"probity commitment 1", kind.as_bytes(), normalised.as_bytes()])
}

impl Request {
    /// A request that has just come in.
    pub fn new(id: &str, right: Right, received: Instant) -> Self {
        Request {
            id: id.to_owned(),
            right,
            regime: "gdpr".to_owned(),
            ground: None,
            purposes: Vec::new(),
            status: Status::InProgress,
            received,
            due: None,
            extension: None,
            pauses: Vec::new(),
            answered: None,
            subject: Vec::new(),
            verification: None,
            despite: None,
            recipients: Vec::new(),
            digests: Vec::new(),
            details: None,
        }
    }

    /// Whole days until it is due at `now`; negative when it is overdue.
    pub fn days_left(&self, now: Instant) -> Option<i64> {
        self.due.map(|due| (due.seconds() - now.seconds()).div_euclid(86_400))
    }

    /// Puts the digest of something that belongs to it, in the place of an earlier one.
    pub fn set_digest(&mut self, name: &str, digest: Digest) {
        self.digests.retain(|(known, _)| known != name);
        self.digests.push((name.to_owned(), digest));
    }

    /// The digest under `name`.
    pub fn digest(&self, name: &str) -> Option<Digest> {
        self.digests.iter().find(|(known, _)| known == name).map(|(_, digest)| *digest)
    }

    /// As `request/1`.
    pub fn to_json(&self) -> Value {
        let (status, reason) = self.status.words();
        let time = |time: Option<Instant>| time.map(|time| time.to_string());
        let digests: Map<String, Value> =
            self.digests.iter().map(|(name, digest)| (name.clone(), json!(digest.hex()))).collect();
        json!({
            "schema": "request/1",
            "request_id": self.id,
            "right": self.right.word(),
            "regime": self.regime,
            "article": (self.regime == "gdpr").then(|| self.right.article()),
            "ground": self.ground,
            "purposes": self.purposes,
            "status": status,
            "reason": reason,
            "received_at": self.received.to_string(),
            "expected_by": time(self.due),
            "extension": self.extension.as_ref().map(|extension| json!({
                "reason": extension.reason, "notified_at": extension.notified.to_string(),
            })),
            "pauses": self.pauses.iter().map(|pause| json!({
                "from": pause.from.to_string(), "until": time(pause.until), "reason": pause.reason,
                "waiting_for": pause.cause.word(),
            })).collect::<Vec<_>>(),
            "answered_at": time(self.answered),
            "subject": self.subject.iter().map(|(kind, digest)| json!({
                "kind": kind, "commitment": digest.hex(),
            })).collect::<Vec<_>>(),
            "verification": self.verification,
            "despite_restriction": self.despite.as_ref().map(|(ground, reason)| json!({
                "ground": ground, "reason": reason,
            })),
            "recipients": self.recipients.iter().map(Recipient::to_json).collect::<Vec<_>>(),
            "digests": digests,
            "processing_details": self.details,
        })
    }

    /// Reads `request/1`.
    ///
    /// # Errors
    /// `bad-request-file`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        serde_json::from_str(text).ok().and_then(|value| read(&value)).ok_or_else(|| {
            Fault::bad_input("bad-request-file", "This is no request of the register (request/1)")
                .advise("Restore the folder of the request from a backup.")
        })
    }
}

fn read(value: &Value) -> Option<Request> {
    (value.get("schema")?.as_str()? == "request/1").then_some(())?;
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let time = |value: &Value, name: &str| match value.get(name).and_then(Value::as_str) {
        Some(text) => Instant::parse(text).ok().map(Some),
        None => Some(None),
    };
    let list = |name: &str| value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let pause = |pause: &Value| {
        let from = time(pause, "from")??;
        // Requests of earlier versions say no cause: they knew one.
        let cause = text(pause, "waiting_for").map_or(Some(Cause::Identity), |word| Cause::parse(&word))?;
        Some(Pause { from, until: time(pause, "until")?, reason: text(pause, "reason")?, cause })
    };
    let committed = |one: &Value| Some((text(one, "kind")?, Digest::parse(&text(one, "commitment")?).ok()?));
    let digest = |(name, hex): (&String, &Value)| Some((name.clone(), Digest::parse(hex.as_str()?).ok()?));
    let extension = match value.get("extension").filter(|extension| !extension.is_null()) {
        Some(one) => Some(Extension { reason: text(one, "reason")?, notified: time(one, "notified_at")?? }),
        None => None,
    };
    let despite = match value.get("despite_restriction").filter(|despite| !despite.is_null()) {
        Some(one) => Some((text(one, "ground")?, text(one, "reason")?)),
        None => None,
    };
    Some(Request {
        id: text(value, "request_id")?,
        right: Right::parse(&text(value, "right")?)?,
        regime: text(value, "regime")?,
        ground: text(value, "ground"),
        // Registers of earlier versions know none.
        purposes: list("purposes").iter().map(|one| one.as_str().map(str::to_owned)).collect::<Option<_>>()?,
        status: Status::parse(&text(value, "status")?, value.get("reason").and_then(Value::as_str))?,
        received: time(value, "received_at")??,
        due: time(value, "expected_by")?,
        extension,
        pauses: list("pauses").iter().map(pause).collect::<Option<_>>()?,
        answered: time(value, "answered_at")?,
        subject: list("subject").iter().map(committed).collect::<Option<_>>()?,
        verification: text(value, "verification"),
        despite,
        recipients: list("recipients").iter().map(Recipient::read).collect::<Option<_>>()?,
        digests: value.get("digests")?.as_object()?.iter().map(digest).collect::<Option<_>>()?,
        details: text(value, "processing_details"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was written is read again, whatever the status, and says nothing about the person.
    #[test]
    fn a_request_is_read_as_it_was_written() {
        let at = |text| Instant::parse(text).expect("a time");
        let mut request = Request::new("req-0007", Right::Erasure, at("2026-11-22T09:00:00Z"));
        request.ground = Some("17-1-b".to_owned());
        request.purposes = vec!["newsletter".to_owned()];
        request.due = Some(at("2026-12-22T23:59:59Z"));
        request.subject = vec![("email".to_owned(), commitment(&[1; 32], "email", "ann@example.org"))];
        request.extension = Some(Extension { reason: "complex".to_owned(), notified: at("2026-12-01T00:00:00Z") });
        request.pauses = vec![Pause {
            from: at("2026-11-23"),
            until: None,
            reason: "identity check".to_owned(),
            cause: Cause::Scope,
        }];
        request.despite = Some(("consent".to_owned(), "letter of 3 March".to_owned()));
        request.recipients = vec![Recipient::new("Carrier", &["shop.parcel".to_owned()])];
        request.recipients[0].tell("registered letter", at("2026-12-02"), None);
        request.set_digest("plan", seal::sha256(b"one"));
        request.set_digest("plan", seal::sha256(b"two"));
        for (status, ..) in STATUSES {
            request.status = status;
            let text = request.to_json().to_string();
            assert!(!text.contains("ann"), "{text}");
            assert_eq!(Request::parse(&text).expect("ours"), request);
        }
        assert_eq!(request.days_left(at("2026-11-22T09:00:00Z")), Some(30));
        assert_eq!(request.days_left(at("2026-12-23T00:00:00Z")), Some(-1));
        assert_eq!(Request::parse("{}").expect_err("nothing").code(), "bad-request-file");
    }

    /// Without the salt a commitment cannot be tested against a guess.
    #[test]
    fn commitments_depend_on_the_salt() {
        let of = |salt: u8| commitment(&[salt; 32], "email", "ann@example.org");
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert_ne!(of(1), commitment(&[1; 32], "user", "ann@example.org"));
    }
}
