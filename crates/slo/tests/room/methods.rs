//! Slices of time, calendar windows and composites.

use model::{Decimal, Instant, Verdict};
use proptest::prelude::*;
use slo::{Book, Evaluation, Outcome, Reading, evaluate, to_json, to_junit};

use crate::fake::Fake;

const AT: &str = "2026-01-31T00:00:00Z";

fn instant(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn source(filter: &str) -> String {
    let filter = if filter.is_empty() { String::new() } else { format!(", where: {filter}") };
    format!("{{metricSource: {{type: probity, spec: {{table: logs{filter}}}}}}}")
}

fn ratio(good: &str, total: &str) -> String {
    format!("{{metadata: {{name: i}}, spec: {{ratioMetric: {{good: {}, total: {}}}}}}}", source(good), source(total))
}

const ROLLING: &str = "{duration: 2w, isRolling: true}";

/// An SLO whose indicator is `good` of everything, unless the objectives bring their own.
fn slo(method: &str, window: &str, objectives: &str) -> String {
    let own =
        if objectives.contains("indicator") { String::new() } else { format!("  indicator: {}\n", ratio("good", "")) };
    format!(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: web}}\nspec:\n  description: d\n  service: shop\n  \
         timeWindow: [{window}]\n  budgetingMethod: {method}\n{own}  objectives: [{objectives}]\n"
    )
}

fn judge(rules: &str, at: &str, fake: &Fake) -> Evaluation {
    let book = Book::load(vec![("rules.yaml".into(), rules.to_owned())], &Reading::default()).unwrap();
    let evaluation = evaluate(&book, instant(at), fake).unwrap();
    assert!(to_junit(&evaluation).starts_with("<?xml") && to_json(&evaluation).is_object());
    evaluation
}

/// `verdict good/total bad allowed spent remaining burn ratio | whole counted empty to_come`, or the code of the fault.
fn line(outcome: &Outcome) -> String {
    if let Some(fault) = &outcome.fault {
        assert_eq!(outcome.verdict, Verdict::NoData);
        return fault.code().to_owned();
    }
    let budget = outcome
        .budget
        .map_or("-".to_owned(), |budget| format!("{} {} {}", budget.allowed, budget.spent, budget.remaining));
    let burn = outcome.burn_rate.as_ref().map_or("-".to_owned(), ToString::to_string);
    let ratio = outcome.ratio().unwrap_or("-".to_owned());
    let slices = outcome.slices.map_or(String::new(), |it| {
        assert_eq!(it.whole, it.counted + it.empty + it.to_come);
        format!(" | {} {} {} {}", it.whole, it.counted, it.empty, it.to_come)
    });
    format!("{} {}/{} {} {budget} {burn} {ratio}{slices}", outcome.verdict, outcome.good, outcome.total, outcome.bad)
}

/// So many events each minute of `minutes` before `AT`, a second after its beginning.
fn each_minute(minutes: std::ops::Range<i64>, events: usize) -> Vec<(Instant, Decimal)> {
    let at = |minute: i64| Instant::from_nanos(instant(AT).nanos() - (minute * 60 - 1) * 1_000_000_000);
    minutes.flat_map(|minute| std::iter::repeat_n((at(minute + 1), Decimal::ONE), events)).collect()
}

fn fake(good: &[(Instant, Decimal)], total: &[(Instant, Decimal)]) -> Fake {
    Fake::default().with("logs|good|", good).with("logs||", total)
}

fn check(rules: &str, fake: &Fake, expect: &str) {
    let found: Vec<String> = judge(rules, AT, fake).outcomes.iter().map(line).collect();
    assert_eq!(found.join("; "), expect, "{rules}");
}

