//! Discovery on real SQLite files: whose rows are found, and as what.

#![cfg(feature = "sqlite")]

mod subject;

use subject::{World, roles};

fn check(sql: &str, map: &str, who: &[&str], expect: &[&str]) {
    let world = World::shop(sql, map);
    let (graph, found) = world.found(who);
    assert_eq!(roles(&graph, &found), expect, "{sql}");
}

const PERSON: &str = "
dataset:
- fides_key: shop
  collections:
  - name: person
    fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}
";

const PEOPLE: &str = "CREATE TABLE person(id INTEGER PRIMARY KEY, mail TEXT);
INSERT INTO person VALUES (1,'Ann@Example.org'),(2,'bob@example.org'),(3,'cy@example.org');";

/// The person is found whatever the case of the address, and rows that refer to them, over several links.
#[test]
fn down_several_links() {
    let sql = format!(
        "{PEOPLE} CREATE TABLE parcel(no TEXT PRIMARY KEY, person_id INT REFERENCES person);
        CREATE TABLE item(id INTEGER PRIMARY KEY, parcel TEXT REFERENCES parcel, product INT REFERENCES product);
        CREATE TABLE product(id INTEGER PRIMARY KEY, name TEXT);
        INSERT INTO product VALUES (1,'pen'); INSERT INTO parcel VALUES ('a',1),('b',2),('c',1);
        INSERT INTO item VALUES (1,'a',1),(2,'b',1),(3,'c',NULL),(4,NULL,1);"
    );
    check(&sql, PERSON, &["email=ANN@example.org"], &["item owned 1 3", "parcel owned a c", "person owned 1"]);
    check(&sql, PERSON, &["email=nobody@example.org"], &[]);
}

/// A message belongs to both; both together own it.
#[test]
fn messages_between_two() {
    let sql = format!(
        "{PEOPLE} CREATE TABLE message(id INTEGER PRIMARY KEY, sender INT REFERENCES person, recipient INT REFERENCES person);
        CREATE TABLE attachment(id INTEGER PRIMARY KEY, message INT REFERENCES message);
        INSERT INTO message VALUES (1,1,2),(2,2,1),(3,1,NULL),(4,2,3),(5,1,1); INSERT INTO attachment VALUES (1,1),(2,3);"
    );
    let of_ann = ["attachment owned 2", "message owned 3 5", "message shared 1 2", "person owned 1"];
    check(&sql, PERSON, &["email=ann@example.org"], &of_ann);
    let both = ["attachment owned 1 2", "message owned 1 2 3 5", "message shared 4", "person owned 1 2"];
    check(&sql, PERSON, &["email=ann@example.org", "email=bob@example.org"], &both);
}

/// A membership is the member's, not the owner's of the group.
#[test]
fn many_to_many() {
    let sql = format!(
        "{PEOPLE} CREATE TABLE club(id INTEGER PRIMARY KEY, owner INT REFERENCES person);
        CREATE TABLE member(person INT REFERENCES person, club INT REFERENCES club, PRIMARY KEY(person, club));
        INSERT INTO club VALUES (1,1),(2,2); INSERT INTO member VALUES (1,1),(1,2),(2,1),(3,2);"
    );
    let expect = ["club owned 1", "member owned 1/1 1/2", "member points 2/1", "person owned 1"];
    check(&sql, PERSON, &["email=ann@example.org"], &expect);
}

/// Links in a circle and links to oneself end; a comment on a comment is its author's.
#[test]
fn circles_and_trees() {
    let sql = format!(
        "{PEOPLE} CREATE TABLE note(id INTEGER PRIMARY KEY, author INT REFERENCES person, answers INT REFERENCES note);
        CREATE TABLE a(id INTEGER PRIMARY KEY, b INT REFERENCES b, person INT REFERENCES person);
        CREATE TABLE b(id INTEGER PRIMARY KEY, a INT REFERENCES a);
        CREATE TABLE step(id INTEGER PRIMARY KEY, a INT REFERENCES a, next INT REFERENCES step);
        INSERT INTO note VALUES (1,1,NULL),(2,2,1),(3,1,2),(4,3,NULL);
        INSERT INTO a VALUES (1,1,1),(2,2,2); INSERT INTO b VALUES (1,1),(2,2);
        INSERT INTO step VALUES (1,1,2),(2,1,1),(3,2,4),(4,2,3);"
    );
    let expect = ["a owned 1", "b owned 1", "note owned 1 3", "note points 2", "person owned 1", "step owned 1 2"];
    check(&sql, PERSON, &["email=ann@example.org"], &expect);
}

