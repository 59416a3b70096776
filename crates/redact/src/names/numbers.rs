//! Numbers that prose calls a person's own: telephone numbers by their form, and identifiers by the words before them.
//!
//! In sentences a number in the groups of a telephone number is one, where in a log it may be anything: so these rules
//! belong to the tier of names, and the detectors of the room stay strict.

use std::ops::Range;

use model::Fault;
use regex_automata::meta::Regex;
use regex_automata::util::captures::Captures;
use regex_automata::util::syntax;

use super::container::broken;
use super::entity::{Entity, Label, Source};
use crate::check::{Form, is_written_date, phone_form};

/// Digits in groups, with what makes them a telephone number.
const PHONE: &str = r"(?:\+ ?)?(?:\(\+?\d{1,5}\)|\d{1,13})(?:(?:[ .\-/]|\xc2\xa0|\xe2\x80[\x90-\x93]){0,3}(?:\(\d{1,5}\)|\d{1,7})){0,7}(?:(?: ?x| ?#|,? ?(?:ext|Ext|EXT|extn|extension)[.:]?) ?\d{1,6})?";
/// How near a word has to stand that makes a weak form a telephone number.
const NEAR: usize = 60;
/// Words before a telephone number, and after it.
const BEFORE: &[&str] = &[
    "call",
    "calls",
    "called",
    "calling",
    "caller",
    "phone",
    "phoned",
    "phones",
    "telephone",
    "tel",
    "mobile",
    "cell",
    "fax",
    "dial",
    "dialed",
    "dialled",
    "ring",
    "rang",
    "reach",
    "reached",
    "contact",
    "contacted",
    "contacts",
    "text",
    "texted",
    "sms",
    "whatsapp",
    "answering",
    "answer",
    "answers",
    "voicemail",
    "hotline",
    "helpline",
    "landline",
    "notified",
    "ph",
];
const AFTER: &[&str] = &["office", "fax", "mobile", "cell", "home", "work", "phone", "tel", "landline", "direct"];

/// What stands before an identifier, as a pattern without regard to case, and the type of what follows.
const LABELS: &[(&str, &str)] = &[
    (
        "npi|national provider id(?:entifier)?|dea|national health(?: service)?|nhs|medicare|medicaid|health (?:id|card|plan|insurance)",
        "health-id",
    ),
    ("mrn|medical record|patient (?:id|no|number)|chart (?:id|no|number)|hospital (?:id|no|number)", "medical-record"),
    (
        "insurance|policy|member(?:ship)? (?:id|no|number)|subscriber|beneficiary|group (?:id|no|number)|claim (?:id|no|number)",
        "insurance",
    ),
    (r"driver'?s?'? licen[cs]e|driving licen[cs]e|licen[cs]e|permit (?:id|no|number)", "driving-licence"),
    ("passport|visa (?:id|no|number)|travel document", "passport"),
    (
        r"national id(?:entity|entification)?|identity (?:card|document|no|number)|id (?:card|no|number)|personal (?:id|no|number)|social security|ssn|citizen (?:id|no|number)|alien (?:registration )?(?:no|number)",
        "national-id",
    ),
    (
        r"(?:international )?tax(?:payer)?(?: id(?:entification|entity)?| no| number| ref(?:erence)?)|tin|ein|vat (?:id|no|number)",
        "tax-id",
    ),
    (
        r"(?:(?:credit|debit|bank|payment) )?card(?: on file| ending in| no| number|s)?|visa|master ?card|amex|american express|discover|maestro",
        "card",
    ),
    ("iban(?: [a-z]+)?|bic|swift(?: code)?", "bank-account"),
    (
        r"(?:bank |savings |checking |chequing )?(?:account|acct|a/c)(?: ?#| id| no| number|:)|routing|sort code|aba",
        "bank-account",
    ),
    (
        r"emp(?:loyee)?\.? ?(?:id|no|number|#)|badge|staff (?:id|no|number)|student (?:id|no|number)|(?:state )?bar(?: id| no| number| ?#)|sbn|service (?:no|number)|registration (?:no|number)|officer (?:id|no|number)",
        "personal-number",
    ),
    (r"(?:licen[cs]e|number|registration) plates?|plates?|reg", "plate"),
];
/// Between label and value: `Number:`, `no. is`, or a question and the answer in the next line.
const LINK: &str = r#"(?:'s)?\.?(?:[ \t]+(?:[Nn]umber|[Nn]os?\.?|[Nn]um|NUMBER|NO\.?|[Ii][Dd]|[Cc]ard|[Cc]ode|[Ii]s|[Ww]as|of|as))*[ \t]*[:#=?]?[ \t]*(?:\r?\n[ \t]*(?:A|Answer|THE WITNESS)[.:][ \t]*(?:[A-Z][a-z]+[ \t]is[ \t])?)?[#("']?[ \t]*"#;
/// Capitals and digits, at least four characters; groups.
const VALUE: &str = r"(?P<value>[A-Z0-9]{1,34}(?:[\-/.][A-Z0-9]{1,12}){0,5}|\d{2,6}(?: \d{2,6}){1,4})";
/// An identifier that tells what it is itself.
const CODED: &str = r"(?P<value>(?:MRN|EMP|INS|PAT|PID|DL|NH|HIN|TAX|ACCT|CUST|MEM|BAR|STU|NPI|PASS|POL)[-#:]?[A-Z]{0,2}\d{5,12}(?:-\d{1,4})?)";
/// A date that a word before it makes a birthday, be it the answer in the next line.
const BIRTH: &str = r"(?i-u:date[ ]of[ ]birth|birth[ -]?date|birthday|d\.?o\.?b\b\.?|born(?: on)?)[^\n\d]{0,24}(?:\r?\n[ \t]*(?:A|Answer|THE WITNESS)[.:][^\n\d]{0,24})?(?P<value>\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|(?:\d{1,2}(?:st|nd|rd|th)?(?: of)? )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?,? (?:\d{1,2}(?:st|nd|rd|th)?,? )?\d{4})";

