//! What lies under encodings: the text that a reader would make of escapes, of broken lines and of packed bytes.
//!
//! A haystack is searched as it is first. Then, around every escape (`%40`, `=40`, `&#64;`, `\u0040`), the piece of text is
//! decoded and searched, as often as something is left to decode: mixtures and repetitions hide nothing. Around every break of
//! a line between letters of base64 the lines are joined. Packed bytes (gzip, entries of ZIP archives, streams of PDFs) are
//! unpacked wherever they begin. All of it is bounded; what stays closed is told as [`Closed`].

use std::io::Read as _;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};
use memchr::memmem;

use super::entities;

/// How often a text is decoded: each time one more layer of escapes goes.
const ROUNDS: usize = 4;
/// How deep packed bytes are unpacked: an archive in an archive.
const DEPTH: usize = 3;
/// How many bytes one value is unpacked to at most.
const UNPACKED: u64 = 64 << 20;

/// What was looked into, or could not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Closed {
    /// Encrypted.
    Encrypted,
    /// Packed in a way that is not unpacked here.
    Packed,
    /// A PDF: its text can be drawn by numbers of glyphs.
    Pdf,
    /// A picture, a sound, a film: nothing in it is read.
    Picture,
    /// More than is unpacked, or damaged.
    Unfinished,
}

impl Closed {
    /// All of them.
    pub(super) const ALL: [Closed; 5] =
        [Closed::Encrypted, Closed::Packed, Closed::Pdf, Closed::Picture, Closed::Unfinished];

    /// In words: "3 values …".
    pub(super) fn words(self) -> &'static str {
        match self {
            Closed::Encrypted => "encrypted: not read",
            Closed::Packed => "packed as 7z, bzip2, xz, RAR, zstd or Parquet: not read",
            Closed::Pdf => "PDF: searched through its streams; text that is drawn by numbers of glyphs is not read",
            Closed::Picture => "pictures, sounds or films: not read",
            Closed::Unfinished => "packed bytes that are damaged, or larger than is unpacked: not read to the end",
        }
    }
}

/// Decodes the text around escapes and calls `look` with each piece.
pub(super) fn escapes(text: &[u8], around: usize, look: &mut dyn FnMut(&[u8])) {
    for quoted in [false, true] {
        let mut pieces: Vec<Vec<u8>> = windows(text, around, marks(text), &|text, at| escape(text, at, quoted))
            .into_iter()
            .map(|at| text[at].to_vec())
            .collect();
        if quoted && !pieces.iter().any(|piece| piece.contains(&b'=')) {
            return;
        }
        for _ in 0..ROUNDS {
            let mut next = Vec::new();
            for piece in &pieces {
                if let Some(plain) = decoded(piece, quoted) {
                    look(&plain);
                    next.push(plain);
                }
            }
            pieces = next;
        }
    }
}

/// Joins lines of base64 and calls `look` with each piece.
pub(super) fn joined(text: &[u8], around: usize, look: &mut dyn FnMut(&[u8])) {
    let is_break = |text: &[u8], at: usize| {
        let length = line_break(&text[at..])?;
        let before = at >= 4 && text[at - 4..at].iter().all(|byte| is_base64(*byte));
        let after = text.get(at + length..at + length + 2);
        (before && after.is_some_and(|after| after.iter().all(|byte| is_base64(*byte)))).then_some((length, None))
    };
    for range in windows(text, around, breaks(text), &is_break) {
        look(&unbroken(&text[range]));
    }
}

/// The text without its breaks of lines.
fn unbroken(text: &[u8]) -> Vec<u8> {
    let mut whole = Vec::with_capacity(text.len());
    let mut done = 0;
    for at in breaks(text) {
        // The line feed of a pair went with the return before it.
        if at < done {
            continue;
        }
        // A soft break begins with its sign.
        let at = if text[at] == b'\n' && text[done..at].ends_with(b"=") { at - 1 } else { at };
        if let Some(length) = line_break(&text[at..]) {
            whole.extend_from_slice(&text[done..at]);
            done = at + length;
        }
    }
    whole.extend_from_slice(&text[done..]);
    whole
}

/// A break of a line, as it is or escaped in JSON, and the blanks behind it.
fn line_break(text: &[u8]) -> Option<usize> {
    let known: [&[u8]; 6] = [b"\r\n", b"\n", b"\r", b"\\r\\n", b"\\n", b"=\n"];
    let ends = known.iter().find(|ends| text.starts_with(ends))?;
    let blanks = text[ends.len()..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    Some(ends.len() + blanks)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte)
}

