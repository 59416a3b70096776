//! Records of processing (GDPR Art. 30) as fideslang writes systems (fideslang 3.1.4): `system:` with `privacy_declarations`.
//!
//! What fideslang has no key for stands under `meta.probity` of a system: `reviewed` (a date), `contract` with `reference`,
//! `date`, `expires` and `return` (erase or return, Art. 28(3)(g)), `processor` with `controllers` (Art. 30(2)(a)) and `authorised`
//! (Art. 28(2)), `transfers` with `countries` and `assessment` (Art. 30(1)(e), 46), `security` (measures, Art. 32(1)), `objection` (where people
//! object, Art. 21), `weighing` (of legitimate interests, Art. 6(1)(f)), `joint` with `arrangement` and `published` (Art. 26),
//! `country` and `representative` (Art. 27), `public_body` and `monitoring` (Art. 37(1)), `officer` with `registered`, `reports_to`
//! and `reviewed` (Art. 37 to 39), `accounts` with `store` and `name` (whose queries of databases are its own, Art. 5(1)(b)), `dpia` with `advice`, `residual` and `consulted` (Art. 35(2), 36).

use serde_json::{Value, json};
use yaml::Node;

use crate::tree::{at, flag, list, place, text, texts};
use crate::{File, Gap, Read};

pub(crate) fn recognise(file: File<'_>) -> bool {
    let is_key = |line: &str| line.starts_with("system:") || line.trim_start().starts_with("\"system\"");
    file.text.lines().any(is_key) && file.text.contains("privacy_declarations")
}

