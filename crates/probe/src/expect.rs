//! What must be true of an answer. What is not is said with what the file wants, never with what was found in a body: that may be
//! personal data, or a secret.

use std::collections::BTreeMap;
use std::time::Duration;

use model::{Fault, Instant};
use regex::Regex;
use serde_json::Value;
use yaml::{Fields, Node};

use crate::journey::{duration, pattern_at, pointer_at};
use crate::run::Answer;
use crate::template::Template;

/// One assertion.
#[derive(Debug)]
pub(crate) enum Expectation {
    /// 2xx, where a step says nothing.
    Success,
    Status(Vec<u16>),
    Latency(Duration),
    /// The certificate is good for so much longer.
    Certificate(Duration),
    Contains(Template),
    Matches(Regex),
    Header(String, Template),
    Json(String, Template),
}

const KEYS: &[&str] = &["status", "latency", "certificate", "contains", "matches", "headers", "json"];

impl Expectation {
    pub(crate) fn of_success() -> Vec<Self> {
        vec![Expectation::Success]
    }

    pub(crate) fn read_all(node: &Node, path: &str, known: &[String]) -> Result<Vec<Self>, Fault> {
        let fields = Fields::of(node, path, KEYS)?;
        let mut all = vec![match fields.node("status") {
            Some(node) => Expectation::Status(statuses(node, &fields)?),
            None => Expectation::Success,
        }];
        let time = |key: &str| -> Result<Option<Duration>, Fault> {
            let Some(text) = fields.text(key)? else { return Ok(None) };
            let place = fields.required(key)?.place.clone();
            duration(text).map(Some).map_err(|fault| fault.at(place))
        };
        all.extend(time("latency")?.map(Expectation::Latency));
        all.extend(time("certificate")?.map(Expectation::Certificate));
        if let Some(text) = fields.text("contains")? {
            all.push(Expectation::Contains(Template::read(text, known, &fields.required("contains")?.place)?));
        }
        if let Some(text) = fields.text("matches")? {
            all.push(Expectation::Matches(pattern_at(text, &fields.required("matches")?.place)?));
        }
        for key in ["headers", "json"] {
            let Some(node) = fields.node(key) else { continue };
            let open = Fields::open(node, fields.path_of(key))?;
            for (name, node) in open.entries() {
                let wanted = Template::read(yaml::text(node, &open.path_of(&name.text))?, known, &node.place)?;
                all.push(match key {
                    "headers" => Expectation::Header(name.text.clone(), wanted),
                    _ => Expectation::Json(pointer_at(&name.text, &name.place)?, wanted),
                });
            }
        }
        Ok(all)
    }

    /// Why it does not hold; nothing where it does.
    pub(crate) fn failure(&self, answer: &Answer, values: &BTreeMap<String, String>, now: Instant) -> Option<String> {
        let unless = |holds: bool, why: String| (!holds).then_some(why);
        match self {
            Expectation::Success => unless(
                (200..300).contains(&answer.status),
                format!("status is {}, expected one from 200 to 299", answer.status),
            ),
            Expectation::Status(wanted) => {
                unless(wanted.contains(&answer.status), format!("status is {}, expected {wanted:?}", answer.status))
            }
            Expectation::Latency(most) => {
                let took = answer.phases.total();
                unless(
                    took <= *most,
                    format!("it took {} ms, at most {} are allowed", took.as_millis(), most.as_millis()),
                )
            }
            Expectation::Certificate(least) => certificate(answer, *least, now),
            Expectation::Contains(text) => {
                let text = text.fill(values);
                let found = text.is_empty() || contains(&answer.body, text.as_bytes());
                unless(found, "the body does not contain the text that is expected".to_owned())
            }
            Expectation::Matches(pattern) => {
                let body = String::from_utf8_lossy(&answer.body);
                unless(pattern.is_match(&body), format!("the body does not match {:?}", pattern.as_str()))
            }
            Expectation::Header(name, wanted) => {
                let wanted = wanted.fill(values);
                let fits = |value: &str| match wanted.strip_suffix('*') {
                    Some(beginning) => value.starts_with(beginning),
                    None => value == wanted,
                };
                let found = answer.header(name);
                let why = if found.is_none() { "is not there" } else { "is not what is expected" };
                unless(found.is_some_and(fits), format!("the header {name} {why}"))
            }
            Expectation::Json(pointer, wanted) => json(answer, pointer, &wanted.fill(values)),
        }
    }
}

fn statuses(node: &Node, fields: &Fields<'_>) -> Result<Vec<u16>, Fault> {
    let status = |path: &str, node: &Node| {
        let status = yaml::text(node, path)?.parse().ok().filter(|status| (100..600).contains(status));
        status.ok_or_else(|| yaml::wrong_type(path, node, "a status from 100 to 599"))
    };
    match &node.value {
        yaml::Value::List(_) => fields.list("status")?.into_iter().map(|(path, node)| status(&path, node)).collect(),
        _ => Ok(vec![status(&fields.path_of("status"), node)?]),
    }
}

fn certificate(answer: &Answer, least: Duration, now: Instant) -> Option<String> {
    let Some(expires) = answer.certificate_expires else {
        return Some("there was no certificate, because it was no HTTPS".to_owned());
    };
    let left = i128::from(expires.nanos()) - i128::from(now.nanos());
    (left < i128::try_from(least.as_nanos()).unwrap_or(i128::MAX))
        .then(|| format!("the certificate expires at {expires}, which is too soon"))
}

fn contains(body: &[u8], text: &[u8]) -> bool {
    body.windows(text.len()).any(|window| window == text)
}

/// Texts, numbers, true, false and null are compared as they are written in JSON; of a text, what is in the quotes.
fn json(answer: &Answer, pointer: &str, wanted: &str) -> Option<String> {
    let Ok(document) = serde_json::from_slice::<Value>(&answer.body) else {
        return Some("the body is not JSON".to_owned());
    };
    match document.pointer(pointer) {
        None => Some(format!("{pointer} is not in the JSON")),
        Some(found) if written(found) == wanted => None,
        Some(_) => Some(format!("{pointer} in the JSON is not what is expected")),
    }
}

/// A value as it is compared and extracted.
pub(crate) fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