const ADDRESSES: &str = "
dataset:
- fides_key: shop
  collections:
  - name: person
    fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}
  - name: address
    fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: street, data_categories: [user.contact.address.street]}
";

/// An address that nobody else has is the person's, with what its schema deletes with it; one that others have too is not.
#[test]
fn up_to_an_address() {
    let sql = "CREATE TABLE person(id INTEGER PRIMARY KEY, mail TEXT, home INT REFERENCES address, work INT REFERENCES address,
          country INT REFERENCES country);
        CREATE TABLE country(id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE address(id INTEGER PRIMARY KEY, street TEXT, former INT REFERENCES address);
        CREATE TABLE address_log(id INTEGER PRIMARY KEY, address INT REFERENCES address ON DELETE CASCADE, street TEXT);
        CREATE TABLE firm(id INTEGER PRIMARY KEY, address INT REFERENCES address);
        INSERT INTO country VALUES (1,'FR'); INSERT INTO address VALUES (1,'a',4),(2,'b',NULL),(3,'c',NULL),(4,'old',NULL),(5,'z',NULL);
        INSERT INTO person VALUES (1,'ann@example.org',1,2,1),(2,'bob@example.org',2,3,1);
        INSERT INTO firm VALUES (1,3); INSERT INTO address_log VALUES (1,1,'x'),(2,2,'y'),(3,5,'z');";
    let expect = [
        "address up of others too 2",
        "address up 1 4",
        "address_log up of others too 2",
        "address_log up 1",
        "person owned 1",
    ];
    check(sql, ADDRESSES, &["email=ann@example.org"], &expect);
    let of_bob = ["address up of others too 2 3", "address_log up of others too 2", "person owned 2"];
    check(sql, ADDRESSES, &["email=bob@example.org"], &of_bob);
    let both = ["address up of others too 3", "address up 1 2 4", "address_log up 1 2", "person owned 1 2"];
    check(sql, ADDRESSES, &["email=ann@example.org", "email=bob@example.org"], &both);
}

/// Links that say of what kind they are, declared in the map only.
#[test]
fn polymorphic_comments() {
    let map = "
dataset:
- fides_key: shop
  collections:
  - name: person
    fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: mail, fides_meta: {identity: email}}
  - name: remark
    fields:
    - name: on_id
      meta:
        probity:
          references:
          - {dataset: shop, field: person.id, direction: from, when: {field: on_type, is: person}}
          - {dataset: shop, field: parcel.id, direction: from, when: {field: on_type, is: parcel}}
    - {name: on_type}
  - name: parcel
    fields:
    - {name: id, fides_meta: {primary_key: true}}
";
    let sql = format!(
        "{PEOPLE} CREATE TABLE parcel(id INTEGER PRIMARY KEY, person INT REFERENCES person);
        CREATE TABLE remark(id INTEGER PRIMARY KEY, on_type TEXT, on_id INT);
        INSERT INTO parcel VALUES (1,2),(2,1),(7,1);
        INSERT INTO remark VALUES (1,'person',1),(2,'parcel',1),(3,'parcel',2),(4,'person',2),(5,'invoice',1),(6,'parcel',7);"
    );
    let expect = ["parcel owned 2 7", "person owned 1", "remark owned 1 3 6"];
    check(&sql, map, &["email=ann@example.org"], &expect);
}

/// `owner` decides where the program would not dare to.
#[test]
fn the_map_decides_who_owns() {
    let sql = format!(
        "{PEOPLE} CREATE TABLE ticket(id INTEGER PRIMARY KEY, customer INT REFERENCES person, agent INT REFERENCES person);
        INSERT INTO ticket VALUES (1,1,2),(2,3,1);"
    );
    let map = |field: &str, owner: &str| {
        format!(
            "{PERSON}  - name: ticket\n    fields:\n    - {{name: {field}, meta: {{probity: {{owner: {owner}}}}}}}\n"
        )
    };
    let who = ["email=ann@example.org"];
    check(&sql, PERSON, &who, &["person owned 1", "ticket shared 1 2"]);
    let expect = ["person owned 1", "ticket owned 1", "ticket points 2"];
    check(&sql, &map("agent", "false"), &who, &expect);
    check(&sql, &map("customer", "true"), &who, &expect);
    let map =
        format!("{PERSON}  - name: ticket\n    meta: {{probity: {{shared: delete}}}}\n    fields: [{{name: id}}]\n");
    check(&sql, &map, &who, &["person owned 1", "ticket owned 1 2"]);
}

