//! Where outputs go: trees, streams, all of them or none.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{LOG, RECORDS, documents, holds_no_value, lossy, names};
use crate::house::{House, Ran, fit_their_schemas, with_own_mounts};

/// A folder in gives the same tree out; several arguments meet in one folder, unless two of them have the same name.
#[test]
fn a_folder_gives_the_same_tree() {
    let house = House::new();
    house.write("in/a.log", LOG);
    house.write("in/sub/deep/b.jsonl", RECORDS);
    house.write("in/sub/c.csv", "id\n1\n");
    house.run(&["redact", "in", "-o", "out"]).expect(0);
    assert_eq!(names(&house, "out"), names(&house, "in"));
    assert_eq!(house.read("out/sub/c.csv"), "id\n1\n");
    names(&house, "out").iter().for_each(|name| holds_no_value(&lossy(&house, &format!("out/{name}"))));
    house.write("other/a.log", "other\n");
    house.run(&["redact", "in", "other", "-o", "both"]).expect(2).code("same-output");
    assert_eq!(names(&house, "both"), BTreeSet::new());
    house.run(&["redact", "in", "-o", "-"]).expect(2).code("one-stream");
    house.run(&["redact", "in"]).expect(2).code("no-output");
}

/// A stream is what a file is: the same bytes through a pipe, and nothing else on standard output.
#[test]
fn a_stream_is_what_a_file_is() {
    let house = House::new();
    for (name, bytes) in [("a.log", LOG), ("a.jsonl", RECORDS.as_bytes())] {
        house.write(name, bytes);
        house.run(&["redact", name, "-o", "out", "--overwrite", "--key", "key"]).expect(0);
        let expect = lossy(&house, "out");
        let ran = house.run_with(&["redact", "-", "--key", "key"], bytes).expect(0);
        assert_eq!((ran.stdout, ran.stderr.as_str()), (expect.clone(), ""), "{name}");
        assert_eq!(house.run(&["redact", name, "-o", "-", "--key", "key"]).expect(0).stdout, expect);
    }
    // A document that is no stream passes through a pipe as well, once all of it has been audited.
    let ran =
        house.run_with(&["redact", "-", "--format", "yaml"], b"mail: jan.muster@example.org # 84.12.7.9\n").expect(0);
    holds_no_value(&ran.stdout);
    assert!(ran.stdout.starts_with("mail: ") && ran.stdout.contains("[EMAIL-1]"), "{ran:?}");
}

/// One refused file in a folder, and nothing is written: not its neighbours, not the log.
#[test]
fn all_or_nothing() {
    let house = House::new();
    house.write("in/a.log", LOG);
    house.write("in/b.json", "{\"a\": [1, 2");
    house.write("in/z.log", LOG);
    let ran = house.run(&["redact", "in", "-o", "out", "--report", "r.jsonl"]).expect(6).code("json-malformed");
    assert!(ran.stderr.contains("error: in/b.json") && ran.stdout.contains("NOTHING was written"), "{ran:?}");
    assert_eq!((names(&house, "out"), house.path("r.jsonl").exists()), (BTreeSet::new(), false));
    let document = house.json(&["redact", "in", "-o", "out"], 6);
    assert_eq!(document["inputs"][1]["failure"]["code"], "json-malformed");
    fit_their_schemas(&[document]);
    fs::remove_file(house.path("in/b.json")).unwrap();
    let document = house.json(&["redact", "in", "-o", "out"], 0);
    assert_eq!(document["found"], serde_json::json!({"card": 2, "email": 4, "iban": 2, "ip": 2}));
    fit_their_schemas(&[document]);
    assert_eq!(names(&house, "out"), names(&house, "in"));
}

/// An output that exists is left alone unless it is to be replaced, and is never half of two.
#[test]
fn an_output_that_exists_is_left_alone() {
    let house = House::new();
    house.write("a.log", LOG);
    house.write("old.log", "old\n");
    house.write("out/a.log", "old\n");
    for args in [
        &["redact", "a.log", "-o", "old.log"][..],
        &["redact", "a.log", "-o", "out"],
        &["redact", "a.log", "-o", "new.log", "--report", "old.log"],
    ] {
        let before = house.tree(".");
        house.run(args).expect(4).code("output-exists");
        assert_eq!(house.tree("."), before, "{args:?}");
    }
    house.run(&["redact", "a.log", "-o", "old.log", "--overwrite"]).expect(0);
    assert!(lossy(&house, "old.log").contains("[EMAIL-1]"));
    // Onto itself: the original is read to its end before the output takes its place.
    house.write("self.log", LOG);
    house.run(&["redact", "self.log", "-o", "self.log"]).expect(4).code("output-exists");
    assert_eq!(fs::read(house.path("self.log")).unwrap(), LOG);
    // A bad input replaces nothing.
    house.write("bad.json", "{\"a\": ");
    house.run(&["redact", "bad.json", "-o", "old.log", "--overwrite"]).expect(6);
    assert!(lossy(&house, "old.log").contains("[EMAIL-1]"));
}

