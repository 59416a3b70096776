//! One face: from characters to glyphs, plain or shaped.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use allsorts::Font;
use allsorts::binary::read::ReadScope;
use allsorts::font::{MatchingPresentation, read_cmap_subtable};
use allsorts::glyph_position::{GlyphLayout, TextDirection};
use allsorts::gsub::{FeatureMask, FeatureMaskExt};
use allsorts::subset::{CmapTarget, SubsetProfile, subset};
use allsorts::tables::cmap::Cmap;
use model::Fault;
use printpdf::ParsedFont;

use super::program::{Program, u16_at};

/// A glyph at its place. Lengths are thousandths of the font size.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Glyph {
    pub(crate) id: u16,
    /// The characters that it stands for.
    pub(crate) text: String,
    pub(crate) advance: f32,
    pub(crate) dx: f32,
    pub(crate) dy: f32,
}

/// Characters below this have a place in a table; the others are looked up.
const DENSE: usize = 0x3000;

pub(crate) struct Face {
    name: String,
    program: Program,
    dense: Vec<u16>,
    others: HashMap<char, u16>,
    /// Of each glyph, in thousandths, cut: what the file will say.
    advances: Vec<u16>,
    /// From units of the font to thousandths.
    scale: f32,
    weight: u16,
    shaper: RefCell<Font<Program>>,
    silent: OnceCell<Option<u16>>,
}

/// Whether an outline has anything to draw.
struct Seen(bool);

impl ttf_parser::OutlineBuilder for Seen {
    fn move_to(&mut self, _: f32, _: f32) {}

    fn line_to(&mut self, _: f32, _: f32) {
        self.0 = true;
    }

    fn quad_to(&mut self, _: f32, _: f32, _: f32, _: f32) {
        self.0 = true;
    }

    fn curve_to(&mut self, _: f32, _: f32, _: f32, _: f32, _: f32, _: f32) {
        self.0 = true;
    }

    fn close(&mut self) {}
}

impl Face {
    /// Reads a face; `None` where the font lacks what a page needs.
    pub(crate) fn read(name: String, program: Program) -> Option<Face> {
        let units = u16_at(program.table(b"head")?, 18).filter(|units| *units > 0)?;
        let count = u16_at(program.table(b"maxp")?, 4)?;
        let long = u16_at(program.table(b"hhea")?, 34).filter(|long| *long > 0)?;
        let metrics = program.table(b"hmtx")?;
        let cut = |width: u16| (f32::from(width) * 1000.0 / f32::from(units)) as u16;
        let advance = |glyph: u16| Some(cut(u16_at(metrics, 4 * usize::from(glyph.min(long - 1)))?));
        let advances = (0..count).map(advance).collect::<Option<Vec<_>>>()?;
        let (dense, others) = characters(&program)?;
        let weight = program.table(b"OS/2").and_then(|table| u16_at(table, 4)).unwrap_or(400);
        let shaper = RefCell::new(Font::new(program.clone()).ok()?);
        Some(Face {
            name,
            program,
            dense,
            others,
            advances,
            scale: 1000.0 / f32::from(units),
            weight,
            shaper,
            silent: OnceCell::new(),
        })
    }

    pub(crate) fn glyph(&self, c: char) -> Option<u16> {
        let glyph = match self.dense.get(u32::from(c) as usize) {
            Some(glyph) => *glyph,
            None => self.others.get(&c).copied().unwrap_or(0),
        };
        (glyph != 0).then_some(glyph)
    }

    pub(crate) fn has_all(&self, text: &str) -> bool {
        text.chars().all(|c| self.glyph(c).is_some())
    }

    /// A glyph that has neither shape nor width, if there is one. (The joiners of many fonts have a shape, for editors.)
    pub(crate) fn silent(&self) -> Option<u16> {
        *self.silent.get_or_init(|| {
            let narrow = (1..self.advances.len()).filter(|glyph| self.advances[*glyph] == 0).map(|glyph| glyph as u16);
            narrow.into_iter().find(|glyph| {
                let mut seen = Seen(false);
                self.outline(*glyph, &mut seen).is_some() && !seen.0
            })
        })
    }

