//! The network: from a token's features to what the parser decides by.
//!
//! Hash embedding, a mixing maxout, four residual convolutions over a token and its two neighbours, and the lower
//! layer of the parser, which is summed per state. Tokens are worked on in strips; a strip reads [`REACH`] tokens to
//! either side, which is as far as the four convolutions see, so that its results are those of the whole text.

use std::collections::HashMap;

use model::Fault;

use super::container::Container;
use super::dense::{Dense, normalise};
use super::hash::murmur3;

/// Width of a token's vector.
const WIDTH: usize = 96;
/// Values per piece and piece count of a maxout before its maximum is taken.
const PIECES: usize = 3 * WIDTH;
/// How far the convolutions see; the text also has so many empty rows before and after it.
pub(super) const REACH: usize = 4;
/// Rows of the embedding tables, and seeds of their hashes.
const TABLES: [(&[u8; 4], usize, u32); 4] =
    [(b"EMB0", 5000, 8), (b"EMB1", 1000, 9), (b"EMB2", 2500, 10), (b"EMB3", 2500, 11)];
/// Hidden values of the parser, and of its two pieces.
const HIDDEN: usize = 64;
pub(super) const STATE: usize = 2 * HIDDEN;
/// What a token adds to the parser's state as its next token, the first of its entity, and the one before.
pub(super) const ROLES: usize = 3;
/// Words that are remembered at most: about 16 MB.
const WORDS_MAX: usize = 4096;
/// A word's vector, then what it gives to its right neighbour, to itself and to its left neighbour in the first
/// convolution.
const WORD: usize = WIDTH + 3 * PIECES;

struct Norm {
    gain: [f32; WIDTH],
    shift: [f32; WIDTH],
}

struct Convolution {
    product: Dense,
    norm: Norm,
}

/// The weights, unpacked and laid out for use.
pub(super) struct Network {
    tables: Vec<Vec<f32>>,
    mix: Dense,
    mix_norm: Norm,
    /// The first convolution, as three products of one word each.
    first: Dense,
    first_bias: Vec<f32>,
    first_norm: Norm,
    others: Vec<Convolution>,
    lower: Dense,
    /// What a missing token adds, by role; the bias is in the first.
    pub(super) absent: [[f32; STATE]; ROLES],
    upper: Dense,
    /// `upper[move]`, for the few moves inside an entity.
    upper_rows: Vec<[f32; HIDDEN]>,
    upper_bias: Vec<f32>,
}

/// What the network keeps from text to text, and the room that it works in.
#[derive(Default)]
pub(super) struct Scratch {
    words: HashMap<(u64, u16), usize>,
    vectors: Vec<f32>,
    fresh: Vec<[u64; 4]>,
    embedded: Vec<f32>,
    mixed: Vec<f32>,
    first: Vec<f32>,
    rows: Vec<f32>,
    change: Vec<f32>,
    pub(super) roles: Vec<f32>,
}

fn fixed<const N: usize>(values: &[f32]) -> [f32; N] {
    std::array::from_fn(|at| values[at])
}

impl Norm {
    fn read(cursor: &mut super::container::Cursor<'_>) -> Result<Self, Fault> {
        Ok(Norm { gain: fixed(&cursor.weights(WIDTH)?), shift: fixed(&cursor.weights(WIDTH)?) })
    }
}

impl Network {
    pub(super) fn read(container: &Container) -> Result<Self, Fault> {
        let tables = TABLES.iter().map(|(tag, rows, _)| container.section(tag)?.weights(rows * WIDTH));
        let tables = tables.collect::<Result<Vec<_>, Fault>>()?;
        let mut cursor = container.section(b"MIXW")?;
        let mix = Dense::maxout(4 * WIDTH, &cursor.weights(PIECES * 4 * WIDTH)?, &cursor.weights(PIECES)?);
        let mix_norm = Norm::read(&mut cursor)?;
        let mut cursor = container.section(b"ENC0")?;
        let (first, first_bias) = first(&cursor.weights(PIECES * 3 * WIDTH)?, &cursor.weights(PIECES)?);
        let first_norm = Norm::read(&mut cursor)?;
        let others = [b"ENC1", b"ENC2", b"ENC3"].into_iter().map(|tag| {
            let mut cursor = container.section(tag)?;
            let product = Dense::maxout(3 * WIDTH, &cursor.weights(PIECES * 3 * WIDTH)?, &cursor.weights(PIECES)?);
            Ok(Convolution { product, norm: Norm::read(&mut cursor)? })
        });
        let others = others.collect::<Result<Vec<_>, Fault>>()?;
        let (lower, absent) = lower(container)?;
        let mut cursor = container.section(b"UPPR")?;
        let rows = cursor.weights(super::moves::COUNT * HIDDEN)?;
        let bias = cursor.weights(super::moves::COUNT)?;
        let upper = upper(&rows, &bias);
        let upper_rows = rows.as_chunks().0.to_vec();
        Ok(Network {
            tables,
            mix,
            mix_norm,
            first,
            first_bias,
            first_norm,
            others,
            lower,
            absent,
            upper,
            upper_rows,
            upper_bias: bias,
        })
    }

