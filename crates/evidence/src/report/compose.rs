//! The sections of a report, in their order.

use model::{Digest, Instant, Verdict, counted, grouped};

use super::custody::custody;
use super::exhibits::exhibits;
use super::judgement::{self, judgements};
use super::reasoning::reasoning;
use super::redactions::redactions;
use super::verdicts::verdicts;
use super::words::{is_are, size, when};
use super::{
    Attachment, Block, Cell, Code2d, Column, Paper, Report, Signatory, Table, Text, Tone, figures, signature_field,
    tone,
};
use crate::document::{Document, verdict};
use crate::wire::{DocumentWire, JudgementWire, ObjectiveWire};

/// The report of a document.
pub(crate) fn compose(document: &Document, attachments: Vec<Attachment>, created: Instant) -> Report {
    let wire = &document.wire;
    let figures = figures::of(wire);
    let mut blocks = cover(wire);
    verdicts(wire, &figures, &mut blocks);
    judgements(wire, &mut blocks);
    exhibits(wire, &mut blocks);
    redactions(wire, &mut blocks);
    custody(wire, &mut blocks);
    reasoning(wire, &mut blocks);
    how_to_verify(wire, &mut blocks);
    what_a_seal_proves(&mut blocks);
    figures::annex(&figures, &mut blocks);
    Report {
        title: format!("Evidence report: {}", wire.title),
        case: wire.id.clone(),
        marking: wire.marking.clone(),
        watermark: wire.watermark.clone(),
        language: "en".to_owned(),
        producer: format!("{} {}", wire.tool.name, wire.tool.version),
        created,
        paper: Paper::default(),
        bates: None,
        flattened: false,
        blocks,
        attachments,
    }
}

/// The digest of all files of the package but the report, on paper: whoever holds a print can tell whether it belongs to a
/// package.
pub(crate) fn content_code(case: &str, digest: &Digest) -> Vec<Block> {
    let text = format!("urn:probity:content:{case}:sha256:{digest}");
    let alt = format!("The digest of every other file of the package: sha256:{digest}");
    vec![
        Block::Heading(2, "Does this print belong to the package?".to_owned()),
        Block::Paragraph(Text::plain(
            "The code holds the digest of the list of all files that are sealed together with this report. In the folder bag of \
             the package this command has to print the same digest:",
        )),
        Block::Code(vec!["grep -v ' data/report.pdf$' manifest-sha256.txt | sha256sum".to_owned()]),
        Block::Facts(vec![("Digest".to_owned(), Text::exact(digest.hex()))]),
        Block::Code2d(Code2d { text, alt }),
    ]
}

/// The last words of a report whose signatures are to be seen.
pub(crate) fn signatures<'n>(names: impl Iterator<Item = &'n str>) -> Vec<Block> {
    let signatory = |(at, name): (usize, &str)| Signatory { field: signature_field(at + 1), name: name.to_owned() };
    vec![
        Block::Heading(2, "Signatures".to_owned()),
        Block::Paragraph(Text::plain(
            "Each frame shows an electronic signature of this file. What a frame shows proves nothing, least of all on paper: \
             whether the signature holds, and whose it is, says a program that checks it.",
        )),
        Block::Signatures(names.enumerate().map(signatory).collect()),
    ]
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
    ];
    for certificate in &wire.certificates {
        facts.push(("Signed by".to_owned(), Text::plain(&certificate.subject)));
        facts.push((String::new(), Text::small(format!("certificate of {}, SHA-256:", certificate.issuer))));
        facts.push((String::new(), Text::exact(&certificate.sha256)));
    }
    facts.extend([
        ("Contents".to_owned(), Text::plain(contents(wire))),
        (
            "Custody log".to_owned(),
            Text::plain(format!("{}, last digest:", counted(wire.custody.entries, "entry", "entries"))),
        ),
        (String::new(), Text::exact(&wire.custody.head)),
    ]);
    if let Some(ledger) = &wire.ledger {
        let anchor = format!("{}, {}, root digest:", ledger.origin, counted(ledger.size, "entry", "entries"));
        facts.push(("Audit log".to_owned(), Text::plain(anchor)));
        facts.push((String::new(), Text::exact(&ledger.root)));
    }
    facts.push(("Times".to_owned(), Text::plain("in UTC, cut to whole seconds; case.json has them exactly")));
    // Marking and watermark are drawn on every page and read aloud on none: they are said once, as text.
    let marks = [("Watermark", Text::plain(&wire.watermark)), ("Marking", Text::strong(&wire.marking))];
    for (name, text) in marks.into_iter().filter(|(_, text)| !text.value.is_empty()) {
        facts.insert(1, (name.to_owned(), text));
    }
    let mut blocks = vec![
        Block::Paragraph(Text::strong("Evidence report")),
        Block::Heading(1, wire.title.clone()),
        Block::Facts(facts),
        Block::Heading(2, "Summary".to_owned()),
        Block::Answer(answer(wire)),
        Block::Paragraph(Text::plain(
            "This report, the same content as JSON and XML, the exhibits and the custody log travel in one sealed package. \
             Anybody can check the seal with free tools: see \u{201c}How to verify\u{201d}.",
        )),
    ];
    blocks.extend(at_a_glance(wire));
    blocks.extend([Block::Heading(2, "Contents".to_owned()), Block::Contents(2)]);
    blocks
}

/// How many objectives the first page shows.
const GLANCE: usize = 20;

