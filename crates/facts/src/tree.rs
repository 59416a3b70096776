//! Ways through YAML that others wrote: what is not there or of another kind is simply not there.

use model::{Instant, Place};
use yaml::{Node, Value};

use crate::{File, Gap};

/// A YAML or JSON document, with the name of its file.
pub(crate) struct Document<'f> {
    pub(crate) file: &'f str,
    pub(crate) node: Node,
}

/// Every document of every file; a file that cannot be read is a gap.
pub(crate) fn open<'f>(files: &[File<'f>]) -> (Vec<Document<'f>>, Vec<Gap>) {
    let (mut documents, mut gaps) = (Vec::new(), Vec::new());
    for file in files {
        match yaml::read(file.text, &yaml::Limits::default()) {
            Ok(nodes) => documents.extend(nodes.into_iter().map(|node| Document { file: file.name, node })),
            Err(fault) => gaps.push(Gap::of(*file, &fault)),
        }
    }
    (documents, gaps)
}

/// `file:line:column`
pub(crate) fn place(file: &str, node: &Node) -> String {
    format!("{file}:{}:{}", node.place.line, node.place.column)
}

/// Whether the file's name ends in one of `ends`, in capitals or not.
pub(crate) fn ends(file: File<'_>, ends: &[&str]) -> bool {
    let name = file.name.to_ascii_lowercase();
    ends.iter().any(|end| name.ends_with(end))
}

/// Whether the text has a key of this name somewhere, as YAML and JSON write one; told without reading it as either.
pub(crate) fn mentions(text: &str, key: &str) -> bool {
    text.match_indices(key).any(|(at, _)| {
        let before = text[..at].trim_end_matches(['"', '\'']);
        let after = text[at + key.len()..].trim_start_matches(['"', '\'']).trim_start();
        after.starts_with(':') && (before.is_empty() || before.ends_with(['\n', ' ', '\t', '{', ',', '\r']))
    })
}

/// Whether a line begins with the key, without indentation.
pub(crate) fn begins(text: &str, key: &str) -> bool {
    let is_key = |line: &str| {
        let rest = line.trim_start_matches(['"', '\'']).strip_prefix(key);
        rest.is_some_and(|rest| rest.trim_start_matches(['"', '\'']).trim_start().starts_with(':'))
    };
    text.trim_start_matches('\u{feff}').lines().any(is_key)
}

/// The value under a path of keys.
pub(crate) fn at<'n>(node: &'n Node, path: &[&str]) -> Option<&'n Node> {
    path.iter().try_fold(node, |node, key| node.entry(key)).filter(|node| !node.is_null())
}

/// The text under a path.
pub(crate) fn text<'n>(node: &'n Node, path: &[&str]) -> Option<&'n str> {
    at(node, path)?.scalar()
}

/// The flag under a path, as YAML 1.2 and 1.1 write it.
pub(crate) fn flag(node: &Node, path: &[&str]) -> Option<bool> {
    match &at(node, path)?.value {
        Value::Scalar { text, plain: true } => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// The whole number under a path.
pub(crate) fn integer(node: &Node, path: &[&str]) -> Option<i64> {
    text(node, path)?.parse().ok()
}

/// The items of the list under a path.
pub(crate) fn list<'n>(node: &'n Node, path: &[&str]) -> &'n [Node] {
    match at(node, path).map(|node| &node.value) {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

/// The scalars of the list under a path.
pub(crate) fn texts<'n>(node: &'n Node, path: &[&str]) -> Vec<&'n str> {
    list(node, path).iter().filter_map(Node::scalar).collect()
}

/// Keys and scalars of the mapping under a path.
pub(crate) fn map<'n>(node: &'n Node, path: &[&str]) -> Vec<(&'n str, &'n str)> {
    match at(node, path).map(|node| &node.value) {
        Some(Value::Map(entries)) => {
            entries.iter().filter_map(|(key, node)| Some((key.text.as_str(), node.scalar()?))).collect()
        }
        _ => vec![],
    }
}

/// Keys and values of the mapping under a path, whatever the values are.
pub(crate) fn entries<'n>(node: &'n Node, path: &[&str]) -> &'n [(yaml::Key, Node)] {
    match at(node, path).map(|node| &node.value) {
        Some(Value::Map(entries)) => entries,
        _ => &[],
    }
}

/// The time under a path, where there is one that can be read.
pub(crate) fn time(node: &Node, path: &[&str]) -> Option<Instant> {
    Instant::parse(text(node, path)?).ok()
}

/// Where lines of a text begin, so that the place of a byte is found without counting again.
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Lines(std::iter::once(0).chain(starts).collect())
    }

    /// Line and column of a byte, from 1.
    pub(crate) fn place(&self, offset: usize) -> Place {
        // The first line starts at 0, so at least one start lies at or before every offset.
        let line = self.0.partition_point(|start| *start <= offset);
        Place::line(line as u64, (offset - self.0[line - 1]) as u64 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_from_other_words() {
        let check =
            |text, key, expect: (bool, bool)| assert_eq!((mentions(text, key), begins(text, key)), expect, "{text}");
        check("kind: Pod", "kind", (true, true));
        check("  kind : Pod", "kind", (true, false));
        check("{\"a\":1,\"kind\":\"Pod\"}", "kind", (true, false));
        check("# this kind of thing", "kind", (false, false));
        check("\"on\": push", "on", (true, true));
        check("version: 1", "on", (false, false));
    }

    #[test]
    fn json_is_read_with_its_own_escapes() {
        let file =
            File { name: "a.json", text: "{\"a\": \"\\ud83d\\ude00 \\/ \\t \\u00e9\",\n\t\"b\": [1.5e3, null, true]}" };
        let (documents, gaps) = open(&[file]);
        assert_eq!(gaps, []);
        assert_eq!(text(&documents[0].node, &["a"]), Some("😀 / \t é"));
    }
}
