//! What a consent covers, as the vocabulary has it: written into the process and the record, and read from them.

use model::Fault;
use serde_json::{Value, json};

use super::super::{Scope, words};
use super::{all, id_or_text, local, types};
use crate::map::taxonomy;
use crate::retention::Period;

/// Writes it.
pub(super) fn write(scope: &Scope, record: &mut Value, process: &mut Value) {
    if let Some(title) = &scope.title {
        process["dpv:hasPurpose"][0]["dct:description"] = json!([title]);
    }
    put(process, "dpv:hasPersonalData", scope.categories.iter().map(|key| category(key)));
    put(process, "dpv:hasDataSource", scope.sources.iter().map(|text| titled("dpv:DataSource", text)));
    let locations: Vec<Value> = scope.locations.iter().map(|text| location(text)).collect();
    let locations =
        (!locations.is_empty()).then(|| json!({"@type": ["dpv:StorageLocation"], "dpv:hasLocation": locations}));
    let durations = scope
        .retention
        .iter()
        .map(|text| json!({"@type": ["dpv:StorageDuration"], "dpv:hasDuration": [duration(text)]}));
    put(process, "dpv:hasStorageCondition", locations.into_iter().chain(durations));
    if let Some(recipients) = &scope.recipients {
        let named = |name: &String| json!({"@type": ["dpv:Recipient"], "schema:name": [name]});
        // The controller has them, too: where nobody else does, the list says so by naming nobody else.
        put(process, "dpv:hasRecipient", scope.controller.iter().chain(recipients).map(named));
    }
    put(record, "dpv:hasJurisdiction", scope.jurisdictions.iter().map(|text| location(text)));
    let exercised = |kind: &str, at: &String| json!({"@type": [kind], "dpv:isExercisedAt": [at]});
    put(record, "dpv:hasConsentControl", scope.withdrawal.iter().map(|at| exercised("dpv:WithdrawConsent", at)));
    put(record, "dpv:hasRight", scope.rights.iter().map(|at| exercised("dpv:DataSubjectRight", at)));
}

/// Who is responsible.
pub(super) fn controller(name: &str, contact: Option<&str>) -> Value {
    let mut value = json!([{"@type": ["dpv:DataController"], "dct:identifier": [name], "schema:name": [name]}]);
    if let Some(contact) = contact {
        value[0]["dpv:hasContact"] = json!([contact]);
    }
    value
}

fn put(value: &mut Value, member: &str, list: impl Iterator<Item = Value>) {
    let list: Vec<Value> = list.collect();
    if !list.is_empty() {
        value[member] = list.into();
    }
}

fn titled(kind: &str, text: &str) -> Value {
    json!({"@type": [kind], "dct:title": [text]})
}

fn category(key: &str) -> Value {
    let kind = if model::category::is_special(key) { "dpv:SpecialCategoryPersonalData" } else { "dpv:PersonalData" };
    json!({"@type": [kind], "dct:identifier": [key], "dct:title": [taxonomy::name(key)]})
}

/// A country by its code has an address in the vocabulary's extension of locations.
fn location(text: &str) -> Value {
    let mut value = titled("dpv:Location", text);
    if text.len() == 2 && text.bytes().all(|letter| letter.is_ascii_uppercase()) {
        value["@id"] = format!("loc:{text}").into();
    }
    value
}

fn duration(text: &str) -> Value {
    match Period::parse(text) {
        Some(period) => {
            json!({"@type": ["dpv:TemporalDuration"], "rdf:value": [{"@type": "xsd:duration", "@value": period.iso()}]})
        }
        None => json!({"@type": ["dpv:UntilEventDuration"], "rdf:value": [text]}),
    }
}

/// Reads what a record and one of its processes say; `None` where that is nothing.
///
/// # Errors
/// `bad-consent-name`; `bad-purposes`.
pub(super) fn read(record: &Value, process: &Value, purpose: &str) -> Result<Option<Scope>, Fault> {
    // It may stand on either.
    let both = |member: &str| all(process, member).into_iter().chain(all(record, member)).collect::<Vec<_>>();
    let controllers = both("hasDataController");
    let controller = controllers.first().and_then(|one| called(one, "name"));
    let contact = controllers.first().and_then(|one| all(one, "hasContact").into_iter().find_map(id_or_text));
    let conditions = both("hasStorageCondition");
    let of_kind = |kind: &str, member: &str| {
        let of_kind = conditions.iter().filter(|one| types(one).contains(&kind));
        of_kind.flat_map(|one| all(one, member)).collect::<Vec<_>>()
    };
    let durations = of_kind("StorageDuration", "hasDuration");
    let receivers = both("hasRecipient");
    let others = receivers.iter().filter_map(|one| called(one, "name")).filter(|name| Some(*name) != controller);
    let recipients = (!receivers.is_empty()).then(|| others.collect::<Vec<_>>());
    let at = |member: &str| {
        let one = both(member).into_iter().find_map(|one| all(one, "isExercisedAt").into_iter().find_map(id_or_text));
        one.map(|text| words(member, text)).transpose()
    };
    let title = all(process, "hasPurpose").into_iter().flat_map(|one| all(one, "description")).find_map(id_or_text);
    let own = |text: Option<&str>, what| text.map(|text| words(what, text)).transpose();
    let scope = Scope {
        purpose: purpose.to_owned(),
        title: own(title, "title")?,
        controller: own(controller, "controller")?,
        contact: own(contact, "contact")?,
        categories: texts(both("hasPersonalData").into_iter().filter_map(|one| called(one, "identifier")))?,
        sources: texts(both("hasDataSource").into_iter().filter_map(|one| called(one, "title")))?,
        locations: texts(of_kind("StorageLocation", "hasLocation").into_iter().filter_map(|one| called(one, "title")))?,
        retention: texts(durations.into_iter().filter_map(lasting))?,
        recipients: recipients.map(|names| texts(names.into_iter())).transpose()?,
        jurisdictions: texts(both("hasJurisdiction").into_iter().filter_map(|one| called(one, "title")))?,
        withdrawal: at("hasConsentControl")?,
        rights: at("hasRight")?,
    }
    .bounded()?;
    // Who is responsible alone says nothing of the processing.
    let bare = Scope { controller: None, contact: None, title: None, ..scope.clone() }.is_empty();
    Ok((!bare).then_some(scope))
}

/// A duration says how long under `rdf:value`, or is itself the text.
fn lasting(duration: &Value) -> Option<&str> {
    all(duration, "value").into_iter().find_map(id_or_text).or_else(|| id_or_text(duration))
}

fn texts<'v>(list: impl Iterator<Item = &'v str>) -> Result<Vec<String>, Fault> {
    list.map(|text| words("the scope", text)).collect()
}

/// What a thing is called: under this member, by its title, or by its name.
fn called<'v>(value: &'v Value, member: &str) -> Option<&'v str> {
    let of = |member: &str| all(value, member).into_iter().find_map(id_or_text);
    of(member).or_else(|| of("title")).or_else(|| of("name")).or_else(|| id_or_text(value).map(local))
}
