//! Objectives of other tools as OpenSLO v1: files of Sloth, Pyrra and slo-generator.
//!
//! What comes out is text that people keep, so it is written as they would write it. A query that is a rate or an increase over a
//! plain selector becomes that selector, and its counters are then counted exactly; any other query is kept as it is, with a
//! warning that no verdict can be had from it here. What OpenSLO has no word for is told, never dropped in silence.

mod generator;
mod pyrra;
mod sloth;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use model::{Decimal, Fault};
use yaml::{Fields, Node, Value};

use crate::book::{Book, Reading};
use crate::files::documents;
use crate::measure::Selector;
use crate::notes::{Faults, Warning};
use crate::openslo::is_dns_label;

/// Files of another tool, rewritten.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// OpenSLO v1, one document each.
    pub text: String,
    /// The names of the SLOs, in the order of the files.
    pub names: Vec<String>,
    /// What it came from: `Sloth`, `Pyrra`, `slo-generator`.
    pub tools: Vec<&'static str>,
    /// What is not there any more, or is not counted here.
    pub warnings: Vec<Warning>,
}

/// One objective of another tool.
pub(super) struct Wanted {
    name: String,
    service: String,
    description: Option<String>,
    target: Decimal,
    window: String,
    metric: Counted,
    /// The tool alerts on burn rates of its own accord.
    alerts: bool,
}

/// What is counted, as queries of Prometheus.
pub(super) enum Counted {
    Good {
        good: String,
        total: String,
    },
    Bad {
        bad: String,
        total: String,
    },
    /// A ratio that somebody else divides, of bad events.
    Failures(String),
}

impl Imported {
    /// Reads `text` and rewrites every objective in it. `window` is that of tools whose files have none: Sloth's is set where it
    /// runs and is 30 days, slo-generator's stands in another file.
    ///
    /// # Errors
    /// Every fault with its place: `unknown-slo-format`, `not-importable`, and whatever is wrong with the YAML.
    pub fn read(path: &Path, text: &str, window: &str, reading: &Reading) -> Result<Imported, Faults> {
        let nodes = documents(text, &reading.limits).map_err(|fault| fault.in_file(path))?;
        let (mut imported, mut faults) = (Imported::default(), vec![]);
        for node in &nodes {
            let mut warnings = vec![];
            match one(node, window, &mut warnings) {
                Ok((tool, wanted)) => {
                    if !imported.tools.contains(&tool) {
                        imported.tools.push(tool);
                    }
                    wanted.iter().for_each(|wanted| imported.add(wanted, node, &mut warnings));
                }
                Err(fault) => faults.push(fault.in_file(path)),
            }
            imported.warnings.extend(warnings.into_iter().map(|fault: Fault| Warning::from(fault.in_file(path))));
        }
        if nodes.is_empty() {
            faults.push(unknown().in_file(path));
        }
        Faults::check(faults)?;
        imported.check(path, reading)
    }

    /// What was written is read once more, as everybody will read it.
    fn check(self, path: &Path, reading: &Reading) -> Result<Imported, Faults> {
        match Book::load(vec![(PathBuf::from("OpenSLO"), self.text.clone())], reading) {
            Ok(_) => Ok(self),
            Err(faults) => {
                let first = Fault::from(faults);
                let message = format!("Rewritten, it would not be OpenSLO: {}", first.message());
                Err(Fault::bad_config("not-importable", message)
                    .advise(first.advice().unwrap_or("Change the file and import it again.").to_owned())
                    .in_file(path)
                    .into())
            }
        }
    }

