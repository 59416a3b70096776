//! England and Wales: an electronic bundle (general guidance on electronic court bundles, 29 November 2021), with the draft of a
//! statement and a schedule.

use model::{Fault, counted, grouped};

use super::draft::{self, notice};
use super::{Desk, Filings, filing, reasoning, schedule, values};
use crate::Limits;
use crate::report::{self, Block, Cell, Column, Paper, Report, Table, Text};
use crate::wire::{DocumentWire, ExhibitWire};

mod printed;

use printed::{Printed, printed};

pub(super) fn filings(desk: &Desk) -> Result<Filings, Fault> {
    let mut pages = printed(&desk.document.wire, desk.read)?;
    let bundle = match desk.renderer.render_unsigned(&bundle(desk, &pages)) {
        // A log may have any character: an exhibit that cannot be set is delivered as a file, and the bundle says so.
        Err(fault) if fault.code() == "missing-glyph" => {
            set_aside(desk, &mut pages)?;
            desk.renderer.render_unsigned(&bundle(desk, &pages))?
        }
        made => made?,
    };
    let cut = pages.iter().filter(|page| matches!(page, Printed::Text { whole: false, .. })).count();
    let sheets = pages.iter().filter(|page| matches!(page, Printed::Slip(_))).count();
    let mut warnings = Vec::new();
    if cut > 0 {
        warnings.push(format!(
            "{} too long to be printed as a whole; the bundle has the beginning and says so.",
            counted(cut as u64, "exhibit is", "exhibits are")
        ));
    }
    if sheets > 0 {
        warnings.push(format!(
            "{} not printed: the bundle has a slip sheet that names the file.",
            counted(sheets as u64, "exhibit is", "exhibits are")
        ));
    }
    let files = vec![
        (filing("README.txt"), readme(desk)),
        (filing("bundle.pdf"), bundle),
        (filing("schedule.csv"), schedule::csv(&desk.document.wire)),
        (filing("statement_DRAFT.txt"), draft::text(&statement(desk))),
    ];
    Ok(Filings { files, warnings })
}

/// Replaces each text that the renderer cannot set by a slip sheet.
fn set_aside(desk: &Desk, pages: &mut [Printed]) -> Result<(), Fault> {
    let empty = bundle(desk, &[]);
    for page in pages {
        let Printed::Text { lines, .. } = page else { continue };
        let alone = Report { blocks: vec![Block::Code(lines.clone())], ..empty.clone() };
        match desk.renderer.render_unsigned(&alone) {
            Err(fault) if fault.code() == "missing-glyph" => {
                let why =
                    "It has characters that the fonts at hand do not have; give their fonts when the package is built.";
                *page = Printed::Slip(why.to_owned());
            }
            done => drop(done?),
        }
    }
    Ok(())
}

/// The parts of a bundle: what the index calls them, and the head of each of their pages. A draft is a draft on each page:
/// bundles are taken apart.
const PARTS: [&str; 4] =
    ["A. Evidence report", "B. Statement (DRAFT – NOT SIGNED)", "C. Schedule of exhibits", "D. Exhibits"];

fn bundle(desk: &Desk, pages: &[Printed]) -> Report {
    let whole = report::compose(desk.document, Vec::new(), desk.created);
    let wire = &desk.document.wire;
    let mut blocks = vec![
        Block::Paragraph(Text::strong(format!("Bundle for the court, case {}", wire.id))),
        // Not the bare title: links find headings by their words, and a case may be called like a part.
        Block::Heading(1, format!("Bundle: {}", wire.title)),
    ];
    let titles: Vec<String> = wire.exhibits.iter().zip(pages).map(|(exhibit, page)| title(exhibit, page)).collect();
    blocks.extend(draft::blocks(include_str!("texts/uk_bundle_notes.txt"), &values(desk), &|_| Vec::new()));
    blocks.push(Block::Heading(2, "Index".to_owned()));
    blocks.push(index(desk, &titles));
    let mut part = |at: usize, content: Vec<Block>| {
        blocks.extend([Block::PageBreak, Block::Heading(1, PARTS[at].to_owned())]);
        blocks.extend(content);
    };
    part(0, report_part(whole.blocks.clone()));
    part(1, statement(desk));
    part(2, schedule_part(wire, &titles));
    part(3, exhibits_part(wire, pages, &titles));
    Report { title: format!("Bundle: {}", wire.title), paper: Paper::A4, blocks, ..whole }
}

