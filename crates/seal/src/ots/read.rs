//! The numbers and strings that proofs are made of. Each has one form only, so that a proof has one text.

/// Takes a proof apart from the front.
pub(super) struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Reader { rest: bytes }
    }

    pub(super) fn byte(&mut self) -> Result<u8, &'static str> {
        self.take(1).map(|bytes| bytes[0])
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'b [u8], &'static str> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or("it ends too early")?;
        self.rest = rest;
        Ok(bytes)
    }

    /// LEB128: seven bits a byte, lowest first.
    pub(super) fn varuint(&mut self) -> Result<u64, &'static str> {
        let mut number = 0u64;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let is_shortest = byte != 0 || shift == 0;
                return is_shortest.then_some(number).ok_or("a number is written longer than it is");
            }
        }
        Err("a number is too large")
    }

    /// A length, and as many bytes.
    pub(super) fn varbytes(&mut self, longest: usize) -> Result<&'b [u8], &'static str> {
        let length = usize::try_from(self.varuint()?).unwrap_or(usize::MAX);
        if length > longest {
            return Err("a part of it is too long");
        }
        self.take(length)
    }

    pub(super) fn end(&self) -> Result<(), &'static str> {
        self.rest.is_empty().then_some(()).ok_or("there are bytes behind its end")
    }
}

pub(super) fn push_varuint(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(super) fn push_varbytes(out: &mut Vec<u8>, bytes: &[u8]) {
    push_varuint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
