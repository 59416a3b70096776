//! How SQLite is asked: lists are bound as one JSON text and unpacked by `json_each`.

use privacy::catalog::{Collection, Column, ColumnKind};
use privacy::row::{Cell, Key};
use privacy::store::Fold;

use crate::sql::{self, Bind, Change, Field, Naming, Statement};

/// Longest ending of a telephone number that has a collation.
pub(super) const DIGITS_MOST: u8 = 15;

/// What SQLite makes of a declared type (its documentation, "Determination Of Column Affinity").
#[derive(Clone, Copy, PartialEq)]
enum Affinity {
    Numeric,
    Text,
    None,
}

fn affinity(column: &Column) -> Affinity {
    let name = column.type_name.to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match () {
        () if has(&["INT"]) => Affinity::Numeric,
        () if has(&["CHAR", "CLOB", "TEXT"]) => Affinity::Text,
        () if name.is_empty() || has(&["BLOB"]) || name == "ANY" => Affinity::None,
        () => Affinity::Numeric,
    }
}

/// The values that the text `x` can stand for in a column.
fn alternatives(column: &Column, x: &str) -> Vec<String> {
    let number = format!("CASE WHEN {x} GLOB '*[0-9]*' AND NOT {x} GLOB '*[^-0-9.]*' THEN CAST({x} AS NUMERIC) END");
    let truth = format!("CASE {x} WHEN 'true' THEN 1 WHEN 'false' THEN 0 END");
    match (column.kind, affinity(column)) {
        (ColumnKind::Boolean, _) => vec![x.to_owned(), truth],
        (ColumnKind::Bytes, _) => vec![format!("unhex({x})"), x.to_owned()],
        (_, Affinity::None) => vec![x.to_owned(), number, format!("unhex({x})")],
        // As what it is: without the cast an index over several columns serves only the first.
        (_, Affinity::Text) => vec![format!("CAST({x} AS TEXT)")],
        _ => vec![x.to_owned()],
    }
}

