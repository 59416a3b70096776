//! How MySQL is asked: lists of places, each with the type of the column that it is compared with.

use privacy::catalog::{Collection, Column, ColumnKind};
use privacy::row::{Cell, Key};
use privacy::store::Fold;

use super::{Fact, MySql};
use crate::sql::{self, Bind, Change, Engine as _, Field, Naming, Statement};

/// Blanks around a value: those of ASCII, and the no-break space.
const BLANKS: &str =
    "_utf8mb4 x'20', _utf8mb4 x'09', _utf8mb4 x'0a', _utf8mb4 x'0d', _utf8mb4 x'0b', _utf8mb4 x'0c', _utf8mb4 x'c2a0'";
/// The same at both ends, as a regular expression.
const BLANK_ENDS: &str = "_utf8mb4 x'5e5b2009c2a00a0b0c0d5d2b7c5b2009c2a00a0b0c0d5d2b24'";
/// More words than this are looked for on this side, in documents.
const WORDS_IN_DOCUMENTS: usize = 50;
/// Of columns that are indexed only from their beginning.
const BEGINNING: usize = 64;

/// What is selected for a column, so that its text is the same on every connection.
pub(super) fn shown(name: &str, data_type: &str) -> String {
    match data_type {
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" => name.to_owned(),
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => format!("LOWER(HEX({name}))"),
        // As a number of its own type it would lose digits.
        "float" => format!("CAST({name} + 0e0 AS CHAR)"),
        "bit" => format!("CAST({name} + 0 AS CHAR)"),
        "geometry" | "point" | "linestring" | "polygon" | "multipoint" | "multilinestring" | "multipolygon"
        | "geometrycollection" | "geomcollection" => format!("ST_AsText({name})"),
        _ => format!("CAST({name} AS CHAR)"),
    }
}

/// The canonical text of what was selected.
pub(super) fn cell(column: &Column, text: String) -> String {
    match column.kind {
        ColumnKind::Boolean if text == "0" => "false".to_owned(),
        ColumnKind::Boolean if text == "1" => "true".to_owned(),
        ColumnKind::Integer if column.type_name.contains("zerofill") => match text.trim_start_matches('0') {
            "" => "0".to_owned(),
            digits => digits.to_owned(),
        },
        ColumnKind::Time => time(&text, column.type_name.starts_with("timestamp")),
        ColumnKind::Json => sql::compact(&text),
        _ => text,
    }
}

/// `2026-11-22 12:00:00.500000` as `2026-11-22T12:00:00.5`, with a `Z` where it is in UTC.
fn time(text: &str, is_instant: bool) -> String {
    let mut text = text.replacen(' ', "T", 1);
    if text.contains('.') {
        text = text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    if is_instant && text.contains('T') {
        text.push('Z');
    }
    text
}

/// The words for one table.
pub(super) struct Dialect<'a> {
    pub(super) engine: &'a MySql,
    pub(super) collection: &'a Collection,
    pub(super) has_json_table: bool,
}

