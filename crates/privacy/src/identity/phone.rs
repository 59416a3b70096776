//! Telephone numbers to E.164, by the metadata of libphonenumber (`data/phone/regions.tsv`, Apache-2.0).
//!
//! The steps are those of libphonenumber's `parse`; its own tables and `fixtures/vectors/privacy/phone.tsv` judge them. The
//! crate of the same name weighs 4 MB in the binary for formats that nobody here asks for.

use std::sync::OnceLock;

use model::Fault;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, meta};

/// Longest text that is looked at as a telephone number.
const CHARS_MAX: usize = 64;
/// Shortest and longest national number (libphonenumber).
const NATIONAL: std::ops::RangeInclusive<usize> = 2..=17;

/// A region whose way of dialling numbers without a calling code have: `DE`, `US`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region([u8; 2]);

impl Region {
    /// Reads a region of ISO 3166-1, in either case.
    ///
    /// # Errors
    /// `unknown-region`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let name = text.trim().to_ascii_uppercase();
        let known = name.as_bytes().try_into().ok().filter(|_| plans().iter().any(|plan| plan.region == name));
        known.map(Region).ok_or_else(|| {
            Fault::usage("unknown-region", format!("{text:?} is no region with telephone numbers"))
                .advise("Write two letters of ISO 3166-1, for example DE or US.")
        })
    }

    /// The two letters.
    pub fn name(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl std::fmt::Debug for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A whole number: calling code and national number, digits only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) code: &'static str,
    pub(super) national: String,
}

impl Number {
    /// `+4930231250`.
    pub(super) fn e164(&self) -> String {
        format!("+{}{}", self.code, self.national)
    }

    /// Takes a text of [`Number::e164`] apart.
    pub(super) fn of_e164(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+')?;
        let plan = plan_of_code(digits)?;
        Some(Number { code: plan.code, national: digits[plan.code.len()..].to_owned() })
    }
}

/// The whole number that `text` writes, dialled in `region`; `None` when it is none, or not whole without a region.
pub(super) fn read(text: &str, region: Option<Region>) -> Option<Number> {
    let (plus, digits) = digits(text)?;
    let local = region.and_then(|region| plans().iter().find(|plan| plan.region == region.name()));
    let (plan, rest) = match international(plus, &digits, local) {
        Some(rest) => {
            let plan = plan_of_code(rest).filter(|_| rest.len() > 2)?;
            (plan, rest[plan.code.len()..].to_owned())
        }
        None => {
            let plan = local?;
            let rest = plan.without_code(&digits).unwrap_or(digits);
            (plan, rest)
        }
    };
    let national = plan.national(rest);
    let is_whole = plan_of_code(plan.code).is_some_and(|main| has(main.lengths, national.len()));
    (NATIONAL.contains(&national.len()) && is_whole).then_some(Number { code: plan.code, national })
}

/// Whether it begins with `+`, and its digits without an extension; `None` when letters or other signs stand in it.
fn digits(text: &str) -> Option<(bool, String)> {
    let text = text.trim();
    let text = text.strip_prefix("tel:").unwrap_or(text);
    let end = text.find(|sign: char| sign.is_ascii_alphabetic() || "#;,".contains(sign)).unwrap_or(text.len());
    let (number, extension) = text.split_at(end);
    let is_extension = |rest: &str| {
        let rest = rest.to_ascii_lowercase();
        let rest = ["extension", "ext.", "ext", "x", "#", ";ext=", ","].iter().find_map(|word| rest.strip_prefix(word));
        rest.is_some_and(|rest| rest.trim().chars().all(|sign| sign.is_ascii_digit()))
    };
    if number.len() > CHARS_MAX || !(extension.is_empty() || is_extension(extension)) {
        return None;
    }
    let mut plus = false;
    let mut digits = String::new();
    for sign in number.chars() {
        match digit(sign) {
            Some(digit) => digits.push(digit),
            None if matches!(sign, '+' | '＋') && digits.is_empty() => plus = true,
            None if sign.is_whitespace() || "-./()[]~‐‑‒–—―−・･\u{2060}".contains(sign) => {}
            None => return None,
        }
    }
    (!digits.is_empty()).then_some((plus, digits))
}

