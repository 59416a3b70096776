//! `postgres://USER@HOST:PORT/DATABASE?…`, and nothing from the environment.

use model::Fault;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use url::Url;

use crate::access::{Access, Tls};

/// The options of a connection, and what it is called in messages.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) options: PgConnectOptions,
    pub(super) label: String,
}

/// Reads `url`. What it leaves out is PostgreSQL's own default, not the environment's.
///
/// # Errors
/// `bad-store-address`.
pub(super) fn read(url: &str, access: &Access) -> Result<Address, Fault> {
    let url = Url::parse(url).map_err(|error| bad(&format!("the address cannot be read: {error}")))?;
    let decoded = |text: &str| {
        url::form_urlencoded::parse(format!("x={}", text.replace('+', "%2B")).as_bytes())
            .next()
            .map_or_else(String::new, |(_, value)| value.into_owned())
    };
    let mut host = decoded(url.host_str().unwrap_or_default());
    let mut tls = access.tls;
    let mut application = "probity".to_owned();
    for (name, value) in url.query_pairs() {
        match name.as_ref() {
            "host" => host = value.into_owned(),
            "application_name" => application = value.into_owned(),
            "sslmode" if tls == Tls::Auto => tls = sslmode(&value)?,
            "sslmode" | "connect_timeout" => {}
            other => return Err(bad(&format!("the address has the parameter {other:?}, which means nothing here"))),
        }
    }
    let user = access.user.clone().unwrap_or_else(|| decoded(url.username()));
    let database = decoded(url.path().trim_start_matches('/'));
    let user = if user.is_empty() { "postgres".to_owned() } else { user };
    let database = if database.is_empty() { user.clone() } else { database };
    let is_encrypted = tls.wanted(&host);
    let password = match (&access.password, url.password()) {
        (Some(password), _) => password.to_string(),
        (None, Some(password)) => decoded(password),
        (None, None) => String::new(),
    };
    let host = if host.is_empty() { "localhost".to_owned() } else { host };
    let label = format!("{host}/{database}");
    let mut options = PgConnectOptions::new_without_pgpass()
        .port(url.port().unwrap_or(5432))
        .username(&user)
        .password(&password)
        .database(&database)
        .application_name(&application)
        .statement_cache_capacity(0)
        .ssl_mode(if is_encrypted { PgSslMode::VerifyFull } else { PgSslMode::Disable });
    options = match host.starts_with('/') {
        true => options.socket(&host),
        false => options.host(host.trim_start_matches('[').trim_end_matches(']')),
    };
    if let Some(ca) = &access.ca {
        let pem = std::fs::read(ca).map_err(|error| Fault::io("read", ca, error))?;
        options = options.ssl_root_cert_from_pem(pem);
    }
    Ok(Address { options, label })
}

/// An encrypted connection is always checked in full: `require` means no less than `verify-full`.
fn sslmode(word: &str) -> Result<Tls, Fault> {
    match word {
        "disable" => Ok(Tls::Never),
        "allow" | "prefer" => Ok(Tls::Auto),
        "require" | "verify-ca" | "verify-full" => Ok(Tls::Always),
        other => Err(bad(&format!("sslmode={other:?} is no mode"))),
    }
}

fn bad(what: &str) -> Fault {
    Fault::bad_config("bad-store-address", format!("PostgreSQL: {what}"))
        .advise("Write postgres://USER@HOST:PORT/DATABASE, and the password where the store's section says.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_without_the_environment() {
        let check = |url: &str, expect: (&str, u16, &str, Option<&str>, bool)| {
            let options = read(url, &Access::default()).expect("read").options;
            let is_encrypted = matches!(options.get_ssl_mode(), PgSslMode::VerifyFull);
            let host = options.get_socket().map_or(options.get_host().to_owned(), |path| path.display().to_string());
            let seen =
                (host.as_str(), options.get_port(), options.get_username(), options.get_database(), is_encrypted);
            assert_eq!(seen, expect, "{url}");
        };
        check("postgres://ann@db.example.org/shop", ("db.example.org", 5432, "ann", Some("shop"), true));
        check("postgresql://127.0.0.1:7/a%20b", ("127.0.0.1", 7, "postgres", Some("a b"), false));
        check("postgres://a%40b+c@[::1]/", ("::1", 5432, "a@b+c", Some("a@b+c"), false));
        check("postgres://127.0.0.1/x?sslmode=require", ("127.0.0.1", 5432, "postgres", Some("x"), true));
        check("postgres://db.example.org/x?sslmode=disable", ("db.example.org", 5432, "postgres", Some("x"), false));
        check("postgres:///x?host=/run/pg", ("/run/pg", 5432, "postgres", Some("x"), false));
        for url in ["postgres://h/x?options=-c%20a", "postgres://h/x?sslmode=maybe", "postgres://h:99999/"] {
            let fault = read(url, &Access::default()).err().expect("refused");
            assert_eq!(fault.code(), "bad-store-address", "{url}");
        }
    }
}
