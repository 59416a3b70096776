//! JSON Lines: one row a line.

use std::io::{BufRead, Write};

use model::Fault;

use crate::document::{edit, json};

use super::formats::{Changed, Judge, Verdict, bad_row, line, unwritable};

const MARK: &[u8] = b"\xef\xbb\xbf";

/// One pass. Lines that stay, blank ones too, are copied byte by byte.
pub(crate) fn walk(
    name: &str,
    input: &mut dyn BufRead,
    mut output: Option<&mut dyn Write>,
    judge: &mut Judge<'_>,
) -> Result<Changed, Fault> {
    let mut changed = Changed::default();
    let mut held = Vec::new();
    for number in 1.. {
        held.clear();
        if line(name, number, input, &mut held)? == 0 {
            break;
        }
        let mark = if number == 1 && held.starts_with(MARK) { MARK.len() } else { 0 };
        let text = std::str::from_utf8(&held[mark..])
            .map_err(|error| bad_row(name, number, error.valid_up_to() as u64 + 1, "it is no UTF-8"))?;
        let mut new = None;
        if !text.trim().is_empty() {
            let node = json::parse(text).map_err(|wrong| bad_row(name, number, wrong.at as u64 + 1, wrong.why))?;
            match judge(node.clone(), text[node.span.clone()].as_bytes())? {
                Verdict::Keep => {}
                Verdict::Stop => break,
                Verdict::Drop => {
                    changed.found += 1;
                    new = Some(String::new());
                }
                Verdict::Set(fields) => {
                    changed.found += 1;
                    new = edit::set(text, &node, &fields);
                }
            }
        }
        changed.is_different |= new.is_some();
        if let Some(output) = output.as_mut() {
            let bytes = new.as_deref().map_or(&held[mark..], str::as_bytes);
            output.write_all(&held[..mark]).and_then(|()| output.write_all(bytes)).map_err(|e| unwritable(name, e))?;
        }
    }
    Ok(changed)
}
