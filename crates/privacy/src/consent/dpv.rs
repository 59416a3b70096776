//! Records of ISO/IEC TS 27560:2023 as the Data Privacy Vocabulary writes them, in JSON-LD.
//!
//! What is written has its context in it, arrays wherever there can be several, and nothing that has to be fetched. What is read
//! may be compact in any of the usual ways; names count by what stands behind their prefix.

mod receipt;
mod scope;

use std::collections::BTreeMap;

use model::{Digest, Fault, Instant};
use serde_json::{Value, json};

use super::import::{Record, subject_of};
use super::line::{Act, Kind, Line, Notice, Pseudonym, Source};
use super::rows::bad;
use super::{Scope, expiry, name, words};

const CONFORMS: &str = "https://w3id.org/dpv/schema/dpv-27560#record";
const SUBJECT: &str = "urn:probity:subject:";

/// A person, a purpose, a channel.
type Whose = (Pseudonym, String, Option<String>);

/// Lines that make up one record: of one person, one purpose and one channel.
#[derive(Clone, Debug, Default)]
pub struct Records {
    of: BTreeMap<Whose, Vec<(Line, Digest)>>,
}

impl Records {
    /// Takes in an act.
    pub fn add(&mut self, line: &Line, act: &Act, digest: &Digest) {
        // An objection is no status of a consent.
        if let Some(first) = act.subject.first().filter(|_| !act.kind.is_objection()) {
            let key = (first.clone(), act.purpose.clone(), act.channel.clone());
            self.of.entry(key).or_default().push((line.clone(), *digest));
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// As JSON-LD, each with the names of the fields of ISO/IEC TS 27560 that nobody has said. One person's acts for one purpose
    /// and channel are a record for each scope under which they agreed: a later scope says nothing of an earlier consent.
    pub fn documents(&self, known: &Known<'_>) -> Vec<(Value, Vec<&'static str>)> {
        let record = |((_, purpose, channel), lines): (&Whose, &Vec<(Line, Digest)>)| {
            runs(lines).into_iter().map(|run| record(known, purpose, channel.as_deref(), run)).collect::<Vec<_>>()
        };
        self.of.iter().flat_map(record).collect()
    }

    /// As one document of JSON-LD.
    pub fn to_json_ld(documents: Vec<Value>) -> Value {
        json!({"@context": context(), "@graph": documents})
    }
}

/// What records are written with.
#[derive(Clone, Copy, Debug)]
pub struct Known<'k> {
    /// The id of the secret of the pseudonyms.
    pub key: &'k str,
    /// Who is responsible, as far as that is known.
    pub controller: Option<&'k str>,
    /// Where to write to.
    pub contact: Option<&'k str>,
    /// By the numbers of their lines.
    pub notices: &'k BTreeMap<u64, Notice>,
    /// By the numbers of their lines.
    pub scopes: &'k BTreeMap<u64, Scope>,
}

fn context() -> Value {
    json!({
        "dct": "http://purl.org/dc/terms/", "dpv": "https://w3id.org/dpv#",
        "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#", "loc": "https://w3id.org/dpv/loc#",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "schema": "https://schema.org/",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    })
}

/// The acts under one scope; a withdrawal belongs to the consent before it.
fn runs(lines: &[(Line, Digest)]) -> Vec<&[(Line, Digest)]> {
    let covers =
        |line: &(Line, Digest)| act_of(&line.0).filter(|act| act.kind != Kind::Withdrawn).map(|act| act.covers);
    let mut runs = Vec::new();
    let (mut from, mut current) = (0, None);
    for (at, line) in lines.iter().enumerate() {
        let Some(own) = covers(line) else { continue };
        if current.is_some_and(|current| current != own) {
            runs.push(&lines[from..at]);
            from = at;
        }
        current = Some(own);
    }
    runs.push(&lines[from..]);
    runs
}

fn record(
    known: &Known<'_>,
    purpose: &str,
    channel: Option<&str>,
    lines: &[(Line, Digest)],
) -> (Value, Vec<&'static str>) {
    let acts = || lines.iter().filter_map(|(line, digest)| Some((line, act_of(line)?, digest)));
    let id = lines.first().map(|(_, digest)| digest.hex()).unwrap_or_default();
    let mut subjects: Vec<&Pseudonym> = acts().flat_map(|(_, act, _)| &act.subject).collect();
    subjects.sort();
    subjects.dedup();
    let child = acts().any(|(_, act, _)| act.age.as_ref().is_some_and(super::Age::is_child));
    let kind = if child { "dpv:Child" } else { "dpv:DataSubject" };
    let person = |one: &&Pseudonym| json!({"@id": format!("{SUBJECT}{}:{one}", known.key), "@type": [kind]});
    let explicit = acts().any(|(_, act, _)| act.explicit);
    let mut shown: Vec<(u64, &Notice)> =
        acts().filter_map(|(_, act, _)| Some((act.notice?, known.notices.get(&act.notice?)?))).collect();
    shown.dedup();
    let mut process =
        json!({"@type": ["dpv:Process"], "dpv:hasPurpose": [{"@type": ["dpv:Purpose"], "dct:title": [purpose]}]});
    if let Some(channel) = channel {
        process["dpv:hasContext"] =
            json!([{"@type": ["dpv:Context"], "dct:title": ["channel"], "rdf:value": [channel]}]);
    }
    let mut record = json!({
        "@id": format!("urn:probity:consent:{id}"),
        "@type": ["dpv:ConsentRecord"],
        "dct:identifier": [id],
        "dpv:hasDataSubject": subjects.iter().map(person).collect::<Vec<_>>(),
        "dpv:hasLegalBasis": [{"@id": if explicit { "eu-gdpr:A9-2-a" } else { "eu-gdpr:A6-1-a" }}],
        "dpv:hasNotice": shown.iter().map(|(_, notice)| notice_json(notice)).collect::<Vec<_>>(),
        "dpv:hasConsentStatus": acts().map(|(line, act, digest)| status(known.key, line, act, digest)).collect::<Vec<_>>(),
    });
    let scope = acts().find_map(|(_, act, _)| known.scopes.get(&act.covers?)).cloned().unwrap_or_default();
    scope::write(&scope, &mut record, &mut process);
    record["dpv:hasProcess"] = json!([process]);
    // As it was then, or as the settings have it now.
    let controller = scope.controller.as_deref().or(known.controller);
    let contact = if scope.controller.is_some() { scope.contact.as_deref() } else { known.contact };
    if let Some(name) = controller {
        record["dpv:hasDataController"] = scope::controller(name, contact);
    }
    let missing = missing(&scope, &shown);
    if missing.is_empty() {
        record["dct:conformsTo"] = json!([{"@id": CONFORMS}]);
    }
    (record, missing)
}

/// What is demanded and was not said: a record without it is written, but does not say that it conforms.
fn missing(scope: &Scope, shown: &[(u64, &Notice)]) -> Vec<&'static str> {
    let mut missing = scope.missing();
    if shown.is_empty() {
        missing.push("privacy_notice");
    }
    if !shown.iter().any(|(_, notice)| notice.language.is_some()) {
        missing.push("language");
    }
    missing
}

