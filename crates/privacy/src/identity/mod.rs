//! Who is meant: `email=ann@example.org`, read so that the same person is found however a store spells it.
//!
//! Two identities are one when their kind and their normalised text are equal. The normalisation is versioned
//! ([`VERSION`]), because tombstones and commitments outlive the program that wrote them:
//!
//! | kind | normalised |
//! |---|---|
//! | `email` | trimmed, NFC, lower case, the domain as the name system has it (`xn--…`); the tag after `+` goes when asked |
//! | `phone_number` | E.164 (`+4930231250`), numbers without a calling code read in the region that was given |
//! | any other | trimmed, NFC, case as it stands; a UUID in lower case |
//!
//! Dots in a local part are kept: they tell people apart at most providers. Values never come into `Debug`.

mod email;
mod form;
mod phone;
pub(crate) mod text;

use std::fmt;

use model::Fault;

pub use form::{Form, Way};
pub use phone::Region;

use crate::row::FieldPath;
use crate::store::{Condition, Fold};
use text::{nfc, nfd, trimmed};

/// Of the normalisation; goes into every commitment and tombstone.
pub const VERSION: u32 = 1;

/// Longest value, in bytes.
const VALUE_MAX: usize = 1024;
/// Longest word for a kind.
const WORD_MAX: usize = 64;
/// Most identities of one request.
const IDENTITIES_MAX: usize = 64;
/// So many last digits of a telephone number are asked of a store; the whole is compared afterwards.
const DIGITS_ASKED: usize = 8;

/// How values are normalised, beyond what always holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rules {
    /// Where telephone numbers without a calling code are dialled. None: such numbers name nobody.
    pub region: Option<Region>,
    /// `ann+shop@example.org` is `ann@example.org`. Off unless asked for: it can merge two people.
    pub fold_plus: bool,
}

/// What kind of identity.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Email,
    Phone,
    /// A word of the map's own, canonical: lower case, `_` between its parts.
    Own(String),
}

/// One identity of the person whose data is meant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    kind: Kind,
    given: String,
    normalised: String,
    rules: Rules,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({}=…)", self.kind())
    }
}

/// Reads every `KEY=VALUE`; the same identity twice counts once.
///
/// # Errors
/// `no-identity`, `too-many-identities`, and those of [`Identity::parse`].
pub fn parse_all<T: AsRef<str>>(texts: &[T], rules: &Rules) -> Result<Vec<Identity>, Fault> {
    if texts.is_empty() {
        return Err(Fault::usage("no-identity", "Nobody is named.")
            .advise("Name the person by at least one KEY=VALUE, for example email=ann@example.org."));
    }
    if texts.len() > IDENTITIES_MAX {
        return Err(Fault::usage("too-many-identities", format!("{} identities are named", texts.len()))
            .advise(format!("Name one person per request, by at most {IDENTITIES_MAX} identities.")));
    }
    let mut identities: Vec<Identity> = Vec::with_capacity(texts.len());
    for text in texts {
        let identity = Identity::parse(text.as_ref(), rules)?;
        if !identities.iter().any(|known| known.kind == identity.kind && known.normalised == identity.normalised) {
            identities.push(identity);
        }
    }
    Ok(identities)
}

impl Identity {
    /// Reads `KEY=VALUE`.
    ///
    /// # Errors
    /// `bad-subject`: no `=`, a word that is none, an empty or overlong value, signs of control in it, no address where
    /// an address is meant; `phone-without-region`.
    pub fn parse(text: &str, rules: &Rules) -> Result<Self, Fault> {
        let Some((word, value)) = text.split_once('=') else {
            return Err(Fault::usage("bad-subject", "A person is named as KEY=VALUE, and this has no `=`.")
                .advise("Write it as email=ann@example.org, phone=+4930231250 or user_id=4711."));
        };
        Identity::new(word, value, rules)
    }

