//! Many messages side by side. The rounds of one message wait for each other, so one message cannot use the whole processor;
//! sixteen with AVX-512 go two and a half times as fast as one after the other with the instructions made for SHA-256
//! (BENCHMARKS.md). Two at a time with those instructions gain a quarter, and need code that this house does not have.

use sha2::block_api::compress256;

use super::{Block, Hasher};

/// So many messages advance in one step.
#[cfg(any(test, target_arch = "x86_64"))]
pub(super) const LANES: usize = 16;

/// As many as have to be there for a step to be worth more than one after the other.
#[cfg(target_arch = "x86_64")]
const WORTH: usize = 7;

/// Adds to each hasher its bytes. The digests are those of [`Hasher::update`]; what is fastest for one after the other is
/// fastest here for many, when pieces are long and of a length.
pub fn update_each<'b>(pieces: impl IntoIterator<Item = (&'b mut Hasher, &'b [u8])>) {
    // Without optimisation each step of a vector is a call, and side by side takes twenty times as long.
    advance(pieces, !cfg!(debug_assertions));
}

fn advance<'b>(pieces: impl IntoIterator<Item = (&'b mut Hasher, &'b [u8])>, wide: bool) {
    let mut all: Vec<_> = pieces.into_iter().map(|(hasher, bytes)| (hasher.take(bytes), hasher)).collect();
    if wide {
        side_by_side(&mut all);
    }
    one_by_one(all);
}

/// Compresses what is left, on any processor.
fn one_by_one(all: Vec<(&[Block], &mut Hasher)>) {
    all.into_iter().for_each(|(blocks, hasher)| compress256(&mut hasher.state, blocks));
}

/// Compresses what enough messages have, where the processor can; leaves the blocks of the others.
#[cfg(target_arch = "x86_64")]
fn side_by_side(all: &mut [(&[Block], &mut Hasher)]) {
    let Some(simd) = pulp::x86::V4::try_new() else { return };
    loop {
        all.sort_unstable_by_key(|(blocks, _)| std::cmp::Reverse(blocks.len()));
        let lanes = all.len().min(LANES);
        let lanes = all[..lanes].iter().take_while(|(blocks, _)| !blocks.is_empty()).count();
        if lanes < WORTH {
            return;
        }
        let now = &mut all[..lanes];
        let count = now[lanes - 1].0.len();
        // A lane that nobody needs does what the first one does, and nobody asks it.
        let blocks = std::array::from_fn(|lane| &now[if lane < lanes { lane } else { 0 }].0[..count]);
        let mut states = [[0; LANES]; 8];
        for (lane, (_, hasher)) in now.iter().enumerate() {
            states.iter_mut().zip(hasher.state).for_each(|(words, word)| words[lane] = word);
        }
        super::wide::compress(simd, &mut states, blocks);
        for (lane, (blocks, hasher)) in now.iter_mut().enumerate() {
            hasher.state = states.map(|words| words[lane]);
            *blocks = &blocks[count..];
        }
    }
}

/// No other processor has such code here.
#[cfg(not(target_arch = "x86_64"))]
fn side_by_side(_all: &mut [(&[Block], &mut Hasher)]) {}

#[cfg(test)]
mod tests {
    use model::Digest;
    use proptest::prelude::*;
    use sha2::{Digest as _, Sha256};

    use super::*;

    /// The digests of messages that are added in rounds of up to `step` bytes each, side by side where the processor can.
    fn digests(messages: &[Vec<u8>], step: usize) -> Vec<Digest> {
        let mut hashers = vec![Hasher::new(); messages.len()];
        let longest = messages.iter().map(Vec::len).max().unwrap_or(0);
        for at in (0..longest).step_by(step) {
            let piece = |message: &'_ Vec<u8>| at.min(message.len())..(at + step).min(message.len());
            let pieces = hashers.iter_mut().zip(messages).map(|(hasher, message)| (hasher, &message[piece(message)]));
            advance(pieces, true);
        }
        hashers.into_iter().map(Hasher::finish).collect()
    }

    fn expected(messages: &[Vec<u8>]) -> Vec<Digest> {
        messages.iter().map(|message| Digest::new(Sha256::digest(message).into())).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// However many messages of whatever lengths: each digest is that of another implementation for one message.
        #[test]
        fn no_message_sees_another(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..700), 0..40),
            step in 1..400_usize,
        ) {
            prop_assert_eq!(digests(&messages, step), expected(&messages));
        }
    }

    /// A processor without AVX-512 comes to the same digests.
    #[test]
    fn the_portable_way_is_the_same() {
        let messages: Vec<Vec<u8>> = (0..LANES + 3).map(|n| vec![n as u8; 300 * n]).collect();
        let mut hashers = vec![Hasher::new(); messages.len()];
        advance(hashers.iter_mut().zip(&messages).map(|(hasher, message)| (hasher, message.as_slice())), false);
        assert_eq!(hashers.into_iter().map(Hasher::finish).collect::<Vec<_>>(), expected(&messages));
    }

    /// Lengths at which a block ends, or its padding needs another, each among sixteen and more of the others.
    #[test]
    fn every_length_where_the_padding_changes() {
        let lengths =
            [0, 1, 54, 55, 56, 57, 63, 64, 65, 118, 119, 120, 127, 128, 129, 4095, 4096, 4097, 65_535, 65_537];
        let messages: Vec<Vec<u8>> = lengths.iter().map(|length| (0..*length).map(|at| at as u8).collect()).collect();
        for step in [1 << 20, 4096, 64, 63] {
            assert_eq!(digests(&messages, step), expected(&messages), "{step}");
        }
    }

    /// Every number of messages around those where the way of working changes.
    #[test]
    fn every_number_of_messages() {
        for count in 0..=3 * LANES {
            let messages: Vec<Vec<u8>> = (0..count).map(|n| vec![n as u8; 1000 + 64 * (n % 5)]).collect();
            assert_eq!(digests(&messages, 512), expected(&messages), "{count}");
        }
    }
}