/// Killed at any moment, the folder has its name and everything in it, or it has not; the next run sweeps what was left.
#[test]
fn a_kill_leaves_all_or_nothing() {
    let house = House::new();
    house.write("in/a.log", long_log(20_000));
    house.write("in/sub/b.log", long_log(20_000));
    let drafts = || names(&house, ".").into_iter().filter(|name| name.starts_with(".probity-")).collect::<Vec<_>>();
    let (mut killed, mut left_drafts) = (0, 0);
    let mut wait = Duration::from_millis(10);
    for round in 0..12 {
        let args = ["redact", "in", "-o", "out", "--report", "r.jsonl"];
        let mut child = house.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(wait);
        child.kill().unwrap();
        if child.wait().unwrap().success() {
            break;
        }
        killed += 1;
        left_drafts += usize::from(!drafts().is_empty());
        // The log of what never appeared can be there: it comes first.
        let left = names(&house, "out");
        assert!(left.is_empty() || left == names(&house, "in"), "{round}: {left:?}");
        let (trees, files): (Vec<_>, Vec<_>) =
            drafts().into_iter().partition(|name| name.starts_with(".probity-tree-"));
        assert!(trees.len() <= 2 && files.len() <= 1, "only the last run's: {round}: {trees:?}, {files:?}");
        wait = wait * 3 / 2;
    }
    assert!(killed >= 3 && left_drafts > 0, "{killed}, {left_drafts}");
    house.run(&["redact", "in", "-o", "out", "--report", "r.jsonl", "--overwrite"]).expect(0);
    assert_eq!(documents(&house.read("r.jsonl")).len(), 40_002);
    assert_eq!((names(&house, "out"), drafts()), (names(&house, "in"), vec![]));
}

/// A folder that is there keeps what is in it; what a killed run left in it is swept, and drafts of a living run are not.
#[test]
fn a_folder_that_is_there_is_joined() {
    let house = House::new();
    house.write("in/a.log", LOG);
    house.write("in/sub/b.log", LOG);
    house.write("out/old.log", "old\n");
    house.write("out/.probity-tree-Dead00/out/a.log", LOG);
    let mut living = house.command(&["redact", "-", "-o", "out/living.log"]);
    let mut living = living.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let draft = || names(&house, "out").into_iter().find(|name| name.starts_with(".probity-") && !name.contains('/'));
    while draft().is_none() {
        std::thread::sleep(Duration::from_millis(10));
    }
    house.run(&["redact", "in", "-o", "out"]).expect(0);
    drop(living.stdin.take());
    Ran::of(living.wait_with_output().unwrap()).expect(0);
    let expect = ["a.log", "living.log", "old.log", "sub/b.log"].map(str::to_owned);
    assert_eq!(names(&house, "out"), BTreeSet::from(expect));
    house.run(&["redact", "in", "-o", "out"]).expect(4).code("output-exists");
    house.write("in/c.log", LOG);
    fs::remove_file(house.path("out/a.log")).unwrap();
    let before = house.tree("out");
    house.run(&["redact", "in", "-o", "out"]).expect(4).code("output-exists");
    assert_eq!(house.tree("out"), before, "none of three appears where one is in the way");
}

/// A disk that fills up ends the run with exit 8 and leaves nothing on it; so does a full disk behind a stream.
#[test]
fn a_full_disk_leaves_nothing() {
    let house = House::new();
    house.write("a.log", long_log(20_000));
    house.shell("probity redact - <a.log >/dev/full").expect(8).code("disk-full");
    let script = "mount -t tmpfs -o size=256k none /mnt\nset +e\nprobity redact a.log -o /mnt/out/a.log --report /mnt/r.jsonl\ncode=$?\nfind /mnt -type f >&2\nexit $code";
    let Some(ran) = with_own_mounts(&house, script) else { return };
    let ran = ran.expect(8).code("disk-full");
    assert!(!ran.stderr.contains("/mnt/out/") && !ran.stderr.contains("/mnt/r.jsonl"), "{ran:?}");
}

/// Ctrl-C while a pipe is being read: a clean stop, exit 130, no output.
#[test]
fn ctrl_c_stops_cleanly() {
    let house = House::new();
    let mut command = house.command(&["redact", "-", "-o", "out.log"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let id = child.id().to_string();
    let feeder = std::thread::spawn(move || {
        let block = long_log(100);
        for round in 0..1_000_000 {
            if stdin.write_all(&block).is_err() {
                return round;
            }
            if round == 200 {
                assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
            }
        }
        panic!("it did not stop");
    });
    Ran::of(child.wait_with_output().unwrap()).expect(130).code("interrupted");
    assert!(feeder.join().unwrap() >= 200);
    assert_eq!(names(&house, "."), BTreeSet::new());
}

/// Lines as `LOG` has them, so many of them that a run takes its time.
fn long_log(lines: usize) -> Vec<u8> {
    let line = |number: usize| {
        format!("2026-11-21T10:00:00Z INFO {number} request of user {number} took 17 ms, by u{number}@example.org\n")
    };
    (0..lines).map(line).collect::<String>().into_bytes()
}
