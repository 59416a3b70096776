//! What stands in the place of a value.

use model::Fault;

use crate::pseudonym::Tag;

/// How a value is taken out. The place of a value, and the label of its type, is all that is left, unless the operator
/// says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Nothing stands there.
    Remove,
    /// The label of the type: `[EMAIL]`.
    Label,
    /// One person, one pseudonym, in order of appearance: `[PERSON-3]`. Needs the key of the case.
    Pseudonym,
    /// A keyed hash, the same for the same value: `[EMAIL-2Q3KHW…]` (80 bits of HMAC-SHA-256 in base 32).
    Tag,
    /// Stars for letters and digits, but for the last so many; what separates them stays: `***-**-6789`.
    Mask {
        /// Letters or digits kept at the end.
        leave_last: u8,
    },
    /// `J. M.`
    Initials,
    /// The year of a date: `1984`. A date without a year of four digits is labelled.
    Year,
    /// The value stays, and the redaction log says so.
    Keep,
}

impl Operator {
    /// By name, as profiles write it.
    ///
    /// # Errors
    /// `unknown-operator`, with the nearest name.
    pub fn parse(name: &str, leave_last: u8) -> Result<Self, Fault> {
        Ok(match name {
            "remove" => Operator::Remove,
            "label" => Operator::Label,
            "pseudonym" => Operator::Pseudonym,
            "tag" => Operator::Tag,
            "mask" => Operator::Mask { leave_last },
            "initials" => Operator::Initials,
            "year" => Operator::Year,
            "keep" => Operator::Keep,
            _ => {
                let hint =
                    model::nearest(name, Self::NAMES).map(|near| format!("{near:?} is near; ")).unwrap_or_default();
                return Err(Fault::usage("unknown-operator", format!("there is no operator {name:?}"))
                    .advise(format!("Operators: {hint}{}.", Self::NAMES.join(", "))));
            }
        })
    }

    /// The names of all operators.
    pub const NAMES: [&'static str; 8] = ["remove", "label", "pseudonym", "tag", "mask", "initials", "year", "keep"];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Operator::Remove => "remove",
            Operator::Label => "label",
            Operator::Pseudonym => "pseudonym",
            Operator::Tag => "tag",
            Operator::Mask { .. } => "mask",
            Operator::Initials => "initials",
            Operator::Year => "year",
            Operator::Keep => "keep",
        }
    }

    /// Whether a person can be told apart by what it leaves: such output is pseudonymised, not anonymous.
    pub fn is_pseudonymous(self) -> bool {
        matches!(self, Operator::Pseudonym | Operator::Tag)
    }

    /// What stands there instead. `tag` makes the value's keyed digest, `number` its number among its type.
    pub(crate) fn apply(
        self,
        value: &str,
        label: &str,
        tag: impl FnOnce() -> Tag,
        number: impl FnOnce() -> u64,
    ) -> String {
        match self {
            Operator::Remove => String::new(),
            Operator::Label => format!("[{label}]"),
            Operator::Pseudonym => format!("[{label}-{}]", number()),
            Operator::Tag => format!("[{label}-{}]", tag().short()),
            Operator::Mask { leave_last } => mask(value, usize::from(leave_last)),
            Operator::Initials => initials(value).unwrap_or_else(|| format!("[{label}]")),
            Operator::Year => year(value).map_or_else(|| format!("[{label}]"), str::to_owned),
            Operator::Keep => value.to_owned(),
        }
    }
}

/// A value too short to hide behind its own end is masked whole.
fn mask(value: &str, leave_last: usize) -> String {
    let total = value.chars().filter(|char| char.is_alphanumeric()).count();
    let kept = if total >= leave_last * 2 { leave_last } else { 0 };
    let mut seen = 0;
    let hide = |char: char| {
        if !char.is_alphanumeric() {
            return char;
        }
        seen += 1;
        if seen + kept > total { char } else { '*' }
    };
    value.chars().map(hide).collect()
}

fn initials(value: &str) -> Option<String> {
    let firsts: Vec<char> =
        value.split(|char: char| !char.is_alphabetic()).filter_map(|word| word.chars().next()).collect();
    let written: Vec<String> = firsts.iter().map(|first| format!("{}.", first.to_uppercase())).collect();
    (!written.is_empty()).then(|| written.join(" "))
}

/// The only group of exactly four digits that begins like a year of birth.
fn year(value: &str) -> Option<&str> {
    let mut years = value.split(|char: char| !char.is_ascii_digit()).filter(|group| {
        group.len() == 4 && (group.starts_with("18") || group.starts_with("19") || group.starts_with("20"))
    });
    years.next().filter(|_| years.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(operator: Operator, value: &str, expect: &str) {
        let tag = Tag::of(&[7; 32], "type", value);
        assert_eq!(operator.apply(value, "TYPE", || tag, || 3), expect, "{operator:?} {value}");
    }

    /// Each operator leaves what it says and nothing else.
    #[test]
    fn operators_leave_what_they_say() {
        check(Operator::Remove, "x", "");
        check(Operator::Label, "x", "[TYPE]");
        check(Operator::Pseudonym, "x", "[TYPE-3]");
        check(Operator::Mask { leave_last: 4 }, "123-45-6789", "***-**-6789");
        check(Operator::Mask { leave_last: 4 }, "12345", "*****");
        check(Operator::Mask { leave_last: 0 }, "Jörg", "****");
        check(Operator::Initials, "Jan van Muster-Öhm", "J. V. M. Ö.");
        check(Operator::Year, "04/05/1984", "1984");
        check(Operator::Year, "1984-05-04", "1984");
        check(Operator::Year, "04.05.84", "[TYPE]");
        check(Operator::Keep, "x", "x");
    }
}