/// Two weeks of minutes at 95 %: 20,160 slices, of which 1,008 may be bad: 16 h 48 m of a full outage.
#[test]
fn timeslices_count_slices() {
    let rules = slo("Timeslices", ROLLING, "{target: 0.95, timeSliceTarget: 0.9, timeSliceWindow: 1m}");
    let all = each_minute(0..20_160, 10);
    let outage = |minutes: i64| fake(&each_minute(minutes..20_160, 10), &all);
    check(&rules, &outage(1008), "met 19152/20160 1008 1008 1008 0 1.00 0.950000 | 20160 20160 0 0");
    check(&rules, &outage(1009), "broken 19151/20160 1009 1008 1009 -1 1.000993 0.949950 | 20160 20160 0 0");
    // Nine of ten is the least that makes a slice good; eight of ten is not.
    let nine = [each_minute(0..20_160, 9)].concat();
    check(&rules, &fake(&nine, &all), "met 20160/20160 0 1008 0 1008 0.00 1.000000 | 20160 20160 0 0");
    let eight = [each_minute(0..1, 8), each_minute(1..20_160, 10)].concat();
    check(&rules, &fake(&eight, &all), "met 20159/20160 1 1008 1 1007 0.000993 0.999950 | 20160 20160 0 0");
    // Slices without events count for nothing, and without any there is no verdict.
    let night = each_minute(10_080..20_160, 10);
    check(&rules, &fake(&night, &night), "met 10080/10080 0 504 0 504 0.00 1.000000 | 20160 10080 10080 0");
    check(&rules, &fake(&[], &[]), "no data 0/0 0 - - - | 20160 0 20160 0");
    check(&rules, &fake(&all, &all[1..]), "more-good-than-total");
}

/// What is judged half a minute later is the same: slices lie where they lie.
#[test]
fn a_slice_that_is_not_over_does_not_count() {
    let rules = slo("Timeslices", ROLLING, "{target: 0.95, timeSliceTarget: 0.9, timeSliceWindow: 1m}");
    let all = each_minute(-1..20_160, 2);
    let running = fake(&each_minute(0..20_160, 2), &all);
    let found = judge(&rules, "2026-01-31T00:00:30Z", &running);
    assert_eq!(line(&found.outcomes[0]), "met 20160/20160 0 1008 0 1008 0.00 1.000000 | 20160 20160 0 0");
    let window = found.outcomes[0].window.interval;
    assert_eq!(window.to, Instant::from_nanos(instant(AT).nanos() - 1));
    let found = judge(&rules, "2026-01-31T00:01:00Z", &running);
    assert_eq!(line(&found.outcomes[0]), "met 20159/20160 1 1008 1 1007 0.000993 0.999950 | 20160 20160 0 0");
}

/// 99 % in quiet times and 1 % during an outage: 822 minutes of it are met, 823 are not (0.04 / 0.98 · 20,160 = 822.86).
#[test]
fn ratio_timeslices_take_the_mean() {
    let rules = slo("RatioTimeslices", ROLLING, "{target: 0.95, timeSliceWindow: 1m}");
    let all = each_minute(0..20_160, 100);
    let outage = |minutes| fake(&[each_minute(0..minutes, 1), each_minute(minutes..20_160, 99)].concat(), &all);
    check(&rules, &outage(822), "met 0/20160 20160 1008 1007.16 0.84 0.999167 0.950041 | 20160 20160 0 0");
    check(&rules, &outage(823), "broken 0/20160 20160 1008 1008.14 -0.14 1.000139 0.949993 | 20160 20160 0 0");
    // Every slice alike, however much traffic it has: the mean of 1/1 and 1/3 is 2/3.
    let rules = slo("RatioTimeslices", "{duration: 2m, isRolling: true}", "{target: 0.6666, timeSliceWindow: 1m}");
    let (one, three) = (each_minute(0..1, 1), each_minute(1..2, 3));
    let thirds = fake(&[one.clone(), each_minute(1..2, 1)].concat(), &[one, three].concat());
    check(&rules, &thirds, "met 1/2 1 0.6668 0.666667 0.000133 0.999801 0.666666 | 2 2 0 0");
}

/// Equality is met, exactly: sevenths and thirds add up to 20/21.
#[test]
fn a_mean_is_compared_as_a_fraction() {
    let rules = |target: &str| {
        slo("RatioTimeslices", "{duration: 3m, isRolling: true}", &format!("{{target: {target}, timeSliceWindow: 1m}}"))
    };
    // (1/3 + 2/3 + 1/2) / 3 = 1/2.
    let good = [each_minute(0..1, 1), each_minute(1..2, 2), each_minute(2..3, 1)].concat();
    let total = [each_minute(0..1, 3), each_minute(1..2, 3), each_minute(2..3, 2)].concat();
    check(&rules("0.5"), &fake(&good, &total), "met 0/3 3 1.5 1.5 0 1.00 0.500000 | 3 3 0 0");
    let found = judge(&rules("0.500000000000000001"), AT, &fake(&good, &total));
    assert_eq!(found.verdict, Verdict::Broken);
    assert_eq!(
        found.outcomes[0].reason,
        "The mean of 3 slices is 0.500000000000000000 where 0.500000000000000001 is needed."
    );
}

