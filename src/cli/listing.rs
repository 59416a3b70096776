//! Entries of the ledger as rows: a table, CSV or JSON Lines, written as they are found.

use ledger::{Entry, Fact};
use model::Fault;
use serde_json::{Map, Value, json};

use super::context::Context;
use super::csv;
use super::output::plain;

/// One entry on its way out.
pub(crate) struct Row<'e> {
    pub(crate) index: u64,
    pub(crate) entry: &'e Entry,
}

/// Rows under way.
pub(crate) struct Listing {
    form: Form,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Screen,
    Tabs,
    Csv,
    JsonLines,
}

const HEADING: [&str; 7] = ["index", "time", "actor", "act", "outcome", "code", "details"];

impl Listing {
    /// Starts a listing in the form that the flags and the terminal ask for.
    ///
    /// # Errors
    /// When standard output cannot take it.
    pub(crate) fn begin(context: &Context, csv: bool) -> Result<Self, Fault> {
        let form = match (context.output.is_json(), csv, context.output.layout().terminal) {
            (true, ..) => Form::JsonLines,
            (_, true, _) => Form::Csv,
            (.., true) => Form::Screen,
            _ => Form::Tabs,
        };
        let mut listing = Listing { form, text: String::new() };
        match form {
            Form::Csv => listing.text = HEADING.join(",") + "\r\n",
            Form::Tabs => listing.text = HEADING.join("\t") + "\n",
            Form::Screen | Form::JsonLines => {}
        }
        Ok(listing)
    }

    /// Adds a row.
    ///
    /// # Errors
    /// When standard output cannot take it.
    pub(crate) fn row(&mut self, context: &mut Context, row: &Row<'_>) -> Result<(), Fault> {
        match self.form {
            Form::JsonLines => {
                self.text.push_str(&model::harmless_json(&row.json().to_string()));
                self.text.push('\n');
            }
            Form::Csv => {
                let cells: Vec<String> = row.cells().iter().map(|cell| csv::cell(cell)).collect();
                self.text.push_str(&cells.join(","));
                self.text.push_str("\r\n");
            }
            Form::Tabs => self.text.push_str(&(plain(&row.cells().join("\t")).into_owned() + "\n")),
            Form::Screen => {
                let [index, time, actor, act, outcome, _, details] = row.cells();
                let line = format!("{index:>6}  {time}  {actor:<12} {act:<18} {outcome:<10} {details}");
                self.text.push_str(&(plain(line.trim_end()).into_owned() + "\n"));
            }
        }
        if self.text.len() > 1 << 16 { self.end(context) } else { Ok(()) }
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    /// When standard output cannot take it.
    pub(crate) fn end(&mut self, context: &mut Context) -> Result<(), Fault> {
        let text = std::mem::take(&mut self.text);
        context.output.write(text.as_bytes())
    }
}

impl Row<'_> {
    /// The entry as `ledger-entry/1`.
    pub(crate) fn json(&self) -> Value {
        let entry = self.entry;
        let digests: Map<String, Value> =
            entry.digests.iter().map(|(name, digest)| (name.clone(), json!(digest.hex()))).collect();
        let facts: Map<String, Value> = entry.facts.iter().map(|(name, fact)| (name.clone(), value(fact))).collect();
        json!({
            "schema": "ledger-entry/1", "index": self.index, "time": entry.time.to_string(), "actor": entry.actor,
            "command": entry.command, "act": entry.act, "outcome": entry.outcome, "code": entry.code,
            "digests": digests, "facts": facts,
        })
    }

    fn cells(&self) -> [String; 7] {
        let entry = self.entry;
        let facts = entry.facts.iter().map(|(name, fact)| match fact {
            Fact::Text(text) => format!("{name}={text}"),
            Fact::Integer(integer) => format!("{name}={integer}"),
        });
        let digests = entry.digests.iter().map(|(name, digest)| format!("{name}={}", digest.short()));
        [
            self.index.to_string(),
            entry.time.to_millis(),
            entry.actor.clone(),
            entry.act.clone(),
            entry.outcome.clone(),
            entry.code.to_string(),
            facts.chain(digests).collect::<Vec<_>>().join(" "),
        ]
    }
}

fn value(fact: &Fact) -> Value {
    match fact {
        Fact::Text(text) => json!(text),
        Fact::Integer(integer) => json!(integer),
    }
}
