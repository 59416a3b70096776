//! How a store is reached: what stands in the configuration beside the address.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use model::Fault;
use zeroize::Zeroizing;

/// How a store is reached. The defaults are those of the configuration.
#[derive(Clone)]
pub struct Access {
    /// Where relative paths of addresses begin (`sqlite:FILE`, `file:DIR`, `exec:COMMAND`). Empty: the working folder.
    pub folder: PathBuf,
    /// Instead of the user in the address; the access key id of a bucket.
    pub user: Option<String>,
    /// The password, the secret access key of a bucket, the token of an API. It does not stand in the address.
    pub password: Option<Zeroizing<String>>,
    /// What goes with keys of a bucket that expire.
    pub session_token: Option<Zeroizing<String>>,
    /// A file with the JWT and the seed of a user of NATS, or with a seed alone.
    pub credentials: Option<PathBuf>,
    /// Certificates that are trusted, PEM; without it those that the system trusts (SQL stores trust both).
    pub ca: Option<PathBuf>,
    /// A certificate that this side shows over HTTPS, with those above it, and its private key; PEM.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// Whether the connection is encrypted.
    pub tls: Tls,
    /// How long a connection and a login may take.
    pub connect_timeout: Duration,
    /// How long one statement may take; zero: as long as it takes.
    pub statement_timeout: Duration,
    /// How long a statement waits for a lock.
    pub lock_timeout: Duration,
    /// The session refuses to write.
    pub read_only: bool,
    /// The server of a bucket, where it is not that of the provider: `https://s3.example.org`.
    pub endpoint: Option<String>,
    /// The region of a bucket.
    pub region: Option<String>,
    /// The YAML file that describes an HTTP API.
    pub api: Option<PathBuf>,
    /// Tables of MySQL and MariaDB are rebuilt after rows of them were deleted.
    pub rebuild: bool,
}

impl Default for Access {
    fn default() -> Self {
        Access {
            folder: PathBuf::new(),
            user: None,
            password: None,
            session_token: None,
            credentials: None,
            ca: None,
            certificate: None,
            tls: Tls::Auto,
            connect_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(300),
            lock_timeout: Duration::from_secs(10),
            read_only: false,
            endpoint: None,
            region: None,
            api: None,
            rebuild: false,
        }
    }
}

/// Without the password.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("user", &self.user).field("read_only", &self.read_only).finish_non_exhaustive()
    }
}

/// Whether a connection is encrypted. Where it is, the certificate and the name in it are always checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// Unless the server is this machine: a loopback address, `localhost`, a Unix socket.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Tls {
    /// Reads `auto`, `always`, `never`.
    ///
    /// # Errors
    /// `unknown-word`.
    pub fn parse(word: &str) -> Result<Tls, Fault> {
        match word {
            "auto" => Ok(Tls::Auto),
            "always" => Ok(Tls::Always),
            "never" => Ok(Tls::Never),
            other => Err(Fault::bad_config("unknown-word", format!("{other:?} says nothing about encryption"))
                .advise("Write \"auto\", \"always\" or \"never\".")),
        }
    }

    /// Whether a connection to `host` is to be encrypted. A Unix socket is a host that begins with `/`; an empty one is this machine.
    pub fn wanted(self, host: &str) -> bool {
        let address = host.trim_start_matches('[').trim_end_matches(']');
        let is_here = host.is_empty()
            || host.starts_with('/')
            || host.eq_ignore_ascii_case("localhost")
            || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        match self {
            Tls::Auto => !is_here,
            Tls::Always => true,
            Tls::Never => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_spoken_to_in_the_clear() {
        let check = |host: &str, expect: bool| assert_eq!(Tls::Auto.wanted(host), expect, "{host}");
        check("db.example.org", true);
        check("10.0.0.7", true);
        check("127.0.0.1", false);
        check("127.9.9.9", false);
        check("[::1]", false);
        check("LocalHost", false);
        check("/run/postgresql", false);
        check("localhost.example.org", true);
    }

    #[test]
    fn a_password_is_not_printed() {
        let access = Access { password: Some("hunter2".to_owned().into()), ..Access::default() };
        assert!(!format!("{access:?}").contains("hunter2"));
    }
}
