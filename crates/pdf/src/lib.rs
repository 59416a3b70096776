//! The report as a PDF: tagged, embedded fonts, nothing that needs a network or a later program.
//!
//! Three steps, each in its file: `layout` turns a [`Report`] into pages of placed lines and a tree of tags (`page` has the
//! nouns); `draw` has printpdf make the pages and embed the fonts, and writes what stands on them; `finish` has lopdf add what
//! an archive and a screen reader need (PDF/A-3a, ISO 19005-3; PDF/UA-1, ISO 14289-1): XMP, output intent, language, tags,
//! bookmarks, page labels, links, and the JSON and XML of the report inside. `docs/conformance/pdfa.md` and `pdfua.md` say how
//! each clause is met.
//!
//! Invariants:
//! - same report, same fonts, same bytes: no clock, no randomness (printpdf's random `/ID` is replaced);
//! - every script is shaped and runs in its direction, and what is read out of the file is what was written into the report; a
//!   character that no font has is a fault that names the font to install, never a box;
//! - what came from outside is data: control characters and marks that reorder text are shown, never obeyed;
//! - a marking is never cut: it has as many lines as it needs on each page, and the body of the page makes room;
//! - a heading stands on the page of what it heads, a row of a table on one page where any page can hold it;
//! - watermark, marking, page and Bates numbers are artifacts: drawn on every page, never read between the lines, and said once
//!   at the end. The watermark is drawn as outlines, so that no text extraction can stumble over it;
//! - the number that a page shows, its label and its place in the file are the same;
//! - one revision, one table of references, no object streams: whoever signs the file can append to it.
//!
//! Deliberately absent: what the report says (the evidence room decides), signatures (PAdES is a room of its own).

mod draw;
mod finish;
mod font;
mod layout;
mod limits;
mod page;
mod palette;
mod script;
mod text;

use evidence::Renderer;
use evidence::report::Report;
use model::Fault;

pub use font::Fonts;
pub use limits::Limits;

/// Renders reports.
#[derive(Clone, Debug, Default)]
pub struct Pdf {
    fonts: Fonts,
}

impl Pdf {
    /// With fonts for more scripts than the built-in ones have.
    pub fn new(fonts: Fonts) -> Pdf {
        Pdf { fonts }
    }
}

impl Renderer for Pdf {
    /// The bytes of a PDF file.
    ///
    /// # Errors
    /// `missing-glyph` with the font to install; `bad-font` for one that cannot be used; `report-too-long` beyond
    /// [`Limits::PAGES`]; `code-too-long` beyond [`Limits::CODE_BYTES`]; `broken-link` for a link that leads nowhere.
    fn render(&self, report: &Report) -> Result<Vec<u8>, Fault> {
        let faces = font::Faces::load(&self.fonts)?;
        let mut layout = layout::lay_out(report, &faces)?;
        let drawn = draw::draw(report, &mut layout, &faces)?;
        finish::finish(report, &layout, drawn)
    }

    fn pages(&self, file: &[u8]) -> Option<u64> {
        // Only a file that can be read has pages to be numbered.
        lopdf::Document::load_mem(file).ok().map(|document| document.get_pages().len() as u64)
    }
}
