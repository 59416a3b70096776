//! The custody of each exhibit, and of the case.

use std::collections::BTreeMap;

use model::grouped;

use super::exhibits::status;
use super::words::{date_and_time, when};
use super::{Block, Cell, Column, Table, Text, Tone};
use crate::custody::Deed;
use crate::wire::{ActWire, CustodyLine, DocumentWire, ExhibitWire, HistoryWire};

/// The section; it stands there too when nothing was handed over, and says so.
pub(super) fn custody(wire: &DocumentWire, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(2, "Custody".to_owned()));
    blocks.push(Block::Paragraph(Text::plain(
        "Who did what to each exhibit and to this case, when and why. Each entry of the log holds the digest of the entry \
         before, so that none can be changed, removed, inserted or moved unnoticed. Times are in UTC, as the clock of the \
         machine said, cut to milliseconds; custody.jsonl has them exactly.",
    )));
    blocks.push(Block::Paragraph(Text::plain(audited(wire))));
    let lines: BTreeMap<u64, &CustodyLine> = wire.custody.log.iter().map(|line| (line.seq, line)).collect();
    if wire.custody.exhibits.is_empty() {
        blocks.push(Block::Paragraph(Text::plain("The case has no exhibits. No transfer was recorded.")));
    }
    let (alone, others): (Vec<_>, Vec<_>) = wire.custody.exhibits.iter().partition(|history| history.acts.len() == 1);
    let together = alone.len() > APART;
    let exhibits: BTreeMap<&str, &ExhibitWire> =
        wire.exhibits.iter().map(|exhibit| (exhibit.id.as_str(), exhibit)).collect();
    let apart = if together { others } else { wire.custody.exhibits.iter().collect() };
    for history in apart {
        exhibit(exhibits.get(history.exhibit.as_str()).copied(), history, &lines, blocks);
    }
    if together {
        only_collected(&alone, &lines, blocks);
    }
    blocks.push(Block::Heading(3, "Custody of the case".to_owned()));
    blocks.push(table("Custody log: acts on the case", None, &wire.custody.case, &lines));
}

/// What an audit log says about the custody log.
fn audited(wire: &DocumentWire) -> String {
    match wire.ledger.as_ref().filter(|ledger| !ledger.acts.is_empty()) {
        Some(ledger) => format!(
            "The audit log {} recorded the end of this log after each act: for {} of {} entries the package has a proof of \
             that (folder data/ledger).",
            ledger.origin,
            grouped(ledger.acts.len() as u64),
            grouped(wire.custody.entries)
        ),
        None => "No proof is in this package that an audit log recorded the end of this log after each act.".to_owned(),
    }
}

/// So many exhibits with nothing but their collection have a section each; when there are more, they share one.
const APART: usize = 10;

fn only_collected(alone: &[&HistoryWire], lines: &BTreeMap<u64, &CustodyLine>, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(3, format!("Custody of {} other exhibits", grouped(alone.len() as u64))));
    blocks.push(Block::Paragraph(Text::plain(
        "Of each of these exhibits one act is recorded: it was collected, and is held by whoever collected it. No transfer was \
         recorded.",
    )));
    let acts: Vec<ActWire> = alone.iter().flat_map(|history| history.acts.iter().cloned()).collect();
    blocks.push(table("Custody log: exhibits that were collected and not handled since", None, &acts, lines));
}

fn exhibit(
    exhibit: Option<&ExhibitWire>,
    history: &HistoryWire,
    lines: &BTreeMap<u64, &CustodyLine>,
    blocks: &mut Vec<Block>,
) {
    let id = &history.exhibit;
    blocks.push(Block::Heading(3, format!("Custody of {id}")));
    let what = exhibit.map(status).unwrap_or_default();
    let mut own =
        history.acts.iter().filter_map(|act| lines.get(&act.seq)).filter(|line| line.exhibit.as_ref() == Some(id));
    let gone = own.rfind(|line| line.act == Deed::Destroyed.word());
    let held = match gone {
        Some(line) => format!("nobody: destroyed {}; last held by {}", when(&line.time), history.holder),
        None => history.holder.clone(),
    };
    blocks.push(Block::Facts(vec![
        ("Exhibit".to_owned(), Text::plain(id).to(id)),
        ("What it is".to_owned(), Text::plain(what)),
        ("Held by".to_owned(), Text::plain(held)),
        ("Transfers".to_owned(), Text::plain(transfers(history, lines))),
    ]));
    blocks.push(table(&format!("Custody log: acts on {id}"), Some(id), &history.acts, lines));
}

