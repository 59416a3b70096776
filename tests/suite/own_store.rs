//! Retention on what probity itself has taken in: whole days and originals go, exhibits and holds keep theirs, and what is left is
//! sound for `audit verify` and for other readers. And on its papers: requests that are over, runs of retention, evaluations.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::house::{House, fit_their_schemas, judge};

const RULES: &str = "rules:
- {name: logs, collections: [probity.logs], keep: 90 days, from: day}
- {name: originals, collections: [probity.originals], keep: 30 days, from: day}
";

/// A project without other stores and without a map: three days of logs, a line of each not understood.
fn house() -> House {
    let house = House::initialised();
    house.write("retention.yaml", RULES);
    for day in ["2026-01-10", "2026-05-10", "2026-11-20"] {
        let lines =
            ["11", "12"].map(|hour| format!("{{\"ts\":\"{day}T{hour}:00:00Z\",\"service\":\"web\",\"status\":503}}\n"));
        house.write(&format!("{day}.jsonl"), lines.concat() + "no json\n");
    }
    let ingest = |files: &[&str]| {
        house.run(&[&["ingest", "--kind", "logs", "--max-rejected", "0.5"], files].concat()).expect(0);
    };
    ingest(&["2026-01-10.jsonl"]);
    ingest(&["2026-05-10.jsonl", "2026-11-20.jsonl"]);
    house
}

const RULES_OF_PAPERS: &str =
    "- {name: requests, collections: [probity.requests, probity.retentions], keep: P1Y, from: day}
- {name: evaluations, collections: [probity.evaluations], keep: 6 months, from: day}
";

/// Requests that were answered long ago, lately and not at all, and two evaluations, one of them old.
fn with_papers(house: &House, rules: &str) {
    house.write("retention.yaml", format!("{rules}{RULES_OF_PAPERS}"));
    let open = |who: &str, day: &str| {
        let subject = format!("email={who}@example.org");
        house.run(&["request", "open", "access", &subject, "--time", &format!("{day}T09:00:00Z")]).expect(0);
    };
    let answer = |id: &str, day: &str| {
        let refuse = ["request", "refuse", id, "--because", "no-match", "--reason", "nobody of that name"];
        house.run(&[&refuse[..], &["--time", &format!("{day}T09:00:00Z")]].concat()).expect(0);
    };
    open("ann", "2025-01-10");
    open("bob", "2025-01-11");
    open("eve", "2026-09-01");
    answer("req-0001", "2025-02-01");
    answer("req-0003", "2026-09-20");
    for (pack, day) in [("ccpa", "2026-02-01"), ("gdpr", "2026-11-01")] {
        let ran = house.run(&["evaluate", "--pack", pack, "--time", &format!("{day}T09:00:00Z")]);
        assert!([1, 3].contains(&ran.exit), "{ran:?}");
    }
}

fn planned(house: &House) -> Value {
    house.json(&["retain", "plan"], 0)
}

fn line<'p>(plan: &'p Value, collection: &str) -> &'p Value {
    let lines = plan["retention"]["collections"].as_array().unwrap();
    lines.iter().find(|line| line["collection"] == collection).unwrap_or_else(|| panic!("{plan}"))
}

fn counts(plan: &Value) -> [(u64, u64); 2] {
    ["logs", "originals"].map(|collection| {
        let line = line(plan, collection);
        (line["over"].as_u64().unwrap(), line["held"].as_u64().unwrap())
    })
}

fn apply(house: &House, plan: &Value) -> Value {
    house.json(&["retain", "apply", "--confirm", plan["digest"].as_str().unwrap()], 0)
}

/// Names of what lies in the store, without the log.
fn kept(house: &House) -> String {
    house.shell("cd .probity/store && find raw rejected data -type f | grep -v _delta_log | sort").expect(0).stdout
        + &papers(house)
}

/// Names of what lies beside it, as far as there is any.
fn papers(house: &House) -> String {
    house.shell("cd .probity && ls -A requests evaluations 2>&- || true").expect(0).stdout
}

