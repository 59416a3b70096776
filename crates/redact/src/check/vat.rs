//! VAT numbers of the Union, Northern Ireland and the United Kingdom. A person who trades has one too.

use super::iso7064::mod_11_10;
use super::luhn::{luhn, sum};
use super::mod97::remainder;
use super::text::{figures, int, plain, value, values};
use super::weighted::{divides, eleven, weigh};
use super::{bg, cy, cz, es, gr, hr, ie, nl, pl, pt, ro, si};

/// The country's letters, and then its own rule.
pub(super) fn vat(raw: &[u8]) -> bool {
    let Some(text) = plain(raw, b" -./") else { return false };
    let Some((country, number)) = text.split_at_checked(2) else { return false };
    let Some(check) = COUNTRIES.iter().find(|(known, _)| *known == country).map(|(_, check)| check) else {
        return false;
    };
    check(number)
}

type Check = fn(&[u8]) -> bool;

#[rustfmt::skip]
const COUNTRIES: &[(&[u8; 2], Check)] = &[
    (b"AT", austria), (b"BE", belgium), (b"BG", bulgaria), (b"CY", cy::tic), (b"CZ", czechia), (b"DE", germany),
    (b"DK", denmark), (b"EE", estonia), (b"EL", gr::afm), (b"ES", spain), (b"FI", finland), (b"FR", france),
    (b"GB", britain), (b"GR", gr::afm), (b"HR", hr::oib), (b"HU", hungary), (b"IE", ireland), (b"IT", italy),
    (b"LT", lithuania), (b"LU", luxembourg), (b"LV", latvia), (b"MT", malta), (b"NL", netherlands), (b"PL", pl::nip),
    (b"PT", pt::nif), (b"RO", romania), (b"SE", sweden), (b"SI", si::davcna), (b"SK", slovakia), (b"XI", britain),
];

fn austria(text: &[u8]) -> bool {
    let [b'U', digits @ ..] = text else { return false };
    values::<8>(digits).is_some_and(|d| (sum(&d[..7]) + u32::from(d[7])) % 10 == 6)
}

fn belgium(text: &[u8]) -> bool {
    values::<10>(text).is_some_and(|d| d[0] < 2 && int(&d) > 0 && (int(&d[..8]) + int(&d[8..])).is_multiple_of(97))
}

fn bulgaria(text: &[u8]) -> bool {
    let Some(d) = figures(text, b"") else { return false };
    match d.len() {
        9 => {
            let check = match weigh(&d, &[1, 2, 3, 4, 5, 6, 7, 8]) % 11 {
                10 => weigh(&d, &[3, 4, 5, 6, 7, 8, 9, 10]) % 11,
                check => check,
            };
            check % 10 == i32::from(d[8])
        }
        10 => bg::egn(text) || bg::pnf(text) || eleven(&d, &[4, 3, 2, 7, 6, 5, 4, 3, 2]) == i32::from(d[9]),
        _ => false,
    }
}

fn czechia(text: &[u8]) -> bool {
    let Some(d) = figures(text, b"") else { return false };
    match (d.len(), d.first()) {
        (8, Some(..=8)) => {
            let check = eleven(&d, &[8, 7, 6, 5, 4, 3, 2]);
            (if check == 0 { 1 } else { check }) % 10 == i32::from(d[7])
        }
        (9, Some(6)) => {
            let rest = weigh(&d[1..8], &[8, 7, 6, 5, 4, 3, 2]) % 11;
            (8 - (10 - rest).rem_euclid(11)).rem_euclid(10) == i32::from(d[8])
        }
        (9 | 10, _) => cz::rc(text),
        _ => false,
    }
}

fn germany(text: &[u8]) -> bool {
    values::<9>(text).is_some_and(|d| d[0] != 0 && mod_11_10(&d))
}

fn denmark(text: &[u8]) -> bool {
    values::<8>(text).is_some_and(|d| d[0] != 0 && divides(11, &d, &[2, 7, 6, 5, 4, 3, 2, 1]))
}

