//! MariaDB.

use super::{Live, answers, check, fact, later, project, shown};
use crate::house::{House, judge};

pub(super) fn server(options: &str, sql: &str) -> Live {
    let script = format!(
        "as mysql mariadb-install-db --no-defaults --datadir=\"$PWD/data\" --auth-root-authentication-method=normal \
         --skip-test-db --skip-name-resolve
openssl rand -hex 32 | sed 's/^/1;/' >keys
become mysql mariadbd --no-defaults --datadir=\"$PWD/data\" --port=\"$PORT\" --socket=\"$PWD/s\" --pid-file=\"$PWD/pid\" \
         --skip-name-resolve --innodb-flush-log-at-trx-commit=0 --ssl-cert=\"$PWD/server.pem\" --ssl-key=\"$PWD/server.key\" \
         --ssl-ca=\"$PWD/ca.pem\" {options}"
    );
    let live = Live::start(&script, "mariadb --no-defaults --socket=\"$PWD/s\" -u root -e 'SELECT 1'");
    std::fs::write(live.path("start.sql"), sql).unwrap();
    live.shell("mariadb --no-defaults --socket=\"$PWD/s\" -u root <start.sql");
    live
}

fn of(live: &Live, tls: &str) -> House {
    let ca = live.path("ca.pem");
    project(&format!(
        "url = \"mariadb://auditor@127.0.0.1:{}/shop\"\npassword_file = \"secret\"\ntls = \"{tls}\"\nca = \"{}\"",
        live.port,
        shown(&ca)
    ))
}

/// What a plain user may not see is not judged, with the grant that lets it be. The driver logs in with SHA-1 only, which the
/// rule says of its own account.
#[test]
fn a_server_as_it_should_be() {
    if !judge("mariadbd") {
        return;
    }
    let live = server(
        "--bind-address=127.0.0.1 --require-secure-transport=ON --tls-version=TLSv1.2,TLSv1.3 --plugin-load-add=server_audit \
         --server-audit-logging=ON --plugin-load-add=file_key_management --loose-file-key-management-filename=\"$PWD/keys\" \
         --innodb-encrypt-tables=ON --innodb-encrypt-log=ON --encrypt-binlog=ON --log-bin=\"$PWD/log-bin\" --server-id=1 \
         --plugin-load-add=auth_ed25519",
        "CREATE DATABASE shop; DELETE FROM mysql.global_priv WHERE User = '' OR User = 'root' AND Host <> 'localhost'; FLUSH PRIVILEGES;
         CREATE USER auditor@'127.0.0.1' IDENTIFIED BY 'open sesame'; GRANT SELECT ON shop.* TO auditor@'127.0.0.1';
         CREATE USER app@'10.0.0.%' IDENTIFIED VIA ed25519 USING PASSWORD('x');
         ALTER USER root@localhost IDENTIFIED VIA unix_socket;",
    );
    let house = of(&live, "always");
    let before = answers(&house, "infrastructure", "mariadb-", &later(0));
    assert_eq!(before["superusers"].0, "not judged", "{before:?}");
    for rule in ["login", "anonymous", "hosts", "password-hash", "ended-accounts", "replica-lag"] {
        assert_eq!(before[rule].0, "not judged", "{rule}: {before:?}");
    }
    for rule in ["login", "replica-lag"] {
        let (_, grant) = before[rule].1.split_once("what would let it: ").unwrap_or_else(|| panic!("{before:?}"));
        live.shell(&format!("mariadb --no-defaults --socket=\"$PWD/s\" -u root -e \"{grant}\""));
    }
    let found = answers(&house, "infrastructure", "mariadb-", &later(0));
    check(&found, &[("password-hash", "broken"), ("replica-lag", "not applicable")]);
    assert!(found["password-hash"].1.starts_with("shop.auditor@127.0.0.1 "), "{found:?}");
    let told = fact(&house, "mariadb");
    let server = &told["servers"][0];
    assert_eq!((&server["encrypted"], &server["tables_encrypted"]), (&true.into(), &true.into()), "{server}");
    let app = told["accounts"].as_array().unwrap().iter().find(|one| one["user"] == "app").unwrap();
    assert_eq!(app["password"], "strong", "{app}");
}

#[test]
fn a_server_as_it_should_not_be() {
    if !judge("mariadbd") {
        return;
    }
    let live = server(
        "--bind-address=0.0.0.0 --tls-version=TLSv1.0,TLSv1.1,TLSv1.2",
        "CREATE DATABASE shop; CREATE USER auditor@'%' IDENTIFIED BY 'open sesame'; GRANT ALL ON *.* TO auditor@'%';
         CREATE USER eve@'10.0.0.1'; CREATE USER ''@'10.0.0.2'; CREATE USER bob@'10.0.0.3' IDENTIFIED BY 'x' PASSWORD EXPIRE;
         CREATE USER cat@'10.0.0.4' IDENTIFIED BY 'x'; GRANT SUPER ON *.* TO cat@'10.0.0.4';
         CREATE USER dan@'10.0.0.5' IDENTIFIED BY 'x'; GRANT SUPER ON *.* TO dan@'10.0.0.5';",
    );
    let house = of(&live, "never");
    let broken = ["tls", "tls-version", "login", "anonymous", "hosts", "password-hash", "superusers", "audit-log"];
    let more = ["encrypted-at-rest", "listens", "ended-accounts"];
    let mut expect: Vec<(&str, &str)> = broken.iter().chain(&more).map(|rule| (*rule, "broken")).collect();
    expect.push(("replica-lag", "not applicable"));
    check(&answers(&house, "infrastructure", "mariadb-", &later(0)), &expect);
}
