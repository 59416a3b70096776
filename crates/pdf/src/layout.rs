//! From blocks to pages: every line gets its place and its tag.

use std::rc::Rc;

use evidence::report::{Block, Link, Report, Text, Tone, Voice};
use model::Fault;

use self::boxes::{EDGE, FACT};
use self::frame::Frame;
use crate::Limits;
use crate::font::{FaceId, Faces};
use crate::page::{Active, Area, Bookmark, Content, Fill, Kid, Layout, Mark, Page, Placed, Says, Tag};
use crate::palette::{Color, GREY, INK, NAVY, ink};
use crate::text::{Line, Style, break_lines, neutralise};

mod boxes;
mod chart;
mod code2d;
mod contents;
mod frame;
mod lists;
mod signatures;
mod table;

/// Where the body stands on its page, from the left and from the right.
pub(crate) const LEFT: f32 = 56.0;
/// A section begins on a new page where less than this share of a page is left.
const SECTION: f32 = 0.25;

/// Lays a report out.
///
/// # Errors
/// `missing-glyph`, `report-too-long`, `broken-link`, `code-too-long`.
pub(crate) fn lay_out(report: &Report, faces: &Faces) -> Result<Layout, Fault> {
    let sheet = crate::page::sheet(report.paper);
    let frame = Frame::new(report, faces, sheet)?;
    let mut pen = Pen {
        faces,
        report,
        layout: Layout { sheet, ..Layout::default() },
        width: sheet.0 - 2.0 * LEFT,
        y: frame.top,
        top: frame.top,
        bottom: frame.bottom,
        headings: 0,
        level: 0,
        link_tag: None,
        fillers: Vec::new(),
    };
    pen.tag(None, "Document");
    pen.new_page()?;
    for at in 0..report.blocks.len() {
        pen.block(at)?;
    }
    pen.said_once()?;
    pen.fill_in()?;
    frame.furnish(report, faces, &mut pen.layout)?;
    Ok(pen.layout)
}

struct Pen<'f> {
    faces: &'f Faces,
    report: &'f Report,
    layout: Layout,
    /// The width of the body.
    width: f32,
    /// The lower edge of what is placed so far.
    y: f32,
    /// Where the body of a page begins, and where it ends.
    top: f32,
    bottom: f32,
    /// How many headings there were.
    headings: usize,
    /// The level of the last one.
    level: u8,
    /// The link that is being placed: the tag it stands in, and its own.
    link_tag: Option<(Rc<Link>, usize, usize)>,
    /// Numbers of pages that are not known yet.
    fillers: Vec<Filler>,
}

/// A line that will be the number of a page.
struct Filler {
    page: usize,
    content: usize,
    tag: Option<usize>,
    flush_right: bool,
}

