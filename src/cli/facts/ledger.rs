//! The fact `ledger`: the project's own log, verified.

use std::collections::BTreeSet;

use ledger::View;
use model::{Fault, Instant};
use rules::Source;
use serde_json::{Value, json};

use super::{Collected, Context, Found};
use crate::cli::journal;
use crate::cli::progress::Count;

/// Verifies the ledger, and reads its times.
pub(super) fn collect(context: &Context, _: &BTreeSet<&str>) -> Found {
    let collected = match journal::existing_folder(context) {
        Err(_) => Collected::not_given("there is no ledger here; any command that changes something begins one"),
        Ok(folder) => match read(context, &folder) {
            Err(fault) => Collected::failed("the ledger", &fault),
            Ok(value) => {
                let source = Source { name: folder.display().to_string(), digest: Some(super::sheet::digest(&value)) };
                Collected::now(context, value, vec![source], vec![])
            }
        },
    };
    vec![("ledger", collected)]
}

fn read(context: &Context, folder: &std::path::Path) -> Result<Value, Fault> {
    let known = [journal::verifier(context)?];
    let verified = ledger::verify(folder, &known, &[], &*context.progress(Count::Items));
    let view = View::open(folder)?;
    let mut times = Times::default();
    for item in view.entries(0..view.size()) {
        let item = item?;
        let entry = item.entry()?;
        times.next(item.index, entry.time);
        times.unfinished += u64::from(matches!(entry.outcome.as_str(), "partial" | "interrupted" | "internal"));
    }
    let gap = times.longest.as_ref();
    let log = json!({
        "entries": view.size(), "signed": view.signed_size(),
        "sound": verified.is_ok(), "fault": verified.err().map(|fault| fault.message().to_owned()),
        "first": times.first.map(|time| time.to_string()), "last": times.last.map(|time| time.to_string()),
        "longest_gap": gap.map(|(seconds, _)| seconds), "gap_before": gap.map(|(_, index)| index),
        "backwards": times.backwards, "unfinished": times.unfinished, "place": folder.display().to_string(),
    });
    Ok(json!({"logs": [log]}))
}

/// What the times of the entries say.
#[derive(Default)]
struct Times {
    first: Option<Instant>,
    last: Option<Instant>,
    /// Seconds, and the index of the entry behind the gap.
    longest: Option<(i64, u64)>,
    backwards: u64,
    unfinished: u64,
}

impl Times {
    fn next(&mut self, index: u64, time: Instant) {
        self.first.get_or_insert(time);
        if let Some(last) = self.last {
            let seconds = time.seconds() - last.seconds();
            self.backwards += u64::from(time < last);
            if self.longest.is_none_or(|(longest, _)| seconds > longest) && seconds >= 0 {
                self.longest = Some((seconds, index));
            }
        }
        self.last = Some(time);
    }
}