#[test]
fn raw_ratios_are_means_of_slices() {
    let raw = "{metricSource: {type: probity, spec: {table: logs, value: share}}}";
    let metric = |word: &str| {
        format!("indicator: {{metadata: {{name: i}}, spec: {{ratioMetric: {{raw: {raw}, rawType: {word}}}}}}}")
    };
    let window = "{duration: 2m, isRolling: true}";
    let rules = |method: &str, word: &str, target: &str| {
        let text = slo(method, window, &format!("{{target: {target}, timeSliceTarget: 0.9, timeSliceWindow: 1m}}"));
        text.replace(&format!("indicator: {}", ratio("good", "")), &metric(word))
    };
    let values = |texts: &[(i64, &str)]| {
        let at = |minute: i64| each_minute(minute..minute + 1, 1)[0].0;
        let values: Vec<_> = texts.iter().map(|(minute, text)| (at(*minute), Decimal::parse(text).unwrap())).collect();
        Fake::default().with("logs||share", &values)
    };
    // Two samples in one minute, one in the other: the minutes weigh alike. (0.9 + 0.7)/2 = 0.8, and 1.
    let two = values(&[(0, "0.9"), (0, "0.7"), (1, "1")]);
    check(&rules("RatioTimeslices", "success", "0.9"), &two, "met 1/2 1 0.2 0.2 0 1.00 0.900000 | 2 2 0 0");
    check(&rules("RatioTimeslices", "failure", "0.1"), &two, "met 0/2 2 1.8 1.8 0 1.00 0.100000 | 2 2 0 0");
    check(&rules("Timeslices", "success", "0.5"), &two, "met 1/2 1 1 1 0 1.00 0.500000 | 2 2 0 0");
    check(&rules("Occurrences", "success", "0.5"), &two, "raw-without-slices");
}

/// Windows of a calendar are judged so far; the budget of slices is that of the whole window.
#[test]
fn calendar_windows_are_judged_so_far() {
    let berlin =
        "{duration: 1M, isRolling: false, calendar: {startTime: 2026-01-01 00:00:00, timeZone: Europe/Berlin}}";
    let events = |texts: &[&str]| texts.iter().map(|text| (instant(text), Decimal::ONE)).collect::<Vec<_>>();
    let edge =
        ["2026-02-28T22:59:59.999999999Z", "2026-02-28T23:00:00Z", "2026-03-10T00:00:00Z", "2026-03-31T22:00:00Z"];
    let found = |at: &str, objective: &str, method: &str| {
        let fake = fake(&events(&edge[..2]), &events(&edge));
        judge(&slo(method, berlin, objective), at, &fake).outcomes.remove(0)
    };
    // March in Berlin has 743 hours; of the four events two lie in it.
    let all = found("2026-03-31T22:00:00Z", "{target: 0.5}", "Occurrences");
    assert_eq!(line(&all), "met 1/2 1 1 1 0 1.00 0.500000");
    let period = all.window.period.as_ref().unwrap();
    assert_eq!(
        (period.from_local.as_str(), period.to_local.as_str()),
        ("2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00")
    );
    assert!(all.projected.is_none());
    // On the morning of the 10th 192 of 743 hours are over, 2 of 2 events of which one is bad: 7.7 at the end, if it goes on.
    let some = found("2026-03-10T00:00:00Z", "{target: 0.5}", "Occurrences");
    let projected = some.projected.unwrap();
    assert_eq!(line(&some), "met 1/2 1 1 1 0 1.00 0.500000");
    assert_eq!(
        (projected.allowed.to_string().as_str(), projected.remaining.to_string().as_str()),
        ("3.423963", "2.423963")
    );
    let sliced = "{target: 0.5, timeSliceTarget: 1, timeSliceWindow: 1h}";
    let hours = found("2026-03-10T00:30:00Z", sliced, "Timeslices");
    // 217 hours are over, in two of them something happened, one was bad; 526 are to come. The tenth is not over.
    assert_eq!(line(&hours), "met 527/527 0 263.5 0 263.5 0.00 1.000000 | 743 1 216 526".replace("217", ""));
}

