//! The catalog of one database, from `information_schema`.

use std::collections::HashMap;

use model::Fault;
use privacy::catalog::{Catalog, Collection, Column, ColumnKind, Index, Link, OnDelete};
use privacy::row::Cell;

use super::session::Session;
use super::{Fact, Facts, rights};
use crate::sql::quoted;

/// A row of an answer.
pub(super) struct Row(Vec<Cell>);

impl Row {
    pub(super) fn text(&self, at: usize) -> &str {
        self.0.get(at).and_then(Option::as_deref).unwrap_or_default()
    }

    fn has(&self, at: usize) -> bool {
        self.0.get(at).is_some_and(Option::is_some)
    }

    fn owned(&self, at: usize) -> String {
        self.text(at).to_owned()
    }
}

pub(super) fn ask(session: &mut Session, sql: &str) -> Result<Vec<Row>, Fault> {
    Ok(session.texts(sql, &[])?.into_iter().map(Row).collect())
}

/// Reads it whole.
pub(super) fn describe(session: &mut Session) -> Result<(Catalog, Facts), Fault> {
    let mut catalog = Catalog::default();
    tables(session, &mut catalog)?;
    let mut at: HashMap<String, usize> = HashMap::new();
    for (number, collection) in catalog.collections.iter().enumerate() {
        at.insert(collection.name.clone(), number);
    }
    let mut facts = Facts::new();
    columns(session, &mut catalog, &at, &mut facts)?;
    indexes(session, &mut catalog, &at)?;
    links(session, &mut catalog, &at)?;
    checks(session, &mut catalog, &at)?;
    triggers(session, &mut catalog, &at)?;
    rights::gaps(session, &mut catalog)?;
    for collection in &mut catalog.collections {
        collection.key = key(collection);
    }
    Ok((catalog, facts))
}

fn tables(session: &mut Session, catalog: &mut Catalog) -> Result<(), Fault> {
    let rows = ask(
        session,
        "SELECT t.TABLE_NAME, t.TABLE_TYPE, t.ENGINE, CAST(t.TABLE_ROWS AS CHAR), t.TABLE_COMMENT, e.TRANSACTIONS
         FROM information_schema.TABLES t LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE
         WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE <> 'SEQUENCE' ORDER BY t.TABLE_NAME",
    )?;
    for row in rows {
        let (name, kind) = (row.text(0), row.text(1));
        let is_view = kind.contains("VIEW");
        if !is_view && !row.has(2) {
            catalog.gaps.push(format!("{name} cannot be read: {}", row.text(4)));
            continue;
        }
        if kind == "SYSTEM VERSIONED" {
            catalog.gaps.push(format!(
                "{name} keeps every earlier version of its rows: what is deleted stays there until DELETE HISTORY FROM {}.",
                quoted(name, '`')
            ));
        }
        catalog.collections.push(Collection {
            name: name.to_owned(),
            rows_estimated: row.text(3).parse().ok().filter(|_| !is_view),
            comment: Some(row.owned(4)).filter(|comment| !comment.is_empty() && !is_view),
            transactional: is_view || row.text(5) == "YES",
            clings_to_itself: true,
            read_only: is_view,
            ..Collection::default()
        });
    }
    // The server sorts by its own rules.
    catalog.collections.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(())
}

fn columns(
    session: &mut Session,
    catalog: &mut Catalog,
    at: &HashMap<String, usize>,
    facts: &mut Facts,
) -> Result<(), Fault> {
    let rows = ask(
        session,
        "SELECT TABLE_NAME, COLUMN_NAME, CONVERT(DATA_TYPE USING utf8mb4), CONVERT(COLUMN_TYPE USING utf8mb4), IS_NULLABLE,
         CONVERT(COLUMN_DEFAULT USING utf8mb4), EXTRA, CAST(CHARACTER_MAXIMUM_LENGTH AS CHAR), COLLATION_NAME,
         CONVERT(COLUMN_COMMENT USING utf8mb4), CONVERT(GENERATION_EXPRESSION USING utf8mb4)
         FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION",
    )?;
    for row in rows {
        let Some(number) = at.get(row.text(0)) else { continue };
        let (data_type, type_name) = (row.text(2).to_ascii_lowercase(), row.owned(3));
        let extra = row.text(6).to_ascii_uppercase();
        facts.insert((row.owned(0), row.owned(1)), Fact { data_type: data_type.clone(), collation: row.owned(8) });
        catalog.collections[*number].columns.push(Column {
            name: row.owned(1),
            kind: kind(&data_type, &type_name),
            words: words(&type_name),
            max_chars: row.text(7).parse().ok().filter(|_| row.has(8)),
            nullable: row.text(4) == "YES",
            // MariaDB writes the absence of a default as the word.
            has_default: row.has(5) && row.text(5) != "NULL" || extra.contains("AUTO_INCREMENT"),
            generated: !row.text(10).is_empty()
                || ["STORED GENERATED", "VIRTUAL GENERATED"].iter().any(|word| extra.contains(word)),
            comment: Some(row.owned(9)).filter(|comment| !comment.is_empty()),
            label: None,
            checks: Vec::new(),
            type_name,
        });
    }
    Ok(())
}

