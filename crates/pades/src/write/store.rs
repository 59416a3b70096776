//! What is written to.

use lopdf::{Dictionary, Object, ObjectId, StringFormat, dictionary};
use model::Fault;

/// Objects that can be read, changed and added.
pub(crate) trait Store {
    /// The number of the catalog.
    fn root(&self) -> Result<ObjectId, Fault>;

    /// What an object is; what it refers to, if it is a reference. Null if there is nothing.
    fn resolve(&self, object: &Object) -> Result<Object, Fault>;

    /// Puts an object in the place of another.
    fn set(&mut self, id: ObjectId, object: Object);

    /// Adds an object.
    fn add(&mut self, object: Object) -> ObjectId;

    /// The dictionary of a number.
    fn dictionary(&self, id: ObjectId) -> Result<Dictionary, Fault> {
        match self.resolve(&Object::Reference(id))? {
            Object::Dictionary(dict) => Ok(dict),
            _ => Err(broken("a dictionary is missing")),
        }
    }

    /// The dictionary that an entry holds or refers to.
    fn inner(&self, dict: &Dictionary, key: &[u8]) -> Result<Option<Dictionary>, Fault> {
        let Ok(object) = dict.get(key) else { return Ok(None) };
        match self.resolve(object)? {
            Object::Dictionary(dict) => Ok(Some(dict)),
            Object::Null => Ok(None),
            _ => Err(broken("a dictionary is missing")),
        }
    }

    /// The array that an entry holds or refers to; empty if there is none.
    fn list(&self, dict: &Dictionary, key: &[u8]) -> Result<Vec<Object>, Fault> {
        let Ok(object) = dict.get(key) else { return Ok(Vec::new()) };
        match self.resolve(object)? {
            Object::Array(items) => Ok(items),
            Object::Null => Ok(Vec::new()),
            other => Ok(vec![other]),
        }
    }

    /// Changes an entry where it stands: in the dictionary, or in the object that it refers to.
    fn put(&mut self, dict: &mut Dictionary, key: &[u8], value: Object) {
        match dict.get(key) {
            Ok(Object::Reference(id)) => {
                let id = *id;
                self.set(id, value);
            }
            _ => dict.set(key, value),
        }
    }
}

pub(crate) fn broken(what: &str) -> Fault {
    Fault::bad_input("pdf-broken", format!("The PDF cannot be signed: {what}."))
        .advise("Repair a copy first, for example with `qpdf IN OUT`, look at it, and sign that.")
}

/// A byte range of the right width, to be written over.
const WIDE: i64 = 9_999_999_999;

/// A signature dictionary with room for `octets`.
pub(crate) fn place_holder(kind: &str, sub_filter: &str, octets: usize) -> Dictionary {
    dictionary! {
        "Type" => kind,
        "Filter" => "Adobe.PPKLite",
        "SubFilter" => sub_filter,
        "ByteRange" => vec![Object::Integer(0), WIDE.into(), WIDE.into(), WIDE.into()],
        "Contents" => Object::String(vec![0; octets], StringFormat::Hexadecimal),
    }
}