#[test]
fn composites_burn_one_budget() {
    let member = |name: &str, good: &str, more: &str| {
        format!("{{displayName: {name}, target: 0.9, indicator: {}{more}}}", ratio(good, ""))
    };
    let rules = |method: &str, more: [&str; 2]| {
        let objectives = format!("{}, {}", member("cart", "good", more[0]), member("pay", "paid", more[1]));
        slo(method, "{duration: 10m, isRolling: true}", &objectives)
    };
    let all = each_minute(0..10, 10);
    // The cart fails half of its events in the newest minute, paying in the oldest.
    let cart = [each_minute(0..1, 5), each_minute(1..10, 10)].concat();
    let pay = [each_minute(0..9, 10), each_minute(9..10, 5)].concat();
    let fake = || Fake::default().with("logs|good|", &cart).with("logs|paid|", &pay).with("logs||", &all);
    let last = |rules: &str| line(judge(rules, AT, &fake()).outcomes.last().unwrap());
    // 5 of 100 bad at 90 % burns 0.5, twice that is 1; with a weight of 2 on one of them 1.5.
    assert_eq!(last(&rules("Occurrences", ["", ""])), "met 190/200 10 - 1.00 -");
    assert_eq!(last(&rules("Occurrences", ["", ", compositeWeight: 2"])), "broken 190/200 10 - 1.50 -");
    // One slice is bad for the one and another for the other: two of ten are bad for both together.
    let sliced = ", timeSliceTarget: 0.9, timeSliceWindow: 1m";
    assert_eq!(last(&rules("Timeslices", [sliced, sliced])), "broken 8/10 2 1 2 -1 2.00 0.800000 | 10 10 0 0");
    // Two means of 95 % are one of 90 %.
    assert_eq!(last(&rules("RatioTimeslices", [sliced, sliced])), "met 8/10 2 1 1 0 1.00 0.900000 | 10 10 0 0");
    let half = format!("{sliced}, compositeWeight: 0.5");
    assert_eq!(last(&rules("RatioTimeslices", [sliced, &half])), "met 8/10 2 1 0.75 0.25 0.75 0.925000 | 10 10 0 0");
    let other = sliced.replace("1m", "2m");
    assert_eq!(last(&rules("Timeslices", [sliced, &other])), "composite-slices");
    // Of one that is silent nothing is known: met is not said, broken is.
    let silent = |cart: &[(Instant, Decimal)]| {
        let fake = Fake::default().with("logs|good|", cart).with("logs||", &all).with("logs|none|", &[]);
        let rules = rules("Occurrences", ["", ""]).replace(&ratio("paid", ""), &ratio("none", "none"));
        judge(&rules, AT, &fake).outcomes.pop().unwrap()
    };
    assert_eq!(silent(&cart).verdict, Verdict::NoData);
    assert_eq!(silent(&cart).reason, "1 objective has no data, so there is no verdict on all of them.");
    assert_eq!(silent(&[]).verdict, Verdict::Broken);
    let names: Vec<String> =
        judge(&rules("Occurrences", ["", ""]), AT, &fake()).outcomes.into_iter().map(|one| one.objective).collect();
    assert_eq!(names, ["cart", "pay", "composite"]);
}

proptest! {
    /// Slices are good or bad by themselves: however the events of a slice are ordered, and wherever the rest lies.
    #[test]
    fn the_order_of_the_data_changes_nothing(mut events in prop::collection::vec((0_i64..30, any::<bool>()), 0..200), seed in any::<u64>()) {
        let rules = |method| slo(method, "{duration: 30m, isRolling: true}", "{target: 0.6, timeSliceTarget: 0.5, timeSliceWindow: 3m}");
        let fake = |events: &[(i64, bool)]| {
            let at = |minute: i64| each_minute(minute..minute + 1, 1)[0];
            let good: Vec<_> = events.iter().filter(|(_, good)| *good).map(|(minute, _)| at(*minute)).collect();
            let all: Vec<_> = events.iter().map(|(minute, _)| at(*minute)).collect();
            super::methods::fake(&good, &all)
        };
        for method in ["Occurrences", "Timeslices", "RatioTimeslices"] {
            let before = line(&judge(&rules(method), AT, &fake(&events)).outcomes[0]);
            let length = events.len().max(1) as u64;
            events.rotate_left((seed % length) as usize);
            events.reverse();
            let after = line(&judge(&rules(method), AT, &fake(&events)).outcomes[0]);
            prop_assert_eq!(before, after);
        }
    }
}

