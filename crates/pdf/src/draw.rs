//! printpdf writes the pages: boxes, the watermark as outlines, then every line as text.

use std::collections::{BTreeMap, BTreeSet};

use evidence::report::Report;
use model::Fault;
use printpdf::{
    Color, DictItem, FontId, Op, PaintMode, PdfDocument, PdfFontHandle, PdfPage, PdfSaveOptions, PdfWarnMsg, Point, Pt,
    Rect, Rgb, TextItem, units::Mm,
};

use crate::font::{Face, Fonts};
use crate::layout::{Fill, LEFT, Layout, PAGE, Page, Placed};
use crate::text::{self, neutralise};

/// Pale enough to keep 7:1 for the text above it.
const WATERMARK: text::Color = [0.935, 0.943, 0.955];

/// The bytes of a PDF that has its pages and fonts, and nothing else yet.
pub(crate) fn draw(report: &Report, layout: &Layout, fonts: &Fonts) -> Result<Vec<u8>, Fault> {
    let mut document = PdfDocument::new(&report.title);
    let mut used: BTreeMap<Face, BTreeSet<char>> = BTreeMap::new();
    for placed in layout.pages.iter().flat_map(|page| &page.lines) {
        used.entry(placed.line.face).or_default().extend(placed.line.text.chars());
    }
    for face in Face::ALL {
        let Some(used) = used.get(&face) else { continue };
        let font = printpdf::PdfFont::new(fonts.subset(face, used)?);
        document.resources.fonts.map.insert(FontId(face.resource().to_owned()), font);
    }
    let watermark = watermark(&neutralise(&report.watermark), fonts)?;
    let pages = layout.pages.iter().map(|page| draw_page(page, &watermark)).collect();
    document.with_pages(pages);
    let options = PdfSaveOptions { optimize: true, subset_fonts: false, secure: false, image_optimization: None };
    let mut warnings: Vec<PdfWarnMsg> = Vec::new();
    Ok(document.save(&options, &mut warnings))
}

fn draw_page(page: &Page, watermark: &[Op]) -> PdfPage {
    let mut ops = vec![Op::BeginMarkedContent { tag: "Artifact".to_owned() }];
    ops.extend_from_slice(watermark);
    page.fills.iter().for_each(|fill| draw_fill(&mut ops, fill));
    ops.push(Op::EndMarkedContent);
    page.lines.iter().for_each(|placed| draw_line(&mut ops, placed));
    // 1 mm is 72/25.4 pt.
    PdfPage::new(Mm(PAGE.0 * 25.4 / 72.0), Mm(PAGE.1 * 25.4 / 72.0), ops)
}

fn draw_fill(ops: &mut Vec<Op>, fill: &Fill) {
    ops.push(Op::SetFillColor { col: color(fill.color) });
    ops.push(Op::DrawRectangle {
        rectangle: Rect {
            x: Pt(fill.x),
            y: Pt(fill.y),
            width: Pt(fill.width),
            height: Pt(fill.height),
            mode: Some(PaintMode::Fill),
            winding_order: None,
        },
    });
}

fn draw_line(ops: &mut Vec<Op>, placed: &Placed) {
    ops.push(match placed.mark {
        Some(mark) => Op::BeginMarkedContentWithProperties {
            tag: mark.tag.to_owned(),
            properties: DictItem::Dict { map: BTreeMap::from([("MCID".to_owned(), DictItem::Int(mark.id as i64))]) },
        },
        None => Op::BeginMarkedContent { tag: "Artifact".to_owned() },
    });
    let line = &placed.line;
    ops.extend([
        Op::StartTextSection,
        Op::SetFont { font: PdfFontHandle::External(FontId(line.face.resource().to_owned())), size: Pt(line.size) },
        Op::SetFillColor { col: color(line.color) },
        Op::SetTextCursor { pos: Point { x: Pt(placed.x), y: Pt(placed.y) } },
        Op::ShowText { items: vec![TextItem::Text(line.text.clone())] },
        Op::EndTextSection,
        Op::EndMarkedContent,
    ]);
}

fn color([r, g, b]: text::Color) -> Color {
    Color::Rgb(Rgb { r, g, b, icc_profile: None })
}

/// The watermark across the page, as filled outlines: it cannot be selected, found or read aloud between the lines.
fn watermark(text: &str, fonts: &Fonts) -> Result<Vec<Op>, Fault> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let face = fonts.face_for(Face::Bold, text)?;
    let unreadable = || Fault::internal("bad-font", "The built-in font cannot be read for the watermark");
    let font = ttf_parser::Face::parse(face.bytes(), 0).map_err(|_| unreadable())?;
    let diagonal = (PAGE.0.powi(2) + PAGE.1.powi(2)).sqrt() - 4.0 * LEFT;
    let size = (diagonal / fonts.width(face, 1.0, text)).min(110.0);
    let (sin, cos) = (PAGE.1 / PAGE.0).atan().sin_cos();
    let wide = fonts.width(face, size, text);
    let mut outline = Outline {
        ops: Vec::new(),
        sin,
        cos,
        scale: size / f32::from(font.units_per_em()),
        pen: 0.0,
        at: (0.0, 0.0),
        wide,
        rise: size * 0.35,
    };
    outline.ops.push(Op::SetFillColor { col: color(WATERMARK) });
    for c in text.chars() {
        let glyph = font.glyph_index(c).ok_or_else(unreadable)?;
        font.outline_glyph(glyph, &mut outline);
        outline.pen += fonts.char_width(face, size, c);
    }
    outline.ops.push(raw("f", &[]));
    Ok(outline.ops)
}

/// Turns the outlines of glyphs into path operators, scaled, moved along the line and turned to the diagonal of the page.
struct Outline {
    ops: Vec<Op>,
    sin: f32,
    cos: f32,
    scale: f32,
    pen: f32,
    at: (f32, f32),
    wide: f32,
    rise: f32,
}

impl Outline {
    fn place(&self, x: f32, y: f32) -> [f32; 2] {
        let (along, up) = (self.pen + x * self.scale - self.wide / 2.0, y * self.scale - self.rise);
        let place = [PAGE.0 / 2.0 + along * self.cos - up * self.sin, PAGE.1 / 2.0 + along * self.sin + up * self.cos];
        place.map(|number| (number * 100.0).round() / 100.0)
    }
}

impl ttf_parser::OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.ops.push(raw("m", &self.place(x, y)));
        self.at = (x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.ops.push(raw("l", &self.place(x, y)));
        self.at = (x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        // A quadratic curve as a cubic one: the controls lie two thirds of the way to the quadratic control.
        let near = |from: f32, to: f32| from + (to - from) * 2.0 / 3.0;
        self.curve_to(near(self.at.0, x1), near(self.at.1, y1), near(x, x1), near(y, y1), x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let points = [self.place(x1, y1), self.place(x2, y2), self.place(x, y)].concat();
        self.ops.push(raw("c", &points));
        self.at = (x, y);
    }

    fn close(&mut self) {
        self.ops.push(raw("h", &[]));
    }
}

fn raw(operator: &str, numbers: &[f32]) -> Op {
    Op::Unknown { key: operator.to_owned(), value: numbers.iter().map(|number| DictItem::Real(*number)).collect() }
}
