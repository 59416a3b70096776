//! What a judgement says.

use model::{Instant, Place, Severity, Verdict};

use crate::control::Coverage;
use crate::facts::{Gap, Source};
use crate::rule::Law;

/// What one rule came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Everything it is about is as it must be.
    Met,
    /// Something is not.
    Broken,
    /// There is nothing here that it is about.
    NotApplicable,
    /// Nobody gave what it needs; why.
    NotGiven(String),
    /// What it needs could not be had or understood, and nothing is known to be broken; why.
    NotJudged(String),
}

impl Answer {
    /// The word that people and machines read.
    pub fn word(&self) -> &'static str {
        match self {
            Answer::Met => "met",
            Answer::Broken => "broken",
            Answer::NotApplicable => "not applicable",
            Answer::NotGiven(_) => "not given",
            Answer::NotJudged(_) => "not judged",
        }
    }
}

/// One thing that is not as it must be, or could not be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Broken, or no data when it could not be judged.
    pub verdict: Verdict,
    /// What it is about.
    pub subject: String,
    /// What is wrong, in a sentence.
    pub message: String,
    /// Where it stands, where it stands somewhere.
    pub place: Option<String>,
}

/// A finding that somebody decided to live with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub by: String,
    /// The last day.
    pub until: String,
}

/// One rule and what it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The rule's id.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// Where it comes from.
    pub law: Vec<Law>,
    /// How much a breach matters.
    pub severity: Severity,
    /// What to do.
    pub fix: String,
    /// What a person must still judge.
    pub person: Option<String>,
    /// The rule file.
    pub place: Place,
    /// What it came to.
    pub answer: Answer,
    /// Things that are as they must be.
    pub met: u64,
    /// Things it is not about.
    pub not_applicable: u64,
    /// Things that are not as they must be; all are counted, the first many are in `findings`.
    pub broken: u64,
    /// Things that could not be judged.
    pub not_judged: u64,
    /// What is wrong, worst first.
    pub findings: Vec<Finding>,
    /// What is wrong and accepted.
    pub suppressed: Vec<Suppressed>,
}

/// What a fact was made from, without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// When it was collected.
    pub collected: Instant,
    /// What it was read from.
    pub sources: Vec<Source>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// It was collected by an earlier run and kept.
    pub cached: bool,
}

impl Basis {
    /// When it was collected, for people.
    pub fn as_of(&self) -> String {
        let cached = if self.cached { " (cached)" } else { "" };
        format!("{}{cached}", self.collected)
    }
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// As of when.
    pub at: Instant,
    /// Whether a rule without facts counts as one that could not be judged.
    pub strict: bool,
    /// The packs that were judged: name and version.
    pub packs: Vec<(String, String)>,
    /// The facts that were there: what was judged was judged on these.
    pub facts: Vec<(String, Basis)>,
    /// One for each rule, in the order of the book.
    pub outcomes: Vec<Outcome>,
    /// The controls of the packs, each with what the rules say of it.
    pub controls: Vec<Coverage>,
    /// What is wrong with the suppressions: expired ones, ones that suppress nothing.
    pub stale: Vec<Finding>,
}

impl Judgement {
    /// Broken when a rule is broken or a suppression is stale; no data when something asked for could not be judged, or
    /// when nothing was; else met.
    pub fn verdict(&self) -> Verdict {
        let is = |wanted: fn(&Answer) -> bool| self.outcomes.iter().any(|outcome| wanted(&outcome.answer));
        if is(|answer| *answer == Answer::Broken) || !self.stale.is_empty() {
            Verdict::Broken
        } else if is(|answer| matches!(answer, Answer::NotJudged(_)))
            || self.strict && is(|answer| matches!(answer, Answer::NotGiven(_)))
            || !is(|answer| *answer == Answer::Met)
        {
            Verdict::NoData
        } else {
            Verdict::Met
        }
    }

    /// How many rules came to the answer with this word.
    pub fn count(&self, word: &str) -> u64 {
        self.outcomes.iter().filter(|outcome| outcome.answer.word() == word).count() as u64
    }
}