/// A digit of any script that numbers are written in.
fn digit(sign: char) -> Option<char> {
    let zero = match sign {
        '0'..='9' => '0',
        '０'..='９' => '０',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6f0}'..='\u{6f9}' => '\u{6f0}',
        _ => return None,
    };
    char::from_digit(u32::from(sign) - u32::from(zero), 10)
}

/// What follows `+` or the prefix that dials abroad: calling code and number.
fn international<'d>(plus: bool, digits: &'d str, local: Option<&Plan>) -> Option<&'d str> {
    if plus {
        return Some(digits);
    }
    let abroad = local?.patterns()?.abroad.as_ref()?;
    let end = abroad.find(Input::new(digits).anchored(Anchored::Yes))?.end();
    let rest = &digits[end..];
    // No calling code begins with 0: "000…" is not dialled abroad.
    (!rest.starts_with('0')).then_some(rest)
}

/// The plan of the main region of the calling code that `digits` begin with. No code begins another.
fn plan_of_code(digits: &str) -> Option<&'static Plan> {
    plans().iter().find(|plan| plan.main && digits.starts_with(plan.code))
}

/// How one region numbers its telephones.
struct Plan {
    region: &'static str,
    code: &'static str,
    main: bool,
    abroad: &'static str,
    prefix: &'static str,
    rule: &'static str,
    general: &'static str,
    lengths: &'static str,
    lengths_local: &'static str,
    ready: OnceLock<Option<Patterns>>,
}

/// A plan's patterns, made ready when its first number is met.
struct Patterns {
    abroad: Option<meta::Regex>,
    prefix: Option<meta::Regex>,
    general: meta::Regex,
}

fn plans() -> &'static [Plan] {
    static PLANS: OnceLock<Vec<Plan>> = OnceLock::new();
    PLANS.get_or_init(|| {
        let rows = include_str!("../../data/phone/regions.tsv").lines().filter(|line| !line.starts_with('#'));
        let plans = rows.filter_map(|row| {
            let mut cells = row.split('\t');
            let mut next = || cells.next();
            Some(Plan {
                region: next()?,
                code: next()?,
                main: next()? == "main",
                abroad: next()?,
                prefix: next()?,
                rule: next()?,
                general: next()?,
                lengths: next()?,
                lengths_local: next()?,
                ready: OnceLock::new(),
            })
        });
        plans.collect()
    })
}

impl Plan {
    fn patterns(&self) -> Option<&Patterns> {
        let make = || {
            let optional = |pattern: &str| match pattern {
                "" => Some(None),
                pattern => regex(&format!("^(?:{pattern})")).map(Some),
            };
            Some(Patterns {
                abroad: optional(self.abroad)?,
                prefix: optional(self.prefix)?,
                general: regex(&format!("^(?:{})$", self.general))?,
            })
        };
        self.ready.get_or_init(make).as_ref()
    }

    fn is_national(&self, number: &str) -> bool {
        self.patterns().is_some_and(|patterns| patterns.general.is_match(Input::new(number).anchored(Anchored::Yes)))
    }

    /// The calling code written without `+`: only where the whole would be no number of the region.
    fn without_code(&self, digits: &str) -> Option<String> {
        let rest = digits.strip_prefix(self.code)?;
        let rest = self.stripped(rest).unwrap_or_else(|| rest.to_owned());
        let longest = self.lengths.split(',').filter_map(|length| length.parse().ok()).max().unwrap_or(0);
        let fits = !self.is_national(digits) && self.is_national(&rest) || digits.len() > longest;
        fits.then_some(rest)
    }