    /// The identity of the kind that `word` means, with `value`.
    ///
    /// # Errors
    /// As [`Identity::parse`].
    pub fn new(word: &str, value: &str, rules: &Rules) -> Result<Self, Fault> {
        let kind = Kind::parse(word)?;
        let word = kind.word();
        let value = trimmed(value);
        let refuse = |why: String, advice: &str| Err(Fault::usage("bad-subject", why).advise(advice));
        if value.is_empty() {
            return refuse(format!("The value of {word} is empty"), "Write what the stores hold for this person.");
        }
        if value.len() > VALUE_MAX {
            let size = model::grouped(value.len() as u64);
            return refuse(
                format!("The value of {word} has {size} bytes"),
                &format!("Identities have at most {VALUE_MAX} bytes: check what was put in."),
            );
        }
        if value.chars().any(|sign| sign.is_control() || is_bidi_control(sign)) {
            return refuse(
                format!("The value of {word} holds a sign of control"),
                "Take line ends, NUL and signs of direction out of it.",
            );
        }
        if kind == Kind::Phone && !value.starts_with('+') && rules.region.is_none() {
            return Err(Fault::usage("phone-without-region", "The telephone number has no calling code").advise(
                "Write it with its calling code (+49…), or name the region that it is dialled in: --region DE.",
            ));
        }
        let Some(normalised) = kind.normalise(value, rules) else {
            let what = match kind {
                Kind::Email => "no e-mail address",
                _ => "no whole telephone number",
            };
            return refuse(
                format!("The value of {word} is {what}"),
                "Check it; an identity that the program does not understand is not searched for.",
            );
        };
        Ok(Identity { kind, given: value.to_owned(), normalised, rules: *rules })
    }

    /// The canonical word of its kind: `email`, `phone_number`, or one's own.
    pub fn kind(&self) -> &str {
        self.kind.word()
    }

    /// As it was given, trimmed. Personal data.
    pub fn given(&self) -> &str {
        &self.given
    }

    /// What makes two of them one. Personal data.
    pub fn normalised(&self) -> &str {
        &self.normalised
    }

    /// The rules that it was read by.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Whether `word`, as a data map or a command line writes it, means this kind.
    pub fn is_of(&self, word: &str) -> bool {
        Kind::parse(word).is_ok_and(|kind| kind == self.kind)
    }

    /// What to ask of a store for the rows whose `field` may hold it. A superset: see [`Identity::matches`].
    pub fn condition(&self, field: &FieldPath) -> Condition {
        let (fold, values) = match &self.kind {
            Kind::Email => {
                let fold = if self.rules.fold_plus { Fold::Address } else { Fold::Lower };
                (fold, self.spellings())
            }
            Kind::Phone => {
                let national = phone::Number::of_e164(&self.normalised).map_or_else(String::new, |n| n.national);
                let asked = national.len().min(DIGITS_ASKED);
                (Fold::Digits(asked as u8), vec![national[national.len() - asked..].to_owned()])
            }
            Kind::Own(_) => (Fold::Exact, self.spellings()),
        };
        let values = values.into_iter().map(|value| vec![value]).collect();
        Condition { fields: vec![field.clone()], fold, values, when: None }
    }

    /// Whether the text of a cell is this identity.
    pub fn matches(&self, cell: &str) -> bool {
        normalise_as(&self.kind, cell, &self.rules).is_some_and(|text| text == self.normalised)
    }

    /// Whether the cell matches only because case, composition or punctuation do not count: worth telling.
    pub fn matches_folded(&self, cell: &str) -> bool {
        cell != self.given && self.matches(cell)
    }

    /// Every form in which the value may still stand somewhere: the needles of a residual scan.
    pub fn forms(&self) -> Vec<Form> {
        form::forms(self)
    }

    /// Spellings that do not read as the identity, and that some program may have made of it all the same.
    pub fn misspelled(&self) -> Vec<String> {
        let address = (self.kind == Kind::Email).then(|| self.normalised.rsplit_once('@')).flatten();
        let unfolded = address.and_then(|(local, domain)| Some(format!("{local}@{}", email::unfolded(domain)?)));
        unfolded.into_iter().collect()
    }

    /// What commitments and tombstones are made of; see [`sealed`].
    pub fn sealed(&self) -> Vec<u8> {
        sealed(self.kind(), &self.normalised)
    }