pub(crate) fn read(files: &[File<'_>]) -> Read {
    let (mut systems, mut activities, mut accounts, mut gaps) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for file in files {
        match yaml::read(file.text, &yaml::Limits::default()) {
            Err(fault) => gaps.push(Gap::of(*file, &fault)),
            Ok(nodes) => {
                for node in nodes.iter().flat_map(|node| list(node, &["system"])) {
                    systems.push(system(*file, node));
                    accounts.extend(accounts_of(*file, node));
                    let declared = list(node, &["privacy_declarations"]).iter();
                    activities.extend(declared.map(|declared| activity(*file, node, declared)));
                }
            }
        }
    }
    let all: usize = activities.iter().map(pairs).fold(0, usize::saturating_add);
    let of =
        |account: &Value| activities.iter().filter(|one| one["system"] == account["system"]).map(pairs).sum::<usize>();
    let permitted: usize = accounts.iter().map(of).fold(0, usize::saturating_add);
    let (mut declared_all, mut permitted_all) = (Vec::new(), Vec::new());
    if all.saturating_add(permitted) > PAIRS_MAX {
        let why = format!("its activities are more than {PAIRS_MAX} pairs of datasets and categories");
        gaps.push(Gap::at(
            files.first().map(|file| file.name.to_owned()).unwrap_or_default(),
            why,
            "Name fewer of them.",
        ));
    } else {
        declared_all = activities.iter().flat_map(declared).collect();
        permitted_all = accounts.iter().flat_map(|account| permissions(account, &activities)).collect();
    }
    let value = json!({
        "systems": systems, "activities": activities, "declared": declared_all, "accounts": accounts, "permitted": permitted_all,
    });
    Read { value, gaps }
}

/// Pairs of datasets and categories that are told: a record of a megabyte may name as many as a machine has bytes.
const PAIRS_MAX: usize = 1_000_000;

fn pairs(activity: &Value) -> usize {
    let count = |key: &str| activity[key].as_array().map_or(0, Vec::len);
    count("datasets").saturating_mul(count("categories"))
}

/// Accounts of databases that a system asks with.
fn accounts_of(file: File<'_>, node: &Node) -> Vec<Value> {
    let one = |account: &Node| {
        json!({
            "store": text(account, &["store"]).unwrap_or_default(),
            "name": text(account, &["name"]).unwrap_or_default(),
            "system": text(node, &["fides_key"]).unwrap_or_default(),
            "place": place(file.name, account),
        })
    };
    list(node, &["meta", "probity", "accounts"]).iter().map(one).collect()
}

/// What an account may be used for: all that its system's activities declare.
fn permissions(account: &Value, activities: &[Value]) -> Vec<Value> {
    let of_system = activities.iter().filter(|activity| activity["system"] == account["system"]);
    let pair = |pair: Value| {
        json!({
            "store": account["store"], "account": account["name"], "dataset": pair["dataset"], "category": pair["category"],
            "activity": pair["activity"],
        })
    };
    of_system.flat_map(declared).map(pair).collect()
}

fn system(file: File<'_>, node: &Node) -> Value {
    let own = |path: &[&str]| text(node, &[&["meta", "probity"], path].concat());
    let contact = at(node, &["dpo"]).is_some() || text(node, &["legal_address"]).is_some();
    let mut value = json!({
        "key": text(node, &["fides_key"]).unwrap_or_default(),
        "name": text(node, &["name"]).or_else(|| text(node, &["fides_key"])).unwrap_or_default(),
        // Art. 4(1) is what a system is about unless it says otherwise, as in fideslang.
        "personal": flag(node, &["processes_personal_data"]).unwrap_or(true),
        "responsibility": one_or_more(node, "responsibility"),
        "department": text(node, &["administrating_department"]),
        "legal_name": text(node, &["legal_name"]),
        "contact": contact,
        "notice": text(node, &["privacy_policy"]),
        "profiling": flag(node, &["uses_profiling"]).unwrap_or(false),
        "profiling_basis": one_or_more(node, "legal_basis_for_profiling"),
        "transfers": flag(node, &["does_international_transfers"]).unwrap_or(false),
        "transfer_basis": one_or_more(node, "legal_basis_for_transfers"),
        "dpia_required": flag(node, &["requires_data_protection_assessments"]).unwrap_or(false),
        "dpia": text(node, &["dpa_location"]),
        "security": text(node, &["data_security_practices"]).or_else(|| own(&["security"])),
        "reviewed": own(&["reviewed"]).and_then(day),
        "contract": own(&["contract", "reference"]),
        "contract_expires": own(&["contract", "expires"]).and_then(day),
        "contract_return": own(&["contract", "return"]),
        "processor": at(node, &["meta", "probity", "processor"]).is_some(),
        "on_behalf_of": texts(node, &["meta", "probity", "processor", "controllers"]),
        "authorised": own(&["processor", "authorised"]),
        "transfers_to": texts(node, &["meta", "probity", "transfers", "countries"]).iter().map(|country| country.to_ascii_uppercase()).collect::<Vec<_>>(),
        "transfer_assessment": own(&["transfers", "assessment"]),
        "activities": list(node, &["privacy_declarations"]).len(),
        "place": place(file.name, node),
    });
    if let (Some(value), Value::Object(duties)) = (value.as_object_mut(), duties(node)) {
        value.extend(duties);
    }
    value
}

/// What Articles 21, 26, 27 and 35 to 39 ask about.
fn duties(node: &Node) -> Value {
    let own = |path: &[&str]| text(node, &[&["meta", "probity"], path].concat());
    let says = |key: &str| flag(node, &["meta", "probity", key]);
    json!({
        "objection": own(&["objection"]),
        "weighing": own(&["weighing"]),
        "joint": text(node, &["joint_controller_info"]),
        "joint_arrangement": own(&["joint", "arrangement"]),
        "joint_published": own(&["joint", "published"]),
        "country": own(&["country"]).map(str::to_ascii_uppercase),
        "representative": own(&["representative"]),
        "public_body": says("public_body"),
        "monitoring": says("monitoring"),
        "dpo": officer(node),
        "dpo_registered": own(&["officer", "registered"]).and_then(day),
        "dpo_reports_to": own(&["officer", "reports_to"]),
        "dpo_reviewed": own(&["officer", "reviewed"]).and_then(day),
        "dpia_advice": own(&["dpia", "advice"]),
        "dpia_residual": own(&["dpia", "residual"]).map(str::to_ascii_lowercase),
        "dpia_consulted": own(&["dpia", "consulted"]).and_then(day),
    })
}

/// The data protection officer: a text, or a mapping with a name and addresses.
fn officer(node: &Node) -> Option<String> {
    let written = match text(node, &["dpo"]) {
        Some(text) => text.to_owned(),
        None => crate::tree::map(node, &["dpo"]).iter().map(|(_, word)| *word).collect::<Vec<_>>().join(", "),
    };
    Some(written).filter(|written| !written.is_empty())
}

fn activity(file: File<'_>, system: &Node, node: &Node) -> Value {
    let of = |key: &str| text(node, &[key]).map(str::to_owned);
    let use_of = of("data_use").unwrap_or_default();
    let categories = texts(node, &["data_categories"]);
    json!({
        "system": text(system, &["fides_key"]).unwrap_or_default(),
        "name": of("name").unwrap_or_else(|| use_of.clone()),
        "use": use_of,
        "special_category": categories.iter().any(|category| model::category::is_special(category)),
        "categories": categories,
        "subjects": texts(node, &["data_subjects"]),
        "datasets": texts(node, &["dataset_references"]),
        "basis": of("legal_basis_for_processing"),
        "special": flag(node, &["processes_special_category_data"]).unwrap_or(false),
        "special_basis": of("special_category_legal_basis"),
        "retention": of("retention_period"),
        "shared": flag(node, &["data_shared_with_third_parties"]).unwrap_or(false),
        "recipients": of("third_parties"),
        "dpia": of("impact_assessment_location"),
        "place": place(file.name, node),
    })
}

/// Every category of an activity with every dataset, so that a rule needs no loop in a loop.
fn declared(activity: &Value) -> Vec<Value> {
    let list = |key: &str| activity[key].as_array().cloned().unwrap_or_default();
    let name = format!("{}: {}", text_of(&activity["system"]), text_of(&activity["name"]));
    let pair = |dataset: &Value, category: &Value| json!({"dataset": dataset, "category": category, "activity": name});
    let categories = list("categories");
    list("datasets").iter().flat_map(|dataset| categories.iter().map(|category| pair(dataset, category))).collect()
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A text, or a list of texts: fideslang has had both.
fn one_or_more<'n>(node: &'n Node, key: &str) -> Vec<&'n str> {
    match text(node, &[key]) {
        Some(text) if !text.is_empty() => vec![text],
        _ => texts(node, &[key]),
    }
}

/// The beginning of a day, as an instant; what is no date is not known.
fn day(text: &str) -> Option<String> {
    model::Instant::parse(text.get(..10)?).ok().map(|instant| instant.to_string())
}
