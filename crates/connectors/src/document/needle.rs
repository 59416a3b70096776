//! Needles in texts, documents and streams of any length.

use std::io::{self, Read};

use privacy::store::Needles;

use super::json::{Node, Value};

const WINDOW: usize = 1 << 20;

/// Needles, with how far windows overlap so that none is cut in two.
#[derive(Clone, Copy)]
pub(crate) struct Sought<'a> {
    needles: &'a dyn Needles,
    overlap: usize,
}

impl<'a> Sought<'a> {
    /// A form of a needle (URL, base64, hexadecimal, UTF-16, JSON escapes) is at most six times as long as its plain text, and
    /// escapes of escapes or lines that are broken a few times that.
    pub(crate) fn of(needles: &'a dyn Needles) -> Self {
        let longest = needles.plain().iter().map(String::len).max().unwrap_or(0);
        Sought { needles, overlap: (longest * 24 + 256).min(WINDOW / 2) }
    }

    /// The needles in `bytes`, as they stand and as JSON or UTF-16 would have them, each once.
    pub(crate) fn within(&self, bytes: &[u8]) -> Vec<usize> {
        let mut found = Vec::new();
        self.needles.within(bytes, &mut found);
        if bytes.contains(&b'\\') {
            self.needles.within(&unescaped(bytes), &mut found);
        }
        if looks_wide(bytes) {
            for big in [false, true] {
                self.needles.within(narrowed(bytes, big).as_bytes(), &mut found);
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The needles in a stream, each once, and how many bytes it had. Memory does not grow with it.
    pub(crate) fn stream(&self, reader: &mut dyn Read) -> io::Result<(Vec<usize>, u64)> {
        let mut window = Vec::with_capacity(WINDOW + self.overlap);
        let mut found = Vec::new();
        let mut bytes = 0;
        loop {
            let keep = window.len().saturating_sub(self.overlap);
            // An even number stays even, so that UTF-16 is cut between its units.
            window.drain(..keep & !1);
            let held = window.len();
            (&mut *reader).take((WINDOW) as u64).read_to_end(&mut window)?;
            if window.len() == held {
                break;
            }
            bytes += (window.len() - held) as u64;
            found.extend(self.within(&window));
            found.sort_unstable();
            found.dedup();
        }
        Ok((found, bytes))
    }

    /// Calls `hit` with the path of each field in which a needle stands, names of members included.
    pub(crate) fn document(&self, node: &Node, hit: &mut dyn FnMut(&str, usize)) -> u64 {
        self.node(node, &mut String::new(), hit)
    }

    fn node(&self, node: &Node, path: &mut String, hit: &mut dyn FnMut(&str, usize)) -> u64 {
        match &node.value {
            Value::List(nodes) => nodes.iter().map(|node| self.node(node, path, hit)).sum(),
            Value::Object(members) => members
                .iter()
                .map(|member| {
                    let held = path.len();
                    if held > 0 {
                        path.push('.');
                    }
                    path.push_str(&member.name);
                    self.within(member.name.as_bytes()).into_iter().for_each(|needle| hit(path, needle));
                    let bytes = self.node(&member.node, path, hit);
                    path.truncate(held);
                    bytes
                })
                .sum(),
            Value::Null | Value::Boolean(_) => 0,
            Value::Text(text) | Value::Number(text) => {
                self.within(text.as_bytes()).into_iter().for_each(|needle| hit(path, needle));
                text.len() as u64
            }
        }
    }
}

/// What a reader of JSON makes of the escapes; anything else after a backslash stays.
fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        plain.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(&letter) = rest.first() else { break };
        let single = match letter {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let (letter, taken) = unicode(rest);
                plain.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &rest[taken..];
                continue;
            }
            other => other,
        };
        plain.push(single);
        rest = &rest[1..];
    }
    plain.extend_from_slice(rest);
    plain
}

/// `uXXXX`, and the second half of a pair.
fn unicode(bytes: &[u8]) -> (char, usize) {
    let unit = |bytes: &[u8]| {
        let digits = std::str::from_utf8(bytes.get(1..5)?).ok()?;
        u16::from_str_radix(digits, 16).ok()
    };
    let Some(first) = unit(bytes) else { return ('u', 1) };
    let second = (bytes.get(5..7) == Some(b"\\u")).then(|| unit(&bytes[6..])).flatten();
    match char::decode_utf16([first].into_iter().chain(second)).next() {
        Some(Ok(letter)) => (letter, if letter > '\u{ffff}' { 11 } else { 5 }),
        _ => (char::REPLACEMENT_CHARACTER, 5),
    }
}

/// Text in UTF-16 has a zero in every other byte, as a rule.
fn looks_wide(bytes: &[u8]) -> bool {
    let sample = &bytes[..bytes.len().min(512)];
    sample.len() >= 4 && sample.iter().filter(|byte| **byte == 0).count() * 4 > sample.len()
}

fn narrowed(bytes: &[u8], big: bool) -> String {
    let unit =
        |pair: &[u8]| if big { u16::from_be_bytes([pair[0], pair[1]]) } else { u16::from_le_bytes([pair[0], pair[1]]) };
    let letters = char::decode_utf16(bytes.chunks_exact(2).map(unit));
    letters.map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::json;

    struct One(Vec<String>);

    impl Needles for One {
        fn within(&self, haystack: &[u8], found: &mut Vec<usize>) {
            let text = String::from_utf8_lossy(haystack).to_lowercase();
            found.extend((0..self.0.len()).filter(|n| text.contains(&self.0[*n])));
        }

        fn plain(&self) -> &[String] {
            &self.0
        }
    }

    fn one() -> One {
        One(vec!["ann@example.org".to_owned()])
    }

    #[test]
    fn escapes_and_wide_letters_hide_nothing() {
        let check = |bytes: &[u8], expect: usize| assert_eq!(Sought::of(&one()).within(bytes).len(), expect);
        check(b"x Ann@Example.org y", 1);
        check(br#"{"m":"ann\u0040example.org"}"#, 1);
        check(br#"{"m":"\u0061nn\u0040example\u002eorg"}"#, 1);
        check(b"bob@example.org \\", 0);
        let wide = |big: bool| -> Vec<u8> {
            "é ann@example.org"
                .encode_utf16()
                .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect()
        };
        check(&wide(false), 1);
        check(&wide(true), 1);
    }

    #[test]
    fn a_needle_on_the_edge_of_windows_is_found() {
        for at in [WINDOW - 20, WINDOW - 7, WINDOW, 2 * WINDOW - 3] {
            let mut bytes = vec![b'.'; at];
            bytes.extend_from_slice(b"ann@example.org");
            bytes.resize(3 * WINDOW, b'.');
            let (found, read) = Sought::of(&one()).stream(&mut bytes.as_slice()).unwrap();
            assert_eq!((found, read), (vec![0], bytes.len() as u64));
        }
    }

    #[test]
    fn fields_are_told_by_their_path() {
        let node = json::parse(r#"{"a":{"m":"ann@example.org"},"l":[{"ann@example.org":1}]}"#).unwrap();
        let mut hits = Vec::new();
        Sought::of(&one()).document(&node, &mut |path, _| hits.push(path.to_owned()));
        assert_eq!(hits, ["a.m", "l.ann@example.org"]);
    }
}
