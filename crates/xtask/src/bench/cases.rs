//! What is measured, one function a case.

use std::path::Path;
use std::process::Command;

use super::contest::{Runner, hold};
use super::fides;
use super::measure::measure;
use super::package;
use super::peers::{self, LNAV, PROMTOOL, Peer};
use super::place::{Input, Place, cargo, root, target};
use super::privacy;
use super::rules;
use super::schema;
use super::start;
use super::table::Table;
use crate::generate::Kind;

/// One question of the benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// Time of a release build from nothing.
    Build,
    /// The stripped binary.
    Size,
    /// `--version`, and `evaluate` on a small store and on that of the demo data.
    Start,
    /// JSON Lines into the store.
    Jsonl,
    /// Prometheus text, parsed only.
    Prometheus,
    /// Access log, parsed only.
    AccessLog,
    /// Append and verify.
    Ledger,
    /// Build and verify packages. Needs 6 GB on the disk.
    Package,
    /// Export and erase in PostgreSQL. Needs a server and 3 GB on its disk.
    Privacy,
    /// The same of a small person, beside Fides. Needs PostgreSQL and Redis, and installs Fides: 0.8 GB.
    PrivacyFides,
    /// A data map of 200 tables. Needs PostgreSQL.
    PrivacySchema,
    /// Every pack over a large project, and a thousand rules over kept facts.
    Rules,
}

impl Case {
    const ALL: [(&'static str, Case); 10] = [
        ("build", Case::Build),
        ("size", Case::Size),
        ("start", Case::Start),
        ("jsonl", Case::Jsonl),
        ("prometheus", Case::Prometheus),
        ("accesslog", Case::AccessLog),
        ("ledger", Case::Ledger),
        ("package", Case::Package),
        ("privacy", Case::Privacy),
        ("rules", Case::Rules),
    ];
    pub(crate) const DEFAULT: [Case; 6] =
        [Case::Size, Case::Start, Case::Jsonl, Case::Prometheus, Case::AccessLog, Case::Ledger];

    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        let found = Case::ALL.into_iter().find(|(known, _)| *known == name);
        found.map(|(_, case)| case).ok_or_else(|| format!("{name:?} is no case"))
    }

    pub(crate) fn run(self, place: &Place) -> Result<Table, String> {
        match self {
            Case::Build => build(place),
            Case::Size => size(place),
            Case::Start => start::table(place),
            Case::Jsonl => jsonl(place),
            Case::Prometheus => prometheus(place),
            Case::AccessLog => accesslog(place),
            Case::Ledger => ledger(place),
            Case::Package => package::table(place),
            Case::Privacy => privacy::table(place),
            Case::PrivacyFides => fides::table(place),
            Case::PrivacySchema => schema::table(place),
            Case::Rules => rules::table(place),
        }
    }
}

fn build(place: &Place) -> Result<Table, String> {
    let folder = place.fresh("build")?;
    let mut command = with("cargo", &["build", "--release", "--locked", "--package", "probity"]);
    let cost = measure(command.current_dir(root()).env("CARGO_TARGET_DIR", &folder), None)?;
    std::fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    if cost.code != Some(0) {
        return Err("the release build failed".to_owned());
    }
    let mut table = Table::new("Release build from nothing", &["wall s", "CPU s", "peak RSS MB of one process"]);
    table.row(&[format!("{:.0}", cost.wall), format!("{:.0}", cost.cpu), format!("{:.0}", cost.peak as f64 / 1e6)]);
    Ok(table)
}

fn size(place: &Place) -> Result<Table, String> {
    let stripped = place.folder.join("probity-stripped");
    let strip = Command::new("strip").arg("-o").arg(&stripped).arg(&place.binary).status();
    if !strip.is_ok_and(|status| status.success()) {
        return Err("strip (Debian: binutils) failed".to_owned());
    }
    let bytes = |path: &Path| path.metadata().map(|meta| meta.len() as f64 / 1e6).map_err(|error| error.to_string());
    let mut table = Table::new("Size of the binary", &["as built, MB", "stripped, MB"]);
    table.row(&[format!("{:.1}", bytes(&place.binary)?), format!("{:.1}", bytes(&stripped)?)]);
    Ok(table)
}

/// Runs what prepares a case; anything but success is an error.
pub(super) fn succeed(place: &Place, arguments: &[&str], folder: &Path) -> Result<(), String> {
    let cost = measure(place.probity(arguments).current_dir(folder), None)?;
    if cost.code == Some(0) { Ok(()) } else { Err(format!("probity {}: {:?}", arguments.join(" "), cost.code)) }
}

fn jsonl(place: &Place) -> Result<Table, String> {
    let input = place.input(Kind::Jsonl, 512_000_000)?;
    let fresh = || {
        let folder = place.fresh("project")?;
        succeed(place, &["init", "."], &folder)?;
        let mut command = place.probity(&["ingest", "--kind", "logs", "--format", "jsonlines", "--json", input.name()]);
        command.current_dir(folder);
        Ok(command)
    };
    let python = peers::python();
    let mut runners = vec![runner("probity ingest", fresh, records)];
    if let Some(python) = &python {
        let peer = || Ok(peers::duckdb(python, &input, &place.fresh("duckdb")?));
        runners.push(runner("DuckDB (Python), 1 thread", peer, records));
    }
    let table = throughput("JSON Lines → store, hashing and original included", &input, &runners, place)?;
    let peer = "DuckDB writes one Parquet file with zstd: no hash, no original, no rejected lines, no manifest.";
    Ok(table.note(if python.is_some() { peer } else { "DuckDB is not installed: tests/setup." }))
}

