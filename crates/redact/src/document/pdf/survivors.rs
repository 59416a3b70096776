//! Whether removed values are still anywhere in a file: every object, string, name and decoded stream, in every
//! spelling a PDF can give them, and the text of the pages as it reads.

use lopdf::{Document, Object};
use model::{Fault, hex};

use super::filter;
use super::open;
use super::text;
use crate::{Decide, Edit, Limits, Piece};

/// Values shorter than this are looked for in text only: in compressed bytes they turn up by chance.
const RAW_MIN: usize = 5;

/// Which of `values` (by index, in order) can still be found in the PDF `input`.
///
/// # Errors
/// Those of [`super::rewrite`].
pub fn survivors(input: &[u8], values: &[&[u8]]) -> Result<Vec<usize>, Fault> {
    let limits = Limits::default();
    let document = open::open(input, &limits)?;
    let spellings: Vec<Vec<Vec<u8>>> = values.iter().map(|value| spellings(value)).collect();
    let mut search = Search { spellings: &spellings, values, found: vec![false; values.len()] };
    search.bytes(input);
    let trailer = Object::Dictionary(document.trailer.clone());
    for object in document.objects.values().chain([&trailer]) {
        search.object(&document, object);
    }
    super::rewrite(input, &mut search, &limits)?;
    Ok((0..values.len()).filter(|at| search.found[*at]).collect())
}

/// A value as UTF-8, Latin-1, UTF-16 of both orders, and in hexadecimal digits.
fn spellings(value: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(value);
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut all = vec![value.to_vec(), latin];
    for bytes in [value, big.as_slice()] {
        all.push(hex(bytes).into_bytes());
        all.push(hex(bytes).to_uppercase().into_bytes());
    }
    all.push(big);
    all.push(little);
    all.sort();
    all.dedup();
    all
}

/// Values shorter than this are not looked for across blanks.
const SQUEEZED_MIN: usize = 7;

struct Search<'a> {
    spellings: &'a [Vec<Vec<u8>>],
    values: &'a [&'a [u8]],
    found: Vec<bool>,
}

impl Search<'_> {
    /// Looks for every spelling in bytes.
    fn bytes(&mut self, bytes: &[u8]) {
        for (at, spellings) in self.spellings.iter().enumerate() {
            let long = self.values[at].len() >= RAW_MIN;
            if long && !self.found[at] {
                self.found[at] = spellings.iter().any(|spelling| memchr::memmem::find(bytes, spelling).is_some());
            }
        }
    }

    /// Looks for the values in text: as they are, over line ends, and, when they are long enough not to turn up by
    /// chance, in any case and without blanks.
    fn text(&mut self, text: &str) {
        let (joined, squeezed) = (joined(text), squeezed(text));
        for (at, value) in self.values.iter().enumerate() {
            let value = String::from_utf8_lossy(value);
            let (plain, short) = (self::joined(&value), self::squeezed(&value));
            let long = short.chars().count() >= SQUEEZED_MIN;
            self.found[at] |= !plain.is_empty() && joined.contains(&plain) || long && squeezed.contains(&short);
        }
    }

    fn object(&mut self, document: &Document, object: &Object) {
        match object {
            Object::String(bytes, _) => {
                self.bytes(bytes);
                self.text(&text::decode(bytes));
            }
            Object::Name(name) => self.bytes(name),
            Object::Array(items) => items.iter().for_each(|item| self.object(document, item)),
            Object::Dictionary(dict) => dict.iter().for_each(|(key, value)| {
                self.bytes(key);
                self.object(document, value);
            }),
            Object::Stream(stream) => {
                self.object(document, &Object::Dictionary(stream.dict.clone()));
                if let Ok(bytes) = filter::decode(document, stream, Limits::default().expanded_bytes as usize) {
                    self.bytes(&bytes);
                }
            }
            _ => {}
        }
    }
}

/// White space as single blanks.
fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Lower case, without white space: a value may be split over lines.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

impl Decide for Search<'_> {
    fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
        self.text(&String::from_utf8_lossy(piece.text));
        Ok(Vec::new())
    }
}
