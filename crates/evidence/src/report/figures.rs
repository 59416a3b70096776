//! The annex: how each figure of the verdicts was computed.

use super::words::when;
use super::{Block, Text};
use crate::wire::{DocumentWire, ObjectiveWire, RecordedWire, WindowWire};

/// Objectives that follow from the same computation: one rule, one condition, one source, one window.
pub(super) struct Figure<'w> {
    /// What the verdicts call it: `F3`.
    pub(super) name: String,
    evaluation: &'w RecordedWire,
    pub(super) objectives: &'w [ObjectiveWire],
}

impl Figure<'_> {
    /// Its heading in the annex.
    pub(super) fn title(&self) -> String {
        let rule = self.objectives.first().map_or("", |objective| objective.rule.as_str());
        let names: Vec<&str> = self.objectives.iter().map(|objective| objective.objective.as_str()).collect();
        format!("{}: {rule} / {}", self.name, names.join(", "))
    }
}

/// The figures of each evaluation, in the order of its objectives, numbered through the document.
pub(super) fn of(wire: &DocumentWire) -> Vec<Vec<Figure<'_>>> {
    let mut number = 0;
    let mut all = Vec::with_capacity(wire.evaluations.len());
    for evaluation in &wire.evaluations {
        let mut figures = Vec::new();
        for objectives in evaluation.objectives.chunk_by(same_computation) {
            number += 1;
            figures.push(Figure { name: format!("F{number}"), evaluation, objectives });
        }
        all.push(figures);
    }
    all
}

fn same_computation(one: &ObjectiveWire, other: &ObjectiveWire) -> bool {
    let of_rule = one.rule == other.rule && one.condition == other.condition && one.source == other.source;
    of_rule && one.window == other.window && one.first == other.first && one.last == other.last
}

