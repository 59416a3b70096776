//! Alerts that are told together: they agree on labels, and wait for one another, over as many runs as it takes.
//!
//! After Alertmanager: the first of a group waits `group_wait`, what comes to a group of which something fires still waits
//! until `group_interval` after it was told last. What is told is what is new, not the whole group again. Whatever is
//! critical waits [`CRITICAL`] at most.

use std::collections::BTreeMap;

use model::{Instant, Severity, Span, Unit};

use super::{Letter, Log};
use crate::alert::Alert;
use crate::event::Event;
use crate::labels::Labels;
use crate::policy::Target;

/// How long a critical alert waits for others.
const CRITICAL: Span = Span::new(10, Unit::Second);
const OVER: &str = "resolved";

/// The labels that the alerts of a group agree on.
pub(super) fn of(alert: &Alert, target: &Target) -> Labels {
    let value = |name: &str| match name {
        "severity" => alert.severity.word(),
        "kind" => alert.kind.word(),
        name => alert.labels.value(name),
    };
    let pairs: Vec<(&str, &str)> = target.group_by.iter().map(|name| (name.as_str(), value(name))).collect();
    Labels::new(pairs)
}

/// When something of each group was told last, of which the target knows that it fires.
pub(super) fn told<'a>(
    alerts: impl Iterator<Item = &'a Alert>,
    target: &Target,
    log: &Log,
) -> BTreeMap<Labels, Instant> {
    let mut told: BTreeMap<Labels, Instant> = BTreeMap::new();
    for alert in alerts {
        let Some((_, at)) = log.told.get(&alert.id).filter(|(word, _)| word != OVER) else { continue };
        let last = told.entry(of(alert, target)).or_insert(*at);
        *last = (*last).max(*at);
    }
    told
}

/// Until when these letters of one group wait; nothing: they are told now. `last`: when the group was told last.
pub(super) fn until(letters: &[Letter<'_>], target: &Target, last: Option<Instant>, now: Instant) -> Option<Instant> {
    let later = |time: Instant, wait: Option<Span>| wait.and_then(|wait| time.plus(wait)).unwrap_or(time);
    let usual = match last {
        Some(last) => later(last, target.group_interval),
        None => later(letters.iter().map(since).min()?, target.group_wait),
    };
    let is_critical = |letter: &&Letter<'_>| !letter.over && letter.alert.severity == Severity::Critical;
    let critical = letters.iter().filter(is_critical).map(|letter| later(since(letter), Some(CRITICAL))).min();
    let until = critical.map_or(usual, |critical| usual.min(critical));
    (until > now).then_some(until)
}

/// Since when there is something to be told of it: when that was entered.
fn since(letter: &Letter<'_>) -> Instant {
    let news = |event: Event| matches!(event, Event::Fired | Event::Escalated | Event::Resolved);
    let mut moments = letter.alert.history.iter().rev();
    moments.find(|moment| news(moment.event)).map_or(letter.alert.active, |moment| moment.at)
}