    fn add(&mut self, wanted: &Wanted, node: &Node, warnings: &mut Vec<Fault>) {
        let text = &mut self.text;
        if !text.is_empty() {
            text.push_str("---\n");
        }
        let name = label(&wanted.name);
        if name != wanted.name {
            let message = format!("{:?} is no name in OpenSLO; it is called {name}", wanted.name);
            let fault = Fault::bad_config("renamed", message).advise("References to it have to say the new name.");
            warnings.push(fault.at(node.place.clone()));
        }
        let alerts = if wanted.alerts { ", annotations: {probity/burn-alerts: default}" } else { "" };
        // Writing into a string cannot fail; the results are dropped on purpose throughout.
        let _ = writeln!(text, "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: {name}{alerts}}}\nspec:");
        if let Some(description) = &wanted.description {
            let _ = writeln!(text, "  description: {}", quoted(description));
        }
        let _ = writeln!(text, "  service: {}\n  indicator:\n    metadata: {{name: {name}}}", quoted(&wanted.service));
        let _ = writeln!(text, "    spec:\n      ratioMetric:");
        let mut part = |name: &str, query: &str| {
            let (query, note) = plain(query);
            if let Some(note) = note {
                let message = format!("{:?}: {note}", wanted.name);
                let fault = Fault::bad_config("query-kept", message)
                    .advise("Write a plain selector of a counter; probity counts its increases itself.");
                warnings.push(fault.at(node.place.clone()));
            }
            let query = quoted(&query);
            let _ = writeln!(text, "        {name}: {{metricSource: {{type: Prometheus, spec: {{query: {query}}}}}}}");
        };
        let method = match &wanted.metric {
            Counted::Good { good, total } => {
                part("good", good);
                part("total", total);
                "  budgetingMethod: Occurrences"
            }
            Counted::Bad { bad, total } => {
                part("bad", bad);
                part("total", total);
                "  budgetingMethod: Occurrences"
            }
            Counted::Failures(query) => {
                part("raw", query);
                "        rawType: failure\n  budgetingMethod: RatioTimeslices"
            }
        };
        let counts = if matches!(wanted.metric, Counted::Failures(_)) { "" } else { "        counter: true\n" };
        let slices = if matches!(wanted.metric, Counted::Failures(_)) { ", timeSliceWindow: 5m" } else { "" };
        let _ = writeln!(text, "{counts}{method}\n  timeWindow: [{{duration: {}, isRolling: true}}]", wanted.window);
        let _ = writeln!(text, "  objectives: [{{displayName: {name}, target: {}{slices}}}]", wanted.target);
        self.names.push(name);
    }
}

