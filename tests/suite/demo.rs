//! The demonstration of the README, as a user meets it: an empty folder, an empty home, no network.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::house::{House, NOW, Ran, repository};

/// What `fixtures/demo/README.md` counted with awk and Python: rule, objective, verdict, good, total.
const COUNTED: &[(&str, &str, &str, u64, u64)] = &[
    ("availability", "slo", "met", 16_373, 16_408),
    ("availability", "target", "broken", 16_373, 16_408),
    ("battery", "limit", "met", 1, 1),
    ("cpu", "limit", "broken", 113, 138),
    ("latency", "P50", "met", 15_972, 16_408),
    ("latency", "P95", "met", 15_972, 16_408),
    ("latency", "P99", "broken", 15_972, 16_408),
    ("memory", "limit", "met", 260, 260),
    ("network", "limit", "broken", 1, 2),
    ("offload-floor", "floor of the band 10–50 %", "met", 3_445, 8_618),
    ("offload-ceiling", "ceiling of the band 10–50 %", "met", 5_173, 8_618),
];

fn job() -> String {
    repository("fixtures/demo/nightly.toml").display().to_string()
}

/// The program in a network namespace of its own, where not even the loopback is up.
fn without_network(house: &House, args: &[&str]) -> Option<Ran> {
    let possible = Command::new("unshare").args(["-rn", "true"]).stderr(Stdio::null()).status();
    if !possible.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: this machine gives no network namespaces");
        return None;
    }
    let plain = house.command(args);
    let mut command = Command::new("unshare");
    command.args(["-rn", "--"]).arg(plain.get_program()).args(plain.get_args());
    command.current_dir(house.root()).env_clear().stdin(Stdio::null());
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Some(Ran::of(command.output().unwrap()))
}

#[test]
fn the_demo_judges_seals_and_checks_and_a_second_run_adds_nothing() {
    // Two commands from the README: every verdict, the package, what to do next; and again, without reading anything twice.
    let house = House::new();
    let job = job();
    let first = without_network(&house, &["run", &job]).unwrap_or_else(|| house.run(&["run", &job])).expect(1);
    for (rule, objective, verdict, good, total) in COUNTED {
        let row = first.stdout.lines().find(|line| line.starts_with(&format!("{verdict}\t{rule}\t{objective}\t")));
        let row = row.unwrap_or_else(|| panic!("{rule}/{objective} is not {verdict}:\n{}", first.stdout));
        assert!(row.contains(&format!("\t{good}\t{total}\t")), "{row}");
    }
    let package = house.path(".probity/packages/nightly-20261122t120000z.zip");
    let package = package.display().to_string();
    for said in [
        format!("package\t{package}\n"),
        format!("Check it: probity verify {package}\n"),
        "(a DEMO key: it proves nothing about you)".to_owned(),
        "intact\tyes: Every byte is as it was sealed.\n".to_owned(),
    ] {
        assert!(first.stdout.contains(&said), "{said:?} is not in:\n{}", first.stdout);
    }
    assert_eq!(first.stderr.matches("note: made a demo key for the ").count(), 3, "{}", first.stderr);
    house.run(&["verify", &package]).expect(0);

    let document = house.json(&["run", &job, "--time", "2026-11-23T12:00:00Z"], 1);
    crate::house::fit_their_schemas(&[&[document.clone()][..], &results(&document)].concat());
    second_run(&document);
}

/// The documents of all steps, in order.
fn results(run: &Value) -> Vec<Value> {
    let steps = run["jobs"][0]["steps"].as_array().unwrap();
    steps.iter().flat_map(|step| step["results"].as_array().unwrap().clone()).collect()
}

fn second_run(document: &Value) {
    let results = results(document);
    let names: Vec<&str> = results.iter().map(|result| result["schema"].as_str().unwrap()).collect();
    assert_eq!(names, ["ingest/1", "case-act/1", "evaluation/1", "case-act/1", "package/1", "verification/2"]);
    let inputs = results[0]["inputs"].as_array().unwrap();
    assert_eq!(inputs.len(), 142);
    assert!(inputs.iter().all(|input| input["state"] == "known"), "{}", results[0]);
    let objectives = results[2]["objectives"].as_array().unwrap();
    let found: Vec<_> = objectives
        .iter()
        .map(|one| {
            let word = |name: &str| one[name].as_str().unwrap();
            (
                word("rule"),
                word("objective"),
                word("verdict"),
                one["good"].as_u64().unwrap(),
                one["total"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(found, COUNTED);
    assert_eq!((&results[1]["act"], &results[3]["act"]), (&"present".into(), &"present".into()));
    assert_eq!((&results[3]["exhibits"], &results[3]["present"][0]["id"]), (&serde_json::json!([]), &"EX-001".into()));
    assert_eq!(results[2]["verdict"], "broken");
    assert_eq!(results[4]["demo_key"], true);
    assert_eq!(results[5]["intact"], true);
}

#[test]
fn the_counts_of_this_test_are_those_of_the_readme() {
    // The numbers above are no third opinion: each of them stands in the README of the fixtures.
    let readme = fs::read_to_string(repository("fixtures/demo/README.md")).unwrap();
    let digits = readme.replace(',', "");
    for number in
        ["16373 of 16408", "15972 of 16408", "113 of 138", "139 samples", "121 of the service", "3445 of 8618"]
    {
        assert!(digits.contains(number), "{number} is not in the README");
    }
    let total: BTreeMap<&str, u64> = COUNTED.iter().map(|(rule, _, _, _, total)| (*rule, *total)).collect();
    assert_eq!(total["memory"], 139 + 121);
}

#[test]
fn the_demo_leaves_one_entry_for_each_act() {
    // Who asks later what happened that night finds every step, in order, with its outcome.
    let house = House::new();
    house.run(&["run", &job(), "--quiet"]).expect(1);
    let found = house.run(&["audit", "search", "--json"]).expect(0);
    let acts: Vec<(String, String)> = found
        .stdout
        .lines()
        .map(|line| {
            let entry: Value = serde_json::from_str(line).unwrap();
            assert_eq!(entry["time"], NOW);
            (entry["act"].as_str().unwrap().to_owned(), entry["outcome"].as_str().unwrap().to_owned())
        })
        .collect();
    let acts: Vec<(&str, &str)> = acts.iter().map(|(act, outcome)| (act.as_str(), outcome.as_str())).collect();
    let expect = [
        ("ingest.finished", "done"),
        ("case.opened", "done"),
        ("evaluate.judged", "no"),
        ("case.collected", "done"),
        ("package.built", "done"),
        ("verify.checked", "done"),
        ("run.finished", "no"),
    ];
    assert_eq!(acts, expect);
    house.run(&["audit", "verify"]).expect(0);
}