/// Tables without a key, with rows that are equal; keys of several columns; names that have to be quoted.
#[test]
fn keyless_composite_and_quoted() {
    let sql = format!(
        "{PEOPLE} CREATE TABLE \"the \"\"log\"\" of 'all'\"(\"who is it\" INT REFERENCES person, what TEXT);
        INSERT INTO \"the \"\"log\"\" of 'all'\" VALUES (1,'in'),(1,'in'),(1,NULL),(2,'in');
        CREATE TABLE visit(person INT REFERENCES person, day TEXT, PRIMARY KEY(person, day));
        CREATE TABLE stop(person INT, day TEXT, no INT, FOREIGN KEY(person, day) REFERENCES visit, PRIMARY KEY(person, day, no));
        INSERT INTO visit VALUES (1,'mon'),(1,'tue'),(2,'mon'); INSERT INTO stop VALUES (1,'mon',1),(1,'tue',2),(2,'mon',1);"
    );
    let world = World::shop(&sql, PERSON);
    let (graph, found) = world.found(&["email=ann@example.org"]);
    let expect = [
        "person owned 1",
        "stop owned 1/mon/1 1/tue/2",
        "the \"log\" of 'all' owned 1/NULL 1/in",
        "visit owned 1/mon 1/tue",
    ];
    assert_eq!(roles(&graph, &found), expect);
    assert_eq!(found.count(|_| true), 1 + 2 + 3 + 2, "equal rows count each");
}

/// References between stores fan out to every shard; a store that knows nobody is not in the way.
#[test]
fn across_stores_and_shards() {
    let map = "
dataset:
- fides_key: crm
  collections:
  - name: person
    fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: mail, fides_meta: {identity: email}}
- fides_key: shop
  collections:
  - name: orders
    fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: who, fides_meta: {references: [{dataset: crm, field: person.id, direction: from}]}}
  - name: line
    fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: orders, fides_meta: {references: [{dataset: shop, field: orders.id, direction: from}]}}
";
    let shard = |rows: &str, lines: &str| {
        format!("CREATE TABLE orders(id INTEGER PRIMARY KEY, who INT); CREATE TABLE line(id INTEGER PRIMARY KEY, orders INT);
            INSERT INTO orders VALUES {rows}; INSERT INTO line VALUES {lines};")
    };
    let (one, two) = (shard("(1,1),(2,2)", "(1,1),(2,2)"), shard("(1,2),(2,1)", "(1,1),(2,2)"));
    let world = World::new(&[("shop/1", "shop", &one), ("crm", "crm", PEOPLE), ("shop/2", "shop", &two)], map);
    let (graph, found) = world.found(&["email=ann@example.org"]);
    let expect = ["line owned 1", "orders owned 1", "person owned 1", "line owned 2", "orders owned 2"];
    assert_eq!(roles(&graph, &found), expect, "the line of a shard is not looked for in another");
}

/// What leads nowhere is told with its place, and what the map does not know as well.
#[test]
fn gaps_are_told() {
    let map = format!(
        "{PERSON}  - name: parcel
    fields:
    - {{name: person_id, fides_meta: {{references: [{{dataset: nowhere, field: a.b, direction: from}}]}}}}
  - name: gone
    fields: [{{name: id}}]
"
    );
    let sql = format!("{PEOPLE} CREATE TABLE parcel(person_id INT); CREATE TABLE extra(id INT);");
    let world = World::shop(&sql, &map);
    let (_, gaps) = world.graph(&world.members());
    let told: Vec<_> =
        gaps.iter().map(|gap| (gap.kind.as_str(), gap.collection.as_deref().unwrap_or(""), &gap.place)).collect();
    assert_eq!(told[0].0, "dangling-reference");
    assert!(told[0].2.as_ref().is_some_and(|place| place.starts_with("map.yml:11:")), "{told:?}");
    assert!(told.contains(&("unmapped", "extra", &None)));
    assert!(told.iter().any(|(kind, collection, at)| *kind == "unreachable" && *collection == "gone" && at.is_some()));
}

