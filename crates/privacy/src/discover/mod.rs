//! Discovery: every row that belongs to a person, across all stores, to a fixpoint.
//!
//! ```text
//!  identities ─▶ seeds ─▶ down: rows that refer to them ─▶ … until nothing new comes
//!                            └─▶ up: what they alone refer to (an address of their own)
//! ```
//!
//! A row is the person's when it holds an identity of theirs, or when every link by which it may be somebody's leads to a
//! row of the person. The set of these rows is the smallest one that is closed under this rule: it does not depend on the order in
//! which questions are asked. Memory grows with the rows of the person and with nothing else; cells that no edge needs are
//! not held.

mod ask;
mod cells;
mod learn;
mod likely;
mod mentioned;
mod named;
mod stream;
mod up;
mod whose;

use std::collections::{BTreeSet, HashMap, HashSet};

use model::{Digest, Fault, Progress};

use crate::Limits;
use crate::anchor;
use crate::catalog::Catalog;
use crate::graph::{Edge, Graph};
use crate::identity::Identity;
use crate::plan::{Gap, MissingIndex};
use crate::row::{Cell, FieldPath, Key};
use crate::store::{Condition, DataStore, Fold};
pub(crate) use ask::is_dear;
use ask::{Answer, Asked, Question};
use whose::Whose;

pub(crate) use cells::{cell, holds, is_list, texts, tuples};
pub use learn::also_known_as;
pub use named::named;
pub use stream::{EachFound, rows};

/// One store as opened.
pub struct Member {
    /// `shop`; `shop/1`, `shop/2` for shards.
    pub name: String,
    /// Key of its dataset in the map.
    pub dataset: String,
    /// To ask.
    pub store: Box<dyn DataStore>,
    /// What it said of itself.
    pub catalog: Catalog,
}

/// Whether a member is that store, or a shard of it.
pub fn is_of(store: &str, member: &str) -> bool {
    member.strip_prefix(store).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// How to search.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Read whole rows and keep their digests (an erase needs them, an export does not).
    pub digests: bool,
    /// A store that cannot be asked becomes a gap instead of a fault (for an export).
    pub tolerant: bool,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// For each node of the graph its rows, in the order of their keys.
    pub rows: Vec<Vec<FoundRow>>,
    /// What could not be asked.
    pub gaps: Vec<Gap>,
    /// Indexes that were missed.
    pub indexes: Vec<MissingIndex>,
    /// How many questions were asked, over all stores.
    pub questions: u64,
    /// For each member, how many rows it had to read, as far as its statistics tell.
    pub rows_read: Vec<u64>,
    /// `shop.person.mail`: fields in which an identity was found only because case or punctuation do not count.
    pub folded: Vec<String>,
    /// `shop.board.readers`: lists in which an identity stands beside others that are not among those that were named.
    pub alongside: Vec<String>,
}

/// One row that was found, or several equal ones of a collection without a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundRow {
    /// What names it.
    pub key: Key,
    /// What it is to the person.
    pub role: Role,
    /// How many equal rows it stands for.
    pub count: u64,
    /// Of its cells in `Node::digest_columns`, when [`Options::digests`] was set.
    pub digest: Option<Digest>,
    /// The cells of `Node::needs`.
    pub cells: Vec<Cell>,
    /// The edges that lead from it to rows of the person.
    pub ties: Vec<usize>,
    /// The edges by which rows of the person refer to it, where it was found going up.
    pub referrers: Vec<usize>,
    /// It holds an identity of the person.
    pub seed: bool,
}

/// What a row is to the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It is theirs.
    Owned,
    /// Rows of theirs refer to it and it holds personal data: an address.
    Up {
        /// Nobody else's row refers to it.
        exclusive: bool,
    },
    /// It is theirs and another's as well: a message between two people.
    Shared,
    /// It is another's, or nobody's, and refers to a row of theirs.
    Points,
}

impl Found {
    /// Nothing was found at all.
    pub fn is_empty(&self) -> bool {
        self.rows.iter().all(Vec::is_empty)
    }

    /// How many rows have a role.
    pub fn count(&self, role: impl Fn(Role) -> bool) -> u64 {
        self.rows.iter().flatten().filter(|row| role(row.role)).map(|row| row.count).sum()
    }
}

