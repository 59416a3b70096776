//! Where words and matches can begin. Vector instructions look at many bytes in one step.

/// Up to this many signs that are neither letters nor digits can begin a match.
pub(crate) const SIGNS_MAX: usize = 8;

/// Finds the places of a text where a match can begin.
#[derive(Clone, Debug)]
pub(crate) struct Starts {
    /// As many as there are, and the last of them again and again.
    signs: [u8; SIGNS_MAX],
    #[cfg(target_arch = "x86_64")]
    wide: Option<pulp::x86::V3>,
}

/// So many bytes are classified at once.
pub(crate) const BLOCK: usize = 64;

/// And so many blocks, one after the other.
pub(crate) const BATCH: usize = 16;

/// So many bytes behind a batch are looked at.
const NEXT: usize = 16;

/// Blocks that follow each other.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) masks: [Masks; BATCH],
    /// Their bytes, `0` for each digit; and a few of those that follow them.
    folded: [[u8; BLOCK]; BATCH + 1],
}

impl Batch {
    pub(crate) fn new() -> Self {
        Batch { masks: [Masks::default(); BATCH], folded: [[0; BLOCK]; BATCH + 1] }
    }

    /// The bytes from `at` on, `0` for each digit; zeros behind the end of the text.
    #[inline(always)]
    pub(crate) fn folded<const COUNT: usize>(&self, at: usize) -> [u8; COUNT] {
        let bytes = self.folded.as_flattened();
        *bytes[at.min(BATCH * BLOCK)..].first_chunk().unwrap_or(&[0; COUNT])
    }
}

/// What stands where in 64 bytes, a bit for each of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Masks {
    /// A match can begin here.
    pub(crate) starts: u64,
    /// A word begins here; what is not ASCII counts as a letter.
    pub(crate) words: u64,
    /// A letter, a digit, or a byte that is not ASCII.
    pub(crate) letters: u64,
    /// A byte that is not ASCII.
    pub(crate) foreign: u64,
}

/// What the byte before a block was.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Before {
    is_ascii_word: bool,
    is_letter: bool,
}

impl Starts {
    /// `signs` are the bytes, neither letters nor digits, that can begin a match.
    pub(crate) fn new(mut signs: Vec<u8>) -> Option<Self> {
        signs.dedup();
        let last = *signs.last().unwrap_or(&b'0');
        signs.resize(SIGNS_MAX.max(signs.len()), last);
        let signs = signs.try_into().ok()?;
        Some(Starts {
            signs,
            #[cfg(target_arch = "x86_64")]
            wide: pulp::x86::V3::try_new(),
        })
    }

    /// Classifies up to [`BATCH`] blocks that follow each other, which `after` follows; `before` becomes what their last
    /// byte is.
    pub(crate) fn look(&self, blocks: &[[u8; BLOCK]], after: &[u8], before: &mut Before, batch: &mut Batch) {
        let Batch { masks, folded } = batch;
        let mut next = [0; NEXT];
        let count = after.len().min(next.len());
        next[..count].copy_from_slice(&after[..count]);
        let next = next.map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
        folded[blocks.len()][..NEXT].copy_from_slice(&next);
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = self.wide {
            return simd.vectorize(wide::Look { simd, signs: &self.signs, blocks, before, masks, folded });
        }
        for ((block, masks), folded) in blocks.iter().zip(masks).zip(folded) {
            *masks = before.masks(classify(block, &self.signs));
            *folded = block.map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
        }
    }
}

impl Before {
    /// The masks of a block, of its ASCII letters and digits, its bytes that are not ASCII, and its signs.
    #[inline(always)]
    fn masks(&mut self, (ascii, foreign, signs): (u64, u64, u64)) -> Masks {
        let letters = ascii | foreign;
        let first = |mask: u64, goes_on: bool| mask & !(mask << 1 | u64::from(goes_on));
        let masks = Masks {
            starts: first(ascii, self.is_ascii_word) | signs,
            words: first(letters, self.is_letter),
            letters,
            foreign,
        };
        *self = Before { is_ascii_word: ascii >> 63 == 1, is_letter: letters >> 63 == 1 };
        masks
    }
}

const ASCII: u8 = 1;
const FOREIGN: u8 = 2;
const SIGN: u8 = 4;

/// ASCII letters and digits; bytes that are not ASCII; `signs`. The classes are found by a loop that compilers make
/// vectors of; eight answers of one bit each are then gathered by one multiplication.
#[inline]
fn classify(block: &[u8; BLOCK], signs: &[u8; SIGNS_MAX]) -> (u64, u64, u64) {
    let mut classes = [0_u8; BLOCK];
    for (class, byte) in classes.iter_mut().zip(block) {
        let is_word = (byte | 0x20).wrapping_sub(b'a') < 26 || byte.wrapping_sub(b'0') < 10;
        let is_sign = signs.iter().fold(false, |is, sign| is | (sign == byte));
        *class = (u8::from(is_word) * ASCII) | ((byte >> 7) * FOREIGN) | (u8::from(is_sign) * SIGN);
    }
    let (eights, _) = classes.as_chunks::<8>();
    let (mut ascii, mut foreign, mut sign) = (0, 0, 0);
    for (at, eight) in eights.iter().enumerate() {
        let eight = u64::from_le_bytes(*eight);
        ascii |= gather(eight) << (at * 8);
        foreign |= gather(eight >> 1) << (at * 8);
        sign |= gather(eight >> 2) << (at * 8);
    }
    (ascii, foreign, sign)
}

