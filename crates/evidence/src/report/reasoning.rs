//! What AI models said: apart from the facts, and each time with what it is not.

use super::words::when;
use super::{Block, Cell, Column, Table, Text, Tone};
use crate::wire::{DocumentWire, ReasonedWire, ReviewWire};

/// The section; it stands there too when no model was asked.
pub(super) fn reasoning(wire: &DocumentWire, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(2, "AI reasoning (not facts)".to_owned()));
    if wire.reasoning.is_empty() {
        blocks.push(Block::Paragraph(Text::plain("No output of an AI model is recorded in this case.")));
        return;
    }
    blocks.push(Block::Paragraph(Text::plain(
        "What follows was written by machines. No verdict, figure or exhibit of this report depends on it.",
    )));
    wire.reasoning.iter().zip(1..).for_each(|(record, number)| one(record, number, blocks));
}

fn one(record: &ReasonedWire, number: u64, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(3, format!("Record {number}: {}", record.model.name)));
    blocks.push(Block::Notice(vec![Text { tone: Tone::Open, ..Text::plain(&record.disclaimer) }]));
    blocks.push(Block::Facts(facts(record)));
    blocks.push(inputs(record));
    for message in &record.prompt {
        blocks.push(Block::Paragraph(Text::strong(format!("Prompt, {}, verbatim", message.role))));
        blocks.push(Block::Code(verbatim(&message.text)));
    }
    blocks.push(Block::Paragraph(Text::strong("Output, verbatim")));
    blocks.push(Block::Code(verbatim(&record.output)));
    blocks.push(Block::Paragraph(Text::strong("Review by a person")));
    blocks.push(review(record.review.as_ref()));
    blocks.push(Block::Paragraph(Text::strong("Known error rates and limits")));
    let rates = record.error_rates.as_deref().unwrap_or("not recorded: nobody stated any");
    let mut limits = vec![Text::plain(format!("Error rates: {rates}"))];
    limits.extend(record.limits.iter().map(Text::plain));
    if record.limits.is_empty() {
        limits.push(Text::plain("Limits: not recorded"));
    }
    blocks.push(Block::List(limits));
}

fn facts(record: &ReasonedWire) -> Vec<(String, Text)> {
    let said = |text: &Option<String>| Text::plain(text.as_deref().unwrap_or("not recorded"));
    let mut facts = vec![
        ("Model".to_owned(), Text::strong(&record.model.name)),
        ("Version".to_owned(), said(&record.model.version)),
        ("Provider".to_owned(), said(&record.model.provider)),
        (
            "SHA-256 of the model".to_owned(),
            match &record.model.sha256 {
                Some(digest) => Text::exact(digest),
                None => Text::plain("not recorded"),
            },
        ),
        ("Answered".to_owned(), Text::plain(when(&record.time))),
        ("Recorded".to_owned(), Text::plain(format!("{} by {}", when(&record.recorded), record.recorded_by))),
        ("File".to_owned(), Text::exact(&record.file)),
        ("SHA-256 of the file".to_owned(), Text::exact(&record.sha256)),
    ];
    if record.parameters.is_empty() {
        facts.push(("Parameters".to_owned(), Text::plain("not recorded")));
    }
    for parameter in &record.parameters {
        facts.push((format!("Parameter {}", parameter.name), Text::exact(&parameter.value)));
    }
    facts
}

fn inputs(record: &ReasonedWire) -> Block {
    if record.inputs.is_empty() {
        return Block::Paragraph(Text::plain("The model was given nothing but the prompt, as far as the record says."));
    }
    let column = |title: &str, share, number| Column { title: title.to_owned(), share, number };
    let row = |input: &crate::wire::InputWire| {
        let name =
            [input.exhibit.as_deref(), input.name.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", ");
        let place = if input.exhibit.is_some() { "exhibit of this case" } else { "not in this package" };
        vec![Cell(vec![Text::strong(name), Text::small(place)]), Cell(vec![Text::exact(&input.sha256)])]
    };
    Block::Table(Table {
        summary: "What the model was given".to_owned(),
        columns: vec![column("Input", 40, false), column("SHA-256", 60, false)],
        rows: record.inputs.iter().map(row).collect(),
    })
}

fn review(review: Option<&ReviewWire>) -> Block {
    let Some(review) = review else {
        let said = "No review is recorded: no person has answered for this output.";
        return Block::Notice(vec![Text { tone: Tone::Bad, ..Text::strong(said) }]);
    };
    let role = review.role.as_deref().map_or(String::new(), |role| format!(", {role}"));
    Block::Facts(vec![
        ("Reviewer".to_owned(), Text::plain(format!("{}{role}", review.reviewer))),
        ("Decision".to_owned(), Text::strong(&review.decision)),
        ("Reason".to_owned(), Text::plain(&review.reason)),
        ("Reviewed".to_owned(), Text::plain(when(&review.time))),
    ])
}

/// The lines of a text; an empty one is said to be empty.
fn verbatim(text: &str) -> Vec<String> {
    match text.trim().is_empty() {
        true => vec!["(empty)".to_owned()],
        false => text.lines().map(str::to_owned).collect(),
    }
}