/// Finds every row of the person.
///
/// # Errors
/// `no-such-identity` when the map has no field for any kind of identity that is named; `subject-too-large`; what the
/// stores say, unless [`Options::tolerant`] makes a gap of it.
pub fn discover(
    graph: &Graph,
    members: &mut [Member],
    identities: &[Identity],
    options: &Options,
    progress: &dyn Progress,
) -> Result<Found, Fault> {
    let mut search = Search::new(graph, members.len(), identities, *options);
    progress.start("find", 0);
    let seeds = search.seed_questions()?;
    search.ask_all(members, seeds, progress)?;
    search.spread(members, progress)?;
    mentioned::look(&mut search, members, progress)?;
    progress.finish();
    Ok(search.finish())
}

/// A row from which a search starts, whosever it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seed {
    /// Its node.
    pub node: usize,
    /// What names it.
    pub key: Key,
    /// The cells of `Node::needs`.
    pub cells: Vec<Cell>,
    /// Of its cells in `Node::digest_columns`.
    pub digest: Digest,
    /// How many equal rows it stands for.
    pub count: u64,
    /// What belongs to it is found as well.
    pub spreads: bool,
}

/// Finds every row that belongs to `seeds`, as [`discover`] finds those of a person. A seed that does not spread is found itself, with
/// the role [`Role::Points`].
///
/// # Errors
/// `subject-too-large`; what the stores say.
pub fn from_rows(
    graph: &Graph,
    members: &mut [Member],
    seeds: Vec<Seed>,
    progress: &dyn Progress,
) -> Result<Found, Fault> {
    let mut search = Search::new(graph, members.len(), &[], Options { digests: true, tolerant: false });
    progress.start("find", 0);
    for seed in seeds {
        let came = ask::Came { key: seed.key, cells: seed.cells, digest: Some(seed.digest) };
        let at = search.enter(seed.node, came)?;
        let row = &mut search.nodes[seed.node].rows[at];
        (row.count, row.seed, row.still) = (seed.count, true, !seed.spreads);
        search.judge(seed.node, at);
    }
    search.spread(members, progress)?;
    progress.finish();
    Ok(search.finish())
}

/// How a row stands while the search goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Owned,
    Shared,
    Points,
    Up,
}

struct Row {
    state: State,
    cells: Vec<Cell>,
    digest: Option<Digest>,
    count: u64,
    ties: Vec<usize>,
    referrers: Vec<usize>,
    seed: bool,
    /// The identity by which it was found stands in a list beside others.
    joint: bool,
    /// Nothing is followed from it.
    still: bool,
}

/// The rows of one node.
#[derive(Default)]
struct Rows {
    index: HashMap<Key, usize>,
    rows: Vec<Row>,
}

/// Columns of a node that edges lead to, and which of their values belong to the person.
struct Port {
    fields: Vec<FieldPath>,
    owned: HashSet<Vec<String>>,
    /// Not asked about yet.
    fresh: Vec<Vec<String>>,
}

impl Port {
    fn enlist(&mut self, tuples: impl IntoIterator<Item = Vec<String>>) {
        for tuple in tuples {
            if self.owned.insert(tuple.clone()) {
                self.fresh.push(tuple);
            }
        }
    }
}

struct Search<'g> {
    graph: &'g Graph,
    identities: &'g [Identity],
    options: Options,
    nodes: Vec<Rows>,
    ports: Vec<Port>,
    /// The port of each edge's parent.
    port_of: Vec<usize>,
    /// The ports of each node.
    ports_at: Vec<Vec<usize>>,
    asked: Asked,
    folded: HashSet<String>,
    alongside: HashSet<String>,
    /// What else names the person in the rows by which they were found.
    learned: Vec<Identity>,
    found: u64,
    /// Which rows of a node are deletable going up; see [`up`].
    exclusive: HashSet<(usize, usize)>,
}