fn prometheus(place: &Place) -> Result<Table, String> {
    let input = place.input(Kind::Prometheus, 50_000_000)?;
    let probity = || Ok(check(place, &input, "prometheus"));
    let mut peer = runner("promtool check metrics", || Ok(with(PROMTOOL.program, &["check", "metrics"])), accepted);
    (peer.stdin, peer.codes) = (Some(input.path.clone()), &[0, 3]);
    let runners = vec![runner("probity ingest --check", probity, accepted), peer];
    beside("Prometheus text, parsed", &input, runners, (&PROMTOOL, "--version"), place)
        .map(|table| table.note("promtool also lints, and exits 3 for a name it does not like."))
}

fn accesslog(place: &Place) -> Result<Table, String> {
    let input = place.input(Kind::AccessLog, 100_000_000)?;
    let probity = || Ok(check(place, &input, "access-log"));
    let count = ";SELECT sc_status, count(*) AS n FROM access_log GROUP BY 1";
    let lnav = || Ok(with(LNAV.program, &["-n", "-N", "-c", count, "-c", ":write-csv-to -", input.name()]));
    let runners =
        vec![runner("probity ingest --check", probity, records), runner("lnav, count by status", lnav, sum_of_csv)];
    beside("Access log, parsed", &input, runners, (&LNAV, "-V"), place)
        .map(|table| table.note("lnav also builds its index; its counts by status add up to the records of probity."))
}

/// `probity ingest --check` of one file.
fn check(place: &Place, input: &Input, format: &str) -> Command {
    place.probity(&["ingest", "--check", "--format", format, "--json", input.name()])
}

type Answer = fn(&str) -> Result<String, String>;

fn runner<'a>(name: &str, command: impl Fn() -> Result<Command, String> + 'a, answer: Answer) -> Runner<'a> {
    Runner { name: name.to_owned(), command: Box::new(command), stdin: None, codes: &[0], answer }
}

/// A contest with one peer, which is the last of `runners` and may not be installed.
fn beside(
    title: &str,
    input: &Input,
    mut runners: Vec<Runner<'_>>,
    (peer, question): (&Peer, &str),
    place: &Place,
) -> Result<Table, String> {
    let note = match peer.version(question) {
        Ok(version) => format!("Peer: {version}."),
        Err(missing) => {
            runners.pop();
            format!("{} is {missing}.", peer.program)
        }
    };
    Ok(throughput(title, input, &runners, place)?.note(&note))
}

fn throughput(title: &str, input: &Input, runners: &[Runner<'_>], place: &Place) -> Result<Table, String> {
    let costs = hold(runners, place.rounds)?;
    let rows: Vec<_> = runners.iter().map(|runner| runner.name.clone()).zip(costs.iter().map(Vec::as_slice)).collect();
    Ok(Table::throughput(title, input.bytes, &rows))
}

fn with(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// The number after `"records":` in a result.
fn records(output: &str) -> Result<String, String> {
    let (_, rest) = output.split_once("\"records\":").ok_or("no \"records\" in its result")?;
    Ok(rest.trim_start().chars().take_while(char::is_ascii_digit).collect())
}

/// Nothing is counted on both sides: the exit code is the answer.
fn accepted(_: &str) -> Result<String, String> {
    Ok("accepted".to_owned())
}

/// The last column of a CSV with a heading, added up.
fn sum_of_csv(output: &str) -> Result<String, String> {
    let counts = output.lines().skip(1).filter_map(|line| line.rsplit(',').next());
    let counts: Result<Vec<u64>, _> = counts.map(|count| count.trim().parse()).collect();
    counts.map(|counts| counts.iter().sum::<u64>().to_string()).map_err(|error| format!("{error} in {output:?}"))
}

/// The ledger measures itself: its example `rates` prints its own figures.
fn ledger(place: &Place) -> Result<Table, String> {
    let example = ["--release", "--locked", "--package", "probity-ledger", "--example", "rates"];
    cargo(&[&["build"], &example[..]].concat(), &target())?;
    let program = target().join("release/examples/rates");
    let cost = measure(Command::new(&program).arg(place.fresh("ledger")?.join("log")), None)?;
    if cost.code != Some(0) {
        return Err(format!("{} ended with {:?}", program.display(), cost.code));
    }
    let printed = format!("```text\n{}\n```", cost.output.trim_end());
    Ok(Table::prose("Ledger: `crates/ledger/examples/rates.rs`", &printed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_found_in_what_programs_print() {
        assert_eq!(records(r#"{"schema":"ingest/1","records": 4711,"rejected":0}"#).as_deref(), Ok("4711"));
        assert_eq!(sum_of_csv("sc_status,n\n200,40\n503,2\n").as_deref(), Ok("42"));
        assert!(records("{}").is_err());
        assert!(sum_of_csv("a,b\n1,x\n").is_err());
    }

    #[test]
    fn every_case_has_a_name() {
        assert!(Case::DEFAULT.into_iter().all(|case| Case::ALL.iter().any(|(_, known)| *known == case)));
        assert!(Case::parse("jsonl").is_ok() && Case::parse("json").is_err());
    }
}
