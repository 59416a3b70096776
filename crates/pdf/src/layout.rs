//! From blocks to pages: every line gets its place and its tag.

use evidence::report::{Block, Report, Text, Tone, Voice};
use model::Fault;

use self::frame::Frame;
use crate::Limits;
use crate::font::{Face, Fonts};
use crate::text::{Color, Line, Style, break_lines, neutralise};

mod frame;
mod table;

/// A4 in points, and where the body stands on it.
pub(crate) const PAGE: (f32, f32) = (595.28, 841.89);
pub(crate) const LEFT: f32 = 56.0;
pub(crate) const WIDTH: f32 = PAGE.0 - 2.0 * LEFT;
/// A section begins on a new page where less than this share of a page is left.
const SECTION: f32 = 0.25;
/// Above and below lines of code.
const EDGE: f32 = 5.0;
/// From one line of facts to the next, and from one fact to the next.
const FACT: (f32, f32) = (14.0, 15.5);

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
    let frame = Frame::new(report, fonts)?;
    let mut pen = Pen { fonts, layout: Layout::default(), y: frame.top, top: frame.top, bottom: frame.bottom };
    pen.tag(None, "Document");
    pen.new_page()?;
    for at in 0..report.blocks.len() {
        pen.block(&report.blocks[at], &report.blocks[at + 1..])?;
    }
    frame.furnish(report, fonts, &mut pen.layout)?;
    Ok(pen.layout)
}

struct Pen<'f> {
    fonts: &'f Fonts,
    layout: Layout,
    /// The lower edge of what is placed so far.
    y: f32,
    /// Where the body of a page begins, and where it ends.
    top: f32,
    bottom: f32,
}

