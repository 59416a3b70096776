//! International Bank Account Numbers.

use super::mod97::remainder;
use super::text::plain;

/// Country, structure of the account number (SWIFT registry), and mod 97.
pub(super) fn iban(raw: &[u8]) -> bool {
    let Some(text) = plain(raw, b" -.") else { return false };
    let Some((head, account)) = text.split_at_checked(4) else { return false };
    let structure = STRUCTURES.binary_search_by(|(country, _)| country.as_slice().cmp(&head[..2]));
    structure.is_ok_and(|at| fits(account, STRUCTURES[at].1.as_bytes()))
        && head[2..].iter().all(u8::is_ascii_digit)
        && remainder(account.iter().chain(head).copied()) == Some(1)
}

/// `5n12c`: five digits, twelve digits or capitals; `a` are capitals.
fn fits(mut account: &[u8], structure: &[u8]) -> bool {
    let mut count = 0;
    for symbol in structure {
        if symbol.is_ascii_digit() {
            count = count * 10 + usize::from(symbol - b'0');
            continue;
        }
        let Some((part, rest)) = account.split_at_checked(count) else { return false };
        let fits = part.iter().all(|byte| match symbol {
            b'n' => byte.is_ascii_digit(),
            b'a' => byte.is_ascii_uppercase(),
            _ => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
        });
        if !fits {
            return false;
        }
        (account, count) = (rest, 0);
    }
    account.is_empty()
}

#[rustfmt::skip]
const STRUCTURES: &[(&[u8; 2], &str)] = &[
    (b"AD", "8n12c"), (b"AE", "19n"), (b"AL", "8n16c"), (b"AT", "16n"), (b"AZ", "4a20c"), (b"BA", "16n"),
    (b"BE", "12n"), (b"BG", "4a6n8c"), (b"BH", "4a14c"), (b"BI", "23n"), (b"BR", "23n1a1c"), (b"BY", "4c4n16c"),
    (b"CH", "5n12c"), (b"CR", "18n"), (b"CY", "8n16c"), (b"CZ", "20n"), (b"DE", "18n"), (b"DJ", "23n"),
    (b"DK", "14n"), (b"DO", "4c20n"), (b"EE", "16n"), (b"EG", "25n"), (b"ES", "20n"), (b"FI", "14n"),
    (b"FK", "2a12n"), (b"FO", "14n"), (b"FR", "10n11c2n"), (b"GB", "4a14n"), (b"GE", "2a16n"), (b"GI", "4a15c"),
    (b"GL", "14n"), (b"GR", "7n16c"), (b"GT", "24c"), (b"HN", "4a20n"), (b"HR", "17n"), (b"HU", "24n"),
    (b"IE", "4a14n"), (b"IL", "19n"), (b"IQ", "4a15n"), (b"IS", "22n"), (b"IT", "1a10n12c"), (b"JO", "4a4n18c"),
    (b"KW", "4a22c"), (b"KZ", "3n13c"), (b"LB", "4n20c"), (b"LC", "4a24c"), (b"LI", "5n12c"), (b"LT", "16n"),
    (b"LU", "3n13c"), (b"LV", "4a13c"), (b"LY", "21n"), (b"MC", "10n11c2n"), (b"MD", "20c"), (b"ME", "18n"),
    (b"MK", "3n10c2n"), (b"MN", "16n"), (b"MR", "23n"), (b"MT", "4a5n18c"), (b"MU", "4a19n3a"), (b"NI", "4a20n"),
    (b"NL", "4a10n"), (b"NO", "11n"), (b"OM", "3n16c"), (b"PK", "4a16c"), (b"PL", "24n"), (b"PS", "4a21c"),
    (b"PT", "21n"), (b"QA", "4a21c"), (b"RO", "4a16c"), (b"RS", "18n"), (b"RU", "14n15c"), (b"SA", "2n18c"),
    (b"SC", "4a20n3a"), (b"SD", "14n"), (b"SE", "20n"), (b"SI", "15n"), (b"SK", "20n"), (b"SM", "1a10n12c"),
    (b"SO", "19n"), (b"ST", "21n"), (b"SV", "4a20n"), (b"TL", "19n"), (b"TN", "20n"), (b"TR", "6n16c"),
    (b"UA", "6n19c"), (b"VA", "18n"), (b"VG", "4a16n"), (b"XK", "16n"), (b"YE", "4a4n18c"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn countries() {
        assert!(STRUCTURES.is_sorted());
        known(
            iban,
            &[
                "GB82WEST12345698765432",
                "DE89 3704 0044 0532 0130 00",
                "NO9386011117947",
                "MT84MALT011000012345MTLCAST001S",
            ],
            &["GB82WEST12345698765433", "DE8937040044053201300", "ZZ89370400440532013000", "DE89", ""],
        );
    }
}
