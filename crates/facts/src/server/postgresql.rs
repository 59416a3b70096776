//! PostgreSQL: `pg_settings`, `pg_roles`, `pg_hba_file_rules`, `pg_stat_replication`, grants to PUBLIC.
//!
//! Source: PostgreSQL 18 documentation, chapters 19 (configuration), 20 (client authentication), 54 (system views).

use serde_json::{Value, json};

use super::{Heard, cell, is_everywhere, is_on, seconds, words};

pub(super) fn value(heard: &[Heard<'_>]) -> Value {
    json!({
        "servers": heard.iter().map(server).collect::<Vec<_>>(),
        "accounts": heard.iter().flat_map(accounts).collect::<Vec<_>>(),
        "hba": heard.iter().flat_map(hba).collect::<Vec<_>>(),
        "replicas": heard.iter().flat_map(replicas).collect::<Vec<_>>(),
        "public_grants": heard.iter().flat_map(public_grants).collect::<Vec<_>>(),
    })
}

fn server(heard: &Heard<'_>) -> Value {
    let setting = |name: &str| heard.setting("settings", name);
    let flag = |name: &str| heard.flag("settings", name);
    let own = heard.row("connection");
    let listen = setting("listen_addresses").map(words);
    let login_superusers = heard.rows("roles").map(|rows| {
        let is_one = |row: &&Vec<Option<String>>| cell(row, 1) == Some("true") && cell(row, 2) == Some("true");
        rows.iter().filter(is_one).count()
    });
    let libraries = setting("shared_preload_libraries").map(words);
    json!({
        "store": heard.store,
        "version": cell(heard.row("server"), 0),
        "number": cell(heard.row("server"), 1).and_then(|number| number.parse::<i64>().ok()),
        "standby": cell(heard.row("server"), 2).and_then(is_on),
        "tls": flag("ssl"),
        "tls_min": setting("ssl_min_protocol_version"),
        "encrypted": cell(own, 0).and_then(is_on),
        "tls_version": cell(own, 1),
        "cipher": cell(own, 2),
        "password_encryption": setting("password_encryption"),
        // Since version 18 a list of what is logged; empty for nothing.
        "log_connections": setting("log_connections").map(|word| is_on(word).unwrap_or(!word.is_empty())),
        "log_disconnections": flag("log_disconnections"),
        "log_statement": setting("log_statement"),
        "audit": libraries.map(|libraries| {
            libraries.contains(&"pgaudit") && setting("pgaudit.log").is_some_and(|word| !word.is_empty() && word != "none")
        }),
        // "always" and "on" archive; is_on knows both.
        "archive_mode": flag("archive_mode"),
        "everywhere": listen.as_deref().map(is_everywhere),
        "listen": listen,
        "checksums": flag("data_checksums"),
        // Disks are encrypted below the server, which does not know of it.
        "encrypted_at_rest": null,
        "superusers": login_superusers,
        "refused": heard.refusals(),
        "place": heard.store,
    })
}

fn accounts(heard: &Heard<'_>) -> Vec<Value> {
    let password = |name: &str| {
        let rows = heard.rows("passwords")?;
        rows.iter().find(|row| cell(row, 0) == Some(name)).and_then(|row| cell(row, 1))
    };
    let unknown =
        json!({"name": "every role", "superuser": null, "login": null, "password": null, "valid_until": null});
    heard.items("roles", unknown, |row| {
        let name = cell(row, 0).unwrap_or_default();
        let is_login = cell(row, 2) == Some("true");
        json!({
            "store": heard.store,
            "name": name,
            "superuser": cell(row, 1) == Some("true"),
            "login": is_login,
            "replication": cell(row, 3) == Some("true"),
            "bypasses_row_security": cell(row, 4) == Some("true"),
            "valid_until": cell(row, 5),
            "password": if is_login { password(name) } else { Some("none") },
            "refused": heard.refusal("passwords").filter(|_| is_login),
            "place": format!("{}.{name}", heard.store),
        })
    })
}

/// Lines of pg_hba.conf in their order: the first that fits a connection decides about it.
fn hba(heard: &Heard<'_>) -> Vec<Value> {
    let mut closed = Closed::default();
    let lines = heard.rows("hba").map(Vec::as_slice).unwrap_or_default();
    let plain: Vec<bool> = lines.iter().map(|line| closed.takes(line)).collect();
    let unknown = json!({"line": null, "kind": null, "method": null, "network": null, "plain": null});
    let mut items = heard.items("hba", unknown, |row| line(heard, row));
    for (item, plain) in items.iter_mut().zip(plain) {
        if item["method"].is_string() {
            item["plain"] = json!(plain);
        }
    }
    items
}

fn line(heard: &Heard<'_>, row: &[Option<String>]) -> Value {
    let number = cell(row, 0).and_then(|number| number.parse::<i64>().ok());
    let place = format!("{}: pg_hba.conf:{}", heard.store, number.unwrap_or(0));
    let refused = cell(row, 7).map(|error| format!("line {} cannot be read: {error}", number.unwrap_or(0)));
    json!({
        "store": heard.store,
        "line": number,
        "kind": cell(row, 1),
        "databases": cell(row, 2),
        "users": cell(row, 3),
        "address": cell(row, 4),
        "method": cell(row, 6),
        "network": cell(row, 1).map(|_| is_network(row)),
        "plain": null,
        "refused": refused,
        "place": place,
    })
}

/// Whether a line is about connections from elsewhere: neither a socket of the file system nor this machine.
fn is_network(row: &[Option<String>]) -> bool {
    let address = cell(row, 4).unwrap_or("all");
    let is_here = address.starts_with("127.") || address == "::1" || address == "localhost" || address == "samehost";
    cell(row, 1) != Some("local") && !is_here
}

/// Which families of addresses an earlier line has closed to connections without TLS.
#[derive(Default)]
struct Closed {
    four: bool,
    six: bool,
}

impl Closed {
    /// Whether the line lets somebody in from elsewhere without TLS.
    fn takes(&mut self, row: &[Option<String>]) -> bool {
        let is_plain = matches!(cell(row, 1), Some("host" | "hostnossl" | "hostnogssenc"));
        if !is_plain || !is_network(row) {
            return false;
        }
        let address = cell(row, 4).unwrap_or("all");
        let (four, six) = (address == "all" || !address.contains(':'), address == "all" || address.contains(':'));
        if cell(row, 6) != Some("reject") {
            return four && !self.four || six && !self.six;
        }
        let is_whole = ["all", "0.0.0.0", "::"].contains(&address)
            && cell(row, 5).is_none_or(|mask| mask.chars().all(|letter| ['0', '.', ':'].contains(&letter)));
        let is_for_all = cell(row, 2) == Some("all") && cell(row, 3) == Some("all");
        if is_whole && is_for_all && cell(row, 1) != Some("hostnogssenc") {
            self.four |= four;
            self.six |= six;
        }
        false
    }
}

/// Replicas that read from this server, and itself where it is one.
fn replicas(heard: &Heard<'_>) -> Vec<Value> {
    let item = |name: &str, running: Option<bool>, lag: Option<i64>| {
        json!({
            "store": heard.store, "name": name, "running": running, "lag": lag, "refused": null,
            "place": format!("{}.{name}", heard.store),
        })
    };
    let unknown = json!({"name": "every replica", "running": null, "lag": null});
    let mut all = heard.items("replicas", unknown, |row| {
        let is_streaming = cell(row, 1) == Some("streaming");
        item(cell(row, 0).unwrap_or("(no name)"), Some(is_streaming), cell(row, 3).and_then(seconds))
    });
    if cell(heard.row("server"), 2).and_then(is_on) == Some(true) {
        let lag = cell(heard.row("standby"), 0).and_then(seconds);
        all.push(item("(itself)", None, lag));
    }
    all
}

fn public_grants(heard: &Heard<'_>) -> Vec<Value> {
    heard.items("public", json!({"table": null, "privileges": null}), |row| {
        let table = cell(row, 0).unwrap_or_default();
        json!({
            "store": heard.store, "table": table, "privileges": cell(row, 1), "refused": null,
            "place": format!("{}.{table}", heard.store),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(words: &str) -> Vec<Option<String>> {
        words.split('|').map(|word| (word != "∅").then(|| word.to_owned())).collect()
    }

    /// The first line that fits decides: what comes after a line that rejects everything is never reached without TLS.
    #[test]
    fn lines_that_let_in_without_tls() {
        let check = |lines: &[&str], expect: &[bool]| {
            let mut closed = Closed::default();
            let found: Vec<bool> = lines.iter().map(|line| closed.takes(&row(line))).collect();
            assert_eq!(found, expect, "{lines:?}");
        };
        check(
            &["1|local|all|all|∅|∅|peer|∅", "2|host|all|all|127.0.0.1|255.255.255.255|scram-sha-256|∅"],
            &[false, false],
        );
        check(&["1|host|all|all|10.0.0.0|255.0.0.0|scram-sha-256|∅"], &[true]);
        check(&["1|hostssl|all|all|all|∅|scram-sha-256|∅"], &[false]);
        check(&["1|hostnossl|all|all|all|∅|reject|∅", "2|host|all|all|all|∅|scram-sha-256|∅"], &[false, false]);
        check(
            &[
                "1|hostnossl|all|all|0.0.0.0|0.0.0.0|reject|∅",
                "2|host|all|all|::|::|md5|∅",
                "3|host|all|all|10.0.0.0|255.0.0.0|md5|∅",
            ],
            &[false, true, false],
        );
        check(&["1|hostnossl|shop|all|all|∅|reject|∅", "2|host|all|all|all|∅|md5|∅"], &[false, true]);
        check(&["1|hostnossl|all|all|10.0.0.0|255.0.0.0|reject|∅", "2|host|all|all|all|∅|md5|∅"], &[false, true]);
    }
}
