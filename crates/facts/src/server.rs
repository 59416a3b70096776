//! What live servers said of their settings → facts, one module per kind of server.
//!
//! Whoever asked gives [`Heard`]: rows of texts by the name of the question. What was not answered is unknown, a null, and
//! says in `refused` what would make it known; it is never taken for what a default would be.

mod all;
mod mariadb;
mod nats;
mod postgresql;
mod redis;

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Rows of texts, as a server gave them.
pub type Rows = Vec<Vec<Option<String>>>;

/// What one server said.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'h> {
    /// Its name in the project's settings.
    pub store: &'h str,
    /// Answers, by the name of the question.
    pub answers: &'h BTreeMap<&'static str, Rows>,
    /// Names of questions that were refused: why, and what would let them be asked.
    pub refused: &'h [(&'static str, String)],
}

/// The kinds of servers, by the fact that tells of them.
pub const KINDS: [&str; 4] = ["mariadb", "nats", "postgresql", "redis"];

/// All servers of `kind` as the value of the fact of that name.
pub fn interpret(kind: &str, heard: &[Heard<'_>]) -> Value {
    match kind {
        "mariadb" => mariadb::value(heard),
        "nats" => nats::value(heard),
        "postgresql" => postgresql::value(heard),
        "redis" => redis::value(heard),
        _ => Value::Null,
    }
}

/// What servers of every kind have in common: the fact `servers`, made of the facts of the [`KINDS`].
pub fn together<'v>(facts: impl Iterator<Item = (&'v str, &'v Value)>) -> Value {
    let facts: Vec<_> = facts.collect();
    json!({
        "servers": facts.iter().flat_map(|(kind, fact)| all::servers(kind, fact)).collect::<Vec<_>>(),
        "accounts": facts.iter().flat_map(|(kind, fact)| all::accounts(kind, fact)).collect::<Vec<_>>(),
    })
}

/// Servers, with their accounts and their replicas, as each server tells of itself.
fn value(
    heard: &[Heard<'_>],
    server: fn(&Heard<'_>) -> Value,
    accounts: fn(&Heard<'_>) -> Vec<Value>,
    replicas: fn(&Heard<'_>) -> Vec<Value>,
) -> Value {
    json!({
        "servers": heard.iter().map(server).collect::<Vec<_>>(),
        "accounts": heard.iter().flat_map(accounts).collect::<Vec<_>>(),
        "replicas": heard.iter().flat_map(replicas).collect::<Vec<_>>(),
    })
}

impl Heard<'_> {
    fn rows(&self, question: &str) -> Option<&Rows> {
        self.answers.get(question)
    }

    /// The first row of an answer.
    fn row(&self, question: &str) -> &[Option<String>] {
        self.rows(question).and_then(|rows| rows.first()).map(Vec::as_slice).unwrap_or_default()
    }

    /// The value beside a name, where an answer is names and values.
    fn setting(&self, question: &str, name: &str) -> Option<&str> {
        let row =
            self.rows(question)?.iter().find(|row| cell(row, 0).is_some_and(|one| one.eq_ignore_ascii_case(name)))?;
        cell(row, 1)
    }

    fn flag(&self, question: &str, name: &str) -> Option<bool> {
        self.setting(question, name).and_then(is_on)
    }

    /// Why an answer is not there.
    fn refusal(&self, question: &str) -> Option<&str> {
        self.refused.iter().find(|(name, _)| *name == question).map(|(_, why)| why.as_str())
    }

    fn refusals(&self) -> Vec<&str> {
        self.refused.iter().map(|(_, why)| why.as_str()).collect()
    }

    /// One item for each row of an answer; where it was refused, one item whose fields are unknown and that says why.
    fn items(&self, question: &str, unknown: Value, item: impl Fn(&[Option<String>]) -> Value) -> Vec<Value> {
        match (self.rows(question), self.refusal(question)) {
            (Some(rows), _) => rows.iter().map(|row| item(row)).collect(),
            (None, Some(why)) => {
                let mut unknown = unknown;
                unknown["store"] = json!(self.store);
                unknown["place"] = json!(self.store);
                unknown["refused"] = json!(why);
                vec![unknown]
            }
            (None, None) => vec![],
        }
    }
}

fn cell(row: &[Option<String>], at: usize) -> Option<&str> {
    row.get(at)?.as_deref()
}

fn is_on(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "on" | "true" | "t" | "yes" | "1" | "force" | "always" => Some(true),
        "off" | "false" | "f" | "no" | "0" | "disabled" => Some(false),
        _ => None,
    }
}

/// Whole seconds of a text with a fraction, upwards; never below zero.
fn seconds(text: &str) -> Option<i64> {
    let seconds: f64 = text.parse().ok()?;
    (seconds.is_finite() && seconds < 1e15).then(|| seconds.max(0.0).ceil() as i64)
}

/// `10.11.19` as 101119: versions that numbers compare.
fn number(version: &str) -> Option<i64> {
    let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>();
    let mut parts = version.split('.').map(|part| digits(part).parse::<i64>().ok().filter(|part| *part < 100));
    let first = parts.next()??;
    let mut next = || parts.next().flatten().unwrap_or(0);
    Some(first * 10_000 + next() * 100 + next())
}

/// Items of a list that commas or blanks part.
fn words(text: &str) -> Vec<&str> {
    text.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty()).collect()
}

/// Whether one of the addresses is every address of the machine.
fn is_everywhere(addresses: &[&str]) -> bool {
    let bare = |address: &&str| address.trim_start_matches('-').to_owned();
    addresses.iter().map(bare).any(|address| ["*", "0.0.0.0", "::", "::*"].contains(&address.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_become_numbers_that_compare() {
        let check = |version, expect| assert_eq!(number(version), expect, "{version}");
        check("10.11.19", Some(101_119));
        check("15.18", Some(151_800));
        check("7.0.15", Some(70_015));
        check("2.9.10-beta.1", Some(20_910));
        check("18beta1", Some(180_000));
        check("", None);
        check("x", None);
    }

    #[test]
    fn what_was_refused_is_one_unknown_item() {
        let answers = BTreeMap::new();
        let refused = [("hba", "pg_hba_file_rules: permission denied; GRANT …".to_owned())];
        let heard = Heard { store: "shop", answers: &answers, refused: &refused };
        let items = heard.items("hba", json!({"method": null}), |_| json!({}));
        assert_eq!(items[0]["store"], "shop");
        assert!(items[0]["method"].is_null() && items[0]["refused"].as_str().unwrap().contains("GRANT"));
        assert!(heard.items("roles", json!({}), |_| json!({})).is_empty());
    }

    #[test]
    fn lengths_of_time_are_never_negative_or_cut() {
        let check = |text, expect| assert_eq!(seconds(text), expect, "{text}");
        check("0", Some(0));
        check("-0.3", Some(0));
        check("1.2", Some(2));
        check("NaN", None);
        check("", None);
    }
}
