//! Faults that every SQL store has.

use model::Fault;

/// What a driver says that is no word of the server.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) fn driver(store: &str, error: &sqlx::Error) -> Fault {
    use std::io::ErrorKind;

    match error {
        sqlx::Error::Io(io) if io.kind() == ErrorKind::FileTooLarge => {
            crate::bounds::endless(store, "one answer takes more than 1 GiB of memory")
        }
        sqlx::Error::Io(io) if io.kind() == ErrorKind::TimedOut => unreachable(store, "it did not answer in time"),
        other => unreachable(store, &other.to_string()),
    }
}

/// There is no connection, or it broke.
pub(crate) fn unreachable(store: &str, why: &str) -> Fault {
    Fault::unavailable("store-unreachable", format!("{store} cannot be reached: {why}")).advise(
        "Check the address, and that the server runs and can be reached from here; then run the same command again.",
    )
}

/// What the store holds cannot be read.
pub(crate) fn corrupt(store: &str, why: &str) -> Fault {
    Fault::unavailable("store-corrupt", format!("{store} is damaged, or is no such store: {why}"))
        .advise("Check the address; restore the store from a backup if it is damaged.")
}
