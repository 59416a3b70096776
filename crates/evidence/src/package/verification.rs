//! What verify found: one answer for each question, never one answer for all.

use model::{Digest, Fault, Instant};
use seal::{Answer, PublicKey};

use crate::Limits;
use crate::wire::{AnswerWire, CheckWire, VerificationWire};

/// The outcome of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was checked, and it holds.
    Passed,
    /// It was checked, and it does not hold.
    Failed,
    /// It was not checked; the detail says why.
    NotChecked,
}

impl Outcome {
    /// The word that people and machines read.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::NotChecked => "not checked",
        }
    }
}

/// What a check is about. They are answered apart: a package can be intact and nobody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Is every byte what was sealed?
    Intact,
    /// Does the user trust who sealed it?
    SignerTrusted,
    /// Does the user trust who says when?
    TimeTrusted,
    /// Does a public block chain say that it existed?
    Anchored,
    /// Does each act of the custody record follow the one before?
    Custody,
}

impl Question {
    /// Every question and its name.
    pub const ALL: [(Question, &'static str); 5] = [
        (Question::Intact, "intact"),
        (Question::SignerTrusted, "signer_trusted"),
        (Question::TimeTrusted, "time_trusted"),
        (Question::Anchored, "anchored"),
        (Question::Custody, "custody_unbroken"),
    ];

    /// The name that machines read.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(question, _)| *question == self).map_or("", |(_, word)| word)
    }
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Stable kebab-case name; for a signature, `: ` and the file it stands in.
    pub name: String,
    /// What it is about.
    pub question: Question,
    /// The outcome.
    pub verdict: Outcome,
    /// One sentence: what was checked, or what is wrong.
    pub detail: String,
    /// What is wrong, place by place; at most [`Limits::PLACES`].
    pub places: Vec<String>,
}

impl Check {
    fn new(name: impl Into<String>, verdict: Outcome, detail: impl Into<String>) -> Self {
        Check { name: name.into(), question: Question::Intact, verdict, detail: detail.into(), places: Vec::new() }
    }

    /// It holds.
    pub fn passed(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Check::new(name, Outcome::Passed, detail)
    }

    /// It does not hold.
    pub fn failed(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Check::new(name, Outcome::Failed, detail)
    }

    /// It was not checked.
    pub fn not_checked(name: impl Into<String>, why: impl Into<String>) -> Self {
        Check::new(name, Outcome::NotChecked, why)
    }

    /// Passed when nothing is wrong, else failed with the first fault as detail and all of them as places.
    pub fn of(name: impl Into<String>, passed: impl Into<String>, mut places: Vec<String>) -> Self {
        let Some(first) = places.first() else { return Check::passed(name, passed) };
        let detail = match places.len() {
            1 => first.clone(),
            count => format!("{first}; {} more", count - 1),
        };
        places.truncate(Limits::PLACES);
        Check { places, ..Check::failed(name, detail) }
    }

    /// What the room of seals answered.
    pub fn answered(name: impl Into<String>, question: Question, answer: &Answer) -> Self {
        let check = match answer {
            Answer::Yes(why) => Check::passed(name, why),
            Answer::No(why) => Check::failed(name, why),
            Answer::NotChecked(why) => Check::not_checked(name, why),
        };
        check.about(question)
    }

    /// The same check about another question than whether all is intact.
    pub fn about(self, question: Question) -> Self {
        Check { question, ..self }
    }
}

/// What verify found.
#[derive(Clone, Debug)]
pub struct Verification {
    /// What it is that was checked: `evidence package`, `ASiC-E`, `BagIt bag`, …
    pub form: &'static str,
    /// Every check, in the order in which they build on one another.
    pub checks: Vec<Check>,
    /// The checks without which nothing is intact.
    pub needed: &'static [&'static str],
    /// The Ed25519 key whose signatures are good; `None` when no signature is.
    pub signer: Option<PublicKey>,
    /// Who else signed: names in certificates whose signatures are good, and whether they lead to an anchor.
    pub signers: Vec<(String, bool)>,
    /// The case, as the manifest says.
    pub case: Option<String>,
    /// When the package was made, as the manifest says.
    pub created: Option<Instant>,
    /// Digest of `manifest.json`: it names the package.
    pub manifest: Option<Digest>,
    /// Files in it.
    pub files: u64,
    /// Bytes of it.
    pub bytes: u64,
}

