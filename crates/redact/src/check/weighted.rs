//! Weighted sums.

/// Each digit by the weight of its place; what is longer counts for nothing.
pub(super) fn weigh(digits: &[u8], weights: &[i32]) -> i32 {
    digits.iter().zip(weights).map(|(digit, weight)| i32::from(*digit) * weight).sum()
}

/// Whether the weighted sum is a multiple of `modulus`.
pub(super) fn divides(modulus: i32, digits: &[u8], weights: &[i32]) -> bool {
    weigh(digits, weights) % modulus == 0
}

/// `(11 − Σ mod 11) mod 11`, the usual check digit of modulus 11; 10 is one that no digit writes.
pub(super) fn eleven(digits: &[u8], weights: &[i32]) -> i32 {
    (-weigh(digits, weights)).rem_euclid(11)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums() {
        assert_eq!(weigh(&[1, 2, 3], &[3, 2, 1]), 10);
        assert_eq!(weigh(&[1, 2, 3], &[3, 2]), 7);
        assert!(divides(5, &[1, 2, 3], &[3, 2, 1]));
        assert_eq!((eleven(&[1], &[1]), eleven(&[0], &[1])), (10, 0));
    }
}