/// Each part and each exhibit, with a link, its date and its page.
fn index(desk: &Desk, titles: &[String]) -> Block {
    let column = |title: &str, share, number| Column { title: title.to_owned(), share, number };
    let made = desk.created.date();
    let parts = PARTS.iter().map(|part| ((*part).to_owned(), made.clone()));
    let collected = |time: &str| model::Instant::parse(time).map_or_else(|_| time.to_owned(), model::Instant::date);
    let exhibits = titles.iter().zip(&desk.document.wire.exhibits);
    let exhibits = exhibits.map(|(title, exhibit)| (title.clone(), collected(&exhibit.collected)));
    let row = |(at, (place, date)): (usize, (String, String))| {
        // A part stands out from what is in it.
        let words = if at < PARTS.len() { Text::strong(place.clone()) } else { Text::plain(place.clone()) };
        vec![
            Cell(vec![Text::plain((at + 1).to_string())]),
            Cell(vec![words.to(place.clone())]),
            Cell(vec![Text::plain(date)]),
            Cell(vec![Text::page_of(place)]),
        ]
    };
    Block::Table(Table {
        summary: "The documents of the bundle, each with its date and the page on which it begins".to_owned(),
        columns: vec![
            column("No.", 8, true),
            column("Document", 62, false),
            column("Date", 18, false),
            column("Page", 12, true),
        ],
        rows: parts.chain(exhibits).enumerate().map(row).collect(),
    })
}

/// What an exhibit is called in index and bookmarks: nothing that came with it.
fn title(exhibit: &ExhibitWire, page: &Printed) -> String {
    format!("Exhibit {} ({})", exhibit.id, page.kind())
}

/// The report without what the bundle says already.
fn report_part(blocks: Vec<Block>) -> Vec<Block> {
    let mut kept: Vec<Block> = Vec::with_capacity(blocks.len());
    for block in blocks {
        match block {
            Block::Heading(1, words) => kept.push(Block::Paragraph(Text::strong(words))),
            // The index leads to the parts; the headings of the report are bookmarks.
            Block::Contents(_) => drop(kept.pop_if(|above| matches!(above, Block::Heading(..)))),
            other => kept.push(other),
        }
    }
    kept
}

/// The draft of a statement in the manner of form MG11.
fn statement(desk: &Desk) -> Vec<Block> {
    let wire = &desk.document.wire;
    let made = |name: &str| match name {
        "acts" => acts(desk),
        "reasoning" => reasoning(desk),
        "exhibits" if wire.exhibits.is_empty() => vec![Block::Paragraph(Text::plain("No exhibit is produced."))],
        "exhibits" => {
            let some = &wire.exhibits[..wire.exhibits.len().min(Limits::STATED_EXHIBITS)];
            let mut blocks = vec![schedule::public(wire, some)];
            if some.len() < wire.exhibits.len() {
                let more = grouped((wire.exhibits.len() - some.len()) as u64);
                blocks.push(Block::Paragraph(Text::plain(format!(
                    "And {more} more, which the schedule of exhibits lists."
                ))));
            }
            blocks
        }
        _ => Vec::new(),
    };
    draft::blocks(include_str!("texts/uk_statement.txt"), &values(desk), &made)
}

