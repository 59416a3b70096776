//! Files within the document: those of a format that is read are cleaned like any other file, the others go.

use lopdf::{Dictionary, Document, Object, ObjectId};
use model::Fault;

use super::super::Attachments;
use super::super::nested::Nested;
use super::filter::{self, Undecoded};
use super::objects::{array, dictionary, entry, name, of};
use super::text;
use super::work::{self, Work};
use crate::Decide;

/// A name tree deeper than this is no tree.
const DEPTH_MAX: usize = 32;

/// Cleans every embedded file that `attachments` reads, and notes it in [`Work::files`].
pub(super) fn clean(
    work: &mut Work<'_>,
    attachments: &mut Attachments<'_>,
    decide: &mut dyn Decide,
) -> Result<(), Fault> {
    let mut found = Vec::new();
    for object in work.document.objects.values() {
        specifications(&work.document, object, &mut found);
    }
    found.sort();
    found.dedup_by_key(|(id, _)| *id);
    for (number, (id, name)) in (1..).zip(found) {
        let Some(Object::Stream(stream)) = work.document.objects.get(&id) else { continue };
        let bytes = match filter::decode(&work.document, stream, work.stream_max()) {
            Ok(bytes) => bytes,
            Err(Undecoded::TooLarge) => return Err(work::too_large("an embedded file grows beyond the limit")),
            Err(_) => continue,
        };
        work.expand(bytes.len())?;
        let part = format!("attachment[{number}]");
        let Some(new) = attachments(&bytes, &name, "", &mut Nested { part: &part, decide })? else { continue };
        if let Some(Object::Stream(stream)) = work.document.objects.get_mut(&id).filter(|_| new != bytes) {
            filter::encode(stream, &new);
            // Size, dates and checksum of the file as it was.
            stream.dict.remove(b"Params");
        }
        work.files.insert(id);
    }
    Ok(())
}

/// The streams of every file specification within an object (ISO 32000-1, 7.11.4), and the file's name.
fn specifications(document: &Document, object: &Object, found: &mut Vec<(ObjectId, String)>) {
    match object {
        Object::Array(items) => items.iter().for_each(|item| specifications(document, item, found)),
        Object::Dictionary(dict) | Object::Stream(lopdf::Stream { dict, .. }) => {
            let names = [&b"UF"[..], b"F"].map(|key| entry(document, dict, key).and_then(|text| text.as_str().ok()));
            let file = names.into_iter().flatten().next().map(text::decode).unwrap_or_default();
            found.extend(streams(document, dict).into_iter().map(|id| (id, file.clone())));
            dict.iter().for_each(|(_, value)| specifications(document, value, found));
        }
        _ => {}
    }
}

/// The streams that a file specification embeds.
fn streams(document: &Document, specification: &Dictionary) -> Vec<ObjectId> {
    let embedded = dictionary(document, specification, b"EF").into_iter().flatten();
    embedded.filter_map(|(_, value)| value.as_reference().ok()).collect()
}

/// Whether the value of a key that leads to embedded files may stay.
pub(super) fn stays(work: &Work<'_>, key: &str, value: &Object) -> bool {
    let Ok((_, value)) = work.document.dereference(value) else { return false };
    match key {
        "EF" => of(value).is_some_and(|files| {
            !files.is_empty()
                && files.iter().all(|(_, file)| file.as_reference().is_ok_and(|id| work.files.contains(&id)))
        }),
        "EmbeddedFiles" => !work.files.is_empty(),
        "AF" => {
            let several = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            several.iter().all(|one| is_kept(work, one))
        }
        _ => false,
    }
}

/// Whether every file of a specification was cleaned.
pub(super) fn is_kept(work: &Work<'_>, specification: &Object) -> bool {
    let dict = work.document.dereference(specification).ok().and_then(|(_, object)| of(object));
    dict.and_then(|dict| dict.get(b"EF").ok()).is_some_and(|files| stays(work, "EF", files))
}

/// Takes out of the list of embedded files those that went.
pub(super) fn prune(work: &mut Work<'_>) {
    let root = work.document.trailer.get(b"Root").and_then(Object::as_reference).ok();
    let root = root.and_then(|id| work.document.objects.get(&id)).and_then(of);
    let tree = root.and_then(|root| dictionary(&work.document, root, b"Names")).cloned();
    let Some(mut names) = tree else { return };
    let Ok(files) = names.get(b"EmbeddedFiles").cloned() else { return };
    let pruned = pruned(work, files, 0);
    names.set("EmbeddedFiles", pruned);
    let id = root_names(work);
    match id {
        Some(id) => drop(work.document.objects.insert(id, Object::Dictionary(names))),
        None => {
            let root = work.document.trailer.get(b"Root").and_then(Object::as_reference).ok();
            if let Some(Object::Dictionary(root)) = root.and_then(|id| work.document.objects.get_mut(&id)) {
                root.set("Names", names);
            }
        }
    }
}

/// The object that holds the names of the document, where they are one of their own.
fn root_names(work: &Work<'_>) -> Option<ObjectId> {
    let root = work.document.trailer.get(b"Root").and_then(Object::as_reference).ok()?;
    of(work.document.objects.get(&root)?)?.get(b"Names").ok()?.as_reference().ok()
}

/// A node of the tree without the files that went: changed where it stands.
fn pruned(work: &mut Work<'_>, node: Object, depth: usize) -> Object {
    let id = node.as_reference().ok();
    let own = work.document.dereference(&node).ok().and_then(|(_, object)| of(object)).cloned();
    let Some(mut dict) = own.filter(|_| depth < DEPTH_MAX) else { return Object::Null };
    if dict.has(b"Names") {
        let pairs = array(&work.document, &dict, b"Names");
        let kept = pairs.chunks_exact(2).filter(|pair| is_kept(work, &pair[1]));
        let kept: Vec<Object> = kept.flatten().cloned().collect();
        if kept.len() < pairs.len() {
            dict.remove(b"Limits");
        }
        dict.set("Names", kept);
    }
    if dict.has(b"Kids") {
        let kids = array(&work.document, &dict, b"Kids");
        let kids: Vec<Object> = kids.into_iter().map(|kid| pruned(work, kid, depth + 1)).collect();
        dict.set("Kids", kids);
    }
    match id {
        Some(id) => {
            work.document.objects.insert(id, Object::Dictionary(dict));
            node
        }
        None => Object::Dictionary(dict),
    }
}

/// Whether an annotation is a file that was cleaned.
pub(super) fn is_clean_file(work: &Work<'_>, annotation: &Dictionary) -> bool {
    name(&work.document, annotation, b"Subtype").as_deref() == Some(b"FileAttachment")
        && annotation.get(b"FS").is_ok_and(|file| is_kept(work, file))
}
