//! Writes content streams anew: without comments, without what nobody reads, without what was taken out.

use std::collections::{BTreeMap, BTreeSet};

use lopdf::{Dictionary, Object, ObjectId, Stream};
use model::Fault;

use super::erase::Cover;
use super::filter;
use super::geometry::{Rect, dot, length};
use super::lex::{self, Operand, Operation};
use super::metrics;
use super::objects::{add, dictionary, named};
use super::scene::{Run, Scene};
use super::work::{Work, broken};

/// A content stream and the resources it needs.
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    pub(super) resources: Dictionary,
    /// Whether it differs from what the stream showed before.
    pub(super) changed: bool,
}

/// The body of a scene, with boxes over what was taken out.
pub(super) fn root(work: &mut Work<'_>, scene: &Scene, covers: &[Cover]) -> Result<Body, Fault> {
    let mut body = body(work, scene, 0)?;
    if !covers.is_empty() {
        paint(work, scene, covers, &mut body);
        body.resources = sorted(&body.resources);
        body.changed = true;
    }
    Ok(body)
}

/// The object of a form that a scene shows; a form of which something was taken out gets a new one, so that other
/// pages keep theirs.
fn form(work: &mut Work<'_>, scene: &Scene, run: usize) -> Result<ObjectId, Fault> {
    let Some(id) = scene.runs[run].object else { return Err(broken("a form has no object")) };
    let body = body(work, scene, run)?;
    let in_place = !body.changed && scene.runs[run].own_resources;
    if in_place && work.scanned.contains(&id) {
        return Ok(id);
    }
    let Some(Object::Stream(stream)) = work.document.objects.get(&id) else {
        return Err(broken("a form is missing"));
    };
    let mut stream = stream.clone();
    stream.dict.set("Resources", body.resources);
    filter::encode(&mut stream, &body.bytes);
    let id = if in_place {
        work.document.objects.insert(id, Object::Stream(stream));
        id
    } else {
        add(&mut work.document, Object::Stream(stream))
    };
    work.scanned.insert(id);
    Ok(id)
}

fn body(work: &mut Work<'_>, scene: &Scene, run: usize) -> Result<Body, Fault> {
    let own = &scene.runs[run];
    let mut resources = own.resources.clone();
    let mut replaced: BTreeMap<usize, Vec<u8>> = BTreeMap::new();
    let mut objects: BTreeMap<usize, ObjectId> = own.images.clone();
    for (operation, form_run) in &own.forms {
        objects.insert(*operation, form(work, scene, *form_run)?);
    }
    for (operation, id) in objects {
        let name = own.source.program.operations[operation].name().unwrap_or_default().to_vec();
        if entry(&resources, "XObject", &name).and_then(|o| o.as_reference().ok()) != Some(id) {
            let fresh = place(work, &mut resources, "XObject", Object::Reference(id));
            replaced.insert(operation, fresh);
        }
    }
    let changed = !replaced.is_empty() || !own.rewritten.is_empty() || !own.dropped.is_empty();
    let mut bytes = Vec::new();
    let mut used = Used::default();
    for (number, operation) in own.source.program.operations.iter().enumerate() {
        if own.dropped.contains(&number) {
            continue;
        }
        if let Some(name) = replaced.get(&number) {
            lex::write_name(&mut bytes, name);
            bytes.extend_from_slice(b" Do");
            used.0.insert(("XObject", name.clone()));
        } else if let Some(rewritten) = own.rewritten.get(&number) {
            bytes.extend_from_slice(rewritten);
        } else {
            copy(&mut bytes, operation, &own.source.bytes);
            used.note(operation);
        }
        bytes.push(b'\n');
    }
    Ok(Body { bytes, resources: used.of(&resources), changed })
}

fn entry<'d>(resources: &'d Dictionary, category: &str, name: &[u8]) -> Option<&'d Object> {
    resources.get(category.as_bytes()).ok()?.as_dict().ok()?.get(name).ok()
}

/// Adds a resource under a name that is free; the name.
fn place(work: &mut Work<'_>, resources: &mut Dictionary, category: &str, object: Object) -> Vec<u8> {
    let mut entries = entry_dict(resources, category);
    // Glyphs of one font share their resources: no two of them may mean another thing by a name.
    let from = work.fresh_names;
    work.fresh_names += 1;
    let free = (from..).map(|n| format!("Pb{n}").into_bytes()).find(|name| !entries.has(name));
    // There are more numbers than entries.
    let name = free.unwrap_or_else(|| b"Pb".to_vec());
    entries.set(name.clone(), object);
    resources.set(category, entries);
    name
}

/// The same resources in the order of their names.
fn sorted(resources: &Dictionary) -> Dictionary {
    let order = |dict: &Dictionary| {
        let entries: BTreeMap<Vec<u8>, Object> = dict.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let mut sorted = Dictionary::new();
        entries.into_iter().for_each(|(key, value)| sorted.set(key, value));
        sorted
    };
    let mut sorted = order(resources);
    for (_, category) in sorted.iter_mut() {
        if let Object::Dictionary(entries) = category {
            *entries = order(entries);
        }
    }
    sorted
}

