//! Tables: rows stay whole where they can, and the head is repeated where the table goes on.

use std::collections::VecDeque;

use evidence::report::{Cell, Table};
use model::Fault;

use super::{LEFT, Pen, height};
use crate::font::FaceId;
use crate::page::Says;
use crate::palette::{HEAD, INK, RULE};
use crate::text::{Line, Style, break_lines};

/// Above and below the text of a row, and at its sides.
const PADDING: f32 = 4.0;
/// So many rows are worth no page of their own: the others may come closer to make room, step by step.
const FEW: usize = 3;
const TIGHTER: [f32; 4] = [3.5, 3.0, 2.5, 2.0];
/// A row that no page can hold is begun where at least this much is left.
const BEGUN: f32 = 60.0;

/// The lines of each cell of a row.
type Row = Vec<VecDeque<Line>>;

/// A cell while it is being placed.
struct Column {
    x: f32,
    width: f32,
    number: bool,
    tag: usize,
    lines: VecDeque<Line>,
}

impl Pen<'_> {
    pub(super) fn table(&mut self, table: &Table) -> Result<(), Fault> {
        let head = self.head_lines(table)?;
        let rows = table.rows.iter().map(|row| self.row_lines(table, row)).collect::<Result<Vec<_>, _>>()?;
        self.need(self.table_beginning(table)?)?;
        let heights: Vec<f32> = rows.iter().map(tallest).collect();
        let below_head = |y: f32| y - tallest(&head) - 2.0 * PADDING - self.bottom;
        let plan = plan(&heights, below_head(self.y), below_head(self.top));
        let tag = self.tag(Some(0), "Table");
        self.layout.tags[tag].says = Says::Summary(table.summary.clone());
        self.table_head(table, &head, Some(tag));
        for (at, row) in rows.into_iter().enumerate() {
            if plan.carry == Some(at) {
                self.continue_table(table, &head)?;
            }
            self.table_row(table, &head, row, plan.padding, tag)?;
        }
        self.y -= 10.0;
        Ok(())
    }

    /// How high the head and the first row are.
    pub(super) fn table_beginning(&self, table: &Table) -> Result<f32, Fault> {
        let head = tallest(&self.head_lines(table)?) + 2.0 * PADDING;
        let first = table.rows.first().map(|row| self.row_lines(table, row)).transpose()?;
        let first = first.map_or(0.0, |row| tallest(&row) + 2.0 * PADDING);
        // A row that no page can hold begins anywhere.
        Ok(head + if head + first > self.top - self.bottom { BEGUN } else { first })
    }

    /// Where the columns of a table begin, and how wide they are.
    fn places(&self, table: &Table) -> Vec<(f32, f32)> {
        let all: u16 = table.columns.iter().map(|column| column.share).sum();
        let mut x = LEFT;
        let place = |column: &evidence::report::Column| {
            let width = self.width * f32::from(column.share) / f32::from(all.max(1));
            x += width;
            (x - width, width)
        };
        table.columns.iter().map(place).collect()
    }

    fn head_lines(&self, table: &Table) -> Result<Row, Fault> {
        let look = Style { face: FaceId::BOLD, size: 8.5, color: INK };
        let cells = table.columns.iter().zip(self.places(table));
        let lines = |title: &str, width| break_lines(self.faces, look, title, width - 2.0 * PADDING);
        cells.map(|(column, (_, width))| Ok(lines(&column.title, width)?.into())).collect()
    }

    fn row_lines(&self, table: &Table, cells: &[Cell]) -> Result<Row, Fault> {
        let mut row = Row::with_capacity(cells.len());
        for (cell, (_, width)) in cells.iter().zip(self.places(table)) {
            let mut lines = VecDeque::new();
            for text in &cell.0 {
                lines.extend(self.lines(text, 8.5, width - 2.0 * PADDING)?);
            }
            row.push(lines);
        }
        Ok(row)
    }

    /// The head of a table: content the first time, an artifact where it is repeated.
    fn table_head(&mut self, table: &Table, head: &Row, tag: Option<usize>) {
        let row = tag.map(|tag| self.tag(Some(tag), "TR"));
        let height = tallest(head) + 2.0 * PADDING;
        self.fill(LEFT, self.y - height, self.width, height, HEAD);
        for (lines, (column, (x, width))) in head.iter().zip(table.columns.iter().zip(self.places(table))) {
            let cell = row.map(|row| self.tag(Some(row), "TH"));
            if let Some(cell) = cell {
                self.layout.tags[cell].says = Says::Scope("Column");
            }
            let mut y = self.y - PADDING;
            for line in lines {
                let mut line = line.clone();
                let at = align(column.number, x, width, &mut line);
                let baseline = y - line.size;
                y -= line.leading;
                self.place(at, baseline, line, cell);
            }
        }
        self.y -= height;
    }

    /// A row stays whole where it fits on a page; where it cannot, it goes on below the repeated head.
    fn table_row(&mut self, table: &Table, head: &Row, row: Row, padding: f32, tag: usize) -> Result<(), Fault> {
        let height = tallest(&row) + 2.0 * padding;
        let fits_on_one = height <= self.top - self.bottom - tallest(head) - 2.0 * PADDING;
        if self.y - height < self.bottom && (fits_on_one || self.y - BEGUN < self.bottom) {
            self.continue_table(table, head)?;
        }
        let parent = self.tag(Some(tag), "TR");
        let mut columns = Vec::with_capacity(row.len());
        for (index, (lines, (column, (x, width)))) in
            row.into_iter().zip(table.columns.iter().zip(self.places(table))).enumerate()
        {
            let tag = self.tag(Some(parent), if index == 0 { "TH" } else { "TD" });
            if index == 0 {
                self.layout.tags[tag].says = Says::Scope("Row");
            }
            columns.push(Column { x, width, number: column.number, tag, lines });
        }
        loop {
            self.place_part(&mut columns, padding);
            if columns.iter().all(|column| column.lines.is_empty()) {
                return Ok(());
            }
            self.continue_table(table, head)?;
        }
    }

    fn continue_table(&mut self, table: &Table, head: &Row) -> Result<(), Fault> {
        self.new_page()?;
        self.table_head(table, head, None);
        Ok(())
    }

    /// Places as many lines of each cell as the page takes.
    fn place_part(&mut self, columns: &mut [Column], padding: f32) {
        let top = self.y - padding;
        let mut lowest = top;
        for column in columns {
            let mut y = top;
            while column.lines.front().is_some_and(|line| y - line.leading >= self.bottom) {
                let Some(mut line) = column.lines.pop_front() else { break };
                let at = align(column.number, column.x, column.width, &mut line);
                let baseline = y - line.size;
                y -= line.leading;
                self.place(at, baseline, line, Some(column.tag));
            }
            lowest = lowest.min(y);
        }
        self.y = lowest - padding;
        self.fill(LEFT, self.y, self.width, 0.6, RULE);
    }
}

