//! A report in files that are no larger than a court takes.
//!
//! The parts are reports of their own, each with the title and its number, cut between blocks, rows of tables and lines. What
//! stands in them is what stands in the whole; a reference to a page in another part becomes one to that part.

use std::collections::BTreeMap;

use model::Fault;

use crate::Limits;
use crate::report::{Bates, Block, Link, Renderer, Report, Table, Text};

/// Rows and lines that stay together.
const ROWS: usize = 20;
const LINES: usize = 40;

/// The files of a report, each at most `most` bytes, in order.
///
/// # Errors
/// `filing-too-large` when a piece that cannot be cut is larger, or the parts would be too many; `pages-unknown` when pages are to
/// be numbered through and the renderer cannot say how many there are; what the renderer cannot show.
pub(super) fn render(report: &Report, most: u64, renderer: &dyn Renderer) -> Result<Vec<Vec<u8>>, Fault> {
    let whole = renderer.render_unsigned(report)?;
    if whole.len() as u64 <= most {
        return Ok(vec![whole]);
    }
    let pieces = pieces(&report.blocks);
    let mut count = (whole.len() as u64).div_ceil(most) as usize;
    while count <= Limits::FILING_PARTS {
        let Some(parts) = assemble(report, &pieces, count) else { break };
        let files = draw(parts, report.bates.as_ref(), renderer)?;
        if files.iter().all(|file| file.len() as u64 <= most) {
            return Ok(files);
        }
        count += 1 + count / 8;
    }
    Err(Fault::refused("filing-too-large", format!("The report cannot be split into files of at most {most} bytes"))
        .advise("Allow larger files, as far as the court takes them, or split the case in two."))
}

/// Renders the parts; pages are numbered through.
fn draw(parts: Vec<Report>, bates: Option<&Bates>, renderer: &dyn Renderer) -> Result<Vec<Vec<u8>>, Fault> {
    let mut files = Vec::with_capacity(parts.len());
    let mut bates = bates.cloned();
    for part in parts {
        let file = renderer.render_unsigned(&Report { bates: bates.clone(), ..part })?;
        if let Some(bates) = &mut bates {
            let pages = renderer.pages(&file).ok_or_else(|| {
                Fault::internal(
                    "pages-unknown",
                    "The renderer does not say how many pages a part has, so the next cannot be numbered",
                )
            })?;
            bates.first += pages;
        }
        files.push(file);
    }
    Ok(files)
}

/// The blocks, cut where they may be.
fn pieces(blocks: &[Block]) -> Vec<Block> {
    let cut = |block: &Block| match block {
        Block::Table(table) if table.rows.len() > ROWS => {
            let part = |rows: &[Vec<_>]| Block::Table(Table { rows: rows.to_vec(), ..table.clone() });
            table.rows.chunks(ROWS).map(part).collect()
        }
        Block::Code(lines) if lines.len() > LINES => {
            lines.chunks(LINES).map(|lines| Block::Code(lines.to_vec())).collect()
        }
        Block::List(items) if items.len() > ROWS => {
            items.chunks(ROWS).map(|items| Block::List(items.to_vec())).collect()
        }
        other => vec![other.clone()],
    };
    blocks.iter().flat_map(cut).collect()
}

/// The pieces in `count` reports of about the same weight; `None` when there are too few of them.
fn assemble(report: &Report, pieces: &[Block], count: usize) -> Option<Vec<Report>> {
    let groups = divide(pieces, count)?;
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (part, group) in groups.iter().enumerate() {
        for block in group.iter() {
            if let Block::Heading(_, words) = block {
                places.entry(words.clone()).or_insert(part);
            }
            texts(block, &mut |text| {
                if let Some(anchor) = &text.anchor {
                    places.entry(anchor.clone()).or_insert(part);
                }
            });
        }
    }
    let mut section = None;
    let mut reports = Vec::with_capacity(count);
    for (part, group) in groups.into_iter().enumerate() {
        let mut blocks = head(report, part, count, section.as_deref(), group.first());
        for block in group {
            if let Block::Heading(2, words) = block {
                section = Some(words.clone());
            }
            let mut block = block.clone();
            texts_mut(&mut block, &mut |text| relink(text, part, &places));
            blocks.push(block);
        }
        let title = format!("{}, part {} of {count}", report.title, part + 1);
        reports.push(Report { title, blocks, attachments: Vec::new(), ..report.clone() });
    }
    Some(reports)
}

