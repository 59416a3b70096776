//! Fonts: which codes a string holds, what text each stands for and how wide it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::cmap::{self, Map};
use super::filter;
use super::glyphs;
use super::metrics::Standard;
use super::objects::{array, dictionary, entry, integer, name, number, stream};
use crate::fold;

/// A font of the document.
#[derive(Debug)]
pub(super) struct Font {
    /// The object.
    pub(super) id: ObjectId,
    /// Its name, for messages.
    pub(super) name: String,
    /// Whether codes have two bytes.
    pub(super) two_bytes: bool,
    /// Whether lines run downwards.
    pub(super) vertical: bool,
    /// Text of each code.
    pub(super) text: Map,
    /// Text of codes for which the encoding or the program says another one than the map to Unicode.
    pub(super) otherwise: Map,
    /// From glyph space to text space: a thousandth, but for Type 3.
    pub(super) scale: f64,
    /// Content streams of a Type 3 font's glyphs.
    pub(super) procedures: Vec<ObjectId>,
    /// Codes whose glyph has the name of one letter or digit while the map to Unicode says another.
    pub(super) contradicted: BTreeSet<u32>,
    /// Codes that are still shown somewhere.
    pub(super) shown: BTreeSet<u32>,
    /// Codes that were taken out somewhere.
    pub(super) taken: BTreeSet<u32>,
    widths: BTreeMap<u32, f64>,
    default_width: f64,
    standard: Option<Standard>,
    refused: bool,
}

/// A code of a string.
pub(super) struct Code {
    /// Its number.
    pub(super) value: u32,
    /// Where it begins.
    pub(super) at: usize,
    /// Its bytes.
    pub(super) bytes: usize,
}

impl Font {
    /// The codes of a string. A last odd byte of a two-byte font is a code of its own.
    pub(super) fn codes(&self, text: &[u8]) -> Vec<Code> {
        let bytes = if self.two_bytes { 2 } else { 1 };
        let value = |chunk: &[u8]| chunk.iter().fold(0, |value, byte| value << 8 | u32::from(*byte));
        let chunks = text.chunks(bytes).enumerate();
        chunks.map(|(n, chunk)| Code { value: value(chunk), at: n * bytes, bytes: chunk.len() }).collect()
    }

    /// The text of a code; `None` when nobody can say.
    pub(super) fn text_of(&self, code: u32) -> Option<&str> {
        if self.refused {
            return None;
        }
        self.text.get(&code).map(String::as_str)
    }

    /// How far a code moves on, in text space at size 1.
    pub(super) fn advance(&self, code: u32) -> f64 {
        if self.vertical {
            return -1.0;
        }
        if let Some(width) = self.widths.get(&code) {
            return width * self.scale;
        }
        let c = self.text.get(&code).and_then(|text| text.chars().next());
        let width = match self.standard {
            Some(standard) if self.widths.is_empty() => standard.width(code as u8, c),
            _ => self.default_width,
        };
        width * self.scale
    }
}

impl Font {
    /// The width that the font gives for a code, in its own units.
    pub(super) fn width(&self, code: u32) -> Option<f64> {
        self.widths.get(&code).copied()
    }
}

/// All fonts that content has asked for.
#[derive(Debug, Default)]
pub(super) struct Fonts {
    /// The fonts, in the order in which they were met.
    pub(super) list: Vec<Font>,
    by_id: HashMap<ObjectId, usize>,
}

impl Fonts {
    /// The font of this object.
    pub(super) fn load(&mut self, document: &Document, id: ObjectId, max: usize) -> usize {
        if let Some(known) = self.by_id.get(&id) {
            return *known;
        }
        let empty = Dictionary::new();
        let dict = document.get_dictionary(id).unwrap_or(&empty);
        self.list.push(read(document, id, dict, max));
        self.by_id.insert(id, self.list.len() - 1);
        self.list.len() - 1
    }
}

