//! What these tests share: a folder with keys, other people's tools, and questions.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use model::{Fault, Hidden, Instant};
use probity_evidence::foreign::{Beside, Data, Form, recognise, verify, verify_folder};
use probity_evidence::package::{Ask, Blocks, NoBlocks, Outcome, PdfReader, PdfSignature, Question, Verification};
use seal::Trust;
use seal::x509::Certificate;
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

/// The interpreter that `variable` names: the one whose environment has the judge.
pub(crate) fn python(variable: &str) -> Option<PathBuf> {
    let python = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_file());
    assert!(python.is_some() || std::env::var_os("PROBITY_TEST_JUDGES").is_none(), "{variable} is not set");
    if python.is_none() {
        eprintln!("skipped: {variable} is not set");
    }
    python
}

pub(crate) fn peer(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers").join(name)
}

/// A folder to work in, removed with everything below.
pub(crate) struct Ground(TempDir);

impl Ground {
    pub(crate) fn new() -> Self {
        Ground(tempfile::tempdir().unwrap())
    }

    /// One with a throw-away authority in `pki/`, and a stranger's in `other/`.
    pub(crate) fn with_authority() -> Option<Self> {
        if !judge("openssl") || !judge("python3") {
            return None;
        }
        let ground = Ground::new();
        ground.run(&format!("python3 {} pki --init-only --trusted-list", peer("test-tsa").display()));
        ground.run(
            "mkdir other && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=Stranger \
             -days 30 -keyout other/ca.key -out other/ca.pem",
        );
        Some(ground)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// A line of shell in the folder: whether it succeeded, and all that it said.
    pub(crate) fn sh(&self, line: &str) -> (bool, String) {
        let output = Command::new("sh").args(["-c", line]).current_dir(self.0.path()).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }

    /// The same, which has to succeed.
    pub(crate) fn run(&self, line: &str) -> String {
        let (good, said) = self.sh(line);
        assert!(good, "{line}\n{said}");
        said
    }

    /// The certificates of an authority.
    pub(crate) fn anchors(&self, name: &str) -> Vec<Certificate> {
        Certificate::all_from_pem(&String::from_utf8(self.read(name)).unwrap()).unwrap()
    }

    /// What verify says about a file or folder, and what form it has.
    pub(crate) fn verify(&self, name: &str, anchors: &[Certificate]) -> Verification {
        self.asked(name, None, anchors, &NoBlocks).unwrap_or_else(|fault| panic!("{name}: {fault:?}"))
    }

    pub(crate) fn asked(
        &self,
        name: &str,
        data: Option<&str>,
        anchors: &[Certificate],
        blocks: &dyn Blocks,
    ) -> Result<Verification, Fault> {
        let ask = Ask { keys: &[], anchors, now: now(), blocks, pdf: &NoPdf, signers: 0 };
        let path = self.path(name);
        if path.is_dir() {
            return verify_folder(&path, &ask, &Hidden);
        }
        let file = File::open(&path).unwrap();
        let form = recognise(&file)?;
        let opened = data.map(|data| File::open(self.path(data)).unwrap());
        let data = opened.as_ref().zip(data).map(|(bytes, name)| Data { name, bytes });
        verify(form, &file, Beside { data, ..Beside::default() }, &ask, &Hidden)
    }

    pub(crate) fn form(&self, name: &str) -> Result<Form, Fault> {
        recognise(&File::open(self.path(name)).unwrap())
    }
}

/// The time of judging: certificates made for this test are good by now.
pub(crate) fn now() -> Instant {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Instant::from_seconds(now.as_secs() as i64 + 60).unwrap()
}

/// PDFs are the business of another room.
pub(crate) struct NoPdf;

impl PdfReader for NoPdf {
    fn signatures(&self, _pdf: &[u8], _trust: &Trust) -> Result<Vec<PdfSignature>, Fault> {
        Ok(Vec::new())
    }

    fn attachments(&self, _pdf: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Fault> {
        Ok(Vec::new())
    }
}

/// Everything that failed, in one line.
pub(crate) fn failures(found: &Verification) -> String {
    let failed = found.checks.iter().filter(|check| check.verdict == Outcome::Failed);
    let said = failed.map(|check| format!("{}: {} [{}]", check.name, check.detail, check.places.join(" | ")));
    said.collect::<Vec<_>>().join("\n")
}

/// It holds.
pub(crate) fn holds(found: &Verification, what: &str) {
    assert!(found.holds(), "{what}: {}\n{:#?}", failures(found), found.checks);
}

/// It does not hold, and a check says why in these words.
pub(crate) fn fails(found: &Verification, what: &str, expect: &str) {
    assert!(!found.holds(), "{what} should not hold: {:#?}", found.checks);
    let said = failures(found);
    assert!(said.contains(expect), "{what}: should say {expect:?}:\n{said}\n{:#?}", found.checks);
    assert!(found.to_json().is_ok());
}

/// The answer to a question.
pub(crate) fn answer(found: &Verification, question: Question) -> Outcome {
    found.answer(question).0
}

/// One of the servers in `tests/peers`. It ends with the test.
pub(crate) struct Server {
    child: Child,
    /// The line that it printed when it was ready.
    pub(crate) ready: String,
}

impl Server {
    pub(crate) fn start(ground: &Ground, name: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new("python3")
            .arg(peer(name))
            .args(arguments)
            .current_dir(ground.path(""))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        Server { child, ready }
    }

    /// The first address in the line with this word.
    pub(crate) fn address(&self, word: &str) -> String {
        let mut words = self.ready.split_whitespace();
        words
            .find_map(|part| part.strip_prefix(&format!("{word}=")))
            .unwrap_or_else(|| panic!("{}", self.ready))
            .to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
