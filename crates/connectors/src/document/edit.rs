//! Changes to a JSON text that leave every other byte as it was.

use std::ops::Range;

use privacy::row::{Cell, FieldPath};

use super::json::{self, Node, Value, quoted};
use super::record::reach;

/// `text`, of which `node` was read, with each field set; `None` when that changes nothing.
///
/// A path through a list sets the field in each of its elements. A field that is not there is added where its parent is
/// an object, unless it is to be empty.
pub(crate) fn set(text: &str, node: &Node, changes: &[(FieldPath, Cell)]) -> Option<String> {
    let mut splices: Vec<(Range<usize>, String)> = Vec::new();
    for (field, cell) in changes {
        let mut found = Vec::new();
        reach(node, &field.0, &mut found);
        splices.extend(
            found.iter().filter(|old| old.cell() != *cell).map(|old| (old.span.clone(), json_of(Some(old), cell))),
        );
        if found.is_empty() && cell.is_some() {
            splices.extend(addition(node, &field.0, cell));
        }
    }
    if splices.is_empty() {
        return None;
    }
    splices.sort_by_key(|(span, _)| (span.start, span.end));
    let mut changed = String::with_capacity(text.len());
    let mut from = 0;
    for (span, json) in splices {
        if span.start < from {
            continue;
        }
        changed.push_str(&text[from..span.start]);
        changed.push_str(&json);
        from = span.end;
    }
    changed.push_str(&text[from..]);
    Some(changed)
}

fn addition(node: &Node, path: &[String], cell: &Cell) -> Option<(Range<usize>, String)> {
    let (name, parents) = path.split_last()?;
    let mut found = Vec::new();
    let through_list = reach(node, parents, &mut found);
    let [parent] = found.as_slice() else { return None };
    let Value::Object(members) = &parent.value else { return None };
    if through_list {
        return None;
    }
    let member = format!("{}:{}", quoted(name), json_of(None, cell));
    match members.last() {
        Some(last) => Some((last.node.span.end..last.node.span.end, format!(",{member}"))),
        None => Some((parent.span.clone(), format!("{{{member}}}"))),
    }
}

/// The JSON of a new value: of the type of the old one where the text can be such a value, else a string.
pub(crate) fn json_of(old: Option<&Node>, cell: &Cell) -> String {
    let Some(text) = cell else { return "null".to_owned() };
    let same_kind = |old: &Value, new: &Value| {
        matches!(
            (old, new),
            (Value::Number(_), Value::Number(_))
                | (Value::Boolean(_), Value::Boolean(_))
                | (Value::List(_) | Value::Object(_), Value::List(_) | Value::Object(_))
        )
    };
    match (old, json::parse(text)) {
        (Some(old), Ok(new)) if same_kind(&old.value, &new.value) => text.trim().to_owned(),
        _ => quoted(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_other_bytes_stay() {
        let check = |text: &str, field: &str, new: Option<&str>, expect: Option<&str>| {
            let node = json::parse(text).unwrap();
            let changed = set(text, &node, &[(FieldPath::parse(field), new.map(str::to_owned))]);
            assert_eq!(changed.as_deref(), expect, "{text} {field}");
        };
        check("{ \"a\" : 1 , \"b\":\"\\u0041\" }", "a", None, Some("{ \"a\" : null , \"b\":\"\\u0041\" }"));
        check("{\"a\":1}", "a", Some("2"), Some("{\"a\":2}"));
        check("{\"a\":\"1\"}", "a", Some("2"), Some("{\"a\":\"2\"}"));
        check("{\"a\":1}", "a", Some("erased"), Some("{\"a\":\"erased\"}"));
        check("{\"a\":1}", "a", Some("1"), None);
        check("{\"a\":{\"b\":\"x\"}}", "a.b", Some("q\"q"), Some("{\"a\":{\"b\":\"q\\\"q\"}}"));
        check("{\"l\":[{\"m\":\"p\"},{\"m\":\"q\"}]}", "l.m", None, Some("{\"l\":[{\"m\":null},{\"m\":null}]}"));
        check("{\"a\":1}", "b", Some("x"), Some("{\"a\":1,\"b\":\"x\"}"));
        check("{}", "b", Some("x"), Some("{\"b\":\"x\"}"));
        check("{\"a\":1}", "b", None, None);
        check("{\"a\":1}", "b.c", Some("x"), None);
        check("{\"a\":[1]}", "a", Some("[]"), Some("{\"a\":[]}"));
    }
}
