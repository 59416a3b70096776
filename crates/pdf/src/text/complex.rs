//! Lines of scripts whose letters change with their neighbours, run from right to left, or stand without spaces.

use std::rc::Rc;

use model::Fault;
use unicode_bidi::{Level, ParagraphBidiInfo};

use super::{Line, Run, Style};
use crate::font::{Face, FaceId, Faces, Glyph, Region};
use crate::script::{self, Script};

/// A piece of a paragraph that is never reordered inside: one face, one script, one direction, and either spaces or none.
#[derive(Clone)]
struct Item {
    text: String,
    face: FaceId,
    script: &'static Script,
    level: Level,
    space: bool,
    width: f32,
    glyphs: Option<Vec<Glyph>>,
}

/// Breaks a neutralised paragraph like its plain sister, and puts the pieces of each line in the order in which they are seen
/// (Unicode UAX #9).
///
/// # Errors
/// `missing-glyph`.
pub(super) fn break_paragraph(
    faces: &Faces,
    style: Style,
    text: &str,
    width: f32,
    lines: &mut Vec<Line>,
) -> Result<(), Fault> {
    let text = text.trim_end_matches(' ');
    let bidi = ParagraphBidiInfo::new(text, None);
    let setter = Setter { faces, style, region: Region::of(text) };
    let items = setter.items(text, &bidi.levels)?;
    let broken = setter.fill(items, width)?;
    let leftward = bidi.paragraph_level.is_rtl() && broken.len() > 1;
    for (items, goes_on) in broken {
        let turned = items.iter().any(|item| item.level.is_rtl());
        let text: String = items.iter().map(|item| item.text.as_str()).chain(goes_on.then_some(" ")).collect();
        let language = setter.language(&items);
        let (runs, width) = visual(items);
        let logical = turned.then(|| text.into());
        lines.push(Line { goes_on, leftward, logical, language, ..style.line(runs, width) });
    }
    Ok(())
}

struct Setter<'f> {
    faces: &'f Faces,
    style: Style,
    region: Region,
}

impl Setter<'_> {
    /// The paragraph in pieces, in the order in which it is read.
    fn items(&self, text: &str, levels: &[Level]) -> Result<Vec<Item>, Fault> {
        let mut items: Vec<Item> = Vec::new();
        for (at, c) in text.char_indices() {
            let (script, face) = self.place(c, items.last())?;
            let (level, space) = (levels[at], c == ' ');
            let last = items.last_mut().filter(|last| {
                let same = last.face == face && last.level == level && last.space == space;
                same && (script::is_mark(c) || last.script == script && !script.is_east_asian())
            });
            match last {
                Some(last) => last.text.push(c),
                None => {
                    let item = Item { text: c.to_string(), face, script, level, space, width: 0.0, glyphs: None };
                    items.push(item);
                }
            }
        }
        items.iter_mut().try_for_each(|item| self.measure(item))?;
        Ok(items)
    }

    /// Script and face of a character. A mark, a joiner and what no script has go with the character before.
    fn place(&self, c: char, last: Option<&Item>) -> Result<(&'static Script, FaceId), Fault> {
        let script = script::script_of(c);
        let last = last.filter(|last| !last.space);
        let follows = script::is_mark(c) || matches!(c, '\u{200c}' | '\u{200d}');
        if let Some(last) = last.filter(|_| follows)
            && (!script::is_mark(c) || self.faces.face(last.face).glyph(c).is_some())
        {
            return Ok((last.script, last.face));
        }
        Ok((script, self.faces.find(self.style.face, c, self.region)?))
    }

    /// Shapes an item where it must be.
    fn measure(&self, item: &mut Item) -> Result<(), Fault> {
        let face = self.faces.face(item.face);
        let leftward = item.level.is_rtl();
        let marks = item.text.chars().any(|c| script::is_mark(c) || matches!(c, '\u{200c}' | '\u{200d}'));
        let thousandths = if item.script.shaped || marks {
            let mut glyphs = face.shape(&item.text, item.script.tag, !leftward).ok_or_else(|| unshaped(item))?;
            if leftward {
                glyphs = spelled(&face, &item.text, glyphs);
            }
            let wide = glyphs.iter().map(|glyph| glyph.advance).sum::<f32>();
            item.glyphs = Some(glyphs);
            wide
        } else {
            if leftward {
                item.glyphs = Some(turned(&face, &item.text));
            }
            item.text.chars().map(|c| face.width(c)).sum()
        };
        item.width = thousandths * self.style.size / 1000.0;
        Ok(())
    }

    /// The language of a line, where all of its letters are of one script that tells it.
    fn language(&self, items: &[Item]) -> Option<&'static str> {
        let letters = |item: &&Item| item.text.chars().any(char::is_alphabetic);
        let mut languages = items.iter().filter(letters).map(|item| match item.script.is_east_asian() {
            true => self.region.language().unwrap_or(item.script.language),
            false => item.script.language,
        });
        let first = languages.next().filter(|language| !language.is_empty())?;
        languages.all(|language| language == first).then_some(first)
    }

    /// Lines of items that fit; whether each goes on after a space.
    fn fill(&self, items: Vec<Item>, width: f32) -> Result<Vec<(Vec<Item>, bool)>, Fault> {
        let mut lines = Vec::new();
        let (mut line, mut used) = (Vec::new(), 0.0);
        for word in words(items) {
            let spaces: f32 = word.iter().filter(|item| item.space).map(|item| item.width).sum();
            let wide: f32 = word.iter().map(|item| item.width).sum();
            if used + wide - spaces > width && !line.is_empty() {
                lines.push(end(&mut line));
                used = 0.0;
            }
            if wide - spaces <= width {
                used += wide;
                line.extend(word);
                continue;
            }
            for part in self.parts(word)? {
                if used + part.width > width && !line.is_empty() {
                    lines.push(end(&mut line));
                    used = 0.0;
                }
                used += part.width;
                line.push(part);
            }
        }
        lines.push((end(&mut line).0, false));
        Ok(lines)
    }

    /// A word that is wider than a line, letter by letter; marks stay with their letter.
    fn parts(&self, word: Vec<Item>) -> Result<Vec<Item>, Fault> {
        let mut parts: Vec<Item> = Vec::new();
        for item in word {
            let mut first = true;
            for c in item.text.chars() {
                let joined = script::is_mark(c) || item.script.shaped && !c.is_alphabetic();
                match parts.last_mut().filter(|_| joined && !first) {
                    Some(last) => last.text.push(c),
                    None => parts.push(Item { text: c.to_string(), glyphs: None, ..item.clone() }),
                }
                first = false;
            }
        }
        parts.iter_mut().try_for_each(|part| self.measure(part))?;
        Ok(parts)
    }
}

