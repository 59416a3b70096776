//! Cuts fonts down to what is still shown: maps, widths, glyph names and outlines of removed text would give it away.

use std::collections::{BTreeMap, BTreeSet};

use lopdf::{Dictionary, Object, ObjectId};

use super::cmap;
use super::filter;
use super::font::{Font, to_unicode};
use super::objects::{add, array, dictionary, entry, integer, name};
use super::truetype;
use super::work::Work;

/// Shrinks every font that content has used.
pub(super) fn shrink(work: &mut Work<'_>) {
    let fonts = std::mem::take(&mut work.fonts.list);
    let kept = kept_whole(work);
    let mut programs: BTreeMap<ObjectId, Vec<&Font>> = BTreeMap::new();
    for font in &fonts {
        let Ok(dict) = work.document.get_dictionary(font.id) else { continue };
        let mut dict = dict.clone();
        if !kept.contains(&font.id) {
            map(work, font, &mut dict);
            if font.two_bytes { composite(work, font, &dict) } else { simple(work, font, &mut dict) }
        }
        if let Some(program) = program(work, font, &dict) {
            programs.entry(program).or_default().push(font);
        }
        work.document.objects.insert(font.id, Object::Dictionary(dict));
    }
    for (program, users) in programs {
        outlines(work, program, &users);
    }
    work.fonts.list = fonts;
}

/// Fonts with which forms draw values that are entered later.
fn kept_whole(work: &Work<'_>) -> BTreeSet<ObjectId> {
    let form = work.document.catalog().ok().and_then(|catalog| dictionary(&work.document, catalog, b"AcroForm"));
    let resources = form.and_then(|form| dictionary(&work.document, form, b"DR"));
    let fonts = resources.and_then(|resources| dictionary(&work.document, resources, b"Font"));
    fonts.into_iter().flatten().filter_map(|(_, font)| font.as_reference().ok()).collect()
}

/// The `/ToUnicode` map without codes that are not shown. A composite font that had none gets one: what it says was
/// read from its program.
fn map(work: &mut Work<'_>, font: &Font, dict: &mut Dictionary) {
    let own = to_unicode(&work.document, dict, work.stream_max());
    let Some(map) = own.or_else(|| font.two_bytes.then(|| font.text.clone())) else {
        if dict.remove(b"ToUnicode").is_some() {
            work.remove("a font's map to Unicode", "it cannot be decoded");
        }
        return;
    };
    let mut stream = lopdf::Stream::new(Dictionary::new(), Vec::new());
    filter::encode(&mut stream, &cmap::write(&map, &font.shown, font.two_bytes));
    let id = add(&mut work.document, Object::Stream(stream));
    // Nothing is in it but what was just written.
    work.files.insert(id);
    dict.set("ToUnicode", Object::Reference(id));
}

fn simple(work: &mut Work<'_>, font: &Font, dict: &mut Dictionary) {
    let first = integer(&work.document, dict, b"FirstChar").unwrap_or(0).clamp(0, 255) as u32;
    let mut widths = array(&work.document, dict, b"Widths");
    for (step, width) in widths.iter_mut().enumerate() {
        if !font.shown.contains(&(first + step as u32)) {
            *width = Object::Integer(0);
        }
    }
    if !widths.is_empty() {
        dict.set("Widths", widths);
    }
    if let Some(Object::Dictionary(encoding)) = entry(&work.document, dict, b"Encoding").cloned() {
        let mut encoding = encoding;
        differences(work, font, &mut encoding);
        dict.set("Encoding", encoding);
    }
    if name(&work.document, dict, b"Subtype").as_deref() == Some(b"Type3") {
        procedures(work, dict);
    }
}

