//! Rules of packs: each over fixtures that keep and break it, and every form of the result before its own judge.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::browser;
use crate::handed::sqlite;
use crate::house::{House, Ran, fit_their_schemas, golden, interpreter, repository};

/// The ids of a pack's rules, without the pack.
fn rules(house: &House, pack: &str) -> Vec<String> {
    let list = house.json(&["evaluate", "--pack", pack, "--list"], 0);
    let ids = list["rules"].as_array().unwrap().iter().map(|rule| rule["rule"].as_str().unwrap().to_owned());
    ids.map(|id| id.split_once('.').unwrap().1.to_owned()).collect()
}

/// The packs whose rules are judged from facts.
const PACKS: [&str; 4] = ["ccpa", "gdpr", "infrastructure", "soc2"];

/// The file of a rule's own folder, or of a folder that rules share: `infrastructure.kong` is for `infrastructure.kong-https`
/// and all others of its kind, `soc2` for the whole pack.
fn fixture_file(id: &str, name: &str) -> Option<std::path::PathBuf> {
    let is_it = |path: &std::path::PathBuf| path.file_stem().is_some_and(|stem| stem == name);
    let shared = id.rmatch_indices(['-', '.']).map(|(end, _)| &id[..end]);
    std::iter::once(id).chain(shared).find_map(|id| {
        let mut entries = std::fs::read_dir(repository(&format!("fixtures/rules/{id}"))).ok()?;
        entries.find_map(|entry| Some(entry.unwrap().path()).filter(is_it))
    })
}

/// A fixture, with the flag it is given by: a file or folder of what a rule is about, or a document of facts.
fn fixture(id: &str, name: &str) -> [String; 2] {
    let path = fixture_file(id, name).unwrap_or_else(|| panic!("{id} has no {name}"));
    let is_sheet = path.is_file() && std::fs::read_to_string(&path).unwrap().contains("\"facts/1\"");
    [if is_sheet { "--facts" } else { "--input" }.to_owned(), path.to_str().unwrap().to_owned()]
}

/// What a pack comes to over a fixture, at a fixed time.
fn judged(house: &House, pack: &str, id: &str, name: &str) -> Value {
    let [flag, path] = fixture(id, name);
    let args = ["evaluate", "--pack", pack, "--at", "2026-11-22T12:00:00Z", &flag, &path];
    house.json(&args, if name == "pass" { 0 } else { 1 })
}

/// Every rule of a pack runs over the fixtures of each: one keeps the rule, the other breaks it and no other rule.
#[test]
fn every_rule_has_a_fixture_that_keeps_it_and_one_that_breaks_it_alone() {
    let house = House::new();
    for pack in PACKS {
        let all = rules(&house, pack);
        // A run is mostly start-up: several at once.
        std::thread::scope(|scope| {
            for some in all.chunks(all.len().div_ceil(4).max(1)) {
                let house = &house;
                scope.spawn(move || some.iter().for_each(|rule| keeps_and_breaks(house, pack, rule)));
            }
        });
    }
}

fn keeps_and_breaks(house: &House, pack: &str, rule: &str) {
    let id = format!("{pack}.{rule}");
    let own =
        |judged: &Value| judged["rules"].as_array().unwrap().iter().find(|one| one["rule"] == *id).unwrap().clone();
    assert_eq!(own(&judged(house, pack, &id, "pass"))["answer"], "met", "{id}");
    let fail = judged(house, pack, &id, "fail");
    for outcome in fail["rules"].as_array().unwrap() {
        assert_eq!(outcome["answer"] == "broken", outcome["rule"] == *id, "{id}: {outcome}");
        assert_ne!(outcome["answer"], "not judged", "{id}: {outcome}");
    }
    let finding = &own(&fail)["findings"][0];
    assert!(finding["place"].is_string(), "{id}: {finding}");
    let message = finding["message"].as_str().unwrap();
    assert!(!message.contains(['{', '}']) && !message.is_empty(), "{id}: {message}");
}

/// For ever is no time limit (Art. 30(1)(f)), and what ends with an event is one.
#[test]
fn for_ever_is_no_period() {
    let house = House::new();
    let record = std::fs::read_to_string(repository("fixtures/rules/gdpr.a30-1-f-retention/fail.yaml")).unwrap();
    let check = |period: &str, expect: &str| {
        let with = format!("legal_basis_for_processing: Contract\n    retention_period: \"{period}\"\n");
        let without = "legal_basis_for_processing: Contract\n";
        assert!(record.contains(without));
        house.write("in/systems.yml", record.replacen(without, &with, 1));
        let only = ["evaluate", "--pack", "gdpr", "--only", "a30-1-f-retention", "--input", "in"];
        let judged = house.json(&only, i32::from(expect == "broken"));
        assert_eq!(judged["rules"][0]["answer"], expect, "{period}: {judged}");
    };
    for period in ["P3Y", "3 years", "until the contract ends", "as long as the account is open", "10 years (§ 147 AO)"]
    {
        check(period, "met");
    }
    for period in ["forever", "kept indefinitely", "Unlimited", "TBD", "n/a", "unknown", "-", " "] {
        check(period, "broken");
    }
}