type Read = Result<(&'static str, Vec<Wanted>), Fault>;

fn one(node: &Node, window: &str, warnings: &mut Vec<Fault>) -> Read {
    let fields = Fields::open(node, "")?;
    let word = |key: &str| node.entry(key).and_then(Node::scalar).unwrap_or_default();
    match (word("version"), word("apiVersion"), word("kind")) {
        ("prometheus/v1", ..) => sloth::file(&fields, window, warnings).map(|wanted| ("Sloth", wanted)),
        (_, "sloth.slok.dev/v1", "PrometheusServiceLevel") => {
            let spec = Fields::open(fields.required("spec")?, "spec")?;
            sloth::file(&spec, window, warnings).map(|wanted| ("Sloth", wanted))
        }
        (_, "pyrra.dev/v1alpha1", "ServiceLevelObjective") => {
            pyrra::object(&fields, warnings).map(|one| ("Pyrra", vec![one]))
        }
        (_, "sre.google.com/v2", "ServiceLevelObjective") => {
            generator::object(&fields, window, warnings).map(|one| ("slo-generator", vec![one]))
        }
        _ => Err(unknown().at(node.place.clone())),
    }
}

fn unknown() -> Fault {
    Fault::bad_config("unknown-slo-format", "This is no file of Sloth, Pyrra or slo-generator").advise(
        "Sloth begins with version: prometheus/v1; the others have an apiVersion and a kind. OpenSLO needs no import.",
    )
}

/// What is not carried over, told where it stands.
pub(super) fn left(fields: &Fields<'_>, key: &str, why: &str, warnings: &mut Vec<Fault>) {
    if let Some(node) = fields.node(key) {
        let message = format!("{} is left out: {why}", fields.path_of(key));
        let fault = Fault::bad_config("left-out", message).advise("Say it in OpenSLO by hand, if it is needed.");
        warnings.push(fault.at(node.place.clone()));
    }
}

/// A percentage as a share.
pub(super) fn percent(fields: &Fields<'_>, key: &str) -> Result<Decimal, Fault> {
    let node = fields.required(key)?;
    let text = fields.required_text(key)?;
    let share = Decimal::parse(text).ok().and_then(Decimal::percent);
    share.filter(|share| (Decimal::ZERO..Decimal::ONE).contains(share)).ok_or_else(|| {
        Fault::bad_config("bad-target", format!("{} is {text:?}", fields.path_of(key)))
            .advise("Write a percentage from 0 up to, but not including, 100: 99.9.")
            .at(node.place.clone())
    })
}

/// A query as the selector whose increase it is, or as it stands with what is amiss.
fn plain(query: &str) -> (String, Option<&'static str>) {
    let trimmed = query.split_whitespace().collect::<Vec<_>>().join(" ");
    if Selector::parse(&trimmed).is_ok() {
        return (trimmed, None);
    }
    let inner = within(&trimmed, "sum").unwrap_or(&trimmed);
    let inner = ["rate", "increase", "irate"].iter().find_map(|function| within(inner, function)).unwrap_or(inner);
    let selector =
        inner.rsplit_once('[').filter(|(_, range)| range.ends_with(']')).map(|(selector, _)| selector.trim());
    match selector.filter(|selector| Selector::parse(selector).is_ok()) {
        Some(selector) => (selector.to_owned(), None),
        None => (trimmed, Some("its query is more than a rate of one counter, and is kept as it is")),
    }
}

/// What stands in the brackets of a call that is all there is.
fn within<'q>(query: &'q str, function: &str) -> Option<&'q str> {
    let inner = query.trim().strip_prefix(function)?.trim_start().strip_prefix('(')?.strip_suffix(')')?;
    let depth = |depth: Option<u32>, c: char| match c {
        '(' => depth.map(|depth| depth + 1),
        ')' => depth.and_then(|depth| depth.checked_sub(1)),
        _ => depth,
    };
    inner.chars().fold(Some(0), depth).is_some_and(|depth| depth == 0).then(|| inner.trim())
}

/// An RFC 1123 label as like `name` as can be.
fn label(name: &str) -> String {
    if is_dns_label(name) {
        return name.to_owned();
    }
    let mapped: String =
        name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(63).collect();
    let mapped = mapped.trim_matches('-');
    if mapped.is_empty() { "slo".to_owned() } else { mapped.to_owned() }
}

/// Double quotes and JSON's escapes, which YAML shares.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The names of the keys of a mapping that hold something.
pub(super) fn named<'n>(fields: &Fields<'n>) -> Vec<&'n str> {
    let there = fields.entries().iter().filter(|(_, node)| !matches!(&node.value, Value::Map(map) if map.is_empty()));
    there.map(|(key, _)| key.text.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_over_a_selector_is_that_selector() {
        let check = |query: &str, expect: &str, is_plain: bool| {
            let (found, note) = plain(query);
            assert_eq!((found.as_str(), note.is_none()), (expect, is_plain), "{query}");
        };
        check("sum(rate(http_requests_total{code=~\"5..\"}[{{.window}}]))", "http_requests_total{code=~\"5..\"}", true);
        check("increase(a_total[30d])", "a_total", true);
        check("a_total{x=\"(\"}", "a_total{x=\"(\"}", true);
        check("sum ( rate( a_total [5m] ) )", "a_total", true);
        check("sum(rate(a[5m])) + sum(rate(b[5m]))", "sum(rate(a[5m])) + sum(rate(b[5m]))", false);
        check("sum by (job) (rate(a[5m]))", "sum by (job) (rate(a[5m]))", false);
        check("sum(rate(a[5m])) or vector(0)", "sum(rate(a[5m])) or vector(0)", false);
    }

    #[test]
    fn names_become_labels() {
        let check = |name: &str, expect: &str| assert_eq!(label(name), expect);
        check("api-1", "api-1");
        check("Requests Availability_99.9", "requests-availability-99-9");
        check("--", "slo");
        check(&"x".repeat(70), &"x".repeat(63));
    }
}
