//! What stands around the body of every page: marking, case, time, numbers. All of it is artifacts.

use evidence::report::{Report, to_seconds};
use model::Fault;

use super::LEFT;
use crate::font::{FaceId, Faces};
use crate::page::{Bookmark, Fill, Layout, Placed};
use crate::palette::{GREY, INK, RULE};
use crate::text::{Line, Style, break_lines, plain_width};

/// From one line of the marking to the next.
const STEP: f32 = 12.0;
const SMALL: Style = Style { face: FaceId::REGULAR, size: 8.0, color: GREY };
const STRONG: Style = Style { face: FaceId::BOLD, size: 8.5, color: INK };
const PLACE: Style = Style { face: FaceId::BOLD, size: 8.0, color: INK };
/// Between the words of a head.
const GAP: f32 = 12.0;
/// What begins so near to the top of a page begins with it.
const NEAR: f32 = 30.0;

/// The room that the marking leaves.
pub(super) struct Frame {
    sheet: (f32, f32),
    /// The marking is never cut: it has as many lines as it needs, first and last on each page.
    marking: Vec<Line>,
    /// How far it pushes everything else towards the middle of the page.
    push: f32,
    /// The Bates number has a line of its own at the foot.
    below: f32,
    /// Where the body begins, and where it ends.
    pub(super) top: f32,
    pub(super) bottom: f32,
}

impl Frame {
    /// # Errors
    /// `missing-glyph`; `report-too-long` for a marking that leaves less than half of the page.
    pub(super) fn new(report: &Report, faces: &Faces, sheet: (f32, f32)) -> Result<Frame, Fault> {
        let mut marking = break_lines(faces, STRONG, &report.marking, sheet.0 - 2.0 * LEFT)?;
        marking.retain(|line| !line.is_empty());
        let push = STEP * marking.len().saturating_sub(1) as f32;
        let below = if report.bates.is_some() { STEP } else { 0.0 };
        let (top, bottom) = (sheet.1 - 82.0 - push, 68.0 + push + below);
        if top - bottom < sheet.1 / 2.0 {
            return Err(Fault::refused("report-too-long", "The marking would take more than half of each page")
                .advise("Shorten the marking."));
        }
        Ok(Frame { sheet, marking, push, below, top, bottom })
    }

    /// Heads and feet of all pages, now that their number is known.
    pub(super) fn furnish(&self, report: &Report, faces: &Faces, layout: &mut Layout) -> Result<(), Fault> {
        let right = self.sheet.0 - LEFT;
        let (head, foot) = (self.sheet.1 - 46.0 - self.push, 38.0 + self.push + self.below);
        let producer = one_line(faces, SMALL, &report.producer)?;
        let about = match report.case.as_str() {
            "" => report.title.clone(),
            case => format!("Case {case}"),
        };
        let case = short_line(faces, &about, right - LEFT - producer.width - GAP)?;
        let made = one_line(faces, SMALL, &to_seconds(report.created))?;
        let total = layout.pages.len();
        let places = self.places(layout);
        for (number, page) in layout.pages.iter_mut().enumerate() {
            let count = one_line(faces, SMALL, &format!("Page {} of {total}", number + 1))?;
            let placed = |x, y, line: &Line| Placed { x, y, line: line.clone(), mark: None };
            page.head.push(placed(LEFT, head, &case));
            page.head.push(placed(right - producer.width, head, &producer));
            let room = right - producer.width - LEFT - case.width - 2.0 * GAP;
            if let Some(place) = places[number].as_deref().filter(|place| plain_width(faces, PLACE, place) < room) {
                page.head.push(placed(LEFT + case.width + GAP, head, &one_line(faces, PLACE, place)?));
            }
            page.foot.push(placed(LEFT, foot, &made));
            page.foot.push(placed(right - count.width, foot, &count));
            for (at, line) in self.marking.iter().enumerate() {
                let (x, down) = ((self.sheet.0 - line.width) / 2.0, STEP * at as f32);
                page.head.push(placed(x, self.sheet.1 - 33.0 - down, line));
                page.foot.push(placed(x, 25.0 + self.push + self.below - down, line));
            }
            if let Some(bates) = &report.bates {
                let line = one_line(faces, STRONG, &bates.page(number as u64))?;
                page.foot.push(placed(right - line.width, 25.0, &line));
            }
            for y in [head - 8.0, foot + 14.0] {
                page.fills.push(Fill { x: LEFT, y, width: right - LEFT, height: 0.6, color: RULE });
            }
        }
        Ok(())
    }

    /// What each page of a report in parts says about where one is: bundles are taken apart.
    fn places(&self, layout: &Layout) -> Vec<Option<String>> {
        let mut parts = layout.bookmarks.iter().enumerate().filter(|(_, mark)| mark.level == 1).map(|(at, _)| at);
        // The first is the title of the whole.
        let marks = parts.nth(1).map_or(&[][..], |first| &layout.bookmarks[first..]);
        (0..layout.pages.len()).map(|page| place(marks, page, self.top - NEAR)).collect()
    }
}

/// The part at the top of a page, and what it goes on with there.
fn place(bookmarks: &[Bookmark], page: usize, top: f32) -> Option<String> {
    let begun = |mark: &&Bookmark| mark.page < page || mark.page == page && mark.top >= top;
    let (mut part, mut section) = (None, None);
    for mark in bookmarks.iter().filter(begun) {
        match mark.level {
            1 => (part, section) = (Some(&mark.title), None),
            2 => section = Some(&mark.title),
            _ => {}
        }
    }
    match section {
        Some(section) => Some(format!("{} – {section}", part?)),
        None => part.cloned(),
    }
}

/// As much of a text as fits; what is left out stands on the first page.
fn short_line(faces: &Faces, text: &str, room: f32) -> Result<Line, Fault> {
    let mut line = one_line(faces, SMALL, text)?;
    let mut chars: Vec<char> = text.chars().collect();
    while line.width > room && !chars.is_empty() {
        chars.truncate(chars.len() * 9 / 10);
        line = one_line(faces, SMALL, &format!("{}…", chars.iter().collect::<String>().trim_end()))?;
    }
    Ok(line)
}

/// A short text that is never broken.
fn one_line(faces: &Faces, look: Style, text: &str) -> Result<Line, Fault> {
    let clean = text.replace(['\n', '\r'], " ");
    let lines = break_lines(faces, look, &clean, f32::INFINITY)?;
    lines.into_iter().next().ok_or_else(|| Fault::internal("pdf-not-written", "A line of the frame is missing"))
}
