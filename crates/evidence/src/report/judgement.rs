//! What the rules of packs came to: what is broken first, then what nobody can say, then what is as it must be.

use std::collections::BTreeMap;

use model::{Instant, counted, grouped};

use super::words::{is_are, when};
use super::{Block, Cell, Column, Table, Text, Tone, tone};
use crate::document::verdict;
use crate::wire::{ControlWire, DocumentWire, FindingWire, JudgementWire, LawWire, RuleWire};

mod basis;

/// Findings of one rule that are printed; the others are counted, and stand in the JSON.
const FINDINGS: usize = 200;
/// Packs that a title names.
const PACKS: usize = 3;
/// Words of an answer, in the order in which somebody has to look at them.
const ANSWERS: [&str; 5] = ["broken", "not judged", "not given", "met", "not applicable"];

/// The title of a report about the judgement alone.
pub(crate) fn title(wire: &JudgementWire) -> String {
    let names: Vec<&str> = wire.packs.iter().map(|pack| pack.name.as_str()).collect();
    match names.as_slice() {
        [] => "Judgement of rules".to_owned(),
        [one] => format!("Judgement of {one}"),
        [first @ .., last] if names.len() <= PACKS => format!("Judgement of {} and {last}", first.join(", ")),
        _ => format!("Judgement of {} and {} more packs", names[..PACKS - 1].join(", "), names.len() + 1 - PACKS),
    }
}

/// The blocks of a report about the judgement alone.
pub(crate) fn alone(wire: &JudgementWire, producer: &str, created: Instant) -> Vec<Block> {
    let mut blocks = vec![Block::Paragraph(Text::strong("Compliance report")), Block::Heading(1, title(wire))];
    let mut facts = basis::of(wire);
    facts.push(("Report made".to_owned(), Text::plain(format!("{} by {producer}", super::to_seconds(created)))));
    facts.push(("Times".to_owned(), Text::plain("in UTC, cut to whole seconds; judgement.json has them exactly")));
    blocks.extend([Block::Facts(facts), Block::Heading(2, "Summary".to_owned()), Block::Answer(answer(wire))]);
    blocks.push(Block::Paragraph(Text::plain(
        "Rules were judged by a program, from the facts named at the end and from nothing else. What could not be judged never \
         counts as met. The file judgement.json inside this report has the same content, with every finding that was kept.",
    )));
    blocks.push(coverage(wire));
    blocks.extend([Block::Heading(2, "Contents".to_owned()), Block::Contents(2)]);
    sections(wire, 2, &mut blocks);
    blocks
}

/// Each judgement of a case, in a section of its own.
pub(super) fn judgements(wire: &DocumentWire, blocks: &mut Vec<Block>) {
    for evaluation in &wire.evaluations {
        let Some(judgement) = &evaluation.judgement else { continue };
        blocks.push(Block::Heading(2, format!("{} as of {}", title(judgement), when(&judgement.at))));
        let mut facts = basis::of(judgement);
        let recorded = format!("{} by {}", when(&evaluation.recorded), evaluation.recorded_by);
        facts.push(("Recorded".to_owned(), Text::plain(recorded)));
        facts.push(("File".to_owned(), Text::exact(&evaluation.file)));
        facts.push(("SHA-256 of the file".to_owned(), Text::exact(&evaluation.sha256)));
        blocks.extend([Block::Facts(facts), Block::Answer(answer(judgement)), coverage(judgement)]);
        sections(judgement, 3, blocks);
    }
}

/// The judgement in one or two sentences.
fn answer(wire: &JudgementWire) -> Text {
    let mut said = sum(&[wire]);
    if verdict(&wire.verdict) == model::Verdict::NoData {
        said.push_str(" This is neither a pass nor a failure.");
    }
    Text { tone: tone(verdict(&wire.verdict)), ..Text::strong(said) }
}

/// What all of them came to, in one or two sentences.
pub(super) fn sum(all: &[&JudgementWire]) -> String {
    let answers = || all.iter().flat_map(|wire| &wire.rules).map(|rule| rule.answer.as_str());
    let of = |words: &[&str]| answers().filter(|answer| words.contains(answer)).count() as u64;
    let (broken, met, apart) = (of(&["broken"]), of(&["met"]), of(&["not applicable"]));
    let open = of(&["not judged", "not given"]);
    let mut rules = counted(answers().count() as u64, "rule", "rules");
    if all.len() > 1 {
        rules.push_str(&format!(" in {} judgements", all.len()));
    }
    let mut parts = vec![format!("{} {} met", grouped(met), is_are(met))];
    if open > 0 {
        parts.push(format!("{} could not be judged", grouped(open)));
    }
    if apart > 0 {
        parts.push(format!("{} {} about nothing that is here", grouped(apart), is_are(apart)));
    }
    let mut said = match broken {
        0 => format!("Of {rules}, none is broken: {}.", parts.join(", ")),
        _ => format!("{} of {rules} {} broken; {}.", grouped(broken), is_are(broken), parts.join(", ")),
    };
    let stale = all.iter().map(|wire| wire.stale_suppressions.len() as u64).sum();
    if stale > 0 {
        let accepted = counted(stale, "accepted finding no longer holds", "accepted findings no longer hold");
        said.push_str(&format!(" {accepted}, which counts as broken."));
    }
    said
}

