//! What `[stores.NAME]` can hold: the keys of `stores.toml`, each with the type of its default.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use model::Fault;

use super::config::{Config, Origin, Setting, flatten};
use super::toml_file::{self, Located, Value};

const DEFAULTS: &str = include_str!("stores.toml");
const PREFIX: &str = "stores.";
/// What may be an address.
const ADDRESSES: [&str; 5] = ["url", "urls", "read_url", "shards", "endpoint"];
/// Parts of names of parameters of addresses that hold a secret.
const SECRETS: [&str; 7] = ["password", "passwd", "pwd", "secret", "token", "apikey", "api_key"];

/// Every key of a store, with its default.
pub(super) fn defaults() -> &'static BTreeMap<String, Value> {
    static READ: OnceLock<BTreeMap<String, Value>> = OnceLock::new();
    READ.get_or_init(|| {
        // A constant of this program, which the tests read too.
        let table = toml_file::parse(DEFAULTS, None).unwrap_or_default();
        flatten(table).into_iter().map(|(key, value)| (key.item, value.item)).collect()
    })
}

/// The default of a setting, if it is one of a store.
///
/// # Errors
/// `bad-store-name`, `unknown-key`, located.
pub(super) fn default_of(key: &Located<String>) -> Result<Option<Value>, Fault> {
    let Some(rest) = key.item.strip_prefix(PREFIX) else { return Ok(None) };
    let (name, parameter) = rest.rsplit_once('.').unwrap_or(("", rest));
    if !is_name(name) {
        let message = if name.is_empty() {
            "A store needs a name".to_owned()
        } else {
            format!("{name:?} cannot be the name of a store")
        };
        return Err(toml_file::complaint("bad-store-name", &message, &key.place)
            .advise("Give each store a section [stores.NAME]; a name has letters, digits, - and _ only."));
    }
    let known: Vec<&str> = defaults().keys().map(String::as_str).collect();
    let parameter = Located { place: key.place.clone(), item: parameter.to_owned() };
    match defaults().get(&parameter.item) {
        Some(value) => Ok(Some(value.clone())),
        None => Err(toml_file::unknown_key(&parameter, &known)),
    }
}

/// Refuses addresses that hold a secret: a file of settings is read by many, and an address is printed.
///
/// # Errors
/// `password-in-url`; the line is not shown.
pub(super) fn check(key: &str, setting: &Setting) -> Result<(), Fault> {
    let Some((name, parameter)) = key.strip_prefix(PREFIX).and_then(|rest| rest.rsplit_once('.')) else {
        return Ok(());
    };
    let texts: Vec<&str> = match &setting.value {
        Value::List(items) => items.iter().map(|item| item.item.plain()).collect(),
        other => vec![other.plain()],
    };
    if !ADDRESSES.contains(&parameter) || !texts.iter().any(|text| has_password(text)) {
        return Ok(());
    }
    let fault = Fault::bad_config("password-in-url", format!("stores.{name}.{parameter} holds a password"))
        .advise("Take it out, and name where it is with password_file, password_env or password_fd. It has been seen: change it.");
    Err(match &setting.origin {
        Origin::File(place) => fault.at(place.clone()),
        _ => fault,
    })
}

fn has_password(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    // A password with a slash in it breaks the address, and is one nevertheless; `host:6379/a@b` has none.
    let in_front = rest.rsplit_once('@').and_then(|(user, _)| user.split_once(':')).is_some_and(|(user, after)| {
        let port = after.split('/').next().unwrap_or_default();
        let is_port = after.contains('/') && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        !user.contains('/') && !is_port
    });
    let in_query = query.split(['&', ';', '#']).any(|pair| {
        let word = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
        SECRETS.iter().any(|secret| word.contains(secret))
    });
    scheme != "exec" && (in_front || in_query)
}

/// The names of the stores that something is said about, sorted.
pub(crate) fn names(config: &Config) -> Vec<String> {
    let mut names: Vec<String> = config
        .settings()
        .filter_map(|(key, _)| Some(key.strip_prefix(PREFIX)?.rsplit_once('.')?.0.to_owned()))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// The key of a store's parameter in the whole configuration.
pub(crate) fn key(store: &str, parameter: &str) -> String {
    format!("{PREFIX}{store}.{parameter}")
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_seen_wherever_it_stands() {
        let check = |url: &str, expect: bool| assert_eq!(has_password(url), expect, "{url}");
        check("postgres://ann@db.example.org/shop", false);
        check("postgres://ann:hunter2@db.example.org/shop", true);
        check("postgres://ann:hun/ter2@db.example.org/shop", true);
        check("postgres://db.example.org:5432/shop?sslmode=require", false);
        check("postgres://db.example.org/shop?user=ann&password=hunter2", true);
        check("redis://:hunter2@127.0.0.1/0", true);
        check("redis://[::1]:6379/0", false);
        check("redis://db.example.org:6379/a@b", false);
        check("https://api.example.org/v1?api_key=x", true);
        check("https://api.example.org/v1?access_token=x", true);
        check("sqlite:a:b@c.db", false);
    }

    #[test]
    fn the_defaults_can_be_read() {
        assert_eq!(defaults()["url"].to_toml(), "\"\"");
        assert_eq!(defaults()["retries"].to_toml(), "3");
        assert!(is_name("shop-2_eu") && !is_name("shop/1") && !is_name(""));
    }
}
