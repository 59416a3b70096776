//! The United States.

use super::luhn;
use super::text::{chars, digits, int, values};
use super::weighted::{divides, weigh};

/// Social Security number: area, group and serial that are given, and none of the three that advertisements made known.
pub(super) fn ssn(raw: &[u8]) -> bool {
    let Some(d) = digits::<9>(raw, b"- ") else { return false };
    let (area, group, serial) = (int(&d[..3]), int(&d[3..5]), int(&d[5..]));
    let known = matches!(int(&d), 78_051_120 | 457_555_462 | 219_099_999);
    !matches!(area, 0 | 666 | 900..) && group != 0 && serial != 0 && !known
}

/// Individual taxpayer identification number: groups that the IRS gives.
pub(super) fn itin(raw: &[u8]) -> bool {
    let Some(d) = digits::<9>(raw, b"- ") else { return false };
    d[0] == 9 && matches!(int(&d[3..5]), 50..=65 | 70..=88 | 90..=92 | 94..=99)
}

/// Employer identification number: prefixes that the IRS gives.
pub(super) fn ein(raw: &[u8]) -> bool {
    let Some(d) = digits::<9>(raw, b"-") else { return false };
    !matches!(int(&d[..2]), 0 | 7..=9 | 17..=19 | 28 | 29 | 49 | 69 | 70 | 78 | 79 | 89 | 96 | 97)
}

/// Routing transit number of a bank.
pub(super) fn rtn(raw: &[u8]) -> bool {
    digits::<9>(raw, b" -").is_some_and(|d| divides(10, &d, &[3, 7, 1, 3, 7, 1, 3, 7, 1]))
}

/// DEA number of who prescribes controlled substances.
pub(super) fn dea(raw: &[u8]) -> bool {
    let Some(text) = chars::<9>(raw, b"- ") else { return false };
    let Some(d) = values::<7>(&text[2..]) else { return false };
    b"ABCDEFGHJKLMPRSTUX".contains(&text[0])
        && (text[1].is_ascii_uppercase() || text[1] == b'9')
        && weigh(&d, &[1, 2, 1, 2, 1, 2]) % 10 == i32::from(d[6])
}

/// National Provider Identifier: Luhn with 80840 in front.
pub(super) fn npi(raw: &[u8]) -> bool {
    let Some(d) = digits::<10>(raw, b"- ") else { return false };
    // The prefix adds 24 to the sum.
    matches!(d[0], 1 | 2) && (luhn::sum(&d) + 24).is_multiple_of(10)
}

/// Medicare Beneficiary Identifier: no check digit, but a kind of character for each place.
pub(super) fn mbi(raw: &[u8]) -> bool {
    let Some(text) = chars::<11>(raw, b"- ") else { return false };
    let letter = |byte: u8| byte.is_ascii_uppercase() && !b"SLOIBZ".contains(&byte);
    text.iter().enumerate().all(|(place, byte)| match place {
        0 => (b'1'..=b'9').contains(byte),
        1 | 4 | 7 | 8 => letter(*byte),
        2 | 5 => letter(*byte) || byte.is_ascii_digit(),
        _ => byte.is_ascii_digit(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_and_near_misses() {
        known(dea, &["AB1234563", "F91234563"], &["AB1234564", "AB123456", ""]);
        known(ein, &["91-1144442", "042103594"], &["07-1144442", "91-114444", ""]);
        known(
            itin,
            &["912-90-3456", "978-70-1234", "912903456", "978 70 1234"],
            &["912-93-3456", "912933456", "912-90-345", ""],
        );
        known(mbi, &["1EG4-TE5-MK73", "1EG4TE5MK73"], &["0EG4-TE5-MK73", "1EG4-TS5-MK73", "1EG4-TE5-MK7", ""]);
        known(npi, &["1234567893", "1245319599"], &["1234567894", "123456789", ""]);
        known(rtn, &["021000021", "111000025"], &["021000022", "02100002", ""]);
        known(
            ssn,
            &["536-90-4399", "123-45-6780", "536904399", "536 90 4399"],
            &["666-90-4399", "000-12-3456", "123-00-4567", "666904399", "536-90-439", "078-05-1120", "900-12-3456", ""],
        );
    }
}
