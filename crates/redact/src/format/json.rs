//! JSON: one document, or many of them (JSON Lines, NDJSON, concatenated).
//!
//! An own lexer over bytes, so that white space, order, duplicate keys and every escape nobody edits stay as they are.
//! Pieces are, in the order of the input:
//!
//! - string values, escapes decoded. A surrogate without its partner reads as U+FFFD and stays as it is;
//! - keys, since keys hold personal data too (`{"jan@x.nl": 1}`). Their spot is `/a/~key3`: the third key of `/a`;
//! - numbers, as their digits. An edited number is written as a JSON string: digits of the same form would look like
//!   data, and `null` would say that there was none.
//!
//! Pointers name the keys as they are *after* their edits, so that no place gives away what was taken out. Documents of
//! a stream of several begin with their number from 0; the second of two equal keys in one object is `/a~#2`, its
//! place among the object's members (RFC 6901 leaves `~` before anything but 0 and 1 unused).
//!
//! Malformed JSON is refused and nothing of the token where it stops passes. Control characters but line feeds are let
//! through in strings, invalid UTF-8 passes as bytes.
//!
//! JSON Lines are fast where little is to be found: whole lines without a backslash are shown to [`Decide::suspects`],
//! and only the values that it names, or that stand under the name of a telling field, become pieces (`json/lines.rs`).
//! Lines that are not one document each are always read in full.

mod lines;
mod tokens;

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{Read, Write};
use std::ops::Range;

use model::Fault;

use super::stream::{Stream, too_large};
use super::weave::{Weave, applied, check, straight};
use crate::{Decide, Edit, Limits, Offsets, Piece, Spot};
use lines::Skim;
use tokens::{escape, is_number, push_digits, unescape};
pub(super) use tokens::{push_key, push_number};

/// Bytes that are looked at to tell one document from many.
const PEEK: usize = 64 << 10;
/// Bytes of lines that one thread is asked about at once, at most.
const STRIDE: usize = 256 << 10;
/// Keys of one object that are remembered to number the equal ones; past it every key is numbered.
const KEYS_MAX: usize = 1 << 16;

/// Walks over every document of `input`.
///
/// # Errors
/// `json-malformed` and `json-too-deep` with their line and column, `too-large` for a string above
/// `limits.document_bytes`, what [`Decide`] answers, and failures of reader and writer.
pub fn rewrite(
    input: &mut dyn Read,
    output: &mut dyn Write,
    decide: &mut dyn Decide,
    limits: &Limits,
) -> Result<(), Fault> {
    let mut walk = Walk::new(Stream::new(input, output), limits, STRIDE * decide.reach());
    walk.stream.fill(PEEK)?;
    if walk.stream.rest().starts_with(b"\xEF\xBB\xBF") {
        walk.stream.pass(3);
    }
    walk.many = is_many(walk.stream.rest());
    while walk.begins(decide)? {
        walk.document(decide)?;
    }
    walk.stream.finish()
}

/// Whether something follows the first document.
fn is_many(bytes: &[u8]) -> bool {
    let (mut depth, mut begun, mut at) = (0_usize, false, 0);
    while let Some(byte) = bytes.get(at) {
        at += 1;
        let done = begun && depth == 0;
        match *byte {
            b' ' | b'\t' | b'\r' | b'\n' | b':' | b',' | SEPARATOR => continue,
            _ if done => return true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => at = string_end(bytes, at),
            _ => at += bytes[at..].iter().take_while(|byte| !b" \t\r\n,:{}[]\"".contains(byte)).count(),
        }
        begun = true;
    }
    false
}

/// Behind the closing quote of the string whose text begins at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found + 1;
        if bytes[at - 1] == b'"' {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

/// Stands before each document of a JSON text sequence (RFC 7464).
const SEPARATOR: u8 = 0x1e;

/// What may come next.
#[derive(Clone, Copy, PartialEq)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
}

