//! Reads `english.model` (data/names/convert.py says how it is made): zstd over `PNM1` and sections of a four-letter
//! tag, a length and bytes. The file is part of the program, so that whatever is wrong with it is our own bug.

use std::collections::HashMap;
use std::io::Read;

use model::Fault;

/// More than the file unpacks to, less than would hurt.
const UNPACKED_MAX: u64 = 16 << 20;

/// The unpacked file.
pub(super) struct Container {
    bytes: Vec<u8>,
    sections: HashMap<[u8; 4], std::ops::Range<usize>>,
}

pub(super) fn broken(what: &str) -> Fault {
    Fault::internal("name-model-broken", format!("The built-in model of names does not hold together: {what}."))
        .advise("This program was not built as its sources say; install it again.")
}

impl Container {
    /// Unpacks the file and finds its sections.
    pub(super) fn open(packed: &[u8]) -> Result<Self, Fault> {
        let mut bytes = Vec::new();
        zstd::Decoder::with_buffer(packed)
            .and_then(|reader| reader.take(UNPACKED_MAX).read_to_end(&mut bytes))
            .map_err(|error| broken("it cannot be unpacked").caused_by(error))?;
        let mut sections = HashMap::new();
        let mut at = 4;
        while let Some(head) = bytes.get(at..at + 8) {
            let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
            sections.insert([head[0], head[1], head[2], head[3]], at + 8..at + 8 + length);
            at += 8 + length;
        }
        if !bytes.starts_with(b"PNM1") || at != bytes.len() {
            return Err(broken("its sections do not fill it"));
        }
        Ok(Container { bytes, sections })
    }

    /// A cursor over the section `tag`.
    pub(super) fn section(&self, tag: &[u8; 4]) -> Result<Cursor<'_>, Fault> {
        let range = self.sections.get(tag).ok_or_else(|| broken("a section is missing"))?;
        Ok(Cursor { rest: &self.bytes[range.clone()] })
    }

    /// A section that is a list of texts.
    pub(super) fn texts(&self, tag: &[u8; 4]) -> Result<Vec<&str>, Fault> {
        let mut cursor = self.section(tag)?;
        let count = cursor.u16()?;
        (0..count).map(|_| cursor.string()).collect()
    }
}

/// Reads values one after another.
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let (head, rest) = self.rest.split_at_checked(count).ok_or_else(|| broken("a section is too short"))?;
        self.rest = rest;
        Ok(head)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Fault> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn u16(&mut self) -> Result<u16, Fault> {
        let bytes = self.take(2)?;
        Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    pub(super) fn u32(&mut self) -> Result<u32, Fault> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    pub(super) fn u64(&mut self) -> Result<u64, Fault> {
        Ok(u64::from(self.u32()?) | u64::from(self.u32()?) << 32)
    }

    pub(super) fn string(&mut self) -> Result<&'a str, Fault> {
        let length = usize::from(self.u8()?);
        std::str::from_utf8(self.take(length)?).map_err(|error| broken("a text is not UTF-8").caused_by(error))
    }

    /// The next `count` weights, from half precision.
    pub(super) fn weights(&mut self, count: usize) -> Result<Vec<f32>, Fault> {
        let (pairs, _) = self.take(2 * count)?.as_chunks::<2>();
        Ok(pairs.iter().map(|pair| half(u16::from_le_bytes(*pair))).collect())
    }
}

/// IEEE 754 half precision (finite: the converter sees to it) to single.
fn half(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let rest = u32::from(bits & 0x7fff);
    // Shifted into place, a half's exponent is biased by 15 instead of 127; the product mends that exactly, and also
    // turns subnormal halves into normal singles.
    f32::from_bits(sign | f32::to_bits(f32::from_bits(rest << 13) * f32::from_bits((127 + 112) << 23)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_read_exactly() {
        for (bits, value) in [(0x3c00, 1.0), (0xc000, -2.0), (0x3555, 0.333_251_95), (0x0001, 5.960_464_5e-8), (0, 0.0)]
        {
            assert_eq!(half(bits), value);
        }
    }

    #[test]
    fn a_file_cut_short_is_a_fault_and_not_a_panic() {
        let file = super::super::model::ENGLISH;
        for length in [0, 1, 100, file.len() / 2, file.len() - 1] {
            assert_eq!(Container::open(&file[..length]).err().map(|fault| fault.code()), Some("name-model-broken"));
        }
    }
}
