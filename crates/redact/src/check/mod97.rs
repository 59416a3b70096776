//! ISO 7064 mod 97-10, over digits and letters (A = 10 … Z = 35).

use super::text::alphanumeric;

/// The remainder of the number that the characters write; `None` when one is neither digit nor capital.
pub(super) fn remainder(text: impl IntoIterator<Item = u8>) -> Option<u32> {
    text.into_iter().try_fold(0, |rest, byte| {
        let value = u32::from(alphanumeric(byte)?);
        Some((rest * if value > 9 { 100 } else { 10 } + value) % 97)
    })
}

#[cfg(test)]
mod tests {
    use super::remainder;

    #[test]
    fn known() {
        assert_eq!(remainder(*b"WEST12345698765432GB82"), Some(1));
        assert_eq!(remainder(*b"WEST-1"), None);
    }
}
