//! Rules for Prometheus: recordings under the names that dashboards know (those of Sloth), and alerts over two windows.

use std::fmt::Write as _;

use model::{Decimal, Fault};

use super::{Announced, Exported, NOW_SECONDS, Spoken, length, severity, spoken};
use crate::alarm::{Alarm, Watch};
use crate::book::Book;
use crate::measure::Comparison;
use crate::notes::Warning;
use crate::selector::quoted;

impl Book {
    /// The objectives as a file of rules for Prometheus. An SLO that names no alerts gets the four tiers.
    pub fn to_prometheus(&self) -> Exported {
        let mut warnings = vec![];
        let (said, mut left_out) = spoken(self, &mut warnings);
        let mut text = String::from("groups:\n");
        let (mut objectives, mut alerts) = (0, vec![]);
        for one in &said {
            match groups(one, &mut warnings) {
                Ok(groups) => {
                    text.push_str(&groups);
                    objectives += 1;
                    alerts.extend(one.watches.iter().map(|watch| announced(one, watch)));
                }
                Err(fault) => left_out.push(fault),
            }
        }
        if objectives == 0 {
            "groups: []\n".clone_into(&mut text);
        }
        Exported { text, objectives, left_out, warnings, alerts }
    }
}

/// Recordings that alerts need often, those over the whole period seldom, and the alerts.
fn groups(one: &Spoken<'_>, warnings: &mut Vec<Warning>) -> Result<String, Fault> {
    remarks(one, warnings);
    let (mut often, mut seldom) = (vec![], vec![]);
    let is_watched =
        |seconds| one.watches.iter().any(|watch| watch.windows.iter().any(|one| one.rolling().seconds() == seconds));
    for seconds in one.windows() {
        let is_slow = seconds == one.period_seconds && seconds != NOW_SECONDS && !is_watched(seconds);
        let group = if is_slow { &mut seldom } else { &mut often };
        group.push(ratio(one, seconds));
    }
    often.extend(about(one));
    seldom.extend(over_the_period(one));
    let alerts = one.watches.iter().map(|watch| alerts(one, watch)).collect::<Result<Vec<_>, Fault>>()?;
    often.extend(alerts.into_iter().flatten());
    let mut text = String::new();
    for (kind, interval, rules) in [("burn", "30s", often), ("period", "2m", seldom)] {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "- name: {}\n  interval: {interval}\n  rules:", yaml(&format!("slo-{}-{kind}", one.id)));
        rules.iter().for_each(|rule| rule.write(&mut text));
    }
    Ok(text)
}

fn remarks(one: &Spoken<'_>, warnings: &mut Vec<Warning>) {
    let place = || one.objective.place.clone();
    if one.needs_prometheus_3() {
        let message = format!("{:?} reads names with other letters than old ones have", one.rule.name);
        let fault = Fault::bad_config("needs-prometheus-3", message)
            .advise("Give these rules to Prometheus 3.0 or newer; older ones refuse the file.");
        warnings.push(fault.at(place()).into());
    }
    for policy in &one.rule.alerts {
        if policy.when_resolved == policy.when_breaching {
            continue;
        }
        let message = match policy.when_resolved {
            true => format!("{:?} tells only that it is over; Prometheus cannot, so no rule is written", policy.name),
            false => format!("{:?} does not tell its end, and Prometheus tells every one", policy.name),
        };
        let fault = Fault::bad_config("not-in-prometheus", message)
            .advise("What Alertmanager tells of an end is said with send_resolved at its receiver.");
        warnings.push(fault.at(place()).into());
    }
}

/// What probity's own alerts of that kind are called.
const NAME: &str = "BurnRate";

