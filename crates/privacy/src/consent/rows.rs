//! Rows that others wrote: CSV with a heading (RFC 4180), or JSON Lines.

use model::{Fault, Place};
use serde_json::Value;

/// One row: names and values, and the line on which it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line, from 1.
    pub line: u64,
    values: Vec<(String, String)>,
}

impl Row {
    /// The value under a name; an empty one is none.
    pub fn text(&self, name: &str) -> Option<&str> {
        let found = self.values.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|(name, _)| name.as_str())
    }

    /// The value under a name that has to be there.
    ///
    /// # Errors
    /// `bad-consent-row`.
    pub fn needed(&self, name: &str) -> Result<&str, Fault> {
        self.text(name).ok_or_else(|| bad(self.line, format!("There is no {name}")))
    }

    /// What the whole row says, as bytes that are the same wherever it stands.
    pub fn canonical(&self) -> Vec<u8> {
        let mut values: Vec<&(String, String)> = self.values.iter().filter(|(_, value)| !value.is_empty()).collect();
        values.sort();
        serde_json::to_vec(&values).unwrap_or_default()
    }
}

/// The rows of a text: JSON Lines where it begins with `{`, CSV otherwise.
///
/// # Errors
/// Each `bad-consent-row` with its line; after one there are no more.
pub fn rows(text: &str) -> Box<dyn Iterator<Item = Result<Row, Fault>> + '_> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text.trim_start().starts_with('{') {
        true => Box::new(json_lines(text)),
        false => Box::new(Csv::new(text)),
    }
}

fn json_lines(text: &str) -> impl Iterator<Item = Result<Row, Fault>> + '_ {
    let lines = text.lines().zip(1_u64..).filter(|(line, _)| !line.trim().is_empty());
    lines.map(|(line, number)| {
        let value: Value =
            serde_json::from_str(line).map_err(|error| bad(number, format!("This is no JSON: {error}")))?;
        let Value::Object(members) = value else { return Err(bad(number, "This is no JSON object".to_owned())) };
        let plain = |value: Value| match value {
            Value::String(text) => Some(text),
            Value::Null => None,
            Value::Array(items) => {
                let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
                texts.map(|texts| texts.join(";"))
            }
            other => Some(other.to_string()),
        };
        let values = members.into_iter().filter_map(|(name, value)| Some((name, plain(value)?))).collect();
        Ok(Row { line: number, values })
    })
}

struct Csv<'t> {
    rest: &'t str,
    line: u64,
    heading: Vec<String>,
    broken: bool,
}

impl<'t> Csv<'t> {
    fn new(text: &'t str) -> Self {
        let mut csv = Csv { rest: text, line: 1, heading: Vec::new(), broken: false };
        if let Some(Ok((_, cells))) = csv.record() {
            csv.heading = cells.into_iter().map(|name| name.trim().to_ascii_lowercase()).collect();
        }
        csv
    }

    /// The next record that is not empty, with its line.
    fn record(&mut self) -> Option<Result<(u64, Vec<String>), Fault>> {
        while !self.rest.is_empty() {
            let begin = self.line;
            let Some(cells) = self.cells() else {
                self.broken = true;
                return Some(Err(bad(begin, "A quoted cell does not end".to_owned())));
            };
            if cells.len() > 1 || !cells[0].is_empty() {
                return Some(Ok((begin, cells)));
            }
        }
        None
    }

    fn cells(&mut self) -> Option<Vec<String>> {
        let mut cells = Vec::new();
        loop {
            let (cell, length) = match self.rest.strip_prefix('"') {
                Some(quoted) => {
                    let (cell, length) = unquoted(quoted)?;
                    (cell, length + 1)
                }
                None => {
                    let end = self.rest.find([',', '\n', '\r']).unwrap_or(self.rest.len());
                    (self.rest[..end].to_owned(), end)
                }
            };
            self.line += cell.matches('\n').count() as u64;
            cells.push(cell);
            self.rest = &self.rest[length..];
            if let Some(rest) = self.rest.strip_prefix(',') {
                self.rest = rest;
                continue;
            }
            // What stands between a closing quote and the next comma is nobody's; it ends the record all the same.
            let end = self.rest.find('\n').map_or(self.rest.len(), |end| end + 1);
            self.rest = &self.rest[end..];
            self.line += 1;
            return Some(cells);
        }
    }
}

/// A cell behind its opening quote, and how long it is with its closing one.
fn unquoted(text: &str) -> Option<(String, usize)> {
    let mut cell = String::new();
    let mut from = 0;
    loop {
        let quote = from + text[from..].find('"')?;
        cell.push_str(&text[from..quote]);
        if !text[quote + 1..].starts_with('"') {
            return Some((cell, quote + 1));
        }
        cell.push('"');
        from = quote + 2;
    }
}

impl Iterator for Csv<'_> {
    type Item = Result<Row, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.broken {
            return None;
        }
        let (line, cells) = match self.record()? {
            Ok(record) => record,
            Err(fault) => return Some(Err(fault)),
        };
        if cells.len() > self.heading.len() {
            self.broken = true;
            let message = format!("The row has {} cells, and the heading {}", cells.len(), self.heading.len());
            return Some(Err(bad(line, message)));
        }
        // What a spreadsheet was kept from taking for a formula.
        let plain = |cell: String| match cell.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@'])) {
            Some(rest) => rest.to_owned(),
            None => cell,
        };
        Some(Ok(Row { line, values: self.heading.iter().cloned().zip(cells.into_iter().map(plain)).collect() }))
    }
}

/// A row that cannot be taken.
pub(super) fn bad(line: u64, message: String) -> Fault {
    Fault::bad_input("bad-consent-row", message)
        .at(Place::line(line, 0))
        .advise("Nothing was taken from the file. docs/consent.md lists the columns and what they hold.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str, name: &str) -> Vec<(u64, Option<String>)> {
        rows(text).map(|row| row.unwrap()).map(|row| (row.line, row.text(name).map(str::to_owned))).collect()
    }

    #[test]
    fn rows_are_read_from_either() {
        let some = |line, text: &str| (line, Some(text.to_owned()));
        assert_eq!(texts("a,b\n1,2\n", "b"), [some(2, "2")]);
        assert_eq!(
            texts("\u{feff}A , b\r\n\r\n\"x \"\"y\"\"\nz\",2\r\n'+49,3", "a"),
            [some(3, "x \"y\"\nz"), some(5, "+49")]
        );
        assert_eq!(texts("a,b\n,2\n", "a"), [(2, None)]);
        let lines = "{\"a\":\"x\",\"b\":7}\n\n{\"a\":[\"x\",\"y\"],\"b\":null}\n";
        assert_eq!(texts(lines, "a"), [some(1, "x"), some(3, "x;y")]);
        assert_eq!(texts(lines, "b"), [some(1, "7"), (3, None)]);
        assert!(rows("").next().is_none());
    }

    #[test]
    fn bad_rows_are_located() {
        let check = |text: &str, line| {
            let fault = rows(text).find_map(Result::err).unwrap();
            assert_eq!((fault.code(), fault.place().unwrap().line), ("bad-consent-row", line), "{text}");
        };
        check("a\n1\n1,2\n", 3);
        check("a\n\"1\n", 2);
        check("{\"a\":1}\n[]\n", 2);
        check("{\"a\":1}\n{\n", 2);
    }
}
