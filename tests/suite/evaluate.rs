//! `evaluate`: rules over what was ingested, the numbers recounted by hand and by DuckDB, and every way to be wrong.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::house::{House, fit_their_schemas, judge, python, repository};

/// 2026-11-22T11:00:00Z, an hour before every evaluation.
const START: u64 = 1_795_345_200;

/// 1,000 requests, one a second; 10 fail, and the latencies are 0.4, 1.4, … 999.4 ms in another order.
fn logs() -> String {
    (0..1000)
        .map(|i| {
            let (minute, second) = (i / 60, i % 60);
            let status = if i % 100 == 7 { 503 } else { 200 };
            let latency = (i * 37) % 1000;
            format!(
                "{{\"ts\":\"2026-11-22T11:{minute:02}:{second:02}Z\",\"service\":\"shop\",\"status\":{status},\
                 \"latency_ms\":{latency}.4}}\n"
            )
        })
        .collect()
}

/// A counter per code that starts anew once, and a gauge that touches its limit.
fn metrics() -> String {
    let mut text = "# TYPE requests counter\n".to_owned();
    for (code, values) in [("200", [0, 100, 250, 30, 80]), ("500", [0, 1, 1, 0, 3])] {
        for (step, value) in values.iter().enumerate() {
            text += &format!("requests_total{{code=\"{code}\"}} {value} {}\n", START + 10 * step as u64);
        }
    }
    text += "# TYPE queue_depth gauge\n";
    for (step, value) in ["14.4", "14.40", "14.39", "14.400000000000002"].iter().enumerate() {
        text += &format!("queue_depth {value} {}\n", START + 10 * step as u64);
    }
    text + "# EOF\n"
}

/// A project with both in its store.
fn house() -> House {
    let house = House::initialised();
    house.write("in/shop.jsonl", logs());
    house.write("in/shop.om", metrics());
    house.run(&["ingest", "in"]).expect(0);
    house
}

/// An SLO with one objective.
fn rule(indicator: &str, objective: &str) -> String {
    format!(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: shop}}\nspec:\n  description: The shop works\n  \
         service: shop\n  indicator:\n    metadata: {{name: shop-sli}}\n    spec:\n      {indicator}\n  \
         timeWindow: [{{duration: 1d, isRolling: true}}]\n  budgetingMethod: Occurrences\n  \
         objectives: [{{displayName: goal, {objective}}}]\n---\n\
         {{apiVersion: openslo/v1, kind: Service, metadata: {{name: shop}}, spec: {{}}}}\n"
    )
}

fn ratio(good: &str, total: &str) -> String {
    format!("ratioMetric: {{good: {{metricSource: {good}}}, total: {{metricSource: {total}}}}}")
}

fn rows(filter: &str) -> String {
    format!("{{type: probity, spec: {{table: logs, where: \"{filter}\"}}}}")
}

fn increase(selector: &str) -> String {
    format!("{{type: probity, spec: {{selector: '{selector}', increase: true}}}}")
}

fn threshold(spec: &str) -> String {
    format!("thresholdMetric: {{metricSource: {{type: probity, spec: {spec}}}}}")
}

