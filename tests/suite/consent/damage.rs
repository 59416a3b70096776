//! A log that was changed, cut, torn, raced for, or entered with a clock that was set back.

use std::fs;
use std::process::Stdio;

use super::{ANN, LOG, args, house, record, standing, withdraw};
use crate::house::House;

const ANN_IS: &str = "email=ann@example.org";

/// Ann gave and took back, Bob gave.
fn three() -> House {
    let house = house();
    record(&house, ANN_IS, &[]);
    withdraw(&house, ANN_IS, &[]);
    record(&house, "email=bob@example.org", &[]);
    house
}

#[track_caller]
fn broken(house: &House, code: &str, line: Option<&str>) {
    for subject in [ANN_IS, "email=bob@example.org"] {
        let check = args("check", &["--subject", subject, "--purpose", "newsletter"]);
        let ran = house.run(&check).expect(1).code(code);
        assert!(!ran.stdout.contains("given"), "{ran:?}");
        assert!(line.is_none_or(|line| ran.stderr.contains(line)), "{ran:?}");
    }
}

/// Whatever is done to the log: nobody is said to have consented, and the line is named.
#[test]
fn a_changed_log_answers_nothing() {
    let sound = three().read(LOG);
    let lines: Vec<&str> = sound.lines().collect();
    assert_eq!(lines.len(), 5);
    let check = |change: &dyn Fn(&House), code: &str, line: Option<&str>| {
        let house = three();
        change(&house);
        broken(&house, code, line);
    };
    let edit = |from: &'static str, to: &'static str| {
        move |house: &House| drop(house.write(LOG, house.read(LOG).replacen(from, to, 1)))
    };
    // Of the same length, so that nothing but the content tells it.
    check(&edit("\"withdrawn\"", "\"withdrewn\""), "consent-log-broken", Some("log.jsonl:4"));
    check(&edit("uid-0", "uid-1"), "consent-log-broken", Some("log.jsonl:4"));
    let without = |gone: usize| {
        move |house: &House| {
            let text = house.read(LOG);
            let kept: Vec<&str> =
                text.lines().enumerate().filter(|(at, _)| *at != gone).map(|(_, line)| line).collect();
            house.write(LOG, kept.join("\n") + "\n");
        }
    };
    check(&without(3), "consent-log-broken", Some("log.jsonl:4"));
    check(&without(4), "consent-log-cut", None);
    let house = three();
    fs::remove_dir_all(house.path(".probity/consent")).unwrap();
    assert_eq!(standing(&house, ANN_IS, &[]), "never-given");
    house.run(&args("show", &[])).expect(1).code("consent-log-cut");
    let again = ["--subject", ANN_IS, "--purpose", "newsletter", "--notice", "notice.md"];
    house.run(&args("record", &again)).expect(1).code("consent-log-cut");
}

/// An older log that is put back with all that lies beside it, and a log of another secret.
#[test]
fn an_older_or_foreign_log_is_noticed() {
    let house = house();
    record(&house, ANN_IS, &[]);
    let copy = house.path("copy");
    house.shell("cp -a .probity/consent copy").expect(0);
    withdraw(&house, ANN_IS, &[]);
    fs::remove_dir_all(house.path(".probity/consent")).unwrap();
    fs::rename(&copy, house.path(".probity/consent")).unwrap();
    house.run(&args("check", &[ANN, &["--purpose", "newsletter"]].concat())).expect(1).code("consent-log-cut");
    let house = three();
    house.write(".probity/keys/tombstone.key", "ab".repeat(32) + "\n");
    house.run(&args("check", &[ANN, &["--purpose", "newsletter"]].concat())).expect(8).code("consent-other-key");
    fs::remove_file(house.path(".probity/keys/tombstone.key")).unwrap();
    house.run(&args("check", &[ANN, &["--purpose", "newsletter"]].concat())).expect(8).code("no-key");
}

/// Index and head, gone, damaged, old or exchanged: the answer stays the same.
#[test]
fn what_lies_beside_the_log_never_decides() {
    let house = three();
    let states = |house: &House| [standing(house, ANN_IS, &[]), standing(house, "email=bob@example.org", &[])];
    let expect = ["withdrawn".to_owned(), "given".to_owned()];
    assert_eq!(states(&house), expect);
    for name in ["index", "head"] {
        let path = format!(".probity/consent/{name}");
        fs::remove_file(house.path(&path)).unwrap();
        assert_eq!(states(&house), expect, "{name} gone");
        let sound = fs::read(house.path(&path)).unwrap();
        for at in (0..sound.len()).step_by(7) {
            let mut bytes = sound.clone();
            bytes[at] ^= 1;
            fs::write(house.path(&path), &bytes).unwrap();
            assert_eq!(states(&house), expect, "{name}, byte {at}");
        }
        fs::write(house.path(&path), b"").unwrap();
        assert_eq!(states(&house), expect, "{name} empty");
    }
    // The index of a time when Ann had not yet taken it back, and of another project.
    let before = super::house();
    record(&before, ANN_IS, &[]);
    fs::copy(before.path(".probity/consent/index"), house.path(".probity/consent/index")).unwrap();
    assert_eq!(states(&house), expect);
    let old = fs::read(house.path(".probity/consent/index")).unwrap();
    withdraw(&house, "email=bob@example.org", &[]);
    fs::write(house.path(".probity/consent/index"), old).unwrap();
    assert_eq!(standing(&house, "email=bob@example.org", &[]), "withdrawn");
}

