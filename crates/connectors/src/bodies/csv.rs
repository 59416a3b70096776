//! CSV with a header (RFC 4180), also with `;`, tab or `|`: records that stay keep every byte.
//!
//! An empty field without quotes is no value, `""` is an empty text: as PostgreSQL's COPY has it.

use std::io::{BufRead, Write};
use std::ops::Range;

use model::Fault;
use privacy::row::{Cell, FieldPath};

use crate::document::json::{Member, Node, Value};

use super::formats::{Changed, Judge, Options, Verdict, bad_row, line, unwritable};

/// One pass over header and records.
pub(crate) fn walk(
    name: &str,
    options: &Options,
    input: &mut dyn BufRead,
    mut output: Option<&mut dyn Write>,
    judge: &mut Judge<'_>,
) -> Result<Changed, Fault> {
    let mut changed = Changed::default();
    let mut header: Option<(Vec<String>, u8)> = None;
    let mut held = Vec::new();
    let mut number = 1;
    loop {
        held.clear();
        let lines = record(name, number, options, header.as_ref().map(|(_, delimiter)| *delimiter), input, &mut held)?;
        if lines == 0 {
            return Ok(changed);
        }
        let text = std::str::from_utf8(&held)
            .map_err(|error| bad_row(name, number, error.valid_up_to() as u64 + 1, "it is no UTF-8"))?;
        let mut new = None;
        match &header {
            None if text.trim().is_empty() => {}
            None => header = Some(head(text, options)),
            Some((names, delimiter)) if !text.trim_end_matches(['\r', '\n']).is_empty() => {
                let fields = fields(text, *delimiter);
                match judge(row(names, text, &fields), text.trim_end_matches(['\r', '\n']).as_bytes())? {
                    Verdict::Keep => {}
                    Verdict::Stop => return Ok(changed),
                    Verdict::Drop => {
                        changed.found += 1;
                        new = Some(String::new());
                    }
                    Verdict::Set(cells) => {
                        changed.found += 1;
                        new = set(text, names, *delimiter, &fields, &cells);
                    }
                }
            }
            Some(_) => {}
        }
        changed.is_different |= new.is_some();
        if let Some(output) = output.as_mut() {
            output.write_all(new.as_deref().unwrap_or(text).as_bytes()).map_err(|error| unwritable(name, error))?;
        }
        number += lines;
    }
}

/// Appends one record, line feeds within quotes included; says how many lines it has.
fn record(
    name: &str,
    number: u64,
    options: &Options,
    delimiter: Option<u8>,
    input: &mut dyn BufRead,
    held: &mut Vec<u8>,
) -> Result<u64, Fault> {
    let mut lines = 0;
    let mut scan = Scan::default();
    loop {
        let start = held.len();
        if line(name, number, input, held)? == 0 {
            return match scan.is_open {
                true => Err(bad_row(name, number, 0, "a quoted field has no end")),
                false => Ok(lines),
            };
        }
        lines += 1;
        let delimiter = delimiter.unwrap_or_else(|| options.delimiter.unwrap_or_else(|| sniff(&held[start..])));
        scan.line(&held[start..], delimiter);
        if !scan.is_open {
            return Ok(lines);
        }
    }
}

/// Whether a quoted field goes on over the end of the line.
#[derive(Default)]
struct Scan {
    is_open: bool,
}

impl Scan {
    fn line(&mut self, bytes: &[u8], delimiter: u8) {
        let mut at_start = !self.is_open;
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if self.is_open {
                if byte == b'"' {
                    match bytes.get(at + 1) {
                        Some(b'"') => at += 1,
                        _ => self.is_open = false,
                    }
                }
            } else if at_start && byte == b'"' {
                self.is_open = true;
            }
            at_start = !self.is_open && byte == delimiter;
            at += 1;
        }
    }
}

/// The delimiter that a header shows most often.
fn sniff(header: &[u8]) -> u8 {
    let count = |delimiter: u8| header.iter().filter(|byte| **byte == delimiter).count();
    let best = [b',', b';', b'\t', b'|'].into_iter().max_by_key(|delimiter| (count(*delimiter), *delimiter == b','));
    best.unwrap_or(b',')
}

fn head(text: &str, options: &Options) -> (Vec<String>, u8) {
    let text = text.trim_start_matches('\u{feff}');
    let delimiter = options.delimiter.unwrap_or_else(|| sniff(text.as_bytes()));
    let names = fields(text, delimiter).into_iter().map(|field| field.text.unwrap_or_default()).collect();
    (names, delimiter)
}

struct Field {
    span: Range<usize>,
    is_quoted: bool,
    text: Option<String>,
}

fn fields(record: &str, delimiter: u8) -> Vec<Field> {
    let record = record.strip_suffix('\n').map_or(record, |record| record.strip_suffix('\r').unwrap_or(record));
    let bytes = record.as_bytes();
    let mut fields = Vec::new();
    let mut at = 0;
    loop {
        let start = at;
        let is_quoted = bytes.get(at) == Some(&b'"');
        if is_quoted {
            at += 1;
            loop {
                match (bytes.get(at), bytes.get(at + 1)) {
                    (Some(b'"'), Some(b'"')) => at += 2,
                    (Some(b'"') | None, _) => break,
                    _ => at += 1,
                }
            }
        }
        while at < bytes.len() && bytes[at] != delimiter {
            at += 1;
        }
        let raw = &record[start..at];
        let text = match is_quoted {
            true => Some(unquoted(raw)),
            false => (!raw.is_empty()).then(|| raw.to_owned()),
        };
        fields.push(Field { span: start..at, is_quoted, text });
        if at >= bytes.len() {
            return fields;
        }
        at += 1;
    }
}

