//! From what was judged, as of when, and what changed since.

use model::{counted, grouped};

use super::super::words::when;
use super::{Block, Cell, Table, Text, Tone, column, heading, verdict};
use crate::wire::{FactWire, JudgementWire, TrendWire};

/// Findings that came or went and are printed; the others are counted.
const CHANGES: usize = 200;

/// What heads a judgement.
pub(super) fn of(wire: &JudgementWire) -> Vec<(String, Text)> {
    let mut facts = vec![
        ("Verdict".to_owned(), Text::verdict(verdict(&wire.verdict))),
        ("As of".to_owned(), Text::plain(when(&wire.at))),
    ];
    for (at, pack) in wire.packs.iter().enumerate() {
        let name = if at == 0 { "Packs" } else { "" };
        facts.push((name.to_owned(), Text::plain(format!("{} {}", pack.name, pack.version))));
    }
    let (facts_read, sources) =
        (wire.facts.len() as u64, wire.facts.iter().map(|fact| fact.sources.len() as u64).sum::<u64>());
    let read = format!("{} from {}", counted(facts_read, "fact", "facts"), counted(sources, "source", "sources"));
    facts.push(("Judged from".to_owned(), Text::plain(read)));
    facts
}

pub(super) fn changed(trend: Option<&TrendWire>, level: u8, blocks: &mut Vec<Block>) {
    blocks.push(heading(level, "What changed"));
    let Some(trend) = trend else {
        let said = "There is no earlier judgement of the same rules to hold this one against.";
        blocks.push(Block::Paragraph(Text::plain(said)));
        return;
    };
    blocks.push(Block::Paragraph(Text::plain(format!(
        "Since {}, when the verdict was \u{201c}{}\u{201d}: {} new, {} gone, {} as before.",
        when(&trend.since),
        trend.verdict,
        counted(trend.new.len() as u64, "finding", "findings"),
        grouped(trend.gone.len() as u64),
        grouped(trend.still),
    ))));
    for (title, tone, lines) in [("New", Tone::Bad, &trend.new), ("Gone", Tone::Good, &trend.gone)] {
        if lines.is_empty() {
            continue;
        }
        let rows = lines.iter().take(CHANGES).map(|line| {
            let what = vec![Text::exact(&line.rule), Text::plain(&line.subject)];
            vec![Cell(vec![Text { tone, ..Text::strong(title.to_lowercase()) }]), Cell(what), Cell::of(&line.message)]
        });
        blocks.push(Block::Table(Table {
            summary: format!("{title} findings"),
            columns: vec![column(title, 10, false), column("Rule and what", 45, false), column("Finding", 45, false)],
            rows: rows.collect(),
        }));
        if let Some(more) = lines.len().checked_sub(CHANGES).filter(|more| *more > 0) {
            let more = counted(more as u64, "more is", "more are");
            blocks.push(Block::Paragraph(Text::small(format!("{more} not printed; the judgement in JSON has them."))));
        }
    }
    if !trend.no_longer_judged.is_empty() {
        let lost = trend.no_longer_judged.join(", ");
        blocks.push(Block::Paragraph(Text::plain(format!("Judged then, and not now: {lost}."))));
    }
}

pub(super) fn facts(facts: &[FactWire], level: u8, blocks: &mut Vec<Block>) {
    blocks.push(heading(level, "What it was judged from"));
    if facts.is_empty() {
        blocks.push(Block::Paragraph(Text::plain("No facts could be collected.")));
        return;
    }
    let row = |fact: &FactWire| {
        let mut from = Vec::new();
        for source in &fact.sources {
            from.push(Text::plain(&source.name));
            from.extend(source.sha256.as_ref().map(Text::exact));
        }
        for gap in &fact.gaps {
            from.push(Text { tone: Tone::Open, ..Text::strong(format!("not read: {}", gap.what)) });
            from.push(Text::plain(&gap.why));
            from.extend(gap.remedy.as_ref().map(Text::small));
        }
        if from.is_empty() {
            from.push(Text::plain("no source was recorded"));
        }
        let mut name = vec![Text::strong(&fact.name), Text::small(when(&fact.collected))];
        if fact.cached {
            name.push(Text::small("kept from an earlier run"));
        }
        vec![Cell(name), Cell(from)]
    };
    blocks.push(Block::Table(Table {
        summary: "Facts, when they were collected, their sources with SHA-256, and what was not read".to_owned(),
        columns: vec![column("Fact", 30, false), column("Read from", 70, false)],
        rows: facts.iter().map(row).collect(),
    }));
}
