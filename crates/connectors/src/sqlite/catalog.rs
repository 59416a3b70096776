//! The catalog of an SQLite file: pragmas, and what only the text of the schema tells (checks, expressions, triggers).

use model::Fault;
use privacy::catalog::{Catalog, Collection, Column, ColumnKind, Index, Link, OnDelete};
use privacy::row::Cell;

use super::Sqlite;
use crate::sql::{Engine as _, Statement, quoted};

/// A row of a pragma.
struct Facts(Vec<Cell>);

impl Facts {
    fn text(&self, at: usize) -> &str {
        self.0.get(at).and_then(Option::as_deref).unwrap_or_default()
    }

    fn is(&self, at: usize) -> bool {
        !matches!(self.text(at), "" | "0")
    }
}

fn ask(store: &mut Sqlite, sql: &str, binds: &[&str]) -> Result<Vec<Facts>, Fault> {
    Ok(store.texts(sql, binds)?.into_iter().map(Facts).collect())
}

/// Reads it whole.
pub(super) fn describe(store: &mut Sqlite) -> Result<Catalog, Fault> {
    let tables = ask(
        store,
        "SELECT l.name, l.type, l.wr, coalesce(s.sql, '') FROM pragma_table_list l
         LEFT JOIN sqlite_schema s ON s.name = l.name AND s.type IN ('table', 'view')
         WHERE l.schema = 'main' AND l.type IN ('table', 'view', 'virtual') AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
         ORDER BY l.name",
        &[],
    )?;
    let mut catalog = Catalog::default();
    for table in tables {
        match collection(store, &table) {
            Ok(collection) => catalog.collections.push(collection),
            Err(fault) if fault.code() == "store-refused" => {
                catalog.gaps.push(format!("{} cannot be read: {}", table.text(0), fault.message()));
            }
            Err(fault) => return Err(fault),
        }
    }
    resolve(&mut catalog);
    Ok(catalog)
}

/// Indexes of words (FTS3 to FTS5) keep those of deleted rows until they are written anew. Says of which that was done.
pub(super) fn indexed_words(store: &mut Sqlite, collections: &[&Collection]) -> Result<Vec<String>, Fault> {
    let sql = "SELECT name, lower(sql) FROM sqlite_schema WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%USING%fts_%'";
    let mut said = Vec::new();
    for table in ask(store, sql, &[])? {
        let (name, sql) = (table.text(0), table.text(1));
        let bare: String = sql.chars().filter(|sign| !sign.is_whitespace() && !"\"'`[]".contains(*sign)).collect();
        let is_over = |of: &&Collection| bare.contains(&format!("content={}", of.name.to_lowercase()));
        let command = match () {
            () if collections.iter().any(is_over) => "rebuild",
            () if collections.iter().any(|of| of.name == name) => "optimize",
            () => continue,
        };
        let quoted = quoted(name, '"');
        let rewrite = Statement::plain(format!("INSERT INTO {quoted}({quoted}) VALUES('{command}')"));
        said.push(match store.execute(&rewrite) {
            Ok(_) => format!("The words that {name} indexes were written anew ({command})."),
            Err(fault) => format!("{name} still indexes words of deleted rows ({command}: {}).", fault.message()),
        });
    }
    Ok(said)
}

fn collection(store: &mut Sqlite, table: &Facts) -> Result<Collection, Fault> {
    let (name, sql) = (table.text(0), table.text(3));
    let is_view = table.text(1) == "view";
    let checks = checks(sql);
    let facts = ask(
        store,
        "SELECT name, type, \"notnull\", dflt_value IS NOT NULL, pk, hidden FROM pragma_table_xinfo(?1) WHERE hidden <> 1",
        &[name],
    )?;
    let columns: Vec<Column> = facts.iter().map(|fact| column(fact, &checks)).collect();
    let mut keyed: Vec<(&str, &str)> =
        facts.iter().filter(|fact| fact.is(4)).map(|fact| (fact.text(4), fact.text(0))).collect();
    keyed.sort_by_key(|(at, _)| at.parse::<u32>().unwrap_or(u32::MAX));
    let primary: Vec<String> = keyed.into_iter().map(|(_, name)| name.to_owned()).collect();
    let mut collection = Collection {
        name: name.to_owned(),
        columns,
        links: links(store, name)?,
        triggers: triggers(store, name)?,
        transactional: true,
        read_only: is_view,
        ..Collection::default()
    };
    indexes(store, &mut collection)?;
    // The column of the row's number is never without a value, whatever its declaration says.
    let is_number =
        |name: &String| collection.column(name).is_some_and(|column| column.type_name.eq_ignore_ascii_case("INTEGER"));
    if let [only] = primary.as_slice()
        && is_number(only)
    {
        collection.indexes.push(Index { name: "rowid".to_owned(), on: primary.clone() });
    }
    if !primary.is_empty() && !collection.unique.contains(&primary) {
        collection.unique.insert(0, primary.clone());
    }
    collection.key = key(store, &collection, &primary, table.is(2))?;
    if !is_view {
        collection.rows_estimated = estimate(store, name, table.is(2));
    }
    Ok(collection)
}

