//! Runs content streams for what they show (ISO 32000-1, chapters 8 and 9).

use lopdf::{Dictionary, Object, ObjectId};
use model::Fault;
use std::rc::Rc;

use super::geometry::{Matrix, Rect, dot, length};
use super::lex::{Operand, Operation};
use super::objects::{self, name, numbers};
use super::scene::{Fill, Glyph, Mark, Run, Scene, Shown};
use super::work::{FORMS_MAX, Source, Work, too_large};

/// Boxes under which text is looked for.
const FILLS_MAX: usize = 2_000;
/// Saved graphics states.
const STATES_MAX: usize = 4_096;

/// The part of the graphics state that says where text goes.
#[derive(Clone)]
struct State {
    ctm: Matrix,
    font: Option<usize>,
    size: f64,
    letter: f64,
    word: f64,
    stretch: f64,
    leading: f64,
    rise: f64,
    opaque: bool,
    /// Where painting shows; `None` when that is no box.
    clip: Option<Rect>,
    /// Whether boxes are filled with a plain colour.
    plain: bool,
}

impl State {
    fn at(ctm: Matrix) -> State {
        State {
            ctm,
            font: None,
            size: 0.0,
            letter: 0.0,
            word: 0.0,
            stretch: 1.0,
            leading: 0.0,
            rise: 0.0,
            opaque: true,
            clip: Some(EVERYWHERE),
            plain: true,
        }
    }
}

/// One stream while it runs.
struct Frame {
    run: usize,
    state: State,
    saved: Vec<State>,
    line: Matrix,
    text: Matrix,
    marks: Vec<Option<usize>>,
    /// Rectangles of the current path.
    path: Vec<Rect>,
    /// Whether the path is more than one upright rectangle.
    is_shape: bool,
    /// Whether it becomes the clip once it is painted.
    clips: bool,
}

const EVERYWHERE: Rect = Rect { left: f64::MIN, bottom: f64::MIN, right: f64::MAX, top: f64::MAX };

/// Runs a stream as a scene of its own.
pub(super) struct Stage<'w, 'l> {
    work: &'w mut Work<'l>,
    scene: Scene,
    page: u32,
    active: Vec<ObjectId>,
}

/// What `source` shows, with `resources`, in its own space.
pub(super) fn scene(
    work: &mut Work<'_>,
    page: u32,
    object: Option<ObjectId>,
    source: Rc<Source>,
    resources: Dictionary,
    own_resources: bool,
) -> Result<Scene, Fault> {
    let mut stage = Stage { work, scene: Scene::default(), page, active: object.into_iter().collect() };
    let run = stage.open(source, object, resources, own_resources);
    stage.run(run, State::at(Matrix::IDENTITY), None)?;
    Ok(stage.scene)
}

impl Stage<'_, '_> {
    fn open(&mut self, source: Rc<Source>, object: Option<ObjectId>, resources: Dictionary, own: bool) -> usize {
        self.scene.runs.push(Run {
            source,
            object,
            own_resources: own,
            resources,
            forms: Default::default(),
            images: Default::default(),
            dropped: Default::default(),
            rewritten: Default::default(),
        });
        self.scene.runs.len() - 1
    }

    fn run(&mut self, run: usize, state: State, mark: Option<usize>) -> Result<(), Fault> {
        let source = Rc::clone(&self.scene.runs[run].source);
        let mut frame = Frame {
            run,
            state,
            saved: Vec::new(),
            line: Matrix::IDENTITY,
            text: Matrix::IDENTITY,
            marks: mark.map(Some).into_iter().collect(),
            path: Vec::new(),
            is_shape: false,
            clips: false,
        };
        self.work.spend(source.program.operations.len() as u64)?;
        for (number, operation) in source.program.operations.iter().enumerate() {
            self.step(&mut frame, number, operation)?;
        }
        Ok(())
    }

