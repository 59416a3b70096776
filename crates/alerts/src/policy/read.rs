//! `alerts.yaml`: read strictly.

use model::{Fault, Severity, Span};
use yaml::{Fields, Node, wrong_type};

use super::{Escalation, Flapping, Inhibition, NoData, Policy, Terms, targets};
use crate::alert::Kind;
use crate::matcher::Matcher;

const KEYS: &[&str] = &["schema", "terms", "no_data", "flapping", "escalate", "inhibit", "targets", "routes"];
const TERMS: &[&str] = &["match", "for", "keep_firing_for", "severity", "kind", "runbook"];

impl Policy {
    /// Reads a file of its own; a part that is not in it is as built in.
    ///
    /// # Errors
    /// What YAML says; `unknown-key`, `wrong-type`, `unknown-word`, `bad-alert-match`, `bad-span`, all located.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let nodes = yaml::read(text, &yaml::Limits::default())?;
        let [node] = nodes.as_slice() else {
            return Err(Fault::bad_config("wrong-type", "The file holds no single document")
                .advise("Write one mapping that begins with schema: alerts/1."));
        };
        let fields = Fields::of(node, "", KEYS)?;
        if fields.required_text("schema")? != "alerts/1" {
            return Err(Fault::bad_config("unknown-word", "The schema is not alerts/1")
                .advise("Write schema: alerts/1.")
                .at(fields.required("schema")?.place.clone()));
        }
        let targets = targets::targets(&fields)?;
        Ok(Policy {
            routes: targets::routes(&fields, &targets)?,
            targets,
            terms: fields
                .list("terms")?
                .into_iter()
                .map(|(path, node)| terms(node, &path))
                .collect::<Result<_, _>>()?,
            no_data: part(&fields, "no_data", &["severity", "for"], no_data)?,
            flapping: part(&fields, "flapping", &["times", "within", "quiet"], flapping)?,
            escalate: fields
                .list("escalate")?
                .into_iter()
                .map(|(path, node)| escalation(node, &path))
                .collect::<Result<_, _>>()?,
            inhibit: fields
                .list("inhibit")?
                .into_iter()
                .map(|(path, node)| inhibition(node, &path))
                .collect::<Result<_, _>>()?,
        }
        .filled(&fields))
    }

    /// What the file does not have is as built in; the built-in file has everything.
    fn filled(mut self, fields: &Fields<'_>) -> Self {
        let lacks = |key: &str| fields.entries().iter().all(|(name, _)| name.text != key);
        let parts = ["no_data", "flapping", "escalate", "inhibit"];
        let missing: Vec<&str> = parts.into_iter().filter(|key| lacks(key)).collect();
        if missing.is_empty() {
            return self;
        }
        let built_in = Policy::built_in();
        for key in missing {
            match key {
                "no_data" => self.no_data = built_in.no_data,
                "flapping" => self.flapping = built_in.flapping,
                "escalate" => self.escalate.clone_from(&built_in.escalate),
                "inhibit" => self.inhibit.clone_from(&built_in.inhibit),
                _ => {}
            }
        }
        self
    }
}

/// A part that `false` takes away.
fn part<T>(
    fields: &Fields<'_>,
    key: &str,
    keys: &[&str],
    read: fn(&Fields<'_>) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    match fields.node(key) {
        Some(node) if node.scalar().is_some() => match fields.flag(key)? {
            Some(false) => Ok(None),
            _ => Err(wrong_type(&fields.path_of(key), node, "a mapping, or false")),
        },
        Some(_) => fields.child(key, keys)?.map(|child| read(&child)).transpose(),
        None => Ok(None),
    }
}

fn terms(node: &Node, path: &str) -> Result<(Vec<Matcher>, Terms), Fault> {
    let fields = Fields::of(node, path, TERMS)?;
    let terms = Terms {
        hold: time_or_none(&fields, "for")?,
        keep: time_or_none(&fields, "keep_firing_for")?,
        severity: severity(&fields, "severity")?,
        kind: word(&fields, "kind", Kind::parse, &Kind::ALL.map(Kind::word))?,
        runbook: fields.text("runbook")?.map(str::to_owned),
    };
    Ok((matchers(&fields)?, terms))
}

