//! Content streams, token by token.
//!
//! Every operation knows which bytes it was read from, so that an operation that is not changed is written back as it
//! was. Comments, stray delimiters and operands without an operator show nothing on a page and are not written back:
//! they are places to hide text in.

use std::ops::Range;

use super::strings::reads_like_text;

/// An operand.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    /// A number.
    Number(f64),
    /// A string, decoded.
    Text(Vec<u8>),
    /// A name, decoded.
    Name(Vec<u8>),
    /// An array.
    Array(Vec<Operand>),
    /// A dictionary.
    Dictionary(Vec<(Vec<u8>, Operand)>),
    /// `true`, `false`, `null`.
    Word(&'static str),
}

impl Operand {
    /// The number, if it is one.
    pub(super) fn number(&self) -> Option<f64> {
        if let Operand::Number(number) = self { Some(*number) } else { None }
    }

    /// The name, if it is one.
    pub(super) fn name(&self) -> Option<&[u8]> {
        if let Operand::Name(name) = self { Some(name) } else { None }
    }

    /// How many operands it is, those within it counted.
    fn size(&self) -> usize {
        match self {
            Operand::Array(items) => 1 + items.iter().map(Operand::size).sum::<usize>(),
            Operand::Dictionary(entries) => 1 + entries.iter().map(|(_, value)| value.size()).sum::<usize>(),
            _ => 1,
        }
    }

    /// Whether a name that reads like text is in it.
    pub(super) fn holds_name(&self) -> bool {
        match self {
            Operand::Name(name) => reads_like_text(name),
            Operand::Array(items) => items.iter().any(Operand::holds_name),
            Operand::Dictionary(entries) => {
                entries.iter().any(|(key, value)| reads_like_text(key) || value.holds_name())
            }
            _ => false,
        }
    }

    /// Whether a string is in it.
    pub(super) fn holds_text(&self) -> bool {
        match self {
            Operand::Text(_) => true,
            Operand::Array(items) => items.iter().any(Operand::holds_text),
            Operand::Dictionary(entries) => entries.iter().any(|(_, value)| value.holds_text()),
            _ => false,
        }
    }
}

/// An operator and its operands. An inline image is one operation, `EI`, with a dictionary and its bytes.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    /// The operator, out of [`OPERATORS`].
    pub(super) operator: &'static str,
    /// Its operands.
    pub(super) operands: Vec<Operand>,
    /// The bytes it was read from.
    pub(super) range: Range<usize>,
    /// Bytes of an inline image.
    pub(super) data: Range<usize>,
    /// Whether the bytes may be written back as they are.
    pub(super) clean: bool,
}

impl Operation {
    /// The operands that are numbers.
    pub(super) fn numbers(&self) -> Vec<f64> {
        self.operands.iter().filter_map(Operand::number).collect()
    }

    /// The last operand that is a name.
    pub(super) fn name(&self) -> Option<&[u8]> {
        self.operands.iter().rev().find_map(Operand::name)
    }
}

/// Every operator there is (ISO 32000-1, annex A). Viewers skip any other, so it is left out.
const OPERATORS: [&str; 73] = [
    "b", "B", "b*", "B*", "BDC", "BI", "BMC", "BT", "BX", "c", "cm", "CS", "cs", "d", "d0", "d1", "Do", "DP", "EI",
    "EMC", "ET", "EX", "f", "F", "f*", "G", "g", "gs", "h", "i", "ID", "j", "J", "K", "k", "l", "m", "M", "MP", "n",
    "q", "Q", "re", "RG", "rg", "ri", "s", "S", "SC", "sc", "SCN", "scn", "sh", "T*", "Tc", "Td", "TD", "Tf", "Tj",
    "TJ", "TL", "Tm", "Tr", "Ts", "Tw", "Tz", "v", "w", "W", "W*", "y", "'", "\"",
];

/// Arrays and dictionaries in one another.
const NESTING_MAX: usize = 64;

/// What was read, and what was left out.
#[derive(Debug, Default)]
pub(super) struct Program {
    /// The operations.
    pub(super) operations: Vec<Operation>,
    /// How many operators were unknown.
    pub(super) unknown: usize,
    /// Whether a string has no end.
    pub(super) is_open: bool,
}

