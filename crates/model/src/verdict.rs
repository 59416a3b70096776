//! Answers.

use std::fmt;

/// The answer to a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The data shows that the rule is kept.
    Met,
    /// There is not enough data to say. Never a pass, never a failure.
    NoData,
    /// The data shows that the rule is broken.
    Broken,
}

impl Verdict {
    /// The word that people and machines read.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Met => "met",
            Verdict::NoData => "no data",
            Verdict::Broken => "broken",
        }
    }

    /// The verdict on several: broken if one is broken, else no data if one has none.
    pub fn of_all(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
        verdicts.into_iter().max().unwrap_or(Verdict::NoData)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How much a broken rule matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// Worth a ticket.
    Medium,
    /// Worth an interruption.
    High,
    /// Worth waking somebody.
    Critical,
}

impl Severity {
    /// The word that people and machines read.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Severity::Low, Severity::Medium, Severity::High, Severity::Critical]
            .into_iter()
            .find(|severity| severity.word() == word)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_outweighs_no_data_outweighs_met() {
        let check = |verdicts: &[Verdict], expect| assert_eq!(Verdict::of_all(verdicts.iter().copied()), expect);
        check(&[], Verdict::NoData);
        check(&[Verdict::Met], Verdict::Met);
        check(&[Verdict::Met, Verdict::NoData], Verdict::NoData);
        check(&[Verdict::NoData, Verdict::Broken, Verdict::Met], Verdict::Broken);
    }
}