/// How often an exhibit changed hands, and for how many of these its receiver signed.
fn transfers(history: &HistoryWire, lines: &BTreeMap<u64, &CustodyLine>) -> String {
    let is_transfer = |act: &&ActWire| lines.get(&act.seq).is_some_and(|line| line.act == Deed::Transferred.word());
    let signed = history.acts.iter().filter(is_transfer).filter(|act| act.countersigned.is_some()).count() as u64;
    match (history.transfers, signed) {
        (0, _) => "No transfer was recorded.".to_owned(),
        (1, 0) => "One, not countersigned by its receiver.".to_owned(),
        (1, _) => "One, countersigned by its receiver.".to_owned(),
        (all, 0) => format!("{}, none countersigned by its receiver.", grouped(all)),
        (all, signed) => format!("{}, of which {} countersigned by the receiver.", grouped(all), grouped(signed)),
    }
}

fn table(summary: &str, of: Option<&str>, acts: &[ActWire], lines: &BTreeMap<u64, &CustodyLine>) -> Block {
    let column = |title: &str, share, number| Column { title: title.to_owned(), share, number };
    Block::Table(Table {
        summary: summary.to_owned(),
        columns: vec![
            column("No.", 6, true),
            column("Time (UTC)", 14, false),
            column("Act", 13, false),
            column("By", 19, false),
            column("Purpose and details", 48, false),
        ],
        rows: acts.iter().filter_map(|act| Some(row(of, act, lines.get(&act.seq)?))).collect(),
    })
}

/// `of` is the exhibit whose history the row stands in.
fn row(of: Option<&str>, act: &ActWire, line: &CustodyLine) -> Vec<Cell> {
    let mut done = vec![Text::strong(&line.act)];
    done.extend(line.exhibit.as_ref().filter(|id| of != Some(id)).map(|id| Text::small(format!("as {id}")).to(id)));
    done.extend(line.status.as_ref().map(Text::small));
    let mut by = vec![Text::plain(&line.by)];
    by.extend(line.role.as_ref().map(|role| Text::small(format!("as {role}"))));
    by.extend(line.recorded_by.as_ref().map(|name| Text::small(format!("recorded by {name}"))));
    by.extend(line.from.as_ref().map(|from| Text::small(format!("from {from}"))));
    by.extend(line.to.as_ref().filter(|to| **to != line.by).map(|to| Text::small(format!("to {to}"))));
    let (date, time) = date_and_time(&line.time);
    let time = vec![Text::plain(date), Text::plain(time)];
    vec![Cell::of(grouped(line.seq)), Cell(time), Cell(done), Cell(by), Cell(details(act, line))]
}

fn details(act: &ActWire, line: &CustodyLine) -> Vec<Text> {
    let mut details = vec![Text::plain(&line.purpose)];
    details.extend(line.note.as_ref().filter(|note| !note.trim().is_empty()).map(Text::small));
    let transfer = line.act == Deed::Transferred.word();
    for (what, value) in [("Authority", &line.authority), ("Seal", &line.seal), ("Storage", &line.storage)] {
        match value {
            Some(value) => details.push(Text::small(format!("{what}: {value}"))),
            None if transfer => details.push(Text::small(format!("{what}: not recorded"))),
            None => {}
        }
    }
    if transfer {
        details.push(countersigned(act));
        if let Some(signed) = &act.countersigned {
            details.push(Text::exact(signed));
        }
    }
    // Evaluations and AI-reasoning records have a file and no exhibit.
    let file = line.file.as_ref().filter(|_| line.exhibit.is_none());
    details.extend(file.iter().flat_map(|file| [Text::small("File:"), Text::exact(format!("data/{file}"))]));
    details.extend(digests(act, line));
    details
}

fn countersigned(act: &ActWire) -> Text {
    match &act.countersigned {
        Some(_) => Text { tone: Tone::Good, ..Text::small("Countersigned by the receiver with the key:") },
        None => Text { tone: Tone::Open, ..Text::small("Not countersigned: the receiver did not sign for it.") },
    }
}

/// The digests before and after, once where they are the same.
fn digests(act: &ActWire, line: &CustodyLine) -> Vec<Text> {
    if let (Some(true), Some(hex)) = (act.hash_match, &line.sha256_after) {
        let said = "Hash match: SHA-256 before and after:";
        return vec![Text { tone: Tone::Good, ..Text::small(said) }, Text::exact(hex)];
    }
    let mut said = Vec::new();
    if act.hash_match == Some(false) {
        said.push(Text { tone: Tone::Bad, ..Text::small("The hashes before and after do NOT match.") });
    }
    let before = if line.parent.is_some() { "SHA-256 of what it was made from:" } else { "SHA-256 before:" };
    let after = if line.sha256_before.is_some() && line.parent.is_none() { "SHA-256 after:" } else { "SHA-256:" };
    for (what, digest) in [(before, &line.sha256_before), (after, &line.sha256_after)] {
        said.extend(digest.iter().flat_map(|hex| [Text::small(what), Text::exact(hex)]));
    }
    said
}
