//! One connection, its settings, and questions to it. A connection that broke is made anew, outside transactions only.

use std::time::{Duration, Instant};

use model::Fault;
use privacy::row::Cell;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{ConnectOptions as _, Row as _};
use tokio::runtime::Runtime;

use super::address::Address;
use super::faults;
use crate::access::Access;
use crate::sql::{self, Beside, Bind, Statement};

/// How much longer than its statements may take a server may be silent before the connection counts as broken.
const SILENCE: Duration = Duration::from_secs(30);

/// Where no statement has a limit. A year, because clocks do not take the largest number.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// How long a transaction may stand idle; a client that is gone would hold its locks as long.
const IDLE: Duration = Duration::from_secs(600);

/// What every connection is set to, whatever role, database and environment say.
const SETTINGS: &str = "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'iso_8601'; \
    SET extra_float_digits = 1; SET bytea_output = 'hex'; SET standard_conforming_strings = on; SET lc_monetary = 'C'; \
    SET xmlbinary = 'base64'; SET xmloption = 'content'; SET client_encoding = 'UTF8'; SET client_min_messages = 'error'; \
    SET jit = off; SET search_path = pg_catalog, pg_temp";

pub(super) struct Session {
    address: Address,
    access: Access,
    runtime: Runtime,
    connection: Option<PgConnection>,
    in_transaction: bool,
    /// Whether server, database or role let transactions only read by default: whoever set that does not want changes.
    reads_only: bool,
    /// The schema whose tables are named without it.
    pub(super) schema: String,
    /// Where the role looks for names: what its triggers and functions rely on.
    search_path: String,
}

impl Beside for Session {
    fn beside(&self) -> Result<Session, Fault> {
        let mut session = Session::new(self.address.clone(), &self.access)?;
        session.connect()?;
        Ok(session)
    }
}

impl Session {
    pub(super) fn new(address: Address, access: &Access) -> Result<Self, Fault> {
        let runtime = sql::runtime()?;
        let (access, schema) = (access.clone(), "public".to_owned());
        let search_path = String::new();
        Ok(Session {
            address,
            access,
            runtime,
            connection: None,
            in_transaction: false,
            reads_only: false,
            schema,
            search_path,
        })
    }

    pub(super) fn label(&self) -> &str {
        &self.address.label
    }

    pub(super) fn is_read_only(&self) -> bool {
        self.access.read_only
    }

    /// Whether transactions only read by default.
    pub(super) fn reads_only(&self) -> bool {
        self.reads_only
    }

    /// Connects, and sets the session up.
    pub(super) fn connect(&mut self) -> Result<(), Fault> {
        if self.connection.is_some() {
            return Ok(());
        }
        if self.in_transaction {
            return Err(sql::unreachable(self.label(), "the connection broke in the transaction"));
        }
        let (options, limit) = (self.address.options.clone(), self.access.connect_timeout);
        // Some of it is done when the future is made, and looks for the runtime.
        let connected = self.runtime.block_on(async { sql::within(limit, options.connect()).await });
        let connection = connected.map_err(|error| faults::fault(self.label(), error))?;
        self.connection = Some(connection);
        let names = self.rows(
            "SELECT coalesce(current_schema(), 'public')::text, current_setting('search_path'),
                current_setting('default_transaction_read_only')",
            3,
        )?;
        let mut names = names.into_iter().flatten().flatten();
        self.schema = names.next().unwrap_or_default();
        self.search_path = names.next().unwrap_or_default();
        self.reads_only = names.next().as_deref() == Some("on");
        self.run(SETTINGS)?;
        self.run(&format!(
            "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}; \
             SET default_transaction_read_only = {}",
            self.access.statement_timeout.as_millis(),
            self.access.lock_timeout.as_millis(),
            IDLE.as_millis(),
            if self.access.read_only { "on" } else { "off" },
        ))
    }

    /// How long the server may be silent.
    fn patience(&self) -> Option<Duration> {
        let limit = self.access.statement_timeout;
        (!limit.is_zero()).then(|| limit + SILENCE)
    }