/// The name of an account after such a word, when a digit, dot or underscore makes it no word of the language.
const USER: &str = r#"(?i-u:user(?:[ _-]?name|[ _-]?id)?|login|log-in|logged in as|uid|actor|account|handle|alias|nick(?:name)?)(?:[ \t]+(?:is|name|id|as))?[ \t]*[:=]?[ \t]*["'@(]{0,2}(?P<value>[A-Za-z][A-Za-z0-9]*[0-9._][A-Za-z0-9._]{0,40}[A-Za-z0-9])"#;

/// The patterns, compiled.
pub(super) struct Numbers {
    phone: Regex,
    /// One a label, then the coded ones, then birthdays.
    labelled: Regex,
}

impl Numbers {
    pub(super) fn new() -> Result<Self, Fault> {
        let labels = LABELS.iter().map(|(label, _)| format!(r"(?-u:\b)(?i-u:{label}){LINK}{VALUE}(?-u:\b)"));
        let more = [CODED, BIRTH, USER].map(|pattern| format!(r"(?-u:\b){pattern}(?-u:\b)"));
        let patterns: Vec<String> = labels.chain(more).collect();
        Ok(Numbers { phone: compiled(&[PHONE])?, labelled: compiled(&patterns)? })
    }

    /// The numbers in `text`, apart from each other within each kind.
    pub(super) fn find(&self, text: &str) -> Vec<Entity> {
        let mut found = Vec::new();
        self.labelled(text, &mut found);
        for hit in self.phone.find_iter(text) {
            let range = trimmed(text, hit.range());
            let Some(form) = text.get(range.clone()).filter(|_| is_apart(text, &range)).map(form) else { continue };
            let score = match form {
                Form::Sure => 0.7,
                Form::Likely if is_near(text, &range) || is_led(text, &range) => 0.6,
                _ => continue,
            };
            found.push(Entity { range, label: Label::Number("phone"), score, source: Source::Form });
        }
        found
    }

