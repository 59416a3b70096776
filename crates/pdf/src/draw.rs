//! printpdf makes the pages and embeds the fonts; the operators of each page are written here, as bytes: most of a report is
//! text, and a value for each operator would cost more than the page.

use std::collections::BTreeMap;

use evidence::report::Report;
use flate2::{Compress, Compression, FlushCompress, Status};
use lopdf::{Document, Object, ObjectId, Stream, dictionary};
use model::Fault;
use printpdf::{
    Codepoint, FontId, Op, PdfDocument, PdfFont, PdfFontHandle, PdfPage, PdfSaveOptions, Pt, TextItem, units::Mm,
};

use self::glyphs::Glyphs;
use self::stream::Writer;
use crate::font::{FaceId, Faces};
use crate::page::{Content, Layout, Page, Picture, Placed, Shape, Tag};
use crate::palette::GREY;
use crate::text::neutralise;

mod glyphs;
mod stream;
mod watermark;

/// The pages of a file, and nothing around them yet.
pub(crate) struct Drawn {
    pub(crate) document: Document,
    pub(crate) pages: Vec<ObjectId>,
}

/// Draws all pages.
///
/// # Errors
/// `missing-glyph` for the watermark; `bad-font`.
pub(crate) fn draw(report: &Report, layout: &mut Layout, faces: &Faces) -> Result<Drawn, Fault> {
    let broken =
        |error: lopdf::Error| Fault::internal("pdf-not-written", "The report could not be drawn").caused_by(error);
    let watermark = watermark::outlines(&neutralise(&report.watermark), layout.sheet, faces)?;
    let glyphs = Glyphs::of(layout, faces)?;
    let mut document = pages_and_fonts(report, layout, &glyphs);
    let pages: Vec<ObjectId> = document.get_pages().into_values().collect();
    let mut deflate = Deflate::default();
    for (page, id) in layout.pages.iter_mut().zip(&pages) {
        let bytes =
            Draw { tags: &layout.tags, glyphs: &glyphs, out: Writer::default() }.page(page, watermark.is_some());
        // What is drawn is needed no more: a long report should not lie in memory twice.
        page.forget();
        let stream = Stream::new(dictionary! { "Filter" => "FlateDecode" }, deflate.bytes(&bytes)?);
        let contents = document.get_object(*id).and_then(Object::as_dict).and_then(|page| page.get(b"Contents"));
        let contents = contents.and_then(Object::as_reference).map_err(broken)?;
        document.set_object(contents, stream);
    }
    if let (Some(outlines), Some(first)) = (watermark, pages.first()) {
        add_form(&mut document, *first, outlines, layout.sheet).map_err(broken)?;
    }
    Ok(Drawn { document, pages })
}

/// Empty pages, and the fonts with the glyphs that are used. printpdf embeds what a page uses: the first page says it all.
fn pages_and_fonts(report: &Report, layout: &Layout, glyphs: &Glyphs<'_>) -> Document {
    let mut document = PdfDocument::new(&report.title);
    let mut seed = Vec::new();
    for (id, subset, texts) in glyphs.subsets() {
        let font = FontId(id.resource());
        document.resources.fonts.map.insert(font.clone(), PdfFont::new(subset.font.clone()));
        let used = texts.iter().filter_map(|(glyph, text)| {
            let (new, _) = subset.codes.get(glyph)?;
            Some(Codepoint::with_cid(*new, 0.0, text.clone()))
        });
        seed.push(Op::SetFont { font: PdfFontHandle::External(font), size: Pt(1.0) });
        seed.push(Op::ShowText { items: vec![TextItem::GlyphIds(used.collect())] });
    }
    // 1 mm is 72/25.4 pt.
    let [width, height] = [layout.sheet.0, layout.sheet.1].map(|points| Mm(points * 25.4 / 72.0));
    let mut pages: Vec<PdfPage> = layout.pages.iter().map(|_| PdfPage::new(width, height, Vec::new())).collect();
    if let Some(first) = pages.first_mut() {
        first.ops = seed;
    }
    document.with_pages(pages);
    let options = PdfSaveOptions { optimize: false, subset_fonts: false, secure: true, image_optimization: None };
    document.to_lopdf_document(&options, &mut Vec::new())
}

/// The watermark, once for all pages: printpdf gives them one dictionary of forms.
fn add_form(document: &mut Document, page: ObjectId, outlines: Vec<u8>, sheet: (f32, f32)) -> Result<(), lopdf::Error> {
    let mut stream = Stream::new(
        dictionary! {
            "Type" => "XObject",
            "Subtype" => "Form",
            "BBox" => vec![0.into(), 0.into(), Object::Real(sheet.0), Object::Real(sheet.1)],
            "Resources" => dictionary! {},
        },
        outlines,
    );
    stream.compress()?;
    let form = document.add_object(stream);
    let resources = document.get_object(page)?.as_dict()?.get(b"Resources")?.as_reference()?;
    let forms = document.get_object(resources)?.as_dict()?.get(b"XObject")?.as_reference()?;
    document.get_object_mut(forms)?.as_dict_mut()?.set("WM", form);
    Ok(())
}

