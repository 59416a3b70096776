//! What a consent covers: what ISO/IEC TS 27560 wants to know of the processing. It is said once for each purpose, in a file of
//! purposes and in the data map, and kept in the log as it was when somebody agreed.
//!
//! ```yaml
//! defaults:                                # what no purpose says otherwise
//!   jurisdictions: [DE]
//!   withdrawal: https://shop.example/consents
//! purposes:
//!   newsletter:
//!     title: The weekly letter
//!     categories: [user.contact.email]
//!     locations: [DE, IE]
//!     retention: 2 years                   # a period, or words: until it is withdrawn
//!     recipients: [Mailer GmbH]            # or none
//! ```

use std::collections::BTreeMap;

use model::{Fault, Place};
use yaml::{Fields, Node, Value};

use super::{name, words};
use crate::map::DataMap;
use crate::retention::Period;

/// Entries of one list, and purposes of one file, at most.
const LIST_MAX: usize = 64;
const PURPOSES_MAX: usize = 1_000;
/// Bytes of all words of a scope: it is one line of the log.
const SCOPE_MAX: usize = 24 << 10;

/// What a consent for a purpose covers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scope {
    /// What for.
    pub purpose: String,
    /// The purpose in words.
    pub title: Option<String>,
    /// Who decides about the processing, and where to write to.
    pub controller: Option<String>,
    /// Where to write to.
    pub contact: Option<String>,
    /// Categories of data, as fideslang names them.
    pub categories: Vec<String>,
    /// Where the data come from.
    pub sources: Vec<String>,
    /// Countries or places where they are stored.
    pub locations: Vec<String>,
    /// How long they are kept: a period of ISO 8601, or words.
    pub retention: Vec<String>,
    /// Who receives them besides the controller: `none` is an empty list, nobody has said is no list.
    pub recipients: Option<Vec<String>>,
    /// Whose law holds.
    pub jurisdictions: Vec<String>,
    /// Where a consent is taken back.
    pub withdrawal: Option<String>,
    /// Where people make use of their rights.
    pub rights: Option<String>,
}

impl Scope {
    /// Whether nothing is said but what for.
    pub fn is_empty(&self) -> bool {
        *self == Scope { purpose: self.purpose.clone(), ..Scope::default() }
    }

    /// What ISO/IEC TS 27560 demands of the processing and nobody has said, by its names there.
    pub fn missing(&self) -> Vec<&'static str> {
        let said = [
            ("pii_controllers", self.controller.is_some()),
            ("party_address", self.contact.is_some()),
            ("pii_type", !self.categories.is_empty()),
            ("storage_locations", !self.locations.is_empty()),
            ("retention_period", !self.retention.is_empty()),
            ("recipient_third_parties", self.recipients.is_some()),
            ("jurisdiction", !self.jurisdictions.is_empty()),
            ("withdrawal_method", self.withdrawal.is_some()),
        ];
        said.into_iter().filter(|(_, is_said)| !is_said).map(|(field, _)| field).collect()
    }

    /// Adds what the collections of `map` say that are used for this purpose, where nothing else is said.
    pub fn fill(&mut self, map: &DataMap) {
        let mut of_map = Scope::default();
        let mut recipients = Vec::new();
        for dataset in &map.datasets {
            for collection in &dataset.collections {
                let told = |word: &str| dataset.list(collection, word).into_iter().map(str::to_owned);
                if !told("purposes").any(|purpose| purpose == self.purpose) {
                    continue;
                }
                let fields = collection.fields.iter().flat_map(|field| &field.categories);
                of_map
                    .categories
                    .extend(dataset.categories.iter().chain(&collection.categories).chain(fields).cloned());
                of_map.sources.extend(told("source"));
                of_map.locations.extend(told("locations"));
                of_map.retention.extend(told("retention").map(|text| period_or_words(&text)));
                recipients.extend(told("recipients"));
            }
        }
        fill(&mut self.categories, of_map.categories);
        fill(&mut self.sources, of_map.sources);
        fill(&mut self.locations, of_map.locations);
        fill(&mut self.retention, of_map.retention);
        if self.recipients.is_none() && !recipients.is_empty() {
            let mut own = Vec::new();
            fill(&mut own, recipients);
            self.recipients = Some(own);
        }
    }

    /// The same where it fits into a line of the log.
    ///
    /// # Errors
    /// `bad-purposes`: it says too much.
    pub fn bounded(self) -> Result<Self, Fault> {
        let lists = [&self.categories, &self.sources, &self.locations, &self.retention, &self.jurisdictions];
        let lists = || lists.into_iter().chain(&self.recipients);
        let bytes: usize = lists().flatten().map(String::len).sum();
        match bytes <= SCOPE_MAX && lists().all(|list| list.len() <= LIST_MAX) {
            true => Ok(self),
            false => Err(wrong(
                format!("What is said of the purpose {:?} does not fit into a record of consent", self.purpose),
                "Name at most 64 entries for each list: broader categories, groups of recipients.",
                Place::default(),
            )),
        }
    }
}

