//! What a server says of its own settings: questions to catalogs and statuses, answers as text.
//!
//! Nothing is judged here and nothing is changed: sessions only read, and no secret is asked for. Of a password the server
//! is asked which kind it is, never its hash. What this user may not see is a [`Refused`] with the words that would let it.

use std::collections::BTreeMap;

use model::Fault;

use crate::Access;

/// Rows of one answer; a server with more accounts or rules than that is not looked at in full, and says so.
pub(crate) const ROWS_MAX: usize = 10_000;

/// Rows of texts, as a server gave them.
pub type Rows = Vec<Vec<Option<String>>>;

/// What one server said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// What was answered, by the name of the question.
    pub answers: BTreeMap<&'static str, Rows>,
    /// What was not.
    pub refused: Vec<Refused>,
}

/// A question that this user may not ask, or that the server does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The name of the question.
    pub what: &'static str,
    /// What the server said.
    pub why: String,
    /// What would let this user ask: a statement for whoever looks after the server.
    pub grant: String,
}

/// A question of a table of questions.
#[cfg(feature = "sql")]
pub(crate) struct Question {
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
    /// Columns of the answer.
    pub(crate) width: usize,
    /// What lets a user ask it; `{user}` stands for the user's name.
    pub(crate) grant: &'static str,
}

/// The kind of server behind an address, by the name of the fact that tells of it; `None` for what has no settings of its
/// own: files, buckets, APIs, plug-ins.
pub fn kind(url: &str) -> Option<&'static str> {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
    match scheme.as_str() {
        "postgres" | "postgresql" => Some("postgresql"),
        "mysql" | "mariadb" => Some("mariadb"),
        "redis" | "rediss" | "redis+cluster" | "rediss+cluster" | "redis+sentinel" | "rediss+sentinel" => Some("redis"),
        "nats" | "tls" => Some("nats"),
        _ => None,
    }
}

/// Asks the server at `url` for its settings. The session only reads, whatever `access` says.
///
/// # Errors
/// `unknown-store-kind`, `store-kind-not-built`, and what keeps the whole server from being asked: `store-unreachable`,
/// `store-login-refused`, `store-timeout`, …
pub fn ask(url: &str, access: &Access) -> Result<Server, Fault> {
    let access = Access { read_only: true, ..access.clone() };
    let _ = &access;
    match kind(url) {
        #[cfg(feature = "postgres")]
        Some("postgresql") => crate::postgres::settings(url, &access),
        #[cfg(feature = "mysql")]
        Some("mariadb") => crate::mysql::settings(url, &access),
        #[cfg(feature = "redis")]
        Some("redis") => crate::redis::settings(url, &access),
        #[cfg(feature = "nats")]
        Some("nats") => crate::nats::settings(url, &access),
        Some(kind) => Err(crate::not_built(kind)),
        None => Err(Fault::bad_config("unknown-store-kind", "There is no server behind the address of this store")
            .advise("Name a store of PostgreSQL, MariaDB, MySQL, Redis or NATS.")),
    }
}

/// Statements that a server counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statements {
    /// Since when, RFC 3339.
    pub since: Option<String>,
    /// Whether some were forgotten since then, for want of room.
    pub evicted: bool,
    /// How many this user is not shown.
    pub hidden: u64,
    /// Each with who asked.
    pub counted: Vec<Counted>,
}

/// A statement with its constants taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Who asked.
    pub account: String,
    /// What.
    pub text: String,
    /// How often.
    pub calls: u64,
}

/// The statements that a server counted of the database at `url`; none from one that keeps no count (only `pg_stat_statements`
/// of PostgreSQL is known, where the extension is there).
///
/// # Errors
/// As of [`ask`].
pub fn statements(url: &str, access: &Access) -> Result<Option<Statements>, Fault> {
    let access = Access { read_only: true, ..access.clone() };
    let _ = &access;
    match kind(url) {
        #[cfg(feature = "postgres")]
        Some("postgresql") => crate::postgres::statements(url, &access),
        _ => Ok(None),
    }
}

impl Server {
    /// Takes an answer, or notes that it was refused.
    ///
    /// # Errors
    /// Every fault that is not about this one question.
    pub(crate) fn put(&mut self, what: &'static str, grant: &str, answer: Result<Rows, Fault>) -> Result<(), Fault> {
        match answer {
            Ok(rows) if rows.len() > ROWS_MAX => {
                self.refuse(what, format!("there are more than {ROWS_MAX} of them"), "Look at them with other means.");
            }
            Ok(rows) => drop(self.answers.insert(what, rows)),
            Err(fault) if is_refusal(&fault) => self.refuse(what, fault.message().to_owned(), grant),
            Err(fault) => return Err(fault),
        }
        Ok(())
    }

    /// Notes that something is not shown to this user.
    pub(crate) fn refuse(&mut self, what: &'static str, why: String, grant: &str) {
        self.refused.push(Refused { what, why, grant: grant.to_owned() });
    }
}

/// Whether a fault is about one question, so that the others can still be asked.
fn is_refusal(fault: &Fault) -> bool {
    ["store-permission", "store-refused", "unknown-collection", "unknown-field"].contains(&fault.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_servers_have_settings() {
        let check = |url: &str, expect: Option<&str>| assert_eq!(kind(url), expect, "{url}");
        check("postgres://db/shop", Some("postgresql"));
        check("MariaDB://db/shop", Some("mariadb"));
        check("rediss+sentinel://db/main", Some("redis"));
        check("tls://bus:4222", Some("nats"));
        check("sqlite:shop.db", None);
        check("", None);
        assert_eq!(ask("file:x", &Access::default()).unwrap_err().code(), "unknown-store-kind");
    }

    #[test]
    fn a_refusal_is_kept_apart_from_a_server_that_is_gone() {
        let mut server = Server::default();
        let refused = Fault::unavailable("store-permission", "no").advise("ask");
        server.put("roles", "GRANT x", Err(refused)).unwrap();
        assert_eq!((server.refused[0].what, server.refused[0].grant.as_str()), ("roles", "GRANT x"));
        let gone = Fault::unavailable("store-unreachable", "gone").advise("wait");
        assert_eq!(server.put("roles", "", Err(gone)).unwrap_err().code(), "store-unreachable");
        server.put("many", "", Ok(vec![vec![]; ROWS_MAX + 1])).unwrap();
        assert!(server.answers.is_empty() && server.refused[1].why.contains("10000"), "{server:?}");
    }
}
