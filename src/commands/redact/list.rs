//! The list of detectors.

use model::Fault;
use redact::Detector;
use serde_json::{Value, json};

use crate::cli::output::{Page, Show};
use crate::cli::table::Table;

/// The list of detectors.
pub(super) struct Detectors(Vec<Detector>);

impl Detectors {
    pub(super) fn all() -> Result<Self, Fault> {
        let mut all = Detector::built_in()?;
        all.extend(Detector::requested()?);
        Ok(Detectors(all))
    }
}

impl Show for Detectors {
    fn json(&self) -> Value {
        let list = self.0.iter().map(|one| json!({"id": &*one.id, "type": &*one.kind, "about": one.about}));
        json!({"schema": "detectors/1", "detectors": list.collect::<Vec<_>>()})
    }

    fn human(&self, page: &mut Page) {
        let mut table = Table::new(&["detector", "type", "what"]);
        for one in &self.0 {
            table.row([(&*one.id).into(), (&*one.kind).into(), one.about.as_str().into()]);
        }
        page.table(&table);
    }
}
