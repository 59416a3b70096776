//! `util prometheus-rules|alertmanager|grafana`: what others are given says what probity says, judged by promtool, amtool and
//! Grafana's own models; and what they cannot say is told.

use std::process::Command;

use crate::house::{House, Ran, fit_their_schemas, interpreter, judge, repository};

/// An SLO over counters, its name one that would be a template.
fn slo(part: &str, window: &str, target: &str, rest: &str) -> String {
    format!(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: api, displayName: \"API {{{{ $labels }}}} \\\"x\\\"\"}}\nspec:\n  \
         description: Requests succeed\n  service: shop\n  indicator:\n    metadata: {{name: api-sli}}\n    spec:\n      \
         ratioMetric:\n        counter: true\n        {part}\n        \
         total: {{metricSource: {{type: Prometheus, spec: {{query: http_requests_total}}}}}}\n  timeWindow: [{window}]\n  \
         budgetingMethod: Occurrences\n  objectives: [{{displayName: goal, target: {target}}}]\n{rest}"
    )
}

const BAD: &str = "bad: {metricSource: {type: Prometheus, spec: {query: 'http_requests_total{code=\"500\"}'}}}";
const GOOD: &str = "good: {metricSource: {type: Prometheus, spec: {query: 'http_requests_total{code!=\"500\"}'}}}";
const MONTH: &str = "{duration: 30d, isRolling: true}";

fn promtool(house: &House, args: &[&str]) -> Ran {
    Ran::of(Command::new("promtool").args(args).current_dir(house.root()).output().unwrap())
}

fn generate(house: &House, text: &str) -> String {
    house.write("slo.yaml", text);
    house.run(&["util", "prometheus-rules", "--rule", "slo.yaml", "--output", "rules.yml", "--overwrite"]).expect(0);
    house.read("rules.yml")
}

/// promtool takes the rules, and they fire and keep silent as burn rates say.
#[test]
fn rules_for_prometheus_fire_when_they_should() {
    if !judge("promtool") {
        return;
    }
    let house = House::new();
    house.write("test.yml", std::fs::read(repository("fixtures/prometheus-rules/api.test.yml")).unwrap());
    for part in [BAD, GOOD] {
        let text = generate(&house, &slo(part, MONTH, "0.999", ""));
        assert_eq!(text, generate(&house, &slo(part, MONTH, "0.999", "")), "the same again");
        promtool(&house, &["check", "rules", "rules.yml"]).expect(0);
        promtool(&house, &["test", "rules", "test.yml"]).expect(0);
    }
    // Twice the budget, and nothing of it is true any more.
    generate(&house, &slo(BAD, MONTH, "0.9", ""));
    promtool(&house, &["test", "rules", "test.yml"]).expect(1);
}

/// Tiers are scaled to the window, thresholds have every digit, and a policy of one's own stands instead of the tiers.
#[test]
fn tiers_are_those_of_evaluate() {
    let house = House::new();
    let month = generate(&house, &slo(BAD, MONTH, "0.999", ""));
    assert!(month.contains(" > 0.0144 and ignoring(sloth_window) ") && month.contains(" > 0.001 and "), "{month}");
    assert!(month.contains("API {{ \\\"{{\\\" }} $labels }} \\\"x\\\" (goal): {{ $value"), "no template: {month}");
    let weeks = generate(&house, &slo(BAD, "{duration: 4w, isRolling: true}", "0.999", ""));
    assert!(weeks.contains(" > 0.01344 and ") && weeks.contains("ratio_rate4w"), "{weeks}");
    let own = "  alertPolicies: [{kind: AlertPolicy, metadata: {name: fast, labels: {team: a}}, spec: {alertWhenBreaching: true, \
               alertWhenResolved: true, alertWhenNoData: true, conditions: [{kind: AlertCondition, metadata: {name: c}, spec: \
               {severity: page, condition: {kind: burnrate, op: gte, threshold: 2, lookbackWindow: 1h, alertAfter: 5m}}}], \
               notificationTargets: [{kind: AlertNotificationTarget, metadata: {name: t}, spec: {target: webhook}}]}}]\n";
    let own = generate(&house, &slo(BAD, MONTH, "0.999", own));
    assert!(own.contains("ratio_rate1h{sloth_id=\\\"shop-api\\\"} >= 0.002\"\n    for: 5m"), "{own}");
    assert!(own.contains("absent(slo:sli_error:ratio_rate1h") && !own.contains("burn-fast"), "{own}");
}

