//! What an act has to show.

use std::path::PathBuf;

use evidence::custody::{Countersigned, Deed, Entry, STATEMENT_NAMESPACE, Statement};
use evidence::{Case, Exhibit, Recorded};
use serde_json::{Value, json};

use super::{exhibit_json, exhibit_table, signed_json, status};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::{self, Unfinished};
use crate::cli::journal::Wanted;
use crate::cli::output::{Output, Page, Show};

/// An act without more to say.
pub(crate) struct Said {
    pub(crate) what: &'static str,
    pub(crate) id: String,
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
pub(crate) struct Added {
    case: String,
    pub(crate) exhibits: Vec<Exhibit>,
    /// Those that were in the case already.
    pub(crate) present: Vec<Exhibit>,
    pub(crate) unfinished: Option<Unfinished>,
}

const PRESENT: &str = "present";
/// How many exhibits an entry of the ledger names.
const TRACED: usize = 100;

impl Added {
    /// Nothing so far.
    pub(crate) fn to(case: &str) -> Self {
        Added { case: case.to_owned(), exhibits: Vec::new(), present: Vec::new(), unfinished: None }
    }

    /// 5 where some files are left.
    pub(crate) fn exit(&self) -> Exit {
        if self.unfinished.is_some() { Exit::Partial } else { Exit::Done }
    }

    /// What the ledger will hold. An act that changed nothing says nothing about the end of the custody record.
    pub(crate) fn trace(&self, context: &mut Context, case: &Case) {
        if self.act() == PRESENT {
            return context.trace.begin(Wanted::WhereThere, "case.present");
        }
        // An entry of the ledger has an end. The custody record has the digest of each exhibit, and the entry that of the record.
        for exhibit in self.exhibits.iter().take(TRACED) {
            context.trace.digest(&exhibit.id, exhibit.sha256);
        }
        context.trace.count("exhibits", self.exhibits.len() as u64);
        if let Some(unfinished) = &self.unfinished {
            context.trace.unfinished(unfinished);
        }
        context.trace.custody(case);
    }

    fn act(&self) -> &'static str {
        if self.exhibits.is_empty() { PRESENT } else { "collected" }
    }

    /// What is wrong goes to standard error, so that `--quiet` leaves it.
    pub(crate) fn complain(&self, output: &Output) {
        if let Some(Unfinished { fault, left }) = &self.unfinished {
            output.error(fault);
            let all = self.exhibits.len() + self.present.len() + left;
            let are = if *left == 1 { "is" } else { "are" };
            output.warn(&format!("{left} of {all} files {are} not in the case"));
        }
    }
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
            page.table(&exhibit_table(&self.exhibits, &status));
        }
        for Exhibit { id, original_name, .. } in &self.present {
            page.line(format!("{original_name} is exhibit {id} already; nothing was added for it."));
        }
    }
}

/// What a receiver has to sign.
pub(crate) struct Stated {
    pub(crate) statement: Statement,
    pub(crate) path: PathBuf,
}

impl Show for Stated {
    fn json(&self) -> Value {
        json!({"schema": "case-act/1", "case": self.statement.case, "act": "stated", "exhibit": self.statement.exhibit,
            "sha256": self.statement.sha256.hex(), "from": self.statement.from, "to": self.statement.to,
            "statement": self.path.display().to_string()})
    }

    fn human(&self, page: &mut Page) {
        let path = self.path.display();
        page.line("Nothing is recorded yet. Whoever receives the exhibit reads the statement and signs it:");
        page.line(format!("  ssh-keygen -Y sign -f KEY -n {STATEMENT_NAMESPACE} {path}"));
        page.line("Then record the transfer:");
        let Statement { case, exhibit, .. } = &self.statement;
        page.line(format!(
            "  probity case transfer {case} {exhibit} --countersignature {path}.sig --receiver-key KEY.pub"
        ));
    }
}

/// An exhibit that changed hands or was looked at.
pub(crate) struct Handled {
    pub(crate) case: String,
    pub(crate) entry: Entry,
    pub(crate) countersigned: Option<Countersigned>,
    /// Where the exhibit is, for whoever looks at it.
    pub(crate) file: Option<String>,
}

impl Show for Handled {
    fn json(&self) -> Value {
        let entry = &self.entry;
        json!({"schema": "case-act/1", "case": self.case, "act": entry.deed.word(), "exhibit": entry.exhibit,
            "sha256": entry.sha256_after.map(|digest| digest.hex()), "from": entry.from, "to": entry.to,
            "countersigned": signed_json(self.countersigned.as_ref()), "file": self.file})
    }

    fn human(&self, page: &mut Page) {
        page.field(self.entry.deed.word(), self.entry.exhibit.as_deref().unwrap_or_default());
        for (name, value) in [("from", &self.entry.from), ("to", &self.entry.to), ("file", &self.file)] {
            if let Some(value) = value {
                page.field(name, value);
            }
        }
        page.field(
            "digest",
            match (self.entry.hash_match(), self.entry.deed) {
                (Some(true), _) => "the same as when it was collected",
                (None, Deed::Destroyed) => "the same as when it was collected; the file is gone",
                _ => "not compared",
            },
        );
        if let Some(countersigned) = &self.countersigned {
            page.field("signature", countersigned.said());
        }
    }
}

/// A record of what a model said that was taken in.
pub(crate) struct Reasoned {
    pub(crate) case: String,
    pub(crate) recorded: Recorded,
}

impl Show for Reasoned {
    fn json(&self) -> Value {
        json!({"schema": "case-act/1", "case": self.case, "act": "reasoned", "file": self.recorded.file,
            "sha256": self.recorded.sha256.hex()})
    }

    fn human(&self, page: &mut Page) {
        page.field("recorded", &self.recorded.file);
        page.field("sha256", self.recorded.sha256.hex());
    }
}
