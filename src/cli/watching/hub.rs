//! The lines of the register for whoever follows them: everybody has a place of his own in it, and nobody is waited for.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alerts::Register;
use serde_json::Value;

use crate::cli::chained;

/// Lines that are held; whoever is further behind is read to from the file.
const HELD: usize = 1_000;
/// Lines that are handed out at once.
const BATCH: usize = 1_000;

/// A line of the register, ready to be said.
#[derive(Debug)]
pub(super) struct News {
    /// The number of the line.
    pub(super) id: u64,
    /// What happened, in a word.
    pub(super) word: &'static str,
    /// `alert-event/1`.
    pub(super) document: Value,
}

/// What is known of the register.
pub(super) struct Hub {
    path: PathBuf,
    inside: Mutex<Inside>,
    changed: Condvar,
}

struct Inside {
    last: u64,
    held: VecDeque<Arc<News>>,
    has_ended: bool,
}

/// What there is for somebody.
pub(super) enum Next {
    /// These lines follow.
    Lines(Vec<Arc<News>>),
    /// Nothing, yet.
    Quiet,
    /// Nothing, and nothing will come.
    Ended,
}

impl Hub {
    /// Of the register at `path`, of which `last` lines are known.
    pub(super) fn new(path: PathBuf, last: u64) -> Self {
        let inside = Inside { last, held: VecDeque::new(), has_ended: false };
        Hub { path, inside: Mutex::new(inside), changed: Condvar::new() }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the last line.
    pub(super) fn last(&self) -> u64 {
        self.inside().last
    }

    /// Takes what is new.
    pub(super) fn take(&self, register: &Register) {
        let mut inside = self.inside();
        for (id, event, document) in register.events(inside.last) {
            inside.last = id;
            inside.held.push_back(Arc::new(News { id, word: event.word(), document }));
            if inside.held.len() > HELD {
                inside.held.pop_front();
            }
        }
        self.changed.notify_all();
    }

    /// Nothing more will come.
    pub(super) fn end(&self) {
        self.inside().has_ended = true;
        self.changed.notify_all();
    }

    /// What follows line `after`; waits for so long where there is nothing.
    pub(super) fn next(&self, after: u64, wait: Duration) -> Next {
        let inside = self.inside();
        let is_quiet = |inside: &mut Inside| inside.last <= after && !inside.has_ended;
        let waited = self.changed.wait_timeout_while(inside, wait, is_quiet);
        let (inside, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if inside.last <= after {
            return if inside.has_ended { Next::Ended } else { Next::Quiet };
        }
        let first = inside.held.front().map_or(u64::MAX, |news| news.id);
        if first <= after + 1 {
            return Next::Lines(inside.held.iter().filter(|news| news.id > after).take(BATCH).cloned().collect());
        }
        let known = inside.last;
        drop(inside);
        // What is not whole yet is not known either: it comes with the next look.
        let read = chained::read(&self.path).and_then(|bytes| Register::read(&bytes));
        let Ok((register, _)) = read else { return Next::Quiet };
        let lines = register.events(after).take_while(|(id, ..)| *id <= known).take(BATCH);
        Next::Lines(lines.map(|(id, event, document)| Arc::new(News { id, word: event.word(), document })).collect())
    }
}
