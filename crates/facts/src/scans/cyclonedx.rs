//! CycloneDX as JSON: components, and the vulnerabilities that they have.
//!
//! Source: CycloneDX v1.6 (ECMA-424), `vulnerabilities`, `analysis.state`, `ratings`.

use std::collections::HashMap;

use serde_json::{Value, json};
use yaml::Node;

use super::{Finding, Report, Severity};
use crate::tree::{Document, list, place, text, time};

/// The report of one bill of materials; its components are added to `components`.
pub(super) fn report(document: &Document<'_>, components: &mut Vec<Value>) -> Report {
    let (file, root) = (document.file, &document.node);
    let mut all = HashMap::new();
    let mut open: Vec<&Node> = list(root, &["components"]).iter().rev().collect();
    let mut ordered = Vec::new();
    while let Some(component) = open.pop() {
        all.extend(text(component, &["bom-ref"]).map(|name| (name, named(component))));
        ordered.push(component);
        open.extend(list(component, &["components"]).iter().rev());
    }
    let vulnerabilities = list(root, &["vulnerabilities"]);
    let mut open_ones: HashMap<&str, Vec<&str>> = HashMap::new();
    for one in vulnerabilities.iter().filter(|one| !is_settled(one)) {
        for affected in list(one, &["affects"]).iter().filter_map(|node| text(node, &["ref"])) {
            open_ones.entry(affected).or_default().push(text(one, &["id"]).unwrap_or("without an id"));
        }
    }
    components.extend(ordered.into_iter().map(|component| {
        let reference = text(component, &["bom-ref"]).unwrap_or_default();
        json!({
            "name": text(component, &["name"]).unwrap_or_default(),
            "version": text(component, &["version"]),
            "purl": text(component, &["purl"]),
            "vulnerabilities": open_ones.get(reference).cloned().unwrap_or_default(),
            "place": place(file, component),
        })
    }));
    Report {
        tool: tool(root),
        format: "CycloneDX",
        time: time(root, &["metadata", "timestamp"]),
        findings: vulnerabilities.iter().map(|one| finding(file, one, &all)).collect(),
        place: place(file, root),
    }
}

/// `metadata.tools` was a list once, and holds `components` since 1.5.
fn tool(root: &Node) -> String {
    let old = list(root, &["metadata", "tools"]).first();
    let tool = old.or(list(root, &["metadata", "tools", "components"]).first());
    tool.and_then(|tool| text(tool, &["name"])).unwrap_or("a tool without a name").to_owned()
}

fn named(component: &Node) -> String {
    let name = text(component, &["name"]).unwrap_or("a component without a name");
    text(component, &["version"]).map_or(name.to_owned(), |version| format!("{name} {version}"))
}

/// Somebody looked, and it counts no more.
fn is_settled(vulnerability: &Node) -> bool {
    matches!(
        text(vulnerability, &["analysis", "state"]),
        Some("resolved" | "resolved_with_pedigree" | "false_positive" | "not_affected")
    )
}

fn finding(file: &str, one: &Node, components: &HashMap<&str, String>) -> Finding {
    let affected: Vec<&str> = list(one, &["affects"])
        .iter()
        .filter_map(|node| text(node, &["ref"]))
        .map(|name| components.get(name).map_or(name, String::as_str))
        .collect();
    Finding {
        rule: text(one, &["id"]).unwrap_or("a vulnerability without an id").to_owned(),
        severity: severity(one),
        accepted: is_settled(one),
        subject: if affected.is_empty() { "the project".to_owned() } else { affected.join(", ") },
        place: place(file, one),
    }
}

/// The worst of the ratings: a word, or the score where there is none.
fn severity(one: &Node) -> Severity {
    let of_score = |rating: &Node| text(rating, &["score"])?.parse().ok().map(Severity::of_score);
    let one_rating = |rating: &Node| {
        text(rating, &["severity"])
            .and_then(Severity::parse)
            .filter(|one| *one != Severity::Unknown)
            .or_else(|| of_score(rating))
    };
    list(one, &["ratings"]).iter().filter_map(one_rating).max().unwrap_or(Severity::Unknown)
}
