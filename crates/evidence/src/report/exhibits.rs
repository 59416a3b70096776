//! The exhibits: what each is, where it comes from, and its digest.

use super::words::{exact_size, short_size, when};
use super::{Block, Cell, Column, Table, Text, Tone};
use crate::custody::Status;
use crate::wire::{DocumentWire, ExhibitWire};

/// The section; it stands there too when there are none.
pub(super) fn exhibits(wire: &DocumentWire, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(2, "Exhibits".to_owned()));
    if wire.exhibits.is_empty() {
        blocks.push(Block::Paragraph(Text::plain("The case has no exhibits.")));
        return;
    }
    let column = |title: &str, share, number| Column { title: title.to_owned(), share, number };
    let gone = wire.destroyed();
    let rows = wire.exhibits.iter().map(|exhibit| {
        let place = match gone.get(exhibit.id.as_str()) {
            Some(line) => {
                Text { tone: Tone::Open, ..Text::small(format!("Destroyed {}; not in the package.", when(&line.time))) }
            }
            None => Text::exact(&exhibit.file),
        };
        vec![
            Cell(vec![Text::strong(&exhibit.id).named(&exhibit.id), Text::small(short_status(exhibit))]),
            Cell(about(exhibit)),
            Cell(size_lines(exhibit.size)),
            Cell(vec![Text::exact(&exhibit.sha256), place]),
        ]
    });
    blocks.push(Block::Table(Table {
        summary: "Exhibits with sizes and digests".to_owned(),
        columns: vec![
            column("Exhibit", 12, false),
            column("What it is", 38, false),
            column("Size", 15, true),
            column("SHA-256 and file in the package", 35, false),
        ],
        rows: rows.collect(),
    }));
}

fn short_status(exhibit: &ExhibitWire) -> &str {
    exhibit.status.as_deref().unwrap_or("status not recorded")
}

/// What an exhibit is to the thing that was found, as a sentence.
pub(super) fn status(exhibit: &ExhibitWire) -> String {
    let parent = exhibit.parent.as_deref().unwrap_or("an exhibit that was not recorded");
    match exhibit.status.as_deref().and_then(Status::parse) {
        None => "Whether it is an original, a copy or derived was not recorded.".to_owned(),
        Some(Status::Original) => "Original: as it came from where it was found.".to_owned(),
        Some(Status::VerifiedCopy) => format!("Verified copy of {parent}, byte for byte the same."),
        Some(Status::Derived) => {
            let how = exhibit.derivation.as_deref().unwrap_or("how was not recorded");
            format!("Derived from {parent}: {how}.")
        }
    }
}

/// Each value with where it comes from; what nobody said is named too.
fn about(exhibit: &ExhibitWire) -> Vec<Text> {
    let mut about = Vec::new();
    if !exhibit.description.trim().is_empty() {
        about.push(Text::plain(&exhibit.description));
    }
    about.push(Text::small(status(exhibit)));
    // What was made here was found nowhere: its source is the exhibit it comes from.
    let found = exhibit.status.as_deref().and_then(Status::parse) != Some(Status::Derived);
    let name = if found { "Name where it was found" } else { "Name" };
    about.push(Text::small(format!("{name}: {}", exhibit.original_name)));
    let modified = exhibit.modified.as_deref().map(when);
    let said = [
        ("Path as it was given", "path", exhibit.original_path.clone().filter(|path| *path != exhibit.original_name)),
        ("Comes from (as stated)", "source", exhibit.source.clone()),
        ("Covers (as stated)", "period covered", exhibit.period.clone()),
        ("Last modified (as its file system said)", "last modification", modified),
    ];
    about.extend(said.iter().filter_map(|(what, _, value)| Some(Text::small(format!("{what}: {}", value.as_ref()?)))));
    about.push(Text::small(format!("Collected {} by {}", when(&exhibit.collected), exhibit.collected_by)));
    let unknown: Vec<&str> =
        said.iter().skip(1).filter(|(_, _, value)| value.is_none()).map(|(_, what, _)| *what).collect();
    if found && !unknown.is_empty() {
        about.push(Text::small(format!("Not recorded: {}", unknown.join(", "))));
    }
    about
}

/// The size as in running text, in two lines.
fn size_lines(bytes: u64) -> Vec<Text> {
    match short_size(bytes) {
        Some(short) => vec![Text::plain(short), Text::small(format!("({})", exact_size(bytes)))],
        None => vec![Text::plain(exact_size(bytes))],
    }
}