/// A policy that keeps nobody out is none, and policies add up: whoever one of them lets in comes in.
#[test]
fn a_policy_that_lets_everybody_in_is_none() {
    let house = House::new();
    let workload =
        std::fs::read_to_string(repository("fixtures/rules/infrastructure.kubernetes-limits/fail.yaml")).unwrap();
    let workload = workload.split("---").next().unwrap().to_owned();
    let check = |specs: &[&str], expect: &str| {
        let policy = |spec: &&str| {
            format!(
                "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: shop}}\nspec: {{{spec}}}\n"
            )
        };
        house.write("in/a.yaml", workload.clone() + &specs.iter().map(policy).collect::<String>());
        let rule = "infrastructure.kubernetes-network-policy";
        let only = ["evaluate", "--pack", "infrastructure", "--only", rule, "--input", "in"];
        let judged = house.json(&only, i32::from(expect == "broken"));
        assert_eq!(judged["rules"][0]["answer"], expect, "{specs:?}: {judged}");
    };
    let some = "podSelector: {}, ingress: [{from: [{podSelector: {}}]}]";
    check(&["podSelector: {}"], "met");
    check(&[some], "met");
    check(&["podSelector: {}, policyTypes: [Egress], egress: []"], "broken");
    check(&["podSelector: {}, policyTypes: [Ingress], ingress: [{}]"], "broken");
    check(&[some, "podSelector: {}, ingress: [{from: []}]"], "broken");
    check(&["podSelector: {}, ingress: [{ports: [{port: 443}]}]"], "met");
}

/// What was collected is judged later as it was; a fact that was edited is refused.
#[test]
fn facts_are_kept_and_judged_later() {
    let house = House::new();
    house.run(&["init"]).expect(0);
    let live = house.json(&["evaluate", "--pack", "gdpr"], 0);
    let kept = house.json(&["facts", "--output", "facts.json"], 0);
    let later = house.json(&["evaluate", "--pack", "gdpr", "--facts", "facts.json"], 0);
    let answers =
        |judged: &Value| judged["rules"].as_array().unwrap().iter().map(|one| one["answer"].clone()).collect();
    let (before, after): (Vec<Value>, Vec<Value>) = (answers(&live), answers(&later));
    assert_eq!(before, after);
    let source = later["facts"][0]["sources"][0]["name"].as_str().unwrap();
    assert!(source.ends_with("facts.json"), "{source}");
    let edited =
        std::fs::read_to_string(house.path("facts.json")).unwrap().replace("\"sound\": true", "\"sound\": false");
    house.write("edited.json", edited);
    house.run(&["evaluate", "--pack", "gdpr", "--facts", "edited.json"]).expect(1).code("fact-digest");
    house.run(&["facts", "request"]).expect(2).code("unknown-fact");
    let shapes = house.json(&["facts", "--shape"], 0);
    fit_their_schemas(&[kept, shapes]);
}

/// Nothing to judge is no pass; a file that cannot be read is a gap that is named, and nothing is met in spite of it.
#[test]
fn what_was_not_read_is_never_met() {
    let house = House::new();
    let none = house.json(&["evaluate", "--pack", "infrastructure"], 3);
    let all = rules(&house, "infrastructure").len();
    assert_eq!((&none["verdict"], &none["counts"]["not_given"]), (&"no data".into(), &all.into()));
    let [flag, path] = fixture("gdpr.a12-6-verified", "pass");
    house.json(&["evaluate", "--pack", "gdpr", &flag, &path, "--at", "2026-11-22T12:00:00Z"], 0);
    let strict =
        house.json(&["evaluate", "--pack", "gdpr", &flag, &path, "--at", "2026-11-22T12:00:00Z", "--strict"], 3);
    assert_eq!(strict["verdict"], "no data");
    let good = std::fs::read(repository("fixtures/rules/infrastructure.kubernetes-probes/pass.yaml")).unwrap();
    house.write("k8s/good.yaml", good);
    house.write("k8s/chart.yaml", "apiVersion: v1\nkind: {{ .Values.kind }}\n  bad: [\n");
    let half = house.json(&["evaluate", "--pack", "infrastructure", "--input", "k8s"], 3);
    assert_eq!((&half["counts"]["met"], &half["counts"]["broken"]), (&0.into(), &0.into()), "{half}");
    let of_kubernetes = rules(&house, "infrastructure").iter().filter(|id| id.starts_with("kubernetes-")).count();
    assert_eq!(half["counts"]["not_judged"], of_kubernetes, "{half}");
    let gap = &half["facts"][0]["gaps"][0];
    assert!(gap["what"].as_str().unwrap().starts_with("k8s/chart.yaml:"), "{gap}");
    assert!(gap["remedy"].as_str().unwrap().contains("helm template"), "{gap}");
    fit_their_schemas(&[none, half]);
}

