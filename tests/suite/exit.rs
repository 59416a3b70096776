//! The table of exit codes, walked: each code that the program documents is brought about here, and no other is documented.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::house::{House, Ran, fit_their_schemas, repository};

const GOOD: &str = "{\"time\":\"2026-11-21T10:00:00Z\",\"message\":\"a\",\"status\":200}\n";

/// A code, its name, and what brings it about: the code that came out.
type Step = (i32, &'static str, fn() -> i32);

const WALK: &[Step] = &[
    (0, "done", || judged(&[200]).exit),
    (1, "no", || judged(&[200, 500]).exit),
    (2, "usage", || House::new().run(&["evaluate", "--pak", "production"]).exit),
    (3, "no-verdict", || judged(&[]).exit),
    (4, "refused", || House::initialised().run(&["init", "."]).exit),
    (5, "partial", || a_commit_and_then_no_room().1.exit),
    (6, "bad-input", || House::initialised().run(&["ingest", "nowhere"]).code("not-found").exit),
    (7, "bad-config", wrong_rule),
    (8, "unavailable", no_key),
    (70, "internal", || House::new().run(&["util", "debug", "panic"]).exit),
    (130, "interrupted", stopped_twice),
];

/// The example rule, over log lines with these statuses.
fn judged(statuses: &[u16]) -> Ran {
    let house = House::initialised();
    if !statuses.is_empty() {
        let lines: String = statuses.iter().map(|status| GOOD.replace("200", &status.to_string())).collect();
        house.write("a.jsonl", lines);
        house.run(&["ingest", "a.jsonl"]).expect(0);
    }
    house.run(&["evaluate"])
}

fn wrong_rule() -> i32 {
    let house = House::initialised();
    house.write("rules/wrong.yaml", "kind: [\n");
    house.run(&["evaluate"]).exit
}

fn no_key() -> i32 {
    let house = House::initialised();
    house.write("a.jsonl", GOOD);
    fs::remove_file(house.path(".probity/keys/store.key")).unwrap();
    house.run(&["ingest", "a.jsonl"]).code("no-key").exit
}

/// A pipe that nobody writes into: the first Ctrl-C waits for it, the second stops now.
fn stopped_twice() -> i32 {
    let house = House::new();
    let mut command = house.command(&["ingest", "--check", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let id = child.id().to_string();
    // A signal before the handler is set ends it with a signal, so it is sent once the program waits for its input.
    let waits = || fs::read_to_string(format!("/proc/{id}/wchan")).is_ok_and(|place| place.contains("pipe"));
    let started = std::time::Instant::now();
    while !waits() && started.elapsed().as_secs() < 20 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    for _ in 0..100 {
        let _ = Command::new("kill").args(["-INT", &id]).status();
        std::thread::sleep(std::time::Duration::from_millis(100));
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().unwrap_or(-1);
        }
    }
    child.kill().unwrap();
    -2
}

/// Bytes that do not compress: a log of `lines` lines.
fn noise(lines: usize) -> String {
    let mut state = 1_u64;
    let line = |number| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{{\"time\":\"2026-11-21T10:00:00Z\",\"message\":\"{number} {:016x}{state:016x}\"}}\n", state ^ 77)
    };
    (0..lines).map(line).collect()
}

/// The program where no file may grow past `kilobytes`: the system refuses the write as it does on a full disk.
fn with_little_room(house: &House, kilobytes: u32, args: &[&str]) -> Ran {
    let mut command = Command::new("bash");
    let plain = house.command(args);
    command.args(["-c", &format!("trap '' XFSZ; ulimit -f {kilobytes}; exec \"$@\""), "bash"]);
    command.arg(plain.get_program()).args(plain.get_args()).current_dir(house.root());
    command.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Ran::of(command.stdin(Stdio::null()).output().unwrap())
}

/// 256 small files, which are one commit, and a large one that is the next.
fn two_commits() -> House {
    let house = House::initialised();
    for number in 0..256 {
        house.write(&format!("logs/{number:03}.jsonl"), GOOD.replace('a', &number.to_string()));
    }
    house.write("logs/large.jsonl", noise(40_000));
    house
}

fn a_commit_and_then_no_room() -> (House, Ran) {
    let house = two_commits();
    let ran = with_little_room(&house, 256, &["ingest", "logs", "--json"]);
    (house, ran)
}

/// Every code of the table is brought about, under the name that the table gives it, and help and man page say the same.
#[test]
fn every_code_of_the_table_is_brought_about() {
    let reference = House::new().run(&["util", "reference"]).expect(0).stdout;
    let rows = reference.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    let table: Vec<(i32, &str)> =
        rows.filter_map(|(code, rest)| Some((code.parse().ok()?, rest.split_once(" | ")?.0))).collect();
    let walk: Vec<(i32, &str)> = WALK.iter().map(|(code, name, _)| (*code, *name)).collect();
    assert_eq!(table, walk, "left: documented, right: brought about");
    for (code, name, bring_about) in WALK {
        assert_eq!(bring_about(), *code, "{name}");
    }
    for text in [House::new().run(&["--help"]).stdout, fs::read_to_string(repository("man/probity.1")).unwrap()] {
        let words: Vec<&str> = text.split_whitespace().collect();
        for (code, name, _) in WALK {
            let (plain, bold) = (code.to_string(), format!("\\fB{code}\\fR"));
            let has = words.windows(2).any(|pair| (pair[0] == plain || pair[0] == bold) && pair[1] == *name);
            assert!(has, "{code} {name}: {text}");
        }
    }
}

/// What was committed before the disk was full stays and is in the ledger; the same command again brings the rest, once.
#[test]
fn a_run_that_is_partly_done_says_which_and_is_safe_to_run_again() {
    let (house, ran) = a_commit_and_then_no_room();
    let ran = ran.expect(5).code("disk-full");
    assert!(ran.stderr.contains("logs/large.jsonl:") && ran.stderr.contains("Free some space"), "{ran:?}");
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&document["left"], &document["failure"]["code"]), (&1.into(), &"disk-full".into()));
    assert_eq!((&document["store"]["version"], document["inputs"].as_array().unwrap().len()), (&0.into(), 256));
    let entry = house.json(&["audit", "search", "--command", "ingest"], 0);
    assert_eq!((&entry["outcome"], &entry["code"]), (&"partial".into(), &5.into()), "{entry}");
    assert_eq!((&entry["facts"]["left"], &entry["facts"]["fault"]), (&1.into(), &"disk-full".into()), "{entry}");
    assert_eq!(entry["digests"]["commit_0"], document["store"]["head"], "{entry}");
    let human = with_little_room(&two_commits(), 256, &["ingest", "logs"]).expect(5).stdout;
    assert!(human.ends_with("1 of 257 inputs is not in the store.\n"), "{human}");
    let again = house.run(&["ingest", "logs"]).expect(0);
    assert!(again.stdout.contains("256 of 257 were in the store already"), "{again:?}");
    assert_eq!(house.count("SELECT count(*) FROM logs"), 256 + 40_000);
    house.run(&["audit", "verify"]).expect(0);
    fit_their_schemas(&[document]);
}