fn column(fact: &Facts, checks: &[String]) -> Column {
    let type_name = fact.text(1).to_owned();
    let names = |check: &&String| tokens(check).iter().any(|token| bare(token).eq_ignore_ascii_case(fact.text(0)));
    Column {
        name: fact.text(0).to_owned(),
        kind: kind(&type_name),
        max_chars: length(&type_name),
        type_name,
        nullable: !fact.is(2),
        has_default: fact.is(3),
        generated: matches!(fact.text(5), "2" | "3"),
        words: Vec::new(),
        comment: None,
        label: None,
        checks: checks.iter().filter(names).cloned().collect(),
    }
}

fn kind(type_name: &str) -> ColumnKind {
    let name = type_name.to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match () {
        () if has(&["BOOL"]) => ColumnKind::Boolean,
        () if has(&["JSON"]) => ColumnKind::Json,
        () if has(&["CHAR", "CLOB", "TEXT", "UUID", "STRING"]) => ColumnKind::Text,
        () if has(&["INT"]) => ColumnKind::Integer,
        () if has(&["DATE", "TIME"]) => ColumnKind::Time,
        () if has(&["BLOB", "BINARY"]) => ColumnKind::Bytes,
        () if has(&["REAL", "FLOA", "DOUB", "NUM", "DEC"]) => ColumnKind::Number,
        () => ColumnKind::Other,
    }
}

/// The number in `VARCHAR(40)`; SQLite does not hold itself to it, but those who declared it do.
fn length(type_name: &str) -> Option<u64> {
    let (name, rest) = type_name.split_once('(')?;
    name.to_ascii_uppercase().contains("CHAR").then(|| rest.trim_end_matches(')').trim().parse().ok())?
}

/// Unique constraints and indexes that cover every row.
fn indexes(store: &mut Sqlite, collection: &mut Collection) -> Result<(), Fault> {
    let list = ask(
        store,
        "SELECT l.name, l.\"unique\", coalesce(s.sql, '') FROM pragma_index_list(?1) l
         LEFT JOIN sqlite_schema s ON s.type = 'index' AND s.name = l.name WHERE NOT l.partial ORDER BY l.origin <> 'pk', l.name",
        &[&collection.name],
    )?;
    for index in list {
        let parts = ask(
            store,
            "SELECT coalesce(name, ''), cid, coalesce(coll, 'BINARY') FROM pragma_index_xinfo(?1) WHERE key ORDER BY seqno",
            &[index.text(0)],
        )?;
        let written = expressions(index.text(2));
        let part = |(at, part): (usize, &Facts)| match (part.text(0), part.text(2)) {
            ("", _) => written.get(at).cloned().unwrap_or_default(),
            (name, "NOCASE") => format!("{name} COLLATE NOCASE"),
            (name, _) => name.to_owned(),
        };
        let on: Vec<String> = parts.iter().enumerate().map(part).collect();
        let plain: Vec<String> = parts.iter().map(|part| part.text(0).to_owned()).collect();
        if index.is(1) && plain.iter().all(|name| !name.is_empty()) && !collection.unique.contains(&plain) {
            collection.unique.push(plain);
        }
        collection.indexes.push(Index { name: index.text(0).to_owned(), on });
    }
    Ok(())
}

