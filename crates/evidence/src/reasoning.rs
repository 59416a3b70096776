//! AI-reasoning records (`reasoning/1`): what a model was asked, what it said, and what a person made of it.
//!
//! They are kept and shown apart from facts, each with a sentence that says what they are not. The members are what proposed
//! Federal Rule of Evidence 707 would have a court ask for: model, version and digest; prompt; inputs by digest; parameters;
//! output verbatim; the human reviewer and the decision; known error rates and limits.

use model::{Digest, Fault};

use crate::case::{Exhibit, Recorded};
use crate::names::quote;
use crate::wire::{self, InputWire, ParameterWire, REVIEW_DECISIONS, ReasonedWire, ReasoningFile};
use crate::{Limits, json};

/// What stands with a record that brings no sentence of its own.
pub const DISCLAIMER: &str = "This is the output of a machine. It is no expert opinion, no finding of fact and no legal advice, \
     and nobody has testified to it. It is shown so that the court and the other side can see how it came about; whoever \
     relies on it must show that it rests on sufficient facts and on reliable methods, reliably applied.";

/// Reads a record; the error is a sentence.
pub(crate) fn read(bytes: &[u8]) -> Result<ReasoningFile, String> {
    if bytes.len() as u64 > Limits::REASONING_BYTES {
        return Err(format!("it is larger than {} bytes", Limits::REASONING_BYTES));
    }
    let record: ReasoningFile = json::read(bytes)?;
    check(&record)?;
    Ok(record)
}

/// Reads a record that is to come into a case with these exhibits.
///
/// # Errors
/// `bad-reasoning`.
pub(crate) fn accept(bytes: &[u8], exhibits: &[Exhibit]) -> Result<(), Fault> {
    let accepted = read(bytes).and_then(|record| record.inputs.iter().try_for_each(|input| known(input, exhibits)));
    accepted.map_err(|why| {
        Fault::bad_input("bad-reasoning", format!("This is not the record of what a model said: {why}")).advise(
            "Write it as `probity util schema reasoning.v1.schema.json` says; `probity util explain bad-reasoning` has an example.",
        )
    })
}

fn check(record: &ReasoningFile) -> Result<(), String> {
    if record.schema != "reasoning/1" {
        return Err(format!("its schema is {}", quote(&record.schema)));
    }
    wire::instant(&record.time)?;
    said("model.name", &record.model.name)?;
    record.model.sha256.as_deref().map(wire::digest).transpose()?;
    if record.prompt.is_empty() {
        return Err("its prompt is empty".to_owned());
    }
    for message in &record.prompt {
        said("the role of a message", &message.role)?;
    }
    for input in &record.inputs {
        wire::digest(&input.sha256)?;
    }
    if let Some(review) = &record.review {
        said("review.reviewer", &review.reviewer)?;
        said("review.reason", &review.reason)?;
        wire::instant(&review.time)?;
        if !REVIEW_DECISIONS.contains(&review.decision.as_str()) {
            return Err(format!(
                "review.decision is {}, not one of {}",
                quote(&review.decision),
                REVIEW_DECISIONS.join(", ")
            ));
        }
    }
    record.parameters.iter().try_for_each(|(name, value)| match value.is_array() || value.is_object() {
        true => Err(format!("the parameter {} is no text, number or truth", quote(name))),
        false => Ok(()),
    })
}

fn said(what: &str, text: &str) -> Result<(), String> {
    if text.trim().is_empty() { Err(format!("{what} is empty")) } else { Ok(()) }
}

/// An input is an exhibit of the case, with its digest, or something outside that has a name.
fn known(input: &InputWire, exhibits: &[Exhibit]) -> Result<(), String> {
    let digest: Digest = wire::digest(&input.sha256)?;
    match (&input.exhibit, &input.name) {
        (Some(id), _) => match exhibits.iter().find(|exhibit| exhibit.id == *id) {
            None => Err(format!("the case has no exhibit {}, which an input names", quote(id))),
            Some(exhibit) if exhibit.sha256 != digest => Err(format!("the digest of an input is not that of {id}")),
            Some(_) => Ok(()),
        },
        (None, Some(name)) => said("the name of an input", name),
        (None, None) => Err("an input has neither an exhibit nor a name".to_owned()),
    }
}

/// A record as the document says it; the error is a sentence.
pub(crate) fn document(at: &Recorded, bytes: &[u8]) -> Result<ReasonedWire, String> {
    let record = read(bytes)?;
    Ok(ReasonedWire {
        file: format!("data/{}", at.file),
        size: at.size,
        sha256: at.sha256.hex(),
        recorded: at.time.to_string(),
        recorded_by: at.by.clone(),
        time: record.time,
        model: record.model,
        prompt: record.prompt,
        inputs: record.inputs,
        parameters: record
            .parameters
            .into_iter()
            .map(|(name, value)| ParameterWire { name, value: value.to_string() })
            .collect(),
        output: record.output,
        review: record.review,
        error_rates: record.error_rates,
        limits: record.limits,
        disclaimer: record.disclaimer.filter(|text| !text.trim().is_empty()).unwrap_or_else(|| DISCLAIMER.to_owned()),
    })
}