fn read(document: &Document, id: ObjectId, dict: &Dictionary, max: usize) -> Font {
    let subtype = name(document, dict, b"Subtype").unwrap_or_default();
    let base = String::from_utf8_lossy(&name(document, dict, b"BaseFont").unwrap_or_default()).into_owned();
    let label = name(document, dict, b"Name").map(|n| String::from_utf8_lossy(&n).into_owned());
    let mut font = Font {
        id,
        name: if base.is_empty() { label.unwrap_or_default() } else { base.clone() },
        two_bytes: subtype == b"Type0",
        vertical: false,
        text: Map::new(),
        otherwise: Map::new(),
        scale: 0.001,
        procedures: Vec::new(),
        contradicted: BTreeSet::new(),
        shown: BTreeSet::new(),
        taken: BTreeSet::new(),
        widths: BTreeMap::new(),
        default_width: 0.0,
        standard: None,
        refused: false,
    };
    if font.two_bytes {
        composite(document, dict, &mut font, max);
    } else {
        simple(document, dict, &subtype, &base, &mut font, max);
    }
    if let Some(map) = to_unicode(document, dict, max) {
        font.contradicted = contradicted(document, dict, &map);
        let map: Map = map.into_iter().filter(|(_, text)| says_something(text)).collect();
        let program = font.two_bytes.then(|| composite_program(document, dict, max)).flatten();
        let own = program.as_ref().unwrap_or(&font.text);
        let other =
            |(code, told): (&u32, &String)| Some((*code, own.get(code).filter(|own| is_another(own, told))?.clone()));
        font.otherwise.retain(|code, _| !map.contains_key(code));
        font.otherwise.extend(map.iter().filter_map(other));
        font.text.extend(map);
    }
    font
}

/// Whether two texts of a code are read differently: a letter, a digit or a sign of addresses and numbers for another one,
/// or for none.
fn is_another(own: &str, told: &str) -> bool {
    let plain = |text: &str| -> String {
        let mut letters = String::new();
        for c in text.chars() {
            match c {
                'ﬀ'..='ﬆ' => {
                    letters.push_str(["ff", "fi", "fl", "ffi", "ffl", "st", "st"][c as usize - 'ﬀ' as usize])
                }
                c if c.is_whitespace() => letters.push(' '),
                c => letters.push(c),
            }
        }
        let folded = fold::folded(letters.as_bytes()).map(|folded| folded.text);
        String::from_utf8(folded.unwrap_or(letters.into_bytes())).unwrap_or_default().to_lowercase()
    };
    let tells = |text: &str| text.chars().any(|c| c.is_alphanumeric() || " @._-+/:".contains(c));
    let (own, told) = (plain(own), plain(told));
    own != told && (tells(&own) || tells(&told))
}

/// Codes of `/Differences` for which the glyph's name and the map to Unicode disagree about a letter or digit.
fn contradicted(document: &Document, dict: &Dictionary, map: &Map) -> BTreeSet<u32> {
    let Some(Object::Dictionary(own)) = entry(document, dict, b"Encoding") else { return BTreeSet::new() };
    let mut names = vec![None; 256];
    differences(document, own, &mut names);
    let plain = |text: &str| text.len() == 1 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let named = (0u32..).zip(names).filter_map(|(code, name)| Some((code, name?, map.get(&code)?)));
    named.filter(|(_, name, text)| name != *text && plain(name) && plain(text)).map(|(code, ..)| code).collect()
}

/// A map that turns a glyph into nothing does not say what the glyph shows.
fn says_something(text: &str) -> bool {
    text.chars().any(|c| c.is_whitespace() || !c.is_control() && c != char::REPLACEMENT_CHARACTER)
}

/// The font's `/ToUnicode`, if it has one.
pub(super) fn to_unicode(document: &Document, dict: &Dictionary, max: usize) -> Option<Map> {
    let stream = stream(document, dict, b"ToUnicode")?;
    Some(cmap::read(&filter::decode(document, stream, max).ok()?))
}

fn composite(document: &Document, dict: &Dictionary, font: &mut Font, max: usize) {
    match name(document, dict, b"Encoding").as_deref() {
        Some(b"Identity-H") => {}
        Some(b"Identity-V") => font.vertical = true,
        // A predefined or embedded map may have codes of any length: nothing is guessed.
        _ => font.refused = true,
    }
    let descendants = array(document, dict, b"DescendantFonts");
    let first = descendants.first().and_then(|object| document.dereference(object).ok());
    let Some(descendant) = first.and_then(|(_, object)| object.as_dict().ok()) else { return };
    font.default_width = number(document, descendant, b"DW").unwrap_or(1000.0);
    composite_widths(document, &array(document, descendant, b"W"), &mut font.widths);
    if !dict.has(b"ToUnicode") {
        font.text.extend(composite_program(document, dict, max).unwrap_or_default());
    }
}