/// The columns that name a row. A primary key of SQLite may hold NULLs (outside `WITHOUT ROWID`, unless declared NOT NULL):
/// then it names nothing, and is no key here.
fn key(
    store: &mut Sqlite,
    collection: &Collection,
    primary: &[String],
    without_rowid: bool,
) -> Result<Vec<String>, Fault> {
    let column = |name: &String| collection.column(name);
    let is_number =
        matches!(primary, [only] if column(only).is_some_and(|c| c.type_name.eq_ignore_ascii_case("INTEGER")));
    let has_value = |name: &String| column(name).is_some_and(|column| !column.nullable);
    if primary.is_empty() || without_rowid || is_number || primary.iter().all(has_value) {
        if !primary.is_empty() {
            return Ok(primary.to_vec());
        }
    } else {
        let empty: Vec<String> = primary.iter().map(|name| format!("{} IS NULL", quoted(name, '"'))).collect();
        let sql = format!("SELECT 1 FROM main.{} WHERE {} LIMIT 1", quoted(&collection.name, '"'), empty.join(" OR "));
        if ask(store, &sql, &[])?.is_empty() {
            return Ok(primary.to_vec());
        }
    }
    Ok(collection.unique.iter().find(|columns| columns.iter().all(has_value)).cloned().unwrap_or_default())
}

fn links(store: &mut Sqlite, name: &str) -> Result<Vec<Link>, Fault> {
    let facts = ask(
        store,
        "SELECT id, \"table\", \"from\", coalesce(\"to\", ''), on_delete FROM pragma_foreign_key_list(?1) ORDER BY id, seq",
        &[name],
    )?;
    let mut links: Vec<(String, Link)> = Vec::new();
    for fact in &facts {
        if links.last().is_none_or(|(id, _)| id != fact.text(0)) {
            let on_delete = match fact.text(4) {
                "CASCADE" => OnDelete::Cascade,
                "SET NULL" => OnDelete::SetNull,
                "SET DEFAULT" => OnDelete::SetDefault,
                "RESTRICT" => OnDelete::Restrict,
                _ => OnDelete::NoAction,
            };
            let link = Link {
                name: format!("{name}_fk{}", fact.text(0)),
                columns: Vec::new(),
                target: fact.text(1).to_owned(),
                target_columns: Vec::new(),
                on_delete,
                // PRAGMA defer_foreign_keys defers every constraint; RESTRICT acts at once nevertheless.
                deferrable: on_delete != OnDelete::Restrict,
            };
            links.push((fact.text(0).to_owned(), link));
        }
        if let Some((_, link)) = links.last_mut() {
            link.columns.push(fact.text(2).to_owned());
            if !fact.text(3).is_empty() {
                link.target_columns.push(fact.text(3).to_owned());
            }
        }
    }
    Ok(links.into_iter().map(|(_, link)| link).collect())
}

/// Spells names of links as the collections do, and fills in targets that are the other's primary key.
fn resolve(catalog: &mut Catalog) {
    let known: Vec<(String, Vec<String>, Vec<Vec<String>>)> = catalog
        .collections
        .iter()
        .map(|other| {
            let columns = other.columns.iter().map(|column| column.name.clone()).collect();
            (other.name.clone(), columns, other.unique.clone())
        })
        .collect();
    let spelled = |name: &mut String, names: &[String]| {
        if let Some(known) = names.iter().find(|known| known.eq_ignore_ascii_case(name)) {
            known.clone_into(name);
        }
    };
    for collection in &mut catalog.collections {
        let own: Vec<String> = collection.columns.iter().map(|column| column.name.clone()).collect();
        for link in &mut collection.links {
            link.columns.iter_mut().for_each(|name| spelled(name, &own));
            let Some((name, columns, unique)) = known.iter().find(|(name, ..)| name.eq_ignore_ascii_case(&link.target))
            else {
                continue;
            };
            name.clone_into(&mut link.target);
            if link.target_columns.is_empty() {
                // The primary key comes first among the unique ones.
                link.target_columns = unique.first().cloned().unwrap_or_default();
            }
            link.target_columns.iter_mut().for_each(|name| spelled(name, columns));
        }
    }
}

/// Triggers that fire on DELETE or UPDATE: their headings say so before BEGIN.
fn triggers(store: &mut Sqlite, name: &str) -> Result<Vec<String>, Fault> {
    let sql =
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE ORDER BY name";
    let fires = |fact: &Facts| {
        let tokens = tokens(fact.text(1));
        let heading = tokens.iter().take_while(|token| !token.eq_ignore_ascii_case("BEGIN"));
        heading.into_iter().any(|token| token.eq_ignore_ascii_case("DELETE") || token.eq_ignore_ascii_case("UPDATE"))
    };
    Ok(ask(store, sql, &[name])?.iter().filter(|fact| fires(fact)).map(|fact| fact.text(0).to_owned()).collect())
}