fn no_data(fields: &Fields<'_>) -> Result<NoData, Fault> {
    let severity = severity(fields, "severity")?.unwrap_or(Severity::Medium);
    Ok(NoData { severity, hold: time_or_none(fields, "for")?.flatten() })
}

fn flapping(fields: &Fields<'_>) -> Result<Flapping, Fault> {
    let times = number(fields, "times")?.filter(|times| *times >= 2).ok_or_else(|| {
        Fault::bad_config("bad-number", format!("{} is no count of two or more", fields.path_of("times")))
            .advise("Write how often it must fire to be flapping, for example 3.")
            .at(fields.place.clone())
    })?;
    Ok(Flapping { times, within: time(fields, "within")?, quiet: time(fields, "quiet")? })
}

fn escalation(node: &Node, path: &str) -> Result<Escalation, Fault> {
    let fields = Fields::of(node, path, &["from", "to", "after", "breaches"])?;
    let level = |key: &str| {
        fields.required(key)?;
        Ok::<_, Fault>(severity(&fields, key)?.unwrap_or(Severity::Low))
    };
    let (from, to) = (level("from")?, level("to")?);
    let after = if fields.node("after").is_some() { Some(time(&fields, "after")?) } else { None };
    let breaches = number(&fields, "breaches")?;
    if to <= from || (after.is_none() && breaches.is_none()) {
        let why = if to <= from { "does not raise the severity" } else { "says neither after nor breaches" };
        return Err(Fault::bad_config("bad-escalation", format!("{path} {why}"))
            .advise("Write for example {from: high, to: critical, after: 4h}.")
            .at(node.place.clone()));
    }
    Ok(Escalation { from, to, after, breaches })
}

fn inhibition(node: &Node, path: &str) -> Result<Inhibition, Fault> {
    let fields = Fields::of(node, path, &["match", "equal"])?;
    let equal = fields.list("equal")?;
    let equal = equal.iter().map(|(path, node)| yaml::text(node, path).map(str::to_owned));
    Ok(Inhibition { matchers: matchers(&fields)?, equal: equal.collect::<Result<_, _>>()? })
}

/// `match: {rule: web*, severity: high}`; a value that begins with `!` is one that must not be.
pub(super) fn matchers(fields: &Fields<'_>) -> Result<Vec<Matcher>, Fault> {
    let Some(node) = fields.node("match") else { return Ok(vec![]) };
    let open = Fields::open(node, fields.path_of("match"))?;
    let one = |(key, node): &(yaml::Key, Node)| {
        let value = yaml::text(node, &open.path_of(&key.text))?;
        let (equal, value) = value.strip_prefix('!').map_or((true, value), |value| (false, value));
        Matcher::new(&key.text, equal, value).ok_or_else(|| {
            Fault::bad_config("bad-alert-match", format!("{} is no condition on a label", open.path_of(&key.text)))
                .advise("Write NAME: VALUE or NAME: \"!VALUE\"; a * at the end of VALUE stands for any ending.")
                .at(key.place.clone())
        })
    };
    open.entries().iter().map(one).collect()
}

fn severity(fields: &Fields<'_>, key: &str) -> Result<Option<Severity>, Fault> {
    word(fields, key, Severity::parse, &["low", "medium", "high", "critical"])
}

fn word<T>(fields: &Fields<'_>, key: &str, parse: fn(&str) -> Option<T>, words: &[&str]) -> Result<Option<T>, Fault> {
    let Some(text) = fields.text(key)? else { return Ok(None) };
    parse(text).map(Some).ok_or_else(|| {
        let place = fields.node(key).map(|node| node.place.clone()).unwrap_or_default();
        Fault::bad_config("unknown-word", format!("{} is {text:?}", fields.path_of(key)))
            .advise(format!("Write one of {}.", words.join(", ")))
            .at(place)
    })
}

