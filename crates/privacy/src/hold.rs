//! Holds: what must be kept for now, whatever is asked (Art. 17(3) GDPR, litigation, audits).
//!
//! A hold lies on a person (as a pseudonym, never in clear) or on a collection. It is asked for in the plan and again right
//! before each commit; when it cannot be asked, nothing is deleted.

use model::{Digest, Fault, Instant};
use serde_json::{Value, json};

use crate::Limits;

/// One hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// `hold-0001`.
    pub id: String,
    /// On whom or what.
    pub on: On,
    /// The code of Art. 17(3): `17-3-e`.
    pub code: String,
    /// The law or the proceedings, in words.
    pub law: String,
    /// Who ordered it.
    pub approver: String,
    /// Since when.
    pub since: Instant,
    /// Until when; until it is released, where there is none.
    pub until: Option<Instant>,
    /// When it was released.
    pub released: Option<Instant>,
}

/// What a hold lies on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum On {
    /// A person: pseudonyms of the identities, any of which is enough ([`crate::tombstone::Secret::pseudonym`]).
    Subject(Vec<Digest>),
    /// A collection, `dataset.collection`, or a whole dataset.
    Collection(String),
}

impl Hold {
    /// Whether it is in force at `now`.
    pub fn holds_at(&self, now: Instant) -> bool {
        self.released.is_none() && self.until.is_none_or(|until| now < until)
    }

    /// Whether it lies on rows of `collection` of a person with these pseudonyms.
    pub fn covers(&self, subject: &[Digest], dataset: &str, collection: &str) -> bool {
        match &self.on {
            On::Subject(held) => held.iter().any(|one| subject.contains(one)),
            On::Collection(name) => {
                name == dataset
                    || name.strip_prefix(dataset).and_then(|rest| rest.strip_prefix('.')) == Some(collection)
            }
        }
    }

    /// As the plan names it.
    pub fn in_plan(&self) -> crate::plan::Hold {
        crate::plan::Hold {
            id: self.id.clone(),
            code: self.code.clone(),
            law: self.law.clone(),
            until: self.until.map(Instant::date),
            approver: Some(self.approver.clone()),
            anonymise: Vec::new(),
        }
    }

    /// As a line of `holds.jsonl`, without its end. The last line about an id counts.
    pub fn to_line(&self) -> String {
        self.to_json().to_string()
    }

    /// As `hold/1`.
    pub fn to_json(&self) -> Value {
        let (subject, collection) = match &self.on {
            On::Subject(pseudonyms) => (Some(pseudonyms.iter().map(Digest::hex).collect::<Vec<_>>()), None),
            On::Collection(name) => (None, Some(name)),
        };
        json!({
            "schema": "hold/1", "id": self.id, "subject": subject, "collection": collection, "code": self.code,
            "law": self.law, "approver": self.approver, "since": self.since.to_string(),
            "until": self.until.map(|time| time.to_string()), "released": self.released.map(|time| time.to_string()),
        })
    }

    fn parse(line: &str) -> Option<Self> {
        let value: Value = (line.len() <= Limits::LINE_BYTES).then(|| serde_json::from_str(line).ok())??;
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let time = |name: &str| text(name).map(|text| Instant::parse(&text)).transpose().ok();
        (text("schema")? == "hold/1").then_some(())?;
        let on = match (value.get("subject").and_then(Value::as_array), text("collection")) {
            (Some(held), None) => {
                let digests = held.iter().map(|one| Digest::parse(one.as_str()?).ok()).collect::<Option<Vec<_>>>()?;
                On::Subject(digests)
            }
            (None, Some(name)) => On::Collection(name),
            _ => return None,
        };
        Some(Hold {
            id: text("id")?,
            on,
            code: text("code")?,
            law: text("law")?,
            approver: text("approver")?,
            since: time("since")??,
            until: time("until")?,
            released: time("released")?,
        })
    }
}

/// Reads the lines of `holds.jsonl`: every hold, released or not, in the order of their ids.
///
/// # Errors
/// `bad-hold` with the line, also for a line without its end: a hold that cannot be read may be the one that counts.
pub fn read(text: &str) -> Result<Vec<Hold>, Fault> {
    let mut all = std::collections::BTreeMap::new();
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let hold = line.strip_suffix('\n').and_then(Hold::parse).ok_or_else(|| {
            Fault::bad_input("bad-hold", "This is no hold")
                .at(model::Place::line(number as u64 + 1, 0))
                .advise("Restore the file from a backup. Until then nothing is erased.")
        })?;
        all.insert(hold.id.clone(), hold);
    }
    Ok(all.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hold(id: &str, on: On) -> Hold {
        Hold {
            id: id.to_owned(),
            on,
            code: "17-3-e".to_owned(),
            law: "case 4 O 17/26".to_owned(),
            approver: "counsel".to_owned(),
            since: Instant::from_nanos(0),
            until: None,
            released: None,
        }
    }

    /// A hold lies on what it names, on its borders and nowhere else.
    #[test]
    fn a_hold_covers_what_it_names() {
        let (ann, bob) = (seal::sha256(b"ann"), seal::sha256(b"bob"));
        let check = |on: On, expect: [bool; 3]| {
            let hold = hold("hold-0001", on);
            let covers = |subject, dataset, collection| hold.covers(&[subject], dataset, collection);
            assert_eq!(
                [covers(ann, "shop", "invoice"), covers(bob, "shop", "person"), covers(bob, "shop2", "invoice")],
                expect
            );
        };
        check(On::Subject(vec![ann]), [true, false, false]);
        check(On::Collection("shop.invoice".to_owned()), [true, false, false]);
        check(On::Collection("shop".to_owned()), [true, true, false]);
        check(On::Collection("shop2.public.invoice".to_owned()), [false, false, false]);
    }

    /// The last line about a hold counts; a line that cannot be read is a fault, also an unfinished one.
    #[test]
    fn holds_are_read_or_refused() {
        let mut first = hold("hold-0001", On::Collection("shop".to_owned()));
        let second = hold("hold-0002", On::Subject(vec![seal::sha256(b"ann")]));
        let before = first.to_line();
        first.released = Some(Instant::from_nanos(1));
        let text = [before, second.to_line(), first.to_line()].join("\n") + "\n";
        let read_again = read(&text).expect("three lines");
        assert_eq!(read_again, [first.clone(), second]);
        assert!(!first.holds_at(Instant::from_nanos(2)));
        assert_eq!(read(text.trim_end()).expect_err("torn").code(), "bad-hold");
        assert_eq!(read("{}\n").expect_err("nothing").code(), "bad-hold");
    }
}
