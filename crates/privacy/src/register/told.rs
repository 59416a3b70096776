//! Who has to be told that data were put right, erased or restricted (Art. 19), and who was.

use model::Instant;
use serde_json::{Value, json};

use super::Request;

/// Somebody to whom data were disclosed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// As the data map names them.
    pub name: String,
    /// What they got, `store.collection`.
    pub collections: Vec<String>,
    /// That they were told.
    pub told: Option<Told>,
    /// Why they need not be told: it proves impossible, or involves disproportionate effort (Art. 19).
    pub exempt: Option<String>,
}

/// That somebody was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// By what: `registered letter`.
    pub by: String,
    /// When.
    pub at: Instant,
    /// When they confirmed it.
    pub acknowledged: Option<Instant>,
}

impl Request {
    /// These are to be told of what is done; what is known of those who were named before stays.
    pub fn owe<'n>(&mut self, recipients: impl Iterator<Item = (&'n str, &'n [String])>) {
        for (name, collections) in recipients {
            match self.recipients.iter_mut().find(|known| known.name == name) {
                Some(known) => known.collections = collections.to_vec(),
                None => self.recipients.push(Recipient::new(name, collections)),
            }
        }
    }

    /// How many are told or need not be, and how many there are.
    pub fn told(&self) -> (usize, usize) {
        (self.recipients.iter().filter(|one| !one.is_open()).count(), self.recipients.len())
    }
}

impl Recipient {
    /// Somebody who is still to be told.
    pub fn new(name: &str, collections: &[String]) -> Self {
        Recipient { name: name.to_owned(), collections: collections.to_vec(), told: None, exempt: None }
    }

    /// They were told.
    pub fn tell(&mut self, by: &str, at: Instant, acknowledged: Option<Instant>) {
        self.told = Some(Told { by: by.to_owned(), at, acknowledged });
    }

    /// Whether something is still to be done.
    pub fn is_open(&self) -> bool {
        self.told.is_none() && self.exempt.is_none()
    }

    /// In a sentence.
    pub fn state(&self) -> String {
        match (&self.told, &self.exempt) {
            (Some(told), _) => {
                let confirmed = told.acknowledged.map(|at| format!(", confirmed {}", at.date())).unwrap_or_default();
                format!("told {} by {}{confirmed}", told.at.date(), told.by)
            }
            (None, Some(why)) => format!("not told: {why}"),
            (None, None) => "still to be told".to_owned(),
        }
    }

    /// For the register and for certificates.
    pub fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "collections": self.collections,
            "told": self.told.as_ref().map(|told| json!({
                "by": told.by, "at": told.at.to_string(),
                "acknowledged_at": told.acknowledged.map(|at| at.to_string()),
            })),
            "exempt": self.exempt,
        })
    }

    pub(super) fn read(value: &Value) -> Option<Self> {
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let time = |text: Option<String>| text.map(|text| Instant::parse(&text)).transpose().ok();
        let told = match value.get("told").filter(|told| !told.is_null()) {
            None => None,
            Some(one) => Some(Told {
                by: text(one, "by")?,
                at: time(text(one, "at"))??,
                acknowledged: time(text(one, "acknowledged_at"))?,
            }),
        };
        let collections = value.get("collections")?.as_array()?.iter().map(|name| name.as_str().map(str::to_owned));
        Some(Recipient {
            name: text(value, "name")?,
            collections: collections.collect::<Option<_>>()?,
            told,
            exempt: text(value, "exempt"),
        })
    }
}
