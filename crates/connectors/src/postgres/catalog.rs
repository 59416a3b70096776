//! The catalog, in six questions whatever the number of tables.

use std::collections::{BTreeMap, HashMap};

use model::Fault;
use privacy::catalog::{Catalog, Collection, Column, ColumnKind, Index, Link, OnDelete};
use privacy::row::Cell;

use super::Table;
use super::session::Session;
use super::types::{Class, Type};
use crate::sql::{elements, quoted};

/// Relations with rows of their own that this database's users made. Partitions are read through their parent; what an
/// extension brought along is its own business.
const RELATIONS: &str = "SELECT c.oid::text, n.nspname::text, c.relname::text, c.relkind::text,
    CASE c.relkind WHEN 'p' THEN (SELECT sum(greatest(k.reltuples, 0))::bigint FROM pg_partition_tree(c.oid) p
      JOIN pg_class k ON k.oid = p.relid WHERE p.isleaf) ELSE coalesce(nullif(c.reltuples, -1)::bigint,
        nullif(pg_stat_get_live_tuples(c.oid), 0)) END::text,
    obj_description(c.oid, 'pg_class'),
    (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))::text,
    (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'DELETE') AND has_table_privilege(c.oid, 'UPDATE'))::text,
    row_security_active(c.oid)::text, c.relispartition::text, current_user::text, pg_is_in_recovery()::text,
    coalesce(pg_partition_root(c.oid)::oid, c.oid)::text
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND n.nspname !~ '^pg_(toast|temp)'
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY n.nspname, c.relname";

const COLUMNS: &str =
    "SELECT a.attrelid::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.atttypid::text,
    a.atttypmod::text, a.attnotnull::text, (a.atthasdef OR a.attidentity <> '')::text, (a.attgenerated <> '')::text,
    col_description(a.attrelid, a.attnum),
    (SELECT s.label FROM pg_seclabel s WHERE s.classoid = 'pg_class'::regclass AND s.objoid = a.attrelid
      AND s.objsubid = a.attnum ORDER BY s.provider = 'anon' DESC, s.provider LIMIT 1),
    (SELECT to_json(array_agg(pg_get_constraintdef(k.oid) ORDER BY k.conname))::text FROM pg_constraint k
      WHERE k.contype = 'c' AND k.conrelid = a.attrelid AND a.attnum = ANY(k.conkey))
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.oid >= 16384
  ORDER BY a.attrelid, a.attnum";

/// Every type that is not a row of a catalog, its words, its checks, and its equality where that is not PostgreSQL's own.
const TYPES: &str = "SELECT t.oid::text, t.typname::text, n.nspname::text, t.typtype::text, t.typcategory::text,
    t.typbasetype::text, t.typelem::text, t.typtypmod::text, t.typnotnull::text, format_type(t.oid, NULL),
    (SELECT to_json(array_agg(e.enumlabel ORDER BY e.enumsortorder))::text FROM pg_enum e WHERE e.enumtypid = t.oid),
    (SELECT to_json(array_agg(pg_get_constraintdef(k.oid)))::text FROM pg_constraint k WHERE k.contypid = t.oid),
    CASE WHEN n.nspname <> 'pg_catalog' AND t.typtype = 'b' THEN (SELECT format('OPERATOR(%I.%s)', f.nspname, o.oprname)
      FROM pg_opclass c JOIN pg_am m ON m.oid = c.opcmethod AND m.amname = 'btree'
      JOIN pg_amop p ON p.amopfamily = c.opcfamily AND p.amoplefttype = t.oid AND p.amoprighttype = t.oid AND p.amopstrategy = 3
      JOIN pg_operator o ON o.oid = p.amopopr JOIN pg_namespace f ON f.oid = o.oprnamespace
      WHERE c.opcintype = t.oid AND c.opcdefault LIMIT 1) END
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  WHERE t.typtype <> 'p' AND (t.typtype <> 'c' OR n.nspname NOT IN ('pg_catalog', 'information_schema'))";