/// What the program of a composite font says about its glyphs, where codes are their numbers.
fn composite_program(document: &Document, dict: &Dictionary, max: usize) -> Option<Map> {
    let descendants = array(document, dict, b"DescendantFonts");
    let (_, descendant) = document.dereference(descendants.first()?).ok()?;
    let descendant = descendant.as_dict().ok()?;
    let is_identity = name(document, descendant, b"CIDToGIDMap").is_none_or(|map| map == b"Identity");
    program(document, dictionary(document, descendant, b"FontDescriptor").filter(|_| is_identity)?, max)
}

/// The `/W` array: `c [w …]` and `first last w`.
fn composite_widths(document: &Document, items: &[Object], widths: &mut BTreeMap<u32, f64>) {
    let resolve = |object: &Object| document.dereference(object).map(|(_, o)| o.clone()).unwrap_or(Object::Null);
    let items: Vec<Object> = items.iter().map(resolve).collect();
    let mut at = 0;
    while let Some(first) = items.get(at).and_then(|first| first.as_float().ok()) {
        let first = first as u32;
        match (items.get(at + 1), items.get(at + 2)) {
            (Some(Object::Array(list)), _) => {
                for (step, width) in list.iter().enumerate().take(1 << 16) {
                    let width = resolve(width).as_float().unwrap_or(0.0);
                    widths.insert(first.saturating_add(step as u32), f64::from(width));
                }
                at += 2;
            }
            (Some(last), Some(width)) => {
                let last = (last.as_float().unwrap_or(0.0) as u32).min(0xffff);
                let width = f64::from(width.as_float().unwrap_or(0.0));
                widths.extend((first..=last).map(|code| (code, width)));
                at += 3;
            }
            _ => break,
        }
    }
}

/// Which text each glyph of an embedded TrueType program stands for, by its own Unicode map.
fn program(document: &Document, descriptor: &Dictionary, max: usize) -> Option<Map> {
    let bytes = filter::decode(document, stream(document, descriptor, b"FontFile2")?, max).ok()?;
    let face = ttf_parser::Face::parse(&bytes, 0).ok()?;
    let mut map = Map::new();
    for table in face.tables().cmap?.subtables.into_iter().filter(|table| table.is_unicode()) {
        table.codepoints(|point| {
            if let (Some(glyph), Some(c)) = (table.glyph_index(point), char::from_u32(point)) {
                map.entry(u32::from(glyph.0)).or_insert_with(|| c.to_string());
            }
        });
    }
    Some(map)
}

fn simple(document: &Document, dict: &Dictionary, subtype: &[u8], base: &str, font: &mut Font, max: usize) {
    let descriptor = dictionary(document, dict, b"FontDescriptor");
    font.standard = Standard::named(base);
    let first = integer(document, dict, b"FirstChar").unwrap_or(0).clamp(0, 255) as u32;
    for (step, width) in array(document, dict, b"Widths").iter().enumerate().take(256) {
        let width = document.dereference(width).ok().and_then(|(_, o)| o.as_float().ok());
        font.widths.insert(first + step as u32, width.map_or(0.0, f64::from));
    }
    font.default_width = descriptor.and_then(|d| number(document, d, b"MissingWidth")).unwrap_or(0.0);
    if subtype == b"Type3" {
        font.scale =
            array(document, dict, b"FontMatrix").first().and_then(|a| a.as_float().ok()).map_or(0.001, f64::from);
        let procedures = dictionary(document, dict, b"CharProcs");
        font.procedures =
            procedures.map_or(Vec::new(), |p| p.iter().filter_map(|(_, o)| o.as_reference().ok()).collect());
    }
    let table = encoding(document, dict, descriptor, font.standard, max);
    font.text = table.into_iter().enumerate().filter_map(|(code, text)| Some((code as u32, text?))).collect();
    // White space that an encoding leaves out is shown by nobody.
    for code in [9, 10, 13, 32, 160] {
        let is_free = !font.text.contains_key(&code);
        font.text.entry(code).or_insert_with(|| " ".to_owned());
        if is_free && code < 32 {
            // Some readers take a control character for a blank, others for nothing.
            font.otherwise.insert(code, String::new());
        }
    }
    // Between letters a zero is nothing.
    font.text.entry(0).or_default();
}

fn encoding(
    document: &Document,
    dict: &Dictionary,
    descriptor: Option<&Dictionary>,
    standard: Option<Standard>,
    max: usize,
) -> glyphs::Table {
    let object = dict.get(b"Encoding").ok().and_then(|object| document.dereference(object).ok()).map(|(_, o)| o);
    let by_name = match object {
        Some(Object::Name(name)) => glyphs::named(name),
        Some(Object::Dictionary(own)) => name(document, own, b"BaseEncoding").and_then(|base| glyphs::named(&base)),
        _ => None,
    };
    let mut table = by_name.unwrap_or_else(|| built_in(document, descriptor, standard, max));
    if let Some(Object::Dictionary(own)) = object {
        differences(document, own, &mut table);
    }
    table
}

