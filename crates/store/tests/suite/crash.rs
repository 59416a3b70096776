//! kill -9 at any moment, two writers at once: what was acknowledged is there, whole and once.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use model::{Hidden, Instant};
use probity_store::Store;

use crate::bench::{bring, expected, key, original, rows, tiny};

const FOLDER: &str = "PROBITY_STORE_CHILD_FOLDER";
const FIRST: &str = "PROBITY_STORE_CHILD_FIRST";
const ROUNDS: u64 = 25;

fn text(number: u64) -> String {
    original(&format!("n{number}"), 25)
}

/// A child and what it has acknowledged.
struct Writer {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    last: Option<u64>,
}

impl Writer {
    fn spawn(folder: &Path, first: u64) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::child", "--ignored", "--nocapture"])
            .env(FOLDER, folder)
            .env(FIRST, first.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Writer { child, lines, last: None }
    }

    /// Reads until the next acknowledgement; false at the end.
    fn read(&mut self) -> bool {
        for line in self.lines.by_ref().map_while(Result::ok) {
            if let Some((_, number)) = line.rsplit_once("acknowledged ") {
                self.last = number.parse().ok();
                return true;
            }
        }
        false
    }

    /// kill -9, and the last acknowledgement that came out before.
    fn kill(mut self) -> Option<u64> {
        self.child.kill().unwrap();
        while self.read() {}
        assert!(!self.child.wait().unwrap().success(), "the child was killed");
        self.last
    }
}

/// Runs in its own process until it is killed: two originals for each commit, each acknowledged on standard output.
#[test]
#[ignore = "started by the test below"]
fn child() {
    let folder = std::env::var_os(FOLDER).expect("started by the test below");
    let first: u64 = std::env::var(FIRST).unwrap().parse().unwrap();
    let key = key();
    let store = Store::open(Path::new(&folder), Some(&key)).unwrap().with_limits(tiny());
    for number in (first..).step_by(2) {
        bring(&store, &[&text(number), &text(number + 1)]).unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "acknowledged {number}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9_whole_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let store = Store::open(folder.path(), None).unwrap();
    let mut next = 0;
    for round in 0..ROUNDS {
        let mut writers = [Writer::spawn(folder.path(), next), Writer::spawn(folder.path(), next)];
        // Most rounds die in the middle of their work, some while they start.
        if round % 5 > 0 {
            assert!(writers[0].read());
        }
        std::thread::sleep(Duration::from_millis(round * 7 % 40));
        next = writers.map(Writer::kill).into_iter().flatten().max().map_or(next, |last| last + 2);
        let report = store.verify(&key.public(), &Hidden).unwrap();
        assert!(report.is_intact(), "round {round}: {:?}", report.findings);
    }
    assert!(next > ROUNDS, "the children did something");
    // Whatever was visible but not acknowledged is whole as well: the next two or none of them.
    let found = rows(&store);
    let committed = store.snapshot().unwrap().originals.len() as u64;
    assert!((next..=next + 2).contains(&committed), "{committed} for {next} acknowledged");
    let texts: Vec<String> = (0..committed).map(text).collect();
    assert_eq!(found, expected(&texts.iter().map(String::as_str).collect::<Vec<_>>()));
    sweep_leaves_nothing(&store, &key, folder.path());
}

fn sweep_leaves_nothing(store: &Store<'_>, key: &seal::SigningKey, folder: &Path) {
    let far = Instant::parse("2100-01-01T00:00:00Z").unwrap();
    store.sweep(far).unwrap();
    let report = store.verify(&key.public(), &Hidden).unwrap();
    assert!(report.is_intact() && report.unnamed.is_empty(), "{report:?}");
    assert_eq!(std::fs::read_dir(folder.join("tmp")).unwrap().count(), 1, "only the lock is left");
}