/// The rules that need attention, the worst first: each a row of its name, its answer and what it demands.
pub(super) fn pressing(all: &[&JudgementWire]) -> Vec<Vec<Cell>> {
    let of = |word| all.iter().flat_map(|wire| &wire.rules).filter(move |rule| rule.answer == word);
    let mut rules: Vec<&RuleWire> = of("broken").chain(of("not judged")).collect();
    rules.sort_by_key(|rule| (rule.answer != "broken", weight(&rule.severity)));
    let row = |rule: &RuleWire| {
        let answer = Text { tone: answer_tone(&rule.answer), ..Text::strong(&rule.answer) };
        vec![Cell(vec![Text::strong(&rule.rule)]), Cell(vec![answer]), Cell::of(&rule.title)]
    };
    rules.into_iter().map(row).collect()
}

/// How many rules of each pack came to which answer.
fn coverage(wire: &JudgementWire) -> Block {
    let mut packs: BTreeMap<&str, [u64; 5]> = BTreeMap::new();
    let pack_of = |rule: &'_ RuleWire| rule.rule.split_once('.').map_or(rule.rule.len(), |(pack, _)| pack.len());
    for rule in &wire.rules {
        let counts = packs.entry(&rule.rule[..pack_of(rule)]).or_default();
        if let Some(at) = ANSWERS.iter().position(|word| *word == rule.answer) {
            counts[at] += 1;
        }
    }
    let row = |(pack, counts): (&&str, &[u64; 5])| {
        let cells = counts.iter().enumerate().map(|(at, count)| {
            let tone = if *count > 0 && at == 0 { Tone::Bad } else { Tone::Plain };
            Cell(vec![Text { tone, ..Text::plain(grouped(*count)) }])
        });
        [Cell(vec![Text::strong(*pack)]), Cell::of(grouped(counts.iter().sum()))].into_iter().chain(cells).collect()
    };
    let mut columns = vec![column("Rules of", 24, false), column("All", 8, true)];
    columns.extend(
        ["Broken", "Not judged", "No facts", "Met", "Not applicable"]
            .map(|title| column(title, title.len() as u16 + 7, true)),
    );
    Block::Table(Table {
        summary: "How many rules of each pack came to which answer".to_owned(),
        columns,
        rows: packs.iter().map(row).collect(),
    })
}

fn sections(wire: &JudgementWire, level: u8, blocks: &mut Vec<Block>) {
    let of = |word: &str| {
        let mut rules: Vec<&RuleWire> = wire.rules.iter().filter(|rule| rule.answer == word).collect();
        rules.sort_by_key(|rule| (weight(&rule.severity), rule.rule.as_str()));
        rules
    };
    let by_name = |word: &str| {
        let mut rules = of(word);
        rules.sort_by_key(|rule| rule.rule.as_str());
        rules
    };
    blocks.push(heading(level, "What is broken"));
    let broken = of("broken");
    if broken.is_empty() {
        blocks.push(Block::Paragraph(Text::plain("No rule is broken.")));
    }
    broken.iter().for_each(|rule| detail(rule, level + 1, blocks));
    stale(&wire.stale_suppressions, level, blocks);
    open(&of("not judged"), &by_name("not given"), level, blocks);
    accepted(wire, level, blocks);
    kept(&by_name("met"), &by_name("not applicable"), level, blocks);
    controls(&wire.controls, level, blocks);
    people(wire, level, blocks);
    basis::changed(wire.trend.as_ref(), level, blocks);
    basis::facts(&wire.facts, level, blocks);
}

/// The worst first.
fn weight(severity: &str) -> usize {
    let order = ["critical", "high", "medium", "low"];
    order.iter().position(|word| *word == severity).unwrap_or(order.len())
}

/// A heading. Below the third level all are of the third: a heading stays with what it heads, where a strong line would not.
fn heading(level: u8, text: impl Into<String>) -> Block {
    Block::Heading(level.min(3), text.into())
}

fn column(title: &str, share: u16, number: bool) -> Column {
    Column { title: title.to_owned(), share, number }
}

