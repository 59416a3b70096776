//! Consents as Fides tells them, in each of the shapes that its interfaces have.
//!
//! ```text
//! reporting    items[]: email, preference, notice_name, privacy_notice_history_id, request_timestamp, tcf_preferences
//! preferences  items[]: identity, preferences[]: notice_key, value, collected_at, meta.fides.preference_type
//! by data use  items[]: identity, data_use, opt_in, updated_at; or consent[] of one identity
//! ```
//!
//! Source: the published types of its interfaces (`ConsentReportingSchema`, `ConsentResponse`, `ConsentReport`), May 2026.
//! What a default or a policy of propagation opted somebody into is no act of that person, and no consent; what it opted them
//! out of holds.

use model::{Fault, Instant};
use serde_json::Value;

use super::import::Record;
use super::line::{Act, Kind, Notice, Source};
use super::rows::bad;
use super::{name, words};

/// Reads a list, `items` of a page, or one of them.
///
/// # Errors
/// `bad-consent-row` with the number of the record.
pub fn from_fides(value: &Value, by: &str, now: Instant) -> Result<Vec<Record>, Fault> {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        Value::Object(page) => match page.get("items").and_then(Value::as_array) {
            Some(items) => items.as_slice(),
            None => std::slice::from_ref(value),
        },
        _ => return Err(bad(1, "This is no list of preferences".to_owned())),
    };
    let mut records = Vec::new();
    for (item, place) in items.iter().zip(1_u64..) {
        let reader = Reader { item, place, by, now };
        let inner = ["preferences", "consent"].iter().find_map(|name| item.get(name)?.as_array());
        match inner {
            Some(told) => {
                for one in told {
                    records.extend(reader.record(one)?);
                }
            }
            None if item.get("preference").and_then(Value::as_str) == Some("tcf") => records.extend(reader.tcf()?),
            None => records.extend(reader.record(item)?),
        }
    }
    Ok(records)
}

struct Reader<'v> {
    item: &'v Value,
    place: u64,
    by: &'v str,
    now: Instant,
}

impl<'v> Reader<'v> {
    /// One preference; of what it does not say itself, the item around it says it.
    fn record(&self, one: &'v Value) -> Result<Option<Record>, Fault> {
        let text = |names: &[&str]| self.text(one, names);
        let Some(kind) = kind(one) else { return Ok(None) };
        let purpose =
            text(&["data_use", "notice_key", "notice_name", "notice_history_id", "privacy_notice_history_id"])
                .ok_or_else(|| self.bad("The preference names no notice and no use"))?;
        let mut record = self.begin(one, kind, purpose)?;
        record.notice = text(&["privacy_notice_history_id", "notice_history_id"])
            .map(|id| {
                Ok::<_, Fault>(Notice {
                    id: name("notice", text(&["notice_key", "notice_name"]).unwrap_or(id))?,
                    version: name("version", id)?,
                    language: text(&["notice_language", "language"]).map(str::to_owned),
                    digest: None,
                })
            })
            .transpose()?;
        Ok(Some(record))
    }

    /// Purposes and special features of the European framework, named as in strings of it. Vendors are not entered, and what
    /// rests on a legitimate interest is no consent.
    fn tcf(&self) -> Result<Vec<Record>, Fault> {
        let lists =
            [("purpose_consent_preferences", "tcf.purpose"), ("special_feature_preferences", "tcf.special-feature")];
        let mut records = Vec::new();
        for (list, word) in lists {
            let saved = self.item.get("tcf_preferences").and_then(|all| all.get(list)?.as_array());
            for one in saved.into_iter().flatten() {
                let number = one.get("id").and_then(Value::as_u64);
                let number = number.ok_or_else(|| self.bad("A purpose of the framework has no number"))?;
                let kind = match one.get("preference").and_then(Value::as_str) {
                    Some("opt_in") => Kind::Given,
                    Some("opt_out") => Kind::Refused,
                    _ => continue,
                };
                records.push(self.begin(one, kind, &format!("{word}-{number}"))?);
            }
        }
        Ok(records)
    }

    fn begin(&self, one: &'v Value, kind: Kind, purpose: &str) -> Result<Record, Fault> {
        let text = |names: &[&str]| self.text(one, names);
        let subject = self.subject();
        if subject.is_empty() {
            return Err(self.bad("The preference names nobody"));
        }
        let time = text(&["collected_at", "request_timestamp", "received_at", "updated_at", "created_at"]);
        let time = Instant::parse(&zoned(time.unwrap_or_default())).ok().filter(|time| *time <= self.now);
        let time = time.ok_or_else(|| self.bad("The preference has no time, or one in the future"))?;
        let mut act = Act::new(kind, Vec::new(), &name("purpose", purpose)?, self.by);
        act.time = Some(time);
        act.method = text(&["method"]).map(|method| words("method", method)).transpose()?;
        act.place = text(&["url_recorded", "recorded_url"]).map(|url| words("place", url)).transpose()?;
        let whole = serde_json::to_vec(&(self.item, one)).unwrap_or_default();
        act.source = Some(Source { format: "fides".to_owned(), digest: seal::sha256(&whole) });
        Ok(Record { place: self.place, subject, known: None, act, notice: None, scope: None })
    }

