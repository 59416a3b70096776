//! Writing DER.

use super::tag;

/// An element with `tag` around `parts`.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(length + 6);
    out.push(tag);
    push_length(&mut out, length);
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

fn push_length(out: &mut Vec<u8>, length: usize) {
    if length < 0x80 {
        out.push(length as u8);
        return;
    }
    let bytes = length.to_be_bytes();
    let digits = &bytes[bytes.iter().position(|byte| *byte != 0).unwrap_or(0)..];
    out.push(0x80 | digits.len() as u8);
    out.extend_from_slice(digits);
}

/// A SEQUENCE.
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(tag::SEQUENCE, parts)
}

/// Elements in the order that DER wants of a SET OF (X.690 §11.6), under `tag`.
pub(crate) fn set_of(tag: u8, mut items: Vec<Vec<u8>>) -> Vec<u8> {
    items.sort();
    let items: Vec<&[u8]> = items.iter().map(Vec::as_slice).collect();
    element(tag, &items)
}

/// An INTEGER from the bytes of a natural number.
pub(crate) fn natural(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    match &bytes[start..] {
        [] => element(tag::INTEGER, &[&[0]]),
        digits if digits[0] & 0x80 != 0 => element(tag::INTEGER, &[&[0], digits]),
        digits => element(tag::INTEGER, &[digits]),
    }
}

/// An OBJECT IDENTIFIER from its content.
pub(crate) fn oid(content: &[u8]) -> Vec<u8> {
    element(tag::OID, &[content])
}

/// An OCTET STRING.
pub(crate) fn octets(bytes: &[u8]) -> Vec<u8> {
    element(tag::OCTET_STRING, &[bytes])
}

/// A BIT STRING of whole bytes.
pub(crate) fn bits(bytes: &[u8]) -> Vec<u8> {
    element(tag::BIT_STRING, &[&[0], bytes])
}

/// AlgorithmIdentifier without parameters.
pub(crate) fn algorithm(content: &[u8]) -> Vec<u8> {
    sequence(&[&oid(content)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_numbers_take_their_shortest_form() {
        assert_eq!(octets(&[7]), [4, 1, 7]);
        assert_eq!(octets(&[0; 200])[..3], [4, 0x81, 200]);
        assert_eq!(octets(&[0; 300])[..4], [4, 0x82, 1, 44]);
        assert_eq!(natural(&[0, 0]), [2, 1, 0]);
        assert_eq!(natural(&[0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(set_of(tag::SET, vec![vec![2, 1, 2], vec![2, 1, 1]]), [0x31, 6, 2, 1, 1, 2, 1, 2]);
    }
}
