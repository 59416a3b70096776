//! Reading entries of dictionaries, through references.

use lopdf::{Dictionary, Document, Object, ObjectId, Stream};

/// What an entry holds, references followed.
pub(super) fn entry<'a>(document: &'a Document, dict: &'a Dictionary, key: &[u8]) -> Option<&'a Object> {
    document.dereference(dict.get(key).ok()?).ok().map(|(_, object)| object)
}

/// The entry as a dictionary; that of a stream counts.
pub(super) fn dictionary<'a>(document: &'a Document, dict: &'a Dictionary, key: &[u8]) -> Option<&'a Dictionary> {
    of(entry(document, dict, key)?)
}

/// The dictionary of an object or a stream.
pub(super) fn of(object: &Object) -> Option<&Dictionary> {
    match object {
        Object::Dictionary(dict) => Some(dict),
        Object::Stream(stream) => Some(&stream.dict),
        _ => None,
    }
}

/// The entry as a stream.
pub(super) fn stream<'a>(document: &'a Document, dict: &'a Dictionary, key: &[u8]) -> Option<&'a Stream> {
    entry(document, dict, key)?.as_stream().ok()
}

/// The entry as a name.
pub(super) fn name(document: &Document, dict: &Dictionary, key: &[u8]) -> Option<Vec<u8>> {
    entry(document, dict, key)?.as_name().ok().map(<[u8]>::to_vec)
}

/// The entry as an array; empty when it is none.
pub(super) fn array(document: &Document, dict: &Dictionary, key: &[u8]) -> Vec<Object> {
    entry(document, dict, key).and_then(|object| object.as_array().ok()).cloned().unwrap_or_default()
}

/// The entry as an integer.
pub(super) fn integer(document: &Document, dict: &Dictionary, key: &[u8]) -> Option<i64> {
    entry(document, dict, key)?.as_i64().ok()
}

/// The entry as a number.
pub(super) fn number(document: &Document, dict: &Dictionary, key: &[u8]) -> Option<f64> {
    entry(document, dict, key)?.as_float().ok().map(f64::from)
}

/// The entry as numbers.
pub(super) fn numbers(document: &Document, dict: &Dictionary, key: &[u8]) -> Vec<f64> {
    let items = array(document, dict, key);
    let resolved = items.iter().filter_map(|item| document.dereference(item).ok());
    resolved.filter_map(|(_, object)| object.as_float().ok().map(f64::from)).collect()
}

/// A dictionary entry of a name.
pub(super) fn named(text: &str) -> Object {
    Object::Name(text.as_bytes().to_vec())
}

/// Adds an object.
pub(super) fn add(document: &mut Document, object: Object) -> ObjectId {
    document.max_id += 1;
    let id = (document.max_id, 0);
    document.objects.insert(id, object);
    id
}
