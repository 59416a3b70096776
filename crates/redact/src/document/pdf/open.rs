//! Opens a document and brings it into the form that the other steps expect.

use std::collections::HashSet;

use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId};
use model::Fault;

use super::objects::{add, array, entry, of};
use super::work::{broken, too_large};
use crate::Limits;

/// The document.
///
/// # Errors
/// `pdf-encrypted`, `pdf-broken`, `pdf-too-large`.
pub(super) fn open(input: &[u8], limits: &Limits) -> Result<Document, Fault> {
    if input.len() as u64 > limits.document_bytes {
        return Err(too_large("it is larger than a document may be"));
    }
    let max = usize::try_from(limits.expanded_bytes).unwrap_or(usize::MAX);
    let options = LoadOptions { max_decompressed_size: Some(max), ..LoadOptions::default() };
    let mut document = match Document::load_mem_with_options(input, options) {
        Ok(document) => document,
        Err(lopdf::Error::Decryption(_) | lopdf::Error::InvalidPassword) => return Err(encrypted()),
        Err(_) => return Err(broken("its structure is damaged")),
    };
    if document.is_encrypted() || document.was_encrypted() || document.trailer.has(b"Encrypt") {
        return Err(encrypted());
    }
    if document.objects.len() > limits.parts.saturating_mul(50) {
        return Err(too_large("it has too many objects"));
    }
    if document.catalog().is_err() {
        return Err(broken("it has no catalog"));
    }
    information(&mut document);
    Ok(document)
}

/// The document information has an object of its own, or is none.
fn information(document: &mut Document) {
    let Some(information) = document.trailer.remove(b"Info") else { return };
    let id = match information {
        Object::Dictionary(_) => add(document, information),
        Object::Reference(id) if matches!(document.objects.get(&id), Some(Object::Dictionary(_))) => id,
        _ => return,
    };
    document.trailer.set("Info", Object::Reference(id));
}

fn encrypted() -> Fault {
    Fault::bad_input("pdf-encrypted", "The PDF is encrypted, and the output would not be.")
        .advise("Decrypt a copy first, for example with `qpdf --decrypt --password=… IN OUT`.")
}

/// Gives every font that lies in place an object of its own, so that it can be counted and changed.
pub(super) fn promote_fonts(document: &mut Document) {
    let ids: Vec<ObjectId> = document.objects.keys().copied().collect();
    for id in ids {
        let Some(slot) = document.objects.get_mut(&id) else { continue };
        let mut object = std::mem::replace(slot, Object::Null);
        fonts_within(document, &mut object);
        document.objects.insert(id, object);
    }
}

fn fonts_within(document: &mut Document, object: &mut Object) {
    match object {
        Object::Array(items) => items.iter_mut().for_each(|item| fonts_within(document, item)),
        Object::Dictionary(dict) | Object::Stream(lopdf::Stream { dict, .. }) => {
            if let Ok(Object::Dictionary(fonts)) = dict.get_mut(b"Font") {
                for (_, font) in fonts.iter_mut().filter(|(_, font)| matches!(font, Object::Dictionary(_))) {
                    let own = std::mem::replace(font, Object::Null);
                    *font = Object::Reference(add(document, own));
                }
            }
            dict.iter_mut().for_each(|(_, value)| fonts_within(document, value));
        }
        _ => {}
    }
}

/// A page, with the resources it inherits.
pub(super) struct Page {
    pub(super) id: ObjectId,
    pub(super) resources: Option<Dictionary>,
}

/// The pages in order; the page tree keeps no resources, which could hide something.
pub(super) fn pages(document: &mut Document, limits: &Limits) -> Result<Vec<Page>, Fault> {
    let root = document.catalog().ok().and_then(|catalog| catalog.get(b"Pages").and_then(Object::as_reference).ok());
    let Some(root) = root else { return Err(broken("it has no pages")) };
    let mut pages = Vec::new();
    let mut nodes = Vec::new();
    let mut seen = HashSet::new();
    let mut stack = vec![(root, None)];
    while let Some((id, inherited)) = stack.pop() {
        if !seen.insert(id) || seen.len() > limits.parts {
            return Err(broken("its page tree runs in a circle, or is too large"));
        }
        let Ok(node) = document.get_dictionary(id) else { return Err(broken("a page is missing")) };
        let resources = entry(document, node, b"Resources").and_then(of).cloned().or(inherited);
        if node.has(b"Kids") {
            nodes.push(id);
            let kids = array(document, node, b"Kids");
            for kid in kids.iter().rev() {
                let Ok(kid) = kid.as_reference() else { return Err(broken("its page tree is damaged")) };
                stack.push((kid, resources.clone()));
            }
        } else {
            pages.push(Page { id, resources });
        }
    }
    for id in nodes {
        if let Ok(node) = document.get_dictionary_mut(id) {
            node.remove(b"Resources");
        }
    }
    if pages.is_empty() { Err(broken("it has no pages")) } else { Ok(pages) }
}

/// The content of a page as one stream; a token never runs from one stream into the next.
pub(super) fn contents(document: &Document, page: ObjectId) -> Result<Vec<ObjectId>, Fault> {
    let Ok(dict) = document.get_dictionary(page) else { return Err(broken("a page is missing")) };
    let Ok(object) = dict.get(b"Contents") else { return Ok(Vec::new()) };
    let (id, content) = document.dereference(object).map_err(|_| broken("the content of a page is missing"))?;
    match content {
        Object::Stream(_) => Ok(id.into_iter().collect()),
        Object::Array(items) => {
            let streams: Option<Vec<ObjectId>> = items.iter().map(|item| item.as_reference().ok()).collect();
            streams.ok_or_else(|| broken("the content of a page is damaged"))
        }
        Object::Null => Ok(Vec::new()),
        _ => Err(broken("the content of a page is damaged")),
    }
}
