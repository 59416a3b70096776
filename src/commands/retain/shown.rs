//! What `retain` says before anything is done: how each collection stands, and the plan.

use std::collections::BTreeMap;

use privacy::retention::{Tally, Term};
use serde_json::{Value, json};

use crate::cli::output::{Page, Show};
use crate::cli::table::{Cell, Table};
use crate::commands::erase::scene::Scene;
use crate::commands::erase::shown;

/// How each collection that holds personal data stands.
pub(super) struct Summary {
    lines: Vec<Line>,
    as_of: String,
    most: usize,
}

struct Line {
    store: String,
    collection: String,
    periods: String,
    action: &'static str,
    undefined: Option<String>,
    place: Option<String>,
    tally: Tally,
}

impl Summary {
    pub(super) fn new(scene: &Scene, tallies: &BTreeMap<usize, Tally>, most: usize) -> Self {
        let age = scene.age.as_ref();
        let line = |term: &Term| {
            let node = &scene.graph.nodes[term.node];
            Line {
                store: node.member_name.clone(),
                collection: node.collection.name.clone(),
                periods: term.words(),
                action: term.ending.word(),
                undefined: term.undefined.clone(),
                place: term.place.as_ref().map(ToString::to_string),
                tally: tallies.get(&term.node).cloned().unwrap_or_default(),
            }
        };
        let lines = age.into_iter().flat_map(|age| age.terms.iter().flatten()).map(line).collect();
        Summary { lines, as_of: age.map(|age| age.today.to_string()).unwrap_or_default(), most }
    }

    pub(super) fn over(&self) -> u64 {
        self.lines.iter().map(|line| line.tally.over).sum()
    }

    /// Whether a period is known for everything.
    pub(super) fn is_defined(&self) -> bool {
        self.lines.iter().all(|line| line.undefined.is_none())
    }

    fn json(&self) -> Value {
        let line = |line: &Line| {
            json!({
                "store": line.store, "collection": line.collection, "periods": line.periods, "action": line.action,
                "undefined": line.undefined, "place": line.place, "over": line.tally.over, "held": line.tally.held,
                "anonymised_before": line.tally.blank, "undated": line.tally.undated, "oldest": line.tally.oldest,
            })
        };
        let lines: Vec<Value> = self.lines.iter().map(line).collect();
        json!({"as_of": self.as_of, "over": self.over(), "most": self.most, "collections": lines})
    }

    fn human(&self, page: &mut Page) {
        let mut table = Table::new(&["collection", "over", "oldest", "held", "undated", "kept"]);
        for line in &self.lines {
            table.row([
                format!("{}.{}", line.store, line.collection).into(),
                Cell::Count(line.tally.over),
                line.tally.oldest.clone().unwrap_or_default().into(),
                Cell::Count(line.tally.held),
                Cell::Count(line.tally.undated),
                line.undefined.clone().unwrap_or_else(|| line.periods.clone()).into(),
            ]);
        }
        page.table(&table);
        page.field("as of", &self.as_of);
        if self.over() > self.most as u64 {
            let text = format!("{} of {}: run it again for the rest", self.most, model::grouped(self.over()));
            page.field("in this plan", text);
        }
    }
}

/// A plan that nobody has confirmed yet, with how everything stands.
pub(super) struct Planned {
    pub(super) plan: shown::Planned,
    pub(super) summary: Summary,
}

impl Show for Planned {
    fn json(&self) -> Value {
        let mut json = self.plan.json();
        json["retention"] = self.summary.json();
        json
    }

    fn human(&self, page: &mut Page) {
        self.summary.human(page);
        page.gap();
        if self.plan.is_empty() {
            self.plan.gaps(page);
            return page.line("Nothing is to be done.");
        }
        self.plan.human(page);
    }
}