/// Takes the line; the spaces at its end are gone, and it says whether there were any.
fn end(line: &mut Vec<Item>) -> (Vec<Item>, bool) {
    let mut line = std::mem::take(line);
    let whole = line.len();
    while line.last().is_some_and(|item| item.space) {
        line.pop();
    }
    let goes_on = line.len() < whole;
    (line, goes_on)
}

/// What no line may part: up to the next space, or to the next character of a script without spaces.
fn words(items: Vec<Item>) -> Vec<Vec<Item>> {
    let mut words: Vec<Vec<Item>> = Vec::new();
    for item in items {
        let begins = words.last().and_then(|word| word.last()).is_none_or(|last| may_part(last, &item));
        match words.last_mut().filter(|_| !begins) {
            Some(word) => word.push(item),
            None => words.push(vec![item]),
        }
    }
    words
}

fn may_part(one: &Item, other: &Item) -> bool {
    /// What begins no line, and what ends none (JIS X 4051, the common ones).
    const CLOSING: &str = "、。，．・：；？！」』）］｝〉》】〕ー々,.:;?!)]}»";
    const OPENING: &str = "「『（［｛〈《【〔([{«";
    let first = other.text.chars().next();
    if one.space {
        return !other.space;
    }
    let dense = one.script.is_east_asian() || other.script.is_east_asian();
    let clings = first.is_some_and(|c| CLOSING.contains(c)) || one.text.ends_with(|c| OPENING.contains(c));
    dense && !other.space && !clings
}

/// The items of a line from left to right.
fn visual(items: Vec<Item>) -> (Vec<Run>, f32) {
    let levels: Vec<Level> = items.iter().map(|item| item.level).collect();
    let width = items.iter().map(|item| item.width).sum();
    let mut items: Vec<Option<Item>> = items.into_iter().map(Some).collect();
    let order = ParagraphBidiInfo::reorder_visual(&levels);
    let runs = order.into_iter().filter_map(|at| items.get_mut(at)?.take()).map(|item| Run {
        face: item.face,
        leftward: item.level.is_rtl(),
        text: item.text,
        glyphs: item.glyphs,
    });
    (runs.collect(), width)
}

/// Characters that need no shaping, in a text that runs from right to left.
fn turned(face: &Rc<Face>, text: &str) -> Vec<Glyph> {
    let glyph = |c: char| {
        let id = face.glyph(script::mirrored(c)).or_else(|| face.glyph(c)).unwrap_or(0);
        Glyph { id, text: c.to_string(), advance: face.advance(id), dx: 0.0, dy: 0.0 }
    };
    text.chars().rev().map(glyph).collect()
}

/// Gives each glyph of a text that runs from right to left one character to say: readers put such glyphs in order one by one, and
/// would turn the letters of a ligature around. The others, and joiners that left no glyph, are said by glyphs without a shape.
fn spelled(face: &Rc<Face>, text: &str, glyphs: Vec<Glyph>) -> Vec<Glyph> {
    let Some(id) = face.silent() else { return glyphs };
    let silent = |c: char| Glyph { id, text: c.to_string(), advance: 0.0, dx: 0.0, dy: 0.0 };
    let mut spelled = Vec::with_capacity(glyphs.len() + 2);
    let mut rest = text.chars().peekable();
    for mut glyph in glyphs.into_iter().rev() {
        let said = std::mem::take(&mut glyph.text);
        let mut letters = said.chars();
        let first = letters.next();
        while let Some(c) = rest.next_if(|c| matches!(c, '\u{200c}' | '\u{200d}') && Some(*c) != first) {
            spelled.push(silent(c));
        }
        glyph.text.extend(first);
        spelled.push(glyph);
        spelled.extend(letters.map(silent));
        rest.by_ref().take(said.chars().count()).for_each(drop);
    }
    spelled.reverse();
    spelled
}

fn unshaped(item: &Item) -> Fault {
    let first = item.text.chars().next().unwrap_or_default();
    let (number, name) = (u32::from(first), item.script.name);
    let message = format!("The report cannot show the {name} text that begins with U+{number:04X} ({first})");
    Fault::bad_input("missing-glyph", message)
        .advise(format!("Install {} (Debian: {}).", item.script.family, item.script.package))
}
