//! How the types of Redis hold rows.

use std::ops::ControlFlow;

use model::Fault;
use privacy::row::FieldPath;
use redis::cmd;

use crate::bounds::Turns;
use crate::document::json::{self, Member, Node, Value};
use crate::document::record::Record;

use super::wire::Wire;

/// Elements that are read at once.
const CHUNK: usize = 1_000;

/// What is a row under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// The key, whose hash has the fields: `hash`.
    Hash,
    /// The key, whose string is a JSON object or one value: `string`.
    Text,
    /// Each field of the hash: `hash` with `rows: fields`.
    Fields,
    /// Each element: `list`, `set`, `zset`.
    List,
    Set,
    Sorted,
    /// Each entry: `stream`.
    Stream,
}

impl Layout {
    /// By the word of the data map.
    pub(super) fn of_word(word: &str, has_field_rows: bool) -> Option<Self> {
        Some(match word {
            "hash" if has_field_rows => Layout::Fields,
            "hash" => Layout::Hash,
            "string" | "json" => Layout::Text,
            "list" => Layout::List,
            "set" => Layout::Set,
            "zset" => Layout::Sorted,
            "stream" => Layout::Stream,
            _ => return None,
        })
    }

    /// The word that the server has for such a key, and the data map too.
    pub(super) fn word(self) -> &'static str {
        match self {
            Layout::Hash | Layout::Fields => "hash",
            Layout::Text => "string",
            Layout::List => "list",
            Layout::Set => "set",
            Layout::Sorted => "zset",
            Layout::Stream => "stream",
        }
    }

    /// The columns that name a row, the key first.
    pub(super) fn key(self) -> Vec<FieldPath> {
        let second = match self {
            Layout::Hash | Layout::Text => None,
            Layout::Fields => Some("field"),
            Layout::List | Layout::Set | Layout::Sorted => Some("value"),
            Layout::Stream => Some("id"),
        };
        ["key"].into_iter().chain(second).map(FieldPath::column).collect()
    }

    /// Columns beside those of the rows themselves.
    pub(super) fn around(self) -> Vec<&'static str> {
        match self {
            Layout::Hash | Layout::Text => vec!["key"],
            Layout::Fields => vec!["key", "field"],
            Layout::List | Layout::Set => vec!["key", "value"],
            Layout::Sorted => vec!["key", "value", "score"],
            Layout::Stream => vec!["key", "id"],
        }
    }
}

/// Receives rows until it breaks.
pub(super) type EachRecord<'a> = dyn FnMut(Record) -> Result<ControlFlow<()>, Fault> + 'a;

/// A row under `key`.
pub(super) fn record(key: &[u8], variables: &[(String, String)], around: Vec<(&str, String)>, body: Node) -> Record {
    let mut all = vec![("key".to_owned(), shown(key))];
    all.extend(variables.iter().cloned());
    all.extend(around.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Record { around: all, body }
}

/// The rows of keys that are one row each, `None` for those that are gone; nothing for other layouts.
pub(super) fn loaded<'k>(
    wire: &mut Wire,
    layout: Layout,
    keys: impl Iterator<Item = &'k [u8]>,
) -> Result<Option<Vec<Option<Node>>>, Fault> {
    Ok(match layout {
        Layout::Hash => {
            let all: Vec<Vec<(Vec<u8>, Vec<u8>)>> = wire.each("HGETALL", keys)?;
            Some(all.iter().map(|pairs| (!pairs.is_empty()).then(|| object(pairs))).collect())
        }
        Layout::Text => {
            let all: Vec<Option<Vec<u8>>> = wire.each("GET", keys)?;
            Some(all.iter().map(|bytes| bytes.as_deref().map(text_body)).collect())
        }
        _ => None,
    })
}

/// Shows every row under `key`.
pub(super) fn rows(
    wire: &mut Wire,
    key: &[u8],
    layout: Layout,
    variables: &[(String, String)],
    each: &mut EachRecord<'_>,
) -> Result<ControlFlow<()>, Fault> {
    let mut row = |around: Vec<(&str, String)>, body: Node| each(record(key, variables, around, body));
    match layout {
        Layout::Hash => {
            let pairs: Vec<(Vec<u8>, Vec<u8>)> = wire.ask(cmd("HGETALL").arg(key))?;
            if pairs.is_empty() { Ok(ControlFlow::Continue(())) } else { row(Vec::new(), object(&pairs)) }
        }
        Layout::Text => match wire.ask::<Option<Vec<u8>>>(cmd("GET").arg(key))? {
            Some(bytes) => row(Vec::new(), text_body(&bytes)),
            None => Ok(ControlFlow::Continue(())),
        },
        Layout::List => {
            let len: usize = wire.ask(cmd("LLEN").arg(key))?;
            for start in (0..len).step_by(CHUNK) {
                let part: Vec<Vec<u8>> = wire.ask(cmd("LRANGE").arg(key).arg(start).arg(start + CHUNK - 1))?;
                if part.is_empty() {
                    break;
                }
                for element in &part {
                    if row(vec![("value", shown(element))], document(element)).map(|flow| flow.is_break())? {
                        return Ok(ControlFlow::Break(()));
                    }
                }
            }
            Ok(ControlFlow::Continue(()))
        }
        Layout::Stream => stream(wire, key, &mut row),
        Layout::Set | Layout::Sorted | Layout::Fields => cursor(wire, key, layout, &mut row),
    }
}

