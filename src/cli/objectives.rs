//! Verdicts on objectives, for people and for code hosts.

use model::{Fault, Instant, Verdict, grouped, readable};
use slo::{Day, Evaluation, Forecast, History, Outcome};

use super::annotations::{Level, annotation};
use super::output::Page;

/// One objective, below the table of all.
pub(crate) fn explain(outcome: &Outcome, before: Option<&Outcome>, page: &mut Page) {
    page.verdict_line(outcome.verdict, &format!("{}/{}: {}", outcome.rule, outcome.objective, outcome.reason));
    // Objectives of one rule share their values; they are shown once.
    let shown_before = before.is_some_and(|before| before.rule == outcome.rule && before.shown == outcome.shown);
    for shown in outcome.shown.iter().filter(|_| !shown_before) {
        let unit = shown.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
        page.line(format!("  {} {}{unit} ({})", shown.name, readable(&shown.value.to_string()), shown.definition));
    }
    if let Some(period) = &outcome.window.period {
        page.line(format!("  window: {} to {} ({})", period.from_local, period.to_local, period.zone));
    }
    for one in &outcome.excluded {
        page.line(format!("  left out: {} to {}: {} ({})", one.from, one.to, one.reason, one.place));
    }
    if let Some(slices) = &outcome.slices {
        let mut counts = vec![(slices.counted, "with data"), (slices.empty, "empty"), (slices.to_come, "to come")];
        counts.extend((slices.excluded > 0).then_some((slices.excluded, "left out")));
        let counts: Vec<String> = counts.iter().map(|(count, what)| format!("{} {what}", grouped(*count))).collect();
        let counts = counts.join(", ");
        page.line(format!("  slices of {}: {} in the window, {counts}", slices.width, grouped(slices.whole)));
    }
    if let Some(budget) = &outcome.budget {
        page.line(format!("  error budget: {budget}"));
    }
    if let Some(budget) = &outcome.projected {
        page.line(format!("  for the whole window, if events go on as they did: {budget}"));
    }
    if let Some(history) = &outcome.history {
        past_and_future(history, page);
    }
}

fn past_and_future(history: &History, page: &mut Page) {
    let worst = history.days.iter().max_by_key(|day| (day.bad, std::cmp::Reverse(day.from)));
    if let (Some(first), Some(last), Some(worst)) = (history.days.first(), history.days.last(), worst) {
        let bars: String = history.days.iter().map(|day| bar(day, worst.bad)).collect();
        let [from, to, when] = [first.from, last.from, worst.from].map(Instant::date);
        page.line(format!("  bad ones by day: {bars} ({from} to {to})"));
        let counts = [worst.bad, worst.total].map(grouped);
        page.line(format!("  the most, beginning {when}: {} of {}", counts[0], counts[1]));
    }
    if let Some(Forecast { rate, lasts }) = &history.forecast {
        let how = match lasts {
            None => "nothing of the budget burned".to_owned(),
            Some(0) => format!("{rate} times the budget burned; it is used up"),
            Some(seconds) => {
                format!("{rate} times the budget burned; at that rate the rest lasts {}", length(*seconds))
            }
        };
        page.line(format!("  in the last 24 hours {how}"));
    }
}

/// A day as a bar: a dot without data, the lowest without anything bad.
fn bar(day: &Day, most: u64) -> char {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    match (day.total, most) {
        (0, _) => '·',
        (_, 0) => BARS[0],
        // Seven steps, rounded up: one bad event is seen. In u128, because counts may be as large as they like.
        _ => BARS[(u128::from(day.bad) * 7).div_ceil(u128::from(most)) as usize],
    }
}

/// The two largest units of a length of time, cut: `7 d 12 h`.
fn length(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let at = units.iter().position(|(unit, _)| seconds >= *unit).unwrap_or(units.len() - 1);
    let mut rest = seconds;
    let mut parts = vec![];
    for (unit, name) in units.iter().skip(at).take(2) {
        if rest / unit > 0 || parts.is_empty() {
            parts.push(format!("{} {name}", grouped(rest / unit)));
        }
        rest %= unit;
    }
    parts.join(" ")
}

/// What is not met, and what deserves a look, in the places of the rule files.
pub(crate) fn annotations(evaluation: &Evaluation) -> String {
    let of_outcome = |outcome: &Outcome| {
        let level = match (outcome.verdict, &outcome.fault) {
            (Verdict::Met, _) => return None,
            (Verdict::NoData, None) => Level::Warning,
            _ => Level::Error,
        };
        let title = format!("{}/{}: {}", outcome.rule, outcome.objective, outcome.verdict.word());
        let place = outcome.fault.as_ref().and_then(Fault::place).unwrap_or(&outcome.place);
        Some(annotation(level, Some(place), &title, &outcome.reason))
    };
    let warnings = evaluation.warnings.iter();
    let warnings = warnings.map(|said| annotation(Level::Warning, said.place.as_ref(), said.code, &said.message));
    evaluation.outcomes.iter().filter_map(of_outcome).chain(warnings).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_two_units() {
        let check = |seconds: u64, expect: &str| assert_eq!(length(seconds), expect);
        check(0, "0 s");
        check(59, "59 s");
        check(7_776_000, "90 d");
        check(648_000, "7 d 12 h");
        check(86_461, "1 d");
        check(3_660, "1 h 1 min");
    }

    #[test]
    fn one_bad_event_is_seen() {
        let day = |bad, total| Day { from: Instant::from_nanos(0), to: Instant::from_nanos(1), bad, total };
        let bars: String = [day(0, 0), day(0, 9), day(1, 9), day(500, 900), day(1000, 1000)]
            .iter()
            .map(|day| bar(day, 1000))
            .collect();
        assert_eq!(bars, "·▁▂▅█");
        assert_eq!(bar(&day(u64::MAX, u64::MAX), u64::MAX), '█');
        assert_eq!(bar(&day(0, 5), 0), '▁');
    }
}