/// What the planner's statistics say, or else the span of row numbers.
fn estimate(store: &mut Sqlite, name: &str, without_rowid: bool) -> Option<u64> {
    let number = |rows: Vec<Facts>| rows.first()?.text(0).split(' ').next()?.parse().ok();
    let counted = ask(store, "SELECT stat FROM sqlite_stat1 WHERE tbl = ?1 LIMIT 1", &[name]);
    if let Some(rows) = counted.ok().and_then(number) {
        return Some(rows);
    }
    if without_rowid {
        return None;
    }
    let sql = format!("SELECT coalesce(max(rowid) - min(rowid) + 1, 0) FROM main.{}", quoted(name, '"'));
    ask(store, &sql, &[]).ok().and_then(number)
}

/// Words, quoted names, texts and single marks of SQL; comments are left out.
fn tokens(sql: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '\'' | '"' | '`' => quoted_length(rest, c),
            '[' => rest.find(']').map_or(rest.len(), |end| end + 1),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            c if c.is_alphanumeric() || c == '_' => {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').unwrap_or(rest.len())
            }
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        if !token.trim().is_empty() && !token.starts_with("--") && !token.starts_with("/*") {
            tokens.push(token);
        }
        rest = after;
    }
    tokens
}

fn quoted_length(text: &str, mark: char) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == mark && chars.next_if(|(_, next)| *next == mark).is_none() {
            return at + 1;
        }
    }
    text.len()
}

/// A name without its quotes.
fn bare(token: &str) -> String {
    let mut chars = token.chars();
    match chars.next() {
        Some(mark @ ('"' | '`')) => {
            chars.as_str().trim_end_matches(mark).replace(&format!("{mark}{mark}"), &mark.to_string())
        }
        Some('[') => chars.as_str().trim_end_matches(']').to_owned(),
        _ => token.to_owned(),
    }
}

/// The CHECK constraints in the text of a table.
fn checks(sql: &str) -> Vec<String> {
    let tokens = tokens(sql);
    let mut checks = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.eq_ignore_ascii_case("CHECK") && tokens.get(at + 1) == Some(&"(") {
            checks.push(format!("CHECK {}", group(&tokens[at + 1..]).join(" ")));
        }
    }
    checks
}

/// The first bracketed group, with its brackets.
fn group<'a>(tokens: &[&'a str]) -> Vec<&'a str> {
    let mut depth = 0_usize;
    let mut group = Vec::new();
    for token in tokens {
        match *token {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        group.push(*token);
        if depth == 0 {
            break;
        }
    }
    group
}

/// What an index stands on, as written: `CREATE INDEX i ON t(lower(mail), b)`.
fn expressions(sql: &str) -> Vec<String> {
    let tokens = tokens(sql);
    let Some(open) = tokens.iter().position(|token| *token == "(") else { return Vec::new() };
    let group = group(&tokens[open..]);
    let inner = group.get(1..group.len().saturating_sub(1)).unwrap_or(&[]);
    let mut depth = 0_usize;
    let mut parts = vec![String::new()];
    for token in inner {
        match *token {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            "," if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push_str(token);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_schema_is_read_token_by_token() {
        let sql = "CREATE TABLE \"a--b\" (x TEXT CHECK (x <> ')' /* ) */ AND length(\"x\") > 1), -- CHECK (no)\n y INT CHECK(y>0))";
        assert_eq!(checks(sql), ["CHECK ( x < > ')' AND length ( \"x\" ) > 1 )", "CHECK ( y > 0 )"]);
        assert_eq!(
            expressions("CREATE INDEX i ON t(lower(\"mail\"), b, c || ',')"),
            ["lower(\"mail\")", "b", "c||','"]
        );
        for broken in ["CHECK (", "'", "\"a", "[", "/*", "--", "CREATE INDEX (", ")"] {
            let _ = (checks(broken), expressions(broken), bare(broken));
        }
    }

    #[test]
    fn types_are_read_as_people_declare_them() {
        let check = |name: &str, expect| assert_eq!(kind(name), expect, "{name}");
        check("VARCHAR(40)", ColumnKind::Text);
        check("BIGINT", ColumnKind::Integer);
        check("datetime", ColumnKind::Time);
        check("TINYINT(1)", ColumnKind::Integer);
        check("boolean", ColumnKind::Boolean);
        check("", ColumnKind::Other);
        assert_eq!((length("NVARCHAR( 160 )"), length("DECIMAL(10,2)"), length("TEXT")), (Some(160), None, None));
    }
}