/// What PromQL cannot say is a fault with its place and nothing is written, or is left out and told.
#[test]
fn what_promql_cannot_say_is_told() {
    let house = House::new();
    let check = |text: &str, code: &str, place: &str| {
        house.write("slo.yaml", text);
        let all = ["util", "prometheus-rules", "--rule", "slo.yaml", "--output", "rules.yml"];
        let ran = house.run(&all).expect(7).code(code);
        assert!(ran.stderr.contains(place), "{place}: {ran:?}");
        assert!(!house.path("rules.yml").exists(), "{text}");
        let ran = house.run(&["util", "prometheus-rules", "--rule", "slo.yaml", "--partial"]).expect(5);
        assert_eq!(ran.stdout, "groups: []\n");
        assert!(ran.stderr.contains(code), "{ran:?}");
    };
    let calendar =
        "{duration: 1M, isRolling: false, calendar: {startTime: 2026-01-01 00:00:00, timeZone: Europe/Berlin}}";
    check(&slo(BAD, calendar, "0.999", ""), "not-in-prometheus", "slo.yaml:14");
    check(
        &slo(BAD, MONTH, "0.9", "")
            .replace("Occurrences", "Timeslices")
            .replace("target: 0.9", "target: 0.9, timeSliceTarget: 0.9, timeSliceWindow: 1m"),
        "not-in-prometheus",
        "slo.yaml:15",
    );
    check(
        &slo(&BAD.replace("http_requests_total{", "sum(rate(x{"), MONTH, "0.9", ""),
        "unsupported-query",
        "slo.yaml:12",
    );
    let rows = "{metricSource: {type: probity, spec: {table: logs}}}";
    let of_rows = slo(&format!("bad: {rows}"), MONTH, "0.9", "")
        .replace("{metricSource: {type: Prometheus, spec: {query: http_requests_total}}}", rows);
    check(&of_rows, "not-in-prometheus", "slo.yaml");
    let values = slo(BAD, MONTH, "0.9", "").replace("target: 0.9", "target: 0.9, op: lte, value: 0.5");
    let from = values.find("ratioMetric").unwrap();
    let to = values.find("  timeWindow").unwrap();
    let values = format!(
        "{}thresholdMetric: {{metricSource: {{type: Prometheus, spec: {{query: latency_seconds}}}}}}\n{}",
        &values[..from],
        &values[to..]
    );
    check(&values, "not-in-prometheus", "slo.yaml");
}

const POLICY: &str = "schema: alerts/1\ntargets:\n  slack: {kind: slack, url: \"https://hooks.slack.example/x\", repeat: 4h}\n  duty: \
    {kind: pagerduty, secret_file: key}\n  sink: {kind: webhook-v4, url: \"http://127.0.0.1:9/x\"}\n  \
    people: {kind: email, address: \"smtp://mail.example.org\", from: p@example.org, to: [a@example.org, b@example.org], user: p, \
    password_file: key, ca: ca.pem, group_by: [service, severity], group_wait: 30s, group_interval: 5m}\nroutes:\n- {match: {severity: \
    critical}, to: [duty], continue: true}\n- {match: {rule: \"infrastructure.docker*\", severity: \"!low\"}, to: [slack, sink, people]}\n- {match: {kind: security}, to: [sink]}\n";

/// amtool takes the configuration, and routes an alert as probity does.
#[test]
fn alertmanager_routes_as_probity_does() {
    if !judge("amtool") {
        return;
    }
    let house = House::initialised();
    house.write("Dockerfile", "FROM debian\nCMD [\"true\"]\n");
    house.run(&["evaluate", "--pack", "infrastructure", "--input", "Dockerfile"]).expect(1);
    for policy in
        [POLICY.to_owned(), POLICY.replace("continue: true", "continue: false"), POLICY.replace("!low", "!high")]
    {
        house.write("alerts.yaml", policy);
        let args = ["util", "alertmanager", "--output", "am.yml", "--overwrite"];
        let rule = house.write("slo.yaml", slo(BAD, MONTH, "0.999", ""));
        let written = house.json(&[&args[..], &["--rule", rule.to_str().unwrap()]].concat(), 0);
        fit_their_schemas(std::slice::from_ref(&written));
        let missing = written["warnings"].as_array().unwrap().iter().filter(|one| one["code"] == "alert-without-route");
        assert_eq!(missing.count(), 3, "high, medium and low go to nobody: {written}");
        let amtool =
            |args: &[&str]| Ran::of(Command::new("amtool").args(args).current_dir(house.root()).output().unwrap());
        amtool(&["check-config", "am.yml"]).expect(0);
        house.run(&["alert", "eval"]);
        let alerts = house.json(&["alert", "list"], 0);
        let alerts = alerts["alerts"].as_array().unwrap();
        assert!(alerts.len() > 1, "{alerts:?}");
        for alert in alerts {
            let ours = house.run(&["alert", "route", alert["id"].as_str().unwrap(), "--json"]);
            let ours: serde_json::Value = serde_json::from_str(&ours.stdout).unwrap();
            let mut labels: Vec<String> =
                ["severity", "kind"].iter().map(|name| format!("{name}={}", alert[name].as_str().unwrap())).collect();
            let pairs = alert["labels"].as_object().unwrap();
            labels.extend(pairs.iter().map(|(name, value)| format!("{name}={}", value.as_str().unwrap())));
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            let theirs =
                amtool(&[&["config", "routes", "test", "--config.file=am.yml"], &labels[..]].concat()).expect(0);
            let names: Vec<&str> = ours["targets"]
                .as_array()
                .unwrap()
                .iter()
                .map(|name| name.as_str().or(name["name"].as_str()).unwrap())
                .collect();
            let names = if names.is_empty() { vec!["nobody"] } else { names };
            let mut found: Vec<&str> = theirs.stdout.trim().split(',').collect();
            found.dedup();
            assert_eq!(found, names, "{alert}");
        }
    }
}

