//! The table of contents, and numbers of pages that are known only at the end.

use std::rc::Rc;

use evidence::report::{Block, Link, Report};
use model::Fault;

use super::{LEFT, Pen};
use crate::font::{FaceId, Faces};
use crate::page::{Active, Content, Dots};
use crate::palette::{INK, NAVY};
use crate::text::{Line, Style, break_lines};

/// Stands where the number of a page will stand; as wide as the widest.
pub(super) const UNKNOWN: &str = "00000";
/// How far each level stands further in.
const STEP: f32 = 16.0;
/// The column of the numbers.
const NUMBER: f32 = 34.0;
/// Between the entries.
const GAP: f32 = 3.0;

/// The place of the n-th heading. No text can name it by chance: the neutraliser lets no control character through.
pub(super) fn key(heading: usize) -> String {
    format!("\u{1}{heading}")
}

/// A line of the table.
struct Entry<'r> {
    level: u8,
    title: &'r str,
    heading: usize,
}

impl Pen<'_> {
    /// The headings from level 2 to `deepest`, but for the one right above the table.
    pub(super) fn contents(&mut self, deepest: u8, at: usize) -> Result<(), Fault> {
        let entries = entries(self.report, deepest, at);
        if entries.is_empty() {
            return Ok(());
        }
        let outer = self.tag(Some(0), "TOC");
        let mut inner = None;
        for entry in &entries {
            let parent = match entry.level {
                2 => {
                    inner = None;
                    outer
                }
                _ => *inner.get_or_insert_with(|| self.tag(Some(outer), "TOC")),
            };
            self.entry(entry, parent)?;
        }
        self.y -= 10.0;
        Ok(())
    }

    fn entry(&mut self, entry: &Entry<'_>, parent: usize) -> Result<(), Fault> {
        let (face, color) = if entry.level == 2 { (FaceId::BOLD, NAVY) } else { (FaceId::REGULAR, INK) };
        let look = Style { face, size: 9.5, color };
        let x = LEFT + STEP * f32::from(entry.level.saturating_sub(2));
        let right = LEFT + self.width;
        let link = Rc::new(Link::Place(key(entry.heading)));
        let mut lines = break_lines(self.faces, look, entry.title, right - x - NUMBER)?;
        let height = lines.iter().map(|line| line.leading).sum::<f32>() + GAP;
        self.need(height)?;
        let item = self.tag(Some(parent), "TOCI");
        let reference = self.tag(Some(item), "Reference");
        let last = lines.len().saturating_sub(1);
        for (at, line) in lines.iter_mut().enumerate() {
            line.link = Some(Rc::clone(&link));
            // Between the title and the number there is a space for those who hear it.
            line.goes_on |= at == last;
        }
        for (at, line) in lines.into_iter().enumerate() {
            let baseline = self.y - line.size;
            self.y -= line.leading;
            let end = x + line.width;
            self.place(x, baseline, line, Some(reference));
            if at == last {
                self.page_number(
                    right,
                    baseline,
                    Style { face: FaceId::REGULAR, size: 9.5, color: INK },
                    &link,
                    reference,
                )?;
                if end + 8.0 < right - NUMBER + 8.0 {
                    self.page().1.dots.push(Dots { from: end + 5.0, to: right - NUMBER + 10.0, y: baseline + 1.0 });
                }
            }
        }
        self.y -= GAP;
        Ok(())
    }

    fn page_number(&mut self, right: f32, y: f32, look: Style, link: &Rc<Link>, tag: usize) -> Result<(), Fault> {
        let Some(mut line) = break_lines(self.faces, look, UNKNOWN, f32::INFINITY)?.pop() else { return Ok(()) };
        line.link = Some(Rc::clone(link));
        (line.page_of, line.flush_right) = (true, true);
        self.place(right - line.width, y, line, Some(tag));
        Ok(())
    }

    /// Writes the numbers of the pages, now that all places are known.
    ///
    /// # Errors
    /// `broken-link` for a place that is nowhere.
    pub(super) fn fill_in(&mut self) -> Result<(), Fault> {
        for filler in std::mem::take(&mut self.fillers) {
            let sheet = &mut self.layout.pages[filler.page];
            let Some(Content::Line(placed)) = sheet.content.get_mut(filler.content) else { continue };
            let Some(Link::Place(name) | Link::PageOf(name)) = placed.line.link.as_deref() else { continue };
            let Some((page, _)) = self.layout.anchors.get(name) else { return Err(broken(name)) };
            number(self.faces, &mut placed.line, page + 1, &mut placed.x, filler.flush_right);
            if let Some(tag) = filler.tag.filter(|_| !self.report.flattened) {
                self.area(filler.page, filler.content, tag);
            }
        }
        let areas = self.layout.pages.iter().flat_map(|page| &page.areas);
        for area in areas {
            if let Active::Link(link) = &area.what
                && let Link::Place(name) | Link::PageOf(name) = link.as_ref()
                && !self.layout.anchors.contains_key(name)
            {
                return Err(broken(name));
            }
        }
        Ok(())
    }
}

/// The headings of a report that a table of contents at block `at` names.
fn entries(report: &Report, deepest: u8, at: usize) -> Vec<Entry<'_>> {
    let headings = report.blocks.iter().enumerate().filter_map(|(place, block)| match block {
        Block::Heading(level, title) => Some((place, *level, title)),
        _ => None,
    });
    let listed = |(_, (place, level, _)): &(usize, (usize, u8, &String))| {
        (2..=deepest).contains(level) && Some(*place) != at.checked_sub(1)
    };
    headings.enumerate().filter(listed).map(|(heading, (_, level, title))| Entry { level, title, heading }).collect()
}

fn number(faces: &Faces, line: &mut Line, page: usize, x: &mut f32, flush_right: bool) {
    let Some(run) = line.runs.first_mut() else { return };
    run.text = page.to_string();
    let face = faces.face(run.face);
    let wide = run.text.chars().map(|c| face.width(c)).sum::<f32>() * line.size / 1000.0;
    if flush_right {
        *x += line.width - wide;
    }
    line.width = wide;
}

fn broken(name: &str) -> Fault {
    Fault::internal(
        "broken-link",
        format!("The report has a link to {:?}, which is nowhere in it", name.trim_start_matches('\u{1}')),
    )
}
