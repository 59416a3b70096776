//! Answers as text: an aligned table, lines with tabs, CSV, JSON Lines. Rows are written as they become known.

use std::fmt::Write as _;
use std::io::{ErrorKind, Write};
use std::path::Path;

use model::Fault;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::cell::{Cell, quote};
use crate::query::{Batch, Column, Rows};

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Columns side by side, for people. Widths are those of the first rows. Cells wider than `width_max` are cut and
    /// end in `…`; `None` cuts nothing.
    Table {
        /// Columns of the terminal that one cell may take, at least 2.
        width_max: Option<usize>,
    },
    /// A header and rows with a tab between cells, for pipes. Nothing is cut.
    Tabs,
    /// CSV (RFC 4180) with a header. `NULL` is an empty field, the empty text is `""`.
    Csv {
        /// Puts `'` before texts that a spreadsheet would take for a formula.
        defuse_formulas: bool,
        /// Spells out what a terminal would obey, as tables do. Without it every byte is as it was stored.
        screen: bool,
    },
    /// One JSON object per line.
    JsonLines,
}

impl Rows<'_> {
    /// Writes every row, and says how many there were. What a terminal would obey is spelled out in tables and tabs,
    /// and in CSV for the screen.
    ///
    /// # Errors
    /// As [`crate::Engine::query`]; `io-failed`, `disk-full` when `out` does not take it, `broken-pipe` when nobody
    /// reads any more.
    pub fn write(mut self, form: Form, out: &mut dyn Write) -> Result<u64, Fault> {
        let columns = self.columns().to_vec();
        let mut sheet = Sheet { form, widths: Vec::new(), text: String::new() };
        let mut count = 0;
        let mut begun = false;
        while let Some(batch) = self.next_batch()? {
            if !begun {
                sheet.begin(&columns, Some(&batch));
                begun = true;
            }
            for row in 0..batch.rows() {
                sheet.row(&columns, &batch, row);
                if sheet.text.len() >= 1 << 16 {
                    sheet.flush(out)?;
                }
            }
            sheet.flush(out)?;
            count += batch.rows() as u64;
        }
        if !begun {
            sheet.begin(&columns, None);
        }
        sheet.flush(out)?;
        out.flush().map_err(unwritten)?;
        Ok(count)
    }
}

fn unwritten(error: std::io::Error) -> Fault {
    match error.kind() {
        ErrorKind::BrokenPipe => Fault::interrupted("broken-pipe", "Nobody reads the output any more"),
        _ => Fault::io("write", Path::new("the output"), error),
    }
}

struct Sheet {
    form: Form,
    widths: Vec<usize>,
    text: String,
}

impl Sheet {
    fn flush(&mut self, out: &mut dyn Write) -> Result<(), Fault> {
        out.write_all(self.text.as_bytes()).map_err(unwritten)?;
        self.text.clear();
        Ok(())
    }

    /// The header; for a table also the widths, from the header and the first batch.
    fn begin(&mut self, columns: &[Column], first: Option<&Batch>) {
        let names: Vec<String> = columns.iter().map(|column| visible(&column.name)).collect();
        match self.form {
            Form::Table { width_max } => {
                let fit = |text: &str| text.width().min(width_max.unwrap_or(usize::MAX));
                self.widths = names.iter().map(|name| fit(name)).collect();
                for row in 0..first.map_or(0, Batch::rows) {
                    for (at, width) in self.widths.iter_mut().enumerate() {
                        *width = (*width).max(fit(&shown(first, row, at)));
                    }
                }
                self.aligned(columns, &names);
            }
            Form::Tabs => self.line(&names, "\t"),
            Form::Csv { .. } => {
                let names: Vec<String> =
                    columns.iter().map(|column| field(&column.name, column.name.is_empty())).collect();
                self.line(&names, ",");
            }
            Form::JsonLines => {}
        }
    }

