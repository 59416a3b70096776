//! The fact `incidents`: the register of breaches.

use std::collections::BTreeSet;

use model::{Fault, Kind};
use privacy::incident::{Incident, Notice, Register, items};
use rules::Source;
use serde_json::{Value, json};

use super::{Collected, Context, Found};
use crate::cli::incidents;

/// Reads the register; one that was changed is a fact, not a gap.
pub(super) fn collect(context: &Context, _: &BTreeSet<&str>) -> Found {
    let what = "the register of incidents";
    let collected = match incidents::read_whole(context) {
        Ok(_) if !context.project.is_initialised() => {
            Collected::not_given("there is no project here; `probity init` makes one")
        }
        Ok(register) => told(context, what, &value(context, Ok(&register))),
        Err(fault) if fault.kind() == Kind::Unverified => told(context, what, &value(context, Err(&fault))),
        Err(fault) => Collected::failed(what, &fault),
    };
    vec![("incidents", collected)]
}

fn told(context: &Context, what: &str, value: &Value) -> Collected {
    let source = Source { name: what.to_owned(), digest: Some(super::sheet::digest(value)) };
    Collected::now(context, value.clone(), vec![source], vec![])
}

fn value(context: &Context, register: Result<&Register, &Fault>) -> Value {
    let place = incidents::path(context).display().to_string();
    let all = register.map(Register::incidents).unwrap_or_default();
    let lines: Vec<Value> = all.iter().map(|incident| one(context, incident, &place)).collect();
    json!({
        "sound": register.is_ok(), "fault": register.err().map(Fault::message), "place": place, "incidents": lines,
    })
}

fn one(context: &Context, incident: &Incident, place: &str) -> Value {
    let authority = incident.first_told(Notice::Authority);
    let people = incident.first_told(Notice::People);
    let missing = incident.missing();
    // Art. 34(2): the nature, and what Art. 33(3)(c) and (d) ask for; a contact is the house's.
    let silent = || ["nature", "consequences", "measures"].into_iter().filter(|word| incident.said(word).is_none());
    let unsaid = content(context, incident);
    json!({
        "id": incident.id, "open": incident.closed.is_none(), "aware": incident.aware().to_string(),
        "due": incident.clock().due.to_string(), "risk": incident.said("risk"),
        "risk_reason": incident.said("risk-reason").is_some(),
        "authority_told": authority.map(|told| told.sent.to_string()),
        "delay_reason": authority.is_some_and(|told| told.delay.is_some()),
        "people_told": people.map(|told| told.sent.to_string()), "exemption": incident.said("exemption"),
        "exemption_reason": incident.said("exemption-reason").is_some(), "missing": missing.len(),
        "missing_words": missing.join(", "), "content_missing": unsaid.len(),
        "content_words": unsaid.join(", "), "notice_missing": silent().count(),
        "notice_words": silent().collect::<Vec<_>>().join(", "), "place": place,
    })
}

/// The points of Art. 33(3) that nobody has said; a contact of the settings counts.
fn content(context: &Context, incident: &Incident) -> Vec<&'static str> {
    let sections = items(incident, &incidents::contact(context), context.now());
    // Reasons for a delay (Art. 33(1)) are asked for by a rule of their own.
    let of_content = sections.into_iter().filter(|section| section.code.starts_with("33-3"));
    of_content.flat_map(|section| section.items).filter(|item| item.said.is_none()).map(|item| item.word).collect()
}
