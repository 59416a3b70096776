//! The wire format of protobuf: fields of a message, borrowed. What they are called is the business of the formats.

use crate::output::Bad;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire<'b> {
    Varint(u64),
    Fixed64([u8; 8]),
    Bytes(&'b [u8]),
    Fixed32([u8; 4]),
}

/// The fields of a message, one after the other.
pub(crate) struct Fields<'b> {
    bytes: &'b [u8],
    at: usize,
    code: &'static str,
}

impl<'b> Fields<'b> {
    pub(crate) fn new(bytes: &'b [u8], code: &'static str) -> Self {
        Fields { bytes, at: 0, code }
    }

    /// The next field with its number, or `None` behind the last one.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, Wire<'b>)>, Bad> {
        if self.at == self.bytes.len() {
            return Ok(None);
        }
        let from = self.at;
        let field = self.field();
        field.map(Some).ok_or_else(|| Bad::new(self.code, from, "No field of protobuf begins here, or it is cut short"))
    }

    fn field(&mut self) -> Option<(u64, Wire<'b>)> {
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Fixed64(self.take(8)?.try_into().ok()?),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Wire::Bytes(self.take(length)?)
            }
            5 => Wire::Fixed32(self.take(4)?.try_into().ok()?),
            // Groups, which nobody writes any more.
            _ => return None,
        };
        (tag >> 3 > 0).then_some((tag >> 3, value))
    }

    fn varint(&mut self) -> Option<u64> {
        let (value, length) = varint(&self.bytes[self.at..])?;
        self.at += length;
        Some(value)
    }

    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let taken = self.bytes[self.at..].get(..count)?;
        self.at += count;
        Some(taken)
    }
}

/// A varint and its length in bytes; at most ten.
pub(crate) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if *byte < 0x80 {
            return Some((value, index + 1));
        }
    }
    None
}

/// Varints one behind the other.
pub(crate) fn packed(mut bytes: &[u8]) -> Option<Vec<u64>> {
    let mut values = Vec::new();
    while !bytes.is_empty() {
        let (value, length) = varint(bytes)?;
        values.push(value);
        bytes = &bytes[length..];
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_or_located() {
        let check = |bytes: &[u8], expect: Result<Vec<(u64, Wire<'_>)>, usize>| {
            let (mut fields, mut found) = (Fields::new(bytes, "bad-otlp"), Vec::new());
            let outcome = loop {
                match fields.next() {
                    Ok(Some(field)) => found.push(field),
                    Ok(None) => break Ok(found),
                    Err(bad) => break Err(bad.at.unwrap()),
                }
            };
            assert_eq!(outcome, expect, "{bytes:02x?}");
        };
        check(b"", Ok(vec![]));
        check(b"\x08\x96\x01\x12\x01x", Ok(vec![(1, Wire::Varint(150)), (2, Wire::Bytes(b"x"))]));
        check(b"\x0d\x01\0\0\0", Ok(vec![(1, Wire::Fixed32([1, 0, 0, 0]))]));
        check(b"\x08\x01\x12\x05x", Err(2));
        check(b"\x09\x01", Err(0));
        check(b"\x0b", Err(0));
        check(b"\x00\x01", Err(0));
        check(b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", Err(0));
        assert_eq!((packed(b"\x01\x80\x01"), packed(b"\x80")), (Some(vec![1, 128]), None));
    }
}
