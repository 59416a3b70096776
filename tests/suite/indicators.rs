//! Indicators of `docs/indicators.md`: beacons of real users, precision and recall by hand.

use crate::house::House;

/// Beacons as the library web-vitals makes them, with the time of whoever took them; without one they are told.
#[test]
fn beacons_of_real_users_are_metrics() {
    let house = House::initialised();
    let beacon = |time: &str, name: &str, value: &str| {
        format!(
            "{{{time}\"name\":\"{name}\",\"value\":{value},\"rating\":\"good\",\"delta\":{value},\"id\":\"v4-1\",\"navigationType\":\"navigate\"}}\n"
        )
    };
    let time = "\"time\":\"2026-11-22T11:00:00Z\",";
    house.write("beacons.jsonl", beacon(time, "LCP", "1834.5") + &beacon(time, "CLS", "0.02"));
    let taken = house.json(&["ingest", "--kind", "metrics", "beacons.jsonl"], 0);
    assert_eq!((&taken["inputs"][0]["records"], &taken["inputs"][0]["rejected"]), (&2.into(), &0.into()), "{taken}");
    house.write("bare.jsonl", beacon("", "LCP", "1834.5"));
    let ran = house.run(&["ingest", "--kind", "metrics", "bare.jsonl"]).expect(6);
    assert!((ran.stdout + &ran.stderr).contains("missing-time"));
    #[cfg(feature = "engine")]
    assert_eq!(house.count("SELECT count(*) FROM metrics WHERE name = 'LCP' AND value = 1834.5"), 1);
}

/// A recording is known by its content; what may be secret comes into no row, and a broken one is refused whole.
#[test]
fn recordings_of_browsers_are_rows() {
    let house = House::initialised();
    let recording = include_str!("../../fixtures/har/valid/shop.har");
    house.write("recording", recording);
    let taken = house.json(&["ingest", "recording"], 0);
    let input = &taken["inputs"][0];
    assert_eq!(
        (&input["format"], &input["records"], &input["rejected"], &input["absent"]),
        (&"har".into(), &6.into(), &0.into(), &1.into()),
        "{taken}"
    );
    house.write("cut.har", &recording[..recording.len() - 20]);
    let ran = house.run(&["ingest", "cut.har"]).expect(6);
    assert!(ran.stderr.contains("bad-har"), "{}", ran.stderr);
    house.write("broken.har", include_str!("../../fixtures/har/invalid/entries.har"));
    let ran = house.run(&["ingest", "--max-rejected", "100%", "broken.har"]).expect(0);
    assert!(!(ran.stdout + &ran.stderr).contains("s3cret"));
    #[cfg(feature = "engine")]
    {
        assert_eq!(
            house.count("SELECT count(*) FROM logs WHERE attributes['wait_ms'] = '90' AND latency_ms = 120.75"),
            1
        );
        assert_eq!(house.count("SELECT count(*) FROM metrics WHERE name = 'har.page.onLoad' AND value = 1834"), 1);
        assert_eq!(house.count("SELECT count(*) FROM logs WHERE path LIKE '%s3cret%' OR path LIKE '%?%'"), 0);
    }
}