impl<'g> Search<'g> {
    fn new(graph: &'g Graph, members: usize, identities: &'g [Identity], options: Options) -> Self {
        let mut ports: Vec<Port> = Vec::new();
        let mut by_name: HashMap<(usize, &[FieldPath]), usize> = HashMap::new();
        let mut ports_at = vec![Vec::new(); graph.nodes.len()];
        let mut port_of = Vec::with_capacity(graph.edges.len());
        for edge in &graph.edges {
            let number = *by_name.entry((edge.parent, &edge.parent_fields)).or_insert_with(|| {
                let fields = edge.parent_fields.clone();
                ports.push(Port { fields, owned: HashSet::new(), fresh: Vec::new() });
                ports_at[edge.parent].push(ports.len() - 1);
                ports.len() - 1
            });
            port_of.push(number);
        }
        for (edge, port) in graph.edges.iter().zip(&port_of) {
            let Some(kind) = anchor::of_edge(graph, edge) else { continue };
            let values = anchor::given(&kind, identities).map(|value| vec![value.to_owned()]);
            ports[*port].enlist(values);
        }
        Search {
            graph,
            identities,
            options,
            nodes: graph.nodes.iter().map(|_| Rows::default()).collect(),
            ports,
            port_of,
            ports_at,
            asked: Asked::new(members),
            folded: HashSet::new(),
            alongside: HashSet::new(),
            learned: Vec::new(),
            found: 0,
            exclusive: HashSet::new(),
        }
    }

    /// Down from what is owned until nothing new comes, then up.
    fn spread(&mut self, members: &mut [Member], progress: &dyn Progress) -> Result<(), Fault> {
        loop {
            let questions = self.down_questions();
            if questions.is_empty() {
                break;
            }
            self.ask_all(members, questions, progress)?;
        }
        up::follow(self, members, progress)
    }

    /// One question per collection that holds an identity of a kind that is named.
    fn seed_questions(&self) -> Result<Vec<Question>, Fault> {
        let mut questions = Vec::new();
        for (number, node) in self.graph.nodes.iter().enumerate().filter(|(_, node)| !node.skipped) {
            let conditions: Vec<Condition> =
                self.seeds_of(number).map(|(field, identity)| identity.condition(field)).collect();
            if !conditions.is_empty() {
                let extra = node.identities.iter().map(|(field, _)| field.clone()).collect();
                questions.push(Question { node: number, conditions, edges: Vec::new(), extra, limit: None });
            }
        }
        if questions.is_empty() && self.ports.iter().all(|port| port.fresh.is_empty()) {
            return Err(self.no_such_identity());
        }
        Ok(questions)
    }

    fn seeds_of(&self, node: usize) -> impl Iterator<Item = (&'g FieldPath, &'g Identity)> {
        let (graph, identities) = (self.graph, self.identities);
        let fields = graph.nodes[node].identities.iter();
        fields.flat_map(move |(field, kind)| {
            identities.iter().filter(move |identity| identity.is_of(kind)).map(move |identity| (field, identity))
        })
    }

    fn no_such_identity(&self) -> Fault {
        let mut known: Vec<&str> =
            self.graph.nodes.iter().flat_map(|node| &node.identities).map(|(_, kind)| kind.as_str()).collect();
        known.sort_unstable();
        known.dedup();
        let asked: Vec<_> = self.identities.iter().map(Identity::kind).collect();
        let text = format!("No field of the data map holds an identity of the kind {}", asked.join(", "));
        let fault = Fault::usage("no-such-identity", text);
        match known.is_empty() {
            true => fault.advise("Give the field that names people `fides_meta: {identity: email}` in the data map."),
            false => fault.advise(format!("The data map knows {}.", known.join(", "))),
        }
    }

    /// For every edge the values of its parents that have not been asked about, in batches.
    fn down_questions(&mut self) -> Vec<Question> {
        let mut questions = Vec::new();
        let fresh: Vec<_> = self.ports.iter_mut().map(|port| std::mem::take(&mut port.fresh)).collect();
        for (number, edge) in self.graph.edges.iter().enumerate().filter(|(_, edge)| edge.down) {
            for values in fresh[self.port_of[number]].chunks(Limits::BATCH) {
                questions.push(Question::about(number, edge, values.to_vec()));
            }
        }
        questions
    }

    fn ask_all(
        &mut self,
        members: &mut [Member],
        questions: Vec<Question>,
        progress: &dyn Progress,
    ) -> Result<(), Fault> {
        for answer in self.asked.ask(self.graph, members, questions, self.options, progress)? {
            self.take(answer)?;
        }
        Ok(())
    }