#[test]
fn counts_decide_and_are_exact() {
    // Ratio, threshold, counters with a reset, raw samples: counted by hand, each on both sides of its target.
    let house = house();
    let check = |indicator: &str, objective: &str, exit: i32, verdict: &str, good: u64, total: u64| {
        house.write("rule.yaml", rule(indicator, objective));
        let document = house.json(&["evaluate", "--rule", "rule.yaml"], exit);
        let one = &document["objectives"][0];
        let found = (one["verdict"].as_str().unwrap(), one["good"].as_u64().unwrap(), one["total"].as_u64().unwrap());
        assert_eq!(found, (verdict, good, total), "{indicator} {objective}: {one}");
        assert_eq!(one["burn_rate"].as_str().map(|rate| rate.parse::<f64>().unwrap() > 1.0), Some(verdict == "broken"));
    };
    let answered = ratio(&rows("status < 500"), &rows("status IS NOT NULL"));
    check(&answered, "target: 0.99", 0, "met", 990, 1000);
    check(&answered, "targetPercent: 99", 0, "met", 990, 1000);
    check(&answered, "target: 0.9900001", 1, "broken", 990, 1000);

    let latency = threshold("{table: logs, value: latency_ms}");
    check(&latency, "op: lte, value: 949.4, target: 0.95", 0, "met", 950, 1000);
    check(&latency, "op: lt, value: 949.4, target: 0.95", 1, "broken", 949, 1000);
    check(&latency, "op: gt, value: 949.4, target: 0.05", 0, "met", 50, 1000);
    check(&latency, "op: gte, value: 949.4, target: 0.0511", 1, "broken", 51, 1000);
    let slow = threshold("{table: logs, value: latency_ms, where: \"status >= 500\"}");
    check(&slow, "op: gte, value: 0, target: 0.5", 0, "met", 10, 10);

    // 100 + 150 + 30 (it started anew) + 50, and 1 + 0 + 0 + 3.
    let counted = ratio(&increase("requests_total{code!~\"5..\"}"), &increase("requests_total"));
    check(&counted, "target: 0.98", 0, "met", 330, 334);
    check(&counted, "target: 0.989", 1, "broken", 330, 334);

    let depth = threshold("{selector: queue_depth}");
    check(&depth, "op: lte, value: 14.4, target: 0.75", 0, "met", 3, 4);
    check(&depth, "op: lt, value: 14.40, target: 0.75", 1, "broken", 1, 4);
    check(&depth, "op: gte, value: 14.400, target: 0.75", 0, "met", 3, 4);
    check(&depth, "op: gt, value: 14.4, target: 0.2", 0, "met", 1, 4);

    let sql = threshold("{sql: \"SELECT ts, latency_ms AS value FROM logs WHERE status = 200\"}");
    check(&sql, "op: lte, value: 500, target: 0.4", 0, "met", 495, 990);
}

#[test]
fn the_worst_answer_decides_the_exit_code() {
    // 0 met, 1 broken, 3 no data; broken outweighs no data, and no data is never a pass.
    let house = house();
    let met = rule(&ratio(&rows("status < 500"), &rows("true")), "target: 0.9");
    let broken =
        rule(&ratio(&rows("status >= 500"), &rows("true")), "target: 0.9").replace("name: shop}", "name: bad}");
    let silent = rule(&ratio(&rows("status < 500"), &rows("service = 'x'")), "target: 0.9")
        .replace("name: shop}", "name: none}");
    // Only the service is declared once.
    let alone = |text: &str| text.split("---").next().unwrap().to_owned();
    for (name, text) in [("met", met.clone()), ("broken", alone(&broken)), ("silent", alone(&silent))] {
        house.write(&format!("{name}.yaml"), text);
    }
    let check = |rules: &[&str], exit: i32, word: &str| {
        let mut args = vec!["evaluate"];
        for rule in rules {
            args.extend(["--rule", rule]);
        }
        assert_eq!(house.json(&args, exit)["verdict"], word, "{rules:?}");
        let human = house.run(&args).expect(exit);
        let plural = if rules.len() == 1 { "" } else { "s" };
        let summary = format!("\n{word}: {} objective{plural} at ", rules.len());
        assert!(human.stdout.contains(&summary), "{}", human.stdout);
    };
    check(&["met.yaml"], 0, "met");
    check(&["met.yaml", "broken.yaml"], 1, "broken");
    check(&["met.yaml", "silent.yaml"], 3, "no data");
    check(&["met.yaml", "silent.yaml", "broken.yaml"], 1, "broken");
}

#[test]
fn zero_traffic_is_no_data_and_nowhere_nan() {
    // An empty store and an empty window say so in words: exit 3, nulls in JSON, and no division by zero in any form.
    let rules = rule(&ratio(&rows("status < 500"), &rows("true")), "target: 0.9");
    let before = "2026-11-20T00:00:00Z";
    let empty = House::initialised();
    for (house, at) in [(&empty, "now"), (&house(), before)] {
        house.write("rule.yaml", &rules);
        for form in ["human", "json", "junit"] {
            let ran = house.run(&["evaluate", "--rule", "rule.yaml", "--at", at, "--format", form]).expect(3);
            let text = (ran.stdout.clone() + &ran.stderr).to_lowercase();
            assert!(!text.contains("nan") && !text.contains("inf"), "{text}");
        }
        let one = &house.json(&["evaluate", "--rule", "rule.yaml", "--at", at], 3)["objectives"][0];
        assert_eq!(one["verdict"], "no data");
        for name in ["ratio", "burn_rate", "budget", "first", "last"] {
            assert!(one[name].is_null(), "{name}: {one}");
        }
    }
    empty.run(&["evaluate", "--rule", "rule.yaml", "--at", "latest"]).expect(3).code("no-records");
}

