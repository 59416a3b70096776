//! What networks let in from everywhere.

use serde_json::{Value, json};

use super::body::{self, Body, Found, Resource};

/// Whom a rule lets in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Some,
    /// Only a plan tells.
    Open,
    Everybody,
}

/// Every rule that lets the whole internet in, and, without its ports, every rule of which only a plan tells whom it lets in.
///
/// Source: the documentation of the providers hashicorp/aws 6, hashicorp/google 7 and hashicorp/azurerm 4.
pub(super) fn all(resources: &[Resource]) -> Vec<Value> {
    resources.iter().flat_map(of).collect()
}

fn of(one: &Resource) -> Vec<Value> {
    let body = &one.body;
    let amazon = ["cidr_blocks", "ipv6_cidr_blocks"];
    match one.kind.as_str() {
        "aws_security_group" => nested(body, "ingress").filter_map(|ingress| aws(one, ingress, &amazon)).collect(),
        "aws_security_group_rule" if body.text(&["type"]) != Ok(Some("egress")) => {
            aws(one, body, &amazon).into_iter().collect()
        }
        "aws_vpc_security_group_ingress_rule" => aws(one, body, &["cidr_ipv4", "cidr_ipv6"]).into_iter().collect(),
        "google_compute_firewall" => google(one),
        "azurerm_network_security_group" => nested(body, "security_rule").flat_map(|rule| azure(one, rule)).collect(),
        "azurerm_network_security_rule" => azure(one, body),
        _ => Vec::new(),
    }
}

/// Blocks of this name, and the content of those that an expression makes.
fn nested<'b>(body: &'b Body, name: &'static str) -> impl Iterator<Item = &'b Body> {
    let made = body.blocks.iter().filter(move |(known, _)| known.strip_prefix("dynamic ") == Some(name));
    body.blocks(name).chain(made.filter_map(|(_, block)| block.block("content")))
}

fn reach(body: &Body, keys: &[&str]) -> Reach {
    keys.iter().map(|key| reach_of(body.find(&[key]))).max().unwrap_or(Reach::Some)
}

fn reach_of(found: Found<'_>) -> Reach {
    match found {
        Found::Absent => Reach::Some,
        Found::Open => Reach::Open,
        Found::Is(value) => reach_of_value(value),
    }
}

fn reach_of_value(value: &body::Value) -> Reach {
    match value {
        body::Value::Known(text) if is_everywhere(text) => Reach::Everybody,
        body::Value::Known(_) => Reach::Some,
        body::Value::Open(_) => Reach::Open,
        body::Value::List(items) => items.iter().map(reach_of_value).max().unwrap_or(Reach::Some),
    }
}

/// The whole internet, or half of it: two halves are the whole.
fn is_everywhere(range: &str) -> bool {
    let words = ["*", "any", "internet", "0.0.0.0"];
    words.contains(&range.to_ascii_lowercase().as_str()) || range.ends_with("/0") || range.ends_with("/1")
}

fn aws(one: &Resource, body: &Body, keys: &[&str]) -> Option<Value> {
    let port = |key| body.text(&[key]).ok().flatten().and_then(|text| text.parse::<i64>().ok());
    let protocol = ["protocol", "ip_protocol"].iter().find_map(|key| body.text(&[key]).ok().flatten());
    // «-1» is every protocol and every port.
    let ports = if protocol == Some("-1") { EVERY } else { (port("from_port"), port("to_port")) };
    opening(one, reach(body, keys), ports)
}

/// Rules of Google let everybody in when they say no source; each `allow` without ports allows all of them.
fn google(one: &Resource) -> Vec<Value> {
    let body = &one.body;
    let is = |key: &str, word: &str| body.text(&[key]) == Ok(Some(word));
    if is("direction", "EGRESS") || is("disabled", "true") {
        return Vec::new();
    }
    let sources = ["source_ranges", "source_tags", "source_service_accounts"];
    let reach = match sources.iter().all(|key| body.find(&[key]) == Found::Absent) {
        true => Reach::Everybody,
        false => reach(body, &["source_ranges"]),
    };
    let each = |allow: &Body| match allow.find(&["ports"]) {
        Found::Absent => vec![opening(one, reach, EVERY)],
        _ => ranges(allow, &["ports"]).into_iter().map(|ports| opening(one, reach, ports)).collect(),
    };
    nested(body, "allow").flat_map(each).flatten().collect()
}

fn azure(one: &Resource, rule: &Body) -> Vec<Value> {
    let is =
        |key: &str, word: &str| rule.text(&[key]).ok().flatten().is_some_and(|text| text.eq_ignore_ascii_case(word));
    if is("direction", "Outbound") || is("access", "Deny") {
        return Vec::new();
    }
    let reach = reach(rule, &["source_address_prefix", "source_address_prefixes"]);
    let ports = ranges(rule, &["destination_port_range", "destination_port_ranges"]);
    ports.into_iter().filter_map(|ports| opening(one, reach, ports)).collect()
}

type Ports = (Option<i64>, Option<i64>);

const EVERY: Ports = (Some(0), Some(65_535));
const UNKNOWN: Ports = (None, None);

/// Ports as they are written: `22`, `1000-2000`, `*`.
fn ranges(body: &Body, keys: &[&str]) -> Vec<Ports> {
    let of_value = |value: &body::Value| match value {
        body::Value::Known(text) => ports(text),
        _ => UNKNOWN,
    };
    let of_found = |found| match found {
        Found::Absent => Vec::new(),
        Found::Open => vec![UNKNOWN],
        Found::Is(body::Value::List(items)) => items.iter().map(of_value).collect(),
        Found::Is(value) => vec![of_value(value)],
    };
    let found: Vec<Ports> = keys.iter().flat_map(|key| of_found(body.find(&[key]))).collect();
    if found.is_empty() { vec![UNKNOWN] } else { found }
}

fn ports(text: &str) -> Ports {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    match text {
        "*" => EVERY,
        _ => (from.trim().parse().ok(), to.trim().parse().ok()),
    }
}

fn opening(one: &Resource, reach: Reach, ports: Ports) -> Option<Value> {
    let (from, to) = match reach {
        Reach::Some => return None,
        Reach::Open => UNKNOWN,
        Reach::Everybody => ports,
    };
    Some(json!({"address": one.address, "from_port": from, "to_port": to, "place": one.place}))
}

/// A listener that only sends callers on to https.
pub(super) fn redirects(body: &Body) -> bool {
    body.blocks("default_action").any(|action| {
        action.text(&["type"]) == Ok(Some("redirect"))
            && action.block("redirect").is_some_and(|to| to.text(&["protocol"]) == Ok(Some("HTTPS")))
    })
}
