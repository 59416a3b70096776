//! ISO 7064 mod 11,10: one check digit over digits.

/// Whether the last digit checks those before it.
pub(super) fn mod_11_10(digits: &[u8]) -> bool {
    let Some((last, body)) = digits.split_last() else { return false };
    let product = body.iter().fold(10, |product, digit| {
        let sum = (product + u32::from(*digit)) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (product + u32::from(*last)) % 10 == 1
}

#[cfg(test)]
mod tests {
    use super::mod_11_10;

    #[test]
    fn known() {
        assert!(mod_11_10(&[3, 3, 3, 9, 2, 0, 0, 5, 9, 6, 1]));
        assert!(!mod_11_10(&[3, 3, 3, 9, 2, 0, 0, 5, 9, 6, 2]));
        assert!(!mod_11_10(&[]));
    }
}
