//! XMP: read as text; a packet in which something has to go is removed, for the document information says the same.

use lopdf::{Object, ObjectId};
use model::Fault;

use super::erase::{Counter, changed};
use super::filter;
use super::work::Work;
use crate::Decide;

/// Asks about every text of the document's metadata.
pub(super) fn visit(work: &mut Work<'_>, decide: &mut dyn Decide) -> Result<(), Fault> {
    let Some(id) = packet(work) else { return Ok(()) };
    let Some(Object::Stream(stream)) = work.document.objects.get(&id).cloned() else { return Ok(()) };
    let bytes = filter::decode(&work.document, &stream, work.stream_max()).unwrap_or_default();
    work.expand(bytes.len())?;
    let clean = match std::str::from_utf8(&bytes) {
        Ok(xml) if !bytes.is_empty() && !xml.contains("<!--") && !xml.contains("<![") => asked(work, xml, decide)?,
        _ => false,
    };
    if clean {
        let mut stream = stream;
        filter::encode(&mut stream, &bytes);
        work.document.objects.insert(id, Object::Stream(stream));
        work.files.insert(id);
    } else {
        if let Ok(catalog) = work.document.catalog_mut() {
            catalog.remove(b"Metadata");
        }
        work.remove("the metadata packet (XMP)", "it holds what has to go, or cannot be read");
    }
    Ok(())
}

fn packet(work: &Work<'_>) -> Option<ObjectId> {
    work.document.catalog().ok()?.get(b"Metadata").ok()?.as_reference().ok()
}

/// Whether nothing in it has to go.
fn asked(work: &mut Work<'_>, xml: &str, decide: &mut dyn Decide) -> Result<bool, Fault> {
    let mut clean = true;
    let mut rest = xml;
    while !rest.is_empty() {
        let (text, tag, after) = cut(rest);
        rest = after;
        // A tag within a tag, or a value without an end: what is text in it nobody can say.
        clean &= !tag.contains('<') && tag.matches('"').count() % 2 == 0;
        let values = tag.split('"').skip(1).step_by(2).chain(tag.split('\'').skip(1).step_by(2));
        for piece in std::iter::once(text).chain(values) {
            let mut counter = Counter { page: 0, layer: "metadata", spots: &mut work.spots };
            clean &= changed(&unescaped(piece), &[], &mut counter, decide)?.is_none();
        }
    }
    Ok(clean)
}

/// The text up to a tag, the tag, and the rest.
fn cut(xml: &str) -> (&str, &str, &str) {
    let Some((text, rest)) = xml.split_once('<') else { return (xml, "", "") };
    let (tag, rest) = rest.split_once('>').unwrap_or((rest, ""));
    (text, tag, rest)
}

fn unescaped(text: &str) -> String {
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("&#") {
        out.push_str(before);
        let (number, tail) = after.split_once(';').unwrap_or((after, ""));
        let value = match number.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => number.parse().ok(),
        };
        out.extend(value.and_then(char::from_u32));
        rest = tail;
    }
    out.push_str(rest);
    named.iter().fold(out, |text, (entity, c)| text.replace(entity, c))
}
