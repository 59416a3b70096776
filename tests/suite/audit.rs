//! `audit`: what each act leaves in the ledger, finding it, proving it, and every way to tamper with it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::house::{House, Ran, fit_their_schemas, judge, repository};

const LINE: &str = "{\"ts\":\"2026-11-22T11:00:00Z\",\"service\":\"web\",\"status\":200}\n";

/// A project in which some things have happened, each a day after the other.
fn house() -> House {
    let house = House::initialised();
    house.write("a.jsonl", LINE);
    house.write("b.jsonl", LINE.replace("200", "500"));
    for (day, args) in [
        ("23", &["ingest", "a.jsonl"][..]),
        ("24", &["ingest", "b.jsonl"]),
        ("25", &["evaluate", "--at", "2026-11-22T12:00:00Z"]),
        ("26", &["ingest", "missing.jsonl"]),
        ("27", &["case", "new", "c1", "--title", "x"]),
    ] {
        let time = format!("2026-11-{day}T12:00:00Z");
        house.run(&[args, &["--time", &time]].concat());
    }
    house
}

/// What a search finds, as documents.
fn search(house: &House, args: &[&str]) -> Vec<Value> {
    let ran = house.run(&[&["audit", "search", "--json"], args].concat()).expect(0);
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn acts(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["act"].as_str().unwrap()).collect()
}

#[test]
fn every_act_of_every_command_leaves_one_entry() {
    // Each command is run and the ledger looked at: who, when, what, how it ended, with which digests; looking leaves none.
    let house = House::initialised();
    house.write("a.jsonl", LINE);
    house.write("job.toml", "[[step]]\nrun = [\"case\", \"list\"]\n");
    let check = |args: &[&str], exit: i32, act: Option<&str>, digests: &[&str]| {
        let before = search(&house, &[]).len();
        let ran = house.run(args);
        assert_eq!(ran.exit, exit, "{args:?}: {ran:?}");
        let new = search(&house, &[]).split_off(before);
        assert_eq!(acts(&new), act.into_iter().collect::<Vec<_>>(), "{args:?}");
        let Some(entry) = new.first() else { return };
        assert_eq!((&entry["time"], &entry["code"]), (&"2026-11-22T12:00:00Z".into(), &exit.into()), "{args:?}");
        assert!(entry["actor"].as_str().unwrap().starts_with("uid-"), "{entry}");
        assert_eq!(entry["facts"]["fault"].is_string(), entry["outcome"] == "failed", "{entry}");
        for name in digests {
            assert_eq!(entry["digests"][name].as_str().map(str::len), Some(64), "{name}: {entry}");
        }
    };
    check(&["ingest", "a.jsonl"], 0, Some("ingest.finished"), &["commit_0", "original_0"]);
    check(&["ingest", "a.jsonl"], 0, Some("ingest.finished"), &[]);
    check(&["ingest", "missing"], 6, Some("ingest.finished"), &[]);
    check(&["query", "SELECT 1"], 0, Some("query.answered"), &["sql"]);
    check(&["query", "SELEC 1"], 2, Some("query.answered"), &["sql"]);
    check(&["evaluate"], 0, Some("evaluate.judged"), &["store_head"]);
    check(&["evaluate", "--pack", "nope"], 2, Some("evaluate.judged"), &[]);
    check(&["case", "new", "c1", "--title", "x"], 0, Some("case.opened"), &["case", "custody"]);
    check(&["case", "new", "c1", "--title", "x", "--if-absent"], 0, Some("case.present"), &[]);
    check(&["case", "new", "c1", "--title", "x"], 4, Some("case.opened"), &[]);
    check(&["case", "add", "c1", "a.jsonl"], 0, Some("case.collected"), &["case", "custody", "EX-001"]);
    check(&["case", "note", "c1", "x"], 0, Some("case.annotated"), &["case", "custody"]);
    check(&["case", "show", "c1"], 0, Some("case.shown"), &[]);
    check(&["evaluate", "--case", "c1"], 0, Some("evaluate.judged"), &["evaluation", "custody", "store_head"]);
    check(&["package", "build", "c1", "--output", "c1.zip"], 0, Some("package.built"), &["manifest", "custody"]);
    check(&["package", "build", "c1", "--output", "c1.zip"], 4, Some("package.built"), &[]);
    check(&["verify", "c1.zip"], 0, Some("verify.checked"), &["manifest"]);
    check(&["verify", "a.jsonl"], 6, Some("verify.checked"), &[]);
    check(&["run", "nowhere.toml"], 6, Some("run.finished"), &[]);
    check(&["run", "job.toml"], 0, Some("run.finished"), &[]);
    check(&["audit", "prove", "0", "--output", "e.tlog-proof"], 0, Some("audit.proved"), &[]);
    check(&["audit", "verify"], 0, Some("audit.verified"), &["root"]);
    for silent in [&["audit", "tail"][..], &["audit", "show", "0"], &["config", "show"], &["util", "reference"]] {
        check(silent, 0, None, &[]);
    }
    fit_their_schemas(&search(&house, &[]));
}

