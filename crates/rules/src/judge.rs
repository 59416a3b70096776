//! Rules and facts put together.

use std::collections::HashMap;

use cel::common::types::CelList;
use cel::common::value::Val;
use cel::{Context, Value};
use model::{Instant, Verdict};

use crate::answer::{Answer, Basis, Finding, Judgement, Outcome};
use crate::book::Book;
use crate::control::Coverage;
use crate::facts::{Fact, Facts, Missing};
use crate::limits::Limits;
use crate::pack::Pack;
use crate::rule::{Cel, Rule, Test};
use crate::scope::Scene;
use crate::shape::Catalogue;
use crate::suppress::Suppressions;
use crate::value;

/// Judges every rule of `book` against `facts`, as of `at`.
pub fn judge(
    book: &Book,
    facts: &Facts,
    catalogue: &Catalogue,
    suppressions: &mut Suppressions,
    at: Instant,
    limits: &Limits,
) -> Judgement {
    // A fact is turned into CEL's values once, however many rules need it; expressions borrow it from here.
    let values: HashMap<&str, Held> = facts
        .all()
        .filter_map(|(name, fact)| Some((name, Held::of(value::of_fact(&fact.value, &catalogue.find(name)?.shape)))))
        .collect();
    let now = value::timestamp(&at.to_string()).map_or(Value::Null, Value::Timestamp);
    let bench = Bench {
        facts,
        values,
        now: value::held(now),
        limits,
        #[cfg(feature = "rego")]
        inputs: crate::rego::Inputs::of(book.rules().map(|(_, rule)| rule), facts, catalogue, at),
    };
    let outcomes: Vec<Outcome> = book.rules().map(|(pack, rule)| bench.outcome(pack, rule, suppressions)).collect();
    // Of what could not be had nobody knows whether something of it would have been suppressed.
    let is_known = |answer: &Answer| !matches!(answer, Answer::NotGiven(_) | Answer::NotJudged(_));
    let judged = |id: &str| outcomes.iter().any(|one| one.rule == id && is_known(&one.answer));
    let lacking = |id: &str| book.packs().iter().any(|pack| pack.lacks(id));
    let stale = suppressions.stale(judged, lacking);
    let packs = book.packs().iter().map(|pack| (pack.name.clone(), pack.version.clone())).collect();
    let controls = book.packs().iter().flat_map(|pack| Coverage::of(pack, &outcomes)).collect();
    Judgement { at, strict: false, packs, facts: basis(book, facts), outcomes, controls, stale }
}

/// The facts that some rule needed.
fn basis(book: &Book, facts: &Facts) -> Vec<(String, Basis)> {
    let one = |name: &str| {
        let Fact { collected, sources, gaps, cached, .. } = facts.find(name)?.clone();
        Some((name.to_owned(), Basis { collected, sources, gaps, cached }))
    };
    book.needs().into_iter().filter_map(one).collect()
}

struct Bench<'b> {
    facts: &'b Facts,
    values: HashMap<&'b str, Held>,
    now: Box<dyn Val>,
    limits: &'b Limits,
    #[cfg(feature = "rego")]
    inputs: crate::rego::Inputs,
}

/// A fact as expressions borrow it.
struct Held {
    value: Box<dyn Val>,
    /// Items of the longest list anywhere in it.
    longest: usize,
}

impl Held {
    fn of(value: Value) -> Self {
        Held { longest: value::longest_list(&value), value: value::held(value) }
    }
}

#[derive(Default)]
struct Tally {
    met: u64,
    not_applicable: u64,
    broken: u64,
    not_judged: u64,
    findings: Vec<Finding>,
}

/// What one thing came to.
enum One {
    Met,
    NotApplicable,
    Found(Finding),
}

