//! Signatures and time stamps as checks: each answers for itself, and all are counted.

use std::collections::BTreeSet;

use model::{Digest, Instant};
use seal::{Answer, Signed, Trust};

use crate::package::{Ask, Check, Outcome, PdfSignature, Question};

/// What was signed and stamped, and by whom.
#[derive(Default)]
pub(super) struct People {
    pub(super) checks: Vec<Check>,
    /// Names in certificates whose signatures are good, and whether the user trusts them.
    pub(super) signers: Vec<(String, bool)>,
    /// The digests of the certificates behind them that the user trusts.
    trusted: BTreeSet<Digest>,
    intact: usize,
    bad: usize,
    unknown: usize,
}

impl People {
    /// Whom the user trusts, as of now.
    pub(super) fn trust<'a>(ask: &Ask<'a>) -> Trust<'a> {
        Trust { anchors: ask.anchors, now: ask.now }
    }

    /// A signature. Whether it is intact.
    pub(super) fn signed(&mut self, name: &str, signed: &Signed, ask: &Ask) -> bool {
        self.count(name, &signed.intact);
        self.checks.push(Check::answered(name, Question::SignerTrusted, &asked(&signed.signer_trusted, ask)));
        self.time(name, signed, ask);
        self.notes(name, &signed.notes, Question::SignerTrusted);
        if let Some(signer) = signed.signer.as_ref().filter(|_| signed.intact.is_yes()) {
            let (subject, trusted) = (signer.subject(), signed.signer_trusted.is_yes());
            if trusted {
                self.trusted.insert(signer.sha256());
            }
            match self.signers.iter_mut().find(|(known, _)| *known == subject) {
                Some(known) => known.1 |= trusted,
                None => self.signers.push((subject, trusted)),
            }
        }
        signed.intact.is_yes()
    }

    fn time(&mut self, name: &str, signed: &Signed, ask: &Ask) {
        match (signed.stamped, signed.claimed) {
            (Some(time), _) => {
                let answer = with(&asked(&signed.time_trusted, ask), &stamped(time));
                self.checks.push(Check::answered(name, Question::TimeTrusted, &answer));
            }
            (None, _) if signed.time_trusted.is_no() => {
                self.checks.push(Check::answered(name, Question::TimeTrusted, &signed.time_trusted));
            }
            (None, Some(time)) if signed.intact.is_yes() => {
                let why = format!("Its signer says that it was made on {time}; no time stamp shows that.");
                self.checks.push(Check::not_checked(name, why).about(Question::TimeTrusted));
            }
            (None, _) => {}
        }
    }

    /// A time stamp of its own. Whether it is intact.
    pub(super) fn stamp(&mut self, name: &str, time: Instant, judged: &seal::tsp::Judged, ask: &Ask) -> bool {
        self.count(name, &with(&judged.intact, &stamped(time)));
        self.checks.push(Check::answered(name, Question::TimeTrusted, &asked(&judged.trusted, ask)));
        self.notes(name, &judged.notes, Question::TimeTrusted);
        judged.intact.is_yes()
    }

    /// A signature or time stamp in a PDF.
    pub(super) fn pdf(&mut self, found: &PdfSignature, ask: &Ask) {
        let name = format!("pdf-signature: {}", found.field);
        self.checks.push(Check::answered(name.clone(), Question::Intact, &found.whole));
        if found.is_stamp {
            self.count(&name, &found.signed.intact);
            self.checks.push(Check::answered(name, Question::TimeTrusted, &asked(&found.signed.time_trusted, ask)));
        } else {
            self.signed(&name, &found.signed, ask);
        }
    }

    /// Something that should be a signature or time stamp, and cannot be read as one.
    pub(super) fn unreadable(&mut self, name: &str, why: &str) {
        self.count(name, &Answer::No(why.to_owned()));
    }

    /// One that is in a form that is not read.
    pub(super) fn not_read(&mut self, name: &str, why: &str) {
        self.count(name, &Answer::NotChecked(why.to_owned()));
    }

    fn count(&mut self, name: &str, intact: &Answer) {
        match intact {
            Answer::Yes(_) => self.intact += 1,
            Answer::No(_) => self.bad += 1,
            Answer::NotChecked(_) => self.unknown += 1,
        }
        self.checks.push(Check::answered(name, Question::Intact, intact));
    }

    fn notes(&mut self, name: &str, notes: &[String], question: Question) {
        self.checks.extend(notes.iter().map(|note| Check::not_checked(name, note).about(question)));
    }

    /// Whether anything is signed or stamped, and all of that is as it was: without it, nothing is intact.
    pub(super) fn all(&self) -> Check {
        match (self.intact, self.bad, self.unknown) {
            (0, 0, 0) => Check::not_checked(SIGNATURES, "Nothing in it is signed."),
            (_, 0, 0) => {
                Check::passed(SIGNATURES, format!("All of what is signed or stamped is intact ({}).", self.intact))
            }
            (_, 0, unknown) => {
                Check::not_checked(SIGNATURES, format!("{unknown} of what is signed could not be checked."))
            }
            (_, bad, _) => Check::failed(SIGNATURES, format!("{bad} of what is signed or stamped is not good.")),
        }
    }

    /// Whether nobody signed or stamped anything.
    pub(super) fn is_empty(&self) -> bool {
        self.intact + self.bad + self.unknown == 0
    }

    /// Whether as many different people whom the user trusts have signed as the user requires.
    pub(super) fn enough(&self, ask: &Ask) -> Option<Check> {
        let (there, wanted) = (self.trusted.len(), ask.signers);
        let check = match wanted {
            0 => return None,
            _ if there >= wanted => {
                Check::passed("signers", format!("{there} different signers that you trust have signed."))
            }
            _ => {
                let why = format!("{wanted} different signers that you trust are required; {there} have signed.");
                Check::failed("signers", why)
            }
        };
        Some(check.about(Question::SignerTrusted))
    }
}

/// The check of [`People::all`].
pub(super) const SIGNATURES: &str = "signatures";

fn stamped(time: Instant) -> String {
    format!("It was stamped on {time}.")
}

/// The same answer with another sentence before its own.
fn with(answer: &Answer, first: &str) -> Answer {
    match answer {
        Answer::Yes(why) => Answer::Yes(format!("{first} {why}")),
        Answer::No(why) => Answer::No(why.clone()),
        Answer::NotChecked(why) => Answer::NotChecked(format!("{first} {why}")),
    }
}

/// Without a certificate to compare with, nobody can say whether to trust another.
fn asked(answer: &Answer, ask: &Ask) -> Answer {
    match answer {
        Answer::No(_) | Answer::NotChecked(_) if ask.anchors.is_empty() => {
            Answer::NotChecked("You gave no certificate to trust; name one with --trust.".to_owned())
        }
        other => other.clone(),
    }
}

/// Whether a check says yes.
pub(super) fn passed(check: &Check) -> bool {
    check.verdict == Outcome::Passed
}