    /// The number without its national prefix, unless what is left would be too short.
    fn national(&self, number: String) -> String {
        let Some(stripped) = self.stripped(&number) else { return number };
        let shortest = self.lengths.split(',').filter_map(|length| length.parse().ok()).min().unwrap_or(0);
        let longest = self.lengths.split(',').filter_map(|length| length.parse().ok()).max().unwrap_or(0);
        let length = stripped.len();
        let between = (shortest..=longest).contains(&length) && !has(self.lengths, length);
        let keeps = has(self.lengths_local, length) || length < shortest || between;
        if keeps { number } else { stripped }
    }

    /// libphonenumber's order: the national prefix goes, unless that alone makes a good number bad.
    fn stripped(&self, number: &str) -> Option<String> {
        let prefix = self.patterns()?.prefix.as_ref()?;
        let mut groups = prefix.create_captures();
        prefix.captures(Input::new(number).anchored(Anchored::Yes), &mut groups);
        let whole = groups.get_match()?;
        let last = (1..groups.group_len()).next_back().and_then(|group| groups.get_group(group));
        let mut stripped = String::with_capacity(number.len());
        if !self.rule.is_empty() && last.is_some() {
            let mut rule = self.rule.chars();
            while let Some(sign) = rule.next() {
                match sign {
                    '$' => {
                        let group = rule.next().and_then(|digit| digit.to_digit(10)).unwrap_or(0);
                        stripped.push_str(groups.get_group(group as usize).map_or("", |span| &number[span.range()]));
                    }
                    digit => stripped.push(digit),
                }
            }
        }
        stripped.push_str(&number[whole.end()..]);
        (!self.is_national(number) || self.is_national(&stripped)).then_some(stripped)
    }
}

fn has(lengths: &str, length: usize) -> bool {
    lengths.split(',').any(|text| text.parse() == Ok(length))
}

fn regex(pattern: &str) -> Option<meta::Regex> {
    meta::Builder::new()
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .configure(meta::Config::new().hybrid_cache_capacity(64 << 10).onepass(false))
        .build(pattern)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every number of the vectors comes out as libphonenumber's Python port gives it.
    #[test]
    fn numbers_are_read_as_libphonenumber_reads_them() {
        let vectors = include_str!("../../../../fixtures/vectors/privacy/phone.tsv");
        let mut wrong = Vec::new();
        for row in vectors.lines().filter(|row| !row.starts_with('#')) {
            let cells: Vec<&str> = row.split('\t').collect();
            let region =
                Some(cells[0]).filter(|region| !region.is_empty()).map(|region| Region::parse(region).unwrap());
            let read = read(cells[1], region).map_or_else(|| "-".to_owned(), |number| number.e164());
            if read != cells[2] {
                wrong.push(format!("{row} but {read}"));
            }
        }
        assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    }

    #[test]
    fn what_is_no_number_is_none() {
        let germany = Some(Region::parse("de").unwrap());
        for text in ["", "+", "abc", "030 231250 or 030 231251", "1-800-FLOWERS", "030\u{0}231250", &"1".repeat(80)] {
            assert_eq!(read(text, germany), None, "{text:?}");
        }
        assert_eq!(read("030 231250 ext. 7", germany).unwrap().e164(), "+4930231250");
        assert_eq!(read("tel:+49-30-231250", None).unwrap().e164(), "+4930231250");
        assert_eq!(read("٠٣٠٢٣١٢٥٠", germany).unwrap().e164(), "+4930231250");
        assert_eq!(Region::parse("XX").unwrap_err().code(), "unknown-region");
    }

    #[test]
    fn a_whole_number_comes_apart_again() {
        let number = read("+1 212 456 7890", None).unwrap();
        assert_eq!((number.code, number.national.as_str()), ("1", "2124567890"));
        assert_eq!(Number::of_e164("+12124567890"), Some(number));
    }
}