/// What is too large, multiplies, nests too deep or is cut off is a gap of its kind: nothing about it is met.
#[test]
fn giants_and_bombs_are_not_judged() {
    let house = House::new();
    let check = |name: &str, text: String, rules: &str, why: &str| {
        house.write(&format!("{rules}/{name}"), text);
        let judged = house.json(&["evaluate", "--pack", "infrastructure", "--input", rules], 3);
        let own: Vec<&Value> = judged["rules"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["rule"].as_str().unwrap().starts_with(&format!("infrastructure.{rules}")))
            .collect();
        assert!(!own.is_empty());
        for one in own {
            assert_eq!(one["answer"], "not judged", "{name}: {one}");
            assert!(one["why"].as_str().unwrap().contains(why), "{name}: {one}");
        }
        assert_eq!(judged["counts"]["met"], 0, "{name}");
    };
    let giant = format!("apiVersion: v1\nkind: Pod\n{}", "# nothing\n".repeat(1_800_000));
    check("giant.yaml", giant, "kubernetes", "larger than");
    let laughs: String = (1..9).map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(9))).collect();
    check("bomb.yaml", format!("_format_version: '3.0'\na0: &a0 x\n{laughs}"), "kong", "holds more than");
    let deep = format!("{{\"runs\": [{{\"tool\": {{\"driver\": {}", "[".repeat(100_000));
    check("deep.sarif", deep, "scan", "was not read");
    check("cut.xml", "<testsuites><testsuite><testcase name=\"a\"/>".into(), "tests", "ends before");
    check("cut.yaml", "on: push\njobs:\n  a: {steps: [".into(), "workflow", "YAML");
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
    // What stands too deep in one another would take this program's stack.
    check(&format!("{}true{}", "(".repeat(2_000), ")".repeat(2_000)), "bad-expression", "More than 32 brackets");
    check(
        &format!("{}{}.size() == 0", "[".repeat(2_000), "]".repeat(2_000)),
        "bad-expression",
        "More than 32 brackets",
    );
    check(&format!("{}1 == 1", "1 + ".repeat(900)), "bad-expression", "More than 100 operators");
    check(&format!("[1]{} == 1", "[0]".repeat(1_000)), "bad-expression", "More than 100 operators");
    check(&format!("{}true", "false ? true : ".repeat(200)), "bad-expression", "too much of it");
    // Nothing can interrupt an expression: what would grow without end is refused when it is read.
    let all = "kubernetes.workloads";
    let grows = |expect: String| check(&expect, "bad-expression", "nothing bounds how large it gets");
    grows(format!("{all}.map(a, {all}).size() > 0"));
    grows(format!("{all}.map(a, [a, a]).map(b, [b, b]).size() > 0"));
    grows(format!("{all}.map(a, a.name).map(b, b + b).map(c, c + c).size() > 0"));
    grows(format!("{all}.map(a, {all}.filter(b, true)).size() > 0"));
    grows(format!("{all}.filter(a, true).map(a, a == a ? {all} : []).size() > 0"));
    grows(format!("({all} + {all} + {all}).size() > 0"));
    grows(format!("({all}.filter(a, true) + {all}.filter(a, true)).size() > 0"));
    house
        .write("own/copies.yaml", rule(&format!("{all}.filter(a, a.replicas > 0).map(a, a.kind + a.name).size() > 0")));
    house.json(&["evaluate", "--rule", "own", "--input", input], 0);
    house.write("own/copies.yaml", rule("workload.replicas >= 1") + "none: broken\n");
    let ran = house.run(&["evaluate", "--rule", "own", "--input", input]).expect(7).code("bad-rule");
    assert!(ran.stderr.contains("own/copies.yaml:14:") && ran.stderr.contains("can only be `met`"), "{ran:?}");
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
    assert_eq!(over["stale_suppressions"][0]["place"], "rules/suppressions.yaml:2:3");
    // A rule that nobody has is told, and one of a pack that was not asked, or not as a whole, is not.
    house.write("rules/suppressions.yaml", accept("*", "2026-12-31").replace("-zones", "-zonse"));
    let unknown = house.json(&args, 1);
    assert!(unknown["stale_suppressions"][0]["message"].as_str().unwrap().contains("there is no rule"), "{unknown}");
    let other = ["evaluate", "--pack", "infrastructure", "--only", "kubernetes-limits", "--input", input];
    assert_eq!(house.json(&other, 0)["stale_suppressions"], Value::Array(vec![]));
    house.write("rules/suppressions.yaml", accept("*", "soon"));
    house.run(&args).expect(7).code("bad-suppression");
    fit_their_schemas(&[accepted, unused, over, unknown]);
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
    if let Some(forms) = forms() {
        house.shell(&format!("xmllint --noout --schema {}/junit.xsd out.xml", forms.display())).expect(0);
        fits(&house, "out.sarif", &forms.join("sarif.json"));
    }
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
    let [flag, facts] = fixture("soc2.cc7-1-scan-clean", "fail");
    let args = ["evaluate", "--pack", "soc2", &flag, &facts, "--format", "oscal", "--output", "controls.json"];
    house.run(&args).expect(1);
    let controls = house.shell(&format!("cp controls.json {place} && {bin}/trestle validate -f {place}"));
    assert!(controls.expect(0).stdout.contains("VALID"), "trestle, with controls");
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

