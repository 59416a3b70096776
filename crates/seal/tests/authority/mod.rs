//! A throw-away authority for tests: `tests/peers/test-tsa` in a folder, and the openssl command.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use probity_seal::x509::{Certificate, FileSigner};
use tempfile::TempDir;

/// Whether `tool` is installed. `tests/run` sets the variable: then a missing judge is a failure.
pub(crate) fn judge(tool: &str) -> bool {
    let there =
        Command::new("sh").args(["-c", &format!("command -v {tool}")]).output().is_ok_and(|out| out.status.success());
    assert!(there || std::env::var_os("PROBITY_TEST_JUDGES").is_none(), "a required judge is missing: {tool}");
    if !there {
        eprintln!("skipped: {tool} is not installed");
    }
    there
}

fn peer() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/test-tsa")
}

/// A folder with keys and certificates.
pub(crate) struct Authority {
    folder: TempDir,
}

impl Authority {
    /// A copy of the authority that all tests trust. `None` when the tools to make it are missing.
    pub(crate) fn new() -> Option<Self> {
        Authority::copy("ours")
    }

    /// Another authority, with the same names.
    pub(crate) fn stranger() -> Option<Self> {
        Authority::copy("strangers")
    }

    /// Keys take seconds to make: they are made once and kept where the build keeps what tests leave.
    fn copy(name: &str) -> Option<Self> {
        if !judge("openssl") || !judge("python3") {
            return None;
        }
        let original = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("authority-{name}"));
        if !original.exists() {
            let fresh = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
            let made =
                Command::new("python3").arg(peer()).arg(fresh.path()).arg("--init-only").status().expect("it runs");
            assert!(made.success());
            // Whoever comes second finds a folder that is not empty, and uses that one.
            let _ = fs::rename(fresh.path(), &original);
        }
        let folder = tempfile::tempdir().expect("a folder");
        for entry in fs::read_dir(&original).expect("it is there") {
            let path = entry.expect("it is there").path();
            if path.is_file() {
                fs::copy(&path, folder.path().join(path.file_name().expect("a name"))).expect("writable");
            }
        }
        Some(Authority { folder })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).expect("text")
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path().join(name), bytes).expect("writable");
    }

    pub(crate) fn certificate(&self, name: &str) -> Certificate {
        Certificate::all_from_pem(&self.text(&format!("{name}.pem"))).expect("a certificate").remove(0)
    }

    /// A signer with a P-256 key, and the root above it.
    pub(crate) fn signer(&self, name: &str) -> FileSigner {
        let certificates = vec![self.certificate(name), self.certificate("ca")];
        FileSigner::new(&self.text(&format!("{name}.key")), certificates).expect("key and certificate fit")
    }

    /// Runs a command line in the folder; its output of both kinds.
    pub(crate) fn sh(&self, command: &str) -> (bool, String) {
        let output = Command::new("sh").args(["-c", command]).current_dir(self.path()).output().expect("a shell");
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    }

    /// Runs a command line that must succeed.
    pub(crate) fn run(&self, command: &str) -> String {
        let (success, text) = self.sh(command);
        assert!(success, "{command}\n{text}");
        text
    }

    /// Issues a certificate for a new key, by the authority `issuer`; `key` and `extensions` as openssl has them.
    pub(crate) fn issue(&self, name: &str, issuer: &str, key: &str, extensions: &str, days: &str) {
        self.write(&format!("{name}.cnf"), extensions.as_bytes());
        self.run(&format!("openssl genpkey {key} -out {name}.key"));
        self.run(&format!("openssl req -new -key {name}.key -subj '/C=XX/O=Probity test/CN={name}' -out {name}.csr"));
        self.run(&format!(
            "openssl x509 -req -in {name}.csr -CA {issuer}.pem -CAkey {issuer}.key -CAcreateserial -sha256 {days} \
             -extfile {name}.cnf -out {name}.pem"
        ));
    }
}

/// An authority that answers.
pub(crate) struct Server {
    child: Child,
    address: String,
}

impl Server {
    pub(crate) fn start(authority: &Authority, answer: &str) -> Self {
        let mut child = Command::new("python3")
            .arg(peer())
            .arg(authority.path())
            .args(["--port", "0", "--answer", answer])
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        output.read_line(&mut line).expect("a line");
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect(&line).to_owned();
        Server { child, address }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The body of the answer to a POST.
    pub(crate) fn post(&self, path: &str, kind: &str, body: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let head = format!("POST {path} HTTP/1.0\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), body].concat()).expect("it reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
        answer.split_off(end + 4)
    }

    pub(crate) fn timestamp(&self, query: &[u8]) -> Vec<u8> {
        self.post("/", "application/timestamp-query", query)
    }

    pub(crate) fn status(&self, query: &[u8]) -> Vec<u8> {
        self.post("/ocsp", "application/ocsp-request", query)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