/// Reads a content stream. Never fails: what is no operation is left out.
pub(super) fn read(bytes: &[u8]) -> Program {
    let mut lexer = Lexer { bytes, at: 0, clean: true, is_open: false };
    let mut program = Program::default();
    let mut operands = Vec::new();
    let mut start = None;
    while let Some(begin) = lexer.skip_white() {
        if start.is_none() {
            lexer.clean = true;
        }
        match lexer.token(0) {
            Token::Operand(operand) => {
                start.get_or_insert(begin);
                operands.push(operand);
                // More operands than any operator takes (DeviceN has at most 32 components).
                if operands.len() > 512 {
                    operands.clear();
                    start = None;
                }
            }
            Token::Word(word) => {
                let begin = start.take().unwrap_or(begin);
                lexer.operation(&word, begin, std::mem::take(&mut operands), &mut program);
            }
            Token::Stray => lexer.clean = false,
        }
    }
    program.is_open = lexer.is_open;
    program
}

/// A token of a character map, which is PostScript and not content.
#[derive(Debug, PartialEq)]
pub(super) enum Item {
    /// An operand.
    Operand(Operand),
    /// Anything else.
    Word(Vec<u8>),
}

/// The tokens of a character map.
pub(super) fn items(bytes: &[u8]) -> Vec<Item> {
    let mut lexer = Lexer { bytes, at: 0, clean: true, is_open: false };
    let mut items = Vec::new();
    while lexer.skip_white().is_some() {
        match lexer.token(0) {
            Token::Operand(operand) => items.push(Item::Operand(operand)),
            Token::Word(word) => items.push(Item::Word(bytes[word].to_vec())),
            Token::Stray => {}
        }
    }
    items
}

enum Token {
    Operand(Operand),
    Word(Range<usize>),
    Stray,
}

struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    clean: bool,
    is_open: bool,
}

