//! Schemas that nobody would write by hand: sixty tables each, with every nasty shape, and what an erase leaves of them.
//!
//! The plan says what becomes of every row; the judge is a copy of all rows before, changed in memory as the plan says. After
//! the erase the store must be exactly that: not one row or cell of others is another one.

#![cfg(feature = "sqlite")]

mod subject;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use model::Hidden;
use privacy::discover::{Options, Role};
use privacy::graph::{Graph, Part, Tie};
use privacy::identity::{self, Rules};
use privacy::plan::{Action, Plan};
use subject::{Server, World, judge, lines};

const TABLES: usize = 60;
const ANN: &[&str] = &["email=ann@example.org"];

/// Deterministic dice (an LCG of Knuth's).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Naming {
    Number,
    Text,
    Pair,
    /// No key at all, and no unique column either: rows may be equal.
    None,
    /// No key, but a unique column that may be empty: others can refer to it.
    Code,
}

struct Link {
    columns: Vec<String>,
    target: usize,
    nullable: bool,
    rule: &'static str,
    /// The key of the child is the reference itself.
    is_key: bool,
}

struct Table {
    name: String,
    naming: Naming,
    about: bool,
    personal: bool,
    mapped: bool,
    retained: bool,
    links: Vec<Link>,
}

struct Schema {
    tables: Vec<Table>,
    sql: String,
    map: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Dialect {
    Sqlite,
    Postgres,
    MariaDb,
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Table {
    /// The types of what others refer to.
    fn types(&self) -> Vec<&'static str> {
        match self.naming {
            Naming::Number => vec!["INT"],
            Naming::Pair => vec!["INT", "TEXT"],
            _ => vec!["TEXT"],
        }
    }

    /// What others refer to.
    fn target(&self) -> Vec<&'static str> {
        match self.naming {
            Naming::Pair => vec!["k 1", "k\"2"],
            Naming::Code => vec!["code"],
            _ => vec!["id"],
        }
    }
}

fn tables(dice: &mut Dice) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for number in 0..TABLES {
        let about = number < 3;
        let naming = match dice.roll(8) {
            0 if !about => Naming::None,
            1 => Naming::Text,
            2 => Naming::Pair,
            3 if !about => Naming::Code,
            _ => Naming::Number,
        };
        let name = match dice.roll(5) {
            0 => format!("t{number} with \"quotes\""),
            1 => format!("Tä'{number}; DROP"),
            2 => format!("order{number}"),
            _ => format!("t{number:02}"),
        };
        let mapped = about || !dice.one_in(3);
        let (personal, retained) = (mapped && dice.one_in(3), mapped && !about && dice.one_in(8));
        tables.push(Table { name, naming, about, personal, mapped, retained, links: Vec::new() });
    }
    for child in 0..TABLES {
        let count = if child < 3 { dice.roll(3) } else { 1 + dice.roll(3) };
        for number in 0..count {
            // Mostly what came before, now and then itself or something later: circles.
            let target = match dice.roll(8) {
                0 => child,
                1 => dice.roll(TABLES),
                2 | 3 => dice.roll(3),
                _ => dice.roll(child.max(1)),
            };
            if tables[target].naming == Naming::None {
                continue;
            }
            let columns = (0..tables[target].target().len()).map(|part| format!("fk{number}_{part}")).collect();
            let rule = ["", "", "ON DELETE RESTRICT", "ON DELETE CASCADE", "ON DELETE SET NULL", "ON DELETE NO ACTION"]
                [dice.roll(6)];
            let nullable = dice.one_in(2) || rule.ends_with("NULL");
            tables[child].links.push(Link { columns, target, nullable, rule, is_key: false });
        }
        // A table whose key is its reference: one row per row there.
        if child > 2 && tables[child].naming == Naming::Number && dice.one_in(6) {
            let target = dice.roll(child);
            if tables[target].naming == Naming::Number {
                tables[child].links.push(Link {
                    columns: vec!["id".into()],
                    target,
                    nullable: false,
                    rule: "",
                    is_key: true,
                });
            }
        }
    }
    tables
}