/// How the rows of a table stand on its pages.
#[derive(Debug, PartialEq)]
struct Plan {
    padding: f32,
    /// The row that begins a page although it would fit on the one before.
    carry: Option<usize>,
}

/// Keeps a page from holding the last few rows and nothing else: the rows come closer where that saves the page; where it does
/// not, no row stands alone: the one before goes along. `left` is the room on the first page, `full` that on each other one.
fn plan(heights: &[f32], left: f32, full: f32) -> Plan {
    let loose = Plan { padding: PADDING, carry: None };
    if heights.iter().any(|height| height + 2.0 * PADDING > full) {
        return loose;
    }
    let (pages, last) = spread(heights, PADDING, left, full);
    if pages == 1 || last > FEW {
        return loose;
    }
    match TIGHTER.into_iter().find(|padding| spread(heights, *padding, left, full).0 < pages) {
        Some(padding) => Plan { padding, carry: None },
        None if last == 1 => Plan { carry: heights.len().checked_sub(2).filter(|row| *row > 0), ..loose },
        None => loose,
    }
}

/// How many pages the rows take, and how many of them stand on the last one.
fn spread(heights: &[f32], padding: f32, left: f32, full: f32) -> (usize, usize) {
    let (mut left, mut pages, mut on_page) = (left, 1, 0);
    for height in heights.iter().map(|height| height + 2.0 * padding) {
        if height > left {
            (left, pages, on_page) = (full, pages + 1, 0);
        }
        left -= height;
        on_page += 1;
    }
    (pages, on_page)
}

/// Where a line of a cell begins. Numbers stand at the right, and so does what runs from right to left over several lines.
fn align(number: bool, x: f32, width: f32, line: &mut Line) -> f32 {
    line.flush_right = number || line.leftward;
    if line.flush_right { x + width - PADDING - line.width } else { x + PADDING }
}

fn tallest(row: &Row) -> f32 {
    row.iter().map(height).fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_row_does_not_stand_alone() {
        let check = |rows: &[f32], left, padding, carry| assert_eq!(plan(rows, left, 100.0), Plan { padding, carry });
        // On one page; three rows saved, and more than can be; one saved; one joined; one whose neighbour is as high; too high.
        check(&[12.0; 5], 100.0, 4.0, None);
        check(&[4.0; 11], 100.0, 2.5, None);
        check(&[12.0; 7], 100.0, 4.0, None);
        check(&[12.0; 9], 100.0, 4.0, None);
        check(&[12.0; 6], 100.0, 2.0, None);
        check(&[22.0; 4], 100.0, 4.0, Some(2));
        check(&[90.0, 90.0], 100.0, 4.0, None);
        check(&[200.0, 9.0], 100.0, 4.0, None);
        check(&[], 100.0, 4.0, None);
    }
}
