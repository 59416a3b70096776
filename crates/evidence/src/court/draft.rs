//! Drafts: texts that a lawyer can read and mend, each in a file of its own, and what becomes of them.
//!
//! ```text
//! # heading     ## heading of level 2     ### of level 3
//! ! something that must be read           - an item           1. a step
//! _ a blank, by its name; a | b: two in a row   @@name  blocks that the program makes
//! anything else is a paragraph; an empty line ends it, a line that is set in by two spaces goes on with the line above
//! ```
//! `@NAME@` stands for a value. Values are put in after the marks are read: nothing in a value is taken for a mark.

use crate::report::{Block, Table, Text, Tone};

/// What stands on every page of a draft.
pub(super) const DRAFT: &str = "DRAFT – NOT SIGNED";
/// How wide a draft is as text.
const WIDTH: usize = 78;

/// A value and its name.
pub(super) type Value<'v> = (&'v str, String);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Heading(u8),
    Notice,
    Item,
    Step,
    Blank,
    Made,
    Plain,
}

/// What a line begins with, and what it means.
const MARKS: [(&str, Mark); 8] = [
    ("# ", Mark::Heading(1)),
    ("## ", Mark::Heading(2)),
    ("### ", Mark::Heading(3)),
    ("! ", Mark::Notice),
    ("- ", Mark::Item),
    ("1. ", Mark::Step),
    ("_ ", Mark::Blank),
    ("@@", Mark::Made),
];

/// The blocks of a draft. `made` makes those that the draft only names.
pub(super) fn blocks(draft: &str, values: &[Value], made: &dyn Fn(&str) -> Vec<Block>) -> Vec<Block> {
    let pieces = pieces(draft);
    let alike = |one: &(Mark, String), other: &(Mark, String)| {
        one.0 == other.0 && matches!(one.0, Mark::Notice | Mark::Item | Mark::Step | Mark::Blank)
    };
    let group = |group: &[(Mark, String)]| {
        let all = || group.iter().map(|(_, text)| fill(text, values));
        let texts = || all().map(Text::plain).collect();
        let (mark, text) = &group[0];
        match mark {
            Mark::Heading(level) => vec![Block::Heading(*level, fill(text, values))],
            Mark::Notice => vec![Block::Notice(notice(all()))],
            Mark::Item => vec![Block::List(texts())],
            Mark::Step => vec![Block::Steps(texts())],
            Mark::Blank => vec![Block::Blanks(all().collect())],
            Mark::Made => made(text),
            Mark::Plain => vec![Block::Paragraph(Text::plain(fill(text, values)))],
        }
    };
    // A chunk has at least one piece.
    pieces.chunk_by(alike).flat_map(group).collect()
}

/// The first sentence is strong; the frame is that of something open.
pub(super) fn notice(texts: impl Iterator<Item = String>) -> Vec<Text> {
    let first = |text: String| Text { tone: Tone::Open, ..Text::strong(text) };
    texts.enumerate().map(|(at, text)| if at == 0 { first(text) } else { Text::plain(text) }).collect()
}

fn pieces(draft: &str) -> Vec<(Mark, String)> {
    let mut pieces: Vec<(Mark, String)> = Vec::new();
    let mut fresh = true;
    for line in draft.lines() {
        if line.trim().is_empty() {
            fresh = true;
            continue;
        }
        let (mark, text) = MARKS
            .iter()
            .find_map(|(sign, mark)| Some((*mark, line.strip_prefix(sign)?)))
            .unwrap_or((Mark::Plain, line.trim()));
        match pieces.last_mut() {
            Some((_, last)) if mark == Mark::Plain && !fresh => {
                last.push(' ');
                last.push_str(text);
            }
            _ => pieces.push((mark, text.trim().to_owned())),
        }
        fresh = false;
    }
    pieces
}

/// Puts values where their names stand; what is no name of a value stays. One pass: a value is never looked into.
pub(super) fn fill(text: &str, values: &[Value]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('@') {
        out.push_str(before);
        let named = after.split_once('@').and_then(|(name, left)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((value, left))
        });
        rest = match named {
            Some((value, left)) => {
                out.push_str(value);
                left
            }
            None => {
                out.push('@');
                after
            }
        };
    }
    out + rest
}

