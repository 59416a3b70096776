//! The two forms of an ECDSA signature: Ecdsa-Sig-Value in DER (CMS, X.509) and r ‖ s (XML signatures).

use crate::asn1::{Element, tag, write};

/// r ‖ s, each padded to `width` bytes (32 for P-256, 48 for P-384). `None` when `der` is no such signature.
pub fn ecdsa_to_raw(der: &[u8], width: usize) -> Option<Vec<u8>> {
    let mut reader = Element::only(der, tag::SEQUENCE)?.inside();
    let mut raw = Vec::with_capacity(2 * width);
    for _ in 0..2 {
        let number = reader.take(tag::INTEGER)?;
        let number = number.natural()?;
        raw.resize(raw.len() + width.checked_sub(number.len())?, 0);
        raw.extend_from_slice(number);
    }
    reader.end()?;
    Some(raw)
}

/// Ecdsa-Sig-Value from r ‖ s. `None` when `raw` has no two equal halves of at most 66 bytes.
pub fn ecdsa_from_raw(raw: &[u8]) -> Option<Vec<u8>> {
    if raw.is_empty() || !raw.len().is_multiple_of(2) || raw.len() > 132 {
        return None;
    }
    let (r, s) = raw.split_at(raw.len() / 2);
    Some(write::sequence(&[&write::natural(r), &write::natural(s)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_hold_the_same_numbers() {
        for (r, s) in [(0x01, 0xff), (0x80, 0x7f), (0x00, 0x01)] {
            let mut raw = [7; 64];
            (raw[0], raw[32]) = (r, s);
            let der = ecdsa_from_raw(&raw).expect("two halves");
            assert_eq!(ecdsa_to_raw(&der, 32).expect("the same"), raw);
            assert_eq!(ecdsa_to_raw(&der, 31).is_some(), r == 0 && s == 0);
        }
        assert_eq!(ecdsa_from_raw(&[1; 63]), None);
        assert_eq!(ecdsa_to_raw(&[0x30, 0], 32), None);
    }
}
