//! Organisations by what their names end with, and by the words that lead to them.

use super::entity::{Entity, Label, Source};
use super::words::{Shape, Word};

/// Forms of companies: what ends so is one.
const FORMS: &[&str] = &[
    "inc",
    "incorporated",
    "corp",
    "corporation",
    "ltd",
    "limited",
    "llc",
    "llp",
    "plc",
    "gmbh",
    "ag",
    "kg",
    "ohg",
    "bv",
    "nv",
    "oy",
    "ab",
    "aps",
    "sarl",
    "sas",
    "spa",
    "srl",
    "pty",
    "pte",
    "co",
];
/// What names of companies, authorities and institutions often end with; words before it make the name.
const KINDS: &[&str] = &[
    "airlines",
    "analytics",
    "associates",
    "bank",
    "brothers",
    "capital",
    "clinic",
    "college",
    "company",
    "consulting",
    "enterprises",
    "foundation",
    "group",
    "healthcare",
    "holdings",
    "hospital",
    "industries",
    "institute",
    "insurance",
    "international",
    "laboratories",
    "labs",
    "logistics",
    "media",
    "motors",
    "networks",
    "partners",
    "pharmaceuticals",
    "pharmacy",
    "services",
    "software",
    "solutions",
    "systems",
    "technologies",
    "trust",
    "university",
    "ventures",
    "worldwide",
];
/// Labels before an organisation.
const LABELS: &[&str] = &["employer", "company", "organization", "organisation", "firm", "provider", "insurer", "bank"];
/// Words of a name at most.
const WORDS_MAX: usize = 5;

/// Finds organisations. `words` are those of `text`.
pub(super) fn organisations(text: &str, words: &[Word]) -> Vec<Entity> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let end = ending(text, words, at).or_else(|| led(text, words, at));
        at = end.map_or(at + 1, |(start, end, score)| {
            let range = words[start].start..words[end - 1].end;
            found.push(Entity { range, label: Label::Organisation, score, source: Source::Form });
            end
        });
    }
    found
}

/// Where a run of capitalised words that begins with word `at` ends: words of one name stand one blank apart.
fn run(text: &str, words: &[Word], at: usize) -> usize {
    let mut end = at;
    while end < words.len() && end < at + WORDS_MAX {
        let word = &words[end];
        let linked = end > at && matches!(word.text(text), "of" | "and" | "the" | "for") && end + 1 < words.len();
        if !(word.is_capital() || word.shape == Shape::Initial || linked) {
            break;
        }
        end += 1;
        if end == words.len() || !matches!(&text[words[end - 1].end..words[end].start], " " | ", " | " & " | "-") {
            break;
        }
    }
    while end > at && words[end - 1].shape == Shape::Small {
        end -= 1;
    }
    end
}

/// `Hooli Technologies`, `Smith, Jones & Co.`
fn ending(text: &str, words: &[Word], at: usize) -> Option<(usize, usize, f32)> {
    if !words[at].is_capital()
        || words[at].is_any(text, &["the", "a", "an", "our", "your", "my", "this", "that", "in", "for", "of", "and"])
    {
        return None;
    }
    let end = run(text, words, at);
    (at + 2..=end).rev().find_map(|end| {
        let last = &words[end - 1];
        let form = last.is_any(text, FORMS);
        let names = words[at..end - 1].iter().any(|word| word.is_capital() && !word.kind.is_common());
        let shouted = words[at..end].iter().all(|word| word.shape == Shape::Capitals);
        (form && !shouted || names && last.is_any(text, KINDS)).then_some((at, end, if form { 0.8 } else { 0.6 }))
    })
}

/// `Employer: Vandelay`, `works for Acme`.
fn led(text: &str, words: &[Word], at: usize) -> Option<(usize, usize, f32)> {
    let gap = |at: usize| words.get(at + 1).map_or("", |next| &text[words[at].end..next.start]);
    let label = words[at].is_any(text, LABELS) && words[at].is_capital() && gap(at).trim() == ":" && gap(at).len() < 6;
    let verb = words[at].is_any(text, &["work", "works", "worked", "working", "employed", "employee", "job"])
        && gap(at) == " "
        && words.get(at + 1).is_some_and(|next| next.is_any(text, &["for", "at", "by", "of"]))
        && gap(at + 1) == " ";
    let start = if label {
        at + 1
    } else if verb {
        at + 2
    } else {
        return None;
    };
    let end = run(text, words, start);
    let is_name =
        words.get(start..end)?.iter().any(|word| word.is_capital() && (!word.kind.is_common() || end - start > 1));
    let first = words.get(start)?;
    let common =
        first.kind.is_common() && end - start == 1 || first.is_any(text, &["the", "a", "an", "dr", "mr", "mrs", "ms"]);
    (is_name && !common).then_some((start, end, 0.6))
}
