//! Verdicts over real vectors of values.

use model::{Decimal, Instant, Kind, Verdict};
use proptest::prelude::*;
use slo::{Book, Evaluation, Reading, evaluate, to_json, to_junit};

use crate::fake::Fake;

const AT: &str = "2026-01-31T00:00:00Z";

fn at(seconds_before: i64) -> Instant {
    Instant::from_nanos(Instant::parse(AT).unwrap().nanos() - seconds_before * 1_000_000_000)
}

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

/// So many values of 1, a second apart, the last of them an hour ago.
fn events(count: i64) -> Vec<(Instant, Decimal)> {
    (0..count).map(|number| (at(3600 + number), Decimal::ONE)).collect()
}

fn values(texts: &[&str]) -> Vec<(Instant, Decimal)> {
    texts.iter().enumerate().map(|(number, text)| (at(60 + number as i64), decimal(text))).collect()
}

fn slo(metric: &str, objectives: &str) -> String {
    format!(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: web}}\nspec:\n  description: d\n  service: shop\n  \
         timeWindow: [{{duration: 30d, isRolling: true}}]\n  budgetingMethod: Occurrences\n  indicator: {{metadata: \
         {{name: i, annotations: {{probity/unit: ms}}}}, spec: {{{metric}}}}}\n  objectives: [{objectives}]\n"
    )
}

const GOOD: &str = "ratioMetric: {good: {metricSource: {type: probity, spec: {table: logs, where: good}}}, \
                    total: {metricSource: {type: probity, spec: {table: logs}}}}";
const BAD: &str = "ratioMetric: {bad: {metricSource: {type: probity, spec: {table: logs, where: bad}}}, \
                   total: {metricSource: {type: probity, spec: {table: logs}}}}";
const LATENCY: &str = "thresholdMetric: {metricSource: {type: probity, spec: {table: logs, value: latency_ms}}}";

fn judge(rules: &str, fake: &Fake) -> Evaluation {
    let book = Book::load(vec![("rules.yaml".into(), rules.to_owned())], &Reading::default()).unwrap();
    evaluate(&book, at(0), fake).unwrap()
}

/// `verdict good/total needed bad allowed remaining burn ratio`, or the code of the fault.
fn line(evaluation: &Evaluation) -> String {
    let show = |outcome: &slo::Outcome| match &outcome.fault {
        Some(fault) => {
            assert_eq!(outcome.verdict, Verdict::NoData);
            fault.code().to_owned()
        }
        None => {
            let text = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            let allowed = text(outcome.budget.map(|budget| budget.allowed.to_string()));
            let remaining = text(outcome.budget.map(|budget| budget.remaining.to_string()));
            let (burn, ratio) = (text(outcome.burn_rate.as_ref().map(|burn| burn.to_string())), text(outcome.ratio()));
            let (good, total, needed, bad) =
                (outcome.good, outcome.total, outcome.needed.unwrap_or_default(), outcome.bad);
            format!("{} {good}/{total} {needed} {bad} {allowed} {remaining} {burn} {ratio}", outcome.verdict)
        }
    };
    evaluation.outcomes.iter().map(show).collect::<Vec<_>>().join("; ")
}

fn check(metric: &str, objectives: &str, fake: &Fake, expect: &str) {
    assert_eq!(line(&judge(&slo(metric, objectives), fake)), expect, "{metric} {objectives}");
}

#[test]
fn ratios_are_counted_exactly() {
    let fake = |good, total| Fake::default().with("logs|good|", &events(good)).with("logs||", &events(total));
    check(GOOD, "{target: 0.95}", &fake(950, 1000), "met 950/1000 950 50 50 0 1.00 0.950000");
    check(GOOD, "{target: 0.95}", &fake(949, 1000), "broken 949/1000 950 51 50 -1 1.02 0.949000");
    check(GOOD, "{targetPercent: 99.9}", &fake(1000, 1000), "met 1000/1000 999 0 1 1 0.00 1.000000");
    // A service level of 0 is a value; no traffic is none (and never NaN, never 100 %).
    check(GOOD, "{target: 0.9}", &fake(0, 10), "broken 0/10 9 10 1 -9 10.00 0.000000");
    check(GOOD, "{target: 0.9}", &fake(0, 0), "no data 0/0 0 0 - - - -");
    check(GOOD, "{target: 0}", &fake(0, 10), "met 0/10 0 10 10 0 1.00 0.000000");
    // More good than there are is reported, never clamped.
    check(GOOD, "{target: 0.9}", &fake(11, 10), "more-good-than-total");
    check(GOOD, "{target: 0.9}", &fake(1, 0), "more-good-than-total");
}