#[test]
fn the_whole_production_pack_over_nothing_is_no_data() {
    // A pack over an empty store answers each of its questions with "no data", not with a pass.
    let house = House::initialised();
    let document = house.json(&["evaluate", "--pack", "production"], 3);
    let objectives = document["objectives"].as_array().unwrap();
    assert_eq!(objectives.len(), 11);
    assert!(objectives.iter().all(|one| one["verdict"] == "no data" && one["fault"].is_null()), "{document}");
    fit_their_schemas(&[document]);
}

#[test]
fn every_fault_in_a_rule_is_located() {
    // Each sample in fixtures/openslo/invalid says in its first line what is wrong where; the command line says the same.
    let house = House::initialised();
    for path in samples("invalid") {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let Some(faults) = text.lines().next().and_then(|line| line.strip_prefix("# fault: ")) else {
            panic!("{} does not say what is wrong", path.display());
        };
        let name = path.display().to_string();
        let ran = house.run(&["evaluate", "--rule", &name]).expect(7);
        for fault in faults.split("; ") {
            let (code, place) = fault.split_once(' ').unwrap();
            let located = if place == "0:0" { format!("error: {name}: ") } else { format!("error: {name}:{place}: ") };
            assert!(ran.stderr.contains(&located), "{fault} in {name}:\n{}", ran.stderr);
            assert!(ran.stderr.contains(&format!("code: {code} ")), "{fault} in {name}:\n{}", ran.stderr);
        }
        assert_eq!(ran.stderr.matches("error: ").count(), ran.stderr.matches("  hint: ").count(), "{}", ran.stderr);
    }
}

fn samples(folder: &str) -> Vec<std::path::PathBuf> {
    let folder = repository("fixtures/openslo").join(folder);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() > 5);
    paths
}

#[test]
fn suggestions_name_what_was_meant() {
    // A dangling reference, a misspelt key and a target of 100 %: what is wrong, where, and what to write instead.
    let house = House::initialised();
    let invalid = repository("fixtures/openslo/invalid");
    let check = |file: &str, hint: &str| {
        let ran = house.run(&["evaluate", "--rule", invalid.join(file).to_str().unwrap()]).expect(7);
        assert!(ran.stderr.contains(hint), "{}", ran.stderr);
    };
    check("dangling-indicator.yaml", "Did you mean \"requests\"?");
    check("misspelt-key.yaml", "Did you mean \"budgetingMethod\"?");
    check("target-of-100-percent.yaml", "a target of 100 % leaves no error budget");
    let failed = house.json(&["evaluate", "--rule", invalid.join("misspelt-key.yaml").to_str().unwrap()], 7);
    assert_eq!(
        (&failed["code"], &failed["place"]["line"], &failed["place"]["column"]),
        (&"unknown-key".into(), &16.into(), &3.into())
    );
    fit_their_schemas(&[failed]);
}

#[test]
fn official_examples_are_accepted_with_warnings() {
    // What OpenSLO itself publishes is read; what cannot be evaluated is a warning with a code, and never a pass.
    let house = House::initialised();
    let mut documents = Vec::new();
    for path in samples("valid") {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.display().to_string();
        // Queries that aggregate are what this Prometheus file is wrong in, here.
        let exit = if name.ends_with("sdk-list.yaml") { 7 } else { 3 };
        let document = house.json(&["evaluate", "--rule", &name], exit);
        let mut found: Vec<String> = document["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                let place = one["place"].as_str().unwrap().strip_prefix(&format!("{name}:")).unwrap();
                format!("{} {place}", one["code"].as_str().unwrap())
            })
            .collect();
        let warns = text.lines().next().and_then(|line| line.strip_prefix("# warns: ")).unwrap_or_default();
        let mut expect: Vec<String> = warns.split("; ").filter(|one| !one.is_empty()).map(str::to_owned).collect();
        found.sort();
        expect.sort();
        assert_eq!(found, expect, "{name}");
        documents.push(document);
    }
    fit_their_schemas(&documents);
}