/// One rule: its kind and name, its expression, and pairs.
struct Written {
    kind: &'static str,
    name: String,
    expression: String,
    hold: Option<String>,
    labels: Vec<(&'static str, String)>,
    annotations: Vec<(&'static str, String)>,
}

impl Written {
    fn record(one: &Spoken<'_>, name: &str, expression: String) -> Self {
        let labels = identity(one);
        Written { kind: "record", name: name.to_owned(), expression, hold: None, labels, annotations: vec![] }
    }

    fn write(&self, text: &mut String) {
        let _ = writeln!(text, "  - {}: {}\n    expr: {}", self.kind, yaml(&self.name), yaml(&self.expression));
        if let Some(hold) = &self.hold {
            let _ = writeln!(text, "    for: {hold}");
        }
        for (key, pairs) in [("labels", &self.labels), ("annotations", &self.annotations)] {
            if !pairs.is_empty() {
                let _ = writeln!(text, "    {key}:");
            }
            for (name, value) in pairs {
                let _ = writeln!(text, "      {name}: {}", yaml(value));
            }
        }
    }
}

fn identity(one: &Spoken<'_>) -> Vec<(&'static str, String)> {
    vec![
        ("sloth_id", one.id.clone()),
        ("sloth_service", one.rule.service.clone()),
        ("sloth_slo", one.rule.name.clone()),
    ]
}

fn ratio(one: &Spoken<'_>, seconds: u64) -> Written {
    let window = length(seconds);
    let mut rule = Written::record(one, &format!("slo:sli_error:ratio_rate{window}"), one.bad_share(&window));
    rule.labels.push(("sloth_window", window));
    rule
}

/// What the objective promises, and how fast its budget burns now.
fn about(one: &Spoken<'_>) -> Vec<Written> {
    let constant = |number: String| format!("vector({number})");
    let mut info = Written::record(one, "sloth_slo_info", constant("1".to_owned()));
    info.labels.push(("sloth_objective", one.objective.target.to_string()));
    vec![
        Written::record(one, "slo:objective:ratio", constant(one.objective.target.to_string())),
        Written::record(one, "slo:error_budget:ratio", constant(one.budget.to_string())),
        Written::record(one, "slo:time_period:days", constant(format!("{} / 86400", one.period_seconds))),
        Written::record(one, "slo:current_burn_rate:ratio", burn(one, NOW_SECONDS)),
        info,
    ]
}

fn over_the_period(one: &Spoken<'_>) -> Vec<Written> {
    let burn = burn(one, one.period_seconds);
    vec![
        Written::record(one, "slo:period_burn_rate:ratio", burn.clone()),
        Written::record(one, "slo:period_error_budget_remaining:ratio", format!("1 - ({burn})")),
    ]
}

fn burn(one: &Spoken<'_>, seconds: u64) -> String {
    format!("{} / {}", series(one, seconds), one.budget)
}

/// The recorded share of bad events over a window.
pub(super) fn series(one: &Spoken<'_>, seconds: u64) -> String {
    format!("slo:sli_error:ratio_rate{}{{sloth_id={}}}", length(seconds), quoted(&one.id))
}

/// Labels are those of probity's own alerts, so that the same routes fit.
fn alerts(one: &Spoken<'_>, watch: &Watch) -> Result<Vec<Written>, Fault> {
    let alarm = &watch.alarm;
    let threshold = threshold(one, alarm)?;
    let sign = alarm.op.sign();
    let windows: Vec<u64> = watch.windows.iter().map(|window| window.rolling().seconds()).collect();
    let joined = |text: &dyn Fn(u64) -> String, between: &str| {
        windows.iter().map(|seconds| text(*seconds)).collect::<Vec<_>>().join(between)
    };
    let holds =
        joined(&|seconds| format!("{} {sign} {threshold}", series(one, seconds)), " and ignoring(sloth_window) ");
    let nothing = joined(&|seconds| format!("absent({})", series(one, seconds)), " or ");
    let lengths = lengths(watch);
    let title = format!("{} ({})", one.rule.title, one.objective.name);
    let first = lengths.split('/').next().unwrap_or_default();
    // What Prometheus fills in stands beside what a file says, which it must not.
    let share = "{{ $value | humanizePercentage }}";
    let summary = format!(
        "{}: {share} of the events of {first} are bad; the burn rate over {lengths} is {} {}",
        no_template(&title),
        in_words(alarm.op),
        alarm.threshold
    );
    let unseen = format!("{}: no events over {lengths}", no_template(&title));
    let wanted = [(alarm.when_breaching, holds, summary), (alarm.when_no_data, nothing, unseen)];
    let rules = wanted.into_iter().filter(|(wanted, ..)| *wanted).map(|(_, expression, summary)| Written {
        kind: "alert",
        name: NAME.to_owned(),
        expression,
        hold: alarm.after.map(|after| length(after.rolling().seconds())),
        labels: labels(one, alarm, &lengths),
        annotations: vec![("summary", summary)],
    });
    Ok(rules.collect())
}

/// What its windows are called: `1h/5m`.
fn lengths(watch: &Watch) -> String {
    let all = watch.windows.iter().map(|window| length(window.rolling().seconds()));
    all.collect::<Vec<_>>().join("/")
}

fn announced(one: &Spoken<'_>, watch: &Watch) -> Announced {
    let name = ("alertname", NAME.to_owned());
    let labels = [vec![name], labels(one, &watch.alarm, &lengths(watch))].concat();
    let severity = severity(&watch.alarm.severity, one.rule);
    Announced { labels, severity, place: one.objective.place.clone() }
}

fn labels(one: &Spoken<'_>, alarm: &Alarm, lengths: &str) -> Vec<(&'static str, String)> {
    let all = [
        ("kind", "slo_breach"),
        ("objective", &one.objective.name),
        ("policy", &alarm.policy),
        ("rule", &one.rule.name),
        ("service", &one.rule.service),
        ("severity", severity(&alarm.severity, one.rule).word()),
        ("threshold", &alarm.threshold.to_string()),
        ("window", lengths),
        ("pack", one.rule.pack.as_deref().unwrap_or_default()),
    ];
    let given = all.into_iter().filter(|(_, value)| !value.is_empty());
    given.map(|(name, value)| (name, no_template(value))).collect()
}

/// The share of bad events at which the burn rate is at its threshold, with every digit.
fn threshold(one: &Spoken<'_>, alarm: &Alarm) -> Result<Decimal, Fault> {
    alarm.threshold.times(one.budget).ok_or_else(|| {
        let message = format!("The threshold {} times the budget {} has too many digits", alarm.threshold, one.budget);
        Fault::bad_config("not-in-prometheus", message)
            .advise("Write a threshold or a target with fewer digits.")
            .at(one.objective.place.clone())
    })
}

fn in_words(op: Comparison) -> &'static str {
    match op {
        Comparison::Less => "below",
        Comparison::LessOrEqual => "at most",
        Comparison::Greater => "above",
        Comparison::GreaterOrEqual => "at least",
    }
}

/// Labels and annotations of alerts are templates: what a file says is not one.
fn no_template(text: &str) -> String {
    text.replace("{{", "{{ \"{{\" }}")
}

/// A text in double quotes, as every YAML reads it back.
fn yaml(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            // Control characters, and what some YAML takes for the end of a line.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
