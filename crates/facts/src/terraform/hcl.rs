//! Terraform's configuration language: blocks, and attributes whose values are written out. Expressions are kept as text
//! and not computed.
//!
//! Source: «HCL Native Syntax Specification». No recursion: neither blocks nor brackets can nest so deep that reading ends
//! the process.

use model::Fault;

use super::body::{Body, Value};
use crate::tree::Lines;

/// How deep blocks may nest.
const DEPTH_MAX: usize = 64;

/// A block at the top of a file.
pub(super) struct Block {
    /// `resource`, `data`, `module`.
    pub(super) word: String,
    pub(super) labels: Vec<String>,
    pub(super) body: Body,
    pub(super) line: u64,
    pub(super) column: u64,
}

/// Every block at the top of the text.
pub(super) fn read(text: &str) -> Result<Vec<Block>, Fault> {
    let mut reader = Reader { text, at: 0, lines: Lines::of(text) };
    let (mut found, mut open): (Vec<Block>, Vec<Block>) = (Vec::new(), Vec::new());
    loop {
        reader.blank(true);
        match reader.peek() {
            None if open.is_empty() => return Ok(found),
            None => return Err(reader.fault("The file ends before its blocks do")),
            Some('}') => {
                reader.at += 1;
                let Some(block) = open.pop() else { return Err(reader.fault("This brace closes nothing")) };
                match open.last_mut() {
                    None => found.push(block),
                    Some(parent) => {
                        let dynamic = block.word == "dynamic";
                        let label = block.labels.first().filter(|_| dynamic);
                        let name = label.map_or(block.word.clone(), |label| format!("dynamic {label}"));
                        parent.body.blocks.push((name, block.body));
                    }
                }
            }
            Some(_) => reader.item(&mut open)?,
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    lines: Lines,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn fault(&self, why: &str) -> Fault {
        let fault = Fault::bad_input("bad-hcl", why).at(self.lines.place(self.at));
        fault.advise("Mend it as `terraform validate` says, or give the plan as `terraform show -json` prints it.")
    }

    /// Passes over spaces and comments, and over line ends too where they mean nothing.
    fn blank(&mut self, lines: bool) {
        loop {
            let rest = self.rest();
            let spaces = rest.len()
                - rest.trim_start_matches(|c| c == ' ' || c == '\t' || c == '\r' || lines && c == '\n').len();
            self.at += spaces;
            let rest = self.rest();
            if rest.starts_with('#') || rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.at += rest.find("*/").map_or(rest.len(), |end| end + 2);
            } else if spaces == 0 {
                return;
            }
        }
    }

    fn word(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').unwrap_or(rest.len());
        self.at += end;
        (end > 0).then(|| &rest[..end])
    }

    /// `name = expression`, or `word "label" {`
    fn item(&mut self, open: &mut Vec<Block>) -> Result<(), Fault> {
        let begin = self.lines.place(self.at);
        let word = self.word().ok_or_else(|| self.fault("Here a name is wanted"))?.to_owned();
        self.blank(false);
        if self.rest().starts_with('=') && !self.rest().starts_with("==") {
            self.at += 1;
            self.blank(false);
            let value = self.expression()?;
            let Some(block) = open.last_mut() else {
                return Err(self.fault("An attribute stands outside of every block"));
            };
            block.body.attributes.push((word, value));
            return Ok(());
        }
        let mut labels = Vec::new();
        while !self.rest().starts_with('{') {
            let label = match self.peek() {
                Some('"') => self.quoted()?.1,
                _ => self.word().ok_or_else(|| self.fault("Here `=` or `{` is wanted"))?.to_owned(),
            };
            labels.push(label);
            self.blank(false);
        }
        if open.len() >= DEPTH_MAX {
            return Err(self.fault("Blocks nest too deep"));
        }
        self.at += 1;
        open.push(Block { word, labels, body: Body::default(), line: begin.line, column: begin.column });
        Ok(())
    }

    /// An expression up to the end of its line, or of its block; inside brackets lines do not end it.
    fn expression(&mut self) -> Result<Value, Fault> {
        let begin = self.at;
        let mut open: Vec<char> = Vec::new();
        let mut heredoc = None;
        while let Some(c) = self.peek() {
            match c {
                '\n' if open.is_empty() => break,
                '}' | ',' if open.is_empty() => break,
                '#' if open.is_empty() => break,
                '/' if self.rest().starts_with("//") || self.rest().starts_with("/*") => {
                    if open.is_empty() {
                        break;
                    }
                    self.blank(true);
                    continue;
                }
                '#' => {
                    self.blank(true);
                    continue;
                }
                '"' => {
                    self.quoted()?;
                    continue;
                }
                '<' if self.rest().starts_with("<<") => {
                    heredoc = Some(self.heredoc()?);
                    continue;
                }
                '(' => open.push(')'),
                '[' => open.push(']'),
                '{' => open.push('}'),
                ')' | ']' | '}' if open.pop() != Some(c) => {
                    return Err(self.fault("A bracket is closed by another"));
                }
                _ => {}
            }
            self.at += c.len_utf8();
        }
        if !open.is_empty() {
            self.at = begin;
            return Err(self.fault("A bracket is never closed"));
        }
        let written = self.text[begin..self.at].trim();
        Ok(match heredoc {
            Some(text) if written.starts_with("<<") && !text.contains("${") && !text.contains("%{") => {
                Value::Known(text)
            }
            _ => value(written),
        })
    }

    /// A quoted text: whether it is written out, without templates, and what it says.
    fn quoted(&mut self) -> Result<(bool, String), Fault> {
        let (begin, mut plain, mut out) = (self.at, true, String::new());
        // Inside `${…}` quotes may open again: how many braces each opened template has.
        let mut templates: Vec<usize> = Vec::new();
        let mut within = true;
        self.at += 1;
        while let Some(c) = self.peek() {
            let rest = self.rest();
            let mut length = c.len_utf8();
            match (within, c) {
                (true, '"') => {
                    if templates.is_empty() {
                        self.at += 1;
                        return Ok((plain, out));
                    }
                    within = false;
                }
                (true, '\\') => {
                    let next = rest[1..].chars().next().unwrap_or('\\');
                    length += next.len_utf8();
                    out.push(match next {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        other => other,
                    });
                }
                (true, '\n') if templates.is_empty() => break,
                (true, _) if rest.starts_with("$${") || rest.starts_with("%%{") => {
                    length = 3;
                    out.push_str(&rest[1..3]);
                }
                (true, _) if rest.starts_with("${") || rest.starts_with("%{") => {
                    (plain, within, length) = (false, false, 2);
                    templates.push(0);
                }
                (true, c) => out.push(c),
                (false, '"') => within = true,
                (false, '{') => *templates.last_mut().unwrap_or(&mut 0) += 1,
                (false, '}') => match templates.pop() {
                    Some(0) | None => within = true,
                    Some(open) => templates.push(open - 1),
                },
                (false, _) => {}
            }
            if templates.len() > DEPTH_MAX {
                break;
            }
            self.at += length;
        }
        self.at = begin;
        Err(self.fault("A quoted text is never closed"))
    }

    /// `<<EOT` or `<<-EOT` up to the line that holds the word alone.
    fn heredoc(&mut self) -> Result<String, Fault> {
        let begin = self.at;
        let head = self.rest().lines().next().unwrap_or_default();
        let end = head.trim_start_matches('<').trim_start_matches('-').trim();
        let mut at = self.at + head.len() + 1;
        let body = at.min(self.text.len());
        while !end.is_empty() && at < self.text.len() {
            let line = self.text[at..].split('\n').next().unwrap_or_default();
            if line.trim() == end {
                // The line end after the word ends the expression.
                self.at = at + line.len();
                return Ok(self.text[body..at].to_owned());
            }
            at += line.len() + 1;
        }
        self.at = begin;
        Err(self.fault("A here-document is never closed"))
    }
}

/// An expression that is written out, or kept as it is.
fn value(written: &str) -> Value {
    let open = || Value::Open(written.to_owned());
    if let Some(inner) = written.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        return items(inner).map_or_else(open, Value::List);
    }
    scalar(written).map_or_else(open, Value::Known)
}

