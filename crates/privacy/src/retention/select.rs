//! Which rows are past their time: every store read once, row by row, with no more kept than one run may change.

use std::collections::BTreeMap;

use jiff::civil::Date;
use model::{Fault, Progress};

use super::terms::{Due, Term};
use crate::Limits;
use crate::discover::{Member, Seed};
use crate::graph::{Graph, gap};
use crate::plan::{Gap, Holds, MissingIndex, blank};
use crate::row::{FieldPath, Key, Row, digest};
use crate::store::{Before, Find, Fold};
use crate::tombstone::Secret;

/// How the rows of a collection stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Past their time, with personal data in them and nothing that keeps them.
    pub over: u64,
    /// Past their time, and a hold keeps them.
    pub held: u64,
    /// Past their time, and without personal data already.
    pub blank: u64,
    /// Without a date, or with one that cannot be read.
    pub undated: u64,
    /// The earliest last day among those that are over.
    pub oldest: Option<String>,
}

/// What was selected.
#[derive(Debug, Default)]
pub struct Selected {
    /// Per node with a period that is known, how its rows stand.
    pub tallies: BTreeMap<usize, Tally>,
    /// The rows that are longest over, and those that holds keep, no more than were asked for of each.
    pub seeds: Vec<Seed>,
    /// Indexes that were missed.
    pub indexes: Vec<MissingIndex>,
    /// Rows without a date, as gaps.
    pub gaps: Vec<Gap>,
}

impl Selected {
    /// Rows that are over, in all collections.
    pub fn over(&self) -> u64 {
        self.tallies.values().map(|tally| tally.over).sum()
    }
}

/// What is asked.
pub struct Wanted<'a> {
    /// The first day on which a row whose last day was the day before is over.
    pub today: Date,
    /// Most rows that are taken.
    pub most: usize,
    /// What must stay.
    pub holds: &'a dyn Holds,
    /// For fields that the map wants pseudonymised: what they would hold.
    pub secret: Option<&'a Secret>,
}

/// The rows that are taken so far: by their last day, node and key, so that the choice does not depend on the order in which
/// they came.
#[derive(Default)]
struct Taken {
    rows: BTreeMap<(Date, usize, Key), Seed>,
    most: usize,
}

impl Taken {
    fn add(&mut self, day: Date, seed: Seed) {
        let name = (day, seed.node, seed.key.clone());
        if let Some(known) = self.rows.get_mut(&name) {
            known.count += 1;
            return;
        }
        let is_full = self.rows.len() >= self.most;
        if is_full && self.rows.last_key_value().is_none_or(|(last, _)| name > *last) {
            return;
        }
        self.rows.insert(name, seed);
        if is_full {
            self.rows.pop_last();
        }
    }
}

/// Looks at every collection that has a term.
///
/// # Errors
/// What stores and holds say.
pub fn select(
    graph: &Graph,
    members: &mut [Member],
    terms: &[Option<Term>],
    wanted: &Wanted<'_>,
    progress: &dyn Progress,
) -> Result<Selected, Fault> {
    let mut selected = Selected::default();
    let taken = || Taken { rows: BTreeMap::new(), most: wanted.most };
    let (mut over, mut held) = (taken(), taken());
    progress.start("read", 0);
    for term in terms.iter().flatten().filter(|term| term.undefined.is_none() && term.is_said()) {
        let member = &mut members[graph.nodes[term.node].member];
        let mut look = Look::new(graph, term, wanted, &mut over, &mut held, progress);
        look.collection(member)?;
        let Look { tally, index, .. } = look;
        selected.indexes.extend(index);
        selected.gaps.extend(undated(graph, term, &tally));
        selected.tallies.insert(term.node, tally);
    }
    progress.finish();
    selected.seeds = over.rows.into_values().chain(held.rows.into_values()).collect();
    Ok(selected)
}

fn undated(graph: &Graph, term: &Term, tally: &Tally) -> Option<Gap> {
    let node = &graph.nodes[term.node];
    let fields: Vec<String> = term.starts().map(ToString::to_string).collect();
    let rows = model::counted(tally.undated, "row has", "rows have");
    let text = format!("{rows} no date in {}, so that nobody knows when their time is over", fields.join(", "));
    (tally.undated > 0)
        .then(|| gap("undated", Some(&node.member_name), Some(&node.collection.name), text, term.place.as_ref()))
}

/// One collection.
struct Look<'l> {
    graph: &'l Graph,
    term: &'l Term,
    wanted: &'l Wanted<'l>,
    over: &'l mut Taken,
    held: &'l mut Taken,
    progress: &'l dyn Progress,
    /// What is read of each row: the node's needs, the columns of its digest, fields below columns.
    fields: Vec<FieldPath>,
    needs: usize,
    digested: usize,
    /// The personal fields.
    personal: Vec<FieldPath>,
    /// Rows that are over, until the holds are asked.
    batch: Vec<(Date, Seed)>,
    tally: Tally,
    index: Option<MissingIndex>,
}

