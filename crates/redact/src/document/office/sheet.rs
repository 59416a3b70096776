//! What has to be known of a workbook before its cells can be read: headers of columns, which of them use a shared
//! string, which styles are dates.

use std::collections::HashMap;

use model::Fault;

use super::super::joined::{Coding, Joined};
use super::xml::{Attribute, Reader, Token, decode, local};
use crate::Limits;

/// The role of a part in a workbook.
#[derive(Clone, Copy)]
pub(super) enum Sheet<'a> {
    /// No worksheet.
    None,
    /// Cells; the study is of this sheet.
    Worksheet(&'a Study),
    /// The shared strings: for each, the headers of the columns that use it.
    Strings(&'a [Vec<String>]),
}

impl Sheet<'_> {
    /// The names around the shared string that was counted last.
    pub(super) fn names(&self, counts: &HashMap<&str, u32>) -> Option<&[String]> {
        let Sheet::Strings(names) = self else { return None };
        let number = *counts.get("si")? as usize;
        Some(names.get(number.checked_sub(1)?).map_or(&[], Vec::as_slice))
    }

    /// A serial number as a date.
    pub(super) fn date(&self, serial: f64) -> Option<String> {
        let Sheet::Worksheet(study) = self else { return None };
        // ECMA-376 part 1, 18.17.4.1: day 60 of the 1900 system is a day that never was.
        let base = if study.from_1904 { -24_107.0 } else { -25_569.0 + if serial < 60.0 { 1.0 } else { 0.0 } };
        let days = (serial + base).floor();
        if !(-25_600.0..2_932_897.0).contains(&days) {
            return None;
        }
        let (year, month, day) = civil(days as i64);
        Some(format!("{year:04}-{month:02}-{day:02}"))
    }
}

/// One worksheet.
#[derive(Clone, Debug, Default)]
pub(super) struct Study {
    /// Headers by column, from the first row that has cells.
    headers: Vec<String>,
    /// The row of the headers.
    header_row: u32,
    /// Text of the first cell by row, where it is short.
    labels: HashMap<u32, String>,
    /// Which cell formats show a date.
    dates: Vec<bool>,
    from_1904: bool,
}

impl Study {
    pub(super) fn new(dates: &[bool], from_1904: bool) -> Self {
        Study { dates: dates.to_vec(), from_1904, ..Study::default() }
    }

    pub(super) fn is_date(&self, style: usize) -> bool {
        self.dates.get(style).copied().unwrap_or(false)
    }

    /// Label of the row and header of the column of a cell such as `B7`.
    pub(super) fn names(&self, reference: &str) -> Vec<String> {
        let Some((column, row)) = column_of(reference) else { return Vec::new() };
        if row <= self.header_row {
            return Vec::new();
        }
        let label = if column > 0 { self.labels.get(&row) } else { None };
        [label, self.headers.get(column)].into_iter().flatten().filter(|name| !name.is_empty()).cloned().collect()
    }

    /// Reads headers and labels of a worksheet, and notes which cell uses which shared string.
    pub(super) fn read(
        &mut self,
        xml: &[u8],
        strings: &[String],
        limits: &Limits,
    ) -> Result<Vec<(String, usize)>, Fault> {
        let mut uses = Vec::new();
        let mut cell: Option<(String, String)> = None;
        let mut text = Joined::default();
        scan(xml, limits, |event| match event {
            Event::Start("c", attributes, source) => {
                cell = Some((value(source, attributes, "r"), value(source, attributes, "t")));
                text = Joined::default();
            }
            Event::Start("f", ..) => text = Joined::default(),
            Event::End("f") => text = Joined::default(),
            Event::Text(part) => text.extend(part),
            Event::End("c") => {
                let Some((reference, kind)) = cell.take() else { return };
                let number = text.text().trim().parse::<usize>().ok().filter(|_| kind == "s");
                let shown = number.map_or(text.text(), |number| strings.get(number).map_or("", String::as_str));
                self.note(&reference, shown.trim());
                uses.extend(number.map(|number| (reference, number)));
            }
            _ => {}
        })?;
        Ok(uses)
    }

    fn note(&mut self, reference: &str, text: &str) {
        let Some((column, row)) = column_of(reference) else { return };
        if text.is_empty() || text.len() > HEADER_BYTES_MAX {
            return;
        }
        if self.header_row == 0 {
            self.header_row = row;
        }
        if row == self.header_row {
            if self.headers.len() <= column {
                self.headers.resize(column + 1, String::new());
            }
            text.clone_into(&mut self.headers[column]);
        } else if column == 0 {
            self.labels.insert(row, text.to_owned());
        }
    }
}

const HEADER_BYTES_MAX: usize = 64;
const NAMES_MAX: usize = 8;

/// The shared strings as text, for headers; long ones are left out.
pub(super) fn shared_strings(xml: &[u8], limits: &Limits) -> Result<Vec<String>, Fault> {
    let mut strings = Vec::new();
    let mut text = String::new();
    scan(xml, limits, |event| match event {
        Event::Start("si", ..) => text.clear(),
        Event::Text(part) if text.len() <= HEADER_BYTES_MAX => text.push_str(part.text()),
        Event::End("si") => {
            strings.push(if text.len() <= HEADER_BYTES_MAX { text.clone() } else { String::new() });
        }
        _ => {}
    })?;
    Ok(strings)
}

/// For every shared string the names around the cells that use it.
pub(super) fn names_of_strings(count: usize, studies: &[(Study, Vec<(String, usize)>)]) -> Vec<Vec<String>> {
    let mut names: Vec<Vec<String>> = vec![Vec::new(); count];
    for (study, uses) in studies {
        for (reference, number) in uses {
            let Some(known) = names.get_mut(*number) else { continue };
            for name in study.names(reference) {
                if known.len() < NAMES_MAX && !known.contains(&name) {
                    known.push(name);
                }
            }
        }
    }
    names
}