fn is_white(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

fn is_regular(byte: u8) -> bool {
    !is_white(byte) && !b"()<>[]{}/%".contains(&byte)
}

impl Lexer<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Over white space and comments; the place where something begins.
    fn skip_white(&mut self) -> Option<usize> {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                self.clean = false;
                while self.peek().is_some_and(|b| b != b'\n' && b != b'\r') {
                    self.at += 1;
                }
            } else if is_white(byte) {
                self.at += 1;
            } else {
                return Some(self.at);
            }
        }
        None
    }

    fn token(&mut self, depth: usize) -> Token {
        let start = self.at;
        match self.peek() {
            Some(b'(') => Token::Operand(Operand::Text(self.literal())),
            Some(b'<') if self.bytes.get(start + 1) == Some(&b'<') => self.dictionary(depth),
            Some(b'<') => Token::Operand(Operand::Text(self.hex())),
            Some(b'/') => Token::Operand(Operand::Name(self.name())),
            Some(b'[') => self.array(depth),
            Some(byte) if is_regular(byte) => self.regular(),
            _ => {
                self.at += 1;
                Token::Stray
            }
        }
    }

    fn regular(&mut self) -> Token {
        let start = self.at;
        while self.peek().is_some_and(is_regular) {
            self.at += 1;
        }
        let word = &self.bytes[start..self.at];
        match word {
            b"true" => Token::Operand(Operand::Word("true")),
            b"false" => Token::Operand(Operand::Word("false")),
            b"null" => Token::Operand(Operand::Word("null")),
            _ => number(word).map_or(Token::Word(start..self.at), |n| Token::Operand(Operand::Number(n))),
        }
    }

    fn array(&mut self, depth: usize) -> Token {
        self.at += 1;
        let mut items = Vec::new();
        while self.skip_white().is_some() {
            if self.peek() == Some(b']') {
                self.at += 1;
                return Token::Operand(Operand::Array(items));
            }
            if depth >= NESTING_MAX {
                self.clean = false;
                return Token::Stray;
            }
            match self.token(depth + 1) {
                Token::Operand(operand) => items.push(operand),
                Token::Word(_) | Token::Stray => self.clean = false,
            }
        }
        self.clean = false;
        Token::Operand(Operand::Array(items))
    }

    fn dictionary(&mut self, depth: usize) -> Token {
        self.at += 2;
        let mut entries = Vec::new();
        let mut key: Option<Vec<u8>> = None;
        while self.skip_white().is_some() {
            if self.bytes[self.at..].starts_with(b">>") {
                self.at += 2;
                // A key without a value is no entry.
                self.clean &= key.is_none();
                return Token::Operand(Operand::Dictionary(entries));
            }
            if depth >= NESTING_MAX {
                self.clean = false;
                return Token::Stray;
            }
            match (self.token(depth + 1), key.take()) {
                (Token::Operand(Operand::Name(name)), None) => key = Some(name),
                (Token::Operand(value), Some(name)) => entries.push((name, value)),
                _ => self.clean = false,
            }
        }
        self.clean = false;
        Token::Operand(Operand::Dictionary(entries))
    }

    fn name(&mut self) -> Vec<u8> {
        self.at += 1;
        let mut name = Vec::new();
        while let Some(byte) = self.peek().filter(|byte| is_regular(*byte)) {
            self.at += 1;
            let digits = self.bytes.get(self.at..self.at + 2);
            match digits.and_then(|d| Some(hex_digit(d[0])? << 4 | hex_digit(d[1])?)) {
                Some(value) if byte == b'#' => {
                    name.push(value);
                    self.at += 2;
                }
                _ => name.push(byte),
            }
        }
        name
    }

    fn hex(&mut self) -> Vec<u8> {
        self.at += 1;
        let mut digits = Vec::new();
        while let Some(byte) = self.peek() {
            self.at += 1;
            match hex_digit(byte) {
                Some(digit) => digits.push(digit),
                None if byte == b'>' => break,
                None => self.clean &= is_white(byte),
            }
        }
        digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0)).collect()
    }

    fn literal(&mut self) -> Vec<u8> {
        self.at += 1;
        let (mut text, mut depth) = (Vec::new(), 1);
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'(' => depth += 1,
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        return text;
                    }
                }
                b'\\' => {
                    self.escape(&mut text);
                    continue;
                }
                b'\r' => {
                    // An end of line in a string is one line feed, however it is written.
                    if self.peek() == Some(b'\n') {
                        self.at += 1;
                    }
                    text.push(b'\n');
                    continue;
                }
                _ => {}
            }
            text.push(byte);
        }
        self.clean = false;
        self.is_open = true;
        text
    }

    fn escape(&mut self, text: &mut Vec<u8>) {
        let Some(byte) = self.peek() else { return };
        self.at += 1;
        match byte {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'\n' => {}
            b'\r' => self.at += usize::from(self.peek() == Some(b'\n')),
            b'0'..=b'7' => {
                let mut value = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit) = self.peek().filter(|b| (b'0'..=b'7').contains(b)) else { break };
                    value = value * 8 + u32::from(digit - b'0');
                    self.at += 1;
                }
                text.push(value as u8);
            }
            other => text.push(other),
        }
    }

    fn operation(&mut self, word: &Range<usize>, start: usize, operands: Vec<Operand>, program: &mut Program) {
        let name = &self.bytes[word.clone()];
        let Some(operator) = OPERATORS.iter().find(|known| known.as_bytes() == name) else {
            program.unknown += 1;
            return;
        };
        if *operator == "BI" {
            return self.inline_image(start, program);
        }
        let given: usize = operands.iter().map(Operand::size).sum();
        let operands = taken(operator, operands);
        let Some(mut operands) = operands.filter(|_| !matches!(*operator, "ID" | "EI")) else {
            program.unknown += 1;
            return;
        };
        let mut clean = self.clean && operands.iter().map(Operand::size).sum::<usize>() == given;
        if let ("BMC" | "BDC" | "MP" | "DP", Some(Operand::Name(tag))) = (*operator, operands.first_mut())
            && reads_like_text(tag)
        {
            // A tag is a word of the format or of a program; nothing is shown by it.
            *tag = b"Span".to_vec();
            clean = false;
        }
        program.operations.push(Operation { operator, operands, range: start..self.at, data: 0..0, clean });
    }

    /// From after `BI` to after `EI`.
    fn inline_image(&mut self, start: usize, program: &mut Program) {
        let (mut entries, mut key) = (Vec::new(), None);
        loop {
            if self.skip_white().is_none() {
                return;
            }
            match (self.token(0), key.take()) {
                (Token::Operand(Operand::Name(name)), None) => key = Some(name),
                (Token::Operand(value), Some(name)) => entries.push((name, value)),
                (Token::Word(word), _) if &self.bytes[word.clone()] == b"ID" => break,
                _ => {}
            }
        }
        self.at = (self.at + 1).min(self.bytes.len());
        let begin = self.at;
        let Some(end) = end_of_image(self.bytes, begin) else {
            program.unknown += 1;
            self.at = self.bytes.len();
            return;
        };
        self.at = (end + 3).min(self.bytes.len());
        // A string belongs into the table of colours alone.
        let is_colour = |key: &[u8]| key == b"CS" || key == b"ColorSpace";
        entries.retain(|(key, value)| {
            let is_known = IMAGE_KEYS.iter().any(|known| known.as_bytes() == key);
            is_known && (is_colour(key) || !value.holds_text())
        });
        let operands = vec![Operand::Dictionary(entries)];
        let range = start..self.at;
        program.operations.push(Operation { operator: "EI", operands, range, data: begin..end, clean: true });
    }
}

