//! One connection: opened, pinned, made anew when it broke outside a transaction.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use model::Fault;
use privacy::row::Cell;
use privacy::store::Standing;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlRow, MySqlSslMode};
use sqlx::{ConnectOptions as _, Row as _};
use tokio::runtime::Runtime;

use super::faults::{commit_unknown, fault};
use crate::access::{Access, Tls};
use crate::sql::{self, Beside, Bind, Statement};

/// How long, in seconds, the server waits for this side to take an answer: other stores may be asked between two rows.
const READING: u32 = 600;
/// How much longer than the server itself this side waits.
const GRACE: Duration = Duration::from_secs(2);
/// How much longer than the limit of a statement its rows may come.
const SILENCE: Duration = Duration::from_secs(30);

pub(super) struct Session {
    /// For people: host, port, database.
    host: String,
    options: MySqlConnectOptions,
    access: Access,
    runtime: Runtime,
    /// `None`: it broke.
    connection: Option<MySqlConnection>,
    in_transaction: bool,
    /// The server ends statements that take longer than the configuration says.
    is_limited: bool,
    version: String,
}

type Query<'q> = sqlx::query::Query<'q, sqlx::MySql, sqlx::mysql::MySqlArguments>;

fn bound(statement: &Statement) -> Query<'static> {
    let mut query = sqlx::query(statement.checked()).persistent(false);
    for bind in &statement.binds {
        query = match bind {
            Bind::Text(text) => query.bind(text.clone()),
            Bind::Texts(texts) => query.bind(sql::array(texts.iter().map(Option::as_deref))),
        };
    }
    query
}

/// The text of a value: only texts are asked for.
pub(super) fn text(row: &MySqlRow, at: usize) -> Cell {
    let bytes = row.try_get_unchecked::<Option<&[u8]>, _>(at).ok()??;
    Some(String::from_utf8_lossy(bytes).into_owned())
}

fn options(url: &str, access: &Access) -> Result<(String, MySqlConnectOptions), Fault> {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let bad = |why: &str| {
        Fault::bad_config("bad-store-address", format!("The address of the store {why}"))
            .advise("Write mysql://USER@HOST:PORT/DATABASE.")
    };
    let mut options: MySqlConnectOptions = format!("mysql://{rest}").parse().map_err(|_| bad("cannot be read"))?;
    let Some(database) = options.get_database().filter(|name| !name.is_empty()).map(str::to_owned) else {
        return Err(bad("names no database"));
    };
    let server = options.get_host().to_owned();
    let host = format!("{server}:{}/{database}", options.get_port());
    if let Some(user) = &access.user {
        options = options.username(user);
    }
    if let Some(password) = &access.password {
        options = options.password(password);
    }
    // A socket of the file system is on this machine.
    let is_local = options.get_socket().is_some();
    options = options.ssl_mode(match (!is_local && access.tls.wanted(&server), access.tls, &access.password) {
        (true, ..) => MySqlSslMode::VerifyIdentity,
        // Newer servers take a password over an encrypted connection only, on this machine too, where nobody listens.
        (false, Tls::Auto, Some(_)) if !is_local => MySqlSslMode::Preferred,
        (false, ..) => MySqlSslMode::Disabled,
    });
    if let Some(ca) = &access.ca {
        let path = access.folder.join(ca);
        let pem = std::fs::read(&path).map_err(|error| Fault::io("open", &path, error))?;
        options = options.ssl_ca_from_pem(pem);
    }
    Ok((host, options.statement_cache_capacity(0)))
}

impl Beside for Session {
    fn beside(&self) -> Result<Session, Fault> {
        Session::to(self.host.clone(), self.options.clone(), self.access.clone())
    }
}

impl Session {
    pub(super) fn open(url: &str, access: &Access) -> Result<Session, Fault> {
        let (host, options) = options(url, access)?;
        Session::to(host, options, access.clone())
    }

    fn to(host: String, options: MySqlConnectOptions, access: Access) -> Result<Session, Fault> {
        let runtime = sql::runtime()?;
        let mut session = Session {
            host,
            options,
            access,
            runtime,
            connection: None,
            in_transaction: false,
            is_limited: true,
            version: String::new(),
        };
        session.connect()?;
        Ok(session)
    }

    fn connect(&mut self) -> Result<(), Fault> {
        let opened = sql::within(self.access.connect_timeout, self.options.connect());
        let connection = self.runtime.block_on(opened).map_err(|error| fault(&self.host, error))?;
        self.connection = Some(connection);
        self.pin().inspect_err(|_| self.connection = None)
    }

