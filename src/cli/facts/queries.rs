//! The fact `queries`: what logs of statements, and counts that servers keep of them, say of personal data.

mod tally;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use connectors::server;
use facts::queries::{Dialect, Logged, STACK, read_log};
use model::Fault;
use privacy::map::DataMap;
use rules::{Gap, Source};
use serde_json::{Value, json};

use super::{Collected, Context, Found, gap};
use crate::cli::data_map;
use crate::cli::stores::{self, QueryLog};
use tally::{Asked, Tally};

/// How long the logs of one store are read at most: somebody waits for the verdict.
const PATIENCE: Duration = Duration::from_secs(60);

/// What this program calls itself: that it has read a column is no sign that somebody needs it.
const OURSELVES: &str = "probity";

pub(super) fn collect(context: &Context, _: &BTreeSet<&str>) -> Found {
    let collected = match data_map::load_or_none(context) {
        Ok(None) => Collected::not_given("there is no data map here; `probity map scan` makes one"),
        Ok(Some(reading)) => {
            read(context, &reading.map).unwrap_or_else(|fault| Collected::failed("the logs of queries", &fault))
        }
        Err(fault) => Collected::failed("the data map", &fault),
    };
    vec![("queries", collected)]
}

/// What is told of every store together.
#[derive(Default)]
struct Told {
    logs: Vec<Value>,
    accesses: Vec<Value>,
    read: Vec<Value>,
    sources: Vec<Source>,
    gaps: Vec<Gap>,
}

fn read(context: &Context, map: &DataMap) -> Result<Collected, Fault> {
    let mut told = Told::default();
    for log in stores::query_logs(context) {
        let Some(dataset) = map.datasets.iter().find(|dataset| dataset.store == log.store) else { continue };
        let dialect = match server::kind(&log.url) {
            Some("postgresql") => Dialect::PostgreSql,
            Some("mariadb") => Dialect::MariaDb,
            _ => continue,
        };
        let mut tally = Tally::new(dataset, dialect, database(&log.url));
        told.counts(context, &log, &mut tally);
        told.files(context, &log, &mut tally);
        let (accesses, read) = tally.finish(&log.store);
        told.accesses.extend(accesses);
        told.read.extend(read);
    }
    if told.logs.is_empty() && told.gaps.is_empty() {
        let why = "no store has a query_log, and no PostgreSQL has pg_stat_statements";
        return Ok(Collected::not_given(why));
    }
    let value = json!({"logs": told.logs, "accesses": told.accesses, "read": told.read});
    Ok(Collected::now(context, value, told.sources, told.gaps))
}

impl Told {
    /// What the server counted.
    fn counts(&mut self, context: &Context, log: &QueryLog, tally: &mut Tally<'_>) {
        let asked = log.access(PATIENCE).and_then(|access| server::statements(&log.url, &access));
        let counted = match asked {
            Ok(None) => return,
            Ok(Some(counted)) => counted,
            Err(fault) => return self.gaps.push(gap(&format!("pg_stat_statements of {}", log.store), &fault)),
        };
        let begun = Instant::now();
        let mut is_whole = !counted.evicted && counted.hidden == 0;
        let taken = on_own_stack(|| {
            for one in &counted.counted {
                if begun.elapsed() > PATIENCE {
                    return false;
                }
                let is_tool = log.tools.contains(&one.account);
                tally.take(&Asked {
                    account: &one.account,
                    text: &one.text,
                    times: one.calls,
                    is_tool,
                    place: &log.store,
                });
            }
            true
        });
        is_whole &= taken;
        let gaps = tally.gaps(&log.store);
        if counted.hidden > 0 {
            let remedy = Some("GRANT pg_read_all_stats to the user of the store.".to_owned());
            let why = format!("{} statements of others are not shown to this user", counted.hidden);
            self.gaps.push(Gap { what: format!("pg_stat_statements of {}", log.store), why, remedy });
        }
        self.logs.push(json!({
            "store": log.store, "dataset": tally.dataset(), "kind": "statistics", "since": counted.since,
            "until": context.now().to_string(), "statements": counted.counted.iter().map(|one| one.calls).sum::<u64>(),
            "complete": is_whole && gaps.is_empty(), "place": log.store,
        }));
        self.gaps.extend(gaps);
        self.sources.push(Source { name: format!("pg_stat_statements of {}", log.store), digest: None });
    }

