//! The report for people: what it says, in what order. How it looks is the business of whoever renders it.

use model::{Fault, Instant, Verdict};

mod compose;
mod figures;
mod verdicts;
mod words;

pub(crate) use compose::compose;
pub use words::to_seconds;

/// Turns a report into the bytes of a file (`data/report.pdf`).
pub trait Renderer {
    /// Renders the report. Same report, same bytes; nothing is left out, and what cannot be shown is a fault.
    ///
    /// # Errors
    /// What the renderer cannot show, for example a character that its fonts do not have.
    fn render(&self, report: &Report) -> Result<Vec<u8>, Fault>;
}

/// A report: everything it says.
#[derive(Clone, Debug)]
pub struct Report {
    /// The title of the file and of its first page.
    pub title: String,
    /// The case id.
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
    /// The content, from top to bottom.
    pub blocks: Vec<Block>,
    /// Files that travel inside the report.
    pub attachments: Vec<Attachment>,
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
    /// Lines to type or to read as they are; the spaces in front of a line are kept.
    Code(Vec<String>),
    /// A table.
    Table(Table),
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
        Text { value: value.into(), tone: Tone::Plain, voice: Voice::Plain }
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