#[test]
fn the_time_of_the_evaluation_is_chosen() {
    // --at TIME moves the window, `latest` is the newest record, nonsense is refused before anything is read.
    let house = house();
    house.write("rule.yaml", rule(&ratio(&rows("status < 500"), &rows("true")), "target: 0.9"));
    let at = |at: &str| house.json(&["evaluate", "--rule", "rule.yaml", "--at", at], 0);
    assert_eq!(at("latest")["at"], "2026-11-22T11:16:39Z");
    assert_eq!(at("now")["at"], "2026-11-22T12:00:00Z");
    let early = at("2026-11-22T11:01:00Z");
    // The window is closed at its end: 11:00:00 to 11:01:00 are 61 requests.
    assert_eq!((&early["objectives"][0]["total"], &early["at"]), (&61.into(), &"2026-11-22T11:01:00Z".into()));
    assert_eq!(early["objectives"][0]["window"]["from"], "2026-11-21T11:01:00Z");
    let other_zone = at("2026-11-22T12:01:00+01:00");
    assert_eq!(other_zone["objectives"], early["objectives"]);
    house.run(&["evaluate", "--rule", "rule.yaml", "--at", "yesterday"]).expect(2);
}

#[test]
fn parameters_of_a_pack_are_set_and_checked() {
    // --set outranks the settings; what sets nothing is refused, with what was meant.
    let house = house();
    let p95 = |args: &[&str]| {
        let args: Vec<&str> = ["evaluate", "--pack", "production"].iter().chain(args).copied().collect();
        let document = house.json(&args, 1);
        let one =
            document["objectives"].as_array().unwrap().iter().find(|one| one["objective"] == "P95").unwrap().clone();
        (one["good"].as_u64().unwrap(), one["total"].as_u64().unwrap())
    };
    assert_eq!(p95(&[]), (500, 1000));
    assert_eq!(p95(&["--set", "production.latency_ms=300"]), (300, 1000));
    house.write("probity.toml", "[pack.production]\nlatency_ms = 100\n");
    assert_eq!(p95(&[]), (100, 1000));
    assert_eq!(p95(&["--set", "production.latency_ms=949.4"]), (950, 1000));
    let refuse = |args: &[&str], exit: i32, code: &str, hint: &str| {
        let args: Vec<&str> = ["evaluate"].iter().chain(args).copied().collect();
        let ran = house.run(&args).expect(exit).code(code);
        assert!(ran.stderr.contains(hint), "{}", ran.stderr);
    };
    refuse(&["--pack", "production", "--set", "production.latncy_ms=3"], 7, "unknown-parameter", "latency_ms");
    refuse(&["--pack", "production", "--set", "production.latency_ms=fast"], 7, "bad-parameter", "latency_ms");
    refuse(&["--pack", "production", "--set", "latency_ms=3"], 2, "bad-parameter", "PACK.NAME=VALUE");
    refuse(&["--pack", "production", "--set", "other.latency_ms=3"], 2, "bad-parameter", "--pack other");
    refuse(&["--pack", "prodction"], 2, "unknown-pack", "Did you mean \"production\"?");
}

#[test]
fn an_edited_pack_wins_over_the_built_in_one() {
    // Whoever copies the pack into rules/packs/production changes the rules themselves, not only their parameters.
    let house = house();
    let target = house.path("rules/packs/production");
    fs::create_dir_all(&target).unwrap();
    for entry in fs::read_dir(repository("crates/slo/packs/production")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, target.join(path.file_name().unwrap())).unwrap();
    }
    let empty = House::new();
    let built_in = empty.json(&["evaluate", "--pack", "production"], 3);
    assert!(!empty.path(".probity").exists(), "a question makes no project");
    let same = house.json(&["evaluate", "--pack", "production"], 1);
    assert_eq!(same["objectives"].as_array().unwrap().len(), built_in["objectives"].as_array().unwrap().len());
    let rule = house.read("rules/packs/production/availability.yaml").replace("status < 500", "status < 600");
    house.write("rules/packs/production/availability.yaml", rule);
    let document = house.json(&["evaluate", "--pack", "production"], 1);
    let slo = document["objectives"].as_array().unwrap().iter().find(|one| one["objective"] == "slo").unwrap();
    assert_eq!((&slo["good"], &slo["verdict"], &slo["pack"]), (&1000.into(), &"met".into(), &"production".into()));
    assert!(slo["place"].as_str().unwrap().contains("rules/packs/production/availability.yaml:"), "{slo}");
}