/// Which cell formats of `styles.xml` show a date.
pub(super) fn date_styles(xml: &[u8], limits: &Limits) -> Result<Vec<bool>, Fault> {
    let mut own = HashMap::new();
    let mut dates = Vec::new();
    let mut inside = false;
    scan(xml, limits, |event| match event {
        Event::Start("numFmt", attributes, source) => {
            let is_date = shows_date(&value(source, attributes, "formatCode"));
            own.insert(value(source, attributes, "numFmtId"), is_date);
        }
        Event::Start("cellXfs", ..) => inside = true,
        Event::End("cellXfs") => inside = false,
        Event::Start("xf", attributes, source) if inside => {
            let id = value(source, attributes, "numFmtId");
            let built_in = matches!(id.parse(), Ok(14..=17 | 22 | 27..=36 | 50..=58));
            dates.push(own.get(&id).copied().unwrap_or(built_in));
        }
        _ => {}
    })?;
    Ok(dates)
}

/// Whether a workbook counts days from 1904.
pub(super) fn counts_from_1904(xml: &[u8], limits: &Limits) -> Result<bool, Fault> {
    let mut from_1904 = false;
    scan(xml, limits, |event| {
        if let Event::Start("workbookPr", attributes, source) = event {
            from_1904 = ["1", "true"].contains(&value(source, attributes, "date1904").as_str());
        }
    })?;
    Ok(from_1904)
}

/// A format code with a day or a year outside of quotes and brackets.
fn shows_date(code: &str) -> bool {
    let mut quoted = false;
    let mut bracket = false;
    let mut escaped = false;
    code.chars().any(|letter| {
        let plain = !quoted && !bracket && !escaped;
        escaped = plain && letter == '\\';
        match letter {
            '"' => quoted = !quoted,
            '[' if !quoted => bracket = true,
            ']' if !quoted => bracket = false,
            'y' | 'Y' | 'd' | 'D' => return plain,
            _ => {}
        }
        false
    })
}

/// Column from 0 and row from 1 of `B7`.
pub(super) fn column_of(reference: &str) -> Option<(usize, u32)> {
    let digits = reference.find(|letter: char| letter.is_ascii_digit())?;
    let (letters, row) = reference.split_at(digits);
    if !(1..=3).contains(&letters.len()) || row.len() > 7 {
        return None;
    }
    let mut column = 0;
    for letter in letters.bytes() {
        if !letter.is_ascii_uppercase() {
            return None;
        }
        column = column * 26 + usize::from(letter - b'A') + 1;
    }
    Some((column - 1, row.parse().ok().filter(|&row| row > 0)?))
}

/// Year, month and day of a day counted from 1970-01-01 (Hinnant's algorithm).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}

enum Event<'e> {
    Start(&'e str, &'e [Attribute<'e>], &'e str),
    End(&'e str),
    Text(&'e Joined),
}

fn value(source: &str, attributes: &[Attribute<'_>], name: &str) -> String {
    let value = attributes.iter().find(|attribute| attribute.local() == name);
    value.map(|attribute| source[attribute.value.clone()].to_owned()).unwrap_or_default()
}

/// Hands on elements by local name, and decoded text.
fn scan(xml: &[u8], limits: &Limits, mut take: impl FnMut(Event<'_>)) -> Result<(), Fault> {
    let mut reader = Reader::new(xml, limits.depth)?;
    let source = str::from_utf8(xml).unwrap_or_default();
    let mut open = Vec::new();
    while let Some((token, range)) = reader.next()? {
        match token {
            Token::Start { name, attributes, empty } => {
                take(Event::Start(local(name), &attributes, source));
                if empty {
                    take(Event::End(local(name)));
                } else {
                    open.push(local(name));
                }
            }
            Token::End => {
                if let Some(name) = open.pop() {
                    take(Event::End(name));
                }
            }
            Token::Text | Token::Cdata => {
                let mut joined = Joined::default();
                decode(source, range, Coding::Text, &mut joined)?;
                take(Event::Text(&joined));
            }
            Token::Comment | Token::Instruction => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Serial numbers are dates as spreadsheets show them.
    #[test]
    fn serial_numbers_are_dates() {
        let study = Study::default();
        for (serial, expect) in
            [(1.0, "1900-01-01"), (59.0, "1900-02-28"), (61.0, "1900-03-01"), (31_107.5, "1985-03-01")]
        {
            assert_eq!(Sheet::Worksheet(&study).date(serial).as_deref(), Some(expect));
        }
        let study = Study { from_1904: true, ..Study::default() };
        assert_eq!(Sheet::Worksheet(&study).date(0.0).as_deref(), Some("1904-01-01"));
        assert_eq!(Sheet::Worksheet(&study).date(f64::NAN), None);
    }

    #[test]
    fn references_are_columns_and_rows() {
        assert_eq!(column_of("A1"), Some((0, 1)));
        assert_eq!(column_of("AB12"), Some((27, 12)));
        for bad in ["", "A", "1", "a1", "A0", "ABCD1", "A12345678", "A1B"] {
            assert_eq!(column_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn format_codes_with_a_day_are_dates() {
        for (code, expect) in [
            ("dd/mm/yyyy", true),
            ("0.00", false),
            ("\"day\"0", false),
            ("[Red]0", false),
            ("\\d0", false),
            ("h:mm", false),
        ] {
            assert_eq!(shows_date(code), expect, "{code}");
        }
    }
}