/// The same counts, whichever version of OpenSLO says it.
#[test]
fn other_versions_are_judged_alike() {
    let metric = "{source: prometheus, queryType: promql, query: 'hits_total{code=\"200\"}'}";
    let all = "{source: prometheus, queryType: promql, query: hits_total}";
    let first = format!(
        "apiVersion: openslo/v1alpha\nkind: SLO\nmetadata: {{name: web}}\nspec:\n  description: d\n  service: shop\n  \
         timeWindows: [{{unit: Week, count: 2, isRolling: true}}]\n  budgetingMethod: METHOD\n  objectives:\n  - \
         {{displayName: a, value: 1, target: 0.95, timeSliceTarget: 0.9, ratioMetrics: {{incremental: true, good: {metric}, \
         total: {all}}}}}\n"
    );
    let second = "apiVersion: openslo.com/v2alpha\nkind: SLO\nmetadata: {name: web}\nspec:\n  description: d\n  service: \
                  shop\n  timeWindow: [{duration: 2w, isRolling: true}]\n  budgetingMethod: METHOD\n  sli: {metadata: {name: i}, \
                  spec: {ratioMetric: {counter: true, good: {dataSourceSpec: {type: Prometheus}, spec: {query: \
                  'hits_total{code=\"200\"}'}}, total: {dataSourceSpec: {type: Prometheus}, spec: {query: hits_total}}}}}\n  \
                  objectives: [{displayName: a, target: 0.95, timeSliceTarget: 0.9, timeSliceWindow: 1m}]\n";
    let fake = Fake::default()
        .with("+hits_total{code=\"200\"}", &each_minute(1008..20_160, 10))
        .with("+hits_total", &each_minute(0..20_160, 10));
    for rules in [&first, second] {
        check(&rules.replace("METHOD", "Occurrences"), &fake, "met 191520/201600 10080 10080 10080 0 1.00 0.950000");
        check(
            &rules.replace("METHOD", "Timeslices"),
            &fake,
            "met 19152/20160 1008 1008 1008 0 1.00 0.950000 | 20160 20160 0 0",
        );
    }
}

/// Few events say nothing: of a window, of a slice, of an alert.
#[test]
fn few_events_are_no_verdict() {
    let rules = |method: &str, least: &str| {
        let text =
            slo(method, "{duration: 10m, isRolling: true}", "{target: 0.5, timeSliceTarget: 0.5, timeSliceWindow: 1m}");
        let annotations = format!(
            "metadata: {{name: web, annotations: {{probity/min-events: \"{least}\", probity/burn-alerts: default}}}}"
        );
        text.replace("metadata: {name: web}", &annotations)
    };
    // A minute with one bad event, nine with ten good ones.
    let good = each_minute(1..10, 10);
    let all = [each_minute(0..1, 1), good.clone()].concat();
    let found = |method: &str, least: &str| judge(&rules(method, least), AT, &fake(&good, &all)).outcomes.remove(0);
    assert_eq!(line(&found("Occurrences", "91")), "met 90/91 1 45.5 1 44.5 0.021979 0.989010");
    let few = found("Occurrences", "92");
    assert_eq!(line(&few), "no data 90/91 1 - - -");
    assert_eq!(few.reason, "91 events in the window: fewer than 92, so there is no verdict.");
    assert_eq!(line(&found("Timeslices", "1")), "met 9/10 1 5 1 4 0.20 0.900000 | 10 10 0 0");
    assert_eq!(line(&found("Timeslices", "2")), "met 9/9 0 4.5 0 4.5 0.00 1.000000 | 10 9 1 0");
    assert_eq!(line(&found("Timeslices", "11")), "no data 0/0 0 - - - | 10 0 10 0");
    let book = Book::load(vec![("rules.yaml".into(), rules("Occurrences", "some"))], &Reading::default());
    assert_eq!(book.unwrap_err().iter().next().unwrap().code(), "unknown-word");
}

/// So many events in each of `days` before `AT`, an hour before its end.
fn each_day(days: std::ops::Range<i64>, events: usize) -> Vec<(Instant, Decimal)> {
    let at = |day: i64| Instant::from_nanos(instant(AT).nanos() - (day * 86_400 + 3600) * 1_000_000_000);
    days.flat_map(|day| std::iter::repeat_n((at(day), Decimal::ONE), events)).collect()
}

