//! What the law wants told with the data: Art. 15(1)(a)–(h) and (2), from the data map. What is not said there is listed.

use serde_json::{Map, Value, json};

use super::table::Table;
use crate::map::taxonomy;

/// Who answers; from the configuration. What is not given is listed as missing.
#[derive(Clone, Debug, Default)]
pub struct Controller {
    /// Name of the one who decides about the processing.
    pub name: Option<String>,
    /// Where to write to.
    pub contact: Option<String>,
    /// The data protection officer.
    pub officer: Option<String>,
    /// The supervisory authority that complaints go to.
    pub authority: Option<String>,
}

/// One point of Art. 15.
pub(super) struct Point {
    /// `15-1-a`.
    pub(super) code: &'static str,
    pub(super) title: &'static str,
    /// The word under `meta.probity`.
    pub(super) word: &'static str,
}

/// What the map tells of each collection.
pub(super) const POINTS: &[Point] = &[
    Point { code: "15-1-a", title: "Purposes", word: "purposes" },
    Point { code: "15-1-c", title: "Recipients", word: "recipients" },
    Point { code: "15-1-d", title: "Kept for", word: "retention" },
    Point { code: "15-1-g", title: "Source", word: "source" },
    Point { code: "15-1-h", title: "Automated decisions", word: "automated_decisions" },
    Point { code: "15-2", title: "Safeguards for transfers", word: "transfers" },
];

/// Art. 15(1)(e).
pub(super) const RIGHTS: &[(&str, &str)] = &[
    ("16", "You can have wrong data corrected and incomplete data completed."),
    ("17", "You can have your data erased where there is no reason in law to keep them."),
    ("18", "You can have the processing of your data restricted."),
    (
        "20",
        "You can receive the data that you provided in a machine-readable form, where consent or contract is the ground.",
    ),
    (
        "21",
        "You can object to processing that rests on public or legitimate interests, and to direct marketing at any time.",
    ),
    ("7(3)", "You can withdraw a consent at any time; what was done before stays lawful."),
];

/// Art. 15(1)(f).
pub(super) const COMPLAINT: &str = "You can complain to a supervisory authority, in particular where you live, where you work, or where you think the law was broken (Art. 77).";

/// `information/1`, and what is missing in it, a sentence each.
pub(super) fn information(tables: &[Table], controller: &Controller) -> (Value, Vec<String>) {
    let mut missing = Vec::new();
    let collections: Vec<Value> = tables.iter().map(|table| of_table(table, &mut missing)).collect();
    let who = [
        ("name", &controller.name, "the name of the controller"),
        ("contact", &controller.contact, "where to reach the controller"),
        ("data_protection_officer", &controller.officer, "the data protection officer, where there is one"),
        ("supervisory_authority", &controller.authority, "the supervisory authority"),
    ];
    let mut controller = Map::new();
    for (key, value, words) in who {
        controller.insert(key.to_owned(), json!(value));
        if value.is_none() {
            missing.push(format!("The configuration does not name {words}."));
        }
    }
    let rights: Vec<Value> = RIGHTS.iter().map(|(article, text)| json!({"article": article, "text": text})).collect();
    let information = json!({
        "schema": "information/1",
        "law": "Regulation (EU) 2016/679, Article 15(1) and (2)",
        "controller": controller,
        "collections": collections,
        "rights": rights,
        "complaint": COMPLAINT,
        "missing": missing,
    });
    (information, missing)
}

fn of_table(table: &Table, missing: &mut Vec<String>) -> Value {
    let mut told = Map::new();
    told.insert("collection".to_owned(), json!(table.name()));
    let described = table.mapped.as_ref().and_then(|mapped| mapped.description.clone());
    told.insert("description".to_owned(), json!(described));
    let categories: Vec<Value> =
        table.categories().into_iter().map(|key| json!({"key": key, "name": taxonomy::name(key)})).collect();
    if categories.is_empty() {
        missing.push(format!("The data map does not say which categories of data {} holds (15-1-b).", table.name()));
    }
    told.insert("categories".to_owned(), json!(categories));
    for point in POINTS {
        let words = table.words(point.word);
        if words.is_empty() {
            missing.push(format!(
                "The data map does not tell {} of {} ({}).",
                point.title.to_lowercase(),
                table.name(),
                point.code
            ));
        }
        told.insert(point.word.to_owned(), json!(words));
    }
    told.insert("legal_basis".to_owned(), json!(table.words("legal_basis")));
    Value::Object(told)
}
