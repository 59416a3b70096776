//! `consent show` without a person: how many consents hold, by purpose, and what is wrong with them.

use std::collections::BTreeMap;

use model::Fault;
use privacy::consent::{Flaw, Notice, PurposeTally, Tally, Tip};
use serde_json::{Value, json};

use crate::cli::consent::{Consents, shown};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::output::{Page, Show};
use crate::cli::table::{Cell, Table};
use crate::commands::Done;

pub(super) fn run(context: &mut Context, wanted: impl Fn(&str) -> bool) -> Result<Done, Fault> {
    let mut tally = Tally::default();
    let tip = match Consents::known(context)? {
        Some(consents) => consents.read(context, &mut |line, digest, _, _| {
            tally.add(line, digest);
            Ok(())
        })?,
        None => Tip::start(),
    };
    let notices = tally.notices().clone();
    let (mut purposes, mut flaws) = tally.finish(tip.now(context.now()));
    purposes.retain(|purpose, _| wanted(purpose));
    flaws.retain(|flaw| wanted(&flaw.purpose));
    Ok(Done::showing(Exit::Done, Summary { purposes, flaws, notices, tip }))
}

struct Summary {
    purposes: BTreeMap<String, PurposeTally>,
    flaws: Vec<Flaw>,
    notices: BTreeMap<u64, Notice>,
    tip: Tip,
}

impl Show for Summary {
    fn json(&self) -> Value {
        let purposes = self.purposes.iter().map(|(purpose, tally)| {
            json!({
                "purpose": purpose, "given": tally.given, "withdrawn": tally.withdrawn, "refused": tally.refused, "objected": tally.objected,
                "expired": tally.expired, "without_proof": tally.without_proof, "outdated_notice": tally.outdated_notice,
                "endless": tally.endless, "children": tally.children,
                "child_without_guardian": tally.child_without_guardian,
                "withdrawal_delay_seconds": tally.withdrawal_delay,
                "last": tally.last.map(|time| time.to_string()),
            })
        });
        let flaws = self.flaws.iter().map(|flaw| {
            json!({"line": flaw.number + 1, "digest": flaw.digest.hex(), "purpose": flaw.purpose, "flaw": flaw.flaw})
        });
        json!({
            "schema": "consent-summary/1", "lines": self.tip.lines, "head": self.tip.digest.hex(),
            "purposes": purposes.collect::<Vec<_>>(), "flaws": flaws.collect::<Vec<_>>(),
            "notices": self.notices.values().map(shown::notice).collect::<Vec<_>>(),
        })
    }

    fn human(&self, page: &mut Page) {
        if self.purposes.is_empty() {
            return page.line("No consent is on record.");
        }
        let heads = [
            "purpose",
            "given",
            "withdrawn",
            "refused",
            "objected",
            "expired",
            "without proof",
            "old notice",
            "child alone",
        ];
        let mut table = Table::new(&heads);
        for (purpose, tally) in &self.purposes {
            let counts = [
                tally.given,
                tally.withdrawn,
                tally.refused,
                tally.objected,
                tally.expired,
                tally.without_proof,
                tally.outdated_notice,
                tally.child_without_guardian,
            ];
            table.row([Cell::from(purpose.as_str())].into_iter().chain(counts.map(Cell::Count)));
        }
        page.table(&table);
        page.line(format!("The log has {} lines and its chain is whole.", model::grouped(self.tip.lines)));
    }
}