    fn labelled(&self, text: &str, found: &mut Vec<Entity>) {
        let mut captures = self.labelled.create_captures();
        let mut from = 0;
        while from < text.len() {
            self.labelled.search_captures(&regex_automata::Input::new(text).range(from..), &mut captures);
            let (Some(whole), Some(value)) = (captures.get_match(), value(&captures)) else { return };
            let kind = whole.pattern().as_usize();
            let here = text.get(value.clone()).unwrap_or_default();
            let kind = match kind.checked_sub(LABELS.len()) {
                Some(1) => is_written_date(here.as_bytes()).then_some("birth-date"),
                Some(2) => is_account(text, &value).then_some("username"),
                Some(_) => Some("personal-number"),
                None => {
                    let kind = LABELS[kind].1;
                    let least = if kind == "card" { 12 } else { 0 };
                    let digits = here.bytes().filter(u8::is_ascii_digit).count();
                    (is_identifier(here) && digits >= least).then_some(kind)
                }
            };
            from = if kind.is_some() { value.end } else { value.start.max(whole.start() + 1) };
            while !text.is_char_boundary(from) {
                from += 1;
            }
            if let Some(kind) = kind {
                found.push(Entity { range: value, label: Label::Number(kind), score: 0.8, source: Source::Form });
            }
        }
    }
}

fn compiled(patterns: &[impl AsRef<str>]) -> Result<Regex, Fault> {
    let syntax = syntax::Config::new().unicode(false).utf8(false);
    let regex = Regex::builder().syntax(syntax).build_many(patterns);
    regex.map_err(|error| broken("a form of number is no pattern").caused_by(error))
}

fn value(captures: &Captures) -> Option<Range<usize>> {
    captures.get_group_by_name("value").map(|span| span.start..span.end)
}

fn form(text: &str) -> Form {
    phone_form(text.as_bytes())
}

/// Without blanks and an opening bracket that is not closed.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let here = &text.as_bytes()[range.clone()];
    let back = here.iter().rev().take_while(|byte| !byte.is_ascii_digit() && **byte != b')').count();
    range.start..range.end - back
}

/// Whether nothing touches a number that makes it a part of something else: a word, an amount, a path, a time.
fn is_apart(text: &str, range: &Range<usize>) -> bool {
    let before = text[..range.start].chars().next_back();
    let mut after = text[range.end..].chars();
    let (next, then) = (after.next(), after.next());
    let goes_on = |char: char| char.is_alphanumeric() || matches!(char, '_' | '%' | '@' | '$' | '€' | '£' | '\\' | '=');
    let joins = |char: char| matches!(char, '.' | '-' | '/' | ':' | ',' | '\'');
    let starts = |char: char| {
        char.is_alphanumeric()
            || matches!(char, '_' | '$' | '€' | '£' | '¥' | '#' | '/' | '.' | '-' | '\\' | '@' | '%' | '&' | '=')
    };
    let continues = next.is_some_and(joins) && then.is_some_and(char::is_alphanumeric);
    !(before.is_some_and(starts) || next.is_some_and(goes_on) || continues)
}

/// Whether a word near by says that this is a telephone number.
fn is_near(text: &str, range: &Range<usize>) -> bool {
    let has = |part: &str, list: &[&str]| {
        let mut words = part.split(|char: char| !char.is_ascii_alphabetic()).filter(|word| !word.is_empty());
        words.any(|word| list.iter().any(|known| known.eq_ignore_ascii_case(word)))
    };
    let mut from = range.start.saturating_sub(NEAR);
    let mut to = text.len().min(range.end + 12);
    while !text.is_char_boundary(from) {
        from -= 1;
    }
    while !text.is_char_boundary(to) {
        to += 1;
    }
    let before = text[from..range.start].rsplit('\n').next().unwrap_or_default();
    let after = text[range.end..to].split('\n').next().unwrap_or_default();
    has(before, BEFORE) || has(after, AFTER)
}

/// Whether it is the name of an account: not a version, a file, a host or a field of a program.
fn is_account(text: &str, value: &Range<usize>) -> bool {
    let here = &text[value.clone()];
    let rest = &text[value.end..];
    let stops = rest.strip_prefix('.').is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    let after = rest.chars().next().filter(|_| !stops);
    let lower = here.bytes().filter(u8::is_ascii_lowercase).count();
    let dots = here.matches('.').count();
    let has_digit = here.bytes().any(|byte| byte.is_ascii_digit());
    let is_code = after.is_some_and(|char| "@(/\\[=-_:.".contains(char));
    let is_name = has_digit || dots == 1 && !here.contains('_') && here.split('.').all(|part| part.len() > 1);
    lower > 2 && dots < 3 && here.len() > 3 && is_name && !is_code
}

