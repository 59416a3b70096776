//! PostgreSQL.

use serde_json::Value;

use super::{Live, answers, answers_with, check, fact, later, project, shown};
use crate::house::{House, judge};

const BINARIES: &str = "bin=$(dirname \"$(find /usr/lib/postgresql -path '*/bin/initdb' | sort -V | tail -n 1)\")\n";

/// `$1` = lines of pg_hba.conf, the rest = options.
pub(super) fn server(options: &str, initdb: &str, hba: &str, sql: &str) -> Live {
    let script = format!(
        "{BINARIES}as postgres env -C \"$PWD\" \"$bin/initdb\" -D \"$PWD/data\" -A trust -U postgres -E UTF8 --locale=C.UTF-8 --no-sync {initdb}
cat >data/pg_hba.conf <<'HBA'
local all postgres peer map=us
{hba}
HBA
printf 'us postgres postgres\\nus %s postgres\\n' \"$(id -un)\" >data/pg_ident.conf
become postgres \"$bin/postgres\" -D \"$PWD/data\" -p \"$PORT\" -k \"$PWD\" -c fsync=off {options}"
    );
    let live = Live::start(&script, "psql -Xqc 'SELECT 1' \"postgres://postgres@/postgres?host=$PWD&port=$PORT\"");
    std::fs::write(live.path("start.sql"), sql).unwrap();
    live.shell("psql -Xq -v ON_ERROR_STOP=1 -f start.sql \"postgres://postgres@/postgres?host=$PWD&port=$PORT\"");
    live
}

fn good() -> Live {
    server(
        "-c listen_addresses=127.0.0.1 -c ssl=on -c ssl_cert_file=\"$PWD/server.pem\" -c ssl_key_file=\"$PWD/server.key\" \
         -c log_connections=on -c log_statement=ddl",
        "-k",
        "hostssl all all 127.0.0.1/32 scram-sha-256\nhostssl all all 10.0.0.0/8 scram-sha-256",
        "CREATE ROLE auditor LOGIN PASSWORD 'open sesame'; CREATE TABLE person (id int); CREATE ROLE readers NOLOGIN;",
    )
}

fn bad() -> Live {
    server(
        "-c 'listen_addresses=*' -c password_encryption=md5 -c ssl_min_protocol_version=TLSv1 -c log_statement=none",
        "",
        "host all all 127.0.0.1/32 trust\nhost all all 0.0.0.0/0 trust",
        "CREATE ROLE auditor LOGIN SUPERUSER PASSWORD 'open sesame'; CREATE ROLE ann LOGIN SUPERUSER; \
         CREATE ROLE eve LOGIN PASSWORD 'x' VALID UNTIL '2020-01-01'; CREATE TABLE person (id int); GRANT SELECT ON person TO PUBLIC;",
    )
}

fn of(live: &Live, tls: &str) -> House {
    let ca = live.path("ca.pem");
    project(&format!(
        "url = \"postgres://auditor@127.0.0.1:{}/postgres\"\npassword_file = \"secret\"\ntls = \"{tls}\"\nca = \"{}\"",
        live.port,
        shown(&ca)
    ))
}

/// A plain role is told what it may see; what it may not is not judged, with the very grant that lets it be.
#[test]
fn a_server_as_it_should_be() {
    if !judge("psql") {
        return;
    }
    let live = good();
    let house = of(&live, "always");
    let before = answers(&house, "infrastructure", "postgresql-", &later(0));
    let unknown = ["tls", "tls-version", "login", "password-hash"].map(|rule| (rule, "not judged"));
    let never =
        [("encrypted-at-rest", "not judged"), ("replica-lag", "not applicable"), ("ended-accounts", "not applicable")];
    check(&before, &[&unknown[..], &never[..]].concat());
    assert!(
        before["tls"].1.contains("GRANT EXECUTE ON FUNCTION pg_catalog.pg_hba_file_rules() TO auditor"),
        "{before:?}"
    );
    let refused = fact(&house, "postgresql")["servers"][0]["refused"].clone();
    let grant = |one: &Value| format!("{};\n", one.as_str().unwrap().split_once("what would let it: ").unwrap().1);
    let grants: String = refused.as_array().unwrap().iter().map(grant).collect();
    assert!(grants.contains("GRANT SELECT ON pg_catalog.pg_authid TO auditor"), "{grants}");
    std::fs::write(live.path("grants.sql"), &grants).unwrap();
    live.shell("psql -Xq -v ON_ERROR_STOP=1 -f grants.sql \"postgres://postgres@/postgres?host=$PWD&port=$PORT\"");
    check(&answers(&house, "infrastructure", "postgresql-", &later(0)), &never);
    let found = fact(&house, "postgresql");
    let server = &found["servers"][0];
    assert_eq!((&server["encrypted"], &server["tls_version"]), (&true.into(), &"TLSv1.3".into()), "{server}");
    assert_eq!((&server["superusers"], &server["checksums"]), (&1.into(), &true.into()), "{server}");
    let auditor = found["accounts"].as_array().unwrap().iter().find(|one| one["name"] == "auditor").unwrap();
    assert_eq!((&auditor["password"], &auditor["superuser"]), (&"scram-sha-256".into(), &false.into()), "{auditor}");
    assert!(!found.to_string().contains("SCRAM-SHA-256$"), "a hash has left the server");
    let parameter = ["evaluate", "--pack", "infrastructure", "--only", "postgresql-encrypted-at-rest"];
    house.json(&[&parameter[..], &["--set", "infrastructure.encrypted_disks=shop"]].concat(), 0);
}

