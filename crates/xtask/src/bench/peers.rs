//! Programs of others, from Debian and PyPI.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::place::Input;

/// A peer and the package it comes in.
pub(crate) struct Peer {
    pub(crate) program: &'static str,
    pub(crate) package: &'static str,
}

pub(crate) const LNAV: Peer = Peer { program: "lnav", package: "lnav" };
pub(crate) const PROMTOOL: Peer = Peer { program: "promtool", package: "prometheus" };

impl Peer {
    /// The peer's first line about its version, or what to install.
    pub(crate) fn version(&self, question: &str) -> Result<String, String> {
        let missing = |_| format!("not installed: apt-get install {}", self.package);
        let said = Command::new(self.program).arg(question).output().map_err(missing)?;
        let text = [said.stdout, said.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        let line = text.lines().next().unwrap_or(self.program);
        Ok(line.split(" (").next().unwrap_or(line).to_owned())
    }
}

/// JSON Lines → Parquet with the codec of our store, on one thread; prints the number of rows.
const DUCKDB_INGEST: &str = "
import duckdb, sys
duckdb.sql('set threads = 1')
duckdb.sql(f\"copy (select * from read_json('{sys.argv[1]}', format = 'newline_delimited')) to '{sys.argv[2]}' (format parquet, compression zstd)\")
print('{\"records\":%d}' % duckdb.sql(f\"select count(*) from '{sys.argv[2]}'\").fetchall()[0][0])
";

/// The interpreter that tests/setup installed DuckDB for.
pub(crate) fn python() -> Option<PathBuf> {
    let cache = || {
        let user = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let user = user.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")));
        user.map(|user| user.join("probity-tests/venv/bin/python"))
    };
    let python = std::env::var_os("PROBITY_TEST_PYTHON").map(PathBuf::from).or_else(cache)?;
    python.exists().then_some(python)
}

/// DuckDB writes `input` as Parquet into `folder`.
pub(crate) fn duckdb(python: &Path, input: &Input, folder: &Path) -> Command {
    let mut command = Command::new(python);
    command.args(["-c", DUCKDB_INGEST, input.name()]).arg(folder.join("duckdb.parquet"));
    command
}