fn detail(rule: &RuleWire, level: u8, blocks: &mut Vec<Block>) {
    blocks.push(heading(level, &rule.title));
    let mut facts = vec![("Rule".to_owned(), Text::exact(&rule.rule))];
    facts.push(("Severity".to_owned(), Text { tone: answer_tone(&rule.answer), ..Text::strong(&rule.severity) }));
    let name = |at: usize| if at == 0 { "Law".to_owned() } else { String::new() };
    facts.extend(rule.law.iter().enumerate().map(|(at, one)| (name(at), law(one))));
    facts.push(("Judged".to_owned(), Text::plain(things(rule))));
    facts.extend(rule.why.as_ref().map(|why| ("Why".to_owned(), Text::plain(why))));
    facts.push(("To do".to_owned(), Text::plain(&rule.fix)));
    blocks.push(Block::Facts(facts));
    if !rule.findings.is_empty() {
        blocks.push(findings(&rule.findings, &format!("Findings of {}", rule.rule)));
    }
    let all = (rule.broken + rule.not_judged).max(rule.findings.len() as u64);
    let shown = rule.findings.len().min(FINDINGS) as u64;
    if shown < all {
        let more = counted(all - shown, "finding more is", "findings more are");
        let kept = counted(rule.findings.len() as u64, "one", "ones");
        let said = format!("{more} not printed; the judgement in JSON has the first {kept} and counts the others.");
        blocks.push(Block::Paragraph(Text::small(said)));
    }
}

fn answer_tone(answer: &str) -> Tone {
    match answer {
        "broken" => Tone::Bad,
        "met" => Tone::Good,
        "not applicable" => Tone::Plain,
        _ => Tone::Open,
    }
}

fn law(law: &LawWire) -> Text {
    let text = Text::plain(&law.article);
    if law.link.starts_with("https://") { text.to_web(&law.link) } else { text }
}

fn things(rule: &RuleWire) -> String {
    let counts = [("broken", rule.broken), ("met", rule.met), ("not judged", rule.not_judged)];
    let accepted = rule.suppressed.len() as u64;
    let all = counts.into_iter().chain([("not concerned", rule.not_applicable), ("accepted", accepted)]);
    let said: Vec<String> =
        all.filter(|(_, count)| *count > 0).map(|(word, count)| format!("{} {word}", grouped(count))).collect();
    if said.is_empty() { "nothing".to_owned() } else { said.join(", ") }
}

fn findings(findings: &[FindingWire], summary: &str) -> Block {
    let row = |finding: &FindingWire| {
        let mut what = vec![Text::strong(&finding.subject)];
        what.extend(finding.place.as_ref().map(|place| Text { voice: super::Voice::Exact, ..Text::small(place) }));
        let mut said = vec![Text::plain(&finding.message)];
        said.extend(finding.since.as_ref().map(|since| Text::small(format!("seen first {}", when(since)))));
        if finding.verdict == "no data" {
            said.insert(0, Text { tone: Tone::Open, ..Text::strong("not judged") });
        }
        vec![Cell(what), Cell(said)]
    };
    Block::Table(Table {
        summary: summary.to_owned(),
        columns: vec![column("What and where", 40, false), column("Finding", 60, false)],
        rows: findings.iter().take(FINDINGS).map(row).collect(),
    })
}

fn stale(stale: &[FindingWire], level: u8, blocks: &mut Vec<Block>) {
    if !stale.is_empty() {
        blocks.push(heading(level, "Acceptances that no longer hold"));
        blocks.push(findings(stale, "Accepted findings to look at again"));
    }
}

fn open(unjudged: &[&RuleWire], without: &[&RuleWire], level: u8, blocks: &mut Vec<Block>) {
    blocks.push(heading(level, "What could not be judged"));
    if unjudged.is_empty() && without.is_empty() {
        blocks.push(Block::Paragraph(Text::plain("Every rule could be judged.")));
        return;
    }
    unjudged.iter().for_each(|rule| detail(rule, level + 1, blocks));
    let mut by_reason: BTreeMap<&str, Vec<&RuleWire>> = BTreeMap::new();
    for rule in without {
        by_reason.entry(rule.why.as_deref().unwrap_or("nothing was given")).or_default().push(rule);
    }
    if by_reason.is_empty() {
        return;
    }
    blocks.push(heading(level + 1, "Rules without facts"));
    blocks.push(Block::Paragraph(Text::plain(
        "Nobody gave what these rules are judged from. They are neither met nor broken: each says what is missing.",
    )));
    for (why, rules) in by_reason {
        let title = format!("{}: {why}", counted(rules.len() as u64, "rule", "rules"));
        blocks.push(heading(level + 2, &title));
        blocks.push(short(&rules, &title, None));
    }
}