/// Sorted, each once; what is there stays.
fn fill(own: &mut Vec<String>, mut others: Vec<String>) {
    if own.is_empty() {
        others.sort();
        others.dedup();
        *own = others;
    }
}

fn period_or_words(text: &str) -> String {
    Period::parse(text).map_or_else(|| text.to_owned(), |period| period.iso().to_owned())
}

const SCOPE: &[&str] = &[
    "title",
    "controller",
    "contact",
    "categories",
    "sources",
    "locations",
    "retention",
    "recipients",
    "jurisdictions",
    "withdrawal",
    "rights",
];

/// A file of purposes.
#[derive(Clone, Debug, Default)]
pub struct Purposes {
    defaults: Scope,
    scopes: BTreeMap<String, Scope>,
}

impl Purposes {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// `bad-purposes`, `bad-consent-name` and those of [`yaml::read`], with line and column.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let mut purposes = Purposes::default();
        for node in &yaml::read(text, &yaml::Limits::default())? {
            let fields = Fields::of(node, "", &["defaults", "purposes"])?;
            if let Some(node) = fields.node("defaults") {
                purposes.defaults = scope(node, "defaults", "")?;
            }
            let Some(node) = fields.node("purposes") else { continue };
            for (key, node) in Fields::open(node, "purposes")?.entries() {
                let purpose = name("purpose", &key.text).map_err(|fault| fault.at(key.place.clone()))?;
                let scope = scope(node, &format!("purposes.{purpose}"), &purpose)?;
                purposes.scopes.insert(purpose, scope);
            }
        }
        match purposes.scopes.len() <= PURPOSES_MAX {
            true => Ok(purposes),
            false => Err(wrong("There are more than a thousand purposes".to_owned(), "Say fewer.", Place::default())),
        }
    }

    /// What is said of a purpose, and of all where that says nothing.
    pub fn scope(&self, purpose: &str) -> Scope {
        let own = self.scopes.get(purpose).cloned().unwrap_or_default();
        let all = self.defaults.clone();
        let list = |own: Vec<String>, all: Vec<String>| if own.is_empty() { all } else { own };
        Scope {
            purpose: purpose.to_owned(),
            title: own.title.or(all.title),
            controller: own.controller.or(all.controller),
            contact: own.contact.or(all.contact),
            categories: list(own.categories, all.categories),
            sources: list(own.sources, all.sources),
            locations: list(own.locations, all.locations),
            retention: list(own.retention, all.retention),
            recipients: own.recipients.or(all.recipients),
            jurisdictions: list(own.jurisdictions, all.jurisdictions),
            withdrawal: own.withdrawal.or(all.withdrawal),
            rights: own.rights.or(all.rights),
        }
    }
}

