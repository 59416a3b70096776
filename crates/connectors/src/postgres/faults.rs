//! What PostgreSQL said (SQLSTATE), in our codes. Its words are repeated only where they cannot hold a value of a row.

use model::Fault;
use sqlx::postgres::PgDatabaseError;

use crate::sql;

/// Whether the connection is of no use any more.
pub(super) fn is_broken(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            code.starts_with("57P") || code.starts_with("08")
        }
        _ => true,
    }
}

pub(super) fn fault(store: &str, error: sqlx::Error) -> Fault {
    let sqlx::Error::Database(error) = error else {
        return sql::driver(store, &error);
    };
    let Some(error) = error.try_downcast_ref::<PgDatabaseError>() else {
        return sql::unreachable(store, "it does not speak as PostgreSQL does");
    };
    let (code, message) = (error.code(), error.message());
    match code {
        "55P03" => locked(store),
        "40P01" | "40001" => {
            Fault::unavailable("store-deadlock", format!("{store}: another program changes the same rows"))
                .advise("Nothing was changed. Run the same command again.")
        }
        "57014" => Fault::unavailable("store-timeout", format!("{store}: a statement took longer than it may"))
            .advise("Make the index that the plan names, or raise `timeout` of the store."),
        "25006" => Fault::unavailable("store-read-only", format!("{store} cannot be written to: {message}"))
            .advise("Nothing was changed. Name the primary server, not a replica."),
        "53100" => Fault::unavailable("store-disk-full", format!("{store} has no room left"))
            .advise("Nothing was changed. Free some space there, then run the same command again."),
        "42501" => Fault::unavailable("store-permission", format!("{store}: {message}"))
            .advise("Grant the privilege to this user, then run the same command again."),
        "42P01" => Fault::unavailable("unknown-collection", format!("{store}: {message}"))
            .advise("Compare the data map with the store: `probity map check`."),
        "42703" => Fault::unavailable("unknown-field", format!("{store}: {message}"))
            .advise("Compare the data map with the store: `probity map check`."),
        _ if code.starts_with("23") => broken(store, error),
        _ if code.starts_with("28") => Fault::unavailable("store-login-refused", format!("{store}: {message}"))
            .advise("Check user and password of this store; nothing was read or changed."),
        _ if code.starts_with("57P") || code.starts_with("08") || code.starts_with("53") || code == "3D000" => {
            sql::unreachable(store, message)
        }
        // Messages of class 22 and of triggers repeat values.
        _ if code.starts_with("42") => refused(store, &format!("{message} (SQLSTATE {code})")),
        _ => refused(store, &format!("SQLSTATE {code}")),
    }
}

fn locked(store: &str) -> Fault {
    Fault::unavailable("store-lock-timeout", format!("{store}: rows stayed locked by another program"))
        .advise("Nothing was changed. Run the same command again when the other program is done.")
}

fn refused(store: &str, why: &str) -> Fault {
    Fault::unavailable("store-refused", format!("{store}: a statement was refused: {why}"))
        .advise("Nothing was changed. Compare the data map with the store: `probity map check`; the server's log has the whole message.")
}

fn broken(store: &str, error: &PgDatabaseError) -> Fault {
    let table = error.table().map_or_else(String::new, |table| format!(" of table {table}"));
    let what = match (error.constraint(), error.column()) {
        (Some(constraint), _) => format!("the constraint {constraint}{table} would be broken"),
        (None, Some(column)) => format!("the column {column}{table} must have a value"),
        (None, None) => format!("a constraint{table} would be broken"),
    };
    Fault::unavailable("constraint-broken", format!("{store}: {what}"))
        .advise("Nothing was changed. Let the plan cover the rows that refer to what is deleted, then make it again.")
}

/// The connection broke in COMMIT.
pub(super) fn unknown(store: &str) -> Fault {
    Fault::unavailable("commit-unknown", format!("{store}: the connection broke while the changes were committed"))
        .advise("They may have been made or not. Run the same command with `--resume`: it reads every row again.")
}