    /// What depends on the server's settings otherwise.
    fn pin(&mut self) -> Result<(), Fault> {
        let version = self.one("SELECT VERSION()")?.unwrap_or_default();
        let is_maria = version.contains("MariaDB");
        let number = version.split('-').next().unwrap_or_default();
        self.version = format!("{} {number}", if is_maria { "MariaDB" } else { "MySQL" });
        let lock = self.access.lock_timeout.as_secs().max(1);
        // Where statements are logged as text, READ COMMITTED cannot write.
        let by_text = self.one("SELECT CAST(@@global.log_bin AND @@session.binlog_format = 'STATEMENT' AS CHAR)")?;
        let isolation = if by_text.as_deref() == Some("1") { "REPEATABLE READ" } else { "READ COMMITTED" };
        let mut words = vec![
            "SET NAMES utf8mb4".to_owned(),
            format!(
                "SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
                 innodb_lock_wait_timeout = {lock}, lock_wait_timeout = {lock}, sql_safe_updates = 0, net_write_timeout = {READING}"
            ),
            self.limit(self.access.statement_timeout),
            format!("SET SESSION TRANSACTION ISOLATION LEVEL {isolation}"),
        ];
        if is_maria {
            // A long list is looked up in the index, not made a table of.
            words.push("SET SESSION in_predicate_conversion_threshold = 0".to_owned());
        }
        if self.access.read_only {
            words.push("SET SESSION TRANSACTION READ ONLY".to_owned());
        }
        for word in words {
            self.execute(&Statement::plain(word))?;
        }
        Ok(())
    }

    fn limit(&self, time: Duration) -> String {
        match self.is_maria() {
            true => format!("SET SESSION max_statement_time = {:.3}", time.as_secs_f64()),
            false => format!("SET SESSION max_execution_time = {}", time.as_millis()),
        }
    }

    /// Lets the statements of `act` take as long as they do, as long as rows come.
    pub(super) fn without_limit<T>(&mut self, act: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        self.execute(&Statement::plain(self.limit(Duration::ZERO)))?;
        self.is_limited = false;
        let done = act(self);
        self.is_limited = true;
        // A new connection has its limit already.
        if self.connection.is_some() {
            self.execute(&Statement::plain(self.limit(self.access.statement_timeout)))?;
        }
        done
    }

    pub(super) fn version(&self) -> &str {
        &self.version
    }

    pub(super) fn rebuilds(&self) -> bool {
        self.access.rebuild
    }

    pub(super) fn is_maria(&self) -> bool {
        self.version.starts_with("MariaDB")
    }

    /// MySQL 8.0.4 and MariaDB 10.6 have `JSON_TABLE`.
    pub(super) fn has_json_table(&self) -> bool {
        let number = self.version.split(' ').nth(1).unwrap_or_default();
        let mut parts = number.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        let version = [parts.next(), parts.next(), parts.next()].map(Option::unwrap_or_default);
        version >= if self.is_maria() { [10, 6, 0] } else { [8, 0, 4] }
    }

    /// How long this side waits for one answer, or for the next row of it.
    fn patience(&self) -> Duration {
        match self.access.statement_timeout {
            Duration::ZERO => Duration::MAX,
            time => time.saturating_add(GRACE),
        }
    }

    /// The connection at hand, or a new one where none of its past is needed.
    fn ready(&mut self) -> Result<(), Fault> {
        match (&self.connection, self.in_transaction) {
            (Some(_), _) => Ok(()),
            (None, true) => Err(sql::unreachable(&self.host, "the connection broke in the transaction")),
            (None, false) => self.connect(),
        }
    }

    /// A connection that broke is not used again; nor is one whose transaction the server gave up for a deadlock: the next
    /// statement would be a transaction of its own, and stay.
    fn judged<T>(&mut self, outcome: Result<T, Fault>) -> Result<T, Fault> {
        outcome.inspect_err(|fault| {
            let is_given_up = ["store-deadlock", "store-lock-timeout"].contains(&fault.code()) && self.in_transaction;
            if is_given_up || ["store-unreachable", "store-timeout", "store-endless"].contains(&fault.code()) {
                self.connection = None;
            }
        })
    }

    /// Gives each row of a question to `each`.
    pub(super) fn each(
        &mut self,
        statement: &Statement,
        mut each: impl FnMut(&MySqlRow) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.ready()?;
        let (patience, mut is_theirs) = (self.patience(), false);
        let end = self.is_limited.then(|| Instant::now().checked_add(patience.saturating_add(SILENCE))).flatten();
        let Session { runtime, connection: Some(connection), host, .. } = self else { return Ok(()) };
        let stream = sql::patient(bound(statement).fetch(connection).boxed_local(), patience, end);
        let outcome =
            sql::drain(runtime, stream, |error| fault(host, error), |row| each(&row).inspect_err(|_| is_theirs = true));
        if is_theirs {
            return outcome;
        }
        self.judged(outcome)
    }