#[test]
fn what_is_over_goes_and_an_exhibit_stays() {
    let house = house();
    house.run(&["case", "new", "c1", "--title", "Outage"]).expect(0);
    house.run(&["case", "add", "c1", "2026-05-10.jsonl", "--purpose", "first copy"]).expect(0);
    let before = kept(&house);
    assert_eq!(before.lines().count(), 9, "{before}");
    let plan = planned(&house);
    assert_eq!(counts(&plan), [(1, 1), (1, 1)]);
    assert!(plan["plan"]["retained"].to_string().contains("EX-001 of the case c1"), "{plan}");
    house.run(&["retain", "apply"]).expect(4).code("not-confirmed");
    house.run(&["retain", "apply", "--confirm", &"0".repeat(64)]).expect(4);
    assert_eq!(kept(&house), before);
    let done = apply(&house, &plan);
    assert_eq!((&done["result"], &done["counts"]["deleted"]), (&"complete".into(), &2.into()));
    let after = kept(&house);
    assert_eq!(after.lines().count(), 6, "{after}");
    assert!(!after.contains("dt=2026-01-10") && after.contains("dt=2026-05-10"));
    house.run(&["audit", "verify"]).expect(0);
    assert!(house.run(&["audit", "search", "--command", "retain"]).expect(0).stdout.contains("commit_2="));
    let folder = house.path(".probity/retentions/ret-0001");
    let certificate = std::fs::read_to_string(folder.join("certificate.json")).unwrap();
    for words in ["EX-001 of the case c1", "keep what was removed as digests", "disks, snapshots and backups"] {
        assert!(certificate.contains(words), "{words}: {certificate}");
    }
    fit_their_schemas(&[plan, done, serde_json::from_str(&certificate).unwrap()]);
    // The same bytes are known and do not come back; the next run has nothing to do.
    let again = house.json(&["ingest", "--kind", "logs", "--max-rejected", "0.5", "2026-01-10.jsonl"], 0);
    assert_eq!(again["inputs"][0]["state"], "known", "{again}");
    assert_eq!(counts(&planned(&house)), [(0, 1), (0, 1)]);
    if cfg!(feature = "engine") {
        let left = house.run(&["query", "SELECT count(*) AS n FROM logs", "--json"]).expect(0);
        assert!(left.stdout.contains('4'), "{}", left.stdout);
    }
    // A commit of the removal that was cut off is noticed.
    house.shell("rm .probity/store/data/_delta_log/00000000000000000002.json").expect(0);
    house.run(&["audit", "verify"]).expect(1);
}

#[test]
fn holds_win() {
    let house = house();
    let hold = ["hold", "add", "--collection", "probity.originals", "--law", "case 7", "--approver", "counsel"];
    house.run(&hold).expect(0);
    let plan = planned(&house);
    assert_eq!(counts(&plan), [(2, 0), (0, 2)]);
    // Whose the records are nobody can tell: a hold on a person keeps all of them.
    house.run(&["hold", "add", "email=ann@example.org", "--law", "case 8", "--approver", "counsel"]).expect(0);
    assert_eq!(counts(&planned(&house)), [(0, 2), (0, 2)]);
    let digest = plan["digest"].as_str().unwrap();
    house.run(&["retain", "apply", "--confirm", digest]).expect(0);
    assert_eq!(kept(&house).lines().count(), 9);
    house.run(&["hold", "release", "hold-0002"]).expect(0);
    assert_eq!(counts(&planned(&house)), [(2, 0), (0, 2)]);
}

#[test]
fn rules_that_do_not_fit_are_told() {
    let house = house();
    let check = |rules: &str, words: &str| {
        house.write("retention.yaml", format!("rules:\n- {rules}\n"));
        let ran = house.run(&["retain", "plan"]).expect(7).code("bad-retention");
        assert!(ran.stderr.contains("retention.yaml:2") && ran.stderr.contains(words), "{}", ran.stderr);
    };
    check("{name: a, collections: [probity.logs], keep: P1Y, from: day, action: anonymise}", "deleted, never changed");
    check("{name: a, collections: [probity.journals], keep: P1Y, from: day}", "no collection");
    check("{name: a, collections: [probity.logs], keep: P1Y, from: month}", "month");
    // Without a rule for it, nothing of it is looked at.
    house.write("retention.yaml", "rules: []\n");
    house.run(&["retain", "plan"]).expect(7).code("no-map");
}

