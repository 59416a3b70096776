use std::io::Cursor;

use super::*;

/// A shop: who has which column.
fn knows(table: &[String], column: &str) -> bool {
    match table.last().map(String::as_str) {
        Some("person") => ["id", "mail", "name", "born"].contains(&column),
        Some("parcel") => ["id", "person_id", "address"].contains(&column),
        _ => false,
    }
}

/// What a statement uses, in one line: `person(mail name)`, `*` for every column, `=` before what is written, `!` for whole rows.
fn told(dialect: Dialect, text: &str) -> String {
    let one = |touch: &Touch| {
        let written = touch.written.iter().map(|column| format!("={column}"));
        let flags = [(touch.every, "*"), (touch.whole, "!")];
        let flags = flags.iter().filter(|(is, _)| *is).map(|(_, sign)| (*sign).to_owned());
        let columns: Vec<String> = touch.read.iter().cloned().chain(written).chain(flags).collect();
        format!("{}({})", touch.table.join("."), columns.join(" "))
    };
    let read = || touches(dialect, text, &knows);
    let read = std::thread::scope(|scope| {
        std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, read).unwrap().join().unwrap()
    });
    match read {
        Reach::Unread(why) => why,
        Reach::Tables(all) => all.iter().map(one).collect::<Vec<_>>().join(", "),
    }
}

#[test]
fn statements_use_tables_and_columns() {
    let check = |text: &str, expect: &str| assert_eq!(told(Dialect::PostgreSql, text), expect, "{text}");
    check("SELECT mail FROM person", "person(mail)");
    check("select \"Mail\", 1 from public.Person where NAME = $1 order by born", "public.person(born mail name)");
    check("SELECT * FROM person", "person(*)");
    check("SELECT count(*) FROM person", "person()");
    check("SELECT count(p.*), row_to_json(q) FROM person p, person q", "person(*)");
    check("SELECT p.* FROM person p JOIN parcel x ON x.person_id = p.id", "person(id *), parcel(person_id)");
    check("SELECT address, mail FROM parcel JOIN person USING (id)", "parcel(address id), person(id mail)");
    check(
        "SELECT (SELECT address FROM parcel WHERE person_id = person.id) FROM person",
        "parcel(address person_id), person(id)",
    );
    check("SELECT name FROM (SELECT mail AS name FROM person) x", "person(mail)");
    check("WITH a AS (SELECT mail FROM person) SELECT * FROM a", "person(mail)");
    check("WITH person AS (SELECT address FROM parcel) SELECT mail FROM person", "parcel(address)");
    check("SELECT mail FROM person UNION SELECT address FROM parcel ORDER BY mail", "person(mail), parcel(address)");
    check("TABLE person", "person(*)");
    check("SELECT x FROM generate_series(1, 2) x", "");
    check("INSERT INTO person (mail, name) VALUES ($1, $2) RETURNING id", "person(id =mail =name)");
    check("INSERT INTO person SELECT mail FROM import", "person(!), import()");
    check(
        "INSERT INTO person (id, mail) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET mail = excluded.mail",
        "person(=id =mail)",
    );
    check(
        "UPDATE person p SET name = 'x' FROM parcel WHERE p.id = parcel.person_id",
        "person(id =name), parcel(person_id)",
    );
    check("DELETE FROM person USING parcel WHERE parcel.person_id = person.id", "person(id !), parcel(person_id)");
    check("TRUNCATE person, parcel", "person(!), parcel(!)");
    check("COPY person TO STDOUT", "person(*)");
    check("COPY person (mail, maipel) TO STDOUT", "person(mail)");
    check("COPY person (mail) FROM STDIN", "person(=mail)");
    check("COPY (SELECT name FROM person) TO STDOUT", "person(name)");
    check("EXPLAIN ANALYZE SELECT mail FROM person", "person(mail)");
    check("EXPLAIN SELECT mail FROM person", "");
    check("CREATE TABLE copy AS SELECT * FROM person", "person(*)");
    check("CREATE VIEW v AS SELECT * FROM person", "");
    check("/* a */ -- b\n SET search_path = x", "");
    check("CREATE ROLE a LOGIN", "");
    check("", "");
    check("DO $$ BEGIN DELETE FROM person; END $$", "what runs within the server is not seen");
    check("CALL tidy()", "what runs within the server is not seen");
    check("SELECT t.\"id\"::text FROM ONLY \"public\".\"person\" AS t LIMIT 9", "public.person(id)");
    check("SELECT 1 FROM ONLY person x WHERE \"id\" OPERATOR(pg_catalog.=) $1 FOR KEY SHARE OF x", "person(id)");
    check("SELECT mail FROM person FOR NO KEY UPDATE SKIP LOCKED", "person(mail)");
    check("SELECT mail FROM person OFFSET $1 ROWS FETCH NEXT $2 ROWS ONLY", "person(mail)");
    check("UPDATE ONLY person SET (mail, name) = ($1, $2) WHERE id = $3 RETURNING *", "person(id =mail =name *)");
    check("WITH d AS (DELETE FROM person WHERE id = 1 RETURNING mail) SELECT * FROM d", "person(id mail !)");
    check("DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT mail FROM person", "person(mail)");
    check("EXPLAIN (ANALYZE, BUFFERS) SELECT mail FROM person", "person(mail)");
    check("SELECT extract($1 FROM born), date $2 - interval $3, timestamp $4 FROM person", "person(born)");
    check("SELECT trim($1 from mail), position($2 in name), mail = $3 COLLATE \"C\" FROM person", "person(mail name)");
    check(
        "SELECT mail FROM person WHERE born > CURRENT_DATE - $1::interval FETCH FIRST $2 ROWS ONLY",
        "person(born mail)",
    );
    check("SELECT mail FROM pers", "pers()");
    check("SELECT secret 4711 FROM WHERE", "it is no SQL that is known here, or was cut off");
}