    /// How many glyphs it has.
    pub(crate) fn glyphs(&self) -> usize {
        self.advances.len()
    }

    /// The width of a glyph in thousandths.
    pub(crate) fn advance(&self, glyph: u16) -> f32 {
        self.advances.get(usize::from(glyph)).copied().map_or(0.0, f32::from)
    }

    /// The width of a character in thousandths; 0 for what the face does not have.
    pub(crate) fn width(&self, c: char) -> f32 {
        self.glyph(c).map_or(0.0, |glyph| self.advance(glyph))
    }

    /// The glyphs of a text of one script (GSUB and GPOS), from left to right; `None` where the font cannot.
    pub(crate) fn shape(&self, text: &str, tag: &[u8; 4], rightward: bool) -> Option<Vec<Glyph>> {
        let mut font = self.shaper.borrow_mut();
        let tag = u32::from_be_bytes(*tag);
        let raw = font.map_glyphs(text, tag, MatchingPresentation::NotRequired);
        let infos = font.shape(raw, tag, None, FeatureMask::default_mask(), &[], None, true).ok()?;
        let direction = if rightward { TextDirection::LeftToRight } else { TextDirection::RightToLeft };
        let places = GlyphLayout::new(&mut font, &infos, direction, false).glyph_positions().ok()?;
        let thousandths = |units: i32| units as f32 * self.scale;
        let mut glyphs = Vec::with_capacity(infos.len());
        for (info, place) in infos.iter().zip(&places) {
            let id = info.glyph.glyph_index;
            // A joiner has done its work; many fonts draw it, for editors.
            if info.glyph.unicodes.iter().all(|c| matches!(c, '\u{200c}' | '\u{200d}'))
                && !info.glyph.unicodes.is_empty()
            {
                continue;
            }
            if id == 0 {
                return None;
            }
            let (dx, dy) = (thousandths(place.x_offset), thousandths(place.y_offset));
            let text = info.glyph.unicodes.iter().collect();
            glyphs.push(Glyph { id, text, advance: thousandths(place.hori_advance), dx, dy });
        }
        if !rightward {
            glyphs.reverse();
        }
        Some(glyphs)
    }

    /// The outline of a glyph, in units of the font.
    pub(crate) fn outline(&self, glyph: u16, out: &mut dyn ttf_parser::OutlineBuilder) -> Option<()> {
        let table = |tag| self.program.table(tag);
        let tables = ttf_parser::RawFaceTables {
            head: table(b"head")?,
            hhea: table(b"hhea")?,
            maxp: table(b"maxp")?,
            loca: table(b"loca"),
            glyf: table(b"glyf"),
            cff: table(b"CFF "),
            hmtx: table(b"hmtx"),
            ..ttf_parser::RawFaceTables::default()
        };
        let face = ttf_parser::Face::from_raw_tables(tables).ok()?;
        // A glyph without contours is a space.
        let _ = face.outline_glyph(ttf_parser::GlyphId(glyph), out);
        Some(())
    }

    /// From units of the font to thousandths.
    pub(crate) fn scale(&self) -> f32 {
        self.scale
    }

