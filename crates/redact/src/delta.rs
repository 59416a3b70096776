//! The way back for documents: the original, told as parts of the output and what is not in it.
//!
//! An office document is a container whose untouched parts stay as they were; a PDF is written anew. Either way the original
//! is put together again byte for byte, which text formats do value by value ([`crate::restore`]).

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Parts shorter than this are not looked for.
const BLOCK: usize = 32;

/// How an original is put together.
#[derive(Clone, PartialEq, Eq)]
pub struct Delta {
    steps: Vec<Step>,
}

#[derive(Clone, PartialEq, Eq)]
enum Step {
    /// So many bytes of the output, from there.
    Copy { start: usize, size: usize },
    /// Bytes that are not in the output.
    Insert(Vec<u8>),
}

impl std::fmt::Debug for Delta {
    /// What is inserted is personal: only how many steps there are.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Delta({} steps)", self.steps.len())
    }
}

impl Delta {
    /// The way from `output` back to `original`.
    pub fn between(original: &[u8], output: &[u8]) -> Self {
        let blocks = Blocks::of(output);
        let (mut steps, mut pending, mut at) = (Vec::new(), 0, 0);
        let mut hash = Rolling::default();
        while at + BLOCK <= original.len() {
            let window = &original[at..at + BLOCK];
            let Some(found) = blocks.find(hash.of(original, at), window) else {
                at += 1;
                continue;
            };
            let back = common_end(&original[pending..at], &output[..found]);
            let size = back + BLOCK + common_start(&original[at + BLOCK..], &output[found + BLOCK..]);
            if at - back > pending {
                steps.push(Step::Insert(original[pending..at - back].to_vec()));
            }
            steps.push(Step::Copy { start: found - back, size });
            pending = at - back + size;
            at = pending;
        }
        if pending < original.len() {
            steps.push(Step::Insert(original[pending..].to_vec()));
        }
        Delta { steps }
    }

    /// The original, of so many bytes at most; `None` when this is not the output that the way leads back from.
    pub fn apply(&self, output: &[u8], bytes_max: u64) -> Option<Vec<u8>> {
        let size = |step: &Step| match step {
            Step::Copy { size, .. } => *size as u64,
            Step::Insert(bytes) => bytes.len() as u64,
        };
        let all = self.steps.iter().try_fold(0_u64, |all, step| all.checked_add(size(step)))?;
        let mut original = Vec::with_capacity(usize::try_from(all).ok().filter(|_| all <= bytes_max)?);
        for step in &self.steps {
            match step {
                Step::Copy { start, size } => {
                    original.extend_from_slice(output.get(*start..start.checked_add(*size)?)?)
                }
                Step::Insert(bytes) => original.extend_from_slice(bytes),
            }
        }
        Some(original)
    }

    /// As a JSON array: `[start, size]` of the output, or bytes in base 64.
    pub fn to_json(&self) -> Value {
        let step = |step: &Step| match step {
            Step::Copy { start, size } => json!([start, size]),
            Step::Insert(bytes) => STANDARD.encode(bytes).into(),
        };
        self.steps.iter().map(step).collect()
    }

    /// What [`Delta::to_json`] wrote; `None` when it is something else.
    pub fn from_json(steps: &Value) -> Option<Self> {
        let number = |value: &Value| usize::try_from(value.as_u64()?).ok();
        let step = |step: &Value| match step {
            Value::String(text) => Some(Step::Insert(STANDARD.decode(text).ok()?)),
            Value::Array(copy) => match copy.as_slice() {
                [start, size] => Some(Step::Copy { start: number(start)?, size: number(size)? }),
                _ => None,
            },
            _ => None,
        };
        Some(Delta { steps: steps.as_array()?.iter().map(step).collect::<Option<_>>()? })
    }
}

fn common_start(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

fn common_end(a: &[u8], b: &[u8]) -> usize {
    a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count()
}

/// Where the blocks of an output lie, by their hash; of blocks that are alike the first.
struct Blocks<'o> {
    output: &'o [u8],
    at: HashMap<u64, usize>,
    /// One bit per hash: turns away nearly every window of the original.
    filter: Vec<u64>,
}

