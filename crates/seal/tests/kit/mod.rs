//! What the tests with judges share: finding them, running them, and servers of their own.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Whether `tool` is installed. `tests/run` sets the variable: then a missing judge is a failure.
pub fn judge(tool: &str) -> bool {
    let there =
        Command::new("sh").args(["-c", &format!("command -v {tool}")]).output().is_ok_and(|out| out.status.success());
    assert!(there || std::env::var_os("PROBITY_TEST_JUDGES").is_none(), "a required judge is missing: {tool}");
    if !there {
        eprintln!("skipped: {tool} is not installed");
    }
    there
}

/// The interpreter that `variable` names: the one whose environment has the judge.
pub fn python(variable: &str) -> Option<PathBuf> {
    let python = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_file());
    assert!(python.is_some() || std::env::var_os("PROBITY_TEST_JUDGES").is_none(), "{variable} is not set");
    if python.is_none() {
        eprintln!("skipped: {variable} is not set");
    }
    python
}

/// Runs `program` in `folder`: whether it succeeded, and its standard output and error.
pub fn run(folder: &Path, program: impl AsRef<Path>, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(program.as_ref())
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{} does not run: {error}", program.as_ref().display()));
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// One of the servers in `tests/peers`. It ends with the test.
pub struct Peer {
    child: Child,
    /// The line that it printed when it was ready.
    pub ready: String,
}

impl Peer {
    /// Starts `tests/peers/<name>` in `folder` and waits until it is ready.
    pub fn start(folder: &Path, name: &str, arguments: &[&str]) -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers").join(name);
        let child = Command::new(program)
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the peer starts");
        let mut peer = Peer { child, ready: String::new() };
        let mut lines = BufReader::new(peer.child.stdout.take().expect("piped"));
        while !peer.ready.starts_with("ready ") {
            peer.ready.clear();
            assert!(lines.read_line(&mut peer.ready).expect("text") > 0, "{name} ended before it was ready");
        }
        peer
    }

    /// The address behind `name=` in the line.
    pub fn address(&self, name: &str) -> &str {
        let words = self.ready.split_whitespace();
        let mut found = words.filter_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        found.next().unwrap_or_else(|| panic!("no {name} in {}", self.ready))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// GET, or POST of `body`: the status and the answer.
pub fn http(address: &str, path: &str, body: Option<(&str, &[u8])>) -> (u16, Vec<u8>) {
    let host = address.strip_prefix("http://").expect("an address").trim_end_matches('/');
    let mut stream = TcpStream::connect(host).expect("the peer listens");
    let (head, body) = match body {
        None => (format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n"), [].as_slice()),
        Some((kind, body)) => {
            let length = body.len();
            let head = format!(
                "POST {path} HTTP/1.0\r\nHost: {host}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
            );
            (head, body)
        }
    };
    stream.write_all(&[head.as_bytes(), body].concat()).expect("the peer reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the peer answers");
    let split = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    let status = String::from_utf8_lossy(&answer[..split]).split(' ').nth(1).and_then(|word| word.parse().ok());
    (status.expect("a status"), answer[split + 4..].to_vec())
}

/// Bytes as hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Hex as bytes.
pub fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
}