#[test]
fn bad_events_are_what_is_not_good() {
    let fake = |bad, total| Fake::default().with("logs|bad|", &events(bad)).with("logs||", &events(total));
    check(BAD, "{target: 0.95}", &fake(50, 1000), "met 950/1000 950 50 50 0 1.00 0.950000");
    check(BAD, "{target: 0.95}", &fake(51, 1000), "broken 949/1000 950 51 50 -1 1.02 0.949000");
    check(BAD, "{target: 0.95}", &fake(11, 10), "more-good-than-total");
}

#[test]
fn thresholds_agree_with_the_nearest_rank() {
    let fake = Fake::default().with("logs||latency_ms", &values(&["100", "1", "3", "2", "4"]));
    // P95 of 1, 2, 3, 4, 100 is the fifth value; interpolation would say 80.8.
    check(LATENCY, "{op: lte, value: 90, target: 0.95}", &fake, "broken 4/5 5 1 0.25 -0.75 4.00 0.800000");
    check(LATENCY, "{op: lte, value: 100, target: 0.95}", &fake, "met 5/5 5 0 0.25 0.25 0.00 1.000000");
    check(LATENCY, "{op: lt, value: 100, target: 0.8}", &fake, "met 4/5 4 1 1 0 1.00 0.800000");
    check(LATENCY, "{op: gte, value: 4, target: 0.4}", &fake, "met 2/5 2 3 3 0 1.00 0.400000");
    check(LATENCY, "{op: gt, value: 4, target: 0.4}", &fake, "broken 1/5 2 4 3 -1 1.333334 0.200000");
    let evaluation = judge(&slo(LATENCY, "{op: lte, value: 90, target: 0.95}"), &fake);
    let shown: Vec<String> = evaluation.outcomes[0].shown.iter().map(|p| format!("{} {}", p.name, p.value)).collect();
    assert_eq!(shown, ["P50 3", "P95 100", "P99 100"]);
    assert_eq!(evaluation.outcomes[0].shown[1].definition, "nearest rank over 5 values");
    assert_eq!(evaluation.outcomes[0].condition, "latency_ms ≤ 90 ms");
    assert_eq!(evaluation.outcomes[0].reason, "4 of 5 values hold where 5 are needed: 1 too few.");
}

#[test]
fn the_reason_is_a_sentence_in_the_singular_and_in_the_plural() {
    let reason = |metric, objective: &str, fake: &Fake, expect: &str| {
        let evaluation = judge(&slo(metric, objective), fake);
        assert_eq!(evaluation.outcomes[0].reason, expect);
        evaluation.outcomes[0].budget.map(|budget| budget.to_string()).unwrap_or_default()
    };
    let fake = |good, total| Fake::default().with("logs|good|", &events(good)).with("logs||", &events(total));
    let one = Fake::default().with("logs||latency_ms", &values(&["1"]));
    let two = Fake::default().with("logs||latency_ms", &values(&["1", "9"]));
    let budget = "and 1 is needed, which leaves an error budget of";
    reason(LATENCY, "{op: lte, value: 5, target: 0.95}", &one, &format!("1 of 1 value holds {budget} 0.05 values."));
    reason(LATENCY, "{op: lte, value: 0, target: 0.95}", &one, "0 of 1 value holds where 1 is needed: 1 too few.");
    reason(LATENCY, "{op: lte, value: 5, target: 0.95}", &two, "1 of 2 values holds where 2 are needed: 1 too few.");
    reason(LATENCY, "{op: lte, value: 5, target: 0.4}", &two, &format!("1 of 2 values holds {budget} 0.2 values."));
    reason(GOOD, "{target: 0.5}", &fake(1, 2), &format!("1 of 2 events is good {budget} 0 events."));
    reason(GOOD, "{target: 0.5}", &fake(2, 2), &format!("2 of 2 events are good {budget} 1 event."));
    reason(GOOD, "{target: 0.5}", &fake(0, 0), "There are no events in the window, so there is no verdict.");
    // Thousands stand apart and long fractions are cut, in the sentence as in the report.
    let thousands =
        "16,373 of 16,408 events are good and 16,326 are needed, which leaves an error budget of 47.04 events.";
    let left = reason(GOOD, "{target: 0.995}", &fake(16_373, 16_408), thousands);
    assert_eq!(left, "82.04 allowed, 35 spent, 47.04 left");
    let left = reason(
        GOOD,
        "{target: 0.12345678}",
        &fake(2_000, 2_000),
        "2,000 of 2,000 events are good and 247 are needed, which leaves an error budget of ≈ 1,753.08 events.",
    );
    assert_eq!(left, "≈ 1,753.08 allowed, 0 spent, ≈ 1,753.08 left");
}

