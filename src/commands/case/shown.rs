//! What `case` has to show.

mod acts;

use evidence::custody::{Countersigned, Entry, Status};
use evidence::{Case, Exhibit, Recorded};
use model::ByteSize;
use serde_json::{Value, json};

use crate::cli::output::{Page, Show};
use crate::cli::table::Table;

pub(super) use acts::{Added, Handled, Reasoned, Said, Stated};

/// Exhibits and custody of a case.
pub(super) struct Shown(pub(super) Case);

impl Shown {
    fn entry_json(&self, entry: &Entry) -> Value {
        json!({
            "seq": entry.seq, "time": entry.time.to_string(), "act": entry.deed.word(), "exhibit": entry.exhibit,
            "by": entry.by, "role": entry.role, "recorded_by": entry.recorded_by, "from": entry.from, "to": entry.to,
            "purpose": entry.purpose, "note": entry.note, "authority": entry.authority, "seal": entry.seal, "storage": entry.storage,
            "sha256_before": entry.sha256_before.map(|digest| digest.hex()),
            "sha256_after": entry.sha256_after.map(|digest| digest.hex()),
            "hash_match": entry.hash_match(),
            "countersigned": signed_json(entry.countersigned(self.0.id()).as_ref()),
        })
    }

    fn exhibit_json(&self, exhibit: &Exhibit) -> Value {
        let mut value = exhibit_json(exhibit);
        value["holder"] = json!(self.0.custody().holder(&exhibit.id));
        value["derivation"] = json!(exhibit.derivation);
        value["ended"] = json!(self.end(exhibit).map(|line| line.deed.word()));
        value
    }

    /// The last act that ended the custody of an exhibit.
    fn end(&self, exhibit: &Exhibit) -> Option<&Entry> {
        let mut of = self.0.custody().entries.iter().filter(|entry| entry.exhibit.as_ref() == Some(&exhibit.id));
        of.rfind(|entry| entry.deed.ends_custody())
    }

    fn exhibits(&self) -> Table {
        let status = |exhibit: &Exhibit| match self.end(exhibit) {
            Some(line) => format!("{}; {} {}", status(exhibit), line.deed.word(), line.time.date()),
            None => status(exhibit),
        };
        exhibit_table(&self.0.exhibits(), &status)
    }

    /// What a line says besides who, when and why.
    fn details(&self, entry: &Entry) -> String {
        let mut said = Vec::new();
        said.extend(entry.note.clone().filter(|note| !note.trim().is_empty()));
        let named = [
            ("role", &entry.role),
            ("recorded by", &entry.recorded_by),
            ("from", &entry.from),
            ("to", &entry.to),
            ("authority", &entry.authority),
            ("seal", &entry.seal),
            ("storage", &entry.storage),
        ];
        let named = named.into_iter().filter(|(name, value)| *name != "to" || value.as_ref() != Some(&entry.by));
        said.extend(named.filter_map(|(name, value)| value.as_ref().map(|value| format!("{name} {value}"))));
        said.extend(entry.countersigned(self.0.id()).map(|signed| signed.said()));
        said.extend(
            entry.hash_match().map(|same| if same { "hash match" } else { "the hash does NOT match" }.to_owned()),
        );
        said.join("; ")
    }
}

impl Show for Shown {
    fn json(&self) -> Value {
        let custody: Vec<Value> = self.0.custody().entries.iter().map(|entry| self.entry_json(entry)).collect();
        let exhibits: Vec<Value> = self.0.exhibits().iter().map(|exhibit| self.exhibit_json(exhibit)).collect();
        let reasoning = self.0.reasoning();
        let reasoning: Vec<Value> =
            reasoning.iter().map(|record| json!({"file": record.file, "sha256": record.sha256.hex()})).collect();
        json!({"schema": "case-shown/1", "case": self.0.id(), "title": self.0.title(), "exhibits": exhibits, "reasoning": reasoning,
            "custody": custody, "custody_head": self.0.custody().head.hex()})
    }

    fn human(&self, page: &mut Page) {
        page.heading(&format!("{}: {}", self.0.id(), self.0.title()));
        page.table(&self.exhibits());
        page.gap();
        let mut table = Table::new(&["time", "act", "exhibit", "by", "purpose", "details"]);
        for entry in &self.0.custody().entries {
            table.row([
                entry.time.to_string().into(),
                entry.deed.word().into(),
                entry.exhibit.clone().unwrap_or_default().into(),
                entry.by.as_str().into(),
                entry.purpose.as_str().into(),
                self.details(entry).into(),
            ]);
        }
        page.table(&table);
        for Recorded { file, .. } in self.0.reasoning() {
            page.line(format!("AI reasoning, which is no fact: {file}"));
        }
        page.line(format!("The custody chain is unbroken; its head is {}.", self.0.custody().head.short()));
    }
}

/// The cases of a project.
pub(super) struct Listed(pub(super) Vec<String>);

impl Show for Listed {
    fn json(&self) -> Value {
        json!({"schema": "cases/1", "cases": self.0})
    }

    fn human(&self, page: &mut Page) {
        for id in &self.0 {
            page.line(id);
        }
    }
}

fn exhibit_json(exhibit: &Exhibit) -> Value {
    json!({"id": exhibit.id, "name": exhibit.original_name, "size": exhibit.size, "sha256": exhibit.sha256.hex(),
        "status": exhibit.status.map(Status::word), "parent": exhibit.parent})
}

fn exhibit_table(exhibits: &[Exhibit], status: &dyn Fn(&Exhibit) -> String) -> Table {
    let mut table = Table::new(&["exhibit", "name", "size", "sha256", "status"]);
    for exhibit in exhibits {
        let size = ByteSize(exhibit.size).to_string();
        table.row([
            exhibit.id.as_str().into(),
            exhibit.original_name.as_str().into(),
            size.into(),
            exhibit.sha256.hex().into(),
            status(exhibit).into(),
        ]);
    }
    table
}

fn status(exhibit: &Exhibit) -> String {
    let word = exhibit.status.map_or("not recorded", Status::word);
    let of = match exhibit.status {
        Some(Status::Derived) => "from",
        _ => "of",
    };
    exhibit.parent.as_ref().map_or(word.to_owned(), |parent| format!("{word} {of} {parent}"))
}

/// The fingerprint of the receiver's key; null without a good signature.
fn signed_json(countersigned: Option<&Countersigned>) -> Option<&str> {
    match countersigned {
        Some(Countersigned::By(fingerprint)) => Some(fingerprint),
        _ => None,
    }
}
