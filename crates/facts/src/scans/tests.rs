//! What is told of reports of scanners.

use super::*;

fn facts(name: &str, text: &Value) -> Read {
    let text = text.to_string();
    let file = File { name, text: &text };
    assert!(recognise(file));
    read(&[file])
}

fn sarif(results: Value) -> Read {
    let rules = json!([{"id": "A", "properties": {"security-severity": "9.1"}},
                       {"id": "B", "defaultConfiguration": {"level": "error"}}]);
    facts(
        "a.sarif",
        &json!({"version": "2.1.0", "runs": [{
        "tool": {"driver": {"name": "scan", "rules": rules}},
        "invocations": [{"executionSuccessful": true, "endTimeUtc": "2026-11-01T10:00:00Z"}],
        "results": results}]}),
    )
}

#[test]
fn severities_are_told_as_their_readers_tell_them() {
    let check = |result: Value, expect: &str| {
        let read = sarif(json!([result]));
        assert_eq!(read.value["findings"][0]["severity"], expect, "{result}");
    };
    check(json!({"ruleId": "A"}), "critical");
    check(json!({"ruleIndex": 0}), "critical");
    check(json!({"ruleId": "B"}), "high");
    check(json!({"ruleId": "B", "level": "note"}), "low");
    check(json!({"ruleId": "C"}), "medium");
    check(json!({"ruleId": "C", "level": "odd"}), "unknown");
}

#[test]
fn only_open_findings_count() {
    let check = |result: Value, open: u64, accepted: u64| {
        let read = sarif(json!([result]));
        let report = &read.value["reports"][0];
        assert_eq!((report["high"].as_u64(), report["accepted"].as_u64()), (Some(open), Some(accepted)), "{result}");
        assert_eq!(report["time"], "2026-11-01T10:00:00Z");
    };
    check(json!({"ruleId": "B"}), 1, 0);
    check(json!({"ruleId": "B", "kind": "pass"}), 0, 0);
    check(json!({"ruleId": "B", "baselineState": "absent"}), 0, 0);
    check(json!({"ruleId": "B", "suppressions": [{"kind": "external"}]}), 0, 1);
    check(json!({"ruleId": "B", "suppressions": [{"kind": "external", "status": "rejected"}]}), 1, 0);
}

#[test]
fn a_scanner_that_failed_or_is_silent_is_a_gap() {
    let run = |rest: Value| {
        let mut run = json!({"tool": {"driver": {"name": "scan"}}});
        run.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        facts("a.sarif", &json!({"runs": [run]})).gaps
    };
    assert_eq!(run(json!({"results": []})), []);
    assert!(run(json!({})).first().unwrap().why.contains("no list of results"));
    let failed = run(json!({"results": [], "invocations": [{"executionSuccessful": false}]}));
    assert!(failed[0].why.contains("did not succeed") && failed[0].place.starts_with("a.sarif:1:"), "{failed:?}");
}

#[test]
fn vulnerabilities_belong_to_components() {
    let bom = |state: &str| {
        facts("bom.cdx.json", &json!({"bomFormat": "CycloneDX", "specVersion": "1.6",
            "metadata": {"timestamp": "2026-11-01T10:00:00Z", "tools": {"components": [{"name": "trivy"}]}},
            "components": [{"bom-ref": "p1", "name": "openssl", "version": "3.0.1", "components": [{"name": "inner"}]}],
            "vulnerabilities": [{"id": "CVE-2026-1", "ratings": [{"severity": "unknown", "score": 7.5}, {"severity": "low"}],
                "analysis": {"state": state}, "affects": [{"ref": "p1"}]}]})).value
    };
    let open = bom("exploitable");
    assert_eq!((&open["reports"][0]["high"], &open["reports"][0]["tool"]), (&json!(1), &json!("trivy")));
    assert_eq!(open["reports"][0]["worst"], json!(["CVE-2026-1 (high) at openssl 3.0.1"]));
    assert_eq!(open["components"][0]["vulnerabilities"], json!(["CVE-2026-1"]));
    assert_eq!(open["components"][1]["name"], "inner");
    let settled = bom("not_affected");
    assert_eq!((&settled["reports"][0]["high"], &settled["reports"][0]["accepted"]), (&json!(0), &json!(1)));
    assert_eq!(settled["components"][0]["vulnerabilities"], json!([]));
    let xml = File { name: "bom.xml", text: "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\"/>" };
    assert!(recognise(xml) && read(&[xml]).gaps[0].remedy.as_ref().unwrap().contains("json"));
}
