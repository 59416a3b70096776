//! Asks what has to go, takes exactly those glyphs out, and says where a box comes in their place.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use model::Fault;

use super::coats;
use super::geometry::{Point, Quad, Rect, dot};
use super::interpret::speaking;
use super::layout::{self, Layout, Text};
use super::lex::{self, Operand, Operation};
use super::scene::{ASCENT, DESCENT, Scene};
use super::strings::reads_like_text;
use super::work::Work;
use crate::{Decide, Edit, Offsets, Piece, Spot};

/// How many pieces each layer of each page has had.
#[derive(Debug, Default)]
pub(super) struct Spots(BTreeMap<(u32, &'static str), u32>);

/// Where pieces of one layer of one page are counted.
pub(super) struct Counter<'s> {
    pub(super) page: u32,
    pub(super) layer: &'static str,
    pub(super) spots: &'s mut Spots,
}

impl Counter<'_> {
    /// A spot that no other piece has.
    pub(super) fn spot(&mut self) -> Spot<'static> {
        let next = self.spots.0.entry((self.page, self.layer)).or_default();
        *next += 1;
        Spot::Page { page: self.page, layer: self.layer, index: *next - 1 }
    }
}

/// A region in which everything goes, whatever it says: a redaction somebody marked but did not apply.
pub(super) struct Region {
    pub(super) rect: Rect,
    pub(super) label: String,
}

/// A box over what was taken out.
#[derive(Clone, Debug)]
pub(super) struct Cover {
    pub(super) quad: Quad,
    pub(super) label: String,
    pub(super) along: Point,
    pub(super) up: Point,
}

/// Glyphs that go together.
struct Match {
    glyphs: Vec<usize>,
    label: String,
    extent: (f64, f64),
}

/// Takes out of a scene what `decide` and `regions` say. What remains is for `rebuild` to write.
pub(super) fn erase(
    work: &mut Work<'_>,
    scene: &mut Scene,
    counter: &mut Counter<'_>,
    regions: &[Region],
    decide: &mut dyn Decide,
) -> Result<Vec<Cover>, Fault> {
    let mut covers = Vec::new();
    let mut gone: BTreeMap<usize, Option<String>> = BTreeMap::new();
    if !scene.glyphs.is_empty() {
        let layout = layout::of(scene);
        if layout.coats.is_cut {
            work.leave_unscanned(format!("words on page {} under too many others", counter.page));
        }
        let matches = matches(scene, &layout, counter, &mut gone, decide)?;
        covers = matches.iter().flat_map(|found| boxes(scene, &layout, found)).collect();
    }
    for region in regions {
        within(scene, region, &mut gone);
        covers.push(around(region));
    }
    take_out(work, scene, counter.page, &gone);
    marked_text(scene, counter, decide)?;
    Ok(covers)
}

fn matches(
    scene: &Scene,
    layout: &Layout,
    counter: &mut Counter<'_>,
    gone: &mut BTreeMap<usize, Option<String>>,
    decide: &mut dyn Decide,
) -> Result<Vec<Match>, Fault> {
    let mut matches = Vec::new();
    for block in 0..layout.blocks() {
        let text = layout.block(scene, block);
        ask(&text, counter, gone, decide, &mut matches)?;
    }
    for line in layout.rows() {
        let text = layout.row(scene, line).without(gone);
        ask(&text, counter, gone, decide, &mut matches)?;
    }
    for text in coats::readings(scene, layout) {
        ask(&text, counter, gone, decide, &mut matches)?;
    }
    if let Some(scene) = scene.otherwise() {
        let layout = layout::of(&scene);
        let blocks = (0..layout.blocks()).map(|block| layout.block(&scene, block));
        let rows = layout.rows().into_iter().map(|line| layout.row(&scene, line));
        let texts = blocks.chain(rows).chain(coats::readings(&scene, &layout));
        for text in texts.filter(|text| says_otherwise(&scene, text)) {
            ask(&text, counter, gone, decide, &mut matches)?;
        }
    }
    if layout.coats.is_tangled() {
        rest(scene, counter, gone, decide, &mut matches)?;
    }
    Ok(matches)
}

