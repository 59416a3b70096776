//! Sixteen messages at a time for processors with AVX-512: word `n` of each stands in one vector.

use std::arch::x86_64::__m512i;

use pulp::x86::V4;
use pulp::{NullaryFnOnce, cast};

use super::Block;
use super::many::LANES;

/// The constants of the rounds (FIPS 180-4 §4.2.2).
#[rustfmt::skip]
const K: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

/// Compresses the blocks of sixteen messages, each as many; `states[n][lane]` is word `n` of a message's state.
pub(super) fn compress(simd: V4, states: &mut [[u32; LANES]; 8], blocks: [&[Block]; LANES]) {
    simd.vectorize(Compress { simd, states, blocks });
}

struct Compress<'a> {
    simd: V4,
    states: &'a mut [[u32; LANES]; 8],
    blocks: [&'a [Block]; LANES],
}

impl NullaryFnOnce for Compress<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let lanes = Lanes(self.simd);
        let mut state = self.states.map(cast);
        let count = self.blocks.iter().map(|blocks| blocks.len()).min().unwrap_or(0);
        let blocks = self.blocks.map(|blocks| &blocks[..count]);
        #[expect(clippy::needless_range_loop, reason = "sixteen lists advance together")]
        for at in 0..count {
            lanes.block(&mut state, std::array::from_fn(|lane| &blocks[lane][at]));
        }
        *self.states = state.map(cast);
    }
}

/// Sixteen steps in a row: the compiler leaves a loop of this size as it is, and a sixth of the speed with it.
macro_rules! sixteen {
    ($n:ident => $step:expr) => {
        sixteen!($n => $step; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    ($n:ident => $step:expr; $($at:literal)*) => {
        $({
            let $n: usize = $at;
            $step;
        })*
    };
}

/// The functions of FIPS 180-4 §4.1.2, for a word of each message at once.
#[derive(Clone, Copy)]
struct Lanes(V4);

impl Lanes {
    /// One block of each message (FIPS 180-4 §6.2.2).
    #[inline(always)]
    fn block(self, state: &mut [__m512i; 8], blocks: [&Block; LANES]) {
        let mut words = self.words(blocks);
        let before = *state;
        sixteen!(n => self.round(state, words[n], K[n]));
        for first in [16, 32, 48] {
            sixteen!(n => {
                words[n] = self.next_word(&words, n);
                self.round(state, words[n], K[first + n])
            });
        }
        for (word, before) in state.iter_mut().zip(before) {
            *word = self.add(*word, before);
        }
    }

    #[inline(always)]
    fn round(self, state: &mut [__m512i; 8], word: __m512i, constant: u32) {
        const CHOOSE: i32 = 0xca;
        const MAJORITY: i32 = 0xe8;
        let avx = self.0.avx512f;
        let [a, b, c, d, e, f, g, h] = *state;
        let turned =
            self.xor(avx._mm512_ror_epi32::<6>(e), avx._mm512_ror_epi32::<11>(e), avx._mm512_ror_epi32::<25>(e));
        let choice = avx._mm512_ternarylogic_epi32::<CHOOSE>(e, f, g);
        let known = self.add(self.add(h, avx._mm512_set1_epi32(constant as i32)), word);
        let first = self.add(known, self.add(turned, choice));
        let turned =
            self.xor(avx._mm512_ror_epi32::<2>(a), avx._mm512_ror_epi32::<13>(a), avx._mm512_ror_epi32::<22>(a));
        let second = self.add(turned, avx._mm512_ternarylogic_epi32::<MAJORITY>(a, b, c));
        *state = [self.add(first, second), a, b, c, self.add(d, first), e, f, g];
    }

    /// The word that comes sixteen after word `n`.
    #[inline(always)]
    fn next_word(self, words: &[__m512i; 16], n: usize) -> __m512i {
        let avx = self.0.avx512f;
        let (early, late) = (words[(n + 1) % 16], words[(n + 14) % 16]);
        let early = self.xor(
            avx._mm512_ror_epi32::<7>(early),
            avx._mm512_ror_epi32::<18>(early),
            avx._mm512_srli_epi32::<3>(early),
        );
        let late = self.xor(
            avx._mm512_ror_epi32::<17>(late),
            avx._mm512_ror_epi32::<19>(late),
            avx._mm512_srli_epi32::<10>(late),
        );
        self.add(self.add(words[n], early), self.add(words[(n + 9) % 16], late))
    }

    #[inline(always)]
    fn add(self, a: __m512i, b: __m512i) -> __m512i {
        self.0.avx512f._mm512_add_epi32(a, b)
    }

    #[inline(always)]
    fn xor(self, a: __m512i, b: __m512i, c: __m512i) -> __m512i {
        const PARITY: i32 = 0x96;
        self.0.avx512f._mm512_ternarylogic_epi32::<PARITY>(a, b, c)
    }

    /// Word `n` of each block in vector `n`: the bytes of each word in the processor's order, then rows and columns
    /// exchanged, by pairs, by fours, by quarters of a vector.
    #[inline(always)]
    fn words(self, blocks: [&Block; LANES]) -> [__m512i; 16] {
        let V4 { avx512f: avx, avx512bw, .. } = self.0;
        let order: [u8; 64] = std::array::from_fn(|at| ((at % 16) ^ 3) as u8);
        let rows: [__m512i; 16] = blocks.map(|block| avx512bw._mm512_shuffle_epi8(cast(*block), cast(order)));
        let pairs: [__m512i; 16] = std::array::from_fn(|n| match (&rows[n & !1], &rows[n | 1]) {
            (a, b) if n % 2 == 0 => avx._mm512_unpacklo_epi32(*a, *b),
            (a, b) => avx._mm512_unpackhi_epi32(*a, *b),
        });
        // Vector 4g + c: in each quarter q, word 4q + c of the blocks 4g to 4g + 3.
        let fours: [__m512i; 16] = std::array::from_fn(|n| {
            let first = n / 4 * 4 + n % 4 / 2;
            let (a, b) = (pairs[first], pairs[first + 2]);
            if n % 2 == 0 { avx._mm512_unpacklo_epi64(a, b) } else { avx._mm512_unpackhi_epi64(a, b) }
        });
        const EVEN: i32 = 0x88;
        const ODD: i32 = 0xdd;
        let even = |a, b| avx._mm512_shuffle_i32x4::<EVEN>(a, b);
        let odd = |a, b| avx._mm512_shuffle_i32x4::<ODD>(a, b);
        std::array::from_fn(|n| {
            let column = n % 4;
            let [a, b, c, d] = [fours[column], fours[4 + column], fours[8 + column], fours[12 + column]];
            match n / 4 {
                0 => even(even(a, b), even(c, d)),
                1 => even(odd(a, b), odd(c, d)),
                2 => odd(even(a, b), even(c, d)),
                _ => odd(odd(a, b), odd(c, d)),
            }
        })
    }
}