    fn step(&mut self, frame: &mut Frame, number: usize, operation: &Operation) -> Result<(), Fault> {
        match operation.operator {
            "q" if frame.saved.len() < STATES_MAX => frame.saved.push(frame.state.clone()),
            "q" => return Err(too_large("it saves the graphics state too often")),
            "Q" => match frame.saved.pop() {
                Some(state) => frame.state = state,
                // It restores nothing here, and must not find something to restore in what is written.
                None => drop(self.scene.runs[frame.run].dropped.insert(number)),
            },
            "cm" => frame.state.ctm = Matrix::of(&operation.numbers()).then(&frame.state.ctm),
            "gs" => self.graphics_state(frame, operation),
            "scn" | "SCN" => self.pattern(frame, operation),
            "g" | "rg" | "k" | "sc" | "cs" => frame.state.plain = true,
            "W" | "W*" => frame.clips = true,
            "m" | "l" | "c" | "v" | "y" => frame.is_shape = true,
            "Do" => self.object(frame, number, operation)?,
            "EI" => {
                let (run, matrix) = (frame.run, frame.state.ctm);
                self.scene.images.push(Shown { run, operation: number, object: None, matrix });
            }
            "BMC" | "BDC" => self.mark(frame, number, operation),
            "EMC" => drop(frame.marks.pop()),
            "re" => rectangle(frame, &operation.numbers()),
            "f" | "F" | "f*" | "B" | "B*" | "b" | "b*" => self.fill(frame),
            "n" | "S" | "s" => end_path(frame),
            _ => self.text(frame, number, operation)?,
        }
        Ok(())
    }

    fn fill(&mut self, frame: &mut Frame) {
        let (glyphs, images) = (self.scene.glyphs.len(), self.scene.images.len());
        let room = FILLS_MAX.saturating_sub(self.scene.fills.len());
        if frame.state.opaque && glyphs + images > 0 {
            let clip = frame.state.clip.filter(|_| frame.state.plain && !frame.is_shape && !self.is_optional(frame));
            let fill = |rect: &Rect| match clip.and_then(|clip| clip.meet(rect)) {
                Some(rect) => Fill { rect, glyphs, images, is_sure: true },
                None => Fill { rect: *rect, glyphs, images, is_sure: false },
            };
            self.scene.fills.extend(frame.path.iter().map(fill).take(room));
        }
        end_path(frame);
    }

    /// Whether a layer that can be hidden is being painted (ISO 32000-1, 8.11.3.2).
    fn is_optional(&self, frame: &Frame) -> bool {
        let mut next = frame.marks.iter().rev().find_map(|mark| *mark);
        while let Some(mark) = next.map(|mark| &self.scene.marks[mark]) {
            let operation = &self.scene.runs[mark.run].source.program.operations[mark.operation];
            if matches!(operation.operands.first(), Some(Operand::Name(tag)) if tag == b"OC") {
                return true;
            }
            next = mark.parent;
        }
        false
    }

