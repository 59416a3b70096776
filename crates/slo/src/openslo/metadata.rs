//! Names, titles, labels and annotations.

use model::{Fault, Place, Severity};
use yaml::{Fields, Node, Value};

use crate::notes::Notes;

pub(super) const KEYS: &[&str] = &["name", "displayName", "labels", "annotations"];

/// Annotations that probity reads.
const SEVERITY: &str = "probity/severity";
const UNIT: &str = "probity/unit";
const BURN_ALERTS: &str = "probity/burn-alerts";
const MIN_EVENTS: &str = "probity/min-events";

/// What an object is called, and what is attached to it.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    pub(crate) name: String,
    pub(crate) title: Option<String>,
    pub(crate) has_labels: bool,
    /// How much a broken objective matters: annotation `probity/severity`.
    pub(crate) severity: Option<Severity>,
    /// The unit of the values: annotation `probity/unit`.
    pub(crate) unit: Option<String>,
    /// Whether the four tiers of burn rates are watched: annotation `probity/burn-alerts`.
    pub(crate) burn_tiers: bool,
    /// With fewer events nothing is said: annotation `probity/min-events`.
    pub(crate) min_events: u64,
    /// Where the name stands.
    pub(crate) place: Place,
}

impl Metadata {
    pub(crate) fn read(fields: &Fields<'_>, notes: &mut Notes) -> Result<Self, Fault> {
        let name = fields.required_text("name")?;
        let place = fields.required("name")?.place.clone();
        name_format(name, &fields.path_of("name"), &place, notes)?;
        let title = fields.text("displayName")?;
        if let Some(title) = title {
            short_enough(title, 63, fields, "displayName", notes)?;
        }
        let has_labels = labels(fields, notes)?;
        let annotations = annotations(fields, notes)?;
        let annotation = |key: &str| annotations.iter().find(|(name, ..)| *name == key);
        Ok(Metadata {
            name: name.to_owned(),
            title: title.map(str::to_owned),
            has_labels,
            severity: annotation(SEVERITY).map(|(_, word, place)| severity(word, place)).transpose()?,
            unit: annotation(UNIT).map(|(_, unit, _)| (*unit).to_owned()),
            burn_tiers: annotation(BURN_ALERTS).map(|(_, word, place)| tiers(word, place)).transpose()?.is_some(),
            min_events: annotation(MIN_EVENTS).map(|(_, text, place)| number(text, place)).transpose()?.unwrap_or(0),
            place,
        })
    }
}

fn number(text: &str, place: &Place) -> Result<u64, Fault> {
    text.parse().map_err(|_| {
        Fault::bad_config("unknown-word", format!("The annotation {MIN_EVENTS} is {text:?}"))
            .advise("Write a whole number, such as 100.")
            .at(place.clone())
    })
}

fn tiers(word: &str, place: &Place) -> Result<(), Fault> {
    if word == "default" {
        return Ok(());
    }
    Err(Fault::bad_config("unknown-word", format!("The annotation {BURN_ALERTS} is {word:?}"))
        .advise("Write default: four tiers, each over a long and a short window.")
        .at(place.clone()))
}

fn severity(word: &str, place: &Place) -> Result<Severity, Fault> {
    Severity::parse(word).ok_or_else(|| {
        Fault::bad_config("unknown-word", format!("The annotation {SEVERITY} is {word:?}"))
            .advise("Write low, medium, high or critical.")
            .at(place.clone())
    })
}

/// Checks `description`, which every kind may have; says whether there is one.
pub(crate) fn described(spec: &Fields<'_>, notes: &mut Notes) -> Result<bool, Fault> {
    let Some(text) = spec.text("description")? else { return Ok(false) };
    short_enough(text, 1050, spec, "description", notes)?;
    Ok(true)
}

fn short_enough(text: &str, most: usize, fields: &Fields<'_>, key: &str, notes: &mut Notes) -> Result<(), Fault> {
    let length = text.chars().count();
    if length <= most {
        return Ok(());
    }
    let place = fields.required(key)?.place.clone();
    let message = format!("{} has {length} characters; OpenSLO allows {most}", fields.path_of(key));
    notes.deviation(Fault::bad_config("too-long", message).advise("Shorten it.").at(place))
}