/// A quarter of the budget in thirty days leaves ninety more, not eighty-nine; and each day is told.
#[test]
fn a_budget_is_told_day_by_day() {
    let looked = |rules: &str, at: &str, fake: &Fake| {
        let book = Book::load(vec![("rules.yaml".into(), rules.to_owned())], &Reading::default()).unwrap();
        let evaluation = slo::evaluate_to(slo::Extent { history: true }, &book, instant(at), fake).unwrap();
        let document = to_json(&evaluation);
        let outcome = evaluation.outcomes.into_iter().next().unwrap();
        let history = outcome.history.clone().unwrap();
        let (bad, total) = history.days.iter().fold((0, 0), |sum, day| (sum.0 + day.bad, sum.1 + day.total));
        assert_eq!((bad, total), (outcome.bad, outcome.total - outcome.slices.map_or(0, |it| it.to_come)));
        assert!(history.days.windows(2).all(|pair| pair[0].to == pair[1].from));
        assert_eq!(document["objectives"][0]["history"].as_array().unwrap().len(), history.days.len());
        (history, document["objectives"][0]["forecast"].clone())
    };
    let month = slo("Occurrences", "{duration: 30d, isRolling: true}", "{target: 0.9}");
    let steady = fake(&each_day(0..30, 39), &each_day(0..30, 40));
    let (history, forecast) = looked(&month, AT, &steady);
    assert_eq!(
        (history.days.len(), history.days[0].bad, history.days[29].to),
        (30, 1, Instant::from_nanos(instant(AT).nanos() + 1))
    );
    assert_eq!((&forecast["burn_rate"], &forecast["lasts_seconds"]), (&"0.25".into(), &(90 * 86_400).into()));
    // Nothing bad in the last day burns nothing; a budget that is overdrawn lasts no longer; no data say nothing.
    let quiet = fake(&[each_day(0..1, 40), each_day(1..30, 39)].concat(), &each_day(0..30, 40));
    assert_eq!(looked(&month, AT, &quiet).1["lasts_seconds"], serde_json::Value::Null);
    let spent = fake(&each_day(0..30, 30), &each_day(0..30, 40));
    assert_eq!(looked(&month, AT, &spent).1["lasts_seconds"], 0);
    let gone = fake(&each_day(5..30, 39), &each_day(5..30, 40));
    assert_eq!(looked(&month, AT, &gone).1, serde_json::Value::Null);
    // Of a calendar month of 31 days 30 are over, the last of them in part.
    let calendar = "{duration: 1M, isRolling: false, calendar: {startTime: 2026-01-01 00:00:00, timeZone: UTC}}";
    let month = slo("Occurrences", calendar, "{target: 0.9}");
    let (history, forecast) = looked(&month, "2026-01-30T12:00:00Z", &steady);
    assert_eq!((history.days.len(), history.days[29].total), (30, 0));
    // 29 bad ones of 1,160 in 29.5 of 31 days: 0.25 · 29.5 / 31 of the whole budget, at the rate of one in forty.
    assert_eq!(forecast["lasts_seconds"], (31 * 86_400 - 29 * 86_400 / 4 - 86_400 / 8) * 4);
    // Slices: 43,200 minutes, a bad one each day.
    let sliced = slo(
        "Timeslices",
        "{duration: 30d, isRolling: true}",
        "{target: 0.5, timeSliceTarget: 0.5, timeSliceWindow: 1m}",
    );
    let (history, _) = looked(&sliced, AT, &fake(&each_day(0..15, 1), &each_day(0..30, 1)));
    assert_eq!(history.days.iter().map(|day| day.bad).collect::<Vec<_>>(), [vec![1; 15], vec![0; 15]].concat());
    // Longer windows by weeks, shorter ones not at all.
    let year = slo("Occurrences", "{duration: 52w, isRolling: true}", "{target: 0.9}");
    assert_eq!(looked(&year, AT, &steady).0.days.len(), 52);
    let hours = slo("Occurrences", "{duration: 47h, isRolling: true}", "{target: 0.9}");
    let book = Book::load(vec![("rules.yaml".into(), hours)], &Reading::default()).unwrap();
    let evaluation = slo::evaluate_to(slo::Extent { history: true }, &book, instant(AT), &steady).unwrap();
    assert!(evaluation.outcomes[0].history.as_ref().unwrap().days.is_empty());
}