fn estonia(text: &[u8]) -> bool {
    values::<9>(text).is_some_and(|d| divides(10, &d, &[3, 7, 1, 3, 7, 1, 3, 7, 1]))
}

fn spain(text: &[u8]) -> bool {
    es::dni(text) || es::nie(text) || es::nif_special(text) || es::cif(text)
}

fn finland(text: &[u8]) -> bool {
    values::<8>(text).is_some_and(|d| divides(11, &d, &[7, 9, 10, 5, 8, 4, 2, 1]))
}

/// A key of two characters, digits or letters, and the SIREN. Monaco writes 000 and no SIREN.
fn france(text: &[u8]) -> bool {
    let Some(siren) = text.get(2..).and_then(values::<9>) else { return false };
    if siren[..3] != [0, 0, 0] && !luhn(&siren) {
        return false;
    }
    if let Some(key) = values::<2>(&text[..2]) {
        return int(&key) == (int(&siren) * 100 + 12) % 97;
    }
    // Letters without I and O.
    let worth =
        |byte: u8| b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ".iter().position(|known| *known == byte).map(|at| at as i64);
    let (Some(first), Some(second)) = (worth(text[0]), worth(text[1])) else { return false };
    let key = if first < 10 { first * 24 + second - 10 } else { first * 34 + second - 100 };
    (int(&siren) as i64 + 1 + key.div_euclid(11)) % 11 == key.rem_euclid(11)
}

fn britain(text: &[u8]) -> bool {
    match text {
        [b'G', b'D', number @ ..] if number.len() == 3 => values::<3>(number).is_some_and(|d| int(&d) < 500),
        [b'H', b'A', number @ ..] if number.len() == 3 => values::<3>(number).is_some_and(|d| int(&d) >= 500),
        [kind @ (b'G' | b'H'), b'D' | b'A', b'8', b'8', b'8', b'8', number @ ..] if number.len() == 5 => {
            let office = |d: [u8; 5]| (int(&d[..3]) < 500) == (*kind == b'G') && int(&d[..3]) % 97 == int(&d[3..]);
            (text.starts_with(b"GD") || text.starts_with(b"HA")) && values::<5>(number).is_some_and(office)
        }
        _ => {
            let Some(d) = figures(text, b"") else { return false };
            let rest = weigh(&d, &[8, 7, 6, 5, 4, 3, 2, 10, 1]) % 97;
            // Numbers from 100 on may be of the second series, whose sum is 55 or 42 less.
            matches!(d.len(), 9 | 12) && (rest == 0 || int(&d[..3]) >= 100 && matches!(rest, 42 | 55))
        }
    }
}

fn hungary(text: &[u8]) -> bool {
    values::<8>(text).is_some_and(|d| divides(10, &d, &[9, 7, 3, 1, 9, 7, 3, 1]))
}

/// Seven digits and one or two letters; of old a letter or sign stands in the second place.
fn ireland(text: &[u8]) -> bool {
    let Some((body, letters)) = text.split_at_checked(7).filter(|(_, letters)| matches!(letters.len(), 1 | 2)) else {
        return false;
    };
    let (Some(second), true) =
        (letters.get(1).map_or(Some(0), |byte| ie::value(*byte)), ie::value(letters[0]).is_some())
    else {
        return false;
    };
    if let Some(d) = values::<7>(body) {
        return ie::letter(&d, second) == letters[0];
    }
    let old = body[1].is_ascii_uppercase() || matches!(body[1], b'+' | b'*');
    let (Some(first), Some(rest)) = (value(body[0]), values::<5>(&body[2..])) else { return false };
    let d = [0, rest[0], rest[1], rest[2], rest[3], rest[4], first];
    old && ie::letter(&d, 0) == letters[0]
}

