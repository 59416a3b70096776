//! A data map of a large schema: 200 tables in PostgreSQL, each with a foreign key, an undeclared link and texts.
//!
//! `tests/services postgres -- cargo xtask bench privacy schema` starts the server.

use super::measure::Cost;
use super::place::Place;
use super::privacy::{ADDRESS, project, row, run};
use super::table::Table;

const TABLES: u64 = 200;
/// Rows of each.
const ROWS: u64 = 2_000;

/// The scan that proposes a map, the check for drift, the drawing.
pub(super) fn table(place: &Place) -> Result<Table, String> {
    let server = std::env::var(ADDRESS).map_err(|_| format!("{ADDRESS} is not set: tests/services postgres -- …"))?;
    let folder = project(place, &server, "schema", statements())?;
    let mut table = Table::new(
        "A data map of 200 tables in PostgreSQL",
        &["what", "wall s: median (least–most)", "CPU s of probity", "peak RSS MB"],
    );
    let cases: [(&str, &[&str]); 3] = [
        ("map scan --dry-run, every value proposed anew", &["map", "scan", "shop", "--dry-run", "--json"]),
        ("map check", &["map", "check", "--json"]),
        ("map graph", &["map", "graph", "--output", "map.html", "--overwrite", "--json"]),
    ];
    let mut costs: [Vec<Cost>; 3] = Default::default();
    for round in 0..=place.rounds {
        for ((_, arguments), costs) in cases.iter().zip(&mut costs) {
            let cost = run(place, &folder, arguments)?;
            // The first round warms the cache.
            if round > 0 {
                costs.push(cost);
            }
        }
    }
    for ((what, _), costs) in cases.iter().zip(&costs) {
        table.row(&row(what, costs));
    }
    Ok(table)
}

/// People, and tables of which each hangs on one before it by a key and on another by a name that nobody declared.
fn statements() -> Vec<String> {
    let mut all = vec![
        "CREATE TABLE person (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, first_name text, phone text)"
            .to_owned(),
        format!(
            "INSERT INTO person SELECT n, 'person' || n || '@example.org', 'Ann', '+4930' || lpad(n::text, 7, '0')
             FROM generate_series(1, {ROWS}) n"
        ),
    ];
    for number in 1..TABLES {
        let name = |number: u64| if number == 0 { "person".to_owned() } else { format!("t{number:03}") };
        let (parent, other) = (name(number / 3), name(number * 7 / 11));
        all.push(format!(
            "CREATE TABLE {0} (id bigint PRIMARY KEY, parent_id bigint NOT NULL REFERENCES {parent} (id), {other}_no bigint,
             note text, city text, made timestamptz)",
            name(number)
        ));
        all.push(format!(
            "INSERT INTO {0} SELECT n, 1 + n * 7919 % {ROWS}, 1 + n * 31 % {ROWS}, 'a note of some words, number ' || n, 'Delft', now()
             FROM generate_series(1, {ROWS}) n",
            name(number)
        ));
    }
    all.push("VACUUM ANALYZE".to_owned());
    all
}
