//! Findings that somebody decided to live with: with a reason, a name and a last day.
//!
//! ```yaml
//! suppressions:
//!   - rule: infrastructure.kubernetes-zones
//!     subject: batch/*
//!     reason: runs once a night and may be late
//!     by: anna@example.org
//!     until: 2027-03-31
//! ```

use std::path::Path;

use model::{Fault, Instant, Place, Verdict};
use yaml::Fields;

use crate::answer::{Finding, Suppressed};

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The rule's id.
    pub rule: String,
    /// Which subjects; `*` stands for any text. None means all.
    pub subject: Option<String>,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub by: String,
    /// The last day on which it holds, `YYYY-MM-DD`, UTC.
    pub until: String,
    place: Place,
}

/// All decisions of a run.
#[derive(Clone, Debug, Default)]
pub struct Suppressions {
    list: Vec<Suppression>,
    used: Vec<bool>,
    today: String,
}

const KEYS: &[&str] = &["rule", "subject", "reason", "by", "until"];

impl Suppressions {
    /// Reads a file of suppressions, as of `now`.
    ///
    /// # Errors
    /// `bad-suppression` and what [`yaml::read`] says, with line and column.
    pub fn read(text: &str, now: Instant) -> Result<Self, Fault> {
        let nodes = yaml::read(text, &yaml::Limits::default())?;
        let mut list = Vec::new();
        for node in &nodes {
            for (path, node) in Fields::of(node, "", &["suppressions"])?.list("suppressions")? {
                list.push(Suppression::read(&Fields::of(node, path, KEYS)?)?);
            }
        }
        Ok(Suppressions { used: vec![false; list.len()], list, today: now.date() })
    }

    /// Splits findings of `rule` into those that stand and those that are suppressed.
    pub(crate) fn split(&mut self, rule: &str, findings: Vec<Finding>) -> (Vec<Finding>, Vec<Suppressed>) {
        let (mut standing, mut suppressed) = (Vec::new(), Vec::new());
        for finding in findings {
            let takes =
                |one: &Suppression| one.rule == rule && one.until >= self.today && one.matches(&finding.subject);
            match self.list.iter().position(takes).filter(|_| finding.verdict == Verdict::Broken) {
                None => standing.push(finding),
                Some(index) => {
                    self.used[index] = true;
                    let Suppression { reason, by, until, .. } = self.list[index].clone();
                    suppressed.push(Suppressed { finding, reason, by, until });
                }
            }
        }
        (standing, suppressed)
    }

    /// The same, of this file.
    #[must_use]
    pub fn in_file(mut self, path: &Path) -> Self {
        self.list.iter_mut().for_each(|one| one.place = std::mem::take(&mut one.place).in_file(path));
        self
    }

    /// Suppressions that are over, that suppressed nothing although their rule was judged, or whose rule the packs do not have.
    pub(crate) fn stale(&self, judged: impl Fn(&str) -> bool, lacking: impl Fn(&str) -> bool) -> Vec<Finding> {
        let stale = |(one, used): (&Suppression, &bool)| {
            let message = match one.until < self.today {
                true => format!("the suppression of {} ended on {}", one.rule, one.until),
                false if lacking(&one.rule) => format!("there is no rule {} that could be suppressed", one.rule),
                false if !used && judged(&one.rule) => format!("the suppression of {} suppresses nothing", one.rule),
                false => return None,
            };
            let subject = one.subject.clone().unwrap_or_else(|| one.rule.clone());
            Some(Finding { verdict: Verdict::Broken, subject, message, place: Some(one.place.to_string()) })
        };
        self.list.iter().zip(&self.used).filter_map(stale).collect()
    }
}

impl Suppression {
    fn read(fields: &Fields<'_>) -> Result<Self, Fault> {
        let until = fields.required_text("until")?.to_owned();
        if Instant::parse(&format!("{until}T00:00:00Z")).is_err() {
            return Err(Fault::bad_config("bad-suppression", format!("{until:?} is no day"))
                .advise("Write the last day as YYYY-MM-DD; nothing is suppressed for ever.")
                .at(fields.place.clone()));
        }
        Ok(Suppression {
            rule: fields.required_text("rule")?.to_owned(),
            subject: fields.text("subject")?.map(str::to_owned),
            reason: fields.required_text("reason")?.to_owned(),
            by: fields.required_text("by")?.to_owned(),
            until,
            place: fields.place.clone(),
        })
    }

    fn matches(&self, subject: &str) -> bool {
        self.subject.as_deref().is_none_or(|pattern| matches(pattern, subject))
    }
}

/// Whether `text` is `pattern`, in which `*` stands for any text. Linear in the length of both, however many stars.
fn matches(pattern: &str, text: &str) -> bool {
    let parts: Vec<&str> = pattern.split('*').collect();
    let [first, middle @ .., last] = parts.as_slice() else { return pattern == text };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_text() {
        let check = |pattern, text, expect| assert_eq!(matches(pattern, text), expect, "{pattern} {text}");
        check("batch/*", "batch/nightly", true);
        check("batch/*", "web/batch/nightly", false);
        check("*", "", true);
        check("a*b*c", "a-b-b-c", true);
        check("a*b*c", "acb", false);
        check("web", "web", true);
        check("web", "web2", false);
        check("aa*aa", "aaa", false);
    }
}