    /// Text state, position and showing.
    fn text(&mut self, frame: &mut Frame, number: usize, operation: &Operation) -> Result<(), Fault> {
        let numbers = operation.numbers();
        let first = numbers.first().copied().filter(|n| n.is_finite()).unwrap_or(0.0);
        match operation.operator {
            "BT" => (frame.line, frame.text) = (Matrix::IDENTITY, Matrix::IDENTITY),
            "Tc" => frame.state.letter = first,
            "Tw" => frame.state.word = first,
            "Tz" => frame.state.stretch = first / 100.0,
            "TL" => frame.state.leading = first,
            "Ts" => frame.state.rise = first,
            "Tf" => self.font(frame, operation.name(), first),
            "Td" | "TD" => {
                let second = numbers.get(1).copied().unwrap_or(0.0);
                if operation.operator == "TD" {
                    frame.state.leading = -second;
                }
                next_line(frame, first, second);
            }
            "Tm" => {
                frame.line = Matrix::of(&numbers);
                frame.text = frame.line;
            }
            "T*" => next_line(frame, 0.0, -frame.state.leading),
            "Tj" | "TJ" => self.show(frame, number, operation)?,
            "'" | "\"" => {
                if let ("\"", [word, letter, ..]) = (operation.operator, numbers.as_slice()) {
                    (frame.state.word, frame.state.letter) = (*word, *letter);
                }
                next_line(frame, 0.0, -frame.state.leading);
                self.show(frame, number, operation)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn resource(&self, run: usize, category: &str, name: &[u8]) -> Option<&Object> {
        let category = self.scene.runs[run].resources.get(category.as_bytes()).ok()?;
        category.as_dict().ok()?.get(name).ok()
    }

    fn font(&mut self, frame: &mut Frame, name: Option<&[u8]>, size: f64) {
        let found = name.and_then(|name| self.resource(frame.run, "Font", name)).and_then(|o| o.as_reference().ok());
        let found = found.filter(|id| self.is_font(*id));
        frame.state.font = found.map(|id| self.load_font(frame.run, id));
        frame.state.size = size;
    }

    /// A stream has a dictionary too, and is no font.
    fn is_font(&self, id: ObjectId) -> bool {
        matches!(self.work.document.objects.get(&id), Some(Object::Dictionary(_)))
    }

    fn load_font(&mut self, run: usize, id: ObjectId) -> usize {
        let max = self.work.stream_max();
        let font = self.work.fonts.load(&self.work.document, id, max);
        if !self.work.fonts.list[font].procedures.is_empty() {
            let procedures = self.work.fonts.list[font].procedures.clone();
            let own = self.work.document.get_dictionary(id).ok();
            let own = own.and_then(|dict| objects::dictionary(&self.work.document, dict, b"Resources"));
            let resources = match own {
                Some(own) => self.work.resources(Some(own)),
                None => self.scene.runs[run].resources.clone(),
            };
            procedures.into_iter().for_each(|id| self.work.ask(id, &resources, self.page));
        }
        font
    }

    fn graphics_state(&mut self, frame: &mut Frame, operation: &Operation) {
        let Some(object) = operation.name().and_then(|name| self.resource(frame.run, "ExtGState", name)) else {
            return;
        };
        let Ok((_, Object::Dictionary(dict))) = self.work.document.dereference(object) else { return };
        let dict = dict.clone();
        if let Some(opacity) = objects::number(&self.work.document, &dict, b"ca") {
            frame.state.opaque = opacity >= 1.0;
        }
        if let Some(mode) = name(&self.work.document, &dict, b"BM") {
            frame.state.opaque &= mode == b"Normal";
        }
        if let Some([Object::Reference(font), size]) = objects::array(&self.work.document, &dict, b"Font").get(..2)
            && self.is_font(*font)
        {
            let size = f64::from(size.as_float().unwrap_or(0.0));
            frame.state.font = Some(self.load_font(frame.run, *font));
            frame.state.size = size;
        }
        let mask = objects::dictionary(&self.work.document, &dict, b"SMask").and_then(|mask| mask.get(b"G").ok());
        if let Some(id) = mask.and_then(|group| group.as_reference().ok()) {
            let resources = self.scene.runs[frame.run].resources.clone();
            self.work.ask(id, &resources, self.page);
        }
    }

    fn pattern(&mut self, frame: &mut Frame, operation: &Operation) {
        frame.state.plain = operation.name().is_none();
        let found = operation.name().and_then(|name| self.resource(frame.run, "Pattern", name));
        let Some(id) = found.and_then(|object| object.as_reference().ok()) else { return };
        if matches!(self.work.document.objects.get(&id), Some(Object::Stream(_))) {
            let resources = self.scene.runs[frame.run].resources.clone();
            self.work.ask(id, &resources, self.page);
        }
    }

    fn object(&mut self, frame: &mut Frame, number: usize, operation: &Operation) -> Result<(), Fault> {
        let found = operation.name().and_then(|name| self.resource(frame.run, "XObject", name));
        let id = found.and_then(|object| object.as_reference().ok());
        let stream = id.and_then(|id| Some((id, self.work.document.objects.get(&id)?.as_stream().ok()?)));
        let Some((id, stream)) = stream else {
            self.scene.runs[frame.run].dropped.insert(number);
            return Ok(());
        };
        match name(&self.work.document, &stream.dict, b"Subtype").as_deref() {
            Some(b"Image") => {
                let (run, matrix) = (frame.run, frame.state.ctm);
                self.scene.images.push(Shown { run, operation: number, object: Some(id), matrix });
                Ok(())
            }
            Some(b"Form") => self.form(frame, number, id),
            _ => {
                self.scene.runs[frame.run].dropped.insert(number);
                self.work.remove("an external object that is neither form nor image", "nobody can say what it shows");
                Ok(())
            }
        }
    }

    fn form(&mut self, frame: &mut Frame, number: usize, id: ObjectId) -> Result<(), Fault> {
        if self.active.contains(&id) {
            // A form that shows itself shows nothing in viewers.
            self.scene.runs[frame.run].dropped.insert(number);
            return Ok(());
        }
        if self.active.len() >= FORMS_MAX || self.scene.runs.len() >= self.work.limits.parts {
            return Err(too_large("its forms lie too deep in one another, or are too many"));
        }
        let source = self.work.source(id)?;
        let dict = self.work.document.get_object(id).ok().and_then(objects::of).cloned().unwrap_or_default();
        let own = objects::dictionary(&self.work.document, &dict, b"Resources");
        let resources = match own {
            Some(own) => self.work.resources(Some(own)),
            None => self.scene.runs[frame.run].resources.clone(),
        };
        let matrix = Matrix::of(&numbers(&self.work.document, &dict, b"Matrix"));
        let run = self.open(source, Some(id), resources, own.is_some());
        self.scene.runs[frame.run].forms.insert(number, run);
        let mut state = frame.state.clone();
        state.ctm = matrix.then(&state.ctm);
        // What the form's own box leaves of it is not reckoned.
        state.clip = None;
        let mark = frame.marks.iter().rev().find_map(|mark| *mark);
        self.active.push(id);
        self.run(run, state, mark)?;
        self.active.pop();
        Ok(())
    }

    fn mark(&mut self, frame: &mut Frame, number: usize, operation: &Operation) {
        let parent = frame.marks.iter().rev().find_map(|mark| *mark);
        let (mut speaks, mut mcid) = (false, None);
        match operation.operands.last() {
            Some(Operand::Dictionary(entries)) => {
                speaks = entries.iter().any(|(key, _)| speaking(key));
                mcid = entries.iter().find(|(key, _)| key == b"MCID").and_then(|(_, v)| v.number()).map(|n| n as i64);
            }
            Some(Operand::Name(property)) if operation.operator == "BDC" => {
                let dict = self.resource(frame.run, "Properties", property);
                let dict =
                    dict.and_then(|o| self.work.document.dereference(o).ok()).and_then(|(_, o)| o.as_dict().ok());
                speaks = dict.is_some_and(|dict| dict.iter().any(|(key, _)| speaking(key)));
                mcid = dict.and_then(|dict| objects::integer(&self.work.document, dict, b"MCID"));
            }
            _ => {}
        }
        self.scene.marks.push(Mark { run: frame.run, operation: number, parent, speaks, number: mcid });
        frame.marks.push(Some(self.scene.marks.len() - 1));
    }

    fn show(&mut self, frame: &mut Frame, number: usize, operation: &Operation) -> Result<(), Fault> {
        let elements = match operation.operands.last() {
            Some(Operand::Array(items)) => items.as_slice(),
            Some(text @ Operand::Text(_)) => std::slice::from_ref(text),
            _ => return Ok(()),
        };
        for (element, item) in elements.iter().enumerate() {
            match item {
                Operand::Number(back) => {
                    let vertical = frame.state.font.is_some_and(|font| self.work.fonts.list[font].vertical);
                    let by = -back / 1000.0 * frame.state.size;
                    advance(frame, by, vertical);
                }
                Operand::Text(text) => self.string(frame, (number, element), text)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn string(&mut self, frame: &mut Frame, (operation, element): (usize, usize), text: &[u8]) -> Result<(), Fault> {
        if text.is_empty() {
            return Ok(());
        }
        let Some(font) = frame.state.font else { return Err(self.unreadable("without a font")) };
        let codes = self.work.fonts.list[font].codes(text);
        self.work.spend(codes.len() as u64)?;
        for code in codes {
            self.doubt(font, code.value);
            let known = &self.work.fonts.list[font];
            let Some(shown) = known.text_of(code.value) else {
                let label = format!("in font {}, code {}", known.name, code.value);
                return Err(self.unreadable(&label));
            };
            let begin = self.scene.text.len();
            self.scene.text.push_str(shown);
            let end = self.scene.text.len();
            let other = known.otherwise.get(&code.value);
            self.scene.text.extend(other.map(String::as_str));
            let (across, vertical, two) = (known.advance(code.value), known.vertical, known.two_bytes);
            let state = &frame.state;
            let word = if code.value == 32 && !two { state.word } else { 0.0 };
            let move_by = across * state.size + state.letter + word;
            let mut glyph = place(frame, across, vertical);
            // What a `TJ` array has to say instead of the glyph (ISO 32000-1, 9.4.3).
            glyph.displacement = if state.size == 0.0 { 0.0 } else { -move_by * 1000.0 / state.size };
            glyph.run = frame.run;
            (glyph.operation, glyph.element, glyph.at, glyph.bytes) = (operation, element, code.at, code.bytes);
            (glyph.font, glyph.code, glyph.text) = (font, code.value, (begin, end));
            glyph.other = other.map(|_| (end, self.scene.text.len()));
            glyph.mark = frame.marks.iter().rev().find_map(|mark| *mark);
            self.scene.glyphs.push(glyph);
            advance(frame, move_by, vertical);
        }
        Ok(())
    }

    /// Says when the text of a code need not be what its glyph shows.
    fn doubt(&mut self, font: usize, code: u32) {
        let (known, page) = (&self.work.fonts.list[font], self.page);
        let meaningless = |c: char| matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{fffd}' | '\u{f0000}'..);
        if known.contradicted.contains(&code) {
            let message = format!("letters on page {page} that font {} maps to others", known.name);
            self.work.leave_unscanned(message);
        } else if known.text_of(code).is_some_and(|text| text.contains(meaningless)) {
            self.work.leave_unscanned(format!("characters without a common meaning on page {page}"));
        }
    }

    fn unreadable(&self, what: &str) -> Fault {
        let message = format!("Page {} shows text {what} that cannot be turned into characters.", self.page);
        Fault::bad_input("pdf-unreadable-text", message).advise(
            "Save the document anew from the program that made it, with its fonts embedded; nothing was written.",
        )
    }
}

/// Keys of properties whose text is read out instead of what is shown.
pub(super) fn speaking(key: &[u8]) -> bool {
    matches!(key, b"ActualText" | b"Alt" | b"E")
}

/// Adds a rectangle that is large enough to hide a letter.
fn rectangle(frame: &mut Frame, numbers: &[f64]) {
    let [x, y, width, height] = *numbers else { return };
    let corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)];
    let [a, b, c, d, ..] = frame.state.ctm.0;
    let is_upright = b == 0.0 && c == 0.0 || a == 0.0 && d == 0.0;
    frame.is_shape |= !is_upright || !frame.path.is_empty();
    let rect = Rect::around(&corners.map(|corner| frame.state.ctm.point(corner)));
    if rect.right - rect.left > 3.0 && rect.top - rect.bottom > 3.0 && frame.path.len() < FILLS_MAX {
        frame.path.push(rect);
    }
}

/// The path is painted, and forgotten.
fn end_path(frame: &mut Frame) {
    if std::mem::take(&mut frame.clips) {
        let shape = frame.path.first().filter(|_| !frame.is_shape);
        frame.state.clip = frame.state.clip.zip(shape).and_then(|(clip, rect)| clip.meet(rect));
    }
    frame.path.clear();
    frame.is_shape = false;
}

fn next_line(frame: &mut Frame, x: f64, y: f64) {
    frame.line = Matrix::shift(x, y).then(&frame.line);
    frame.text = frame.line;
}

fn advance(frame: &mut Frame, by: f64, vertical: bool) {
    let by = if by.is_finite() { by } else { 0.0 };
    let shift = if vertical { Matrix::shift(0.0, by) } else { Matrix::shift(by * frame.state.stretch, 0.0) };
    frame.text = shift.then(&frame.text);
}

/// Where the next glyph stands.
fn place(frame: &Frame, across: f64, vertical: bool) -> Glyph {
    let state = &frame.state;
    let scale = Matrix([state.size * state.stretch, 0.0, 0.0, state.size, 0.0, state.rise]);
    let matrix = scale.then(&frame.text).then(&state.ctm);
    let (x, y) = (matrix.vector((1.0, 0.0)), matrix.vector((0.0, 1.0)));
    let (line, em, height) = if vertical { ((-y.0, -y.1), length(y), length(x)) } else { (x, length(x), length(y)) };
    let along = if em > 0.0 { (line.0 / em, line.1 / em) } else { (1.0, 0.0) };
    let mut up = (-along.1, along.0);
    if !vertical && dot(up, y) < 0.0 {
        up = (-up.0, -up.1);
    }
    let spacing = if state.size != 0.0 { state.letter / state.size } else { 0.0 };
    let width = across.abs() * em;
    let mut origin = matrix.point((0.0, 0.0));
    if vertical {
        // The line runs through the middle of the glyphs, not along their feet.
        origin = (origin.0 - 0.27 * height * up.0, origin.1 - 0.27 * height * up.1);
    }
    Glyph {
        run: 0,
        operation: 0,
        element: 0,
        at: 0,
        bytes: 0,
        font: 0,
        code: 0,
        text: (0, 0),
        other: None,
        origin,
        along,
        up,
        width,
        reach: width + spacing.max(0.0) * em,
        em,
        height,
        displacement: 0.0,
        mark: None,
    }
}