    /// The face reduced to the glyphs that are used, and the code of each of them in the file.
    ///
    /// # Errors
    /// `bad-font`.
    pub(crate) fn subset(&self, used: &BTreeMap<u16, String>) -> Result<Subset, Fault> {
        let broken = |why: String| {
            Fault::bad_input("bad-font", format!("The font {} cannot be reduced: {why}", self.name))
                .advise("Take the font out of the folder, or replace it with a whole copy.")
        };
        let ids: Vec<u16> = std::iter::once(0).chain(used.keys().copied().filter(|id| *id != 0)).collect();
        let bytes = subset(&self.program, &ids, &SubsetProfile::Pdf, CmapTarget::Unicode)
            .map_err(|error| broken(error.to_string()))?;
        let mut font = ParsedFont::from_bytes(&bytes, 0, &mut Vec::new())
            .ok_or_else(|| broken("what is left cannot be read".to_owned()))?;
        font.font_name = Some(format!("{}+{}", tag(used), self.name));
        font.pdf_font_metrics.us_weight_class = self.weight;
        // A CFF with character ids is addressed by them and not by the number of the glyph.
        let codes = printpdf::cff_charset_gid_to_cid_map(&bytes, 0);
        let code = |new: u16| codes.as_ref().map_or(Some(new), |codes| codes.get(&new).copied());
        let place = |(new, old): (usize, &u16)| Some((*old, (new as u16, code(new as u16)?)));
        let codes = ids.iter().enumerate().map(place).collect::<Option<HashMap<_, _>>>();
        Ok(Subset { font, codes: codes.ok_or_else(|| broken("a glyph has no code".to_owned()))? })
    }
}

/// What of a face travels in the file.
pub(crate) struct Subset {
    pub(crate) font: ParsedFont,
    /// From the glyph in the face to the glyph in the subset and its code on the page.
    pub(crate) codes: HashMap<u16, (u16, u16)>,
}

/// The glyphs of all characters.
fn characters(program: &Program) -> Option<(Vec<u16>, HashMap<char, u16>)> {
    let (mut dense, mut others) = (vec![0; DENSE], HashMap::new());
    let cmap = ReadScope::new(program.table(b"cmap")?).read::<Cmap<'_>>().ok()?;
    let (_, table) = read_cmap_subtable(&cmap).ok()??;
    table
        .mappings_fn(|c, glyph| match dense.get_mut(c as usize) {
            Some(place) => *place = glyph,
            None => {
                char::from_u32(c).map(|c| others.insert(c, glyph));
            }
        })
        .ok()?;
    Some((dense, others))
}

/// Whether a face of the file has a character, without reading the rest of it.
pub(crate) fn has(program: &Program, c: char) -> bool {
    let Some(table) = program.table(b"cmap") else { return false };
    let Ok(cmap) = ReadScope::new(table).read::<Cmap<'_>>() else { return false };
    let Ok(Some((_, table))) = read_cmap_subtable(&cmap) else { return false };
    matches!(table.map_glyph(u32::from(c)), Ok(Some(glyph)) if glyph != 0)
}

/// The name of a face: `NotoSansCJKjp-Regular` (name 6 of the table `name`), made of `[A-Za-z0-9-]`.
pub(crate) fn name_of(program: &Program) -> Option<String> {
    let table = program.table(b"name")?;
    let (count, strings) = (usize::from(u16_at(table, 2)?), usize::from(u16_at(table, 4)?));
    for record in (0..count).map(|index| 6 + 12 * index) {
        if u16_at(table, record + 6)? != 6 {
            continue;
        }
        let start = strings + usize::from(u16_at(table, record + 10)?);
        let text = table.get(start..start + usize::from(u16_at(table, record + 8)?))?;
        let letters = text.iter().copied().filter(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
        let name: String = letters.map(char::from).collect();
        if !name.is_empty() {
            return Some(name);
        }
    }
    None
}

/// Six capitals that name a subset (ISO 32000-1, 9.6.4); the same for the same glyphs.
fn tag(used: &BTreeMap<u16, String>) -> String {
    let mut hash = used
        .keys()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, glyph| (hash ^ u64::from(*glyph)).wrapping_mul(0x0100_0000_01b3));
    let letter = |_| {
        let letter = b'A' + (hash % 26) as u8;
        hash /= 26;
        letter as char
    };
    (0..6).map(letter).collect()
}