#[test]
fn a_window_ends_at_its_instant_and_starts_after_its_left_edge() {
    let month = 30 * 86_400;
    let at = |seconds| (at(seconds), Decimal::ONE);
    let fake = Fake::default().with("logs|good|", &[at(0)]).with("logs||", &[at(0), at(month - 1), at(month), at(-1)]);
    check(GOOD, "{target: 0.5}", &fake, "met 1/2 1 1 1 0 1.00 0.500000");
    let evaluation = judge(&slo(GOOD, "{target: 0.5}"), &fake);
    let window = &evaluation.outcomes[0].window;
    assert_eq!((window.interval.from.to_string().as_str(), window.length.as_str()), ("2026-01-01T00:00:00Z", "30d"));
}

#[test]
fn objectives_that_differ_in_their_target_cost_one_pass() {
    let fake = Fake::default().with("logs|good|", &events(997)).with("logs||", &events(1000));
    let expect = "met 997/1000 995 3 5 2 0.60 0.997000; broken 997/1000 999 3 1 -2 3.00 0.997000";
    check(GOOD, "{displayName: slo, targetPercent: 99.5}, {displayName: target, targetPercent: 99.9}", &fake, expect);
    assert_eq!(fake.passes.get(), 2, "one for good, one for total");
}

#[test]
fn what_is_wrong_with_one_rule_leaves_the_others_alone() {
    let fake = Fake::default().with("logs||latency_ms", &values(&["1"])).with("logs||", &events(1));
    let good = slo(LATENCY, "{op: lte, value: 90, target: 0.95}");
    let bad = slo(GOOD, "{target: 0.95}").replace("name: web", "name: other");
    let evaluation = judge(&format!("{bad}---\n{good}"), &fake);
    assert_eq!(line(&evaluation), "bad-query; met 1/1 1 0 0.05 0.05 0.00 1.000000");
    assert_eq!(evaluation.verdict, Verdict::NoData);
    let fault = evaluation.fault().unwrap();
    assert_eq!((fault.code(), fault.place().unwrap().to_string().as_str()), ("bad-query", "rules.yaml:9:75"));
}

#[test]
fn faults_of_the_data_end_the_evaluation() {
    let rules = slo(&LATENCY.replace("value: latency_ms", "value: disk on fire"), "{op: lt, value: 1, target: 0.5}");
    let book = Book::load(vec![("rules.yaml".into(), rules)], &Reading::default()).unwrap();
    let fault = evaluate(&book, at(0), &Fake::default()).unwrap_err();
    assert_eq!((fault.kind(), fault.code()), (Kind::Unavailable, "io-failed"));
    let fault = evaluate(&Book::default(), at(0), &Fake::default()).unwrap_err();
    assert_eq!((fault.kind(), fault.code()), (Kind::NoVerdict, "no-rules"));
}