#[test]
fn entries_are_found_by_everything_they_hold() {
    // Time, actor, command, outcome, digest, free text; newest first; at most so many; and together.
    let house = house();
    let all = search(&house, &[]);
    let days = |args: &[&str]| -> Vec<String> {
        search(&house, args).iter().map(|entry| entry["time"].as_str().unwrap()[8..10].to_owned()).collect()
    };
    assert_eq!(days(&[]), ["22", "23", "24", "25", "26", "27"]);
    assert_eq!(days(&["--since", "2026-11-24T12:00:00Z"]), ["24", "25", "26", "27"]);
    assert_eq!(days(&["--until", "2026-11-24T12:00:00Z"]), ["22", "23"]);
    assert_eq!(days(&["--since", "2026-11-24T00:00:00Z", "--until", "2026-11-26T00:00:00Z"]), ["24", "25"]);
    assert_eq!(days(&["--command", "ingest"]), ["23", "24", "26"]);
    assert_eq!(days(&["--command", "ingest", "--outcome", "failed"]), ["26"]);
    assert_eq!(days(&["--outcome", "no"]), ["25"]);
    assert_eq!(days(&["--actor", all[0]["actor"].as_str().unwrap()]).len(), 6);
    assert_eq!(days(&["--actor", "nobody"]).len(), 0);
    assert_eq!(days(&["--digest", all[2]["digests"]["original_0"].as_str().unwrap()]), ["24"]);
    assert_eq!(days(&["NOT-FOUND"]), ["26"]);
    assert_eq!(days(&["--reverse", "--limit", "2"]), ["27", "26"]);
    house.run(&["audit", "search", "--digest", "xyz"]).expect(2);
    house.run(&["audit", "search", "--since", "yesterday"]).expect(2);
    let tail = house.run(&["audit", "tail", "-n", "2", "--json"]).expect(0);
    assert_eq!(tail.stdout.lines().count(), 2);
    let shown = house.json(&["audit", "show", "2"], 0);
    assert_eq!((&shown["digests"], &shown["signed"]), (&all[2]["digests"], &true.into()));
    house.run(&["audit", "show", "99"]).expect(6);
}

#[test]
fn entries_are_written_for_spreadsheets_and_programs() {
    // CSV by RFC 4180 with a heading, tab-separated in a pipe, JSON Lines: the same rows in each.
    let house = house();
    let csv = house.run(&["audit", "search", "--csv"]).expect(0).stdout;
    let rows: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!((rows.len(), rows[0]), (8, "index,time,actor,act,outcome,code,details"));
    assert!(rows[1].starts_with("0,2026-11-22T12:00:00.000Z,uid-"), "{}", rows[1]);
    let tabs = house.run(&["audit", "search"]).expect(0).stdout;
    assert_eq!(tabs.lines().count(), 7);
    assert!(tabs.lines().all(|line| line.matches('\t').count() == 6), "{tabs}");
    house.run(&["audit", "search", "--csv", "--json"]).expect(2);
}

