//! A fact of one's own: a question to the ingested records, and what its answer looks like.
//!
//! ```yaml
//! name: checkout
//! title: Requests to the checkout by status
//! sql: |
//!   SELECT status, count(*) AS requests, max(ts) AS newest FROM logs WHERE path = '/checkout' GROUP BY status
//! columns:
//!   status: integer, of the answer
//!   requests: integer, how many
//!   newest?: time, of the newest
//! rows_max: 100
//! time_max: 10s
//! ```
//!
//! Rules say `needs: [checkout]` and `each: checkout.rows`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use model::{Fault, Place, Span};
use yaml::Fields;

use crate::shape::{self, FactShape, Field, Shape};

const KEYS: &[&str] = &["name", "title", "sql", "columns", "rows_max", "time_max"];

/// Rows when nobody says how many.
const ROWS: u64 = 10_000;
/// Rows that may be allowed; as many as a rule judges.
const ROWS_MAX: u64 = 1_000_000;
/// Time when nobody says how long.
const TIME: Duration = Duration::from_secs(30);
/// Time that may be allowed.
const TIME_MAX: Duration = Duration::from_secs(600);

/// A fact of one's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnFact {
    /// Its name and its fields: one list, `rows`.
    pub shape: FactShape,
    /// One SELECT.
    pub sql: String,
    /// Where the SELECT stands.
    pub place: Place,
    /// The columns of the answer, with the places of their declarations.
    pub columns: Vec<(Field, Place)>,
    /// The most rows that are taken.
    pub rows_max: u64,
    /// The longest that the answer may take.
    pub time_max: Duration,
}

impl OwnFact {
    /// Reads the file of a fact.
    ///
    /// # Errors
    /// `bad-fact`, `bad-shape`, and what [`yaml::read`] and [`Fields`] say, with file, line and column.
    pub fn read(path: &Path, text: &str) -> Result<Self, Fault> {
        Self::parse(path, text).map_err(|fault| fault.in_file(path))
    }

    fn parse(path: &Path, text: &str) -> Result<Self, Fault> {
        let nodes = yaml::read(text, &yaml::Limits::default())?;
        let [node] = nodes.as_slice() else {
            return Err(bad("A file of a fact holds one fact", Place::line(1, 1)));
        };
        let fields = Fields::of(node, "", KEYS)?;
        let name = name(&fields)?;
        let declared = Fields::open(fields.required("columns")?, "columns")?;
        if declared.entries().is_empty() {
            return Err(bad("`columns` declares none", fields.required("columns")?.place.clone()));
        }
        let columns = declared.entries().iter().map(|(key, node)| {
            let (name, optional) = match key.text.strip_suffix('?') {
                Some(name) => (name, true),
                None => (key.text.as_str(), false),
            };
            let (shape, about) = shape::field(node, &declared.path_of(&key.text))?;
            if matches!(shape, Shape::List(_) | Shape::Map(_) | Shape::Record(_)) {
                return Err(bad(&format!("The column {name:?} is no single value"), node.place.clone()));
            }
            let place = Place { file: Some(path.to_path_buf()), ..key.place.clone() };
            Ok((Field { name: name.to_owned(), shape, optional, about }, place))
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let sql = fields.required("sql")?;
        Ok(OwnFact {
            shape: FactShape {
                name: name.to_owned(),
                title: fields.required_text("title")?.to_owned(),
                origin: format!("the SQL of {} over the ingested records", path.display()),
                shape: Shape::Record(vec![rows(&columns)]),
            },
            sql: yaml::text(sql, "sql")?.to_owned(),
            place: Place { file: Some(PathBuf::from(path)), ..sql.place.clone() },
            columns,
            rows_max: rows_max(&fields)?,
            time_max: time_max(&fields)?,
        })
    }
}

fn rows(columns: &[(Field, Place)]) -> Field {
    let row = Shape::Record(columns.iter().map(|(field, _)| field.clone()).collect());
    Field {
        name: "rows".to_owned(),
        shape: Shape::List(Box::new(row)),
        optional: false,
        about: "the rows of the answer".to_owned(),
    }
}

/// Rules name facts in CEL: a letter, then letters, digits and `_`.
fn name<'f>(fields: &Fields<'f>) -> Result<&'f str, Fault> {
    let name = fields.required_text("name")?;
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(fits) && name.len() <= 40 {
        return Ok(name);
    }
    let place = fields.required("name")?.place.clone();
    Err(bad(&format!("{name:?} is no name of a fact: write lower-case letters, digits and _, a letter first"), place))
}

fn rows_max(fields: &Fields<'_>) -> Result<u64, Fault> {
    let Some(text) = fields.text("rows_max")? else { return Ok(ROWS) };
    let rows = text.parse().ok().filter(|rows| (1..=ROWS_MAX).contains(rows));
    let place = || fields.node("rows_max").map_or_else(Place::default, |node| node.place.clone());
    rows.ok_or_else(|| bad(&format!("{text:?} is no number of rows from 1 to {ROWS_MAX}"), place()))
}

fn time_max(fields: &Fields<'_>) -> Result<Duration, Fault> {
    let Some(text) = fields.text("time_max")? else { return Ok(TIME) };
    let time = Span::parse(text).ok().map(|span| Duration::from_secs(span.seconds()));
    let time = time.filter(|time| !time.is_zero() && *time <= TIME_MAX);
    let place = || fields.node("time_max").map_or_else(Place::default, |node| node.place.clone());
    time.ok_or_else(|| bad(&format!("{text:?} is no time from 1s to 10m"), place()))
}

fn bad(why: &str, place: Place) -> Fault {
    Fault::bad_config("bad-fact", why).advise("docs/facts.md has an example of such a file.").at(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKOUT: &str = "name: checkout\ntitle: T\nsql: |\n  SELECT status FROM logs\ncolumns:\n  status?: integer, of \
                            it\nrows_max: 5\ntime_max: 2s\n";

    fn read(text: &str) -> Result<OwnFact, Fault> {
        OwnFact::read(Path::new("checkout.yaml"), text)
    }

    #[test]
    fn a_fact_of_ones_own_has_rows_with_the_columns_that_are_declared() {
        let fact = read(CHECKOUT).unwrap();
        assert_eq!((fact.rows_max, fact.time_max), (5, Duration::from_secs(2)));
        assert_eq!(fact.shape.misfit(&serde_json::json!({"rows": [{"status": 200}, {"status": null}]})), None);
        assert_eq!(fact.columns[0].1.to_string(), "checkout.yaml:6:3");
    }

    #[test]
    fn what_is_wrong_is_located() {
        let check = |from: &str, to: &str, code: &str, line: u64| {
            let fault = read(&CHECKOUT.replace(from, to)).unwrap_err();
            assert_eq!((fault.code(), fault.place().unwrap().line), (code, line), "{to}: {fault:?}");
        };
        check("name: checkout", "name: Check out", "bad-fact", 1);
        check("integer", "integre", "bad-shape", 6);
        check("  status?: integer, of it", "  status?: {list: text}", "bad-fact", 6);
        check("rows_max: 5", "rows_max: 0", "bad-fact", 7);
        check("time_max: 2s", "time_max: 2h", "bad-fact", 8);
        check("title: T\n", "", "missing-key", 1);
        check("title: T\n", "title: T\nsqls: x\n", "unknown-key", 3);
    }
}
