//! Deletions and changes: each may be repeated, and none makes a key that was not there.

use std::collections::BTreeMap;

use model::Fault;
use privacy::row::{Cell, FieldPath, Key};
use redis::cmd;

use crate::document::edit;
use crate::document::json;

use super::rows::{Layout, bytes, text_body};
use super::wire::Wire;

const CHUNK: usize = 500;

/// Deletes rows; says how many were there.
pub(super) fn delete(wire: &mut Wire, layout: Layout, keys: &[Key]) -> Result<u64, Fault> {
    let names = |key: &Key| -> Vec<Vec<u8>> { key.0.iter().flatten().map(|text| bytes(text)).collect() };
    let mut gone = 0;
    let mut by_key: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
    for key in keys {
        let mut names = names(key).into_iter();
        let Some(first) = names.next() else { continue };
        by_key.entry(first).or_default().extend(names);
    }
    if matches!(layout, Layout::Hash | Layout::Text) {
        let all: Vec<Vec<u8>> = by_key.into_keys().collect();
        for part in all.chunks(CHUNK) {
            gone += wire.each::<u64>("UNLINK", part.iter().map(Vec::as_slice))?.iter().sum::<u64>();
        }
        return Ok(gone);
    }
    for (key, elements) in by_key {
        for part in elements.chunks(CHUNK) {
            gone += match layout {
                Layout::List => {
                    let mut commands = redis::pipe();
                    for element in part {
                        commands.cmd("LREM").arg(&key).arg(0).arg(element);
                    }
                    wire.all::<Vec<u64>>(&commands)?.iter().sum::<u64>()
                }
                Layout::Set => wire.ask(cmd("SREM").arg(&key).arg(part))?,
                Layout::Sorted => wire.ask(cmd("ZREM").arg(&key).arg(part))?,
                Layout::Stream => wire.ask(cmd("XDEL").arg(&key).arg(part))?,
                _ => wire.ask::<u64>(cmd("HDEL").arg(&key).arg(part))?,
            };
        }
    }
    Ok(gone)
}

/// Sets fields of one row; false when it was not there.
pub(super) fn set(wire: &mut Wire, layout: Layout, key: &Key, fields: &[(FieldPath, Cell)]) -> Result<bool, Fault> {
    let mut names = key.0.iter().flatten().map(|text| bytes(text));
    let Some(name) = names.next() else { return Ok(false) };
    let element = names.next().unwrap_or_default();
    wire.ask::<()>(cmd("WATCH").arg(&name))?;
    let done = watched(wire, layout, &name, &element, fields);
    if !matches!(done, Ok(Some(_))) {
        // The fault that ended it is worth more than this one.
        let _ = wire.ask::<()>(&cmd("UNWATCH"));
    }
    match done? {
        None => Ok(false),
        Some(true) => Ok(true),
        Some(false) => Err(Fault::refused("body-changed", "A key was written by somebody else at the same time")
            .advise("Nothing was changed in it. Run the command again.")),
    }
}

/// `None`: not there, or nothing to do; else whether the change took place.
fn watched(
    wire: &mut Wire,
    layout: Layout,
    name: &[u8],
    element: &[u8],
    fields: &[(FieldPath, Cell)],
) -> Result<Option<bool>, Fault> {
    let mut commands = redis::pipe();
    commands.atomic();
    match layout {
        Layout::Stream => return Err(refused("entries of a stream cannot be changed, only deleted")),
        Layout::Hash => {
            if !wire.ask::<bool>(cmd("EXISTS").arg(name))? {
                return Ok(None);
            }
            for (field, cell) in fields {
                let column = bytes(field.root());
                let old: Option<Vec<u8>> = wire.ask(cmd("HGET").arg(name).arg(&column))?;
                match (field.below(), cell) {
                    ([], None) => {
                        commands.cmd("HDEL").arg(name).arg(column);
                    }
                    ([], Some(text)) => {
                        commands.cmd("HSET").arg(name).arg(column).arg(bytes(text));
                    }
                    (below, cell) => {
                        let Some(old) = old else { continue };
                        let inner = [(FieldPath(below.to_vec()), cell.clone())];
                        commands.cmd("HSET").arg(name).arg(column).arg(edited(&old, &inner)?);
                    }
                }
            }
        }
        Layout::Text => {
            let Some(old) = wire.ask::<Option<Vec<u8>>>(cmd("GET").arg(name))? else { return Ok(None) };
            commands.cmd("SET").arg(name).arg(edited(&old, fields)?).arg("KEEPTTL");
        }
        Layout::Fields => {
            let Some(old) = wire.ask::<Option<Vec<u8>>>(cmd("HGET").arg(name).arg(element))? else { return Ok(None) };
            commands.cmd("HSET").arg(name).arg(element).arg(edited(&old, fields)?);
        }
        Layout::List => {
            let all: Vec<Vec<u8>> = wire.ask(cmd("LRANGE").arg(name).arg(0).arg(-1))?;
            let new = edited(element, fields)?;
            let places: Vec<usize> = (0..all.len()).filter(|n| all[*n] == element).collect();
            if places.is_empty() {
                return Ok(None);
            }
            for n in places {
                commands.cmd("LSET").arg(name).arg(n).arg(&new);
            }
        }
        Layout::Set => {
            if !wire.ask::<bool>(cmd("SISMEMBER").arg(name).arg(element))? {
                return Ok(None);
            }
            commands.cmd("SREM").arg(name).arg(element).cmd("SADD").arg(name).arg(edited(element, fields)?);
        }
        Layout::Sorted => {
            let score: Option<String> = wire.ask(cmd("ZSCORE").arg(name).arg(element))?;
            let Some(score) = score else { return Ok(None) };
            commands.cmd("ZREM").arg(name).arg(element).cmd("ZADD").arg(name).arg(score).arg(edited(element, fields)?);
        }
    }
    if commands.is_empty() {
        return Ok(None);
    }
    Ok(Some(wire.all::<Option<Vec<redis::Value>>>(&commands)?.is_some()))
}

/// A text with fields set: in its JSON, or as a whole where it has none.
fn edited(old: &[u8], fields: &[(FieldPath, Cell)]) -> Result<Vec<u8>, Fault> {
    let text = std::str::from_utf8(old).ok();
    let parsed = text.and_then(|text| Some((text, json::parse_answer(text).ok()?)));
    if let Some((text, node)) = parsed.filter(|(text, _)| text.trim_start().starts_with('{')) {
        return Ok(edit::set(text, &node, fields).map_or_else(|| old.to_vec(), String::into_bytes));
    }
    debug_assert!(text_body(old).member("value").is_some());
    match fields.iter().find(|(field, _)| field.root() == "value") {
        Some((_, Some(new))) => Ok(bytes(new)),
        Some((_, None)) => Err(refused("a value cannot be taken out of its key: delete the row")),
        None => Ok(old.to_vec()),
    }
}

fn refused(why: &str) -> Fault {
    Fault::refused("field-not-set", format!("A field of a key cannot be set: {why}"))
        .advise("Let the data map give a replacement that fits, or delete the row.")
}