impl Dialect<'_> {
    fn fact(&self, column: &Column) -> Fact {
        self.engine.fact(self.collection, column)
    }

    fn name(&self, column: &Column) -> String {
        self.engine.quote(&column.name)
    }

    /// See [`crate::sql::Engine::among`].
    pub(super) fn among(
        &self,
        fields: &[Field<'_>],
        fold: Fold,
        tuples: &[&[String]],
        binds: &mut Vec<Bind>,
    ) -> Option<String> {
        if let [field] = fields {
            let values: Vec<&str> = tuples.iter().map(|tuple| tuple[0].as_str()).collect();
            return self.one(field, fold, &values, binds);
        }
        let mut alternatives = Vec::new();
        for tuple in tuples {
            let mut own = Vec::new();
            let parts: Option<Vec<String>> =
                fields.iter().zip(*tuple).map(|(field, value)| self.one(field, fold, &[value], &mut own)).collect();
            if let Some(parts) = parts {
                alternatives.push(format!("({})", parts.join(" AND ")));
                binds.append(&mut own);
            }
        }
        (!alternatives.is_empty()).then(|| format!("({})", alternatives.join(" OR ")))
    }

    fn one(&self, field: &Field<'_>, fold: Fold, values: &[&str], binds: &mut Vec<Bind>) -> Option<String> {
        match (!field.is_within(), fold) {
            (false, _) => Some(self.document(field.column, fold, values, binds)),
            (true, Fold::Exact) => self.equal(field.column, values, binds),
            (true, fold) => self.folded(field.column, fold, values, binds),
        }
    }

    /// The column is one of the values, by its own type and collation.
    fn equal(&self, column: &Column, values: &[&str], binds: &mut Vec<Bind>) -> Option<String> {
        let fact = self.fact(column);
        let mut places = Vec::new();
        for value in values {
            let Some((place, text)) = typed(column, &fact, value) else { continue };
            places.push(place);
            binds.push(Bind::Text(text));
        }
        if places.is_empty() {
            return None;
        }
        Some(format!("{} IN ({})", self.comparable(column, &fact, values), places.join(", ")))
    }

    /// The column as it is compared: in a character set that has every letter of the values.
    fn comparable(&self, column: &Column, fact: &Fact, values: &[&str]) -> String {
        let name = self.name(column);
        let fits = |value: &&str| match fact.charset() {
            "utf8mb4" => true,
            "utf8" | "utf8mb3" => value.chars().all(|c| c.len_utf8() < 4),
            _ => value.is_ascii(),
        };
        match (column.kind, fact.data_type.as_str()) {
            (ColumnKind::Text | ColumnKind::Json, "uuid" | "inet4" | "inet6" | "json") => shown(&name, &fact.data_type),
            (ColumnKind::Text | ColumnKind::Json | ColumnKind::List, _) if !values.iter().all(fits) => {
                format!("CONVERT({name} USING utf8mb4)")
            }
            (ColumnKind::Other, kind) => shown(&name, kind),
            _ => name,
        }
    }

    /// The folded text of the column is one of the values.
    fn folded(&self, column: &Column, fold: Fold, values: &[&str], binds: &mut Vec<Bind>) -> Option<String> {
        let fact = self.fact(column);
        let text = format!("CONVERT({} USING utf8mb4)", shown(&self.name(column), &fact.data_type));
        let values: Vec<&str> = match fold {
            Fold::Digits(_) => {
                values.iter().copied().filter(|value| value.bytes().any(|byte| byte.is_ascii_digit())).collect()
            }
            _ => values.to_vec(),
        };
        if values.is_empty() {
            return None;
        }
        let mut narrowed = String::new();
        if fold == Fold::Lower && super::is_text(column) && fact.ignores_case() && self.leads_an_index(column) {
            // The index finds them whatever their case, and some of another accent too, which are told apart after that.
            let forms: Vec<String> = values.iter().flat_map(|value| sql::with_blanks(value)).collect();
            let forms: Vec<&str> = forms.iter().map(String::as_str).collect();
            narrowed = format!("{} AND ", self.equal(column, &forms, binds)?);
        }
        let folded = match fold {
            Fold::Digits(count) => format!("RIGHT(REGEXP_REPLACE({text}, '[^0-9]', ''), {count})"),
            Fold::Address => address(&lower(&text)),
            _ => lower(&text),
        };
        let places = vec!["?"; values.len()].join(", ");
        binds.extend(values.into_iter().map(|value| Bind::Text(value.to_owned())));
        Some(format!("({narrowed}{folded} COLLATE utf8mb4_bin IN ({places}))"))
    }

    fn leads_an_index(&self, column: &Column) -> bool {
        self.collection.indexes.iter().any(|index| index.on.first() == Some(&column.name))
    }

    /// The document can hold one of the values: this side looks at it again. Only documents that write letters in
    /// another way (`\u00e9`) have a backslash.
    fn document(&self, column: &Column, fold: Fold, values: &[&str], binds: &mut Vec<Bind>) -> String {
        let name = self.name(column);
        let is_plain = values
            .iter()
            .all(|value| value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"@._-+ ".contains(&byte)));
        if matches!(fold, Fold::Digits(_) | Fold::Address) || !is_plain || values.len() > WORDS_IN_DOCUMENTS {
            return format!("{name} IS NOT NULL");
        }
        let text = format!("LOWER(CONVERT({name} USING utf8mb4)) COLLATE utf8mb4_bin");
        let mut parts = vec![format!("INSTR({text}, _utf8mb4 x'5c') > 0")];
        for value in values {
            parts.push(format!("INSTR({text}, ?) > 0"));
            binds.push(Bind::Text(value.to_ascii_lowercase()));
        }
        format!("({})", parts.join(" OR "))
    }

    /// See [`crate::sql::Engine::named`].
    pub(super) fn named(&self, naming: &Naming<'_>, keys: &[&Key], binds: &mut Vec<Bind>) -> String {
        let alternatives: Vec<String> = match naming {
            Naming::Key(columns) if columns.len() == 1 => {
                let values: Vec<&str> = keys.iter().filter_map(|key| key.0[0].as_deref()).collect();
                self.equal(columns[0], &values, binds).into_iter().collect()
            }
            Naming::Key(columns) => keys.iter().filter_map(|key| self.keyed(columns, key, binds)).collect(),
            Naming::All(columns) => keys.iter().map(|key| self.whole(columns, key, binds)).collect(),
            // This engine gives no addresses.
            Naming::Address(_) => Vec::new(),
        };
        match alternatives.is_empty() {
            true => "FALSE".to_owned(),
            false => format!("({})", alternatives.join(" OR ")),
        }
    }

    /// A row by all parts of its key.
    fn keyed(&self, columns: &[&Column], key: &Key, binds: &mut Vec<Bind>) -> Option<String> {
        let mut own = Vec::new();
        let part = |(column, cell): (&&Column, &Cell)| self.equal(column, &[cell.as_deref()?], &mut own);
        let parts = columns.iter().zip(&key.0).map(part).collect::<Option<Vec<_>>>()?;
        binds.append(&mut own);
        Some(format!("({})", parts.join(" AND ")))
    }

    /// A row by all its columns, byte by byte: what differs in case only is another row.
    fn whole(&self, columns: &[&Column], key: &Key, binds: &mut Vec<Bind>) -> String {
        let part = |(column, cell): (&&Column, &Cell)| {
            let (name, fact) = (self.name(column), self.fact(column));
            let Some(value) = cell else { return format!("{name} IS NULL") };
            match column.kind {
                ColumnKind::Json if fact.data_type == "json" => {
                    binds.push(Bind::Text(value.clone()));
                    format!("{name} = CAST(? AS JSON)")
                }
                ColumnKind::Json => {
                    binds.push(Bind::Text(value.clone()));
                    format!("CAST(JSON_COMPACT({name}) AS BINARY) = CAST(JSON_COMPACT(?) AS BINARY)")
                }
                ColumnKind::Text | ColumnKind::List | ColumnKind::Other => {
                    binds.push(Bind::Text(value.clone()));
                    let text = format!("CONVERT({} USING utf8mb4)", shown(&name, &fact.data_type));
                    format!("CAST({text} AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY)")
                }
                _ => self.equal(column, &[value], binds).unwrap_or_else(|| "FALSE".to_owned()),
            }
        };
        let parts: Vec<String> = columns.iter().zip(&key.0).map(part).collect();
        format!("({})", parts.join(" AND "))
    }

    /// See [`crate::sql::Engine::update`].
    pub(super) fn update(&self, naming: &Naming<'_>, change: &Change<'_>) -> Statement {
        let table = self.engine.table(self.collection);
        let first = change.rows.first().map(|(_, cells)| *cells).unwrap_or_default();
        let mut binds = Vec::new();
        if change.rows.iter().all(|(_, cells)| *cells == first) {
            let sets: Vec<String> =
                change.columns.iter().zip(first).map(|(column, cell)| self.set(column, cell, &mut binds)).collect();
            let keys: Vec<&Key> = change.rows.iter().map(|(key, _)| *key).collect();
            let named = self.named(naming, &keys, &mut binds);
            return Statement { sql: format!("UPDATE {table} SET {} WHERE {named}", sets.join(", ")), binds };
        }
        match naming {
            Naming::Key(columns) if self.has_json_table && columns.iter().all(|column| self.can_join(column)) => {
                self.update_joined(&table, columns, change)
            }
            _ => self.update_by_case(&table, naming, change),
        }
    }

    fn set(&self, column: &Column, cell: &Cell, binds: &mut Vec<Bind>) -> String {
        let name = self.name(column);
        let Some(text) = cell else { return format!("{name} = NULL") };
        binds.push(Bind::Text(written(column, text)));
        format!("{name} = {}", assigned(column, "?"))
    }

    fn can_join(&self, column: &Column) -> bool {
        matches!(column.kind, ColumnKind::Integer | ColumnKind::Text)
            && !["bit", "uuid", "inet4", "inet6"].contains(&self.fact(column).data_type.as_str())
    }

    /// New cells for each row: one bound text, a list per row. An absent cell is an empty list.
    fn update_joined(&self, table: &str, keys: &[&Column], change: &Change<'_>) -> Statement {
        let line = |(key, cells): &(&Key, &[Cell])| {
            let key = sql::array(key.0.iter().map(Option::as_deref));
            let cells = cells.iter().zip(&change.columns).map(|(cell, column)| match cell {
                None => "[]".to_owned(),
                Some(text) => sql::array([Some(written(column, text).as_str())]),
            });
            format!("[{}]", std::iter::once(key).chain(cells).collect::<Vec<_>>().join(","))
        };
        let text = change.rows.iter().map(line).collect::<Vec<_>>().join(",");
        let key_kind = |column: &Column| match column.kind {
            ColumnKind::Integer if column.type_name.contains("unsigned") => "BIGINT UNSIGNED".to_owned(),
            ColumnKind::Integer => "BIGINT".to_owned(),
            _ => {
                let fact = self.fact(column);
                format!("VARCHAR(768) CHARACTER SET {} COLLATE {}", fact.charset(), fact.collation)
            }
        };
        let mut list: Vec<String> = Vec::new();
        let mut same: Vec<String> = Vec::new();
        for (at, column) in keys.iter().enumerate() {
            list.push(format!("k{at} {} PATH '$[0][{at}]'", key_kind(column)));
            same.push(format!("old.{} = new.k{at}", self.name(column)));
        }
        let mut sets: Vec<String> = Vec::new();
        for (at, column) in change.columns.iter().enumerate() {
            list.push(format!("v{at} LONGTEXT CHARACTER SET utf8mb4 PATH '$[{}][0]'", at + 1));
            sets.push(format!("old.{} = {}", self.name(column), assigned(column, &format!("new.v{at}"))));
        }
        let sql = format!(
            "UPDATE {table} old JOIN JSON_TABLE(?, '$[*]' COLUMNS ({})) new ON {} SET {}",
            list.join(", "),
            same.join(" AND "),
            sets.join(", ")
        );
        Statement { sql, binds: vec![Bind::Text(format!("[{text}]"))] }
    }

    /// Where rows cannot be joined: a CASE per column.
    fn update_by_case(&self, table: &str, naming: &Naming<'_>, change: &Change<'_>) -> Statement {
        let mut binds = Vec::new();
        let mut sets = Vec::new();
        for (at, column) in change.columns.iter().enumerate() {
            let mut cases = String::new();
            for (key, cells) in &change.rows {
                let named = self.named(naming, &[key], &mut binds);
                let value = match &cells[at] {
                    None => "NULL".to_owned(),
                    Some(text) => {
                        binds.push(Bind::Text(written(column, text)));
                        assigned(column, "?")
                    }
                };
                cases.push_str(&format!(" WHEN {named} THEN {value}"));
            }
            sets.push(format!("{0} = CASE{cases} ELSE {0} END", self.name(column)));
        }
        let keys: Vec<&Key> = change.rows.iter().map(|(key, _)| *key).collect();
        let named = self.named(naming, &keys, &mut binds);
        Statement { sql: format!("UPDATE {table} SET {} WHERE {named}", sets.join(", ")), binds }
    }

    /// See [`crate::sql::Engine::index_statement`].
    pub(super) fn index_statement(&self, fields: &[Field<'_>], fold: Fold) -> Option<String> {
        let mut parts = Vec::new();
        for field in fields {
            let fact = self.fact(field.column);
            let serves = match fold {
                Fold::Exact => true,
                Fold::Lower => super::is_text(field.column) && fact.ignores_case(),
                Fold::Address | Fold::Digits(_) => false,
            };
            if !serves || field.is_within() {
                return None;
            }
            let is_long = fact.data_type.ends_with("text") || fact.data_type.ends_with("blob");
            let beginning = if is_long { format!("({BEGINNING})") } else { String::new() };
            parts.push(format!("{}{beginning}", self.name(field.column)));
        }
        let name: Vec<&str> = fields.iter().map(|field| field.column.name.as_str()).collect();
        let name: String = format!("probity_{}", name.join("_")).chars().take(BEGINNING).collect();
        let (name, table) = (self.engine.quote(&name), self.engine.table(self.collection));
        (!parts.is_empty()).then(|| format!("CREATE INDEX {name} ON {table} ({})", parts.join(", ")))
    }
}

