//! Export and erase on a large PostgreSQL database: a person with 10,000 rows over 30 tables among 10 million.
//!
//! `tests/services postgres -- cargo xtask bench privacy` starts the server; its address comes from the environment.
//! Each round takes a person of its own, because an erased one is gone.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::cases::succeed;
use super::measure::{Cost, Spread, measure};
use super::place::Place;
use super::table::Table;

pub(super) const ADDRESS: &str = "PROBITY_TEST_POSTGRES_URL";
const PEOPLE: u64 = 400_000;
/// Twenty tables refer to people, nine to one of those; each has so many rows.
const TABLES: u64 = 29;
const ROWS: u64 = 331_000;
/// What each large person has in each of those tables: with the person 10,006 rows.
const OWN: u64 = 345;

/// Export, plan and erase of the large person, export of the small one.
pub(super) fn table(place: &Place) -> Result<Table, String> {
    let server = std::env::var(ADDRESS).map_err(|_| format!("{ADDRESS} is not set: tests/services postgres -- …"))?;
    let folder = project(place, &server, "privacy", statements(place.rounds as u64 + 1))?;
    let mut table = Table::new(
        "A person's data among 10 million rows in PostgreSQL",
        &["what", "wall s: median (least–most)", "CPU s of probity", "peak RSS MB"],
    );
    let (mut large, mut plan, mut erase, mut small) = (vec![], vec![], vec![], vec![]);
    for round in 0..=place.rounds as u64 {
        let subject = format!("email=large{round}@example.org");
        let costs = [
            export(place, &folder, &subject)?,
            run(place, &folder, &["erase", &subject, "--dry-run", "--json"])?,
            export(place, &folder, &format!("email=person{}@example.org", 1_000 + round))?,
        ];
        let digest = digest(&costs[1].output)?;
        let erased = run(place, &folder, &["erase", &subject, "--confirm", &digest, "--json"])?;
        // The first round warms the cache.
        if round > 0 {
            let [exported, planned, little] = costs;
            large.push(exported);
            plan.push(planned);
            small.push(little);
            erase.push(erased);
        }
    }
    for (what, costs) in [
        ("export, 10,006 rows over 30 tables", &large),
        ("erase --dry-run, the same", &plan),
        ("erase --confirm, verification of every store included", &erase),
        ("export, a person with few rows", &small),
    ] {
        table.row(&row(what, costs));
    }
    Ok(table)
}

pub(super) fn row(what: &str, costs: &[Cost]) -> [String; 4] {
    let wall = Spread::of(costs, |cost| cost.wall);
    [
        what.to_owned(),
        format!("{:.2} ({:.2}–{:.2})", wall.median, wall.least, wall.most),
        format!("{:.2}", Spread::of(costs, |cost| cost.cpu).median),
        format!("{:.0}", Spread::of(costs, |cost| cost.peak as f64).most / 1e6),
    ]
}

pub(super) fn export(place: &Place, folder: &Path, subject: &str) -> Result<Cost, String> {
    let output = folder.join("export.zip");
    if output.exists() {
        std::fs::remove_file(&output).map_err(|error| error.to_string())?;
    }
    run(place, folder, &["export", subject, "--output", "export.zip", "--json"])
}

pub(super) fn run(place: &Place, folder: &Path, arguments: &[&str]) -> Result<Cost, String> {
    let cost = measure(place.probity(arguments).current_dir(folder), None)?;
    match cost.code {
        Some(0) => Ok(cost),
        code => Err(format!("probity {}: {code:?}\n{}", arguments.join(" "), cost.output)),
    }
}

pub(super) fn digest(plan: &str) -> Result<String, String> {
    let document: serde_json::Value = serde_json::from_str(plan).map_err(|error| format!("the plan: {error}"))?;
    document["digest"].as_str().map(str::to_owned).ok_or_else(|| "the plan has no digest".to_owned())
}

/// A database of its own, filled anew, and a project with its data map; both are called after `name`.
pub(super) fn project(
    place: &Place,
    server: &str,
    name: &str,
    statements: impl IntoIterator<Item = String>,
) -> Result<PathBuf, String> {
    let (base, _) = server.rsplit_once('/').ok_or_else(|| format!("{server} names no database"))?;
    eprintln!("xtask: filling probity_{name}");
    psql(server, &format!("DROP DATABASE IF EXISTS probity_{name}"))?;
    psql(server, &format!("CREATE DATABASE probity_{name}"))?;
    let address = format!("{base}/probity_{name}");
    for statement in statements {
        psql(&address, &statement)?;
    }
    let folder = place.fresh(name)?;
    succeed(place, &["init", "."], &folder)?;
    let settings = folder.join("probity.toml");
    let mut text = std::fs::read_to_string(&settings).map_err(|error| error.to_string())?;
    text.push_str(&format!("\n[stores.shop]\nurl = \"{address}\"\n"));
    std::fs::write(&settings, text).map_err(|error| error.to_string())?;
    succeed(place, &["map", "scan", "shop"], &folder)?;
    Ok(folder)
}

/// The schema, then its rows, then what makes it a database that has been running for a while.
fn statements(large: u64) -> Vec<String> {
    let mut all = vec![
        "CREATE TABLE person (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, name text, phone text)".to_owned(),
        format!(
            "INSERT INTO person SELECT n, 'person' || n || '@example.org', 'Person ' || n, '+4930' || lpad(n::text, 7, '0')
             FROM generate_series(1, {PEOPLE}) n"
        ),
        format!(
            "INSERT INTO person SELECT {PEOPLE} + 1 + n, 'large' || n || '@example.org', 'Large ' || n, NULL
             FROM generate_series(0, {}) n",
            large - 1
        ),
        "CREATE INDEX person_email_folded ON person (lower(email))".to_owned(),
    ];
    for number in 1..=TABLES {
        // The last nine hang on the first nine.
        let (parent, column) = if number <= 20 {
            ("person".to_owned(), "person_id")
        } else {
            (format!("t{:02}", number - 20), "parent_id")
        };
        let others = if number <= 20 { PEOPLE } else { ROWS };
        all.push(format!(
            "CREATE TABLE t{number:02} (id bigint PRIMARY KEY, {column} bigint NOT NULL REFERENCES {parent} (id), note text, made timestamptz)"
        ));
        all.push(format!(
            "INSERT INTO t{number:02} SELECT n, 1 + n::bigint * 7919 % {others}, 'an ordinary note of some sixty characters, number ' || n,
             timestamptz '2026-01-01' + n * interval '1 second' FROM generate_series(1, {ROWS}) n"
        ));
        let own = if number <= 20 { format!("{PEOPLE} + 1 + p") } else { format!("{ROWS} + p * {OWN} + n") };
        all.push(format!(
            "INSERT INTO t{number:02} SELECT {ROWS} + p * {OWN} + n, {own}, 'a note of a large person, number ' || n, now()
             FROM generate_series(0, {}) p, generate_series(1, {OWN}) n",
            large - 1
        ));
        all.push(format!("CREATE INDEX ON t{number:02} ({column})"));
    }
    all.push("VACUUM ANALYZE".to_owned());
    all
}

pub(super) fn psql(address: &str, statement: &str) -> Result<(), String> {
    let output = Command::new("psql")
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", address, "-c", statement])
        .output()
        .map_err(|error| format!("psql (Debian: postgresql-client): {error}"))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
