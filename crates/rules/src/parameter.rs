//! Numbers and words of a pack that its user may set.

use cel::Value;
use model::{Fault, Span};
use yaml::Fields;

use crate::shape::Shape;

/// What a rule calls `parameters.NAME`.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What kind of value it takes: integer, number, text, flag, duration, or a list of texts.
    pub shape: Shape,
    /// The value when nobody sets one, as written.
    pub default: String,
    /// What it means, in a sentence.
    pub about: String,
    /// Where the default comes from: a law and clause, a standard, or "internal policy".
    pub source: String,
}

/// A value for a parameter: `PACK.NAME=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Pack.
    pub pack: String,
    /// Parameter.
    pub name: String,
    /// Value, as written.
    pub value: String,
}

impl Parameter {
    /// Reads `NAME: {type, default, about, source}`.
    ///
    /// # Errors
    /// `bad-parameter`, `missing-key`, `unknown-key`.
    pub(crate) fn read(name: &str, node: &yaml::Node, path: &str) -> Result<Self, Fault> {
        let fields = Fields::of(node, path, &["type", "default", "about", "source"])?;
        let shape = match fields.required_text("type")? {
            "integer" => Shape::Integer,
            "number" => Shape::Number,
            "text" => Shape::Text,
            "flag" => Shape::Flag,
            "duration" => Shape::Duration,
            "texts" => Shape::List(Box::new(Shape::Text)),
            other => {
                let message = format!("{path}.type is {other:?}, which is no type of a parameter");
                return Err(Fault::bad_config("bad-parameter", message)
                    .advise("The types are integer, number, text, flag, duration and texts.")
                    .at(fields.place.clone()));
            }
        };
        let parameter = Parameter {
            name: name.to_owned(),
            shape,
            default: fields.required_text("default")?.to_owned(),
            about: fields.required_text("about")?.to_owned(),
            source: fields.required_text("source")?.to_owned(),
        };
        parameter.value(&parameter.default).map_err(|fault| fault.at(fields.place.clone()))?;
        Ok(parameter)
    }

    /// `text` as the value that expressions see.
    ///
    /// # Errors
    /// `bad-parameter`.
    pub(crate) fn value(&self, text: &str) -> Result<Value, Fault> {
        let value = match &self.shape {
            Shape::Integer => text.parse().ok().map(Value::Int),
            Shape::Number => text.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Float),
            Shape::Flag => text.parse().ok().map(Value::Bool),
            Shape::Duration => seconds(text).and_then(chrono::TimeDelta::try_seconds).map(Value::Duration),
            Shape::List(_) => Some(Value::from(text.split(',').map(|word| word.trim().to_owned()).collect::<Vec<_>>())),
            _ => Some(Value::from(text.to_owned())),
        };
        value.ok_or_else(|| {
            let message = format!("{:?} is {text:?}, which is not a {}", self.name, self.shape.word());
            Fault::bad_config("bad-parameter", message).advise(match self.shape {
                Shape::Duration => "Write a length of time such as 72h, 90d or 30m.",
                Shape::Flag => "Write true or false.",
                _ => "Write a number with digits and a point.",
            })
        })
    }
}

fn seconds(text: &str) -> Option<i64> {
    i64::try_from(Span::parse(text).ok()?.seconds()).ok()
}