/// Glyph names of codes that are still shown.
fn differences(work: &Work<'_>, font: &Font, encoding: &mut Dictionary) {
    let mut kept = Vec::new();
    let (mut code, mut next) = (0u32, None);
    for object in array(&work.document, encoding, b"Differences") {
        match work.document.dereference(&object) {
            Ok((_, Object::Name(name))) => {
                if font.shown.contains(&code) {
                    if next != Some(code) {
                        kept.push(Object::Integer(i64::from(code)));
                    }
                    kept.push(Object::Name(name.clone()));
                    next = Some(code + 1);
                }
                code += 1;
            }
            Ok((_, other)) => code = other.as_i64().unwrap_or(0).clamp(0, 256) as u32,
            Err(_) => {}
        }
    }
    if encoding.has(b"Differences") {
        encoding.set("Differences", kept);
    }
}

/// Glyphs of a Type 3 font that no code of its encoding shows any more.
fn procedures(work: &Work<'_>, dict: &mut Dictionary) {
    let encoding = dictionary(&work.document, dict, b"Encoding");
    let names = encoding.map(|encoding| array(&work.document, encoding, b"Differences")).unwrap_or_default();
    let shown: BTreeSet<&[u8]> = names.iter().filter_map(|name| name.as_name().ok()).collect();
    let Some(procedures) = dictionary(&work.document, dict, b"CharProcs") else { return };
    let mut kept = Dictionary::new();
    for (name, procedure) in procedures.iter().filter(|(name, _)| shown.contains(name.as_slice())) {
        kept.set(name.clone(), procedure.clone());
    }
    dict.set("CharProcs", kept);
}

/// The `/W` array with widths of shown codes only.
fn composite(work: &mut Work<'_>, font: &Font, dict: &Dictionary) {
    let descendants = array(&work.document, dict, b"DescendantFonts");
    let Some(Ok(id)) = descendants.first().map(Object::as_reference) else { return };
    let Ok(descendant) = work.document.get_dictionary(id) else { return };
    let mut descendant = descendant.clone();
    descendant.remove(b"W2");
    let mut items = Vec::new();
    for code in font.shown.iter().filter(|code| **code <= 0xffff) {
        if let Some(width) = font.width(*code) {
            items.push(Object::Integer(i64::from(*code)));
            items.push(Object::Array(vec![Object::Real(width as f32)]));
        }
    }
    descendant.set("W", items);
    work.document.objects.insert(id, Object::Dictionary(descendant));
}

/// The font's program, when it has one.
fn program(work: &mut Work<'_>, font: &Font, dict: &Dictionary) -> Option<ObjectId> {
    let owner = if font.two_bytes {
        let first = array(&work.document, dict, b"DescendantFonts");
        work.document.get_dictionary(first.first()?.as_reference().ok()?).ok()?.clone()
    } else {
        dict.clone()
    };
    let descriptor = dictionary(&work.document, &owner, b"FontDescriptor")?;
    let found = [&b"FontFile2"[..], b"FontFile", b"FontFile3"].into_iter().find_map(|key| descriptor.get(key).ok());
    found?.as_reference().ok()
}

/// Outlines of glyphs that no font shows any more.
fn outlines(work: &mut Work<'_>, program: ObjectId, users: &[&Font]) {
    let lost = users.iter().any(|font| font.taken.iter().any(|code| !font.shown.contains(code)));
    let Ok(Object::Stream(stream)) = work.document.get_object(program) else { return };
    let Ok(bytes) = filter::decode(&work.document, stream, work.stream_max()) else { return };
    let glyphs: Option<BTreeSet<u16>> = users
        .iter()
        .map(|font| truetype::glyphs(work, font, &bytes))
        .collect::<Option<Vec<_>>>()
        .map(|sets| sets.into_iter().flatten().collect());
    match glyphs.and_then(|glyphs| truetype::without(&bytes, &glyphs)) {
        Some(smaller) => {
            if let Some(Object::Stream(stream)) = work.document.objects.get_mut(&program) {
                stream.dict.set("Length1", smaller.len() as i64);
                filter::encode(stream, &smaller);
            }
        }
        None if lost => {
            let label = users.first().map(|font| font.name.clone()).unwrap_or_default();
            let message = format!("The program of font {label} keeps outlines of glyphs that are no longer shown.");
            work.warn(message);
        }
        None => {}
    }
}
