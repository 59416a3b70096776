//! MariaDB and MySQL: system variables, `mysql.global_priv` or `mysql.user`, `SHOW REPLICA STATUS`.
//!
//! Source: MariaDB Server documentation (system variables, `mysql.global_priv`); MySQL 9 reference manual, chapters 7 and 8.

use serde_json::{Value, json};

use super::{Heard, cell, is_everywhere, is_on, number, words};

/// SHA-1 or weaker, without salt.
const WEAK: &[&str] = &["mysql_native_password", "mysql_old_password"];
/// The operating system, a ticket or a directory answers for the user.
const OTHERS: &[&str] =
    &["unix_socket", "auth_socket", "named_pipe", "gssapi", "pam", "auth_pam", "authentication_ldap_sasl"];

pub(super) fn value(heard: &[Heard<'_>]) -> Value {
    super::value(heard, server, accounts, replicas)
}

fn server(heard: &Heard<'_>) -> Value {
    let variable = |name: &str| heard.setting("variables", name);
    let flag = |name: &str| heard.flag("variables", name);
    let (make, version) = cell(heard.row("server"), 0).and_then(|text| text.split_once(' ')).unwrap_or_default();
    let cipher = heard.setting("status", "Ssl_cipher").filter(|cipher| !cipher.is_empty());
    let has_status = heard.rows("status").is_some();
    // Newer servers of MySQL have no `have_ssl`: they have a certificate.
    let has_certificate = heard.setting("status", "Current_tls_cert").map(|file| !file.is_empty());
    let bind = variable("bind_address").map(words);
    let plugin = |name: &str| {
        let active = |row: &&Vec<Option<String>>| cell(row, 0) == Some(name) && cell(row, 1) == Some("ACTIVE");
        heard.rows("plugins").map(|rows| rows.iter().any(|row| active(&row)))
    };
    let audit = match flag("server_audit_logging") {
        Some(logs) => Some(logs && plugin("SERVER_AUDIT") != Some(false)),
        None => plugin("audit_log"),
    };
    let superusers = heard.rows("accounts").map(|rows| {
        rows.iter()
            .filter(|row| cell(row, 5) == Some("true") && cell(row, 3) != Some("true") && may_log_in(row))
            .count()
    });
    json!({
        "store": heard.store,
        "make": make,
        "version": version,
        "number": number(version),
        "tls": flag("have_ssl").or(has_certificate),
        "demands_tls": flag("require_secure_transport"),
        "tls_versions": variable("tls_version").map(words),
        "encrypted": has_status.then_some(cipher.is_some()),
        "tls_version": heard.setting("status", "Ssl_version").filter(|version| !version.is_empty()),
        "cipher": cipher,
        "audit": audit,
        "general_log": flag("general_log"),
        "tables_encrypted": flag("innodb_encrypt_tables").or(flag("default_table_encryption")),
        "log_encrypted": flag("innodb_encrypt_log"),
        "binlog_encrypted": flag("encrypt_binlog").filter(|_| flag("log_bin") == Some(true)),
        "read_only": variable("read_only").map(|word| is_on(word) == Some(true)),
        "everywhere": bind.as_deref().map(|bind| bind.is_empty() || is_everywhere(bind)),
        "listen": bind,
        "superusers": superusers,
        "refused": heard.refusals(),
        "place": heard.store,
    })
}

/// The ways in of an account: `plugin:secret`, and further plugins without a word about the secret.
fn ways(row: &[Option<String>]) -> Vec<(&str, &str)> {
    let ways = cell(row, 2).unwrap_or_default().split([' ', '"']).filter(|way| !way.is_empty());
    ways.map(|way| way.split_once(':').unwrap_or((way, "set"))).collect()
}

/// A secret that no password can have is no way in.
fn may_log_in(row: &[Option<String>]) -> bool {
    ways(row).iter().any(|(_, secret)| *secret != "invalid")
}

/// What lets a user in: `none` where nothing is asked, else the weakest of the ways.
fn password(row: &[Option<String>]) -> &'static str {
    let ways = ways(row);
    let open = ways.iter().filter(|(_, secret)| *secret != "invalid");
    let grade = |(plugin, secret): &(&str, &str)| match (OTHERS.contains(plugin), *secret, WEAK.contains(plugin)) {
        (true, ..) => 3,
        (false, "none", _) => 0,
        (false, _, true) => 1,
        (false, _, false) => 2,
    };
    ["none", "weak", "strong", "other", "closed"][open.map(grade).min().unwrap_or(4)]
}

fn accounts(heard: &Heard<'_>) -> Vec<Value> {
    let unknown = json!({
        "name": "every account", "user": null, "host": null, "password": null, "locked": null, "expired": null, "superuser": null,
    });
    heard.items("accounts", unknown, |row| {
        let (user, host) = (cell(row, 0).unwrap_or_default(), cell(row, 1).unwrap_or_default());
        let name = format!("{user}@{host}");
        json!({
            "store": heard.store,
            "name": name,
            "user": user,
            "host": host,
            "any_host": host == "%" || host.is_empty(),
            "plugin": ways(row).first().map(|(plugin, _)| *plugin),
            "password": password(row),
            "locked": cell(row, 3) == Some("true"),
            "expired": cell(row, 4) == Some("true"),
            "superuser": cell(row, 5) == Some("true"),
            "refused": null,
            "place": format!("{}.{name}", heard.store),
        })
    })
}

fn replicas(heard: &Heard<'_>) -> Vec<Value> {
    heard.items("replica", json!({"name": "(itself)", "running": null, "lag": null}), |row| {
        json!({
            "store": heard.store,
            "name": "(itself)",
            "running": cell(row, 1) == Some("Yes") && cell(row, 2) == Some("Yes"),
            "lag": cell(row, 0).and_then(|lag| lag.parse::<i64>().ok()),
            "refused": null,
            "place": heard.store,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weakest_way_in_counts() {
        let check = |ways: &str, expect: &str| {
            let row = [Some("ann".to_owned()), Some("%".to_owned()), Some(ways.to_owned())];
            assert_eq!(password(&row), expect, "{ways}");
        };
        check("mysql_native_password:none", "none");
        check("mysql_native_password:set", "weak");
        check("ed25519:set", "strong");
        check("caching_sha2_password:set", "strong");
        check("unix_socket:none", "other");
        check("mysql_native_password:invalid \"unix_socket\"", "other");
        check("ed25519:none", "none");
        check("mysql_native_password:invalid", "closed");
        check("ed25519:set \"mysql_native_password\"", "weak");
    }
}