impl<'l> Look<'l> {
    fn new(
        graph: &'l Graph,
        term: &'l Term,
        wanted: &'l Wanted<'l>,
        over: &'l mut Taken,
        held: &'l mut Taken,
        progress: &'l dyn Progress,
    ) -> Self {
        let node = &graph.nodes[term.node];
        let mut fields = node.needs.clone();
        let needs = fields.len();
        fields.extend(node.digest_columns().into_iter().map(FieldPath::column));
        let digested = fields.len() - needs;
        let personal = blank::fields(graph, term.node);
        fields.extend(personal.iter().filter(|field| !field.below().is_empty()).cloned());
        let (tally, batch) = (Tally::default(), Vec::new());
        Look { graph, term, wanted, over, held, progress, fields, needs, digested, personal, batch, tally, index: None }
    }

    fn collection(&mut self, member: &mut Member) -> Result<(), Fault> {
        let node = &self.graph.nodes[self.term.node];
        let (term, today, fields) = (self.term, self.wanted.today, self.fields.clone());
        let find = Find { collection: &node.collection.name, fields: &fields, any: &[], limit: None };
        match term.before(today) {
            None => member.store.find(&find, &mut |row| self.row(row))?,
            Some((field, day)) => {
                let before = Before { field, day: &day.to_string() };
                let is_served = member.store.find_before(&find, before, &mut |row| self.row(row))?;
                self.index = is_served.then(|| missing_index(self.graph, term.node, member, field)).flatten();
            }
        }
        self.settle()
    }

    fn row(&mut self, row: Row) -> Result<(), Fault> {
        self.progress.advance(1);
        let cells = &row.cells;
        let day = match self.term.due(self.graph, cells, self.wanted.today) {
            Due::Over(day) => day,
            Due::Undated => {
                self.tally.undated += 1;
                return Ok(());
            }
            Due::NotYet(_) | Due::RunsOn => return Ok(()),
        };
        if self.is_blank(&row) {
            self.tally.blank += 1;
            return Ok(());
        }
        let seed = Seed {
            node: self.term.node,
            cells: cells[..self.needs].to_vec(),
            digest: digest(&cells[self.needs..self.needs + self.digested]),
            key: row.key,
            count: 1,
            spreads: self.term.ending == super::Ending::Delete,
        };
        self.batch.push((day, seed));
        if self.batch.len() == Limits::BATCH { self.settle() } else { Ok(()) }
    }

    /// Whether every personal field holds already what an anonymised row would hold.
    fn is_blank(&self, row: &Row) -> bool {
        let at = |field: &FieldPath| self.fields[self.needs..].iter().position(|other| other == field);
        let now = |field: &FieldPath| at(field).and_then(|at| row.cells.get(self.needs + at)).cloned().flatten();
        !self.personal.is_empty()
            && self
                .personal
                .iter()
                .all(|field| blank::is_blank(self.graph, self.term.node, self.wanted.secret, field, &row.key, &now))
    }

    /// Asks the holds about the rows of the batch.
    fn settle(&mut self) -> Result<(), Fault> {
        let node = &self.graph.nodes[self.term.node];
        let keys: Vec<Key> = self.batch.iter().map(|(_, seed)| seed.key.clone()).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let holds = self.wanted.holds.on(&node.member_name, &node.dataset, &node.collection.name, &keys)?;
        if holds.len() != keys.len() {
            return Err(Fault::internal("holds-unanswered", "Not every row was answered for by the holds"));
        }
        for ((day, seed), hold) in self.batch.drain(..).zip(holds) {
            if hold.is_some() {
                self.tally.held += 1;
                self.held.add(day, seed);
                continue;
            }
            self.tally.over += 1;
            let day_text = day.to_string();
            if self.tally.oldest.as_ref().is_none_or(|oldest| day_text < *oldest) {
                self.tally.oldest = Some(day_text);
            }
            self.over.add(day, seed);
        }
        Ok(())
    }
}

/// The index that the question for old rows lacks.
fn missing_index(graph: &Graph, node: usize, member: &Member, field: &FieldPath) -> Option<MissingIndex> {
    let collection = &graph.nodes[node].collection;
    let rows = collection.rows_estimated.filter(|rows| *rows >= Limits::ROWS_WITHOUT_INDEX)?;
    let mut firsts = collection.indexes.iter().filter_map(|index| index.on.first());
    let mut keys = [&collection.key].into_iter().chain(&collection.unique).filter_map(|columns| columns.first());
    if firsts.any(|on| on == field.root()) || keys.any(|on| on == field.root()) {
        return None;
    }
    let fields = [field.clone()];
    Some(MissingIndex {
        member: member.name.clone(),
        collection: collection.name.clone(),
        columns: vec![field.to_string()],
        rows,
        statement: Some(member.store.index_statement(&collection.name, &fields, Fold::Exact)?),
    })
}
