//! Rules of packs: each over fixtures that keep and break it, and every form of the result before its own judge.

use std::process::Command;

use serde_json::Value;

use crate::house::{House, Ran, fit_their_schemas, interpreter, repository};

/// The ids of a pack's rules, without the pack.
fn rules(house: &House, pack: &str) -> Vec<String> {
    let list = house.json(&["evaluate", "--pack", pack, "--list"], 0);
    let ids = list["rules"].as_array().unwrap().iter().map(|rule| rule["rule"].as_str().unwrap().to_owned());
    ids.map(|id| id.split_once('.').unwrap().1.to_owned()).collect()
}

/// What a rule of the pack `infrastructure` comes to over a fixture.
fn answer(house: &House, rule: &str, fixture: &str) -> Value {
    let input = repository(&format!("fixtures/rules/infrastructure.{rule}/{fixture}.yaml"));
    assert!(input.is_file(), "{} is missing", input.display());
    let args = ["evaluate", "--pack", "infrastructure", "--only", rule, "--input", input.to_str().unwrap()];
    let exit = if fixture == "pass" { 0 } else { 1 };
    house.json(&args, exit)["rules"][0].clone()
}

/// Every rule is met by one fixture and broken by the other, and says where.
#[test]
fn every_rule_has_a_fixture_that_keeps_it_and_one_that_breaks_it() {
    let house = House::new();
    for rule in rules(&house, "infrastructure") {
        assert_eq!(answer(&house, &rule, "pass")["answer"], "met", "{rule}");
        let broken = answer(&house, &rule, "fail");
        assert_eq!(broken["answer"], "broken", "{rule}");
        let place = broken["findings"][0]["place"].as_str().unwrap();
        assert!(place.contains("fail.yaml:"), "{rule}: {place}");
    }
}

/// Every rule runs over all fixtures: what breaks one rule breaks no other, and nothing is left unjudged.
#[test]
fn a_fixture_breaks_its_own_rule_and_no_other() {
    let house = House::new();
    for rule in rules(&house, "infrastructure") {
        let input = repository(&format!("fixtures/rules/infrastructure.{rule}/fail.yaml"));
        let judged = house.json(&["evaluate", "--pack", "infrastructure", "--input", input.to_str().unwrap()], 1);
        for outcome in judged["rules"].as_array().unwrap() {
            let its_own = outcome["rule"] == format!("infrastructure.{rule}");
            assert_eq!(outcome["answer"], if its_own { "broken" } else { "met" }, "{rule}: {outcome}");
        }
    }
}

/// Nothing to judge is no pass; a file that cannot be read is a gap that is named, and nothing is met in spite of it.
#[test]
fn what_was_not_read_is_never_met() {
    let house = House::new();
    let none = house.json(&["evaluate", "--pack", "infrastructure"], 3);
    assert_eq!((&none["verdict"], &none["counts"]["not_given"]), (&"no data".into(), &7.into()));
    let good = std::fs::read(repository("fixtures/rules/infrastructure.kubernetes-probes/pass.yaml")).unwrap();
    house.write("k8s/good.yaml", good);
    house.write("k8s/chart.yaml", "apiVersion: v1\nkind: {{ .Values.kind }}\n  bad: [\n");
    let half = house.json(&["evaluate", "--pack", "infrastructure", "--input", "k8s"], 3);
    assert_eq!((&half["counts"]["met"], &half["counts"]["not_judged"]), (&0.into(), &7.into()), "{half}");
    let gap = &half["facts"][0]["gaps"][0];
    assert!(gap["what"].as_str().unwrap().starts_with("k8s/chart.yaml:"), "{gap}");
    assert!(gap["remedy"].as_str().unwrap().contains("helm template"), "{gap}");
    fit_their_schemas(&[none, half]);
}

/// A pack of one's own, with a parameter; what is wrong in it is found when it is read, with its place.
#[test]
fn a_pack_of_ones_own() {
    let house = House::new();
    let parameters = "parameters:\n  copies: {type: integer, default: \"2\", about: copies, source: internal policy}\n";
    house.write("own/pack.yaml", format!("name: own\ntitle: Ours\nversion: 1.0.0\n{parameters}"));
    let rule = |expect: &str| {
        format!(
            "id: copies\ntitle: Enough copies run\nlaw: [{{article: ours, link: \"https://example.org\"}}]\n\
             severity: low\nneeds: [kubernetes]\neach: kubernetes.workloads\nas: workload\nexpect: '{expect}'\n\
             subject: \"{{workload.name}}\"\nmessage: \"{{workload.replicas}} copies\"\nplace: workload.place\n\
             fix: Ask for more.\nsince: 1.0.0\n"
        )
    };
    house.write("own/copies.yaml", rule("workload.replicas >= parameters.copies"));
    let input = repository("fixtures/rules/infrastructure.kubernetes-zones/pass.yaml");
    let input = input.to_str().unwrap();
    house.json(&["evaluate", "--rule", "own", "--input", input], 0);
    let three = house.json(&["evaluate", "--rule", "own", "--input", input, "--set", "own.copies=3"], 1);
    assert_eq!(three["rules"][0]["findings"][0]["message"], "2 copies");
    house.run(&["evaluate", "--rule", "own", "--set", "own.copies=many"]).expect(7).code("bad-parameter");
    house.run(&["evaluate", "--rule", "own", "--set", "own.copy=3"]).expect(2).code("unknown-parameter");
    let check = |expect: &str, code: &str, said: &str| {
        house.write("own/copies.yaml", rule(expect));
        let ran = house.run(&["evaluate", "--rule", "own", "--input", input]).expect(7).code(code);
        assert!(ran.stderr.contains("own/copies.yaml:8:") && ran.stderr.contains(said), "{ran:?}");
    };
    check("workload.replica >= 2", "unknown-name", "Did you mean \"replicas\"?");
    check("workloads.replicas >= 2", "unknown-name", "Did you mean \"workload\"?");
    check("workload.replicas ==", "bad-expression", "This is not CEL");
    check("workload.replicas == \"2\"", "bad-expression", "can never be equal");
    check("workload.replicas", "bad-rule", "a flag is wanted");
    check("sizes(workload.labels) > 0", "unknown-name", "Did you mean \"size\"?");
    check("[1].all(a, [1].all(b, [1].all(c, c == a)))", "bad-expression", "loops stand in one another");
}