/// Lower case, without blanks around.
fn lower(text: &str) -> String {
    format!(
        "LOWER(CASE WHEN LEFT({text}, 1) IN ({BLANKS}) OR RIGHT({text}, 1) IN ({BLANKS})
         THEN REGEXP_REPLACE({text}, {BLANK_ENDS}, '') ELSE {text} END)"
    )
}

/// Without what stands from the first `+`, unless it is the first letter, to the last `@`.
fn address(text: &str) -> String {
    let domain = format!("SUBSTRING_INDEX({text}, '@', -1)");
    format!(
        "(CASE WHEN LOCATE('+', {text}) > 1 AND LOCATE('@', {text}) > 0
         AND LOCATE('+', {text}) < CHAR_LENGTH({text}) - CHAR_LENGTH({domain})
         THEN CONCAT(LEFT({text}, LOCATE('+', {text}) - 1), '@', {domain}) ELSE {text} END)"
    )
}

/// The place and the bound text with which `column` is compared; `None`: no value of its type has this text.
fn typed(column: &Column, fact: &Fact, value: &str) -> Option<(String, String)> {
    let place = |place: &str, text: String| Some((place.to_owned(), text));
    match column.kind {
        ColumnKind::Integer | ColumnKind::Boolean if is_unsigned(column) => match value {
            "true" | "false" => place("CAST(? AS UNSIGNED)", u8::from(value == "true").to_string()),
            value => match value.parse::<u64>().ok()? {
                // MySQL takes a text that is bound for a number with a sign.
                large if i64::try_from(large).is_err() => place("CAST(? AS DECIMAL(20))", large.to_string()),
                number => place("CAST(? AS UNSIGNED)", number.to_string()),
            },
        },
        ColumnKind::Boolean if matches!(value, "true" | "false") => {
            place("CAST(? AS SIGNED)", u8::from(value == "true").to_string())
        }
        ColumnKind::Integer | ColumnKind::Boolean => place("CAST(? AS SIGNED)", value.parse::<i64>().ok()?.to_string()),
        ColumnKind::Number => {
            let is_number = value.parse::<f64>().is_ok_and(f64::is_finite);
            match fact.data_type.as_str() {
                _ if !is_number => None,
                "decimal" if !value.contains(['e', 'E']) => place("CAST(? AS DECIMAL(65,30))", value.to_owned()),
                _ => place("(? + 0e0)", value.to_owned()),
            }
        }
        ColumnKind::Time => {
            let text = moment(value, &fact.data_type)?;
            place(
                match fact.data_type.as_str() {
                    "date" => "CAST(? AS DATE)",
                    "time" => "CAST(? AS TIME(6))",
                    _ => "CAST(? AS DATETIME(6))",
                },
                text,
            )
        }
        ColumnKind::Bytes => {
            let is_hex = value.len().is_multiple_of(2) && value.bytes().all(|byte| byte.is_ascii_hexdigit());
            if is_hex { place("UNHEX(?)", value.to_owned()) } else { None }
        }
        _ => place("?", value.to_owned()),
    }
}

