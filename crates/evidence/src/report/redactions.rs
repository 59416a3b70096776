//! What was taken out of the copies that travel: how many of what, by whom, by which rules. No value.

use model::{counted, grouped};

use super::words::when;
use super::{Block, Cell, Column, Table, Text, Tone};
use crate::wire::{DocumentWire, RedactionsWire};

/// The section; it stands there too when nothing was redacted.
pub(super) fn redactions(wire: &DocumentWire, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(2, "Redactions".to_owned()));
    if wire.redactions.is_empty() {
        blocks.push(Block::Paragraph(Text::plain("No redaction log is in this case.")));
        return;
    }
    blocks.push(Block::Paragraph(Text::plain(
        "What was taken out of copies of the exhibits. The logs are exhibits themselves; they name places, types and reasons \
         and hold no value that was taken out.",
    )));
    wire.redactions.iter().for_each(|log| one(log, blocks));
}

fn one(log: &RedactionsWire, blocks: &mut Vec<Block>) {
    let of = log.of.as_deref().unwrap_or("an exhibit that was not recorded");
    blocks.push(Block::Heading(3, format!("Redactions of {of}")));
    let unknown = || "not recorded".to_owned();
    let said = |text: &Option<String>| Text::plain(text.clone().unwrap_or_else(unknown));
    blocks.push(Block::Facts(vec![
        (
            "Redacted copy".to_owned(),
            log.copy.as_ref().map_or_else(|| Text::plain("not in this case"), |id| Text::plain(id).to(id)),
        ),
        ("Redaction log".to_owned(), Text::plain(&log.log).to(&log.log)),
        ("Made".to_owned(), Text::plain(log.time.as_deref().map_or_else(unknown, when))),
        ("By".to_owned(), said(&log.actor)),
        ("Program".to_owned(), said(&log.tool)),
        ("Profile".to_owned(), said(&log.profile)),
        ("Legal basis".to_owned(), said(&log.basis)),
        ("Redactions".to_owned(), Text::plain(grouped(log.total))),
    ]));
    if let Some(problem) = &log.problem {
        let said = format!("The log {} could not be read as a whole: {problem}.", log.log);
        blocks.push(Block::Notice(vec![Text { tone: Tone::Bad, ..Text::strong(said) }]));
    }
    blocks.extend(counts(log));
    if !log.removed.is_empty() {
        blocks.push(Block::Paragraph(Text::strong("Parts that were taken out whole")));
        blocks.push(Block::List(
            log.removed.iter().map(|part| Text::plain(format!("{}: {}", part.what, part.why))).collect(),
        ));
    }
    if !log.unscanned.is_empty() {
        let parts = counted(log.unscanned.len() as u64, "part was", "parts were");
        blocks.push(Block::Paragraph(Text::strong(format!("{parts} not looked into"))));
        blocks.push(Block::List(log.unscanned.iter().map(Text::plain).collect()));
    }
}

fn counts(log: &RedactionsWire) -> Option<Block> {
    if log.counts.is_empty() {
        return None;
    }
    let column = |title: &str, share, number| Column { title: title.to_owned(), share, number };
    let row = |count: &crate::wire::CountWire| {
        vec![Cell(vec![Text::strong(&count.r#type)]), Cell::of(&count.op), Cell::of(grouped(count.count))]
    };
    Some(Block::Table(Table {
        summary: format!("Redactions in {} by type", log.log),
        columns: vec![column("Type", 50, false), column("What was done", 30, false), column("How often", 20, true)],
        rows: log.counts.iter().map(row).collect(),
    }))
}