    /// Asks; rows come one by one.
    pub(super) fn query(
        &mut self,
        statement: &Statement,
        width: usize,
        each: &mut dyn FnMut(Vec<Cell>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.connect()?;
        let patience = self.patience();
        let end = patience.and_then(|patience| Instant::now().checked_add(patience));
        let Session { address, runtime, connection, .. } = self;
        let Some(open) = connection else { return Err(sql::unreachable(&address.label, "there is no connection")) };
        let mut is_broken = false;
        let failed = |error: sqlx::Error| {
            is_broken = faults::is_broken(&error);
            faults::fault(&address.label, error)
        };
        let answer = sql::patient(bound(statement).fetch(open), patience.unwrap_or(FOREVER), end);
        let done = sql::drain(runtime, answer, failed, |row| each(texts(&address.label, &row, width)?));
        // What is left of an answer that nobody wants would have to be read to its end.
        if is_broken || done.is_err() && !self.in_transaction {
            self.connection = None;
        }
        done
    }

    /// All rows of a short question.
    pub(super) fn rows(&mut self, sql: &str, width: usize) -> Result<Vec<Vec<Cell>>, Fault> {
        let mut rows = Vec::new();
        self.query(&Statement::plain(sql), width, &mut |row| {
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }

    pub(super) fn execute(&mut self, statement: &Statement) -> Result<u64, Fault> {
        self.connect()?;
        let patience = self.patience();
        self.perform(patience, async |connection| {
            bound(statement).execute(connection).await.map(|done| done.rows_affected())
        })
    }

    /// Statements without rows and binds.
    pub(super) fn run(&mut self, sql: &str) -> Result<(), Fault> {
        self.connect()?;
        let (patience, statement) = (self.patience(), Statement::plain(sql));
        self.perform(patience, async |connection| {
            sqlx::raw_sql(statement.checked()).execute(connection).await.map(|_| ())
        })
    }

    /// As [`Session::run`], for as long as it takes.
    pub(super) fn run_long(&mut self, sql: &str) -> Result<(), Fault> {
        self.run("SET statement_timeout = 0")?;
        let statement = Statement::plain(sql);
        let done = self
            .perform(None, async |connection| sqlx::raw_sql(statement.checked()).execute(connection).await.map(|_| ()));
        self.limit_statements()?;
        done
    }

    fn perform<T>(
        &mut self,
        patience: Option<Duration>,
        act: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, Fault> {
        let label = self.address.label.clone();
        let Some(connection) = &mut self.connection else {
            return Err(sql::unreachable(&label, "there is no connection"));
        };
        let patience = patience.unwrap_or(FOREVER);
        self.runtime.block_on(sql::within(patience, act(connection))).map_err(|error| {
            if faults::is_broken(&error) {
                self.connection = None;
            }
            faults::fault(&label, error)
        })
    }

    /// Pieces of a COPY, as they come: as long as they come, the statement may take.
    pub(super) fn copy(
        &mut self,
        statement: &Statement,
        each: impl FnMut(bytes::Bytes) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.run("SET statement_timeout = 0")?;
        self.copy_in_time(statement, each)?;
        self.limit_statements()
    }

    /// As [`Session::copy`], within the limits of the moment.
    pub(super) fn copy_in_time(
        &mut self,
        statement: &Statement,
        each: impl FnMut(bytes::Bytes) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let patience = self.patience().unwrap_or(FOREVER);
        let Session { address, runtime, connection, .. } = self;
        let Some(open) = connection else { return Err(sql::unreachable(&address.label, "there is no connection")) };
        let failed = |error: sqlx::Error| faults::fault(&address.label, error);
        let done = match runtime.block_on(sql::within(patience, open.copy_out_raw(&statement.sql))) {
            Ok(stream) => sql::drain(runtime, sql::patient(stream, patience, None), failed, each),
            Err(error) => Err(failed(error)),
        };
        if done.is_err() {
            self.connection = None;
        }
        done
    }

    /// All that `act` asks is answered from one snapshot, however long it takes.
    pub(super) fn with_snapshot<T>(&mut self, act: impl FnOnce(&mut Session) -> Result<T, Fault>) -> Result<T, Fault> {
        self.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0")?;
        let answer = act(self).inspect_err(|_| {
            if self.connection.is_some() {
                self.rollback();
            }
        });
        answer.and_then(|answer| self.run("COMMIT").map(|()| answer))
    }

    /// Statements end after the time of the configuration.
    fn limit_statements(&mut self) -> Result<(), Fault> {
        self.run(&format!("SET statement_timeout = {}", self.access.statement_timeout.as_millis()))
    }

    pub(super) fn begin(&mut self) -> Result<(), Fault> {
        if self.access.read_only {
            return Err(Fault::unavailable("store-read-only", format!("{} is opened for reading", self.label()))
                .advise("Name the primary server, not a replica."));
        }
        self.connect()?;
        if self.reads_only {
            let message = format!("{}: transactions only read here (default_transaction_read_only)", self.label());
            return Err(Fault::unavailable("store-read-only", message)
                .advise("Nothing was changed. Name the primary server, or take the setting back for this user."));
        }
        // A standby does not know the word.
        self.run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").map_err(|fault| match fault.code() {
            "store-refused" => {
                Fault::unavailable("store-read-only", format!("{} is a standby: it cannot be written to", self.label()))
                    .advise("Nothing was changed. Name the primary server, or all hosts with `urls`.")
            }
            _ => fault,
        })?;
        self.in_transaction = true;
        // Triggers fire here, and look for names where their authors expect them. Our own names are qualified.
        self.look_as_the_role_does(true).inspect_err(|_| self.rollback())
    }

    /// Lets names be looked for where the role does: in the transaction, or until [`Session::look_nowhere`].
    pub(super) fn look_as_the_role_does(&mut self, is_local: bool) -> Result<(), Fault> {
        let sql = format!("SELECT set_config('search_path', $1, {is_local})");
        let statement = Statement { sql, binds: vec![Bind::Text(self.search_path.clone())] };
        self.execute(&statement).map(|_| ())
    }

    /// Lets no name be found that is not qualified or PostgreSQL's own.
    pub(super) fn look_nowhere(&mut self) -> Result<(), Fault> {
        self.run("SET search_path = pg_catalog, pg_temp")
    }

    /// A transaction that failed answers COMMIT with a rollback, and no error: it is asked whether it did.
    pub(super) fn commit(&mut self) -> Result<(), Fault> {
        let done = match self.connection.is_some() {
            true => self.run("SELECT 1").and_then(|()| {
                self.run("COMMIT").map_err(|fault| match fault.code() {
                    "store-unreachable" => faults::unknown(self.label()),
                    _ => fault,
                })
            }),
            false => Err(sql::unreachable(self.label(), "the connection broke in the transaction")),
        };
        if done.is_err() && self.connection.is_some() {
            let _ = self.run("ROLLBACK");
        }
        self.in_transaction = false;
        done
    }

    pub(super) fn rollback(&mut self) {
        if self.connection.is_some() && self.run("ROLLBACK").is_err() {
            // The server rolls back when the connection is gone.
            self.connection = None;
        }
        self.in_transaction = false;
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

fn bound(statement: &Statement) -> Query<'static> {
    let mut query = sqlx::query(statement.checked()).persistent(false);
    for bind in &statement.binds {
        query = match bind {
            Bind::Text(text) => query.bind(text.clone()),
            Bind::Texts(texts) => query.bind(texts.clone()),
        };
    }
    query
}

/// Every column is selected as text.
fn texts(store: &str, row: &PgRow, width: usize) -> Result<Vec<Cell>, Fault> {
    let text = |at| row.try_get_unchecked::<Option<String>, _>(at);
    let failed = |error: sqlx::Error| sql::unreachable(store, &format!("a value could not be read: {error}"));
    (0..width).map(text).collect::<Result<_, _>>().map_err(failed)
}