/// An object or array that is open.
struct Frame {
    is_object: bool,
    /// Members begun.
    members: u64,
    /// Length of the pointer of the object or array itself.
    pointer: usize,
    /// Names around it.
    names: usize,
}

/// The keys of an object, as hashes: few of them are looked through, many of them looked up.
#[derive(Default)]
struct Keys {
    few: Vec<u64>,
    many: HashSet<u64>,
}

impl Keys {
    const FEW: usize = 24;

    fn clear(&mut self) {
        self.few.clear();
        // One object with very many keys must not make every later one slow to clear.
        if !self.many.is_empty() {
            self.many = HashSet::new();
        }
    }

    /// Whether `key` is new; when there are too many to remember, none is.
    fn insert(&mut self, key: &[u8]) -> bool {
        let hash = hash(key);
        if self.few.len() < Self::FEW {
            let is_new = !self.few.contains(&hash);
            self.few.push(hash);
            return is_new;
        }
        self.many.len() < KEYS_MAX && !self.few.contains(&hash) && self.many.insert(hash)
    }
}

/// FNV-1a over words instead of bytes. Two keys that meet by chance only make a pointer longer.
fn hash(key: &[u8]) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let fold = |hash: u64, word: u64| (hash ^ word).wrapping_mul(PRIME).rotate_left(23);
    let (words, rest) = key.as_chunks::<8>();
    let hash =
        words.iter().fold(0xcbf2_9ce4_8422_2325 ^ key.len() as u64, |hash, word| fold(hash, u64::from_le_bytes(*word)));
    rest.iter().fold(hash, |hash, byte| fold(hash, u64::from(*byte)))
}

struct Walk<'a> {
    stream: Stream<'a>,
    depth_max: usize,
    token_max: u64,
    many: bool,
    /// Documents begun.
    documents: u64,
    frames: Vec<Frame>,
    /// Keys seen, one set for each depth; kept, so that their memory is used again.
    keys: Vec<Keys>,
    pointer: String,
    /// Names around the value; the first `named` are valid, the others keep their memory.
    names: Vec<Cow<'static, str>>,
    named: usize,
    weave: Weave,
    /// Bytes of lines to ask about next, and at most.
    stride: usize,
    stride_max: usize,
    /// Up to here it is known what matters.
    known_until: u64,
    skim: Skim,
}

impl<'a> Walk<'a> {
    fn new(stream: Stream<'a>, limits: &Limits, stride_max: usize) -> Self {
        Walk {
            stream,
            depth_max: limits.depth as usize,
            token_max: limits.document_bytes,
            many: false,
            documents: 0,
            frames: Vec::new(),
            keys: Vec::new(),
            pointer: String::new(),
            names: Vec::new(),
            named: 0,
            weave: Weave::default(),
            stride: stride_max,
            stride_max,
            known_until: 0,
            skim: Skim::default(),
        }
    }

    /// Passes lines of which little or nothing matters, and white space; whether another document begins.
    fn begins(&mut self, decide: &mut dyn Decide) -> Result<bool, Fault> {
        loop {
            if self.many && self.stream.is_line_start() {
                self.lines(decide)?;
            }
            match self.peek()? {
                Some(b'\n' | SEPARATOR) => self.stream.pass(1),
                Some(_) => return Ok(true),
                None => return Ok(false),
            }
        }
    }

    /// Passes lines that are one document each, with a look at what [`Decide::suspects`] names, up to the first line
    /// that has to be read in full.
    fn lines(&mut self, decide: &mut dyn Decide) -> Result<(), Fault> {
        loop {
            if self.stream.here() >= self.known_until && !self.ask(decide)? {
                return Ok(());
            }
            while self.stream.here() < self.known_until {
                if !self.line(decide)? {
                    return Ok(());
                }
            }
        }
    }