/// `"a ""b"" c"` → `a "b" c`; what follows the closing quote stays.
fn unquoted(raw: &str) -> String {
    let inner = &raw[1..];
    let mut text = String::with_capacity(inner.len());
    let mut letters = inner.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if letters.peek() == Some(&'"') => {
                letters.next();
                text.push('"');
            }
            '"' => {
                text.extend(letters);
                break;
            }
            other => text.push(other),
        }
    }
    text
}

/// The record as an object; fields beyond the header are called by their number.
fn row(names: &[String], text: &str, fields: &[Field]) -> Node {
    debug_assert!(fields.iter().all(|field| field.span.end <= text.len()));
    let name = |n: usize| names.get(n).cloned().unwrap_or_else(|| format!("column_{}", n + 1));
    let members =
        fields.iter().enumerate().map(|(n, field)| Member { name: name(n), node: Node::text(field.text.clone()) });
    Node::of(Value::Object(members.collect()))
}

fn set(text: &str, names: &[String], delimiter: u8, fields: &[Field], cells: &[(FieldPath, Cell)]) -> Option<String> {
    let bare = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    let mut parts: Vec<String> = fields.iter().map(|field| text[field.span.clone()].to_owned()).collect();
    let before = parts.clone();
    for (path, cell) in cells {
        let Some(n) = names.iter().position(|name| name == path.root()) else { continue };
        let is_same = fields.get(n).map_or(cell.is_none(), |field| field.text == *cell);
        if is_same {
            continue;
        }
        while parts.len() <= n {
            parts.push(String::new());
        }
        parts[n] = written(cell, fields.get(n).is_some_and(|field| field.is_quoted), delimiter);
    }
    let glue = char::from(delimiter).to_string();
    (parts != before).then(|| parts.join(&glue) + &text[bare.len()..])
}

fn written(cell: &Cell, was_quoted: bool, delimiter: u8) -> String {
    let Some(text) = cell else { return String::new() };
    let needs = text.is_empty() || text.contains(['"', '\n', '\r', char::from(delimiter)]) || text.trim() != text;
    match was_quoted || needs {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pass(text: &str, verdict: &mut dyn FnMut(&Node) -> Verdict) -> Result<(String, Changed), Fault> {
        let mut output = Vec::new();
        let mut judge = |node: Node, _: &[u8]| Ok(verdict(&node));
        let changed = walk(
            "x.csv",
            &Options { delimiter: Some(b','), ..Options::default() },
            &mut text.as_bytes(),
            Some(&mut output),
            &mut judge,
        )?;
        Ok((String::from_utf8(output).unwrap(), changed))
    }

    /// The records as another reader has them.
    fn theirs(text: &str) -> Vec<Vec<String>> {
        let mut reader = csv_core::Reader::new();
        let (mut input, mut field, mut row, mut rows) = (text.as_bytes(), String::new(), Vec::new(), Vec::new());
        loop {
            let mut output = [0; 256];
            let (result, read, wrote) = reader.read_field(input, &mut output);
            input = &input[read..];
            field.push_str(std::str::from_utf8(&output[..wrote]).unwrap());
            match result {
                csv_core::ReadFieldResult::Field { record_end } => {
                    row.push(std::mem::take(&mut field));
                    if record_end {
                        rows.push(std::mem::take(&mut row));
                    }
                }
                csv_core::ReadFieldResult::End => return rows,
                csv_core::ReadFieldResult::InputEmpty | csv_core::ReadFieldResult::OutputFull => {}
            }
        }
    }

    proptest! {
        /// What is kept keeps every byte, whatever it is.
        #[test]
        fn kept_records_keep_every_byte(text in "[a,\"\r\n; é]{0,40}") {
            if let Ok((output, changed)) = pass(&text, &mut |_| Verdict::Keep) {
                prop_assert_eq!(output, text);
                prop_assert!(!changed.is_different);
            }
        }

        /// Well-formed files have the records that another reader finds, and dropping them leaves the header.
        #[test]
        fn records_are_those_of_another_reader(rows in prop::collection::vec(prop::collection::vec("[a,\"\n é]{0,5}", 2), 0..5)) {
            let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
            let mut text = "x,y\n".to_owned();
            for row in &rows {
                text.push_str(&row.iter().map(quoted).collect::<Vec<_>>().join(","));
                text.push_str("\r\n");
            }
            let mut ours = Vec::new();
            let (output, _) = pass(&text, &mut |node| {
                ours.push(node.members().iter().map(|member| member.node.cell().unwrap_or_default()).collect::<Vec<_>>());
                Verdict::Drop
            }).unwrap();
            prop_assert_eq!(output, "x,y\n");
            prop_assert_eq!(&ours, &theirs(&text)[1..]);
            prop_assert_eq!(&ours, &rows);
        }
    }
}