/// How often what stays is read again.
const ROUNDS_MAX: usize = 8;

/// Where words stand over words, others can come together when some go: what stays is read until nothing more goes.
fn rest(
    scene: &Scene,
    counter: &mut Counter<'_>,
    gone: &mut BTreeMap<usize, Option<String>>,
    decide: &mut dyn Decide,
    matches: &mut Vec<Match>,
) -> Result<(), Fault> {
    let mut before = 0;
    for _ in 0..ROUNDS_MAX {
        if gone.len() == before {
            break;
        }
        before = gone.len();
        let kept: Vec<usize> = (0..scene.glyphs.len()).filter(|glyph| !gone.contains_key(glyph)).collect();
        let glyphs = kept.iter().map(|glyph| scene.glyphs[*glyph].clone()).collect();
        let left = Scene { glyphs, text: scene.text.clone(), ..Scene::default() };
        let layout = layout::of(&left);
        let blocks = (0..layout.blocks()).map(|block| layout.block(&left, block));
        let rows = layout.rows().into_iter().map(|line| layout.row(&left, line));
        for mut text in blocks.chain(rows).chain(coats::readings(&left, &layout)) {
            text.glyphs.iter_mut().for_each(|placed| placed.glyph = kept[placed.glyph]);
            ask(&text, counter, gone, decide, matches)?;
        }
    }
    Ok(())
}

/// Whether a glyph is in it of which the font says two things.
fn says_otherwise(scene: &Scene, text: &Text) -> bool {
    text.glyphs.iter().any(|placed| scene.glyphs[placed.glyph].other.is_some())
}

fn ask(
    text: &Text,
    counter: &mut Counter<'_>,
    gone: &mut BTreeMap<usize, Option<String>>,
    decide: &mut dyn Decide,
    matches: &mut Vec<Match>,
) -> Result<(), Fault> {
    if text.text.trim().is_empty() {
        return Ok(());
    }
    let spot = counter.spot();
    let piece = Piece { text: text.text.as_bytes(), names: &[], spot, offsets: Offsets::None, prose: true };
    for edit in decide.decide(&piece)? {
        let mut glyphs = glyphs_of(text, &edit.range);
        // Another reading may have taken some of them already.
        glyphs.retain(|glyph| !gone.contains_key(glyph));
        let Some(first) = glyphs.first() else { continue };
        gone.extend(glyphs.iter().map(|glyph| (*glyph, None)));
        gone.insert(*first, Some(edit.with.clone()));
        matches.push(Match { glyphs, label: edit.with, extent: text.extent });
    }
    Ok(())
}

/// The glyphs of a range of the text: those whose own text lies in it, and those without text between them.
fn glyphs_of(text: &Text, range: &Range<usize>) -> Vec<usize> {
    let mut glyphs = Vec::new();
    let mut follows = false;
    for placed in &text.glyphs {
        let Range { start, end } = placed.range;
        let own = start < end && start < range.end && end > range.start;
        let between = start == end && range.start < start && start < range.end;
        follows = own || between || follows && placed.shadow;
        if follows {
            glyphs.push(placed.glyph);
        }
    }
    glyphs
}

/// Boxes over a match, one for each of its lines. They reach to the next word on either side, or to the end of the
/// block, so that they do not show how wide the words were; they never reach into text that stays.
fn boxes(scene: &Scene, layout: &Layout, found: &Match) -> Vec<Cover> {
    let mut lines: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for glyph in &found.glyphs {
        if let Some(line) = layout.line_of.get(glyph) {
            lines.entry(*line).or_default().insert(*glyph);
        }
    }
    let mut label = Some(found.label.clone());
    let mut order: Vec<_> = lines.into_iter().collect();
    let first = |glyphs: &BTreeSet<usize>| found.glyphs.iter().position(|glyph| glyphs.contains(glyph));
    order.sort_by_key(|(_, glyphs)| first(glyphs));
    let cover = |(line, glyphs): (usize, BTreeSet<usize>)| one_box(scene, layout, line, &glyphs, found.extent);
    order
        .into_iter()
        .filter_map(cover)
        .map(|cover| Cover { label: label.take().unwrap_or_default(), ..cover })
        .collect()
}

