//! A strict JSON scanner (RFC 8259) over one text: pieces are borrowed, numbers stay text, nothing is built.

use crate::output::Bad;

/// What stands at the front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Token<'a> {
    /// `{`, already taken.
    Object,
    /// `[`, already taken.
    Array,
    Text(Text<'a>),
    /// A number as written.
    Number(&'a str),
    True,
    False,
    Null,
}

/// A string between its quotes, escapes not yet undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    pub(crate) raw: &'a str,
    /// Numbers without padding between them, for the reason that [`crate::row::Piece`] gives.
    escaped: u32,
    at: u32,
}

impl Text<'_> {
    /// Whether there are escapes to undo.
    pub(crate) fn is_escaped(&self) -> bool {
        self.escaped != 0
    }

    /// Offset of `raw` in the scanned text.
    pub(crate) fn at(&self) -> usize {
        self.at as usize
    }

    /// Appends the string with its escapes undone.
    pub(crate) fn push_to(&self, out: &mut String) -> Result<(), Bad> {
        if self.is_escaped() {
            return unescape(self.raw, self.at(), out);
        }
        out.push_str(self.raw);
        Ok(())
    }
}

/// Reads tokens from the front of a text.
#[derive(Clone)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    pos: usize,
    depth: usize,
    depth_max: usize,
}