fn notice_json(notice: &Notice) -> Value {
    let mut value = json!({
        "@type": ["dpv:ConsentNotice"], "dct:identifier": [notice.id], "schema:version": [notice.version],
    });
    if let Some(digest) = notice.digest {
        value["@id"] = format!("urn:sha256:{}", digest.hex()).into();
    }
    if let Some(language) = &notice.language {
        value["dct:language"] = json!([language]);
    }
    value
}

fn status(key: &str, line: &Line, act: &Act, digest: &Digest) -> Value {
    let time = |time: Instant| json!([{"@type": "xsd:dateTime", "@value": time.to_string()}]);
    let kinds = match (act.kind, act.explicit) {
        (Kind::Given, true) => vec!["dpv:ConsentGiven", "dpv:ExplicitlyExpressedConsent"],
        (Kind::Given, false) => vec!["dpv:ConsentGiven", "dpv:ExpressedConsent"],
        (Kind::Refused, _) => vec!["dpv:ConsentRefused"],
        (Kind::Withdrawn, _) => vec!["dpv:ConsentWithdrawn"],
        // They are not taken in.
        (Kind::Objected | Kind::Lifted, _) => Vec::new(),
    };
    let guardians = act.age.iter().flat_map(|age| &age.guardian);
    let guardian =
        |one: &Pseudonym| json!({"@id": format!("{SUBJECT}{key}:{one}"), "@type": ["dpv:ParentOfDataSubject"]});
    let subject = act.subject.first().map(|one| json!({"@id": format!("{SUBJECT}{key}:{one}")}));
    let duration = match act.expires {
        Some(end) => json!([{"@type": ["dpv:UntilTimeDuration"], "rdf:value": time(end)}]),
        None => json!([{"@type": ["dpv:EndlessDuration"]}]),
    };
    let mut status = json!({
        "@id": format!("urn:sha256:{}", digest.hex()),
        "@type": kinds,
        "dpv:isIndicatedAtTime": time(line.done_at()),
        "dpv:isIndicatedBy": subject.into_iter().chain(guardians.map(guardian)).collect::<Vec<_>>(),
    });
    if act.kind == Kind::Given {
        status["dpv:hasDuration"] = duration;
    }
    if let Some(method) = &act.method {
        status["dpv:hasIndicationMethod"] = json!([method]);
    }
    if let Some(place) = &act.place {
        status["schema:location"] = json!([place]);
    }
    status
}