fn one_box(scene: &Scene, layout: &Layout, line: usize, glyphs: &BTreeSet<usize>, extent: (f64, f64)) -> Option<Cover> {
    let line = &layout.lines[line];
    let along = line.along();
    let (mut left, mut right) = (f64::MAX, f64::MIN);
    let (mut low, mut high, mut em) = (f64::MAX, f64::MIN, 0.0f64);
    let up = scene.glyphs[*glyphs.first()?].up;
    for (number, u) in line.glyphs.iter().filter(|(number, _)| glyphs.contains(number)) {
        let glyph = &scene.glyphs[*number];
        let v = dot(glyph.origin, up);
        (left, right, em) = (left.min(*u), right.max(u + glyph.width), em.max(glyph.em));
        (low, high) = (low.min(v - DESCENT * glyph.height), high.max(v + ASCENT * glyph.height));
    }
    let margin = 0.12 * em;
    let stays = line.glyphs.iter().filter(|(number, _)| !glyphs.contains(number) && shows(scene, *number));
    let mut before = f64::MIN;
    let mut after = f64::MAX;
    for (number, u) in stays {
        let end = u + scene.glyphs[*number].width;
        if (u + end) / 2.0 < (left + right) / 2.0 { before = before.max(end) } else { after = after.min(*u) }
    }
    let widened_left = if before > f64::MIN { (before + margin).max(extent.0) } else { extent.0 };
    let widened_right = (after - margin).min(extent.1.max(right + 0.25 * em));
    let (left, right) = (left.min(widened_left), right.max(widened_right));
    let at = |u: f64, v: f64| (u * along.0 + v * up.0, u * along.1 + v * up.1);
    let quad = [at(left, low), at(right, low), at(right, high), at(left, high)];
    Some(Cover { quad, label: String::new(), along, up })
}

fn shows(scene: &Scene, glyph: usize) -> bool {
    let (begin, end) = scene.glyphs[glyph].text;
    !scene.text[begin..end].trim().is_empty()
}

/// Every glyph of which at least a quarter lies in the region.
fn within(scene: &Scene, region: &Region, gone: &mut BTreeMap<usize, Option<String>>) {
    for (number, glyph) in scene.glyphs.iter().enumerate() {
        let rect = glyph.rect();
        let covered = rect.meet(&region.rect).is_some_and(|part| part.area() >= 0.25 * rect.area());
        if covered {
            gone.entry(number).or_insert(None);
        }
    }
}

fn around(region: &Region) -> Cover {
    let Rect { left, bottom, right, top } = region.rect;
    let quad = [(left, bottom), (right, bottom), (right, top), (left, top)];
    Cover { quad, label: region.label.clone(), along: (1.0, 0.0), up: (0.0, 1.0) }
}

/// Writes the operations anew without the glyphs that are gone, and counts what is still shown.
fn take_out(work: &mut Work<'_>, scene: &mut Scene, page: u32, gone: &BTreeMap<usize, Option<String>>) {
    let mut operations: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (number, glyph) in scene.glyphs.iter().enumerate() {
        let font = &mut work.fonts.list[glyph.font];
        if gone.contains_key(&number) {
            font.taken.insert(glyph.code);
            operations.entry((glyph.run, glyph.operation)).or_default().push(number);
        } else {
            font.shown.insert(glyph.code);
        }
    }
    scene.gone = gone.keys().copied().collect();
    for ((run, operation), glyphs) in operations {
        let bytes = without(scene, run, operation, &glyphs);
        scene.runs[run].rewritten.insert(operation, bytes);
    }
    let marks = gone.keys().filter_map(|glyph| scene.glyphs[*glyph].mark).collect::<BTreeSet<_>>();
    for mark in marks {
        silence(work, scene, page, mark);
    }
}