fn key_of(naming: Naming, table: usize, row: usize) -> Vec<String> {
    match naming {
        Naming::Number => vec![row.to_string()],
        Naming::Text => vec![format!("'k''{table}-{row}'")],
        Naming::Pair => vec![(row / 3).to_string(), format!("'{}'", row % 3)],
        Naming::Code => vec![format!("'c{row}'")],
        Naming::None => Vec::new(),
    }
}

/// The rows of one table. Half of them are mostly Ann's, so that there is much to erase.
fn fill(sql: &mut String, dice: &mut Dice, tables: &[Table], number: usize, rows: usize, seed: u64) {
    let table = &tables[number];
    for row in 0..rows {
        let mut cells = key_of(table.naming, number, row);
        if table.about {
            let is_ann = row == 0 && (number == 0 || seed.is_multiple_of(3));
            cells.push(if is_ann { "'Ann@Example.org'".into() } else { format!("'p{number}-{row}@example.org'") });
        }
        cells.push(format!("'row {}'", if table.naming == Naming::None { row / 4 } else { row }));
        cells.push(if dice.one_in(3) { "NULL".into() } else { "'1980-01-01'".into() });
        for link in table.links.iter().filter(|link| !link.is_key) {
            let is_null = link.nullable && dice.one_in(3);
            // Half of the rows are mostly Ann's, so that there is much to erase.
            let to = match (row < rows / 2, tables[link.target].about, dice.one_in(6)) {
                (_, _, true) => dice.roll(rows),
                (true, true, _) => 0,
                (true, false, _) => dice.roll(rows / 2),
                (false, ..) => rows / 2 + dice.roll(rows / 2),
            };
            let target = key_of(tables[link.target].naming, link.target, to);
            cells.extend(target.into_iter().map(|cell| if is_null { "NULL".into() } else { cell }));
        }
        let _ = writeln!(sql, "INSERT INTO {} VALUES ({});", quoted(&table.name), cells.join(","));
    }
}

fn generate(seed: u64, dialect: Dialect) -> Schema {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let tables = tables(&mut dice);
    let rows = 6;
    let (mut sql, mut later) = (String::new(), String::new());
    for (number, table) in tables.iter().enumerate() {
        let mut columns: Vec<String> = Vec::new();
        match table.naming {
            Naming::Number => columns.push("\"id\" INTEGER PRIMARY KEY".into()),
            Naming::Text => columns.push("\"id\" TEXT PRIMARY KEY NOT NULL".into()),
            Naming::Pair => columns.extend(["\"k 1\" INT NOT NULL".into(), "\"k\"\"2\" TEXT NOT NULL".into()]),
            Naming::Code => columns.push("\"code\" TEXT UNIQUE".into()),
            Naming::None => {}
        }
        if table.about {
            columns.push("mail TEXT NOT NULL UNIQUE CHECK (mail LIKE '%@%')".into());
        }
        columns.push("name TEXT NOT NULL CHECK (length(name) > 1)".into());
        columns.push("born TEXT".into());
        let mut rules = Vec::new();
        for link in &table.links {
            let null = if link.nullable { "" } else { " NOT NULL" };
            if !link.is_key {
                let typed = link.columns.iter().zip(tables[link.target].types());
                columns.extend(typed.map(|(column, kind)| format!("{column} {kind}{null}")));
            }
            let target = &tables[link.target];
            let to: Vec<_> = target.target().into_iter().map(quoted).collect();
            let rule = format!(
                "FOREIGN KEY({}) REFERENCES {}({}) {}",
                link.columns.join(","),
                quoted(&target.name),
                to.join(","),
                link.rule
            );
            match dialect {
                Dialect::Sqlite => rules.push(rule),
                // Circles can be filled only before they are closed.
                Dialect::MariaDb => {
                    let _ = writeln!(later, "ALTER TABLE {} ADD {rule};", quoted(&table.name));
                }
                Dialect::Postgres => {
                    let defer = if (number + link.target) % 4 == 0 { "DEFERRABLE" } else { "" };
                    let _ = writeln!(later, "ALTER TABLE {} ADD {rule} {defer};", quoted(&table.name));
                }
            }
        }
        if table.naming == Naming::Pair {
            rules.push("PRIMARY KEY(\"k 1\", \"k\"\"2\")".into());
        }
        columns.extend(rules);
        let _ = writeln!(sql, "CREATE TABLE {}({});", quoted(&table.name), columns.join(", "));
        fill(&mut sql, &mut dice, &tables, number, rows, seed);
    }
    let mut sql = sql + &later;
    if dialect == Dialect::MariaDb {
        // A key cannot be a text of any length there.
        sql = sql.replace(" TEXT", " VARCHAR(80)");
    }
    Schema { map: map(&tables), tables, sql }
}