impl Pen<'_> {
    /// Places a block; `after` are those that follow.
    fn block(&mut self, block: &Block, after: &[Block]) -> Result<(), Fault> {
        match block {
            Block::Heading(level, text) => self.heading(*level, text, after),
            Block::Paragraph(text) => self.paragraph(text),
            Block::Answer(text) => self.answer(text),
            Block::Facts(facts) => self.facts(facts),
            Block::List(items) => self.list(items),
            Block::Code(lines) => self.code(lines),
            Block::Table(table) => self.table(table),
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
        self.y = self.top;
        Ok(())
    }

    /// Begins a new page unless `height` points are left.
    fn need(&mut self, height: f32) -> Result<(), Fault> {
        if self.y - height < self.bottom && self.y < self.top { self.new_page() } else { Ok(()) }
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

    fn heading(&mut self, level: u8, text: &str, after: &[Block]) -> Result<(), Fault> {
        let look = look(level);
        let lines = break_lines(self.fonts, look.style, text, WIDTH)?;
        // A heading stays with the beginning of what it heads.
        let share = if level == 2 { SECTION * (self.top - self.bottom) } else { 0.0 };
        self.need((look.height(lines.len()) + self.beginning(after)?).max(share))?;
        if self.y < self.top {
            self.y -= look.before;
        }
        let tag = self.tag(Some(0), look.tag);
        let page = self.page().0;
        self.layout.bookmarks.push(Bookmark { title: neutralise(text), page, top: self.y });
        self.flow(LEFT, lines, tag)?;
        self.y -= look.after;
        if level == 1 {
            self.fill(LEFT, self.y + 6.0, WIDTH, 1.5, NAVY);
            self.y -= 10.0;
        }
        Ok(())
    }

    /// How high the part of `blocks` is that must not be parted from a heading above it; at most half a page.
    fn beginning(&self, blocks: &[Block]) -> Result<f32, Fault> {
        let Some((first, rest)) = blocks.split_first() else { return Ok(0.0) };
        let height = match first {
            Block::Heading(level, text) => {
                let look = look(*level);
                let lines = break_lines(self.fonts, look.style, text, WIDTH)?;
                look.height(lines.len()) + self.beginning(rest)?
            }
            Block::Paragraph(text) => {
                let lines = break_lines(self.fonts, style(text, 9.5), &text.value, WIDTH)?;
                // An introduction stays with what it introduces.
                let next = matches!(rest.first(), Some(Block::Table(_) | Block::Heading(..)));
                height(&lines) + 6.0 + if next { self.beginning(rest)? } else { 0.0 }
            }
            Block::Answer(text) => height(&self.answer_lines(text)?) + 20.0,
            Block::Facts(facts) => {
                let next = matches!(rest.first(), Some(Block::Code(_)));
                FACT.1 * facts.len() as f32 + 6.0 + if next { self.beginning(rest)? } else { 0.0 }
            }
            Block::Code(lines) => match height(&self.code_lines(lines)?) + 2.0 * EDGE {
                whole if whole < (self.top - self.bottom) / 2.0 => whole,
                _ => 3.0 * FACT.0,
            },
            Block::List(_) => 3.0 * FACT.0,
            Block::Table(table) => self.table_beginning(table)?,
        };
        Ok(height.min((self.top - self.bottom) / 2.0))
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
        let lines = self.answer_lines(text)?;
        let height = height(&lines) + 20.0;
        self.need(height)?;
        self.fill(LEFT, self.y - height, WIDTH, height, tint(text.tone));
        self.fill(LEFT, self.y - height, 5.0, height, ink(text.tone));
        self.y -= 10.0;
        let tag = self.tag(Some(0), "P");
        self.flow(LEFT + 18.0, lines, tag)?;
        self.y -= 20.0;
        Ok(())
    }

    fn answer_lines(&self, text: &Text) -> Result<Vec<Line>, Fault> {
        break_lines(self.fonts, style(text, 12.0), &text.value, WIDTH - 30.0)
    }

    fn facts(&mut self, facts: &[(String, Text)]) -> Result<(), Fault> {
        const LABEL: f32 = 118.0;
        let mut tag = 0;
        for (label, value) in facts {
            let named = Style { face: Face::Regular, size: 9.0, color: GREY };
            let label = break_lines(self.fonts, named, label, LABEL - 8.0)?;
            let value = break_lines(self.fonts, style(value, 9.5), &value.value, WIDTH - LABEL)?;
            self.need(FACT.0)?;
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
                self.need(FACT.0)?;
                let baseline = self.y - 9.5;
                self.y -= FACT.0;
                self.place(LEFT + LABEL, baseline, line, Some(tag));
            }
            self.y -= FACT.1 - FACT.0;
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

    /// Lines on a tint. A block of more than half a page breaks between any two of them.
    fn code(&mut self, lines: &[String]) -> Result<(), Fault> {
        let all = self.code_lines(lines)?;
        let whole = height(&all) + 2.0 * EDGE;
        if whole < (self.top - self.bottom) / 2.0 {
            self.need(whole)?;
        }
        let tag = self.tag(Some(0), "P");
        let last = all.len().saturating_sub(1);
        for (at, line) in all.into_iter().enumerate() {
            let (above, below) = (if at == 0 { EDGE } else { 0.0 }, if at == last { EDGE } else { 0.0 });
            let height = line.leading + above + below;
            self.need(height)?;
            self.fill(LEFT, self.y - height, WIDTH, height, HEAD);
            let baseline = self.y - above - line.size;
            self.place(LEFT + 12.0, baseline, line, Some(tag));
            self.y -= height;
        }
        self.y -= 9.0;
        Ok(())
    }

    fn code_lines(&self, lines: &[String]) -> Result<Vec<Line>, Fault> {
        /// Where a line is too long, the rest of it stands further in.
        const HANG: &str = "    ";
        let look = Style { face: Face::Mono, size: 8.0, color: INK };
        let width = WIDTH - 24.0 - self.fonts.width(look.face, look.size, HANG);
        let mut all = Vec::new();
        for text in lines {
            let mut parts = break_lines(self.fonts, look, text, width)?;
            parts.iter_mut().skip(1).for_each(|part| part.text.insert_str(0, HANG));
            all.extend(parts);
        }
        Ok(all)
    }
}

/// How a heading looks: its tag, and the space around it.
struct Look {
    tag: &'static str,
    style: Style,
    before: f32,
    after: f32,
}

fn look(level: u8) -> Look {
    let (tag, size, before, after) = match level {
        1 => ("H1", 22.0, 10.0, 14.0),
        2 => ("H2", 14.0, 20.0, 6.0),
        _ => ("H3", 10.5, 12.0, 4.0),
    };
    Look { tag, style: Style { face: Face::Bold, size, color: NAVY }, before, after }
}

impl Look {
    fn height(&self, lines: usize) -> f32 {
        self.before + self.style.size * 1.36 * lines as f32 + self.after
    }
}

/// Lines one under the other.
fn height<'l>(lines: impl IntoIterator<Item = &'l Line>) -> f32 {
    lines.into_iter().map(|line| line.leading).sum()
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
