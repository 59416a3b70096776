//! The report for people: what it says, in what order. How it looks is the business of whoever renders it.

use model::{ByteSize, Fault, Instant, Verdict};

use crate::document::{Document, verdict};
use crate::wire::{CustodyLine, DocumentWire, ObjectiveWire, RecordedWire};

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
    /// Lines to type, as they are.
    Code(Vec<String>),
    /// A table.
    Table(Table),
    /// What follows begins on a new page.
    PageBreak,
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

/// The report of a document.
pub(crate) fn compose(document: &Document, attachments: Vec<Attachment>, created: Instant) -> Report {
    let wire = &document.wire;
    let mut blocks = cover(wire);
    blocks.push(Block::PageBreak);
    verdicts(wire, &mut blocks);
    exhibits(wire, &mut blocks);
    custody(wire, &mut blocks);
    how_to_verify(wire, &mut blocks);
    what_a_seal_proves(&mut blocks);
    Report {
        title: format!("Evidence report: {}", wire.title),
        case: wire.id.clone(),
        marking: wire.marking.clone(),
        watermark: wire.watermark.clone(),
        language: "en".to_owned(),
        producer: format!("{} {}", wire.tool.name, wire.tool.version),
        created,
        blocks,
        attachments,
    }
}

fn cover(wire: &DocumentWire) -> Vec<Block> {
    let mut facts = vec![
        ("Case".to_owned(), Text::strong(&wire.id)),
        ("Opened".to_owned(), Text::plain(format!("{} by {}", when(&wire.opened), wire.opened_by))),
        (
            "Package made".to_owned(),
            Text::plain(format!("{} by {} {}", when(&wire.created), wire.tool.name, wire.tool.version)),
        ),
        ("Signing key".to_owned(), Text::exact(&wire.signer)),
        ("Contents".to_owned(), Text::plain(contents(wire))),
        (
            "Custody log".to_owned(),
            Text::plain(format!("{}, last digest:", count(wire.custody.entries, "entry", "entries"))),
        ),
        (String::new(), Text::exact(&wire.custody.head)),
    ];
    if let Some(ledger) = &wire.ledger {
        let anchor = format!("{}, {}, root digest:", ledger.origin, count(ledger.size, "entry", "entries"));
        facts.push(("Audit log".to_owned(), Text::plain(anchor)));
        facts.push((String::new(), Text::exact(&ledger.root)));
    }
    if !wire.marking.is_empty() {
        facts.insert(1, ("Marking".to_owned(), Text::strong(&wire.marking)));
    }
    let mut blocks = vec![
        Block::Paragraph(Text::strong("Evidence report")),
        Block::Heading(1, wire.title.clone()),
        Block::Facts(facts),
        Block::Heading(2, "Summary".to_owned()),
        Block::Answer(answer(wire)),
        Block::Paragraph(Text::plain(
            "This report, the same content as JSON and XML, the exhibits and the custody log travel in one sealed package. \
             Anybody can check the seal with free tools and without the program that made it: see \u{201c}How to verify\u{201d}.",
        )),
    ];
    blocks.extend(at_a_glance(wire));
    blocks.extend(page_marks(wire));
    blocks
}

/// How many objectives the first page shows.
const GLANCE: usize = 20;

/// The objectives in short: those that need attention first.
fn at_a_glance(wire: &DocumentWire) -> Option<Block> {
    let mut all: Vec<&ObjectiveWire> = wire.evaluations.iter().flat_map(|evaluation| &evaluation.objectives).collect();
    if all.is_empty() {
        return None;
    }
    all.sort_by_key(|objective| std::cmp::Reverse(verdict(&objective.verdict)));
    let more = all.len().saturating_sub(GLANCE);
    all.truncate(GLANCE);
    let column = |title: &str, share, number| Column { title: title.to_owned(), share, number };
    let row = |objective: &&ObjectiveWire| {
        vec![
            Cell(vec![Text::strong(format!("{} / {}", objective.rule, objective.objective))]),
            Cell(vec![Text::verdict(verdict(&objective.verdict))]),
            Cell::of(&objective.reason),
        ]
    };
    let mut rows: Vec<_> = all.iter().map(row).collect();
    if more > 0 {
        rows.push(vec![Cell::of(format!("and {more} more")), Cell::of(""), Cell::of("See \u{201c}Verdicts\u{201d}.")]);
    }
    Some(Block::Table(Table {
        summary: "Objectives and verdicts in short, those that need attention first".to_owned(),
        columns: vec![column("Objective", 32, false), column("Verdict", 13, false), column("Reason", 55, false)],
        rows,
    }))
}