    /// Asks about the next lines. Whether there is an answer.
    fn ask(&mut self, decide: &mut dyn Decide) -> Result<bool, Fault> {
        if self.stride > STRIDE {
            self.stream.fill(self.stride)?;
        }
        loop {
            let rest = self.stream.rest();
            let block = &rest[..self.stride.min(rest.len())];
            // A line that is longer than what is asked about is asked about alone.
            let end = memchr::memrchr(b'\n', block).or_else(|| memchr::memchr(b'\n', rest));
            let Some(last) = end else {
                if rest.len() < STRIDE && self.stream.more()? {
                    continue;
                }
                return Ok(false);
            };
            let lines = before_backslash(&rest[..=last]);
            if lines.is_empty() {
                return Ok(false);
            }
            if let Some(suspects) = decide.suspects(lines, Some(self.stream.here())) {
                self.known_until = self.stream.here() + lines.len() as u64;
                self.skim.expect(suspects, self.stream.here());
                self.stride = self.stride_max.min(self.stride * 4);
                return Ok(true);
            }
            let first = memchr::memchr(b'\n', lines).map_or(lines.len(), |end| end + 1);
            if first == lines.len() {
                return Ok(false);
            }
            // At least the first line, so that asking goes on.
            self.stride = first.max(lines.len() / 4);
        }
    }

    /// Passes the next line, if it is one document that need not be read in full.
    fn line(&mut self, decide: &mut dyn Decide) -> Result<bool, Fault> {
        let start = self.stream.here();
        let rest = self.stream.rest();
        let Some(end) = memchr::memchr(b'\n', rest) else { return Ok(false) };
        let line = &rest[..end];
        let is_blank = line.trim_ascii().is_empty();
        if !is_blank {
            if !self.skim.read(line, start, self.depth_max, &mut |name| decide.tells(name)) {
                return Ok(false);
            }
            self.known_line(start, decide)?;
        }
        self.documents += u64::from(!is_blank);
        self.stream.pass(end + 1);
        Ok(true)
    }

    /// Decides on the values of the line ahead that matter.
    fn known_line(&mut self, start: u64, decide: &mut dyn Decide) -> Result<(), Fault> {
        for value in 0..self.skim.wanted() {
            let line = self.stream.line_here();
            let rest = self.stream.rest();
            self.pointer.clear();
            push_number(&mut self.pointer, self.documents);
            self.named = 0;
            let (range, is_string) = self.skim.place(value, rest, &mut self.pointer, &mut self.names, &mut self.named);
            let source = start + range.start as u64;
            let token = Token { raw: &rest[range.clone()], weave: None, start: source, line };
            let spot = Spot::Pointer(Cow::Borrowed(&self.pointer));
            let edits = decide.decide(&token.piece(&self.names[..self.named], spot, is_string))?;
            if is_string {
                self.patch(source, range.len(), false, &edits)?;
            } else {
                self.patch_number(source, range, &edits)?;
            }
        }
        Ok(())
    }

