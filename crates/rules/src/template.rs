//! A sentence with expressions in braces: `{container.name} runs as root`. `{{` is a brace.

use cel::Context;
use model::{Fault, Place};

use crate::check::Scope;
use crate::expression::Expression;
use crate::limits::Limits;
use crate::value;

/// A message, ready to be filled.
#[derive(Debug)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Text(String),
    Value(Expression),
}

impl Template {
    /// Reads the sentence; every expression in it is checked.
    ///
    /// # Errors
    /// `bad-template`, and what [`Expression::compile`] says.
    pub(crate) fn read(text: &str, place: &Place, scope: &Scope<'_>, limits: &Limits) -> Result<Self, Fault> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let doubled = rest[at + 1..].starts_with(&rest[at..=at]);
            match (&rest[at..=at], doubled) {
                (brace, true) => {
                    plain.push_str(brace);
                    rest = &rest[at + 2..];
                }
                ("{", false) => {
                    let end = rest[at..].find('}').ok_or_else(|| unclosed(place))?;
                    let offset = (text.len() - rest.len() + at + 1) as u64;
                    let place = Place { column: place.column + offset, ..place.clone() };
                    let expression = Expression::compile(rest[at + 1..at + end].trim(), &place, scope, limits)?;
                    pieces.extend((!plain.is_empty()).then(|| Piece::Text(std::mem::take(&mut plain))));
                    pieces.push(Piece::Value(expression));
                    rest = &rest[at + end + 1..];
                }
                _ => return Err(unclosed(place)),
            }
        }
        plain.push_str(rest);
        pieces.extend((!plain.is_empty()).then_some(Piece::Text(plain)));
        Ok(Template(pieces))
    }

    /// The sentence; what has no value is `not known`.
    pub(crate) fn fill(&self, context: &Context<'_, '_>) -> String {
        let fill = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Value(expression) => expression.run(context).map_or("not known".to_owned(), |v| value::shown(&v)),
        };
        self.0.iter().map(fill).collect()
    }
}

fn unclosed(place: &Place) -> Fault {
    Fault::bad_config("bad-template", "A brace of the message has no partner")
        .advise("Write {expression}, and {{ or }} for a brace that is meant.")
        .at(place.clone())
}
