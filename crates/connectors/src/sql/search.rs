//! Finding rows: a statement per condition and batch of values, each row once.

use std::collections::HashSet;

use model::{Digest, Fault};
use privacy::catalog::{Catalog, ColumnKind};
use privacy::row::{Cell, FieldPath, digest};
use privacy::store::{Before, Condition, EachRow, Find, Fold};

use super::engine::Engine;
use super::fold::folded;
use super::json;
use super::shape::{Field, Shape, collection};
use super::statement::Statement;

/// See [`privacy::store::DataStore::find`].
pub(crate) fn find<E: Engine>(
    engine: &mut E,
    catalog: &Catalog,
    find: &Find<'_>,
    each: &mut EachRow<'_>,
) -> Result<(), Fault> {
    let collection = collection(catalog, find.collection)?;
    let mut shape = Shape::new(collection, find.fields)?;
    let mut asked = Vec::new();
    for condition in find.any {
        asked.push(Asked::new(collection, condition, &mut shape)?);
    }
    let head = format!("SELECT {} FROM {}", shape.list(engine), engine.table(collection));
    let mut told = Told { seen: HashSet::new(), remembers: needs_memory::<E>(find.any, &asked), left: find.limit };
    if find.any.is_empty() {
        let statement = Statement::plain(format!("{head}{}", told.limit(false)));
        return told.rows(engine, &shape, &statement, None, each);
    }
    for (condition, asked) in find.any.iter().zip(&asked) {
        for batch in asked.values.chunks(E::BATCH) {
            let mut statement = Statement::default();
            let Some(mut meets) = engine.among(collection, &asked.fields, condition.fold, batch, &mut statement.binds)
            else {
                continue;
            };
            if let Some((field, value)) = &asked.when {
                let value = [value.clone()];
                match engine.among(collection, &[*field], Fold::Exact, &[&value], &mut statement.binds) {
                    Some(when) => meets = format!("({meets}) AND ({when})"),
                    None => continue,
                }
            }
            statement.sql = format!("{head} WHERE {meets}{}", told.limit(asked.looks_again()));
            told.rows(engine, &shape, &statement, Some((asked, batch, condition.fold)), each)?;
            if told.left == Some(0) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// See [`privacy::store::DataStore::find_before`]. Only every row of a collection is asked for in that way.
pub(crate) fn find_before<E: Engine>(
    engine: &mut E,
    catalog: &Catalog,
    find: &Find<'_>,
    before: Before<'_>,
    each: &mut EachRow<'_>,
) -> Result<bool, Fault> {
    let collection = collection(catalog, find.collection)?;
    let field = Field::of(collection, before.field)?;
    let mut statement = Statement::default();
    let narrowed = match find.any.is_empty() && find.limit.is_none() && !field.is_within() {
        true => engine.before(field.column, before.day, &mut statement.binds),
        false => None,
    };
    let Some(meets) = narrowed else { return self::find(engine, catalog, find, each).map(|()| false) };
    let shape = Shape::new(collection, find.fields)?;
    statement.sql = format!("SELECT {} FROM {} WHERE {meets}", shape.list(engine), engine.table(collection));
    let mut told = Told { seen: HashSet::new(), remembers: false, left: None };
    told.rows(engine, &shape, &statement, None, each)?;
    Ok(true)
}

/// Whether a row can come from more than one statement: not when one condition on one plain column was cut in batches.
fn needs_memory<E: Engine>(any: &[Condition], asked: &[Asked<'_>]) -> bool {
    let [one] = asked else { return any.len() > 1 };
    let is_plain = |field: &Field<'_>| field.path.is_empty() && field.column.kind != ColumnKind::List;
    one.values.len() > E::BATCH && !(one.fields.iter().all(is_plain) && any[0].fold == Fold::Exact)
}

/// A condition, its names looked up and its values each once.
struct Asked<'a> {
    fields: Vec<Field<'a>>,
    /// Where the fields' cells are in what is selected, for those that are looked at again.
    places: Vec<usize>,
    values: Vec<&'a [String]>,
    when: Option<(Field<'a>, String)>,
    when_place: usize,
}

impl<'a> Asked<'a> {
    fn new(
        collection: &'a privacy::catalog::Collection,
        condition: &'a Condition,
        shape: &mut Shape<'a>,
    ) -> Result<Self, Fault> {
        let of = |path: &'a FieldPath| Field::of(collection, path);
        let fields = condition.fields.iter().map(of).collect::<Result<Vec<_>, _>>()?;
        let when = match &condition.when {
            Some((path, value)) => Some((of(path)?, value.clone())),
            None => None,
        };
        let mut once = HashSet::new();
        let fits = |tuple: &&'a [String]| tuple.len() == fields.len() && !fields.is_empty();
        let values =
            condition.values.iter().map(Vec::as_slice).filter(fits).filter(|tuple| once.insert(*tuple)).collect();
        let mut asked = Asked { fields, places: Vec::new(), values, when, when_place: 0 };
        if asked.looks_again() {
            asked.places = asked.fields.iter().map(|field| shape.column(field.column)).collect();
            asked.when_place = asked.when.as_ref().map_or(0, |(field, _)| shape.column(field.column));
        }
        Ok(asked)
    }

    /// A field with a path is looked at again here: servers differ in how they go through lists.
    fn looks_again(&self) -> bool {
        self.fields.iter().chain(self.when.iter().map(|(field, _)| field)).any(Field::is_within)
    }

    fn holds(&self, cells: &[Cell], batch: &[&[String]], fold: Fold) -> bool {
        if !self.looks_again() {
            return true;
        }
        let when = self.when.as_ref().is_none_or(|(field, value)| {
            let is = |text: String| text == *value;
            !field.is_within() || texts(&cells[self.when_place], field).into_iter().any(is)
        });
        let stored: Vec<HashSet<String>> = self
            .fields
            .iter()
            .zip(&self.places)
            .map(|(field, place)| texts(&cells[*place], field).into_iter().map(|text| folded(fold, &text)).collect())
            .collect();
        when && batch.iter().any(|tuple| tuple.iter().zip(&stored).all(|(value, texts)| texts.contains(value)))
    }
}

/// What stands in a field, element by element.
fn texts(cell: &Cell, field: &Field<'_>) -> Vec<String> {
    match cell {
        None => Vec::new(),
        Some(text) if !field.is_within() => vec![text.clone()],
        // What is no list is one value.
        Some(text) if field.path.is_empty() && json::places(text, &[]).is_none() => vec![text.clone()],
        Some(text) => json::values(text, field.path),
    }
}

/// What was told already.
struct Told {
    seen: HashSet<Digest>,
    remembers: bool,
    left: Option<u64>,
}

impl Told {
    /// The LIMIT of the next statement; none where rows can be dropped here.
    fn limit(&self, drops: bool) -> String {
        match self.left {
            // So many can be rows that were told before.
            Some(left) if !drops => format!(" LIMIT {}", left.saturating_add(self.seen.len() as u64)),
            _ => String::new(),
        }
    }

    /// Runs one statement. Rows that are equal in all columns (no key) come as often as they stand in the store, but rows
    /// of an earlier statement do not come again.
    fn rows<E: Engine>(
        &mut self,
        engine: &mut E,
        shape: &Shape<'_>,
        statement: &Statement,
        again: Option<(&Asked<'_>, &[&[String]], Fold)>,
        each: &mut EachRow<'_>,
    ) -> Result<(), Fault> {
        let mut now = Vec::new();
        engine.query(statement, shape.width(), &mut |texts| {
            if self.left == Some(0) {
                return Ok(());
            }
            let cells = shape.cells::<E>(texts);
            if again.is_some_and(|(asked, batch, fold)| !asked.holds(&cells, batch, fold)) {
                return Ok(());
            }
            if self.remembers {
                let name = digest(&shape.key(&cells).0);
                if self.seen.contains(&name) {
                    return Ok(());
                }
                now.push(name);
            }
            self.left = self.left.map(|left| left - 1);
            each(shape.row(&cells))
        })?;
        self.seen.extend(now);
        Ok(())
    }
}
