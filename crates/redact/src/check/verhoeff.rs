//! Verhoeff: the dihedral group of the pentagon, which catches every swap of neighbours.

const TURN: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];

/// Whether the last digit checks those before it.
pub(super) fn verhoeff(digits: &[u8]) -> bool {
    let permuted = |(place, digit): (usize, &u8)| (0..place % 8).fold(*digit, |digit, _| TURN[usize::from(digit)]);
    digits.iter().rev().enumerate().map(permuted).fold(0, multiply) == 0
}

/// The group's operation: 0–4 are turns, 5–9 turns of the mirrored pentagon.
fn multiply(left: u8, right: u8) -> u8 {
    match (left < 5, right < 5) {
        (true, true) => (left + right) % 5,
        (true, false) => 5 + (left + right - 5) % 5,
        (false, true) => 5 + (left + 5 - right) % 5,
        (false, false) => (left + 5 - right) % 5,
    }
}

#[cfg(test)]
mod tests {
    use super::verhoeff;

    #[test]
    fn known() {
        assert!(verhoeff(&[2, 3, 6, 3]));
        assert!(!verhoeff(&[2, 3, 6, 4]));
        assert!(!verhoeff(&[3, 2, 6, 3]));
    }
}