fn kind(data_type: &str, type_name: &str) -> ColumnKind {
    match data_type {
        "tinyint" if type_name.starts_with("tinyint(1)") && !type_name.contains("unsigned") => ColumnKind::Boolean,
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "year" | "bit" => ColumnKind::Integer,
        "decimal" | "float" | "double" => ColumnKind::Number,
        "date" | "datetime" | "timestamp" | "time" => ColumnKind::Time,
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => ColumnKind::Bytes,
        "json" => ColumnKind::Json,
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" | "set" | "uuid" | "inet4"
        | "inet6" => ColumnKind::Text,
        _ => ColumnKind::Other,
    }
}

/// The words of `enum('a','it''s')`; those of a `set` can stand together, so it has none.
fn words(type_name: &str) -> Vec<String> {
    let Some(list) = type_name.strip_prefix("enum('").and_then(|rest| rest.strip_suffix("')")) else {
        return Vec::new();
    };
    let mut words = vec![String::new()];
    let mut rest = list;
    while let Some(c) = rest.chars().next() {
        match () {
            () if rest.starts_with("''") => {
                words.last_mut().into_iter().for_each(|word| word.push('\''));
                rest = &rest[2..];
            }
            () if rest.starts_with("','") => {
                words.push(String::new());
                rest = &rest[3..];
            }
            () => {
                words.last_mut().into_iter().for_each(|word| word.push(c));
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    words
}

fn indexes(session: &mut Session, catalog: &mut Catalog, at: &HashMap<String, usize>) -> Result<(), Fault> {
    let rows = ask(
        session,
        "SELECT TABLE_NAME, INDEX_NAME, CAST(NON_UNIQUE AS CHAR), COLUMN_NAME, CAST(SUB_PART AS CHAR), INDEX_TYPE
         FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
         ORDER BY TABLE_NAME, INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX",
    )?;
    let mut from = 0;
    while let Some(first) = rows.get(from) {
        let same = |row: &&Row| (row.text(0), row.text(1)) == (first.text(0), first.text(1));
        let parts: Vec<&Row> = rows[from..].iter().take_while(same).collect();
        from += parts.len();
        let Some(number) = at.get(first.text(0)) else { continue };
        let collection = &mut catalog.collections[*number];
        let on: Vec<String> = parts.iter().map(|row| row.owned(3)).collect();
        let is_whole = parts.iter().all(|row| row.has(3) && !row.has(4));
        if first.text(2) == "0" && is_whole && !collection.unique.contains(&on) {
            collection.unique.push(on.clone());
        }
        if ["BTREE", "HASH"].contains(&first.text(5)) && first.has(3) {
            collection.indexes.push(Index { name: first.owned(1), on });
        }
        if first.text(1) == "PRIMARY" {
            collection.key = parts.iter().map(|row| row.owned(3)).collect();
        }
    }
    Ok(())
}

/// The primary key, or the first unique one that always has a value.
fn key(collection: &Collection) -> Vec<String> {
    let is_certain = |columns: &&Vec<String>| {
        columns.iter().all(|name| collection.column(name).is_some_and(|column| !column.nullable))
    };
    // An index over the beginning of a text names no row.
    let named = |key: &Vec<String>| !key.is_empty() && collection.unique.contains(key);
    match named(&collection.key) {
        true => collection.key.clone(),
        false => collection.unique.iter().find(is_certain).cloned().unwrap_or_default(),
    }
}

fn links(session: &mut Session, catalog: &mut Catalog, at: &HashMap<String, usize>) -> Result<(), Fault> {
    let rows = ask(
        session,
        "SELECT k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME,
         r.DELETE_RULE, k.REFERENCED_TABLE_SCHEMA, k.TABLE_SCHEMA, DATABASE()
         FROM information_schema.KEY_COLUMN_USAGE k
         LEFT JOIN information_schema.REFERENTIAL_CONSTRAINTS r USING (CONSTRAINT_SCHEMA, CONSTRAINT_NAME, TABLE_NAME)
         WHERE k.REFERENCED_TABLE_NAME IS NOT NULL AND DATABASE() IN (k.TABLE_SCHEMA, k.REFERENCED_TABLE_SCHEMA)
         ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION",
    )?;
    for row in rows {
        let (table, name, target) = (row.text(0), row.text(1), row.text(3));
        if row.text(6) != row.text(8) || row.text(7) != row.text(8) {
            let gap = format!(
                "The foreign key {name} leads from {}.{table} to {}.{target}: the other database is not looked at.",
                row.text(7),
                row.text(6)
            );
            if !catalog.gaps.contains(&gap) {
                catalog.gaps.push(gap);
            }
            continue;
        }
        let Some(number) = at.get(table) else { continue };
        let rule = if row.has(5) { row.owned(5) } else { written_rule(session, table, name)? };
        let links = &mut catalog.collections[*number].links;
        match links.iter_mut().find(|link| link.name == name) {
            Some(link) => {
                link.columns.push(row.owned(2));
                link.target_columns.push(row.owned(4));
            }
            None => links.push(Link {
                name: name.to_owned(),
                columns: vec![row.owned(2)],
                target: target.to_owned(),
                target_columns: vec![row.owned(4)],
                on_delete: on_delete(&rule),
                deferrable: false,
            }),
        }
    }
    Ok(())
}

/// The rule of a foreign key as the table is written. Rules are listed only to users who have a right in the whole database;
/// whoever was given rights table by table sees the keys without them.
fn written_rule(session: &mut Session, table: &str, name: &str) -> Result<String, Fault> {
    let rows = ask(session, &format!("SHOW CREATE TABLE {}", quoted(table, '`')))?;
    let text = rows.first().map(|row| row.owned(1)).unwrap_or_default();
    Ok(rule_in(&text, name).to_owned())
}

/// What stands behind `ON DELETE` of the constraint `name`; nothing where nothing stands there.
fn rule_in<'t>(table: &'t str, name: &str) -> &'t str {
    let key = format!("CONSTRAINT {} FOREIGN KEY ", quoted(name, '`'));
    let own = table.split_once(&key).map_or("", |(_, rest)| rest.split('\n').next().unwrap_or_default());
    let rule = own.rsplit_once(" ON DELETE ").map_or("", |(_, rule)| rule);
    ["CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT"].into_iter().find(|word| rule.starts_with(word)).unwrap_or("")
}

fn on_delete(rule: &str) -> OnDelete {
    match rule {
        "CASCADE" => OnDelete::Cascade,
        "SET NULL" => OnDelete::SetNull,
        "SET DEFAULT" => OnDelete::SetDefault,
        // There is no later here: NO ACTION, which MySQL says where MariaDB says RESTRICT, refuses at once as well.
        _ => OnDelete::Restrict,
    }
}

fn checks(session: &mut Session, catalog: &mut Catalog, at: &HashMap<String, usize>) -> Result<(), Fault> {
    let question = match session.is_maria() {
        true => {
            "SELECT TABLE_NAME, CONVERT(CHECK_CLAUSE USING utf8mb4) FROM information_schema.CHECK_CONSTRAINTS
             WHERE CONSTRAINT_SCHEMA = DATABASE() ORDER BY TABLE_NAME, CONSTRAINT_NAME"
        }
        false => {
            "SELECT t.TABLE_NAME, CONVERT(c.CHECK_CLAUSE USING utf8mb4) FROM information_schema.CHECK_CONSTRAINTS c
             JOIN information_schema.TABLE_CONSTRAINTS t USING (CONSTRAINT_SCHEMA, CONSTRAINT_NAME)
             WHERE c.CONSTRAINT_SCHEMA = DATABASE() AND t.CONSTRAINT_TYPE = 'CHECK' ORDER BY 1, t.CONSTRAINT_NAME"
        }
    };
    let rows = match ask(session, question) {
        // Servers before MySQL 8.0.16 and MariaDB 10.2 have none.
        Err(fault) if fault.code() == "store-refused" => return Ok(()),
        rows => rows?,
    };
    for row in rows {
        let Some(number) = at.get(row.text(0)) else { continue };
        let clause = row.text(1);
        for column in &mut catalog.collections[*number].columns {
            let name = quoted(&column.name, '`');
            // MariaDB's JSON is a text with such a check.
            if clause == format!("json_valid({name})") {
                column.kind = ColumnKind::Json;
            } else if clause.contains(&name) {
                column.checks.push(clause.to_owned());
            }
        }
    }
    Ok(())
}

fn triggers(session: &mut Session, catalog: &mut Catalog, at: &HashMap<String, usize>) -> Result<(), Fault> {
    let rows = ask(
        session,
        "SELECT EVENT_OBJECT_TABLE, TRIGGER_NAME FROM information_schema.TRIGGERS
         WHERE EVENT_OBJECT_SCHEMA = DATABASE() AND EVENT_MANIPULATION IN ('DELETE', 'UPDATE') ORDER BY 1, 2",
    )?;
    for row in rows {
        if let Some(number) = at.get(row.text(0)) {
            catalog.collections[*number].triggers.push(row.owned(1));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_an_enumeration_are_taken_out_of_their_quotes() {
        let check = |text: &str, expect: &[&str]| assert_eq!(words(text), expect, "{text}");
        check("enum('new','it''s','a,b','','é')", &["new", "it's", "a,b", "", "é"]);
        check("enum('a'',''b','c')", &["a','b", "c"]);
        check("set('a','b')", &[]);
        check("varchar(40)", &[]);
    }
}