/// Offset of the first byte at or behind `at` that ends a run of plain characters inside a string: quote, backslash or
/// control character. Eight bytes at a time: strings are most of what a log holds.
#[inline]
fn find_stop(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = ONES * 0x80;
    while let Some(Ok(chunk)) = bytes.get(at..at + 8).map(<[u8; 8]>::try_from) {
        let word = u64::from_le_bytes(chunk);
        let quote = word ^ (ONES * b'"' as u64);
        let slash = word ^ (ONES * b'\\' as u64);
        // The lowest byte that is marked is a true one: borrows only run upwards.
        let marks = (word.wrapping_sub(ONES * 0x20) & !word)
            | (quote.wrapping_sub(ONES) & !quote)
            | (slash.wrapping_sub(ONES) & !slash);
        let marks = marks & HIGH;
        if marks != 0 {
            return at + (marks.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while at < bytes.len() && bytes[at] >= 0x20 && bytes[at] != b'"' && bytes[at] != b'\\' {
        at += 1;
    }
    at
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str, depth_max: usize) -> Self {
        Scanner { text, pos: 0, depth: 0, depth_max }
    }

    /// Offset of the next unread byte.
    pub(crate) fn offset(&self) -> usize {
        self.pos
    }

    /// The text from `from` to where the scanner is now.
    pub(crate) fn since(&self, from: usize) -> &'a str {
        &self.text[from..self.pos]
    }

    /// Any stretch of the scanned text.
    pub(crate) fn text_at(&self, range: std::ops::Range<usize>) -> &'a str {
        &self.text[range]
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.pos).copied()
    }

    #[inline]
    pub(crate) fn skip_blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.pos += 1;
        }
    }

    #[cold]
    fn wrong(&self, expected: &str) -> Bad {
        match self.text[self.pos..].chars().next() {
            None => Bad::new("bad-json", self.pos, format!("The JSON ends where {expected} is expected")),
            Some(found) => Bad::new("bad-json", self.pos, format!("{found:?} stands where {expected} is expected")),
        }
    }

    /// The next value; of an object or array only its beginning.
    #[inline(always)]
    pub(crate) fn value(&mut self) -> Result<Token<'a>, Bad> {
        self.skip_blank();
        match self.peek() {
            Some(b'"') => self.string().map(Token::Text),
            Some(b'-' | b'0'..=b'9') => self.number().map(Token::Number),
            Some(b'{') => self.enter().map(|()| Token::Object),
            Some(b'[') => self.enter().map(|()| Token::Array),
            Some(b't') => self.word("true").map(|()| Token::True),
            Some(b'f') => self.word("false").map(|()| Token::False),
            Some(b'n') => self.word("null").map(|()| Token::Null),
            Some(b'N' | b'I') => {
                Err(Bad::new("nan-token", self.pos, "JSON has no NaN and no infinity; a missing value is null"))
            }
            _ => Err(self.wrong("a value")),
        }
    }

    fn enter(&mut self) -> Result<(), Bad> {
        if self.depth == self.depth_max {
            return Err(Bad::new("too-deep", self.pos, format!("Nested deeper than {} levels", self.depth_max)));
        }
        self.depth += 1;
        self.pos += 1;
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), Bad> {
        if !self.text.as_bytes()[self.pos..].starts_with(word.as_bytes()) {
            return Err(self.wrong(word));
        }
        self.pos += word.len();
        Ok(())
    }

    /// The next key of an object, its colon taken, or `None` at the end; `first` starts as true.
    #[inline(always)]
    pub(crate) fn key(&mut self, first: &mut bool) -> Result<Option<Text<'a>>, Bad> {
        self.skip_blank();
        if self.peek() == Some(b'}') {
            self.pos += 1;
            self.depth -= 1;
            return Ok(None);
        }
        if !std::mem::take(first) {
            self.comma("a comma or the end of the object")?;
        }
        if self.peek() != Some(b'"') {
            return Err(self.wrong("a name in quotes"));
        }
        let key = self.string()?;
        self.skip_blank();
        if self.peek() != Some(b':') {
            return Err(self.wrong("a colon"));
        }
        self.pos += 1;
        Ok(Some(key))
    }

    /// Whether another element of an array follows; `first` starts as true.
    pub(crate) fn element(&mut self, first: &mut bool) -> Result<bool, Bad> {
        self.skip_blank();
        if self.peek() == Some(b']') && *first {
            self.pos += 1;
            self.depth -= 1;
            return Ok(false);
        }
        if !std::mem::take(first) {
            if self.peek() == Some(b']') {
                self.pos += 1;
                self.depth -= 1;
                return Ok(false);
            }
            self.comma("a comma or the end of the list")?;
        }
        Ok(true)
    }

    fn comma(&mut self, expected: &str) -> Result<(), Bad> {
        if self.peek() != Some(b',') {
            return Err(self.wrong(expected));
        }
        self.pos += 1;
        self.skip_blank();
        Ok(())
    }

    /// A string; the front is its quote.
    ///
    /// Inlined, like its callers: their answers are larger than a pair of registers, and through memory each one cost
    /// the processor a wait for its own writes.
    #[inline(always)]
    fn string(&mut self) -> Result<Text<'a>, Bad> {
        let bytes = self.text.as_bytes();
        let from = self.pos + 1;
        let mut at = from;
        let mut escaped = 0;
        loop {
            at = find_stop(bytes, at);
            match bytes.get(at) {
                Some(b'"') => {
                    self.pos = at + 1;
                    return Ok(Text { raw: &self.text[from..at], escaped, at: from as u32 });
                }
                Some(b'\\') => {
                    escaped = 1;
                    at += self.escape_length(at)?;
                }
                Some(_) => {
                    return Err(Bad::new("bad-json", at, "A control character stands in a string: it must be escaped"));
                }
                None => return Err(Bad::new("bad-json", self.pos, "The string that begins here never ends")),
            }
        }
    }

    fn escape_length(&self, at: usize) -> Result<usize, Bad> {
        let bytes = self.text.as_bytes();
        match bytes.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
            Some(b'u') => {
                let unit = hex4(bytes, at + 2).ok_or_else(|| bad_escape(at))?;
                match unit {
                    0xd800..0xdc00 => {
                        let low = bytes.get(at + 6..at + 8) == Some(b"\\u");
                        let low = low.then(|| hex4(bytes, at + 8)).flatten();
                        low.filter(|low| (0xdc00..0xe000).contains(low)).map(|_| 12).ok_or_else(|| bad_escape(at))
                    }
                    0xdc00..0xe000 => Err(bad_escape(at)),
                    _ => Ok(6),
                }
            }
            _ => Err(bad_escape(at)),
        }
    }

    #[inline]
    fn number(&mut self) -> Result<&'a str, Bad> {
        let from = self.pos;
        if self.peek() == Some(b'-') {
            self.pos += 1;
            if self.peek() == Some(b'I') {
                return Err(Bad::new("nan-token", from, "JSON has no NaN and no infinity; a missing value is null"));
            }
        }
        let whole = self.pos;
        self.digits("a digit")?;
        if self.text.as_bytes()[whole] == b'0' && self.pos > whole + 1 {
            return Err(Bad::new("bad-json", whole, "A number has no zeros in front"));
        }
        if self.peek() == Some(b'.') {
            self.pos += 1;
            self.digits("a decimal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.pos += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.pos += 1;
            }
            self.digits("an exponent")?;
        }
        Ok(&self.text[from..self.pos])
    }

    fn digits(&mut self, expected: &str) -> Result<(), Bad> {
        let from = self.pos;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.pos += 1;
        }
        if self.pos == from { Err(self.wrong(expected)) } else { Ok(()) }
    }

    /// Passes over the rest of a value whose first token was `token`; checks it fully.
    pub(crate) fn skip(&mut self, token: Token<'a>) -> Result<(), Bad> {
        match token {
            Token::Object => {
                let mut first = true;
                while self.key(&mut first)?.is_some() {
                    let value = self.value()?;
                    self.skip(value)?;
                }
            }
            Token::Array => {
                let mut first = true;
                while self.element(&mut first)? {
                    let value = self.value()?;
                    self.skip(value)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Nothing but blanks may follow.
    pub(crate) fn end(&mut self) -> Result<(), Bad> {
        self.skip_blank();
        if self.pos == self.text.len() { Ok(()) } else { Err(self.wrong("the end of the line")) }
    }
}

#[cold]
fn bad_escape(at: usize) -> Bad {
    Bad::new("bad-json", at, "This escape does not exist in JSON, or is half of a pair")
}

fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    let mut value = 0;
    for byte in bytes.get(at..at + 4)? {
        value = value << 4 | (*byte as char).to_digit(16)?;
    }
    Some(value)
}

/// Undoes escapes that [`Scanner::string`] has checked.
fn unescape(raw: &str, at: usize, out: &mut String) -> Result<(), Bad> {
    let mut rest = raw;
    while let Some(stop) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..stop]);
        let bytes = rest.as_bytes();
        let (character, length) = match bytes.get(stop + 1) {
            Some(b'b') => ('\u{8}', 2),
            Some(b'f') => ('\u{c}', 2),
            Some(b'n') => ('\n', 2),
            Some(b'r') => ('\r', 2),
            Some(b't') => ('\t', 2),
            Some(b'u') => unicode(bytes, stop).ok_or_else(|| bad_escape(at))?,
            Some(other) => (*other as char, 2),
            None => return Err(bad_escape(at)),
        };
        out.push(character);
        rest = &rest[stop + length..];
    }
    out.push_str(rest);
    Ok(())
}