/// Requests that are over, and evaluations: plan, confirmation, certificate as for rows; what is open stays, and so does what is held.
#[test]
fn papers_go_when_their_time_is_over() {
    let house = House::initialised();
    with_papers(&house, "rules:\n");
    let over =
        |plan: &Value| ["requests", "retentions", "evaluations"].map(|name| line(plan, name)["over"].as_u64().unwrap());
    let plan = planned(&house);
    assert_eq!(over(&plan), [1, 0, 1]);
    assert!(!plan.to_string().contains("ann@"), "{plan}");
    house.run(&["retain", "apply"]).expect(4).code("not-confirmed");
    house
        .run(&["hold", "add", "--collection", "probity.requests", "--law", "case 7", "--approver", "counsel"])
        .expect(0);
    let held = planned(&house);
    assert_eq!((over(&held), &line(&held, "requests")["held"]), ([0, 0, 1], &1.into()));
    let before = papers(&house);
    house.run(&["retain", "apply", "--confirm", plan["digest"].as_str().unwrap()]).expect(4);
    assert_eq!(papers(&house), before, "what is held is in nobody's plan");
    house.run(&["hold", "release", "hold-0001"]).expect(0);
    let plan = planned(&house);
    let done = apply(&house, &plan);
    assert_eq!((&done["result"], &done["counts"]["deleted"]), (&"complete".into(), &2.into()), "{done}");
    let ids = |house: &House| -> Vec<String> {
        let list = house.json(&["request", "list"], 0);
        let id = |one: &Value| one["request_id"].as_str().unwrap().to_owned();
        list["requests"].as_array().unwrap().iter().map(id).collect()
    };
    assert_eq!(ids(&house), ["req-0002", "req-0003"]);
    house.run(&["request", "show", "req-0001"]).expect(6).code("no-request");
    house.run(&["audit", "verify"]).expect(0);
    let certificate = house.read(".probity/retentions/ret-0001/certificate.json");
    for words in ["ids, times and digests", "No later request gets the id", "disks, snapshots and backups"] {
        assert!(certificate.contains(words), "{words}: {certificate}");
    }
    // A year later the last ones are over, and the run itself; the next request gets none of their ids.
    let later = ["--as-of", "2028-01-01"];
    let plan = house.json(&[&["retain", "plan"][..], &later].concat(), 0);
    assert_eq!(over(&plan), [1, 1, 1], "{plan}");
    let confirm = ["retain", "apply", "--confirm", plan["digest"].as_str().unwrap()];
    house.run(&[&confirm[..], &later].concat()).expect(0);
    assert_eq!(ids(&house), ["req-0002"]);
    let opened = house.json(&["request", "open", "access", "email=tim@example.org"], 0);
    assert_eq!(opened["requests"][0]["request_id"], "req-0004");
    fit_their_schemas(&[held, done, plan, serde_json::from_str(&certificate).unwrap()]);
}

/// kill -9 at many points: the next run finishes what was begun, and the store ends as it does undisturbed.
#[test]
fn killed_at_any_point_a_run_is_finished() {
    let house = house();
    with_papers(&house, RULES);
    house.shell("mkdir fresh && cd .probity && cp -a store requests evaluations ../fresh").expect(0);
    let plan = planned(&house);
    let digest = plan["digest"].as_str().unwrap();
    let begun = Instant::now();
    apply(&house, &plan);
    let (mut whole, expect) = (begun.elapsed(), kept(&house));
    let mut killed = 0;
    for point in 0..16_u32 {
        let anew = "cd .probity && rm -rf store requests evaluations retentions && cp -a ../fresh/. .";
        house.shell(anew).expect(0);
        let mut child = house.command(&["retain", "apply", "--confirm", digest]);
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let wait = whole.mul_f64(f64::from(point * 7 % 16) / 16.0);
        std::thread::sleep(wait + Duration::from_micros(point.into()));
        let _ = child.kill();
        match child.wait().unwrap().code() {
            None => killed += 1,
            // The first run had to share the machine, and the others need not: they end earlier.
            Some(_) => whole = whole.min(wait),
        }
        if house.path(".probity/retentions/ret-0001/request.json").exists() {
            let ran = house.run(&["retain", "apply", "--resume", "ret-0001"]);
            if ran.exit != 0 {
                ran.expect(4).code("not-confirmed");
            }
        }
        if kept(&house) != expect {
            house.run(&["retain", "apply", "--confirm", digest]).expect(0);
        }
        assert_eq!(kept(&house), expect, "killed at {point}");
        house.run(&["audit", "verify"]).expect(0);
    }
    assert!(killed > 3, "{killed} killed");
}

/// A reader that knows nothing of probity finds what is left.
#[test]
fn another_reader_finds_the_rest() {
    if !judge("python3") {
        return;
    }
    let house = house();
    apply(&house, &planned(&house));
    // The Delta protocol by hand: what was added and not removed.
    let script = "import json, glob, os\nlive = set()\nfor f in sorted(glob.glob('.probity/store/data/_delta_log/*.json')):\n    \
                  for line in open(f):\n        action = json.loads(line)\n        if 'add' in action: live.add(action['add']['path'])\n        \
                  if 'remove' in action: live.remove(action['remove']['path'])\nprint(len(live), all(os.path.exists('.probity/store/data/' + p) for p in live))";
    house.write("live.py", script);
    assert_eq!(house.shell("python3 live.py").expect(0).stdout, "1 True\n");
}