/// A text-showing operation without some of its glyphs: what follows them stays where it was.
fn without(scene: &Scene, run: usize, number: usize, glyphs: &[usize]) -> Vec<u8> {
    let operation = &scene.runs[run].source.program.operations[number];
    let mut holes: BTreeMap<(usize, usize), (usize, f64)> = BTreeMap::new();
    for glyph in glyphs.iter().map(|glyph| &scene.glyphs[*glyph]) {
        holes.insert((glyph.element, glyph.at), (glyph.bytes, glyph.displacement));
    }
    let elements = match operation.operands.last() {
        Some(Operand::Array(items)) => items.as_slice(),
        Some(text) => std::slice::from_ref(text),
        None => &[],
    };
    let mut out = Vec::new();
    line_feed(operation, &mut out);
    out.push(b'[');
    let mut moved = 0.0;
    for (element, item) in elements.iter().enumerate() {
        match item {
            Operand::Number(by) => moved += by,
            Operand::Text(text) => {
                for (at, byte) in pieces(text, element, &holes) {
                    match byte {
                        Part::Kept(range) => {
                            displace(&mut out, &mut moved);
                            lex::write_hex(&mut out, &text[range]);
                        }
                        Part::Gone(by) => moved += by,
                    }
                    debug_assert!(at <= text.len(), "parts lie in the string");
                }
            }
            _ => {}
        }
    }
    displace(&mut out, &mut moved);
    out.extend_from_slice(b"] TJ");
    out
}

/// What `'` and `"` do before they show their string.
fn line_feed(operation: &Operation, out: &mut Vec<u8>) {
    let numbers = operation.numbers();
    if let ("\"", [word, letter, ..]) = (operation.operator, numbers.as_slice()) {
        lex::write_number(out, *word);
        out.extend_from_slice(b" Tw\n");
        lex::write_number(out, *letter);
        out.extend_from_slice(b" Tc\n");
    }
    if matches!(operation.operator, "'" | "\"") {
        out.extend_from_slice(b"T*\n");
    }
}

fn displace(out: &mut Vec<u8>, moved: &mut f64) {
    if *moved != 0.0 {
        lex::write_number(out, *moved);
        out.push(b' ');
        *moved = 0.0;
    }
}

enum Part {
    Kept(Range<usize>),
    Gone(f64),
}

/// A string in parts, in order: what stays and what goes.
fn pieces(text: &[u8], element: usize, holes: &BTreeMap<(usize, usize), (usize, f64)>) -> Vec<(usize, Part)> {
    let mut parts = Vec::new();
    let mut at = 0;
    for ((_, begin), (bytes, displacement)) in holes.range((element, 0)..(element + 1, 0)) {
        if *begin > at {
            parts.push((at, Part::Kept(at..*begin)));
        }
        parts.push((*begin, Part::Gone(*displacement)));
        at = begin + bytes;
    }
    if at < text.len() {
        parts.push((at, Part::Kept(at..text.len())));
    }
    parts
}

/// Text that is read out instead of glyphs goes with them.
fn silence(work: &mut Work<'_>, scene: &mut Scene, page: u32, innermost: usize) {
    let mut next = Some(innermost);
    while let Some(mark) = next.map(|mark| &scene.marks[mark]) {
        next = mark.parent;
        if let Some(number) = mark.number {
            work.silenced.insert((page, number));
        }
        if !mark.speaks {
            continue;
        }
        let (run, operation) = (mark.run, mark.operation);
        let bytes = quiet(&scene.runs[run].source.program.operations[operation], mark.number);
        scene.runs[run].rewritten.insert(operation, bytes);
        work.remove(format!("ActualText, Alt or E of marked content on page {page}"), "text under it was taken out");
    }
}