/// Without the database there is nothing to test; `tests/run` fetches it. Chinook: a customer; a member of staff, whose customers and reports are others'.
#[test]
fn chinook() {
    let Ok(folder) = std::env::var("PROBITY_TEST_CHINOOK") else { return };
    let sql = std::fs::read_to_string(std::path::Path::new(&folder).join("sqlite.sql")).unwrap();
    let map = "
dataset:
- fides_key: shop
  collections:
  - name: Customer
    fields: [{name: Email, data_categories: [user.contact.email], fides_meta: {identity: email}}]
  - name: Employee
    fields: [{name: Email, data_categories: [user.contact.email], fides_meta: {identity: email}}]
";
    let world = World::shop(&sql, map);
    let count = |who: &str| {
        let (graph, found) = world.found(&[who]);
        let count = |line: String| {
            line.split(' ').take(2).collect::<Vec<_>>().join(" ") + &format!(" {}", line.split(' ').count() - 2)
        };
        roles(&graph, &found).into_iter().map(count).collect::<Vec<_>>()
    };
    assert_eq!(count("email=luisg@embraer.com.br"), ["Customer owned 1", "Invoice owned 7", "InvoiceLine owned 38"]);
    assert_eq!(count("email=nancy@chinookcorp.com"), ["Employee owned 1", "Employee points 3"]);
    assert_eq!(count("email=jane@chinookcorp.com"), ["Customer points 21", "Employee owned 1"]);
}

/// Thirty tables in three generations, `rows` rows of Ann's in each, and as many of Bob's.
fn generations(rows: usize) -> String {
    let mut sql = PEOPLE.to_owned();
    let numbers = format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})");
    for table in 0..30 {
        let (generation, name) = (table / 10, format!("g{table:02}"));
        let parent = if generation == 0 { "person".to_owned() } else { format!("g{:02}", table - 10) };
        sql += &format!("CREATE TABLE {name}(id INTEGER PRIMARY KEY, up INT REFERENCES {parent}, note TEXT);");
        for who in 1..=2 {
            let (id, up) =
                (format!("i * 2 + {who}"), if generation == 0 { who.to_string() } else { format!("i * 2 + {who}") });
            sql += &format!("{numbers} INSERT INTO {name} SELECT {id}, {up}, 'note ' || i FROM n;");
        }
        sql += &format!("CREATE INDEX i{table} ON {name}(up);");
    }
    sql
}

/// The number of questions grows with the tables, not with the rows.
#[test]
fn questions_grow_with_tables() {
    let asked = |rows: usize| {
        let (_, found) = World::shop(&generations(rows), PERSON).found(&["email=ann@example.org"]);
        assert_eq!(found.count(|_| true), 1 + 30 * rows as u64);
        assert!(found.indexes.is_empty());
        (found.questions, found.rows_read[0])
    };
    // One for the seed, one for each link.
    assert_eq!(asked(3), (31, 3 + 90), "person is small and read whole");
    assert_eq!(asked(400), (31, 3 + 30 * 400));
}

/// A large table without an index on the link is named, with the statement that makes one.
#[test]
fn missing_indexes_are_named() {
    let sql = format!(
        "{PEOPLE} CREATE TABLE visit(id INTEGER PRIMARY KEY, who INT REFERENCES person, page TEXT);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO visit SELECT i, i % 3 + 1, 'x' FROM n;"
    );
    let index = "CREATE INDEX visit_who ON visit(who);";
    let asked = |sql: &str| World::shop(sql, PERSON).found(&["email=ann@example.org"]).1;
    let found = asked(&sql);
    let [missing] = found.indexes.as_slice() else { panic!("{:?}", found.indexes) };
    assert_eq!((missing.collection.as_str(), missing.columns.as_slice()), ("visit", &["who".to_owned()][..]));
    let statement = missing.statement.clone().unwrap();
    assert!(found.rows_read[0] >= 20_000, "{:?}", found.rows_read);
    // The statement does what it says.
    assert!(asked(&format!("{sql} {statement};")).indexes.is_empty(), "{statement}");
    assert!(asked(&format!("{sql} {index}")).indexes.is_empty());
}

/// The index that a folded question wants is recognised when it is there.
#[test]
fn an_index_for_identities() {
    let sql = "CREATE TABLE person(id INTEGER PRIMARY KEY, mail TEXT);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
        INSERT INTO person SELECT i, 'p' || i || '@example.org' FROM n;";
    let asked = |sql: &str| World::shop(sql, PERSON).found(&["email=P7@example.org"]).1;
    let found = asked(sql);
    assert_eq!((found.count(|_| true), found.folded.as_slice()), (1, &["shop.person.mail".to_owned()][..]));
    let statement = found.indexes[0].statement.clone().unwrap();
    let found = asked(&format!("{sql} {statement};"));
    assert!(found.indexes.is_empty() && found.rows_read[0] < 10, "{statement}: {found:?}");
}