impl Verification {
    /// The answer to a question, and why: no where any check says no, yes where one says yes and none says no.
    pub fn answer(&self, question: Question) -> (Outcome, String) {
        let about: Vec<&Check> = self.checks.iter().filter(|check| check.question == question).collect();
        let first = |verdict| about.iter().find(|check| check.verdict == verdict);
        if let Some(failed) = first(Outcome::Failed) {
            return (Outcome::Failed, format!("{}: {}", failed.name, failed.detail));
        }
        if question == Question::Intact {
            let passed =
                |name: &&&str| about.iter().any(|check| check.name == **name && check.verdict == Outcome::Passed);
            return match self.needed.iter().find(|name| !passed(name)) {
                Some(name) => {
                    (Outcome::NotChecked, format!("{name}: it was not checked, and nothing is intact without it"))
                }
                None => (Outcome::Passed, "Every byte is as it was sealed.".to_owned()),
            };
        }
        match first(Outcome::Passed).or(first(Outcome::NotChecked)) {
            Some(check) => (check.verdict, check.detail.clone()),
            None => (Outcome::NotChecked, absent(question).to_owned()),
        }
    }

    /// Whether it is, to the last byte, what was sealed by the key in it: no check of that failed and none that is needed was
    /// left out. Whether to trust that key is another question: [`Question::SignerTrusted`].
    pub fn is_intact(&self) -> bool {
        self.answer(Question::Intact).0 == Outcome::Passed
    }

    /// Whether no question is answered with no, and it is intact.
    pub fn holds(&self) -> bool {
        self.is_intact() && self.checks.iter().all(|check| check.verdict != Outcome::Failed)
    }

    /// The check of that name.
    pub fn check(&self, name: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.name == name)
    }

    /// `verification/2` as JSON.
    ///
    /// # Errors
    /// None that an input can cause.
    pub fn to_json(&self) -> Result<Vec<u8>, Fault> {
        let signer = self.signer.as_ref().map(PublicKey::fingerprint);
        let answers: Vec<_> = Question::ALL.iter().map(|(question, word)| (*word, self.answer(*question))).collect();
        let answer = |question: Question| match self.answer(question).0 {
            Outcome::Passed => Some(true),
            Outcome::Failed => Some(false),
            Outcome::NotChecked => None,
        };
        crate::json::to_pretty(&VerificationWire {
            schema: "verification/2",
            form: self.form,
            intact: self.is_intact(),
            signer_trusted: answer(Question::SignerTrusted),
            time_trusted: answer(Question::TimeTrusted),
            anchored: answer(Question::Anchored),
            custody_unbroken: answer(Question::Custody),
            answers: answers
                .iter()
                .map(|(question, (verdict, why))| AnswerWire { question, verdict: verdict.word(), why })
                .collect(),
            signer: signer.as_deref(),
            signers: self.signers.iter().map(|(name, _)| name.as_str()).collect(),
            case: self.case.as_deref(),
            created: self.created.map(|created| created.to_string()),
            manifest: self.manifest.map(|digest| digest.hex()),
            files: self.files,
            bytes: self.bytes,
            checks: self.checks.iter().map(CheckWire::from).collect(),
        })
    }
}

/// Why a question that no check is about has no answer.
fn absent(question: Question) -> &'static str {
    match question {
        Question::Intact | Question::SignerTrusted => "Nothing in it is signed.",
        Question::TimeTrusted => "It has no time stamp: its times are those of the machine that made it.",
        Question::Anchored => "It has no proof that a block chain holds it.",
        Question::Custody => "It has no custody record.",
    }
}
