//! Decoded text and where each of its bytes came from; edits of the text as patches of the input.

use std::ops::Range;

use model::Fault;

use crate::{Edit, Offsets};

/// Text made from several stretches of the input: escapes decoded, markup between words left out.
#[derive(Default)]
pub(super) struct Weave {
    text: Vec<u8>,
    /// Where each byte's source begins, and at last where the source of the last byte ends.
    table: Vec<u64>,
    /// Where the source of the last byte ends.
    end: u64,
    /// Places in the text before which the input was left out, and where the source of the byte before ends.
    gaps: Vec<(usize, u64)>,
}

/// A stretch of the input and what stands there afterwards.
pub(super) type Patch<'e> = (Range<u64>, &'e str);

impl Weave {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.table.clear();
        self.gaps.clear();
    }

    /// Bytes that stand in the input as they are, from `source` on.
    pub(super) fn copy(&mut self, bytes: &[u8], source: u64) {
        if bytes.is_empty() {
            return;
        }
        self.open(source);
        self.text.extend_from_slice(bytes);
        self.table.extend(source..source + bytes.len() as u64);
        self.end = source + bytes.len() as u64;
    }

    /// Bytes that `source` of the input stands for, as a whole.
    pub(super) fn decode(&mut self, bytes: &[u8], source: Range<u64>) {
        if bytes.is_empty() {
            return;
        }
        self.open(source.start);
        self.text.extend_from_slice(bytes);
        self.table.extend(std::iter::repeat_n(source.start, bytes.len()));
        self.end = source.end;
    }

    fn open(&mut self, source: u64) {
        if !self.text.is_empty() && self.end != source {
            self.gaps.push((self.text.len(), self.end));
        }
    }

    /// Ends the text, before it is shown or patched.
    pub(super) fn close(&mut self) {
        self.table.truncate(self.text.len());
        self.table.push(self.end);
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn offsets(&self, line: u64) -> Offsets<'_> {
        Offsets::Table { table: &self.table, line }
    }

    /// The patches of `edits`. An edit across a gap replaces its first stretch and empties the others; half an escape
    /// is never left standing.
    pub(super) fn patches<'e>(&self, edits: &'e [Edit]) -> Result<Vec<Patch<'e>>, Fault> {
        check(edits, self.text.len())?;
        let mut patches: Vec<Patch<'e>> = Vec::with_capacity(edits.len());
        for edit in edits {
            self.patch(edit, &mut patches);
        }
        Ok(patches)
    }

    fn patch<'e>(&self, edit: &'e Edit, patches: &mut Vec<Patch<'e>>) {
        let mut with = edit.with.as_str();
        let mut from = edit.range.start;
        let first = self.gaps.partition_point(|(at, _)| *at <= from);
        let inner = self.gaps[first..].iter().take_while(|(at, _)| *at < edit.range.end);
        for (at, end) in inner {
            push(patches, self.table[from]..*end, with);
            (from, with) = (*at, "");
        }
        push(patches, self.table[from]..self.end_of(edit.range.end, from), with);
    }

    /// Where the source of the byte before `end` ends.
    fn end_of(&self, mut end: usize, from: usize) -> u64 {
        if end <= from {
            return self.table[from];
        }
        if let Ok(gap) = self.gaps.binary_search_by_key(&end, |(at, _)| *at) {
            return self.gaps[gap].1;
        }
        let source = self.table[end - 1];
        while end + 1 < self.table.len() && self.table[end] == source {
            end += 1;
            if let Ok(gap) = self.gaps.binary_search_by_key(&end, |(at, _)| *at) {
                return self.gaps[gap].1;
            }
        }
        self.table[end]
    }
}

/// Two edits may meet in one escape: the second begins where the first ended.
fn push<'e>(patches: &mut Vec<Patch<'e>>, mut source: Range<u64>, with: &'e str) {
    if let Some((last, _)) = patches.last() {
        source.start = source.start.max(last.end);
        source.end = source.end.max(source.start);
    }
    patches.push((source, with));
}

/// The patches of a text that stands in the input as it is, from `start` on.
pub(super) fn straight(start: u64, length: usize, edits: &[Edit]) -> Result<Vec<Patch<'_>>, Fault> {
    check(edits, length)?;
    let source = |range: &Range<usize>| start + range.start as u64..start + range.end as u64;
    Ok(edits.iter().map(|edit| (source(&edit.range), edit.with.as_str())).collect())
}

/// The text after its edits.
pub(super) fn applied(text: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut after = Vec::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        after.extend_from_slice(&text[done..edit.range.start]);
        after.extend_from_slice(edit.with.as_bytes());
        done = edit.range.end;
    }
    after.extend_from_slice(&text[done..]);
    after
}

/// Edits are sorted, apart and within the text: else whoever decided is wrong.
pub(super) fn check(edits: &[Edit], length: usize) -> Result<(), Fault> {
    let mut done = 0;
    for edit in edits {
        if edit.range.start < done || edit.range.end < edit.range.start || edit.range.end > length {
            return Err(Fault::internal("edit-out-of-place", "An edit lies outside its text, or over another one"));
        }
        done = edit.range.end;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(range: Range<usize>, with: &str) -> Edit {
        Edit { range, with: with.to_owned() }
    }

    #[test]
    fn an_edit_over_a_gap_fills_the_first_stretch_and_empties_the_rest() {
        let mut weave = Weave::default();
        weave.copy(b"Jan", 3);
        weave.copy(b" Muster", 10);
        weave.close();
        assert_eq!(weave.patches(&[edit(0..10, "[P]")]).unwrap(), [(3..6, "[P]"), (10..17, "")]);
        assert_eq!(weave.patches(&[edit(0..3, "A"), edit(3..10, "B")]).unwrap(), [(3..6, "A"), (10..17, "B")]);
    }

    #[test]
    fn half_an_escape_is_never_left_standing() {
        let mut weave = Weave::default();
        weave.decode("é".as_bytes(), 0..6);
        weave.copy(b"x", 6);
        weave.close();
        assert_eq!(weave.patches(&[edit(0..1, "E")]).unwrap(), [(0..6, "E")]);
        assert_eq!(weave.patches(&[edit(0..1, "E"), edit(1..2, "F")]).unwrap(), [(0..6, "E"), (6..6, "F")]);
        assert_eq!(weave.patches(&[edit(2..3, "")]).unwrap(), [(6..7, "")]);
    }

    #[test]
    fn edits_that_overlap_are_our_bug() {
        assert!(check(&[edit(0..2, ""), edit(1..3, "")], 3).is_err());
        assert!(check(&[edit(0..4, "")], 3).is_err());
    }
}