/// An accepted finding does not count; an acceptance that is over, or that accepts nothing, does.
#[test]
fn accepted_findings_end() {
    let house = House::new();
    let input = repository("fixtures/rules/infrastructure.kubernetes-zones/fail.yaml");
    let (input, rule) = (input.to_str().unwrap(), "infrastructure.kubernetes-zones");
    let accept = |subject: &str, until: &str| {
        format!(
            "suppressions:\n- {{rule: {rule}, subject: \"{subject}\", reason: one zone, by: Ann, until: {until}}}\n"
        )
    };
    let args = ["evaluate", "--pack", "infrastructure", "--input", input, "--at", "2026-11-22T12:00:00Z"];
    house.write("rules/suppressions.yaml", accept("Deployment/shop/*", "2026-12-31"));
    let accepted = house.json(&args, 0);
    let zones = accepted["rules"].as_array().unwrap().iter().find(|one| one["rule"] == rule).unwrap();
    assert_eq!(zones["suppressed"][0]["suppressed"]["by"], "Ann", "{zones}");
    house.write("rules/suppressions.yaml", accept("Deployment/other/*", "2026-12-31"));
    let unused = house.json(&args, 1);
    assert!(unused["stale_suppressions"][0]["message"].as_str().unwrap().contains("suppresses nothing"), "{unused}");
    house.write("rules/suppressions.yaml", accept("*", "2020-01-01"));
    let over = house.json(&args, 1);
    assert!(over["stale_suppressions"][0]["message"].as_str().unwrap().contains("ended on 2020-01-01"), "{over}");
    house.write("rules/suppressions.yaml", accept("*", "soon"));
    house.run(&args).expect(7).code("bad-suppression");
    fit_their_schemas(&[accepted, unused, over]);
}

/// SARIF, OSCAL and JUnit, each read by a program that others wrote.
#[test]
fn others_read_what_is_written() {
    let house = House::new();
    let input = repository("fixtures/rules/infrastructure.kubernetes-zones/fail.yaml");
    for (format, file) in [("sarif", "out.sarif"), ("oscal", "oscal.json"), ("junit", "out.xml")] {
        let input = input.to_str().unwrap();
        let args = ["evaluate", "--pack", "infrastructure", "--input", input, "--format", format, "--output", file];
        house.run(&args).expect(1);
    }
    house.shell("xmllint --noout out.xml").expect(0);
    let Some(python) = interpreter("PROBITY_TEST_RULES") else { return };
    let sarif = Ran::of(
        Command::new(python.with_file_name("sarif")).arg("summary").arg(house.path("out.sarif")).output().unwrap(),
    );
    assert!(sarif.expect(0).stdout.contains("warning: 1"), "one medium finding");
    let (bin, place) = (python.parent().unwrap().display(), "assessment-results/x/assessment-results.json");
    let trestle = house.shell(&format!(
        "{bin}/trestle init --local >init.log 2>&1 && mkdir -p assessment-results/x && cp oscal.json {place} && \
         {bin}/trestle validate -f {place}"
    ));
    assert!(trestle.expect(0).stdout.contains("VALID"), "trestle");
    // What trestle does not look at: the version, and that every observation that is pointed to is there.
    let oscal: Value = serde_json::from_str(&house.read("oscal.json")).unwrap();
    let results = &oscal["assessment-results"];
    assert_eq!(results["metadata"]["oscal-version"], "1.2.1");
    let observed: Vec<&Value> =
        results["results"][0]["observations"].as_array().unwrap().iter().map(|one| &one["uuid"]).collect();
    for finding in results["results"][0]["findings"].as_array().unwrap() {
        assert!(observed.contains(&&finding["related-observations"][0]["observation-uuid"]), "{finding}");
    }
}

/// A flag that would do nothing is refused, and so are two kinds of rules in one run.
#[test]
fn flags_without_effect_are_refused() {
    let house = House::initialised();
    let check = |args: &[&str], code: &str| {
        house.run(&[&["evaluate"], args].concat()).expect(2).code(code);
    };
    check(&["--pack", "infrastructure", "--strict"], "flag-without-effect");
    check(&["--pack", "infrastructure", "--pack", "production"], "mixed-rules");
    check(&["--pack", "infrastructure", "--only", "kubernetes-prob"], "unknown-rule");
    if cfg!(feature = "engine") {
        check(&["--pack", "production", "--input", "."], "flag-without-effect");
        check(&["--pack", "production", "--format", "sarif"], "bad-format");
    }
}
