//! A judgement on the screen.

use std::collections::BTreeMap;

use model::{Verdict, counted};
use rules::{Answer, Book, Coverage, Finding, Judgement, Outcome, Rule, Sight, Trend};
use serde_json::{Value, json};

use crate::cli::output::{Page, Show};
use crate::cli::table::{Cell, Table};

/// Findings of one rule that are shown; the rest is counted.
const SHOWN_MAX: usize = 20;

pub(super) struct Judged {
    pub(super) judgement: Judgement,
    pub(super) trend: Option<Trend>,
    pub(super) document: Value,
    pub(super) as_json: bool,
}

impl Show for Judged {
    fn json(&self) -> Value {
        self.document.clone()
    }

    fn human(&self, page: &mut Page) {
        if self.as_json {
            page.raw(&format!("{}\n", self.document));
            return;
        }
        let judgement = &self.judgement;
        let mut table = Table::new(&["answer", "severity", "rule", "met", "broken", "not judged"]);
        let mut outcomes: Vec<&Outcome> = judgement.outcomes.iter().collect();
        outcomes.sort_by_key(|one| (order(&one.answer), std::cmp::Reverse(one.severity)));
        for outcome in outcomes.iter().filter(|one| !matches!(one.answer, Answer::NotGiven(_))) {
            table.row([
                outcome.answer.word().into(),
                outcome.severity.word().into(),
                outcome.rule.as_str().into(),
                Cell::Count(outcome.met),
                Cell::Count(outcome.broken),
                Cell::Count(outcome.not_judged),
            ]);
        }
        page.table(&table);
        page.gap();
        outcomes.iter().for_each(|outcome| explain(outcome, page));
        missing(&outcomes, page);
        for finding in &judgement.stale {
            page.verdict_line(finding.verdict, &line(finding));
        }
        for (name, basis) in &judgement.facts {
            let sources = counted(basis.sources.len() as u64, "source", "sources");
            page.line(format!("{name}: from {sources}, {}", basis.as_of()));
            for gap in &basis.gaps {
                let remedy = gap.remedy.as_deref().map(|remedy| format!(" {remedy}")).unwrap_or_default();
                page.line(format!("  not read: {}: {}.{remedy}", gap.what, gap.why));
            }
        }
        page.gap();
        controls(&judgement.controls, page);
        if let Some(trend) = &self.trend {
            changed(trend, page);
        }
        page.verdict_line(judgement.verdict(), &summary(judgement));
    }
}

/// What somebody has to look at comes first.
fn order(answer: &Answer) -> u8 {
    match answer {
        Answer::Broken => 0,
        Answer::NotJudged(_) => 1,
        Answer::Met => 2,
        Answer::NotApplicable => 3,
        Answer::NotGiven(_) => 4,
    }
}

/// Rules without facts, under what is missing.
fn missing(outcomes: &[&Outcome], page: &mut Page) {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for outcome in outcomes {
        if let Answer::NotGiven(why) = &outcome.answer {
            by_reason.entry(why).or_default().push(&outcome.rule);
        }
    }
    for (why, rules) in &by_reason {
        page.line(format!("not given: {why}"));
        page.line(format!(
            "  so that {} could not be judged: {}",
            counted(rules.len() as u64, "rule", "rules"),
            rules.join(", ")
        ));
    }
    if !by_reason.is_empty() {
        page.gap();
    }
}

/// Every control: how far it is seen, by which rules, and what is left to a person.
fn controls(controls: &[Coverage], page: &mut Page) {
    if controls.is_empty() {
        return;
    }
    let count = |sight: Sight| controls.iter().filter(|one| one.sight == sight).count();
    let counts: Vec<String> = Sight::all()
        .filter_map(|sight| {
            Some(count(sight)).filter(|count| *count > 0).map(|count| format!("{count} {}", sight.word()))
        })
        .collect();
    let all = counted(controls.len() as u64, "control", "controls");
    page.line(format!("{all}: {}; none is met by what a machine sees alone", counts.join(", ")));
    for one in controls {
        page.line(format!("  {}: {}: {}", one.control.article, one.control.title, one.sight.word()));
        if !one.evidence.is_empty() {
            page.line(format!("    {}", one.rules()));
        }
        page.line(format!("    {}", one.person()));
    }
    page.gap();
}

/// Findings that are listed; the rest is counted.
const CHANGES_MAX: usize = 10;