fn map(tables: &[Table]) -> String {
    let mut map = "dataset:\n- fides_key: shop\n  collections:\n".to_owned();
    for table in tables.iter().filter(|table| table.mapped) {
        let name = serde_json::Value::from(table.name.as_str());
        let _ = writeln!(map, "  - name: {name}");
        if table.retained {
            let _ = writeln!(map, "    meta: {{probity: {{retain: {{code: 17-3-b, law: tax, until: 2033-12-31}}}}}}");
        }
        let _ = writeln!(map, "    fields:");
        if table.about {
            let _ = writeln!(map, "    - {{name: mail, fides_meta: {{identity: email}}}}");
        }
        let category = if table.personal || table.about { "user.name" } else { "system.operations" };
        let _ = writeln!(map, "    - {{name: name, data_categories: [{category}]}}");
        let _ = writeln!(map, "    - {{name: born, data_categories: [{category}]}}");
    }
    map
}

/// Every row of a table: column to cell.
type Rows = Vec<BTreeMap<String, Option<String>>>;

/// All rows, as `sqlite3` or `psql` tells them.
fn snapshot(world: &World) -> BTreeMap<String, Rows> {
    let server = world.server("shop");
    let is_lite = matches!(server, Server::Sqlite(_));
    if is_lite {
        assert_eq!(judge(server, "PRAGMA foreign_key_check;"), "", "no foreign key leads nowhere");
    }
    let columns = match server {
        Server::Sqlite(_) => {
            "SELECT json_array(t.name, c.name) FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type='table';"
        }
        Server::Postgres(_) => {
            "SELECT json_build_array(table_name, column_name) FROM information_schema.columns WHERE table_schema='public';"
        }
        Server::MariaDb(_) => {
            "SELECT json_array(table_name, column_name) FROM information_schema.columns WHERE table_schema=database();"
        }
    };
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in judge(server, columns).lines() {
        let (table, column): (String, String) = serde_json::from_str(line).unwrap();
        tables.entry(table).or_default().push(column);
    }
    let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let mut questions = String::new();
    for (name, columns) in &tables {
        let text = if matches!(server, Server::MariaDb(_)) { "CHAR" } else { "TEXT" };
        let cell = |column: &String| format!("{}, CAST({} AS {text})", literal(column), quoted(column));
        let parts: Vec<_> = columns.iter().map(cell).collect();
        let object = if matches!(server, Server::Postgres(_)) { "json_build_object" } else { "json_object" };
        let mark = literal(&format!("= {name}"));
        let _ = writeln!(questions, "SELECT {mark}; SELECT {object}({}) FROM {};", parts.join(","), quoted(name));
    }
    let mut all: BTreeMap<String, Rows> = BTreeMap::new();
    let mut rows = &mut Rows::new();
    let told = judge(server, &questions);
    for line in told.lines() {
        match line.strip_prefix("= ") {
            Some(name) => rows = all.entry(name.to_owned()).or_default(),
            None => rows.push(serde_json::from_str(line).unwrap()),
        }
    }
    all.values_mut().for_each(|rows| rows.sort());
    all
}