fn scope(node: &Node, path: &str, purpose: &str) -> Result<Scope, Fault> {
    let fields = Fields::of(node, path, SCOPE)?;
    let text = |key: &str| {
        let place = || fields.node(key).map(|node| node.place.clone()).unwrap_or_default();
        let words = |text: &str| words(key, text).map_err(|fault| fault.at(place()));
        fields.text(key)?.map(words).transpose()
    };
    let recipients = match fields.node("recipients") {
        None => None,
        Some(node) if node.scalar() == Some("none") => Some(Vec::new()),
        Some(_) => Some(texts(&fields, "recipients")?),
    };
    let retention = texts(&fields, "retention")?.iter().map(|text| period_or_words(text)).collect();
    Ok(Scope {
        purpose: purpose.to_owned(),
        title: text("title")?,
        controller: text("controller")?,
        contact: text("contact")?,
        categories: texts(&fields, "categories")?,
        sources: texts(&fields, "sources")?,
        locations: texts(&fields, "locations")?,
        retention,
        recipients,
        jurisdictions: texts(&fields, "jurisdictions")?,
        withdrawal: text("withdrawal")?,
        rights: text("rights")?,
    })
}

/// One text, or a list of them.
fn texts(fields: &Fields<'_>, key: &str) -> Result<Vec<String>, Fault> {
    let of =
        |node: &Node, path: &str| words(key, yaml::text(node, path)?).map_err(|fault| fault.at(node.place.clone()));
    match fields.node(key) {
        None => Ok(Vec::new()),
        Some(Node { value: Value::List(_), .. }) => {
            fields.list(key)?.into_iter().map(|(path, node)| of(node, &path)).collect()
        }
        Some(node) => Ok(vec![of(node, &fields.path_of(key))?]),
    }
}

fn wrong(message: String, advice: &str, place: Place) -> Fault {
    Fault::bad_config("bad-purposes", message).at(place).advise(advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "defaults: {jurisdictions: DE, withdrawal: 'https://shop.example/consents', recipients: none}\n\
        purposes:\n  newsletter:\n    title: The weekly letter\n    categories: [user.contact.email]\n    locations: [DE, IE]\n    \
        retention: 2 years\n    recipients: [Mailer GmbH]\n  survey: {retention: until it is withdrawn}\n";

    #[test]
    fn a_purpose_says_it_or_all_of_them_do() {
        let purposes = Purposes::read(FILE).unwrap();
        let letter = purposes.scope("newsletter");
        assert_eq!(
            (&*letter.retention, &*letter.locations),
            (&["P2Y".to_owned()][..], &["DE", "IE"].map(str::to_owned)[..])
        );
        assert_eq!(
            (letter.recipients.as_deref(), &*letter.jurisdictions),
            (Some(&["Mailer GmbH".to_owned()][..]), &["DE".to_owned()][..])
        );
        let survey = purposes.scope("survey");
        assert_eq!((survey.recipients, survey.retention), (Some(Vec::new()), vec!["until it is withdrawn".to_owned()]));
        assert_eq!(letter.missing(), ["pii_controllers", "party_address"]);
        assert!(Purposes::default().scope("survey").is_empty());
    }

    #[test]
    fn a_wrong_file_is_told_with_its_line() {
        let check = |text: &str, code: &str, line: u64| {
            let fault = Purposes::read(text).unwrap_err();
            assert_eq!((fault.code(), fault.place().map(|place| place.line)), (code, Some(line)), "{text}");
        };
        check("purposes:\n  a:\n    retains: P1Y\n", "unknown-key", 3);
        check("purposes:\n  a:\n    categories: {b: c}\n", "wrong-type", 3);
        check("purposes:\n  a:\n    title: ''\n", "bad-consent-name", 3);
        let many: Vec<String> = (0..65).map(|number| number.to_string()).collect();
        let scope = Scope { categories: many, ..Scope::default() };
        assert_eq!(scope.bounded().unwrap_err().code(), "bad-purposes");
    }
}
