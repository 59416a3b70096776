//! Telephone numbers, whatever stands between their digits.

use super::Value;

/// Fewer digits than this are no telephone number.
const DIGITS: usize = 7;
/// Groups of digits that one number can be written in.
const GROUPS: usize = 8;
/// A country code has at most so many digits.
const COUNTRY: usize = 3;

/// The digits of a telephone number in its international form (E.164).
pub(super) fn telephone(value: &Value) -> Option<String> {
    let international = value.spellings.iter().find(|text| text.starts_with('+') && value.kind.contains("phone"))?;
    let digits: String = international.chars().filter(char::is_ascii_digit).collect();
    (digits.len() >= DIGITS).then_some(digits)
}

/// A number that is looked for.
pub(super) struct Number {
    pub(super) needle: usize,
    digits: String,
    finder: memchr::memmem::Finder<'static>,
}

impl Number {
    pub(super) fn new(needle: usize, digits: String) -> Self {
        let finder = memchr::memmem::Finder::new(&digits.as_bytes()[digits.len() - 2..]).into_owned();
        Number { needle, digits, finder }
    }

    /// Whether the number stands in `haystack`, written in any way.
    pub(super) fn is_in(&self, haystack: &[u8]) -> bool {
        // Its last two digits stand together however it is written, so that most texts are passed over quickly.
        self.finder.find_iter(haystack).any(|at| self.ends_at(haystack, at + 2))
    }

    /// Whether the number ends there: groups of digits are read backward, with what may stand between them.
    fn ends_at(&self, haystack: &[u8], end: usize) -> bool {
        if haystack.get(end).is_some_and(u8::is_ascii_digit) {
            return false;
        }
        let mut read = String::new();
        let mut at = end;
        for _ in 0..GROUPS {
            let start = haystack[..at].iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |last| last + 1);
            let group = String::from_utf8_lossy(&haystack[start..at]);
            // `+49 (0) 171`: the zero in parentheses is for those who leave the country code out.
            let optional = group == "0" && haystack[..start].ends_with(b"(");
            if !optional {
                read.insert_str(0, &group);
            }
            let gap = haystack[..start].iter().rev().take_while(|byte| b" -./()+\xa0\xc2".contains(byte)).count();
            let before = start - gap;
            if self.is(&read) && !follows_letter(haystack, start) {
                let national = read.trim_start_matches('0').len() < self.digits.len();
                return !(national && of_another_country(&haystack[..before], &self.digits));
            }
            if gap == 0 || gap > 3 || before == 0 || !haystack[before - 1].is_ascii_digit() {
                return false;
            }
            at = before;
        }
        false
    }

    fn is(&self, read: &str) -> bool {
        let national = read.trim_start_matches('0');
        national.len() >= DIGITS && self.digits.ends_with(national) && self.digits.len() - national.len() <= COUNTRY
    }
}

/// Whether the text ends in a country code, `+43`, with which `digits` do not begin.
fn of_another_country(text: &[u8], digits: &str) -> bool {
    let start = text.iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |last| last + 1);
    let plus = start > 0 && text[start - 1] == b'+';
    plus && start < text.len() && !digits.as_bytes().starts_with(&text[start..])
}

fn follows_letter(haystack: &[u8], start: usize) -> bool {
    start > 0 && haystack[start - 1].is_ascii_alphanumeric()
}
