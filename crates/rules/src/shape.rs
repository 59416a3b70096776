//! The shapes of facts: what a rule may name, and what a collector must give.
//!
//! Declared in `shapes/*.yaml`, one file per fact. A field is `TYPE, what it is`; a `?` after its name says that it may not
//! be known, and then it is null. Lists and records nest:
//!
//! ```yaml
//! name: kubernetes
//! title: Kubernetes manifests
//! fields:
//!   containers:
//!     about: containers of all workloads
//!     list:
//!       name: text, its name
//!       runs_as_non_root?: flag, whether the image's user is refused when it is root
//!       place: place, file and line
//! ```

use std::collections::BTreeMap;

use model::Fault;
use serde_json::Value;
use yaml::{Fields, Node};

macro_rules! built_in {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("../shapes/", $name, ".yaml")))),*] };
}

const BUILT_IN: &[(&str, &str)] = built_in![
    "alerts",
    "authority",
    "backups",
    "consent",
    "datamap",
    "dockerfiles",
    "endpoints",
    "evaluations",
    "exposed",
    "flags",
    "har",
    "holds",
    "incidents",
    "ingested",
    "keys",
    "kong",
    "kubernetes",
    "ledger",
    "load",
    "mariadb",
    "nats",
    "postgresql",
    "queries",
    "records",
    "redis",
    "requests",
    "retention",
    "reviews",
    "scans",
    "servers",
    "stores",
    "terraform",
    "tests",
    "workflows",
];

/// What a value looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Text.
    Text,
    /// A whole number, −2⁶³ … 2⁶³−1.
    Integer,
    /// A number with a fraction; inexact.
    Number,
    /// True or false.
    Flag,
    /// An instant, RFC 3339; CEL's `timestamp`.
    Time,
    /// A length of time in whole seconds; CEL's `duration`.
    Duration,
    /// Where it stands: `file:line:column`, or `store.collection.field`.
    Place,
    /// Several of one shape.
    List(Box<Shape>),
    /// Values under names that are data.
    Map(Box<Shape>),
    /// Fields with names that are known.
    Record(Vec<Field>),
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What stands there.
    pub shape: Shape,
    /// Whether it may be unknown; it is null then.
    pub optional: bool,
    /// What it is, in a phrase.
    pub about: String,
}

/// One fact: its name, and the fields of its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactShape {
    /// What rules call it.
    pub name: String,
    /// What it is, in a phrase.
    pub title: String,
    /// How it is come by, in a phrase: `Kubernetes manifests given with --input`.
    pub origin: String,
    /// Its fields, a [`Shape::Record`].
    pub shape: Shape,
}

/// Every fact there is.
#[derive(Clone, Debug, Default)]
pub struct Catalogue(BTreeMap<String, FactShape>);

impl Catalogue {
    /// The facts probity itself collects.
    ///
    /// # Panics
    /// Never: a test reads every built-in shape.
    pub fn built_in() -> Self {
        let mut catalogue = Catalogue::default();
        for (name, text) in BUILT_IN {
            let fact = FactShape::read(text).unwrap_or_else(|fault| panic!("shapes/{name}.yaml: {fault:?}"));
            catalogue.0.insert(fact.name.clone(), fact);
        }
        catalogue
    }

    /// Adds a fact of one's own; the name of a built-in one is refused.
    ///
    /// # Errors
    /// `duplicate-fact`.
    pub fn add(&mut self, fact: FactShape) -> Result<(), Fault> {
        if self.0.contains_key(&fact.name) {
            let message = format!("There is a fact named {:?} already", fact.name);
            return Err(Fault::bad_config("duplicate-fact", message).advise("Give yours another name."));
        }
        self.0.insert(fact.name.clone(), fact);
        Ok(())
    }

    /// The fact named `name`.
    pub fn find(&self, name: &str) -> Option<&FactShape> {
        self.0.get(name)
    }

    /// Every fact, by name.
    pub fn all(&self) -> impl Iterator<Item = &FactShape> {
        self.0.values()
    }
}

