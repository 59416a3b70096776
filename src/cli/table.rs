//! Tables: aligned columns on a screen, tab-separated fields in a pipe.

use std::fmt::Write as _;

use anstyle::Style;
use model::{Verdict, grouped};

use super::output::{Layout, Page, plain};

/// A table of texts. The first row is the heading.
pub(crate) struct Table {
    heading: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

/// One cell.
pub(crate) enum Cell {
    Text(String),
    /// Aligned to the right.
    Number(String),
    /// The same: with thousands apart on a screen, and as it is in a pipe.
    Count(u64),
    Verdict(Verdict),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::Text(text)
    }
}

impl From<Verdict> for Cell {
    fn from(verdict: Verdict) -> Self {
        Cell::Verdict(verdict)
    }
}

impl Cell {
    fn text(&self, terminal: bool) -> String {
        match self {
            Cell::Count(count) if terminal => grouped(*count),
            Cell::Count(count) => count.to_string(),
            Cell::Text(text) | Cell::Number(text) => plain(text).replace(['\n', '\t'], " "),
            Cell::Verdict(verdict) => verdict.word().to_owned(),
        }
    }
}

impl Table {
    pub(crate) fn new(heading: &[&'static str]) -> Self {
        Table { heading: heading.to_vec(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The table as text, each line ending in a newline.
    pub(crate) fn render(&self, layout: Layout) -> String {
        if layout.terminal { self.aligned(layout) } else { self.separated() }
    }

    fn separated(&self) -> String {
        let mut text = self.heading.join("\t") + "\n";
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(|cell| cell.text(false)).collect();
            text.push_str(&cells.join("\t"));
            text.push('\n');
        }
        text
    }

    fn aligned(&self, layout: Layout) -> String {
        let widths: Vec<usize> = (0..self.heading.len())
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| width(&cell.text(true)));
                cells.chain([width(self.heading[column])]).max().unwrap_or(0)
            })
            .collect();
        let mut text = String::new();
        let bold = if layout.colour { Style::new().bold() } else { Style::new() };
        for (column, title) in self.heading.iter().enumerate() {
            let _ = write!(text, "{bold}{title:<width$}{bold:#}  ", width = widths[column]);
        }
        end_line(&mut text);
        let page = Page::new(layout);
        for row in &self.rows {
            for (cell, target) in row.iter().zip(&widths) {
                let shown = cell.text(true);
                let gap = " ".repeat(target.saturating_sub(width(&shown)));
                let _ = match cell {
                    Cell::Text(_) => write!(text, "{shown}{gap}  "),
                    Cell::Number(_) | Cell::Count(_) => write!(text, "{gap}{shown}  "),
                    Cell::Verdict(verdict) => write!(text, "{}{gap}  ", page.verdict(*verdict)),
                };
            }
            end_line(&mut text);
        }
        text
    }
}

fn end_line(text: &mut String) {
    text.truncate(text.trim_end_matches(' ').len());
    text.push('\n');
}

/// Columns on a screen; exact for the scripts that probity itself prints, near enough for data.
fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_gets_columns_and_a_pipe_gets_tabs() {
        let mut table = Table::new(&["rule", "good"]);
        table.row(["latency".into(), Cell::Count(5)]);
        table.row(["cpu".into(), Cell::Count(1000)]);
        let layout = |terminal| Layout { terminal, colour: false };
        assert_eq!(table.render(layout(true)), "rule     good\nlatency      5\ncpu      1,000\n");
        assert_eq!(table.render(layout(false)), "rule\tgood\nlatency\t5\ncpu\t1000\n");
    }
}
