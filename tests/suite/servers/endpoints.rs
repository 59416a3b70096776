//! TLS end points: OpenSSL's server with certificates that hold, that are over, and that are somebody else's.

use serde_json::Value;

use super::{Live, answers, later};
use crate::house::{House, judge};

fn server(words: &str) -> Live {
    let script = format!(
        "openssl req -x509 -newkey rsa:1024 -nodes -days 5 -subj /CN=elsewhere.example.org -keyout other.key -out other.pem
OPENSSL_CONF=/dev/null exec setpriv --pdeathsig KILL openssl s_server -accept 127.0.0.1:$PORT -quiet -www {words}"
    );
    Live::start(&script, "exec 3<>/dev/tcp/127.0.0.1/$PORT")
}

fn project(live: &Live, host: &str) -> House {
    let house = House::initialised();
    let settings = house.read("probity.toml");
    assert!(settings.contains("\nendpoints = []\n"), "{settings}");
    let line = format!("\nendpoints = [\"{host}:{}\"]\n", live.port);
    house.write("probity.toml", settings.replace("\nendpoints = []\n", &line));
    house
}

/// The fact, with the authority of the server among those that the system trusts.
fn point(house: &House, live: &Live, time: &str) -> Value {
    let mut command = house.command(&["facts", "endpoints", "--json", "--time", time]);
    let ran = crate::house::Ran::of(command.env("SSL_CERT_FILE", live.path("ca.pem")).output().unwrap()).expect(0);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    document["facts"][0]["value"]["points"][0].clone()
}

#[track_caller]
fn has(point: &Value, expect: &[(&str, Value)]) {
    for (name, value) in expect {
        assert_eq!(point[name], *value, "{name}: {point}");
    }
}

/// A certificate that holds today, and no more in two years; and old versions refused.
#[test]
fn a_certificate_that_ends() {
    if !judge("openssl") {
        return;
    }
    let live = server("-cert server.pem -key server.key");
    let house = project(&live, "localhost");
    let today = point(&house, &live, &later(0));
    has(&today, &[("tls", true.into()), ("version", "TLSv1.3".into()), ("host_matches", true.into())]);
    has(&today, &[("trusted", true.into()), ("self_signed", false.into()), ("old_versions", false.into())]);
    has(&today, &[("key_algorithm", "P-256".into()), ("key_bits", 256.into())]);
    has(&today, &[("signature_algorithm", "ECDSA with SHA-256".into()), ("subject", "CN=localhost".into())]);
    let days = today["left"].as_i64().unwrap() / 86_400;
    assert!((363..=365).contains(&days), "{today}");
    let over = point(&house, &live, &later(400));
    has(&over, &[("tls", true.into()), ("trusted", true.into()), ("host_matches", true.into())]);
    assert!(over["left"].as_i64().unwrap() < 0, "{over}");
    let found = answers(&house, "infrastructure", "endpoint-certificate", &later(400));
    assert_eq!(found[""].0, "broken", "{found:?}");
    let soon = answers(&house, "infrastructure", "endpoint-certificate", &later(350));
    assert_eq!(soon["-ends"].0, "broken", "{soon:?}");
}

/// Another host's certificate, nobody's authority, a short key: facts, and no errors.
#[test]
fn a_certificate_for_another_host() {
    if !judge("openssl") {
        return;
    }
    let live = server("-cert other.pem -key other.key -cipher DEFAULT@SECLEVEL=0");
    let house = project(&live, "localhost");
    let point = point(&house, &live, &later(0));
    has(&point, &[("host_matches", false.into()), ("trusted", false.into()), ("self_signed", true.into())]);
    has(&point, &[("key_algorithm", "RSA".into()), ("key_bits", 1024.into())]);
    let found = answers(&house, "infrastructure", "endpoint-", &later(0));
    assert_eq!((found["key"].0.as_str(), found["tls-version"].0.as_str()), ("broken", "broken"), "{found:?}");
}

/// A server that takes TLS 1.1 too, one that takes nothing newer, and one that is silent.
#[test]
fn old_versions_are_noticed() {
    if !judge("openssl") {
        return;
    }
    let both = server("-cert server.pem -key server.key -cipher ALL:@SECLEVEL=0");
    let house = project(&both, "127.0.0.1");
    has(&point(&house, &both, &later(0)), &[("tls", true.into()), ("old_versions", true.into())]);
    let found = answers(&house, "infrastructure", "endpoint-tls", &later(0));
    assert_eq!(found["-version"].0, "broken", "{found:?}");
    let old = server("-cert server.pem -key server.key -cipher ALL:@SECLEVEL=0 -tls1_1");
    let house = project(&old, "127.0.0.1");
    let point = point(&house, &old, &later(0));
    has(&point, &[("tls", false.into()), ("old_versions", true.into()), ("version", Value::Null)]);
    let port = old.port;
    drop(old);
    let gone = house.json(&["facts", "endpoints"], 0);
    let gap = &gone["facts"][0]["gaps"][0];
    assert_eq!(gap["what"], format!("127.0.0.1:{port}"), "{gone}");
    let found = answers(&house, "infrastructure", "endpoint-", &later(0));
    assert!(found.values().all(|(answer, _)| answer == "not judged"), "{found:?}");
}