/// Watermark and marking are drawn on every page and read aloud on none: they are said once, as text.
fn page_marks(wire: &DocumentWire) -> Option<Block> {
    let marks = [("the marking", &wire.marking), ("the watermark", &wire.watermark)];
    let marks = marks.iter().filter(|(_, text)| !text.is_empty());
    let said: Vec<String> = marks.map(|(what, text)| format!("{what} \u{201c}{text}\u{201d}")).collect();
    (!said.is_empty()).then(|| Block::Paragraph(Text::small(format!("Every page carries {}.", said.join(" and ")))))
}

fn contents(wire: &DocumentWire) -> String {
    let bytes: u64 = wire.exhibits.iter().map(|exhibit| exhibit.size).sum();
    format!(
        "{} ({}), {}",
        count(wire.exhibits.len() as u64, "exhibit", "exhibits"),
        ByteSize(bytes),
        count(wire.evaluations.len() as u64, "evaluation", "evaluations")
    )
}

/// The verdicts of the package in one or two sentences.
fn answer(wire: &DocumentWire) -> Text {
    let all: Vec<&ObjectiveWire> = wire.evaluations.iter().flat_map(|evaluation| &evaluation.objectives).collect();
    let of = |wanted: Verdict| all.iter().filter(|objective| verdict(&objective.verdict) == wanted).count() as u64;
    let (broken, open) = (of(Verdict::Broken), of(Verdict::NoData));
    let Some(word) = wire.verdict.as_deref() else {
        return Text {
            tone: Tone::Open,
            ..Text::strong(
                "No evaluation is recorded in this case: the package holds exhibits and makes no statement about rules.",
            )
        };
    };
    let objectives = count(all.len() as u64, "objective", "objectives");
    let value = match verdict(word) {
        Verdict::Met => format!("Met: all of {objectives} are met by the data."),
        Verdict::Broken => format!("Broken: {broken} of {objectives} {} broken{}.", is_are(broken), and_open(open)),
        Verdict::NoData => {
            format!(
                "No data: for {open} of {objectives} there was not enough data to answer. This is neither a pass nor a failure."
            )
        }
    };
    Text { tone: tone(verdict(word)), ..Text::strong(value) }
}

fn and_open(open: u64) -> String {
    match open {
        0 => String::new(),
        _ => format!("; for {open} there was not enough data to answer"),
    }
}

/// A time as people read it; the exact text is in the JSON.
fn when(time: &str) -> String {
    time.replacen('T', " ", 1).replacen('Z', " UTC", 1)
}

fn is_are(n: u64) -> &'static str {
    if n == 1 { "is" } else { "are" }
}

fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn verdicts(wire: &DocumentWire, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(2, "Verdicts".to_owned()));
    if wire.evaluations.is_empty() {
        blocks.push(Block::Paragraph(Text::plain("No evaluation is recorded in this case.")));
    }
    for evaluation in &wire.evaluations {
        blocks.push(Block::Heading(3, format!("Evaluation as of {}", when(&evaluation.at))));
        blocks.push(Block::Facts(basis(evaluation)));
        if evaluation.objectives.is_empty() {
            blocks.push(Block::Paragraph(Text::plain("The evaluation has no objectives.")));
        } else {
            blocks.push(Block::Table(objectives(evaluation)));
        }
        if !evaluation.warnings.is_empty() {
            blocks.push(Block::Paragraph(Text::strong("Warnings")));
            blocks.push(Block::List(evaluation.warnings.iter().map(warning).collect()));
        }
    }
}

