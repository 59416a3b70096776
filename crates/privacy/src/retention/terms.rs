//! Which periods hold for which collection, and when the time of a row is over.

use jiff::civil::Date;
use model::{Fault, Place};

use super::period::Period;
use super::rules::{Ending, Event, Rule, Rules, wrong};
use crate::discover::cell;
use crate::graph::{Graph, column_or_path, gap};
use crate::map::taxonomy::within;
use crate::map::{Dataset, MappedCollection};
use crate::plan::Gap;
use crate::row::{Cell, FieldPath};

/// A period and the field with which it begins.
#[derive(Clone, Debug)]
pub struct Count {
    /// How long.
    pub period: Period,
    /// Since when.
    pub from: FieldPath,
    /// The rule, or `data map`.
    pub rule: String,
    runs_on: bool,
}

/// What holds for one collection.
#[derive(Clone, Debug)]
pub struct Term {
    /// Its node.
    pub node: usize,
    /// What its purposes need: the longest counts.
    pub keeps: Vec<Count>,
    /// What laws want kept: each of them counts.
    pub floors: Vec<Count>,
    /// What laws want gone: the shortest counts, but never before a floor.
    pub ceilings: Vec<Count>,
    /// The day until which the map keeps every row (Art. 17(3)).
    pub until: Option<Date>,
    /// What is done.
    pub ending: Ending,
    /// Why nobody knows when its rows are over, a sentence; then none is.
    pub undefined: Option<String>,
    /// Where the period stands, or where it is missing.
    pub place: Option<Place>,
}

/// How a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// This was the last day on which it may be kept.
    Over(Date),
    /// This will be the last day.
    NotYet(Date),
    /// A date is missing, or cannot be read: a gap.
    Undated,
    /// What ends it has not happened yet.
    RunsOn,
}

impl Term {
    /// How the row stands that has these `cells` in the node's needs, on `today`.
    pub fn due(&self, graph: &Graph, cells: &[Cell], today: Date) -> Due {
        let end = |count: &Count| {
            let start = cell(graph, self.node, &count.from, cells);
            match start {
                None if count.runs_on => Err(Due::RunsOn),
                None => Err(Due::Undated),
                Some(start) => count.period.end(start).ok_or(Due::Undated),
            }
        };
        let ends = |counts: &[Count]| counts.iter().map(end).collect::<Result<Vec<Date>, Due>>();
        let all = || Ok((ends(&self.keeps)?, ends(&self.ceilings)?, ends(&self.floors)?));
        let (keeps, ceilings, floors) = match all() {
            Ok(all) => all,
            Err(due) => return due,
        };
        let needed = keeps.into_iter().max();
        let allowed = ceilings.into_iter().min();
        // Where nothing but a law speaks, a row is over when the law lets go of it.
        let purposes = needed.into_iter().chain(allowed).min();
        let Some(last) = floors.into_iter().chain(self.until).chain(purposes).max() else { return Due::Undated };
        if last < today { Due::Over(last) } else { Due::NotYet(last) }
    }

    /// Whether something says when its rows go by themselves: a law that wants them kept does not.
    pub fn is_said(&self) -> bool {
        !self.keeps.is_empty() || !self.ceilings.is_empty()
    }

    /// Whether a law wants rows kept.
    fn has_floor(&self) -> bool {
        !self.floors.is_empty() || self.until.is_some()
    }

    /// A field and a day: no row is over whose date in that field is not before the day.
    pub(super) fn before(&self, today: Date) -> Option<(&FieldPath, Date)> {
        let first = if self.keeps.is_empty() { &self.ceilings } else { &self.keeps };
        match (first.as_slice(), self.ceilings.is_empty() || self.keeps.is_empty()) {
            ([first, ..], true) => Some((&first.from, first.period.began_before(today)?)),
            _ => None,
        }
    }

    /// The period in words: `accounts: P3Y from closed_at`.
    pub fn words(&self) -> String {
        let group = |word: &'static str, counts: &[Count]| {
            let one = |count: &Count| format!("{}: {word}{} from {}", count.rule, count.period.iso(), count.from);
            counts.iter().map(one).collect::<Vec<_>>()
        };
        let mut all = group("", &self.keeps);
        all.extend(group("at least ", &self.floors));
        all.extend(group("at most ", &self.ceilings));
        all.extend(self.until.map(|day| format!("data map: until {day}")));
        all.join("; ")
    }

    /// The longest period of its purposes.
    pub fn period(&self) -> Option<&Period> {
        let counts = if self.keeps.is_empty() { &self.ceilings } else { &self.keeps };
        counts.iter().map(|count| &count.period).max_by_key(|period| period.last_day("2000-01-01"))
    }

    /// The fields with which its periods begin.
    pub fn starts(&self) -> impl Iterator<Item = &FieldPath> {
        self.keeps.iter().chain(&self.floors).chain(&self.ceilings).map(|count| &count.from)
    }
}

