//! Lines of the log as documents.

use model::Digest;
use privacy::consent::{Act, Age, Entry, Line, Notice, Pseudonym, Scope};
use serde_json::{Map, Value, json};

/// An act as it is shown: what was proven by it, and nobody by name.
pub(crate) fn act(line: &Line, act: &Act, digest: &Digest, notice: Option<&Notice>, scope: Option<&Scope>) -> Value {
    let mut shown = Map::new();
    let mut put = |name: &str, value: Option<Value>| drop(value.map(|value| shown.insert(name.to_owned(), value)));
    put("line", Some((line.number + 1).into()));
    put("digest", Some(digest.hex().into()));
    put("act", Some(act.kind.word().into()));
    put("subject", Some(pseudonyms(&act.subject)));
    put("purpose", Some(act.purpose.as_str().into()));
    put("channel", act.channel.as_deref().map(Value::from));
    put("time", Some(line.done_at().to_string().into()));
    put("entered", Some(line.at.to_string().into()));
    put("expires", act.expires.map(|time| time.to_string().into()));
    put("explicit", Some(act.explicit.into()));
    put("method", act.method.as_deref().map(Value::from));
    put("place", act.place.as_deref().map(Value::from));
    put("by", Some(act.by.as_str().into()));
    put("notice", notice.map(self::notice));
    put("scope", scope.map(self::scope));
    put("age", act.age.as_ref().map(age));
    put("source", act.source.as_ref().map(|source| json!({"format": source.format, "digest": source.digest.hex()})));
    Value::Object(shown)
}

/// The notice as it is shown.
pub(crate) fn notice(notice: &Notice) -> Value {
    json!({
        "id": notice.id, "version": notice.version, "language": notice.language,
        "digest": notice.digest.map(|digest| digest.hex()),
    })
}

fn scope(scope: &Scope) -> Value {
    json!({
        "title": scope.title, "controller": scope.controller, "contact": scope.contact, "categories": scope.categories,
        "sources": scope.sources, "locations": scope.locations, "retention": scope.retention,
        "recipients": scope.recipients, "jurisdictions": scope.jurisdictions, "withdrawal": scope.withdrawal,
        "rights": scope.rights,
    })
}

fn age(age: &Age) -> Value {
    json!({
        "years": age.years, "threshold": age.threshold, "country": age.country, "guardian": pseudonyms(&age.guardian),
        "verified_by": age.verified_by,
    })
}

fn pseudonyms(list: &[Pseudonym]) -> Value {
    list.iter().map(|one| Value::from(one.to_string())).collect()
}

/// The act of a line, where it is one.
pub(crate) fn act_of(line: &Line) -> Option<&Act> {
    match &line.entry {
        Entry::Act(act) => Some(act),
        _ => None,
    }
}
