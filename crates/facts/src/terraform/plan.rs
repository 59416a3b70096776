//! `terraform show -json`: a plan, or the state as it is.
//!
//! Source: Terraform, «JSON Output Format», `planned_values`, `resource_changes[].change.after_unknown`, `configuration`.

use std::collections::HashMap;

use yaml::Node;

use super::body::{Body, Resource, Value};
use crate::tree::{Document, at, entries, list, place, text};

/// Every resource that there will be, or that there is.
pub(super) fn resources(document: &Document<'_>) -> Vec<Resource> {
    let root = &document.node;
    let values = at(root, &["planned_values", "root_module"]).or(at(root, &["values", "root_module"]));
    let unknown: HashMap<&str, &Node> = list(root, &["resource_changes"])
        .iter()
        .filter_map(|change| Some((text(change, &["address"])?, at(change, &["change", "after_unknown"])?)))
        .collect();
    let mut references = HashMap::new();
    configured(at(root, &["configuration", "root_module"]), "", &mut references);
    let mut found = Vec::new();
    let mut open: Vec<&Node> = values.into_iter().collect();
    while let Some(module) = open.pop() {
        open.extend(list(module, &["child_modules"]));
        let managed = list(module, &["resources"]).iter().filter(|one| text(one, &["mode"]) != Some("data"));
        found.extend(managed.map(|one| resource(document.file, one, &unknown, &references)));
    }
    found.sort_by(|a, b| a.address.cmp(&b.address));
    found
}

fn resource(file: &str, node: &Node, unknown: &HashMap<&str, &Node>, references: &HashMap<String, String>) -> Resource {
    let address = text(node, &["address"]).unwrap_or_default();
    let mut body = at(node, &["values"]).map(read).unwrap_or_default();
    if let Some(unknown) = unknown.get(address) {
        open(&mut body, unknown);
    }
    // What a plan does not know yet, the configuration says by name: `bucket = aws_s3_bucket.data.id`.
    for (name, value) in &mut body.attributes {
        let written = references.get(&format!("{}.{name}", without_index(address)));
        if let (Value::Open(text), Some(written)) = (value, written) {
            text.clone_from(written);
        }
    }
    Resource {
        address: address.to_owned(),
        kind: text(node, &["type"]).unwrap_or_default().to_owned(),
        name: text(node, &["name"]).unwrap_or_default().to_owned(),
        body,
        place: place(file, node),
    }
}

/// The address without `[0]` and `["key"]`, as the configuration has it.
fn without_index(address: &str) -> String {
    let (mut out, mut rest) = (String::new(), address);
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        rest = after.split_once(']').map_or("", |(_, rest)| rest);
    }
    out + rest
}

/// Objects are blocks, and so are lists of them; null is not there. As deep as the document, which is bounded.
fn read(node: &Node) -> Body {
    let mut body = Body::default();
    for (key, node) in entries(node, &[]).iter().filter(|(_, node)| !node.is_null()) {
        match &node.value {
            yaml::Value::Map(_) => body.blocks.push((key.text.clone(), read(node))),
            yaml::Value::List(items) if items.iter().any(|item| matches!(item.value, yaml::Value::Map(_))) => {
                body.blocks.extend(items.iter().map(|item| (key.text.clone(), read(item))));
            }
            // No block at all is written as an empty list.
            yaml::Value::List(items) if items.is_empty() => {}
            yaml::Value::List(items) => {
                let items = items.iter().filter_map(Node::scalar).map(|text| Value::Known(text.to_owned()));
                body.attributes.push((key.text.clone(), Value::List(items.collect())));
            }
            yaml::Value::Scalar { text, .. } => body.attributes.push((key.text.clone(), Value::Known(text.clone()))),
        }
    }
    body
}

/// Marks what is known after apply.
fn open(body: &mut Body, unknown: &Node) {
    for (key, node) in entries(unknown, &[]) {
        if node.scalar() == Some("true") && body.attributes.iter().all(|(name, _)| *name != key.text) {
            body.attributes.push((key.text.clone(), Value::Open("known after apply".to_owned())));
        }
        let items = match &node.value {
            yaml::Value::List(items) => items.as_slice(),
            yaml::Value::Map(_) => std::slice::from_ref(node),
            yaml::Value::Scalar { .. } => &[],
        };
        let blocks = body.blocks.iter_mut().filter(|(name, _)| *name == key.text);
        blocks.zip(items).for_each(|((_, block), unknown)| open(block, unknown));
    }
}

/// What expressions of the configuration refer to, by address and attribute, in the words of the module they stand in.
fn configured(root: Option<&Node>, prefix: &str, found: &mut HashMap<String, String>) {
    let mut open: Vec<(&Node, String)> = root.map(|root| (root, prefix.to_owned())).into_iter().collect();
    while let Some((module, prefix)) = open.pop() {
        for resource in list(module, &["resources"]) {
            let address = text(resource, &["address"]).unwrap_or_default();
            for (key, expression) in entries(resource, &["expressions"]) {
                let named: Vec<&str> = list(expression, &["references"]).iter().filter_map(Node::scalar).collect();
                if !named.is_empty() {
                    found.insert(format!("{prefix}{address}.{}", key.text), named.join(" "));
                }
            }
        }
        for (name, call) in entries(module, &["module_calls"]) {
            open.extend(at(call, &["module"]).map(|module| (module, format!("{prefix}module.{}.", name.text))));
        }
    }
}