impl FactShape {
    /// Reads a shape file.
    ///
    /// # Errors
    /// `bad-shape` and what [`yaml::read`] says, with line and column.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let nodes = yaml::read(text, &yaml::Limits::default())?;
        let [node] = nodes.as_slice() else {
            return Err(Fault::bad_config("bad-shape", "A shape file holds one document")
                .advise("Write one fact in one file, with `name`, `title`, `origin` and `fields`."));
        };
        let fields = Fields::of(node, "", &["name", "title", "origin", "fields"])?;
        Ok(FactShape {
            name: fields.required_text("name")?.to_owned(),
            title: fields.required_text("title")?.to_owned(),
            origin: fields.required_text("origin")?.to_owned(),
            shape: record(fields.required("fields")?, "fields")?,
        })
    }

    /// Holds a value against the shape: the first place where it does not fit, as `containers[3].name: …`.
    pub fn misfit(&self, value: &Value) -> Option<String> {
        self.shape.misfit(value, &self.name)
    }
}

fn record(node: &Node, path: &str) -> Result<Shape, Fault> {
    let entries = Fields::open(node, path)?;
    let field = |(key, node): &(yaml::Key, Node)| -> Result<Field, Fault> {
        let path = entries.path_of(&key.text);
        let (name, optional) = match key.text.strip_suffix('?') {
            Some(name) => (name, true),
            None => (key.text.as_str(), false),
        };
        let (shape, about) = field(node, &path)?;
        Ok(Field { name: name.to_owned(), shape, optional, about })
    };
    Ok(Shape::Record(entries.entries().iter().map(field).collect::<Result<_, _>>()?))
}

/// `text, its name`, or a mapping with `about` and one of `list`, `map`, `record`.
pub(crate) fn field(node: &Node, path: &str) -> Result<(Shape, String), Fault> {
    if let Some(text) = node.scalar() {
        let (word, about) = text.split_once(',').unwrap_or((text, ""));
        return Ok((scalar(word.trim(), node)?, about.trim().trim_matches('"').to_owned()));
    }
    let fields = Fields::of(node, path, &["about", "list", "map", "record"])?;
    let about = fields.text("about")?.unwrap_or_default().to_owned();
    let inner = |key: &str| -> Result<Option<Shape>, Fault> {
        let Some(node) = fields.node(key) else { return Ok(None) };
        let path = fields.path_of(key);
        Ok(Some(match node.scalar() {
            Some(word) => scalar(word.trim(), node)?,
            None => record(node, &path)?,
        }))
    };
    match (inner("list")?, inner("map")?, inner("record")?) {
        (Some(item), None, None) => Ok((Shape::List(Box::new(item)), about)),
        (None, Some(value), None) => Ok((Shape::Map(Box::new(value)), about)),
        (None, None, Some(record)) => Ok((record, about)),
        _ => Err(bad_shape(node, &format!("{path} needs exactly one of `list`, `map` and `record`"))),
    }
}

const WORDS: [(&str, Shape); 7] = [
    ("text", Shape::Text),
    ("integer", Shape::Integer),
    ("number", Shape::Number),
    ("flag", Shape::Flag),
    ("time", Shape::Time),
    ("duration", Shape::Duration),
    ("place", Shape::Place),
];

fn scalar(word: &str, node: &Node) -> Result<Shape, Fault> {
    WORDS.iter().find(|(known, _)| *known == word).map(|(_, shape)| shape.clone()).ok_or_else(|| {
        let near = model::nearest(word, WORDS.iter().map(|(word, _)| *word));
        bad_shape(
            node,
            &match near {
                Some(near) => format!("{word:?} is no type; did you mean {near:?}?"),
                None => format!("{word:?} is no type"),
            },
        )
    })
}

fn bad_shape(node: &Node, why: &str) -> Fault {
    let words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
    Fault::bad_config("bad-shape", why).advise(format!("The types are {}.", words.join(", "))).at(node.place.clone())
}