type Row<'a> = dyn FnMut(Vec<(&'static str, String)>, Node) -> Result<ControlFlow<()>, Fault> + 'a;

fn cursor(wire: &mut Wire, key: &[u8], layout: Layout, row: &mut Row<'_>) -> Result<ControlFlow<()>, Fault> {
    let command = match layout {
        Layout::Set => "SSCAN",
        Layout::Sorted => "ZSCAN",
        _ => "HSCAN",
    };
    let mut at = 0_u64;
    let mut turns = Turns::of(100, 100_000);
    // A server may tell an element twice while it moves its table.
    let mut told = std::collections::HashSet::new();
    loop {
        let (next, part): (u64, Vec<Vec<u8>>) = wire.ask(cmd(command).arg(key).arg(at).arg("COUNT").arg(CHUNK))?;
        for element in part.chunks(if layout == Layout::Set { 1 } else { 2 }) {
            let first = shown(&element[0]);
            if !told.insert(first.clone()) {
                continue;
            }
            let second = element.get(1).map(Vec::as_slice).unwrap_or_default();
            let flow = match layout {
                Layout::Set => row(vec![("value", first)], document(&element[0]))?,
                Layout::Sorted => row(vec![("value", first), ("score", shown(second))], document(&element[0]))?,
                _ => row(vec![("field", first)], text_body(second))?,
            };
            if flow.is_break() {
                return Ok(flow);
            }
        }
        if next == 0 {
            return Ok(ControlFlow::Continue(()));
        }
        turns.turn(wire.host(), next, !part.is_empty())?;
        at = next;
    }
}

fn stream(wire: &mut Wire, key: &[u8], row: &mut Row<'_>) -> Result<ControlFlow<()>, Fault> {
    let mut start = "-".to_owned();
    let mut turns = Turns::of(0, 0);
    loop {
        let part: Vec<(String, Vec<Vec<u8>>)> =
            wire.ask(cmd("XRANGE").arg(key).arg(&start).arg("+").arg("COUNT").arg(CHUNK))?;
        let Some((last, _)) = part.last() else { return Ok(ControlFlow::Continue(())) };
        start = format!("({last}");
        turns.turn(wire.host(), last, true)?;
        for (id, fields) in &part {
            let pairs: Vec<(Vec<u8>, Vec<u8>)> =
                fields.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
            if row(vec![("id", id.clone())], object(&pairs)).map(|flow| flow.is_break())? {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
}

fn object(pairs: &[(Vec<u8>, Vec<u8>)]) -> Node {
    let members = pairs.iter().map(|(name, value)| Member {
        name: shown(name),
        node: match document(value) {
            Node { value: Value::Null, .. } => Node::text(Some(shown(value))),
            node => node,
        },
    });
    Node::of(Value::Object(members.collect()))
}

/// The JSON object or list in it; null when it is none.
fn document(bytes: &[u8]) -> Node {
    let looks_so = matches!(bytes.iter().find(|byte| !byte.is_ascii_whitespace()), Some(b'{' | b'['));
    let parsed =
        looks_so.then(|| std::str::from_utf8(bytes).ok().and_then(|text| json::parse_answer(text).ok())).flatten();
    parsed.unwrap_or_else(|| Node::of(Value::Null))
}

/// The JSON object in it, or an object with the text as `value`.
pub(super) fn text_body(bytes: &[u8]) -> Node {
    match document(bytes) {
        node @ Node { value: Value::Object(_), .. } => node,
        _ => Node::of(Value::Object(vec![Member { name: "value".to_owned(), node: Node::text(Some(shown(bytes))) }])),
    }
}

/// Text as it is; other bytes as `\x` and their hexadecimal.
pub(super) fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().fold("\\x".to_owned(), |text, byte| format!("{text}{byte:02x}")),
    }
}

/// The bytes that [`shown`] has shown.
pub(super) fn bytes(text: &str) -> Vec<u8> {
    let hex = text.strip_prefix("\\x").filter(|hex| hex.len() % 2 == 0 && hex.is_ascii());
    let decoded: Option<Vec<u8>> =
        hex.and_then(|hex| (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok()).collect());
    decoded.filter(|bytes| std::str::from_utf8(bytes).is_err()).unwrap_or_else(|| text.as_bytes().to_vec())
}