    /// The next byte that is not white space, before the end of the line at depth 0.
    fn peek(&mut self) -> Result<Option<u8>, Fault> {
        let stop_at_line = self.frames.is_empty();
        loop {
            let rest = self.stream.rest();
            let space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r') || *byte == b'\n' && !stop_at_line;
            match rest.iter().position(|byte| !space(byte)) {
                Some(count) => {
                    let byte = rest[count];
                    self.stream.pass(count);
                    return Ok(Some(byte));
                }
                None => {
                    let count = rest.len();
                    self.stream.pass(count);
                    if !self.stream.more()? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    fn document(&mut self, decide: &mut dyn Decide) -> Result<(), Fault> {
        self.pointer.clear();
        self.named = 0;
        if self.many {
            push_number(&mut self.pointer, self.documents);
        } else if self.documents > 0 {
            // What is beyond the first look.
            self.pointer.push_str("/~document");
            push_digits(&mut self.pointer, self.documents);
        }
        self.documents += 1;
        let mut expect = Expect::Value;
        loop {
            let Some(byte) = self.peek()? else { return Err(self.malformed(0, "The document ends too early")) };
            expect = match (expect, byte) {
                (Expect::ValueOrEnd, b']') | (Expect::KeyOrEnd, b'}') => self.close(),
                (Expect::Value | Expect::ValueOrEnd, _) => self.value(byte, decide)?,
                (Expect::Key | Expect::KeyOrEnd, b'"') => self.key(decide)?,
                (Expect::Colon, b':') => self.punctuation(Expect::Value),
                (Expect::CommaOrEnd, _) => self.after_value(byte)?,
                (Expect::Key | Expect::KeyOrEnd, _) => return Err(self.malformed(0, "A key was expected here")),
                (Expect::Colon, _) => return Err(self.malformed(0, "A colon was expected here")),
            };
            if self.frames.is_empty() {
                return Ok(());
            }
        }
    }

    fn punctuation(&mut self, next: Expect) -> Expect {
        self.stream.pass(1);
        next
    }

    fn after_value(&mut self, byte: u8) -> Result<Expect, Fault> {
        let is_object = self.frames.last().is_some_and(|frame| frame.is_object);
        match (byte, is_object) {
            (b',', true) => Ok(self.punctuation(Expect::Key)),
            (b',', false) => Ok(self.punctuation(Expect::Value)),
            (b'}', true) | (b']', false) => Ok(self.close()),
            _ => Err(self.malformed(0, "A comma or the end of the object or array was expected here")),
        }
    }

    fn close(&mut self) -> Expect {
        self.frames.pop();
        self.punctuation(Expect::CommaOrEnd)
    }

    fn value(&mut self, byte: u8, decide: &mut dyn Decide) -> Result<Expect, Fault> {
        self.count_element();
        match byte {
            b'{' => return self.open(true),
            b'[' => return self.open(false),
            b'"' => self.string(decide)?,
            b'-' | b'0'..=b'9' => self.number(decide)?,
            b't' => self.literal(b"true")?,
            b'f' => self.literal(b"false")?,
            b'n' => self.literal(b"null")?,
            _ => return Err(self.malformed(0, "A value was expected here")),
        }
        Ok(Expect::CommaOrEnd)
    }

    /// Points at the next element, if this is an array.
    fn count_element(&mut self) {
        let Some(frame) = self.frames.last_mut().filter(|frame| !frame.is_object) else { return };
        self.pointer.truncate(frame.pointer);
        self.named = frame.names;
        push_number(&mut self.pointer, frame.members);
        frame.members += 1;
    }

    fn open(&mut self, is_object: bool) -> Result<Expect, Fault> {
        if self.frames.len() >= self.depth_max {
            let message = format!("Objects and arrays are nested more than {} deep", self.depth_max);
            return Err(Fault::bad_input("json-too-deep", message)
                .at(self.stream.place(0))
                .advise("Take the inner documents out and redact them on their own."));
        }
        self.frames.push(Frame { is_object, members: 0, pointer: self.pointer.len(), names: self.named });
        let depth = self.frames.len();
        if self.keys.len() < depth {
            self.keys.push(Keys::default());
        }
        self.keys[depth - 1].clear();
        Ok(self.punctuation(if is_object { Expect::KeyOrEnd } else { Expect::ValueOrEnd }))
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), Fault> {
        self.stream.fill(word.len())?;
        if !self.stream.rest().starts_with(word) {
            return Err(self.malformed(0, "A value was expected here"));
        }
        self.stream.pass(word.len());
        Ok(())
    }

    fn number(&mut self, decide: &mut dyn Decide) -> Result<(), Fault> {
        let length = self.number_length()?;
        if !is_number(&self.stream.rest()[..length]) {
            return Err(self.malformed(0, "This is not a number"));
        }
        let (start, line) = (self.stream.here(), self.stream.line_here());
        let text = &self.stream.rest()[..length];
        let edits = decide.decide(&Piece {
            text,
            names: &self.names[..self.named],
            spot: Spot::Pointer(Cow::Borrowed(&self.pointer)),
            offsets: Offsets::Straight { start, line },
            prose: false,
        })?;
        self.patch_number(start, 0..length, &edits)?;
        self.stream.pass(length);
        Ok(())
    }

    /// Writes a string in place of a number: the bytes `range` ahead, which stand at `start`.
    fn patch_number(&mut self, start: u64, range: Range<usize>, edits: &[Edit]) -> Result<(), Fault> {
        if edits.is_empty() {
            return Ok(());
        }
        check(edits, range.len())?;
        let mut with = vec![b'"'];
        escape(&applied(&self.stream.rest()[range.clone()], edits), &mut with);
        with.push(b'"');
        self.stream.replace(&(start..start + range.len() as u64), &with)
    }

    fn number_length(&mut self) -> Result<usize, Fault> {
        let mut length = 0;
        loop {
            let digits = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
            let rest = self.stream.rest();
            length += rest[length..].iter().take_while(|byte| digits(byte)).count();
            if length < rest.len() || !self.hold(length)? {
                return Ok(length);
            }
        }
    }

    /// Reads more of a token of which `length` bytes are known.
    fn hold(&mut self, length: usize) -> Result<bool, Fault> {
        if length as u64 > self.token_max {
            return Err(too_large(self.token_max).at(self.stream.place(0)));
        }
        self.stream.more()
    }

    /// Length of the string token ahead with its quotes, and whether it holds an escape.
    fn string_length(&mut self) -> Result<(usize, bool), Fault> {
        // Most keys and values are shorter than it takes to begin a search.
        let rest = self.stream.rest();
        let short = &rest[1..rest.len().min(17)];
        let found = short.iter().position(|byte| matches!(byte, b'"' | b'\\' | b'\n'));
        if let Some(length) = found.filter(|found| short[*found] == b'"') {
            return Ok((length + 2, false));
        }
        let (mut at, mut escaped) = (1 + found.unwrap_or(short.len()), false);
        loop {
            let rest = self.stream.rest();
            match rest.get(at..).and_then(|tail| memchr::memchr3(b'"', b'\\', b'\n', tail)) {
                Some(found) => match rest[at + found] {
                    b'"' => return Ok((at + found + 1, escaped)),
                    b'\\' => {
                        escaped = true;
                        at += found + 2;
                    }
                    _ => return Err(self.malformed(0, "This string has no end on its line")),
                },
                None => {
                    at = at.max(rest.len());
                    if !self.hold(at)? {
                        return Err(self.malformed(0, "This string has no end"));
                    }
                }
            }
        }
    }

    fn string(&mut self, decide: &mut dyn Decide) -> Result<(), Fault> {
        let (length, escaped) = self.string_length()?;
        if escaped {
            self.unescape(length)?;
        }
        let (start, line) = (self.stream.here() + 1, self.stream.line_here());
        let token =
            Token { raw: &self.stream.rest()[1..length - 1], weave: escaped.then_some(&self.weave), start, line };
        let spot = Spot::Pointer(Cow::Borrowed(&self.pointer));
        let edits = decide.decide(&token.piece(&self.names[..self.named], spot, true))?;
        self.replace(start, length, escaped, &edits)
    }

    fn key(&mut self, decide: &mut dyn Decide) -> Result<Expect, Fault> {
        let (length, escaped) = self.string_length()?;
        if escaped {
            self.unescape(length)?;
        }
        let (start, line) = (self.stream.here() + 1, self.stream.line_here());
        let token =
            Token { raw: &self.stream.rest()[1..length - 1], weave: escaped.then_some(&self.weave), start, line };
        let frame = self.frames.last_mut().expect("a key is read in an object only");
        frame.members += 1;
        let (depth, members) = (frame.pointer, frame.members);
        self.named = frame.names;
        self.pointer.truncate(depth);
        self.pointer.push_str("/~key");
        push_digits(&mut self.pointer, members);
        let spot = Spot::Pointer(Cow::Borrowed(&self.pointer));
        let edits = decide.decide(&token.piece(&self.names[..self.named], spot, false))?;
        check(&edits, token.text().len())?;
        let after = if edits.is_empty() { Cow::Borrowed(token.text()) } else { applied(token.text(), &edits).into() };
        let lossy = || String::from_utf8_lossy(&after);
        name(&mut self.names, &mut self.named, &str::from_utf8(&after).map_or_else(|_| lossy(), Cow::Borrowed));
        self.pointer.truncate(depth);
        push_key(&mut self.pointer, &self.names[self.named - 1]);
        if !self.keys[self.frames.len() - 1].insert(self.names[self.named - 1].as_bytes()) {
            self.pointer.push_str("~#");
            push_digits(&mut self.pointer, members);
        }
        self.replace(start, length, escaped, &edits)?;
        Ok(Expect::Colon)
    }

    /// Writes the edits of the string token ahead, and passes it.
    fn replace(&mut self, start: u64, length: usize, escaped: bool, edits: &[Edit]) -> Result<(), Fault> {
        self.patch(start, length - 2, escaped, edits)?;
        self.stream.pass(length);
        Ok(())
    }

    /// Writes the edits of a string whose text begins at `start` and is `length` bytes long.
    fn patch(&mut self, start: u64, length: usize, escaped: bool, edits: &[Edit]) -> Result<(), Fault> {
        if edits.is_empty() {
            return Ok(());
        }
        let patches = if escaped { self.weave.patches(edits) } else { straight(start, length, edits) }?;
        for (source, with) in patches {
            let mut bytes = Vec::with_capacity(with.len());
            escape(with.as_bytes(), &mut bytes);
            self.stream.replace(&source, &bytes)?;
        }
        Ok(())
    }

    /// Decodes the string token ahead.
    fn unescape(&mut self, length: usize) -> Result<(), Fault> {
        let start = self.stream.here();
        let raw = &self.stream.rest()[..length - 1];
        if let Err(at) = unescape(raw, start, &mut self.weave) {
            return Err(self.malformed(at, "This escape does not exist"));
        }
        Ok(())
    }

    fn malformed(&self, ahead: usize, message: &str) -> Fault {
        Fault::bad_input("json-malformed", format!("This is not JSON: {message}"))
            .at(self.stream.place(ahead))
            .advise("Mend the file, or redact it as plain text.")
    }
}

/// A string as it stands, and its text.
struct Token<'t> {
    raw: &'t [u8],
    weave: Option<&'t Weave>,
    start: u64,
    line: u64,
}

impl<'t> Token<'t> {
    fn text(&self) -> &'t [u8] {
        self.weave.map_or(self.raw, Weave::text)
    }

    fn piece(&self, names: &'t [Cow<'t, str>], spot: Spot<'t>, is_value: bool) -> Piece<'t> {
        let straight = Offsets::Straight { start: self.start, line: self.line };
        let text = self.text();
        Piece {
            text,
            names,
            spot,
            offsets: self.weave.map_or(straight, |weave| weave.offsets(self.line)),
            prose: is_value && memchr::memchr(b' ', text).is_some(),
        }
    }
}

/// Whole lines up to the one with a backslash.
fn before_backslash(lines: &[u8]) -> &[u8] {
    let Some(backslash) = memchr::memchr(b'\\', lines) else { return lines };
    &lines[..memchr::memrchr(b'\n', &lines[..backslash]).map_or(0, |end| end + 1)]
}

/// Adds `key` to the names, in memory that is there already.
fn name(names: &mut Vec<Cow<'static, str>>, named: &mut usize, key: &str) {
    if let Some(Cow::Owned(name)) = names.get_mut(*named) {
        name.clear();
        name.push_str(key);
    } else {
        names.truncate(*named);
        names.push(Cow::Owned(key.to_owned()));
    }
    *named += 1;
}