impl Shape {
    /// The word for it, as messages say it.
    pub fn word(&self) -> &'static str {
        match self {
            Shape::List(_) => "list",
            Shape::Map(_) => "map",
            Shape::Record(_) => "record",
            scalar => WORDS.iter().find(|(_, shape)| shape == scalar).map_or("value", |(word, _)| word),
        }
    }

    /// The field of a record.
    pub fn field(&self, name: &str) -> Option<&Field> {
        match self {
            Shape::Record(fields) => fields.iter().find(|field| field.name == name),
            _ => None,
        }
    }

    fn misfit(&self, value: &Value, path: &str) -> Option<String> {
        let fits = match (self, value) {
            (Shape::Text | Shape::Place, Value::String(_)) | (Shape::Flag, Value::Bool(_)) => true,
            (Shape::Integer | Shape::Duration, Value::Number(number)) => number.is_i64(),
            (Shape::Number, Value::Number(_)) => true,
            (Shape::Time, Value::String(text)) => model::Instant::parse(text).is_ok(),
            (Shape::List(item), Value::Array(items)) => {
                let misfit = |(index, value)| item.misfit(value, &format!("{path}[{index}]"));
                return items.iter().enumerate().find_map(misfit);
            }
            (Shape::Map(inner), Value::Object(map)) => {
                return map.iter().find_map(|(key, value)| inner.misfit(value, &format!("{path}[{key:?}]")));
            }
            (Shape::Record(fields), Value::Object(map)) => return misfit_of_record(fields, map, path),
            _ => false,
        };
        (!fits).then(|| format!("{path} is not a {}", self.word()))
    }
}

fn misfit_of_record(fields: &[Field], map: &serde_json::Map<String, Value>, path: &str) -> Option<String> {
    if let Some(name) = map.keys().find(|name| fields.iter().all(|field| field.name != **name)) {
        return Some(format!("{path}.{name} is declared nowhere"));
    }
    fields.iter().find_map(|field| match map.get(&field.name) {
        None | Some(Value::Null) if field.optional => None,
        None | Some(Value::Null) => Some(format!("{path}.{} is missing", field.name)),
        Some(value) => field.shape.misfit(value, &format!("{path}.{}", field.name)),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PETS: &str = "name: pets\ntitle: Pets\norigin: here\nfields:\n  dogs:\n    list:\n      name: text, how it is \
                        called\n      born?: time\n      legs: integer\n  tags:\n    map: text\n";

    #[test]
    fn every_built_in_shape_can_be_read() {
        assert_eq!(Catalogue::built_in().all().count(), BUILT_IN.len());
    }

    #[test]
    fn values_are_held_against_the_shape() {
        let pets = FactShape::read(PETS).unwrap();
        let check = |value: Value, misfit: Option<&str>| assert_eq!(pets.misfit(&value).as_deref(), misfit);
        check(json!({"dogs": [{"name": "Rex", "legs": 4}], "tags": {"a": "b"}}), None);
        check(json!({"dogs": [{"name": "Rex", "legs": 4, "born": null}], "tags": {}}), None);
        check(json!({"dogs": [{"legs": 4}], "tags": {}}), Some("pets.dogs[0].name is missing"));
        check(json!({"dogs": [{"name": "Rex", "legs": 4.5}], "tags": {}}), Some("pets.dogs[0].legs is not a integer"));
        check(json!({"dogs": [], "tags": {"a": 1}}), Some("pets.tags[\"a\"] is not a text"));
        check(json!({"dogs": [], "tags": {}, "cats": 1}), Some("pets.cats is declared nowhere"));
        let born = json!({"dogs": [{"name": "Rex", "legs": 4, "born": "yesterday"}], "tags": {}});
        check(born, Some("pets.dogs[0].born is not a time"));
    }

    #[test]
    fn a_bad_shape_is_an_error_with_its_line() {
        let text = PETS.replace("integer", "integre");
        let fault = FactShape::read(&text).unwrap_err();
        assert_eq!((fault.code(), fault.place().unwrap().line), ("bad-shape", 9));
        assert!(fault.message().contains("did you mean \"integer\""), "{fault:?}");
    }
}
