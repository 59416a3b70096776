//! BER to DER: what some signers write with lengths left open (`openssl cms -stream`, Bouncy Castle).
//!
//! Only forms change: lengths become definite and shortest, OCTET STRINGs in pieces become one. What is signed inside
//! must be DER already (RFC 5652 §5.4), so that its bytes stay what they were.

use std::borrow::Cow;

use super::{Reader, tag, write};

/// How deep elements may lie in one another.
const DEPTH_MAX: usize = 32;
/// How many elements there may be: memory is a multiple of this, not of what the input claims.
const ELEMENTS_MAX: usize = 1 << 20;

/// `bytes` as they are when their frame is DER, else rewritten. `None` when they are not even BER, or something follows.
pub(crate) fn to_der(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    // Whoever leaves lengths open begins with the outermost one.
    if Reader::new(bytes).any().is_some() {
        return Some(Cow::Borrowed(bytes));
    }
    let mut left = ELEMENTS_MAX;
    let (out, rest) = element(bytes, 0, &mut left)?;
    rest.is_empty().then_some(Cow::Owned(out))
}

/// What follows the first element.
pub(crate) fn rest(bytes: &[u8]) -> Option<&[u8]> {
    match Reader::new(bytes).any() {
        Some(element) => Some(&bytes[element.whole.len()..]),
        None => {
            let mut left = ELEMENTS_MAX;
            Some(element(bytes, 0, &mut left)?.1)
        }
    }
}

/// One element in DER, and what follows it.
fn element<'a>(bytes: &'a [u8], depth: usize, left: &mut usize) -> Option<(Vec<u8>, &'a [u8])> {
    *left = left.checked_sub(1)?;
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    if depth > DEPTH_MAX || tag & 0x1f == 0x1f {
        return None;
    }
    let is_constructed = tag & 0x20 != 0;
    if *first == 0x80 {
        let (items, rest) = until_end(rest, depth, left)?;
        return is_constructed.then(|| Some((join(*tag, &items)?, rest)))?;
    }
    let (length, rest) = length(*first, rest)?;
    let (content, rest) = rest.split_at_checked(length)?;
    if !is_constructed {
        return Some((write::element(*tag, &[content]), rest));
    }
    Some((join(*tag, &all(content, depth, left)?)?, rest))
}

fn length(first: u8, rest: &[u8]) -> Option<(usize, &[u8])> {
    if first < 0x80 {
        return Some((usize::from(first), rest));
    }
    let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
    let start = digits.iter().position(|digit| *digit != 0).unwrap_or(digits.len());
    let digits = &digits[start..];
    (digits.len() <= 4).then(|| (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest))
}

/// The elements before the end-of-contents mark, and what follows the mark.
fn until_end<'a>(mut bytes: &'a [u8], depth: usize, left: &mut usize) -> Option<(Vec<Vec<u8>>, &'a [u8])> {
    let mut items = Vec::new();
    loop {
        if let Some(rest) = bytes.strip_prefix(&[0, 0]) {
            return Some((items, rest));
        }
        let (item, rest) = element(bytes, depth + 1, left)?;
        items.push(item);
        bytes = rest;
    }
}

fn all(mut bytes: &[u8], depth: usize, left: &mut usize) -> Option<Vec<Vec<u8>>> {
    let mut items = Vec::new();
    while !bytes.is_empty() {
        let (item, rest) = element(bytes, depth + 1, left)?;
        items.push(item);
        bytes = rest;
    }
    Some(items)
}

/// A constructed element, or the one OCTET STRING that its pieces are.
fn join(tag: u8, items: &[Vec<u8>]) -> Option<Vec<u8>> {
    if tag != tag::OCTET_STRING | 0x20 {
        let parts: Vec<&[u8]> = items.iter().map(Vec::as_slice).collect();
        return Some(write::element(tag, &parts));
    }
    let mut whole = Vec::new();
    for item in items {
        whole.extend_from_slice(super::Element::only(item, tag::OCTET_STRING)?.content);
    }
    Some(write::octets(&whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_lengths_and_pieces_become_der() {
        let ber = [0x30, 0x80, 0x24, 0x80, 4, 1, 1, 4, 0x81, 1, 2, 0, 0, 2, 1, 5, 0, 0];
        assert_eq!(to_der(&ber).expect("BER").as_ref(), [0x30, 7, 4, 2, 1, 2, 2, 1, 5]);
        assert!(to_der(&ber[..ber.len() - 1]).is_none(), "the end is missing");
        assert!(to_der(&[&ber[..], &[0]].concat()).is_none(), "something follows");
        let der = [0x30, 3, 2, 1, 5];
        assert!(matches!(to_der(&der), Some(Cow::Borrowed(bytes)) if bytes == der));
    }

    #[test]
    fn depth_has_an_end() {
        assert!(to_der(&[0x30, 0x80].repeat(1000)).is_none());
    }
}
