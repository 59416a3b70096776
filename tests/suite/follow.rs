//! `ingest --follow`: growing and rotated files, each line once.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::house::{House, Ran, fit_their_schemas, python, repository};

fn message(number: u64) -> String {
    format!("line {number} {}", "x".repeat((number % 57) as usize))
}

fn line(number: u64) -> String {
    let (hour, minute, second) = (number / 3600 % 12, number / 60 % 60, number % 60);
    format!("{{\"time\":\"2026-11-21T{hour:02}:{minute:02}:{second:02}Z\",\"message\":\"{}\"}}\n", message(number))
}

fn lines(numbers: std::ops::Range<u64>) -> String {
    numbers.map(line).collect()
}

fn append(path: &Path, text: &str) {
    File::options().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// Takes what is new, and gives how many records that were.
fn once(house: &House) -> u64 {
    let taken = house.json(&["ingest", "--follow", "--once", "app.log"], 0);
    let records = taken["records"].as_u64().unwrap();
    fit_their_schemas(&[taken]);
    records
}

/// Every message up to `count`, each exactly once, as another reader of the store finds them.
fn holds_each_once(house: &House, count: u64) {
    let Some(python) = python() else { return };
    let all: String = (0..count).map(|number| message(number) + "\n").collect();
    let all = house.write("expected", all);
    let check = repository("tests/judges/follow/check");
    let ran =
        Ran::of(Command::new(python).arg(check).arg(house.path(".probity/store/data")).arg(all).output().unwrap());
    print!("{}", ran.stdout);
    ran.expect(0);
}

/// What is there is taken, then what is new, then nothing; half a line waits for its end.
#[test]
fn what_is_new_is_taken_once() {
    let house = House::initialised();
    let log = house.write("app.log", lines(0..10));
    assert_eq!((once(&house), once(&house)), (10, 0));
    let whole = line(10);
    append(&log, &whole[..20]);
    assert_eq!(once(&house), 0);
    append(&log, &whole[20..]);
    append(&log, &lines(11..15));
    assert_eq!((once(&house), once(&house)), (5, 0));
    holds_each_once(&house, 15);
    house.run(&["audit", "verify"]).expect(0);
}

/// Renamed and made anew, twice between two looks; copied and cut; deleted, and its inode used again.
#[test]
fn rotations_between_two_looks() {
    let house = House::initialised();
    let log = house.write("app.log", lines(0..5));
    let beside = |name: &str| house.path(name);
    assert_eq!(once(&house), 5);
    append(&log, &lines(5..8));
    fs::rename(&log, beside("app.log.2")).unwrap();
    append(&log, &lines(8..12));
    fs::rename(&log, beside("app.log.1")).unwrap();
    append(&log, &lines(12..13));
    assert_eq!((once(&house), once(&house)), (8, 0));
    // Copied and cut: what was added before the copy is in the copy alone.
    append(&log, &lines(13..16));
    fs::copy(&log, beside("app.log-a")).unwrap();
    File::options().write(true).open(&log).unwrap().set_len(0).unwrap();
    append(&log, &lines(16..17));
    assert_eq!((once(&house), once(&house)), (4, 0));
    // Cut, and longer than before at the next look.
    append(&log, &lines(17..18));
    fs::copy(&log, beside("app.log-b")).unwrap();
    File::options().write(true).open(&log).unwrap().set_len(0).unwrap();
    append(&log, &lines(18..60));
    assert_eq!((once(&house), once(&house)), (43, 0));
    // A copy over a file that was followed itself.
    fs::copy(&log, beside("app.log.1")).unwrap();
    assert_eq!(once(&house), 0);
    fs::remove_file(&log).unwrap();
    append(&log, &lines(60..61));
    assert_eq!((once(&house), once(&house)), (1, 0));
    // What is packed was taken before.
    house.write("app.log.3.gz", "not looked at");
    assert_eq!(once(&house), 0);
    holds_each_once(&house, 61);
}

fn start(house: &House) -> Child {
    let mut command = house.command(&["ingest", "--follow", "--every", "10ms", "app.log"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// A run follows what happens, ends at Ctrl-C with 0 and a summary, and the next one goes on; two at once are refused.
#[test]
fn a_run_ends_cleanly() {
    let house = House::initialised();
    let log = house.write("app.log", lines(0..3));
    let child = start(&house);
    let entered = || house.run(&["audit", "tail"]).stdout.matches("ingest.committed").count();
    let wait = |commits: usize| {
        let begun = Instant::now();
        while entered() < commits {
            assert!(begun.elapsed() < Duration::from_secs(60), "no commit {commits}");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    wait(1);
    house.run(&["ingest", "--follow", "app.log"]).expect(4).code("follow-running");
    append(&log, &lines(3..5));
    wait(2);
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let ran = Ran::of(child.wait_with_output().unwrap()).expect(0);
    assert!(ran.stdout.contains("app.log\tingested\tjsonlines\t5\t0"), "{ran:?}");
    append(&log, &lines(5..6));
    assert_eq!(once(&house), 1);
    holds_each_once(&house, 6);
}

/// Lines that are not understood are kept and stop nothing; what cannot be followed is refused.
#[test]
fn what_is_wrong_is_told() {
    let house = House::initialised();
    house.write("app.log", format!("{}nonsense\n{}", lines(0..1), lines(1..2)));
    let taken = house.json(&["ingest", "--follow", "--once", "app.log"], 0);
    assert_eq!((&taken["records"], &taken["rejected"]), (&2.into(), &1.into()), "{taken}");
    assert_eq!(taken["inputs"][0]["rejections"][0]["line"], 2, "{taken}");
    house.run(&["ingest", "--follow", "--once", "."]).expect(2).code("not-a-file");
    house.run(&["ingest", "--follow", "--once", "--format", "csv", "app.log"]).expect(2).code("not-followable");
    house.write("table.csv", "time,message\n2026-11-21T00:00:00Z,x\n");
    house.run(&["ingest", "--follow", "--once", "table.csv"]).expect(2).code("not-followable");
    house.write("odd.log", "what is this\n");
    house.run(&["ingest", "--follow", "--once", "odd.log"]).expect(6).code("unrecognised-format");
    // With more of it the format is told.
    let plain: String = (2..9).map(|number| format!("2026-11-21 00:00:0{number} {}\n", message(number))).collect();
    append(&house.path("odd.log"), &plain);
    house.run(&["ingest", "--follow", "--once", "odd.log"]).expect(0);
    holds_each_once(&house, 9);
}

/// Writes lines until it is told to stop, some of them in two halves, and rotates in every way; gives how many there are.
fn write_and_rotate(house: &House, stop: &AtomicBool) -> u64 {
    let log = house.path("app.log");
    let mut numbers = 0..;
    let (mut rotations, mut number) = (0, 0);
    while !stop.load(Ordering::SeqCst) {
        number = numbers.next().unwrap();
        let text = line(number);
        let half = if number.is_multiple_of(7) { text.len() / 2 } else { 0 };
        append(&log, &text[..half]);
        append(&log, &text[half..]);
        if number % 400 == 399 {
            rotations += 1;
            let old = house.path(&format!("app.log.{rotations:04}"));
            if rotations % 2 == 0 {
                fs::copy(&log, old).unwrap();
                File::options().write(true).open(&log).unwrap().set_len(0).unwrap();
            } else {
                fs::rename(&log, old).unwrap();
            }
        }
        if number.is_multiple_of(5) {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    number + 1
}

/// Killed 200 times at moments that are spread over a run, while the file grows and is rotated: each line exactly once.
#[test]
fn two_hundred_kills_lose_and_double_nothing() {
    let house = House::initialised();
    house.write("app.log", "");
    let stop = AtomicBool::new(false);
    let count = std::thread::scope(|scope| {
        let writer = scope.spawn(|| write_and_rotate(&house, &stop));
        let mut draw = 7_u64;
        for _ in 0..200 {
            let mut child = start(&house);
            draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            std::thread::sleep(Duration::from_millis(10 + (draw >> 33) % 250));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        stop.store(true, Ordering::SeqCst);
        writer.join().unwrap()
    });
    once(&house);
    holds_each_once(&house, count);
    house.run(&["audit", "verify"]).expect(0);
}
