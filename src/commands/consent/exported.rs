//! What `consent export` has written, as it is shown.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ValueEnum as _;
use serde_json::{Value, json};

use super::export::{ExportArgs, Format};
use crate::cli::output::{Page, Show};

/// What was written.
pub(super) struct Exported {
    pub(super) path: PathBuf,
    pub(super) format: Format,
    pub(super) acts: u64,
    pub(super) records: u64,
    /// Records with every field that ISO/IEC TS 27560 demands.
    pub(super) complete: u64,
    /// How many records lack a field.
    pub(super) missing: BTreeMap<&'static str, u64>,
}

impl Exported {
    /// Before anything is counted.
    pub(super) fn new(args: &ExportArgs, acts: u64) -> Self {
        let (path, format) = (args.output.clone(), args.format);
        Exported { path, format, acts, records: acts, complete: 0, missing: BTreeMap::new() }
    }
}

impl Show for Exported {
    fn json(&self) -> Value {
        let format = self.format.to_possible_value().map(|value| value.get_name().to_owned());
        json!({
            "schema": "consent-export/1", "output": self.path.display().to_string(), "format": format, "acts": self.acts,
            "records": self.records, "complete": self.complete, "missing": self.missing,
        })
    }

    fn human(&self, page: &mut Page) {
        let (records, acts) = (model::grouped(self.records), model::grouped(self.acts));
        page.line(format!("{records} records of {acts} acts are in {}.", self.path.display()));
        if self.format == Format::Dpv && self.complete < self.records {
            let complete = model::grouped(self.complete);
            let missing: Vec<String> = self.missing.iter().map(|(field, count)| format!("{field} ({count})")).collect();
            page.line(format!(
                "{complete} of them have all that ISO/IEC TS 27560 demands; not said: {}",
                missing.join(", ")
            ));
        }
    }
}
