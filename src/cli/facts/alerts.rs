//! The fact `alerts`: what fires, and whether anybody answered.

use std::collections::BTreeSet;

use alerts::{Alert, Policy, Register, Standing, Status};
use model::{Fault, Instant, Kind, Severity};
use rules::Source;
use serde_json::{Value, json};

use super::{Collected, Context, Found};
use crate::cli::alerts as project;

/// Alerts that are listed.
const LISTED: usize = 10_000;

/// Reads the register; one that was changed is a fact, not a gap.
pub(super) fn collect(context: &Context, _: &BTreeSet<&str>) -> Found {
    let collected = match read(context) {
        Ok(Some(value)) => {
            let what = "the register of alerts".to_owned();
            let source = Source { name: what, digest: Some(super::sheet::digest(&value)) };
            Collected::now(context, value, vec![source], vec![])
        }
        Ok(None) => Collected::not_given("no alert was ever made here; `probity alert eval` does it"),
        Err(fault) => Collected::failed("the register of alerts", &fault),
    };
    vec![("alerts", collected)]
}

fn read(context: &Context) -> Result<Option<Value>, Fault> {
    let policy = project::policy(context, None)?;
    let place = project::path(context).display().to_string();
    match project::read_whole(context) {
        Ok(register) if register.lines().len() == 0 => Ok(None),
        Ok(register) => Ok(Some(value(&register, &policy, context.now(), &place))),
        Err(fault) if fault.kind() == Kind::Unverified => {
            let register = counts(&Register::default(), context.now(), &place, Some(fault.message()));
            Ok(Some(json!({"registers": [register], "severities": [], "alerts": []})))
        }
        Err(fault) => Err(fault),
    }
}

fn value(register: &Register, policy: &Policy, now: Instant, place: &str) -> Value {
    let severities = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    let standings = register.standings(policy, now);
    let listed = standings.iter().rev().filter_map(|standing| one(standing, place));
    json!({
        "registers": [counts(register, now, place, None)],
        "severities": severities.map(|severity| level(register, severity, now, place)),
        "alerts": listed.take(LISTED).collect::<Vec<_>>(),
    })
}

fn counts(register: &Register, now: Instant, place: &str, fault: Option<&str>) -> Value {
    let count = |is_it: fn(&Alert) -> bool| register.alerts().iter().filter(|alert| is_it(alert)).count();
    json!({
        "sound": fault.is_none(), "fault": fault, "evaluated": register.evaluated().map(|time| time.to_string()),
        "pending": count(|alert| alert.status == Status::Pending),
        "firing": count(|alert| alert.status == Status::Firing),
        "acknowledged": count(|alert| alert.status == Status::Firing && alert.acknowledged.is_some()),
        "resolved": count(|alert| alert.status == Status::Resolved),
        "silences": register.silences().iter().filter(|silence| silence.holds(now)).count(), "place": place,
    })
}

fn level(register: &Register, severity: Severity, now: Instant, place: &str) -> Value {
    let firing = || register.alerts().iter().filter(|it| it.status == Status::Firing && it.severity == severity);
    let unanswered = || firing().filter(|alert| alert.acknowledged.is_none());
    let oldest = unanswered().filter_map(|alert| alert.fired).min();
    json!({
        "severity": severity.word(), "firing": firing().count(), "unanswered": unanswered().count(),
        "oldest": oldest.map(|fired| (now.seconds() - fired.seconds()).max(0)), "place": place,
    })
}

/// An alert that fired.
fn one(standing: &Standing<'_>, place: &str) -> Option<Value> {
    let alert = standing.alert;
    let fired = alert.fired?;
    Some(json!({
        "id": alert.id, "rule": alert.labels.value("rule"), "severity": alert.severity.word(),
        "kind": alert.kind.word(), "open": alert.is_open(), "fired": fired.to_string(),
        "answered": alert.answered().map(|time| time.to_string()),
        "told": standing.voice == alerts::Voice::Told, "count": alert.count, "place": place,
    }))
}