/// Indexes that cover every row; an array of columns and expressions each.
const INDEXES: &str =
    "SELECT i.indrelid::text, x.relname::text, i.indisprimary::text, i.indisunique::text, (0 <> ALL (i.indkey))::text,
    (SELECT to_json(array_agg(coalesce(a.attname::text, pg_get_indexdef(i.indexrelid, k.n, true)) ORDER BY k.n))::text
      FROM generate_series(1, i.indnkeyatts) k(n)
      LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.n - 1] AND a.attnum <> 0)
  FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
  WHERE i.indisvalid AND i.indpred IS NULL AND m.amname IN ('btree', 'hash', 'gin') AND i.indrelid >= 16384
  ORDER BY i.indrelid, NOT i.indisprimary, x.relname";

/// Foreign keys as they were declared; those that a partition inherits are its parent's.
const LINKS: &str =
    "SELECT con.conname::text, con.conrelid::text, con.confrelid::text, con.confdeltype::text, con.condeferrable::text,
    (SELECT to_json(array_agg(a.attname ORDER BY k.o))::text FROM unnest(con.conkey) WITH ORDINALITY k(n, o)
      JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.n),
    (SELECT to_json(array_agg(a.attname ORDER BY k.o))::text FROM unnest(con.confkey) WITH ORDINALITY k(n, o)
      JOIN pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = k.n)
  FROM pg_constraint con WHERE con.contype = 'f' AND con.conparentid = 0 ORDER BY con.conrelid, con.conname";

/// Triggers on UPDATE and DELETE, and rules that rewrite them.
const TRIGGERS: &str = "SELECT t.tgrelid::text, t.tgname::text FROM pg_trigger t
    WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgenabled <> 'D' AND t.tgtype & 24 <> 0
  UNION ALL SELECT r.ev_class::text, 'rule ' || r.rulename FROM pg_rewrite r WHERE r.rulename <> '_RETURN' AND r.ev_type IN ('2', '4')
  ORDER BY 1, 2";

/// A row of a question.
struct Facts(Vec<Cell>);

impl Facts {
    fn text(&self, at: usize) -> &str {
        self.0.get(at).and_then(Option::as_deref).unwrap_or_default()
    }

    fn is(&self, at: usize) -> bool {
        self.text(at) == "true"
    }

    fn list(&self, at: usize) -> Vec<String> {
        elements(self.text(at)).unwrap_or_default().into_iter().flatten().collect()
    }
}

fn ask(session: &mut Session, sql: &str, width: usize) -> Result<Vec<Facts>, Fault> {
    Ok(session.rows(sql, width)?.into_iter().map(Facts).collect())
}

/// Facts by the number of their relation, which stands at `at`.
fn by_relation(facts: Vec<Facts>, at: usize) -> HashMap<String, Vec<Facts>> {
    let mut map: HashMap<String, Vec<Facts>> = HashMap::new();
    for fact in facts {
        map.entry(fact.text(at).to_owned()).or_default().push(fact);
    }
    map
}

