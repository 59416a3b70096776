//! fideslang dataset YAML to the data map.
//!
//! What fideslang 3.1.4 refuses is refused here, each fault in its place. What it accepts although it is rarely meant
//! (unknown keys and categories, dots in names, references to nothing) is a warning in its place. What means nothing here
//! is kept in [`Rest`] and in [`Reading::others`].

mod collection;
mod dataset;
mod field;
pub(super) mod masking;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use model::{Fault, Place};
use yaml::{Fields, Key, Node, Value};

use super::{DataMap, Rest, references, taxonomy};

/// Bounds on the data map. A file beyond one of them is refused whole, with the fault `yaml-too-large`.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of one file.
    pub file: yaml::Limits,
    /// Faults that are collected before reading stops, and warnings that are kept.
    pub faults: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { file: yaml::Limits { bytes: 128 << 20, nodes: 8_000_000, depth: 64 }, faults: 1000 }
    }
}

/// Keys and values at the top of a file, as they were written.
pub type Others = Vec<(String, Node)>;

/// A data map, read.
#[derive(Debug, Default)]
pub struct Reading {
    /// The datasets of all files.
    pub map: DataMap,
    /// What deserves a look but stops nothing, located, in the order of the files.
    pub warnings: Vec<Fault>,
    /// Per file the other keys at its top (`system`, `policy`, `data_category`, …): for Fides, not for us.
    pub others: Vec<(PathBuf, Others)>,
}

/// Reads the files of a data map; the order of the files does not matter.
///
/// # Errors
/// Every fault that was found, at least one: `bad-yaml`, `duplicate-key`, `yaml-too-large`, `wrong-type`, `missing-key`,
/// `unknown-key`, `bad-map-setting`, `bad-fides-key`, `duplicate-name`, `unknown-data-type`, `fields-of-scalar`,
/// `not-an-array`, `bad-length`, `bad-direction`, `bad-collection-key`, `unknown-strategy`, `unknown-field`.
pub fn read<'t>(files: impl IntoIterator<Item = (&'t Path, &'t str)>, limits: &Limits) -> Result<Reading, Vec<Fault>> {
    let mut all = Reader { limits: *limits, ..Reader::default() };
    for (path, text) in files {
        all.file = path.to_path_buf();
        if let Err(fault) = all.text(text) {
            all.wrong(fault);
        }
    }
    all.finish()
}

/// Reads one file after the other and collects what is said about them.
#[derive(Default)]
struct Reader {
    file: PathBuf,
    limits: Limits,
    map: DataMap,
    others: Vec<(PathBuf, Vec<(String, Node)>)>,
    faults: Vec<Fault>,
    warnings: Vec<Fault>,
    /// Categories that are named somewhere, where first, and those that the files declare.
    used: HashMap<String, Place>,
    declared: Vec<String>,
}

impl Reader {
    fn text(&mut self, text: &str) -> Result<(), Fault> {
        let mut others = Vec::new();
        for mut document in yaml::read(text, &self.limits.file)? {
            document.merge();
            self.document(&document, &mut others)?;
        }
        self.others.push((self.file.clone(), others));
        Ok(())
    }

