//! What the server said, in our codes. Its messages can hold values of rows: those are not passed on.

use model::Fault;
use sqlx::mysql::MySqlDatabaseError;

use crate::sql;

/// The fault behind `error`; `host` says which server.
pub(super) fn fault(host: &str, error: sqlx::Error) -> Fault {
    match &error {
        sqlx::Error::Database(database) => match database.try_downcast_ref::<MySqlDatabaseError>() {
            Some(error) => numbered(host, error.number(), error.message()),
            None => refused(host, "the server refused a statement"),
        },
        sqlx::Error::Io(io) if io.kind() == std::io::ErrorKind::TimedOut => timeout(host),
        // A certificate that is not trusted comes as an error of the stream.
        sqlx::Error::Io(io) if io.to_string().contains("certificate") => unsafe_connection(host, &io.to_string()),
        sqlx::Error::Tls(why) => unsafe_connection(host, &why.to_string()),
        sqlx::Error::Configuration(why) => Fault::bad_config("bad-store-address", format!("{host}: {why}"))
            .advise("Write mysql://USER@HOST:PORT/DATABASE."),
        other => sql::driver(host, other),
    }
}

fn numbered(host: &str, number: u16, message: &str) -> Fault {
    let unavailable = |code, what: &str| Fault::unavailable(code, format!("{host}: {what} ({number})"));
    let again = "Nothing was changed. Run the same command again.";
    match number {
        1044 | 1045 | 1251 | 1275 | 1524 | 1698 | 1820 | 1862 | 3118 | 4151 => {
            unavailable("store-login-refused", "the login was refused")
                .advise("Check user and password, and that this user may use the database from this machine.")
        }
        1049 => unavailable("store-refused", "there is no such database").advise("Check the end of the address."),
        1142 | 1143 | 1227 | 1370 => unavailable("store-permission", &quiet(message))
            .advise("Give this user the right that is missing: SELECT to read, DELETE and UPDATE to erase."),
        1205 => unavailable("store-lock-timeout", "another transaction holds the rows").advise(again),
        1213 => unavailable("store-deadlock", "two transactions waited for each other").advise(again),
        1290 | 1792 | 1836 => unavailable("store-read-only", "the server cannot be written to")
            .advise("Nothing was changed. Name the host that can be written to, or all of them with `urls`."),
        3 | 1021 | 1026 | 1114 | 1535 => unavailable("store-disk-full", "there is no room left")
            .advise("Nothing was changed. Free some space, then run the same command again."),
        1040 | 1203 | 1226 | 4031 => unavailable("store-busy", "the server takes no more connections").advise(again),
        1317 | 1969 | 3024 => timeout(host),
        1053 | 1077 | 1079 | 1152 | 1158..=1161 => sql::unreachable(host, &quiet(message)),
        1034 | 1035 | 1194 | 1195 | 1712 => sql::corrupt(host, &quiet(message)),
        1048 | 1062 | 1169 | 1216 | 1217 | 1451 | 1452 | 1557 | 1586 | 1761 | 1762 | 3819 | 4025 => {
            constraint(host, number, message)
        }
        1264 | 1265 | 1292 | 1366 | 1406 | 3140 | 4078 => {
            unavailable("value-refused", "a column does not take the value").advise(
                "Nothing was changed. Say in the data map how the field is to be replaced (masking_strategy_override).",
            )
        }
        _ => refused(host, &format!("a statement was refused ({number}): {}", quiet(message))),
    }
}

fn constraint(host: &str, number: u16, message: &str) -> Fault {
    let what = match number {
        1048 => "a column must not be without a value",
        1062 | 1169 | 1557 | 1586 => "a value would stand twice where it may stand once",
        3819 | 4025 => "a CHECK does not hold",
        _ => "rows that are left would refer to rows that are not there",
    };
    // Only the constraint's name, which is what stands between backticks or after the last quote.
    let name = message.split("CONSTRAINT `").nth(1).and_then(|rest| rest.split('`').next());
    let name = name.or_else(|| message.rsplit_once("for key '").map(|(_, key)| key.trim_end_matches('\'')));
    let named = name.map(|name| format!(": {name}")).unwrap_or_default();
    Fault::unavailable("constraint-broken", format!("{host}: {what}{named} ({number})"))
        .advise("Nothing was changed. Let the plan cover the rows that refer to what is deleted, then make it again.")
}

/// A message without what stands in quotes.
fn quiet(message: &str) -> String {
    let parts = message.split('\'').enumerate().map(|(at, part)| if at % 2 == 0 { part } else { "…" });
    parts.collect::<Vec<_>>().join("'")
}

fn refused(host: &str, what: &str) -> Fault {
    Fault::unavailable("store-refused", format!("{host}: {what}"))
        .advise("Nothing was changed. Compare the data map with the store: `probity map check`.")
}

fn unsafe_connection(host: &str, why: &str) -> Fault {
    Fault::unavailable("store-tls-failed", format!("{host}: the connection is not safe: {why}"))
        .advise("Name the authority of the server's certificate with `ca`, and the host as the certificate spells it.")
}

/// The server did not answer in time.
fn timeout(host: &str) -> Fault {
    Fault::unavailable("store-timeout", format!("{host} did not answer in time"))
        .advise("Look at the load of the server, or raise `timeout` of the store.")
}

/// The connection broke while a transaction was being made so.
pub(super) fn commit_unknown(host: &str) -> Fault {
    Fault::unavailable(
        "commit-unknown",
        format!("{host}: the connection broke during the commit: nobody knows whether it was made"),
    )
    .advise("Run the command again with --resume: it asks the store what became of it.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_of_a_row_is_passed_on() {
        let check = |number, message: &str, code: &str, has: &str| {
            let fault = numbered("db", number, message);
            assert_eq!(fault.code(), code, "{number}");
            assert!(!fault.message().contains("ann@"), "{fault}");
            assert!(fault.message().contains(has), "{fault}");
        };
        check(1062, "Duplicate entry 'ann@x.org' for key 'person.email'", "constraint-broken", "person.email");
        check(1366, "Incorrect integer value: 'ann@x.org' for column `t`.`n` at row 1", "value-refused", "value");
        check(
            1451,
            "Cannot delete or update a parent row: a foreign key constraint fails (`s`.`o`, CONSTRAINT `fk 1` FOREIGN KEY (`p`) REFERENCES `p` (`id`))",
            "constraint-broken",
            "fk 1",
        );
        check(1054, "Unknown column 'ann@x.org' in 'field list'", "store-refused", "Unknown column");
        check(1213, "Deadlock found when trying to get lock; try restarting transaction", "store-deadlock", "1213");
    }
}
