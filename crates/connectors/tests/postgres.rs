//! Databases of a real PostgreSQL, made and judged by `psql`: `tests/services postgres -- cargo test …`.

#![cfg(feature = "postgres")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use model::{Fault, Hidden};
use privacy::catalog::{Collection, ColumnKind, OnDelete};
use privacy::map::Dataset;
use privacy::residual::{Search, Value};
use privacy::row::{Cell, FieldPath, Key, Row};
use privacy::store::{Condition, DataStore, Find, Fold, Needles};
use probity_connectors::{Access, Tls, open};

fn server() -> String {
    std::env::var("PROBITY_TEST_POSTGRES_URL").unwrap_or_default()
}

/// Without a server there is nothing to test; `tests/services` starts one.
fn has_server() -> bool {
    !server().is_empty()
}

/// What `psql` says to `sql`.
fn judge(url: &str, sql: &str) -> String {
    let mut psql = Command::new("psql")
        .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-f", "-", url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("psql is installed");
    psql.stdin.take().expect("a pipe").write_all(sql.as_bytes()).expect("written");
    let output = psql.wait_with_output().expect("psql ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// A database of its own, dropped at the end.
struct Shop {
    name: String,
    url: String,
}

impl Shop {
    fn new(sql: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("shop_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        judge(&server(), &format!("CREATE DATABASE {name}"));
        let url = format!("{}/{name}", server().rsplit_once('/').expect("a database").0);
        let shop = Shop { name, url };
        judge(&shop.url, sql);
        shop
    }

    fn open(&self) -> Box<dyn DataStore> {
        open(&self.url, &Access::default(), &Dataset::default()).expect("opens")
    }

    fn open_with(&self, access: Access) -> Box<dyn DataStore> {
        open(&self.url, &access, &Dataset::default()).expect("opens")
    }

    fn judge(&self, sql: &str) -> String {
        judge(&self.url, sql)
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let _ = Command::new("psql").args(["-XAtq", "-c", &sql, &server()]).output();
    }
}

fn fields(names: &[&str]) -> Vec<FieldPath> {
    names.iter().map(|name| FieldPath::parse(name)).collect()
}

fn condition(field: &str, fold: Fold, values: &[&str]) -> Condition {
    let values = values.iter().map(|value| vec![(*value).to_owned()]).collect();
    Condition { fields: vec![FieldPath::parse(field)], fold, values, when: None }
}

fn rows(store: &mut dyn DataStore, collection: &str, names: &[&str], any: &[Condition]) -> Vec<Row> {
    let fields = fields(names);
    let mut rows = Vec::new();
    let find = Find { collection, fields: &fields, any, limit: None };
    let found = store.find(&find, &mut |row| {
        rows.push(row);
        Ok(())
    });
    found.unwrap_or_else(|fault| panic!("{collection}: {fault:?}"));
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    rows
}

fn firsts(store: &mut dyn DataStore, collection: &str, name: &str, any: &[Condition]) -> Vec<String> {
    rows(store, collection, &[name], any).into_iter().map(|row| row.cells[0].clone().unwrap_or("NULL".into())).collect()
}

fn key(cells: &[&str]) -> Key {
    Key(cells.iter().map(|cell| Some((*cell).to_owned())).collect())
}

fn some(text: &str) -> Cell {
    Some(text.to_owned())
}

const NASTY: &str = r#"
CREATE SCHEMA "crm.x"; CREATE EXTENSION citext;
CREATE TYPE "My Mood" AS ENUM ('sad', 'it''s "ok"');
CREATE DOMAIN mail AS varchar(40) NOT NULL CHECK (VALUE LIKE '%@%');
CREATE DOMAIN mails AS mail;
CREATE TABLE person (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email mails, nick citext UNIQUE, boss bigint REFERENCES person ON DELETE SET NULL,
  mood "My Mood", born date, seen timestamptz, local timestamp, clock time, span interval, active boolean DEFAULT true,
  doc jsonb, raw json, pic bytea, tags text[], nums int[], grid int[][], score double precision, price numeric(10,2), tiny real, token uuid, ip inet,
  during int4range, bits bit(3), big text, twice bigint GENERATED ALWAYS AS (id * 2) STORED, fixed char(5), CONSTRAINT "priced; --" CHECK (price >= 0));
COMMENT ON TABLE person IS 'people'; COMMENT ON COLUMN person.email IS 'where they are written to';
CREATE INDEX person_lower ON person (lower(email::text)); CREATE INDEX person_part ON person (born) WHERE active; CREATE INDEX ON person USING gin (tags);
CREATE TABLE "crm.x"."Or;der ""s'é" ("select" varchar(10), "No." int, person bigint NOT NULL REFERENCES person ON DELETE CASCADE DEFERRABLE, k0 text, PRIMARY KEY ("select", "No."));
CREATE TABLE line (a varchar(10), b int, n int, FOREIGN KEY (a, b) REFERENCES "crm.x"."Or;der ""s'é" ON DELETE RESTRICT);
CREATE TABLE bare (a int, b double precision, c bytea, d jsonb, e text[], f timestamptz, g xml, h json, i point, j int4range);
CREATE TABLE hen (id int PRIMARY KEY, egg int NOT NULL); CREATE TABLE egg (id int PRIMARY KEY, hen int NOT NULL REFERENCES hen DEFERRABLE INITIALLY IMMEDIATE);
ALTER TABLE hen ADD FOREIGN KEY (egg) REFERENCES egg DEFERRABLE INITIALLY IMMEDIATE;
CREATE TABLE log (at date NOT NULL, id int NOT NULL, mail text, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
CREATE TABLE log_2025 PARTITION OF log FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE log_rest PARTITION OF log DEFAULT; ALTER TABLE log_rest ADD UNIQUE (id);
CREATE TABLE note (id int PRIMARY KEY, log int REFERENCES log_rest (id));
CREATE TABLE parent (id int, mail text); CREATE TABLE child (more text) INHERITS (parent);
CREATE TABLE history (old text);
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO history VALUES (OLD.email); RETURN NEW; END';
CREATE TRIGGER keeps AFTER UPDATE OF email ON person FOR EACH ROW EXECUTE FUNCTION keep();
CREATE VIEW seen AS SELECT email FROM person; CREATE MATERIALIZED VIEW copy AS SELECT id, email FROM person;
INSERT INTO person (email, nick, boss, mood, born, seen, local, clock, span, doc, raw, pic, tags, nums, grid, score, price, tiny, token, ip, during, bits, big, fixed) VALUES
 ('Ann@Example.org', 'ANN', NULL, 'it''s "ok"', '1990-01-02', '2026-11-22 13:00:00.250+01', '2026-11-22 12:00:00', '23:59:59.5', '1 year 2 days',
  '{"contact": {"email": "ann@example.org", "n": 1.50}, "tags": ["a", "b"]}', '{"a" : "x\u0000y", "mail": "ann@example.org"}', '\x00ff41', '{a,"b \"q\" \\",NULL}', '{1,2}', '{{1,2},{3,4}}',
  1e20, 1.50, 0.1, '6f9619ff-8b86-d011-b42d-00cf4fc964ff', '10.0.0.1', '[1,5)', B'101', repeat('x', 1000000), 'ab'),
 (' bob@example.org', 'Bob', 1, 'sad', 'infinity', NULL, NULL, NULL, NULL, '{"contacts": [{"email": "X@y.z"}, {"email": "ann@example.org"}]}', '{"mail": "bob@example.org"}', '', '{}', NULL, NULL,
  1.5e-7, 0, 'NaN', NULL, '::1/64', 'empty', NULL, NULL, NULL),
 ('''; DROP TABLE history; --@', NULL, 2, NULL, '0044-03-15 BC', NULL, NULL, NULL, NULL, 'null', 'null', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "crm.x"."Or;der ""s'é" VALUES ('a', 1, 1, 'k'), ('a', 2, 2, NULL), ('b', 1, 1, NULL);
INSERT INTO line VALUES ('a', 1, 1), ('a', 1, 1), ('a', 2, 5), (NULL, NULL, 9);
INSERT INTO bare VALUES (1, 0.1, '\x00', '{"a": 1}', '{x,NULL}', '2026-01-01 00:00+00', '<a/>', '{"b" :1}', '(1,2)', '[1,2]'), (1, 0.1, '\x00', '{"a": 1}', '{x,NULL}', '2026-01-01 00:00+00', '<a/>', '{"b":1}', '(1,2)', '[1,2]'), (1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
BEGIN; SET CONSTRAINTS ALL DEFERRED; INSERT INTO hen VALUES (1, 1); INSERT INTO egg VALUES (1, 1); COMMIT;
INSERT INTO log VALUES ('2025-05-05', 1, 'ann@example.org'), ('2027-05-05', 2, 'bob@example.org');
INSERT INTO parent VALUES (1, 'p@x.y'); INSERT INTO child VALUES (2, 'c@x.y', 'm');
SET allow_system_table_mods = on; INSERT INTO pg_seclabel SELECT attrelid, 'pg_class'::regclass, attnum, 'anon', 'MASKED WITH FUNCTION anon.fake_email()'
  FROM pg_attribute WHERE attrelid = 'person'::regclass AND attname = 'nick';
REFRESH MATERIALIZED VIEW copy; ANALYZE;
"#;

#[test]
fn the_catalog_tells_keys_links_types_and_traps() {
    if !has_server() {
        return;
    }
    let shop = Shop::new(NASTY);
    let catalog = shop.open().describe().expect("described");
    assert_eq!(catalog.gaps, Vec::<String>::new());
    let names: Vec<&str> = catalog.collections.iter().map(|collection| collection.name.as_str()).collect();
    let order = "crm.x.Or;der \"s'é";
    let expect =
        ["bare", "child", "copy", order, "egg", "hen", "history", "line", "log", "note", "parent", "person", "seen"];
    assert_eq!(names, expect);
    let of = |name: &str| catalog.collection(name).expect("there");

    let person = of("person");
    assert_eq!((person.key.as_slice(), person.triggers.as_slice()), (&["id".into()][..], &["keeps".into()][..]));
    assert_eq!((person.comment.as_deref(), person.rows_estimated), (Some("people"), Some(3)));
    let column = |name: &str| person.column(name).expect("there");
    let email = column("email");
    assert_eq!((email.max_chars, email.nullable, email.kind), (Some(40), false, ColumnKind::Text));
    assert_eq!(email.type_name, "public.mails (character varying)");
    assert!(email.checks.iter().any(|check| check.contains("%@%")), "{:?}", email.checks);
    assert_eq!(email.comment.as_deref(), Some("where they are written to"));
    assert_eq!(column("nick").label.as_deref(), Some("MASKED WITH FUNCTION anon.fake_email()"));
    assert_eq!(email.label, None);
    assert_eq!(column("mood").words, ["sad", "it's \"ok\""]);
    assert_eq!(column("price").checks.len(), 1);
    assert_eq!((column("twice").generated, column("id").has_default, column("active").has_default), (true, true, true));
    let kinds =
        [("tags", ColumnKind::List), ("doc", ColumnKind::Json), ("pic", ColumnKind::Bytes), ("seen", ColumnKind::Time)];
    for (name, kind) in kinds.into_iter().chain([
        ("score", ColumnKind::Number),
        ("during", ColumnKind::Other),
        ("nick", ColumnKind::Text),
    ]) {
        assert_eq!(column(name).kind, kind, "{name}");
    }
    let on: BTreeMap<&str, &[String]> =
        person.indexes.iter().map(|index| (index.name.as_str(), index.on.as_slice())).collect();
    assert_eq!(on.get("person_lower"), Some(&&["lower(email::text)".to_owned()][..]));
    assert!(!on.contains_key("person_part") && on.contains_key("person_tags_idx"), "{on:?}");
    assert!(person.unique.contains(&vec!["nick".to_owned()]));

    assert_eq!(of(order).key, ["select", "No."]);
    let link = &of(order).links[0];
    assert_eq!((link.target.as_str(), link.on_delete, link.deferrable), ("person", OnDelete::Cascade, true));
    let link = &of("line").links[0];
    assert_eq!((link.target.as_str(), link.on_delete, link.deferrable), (order, OnDelete::Restrict, false));
    assert_eq!((link.columns.join("|"), link.target_columns.join("|")), ("a|b".into(), "select|No.".into()));
    assert_eq!((of("log").rows_estimated, of("log").read_only, of("log").key.len()), (Some(2), false, 2));
    // What refers to a partition refers to its parent.
    assert_eq!(
        (of("note").links[0].target.as_str(), of("note").links[0].target_columns.join("|")),
        ("log", "id".into())
    );
    assert!(of("seen").read_only && of("copy").read_only && of("bare").key.is_empty());
}

/// The cells of Ann's row, in the order of the names that are asked for.
const ANN: [&str; 26] = [
    "Ann@Example.org",
    "ANN",
    "it's \"ok\"",
    "1990-01-02",
    "2026-11-22T12:00:00.25Z",
    "2026-11-22T12:00:00",
    "23:59:59.5",
    "P1Y2D",
    "true",
    r#"{"tags":["a","b"],"contact":{"n":1.50,"email":"ann@example.org"}}"#,
    "1.50",
    r#"{"a":"x\u0000y","mail":"ann@example.org"}"#,
    "00ff41",
    r#"["a","b \"q\" \\",null]"#,
    "[1,2]",
    "[[1,2],[3,4]]",
    "100000000000000000000",
    "1.50",
    "0.1",
    "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
    "10.0.0.1",
    "[1,5)",
    "101",
    "2",
    "ab",
    "NULL",
];

#[test]
fn cells_are_canonical_whatever_the_settings_of_the_role() {
    if !has_server() {
        return;
    }
    let shop = Shop::new(NASTY);
    let names = "email nick mood born seen local clock span active doc doc.contact.n raw pic
        tags nums grid score price tiny token ip during bits twice fixed doc.contacts.email"
        .split_whitespace()
        .collect::<Vec<_>>();
    let plain = rows(&mut *shop.open(), "person", &names, &[]);
    shop.judge(&format!(
        "ALTER DATABASE {0} SET TimeZone = 'Asia/Kolkata'; ALTER DATABASE {0} SET DateStyle = 'German'; ALTER DATABASE {0} SET IntervalStyle = 'sql_standard';
         ALTER DATABASE {0} SET extra_float_digits = -5; ALTER DATABASE {0} SET bytea_output = 'escape'; ALTER DATABASE {0} SET standard_conforming_strings = off;
         ALTER DATABASE {0} SET xmloption = 'document'; ALTER DATABASE {0} SET lc_monetary = 'C.UTF-8'", shop.name));
    let odd = rows(&mut *shop.open(), "person", &names, &[]);
    assert!(plain == odd, "cells differ between settings");
    let cells = |at: usize| plain[at].cells.iter().map(|cell| cell.as_deref().unwrap_or("NULL")).collect::<Vec<_>>();
    assert_eq!(cells(0), ANN);
    assert_eq!(cells(1)[3..8], ["infinity", "NULL", "NULL", "NULL", "NULL"]);
    assert_eq!((cells(1)[16], cells(1)[18], cells(1)[25]), ("0.00000015", "NaN", r#"["X@y.z","ann@example.org"]"#));
    assert_eq!((cells(2)[3], cells(2)[9]), ("0044-03-15 BC", "null"));
}

#[test]
fn rows_are_found_in_the_type_of_the_column_by_fold_path_list_and_tuple() {
    if !has_server() {
        return;
    }
    let shop = Shop::new(NASTY);
    let mut store = shop.open();
    let mut check = |field: &str, fold, values: &[&str], expect: &[&str]| {
        assert_eq!(
            firsts(&mut *store, "person", "id", &[condition(field, fold, values)]),
            expect,
            "{field} {values:?}"
        );
    };
    check("id", Fold::Exact, &["1", "no number", "99999999999999999999", "3"], &["1", "3"]);
    check("email", Fold::Exact, &["ann@example.org", "a\0b"], &[]);
    check("email", Fold::Exact, &["Ann@Example.org"], &["1"]);
    check("email", Fold::Lower, &["ann@example.org", "bob@example.org"], &["1", "2"]);
    check("nick", Fold::Exact, &["ann"], &["1"]);
    check("nick", Fold::Lower, &["bob"], &["2"]);
    check("mood", Fold::Exact, &["happy", "it's \"ok\""], &["1"]);
    check("born", Fold::Exact, &["1990-01-02", "1990-02-30", "today"], &["1"]);
    check("seen", Fold::Exact, &["2026-11-22T12:00:00.25Z"], &["1"]);
    check("pic", Fold::Exact, &["00ff41", "xyz"], &["1"]);
    check("pic", Fold::Exact, &[""], &["2"]);
    check("tags", Fold::Exact, &["b \"q\" \\", "zz"], &["1"]);
    check("tags", Fold::Lower, &["a"], &["1"]);
    check("nums", Fold::Exact, &["2", "x"], &["1"]);
    check("grid", Fold::Exact, &["4"], &["1"]);
    check("token", Fold::Exact, &["6F9619FF-8B86-D011-B42D-00CF4FC964FF", "bad"], &["1"]);
    check("ip", Fold::Exact, &["10.0.0.1", "not an address"], &["1"]);
    check("price", Fold::Exact, &["1.5", "1,5", ""], &["1"]);
    check("score", Fold::Exact, &["100000000000000000000"], &["1"]);
    check("during", Fold::Exact, &["[1,5)", "("], &["1"]);
    check("fixed", Fold::Exact, &["ab"], &["1"]);
    check("active", Fold::Exact, &["true", "maybe"], &["1", "2", "3"]);
    check("doc.contact.email", Fold::Exact, &["ann@example.org"], &["1"]);
    check("doc.contacts.email", Fold::Lower, &["x@y.z"], &["2"]);
    check("doc.tags", Fold::Exact, &["b"], &["1"]);
    check("doc.contact.n", Fold::Exact, &["1.50"], &["1"]);
    check("doc.no\"such'.path", Fold::Exact, &["b"], &[]);
    check("raw.mail", Fold::Exact, &["ann@example.org", "bob@example.org"], &["1", "2"]);
    check("email", Fold::Address, &["ann@example.org"], &["1"]);
    check("id", Fold::Digits(4), &["2"], &["2"]);
    check("email", Fold::Exact, &["'; DROP TABLE history; --@"], &["3"]);
    check("email", Fold::Lower, &["\\'); DROP TABLE history; --", "$1", "\\"], &[]);
    assert_eq!(shop.judge("SELECT count(*) FROM history"), "0");

    let order = "crm.x.Or;der \"s'é";
    let tuple = |values: &[[&str; 2]]| Condition {
        fields: vec![FieldPath::column("select"), FieldPath::column("No.")],
        fold: Fold::Exact,
        values: values.iter().map(|pair| pair.iter().map(|value| (*value).to_owned()).collect()).collect(),
        when: Some((FieldPath::parse("person"), "1".to_owned())),
    };
    assert_eq!(firsts(&mut *store, order, "k0", &[tuple(&[["a", "1"], ["a", "2"], ["a", "x"], ["c", "1"]])]), ["k"]);
    let both = [condition("id", Fold::Exact, &["1"]), condition("email", Fold::Lower, &["ann@example.org"])];
    assert_eq!(firsts(&mut *store, "person", "id", &both), ["1"]);
    assert_eq!(rows(&mut *store, "line", &[], &[condition("a", Fold::Exact, &["a"])]).len(), 3);
    // A parent's rows are not its children's, but those of its partitions.
    assert_eq!(firsts(&mut *store, "parent", "mail", &[]), ["p@x.y"]);
    assert_eq!(firsts(&mut *store, "log", "mail", &[]), ["ann@example.org", "bob@example.org"]);
    assert_eq!(
        firsts(&mut *store, "seen", "email", &[condition("email", Fold::Lower, &["ann@example.org"])]),
        ["Ann@Example.org"]
    );
}

#[test]
fn a_transaction_deletes_sets_and_is_dropped_without_a_trace() {
    if !has_server() {
        return;
    }
    let shop = Shop::new(NASTY);
    let mut store = shop.open();
    let order = "crm.x.Or;der \"s'é";
    {
        let mut work = store.begin().expect("begun");
        assert_eq!(work.delete("log", &[key(&["2025-05-05", "1"]), key(&["2025-05-05", "9"])]).expect("deleted"), 1);
    }
    assert_eq!(shop.judge("SELECT count(*) FROM log"), "2");

    let bare = rows(&mut *store, "bare", &["a"], &[]);
    let mut work = store.begin().expect("begun");
    work.defer_constraints().expect("deferred");
    assert_eq!(work.delete("hen", &[key(&["1"])]).expect("deleted"), 1);
    assert_eq!(work.delete("egg", &[key(&["1"])]).expect("deleted"), 1);
    assert_eq!(work.delete("line", &[Key(vec![some("a"), some("1"), some("1")])]).expect("deleted"), 2);
    assert_eq!(work.delete(order, &[key(&["a", "1"]), key(&["b", "1"]), key(&["zz", "1"])]).expect("deleted"), 2);
    let mut twins = 0;
    let named: Vec<Key> = bare.iter().map(|row| row.key.clone()).collect();
    let mut count = |_| {
        twins += 1;
        Ok(())
    };
    work.reread("bare", &fields(&["a"]), &named, &mut count).expect("read");
    assert_eq!(twins, 4);
    assert_eq!(work.delete("bare", &[named[2].clone(), named[3].clone()]).expect("deleted"), 2);
    assert_eq!(work.delete("bare", &[named[0].clone()]).expect("deleted"), if named[0].0[0].is_none() { 1 } else { 2 });
    let names: Vec<FieldPath> = "email pic active tags grid mood doc.contact.email seen nick bits price born"
        .split_whitespace()
        .map(FieldPath::parse)
        .collect();
    let new = vec![
        some("it's \"gone\"@x"),
        some("0102"),
        some("false"),
        some(r#"["p","q\"\\",null]"#),
        some("[[9],[8]]"),
        some("sad"),
        None,
        some("1970-01-01T00:00:00Z"),
        None,
        some("010"),
        some("0"),
        some("1970-01-01"),
    ];
    assert_eq!(work.set("person", &names, &[(key(&["1"]), new.clone()), (key(&["77"]), new)]).expect("set"), 1);
    let mut seen = Vec::new();
    let ids = fields(&["twice", "tags"]);
    work.reread("person", &ids, &[key(&["1"]), key(&["2"]), key(&["9"])], &mut |row| {
        seen.push(row.cells);
        Ok(())
    })
    .expect("read");
    assert_eq!(seen.len(), 2);
    work.commit().expect("committed");
    assert_eq!(
        shop.judge("SELECT email, pic, active, tags, grid, mood, doc, seen AT TIME ZONE 'UTC', nick IS NULL, bits, price FROM person WHERE id = 1"),
        r#"it's "gone"@x|\x0102|f|{p,"q\"\\",NULL}|{{9},{8}}|sad|{"tags": ["a", "b"], "contact": {"n": 1.50, "email": null}}|1970-01-01 00:00:00|t|010|0.00"#
    );
    assert_eq!(shop.judge("SELECT (SELECT count(*) FROM hen), (SELECT count(*) FROM line), (SELECT count(*) FROM history), (SELECT count(*) FROM bare)"), "0|2|1|0".replace("|0", if named[0].0[0].is_none() { "|1" } else { "|0" }));
}

#[test]
fn indexes_are_used_for_equality_and_for_lower_case() {
    if !has_server() {
        return;
    }
    let shop = Shop::new(
        "CREATE TABLE t (id bigint PRIMARY KEY, mail varchar(80), pair int, kind text); CREATE INDEX ON t (mail); CREATE INDEX ON t (lower(mail)); CREATE INDEX ON t (pair, kind);
         INSERT INTO t SELECT i, 'M' || i || '@x.y', i, 'k' FROM generate_series(1, 100000) i; ANALYZE t; CREATE EXTENSION IF NOT EXISTS citext;
         CREATE TABLE c (n citext); CREATE INDEX ON c (n); INSERT INTO c SELECT 'N' || i FROM generate_series(1, 100000) i; ANALYZE c;",
    );
    let mut store = shop.open();
    let reads = |store: &mut dyn DataStore, collection: &str, any: Condition, expect: usize| {
        let before = scans(&shop, collection);
        assert_eq!(rows(store, collection, &[], &[any]).len(), expect);
        assert_eq!(scans(&shop, collection), before, "{collection} was read from end to end");
    };
    reads(&mut *store, "t", condition("id", Fold::Exact, &["5", "6", "x"]), 2);
    reads(&mut *store, "t", condition("mail", Fold::Exact, &["M5@x.y"]), 1);
    reads(&mut *store, "t", condition("mail", Fold::Lower, &["m5@x.y", "m6@x.y"]), 2);
    reads(&mut *store, "c", condition("n", Fold::Lower, &["n77"]), 1);
    reads(&mut *store, "c", condition("n", Fold::Exact, &["n77"]), 1);
    let pairs = Condition {
        fields: fields(&["pair", "kind"]),
        fold: Fold::Exact,
        values: (1..=100).map(|at| vec![at.to_string(), "k".to_owned()]).collect(),
        when: None,
    };
    reads(&mut *store, "t", pairs, 100);
    assert_eq!(
        store.index_statement("t", &fields(&["mail"]), Fold::Lower).as_deref(),
        Some(r#"CREATE INDEX CONCURRENTLY ON "public"."t" (lower("mail"))"#)
    );
    // Documents: by the index that is proposed, wherever on the path lists stand.
    shop.judge(
        "CREATE TABLE d (id int PRIMARY KEY, doc jsonb); INSERT INTO d SELECT i, jsonb_build_object('a', jsonb_build_object('mail', 'm' || i), 'n', i, 'l', jsonb_build_array(
           jsonb_build_object('mail', 'l' || i))) FROM generate_series(1, 50000) i",
    );
    store.describe().expect("described");
    let statement = store.index_statement("d", &fields(&["doc.a.mail"]), Fold::Exact).expect("there is one");
    shop.judge(&format!("{statement}; ANALYZE d"));
    store.describe().expect("described");
    reads(&mut *store, "d", condition("doc.a.mail", Fold::Exact, &["m7", "m\"8", "true"]), 1);
    reads(&mut *store, "d", condition("doc.l.mail", Fold::Exact, &["l7", "l8"]), 2);
    reads(&mut *store, "d", condition("doc.n", Fold::Exact, &["7", "7.5", "01"]), 1);
    let statement = store.index_statement("t", &fields(&["kind"]), Fold::Exact).expect("there is one");
    shop.judge(&statement);
}

/// How often the table was read from end to end, as the server counts.
fn scans(shop: &Shop, table: &str) -> String {
    std::thread::sleep(Duration::from_millis(1100));
    shop.judge(&format!("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = '{table}'"))
}

#[test]
fn ten_thousand_values_are_found_each_once_and_limits_hold() {
    if !has_server() {
        return;
    }
    let shop = Shop::new(
        "CREATE TABLE t (id int PRIMARY KEY, v text, l int[]); CREATE INDEX ON t (v); INSERT INTO t SELECT i, 'v' || (i % 15000), ARRAY[i, i + 1] FROM generate_series(1, 20000) i; ANALYZE t",
    );
    let mut store = shop.open();
    let values: Vec<String> = (0..10_000).map(|at| format!("v{at}")).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let any = [condition("v", Fold::Exact, &values), condition("v", Fold::Lower, &values[..10])];
    assert_eq!(rows(&mut *store, "t", &[], &any).len(), 15_000);
    let numbers: Vec<String> = (1..=10_000).map(|at| at.to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    assert_eq!(rows(&mut *store, "t", &[], &[condition("l", Fold::Exact, &numbers)]).len(), 10_000);
    let mut count = 0;
    let find = Find { collection: "t", fields: &[], any: &any, limit: Some(11) };
    let counted = store.find(&find, &mut |_| {
        count += 1;
        Ok(())
    });
    counted.expect("found");
    assert_eq!(count, 11);
    let stopped = store.find(&find, &mut |_| Err(Fault::interrupted("stopped", "stop")));
    assert_eq!(stopped.expect_err("stops").code(), "stopped");
    assert_eq!(rows(&mut *store, "t", &[], &[condition("id", Fold::Exact, &["7"])]).len(), 1);
}

fn code<T>(result: Result<T, Fault>) -> &'static str {
    result.err().map_or("none", |fault| fault.code())
}

#[test]
fn faults_of_the_server_are_told_apart() {
    if !has_server() {
        return;
    }
    let shop = Shop::new(
        "CREATE TABLE a (id int PRIMARY KEY, v text NOT NULL CHECK (v <> 'bad'), n int); CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL CONSTRAINT \"b to a\" REFERENCES a);
         INSERT INTO a VALUES (1, 'v'), (2, 'w'); INSERT INTO b VALUES (1, 1)",
    );
    let mut store = shop.open();
    {
        let mut work = store.begin().expect("begun");
        let fault = work.delete("a", &[key(&["1"])]).expect_err("refused");
        assert_eq!(fault.code(), "constraint-broken");
        assert!(fault.message().contains("b to a"), "{fault:?}");
        assert_eq!(code(work.commit()), "store-refused");
    }
    let mut work = store.begin().expect("begun");
    assert_eq!(code(work.set("a", &fields(&["v"]), &[(key(&["1"]), vec![None])])), "constraint-broken");
    drop(work);
    let mut work = store.begin().expect("begun");
    let fault = work.set("a", &fields(&["n"]), &[(key(&["1"]), vec![some("secret value")])]).expect_err("refused");
    assert!(fault.code() == "store-refused" && !fault.message().contains("secret"), "{fault:?}");
    drop(work);

    // Locks, deadlocks and time.
    let mut other = shop.open_with(Access { lock_timeout: Duration::from_millis(100), ..Access::default() });
    let mut held = store.begin().expect("begun");
    assert_eq!(held.delete("a", &[key(&["2"])]).expect("deleted"), 1);
    let mut work = other.begin().expect("begun");
    assert_eq!(code(work.reread("a", &fields(&["v"]), &[key(&["2"])], &mut |_| Ok(()))), "store-lock-timeout");
    drop((work, held));
    assert_eq!(shop.judge("SELECT count(*) FROM a"), "2");
    let mut hasty = shop.open_with(Access { statement_timeout: Duration::from_millis(50), ..Access::default() });
    shop.judge("CREATE VIEW slow AS SELECT pg_sleep(5)::text AS s, 1 AS n");
    assert_eq!(
        code(hasty.find(&Find { collection: "slow", fields: &fields(&["s"]), any: &[], limit: None }, &mut |_| Ok(()))),
        "store-timeout"
    );

    let mut reading = shop.open_with(Access { read_only: true, ..Access::default() });
    assert_eq!(code(reading.begin().map(|_| ())), "store-read-only");
    shop.judge(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", shop.name));
    // Whoever set that does not want changes.
    assert_eq!(code(shop.open().begin().map(|_| ())), "store-read-only");

    // The connection goes away: in a transaction nothing more is done, outside it is made anew.
    let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'probity'";
    let mut work = store.begin().expect("begun");
    assert_eq!(work.delete("a", &[key(&["2"])]).expect("deleted"), 1);
    shop.judge(kill);
    assert_eq!(code(work.delete("a", &[key(&["1"])])), "store-unreachable");
    assert_eq!(
        code(work.find(&Find { collection: "a", fields: &[], any: &[], limit: None }, &mut |_| Ok(()))),
        "store-unreachable"
    );
    assert!(matches!(code(work.commit()), "store-unreachable" | "commit-unknown"));
    assert_eq!(rows(&mut *store, "a", &[], &[]).len(), 2);

    let with = |url: &str| {
        code(open(url, &Access { connect_timeout: Duration::from_secs(2), ..Access::default() }, &Dataset::default()))
    };
    assert_eq!(with("postgres://postgres@127.0.0.1:1/x"), "store-unreachable");
    assert_eq!(with(&format!("{}_none", shop.url)), "store-unreachable");
    assert_eq!(with(&shop.url.replace("postgres@", "nobody%27--@")), "store-login-refused");
}

#[test]
fn what_a_user_may_not_see_is_a_gap_with_the_grant() {
    if !has_server() {
        return;
    }
    let shop = Shop::new(
        "CREATE TABLE open (id int PRIMARY KEY, v text); CREATE TABLE closed (id int PRIMARY KEY, mail text); CREATE TABLE seen (id int); CREATE TABLE guarded (id int, owner text);
         ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON guarded USING (owner = current_user); INSERT INTO guarded VALUES (1, 'x');
         CREATE SCHEMA hidden; CREATE TABLE hidden.t (id int)",
    );
    let role = format!("reader_{}", shop.name);
    shop.judge(&format!(
        "CREATE ROLE {role} LOGIN; GRANT SELECT, UPDATE, DELETE ON open, guarded TO {role}; GRANT SELECT ON seen TO {role}"
    ));
    let url = shop.url.replace("postgres@", &format!("{role}@"));
    let mut store = open(&url, &Access::default(), &Dataset::default()).expect("opens");
    let catalog = store.describe().expect("described");
    let gap = |words: &str| assert!(catalog.gaps.iter().any(|gap| gap.contains(words)), "{words}: {:?}", catalog.gaps);
    gap(&format!("GRANT SELECT ON \"public\".\"closed\" TO \"{role}\""));
    gap("GRANT USAGE ON SCHEMA \"hidden\"");
    gap("GRANT DELETE, UPDATE ON \"public\".\"seen\"");
    gap("BYPASSRLS");
    let names: Vec<&str> = catalog.collections.iter().map(|collection| collection.name.as_str()).collect();
    assert_eq!(names, ["guarded", "open", "seen"]);
    let needles = Words(vec!["x".to_owned()]);
    let scanned = store.scan(&needles, &mut |_| Ok(()), &Hidden).expect("scanned");
    assert!(
        scanned.unread.iter().any(|one| one.contains("closed"))
            && scanned.unread.iter().any(|one| one.contains("guarded")),
        "{:?}",
        scanned.unread
    );
    let said = store.compact(&["open"]).expect("compacted");
    assert!(said.iter().any(|sentence| sentence.contains("only its owner")), "{said:?}");
    drop(store);
    shop.judge(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

/// Asks for every plain cell of `all`: its row is among the answers. Says how many were asked for.
fn cells_find_their_rows(store: &mut dyn DataStore, collection: &Collection, all: &[Row]) -> u64 {
    let mut checked = 0;
    for row in all {
        for (column, cell) in collection.columns.iter().zip(&row.cells) {
            // Documents and lists are found by what is in them; spans, infinities and years before Christ by nothing.
            let is_whole = !matches!(column.kind, ColumnKind::Json | ColumnKind::List | ColumnKind::Other);
            let odd = |text: &str| {
                text.contains("infinity")
                    || text.ends_with("BC")
                    || text.starts_with('P') && column.kind == ColumnKind::Time
            };
            let Some(text) = cell.as_ref().filter(|text| is_whole && !odd(text) && *text != "NaN") else {
                continue;
            };
            let any =
                [Condition { fields: vec![FieldPath::column(&column.name)], ..condition("x", Fold::Exact, &[text]) }];
            let found = rows(store, &collection.name, &[], &any);
            assert!(found.iter().any(|other| other.key == row.key), "{}.{}: {text:.60}", collection.name, column.name);
            checked += 1;
        }
    }
    checked
}

#[test]
fn what_a_cell_says_finds_its_row_again() {
    if !has_server() {
        return;
    }
    let shop = Shop::new(NASTY);
    let mut store = shop.open();
    let catalog = store.describe().expect("described");
    let mut checked = 0;
    for collection in &catalog.collections {
        let names: Vec<&str> = collection.columns.iter().map(|column| column.name.as_str()).collect();
        let paths: Vec<FieldPath> = names.iter().map(|name| FieldPath::column(name)).collect();
        let mut all = Vec::new();
        let find = Find { collection: &collection.name, fields: &paths, any: &[], limit: None };
        let read = store.find(&find, &mut |row| {
            all.push(row);
            Ok(())
        });
        read.expect("read");
        checked += cells_find_their_rows(&mut *store, collection, &all);
        if collection.read_only {
            continue;
        }
        // Every row is met by its key, those without a key by all their cells.
        let mut work = store.begin().expect("begun");
        let keys: Vec<Key> = all.iter().map(|row| row.key.clone()).collect();
        let mut met = 0;
        let mut count = |_| {
            met += 1;
            Ok(())
        };
        work.reread(&collection.name, &[], &keys, &mut count).expect("read");
        assert_eq!(met, all.len(), "{}", collection.name);
        // Setting what is there changes nothing.
        let is_set = |name: &&FieldPath| {
            collection.column(name.root()).is_some_and(|column| !column.generated && column.name != "id")
        };
        let set: Vec<FieldPath> = paths.iter().filter(is_set).cloned().collect();
        let cells = |row: &Row| {
            row.cells.iter().zip(&paths).filter(|(_, name)| is_set(name)).map(|(cell, _)| cell.clone()).collect()
        };
        let same: Vec<(Key, Vec<Cell>)> = all.iter().map(|row| (row.key.clone(), cells(row))).collect();
        work.defer_constraints().expect("deferred");
        if !set.is_empty() {
            assert_eq!(work.set(&collection.name, &set, &same).expect("set"), all.len() as u64, "{}", collection.name);
        }
        let mut after = Vec::new();
        let read = work.find(&find, &mut |row| {
            after.push(row);
            Ok(())
        });
        read.expect("read");
        all.sort_by(|a, b| a.key.cmp(&b.key));
        after.sort_by(|a, b| a.key.cmp(&b.key));
        assert!(all == after, "{} changed", collection.name);
    }
    assert!(checked > 50, "{checked}");
}

#[test]
fn a_value_longer_than_one_piece_is_searched_over_the_seams() {
    if !has_server() {
        return;
    }
    let shop = Shop::new(
        "CREATE TABLE t (id int PRIMARY KEY, v text, b bytea); ALTER TABLE t ALTER v SET STORAGE EXTERNAL, ALTER b SET STORAGE EXTERNAL;
         INSERT INTO t VALUES (1, repeat('x', 16777210) || 'ann@example.org' || repeat('y', 52000000) || 'bob@example.org', NULL), (2, 'ann@example.org', '\\x00');
         INSERT INTO t VALUES (3, NULL, convert_to(repeat('z', 70000000) || 'eve@example.org', 'UTF8'))",
    );
    let needles = Words(["ann@example.org", "bob@example.org", "eve@example.org"].map(str::to_owned).into());
    let mut hits = Vec::new();
    let mut tell = |hit: privacy::store::Hit| {
        hits.push((hit.key.0[0].clone().unwrap_or_default(), hit.field.unwrap_or_default(), hit.needle));
        Ok(())
    };
    let scanned = shop.open().scan(&needles, &mut tell, &Hidden).expect("scanned");
    hits.sort();
    let expect = [("1", "v", 0), ("1", "v", 1), ("2", "v", 0), ("3", "b", 2)];
    assert_eq!(hits, expect.map(|(key, field, needle)| (key.to_owned(), field.to_owned(), needle)));
    assert!(scanned.unread.is_empty() && scanned.bytes > 138_000_000 && scanned.rows == 3, "{scanned:?}");
}

#[test]
fn a_connection_that_breaks_in_commit_leaves_the_outcome_unknown() {
    if !has_server() {
        return;
    }
    let shop = Shop::new(
        "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2);
         CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
         CREATE CONSTRAINT TRIGGER cuts AFTER DELETE ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cut()",
    );
    let mut store = shop.open();
    let mut work = store.begin().expect("begun");
    assert_eq!(work.delete("t", &[key(&["1"])]).expect("deleted"), 1);
    assert_eq!(code(work.commit()), "commit-unknown");
    assert_eq!(rows(&mut *store, "t", &[], &[]).len(), 2);
}

#[test]
fn a_deadlock_ends_one_of_two() {
    if !has_server() {
        return;
    }
    let shop = Shop::new("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
    let (mut one, mut two) = (shop.open(), shop.open());
    let barrier = std::sync::Barrier::new(2);
    let act = |store: &mut dyn DataStore, first: &str, second: &str| {
        let mut work = store.begin()?;
        work.reread("t", &[], &[key(&[first])], &mut |_| Ok(()))?;
        barrier.wait();
        work.reread("t", &[], &[key(&[second])], &mut |_| Ok(()))
    };
    let codes = std::thread::scope(|scope| {
        let other = scope.spawn(|| code(act(&mut *two, "2", "1")));
        [code(act(&mut *one, "1", "2")), other.join().expect("ends")]
    });
    assert!(codes.contains(&"store-deadlock") && codes.contains(&"none"), "{codes:?}");
}

/// TLS and a password, as `tests/services` sets them up.
#[test]
fn certificates_and_passwords_are_checked() {
    let (Ok(ca), Ok(password)) = (std::env::var("PROBITY_TEST_CA"), std::env::var("PROBITY_TEST_GUARDED_PASSWORD"))
    else {
        return;
    };
    if !has_server() {
        return;
    }
    let url = server().replace("postgres@", "guarded@");
    let access = |password: &str, ca: Option<&str>| Access {
        password: Some(password.to_owned().into()),
        ca: ca.map(Into::into),
        tls: Tls::Always,
        ..Access::default()
    };
    let with = |access: Access, url: &str| code(open(url, &access, &Dataset::default()));
    assert_eq!(with(access(&password, Some(&ca)), &url), "none");
    assert_eq!(with(access(&password, Some(&ca)), &url.replace("127.0.0.1", "localhost")), "none");
    assert_eq!(with(access("wrong", Some(&ca)), &url), "store-login-refused");
    assert_eq!(with(access(&password, None), &url), "store-unreachable");
    // The certificate is for other names.
    assert_eq!(with(access(&password, Some(&ca)), &url.replace("127.0.0.1", "127.0.0.2")), "store-unreachable");
    let mut store = open(&url, &access(&password, Some(&ca)), &Dataset::default()).expect("opens");
    let mut encrypted = Vec::new();
    let sql = "CREATE OR REPLACE VIEW public.encrypted AS SELECT ssl::text AS is FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    judge(&server(), sql);
    store.describe().expect("described");
    let read =
        store.find(&Find { collection: "encrypted", fields: &fields(&["is"]), any: &[], limit: None }, &mut |row| {
            encrypted.extend(row.cells);
            Ok(())
        });
    read.expect("read");
    assert_eq!(encrypted, [some("true")]);
    judge(&server(), "DROP VIEW public.encrypted");
}

/// `cargo test --release … -- --ignored --nocapture`: what BENCHMARKS.md quotes.
#[test]
#[ignore = "takes a minute: for figures, not for faults"]
fn a_million_rows() {
    if !has_server() {
        return;
    }
    let shop = Shop::new(
        "CREATE TABLE wide (id bigint PRIMARY KEY, mail text, note text, n int); INSERT INTO wide
           SELECT i, 'somebody' || i || '@example.org', repeat(md5(i::text), 14), i % 1000 FROM generate_series(1, 1000000) i;
         CREATE INDEX ON wide (mail); VACUUM ANALYZE wide",
    );
    let mut store = shop.open();
    store.describe().expect("described");
    let needles = Words(vec!["no such value".to_owned()]);
    let start = std::time::Instant::now();
    let scanned = store.scan(&Plain(needles), &mut |_| Ok(()), &Hidden).expect("scanned");
    let took = start.elapsed().as_secs_f64();
    println!(
        "scan: {} rows, {} MB, {took:.2} s, {:.0} MB/s",
        scanned.rows,
        scanned.bytes / 1_000_000,
        scanned.bytes as f64 / 1e6 / took
    );
    let mut timed = |what: &str, names: &[&str], any: &[Condition]| {
        let (names, start) = (fields(names), std::time::Instant::now());
        let mut count = 0;
        let find = Find { collection: "wide", fields: &names, any, limit: None };
        let read = store.find(&find, &mut |_| {
            count += 1;
            Ok(())
        });
        read.expect("read");
        println!("{what}: {count} rows, {:.3} s", start.elapsed().as_secs_f64());
    };
    let ids: Vec<String> = (1..=10_000).map(|at| (at * 97).to_string()).collect();
    let mails: Vec<String> = ids.iter().map(|id| format!("somebody{id}@example.org")).collect();
    let texts = |all: &[String]| all.iter().map(|text| vec![text.clone()]).collect::<Vec<_>>();
    let of = |field: &str, fold, values| Condition { values, ..condition(field, fold, &[]) };
    timed("10,000 keys", &["mail"], &[of("id", Fold::Exact, texts(&ids))]);
    timed("10,000 texts, indexed", &["id"], &[of("mail", Fold::Exact, texts(&mails))]);
    timed("2,000 texts in lower case, no index", &["id"], &[of("mail", Fold::Lower, texts(&mails[..2000]))]);
    timed("every row", &["mail", "note"], &[]);
    let peak = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("{}", peak.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default());
    let keys: Vec<Key> = ids.iter().map(|id| key(&[id])).collect();
    let start = std::time::Instant::now();
    let mut work = store.begin().expect("begun");
    assert_eq!(work.delete("wide", &keys).expect("deleted"), 10_000);
    println!("delete: 10,000 rows, {:.3} s", start.elapsed().as_secs_f64());
}

/// Looks for its first word as fast as the standard library can; for figures.
struct Plain(Words);

impl Needles for Plain {
    fn within(&self, haystack: &[u8], found: &mut Vec<usize>) {
        let word = self.0.0[0].as_bytes();
        found.extend(memchr::memmem::find(haystack, word).map(|_| 0));
    }

    fn plain(&self) -> &[String] {
        &self.0.0
    }
}

struct Words(Vec<String>);

impl Needles for Words {
    fn within(&self, haystack: &[u8], found: &mut Vec<usize>) {
        let text = String::from_utf8_lossy(haystack).to_lowercase();
        found.extend(self.0.iter().enumerate().filter(|(_, word)| text.contains(word.as_str())).map(|(at, _)| at));
    }

    fn plain(&self) -> &[String] {
        &self.0
    }
}

#[test]
fn the_scan_sees_every_place_once_and_names_the_rows() {
    if !has_server() {
        return;
    }
    let shop = Shop::new(NASTY);
    shop.judge(
        "SELECT lo_from_bytea(0, 'ann@example.org'); CREATE TABLE blob (id int PRIMARY KEY, b bytea, n xml);
        INSERT INTO blob VALUES (7, 'x ann@example.org y'::bytea || '\\x00', '<a>ann@example.org</a>')",
    );
    let mut store = shop.open();
    let needles = Words(vec!["ann@example.org".into(), "or;der".into(), "6f9619ff-8b86".into(), "p@x.y".into()]);
    let mut hits = Vec::new();
    let scanned = store.scan(
        &needles,
        &mut |hit| {
            hits.push((
                hit.collection,
                hit.field.unwrap_or_default(),
                hit.key.0[0].clone().unwrap_or_default(),
                hit.needle,
            ));
            Ok(())
        },
        &Hidden,
    );
    let scanned = scanned.expect("scanned");
    hits.sort();
    let expect = [
        ("blob", "b", "7", 0),
        ("blob", "n", "7", 0),
        ("copy", "email", "1", 0),
        ("log", "mail", "2025-05-05", 0),
        ("parent", "mail", "1", 3),
        ("person", "doc", "1", 0),
        ("person", "doc", "2", 0),
        ("person", "email", "1", 0),
        ("person", "raw", "1", 0),
        ("person", "token", "1", 2),
    ];
    let mut expect = expect
        .map(|(collection, field, key, needle)| (collection.to_owned(), field.to_owned(), key.to_owned(), needle));
    expect.sort();
    // A collection without a key is named by all its cells; `copy` has none.
    assert_eq!(hits, expect);
    assert_eq!(scanned.unread.len(), 1, "{:?}", scanned.unread);
    assert!(scanned.unread[0].contains("large objects") && scanned.bytes > 1_000_000 && scanned.rows > 10);
}

/// What stands beside a value on the wire, lengths that are letters or digits by chance (97 is `a`, 57 is `9`), is no part of it.
#[test]
fn neighbours_on_the_wire_hide_nothing() {
    if !has_server() {
        return;
    }
    let shop = Shop::new(
        "CREATE TABLE a (id int PRIMARY KEY, v text); INSERT INTO a VALUES (7, rpad('ann@example.org', 97, '.'));
         CREATE TABLE b (id int PRIMARY KEY, u text, v text); INSERT INTO b VALUES (8, 'martin', NULL), (9, 'other', 'x');
         CREATE TABLE c (id int PRIMARY KEY, v text); INSERT INTO c VALUES (10, rpad('0171 12345678', 57, '.'));
         CREATE TABLE d (id int PRIMARY KEY, v text); INSERT INTO d VALUES (11, 'joann@example.org'), (12, 'martina')",
    );
    let value = |kind: &str, text: &str| Value { kind: kind.to_owned(), spellings: vec![text.to_owned()] };
    let values = [value("email", "ann@example.org"), value("user", "martin"), value("phone_number", "+4917112345678")];
    let search = Search::new(&values).expect("three values");
    let mut hits = Vec::new();
    let mut tell = |hit: privacy::store::Hit| {
        hits.push((
            hit.collection,
            hit.key.0[0].clone().unwrap_or_default(),
            search.needle(hit.needle).map(|it| it.value),
        ));
        Ok(())
    };
    shop.open().scan(&search, &mut tell, &Hidden).expect("scanned");
    hits.sort();
    let expect = [("a", "7", Some(0)), ("b", "8", Some(1)), ("c", "10", Some(2))];
    assert_eq!(hits, expect.map(|(collection, key, value)| (collection.to_owned(), key.to_owned(), value)));
}

/// Many rows are read on two connections: what they find is what one would.
#[test]
fn two_connections_find_what_one_does() {
    if !has_server() {
        return;
    }
    let tables = (1..=4).map(|number| {
        format!(
            "CREATE TABLE t{number} (id int PRIMARY KEY, v text);
             INSERT INTO t{number} SELECT i, 'somebody' || i FROM generate_series(1, 40000) i;
             UPDATE t{number} SET v = 'to ann@example.org' WHERE id % 20000 = {number}; "
        )
    });
    let shop = Shop::new(&format!("{} ANALYZE", tables.collect::<String>()));
    shop.judge("CREATE MATERIALIZED VIEW m AS SELECT v FROM t3; CREATE EXTENSION pgstattuple");
    let mut store = shop.open();
    let mut hits = Vec::new();
    let mut tell = |hit: privacy::store::Hit| {
        hits.push((hit.collection, hit.key.0[0].clone().unwrap_or_default()));
        Ok(())
    };
    let scanned = store.scan(&Words(vec!["ann@example.org".into()]), &mut tell, &Hidden).expect("scanned");
    hits.sort();
    let text = "to ann@example.org".to_owned();
    let mut expect: Vec<_> =
        (1..=4).flat_map(|t| [t, t + 20_000].map(|id| (format!("t{t}"), id.to_string()))).collect();
    expect.extend([("m".to_owned(), text.clone()), ("m".to_owned(), text)]);
    expect.sort();
    assert_eq!(hits, expect);
    assert_eq!((scanned.rows, scanned.collections), (200_000, 5));
    shop.judge("DELETE FROM t1; DELETE FROM t2; DELETE FROM t3 WHERE v LIKE '%ann@%'; DELETE FROM t4");
    let said = store.compact(&["t1", "t2", "t3", "t4"]).expect("compacted");
    assert!(said[0].starts_with("t1, t2, t3, t4: VACUUM"), "{said:?}");
    let dead = "SELECT sum(dead_tuple_count) FROM pg_class, pgstattuple(oid::regclass) WHERE relname LIKE 't_'";
    assert_eq!(shop.judge(dead), "0");
    assert_eq!(shop.judge("SELECT count(*) FROM m"), "39998");
}

#[test]
fn what_was_deleted_and_compacted_is_not_in_the_table_nor_in_its_statistics() {
    if !has_server() {
        return;
    }
    let shop = Shop::new(
        "CREATE TABLE t (id int PRIMARY KEY, mail text); INSERT INTO t SELECT i, 'somebody' || i || '@example.org' FROM generate_series(1, 90) i; ANALYZE t;
         CREATE MATERIALIZED VIEW m AS SELECT mail FROM t; CREATE EXTENSION pgstattuple",
    );
    assert_eq!(
        shop.judge(
            "SELECT count(*) FROM pg_stats WHERE tablename = 't' AND histogram_bounds::text LIKE '%somebody45@%'"
        ),
        "1"
    );
    let mut store = shop.open();
    let mut work = store.begin().expect("begun");
    assert_eq!(work.delete("t", &[key(&["45"])]).expect("deleted"), 1);
    work.commit().expect("committed");
    let said = store.compact(&["t"]).expect("compacted");
    assert!(
        said.iter().any(|one| one.contains("VACUUM")) && said.iter().any(|one| one.contains("write-ahead log")),
        "{said:?}"
    );
    assert_eq!(
        shop.judge(
            "SELECT count(*) FROM pg_stats WHERE tablename = 't' AND histogram_bounds::text LIKE '%somebody45@%'"
        ),
        "0"
    );
    assert_eq!(shop.judge("SELECT count(*) FROM m WHERE mail LIKE 'somebody45@%'"), "0");
    assert_eq!(shop.judge("SELECT dead_tuple_count FROM pgstattuple('t')"), "0");
}