    fn row(&mut self, columns: &[Column], batch: &Batch, row: usize) {
        let all = 0..columns.len();
        match self.form {
            Form::Table { .. } => {
                let cells: Vec<String> = all.map(|at| shown(Some(batch), row, at)).collect();
                self.aligned(columns, &cells);
            }
            Form::Tabs => self.line(&all.map(|at| shown(Some(batch), row, at)).collect::<Vec<_>>(), "\t"),
            Form::Csv { defuse_formulas, screen } => {
                let cells = all.map(|at| csv(&batch.cell(row, at), defuse_formulas));
                let cells = cells.map(|cell| if screen { visible(&cell) } else { cell });
                self.line(&cells.collect::<Vec<_>>(), ",");
            }
            Form::JsonLines => {
                for (at, column) in columns.iter().enumerate() {
                    self.text.push(if at == 0 { '{' } else { ',' });
                    quote(&column.name, &mut self.text);
                    self.text.push(':');
                    batch.cell(row, at).json(&mut self.text);
                }
                self.text.push_str("}\n");
            }
        }
    }

    fn line(&mut self, cells: &[String], between: &str) {
        self.text.push_str(&cells.join(between));
        // RFC 4180 ends lines with CRLF; for people and pipes one character does.
        self.text.push_str(if between == "," { "\r\n" } else { "\n" });
    }

    fn aligned(&mut self, columns: &[Column], cells: &[String]) {
        let start = self.text.len();
        for ((column, cell), width) in columns.iter().zip(cells).zip(&self.widths) {
            if self.text.len() > start {
                self.text.push_str("  ");
            }
            let cell = match self.form {
                Form::Table { width_max: Some(max) } => cut(cell, max),
                _ => cell.clone(),
            };
            let gap = width.saturating_sub(cell.width());
            // Writing to a String does not fail.
            let _ = match column.is_number {
                true => write!(self.text, "{:gap$}{cell}", ""),
                false => write!(self.text, "{cell}{:gap$}", ""),
            };
        }
        self.text.truncate(self.text.trim_end_matches(' ').len().max(start));
        self.text.push('\n');
    }
}

/// A cell for people: `NULL` in words, control characters escaped.
fn shown(batch: Option<&Batch>, row: usize, column: usize) -> String {
    match batch.map(|batch| batch.cell(row, column)) {
        None | Some(Cell::Null) => "NULL".to_owned(),
        Some(cell) => visible(&cell.text()),
    }
}

/// Text from logs is hostile: what could move a cursor, ring a bell or turn the direction of writing is spelled out.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if letter.is_control() || is_invisible(letter) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out
}

/// Marks of direction, joiners and line separators.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn cut(text: &str, max: usize) -> String {
    if text.width() <= max {
        return text.to_owned();
    }
    let mut width = 1;
    let fits = text.chars().take_while(|letter| {
        width += letter.width().unwrap_or(0);
        width <= max
    });
    fits.chain(['…']).collect()
}

fn csv(cell: &Cell<'_>, defuse: bool) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Text(text) if defuse && text.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
            field(&format!("'{text}"), false)
        }
        Cell::Text(text) => field(text, text.is_empty()),
        cell => field(&cell.text(), false),
    }
}

/// A field of CSV, in quotes where it has to be (RFC 4180 §2.5–2.7).
fn field(text: &str, quoted: bool) -> String {
    if quoted || text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_spelled_out() {
        assert_eq!(visible("a\x1b[31m\n\u{202e}ü"), "a\\u{1b}[31m\\n\\u{202e}ü");
    }

    #[test]
    fn csv_quotes_what_it_must_and_defuses_what_it_should() {
        let check = |cell: Cell<'_>, defuse, expect: &str| assert_eq!(csv(&cell, defuse), expect);
        check(Cell::Text("a,\"b\"\n"), false, "\"a,\"\"b\"\"\n\"");
        check(Cell::Text(""), false, "\"\"");
        check(Cell::Null, false, "");
        check(Cell::Text("=1+1"), false, "=1+1");
        check(Cell::Text("=1+1"), true, "'=1+1");
        check(Cell::Integer(-1), true, "-1");
        check(Cell::Float(1e300), true, "1e300");
    }

    #[test]
    fn wide_cells_are_cut_at_a_letter() {
        assert_eq!(cut("überlang", 4), "übe…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("kurz", 4), "kurz");
    }
}
