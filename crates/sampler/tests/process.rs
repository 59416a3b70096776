//! The program itself: killed, on a disk without room, stopped.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use probity_sampler::spool;
use probity_sampler::verify::{Device, Segment, Why, join};

const PROGRAM: &str = env!("CARGO_BIN_EXE_probity-sampler");

fn device(folder: &Path) -> Device {
    let read = |one: &spool::Named| Segment::read(&fs::read(folder.join(&one.name)).unwrap()).unwrap();
    let mut devices = join(spool::list(folder).unwrap().iter().map(read).collect());
    assert_eq!(devices.len(), 1);
    devices.remove(0)
}

/// All lines of all segments.
fn lines(folder: &Path) -> Vec<String> {
    let text = |one: spool::Named| fs::read_to_string(folder.join(one.name)).unwrap();
    let all: String = spool::list(folder).unwrap().into_iter().map(text).collect();
    all.lines().map(str::to_owned).collect()
}

fn start(folder: &Path, interval: &str) -> Child {
    let args = ["run", "--interval", interval, "--json", "--output"];
    Command::new(PROGRAM).args(args).arg(folder).stdout(Stdio::piped()).spawn().unwrap()
}

/// Killed at any moment, five hundred times: every line that was said to be written is there, and the chain is whole.
#[test]
fn nothing_that_was_written_is_lost_by_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut promised = Vec::new();
    for round in 0..500_u64 {
        let mut child = start(folder.path(), "1ms");
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let reader = thread::spawn(move || {
            let (mut text, mut line) = (Vec::new(), String::new());
            // A line without its end was cut by the kill while it was printed.
            while out.read_line(&mut line).is_ok_and(|count| count > 0) {
                text.extend(line.strip_suffix('\n').map(str::to_owned));
                line.clear();
            }
            text
        });
        thread::sleep(Duration::from_micros(500 + round * 7919 % 23_000));
        // SIGKILL.
        child.kill().unwrap();
        child.wait().unwrap();
        promised.extend(reader.join().unwrap());
    }
    assert!(promised.len() > 500, "{}", promised.len());
    let kept: std::collections::HashSet<String> = lines(folder.path()).into_iter().collect();
    let lost: Vec<_> = promised.iter().filter(|line| !kept.contains(*line)).collect();
    assert!(lost.is_empty(), "{} of {} lines are lost: {:?}", lost.len(), promised.len(), lost.first());
    let device = device(folder.path());
    assert!(device.holes.iter().all(|hole| hole.why.is_explained()), "{:?}", device.holes);
}

/// A disk of 64 kB fills up: samples wait, the ring is full, and when there is room again the gap is told.
///
/// Where no file system may be mounted the size of files is limited instead, which is no full disk but fails at the same place.
#[test]
fn a_full_disk_costs_what_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let script = "mount -t tmpfs -o size=64k none \"$1\" || exit 77
        \"$2\" run --interval 1ms --output \"$1\" 2> \"$3/said\" & pid=$!
        until grep -q 'wait in memory' \"$3/said\"; do sleep 0.1; done
        sleep 1; mount -o remount,size=8m \"$1\"
        until grep -q 'samples again' \"$3/said\"; do sleep 0.1; done
        kill $pid; wait $pid || exit 1
        cp \"$1\"/*.segment \"$3\"";
    let copy = tempfile::tempdir().unwrap();
    let mut unshare = Command::new("unshare");
    unshare.args(["-rm", "sh", "-c", script, "sh"]).arg(folder.path()).arg(PROGRAM).arg(copy.path());
    let ran = unshare.stderr(Stdio::piped()).output().unwrap();
    if ran.status.code() != Some(0) {
        eprintln!("no mount here, file sizes are limited instead: {}", String::from_utf8_lossy(&ran.stderr));
        return limited(folder.path());
    }
    let device = device(copy.path());
    assert!(device.holes.iter().any(|hole| hole.why == Why::Gap), "{:?}", device.holes);
    assert!(device.holes.iter().all(|hole| hole.why.is_explained()), "{:?}", device.holes);
}

/// No file may have more than 16 blocks of 512 bytes: a segment ends there, and the next one goes on.
fn limited(folder: &Path) {
    let script = "trap '' XFSZ; ulimit -f 16; exec \"$2\" run --interval 1ms --output \"$1\"";
    let mut child = Command::new("sh").args(["-c", script, "sh"]).arg(folder).arg(PROGRAM).spawn().unwrap();
    thread::sleep(Duration::from_secs(1));
    stop(&child);
    assert!(child.wait().unwrap().success());
    let device = device(folder);
    assert!(device.segments > 2 && device.holes.iter().any(|hole| hole.why == Why::Gap));
    assert!(device.holes.iter().all(|hole| hole.why.is_explained()), "{:?}", device.holes);
}

fn stop(child: &Child) {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
}

/// SIGTERM ends a run at once, whatever the interval, with everything written and exit 0.
#[test]
fn a_stop_is_clean() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = start(folder.path(), "1h");
    let mut out = child.stdout.take().unwrap();
    let mut first = [0; 1];
    out.read_exact(&mut first).unwrap();
    stop(&child);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(lines(folder.path()).last().unwrap().contains("\"event\":\"stop\""));
    assert_eq!(device(folder.path()).samples, 1);
}

#[test]
fn what_is_typed_wrong_is_said() {
    let check = |args: &[&str], exit: i32, words: &str| {
        let ran = Command::new(PROGRAM).args(args).output().unwrap();
        let said = [ran.stdout.as_slice(), ran.stderr.as_slice()].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(ran.status.code() == Some(exit) && said.contains(words), "{args:?}: {said}");
    };
    check(&[], 0, "Usage: probity-sampler run --output DIR");
    check(&["--version"], 0, env!("CARGO_PKG_VERSION"));
    check(&["walk"], 2, "\"walk\" is not a command");
    check(&["run"], 2, "--output is missing");
    check(&["run", "--output"], 2, "its value is missing");
    check(&["once", "--interval", "1s"], 2, "not an option of once");
    check(&["run", "--output", "x", "--interval", "2d"], 2, "once a day at least");
    check(&["run", "--output", "x", "--max-size", "1MB"], 2, "four segments");
    check(&["once"], 0, "system.memory.usage\tsystem.memory.state=used\t");
}
