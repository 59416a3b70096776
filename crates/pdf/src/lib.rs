//! The report as a PDF: tagged, embeddable fonts, nothing that needs a network or a later program.
//!
//! Three steps, each in its file: `layout` turns a [`Report`] into pages of placed lines and a tree of tags; `draw` has
//! printpdf write the pages; `finish` has lopdf add what an archive and a screen reader need (PDF/A-3a, ISO 19005-3;
//! PDF/UA-1, ISO 14289-1): XMP, output intent, language, tags, bookmarks, and the JSON and XML of the report inside.
//!
//! Invariants:
//! - same report, same bytes: no clock, no randomness (printpdf's random `/ID` is replaced);
//! - a character that no font of ours has is a fault that names it, never a box;
//! - what came from outside is data: control characters and marks that reorder text are shown, never obeyed;
//! - a marking is never cut: it has as many lines as it needs on each page, and the body of the page makes room;
//! - a heading stands on the page of what it heads, a row of a table on one page where any page can hold it;
//! - watermark, marking and page numbers are artifacts: drawn on every page, never read between the lines. The watermark is
//!   drawn as outlines, so that no text extraction can stumble over it.
//!
//! Deliberately absent: what the report says (the evidence room decides), signatures in the PDF (PAdES comes later: the form
//! field goes into `finish`, into the first revision), shaping of Arabic and Indic scripts (they are refused by name).

mod draw;
mod finish;
mod font;
mod layout;
mod limits;
mod text;

use evidence::Renderer;
use evidence::report::Report;
use model::Fault;

pub use limits::Limits;

/// Renders reports on A4.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pdf;

impl Renderer for Pdf {
    /// The bytes of a PDF file.
    ///
    /// # Errors
    /// `missing-glyph` with the character that the fonts do not have; `report-too-long` beyond [`Limits::PAGES`].
    fn render(&self, report: &Report) -> Result<Vec<u8>, Fault> {
        let fonts = font::Fonts::load()?;
        let layout = layout::lay_out(report, &fonts)?;
        let drawn = draw::draw(report, &layout, &fonts)?;
        finish::finish(report, &layout, &drawn)
    }
}