/// An escape: how long it is, and what it stands for; a soft break of a line stands for nothing.
type Escape = (usize, Option<char>);

/// Ranges around those `marks` of which `is` says so; those that touch each other are one.
fn windows(
    text: &[u8],
    around: usize,
    marks: impl Iterator<Item = usize>,
    is: &dyn Fn(&[u8], usize) -> Option<Escape>,
) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for at in marks {
        if ranges.last().is_some_and(|last| at + around < last.end) {
            continue;
        }
        if is(text, at).is_some() {
            let range = at.saturating_sub(around)..(at + 2 * around).min(text.len());
            match ranges.last_mut().filter(|last| range.start <= last.end) {
                Some(last) => last.end = range.end,
                None => ranges.push(range),
            }
        }
    }
    ranges
}

/// Where a line can be broken.
fn breaks(text: &[u8]) -> impl Iterator<Item = usize> {
    let escaped = memchr::memchr_iter(b'\\', text).filter(|at| matches!(text.get(at + 1), Some(b'n' | b'r')));
    let mut all: Vec<usize> = memchr::memchr2_iter(b'\n', b'\r', text).chain(escaped).collect();
    all.sort_unstable();
    all.into_iter()
}

/// Where an escape can begin.
fn marks(text: &[u8]) -> impl Iterator<Item = usize> {
    let signs = memchr::memchr3_iter(b'%', b'&', b'=', text);
    let slashes = memchr::memchr_iter(b'\\', text);
    let mut all: Vec<usize> = signs.chain(slashes).collect();
    all.sort_unstable();
    all.into_iter()
}

fn escape(text: &[u8], at: usize, quoted: bool) -> Option<Escape> {
    let rest = &text[at..];
    match rest[0] {
        b'%' => Some((3, Some(byte(rest.get(1..3)?)?))),
        b'=' if quoted => match rest {
            [_, b'\r', b'\n', ..] => Some((3, None)),
            [_, b'\n', ..] => Some((2, None)),
            _ => Some((3, Some(byte(rest.get(1..3)?)?))),
        },
        b'&' => entities::read(rest),
        b'\\' => match rest.get(1)? {
            b'u' | b'U' if rest.get(2) == Some(&b'{') => {
                let end = rest.iter().take(10).position(|byte| *byte == b'}')?;
                Some((end + 1, char::from_u32(number(&rest[3..end])?)))
            }
            b'u' => unit(rest),
            b'x' => Some((4, Some(byte(rest.get(2..4)?)?))),
            b'/' => Some((2, Some('/'))),
            _ => None,
        },
        _ => None,
    }
}

/// `\uXXXX`, and the second half of a pair.
fn unit(rest: &[u8]) -> Option<Escape> {
    let first = u16::try_from(number(rest.get(2..6)?)?).ok()?;
    let second = rest.get(6..12).filter(|half| half.starts_with(b"\\u")).and_then(|half| number(&half[2..]));
    let pair = [first, second.and_then(|half| u16::try_from(half).ok()).unwrap_or_default()];
    match char::decode_utf16(pair).next()? {
        Ok(letter) if letter > '\u{ffff}' => Some((12, Some(letter))),
        Ok(letter) => Some((6, Some(letter))),
        Err(_) => None,
    }
}

/// One byte, as the letter of its number: [`decoded`] makes a byte of it again.
fn byte(digits: &[u8]) -> Option<char> {
    Some(char::from(u8::try_from(number(digits)?).ok()?))
}

fn number(digits: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

/// The text without one layer of escapes; `None` where there is none.
fn decoded(text: &[u8], quoted: bool) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(text.len());
    let (mut done, mut any) = (0, false);
    for at in marks(text) {
        if at < done {
            continue;
        }
        if let Some((length, letter)) = escape(text, at, quoted) {
            plain.extend_from_slice(&text[done..at]);
            match letter {
                // `%C3%BC`, `=C3=BC`, `\xc3\xbc`: bytes of UTF-8.
                Some(letter) if u32::from(letter) < 256 && is_of_bytes(text, at) => plain.push(letter as u8),
                Some(letter) => plain.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
                None => {}
            }
            done = at + length;
            any = true;
        }
    }
    plain.extend_from_slice(&text[done..]);
    any.then_some(plain)
}

fn is_of_bytes(text: &[u8], at: usize) -> bool {
    matches!(text[at], b'%' | b'=') || text[at..].starts_with(b"\\x")
}