/// The operands that an operator takes, which are the last ones. Where more are given the others are seen by nobody: they
/// go, and an operator goes that needs operands and has none left.
fn taken(operator: &str, mut operands: Vec<Operand>) -> Option<Vec<Operand>> {
    let is_shown = |operand: &Operand| matches!(operand, Operand::Text(_) | Operand::Array(_));
    let shows = matches!(operator, "Tj" | "TJ" | "'" | "\"" | "BDC" | "DP");
    operands.retain(|operand| shows || !operand.holds_text());
    let most = match operator {
        "Tj" | "TJ" | "'" => {
            operands.retain(is_shown);
            operands
                .iter_mut()
                .for_each(|operand| within(operand, |item| matches!(item, Operand::Text(_) | Operand::Number(_))));
            1
        }
        "\"" => 3,
        "BDC" | "DP" => {
            for operand in &mut operands {
                if let Operand::Dictionary(entries) = operand {
                    entries.retain(|(key, _)| PROPERTIES.iter().any(|known| known.as_bytes() == key));
                }
            }
            2
        }
        "SC" | "sc" | "SCN" | "scn" => 33,
        "BMC" | "CS" | "cs" | "Do" | "gs" | "MP" | "ri" | "sh" => {
            operands.retain(|operand| operand.name().is_some());
            1
        }
        "d" => {
            operands.retain(|operand| matches!(operand, Operand::Array(_) | Operand::Number(_)));
            operands.iter_mut().for_each(|operand| within(operand, |item| item.number().is_some()));
            2
        }
        "Tf" => 2,
        _ => {
            operands.retain(|operand| operand.number().is_some());
            match operator {
                "c" | "cm" | "d1" | "Tm" => 6,
                "K" | "k" | "re" | "v" | "y" => 4,
                "RG" | "rg" => 3,
                "d0" | "l" | "m" | "Td" | "TD" => 2,
                "G" | "g" | "i" | "j" | "J" | "M" | "Tc" | "TL" | "Tr" | "Ts" | "Tw" | "Tz" | "w" => 1,
                _ => 0,
            }
        }
    };
    operands.drain(..operands.len().saturating_sub(most));
    (most == 0 || !operands.is_empty()).then_some(operands)
}

/// Leaves in an array what may stand in it.
fn within(operand: &mut Operand, stays: impl Fn(&Operand) -> bool) {
    if let Operand::Array(items) = operand {
        items.retain(stays);
    }
}

/// Entries that a property list within content may have (ISO 32000-1, 14.6.2, 14.8.2.2, 14.9); any other means something to
/// the program alone that wrote it.
const PROPERTIES: [&str; 9] = ["ActualText", "Alt", "Attached", "BBox", "E", "Lang", "MCID", "Subtype", "Type"];

