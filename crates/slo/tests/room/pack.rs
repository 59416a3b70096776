//! The built-in pack, and packs in general.

use std::path::PathBuf;

use model::{Decimal, Instant};
use slo::{Book, Pack, Reading, evaluate};

use crate::fake::Fake;

fn setting(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// The built-in pack keeps to OpenSLO to the letter.
fn strictly() -> Reading {
    Reading { strict: true, ..Reading::default() }
}

fn production(settings: &[(&str, &str)]) -> Result<Book, String> {
    let settings: Vec<_> = settings.iter().map(|(name, value)| setting(name, value)).collect();
    Book::pack("production", &settings, &strictly()).map_err(|faults| {
        let shown: Vec<String> = faults.iter().map(|fault| format!("{} {fault}", fault.code())).collect();
        shown.join("; ")
    })
}

/// Rule, objective, target and condition of every objective, as an evaluation shows them.
fn shown(book: &Book) -> Vec<String> {
    let now = Instant::parse("2026-01-31T00:00:00Z").unwrap();
    let evaluation = evaluate(book, now, &Fake::default()).unwrap();
    let line = |outcome: &slo::Outcome| {
        let (rule, objective, condition) = (&outcome.rule, &outcome.objective, &outcome.condition);
        let severity = outcome.severity.map_or("-", |severity| severity.word());
        format!("{rule}/{objective}: {} {condition} [{} {severity}]", outcome.target, outcome.window.length)
    };
    evaluation.outcomes.iter().map(line).collect()
}

#[test]
fn the_production_pack_promises_what_it_says() {
    let book = production(&[]).unwrap();
    assert_eq!(book.warnings(), []);
    assert!(book.rules().iter().all(|rule| rule.pack.as_deref() == Some("production") && rule.service == "production"));
    let expect = [
        "availability/slo: 0.995 status IS NOT NULL AND status < 500 [30d critical]",
        "availability/target: 0.999 status IS NOT NULL AND status < 500 [30d critical]",
        "battery/limit: 0.95 value ≤ 5 %/h [30d low]",
        "cpu/limit: 0.95 value ≤ 70 % [30d medium]",
        "latency/P50: 0.5 latency_ms ≤ 500 ms [30d high]",
        "latency/P95: 0.95 latency_ms ≤ 500 ms [30d high]",
        "latency/P99: 0.99 latency_ms ≤ 500 ms [30d high]",
        "memory/limit: 0.95 value ≤ 512000000 bytes [30d medium]",
        "network/limit: 0.95 value ≤ 100000000 bytes/h [30d low]",
        "offload-floor/floor of the band 10–50 %: 0.1 increase of offloaded_requests_total [30d medium]",
        "offload-ceiling/ceiling of the band 10–50 %: 0.5 not: increase of offloaded_requests_total [30d medium]",
    ];
    assert_eq!(shown(&book), expect);
}

#[test]
fn every_number_is_a_parameter() {
    let book = production(&[
        ("window", "7d"),
        ("service", "shop"),
        ("latency_ms", "250.5"),
        ("latency_ms", "251.5"),
        ("memory", "512MiB"),
        ("offload_percent", "40"),
        ("offload_band", "2.5"),
        ("target_percent", "99.95"),
        ("resource_share_percent", "90"),
    ])
    .unwrap();
    assert_eq!(book.rules()[0].service, "shop");
    let lines = shown(&book);
    let has = |line: &str| assert!(lines.iter().any(|known| known == line), "{line} in {lines:#?}");
    has("availability/target: 0.9995 status IS NOT NULL AND status < 500 [7d critical]");
    has("latency/P95: 0.95 latency_ms ≤ 251.5 ms [7d high]");
    has("memory/limit: 0.9 value ≤ 536870912 bytes [7d medium]");
    has("offload-floor/floor of the band 37.5–42.5 %: 0.375 increase of offloaded_requests_total [7d medium]");
    has("offload-ceiling/ceiling of the band 37.5–42.5 %: 0.575 not: increase of offloaded_requests_total [7d medium]");
}

#[test]
fn wrong_parameters_are_refused() {
    let check = |name: &str, value: &str, expect: &str| {
        let fault = production(&[(name, value)]).unwrap_err();
        assert!(fault.starts_with(expect), "{name}={value}: {fault}");
    };
    check("latencyms", "1", "unknown-parameter");
    check("latency_ms", "fast", "bad-parameter");
    check("latency_ms", "-1", "bad-parameter");
    check("slo_percent", "100", "bad-parameter");
    check("memory", "512mb", "bad-parameter");
    check("window", "30s", "bad-parameter");
    check("service", "x, y: z", "bad-parameter");
    // A band that leaves 0–100 % is a promise that nobody can keep or break.
    check(
        "offload_band",
        "31",
        "bad-target packs/production/offload.yaml:28:22: spec.objectives[0].targetPercent is -1",
    );
    assert_eq!(Book::pack("prod", &[], &strictly()).unwrap_err().iter().next().unwrap().code(), "unknown-pack");
}

/// The ends of the band belong to it.
#[test]
fn the_band_includes_its_ends() {
    let now = Instant::parse("2026-01-31T00:00:00Z").unwrap();
    let check = |offloaded: usize, expect: [&str; 2]| {
        let event = (now, Decimal::ONE);
        let fake = Fake::default()
            .with("+offloaded_requests_total", &vec![event; offloaded])
            .with("+requests_total", &vec![event; 100]);
        let evaluation = evaluate(&production(&[]).unwrap(), now, &fake).unwrap();
        let verdict = |rule: &str| {
            let outcome = evaluation.outcomes.iter().find(|outcome| outcome.rule == rule).unwrap();
            assert!(outcome.objective.contains("10–50 %"), "the band is printed");
            outcome.verdict.word()
        };
        assert_eq!([verdict("offload-floor"), verdict("offload-ceiling")], expect, "{offloaded} of 100");
    };
    check(9, ["broken", "met"]);
    check(10, ["met", "met"]);
    check(50, ["met", "met"]);
    check(51, ["met", "broken"]);
}

fn own(toml: &str, value: &str) -> Result<Vec<String>, String> {
    let rules = format!(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: own}}\nspec:\n  service: s\n  indicator: {{metadata: \
         {{name: i}}, spec: {{thresholdMetric: {{metricSource: {{type: probity, spec: {{table: logs, value: x}}}}}}}}}}\n  \
         timeWindow: [{{duration: 1d, isRolling: true}}]\n  budgetingMethod: Occurrences\n  objectives:\n    \
         - {{displayName: o, op: lt, target: 0.5, value: {value}}}\n"
    );
    let files = vec![(PathBuf::from("own/pack.toml"), toml.to_owned()), (PathBuf::from("own/rule.yaml"), rules)];
    let book = Book::pack_from("own", files, &[], &Reading::default());
    book.map(|book| shown(&book)).map_err(|faults| {
        let shown: Vec<String> = faults.iter().map(|fault| format!("{} {fault}", fault.code())).collect();
        shown.join("; ")
    })
}

