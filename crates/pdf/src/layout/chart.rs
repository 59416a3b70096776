//! Pictures of numbers. What they say stands in a table too, and in the alternative text.

use evidence::report::{Chart, Left, Plot, Tone, Window, to_seconds};
use model::Fault;

use super::{LEFT, Pen};
use crate::font::FaceId;
use crate::page::{Content, Fill, Picture, Placed, Says, Shape};
use crate::palette::{Color, GREY, HEAD, INK, NAVY, RULE, bar};
use crate::text::{Style, break_lines};

const TITLE: Style = Style { face: FaceId::BOLD, size: 9.5, color: NAVY };
const NAME: Style = Style { face: FaceId::BOLD, size: 8.0, color: INK };
const SMALL: Style = Style { face: FaceId::REGULAR, size: 7.5, color: GREY };
/// Above the plot, for the title.
const HEAD_ROOM: f32 = 22.0;
/// One window: its name and its two bars.
const WINDOW: f32 = 36.0;
/// How many windows one picture shows; more go into the next one.
const WINDOWS: usize = 14;
/// The plot of a line.
const PLOT: f32 = 120.0;
/// Below the plot of a line, for its scale.
const FOOT_ROOM: f32 = 24.0;
/// Where the bars of windows begin and end, as shares of the width; the words stand around them.
const BARS: (f32, f32) = (0.34, 0.66);
/// A budget that is overspent further than this is drawn as this, and its words say how far.
const MOST_SPENT: f64 = 2.0;

impl Pen<'_> {
    pub(super) fn chart(&mut self, chart: &Chart) -> Result<(), Fault> {
        match &chart.plot {
            Plot::Windows(windows) => {
                for (part, windows) in windows.chunks(WINDOWS).enumerate() {
                    let height = HEAD_ROOM + WINDOW * windows.len() as f32;
                    let mut canvas = self.canvas(chart, part, height)?;
                    windows.iter().enumerate().try_for_each(|(row, window)| canvas.window(row, window))?;
                    let (shapes, lines) = (canvas.shapes, canvas.lines);
                    self.figure(chart, height, shapes, lines)?;
                }
                Ok(())
            }
            Plot::BurnDown(left) => {
                let height = HEAD_ROOM + PLOT + FOOT_ROOM;
                let mut canvas = self.canvas(chart, 0, height)?;
                canvas.burn_down(left)?;
                let (shapes, lines) = (canvas.shapes, canvas.lines);
                self.figure(chart, height, shapes, lines)
            }
        }
    }

    /// How high a chart is, or its first part.
    pub(super) fn chart_height(&self, chart: &Chart) -> f32 {
        match &chart.plot {
            Plot::Windows(windows) => HEAD_ROOM + WINDOW * windows.len().min(WINDOWS) as f32,
            Plot::BurnDown(_) => HEAD_ROOM + PLOT + FOOT_ROOM,
        }
    }

    /// Room for a picture on this page, or on the next.
    fn canvas(&mut self, chart: &Chart, part: usize, height: f32) -> Result<Canvas<'_>, Fault> {
        self.need(height)?;
        let title = if part == 0 { chart.title.clone() } else { format!("{} (continued)", chart.title) };
        let mut canvas =
            Canvas { faces: self.faces, top: self.y, width: self.width, shapes: Vec::new(), lines: Vec::new() };
        canvas.words(LEFT, self.y - 10.0, TITLE, &title, Side::Right, self.width)?;
        Ok(canvas)
    }

    fn figure(&mut self, chart: &Chart, height: f32, shapes: Vec<Shape>, lines: Vec<Placed>) -> Result<(), Fault> {
        let tag = self.tag(Some(0), "Figure");
        let frame = [LEFT, self.y - height, LEFT + self.width, self.y];
        self.layout.tags[tag].says = Says::Alternative(chart.alt.clone(), frame);
        let mark = self.mark(tag);
        self.page().1.content.push(Content::Picture(Picture { mark, shapes, lines }));
        self.y -= height + 10.0;
        Ok(())
    }
}

/// On which side of a point words stand.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Right,
    Left,
    Middle,
}

/// A picture while it is drawn.
struct Canvas<'f> {
    faces: &'f crate::font::Faces,
    top: f32,
    width: f32,
    shapes: Vec<Shape>,
    lines: Vec<Placed>,
}