/// What lies in maintenance counts for nothing, by every method, in burn rates and in the history; and every result says so.
#[test]
fn maintenance_is_left_out_and_told() {
    let object = |from: &str, to: &str, more: &str| {
        format!(
            "---\napiVersion: probity/v1\nkind: Maintenance\nmetadata: {{name: upgrade}}\nspec: {{from: {from}, to: {to}, reason: \
             Announced on the 13th{more}}}\n"
        )
    };
    let night = |more: &str| object("2026-01-30T23:30:00Z", "2026-01-30T23:40:00Z", more);
    let rules = |method: &str| {
        slo(method, "{duration: 1h, isRolling: true}", "{target: 0.9, timeSliceTarget: 0.9, timeSliceWindow: 4m}")
            .replace("{name: web}", "{name: web, annotations: {probity/burn-alerts: default}}")
    };
    // Ten events each minute, all of them bad in the ten minutes of maintenance.
    let good = [each_minute(0..20, 10), each_minute(30..60, 10)].concat();
    let fake = fake(&good, &each_minute(0..60, 10));
    check(&rules("Occurrences"), &fake, "broken 500/600 100 60 100 -40 1.666667 0.833333");
    check(&(rules("Occurrences") + &night("")), &fake, "met 500/500 0 50 0 50 0.00 1.000000");
    // It is for another service.
    check(
        &(rules("Occurrences") + &night(", services: [other]")),
        &fake,
        "broken 500/600 100 60 100 -40 1.666667 0.833333",
    );
    check(&(rules("Occurrences") + &night(", services: [other, shop]")), &fake, "met 500/500 0 50 0 50 0.00 1.000000");
    let told = judge(&(rules("Occurrences") + &night("")), AT, &fake).outcomes.remove(0);
    assert!(told.reason.ends_with(" Left out is the maintenance upgrade."), "{}", told.reason);
    assert_eq!(told.excluded[0].reason, "Announced on the 13th");
    let document = to_json(&judge(&(rules("Occurrences") + &night("")), AT, &fake));
    assert_eq!(document["objectives"][0]["excluded"][0]["from"], "2026-01-30T23:30:00Z");
    // A slice that it only reaches into is left out whole: 23:28 to 23:40.
    let mut sliced = judge(&(rules("Timeslices") + &night("")), AT, &fake);
    let slices = sliced.outcomes[0].slices.unwrap();
    assert_eq!((slices.whole, slices.counted, slices.empty, slices.excluded), (15, 12, 0, 3));
    let one = sliced.outcomes.remove(0);
    assert_eq!((one.verdict, one.good, one.total), (Verdict::Met, 12, 12));
    let mean = judge(&(rules("RatioTimeslices") + &night("")), AT, &fake).outcomes.remove(0);
    assert_eq!(mean.ratio().as_deref(), Some("1.000000"));
    // All of the window: no data, and no verdict.
    let all = object("2026-01-30T00:00:00Z", "2026-02-01T00:00:00Z", "");
    assert_eq!(judge(&(rules("Occurrences") + &all), AT, &fake).verdict, Verdict::NoData);
    assert_eq!(judge(&(rules("Timeslices") + &all), AT, &fake).verdict, Verdict::NoData);
    // Days of the history add up to what was counted.
    let month = slo("Occurrences", "{duration: 30d, isRolling: true}", "{target: 0.9}") + &night("");
    let book = Book::load(vec![("rules.yaml".into(), month)], &Reading::default()).unwrap();
    let evaluation = slo::evaluate_to(slo::Extent { history: true }, &book, instant(AT), &fake).unwrap();
    let history = evaluation.outcomes[0].history.as_ref().unwrap();
    assert_eq!((history.days[29].bad, history.days[29].total), (0, 500));
    let wrong = |text: &str| {
        let found = Book::load(vec![("m.yaml".into(), text.to_owned())], &Reading::default()).unwrap_err();
        let fault = found.iter().next().unwrap();
        format!("{} {}", fault.code(), fault.place().unwrap())
    };
    assert_eq!(wrong(&object("2026-01-30T23:30:00Z", "2026-01-30T23:30:00Z", "")), "bad-maintenance m.yaml:5:7");
    assert_eq!(wrong(&object("tomorrow", "2026-01-30T23:30:00Z", "")), "bad-time m.yaml:5:14");
    assert_eq!(wrong(&night("").replace("Maintenance", "Holiday")), "unknown-object-kind m.yaml:3:7");
    assert_eq!(wrong(&night(", weekly: true")), "unknown-key m.yaml:5:93");
}