fn is_unsigned(column: &Column) -> bool {
    // ZEROFILL says UNSIGNED without the word, on some servers.
    ["unsigned", "zerofill"].iter().any(|word| column.type_name.contains(word)) || column.type_name.starts_with("bit")
}

/// A time as MySQL writes it; `None`: it is none.
fn moment(value: &str, data_type: &str) -> Option<String> {
    let is_made_of = |text: &str, form: &str| {
        text.len() == form.len()
            && text.bytes().zip(form.bytes()).all(|(byte, like)| match like {
                b'0' => byte.is_ascii_digit(),
                like => byte == like,
            })
    };
    if data_type == "time" {
        let digits = value.trim_start_matches('-');
        let fits =
            digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b':' || byte == b'.') && digits.contains(':');
        return fits.then(|| value.to_owned());
    }
    let text = value.strip_suffix('Z').unwrap_or(value).replacen('T', " ", 1);
    let (day, clock) = text.split_once(' ').unwrap_or((&text, "00:00:00"));
    let (seconds, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let fits = is_made_of(day, "0000-00-00")
        && is_made_of(seconds, "00:00:00")
        && fraction.len() <= 6
        && fraction.bytes().all(|byte| byte.is_ascii_digit());
    match data_type {
        _ if !fits => None,
        "date" => (clock == "00:00:00").then(|| day.to_owned()),
        _ => Some(text.clone()),
    }
}