/// Where nothing was committed nothing is done by half: the same failure is "unavailable".
#[test]
fn a_run_of_which_nothing_is_done_is_not_partial() {
    let house = House::initialised();
    house.write("large.jsonl", noise(40_000));
    let ran = with_little_room(&house, 256, &["ingest", "large.jsonl"]).expect(8).code("disk-full");
    assert!(ran.stderr.starts_with("error: large.jsonl:") && ran.stdout.is_empty(), "{ran:?}");
    assert_eq!(house.count("SELECT count(*) FROM logs"), 0);
}

/// A job passes 5 on as its worst, and what would have been judged on half of the data is not judged.
#[test]
fn a_job_stops_behind_a_step_that_is_partly_done() {
    let house = two_commits();
    house.write("job.toml", "[[step]]\nrun = [\"ingest\", \"logs\"]\n[[step]]\nrun = [\"evaluate\"]\n");
    let ran = with_little_room(&house, 256, &["run", "job.toml", "--json"]).expect(5);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&document["exit"], &document["jobs"][0]["steps_left"]), (&5.into(), &1.into()), "{document}");
    fit_their_schemas(&[document]);
}

/// The second of two files finds no room: the first is an exhibit, custody and ledger agree on it.
#[test]
fn a_case_that_took_one_of_two_files_says_so() {
    let house = House::initialised();
    house.write("small.log", "one line\n");
    house.write("large.log", noise(10_000));
    house.run(&["case", "new", "c1", "--title", "T"]).expect(0);
    let ran = with_little_room(&house, 256, &["case", "add", "c1", "small.log", "large.log", "--json"]);
    let ran = ran.expect(5).code("disk-full");
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&document["left"], document["exhibits"].as_array().unwrap().len()), (&1.into(), 1), "{document}");
    assert!(
        ran.stderr.contains("with --if-absent") && ran.stderr.contains("1 of 2 files is not in the case"),
        "{ran:?}"
    );
    let again = house.run(&["case", "add", "c1", "small.log", "large.log", "--if-absent"]).expect(0);
    assert!(again.stdout.contains("EX-002\tlarge.log\t"), "{again:?}");
    let shown = house.run(&["case", "show", "c1"]).expect(0);
    assert!(shown.stderr.is_empty() && shown.stdout.contains("EX-001\tsmall.log"), "{shown:?}");
    fit_their_schemas(&[document]);
}

/// A panic on any thread: one message that can be reported, nothing on standard output, no backtrace.
#[test]
fn a_bug_can_be_reported() {
    for args in [&["util", "debug", "panic"][..], &["util", "debug", "panic", "--thread"]] {
        let house = House::new();
        let ran = Ran::of(house.command(args).env("RUST_BACKTRACE", "1").output().unwrap()).expect(70);
        let version = env!("CARGO_PKG_VERSION");
        assert!(ran.stderr.starts_with(&format!("error: probity {version} has a bug: ")), "{ran:?}");
        assert!(ran.stderr.contains("(src/commands/util.rs:") && ran.stderr.contains("Please report"), "{ran:?}");
        assert!(ran.stdout.is_empty() && ran.stderr.lines().count() == 2, "{ran:?}");
    }
    let help = House::new().run(&["util", "--help"]).expect(0).stdout;
    assert!(!help.contains("debug"), "{help}");
}