/// RFC 1123 DNS label: OpenSLO demands it, its own README does not keep to it.
pub(crate) fn name_format(name: &str, path: &str, place: &Place, notes: &mut Notes) -> Result<(), Fault> {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let right = name.len() <= 63 && name.chars().all(inner) && !name.starts_with('-') && !name.ends_with('-');
    if right && !name.is_empty() {
        return Ok(());
    }
    let fault = Fault::bad_config("name-format", format!("{path} is {name:?}, which is not an RFC 1123 label"))
        .advise("Use at most 63 lower-case letters, digits and hyphens, with no hyphen at either end.")
        .at(place.clone());
    notes.deviation(fault)
}

fn labels(fields: &Fields<'_>, notes: &mut Notes) -> Result<bool, Fault> {
    let Some(node) = fields.node("labels") else { return Ok(false) };
    let labels = Fields::open(node, fields.path_of("labels"))?;
    for (key, value) in labels.entries() {
        label_values(value, &labels.path_of(&key.text))?;
        if !is_key_name(&key.text) {
            let fault = Fault::bad_config("label-name-chars", format!("{:?} is not a label key of OpenSLO", key.text))
                .advise("Use at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends.")
                .at(key.place.clone());
            notes.deviation(fault)?;
        }
        if ["__name__", "severity", "alertname"].contains(&key.text.as_str()) || key.text.starts_with("sloth_") {
            let message = format!("The label {:?} is one that rules for Prometheus set themselves", key.text);
            let fault = Fault::bad_config("reserved-label", message).advise("Choose another name.");
            notes.lint(fault.at(key.place.clone()));
        }
    }
    Ok(!labels.entries().is_empty())
}

/// A string or a list of strings.
fn label_values(node: &Node, path: &str) -> Result<(), Fault> {
    match &node.value {
        Value::List(items) => items.iter().try_for_each(|item| yaml::text(item, path).map(|_| ())),
        _ => yaml::text(node, path).map(|_| ()),
    }
}

type Annotation<'n> = (&'n str, &'n str, Place);

fn annotations<'n>(fields: &Fields<'n>, notes: &mut Notes) -> Result<Vec<Annotation<'n>>, Fault> {
    let Some(node) = fields.node("annotations") else { return Ok(vec![]) };
    let annotations = Fields::open(node, fields.path_of("annotations"))?;
    let mut found = vec![];
    for (key, value) in annotations.entries() {
        let text = yaml::text(value, &annotations.path_of(&key.text))?;
        if !is_annotation_key(&key.text) {
            let message = format!("{:?} is not an annotation key of OpenSLO", key.text);
            let fault = Fault::bad_config("annotation-key", message)
                .advise("Write a name, or a DNS name, a slash and a name, such as example.org/runbook.");
            notes.deviation(fault.at(key.place.clone()))?;
        }
        if key.text.starts_with("openslo.com/") {
            let message = format!("The annotation {:?} uses a prefix that OpenSLO keeps for itself", key.text);
            let fault = Fault::bad_config("reserved-annotation", message).advise("Choose a prefix of your own.");
            notes.lint(fault.at(key.place.clone()));
        }
        if key.text.starts_with("probity/") && ![SEVERITY, UNIT, BURN_ALERTS, MIN_EVENTS].contains(&key.text.as_str()) {
            return Err(Fault::bad_config("unknown-key", format!("{:?} is not an annotation of probity", key.text))
                .advise(format!("The annotations are {SEVERITY}, {UNIT}, {BURN_ALERTS} and {MIN_EVENTS}."))
                .at(key.place.clone()));
        }
        found.push((key.text.as_str(), text, value.place.clone()));
    }
    Ok(found)
}

fn is_annotation_key(key: &str) -> bool {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    is_key_name(name) && prefix.is_none_or(|prefix| prefix.len() <= 253 && prefix.split('.').all(is_dns_label))
}

pub(crate) fn is_dns_label(label: &str) -> bool {
    let right = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&label.len()) && label.chars().all(right) && !label.starts_with('-') && !label.ends_with('-')
}

fn is_key_name(name: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.len() <= 63 && name.chars().all(inner) && ends(name.chars().next()) && ends(name.chars().next_back())
}