fn act_of(line: &Line) -> Option<&Act> {
    match &line.entry {
        super::Entry::Act(act) => Some(act),
        _ => None,
    }
}

/// Reads records and receipts.
///
/// # Errors
/// `bad-consent-row` with the number of the record; `bad-consent-name`.
pub fn from_json_ld(value: &Value, by: &str, now: Instant) -> Result<Vec<Record>, Fault> {
    let graph = match value.get("@graph").unwrap_or(value) {
        Value::Array(records) => records.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut records = Vec::new();
    for (record, place) in graph.iter().zip(1_u64..) {
        let types = types(record);
        // A receipt wraps records; some have the fields of one record themselves.
        let wrapped = all(record, "hasRecordOfActivity");
        if types.contains(&"ConsentReceipt") && !wrapped.is_empty() {
            wrapped.into_iter().try_for_each(|record| read_record(record, place, by, now, &mut records))?;
        } else if types.iter().any(|kind| ["ConsentRecord", "ConsentReceipt"].contains(kind)) {
            read_record(record, place, by, now, &mut records)?;
        }
    }
    match records.is_empty() {
        true => Err(bad(1, "There is no dpv:ConsentRecord with a status that says anything".to_owned())),
        false => Ok(records),
    }
}

fn read_record(record: &Value, place: u64, by: &str, now: Instant, out: &mut Vec<Record>) -> Result<(), Fault> {
    let (mut subject, mut known) = (Vec::new(), Vec::new());
    let mut key = String::new();
    for text in all(record, "hasDataSubject").into_iter().filter_map(id_or_text) {
        match text.strip_prefix(SUBJECT).and_then(|rest| rest.split_once(':')) {
            Some((of, pseudonym)) => {
                key = of.to_owned();
                let read = Pseudonym::parse(pseudonym);
                known.push(read.ok_or_else(|| bad(place, "The data subject is no pseudonym".to_owned()))?);
            }
            None => subject.push(subject_of(text)),
        }
    }
    if subject.is_empty() && known.is_empty() {
        return Err(bad(place, "The record names no data subject".to_owned()));
    }
    let purposes = purposes(record);
    if purposes.is_empty() {
        return Err(bad(place, "The record names no purpose".to_owned()));
    }
    let notice = all(record, "hasNotice").first().map(|notice| read_notice(notice)).transpose()?;
    for status in all(record, "hasConsentStatus") {
        let Some(kind) = kind_of(status) else { continue };
        let time = all(status, "isIndicatedAtTime").into_iter().find_map(id_or_text).map(with_zone);
        let time = time.and_then(|text| Instant::parse(&text).ok()).filter(|time| *time <= now);
        let time = time.ok_or_else(|| bad(place, "A status has no time, or one in the future".to_owned()))?;
        for (purpose, channel, process) in &purposes {
            let mut act = Act::new(kind, Vec::new(), &name("purpose", purpose)?, by);
            act.channel = channel.as_deref().map(|channel| name("channel", channel)).transpose()?;
            act.time = Some(time);
            act.explicit = types(status).contains(&"ExplicitlyExpressedConsent");
            act.expires = end_of(status, time)?;
            act.method = first_words(status, "hasIndicationMethod", "method")?;
            act.place = first_words(status, "location", "place")?;
            let whole = serde_json::to_vec(&(record, status, purpose)).unwrap_or_default();
            act.source = Some(Source { format: "dpv".to_owned(), digest: seal::sha256(&whole) });
            let known = (!known.is_empty()).then(|| (key.clone(), known.clone()));
            let notice = notice.clone().filter(|_| kind == Kind::Given);
            let scope = if kind == Kind::Withdrawn { None } else { scope::read(record, process, purpose)? };
            out.push(Record { place, subject: subject.clone(), known, act, notice, scope });
        }
    }
    Ok(())
}

fn kind_of(status: &Value) -> Option<Kind> {
    let name = id_or_text(status).map(local);
    let kinds = || types(status).into_iter().chain(name);
    kinds().find_map(|kind| match kind {
        "ConsentGiven" | "RenewedConsentGiven" => Some(Kind::Given),
        "ConsentRefused" => Some(Kind::Refused),
        "ConsentWithdrawn" | "ConsentExpired" | "ConsentTerminated" | "ConsentInvalidated" => Some(Kind::Withdrawn),
        _ => None,
    })
}

/// Purposes with the channels that their processes name, and the processes.
fn purposes(record: &Value) -> Vec<(String, Option<String>, &Value)> {
    let processes = all(record, "hasProcess");
    let holders = if processes.is_empty() { vec![record] } else { processes };
    let mut purposes = Vec::new();
    for process in holders {
        let is_channel = |context: &&&Value| {
            all(context, "title").into_iter().filter_map(id_or_text).any(|title| title == "channel")
        };
        let contexts = all(process, "hasContext");
        let channel =
            contexts.iter().find(is_channel).and_then(|context| all(context, "value").into_iter().find_map(id_or_text));
        for purpose in all(process, "hasPurpose") {
            let title = all(purpose, "title").into_iter().find_map(id_or_text);
            if let Some(text) = title.or_else(|| id_or_text(purpose).map(local)) {
                purposes.push((text.to_owned(), channel.map(str::to_owned), process));
            }
        }
    }
    purposes
}

fn read_notice(notice: &Value) -> Result<Notice, Fault> {
    let text = |member: &str| all(notice, member).into_iter().find_map(id_or_text);
    let own = id_or_text(notice);
    let digest = own.and_then(|id| id.strip_prefix("urn:sha256:")).map(Digest::parse).transpose()?;
    Ok(Notice {
        id: name("notice", text("identifier").or(own).unwrap_or("notice"))?,
        version: name("version", text("version").or_else(|| text("date")).unwrap_or("1"))?,
        language: text("language").map(str::to_owned),
        digest,
    })
}

fn end_of(status: &Value, given: Instant) -> Result<Option<Instant>, Fault> {
    let until = all(status, "hasDuration").into_iter().find_map(|duration| {
        let value = all(duration, "value").into_iter().find_map(id_or_text);
        let kinds = types(duration);
        let bare = id_or_text(duration).filter(|_| kinds.is_empty());
        value.filter(|_| kinds.iter().any(|kind| ["UntilTimeDuration", "TemporalDuration"].contains(kind))).or(bare)
    });
    until.map(|text| expiry(&with_zone(text), given)).transpose()
}

fn first_words(status: &Value, member: &str, what: &str) -> Result<Option<String>, Fault> {
    all(status, member).into_iter().find_map(id_or_text).map(|text| words(what, text)).transpose()
}

/// `2023-11-05T16:08:50` is UTC: ISO/IEC TS 27560 asks for that.
fn with_zone(text: &str) -> String {
    let bare =
        text.len() >= 19 && text.as_bytes()[10] == b'T' && !text.ends_with('Z') && !text[10..].contains(['+', '-']);
    if bare { format!("{text}Z") } else { text.to_owned() }
}

/// What stands behind a prefix.
fn local(name: &str) -> &str {
    name.rsplit(['#', '/', ':']).next().unwrap_or(name)
}

/// The values of a member, by its local name.
fn all<'v>(value: &'v Value, member: &str) -> Vec<&'v Value> {
    let Value::Object(members) = value else { return Vec::new() };
    let own = members.iter().filter(|(known, _)| !known.starts_with('@') && local(known) == member);
    own.flat_map(|(_, value)| match value {
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    })
    .collect()
}

