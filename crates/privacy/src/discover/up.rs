//! Going up: rows that the person's rows refer to and that hold personal data, such as an address of their own.
//!
//! Such a row is the person's alone when every row that refers to it is deleted too. Everything that might refer to it is
//! asked for it; one row of another's is enough to keep it.

use std::collections::{HashMap, HashSet};

use model::{Fault, Progress};

use super::ask::Question;
use super::{Member, Search, State, enlist, holds, likely, tuples};
use crate::Limits;
use crate::catalog::OnDelete;
use crate::graph::{Edge, Tie};
use crate::store::{Condition, Fold};

/// A row: node and place in it.
pub(super) type At = (usize, usize);

pub(super) fn follow(search: &mut Search<'_>, members: &mut [Member], progress: &dyn Progress) -> Result<(), Fault> {
    let mut fresh: Vec<At> = search.all(State::Owned);
    while !fresh.is_empty() {
        let questions = questions(search, &fresh);
        fresh = Vec::new();
        for answer in search.asked.ask(search.graph, members, questions, search.options, progress)? {
            let node = answer.question.node;
            for row in answer.rows {
                let is_new = !search.nodes[node].index.contains_key(&row.key);
                let at = search.enter(node, row)?;
                let row = &mut search.nodes[node].rows[at];
                if is_new || row.state == State::Points {
                    row.state = State::Up;
                    fresh.push((node, at));
                }
                answer.question.edges.iter().for_each(|edge| enlist(&mut row.referrers, *edge));
            }
        }
    }
    let candidates = search.all(State::Up);
    if !candidates.is_empty() {
        search.exclusive = Referrers::default().settle(search, members, candidates, progress)?;
    }
    Ok(())
}

impl Search<'_> {
    fn all(&self, state: State) -> Vec<At> {
        let of_node = |(node, rows): (usize, &super::Rows)| {
            let meant = rows.rows.iter().enumerate().filter(|(_, row)| row.state == state);
            meant.map(|(at, _)| (node, at)).collect::<Vec<_>>()
        };
        self.nodes.iter().enumerate().flat_map(of_node).collect()
    }

    /// Whether a link of the row leads to somebody that is not the person.
    fn is_anothers(&self, node: usize, row: &super::Row) -> bool {
        self.graph.out[node].iter().any(|number| {
            let edge = &self.graph.edges[*number];
            let owned = &self.ports[self.port_of[*number]].owned;
            let strange =
                || tuples(self.graph, node, &edge.child_fields, &row.cells).iter().any(|tuple| !owned.contains(tuple));
            matches!(edge.tie, Tie::Owns(_))
                && !row.ties.contains(number)
                && holds(self.graph, edge, &row.cells)
                && strange()
        })
    }

    fn is_followed_up(&self, edge: &Edge) -> bool {
        let parent = &self.graph.nodes[edge.parent];
        let is_personal = parent.personal && !parent.about_people;
        edge.up && !parent.skipped && edge.owner.unwrap_or(is_personal)
    }
}

/// The rows that `from` refers to, a question per edge and batch.
fn questions(search: &Search<'_>, from: &[At]) -> Vec<Question> {
    let mut wanted: HashMap<usize, HashSet<Vec<String>>> = HashMap::new();
    for &(node, at) in from {
        let cells = &search.nodes[node].rows[at].cells;
        for &number in &search.graph.out[node] {
            let edge = &search.graph.edges[number];
            if search.is_followed_up(edge) && holds(search.graph, edge, cells) {
                wanted.entry(number).or_default().extend(tuples(search.graph, node, &edge.child_fields, cells));
            }
        }
    }
    let mut wanted: Vec<_> = wanted.into_iter().collect();
    wanted.sort_by_key(|(number, _)| *number);
    let mut questions = Vec::new();
    for (number, values) in wanted {
        let edge = &search.graph.edges[number];
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort();
        for values in values.chunks(Limits::BATCH) {
            let fields = edge.parent_fields.clone();
            let conditions = vec![Condition { fields, fold: Fold::Exact, values: values.to_vec(), when: None }];
            questions.push(Question {
                node: edge.parent,
                conditions,
                edges: vec![number],
                extra: Vec::new(),
                limit: None,
            });
        }
    }
    questions
}

/// Who refers to rows that were found going up.
#[derive(Default)]
struct Referrers {
    /// Rows that another's row refers to.
    doomed: HashSet<At>,
    /// Rows found going up, to those that refer to them: they go only together.
    with: HashMap<At, Vec<At>>,
    /// Rows that belong to such a row by a cascade (or by the map), to that row.
    part_of: HashMap<At, At>,
}