/// What the parts after the first begin with: the title, and the section that goes on.
fn head(report: &Report, part: usize, count: usize, section: Option<&str>, first: Option<&Block>) -> Vec<Block> {
    if part == 0 {
        return vec![Block::Paragraph(Text::small(format!("Part 1 of {count}")))];
    }
    let mut blocks = vec![Block::Heading(1, format!("{}, part {} of {count}", report.title, part + 1))];
    // A heading of level 3 needs one of level 2 above it (ISO 14289-1, 7.4.2).
    if let Some(section) = section.filter(|_| !matches!(first, Some(Block::Heading(1 | 2, _)))) {
        blocks.push(Block::Heading(2, format!("{section} (continued)")));
    }
    blocks
}

/// Cuts at about equal weights. No part ends with a heading or a page break.
fn divide(pieces: &[Block], count: usize) -> Option<Vec<&[Block]>> {
    let weights: Vec<usize> = pieces.iter().map(weight).collect();
    let total: usize = weights.iter().sum();
    let mut groups = Vec::with_capacity(count);
    let (mut begin, mut seen) = (0, 0);
    for (at, weight) in weights.iter().enumerate() {
        seen += weight;
        let last = groups.len() + 1 == count;
        let opens = matches!(pieces[at], Block::Heading(..) | Block::PageBreak);
        if !last && !opens && at + 1 < pieces.len() && seen * count >= total * (groups.len() + 1) {
            groups.push(&pieces[begin..=at]);
            begin = at + 1;
        }
    }
    groups.push(&pieces[begin..]);
    (groups.len() == count).then_some(groups)
}

/// What a block adds to a file, about.
fn weight(block: &Block) -> usize {
    let mut bytes = 60;
    match block {
        Block::Heading(_, words) => bytes += words.len(),
        Block::Code(lines) => bytes += lines.iter().map(|line| line.len() + 30).sum::<usize>(),
        Block::Blanks(names) => bytes += 60 * names.len(),
        Block::Signatures(people) => bytes += 500 * people.len(),
        Block::Chart(_) | Block::Code2d(_) => bytes += 3_000,
        other => texts(other, &mut |text| bytes += text.value.len() + 30),
    }
    bytes
}

/// A link to another part cannot be followed: a page number becomes the number of the part.
fn relink(text: &mut Text, part: usize, places: &BTreeMap<String, usize>) {
    let Some(Link::Place(name) | Link::PageOf(name)) = &text.link else { return };
    match places.get(name) {
        Some(other) if *other != part => {
            if matches!(text.link, Some(Link::PageOf(_))) {
                text.value = format!("part {}", other + 1);
            }
            text.link = None;
        }
        _ => {}
    }
}

/// Every text of a block.
fn texts(block: &Block, each: &mut dyn FnMut(&Text)) {
    match block {
        Block::Paragraph(text) | Block::Answer(text) => each(text),
        Block::Facts(facts) => facts.iter().for_each(|(_, text)| each(text)),
        Block::List(texts) | Block::Steps(texts) | Block::Notice(texts) => texts.iter().for_each(each),
        Block::Table(table) => table.rows.iter().flatten().flat_map(|cell| &cell.0).for_each(each),
        Block::Heading(..)
        | Block::Code(_)
        | Block::Contents(_)
        | Block::PageBreak
        | Block::Blanks(_)
        | Block::Signatures(_) => {}
        Block::Chart(_) | Block::Code2d(_) => {}
    }
}

