//! Objects from bytes (ISO 32000-1, 7.2 and 7.3), strictly: what two readers could take for two things is refused.

use std::ops::Range;

use lopdf::{Dictionary, Object, StringFormat};

use super::Broken;
use super::text::text;

/// Dictionaries and arrays in one another.
const NESTING_MAX: usize = 64;

/// Reads objects from `at` on.
#[derive(Clone)]
pub(crate) struct Lexer<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) at: usize,
}

/// An entry of a dictionary, and where its value stands.
pub(crate) struct Entry {
    pub(crate) key: Vec<u8>,
    pub(crate) value: Object,
    pub(crate) span: Range<usize>,
}

pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

fn is_delimiter(byte: u8) -> bool {
    b"()<>[]{}/%".contains(&byte)
}

fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !is_delimiter(byte)
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(bytes: &'a [u8], at: usize) -> Self {
        Lexer { bytes, at }
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Goes over white space and comments.
    pub(crate) fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                while self.peek().is_some_and(|byte| byte != b'\n' && byte != b'\r') {
                    self.at += 1;
                }
            } else if is_space(byte) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    /// Takes `word` if it comes next as a whole token.
    pub(crate) fn take(&mut self, word: &[u8]) -> bool {
        self.skip_space();
        let rest = self.rest();
        let ends = rest.get(word.len()).is_none_or(|byte| !is_regular(*byte));
        let found = rest.starts_with(word) && ends;
        if found {
            self.at += word.len();
        }
        found
    }

    /// A run of digits that is a whole token.
    pub(crate) fn number(&mut self) -> Option<usize> {
        self.skip_space();
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        let text = std::str::from_utf8(self.rest().get(..digits)?).ok()?;
        if self.rest().get(digits).is_some_and(|byte| is_regular(*byte)) {
            return None;
        }
        let number = text.parse().ok()?;
        self.at += digits;
        Some(number)
    }

    fn broken(&self, what: &str) -> Broken {
        Broken(format!("{what} at byte {}", self.at))
    }

    /// The next object.
    pub(crate) fn object(&mut self) -> Result<Object, Broken> {
        self.nested(0)
    }

    fn nested(&mut self, depth: usize) -> Result<Object, Broken> {
        if depth > NESTING_MAX {
            return Err(self.broken("objects lie too deep in one another"));
        }
        self.skip_space();
        match self.peek() {
            Some(b'<') if self.rest().starts_with(b"<<") => {
                let mut dict = Dictionary::new();
                for entry in self.dictionary(depth)? {
                    dict.set(entry.key, entry.value);
                }
                Ok(Object::Dictionary(dict))
            }
            Some(b'<') => self.hexadecimal(),
            Some(b'(') => self.literal(),
            Some(b'/') => Ok(Object::Name(self.name()?)),
            Some(b'[') => self.array(depth),
            Some(b'+' | b'-' | b'.' | b'0'..=b'9') => self.numeric(),
            Some(_) => {
                for (word, value) in
                    [(&b"true"[..], Object::Boolean(true)), (b"false", Object::Boolean(false)), (b"null", Object::Null)]
                {
                    if self.take(word) {
                        return Ok(value);
                    }
                }
                Err(self.broken("something that is no object"))
            }
            None => Err(self.broken("the file ends inside an object")),
        }
    }

    /// The entries of a dictionary, with where their values stand.
    pub(crate) fn entries(&mut self) -> Result<Vec<Entry>, Broken> {
        self.skip_space();
        if !self.rest().starts_with(b"<<") {
            return Err(self.broken("a dictionary is missing"));
        }
        self.dictionary(0)
    }

    fn dictionary(&mut self, depth: usize) -> Result<Vec<Entry>, Broken> {
        self.at += 2;
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        loop {
            self.skip_space();
            if self.rest().starts_with(b">>") {
                self.at += 2;
                return Ok(entries);
            }
            let key = self.name()?;
            if !seen.insert(key.clone()) {
                // ISO 32000-1, 7.3.7: no two entries have the same key. Readers differ in which one they take.
                return Err(self.broken("a dictionary with two entries of one name"));
            }
            self.skip_space();
            let start = self.at;
            let value = self.nested(depth + 1)?;
            entries.push(Entry { key, value, span: start..self.at });
        }
    }

    fn array(&mut self, depth: usize) -> Result<Object, Broken> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip_space();
            if self.peek() == Some(b']') {
                self.at += 1;
                return Ok(Object::Array(items));
            }
            items.push(self.nested(depth + 1)?);
        }
    }

    fn name(&mut self) -> Result<Vec<u8>, Broken> {
        if self.peek() != Some(b'/') {
            return Err(self.broken("a name is missing"));
        }
        self.at += 1;
        let mut name = Vec::new();
        while let Some(byte) = self.peek().filter(|byte| is_regular(*byte)) {
            let escaped = (byte == b'#').then(|| hex_pair(self.bytes.get(self.at + 1..self.at + 3)?)).flatten();
            self.at += if escaped.is_some() { 3 } else { 1 };
            name.push(escaped.unwrap_or(byte));
        }
        Ok(name)
    }

    fn hexadecimal(&mut self) -> Result<Object, Broken> {
        self.at += 1;
        let mut digits = Vec::new();
        loop {
            match self.peek() {
                Some(b'>') => break,
                Some(byte) if byte.is_ascii_hexdigit() => digits.push(byte),
                Some(byte) if is_space(byte) => {}
                _ => return Err(self.broken("a hexadecimal string that is none")),
            }
            self.at += 1;
        }
        self.at += 1;
        if digits.len() % 2 == 1 {
            digits.push(b'0');
        }
        let bytes = digits.chunks_exact(2).filter_map(hex_pair).collect();
        Ok(Object::String(bytes, StringFormat::Hexadecimal))
    }

    fn literal(&mut self) -> Result<Object, Broken> {
        self.at += 1;
        let mut text = Vec::new();
        let mut open = 1;
        loop {
            let Some(byte) = self.peek() else { return Err(self.broken("a string that does not end")) };
            self.at += 1;
            match byte {
                b'(' => open += 1,
                b')' => {
                    open -= 1;
                    if open == 0 {
                        return Ok(Object::String(text, StringFormat::Literal));
                    }
                }
                b'\\' => {
                    self.escape(&mut text);
                    continue;
                }
                b'\r' => {
                    // ISO 32000-1, 7.3.4.2: an end of line in a string is a line feed, however it is written.
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
    }

    /// What follows a backslash.
    fn escape(&mut self, text: &mut Vec<u8>) {
        let Some(byte) = self.peek() else { return };
        self.at += 1;
        match byte {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'\r' => {
                if self.peek() == Some(b'\n') {
                    self.at += 1;
                }
            }
            b'\n' => {}
            b'0'..=b'7' => {
                let mut code = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else { break };
                    code = code * 8 + u32::from(digit - b'0');
                    self.at += 1;
                }
                text.push((code & 0xff) as u8);
            }
            other => text.push(other),
        }
    }

    /// A number, or a reference.
    fn numeric(&mut self) -> Result<Object, Broken> {
        let start = self.at;
        let mut ahead = self.clone();
        if let Some(number) = ahead.number()
            && let Some(generation) = ahead.number()
            && ahead.take(b"R")
        {
            let number = u32::try_from(number).map_err(|_| self.broken("a reference to a number that is too large"))?;
            let generation = u16::try_from(generation).map_err(|_| self.broken("a generation that is too large"))?;
            self.at = ahead.at;
            return Ok(Object::Reference((number, generation)));
        }
        let length = self.rest().iter().take_while(|byte| is_regular(**byte)).count();
        self.at += length;
        let text = std::str::from_utf8(self.bytes.get(start..self.at).unwrap_or_default()).unwrap_or_default();
        if let Ok(integer) = text.parse::<i64>() {
            return Ok(Object::Integer(integer));
        }
        let decimal = text.bytes().all(|byte| matches!(byte, b'+' | b'-' | b'.' | b'0'..=b'9'));
        match text.parse::<f32>() {
            Ok(real) if decimal && real.is_finite() => Ok(Object::Real(real)),
            _ => Err(Broken(format!("a number that is none at byte {start}"))),
        }
    }
}

fn hex_pair(pair: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    match pair {
        [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
        _ => None,
    }
}

/// Whether two objects say the same. How a string is written makes no difference; the order of entries neither.
pub(crate) fn same(a: &Object, b: &Object) -> bool {
    match (a, b) {
        (Object::String(a, _), Object::String(b, _)) => a == b || text(a).is_some_and(|a| text(b) == Some(a)),
        (Object::Array(a), Object::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Object::Dictionary(a), Object::Dictionary(b)) => same_dictionary(a, b, &[]),
        (Object::Integer(a), Object::Real(b)) | (Object::Real(b), Object::Integer(a)) => *a as f32 == *b,
        _ => a == b,
    }
}

/// The same, without the entries named in `but`.
pub(crate) fn same_dictionary(a: &Dictionary, b: &Dictionary, but: &[&[u8]]) -> bool {
    let kept = |dict: &Dictionary| dict.iter().filter(|(key, _)| !but.contains(&key.as_slice())).count();
    let equal = |(key, value): (&Vec<u8>, &Object)| {
        but.contains(&key.as_slice()) || b.get(key).is_ok_and(|other| same(value, other))
    };
    kept(a) == kept(b) && a.iter().all(equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let mut lexer = Lexer::new(text.as_bytes(), 0);
        let found = lexer.object().map_or_else(|broken| broken.0, |object| format!("{object:?}"));
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn objects_are_read_as_the_standard_writes_them() {
        check("12", "12");
        check("-.5", "-0.5");
        check("+7", "7");
        check("4 0 R", "4 0 R");
        check("4 0 Rx", "4");
        check("<4a 4B5>", "<4a4b50>");
        check("[1 2 0 R /A#42 null true]", "[1 2 0 R /AB Null true]");
        check("% a comment\n(a\\(b\\051\\\n(c))", "(a(b)(c))");
        check("<</A 1/B<</C[]>>>>", "<</A 1/B <</C []>>>>");
    }

    #[test]
    fn what_two_readers_could_read_in_two_ways_is_refused() {
        check("<</A 1/A 2>>", "a dictionary with two entries of one name at byte 8");
        check("<4G>", "a hexadecimal string that is none at byte 2");
        check("(never", "a string that does not end at byte 6");
        check("1e5", "a number that is none at byte 0");
        check("--1", "a number that is none at byte 0");
        check("obj", "something that is no object at byte 0");
        check(&"[".repeat(100), "objects lie too deep in one another at byte 65");
    }
}