fn italy(text: &[u8]) -> bool {
    let Some(d) = values::<11>(text) else { return false };
    int(&d[..7]) > 0 && matches!(int(&d[7..10]), 1..=100 | 120 | 121 | 888 | 999) && luhn(&d)
}

fn lithuania(text: &[u8]) -> bool {
    let Some(d) = figures(text, b"") else { return false };
    let mark = match d.len() {
        9 => 7,
        12 => 10,
        _ => return false,
    };
    let body = &d[..d.len() - 1];
    let round = |shift: i32| {
        let each = body.iter().zip(0..).map(|(digit, place)| i32::from(*digit) * (1 + (place + shift) % 9));
        each.sum::<i32>() % 11
    };
    let check = if round(0) == 10 { round(2) % 10 } else { round(0) };
    d[mark] == 1 && check == i32::from(d[d.len() - 1])
}

fn luxembourg(text: &[u8]) -> bool {
    values::<8>(text).is_some_and(|d| int(&d[..6]) % 89 == int(&d[6..]))
}

/// Companies begin with 4 to 9, people have their personal number.
fn latvia(text: &[u8]) -> bool {
    let company = |d: [u8; 11]| d[0] > 3 && weigh(&d, &[9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]) % 11 == 3;
    values::<11>(text).is_some_and(company) || super::lv::personas_kods(text)
}

fn malta(text: &[u8]) -> bool {
    values::<8>(text).is_some_and(|d| d[0] != 0 && divides(37, &d, &[3, 4, 6, 7, 8, 9, 10, 1]))
}

/// Nine digits, B, two digits: a BSN, or for people since 2020 mod 97 over all of it.
fn netherlands(text: &[u8]) -> bool {
    let Some(number) = text.get(..9).filter(|_| text.len() == 12 && text[9] == b'B').and_then(values::<9>) else {
        return false;
    };
    let Some(suffix) = values::<2>(&text[10..]) else { return false };
    let whole = || remainder(b"NL".iter().chain(text).copied()) == Some(1);
    int(&number) > 0 && int(&suffix) > 0 && (nl::bsn(&text[..9]) || whole())
}

fn romania(text: &[u8]) -> bool {
    let Some(d) = figures(text, b"") else { return false };
    match d.len() {
        13 => ro::cnp(text),
        2..=10 => {
            let (body, check) = (&d[..d.len() - 1], i32::from(d[d.len() - 1]));
            d[0] != 0 && weigh(body, &[7, 5, 3, 2, 1, 7, 5, 3, 2][9 - body.len()..]) * 10 % 11 % 10 == check
        }
        _ => false,
    }
}

fn sweden(text: &[u8]) -> bool {
    values::<12>(text).is_some_and(|d| d[10..] == [0, 1] && luhn(&d[..10]))
}

fn slovakia(text: &[u8]) -> bool {
    let company = |d: [u8; 10]| d[0] != 0 && matches!(d[2], 2..=4 | 7..=9) && int(&d).is_multiple_of(11);
    values::<10>(text).is_some_and(company) || text.len() == 10 && cz::rc(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn one_of_each_country() {
        known(
            vat,
            &[
                "ATU13585627",
                "BE0428759497",
                "BG175074752",
                "CY10259033P",
                "CZ25123891",
                "DE136695976",
                "DK13585628",
                "EE100931558",
                "EL094259216",
                "ESX2482300W",
                "ESJ99216582",
                "FI20774740",
                "FR40303265045",
                "GB980780684",
                "HR33392005961",
                "HU12892312",
                "IE6433435F",
                "IE8D79739I",
                "IT00743110157",
                "LT119511515",
                "LU15027442",
                "LV40003521600",
                "MT11679112",
                "NL004495445B01",
                "NL123456789B13",
                "PL8567346215",
                "PT501964843",
                "RO18547290",
                "SE123456789701",
                "SI50223054",
                "SK2022749619",
            ],
            &["ATU13585626", "BE0428759498", "DE136695978", "XX136695976", "DE", "", "NL123456789A13", "GBGD600"],
        );
    }
}