pub(super) fn time(fields: &Fields<'_>, key: &str) -> Result<Span, Fault> {
    let text = fields.required_text(key)?;
    Span::parse(text).map_err(|fault| located(fields, key, &fault))
}

/// A length of time, or `none`.
fn time_or_none(fields: &Fields<'_>, key: &str) -> Result<Option<Option<Span>>, Fault> {
    match fields.text(key)? {
        None => Ok(None),
        Some("none") => Ok(Some(None)),
        Some(_) => time(fields, key).map(|span| Some(Some(span))),
    }
}

fn located(fields: &Fields<'_>, key: &str, fault: &Fault) -> Fault {
    let place = fields.node(key).map(|node| node.place.clone()).unwrap_or_default();
    let message = format!("{}: {}", fields.path_of(key), fault.message());
    Fault::bad_config("bad-span", message).advise(fault.advice().unwrap_or_default()).at(place)
}

pub(super) fn number(fields: &Fields<'_>, key: &str) -> Result<Option<u64>, Fault> {
    let Some(text) = fields.text(key)? else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        let place = fields.node(key).map(|node| node.place.clone()).unwrap_or_default();
        Fault::bad_config("bad-number", format!("{} is {text:?}, which is no count", fields.path_of(key)))
            .advise("Write a whole number.")
            .at(place)
    })
}

#[cfg(test)]
mod tests {
    use model::Unit;

    use super::*;

    #[test]
    fn the_built_in_policy_is_read() {
        let policy = Policy::read(Policy::built_in_text()).expect("ours");
        assert_eq!(policy.escalate.len(), 2);
        assert_eq!(policy, Policy::built_in());
        assert_eq!(policy.flapping.map(|flapping| flapping.times), Some(3));
    }

    /// A part that is not written is as built in, and `false` takes one away.
    #[test]
    fn parts_are_replaced_whole() {
        let policy = Policy::read(
            "schema: alerts/1\nno_data: false\nterms:\n- {match: {rule: web*, severity: \"!low\"}, for: 5m}\n- {for: none, kind: security}\n",
        )
        .expect("a policy");
        assert_eq!((policy.no_data, policy.escalate.len()), (None, 2));
        let words: Vec<String> = policy.terms[0].0.iter().map(ToString::to_string).collect();
        assert_eq!(words, ["rule=web*", "severity!=low"]);
        assert_eq!(policy.terms[0].1.hold, Some(Some(Span::new(5, Unit::Minute))));
        assert_eq!((policy.terms[1].1.hold, policy.terms[1].1.kind), (Some(None), Some(Kind::Security)));
    }

    #[test]
    fn mistakes_are_located() {
        let check = |line: &str, code: &str, at: u64| {
            let fault = Policy::read(&format!("schema: alerts/1\n{line}\n")).expect_err(line);
            assert_eq!((fault.code(), fault.place().map(|place| place.line)), (code, Some(at)), "{line}");
            assert!(fault.advice().is_some(), "{line}");
        };
        check("flaping: false", "unknown-key", 2);
        check("flapping: yes", "wrong-type", 2);
        check("flapping: {times: 1, within: 1h, quiet: 1h}", "bad-number", 2);
        check("flapping: {times: 3, within: soon, quiet: 1h}", "bad-span", 2);
        check("terms:\n- {for: 5}", "bad-span", 3);
        check("terms:\n- {match: {\"a b\": c}}", "bad-alert-match", 3);
        check("terms:\n- {severity: fatal}", "unknown-word", 3);
        check("terms:\n- {kind: weather}", "unknown-word", 3);
        check("escalate:\n- {from: high, to: low, after: 1h}", "bad-escalation", 3);
        check("escalate:\n- {from: high, to: critical}", "bad-escalation", 3);
        check("no_data: {for: 1h, severity: none}", "unknown-word", 2);
        assert_eq!(Policy::read("schema: alerts/2\n").expect_err("two").code(), "unknown-word");
        assert_eq!(Policy::read("").expect_err("nothing").code(), "wrong-type");
    }
}