/// What the plan says that there will be.
fn foretold(before: &BTreeMap<String, Rows>, plan: &Plan) -> BTreeMap<String, Rows> {
    let mut all = before.clone();
    for step in &plan.steps {
        let rows = all.get_mut(&step.collection).unwrap();
        for target in &step.targets {
            let is_it = |row: &BTreeMap<String, Option<String>>| {
                step.key.iter().zip(&target.key.0).all(|(column, cell)| row[column] == *cell)
            };
            let meant = rows.iter().filter(|row| is_it(row)).count();
            assert_eq!(meant as u64, target.count, "{} names each row once", step.collection);
            match &step.action {
                Action::Delete => rows.retain(|row| !is_it(row)),
                Action::Set(fields) => {
                    for row in rows.iter_mut().filter(|row| is_it(row)) {
                        for (field, cell) in fields.iter().zip(&target.cells) {
                            row.insert(field.to_string(), cell.clone());
                        }
                    }
                }
            }
        }
    }
    all.values_mut().for_each(|rows| rows.sort());
    all
}

/// No row that goes leads to somebody else: told by the tables alone, without the graph.
fn nobody_else_loses(schema: &Schema, before: &BTreeMap<String, Rows>, after: &BTreeMap<String, Rows>, seed: u64) {
    for table in schema.tables.iter().filter(|table| table.about) {
        let mails = |all: &BTreeMap<String, Rows>| {
            let mails = all[&table.name].iter().map(|row| row["mail"].clone().unwrap_or_default().to_lowercase());
            let others = mails.filter(|mail| mail != "ann@example.org" && !mail.ends_with(".invalid"));
            others.collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(mails(before), mails(after), "{seed}: other people are there, under their names");
        let is_left = after[&table.name]
            .iter()
            .any(|row| row["mail"].as_deref().is_some_and(|mail| mail.to_lowercase().starts_with("ann@")));
        assert!(!is_left, "{seed}: the address is gone");
    }
    for table in schema.tables.iter().filter(|table| !table.about) {
        let mut left = after[&table.name].clone();
        for row in &before[&table.name] {
            if let Some(at) = left.iter().position(|other| other == row) {
                left.remove(at);
                continue;
            }
            let named = |link: &Link| {
                let target = &schema.tables[link.target];
                let to = target.target();
                let there = before[&target.name].iter().find(|parent| {
                    link.columns.iter().zip(&to).all(|(own, theirs)| row[own].is_some() && row[own] == parent[*theirs])
                });
                target
                    .about
                    .then_some(there)
                    .flatten()
                    .map(|parent| parent["mail"].clone().unwrap_or_default().to_lowercase())
            };
            let people: Vec<_> = table.links.iter().filter_map(named).collect();
            let is_changed = left.iter().any(|other| is_same(table, row, other));
            let is_mine = people.iter().all(|mail| mail == "ann@example.org");
            assert!(is_changed || is_mine, "{seed}: {} lost {row:?}, which is of {people:?} too", table.name);
        }
    }
}

/// Whether `other` is `one` after a change: by its key; without one, by what is not empty in it.
fn is_same(table: &Table, one: &BTreeMap<String, Option<String>>, other: &BTreeMap<String, Option<String>>) -> bool {
    match table.naming {
        Naming::None => other.iter().all(|(column, cell)| cell.is_none() || *cell == one[column]),
        _ => table.target().iter().all(|column| one[*column] == other[*column]),
    }
}

/// The graph from catalogs whose tables and links stand in another order.
fn in_another_order(world: &World, dice: &mut Dice) -> Vec<(String, Role)> {
    let mut members = world.members();
    let catalog = &mut members[0].catalog;
    for at in (1..catalog.collections.len()).rev() {
        catalog.collections.swap(at, dice.roll(at + 1));
    }
    catalog.collections.iter_mut().for_each(|collection| collection.links.reverse());
    let catalog = catalog.clone();
    let parts = [Part { member: "shop", dataset: "shop", catalog: &catalog }];
    let (graph, _) = Graph::new(&world.map, &parts).unwrap();
    let who = identity::parse_all(ANN, &Rules::default()).unwrap();
    let options = Options { digests: false, tolerant: false };
    let found = privacy::discover::discover(&graph, &mut members, &who, &options, &Hidden).unwrap();
    let rows = graph.nodes.iter().zip(&found.rows);
    rows.flat_map(|(node, rows)| rows.iter().map(|row| (format!("{} {:?}", node.collection.name, row.key.0), row.role)))
        .collect()
}

#[test]
fn an_erase_changes_what_the_plan_says_and_nothing_else() {
    let acts = erase_all(Dialect::Sqlite, &|schema| World::shop(&schema.sql, &schema.map));
    // The dice have shown every face.
    for act in ["deleted", "unlinked", "anonymised", "loosened", "kept", "shared", "trap cascade", "trap cycle"] {
        assert!(acts.get(act).is_some_and(|count| *count > 0), "{act}: {acts:?}");
    }
}

/// Where constraints are strict: `tests/services postgres -- cargo test …`.
#[test]
fn the_same_in_postgres() {
    let Some(main) = subject::postgres() else { return };
    let acts = erase_all(Dialect::Postgres, &|schema| {
        World::shop_on(Server::Postgres(main.clone()), &schema.sql, &schema.map)
    });
    for act in ["deleted", "unlinked", "anonymised", "loosened", "kept", "shared", "trap cascade", "trap cycle"] {
        assert!(acts.get(act).is_some_and(|count| *count > 0), "{act}: {acts:?}");
    }
}

/// Where each row is checked at once: `tests/services mariadb -- cargo test …`.
#[test]
fn the_same_in_mariadb() {
    let Some(main) = subject::mariadb() else { return };
    let acts =
        erase_all(Dialect::MariaDb, &|schema| World::shop_on(Server::MariaDb(main.clone()), &schema.sql, &schema.map));
    for act in ["deleted", "unlinked", "anonymised", "kept", "shared"] {
        assert!(acts.get(act).is_some_and(|count| *count > 0), "{act}: {acts:?}");
    }
}

/// Erases Ann from many schemas; says how often what was done.
fn erase_all(dialect: Dialect, make: &dyn Fn(&Schema) -> World) -> BTreeMap<String, u64> {
    let mut acts: BTreeMap<String, u64> = BTreeMap::new();
    // Making sixty tables takes MariaDB half a minute.
    let seeds = if dialect == Dialect::MariaDb { 3..=5 } else { 1..=10 };
    for seed in seeds {
        let schema = generate(seed, dialect);
        let world = make(&schema);
        let before = snapshot(&world);
        let orders: Vec<_> = (0..2).map(|more| in_another_order(&world, &mut Dice(seed + more))).collect();
        assert_eq!(orders[0], orders[1], "{seed}: discovery does not depend on the order of edges");
        let plan = world.plan(ANN).unwrap_or_else(|fault| panic!("{seed}: {fault:?}"));
        assert_eq!(plan.digest().unwrap(), world.plan(ANN).unwrap().digest().unwrap(), "{seed}: the same plan");
        for step in &plan.steps {
            *acts.entry(step.outcome.word().to_owned()).or_default() += step.rows;
        }
        for trap in &plan.traps {
            *acts.entry(format!("trap {}", trap.kind)).or_default() += 1;
        }
        *acts.entry("kept".into()).or_default() += plan.kept.iter().map(|kept| kept.rows.len() as u64).sum::<u64>();
        *acts.entry("shared".into()).or_default() +=
            plan.shared.iter().map(|shared| shared.rows.len() as u64).sum::<u64>();
        world.apply(&plan);
        let after = snapshot(&world);
        assert_eq!(foretold(&before, &plan), after, "{seed}:\n{}", lines(&plan).join("\n"));
        nobody_else_loses(&schema, &before, &after, seed);
        assert!(world.plan(ANN).unwrap().is_empty(), "{seed}: nothing is found a second time");
        world.apply(&plan);
        assert_eq!(snapshot(&world), after, "{seed}: twice is once");
    }
    acts
}

/// What the graph says of the generated schemas is consistent with itself.
#[test]
fn ranks_follow_distances() {
    for seed in 1..=4 {
        let schema = generate(seed, Dialect::Sqlite);
        let world = World::shop(&schema.sql, &schema.map);
        let (graph, _) = world.graph(&world.members());
        for edge in &graph.edges {
            let parent = &graph.nodes[edge.parent];
            if let Tie::Owns(rank) = edge.tie {
                assert_eq!(Some(rank), parent.distance.map(|distance| distance + 1));
            }
        }
    }
}
