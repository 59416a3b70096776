//! Facts of live servers: each server is started as it should be and as it should not, and asked by the program.

#[path = "servers/endpoints.rs"]
mod endpoints;
#[path = "servers/mariadb.rs"]
mod mariadb;
#[path = "servers/nats.rs"]
mod nats;
#[path = "servers/postgresql.rs"]
mod postgresql;
#[path = "servers/queries.rs"]
mod queries;
#[path = "servers/redis.rs"]
mod redis;
#[path = "servers/replicas.rs"]
mod replicas;

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::house::{House, Ran};

/// What every script can use: `as USER COMMAND…` runs a program as the user that Debian made for it.
const KIT: &str = r#"set -euo pipefail
as() { local user=$1; shift; if [ "$(id -u)" = 0 ]; then chown -R "$user:" .; exec_=(setpriv --reuid="$user" --regid="$user" --init-groups --pdeathsig KILL); else exec_=(setpriv --pdeathsig KILL); fi; "${exec_[@]}" "$@"; }
become() { local user=$1; shift; if [ "$(id -u)" = 0 ]; then chown -R "$user:" .; exec setpriv --reuid="$user" --regid="$user" --init-groups --pdeathsig KILL "$@"; fi; exec setpriv --pdeathsig KILL "$@"; }
"#;

/// An authority that holds for ten years, and by it a certificate for localhost that holds for one.
const CERTIFICATES: &str = r#"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj '/CN=probity tests' -keyout ca.key -out ca.pem
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout server.key -out server.csr
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 365 -out server.pem -extfile <(echo 'subjectAltName=DNS:localhost,IP:127.0.0.1')
chmod 600 server.key
"#;

/// A server of the test's own, in a folder of its own.
struct Live {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
    port2: u16,
}

impl Live {
    /// Runs `script`, which ends with the server (`become USER PROGRAM …`), and waits until `question` succeeds. `$PORT` and
    /// `$PORT2` are free.
    fn start(script: &str, question: &str) -> Live {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let [first, second] = [0, 1].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
        let port = first.local_addr().unwrap().port();
        let ports = [port, second.local_addr().unwrap().port()];
        drop((first, second));
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let root = folder.path().to_path_buf();
        let run = |script: &str| {
            let mut command = Command::new("bash");
            command.args(["-c", &format!("{KIT}{script}")]).current_dir(&root).stdin(Stdio::null());
            command.env("PORT", ports[0].to_string()).env("PORT2", ports[1].to_string());
            command
        };
        let child =
            run(&format!("{CERTIFICATES}{script}")).stderr(log.try_clone().unwrap()).stdout(log).spawn().unwrap();
        let mut live = Live { child, folder, port, port2: ports[1] };
        for _ in 0..300 {
            if run(question).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success() {
                return live;
            }
            assert!(live.child.try_wait().unwrap().is_none(), "the server ended:\n{}", live.log());
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("the server does not come up:\n{}", live.log());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// What a line of a shell says in the server's folder.
    fn shell(&self, line: &str) -> String {
        let script = format!("{KIT}{line}");
        let mut command = Command::new("bash");
        command.args(["-c", &script]).current_dir(self.folder.path()).env("PORT", self.port.to_string());
        Ran::of(command.output().unwrap()).expect(0).stdout
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A project with one store.
fn project(store: &str) -> House {
    let house = House::initialised();
    let settings = house.read("probity.toml");
    house.write("probity.toml", format!("{settings}\n[stores.shop]\n{store}\n"));
    house.write("secret", "open sesame\n");
    house
}

/// The time of the machine, which certificates are made by, `days` later.
fn later(days: u32) -> String {
    let output = Command::new("date").args(["-u", "-d", &format!("+{days} days"), "+%FT%TZ"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A fact as it was collected now.
fn fact(house: &House, name: &str) -> Value {
    let document = house.json(&["facts", name, "--time", &later(0)], 0);
    assert_eq!(document["facts"][0]["gaps"].as_array().unwrap().len(), 0, "{document}");
    document["facts"][0]["value"].clone()
}

/// What the rules of a pack come to whose names begin with `prefix`: the answer, and what the first finding says.
fn answers(house: &House, pack: &str, prefix: &str, time: &str) -> BTreeMap<String, (String, String)> {
    answers_with(house, pack, prefix, time, &[])
}

/// The same, with more options.
fn answers_with(
    house: &House,
    pack: &str,
    prefix: &str,
    time: &str,
    more: &[&str],
) -> BTreeMap<String, (String, String)> {
    let ran = house.run(&[&["evaluate", "--pack", pack, "--time", time, "--json"], more].concat());
    let judged: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let mut answers = BTreeMap::new();
    for outcome in judged["rules"].as_array().unwrap_or_else(|| panic!("{ran:?}")) {
        let name = outcome["rule"].as_str().unwrap().split_once('.').unwrap().1;
        if let Some(name) = name.strip_prefix(prefix) {
            let finding = &outcome["findings"][0];
            let said =
                format!("{} {}", finding["subject"].as_str().unwrap_or(""), finding["message"].as_str().unwrap_or(""));
            answers.insert(name.to_owned(), (outcome["answer"].as_str().unwrap().to_owned(), said));
        }
    }
    answers
}

/// Holds answers against `RULE ANSWER` lines; every rule that is not named must have been met.
#[track_caller]
fn check(found: &BTreeMap<String, (String, String)>, expect: &[(&str, &str)]) {
    assert!(!found.is_empty());
    for (rule, answer) in expect {
        assert!(found.contains_key(*rule), "{rule} is no rule: {found:?}");
        assert_eq!(found[*rule].0, *answer, "{rule}: {}", found[*rule].1);
    }
    for (rule, (answer, said)) in found {
        let is_named = expect.iter().any(|(known, _)| known == rule);
        assert!(is_named || answer == "met", "{rule}: {answer}: {said}");
    }
}

fn shown(path: &Path) -> &str {
    path.to_str().unwrap()
}