fn scalar(written: &str) -> Option<String> {
    if written.starts_with('"') {
        let mut reader = Reader { text: written, at: 0, lines: Lines::of("") };
        let (plain, text) = reader.quoted().ok()?;
        return (plain && reader.at == written.len()).then_some(text);
    }
    let is_number = written.parse::<f64>().is_ok_and(f64::is_finite);
    (is_number || ["true", "false"].contains(&written)).then(|| written.to_owned())
}

/// Items of a list of texts, numbers and flags; `None` when there is anything else in it.
fn items(inner: &str) -> Option<Vec<Value>> {
    let mut reader = Reader { text: inner, at: 0, lines: Lines::of("") };
    let mut found = Vec::new();
    loop {
        reader.blank(true);
        if reader.rest().is_empty() {
            return Some(found);
        }
        let begin = reader.at;
        match reader.peek()? {
            '"' => drop(reader.quoted().ok()?),
            _ => reader.at += reader.rest().find([',', '\n', ' ', '#']).unwrap_or(reader.rest().len()),
        }
        let written = &inner[begin..reader.at];
        if written.is_empty() {
            return None;
        }
        found.push(scalar(written).map_or_else(|| Value::Open(written.to_owned()), Value::Known));
        reader.blank(true);
        match reader.peek() {
            Some(',') => reader.at += 1,
            None => {}
            Some(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Block {
        read(text).unwrap_or_else(|fault| panic!("{fault:?}")).remove(0)
    }

    #[test]
    fn blocks_and_attributes_are_read() {
        let block = one(
            "/* a\n*/ resource \"aws_s3_bucket\" \"data\" { # x\n  bucket = \"a\\\"b$${c}\" // y\n  tags = { a = \"}\" }\n\
                         \n  list = [\"x\", 1, true, # c\n  ]\n  rule { on = true }\n  dynamic \"deep\" {\n    content { a = 1 }\n  }\n}\n",
        );
        assert_eq!(
            (block.word.as_str(), block.labels.join("."), block.line),
            ("resource", "aws_s3_bucket.data".into(), 2)
        );
        let known = |text: &str| Value::Known(text.to_owned());
        assert_eq!(block.body.attributes[0].1, known("a\"b${c}"));
        assert_eq!(block.body.attributes[1].1, Value::Open("{ a = \"}\" }".into()));
        assert_eq!(block.body.attributes[2].1, Value::List(vec![known("x"), known("1"), known("true")]));
        assert_eq!(block.body.block("rule").unwrap().attributes[0].1, known("true"));
        assert_eq!(block.body.blocks[1].0, "dynamic deep");
    }

    #[test]
    fn expressions_are_kept_as_text() {
        let check = |written: &str, expect: Value| {
            let block = one(&format!("locals {{\n  a = {written}\n  b = 1\n}}\n"));
            assert_eq!(block.body.attributes[0].1, expect);
            assert_eq!(block.body.attributes.len(), 2, "{written}");
        };
        let open = |text: &str| Value::Open(text.to_owned());
        check("var.a ? [1,\n 2] : []", open("var.a ? [1,\n 2] : []"));
        check(
            "\"x-${var.a[\"k\"]}-${jsonencode({a = \"}\"})}\"",
            open("\"x-${var.a[\"k\"]}-${jsonencode({a = \"}\"})}\""),
        );
        check("jsonencode({\n a = [{ b = 1 }]\n})", open("jsonencode({\n a = [{ b = 1 }]\n})"));
        check("<<EOT\nx } \"\nEOT", Value::Known("x } \"\n".into()));
        check("<<-EOT\n  ${a}\n  EOT", open("<<-EOT\n  ${a}\n  EOT"));
        check("[for a in b : a]", open("[for a in b : a]"));
        check("[var.a, \"b\"]", Value::List(vec![open("var.a"), Value::Known("b".into())]));
        check("-1", Value::Known("-1".into()));
    }

    #[test]
    fn what_is_not_whole_is_refused_with_its_place() {
        let check = |text: &str, line: u64, why: &str| {
            let fault = read(text).err().unwrap_or_else(|| panic!("{text}"));
            assert!(fault.place().unwrap().line == line && fault.message().contains(why), "{text} {fault:?}");
        };
        check("resource \"a\" \"b\" {\n", 2, "ends before");
        check("a {\n  b = [1\n}\n", 3, "closed by another");
        check("a {\n  b = [1\n", 2, "never closed");
        check("a {\n  b = \"c\n}\n", 2, "quoted");
        check("a {\n  b = <<X\n}\n", 2, "here-document");
        check("}\n", 1, "closes nothing");
        check("a = 1\n", 1, "outside");
        check(&"a {\n".repeat(100), 65, "too deep");
        check("\u{1}", 1, "name");
        assert!(read(&format!("a {{\n b = {}\n}}", "[".repeat(100_000))).is_err());
        assert!(read(&format!("a {{\n b = \"{}\n}}", "${\"".repeat(100_000))).is_err());
    }
}