    /// The first of several members that says something: of the preference, of the item, of what Fides notes beside it.
    fn text(&self, one: &'v Value, names: &[&str]) -> Option<&'v str> {
        let beside = self.item.pointer("/meta/fides");
        names.iter().find_map(|name| {
            let mut holders = [Some(one), Some(self.item), beside].into_iter().flatten();
            holders.find_map(|holder| holder.get(name)?.as_str().filter(|text| !text.is_empty()))
        })
    }

    /// Everything that names the person. An identity is a text, a number, or an object with a `value`.
    fn subject(&self) -> Vec<String> {
        let text = |value: &Value| match value.get("value").unwrap_or(value) {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let named = |(member, value): (&String, &Value)| {
            let kind = match member.as_str() {
                "phone_number" => "phone",
                "fides_user_device" => "fides_user_device_id",
                other => other,
            };
            Some(format!("{kind}={}", text(value)?))
        };
        match self.item.get("identity").and_then(Value::as_object) {
            Some(identity) => identity.iter().filter_map(named).collect(),
            None => {
                let own = |(member, _): &(&String, &Value)| PEOPLE.contains(&member.as_str());
                let members = self.item.as_object().into_iter().flatten().filter(own);
                let others = self.item.get("secondary_user_ids").and_then(Value::as_object).into_iter().flatten();
                members.chain(others).filter_map(named).collect()
            }
        }
    }

    fn bad(&self, what: &str) -> Fault {
        bad(self.place, what.to_owned())
    }
}

/// Members of a row of a report that name a person.
const PEOPLE: [&str; 5] = ["email", "phone_number", "external_id", "fides_user_device_id", "fides_user_device"];

/// What was said; `None` where a text was merely taken note of, and where nobody said anything.
fn kind(one: &Value) -> Option<Kind> {
    let word = ["preference", "value"].iter().find_map(|name| one.get(name)?.as_str());
    let is_own = one.pointer("/meta/fides/preference_type").and_then(Value::as_str).is_none_or(|by| by == "explicit");
    match (word, one.get("opt_in").and_then(Value::as_bool)) {
        (Some("opt_in"), _) | (None, Some(true)) => is_own.then_some(Kind::Given),
        (Some("opt_out"), _) | (None, Some(false)) => Some(Kind::Withdrawn),
        _ => None,
    }
}

/// Times of Fides without a zone are UTC.
fn zoned(text: &str) -> String {
    let has_zone = text.ends_with('Z') || text.get(10..).is_some_and(|rest| rest.contains(['+', '-']));
    if has_zone || text.len() == 10 { text.to_owned() } else { format!("{text}Z") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(value: &Value) -> Vec<(String, String, Kind, String)> {
        let records = from_fides(value, "uid-0", Instant::parse("2026-11-22T12:00:00Z").unwrap()).unwrap();
        let one = |record: Record| {
            let time = record.act.time.unwrap().to_string();
            (record.subject.join(";"), record.act.purpose, record.act.kind, time)
        };
        records.into_iter().map(one).collect()
    }

    #[track_caller]
    fn check(value: &Value, expect: &[(&str, &str, Kind, &str)]) {
        let found = told(value);
        let found: Vec<(&str, &str, Kind, &str)> =
            found.iter().map(|(who, what, kind, time)| (who.as_str(), what.as_str(), *kind, time.as_str())).collect();
        assert_eq!(found, expect);
    }

    /// Rows of the report on consents, with null where nothing is known.
    #[test]
    fn rows_of_the_report() {
        let row = |preference: &str, tcf: Value| {
            json!({"id": "pri_1", "privacy_request_id": null, "email": "ann@example.org", "phone_number": null,
                "external_id": null, "fides_user_device_id": "0000-1", "secondary_user_ids": {"ga_client_id": "7"},
                "request_timestamp": "2026-01-31T10:00:00.123456", "received_at": "2026-02-01T10:00:00Z",
                "request_origin": "overlay", "request_status": "complete", "request_type": "consent", "approver_id": null,
                "privacy_notice_history_id": "pnh_1", "preference": preference, "user_geography": "de",
                "affected_system_status": {}, "url_recorded": "https://x.example/?u=1", "method": "save",
                "notice_name": "Data Sales and Sharing", "tcf_preferences": tcf, "property_id": null})
        };
        let (who, time) =
            ("email=ann@example.org;fides_user_device_id=0000-1;ga_client_id=7", "2026-01-31T10:00:00.123456Z");
        let page =
            json!({"items": [row("opt_in", Value::Null), row("acknowledge", Value::Null)], "total": 2, "size": 50});
        check(&page, &[(who, "Data Sales and Sharing", Kind::Given, time)]);
        let records = from_fides(&page, "uid-0", Instant::parse("2026-11-22").unwrap()).unwrap();
        assert_eq!(records[0].act.place.as_deref(), Some("https://x.example/"));
        assert_eq!(records[0].notice.as_ref().map(|notice| notice.version.as_str()), Some("pnh_1"));
        let saved = json!({"purpose_consent_preferences": [{"id": 1, "preference": "opt_in"}, {"id": 2, "preference": "opt_out"}],
            "purpose_legitimate_interests_preferences": [{"id": 7, "preference": "opt_in"}],
            "special_feature_preferences": [{"id": 1, "preference": "opt_in"}],
            "vendor_consent_preferences": [{"id": "gvl.1", "preference": "opt_in"}]});
        let expect =
            [("tcf.purpose-1", Kind::Given), ("tcf.purpose-2", Kind::Refused), ("tcf.special-feature-1", Kind::Given)];
        check(&json!([row("tcf", saved)]), &expect.map(|(purpose, kind)| (who, purpose, kind, time)));
    }

    /// Preferences by person: what a default or a policy opted somebody into is no consent.
    #[test]
    fn preferences_of_people() {
        let preference = |key: &str, value: &str, by: Value| {
            json!({"notice_history_id": "pnh_2", "notice_key": key, "value": value, "collected_at": "2026-03-01T00:00:00+00:00",
                "meta": {"fides": {"preference_type": by}}})
        };
        let item = json!({"identity": {"email": {"value": "ann@example.org"}, "loyalty_id": {"value": 4711}},
            "scope": null, "is_latest": true,
            "meta": {"fides": {"geography": "de", "method": "accept", "recorded_url": "https://x.example/a?b", "created_at": "2026-03-02T00:00:00Z"}},
            "preferences": [preference("news", "opt_in", json!("explicit")), preference("ads", "opt_in", json!("default")),
                preference("sale", "opt_out", json!("policy")), preference("terms", "acknowledge", Value::Null)]});
        let (who, time) = ("email=ann@example.org;loyalty_id=4711", "2026-03-01T00:00:00Z");
        let page = json!({"items": [item], "next_cursor": null});
        check(&page, &[(who, "news", Kind::Given, time), (who, "sale", Kind::Withdrawn, time)]);
        let records = from_fides(&page, "uid-0", Instant::parse("2026-11-22").unwrap()).unwrap();
        assert_eq!(
            (records[0].act.method.as_deref(), records[0].act.place.as_deref()),
            (Some("accept"), Some("https://x.example/a"))
        );
    }

    /// Consent by data use, in the two forms of the older interfaces.
    #[test]
    fn consents_by_data_use() {
        let report = json!({"items": [{"data_use": "marketing", "opt_in": false, "has_gpc_flag": true, "id": "con_1",
            "identity": {"email": null, "phone_number": "+4930231250"}, "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-02-01T00:00:00Z"}]});
        check(&report, &[("phone=+4930231250", "marketing", Kind::Withdrawn, "2026-02-01T00:00:00Z")]);
        let person = json!({"identity": {"phone_number": "+4930231250"}, "updated_at": "2026-02-01T00:00:00+00:00",
            "consent": [{"data_use": "analytics", "opt_in": true}]});
        check(&person, &[("phone=+4930231250", "analytics", Kind::Given, "2026-02-01T00:00:00Z")]);
    }

    #[test]
    fn what_says_nothing_is_refused() {
        let now = Instant::parse("2026-11-22").unwrap();
        let check = |value: Value| {
            assert_eq!(from_fides(&value, "uid-0", now).unwrap_err().code(), "bad-consent-row", "{value}")
        };
        check(json!("x"));
        check(json!([{"preference": "opt_in", "notice_key": "x", "request_timestamp": "2026-01-01"}]));
        check(json!([{"email": "a@example.org", "preference": "opt_in", "request_timestamp": "2026-01-01"}]));
        check(json!([{"email": "a@example.org", "preference": "opt_in", "notice_key": "x"}]));
        check(
            json!([{"email": "a@example.org", "preference": "opt_in", "notice_key": "x", "request_timestamp": "2027-01-01"}]),
        );
        check(json!([{"email": "a@example.org", "preference": "tcf", "request_timestamp": "2026-01-01",
            "tcf_preferences": {"purpose_consent_preferences": [{"preference": "opt_in"}]}}]));
    }
}