/// Reads it whole: the shared nouns, and what only this connector needs.
pub(super) fn describe(session: &mut Session) -> Result<(Catalog, HashMap<String, Table>), Fault> {
    session.connect()?;
    let relations = ask(session, RELATIONS, 13)?;
    let types = Types(ask(session, TYPES, 13)?.into_iter().map(|fact| (fact.text(0).to_owned(), fact)).collect());
    let columns = by_relation(ask(session, COLUMNS, 11)?, 0);
    let indexes = by_relation(ask(session, INDEXES, 6)?, 0);
    let mut links = by_relation(ask(session, LINKS, 7)?, 1);
    let triggers = by_relation(ask(session, TRIGGERS, 2)?, 0);
    let name = |fact: &Facts| match (fact.text(1), fact.text(2)) {
        (schema, table) if schema == session.schema && !table.contains('.') => table.to_owned(),
        (schema, table) => format!("{schema}.{table}"),
    };
    // A partition goes by its parent's name, and what only a partition refers to counts as the parent's.
    let own: HashMap<&str, String> = relations.iter().map(|fact| (fact.text(0), name(fact))).collect();
    let root = |fact: &Facts| own.get(fact.text(12)).or_else(|| own.get(fact.text(0))).cloned().unwrap_or_default();
    let names: HashMap<&str, String> = relations.iter().map(|fact| (fact.text(0), root(fact))).collect();
    for fact in relations.iter().filter(|fact| fact.is(9)) {
        let moved = links.remove(fact.text(0)).unwrap_or_default();
        links.entry(fact.text(12).to_owned()).or_default().extend(moved);
    }
    let (mut catalog, mut tables) = (Catalog::default(), HashMap::new());
    let nothing = Vec::new();
    for fact in relations.iter().filter(|fact| !fact.is(9)) {
        let name = names[fact.text(0)].clone();
        if let Some(gap) = gap(fact, &name, session.is_read_only()) {
            catalog.gaps.push(gap);
        }
        if !fact.is(6) {
            continue;
        }
        let (mut own, mut kinds) = (Vec::new(), HashMap::new());
        for column in columns.get(fact.text(0)).unwrap_or(&nothing) {
            let (column, kind) = types.column(column);
            kinds.insert(column.name.clone(), kind);
            own.push(column);
        }
        let mut collection = Collection {
            name: name.clone(),
            columns: own,
            links: links.get(fact.text(0)).unwrap_or(&nothing).iter().map(|fact| link(fact, &names)).collect(),
            rows_estimated: fact.text(4).parse().ok(),
            comment: fact.0[5].clone(),
            triggers: triggers
                .get(fact.text(0))
                .unwrap_or(&nothing)
                .iter()
                .map(|fact| fact.text(1).to_owned())
                .collect(),
            transactional: fact.text(3) != "f",
            read_only: !matches!(fact.text(3), "r" | "p") || !fact.is(7) && !fact.is(11),
            ..Collection::default()
        };
        add_indexes(&mut collection, indexes.get(fact.text(0)).unwrap_or(&nothing));
        catalog.collections.push(collection);
        let kind = fact.text(3).chars().next().unwrap_or('r');
        tables
            .insert(name, Table { schema: fact.text(1).to_owned(), name: fact.text(2).to_owned(), kind, types: kinds });
    }
    catalog.collections.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((catalog, tables))
}

/// What this user cannot see or do there, and what would change that.
fn gap(fact: &Facts, name: &str, is_read_only: bool) -> Option<String> {
    let table = format!("{}.{}", quoted(fact.text(1), '"'), quoted(fact.text(2), '"'));
    let user = quoted(fact.text(10), '"');
    let is_table = matches!(fact.text(3), "r" | "p");
    if !fact.is(6) {
        let schema = quoted(fact.text(1), '"');
        return Some(format!(
            "{name} cannot be read: GRANT USAGE ON SCHEMA {schema} TO {user}; GRANT SELECT ON {table} TO {user}"
        ));
    }
    if fact.is(8) {
        return Some(format!("{name}: row-level security hides rows from this user: ALTER ROLE {user} BYPASSRLS"));
    }
    if is_table && !fact.is(7) && !is_read_only && !fact.is(11) {
        return Some(format!("{name} can be read but not changed: GRANT DELETE, UPDATE ON {table} TO {user}"));
    }
    None
}

fn link(fact: &Facts, names: &HashMap<&str, String>) -> Link {
    Link {
        name: fact.text(0).to_owned(),
        columns: fact.list(5),
        target: names.get(fact.text(2)).cloned().unwrap_or_default(),
        target_columns: fact.list(6),
        on_delete: match fact.text(3) {
            "r" => OnDelete::Restrict,
            "c" => OnDelete::Cascade,
            "n" => OnDelete::SetNull,
            "d" => OnDelete::SetDefault,
            _ => OnDelete::NoAction,
        },
        deferrable: fact.is(4),
    }
}

/// The primary key comes first; without it the first unique index over columns that always have a value is the key.
fn add_indexes(collection: &mut Collection, facts: &[Facts]) {
    for fact in facts {
        let on = fact.list(5);
        let is_filled = |name: &String| collection.column(name).is_some_and(|column| !column.nullable);
        if fact.is(3) && fact.is(4) {
            if collection.key.is_empty() && on.iter().all(is_filled) {
                collection.key.clone_from(&on);
            }
            if !collection.unique.contains(&on) {
                collection.unique.push(on.clone());
            }
        }
        collection.indexes.push(Index { name: fact.text(1).to_owned(), on });
    }
}

/// Every type by its number.
struct Types(BTreeMap<String, Facts>);

