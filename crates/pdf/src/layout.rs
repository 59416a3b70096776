//! From blocks to pages: every line gets its place and its tag.

use std::collections::VecDeque;

use evidence::report::{Block, Cell, Report, Table, Text, Tone, Voice};
use model::Fault;

use crate::Limits;
use crate::font::{Face, Fonts};
use crate::text::{Color, Line, Style, break_lines, neutralise};

/// A4 in points, and where the body stands on it.
pub(crate) const PAGE: (f32, f32) = (595.28, 841.89);
pub(crate) const LEFT: f32 = 56.0;
pub(crate) const WIDTH: f32 = PAGE.0 - 2.0 * LEFT;
const TOP: f32 = PAGE.1 - 82.0;
const BOTTOM: f32 = 68.0;
const PADDING: f32 = 4.0;

// Contrast against white and against the tints below is at least 7:1 (WCAG 2.1, 1.4.6).
pub(crate) const INK: Color = [0.09, 0.11, 0.14];
pub(crate) const GREY: Color = [0.25, 0.28, 0.32];
pub(crate) const RULE: Color = [0.76, 0.79, 0.83];
const HEAD: Color = [0.90, 0.92, 0.95];
const NAVY: Color = [0.08, 0.20, 0.36];

/// Pages, tags, bookmarks.
#[derive(Default)]
pub(crate) struct Layout {
    pub(crate) pages: Vec<Page>,
    /// The structure tree; node 0 is `Document`.
    pub(crate) tags: Vec<Tag>,
    pub(crate) bookmarks: Vec<Bookmark>,
}

/// What stands on a page.
#[derive(Default)]
pub(crate) struct Page {
    /// Boxes and rules, all artifacts.
    pub(crate) fills: Vec<Fill>,
    pub(crate) lines: Vec<Placed>,
    /// How many marked-content ids the page has.
    pub(crate) marks: usize,
}

pub(crate) struct Fill {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) color: Color,
}

/// A line at its place. With a mark it is content, without it is an artifact.
pub(crate) struct Placed {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) line: Line,
    pub(crate) mark: Option<Mark>,
}

/// Which content of the page it is, and the tag's name.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    pub(crate) id: usize,
    pub(crate) tag: &'static str,
}

/// A structure element.
pub(crate) struct Tag {
    pub(crate) name: &'static str,
    pub(crate) kids: Vec<Kid>,
    /// `Column` or `Row` for a table header.
    pub(crate) scope: Option<&'static str>,
    pub(crate) summary: Option<String>,
}

#[derive(Clone, Copy)]
pub(crate) enum Kid {
    Tag(usize),
    Content { page: usize, mark: usize },
}

pub(crate) struct Bookmark {
    pub(crate) title: String,
    pub(crate) page: usize,
    pub(crate) top: f32,
}

/// Lays a report out.
///
/// # Errors
/// `missing-glyph`, `report-too-long`.
pub(crate) fn lay_out(report: &Report, fonts: &Fonts) -> Result<Layout, Fault> {
    let mut pen = Pen { fonts, layout: Layout::default(), y: TOP };
    pen.tag(None, "Document");
    pen.new_page()?;
    for block in &report.blocks {
        pen.block(block)?;
    }
    pen.furnish(report)?;
    Ok(pen.layout)
}

struct Pen<'f> {
    fonts: &'f Fonts,
    layout: Layout,
    /// The lower edge of what is placed so far.
    y: f32,
}

/// A cell while it is being placed.
struct Column {
    x: f32,
    width: f32,
    number: bool,
    tag: usize,
    lines: VecDeque<Line>,
}

