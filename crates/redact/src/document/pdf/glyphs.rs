//! What text a code of a simple font stands for when the font does not say it in Unicode: encodings and glyph names.

use lopdf::{Dictionary, Document, Object};

use super::metrics;

/// The text of each of the 256 codes; `None` where nothing is known.
pub(super) type Table = Vec<Option<String>>;

/// The table of a named encoding; `None` for a name that is none of the predefined ones.
pub(super) fn named(encoding: &[u8]) -> Option<Table> {
    if !matches!(encoding, b"StandardEncoding" | b"MacRomanEncoding" | b"WinAnsiEncoding" | b"MacExpertEncoding") {
        return None;
    }
    Some((0..=255).map(|code| look_up(Object::Name(encoding.to_vec()), code)).collect())
}

/// Symbol's own encoding.
pub(super) fn symbol() -> Table {
    (0..=255).map(|code| metrics::symbol_glyph(code).and_then(|name| text_of(name.as_bytes()))).collect()
}

/// ZapfDingbats' own encoding: ornaments, in the order in which Unicode took them over.
pub(super) fn dingbats() -> Table {
    let ornament = |code: u32| char::from_u32(0x2700 + code - 0x20).map(String::from);
    (0..=255u32).map(|code| if code == 32 { Some(" ".into()) } else { ornament(code.max(32)) }).collect()
}

/// The text a glyph name stands for: the Adobe Glyph List, `uni` and `u` names, parts joined by `_`.
pub(super) fn text_of(name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    if matches!(name, ".notdef" | ".null" | "nonmarkingreturn") {
        return Some(String::new());
    }
    let stem = name.split('.').next().filter(|stem| !stem.is_empty())?;
    stem.split('_').map(component).collect()
}

fn component(name: &str) -> Option<String> {
    let hex = |digits: &str| u32::from_str_radix(digits, 16).ok();
    if let Some(digits) = name.strip_prefix("uni").filter(|d| d.len() >= 4 && d.len() % 4 == 0 && d.is_ascii()) {
        let units: Option<Vec<u16>> =
            (0..digits.len()).step_by(4).map(|at| hex(&digits[at..at + 4]).map(|u| u as u16)).collect();
        if let Some(units) = units {
            return String::from_utf16(&units).ok();
        }
    }
    if let Some(c) =
        name.strip_prefix('u').filter(|d| (4..=6).contains(&d.len())).and_then(hex).and_then(char::from_u32)
    {
        return Some(c.to_string());
    }
    // A name in words that the list does not have is a sign of mathematics or decoration; one with digits, such as
    // `g12`, can be anything.
    let sign = || (name.len() >= 4 && name.bytes().all(|b| b.is_ascii_alphabetic())).then(|| SIGN.to_owned());
    // TeX numbers its variants: `epsilon1`.
    let variant = || listed(name.strip_suffix('1').filter(|stem| stem.len() >= 3)?);
    listed(name).or_else(variant).or_else(sign)
}

/// The text of a name in the Adobe Glyph List.
fn listed(name: &str) -> Option<String> {
    let differences = vec![Object::Integer(0), Object::Name(name.as_bytes().to_vec())];
    let mut encoding = Dictionary::new();
    encoding.set("Type", Object::Name(b"Encoding".to_vec()));
    encoding.set("Differences", differences);
    look_up(Object::Dictionary(encoding), 0)
}

/// Stands for a sign that has a name but no character.
const SIGN: &str = "\u{fffd}";

/// lopdf has the tables but shows them only through a font.
fn look_up(encoding: Object, code: u8) -> Option<String> {
    let mut font = Dictionary::new();
    font.set("Type", Object::Name(b"Font".to_vec()));
    font.set("Encoding", encoding);
    let document = Document::new();
    let text = font.get_font_encoding(&document).ok()?.bytes_to_string(&[code]).ok()?;
    Some(text).filter(|text| !text.is_empty())
}