#[cfg(feature = "rego")]
impl One {
    fn all(ruled: crate::rego::Ruled) -> Vec<One> {
        match ruled {
            crate::rego::Ruled::NotApplicable => vec![One::NotApplicable],
            crate::rego::Ruled::Found(findings) if findings.is_empty() => vec![One::Met],
            crate::rego::Ruled::Found(findings) => findings.into_iter().map(One::Found).collect(),
        }
    }
}

impl Bench<'_> {
    fn outcome(&self, pack: &Pack, rule: &Rule, suppressions: &mut Suppressions) -> Outcome {
        let outcome = Outcome {
            rule: rule.id.clone(),
            title: rule.title.clone(),
            law: rule.law.clone(),
            severity: rule.severity,
            fix: rule.fix.clone(),
            person: rule.person.clone(),
            place: rule.place.clone(),
            answer: Answer::NotApplicable,
            met: 0,
            not_applicable: 0,
            broken: 0,
            not_judged: 0,
            findings: vec![],
            suppressed: vec![],
        };
        let tally = match self.tally(pack, rule) {
            Err(answer) => return Outcome { answer, ..outcome },
            Ok(tally) => tally,
        };
        let (mut findings, suppressed) = suppressions.split(&rule.id, tally.findings);
        let broken = tally.broken - suppressed.len() as u64;
        findings.sort_by(|a, b| (b.verdict, &a.subject, &a.message).cmp(&(a.verdict, &b.subject, &b.message)));
        let met = tally.met + suppressed.len() as u64;
        let answer = match (broken, tally.not_judged, met) {
            (1.., ..) => Answer::Broken,
            (0, 1.., _) => Answer::NotJudged(findings.first().map(|one| one.message.clone()).unwrap_or_default()),
            (0, 0, 1..) => self.despite_gaps(rule),
            (0, 0, 0) => match self.despite_gaps(rule) {
                Answer::Met => Answer::NotApplicable,
                not_judged => not_judged,
            },
        };
        Outcome {
            answer,
            met: tally.met,
            not_applicable: tally.not_applicable,
            broken,
            not_judged: tally.not_judged,
            findings,
            suppressed,
            ..outcome
        }
    }

    /// What was read is as it must be; but was everything read?
    fn despite_gaps(&self, rule: &Rule) -> Answer {
        let gaps = rule.needs.iter().filter_map(|name| self.facts.find(name)).flat_map(|fact| &fact.gaps);
        match gaps.into_iter().next() {
            None => Answer::Met,
            Some(gap) => Answer::NotJudged(format!("{} was not read: {}", gap.what, gap.why)),
        }
    }

    fn tally(&self, pack: &Pack, rule: &Rule) -> Result<Tally, Answer> {
        if let Some(name) = rule.needs.iter().find(|name| !self.values.contains_key(name.as_str())) {
            return Err(match self.facts.why_missing(name) {
                Missing::NotGiven(why) => Answer::NotGiven(format!("{name}: {why}")),
                Missing::Failed(gap) => Answer::NotJudged(format!("{name}: {}: {}", gap.what, gap.why)),
            });
        }
        match &rule.test {
            Test::Cel(cel) => self.expressions(pack, rule, cel),
            #[cfg(feature = "rego")]
            Test::Rego(policy) => {
                let ruled = policy.judge(&self.inputs, value::json(&pack.values())).map_err(Answer::NotJudged)?;
                Ok(Tally::of(One::all(ruled).into_iter(), self.limits))
            }
        }
    }

    fn expressions(&self, pack: &Pack, rule: &Rule, cel: &Cel) -> Result<Tally, Answer> {
        self.bounded(rule, cel)?;
        let scene = self.scene(pack, rule);
        let context = scene.context();
        let Some((name, each)) = &cel.each else {
            return Ok(Tally::of([self.one(cel, &context, "the project")].into_iter(), self.limits));
        };
        let list = each.value(&context).map_err(Answer::NotJudged)?;
        let Some(items) = list.downcast_ref::<CelList<'_>>().map(CelList::inner) else {
            return Err(Answer::NotJudged("`each` gives no list".to_owned()));
        };
        if items.len() > self.limits.items {
            let why = format!("there are {} things to judge, and at most {} are", items.len(), self.limits.items);
            return Err(Answer::NotJudged(why));
        }
        if items.is_empty() && cel.none_is_met {
            return Ok(Tally::of([One::Met].into_iter(), self.limits));
        }
        let each = items.iter().enumerate().map(|(index, item)| {
            let inner = scene.within(name, item.as_ref());
            self.one(cel, &inner.context(), &format!("{name} {}", index + 1))
        });
        Ok(Tally::of(each, self.limits))
    }

    /// The names that this rule's expressions may use.
    fn scene<'s>(&'s self, pack: &Pack, rule: &'s Rule) -> Scene<'s> {
        let needs = rule
            .needs
            .iter()
            .filter_map(|name| self.values.get(name.as_str()).map(|held| (name.as_str(), held.value.as_ref())));
        Scene::new(needs.chain([("now", self.now.as_ref())]), value::held(pack.values()))
    }

    /// Refuses what would take too long before it starts: a loop in a loop over the longest list there is.
    fn bounded(&self, rule: &Rule, cel: &Cel) -> Result<(), Answer> {
        if cel.loops() < 2 {
            return Ok(());
        }
        let lists = rule.needs.iter().filter_map(|name| self.values.get(name.as_str()));
        let longest = lists.map(|held| held.longest).max().unwrap_or(0);
        match longest.checked_mul(longest).is_some_and(|steps| steps <= self.limits.nested_steps) {
            true => Ok(()),
            false => Err(Answer::NotJudged(format!("a loop in a loop over a list of {longest} would take too long"))),
        }
    }

    fn one(&self, cel: &Cel, context: &Context<'_, '_>, fallback: &str) -> One {
        let subject = || cel.subject.as_ref().map_or_else(|| fallback.to_owned(), |subject| subject.fill(context));
        let place = || match cel.at.as_ref()?.run(context) {
            Ok(Value::String(text)) => Some(text.to_string()),
            _ => None,
        };
        let found = |verdict, message| One::Found(Finding { verdict, subject: subject(), message, place: place() });
        let asked = |expression: &Option<crate::expression::Expression>| match expression {
            None => Ok(true),
            Some(expression) => flag(expression.run(context)),
        };
        match asked(&cel.when) {
            Err(why) => return found(Verdict::NoData, why),
            Ok(false) => return One::NotApplicable,
            Ok(true) => {}
        }
        match asked(&cel.known) {
            Err(why) => return found(Verdict::NoData, why),
            Ok(false) => {
                let why = cel.unknown.as_ref().map(|unknown| unknown.fill(context));
                return found(Verdict::NoData, why.unwrap_or_else(|| "what it needs is not known here".to_owned()));
            }
            Ok(true) => {}
        }
        match flag(cel.expect.run(context)) {
            Err(why) => found(Verdict::NoData, why),
            Ok(true) => One::Met,
            Ok(false) => found(Verdict::Broken, cel.message.fill(context)),
        }
    }
}

fn flag(value: Result<Value, String>) -> Result<bool, String> {
    match value? {
        Value::Bool(flag) => Ok(flag),
        _ => Err("an expression gave something other than true or false".to_owned()),
    }
}

impl Tally {
    fn of(all: impl Iterator<Item = One>, limits: &Limits) -> Self {
        let mut tally = Tally::default();
        for one in all {
            match one {
                One::Met => tally.met += 1,
                One::NotApplicable => tally.not_applicable += 1,
                One::Found(finding) => {
                    match finding.verdict {
                        Verdict::Broken => tally.broken += 1,
                        _ => tally.not_judged += 1,
                    }
                    if tally.findings.len() < limits.findings {
                        tally.findings.push(finding);
                    }
                }
            }
        }
        tally
    }
}