/// `BDC` without the properties that speak.
fn quiet(operation: &Operation, number: Option<i64>) -> Vec<u8> {
    let mut out = Vec::new();
    let tag = operation.operands.first().and_then(Operand::name).unwrap_or(b"Span");
    lex::write_name(&mut out, tag);
    out.push(b' ');
    let properties = match operation.operands.last() {
        Some(Operand::Dictionary(entries)) => entries.iter().filter(|(key, _)| !speaking(key)).cloned().collect(),
        _ => number.map(|n| (b"MCID".to_vec(), Operand::Number(n as f64))).into_iter().collect(),
    };
    lex::write(&mut out, &Operand::Dictionary(properties));
    out.extend_from_slice(b" BDC");
    out
}

/// Strings in the properties of marked content are pieces too.
fn marked_text(scene: &mut Scene, counter: &mut Counter<'_>, decide: &mut dyn Decide) -> Result<(), Fault> {
    let mut structure = Counter { page: counter.page, layer: "structure", spots: &mut *counter.spots };
    for run in 0..scene.runs.len() {
        let source = std::rc::Rc::clone(&scene.runs[run].source);
        for (number, operation) in source.program.operations.iter().enumerate() {
            let holds = matches!(operation.operator, "BDC" | "DP") && operation.operands.iter().any(speaks);
            if !holds || scene.runs[run].rewritten.contains_key(&number) {
                continue;
            }
            let mut changed = operation.clone();
            let mut edited = false;
            // A name instead of a dictionary is that of a resource.
            for operand in changed.operands.iter_mut().filter(|operand| operand.name().is_none()) {
                edited |= operand_text(operand, &mut structure, decide)?;
            }
            if edited {
                let mut bytes = Vec::new();
                for operand in &changed.operands {
                    lex::write(&mut bytes, operand);
                    bytes.push(b' ');
                }
                bytes.extend_from_slice(operation.operator.as_bytes());
                scene.runs[run].rewritten.insert(number, bytes);
            }
        }
    }
    Ok(())
}

fn speaks(operand: &Operand) -> bool {
    operand.holds_text() || operand.name().is_none() && operand.holds_name()
}

/// A name in properties; one that has to go says nothing any more.
fn operand_name(name: &mut Vec<u8>, counter: &mut Counter<'_>, decide: &mut dyn Decide) -> Result<bool, Fault> {
    let goes = reads_like_text(name) && changed(&String::from_utf8_lossy(name), &[], counter, decide)?.is_some();
    if goes {
        *name = b"Removed".to_vec();
    }
    Ok(goes)
}

fn operand_text(operand: &mut Operand, counter: &mut Counter<'_>, decide: &mut dyn Decide) -> Result<bool, Fault> {
    let mut edited = false;
    match operand {
        Operand::Text(bytes) => {
            let text = super::text::decode(bytes);
            if let Some(after) = changed(&text, &[], counter, decide)? {
                *bytes = super::text::encode(&after);
                edited = true;
            }
        }
        Operand::Name(name) => edited |= operand_name(name, counter, decide)?,
        Operand::Array(items) => {
            for item in items {
                edited |= operand_text(item, counter, decide)?;
            }
        }
        Operand::Dictionary(entries) => {
            for (key, value) in entries {
                edited |= operand_name(key, counter, decide)?;
                edited |= operand_text(value, counter, decide)?;
            }
        }
        _ => {}
    }
    Ok(edited)
}

/// Asks about one text; what it becomes, if anything has to go.
pub(super) fn changed(
    text: &str,
    names: &[std::borrow::Cow<'_, str>],
    counter: &mut Counter<'_>,
    decide: &mut dyn Decide,
) -> Result<Option<String>, Fault> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let prose = text.contains(' ');
    let piece = Piece { text: text.as_bytes(), names, spot: counter.spot(), offsets: Offsets::None, prose };
    let edits = decide.decide(&piece)?;
    Ok((!edits.is_empty()).then(|| replaced(text, &edits)))
}

fn replaced(text: &str, edits: &[Edit]) -> String {
    let mut out = String::new();
    let mut at = 0;
    for edit in edits {
        out.push_str(text.get(at..edit.range.start).unwrap_or_default());
        out.push_str(&edit.with);
        at = at.max(edit.range.end);
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}