fn id_or_text(value: &Value) -> Option<&str> {
    let text = value.as_str().or_else(|| value.get("@value")?.as_str()).or_else(|| value.get("@id")?.as_str());
    text.filter(|text| !text.is_empty())
}

fn types(value: &Value) -> Vec<&str> {
    let kinds = value.get("@type").or_else(|| value.get("type"));
    match kinds {
        Some(Value::String(kind)) => vec![local(kind)],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).map(local).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Append, Entry, Tip};
    use super::*;

    fn now() -> Instant {
        Instant::parse("2026-11-22T12:00:00Z").unwrap()
    }

    fn scope() -> Scope {
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Scope {
            purpose: "news".to_owned(),
            title: Some("A letter".to_owned()),
            controller: Some("Shop".to_owned()),
            contact: Some("shop@example.org".to_owned()),
            categories: list(&["user.contact.email", "user.health_and_medical"]),
            sources: list(&["the person"]),
            locations: list(&["DE", "our cellar"]),
            retention: list(&["P2Y", "until it is withdrawn"]),
            recipients: Some(list(&["Mailer GmbH"])),
            jurisdictions: list(&["DE"]),
            withdrawal: Some("https://shop.example/consents".to_owned()),
            rights: Some("https://shop.example/rights".to_owned()),
        }
    }

    /// A consent under another scope is a record of its own; what nobody has said is named, and then nothing is said to conform.
    #[test]
    fn a_record_is_what_was_agreed_to_then() {
        let who = vec![Pseudonym { kind: "email".to_owned(), digest: seal::sha256(b"ann") }];
        let act = |kind, covers| Act { covers, ..Act::new(kind, who.clone(), "news", "uid-0") };
        let told = [
            (Kind::Given, None),
            (Kind::Given, Some(7)),
            (Kind::Withdrawn, None),
            (Kind::Given, Some(7)),
            (Kind::Given, None),
        ];
        let mut log = Append::behind(Tip::start());
        for (kind, covers) in told {
            log.add(Entry::Act(Box::new(act(kind, covers))), now());
        }
        let mut records = Records::default();
        log.lines().iter().for_each(|(line, digest)| records.add(line, act_of(line).unwrap(), digest));
        let (notices, scopes) = (BTreeMap::new(), BTreeMap::from([(7, scope())]));
        let known = Known { key: "k", controller: None, contact: None, notices: &notices, scopes: &scopes };
        let written = records.documents(&known);
        let acts: Vec<usize> =
            written.iter().map(|(record, _)| record["dpv:hasConsentStatus"].as_array().unwrap().len()).collect();
        assert_eq!(acts, [1, 3, 1]);
        assert_eq!(written[1].1, ["privacy_notice", "language"]);
        assert!(written[0].1.contains(&"storage_locations") && written[0].0.get("dct:conformsTo").is_none());
    }

    /// What is written is read again: the same people, purposes, times, ends, words.
    #[test]
    fn what_is_written_is_read_again() {
        let who = vec![Pseudonym { kind: "email".to_owned(), digest: seal::sha256(b"ann") }];
        let notice = Notice {
            id: "n".to_owned(),
            version: "3".to_owned(),
            language: Some("de".to_owned()),
            digest: Some(seal::sha256(b"text")),
        };
        let mut given = Act::new(Kind::Given, who.clone(), "news", "uid-0");
        given.channel = Some("sms".to_owned());
        given.expires = Instant::parse("2027-01-01T00:00:00Z").ok();
        given.method = Some("web-form".to_owned());
        given.explicit = true;
        given.notice = Some(1);
        given.covers = Some(2);
        let mut withdrawn = Act::new(Kind::Withdrawn, who.clone(), "news", "uid-0");
        withdrawn.channel = Some("sms".to_owned());
        let mut log = Append::behind(Tip::start());
        log.add(Entry::Begun { key: "k".to_owned(), normalisation: 1 }, Instant::from_nanos(0));
        log.add(Entry::Notice(notice.clone()), Instant::from_nanos(1));
        log.add(Entry::Scope(Box::new(scope())), Instant::from_nanos(1));
        log.add(Entry::Act(Box::new(given.clone())), Instant::from_nanos(2));
        log.add(Entry::Act(Box::new(withdrawn)), Instant::from_nanos(3));
        let mut records = Records::default();
        for (line, digest) in log.lines() {
            act_of(line).into_iter().for_each(|act| records.add(line, act, digest));
        }
        let (notices, scopes) = (BTreeMap::from([(1, notice.clone())]), BTreeMap::from([(2, scope())]));
        let known = Known { key: "k", controller: Some("Other"), contact: None, notices: &notices, scopes: &scopes };
        let (documents, missing): (Vec<Value>, Vec<_>) = records.documents(&known).into_iter().unzip();
        assert_eq!(missing, [Vec::<&str>::new()]);
        let (receipt, missing) = records.to_receipt(&known, now(), &seal::sha256(b"head"));
        assert!(missing.is_empty() && receipt["dct:conformsTo"][0]["@id"].is_string());
        assert_eq!(
            from_json_ld(&receipt, "uid-0", now()).unwrap(),
            from_json_ld(&documents[0], "uid-0", now()).unwrap()
        );
        let written = Records::to_json_ld(documents);
        let read = from_json_ld(&written, "uid-0", now()).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].known, Some(("k".to_owned(), who)));
        assert_eq!((read[0].notice.clone(), read[0].scope.clone()), (Some(notice), Some(scope())));
        let act = &read[0].act;
        assert_eq!((&act.purpose, &act.channel, act.expires), (&given.purpose, &given.channel, given.expires));
        assert_eq!((act.explicit, &act.method, act.time), (true, &given.method, Some(Instant::from_nanos(2))));
        assert_eq!((read[1].act.kind, read[1].act.time), (Kind::Withdrawn, Some(Instant::from_nanos(3))));
    }

    /// A record as the guide of the vocabulary writes them, mended where that is no JSON.
    #[test]
    fn records_of_others_are_read() {
        let record = json!({
            "@id": "https://example.com/a6f5", "@type": "dpv:ConsentRecord",
            "dpv:hasDataSubject": {"@id": "0760c9ba", "skos:broader": "dpv:Consumer"},
            "dpv:hasProcess": [
                {"@type": "dpv:Process", "dpv:hasPurpose": "dpv:PaymentManagement"},
                {"@type": "dpv:Process", "dpv:hasPurpose": ["dpv:IdentityVerification"]},
            ],
            "dpv:hasNotice": {"@id": "https://example.com/notices/1", "@type": "dpv:ConsentNotice", "dct:date": "2024-01-01", "dct:language": "EN"},
            "dpv:hasConsentStatus": [
                {"@type": ["dpv:ConsentGiven", "dpv:ExpressedConsent"], "dpv:isIndicatedAtTime": "2024-01-01T10:00:00",
                 "dpv:hasIndicationMethod": "Interaction in App", "dpv:hasDuration": {"@type": "dpv:TemporalDuration", "rdf:value": "P6M"}},
                {"@type": "dpv:ConsentRequested", "dpv:isIndicatedAtTime": "2023-12-31"},
                {"@type": "dpv:ConsentWithdrawn", "dpv:isIndicatedAtTime": "2024-04-20"},
            ],
        });
        let read = from_json_ld(&record, "uid-0", now()).unwrap();
        let told: Vec<_> = read.iter().map(|one| (one.act.purpose.as_str(), one.act.kind)).collect();
        let (payment, identity) = ("PaymentManagement", "IdentityVerification");
        assert_eq!(
            told,
            [(payment, Kind::Given), (identity, Kind::Given), (payment, Kind::Withdrawn), (identity, Kind::Withdrawn)]
        );
        assert_eq!(read[0].subject, ["data_subject=0760c9ba"]);
        assert_eq!(read[0].act.expires.unwrap().to_string(), "2024-07-01T10:00:00Z");
        assert_eq!(from_json_ld(&json!({}), "uid-0", now()).unwrap_err().code(), "bad-consent-row");
    }
}
