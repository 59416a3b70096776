//! Redis, Valkey, Dragonfly: `INFO`, `CONFIG GET`, `ACL LIST`, `COMMAND INFO`.
//!
//! Source: Redis documentation, pages on ACL, TLS, security and `INFO`.

use serde_json::{Value, json};

use super::{Heard, cell, is_everywhere, is_on, number, words};

pub(super) fn value(heard: &[Heard<'_>]) -> Value {
    super::value(heard, server, accounts, replicas)
}

fn server(heard: &Heard<'_>) -> Value {
    let setting = |name: &str| heard.setting("settings", name);
    let makes = [("valkey_version", "Valkey"), ("dragonfly_version", "Dragonfly"), ("redis_version", "Redis")];
    let (version, make) = makes
        .into_iter()
        .find_map(|(name, make)| Some((heard.setting("server", name)?, make)))
        .unwrap_or(("unknown", "Redis"));
    // `df-v1.2.3` is Dragonfly's way to write it.
    let plain_version = version.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    let bind = setting("bind").map(words);
    let is_port = |name: &str| setting(name).map(|port| port != "0" && !port.is_empty());
    let role = heard.setting("replication", "role");
    let dangerous: Option<Vec<&str>> =
        heard.rows("dangerous").map(|rows| rows.iter().filter_map(|row| cell(row, 0)).collect());
    json!({
        "store": heard.store,
        "make": make,
        "version": version,
        "number": number(plain_version),
        "replica": role.map(|role| role == "slave" || role == "replica"),
        "encrypted": cell(heard.row("connection"), 0).and_then(is_on),
        "open": cell(heard.row("connection"), 1).and_then(is_on),
        "plain": is_port("port"),
        "tls": is_port("tls-port"),
        "tls_versions": setting("tls-protocols").map(words).filter(|versions| !versions.is_empty()),
        "protected": heard.flag("settings", "protected-mode"),
        "everywhere": bind.as_deref().map(|bind| bind.is_empty() || is_everywhere(bind)),
        "listen": bind,
        "append_only": heard.flag("settings", "appendonly"),
        "snapshots": setting("save").map(|save| !save.is_empty()),
        "dangerous": dangerous,
        "refused": heard.refusals(),
        "place": heard.store,
    })
}

/// `user NAME on #… ~* &* +@all`: words that come later win.
fn accounts(heard: &Heard<'_>) -> Vec<Value> {
    let unknown =
        json!({"name": "every user", "enabled": null, "password": null, "dangerous": null, "every_key": null});
    heard.items("users", unknown, |row| {
        let name = cell(row, 1).unwrap_or_default();
        let rights: Vec<&str> = row.iter().skip(2).flatten().map(String::as_str).collect();
        let has = |word: &str| rights.contains(&word);
        json!({
            "store": heard.store,
            "name": name,
            "enabled": has("on"),
            "password": !has("nopass"),
            "dangerous": is_dangerous(&rights),
            "every_key": has("~*") || has("allkeys"),
            "refused": null,
            "place": format!("{}.{name}", heard.store),
        })
    })
}

/// Whether the rights, read in their order, end with the dangerous commands allowed.
fn is_dangerous(rights: &[&str]) -> bool {
    let mut may = false;
    for right in rights {
        match *right {
            "+@all" | "allcommands" | "+@dangerous" | "+@admin" | "+flushall" | "+config" | "+shutdown" | "+debug" => {
                may = true
            }
            "-@all" | "nocommands" | "-@dangerous" => may = false,
            _ => {}
        }
    }
    may
}

fn replicas(heard: &Heard<'_>) -> Vec<Value> {
    let info = |name: &str| heard.setting("replication", name);
    let item = |name: &str, running: bool, lag: Option<i64>| {
        json!({
            "store": heard.store, "name": name, "running": running, "lag": lag, "refused": null,
            "place": format!("{}.{name}", heard.store),
        })
    };
    if heard.rows("replication").is_none() {
        return heard
            .items("replication", json!({"name": "every replica", "running": null, "lag": null}), |_| Value::Null);
    }
    let rows = heard.rows("replication").map(Vec::as_slice).unwrap_or_default();
    // `slave0:ip=10.0.0.2,port=6379,state=online,offset=1,lag=0`
    let of_master = rows.iter().filter_map(|row| {
        let (name, line) = (cell(row, 0)?.strip_prefix("slave")?, cell(row, 1)?);
        name.parse::<u32>().ok()?;
        let part = |wanted: &str| line.split(',').find_map(|part| part.strip_prefix(wanted)?.strip_prefix('='));
        let name = format!("{}:{}", part("ip").unwrap_or_default(), part("port").unwrap_or_default());
        Some(item(&name, part("state") == Some("online"), part("lag").and_then(|lag| lag.parse().ok())))
    });
    let mut all: Vec<Value> = of_master.collect();
    if matches!(info("role"), Some("slave" | "replica")) {
        let lag = info("master_last_io_seconds_ago").and_then(|lag| lag.parse().ok()).filter(|lag| *lag >= 0);
        all.push(item("(itself)", info("master_link_status") == Some("up"), lag));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_read_in_their_order() {
        let check = |rights: &str, expect| {
            assert_eq!(is_dangerous(&rights.split(' ').collect::<Vec<_>>()), expect, "{rights}");
        };
        check("on nopass ~* &* +@all", true);
        check("on # ~* +@all -@dangerous", false);
        check("on # ~* -@all +get +set", false);
        check("on # ~* -@dangerous +@all", true);
        check("off # -@all +flushall", true);
    }
}
