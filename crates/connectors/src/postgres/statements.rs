//! What PostgreSQL's extension `pg_stat_statements` counted (PostgreSQL 18 documentation, F.32).

use model::Fault;

use super::address;
use super::session::Session;
use crate::Access;
use crate::server::{Counted, ROWS_MAX, Statements};

/// Where the extension stands, as SQL names it.
const SCHEMA: &str = "SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace \
    WHERE e.extname = 'pg_stat_statements'";

/// What the extension shows in place of a statement of somebody else.
const HIDDEN: &str = "<insufficient privilege>";

pub(crate) fn statements(url: &str, access: &Access) -> Result<Option<Statements>, Fault> {
    let mut session = Session::new(address::read(url, access)?, access)?;
    session.connect()?;
    let schema = session.rows(SCHEMA, 1)?.into_iter().flatten().flatten().next();
    let Some(schema) = schema else { return Ok(None) };
    let about = session.rows(
        &format!(
            "SELECT to_char(stats_reset AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), dealloc::text
            FROM {schema}.pg_stat_statements_info"
        ),
        2,
    )?;
    let rows = session.rows(
        &format!(
            "SELECT coalesce(r.rolname::text, s.userid::text), s.query, s.calls::text
            FROM {schema}.pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
            LEFT JOIN pg_roles r ON r.oid = s.userid
            WHERE d.datname = current_database() AND s.calls > 0 ORDER BY s.calls DESC, 1, 2 LIMIT {}",
            ROWS_MAX + 1
        ),
        3,
    )?;
    let about = about.into_iter().next().unwrap_or_default();
    let cell = |row: &[Option<String>], index: usize| row.get(index).cloned().flatten().unwrap_or_default();
    let is_hidden = |row: &Vec<Option<String>>| cell(row, 1) == HIDDEN || cell(row, 1).is_empty();
    let hidden = rows.iter().filter(|row| is_hidden(row)).count() as u64;
    let counted = |row: &Vec<Option<String>>| Counted {
        account: cell(row, 0),
        text: cell(row, 1),
        calls: cell(row, 2).parse().unwrap_or_default(),
    };
    Ok(Some(Statements {
        since: Some(cell(&about, 0)).filter(|text| !text.is_empty()),
        evicted: cell(&about, 1) != "0" || rows.len() > ROWS_MAX,
        hidden,
        counted: rows.iter().filter(|row| !is_hidden(row)).take(ROWS_MAX).map(counted).collect(),
    }))
}
