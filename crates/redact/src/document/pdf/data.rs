//! Streams of data: colour profiles, functions, programs and maps of fonts. Nobody reads them, and text can ride along in
//! them; what has to go is overwritten where it stands, so that every number in them stays in its place.

use model::Fault;

use super::erase::Counter;
use crate::{Decide, Offsets, Piece};

/// So many characters in a row are text; fewer turn up by chance.
const RUN_MIN: usize = 9;
/// Text that is asked about at once, unless a single run is longer.
const PIECE: usize = 64 << 10;
/// What values are overwritten with.
const FILL: u8 = b'X';

/// The text in some bytes, and where each byte of it stands.
#[derive(Default)]
struct Found {
    text: Vec<u8>,
    places: Vec<Option<usize>>,
}

impl Found {
    /// A run of text, apart from those before it.
    fn push(&mut self, bytes: &[u8], places: impl Iterator<Item = usize>) {
        if !self.text.is_empty() {
            self.text.extend(b"\n\n");
            self.places.extend([None, None]);
        }
        for (place, byte) in places.zip(bytes) {
            self.text.push(if byte.is_ascii_whitespace() { b' ' } else { *byte });
            self.places.push(Some(place));
        }
    }
}

/// Asks about the text in a stream and overwrites what has to go.
pub(super) fn visit(bytes: &mut [u8], counter: &mut Counter<'_>, decide: &mut dyn Decide) -> Result<(), Fault> {
    let mut places: Vec<usize> = Vec::new();
    for found in texts(bytes) {
        let text = found.text.as_slice();
        let piece = Piece { text, names: &[], spot: counter.spot(), offsets: Offsets::None, prose: false };
        for edit in decide.decide(&piece)? {
            places.extend(found.places[edit.range].iter().flatten());
        }
    }
    places.into_iter().for_each(|place| bytes[place] = FILL);
    Ok(())
}

/// All text in some bytes: UTF-8, and ASCII with a zero beside each character, as UTF-16 of either order has it.
fn texts(bytes: &[u8]) -> Vec<Found> {
    let mut all: Vec<Found> = Vec::new();
    let mut push = |run: &[u8], from: usize, step: usize| {
        if all.last().is_none_or(|last| last.text.len() + run.len() > PIECE) {
            all.push(Found::default());
        }
        if let Some(last) = all.last_mut() {
            last.push(run, (from..).step_by(step));
        }
    };
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        let is_control = |c: char| c.is_control() && !c.is_whitespace();
        for run in chunk.valid().split(is_control).filter(|run| run.chars().count() >= RUN_MIN) {
            // A part of the chunk: its distance from the beginning is where it stands.
            push(run.as_bytes(), at + (run.as_ptr() as usize - chunk.valid().as_ptr() as usize), 1);
        }
        at += chunk.valid().len() + chunk.invalid().len();
    }
    let mut from = 0;
    while let Some(run) = wide(bytes, from) {
        let letters: Vec<u8> = bytes[run.clone()].iter().copied().step_by(2).collect();
        push(&letters, run.start, 2);
        from = run.end;
    }
    all
}

/// The next run of ASCII with zeros between its characters.
fn wide(bytes: &[u8], from: usize) -> Option<std::ops::Range<usize>> {
    let is_text = |at: usize| bytes.get(at).is_some_and(|byte| (32..127).contains(byte));
    let mut start = from;
    loop {
        start += memchr::memchr(0, bytes.get(start + 1..)?)?;
        if !is_text(start) {
            start += 1;
            continue;
        }
        let mut end = start + 1;
        while bytes.get(end) == Some(&0) && is_text(end + 1) {
            end += 2;
        }
        if (end - start).div_ceil(2) >= RUN_MIN {
            return Some(start..end);
        }
        start = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expect: &[&str]) {
        let found: Vec<String> = texts(bytes).iter().map(|found| String::from_utf8_lossy(&found.text).into()).collect();
        assert_eq!(found.join("\n\n").split("\n\n").filter(|text| !text.is_empty()).collect::<Vec<_>>(), expect);
        for found in texts(bytes) {
            for (byte, place) in found.text.iter().zip(&found.places) {
                assert!(place.is_none_or(|place| bytes[place] == *byte || bytes[place].is_ascii_whitespace()));
            }
        }
    }

    #[test]
    fn text_is_found_among_numbers() {
        check(b"\0\x01desc\0ada@muster.example\xff\x02short\0", &["ada@muster.example"]);
        check(b"\0a\0d\0a\0 \0m\0u\0s\0t\0e\0r\0\x01\0", &["ada muster"]);
        check(b"a\0d\0a\0 \0m\0u\0s\0t\0e\0r\0\x01\x01", &["ada muster"]);
        check("J\u{fc}rgen M\u{fc}ller\0\u{1}J\u{fc}rgen".as_bytes(), &["J\u{fc}rgen M\u{fc}ller"]);
        check(b"one and two\0three and four\0\0\0", &["one and two", "three and four"]);
        check(&[0; 100], &[]);
        check(b"", &[]);
        check(b"\0", &[]);
    }
}
