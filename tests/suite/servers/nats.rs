//! NATS.

use super::{Live, answers, check, fact, later, project, shown};
use crate::house::judge;

const READY: &str = "read -rt 5 greeting <>/dev/tcp/127.0.0.1/$PORT && [ \"${greeting%% *}\" = INFO ]";

#[test]
fn a_server_as_it_should_be() {
    if !judge("nats-server") {
        return;
    }
    let live = Live::start(
        "cat >nats.conf <<'CONF'
authorization { users: [ {user: auditor, password: \"open sesame\"} ] }
tls { cert_file: \"server.pem\", key_file: \"server.key\" }
CONF
exec setpriv --pdeathsig KILL nats-server -a 127.0.0.1 -p $PORT -js -sd \"$PWD/data\" -c nats.conf",
        READY,
    );
    let ca = live.path("ca.pem");
    let house = project(&format!(
        "url = \"tls://auditor@127.0.0.1:{}\"\npassword_file = \"secret\"\nca = \"{}\"",
        live.port,
        shown(&ca)
    ));
    // Debian's server is older than what its makers mend.
    check(&answers(&house, "infrastructure", "nats-", &later(0)), &[("version", "broken")]);
    let found = fact(&house, "nats");
    let server = &found["servers"][0];
    assert_eq!((&server["encrypted"], &server["jetstream"]), (&true.into(), &true.into()), "{server}");
}

#[test]
fn a_server_as_it_should_not_be() {
    if !judge("nats-server") {
        return;
    }
    let live = Live::start("exec setpriv --pdeathsig KILL nats-server -a 127.0.0.1 -p $PORT", READY);
    let house = project(&format!("url = \"nats://127.0.0.1:{}\"", live.port));
    let expect = [("tls", "broken"), ("login", "broken"), ("version", "broken")];
    check(&answers(&house, "infrastructure", "nats-", &later(0)), &expect);
}