    fn spellings(&self) -> Vec<String> {
        match &self.kind {
            Kind::Email => email::read(&self.normalised, false).map(|address| address.spellings()).unwrap_or_default(),
            Kind::Phone => vec![self.normalised.clone()],
            Kind::Own(_) => {
                let mut spellings = vec![self.normalised.clone()];
                let others = [nfd(&self.normalised), self.given.clone()];
                let cased = is_uuid(&self.normalised).then(|| self.normalised.to_uppercase());
                for other in others.into_iter().chain(cased) {
                    if !spellings.contains(&other) {
                        spellings.push(other);
                    }
                }
                spellings
            }
        }
    }
}

/// The canonical word for a kind of identity, so that `phone` in a data map and `phone_number` on a line are one.
pub fn canonical_kind(word: &str) -> Option<String> {
    Kind::parse(word).ok().map(|kind| kind.word().to_owned())
}

/// A cell in normalised form, for comparing it with what is no [`Identity`] any more (a tombstone). `None`: names nobody.
pub fn normalise(word: &str, cell: &str, rules: &Rules) -> Option<String> {
    normalise_as(&Kind::parse(word).ok()?, cell, rules)
}

/// The digits of a number in its international form without the calling code.
pub fn national(e164: &str) -> Option<String> {
    phone::Number::of_e164(e164).map(|number| number.national)
}

/// The bytes over which a commitment or a tombstone is computed: version, kind and normalised text, none of which can move
/// over its border. `None` of the parts holds a NUL.
pub fn sealed(kind: &str, normalised: &str) -> Vec<u8> {
    format!("probity identity {VERSION}\0{kind}\0{normalised}").into_bytes()
}

fn normalise_as(kind: &Kind, cell: &str, rules: &Rules) -> Option<String> {
    let value = trimmed(cell);
    if value.is_empty() || value.len() > VALUE_MAX || value.contains('\0') {
        return None;
    }
    kind.normalise(value, rules)
}

impl Kind {
    /// # Errors
    /// `bad-subject` when the word is empty, too long, or holds more than ASCII letters, digits, `_`, `-` and `.`.
    fn parse(word: &str) -> Result<Self, Fault> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
        let word = word.trim();
        if word.is_empty() || word.len() > WORD_MAX || !word.chars().all(plain) {
            return Err(Fault::usage("bad-subject", "The word before `=` is no kind of identity")
                .advise("Kinds are words of ASCII letters, digits, `_`, `-` and `.`: email, phone, user_id."));
        }
        let word = word.to_ascii_lowercase().replace('-', "_");
        Ok(match word.as_str() {
            "email" | "e_mail" | "mail" | "email_address" => Kind::Email,
            "phone" | "phone_number" | "telephone" | "telephone_number" | "tel" | "mobile" => Kind::Phone,
            "user_id" | "userid" => Kind::Own("user_id".to_owned()),
            _ => Kind::Own(word),
        })
    }

    fn word(&self) -> &str {
        match self {
            Kind::Email => "email",
            Kind::Phone => "phone_number",
            Kind::Own(word) => word,
        }
    }

    fn normalise(&self, value: &str, rules: &Rules) -> Option<String> {
        match self {
            Kind::Email => email::read(value, rules.fold_plus).map(|address| address.normalised()),
            Kind::Phone => phone::read(value, rules.region).map(|number| number.e164()),
            Kind::Own(_) if is_uuid(value) => Some(value.to_ascii_lowercase()),
            Kind::Own(_) => Some(nfc(value)),
        }
    }
}

fn is_uuid(text: &str) -> bool {
    let dashes = [8, 13, 18, 23];
    text.len() == 36
        && text.bytes().enumerate().all(
            |(at, byte)| {
                if dashes.contains(&at) { byte == b'-' } else { byte.is_ascii_hexdigit() }
            },
        )
}

/// Signs that turn the direction of writing: what is shown would not be what is searched for.
fn is_bidi_control(sign: char) -> bool {
    matches!(sign, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests;
