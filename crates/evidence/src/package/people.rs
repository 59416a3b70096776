//! Signatures and time stamps as checks, in packages and in what others signed: each answers for itself, and all are counted.

use std::collections::BTreeSet;

use model::{Digest, Instant};
use seal::{Answer, PublicKey, Signed, Trust};

use super::paths::MANIFEST;
use super::{Ask, Check, Outcome, PdfSignature, Question};

/// What was signed and stamped, and by whom.
#[derive(Default)]
pub(crate) struct People {
    pub(crate) checks: Vec<Check>,
    /// Names in certificates whose signatures are good, and whether the user trusts them.
    pub(crate) signers: Vec<(String, bool)>,
    /// The digests of the certificates behind them that the user trusts.
    trusted: BTreeSet<Digest>,
    /// Certificates without an authority for which a key vouches that the user trusts.
    vouched: BTreeSet<Digest>,
    /// The time that a signer claims is not worth a check: whether there is a time stamp is said elsewhere.
    is_stamped_apart: bool,
    intact: usize,
    bad: usize,
    unknown: usize,
}

impl People {
    /// Those who signed a package of ours, whose time stamps stand beside the signatures.
    pub(super) fn of_package(vouched: BTreeSet<Digest>) -> Self {
        People { vouched, is_stamped_apart: true, ..People::default() }
    }

    /// Whom the user trusts, as of now.
    pub(crate) fn trust<'a>(ask: &Ask<'a>) -> Trust<'a> {
        Trust { anchors: ask.anchors, now: ask.now }
    }

    /// A signature. Whether it is intact.
    pub(crate) fn signed(&mut self, name: &str, signed: &Signed, ask: &Ask) -> bool {
        self.count(name, &signed.intact);
        let trusted = self.own(signed).unwrap_or_else(|| asked(&signed.signer_trusted, ask));
        self.checks.push(Check::answered(name, Question::SignerTrusted, &trusted));
        self.time(name, signed, ask);
        self.notes(name, &signed.notes, Question::SignerTrusted);
        if let Some(signer) = signed.signer.as_ref().filter(|_| signed.intact.is_yes()) {
            let (subject, trusted) = (signer.subject(), trusted.is_yes());
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

    /// A certificate that its holder made is as good as the key that vouches for it, and no better.
    fn own(&self, signed: &Signed) -> Option<Answer> {
        let signer = signed.signer.as_ref().filter(|signer| signer.is_self_signed())?;
        let known = !signed.signer_trusted.is_yes() && self.vouched.contains(&signer.sha256());
        known.then(|| Answer::Yes(format!("{MANIFEST}, sealed with a key that you trust, names this certificate.")))
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
            (None, Some(time)) if signed.intact.is_yes() && !self.is_stamped_apart => {
                let why = format!("Its signer says that it was made on {time}; no time stamp shows that.");
                self.checks.push(Check::not_checked(name, why).about(Question::TimeTrusted));
            }
            (None, _) => {}
        }
    }

    /// A time stamp of its own. Whether it is intact.
    pub(crate) fn stamp(&mut self, name: &str, time: Instant, judged: &seal::tsp::Judged, ask: &Ask) -> bool {
        self.count(name, &with(&judged.intact, &stamped(time)));
        self.checks.push(Check::answered(name, Question::TimeTrusted, &asked(&judged.trusted, ask)));
        self.notes(name, &judged.notes, Question::TimeTrusted);
        judged.intact.is_yes()
    }

    /// A signature or time stamp in a PDF. `what` it is called.
    pub(crate) fn pdf(&mut self, what: &str, found: &PdfSignature, ask: &Ask) {
        let name = format!("{what}: {}", found.field);
        self.checks.push(Check::answered(name.clone(), Question::Intact, &found.whole));
        if found.is_stamp {
            self.count(&name, &found.signed.intact);
            self.checks.push(Check::answered(name, Question::TimeTrusted, &asked(&found.signed.time_trusted, ask)));
        } else {
            self.signed(&name, &found.signed, ask);
        }
    }

    /// Judges more without counting who signed there: whoever signs a page has not signed what was sealed.
    pub(super) fn uncounted(&mut self, judge: impl FnOnce(&mut Self)) {
        let counted = self.trusted.clone();
        judge(self);
        self.trusted = counted;
    }

    /// Something that should be a signature or time stamp, and cannot be read as one.
    pub(crate) fn unreadable(&mut self, name: &str, why: &str) {
        self.count(name, &Answer::No(why.to_owned()));
    }

    /// One that is in a form that is not read.
    pub(crate) fn not_read(&mut self, name: &str, why: &str) {
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
    pub(crate) fn all(&self) -> Check {
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
    pub(crate) fn is_empty(&self) -> bool {
        self.intact + self.bad + self.unknown == 0
    }

    /// Whether as many different people whom the user trusts have signed as the user requires; `least` of them have in any case.
    pub(crate) fn enough(&self, ask: &Ask, least: usize) -> Option<Check> {
        let (there, wanted) = (self.trusted.len().max(least), ask.signers);
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
pub(crate) const SIGNATURES: &str = "signatures";

/// Whether the user trusts the Ed25519 key that signed.
pub(crate) fn of_key(signer: Option<&PublicKey>, trusted: &[PublicKey]) -> Check {
    let Some(key) = signer else { return Check::not_checked("signer", "No signature is good, so there is no signer.") };
    let fingerprint = key.fingerprint();
    if trusted.contains(key) {
        return Check::passed("signer", format!("You trust the key {fingerprint}."));
    }
    if trusted.is_empty() {
        let why =
            format!("You gave no key to trust. Compare {fingerprint} with what the signer tells you by another way.");
        return Check::not_checked("signer", why);
    }
    Check::failed("signer", format!("The key {fingerprint} is not one that you trust."))
}

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
pub(crate) fn passed(check: &Check) -> bool {
    check.verdict == Outcome::Passed
}