impl<'o> Blocks<'o> {
    fn of(output: &'o [u8]) -> Self {
        let count = output.len() / BLOCK;
        let words = (count / 4).next_power_of_two();
        let mut blocks = Blocks { output, at: HashMap::with_capacity(count), filter: vec![0; words] };
        for (index, block) in output.chunks_exact(BLOCK).enumerate() {
            let hash = block.iter().fold(0, |hash, byte| roll_in(hash, *byte));
            blocks.at.entry(hash).or_insert(index * BLOCK);
            let (word, bit) = blocks.bit(hash);
            blocks.filter[word] |= bit;
        }
        blocks
    }

    fn bit(&self, hash: u64) -> (usize, u64) {
        let mixed = hash.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        ((mixed >> 20) as usize & (self.filter.len() - 1), 1 << (mixed >> 58))
    }

    fn find(&self, hash: u64, window: &[u8]) -> Option<usize> {
        let (word, bit) = self.bit(hash);
        if self.filter[word] & bit == 0 {
            return None;
        }
        self.at.get(&hash).copied().filter(|at| &self.output[*at..*at + BLOCK] == window)
    }
}

/// The hash of a window that moves on byte by byte.
#[derive(Default)]
struct Rolling {
    /// Where the window is, and its hash.
    last: Option<(usize, u64)>,
}

const PRIME: u64 = 0x0100_0000_01B3;

fn roll_in(hash: u64, byte: u8) -> u64 {
    hash.wrapping_mul(PRIME).wrapping_add(u64::from(byte) + 1)
}

impl Rolling {
    fn of(&mut self, text: &[u8], at: usize) -> u64 {
        const LEAVING: u64 = {
            let (mut power, mut left) = (1_u64, BLOCK);
            while left > 0 {
                power = power.wrapping_mul(PRIME);
                left -= 1;
            }
            power
        };
        let hash = match self.last {
            Some((before, hash)) if before + 1 == at => {
                let gone = (u64::from(text[before]) + 1).wrapping_mul(LEAVING);
                roll_in(hash, text[at + BLOCK - 1]).wrapping_sub(gone)
            }
            _ => text[at..at + BLOCK].iter().fold(0, |hash, byte| roll_in(hash, *byte)),
        };
        self.last = Some((at, hash));
        hash
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(original: &[u8], output: &[u8], steps: usize) {
        let delta = Delta::between(original, output);
        assert_eq!(delta.apply(output, 1 << 20).as_deref(), Some(original));
        assert_eq!(delta.steps.len(), steps, "{delta:?}");
        assert_eq!(Delta::from_json(&delta.to_json()), Some(delta));
    }

    /// Bytes that no two places have in common.
    fn noise(size: usize, seed: u64) -> Vec<u8> {
        let next = |state: &mut u64| {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            Some((*state >> 56) as u8)
        };
        (0..size).scan(seed, |state, _| next(state)).collect()
    }

    /// What stayed is told by where it lies, and only what changed is held.
    #[test]
    fn what_stayed_is_not_held() {
        let (a, b, c) = (noise(5000, 1), noise(300, 2), noise(7000, 3));
        check(&[&a[..], &b, &c].concat(), &[&a[..], b"[PERSON-1]", &c].concat(), 3);
        check(&[&c[..], &a].concat(), &[&a[..], &c].concat(), 2);
        check(&a, &a, 1);
        check(&a, b"", 1);
        check(b"", &a, 0);
        check(b"short", b"short", 1);
        check(&[0; 4096], &[0; 128], 32);
    }

    /// Another output, or another document, does not lead anywhere wrong without being told by the digest.
    #[test]
    fn a_short_output_is_refused() {
        let a = noise(5000, 1);
        assert_eq!(Delta::between(&a, &a).apply(&a[..4000], 1 << 20), None);
        assert_eq!(Delta::between(&a, &a).apply(&a, 4999), None);
        for wrong in [json!({}), json!([[1]]), json!([["a", 1]]), json!(["*"]), json!([1])] {
            assert_eq!(Delta::from_json(&wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn the_original_comes_back(a in proptest::collection::vec(0..3_u8, 0..400), b in proptest::collection::vec(0..3_u8, 0..400)) {
            prop_assert_eq!(Delta::between(&a, &b).apply(&b, 1 << 20), Some(a.clone()));
            let joined = [&b[..], &a, &b].concat();
            prop_assert_eq!(Delta::between(&joined, &b).apply(&b, 1 << 20), Some(joined));
        }
    }
}
