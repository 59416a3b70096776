//! Telephone numbers, by the metadata of libphonenumber (`data/phone/numbers.tsv`, Apache-2.0; `convert.py` beside it).
//!
//! A number is valid when its calling code exists and the rest is a number in use there. The patterns of a calling code
//! are made ready when its first number is met. The crate `rlibphonenumber` does the same with ten more crates linked.

use std::sync::OnceLock;

use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, meta};

/// So many digits hold every number that is dialled: code and number (ITU-T E.164 §6.1: 15), and a wrong national prefix.
const DIGITS_MAX: usize = 20;

/// `+49 30 …`, `0049 30 …`, `011 49 30 …`: valid in the plan of its calling code.
pub(super) fn international(bytes: &[u8]) -> bool {
    Digits::of(bytes).is_some_and(|digits| after_access_code(bytes, &digits).any(valid))
}

/// The same with a calling code that exists and a length that a number can have.
pub(super) fn possible(bytes: &[u8]) -> bool {
    Digits::of(bytes).is_some_and(|digits| {
        after_access_code(bytes, &digits).any(|number| {
            (8..=16).contains(&number.len()) && split(number).is_some() && !all_alike(&number[number.len() - 6..])
        })
    })
}

/// Ten digits of the North American plan whose area and exchange are in use.
pub(super) fn american(bytes: &[u8]) -> bool {
    Digits::of(bytes).is_some_and(|digits| match digits.as_slice() {
        number @ [b'1', rest @ ..] if rest.len() == 10 => valid(number),
        rest if rest.len() == 10 => {
            let mut number = [b'1'; 11];
            number[1..].copy_from_slice(rest);
            valid(&number)
        }
        _ => false,
    })
}

/// Digits that a label calls a telephone number: any length that is dialled, but no date and no point in time.
pub(super) fn local(bytes: &[u8]) -> bool {
    let Some(digits) = Digits::of(bytes) else { return false };
    let number = digits.as_slice();
    let is_bare = bytes.iter().all(u8::is_ascii_digit);
    let mut groups = bytes.split(|byte| !byte.is_ascii_digit()).filter(|group| !group.is_empty()).map(<[u8]>::len);
    (6..=15).contains(&number.len())
        // Six digits in other groups are a date or a time.
        && (number.len() > 6 || is_bare || groups.all(|group| group == 3))
        && !all_alike(number)
        && !is_date(bytes)
        && !is_decimal(bytes)
        && !is_span(bytes)
        && !(is_bare && (number.ends_with(b"0000") || is_row(number) || is_unix_time(number) || is_calendar(number) || number.len() > 13))
}

/// How much digits in prose look like a telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Written as nothing else is.
    Sure,
    /// Perhaps, when a word near by says so.
    Likely,
    /// Something else.
    Other,
}

/// The form of digits in groups, by nothing but their groups: in prose a wrong area code is a telephone number too.
pub(crate) fn form(bytes: &[u8]) -> Form {
    let main = bytes.split(|byte| byte.is_ascii_alphabetic() || b"#,".contains(byte)).next().unwrap_or_default();
    let Some(digits) = Digits::of(main) else { return Form::Other };
    let number = digits.as_slice();
    let groups: Vec<usize> =
        main.split(|byte| !byte.is_ascii_digit()).filter(|group| !group.is_empty()).map(<[u8]>::len).collect();
    let dialled = main.first() == Some(&b'+') || main.starts_with(b"(+");
    if !(6..=15).contains(&number.len()) || all_alike(number) || is_date(main) || is_decimal(main) || is_years(main) {
        return Form::Other;
    }
    if dialled {
        return if possible(main) && groups.len() > 1 { Form::Sure } else { Form::Other };
    }
    let rest = if number[0] == b'1' && groups[0] == 1 { &groups[1..] } else { &groups[..] };
    if rest.contains(&1) || groups.len() > 6 {
        return Form::Other;
    }
    let area = main.iter().position(|byte| *byte == b')');
    let has_area = area.is_some_and(|at| at < 8 && main.contains(&b'('));
    let known = matches!(rest, [3, 3, 4]) || matches!(groups[..], [3, 3, 3, 4]) && main.starts_with(b"001");
    let trunk = number[0] == b'0' && rest.len() > 1 && (8..=12).contains(&number.len());
    let extended = main.len() < bytes.len() && rest.len() > 1;
    match rest {
        _ if known || number.len() > 6 && (has_area || extended) || trunk => Form::Sure,
        // A social security number, a postal code, a number in thousands of thousands.
        [3, 2, 4] | [5, 4] | [_, 3, 3, 3, ..] => Form::Other,
        [_] if !local(main) => Form::Other,
        [2, 2, 2] | [3, 3] => Form::Likely,
        _ if number.len() == 6 => Form::Other,
        _ => Form::Likely,
    }
}