/// The index is brought up to date as the log grows past it.
#[test]
fn the_index_follows_the_log() {
    let house = house();
    record(&house, ANN_IS, &[]);
    let rows = |from: usize| {
        let row = |number: usize| format!("user_id={number},newsletter,given,2026-11-01\n");
        format!("subject,purpose,act,time\n{}", (from..from + 300).map(row).collect::<String>())
    };
    for from in [0, 300] {
        house.write("rows.csv", rows(from));
        house.run(&args("import", &["rows.csv"])).expect(0);
        withdraw(&house, &format!("user_id={from}"), &[]);
        for (number, expect) in [(from, "withdrawn"), (from + 299, "given"), (from + 300, "never-given")] {
            assert_eq!(standing(&house, &format!("user_id={number}"), &[]), expect, "{number}");
        }
    }
    assert_eq!(standing(&house, ANN_IS, &[]), "given");
    // Each row counts once, however often it is taken in.
    let again = house.json(&args("import", &["rows.csv"]), 0);
    assert_eq!((&again["given"], &again["already"]), (&0.into(), &300.into()));
}

/// A line that was being written when the power went was promised to nobody: it is cut off and kept apart.
#[test]
fn an_unfinished_line_is_cut_off() {
    let house = three();
    let sound = house.read(LOG);
    let torn = sound.lines().last().unwrap();
    for length in [1, torn.len() / 2, torn.len()] {
        house.write(LOG, format!("{sound}{}", &torn[..length]));
        assert_eq!(standing(&house, "email=bob@example.org", &[]), "given", "{length}");
        assert_eq!(house.read(LOG), sound);
    }
    house.write(LOG, format!("{sound}{}", &torn[..9]));
    withdraw(&house, "email=bob@example.org", &[]);
    assert_eq!(standing(&house, "email=bob@example.org", &[]), "withdrawn");
    house.run(&args("show", &[])).expect(0);
}

/// Killed at whatever moment, again and again: what was said to be recorded is on record, and the log is whole.
#[test]
fn a_killed_writer_loses_nothing_that_it_promised() {
    let house = house();
    let mut promised = Vec::new();
    for round in 0..24_u64 {
        let subject = format!("user_id={round}");
        let given = ["--subject", &subject, "--purpose", "newsletter", "--notice", "notice.md", "--method", "web-form"];
        let mut child =
            house.command(&args("record", &given)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(round * 3));
        child.kill().unwrap();
        if child.wait().unwrap().success() {
            promised.push(subject);
        }
        house.run(&args("show", &[])).expect(0);
    }
    for subject in &promised {
        assert_eq!(standing(&house, subject, &[]), "given", "{subject}");
    }
    record(&house, ANN_IS, &[]);
    assert_eq!(standing(&house, ANN_IS, &[]), "given");
    house.run(&["audit", "verify"]).expect(0);
}

/// Many writers at once: every record is there, once, and the chain is whole.
#[test]
fn writers_at_once_lose_nothing() {
    let house = house();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let house = &house;
            scope.spawn(move || {
                for number in 0..5 {
                    record(house, &format!("user_id={writer}-{number}"), &[]);
                }
            });
        }
    });
    let summary = house.json(&args("show", &[]), 0);
    assert_eq!((&summary["purposes"][0]["given"], summary["notices"].as_array().unwrap().len()), (&20.into(), 1));
    house.run(&["audit", "verify"]).expect(0);
}

/// With a clock that was set back a withdrawal still comes after the consent, and an ended consent stays ended.
#[test]
fn a_clock_that_was_set_back_changes_nothing() {
    let house = house();
    record(&house, ANN_IS, &["--time", "2026-11-10T10:00:00Z"]);
    withdraw(&house, ANN_IS, &["--time", "2026-11-01T10:00:00Z"]);
    assert_eq!(standing(&house, ANN_IS, &["--time", "2026-11-01T11:00:00Z"]), "withdrawn");
    record(&house, "user_id=7", &["--time", "2026-11-10T10:00:00Z", "--expires", "P1D"]);
    record(&house, "user_id=8", &["--time", "2026-11-20T10:00:00Z"]);
    assert_eq!(standing(&house, "user_id=7", &["--time", "2026-11-10T11:00:00Z"]), "expired");
    let future = ["--subject", ANN_IS, "--purpose", "newsletter", "--at", "2027-01-01"];
    house.run(&args("withdraw", &future)).expect(2).code("bad-consent-time");
}