#[test]
fn what_cannot_be_judged_never_gets_a_verdict() {
    let fake = Fake::default().with("logs|good|", &events(1)).with("logs||", &events(1));
    let check = |rules: String, expect: &str| {
        let evaluation = judge(&rules, &fake);
        assert_eq!(line(&evaluation), expect);
        assert_eq!(evaluation.verdict, Verdict::NoData);
        assert!(evaluation.fault().unwrap().place().unwrap().line > 0);
    };
    let rules = slo(GOOD, "{target: 0.5}");
    check(rules.replace("[{duration: 30d, isRolling: true}]", "[]"), "no-time-window");
    let slices =
        slo(GOOD, "{target: 0.5, timeSliceTarget: 0.5, timeSliceWindow: 1w}").replace("Occurrences", "Timeslices");
    let calendar = "{duration: 1d, isRolling: false, calendar: {startTime: 2026-01-01, timeZone: UTC}}";
    check(slices.replace("{duration: 30d, isRolling: true}", calendar), "slice-longer-than-window");
    check(rules.replace("{duration: 30d, isRolling: true}", &calendar.replace("2026", "2027")), "window-not-begun");
    let source = "{metricSource: {type: probity, spec: {table: logs, value: x}}}";
    check(slo(&format!("ratioMetric: {{raw: {source}, rawType: success}}"), "{target: 0.5}"), "raw-without-slices");
    check(rules_of("Datadog", "{query: avg}"), "unknown-source-type");
    check(rules_of("Prometheus", "{query: 'sum(a)'}"), "unsupported-query");
    check(rules_of("Prometheus", "{query: a}"), "ratio-without-counter");
}

fn rules_of(kind: &str, spec: &str) -> String {
    let source = format!("{{metricSource: {{type: {kind}, spec: {spec}}}}}");
    slo(&format!("ratioMetric: {{good: {source}, total: {source}}}"), "{target: 0.5}")
}

#[test]
fn counters_count_their_increases() {
    let fake = Fake::default()
        .with("+http_requests_total{code!~\"5..\"}", &events(11_916))
        .with("+http_requests_total", &events(12_000));
    let spec = |query: &str| format!("{{metricSource: {{type: prometheus, spec: {{query: '{query}'}}}}}}");
    let good = spec("http_requests_total{code!~\"5..\"}");
    let metric = format!("ratioMetric: {{counter: true, good: {good}, total: {}}}", spec("http_requests_total"));
    check(&metric, "{target: 0.999}", &fake, "broken 11916/12000 11988 84 12 -72 7.00 0.993000");
    let mixed = format!(
        "ratioMetric: {{counter: true, good: {good}, total: {{metricSource: {{type: probity, spec: {{table: logs}}}}}}}}"
    );
    check(&mixed, "{target: 0.999}", &fake, "mixed-sources");
}

#[test]
fn the_document_says_what_the_schema_says() {
    let fake = Fake::default().with("logs||latency_ms", &values(&["498.2", "1"])).with("logs||", &[]);
    let quiet = slo(GOOD, "{target: 0.95}").replace("name: web", "name: quiet");
    let evaluation =
        judge(&format!("{}---\n{quiet}", slo(LATENCY, "{displayName: p95, op: lte, value: 500, target: 0.95}")), &{
            let mut fake = fake;
            fake.values.insert("logs|good|".to_owned(), vec![]);
            fake
        });
    let json = to_json(&evaluation);
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/golden/evaluation.v1.json");
    let text = format!("{}\n", serde_json::to_string_pretty(&json).unwrap());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(golden.parent().unwrap()).unwrap();
        std::fs::write(&golden, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&golden).unwrap(), text);
    let schema = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/evaluation.v1.schema.json");
    let schema: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    conforms(&json, &schema, &schema["$defs"], "document");
}