/// What holds for every collection: the term of each node that holds personal data or that a rule names.
///
/// # Errors
/// `bad-retention` where a rule names a collection that no map has, a field that no catalog has, or where two rules want
/// different things done.
pub fn terms(graph: &Graph, rules: &Rules) -> Result<Vec<Option<Term>>, Fault> {
    known(graph, rules)?;
    let mut terms = Vec::with_capacity(graph.nodes.len());
    for (number, node) in graph.nodes.iter().enumerate() {
        let (Some(dataset), Some(mapped)) = (graph.dataset(number), &node.mapped) else {
            terms.push(None);
            continue;
        };
        if node.skipped || node.collection.read_only {
            terms.push(None);
            continue;
        }
        let term = term(graph, number, dataset, mapped, rules)?;
        let is_meant = term.is_said() || term.has_floor() || node.personal || node.about_people;
        terms.push(is_meant.then_some(term));
    }
    Ok(terms)
}

/// Collections of whose rows nobody knows when their time is over.
pub fn undefined(graph: &Graph, terms: &[Option<Term>]) -> Vec<Gap> {
    let of = |term: &Term| {
        let node = &graph.nodes[term.node];
        let why = term.undefined.clone()?;
        Some(gap("retention-undefined", Some(&node.member_name), Some(&node.collection.name), why, term.place.as_ref()))
    };
    terms.iter().flatten().filter_map(of).collect()
}

fn term(
    graph: &Graph,
    number: usize,
    dataset: &Dataset,
    mapped: &MappedCollection,
    rules: &Rules,
) -> Result<Term, Fault> {
    let mut term = Term {
        node: number,
        keeps: Vec::new(),
        floors: Vec::new(),
        ceilings: Vec::new(),
        until: None,
        ending: Ending::Delete,
        undefined: None,
        place: Some(mapped.place.clone()),
    };
    let purposes = dataset.list(mapped, "purposes");
    let mut open: Vec<&str> = purposes.clone();
    let mut ending: Option<(Ending, &str)> = None;
    for rule in rules.rules.iter().filter(|rule| covers(rule, graph, number, dataset, mapped, &purposes)) {
        let count = |period: &Period| count(graph, number, rule, &rules.events, period);
        for (period, counts) in
            [(&rule.keep, &mut term.keeps), (&rule.at_least, &mut term.floors), (&rule.at_most, &mut term.ceilings)]
        {
            counts.extend(period.as_ref().map(count).transpose()?);
        }
        if rule.keep.is_some() {
            open.retain(|purpose| !rule.purposes.is_empty() && !rule.purposes.iter().any(|own| within(purpose, own)));
        }
        if let Some(wanted) = rule.ending {
            if let Some((other, by)) = ending.filter(|(other, _)| *other != wanted) {
                let message = format!(
                    "{}.{}: the rule {by:?} wants {}, the rule {:?} wants {}",
                    dataset.key,
                    mapped.name,
                    other.word(),
                    rule.name,
                    wanted.word()
                );
                return Err(wrong(
                    message,
                    "Let them say the same, or let one of them say nothing.",
                    rule.place.clone(),
                ));
            }
            ending = Some((wanted, &rule.name));
        }
        if rule.keep.is_some() || rule.at_most.is_some() {
            term.place = Some(rule.place.clone());
        }
    }
    of_map(graph, &mut term, dataset, mapped, &mut open);
    let said = dataset.word(mapped, "retention_action").and_then(Ending::parse);
    term.ending = ending.map(|(ending, _)| ending).or(said).unwrap_or(Ending::Delete);
    // What holds nobody's data and goes with what it belongs to needs no period of its own, and may have a floor.
    let node = &graph.nodes[number];
    let needs_period = node.personal || node.about_people || term.is_said();
    if term.undefined.is_none() && needs_period {
        term.undefined = missing(&term, &open);
    }
    Ok(term)
}

/// Why nobody knows when the rows are over.
fn missing(term: &Term, open: &[&str]) -> Option<String> {
    match (!term.is_said(), open) {
        (true, _) => Some("Nothing says how long its rows are kept".to_owned()),
        (false, [_, ..]) if term.ceilings.is_empty() => {
            Some(format!("Nothing says how long its rows are kept for the purpose {}", open.join(", ")))
        }
        _ => None,
    }
}

