//! PDF: text is taken out of the content, not covered; every other layer is read, or removed.
//!
//! Steps, in order: open and refuse what cannot be read (`open`); clean attachments of known formats (`attachments`);
//! take out the others, programs and private data (`purge`); for each page run its content (`interpret`), put the glyphs
//! in reading order (`layout`), ask, take the glyphs out (`erase`), overwrite images under boxes, ours and others'
//! (`image`), and write the content anew (`rebuild`); the same for appearances, patterns and glyph procedures; ask about
//! every string of every object (`strings`); cut fonts down to what is still shown (`shrink`); overwrite text in streams of
//! data (`data`), and blank those that nobody could read (`guard`); write one revision of what is reachable (`write`).
//!
//! What is not done, and said so in [`Rewritten::unscanned`]: pixels of images are not read. Outlines of glyphs stay in
//! font programs that are not TrueType, which is a warning. Text drawn as curves is not found. Positions of the words
//! that stay are kept, so the room that a removed word took can still be estimated. Letters of two words that are painted
//! in turn, each by an operator of its own and none over another, are read as they stand on the page, which is as one word.

use lopdf::{Dictionary, Object, ObjectId};
use model::Fault;

use super::{Attachments, Removed, Rewritten};
use crate::{Decide, Limits};

mod attachments;
mod cmap;
mod coats;
mod data;
mod erase;
mod filter;
mod font;
mod geometry;
mod glyphs;
mod guard;
mod image;
mod interpret;
mod layout;
mod lex;
mod line;
mod live;
mod metadata;
mod metrics;
mod objects;
mod open;
mod overprint;
mod purge;
mod rebuild;
mod scene;
mod shrink;
mod strings;
mod survivors;
mod text;
mod truetype;
mod work;
mod write;

pub use survivors::survivors;

use erase::{Counter, Region};
use geometry::Rect;
use objects::{array, dictionary, name, numbers, of};
use work::{Later, Source, Work};

/// Reads `input`, asks `decide` about every piece of text in it, and writes it anew without what has to go.
///
/// Pieces: layer `text` (blocks and rows of a page), then `annotation` and `field` (their pictures), `structure`
/// (properties in content), then the strings of all objects (`annotation`, `field`, `outline`, `metadata`,
/// `structure`). Pieces of page 0 belong to no page. Embedded files are not read, and go.
///
/// # Errors
/// `pdf-encrypted`, `pdf-broken`, `pdf-too-large`, `pdf-unreadable-text` (glyphs that cannot be turned into
/// characters), `pdf-personal-name` (a name object has to go), and what `decide` returns.
pub fn rewrite(input: &[u8], decide: &mut dyn Decide, limits: &Limits) -> Result<Rewritten, Fault> {
    rewrite_with(input, &mut |_, _, _, _| Ok(None), decide, limits)
}

/// The same, with somebody who cleans embedded files. Those that they do not read go.
///
/// # Errors
/// Those of [`rewrite`], and what `attachments` returns.
pub fn rewrite_with(
    input: &[u8],
    attachments: &mut Attachments<'_>,
    decide: &mut dyn Decide,
    limits: &Limits,
) -> Result<Rewritten, Fault> {
    let mut document = open::open(input, limits)?;
    open::promote_fonts(&mut document);
    let mut work = Work::new(document, limits);
    attachments::clean(&mut work, attachments, decide)?;
    purge::purge(&mut work);
    attachments::prune(&mut work);
    let pages = open::pages(&mut work.document, limits)?;
    let ids: Vec<ObjectId> = pages.iter().map(|page| page.id).collect();
    for (number, page) in (1..).zip(&pages) {
        self::page(&mut work, number, page, decide)?;
    }
    while let Some(later) = work.later.pop_front() {
        shown_through(&mut work, &later, decide)?;
    }
    let roots = strings::roots(&work, &ids);
    strings::visit(&mut work, &roots, decide)?;
    strings::drop_stale(&mut work);
    strings::silence(&mut work, &ids);
    metadata::visit(&mut work, decide)?;
    shrink::shrink(&mut work);
    guard::blank_unread(&mut work, &ids, decide)?;
    let bytes = write::write(&mut work.document)?;
    Ok(Rewritten { bytes, removed: work.removed, warnings: work.warnings, unscanned: work.unscanned })
}

/// How many pages a document has.
///
/// # Errors
/// `pdf-encrypted`, `pdf-broken`, `pdf-too-large`.
pub fn pages(input: &[u8], limits: &Limits) -> Result<u64, Fault> {
    Ok(open::pages(&mut open::open(input, limits)?, limits)?.len() as u64)
}

fn page(work: &mut Work<'_>, number: u32, page: &open::Page, decide: &mut dyn Decide) -> Result<(), Fault> {
    let mut bytes = Vec::new();
    let streams = open::contents(&work.document, page.id)?;
    let last = streams.len();
    for (at, id) in (1..).zip(streams) {
        let Some(Object::Stream(stream)) = work.document.objects.get(&id).cloned() else {
            return Err(work::broken("the content of a page is missing"));
        };
        let part = work.decoded(&stream)?;
        // ISO 32000-1, 7.8.2: no token runs from one stream into the next. Readers differ in what they make of it.
        if at < last && lex::read(&part).is_open {
            return Err(work::broken("a string runs from one content stream into the next"));
        }
        bytes.extend(part);
        bytes.push(b'\n');
    }
    let regions = regions(work, page.id, number);
    let resources = work.resources(page.resources.as_ref());
    let body = scanned(work, Source::read(bytes), None, resources, (number, "text"), &regions, decide)?;
    rebuild::page(work, page.id, body);
    appearances(work, page.id, number, decide)
}

