//! Writes a document: only what is reachable, numbered in the order in which it is met, one revision.

use std::collections::{HashMap, VecDeque};

use lopdf::{Dictionary, Document, Object, ObjectId};
use model::Fault;

use super::lex;
use super::work::too_large;

/// Arrays and dictionaries in one another; the reader allows as many.
const NESTING_MAX: usize = 128;

/// The bytes of the document. The same objects always give the same bytes.
pub(super) fn write(document: &mut Document) -> Result<Vec<u8>, Fault> {
    document.objects.values_mut().for_each(sort);
    let document = &*document;
    let mut trailer = Dictionary::new();
    for key in [&b"Root"[..], b"Info"] {
        if let Ok(object) = document.trailer.get(key) {
            trailer.set(key, object.clone());
        }
    }
    let order = order(document, &trailer)?;
    let numbers: HashMap<ObjectId, usize> = order.iter().enumerate().map(|(at, id)| (*id, at + 1)).collect();
    let version = document.version.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect::<String>();
    let mut out = format!("%PDF-{}\n%\u{e2}\u{e3}\n", if version.is_empty() { "1.7" } else { &version }).into_bytes();
    let mut offsets = Vec::new();
    for (at, id) in order.iter().enumerate() {
        offsets.push(out.len());
        out.extend_from_slice(format!("{} 0 obj\n", at + 1).as_bytes());
        // Everything in `order` was found in the document.
        object(&mut out, document.objects.get(id).unwrap_or(&Object::Null), &numbers);
        out.extend_from_slice(b"\nendobj\n");
    }
    let start = out.len();
    out.extend_from_slice(format!("xref\n0 {}\n0000000000 65535 f \n", offsets.len() + 1).as_bytes());
    for offset in &offsets {
        out.extend_from_slice(format!("{offset:010} 00000 n \n").as_bytes());
    }
    let digest = identity(&out[..start]);
    let part = || Object::String(digest.clone(), lopdf::StringFormat::Hexadecimal);
    trailer.set("Size", offsets.len() as i64 + 1);
    trailer.set("ID", vec![part(), part()]);
    out.extend_from_slice(b"trailer\n");
    dictionary(&mut out, &trailer, &numbers);
    out.extend_from_slice(format!("\nstartxref\n{start}\n%%EOF\n").as_bytes());
    Ok(out)
}

/// Entries of streams stand in the order of their names: what is taken out and set again would change their order.
fn sort(object: &mut Object) {
    if let Object::Stream(stream) = object {
        // The length is written when it is known, as the last of them.
        stream.dict.remove(b"Length");
        let mut entries: Vec<_> = std::mem::take(&mut stream.dict).into_iter().collect();
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        stream.dict = entries.into_iter().collect();
    }
}

/// The file identifier is made from the content: the old one would tie the output to its original.
fn identity(bytes: &[u8]) -> Vec<u8> {
    use sha2::Digest;
    sha2::Sha256::digest(bytes)[..16].to_vec()
}

/// Reachable objects, breadth first.
fn order(document: &Document, trailer: &Dictionary) -> Result<Vec<ObjectId>, Fault> {
    let mut order = Vec::new();
    let mut seen: HashMap<ObjectId, ()> = HashMap::new();
    let mut queue = VecDeque::new();
    let mut found = Vec::new();
    for (_, object) in trailer.iter() {
        references(object, 0, &mut found)?;
    }
    loop {
        for id in found.drain(..) {
            if document.objects.contains_key(&id) && seen.insert(id, ()).is_none() {
                queue.push_back(id);
            }
        }
        let Some(id) = queue.pop_front() else { return Ok(order) };
        order.push(id);
        if let Some(object) = document.objects.get(&id) {
            references(object, 0, &mut found)?;
        }
    }
}

/// Every reference in an object, in order.
pub(super) fn references(object: &Object, depth: usize, found: &mut Vec<ObjectId>) -> Result<(), Fault> {
    if depth > NESTING_MAX {
        return Err(too_large("its objects lie too deep in one another"));
    }
    match object {
        Object::Reference(id) => found.push(*id),
        Object::Array(items) => {
            for item in items {
                references(item, depth + 1, found)?;
            }
        }
        Object::Dictionary(dict) | Object::Stream(lopdf::Stream { dict, .. }) => {
            for (_, value) in dict.iter() {
                references(value, depth + 1, found)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn object(out: &mut Vec<u8>, value: &Object, numbers: &HashMap<ObjectId, usize>) {
    match value {
        Object::Null => out.extend_from_slice(b"null"),
        Object::Boolean(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
        Object::Integer(value) => out.extend_from_slice(value.to_string().as_bytes()),
        // The shortest text that reads as the same number.
        Object::Real(value) => out.extend_from_slice(value.to_string().as_bytes()),
        Object::Name(name) => lex::write_name(out, name),
        Object::String(text, _) => string(out, text),
        Object::Reference(id) => match numbers.get(id) {
            Some(number) => out.extend_from_slice(format!("{number} 0 R").as_bytes()),
            // ISO 32000-1, 7.3.10: a reference to nothing is null.
            None => out.extend_from_slice(b"null"),
        },
        Object::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b' ');
                }
                object(out, item, numbers);
            }
            out.push(b']');
        }
        Object::Dictionary(dict) => dictionary(out, dict, numbers),
        Object::Stream(stream) => {
            let mut dict = stream.dict.clone();
            dict.set("Length", stream.content.len() as i64);
            dictionary(out, &dict, numbers);
            out.extend_from_slice(b"\nstream\n");
            out.extend_from_slice(&stream.content);
            out.extend_from_slice(b"\nendstream");
        }
    }
}

fn dictionary(out: &mut Vec<u8>, dict: &Dictionary, numbers: &HashMap<ObjectId, usize>) {
    out.extend_from_slice(b"<<");
    for (key, value) in dict.iter() {
        lex::write_name(out, key);
        out.push(b' ');
        object(out, value, numbers);
        out.push(b' ');
    }
    out.extend_from_slice(b">>");
}

fn string(out: &mut Vec<u8>, text: &[u8]) {
    if text.iter().any(|byte| !(32..127).contains(byte)) {
        return lex::write_hex(out, text);
    }
    out.push(b'(');
    for byte in text {
        if b"()\\".contains(byte) {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b')');
}
