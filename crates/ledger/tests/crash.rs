//! Goal: what a process was told is durable is there after it is killed, or after the disk fails under it.

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use common::{World, entries, verifier};
use model::{Fault, Hidden};
use probity_ledger::{Log, View, verify};

/// Set for the child: the folder that holds the ledger it writes to.
const CHILD: &str = "PROBITY_LEDGER_CRASH_TEST";

/// The child: appends groups of three and seals now and then until it is killed or fails.
#[test]
fn writer() {
    let Some(home) = std::env::var_os(CHILD) else { return };
    let key = common::key();
    let identity = probity_ledger::Identity { origin: common::ORIGIN, key: &key };
    let mut log = Log::open(&PathBuf::from(home).join("ledger"), &identity, common::time(1_000_000)).expect("intact");
    for round in 0..2000 {
        if let Err(fault) = write(&mut log, round) {
            say(&format!("fault {}", fault.code()));
            let again = write(&mut log, 1).expect_err("a failed log stays failed");
            return say(&format!("fault {}", again.code()));
        }
        say(&format!("durable {}", log.size()));
    }
}

fn write(log: &mut Log, round: u64) -> Result<(), Fault> {
    log.append(&entries(round * 3..round * 3 + 3))?;
    if round % 4 == 3 { log.seal().map(|_| ()) } else { Ok(()) }
}

fn say(line: &str) {
    let mut out = std::io::stdout();
    // A parent that has stopped listening is about to kill us.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Starts the child, under `wrapper` if one is given.
fn start(home: &Path, wrapper: &[&str]) -> Child {
    let itself = std::env::current_exe().expect("a path");
    let itself = itself.to_str().expect("UTF-8");
    let command = [wrapper, &[itself, "writer", "--exact", "--nocapture"]].concat();
    Command::new(command[0])
        .args(&command[1..])
        .env(CHILD, home)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts")
}

/// The last size that the child said was durable, and the faults it met.
fn listen(child: &mut Child, lines_max: usize) -> (u64, Vec<String>) {
    let mut out = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let mut heard = (0, Vec::new());
    let mut note = |line: String| match line.split_once(' ') {
        Some(("durable", size)) => heard.0 = size.parse().expect("a size"),
        Some(("fault", code)) => heard.1.push(code.to_owned()),
        _ => {}
    };
    out.by_ref()
        .filter(|line| line.starts_with("durable") || line.starts_with("fault"))
        .take(lines_max)
        .for_each(&mut note);
    // It may have ended by itself already.
    let _ = child.kill();
    out.for_each(note);
    child.wait().expect("it ended");
    heard
}

fn check_survivors(world: &World, durable: u64) -> u64 {
    let before = verify(&world.folder(), &[verifier()], &[], &Hidden).expect("a crash is no damage");
    assert!(before.size >= durable, "{} of {durable}", before.size);
    let mut log = world.open();
    log.seal().expect("signed");
    let size = log.size();
    drop(log);
    let view = View::open(&world.folder()).expect("readable");
    assert!(view.entries(0..size).all(|item| item.is_ok_and(|item| item.entry().is_ok())));
    let after = verify(&world.folder(), &[verifier()], &[], &Hidden).expect("intact");
    assert_eq!((after.size, after.signed_size), (size, size));
    size
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let world = World::new();
    drop(world.create());
    let mut size = 0;
    for round in 0..15 {
        let mut child = start(world.home.path(), &[]);
        let (durable, faults) = listen(&mut child, 1 + round * 3);
        assert!(faults.is_empty() && durable > size, "{faults:?} at {durable}");
        size = check_survivors(&world, durable);
    }
}

#[test]
fn a_failing_disk_is_told_and_nothing_acknowledged_is_lost() {
    if Command::new("strace").arg("-V").output().is_err() {
        assert!(std::env::var_os("PROBITY_TEST_JUDGES").is_none(), "strace is missing");
        return eprintln!("skipped: strace is not installed");
    }
    // What the kernel is made to answer, and what the ledger then says, first and ever after.
    let cases = [
        ("fdatasync:error=EIO:when=3", "ledger-sync-failed", "ledger-suspect"),
        ("fdatasync:error=ENOSPC:when=6", "ledger-sync-failed", "ledger-suspect"),
        ("fsync:error=EIO:when=2", "io-failed", ""),
        ("fsync:error=EIO:when=4", "io-failed", ""),
        ("rename:error=ENOSPC:when=2", "disk-full", ""),
    ];
    for (inject, first, again) in cases {
        let world = World::new();
        drop(world.create());
        let call = inject.split(':').next().expect("a call");
        let wrapper = [
            "strace",
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            &format!("trace={call}"),
            "-e",
            &format!("inject={inject}"),
        ];
        let mut child = start(world.home.path(), &wrapper);
        let (durable, faults) = listen(&mut child, usize::MAX);
        assert_eq!(faults.first().map(String::as_str), Some(first), "{inject}");
        assert!(again.is_empty() || faults.get(1).map(String::as_str) == Some(again), "{inject}: {faults:?}");
        check_survivors(&world, durable);
    }
}

#[test]
fn a_full_disk_leaves_what_was_there() {
    let world = World::new();
    drop(world.create());
    // 8 × 512 or 1024 bytes a file, whichever the shell counts in: enough for a few groups.
    let limit = ["sh", "-c", "ulimit -f 8; trap '' XFSZ; exec \"$@\"", "sh"];
    let mut child = start(world.home.path(), &limit);
    let (durable, faults) = listen(&mut child, usize::MAX);
    assert_eq!(faults.first().map(String::as_str), Some("disk-full"), "{faults:?}");
    let size = check_survivors(&world, durable);
    assert!(size >= durable && fs::read_dir(world.folder().join("tmp")).expect("a folder").count() == 0);
}
