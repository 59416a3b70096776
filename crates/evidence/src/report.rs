//! The report for people: what it says, in what order. How it looks is the business of whoever renders it.

use model::{Fault, Instant, Verdict};

use crate::Limits;

mod charts;
mod compose;
mod custody;
mod exhibits;
mod figures;
mod judgement;
mod reasoning;
mod redactions;
mod verdicts;
mod words;

pub(crate) use compose::{compose, content_code, signatures};
pub(crate) use judgement::{alone as judgement, title as judgement_title};
pub use words::to_seconds;

/// Turns a report into the bytes of a file (`data/report.pdf`).
pub trait Renderer {
    /// Renders the report. Same report, same bytes; nothing is left out, and what cannot be shown is a fault.
    ///
    /// # Errors
    /// What the renderer cannot show, for example a character that its fonts do not have.
    fn render(&self, report: &Report) -> Result<Vec<u8>, Fault>;

    /// The same for what bears no signature of its own: copies to be filed, drafts. A renderer that signs leaves that out here.
    ///
    /// # Errors
    /// As [`Renderer::render`].
    fn render_unsigned(&self, report: &Report) -> Result<Vec<u8>, Fault> {
        self.render(report)
    }

    /// How many pages a file of this renderer has; `None` where it has no pages or cannot say.
    fn pages(&self, _file: &[u8]) -> Option<u64> {
        None
    }
}

/// A report: everything it says.
#[derive(Clone, Debug)]
pub struct Report {
    /// The title of the file and of its first page.
    pub title: String,
    /// The case id; empty where the report is of no case.
    pub case: String,
    /// The confidentiality marking of every page; may be empty.
    pub marking: String,
    /// The watermark of every page; may be empty.
    pub watermark: String,
    /// The language of the text, BCP 47.
    pub language: String,
    /// What the file says wrote it.
    pub producer: String,
    /// When the package was made.
    pub created: Instant,
    /// The size of its sheets.
    pub paper: Paper,
    /// The numbers that a production of documents bears, one for each page.
    pub bates: Option<Bates>,
    /// A copy to be filed: no links, no files inside, nothing to click or to fill in. What stands on the pages is the same.
    pub flattened: bool,
    /// The content, from top to bottom.
    pub blocks: Vec<Block>,
    /// Files that travel inside the report.
    pub attachments: Vec<Attachment>,
}

/// The size of the sheets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paper {
    /// 210 × 297 mm.
    #[default]
    A4,
    /// 8.5 × 11 inches.
    Letter,
}

/// Bates numbers: a prefix and a number with leading zeros, one after the other on each page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bates {
    /// What stands before the number.
    pub prefix: String,
    /// The number of the first page.
    pub first: u64,
    /// How many digits there are at least.
    pub digits: u8,
}

impl Bates {
    /// Reads the number of the first page: `ACME000001`. The prefix has letters, digits, points, hyphens and underscores.
    ///
    /// # Errors
    /// `bad-control-number`.
    pub fn parse(first: &str) -> Result<Bates, Fault> {
        let prefix = first.trim_end_matches(|char: char| char.is_ascii_digit());
        let digits = &first[prefix.len()..];
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        let fits = first.len() <= Limits::BATES_BYTES && prefix.bytes().all(plain) && !prefix.starts_with(['-', '.']);
        let number = digits.parse().ok().filter(|_| fits);
        let wide = u8::try_from(digits.len()).ok();
        number.zip(wide).map(|(first, digits)| Bates { prefix: prefix.to_owned(), first, digits }).ok_or_else(|| {
            Fault::usage("bad-control-number", format!("{} is no control number", crate::names::quote(first)))
                .advise("Give letters, then the digits that count: ACME000001.")
        })
    }

    /// The number of a page; the first page is 0: `ACME000017`.
    pub fn page(&self, page: u64) -> String {
        format!("{}{:0width$}", self.prefix, self.first.saturating_add(page), width = usize::from(self.digits))
    }
}