/// The lowest bits of eight bytes.
#[inline]
fn gather(eight: u64) -> u64 {
    (eight & 0x0101_0101_0101_0101).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// The same by hand for processors with AVX2 (all since 2013): compilers make vectors of loops only when they are told to
/// build for speed alone.
#[cfg(target_arch = "x86_64")]
mod wide {
    use std::arch::x86_64::__m256i;

    use pulp::x86::V3;
    use pulp::{NullaryFnOnce, cast};

    use super::{BLOCK, Before, Masks, SIGNS_MAX};

    /// What [`super::Starts::look`] is asked.
    pub(super) struct Look<'a> {
        pub(super) simd: V3,
        pub(super) signs: &'a [u8; SIGNS_MAX],
        pub(super) blocks: &'a [[u8; BLOCK]],
        pub(super) before: &'a mut Before,
        pub(super) masks: &'a mut [Masks],
        pub(super) folded: &'a mut [[u8; BLOCK]],
    }

    impl NullaryFnOnce for Look<'_> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            for ((block, masks), folded) in self.blocks.iter().zip(self.masks).zip(self.folded) {
                *masks = self.before.masks(classify(self.simd, block, self.signs, folded));
            }
        }
    }

    /// As [`super::classify`]; `folded` becomes the block with `0` for each digit.
    #[inline(always)]
    pub(super) fn classify(
        simd: V3,
        block: &[u8; BLOCK],
        signs: &[u8; SIGNS_MAX],
        folded: &mut [u8; BLOCK],
    ) -> (u64, u64, u64) {
        let [low, high]: [[u8; BLOCK / 2]; 2] = cast(*block);
        let (low, high) = (half(simd, cast(low), signs), half(simd, cast(high), signs));
        *folded = cast([low.3, high.3]);
        let whole = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
        (whole(low.0, high.0), whole(low.1, high.1), whole(low.2, high.2))
    }

    #[inline(always)]
    fn half(simd: V3, bytes: __m256i, signs: &[u8; SIGNS_MAX]) -> (u32, u32, u32, __m256i) {
        let V3 { avx, avx2, .. } = simd;
        let all = |byte: u8| avx._mm256_set1_epi8(byte as i8);
        let bits = |bytes: __m256i| avx2._mm256_movemask_epi8(bytes) as u32;
        let is_up_to = |bytes: __m256i, most: u8| avx2._mm256_cmpeq_epi8(avx2._mm256_min_epu8(bytes, all(most)), bytes);
        let lower = avx2._mm256_or_si256(bytes, all(0x20));
        let is_letter = is_up_to(avx2._mm256_sub_epi8(lower, all(b'a')), 25);
        let is_digit = is_up_to(avx2._mm256_sub_epi8(bytes, all(b'0')), 9);
        let mut is_sign = avx2._mm256_cmpeq_epi8(bytes, all(signs[0]));
        for sign in &signs[1..] {
            is_sign = avx2._mm256_or_si256(is_sign, avx2._mm256_cmpeq_epi8(bytes, all(*sign)));
        }
        let folded = avx2._mm256_blendv_epi8(bytes, all(b'0'), is_digit);
        (bits(avx2._mm256_or_si256(is_letter, is_digit)), bits(bytes), bits(is_sign), folded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte, at every place, is classified as the definition says.
    #[test]
    fn each_byte_is_classified() {
        for byte in 0..=255_u8 {
            for at in 0..64 {
                let mut block = [b' '; 64];
                block[at] = byte;
                let is = |is: &dyn Fn(u8) -> bool| (0..64).fold(0, |mask, at| mask | u64::from(is(block[at])) << at);
                let ascii = is(&|byte| byte.is_ascii_alphanumeric());
                let expected = (ascii, is(&|byte| !byte.is_ascii()), is(&|byte| b"+$".contains(&byte)));
                assert_eq!(classify(&block, b"+$++++++"), expected, "{byte} at {at}");
                #[cfg(target_arch = "x86_64")]
                if let Some(simd) = pulp::x86::V3::try_new() {
                    let mut folded = [0; BLOCK];
                    assert_eq!(wide::classify(simd, &block, b"+$++++++", &mut folded), expected, "{byte} at {at}");
                    assert_eq!(folded, block.map(|byte| if byte.is_ascii_digit() { b'0' } else { byte }));
                }
            }
        }
    }

    /// A word that crosses the border of two blocks begins once; letters that are not ASCII part matches, not words.
    #[test]
    fn words_cross_blocks() {
        let starts = Starts::new(vec![b'+']).unwrap();
        let mut blocks = [[b' '; BLOCK]; 2];
        blocks[0][60..].copy_from_slice(b"abcd");
        blocks[1][..7].copy_from_slice("ef+1\u{e9}x".as_bytes());
        let mut batch = Batch::new();
        starts.look(&blocks, b"/12", &mut Before::default(), &mut batch);
        let [one, next, ..] = batch.masks;
        assert_eq!(batch.folded(BLOCK * 2 - 2), *b"  /00\0\0\0");
        assert_eq!(batch.folded(BLOCK), *b"ef+0");
        assert_eq!((one.starts, one.words), (1 << 60, 1 << 60));
        assert_eq!((next.starts, next.words, next.foreign), (0b100_1100, 0b1000, 0b11_0000));
    }
}
