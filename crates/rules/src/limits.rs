//! How much is taken on before an answer is refused.

use std::time::Duration;

/// The largest sizes of rules and facts.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes in one rule file.
    pub rule_bytes: usize,
    /// Bytes in one expression.
    pub expression_bytes: usize,
    /// Brackets in one another in an expression.
    pub brackets: usize,
    /// How deep loops (`all`, `exists`, `map`, `filter`) may stand in one another.
    pub loops: usize,
    /// Items in any list of a fact, longest list squared, when a rule has a loop in a loop: CEL cannot be interrupted, so
    /// that the largest cost is settled before it starts.
    pub nested_steps: usize,
    /// Things one rule judges.
    pub items: usize,
    /// Findings kept for one rule; the rest is counted.
    pub findings: usize,
    /// How long a policy in Rego may take; expressions in CEL are bounded before they start.
    pub policy_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            rule_bytes: 256 << 10,
            expression_bytes: 4 << 10,
            brackets: 32,
            loops: 2,
            nested_steps: 4_000_000,
            items: 1_000_000,
            findings: 10_000,
            policy_time: Duration::from_secs(10),
        }
    }
}
