//! Spain.

use super::luhn;
use super::text::{chars, digits, int, value, values};
use super::weighted::eleven;

/// Documento nacional de identidad: eight digits and a letter.
pub(super) fn dni(raw: &[u8]) -> bool {
    let Some(text) = chars::<9>(raw, b" -.") else { return false };
    values::<8>(&text[..8]).is_some_and(|d| letter(int(&d)) == text[8])
}

/// Número de identidad de extranjero: X, Y and Z stand for 0, 1 and 2.
pub(super) fn nie(raw: &[u8]) -> bool {
    let Some(text) = chars::<9>(raw, b" -.") else { return false };
    let lead = match text[0] {
        letter @ b'X'..=b'Z' => u64::from(letter - b'X'),
        _ => return false,
    };
    values::<7>(&text[1..8]).is_some_and(|d| letter(lead * 10_000_000 + int(&d)) == text[8])
}

/// NIF of the people that have neither: K, L and M.
pub(super) fn nif_special(raw: &[u8]) -> bool {
    let Some(text) = chars::<9>(raw, b" -.") else { return false };
    matches!(text[0], b'K'..=b'M') && values::<7>(&text[1..8]).is_some_and(|d| letter(int(&d)) == text[8])
}

/// Código de identificación fiscal of an organisation: check digit, or the letter of it.
pub(super) fn cif(raw: &[u8]) -> bool {
    let Some(text) = chars::<9>(raw, b" -.") else { return false };
    let Some(d) = values::<7>(&text[1..8]) else { return false };
    let mut shifted = [0; 8];
    shifted[..7].copy_from_slice(&d);
    let check = ((10 - luhn::sum(&shifted) % 10) % 10) as u8;
    b"ABCDEFGHJNPQRSUVW".contains(&text[0])
        && (value(text[8]) == Some(check) || text[8] == b"JABCDEFGHI"[usize::from(check)])
}

/// Número de afiliación a la Seguridad Social: province, serial, remainder by 97.
pub(super) fn nss(raw: &[u8]) -> bool {
    let Some(d) = digits::<12>(raw, b" -/") else { return false };
    let (province, serial) = (int(&d[..2]), int(&d[2..10]));
    let body = if serial < 10_000_000 { province * 10_000_000 + serial } else { province * 100_000_000 + serial };
    (1..=66).contains(&province) && serial > 0 && body % 97 == int(&d[10..])
}

/// Código cuenta cliente: bank, branch, two check digits, account.
pub(super) fn ccc(raw: &[u8]) -> bool {
    const WEIGHTS: [i32; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
    let Some(d) = digits::<20>(raw, b" -") else { return false };
    let check = |digits: &[u8], weights| match eleven(digits, weights) {
        10 => 1,
        check => check,
    };
    check(&d[..8], &WEIGHTS[2..]) == i32::from(d[8]) && check(&d[10..], &WEIGHTS) == i32::from(d[9])
}

fn letter(number: u64) -> u8 {
    b"TRWAGMYFPDXBNJZSQVHLCKE"[(number % 23) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(
            ccc,
            &["20855982004121750730", "1234 5678 01 1027718453"],
            &["20855982004121750731", "2085598200412175073", ""],
        );
        known(cif, &["B18734210", "B83114314", "Q2977640H"], &["B18734211", "B1873421", ""]);
        known(dni, &["54362315K", "12345678-Z"], &["54362315L", "54362315", ""]);
        known(nie, &["X7402078B", "X1316423H", "Y-9757931-B"], &["X7402078C", "X7402078", ""]);
        known(nss, &["281234567840", "08 01234567 74"], &["281234567841", "28123456784", ""]);
    }
}