    /// All rows of a short question.
    pub(super) fn texts(&mut self, sql: &str, binds: &[&str]) -> Result<Vec<Vec<Cell>>, Fault> {
        let binds = binds.iter().map(|bind| Bind::Text((*bind).to_owned())).collect();
        let mut rows = Vec::new();
        self.each(&Statement { sql: sql.to_owned(), binds }, |row| {
            rows.push((0..row.len()).map(|at| text(row, at)).collect());
            Ok(())
        })?;
        Ok(rows)
    }

    /// The first cell of the first row.
    pub(super) fn one(&mut self, sql: &str) -> Result<Cell, Fault> {
        Ok(self.texts(sql, &[])?.into_iter().next().and_then(|row| row.into_iter().next()).flatten())
    }

    /// Runs a change; says how many rows it met.
    pub(super) fn execute(&mut self, statement: &Statement) -> Result<u64, Fault> {
        self.ready()?;
        let patience = self.patience();
        let Session { runtime, connection: Some(connection), host, .. } = self else { return Ok(0) };
        let done = runtime.block_on(sql::within(patience, bound(statement).execute(connection)));
        let outcome = done.map(|done| done.rows_affected()).map_err(|error| fault(host, error));
        self.judged(outcome)
    }

    pub(super) fn begin(&mut self) -> Result<(), Fault> {
        self.in_transaction = false;
        if self.access.read_only || self.is_read_only()? {
            return Err(Fault::unavailable(
                "store-read-only",
                format!("{}: the server cannot be written to", self.host),
            )
            .advise("Nothing was changed. Name the host that can be written to, or all of them with `urls`."));
        }
        self.raw("START TRANSACTION READ WRITE")?;
        self.in_transaction = true;
        Ok(())
    }

    pub(super) fn commit(&mut self) -> Result<(), Fault> {
        // Without a connection nothing is sent, and the server has rolled back.
        let was_open = self.connection.is_some();
        let outcome = self.raw("COMMIT");
        self.in_transaction = false;
        match outcome {
            Err(fault) if was_open && self.connection.is_none() => Err(commit_unknown(&self.host).caused_by(fault)),
            Err(fault) => {
                self.connection = None;
                Err(fault)
            }
            Ok(()) => Ok(()),
        }
    }

    pub(super) fn rollback(&mut self) {
        // Without an answer the server rolls back when the connection is gone.
        if self.connection.is_some() && self.raw("ROLLBACK").is_err() {
            self.connection = None;
        }
        self.in_transaction = false;
    }

    /// A statement that cannot be prepared.
    fn raw(&mut self, sql: &'static str) -> Result<(), Fault> {
        self.ready()?;
        let patience = self.patience();
        let Session { runtime, connection: Some(connection), host, .. } = self else { return Ok(()) };
        let done = runtime.block_on(sql::within(patience, async { sqlx::raw_sql(sql).execute(connection).await }));
        let outcome = done.map(drop).map_err(|error| fault(host, error));
        self.judged(outcome)
    }

    /// Whether the server is read-only, and how far a replica is behind, where this user may ask that.
    pub(super) fn standing(&mut self) -> Result<Standing, Fault> {
        let read_only = self.is_read_only()?;
        let mut behind = None;
        for question in ["SHOW REPLICA STATUS", "SHOW SLAVE STATUS"] {
            match self.behind(question) {
                Ok(seconds) => {
                    behind = seconds;
                    break;
                }
                Err(fault) if ["store-refused", "store-permission"].contains(&fault.code()) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(Standing { read_only, behind: behind.map(Duration::from_secs) })
    }

    fn is_read_only(&mut self) -> Result<bool, Fault> {
        let word = self.one("SELECT CAST(@@global.read_only AS CHAR)")?;
        Ok(!matches!(word.as_deref(), Some("0" | "OFF") | None))
    }

    fn behind(&mut self, question: &str) -> Result<Option<u64>, Fault> {
        let mut behind = None;
        self.each(&Statement::plain(question), |row| {
            for name in ["Seconds_Behind_Source", "Seconds_Behind_Master"] {
                if let Ok(seconds) = row.try_get_unchecked::<Option<i64>, _>(name) {
                    behind = seconds.and_then(|seconds| u64::try_from(seconds).ok());
                }
            }
            Ok(())
        })?;
        Ok(behind)
    }
}
