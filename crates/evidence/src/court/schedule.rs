//! The schedule of exhibits: as a table in the bundle, and as CSV (RFC 4180).

use super::shown;
use model::counted;

use crate::report::{Block, Cell, Column, Table, Text, to_seconds};
use crate::wire::{DocumentWire, ExhibitWire};

/// The columns of the CSV. The last three are for whoever decides about disclosure.
const HEAD: [&str; 10] = [
    "Item",
    "Reference",
    "Description",
    "Location",
    "Bytes",
    "SHA-256",
    "Taken into the case (UTC)",
    "Relevance",
    "D, I or C",
    "Comment",
];

/// Where an exhibit is that was destroyed.
const DESTROYED: &str = "destroyed";

/// The schedule as CSV: UTF-8, CRLF.
pub(super) fn csv(wire: &DocumentWire) -> Vec<u8> {
    let gone = wire.destroyed();
    let rows = wire.exhibits.iter().enumerate().map(|(at, exhibit)| {
        let is_gone = gone.contains_key(exhibit.id.as_str());
        let texts = [
            (at + 1).to_string(),
            exhibit.id.clone(),
            description(exhibit),
            if is_gone { DESTROYED.to_owned() } else { exhibit.file.clone() },
            exhibit.size.to_string(),
            exhibit.sha256.clone(),
            exhibit.collected.clone(),
        ];
        line(texts.iter().map(String::as_str).chain([""; 3]))
    });
    std::iter::once(line(HEAD)).chain(rows).collect::<String>().into_bytes()
}

/// The folder of an exhibit: unlike the name of its file it holds nothing that came with it.
pub(super) fn folder(exhibit: &ExhibitWire) -> &str {
    exhibit.file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The schedule as a table for a filing that is public: it names no file.
pub(super) fn public(wire: &DocumentWire, exhibits: &[ExhibitWire]) -> Block {
    table(wire, exhibits, &|_, exhibit| Text::strong(&exhibit.id), &folder)
}

/// The schedule as a table; `reference` names an exhibit, `place` says where it is.
pub(super) fn table(
    wire: &DocumentWire,
    exhibits: &[ExhibitWire],
    reference: &dyn Fn(usize, &ExhibitWire) -> Text,
    place: &dyn Fn(&ExhibitWire) -> &str,
) -> Block {
    let column = |title: &str, share| Column { title: title.to_owned(), share, number: false };
    let gone = wire.destroyed();
    let row = |(at, exhibit): (usize, &ExhibitWire)| {
        let place = if gone.contains_key(exhibit.id.as_str()) { DESTROYED } else { place(exhibit) };
        vec![
            Cell(vec![Text::plain((at + 1).to_string())]),
            Cell(vec![reference(at, exhibit)]),
            Cell(vec![
                Text::plain(description(exhibit)),
                Text::small(format!("taken into the case {}", when(exhibit))),
            ]),
            Cell(vec![
                Text::exact(place),
                Text::small(counted(exhibit.size, "byte", "bytes")),
                Text::exact(&exhibit.sha256),
            ]),
        ]
    };
    Block::Table(Table {
        summary: "The exhibits, each with its reference, what it is, and where it is with its SHA-256 digest"
            .to_owned(),
        columns: vec![
            column("Item", 6),
            column("Reference", 13),
            column("Description", 31),
            column("Location, size, SHA-256", 50),
        ],
        rows: exhibits.iter().enumerate().map(row).collect(),
    })
}

/// The same with room for what a prosecutor decides: disclosable, inspection or clearly not, and why.
pub(super) fn for_disclosure(table: Block) -> Block {
    let Block::Table(mut table) = table else { return table };
    // What is added comes from the columns that are widest.
    for (column, share) in table.columns.iter_mut().zip([6, 13, 25, 36]) {
        column.share = share;
    }
    let column = |title: &str, share| Column { title: title.to_owned(), share, number: false };
    table.columns.extend([column("D, I or C", 10), column("Comment", 10)]);
    table.rows.iter_mut().for_each(|row| row.extend([Cell(Vec::new()), Cell(Vec::new())]));
    Block::Table(table)
}

/// What an exhibit is, in the words of whoever collected it.
fn description(exhibit: &ExhibitWire) -> String {
    match exhibit.description.trim() {
        "" => "No description was recorded.".to_owned(),
        text => text.to_owned(),
    }
}

fn when(exhibit: &ExhibitWire) -> String {
    model::Instant::parse(&exhibit.collected).map_or_else(|_| exhibit.collected.clone(), to_seconds)
}

fn line<'c>(cells: impl IntoIterator<Item = &'c str>) -> String {
    cells.into_iter().map(cell).collect::<Vec<_>>().join(",") + "\r\n"
}

/// A cell; one that a spreadsheet would take for a formula gets a `'` in front.
fn cell(text: &str) -> String {
    let text = shown(text);
    let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text };
    if text.contains(['"', ',']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_are_defused() {
        let check = |text, expect| assert_eq!(cell(text), expect);
        check("a", "a");
        check("a,b \"c\"", "\"a,b \"\"c\"\"\"");
        check("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\"");
        check("one\ntwo\u{202e}", "one two<U+202E>");
    }
}
