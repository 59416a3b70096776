//! The fact of the consents: how they stand, what is wrong with those that hold, and what was done without one.

use std::collections::BTreeSet;
use std::path::Path;

use model::Fault;
use privacy::consent::{Tally, Tip};
use privacy::identity::Rules;
use rules::{Gap, Source};
use serde_json::{Value, json};

use super::{Collected, Context, Found, gap};
use crate::cli::consent::processed::{Judged, Reading, counts, judge};
use crate::cli::consent::{Consents, LOG};
use crate::cli::subject;

/// Violations and gaps of a log of processing; more are counted.
const LISTED_MAX: usize = 1_000;
/// Lines that a finding names; more are counted.
const NAMED_MAX: usize = 20;

/// `consent`.
pub(super) fn collect(context: &Context, _: &BTreeSet<&str>) -> Found {
    let collected = match read(context) {
        Err(fault) => Collected::failed("the log of consents", &fault),
        Ok(None) => {
            Collected::not_given("no consent was ever recorded; `probity consent record` and `import` enter them")
        }
        Ok(Some((value, tip, gaps))) => {
            let name = "the log of consents".to_owned();
            Collected::now(context, value, vec![Source { name, digest: Some(tip.digest) }], gaps)
        }
    };
    vec![("consent", collected)]
}

fn read(context: &Context) -> Result<Option<(Value, Tip, Vec<Gap>)>, Fault> {
    let Some(consents) = Consents::known(context)? else { return Ok(None) };
    let mut tally = Tally::default();
    let tip = consents.read(context, &mut |line, digest, _, _| {
        tally.add(line, digest);
        Ok(())
    })?;
    let (processing, processed, gaps) = processing(context);
    let mut value = tallied(context, tally, &tip);
    value["lines"] = tip.lines.into();
    value["processing"] = processing;
    value["processed"] = processed;
    Ok(Some((value, tip, gaps)))
}

fn tallied(context: &Context, tally: Tally, tip: &Tip) -> Value {
    let path = context.project.state(LOG).display().to_string();
    let (purposes, flaws) = tally.finish(tip.now(context.now()));
    let lines = |purpose: &str, flaw: &str| -> Vec<String> {
        let of = flaws.iter().filter(|one| one.purpose == purpose && one.flaw == flaw).take(NAMED_MAX);
        of.map(|one| format!("line {} ({})", one.number + 1, one.digest.short())).collect()
    };
    let purposes = purposes.iter().map(|(purpose, tally)| {
        json!({
            "purpose": purpose, "given": tally.given, "withdrawn": tally.withdrawn, "refused": tally.refused, "objected": tally.objected,
            "expired": tally.expired, "without_proof": tally.without_proof, "outdated_notice": tally.outdated_notice,
            "endless": tally.endless, "children": tally.children,
            "child_without_guardian": tally.child_without_guardian,
            "unproven": lines(purpose, "without-proof"), "outdated": lines(purpose, "outdated-notice"),
            "alone": lines(purpose, "child-without-guardian"), "withdrawal_delay": tally.withdrawal_delay, "place": path,
        })
    });
    let flaws = flaws.iter().map(|flaw| {
        let place = format!("{path}:{}", flaw.number + 1);
        json!({"purpose": flaw.purpose, "flaw": flaw.flaw, "digest": flaw.digest.hex(), "place": place})
    });
    json!({"purposes": purposes.collect::<Vec<_>>(), "flaws": flaws.collect::<Vec<_>>()})
}

/// The log of processing that the setting `privacy.processing` names; a log that cannot be read is a gap.
fn processing(context: &Context) -> (Value, Value, Vec<Gap>) {
    let name = context.config.text("privacy.processing");
    if name.is_empty() {
        return (json!([]), json!([]), Vec::new());
    }
    let path = context.project.root().join(name);
    match judged(context, &path) {
        Err(fault) => (json!([]), json!([]), vec![gap("the log of processing", &fault)]),
        Ok(judged) => {
            let [compliant, violations, gaps] = counts(&judged);
            let violated = judged.iter().filter(|one| one.finding == "violation").take(NAMED_MAX);
            let violated: Vec<String> = violated.map(|one| format!("line {}: {}", one.line, one.reason)).collect();
            let log = json!([{
                "violated": violated, "compliant": compliant, "violations": violations, "gaps": gaps, "place": path.display().to_string(),
            }]);
            let listed = judged.iter().filter(|one| one.finding != "compliant").take(LISTED_MAX);
            (log, listed.map(|one| shown(one, &path)).collect(), Vec::new())
        }
    }
}

fn judged(context: &Context, path: &Path) -> Result<Vec<Judged>, Fault> {
    let rules = Rules { region: subject::region(context, None)?, fold_plus: false };
    judge(context, path, &Reading { rules, purpose: None }).map(|(judged, _)| judged)
}

fn shown(one: &Judged, path: &Path) -> Value {
    json!({
        "finding": one.finding, "reason": one.reason, "purpose": one.purpose,
        "time": one.time.map(|time| time.to_string()), "place": format!("{}:{}", path.display(), one.line),
    })
}