/// The same blocks as text: for those who write the final document in a program of their own.
pub(super) fn text(blocks: &[Block]) -> Vec<u8> {
    let mut out = String::new();
    for block in blocks {
        match block {
            Block::Heading(level, title) => heading(&mut out, *level, title),
            Block::Paragraph(text) | Block::Answer(text) => wrap(&mut out, "", "", &text.value),
            Block::Facts(facts) => {
                facts.iter().for_each(|(name, value)| wrap(&mut out, &format!("{name}: "), "    ", &value.value));
            }
            Block::List(items) => items.iter().for_each(|item| wrap(&mut out, "- ", "  ", &item.value)),
            Block::Steps(items) => {
                let number = |(at, item): (usize, &Text)| wrap(&mut out, &format!("{}. ", at + 1), "   ", &item.value);
                items.iter().enumerate().for_each(number);
            }
            Block::Notice(texts) => texts.iter().for_each(|text| wrap(&mut out, "*** ", "    ", &text.value)),
            Block::Code(lines) => lines.iter().for_each(|line| out.push_str(&format!("    {line}\n"))),
            Block::Blanks(names) => {
                let names = names.iter().flat_map(|row| row.split(" | "));
                names.for_each(|name| out.push_str(&format!("\n{}\n{name}\n", "_".repeat(50))));
            }
            Block::Signatures(people) => {
                people.iter().for_each(|one| out.push_str(&format!("\n{}\n{}\n", "_".repeat(50), one.name)));
            }
            Block::Table(table) => rows(&mut out, table),
            Block::Contents(_) | Block::PageBreak | Block::Chart(_) | Block::Code2d(_) => continue,
        }
        out.push('\n');
    }
    out.into_bytes()
}

fn heading(out: &mut String, level: u8, title: &str) {
    let line = if level == 1 { "=" } else { "-" };
    let title = super::shown(title);
    out.push_str(&format!("{title}\n{}\n", line.repeat(title.chars().count().min(WIDTH))));
}

/// Each row as one entry, its cells under one another.
fn rows(out: &mut String, table: &Table) {
    for row in &table.rows {
        for (at, (column, cell)) in table.columns.iter().zip(row).enumerate() {
            let value = cell.0.iter().map(|text| text.value.as_str()).collect::<Vec<_>>().join(" ");
            let before = if at == 0 { "- " } else { "  " };
            wrap(out, &format!("{before}{}: ", column.title), "    ", &value);
        }
    }
}

/// Words in lines; control characters of the text are shown, never obeyed.
fn wrap(out: &mut String, first: &str, others: &str, text: &str) {
    let text = super::shown(text);
    let mut line = first.to_owned();
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(line.trim_end());
            out.push('\n');
            line = others.to_owned();
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_put_in_once_and_never_read() {
        let values = [("A", "@B@ # no heading".to_owned()), ("B", "b".to_owned())];
        let check = |text: &str, expect: &str| assert_eq!(fill(text, &values), expect);
        check("x @A@ y @B@", "x @B@ # no heading y b");
        check("me@example.org and @B@", "me@example.org and b");
        check("@@A@", "@@B@ # no heading");
        check("100 @", "100 @");
        let made = blocks("@A@\n", &values, &|_| Vec::new());
        assert!(matches!(&made[..], [Block::Paragraph(text)] if text.value == "@B@ # no heading"), "{made:?}");
    }

    #[test]
    fn a_draft_becomes_blocks_and_text() {
        let draft = "# Title\n\n! Read this.\n! And this.\n\nA paragraph\nof two lines.\n\n- one\n  goes on\n- two\n\n\
                     1. first\n1. second\n\n_ Name\n_ Date\n\n@@code\n";
        let made = blocks(draft, &[], &|name| vec![Block::Code(vec![format!("made: {name}")])]);
        let shapes: Vec<String> = made
            .iter()
            .map(|block| match block {
                Block::Heading(level, text) => format!("{level} {text}"),
                Block::Notice(texts) => format!("notice {}", texts.len()),
                Block::Paragraph(text) => text.value.clone(),
                Block::List(items) => format!("list {} {:?}", items.len(), items[0].value),
                Block::Steps(items) => format!("steps {}", items.len()),
                Block::Blanks(names) => format!("blanks {names:?}"),
                Block::Code(lines) => lines[0].clone(),
                other => format!("{other:?}"),
            })
            .collect();
        let expect = [
            "1 Title",
            "notice 2",
            "A paragraph of two lines.",
            "list 2 \"one goes on\"",
            "steps 2",
            "blanks [\"Name\", \"Date\"]",
            "made: code",
        ];
        assert_eq!(shapes, expect);
        let text = String::from_utf8(text(&made)).unwrap();
        for said in ["Title\n=====\n", "*** Read this.\n", "- one goes on\n", "1. first\n2. second\n", "____\nName\n"] {
            assert!(text.contains(said), "{said:?}: {text}");
        }
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
    }
}