/// What the custody log says, as sentences to be confirmed or struck out.
fn acts(desk: &Desk) -> Vec<Block> {
    let wire = &desk.document.wire;
    let log = &wire.custody.log;
    let mut items = vec![Text::plain(format!(
        "The custody log of case {} has {}. Its last line has the SHA-256 digest {}.",
        wire.id,
        counted(wire.custody.entries, "entry", "entries"),
        wire.custody.head
    ))];
    let when = |time: &str| model::Instant::parse(time).map_or_else(|_| time.to_owned(), report::to_seconds);
    items.extend(log.iter().take(Limits::STATED_EXHIBITS).map(|line| {
        let what = line.exhibit.as_deref().unwrap_or("the case");
        Text::plain(format!("{}: {what} was {} by {} ({}).", when(&line.time), line.act, line.by, line.purpose))
    }));
    if log.len() > Limits::STATED_EXHIBITS {
        items.push(Text::plain("The entries after these are in the report, under “Custody”."));
    }
    vec![Block::Steps(items)]
}

fn schedule_part(wire: &DocumentWire, titles: &[String]) -> Vec<Block> {
    let said = "After the columns of form MG6C. All exhibits of the case are listed; whether one is used, unused or sensitive is not \
                for a program to say: those columns are empty. The same is in schedule.csv.";
    let mut blocks = vec![Block::Paragraph(Text::plain(said))];
    let exhibits = wire.exhibits.as_slice();
    blocks.push(match exhibits {
        [] => Block::Paragraph(Text::plain("The case has no exhibits.")),
        _ => {
            // Each exhibit has a title: they are made from the same list.
            let reference = |at: usize, exhibit: &ExhibitWire| match titles.get(at) {
                Some(title) => Text::strong(&exhibit.id).to(title),
                None => Text::strong(&exhibit.id),
            };
            schedule::for_disclosure(schedule::table(wire, exhibits, &reference, &|exhibit| &exhibit.file))
        }
    });
    blocks
}

fn exhibits_part(wire: &DocumentWire, pages: &[Printed], titles: &[String]) -> Vec<Block> {
    let mut blocks = Vec::new();
    if wire.exhibits.is_empty() {
        blocks.push(Block::Paragraph(Text::plain("The case has no exhibits.")));
    }
    let gone = wire.destroyed();
    for (at, ((exhibit, page), title)) in wire.exhibits.iter().zip(pages).zip(titles).enumerate() {
        if at > 0 {
            blocks.push(Block::PageBreak);
        }
        blocks.push(Block::Heading(2, title.clone()));
        blocks.push(Block::Facts(vec![
            (
                "File".to_owned(),
                Text::exact(if gone.contains_key(exhibit.id.as_str()) { "destroyed" } else { &exhibit.file }),
            ),
            ("Size".to_owned(), Text::plain(counted(exhibit.size, "byte", "bytes"))),
            ("SHA-256".to_owned(), Text::exact(&exhibit.sha256)),
            ("Name where found".to_owned(), Text::exact(&exhibit.original_name)),
        ]));
        match page {
            Printed::Text { lines, whole } => {
                if !whole {
                    let shown = grouped(lines.len() as u64);
                    let said = [
                        "Not all of this exhibit is printed.".to_owned(),
                        format!("Here are its first {shown} lines. The whole of it is in the file."),
                    ];
                    blocks.push(Block::Notice(notice(said.into_iter())));
                }
                blocks.push(Block::Code(lines.clone()));
            }
            Printed::Slip(why) => {
                let is_gone = gone.contains_key(exhibit.id.as_str());
                let produced = if is_gone { "It is not produced." } else { "It is produced as a file." };
                let said = [format!("This exhibit is not printed here. {produced}"), why.clone()];
                blocks.push(Block::Notice(notice(said.into_iter())));
            }
        }
    }
    blocks
}

fn readme(desk: &Desk) -> Vec<u8> {
    let files = [
        "bundle.pdf: the bundle: report, draft statement, schedule, exhibits; page numbers are those of the PDF",
        "statement_DRAFT.txt: the text of the draft statement",
        "schedule.csv: the schedule of exhibits (UTF-8, RFC 4180)",
    ];
    let made = |name: &str| match name {
        "files" => vec![Block::List(files.map(Text::plain).into())],
        _ => Vec::new(),
    };
    draft::text(&draft::blocks(include_str!("texts/uk_readme.txt"), &values(desk), &made))
}