#[test]
fn following_shows_new_entries_and_ends_with_ctrl_c() {
    // A viewer that stands open sees what another process does, and Ctrl-C is the ordinary way to end it: exit 0.
    let house = house();
    let mut command = house.command(&["audit", "tail", "-n", "1", "--follow", "--json"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(next()["act"], "case.opened");
    house.run(&["case", "note", "c1", "seen", "--time", "2026-11-28T12:00:00Z"]).expect(0);
    assert_eq!(next()["act"], "case.annotated");
    house.run(&["query", "SELECT 1", "--time", "2026-11-28T12:00:01Z"]).expect(0);
    assert_eq!(next()["act"], "query.answered");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_proof_of_an_entry_stands_alone() {
    // Proof and entry go into two files; a changed entry no longer fits; existing files are left alone.
    let house = house();
    let args = ["audit", "prove", "2", "--output", "out/e.tlog-proof"];
    let document = house.json(&args, 0);
    assert!(house.read("out/e.tlog-proof").starts_with("c2sp.org/tlog-proof@v1\nindex 2\n"));
    let entry: Value = serde_json::from_str(&house.read("out/e.entry")).unwrap();
    assert_eq!((&entry["act"], &entry["time"]), (&"ingest.finished".into(), &"2026-11-24T12:00:00Z".into()));
    assert_eq!(house.run(&["audit", "prove", "2"]).expect(0).stdout.lines().next(), Some("c2sp.org/tlog-proof@v1"));
    house.run(&args).expect(4).code("output-exists");
    assert_ne!(house.run(&["audit", "prove", "9999"]).exit, 0);
    fit_their_schemas(&[document]);
}

#[test]
fn other_programs_verify_the_ledger_and_the_proof() {
    // Go's sumdb and the Python aics-tlog know nothing of probity: the folder, and one proof with its entry, under one vkey.
    if !judge("go") {
        return;
    }
    let house = house();
    house.run(&["audit", "prove", "2", "--output", "e.tlog-proof"]).expect(0);
    let vkey = vkey(&house);
    let mut check = Command::new(repository("tests/judges/tlog/check"));
    check.arg(house.path(".probity/ledger")).arg(&vkey);
    Ran::of(check.output().unwrap()).expect(0);
    let judge = |entry: &str| {
        let mut check = Command::new(repository("tests/judges/tlog/proof"));
        check.args([house.path("e.tlog-proof"), house.path(entry)]).arg(&vkey);
        Ran::of(check.output().unwrap())
    };
    assert_eq!(judge("e.entry").expect(0).stdout, "entry 2 of 6\n");
    house.write("forged.entry", house.read("e.entry").replace("\"done\"", "\"dune\""));
    judge("forged.entry").expect(1);
}

/// The key of the ledger in the form of signed notes.
fn vkey(house: &House) -> String {
    let key = seal::PublicKey::from_openssh(&house.read(".probity/keys/ledger.pub")).unwrap();
    let checkpoint = house.read(".probity/ledger/checkpoint");
    seal::note::vkey(checkpoint.lines().next().unwrap(), &key).unwrap()
}

#[test]
fn tampering_is_found_and_the_place_named() {
    // Each copy of a sound project is damaged in one way; verify says no, and where.
    let sound = house();
    sound.run(&["audit", "verify"]).expect(0);
    let second = sound.run(&["audit", "verify"]).expect(0);
    assert!(second.stdout.contains("against a remembered checkpoint"), "{}", second.stdout);
    // The bundle and the tile that the checkpoint needs are named after its size.
    let checkpoint = sound.read(".probity/ledger/checkpoint");
    let size = checkpoint.lines().nth(1).unwrap();
    let newest = format!("000.p/{size}");
    let check = |line: &str, exit: i32, place: &str| {
        let house = copy_of(&sound);
        let line = line.replace("000.p/N", &newest).replace("-5 N", &format!("-5 {size}"));
        house.shell(&line).expect(0);
        let ran = house.run(&["audit", "verify"]);
        assert_eq!(ran.exit, exit, "{line}: {ran:?}");
        assert!(ran.stderr.contains(&place.replace("000.p/N", &newest)), "{line}: {}", ran.stderr);
        assert!(ran.stderr.contains("  hint: "), "{line}: {}", ran.stderr);
    };
    let flip = "flip() { printf 'X' | dd of=\"$1\" bs=1 seek=$2 conv=notrunc status=none; }; cd .probity";
    check(&format!("{flip}; flip ledger/tile/entries/000.p/N 40"), 1, "tile/entries/000.p/N");
    check(&format!("{flip}; flip ledger/tile/0/000.p/N 40"), 1, "tile/0/000.p/N");
    check(&format!("{flip}; flip ledger/checkpoint 3"), 1, "checkpoint");
    check("cd .probity/ledger/tile/entries/000.p; truncate -s -5 N", 1, "tile/entries/000.p/N");
    check("rm .probity/ledger/tile/entries/000.p/N", 1, "tile/entries/000.p/N");
    check("rm .probity/ledger/checkpoint", 1, "There is no ledger in");
    check("rm -r .probity/ledger", 6, "no ledger");
    check("rm -r .probity/ledger/*", 1, "ledger");
    check(&format!("{flip}; f=$(find store/raw -type f | sort | head -n 1); flip $f 9"), 1, "raw/sha256/");
    check(&format!("{flip}; f=$(find store/data -name '*.parquet' | head -n 1); flip $f 9"), 1, ".parquet");
    check("rm $(find .probity/store/raw -type f | head -n 1)", 1, "raw/sha256/");
    check("rm .probity/store/data/_delta_log/00000000000000000001.json", 1, "commit_1");
    check("rm -r .probity/store", 1, "store");
}

/// A copy of a project with its own home, in which nothing is remembered.
fn copy_of(house: &House) -> House {
    let copy = House::new();
    copy.shell(&format!("cp -a '{}/.' .", house.root().display())).expect(0);
    copy
}

#[test]
fn an_older_copy_put_back_is_noticed() {
    // Everything in the older copy is sound; only the checkpoint remembered outside the project tells, whichever way it is given.
    let house = house();
    house.shell("cp -a .probity old; cp .probity/ledger/checkpoint pin").expect(0);
    house.run(&["case", "note", "c1", "x", "--time", "2026-11-28T12:00:00Z"]).expect(0);
    house.run(&["audit", "verify"]).expect(0);
    house.shell("rm -r .probity; mv old .probity").expect(0);
    let rolled_back = house.run(&["audit", "verify"]).expect(1).code("ledger-rolled-back");
    assert!(rolled_back.stderr.contains("hint"), "{}", rolled_back.stderr);
    // A receiver who was given a pin and the key needs no memory of his own.
    let copy = copy_of(&house);
    copy.run(&["audit", "verify", "--pin", "pin"]).expect(0);
    copy.run(&["audit", "verify", "--pin", "pin", "--key", &vkey(&house)]).expect(0);
}

#[test]
fn a_pin_that_is_none_says_nothing_against_the_ledger() {
    // Exit 1 would say that the ledger does not verify; a file that is no checkpoint is a wrong input, named with its line.
    let house = house();
    let verify = |pin: &str| house.run(&["audit", "verify", "--pin", pin]).expect(6);
    let refused = verify("a.jsonl").code("bad-pin");
    assert!(refused.stderr.contains("a.jsonl:1: ") && refused.stderr.contains("hint"), "{}", refused.stderr);
    house
        .shell("sed '2s/$/x/' .probity/ledger/checkpoint > size; head -c 100 /dev/zero | tr '\\0' '\\377' > bytes")
        .expect(0);
    let refused = verify("size").code("bad-pin");
    assert!(refused.stderr.contains("size:2: "), "{}", refused.stderr);
    verify("bytes").code("not-utf-8");
    verify("nowhere").code("not-found");
    verify(".probity").code("wrong-file-type");
    // What was signed by somebody else, or changed after it was signed, is evidence that does not verify.
    house.shell("sed '3{s/^A/B/;t;s/^./A/}' .probity/ledger/checkpoint > root").expect(0);
    house.run(&["audit", "verify", "--pin", "root"]).expect(1).code("wrong-signature");
    house.run(&["audit", "verify"]).expect(0);
}

#[test]
fn entries_hold_no_personal_data() {
    // An address in the content, in a file name, in a question, in a case: nowhere below the ledger.
    let house = House::initialised();
    let mail = "jane.doe@example.org";
    house.write(&format!("{mail}.jsonl"), LINE.replace("\"service\":\"web\"", &format!("\"message\":\"{mail}\"")));
    house.write("bad.jsonl", format!("{{\"ts\":\"{mail}\"}}\n"));
    let file = format!("{mail}.jsonl");
    house.run(&["ingest", &file]).expect(0);
    house.run(&["ingest", "bad.jsonl"]).expect(6);
    house.run(&["ingest", &format!("{mail}.missing")]).expect(6);
    house.run(&["query", &format!("SELECT * FROM logs WHERE message = '{mail}'")]).expect(0);
    house.run(&["query", mail]);
    house.run(&["case", "new", "c1", "--title", mail]).expect(0);
    house.run(&["case", "add", "c1", &file, "--purpose", mail]).expect(0);
    house.run(&["case", "note", "c1", mail]).expect(0);
    house.run(&["package", "build", "c1", "--output", &format!("{mail}.zip")]).expect(0);
    house.run(&["verify", &format!("{mail}.zip")]).expect(0);
    assert!(search(&house, &[]).len() >= 9);
    let found = house.shell("grep -rlaiE 'jane|doe|example\\.org' .probity/ledger");
    assert_eq!((found.exit, found.stdout.as_str()), (1, ""), "{found:?}");
}

#[test]
fn a_commit_without_its_entry_is_entered_later() {
    // Killed between the commit of the store and the entry: the ledger of before, the store of after. The next run mends it.
    let house = House::initialised();
    house.write("a.jsonl", LINE);
    house.write("b.jsonl", LINE.replace("200", "500"));
    house.run(&["ingest", "a.jsonl"]).expect(0);
    house.shell("cp -a .probity/ledger before").expect(0);
    house.run(&["ingest", "b.jsonl"]).expect(0);
    house.shell("rm -r .probity/ledger; mv before .probity/ledger").expect(0);
    house.run(&["ingest", "b.jsonl"]).expect(0);
    let entries = search(&house, &["--command", "ingest"]);
    assert_eq!(acts(&entries), ["ingest.finished", "ingest.recovered", "ingest.finished"]);
    assert_eq!(entries[1]["facts"]["store_version"], 1);
    house.run(&["audit", "verify"]).expect(0);
    // And from then on the ledger holds that commit like any other.
    fs::remove_file(house.path(".probity/store/data/_delta_log/00000000000000000001.json")).unwrap();
    house.run(&["audit", "verify"]).expect(1).code("store-differs");
}

#[test]
fn looking_changes_nothing() {
    // search, tail, show and prove to standard output leave the ledger as it is, but for the entry of the proof.
    let house = house();
    let before = house.tree(".probity/ledger");
    for args in [&["audit", "search"][..], &["audit", "tail"], &["audit", "show", "0"]] {
        house.run(args).expect(0);
    }
    assert!(house.tree(".probity/ledger") == before);
    let outside = House::new();
    outside.run(&["audit", "search"]).expect(6).code("no-ledger");
    outside.run(&["audit", "verify"]).expect(6).code("no-ledger");
    assert!(!Path::new(&outside.path(".probity")).exists());
}

/// What somebody else enters meanwhile is no sign that something was taken away.
#[test]
fn what_grows_while_it_is_compared_is_sound() {
    let house = House::initialised();
    house.run(&["case", "new", "c1", "--title", "T"]).expect(0);
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..12 {
                let line = format!("{{\"ts\":\"2026-11-22T11:00:{number:02}Z\",\"message\":\"{number}\"}}\n");
                house.write(&format!("{number}.jsonl"), line);
                house.run(&["ingest", &format!("{number}.jsonl")]).expect(0);
                house.run(&["case", "note", "c1", "seen"]).expect(0);
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        while !done.load(std::sync::atomic::Ordering::Relaxed) {
            house.run(&["audit", "verify"]).expect(0);
            house.run(&["case", "show", "c1"]).expect(0);
        }
    });
    house.run(&["audit", "verify"]).expect(0);
}
