//! The revisions of a file (ISO 32000-1, 7.5.6): each ends with `%%EOF`, and each was once the whole file.

use std::collections::HashMap;

use crate::Limits;
use crate::read::{Broken, Entry, File, Lexer, View, is_space, tail};

/// One revision.
pub(crate) struct Revision {
    /// Where its bytes begin: where the one before ends.
    pub(crate) start: usize,
    /// After `%%EOF`.
    pub(crate) eof: usize,
    /// What the file said then.
    pub(crate) view: View,
}

/// The revisions, oldest first, and why the bytes after the last cannot be read, if there are such.
pub(crate) struct Revisions {
    pub(crate) all: Vec<Revision>,
    pub(crate) unread: Option<Broken>,
}

/// Reads the revisions of a file. Bytes at the end that are no revision do not make the others unreadable.
pub(crate) fn revisions(file: &File<'_>) -> Result<Revisions, Broken> {
    let whole = match file.view_to(file.bytes.len()) {
        Ok(view) => return Ok(Revisions { all: split(file, view)?, unread: None }),
        Err(broken) => broken,
    };
    let mut end = file.bytes.len();
    for _ in 0..Limits::ENDS_TRIED {
        let Some(at) = last(&file.bytes[..end], b"%%EOF") else { break };
        if at + 5 < file.bytes.len()
            && let Ok(view) = file.view_to(at + 5)
            && let Ok(all) = split(file, view)
        {
            return Ok(Revisions { all, unread: Some(whole) });
        }
        end = at;
    }
    Err(whole)
}

fn last(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).rposition(|window| window == word)
}

/// Where each revision of the newest view ends.
fn split(file: &File<'_>, newest: View) -> Result<Vec<Revision>, Broken> {
    let mut all: Vec<Revision> = Vec::new();
    let (mut reached, mut held) = (0, 0);
    for section in newest.sections.iter().rev() {
        reached = reached.max(section.end);
        let near = file.bytes.get(reached..newest.end.min(reached + 4096)).unwrap_or_default();
        let Some(eof) = near.windows(5).position(|window| window == b"%%EOF").map(|at| reached + at + 5) else {
            continue;
        };
        // The first section of a linearised file (ISO 32000-1, annex F) is no revision without the second.
        if !tail(&file.bytes[..eof]).is_ok_and(|(offset, _)| offset == section.offset) {
            continue;
        }
        let start = all.last().map_or(0, |revision| revision.eof);
        let view = file.view_to(eof)?;
        held += view.len();
        if held > Limits::ENTRIES_HELD {
            return Err(Broken("its revisions have too many objects".to_owned()));
        }
        all.push(Revision { start, eof, view });
    }
    let complete = all.last().is_some_and(|last| last.view.sections[0].offset == newest.sections[0].offset);
    if complete { Ok(all) } else { Err(Broken("its revisions do not follow one another".to_owned())) }
}

impl Revision {
    /// Whether `end` is where this revision ends, with or without the end of the line.
    pub(crate) fn ends_at(&self, file: &File<'_>, end: usize) -> bool {
        let rest = file.bytes.get(self.eof..end).unwrap_or(b"?");
        self.eof <= end && [&b""[..], b"\n", b"\r", b"\r\n"].contains(&rest)
    }

    /// Whether every byte belongs to an object that the cross-references list, to them, or to nothing visible.
    ///
    /// Readers that repair files find objects that no cross-reference lists.
    pub(crate) fn is_tidy(&self, file: &File<'_>) -> Result<(), Broken> {
        let mut objects = HashMap::new();
        let mut sections = HashMap::new();
        for section in self.view.sections.iter().filter(|section| section.offset >= self.start) {
            if section.hybrid.is_some() {
                return Err(Broken("readers of two generations see two documents".to_owned()));
            }
            sections.insert(section.offset, section.end);
            for (number, entry) in &section.entries {
                if let Entry::At { offset, generation } = entry {
                    objects.insert(*offset, (*number, *generation));
                }
            }
        }
        let mut at = self.start;
        loop {
            let mut lexer = Lexer::new(file.bytes, at);
            lexer.skip_space();
            at = lexer.at;
            if let Some(end) = sections.get(&at) {
                at = *end;
            } else if let Some(id) = objects.get(&at) {
                at = file.get(&self.view, *id)?.span.end;
            } else if lexer.take(b"startxref") {
                lexer.number();
                while lexer.peek().is_some_and(is_space) {
                    lexer.at += 1;
                }
                if lexer.at + 5 == self.eof {
                    return Ok(());
                }
                return Err(Broken(format!("a revision ends twice at byte {}", lexer.at)));
            } else {
                return Err(Broken(format!("what stands at byte {at} is in no cross-reference section")));
            }
            if at <= lexer.at.saturating_sub(1) || at > self.eof {
                return Err(Broken(format!("objects lie in one another at byte {at}")));
            }
        }
    }
}
