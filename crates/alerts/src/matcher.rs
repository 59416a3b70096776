//! Conditions on labels: what a silence or a term of the policy is about.

use std::fmt;

use model::Fault;

use crate::alert::Kind;
use crate::labels::Labels;
use model::Severity;

/// One condition on one label, or on `severity` or `kind`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Matcher {
    /// The label.
    pub name: String,
    /// True for `=`, false for `!=`.
    pub equal: bool,
    /// With what; a `*` at the end stands for any ending.
    pub value: String,
}

/// What matchers look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) labels: &'a Labels,
    pub(crate) severity: Severity,
    pub(crate) kind: Kind,
}

impl Matcher {
    /// Reads `rule=gdpr.*` or `severity!=low`.
    ///
    /// # Errors
    /// `bad-alert-match`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let bad = || {
            Fault::usage("bad-alert-match", format!("{text:?} is no condition on a label"))
                .advise("Write NAME=VALUE or NAME!=VALUE; a * at the end of VALUE stands for any ending.")
        };
        let (name, value) = text.split_once('=').ok_or_else(bad)?;
        let (name, equal) = name.strip_suffix('!').map_or((name, true), |name| (name, false));
        Self::new(name, equal, value).ok_or_else(bad)
    }

    /// A condition; nothing where the name is none, or a `*` stands elsewhere than at the end.
    pub fn new(name: &str, equal: bool, value: &str) -> Option<Self> {
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let stem = value.strip_suffix('*').unwrap_or(value);
        (is_name && !stem.contains('*')).then(|| Matcher { name: name.to_owned(), equal, value: value.to_owned() })
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        let found = match self.name.as_str() {
            "severity" => subject.severity.word(),
            "kind" => subject.kind.word(),
            name => subject.labels.value(name),
        };
        let is_it = match self.value.strip_suffix('*') {
            Some(beginning) => found.starts_with(beginning),
            None => found == self.value,
        };
        is_it == self.equal
    }
}

/// Whether every condition holds.
pub(crate) fn all_hold(matchers: &[Matcher], subject: &Subject<'_>) -> bool {
    matchers.iter().all(|matcher| matcher.holds(subject))
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}{}{}", self.name, if self.equal { "=" } else { "!=" }, self.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matchers_hold_or_are_refused() {
        let labels = Labels::new([("rule", "gdpr.a33-72h")]);
        let subject = Subject { labels: &labels, severity: Severity::High, kind: Kind::Compliance };
        let check = |text: &str, expect: Option<bool>| {
            let found = Matcher::parse(text).ok();
            assert_eq!(found.as_ref().map(|matcher| matcher.holds(&subject)), expect, "{text}");
            found.into_iter().for_each(|matcher| assert_eq!(matcher.to_string(), text));
        };
        check("rule=gdpr.a33-72h", Some(true));
        check("rule=gdpr.*", Some(true));
        check("rule!=gdpr.*", Some(false));
        check("rule=soc2.*", Some(false));
        check("rule=*", Some(true));
        check("team=", Some(true));
        check("team!=", Some(false));
        check("severity=high", Some(true));
        check("kind=compliance", Some(true));
        check("kind!=security", Some(true));
        check("rule", None);
        check("=x", None);
        check("rule=a*b", None);
        check("ru le=a", None);
    }
}