impl Pen<'_> {
    fn block(&mut self, block: &Block) -> Result<(), Fault> {
        match block {
            Block::Heading(level, text) => self.heading(*level, text),
            Block::Paragraph(text) => self.paragraph(text),
            Block::Answer(text) => self.answer(text),
            Block::Facts(facts) => self.facts(facts),
            Block::List(items) => self.list(items),
            Block::Code(lines) => self.code(lines),
            Block::Table(table) => self.table(table),
            Block::PageBreak => self.new_page(),
        }
    }

    fn new_page(&mut self) -> Result<(), Fault> {
        if self.layout.pages.len() == Limits::PAGES {
            return Err(Fault::refused(
                "report-too-long",
                format!("The report would have more than {} pages", Limits::PAGES),
            )
            .advise("Split the case in two."));
        }
        self.layout.pages.push(Page::default());
        self.y = TOP;
        Ok(())
    }

    /// Begins a new page unless `height` points are left.
    fn need(&mut self, height: f32) -> Result<(), Fault> {
        if self.y - height < BOTTOM && self.y < TOP { self.new_page() } else { Ok(()) }
    }

    fn tag(&mut self, parent: Option<usize>, name: &'static str) -> usize {
        let index = self.layout.tags.len();
        self.layout.tags.push(Tag { name, kids: Vec::new(), scope: None, summary: None });
        if let Some(parent) = parent {
            self.layout.tags[parent].kids.push(Kid::Tag(index));
        }
        index
    }

    fn page(&mut self) -> (usize, &mut Page) {
        let index = self.layout.pages.len() - 1;
        // `new_page` runs before anything is placed.
        (index, &mut self.layout.pages[index])
    }

    fn fill(&mut self, x: f32, y: f32, width: f32, height: f32, color: Color) {
        self.page().1.fills.push(Fill { x, y, width, height, color });
    }

    /// Places a line with its baseline at `y`; content of `tag`, or an artifact.
    fn place(&mut self, x: f32, y: f32, line: Line, tag: Option<usize>) {
        if line.text.is_empty() {
            return;
        }
        let name = tag.map_or("", |tag| self.layout.tags[tag].name);
        let (number, page) = self.page();
        let mark = tag.map(|_| Mark { id: page.marks, tag: name });
        page.lines.push(Placed { x, y, line, mark });
        if let (Some(tag), Some(mark)) = (tag, mark) {
            self.page().1.marks += 1;
            self.layout.tags[tag].kids.push(Kid::Content { page: number, mark: mark.id });
        }
    }

    /// Places lines one under the other, over as many pages as they need.
    fn flow(&mut self, x: f32, lines: Vec<Line>, tag: usize) -> Result<(), Fault> {
        for line in lines {
            self.need(line.leading)?;
            let baseline = self.y - line.size;
            self.y -= line.leading;
            self.place(x, baseline, line, Some(tag));
        }
        Ok(())
    }

    fn heading(&mut self, level: u8, text: &str) -> Result<(), Fault> {
        let (name, size, before, after) = match level {
            1 => ("H1", 22.0, 10.0, 14.0),
            2 => ("H2", 14.0, 20.0, 6.0),
            _ => ("H3", 10.5, 12.0, 4.0),
        };
        let style = Style { face: Face::Bold, size, color: NAVY };
        let lines = break_lines(self.fonts, style, text, WIDTH)?;
        // A heading stays with what it heads.
        self.need(before + size * 1.4 * lines.len() as f32 + 90.0)?;
        if self.y < TOP {
            self.y -= before;
        }
        let tag = self.tag(Some(0), name);
        let page = self.page().0;
        self.layout.bookmarks.push(Bookmark { title: neutralise(text), page, top: self.y });
        self.flow(LEFT, lines, tag)?;
        self.y -= after;
        if level == 1 {
            self.fill(LEFT, self.y + 6.0, WIDTH, 1.5, NAVY);
            self.y -= 10.0;
        }
        Ok(())
    }

    fn paragraph(&mut self, text: &Text) -> Result<(), Fault> {
        let lines = break_lines(self.fonts, style(text, 9.5), &text.value, WIDTH)?;
        let tag = self.tag(Some(0), "P");
        self.flow(LEFT, lines, tag)?;
        self.y -= 6.0;
        Ok(())
    }

    /// The answer: in a tinted box with a bar in its tone.
    fn answer(&mut self, text: &Text) -> Result<(), Fault> {
        let lines = break_lines(self.fonts, style(text, 12.0), &text.value, WIDTH - 30.0)?;
        let height = lines.iter().map(|line| line.leading).sum::<f32>() + 20.0;
        self.need(height)?;
        self.fill(LEFT, self.y - height, WIDTH, height, tint(text.tone));
        self.fill(LEFT, self.y - height, 5.0, height, ink(text.tone));
        self.y -= 10.0;
        let tag = self.tag(Some(0), "P");
        self.flow(LEFT + 18.0, lines, tag)?;
        self.y -= 20.0;
        Ok(())
    }

    fn facts(&mut self, facts: &[(String, Text)]) -> Result<(), Fault> {
        const LABEL: f32 = 118.0;
        let mut tag = 0;
        for (label, value) in facts {
            let named = Style { face: Face::Regular, size: 9.0, color: GREY };
            let label = break_lines(self.fonts, named, label, LABEL - 8.0)?;
            let value = break_lines(self.fonts, style(value, 9.5), &value.value, WIDTH - LABEL)?;
            self.need(14.0)?;
            // A value without a label belongs to the one above.
            if label.iter().any(|line| !line.text.is_empty()) || tag == 0 {
                tag = self.tag(Some(0), "P");
            }
            if let Some(line) = label.into_iter().next() {
                let baseline = self.y - 9.5;
                self.place(LEFT, baseline, line, Some(tag));
            }
            // Each line of a fact is as high as the next, so that the labels stand at one distance.
            for line in value {
                self.need(14.0)?;
                let baseline = self.y - 9.5;
                self.y -= 14.0;
                self.place(LEFT + LABEL, baseline, line, Some(tag));
            }
            self.y -= 1.5;
        }
        self.y -= 6.0;
        Ok(())
    }

    fn list(&mut self, items: &[Text]) -> Result<(), Fault> {
        let list = self.tag(Some(0), "L");
        for item in items {
            let lines = break_lines(self.fonts, style(item, 9.5), &item.value, WIDTH - 14.0)?;
            self.need(14.0)?;
            let entry = self.tag(Some(list), "LI");
            let (label, body) = (self.tag(Some(entry), "Lbl"), self.tag(Some(entry), "LBody"));
            let bullet = break_lines(self.fonts, style(&Text::plain("•"), 9.5), "•", WIDTH)?;
            let baseline = self.y - 9.5;
            for line in bullet {
                self.place(LEFT + 2.0, baseline, line, Some(label));
            }
            self.flow(LEFT + 14.0, lines, body)?;
            self.y -= 3.0;
        }
        self.y -= 4.0;
        Ok(())
    }

    fn code(&mut self, lines: &[String]) -> Result<(), Fault> {
        let look = Style { face: Face::Mono, size: 8.5, color: INK };
        let tag = self.tag(Some(0), "P");
        for text in lines {
            let lines = break_lines(self.fonts, look, text, WIDTH - 24.0)?;
            let height = lines.iter().map(|line| line.leading).sum::<f32>() + 8.0;
            self.need(height)?;
            self.fill(LEFT, self.y - height, WIDTH, height, HEAD);
            self.y -= 4.0;
            self.flow(LEFT + 12.0, lines, tag)?;
            self.y -= 7.0;
        }
        self.y -= 4.0;
        Ok(())
    }

    fn table(&mut self, table: &Table) -> Result<(), Fault> {
        let tag = self.tag(Some(0), "Table");
        self.layout.tags[tag].summary = Some(table.summary.clone());
        self.need(60.0)?;
        self.table_head(table, Some(tag))?;
        for row in &table.rows {
            self.table_row(table, row, tag)?;
        }
        self.y -= 10.0;
        Ok(())
    }

    /// The head of a table: content the first time, an artifact where it is repeated.
    fn table_head(&mut self, table: &Table, tag: Option<usize>) -> Result<(), Fault> {
        let row = tag.map(|tag| self.tag(Some(tag), "TR"));
        let look = Style { face: Face::Bold, size: 8.5, color: INK };
        let mut cells = Vec::new();
        for (column, (x, width)) in table.columns.iter().zip(places(table)) {
            cells.push((column, x, width, break_lines(self.fonts, look, &column.title, width - 2.0 * PADDING)?));
        }
        let tallest =
            cells.iter().map(|(.., lines)| lines.iter().map(|line| line.leading).sum::<f32>()).fold(0.0, f32::max);
        let height = tallest + 2.0 * PADDING;
        self.fill(LEFT, self.y - height, WIDTH, height, HEAD);
        for (column, x, width, lines) in cells {
            let cell = row.map(|row| self.tag(Some(row), "TH"));
            if let Some(cell) = cell {
                self.layout.tags[cell].scope = Some("Column");
            }
            let mut y = self.y - PADDING;
            for line in lines {
                let at = self.align(column.number, x, width, &line);
                let baseline = y - line.size;
                y -= line.leading;
                self.place(at, baseline, line, cell);
            }
        }
        self.y -= height;
        Ok(())
    }

    fn align(&self, number: bool, x: f32, width: f32, line: &Line) -> f32 {
        match number {
            true => x + width - PADDING - self.fonts.width(line.face, line.size, &line.text),
            false => x + PADDING,
        }
    }

    /// A row stays whole where it fits on a page; where it cannot, it goes on below the repeated head.
    fn table_row(&mut self, table: &Table, cells: &[Cell], tag: usize) -> Result<(), Fault> {
        let row = self.tag(Some(tag), "TR");
        let mut columns = Vec::new();
        for (index, ((cell, column), (x, width))) in cells.iter().zip(&table.columns).zip(places(table)).enumerate() {
            let tag = self.tag(Some(row), if index == 0 { "TH" } else { "TD" });
            if index == 0 {
                self.layout.tags[tag].scope = Some("Row");
            }
            let mut lines = VecDeque::new();
            for text in &cell.0 {
                lines.extend(break_lines(self.fonts, style(text, 8.5), &text.value, width - 2.0 * PADDING)?);
            }
            columns.push(Column { x, width, number: column.number, tag, lines });
        }
        let height = columns.iter().map(Column::height).fold(0.0, f32::max) + 2.0 * PADDING;
        if self.y - height < BOTTOM {
            let fits_on_one = height < TOP - BOTTOM - 60.0;
            if fits_on_one || self.y - 60.0 < BOTTOM {
                self.continue_table(table)?;
            }
        }
        loop {
            self.place_part(&mut columns);
            if columns.iter().all(|column| column.lines.is_empty()) {
                return Ok(());
            }
            self.continue_table(table)?;
        }
    }

    fn continue_table(&mut self, table: &Table) -> Result<(), Fault> {
        self.new_page()?;
        self.table_head(table, None)
    }

    /// Places as many lines of each cell as the page takes.
    fn place_part(&mut self, columns: &mut [Column]) {
        let top = self.y - PADDING;
        let mut lowest = top;
        for column in columns {
            let mut y = top;
            while column.lines.front().is_some_and(|line| y - line.leading >= BOTTOM) {
                let Some(line) = column.lines.pop_front() else { break };
                let at = self.align(column.number, column.x, column.width, &line);
                let baseline = y - line.size;
                y -= line.leading;
                self.place(at, baseline, line, Some(column.tag));
            }
            lowest = lowest.min(y);
        }
        self.y = lowest - PADDING;
        self.fill(LEFT, self.y, WIDTH, 0.6, RULE);
    }

    /// Heads and feet of all pages, now that their number is known.
    fn furnish(&mut self, report: &Report) -> Result<(), Fault> {
        let total = self.layout.pages.len();
        let small = Style { face: Face::Regular, size: 8.0, color: GREY };
        let strong = Style { face: Face::Bold, size: 8.5, color: INK };
        let fonts = self.fonts;
        let first =
            |style, text: &str, width| Ok::<_, Fault>(break_lines(fonts, style, text, width)?.into_iter().next());
        for number in 0..total {
            let parts = [
                (first(small, &format!("Case {}", report.case), WIDTH / 2.0)?, false, PAGE.1 - 46.0),
                (first(strong, &report.marking, WIDTH / 2.0)?, true, PAGE.1 - 46.0),
                (first(small, &format!("{} · {}", report.created, report.producer), WIDTH / 3.0)?, false, 38.0),
                (first(small, &format!("Page {} of {total}", number + 1), WIDTH / 3.0)?, true, 38.0),
            ];
            let page = &mut self.layout.pages[number];
            page.fills.push(Fill { x: LEFT, y: PAGE.1 - 54.0, width: WIDTH, height: 0.6, color: RULE });
            page.fills.push(Fill { x: LEFT, y: 52.0, width: WIDTH, height: 0.6, color: RULE });
            for (line, right, y) in parts {
                let Some(line) = line else { continue };
                let x = if right { LEFT + WIDTH - fonts.width(line.face, line.size, &line.text) } else { LEFT };
                page.lines.push(Placed { x, y, line, mark: None });
            }
            let marking = first(strong, &report.marking, WIDTH / 3.0)?;
            if let Some(line) = marking {
                let x = (PAGE.0 - fonts.width(line.face, line.size, &line.text)) / 2.0;
                page.lines.push(Placed { x, y: 38.0, line, mark: None });
            }
        }
        Ok(())
    }
}