/// Objectives of `docs/indicators.md` over a recording: 4 answers, of which one is an error and one came late; the first
/// bytes of 3 came within 200 ms.
#[cfg(feature = "engine")]
#[test]
fn objectives_over_a_recording_are_those_by_hand() {
    let house = House::initialised();
    let entry = |second: u8, status: u16, time: u16, wait: u16| {
        format!(
            "{{\"startedDateTime\":\"2026-11-22T11:00:0{second}Z\",\"time\":{time},\"request\":{{\"method\":\"GET\",\
             \"url\":\"https://shop.example/?t=1\"}},\"response\":{{\"status\":{status}}},\"timings\":{{\"wait\":{wait}}}}}"
        )
    };
    let entries =
        [entry(0, 200, 500, 200), entry(1, 503, 10, 5), entry(2, 200, 501, 450), entry(3, 204, 7, 3)].join(",");
    house.write("shop.har", format!("{{\"log\":{{\"creator\":{{}},\"entries\":[{entries}]}}}}"));
    house.run(&["ingest", "shop.har"]).expect(0);
    let here = "attributes['server.address'] = 'shop.example'";
    let check = |indicator: String, objective: &str, exit: i32, good: u64| {
        house.write(
            "slo.yaml",
            format!(
                "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: shop}}\nspec:\n  description: It answers\n  service: shop\n  \
                 indicator:\n    metadata: {{name: i}}\n    spec: {indicator}\n  timeWindow: [{{duration: 1d, isRolling: true}}]\n  \
                 budgetingMethod: Occurrences\n  objectives: [{objective}]\n"
            ),
        );
        let found = house.json(&["evaluate", "--rule", "slo.yaml"], exit);
        let found = &found["objectives"][0];
        assert_eq!((&found["good"], &found["total"]), (&good.into(), &4.into()), "{found}");
    };
    let rows =
        |filter: &str| format!("{{metricSource: {{type: probity, spec: {{table: logs, where: \"{filter}\"}}}}}}");
    let good = rows(&format!("{here} AND status < 500 AND latency_ms <= 500"));
    let ratio = format!("{{ratioMetric: {{good: {good}, total: {}}}}}", rows(here));
    check(ratio.clone(), "{displayName: goal, target: 0.5}", 0, 2);
    check(ratio, "{displayName: goal, target: 0.51}", 1, 2);
    let wait = "CAST(attributes['wait_ms'] AS DOUBLE)";
    let source =
        format!("{{metricSource: {{type: probity, spec: {{table: logs, where: \"{here}\", value: \"{wait}\"}}}}}}");
    check(format!("{{thresholdMetric: {source}}}"), "{displayName: goal, op: lte, value: 200, target: 0.75}", 0, 3);
}

/// Charges are known by their header and keep their digits; what is no charge is rejected.
#[test]
fn charges_are_rows() {
    let house = House::initialised();
    house.write("focus.csv", include_str!("../../fixtures/focus/valid/charges.csv"));
    let taken = house.json(&["ingest", "focus.csv"], 0);
    let input = &taken["inputs"][0];
    assert_eq!((&input["format"], &input["records"]), (&"focus".into(), &3.into()), "{taken}");
    house.write("broken.csv", include_str!("../../fixtures/focus/invalid/charges.csv"));
    let ran = house.run(&["ingest", "broken.csv"]).expect(6);
    assert!(ran.stderr.contains("too-many-rejected"), "{}", ran.stderr);
    // Whoever has a map says what the columns mean.
    house.write("map.toml", "[fields]\ntime = \"ChargePeriodEnd\"\n");
    let taken = house.json(&["ingest", "--map", "map.toml", "focus.csv"], 0);
    assert_eq!(taken["inputs"][0]["format"], "csv", "{taken}");
}