    fn document(&mut self, document: &Node, others: &mut Vec<(String, Node)>) -> Result<(), Fault> {
        let top = Fields::open(document, "")?;
        if top.node("fides_key").is_some() && top.node("collections").is_some() {
            return Err(Fault::bad_config("missing-key", "This is a dataset without the list that it belongs into")
                .advise("Begin the file with `dataset:` and put `- ` before fides_key.")
                .at(document.place.clone()));
        }
        for (key, node) in top.entries().iter().filter(|(_, node)| !node.is_null()) {
            match key.text.as_str() {
                "dataset" => {
                    for (path, dataset) in top.list("dataset")? {
                        let dataset = self.dataset(dataset, &path);
                        self.keep(dataset);
                    }
                    continue;
                }
                "data_category" => self.declared.extend(keys_of(node)),
                word if !TOP.contains(&word) => self.unknown_key(key, "a data map", TOP),
                _ => {}
            }
            others.push((key.text.clone(), node.clone()));
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Reading, Vec<Fault>> {
        self.map.datasets.sort_by(|a, b| a.key.cmp(&b.key));
        let twice = self.map.datasets.windows(2).filter(|pair| pair[0].key == pair[1].key);
        let twice: Vec<Fault> =
            twice.map(|pair| duplicate("dataset", &pair[1].key, &pair[0].place).at(pair[1].place.clone())).collect();
        self.faults.extend(twice);
        self.unknown_categories();
        self.warnings.extend(references::resolve(&mut self.map));
        if !self.faults.is_empty() {
            return Err(self.faults);
        }
        let mut warnings = self.warnings;
        warnings.sort_by_key(|warning| warning.place().map(|place| (place.file.clone(), place.line, place.column)));
        warnings.truncate(self.limits.faults);
        Ok(Reading { map: self.map, warnings, others: self.others })
    }

    fn unknown_categories(&mut self) {
        let known: Vec<&str> =
            taxonomy::categories().map(|(key, _)| key).chain(self.declared.iter().map(String::as_str)).collect();
        let unknown = self.used.iter().filter(|(category, _)| !known.contains(&category.as_str()));
        let warnings = unknown.map(|(category, place)| {
            let advice = match model::nearest(category, known.iter().copied()) {
                Some(near) => {
                    format!("Did you mean {near:?}? Categories of your own are declared under data_category.")
                }
                None => "Categories of your own are declared under data_category.".to_owned(),
            };
            Fault::bad_config("unknown-category", format!("There is no data category {category:?}"))
                .advise(advice)
                .at(place.clone())
        });
        self.warnings.extend(warnings);
    }

    /// The place of `node`, with the file.
    fn place(&self, node: &Node) -> Place {
        node.place.clone().in_file(&self.file)
    }

    fn wrong(&mut self, fault: Fault) {
        if self.faults.len() < self.limits.faults {
            self.faults.push(fault.in_file(&self.file));
        }
    }

    fn warn(&mut self, fault: Fault) {
        if self.warnings.len() < self.limits.faults {
            self.warnings.push(fault.in_file(&self.file));
        }
    }

    /// What was read, or nothing, with the fault noted.
    fn keep<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.wrong(fault)).ok()
    }

    fn unknown_key(&mut self, key: &Key, of: &str, known: &[&str]) {
        let fault = Fault::bad_config("unknown-map-key", format!("Nothing reads the key {:?} of {of}", key.text));
        let fault = match model::nearest(&key.text, known.iter().copied()) {
            Some(near) => fault.advise(format!("Did you mean {near:?}?")),
            None => fault.advise("Leave it out, or put it under meta."),
        };
        self.warn(fault.at(key.place.clone()));
    }