/// Unpacks what is packed in `bytes`, wherever it begins, and calls `look` with each content; says what stays closed.
pub(super) fn packed(bytes: &[u8], look: &mut dyn FnMut(&[u8]), closed: &mut dyn FnMut(Closed)) {
    // One pass over all magics at once: most values hold none.
    static MAGICS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let known: [&[u8]; 3] = [b"\x1f\x8b\x08", b"PK\x03\x04", b"%PDF-"];
        AhoCorasick::new(known.into_iter().chain(CLOSED.iter().map(|(magic, _)| *magic))).ok()
    });
    if MAGICS.as_ref().is_some_and(|magics| !magics.is_match(bytes)) {
        return;
    }
    let mut left = UNPACKED;
    unpack(bytes, DEPTH, &mut left, look, closed);
}

fn unpack(bytes: &[u8], depth: usize, left: &mut u64, look: &mut dyn FnMut(&[u8]), closed: &mut dyn FnMut(Closed)) {
    for (magic, kind) in CLOSED {
        if starts_in(bytes, magic) {
            closed(*kind);
        }
    }
    let mut inside = |(content, whole): (Vec<u8>, bool), left: &mut u64, closed: &mut dyn FnMut(Closed)| {
        look(&content);
        if depth > 1 {
            unpack(&content, depth - 1, left, look, closed);
        } else if starts_in(&content, b"PK\x03\x04") || starts_in(&content, b"\x1f\x8b\x08") {
            closed(Closed::Unfinished);
        }
        if !whole {
            closed(Closed::Unfinished);
        }
    };
    for at in memmem::find_iter(bytes, b"\x1f\x8b\x08") {
        inside(drained(GzDecoder::new(&bytes[at..]), left), left, closed);
    }
    for at in memmem::find_iter(bytes, b"PK\x03\x04") {
        match entry(&bytes[at..]) {
            Some(Entry::Deflated(body)) => inside(drained(DeflateDecoder::new(body), left), left, closed),
            // It was searched as it is.
            Some(Entry::Stored) => {}
            Some(Entry::Encrypted) => closed(Closed::Encrypted),
            Some(Entry::Other) => closed(Closed::Packed),
            // It calls itself an archive, and its first entry cannot be made out.
            None if at == 0 => closed(Closed::Unfinished),
            None => {}
        }
    }
    if let Some(start) = memmem::find(bytes, b"%PDF-") {
        let pdf = &bytes[start..];
        closed(if memmem::find(pdf, b"/Encrypt").is_some() { Closed::Encrypted } else { Closed::Pdf });
        for at in memmem::find_iter(pdf, b"stream") {
            let body = &pdf[at + 6..];
            let body = body.strip_prefix(b"\r").unwrap_or(body);
            let body = body.strip_prefix(b"\n").unwrap_or(body);
            if body.first().is_some_and(|byte| byte & 0x0f == 8) && !pdf[..at].ends_with(b"end") {
                // A stream that is packed otherwise is none of zlib's: it is told as a PDF.
                let (content, _) = drained(ZlibDecoder::new(body), left);
                look(&content);
                look(&drawn(&content));
            }
        }
    }
}

/// What a page draws, letter after letter: the strings of its operators, put together. `[(an) 20 (n@)] TJ` is `ann@`.
fn drawn(content: &[u8]) -> Vec<u8> {
    let (mut text, mut depth, mut hex) = (Vec::new(), 0_u32, None::<Vec<u8>>);
    let mut at = 0;
    while at < content.len() {
        let byte = content[at];
        at += 1;
        match (byte, depth, &mut hex) {
            (b'\\', 1.., _) => {
                text.extend(content.get(at).filter(|byte| !byte.is_ascii_digit()));
                at += 1;
            }
            (b'(', ..) => depth += 1,
            (b')', 1.., _) => depth -= 1,
            (_, 1.., _) => text.push(byte),
            (b'<', 0, None) => hex = Some(Vec::new()),
            (b'>', 0, Some(digits)) => {
                let pairs = digits.chunks(2).filter_map(|pair| u8::try_from(number(pair)?).ok());
                text.extend(pairs);
                hex = None;
            }
            (_, 0, Some(digits)) if byte.is_ascii_hexdigit() => digits.push(byte),
            // Text is placed anew: a word ends.
            (b'T', 0, None) if matches!(content.get(at), Some(b'd' | b'D' | b'm' | b'*')) => text.push(b' '),
            _ => {}
        }
    }
    text
}