/// The folder with the schemas of forms, and axe-core.
fn forms() -> Option<std::path::PathBuf> {
    let forms = std::env::var_os("PROBITY_TEST_FORMS").map(std::path::PathBuf::from).filter(|path| path.is_dir());
    if forms.is_none() {
        assert!(std::env::var("PROBITY_TEST_JUDGES").as_deref() != Ok("required"), "PROBITY_TEST_FORMS is not set");
        eprintln!("SKIPPED: no schemas of forms; tests/run gets them");
    }
    forms
}

/// A document against a schema that others wrote.
fn fits(house: &House, document: &str, schema: &std::path::Path) {
    let Some(python) = interpreter("PROBITY_TEST_PYTHON") else { return };
    let script = "import json, jsonschema, sys\n\
                  jsonschema.validate(json.load(open(sys.argv[1])), json.load(open(sys.argv[2])))";
    let run = Command::new(python).arg("-c").arg(script).arg(house.path(document)).arg(schema).output().unwrap();
    Ran::of(run).expect(0);
}

/// The page that says which article is judged by which rule names every rule, and none that there is not.
#[test]
fn the_page_on_the_gdpr_names_every_rule() {
    let house = House::new();
    let page = std::fs::read_to_string(repository("docs/gdpr.md")).unwrap();
    let rules = rules(&house, "gdpr");
    for rule in &rules {
        assert!(page.contains(&format!("`{rule}`")), "docs/gdpr.md does not name {rule}");
    }
    let is_rule = |word: &&str| {
        word.starts_with('a') && word[1..].starts_with(|c: char| c.is_ascii_digit()) && !word.ends_with('*')
    };
    for named in page.split('`').skip(1).step_by(2).filter(is_rule) {
        assert!(rules.iter().any(|rule| rule == named), "docs/gdpr.md names {named}");
    }
}

