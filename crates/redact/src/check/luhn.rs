//! Luhn: from the right every second digit doubled, less nine when above nine; the sum is a multiple of ten.

/// Whether the digits (values 0–9) satisfy it.
pub(super) fn luhn(digits: &[u8]) -> bool {
    sum(digits).is_multiple_of(10)
}

/// The sum, of numbers and letters alike (ISO 7812 as Portugal stretches it to letters).
pub(super) fn sum(values: &[u8]) -> u32 {
    let doubled = |value: u32| if value * 2 > 9 { value * 2 - 9 } else { value * 2 };
    let each = |(place, value): (usize, &u8)| {
        if place % 2 == 1 { doubled(u32::from(*value)) } else { u32::from(*value) }
    };
    values.iter().rev().enumerate().map(each).sum()
}

#[cfg(test)]
mod tests {
    use super::luhn;

    #[test]
    fn known() {
        assert!(luhn(&[7, 9, 9, 2, 7, 3, 9, 8, 7, 1, 3]));
        assert!(!luhn(&[7, 9, 9, 2, 7, 3, 9, 8, 7, 1, 4]));
    }
}