impl Referrers {
    fn settle(
        mut self,
        search: &mut Search<'_>,
        members: &mut [Member],
        candidates: Vec<At>,
        progress: &dyn Progress,
    ) -> Result<HashSet<At>, Fault> {
        // Whoever else a row may belong to by its own links has a say in it.
        let is_anothers = |(node, at): &&At| search.is_anothers(*node, &search.nodes[*node].rows[*at]);
        self.doomed.extend(candidates.iter().filter(is_anothers));
        let mut all: HashSet<At> = candidates.iter().copied().collect();
        let mut fresh = candidates;
        while !fresh.is_empty() {
            let mut nodes: Vec<usize> = fresh.iter().map(|(node, _)| *node).collect();
            nodes.sort_unstable();
            nodes.dedup();
            let mut parts = Vec::new();
            for node in nodes {
                let rows: Vec<At> = fresh.iter().copied().filter(|(of, _)| *of == node).collect();
                for &number in &search.graph.into[node] {
                    parts.extend(self.look(search, members, number, &rows, progress)?);
                }
            }
            parts.retain(|part| all.insert(*part));
            fresh = parts;
        }
        self.spread();
        all.retain(|row| !self.doomed.contains(row));
        // Whoever only reads need not know, and most such columns have no index.
        let mut alone: Vec<At> = all.iter().copied().filter(|_| search.options.digests).collect();
        alone.sort_unstable();
        for referrer in likely::referrers(search, members, &alone, progress)? {
            match referrer.from.filter(|from| all.contains(from)) {
                Some(from) => self.with.entry(referrer.to).or_default().push(from),
                None => drop(self.doomed.insert(referrer.to)),
            }
        }
        self.spread();
        all.retain(|row| !self.doomed.contains(row));
        Ok(all)
    }

    /// Asks over one edge who refers to `rows`; says which new rows turned out to be parts of them.
    fn look(
        &mut self,
        search: &mut Search<'_>,
        members: &mut [Member],
        number: usize,
        rows: &[At],
        progress: &dyn Progress,
    ) -> Result<Vec<At>, Fault> {
        let edge = &search.graph.edges[number];
        let mut parts = Vec::new();
        for rows in rows.chunks(Limits::BATCH) {
            loop {
                let mut by_value: HashMap<Vec<String>, At> = HashMap::new();
                for &(node, at) in rows.iter().filter(|row| !self.doomed.contains(row)) {
                    let values = tuples(search.graph, node, &edge.parent_fields, &search.nodes[node].rows[at].cells);
                    by_value.extend(values.into_iter().map(|value| (value, (node, at))));
                }
                if by_value.is_empty() {
                    break;
                }
                let mut values: Vec<_> = by_value.keys().cloned().collect();
                values.sort();
                // More than we know, so that each round tells of at least one row of another's.
                let limit = search.nodes[edge.child].rows.len() as u64 + Limits::BATCH as u64;
                let mut question = Question::about(number, edge, values);
                question.limit = Some(limit);
                let answers = search.asked.ask(search.graph, members, vec![question], search.options, progress)?;
                let came: Vec<_> = answers.into_iter().flat_map(|answer| answer.rows).collect();
                let is_all = (came.len() as u64) < limit;
                for row in came {
                    parts.extend(self.weigh(search, number, row, &by_value)?);
                }
                if is_all {
                    break;
                }
            }
        }
        Ok(parts)
    }

    fn weigh(
        &mut self,
        search: &mut Search<'_>,
        number: usize,
        row: super::ask::Came,
        by_value: &HashMap<Vec<String>, At>,
    ) -> Result<Option<At>, Fault> {
        let edge = &search.graph.edges[number];
        let values = tuples(search.graph, edge.child, &edge.child_fields, &row.cells);
        let targets: Vec<At> = values.iter().filter_map(|value| by_value.get(value).copied()).collect();
        // The store found it equal by a rule of its own: nobody can say to which row it refers, so all of them stay.
        let targets = if targets.is_empty() { by_value.values().copied().collect() } else { targets };
        let known = search.nodes[edge.child].index.get(&row.key).copied();
        let state = known.map(|at| search.nodes[edge.child].rows[at].state);
        match (known, state) {
            (Some(_), Some(State::Owned)) => {}
            (Some(at), Some(State::Up)) => {
                for target in targets {
                    self.with.entry(target).or_default().push((edge.child, at));
                }
            }
            (None, _) if is_part(search, number, &row.cells) && targets.len() == 1 => {
                let at = search.enter(edge.child, row)?;
                search.nodes[edge.child].rows[at].state = State::Up;
                self.with.entry(targets[0]).or_default().push((edge.child, at));
                self.part_of.insert((edge.child, at), targets[0]);
                return Ok(Some((edge.child, at)));
            }
            _ => self.doomed.extend(targets),
        }
        Ok(None)
    }

    /// What a row that stays refers to stays too, and so do its parts.
    fn spread(&mut self) {
        loop {
            let before = self.doomed.len();
            let stays = |row: &At| self.doomed.contains(row);
            let held: Vec<At> =
                self.with.iter().filter(|(_, from)| from.iter().any(stays)).map(|(row, _)| *row).collect();
            let parts: Vec<At> = self.part_of.iter().filter(|(_, of)| stays(of)).map(|(part, _)| *part).collect();
            self.doomed.extend(held.into_iter().chain(parts));
            if self.doomed.len() == before {
                return;
            }
        }
    }
}

/// A row that its schema deletes together with the row it refers to (a history of addresses), and that is nobody's otherwise.
fn is_part(search: &Search<'_>, number: usize, cells: &[crate::row::Cell]) -> bool {
    let graph = search.graph;
    let edge = &graph.edges[number];
    let child = &graph.nodes[edge.child];
    let is_declared = edge.link.as_ref().is_some_and(|link| link.on_delete == OnDelete::Cascade);
    let is_anothers = graph.out[edge.child].iter().filter(|other| **other != number).any(|other| {
        let other = &graph.edges[*other];
        matches!(other.tie, Tie::Owns(_))
            && holds(graph, other, cells)
            && !tuples(graph, edge.child, &other.child_fields, cells).is_empty()
    });
    edge.owner.unwrap_or(is_declared) && !child.about_people && !child.skipped && !is_anothers
}