#[test]
fn packs_of_your_own_are_read_as_strictly() {
    let toml = |rest: &str| {
        format!("title = \"Own\"\n[parameters.a]\ntype = \"decimal\"\ndefault = 1.5\nmeaning = \"m\"\n{rest}")
    };
    let check = |toml: &str, value: &str, expect: Result<&str, &str>| match (own(toml, value), expect) {
        (Ok(lines), Ok(expect)) => assert_eq!(lines, [format!("own/o: 0.5 x < {expect} [1d -]")], "{value}"),
        (Err(fault), Err(expect)) => assert!(fault.starts_with(expect), "{value}: {fault}"),
        (found, _) => panic!("{value}: {found:?}"),
    };
    check(&toml(""), "\"${a}\"", Ok("1.5"));
    check(&toml(""), "\"${ 10-a - 0.25 + a }\"", Ok("9.75"));
    check(&toml(""), "\"1${a}\"", Err("wrong-type own/rule.yaml:10:52"));
    check(&toml(""), "\"${b}\"", Err("unknown-parameter own/rule.yaml:10:52: \"b\" is not a parameter of this pack"));
    check(&toml(""), "\"${a\"", Err("bad-expression own/rule.yaml:10:52"));
    for wrong in ["", "a a", "a -", "- a", "a + - a", "a * 2"] {
        check(&toml(""), &format!("\"${{{wrong}}}\""), Err("bad-expression"));
    }
    check(&toml("unt = \"s\"\n"), "1", Err("unknown-key own/pack.toml:6:1"));
    check(
        &toml("[parameters.B]\ntype = \"decimal\"\ndefault = 1\nmeaning = \"m\"\n"),
        "1",
        Err("name-format own/pack.toml:6:13"),
    );
    check(
        &toml("[parameters.b]\ntype = \"text\"\ndefault = 1\nmeaning = \"m\"\n"),
        "1",
        Err("unknown-word own/pack.toml:7:8"),
    );
    check(
        &toml("[parameters.b]\ntype = \"bytes\"\ndefault = \"many\"\nmeaning = \"m\"\n"),
        "1",
        Err("bad-parameter own/pack.toml:8:11"),
    );
    check("title = Own", "1", Err("bad-toml own/pack.toml:1:9"));
    let files = vec![(PathBuf::from("rule.yaml"), String::new())];
    assert_eq!(Pack::read("own", files, &strictly()).unwrap_err().iter().next().unwrap().code(), "no-pack-file");
}

#[test]
fn a_pack_and_rules_of_the_same_name_live_together_once() {
    let book = || production(&[]).unwrap();
    let rules = Pack::texts("production").unwrap().iter().find(|(name, _)| *name == "latency.yaml").unwrap().1;
    let plain = rules.replace("${latency_ms}", "500").replace("${service}", "x").replace("${window}", "1d");
    let file =
        || Book::load(vec![("latency.yaml".into(), plain.replace("\"500\"", "500"))], &Default::default()).unwrap();
    assert_eq!(book().and(file()).unwrap().rules().len(), 9);
    assert_eq!(book().and(book()).unwrap_err().iter().next().unwrap().code(), "duplicate-name");
    assert_eq!(file().and(file()).unwrap_err().iter().next().unwrap().code(), "duplicate-name");
}

#[test]
fn parameters_say_what_they_mean_in_the_order_of_the_file() {
    let pack = Pack::built_in("production", &strictly()).unwrap();
    let names: Vec<&str> = pack.parameters().iter().map(|parameter| parameter.name.as_str()).collect();
    assert_eq!(names[..3], ["service", "window", "latency_ms"]);
    assert!(pack.parameters().iter().all(|parameter| parameter.meaning.ends_with('.')));
    assert_eq!((pack.name(), pack.title()), ("production", "Production"));
}