    /// Makes room for a strip of `count` tokens at most.
    pub(super) fn forget_some(&self, scratch: &mut Scratch, count: usize) {
        if scratch.words.len() + count > WORDS_MAX {
            scratch.words.clear();
            scratch.vectors.clear();
        }
    }

    /// The number under which the word `key` is remembered; `features` is asked when it is new.
    pub(super) fn word(&self, scratch: &mut Scratch, key: (u64, u16), features: impl FnOnce() -> [u64; 4]) -> usize {
        let next = scratch.words.len();
        *scratch.words.entry(key).or_insert_with(|| {
            scratch.fresh.push(features());
            next
        })
    }

    /// Computes the words that are new since the last call.
    pub(super) fn learn(&self, scratch: &mut Scratch) {
        let count = scratch.fresh.len();
        scratch.embedded.clear();
        for ids in scratch.fresh.drain(..) {
            for ((table, id), (_, rows, seed)) in self.tables.iter().zip(ids).zip(TABLES) {
                let picked = murmur3(id, seed).map(|hash| &table[hash as usize % rows * WIDTH..][..WIDTH]);
                scratch.embedded.extend((0..WIDTH).map(|at| picked.iter().map(|row| row[at]).sum::<f32>()));
            }
        }
        scratch.mixed.resize(count * WIDTH, 0.0);
        self.mix.apply(&scratch.embedded, 4 * WIDTH, count, &mut scratch.mixed);
        for row in scratch.mixed.as_chunks_mut().0 {
            normalise(row, &self.mix_norm.gain, &self.mix_norm.shift);
        }
        scratch.first.resize(count * 3 * PIECES, 0.0);
        self.first.apply(&scratch.mixed, WIDTH, count, &mut scratch.first);
        for (vector, parts) in scratch.mixed.chunks_exact(WIDTH).zip(scratch.first.chunks_exact(3 * PIECES)) {
            scratch.vectors.extend_from_slice(vector);
            scratch.vectors.extend_from_slice(parts);
        }
    }

    /// Computes what the middle of a strip adds to the parser's state, into `scratch.roles`: for each token its
    /// [`ROLES`] of [`STATE`]. `words` are the strip's tokens and [`REACH`] more on either side, `None` where the text
    /// has ended.
    pub(super) fn strip(&self, scratch: &mut Scratch, words: &[Option<usize>]) {
        let count = words.len();
        // A row of zeros before and after, which the convolutions read and never write.
        scratch.rows.clear();
        scratch.rows.resize((count + 2) * WIDTH, 0.0);
        self.convolve_words(scratch, words);
        for (layer, convolution) in self.others.iter().enumerate() {
            // Each convolution needs one row less on either side than the one before it.
            let from = layer + 2;
            let rows = count - 2 * from;
            scratch.change.resize(rows * WIDTH, 0.0);
            convolution.product.apply(&scratch.rows[from * WIDTH..], WIDTH, rows, &mut scratch.change);
            let target = &mut scratch.rows[(from + 1) * WIDTH..][..rows * WIDTH];
            add_normalised(target, &mut scratch.change, &convolution.norm);
        }
        let tokens = count - 2 * REACH;
        scratch.roles.resize(tokens * ROLES * STATE, 0.0);
        self.lower.apply(&scratch.rows[(REACH + 1) * WIDTH..], WIDTH, tokens, &mut scratch.roles);
    }

    /// The first convolution, from what each word is remembered to give.
    fn convolve_words(&self, scratch: &mut Scratch, words: &[Option<usize>]) {
        let count = words.len();
        scratch.change.resize(count * WIDTH, 0.0);
        let part = |word: Option<usize>, which: usize| {
            word.map(|word| &scratch.vectors[word * WORD + WIDTH + which * PIECES..][..PIECES])
        };
        for (at, word) in words.iter().enumerate() {
            if let Some(word) = word {
                let vector = &scratch.vectors[word * WORD..][..WIDTH];
                scratch.rows[(at + 1) * WIDTH..][..WIDTH].copy_from_slice(vector);
            }
            let mut pieces: [f32; PIECES] = fixed(&self.first_bias);
            let left = at.checked_sub(1).and_then(|at| words[at]);
            let right = words.get(at + 1).copied().flatten();
            for part in [part(left, 0), part(*word, 1), part(right, 2)].into_iter().flatten() {
                pieces.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
            }
            let target = &mut scratch.change[at * WIDTH..][..WIDTH];
            for (o, x) in target.iter_mut().enumerate() {
                *x = pieces[o].max(pieces[WIDTH + o]).max(pieces[2 * WIDTH + o]);
            }
        }
        let range = WIDTH..(count - 1) * WIDTH;
        let change = &mut scratch.change[range];
        add_normalised(&mut scratch.rows[2 * WIDTH..count * WIDTH], change, &self.first_norm);
    }

