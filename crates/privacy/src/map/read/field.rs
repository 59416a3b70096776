//! `dataset[].collections[].fields[]`, flattened.

use model::Fault;
use yaml::{Fields, Node};

use super::{Reader, Shape, fides_key, masking};
use crate::map::settings::{self, Level};
use crate::map::{Direction, MappedField, Reference};
use crate::row::FieldPath;

const SHAPE: Shape = Shape {
    name: "a field",
    read: &["fields"],
    kept: &["data_uses", "data_purposes", "data_subjects"],
    meta_read: &["references", "identity", "primary_key", "data_type", "length", "read_only"],
    meta_kept: &["return_all_elements", "custom_request_field", "masking_strategy_override", "redact"],
};

/// What fideslang knows; `[]` behind it makes an array.
const DATA_TYPES: &[&str] = &["string", "integer", "float", "boolean", "object_id", "object"];

impl Reader {
    pub(super) fn field(
        &mut self,
        node: &Node,
        path: &str,
        above: &[String],
        into: &mut Vec<MappedField>,
    ) -> Result<(), Fault> {
        let parts = self.parts(node, path, &SHAPE)?;
        let name = parts.fields.required_text("name")?;
        if name.contains('.') {
            self.dotted(name, &parts.fields);
        }
        let path = FieldPath(above.iter().cloned().chain([name.to_owned()]).collect());
        let mut field = MappedField {
            path,
            description: self.text_of(&parts.fields, "description"),
            categories: self.categories(&parts.fields),
            place: self.place(node),
            ..MappedField::default()
        };
        if let Some(meta) = &parts.meta {
            self.meta(meta, &mut field);
        }
        if let Some(probity) = parts.probity {
            field.settings = settings::read(probity, Level::Field, &self.file, &mut self.faults);
            self.references(&Fields::open(probity, "meta.probity")?, true, &mut field.references);
        }
        field.rest = parts.rest;
        let inner = parts.fields.list("fields")?;
        let scalar = field.data_type.as_deref().filter(|name| base(name) != "object");
        if let (Some(name), false) = (scalar, inner.is_empty()) {
            let message = format!("{} is {name:?} and has fields of its own", field.path);
            self.wrong(
                Fault::bad_config("fields-of-scalar", message)
                    .advise("Make its data_type object, or leave the data_type out.")
                    .at(node.place.clone()),
            );
        }
        let above = field.path.0.clone();
        into.push(field);
        for (path, node) in inner {
            let field = self.field(node, &path, &above, into);
            self.keep(field);
        }
        Ok(())
    }

    fn dotted(&mut self, name: &str, fields: &Fields<'_>) {
        let place = fields.node("name").map(|node| node.place.clone()).unwrap_or_default();
        let message = format!("The name {name:?} has a dot in it and is read as one column");
        let advice = "Where a path into a document is meant, nest it: fields under fields.";
        self.warn(Fault::bad_config("dot-in-name", message).advise(advice).at(place));
    }

    fn meta(&mut self, meta: &Fields<'_>, field: &mut MappedField) {
        field.identity = self.text_of(meta, "identity");
        field.primary_key = self.flag(meta, "primary_key") == Some(true);
        field.read_only = self.flag(meta, "read_only") == Some(true);
        let data_type = data_type(meta);
        field.data_type = self.keep(data_type).flatten();
        let length = length(meta);
        field.length = self.keep(length).flatten();
        self.flag(meta, "return_all_elements");
        let is_array = field.data_type.as_deref().is_some_and(|name| name.ends_with("[]"));
        if let (Some(node), false) = (meta.node("return_all_elements"), is_array) {
            let message = format!("{} is not an array, and has return_all_elements", field.path);
            let advice = "Leave it out, or write [] behind the data_type.";
            self.wrong(Fault::bad_config("not-an-array", message).advise(advice).at(node.place.clone()));
        }
        if let Some(node) = meta.node("masking_strategy_override") {
            match masking::read(node, &meta.path_of("masking_strategy_override")) {
                Ok(masking) => field.masking = Some(masking),
                // fideslang takes any name; what is not understood is not done, and said.
                Err(fault) if fault.code() == "unknown-strategy" => self.warn(fault),
                Err(fault) => self.wrong(fault),
            }
        }
        self.references(meta, false, &mut field.references);
    }

