//! The text of a paragraph, run by run, and the ways in which it can be read.

use std::ops::Range;

use super::super::joined::Joined;

/// Who sees a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) deleted: bool,
    pub(super) inserted: bool,
    pub(super) hidden: bool,
}

/// Runs in their order.
pub(super) struct Paragraph {
    pub(super) path: String,
    pub(super) is_prose: bool,
    /// Elements that lose their outer blanks: where an attribute would stand, and their content.
    pub(super) trimmed: Vec<(usize, Range<usize>)>,
    runs: Vec<(Flags, Joined)>,
    fields: Vec<Joined>,
}

impl Paragraph {
    pub(super) fn new(path: String, is_prose: bool) -> Self {
        Paragraph { path, is_prose, trimmed: Vec::new(), runs: Vec::new(), fields: Vec::new() }
    }

    /// The text that runs of `flags` add to.
    pub(super) fn at(&mut self, flags: Flags) -> &mut Joined {
        if self.runs.last().is_none_or(|(last, _)| *last != flags) {
            self.runs.push((flags, Joined::default()));
        }
        // A run was pushed just now if there was none.
        let last = self.runs.len() - 1;
        &mut self.runs[last].1
    }

    /// A field begins, turns to its result, or ends.
    pub(super) fn next_field(&mut self) {
        if self.fields.last().is_some_and(|field| !field.is_blank()) {
            self.fields.push(Joined::default());
        }
    }

    /// The code of the current field.
    pub(super) fn field(&mut self) -> &mut Joined {
        if self.fields.is_empty() {
            self.fields.push(Joined::default());
        }
        let last = self.fields.len() - 1;
        &mut self.fields[last]
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &Joined> {
        self.fields.iter()
    }

    /// The text as it is now; as it was before tracked changes, with deletions and without insertions; and without what
    /// is hidden. A value that only one of them shows must be found there.
    pub(super) fn readings(&self) -> impl Iterator<Item = (&'static str, Joined)> {
        let changed = self.runs.iter().any(|(flags, _)| flags.deleted || flags.inserted);
        let hidden = self.runs.iter().any(|(flags, _)| flags.hidden);
        let now = ("", self.reading(|flags| !flags.deleted));
        let before = changed.then(|| ("/before", self.reading(|flags| !flags.inserted)));
        let both = changed.then(|| ("/both", self.reading(|_| true)));
        let shown = hidden.then(|| ("/shown", self.reading(|flags| !flags.deleted && !flags.hidden)));
        [Some(now), before, both, shown].into_iter().flatten()
    }

    fn reading(&self, keep: impl Fn(Flags) -> bool) -> Joined {
        let mut joined = Joined::default();
        self.runs.iter().filter(|(flags, _)| keep(*flags)).for_each(|(_, run)| joined.extend(run));
        joined
    }
}
