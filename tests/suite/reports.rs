//! Facts from what real programs write: backups, tests, scanners and load, each made here and now by the program itself.

use serde_json::Value;

use crate::house::{House, interpreter, judge};

/// The rules of one kind that were judged over `input`, with their answers.
fn answers(house: &House, kind: &str, input: &[&str], exit: i32) -> Vec<(String, String)> {
    // What was written just now is as old as the clock of this machine says.
    let now = house.shell("date -u +%Y-%m-%dT%H:%M:%SZ").expect(0).stdout;
    let mut args = vec!["evaluate", "--pack", "infrastructure", "--at", now.trim()];
    args.extend(input.iter().flat_map(|path| ["--input", path]));
    let judged = house.json(&args, exit);
    let gaps: Vec<&Value> =
        judged["facts"].as_array().unwrap().iter().flat_map(|fact| fact["gaps"].as_array()).flatten().collect();
    assert!(gaps.is_empty(), "{gaps:?}");
    let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    let all = judged["rules"].as_array().unwrap().iter().map(|one| (text(one, "rule"), text(one, "answer")));
    let prefix = format!("infrastructure.{kind}-");
    all.filter_map(|(rule, answer)| Some((rule.strip_prefix(&prefix)?.to_owned(), answer))).collect()
}

fn check(found: &[(String, String)], expect: &[(&str, &str)]) {
    let found: Vec<(&str, &str)> = found.iter().map(|(rule, answer)| (rule.as_str(), answer.as_str())).collect();
    assert_eq!(found, expect);
}

/// A drill that ended just now, of the backup named `name`.
fn drill(house: &House, name: &str) {
    let line = "t=$(date -u +%Y-%m-%dT%H:%M:%SZ); printf 'restore_drill: 1\\nbackup: \"%s\"\\nstarted: %s\\nfinished: %s\\n\
                outcome: restored\\n' \"$0\" \"$t\" \"$t\" >drill.yaml";
    house.shell(&format!("sh -c '{}' '{name}'", line.replace('\'', "'\\''"))).expect(0);
}

/// A repository of restic: encrypted, fresh, and good only when it was restored.
#[test]
fn restic_tells_of_its_snapshots() {
    if !judge("restic") {
        return;
    }
    let house = House::new();
    house.write("data/a.txt", "a");
    let restic = "RESTIC_PASSWORD=x RESTIC_CACHE_DIR=$PWD/cache restic -q -r repository";
    house
        .shell(&format!(
            "{restic} init && {restic} backup --host db1 data && {restic} snapshots --json >snapshots.json"
        ))
        .expect(0);
    let without = answers(&house, "backups", &["snapshots.json"], 1);
    check(&without, &[("drilled", "broken"), ("encrypted", "met"), ("fresh", "met")]);
    drill(&house, &format!("db1:{}", house.path("data").canonicalize().unwrap().display()));
    let with = answers(&house, "backups", &["snapshots.json", "drill.yaml"], 0);
    check(&with, &[("drilled", "met"), ("encrypted", "met"), ("fresh", "met")]);
}

/// A cluster of PostgreSQL, backed up by pgBackRest with a cipher: what is there before the first backup is not fresh.
#[test]
fn pgbackrest_tells_of_its_backups() {
    if !judge("pgbackrest") || !judge("runuser") {
        return;
    }
    let house = House::new();
    house.write("back.sh", include_str!("reports/pgbackrest.sh"));
    house.shell("id -u | grep -qx 0 && who=postgres || who=$(id -un); bash back.sh \"$who\" \"$PWD\"").expect(0);
    let none = answers(&house, "backups", &["none.json"], 1);
    check(&none, &[("drilled", "broken"), ("encrypted", "met"), ("fresh", "broken")]);
    drill(&house, "main");
    let one = answers(&house, "backups", &["one.json", "drill.yaml"], 0);
    check(&one, &[("drilled", "met"), ("encrypted", "met"), ("fresh", "met")]);
}

/// What pytest, Bandit, CycloneDX for Python and Locust write.
#[test]
fn programs_of_python_are_read() {
    let Some(python) = interpreter("PROBITY_TEST_REPORTS") else { return };
    let house = House::new();
    let bin = python.parent().unwrap().display().to_string();
    house.write("app.py", "import subprocess\n\n\ndef run(text):\n    subprocess.call(text, shell=True)\n");
    house.write("test_good.py", "def test_good():\n    pass\n");
    house.write("test_bad.py", "import pytest\n\n\ndef test_bad():\n    assert 1 == 2\n\n\n@pytest.fixture\ndef broken():\n    raise RuntimeError\n\n\ndef test_error(broken):\n    pass\n");
    house.shell(&format!("{bin}/pytest -q -p no:cacheprovider --junitxml good.xml test_good.py")).expect(0);
    house.shell(&format!("{bin}/pytest -q -p no:cacheprovider --junitxml bad.xml test_bad.py")).expect(1);
    check(&answers(&house, "tests", &["good.xml"], 0), &[("pass", "met"), ("steady", "met")]);
    check(&answers(&house, "tests", &["bad.xml"], 1), &[("pass", "broken"), ("steady", "met")]);
    house.shell(&format!("{bin}/bandit -q -f sarif -o app.sarif app.py")).expect(1);
    check(&answers(&house, "scan", &["app.sarif"], 1), &[("clean", "broken"), ("fresh", "met"), ("known", "met")]);
    house.shell(&format!("{bin}/cyclonedx-py environment {bin}/python >bom.json")).expect(0);
    check(&answers(&house, "scan", &["bom.json"], 0), &[("clean", "met"), ("fresh", "met"), ("known", "met")]);
    house.write("locustfile.py", include_str!("reports/locustfile.py"));
    house
        .shell(&format!("{bin}/locust --headless -u 2 -r 2 --exit-code-on-error 0 --csv load --only-summary 2>log"))
        .expect(0);
    let expect = [("failures", "broken"), ("latency", "met")];
    check(&answers(&house, "load", &["load_stats.csv"], 1), &expect);
}