    fn references(&mut self, of: &Fields<'_>, own: bool, into: &mut Vec<Reference>) {
        let known: &[&str] =
            if own { &["dataset", "field", "direction", "when"] } else { &["dataset", "field", "direction"] };
        for (path, node) in self.keep(of.list("references")).unwrap_or_default() {
            let fields = Fields::open(node, &path);
            let Some(fields) = self.keep(fields) else { continue };
            if let Some((key, _)) = fields.entries().iter().find(|(key, _)| !known.contains(&key.text.as_str())) {
                match own {
                    true => {
                        let strict = Fields::of(node, &path, known).map(|_| ());
                        self.keep(strict);
                    }
                    false => self.unknown_key(key, "a reference", known),
                }
            }
            let reference = self.reference(&fields, node);
            into.extend(self.keep(reference));
        }
    }

    fn reference(&mut self, fields: &Fields<'_>, node: &Node) -> Result<Reference, Fault> {
        let dataset = fides_key(fields.required_text("dataset")?, node)?.to_owned();
        let field = fields.required_text("field")?;
        let (collection, path) = match field.split_once('.') {
            Some((collection, path)) => (collection, FieldPath::parse(path)),
            None => (field, FieldPath::default()),
        };
        let direction = match fields.node("direction").map(|node| (node.scalar(), node)) {
            None => None,
            Some((Some("from"), _)) => Some(Direction::From),
            Some((Some("to"), _)) => Some(Direction::To),
            Some((word, node)) => {
                let message = format!("{:?} is not a direction", word.unwrap_or_default());
                let advice = "Write from (the other field feeds this one) or to; for both ways leave it out.";
                return Err(Fault::bad_config("bad-direction", message).advise(advice).at(node.place.clone()));
            }
        };
        let when = match fields.child("when", &["field", "is"])? {
            Some(when) => Some((FieldPath::parse(when.required_text("field")?), when.required_text("is")?.to_owned())),
            None => None,
        };
        let collection = collection.to_owned();
        Ok(Reference { dataset, collection, field: path, direction, when, place: self.place(node) })
    }
}

/// The type without what makes it an array.
pub(super) fn base(data_type: &str) -> &str {
    data_type.split("[]").next().unwrap_or_default()
}

fn data_type(meta: &Fields<'_>) -> Result<Option<String>, Fault> {
    let Some(text) = meta.text("data_type")? else { return Ok(None) };
    let name = base(text);
    if text.is_empty() || DATA_TYPES.contains(&name) {
        return Ok(Some(text.to_owned()).filter(|text| !text.is_empty()));
    }
    let advice = match model::nearest(name, DATA_TYPES.iter().copied()) {
        Some(near) => format!("Did you mean {near:?}?"),
        None => format!("The types are {}; [] behind one makes an array.", DATA_TYPES.join(", ")),
    };
    let place = meta.node("data_type").map(|node| node.place.clone()).unwrap_or_default();
    Err(Fault::bad_config("unknown-data-type", format!("There is no data type {text:?}")).advise(advice).at(place))
}

fn length(meta: &Fields<'_>) -> Result<Option<u64>, Fault> {
    let Some(node) = meta.node("length") else { return Ok(None) };
    match node.scalar().and_then(|text| text.trim().parse().ok()).filter(|length| *length > 0) {
        Some(length) => Ok(Some(length)),
        None => {
            Err(Fault::bad_config("bad-length", format!("{:?} is not a length", node.scalar().unwrap_or_default()))
                .advise("Write a whole number above 0.")
                .at(node.place.clone()))
        }
    }
}
