//! What a document says about what can be wrong: signals.

use model::{Digest, Fault, Instant, Severity, Span};
use serde_json::Value;

use crate::Limits;
use crate::alert::Kind;
use crate::labels::Labels;
use crate::policy::Policy;
use crate::read;

/// Whether it is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// It is.
    Wrong,
    /// It is not.
    Clear,
    /// Nobody could say.
    Unknown,
}

/// One thing that can be wrong, as a document has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// What it is about; no two signals of a document have the same.
    pub labels: Labels,
    /// What kind of trouble it is.
    pub kind: Kind,
    /// How much it matters; nothing where the document does not say.
    pub severity: Option<Severity>,
    /// For how long it must be wrong before it fires, as the document says.
    pub hold: Option<Span>,
    /// Whether its end is told as well.
    pub tells_end: bool,
    /// Whether it is wrong.
    pub sight: Sight,
    /// How often: findings, or bad events.
    pub count: u64,
    /// What is wrong, in a sentence.
    pub summary: String,
    /// The targets that its alert policy names.
    pub notify: Vec<Named>,
}

/// A target, named in a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Where it is named, as the document says.
    pub place: String,
}

/// A document, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// As of when it was judged.
    pub at: Instant,
    /// The digest of its bytes.
    pub digest: Digest,
    /// `evaluation/1` or `judgement/1`.
    pub schema: &'static str,
    /// What it says, in its order.
    pub signals: Vec<Signal>,
}

impl Observed {
    /// Reads a document `evaluation/1` (objectives) or `judgement/1` (rules of packs), as `evaluate` writes them.
    ///
    /// # Errors
    /// `bad-observation`, `duplicate-alert`, `too-many-signals`.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let value: Value = serde_json::from_str(text).map_err(|error| bad(&format!("it is no JSON: {error}")))?;
        let (schema, signals) = match value.get("schema").and_then(Value::as_str) {
            Some("evaluation/1") => ("evaluation/1", read::evaluation(&value)),
            Some("judgement/1") => ("judgement/1", read::judgement(&value)),
            Some(other) => return Err(bad(&format!("its schema is {other:?}"))),
            None => return Err(bad("it names no schema")),
        };
        let at = value.get("at").and_then(Value::as_str).and_then(|at| Instant::parse(at).ok());
        let (at, signals) = at.zip(signals).ok_or_else(|| bad(&format!("it does not fit {schema}")))?;
        if signals.len() > Limits::SIGNALS {
            let message = format!("The document has {} answers; {} are read", signals.len(), Limits::SIGNALS);
            return Err(Fault::bad_input("too-many-signals", message).advise("Evaluate fewer rules at once."));
        }
        let mut labels: Vec<&Labels> = signals.iter().map(|signal| &signal.labels).collect();
        labels.sort_unstable();
        if let Some(pair) = labels.windows(2).find(|pair| pair[0] == pair[1]) {
            let message = format!("Two answers of the document are about {}", pair[0]);
            return Err(Fault::bad_input("duplicate-alert", message)
                .advise("Give the objectives of a rule different names, so that they can be told apart."));
        }
        Ok(Observed { at, digest: seal::sha256(text.as_bytes()), schema, signals })
    }
}

impl Observed {
    /// The targets that alert policies name and `policy` does not have: alerts go to them by no way.
    pub fn strangers(&self, policy: &Policy) -> Vec<&Named> {
        let mut strangers: Vec<&Named> = Vec::new();
        for named in self.signals.iter().flat_map(|signal| &signal.notify) {
            if policy.target(&named.name).is_none() && !strangers.contains(&named) {
                strangers.push(named);
            }
        }
        strangers
    }
}

fn bad(why: &str) -> Fault {
    Fault::bad_input("bad-observation", format!("This is no document of `probity evaluate`: {why}"))
        .advise("Give what `probity evaluate --json` prints.")
}
