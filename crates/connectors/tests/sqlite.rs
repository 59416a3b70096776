//! SQLite files, made and judged by the `sqlite3` program.

#![cfg(feature = "sqlite")]

use std::path::{Path, PathBuf};
use std::process::Command;

use model::{Fault, Hidden};
use privacy::catalog::{ColumnKind, OnDelete};
use privacy::map::{Dataset, MappedCollection, MappedField};
use privacy::row::{Cell, FieldPath, Key, Row};
use privacy::store::{Condition, DataStore, Find, Fold, Needles};
use probity_connectors::{Access, open};

/// What `sqlite3` says to `sql`.
fn judge(file: &Path, sql: &str) -> String {
    let output = Command::new("sqlite3").arg("-batch").arg(file).arg(sql).output().expect("sqlite3 is installed");
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

struct Shop {
    _folder: tempfile::TempDir,
    file: PathBuf,
}

impl Shop {
    fn new(sql: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a shop? #1%20.db");
        judge(&file, sql);
        Shop { _folder: folder, file }
    }

    fn open(&self) -> Box<dyn DataStore> {
        self.open_with(&Access::default()).expect("opens")
    }

    fn open_with(&self, access: &Access) -> Result<Box<dyn DataStore>, Fault> {
        open(&format!("sqlite:{}", self.file.display()), access, &Dataset::default())
    }

    fn judge(&self, sql: &str) -> String {
        judge(&self.file, sql)
    }
}

/// Lists and documents in texts: found by their elements and fields, changed in place, searched. Only the map knows a list.
#[test]
fn lists_and_documents_in_texts_are_gone_into() {
    let shop = Shop::new(
        r#"CREATE TABLE ticket (id INTEGER PRIMARY KEY, members TEXT, calls VARCHAR(900));
           INSERT INTO ticket VALUES (1, '["ann@example.org", "bob@example.org"]', '[{"by": {"mail": "Ann@example.org"}}, {"by": {"mail": "eve@example.org"}}]'),
             (2, '["joann@example.org", 7]', '{"by": {"mail": "ann@example.org"}}'), (3, 'ann@example.org', 'ann@example.org'), (4, NULL, '[]'), (5, '[', '[');"#,
    );
    let field = |name: &str, kind: &str| MappedField {
        path: FieldPath::column(name),
        data_type: Some(kind.to_owned()),
        ..MappedField::default()
    };
    let ticket = MappedCollection {
        name: "ticket".to_owned(),
        fields: vec![field("members", "string[]"), field("calls", "object[]")],
        ..MappedCollection::default()
    };
    let dataset = Dataset { collections: vec![ticket], ..Dataset::default() };
    let mut store = open(&format!("sqlite:{}", shop.file.display()), &Access::default(), &dataset).expect("opens");
    let catalog = store.describe().expect("described");
    let kinds = ["members", "calls"].map(|name| catalog.collection("ticket").unwrap().column(name).unwrap().kind);
    assert_eq!(kinds, [ColumnKind::List, ColumnKind::Text]);
    let mut check = |name: &str, fold, value: &str, expect: &[&str]| {
        assert_eq!(firsts(&mut *store, "ticket", "id", &[condition(name, fold, &[value])]), expect, "{name} {value}");
    };
    check("members", Fold::Exact, "ann@example.org", &["1", "3"]);
    check("members", Fold::Lower, "bob@example.org", &["1"]);
    check("members", Fold::Exact, "7", &["2"]);
    check("members", Fold::Exact, "[", &["5"]);
    check("members", Fold::Exact, r#"["joann@example.org", 7]"#, &[]);
    check("calls.by.mail", Fold::Lower, "ann@example.org", &["1", "2"]);
    check("calls.by.mail", Fold::Exact, "eve@example.org", &["1"]);
    let mut work = store.begin().expect("begun");
    let path = fields(&["calls.by.mail"]);
    assert_eq!(work.set("ticket", &path, &[(key(&["1"]), vec![None])]).expect("set"), 1);
    work.commit().expect("committed");
    assert_eq!(
        shop.judge("SELECT calls FROM ticket WHERE id = 1"),
        r#"[{"by": {"mail": null}}, {"by": {"mail": null}}]"#
    );
    let needles = Words(vec!["ann@example.org".to_owned()]);
    let mut hits = Vec::new();
    let scanned = store.scan(
        &needles,
        &mut |hit| {
            hits.push(format!("{} {}", hit.field.unwrap_or_default(), hit.key.0[0].as_deref().unwrap_or_default()));
            Ok(())
        },
        &Hidden,
    );
    scanned.expect("scanned");
    hits.sort();
    assert_eq!(hits, ["calls 2", "calls 3", "members 1", "members 2", "members 3"]);
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

/// The first cells of what was found.
fn firsts(store: &mut dyn DataStore, collection: &str, name: &str, any: &[Condition]) -> Vec<String> {
    rows(store, collection, &[name], any).into_iter().map(|row| row.cells[0].clone().unwrap_or("NULL".into())).collect()
}

fn key(cells: &[&str]) -> Key {
    Key(cells.iter().map(|cell| Some((*cell).to_owned())).collect())
}

const NASTY: &str = r#"
PRAGMA foreign_keys = OFF;
CREATE TABLE Person (id INTEGER PRIMARY KEY, mail VARCHAR(40) NOT NULL UNIQUE, boss INT REFERENCES PERSON ON DELETE SET NULL,
  active BOOLEAN, born DATE, doc JSON, pic BLOB, x, score REAL CHECK (score >= 0), twice INT AS (id * 2));
CREATE INDEX person_lower ON Person(lower(mail));
CREATE TABLE "or;der ""s'é" ("select" TEXT, "No." INTEGER, person INTEGER NOT NULL REFERENCES person(ID) ON DELETE CASCADE,
  PRIMARY KEY ("select", "No."), UNIQUE (person, "select", "No.")) WITHOUT ROWID;
CREATE TABLE line (a TEXT, b INTEGER, n INTEGER, FOREIGN KEY (a, b) REFERENCES "or;der ""s'é" DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE token (id TEXT PRIMARY KEY, person INTEGER);
CREATE TABLE holes (id TEXT PRIMARY KEY, v);
CREATE TABLE blobs (u BLOB, k BLOB, v TEXT, PRIMARY KEY (u, k));
CREATE TABLE bare (a, b REAL, c BLOB, rowid TEXT);
CREATE TABLE history (at TEXT, old TEXT);
CREATE TRIGGER keeps AFTER UPDATE OF mail ON person BEGIN INSERT INTO history VALUES ('now', old.mail); END;
CREATE TRIGGER adds AFTER INSERT ON person BEGIN DELETE FROM history; END;
CREATE VIEW seen AS SELECT mail FROM person;
CREATE VIRTUAL TABLE notes USING fts5(body);
INSERT INTO Person(id, mail, boss, active, born, doc, pic, x, score) VALUES
 (1, 'Ann@Example.org', NULL, 1, '1990-01-02', '{"contact": {"email": "ann@example.org", "n": 1.50}, "tags": ["a", "b"]}', x'00ff41', 7, 0.1),
 (2, ' bob@example.org ', 1, 0, NULL, '{"contacts": [{"email": "X@y.z"}, {"email": "ann@example.org"}]}', NULL, '7', 1e20),
 (3, 'ÉVA@example.org', 2, 'true', 'x', 'not json', x'', x'37', 2.0),
 (4, '''; DROP TABLE token; --', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "or;der ""s'é" VALUES ('a', 1, 1), ('a', 2, 2), ('b', 1, 1);
INSERT INTO line VALUES ('a', 1, 1), ('a', 1, 1), ('a', 2, 5), (NULL, NULL, 9);
INSERT INTO token VALUES ('t1', 1), ('t2', 2);
INSERT INTO holes VALUES (NULL, 'one'), (NULL, 'two'), ('x', 'three');
INSERT INTO blobs VALUES (x'0a0b', x'01', 'one'), (x'0a0c', x'01', 'two');
INSERT INTO bare VALUES (1, 0.1, x'00ff', 'r'), (1, 0.1, x'00ff', 'r'), ('1', 0.1, x'00ff', 'r'), (NULL, NULL, NULL, NULL);
INSERT INTO notes VALUES ('a word with +49 170 1234567 in it');
"#;

#[test]
fn the_catalog_tells_keys_links_indexes_and_traps() {
    let shop = Shop::new(NASTY);
    let catalog = shop.open().describe().expect("described");
    assert_eq!(catalog.gaps, Vec::<String>::new());
    let names: Vec<&str> = catalog.collections.iter().map(|collection| collection.name.as_str()).collect();
    assert_eq!(
        names,
        ["Person", "bare", "blobs", "history", "holes", "line", "notes", "or;der \"s'é", "seen", "token"]
    );
    let of = |name: &str| catalog.collection(name).expect("there");

    let person = of("Person");
    assert_eq!((person.key.as_slice(), person.triggers.as_slice()), (&["id".into()][..], &["keeps".into()][..]));
    assert!(person.unique.contains(&vec!["mail".to_owned()]));
    assert!(person.indexes.iter().any(|index| index.on == ["lower(mail)"]), "{:?}", person.indexes);
    let column = |name: &str| person.column(name).expect("there");
    assert_eq!((column("mail").max_chars, column("mail").nullable), (Some(40), false));
    assert_eq!((column("twice").generated, column("active").kind), (true, ColumnKind::Boolean));
    assert_eq!(column("score").checks, ["CHECK ( score > = 0 )"]);
    assert_eq!(person.rows_estimated, Some(4));
    let link = &person.links[0];
    assert_eq!(
        (link.target.as_str(), link.columns[0].as_str(), link.target_columns[0].as_str()),
        ("Person", "boss", "id")
    );
    assert_eq!(link.on_delete, OnDelete::SetNull);

    let order = of("or;der \"s'é");
    assert_eq!(order.key, ["select", "No."]);
    assert_eq!((order.links[0].target.as_str(), order.links[0].target_columns[0].as_str()), ("Person", "id"));
    let line = &of("line").links[0];
    assert_eq!((line.target.as_str(), line.deferrable), ("or;der \"s'é", true));
    assert_eq!(
        (line.columns.as_slice(), line.target_columns.as_slice()),
        (&["a".into(), "b".into()][..], &["select".into(), "No.".into()][..])
    );
    assert_eq!(of("token").key, ["id"]);
    // A primary key that holds NULLs names nothing.
    assert_eq!(of("holes").key, Vec::<String>::new());
    assert!(of("seen").read_only && !of("token").read_only);
}

#[test]
fn cells_are_canonical() {
    let shop = Shop::new(NASTY);
    let found =
        rows(&mut *shop.open(), "Person", &["active", "pic", "x", "score", "doc", "doc.contact.n", "doc.tags"], &[]);
    let cells = |at: usize| found[at].cells.iter().map(|cell| cell.as_deref().unwrap_or("NULL")).collect::<Vec<_>>();
    let doc = r#"{"contact":{"email":"ann@example.org","n":1.50},"tags":["a","b"]}"#;
    assert_eq!(cells(0), ["true", "00ff41", "7", "0.1", doc, "1.50", r#"["a","b"]"#]);
    assert_eq!(cells(1)[..4], ["false", "NULL", "7", "100000000000000000000"]);
    assert_eq!(cells(2)[..4], ["true", "", "37", "2"]);
}

#[test]
fn rows_are_found_by_value_fold_path_and_tuple() {
    let shop = Shop::new(NASTY);
    let mut store = shop.open();
    let mut check = |field: &str, fold, values: &[&str], expect: &[&str]| {
        assert_eq!(
            firsts(&mut *store, "Person", "id", &[condition(field, fold, values)]),
            expect,
            "{field} {values:?}"
        );
    };
    check("id", Fold::Exact, &["1", "no number", "3"], &["1", "3"]);
    check("mail", Fold::Exact, &["ann@example.org"], &[]);
    check("mail", Fold::Exact, &["Ann@Example.org"], &["1"]);
    check("mail", Fold::Lower, &["ann@example.org", "bob@example.org"], &["1", "2"]);
    check("mail", Fold::Lower, &["éva@example.org"], &["3"]);
    check("mail", Fold::Address, &["ann@example.org"], &["1"]);
    check("active", Fold::Exact, &["true"], &["1", "3"]);
    check("x", Fold::Exact, &["7"], &["1", "2"]);
    check("pic", Fold::Exact, &["00ff41"], &["1"]);
    check("doc.contact.email", Fold::Exact, &["ann@example.org"], &["1"]);
    check("doc.contacts.email", Fold::Lower, &["ann@example.org"], &["2"]);
    check("doc.contacts.email", Fold::Lower, &["x@y.z"], &["2"]);
    check("doc.contact", Fold::Exact, &["ann@example.org"], &[]);
    check("doc.tags", Fold::Exact, &["b"], &["1"]);
    check("mail", Fold::Exact, &["'; DROP TABLE token; --"], &["4"]);
    check("mail", Fold::Lower, &["\") UNION SELECT 1 --", "\0", "\\"], &[]);
    assert_eq!(shop.judge("SELECT count(*) FROM token"), "2");

    let mut store = shop.open();
    let tuple = |values: &[[&str; 2]]| Condition {
        fields: fields(&["select"]).into_iter().chain([FieldPath::column("No.")]).collect(),
        fold: Fold::Exact,
        values: values.iter().map(|pair| pair.iter().map(|value| (*value).to_owned()).collect()).collect(),
        when: Some((FieldPath::parse("person"), "1".to_owned())),
    };
    let found = firsts(&mut *store, "or;der \"s'é", "No.", &[tuple(&[["a", "1"], ["a", "2"], ["c", "1"]])]);
    assert_eq!(found, ["1"]);
    let digits = condition("body", Fold::Digits(7), &["1234567"]);
    assert_eq!(rows(&mut *store, "notes", &["body"], &[digits]).len(), 1);
    // Two conditions that meet the same row tell it once; rows without a key come as often as they stand there.
    let both = [condition("id", Fold::Exact, &["1"]), condition("mail", Fold::Lower, &["ann@example.org"])];
    assert_eq!(firsts(&mut *store, "Person", "id", &both), ["1"]);
    assert_eq!(rows(&mut *store, "line", &[], &[condition("a", Fold::Exact, &["a"])]).len(), 3);
}

#[test]
fn ten_thousand_values_are_found_each_once_and_limits_hold() {
    let shop = Shop::new(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT); CREATE INDEX tv ON t(v);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO t SELECT i, 'v' || (i % 15000) FROM n;",
    );
    let mut store = shop.open();
    let values: Vec<String> = (0..10_000).map(|at| format!("v{at}")).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let any = [condition("v", Fold::Exact, &values), condition("v", Fold::Lower, &values[..10])];
    assert_eq!(rows(&mut *store, "t", &[], &any).len(), 15_000);
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
}

#[test]
fn a_transaction_deletes_sets_and_is_dropped_without_a_trace() {
    let shop = Shop::new(NASTY);
    let mut store = shop.open();
    {
        let mut work = store.begin().expect("begun");
        work.defer_constraints().expect("deferred");
        assert_eq!(work.delete("Person", &[key(&["1"]), key(&["9"]), key(&["1"])]).expect("deleted"), 1);
        let mut seen = 0;
        let ids = fields(&["id"]);
        let mut count = |_| {
            seen += 1;
            Ok(())
        };
        work.reread("Person", &ids, &[key(&["1"]), key(&["2"])], &mut count).expect("read");
        assert_eq!(seen, 1);
    }
    assert_eq!(shop.judge("SELECT count(*) FROM person"), "4");

    let none: Cell = None;
    let some = |text: &str| Some(text.to_owned());
    let mut work = store.begin().expect("begun");
    let names = fields(&["mail", "pic", "active", "doc.contact.email"]);
    let new = vec![some("it's \"gone\""), some("0102"), some("false"), none.clone()];
    assert_eq!(work.set("Person", &names, &[(key(&["1"]), new.clone()), (key(&["9"]), new)]).expect("set"), 1);
    assert_eq!(work.set("blobs", &fields(&["v"]), &[(key(&["0a0b", "01"]), vec![none])]).expect("set"), 1);
    let row = Key(vec![some("1"), some("0.1"), some("00ff"), some("r")]);
    assert_eq!(work.set("bare", &fields(&["rowid"]), &[(row, vec![some("new")])]).expect("set"), 3);
    assert_eq!(work.delete("bare", &[Key(vec![None, None, None, None])]).expect("deleted"), 1);
    assert_eq!(work.delete("holes", &[Key(vec![None, some("one")])]).expect("deleted"), 1);
    assert_eq!(work.delete("or;der \"s'é", &[key(&["b", "1"])]).expect("deleted"), 1);
    assert_eq!(work.delete("blobs", &[key(&["0a0c", "01"])]).expect("deleted"), 1);
    work.commit().expect("committed");
    assert_eq!(
        shop.judge("SELECT mail, hex(pic), active, doc FROM person WHERE id = 1"),
        r#"it's "gone"|0102|0|{"contact":{"email":null,"n":1.50},"tags":["a","b"]}"#
    );
    assert_eq!(
        shop.judge("SELECT hex(u), v IS NULL FROM blobs; SELECT group_concat(v) FROM holes"),
        "0A0B|1\ntwo,three"
    );
    assert_eq!(shop.judge("SELECT count(*), group_concat(rowid) FROM bare"), "3|new,new,new");
    assert_eq!(shop.judge("SELECT count(*) FROM \"or;der \"\"s'é\"; SELECT old FROM history"), "2\nAnn@Example.org");
}

#[test]
fn faults_of_the_file_are_told_apart() {
    let shop = Shop::new("CREATE TABLE a(id INTEGER PRIMARY KEY, v TEXT CHECK (v <> 'bad')); CREATE TABLE b(id INTEGER PRIMARY KEY, a INT NOT NULL REFERENCES a);
        INSERT INTO a VALUES (1, 'v'); INSERT INTO b VALUES (1, 1);");
    let code = |fault: Fault| fault.code();
    let delete = |store: &mut dyn DataStore| -> Result<(), Fault> {
        let mut work = store.begin()?;
        work.defer_constraints()?;
        work.delete("a", &[key(&["1"])])?;
        work.commit()
    };
    let mut store = shop.open();
    let fault = delete(&mut *store).expect_err("refused");
    assert_eq!(fault.code(), "constraint-broken");
    assert!(fault.message().contains("b refers to a"), "{fault:?}");
    let mut work = store.begin().expect("begun");
    let fault = work.set("a", &fields(&["v"]), &[(key(&["1"]), vec![Some("bad".into())])]).expect_err("refused");
    assert_eq!(fault.code(), "constraint-broken");
    drop(work);
    assert_eq!(
        code(
            store
                .describe()
                .and_then(|_| store.begin().map(|_| ()))
                .map(|()| Fault::internal("ok", ""))
                .unwrap_or_else(|f| f)
        ),
        "ok"
    );

    let read_only = Access { read_only: true, ..Access::default() };
    assert_eq!(code(delete(&mut *shop.open_with(&read_only).expect("opens")).expect_err("refused")), "store-read-only");

    let mut other = shop.open();
    let held = other.begin().expect("begun");
    let quick = Access { lock_timeout: std::time::Duration::from_millis(50), ..Access::default() };
    assert_eq!(code(delete(&mut *shop.open_with(&quick).expect("opens")).expect_err("refused")), "store-lock-timeout");
    drop(held);

    let missing = open("sqlite:/nowhere/at/all.db", &Access::default(), &Dataset::default());
    assert_eq!(code(missing.err().expect("refused")), "store-unreachable");
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().join("text.db");
    std::fs::write(&text, "this is no database, it only has the length of one".repeat(100)).expect("written");
    let opened = open(&format!("sqlite:{}", text.display()), &Access::default(), &Dataset::default());
    assert_eq!(code(opened.err().expect("refused")), "store-corrupt");
    let mut rest = store.begin().expect("begun");
    assert_eq!(code(rest.delete("nothing", &[]).expect_err("refused")), "unknown-collection");
    assert_eq!(code(rest.set("a", &fields(&["none"]), &[]).expect_err("refused")), "unknown-field");
    assert_eq!(code(rest.delete("a", &[key(&["1", "2"])]).expect_err("refused")), "unknown-key");
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

fn hits(store: &mut dyn DataStore, words: &[&str]) -> Vec<(String, String, usize)> {
    let needles = Words(words.iter().map(|word| (*word).to_owned()).collect());
    let mut hits = Vec::new();
    let scanned = store.scan(
        &needles,
        &mut |hit| {
            hits.push((hit.collection, hit.field.unwrap_or_default(), hit.needle));
            Ok(())
        },
        &Hidden,
    );
    let scanned = scanned.expect("scanned");
    assert_eq!(scanned.unread, Vec::<String>::new());
    assert!(scanned.rows > 0 && scanned.bytes > 0 && scanned.collections > 0);
    hits.sort();
    hits
}

#[test]
fn the_scan_sees_text_documents_bytes_and_shadow_tables() {
    let shop = Shop::new(NASTY);
    let found = hits(&mut *shop.open(), &["ann@example.org", "1234567", "or;der"]);
    let expect = [
        ("Person", "doc", 0),
        ("Person", "doc", 0),
        ("Person", "mail", 0),
        ("notes", "body", 1),
        ("notes_content", "c0", 1),
    ];
    let expect: Vec<_> = expect.map(|(c, f, n)| (c.to_owned(), f.to_owned(), n)).into();
    assert!(expect.iter().all(|hit| found.contains(hit)), "{found:?}");
    assert!(!found.iter().any(|(_, _, needle)| *needle == 2), "{found:?}");
}

#[test]
fn the_scan_finds_what_stands_anywhere_in_many_rows_in_every_encoding() {
    for encoding in ["UTF-8", "UTF-16le"] {
        let shop = Shop::new(&format!(
            "PRAGMA encoding = '{encoding}'; CREATE TABLE t(a TEXT, b BLOB, c INT, rowid TEXT);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
             INSERT INTO t SELECT 'é row ' || i, CASE i WHEN 20000 THEN x'00616e6e4078ff' END, i, NULL FROM n;
             UPDATE t SET rowid = 'x ann@x' WHERE c IN (1, 29999, 30000); DELETE FROM t WHERE c % 7 = 0;
             UPDATE t SET a = hex(zeroblob(3000000)) || 'ann@x' WHERE c = 15001;
             INSERT INTO t(_rowid_, a) VALUES (-9223372036854775808, 'ann@x'), (9223372036854775807, 'nul' || char(0) || 'ann@x');"
        ));
        let found = hits(&mut *shop.open(), &["ann@x", "row 123", "é row 8"]);
        let count = |needle: usize| found.iter().filter(|(_, _, of)| *of == needle).count();
        let expect = |sql: &str| shop.judge(sql).parse::<usize>().expect("a number");
        assert_eq!(
            count(0),
            2 + expect("SELECT count(*) FROM t WHERE c IN (1, 29999, 30000, 20000, 15001)"),
            "{encoding}"
        );
        assert_eq!(count(1), expect("SELECT count(*) FROM t WHERE a LIKE '%row 123%'"), "{encoding}");
        assert_eq!(count(2), expect("SELECT count(*) FROM t WHERE a LIKE 'é row 8%'"), "{encoding}");
    }
}

#[test]
fn what_was_deleted_and_compacted_is_not_in_the_file() {
    for journal in ["delete", "wal"] {
        let shop = Shop::new(&format!(
            "PRAGMA journal_mode = {journal}; CREATE TABLE t(id INTEGER PRIMARY KEY, mail TEXT); CREATE INDEX tm ON t(mail);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO t SELECT i, 'somebody' || i || '@example.org' FROM n; ANALYZE;"
        ));
        let mut store = shop.open();
        let mut work = store.begin().expect("begun");
        assert_eq!(work.delete("t", &[key(&["1500"])]).expect("deleted"), 1);
        work.commit().expect("committed");
        let said = store.compact(&["t"]).expect("compacted");
        assert!(said.iter().any(|sentence| sentence.contains("VACUUM")), "{said:?}");
        let mut bytes = std::fs::read(&shop.file).expect("read");
        let mut wal = shop.file.clone().into_os_string();
        wal.push("-wal");
        bytes.extend(std::fs::read(wal).unwrap_or_default());
        let there = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(there("somebody1499@example.org") && !there("somebody1500@example.org"), "{journal}");
    }
}

/// `cargo test --release … -- --ignored --nocapture`: what BENCHMARKS.md quotes.
#[test]
#[ignore = "for figures, not for faults"]
fn a_million_rows() {
    let shop = Shop::new(
        "CREATE TABLE wide (id INTEGER PRIMARY KEY, mail TEXT, note TEXT, n INT); CREATE INDEX wm ON wide(mail);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
         INSERT INTO wide SELECT i, 'somebody' || i || '@example.org', hex(randomblob(224)), i % 1000 FROM n;",
    );
    let mut store = shop.open();
    store.describe().expect("described");
    let start = std::time::Instant::now();
    let scanned = store.scan(&Plain(["no such value".to_owned()]), &mut |_| Ok(()), &Hidden).expect("scanned");
    let took = start.elapsed().as_secs_f64();
    let rate = scanned.bytes as f64 / 1e6 / took;
    println!("scan: {} rows, {} MB, {took:.2} s, {rate:.0} MB/s", scanned.rows, scanned.bytes / 1_000_000);
    let ids: Vec<String> = (1..=10_000).map(|at| (at * 97).to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let start = std::time::Instant::now();
    assert_eq!(rows(&mut *store, "wide", &["mail"], &[condition("id", Fold::Exact, &ids)]).len(), 10_000);
    println!("10,000 keys: {:.3} s", start.elapsed().as_secs_f64());
    let keys: Vec<Key> = ids.iter().map(|id| key(&[id])).collect();
    let start = std::time::Instant::now();
    let mut work = store.begin().expect("begun");
    assert_eq!(work.delete("wide", &keys).expect("deleted"), 10_000);
    work.commit().expect("committed");
    println!("delete: 10,000 rows, {:.3} s", start.elapsed().as_secs_f64());
    let peak = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("{}", peak.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default());
}

/// Looks for one word; for figures.
struct Plain([String; 1]);

impl Needles for Plain {
    fn within(&self, haystack: &[u8], found: &mut Vec<usize>) {
        found.extend(memchr::memmem::find(haystack, self.0[0].as_bytes()).map(|_| 0));
    }

    fn plain(&self) -> &[String] {
        &self.0
    }
}