/// Bytes that begin what is not looked into.
const CLOSED: &[(&[u8], Closed)] = &[
    (b"age-encryption.org/v1", Closed::Encrypted),
    (b"-----BEGIN PGP MESSAGE", Closed::Encrypted),
    (b"7z\xbc\xaf\x27\x1c", Closed::Packed),
    (b"BZh91AY&SY", Closed::Packed),
    (b"\xfd7zXZ\0", Closed::Packed),
    (b"Rar!\x1a\x07", Closed::Packed),
    (b"\x28\xb5\x2f\xfd", Closed::Packed),
    (b"PAR1", Closed::Packed),
    (b"\x89PNG\r\n\x1a\n", Closed::Picture),
    (b"\xff\xd8\xff\xe0", Closed::Picture),
    (b"\xff\xd8\xff\xe1", Closed::Picture),
    (b"GIF89a", Closed::Picture),
    (b"OggS\0", Closed::Picture),
    (b"ftypisom", Closed::Picture),
    (b"ftypmp42", Closed::Picture),
];

fn starts_in(bytes: &[u8], magic: &[u8]) -> bool {
    memmem::find(bytes, magic).is_some()
}

enum Entry<'b> {
    Deflated(&'b [u8]),
    Stored,
    Encrypted,
    Other,
}

/// The entry of an archive that begins here (APPNOTE 4.3.7); `None` when its header is none.
fn entry(bytes: &[u8]) -> Option<Entry<'_>> {
    let short = |at: usize| Some(u16::from_le_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    let (flags, method) = (short(6)?, short(8)?);
    let body = bytes.get(30 + usize::from(short(26)?) + usize::from(short(28)?)..)?;
    Some(match (flags & 1, method) {
        (1, _) => Entry::Encrypted,
        (_, 8) => Entry::Deflated(body),
        (_, 0) => Entry::Stored,
        _ => Entry::Other,
    })
}

/// What comes out, and whether that is all of it: it may be damaged or too much. `left` is how much may still come.
fn drained(mut reader: impl std::io::Read, left: &mut u64) -> (Vec<u8>, bool) {
    let mut content = Vec::new();
    let read = (&mut reader).take(*left).read_to_end(&mut content);
    let at_end = *left > content.len() as u64;
    *left -= (content.len() as u64).min(*left);
    (content, read.is_ok() && at_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        escapes(text.as_bytes(), 40, &mut |piece| all.push(String::from_utf8_lossy(piece).into_owned()));
        all
    }

    #[test]
    fn every_escape_and_every_mixture_is_read() {
        for text in [
            "ann%40example.org",
            "ann%2540example.org",
            "ann%252540example.org",
            "x=3D ann=40example.org",
            "ann@exam=\r\nple.org",
            "ann@exam=\nple.org",
            "ann&#64;example.org",
            "ann&#x40;example.org",
            "ann&#0064;example&period;org",
            "&#97;nn&commat;example.org",
            "ann&amp;#64;example.org",
            r"\u0061\u006e\u006E\u0040example.org",
            r"ann\x40example\u{2e}org",
            r"ann\u002540example.org",
            "%26%2364;ann%26commat%3Bexample.org",
        ] {
            assert!(plain(text).iter().any(|plain| plain.contains("ann@example.org")), "{text}: {:?}", plain(text));
        }
        assert!(plain("m%C3%BCller").contains(&"müller".to_owned()));
        assert!(plain("m=C3=BCller").contains(&"müller".to_owned()));
        assert!(plain("m&uuml;ller").contains(&"müller".to_owned()));
        assert!(plain(r"\ud83d\ude00 😀").iter().any(|plain| plain == "😀 😀"));
        assert!(plain("100 % sure & a = b \\ c").is_empty());
    }

    #[test]
    fn pages_say_what_they_draw() {
        assert_eq!(
            drawn(b"BT /F1 12 Tf 1 0 0 1 72 712 Tm [(an) 20 (n@ex)] TJ (ample\\.org) Tj <2041> Tj ET"),
            b" ann@example.org A"
        );
    }

    #[test]
    fn any_bytes_end() {
        for seed in 0..200_u32 {
            let signs = b"%&=\\u0041x{}\n\r()<>PK\x03\x04stream\x1f\x8b\x08#;a";
            let sign = |n: u32| signs[((n * n + n * 31 + seed * 17) as usize) % signs.len()];
            let bytes: Vec<u8> = (0..300).map(sign).collect();
            escapes(&bytes, 20, &mut |_| {});
            joined(&bytes, 20, &mut |_| {});
            packed(&bytes, &mut |_| {}, &mut |_| {});
        }
    }
}