/// Compresses one page after the other in the same memory.
pub(crate) struct Deflate(Compress);

impl Default for Deflate {
    fn default() -> Self {
        Deflate(Compress::new(Compression::default(), true))
    }
}

impl Deflate {
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Fault> {
        self.0.reset();
        // More than deflate makes of anything: stored blocks have five bytes around 16,383 (RFC 1951).
        let mut packed = Vec::with_capacity(bytes.len() + bytes.len() / 1000 + 64);
        let done = self.0.compress_vec(bytes, &mut packed, FlushCompress::Finish);
        match done {
            Ok(Status::StreamEnd) => {
                packed.shrink_to_fit();
                Ok(packed)
            }
            _ => Err(Fault::internal("pdf-not-written", "A page of the report could not be compressed")),
        }
    }
}

/// A page while it is drawn.
struct Draw<'l> {
    tags: &'l [Tag],
    glyphs: &'l Glyphs<'l>,
    out: Writer,
}

impl Draw<'_> {
    /// Background first, then what is read, in its order, then what stands around it.
    fn page(mut self, page: &Page, watermark: bool) -> Vec<u8> {
        if watermark {
            self.out.raw("/Artifact<</Type/Pagination/Subtype/Watermark>>BDC /WM Do EMC\n");
        }
        self.out.raw("/Artifact<</Type/Layout>>BDC\n");
        page.fills.iter().for_each(|fill| self.out.fill(fill));
        page.dots.iter().for_each(|dots| self.out.dots(dots, GREY));
        self.out.raw("EMC\n");
        let mut open = None;
        for content in &page.content {
            self.mark(&mut open, content);
            match content {
                Content::Line(placed) => self.line(placed),
                Content::Picture(picture) => self.picture(picture),
            }
        }
        if open.is_some() {
            self.out.raw("EMC\n");
        }
        self.around(&page.head, "/Artifact<</Type/Pagination/Subtype/Header/Attached[/Top]>>BDC\n");
        self.around(&page.foot, "/Artifact<</Type/Pagination/Subtype/Footer/Attached[/Bottom]>>BDC\n");
        self.out.finish()
    }

    /// Begins the marked content of a piece, unless the one before has the same mark.
    fn mark(&mut self, open: &mut Option<Option<usize>>, content: &Content) {
        let mark = content.mark();
        let id = mark.map(|mark| mark.id);
        if *open == Some(id) {
            return;
        }
        if open.is_some() {
            self.out.raw("EMC\n");
        }
        match mark {
            Some(mark) => {
                self.out.raw("/");
                self.out.raw(self.tags[mark.tag].name);
                self.out.raw("<</MCID ");
                self.out.number(mark.id as f32);
                self.out.raw(">>BDC\n");
            }
            // The head of a table where it is repeated.
            None => self.out.raw("/Artifact<</Type/Pagination>>BDC\n"),
        }
        *open = Some(id);
    }

    fn around(&mut self, lines: &[Placed], begin: &str) {
        self.out.raw(begin);
        lines.iter().for_each(|placed| self.line(placed));
        self.out.raw("EMC\n");
    }

    fn picture(&mut self, picture: &Picture) {
        for shape in &picture.shapes {
            match shape {
                Shape::Box(fill) => self.out.fill(fill),
                Shape::Boxes { boxes, color } => self.out.boxes(boxes, *color),
                Shape::Curve { points, width, color } => self.out.curve(points, *width, *color),
            }
        }
        picture.lines.iter().for_each(|placed| self.line(placed));
    }

    fn line(&mut self, placed: &Placed) {
        let line = &placed.line;
        self.out.fill_color(line.color);
        self.out.begin_text(placed.x, placed.y);
        for run in &line.runs {
            self.out.font(run.face, line.size);
            self.glyphs.write(run, &mut self.out);
        }
        if let Some(last) = line.runs.last().filter(|_| line.goes_on) {
            // Whoever copies the paragraph gets a space where the line ends.
            let face = if last.glyphs.is_none() { last.face } else { FaceId::REGULAR };
            self.out.font(face, line.size);
            self.glyphs.write_space(face, &mut self.out);
        }
        self.out.raw("ET\n");
    }
}

/// What a glyph says, of those that are used.
type Texts = BTreeMap<u16, String>;