/// Runs a stream, takes out of it what has to go, and returns what it becomes.
fn scanned(
    work: &mut Work<'_>,
    source: std::rc::Rc<Source>,
    object: Option<ObjectId>,
    resources: Dictionary,
    (page, layer): (u32, &'static str),
    regions: &[Region],
    decide: &mut dyn Decide,
) -> Result<rebuild::Body, Fault> {
    if source.program.unknown > 0 {
        work.remove(format!("operators on page {page} that no viewer knows"), "they show nothing");
    }
    let mut scene = interpret::scene(work, page, object, source, resources, true)?;
    let mut spots = std::mem::take(&mut work.spots);
    let mut counter = Counter { page, layer, spots: &mut spots };
    let covers = erase::erase(work, &mut scene, &mut counter, regions, decide);
    work.spots = spots;
    let covers = covers?;
    if scene.hides_text() {
        work.warn(format!("text on page {page} lies under a painted box: it can still be copied"));
    }
    image::cover(work, &mut scene, page, &covers)?;
    rebuild::root(work, &scene, &covers)
}

/// A pattern, a soft mask or a glyph of a Type 3 font: text in it is text of no page's block.
fn shown_through(work: &mut Work<'_>, later: &Later, decide: &mut dyn Decide) -> Result<(), Fault> {
    let Ok(Object::Stream(stream)) = work.document.get_object(later.id) else { return Ok(()) };
    if work.scanned.contains(&later.id) {
        return Ok(());
    }
    let own = dictionary(&work.document, &stream.dict, b"Resources").cloned();
    let carries = own.is_some() || stream.dict.has(b"PatternType") || stream.dict.has(b"BBox");
    let resources = own.map_or_else(|| later.resources.clone(), |own| work.resources(Some(&own)));
    let source = work.source(later.id)?;
    let body = scanned(work, source, Some(later.id), resources, (later.page, "text"), &[], decide)?;
    if !carries {
        rebuild::lend(work, later.id, &body.resources);
    }
    rebuild::replace(work, later.id, body, carries);
    Ok(())
}

/// Pictures of annotations and fields.
fn appearances(work: &mut Work<'_>, page: ObjectId, number: u32, decide: &mut dyn Decide) -> Result<(), Fault> {
    let Ok(dict) = work.document.get_dictionary(page) else { return Ok(()) };
    let mut streams: Vec<(ObjectId, &'static str)> = Vec::new();
    for annotation in array(&work.document, dict, b"Annots") {
        let Some(own) = work.document.dereference(&annotation).ok().and_then(|(_, object)| of(object)) else {
            continue;
        };
        let widget = name(&work.document, own, b"Subtype").as_deref() == Some(b"Widget");
        let layer = if widget { "field" } else { "annotation" };
        let Some(pictures) = dictionary(&work.document, own, b"AP") else { continue };
        for (_, picture) in pictures.iter() {
            streams.extend(streams_of(work, picture).into_iter().map(|id| (id, layer)));
        }
    }
    for (id, layer) in streams {
        if work.scanned.contains(&id) {
            continue;
        }
        let source = work.source(id)?;
        let own = work.document.get_object(id).ok().and_then(of);
        let own = own.and_then(|dict| dictionary(&work.document, dict, b"Resources")).cloned();
        let resources = work.resources(own.as_ref());
        let body = scanned(work, source, Some(id), resources, (number, layer), &[], decide)?;
        rebuild::replace(work, id, body, true);
    }
    Ok(())
}

/// The streams of one picture: itself, or one for each state.
fn streams_of(work: &Work<'_>, picture: &Object) -> Vec<ObjectId> {
    match work.document.dereference(picture) {
        Ok((Some(id), Object::Stream(_))) => vec![id],
        Ok((_, Object::Dictionary(states))) => {
            let ids = states.iter().filter_map(|(_, state)| state.as_reference().ok());
            ids.filter(|id| matches!(work.document.objects.get(id), Some(Object::Stream(_)))).collect()
        }
        _ => Vec::new(),
    }
}

/// Redactions that were marked and not applied; they are applied now, and their annotations go.
fn regions(work: &mut Work<'_>, page: ObjectId, number: u32) -> Vec<Region> {
    let Ok(dict) = work.document.get_dictionary(page) else { return Vec::new() };
    let (mut regions, mut kept) = (Vec::new(), Vec::new());
    for annotation in array(&work.document, dict, b"Annots") {
        let own = work.document.dereference(&annotation).ok().and_then(|(_, object)| of(object));
        match own.filter(|own| name(&work.document, own, b"Subtype").as_deref() == Some(b"Redact")) {
            Some(own) => regions.extend(areas(work, own)),
            None => kept.push(annotation),
        }
    }
    if !regions.is_empty() {
        if let Ok(dict) = work.document.get_dictionary_mut(page) {
            dict.set("Annots", kept);
        }
        work.remove(
            format!("redactions marked on page {number}"),
            "they had been marked and not applied; now they are",
        );
    }
    regions
}

fn areas(work: &Work<'_>, annotation: &Dictionary) -> Vec<Region> {
    let quads = numbers(&work.document, annotation, b"QuadPoints");
    let rect = numbers(&work.document, annotation, b"Rect");
    let points = |numbers: &[f64]| Rect::around(&numbers.chunks_exact(2).map(|p| (p[0], p[1])).collect::<Vec<_>>());
    let rects: Vec<Rect> = if quads.len() >= 8 {
        quads.chunks_exact(8).map(points).collect()
    } else {
        (rect.len() == 4).then(|| points(&rect)).into_iter().collect()
    };
    rects.into_iter().map(|rect| Region { rect, label: String::new() }).collect()
}