impl Report {
    /// What is drawn around the body of every page, said once as text: whoever hears a report hears no artifacts. It stands at
    /// the end (`None` where there is nothing to say).
    pub fn said_once(&self) -> Option<String> {
        let mut said = Vec::new();
        if !self.marking.trim().is_empty() {
            said.push(format!("is marked \u{201c}{}\u{201d}", self.marking.trim()));
        }
        if !self.watermark.trim().is_empty() {
            said.push(format!("bears the watermark \u{201c}{}\u{201d}", self.watermark.trim()));
        }
        said.extend(self.bates.as_ref().map(|bates| format!("is numbered, from {} on", bates.page(0))));
        let (last, first) = said.split_last()?;
        let first = if first.is_empty() { String::new() } else { format!("{} and ", first.join(", ")) };
        Some(format!("Every page of this report {first}{last}."))
    }
}

/// A file inside the report.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// Name.
    pub name: String,
    /// Media type.
    pub media_type: String,
    /// What it is.
    pub description: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A piece of the report.
#[derive(Clone, Debug)]
pub enum Block {
    /// A heading of level 1 to 3.
    Heading(u8, String),
    /// A paragraph.
    Paragraph(Text),
    /// The answer of the report, in words that stand out.
    Answer(Text),
    /// Names and values, one under the other.
    Facts(Vec<(String, Text)>),
    /// Sentences, each with a bullet.
    List(Vec<Text>),
    /// Sentences in an order, each with its number.
    Steps(Vec<Text>),
    /// Lines to type or to read as they are; the spaces in front of a line are kept.
    Code(Vec<String>),
    /// A table.
    Table(Table),
    /// The headings of level 2 up to this level, each with its page.
    Contents(u8),
    /// What follows begins on a new page.
    PageBreak,
    /// Something that must be read, in a frame of its own; the tone of its first text is that of the frame.
    Notice(Vec<Text>),
    /// What somebody fills in by hand: a line with its name, one for each. Names that ` | ` parts stand in one row.
    Blanks(Vec<String>),
    /// A picture of numbers.
    Chart(Chart),
    /// A QR code.
    Code2d(Code2d),
    /// Room for signatures that are seen: a frame for each.
    Signatures(Vec<Signatory>),
}

/// Whose signature stands in a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signatory {
    /// The name of the signature field, for whoever signs.
    pub field: String,
    /// Who is to sign.
    pub name: String,
}

/// The name of the field of the signer with this number, from 1.
pub fn signature_field(number: usize) -> String {
    format!("Signature{number}")
}

/// A text as a QR code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code2d {
    /// What the code says.
    pub text: String,
    /// What it is, for those who hear it, and in words beside it.
    pub alt: String,
}

/// A picture of numbers. The numbers stand in a table too: a picture is never the only place of a fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// What stands above it.
    pub title: String,
    /// The same in words, for those who hear it.
    pub alt: String,
    /// What is drawn.
    pub plot: Plot,
}

/// What a chart draws.
#[derive(Clone, Debug, PartialEq)]
pub enum Plot {
    /// One window after the other: how much of it was good, and how much of its error budget is spent.
    Windows(Vec<Window>),
    /// How much of an error budget was left, time after time.
    BurnDown(Vec<Left>),
}

/// One objective in its window.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Its name.
    pub name: String,
    /// Met, broken, no data.
    pub tone: Tone,
    /// The share that was good, 0 to 1; `None` where nothing was counted.
    pub good: Option<f64>,
    /// The share that must be good, 0 to 1.
    pub target: Option<f64>,
    /// Good and target in words.
    pub said: String,
    /// The share of the budget that is spent: 0 nothing, 1 all, more is too much.
    pub spent: Option<f64>,
    /// Budget in words.
    pub budget: String,
}

/// What was left of a budget at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Left {
    /// The time.
    pub at: Instant,
    /// The share of the budget that was left: 1 all, 0 nothing, below 0 overspent.
    pub share: f64,
}

