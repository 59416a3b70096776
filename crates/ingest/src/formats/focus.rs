//! FOCUS 1.0 to 1.2: what clouds charge, one charge a line, as CSV.
//!
//! Source: «FinOps Open Cost and Usage Specification». A charge becomes a row of logs at its ChargePeriodStart, of the service
//! ServiceName; every other column is an attribute. Numbers that are judged are written out plainly (`2.5E-6` is `0.0000025`) and
//! keep every digit: money is never a float here. A charge without BilledCost, or of no currency, is rejected: a sum that
//! lacks it would be wrong. Credits are charges below zero.

use std::io::Read;
use std::sync::LazyLock;

use model::Fault;

use crate::lines::Line;
use crate::map::Plan;
use crate::output::{Bad, Output};
use crate::row::{Piece, Row, Slot};
use crate::{Map, Request, formats::csv};

/// The columns that make a table one of FOCUS.
const NEEDED: [&str; 3] = ["BilledCost", "BillingCurrency", "ChargePeriodStart"];
/// Columns whose numbers are judged.
const NUMBERS: [&str; 6] =
    ["BilledCost", "EffectiveCost", "ContractedCost", "ListCost", "ConsumedQuantity", "PricingQuantity"];
/// Most digits before and behind the point: sums of any number of charges stay exact.
const WHOLE_MAX: usize = 20;
const DECIMALS_MAX: usize = 18;

static MAP: LazyLock<Option<Map>> = LazyLock::new(|| {
    Map::parse("kind = \"logs\"\n[fields]\ntime = \"ChargePeriodStart\"\nservice = \"ServiceName\"\n").ok()
});

pub(crate) fn read(input: &mut dyn Read, request: &Request, output: &mut Output<'_>) -> Result<(), Fault> {
    let request = Request { map: MAP.clone(), ..request.clone() };
    csv::read_checked(input, &request, &Plan::new(&request), check, output)
}

/// Whether the header of a table names what FOCUS needs.
pub(crate) fn is_header(line: &[u8]) -> bool {
    let line = Line { number: 1, bytes: line, text: None, terminated: true, too_long: false }.without_mark();
    let cut = |byte: &u8| !byte.is_ascii_alphanumeric();
    NEEDED.iter().all(|name| line.bytes.split(cut).any(|word| word == name.as_bytes()))
}

fn check(line: &str, row: &mut Row) -> Result<(), Bad> {
    let find = |row: &Row, name: &str| row.slots.iter().position(|slot| row.text(line, slot.key) == name);
    for name in [NEEDED[0], NEEDED[1]] {
        if find(row, name).is_none() {
            return Err(Bad::line("missing-field", format!("A charge needs {name}")));
        }
    }
    if let Some(at) = find(row, NEEDED[1]) {
        let slot = row.slots[at];
        let code = row.text(line, slot.value);
        if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(wrong(&slot, NEEDED[1], "a currency of ISO 4217: three capitals"));
        }
    }
    for name in NUMBERS {
        let Some(at) = find(row, name) else { continue };
        let slot = row.slots[at];
        let text = row.text(line, slot.value);
        let number = plain(text).ok_or_else(|| wrong(&slot, name, "a number of at most 20 digits and 18 decimals"))?;
        if number != text {
            let from = row.own.len();
            row.own.push_str(&number);
            row.slots[at].value = Piece::own(from, row.own.len());
        }
    }
    Ok(())
}

fn wrong(slot: &Slot, name: &str, what: &str) -> Bad {
    Bad::new("bad-field", slot.at as usize, format!("{name} is not {what}"))
}

/// A decimal number without exponent, without zeros that say nothing; `None` for what is none or too long.
fn plain(text: &str) -> Option<String> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok().filter(|n| n.unsigned_abs() <= 100)?),
        None => (unsigned, 0),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let all = [whole, decimals].concat();
    if all.is_empty() || all.len() > 100 || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Where the point stands among all digits; zeros are put in front or behind until it stands inside.
    let point = whole.len() as i32 + exponent;
    let front = "0".repeat(usize::try_from(1 - point).unwrap_or(0));
    let behind = "0".repeat(usize::try_from(point - all.len() as i32).unwrap_or(0));
    let (all, point) = (format!("{front}{all}{behind}"), usize::try_from(point.max(1)).ok()?);
    let (whole, decimals) = all.split_at(point);
    let (whole, decimals) = (whole.trim_start_matches('0'), decimals.trim_end_matches('0'));
    if whole.len() > WHOLE_MAX || decimals.len() > DECIMALS_MAX {
        return None;
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if whole == "0" && decimals.is_empty() { "" } else { sign };
    Some(if decimals.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{decimals}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_out_and_keep_their_digits() {
        let check = |text: &str, expect: Option<&str>| assert_eq!(plain(text).as_deref(), expect, "{text}");
        for (text, expect) in [
            ("0.1", "0.1"),
            ("-0.10", "-0.1"),
            ("+7", "7"),
            ("007.", "7"),
            (".5", "0.5"),
            ("-0.000", "0"),
            ("2.5E-6", "0.0000025"),
            ("2.5e3", "2500"),
            ("25e-1", "2.5"),
            ("1E+2", "100"),
            ("0e50", "0"),
            ("12345678901234567890.123456789012345678", "12345678901234567890.123456789012345678"),
        ] {
            check(text, Some(expect));
        }
        for text in [
            "",
            "-",
            ".",
            "1,5",
            "NaN",
            "1e",
            "e5",
            "1e999",
            "0x10",
            "1 ",
            "$1",
            "123456789012345678901",
            "1e-19",
            "--1",
            "1e5.5",
        ] {
            check(text, None);
        }
    }
}
