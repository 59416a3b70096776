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

/// One more server, with the certificates of another's folder.
fn server_in(live: &Live, words: &str) -> Live {
    let script = format!(
        "cd {}\nOPENSSL_CONF=/dev/null exec setpriv --pdeathsig KILL openssl s_server -accept 127.0.0.1:$PORT -quiet -www {words}",
        live.path(".").display()
    );
    Live::start(&script, "exec 3<>/dev/tcp/127.0.0.1/$PORT")
}

fn project(live: &Live, host: &str) -> House {
    project_at(live.port, host)
}

fn project_at(port: u16, host: &str) -> House {
    let house = House::initialised();
    let settings = house.read("probity.toml");
    assert!(settings.contains("\nendpoints = []\n"), "{settings}");
    let line = format!("\nendpoints = [\"{host}:{port}\"]\n");
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

/// By the authority of the server, one that ended in 2021: `over.pem`.
const OVER: &str = "mkdir -p issued && touch issued/index && echo 01 >issued/serial
printf '[ca]\\ndefault_ca=c\\n[c]\\ndatabase=issued/index\\nserial=issued/serial\\nnew_certs_dir=issued\\ndefault_md=sha256\\npolicy=p\\n[p]\\n\
commonName=supplied\\n' >issued/ca.cnf
openssl ca -batch -config issued/ca.cnf -in server.csr -cert ca.pem -keyfile ca.key -startdate 20200101000000Z \
-enddate 20210101000000Z -extfile <(echo 'subjectAltName=DNS:localhost,IP:127.0.0.1') -notext -out over.pem";

/// What the rules about end points and files of certificates come to today, for who trusts the server's authority.
fn trusting(house: &House, live: &Live) -> Vec<(String, String)> {
    let (now, pack) = (later(0), ["evaluate", "--pack", "infrastructure"]);
    let only = ["--only", "endpoint-*", "--only", "certificate-ends", "--json", "--time", &now];
    let mut command = house.command(&[&pack[..], &only].concat());
    let ran = crate::house::Ran::of(command.env("SSL_CERT_FILE", live.path("ca.pem")).output().unwrap());
    let judged: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let text = |one: &Value, key: &str| one[key].as_str().unwrap().replace("infrastructure.", "");
    judged["rules"].as_array().unwrap().iter().map(|one| (text(one, "rule"), text(one, "answer"))).collect()
}

/// A certificate that really is over, and one that is not: on the wire, and as a file that `facts.certificates` names.
#[test]
fn a_certificate_that_ended_years_ago() {
    if !judge("openssl") {
        return;
    }
    let live = server("-cert server.pem -key server.key");
    live.shell(OVER);
    let over = server_in(&live, "-cert over.pem -key server.key");
    let check = |port: u16, files: &str, expect: [(&str, &str); 5]| {
        let house = House::initialised();
        let settings = house.read("probity.toml");
        assert!(settings.contains("\ncertificates = []\n"), "{settings}");
        for name in ["server.pem", "over.pem"] {
            house.write(name, std::fs::read(live.path(name)).unwrap());
        }
        house.write("torn.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n");
        let settings = settings.replace("\ncertificates = []\n", &format!("\ncertificates = [{files}]\n"));
        let line = format!("\nendpoints = [\"localhost:{port}\"]\n");
        house.write("probity.toml", settings.replace("\nendpoints = []\n", &line));
        let found = trusting(&house, &live);
        let found: Vec<(&str, &str)> = found.iter().map(|(rule, answer)| (rule.as_str(), answer.as_str())).collect();
        assert_eq!(found, expect, "{files}");
    };
    let rules = |certificate, file| {
        let ends = "endpoint-certificate-ends";
        let rest = [("endpoint-key", "met"), ("endpoint-tls-version", "met")];
        [("certificate-ends", file), ("endpoint-certificate", certificate), (ends, "met"), rest[0], rest[1]]
    };
    check(live.port, "\"server.pem\"", rules("met", "met"));
    check(over.port, "\"server.pem\", \"over.pem\"", rules("broken", "broken"));
    check(live.port, "\"server.pem\", \"torn.pem\"", rules("met", "not judged"));
    check(live.port, "\"server.pem\", \"none.pem\"", rules("met", "not judged"));
    // Whoever takes the connection and keeps silent says nothing of TLS: neither yes nor no.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let unknown = rules("", "").map(|(rule, _)| (rule, if rule == "certificate-ends" { "met" } else { "not judged" }));
    check(silent.local_addr().unwrap().port(), "\"server.pem\"", unknown);
}

/// Another host's certificate, nobody's authority, a short key: facts, and no errors.
#[test]
fn a_certificate_for_another_host() {
    if !judge("openssl") {
        return;
    }
    let live = server("-cert other.pem -key other.key -cipher DEFAULT@SECLEVEL=0 -min_protocol TLSv1.2");
    let older = server_in(&live, "-cert other.pem -key other.key -cipher DEFAULT@SECLEVEL=0 -tls1_2");
    // A key that is too short says nothing about the versions.
    for (port, version) in [(live.port, "TLSv1.3"), (older.port, "TLSv1.2")] {
        let house = project_at(port, "localhost");
        let point = point(&house, &live, &later(0));
        has(&point, &[("host_matches", false.into()), ("trusted", false.into()), ("self_signed", true.into())]);
        has(&point, &[("key_algorithm", "RSA".into()), ("key_bits", 1024.into()), ("version", version.into())]);
        let found = answers(&house, "infrastructure", "endpoint-", &later(0));
        assert_eq!((found["key"].0.as_str(), found["tls-version"].0.as_str()), ("broken", "met"), "{found:?}");
    }
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
