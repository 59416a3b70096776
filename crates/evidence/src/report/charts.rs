//! Pictures of the verdicts. Each says in words what it shows, and the tables have the figures.

use model::{Instant, Verdict, counted, readable};

use super::words::when;
use super::{Block, Chart, Left, Plot, Text, Window, tone};
use crate::document::verdict;
use crate::wire::{BudgetWire, DocumentWire, ObjectiveWire, RecordedWire};

/// How many objectives of an evaluation are drawn, those that need attention first.
const WINDOWS: usize = 24;
/// How many budgets are drawn over time.
const BUDGETS: usize = 12;

/// The objectives of an evaluation in their windows.
pub(super) fn windows(evaluation: &RecordedWire, blocks: &mut Vec<Block>) {
    let mut drawn: Vec<&ObjectiveWire> = evaluation.objectives.iter().collect();
    if drawn.is_empty() {
        return;
    }
    drawn.sort_by_key(|objective| std::cmp::Reverse(verdict(&objective.verdict)));
    let more = drawn.len().saturating_sub(WINDOWS);
    drawn.truncate(WINDOWS);
    let windows: Vec<Window> = drawn.into_iter().map(window).collect();
    let said = |window: &Window| {
        let parts = [window.name.as_str(), word(window), &window.said, &window.budget];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(", ")
    };
    let alt =
        format!("Bars, one pair for each objective. {}.", windows.iter().map(said).collect::<Vec<_>>().join(". "));
    let title = format!("Objectives as of {}", when(&evaluation.at));
    blocks.push(Block::Chart(Chart { title, alt, plot: Plot::Windows(windows) }));
    blocks.push(Block::Paragraph(Text::small(
        "The upper bar shows what was good, and its line what must be; the lower bar shows what is spent of the error budget, \
         and its line all of it.",
    )));
    if more > 0 {
        let more = counted(more as u64, "more objective", "more objectives");
        blocks.push(Block::Paragraph(Text::small(format!("The table has {more}, which the picture does not show."))));
    }
}

/// Budgets that several evaluations looked at, time after time.
pub(super) fn burn_downs(wire: &DocumentWire, blocks: &mut Vec<Block>) {
    let mut charts = Vec::new();
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for objective in wire.evaluations.iter().flat_map(|evaluation| &evaluation.objectives) {
        let name = (objective.rule.as_str(), objective.objective.as_str());
        if !seen.contains(&name) {
            seen.push(name);
            charts.extend(burn_down(wire, name));
        }
    }
    if charts.is_empty() {
        return;
    }
    let more = charts.len().saturating_sub(BUDGETS);
    charts.truncate(BUDGETS);
    blocks.push(Block::Heading(3, "Error budgets over time".to_owned()));
    blocks.push(Block::Paragraph(Text::plain(
        "What each evaluation found left of a budget, as a share of what was allowed in its window. Below nothing, more went \
         wrong than may.",
    )));
    blocks.extend(charts.into_iter().map(Block::Chart));
    if more > 0 {
        let more = counted(more as u64, "more budget", "more budgets");
        blocks.push(Block::Paragraph(Text::small(format!("The tables have {more}, which no picture shows."))));
    }
}

fn burn_down(wire: &DocumentWire, (rule, objective): (&str, &str)) -> Option<Chart> {
    let mut left: Vec<Left> = Vec::new();
    for evaluation in &wire.evaluations {
        let mut same = evaluation.objectives.iter().filter(|other| other.rule == rule && other.objective == objective);
        let found = same.next().and_then(|other| other.budget.as_ref());
        if let (Some(share), Ok(at)) = (found.and_then(share_left), Instant::parse(&evaluation.at)) {
            left.push(Left { at, share });
        }
    }
    left.sort_by_key(|left| left.at);
    left.dedup_by_key(|left| left.at);
    if left.len() < 2 {
        return None;
    }
    let said = |left: &Left| format!("{:.1} % at {}", left.share * 100.0, super::to_seconds(left.at));
    let points: Vec<String> = left.iter().map(said).collect();
    Some(Chart {
        title: format!("Error budget of {rule} / {objective}"),
        alt: format!("A line: of the error budget of {rule} / {objective} was left {}.", points.join(", ")),
        plot: Plot::BurnDown(left),
    })
}

fn window(objective: &ObjectiveWire) -> Window {
    let counted = objective.total > 0;
    let needed = percent(&objective.target).map(|target| format!("{target} needed"));
    let good = objective.ratio.as_deref().and_then(percent).map(|good| format!("{good} good"));
    let said = match (good, needed) {
        (Some(good), Some(needed)) => format!("{good}, {needed}"),
        (None, Some(needed)) => format!("nothing counted, {needed}"),
        (good, None) => good.unwrap_or_else(|| "nothing counted".to_owned()),
    };
    Window {
        name: format!("{} / {}", objective.rule, objective.objective),
        tone: tone(verdict(&objective.verdict)),
        good: counted.then(|| objective.good as f64 / objective.total as f64),
        target: objective.target.parse().ok().filter(|target| (0.0..=1.0).contains(target)),
        said,
        spent: objective.budget.as_ref().and_then(share_left).map(|left| 1.0 - left),
        budget: objective.budget.as_ref().map(budget).unwrap_or_default(),
    }
}

fn budget(budget: &BudgetWire) -> String {
    format!("budget: {} of {} spent", readable(&budget.spent), readable(&budget.allowed))
}

/// What is left of a budget: 1 is all. Of a budget of nothing, nothing is left once anything is spent.
fn share_left(budget: &BudgetWire) -> Option<f64> {
    let [allowed, spent]: [f64; 2] = [budget.allowed.parse().ok()?, budget.spent.parse().ok()?];
    let share = match allowed > 0.0 {
        true => 1.0 - spent / allowed,
        false if spent > 0.0 => -1.0,
        false => 1.0,
    };
    share.is_finite().then_some(share)
}

fn word(window: &Window) -> &'static str {
    let verdicts = [Verdict::Met, Verdict::Broken, Verdict::NoData];
    verdicts.into_iter().find(|verdict| tone(*verdict) == window.tone).map_or("", Verdict::word)
}

/// A share as percent, digit by digit: `0.950000` is `95 %`. `None` for what is no share.
fn percent(share: &str) -> Option<String> {
    let (whole, part) = share.split_once('.').unwrap_or((share, ""));
    if !matches!(whole, "0" | "1") || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = format!("{part:0<2}");
    let (hundredths, rest) = part.split_at(2);
    let whole = format!("{whole}{hundredths}");
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let rest = rest.trim_end_matches('0');
    Some(if rest.is_empty() { format!("{whole} %") } else { format!("{whole}.{rest} %") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_said_in_percent_without_rounding() {
        let check = |share, expect: Option<&str>| assert_eq!(percent(share).as_deref(), expect);
        check("0.950000", Some("95 %"));
        check("0.999", Some("99.9 %"));
        check("0.9", Some("90 %"));
        check("1", Some("100 %"));
        check("0", Some("0 %"));
        check("0.000001", Some("0.0001 %"));
        check("p95", None);
        check("500", None);
    }

    #[test]
    fn a_budget_of_nothing_is_overspent_at_once() {
        let check = |allowed: &str, spent: &str, expect| {
            let [allowed, spent] = [allowed, spent].map(str::to_owned);
            assert_eq!(share_left(&BudgetWire { allowed, spent, remaining: String::new() }), expect);
        };
        check("50", "10", Some(0.8));
        check("50", "60", Some(1.0 - 60.0 / 50.0));
        check("0", "0", Some(1.0));
        check("0", "1", Some(-1.0));
        check("many", "1", None);
    }
}