/// The page on SOC 2 has every control with its rules, their facts and what is left to a person; `UPDATE=1` rewrites the table.
#[test]
fn the_page_on_soc2_has_every_control() {
    let house = House::new();
    let list = house.json(&["evaluate", "--pack", "soc2", "--list"], 0);
    let (rules, controls) = (list["rules"].as_array().unwrap(), list["controls"].as_array().unwrap());
    assert_eq!(controls.len(), 56, "33 common criteria, A1 3, C1 2, P 18");
    let rows = controls.iter().map(|control| {
        let own = || rules.iter().filter(|rule| rule["law"].as_array().unwrap().contains(&control["article"]));
        let names: Vec<String> = own().map(|rule| rule["rule"].as_str().unwrap().replace("soc2.", "")).collect();
        let facts: BTreeSet<&str> =
            own().flat_map(|rule| rule["needs"].as_array().unwrap()).map(|fact| fact.as_str().unwrap()).collect();
        let cell = |words: Vec<String>| match words.is_empty() {
            true => "none".to_owned(),
            false => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        };
        let text = |key: &str| control[key].as_str().unwrap();
        let facts = facts.into_iter().map(str::to_owned).collect();
        format!("| {} | {} | {} | {} | {} |", text("control"), text("title"), cell(names), cell(facts), text("person"))
    });
    let path = repository("docs/soc2.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = page.split_once("must supply |\n|---|---|---|---|---|\n").unwrap();
    let rest = rest.split_once("\n## ").unwrap().1;
    let table: String = rows.map(|row| row + "\n").collect();
    golden(path.to_str().unwrap(), &format!("{head}must supply |\n|---|---|---|---|---|\n{table}\n## {rest}"));
}

/// Controls in SARIF and JUnit: a taxonomy that rules and results refer to, and test cases that never pass; by the schemas.
#[test]
fn controls_reach_code_hosts_and_ci() {
    let house = House::new();
    let [flag, fail] = fixture("soc2.cc7-1-scan-clean", "fail");
    for (format, file) in [("sarif", "out.sarif"), ("junit", "out.xml")] {
        let args = ["evaluate", "--pack", "soc2", &flag, &fail, "--at", "2026-11-22T12:00:00Z"];
        house.run(&[&args[..], &["--format", format, "--output", file]].concat()).expect(1);
    }
    let sarif: Value = serde_json::from_str(&house.read("out.sarif")).unwrap();
    let run = &sarif["runs"][0];
    let taxa = run["taxonomies"][0]["taxa"].as_array().unwrap();
    assert_eq!((&run["taxonomies"][0]["name"], taxa.len()), (&"SOC 2".into(), 56));
    let of = |one: &Value| one["index"].as_u64().map(|index| taxa[usize::try_from(index).unwrap()]["id"].clone());
    let results = run["results"].as_array().unwrap();
    // Whatever points to a taxon points to the one of that name (§3.52.5).
    let related = run["tool"]["driver"]["rules"].as_array().unwrap().iter();
    let related = related.flat_map(|rule| rule["relationships"].as_array().unwrap()).map(|one| &one["target"]);
    for taxon in related.chain(results.iter().flat_map(|one| one["taxa"].as_array().unwrap())) {
        assert_eq!(of(taxon).as_ref(), Some(&taxon["id"]), "{taxon}");
        assert_eq!(taxon["toolComponent"]["index"], 0);
    }
    let broken = results.iter().find(|one| one["kind"] == "fail").unwrap();
    let named: Vec<&Value> = broken["taxa"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(named, ["CC6.8", "CC7.1"], "{broken}");
    let reviews: Vec<&str> = results
        .iter()
        .filter(|one| one["kind"] == "review")
        .map(|one| one["message"]["text"].as_str().unwrap())
        .collect();
    assert_eq!(reviews.len(), 56);
    assert!(reviews.iter().all(|text| text.contains("; a person must ")), "{reviews:?}");
    let xml = house.read("out.xml");
    assert!(
        xml.contains("<testsuite name=\"soc2: controls\" tests=\"56\" failures=\"2\" errors=\"0\" skipped=\"54\""),
        "{xml}"
    );
    assert!(xml.contains("<property name=\"SOC 2 CC7.1\" value=\"soc2.cc7-1-scan-clean: broken; "), "{xml}");
    for control in NO_RULE {
        let said = format!("SOC 2 {control}: no rule; a person must supply: ");
        assert!(reviews.iter().any(|text| text.starts_with(&said)), "{control}");
        let case = xml.split(&format!("classname=\"soc2.{control}\"")).nth(1).unwrap();
        assert!(
            case.split("</testcase>").next().unwrap().contains("<skipped>no rule; a person must supply: "),
            "{control}"
        );
    }
    if let Some(forms) = forms() {
        house.shell(&format!("xmllint --noout --schema {}/junit.xsd out.xml", forms.display())).expect(0);
        fits(&house, "out.sarif", &forms.join("sarif.json"));
    }
}

/// Controls that no machine sees.
const NO_RULE: [&str; 8] = ["CC1.1", "CC1.2", "CC1.4", "CC2.2", "CC3.1", "CC3.3", "CC6.4", "P6.5"];

/// A control is as good as its worst rule, and without rules it is a person's: on the screen, in JSON, HTML and OSCAL.
#[test]
fn controls_say_what_is_left_to_a_person() {
    let house = House::new();
    let [flag, pass] = fixture("soc2.cc7-1-scan-clean", "pass");
    let at = ["--at", "2026-11-22T12:00:00Z"];
    let judge =
        |more: &[&str], exit| house.run(&[&["evaluate", "--pack", "soc2"], &at[..], more].concat()).expect(exit);
    let seen = |judged: &Value, id: &str| {
        let control = judged["controls"].as_array().unwrap().iter().find(|one| one["control"] == id).unwrap();
        control["sight"].as_str().unwrap().to_owned()
    };
    let all = house.json(&[&["evaluate", "--pack", "soc2", &flag, &pass], &at[..]].concat(), 0);
    let sights = |judged: &Value, wanted: &str| {
        judged["controls"].as_array().unwrap().iter().filter(|one| one["sight"] == wanted).count()
    };
    assert_eq!((sights(&all, "evidence"), sights(&all, "no rule")), (48, 8), "{}", all["controls"]);
    let [flag, fail] = fixture("soc2.cc7-1-scan-clean", "fail");
    let some = house.json(&[&["evaluate", "--pack", "soc2", &flag, &fail], &at[..]].concat(), 1);
    assert_eq!((seen(&some, "CC7.1"), seen(&some, "A1.2")), ("broken".to_owned(), "no facts".to_owned()));
    assert!(sights(&some, "evidence in part") == 0 && sights(&some, "evidence") == 0, "{}", some["controls"]);
    let only = house.json(&[&["evaluate", "--pack", "soc2", "--only", "cc7-1-*", &flag, &fail], &at[..]].concat(), 1);
    assert_eq!(only["controls"], Value::Array(vec![]), "some rules say nothing of a control");
    let screen = judge(&[&flag, &fail], 1).stdout;
    assert!(
        screen.contains("SOC 2 CC1.1: ") && screen.contains("a person must supply: The code of conduct"),
        "{screen}"
    );
    assert!(screen.contains("a person must still supply: That the scanners cover"), "{screen}");
    let page = judge(&[&flag, &fail, "--format", "html"], 1).stdout;
    for control in NO_RULE {
        assert_eq!(seen(&some, control), "no rule");
        let own = screen.split(&format!("SOC 2 {control}: ")).nth(1).unwrap();
        let lines: Vec<&str> = own.lines().take(2).collect();
        assert!(lines[0].ends_with(": no rule") && lines[1].contains("a person must supply: "), "{lines:?}");
        let row = page.split(&format!("<td>SOC 2 {control}</td>")).nth(1).unwrap().split("</tr>").next().unwrap();
        assert!(row.contains("<td>no rule</td>") && row.contains("<td>a person must supply: "), "{row}");
    }
    assert!(
        page.contains("<h2 id=\"controls\">Controls</h2>") && page.contains("a person must supply: "),
        "{page:.300}"
    );
    let oscal: Value = serde_json::from_str(&judge(&[&flag, &pass, "--format", "oscal"], 0).stdout).unwrap();
    let findings = oscal["assessment-results"]["results"][0]["findings"].as_array().unwrap();
    let of_controls: Vec<&Value> =
        findings.iter().filter(|one| one["target"]["target-id"].as_str().unwrap().starts_with("soc2.CC")).collect();
    assert_eq!(of_controls.len(), 33);
    for one in of_controls {
        assert_eq!(one["target"]["status"]["state"], "not-satisfied", "{one}");
        assert!(one["target"]["status"]["remarks"].as_str().unwrap().contains("a person must "), "{one}");
    }
    for control in NO_RULE {
        let id = format!("soc2.{control}");
        let one = findings.iter().find(|one| one["target"]["target-id"] == *id).unwrap();
        let remarks = one["target"]["status"]["remarks"].as_str().unwrap();
        assert!(remarks.starts_with("no rule; a person must supply: "), "{one}");
    }
    fit_their_schemas(&[all, some, only, house.json(&["evaluate", "--pack", "soc2", "--list"], 0)]);
}

/// Findings keep the day on which they were seen first, and one that stands for too long is a finding of its own.
#[test]
fn findings_are_followed_up() {
    let house = House::initialised();
    let fail = repository("fixtures/rules/infrastructure.kubernetes-zones/fail.yaml");
    house.write("k8s/a.yaml", std::fs::read(fail).unwrap());
    let judge = |time: &str| house.json(&["evaluate", "--pack", "infrastructure", "--input", "k8s", "--time", time], 1);
    judge("2026-08-01T09:00:00Z");
    let later = judge("2026-11-20T09:00:00Z");
    let zones = later["rules"].as_array().unwrap().iter().find(|one| one["answer"] == "broken").unwrap();
    assert_eq!(zones["findings"][0]["since"], "2026-08-01T09:00:00Z", "{zones}");
    let judged = house.json(&["evaluate", "--pack", "soc2", "--time", "2026-11-21T09:00:00Z"], 1);
    let broken: Vec<&str> = judged["rules"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["answer"] == "broken")
        .map(|one| one["rule"].as_str().unwrap())
        .collect();
    for rule in ["soc2.cc4-1-judged", "soc2.cc4-2-followed-up"] {
        assert!(broken.contains(&rule), "{broken:?}");
    }
    let facts = house.json(&["facts", "evaluations"], 0);
    let stood = facts["facts"][0]["value"]["findings"].as_array().unwrap();
    assert!(
        stood.iter().any(|one| one["rule"] == "infrastructure.kubernetes-zones" && one["stood"] == 9_590_400),
        "{facts}"
    );
    fit_their_schemas(&[later, judged, facts]);
}

/// A rule that gives evidence for a control that its pack does not have is a fault of the pack.
#[test]
fn a_control_that_is_not_there_is_found() {
    let house = House::new();
    let pack =
        |controls: &str| format!("name: own\ntitle: Ours\nversion: 1.0.0\nframework: ACME\ncontrols:\n{controls}");
    house.write("own/pack.yaml", pack("  A-1: {title: Copies run, person: The plan.}\n"));
    let rule = |control: &str| {
        format!(
            "id: copies\ntitle: Copies run\nlaw: [{{article: \"ACME {control}\", link: \"https://example.org\"}}]\n\
             severity: low\nneeds: [kubernetes]\neach: kubernetes.workloads\nas: workload\nexpect: workload.replicas >= 1\n\
             message: few\nplace: workload.place\nfix: Ask for more.\nsince: 1.0.0\n"
        )
    };
    house.write("own/copies.yaml", rule("A-1"));
    let input = repository("fixtures/rules/infrastructure.kubernetes-zones/pass.yaml");
    let judged = house.json(&["evaluate", "--rule", "own", "--input", input.to_str().unwrap()], 0);
    assert_eq!(
        (&judged["controls"][0]["control"], &judged["controls"][0]["sight"]),
        (&"A-1".into(), &"evidence".into())
    );
    house.write("own/copies.yaml", rule("A-2"));
    house.run(&["evaluate", "--rule", "own"]).expect(7).code("bad-pack");
    house.write("own/pack.yaml", pack("  A-2: {title: Copies run}\n"));
    house.run(&["evaluate", "--rule", "own"]).expect(7).code("missing-key");
}

/// Ready jobs are jobs: each step names rules that there are, and a job is due as its file says.
#[test]
fn ready_jobs_run() {
    let house = House::initialised();
    house.run(&["util", "jobs", "duties"]).expect(0);
    house.run(&["util", "jobs", "duties"]).expect(4).code("output-exists");
    let every = |name: &str| {
        house.read(&format!("duties/{name}.toml")).lines().find(|line| line.starts_with("every")).unwrap().to_owned()
    };
    let wanted = [
        ("retention", "1d"),
        ("encryption", "12h"),
        ("audit-logging", "6h"),
        ("minimisation", "1d"),
        ("consent", "1d"),
    ];
    for (name, span) in wanted {
        assert_eq!(every(name), format!("every = \"{span}\""));
        let job = format!("duties/{name}.toml");
        let ran = house.run(&["run", &job]);
        // There are a ledger and keys and nothing else: two jobs say yes, the others have nothing to judge.
        ran.expect(if ["audit-logging", "encryption"].contains(&name) { 0 } else { 3 });
        assert!(house.run(&["util", "cron", &job]).expect(0).stdout.contains("run --due"));
    }
}

/// A day of a project whose jobs are the ready ones: `run --due`, called again and again, runs each of them in its slots and
/// no more often, and each finds what is wrong in a real store, the log of consents, the ledger and the keys.
#[test]
fn ready_jobs_run_when_they_are_due() {
    let house = House::initialised();
    let old = "CREATE TABLE visit(id INTEGER PRIMARY KEY, mail TEXT, fax TEXT, seen TIMESTAMP);
        INSERT INTO visit VALUES (1, 'ann@example.org', 'bob@example.org', '2026-01-01 10:00:00');";
    sqlite(&house.path("shop.db"), old);
    let store = format!("\n[stores.shop]\nurl = \"sqlite:{}\"\n", house.path("shop.db").display());
    house.write("probity.toml", house.read("probity.toml") + &store);
    // A visit is past its 90 days, and the map does not know of the second address.
    house.write(
        "probity-map.yml",
        "dataset:\n- fides_key: shop\n  collections:\n  - name: visit\n    meta: {probity: {retention: 90 days, \
         retention_from: seen}}\n    fields:\n    - {name: id, data_categories: [system.operations], fides_meta: \
         {primary_key: true}}\n    - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}\n    \
         - {name: seen, data_categories: [system.operations]}\n",
    );
    // Nothing says how this consent was expressed.
    house.write("notice.md", "We send you offers.\n");
    house.run(&[
        "consent",
        "record",
        "--subject",
        "email=ann@example.org",
        "--purpose",
        "offers",
        "--notice",
        "notice.md",
    ]);
    std::fs::remove_file(house.path("jobs/nightly.toml")).unwrap();
    house.run(&["util", "jobs", "jobs"]).expect(0);
    let due = |time: &str| -> Vec<(String, i64)> {
        let ran = house.run(&["run", "--due", "--json", "--time", time]);
        let document: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
        let jobs = document["jobs"].as_array().unwrap().iter();
        let name = |job: &Value| job["job"].as_str().unwrap().rsplit('/').next().unwrap().replace(".toml", "");
        jobs.map(|job| (name(job), job["exit"].as_i64().unwrap())).collect()
    };
    let check = |time: &str, expect: &[(&str, i64)]| {
        let expect: Vec<(String, i64)> = expect.iter().map(|(name, exit)| ((*name).to_owned(), *exit)).collect();
        assert_eq!(due(time), expect, "{time}");
    };
    let all = [("audit-logging", 0), ("consent", 1), ("encryption", 0), ("minimisation", 1), ("retention", 1)];
    check("2026-11-23T00:00:00Z", &all);
    check("2026-11-23T00:01:00Z", &[]);
    check("2026-11-23T05:59:59Z", &[]);
    check("2026-11-23T06:00:00Z", &[("audit-logging", 0)]);
    check("2026-11-23T12:00:00Z", &[("audit-logging", 0), ("encryption", 0)]);
    check("2026-11-23T18:00:00Z", &[("audit-logging", 0)]);
    sqlite(
        &house.path("shop.db"),
        "UPDATE visit SET seen = '2026-11-20 10:00:00'; ALTER TABLE visit DROP COLUMN fax;
         WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 150)
         INSERT INTO visit SELECT i, 'p' || i || '@example.org', '2026-11-20 10:00:00' FROM n;",
    );
    let mended = [("audit-logging", 0), ("consent", 1), ("encryption", 0), ("minimisation", 0), ("retention", 0)];
    check("2026-11-24T00:00:00Z", &mended);
}

/// A store that holds what the map says and nothing else is no alarm, records or not; one that cannot be read is no yes.
#[test]
fn a_clean_store_is_no_alarm() {
    let house = House::initialised();
    let settings = house.read("probity.toml");
    house.write("probity.toml", format!("{settings}\n[stores.shop]\nurl = \"sqlite:shop.db\"\n"));
    let fields = "{name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}, {name: mail, \
                  data_categories: [user.contact.email], fides_meta: {identity: email}}";
    let map = format!("dataset:\n- fides_key: shop\n  collections:\n  - {{name: person, fields: [{fields}]}}\n");
    house.write("probity-map.yml", map);
    house.run(&["util", "jobs", "duties"]).expect(0);
    let store = house.path("shop.db");
    let minimisation = |exit| house.run(&["run", "duties/minimisation.toml"]).expect(exit);
    sqlite(&store, "CREATE TABLE person(id INTEGER PRIMARY KEY, mail TEXT)");
    let said = minimisation(0).stdout;
    assert!(said.contains("met\thigh\tgdpr.a30-unmapped\t1\t") && said.contains("not given: records: "), "{said}");
    sqlite(&store, "INSERT INTO person VALUES (1, 'ann@example.org')");
    minimisation(0);
    sqlite(&store, "ALTER TABLE person ADD COLUMN fax TEXT");
    minimisation(1);
    std::fs::write(&store, "no database").unwrap();
    let said = minimisation(3).stdout;
    assert!(said.contains("not judged\thigh\tgdpr.a30-unmapped"), "{said}");
}

/// What changed is what is new and what is gone, over the rules that both runs could judge.
#[test]
fn what_changed_is_said() {
    let house = House::initialised();
    let fixture = |rule: &str, name: &str| repository(&format!("fixtures/rules/infrastructure.{rule}/{name}.yaml"));
    let copy = |rule: &str, name: &str| house.write("k8s/a.yaml", std::fs::read(fixture(rule, name)).unwrap());
    let args = ["evaluate", "--pack", "infrastructure", "--input", "k8s"];
    copy("kubernetes-zones", "fail");
    let first = house.json(&args, 1);
    assert_eq!(first["trend"], Value::Null);
    let same = house.json(&args, 1);
    assert_eq!((&same["trend"]["still"], &same["trend"]["new"]), (&1.into(), &Value::Array(vec![])));
    house.write("before.json", same.to_string());
    copy("kubernetes-probes", "fail");
    let other = house.json(&args, 1);
    assert_eq!(other["trend"]["gone"][0]["rule"], "infrastructure.kubernetes-zones", "{}", other["trend"]);
    assert_eq!(other["trend"]["new"][0]["rule"], "infrastructure.kubernetes-probes", "{}", other["trend"]);
    copy("kubernetes-zones", "fail");
    let against = house.json(&[&args[..], &["--against", "before.json"]].concat(), 1);
    assert_eq!(against["trend"]["still"], 1);
    house.write("before.json", "{}");
    house.run(&[&args[..], &["--against", "before.json"]].concat()).expect(6).code("bad-judgement");
    fit_their_schemas(&[first, other]);
}

/// The page for people has no barrier that axe-core knows of, up to WCAG 2.1 AAA, and no value of it runs as markup.
#[test]
fn the_page_has_no_barriers() {
    let house = House::initialised();
    let Some(forms) = forms() else { return };
    let systems = std::fs::read_to_string(repository("fixtures/rules/gdpr.a30-1-a-controller/fail.yaml")).unwrap();
    house.write("systems.yaml", systems.replace("Web shop", "<script>document.title=1</script>"));
    let line = "evaluate --pack gdpr --pack soc2 --input systems.yaml --format html -o p.html --overwrite";
    let words: Vec<&str> = line.split(' ').collect();
    let write = || house.run(&words);
    write().expect(1);
    write().expect(1);
    let page = house.read("p.html");
    assert!(
        page.contains("What changed")
            && page.contains("a person must")
            && page.contains("&lt;script&gt;")
            && !page.contains("<script")
    );
    // Its own policy lets no script in: axe is put into a copy without it.
    let policy = page.lines().find(|line| line.contains("Content-Security-Policy")).unwrap();
    let axe = std::fs::read_to_string(forms.join("axe.min.js")).unwrap();
    let tags = "['wcag2a','wcag2aa','wcag2aaa','wcag21a','wcag21aa','wcag21aaa','best-practice']";
    let run = format!(
        "<script>{axe}</script><script>axe.run({{runOnly: {tags}}}).then(r => {{ document.body.textContent = \
         'AXE ' + r.passes.length + ' ' + JSON.stringify(r.violations.map(v => [v.id, v.nodes.map(n => n.html)])) }})</script></body>"
    );
    house.write("axe.html", page.replace(policy, "").replace("</body>", &run));
    let dom = browser::dom(&house.path("axe.html"));
    let said = dom.split("AXE ").last().unwrap().split('<').next().unwrap().to_owned();
    let (passes, violations) = said.split_once(' ').unwrap_or_else(|| panic!("{dom:.500}"));
    assert!(passes.parse::<u32>().unwrap() > 15, "{said}");
    assert_eq!(violations, "[]");
}

/// A flag that would do nothing is refused, and so are two kinds of rules in one run.
#[test]
fn flags_without_effect_are_refused() {
    let house = House::initialised();
    let check = |args: &[&str], code: &str| {
        house.run(&[&["evaluate"], args].concat()).expect(2).code(code);
    };
    check(&["--pack", "infrastructure", "--at", "latest"], "flag-without-effect");
    check(&["--pack", "infrastructure", "--pack", "production"], "mixed-rules");
    check(&["--pack", "infrastructure", "--only", "kubernetes-prob"], "unknown-rule");
    if cfg!(feature = "engine") {
        check(&["--pack", "production", "--input", "."], "flag-without-effect");
        check(&["--pack", "production", "--format", "sarif"], "bad-format");
    }
}