/// The table of `docs/indicators.md`: 2 of 4 costs per unit hold; and what is refused.
#[cfg(feature = "engine")]
#[test]
fn costs_per_unit_are_those_by_hand() {
    let house = House::initialised();
    let days: [(&[&str], usize); 6] =
        [(&["0.1", "0.2"], 3), (&["0.300000000000000001"], 3), (&["5", "-5"], 10), (&["1"], 0), (&["0"], 0), (&[], 8)];
    let mut charges =
        "ChargePeriodStart,ServiceName,BilledCost,BillingCurrency,ConsumedQuantity,ConsumedUnit\n".to_owned();
    let mut answers = String::new();
    for (day, (costs, units)) in (14..).zip(days) {
        for cost in costs {
            charges +=
                &format!("2026-11-{day}T00:00:00Z,S3,{cost},EUR,{},GB\n", if *cost == "0.2" { "2" } else { "1" });
        }
        for second in 0..units {
            answers +=
                &format!("{{\"ts\":\"2026-11-{day}T12:00:{second:02}Z\",\"service\":\"shop\",\"status\":200}}\n");
        }
    }
    house.write("focus.csv", charges);
    house.write("answers.jsonl", answers);
    house.run(&["ingest", "focus.csv", "answers.jsonl"]).expect(0);
    let judged = |spec: &str, objective: &str, exit: i32| {
        house.write(
            "slo.yaml",
            format!(
                "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: price}}\nspec:\n  description: It is cheap\n  service: shop\n  \
                 indicator:\n    metadata: {{name: i}}\n    spec: {{thresholdMetric: {{metricSource: {{type: probity, spec: {{{spec}}}}}}}}}\n  \
                 timeWindow: [{{duration: 30d, isRolling: true}}]\n  budgetingMethod: Occurrences\n  objectives: [{objective}]\n"
            ),
        );
        house.json(&["evaluate", "--rule", "slo.yaml"], exit)["objectives"][0].clone()
    };
    let answers = "units: {table: logs, where: \"service = 'shop'\"}";
    let spec = format!("cost: BilledCost, currency: EUR, {answers}");
    let check = |spec: &str, objective: &str, exit: i32, good: u64, total: u64| {
        let found = judged(spec, objective, exit);
        assert_eq!((&found["good"], &found["total"]), (&good.into(), &total.into()), "{spec} {objective}: {found}");
    };
    check(&spec, "{op: lte, value: 0.1, target: 0.5}", 0, 2, 4);
    check(&spec, "{op: lte, value: 0.1, target: 0.51}", 1, 2, 4);
    check(&spec, "{op: lt, value: 0.1, target: 0.25}", 0, 1, 4);
    check(&spec, "{op: gte, value: 0.1, target: 0.75}", 0, 3, 4);
    // By what was consumed: 0.3 for 3, a little more for 1, nothing for 2, 1 for 1, 0 for 1.
    check("cost: BilledCost, currency: EUR, quantity: GB", "{op: lte, value: 0.1, target: 0.6}", 0, 3, 5);
    // No charge at all is no verdict.
    check(&format!("{spec}, where: \"service = 'EC2'\""), "{op: lte, value: 1, target: 0.5}", 3, 0, 0);
    let refused = |spec: &str, code: &str| {
        let found = judged(spec, "{op: lte, value: 1, target: 0.5}", 7);
        assert_eq!((&found["fault"]["code"], &found["verdict"]), (&code.into(), &"no data".into()), "{found}");
    };
    refused("cost: BilledCost, currency: EUR, quantity: Requests", "mixed-units");
    refused(&spec.replace("BilledCost", "ListCost"), "missing-cost");
    refused(&spec.replace("EUR", "USD"), "mixed-currencies");
    house.write(
        "dollars.csv",
        "ChargePeriodStart,ServiceName,BilledCost,BillingCurrency\n2026-11-14T00:00:00Z,S3,1,USD\n",
    );
    house.run(&["ingest", "dollars.csv"]).expect(0);
    refused(&spec, "mixed-currencies");
    let euros = format!("{spec}, where: \"attributes['BillingCurrency'] = 'EUR'\"");
    check(&euros, "{op: lte, value: 0.1, target: 0.5}", 0, 2, 4);
}

/// 3 hits, 1 false alarm, 2 misses, 4 rightly let go: 3 of 4 and 3 of 5, by hand.
#[cfg(feature = "engine")]
#[test]
fn precision_and_recall_are_those_by_hand() {
    let house = House::initialised();
    let outcomes = [("fraud", "fraud", 3), ("fraud", "ok", 1), ("ok", "fraud", 2), ("ok", "ok", 4)];
    let (mut text, mut second) = (String::new(), 0);
    for (predicted, actual, times) in outcomes {
        for _ in 0..times {
            text += &format!(
                "{{\"ts\":\"2026-11-22T11:00:0{second}Z\",\"service\":\"fraud\",\"predicted\":\"{predicted}\",\"actual\":\"{actual}\"}}\n"
            );
            second += 1;
        }
    }
    house.write("outcomes.jsonl", text);
    house.run(&["ingest", "outcomes.jsonl"]).expect(0);
    let check = |of: &str, target: &str, exit: i32, good: u64, total: u64| {
        let hit = "attributes['predicted'] = 'fraud' AND attributes['actual'] = 'fraud'";
        let source =
            |filter: &str| format!("{{metricSource: {{type: probity, spec: {{table: logs, where: \"{filter}\"}}}}}}");
        let (good_rows, all_rows) = (source(hit), source(&format!("attributes['{of}'] = 'fraud'")));
        house.write(
            "slo.yaml",
            format!(
                "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: detector}}\nspec:\n  description: It finds fraud\n  \
                 service: fraud\n  indicator:\n    metadata: {{name: i}}\n    spec:\n      ratioMetric:\n        good: {good_rows}\n        \
                 total: {all_rows}\n  timeWindow: [{{duration: 1d, isRolling: true}}]\n  budgetingMethod: Occurrences\n  \
                 objectives: [{{displayName: goal, target: {target}}}]\n"
            ),
        );
        let found = house.json(&["evaluate", "--rule", "slo.yaml"], exit);
        let found = &found["objectives"][0];
        assert_eq!((&found["good"], &found["total"]), (&good.into(), &total.into()), "{of}: {found}");
    };
    check("predicted", "0.75", 0, 3, 4);
    check("predicted", "0.751", 1, 3, 4);
    check("actual", "0.6", 0, 3, 5);
    check("actual", "0.61", 1, 3, 5);
}
