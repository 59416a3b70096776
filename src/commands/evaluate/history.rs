//! The last judgement of the same rules, to say what changed.

use std::path::{Path, PathBuf};

use model::{ByteSize, Fault};
use rules::{Judgement, Trend};
use serde_json::Value;

use crate::cli::context::Context;
use crate::cli::{files, judgements};

const MAX: ByteSize = ByteSize(256 << 20);

/// What changed since `against`, or else since the last run over the same rules in this project.
///
/// # Errors
/// `bad-judgement`; I/O faults of `against`. The project's own memory is read where it can be.
pub(super) fn trend(context: &Context, against: Option<&Path>, now: &Judgement) -> Result<Option<Trend>, Fault> {
    if let Some(path) = against {
        let text = files::read_text(path, MAX)?;
        let before = serde_json::from_str(&text).ok().and_then(|before: Value| Trend::since(&before, now));
        return before.map(Some).ok_or_else(|| {
            Fault::bad_input("bad-judgement", "This is no document judgement/1")
                .at(model::Place::line(0, 0).in_file(path))
                .advise("Give what `evaluate --format json` wrote.")
        });
    }
    let path = memory(context, now);
    let text = if path.is_file() { files::read_text(&path, MAX)? } else { return Ok(None) };
    Ok(serde_json::from_str(&text).ok().and_then(|before: Value| Trend::since(&before, now)))
}

/// Remembers the judgement for the next run, where there is a project.
///
/// # Errors
/// I/O faults.
pub(super) fn remember(context: &Context, now: &Judgement, document: &Value) -> Result<(), Fault> {
    judgements::keep(context, &memory(context, now), document)
}

/// A file for each set of rules: a run over fewer of them is another question.
fn memory(context: &Context, judgement: &Judgement) -> PathBuf {
    let packs: Vec<&str> = judgement.packs.iter().map(|(name, _)| name.as_str()).collect();
    let rules: Vec<&str> = judgement.outcomes.iter().map(|outcome| outcome.rule.as_str()).collect();
    judgements::path(context, &format!("{packs:?}{rules:?}"))
}
