//! The last look before writing: a stream that is reachable and that nobody has read or knows is emptied.

use std::collections::HashSet;

use lopdf::{Dictionary, Object, ObjectId};
use model::Fault;

use super::data;
use super::erase::Counter;
use super::filter::{self, Coded, Undecoded};
use super::image;
use super::live;
use super::objects::{name, of};
use super::work::Work;
use super::write::references;
use crate::Decide;

/// What a stream is, as far as text in it is concerned.
enum Kind {
    /// Content that was scanned, a file that was cleaned.
    Scanned,
    /// Pixels.
    Image,
    /// Numbers, outlines, tables: decoded and written anew, so that nothing rides along behind them.
    Data,
    /// Content nobody has run, or something nobody knows.
    Unread,
}

/// Empties what was not read.
pub(super) fn blank_unread(work: &mut Work<'_>, pages: &[ObjectId], decide: &mut dyn Decide) -> Result<(), Fault> {
    // A picture that was scanned, and dropped since, may still be reachable from where no picture belongs.
    let live = live::streams(work, pages);
    work.scanned.retain(|id| live.contains(id));
    let ids = reachable(work)?;
    for id in &ids {
        tables(work, *id);
    }
    for id in ids {
        let Some(Object::Stream(stream)) = work.document.objects.get(&id) else { continue };
        match kind(work, id, &stream.dict) {
            Kind::Scanned => {}
            Kind::Image => pixels(work, id, decide)?,
            Kind::Data => normal(work, id, decide)?,
            Kind::Unread => {
                if let Some(Object::Stream(stream)) = work.document.objects.get_mut(&id) {
                    filter::encode(stream, b"");
                }
                work.remove("a stream that shows nothing or is of no known kind", "it cannot be read");
            }
        }
    }
    Ok(())
}

/// Notes the tables of a font or its descriptor, which do not say themselves what they are.
fn tables(work: &mut Work<'_>, id: ObjectId) {
    let Some(dict) = work.document.objects.get(&id).and_then(of) else { return };
    let parameters = filter::filters(&work.document, dict).into_iter().map(|(_, parameters)| parameters);
    let shared = parameters.filter_map(|own| own.get(b"JBIG2Globals").ok()?.as_reference().ok()).collect::<Vec<_>>();
    work.tables.extend(shared);
    let Some(dict) = work.document.objects.get(&id).and_then(of) else { return };
    if !dict.has_type(b"Font") && !dict.has_type(b"FontDescriptor") {
        return;
    }
    let keys: [&[u8]; 6] = [b"ToUnicode", b"CIDToGIDMap", b"Encoding", b"FontFile", b"FontFile2", b"FontFile3"];
    let found = keys.iter().filter_map(|key| dict.get(key).ok()?.as_reference().ok()).collect::<Vec<_>>();
    work.tables.extend(found);
}

/// Every object that will be written.
pub(super) fn reachable(work: &Work<'_>) -> Result<Vec<ObjectId>, Fault> {
    let mut found = Vec::new();
    for key in [&b"Root"[..], b"Info"] {
        found.extend(work.document.trailer.get(key).ok().and_then(|object| object.as_reference().ok()));
    }
    let mut seen: HashSet<ObjectId> = HashSet::new();
    let mut order = Vec::new();
    while let Some(id) = found.pop() {
        if let Some(object) = work.document.objects.get(&id).filter(|_| seen.insert(id)) {
            order.push(id);
            references(object, 0, &mut found)?;
        }
    }
    order.sort_unstable();
    Ok(order)
}

fn kind(work: &Work<'_>, id: ObjectId, dict: &Dictionary) -> Kind {
    if work.scanned.contains(&id) || work.files.contains(&id) {
        return Kind::Scanned;
    }
    if image::is_image(work, dict) {
        return Kind::Image;
    }
    let subtype = name(&work.document, dict, b"Subtype").unwrap_or_default();
    let program: [&[u8]; 3] = [b"Type1C", b"CIDFontType0C", b"OpenType"];
    let keys: [&[u8]; 6] = [b"Length1", b"FunctionType", b"ShadingType", b"HalftoneType", b"CMapName", b"N"];
    let form = subtype == b"Form" || dict.has(b"PatternType") || dict.has(b"BBox") && !dict.has(b"ShadingType");
    let data = program.contains(&subtype.as_slice()) || keys.iter().any(|key| dict.has(key));
    if !form && (data || work.tables.contains(&id)) { Kind::Data } else { Kind::Unread }
}

/// An image as it is shown, without what else its coding carries.
fn pixels(work: &mut Work<'_>, id: ObjectId, decide: &mut dyn Decide) -> Result<(), Fault> {
    let max = work.stream_max();
    let Some(Object::Stream(stream)) = work.document.objects.get(&id) else { return Ok(()) };
    match filter::coded(&work.document, stream, max) {
        // The others are named as unscanned.
        Ok(Coded::Pixels) if !image::is_readable(work, id) => normal(work, id, decide),
        Ok(Coded::Pixels) => {
            let filters = filter::filters(&work.document, &stream.dict);
            if filters.first().is_some_and(|(name, _)| name == "FlateDecode")
                && let Some(Object::Stream(stream)) = work.document.objects.get_mut(&id)
            {
                // What follows the end of the compressed data is shown by nobody.
                let end = filter::flate_end(&stream.content, max);
                let kept = stream.content.get(..end).unwrap_or_default().to_vec();
                stream.set_content(kept);
            }
            Ok(())
        }
        Ok(Coded::By(codec, parameters, bytes)) => {
            work.expand(bytes.len())?;
            if let Some(Object::Stream(stream)) = work.document.objects.get_mut(&id) {
                filter::set(stream, &codec, parameters, bytes);
            }
            image::strip(work, id);
            let mut counter = Counter { page: 0, layer: "structure", spots: &mut work.spots };
            match work.document.objects.get_mut(&id) {
                Some(Object::Stream(stream)) => data::visit(&mut stream.content, &mut counter, decide),
                _ => Ok(()),
            }
        }
        Err(Undecoded::TooLarge) => Err(super::work::too_large("an image grows beyond the limit")),
        Err(_) => {
            if let Some(Object::Stream(stream)) = work.document.objects.get_mut(&id) {
                filter::encode(stream, b"");
            }
            work.remove("an image that cannot be decoded", "nobody can show it");
            Ok(())
        }
    }
}

/// The same data in our own compression, without what has to go of the text in it.
fn normal(work: &mut Work<'_>, id: ObjectId, decide: &mut dyn Decide) -> Result<(), Fault> {
    let Some(Object::Stream(stream)) = work.document.objects.get(&id) else { return Ok(()) };
    match filter::decode(&work.document, stream, work.stream_max()) {
        Ok(mut bytes) => {
            work.expand(bytes.len())?;
            let mut counter = Counter { page: 0, layer: "structure", spots: &mut work.spots };
            data::visit(&mut bytes, &mut counter, decide)?;
            if let Some(Object::Stream(stream)) = work.document.objects.get_mut(&id) {
                filter::encode(stream, &bytes);
            }
            Ok(())
        }
        Err(Undecoded::TooLarge) => Err(super::work::too_large("one of its streams grows beyond the limit")),
        Err(_) => {
            if let Some(Object::Stream(stream)) = work.document.objects.get_mut(&id) {
                filter::encode(stream, b"");
            }
            work.remove("a stream that cannot be decoded", "it cannot be read");
            Ok(())
        }
    }
}