#[test]
fn junit_is_read_by_ci_systems() {
    // One suite per rule, a failure for a broken objective, `skipped` for no data, and XML whatever a name contains.
    let house = house();
    let hostile = "\"a & b < c > d ' e\\u0001\\u202e\"";
    house.write(
        "broken.yaml",
        rule(&ratio(&rows("status >= 500"), &rows("true")), "target: 0.9")
            .replace("displayName: goal", &format!("displayName: {hostile}")),
    );
    let ran = house.run(&[
        "evaluate",
        "--rule",
        "broken.yaml",
        "--pack",
        "production",
        "--format",
        "junit",
        "--output",
        "out/slo.xml",
    ]);
    let ran = ran.expect(1);
    assert_eq!(house.read("out/slo.xml"), ran.stdout);
    assert!(
        ran.stdout.contains("failures=\"6\"") && ran.stdout.contains("<skipped message=\"There are no"),
        "{}",
        ran.stdout
    );
    if judge("xmllint") {
        let lint =
            Command::new("xmllint").args(["--noout", "--nonet"]).arg(house.path("out/slo.xml")).output().unwrap();
        assert!(lint.status.success(), "{}", String::from_utf8_lossy(&lint.stderr));
        let count = |path: &str| {
            let count = format!("count({path})");
            let out =
                Command::new("xmllint").args(["--xpath", &count]).arg(house.path("out/slo.xml")).output().unwrap();
            String::from_utf8(out.stdout).unwrap().trim().parse::<u64>().unwrap()
        };
        assert_eq!(count("/testsuites/testsuite/testcase"), 12);
        assert_eq!(count("//testcase/failure"), 6);
        assert_eq!(count("//testcase/skipped"), 4);
        assert_eq!(count("//testcase/error"), 0);
    }
}

#[test]
fn the_result_goes_to_a_file_as_well() {
    // Never over an existing file unless asked, and in JSON when no other form was asked for.
    let house = house();
    house.write("rule.yaml", rule(&ratio(&rows("status < 500"), &rows("true")), "target: 0.9"));
    let args = ["evaluate", "--rule", "rule.yaml", "--output", "out.json"];
    let ran = house.run(&args).expect(0);
    assert!(ran.stdout.starts_with("verdict\t"), "{}", ran.stdout);
    let document: Value = serde_json::from_str(&house.read("out.json")).unwrap();
    assert_eq!(document["schema"], "evaluation/1");
    house.write("out.json", "mine");
    house.run(&args).expect(4).code("output-exists");
    assert_eq!(house.read("out.json"), "mine");
    let again: Vec<&str> = args.iter().copied().chain(["--overwrite"]).collect();
    house.run(&again).expect(0);
    assert_eq!(house.read("out.json"), format!("{document}\n"));
    house.run(&["evaluate", "--rule", "rule.yaml", "--overwrite"]).expect(2);
    fit_their_schemas(&[document]);
}

#[test]
fn numbers_do_not_depend_on_threads() {
    // The same document, byte for byte, on 1, 2 and 8 partitions.
    let house = house();
    let run = |threads: &str| {
        let mut command = house.command(&["evaluate", "--pack", "production", "--json"]);
        let ran = crate::house::Ran::of(command.env("PROBITY_QUERY_THREADS", threads).output().unwrap());
        ran.expect(1).stdout
    };
    let one = run("1");
    assert!(one.contains("\"P95\""));
    assert_eq!(one, run("2"));
    assert_eq!(one, run("8"));
}

#[test]
fn duckdb_counts_the_same() {
    // The Parquet files are read by somebody else's engine, which finds the very numbers that decided.
    let Some(python) = python() else { return };
    let house = house();
    let document = house.json(&["evaluate", "--pack", "production", "--set", "production.latency_ms=949.4"], 1);
    let objective = |name: &str| {
        let one = document["objectives"].as_array().unwrap().iter().find(|one| one["objective"] == name).unwrap();
        format!("{} {}", one["good"], one["total"])
    };
    let logs = format!("read_parquet('{}/.probity/store/data/kind=logs/**/*.parquet')", house.root().display());
    let script = "import duckdb, sys\nprint(*duckdb.connect().execute(sys.argv[1]).fetchone())";
    let duckdb = |sql: &str| {
        let output = Command::new(&python).args(["-c", script, sql]).output().unwrap();
        crate::house::Ran::of(output).expect(0).stdout.trim().to_owned()
    };
    assert_eq!(
        duckdb(&format!("select count(*) filter (where status < 500), count(status) from {logs}")),
        objective("slo")
    );
    assert_eq!(
        duckdb(&format!("select count(*) filter (where latency_ms <= 949.4), count(latency_ms) from {logs}")),
        objective("P95")
    );
    let latency = document["objectives"].as_array().unwrap().iter().find(|one| one["objective"] == "P95").unwrap();
    let shown = latency["shown"].as_array().unwrap().iter().find(|one| one["name"] == "P95").unwrap();
    assert_eq!(
        duckdb(&format!("select quantile_disc(latency_ms, 0.95) from {logs}")),
        shown["value"].as_str().unwrap()
    );
}