/// Entries that the dictionary of an inline image may have (ISO 32000-1, 8.9.7), short and long.
const IMAGE_KEYS: [&str; 20] = [
    "BPC",
    "BitsPerComponent",
    "CS",
    "ColorSpace",
    "D",
    "Decode",
    "DP",
    "DecodeParms",
    "F",
    "Filter",
    "H",
    "Height",
    "IM",
    "ImageMask",
    "I",
    "Interpolate",
    "W",
    "Width",
    "Intent",
    "L",
];

/// Where the white space before `EI` stands: what follows has to look like content again.
fn end_of_image(bytes: &[u8], begin: usize) -> Option<usize> {
    let mut at = begin;
    while at + 3 <= bytes.len() {
        let ends = is_white(bytes[at]) && &bytes[at + 1..at + 3] == b"EI";
        let rest = &bytes[at.saturating_add(3).min(bytes.len())..];
        let apart = rest.first().is_none_or(|byte| is_white(*byte));
        let readable = |byte: &u8| is_white(*byte) || (32..127).contains(byte);
        if ends && apart && rest.iter().take(12).all(readable) {
            return Some(at);
        }
        at += 1;
    }
    None
}

fn hex_digit(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).map(|digit| digit as u8)
}

/// A number as PDF writes it; what viewers make of `--5` and `1.2.3` is no number here and becomes 0.
fn number(word: &[u8]) -> Option<f64> {
    let looks = word.iter().all(|b| b.is_ascii_digit() || b"+-.".contains(b));
    let text = std::str::from_utf8(word).ok().filter(|_| looks)?;
    Some(text.parse().ok().filter(|number: &f64| number.is_finite()).unwrap_or(0.0))
}

/// Writes an operand.
pub(super) fn write(out: &mut Vec<u8>, operand: &Operand) {
    match operand {
        // The shortest text that reads as the same number.
        Operand::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Operand::Text(text) => write_hex(out, text),
        Operand::Name(name) => write_name(out, name),
        Operand::Word(word) => out.extend_from_slice(word.as_bytes()),
        Operand::Array(items) => {
            out.push(b'[');
            for item in items {
                write(out, item);
                out.push(b' ');
            }
            out.push(b']');
        }
        Operand::Dictionary(entries) => {
            out.extend_from_slice(b"<<");
            for (key, value) in entries {
                write_name(out, key);
                out.push(b' ');
                write(out, value);
                out.push(b' ');
            }
            out.extend_from_slice(b">>");
        }
    }
}

