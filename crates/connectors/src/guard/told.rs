//! What was told before a question broke off: it is not told again when the question is repeated.

use std::collections::{HashMap, HashSet};

use model::Digest;
use privacy::row::{Key, digest};
use privacy::store::Hit;

/// More rows than this are not kept in mind: a question that breaks off after them is not repeated.
const ROWS_MOST: u64 = 200_000;

/// Rows by the digest of their key, with how often each came: rows without a key can be equal.
#[derive(Default)]
pub(super) struct ToldRows {
    count: u64,
    before: HashMap<Digest, u32>,
    now: HashMap<Digest, u32>,
}

impl ToldRows {
    /// The question is asked again.
    pub(super) fn again(&mut self) {
        for (key, times) in self.now.drain() {
            let before = self.before.entry(key).or_default();
            *before = times.max(*before);
        }
    }

    /// Whether the row was not told by an earlier attempt.
    pub(super) fn is_new(&mut self, key: &Key) -> bool {
        self.count += 1;
        if self.count > ROWS_MOST {
            return true;
        }
        let key = digest(&key.0);
        let now = self.now.entry(key).or_default();
        *now += 1;
        *now > self.before.get(&key).copied().unwrap_or_default()
    }

    /// Whether everything told is kept in mind.
    pub(super) fn is_whole(&self) -> bool {
        self.count <= ROWS_MOST
    }
}

/// Hits of a residual scan.
#[derive(Default)]
pub(super) struct ToldHits(HashSet<(String, Option<String>, Digest, usize)>);

impl ToldHits {
    pub(super) fn is_new(&mut self, hit: &Hit) -> bool {
        self.0.insert((hit.collection.clone(), hit.field.clone(), digest(&hit.key.0), hit.needle))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_comes_as_often_as_it_stands_however_often_the_question_broke_off() {
        let key = |text: &str| Key(vec![Some(text.to_owned())]);
        let attempts: [&[&str]; 4] = [&["a", "b"], &["b", "a", "b"], &[], &["a", "b", "b", "c", "a"]];
        let mut told = ToldRows::default();
        let mut came = Vec::new();
        for attempt in attempts {
            told.again();
            came.extend(attempt.iter().filter(|text| told.is_new(&key(text))).copied());
        }
        came.sort_unstable();
        assert_eq!(came, ["a", "a", "b", "b", "c"]);
    }
}