/// `1999-2003`, `0700-1900`.
fn is_years(bytes: &[u8]) -> bool {
    let mut parts = bytes.split(|byte| !byte.is_ascii_digit()).filter(|part| !part.is_empty());
    let is_year = |part: &[u8]| part.starts_with(b"19") || part.starts_with(b"20");
    let is_hour = |part: &[u8]| part < &b"2401"[..] && part[2] < b'6';
    parts.all(|part| part.len() == 4 && (is_year(part) || is_hour(part)))
}

/// `2005-2008`, `12-15 (2009)`: years, and pages of a year.
fn is_span(bytes: &[u8]) -> bool {
    let is_year = |part: &[u8]| part.len() == 4 && (part.starts_with(b"19") || part.starts_with(b"20"));
    let (last, is_bracketed) = match bytes.split_last() {
        Some((b')', rest)) => (rest.rsplit(|byte| *byte == b'(').next().unwrap_or_default(), true),
        _ => (bytes.rsplit(|byte| *byte == b'-').next().unwrap_or_default(), false),
    };
    let first = &bytes[..bytes.len() - last.len()];
    is_year(last)
        && match is_bracketed {
            true => first.len() > 2,
            false => first.strip_suffix(b"-").is_some_and(|first| is_year(first) && first <= last),
        }
}

/// The digits of a number, without its extension.
struct Digits {
    bytes: [u8; DIGITS_MAX],
    len: usize,
}

impl Digits {
    fn of(bytes: &[u8]) -> Option<Self> {
        let number = bytes.split(|byte| byte.is_ascii_alphabetic() || b"#;,".contains(byte)).next()?;
        let mut digits = Digits { bytes: [0; DIGITS_MAX], len: 0 };
        for byte in number.iter().filter(|byte| byte.is_ascii_digit()) {
            *digits.bytes.get_mut(digits.len)? = *byte;
            digits.len += 1;
        }
        Some(digits)
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// What stands after `+`, `00` or `011`: calling code and number.
fn after_access_code<'d>(bytes: &[u8], digits: &'d Digits) -> impl Iterator<Item = &'d [u8]> {
    let number = digits.as_slice();
    let plus = bytes.trim_ascii_start().first() == Some(&b'+') || bytes.starts_with(b"(+");
    let plain = plus.then_some(number);
    let dialled = ["00", "011"].into_iter().filter_map(move |code| match plus {
        true => None,
        false => number.strip_prefix(code.as_bytes()),
    });
    plain.into_iter().chain(dialled)
}

/// One calling code's plan.
struct Plan {
    code: &'static str,
    lines: [&'static str; 4],
    ready: OnceLock<Option<Ready>>,
}

/// A plan's patterns.
struct Ready {
    prefix: Option<meta::Regex>,
    rule: &'static str,
    general: meta::Regex,
    used: meta::Regex,
}

fn plans() -> &'static [Plan] {
    static PLANS: OnceLock<Vec<Plan>> = OnceLock::new();
    PLANS.get_or_init(|| {
        let table = include_str!("../../data/phone/numbers.tsv");
        let rows = table.lines().filter(|line| !line.starts_with('#'));
        let plans = rows.filter_map(|row| {
            let mut parts = row.split('\t');
            let code = parts.next()?;
            let lines = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
            Some(Plan { code, lines, ready: OnceLock::new() })
        });
        plans.collect()
    })
}

/// The plan of a number's calling code, and what follows the code. No code begins another.
fn split(number: &[u8]) -> Option<(&'static Plan, &[u8])> {
    let plan = plans().iter().find(|plan| number.starts_with(plan.code.as_bytes()))?;
    Some((plan, &number[plan.code.len()..]))
}

/// Whether `number`, calling code first, is in use.
fn valid(number: &[u8]) -> bool {
    let Some((plan, rest)) = split(number) else { return false };
    let Some(ready) = plan.ready.get_or_init(|| Ready::new(plan.lines)) else { return false };
    (4..=17).contains(&rest.len()) && ready.has(rest)
}

