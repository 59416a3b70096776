//! Takes out what cannot be read, or is a second copy of what can: programs, attachments that nobody cleaned, private
//! data, thumbnails.

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::attachments;
use super::objects::{entry, name, of};
use super::work::Work;

/// Keys that go wherever they stand, with what they are and why they go.
const KEYS: [(&str, &str, &str); 27] = [
    ("PieceInfo", "private data of the program that made the document", UNREAD),
    ("Thumb", "a thumbnail", "it may show what was taken out"),
    ("AA", "actions that run by themselves", "they are programs"),
    ("JS", "JavaScript", "it is a program"),
    ("XFA", "an XFA form", "it repeats the fields in a form of its own"),
    ("RC", "formatted text of an annotation", "it repeats the plain text"),
    ("RV", "formatted text of a field", "it repeats the plain value"),
    ("EF", "an embedded file", UNREAD),
    ("RF", "a related file", UNREAD),
    ("AF", "an associated file", UNREAD),
    ("Perms", "usage rights", "a signature does not outlive a change"),
    ("DSS", "validation data of signatures", "a signature does not outlive a change"),
    ("Legal", "a legal attestation", "it speaks of the document as it was"),
    ("SpiderInfo", "where pages were captured", UNREAD),
    ("Collection", "a portfolio", "its files are removed"),
    ("AlternatePresentations", "other presentations", UNREAD),
    ("Renditions", "media", UNREAD),
    ("EmbeddedFiles", "embedded files", UNREAD),
    ("JavaScript", "JavaScript", "it is a program"),
    ("URLS", "captured pages", UNREAD),
    ("IDS", "captured pages", UNREAD),
    ("Templates", "hidden template pages", "they are pages nobody sees"),
    ("RichMediaContent", "media", UNREAD),
    ("OPI", "a stand-in for another image", UNREAD),
    ("CharSet", "names of a font's glyphs", "it lists the characters of the original"),
    ("CIDSet", "numbers of a font's glyphs", "it lists the characters of the original"),
    ("LogicalStructure", "private data of the program that made the document", UNREAD),
];
const UNREAD: &str = "its content cannot be read here";

/// Actions that stay: they lead somewhere and carry nothing else.
const ACTIONS: [&[u8]; 9] =
    [b"GoTo", b"GoToR", b"URI", b"Named", b"Hide", b"Thread", b"ResetForm", b"SubmitForm", b"SetOCGState"];

/// Annotations that go: they carry files or media.
const ANNOTATIONS: [&[u8]; 7] = [b"FileAttachment", b"Sound", b"Movie", b"Screen", b"RichMedia", b"3D", b"TrapNet"];

/// Purges every object.
pub(super) fn purge(work: &mut Work<'_>) {
    let ids: Vec<ObjectId> = work.document.objects.keys().copied().collect();
    let root = work.document.trailer.get(b"Root").and_then(Object::as_reference).ok();
    for id in ids {
        let Some(slot) = work.document.objects.get_mut(&id) else { continue };
        let mut object = std::mem::replace(slot, Object::Null);
        clean(work, &mut object, Some(id) == root);
        if let Object::Stream(stream) = &mut object {
            // An external file is no part of the document.
            for key in [&b"F"[..], b"FFilter", b"FDecodeParms"] {
                stream.dict.remove(key);
            }
        }
        work.document.objects.insert(id, object);
    }
}

fn clean(work: &mut Work<'_>, object: &mut Object, is_root: bool) {
    match object {
        Object::Array(items) => items.iter_mut().for_each(|item| clean(work, item, false)),
        Object::Dictionary(dict) | Object::Stream(lopdf::Stream { dict, .. }) => {
            keys(work, dict, is_root);
            actions(work, dict);
            signature(work, dict);
            annotations(work, dict);
            dict.iter_mut().for_each(|(_, value)| clean(work, value, false));
        }
        _ => {}
    }
}

fn keys(work: &mut Work<'_>, dict: &mut Dictionary, is_root: bool) {
    for (key, what, why) in KEYS {
        let goes = |value: &Object| !is_resource(&work.document, value) && !attachments::stays(work, key, value);
        if dict.get(key.as_bytes()).is_ok_and(goes) {
            dict.remove(key.as_bytes());
            work.remove(what, why);
        }
    }
    if !is_root && dict.get(b"Metadata").is_ok_and(|value| !is_resource(&work.document, value)) {
        dict.remove(b"Metadata");
        work.remove("metadata of a single object", "it describes the object as it was");
    }
}

/// Whether the value is a font, image or the like that happens to have such a name.
fn is_resource(document: &Document, value: &Object) -> bool {
    let Some(dict) = document.dereference(value).ok().and_then(|(_, object)| of(object)) else { return false };
    let kind = name(document, dict, b"Type").unwrap_or_default();
    let subtype = name(document, dict, b"Subtype").unwrap_or_default();
    let resource: [&[u8]; 4] = [b"Font", b"XObject", b"ExtGState", b"Pattern"];
    resource.contains(&kind.as_slice()) || subtype == b"Form" || subtype == b"Image"
}

fn actions(work: &mut Work<'_>, dict: &mut Dictionary) {
    for key in [&b"A"[..], b"PA", b"Next", b"OpenAction"] {
        let Some(value) = entry(&work.document, dict, key) else { continue };
        let several = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        let kept = several.iter().all(|action| stays(&work.document, action));
        if !kept {
            dict.remove(key);
            work.remove("an action that runs or opens something", "it is a program, or carries a file");
        }
    }
}

/// Whether it is no action, or one that stays.
fn stays(document: &Document, action: &Object) -> bool {
    let Ok((_, Object::Dictionary(action))) = document.dereference(action) else { return true };
    let Some(kind) = name(document, action, b"S") else { return true };
    ACTIONS.contains(&kind.as_slice()) || kind.is_empty() || action.has(b"K") || action.has(b"Pg")
}

fn signature(work: &mut Work<'_>, dict: &mut Dictionary) {
    let value = entry(&work.document, dict, b"V").and_then(of);
    if value.is_some_and(|value| value.has(b"ByteRange") || value.has_type(b"Sig") || value.has_type(b"DocTimeStamp")) {
        dict.remove(b"V");
        dict.remove(b"Lock");
        dict.remove(b"SV");
        dict.remove(b"AP");
        work.remove("a digital signature", "a signature does not outlive a change");
        work.warn("The document was signed; the signature became void and was taken out.");
    }
    dict.remove(b"SigFlags");
}

fn annotations(work: &mut Work<'_>, dict: &mut Dictionary) {
    let Some(Object::Array(annotations)) = entry(&work.document, dict, b"Annots").cloned() else { return };
    let carries = |annotation: &Object| {
        let dict = work.document.dereference(annotation).ok().and_then(|(_, object)| of(object));
        let subtype = dict.and_then(|dict| name(&work.document, dict, b"Subtype")).unwrap_or_default();
        ANNOTATIONS.contains(&subtype.as_slice()) && !dict.is_some_and(|dict| attachments::is_clean_file(work, dict))
    };
    let kept: Vec<Object> = annotations.iter().filter(|annotation| !carries(annotation)).cloned().collect();
    if kept.len() < annotations.len() {
        work.remove("an annotation with a file or media", UNREAD);
    }
    dict.set("Annots", kept);
}
