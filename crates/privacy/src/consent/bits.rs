//! Bits in base64url, as the IAB packs them.

/// A string of bits, read from its beginning.
#[derive(Clone, Debug)]
pub(super) struct Bits {
    bytes: Vec<u8>,
    at: usize,
    end: usize,
}

/// Longest string, in letters.
const LETTERS_MAX: usize = 64 << 10;

impl Bits {
    /// Six bits for each letter; `None` where one is no letter of base64url.
    pub(super) fn of(text: &str) -> Option<Self> {
        let text = text.trim_end_matches('=');
        (text.len() <= LETTERS_MAX).then_some(())?;
        let mut bytes = vec![0_u8; (text.len() * 6).div_ceil(8) + 1];
        for (index, letter) in text.bytes().enumerate() {
            let six = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'a'..=b'z' => letter - b'a' + 26,
                b'0'..=b'9' => letter - b'0' + 52,
                b'-' | b'+' => 62,
                b'_' | b'/' => 63,
                _ => return None,
            };
            let at = index * 6;
            let wide = u16::from(six) << (10 - at % 8);
            bytes[at / 8] |= (wide >> 8) as u8;
            bytes[at / 8 + 1] |= wide as u8;
        }
        Some(Bits { bytes, at: 0, end: text.len() * 6 })
    }

    /// A number of `width` bits, at most 64.
    pub(super) fn number(&mut self, width: usize) -> Option<u64> {
        let mut number = 0;
        for _ in 0..width {
            number = number << 1 | u64::from(self.flag()?);
        }
        Some(number)
    }

    /// Without so many bits at the beginning.
    pub(super) fn skip(mut self, width: usize) -> Option<Self> {
        self.at += width;
        (self.at <= self.end).then_some(self)
    }

    /// One bit.
    pub(super) fn flag(&mut self) -> Option<bool> {
        (self.at < self.end).then_some(())?;
        let bit = self.bytes[self.at / 8] >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    /// Which of `width` bits are set, counted from 1.
    pub(super) fn set(&mut self, width: u8) -> Option<Vec<u8>> {
        let mut set = Vec::new();
        for number in 1..=width {
            if self.flag()? {
                set.push(number);
            }
        }
        Some(set)
    }

    /// Vendors, as a field of bits or as ranges.
    pub(super) fn vendors(&mut self) -> Option<Vec<u16>> {
        let last = self.number(16)? as u16;
        let mut vendors = Vec::new();
        if !self.flag()? {
            for number in 1..=last {
                if self.flag()? {
                    vendors.push(number);
                }
            }
            return Some(vendors);
        }
        for _ in 0..self.number(12)? {
            let range = self.flag()?;
            let from = self.number(16)? as u16;
            let to = if range { self.number(16)? as u16 } else { from };
            (from <= to && to <= last).then_some(())?;
            vendors.extend(from..=to);
        }
        vendors.dedup();
        Some(vendors)
    }

    /// A number in the code of Fibonacci: sums of its numbers, ended by two ones.
    pub(super) fn fibonacci(&mut self) -> Option<u64> {
        let (mut one, mut two, mut sum, mut before) = (1_u64, 2_u64, 0_u64, false);
        loop {
            let bit = self.flag()?;
            if bit && before {
                return Some(sum);
            }
            if bit {
                sum = sum.checked_add(one)?;
            }
            (one, two) = (two, one.checked_add(two)?);
            before = bit;
        }
    }
}
