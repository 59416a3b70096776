//! `consent check --input`: a log of processing, judged line by line.

use std::path::{Path, PathBuf};

use model::Fault;
use privacy::consent::Tip;
use serde_json::{Value, json};

use crate::cli::consent::processed::{Judged, Reading, counts, judge};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::output::{Page, Show};
use crate::cli::table::{Cell, Table};
use crate::commands::Done;

/// So many lines are listed; the others are counted.
const LISTED_MAX: usize = 10_000;

pub(super) fn run(context: &mut Context, path: &Path, reading: &Reading<'_>) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "consent.processing-checked");
    let (mut judged, tip) = judge(context, path, reading)?;
    let counts = counts(&judged);
    let exit = match counts {
        [_, 0, 0] => Exit::Done,
        [_, 0, _] => Exit::NoVerdict,
        _ => Exit::No,
    };
    for (name, count) in ["compliant", "violations", "gaps"].iter().zip(counts) {
        context.trace.count(name, count);
    }
    judged.retain(|one| one.finding != "compliant");
    Ok(Done::showing(exit, Report { path: path.to_path_buf(), counts, judged, tip }))
}

struct Report {
    path: PathBuf,
    counts: [u64; 3],
    judged: Vec<Judged>,
    tip: Tip,
}

impl Show for Report {
    fn json(&self) -> Value {
        let [compliant, violations, gaps] = self.counts;
        let one = |one: &Judged| {
            json!({
                "line": one.line, "finding": one.finding, "reason": one.reason, "purpose": one.purpose,
                "time": one.time.map(|time| time.to_string()),
                "decided_by": one.by.map(|(line, since)| json!({"line": line, "since": since.to_string()})),
            })
        };
        json!({
            "schema": "consent-processing/1", "input": self.path.display().to_string(), "compliant": compliant,
            "violations": violations, "gaps": gaps,
            "findings": self.judged.iter().take(LISTED_MAX).map(one).collect::<Vec<_>>(),
            "not_listed": self.judged.len().saturating_sub(LISTED_MAX),
            "log": {"lines": self.tip.lines, "head": self.tip.digest.hex()},
        })
    }

    fn human(&self, page: &mut Page) {
        let [compliant, violations, gaps] = self.counts.map(model::grouped);
        page.line(format!("{compliant} with consent, {violations} without, {gaps} that cannot be judged."));
        if self.judged.is_empty() {
            return;
        }
        let mut table = Table::new(&["line", "finding", "reason", "purpose", "time", "since"]);
        for one in self.judged.iter().take(LISTED_MAX) {
            let cells = [
                one.line.to_string(),
                one.finding.to_owned(),
                one.reason.to_owned(),
                one.purpose.clone().unwrap_or_default(),
                one.time.map(|time| time.to_string()).unwrap_or_default(),
                one.by.map(|(_, since)| since.to_string()).unwrap_or_default(),
            ];
            table.row(cells.map(Cell::from));
        }
        page.table(&table);
    }
}
