//! What the lines of the custody log say is in a case.

use super::{Exhibit, Recorded};
use crate::custody::{Deed, Entry};
use crate::names::quote;
use crate::wire::{EvaluationFile, JudgementWire};
use crate::{Limits, json, judgement};

/// The exhibit that came into the case with a line.
pub(crate) fn exhibit_of(entry: &Entry) -> Option<Exhibit> {
    let file = entry.file.clone().filter(|_| entry.deed == Deed::Collected)?;
    Some(Exhibit {
        id: entry.exhibit.clone()?,
        name: file.rsplit('/').next()?.to_owned(),
        file,
        original_name: entry.original_name.clone()?,
        description: entry.note.clone().unwrap_or_default(),
        size: entry.size?,
        sha256: entry.sha256_after?,
        collected: entry.time,
        collected_by: entry.by.clone(),
        status: entry.status,
        parent: entry.parent.clone(),
        derivation: entry.derivation.clone(),
        original_path: entry.original_path.clone(),
        source: entry.source.clone(),
        modified: entry.modified,
        period: entry.period.clone(),
    })
}

/// The evaluation that a line records.
pub(crate) fn recorded_of(entry: &Entry) -> Option<Recorded> {
    file_of(entry, Deed::Evaluated)
}

/// The AI-reasoning record that a line records.
pub(crate) fn reasoned_of(entry: &Entry) -> Option<Recorded> {
    file_of(entry, Deed::Reasoned)
}

fn file_of(entry: &Entry, deed: Deed) -> Option<Recorded> {
    let file = entry.file.clone().filter(|_| entry.deed == deed)?;
    Some(Recorded { file, size: entry.size?, sha256: entry.sha256_after?, time: entry.time, by: entry.by.clone() })
}

/// The outcome of an evaluation: of objectives, or of rules of packs.
pub(crate) enum Evaluated {
    Objectives(EvaluationFile),
    Rules(JudgementWire),
}

#[derive(serde::Deserialize)]
struct Named {
    schema: String,
}

/// Reads `evaluation/1` or `judgement/1`.
pub(crate) fn read_evaluation(bytes: &[u8]) -> Result<Evaluated, String> {
    if bytes.len() as u64 > Limits::EVALUATION_BYTES {
        return Err(format!("it is larger than {} bytes", Limits::EVALUATION_BYTES));
    }
    match json::read::<Named>(bytes)?.schema.as_str() {
        "evaluation/1" => read_objectives(bytes).map(Evaluated::Objectives),
        "judgement/1" => judgement::read(bytes).map(Evaluated::Rules),
        other => Err(format!("its schema is {}", quote(other))),
    }
}

fn read_objectives(bytes: &[u8]) -> Result<EvaluationFile, String> {
    let evaluation: EvaluationFile = json::read(bytes)?;
    let is_verdict = |word: &str| ["met", "broken", "no data"].contains(&word);
    let words = evaluation.objectives.iter().map(|objective| objective.verdict.as_str());
    if let Some(word) = words.chain([evaluation.verdict.as_str()]).find(|word| !is_verdict(word)) {
        return Err(format!("{} is no verdict", quote(word)));
    }
    Ok(evaluation)
}