/// Writes a number with at most five places, which is finer than any device.
pub(super) fn write_number(out: &mut Vec<u8>, number: f64) {
    let number = if number.is_finite() { number } else { 0.0 };
    let text = format!("{number:.5}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    out.extend_from_slice(if text == "-0" { b"0" } else { text.as_bytes() });
}

/// Writes a name.
pub(super) fn write_name(out: &mut Vec<u8>, name: &[u8]) {
    out.push(b'/');
    for byte in name {
        if is_regular(*byte) && (33..127).contains(byte) && *byte != b'#' {
            out.push(*byte);
        } else {
            out.extend_from_slice(format!("#{byte:02X}").as_bytes());
        }
    }
}

/// Writes a string in hexadecimal.
pub(super) fn write_hex(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'<');
    for byte in text {
        out.extend_from_slice(format!("{byte:02X}").as_bytes());
    }
    out.push(b'>');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of a stream, and what is written for it.
    fn check(content: &str, operators: &[&str], text: &[&str]) {
        let program = read(content.as_bytes());
        let found: Vec<&str> = program.operations.iter().map(|operation| operation.operator).collect();
        assert_eq!(found, operators, "{content}");
        let mut strings = Vec::new();
        for operand in program.operations.iter().flat_map(|operation| &operation.operands) {
            collect(operand, &mut strings);
        }
        assert_eq!(strings, text, "{content}");
    }

    fn collect(operand: &Operand, strings: &mut Vec<String>) {
        match operand {
            Operand::Text(text) => strings.push(String::from_utf8_lossy(text).into_owned()),
            Operand::Array(items) => items.iter().for_each(|item| collect(item, strings)),
            Operand::Dictionary(entries) => entries.iter().for_each(|(_, value)| collect(value, strings)),
            _ => {}
        }
    }

    #[test]
    fn strings_are_decoded() {
        check("(a\\(b\\)c (nested)) Tj", &["Tj"], &["a(b)c (nested)"]);
        check("(\\101\\1012\\n\\\r\nx\r\ny) Tj", &["Tj"], &["AA2\nx\ny"]);
        check("<4a 61 6E7> Tj", &["Tj"], &["Janp"]);
        check("[(a) -20.5 <62>] TJ", &["TJ"], &["a", "b"]);
        check("/Span <</ActualText (spoken) /MCID 3>> BDC EMC", &["BDC", "EMC"], &["spoken"]);
    }

    #[test]
    fn what_shows_nothing_is_left_out() {
        check("q % (a comment) Tj\nQ", &["q", "Q"], &[]);
        check("(hidden) nonsense q (hidden) w ) > } Q (at the end)", &["q", "Q"], &[]);
        check("[[[ (open", &[], &[]);
        check("(more) (than one) Tj (more) 1 2 (three) \"", &["Tj", "\""], &["than one", "three"]);
        check("(more) /Span <</E (two)>> BDC (more) [(one)] TJ", &["BDC", "TJ"], &["two", "one"]);
    }

    /// What is written for an operation.
    fn written(content: &str) -> String {
        let program = read(content.as_bytes());
        let operation = &program.operations[0];
        let mut bytes = Vec::new();
        operation.operands.iter().for_each(|operand| write(&mut bytes, operand));
        assert!(!operation.clean, "{content}");
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn operands_that_nobody_takes_are_left_out() {
        assert_eq!(written("/Hidden 3 w"), "3");
        assert_eq!(written("/Hidden /Do Do"), "/Do");
        assert_eq!(written("/Hidden /F 12 Tf"), "/F12");
        assert_eq!(written("/Hidden q"), "");
        assert_eq!(written("(hidden) Q"), "");
        assert_eq!(written("[(a) /Hidden 3 <</A /Hidden>> (b)] TJ"), "[<61> 3 <62> ]");
        assert_eq!(written("[3 /Hidden] 0 d"), "[3 ]0");
        assert_eq!(written("/Span <</MCID 3 /Hidden 1>> BDC"), "/Span<</MCID 3 >>");
        assert_eq!(written("/Span <</MCID 3 /Hidden>> BDC"), "/Span<</MCID 3 >>");
        assert_eq!(written("/Hidden#20words BMC"), "/Span");
        assert_eq!(written("/P4711471 <</MCID 3>> BDC"), "/Span<</MCID 3 >>");
        assert_eq!(written("/Hidden 9 1 0 0 1 7 7 cm"), "100177");
    }

    #[test]
    fn inline_images_end_where_content_begins_again() {
        let content = "BI /W 2 /H 2 /BPC 8 /CS /G ID \u{1} EI\u{2}(x\nEI\nq Q";
        check(content, &["EI", "q", "Q"], &[]);
    }

    #[test]
    fn inline_images_have_no_entries_of_their_own() {
        let program = read(b"BI /W 1 /Hidden (words) /H (words) /CS [/I /RGB 0 <000000>] ID x\nEI");
        let Operand::Dictionary(entries) = &program.operations[0].operands[0] else { panic!("a dictionary") };
        let keys: Vec<_> = entries.iter().map(|(key, _)| str::from_utf8(key).unwrap()).collect();
        assert_eq!(keys, ["W", "CS"]);
    }

    #[test]
    fn deep_arrays_do_not_run_out_of_stack() {
        let deep = "[".repeat(100_000) + "q";
        assert!(read(deep.as_bytes()).operations.len() <= 1);
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let content = "/A [(x) 1.5 -0.00001 /N true] <</E (v)>> DP";
        let program = read(content.as_bytes());
        let mut bytes = Vec::new();
        for operand in &program.operations[0].operands {
            write(&mut bytes, operand);
            bytes.push(b' ');
        }
        bytes.extend_from_slice(b"DP");
        assert_eq!(read(&bytes).operations[0].operands, program.operations[0].operands);
    }
}
