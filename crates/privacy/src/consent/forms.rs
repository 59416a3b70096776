//! What records that were kept elsewhere are written in.

use model::{Fault, Instant, Place};
use serde_json::Value;

use super::dpv::from_json_ld;
use super::fides::from_fides;
use super::import::{Record, from_row};
use super::rows::rows;
use super::strings::from_string;

/// A way to write records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// CSV with a heading.
    Csv,
    /// A JSON object on each line, with the names of the columns.
    Jsonl,
    /// ISO/IEC TS 27560 as JSON-LD of the Data Privacy Vocabulary.
    Dpv,
    /// Privacy preferences of Fides.
    Fides,
    /// CSV or JSON Lines with a string of TCF 2 or GPP for each subject.
    Tcf,
}

impl Form {
    /// What a text looks like.
    pub fn guess(text: &str) -> Self {
        let Ok(value) = serde_json::from_str::<Value>(text) else {
            let first = text.lines().next().unwrap_or_default();
            let names_string = first.split(['"', ',']).any(|name| name.trim().eq_ignore_ascii_case("string"));
            return match text.trim_start().starts_with('{') {
                _ if names_string => Form::Tcf,
                true => Form::Jsonl,
                false => Form::Csv,
            };
        };
        let is_ld = |value: &Value| ["@context", "@graph", "@type"].iter().any(|member| value.get(member).is_some());
        match &value {
            Value::Array(items) if items.iter().any(is_ld) => Form::Dpv,
            value if is_ld(value) => Form::Dpv,
            Value::Object(row) if row.contains_key("string") => Form::Tcf,
            Value::Object(row) if row.contains_key("purpose") => Form::Jsonl,
            _ => Form::Fides,
        }
    }

    /// The records of a text, one after the other; what is wrong with one comes in its place.
    ///
    /// # Errors
    /// `bad-consent-row` for a text that is no JSON where it has to be; what is wrong with the whole.
    pub fn records<'t>(
        self,
        text: &'t str,
        by: String,
        now: Instant,
    ) -> Result<Box<dyn Iterator<Item = Result<Record, Fault>> + 't>, Fault> {
        let parsed = || {
            serde_json::from_str::<Value>(text).map_err(|error| {
                Fault::bad_input("bad-consent-row", format!("The file is no JSON: {error}"))
                    .at(Place::line(error.line() as u64, error.column() as u64))
            })
        };
        Ok(match self {
            Form::Csv | Form::Jsonl => Box::new(rows(text).map(move |row| from_row(&row?, &by, now))),
            Form::Tcf => {
                Box::new(rows(text).flat_map(move |row| match row.and_then(|row| from_string(&row, &by, now)) {
                    Ok(records) => records.into_iter().map(Ok).collect(),
                    Err(fault) => vec![Err(fault)],
                }))
            }
            Form::Dpv => Box::new(from_json_ld(&parsed()?, &by, now)?.into_iter().map(Ok)),
            Form::Fides => Box::new(from_fides(&parsed()?, &by, now)?.into_iter().map(Ok)),
        })
    }
}