fn unicode(bytes: &[u8], stop: usize) -> Option<(char, usize)> {
    let high = hex4(bytes, stop + 2)?;
    if !(0xd800..0xdc00).contains(&high) {
        return char::from_u32(high).map(|character| (character, 6));
    }
    let low = hex4(bytes, stop + 8)?.checked_sub(0xdc00)?;
    char::from_u32(0x10000 + ((high - 0xd800) << 10) + low).map(|character| (character, 12))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn verdict(text: &str) -> Result<(), Bad> {
        let mut scanner = Scanner::new(text, 64);
        let value = scanner.value()?;
        scanner.skip(value)?;
        scanner.end()
    }

    fn check(text: &str, expect: Result<(), (&str, usize)>) {
        let outcome = verdict(text).map_err(|bad| (bad.code, bad.at.unwrap_or(0)));
        assert_eq!(outcome, expect, "{text}");
    }

    #[test]
    fn mistakes_are_located() {
        check(r#"{"a":[1,-0.5e+3,true,false,null,"\u00e9\ud83d\ude00"],"b":{}}"#, Ok(()));
        check(r#"{"a":NaN}"#, Err(("nan-token", 5)));
        check(r#"{"a":-Infinity}"#, Err(("nan-token", 5)));
        check(r#"{"a":01}"#, Err(("bad-json", 5)));
        check(r#"{"a":1,}"#, Err(("bad-json", 7)));
        check(r#"[1,]"#, Err(("bad-json", 3)));
        check(r#"{"a" 1}"#, Err(("bad-json", 5)));
        check(r#"{"a":1} x"#, Err(("bad-json", 8)));
        check(r#"{"a":"\ud800"}"#, Err(("bad-json", 6)));
        check("\"a\u{1}\"", Err(("bad-json", 2)));
        check("{\"a\":\"b", Err(("bad-json", 5)));
        check(&"[".repeat(10_000), Err(("too-deep", 64)));
    }

    proptest! {
        #[test]
        fn the_verdict_is_that_of_serde_json(text in r#"([\[\]{},:" \-\\]|true|null|1|0|\.5|e3|"a"|"b":|\\u00e9|\\n|\\ud83d\\ude00|\{"k":|é){0,12}"#) {
            prop_assert_eq!(verdict(&text).is_ok(), serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
        }

        #[test]
        fn strings_are_unescaped_as_serde_json_escaped_them(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let mut scanner = Scanner::new(&json, 8);
            let Token::Text(token) = scanner.value().unwrap() else { panic!("a string was written") };
            let mut out = String::new();
            token.push_to(&mut out).unwrap();
            prop_assert_eq!(out, text);
        }
    }
}
