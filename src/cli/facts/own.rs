//! Facts of one's own: SQL over the ingested records, declared in `rules/facts/NAME.yaml`.
//!
//! What is wrong with the file ends the run, with its place; what goes wrong with the data or takes too long is a gap.

use std::path::Path;

use model::Fault;
use rules::{Catalogue, OwnFact};

use super::{Asked, Collected, Context};
use crate::cli::packs;

/// The folder of these files, in the project.
const FOLDER: &str = "rules/facts";

/// Every fact that can be named in this project.
pub(crate) struct Known {
    /// Their shapes.
    pub(crate) catalogue: Catalogue,
    own: Vec<OwnFact>,
}

impl Known {
    /// What is built in, and what the project declares.
    ///
    /// # Errors
    /// What the files say: `bad-fact`, `duplicate-fact`, …
    pub(crate) fn of(context: &Context) -> Result<Self, Fault> {
        let mut known = Known { catalogue: Catalogue::built_in(), own: vec![] };
        let folder = context.project.root().join(FOLDER);
        let texts = if folder.is_dir() { packs::texts(&folder)? } else { vec![] };
        for (path, text) in texts {
            let path = path.strip_prefix(context.project.root()).map(Path::to_path_buf).unwrap_or(path);
            let fact = OwnFact::read(&path, &text)?;
            known.catalogue.add(fact.shape.clone()).map_err(|fault| fault.at(fact.place.clone()))?;
            known.own.push(fact);
        }
        Ok(known)
    }

    /// The names of the facts that the project declares.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.own.iter().map(|fact| fact.shape.name.as_str())
    }

    /// What is declared, for telling two states of a project apart.
    pub(super) fn declared(&self) -> String {
        format!("{:?}", self.own)
    }

    /// Collects those that are wanted and not there yet.
    ///
    /// # Errors
    /// A SELECT that is wrong, and columns that are not as declared; `interrupted`.
    pub(super) fn collect(
        &self,
        context: &Context,
        asked: &Asked<'_>,
        facts: &rules::Facts,
    ) -> Result<Vec<(&str, Collected)>, Fault> {
        let is_open = |fact: &&OwnFact| {
            let name = fact.shape.name.as_str();
            asked.needs.contains(name) && facts.find(name).is_none()
        };
        let one = |fact: &OwnFact| collect(context, fact);
        self.own.iter().filter(is_open).map(|fact| Ok((fact.shape.name.as_str(), one(fact)?))).collect()
    }
}

#[cfg(not(feature = "engine"))]
fn collect(_: &Context, fact: &OwnFact) -> Result<Collected, Fault> {
    let fault = Fault::usage("not-built-in", "This probity was built without SQL over ingested records");
    Ok(Collected::failed(&format!("the SQL of {}", fact.place), &fault.advise("Use the full build.")))
}

#[cfg(feature = "engine")]
fn collect(context: &Context, fact: &OwnFact) -> Result<Collected, Fault> {
    select::collect(context, fact)
}

#[cfg(feature = "engine")]
mod select {
    use engine::{Cell, Column, Limits};
    use model::{Fault, Kind};
    use rules::{Field, OwnFact, Shape, Source};
    use serde_json::{Map, Value, json};
    use store::Store;

    use super::{Collected, Context};
    use crate::cli::facts::ingested;
    use crate::cli::sql;

    /// Faults that whoever wrote the SELECT can mend.
    const AUTHORS: [&str; 3] = ["bad-query", "not-read-only", "query-too-long"];

    pub(super) fn collect(context: &Context, fact: &OwnFact) -> Result<Collected, Fault> {
        let what = format!("the SQL of {}", fact.place);
        match rows(context, fact) {
            Ok(collected) => Ok(collected),
            Err(fault) if fault.kind() == Kind::Interrupted => Err(fault),
            Err(fault) if AUTHORS.contains(&fault.code()) => {
                let located = Fault::bad_config(fault.code(), fault.message()).at(fact.place.clone());
                Err(located.advise(fault.advice().unwrap_or("Mend the SELECT.")))
            }
            Err(fault) if fault.place().is_some() => Err(fault),
            Err(fault) => Ok(Collected::failed(&what, &fault)),
        }
    }

