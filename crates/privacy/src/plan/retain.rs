//! What the law keeps: `meta.probity.retain` of a collection (GDPR Art. 17(3)).

use std::collections::BTreeSet;

use super::replace;
use crate::discover::{FoundRow, cell};
use crate::graph::{Graph, column_or_path};
use crate::retention::Period;

/// Why and until when rows are kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Retention {
    pub(super) code: String,
    pub(super) law: String,
    pub(super) until: Option<String>,
    pub(super) approver: Option<String>,
}

impl Retention {
    /// What keeps `row` today; `None` when nothing does, or does no more.
    pub(super) fn of(graph: &Graph, node: usize, row: &FoundRow, today: &str) -> Option<Self> {
        let settings = &graph.nodes[node].mapped.as_ref()?.settings;
        if !settings.has("retain") {
            return None;
        }
        let word = |key: &str| settings.word(&format!("retain.{key}"));
        let counted = || {
            let from = column_or_path(&graph.nodes[node].collection, word("from")?);
            Period::parse(word("period")?)?.last_day(cell(graph, node, &from, &row.cells)?)
        };
        let until = word("until").map(str::to_owned).or_else(counted);
        // A date that cannot be computed is no reason to delete what the law keeps: it is kept, without a last day.
        if until.as_deref().is_some_and(|until| until < today) {
            return None;
        }
        Some(Retention {
            code: word("code").or(settings.word("retain")).unwrap_or("17-3-b").to_owned(),
            law: word("law").unwrap_or_default().to_owned(),
            until,
            approver: word("approver").map(str::to_owned),
        })
    }

    /// The fields that are anonymised in the rows that are kept: those that the map lists, or else all personal ones.
    pub(super) fn fields(&self, graph: &Graph, node: usize) -> Vec<String> {
        let fields: BTreeSet<String> = replace::fields(graph, node, true).iter().map(ToString::to_string).collect();
        fields.into_iter().collect()
    }
}