fn differences(document: &Document, encoding: &Dictionary, table: &mut glyphs::Table) {
    let mut code = 0usize;
    for object in array(document, encoding, b"Differences") {
        match document.dereference(&object) {
            Ok((_, Object::Name(name))) => {
                if let Some(place) = table.get_mut(code) {
                    *place = glyphs::text_of(name);
                }
                code += 1;
            }
            Ok((_, other)) => code = other.as_i64().unwrap_or(256).clamp(0, 256) as usize,
            Err(_) => {}
        }
    }
}

/// The encoding a font has when nothing is said: that of its program, or the standard one.
fn built_in(
    document: &Document,
    descriptor: Option<&Dictionary>,
    standard: Option<Standard>,
    max: usize,
) -> glyphs::Table {
    match standard {
        Some(Standard::Symbol) => return glyphs::symbol(),
        Some(Standard::Dingbats) => return glyphs::dingbats(),
        _ => {}
    }
    let unknown = || vec![None; 256];
    let Some(descriptor) = descriptor else { return glyphs::named(b"StandardEncoding").unwrap_or_else(unknown) };
    if let Some(program) = stream(document, descriptor, b"FontFile") {
        return filter::decode(document, program, max).map_or_else(|_| unknown(), |bytes| type1(&bytes));
    }
    if let Some(program) = stream(document, descriptor, b"FontFile2") {
        return filter::decode(document, program, max).map_or_else(|_| unknown(), |bytes| truetype(&bytes));
    }
    if let Some(program) = stream(document, descriptor, b"FontFile3") {
        return filter::decode(document, program, max).map_or_else(|_| unknown(), |bytes| compact(&bytes));
    }
    glyphs::named(b"StandardEncoding").unwrap_or_else(unknown)
}

/// The encoding in the clear part of a Type 1 program: `dup 65 /A put`.
fn type1(bytes: &[u8]) -> glyphs::Table {
    let clear = String::from_utf8_lossy(bytes.split(|b| *b == 0x80).next().filter(|p| p.len() > 64).unwrap_or(bytes));
    let clear = clear.split("eexec").next().unwrap_or_default();
    if clear.contains("/Encoding StandardEncoding") {
        return glyphs::named(b"StandardEncoding").unwrap_or_else(|| vec![None; 256]);
    }
    let mut table = vec![None; 256];
    let words: Vec<&str> = clear.split_ascii_whitespace().collect();
    for four in words.windows(4) {
        if let ["dup", code, name, "put"] = four
            && let (Ok(code), Some(name)) = (code.parse::<u8>(), name.strip_prefix('/'))
        {
            table[usize::from(code)] = glyphs::text_of(name.as_bytes());
        }
    }
    table
}

/// The encoding and glyph names of a compact (CFF) program.
fn compact(bytes: &[u8]) -> glyphs::Table {
    let Some(table) = ttf_parser::cff::Table::parse(bytes) else { return vec![None; 256] };
    let name = |code: u8| table.glyph_name(table.glyph_index(code)?);
    (0..=255).map(|code| glyphs::text_of(name(code)?.as_bytes())).collect()
}

/// A symbolic TrueType font: code → glyph by its Macintosh or symbol map, glyph → text by its Unicode map.
fn truetype(bytes: &[u8]) -> glyphs::Table {
    let unknown = vec![None; 256];
    let Ok(face) = ttf_parser::Face::parse(bytes, 0) else { return unknown };
    let Some(cmap) = face.tables().cmap else { return unknown };
    let mut texts: HashMap<u16, String> = HashMap::new();
    for table in cmap.subtables.into_iter().filter(|table| table.is_unicode()) {
        table.codepoints(|point| {
            if let (Some(glyph), Some(c)) = (table.glyph_index(point), char::from_u32(point)) {
                texts.entry(glyph.0).or_insert_with(|| c.to_string());
            }
        });
    }
    let glyph_of = |code: u32| {
        let tables = cmap.subtables.into_iter();
        tables.filter(|t| !t.is_unicode()).find_map(|t| t.glyph_index(code).or_else(|| t.glyph_index(0xf000 + code)))
    };
    (0..256).map(|code| glyph_of(code).and_then(|glyph| texts.get(&glyph.0).cloned())).collect()
}