/// The objectives in short, and the rules that are broken or could not be judged: those that need attention first.
fn at_a_glance(wire: &DocumentWire) -> Option<Block> {
    let mut all: Vec<&ObjectiveWire> = wire.evaluations.iter().flat_map(|evaluation| &evaluation.objectives).collect();
    let judged = judged(wire);
    if all.is_empty() && judged.is_empty() {
        return None;
    }
    all.sort_by_key(|objective| std::cmp::Reverse(verdict(&objective.verdict)));
    let column = |title: &str, share, number| Column { title: title.to_owned(), share, number };
    let row = |objective: &&ObjectiveWire| {
        vec![
            Cell(vec![Text::strong(format!("{} / {}", objective.rule, objective.objective))]),
            Cell(vec![Text::verdict(verdict(&objective.verdict))]),
            Cell::of(&objective.reason),
        ]
    };
    let mut rows = Vec::new();
    for part in [all.iter().map(row).collect::<Vec<_>>(), judgement::pressing(&judged)] {
        let more = part.len().saturating_sub(GLANCE);
        rows.extend(part.into_iter().take(GLANCE));
        if more > 0 {
            let below = Cell::of("See the sections below.");
            rows.push(vec![Cell::of(format!("and {more} more")), Cell::of(""), below]);
        }
    }
    if rows.is_empty() {
        return None;
    }
    let (what, of) = match (all.is_empty(), judged.is_empty()) {
        (_, true) => ("Objective", "Objectives"),
        (true, false) => ("Rule", "Rules"),
        (false, false) => ("Objective or rule", "Objectives and rules"),
    };
    Some(Block::Table(Table {
        summary: format!("{of} and verdicts in short, those that need attention first"),
        columns: vec![column(what, 32, false), column("Verdict", 10, false), column("Reason", 58, false)],
        rows,
    }))
}

/// What the rules of packs came to.
fn judged(wire: &DocumentWire) -> Vec<&JudgementWire> {
    wire.evaluations.iter().filter_map(|evaluation| evaluation.judgement.as_ref()).collect()
}

fn contents(wire: &DocumentWire) -> String {
    let bytes: u64 = wire.exhibits.iter().map(|exhibit| exhibit.size).sum();
    format!(
        "{} ({}), {}, {}",
        counted(wire.exhibits.len() as u64, "exhibit", "exhibits"),
        size(bytes),
        counted(wire.evaluations.len() as u64, "evaluation", "evaluations"),
        counted(wire.reasoning.len() as u64, "record of AI reasoning", "records of AI reasoning"),
    )
}

/// The verdicts of the package in one or two sentences.
fn answer(wire: &DocumentWire) -> Text {
    let Some(word) = wire.verdict.as_deref() else {
        return Text {
            tone: Tone::Open,
            ..Text::strong(
                "No evaluation is recorded in this case: the package holds exhibits and makes no statement about rules.",
            )
        };
    };
    let judged = judged(wire);
    let mut said = Vec::new();
    if judged.len() < wire.evaluations.len() {
        said.push(of_objectives(wire));
    }
    if !judged.is_empty() {
        said.push(judgement::sum(&judged));
    }
    Text { tone: tone(verdict(word)), ..Text::strong(said.join(" ")) }
}

fn of_objectives(wire: &DocumentWire) -> String {
    let evaluations = || wire.evaluations.iter().filter(|evaluation| evaluation.judgement.is_none());
    let all: Vec<&ObjectiveWire> = wire.evaluations.iter().flat_map(|evaluation| &evaluation.objectives).collect();
    let of = |wanted: Verdict| all.iter().filter(|objective| verdict(&objective.verdict) == wanted).count() as u64;
    let [met, broken, open] = [Verdict::Met, Verdict::Broken, Verdict::NoData].map(of);
    let mut objectives = counted(all.len() as u64, "objective", "objectives");
    if evaluations().count() > 1 {
        objectives.push_str(&format!(" in {} evaluations", evaluations().count()));
    }
    let (are_met, no_data) = (format!("{} {} met", grouped(met), is_are(met)), grouped(open));
    match Verdict::of_all(evaluations().map(|evaluation| verdict(&evaluation.verdict))) {
        Verdict::Met if met == 1 => "The only objective is met.".to_owned(),
        Verdict::Met => format!("All {objectives} are met."),
        Verdict::Broken if open == 0 => {
            format!("{} of {objectives} {} broken, {are_met}.", grouped(broken), is_are(broken))
        }
        Verdict::Broken => format!(
            "{} of {objectives} {} broken, {are_met}, and for {no_data} there is not enough data to answer.",
            grouped(broken),
            is_are(broken)
        ),
        Verdict::NoData => format!(
            "For {no_data} of {objectives} there is not enough data to answer, {are_met}, none is broken. \
             This is neither a pass nor a failure."
        ),
    }
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
    blocks.push(Block::Code(vec!["probity verify PACKAGE --trust SIGNER.pub".to_owned(), "sh verify.sh".to_owned()]));
    blocks.push(Block::Facts(vec![("Signing key".to_owned(), Text::exact(&wire.signer))]));
}

fn what_a_seal_proves(blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(2, "What the seal does not prove".to_owned()));
    let limits = [
        "The seal shows that nothing was changed after it was made. It does not show that the content was true, complete or \
         lawfully collected before: a sealed fake stays a fake.",
        "The signature shows which key sealed the package, not which person held the key. That is for the signer to say.",
        "The times in this report are those of the machine that made the package. What independent time authorities confirm is \
         over the signatures, not in this report: verify says what they confirm, and whether you trust them.",
        "Verdicts follow from the recorded data and the rules as written. They are no expert opinion and no legal advice.",
    ];
    blocks.push(Block::List(limits.into_iter().map(Text::plain).collect()));
}
