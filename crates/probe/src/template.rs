//! Texts with `${name}` in them; `$${` is a dollar and a brace.

use std::collections::BTreeMap;

use model::{Fault, Place};

/// A text and the values that it waits for.
#[derive(Clone, Debug)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Value(String),
}

impl Template {
    /// Reads a text; every name in it must be `known`.
    pub(crate) fn read(text: &str, known: &[String], place: &Place) -> Result<Self, Fault> {
        let mut pieces = vec![];
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            if rest[..at].ends_with('$') {
                pieces.push(Piece::Text(format!("{}{{", &rest[..at])));
                rest = &rest[at + 2..];
                continue;
            }
            let end = rest[at..].find('}').ok_or_else(|| {
                Fault::bad_config("bad-journey", format!("{text:?} has a ${{ without a brace that ends it"))
                    .advise("Write ${name}, or $${ for a dollar and a brace.")
                    .at(place.clone())
            })?;
            let name = &rest[at + 2..at + end];
            if !known.iter().any(|one| one == name) {
                return Err(unknown(name, known).at(place.clone()));
            }
            pieces.extend([Piece::Text(rest[..at].to_owned()), Piece::Value(name.to_owned())]);
            rest = &rest[at + end + 1..];
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Template(pieces))
    }

    /// Whether the file itself says a whole address, and not the values in it.
    pub(crate) fn is_address(&self) -> bool {
        let first = self.0.iter().find(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
        matches!(first, Some(Piece::Text(text)) if text.starts_with("http://") || text.starts_with("https://"))
    }

    /// The text with its values.
    pub(crate) fn fill(&self, values: &BTreeMap<String, String>) -> String {
        let filled = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Value(name) => values.get(name).map_or("", String::as_str),
        });
        filled.collect()
    }
}

fn unknown(name: &str, known: &[String]) -> Fault {
    let advice = match model::nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("Did you mean ${{{near}}}?"),
        None => "Name it under variables or secrets, or extract it in an earlier step.".to_owned(),
    };
    Fault::bad_config("unknown-value", format!("Nothing before this gives ${{{name}}}")).advise(advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_and_unknown_ones_refused() {
        let known = ["id".to_owned(), "token".to_owned()];
        let values: BTreeMap<String, String> =
            [("id", "7"), ("token", "${id}")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let check = |text: &str, expect: Result<&str, &str>| {
            let read = Template::read(text, &known, &Place::default());
            assert_eq!(
                read.as_ref().map(|one| one.fill(&values)).map_err(Fault::code),
                expect.map(str::to_owned),
                "{text}"
            );
        };
        check("/a/${id}?x=${id}", Ok("/a/7?x=7"));
        check("${token}", Ok("${id}"));
        check("$${id}", Ok("${id}"));
        check("100 $ {id}", Ok("100 $ {id}"));
        check("${ids}", Err("unknown-value"));
        check("${id", Err("bad-journey"));
        check("${}", Err("unknown-value"));
    }
}