#[test]
fn an_evaluation_becomes_part_of_a_case() {
    // --case keeps the document byte for byte; a case that is not there is said before any file is written.
    let house = house();
    house.write("rule.yaml", rule(&ratio(&rows("status < 500"), &rows("true")), "target: 0.9"));
    house
        .run(&["evaluate", "--rule", "rule.yaml", "--case", "c1", "--output", "out.json"])
        .expect(6)
        .code("case-missing");
    assert!(!house.path("out.json").exists());
    house.run(&["case", "new", "c1", "--title", "One"]).expect(0);
    let ran = house.run(&["evaluate", "--rule", "rule.yaml", "--case", "c1", "--json"]).expect(0);
    assert_eq!(house.read(".probity/cases/c1/evaluations/0001.json"), ran.stdout.trim_end());
}

const SLICED: &str = "apiVersion: openslo/v1
kind: SLO
metadata: {name: shop}
spec:
  description: The shop works
  service: shop
  indicator:
    metadata: {name: shop-sli}
    spec:
      ratioMetric:
        good: {metricSource: {type: probity, spec: {table: logs, where: status < 500}}}
        total: {metricSource: {type: probity, spec: {table: logs}}}
  timeWindow: [{duration: 1M, isRolling: false, calendar: {startTime: 2026-01-01 00:00:00, timeZone: Europe/Berlin}}]
  budgetingMethod: METHOD
  objectives: [{displayName: goal, target: 0.9, timeSliceTarget: 0.99, timeSliceWindow: 1m}]
";