/// Whether groups of digits stand where a sentence names a number to call, and nothing is counted by them: `at 785 8949.`
fn is_led(text: &str, range: &Range<usize>) -> bool {
    let here = &text[range.clone()];
    let groups = here.split(|char: char| !char.is_ascii_digit()).filter(|group| !group.is_empty()).count();
    let digits = here.bytes().filter(u8::is_ascii_digit).count();
    let led = [" at ", " on ", " is "].iter().any(|word| text[..range.start].ends_with(word));
    let closed = text[range.end..].chars().next().is_none_or(|char| matches!(char, '.' | '?' | '!' | '\n' | '"' | ')'));
    led && closed && groups > 1 && digits > 6
}

/// Whether what follows a label is an identifier: digits enough, no date and no year.
fn is_identifier(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let letters = value.bytes().filter(u8::is_ascii_uppercase).count();
    let is_year = value.len() == 4 && (value.starts_with("19") || value.starts_with("20"));
    let is_decimal = letters == 0 && value.contains('.') && digits < 9;
    (digits >= 4 || digits == 3 && letters >= 2) && !is_year && !is_decimal && !is_written_date(value.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[(&str, &str)]) {
        let found = Numbers::new().unwrap().find(text);
        let found: Vec<_> = found
            .iter()
            .map(|entity| match entity.label {
                Label::Number(kind) => (kind, &text[entity.range.clone()]),
                _ => unreachable!("only numbers are looked for"),
            })
            .collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn telephone_numbers_are_known_by_their_groups() {
        check("She left +1 (444) 615-6188 for us.", &[("phone", "+1 (444) 615-6188")]);
        check("on 089 72 63 41, or (021) 0025-967", &[("phone", "089 72 63 41"), ("phone", "(021) 0025-967")]);
        check(
            "062-085-9260x155 and 730.347.5681 x834",
            &[("phone", "062-085-9260x155"), ("phone", "730.347.5681 x834")],
        );
        check("They're not answering at 785 8949.", &[("phone", "785 8949")]);
        check("22 498317 office", &[("phone", "22 498317")]);
    }

    #[test]
    fn other_numbers_are_none() {
        check("between 1999-2003, 12 345 678 people, pp. 123-1256", &[]);
        check("on 2024-01-15 10:20:30, 01.02.2024 and 03/04/2024; 0.123 456", &[]);
        check("ISBN 978-3-16-148410-0, 192.168.100.200, 123-45-6789, 12345-6789", &[]);
        check("They sold 785 8949 units and 322 327 102 parts.", &[]);
    }

    #[test]
    fn identifiers_are_known_by_what_stands_before_them() {
        check("NPI: 3792216049  DEA: MT3540118", &[("health-id", "3792216049"), ("health-id", "MT3540118")]);
        check("Insurance ID is INS-490919470.", &[("insurance", "INS-490919470")]);
        check(
            "Employee ID: EMP-12515 | License: DL-J10165-65",
            &[("personal-number", "EMP-12515"), ("driving-licence", "DL-J10165-65")],
        );
        check("State Bar No. 123456", &[("personal-number", "123456")]);
        check("my email handle is christine.brown53.", &[("username", "christine.brown53")]);
        check(
            "on card 4000-0000-0030-6878, IBAN destination: GB48ABCD60169708",
            &[("card", "4000-0000-0030-6878"), ("bank-account", "GB48ABCD60169708")],
        );
        check("account user.name() login user_id, card 12, visa 2019", &[]);
        check("Thomas Miller (MRN-6762586)", &[("personal-number", "MRN-6762586")]);
        check("Q: What is your date of birth?\nA: 10/22/1963.", &[("birth-date", "10/22/1963")]);
        check("Q: And your passport number?\nA: It is X1234567.", &[("passport", "X1234567")]);
        check("the Apache License 2.0, policy 2016, license MIT, insurance 100", &[]);
    }
}
