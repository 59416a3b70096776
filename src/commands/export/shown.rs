//! What `export` says.

use std::path::PathBuf;

use model::{counted, grouped};
use privacy::export::{Scope, Written};
use privacy::register::Request;
use serde_json::{Value, json};

use super::Format;
use crate::cli::output::{Page, Show};
use crate::cli::table::Table;

/// An export that was written.
pub(super) struct Handed {
    pub(super) request: Request,
    pub(super) path: PathBuf,
    pub(super) format: Format,
    pub(super) scope: Scope,
    pub(super) encrypted: bool,
    pub(super) demo: bool,
    /// Fingerprint of the key that signed.
    pub(super) signer: String,
    /// The signature, where it lies beside the document.
    pub(super) signature: Option<PathBuf>,
    /// Fields in which the person was found only because case or punctuation do not count.
    pub(super) folded: Vec<String>,
    pub(super) whole: bool,
    /// What is missing in it.
    pub(super) gaps: Vec<String>,
    /// Where the map does not fit the stores.
    pub(super) map_gaps: Vec<String>,
    pub(super) counts: Vec<(String, u64)>,
    pub(super) written: Written,
}

impl Show for Handed {
    fn json(&self) -> Value {
        let collections: Vec<Value> =
            self.counts.iter().map(|(name, rows)| json!({"collection": name, "rows": rows})).collect();
        json!({
            "schema": "export-result/1",
            "request_id": self.request.id,
            "status": self.request.status.words().0,
            "expected_by": self.request.due.map(|due| due.to_string()),
            "output": self.path.display().to_string(),
            "format": self.format.word(),
            "article": if self.scope == Scope::Portability { "20" } else { "15" },
            "encrypted": self.encrypted,
            "complete": self.whole,
            "rows": self.written.rows,
            "collections": collections,
            "taken_out": self.written.taken,
            "found_folded": self.folded,
            "gaps": self.gaps,
            "map_gaps": self.map_gaps,
            "missing_information": self.written.missing,
            "manifest_sha256": self.written.manifest.map(|digest| digest.hex()),
            "signer": self.signer,
            "signature": self.signature.as_ref().map(|path| path.display().to_string()),
            "demo_key": self.demo,
        })
    }

    fn human(&self, page: &mut Page) {
        let mut table = Table::new(&["collection", "rows"]);
        for (name, rows) in &self.counts {
            table.row([name.as_str().into(), grouped(*rows).into()]);
        }
        page.table(&table);
        page.gap();
        page.field("request", &self.request.id);
        page.field("output", self.path.display().to_string());
        page.field("rows", grouped(self.written.rows));
        if self.written.taken > 0 {
            page.field("taken out", format!("{} (third_party.json says where)", grouped(self.written.taken)));
        }
        page.field("signed with", format!("{}{}", self.signer, if self.demo { " – a DEMO key" } else { "" }));
        if let Some(signature) = &self.signature {
            page.field("signature", signature.display().to_string());
        }
        let missing = self.written.missing.len() as u64;
        if missing > 0 {
            page.field(
                "not stated",
                format!("{} of Art. 15(1) (information.json lists them)", counted(missing, "point", "points")),
            );
        }
        for field in &self.folded {
            page.line(format!("Found in {field} without regard to case or punctuation."));
        }
        for gap in &self.gaps {
            page.line(format!("Gap: {gap}"));
        }
        for gap in &self.map_gaps {
            page.line(format!("Map: {gap}"));
        }
        if !self.whole {
            page.line("This is not everything: a store could not be asked. The request stays open.");
        }
    }
}
