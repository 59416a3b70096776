//! What `case` has to show.

use evidence::{Case, Exhibit};
use model::ByteSize;
use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::{self, Unfinished};
use crate::cli::journal::Wanted;
use crate::cli::output::{Output, Page, Show};
use crate::cli::table::Table;

/// An act without more to say.
pub(super) struct Said {
    pub(super) what: &'static str,
    pub(super) id: String,
}

impl Show for Said {
    fn json(&self) -> Value {
        json!({"schema": "case-act/1", "case": self.id, "act": self.what})
    }

    fn human(&self, page: &mut Page) {
        page.field(self.what, &self.id);
    }
}

/// Exhibits that were taken in.
pub(super) struct Added {
    case: String,
    pub(super) exhibits: Vec<Exhibit>,
    /// Those that were in the case already.
    pub(super) present: Vec<Exhibit>,
    pub(super) unfinished: Option<Unfinished>,
}

const PRESENT: &str = "present";

impl Added {
    /// Nothing so far.
    pub(super) fn to(case: &str) -> Self {
        Added { case: case.to_owned(), exhibits: Vec::new(), present: Vec::new(), unfinished: None }
    }

    /// 5 where some files are left.
    pub(super) fn exit(&self) -> Exit {
        if self.unfinished.is_some() { Exit::Partial } else { Exit::Done }
    }

    /// What the ledger will hold. An act that changed nothing says nothing about the end of the custody record.
    pub(super) fn trace(&self, context: &mut Context, case: &Case) {
        if self.act() == PRESENT {
            return context.trace.begin(Wanted::WhereThere, "case.present");
        }
        for exhibit in &self.exhibits {
            context.trace.digest(&exhibit.id, exhibit.sha256);
        }
        if let Some(unfinished) = &self.unfinished {
            context.trace.unfinished(unfinished);
        }
        context.trace.custody(case);
    }

    fn act(&self) -> &'static str {
        if self.exhibits.is_empty() { PRESENT } else { "collected" }
    }

    /// What is wrong goes to standard error, so that `--quiet` leaves it.
    pub(super) fn complain(&self, output: &Output) {
        if let Some(Unfinished { fault, left }) = &self.unfinished {
            output.error(fault);
            let all = self.exhibits.len() + self.present.len() + left;
            let are = if *left == 1 { "is" } else { "are" };
            output.warn(&format!("{left} of {all} files {are} not in the case"));
        }
    }
}

fn exhibit_json(exhibit: &Exhibit) -> Value {
    json!({"id": exhibit.id, "name": exhibit.original_name, "size": exhibit.size, "sha256": exhibit.sha256.hex()})
}

fn exhibit_table(exhibits: &[Exhibit]) -> Table {
    let mut table = Table::new(&["exhibit", "name", "size", "sha256"]);
    for exhibit in exhibits {
        let size = ByteSize(exhibit.size).to_string();
        table.row([
            exhibit.id.as_str().into(),
            exhibit.original_name.as_str().into(),
            size.into(),
            exhibit.sha256.hex().into(),
        ]);
    }
    table
}

impl Show for Added {
    fn json(&self) -> Value {
        let exhibits: Vec<Value> = self.exhibits.iter().map(exhibit_json).collect();
        let present: Vec<Value> = self.present.iter().map(exhibit_json).collect();
        let left = self.unfinished.as_ref().map_or(0, |unfinished| unfinished.left);
        json!({"schema": "case-act/1", "case": self.case, "act": self.act(), "exhibits": exhibits,
            "present": present, "left": left,
            "failure": self.unfinished.as_ref().map(|unfinished| failure::document(&unfinished.fault))})
    }

    fn human(&self, page: &mut Page) {
        if !self.exhibits.is_empty() {
            page.table(&exhibit_table(&self.exhibits));
        }
        for Exhibit { id, original_name, .. } in &self.present {
            page.line(format!("{original_name} is exhibit {id} already; nothing was added for it."));
        }
    }
}

/// Exhibits and custody of a case.
pub(super) struct Shown(pub(super) Case);

impl Show for Shown {
    fn json(&self) -> Value {
        let custody: Vec<Value> = self.0.custody().entries.iter().map(|entry| json!({
            "seq": entry.seq, "time": entry.time.to_string(), "act": entry.deed.word(), "exhibit": entry.exhibit,
            "by": entry.by, "purpose": entry.purpose,
            "sha256_before": entry.sha256_before.map(|digest| digest.hex()),
            "sha256_after": entry.sha256_after.map(|digest| digest.hex()),
        })).collect();
        let exhibits: Vec<Value> = self.0.exhibits().iter().map(exhibit_json).collect();
        json!({"schema": "case-shown/1", "case": self.0.id(), "title": self.0.title(), "exhibits": exhibits, "custody": custody,
            "custody_head": self.0.custody().head.hex()})
    }

    fn human(&self, page: &mut Page) {
        page.heading(&format!("{}: {}", self.0.id(), self.0.title()));
        page.table(&exhibit_table(&self.0.exhibits()));
        page.gap();
        let mut table = Table::new(&["time", "act", "exhibit", "by", "purpose"]);
        for entry in &self.0.custody().entries {
            let exhibit = entry.exhibit.clone().unwrap_or_default();
            table.row([
                entry.time.to_string().into(),
                entry.deed.word().into(),
                exhibit.into(),
                entry.by.as_str().into(),
                entry.purpose.as_str().into(),
            ]);
        }
        page.table(&table);
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