fn changed(trend: &Trend, page: &mut Page) {
    let Trend { since, before, new, gone, still, lost, first: _ } = trend;
    page.line(format!("since {since} ({before}): {} new, {} gone, {still} as before", new.len(), gone.len()));
    for (sign, lines) in [("+", new), ("-", gone)] {
        for one in lines.iter().take(CHANGES_MAX) {
            page.line(format!("  {sign} {}: {}: {}", one.rule, one.subject, one.message));
        }
        if let Some(more) = lines.len().checked_sub(CHANGES_MAX).filter(|more| *more > 0) {
            page.line(format!("  {sign} … and {more} more"));
        }
    }
    if !lost.is_empty() {
        page.line(format!("  judged then and not now: {}", lost.join(", ")));
    }
    page.gap();
}

fn explain(outcome: &Outcome, page: &mut Page) {
    match &outcome.answer {
        Answer::Met | Answer::NotApplicable | Answer::NotGiven(_) => return,
        Answer::NotJudged(why) => {
            page.verdict_line(Verdict::NoData, &format!("{}: not judged: {why}", outcome.rule));
        }
        Answer::Broken => page.verdict_line(Verdict::Broken, &format!("{}: {}", outcome.rule, outcome.title)),
    }
    let law: Vec<&str> = outcome.law.iter().map(|law| law.article.as_str()).collect();
    page.line(format!("  {}", law.join(" · ")));
    for finding in outcome.findings.iter().take(SHOWN_MAX) {
        page.line(format!("  {}", line(finding)));
    }
    if let Some(more) = outcome.findings.len().checked_sub(SHOWN_MAX).filter(|more| *more > 0) {
        page.line(format!("  … and {more} more (--json has them all)"));
    }
    for one in &outcome.suppressed {
        page.line(format!("  accepted until {} by {}: {} ({})", one.until, one.by, line(&one.finding), one.reason));
    }
    page.line(format!("  to do: {}", outcome.fix));
    page.gap();
}

fn line(finding: &Finding) -> String {
    let place = finding.place.as_deref().map(|place| format!("{place}: ")).unwrap_or_default();
    format!("{place}{}: {}", finding.subject, finding.message)
}

fn summary(judgement: &Judgement) -> String {
    let rules = counted(judgement.outcomes.len() as u64, "rule", "rules");
    let counts: Vec<String> = ["met", "broken", "not judged", "not given", "not applicable"]
        .into_iter()
        .filter_map(|word| {
            Some(judgement.count(word)).filter(|count| *count > 0).map(|count| format!("{count} {word}"))
        })
        .collect();
    let judged = judgement.outcomes.iter().filter(|one| matches!(order(&one.answer), 0 | 2 | 3)).count();
    format!("{judged} of {rules} judged at {}: {}", judgement.at, counts.join(", "))
}

/// A form for machines, printed as it is.
pub(super) struct Written {
    pub(super) text: String,
    pub(super) document: Value,
}

impl Show for Written {
    fn json(&self) -> Value {
        self.document.clone()
    }

    fn human(&self, page: &mut Page) {
        page.raw(&self.text);
    }
}

/// The rules of the packs.
pub(super) struct Listed(Vec<Value>, Vec<Value>);

impl Listed {
    pub(super) fn of(book: &Book) -> Self {
        let one = |rule: &Rule| {
            let law: Vec<&str> = rule.law.iter().map(|law| law.article.as_str()).collect();
            json!({
                "rule": rule.id, "title": rule.title, "severity": rule.severity.word(), "law": law,
                "needs": rule.needs, "fix": rule.fix, "since": rule.since, "references": rule.references,
                "person": rule.person, "place": rule.place.to_string(),
            })
        };
        let controls = book.packs().iter().flat_map(|pack| {
            pack.controls.iter().map(move |control| {
                json!({
                    "pack": pack.name, "control": control.id, "article": control.article, "title": control.title,
                    "person": control.person,
                })
            })
        });
        Listed(book.rules().map(|(_, rule)| one(rule)).collect(), controls.collect())
    }
}

impl Show for Listed {
    fn json(&self) -> Value {
        json!({"schema": "rules/1", "rules": self.0, "controls": self.1})
    }

    fn human(&self, page: &mut Page) {
        let text = |rule: &Value, key: &str| rule[key].as_str().unwrap_or_default().to_owned();
        let mut table = Table::new(&["severity", "rule", "what must be so", "law"]);
        for rule in &self.0 {
            let law = rule["law"].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
            table.row([
                text(rule, "severity").into(),
                text(rule, "rule").into(),
                text(rule, "title").into(),
                law.join(" · ").into(),
            ]);
        }
        page.table(&table);
    }
}