fn warning(warning: &crate::wire::WarningWire) -> Text {
    let place = warning.place.as_deref().map_or(String::new(), |place| format!(" ({place})"));
    Text::plain(format!("{}: {}{place}", warning.code, warning.message))
}

/// What an evaluation was computed from.
fn basis(evaluation: &RecordedWire) -> Vec<(String, Text)> {
    let mut facts = vec![
        ("Verdict".to_owned(), Text::verdict(verdict(&evaluation.verdict))),
        ("Recorded".to_owned(), Text::plain(format!("{} by {}", when(&evaluation.recorded), evaluation.recorded_by))),
        ("File".to_owned(), Text::exact(&evaluation.file)),
        ("SHA-256 of the file".to_owned(), Text::exact(&evaluation.sha256)),
    ];
    match &evaluation.store {
        Some(store) => {
            facts.push((
                "Data basis".to_owned(),
                Text::plain(format!("store version {}, whose digest is:", store.version)),
            ));
            facts.push((String::new(), Text::exact(&store.head)));
        }
        None => facts.push(("Data basis".to_owned(), Text::plain("no store was recorded"))),
    }
    facts
}

fn objectives(evaluation: &RecordedWire) -> Table {
    let column = |title: &str, share, number| Column { title: title.to_owned(), share, number };
    Table {
        summary: format!("Objectives and verdicts as of {}", when(&evaluation.at)),
        columns: vec![
            column("Rule and objective", 25, false),
            column("Target", 10, true),
            column("Good / total", 14, true),
            column("Verdict", 10, false),
            column("Reason and window", 41, false),
        ],
        rows: evaluation.objectives.iter().map(objective_row).collect(),
    }
}

fn objective_row(objective: &ObjectiveWire) -> Vec<Cell> {
    let mut name = vec![Text::strong(format!("{} / {}", objective.rule, objective.objective))];
    let about =
        [&objective.title, &objective.service, &objective.pack].into_iter().flatten().cloned().collect::<Vec<_>>();
    if !about.is_empty() {
        name.push(Text::small(about.join(" · ")));
    }
    let mut good = vec![Text::plain(format!("{} / {}", objective.good, objective.total))];
    good.extend(objective.ratio.as_ref().map(Text::small));
    let mut reason = vec![Text::plain(&objective.reason)];
    reason.extend(objective.condition.as_ref().map(|condition| Text::small(format!("Condition: {condition}"))));
    reason.extend(objective.source.as_ref().map(|source| Text::small(format!("Source: {source}"))));
    reason.push(Text::small(window(objective)));
    reason.extend(
        objective.budget.as_ref().map(|b| {
            Text::small(format!("Error budget: {} allowed, {} spent, {} left", b.allowed, b.spent, b.remaining))
        }),
    );
    reason.extend(objective.shown.iter().map(shown));
    vec![
        Cell(name),
        Cell::of(&objective.target),
        Cell(good),
        Cell(vec![Text::verdict(verdict(&objective.verdict))]),
        Cell(reason),
    ]
}

fn window(objective: &ObjectiveWire) -> String {
    let window = &objective.window;
    let length = window.length.as_deref().map_or(String::new(), |length| format!(" ({length})"));
    format!("Window: {} to {}{length}", when(&window.from), when(&window.to))
}

fn shown(shown: &crate::wire::ShownWire) -> Text {
    let unit = shown.unit.as_deref().map_or(String::new(), |unit| format!(" {unit}"));
    let definition = shown.definition.as_deref().map_or(String::new(), |text| format!(" ({text})"));
    Text::small(format!("{}: {}{unit}{definition}", shown.name, shown.value))
}