/// The section.
pub(super) fn annex(figures: &[Vec<Figure<'_>>], blocks: &mut Vec<Block>) {
    if figures.iter().all(Vec::is_empty) {
        return;
    }
    blocks.push(Block::Heading(2, "How each figure was computed".to_owned()));
    blocks.push(Block::Paragraph(Text::plain(
        "Each verdict names the figure it follows from. The source says which records were counted, the condition which of \
         them are good. Both are in the words of the rules, so that anybody can run them again over the same data.",
    )));
    figures.iter().flatten().for_each(|figure| figure_blocks(figure, figures.len() > 1, blocks));
}

fn figure_blocks(figure: &Figure<'_>, several: bool, blocks: &mut Vec<Block>) {
    let Some(first) = figure.objectives.first() else { return };
    blocks.push(Block::Heading(3, figure.title()));
    let mut facts = Vec::new();
    if several {
        facts.push(("Evaluation".to_owned(), Text::plain(format!("as of {}", when(&figure.evaluation.at)))));
    }
    facts.push(("Window".to_owned(), Text::plain(window(&first.window))));
    if let (Some(from), Some(to)) = (&first.first, &first.last) {
        facts.push(("Data found".to_owned(), Text::plain(format!("{} to {}", when(from), when(to)))));
    }
    facts.extend(first.condition.as_ref().map(|condition| ("Condition".to_owned(), Text::exact(condition))));
    let source = first.source.as_deref().unwrap_or("not recorded");
    let lines = clauses(source);
    match lines.as_slice() {
        [] | [_] => {
            facts.push(("Source".to_owned(), Text::exact(source)));
            blocks.push(Block::Facts(facts));
        }
        _ => {
            facts.push(("Source".to_owned(), Text::plain("the query:")));
            blocks.extend([Block::Facts(facts), Block::Code(lines)]);
        }
    }
}

/// From when to when, and how long that is.
pub(super) fn window(window: &WindowWire) -> String {
    let length = window.length.as_deref().map_or(String::new(), |length| format!(" ({length})"));
    format!("{} to {}{length}", when(&window.from), when(&window.to))
}

/// Words of SQL that begin a line.
const CLAUSES: [&str; 8] = ["SELECT", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "UNION"];
/// A query inside a query stands this much further in, up to `DEEPEST` times.
const INDENT: usize = 2;
const DEEPEST: usize = 10;

/// A query with a line for each clause. A source that is no query, or has lines of its own, keeps its lines.
fn clauses(source: &str) -> Vec<String> {
    if source.contains('\n') || !["SELECT", "WITH"].iter().any(|word| begins_with(source, word)) {
        return source.lines().map(str::to_owned).collect();
    }
    let mut lines = Lines::default();
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in source.char_indices() {
        let (rest, quoted) = (&source[at..], quote.is_some());
        match c {
            _ if quoted => quote = quote.filter(|open| *open != c),
            '\'' | '"' => quote = Some(c),
            ')' => lines.close(),
            _ if !is_word(before) && lines.in_query() && CLAUSES.iter().any(|word| begins_with(rest, word)) => {
                lines.end()
            }
            _ => {}
        }
        lines.push(c);
        if c == '(' && !quoted {
            lines.open(&rest[1..]);
        }
        before = c;
    }
    lines.finish()
}

/// Lines while they are written.
#[derive(Default)]
struct Lines {
    done: Vec<String>,
    line: String,
    /// The open brackets; whether each holds a query.
    open: Vec<bool>,
}

impl Lines {
    fn open(&mut self, rest: &str) {
        let query = ["SELECT", "WITH"].iter().any(|word| begins_with(rest.trim_start(), word));
        self.open.push(query);
        if query {
            self.end();
        }
    }

    fn close(&mut self) {
        if self.open.pop() == Some(true) {
            self.end();
        }
    }

    fn in_query(&self) -> bool {
        self.open.last().copied().unwrap_or(true)
    }

    fn push(&mut self, c: char) {
        // A line begins with its indent and no other space.
        if c != ' ' || !self.line.trim().is_empty() {
            self.line.push(c);
        }
    }

    /// Ends the line; the next one stands as far in as there are open queries.
    fn end(&mut self) {
        let depth = self.open.iter().filter(|query| **query).count();
        let line = std::mem::replace(&mut self.line, " ".repeat(INDENT * depth.min(DEEPEST)));
        if !line.trim().is_empty() {
            self.done.push(line.trim_end().to_owned());
        }
    }

    fn finish(mut self) -> Vec<String> {
        self.end();
        self.done
    }
}

fn begins_with(text: &str, word: &str) -> bool {
    let (head, next) = (text.get(..word.len()), text.get(word.len()..).and_then(|rest| rest.chars().next()));
    head.is_some_and(|head| head.eq_ignore_ascii_case(word)) && !next.is_some_and(is_word)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_has_a_line_for_each_clause_and_keeps_every_character() {
        let check = |source: &str, expect: &[&str]| {
            assert_eq!(clauses(source), expect);
            let dense = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(dense(&clauses(source).concat()), dense(source));
        };
        check("logs where status IS NOT NULL", &["logs where status IS NOT NULL"]);
        check("select ts from logs", &["select ts", "from logs"]);
        check("SELECT ts\n  FROM logs", &["SELECT ts", "  FROM logs"]);
        check(
            "SELECT a, lag(b) OVER (PARTITION BY c ORDER BY d) AS e FROM ( SELECT 'x ( FROM y' AS a FROM t ) AS s WHERE a > 0",
            &[
                "SELECT a, lag(b) OVER (PARTITION BY c ORDER BY d) AS e",
                "FROM (",
                "  SELECT 'x ( FROM y' AS a",
                "  FROM t",
                ") AS s",
                "WHERE a > 0",
            ],
        );
        check(
            "WITH q AS (SELECT from_ts FROM t) SELECT 1 UNION ALL SELECT 2",
            &["WITH q AS (", "  SELECT from_ts", "  FROM t", ")", "SELECT 1", "UNION ALL", "SELECT 2"],
        );
        check("SELECT ) FROM ((", &["SELECT )", "FROM (("]);
        check("SELECT 'ä", &["SELECT 'ä"]);
    }
}
