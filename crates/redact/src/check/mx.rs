//! Mexico.

use super::date::{exists, pair};
use super::text::{plain, values};

/// CURP: initials, born, sex, state, consonants, century, check digit.
pub(super) fn curp(raw: &[u8]) -> bool {
    let Some(text) = plain(raw, b"-_ ") else { return false };
    let Some(born) = text.get(4..10).and_then(values::<6>) else { return false };
    let letters = |at: std::ops::Range<usize>| text[at].iter().all(u8::is_ascii_uppercase);
    if text.len() != 18 || !letters(0..4) || !letters(10..16) {
        return false;
    }
    let century = if text[16].is_ascii_digit() { 1900 } else { 2000 };
    exists(century + pair(&born, 0), pair(&born, 2), pair(&born, 4))
        && matches!(text[10], b'H' | b'M')
        && STATES.chunks(2).any(|state| state == &text[11..13])
        && !RUDE.as_bytes().chunks(5).any(|word| word[..4] == text[..4])
        && curp_digit(&text) == Some(text[17])
}

fn curp_digit(text: &[u8]) -> Option<u8> {
    let mut sum = 0;
    for (byte, weight) in text[..17].iter().zip((2..=18).rev()) {
        // Ñ stands between N and O.
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'N' => byte - b'A' + 10,
            b'O'..=b'Z' => byte - b'A' + 11,
            _ => return None,
        };
        sum += u32::from(value) * weight;
    }
    Some(b'0' + ((10 - sum % 10) % 10) as u8)
}

/// RFC: initials (three of a company, four of a person) and a date. Its check digit is often wrong in what is in use.
pub(super) fn rfc(raw: &[u8]) -> bool {
    let Some(text) = plain(raw, b"-_ ") else { return false };
    // Ñ is two bytes and one letter.
    let letters = text.iter().position(u8::is_ascii_digit).unwrap_or(text.len());
    let count = letters - text[..letters].iter().filter(|byte| **byte == 0xC3).count();
    let Some(born) = text.get(letters..letters + 6).and_then(values::<6>) else { return false };
    let rest = text.len() - letters - 6;
    let person =
        count == 4 && matches!(rest, 0 | 3) && !RUDE_RFC.as_bytes().chunks(5).any(|word| word[..4] == text[..4]);
    (person || count == 3 && rest == 3) && exists(2000 + pair(&born, 0), pair(&born, 2), pair(&born, 4))
}

const STATES: &[u8] = b"ASBCBSCCCHCLCMCSDFDGGRGTHGJCMCMNMSNENLNTOCPLQRQTSLSPSRTCTLTSVZYNZS";

/// Words that the register does not give; it writes X for the second letter.
const RUDE: &str = "BACA BAKA BUEI BUEY CACA CACO CAGA CAGO CAKA CAKO COGE COGI COJA COJE COJI COJO COLA CULO FALO FETO \
GETA GUEI GUEY JETA JOTO KACA KACO KAGA KAGO KAKA KAKO KOGE KOGI KOJA KOJE KOJI KOJO KOLA KULO LILO LOCA LOCO LOKA LOKO \
MAME MAMO MEAR MEAS MEON MIAR MION MOCO MOKO MULA MULO NACA NACO PEDA PEDO PENE PIPI PITO POPO PUTA PUTO QULO RATA ROBA \
ROBE ROBO RUIN SENO TETA VACA VAGA VAGO VAKA VUEI VUEY WUEI WUEY ";

const RUDE_RFC: &str = "BUEI BUEY CACA CACO CAGA CAGO CAKA CAKO COGE COJA COJE COJI COJO CULO FETO GUEY JOTO KACA KACO \
KAGA KAGO KAKA KOGE KOJO KULO MAME MAMO MEAR MEAS MEON MION MOCO MULA PEDA PEDO PENE PUTA PUTO QULO RATA RUIN ";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(curp, &["BOXW310820HNERXN09", "HEGG560427MVZRRL04"], &["BOXW310820HNERXN00", "BOXW310820HNERXN0", ""]);
        known(rfc, &["GODE561231GR8", "BUEX-560411-123"], &["GODE561331GR8", "GODE561231GR", ""]);
    }
}