fn entry_dict(resources: &Dictionary, category: &str) -> Dictionary {
    resources.get(category.as_bytes()).ok().and_then(|o| o.as_dict().ok()).cloned().unwrap_or_default()
}

fn copy(out: &mut Vec<u8>, operation: &Operation, source: &[u8]) {
    if operation.operator == "EI" {
        out.extend_from_slice(b"BI ");
        if let Some(Operand::Dictionary(entries)) = operation.operands.first() {
            for (key, value) in entries {
                lex::write_name(out, key);
                out.push(b' ');
                lex::write(out, value);
                out.push(b' ');
            }
        }
        out.extend_from_slice(b"ID ");
        out.extend_from_slice(&source[operation.data.clone()]);
        out.extend_from_slice(b"\nEI");
    } else if operation.clean {
        out.extend_from_slice(&source[operation.range.clone()]);
    } else {
        for operand in &operation.operands {
            lex::write(out, operand);
            out.push(b' ');
        }
        out.extend_from_slice(operation.operator.as_bytes());
    }
}

/// Names that a stream uses. Resources it does not use are left out: text could hide there.
#[derive(Default)]
struct Used(BTreeSet<(&'static str, Vec<u8>)>);

impl Used {
    fn note(&mut self, operation: &Operation) {
        let category = match operation.operator {
            "Tf" => "Font",
            "Do" => "XObject",
            "gs" => "ExtGState",
            "cs" | "CS" => "ColorSpace",
            "scn" | "SCN" => "Pattern",
            "sh" => "Shading",
            "BDC" | "DP" => "Properties",
            "EI" => return self.inline(operation),
            _ => return,
        };
        // Before `BDC` and `DP` a tag comes first; before `scn` there may be numbers, after the font's name its size.
        if let Some(name) = operation.name() {
            self.0.insert((category, name.to_vec()));
        }
    }

    fn inline(&mut self, operation: &Operation) {
        let Some(Operand::Dictionary(entries)) = operation.operands.first() else { return };
        for (_, value) in entries.iter().filter(|(key, _)| key == b"CS" || key == b"ColorSpace") {
            self.0.extend(value.name().map(|name| ("ColorSpace", name.to_vec())));
        }
    }

    fn of(&self, resources: &Dictionary) -> Dictionary {
        let mut kept: BTreeMap<&str, Dictionary> = BTreeMap::new();
        for (category, name) in &self.0 {
            if let Some(object) = entry(resources, category, name) {
                kept.entry(category).or_default().set(name.clone(), object.clone());
            }
        }
        for name in ["DefaultGray", "DefaultRGB", "DefaultCMYK"] {
            if let Some(object) = entry(resources, "ColorSpace", name.as_bytes()) {
                kept.entry("ColorSpace").or_default().set(name, object.clone());
            }
        }
        let mut out = Dictionary::new();
        for (category, entries) in kept {
            out.set(category, entries);
        }
        sorted(&out)
    }
}

/// Paints boxes, and the labels on them as real text, above everything else.
fn paint(work: &mut Work<'_>, scene: &Scene, covers: &[Cover], body: &mut Body) {
    let after = balance(&scene.runs[0]);
    let mut bytes = b"q\n".to_vec();
    bytes.append(&mut body.bytes);
    bytes.extend_from_slice(&after);
    let font = label_font(work);
    let labelled = covers.iter().any(|cover| !cover.label.is_empty());
    let name = if labelled { place(work, &mut body.resources, "Font", Object::Reference(font)) } else { Vec::new() };
    for cover in covers {
        bytes.extend_from_slice(b"q\n0 g\n");
        for (corner, operator) in cover.quad.iter().zip(["m", "l", "l", "l"]) {
            numbers(&mut bytes, &[corner.0, corner.1], operator);
        }
        bytes.extend_from_slice(b"h\nf\n");
        if !cover.label.is_empty() {
            label(&mut bytes, cover, &name);
        }
        bytes.extend_from_slice(b"Q\n");
    }
    body.bytes = bytes;
}

/// What has to stand after content so that the graphics state is what it was when `q` stood before it.
fn balance(run: &Run) -> Vec<u8> {
    let (mut depth, mut text, mut marks) = (1usize, false, 0usize);
    let kept = run.source.program.operations.iter().enumerate().filter(|(number, _)| !run.dropped.contains(number));
    for (_, operation) in kept {
        match operation.operator {
            "q" => depth += 1,
            "Q" => depth = depth.saturating_sub(1),
            "BT" => text = true,
            "ET" => text = false,
            "BMC" | "BDC" => marks += 1,
            "EMC" => marks = marks.saturating_sub(1),
            _ => {}
        }
    }
    let ends = if text { "ET\n" } else { "" };
    [ends.to_owned(), "EMC\n".repeat(marks), "Q\n".repeat(depth)].concat().into_bytes()
}

fn label_font(work: &mut Work<'_>) -> ObjectId {
    if let Some(id) = work.label_font {
        return id;
    }
    let mut font = Dictionary::new();
    for (key, value) in
        [("Type", "Font"), ("Subtype", "Type1"), ("BaseFont", "Helvetica"), ("Encoding", "WinAnsiEncoding")]
    {
        font.set(key, named(value));
    }
    let id = add(&mut work.document, Object::Dictionary(font));
    work.label_font = Some(id);
    id
}

fn label(out: &mut Vec<u8>, cover: &Cover, font: &[u8]) {
    let corners = cover.quad;
    let reach = |direction| {
        let along = corners.map(|corner| dot(corner, direction));
        along.iter().fold(f64::MIN, |a, b| a.max(*b)) - along.iter().fold(f64::MAX, |a, b| a.min(*b))
    };
    let (width, height) = (reach(cover.along), reach(cover.up));
    let natural = metrics::helvetica(&cover.label).max(0.1);
    let size = (0.72 * height).min(20.0);
    // A label that is wider than its box is condensed, never cut.
    let stretch = ((width - 0.2 * size).max(0.1 * width) / (natural * size)).min(1.0);
    let foot = (0.28 * height).max((height - size) / 2.0 + 0.1 * size);
    let start = corners[0];
    let x = start.0 + 0.1 * size * cover.along.0 + foot * cover.up.0;
    let y = start.1 + 0.1 * size * cover.along.1 + foot * cover.up.1;
    out.extend_from_slice(b"BT\n1 g\n");
    lex::write_name(out, font);
    out.push(b' ');
    numbers(out, &[size], "Tf");
    let [ax, ay, ux, uy] = [cover.along.0 * stretch, cover.along.1 * stretch, cover.up.0, cover.up.1];
    numbers(out, &[ax, ay, ux, uy, x, y], "Tm");
    lex::write_hex(out, &win_ansi(&cover.label));
    out.extend_from_slice(b" Tj\nET\n");
}

fn numbers(out: &mut Vec<u8>, numbers: &[f64], operator: &str) {
    for number in numbers {
        lex::write_number(out, *number);
        out.push(b' ');
    }
    out.extend_from_slice(operator.as_bytes());
    out.push(b'\n');
}

/// The label in the font's encoding; what it does not have becomes a question mark.
fn win_ansi(text: &str) -> Vec<u8> {
    const DASHES: [(char, u8); 9] =
        [('–', 150), ('—', 151), ('‘', 145), ('’', 146), ('“', 147), ('”', 148), ('•', 149), ('…', 133), ('€', 128)];
    let code = |c: char| match c {
        ' '..='~' | '\u{a1}'..='\u{ff}' => c as u8,
        other => DASHES.iter().find(|(dash, _)| *dash == other).map_or(b'?', |(_, code)| *code),
    };
    text.chars().map(code).collect()
}

/// Writes the body of a stream that stands for itself: an appearance, a pattern, a glyph.
pub(super) fn replace(work: &mut Work<'_>, id: ObjectId, body: Body, with_resources: bool) {
    if let Some(Object::Stream(stream)) = work.document.objects.get_mut(&id) {
        if with_resources {
            stream.dict.set("Resources", body.resources);
        }
        filter::encode(stream, &body.bytes);
    }
    work.scanned.insert(id);
    work.forget(id);
}

/// Gives what a glyph needs to the fonts that draw it: the glyph itself has no resources (ISO 32000-1, 9.6.5).
pub(super) fn lend(work: &mut Work<'_>, glyph: ObjectId, resources: &Dictionary) {
    let draws = |dict: &Dictionary| {
        let procedures = dictionary(&work.document, dict, b"CharProcs");
        procedures.is_some_and(|own| own.iter().any(|(_, one)| one.as_reference().ok() == Some(glyph)))
    };
    let fonts = work.document.objects.iter().filter(|(_, font)| font.as_dict().is_ok_and(draws));
    for id in fonts.map(|(id, _)| *id).collect::<Vec<_>>() {
        let own = work.document.get_dictionary(id).ok().and_then(|font| dictionary(&work.document, font, b"Resources"));
        let mut merged = work.resources(own.cloned().as_ref());
        for (category, entries) in resources.iter() {
            let category = String::from_utf8_lossy(category).into_owned();
            let mut known = entry_dict(&merged, &category);
            entries.as_dict().into_iter().flatten().for_each(|(name, entry)| known.set(name.clone(), entry.clone()));
            merged.set(category, known);
        }
        if let Ok(font) = work.document.get_dictionary_mut(id) {
            font.set("Resources", sorted(&merged));
        }
    }
}

/// Gives a page its new content.
pub(super) fn page(work: &mut Work<'_>, page: ObjectId, body: Body) {
    let mut stream = Stream::new(Dictionary::new(), Vec::new());
    filter::encode(&mut stream, &body.bytes);
    let content = add(&mut work.document, Object::Stream(stream));
    work.scanned.insert(content);
    if let Ok(dict) = work.document.get_dictionary_mut(page) {
        dict.set("Contents", Object::Reference(content));
        dict.set("Resources", body.resources);
    }
}

/// Whether two boxes of a page touch.
pub(super) fn touches(cover: &Cover, other: &Rect) -> bool {
    let own = Rect::around(&cover.quad);
    own.meet(other).is_some() && length(cover.along) > 0.0
}
