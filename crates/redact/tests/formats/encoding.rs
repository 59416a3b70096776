//! UTF-16 around the formats.

use std::io::{Read, Write};

use model::Fault;
use probity_redact::format::encoding::{Encoding, Rewrite, detect, rewrite};
use probity_redact::format::{csv, json, text, xml};
use probity_redact::{Decide, Edit, Limits, Piece};
use proptest::prelude::*;

/// Takes out `Muster`, and checks that the source of each piece reads like it.
struct Wide<'a> {
    input: &'a [u8],
    encoding: Encoding,
    pieces: usize,
}

impl Decide for Wide<'_> {
    fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
        self.pieces += 1;
        let source = piece.offsets.source(&(0..piece.text.len())).unwrap();
        let raw = narrow(&self.input[source.start as usize..source.end as usize], self.encoding);
        let text = str::from_utf8(piece.text).unwrap();
        assert!(raw == text || raw.contains(['\\', '&', '"', '<']), "{raw:?} {text:?}");
        let found = text.match_indices("Muster");
        Ok(found.map(|(at, word)| Edit { range: at..at + word.len(), with: "[É😀]".to_owned() }).collect())
    }
}

/// Four bytes a character, with a mark and without one.
#[test]
fn utf_32_is_seen() {
    let text =
        |unit: fn(u32) -> [u8; 4]| "mail jan@example.org\n".chars().flat_map(|one| unit(u32::from(one))).collect();
    let little: Vec<u8> = text(u32::to_le_bytes);
    let big: Vec<u8> = text(u32::to_be_bytes);
    for bytes in [&little, &big, &[&[0xFF, 0xFE, 0, 0], little.as_slice()].concat()] {
        assert_eq!(detect(bytes), Encoding::Utf32);
    }
    assert_eq!(detect(b"a\0b\0\0\0\0\0c"), Encoding::Utf8);
}

fn wide(text: &str, encoding: Encoding) -> Vec<u8> {
    let bytes = |unit: u16| if encoding == Encoding::Utf16Le { unit.to_le_bytes() } else { unit.to_be_bytes() };
    text.encode_utf16().flat_map(bytes).collect()
}

fn narrow(bytes: &[u8], encoding: Encoding) -> String {
    let unit = |pair: &[u8]| match encoding {
        Encoding::Utf16Le => u16::from_le_bytes([pair[0], pair[1]]),
        _ => u16::from_be_bytes([pair[0], pair[1]]),
    };
    String::from_utf16(&bytes.chunks_exact(2).map(unit).collect::<Vec<_>>()).unwrap()
}

fn check(format: Rewrite<'_>, input: &str) {
    for encoding in [Encoding::Utf16Le, Encoding::Utf16Be] {
        let input = wide(input, encoding);
        let mut decide = Wide { input: &input, encoding, pieces: 0 };
        let mut output = Vec::new();
        rewrite(encoding, format, &mut &input[..], &mut output, &mut decide, &Limits::default()).unwrap();
        assert_eq!(narrow(&output, encoding), narrow(&input, encoding).replace("Muster", "[É😀]"));
        assert!(decide.pieces > 0);
    }
}

#[test]
fn formats_see_through_utf16() {
    check(&json::rewrite, "\u{FEFF}{\"é\": \"😀 Jan Muster\", \"\\n\": \"x Muster\"}\n");
    check(&csv::rewrite, "\u{FEFF}a;b\r\né;\"Jan \"\"Muster\"\"\"\r\n");
    check(&xml::rewrite, "\u{FEFF}<?xml version=\"1.0\" encoding=\"UTF-16\"?><a é='Muster'>😀 &amp; Jan Muster</a>");
    let text = |input: &mut dyn Read, output: &mut dyn Write, decide: &mut dyn Decide, limits: &Limits| {
        text::rewrite(input, output, decide, false, limits)
    };
    check(&text, "é Jan Muster\n😀 Muster\n");
}

#[test]
fn half_characters_are_refused() {
    let code = |bytes: &[u8]| {
        let mut decide = Wide { input: bytes, encoding: Encoding::Utf16Le, pieces: 0 };
        let outcome = rewrite(
            detect(bytes),
            &csv::rewrite,
            &mut &bytes[..],
            &mut std::io::sink(),
            &mut decide,
            &Limits::default(),
        );
        outcome.map_err(|fault| fault.code())
    };
    assert_eq!(code(b"\xFF\xFEa\0b"), Err("utf16-damaged"));
    assert_eq!(code(b"\xFF\xFEa\0\0\xD8"), Err("utf16-damaged"));
    assert_eq!(code(b"\xFF\xFEa\0\0\xD8b\0"), Err("utf16-damaged"));
    assert_eq!(code(b"\xFF\xFEa\0\0\xDCb\0"), Err("utf16-damaged"));
    assert_eq!(code(b"\xFF\xFE\0\0a\0\0\0"), Err("utf32"));
    assert_eq!(code(b"\xFF\xFEa\0b\0"), Ok(()));
}

struct Nothing;

impl Decide for Nothing {
    fn decide(&mut self, _: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
        Ok(Vec::new())
    }
}

/// A text that goes over from one encoding to another is refused, and a mark that says what the text is not is none.
#[test]
fn mixed_encodings_are_refused() {
    let code = |bytes: &[u8]| {
        let (mut input, mut output) = (bytes, Vec::new());
        let outcome = rewrite(detect(bytes), &csv::rewrite, &mut input, &mut output, &mut Nothing, &Limits::default());
        outcome.map_err(|fault| fault.code())
    };
    let (line, wide) = ("one line of a log, as it is, and more of it\n", wide("written later\n", Encoding::Utf16Le));
    assert_eq!(code(&[line.as_bytes(), &wide].concat()), Err("mixed-encodings"));
    assert_eq!(code(&[line.repeat(200_000).as_bytes(), &wide].concat()), Err("mixed-encodings"));
    assert_eq!(code(&[&wide.repeat(400), line.as_bytes()].concat()), Err("mixed-encodings"));
    assert_eq!(code(&[b"ten bytes\n", wide.repeat(2).as_slice()].concat()), Err("mixed-encodings"));
    assert_eq!(code(b"a\0b\0c\0\n\0\0\0 and zeros \0 between \0 words\n"), Ok(()));
    assert_eq!(detect(&[b"\xFF\xFE", line.as_bytes()].concat()), Encoding::Utf8);
    assert_eq!(detect(b"\xFF\xFEmail [EMAIL]\n"), Encoding::Utf8);
    let ideographs: Vec<u8> = "日本語の文章、漢字とかな。".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(detect(&[b"\xFF\xFE", ideographs.repeat(9).as_slice()].concat()), Encoding::Utf16Le);
}

proptest! {
    #[test]
    fn any_text_comes_out_as_it_came_in(cells in prop::collection::vec(".{0,12}", 1..20)) {
        let input = cells.join("\n") + "x";
        prop_assume!(!input.contains("Muster"));
        let bytes = wide(&input, Encoding::Utf16Le);
        let mut output = Vec::new();
        let mut decide = Wide { input: &bytes, encoding: Encoding::Utf16Le, pieces: 0 };
        if rewrite(Encoding::Utf16Le, &csv::rewrite, &mut &bytes[..], &mut output, &mut decide, &Limits::default()).is_ok() {
            prop_assert_eq!(output, bytes);
        }
    }
}
