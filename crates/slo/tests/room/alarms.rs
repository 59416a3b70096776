//! Burn rates over windows of their own: alert policies, and the four tiers.

use model::{Decimal, Instant};
use slo::{Alarm, Book, Reading, evaluate, to_json};

use crate::fake::Fake;

const AT: &str = "2026-01-31T00:00:00Z";

fn at(seconds_before: i64) -> Instant {
    Instant::from_nanos(Instant::parse(AT).unwrap().nanos() - seconds_before * 1_000_000_000)
}

/// So many events of value 1, from so many seconds ago, at one moment.
fn events(groups: &[(i64, usize)]) -> Vec<(Instant, Decimal)> {
    groups.iter().flat_map(|(ago, count)| std::iter::repeat_n((at(*ago), Decimal::ONE), *count)).collect()
}

const SLO: &str = "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: web, annotations: ANNOTATIONS}\nspec:\n  \
                   description: d\n  service: shop\n  timeWindow: [{duration: PERIOD, isRolling: true}]\n  \
                   budgetingMethod: Occurrences\n  indicator: {metadata: {name: i}, spec: {ratioMetric: {bad: \
                   {metricSource: {type: probity, spec: {table: logs, where: bad}}}, total: {metricSource: {type: \
                   probity, spec: {table: logs}}}}}}\n  objectives: [{target: 0.999}]\n  alertPolicies: [POLICIES]\n";

fn alarms(annotations: &str, period: &str, policies: &str, bad: &[(i64, usize)], total: &[(i64, usize)]) -> Vec<Alarm> {
    let text = SLO.replace("ANNOTATIONS", annotations).replace("PERIOD", period).replace("POLICIES", policies);
    let book = Book::load(vec![("rules.yaml".into(), text)], &Reading::default()).unwrap();
    let fake = Fake::default().with("logs|bad|", &events(bad)).with("logs||", &events(total));
    let evaluation = evaluate(&book, at(0), &fake).unwrap();
    let document = to_json(&evaluation);
    assert_eq!(document["objectives"][0]["alarms"].is_array(), !evaluation.outcomes[0].alarms.is_empty());
    evaluation.outcomes.into_iter().next().unwrap().alarms
}

fn policy(op: &str, threshold: &str) -> String {
    format!(
        "{{kind: AlertPolicy, metadata: {{name: fast, labels: {{team: shop}}}}, spec: {{alertWhenBreaching: true, \
         conditions: [{{kind: AlertCondition, metadata: {{name: c}}, spec: {{severity: page, condition: {{kind: burnrate, \
         op: {op}, threshold: {threshold}, lookbackWindow: 1h, alertAfter: 2m}}}}}}], notificationTargets: [{{kind: \
         AlertNotificationTarget, metadata: {{name: t}}, spec: {{target: webhook}}}}]}}}}"
    )
}

/// Exactly 1,440 bad of 100,000 at 99.9 % is a burn rate of 14.4, which is not above 14.4.
#[test]
fn conditions_are_compared_exactly() {
    let check = |op: &str, threshold: &str, bad: usize, total: usize, expect: Option<bool>| {
        let found = alarms("{}", "30d", &policy(op, threshold), &[(60, bad), (7200, 50)], &[(60, total), (7200, 60)]);
        assert_eq!(found.iter().map(Alarm::holds).collect::<Vec<_>>(), [expect], "{op} {threshold} {bad}/{total}");
    };
    check("gt", "14.4", 1440, 100_000, Some(false));
    check("gt", "14.4", 1441, 100_000, Some(true));
    check("gte", "14.4", 1440, 100_000, Some(true));
    check("lt", "14.4", 1440, 100_000, Some(false));
    check("lte", "14.4", 1440, 100_000, Some(true));
    check("gt", "14.4", 0, 0, None);
    // More bad than there are is no rate.
    check("gt", "14.4", 2, 1, None);
    let found = alarms("{}", "30d", &policy("gt", "2"), &[(60, 1)], &[(60, 1)]);
    let (one, burn) = (&found[0], &found[0].burns[0]);
    assert_eq!(
        (&*one.policy, &*one.severity, &*one.targets[0].kind, burn.window.length.as_str()),
        ("fast", "page", "webhook", "1h")
    );
    assert_eq!(one.after.map(|after| after.to_string()).as_deref(), Some("2m"));
}

/// A tier holds when both of its windows do; factors are those of the period, and those that it is too short for are left out.
#[test]
fn tiers_watch_a_long_and_a_short_window() {
    let tiers = "{probity/burn-alerts: default}";
    let words = |found: &[Alarm]| -> Vec<String> {
        let word = |alarm: &Alarm| {
            let windows: Vec<&str> = alarm.burns.iter().map(|burn| burn.window.length.as_str()).collect();
            format!("{} {} {} {}", alarm.policy, windows.join("/"), alarm.threshold, alarm.severity)
        };
        found.iter().map(word).collect()
    };
    let of = |period: &str| words(&alarms(tiers, period, "", &[(60, 1)], &[(60, 1)]));
    let month = [
        "burn-fast 1h/5m 14.4 critical",
        "burn-medium 6h/30m 6 high",
        "burn-slow 1d/2h 3 medium",
        "burn-long 3d/6h 1 low",
    ];
    assert_eq!(of("30d"), month);
    assert_eq!(of("28d")[0], "burn-fast 1h/5m 13.44 critical");
    assert_eq!(of("28d")[3], "burn-long 3d/6h 0.9333 low");
    assert_eq!(of("1d").len(), 2);
    let hold = |bad: &[(i64, usize)], total: &[(i64, usize)]| {
        alarms(tiers, "30d", "", bad, total).iter().map(Alarm::holds).collect::<Vec<_>>()
    };
    let steady: &[(i64, usize)] = &[(60, 1000), (1000, 1000), (3000, 1000), (10_000, 1000)];
    let (yes, no) = (Some(true), Some(false));
    assert_eq!(hold(&[(60, 20), (1000, 20), (3000, 20)], steady), [yes, yes, yes, yes]);
    // What is over resets the short window first.
    assert_eq!(hold(&[(1000, 50), (3000, 50)], steady), [no, yes, yes, yes]);
    assert_eq!(hold(&[], steady), [no, no, no, no]);
    assert_eq!(hold(&[], &[]), [None, None, None, None]);
    assert_eq!(hold(&[(1000, 500)], &[(1000, 500)]), [None, yes, yes, yes]);
}
