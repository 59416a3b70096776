//! Patterns that are run at once, anchored where a match can begin.

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson;
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::Hir;

/// The transitions that an automaton may remember, in bytes. It forgets all and begins anew above it.
const CACHE_BYTES: usize = 16 << 20;

/// Patterns that are run at once.
#[derive(Debug)]
pub(super) struct Automaton {
    /// Which detector each pattern belongs to.
    owners: Vec<usize>,
    dfa: DFA,
}

/// What an automaton has built so far.
#[derive(Debug)]
pub(super) struct Built {
    cache: Cache,
    start: LazyStateID,
    clears: usize,
}

/// Where an automaton stands after the first bytes of a match: at its start, when they have to be read again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Entry(LazyStateID);

impl Entry {
    /// Whether a pattern goes on here.
    #[inline]
    pub(super) fn is_alive(self) -> bool {
        !self.0.is_dead()
    }
}

/// So many first bytes lead to an [`Entry`].
pub(super) const PREFIX: usize = 4;

/// And so many to one further on.
pub(super) const LONG_PREFIX: usize = 8;

impl Automaton {
    /// Each pattern with the detector it belongs to.
    pub(super) fn new(patterns: Vec<(usize, Hir)>) -> Result<Self, String> {
        let (owners, patterns): (Vec<usize>, Vec<Hir>) = patterns.into_iter().unzip();
        let config = thompson::Config::new().utf8(false).shrink(false);
        let states = thompson::Compiler::new()
            .configure(config)
            .build_many_from_hir(&patterns)
            .map_err(|error| error.to_string())?;
        let config = DFA::config().match_kind(MatchKind::All).cache_capacity(CACHE_BYTES);
        let dfa = DFA::builder().configure(config.skip_cache_capacity_check(true)).build_from_nfa(states);
        Ok(Automaton { owners, dfa: dfa.map_err(|error| error.to_string())? })
    }

    pub(super) fn build(&self) -> Built {
        let mut cache = self.dfa.create_cache();
        let start = self.start(&mut cache);
        Built { clears: cache.clear_count(), cache, start }
    }

    /// There is no look-around, so that the start depends on nothing.
    fn start(&self, cache: &mut Cache) -> LazyStateID {
        let input = Input::new(b"").anchored(Anchored::Yes);
        self.dfa.start_state_forward(cache, &input).unwrap_or_else(|error| unreachable!("{error}"))
    }

    /// The bytes that a match can begin with.
    pub(super) fn begins(&self) -> [bool; 256] {
        let mut built = self.build();
        std::array::from_fn(|byte| {
            self.dfa.next_state(&mut built.cache, built.start, byte as u8).is_ok_and(|next| !next.is_dead())
        })
    }

    /// Where the automaton stands after `prefix`.
    pub(super) fn enter(&self, built: &mut Built, prefix: &[u8]) -> Entry {
        let mut state = built.start;
        for &byte in prefix {
            match self.dfa.next_state(&mut built.cache, state, byte) {
                Ok(next) if next.is_dead() => return Entry(next),
                Ok(next) if !next.is_match() && !next.is_quit() => state = next,
                // A match within the prefix: to be met again by the run.
                _ => return Entry(built.start),
            }
        }
        Entry(state)
    }

    /// Puts into `ends` which detectors match from `at`, and how far: by detector, the longest first.
    pub(super) fn run(&self, built: &mut Built, ends: &mut Vec<(usize, usize)>, text: &[u8], at: usize) {
        let entry = Entry(built.start);
        self.run_from(built, entry, 0, ends, text, at);
    }

    /// The same, when the bytes up to `passed` are known to lead to `entry`.
    pub(super) fn run_from(
        &self,
        built: &mut Built,
        entry: Entry,
        passed: usize,
        ends: &mut Vec<(usize, usize)>,
        text: &[u8],
        at: usize,
    ) {
        ends.clear();
        let (mut state, mut end) = (entry.0, if entry.0 == built.start { at } else { at + passed });
        for byte in &text[end..] {
            let Ok(next) = self.dfa.next_state(&mut built.cache, state, *byte) else { break };
            state = next;
            if state.is_tagged() {
                if state.is_dead() || state.is_quit() {
                    break;
                }
                if state.is_match() {
                    self.note_ends(&built.cache, state, end, ends);
                }
            }
            end += 1;
        }
        if end == text.len()
            && let Ok(last) = self.dfa.next_eoi_state(&mut built.cache, state)
            && last.is_match()
        {
            self.note_ends(&built.cache, last, end, ends);
        }
        if ends.len() > 1 {
            ends.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
        }
    }

    fn note_ends(&self, cache: &Cache, state: LazyStateID, end: usize, ends: &mut Vec<(usize, usize)>) {
        for i in 0..self.dfa.match_len(cache, state) {
            ends.push((self.owners[self.dfa.match_pattern(cache, state, i).as_usize()], end));
        }
    }

    /// Whether everything was forgotten since the last call, and with it what every [`Entry`] means.
    #[inline]
    pub(super) fn has_forgotten(&self, built: &mut Built) -> bool {
        let clears = built.cache.clear_count();
        if built.clears == clears {
            return false;
        }
        built.clears = clears;
        built.start = self.start(&mut built.cache);
        true
    }
}