#[test]
fn a_server_as_it_should_not_be() {
    if !judge("psql") {
        return;
    }
    let live = bad();
    let house = of(&live, "never");
    let broken =
        ["tls", "tls-version", "password-hash", "new-passwords", "login", "superusers", "public-grants", "audit-log"];
    let more = ["listens", "checksums", "ended-accounts"];
    let mut expect: Vec<(&str, &str)> = broken.iter().chain(&more).map(|rule| (*rule, "broken")).collect();
    expect.extend([("encrypted-at-rest", "not judged"), ("replica-lag", "not applicable")]);
    let found = answers(&house, "infrastructure", "postgresql-", &later(0));
    check(&found, &expect);
    assert!(found["public-grants"].1.contains("public.person"), "{found:?}");
    assert!(found["tls"].1.starts_with("shop: pg_hba.conf:3 "), "{found:?}");
    let soc2 = answers(&house, "soc2", "cc", &later(0));
    for rule in ["6-1-login", "6-3-superusers", "6-6-listens", "6-7-tls", "7-2-audit-log"] {
        assert_eq!(soc2[rule].0, "broken", "{rule}: {soc2:?}");
    }
    assert_eq!(soc2["6-1-encryption-at-rest"].0, "not judged");
    let map = "dataset:\n- fides_key: shop\n  collections:\n  - {name: person, fields: [{name: id, data_categories: [user.unique_id]}]}\n";
    house.write("probity-map.yml", map);
    let gdpr = answers(&house, "gdpr", "a32-1-", &later(0));
    for rule in ["a-in-transit", "b-login", "b-passwords", "b-superusers", "b-public-grants", "d-audit-log"] {
        assert_eq!(gdpr[rule].0, "broken", "{rule}: {gdpr:?}");
    }
    assert!(gdpr["b-public-grants"].1.contains("shop: public.person"), "{gdpr:?}");
    assert_eq!(gdpr["a-at-rest"].0, "not judged");
}

fn review(of: &str, accounts: &str) -> String {
    format!("access_review: 1\nstore: shop\nreviewed: {of}\nby: Operations\naccounts: [{accounts}]\n")
}

/// Art. 32: whoever may get in was approved, with no more rights than that, and not years ago.
#[test]
fn who_may_get_in_was_approved() {
    if !judge("psql") {
        return;
    }
    let live = good();
    let house = of(&live, "always");
    live.shell(
        "psql -Xqc 'GRANT SELECT ON pg_catalog.pg_authid TO auditor' \"postgres://postgres@/postgres?host=$PWD&port=$PORT\"",
    );
    let answer = |text: &str, rule: &str| {
        house.write("review.yaml", text);
        let found = answers_with(&house, "gdpr", "a32-1-b-", &later(0), &["--input", "review.yaml"]);
        assert_eq!(found["passwords"].0, "met", "{found:?}");
        found[rule].clone()
    };
    let without = answers(&house, "gdpr", "a32-1-b-access-", &later(0));
    assert!(without.values().all(|(answer, _)| answer == "not given"), "{without:?}");
    let whole = "{name: auditor}, {name: postgres, superuser: true}";
    let check = |text: &str, reviewed: &str, approved: &str, says: &str| {
        assert_eq!(answer(text, "access-reviewed").0, reviewed, "{text}");
        let found = answer(text, "access-approved");
        assert!(found.0 == approved && found.1.contains(says), "{text}: {found:?}");
    };
    check(&review(&later(0), whole), "met", "met", "");
    check(&review("2024-01-01T00:00:00Z", whole), "broken", "met", "");
    check(&review(&later(0), "{name: auditor}"), "met", "broken", "shop: postgres");
    check(&review(&later(0), "{name: auditor}, {name: postgres}"), "met", "broken", "superuser: yes");
    // What was reviewed is another store.
    check(&review(&later(0), whole).replace("store: shop", "store: books"), "broken", "not applicable", "");
    // What cannot be read is no review, and says nothing of accounts.
    check(&review("lately", whole), "not judged", "not judged", "");
}

/// A server that is gone is a gap, and nothing over it is met.
#[test]
fn a_server_that_is_gone_is_not_judged() {
    let house = project("url = \"postgres://auditor@127.0.0.1:1/postgres\"\ntls = \"never\"");
    let found = answers(&house, "infrastructure", "postgresql-", &later(0));
    assert!(found.values().all(|(answer, _)| answer == "not judged"), "{found:?}");
}
