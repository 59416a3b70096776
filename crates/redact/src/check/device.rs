//! Telephones and cars.

use super::luhn::luhn;
use super::text::{alphanumeric, chars, digits, figures, int};

/// International Mobile Equipment Identity: Luhn.
pub(super) fn imei(raw: &[u8]) -> bool {
    digits::<15>(raw, b" -").is_some_and(|d| int(&d) > 0 && luhn(&d))
}

/// International Mobile Subscriber Identity: a mobile country code of ITU-T E.212.
pub(super) fn imsi(raw: &[u8]) -> bool {
    let Some(d) = figures(raw, b" -") else { return false };
    matches!(d.len(), 14 | 15) && is_mobile_country(int(&d[..3]))
}

#[rustfmt::skip]
fn is_mobile_country(code: u64) -> bool {
    matches!(code,
        1 | 202 | 204 | 206 | 208 | 212..=214 | 216 | 218..=222 | 226 | 228 | 230..=232 | 234..=235 | 238 | 240 | 242
        | 244 | 246..=248 | 250 | 255 | 257 | 259..=260 | 262 | 266 | 268 | 270 | 272 | 274 | 276 | 278 | 280 | 282..=284
        | 286 | 288..=290 | 292..=295 | 297 | 302 | 308 | 310..=314 | 316 | 330 | 334 | 338 | 340 | 342 | 344 | 346 | 348
        | 350 | 352 | 354 | 356 | 358 | 360 | 362..=366 | 368 | 370 | 372 | 374 | 376 | 400..=402 | 404..=405 | 410
        | 412..=422 | 424..=429 | 432 | 434 | 436..=438 | 440..=441 | 450 | 452 | 454..=457 | 460 | 466..=467 | 470 | 472
        | 502 | 505 | 510 | 514..=515 | 520 | 525 | 528 | 530 | 536..=537 | 539..=555 | 602..=643 | 645..=655 | 657..=659
        | 702 | 704 | 706 | 708 | 710 | 712 | 714 | 716 | 722 | 724 | 730 | 732 | 734 | 736 | 738 | 740 | 742 | 744 | 746
        | 748 | 750 | 901..=902 | 991 | 995 | 999)
}

/// Vehicle Identification Number (ISO 3779): the check digit binds where the first character is 1–5, North America.
pub(super) fn vin(raw: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let Some(text) = chars::<17>(raw, b"") else { return false };
    let mut sum = 0;
    for (byte, weight) in text.iter().zip(WEIGHTS) {
        let Some(worth) = worth(*byte) else { return false };
        sum += worth * weight;
    }
    let check = if sum % 11 == 10 { b'X' } else { b'0' + (sum % 11) as u8 };
    let mixed = text.iter().any(u8::is_ascii_uppercase) && text[14..].iter().all(u8::is_ascii_digit);
    mixed && (text[8] == check || !(b'1'..=b'5').contains(&text[0]))
}

/// A–H 1–8, J–N 1–5, P 7, R 9, S–Z 2–9; I, O and Q are not written.
fn worth(byte: u8) -> Option<u32> {
    match byte {
        b'I' | b'O' | b'Q' => None,
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        _ => alphanumeric(byte).map(|value| match value {
            10..=17 => u32::from(value) - 9,
            18..=27 => (u32::from(value) - 19) % 9 + 1,
            _ => u32::from(value) - 26,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn devices() {
        known(imei, &["490154203237518", "35-209900-176148-1"], &["490154203237519", "000000000000000"]);
        known(imsi, &["262011234567890", "310150123456789"], &["000011234567890", "26201"]);
        known(
            vin,
            &["1M8GDM9AXKP042788", "1HGCM82633A004352", "WVWZZZ1JZXW000001"],
            &["1M8GDM9A1KP042788", "11111111111111111", "1M8GDM9AXKO042788"],
        );
    }
}