/// A target that Alertmanager does not know is a fault, or stays as a receiver that tells nobody.
#[test]
fn targets_that_alertmanager_lacks_are_told() {
    let house = House::new();
    let policy = "schema: alerts/1\ntargets: {log: {kind: file, path: a}}\nroutes: [{to: [log]}]\n";
    house.write("p.yaml", policy);
    house.write("slo.yaml", slo(BAD, MONTH, "0.999", ""));
    house
        .run(&["util", "alertmanager", "--rule", "slo.yaml", "--policy", "p.yaml"])
        .expect(7)
        .code("not-in-alertmanager");
    let ran = house.run(&["util", "alertmanager", "--rule", "slo.yaml", "--policy", "p.yaml", "--partial"]).expect(5);
    assert!(ran.stdout.contains("- receiver: \"log\"") && ran.stderr.contains("\"log\""), "{ran:?}");
    let terms = "schema: alerts/1\nterms: [{match: {rule: a}, severity: low}]\n";
    house.write("p.yaml", terms);
    house.run(&["util", "alertmanager", "--policy", "p.yaml"]).expect(7).code("not-in-alertmanager");
}

/// Grafana's own models load the dashboard and lose nothing of it.
#[test]
fn dashboards_load() {
    let house = House::new();
    house.write("slo.yaml", slo(BAD, MONTH, "0.999", ""));
    house.run(&["util", "grafana", "--rule", "slo.yaml", "--title", "Shop \"x\"", "--output", "board.json"]).expect(0);
    let Some(python) = interpreter("PROBITY_TEST_GRAFANA") else { return };
    let load = repository("tests/judges/grafana/load");
    let ran = Ran::of(Command::new(python).arg(load).arg(house.path("board.json")).output().unwrap()).expect(0);
    assert_eq!(ran.stdout.trim(), "6 {'prometheus'}", "{ran:?}");
}

/// Prometheus over the same samples gives the burn rate that `evaluate` gives.
#[cfg(feature = "engine")]
#[test]
fn prometheus_agrees_with_evaluate() {
    if !judge("promtool") {
        return;
    }
    let house = House::initialised();
    generate(&house, &slo(BAD, "{duration: 1d, isRolling: true}", "0.99", ""));
    // 24 hours of samples a minute: 2 of 100 requests of each minute fail. 2026-11-22T12:00:00Z is when it is evaluated.
    let mut text = "# TYPE http_requests counter\n".to_owned();
    for (code, step) in [("200", 98), ("500", 2)] {
        for minute in 0..=1440_u64 {
            let at = 1_795_348_800 - 86_400 + minute * 60;
            text += &format!("http_requests_total{{code=\"{code}\"}} {} {at}\n", minute * step);
        }
    }
    house.write("in/shop.om", text + "# EOF\n");
    house.run(&["ingest", "in"]).expect(0);
    let evaluated = house.json(&["evaluate", "--rule", "slo.yaml"], 1);
    assert_eq!(evaluated["objectives"][0]["burn_rate"], "2.00", "{evaluated}");
    let expected = "rule_files: [rules.yml]\nevaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:\n  \
        - {series: 'http_requests_total{code=\"200\"}', values: '0+98x1440'}\n  \
        - {series: 'http_requests_total{code=\"500\"}', values: '0+2x1440'}\n  promql_expr_test:\n  \
        - {expr: 'round(max(slo:period_burn_rate:ratio), 1e-6)', eval_time: 24h, exp_samples: [{labels: '{}', value: 2}]}\n";
    house.write("test.yml", expected);
    promtool(&house, &["test", "rules", "test.yml"]).expect(0);
}