/// The bytes of a file as a program has them.
pub(crate) fn shared(bytes: impl Into<Cow<'static, [u8]>>) -> Rc<Cow<'static, [u8]>> {
    Rc::new(bytes.into())
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use super::super::program;
    use super::*;
    use crate::script::script_of;

    /// Glyphs as HarfBuzz sees them: id, advance, offset; in units of the font.
    fn judged(path: &Path, text: &str) -> Vec<[i32; 4]> {
        let mut shape = Command::new("hb-shape");
        shape.args(["--no-glyph-names", "--no-clusters", "--font-size=upem"]).arg(path).arg(text);
        shape.env("LC_ALL", "C.UTF-8");
        let said = String::from_utf8(shape.output().expect("hb-shape runs").stdout).unwrap();
        let glyph = |glyph: &str| {
            let (id, advance) = glyph.split_once('+').unwrap_or((glyph, "0"));
            let (id, offset) = id.split_once('@').unwrap_or((id, "0,0"));
            let (x, y) = offset.split_once(',').unwrap();
            [id, advance, x, y].map(|number| number.parse().unwrap())
        };
        said.trim().trim_matches(['[', ']']).split('|').map(glyph).collect()
    }

    /// ZWNJ of Noto Sans Arabic has no width and a line as its shape: it must not be what stands beside a ligature.
    #[test]
    fn what_says_the_letters_of_a_ligature_is_not_seen() {
        for name in ["Arabic-Regular", "Arabic-Bold", "Hebrew-Regular", "Syriac-Regular"] {
            let path = format!("/usr/share/fonts/truetype/noto/NotoSans{name}.ttf");
            let program = program::Program::read(&shared(std::fs::read(path).unwrap()), 0).unwrap();
            let face = Face::read(name.to_owned(), program).unwrap();
            let silent = face.silent().unwrap();
            let mut seen = Seen(false);
            face.outline(silent, &mut seen).unwrap();
            assert!(!seen.0 && face.advance(silent) == 0.0, "{name}");
            let joiner = face.glyph('\u{200c}').unwrap();
            let shaped = face.shape("می\u{200c}خواهم", b"arab", false).unwrap_or_default();
            assert!(shaped.iter().all(|glyph| glyph.id != joiner), "{name}");
        }
    }

    #[test]
    fn words_are_shaped_as_another_shaper_shapes_them() {
        /// Where a mark may stand elsewhere: kerning below it moves one and not the other. A hundredth of the font size.
        const NEAR: i32 = 10;
        const WORDS: &str = "محمد الأحمد القاهرة لا الله شَكَّ ببینم پاکستان שלום גוריון שָׁלוֹם नरेन्द्र क्षत्रिय श्री विद्यार्थी हिन्दी र्किं \
            রবীন্দ্রনাথ ঠাকুর தமிழ்நாடு கோவை కృష్ణ ಕರ್ನಾಟಕ മലയാളം ਪੰਜਾਬੀ ગુજરાત ଓଡ଼ିଶା සිංහල สวัสดีครับ น้ำแข็ง ລາວ ကျောင်း ខ្មែរ";
        for word in WORDS.split_whitespace() {
            let script = script_of(word.chars().next().unwrap());
            let folder = Path::new("/usr/share/fonts/truetype/noto");
            let path = folder.join(format!("{}-Regular.ttf", script.family.replace(' ', "")));
            let bytes = shared(std::fs::read(&path).unwrap());
            let face = Face::read("Judged".to_owned(), program::Program::read(&bytes, 0).unwrap()).unwrap();
            let rightward = ![b"hebr", b"arab"].contains(&script.tag);
            let units = |thousandths: f32| (thousandths / face.scale).round() as i32;
            let glyphs = face.shape(word, script.tag, rightward).unwrap();
            let expect = judged(&path, word);
            assert_eq!(glyphs.len(), expect.len(), "{word}");
            for (glyph, expect) in glyphs.iter().zip(expect) {
                let [id, advance, x, y] = expect;
                assert_eq!((i32::from(glyph.id), units(glyph.advance)), (id, advance), "{word}");
                assert!(
                    (units(glyph.dx) - x).abs() <= NEAR && (units(glyph.dy) - y).abs() <= NEAR,
                    "{word}: {glyph:?}"
                );
            }
        }
    }
}