#[test]
fn mariadb_writes_in_its_own_way() {
    let check = |text: &str, expect: &str| assert_eq!(told(Dialect::MariaDb, text), expect, "{text}");
    check("SELECT `mail` FROM `shop`.`person` LIMIT 1, 2", "shop.person(mail)");
    check("INSERT INTO person SET mail = 'a'", "person(=mail)");
    check("DELETE p FROM person p JOIN parcel ON parcel.person_id = p.id", "person(id !), parcel(person_id)");
    check("REPLACE INTO person (id, mail) VALUES (1, 'a')", "person(=id =mail)");
    check("SELECT mail FROM person # all of them", "person(mail)");
}

/// Neither depth nor length brings anybody down.
#[test]
fn hostile_statements_are_bounded() {
    let deep = format!("SELECT {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    let chain = format!("SELECT 1 WHERE {} true", "true OR ".repeat(30_000));
    let long = format!("SELECT '{}'", "x".repeat(300_000));
    let unary = format!("SELECT {}1", "- ".repeat(50_000));
    let calls = format!("SELECT {}1{}", "f(".repeat(40), ")".repeat(40));
    let queries = format!("SELECT {}1{}", "(SELECT ".repeat(40), ")".repeat(40));
    let cases = format!("SELECT {}1{}", "CASE WHEN ".repeat(40), " THEN 1 END".repeat(40));
    for text in
        [&deep, &chain, &long, &unary, &calls, &queries, &cases, "SELECT '", "\u{0}", "SELECT \u{feff}", "((((", ";;;"]
    {
        let said = told(Dialect::PostgreSql, text);
        assert!(said.is_empty() || said.starts_with("it"), "{said}");
    }
    assert_eq!(
        told(Dialect::PostgreSql, &format!("SELECT mail FROM person WHERE id IN ({}1)", "1,".repeat(50_000))),
        "person(id mail)"
    );
}

fn logged(text: &str) -> (Vec<Statement>, Logged) {
    let mut all = Vec::new();
    let logged = read_log(Cursor::new(text), &mut |statement| all.push(statement)).unwrap();
    (all, logged)
}

#[test]
fn every_kind_of_log_is_read() {
    let check = |text: &str, expect: &[&str], unread: Option<(u64, u64)>| {
        let (all, logged) = logged(text);
        let shown: Vec<String> =
            all.iter().map(|one| format!("{} {} {} {}", one.line, one.account, one.database, one.text)).collect();
        assert_eq!(shown, expect, "{text}");
        assert_eq!(logged.unread, unread, "{text}");
        let day = logged.span.map(|(from, _)| from.to_string()[..10].to_owned());
        assert_eq!(day.as_deref(), Some("2026-11-01"), "{text}");
    };
    check(
        "{\"timestamp\":\"2026-11-01 10:00:00.123 UTC\",\"user\":\"app\",\"dbname\":\"shop\",\"message\":\"statement: SELECT 1\"}\n\
         {\"timestamp\":\"2026-11-01 10:00:01.123 UTC\",\"user\":\"app\",\"dbname\":\"shop\",\"message\":\"connection authorized\"}\n\
         {\"timestamp\":\"2026-11-01 10:00:02 +02\",\"user\":\"app\",\"dbname\":\"shop\",\"message\":\"duration: 0.1 ms  execute s1: SELECT $1\"}\n\
         {\"timestamp\":\"2026-11-01 10:00:02 UTC\",\"user\":\"app\",\"dbname\":\"shop\",\"message\":\"duration: 0.1 ms  parse s1: SELECT $1\"}\n\
         {\"timestamp\":\"2026-11-01 10:00:03 UTC\",\"user\":\"app\",\"dbname\":\"shop\",\"message\":\"AUDIT: SESSION,1,1,READ,SELECT,,,\\\"SELECT a, b\\\",<none>\"}\n\
         not json\n\
         {\"cut",
        &["1 app shop SELECT 1", "3 app shop SELECT $1", "5 app shop SELECT a, b"],
        Some((6, 1)),
    );
    let csv = |user: &str, message: &str| {
        format!(
            "2026-11-01 10:00:00.123 UTC,\"{user}\",\"shop\",1,\"[local]\",6.1,1,\"idle\",2026-11-01 10:00:00 UTC,3/1,0,LOG,00000,\"{message}\",,,,,,,,,\"psql\",\"client backend\",,0\n"
        )
    };
    check(
        &format!("{}{}", csv("app", "statement: SELECT \"\"a\"\",\n b"), csv("ops", "statement: DELETE FROM x")),
        &["1 app shop SELECT \"a\",\n b", "3 ops shop DELETE FROM x"],
        None,
    );
    check(
        "2026-11-01 10:00:00.123 UTC [7] LOG:  starting\n\
         2026-11-01 10:00:00.123 UTC [8] app@shop LOG:  statement: SELECT a,\n\tb\n\
         2026-11-01 10:00:00.123 UTC [8] LOG:  statement: SELECT hidden\n\
         2026-11-01 10:00:00.123 UTC [8] @shop LOG:  statement: SELECT hidden\n",
        &["2 app shop SELECT a,\nb"],
        Some((4, 2)),
    );
    check(
        "20261101 10:00:00,db,app,localhost,3,0,CONNECT,shop,,0\n\
         20261101 10:00:01,db,app,localhost,3,5,QUERY,shop,'SELECT \\'a\\', b\\nFROM x',0\n\
         20261101 10:00:01,db,app,localhost,3,5,READ,shop,x,\n",
        &["2 app shop SELECT 'a', b\nFROM x"],
        None,
    );
}

/// An entry that does not end, or is a megabyte long, is not read and keeps no memory.
#[test]
fn entries_without_an_end_are_bounded() {
    let entry = "2026-11-01 10:00:00 UTC,a,b,1,c,d,1,e,f,g,0,LOG,00000,\"statement: SELECT 1";
    let (all, logged) = logged(&format!("{entry}{},,,,,,,,,\n{}", "\"", "x\n".repeat(10)));
    assert_eq!((all.len(), logged.unread), (1, Some((2, 10))));
    let (all, logged) = self::logged(&format!("{entry},,,,,,,,,\n{}", "x\n".repeat(1_000_000)));
    assert!(all.is_empty() && logged.unread.is_some_and(|(first, _)| first == 1), "{logged:?}");
    assert_eq!(self::logged(""), (vec![], Logged::default()));
}
