//! Room to work in that is used again: what an automaton has built for one input serves the next.

use std::ops::{Deref, DerefMut};

use super::block::Block;
use super::{Scanner, Scratch};

/// So much is kept while nobody works in it: one for whoever takes out, one for whoever audits.
const IDLE_MAX: usize = 2;

/// Room to work in, until it is dropped.
#[derive(Debug)]
pub(crate) struct Lent<'a> {
    scanner: &'a Scanner,
    /// There, until it is given back.
    scratch: Option<Scratch>,
}

impl Scanner {
    /// Room to work in, which remembers no text. To make it new and to build anew what the first thousand lines need
    /// takes longer than most files.
    pub(crate) fn lend(&self) -> Lent<'_> {
        let idle = self.idle.lock().ok().and_then(|mut idle| idle.pop());
        Lent { scanner: self, scratch: Some(idle.unwrap_or_else(|| self.scratch())) }
    }
}

impl Deref for Lent<'_> {
    type Target = Scratch;

    fn deref(&self) -> &Scratch {
        self.scratch.as_ref().expect("it is given back at the end only")
    }
}

impl DerefMut for Lent<'_> {
    fn deref_mut(&mut self) -> &mut Scratch {
        self.scratch.as_mut().expect("it is given back at the end only")
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let (Some(mut scratch), Ok(mut idle)) = (self.scratch.take(), self.scanner.idle.lock())
            && idle.len() < IDLE_MAX
        {
            scratch.forget_text();
            idle.push(scratch);
        }
    }
}

impl Scratch {
    /// What was found, and where, is forgotten; what the automata are like is not.
    fn forget_text(&mut self) {
        self.found = Vec::new();
        self.matches = Vec::new();
        self.places = Vec::new();
        self.foreseen = None;
        self.block = Block::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Detector;
    use crate::scan::NO_NAMES;

    /// What is given back is lent again, and knows nothing of the text that was worked on.
    #[test]
    fn room_is_lent_again() {
        let scanner = Scanner::unproven(Detector::built_in().unwrap()).unwrap();
        let text = b"mail jan@example.org";
        let mut lent = scanner.lend();
        assert_eq!(scanner.scan_block(&mut lent, text, Some(0), 1).len(), 1);
        assert!(scanner.within_block(&mut lent, 5, &text[5..], NO_NAMES).is_some());
        drop(lent);
        assert_eq!(scanner.idle.lock().unwrap().len(), 1);
        let mut lent = scanner.lend();
        assert!(scanner.idle.lock().unwrap().is_empty());
        assert!(scanner.within_block(&mut lent, 5, &text[5..], NO_NAMES).is_none());
        let others: Vec<_> = (0..IDLE_MAX + 1).map(|_| scanner.lend()).collect();
        drop(others);
        drop(lent);
        assert_eq!(scanner.idle.lock().unwrap().len(), IDLE_MAX);
    }
}