    /// Scores of the moves that a state outside of an entity may make, 48 apart, for each of `states`.
    pub(super) fn score_outside(&self, states: &[f32], scores: &mut Vec<f32>) {
        let rows = states.len() / HIDDEN;
        scores.resize(rows * super::moves::OUTSIDE_ROOM, 0.0);
        self.upper.apply(states, HIDDEN, rows, scores);
    }

    /// Score of one move.
    pub(super) fn score(&self, state: &[f32; HIDDEN], number: usize) -> f32 {
        let mut sum = self.upper_bias[number];
        for (x, weight) in state.iter().zip(&self.upper_rows[number]) {
            sum += x * weight;
        }
        sum
    }
}

/// The larger of the two pieces of a state.
pub(super) fn hidden(sum: &[f32; STATE]) -> [f32; HIDDEN] {
    std::array::from_fn(|o| sum[o].max(sum[HIDDEN + o]))
}

fn add_normalised(rows: &mut [f32], change: &mut [f32], norm: &Norm) {
    for (row, change) in rows.as_chunks_mut::<WIDTH>().0.iter_mut().zip(change.as_chunks_mut().0) {
        normalise(change, &norm.gain, &norm.shift);
        row.iter_mut().zip(change).for_each(|(x, change)| *x += *change);
    }
}

/// The first convolution taken apart: outputs by neighbour (left, itself, right), piece, value.
fn first(weights: &[f32], bias: &[f32]) -> (Dense, Vec<f32>) {
    let mut parts = Vec::with_capacity(weights.len());
    for neighbour in 0..3 {
        for piece in 0..3 {
            for output in 0..WIDTH {
                let row = &weights[(output * 3 + piece) * 3 * WIDTH..][..3 * WIDTH];
                parts.extend_from_slice(&row[neighbour * WIDTH..][..WIDTH]);
            }
        }
    }
    let by_piece = (0..PIECES).map(|at| bias[at % WIDTH * 3 + at / WIDTH]).collect();
    (Dense::linear(WIDTH, &parts, &[0.0; 3 * PIECES]), by_piece)
}

/// The linear layer and the parser's lower layer in one: outputs by role, piece, value.
fn lower(container: &Container) -> Result<(Dense, [[f32; STATE]; ROLES]), Fault> {
    let mut cursor = container.section(b"LINE")?;
    let (linear, linear_bias) = (cursor.weights(HIDDEN * WIDTH)?, cursor.weights(HIDDEN)?);
    let mut cursor = container.section(b"LOWR")?;
    let weights = cursor.weights(ROLES * STATE * HIDDEN)?;
    let (bias, pad) = (cursor.weights(STATE)?, cursor.weights(ROLES * STATE)?);
    let mut absent = [[0.0; STATE]; ROLES];
    let mut joined = vec![0.0; ROLES * STATE * WIDTH];
    let mut joined_bias = vec![0.0; ROLES * STATE];
    for (at, sum) in joined_bias.iter_mut().enumerate() {
        let (role, piece, output) = (at / STATE, at % STATE / HIDDEN, at % HIDDEN);
        let from = output * 2 + piece;
        absent[role][at % STATE] = pad[role * STATE + from];
        let target = &mut joined[at * WIDTH..][..WIDTH];
        for (h, weight) in weights[(role * STATE + from) * HIDDEN..][..HIDDEN].iter().enumerate() {
            *sum += weight * linear_bias[h];
            target.iter_mut().zip(&linear[h * WIDTH..]).for_each(|(x, value)| *x += weight * value);
        }
        // Every state has exactly one next token: the bias rides on it.
        if role == 0 {
            *sum += bias[from];
        }
    }
    Ok((Dense::linear(WIDTH, &joined, &joined_bias), absent))
}

/// The moves that begin or make an entity, or none, from the upper layer.
fn upper(rows: &[f32], bias: &[f32]) -> Dense {
    let mut weights = vec![0.0; super::moves::OUTSIDE_ROOM * HIDDEN];
    let mut offsets = vec![f32::MIN; super::moves::OUTSIDE_ROOM];
    for (at, number) in super::moves::outside().enumerate() {
        weights[at * HIDDEN..][..HIDDEN].copy_from_slice(&rows[number * HIDDEN..][..HIDDEN]);
        offsets[at] = bias[number];
    }
    Dense::linear(HIDDEN, &weights, &offsets)
}
