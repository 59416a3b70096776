//! What stands around the body of every page: marking, case, time, page number. All of it is artifacts.

use evidence::report::{Report, to_seconds};
use model::Fault;

use super::{Fill, GREY, INK, LEFT, Layout, PAGE, Placed, RULE, WIDTH};
use crate::font::{Face, Fonts};
use crate::text::{Line, Style, break_lines};

/// From one line of the marking to the next.
const STEP: f32 = 12.0;
const SMALL: Style = Style { face: Face::Regular, size: 8.0, color: GREY };
const STRONG: Style = Style { face: Face::Bold, size: 8.5, color: INK };

/// The room that the marking leaves.
pub(super) struct Frame {
    /// The marking is never cut: it has as many lines as it needs, first and last on each page.
    marking: Vec<Line>,
    /// How far it pushes everything else towards the middle of the page.
    push: f32,
    /// Where the body begins, and where it ends.
    pub(super) top: f32,
    pub(super) bottom: f32,
}

impl Frame {
    /// # Errors
    /// `missing-glyph`; `report-too-long` for a marking that leaves less than half of the page.
    pub(super) fn new(report: &Report, fonts: &Fonts) -> Result<Frame, Fault> {
        let mut marking = break_lines(fonts, STRONG, &report.marking, WIDTH)?;
        marking.retain(|line| !line.text.is_empty());
        let push = STEP * marking.len().saturating_sub(1) as f32;
        let (top, bottom) = (PAGE.1 - 82.0 - push, 68.0 + push);
        if top - bottom < PAGE.1 / 2.0 {
            return Err(Fault::refused("report-too-long", "The marking would take more than half of each page")
                .advise("Shorten the marking."));
        }
        Ok(Frame { marking, push, top, bottom })
    }

    /// Heads and feet of all pages, now that their number is known.
    pub(super) fn furnish(&self, report: &Report, fonts: &Fonts, layout: &mut Layout) -> Result<(), Fault> {
        let (head, foot) = (PAGE.1 - 46.0 - self.push, 38.0 + self.push);
        let case = one_line(fonts, &format!("Case {}", report.case))?;
        let producer = one_line(fonts, &report.producer)?;
        let made = one_line(fonts, &to_seconds(report.created))?;
        let total = layout.pages.len();
        for (number, page) in layout.pages.iter_mut().enumerate() {
            let count = one_line(fonts, &format!("Page {} of {total}", number + 1))?;
            let mut place = |x, y, line: &Line| page.lines.push(Placed { x, y, line: line.clone(), mark: None });
            let right = |line: &Line| LEFT + WIDTH - wide(fonts, line);
            place(LEFT, head, &case);
            place(right(&producer), head, &producer);
            place(LEFT, foot, &made);
            place(right(&count), foot, &count);
            for (at, line) in self.marking.iter().enumerate() {
                let (x, down) = ((PAGE.0 - wide(fonts, line)) / 2.0, STEP * at as f32);
                place(x, PAGE.1 - 33.0 - down, line);
                place(x, 25.0 + self.push - down, line);
            }
            for y in [head - 8.0, foot + 14.0] {
                page.fills.push(Fill { x: LEFT, y, width: WIDTH, height: 0.6, color: RULE });
            }
        }
        Ok(())
    }
}

/// A short text that is never broken.
fn one_line(fonts: &Fonts, text: &str) -> Result<Line, Fault> {
    let clean = text.replace(['\n', '\r'], " ");
    let lines = break_lines(fonts, SMALL, &clean, f32::INFINITY)?;
    lines.into_iter().next().ok_or_else(|| Fault::internal("pdf-not-written", "A line of the frame is missing"))
}

fn wide(fonts: &Fonts, line: &Line) -> f32 {
    fonts.width(line.face, line.size, &line.text)
}
