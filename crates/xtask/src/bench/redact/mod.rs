//! `bench redact`: every sentence about speed that `redact` is held to, measured beside its peer on the same file in one run.
//!
//! Peers lie outside the repository, in the folder that `crates/xtask/peers/setup` made. One that is missing is said to be,
//! and a goal that needs it stays open. What a goal means exactly stands in [`goals`].

mod cases;
mod contest;
mod goals;
mod patterns;
mod peers;
mod rows;
mod stream;

use std::path::{Path, PathBuf};

use crate::args::Args;

use super::place::Place;
use cases::Case;
use peers::Peers;
use rows::Row;

/// What has to do with `redact`, and nothing else: minutes instead of a quarter of an hour.
const FEATURES: [&str; 3] = ["--no-default-features", "--features", "redact,passphrase,verify"];

/// What every case needs to know.
struct Setting {
    place: Place,
    peers: Peers,
    /// Whether this binary can be told on how many threads to work.
    jobs: bool,
}

/// `bench redact [--case NAME]… [--peers DIR] [--size SIZE] [--rounds N] [--binary FILE] [--json FILE]`
pub(super) fn run(mut args: Args) -> Result<(), String> {
    let mut cases = Vec::new();
    while let Some(name) = args.flag("--case")? {
        cases.push(Case::parse(&name)?);
    }
    let peers = args.flag("--peers")?.map(PathBuf::from);
    let (size, rounds) = (args.size("--size")?, args.number("--rounds", 5)?);
    let (binary, json) = (args.flag("--binary")?, args.flag("--json")?);
    args.finish()?;
    if cases.is_empty() {
        cases = Case::DEFAULT.to_vec();
    }
    let place = Place::prepare(binary.map(Into::into), &FEATURES, size, rounds)?;
    let peers = Peers::in_folder(peers.as_deref(), &place.folder)?;
    let jobs = super::measure::measure(&mut place.probity(&["redact", "--help"]), None)?.output.contains("--jobs");
    let setting = Setting { place, peers, jobs };
    println!("{}", setting.peers);
    let mut rows: Vec<Row> = Vec::new();
    for case in cases {
        let more = case.run(&setting)?;
        println!("{}", rows::table(case.title(), &more));
        rows.extend(more);
    }
    println!("{}", goals::table(&rows));
    json.map_or(Ok(()), |file| write(Path::new(&file), &rows, &setting))
}

fn write(file: &Path, rows: &[Row], setting: &Setting) -> Result<(), String> {
    let document = serde_json::json!({
        "schema": "bench-redact/1",
        "peers": setting.peers.versions(),
        "rows": rows.iter().map(Row::json).collect::<Vec<_>>(),
        "goals": goals::json(rows),
    });
    std::fs::write(file, format!("{document:#}\n")).map_err(|error| format!("{}: {error}", file.display()))
}
