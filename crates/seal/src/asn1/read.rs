//! Reading DER. Every function answers `None` for what is not well-formed; the caller knows what it was reading.

use super::tag;

/// One element: its tag, its content, and all of its bytes as they stand in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    pub(crate) whole: &'a [u8],
}

impl<'a> Element<'a> {
    /// The one element that `bytes` are.
    pub(crate) fn only(bytes: &'a [u8], tag: u8) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let element = reader.take(tag)?;
        reader.end()?;
        Some(element)
    }

    /// Reads the content of a constructed element.
    pub(crate) fn inside(&self) -> Reader<'a> {
        Reader::new(self.content)
    }

    /// The elements of a SEQUENCE OF or SET OF with this tag each, at most `max`.
    pub(crate) fn each(&self, tag: u8, max: usize) -> Option<Vec<Element<'a>>> {
        let elements = self.elements(max)?;
        elements.iter().all(|element| element.tag == tag).then_some(elements)
    }

    /// All elements of a constructed one, at most `max`.
    pub(crate) fn elements(&self, max: usize) -> Option<Vec<Element<'a>>> {
        let mut reader = self.inside();
        let mut found = Vec::new();
        while !reader.is_done() {
            found.push(reader.any()?);
            if found.len() > max {
                return None;
            }
        }
        Some(found)
    }

    /// The bits of a BIT STRING of whole bytes.
    pub(crate) fn bit_bytes(&self) -> Option<&'a [u8]> {
        let (unused, bytes) = self.content.split_first()?;
        (*unused == 0).then_some(bytes)
    }

    /// A BOOLEAN: DER has 00 and FF only.
    pub(crate) fn boolean(&self) -> Option<bool> {
        match self.content {
            [0] => Some(false),
            [0xff] => Some(true),
            _ => None,
        }
    }

    /// An INTEGER or ENUMERATED that is not negative and fits.
    pub(crate) fn small(&self) -> Option<u64> {
        let bytes = self.natural()?;
        if bytes.len() > 8 {
            return None;
        }
        Some(bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    /// The bytes of a natural number without leading zeros.
    pub(crate) fn natural(&self) -> Option<&'a [u8]> {
        let bytes = self.content;
        match bytes {
            [] => None,
            [0, second, ..] if second & 0x80 == 0 => None,
            [0, rest @ ..] => Some(rest),
            [first, ..] if first & 0x80 != 0 => None,
            _ => Some(bytes),
        }
    }
}

/// Reads one element after the other.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    /// Nothing may follow.
    pub(crate) fn end(&self) -> Option<()> {
        self.is_done().then_some(())
    }

    /// The tag of the next element.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next element, whatever it is.
    pub(crate) fn any(&mut self) -> Option<Element<'a>> {
        let (tag, header, length) = header(self.rest)?;
        let (whole, rest) = self.rest.split_at_checked(header.checked_add(length)?)?;
        self.rest = rest;
        Some(Element { tag, content: &whole[header..], whole })
    }

    /// The next element, which must have `tag`.
    pub(crate) fn take(&mut self, tag: u8) -> Option<Element<'a>> {
        (self.peek()? == tag).then(|| self.any())?
    }

    /// The next element if it has `tag`. `None` is malformed, `Some(None)` absent.
    pub(crate) fn optional(&mut self, tag: u8) -> Option<Option<Element<'a>>> {
        if self.peek() == Some(tag) { self.any().map(Some) } else { Some(None) }
    }

    /// The content of the next OBJECT IDENTIFIER.
    pub(crate) fn oid(&mut self) -> Option<&'a [u8]> {
        self.take(tag::OID).map(|element| element.content)
    }

    /// The next SEQUENCE.
    pub(crate) fn sequence(&mut self) -> Option<Element<'a>> {
        self.take(tag::SEQUENCE)
    }
}

/// Tag, length of the header, length of the content: the one form that DER has.
fn header(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (tag, first) = (*bytes.first()?, *bytes.get(1)?);
    if tag & 0x1f == 0x1f {
        return None;
    }
    if first < 0x80 {
        return Some((tag, 2, usize::from(first)));
    }
    let count = usize::from(first & 0x7f);
    if count == 0 || count > 4 {
        return None;
    }
    let digits = bytes.get(2..2 + count)?;
    let length = digits.iter().fold(0_usize, |length, digit| length << 8 | usize::from(*digit));
    (digits[0] != 0 && length >= 0x80).then_some((tag, 2 + count, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_shortest_definite_length_is_der() {
        let check = |bytes: &[u8], expect: Option<usize>| {
            let mut reader = Reader::new(bytes);
            assert_eq!(reader.any().map(|element| element.content.len()), expect, "{bytes:02x?}");
        };
        check(&[4, 1, 7], Some(1));
        check(&[4, 0x81, 1, 7], None);
        check(&[4, 0x80, 4, 0, 0, 0], None);
        check(&[4, 0x82, 0, 0x81], None);
        check(&[4, 2, 7], None);
        check(&[0x1f, 1, 7], None);
        check(&[4], None);
        let long = [&[4, 0x81, 0x80][..], &[0; 128]].concat();
        check(&long, Some(128));
    }

    #[test]
    fn numbers_have_one_form() {
        let number = |content: &'static [u8]| Element { tag: tag::INTEGER, content, whole: content };
        assert_eq!(number(&[0]).small(), Some(0));
        assert_eq!(number(&[1, 0]).small(), Some(256));
        assert_eq!(number(&[0, 0x80]).small(), Some(128));
        assert_eq!(number(&[0, 1]).small(), None);
        assert_eq!(number(&[0x80]).small(), None);
        assert_eq!(number(&[]).small(), None);
        assert_eq!(number(&[1; 9]).small(), None);
    }
}
