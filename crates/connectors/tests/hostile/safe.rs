//! Certificates for another host, that have ended, or that nobody vouches for: nothing is said to such a server.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use probity_connectors::Tls;

use crate::kit::Asked;

/// An authority, and certificates: for this host, for another one, ended, and of a stranger.
fn certificates(folder: &Path) {
    let script = r#"
        set -e
        key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
        for name in ca stranger; do
            key $name
            openssl req -x509 -new -key $name.key -out $name.pem -subj "/CN=$name" -days 30
        done
        leaf() { # NAME ALTERNATIVES AUTHORITY DAYS
            key "$1"
            openssl req -new -key "$1.key" -out "$1.csr" -subj "/CN=$1"
            printf 'subjectAltName=%s\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n' "$2" > ext
            openssl x509 -req -in "$1.csr" -CA "$3.pem" -CAkey "$3.key" -set_serial 7 -days "$4" -extfile ext -out "$1.pem"
        }
        leaf good DNS:localhost,IP:127.0.0.1 ca 30
        leaf other DNS:shop.example.org ca 30
        leaf ended DNS:localhost,IP:127.0.0.1 ca -1
        leaf foreign DNS:localhost,IP:127.0.0.1 stranger 30
    "#;
    let done = Command::new("sh").arg("-c").arg(script).current_dir(folder).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// A server of that protocol, up to its handshake; it prints what it hears afterwards.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(folder: &Path, protocol: &str, name: &str) -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/tls-server");
        let mut child = Command::new("python3")
            .arg(program)
            .args([protocol, name])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Server { port: line.trim().parse().unwrap(), child }
    }

    /// What it heard under encryption.
    fn heard(mut self) -> String {
        let _ = self.child.kill();
        let output = self.child.stdout.take().unwrap();
        self.child.wait().unwrap();
        std::io::read_to_string(output).unwrap()
    }
}

#[test]
fn nothing_is_said_to_a_server_with_a_wrong_certificate() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    for kind in ["postgres", "mysql", "redis", "nats", "http", "s3"] {
        for name in ["other", "ended", "foreign", "good"] {
            let server = Server::start(folder.path(), kind, name);
            let mut asked = Asked::of(kind, server.port);
            asked.url = asked.url.replace("http://", "https://");
            asked.access.endpoint = asked.access.endpoint.map(|url| url.replace("http://", "https://"));
            asked.access.password = Some("s3cret".to_owned().into());
            asked.access.tls = Tls::Always;
            asked.access.ca = Some(folder.path().join("ca.pem"));
            let fault = asked.describe().expect_err(kind);
            let heard = server.heard();
            if name == "good" {
                assert!(
                    !heard.is_empty() || kind == "mysql",
                    "{kind}: nothing was heard with a good certificate: {fault}"
                );
                continue;
            }
            assert!(
                ["store-unreachable", "store-tls-failed"].contains(&fault.code()),
                "{kind} {name}: {} {fault}",
                fault.code()
            );
            assert_eq!(heard, "", "{kind} {name}");
            crate::kit::is_presentable(kind, &fault);
        }
    }
}