fn texts_mut(block: &mut Block, each: &mut dyn FnMut(&mut Text)) {
    match block {
        Block::Paragraph(text) | Block::Answer(text) => each(text),
        Block::Facts(facts) => facts.iter_mut().for_each(|(_, text)| each(text)),
        Block::List(texts) | Block::Steps(texts) | Block::Notice(texts) => texts.iter_mut().for_each(each),
        Block::Table(table) => table.rows.iter_mut().flatten().flat_map(|cell| &mut cell.0).for_each(each),
        Block::Heading(..)
        | Block::Code(_)
        | Block::Contents(_)
        | Block::PageBreak
        | Block::Blanks(_)
        | Block::Signatures(_) => {}
        Block::Chart(_) | Block::Code2d(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use model::Instant;

    use super::*;
    use crate::report::{Cell, Column, Paper};

    /// A line for each block; pages of 1,000 bytes.
    struct Lines;

    impl Renderer for Lines {
        fn render(&self, report: &Report) -> Result<Vec<u8>, Fault> {
            let mut out = format!("{} {:?}\n", report.title, report.bates.as_ref().map(|bates| bates.page(0)));
            for block in &report.blocks {
                if let Block::Heading(level, words) = block {
                    out.push_str(&format!("H{level} {words}\n"));
                }
                texts(block, &mut |text| out.push_str(&format!("{} {:?}\n", text.value, text.link)));
            }
            Ok(out.into_bytes())
        }

        fn pages(&self, file: &[u8]) -> Option<u64> {
            Some((file.len() as u64).div_ceil(1000))
        }
    }

    fn report(rows: usize) -> Report {
        let column = Column { title: "Row".to_owned(), share: 1, number: false };
        let row = |n: usize| vec![Cell(vec![Text::plain(format!("row {n:05}")).named(format!("row-{n}"))])];
        Report {
            title: "Report".to_owned(),
            case: "1".to_owned(),
            marking: String::new(),
            watermark: String::new(),
            language: "en".to_owned(),
            producer: "probity".to_owned(),
            created: Instant::from_seconds(0).unwrap(),
            paper: Paper::Letter,
            bates: Some(Bates { prefix: "A".to_owned(), first: 1, digits: 4 }),
            flattened: true,
            blocks: vec![
                Block::Heading(1, "Report".to_owned()),
                Block::Paragraph(Text::page_of("Rows")),
                Block::Paragraph(Text::page_of(format!("row-{}", rows - 1))),
                Block::Heading(2, "Rows".to_owned()),
                Block::Table(Table {
                    summary: String::new(),
                    columns: vec![column],
                    rows: (0..rows).map(row).collect(),
                }),
            ],
            attachments: Vec::new(),
        }
    }

    fn parts(rows: usize, most: u64) -> Vec<String> {
        let files = render(&report(rows), most, &Lines).unwrap();
        files.into_iter().map(|file| String::from_utf8(file).unwrap()).collect()
    }

    #[test]
    fn what_fits_is_one_file_and_the_rest_is_cut_without_a_loss() {
        assert_eq!(parts(10, 10_000).len(), 1);
        for most in [1_000, 2_500, 6_000] {
            let parts = parts(1_000, most);
            assert!(parts.len() > 2 && parts.iter().all(|part| part.len() as u64 <= most), "{}", parts.len());
            let all = parts.concat();
            (0..1_000).for_each(|n| assert_eq!(all.matches(&format!("row {n:05} ")).count(), 1, "{n}"));
            for (at, part) in parts.iter().enumerate() {
                assert!(part.starts_with(&format!("Report, part {} of {} ", at + 1, parts.len())), "{part}");
                assert!(at == 0 || part.contains("H2 Rows (continued)\n"), "{part}");
            }
        }
    }

    #[test]
    fn references_lead_into_parts_and_pages_are_numbered_through() {
        let parts = parts(1_000, 2_500);
        assert!(parts[0].contains(&format!("part {} None", parts.len())), "{}", parts[0]);
        assert!(parts[0].contains("Some(PageOf(\"Rows\"))"));
        let mut first = 1;
        for part in &parts {
            assert!(part.contains(&format!("Some(\"A{first:04}\")")), "{first}: {part}");
            first += Lines.pages(part.as_bytes()).unwrap();
        }
    }

    #[test]
    fn what_cannot_be_cut_is_refused() {
        let mut report = report(1);
        report.blocks.push(Block::Paragraph(Text::plain("word ".repeat(2_000))));
        assert_eq!(render(&report, 5_000, &Lines).unwrap_err().code(), "filing-too-large");
    }

    proptest::proptest! {
        #[test]
        fn every_cut_keeps_everything_once_and_no_part_ends_with_a_heading(kinds in proptest::collection::vec(0_u8..5, 1..120), count in 1_usize..12) {
            let block = |(at, kind): (usize, &u8)| match kind {
                0 => Block::Heading(2, format!("h{at}")),
                1 => Block::PageBreak,
                2 => Block::Code(vec![format!("c{at}"); 90]),
                _ => Block::Paragraph(Text::plain(format!("p{at} ").repeat(usize::from(*kind) * 9))),
            };
            let blocks: Vec<Block> = kinds.iter().enumerate().map(block).collect();
            let pieces = pieces(&blocks);
            if let Some(groups) = divide(&pieces, count) {
                proptest::prop_assert_eq!(groups.len(), count);
                proptest::prop_assert_eq!(groups.iter().map(|group| group.len()).sum::<usize>(), pieces.len());
                for group in &groups[..count - 1] {
                    let opens = matches!(group.last(), None | Some(Block::Heading(..) | Block::PageBreak));
                    proptest::prop_assert!(!opens);
                }
            }
        }
    }
}