/// See [`crate::sql::Engine::among`].
pub(super) fn among(
    collection: &Collection,
    fields: &[Field<'_>],
    fold: Fold,
    tuples: &[&[String]],
    binds: &mut Vec<Bind>,
) -> Option<String> {
    if let ([field], true) = (fields, fold != Fold::Exact || fields[0].is_within()) {
        let values = tuples.iter().map(|tuple| tuple[0].as_str()).collect::<Vec<_>>();
        return one(collection, field, fold, &values, binds);
    }
    if fold != Fold::Exact || fields.iter().any(Field::is_within) {
        // Wider than what is asked for, and looked at again.
        let column = |(at, field): (usize, &Field<'_>)| {
            let values = tuples.iter().map(|tuple| tuple[at].as_str()).collect::<Vec<_>>();
            one(collection, field, fold, &values, binds)
        };
        let all = fields.iter().enumerate().map(column).collect::<Option<Vec<_>>>()?;
        return Some(all.join(" AND "));
    }
    let columns: Vec<&Column> = fields.iter().map(|field| field.column).collect();
    let rows: Vec<Vec<Option<&str>>> =
        tuples.iter().map(|tuple| tuple.iter().map(|value| Some(value.as_str())).collect()).collect();
    Some(tuples_in(&columns, &rows, binds))
}

/// The predicate for one field.
fn one(
    collection: &Collection,
    field: &Field<'_>,
    fold: Fold,
    values: &[&str],
    binds: &mut Vec<Bind>,
) -> Option<String> {
    let name = sql::quoted(&field.column.name, '"');
    let (stored, is_document) = match field.is_within() {
        false => (name.clone(), false),
        true => ("CAST(leaf.atom AS TEXT)".to_owned(), true),
    };
    let mut values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
    let stored = match fold {
        Fold::Exact => {
            // `atom` shows true as 1.
            values.extend(values.clone().into_iter().filter_map(|value| match value.as_str() {
                "true" => Some("1".to_owned()),
                "false" => Some("0".to_owned()),
                _ => None,
            }));
            stored
        }
        Fold::Lower if !is_document && values.iter().all(|value| value.is_ascii()) => {
            match indexed(collection, &field.column.name) {
                Some(expression) => {
                    values = values.iter().flat_map(|value| sql::with_blanks(value)).collect();
                    expression
                }
                None => format!("lower(trim({stored}, char(9, 10, 11, 12, 13, 32, 160)))"),
            }
        }
        Fold::Lower => format!("CAST({stored} AS TEXT) COLLATE probity_lower"),
        Fold::Address => format!("CAST({stored} AS TEXT) COLLATE probity_address"),
        Fold::Digits(count) => {
            values.retain(|value| value.bytes().any(|byte| byte.is_ascii_digit()));
            format!("CAST({stored} AS TEXT) COLLATE probity_digits_{}", count.clamp(1, DIGITS_MOST))
        }
    };
    if values.is_empty() {
        return None;
    }
    binds.push(Bind::Texts(values.into_iter().map(Some).collect()));
    let list = format!("(SELECT value FROM json_each(?{}))", binds.len());
    Some(match is_document {
        false => format!("{stored} IN {list}"),
        true => format!(
            "EXISTS (SELECT 1 FROM json_tree(CASE WHEN json_valid({name}) THEN {name} ELSE json_quote({name}) END) leaf WHERE {stored} IN {list})"
        ),
    })
}

/// The left side that an index over `lower(column)`, or one that ignores case, serves.
fn indexed(collection: &Collection, column: &str) -> Option<String> {
    let bare = |text: &str| {
        let kept = |c: &char| !matches!(c, '"' | '`' | '[' | ']' | ' ');
        text.chars().filter(kept).collect::<String>().to_lowercase()
    };
    let name = sql::quoted(column, '"');
    let served = |on: &String| match bare(on) {
        on if on == bare(&format!("lower({column})")) => Some(format!("lower({name})")),
        on if on == bare(&format!("{column} COLLATE NOCASE")) => Some(format!("{name} COLLATE NOCASE")),
        _ => None,
    };
    collection.indexes.iter().filter_map(|index| index.on.first()).find_map(served)
}

/// `(columns) IN (rows)`: one bound text, an array per row; a column of uncertain type is compared with each value that the
/// text can stand for.
fn tuples_in(columns: &[&Column], rows: &[Vec<Option<&str>>], binds: &mut Vec<Bind>) -> String {
    let names: Vec<String> = columns.iter().map(|column| sql::quoted(&column.name, '"')).collect();
    if let ([column], [name]) = (columns, names.as_slice()) {
        binds.push(Bind::Texts(rows.iter().map(|row| row[0].map(str::to_owned)).collect()));
        let from = format!("FROM json_each(?{})", binds.len());
        let lists: Vec<String> =
            alternatives(column, "value").into_iter().map(|value| format!("SELECT {value} {from}")).collect();
        return format!("{name} IN ({})", lists.join(" UNION ALL "));
    }
    let text = rows.iter().map(|row| sql::array(row.iter().copied())).collect::<Vec<_>>().join(",");
    binds.push(Bind::Text(format!("[{text}]")));
    let mut lists = vec![Vec::new()];
    for (at, column) in columns.iter().enumerate() {
        let values = alternatives(column, &format!("(value ->> {at})"));
        let longer = |list: &Vec<String>| -> Vec<Vec<String>> {
            values.iter().map(|value| list.iter().cloned().chain([value.clone()]).collect()).collect()
        };
        lists = lists.iter().flat_map(longer).collect();
    }
    let selects: Vec<String> =
        lists.iter().map(|list| format!("SELECT {} FROM json_each(?{})", list.join(", "), binds.len())).collect();
    format!("({}) IN ({})", names.join(", "), selects.join(" UNION ALL "))
}

/// See [`crate::sql::Engine::named`].
pub(super) fn named(naming: &Naming<'_>, keys: &[&Key], binds: &mut Vec<Bind>) -> String {
    let rows: Vec<Vec<Option<&str>>> = keys.iter().map(|key| key.0.iter().map(Option::as_deref).collect()).collect();
    match naming {
        Naming::Key(columns) | Naming::All(columns) => tuples_in(columns, &rows, binds),
        Naming::Address(address) => {
            binds.push(Bind::Texts(rows.iter().map(|row| row[0].map(str::to_owned)).collect()));
            format!("{address} IN (SELECT CAST(value AS INTEGER) FROM json_each(?{}))", binds.len())
        }
    }
}

/// See [`crate::sql::Engine::update`]: the rows are bound as one JSON text, keys first.
pub(super) fn update(table: &str, naming: &Naming<'_>, change: &Change<'_>) -> Statement {
    let width = change.rows.first().map_or(0, |(key, _)| key.0.len());
    let line = |(key, cells): &(&Key, &[Cell])| sql::array(key.0.iter().chain(cells.iter()).map(Option::as_deref));
    let text = change.rows.iter().map(line).collect::<Vec<_>>().join(",");
    let set = |(at, column): (usize, &&Column)| {
        let value = match column.kind {
            ColumnKind::Bytes => format!("unhex(new.value ->> {})", width + at),
            ColumnKind::Boolean => format!(
                "CASE new.value ->> {0} WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE new.value ->> {0} END",
                width + at
            ),
            _ => format!("new.value ->> {}", width + at),
        };
        format!("{} = {value}", sql::quoted(&column.name, '"'))
    };
    let sets: Vec<String> = change.columns.iter().enumerate().map(set).collect();
    let same = match naming {
        Naming::Address(address) => format!("old.{address} = CAST(new.value ->> 0 AS INTEGER)"),
        Naming::Key(columns) | Naming::All(columns) => {
            let same = |(at, column): (usize, &&Column)| {
                let value = alternatives(column, &format!("(new.value ->> {at})"));
                let name = sql::quoted(&column.name, '"');
                match value.as_slice() {
                    [one] => format!("old.{name} = {one}"),
                    several => format!("old.{name} IN ({})", several.join(", ")),
                }
            };
            columns.iter().enumerate().map(same).collect::<Vec<_>>().join(" AND ")
        }
    };
    let sql = format!("UPDATE {table} AS old SET {} FROM json_each(?1) AS new WHERE {same}", sets.join(", "));
    Statement { sql, binds: vec![Bind::Text(format!("[{text}]"))] }
}

/// See [`privacy::store::DataStore::index_statement`]. Only what an index of SQLite serves here: whole columns, and lower case.
pub(super) fn index_statement(table: &str, fields: &[Field<'_>], fold: Fold) -> Option<String> {
    if fields.is_empty() || fields.iter().any(Field::is_within) {
        return None;
    }
    let on = |field: &Field<'_>| {
        let name = sql::quoted(&field.column.name, '"');
        if fold == Fold::Exact { name } else { format!("lower({name})") }
    };
    let is_served = fold == Fold::Exact || fold == Fold::Lower && fields.len() == 1;
    let on: Vec<String> = fields.iter().map(on).collect();
    is_served.then(|| format!("CREATE INDEX {} ON {table} ({})", name_of(table, fields), on.join(", ")))
}

/// A name for an index over `fields`; names of indexes are unique in the file.
fn name_of(table: &str, fields: &[Field<'_>]) -> String {
    let names: Vec<&str> = fields.iter().map(|field| field.column.name.as_str()).collect();
    sql::quoted(&format!("probity_{}_{}", table.trim_matches('"'), names.join("_")), '"')
}
