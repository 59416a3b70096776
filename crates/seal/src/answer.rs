//! What is known about one signature: separate answers to separate questions, each with its reason in one sentence.

use model::Instant;

use crate::x509::Certificate;

/// The answer to one question about a signature, with the reason in one sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is so, and why.
    Yes(String),
    /// It is not so, and why.
    No(String),
    /// Nothing can be said, and why.
    NotChecked(String),
}

impl Answer {
    /// Whether it is a yes.
    pub fn is_yes(&self) -> bool {
        matches!(self, Answer::Yes(_))
    }

    /// Whether it is a no.
    pub fn is_no(&self) -> bool {
        matches!(self, Answer::No(_))
    }

    /// The sentence.
    pub fn reason(&self) -> &str {
        match self {
            Answer::Yes(reason) | Answer::No(reason) | Answer::NotChecked(reason) => reason,
        }
    }
}

/// What is known about one signature.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Whose key it was, as the signature says. Present also when the signature is bad.
    pub signer: Option<Certificate>,
    /// The time that the signer claims.
    pub claimed: Option<Instant>,
    /// The time of a token over this signature whose imprint and signature are good.
    pub stamped: Option<Instant>,
    /// The bytes are what was signed: digest, signature value, signing-certificate attribute.
    pub intact: Answer,
    /// A path leads from the signer to an anchor at the judged time; key usage, and revocation as far as known.
    pub signer_trusted: Answer,
    /// The authority of the token leads to an anchor.
    pub time_trusted: Answer,
    /// What was not checked, and what a reader should know.
    pub notes: Vec<String>,
}

impl Signed {
    /// What could not be read as a signature at all.
    pub fn unreadable(reason: impl Into<String>) -> Self {
        let unread = || Answer::NotChecked("The signature could not be read.".to_owned());
        Signed {
            signer: None,
            claimed: None,
            stamped: None,
            intact: Answer::No(reason.into()),
            signer_trusted: unread(),
            time_trusted: unread(),
            notes: Vec::new(),
        }
    }

    /// A trusted time stamp over the whole document, called `name`, says that the signature was there then.
    pub fn was_there(&mut self, time: Instant, name: &str) {
        if !self.intact.is_yes() {
            return;
        }
        self.notes.push(format!("The time stamp {name} of the document covers it; it is of {time}."));
        if self.stamped.is_none() {
            self.stamped = Some(time);
            self.time_trusted = Answer::Yes(format!("The time stamp {name} of the document is trusted."));
        }
    }
}

/// Whom the user trusts, and when it is judged.
///
/// Anchors come from the user only, never from what is judged. A signature is judged at the time of its stamp when that
/// time is trusted, else at `now`.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a> {
    /// Certificates that end a path: roots, authorities below one, or the very certificate of a signer.
    pub anchors: &'a [Certificate],
    /// The time of judging. To judge what an outer, trusted time stamp covers, give the time of that stamp.
    pub now: Instant,
}

/// What others collected to judge a signature later, in DER. None of it is trusted for being here. There are limits to
/// how many of them are looked at ([`Limits::REVOCATIONS`](crate::Limits::REVOCATIONS),
/// [`Limits::ANSWERS`](crate::Limits::ANSWERS)): put first what you fetched yourself.
#[derive(Clone, Debug, Default)]
pub struct Revocations {
    /// Answers of OCSP responders (OCSPResponse, or the BasicOCSPResponse alone).
    pub ocsp: Vec<Vec<u8>>,
    /// Revocation lists.
    pub crls: Vec<Vec<u8>>,
    /// Certificates that help to find a path.
    pub certificates: Vec<Vec<u8>>,
}

impl Revocations {
    /// All of both.
    #[must_use]
    pub fn and(mut self, other: &Revocations) -> Self {
        self.ocsp.extend(other.ocsp.iter().cloned());
        self.crls.extend(other.crls.iter().cloned());
        self.certificates.extend(other.certificates.iter().cloned());
        self
    }
}
