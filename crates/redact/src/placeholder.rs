//! What our own operators leave: `[PERSON-1]`, `[IP-JKGKCKXAIDMG4QFJ]`, `[(b)(6) CARD]`. A network reads them as names.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use crate::detector::{DETECTORS, REQUESTED};

/// Types that no detector of tier 1 finds.
const NAMES: [&str; 5] = ["person", "place", "organisation", "address", "personal-number"];

/// Longer ones are none: a reason, a type, a tag.
const LENGTH_MAX: usize = 80;

/// The labels of all built-in types, in capitals.
static LABELS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let types = DETECTORS
        .iter()
        .chain(REQUESTED)
        .flat_map(|(_, text)| text.lines().filter_map(|line| line.strip_prefix("type = \"")));
    let types = types.filter_map(|rest| rest.split('"').next());
    types.chain(NAMES).map(str::to_uppercase).collect()
});

/// Where placeholders of built-in types stand in `text`, brackets included, from left to right.
pub(crate) fn places(text: &str) -> Vec<Range<usize>> {
    places_in(text.as_bytes())
}

/// What stands for a placeholder when its text is scanned: space, over which no word tells what stands on the other side.
/// A label whose value was taken out has told what it had to tell; otherwise it would tell it of the next number, which
/// comes nearer when the value goes.
pub(crate) const BARRIER: u8 = b'\x0C';

/// Whether placeholders stand in a text.
pub(crate) fn has(text: &[u8]) -> bool {
    !places_in(text).is_empty()
}

/// The text with [`BARRIER`]s for placeholders: `[BANK-ACCOUNT]` is no context that tells what stands beside it.
pub(crate) fn blanked(text: &[u8]) -> Cow<'_, [u8]> {
    let places = places_in(text);
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut blanked = text.to_vec();
    places.into_iter().for_each(|place| blanked[place].fill(BARRIER));
    Cow::Owned(blanked)
}

/// Where placeholders stand in bytes of which not all need be text.
fn places_in(text: &[u8]) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    for start in memchr::memchr_iter(b'[', text) {
        let inner = &text[start + 1..text.len().min(start + LENGTH_MAX)];
        let Some(length) = memchr::memchr2(b']', b'[', inner).filter(|at| inner[*at] == b']') else { continue };
        // Logs are full of brackets, and nearly all of them end here.
        let is_end = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if inner[..length].last().is_some_and(is_end) && str::from_utf8(&inner[..length]).is_ok_and(is_label) {
            places.push(start..start + 1 + length + 1);
        }
    }
    places
}

/// `CARD`, `(b)(6) CARD`, `CARD-1`, `CARD-JKGKCKXAIDMG4QFJ`.
fn is_label(inner: &str) -> bool {
    let last = inner.rsplit(' ').next().unwrap_or(inner);
    last.as_bytes().first().is_some_and(u8::is_ascii_uppercase) && is_label_alone(last)
}

fn is_label_alone(last: &str) -> bool {
    LABELS.contains(last) || last.rsplit_once('-').is_some_and(|(label, end)| is_number(end) && LABELS.contains(label))
}

/// A number in order of appearance, or 80 bits in base 32.
fn is_number(end: &str) -> bool {
    let is_tag = end.len() == 16 && end.bytes().all(|byte| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte));
    is_tag || !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let found: Vec<&str> = places(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, expect, "{text}");
    }

    /// What operators leave is known again, and nothing else in brackets is.
    #[test]
    fn placeholders_are_known_again() {
        check("by [PERSON-12], [NATIONAL-ID] and [[CARD]]", &["[PERSON-12]", "[NATIONAL-ID]", "[CARD]"]);
        check("[IP-JKGKCKXAIDMG4QFJ] [(b)(6) BIRTH-DATE]", &["[IP-JKGKCKXAIDMG4QFJ]", "[(b)(6) BIRTH-DATE]"]);
        check("[MUSTER] [person] [PERSON-X] [PERSON [PERSON", &[]);
        check("[é", &[]);
        assert_eq!(*blanked(b"\xff [CARD] [MUSTER]"), *b"\xff \x0C\x0C\x0C\x0C\x0C\x0C [MUSTER]");
    }
}
