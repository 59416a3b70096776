//! The fact `evaluations`: that this project is judged again and again, and how long findings stand.

use std::collections::BTreeSet;
use std::path::Path;

use ledger::View;
use model::{ByteSize, Fault, Instant};
use rules::{Gap, Source};
use serde_json::{Value, json};

use super::{Collected, Context, Found, gap};
use crate::cli::{files, journal, judgements};

const JUDGEMENT_MAX: ByteSize = ByteSize(256 << 20);
/// Findings that are listed; those of a judgement are counted with it.
const LISTED_MAX: usize = 10_000;

/// `evaluations`.
pub(super) fn collect(context: &Context, _: &BTreeSet<&str>) -> Found {
    let collected = match read(context) {
        Err(fault) => Collected::failed("earlier judgements", &fault),
        Ok(None) => Collected::not_given("this project was never judged; `probity evaluate` does it"),
        Ok(Some((value, gaps))) => {
            let source = Source {
                name: "the ledger, and earlier judgements".to_owned(),
                digest: Some(super::sheet::digest(&value)),
            };
            Collected::now(context, value, vec![source], gaps)
        }
    };
    vec![("evaluations", collected)]
}

fn read(context: &Context) -> Result<Option<(Value, Vec<Gap>)>, Fault> {
    let history = history(context)?;
    let (mut judgements, mut findings, mut gaps) = (Vec::new(), Vec::new(), Vec::new());
    for path in judgements::kept(context)? {
        match judgement(&path) {
            Ok((one, stood)) => {
                judgements.push(one);
                findings.extend(stood);
            }
            Err(fault) => gaps.push(gap(&path.display().to_string(), &fault)),
        }
    }
    findings.truncate(LISTED_MAX);
    let is_there = history.is_some() || !judgements.is_empty() || !gaps.is_empty();
    let history: Vec<Value> = history.into_iter().collect();
    Ok(is_there.then(|| (json!({"history": history, "judgements": judgements, "findings": findings}), gaps)))
}

/// What the ledger says; nothing where there is none or it knows of no run.
fn history(context: &Context) -> Result<Option<Value>, Fault> {
    let Ok(folder) = journal::existing_folder(context) else { return Ok(None) };
    let view = View::open(&folder)?;
    let mut times: Vec<Instant> = Vec::new();
    for item in view.entries(0..view.size()) {
        let item = item?;
        let entry = item.entry()?;
        // A run that did not come to a verdict judged nothing.
        if entry.act == "evaluate.judged" && matches!(entry.outcome.as_str(), "done" | "no" | "no-verdict") {
            times.push(entry.time);
        }
    }
    times.sort_unstable();
    let gap = times.windows(2).map(|pair| pair[1].seconds() - pair[0].seconds()).max();
    Ok(times.last().map(|last| {
        let place = folder.display().to_string();
        json!({"runs": times.len(), "last": last.to_string(), "longest_gap": gap, "place": place})
    }))
}

/// A judgement, and what stood in it.
fn judgement(path: &Path) -> Result<(Value, Vec<Value>), Fault> {
    let bad = || {
        Fault::bad_input("bad-judgement", "This is no document judgement/1")
            .advise("Judge the project again with `probity evaluate`; it is then written anew.")
    };
    let text = files::read_text(path, JUDGEMENT_MAX)?;
    let document: Value = serde_json::from_str(&text).map_err(|_| bad())?;
    let at = document["at"].as_str().and_then(|at| Instant::parse(at).ok()).ok_or_else(bad)?;
    let rules = document["rules"].as_array().ok_or_else(bad)?;
    let place = path.display().to_string();
    let findings: Vec<Value> = rules.iter().flat_map(|rule| standing(rule, at, &place)).collect();
    let packs: Vec<&str> =
        document["packs"].as_array().into_iter().flatten().filter_map(|one| one["name"].as_str()).collect();
    let one = json!({
        "packs": packs, "at": at.to_string(), "verdict": document["verdict"].as_str().ok_or_else(bad)?,
        "broken": rules.iter().filter(|rule| rule["answer"] == "broken").count(), "findings": findings.len(),
        "oldest": findings.iter().filter_map(|finding| finding["stood"].as_i64()).max(), "place": place,
    });
    Ok((one, findings))
}

fn standing(rule: &Value, at: Instant, place: &str) -> Vec<Value> {
    let broken = rule["findings"].as_array().into_iter().flatten().filter(|one| one["verdict"] == "broken");
    let one = |finding: &Value| {
        let since = finding["since"].as_str().and_then(|since| Instant::parse(since).ok()).unwrap_or(at);
        json!({
            "rule": rule["rule"], "severity": rule["severity"], "subject": finding["subject"],
            "since": since.to_string(), "stood": (at.seconds() - since.seconds()).max(0), "place": place,
        })
    };
    broken.map(one).collect()
}
