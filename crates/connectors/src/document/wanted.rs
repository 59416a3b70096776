//! Conditions, met in memory by stores that cannot search.

use std::collections::HashSet;

use privacy::row::{FieldPath, Key};
use privacy::store::{Condition, Fold};

use super::record::Record;

/// Conditions in the form in which a row is tested against thousands of values at once.
pub(crate) struct Wanted {
    any: Vec<Test>,
}

struct Test {
    fields: Vec<FieldPath>,
    fold: Fold,
    one: HashSet<String>,
    tuples: HashSet<Vec<String>>,
    when: Option<(FieldPath, String)>,
}

impl Wanted {
    /// None at all: every row.
    pub(crate) fn of(any: &[Condition]) -> Self {
        Wanted { any: any.iter().map(Test::of).collect() }
    }

    /// Whether the row meets any of them.
    pub(crate) fn meets(&self, record: &Record) -> bool {
        self.any.is_empty() || self.any.iter().any(|test| test.meets(record))
    }

    /// The only values that `field` can have in a row that meets any of them, when they say so.
    pub(crate) fn only(&self, field: &str) -> Option<Vec<String>> {
        let mut values = Vec::new();
        for test in &self.any {
            let at = test.fields.iter().position(|path| path.root() == field && path.below().is_empty())?;
            if test.fold != Fold::Exact {
                return None;
            }
            match test.fields.len() {
                1 => values.extend(test.one.iter().cloned()),
                _ => values.extend(test.tuples.iter().filter_map(|tuple| tuple.get(at).cloned())),
            }
        }
        (!self.any.is_empty()).then_some(values)
    }
}

impl Test {
    fn of(condition: &Condition) -> Self {
        let fold = |text: &String| folded(condition.fold, text);
        let values = condition.values.iter().map(|tuple| tuple.iter().map(fold).collect::<Vec<_>>());
        let mut test = Test {
            fields: condition.fields.clone(),
            fold: condition.fold,
            one: HashSet::new(),
            tuples: HashSet::new(),
            when: condition.when.clone(),
        };
        match condition.fields.len() {
            1 => test.one = values.flatten().filter(|text| !is_void(condition.fold, text)).collect(),
            _ => test.tuples = values.collect(),
        }
        test
    }

    fn meets(&self, record: &Record) -> bool {
        let kind_fits = self.when.as_ref().is_none_or(|(field, word)| record.any(field, &|text| text == word));
        kind_fits
            && match self.fields.as_slice() {
                [] => false,
                [field] => record.any(field, &|text| match self.fold {
                    Fold::Exact => self.one.contains(text),
                    fold => self.one.contains(&folded(fold, text)),
                }),
                fields => {
                    let tuple: Option<Vec<String>> =
                        fields.iter().map(|field| record.cell(field).map(|text| folded(self.fold, &text))).collect();
                    tuple.is_some_and(|tuple| self.tuples.contains(&tuple))
                }
            }
    }
}

/// `text` as [`Fold`] compares it.
pub(crate) fn folded(fold: Fold, text: &str) -> String {
    match fold {
        Fold::Exact => text.to_owned(),
        Fold::Lower => text.trim().to_lowercase(),
        Fold::Address => {
            let text = text.trim().to_lowercase();
            let tag = text.find('+').filter(|at| *at > 0).zip(text.rfind('@')).filter(|(tag, end)| tag < end);
            tag.map_or(text.clone(), |(tag, end)| format!("{}{}", &text[..tag], &text[end..]))
        }
        Fold::Digits(count) => {
            let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
            digits[digits.len().saturating_sub(usize::from(count))..].iter().collect()
        }
    }
}

/// A text without digits is no number that could be equal to another.
fn is_void(fold: Fold, text: &str) -> bool {
    matches!(fold, Fold::Digits(_)) && text.is_empty()
}

/// Keys, asked for one by one.
pub(crate) struct Keys<'a>(HashSet<&'a Key>);

impl<'a> Keys<'a> {
    pub(crate) fn of(keys: &'a [Key]) -> Self {
        Keys(keys.iter().collect())
    }

    pub(crate) fn contains(&self, key: &Key) -> bool {
        self.0.contains(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::json;

    fn meets(fields: &[&str], fold: Fold, values: &[&[&str]], when: Option<(&str, &str)>, text: &str) -> bool {
        let condition = Condition {
            fields: fields.iter().map(|field| FieldPath::parse(field)).collect(),
            fold,
            values: values.iter().map(|tuple| tuple.iter().map(|text| (*text).to_owned()).collect()).collect(),
            when: when.map(|(field, is)| (FieldPath::parse(field), is.to_owned())),
        };
        Wanted::of(&[condition]).meets(&Record { around: Vec::new(), body: json::parse(text).unwrap() })
    }

    #[test]
    fn rows_meet_conditions() {
        assert!(meets(&["id"], Fold::Exact, &[&["7"]], None, r#"{"id":7}"#));
        assert!(!meets(&["id"], Fold::Exact, &[&["07"]], None, r#"{"id":7}"#));
        assert!(!meets(&["id"], Fold::Exact, &[&["7"]], None, r#"{"id":null}"#));
        assert!(meets(&["m"], Fold::Lower, &[&["ann@x.org"]], None, r#"{"m":" Ann@X.org "}"#));
        assert!(meets(&["m"], Fold::Address, &[&["ann@x.org"]], None, r#"{"m":"Ann+news+x@X.org"}"#));
        assert!(!meets(&["m"], Fold::Address, &[&["@x.org"]], None, r#"{"m":"+ann@x.org"}"#));
        assert!(meets(&["t"], Fold::Digits(4), &[&["4567"]], None, r#"{"t":"+49 123/45-67"}"#));
        assert!(!meets(&["t"], Fold::Digits(4), &[&[""]], None, r#"{"t":"none"}"#));
        assert!(meets(&["a", "b"], Fold::Exact, &[&["1", "x"]], None, r#"{"a":1,"b":"x"}"#));
        assert!(!meets(&["a", "b"], Fold::Exact, &[&["1", "x"]], None, r#"{"a":1,"b":"y"}"#));
        assert!(!meets(&["id"], Fold::Exact, &[&["7"]], Some(("k", "person")), r#"{"id":7,"k":"firm"}"#));
        assert!(meets(&["id"], Fold::Exact, &[&["7"]], Some(("k", "person")), r#"{"id":7,"k":"person"}"#));
    }
}
