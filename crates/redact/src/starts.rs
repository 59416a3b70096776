//! Where a match can begin: the first byte of every word, and a few signs. Vector instructions look at many bytes in one step.

/// Up to this many signs that are neither letters nor digits can begin a match.
pub(crate) const SIGNS_MAX: usize = 8;

/// Finds the places of a text where a match can begin.
#[derive(Clone, Debug)]
pub(crate) struct Starts {
    /// As many as there are, and the last of them again and again.
    signs: [u8; SIGNS_MAX],
}

impl Starts {
    /// `signs` are the bytes, neither letters nor digits, that can begin a match.
    pub(crate) fn new(mut signs: Vec<u8>) -> Option<Self> {
        signs.dedup();
        let last = *signs.last().unwrap_or(&0xFF);
        signs.resize(SIGNS_MAX.max(signs.len()), last);
        signs.try_into().ok().map(|signs| Starts { signs })
    }

    /// Bit `i` says that a match can begin at byte `i` of the 64; `before` is whether the byte before them was a letter
    /// or digit, and becomes whether the last of them is.
    #[inline]
    pub(crate) fn mask(&self, block: &[u8; 64], before: &mut bool) -> u64 {
        let words = gather(block, is_word);
        let starts = words & !(words << 1 | u64::from(*before));
        *before = words >> 63 == 1;
        starts | gather(block, |byte| self.signs.iter().fold(false, |is, sign| is | (*sign == byte)))
    }
}

/// Bit `i` of the answer is `is(block[i])`. The classification is a loop that compilers make vectors of; eight answers of
/// one bit each are then gathered by one multiplication.
#[inline]
fn gather(block: &[u8; 64], is: impl Fn(u8) -> bool) -> u64 {
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut answers = [0_u8; 64];
    for (answer, byte) in answers.iter_mut().zip(block) {
        *answer = u8::from(is(*byte));
    }
    let (eights, _) = answers.as_chunks::<8>();
    eights.iter().rev().fold(0, |mask, eight| mask << 8 | u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56)
}

#[inline]
fn is_word(byte: u8) -> bool {
    (byte | 0x20).wrapping_sub(b'a') < 26 || byte.wrapping_sub(b'0') < 10
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte, at every place, gives the bit that the definition gives.
    #[test]
    fn each_byte_is_classified() {
        for byte in 0..=255_u8 {
            for at in 0..64 {
                let mut block = [b' '; 64];
                block[at] = byte;
                let expected = u64::from(byte.is_ascii_alphanumeric()) << at;
                assert_eq!(gather(&block, is_word), expected, "{byte} at {at}");
            }
        }
    }

    /// A word that crosses the border of two blocks begins once.
    #[test]
    fn words_cross_blocks() {
        let starts = Starts::new(vec![b'+']).unwrap();
        let mut before = false;
        let mut block = [b' '; 64];
        block[60..].copy_from_slice(b"abcd");
        assert_eq!(starts.mask(&block, &mut before), 1 << 60);
        block = [b' '; 64];
        block[..4].copy_from_slice(b"ef+1");
        assert_eq!(starts.mask(&block, &mut before), 0b1100);
    }
}
