//! Policies in Rego in a pack of one's own: judged like all rules where the interpreter is built in, else refused by name.

use crate::house::{House, repository};

const HEAD: &str = "# METADATA\n# title: Enough copies run\n# custom:\n#   law: [{article: ours, link: \"https://example.org\"}]\n\
                    #   severity: high\n#   needs: [kubernetes]\n#   fix: Ask for more.\n#   since: 1.0.0\n\
                    package shop.enough_copies\n\n";

const COPIES: &str = "import data.shop.lib\n\ndeny contains finding if {\n    some workload in input.kubernetes.workloads\n    \
                      not lib.enough(workload, input.parameters.copies)\n    finding := {\"msg\": sprintf(\"%d copies\", \
                      [workload.replicas]), \"subject\": workload.name, \"place\": workload.place}\n}\n";

const LIBRARY: &str = "package shop.lib\n\nenough(workload, copies) if workload.replicas >= copies\n";

/// A pack with one policy, a library and a test, and manifests of a workload with two copies.
fn pack() -> (House, String) {
    let house = House::new();
    let parameters = "parameters:\n  copies: {type: integer, default: \"2\", about: copies, source: internal policy}\n";
    house.write("own/pack.yaml", format!("name: own\ntitle: Ours\nversion: 1.0.0\n{parameters}"));
    house.write("own/copies.rego", format!("{HEAD}{COPIES}"));
    house.write("own/lib.rego", LIBRARY);
    house.write("own/copies_test.rego", "package shop.enough_copies_test\n\ntest_all if true\n");
    let input = repository("fixtures/rules/infrastructure.kubernetes-zones/pass.yaml");
    (house, input.to_str().unwrap().to_owned())
}

/// A build without the interpreter names the file and what to do; it never leaves the policy out.
#[cfg(not(feature = "rego"))]
#[test]
fn without_the_interpreter_a_policy_is_refused() {
    let (house, input) = pack();
    let ran = house.run(&["evaluate", "--rule", "own", "--input", &input]).expect(2).code("not-built-in");
    assert!(ran.stderr.contains("own/copies.rego") && ran.stderr.contains("--features rego"), "{ran:?}");
    assert!(house.run(&["evaluate", "--help"]).expect(0).stdout.contains("rego"));
}

#[cfg(feature = "rego")]
mod judged {
    use serde_json::Value;

    use super::*;
    use crate::house::fit_their_schemas;

    fn judge(house: &House, input: &str, more: &[&str], exit: i32) -> Value {
        house.json(&[&["evaluate", "--rule", "own", "--input", input], more].concat(), exit)
    }

    /// Findings with subject and place, parameters, facts that are missing or have gaps, suppressions, and every form.
    #[test]
    fn a_policy_is_a_rule_like_all_others() {
        let (house, input) = pack();
        let met = judge(&house, &input, &[], 0);
        let rule = &met["rules"][0];
        assert_eq!((&rule["rule"], &rule["answer"]), (&"own.enough-copies".into(), &"met".into()), "{met}");
        assert_eq!((&rule["severity"], &rule["law"][0]["article"]), (&"high".into(), &"ours".into()));
        assert!(rule["place"].as_str().unwrap().starts_with("own/copies.rego:2:"), "{rule}");
        let broken = judge(&house, &input, &["--set", "own.copies=3"], 1);
        let finding = &broken["rules"][0]["findings"][0];
        assert_eq!(finding["message"], "2 copies", "{finding}");
        assert!(finding["place"].as_str().unwrap().contains("pass.yaml:"), "{finding}");
        let none = house.json(&["evaluate", "--rule", "own"], 3);
        assert_eq!(none["rules"][0]["answer"], "not given");
        house.write("k8s/good.yaml", std::fs::read(&input).unwrap());
        house.write("k8s/chart.yaml", "apiVersion: v1\nkind: {{ .Values.kind }}\n  bad: [\n");
        let half = judge(&house, "k8s", &[], 3);
        assert_eq!(half["rules"][0]["answer"], "not judged", "{half}");
        let subject = broken["rules"][0]["findings"][0]["subject"].as_str().unwrap();
        let accepted = format!(
            "suppressions:\n- {{rule: own.enough-copies, subject: \"{subject}\", reason: small, by: Ann, until: 2026-12-31}}\n"
        );
        house.write("rules/suppressions.yaml", accepted);
        judge(&house, &input, &["--set", "own.copies=3"], 0);
        for (format, holds) in
            [("sarif", "own.enough-copies"), ("junit", "own.enough-copies"), ("html", "Enough copies")]
        {
            let args = ["evaluate", "--rule", "own", "--input", &input, "--set", "own.copies=3", "--format", format];
            assert!(house.run(&args).expect(0).stdout.contains(holds), "{format}");
        }
        let list = house.json(&["evaluate", "--rule", "own", "--list"], 0);
        assert_eq!(list["rules"][0]["needs"], serde_json::json!(["kubernetes"]));
        fit_their_schemas(&[met, broken, none, half, list]);
    }

