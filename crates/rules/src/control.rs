//! Controls of a framework, and how far the rules of its pack see them.
//!
//! ```yaml
//! framework: SOC 2
//! controls:
//!   CC6.3: {title: Rights follow roles, person: The review of roles and who approved each.}
//! ```
//!
//! A rule gives evidence for every control that its `law` names (`SOC 2 CC6.3`). A control is never met by a machine: what
//! rules saw is evidence, and a person supplies the rest.

use yaml::Fields;

use model::Fault;

use crate::answer::{Answer, Outcome};
use crate::pack::Pack;

/// One demand of a framework.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Its number: `CC6.3`.
    pub id: String,
    /// Whose demand it is: `SOC 2`.
    pub framework: String,
    /// Framework and number, as the law of rules names it: `SOC 2 CC6.3`.
    pub article: String,
    /// What it asks, in a few words of our own.
    pub title: String,
    /// What a person must supply, whatever machines see.
    pub person: String,
}

/// How far a control is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// A rule that gives evidence for it is broken.
    Broken,
    /// None is broken, and one could not be judged.
    NotJudged,
    /// Some rules are met, others had no facts.
    InPart,
    /// Every rule that there is for it is met, or is about nothing here.
    Seen,
    /// There are rules, and none had anything to judge.
    NoFacts,
    /// No machine sees it.
    NoRule,
}

/// Every sight, worst first, with the word that people and machines read.
const WORDS: [(Sight, &str); 6] = [
    (Sight::Broken, "broken"),
    (Sight::NotJudged, "not judged"),
    (Sight::InPart, "evidence in part"),
    (Sight::Seen, "evidence"),
    (Sight::NoFacts, "no facts"),
    (Sight::NoRule, "no rule"),
];

impl Sight {
    /// Every sight, worst first.
    pub fn all() -> impl Iterator<Item = Sight> {
        WORDS.iter().map(|(sight, _)| *sight)
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        WORDS.iter().find(|(sight, _)| *sight == self).map_or("", |(_, word)| word)
    }

    /// Whether some rule judged something of it.
    pub fn is_evidence(self) -> bool {
        !matches!(self, Sight::NoFacts | Sight::NoRule)
    }

    fn of(answers: &[&Answer]) -> Self {
        let is = |wanted: fn(&Answer) -> bool| answers.iter().any(|answer| wanted(answer));
        if answers.is_empty() {
            Sight::NoRule
        } else if is(|answer| *answer == Answer::Broken) {
            Sight::Broken
        } else if is(|answer| matches!(answer, Answer::NotJudged(_))) {
            Sight::NotJudged
        } else if !is(|answer| *answer == Answer::Met) {
            Sight::NoFacts
        } else if is(|answer| matches!(answer, Answer::NotGiven(_))) {
            Sight::InPart
        } else {
            Sight::Seen
        }
    }
}

/// A control, and what the rules of this run say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The pack it belongs to.
    pub pack: String,
    /// The control.
    pub control: Control,
    /// How far it is seen.
    pub sight: Sight,
    /// The rules that give evidence for it, each with the word of its answer.
    pub evidence: Vec<(String, &'static str)>,
}

impl Coverage {
    /// Every control of a pack, over what its rules came to.
    pub(crate) fn of<'p>(pack: &'p Pack, outcomes: &'p [Outcome]) -> impl Iterator<Item = Coverage> + 'p {
        pack.controls.iter().map(move |control| {
            let names_it = |outcome: &&Outcome| {
                let is_own = outcome.rule.split_once('.').is_some_and(|(name, _)| name == pack.name);
                is_own && outcome.law.iter().any(|law| law.article == control.article)
            };
            let outcomes: Vec<&Outcome> = outcomes.iter().filter(names_it).collect();
            let answers: Vec<&Answer> = outcomes.iter().map(|outcome| &outcome.answer).collect();
            Coverage {
                pack: pack.name.clone(),
                control: control.clone(),
                sight: Sight::of(&answers),
                evidence: outcomes.iter().map(|one| (one.rule.clone(), one.answer.word())).collect(),
            }
        })
    }

    /// The rules that give evidence for it, with what each came to, for people.
    pub fn rules(&self) -> String {
        let rules: Vec<String> = self.evidence.iter().map(|(rule, answer)| format!("{rule}: {answer}")).collect();
        rules.join("; ")
    }

    /// What is left to a person, as a sentence: the whole, where no machine saw anything.
    pub fn person(&self) -> String {
        match self.sight.is_evidence() {
            true => format!("a person must still supply: {}", self.control.person),
            false => format!("a person must supply: {}", self.control.person),
        }
    }
}

/// Reads `framework` and `controls` of a `pack.yaml`.
///
/// # Errors
/// `missing-key`, `unknown-key`.
pub(crate) fn read(pack: &Fields<'_>) -> Result<Vec<Control>, Fault> {
    let Some(node) = pack.node("controls") else { return Ok(vec![]) };
    let framework = pack.required_text("framework")?;
    let entries = Fields::open(node, "controls")?;
    let one = |(key, node): &(yaml::Key, yaml::Node)| {
        let fields = Fields::of(node, entries.path_of(&key.text), &["title", "person"])?;
        Ok(Control {
            id: key.text.clone(),
            framework: framework.to_owned(),
            article: format!("{framework} {}", key.text),
            title: fields.required_text("title")?.to_owned(),
            person: fields.required_text("person")?.to_owned(),
        })
    };
    entries.entries().iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_is_as_good_as_its_worst_rule() {
        let check = |answers: &[Answer], word: &str| {
            assert_eq!(Sight::of(&answers.iter().collect::<Vec<_>>()).word(), word);
        };
        let (given, judged) = (Answer::NotGiven(String::new()), Answer::NotJudged(String::new()));
        check(&[], "no rule");
        check(&[Answer::Met, Answer::NotApplicable], "evidence");
        check(&[Answer::Met, given.clone()], "evidence in part");
        check(&[given.clone(), Answer::NotApplicable], "no facts");
        check(&[Answer::NotApplicable], "no facts");
        check(&[Answer::Met, judged.clone(), given], "not judged");
        check(&[Answer::Met, judged, Answer::Broken], "broken");
    }
}