/// The text with which a cell is written.
fn written(column: &Column, text: &str) -> String {
    match (column.kind, text) {
        (ColumnKind::Boolean, "true") => "1".to_owned(),
        (ColumnKind::Boolean, "false") => "0".to_owned(),
        (ColumnKind::Time, text) => text.strip_suffix('Z').unwrap_or(text).replacen('T', " ", 1),
        (_, text) => text.to_owned(),
    }
}

/// What is assigned to a column, given a place with its text.
fn assigned(column: &Column, place: &str) -> String {
    match column.kind {
        ColumnKind::Bytes => format!("UNHEX({place})"),
        ColumnKind::Integer if column.type_name.starts_with("bit") => format!("CAST({place} AS UNSIGNED)"),
        _ => place.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_canonical_and_find_their_way_back() {
        let check = |text: &str, is_instant, expect: &str| assert_eq!(time(text, is_instant), expect);
        check("2026-11-22 12:00:00.500000", false, "2026-11-22T12:00:00.5");
        check("2026-11-22 12:00:00.000000", true, "2026-11-22T12:00:00Z");
        check("2026-11-22", false, "2026-11-22");
        check("-12:00:00.100", false, "-12:00:00.1");
        let back = |text: &str, data_type: &str, expect: Option<&str>| {
            assert_eq!(moment(text, data_type).as_deref(), expect, "{text}");
        };
        back("2026-11-22T12:00:00.5Z", "timestamp", Some("2026-11-22 12:00:00.5"));
        back("2026-11-22", "date", Some("2026-11-22"));
        back("2026-11-22T12:00:00", "date", None);
        back("yesterday", "datetime", None);
        back("2026-11-22' OR 1", "datetime", None);
        back("-12:00:00.1", "time", Some("-12:00:00.1"));
    }
}