/// What a table says of a rule.
type Say = fn(&RuleWire) -> String;

/// Rules in short: id and title, law, and what `last` says was judged of each.
fn short(rules: &[&RuleWire], summary: &str, last: Option<Say>) -> Block {
    let row = |rule: &&RuleWire| {
        let name = vec![Text::exact(&rule.rule), Text::plain(&rule.title)];
        let law = rule.law.iter().map(law).collect();
        let mut row = vec![Cell(name), Cell(law)];
        row.extend(last.map(|say| Cell::of(say(rule))));
        row
    };
    let mut columns = vec![column("Rule", 50, false), column("Law", 25, false)];
    columns.extend(last.map(|_| column("Judged", 25, false)));
    Block::Table(Table { summary: summary.to_owned(), columns, rows: rules.iter().map(row).collect() })
}

fn accepted(wire: &JudgementWire, level: u8, blocks: &mut Vec<Block>) {
    blocks.push(heading(level, "What was accepted"));
    let all = wire.rules.iter().flat_map(|rule| rule.suppressed.iter().map(move |one| (rule, one)));
    let rows: Vec<Vec<Cell>> = all
        .map(|(rule, one)| {
            let by = format!("until {} by {}", one.suppressed.until, one.suppressed.by);
            vec![
                Cell(vec![Text::exact(&rule.rule), Text::plain(&one.finding.subject)]),
                Cell::of(&one.finding.message),
                Cell(vec![Text::plain(&one.suppressed.reason), Text::small(by)]),
            ]
        })
        .collect();
    if rows.is_empty() {
        blocks.push(Block::Paragraph(Text::plain("No finding was accepted.")));
        return;
    }
    blocks.push(Block::Paragraph(Text::plain(
        "Somebody decided to live with these findings until a day, and said why. They do not count as broken until then.",
    )));
    blocks.push(Block::Table(Table {
        summary: "Accepted findings, with who accepted them and why".to_owned(),
        columns: vec![column("Rule and what", 38, false), column("Finding", 34, false), column("Accepted", 28, false)],
        rows,
    }));
}

fn kept(met: &[&RuleWire], apart: &[&RuleWire], level: u8, blocks: &mut Vec<Block>) {
    blocks.push(heading(level, "What is as it must be"));
    if met.is_empty() {
        blocks.push(Block::Paragraph(Text::plain("No rule is met.")));
    } else {
        blocks.push(short(met, "Rules that are met", Some(things)));
    }
    if !apart.is_empty() {
        blocks.push(heading(level + 1, "Rules that are about nothing here"));
        blocks.push(short(apart, "Rules that are about nothing here", None));
    }
}

/// Every control of a framework: what is seen of it, and what is left to a person.
fn controls(controls: &[ControlWire], level: u8, blocks: &mut Vec<Block>) {
    if controls.is_empty() {
        return;
    }
    blocks.push(heading(level, "Controls"));
    blocks.push(Block::Paragraph(Text::plain(
        "No control is met by what a machine sees alone. Evidence is what rules found as it must be.",
    )));
    let tone = |sight: &str| match sight {
        "broken" => Tone::Bad,
        "evidence" => Tone::Good,
        _ => Tone::Open,
    };
    let row = |one: &ControlWire| {
        let seen = Text { tone: tone(&one.sight), ..Text::strong(&one.sight) };
        let mut by = vec![seen];
        by.extend(one.rules.iter().map(|rule| Text::exact(format!("{}: {}", rule.rule, rule.answer))));
        vec![Cell(vec![Text::strong(&one.article), Text::plain(&one.title)]), Cell(by), Cell::of(&one.person)]
    };
    blocks.push(Block::Table(Table {
        summary: "Controls, how far machines see them, and what is left to a person".to_owned(),
        columns: vec![column("Control", 32, false), column("Seen", 38, false), column("Left to a person", 30, false)],
        rows: controls.iter().map(row).collect(),
    }));
}

/// What no program can judge.
fn people(wire: &JudgementWire, level: u8, blocks: &mut Vec<Block>) {
    let row = |rule: &RuleWire| {
        let person = rule.person.as_ref()?;
        Some(vec![Cell(vec![Text::exact(&rule.rule), Text::plain(&rule.title)]), Cell::of(person)])
    };
    let rows: Vec<_> = wire.rules.iter().filter_map(row).collect();
    if rows.is_empty() {
        return;
    }
    blocks.push(heading(level, "What a person must still judge"));
    blocks.push(Block::Table(Table {
        summary: "What a person must still judge, by rule".to_owned(),
        columns: vec![column("Rule", 45, false), column("For a person", 55, false)],
        rows,
    }));
}