/// What the data map itself says: `retention`, and `retain` as a floor.
fn of_map(graph: &Graph, term: &mut Term, dataset: &Dataset, mapped: &MappedCollection, open: &mut Vec<&str>) {
    let collection = &graph.nodes[term.node].collection;
    let field = |name: &str| {
        let path = column_or_path(collection, name);
        collection.column(path.root()).map(|_| path)
    };
    let count = |period, from| Count { period, from, rule: "data map".to_owned(), runs_on: false };
    if let Some(text) = dataset.word(mapped, "retention") {
        let place = mapped.settings.place("retention").or_else(|| dataset.settings.place("retention")).cloned();
        let from = dataset.word(mapped, "retention_from");
        match (Period::parse(text), from, from.and_then(field)) {
            (Some(period), _, Some(from)) => {
                term.keeps.push(count(period, from));
                open.clear();
                term.place = place;
            }
            (_, None, _) => {
                term.undefined =
                    Some(format!("It is kept for {text}, and nothing says from when on: retention_from is missing"));
                term.place = place;
            }
            (_, Some(name), None) => {
                term.undefined = Some(format!("It is kept for {text} from {name}, which is no field of it"));
                term.place = place;
            }
            (None, ..) => {}
        }
    }
    let word = |key: &str| mapped.settings.word(&format!("retain.{key}"));
    term.until = word("until").and_then(|day| day.parse().ok());
    if let (None, Some(period)) = (term.until, word("period").and_then(Period::parse)) {
        match word("from").and_then(field) {
            Some(from) => term.floors.push(count(period, from)),
            None => {
                term.undefined =
                    Some("The law keeps its rows, and nothing says from when on: retain.from is missing".to_owned())
            }
        }
    }
}

/// Whether everything that the rule says of collections holds for this one.
fn covers(
    rule: &Rule,
    graph: &Graph,
    number: usize,
    dataset: &Dataset,
    mapped: &MappedCollection,
    purposes: &[&str],
) -> bool {
    let node = &graph.nodes[number];
    let is_named = |name: &String| is_of(name, &dataset.key, &mapped.name);
    let has = |category: &String| {
        mapped.fields.iter().any(|field| dataset.categories(mapped, field).any(|own| within(own, category)))
    };
    let is_for = |purpose: &String| purposes.iter().any(|own| within(own, purpose));
    let any = |list: &[String], holds: &dyn Fn(&String) -> bool| list.is_empty() || list.iter().any(holds);
    let names_none = rule.collections.is_empty() && rule.categories.is_empty() && rule.purposes.is_empty();
    any(&rule.collections, &is_named)
        && any(&rule.categories, &has)
        && any(&rule.purposes, &is_for)
        && (!names_none || node.personal || node.about_people)
}

/// Whether `name` is `dataset.collection`, or the whole dataset.
fn is_of(name: &str, dataset: &str, collection: &str) -> bool {
    name == dataset || name.strip_prefix(dataset).and_then(|rest| rest.strip_prefix('.')) == Some(collection)
}

fn count(graph: &Graph, number: usize, rule: &Rule, events: &[Event], period: &Period) -> Result<Count, Fault> {
    let node = &graph.nodes[number];
    let name = node.mapped.as_ref().map_or(&node.collection.name, |mapped| &mapped.name);
    let event = events.iter().find(|event| event.name == rule.from);
    let of_event = event.map(|event| event.fields.iter().find(|(of, ..)| is_of(of, &node.dataset, name)));
    let (field, place) = match of_event {
        None => (rule.from.as_str(), &rule.place),
        Some(Some((_, field, place))) => (field.as_str(), place),
        Some(None) => {
            let message = format!(
                "The event {:?} has no field in {}.{name}, which the rule {:?} covers",
                rule.from, node.dataset, rule.name
            );
            let advice = format!("Add `{}.{name}: FIELD` to the event.", node.dataset);
            return Err(wrong(message, &advice, rule.place.clone()));
        }
    };
    let from = column_or_path(&node.collection, field);
    if node.collection.column(from.root()).is_none() {
        let message =
            format!("{}.{name} has no field {field:?}, with which the rule {:?} begins", node.dataset, rule.name);
        let near = model::nearest(field, node.collection.columns.iter().map(|column| column.name.as_str()));
        let advice = near.map_or("Name a field or an event.".to_owned(), |near| format!("Did you mean {near:?}?"));
        return Err(wrong(message, &advice, place.clone()));
    }
    Ok(Count { period: period.clone(), from, rule: rule.name.clone(), runs_on: rule.runs_on })
}

/// A rule that names what nobody has holds for nothing, and nobody would notice.
fn known(graph: &Graph, rules: &Rules) -> Result<(), Fault> {
    let is_known = |name: &str| {
        let of = |dataset: &Dataset| {
            name == dataset.key || dataset.collections.iter().any(|mapped| is_of(name, &dataset.key, &mapped.name))
        };
        graph.map.datasets.iter().any(of)
    };
    let of_rules = rules.rules.iter().flat_map(|rule| rule.collections.iter().map(move |name| (name, &rule.place)));
    let of_events = rules.events.iter().flat_map(|event| event.fields.iter().map(|(name, _, place)| (name, place)));
    match of_rules.chain(of_events).find(|(name, _)| !is_known(name)) {
        None => Ok(()),
        Some((name, place)) => Err(wrong(
            format!("The data map has no collection {name:?}"),
            "Write DATASET.COLLECTION or DATASET, as the data map names them.",
            place.clone(),
        )),
    }
}