    fn take(&mut self, answer: Answer) -> Result<(), Fault> {
        let node = answer.question.node;
        let is_keyless = self.graph.nodes[node].collection.key.is_empty();
        let mut counts: HashMap<usize, u64> = HashMap::new();
        for mut row in answer.rows {
            let is_seed = answer.question.edges.is_empty();
            let whose = match is_seed {
                true => self.whose(node, &row.cells[self.graph.nodes[node].needs.len()..]),
                false => Whose::Theirs,
            };
            if whose == Whose::Others {
                continue;
            }
            if is_seed && whose == Whose::Theirs {
                self.learn(node, &row.cells[self.graph.nodes[node].needs.len()..]);
            }
            row.cells.truncate(self.graph.nodes[node].needs.len());
            let at = self.enter(node, row)?;
            if is_keyless {
                let count = counts.entry(at).or_default();
                *count += 1;
                let known = &mut self.nodes[node].rows[at];
                known.count = known.count.max(*count);
            }
            let entered = &mut self.nodes[node].rows[at];
            entered.seed |= is_seed;
            entered.joint |= whose == Whose::Joint;
            for edge in &answer.question.edges {
                enlist(&mut self.nodes[node].rows[at].ties, *edge);
            }
            self.judge(node, at);
        }
        Ok(())
    }

    /// The place of a row that came, new or known.
    fn enter(&mut self, node: usize, row: ask::Came) -> Result<usize, Fault> {
        let rows = &mut self.nodes[node];
        if let Some(&at) = rows.index.get(&row.key) {
            return Ok(at);
        }
        self.found += 1;
        if self.found > Limits::ROWS_FOUND {
            return Err(Fault::unavailable(
                "subject-too-large",
                format!("More than {} rows were found", model::grouped(Limits::ROWS_FOUND)),
            )
            .advise(
                "No person has that many rows: a link in the data map is probably wrong. Set `owner: false` on it.",
            ));
        }
        let at = rows.rows.len();
        rows.index.insert(row.key, at);
        let (cells, digest) = (row.cells, row.digest);
        rows.rows.push(Row {
            state: State::Points,
            cells,
            digest,
            count: 1,
            ties: Vec::new(),
            referrers: Vec::new(),
            seed: false,
            joint: false,
            still: false,
        });
        Ok(at)
    }

    fn finish(self) -> Found {
        let mut all = Vec::with_capacity(self.nodes.len());
        for (node, rows) in self.nodes.into_iter().enumerate() {
            let mut keys: Vec<_> = rows.index.into_iter().collect();
            keys.sort_by_key(|(_, at)| *at);
            let exclusive = |at| self.exclusive.contains(&(node, at));
            let mut found: Vec<FoundRow> =
                keys.into_iter().zip(rows.rows).map(|((key, at), row)| found_row(key, row, exclusive(at))).collect();
            found.sort_by(|a, b| a.key.cmp(&b.key));
            all.push(found);
        }
        let sorted = |names: HashSet<String>| names.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        let (folded, alongside) = (sorted(self.folded), sorted(self.alongside));
        let Asked { questions, rows_read, gaps, indexes, .. } = self.asked;
        let indexes = indexes.into_iter().collect();
        Found { rows: all, gaps, indexes, questions, rows_read, folded, alongside }
    }
}

/// Keeps a sorted list of edges.
fn enlist(edges: &mut Vec<usize>, edge: usize) {
    if let Err(place) = edges.binary_search(&edge) {
        edges.insert(place, edge);
    }
}

fn found_row(key: Key, row: Row, exclusive: bool) -> FoundRow {
    let role = match row.state {
        State::Owned => Role::Owned,
        State::Shared => Role::Shared,
        State::Points => Role::Points,
        State::Up => Role::Up { exclusive },
    };
    let Row { cells, digest, count, ties, referrers, seed, .. } = row;
    FoundRow { key, role, count, digest, cells, ties, referrers, seed }
}

impl Question {
    /// The rows of the edge's child that refer to any of `values`.
    fn about(number: usize, edge: &Edge, values: Vec<Vec<String>>) -> Self {
        let condition =
            Condition { fields: edge.child_fields.clone(), fold: Fold::Exact, values, when: edge.when.clone() };
        Question { node: edge.child, conditions: vec![condition], edges: vec![number], extra: Vec::new(), limit: None }
    }
}
