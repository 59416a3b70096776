//! What servers of every kind have in common, for rules that ask all of them the same.

use serde_json::{Value, json};

/// Items of a list of a fact that belong to one store.
struct Of<'v> {
    fact: &'v Value,
    store: &'v str,
}

impl<'v> Of<'v> {
    fn list(&self, name: &str) -> impl Iterator<Item = &'v Value> {
        let store = self.store;
        let items = self.fact[name].as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().filter(move |item| item["store"] == store)
    }

    /// Whether every item that counts meets `is`; unknown when one does not say, unless another breaks it.
    fn every(&self, name: &str, is: impl Fn(&Value) -> Option<bool>) -> Option<bool> {
        let answers: Vec<Option<bool>> = self.list(name).map(is).collect();
        match (answers.contains(&Some(false)), answers.contains(&None)) {
            (true, _) => Some(false),
            (false, true) => None,
            (false, false) => Some(true),
        }
    }
}

/// The servers of `fact`, which is of `kind`.
pub(super) fn servers(kind: &str, fact: &Value) -> Vec<Value> {
    let servers = fact["servers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let one = |server: &Value| {
        let store = server["store"].as_str().unwrap_or_default();
        common(kind, server, &Of { fact, store })
    };
    servers.iter().map(one).collect()
}

fn common(kind: &str, server: &Value, of: &Of<'_>) -> Value {
    let replicas: Vec<&Value> = of.list("replicas").collect();
    let is_known = replicas.iter().all(|replica| !replica["running"].is_null() || !replica["lag"].is_null());
    let runs = of.every("replicas", |replica| Some(replica["running"].as_bool().unwrap_or(true)));
    let lag = replicas.iter().map(|replica| replica["lag"].as_i64()).collect::<Option<Vec<_>>>();
    json!({
        "store": server["store"],
        "kind": kind,
        "version": server["version"],
        "demands_tls": demands_tls(kind, server, of),
        "asks_login": asks_login(kind, server, of),
        "superusers": server["superusers"],
        "everywhere": server["everywhere"],
        "audit": audit(kind, server),
        "encrypted_at_rest": encrypted(kind, server),
        "replicas": is_known.then_some(replicas.len()),
        "replicas_run": runs.filter(|_| is_known && !replicas.is_empty()),
        "lag": lag.and_then(|lag| lag.into_iter().max()),
        "refused": server["refused"],
        "place": server["place"],
    })
}

/// The accounts of `fact`, which is of `kind`.
pub(super) fn accounts(kind: &str, fact: &Value) -> Vec<Value> {
    let accounts = fact["accounts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let one = |account: &Value| {
        json!({
            "store": account["store"], "kind": kind, "name": account["name"], "login": may_log_in(kind, account),
            "superuser": is_superuser(kind, account), "password": password(kind, account),
            "refused": account["refused"], "place": account["place"],
        })
    };
    accounts.iter().map(one).collect()
}

fn may_log_in(kind: &str, account: &Value) -> Option<bool> {
    match kind {
        "postgresql" => account["login"].as_bool(),
        "redis" => account["enabled"].as_bool(),
        _ => Some(!account["locked"].as_bool()? && account["password"] != "closed"),
    }
}

fn is_superuser(kind: &str, account: &Value) -> Option<bool> {
    match kind {
        "redis" => Some(account["dangerous"].as_bool()? && account["every_key"].as_bool()?),
        _ => account["superuser"].as_bool(),
    }
}

/// How a password is kept, in one set of words for all kinds.
fn password(kind: &str, account: &Value) -> Option<&'static str> {
    if kind == "redis" {
        // What is kept is a digest without salt of a secret whose strength nobody here knows.
        return Some(if account["password"].as_bool()? { "other" } else { "none" });
    }
    Some(match (kind, account["password"].as_str()?) {
        (_, "scram-sha-256" | "strong") => "strong",
        (_, "md5" | "weak") => "weak",
        // A role of PostgreSQL without a password gets in only where pg_hba.conf asks for none.
        ("mariadb", "none") => "none",
        _ => "other",
    })
}

