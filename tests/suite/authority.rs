//! Servers that the tests start beside a run: a time stamp authority with its certificates, a calendar with a Bitcoin node.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::house::repository;

/// A server that ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a program of `tests/peers` and reads the line in which it says where it listens.
fn start(name: &str, arguments: &[&str], folder: &Path) -> (Server, String) {
    let mut command = Command::new(repository(&format!("tests/peers/{name}")));
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("ready "), "{name}: {line:?}");
    (Server(child), line)
}

/// The value after `name=` in what a server said.
fn value(line: &str, name: &str) -> String {
    let found = line.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    found.unwrap_or_else(|| panic!("{line:?} has no {name}")).to_owned()
}

/// A certificate authority, its time stamp authority, and people with certificates.
pub(crate) struct Authority {
    _server: Server,
    folder: tempfile::TempDir,
    /// Where time stamps are to be had.
    pub(crate) tsa: String,
    /// Who says whether certificates were revoked.
    pub(crate) ocsp: String,
}

impl Authority {
    pub(crate) fn start(more: &[&str]) -> Authority {
        Authority::at("0", more)
    }

    /// One whose certificates name its responder.
    pub(crate) fn with_responder(more: &[&str]) -> Authority {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let responder = format!("http://127.0.0.1:{free}/ocsp");
        Authority::at(&free, &[&["--responder", &responder], more].concat())
    }

    fn at(port: &str, more: &[&str]) -> Authority {
        let folder = tempfile::tempdir().unwrap();
        let arguments = [&["pki", "--port", port], more].concat();
        let (server, line) = start("test-tsa", &arguments, folder.path());
        Authority { _server: server, tsa: value(&line, "tsa"), ocsp: value(&line, "ocsp"), folder }
    }

    /// A file of the authority: `ca.pem`, `p256.key`, …
    pub(crate) fn file(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("pki").join(name)
    }

    /// The arguments that make a person of it sign.
    pub(crate) fn signer(&self, who: &str) -> Vec<String> {
        let (key, certificate) = (self.file(&format!("{who}.key")), self.file(&format!("{who}.pem")));
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&key, mode).unwrap();
        ["--signer", &key, "--certificate", &certificate].map(str::to_owned).to_vec()
    }
}

/// A calendar of OpenTimestamps and a node that has its blocks.
pub(crate) struct Calendar {
    _server: Server,
    _folder: tempfile::TempDir,
    pub(crate) calendar: String,
    pub(crate) bitcoin: String,
}

impl Calendar {
    pub(crate) fn start(more: &[&str]) -> Calendar {
        let folder = tempfile::tempdir().unwrap();
        let (server, line) = start("ots-stub", &[&["0", "0"], more].concat(), folder.path());
        Calendar {
            _server: server,
            calendar: value(&line, "calendar"),
            bitcoin: value(&line, "bitcoin"),
            _folder: folder,
        }
    }
}