    /// The files of a store are one log, cut where they were rotated.
    fn files(&mut self, context: &Context, log: &QueryLog, tally: &mut Tally<'_>) {
        let begun = Instant::now();
        let (mut span, mut statements, mut is_whole) = (None::<(model::Instant, model::Instant)>, 0, true);
        let paths: Vec<PathBuf> = log.paths.iter().flat_map(|path| named(path)).collect();
        let Some(first) = paths.first() else { return };
        for path in &paths {
            let name = data_map::shown(context, path).display().to_string();
            let read = on_own_stack(|| one_file(path, &name, log, tally, begun));
            let mut gaps = tally.gaps(&name);
            match read {
                Err(fault) => gaps.push(gap(&name, &fault)),
                Ok(read) => {
                    gaps.extend(read.gaps(&name));
                    statements += read.statements;
                    let both = span.into_iter().chain(read.logged.span);
                    span = both.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
                    self.sources.push(Source { name, digest: Some(read.digest) });
                }
            }
            is_whole &= gaps.is_empty();
            self.gaps.extend(gaps);
        }
        self.logs.push(json!({
            "store": log.store, "dataset": tally.dataset(), "kind": "log",
            "since": span.map(|(since, _)| since.to_string()), "until": span.map(|(_, until)| until.to_string()),
            "statements": statements, "complete": is_whole, "place": data_map::shown(context, first).display().to_string(),
        }));
    }
}

/// What came of one file.
struct ReadFile {
    logged: Logged,
    statements: u64,
    digest: model::Digest,
    /// Whether patience ended before the file did.
    is_late: bool,
    bytes: u64,
}

impl ReadFile {
    /// What of it was not read.
    fn gaps(&self, name: &str) -> Vec<Gap> {
        let lines = self.logged.unread.map(|(line, count)| Gap {
            what: format!("{name}:{line}"),
            why: format!("{count} entries of the log, this the first, cannot be read or do not say who asked"),
            remedy: Some(
                "Of a plain log, let log_line_prefix end in `%u@%d `; better, set log_destination = 'jsonlog'.".into(),
            ),
        });
        let is_foreign = self.bytes > 0 && self.logged.span.is_none() && lines.is_none();
        let foreign = is_foreign.then(|| Gap {
            what: name.to_owned(),
            why: "it is no log that is known here: no entry has a time".to_owned(),
            remedy: Some("Unpack it where it is compressed; otherwise do not name it in query_log.".to_owned()),
        });
        let time = self.is_late.then(|| Gap {
            what: name.to_owned(),
            why: format!("the logs of one store are read for {} seconds, and these take longer", PATIENCE.as_secs()),
            remedy: Some("Name fewer of them.".to_owned()),
        });
        [lines, foreign, time].into_iter().flatten().collect()
    }
}

fn one_file(path: &Path, name: &str, log: &QueryLog, tally: &mut Tally<'_>, begun: Instant) -> Result<ReadFile, Fault> {
    let (mut statements, mut is_late) = (0, false);
    let mut hashed = Hashed {
        file: File::open(path).map_err(|error| Fault::io("open", path, error))?,
        hasher: seal::Hasher::new(),
        bytes: 0,
    };
    let logged = read_log(BufReader::with_capacity(1 << 16, &mut hashed), &mut |statement| {
        is_late |= begun.elapsed() > PATIENCE;
        if is_late || !tally.is_ours(&statement.database) {
            return;
        }
        statements += 1;
        let is_tool = statement.application == OURSELVES || log.tools.contains(&statement.account);
        let place = format!("{name}:{}", statement.line);
        let (account, text) = (statement.account.as_str(), statement.text.as_str());
        tally.take(&Asked { account, text, times: 1, is_tool, place: &place });
    });
    let logged = logged.map_err(|error| Fault::io("read", path, error))?;
    Ok(ReadFile { logged, statements, digest: hashed.hasher.finish(), is_late, bytes: hashed.bytes })
}

/// The file, or the files of the folder in the order of their names.
fn named(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(path) else { return vec![path.to_path_buf()] };
    let mut all: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    all.sort();
    all
}

/// The database at the end of an address; empty where it names none, and then statements of every database are ours.
fn database(url: &str) -> String {
    let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    path.split(['?', '/']).next().unwrap_or_default().to_owned()
}

/// Statements within statements need more stack than a thread has.
fn on_own_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(done)) => done,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(error) => std::panic::panic_any(format!("no thread could be started: {error}")),
        }
    })
}

struct Hashed {
    file: File,
    hasher: seal::Hasher,
    bytes: u64,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}
