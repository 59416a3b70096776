//! Rows of a binary COPY, gathered so that they are searched as one text.

use std::ops::Range;

/// How much is gathered before it is searched.
const BUFFER: usize = 1 << 20;

/// What stands before the first row: signature, flags, length of an extension that is empty.
const HEADER: usize = 11 + 4 + 4;

/// Rows with the same number of fields.
///
/// Where the lengths of fields stood there are zero characters: a length that is a letter by chance (97) would make the
/// beginning of the field the middle of a word.
pub(super) struct Rows {
    width: usize,
    text: Vec<u8>,
    fields: Vec<Option<Range<usize>>>,
    /// How much of the header is still to come.
    header: usize,
}

impl Rows {
    pub(super) fn new(width: usize) -> Self {
        Rows { width, text: Vec::new(), fields: Vec::new(), header: HEADER }
    }

    /// One message of the server: one row, the first one after the header; two bytes at the end. Whether it is time to search.
    pub(super) fn take(&mut self, message: &[u8]) -> bool {
        let row = &message[std::mem::take(&mut self.header).min(message.len())..];
        if row.len() > 2 {
            let start = self.text.len();
            self.text.extend_from_slice(row);
            self.part(start);
        }
        self.text.len() >= BUFFER
    }

    /// Takes the row at `start` apart: a count of two bytes, then each field with a length of four, -1 for NULL.
    fn part(&mut self, start: usize) {
        let mut at = start + 2;
        self.text[start..at].fill(0);
        for _ in 0..self.width {
            let field = self.text.get_mut(at..at + 4).and_then(|word| {
                let length = <[u8; 4]>::try_from(&*word).map(i32::from_be_bytes).ok()?;
                word.fill(0);
                at += 4;
                usize::try_from(length).ok()
            });
            let field = field.map(|length| at..at + length).filter(|field| field.end <= self.text.len());
            at = field.as_ref().map_or(at, |field| field.end);
            self.fields.push(field);
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        (self.fields.len() / self.width) as u64
    }

    /// All of them.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// One after the other, as fields.
    pub(super) fn each(&self) -> impl Iterator<Item = Vec<Option<&[u8]>>> {
        let bytes = |field: &Option<Range<usize>>| field.clone().map(|field| &self.text[field]);
        self.fields.chunks(self.width).map(move |row| row.iter().map(bytes).collect())
    }

    /// Makes room for the next ones.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.fields.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_taken_apart_without_trust_in_its_lengths() {
        let check = |width: usize, row: &[u8], expect: &[Option<&[u8]>], text: &[u8]| {
            let mut rows = Rows::new(width);
            assert!(!rows.take(&[&[7; HEADER], row].concat()));
            rows.take(b"\xff\xff");
            assert_eq!(rows.each().collect::<Vec<_>>(), [expect.to_vec()], "{row:?}");
            assert_eq!((rows.text(), rows.count()), (text, 1));
        };
        check(
            3,
            b"\0\x03\0\0\0\x02ab\xff\xff\xff\xff\0\0\0\0",
            &[Some(b"ab"), None, Some(b"")],
            b"\0\0\0\0\0\0ab\0\0\0\0\0\0\0\0",
        );
        check(1, b"\0\x01\0\0\0\x09ab", &[None], b"\0\0\0\0\0\0ab");
        check(2, b"\0\x02\0", &[None, None], b"\0\0\0");
        check(1, b"\0\x01\x7f\xff\xff\xffab", &[None], b"\0\0\0\0\0\0ab");
    }

    #[test]
    fn rows_are_gathered_until_it_is_time_to_search() {
        let mut rows = Rows::new(1);
        let row = [b"\0\x01\0\0\x10\0", &[b'x'; 4096][..]].concat();
        rows.take(&[&[0; HEADER][..], &row].concat());
        let taken = (2..).find(|_| rows.take(&row)).expect("enough");
        assert_eq!((taken, rows.count(), rows.text().len()), (256, 256, 256 * (4096 + 6)));
        rows.clear();
        assert_eq!((rows.count(), rows.each().count()), (0, 0));
    }
}
