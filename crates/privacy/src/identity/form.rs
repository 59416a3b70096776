//! The forms in which a value may still stand somewhere after it was deleted where it was known to be.

use super::text::{nfd, spellings};
use super::{Identity, Kind, phone};

/// Shorter values stand everywhere by chance: they are no needles.
const CHARS_MIN: usize = 6;

/// How a form came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// As people write it.
    Plain,
    /// In a web address: `ann%40example.org`.
    Percent,
    /// Escaped in JSON: `jos\u00e9@example.org`.
    Json,
    /// Escaped in HTML or XML: `ann&#64;example.org`, `&amp;`.
    Markup,
    /// Bytes in hexadecimal.
    Hex,
    /// Part of a Base64 text, at one of the three offsets. Case counts.
    Base64,
    /// The SHA-256 of the normalised value in hexadecimal: a pseudonym that anyone can make again.
    Digest,
    /// Digits of a telephone number, whatever stands between them.
    Digits,
}

/// One needle.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Form {
    /// Lower case, for a search without regard to case; [`Way::Base64`] keeps its case.
    pub text: String,
    /// How it came about.
    pub way: Way,
    /// Counts only where no letter or digit stands before and after it.
    pub whole: bool,
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Form({:?} …)", self.way)
    }
}

/// None at all for values of fewer than six characters: they would be found everywhere, and the report says so.
pub(super) fn forms(identity: &Identity) -> Vec<Form> {
    let mut forms = Vec::new();
    if identity.normalised.chars().count() < CHARS_MIN {
        return forms;
    }
    if identity.kind == Kind::Phone {
        digits(&identity.normalised, &mut forms);
    }
    let whole = identity.kind != Kind::Phone;
    for spelling in words(identity) {
        push(&mut forms, spelling.clone(), Way::Plain, whole);
        push(&mut forms, percent(&spelling), Way::Percent, whole);
        push(&mut forms, json(&spelling), Way::Json, whole);
        push(&mut forms, markup(&spelling), Way::Markup, whole);
        push(&mut forms, hex(spelling.as_bytes()), Way::Hex, false);
        for text in base64(spelling.as_bytes()) {
            push(&mut forms, text, Way::Base64, false);
        }
    }
    push(&mut forms, seal::sha256(identity.normalised.as_bytes()).to_string(), Way::Digest, false);
    forms
}

/// The spellings, each in lower case.
fn words(identity: &Identity) -> Vec<String> {
    let mut words: Vec<String> = identity.spellings();
    words.extend([identity.given.clone(), nfd(&identity.given)]);
    words.extend(spellings(&identity.given.to_lowercase()));
    let mut lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    lower.sort();
    lower.dedup();
    lower
}

fn push(forms: &mut Vec<Form>, text: String, way: Way, whole: bool) {
    if text.chars().count() >= CHARS_MIN && !forms.iter().any(|form| form.text == text) {
        forms.push(Form { text, way, whole });
    }
}

/// `4930231250`, `004930231250` and `030231250`: the number with and without its calling code.
fn digits(e164: &str, forms: &mut Vec<Form>) {
    let Some(number) = phone::Number::of_e164(e164) else { return };
    push(forms, e164[1..].to_owned(), Way::Digits, true);
    push(forms, format!("00{}", &e164[1..]), Way::Digits, true);
    push(forms, format!("0{}", number.national), Way::Digits, true);
    push(forms, number.national, Way::Digits, true);
}

fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let spell = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02x}") };
    text.bytes().map(spell).collect()
}

fn json(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            letter if letter.is_ascii() => out.push(letter),
            letter => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out
}

fn markup(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '@' => out.push_str("&#64;"),
            letter => out.push(letter),
        }
    }
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the bytes become inside a longer Base64 text, at each of the three offsets, without the letters at the ends that
/// depend on their neighbours.
fn base64(bytes: &[u8]) -> Vec<String> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let at_offset = |offset: usize| {
        let bits: Vec<u8> = (0..offset * 8)
            .map(|_| 0)
            .chain(bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)))
            .collect();
        let letters = bits.chunks_exact(6).enumerate().filter(|(at, _)| at * 6 >= offset * 8);
        letters
            .map(|(_, six)| char::from(LETTERS[six.iter().fold(0, |sum, bit| sum * 2 + usize::from(*bit))]))
            .collect()
    };
    (0..3).map(at_offset).filter(|text: &String| text.len() >= 8).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Identity, Rules};
    use super::*;

    fn texts(identity: &str, way: Way) -> Vec<String> {
        let identity = Identity::parse(identity, &Rules::default()).unwrap();
        identity.forms().into_iter().filter(|form| form.way == way).map(|form| form.text).collect()
    }

    #[test]
    fn an_address_is_looked_for_in_every_form() {
        let address = "email=José@bücher.example";
        assert!(texts(address, Way::Plain).contains(&"jose\u{301}@xn--bcher-kva.example".to_owned()));
        assert!(texts(address, Way::Percent).contains(&"jos%c3%a9%40b%c3%bccher.example".to_owned()));
        assert!(texts(address, Way::Json).contains(&"jos\\u00e9@b\\u00fccher.example".to_owned()));
        assert_eq!(texts("email=ann@example.org", Way::Hex), ["616e6e406578616d706c652e6f7267"]);
        let digest = "438c4c7afe600cdf1e455c369bec76dc970fc8ca463447c7b387a347f3c79331";
        assert_eq!(texts("email=Ann@example.org", Way::Digest), [digest]);
    }

    #[test]
    fn base64_is_found_at_every_offset() {
        // `base64` of "xann@example.orgz", "xxann@example.orgz", "ann@example.org".
        for text in ["eGFubkBleGFtcGxlLm9yZ3o=", "eHhhbm5AZXhhbXBsZS5vcmd6", "YW5uQGV4YW1wbGUub3Jn"] {
            assert!(texts("email=ann@example.org", Way::Base64).iter().any(|form| text.contains(form)), "{text}");
        }
    }

    #[test]
    fn numbers_are_digits_and_short_values_are_no_needles() {
        assert_eq!(texts("phone=+49 30 231250", Way::Digits), ["4930231250", "004930231250", "030231250", "30231250"]);
        assert!(texts("user_id=7", Way::Plain).is_empty());
        assert_eq!(texts("user_id=471100", Way::Plain), ["471100"]);
    }
}
