//! The verdicts: one table for each evaluation.

use model::{grouped, readable};

use super::figures::{Figure, window};
use super::words::when;
use super::{Block, Cell, Column, Table, Text, charts};
use crate::document::verdict;
use crate::wire::{DocumentWire, ObjectiveWire, RecordedWire, ShownWire, WarningWire};

/// The section. `figures` are those of each evaluation.
pub(super) fn verdicts(wire: &DocumentWire, figures: &[Vec<Figure<'_>>], blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(2, "Verdicts".to_owned()));
    // What rules of packs came to has sections of its own.
    let objectives = || wire.evaluations.iter().zip(figures).filter(|(evaluation, _)| evaluation.judgement.is_none());
    if objectives().next().is_none() {
        let what = if wire.evaluations.is_empty() { "evaluation" } else { "evaluation of objectives" };
        blocks.push(Block::Paragraph(Text::plain(format!("No {what} is recorded in this case."))));
    }
    for (evaluation, figures) in objectives() {
        blocks.push(Block::Heading(3, format!("Evaluation as of {}", when(&evaluation.at))));
        blocks.push(Block::Facts(basis(evaluation)));
        if evaluation.objectives.is_empty() {
            blocks.push(Block::Paragraph(Text::plain("The evaluation has no objectives.")));
        } else {
            blocks.push(Block::Table(table(evaluation, figures)));
            charts::windows(evaluation, blocks);
        }
        if !evaluation.warnings.is_empty() {
            blocks.push(Block::Paragraph(Text::strong("Warnings")));
            blocks.push(Block::List(evaluation.warnings.iter().map(warning).collect()));
        }
    }
    charts::burn_downs(wire, blocks);
}

fn warning(warning: &WarningWire) -> Text {
    let place = warning.place.as_deref().map_or(String::new(), |place| format!(" ({place})"));
    Text::plain(format!("{}: {}{place}", warning.code, warning.message))
}

/// What an evaluation was computed from.
fn basis(evaluation: &RecordedWire) -> Vec<(String, Text)> {
    let mut facts = vec![
        ("Verdict".to_owned(), Text::verdict(verdict(&evaluation.verdict))),
        ("Recorded".to_owned(), Text::plain(format!("{} by {}", when(&evaluation.recorded), evaluation.recorded_by))),
        ("File".to_owned(), Text::exact(&evaluation.file)),
        ("SHA-256 of the file".to_owned(), Text::exact(&evaluation.sha256)),
    ];
    match &evaluation.store {
        Some(store) => {
            facts.push((
                "Data basis".to_owned(),
                Text::plain(format!("store version {}, whose digest is:", grouped(store.version))),
            ));
            facts.push((String::new(), Text::exact(&store.head)));
        }
        None => facts.push(("Data basis".to_owned(), Text::plain("no store was recorded"))),
    }
    if let Some((first, rest)) = evaluation.objectives.split_first()
        && rest.iter().all(|objective| objective.window == first.window)
    {
        facts.push(("Window".to_owned(), Text::plain(window(&first.window))));
    }
    facts
}

fn table(evaluation: &RecordedWire, figures: &[Figure<'_>]) -> Table {
    let column = |title: &str, share, number| Column { title: title.to_owned(), share, number };
    let rows = figures.iter().flat_map(|figure| figure.objectives.iter().map(move |objective| (figure, objective)));
    Table {
        summary: format!("Objectives and verdicts as of {}", when(&evaluation.at)),
        columns: vec![
            column("Rule and objective", 25, false),
            column("Target", 9, true),
            column("Good / total", 16, true),
            column("Verdict", 10, false),
            column("Reason", 40, false),
        ],
        rows: rows
            .enumerate()
            .map(|(at, (figure, objective))| objective_row(figure, objective, &evaluation.objectives[..at]))
            .collect(),
    }
}

/// `earlier` are the objectives above this one.
fn objective_row(figure: &Figure<'_>, objective: &ObjectiveWire, earlier: &[ObjectiveWire]) -> Vec<Cell> {
    let mut name = vec![Text::strong(format!("{} / {}", objective.rule, objective.objective))];
    name.extend(objective.title.as_ref().map(Text::small));
    let labels = [("service", &objective.service), ("pack", &objective.pack), ("severity", &objective.severity)];
    let said = labels.iter().filter_map(|(what, value)| value.as_ref().map(|value| format!("{what} {value}")));
    name.extend(said.map(Text::small));
    let mut good = vec![Text::plain(format!("{} / {}", grouped(objective.good), grouped(objective.total)))];
    good.extend(objective.ratio.as_ref().map(Text::small));
    let mut reason = vec![Text::plain(&objective.reason)];
    reason.extend(objective.budget.as_ref().map(|budget| {
        let [allowed, spent, left] = [&budget.allowed, &budget.spent, &budget.remaining].map(|text| readable(text));
        Text::small(format!("Error budget: {allowed} allowed, {spent} spent, {left} left"))
    }));
    // What a rule shows is often the same for each of its objectives: once is enough.
    let mut of_rule = earlier.iter().rev().take_while(|other| other.rule == objective.rule);
    if !of_rule.any(|other| other.shown == objective.shown) {
        reason.extend(shown(&objective.shown));
    }
    reason.push(Text::small(format!("Computed as in {}", figure.name)).to(figure.title()));
    vec![
        Cell(name),
        Cell::of(&objective.target),
        Cell(good),
        Cell(vec![Text::verdict(verdict(&objective.verdict))]),
        Cell(reason),
    ]
}

/// Numbers that decide nothing: those with one definition in one line.
fn shown(shown: &[ShownWire]) -> impl Iterator<Item = Text> {
    let value = |shown: &ShownWire| {
        let unit = shown.unit.as_deref().map_or(String::new(), |unit| format!(" {unit}"));
        format!("{} {}{unit}", shown.name, readable(&shown.value))
    };
    shown.chunk_by(|one, other| one.definition == other.definition).map(move |same| {
        let values: Vec<String> = same.iter().map(value).collect();
        let definition = same.iter().find_map(|shown| shown.definition.as_deref());
        let definition = definition.map_or(String::new(), |text| format!(" ({text})"));
        Text::small(format!("{}{definition}", values.join(", ")))
    })
}