impl Pen<'_> {
    /// Places a block of the report.
    fn block(&mut self, at: usize) -> Result<(), Fault> {
        let report = self.report;
        match &report.blocks[at] {
            Block::Heading(level, text) => self.heading(*level, text, &report.blocks[at + 1..]),
            Block::Paragraph(text) => self.paragraph(text),
            Block::Answer(text) => self.notice(std::slice::from_ref(text), 12.0),
            Block::Notice(texts) => self.notice(texts, 9.5),
            Block::Facts(facts) => self.facts(facts),
            Block::List(items) => self.list(items, false),
            Block::Steps(items) => self.list(items, true),
            Block::Blanks(names) => self.blanks(names),
            Block::Code(lines) => self.code(lines),
            Block::Table(table) => self.table(table),
            Block::Contents(deepest) => self.contents(*deepest, at),
            Block::PageBreak => {
                if self.y < self.top {
                    self.new_page()
                } else {
                    Ok(())
                }
            }
            Block::Chart(chart) => self.chart(chart),
            Block::Code2d(code) => self.code2d(code),
            Block::Signatures(people) => self.signatures(people),
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
        self.layout.tags.push(Tag::new(name));
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

    /// The lines of a text, with what it leads to and what leads to it.
    fn lines(&self, text: &Text, size: f32, width: f32) -> Result<Vec<Line>, Fault> {
        let page_of = matches!(text.link, Some(Link::PageOf(_)));
        let value = if page_of { contents::UNKNOWN } else { text.value.as_str() };
        let mut lines = break_lines(self.faces, style(text, size), value, width)?;
        if text.link.is_some() || text.anchor.is_some() {
            let link = text.link.clone().map(Rc::new);
            for line in &mut lines {
                line.link.clone_from(&link);
                line.page_of = page_of;
                line.underlined = link.is_some() && !page_of && !self.report.flattened;
                if line.underlined && line.color == INK {
                    line.color = NAVY;
                }
            }
            if let (Some(first), Some(anchor)) = (lines.first_mut(), &text.anchor) {
                first.anchor = Some(anchor.as_str().into());
            }
        }
        Ok(lines)
    }

    /// Places a line with its baseline at `y`; content of `tag`, or an artifact.
    fn place(&mut self, x: f32, y: f32, line: Line, tag: Option<usize>) {
        if let Some(anchor) = &line.anchor {
            let place = (self.layout.pages.len() - 1, y + line.leading);
            self.layout.anchors.entry(anchor.to_string()).or_insert(place);
        }
        if line.is_empty() {
            return;
        }
        let link = line.link.clone().filter(|_| tag.is_some() && !self.report.flattened);
        let tag = match (tag, &link) {
            (Some(parent), Some(link)) => Some(self.link(parent, link)),
            _ => tag,
        };
        // What runs from right to left stands on the page from left to right: whoever hears it gets its words in their order, and
        // in their language where the script tells it.
        let own = match tag {
            Some(parent) if line.logical.is_some() || line.language.is_some() => {
                let span = self.tag(Some(parent), "Span");
                let words = line.logical.as_ref().map(|words| words.to_string());
                self.layout.tags[span].says = Says::Words { words, language: line.language };
                Some(span)
            }
            _ => tag,
        };
        let mark = own.map(|tag| self.mark(tag));
        let (page_of, flush_right) = (line.page_of, line.flush_right);
        if line.underlined {
            self.fill(x, y - 1.6, line.width, 0.4, line.color);
        }
        let (page, sheet) = self.page();
        let content = sheet.content.len();
        sheet.content.push(Content::Line(Placed { x, y, line, mark }));
        if page_of {
            self.fillers.push(Filler { page, content, tag, flush_right });
        } else if let (Some(_), Some(tag)) = (link, tag) {
            self.area(page, content, tag);
        }
    }

    /// The tag of a link inside `parent`: one for all lines of it.
    fn link(&mut self, parent: usize, link: &Rc<Link>) -> usize {
        if let Some((known, inside, tag)) = &self.link_tag
            && Rc::ptr_eq(known, link)
            && *inside == parent
        {
            return *tag;
        }
        let tag = self.tag(Some(parent), "Link");
        self.link_tag = Some((Rc::clone(link), parent, tag));
        tag
    }

    /// The mark for content of `tag`: that of the content before, where it is of the same tag.
    fn mark(&mut self, tag: usize) -> Mark {
        let (number, page) = self.page();
        let last = page.content.last().and_then(|content| content.mark());
        if let Some(mark) = last.filter(|mark| mark.tag == tag) {
            return mark;
        }
        let mark = Mark { id: page.marks, tag };
        page.marks += 1;
        self.layout.tags[tag].kids.push(Kid::Content { page: number, mark: mark.id });
        mark
    }

    /// Makes a line that was placed a link.
    fn area(&mut self, page: usize, content: usize, tag: usize) {
        let sheet = &mut self.layout.pages[page];
        let Some(Content::Line(Placed { x, y, line, .. })) = sheet.content.get(content) else { return };
        let Some(link) = line.link.clone() else { return };
        let (low, high) = (y - 0.25 * line.size, y + 0.85 * line.size);
        let area = Area { rect: [*x, low, x + line.width, high], what: Active::Link(link), tag };
        self.layout.tags[tag].kids.push(Kid::Area { page, area: sheet.areas.len() });
        sheet.areas.push(area);
    }

    /// Places lines one under the other, over as many pages as they need.
    fn flow(&mut self, x: f32, width: f32, lines: Vec<Line>, tag: usize) -> Result<(), Fault> {
        for line in lines {
            self.need(line.leading)?;
            let baseline = self.y - line.size;
            self.y -= line.leading;
            let x = if line.leftward { x + width - line.width } else { x };
            self.place(x, baseline, line, Some(tag));
        }
        Ok(())
    }

    fn heading(&mut self, level: u8, text: &str, after: &[Block]) -> Result<(), Fault> {
        let look = look(level);
        let mut lines = break_lines(self.faces, look.style, text, self.width)?;
        // A heading stays with the beginning of what it heads.
        let share = if level == 2 { SECTION * (self.top - self.bottom) } else { 0.0 };
        self.need((look.height(lines.len()) + self.beginning(after)?).max(share))?;
        if self.y < self.top {
            self.y -= look.before;
        }
        let page = self.page().0;
        // PDF/UA-1 (ISO 14289-1, 7.4.2): no level is left out.
        self.level = level.clamp(1, 3).min(self.level + 1);
        let tag = self.tag(Some(0), ["H1", "H2", "H3"][usize::from(self.level - 1)]);
        self.layout.bookmarks.push(Bookmark { title: neutralise(text), level: self.level, page, top: self.y });
        if let Some(line) = lines.first_mut() {
            line.anchor = Some(contents::key(self.headings).into());
        }
        self.layout.anchors.entry(text.to_owned()).or_insert((page, self.y));
        self.headings += 1;
        self.flow(LEFT, self.width, lines, tag)?;
        self.y -= look.after;
        if level == 1 {
            self.fill(LEFT, self.y + 6.0, self.width, 1.5, NAVY);
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
                let lines = break_lines(self.faces, look.style, text, self.width)?;
                look.height(lines.len()) + self.beginning(rest)?
            }
            Block::Paragraph(text) => {
                let lines = self.lines(text, 9.5, self.width)?;
                // An introduction stays with what it introduces.
                let next = matches!(
                    rest.first(),
                    Some(Block::Table(_) | Block::Heading(..) | Block::Chart(_) | Block::Signatures(_))
                );
                height(&lines) + 6.0 + if next { self.beginning(rest)? } else { 0.0 }
            }
            Block::Answer(text) => self.notice_height(&self.notice_lines(std::slice::from_ref(text), 12.0)?),
            Block::Notice(texts) => self.notice_height(&self.notice_lines(texts, 9.5)?),
            Block::Facts(facts) => {
                let next = matches!(rest.first(), Some(Block::Code(_) | Block::Table(_)));
                FACT.1 * facts.len() as f32 + 6.0 + if next { self.beginning(rest)? } else { 0.0 }
            }
            Block::Code(lines) => match height(&self.code_lines(lines)?) + 2.0 * EDGE {
                whole if whole < (self.top - self.bottom) / 2.0 => whole,
                _ => 3.0 * FACT.0,
            },
            Block::List(_) | Block::Steps(_) | Block::Contents(_) => 3.0 * FACT.0,
            Block::Blanks(_) => lists::BLANK,
            Block::Table(table) => self.table_beginning(table)?,
            Block::Chart(chart) => self.chart_height(chart),
            Block::Code2d(_) => code2d::HEIGHT,
            Block::Signatures(_) => signatures::HEIGHT,
            Block::PageBreak => 0.0,
        };
        Ok(height.min((self.top - self.bottom) / 2.0))
    }

    fn paragraph(&mut self, text: &Text) -> Result<(), Fault> {
        let lines = self.lines(text, 9.5, self.width)?;
        let tag = self.tag(Some(0), "P");
        self.flow(LEFT, self.width, lines, tag)?;
        self.y -= 6.0;
        Ok(())
    }

    /// What the artifacts of each page say, as text.
    fn said_once(&mut self) -> Result<(), Fault> {
        match self.report.said_once() {
            Some(said) => {
                self.y -= 6.0;
                self.paragraph(&Text::small(said))
            }
            None => Ok(()),
        }
    }
}

/// How a heading looks, and the space around it.
struct Look {
    style: Style,
    before: f32,
    after: f32,
}

fn look(level: u8) -> Look {
    let (size, before, after) = match level {
        1 => (22.0, 10.0, 14.0),
        2 => (14.0, 20.0, 6.0),
        _ => (10.5, 12.0, 4.0),
    };
    Look { style: Style { face: FaceId::BOLD, size, color: NAVY }, before, after }
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
        Voice::Plain => Style { face: FaceId::REGULAR, size, color },
        Voice::Strong => Style { face: FaceId::BOLD, size, color },
        Voice::Small => Style { face: FaceId::REGULAR, size: size - 1.0, color: GREY },
        Voice::Exact => Style { face: FaceId::MONO, size: size - 1.5, color },
    }
}