fn exhibits(wire: &DocumentWire, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(2, "Exhibits".to_owned()));
    if wire.exhibits.is_empty() {
        blocks.push(Block::Paragraph(Text::plain("The case has no exhibits.")));
        return;
    }
    let column = |title: &str, share, number| Column { title: title.to_owned(), share, number };
    let rows = wire.exhibits.iter().map(|exhibit| {
        let mut about = Vec::new();
        if !exhibit.description.trim().is_empty() {
            about.push(Text::plain(&exhibit.description));
        }
        about.push(Text::small(format!("Name where it was found: {}", exhibit.original_name)));
        about.push(Text::small(format!("Collected {} by {}", when(&exhibit.collected), exhibit.collected_by)));
        vec![
            Cell(vec![Text::strong(&exhibit.id)]),
            Cell(about),
            Cell(vec![Text::plain(ByteSize(exhibit.size).to_string()), Text::small(format!("{} bytes", exhibit.size))]),
            Cell(vec![Text::exact(&exhibit.sha256), Text::exact(&exhibit.file)]),
        ]
    });
    blocks.push(Block::Table(Table {
        summary: "Exhibits with sizes and digests".to_owned(),
        columns: vec![
            column("Exhibit", 11, false),
            column("What it is", 38, false),
            column("Size", 15, true),
            column("SHA-256 and file in the package", 36, false),
        ],
        rows: rows.collect(),
    }));
}

fn custody(wire: &DocumentWire, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(2, "Custody".to_owned()));
    blocks.push(Block::Paragraph(Text::plain(
        "Who did what to this case, when and why. Each entry holds the digest of the entry before, so that none can be \
         changed, removed, inserted or moved unnoticed. Times are in UTC, as the clock of the machine said.",
    )));
    let column = |title: &str, share, number| Column { title: title.to_owned(), share, number };
    blocks.push(Block::Table(Table {
        summary: "Custody log".to_owned(),
        columns: vec![
            column("No.", 6, true),
            column("Time", 16, false),
            column("Act", 13, false),
            column("By", 19, false),
            column("Purpose and details", 46, false),
        ],
        rows: wire.custody.log.iter().map(custody_row).collect(),
    }));
}

fn custody_row(line: &CustodyLine) -> Vec<Cell> {
    let mut act = vec![Text::strong(&line.act)];
    act.extend(line.exhibit.as_ref().map(Text::plain));
    let mut by = vec![Text::plain(&line.by)];
    by.extend(line.from.as_ref().map(|from| Text::small(format!("from {from}"))));
    by.extend(line.to.as_ref().filter(|to| **to != line.by).map(|to| Text::small(format!("to {to}"))));
    let mut details = vec![Text::plain(&line.purpose)];
    details.extend(line.note.as_ref().filter(|note| !note.trim().is_empty()).map(Text::small));
    for (what, digest) in [("SHA-256 before:", &line.sha256_before), ("SHA-256 after:", &line.sha256_after)] {
        details.extend(digest.iter().flat_map(|hex| [Text::small(what), Text::exact(hex)]));
    }
    vec![Cell(vec![Text::plain(line.seq.to_string())]), Cell::of(when(&line.time)), Cell(act), Cell(by), Cell(details)]
}

fn how_to_verify(wire: &DocumentWire, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(2, "How to verify".to_owned()));
    let steps = [
        "Get the fingerprint of the signing key from the signer by another way than this package (by telephone, on paper), \
         and compare it with the one printed below. The package alone cannot prove whose key it is.",
        "With probity: run the first command below. It names every file that was changed, added, removed or renamed.",
        "Without probity: unzip the package and run the second command in the folder bag. It needs sha256sum, ssh-keygen \
         and awk, which most systems have; VERIFY.txt in the same folder explains each step and names other tools.",
    ];
    blocks.push(Block::List(steps.into_iter().map(Text::plain).collect()));
    blocks.push(Block::Code(vec!["probity verify PACKAGE.zip".to_owned(), "sh verify.sh".to_owned()]));
    blocks.push(Block::Facts(vec![("Signing key".to_owned(), Text::exact(&wire.signer))]));
}

fn what_a_seal_proves(blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(2, "What the seal does not prove".to_owned()));
    let limits = [
        "The seal shows that nothing was changed after it was made. It does not show that the content was true, complete or \
         lawfully collected before: a sealed fake stays a fake.",
        "The signature shows which key sealed the package, not which person held the key. That is for the signer to say.",
        "The times are those of the machine that made the package. No independent time authority has confirmed them.",
        "Verdicts follow from the recorded data and the rules as written. They are no expert opinion and no legal advice.",
    ];
    blocks.push(Block::List(limits.into_iter().map(Text::plain).collect()));
}