/// A table; its head is repeated where it breaks across pages.
#[derive(Clone, Debug)]
pub struct Table {
    /// What the table holds, for those who hear it.
    pub summary: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows; each has as many cells as there are columns. The first cell is the row's header.
    pub rows: Vec<Vec<Cell>>,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its head.
    pub title: String,
    /// Its share of the width, against the sum of all shares.
    pub share: u16,
    /// Whether its cells are numbers, which stand at the right.
    pub number: bool,
}

/// A cell: lines one under the other.
#[derive(Clone, Debug)]
pub struct Cell(pub Vec<Text>);

/// A piece of text in one voice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The words.
    pub value: String,
    /// What the words say about the case.
    pub tone: Tone,
    /// How they are set.
    pub voice: Voice,
    /// Where a click on the words leads.
    pub link: Option<Link>,
    /// The name of this place, for links that lead here.
    pub anchor: Option<String>,
}

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// A place in the report: an anchor, or a heading by its words.
    Place(String),
    /// The same; what is shown is the number of its page and not the words of the text.
    PageOf(String),
    /// An address outside.
    Web(String),
}

/// What a text says about the case. Always said in words too: colour is never the only sign (WCAG 1.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing.
    Plain,
    /// A rule is kept.
    Good,
    /// A rule is broken.
    Bad,
    /// Nobody can say.
    Open,
}

/// How a text is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// As running text.
    Plain,
    /// Strong.
    Strong,
    /// Smaller: what explains the line above.
    Small,
    /// Digests, names of files, things to type: each character as wide as the next.
    Exact,
}

impl Text {
    /// Running text.
    pub fn plain(value: impl Into<String>) -> Self {
        Text { value: value.into(), tone: Tone::Plain, voice: Voice::Plain, link: None, anchor: None }
    }

    /// The number of the page where a place is.
    pub fn page_of(place: impl Into<String>) -> Self {
        Text { link: Some(Link::PageOf(place.into())), ..Text::plain("") }
    }

    /// The same text, which leads to a place in the report.
    #[must_use]
    pub fn to(self, place: impl Into<String>) -> Self {
        Text { link: Some(Link::Place(place.into())), ..self }
    }

    /// The same text, which leads to an address outside.
    #[must_use]
    pub fn to_web(self, address: impl Into<String>) -> Self {
        Text { link: Some(Link::Web(address.into())), ..self }
    }

    /// The same text, to which links with this name lead.
    #[must_use]
    pub fn named(self, anchor: impl Into<String>) -> Self {
        Text { anchor: Some(anchor.into()), ..self }
    }

    /// Strong text.
    pub fn strong(value: impl Into<String>) -> Self {
        Text { voice: Voice::Strong, ..Text::plain(value) }
    }

    /// Small text.
    pub fn small(value: impl Into<String>) -> Self {
        Text { voice: Voice::Small, ..Text::plain(value) }
    }

    /// Exact text.
    pub fn exact(value: impl Into<String>) -> Self {
        Text { voice: Voice::Exact, ..Text::plain(value) }
    }

    /// A verdict: its word, in its tone.
    pub fn verdict(verdict: Verdict) -> Self {
        Text { tone: tone(verdict), ..Text::strong(verdict.word()) }
    }
}

impl Cell {
    fn of(value: impl Into<String>) -> Self {
        Cell(vec![Text::plain(value)])
    }
}

fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Met => Tone::Good,
        Verdict::Broken => Tone::Bad,
        Verdict::NoData => Tone::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bates_numbers_are_read_and_counted_on() {
        let check = |first: &str, expect: Option<&str>| {
            let said = Bates::parse(first).map(|bates| bates.page(1));
            assert_eq!(said.as_deref().ok(), expect, "{first}");
        };
        check("ACME000009", Some("ACME000010"));
        check("A-2026_999", Some("A-2026_1000"));
        check("7", Some("8"));
        ["", "ACME", "A B1", "../1", "-1", "Ä1", "99999999999999999999999", &"1".repeat(33)]
            .into_iter()
            .for_each(|bad| check(bad, None));
    }
}