impl Types {
    fn column(&self, fact: &Facts) -> (Column, Type) {
        let (base, modifier, is_filled, mut checks) = self.base(fact.text(3), fact.text(4));
        let kind = self.kind_of(base);
        checks.splice(0..0, fact.list(10));
        let words = match &kind.class {
            Class::Words(words) => words.clone(),
            _ => Vec::new(),
        };
        let shown = match base.text(0) == fact.text(3) {
            true => fact.text(2).to_owned(),
            false => format!("{} ({})", fact.text(2), base.text(9)),
        };
        let is_varying = matches!(base.text(1), "varchar" | "bpchar") && base.text(2) == "pg_catalog";
        let column = Column {
            name: fact.text(1).to_owned(),
            kind: column_kind(&kind, base.text(4)),
            type_name: shown,
            nullable: !fact.is(5) && !is_filled,
            has_default: fact.is(6),
            generated: fact.is(7),
            max_chars: is_varying
                .then(|| modifier.checked_sub(4).and_then(|most| u64::try_from(most).ok()).filter(|most| *most > 0))
                .flatten(),
            words,
            comment: fact.0[8].clone(),
            label: fact.0[9].clone(),
            checks,
        };
        (column, kind)
    }

    /// The type below all domains, the modifier that holds for it, and what the domains demand.
    fn base<'a>(&'a self, oid: &str, modifier: &str) -> (&'a Facts, i64, bool, Vec<String>) {
        static NONE: Facts = Facts(Vec::new());
        let mut fact = self.0.get(oid).unwrap_or(&NONE);
        let (mut modifier, mut is_filled, mut checks) = (modifier.parse().unwrap_or(-1), false, Vec::new());
        while fact.text(3) == "d" {
            is_filled |= fact.is(8);
            checks.extend(fact.list(11));
            modifier = fact.text(7).parse().unwrap_or(-1);
            fact = self.0.get(fact.text(5)).unwrap_or(&NONE);
        }
        (fact, modifier, is_filled, checks)
    }

    fn kind_of(&self, fact: &Facts) -> Type {
        let equal = Some(fact.text(12)).filter(|text| !text.is_empty()).map(str::to_owned);
        let is_own = fact.text(2) == "pg_catalog";
        let class = match (fact.text(1), fact.text(3), fact.text(4)) {
            (_, "e", _) => Class::Words(fact.list(10)),
            (_, "c", _) => Class::Record,
            (_, "b", "A") if fact.text(6) != "0" => {
                let (element, ..) = self.base(fact.text(6), "");
                Class::List(Box::new(self.kind_of(element)))
            }
            ("citext", "b", "S") if equal.is_some() => Class::Text,
            (name, "b", category) if is_own => class(name, category),
            _ => Class::Other,
        };
        // Without a length `bit` would be one bit, and `character` one letter.
        let cast = match fact.text(9) {
            "bit" => "bit varying",
            "character" => "bpchar",
            cast => cast,
        };
        Type { cast: cast.to_owned(), class, equal }
    }
}

fn class(name: &str, category: &str) -> Class {
    match (name, category) {
        ("int2" | "int4" | "int8" | "oid", _) => Class::Integer,
        ("numeric" | "float4" | "float8", _) => Class::Number,
        ("bool", _) => Class::Boolean,
        ("date", _) => Class::Date,
        ("timestamp" | "timestamptz", _) => Class::Timestamp,
        ("time" | "timetz", _) => Class::Clock,
        ("interval", _) => Class::Interval,
        ("bytea", _) => Class::Bytes,
        ("uuid", _) => Class::Uuid,
        ("inet", _) => Class::Inet,
        ("json", _) => Class::Json,
        ("jsonb", _) => Class::Jsonb,
        ("text" | "varchar" | "bpchar" | "name", _) => Class::Text,
        _ => Class::Other,
    }
}

fn column_kind(kind: &Type, category: &str) -> ColumnKind {
    match &kind.class {
        Class::Text | Class::Uuid | Class::Words(_) | Class::Inet => ColumnKind::Text,
        Class::Integer => ColumnKind::Integer,
        Class::Number => ColumnKind::Number,
        Class::Boolean => ColumnKind::Boolean,
        Class::Date | Class::Timestamp | Class::Clock | Class::Interval => ColumnKind::Time,
        Class::Bytes => ColumnKind::Bytes,
        Class::Json | Class::Jsonb | Class::Record => ColumnKind::Json,
        Class::List(_) => ColumnKind::List,
        Class::Other if matches!(category, "S" | "I") => ColumnKind::Text,
        Class::Other => ColumnKind::Other,
    }
}
