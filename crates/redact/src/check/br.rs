//! Brazil.

use super::text::{chars, digits, int, values};
use super::weighted::eleven;

/// Cadastro de Pessoas Físicas.
pub(super) fn cpf(raw: &[u8]) -> bool {
    let Some(d) = digits::<11>(raw, b" -.") else { return false };
    let first = eleven(&d, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 10;
    let second = eleven(&d, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 10;
    int(&d) > 0 && first == i32::from(d[9]) && second == i32::from(d[10])
}

/// Cadastro Nacional da Pessoa Jurídica; since 2026 with letters before the check digits.
pub(super) fn cnpj(raw: &[u8]) -> bool {
    let Some(text) = chars::<14>(raw, b" -./") else { return false };
    let Some(check) = values::<2>(&text[12..]) else { return false };
    let mut worth = text.map(|byte| byte.wrapping_sub(b'0'));
    worth[12..].copy_from_slice(&check);
    let first = eleven(&worth, &[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) % 10;
    let second = eleven(&worth, &[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) % 10;
    text[..12].iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
        && text[..12] != *b"000000000000"
        && [first, second] == check.map(i32::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(
            cnpj,
            &["16.727.230/0001-97", "12.ABC.345/01DE-35", "16727230000197", "21812798000146"],
            &["16.727.230/0001-98", "16727230000198", "16.727.230/0001-9", ""],
        );
        known(
            cpf,
            &["394.660.642-31", "391.305.948-20", "13310886905", "29696692854"],
            &["394.660.642-32", "13310886906", "394.660.642-3", ""],
        );
    }
}
