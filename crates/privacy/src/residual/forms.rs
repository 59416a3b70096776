//! How a value can be written down: as it is, encoded, escaped, hashed.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use md5::Md5;
use sha2::{Digest as _, Sha256, Sha512};
use unicode_normalization::UnicodeNormalization as _;

use super::Value;

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// In letters, in any case, composed or decomposed (NFC, NFD).
    Plain,
    /// `%40`, also twice over, and `+` for a blank.
    Url,
    /// At any of the three places in a group of three bytes, in both alphabets.
    Base64,
    /// As JSON, HTML, XML, MIME (quoted-printable) or addresses escape it, in any mixture and repetition.
    Escaped,
    /// In hexadecimal, as bytes are shown.
    Hex,
    /// In UTF-16.
    Utf16,
    /// MD5, SHA-1, SHA-256 or SHA-512 of it, in hexadecimal: a pseudonym that anybody can compute.
    Hashed,
    /// In packed bytes: gzip, ZIP, PDF.
    Packed,
    /// The digits of a telephone number, with any separators, with or without the country.
    Digits,
}

impl Form {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Form::Plain => "plain",
            Form::Url => "url-encoded",
            Form::Base64 => "base64",
            Form::Escaped => "escaped",
            Form::Hex => "hexadecimal",
            Form::Utf16 => "utf-16",
            Form::Hashed => "hashed",
            Form::Packed => "packed",
            Form::Digits => "digits",
        }
    }

    /// Whether what stands around it tells apart a whole value and a part of a longer one.
    pub(super) fn is_bounded(self) -> bool {
        matches!(self, Form::Plain | Form::Url | Form::Escaped)
    }
}

/// Encodings without a border of their own must be as long as this, in bytes, or they would be found by chance.
const UNBOUNDED: usize = 8;

/// Every form of `value`, each text once.
pub(super) fn of(value: &Value) -> Vec<(Form, Vec<u8>)> {
    let mut forms: Vec<(Form, Vec<u8>)> = Vec::new();
    let mut add = |form: Form, bytes: Vec<u8>| {
        let long = form.is_bounded() || bytes.len() >= UNBOUNDED;
        if long && !forms.iter().any(|(_, known)| *known == bytes) {
            forms.push((form, bytes));
        }
    };
    for text in spellings(value) {
        add(Form::Plain, text.clone().into_bytes());
        let url = url(&text);
        add(Form::Url, url.replace("%20", "+").into_bytes());
        add(Form::Url, url.replace('%', "%25").into_bytes());
        add(Form::Url, url.into_bytes());
        escaped(&text).into_iter().for_each(|text| add(Form::Escaped, text.into_bytes()));
        base64(text.as_bytes()).into_iter().for_each(|text| add(Form::Base64, text.into_bytes()));
        add(Form::Hex, hexadecimal(text.as_bytes()).into_bytes());
        add(Form::Utf16, text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        add(Form::Utf16, text.encode_utf16().flat_map(u16::to_be_bytes).collect());
        hashed(text.as_bytes()).into_iter().for_each(|text| add(Form::Hashed, text.into_bytes()));
    }
    forms
}

/// The spellings themselves, in lower and upper case where letters beyond ASCII have one, composed and decomposed.
fn spellings(value: &Value) -> Vec<String> {
    let mut all = Vec::new();
    for text in &value.spellings {
        let text = text.trim();
        for text in [text.to_owned(), text.to_lowercase(), text.to_uppercase()] {
            all.extend([text.nfc().collect::<String>(), text.nfd().collect()]);
        }
        // A UUID without its hyphens.
        if text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4 {
            all.push(text.replace('-', ""));
        }
    }
    all.sort();
    all.dedup();
    all
}

/// RFC 3986 §2.1: everything but the unreserved characters.
fn url(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        let _ = match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.write_char(byte.into()),
            _ => write!(encoded, "%{byte:02X}"),
        };
    }
    encoded
}

/// JSON with non-ASCII letters escaped, and also with the marks that some writers escape; HTML.
fn escaped(text: &str) -> Vec<String> {
    let json = |marks: &str| -> String {
        let mut units = [0; 2];
        let mut out = String::new();
        for letter in text.chars() {
            if letter.is_ascii() && !marks.contains(letter) {
                out.push(letter);
            } else {
                letter.encode_utf16(&mut units).iter().for_each(|unit| {
                    let _ = write!(out, "\\u{unit:04x}");
                });
            }
        }
        out
    };
    let html = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;");
    vec![
        json(""),
        json("+<>&'\""),
        json("@+<>&'\""),
        text.replace('\\', "\\\\").replace('"', "\\\"").replace('/', "\\/"),
        html.replace('@', "&#64;"),
        html,
    ]
}

/// The letters that stand for `bytes` alone, for each of the places at which they can begin in a group of three.
fn base64(bytes: &[u8]) -> Vec<String> {
    let mut all = Vec::new();
    for (before, cut) in [(0, 0), (1, 2), (2, 3)] {
        let padded = [&[0; 2][..before], bytes].concat();
        let whole = padded.len() * 8 / 6;
        for text in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            all.extend(text.get(cut..whole).map(str::to_owned));
        }
    }
    all
}

fn hashed(bytes: &[u8]) -> [String; 4] {
    [
        hexadecimal(&Md5::digest(bytes)),
        hexadecimal(&<sha1::Sha1 as sha1::Digest>::digest(bytes)),
        hexadecimal(&Sha256::digest(bytes)),
        hexadecimal(&Sha512::digest(bytes)),
    ]
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
