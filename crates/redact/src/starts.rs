//! Where words and matches can begin. Vector instructions look at many bytes in one step.

/// Up to this many signs that are neither letters nor digits can begin a match.
pub(crate) const SIGNS_MAX: usize = 8;

/// Finds the places of a text where a match can begin.
#[derive(Clone, Debug)]
pub(crate) struct Starts {
    /// As many as there are, and the last of them again and again.
    signs: [u8; SIGNS_MAX],
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
        signs.try_into().ok().map(|signs| Starts { signs })
    }

    /// Classifies a block; `before` becomes what its last byte is.
    #[inline]
    pub(crate) fn masks(&self, block: &[u8; 64], before: &mut Before) -> Masks {
        let (ascii, foreign, signs) = classify(block, &self.signs);
        let letters = ascii | foreign;
        let first = |mask: u64, goes_on: bool| mask & !(mask << 1 | u64::from(goes_on));
        let masks = Masks {
            starts: first(ascii, before.is_ascii_word) | signs,
            words: first(letters, before.is_letter),
            letters,
            foreign,
        };
        *before = Before { is_ascii_word: ascii >> 63 == 1, is_letter: letters >> 63 == 1 };
        masks
    }
}

const ASCII: u8 = 1;
const FOREIGN: u8 = 2;
const SIGN: u8 = 4;

/// ASCII letters and digits; bytes that are not ASCII; `signs`. The classes are found by a loop that compilers make
/// vectors of; eight answers of one bit each are then gathered by one multiplication.
#[inline]
fn classify(block: &[u8; 64], signs: &[u8; SIGNS_MAX]) -> (u64, u64, u64) {
    let mut classes = [0_u8; 64];
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
            }
        }
    }

    /// A word that crosses the border of two blocks begins once; letters that are not ASCII part matches, not words.
    #[test]
    fn words_cross_blocks() {
        let starts = Starts::new(vec![b'+']).unwrap();
        let mut before = Before::default();
        let mut block = [b' '; 64];
        block[60..].copy_from_slice(b"abcd");
        let masks = starts.masks(&block, &mut before);
        assert_eq!((masks.starts, masks.words), (1 << 60, 1 << 60));
        block = [b' '; 64];
        block[..7].copy_from_slice("ef+1\u{e9}x".as_bytes());
        let masks = starts.masks(&block, &mut before);
        assert_eq!((masks.starts, masks.words, masks.foreign), (0b100_1100, 0b1000, 0b11_0000));
    }
}
