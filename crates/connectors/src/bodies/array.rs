//! A JSON file: a list of rows, alone or somewhere inside, or one row that is the file.

use std::io::{Read, Write};
use std::ops::Range;

use model::Fault;

use crate::document::edit;
use crate::document::json::{self, Node, Value};
use crate::document::record::reach;

use super::formats::{ARRAY_BYTES_MAX, Changed, Judge, Options, Verdict, bad_row, unreadable, unwritable};

/// One pass. What stays is copied byte by byte, with what parts it from the next.
pub(crate) fn walk(
    name: &str,
    options: &Options,
    input: &mut dyn Read,
    output: Option<&mut dyn Write>,
    judge: &mut Judge<'_>,
) -> Result<Changed, Fault> {
    let mut bytes = Vec::new();
    input.take(ARRAY_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| unreadable(name, error))?;
    if bytes.len() as u64 > ARRAY_BYTES_MAX {
        return Err(bad_row(name, 0, 0, format!("the file has more than {} MiB", ARRAY_BYTES_MAX >> 20)));
    }
    let text =
        std::str::from_utf8(&bytes).map_err(|error| bad_row(name, 1, error.valid_up_to() as u64, "it is no UTF-8"))?;
    let mark = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let (mark, text) = text.split_at(mark);
    let new = match text.trim().is_empty() {
        true => (text.to_owned(), Changed::default()),
        false => rows(name, options, text, judge)?,
    };
    let (text, changed) = new;
    if let Some(output) = output {
        let written = output.write_all(mark.as_bytes()).and_then(|()| output.write_all(text.as_bytes()));
        written.map_err(|error| unwritable(name, error))?;
    }
    Ok(changed)
}

fn rows(name: &str, options: &Options, text: &str, judge: &mut Judge<'_>) -> Result<(String, Changed), Fault> {
    let place = |at: usize| {
        (text[..at].matches('\n').count() as u64 + 1, (at - text[..at].rfind('\n').map_or(0, |n| n + 1)) as u64 + 1)
    };
    let root = json::parse(text).map_err(|wrong| {
        let (line, column) = place(wrong.at.min(text.len()));
        bad_row(name, line, column, wrong.why)
    })?;
    let mut found = vec![];
    match &options.rows {
        Some(path) => drop(reach(&root, &path.0, &mut found)),
        None => found.push(&root),
    }
    let mut changed = Changed::default();
    let mut splices: Vec<(Range<usize>, String)> = Vec::new();
    for node in found {
        match &node.value {
            Value::List(elements) => list(text, node, elements, judge, &mut changed, &mut splices)?,
            Value::Object(_) => one(text, node, judge, &mut changed, &mut splices)?,
            _ => {}
        }
    }
    let mut new = String::with_capacity(text.len());
    let mut from = 0;
    for (span, json) in splices {
        new.push_str(&text[from..span.start]);
        new.push_str(&json);
        from = span.end;
    }
    new.push_str(&text[from..]);
    Ok((new, changed))
}

fn one(
    text: &str,
    node: &Node,
    judge: &mut Judge<'_>,
    changed: &mut Changed,
    splices: &mut Vec<(Range<usize>, String)>,
) -> Result<(), Fault> {
    match judge(node.clone(), text[node.span.clone()].as_bytes())? {
        Verdict::Keep | Verdict::Stop => {}
        Verdict::Drop => {
            changed.found += 1;
            changed.is_different = true;
            // Inside a larger document the place of the row stays, without a value.
            changed.is_gone = text.trim().len() == node.span.len();
            splices.push((node.span.clone(), "null".to_owned()));
        }
        Verdict::Set(fields) => {
            changed.found += 1;
            if let Some(new) = set_within(text, node, &fields) {
                changed.is_different = true;
                splices.push((node.span.clone(), new));
            }
        }
    }
    Ok(())
}

/// [`edit::set`] for a row that stands within a larger text.
fn set_within(text: &str, node: &Node, fields: &[(privacy::row::FieldPath, privacy::row::Cell)]) -> Option<String> {
    let own = &text[node.span.clone()];
    // The row alone was read before as a part of the whole.
    let alone = json::parse(own).ok()?;
    edit::set(own, &alone, fields)
}

fn list(
    text: &str,
    node: &Node,
    elements: &[Node],
    judge: &mut Judge<'_>,
    changed: &mut Changed,
    splices: &mut Vec<(Range<usize>, String)>,
) -> Result<(), Fault> {
    let mut kept: Vec<(usize, Option<String>)> = Vec::new();
    let mut is_over = false;
    for (n, element) in elements.iter().enumerate() {
        let verdict =
            if is_over { Verdict::Keep } else { judge(element.clone(), text[element.span.clone()].as_bytes())? };
        match verdict {
            Verdict::Keep => kept.push((n, None)),
            Verdict::Stop => {
                is_over = true;
                kept.push((n, None));
            }
            Verdict::Drop => changed.found += 1,
            Verdict::Set(fields) => {
                changed.found += 1;
                kept.push((n, set_within(text, element, &fields)));
            }
        }
    }
    if kept.len() == elements.len() && kept.iter().all(|(_, new)| new.is_none()) {
        return Ok(());
    }
    changed.is_different = true;
    let (Some(first), Some(last)) = (elements.first(), elements.last()) else { return Ok(()) };
    if kept.is_empty() {
        splices.push((node.span.clone(), "[]".to_owned()));
        return Ok(());
    }
    let mut new = String::new();
    for (at, (n, own)) in kept.iter().enumerate() {
        let element = &elements[*n];
        new.push_str(own.as_deref().unwrap_or(&text[element.span.clone()]));
        if at + 1 < kept.len() {
            // A kept element that another follows was never the last one.
            new.push_str(&text[element.span.end..elements[n + 1].span.start]);
        }
    }
    splices.push((first.span.start..last.span.end, new));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever rows go, the rest is the JSON that is left, and keeps every byte when nothing goes.
        #[test]
        fn what_is_left_is_what_was_kept(rows in prop::collection::vec((0..100_u32, "[ \n\t]{0,3}", any::<bool>()), 0..8)) {
            let text: Vec<String> = rows.iter().map(|(n, blank, _)| format!("{blank}{{\"n\":{blank}{n}}}{blank}")).collect();
            let text = format!("[{}]", text.join(","));
            let mut verdicts = rows.iter().map(|(_, _, keep)| *keep);
            let mut output = Vec::new();
            let mut judge = |_: Node, _: &[u8]| Ok(if verdicts.next().unwrap() { Verdict::Keep } else { Verdict::Drop });
            walk("x.json", &Options::default(), &mut text.as_bytes(), Some(&mut output), &mut judge).unwrap();
            let left: serde_json::Value = serde_json::from_slice(&output).unwrap();
            let expect: Vec<_> = rows.iter().filter(|(_, _, keep)| *keep).map(|(n, _, _)| serde_json::json!({"n": n})).collect();
            prop_assert_eq!(left, serde_json::Value::Array(expect));
            if rows.iter().all(|(_, _, keep)| *keep) {
                prop_assert_eq!(output, text.into_bytes());
            }
        }
    }
}
