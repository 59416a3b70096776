//! `dd-sds-peer FILE RULES [BYTES OF AN EVENT]`: redacts every line of a file with dd-sensitive-data-scanner.
//!
//! RULES has one rule a line: the name of a validator or `-`, a tab, the pattern. What the scanner refuses is counted and told.
//! An event is one line, which is its fastest way, or as many whole lines as make up that many bytes.

use std::error::Error;
use std::sync::Arc;

use dd_sds::{MatchAction, RegexRuleConfig, RootRuleConfig, RuleConfig, Scanner, SecondaryValidator};

type Rule = RootRuleConfig<Arc<dyn RuleConfig>>;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(rules)) = (arguments.next(), arguments.next()) else {
        return Err("dd-sds-peer FILE RULES [BYTES OF AN EVENT]".into());
    };
    let least: usize = arguments.next().map_or(Ok(1), |bytes| bytes.parse())?;
    let text = std::fs::read_to_string(file)?;
    let rules = std::fs::read_to_string(rules)?;
    let asked: Vec<Option<Rule>> = rules.lines().map(rule).collect::<Result<_, _>>()?;
    let kept: Vec<Rule> = asked.iter().flatten().cloned().collect();
    let scanner = Scanner::builder(&kept).build().map_err(|error| format!("{error:?}"))?;
    let (mut rest, mut found, mut written) = (text.as_str(), 0, 0);
    while !rest.is_empty() {
        let (now, later) = rest.split_at(end_of_line(rest, least));
        let mut event = now.to_owned();
        found += scanner.scan(&mut event).map_err(|error| format!("{error:?}"))?.len();
        written += event.len();
        rest = later;
    }
    println!(
        "{{\"found\":{found},\"rules\":{},\"refused\":{},\"written\":{written}}}",
        kept.len(),
        asked.len() - kept.len()
    );
    Ok(())
}

/// One rule, or none when the scanner refuses its pattern.
fn rule(line: &str) -> Result<Option<Rule>, Box<dyn Error>> {
    let (validator, pattern) = line.split_once('\t').ok_or("a rule is VALIDATOR, tab, PATTERN")?;
    let validator = match validator {
        "-" => None,
        "luhn" => Some(SecondaryValidator::LuhnChecksum),
        "iban" => Some(SecondaryValidator::IbanChecker),
        other => return Err(format!("{other:?} is no validator here").into()),
    };
    let config = RegexRuleConfig::new(pattern).with_validator(validator).build();
    let rule = RootRuleConfig::new(config).match_action(MatchAction::redact("[REDACTED]"));
    Ok(Scanner::builder(std::slice::from_ref(&rule)).build().is_ok().then_some(rule))
}

/// The end of the first line that ends at or after `least`.
fn end_of_line(text: &str, least: usize) -> usize {
    let from = least.min(text.len()).saturating_sub(1);
    text.as_bytes()[from..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| from + at + 1)
}