impl Canvas<'_> {
    /// Words in one line; what does not fit is left out with an ellipsis: the alternative text and the table have it whole.
    fn words(&mut self, x: f32, y: f32, look: Style, text: &str, side: Side, room: f32) -> Result<(), Fault> {
        let mut lines = break_lines(self.faces, look, text, room)?.into_iter();
        let Some(mut line) = lines.next() else { return Ok(()) };
        if lines.next().is_some() {
            let mut shorter: Vec<char> = text.chars().collect();
            while shorter.pop().is_some() {
                let cut: String = shorter.iter().collect::<String>().trim_end().to_owned() + "…";
                let mut cut = break_lines(self.faces, look, &cut, room)?;
                if let (1, Some(fits)) = (cut.len(), cut.pop()) {
                    line = fits;
                    break;
                }
            }
        }
        let x = match side {
            Side::Right => x,
            Side::Left => x - line.width,
            Side::Middle => x - line.width / 2.0,
        };
        self.lines.push(Placed { x, y, line, mark: None });
        Ok(())
    }

    fn fill(&mut self, x: f32, y: f32, width: f32, height: f32, color: Color) {
        self.shapes.push(Shape::Box(Fill { x, y, width, height, color }));
    }

    /// A window: its name at the left; what was good, and what is spent of the budget, as bars; both in words at the right.
    fn window(&mut self, row: usize, window: &Window) -> Result<(), Fault> {
        let top = self.top - HEAD_ROOM - WINDOW * row as f32;
        let (from, to) = (LEFT + BARS.0 * self.width, LEFT + BARS.1 * self.width);
        let across = |share: f64| from + (to - from) * share.clamp(0.0, 1.0) as f32;
        self.words(LEFT, top - 11.0, NAME, &window.name, Side::Right, from - LEFT - 10.0)?;
        self.words(LEFT, top - 23.0, SMALL, word(window.tone), Side::Right, from - LEFT - 10.0)?;
        let y = top - 13.0;
        self.fill(from, y, to - from, 10.0, HEAD);
        if let Some(good) = window.good {
            // A share that is not all leaves a mark that can be seen, however small it is.
            let end = if good < 1.0 { across(good).min(to - 1.5) } else { to };
            self.fill(from, y, end - from, 10.0, bar(Tone::Good));
            self.fill(end, y, to - end, 10.0, bar(Tone::Bad));
        }
        if let Some(target) = window.target {
            self.fill(across(target) - 0.6, y - 2.0, 1.2, 14.0, INK);
        }
        self.words(to + 8.0, y + 2.0, SMALL, &window.said, Side::Right, LEFT + self.width - to - 8.0)?;
        let y = top - 26.0;
        if let Some(spent) = window.spent {
            // The line in the middle is the budget; right of it is what should not have been spent.
            let limit = across(1.0 / MOST_SPENT);
            let end = across(spent / MOST_SPENT);
            self.fill(from, y, to - from, 7.0, HEAD);
            self.fill(from, y, end.min(limit) - from, 7.0, bar(Tone::Plain));
            if end > limit {
                self.fill(limit, y, end - limit, 7.0, bar(Tone::Bad));
            }
            self.fill(limit - 0.6, y - 2.0, 1.2, 11.0, INK);
        }
        self.words(to + 8.0, y + 0.5, SMALL, &window.budget, Side::Right, LEFT + self.width - to - 8.0)?;
        self.fill(LEFT, top - WINDOW + 3.0, self.width, 0.4, RULE);
        Ok(())
    }

    /// What was left of a budget, as a line over time.
    fn burn_down(&mut self, left: &[Left]) -> Result<(), Fault> {
        let (Some(first), Some(last)) = (left.first(), left.last()) else { return Ok(()) };
        let lowest = left.iter().map(|left| left.share).fold(0.0, f64::min).max(-MOST_SPENT);
        let (x0, x1) = (LEFT + 44.0, LEFT + self.width - 8.0);
        let (y0, y1) = (self.top - HEAD_ROOM - PLOT, self.top - HEAD_ROOM - 6.0);
        let span = (last.at.nanos() - first.at.nanos()).max(1) as f64;
        let x = |left: &Left| x0 + (x1 - x0) * ((left.at.nanos() - first.at.nanos()) as f64 / span) as f32;
        let y = |share: f64| y0 + (y1 - y0) * ((share.clamp(lowest, 1.0) - lowest) / (1.0 - lowest)) as f32;
        let mut marks = vec![1.0, 0.5, 0.0];
        if lowest < -0.1 {
            marks.push(lowest);
        }
        for mark in marks {
            let color = if mark == 0.0 { INK } else { RULE };
            self.fill(x0, y(mark) - 0.3, x1 - x0, 0.6, color);
            let percent = format!("{:.0} %", mark * 100.0);
            self.words(x0 - 6.0, y(mark) - 2.6, SMALL, &percent, Side::Left, 60.0)?;
        }
        let points: Vec<(f32, f32)> = left.iter().map(|left| (x(left), y(left.share))).collect();
        self.shapes.push(Shape::Curve { points: points.clone(), width: 1.6, color: bar(Tone::Plain) });
        for (left, (x, y)) in left.iter().zip(points) {
            let tone = if left.share < 0.0 { Tone::Bad } else { Tone::Plain };
            self.fill(x - 2.2, y - 2.2, 4.4, 4.4, bar(tone));
        }
        let foot = y0 - 14.0;
        self.words(x0, foot, SMALL, &to_seconds(first.at), Side::Right, self.width / 2.0)?;
        self.words((x0 + x1) / 2.0, foot, SMALL, "budget left", Side::Middle, self.width / 3.0)?;
        self.words(x1, foot, SMALL, &to_seconds(last.at), Side::Left, self.width / 2.0)
    }
}

/// The verdict as the report says it.
fn word(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "met",
        Tone::Bad => "broken",
        Tone::Open | Tone::Plain => "no data",
    }
}