    /// The keys of a dataset, collection or field, apart: what is read, what is kept.
    fn parts<'n>(&mut self, node: &'n Node, path: &str, shape: &Shape) -> Result<Parts<'n>, Fault> {
        let fields = Fields::open(node, path)?;
        let mut rest = Rest::default();
        for (key, value) in fields.entries().iter().filter(|(_, value)| !value.is_null()) {
            if shape.read.contains(&key.text.as_str()) || COMMON.contains(&key.text.as_str()) {
                continue;
            }
            if !shape.kept.contains(&key.text.as_str()) {
                self.unknown_key(key, shape.name, &[shape.read, shape.kept, COMMON].concat());
            }
            rest.keys.push((key.text.clone(), value.clone()));
        }
        let meta = self.fides_meta(&fields, shape, &mut rest)?;
        let mut probity = None;
        if let Some(node) = fields.node("meta") {
            for (key, value) in Fields::open(node, fields.path_of("meta"))?.entries() {
                match key.text.as_str() {
                    "probity" => probity = Some(value).filter(|value| !value.is_null()),
                    _ => rest.meta.push((key.text.clone(), value.clone())),
                }
            }
        }
        Ok(Parts { fields, meta, probity, rest })
    }

    /// `fides_meta`, or the older `fidesops_meta` where that is missing or empty, as fideslang takes them.
    fn fides_meta<'n>(
        &mut self,
        fields: &Fields<'n>,
        shape: &Shape,
        rest: &mut Rest,
    ) -> Result<Option<Fields<'n>>, Fault> {
        let full = |key| {
            let empty = |node: &&Node| matches!(&node.value, Value::Map(entries) if entries.is_empty());
            fields.node(key).filter(|node| !empty(node)).map(|node| (key, node))
        };
        if let (Some((_, node)), true) = (full("fidesops_meta"), full("fides_meta").is_some()) {
            let message = "fidesops_meta is not read beside fides_meta";
            self.warn(Fault::bad_config("unknown-map-key", message).advise("Keep one of them.").at(node.place.clone()));
        }
        let Some((key, node)) = full("fides_meta").or_else(|| full("fidesops_meta")) else { return Ok(None) };
        let meta = Fields::open(node, fields.path_of(key))?;
        for (key, value) in meta.entries().iter().filter(|(_, value)| !value.is_null()) {
            if shape.meta_read.contains(&key.text.as_str()) {
                continue;
            }
            if !shape.meta_kept.contains(&key.text.as_str()) {
                self.unknown_key(key, "fides_meta", &[shape.meta_read, shape.meta_kept].concat());
            }
            rest.fides_meta.push((key.text.clone(), value.clone()));
        }
        Ok(Some(meta))
    }

    /// `data_categories` or another list of keys.
    fn keys(&mut self, fields: &Fields<'_>, key: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (path, node) in self.keep(fields.list(key)).unwrap_or_default() {
            let key = yaml::text(node, &path).and_then(|text| fides_key(text, node));
            found.extend(self.keep(key).map(str::to_owned));
        }
        found
    }

    fn categories(&mut self, fields: &Fields<'_>) -> Vec<String> {
        let nodes = fields.list("data_categories").unwrap_or_default();
        for (_, node) in nodes {
            let place = self.place(node);
            self.used.entry(node.scalar().unwrap_or_default().to_owned()).or_insert(place);
        }
        self.keys(fields, "data_categories")
    }

    fn flag(&mut self, fields: &Fields<'_>, key: &str) -> Option<bool> {
        let node = fields.node(key)?;
        let flag = node.scalar().and_then(super::settings::flag);
        let flag = flag.ok_or_else(|| yaml::wrong_type(&fields.path_of(key), node, "true or false"));
        self.keep(flag)
    }

    fn text_of(&mut self, fields: &Fields<'_>, key: &str) -> Option<String> {
        let text = fields.text(key).map(|text| text.map(str::to_owned));
        self.keep(text).flatten()
    }
}

/// Which keys a dataset, collection or field has.
struct Shape {
    name: &'static str,
    read: &'static [&'static str],
    kept: &'static [&'static str],
    meta_read: &'static [&'static str],
    meta_kept: &'static [&'static str],
}

/// What every level has.
const COMMON: &[&str] = &["name", "description", "data_categories", "fides_meta", "fidesops_meta", "meta"];

struct Parts<'n> {
    fields: Fields<'n>,
    meta: Option<Fields<'n>>,
    probity: Option<&'n Node>,
    rest: Rest,
}

const TOP: &[&str] = &[
    "dataset",
    "system",
    "policy",
    "organization",
    "data_category",
    "data_use",
    "data_subject",
    "connection",
    "consumer",
    "purpose",
    "registry",
];

/// The `fides_key` of each entry of a list.
fn keys_of(node: &Node) -> Vec<String> {
    let Value::List(items) = &node.value else { return vec![] };
    items.iter().filter_map(|item| item.entry("fides_key")?.scalar()).map(str::to_owned).collect()
}

/// A key as fideslang takes it.
fn fides_key<'t>(text: &'t str, node: &Node) -> Result<&'t str, Fault> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.<>-".contains(&byte);
    if !text.is_empty() && text.bytes().all(fits) {
        return Ok(text);
    }
    Err(Fault::bad_config("bad-fides-key", format!("{text:?} is not a key"))
        .advise("Write letters without accents, digits and the signs _ . < > - only.")
        .at(node.place.clone()))
}

fn duplicate(what: &str, name: &str, first: &Place) -> Fault {
    Fault::bad_config("duplicate-name", format!("There is a {what} {name:?} already, at {first}"))
        .advise("Keep one of the two, or give one another name.")
}
