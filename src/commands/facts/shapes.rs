//! What rules may name: the shapes of facts.

use rules::{FactShape, Shape};
use serde_json::{Value, json};

use crate::cli::output::{Page, Show};

/// The facts there are, with their fields.
pub(super) struct Shapes(pub(super) Vec<FactShape>);

impl Show for Shapes {
    fn json(&self) -> Value {
        let one = |fact: &FactShape| {
            let Shape::Record(fields) = &fact.shape else { return Value::Null };
            json!({"name": fact.name, "title": fact.title, "origin": fact.origin, "fields": fields_of(fields)})
        };
        json!({"schema": "fact-shapes/1", "facts": self.0.iter().map(one).collect::<Vec<_>>()})
    }

    fn human(&self, page: &mut Page) {
        for fact in &self.0 {
            page.heading(&fact.name);
            page.line(format!("{}. From {}.", fact.title, fact.origin));
            if let Shape::Record(fields) = &fact.shape {
                lines(fields, 1, page);
            }
            page.gap();
        }
    }
}

fn fields_of(fields: &[rules::Field]) -> Value {
    let one = |field: &rules::Field| {
        let mut value = json!({
            "name": field.name, "type": field.shape.word(), "may_be_unknown": field.optional, "about": field.about,
        });
        match inner(&field.shape) {
            Some(Shape::Record(fields)) => value["fields"] = fields_of(fields),
            Some(scalar) => value["of"] = json!(scalar.word()),
            None => {}
        }
        value
    };
    fields.iter().map(one).collect()
}

/// What a list, a map or a record holds.
fn inner(shape: &Shape) -> Option<&Shape> {
    match shape {
        Shape::List(of) | Shape::Map(of) => Some(of),
        Shape::Record(_) => Some(shape),
        _ => None,
    }
}

fn lines(fields: &[rules::Field], depth: usize, page: &mut Page) {
    for field in fields {
        let mark = if field.optional { "?" } else { "" };
        let kind = match inner(&field.shape) {
            Some(of) if !matches!(field.shape, Shape::Record(_)) => format!("{} of {}", field.shape.word(), of.word()),
            _ => field.shape.word().to_owned(),
        };
        page.line(format!("{}{}{mark}: {kind}, {}", "  ".repeat(depth), field.name, field.about));
        if let Some(Shape::Record(fields)) = inner(&field.shape) {
            lines(fields, depth + 1, page);
        }
    }
}