    /// Unknown is never met, what does not apply is not judged, and time is the time of the judgement.
    #[test]
    fn unknown_and_not_applicable_are_said() {
        let (house, input) = pack();
        let check = |body: &str, answer: &str, exit: i32| {
            house.write("own/copies.rego", format!("{HEAD}{body}"));
            let judged = judge(&house, &input, &[], exit);
            assert_eq!(judged["rules"][0]["answer"], answer, "{body}: {judged}");
            judged["rules"][0].clone()
        };
        let rule = check("deny contains \"x\" if false\nunknown contains \"nobody says\" if true\n", "not judged", 3);
        assert_eq!(
            (&rule["findings"][0]["message"], &rule["findings"][0]["verdict"]),
            (&"nobody says".into(), &"no data".into())
        );
        check("violation contains {\"msg\": \"a\", \"resource\": \"b\"} if true\n", "broken", 1);
        check("deny if true\n", "broken", 1);
        check("deny if false\n", "met", 0);
        check("default applies := false\ndeny contains \"x\" if true\n", "not applicable", 3);
        check("applies if count(input.kubernetes.workloads) > 0\ndeny contains \"x\" if true\n", "broken", 1);
        check("deny := {\"a\": 1}\n", "not judged", 3);
        let day = "deny contains \"late\" if time.now_ns() != time.parse_rfc3339_ns(input.now)\n";
        check(day, "met", 0);
        check("deny contains \"late\" if input.now != \"2026-11-22T12:00:00Z\"\n", "met", 0);
        // A field that is not known is null, not missing.
        check("deny contains \"null\" if input.kubernetes.containers[_].user == null\n", "broken", 1);
        check("deny contains sprintf(\"%d\", [1 / count([])]) if true\n", "not judged", 3);
    }

    /// What is wrong in a module is located when it is read; nothing reaches out of the interpreter.
    #[test]
    fn wrong_policies_are_located() {
        let (house, input) = pack();
        let check = |text: String, code: &str, at: &str, said: &str| {
            house.write("own/copies.rego", text);
            let ran = house.run(&["evaluate", "--rule", "own", "--input", &input]).expect(7).code(code);
            assert!(ran.stderr.contains(&format!("own/copies.rego:{at}")) && ran.stderr.contains(said), "{ran:?}");
        };
        check(format!("{HEAD}deny contains \"x\" if {{\n"), "bad-policy", "12:", "");
        check(format!("{HEAD}deny contains \"x\" if nothing(1)\n"), "bad-policy", "11:", "nothing");
        check(format!("{HEAD}allow := true\n"), "bad-policy", "1:", "neither");
        check(format!("package shop.enough_copies\n\n{COPIES}"), "bad-policy", "1:", "no annotations");
        check(format!("{}{COPIES}", HEAD.replace("[kubernetes]", "[kubernets]")), "bad-rule", "6:", "Did you mean");
        check(
            format!("{}{COPIES}", HEAD.replace("severity: high", "severity: great")),
            "bad-rule",
            "5:",
            "no severity",
        );
        check(format!("{}{COPIES}", HEAD.replace("#   fix: Ask for more.\n", "")), "missing-key", "", "fix");
        check(format!("{}{COPIES}", HEAD.replace("# title:", "# titel:")), "unknown-key", "2:", "title");
        house.write("own/copies.rego", HEAD.replace("shop.enough_copies", "shop.lib") + "deny if false\n");
        let twice = house.run(&["evaluate", "--rule", "own", "--input", &input]).expect(7).code("bad-policy");
        assert!(twice.stderr.contains("own/lib.rego:1:1: Two modules"), "{twice:?}");
        for call in [
            "http.send({\"method\": \"get\", \"url\": \"http://127.0.0.1/\"})",
            "opa.runtime()",
            "rand.intn(\"a\", 9)",
            "uuid.rfc4122(\"a\")",
        ] {
            let name = call.split('(').next().unwrap();
            check(format!("{HEAD}deny contains x if x := {call}\n"), "bad-policy", "11:", name);
        }
    }
}
