//! YAML text, block by block: short values on one line, everything else below its key.

use yaml::{Node, Value};

/// As wide as a line gets where it can be helped.
const WIDTH: usize = 118;

/// A file that is being written.
pub(super) struct Page {
    text: String,
}

impl Page {
    pub(super) fn new() -> Self {
        Page { text: String::new() }
    }

    pub(super) fn raw(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    /// `key:`, whose items come below; `key: []` without any.
    pub(super) fn key(&mut self, indent: usize, key: &str, is_empty: bool) {
        self.line(indent, &format!("{}:{}", scalar(key, false), if is_empty { " []" } else { "" }));
    }

    pub(super) fn comments(&mut self, indent: usize, lines: &[String]) {
        for line in lines {
            let harmless: String = line.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
            self.line(indent, &format!("# {}", harmless.trim_end()));
        }
    }

    /// An item of a list, its first entry beside the dash.
    pub(super) fn item(&mut self, dash: usize, entries: &[(String, Node)]) {
        let start = self.text.len();
        for (key, node) in entries {
            self.entry(dash + 2, key, node);
        }
        // The first entry begins with as many blanks as the dash takes the place of.
        self.text.replace_range(start + dash..start + dash + 1, "-");
    }

    /// `key: value`.
    pub(super) fn entry(&mut self, indent: usize, key: &str, node: &Node) {
        let key = scalar(key, false);
        match flow(node, WIDTH.saturating_sub(indent + key.len() + 2)) {
            Some(text) => self.line(indent, &format!("{key}: {text}")),
            None => {
                self.line(indent, &format!("{key}:"));
                self.block(indent + 2, node);
            }
        }
    }

    fn block(&mut self, indent: usize, node: &Node) {
        match &node.value {
            Value::Map(entries) => entries.iter().for_each(|(key, node)| self.entry(indent, &key.text, node)),
            Value::List(items) => items.iter().for_each(|item| self.list_item(indent, item)),
            Value::Scalar { text, plain } => self.line(indent, &scalar(text, *plain)),
        }
    }

    fn list_item(&mut self, indent: usize, item: &Node) {
        if let Some(text) = flow(item, WIDTH.saturating_sub(indent + 2)) {
            return self.line(indent, &format!("- {text}"));
        }
        let start = self.text.len();
        self.block(indent + 2, item);
        self.text.replace_range(start + indent..start + indent + 1, "-");
    }

    fn line(&mut self, indent: usize, text: &str) {
        self.text.extend(std::iter::repeat_n(' ', indent));
        self.text.push_str(text);
        self.text.push('\n');
    }
}

/// The value on one line of at most `width` characters; a single value always fits.
fn flow(node: &Node, width: usize) -> Option<String> {
    if let Value::Scalar { text, plain } = &node.value {
        return Some(scalar(text, *plain));
    }
    let mut text = String::new();
    put_flow(node, width, &mut text).then_some(text)
}

/// Whether it fitted.
fn put_flow(node: &Node, width: usize, into: &mut String) -> bool {
    match &node.value {
        Value::Scalar { text, plain } => into.push_str(&scalar(text, *plain)),
        Value::List(items) => {
            into.push('[');
            for (index, item) in items.iter().enumerate() {
                into.push_str(if index > 0 { ", " } else { "" });
                if !put_flow(item, width, into) {
                    return false;
                }
            }
            into.push(']');
        }
        Value::Map(entries) => {
            into.push('{');
            for (index, (key, node)) in entries.iter().enumerate() {
                into.push_str(if index > 0 { ", " } else { "" });
                into.push_str(&scalar(&key.text, false));
                into.push_str(": ");
                if !put_flow(node, width, into) {
                    return false;
                }
            }
            into.push('}');
        }
    }
    // Letters, not columns: wide scripts may stand out a little.
    into.len() <= width || into.chars().count() <= width
}

/// A single value. `plain` ones stood without quotes, so that `5` and `true` stay what they were.
pub(super) fn scalar(text: &str, plain: bool) -> String {
    if is_safe(text) || plain && is_token(text) { text.to_owned() } else { quoted(text) }
}

/// Text that every version of YAML reads as that text, in a block and between braces.
fn is_safe(text: &str) -> bool {
    const WORDS: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let first = text.chars().next().is_some_and(|letter| letter.is_alphabetic() || letter == '_');
    let inside = |letter: char| letter.is_alphanumeric() || " _-./@<>+()".contains(letter);
    first
        && text.chars().all(inside)
        && !text.ends_with(' ')
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// A number, a date, a flag, nothing: what must stand without quotes to stay that.
fn is_token(text: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-.:~".contains(&byte);
    text == "~"
        || !text.is_empty()
            && text != "-"
            && !text.ends_with(':')
            && text.bytes().all(inside)
            && !text.starts_with("---")
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            // What YAML does not take as it is, and what looks like a line break to it.
            '\u{0}'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                quoted.push_str(&format!("\\u{:04x}", letter as u32));
            }
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