/// The part of JSON Schema that our schema uses: `$ref`, `anyOf`, `type`, `const`, `enum`, `required`, `properties`
/// without any others, `items`.
fn conforms(value: &serde_json::Value, schema: &serde_json::Value, definitions: &serde_json::Value, path: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        return conforms(value, &definitions[reference.rsplit('/').next().unwrap()], definitions, path);
    }
    if let Some(options) = schema["anyOf"].as_array() {
        let fits = if value.is_null() { 1 } else { 0 };
        return conforms(value, &options[fits], definitions, path);
    }
    if let Some(fixed) = schema.get("const") {
        assert_eq!(value, fixed, "{path}");
    }
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{path}: {value}");
    }
    let kind = match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "boolean",
        serde_json::Value::Number(_) => "integer",
        serde_json::Value::String(_) => "string",
        serde_json::Value::Array(_) => "array",
        serde_json::Value::Object(_) => "object",
    };
    match &schema["type"] {
        serde_json::Value::String(wanted) => assert_eq!(kind, wanted, "{path}"),
        serde_json::Value::Array(wanted) => assert!(wanted.contains(&kind.into()), "{path}: {kind}"),
        _ => {}
    }
    if let Some(items) = value.as_array() {
        items.iter().for_each(|item| conforms(item, &schema["items"], definitions, &format!("{path}[]")));
    }
    if let Some(members) = value.as_object() {
        let required: Vec<&str> =
            schema["required"].as_array().unwrap().iter().filter_map(|key| key.as_str()).collect();
        assert!(required.iter().all(|key| members.contains_key(*key)), "{path}");
        for (key, member) in members {
            assert!(schema["properties"].get(key).is_some(), "{path}.{key}");
            conforms(member, &schema["properties"][key], definitions, &format!("{path}.{key}"));
        }
    }
}

#[test]
fn junit_counts_no_data_as_skipped_and_faults_as_errors() {
    let fake =
        Fake::default().with("logs||latency_ms", &values(&["1", "600"])).with("logs|good|", &[]).with("logs||", &[]);
    let latency = slo(
        LATENCY,
        "{displayName: 'a & \"b\"', op: lte, value: 500, target: 0.95}, {op: lte, value: 600, target: 0.5}",
    );
    let quiet = slo(GOOD, "{target: 0.95}").replace("name: web", "name: quiet");
    let slices = slo(GOOD, "{target: 0.95}")
        .replace("name: web", "name: dog")
        .replace("type: probity, spec: {table: logs}", "type: Dog, spec: {q: 1}");
    let xml = to_junit(&judge(&format!("{latency}---\n{quiet}---\n{slices}"), &fake));
    assert!(
        xml.contains("<testsuites name=\"probity evaluate\" tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\""),
        "{xml}"
    );
    assert!(xml.contains("<testcase classname=\"shop.web\" name=\"a &amp; &quot;b&quot; over 30d\""), "{xml}");
    assert!(xml.contains("<error type=\"unknown-source-type\""), "{xml}");
    assert!(xml.contains("<skipped message=\"There are no events in the window, so there is no verdict.\"/>"), "{xml}");
}

proptest! {
    #[test]
    fn a_verdict_does_not_depend_on_the_order_and_is_the_nearest_rank(
        mut numbers in prop::collection::vec(0_u32..100, 1..60),
        seed in any::<u64>(),
        threshold in 0_u32..100,
        target in 0_u32..100,
    ) {
        let objective = format!("{{op: lte, value: {threshold}, targetPercent: {target}}}");
        let rules = slo(LATENCY, &objective);
        let data = |numbers: &[u32]| {
            let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            Fake::default().with("logs||latency_ms", &values(&texts.iter().map(String::as_str).collect::<Vec<_>>()))
        };
        let first = judge(&rules, &data(&numbers));
        let length = numbers.len();
        for index in 0..length {
            numbers.swap(index, (seed as usize).wrapping_mul(index + 7) % length);
        }
        let second = judge(&rules, &data(&numbers));
        prop_assert_eq!(line(&first), line(&second));
        prop_assert_eq!(&first.outcomes[0].shown, &second.outcomes[0].shown);
        numbers.sort_unstable();
        let rank = (target as usize * length).div_ceil(100);
        let met = rank == 0 || numbers[rank - 1] <= threshold;
        prop_assert_eq!(first.verdict == Verdict::Met, met);
    }
}
