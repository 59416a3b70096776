//! What the redaction logs among the exhibits say: how many of what; no log holds a value.

use std::collections::BTreeMap;
use std::io::{BufRead, Read};

use crate::Limits;
use crate::case::{Exhibit, REDACTION_LOG};
use crate::custody::Status;
use crate::wire::{CountWire, RedactedFileLine, RedactionLine, RedactionsWire};

/// Whether an exhibit is the redaction log of another.
pub(crate) fn is_log(exhibit: &Exhibit) -> bool {
    exhibit.status == Some(Status::Derived) && exhibit.derivation.as_deref() == Some(REDACTION_LOG)
}

/// What a log says, read once from its first line to its last. A log that cannot be read is named, not left out.
pub(crate) fn summary(log: &Exhibit, exhibits: &[Exhibit], content: impl BufRead) -> RedactionsWire {
    let mut said = RedactionsWire {
        log: log.id.clone(),
        of: log.parent.clone(),
        copy: None,
        problem: None,
        time: None,
        actor: None,
        tool: None,
        profile: None,
        basis: None,
        total: 0,
        counts: Vec::new(),
        removed: Vec::new(),
        unscanned: Vec::new(),
    };
    let mut counts = BTreeMap::new();
    match walk(content, &mut counts) {
        Ok(file) => {
            let output = file.output.as_deref().and_then(|output| output.strip_prefix("sha256:"));
            let copy = |exhibit: &&Exhibit| exhibit.parent == log.parent && output == Some(&exhibit.sha256.hex());
            said.copy = exhibits.iter().find(copy).map(|exhibit| exhibit.id.clone());
            let input = exhibits.iter().find(|exhibit| Some(&exhibit.id) == log.parent.as_ref());
            if input.is_some_and(|input| file.input != Some(format!("sha256:{}", input.sha256))) {
                said.problem = Some("it is about another file than this exhibit".to_owned());
            }
            said.time = Some(file.time);
            said.actor = Some(file.actor);
            said.tool = Some(file.tool);
            said.profile = Some(file.profile);
            said.basis = file.basis;
            said.total = file.redactions;
            said.removed = file.removed;
            said.unscanned = file.unscanned;
        }
        Err(why) => said.problem = Some(why),
    }
    said.counts = counts.into_iter().map(|((r#type, op), count)| CountWire { r#type, op, count }).collect();
    said
}

/// Counts the redactions of a log of one file, and gives the line about the file.
fn walk(content: impl BufRead, counts: &mut BTreeMap<(String, String), u64>) -> Result<RedactedFileLine, String> {
    let mut content = content.take(Limits::HELD_BYTES);
    let mut file = None;
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let got = (&mut content).take(Limits::REDACTION_LINE_BYTES).read_until(b'\n', &mut line);
        if got.map_err(|error| format!("it cannot be read: {error}"))? == 0 {
            break;
        }
        let bad = |why: String| format!("line {number} is no line of a redaction log: {why}");
        let value: serde_json::Value = serde_json::from_slice(&line).map_err(|error| bad(error.to_string()))?;
        match value["schema"].as_str() {
            Some("redaction/1") => {
                let line: RedactionLine = serde_json::from_value(value).map_err(|error| bad(error.to_string()))?;
                *counts.entry((line.r#type, line.op)).or_default() += 1;
            }
            Some("redacted-file/1") if file.is_none() => {
                file = Some(serde_json::from_value(value).map_err(|error| bad(error.to_string()))?);
            }
            _ => return Err(bad("it is of another kind".to_owned())),
        }
    }
    file.ok_or_else(|| "it names no file".to_owned())
}