impl Ready {
    fn new([prefix, rule, general, used]: [&'static str; 4]) -> Option<Self> {
        let prefix = match prefix {
            "" => None,
            prefix => Some(regex(&format!("^(?:{prefix})"))?),
        };
        Some(Ready {
            prefix,
            rule,
            general: regex(&format!("^(?:{general})$"))?,
            used: regex(&format!("^(?:{used})$"))?,
        })
    }

    /// libphonenumber's order: the national prefix goes, unless that alone makes a good number bad.
    fn has(&self, rest: &[u8]) -> bool {
        let stripped = self.stripped(rest).filter(|number| is_whole(&self.general, number.as_slice()));
        let number = stripped.as_ref().map_or(rest, Digits::as_slice);
        is_whole(&self.general, number) && is_whole(&self.used, number)
    }

    /// The number without its national prefix, which the plan may replace by something else.
    fn stripped(&self, rest: &[u8]) -> Option<Digits> {
        let prefix = self.prefix.as_ref()?;
        let mut groups = prefix.create_captures();
        prefix.captures(Input::new(rest).anchored(Anchored::Yes), &mut groups);
        let whole = groups.get_match()?;
        let last = (1..groups.group_len()).next_back().and_then(|group| groups.get_group(group));
        let mut number = Digits { bytes: [0; DIGITS_MAX], len: 0 };
        if !self.rule.is_empty() && last.is_some() {
            let mut rule = self.rule.bytes();
            while let Some(byte) = rule.next() {
                match byte {
                    b'$' => {
                        let group = rule.next().map_or(0, |digit| usize::from(digit.wrapping_sub(b'0')));
                        number.push(groups.get_group(group).map_or(&[][..], |span| &rest[span.range()]))?;
                    }
                    digit => number.push(&[digit])?,
                }
            }
        }
        number.push(&rest[whole.end()..])?;
        Some(number)
    }
}

impl Digits {
    fn push(&mut self, more: &[u8]) -> Option<()> {
        self.bytes.get_mut(self.len..self.len + more.len())?.copy_from_slice(more);
        self.len += more.len();
        Some(())
    }
}

/// A plan's pattern; small, since many plans may be met.
fn regex(pattern: &str) -> Option<meta::Regex> {
    meta::Builder::new()
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .configure(meta::Config::new().hybrid_cache_capacity(64 << 10).onepass(false))
        .build(pattern)
        .ok()
}

fn is_whole(pattern: &meta::Regex, number: &[u8]) -> bool {
    pattern.is_match(Input::new(number).anchored(Anchored::Yes))
}

fn all_alike(digits: &[u8]) -> bool {
    digits.iter().all(|digit| *digit == digits[0])
}

/// `3456789`: each digit follows the one before.
fn is_row(digits: &[u8]) -> bool {
    digits.windows(2).all(|two| two[1] == two[0] + 1)
}

/// Seconds or milliseconds since 1970, from 2001 to 2033.
fn is_unix_time(digits: &[u8]) -> bool {
    matches!(digits.len(), 10 | 13) && digits[0] == b'1'
}

/// `20261122`, `20261122T…` without its letters.
fn is_calendar(digits: &[u8]) -> bool {
    let number = |range: std::ops::Range<usize>| digits[range].iter().fold(0, |sum, d| sum * 10 + u32::from(d - b'0'));
    matches!(digits.len(), 8 | 12 | 14)
        && (1900..2100).contains(&number(0..4))
        && (1..=12).contains(&number(4..6))
        && (1..=31).contains(&number(6..8))
}

/// `353207.547`, `9.20151004`.
fn is_decimal(bytes: &[u8]) -> bool {
    let mut parts = bytes.split(|byte| *byte == b'.');
    let (Some(whole), Some(part), None) = (parts.next(), parts.next(), parts.next()) else { return false };
    (whole.len() > 4 || whole.len() == 1 && part.len() > 4) && whole.iter().chain(part).all(u8::is_ascii_digit)
}

/// `2026-11-22`, `22.11.2026`, `11/22/2026`, alone or with a time.
fn is_date(bytes: &[u8]) -> bool {
    let mut parts = bytes.split(|byte| !byte.is_ascii_digit()).map(<[u8]>::len);
    let shape = [parts.next(), parts.next(), parts.next()].map(|part| part.unwrap_or(0));
    let year = |part: &[u8]| part.starts_with(b"19") || part.starts_with(b"20");
    match shape {
        [4, 1..=2, 0..=2] => year(bytes),
        [1..=2, 1..=2, 4] => {
            bytes.iter().rposition(|byte| !byte.is_ascii_digit()).is_some_and(|at| year(&bytes[at + 1..]))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn numbers_with_a_calling_code() {
        known(
            international,
            &[
                "+1 212-456-7890",
                "+44 (0)20 7946 0958",
                "+49 30 23125 0",
                "0049 30 231250",
                "011 44 20 7946 0958",
                "+39 06 698 12345",
                "+54 9 11 2345-6789",
                "+55 11 98765-4321 x12",
                "+800 1234 5678",
            ],
            &[
                "+1 123-456-7890",
                "+999 123456789",
                "+49 0",
                "+",
                "",
                "+44 20",
                "+12345678901234567890123",
                "212-456-7890",
            ],
        );
    }

    #[test]
    fn numbers_of_north_america() {
        known(
            american,
            &["212-456-7890", "(212) 456-7890 ext. 12", "1-212-456-7890"],
            &["012-456-7890", "212-156-7890", "456-7890"],
        );
    }

    #[test]
    fn numbers_with_a_label() {
        known(
            local,
            &["030 231250", "456-7890", "01 23 45 67 89", "(0115) 496 0123", "2125550123"],
            &[
                "2026-11-22",
                "2005-2008",
                "12-15 (2009)",
                "9.20151004",
                "22.11.2026",
                "1732270000",
                "20261122",
                "000-0000",
                "12345",
                "12345678901234",
            ],
        );
    }
}