/// Slices of a month in Berlin, recounted by DuckDB over what is in the store, and by every form of the result.
#[test]
fn slices_of_a_calendar_are_recounted_by_others() {
    let house = house();
    // The same second an hour before November ends in Berlin, and the first of December there.
    house.write(
        "in/edge.jsonl",
        "{\"ts\":\"2026-10-31T22:59:59.999999Z\",\"service\":\"shop\",\"status\":500}\n\
         {\"ts\":\"2026-10-31T23:00:00Z\",\"service\":\"shop\",\"status\":500}\n",
    );
    house.run(&["ingest", "in/edge.jsonl"]).expect(0);
    let judged = |method: &str, exit: i32| {
        house.write("slo.yaml", SLICED.replace("METHOD", method));
        house.json(&["evaluate", "--rule", "slo.yaml", "--at", "2026-11-22T12:00:00Z"], exit)
    };
    let sliced = judged("Timeslices", 0);
    let mean = judged("RatioTimeslices", 0);
    let all = judged("Occurrences", 0);
    let (one, slices) = (&sliced["objectives"][0], &sliced["objectives"][0]["slices"]);
    let rows = "SELECT date_bin(INTERVAL '1 minute', ts) AS m, count(*) AS n, count(*) FILTER (WHERE status < 500) AS g FROM logs \
                WHERE ts >= TIMESTAMP '2026-10-31T23:00:00Z' GROUP BY 1";
    let counted = house.count(&format!("SELECT count(*) FROM ({rows})"));
    let bad = house.count(&format!("SELECT count(*) FROM ({rows}) WHERE g * 100 < n * 99"));
    assert_eq!((&slices["counted"], &one["bad"]), (&counted.into(), &bad.into()), "{sliced}");
    // 30 days of minutes, of which 21 days and 13 hours are over.
    assert_eq!((&slices["whole"], &slices["to_come"]), (&43_200.into(), &(43_200 - 31_020).into()), "{sliced}");
    assert_eq!(one["window"]["calendar"]["from"], "2026-11-01T00:00:00+01:00");
    assert_eq!((&all["objectives"][0]["total"], &all["objectives"][0]["bad"]), (&1001.into(), &11.into()), "{all}");
    assert!(all["objectives"][0]["projected_budget"]["allowed"].as_str().unwrap().starts_with("139."), "{all}");
    let exact =
        house.run(&["query", &format!("SELECT avg(CAST(g AS DOUBLE) / n) AS a FROM ({rows})"), "--csv"]).expect(0);
    let exact: f64 = exact.stdout.lines().nth(1).unwrap().parse().unwrap();
    let ours: f64 = mean["objectives"][0]["ratio"].as_str().unwrap().parse().unwrap();
    assert!((exact - ours).abs() < 2e-6 && ours <= exact, "{exact} {ours}");
    fit_their_schemas(&[sliced, mean, all]);

    let form = |name: &str, exit: i32| {
        house
            .run(&["evaluate", "--rule", "slo.yaml", "--at", "2026-11-22T12:00:00Z", "--format", name])
            .expect(exit)
            .stdout
    };
    house.write("slo.yaml", SLICED.replace("METHOD", "Occurrences").replace("0.9,", "0.999,"));
    let annotated = form("github", 1);
    assert!(
        annotated.starts_with(
            "::error file=slo.yaml,line=15,col=16,title=shop/goal%3A broken::990 of 1%2C001"
                .replace("%2C", ",")
                .as_str()
        ),
        "{annotated}"
    );
    let series = form("openmetrics", 1);
    assert!(
        series.contains("probity_slo_bad{service=\"shop\",rule=\"shop\",objective=\"goal\",window=\"1M\"} 11\n"),
        "{series}"
    );
    if let Some(python) = python() {
        let read = "import sys; from prometheus_client.openmetrics.parser import text_string_to_metric_families as read\n\
                    print(len(list(read(sys.stdin.read()))))";
        house.write("series.om", &series);
        let read =
            Command::new(python).args(["-c", read]).stdin(fs::File::open(house.path("series.om")).unwrap()).output();
        assert_eq!(String::from_utf8_lossy(&read.unwrap().stdout).trim(), "10");
    }
}

/// The budget day by day adds up to the verdict; maintenance is left out, told, and recounted in SQL.
#[test]
fn a_budget_has_a_past_and_a_future() {
    let house = house();
    let maintenance = "---\napiVersion: probity/v1\nkind: Maintenance\nmetadata: {name: upgrade}\nspec: {from: 2026-11-22T11:05:00Z, \
                       to: 2026-11-22T11:10:00Z, reason: Announced}\n";
    let rules = SLICED.replace("METHOD", "Occurrences");
    house.write("slo.yaml", &rules);
    house.write("both.yaml", rules + maintenance);
    let judged = |file: &str| house.json(&["evaluate", "--rule", file, "--at", "2026-11-22T12:00:00Z", "--history"], 0);
    let (all, less) = (judged("slo.yaml"), judged("both.yaml"));
    for (document, filter) in
        [(&all, ""), (&less, " AND NOT (ts >= '2026-11-22T11:05:00Z' AND ts < '2026-11-22T11:10:00Z')")]
    {
        let one = &document["objectives"][0];
        let counted = house.count(&format!("SELECT count(*) FROM logs WHERE status >= 500{filter}"));
        assert_eq!(one["bad"], counted, "{document}");
        let days = one["history"].as_array().unwrap();
        assert_eq!(days.iter().map(|day| day["bad"].as_u64().unwrap()).sum::<u64>(), counted, "{document}");
        assert!(one["forecast"]["lasts_seconds"].is_u64(), "{document}");
    }
    assert_eq!(less["objectives"][0]["excluded"][0]["reason"], "Announced");
    fit_their_schemas(&[all, less]);
    let page =
        house.run(&["evaluate", "--rule", "both.yaml", "--at", "2026-11-22T12:00:00Z", "--history"]).expect(0).stdout;
    for words in ["bad ones by day: ··", "left out: 2026-11-22T11:05:00Z", "in the last 24 hours", "Europe/Berlin"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let checked = house.json(&["slo", "check", "both.yaml"], 0);
    assert_eq!(checked["objects"]["Maintenance"], 1);
    house.run(&["evaluate", "--pack", "infrastructure", "--history"]).expect(2).code("flag-without-effect");
}