fn demands_tls(kind: &str, server: &Value, of: &Of<'_>) -> Option<bool> {
    let flag = |name: &str| server[name].as_bool();
    match kind {
        // Where no line lets in from elsewhere, nothing is sent in the clear.
        "postgresql" => of.every("hba", |line| line["plain"].as_bool().map(|plain| !plain)),
        "redis" => Some(flag("tls")? && !flag("plain")?),
        _ => flag("demands_tls"),
    }
}

fn asks_login(kind: &str, server: &Value, of: &Of<'_>) -> Option<bool> {
    match kind {
        "postgresql" => of.every("hba", |line| line["method"].as_str().map(|method| method != "trust")),
        "mariadb" => of.every("accounts", |account| match account["locked"].as_bool()? {
            true => Some(true),
            false => Some(account["password"] != "none" && account["user"] != ""),
        }),
        "redis" => {
            of.every("accounts", |account| Some(!account["enabled"].as_bool()? || account["password"].as_bool()?))
        }
        _ => Some(server["asks_login"].as_bool()? || server["client_certificates"].as_bool()?),
    }
}

fn audit(kind: &str, server: &Value) -> Option<bool> {
    let flag = |name: &str| server[name].as_bool();
    match kind {
        "postgresql" => {
            let statements = ["ddl", "mod", "all"].contains(&server["log_statement"].as_str()?);
            let logs = if statements { true } else { flag("audit")? };
            Some(flag("log_connections")? && logs)
        }
        "mariadb" => match (flag("audit"), flag("general_log")) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (audit, general) => Some(audit? || general?),
        },
        _ => None,
    }
}

fn encrypted(kind: &str, server: &Value) -> Option<bool> {
    match kind {
        "postgresql" => server["encrypted_at_rest"].as_bool(),
        "mariadb" => {
            let rest = ["log_encrypted", "binlog_encrypted"].iter().all(|name| server[name].as_bool() != Some(false));
            Some(server["tables_encrypted"].as_bool()? && rest)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_of_every_kind_speak_one_language() {
        let check = |kind: &str, account: Value, expect: Value| {
            let told = &accounts(kind, &json!({"accounts": [account]}))[0];
            assert_eq!(json!([told["login"], told["superuser"], told["password"]]), expect, "{kind}: {told}");
        };
        let md5 = json!({"login": true, "superuser": false, "password": "md5"});
        check("postgresql", md5, json!([true, false, "weak"]));
        check(
            "postgresql",
            json!({"login": true, "superuser": true, "password": "none"}),
            json!([true, true, "other"]),
        );
        check(
            "mariadb",
            json!({"locked": false, "superuser": false, "password": "none"}),
            json!([true, false, "none"]),
        );
        check("mariadb", json!({"locked": false, "password": "closed"}), json!([false, null, "other"]));
        let default = json!({"enabled": true, "password": false, "dangerous": true, "every_key": true});
        check("redis", default, json!([true, true, "none"]));
        check("redis", json!({"enabled": null, "password": null}), json!([null, null, null]));
    }

    /// What one item does not say is unknown, unless another settles it.
    #[test]
    fn what_is_unknown_stays_unknown() {
        let check = |lines: Value, expect: Option<bool>| {
            let fact = json!({"hba": lines});
            let of = Of { fact: &fact, store: "shop" };
            assert_eq!(demands_tls("postgresql", &json!({}), &of), expect, "{fact}");
        };
        check(json!([]), Some(true));
        check(json!([{"store": "shop", "plain": false}, {"store": "shop", "plain": null}]), None);
        check(json!([{"store": "shop", "plain": true}, {"store": "shop", "plain": null}]), Some(false));
        check(json!([{"store": "other", "plain": true}]), Some(true));
        let audit_of = |value| audit("mariadb", &value);
        assert_eq!(audit_of(json!({"audit": null, "general_log": true})), Some(true));
        assert_eq!(audit_of(json!({"audit": null, "general_log": false})), None);
        assert_eq!(encrypted("redis", &json!({})), None);
    }
}