    fn rows(context: &Context, fact: &OwnFact) -> Result<Collected, Fault> {
        let snapshot = Store::open(&context.project.state("store"), None)?.snapshot()?;
        let engine = sql::over(context, &snapshot)?;
        let limits = Limits { rows_max: Some(fact.rows_max), time_max: Some(fact.time_max), ..sql::limits(context)? };
        let mut answer = engine.query(&fact.sql, &limits)?;
        let order = order(fact, answer.columns())?;
        if snapshot.files.is_empty() {
            return Ok(Collected::not_given(
                "nothing was ingested here; `probity ingest` reads metrics, logs and traces",
            ));
        }
        let mut rows = Vec::new();
        while let Some(batch) = answer.next_batch()? {
            for at in 0..batch.rows() {
                let mut row = Map::new();
                for ((field, _), column) in fact.columns.iter().zip(&order) {
                    let value =
                        value(&batch.cell(at, *column), field).map_err(|why| misfit(rows.len(), field, &why))?;
                    row.insert(field.name.clone(), value);
                }
                rows.push(Value::Object(row));
            }
        }
        let sql = Source { name: fact.place.to_string(), digest: Some(seal::sha256(fact.sql.as_bytes())) };
        let sources = vec![ingested::source(context, &snapshot), sql];
        Ok(Collected::now(context, json!({"rows": rows}), sources, vec![]))
    }

    /// Where each declared column stands in the answer.
    fn order(fact: &OwnFact, columns: &[Column]) -> Result<Vec<usize>, Fault> {
        let bad = |why: String, advice: String| Fault::bad_config("bad-fact", why).advise(advice);
        let declared = || fact.columns.iter().map(|(field, _)| field.name.as_str());
        if let Some(column) = columns.iter().find(|column| declared().all(|name| name != column.name)) {
            let advice = format!("Add `{}: TYPE, what it is`, or leave it out of the SELECT.", column.name);
            let why =
                format!("The SELECT gives a column {:?} ({}), which is not declared", column.name, column.data_type);
            return Err(bad(why, advice).at(fact.place.clone()));
        }
        let find = |(field, place): &(Field, model::Place)| {
            let Some(at) = columns.iter().position(|column| column.name == field.name) else {
                let advice = "Give it with AS, or take the line out.".to_owned();
                return Err(bad(format!("The SELECT gives no column {:?}", field.name), advice).at(place.clone()));
            };
            if fits(&field.shape, &columns[at].data_type) {
                return Ok(at);
            }
            let why = format!(
                "{:?} is declared as {}, and the SELECT gives {}",
                field.name,
                field.shape.word(),
                columns[at].data_type
            );
            Err(bad(why, "Declare what it is, or turn it into that with CAST(… AS …).".to_owned()).at(place.clone()))
        };
        fact.columns.iter().map(find).collect()
    }

    /// Whether values of SQL's type can be of the shape.
    fn fits(shape: &Shape, data_type: &str) -> bool {
        let is = |beginnings: &[&str]| beginnings.iter().any(|one| data_type.starts_with(one));
        data_type == "Null"
            || match shape {
                Shape::Text | Shape::Place => is(&["Utf8", "LargeUtf8", "Date"]),
                Shape::Integer | Shape::Duration => is(&["Int", "UInt"]) && !is(&["Interval"]),
                Shape::Number => is(&["Int", "UInt", "Float", "Decimal"]) && !is(&["Interval"]),
                Shape::Flag => is(&["Boolean"]),
                Shape::Time => is(&["Timestamp"]),
                Shape::List(_) | Shape::Map(_) | Shape::Record(_) => false,
            }
    }

    fn value(cell: &Cell<'_>, field: &Field) -> Result<Value, String> {
        match (cell, &field.shape) {
            (Cell::Null, _) if field.optional => Ok(Value::Null),
            (Cell::Null, _) => Err(format!("is NULL; declare it as `{}?` when it may be", field.name)),
            (Cell::Integer(number), Shape::Number) => Ok(json!(*number as f64)),
            (Cell::Integer(number), _) => {
                i64::try_from(*number).map(|number| json!(number)).map_err(|_| "is too large".to_owned())
            }
            (Cell::Float(number), _) if number.is_finite() => Ok(json!(number)),
            (Cell::Float(_), _) => Err("is no finite number".to_owned()),
            (Cell::Decimal(digits), _) => {
                digits.parse::<f64>().map(|number| json!(number)).map_err(|_| "is no number".to_owned())
            }
            (Cell::Boolean(flag), _) => Ok(json!(flag)),
            (Cell::Text(text), _) => Ok(json!(text)),
            (Cell::Other(text), _) => Ok(json!(text)),
            (Cell::Time(time), _) => Ok(json!(time.to_string())),
            (Cell::Bytes(_) | Cell::List(_) | Cell::Object(_), _) => Err("is no single value".to_owned()),
        }
    }

    /// A value of the data that is not as declared: nobody can judge the rest as if it were not there.
    fn misfit(row: usize, field: &Field, why: &str) -> Fault {
        Fault::bad_input("fact-out-of-shape", format!("Row {}: the column {:?} {why}", row + 1, field.name))
            .advise("Leave such rows out with WHERE, or fill the value in with coalesce().")
    }
}