impl Column {
    fn height(&self) -> f32 {
        self.lines.iter().map(|line| line.leading).sum()
    }
}

/// Where the columns of a table begin, and how wide they are.
fn places(table: &Table) -> Vec<(f32, f32)> {
    let all: u16 = table.columns.iter().map(|column| column.share).sum();
    let mut x = LEFT;
    let place = |column: &evidence::report::Column| {
        let width = WIDTH * f32::from(column.share) / f32::from(all.max(1));
        x += width;
        (x - width, width)
    };
    table.columns.iter().map(place).collect()
}

fn style(text: &Text, size: f32) -> Style {
    let color = if text.tone == Tone::Plain { INK } else { ink(text.tone) };
    match text.voice {
        Voice::Plain => Style { face: Face::Regular, size, color },
        Voice::Strong => Style { face: Face::Bold, size, color },
        Voice::Small => Style { face: Face::Regular, size: size - 1.0, color: GREY },
        Voice::Exact => Style { face: Face::Mono, size: size - 1.5, color },
    }
}

fn ink(tone: Tone) -> Color {
    match tone {
        Tone::Plain => NAVY,
        Tone::Good => [0.03, 0.32, 0.15],
        Tone::Bad => [0.55, 0.06, 0.08],
        Tone::Open => [0.38, 0.26, 0.0],
    }
}

fn tint(tone: Tone) -> Color {
    match tone {
        Tone::Plain => HEAD,
        Tone::Good => [0.90, 0.96, 0.92],
        Tone::Bad => [0.99, 0.92, 0.92],
        Tone::Open => [0.99, 0.96, 0.87],
    }
}
