//! After a deletion: what freed pages, logs and backups still hold, and what can be done about it.

use model::Fault;
use privacy::catalog::Collection;
use privacy::row::Cell;

use super::MySql;
use super::session::Session;
use crate::sql::{self, Engine as _};

/// Rebuilds the tables where the configuration asks for it: that costs what the table is large, not what was deleted.
pub(super) fn compact(store: &mut MySql, collections: &[&Collection]) -> Result<Vec<String>, Fault> {
    let tables: Vec<(&str, String)> = collections
        .iter()
        .filter(|collection| !collection.read_only)
        .map(|collection| (collection.name.as_str(), store.table(collection)))
        .collect();
    let mut said = match store.session.rebuilds() {
        true => rebuild(&mut store.session, &tables)?,
        false if tables.is_empty() => Vec::new(),
        false => vec![format!(
            "{}: freed pages keep deleted rows until InnoDB purges them and uses the space again. To have the tables rebuilt (OPTIMIZE TABLE), set rebuild = true for this store.",
            names(tables.iter().map(|(name, _)| *name))
        )],
    };
    said.extend(elsewhere(&mut store.session)?);
    Ok(said)
}

/// Writes each table anew without the space of deleted rows.
fn rebuild(session: &mut Session, tables: &[(&str, String)]) -> Result<Vec<String>, Fault> {
    let optimise = |session: &mut Session, (_, table): &(&str, String)| -> Result<Option<String>, Fault> {
        // It answers in rows; what went wrong is a row as well.
        let answers = session.without_limit(|session| session.texts(&format!("OPTIMIZE TABLE {table}"), &[]));
        match answers {
            Err(fault) if fault.code() == "store-unreachable" => Err(fault),
            Err(fault) => Ok(Some(fault.message().to_owned())),
            Ok(answers) => {
                let word = |row: &Vec<Cell>| row.get(2).cloned().flatten().unwrap_or_default();
                let wrong = answers.into_iter().find(|row| word(row).eq_ignore_ascii_case("error"));
                Ok(wrong.map(|row| row.get(3).cloned().flatten().unwrap_or_default()))
            }
        }
    };
    // Rebuilding is the disk's work: a second connection helps even with few rows.
    let outcomes = sql::side_by_side(session, tables, u64::MAX, optimise)?;
    let outcomes: Vec<(&str, Option<String>)> = tables.iter().map(|(name, _)| *name).zip(outcomes).collect();
    let done = names(outcomes.iter().filter(|(_, wrong)| wrong.is_none()).map(|(name, _)| *name));
    let mut said = Vec::new();
    if !done.is_empty() {
        said.push(format!("{done}: rebuilt (OPTIMIZE TABLE), without the space of deleted rows."));
    }
    said.extend(outcomes.into_iter().filter_map(|(name, wrong)| {
        Some(format!("{name} was not rebuilt ({}): freed pages keep deleted rows until they are used again.", wrong?))
    }));
    Ok(said)
}

fn names<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// What no statement takes away.
fn elsewhere(session: &mut Session) -> Result<Vec<String>, Fault> {
    let mut said =
        vec!["InnoDB's undo and redo logs hold what rows were until they are purged and written over.".to_owned()];
    let log = session.one("SELECT CAST(@@global.log_bin + 0 AS CHAR)")?;
    if log.as_deref() != Some("0") {
        said.push(
            "The binary log, and the relay logs of replicas, hold what rows were until they expire (binlog_expire_logs_seconds) or are purged (PURGE BINARY LOGS)."
                .to_owned(),
        );
    }
    said.push("Backups and replicas still hold what they held.".to_owned());
    Ok(said)
}
