//! The test house: a folder, a clean environment, a fixed clock, and what came out.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime};

use serde_json::Value;

/// The time of every run, unless a test gives another.
pub(crate) const NOW: &str = "2026-11-22T12:00:00Z";
/// The same, since 1970.
const NOW_SECONDS: u64 = 1_795_348_800;

/// A folder to work in, removed with everything below.
pub(crate) struct House {
    folder: tempfile::TempDir,
    home: tempfile::TempDir,
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl House {
    pub(crate) fn new() -> House {
        House { folder: tempfile::tempdir().unwrap(), home: tempfile::tempdir().unwrap() }
    }

    /// A folder in which `init` has been.
    pub(crate) fn initialised() -> House {
        let house = House::new();
        house.run(&["init", "."]).expect(0);
        house
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file below the folder, with its folders. It is of the fixed clock, as records without a time of their own
    /// have that of their file.
    pub(crate) fn write(&self, below: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW_SECONDS);
        File::options().write(true).open(&path).unwrap().set_modified(now).unwrap();
        path
    }

    pub(crate) fn read(&self, below: &str) -> String {
        fs::read_to_string(self.path(below)).unwrap()
    }

    /// The command, ready to be changed and started: clean environment, home of its own, this folder.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_probity"));
        command.args(args).current_dir(self.root()).env_clear().env("HOME", self.home.path());
        // What coverage and loaders need, and nothing of ours.
        for name in ["PATH", "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        if !args.contains(&"--time") {
            command.args(["--time", NOW]);
        }
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().unwrap())
    }

    /// The same with bytes on standard input.
    pub(crate) fn run_with(&self, args: &[&str], input: &[u8]) -> Ran {
        let mut child = self.command(args);
        child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = child.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::thread::scope(|scope| {
            // A program that stops reading closes the pipe: that is its right.
            scope.spawn(move || drop(stdin.write_all(input)));
            Ran::of(child.wait_with_output().unwrap())
        })
    }

    /// A line as typed into a shell, in this folder, with `probity` at hand and the clock fixed.
    pub(crate) fn shell(&self, line: &str) -> Ran {
        let program = Path::new(env!("CARGO_BIN_EXE_probity"));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = [program.parent().unwrap().to_path_buf()].into_iter().chain(std::env::split_paths(&path));
        let script = format!("probity() {{ command probity --time {NOW} \"$@\"; }}\n{line}\n");
        let output = Command::new("bash")
            .args(["-c", &script])
            .current_dir(self.root())
            .env_clear()
            .env("HOME", self.home.path())
            .env("PATH", std::env::join_paths(folders).unwrap())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Ran::of(output)
    }

    /// Every path below `folder` with its mode and its bytes: to see that nothing changed.
    pub(crate) fn tree(&self, folder: &str) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
        let mut tree = BTreeMap::new();
        let mut open = vec![self.path(folder)];
        while let Some(path) = open.pop() {
            let metadata = path.symlink_metadata().unwrap();
            if metadata.is_dir() {
                open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
            let bytes = if metadata.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
            tree.insert(path, (metadata.mode() & 0o7777, bytes));
        }
        tree
    }

    /// One number out of the store.
    #[track_caller]
    pub(crate) fn count(&self, sql: &str) -> u64 {
        let ran = self.run(&["query", sql, "--csv"]).expect(0);
        let number = ran.stdout.lines().nth(1).unwrap_or_default();
        number.parse().unwrap_or_else(|_| panic!("{sql}: {ran:?}"))
    }

    /// Runs with `--json` and gives the document back; the exit code must be `exit`.
    pub(crate) fn json(&self, args: &[&str], exit: i32) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let ran = self.run(&args);
        assert_eq!(ran.exit, exit, "{args:?}: {ran:?}");
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}: {ran:?}"))
    }
}

impl Ran {
    pub(crate) fn of(output: Output) -> Ran {
        Ran {
            exit: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Asserts the exit code and hands the run on.
    #[track_caller]
    pub(crate) fn expect(self, exit: i32) -> Ran {
        assert_eq!(self.exit, exit, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that standard error names a failure code.
    #[track_caller]
    pub(crate) fn code(self, code: &str) -> Ran {
        assert!(self.stderr.contains(&format!("code: {code} ")), "expected {code}:\n{}", self.stderr);
        self
    }
}

/// A file of the repository.
pub(crate) fn repository(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(below)
}

/// Compares `text` with a golden file; `UPDATE=1` rewrites it.
#[track_caller]
pub(crate) fn golden(name: &str, text: &str) {
    let path = repository("fixtures/golden/cli").join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let expect = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expect, "{} differs; UPDATE=1 rewrites it", path.display());
}

/// A tool that judges our output. Where judges are required (`PROBITY_TEST_JUDGES=required`, as `tests/run` sets it) a missing
/// one fails the test; elsewhere the test says that it was skipped.
#[track_caller]
pub(crate) fn judge(program: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()));
    if !found {
        assert!(std::env::var("PROBITY_TEST_JUDGES").as_deref() != Ok("required"), "{program} is not installed");
        eprintln!("SKIPPED: {program} is not installed; tests/run installs it");
    }
    found
}

/// The Python with the judges of `tests/requirements.txt`.
#[track_caller]
pub(crate) fn python() -> Option<PathBuf> {
    interpreter("PROBITY_TEST_PYTHON")
}

/// The Python that a variable of `tests/setup` names: judges that disagree about what they need have one each.
#[track_caller]
pub(crate) fn interpreter(variable: &str) -> Option<PathBuf> {
    let python = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_file());
    if python.is_none() {
        assert!(std::env::var("PROBITY_TEST_JUDGES").as_deref() != Ok("required"), "{variable} is not set");
        eprintln!("SKIPPED: no Python with the judges of {variable}; tests/run makes one");
    }
    python
}

/// Documents of ours against the schema that each of them names, by the Python `jsonschema`.
#[track_caller]
pub(crate) fn fit_their_schemas(documents: &[Value]) {
    let Some(python) = python() else { return };
    let lines: String = documents.iter().map(|document| format!("{document}\n")).collect();
    let mut child = Command::new(python)
        .arg(repository("tests/judges/schema/check"))
        .arg(repository("schemas"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.exit, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.stdout.lines().count(), documents.len(), "{}", ran.stdout);
}

/// Runs `script` as root in a mount namespace of its own; `None`, said aloud, where this machine does not permit one.
pub(crate) fn with_own_mounts(house: &House, script: &str) -> Option<Ran> {
    let permitted = Command::new("unshare")
        .args(["-m", "sh", "-c", "mount -t tmpfs -o size=1m none /mnt"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !permitted {
        eprintln!("SKIPPED: this machine permits no mounts of our own");
        return None;
    }
    let script = format!("set -e\n{script}");
    let quoted = script.replace('\'', "'\\''");
    Some(house.shell(&format!("export -f probity; exec unshare -m bash -c '{quoted}'")))
}