/// References out of and into lists and documents.
#[test]
fn lists_and_documents() {
    let map = "
dataset:
- fides_key: shop
  collections:
  - name: person
    fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: mail, fides_meta: {identity: email}}
    - {name: cards, fides_meta: {data_type: 'string[]'}}
  - name: card
    fields:
    - {name: no, fides_meta: {references: [{dataset: shop, field: person.cards, direction: from}]}}
  - name: event
    fields:
    - name: data
      fields:
      - name: who
        fields:
        - {name: id, fides_meta: {references: [{dataset: shop, field: person.id, direction: from}]}}
";
    let sql = r#"CREATE TABLE person(id INTEGER PRIMARY KEY, mail TEXT, cards TEXT);
        INSERT INTO person VALUES (1,'x@example.org','["c1","c2"]'),(2,'bob@example.org','["c3"]');
        CREATE TABLE card(id INTEGER PRIMARY KEY, no TEXT); INSERT INTO card VALUES (1,'c1'),(2,'c2'),(3,'c3'),(4,NULL);
        CREATE TABLE event(id INTEGER PRIMARY KEY, data TEXT);
        INSERT INTO event VALUES (1,'{"who":{"id":1}}'),(2,'{"who":{"id":2}}'),(3,'{"who":null}'),(4,NULL);"#;
    check(sql, map, &["email=x@example.org"], &["card owned 1 2", "event owned 1", "person owned 1"]);
}

/// Where the store has lists of its own, an identity may be one of several, and a row may refer to several.
#[test]
fn lists_in_postgres() {
    let Some(main) = subject::postgres() else { return };
    let map = "
dataset:
- fides_key: shop
  collections:
  - name: person
    fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: mails, fides_meta: {identity: email, data_type: 'string[]'}}
  - name: chat
    fields:
    - {name: members, fides_meta: {data_type: 'integer[]', references: [{dataset: shop, field: person.id, direction: from}]}}
";
    let sql = "CREATE TABLE person(id INT PRIMARY KEY, mails TEXT[]);
        INSERT INTO person VALUES (1,'{x@example.org,Ann@example.org}'),(2,'{bob@example.org}'),(3,NULL);
        CREATE TABLE chat(id INT PRIMARY KEY, members INT[]);
        INSERT INTO chat VALUES (1,'{1}'),(2,'{1,2}'),(3,'{2}'),(4,'{}'),(5,NULL);";
    let world = World::shop_on(subject::Server::Postgres(main), sql, map);
    let (graph, found) = world.found(&["email=ann@example.org"]);
    assert_eq!(roles(&graph, &found), ["chat owned 1", "chat shared 2", "person owned 1"]);
    // Of a list that others are in, the person alone is taken out.
    world.erase(&["email=ann@example.org"]);
    let left = subject::judge(world.server("shop"), "SELECT id, members FROM chat ORDER BY id;");
    assert_eq!(left, "2|{2}\n3|{2}\n4|{}\n5|");
}

/// A store that cannot be asked: a gap for an export, a fault for an erase, which then deletes nothing anywhere.
#[test]
fn a_store_that_does_not_answer() {
    use model::{Hidden, Kind};
    use privacy::discover::{Options, discover};
    let map = format!(
        "{PERSON}- fides_key: ware
  collections:
  - name: box
    fields:
    - {{name: who, fides_meta: {{references: [{{dataset: shop, field: person.id, direction: from}}]}}}}
"
    );
    let ware = "CREATE TABLE box(id INTEGER PRIMARY KEY, who INT); INSERT INTO box VALUES (1,1);";
    let world = World::new(&[("shop", "shop", PEOPLE), ("ware", "ware", ware)], &map);
    let mut members = world.members();
    let (graph, _) = world.graph(&members);
    subject::judge(world.server("ware"), "DROP TABLE box;");
    let subject::Server::Sqlite(file) = world.server("ware") else { unreachable!() };
    std::fs::write(file, "no database at all, and that for some hundred bytes".repeat(99)).unwrap();
    let who = privacy::identity::parse_all(&["email=ann@example.org"], &Default::default()).unwrap();
    let mut search = |tolerant| discover(&graph, &mut members, &who, &Options { digests: true, tolerant }, &Hidden);
    let found = search(true).unwrap();
    assert_eq!(roles(&graph, &found), ["person owned 1"]);
    assert_eq!((found.gaps[0].kind.as_str(), found.gaps[0].member.as_deref()), ("unreachable", Some("ware")));
    assert_eq!(search(false).unwrap_err().kind(), Kind::Unavailable);
}
