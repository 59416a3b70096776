//! How long a short command takes: nothing asked, a consent asked for, one rule over a small store, a pack over a larger one.

use std::path::{Path, PathBuf};

use super::cases::succeed;
use super::measure::{Cost, Spread, measure};
use super::place::{Place, root};
use super::table::Table;

/// Short runs vary: this many are counted whatever `--rounds` says, unless it says more.
const ROUNDS_LEAST: usize = 21;
const SMALL_ROWS: u32 = 200;
/// So many people agreed to the newsletter.
const CONSENTS: u32 = 1_000;
/// The question before each letter.
const CHECK: &[&str] = &["consent", "check", "--subject", "email=p7@example.org", "--purpose", "newsletter"];

/// What is run where.
struct Row {
    arguments: &'static [&'static str],
    folder: PathBuf,
    /// Over what, for the table.
    over: String,
    /// Exit codes that mean it did its work.
    codes: &'static [i32],
}

/// All commands in turn, one uncounted round before.
pub(super) fn table(place: &Place) -> Result<Table, String> {
    let (small, demo) = (small_project(place)?, demo_project(place)?);
    let rows = [
        Row { arguments: &["--version"], folder: small.clone(), over: String::new(), codes: &[0] },
        Row { arguments: CHECK, folder: small.clone(), over: format!(", {CONSENTS} on record"), codes: &[0] },
        Row {
            arguments: &["evaluate", "--at", "2026-01-02T00:00:00Z"],
            folder: small,
            over: format!(", one rule over {SMALL_ROWS} rows"),
            // Broken: 2 of 200 failed, so all rows were judged.
            codes: &[1],
        },
        Row {
            arguments: &["evaluate", "--pack", "production"],
            folder: demo,
            over: ", the demo's store".to_owned(),
            // A verdict is a result, whichever it is: met, broken, not enough data.
            codes: &[0, 1, 3],
        },
    ];
    let mut costs: Vec<Vec<Cost>> = rows.iter().map(|_| Vec::new()).collect();
    for round in 0..=place.rounds.max(ROUNDS_LEAST) {
        for (row, costs) in rows.iter().zip(&mut costs) {
            let cost = once(place, row)?;
            if round > 0 {
                costs.push(cost);
            }
        }
    }
    let mut table = Table::new("Start", &["command", "wall ms: median (least–most)", "CPU ms", "peak RSS MB"]);
    rows.iter().zip(&costs).for_each(|(row, costs)| add(&mut table, row, costs));
    Ok(table)
}

fn add(table: &mut Table, row: &Row, costs: &[Cost]) {
    let wall = Spread::of(costs, |cost| cost.wall * 1e3);
    table.row(&[
        format!("`probity {}`{}", row.arguments.join(" "), row.over),
        format!("{:.1} ({:.1}–{:.1})", wall.median, wall.least, wall.most),
        format!("{:.1}", Spread::of(costs, |cost| cost.cpu * 1e3).median),
        format!("{:.0}", Spread::of(costs, |cost| cost.peak as f64).most / 1e6),
    ]);
}

fn once(place: &Place, row: &Row) -> Result<Cost, String> {
    let cost = measure(place.probity(row.arguments).current_dir(&row.folder), None)?;
    match cost.code {
        Some(code) if row.codes.contains(&code) => Ok(cost),
        code => Err(format!("probity {} ended with {code:?}", row.arguments.join(" "))),
    }
}

/// What a first look makes: the rule that `init` writes, and one small file in the store.
fn small_project(place: &Place) -> Result<PathBuf, String> {
    let folder = place.fresh("small")?;
    let log = folder.join("access.jsonl");
    std::fs::write(&log, small_log()).map_err(|error| format!("{}: {error}", log.display()))?;
    let consents = folder.join("consents.csv");
    std::fs::write(&consents, given()).map_err(|error| format!("{}: {error}", consents.display()))?;
    let take = [&["ingest", "--kind", "logs", "access.jsonl"][..], &["consent", "import", "consents.csv"]];
    prepare(place, &folder, &[&["init", "."], take[0], take[1]])
}

/// Consents that were kept elsewhere.
fn given() -> String {
    let line = |number| format!("email=p{number}@example.org,newsletter,2026-01-01T10:00:00Z,terms,paper\n");
    let heading = "subject,purpose,time,notice,method\n".to_owned();
    (0..CONSENTS).map(line).fold(heading, |text, line| text + &line)
}

/// One request a second on the first of January; one in a hundred fails.
fn small_log() -> String {
    let line = |at| {
        let (minute, second, latency) = (at / 60, at % 60, at * 37 % 500);
        let status = if at % 100 == 7 { 503 } else { 200 };
        format!(
            "{{\"ts\":\"2026-01-01T12:{minute:02}:{second:02}Z\",\"service\":\"web\",\"status\":{status},\
             \"latency_ms\":{latency}.5}}\n"
        )
    };
    (0..SMALL_ROWS).map(line).collect()
}

/// A project whose store holds the demo data.
fn demo_project(place: &Place) -> Result<PathBuf, String> {
    let folder = place.fresh("demo")?;
    let demo = root().join("fixtures/demo");
    let (metrics, logs) = (demo.join("metrics"), demo.join("logs"));
    let (metrics, logs) = (metrics.to_str().unwrap_or_default(), logs.to_str().unwrap_or_default());
    let ingests = [&["ingest", "--kind", "metrics", metrics][..], &["ingest", "--kind", "logs", logs]];
    prepare(place, &folder, &[&["init", "."], ingests[0], ingests[1]])
}

fn prepare(place: &Place, folder: &Path, commands: &[&[&str]]) -> Result<PathBuf, String> {
    commands.iter().try_for_each(|arguments| succeed(place, arguments, folder))?;
    Ok(folder.to_path_buf())
}
