//! Ways through YAML that others wrote: what is not there or of another kind is simply not there.

use yaml::{Node, Value};

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
