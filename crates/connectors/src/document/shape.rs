//! What the data map says about a collection of documents.

use model::{Fault, Place};
use privacy::map::{Dataset, MappedCollection, Settings};
use privacy::row::FieldPath;

use super::template::Template;

/// One collection: which names hold its rows, and how.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// As in the map.
    pub(crate) name: String,
    /// `meta.probity.keys`; none: the map does not say.
    pub(crate) templates: Vec<Template>,
    /// `meta.probity.format`.
    pub(crate) format: Option<String>,
    /// The fields that are marked as primary key, in their order.
    pub(crate) key: Vec<FieldPath>,
    /// Fields and their types, as declared.
    pub(crate) fields: Vec<(FieldPath, Option<String>)>,
    /// All of `meta.probity`.
    pub(crate) settings: Settings,
    /// Where it stands in the map.
    pub(crate) place: Place,
}

impl Shape {
    /// The shapes of a dataset; `separator` is that of the store's names.
    pub(crate) fn of(dataset: &Dataset, separator: char) -> Result<Vec<Shape>, Fault> {
        let wanted = dataset.collections.iter().filter(|collection| !collection.skip);
        wanted.map(|collection| Shape::one(collection, separator)).collect()
    }

    fn one(collection: &MappedCollection, separator: char) -> Result<Shape, Fault> {
        let is_key = |word: &str| word == "keys" || word.starts_with("keys[");
        let words = collection.settings.words.iter().filter(|(word, _)| is_key(word));
        let templates =
            words.map(|(_, (text, place))| Template::parse(text, separator).map_err(|fault| fault.at(place.clone())));
        Ok(Shape {
            name: collection.name.clone(),
            templates: templates.collect::<Result<_, _>>()?,
            format: collection.settings.word("format").map(str::to_owned),
            key: collection.fields.iter().filter(|field| field.primary_key).map(|field| field.path.clone()).collect(),
            fields: collection.fields.iter().map(|field| (field.path.clone(), field.data_type.clone())).collect(),
            settings: collection.settings.clone(),
            place: collection.place.clone(),
        })
    }

    /// The variables of a name of this collection, or nothing when it is none.
    pub(crate) fn matches(&self, name: &str) -> Option<Vec<(String, String)>> {
        self.templates.iter().find_map(|template| template.matches(name))
    }

    /// The variables of all templates, each once.
    pub(crate) fn variables(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.templates.iter().flat_map(Template::variables) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// What a map of this collection has to say: `keys`, `format`, `rows`.
    pub(crate) fn words(&self, format: Option<&str>) -> Vec<(String, String)> {
        let mut words: Vec<(String, String)> = match self.templates.as_slice() {
            [template] => vec![("keys".to_owned(), template.text().to_owned())],
            several => {
                let numbered = several.iter().enumerate();
                numbered.map(|(number, template)| (format!("keys[{number}]"), template.text().to_owned())).collect()
            }
        };
        words.extend(format.map(|format| ("format".to_owned(), format.to_owned())));
        words.extend(self.settings.word("rows").map(|rows| ("rows".to_owned(), rows.to_owned())));
        words
    }

    /// A fault of the map at this collection.
    pub(crate) fn wrong(&self, code: &'static str, why: String) -> Fault {
        Fault::bad_config(code, why).at(self.place.clone())
    }
}

/// The collections of the map and those that a listing of names proposed. A mapped one without `keys` takes the names, and
/// where it says none the format, of the proposal that is called like it.
pub(crate) fn settled(mapped: &[Shape], proposed: &[Shape]) -> Vec<Shape> {
    let one = |shape: &Shape| {
        let mut shape = shape.clone();
        let same = proposed.iter().find(|proposal| proposal.name == shape.name);
        if let Some(proposal) = same.filter(|_| shape.templates.is_empty()) {
            shape.templates.clone_from(&proposal.templates);
            shape.format = shape.format.take().or_else(|| proposal.format.clone());
            for (word, text) in &proposal.settings.words {
                shape.settings.words.entry(word.clone()).or_insert_with(|| text.clone());
            }
        }
        shape
    };
    let is_new = |proposal: &&Shape| mapped.iter().all(|shape| shape.name != proposal.name);
    mapped.iter().map(one).chain(proposed.iter().filter(is_new).cloned()).collect()
}
