//! Redis.

use super::{Live, answers, check, fact, later, project, shown};
use crate::house::judge;

const TLS: &str =
    "--tls-cert-file server.pem --tls-key-file server.key --tls-ca-cert-file ca.pem --tls-auth-clients no";
const USERS: &str = "hash=$(printf 'open sesame' | sha256sum | cut -d' ' -f1)
cat >users.acl <<ACL
user default off -@all
user auditor on #$hash ~* &* +@read +@connection +info +config|get +acl|list +command
user plain on #$hash ~* &* +@read +@connection +info
ACL
";

fn good() -> Live {
    Live::start(
        &format!(
            "{USERS}exec setpriv --pdeathsig KILL redis-server --port 0 --tls-port $PORT --bind 127.0.0.1 {TLS} --appendonly yes \
             --dir \"$PWD\" --aclfile \"$PWD/users.acl\""
        ),
        "redis-cli --tls --cacert ca.pem -p $PORT --user auditor --pass 'open sesame' ping | grep PONG",
    )
}

fn store(live: &Live, user: &str) -> String {
    let ca = live.path("ca.pem");
    format!("url = \"rediss://{user}@127.0.0.1:{}\"\npassword_file = \"secret\"\nca = \"{}\"", live.port, shown(&ca))
}

#[test]
fn a_server_as_it_should_be() {
    if !judge("redis-server") {
        return;
    }
    let live = good();
    let house = project(&store(&live, "auditor"));
    // Debian's server is older than what its makers mend.
    let never = [("replica-lag", "not applicable"), ("version", "broken")];
    check(&answers(&house, "infrastructure", "redis-", &later(0)), &never);
    let found = fact(&house, "redis");
    assert_eq!(found["servers"][0]["encrypted"], true, "{found}");
    assert!(!found.to_string().contains('#'), "a hash has left the server: {found}");
    let set =
        ["evaluate", "--pack", "infrastructure", "--only", "redis-version", "--set", "infrastructure.redis_min=70000"];
    house.json(&set, 0);
}

/// A server that forbids CONFIG and ACL is not judged, and says what would let it be.
#[test]
fn a_server_that_forbids_config() {
    if !judge("redis-server") {
        return;
    }
    let live = good();
    let house = project(&store(&live, "plain"));
    let found = answers(&house, "infrastructure", "redis-", &later(0));
    for rule in ["tls", "login", "listens", "kept", "dangerous-commands"] {
        assert_eq!(found[rule].0, "not judged", "{rule}: {found:?}");
    }
    assert!(found["tls"].1.contains("ACL SETUSER plain +config|get"), "{found:?}");
    assert!(found["login"].1.contains("ACL SETUSER plain +acl|list"), "{found:?}");
}

#[test]
fn a_server_as_it_should_not_be() {
    if !judge("redis-server") {
        return;
    }
    let live = Live::start(
        "exec setpriv --pdeathsig KILL redis-server --port $PORT --bind '*' --protected-mode no --save '' --appendonly no --dir \"$PWD\"",
        "redis-cli -p $PORT ping | grep PONG",
    );
    let house = project(&format!("url = \"redis://127.0.0.1:{}\"", live.port));
    let broken = ["tls", "login", "dangerous-commands", "listens", "kept", "version"];
    let mut expect: Vec<(&str, &str)> = broken.iter().map(|rule| (*rule, "broken")).collect();
    expect.extend([("tls-version", "not applicable"), ("replica-lag", "not applicable")]);
    check(&answers(&house, "infrastructure", "redis-", &later(0)), &expect);
    // A replica that has lost its master is behind.
    live.shell("redis-cli -p $PORT replicaof 127.0.0.1 1");
    expect.pop();
    expect.push(("replica-lag", "broken"));
    check(&answers(&house, "infrastructure", "redis-", &later(0)), &expect);
}
