//! Questions to stores: those of one member one after the other, those of several members side by side.

use std::collections::BTreeSet;

use model::{Digest, Fault, Kind, Progress};

use super::{Member, Options};
use crate::Limits;
use crate::catalog::Collection;
use crate::graph::{Graph, gap};
use crate::plan::{Gap, MissingIndex};
use crate::row::{Cell, FieldPath, Key, digest};
use crate::store::{Condition, Find, Fold};

/// One question about one collection.
pub(super) struct Question {
    pub(super) node: usize,
    pub(super) conditions: Vec<Condition>,
    /// The edges that it follows; none: it looks for seeds.
    pub(super) edges: Vec<usize>,
    /// Fields that are wanted beside the node's needs; they come after them.
    pub(super) extra: Vec<FieldPath>,
    pub(super) limit: Option<u64>,
}

pub(super) struct Answer {
    pub(super) question: Question,
    pub(super) rows: Vec<Came>,
}

/// A row as it came.
pub(super) struct Came {
    pub(super) key: Key,
    /// The node's needs, then what was wanted beside them.
    pub(super) cells: Vec<Cell>,
    pub(super) digest: Option<Digest>,
}

/// What asking has cost, and what it has taught.
pub(super) struct Asked {
    pub(super) questions: u64,
    pub(super) rows_read: Vec<u64>,
    pub(super) gaps: Vec<Gap>,
    pub(super) indexes: BTreeSet<MissingIndex>,
    /// Members that do not answer any more.
    silent: Vec<bool>,
}

impl Asked {
    pub(super) fn new(members: usize) -> Self {
        let (rows_read, silent) = (vec![0; members], vec![false; members]);
        Asked { questions: 0, rows_read, gaps: Vec::new(), indexes: BTreeSet::new(), silent }
    }

    /// Asks every question. A member that fails in a tolerant search is a gap, and is not asked again.
    pub(super) fn ask(
        &mut self,
        graph: &Graph,
        members: &mut [Member],
        questions: Vec<Question>,
        options: Options,
        progress: &dyn Progress,
    ) -> Result<Vec<Answer>, Fault> {
        let mut by_member: Vec<Vec<Question>> = members.iter().map(|_| Vec::new()).collect();
        for question in questions {
            let member = graph.nodes[question.node].member;
            if !self.silent[member] {
                by_member[member].push(question);
            }
        }
        let results = side_by_side(graph, members, by_member, options, progress);
        let mut answers = Vec::new();
        for (number, result) in results.into_iter().enumerate() {
            let (answered, fault) = result;
            for answer in answered {
                self.note(graph, &members[number], &answer);
                answers.push(answer);
            }
            match fault {
                Some(fault) if options.tolerant && fault.kind() == Kind::Unavailable => {
                    self.silence(number, members, &fault)
                }
                Some(fault) => return Err(fault),
                None => {}
            }
        }
        Ok(answers)
    }

    fn silence(&mut self, number: usize, members: &[Member], fault: &Fault) {
        self.silent[number] = true;
        let text = format!("The store did not answer: {}", fault.message());
        self.gaps.push(gap("unreachable", Some(&members[number].name), None, text, None));
    }

    /// Counts what the store had to read, and names the index that it lacks.
    fn note(&mut self, graph: &Graph, member: &Member, answer: &Answer) {
        let node = &graph.nodes[answer.question.node];
        let came = answer.rows.len() as u64;
        let size = node.collection.rows_estimated.unwrap_or(0);
        self.questions += 1;
        let mut read = came;
        for condition in &answer.question.conditions {
            if is_served(&node.collection, condition) {
                continue;
            }
            read = read.max(size);
            if size < Limits::ROWS_WITHOUT_INDEX {
                continue;
            }
            let name = &node.collection.name;
            let Some(statement) = member.store.index_statement(name, &condition.fields, condition.fold) else {
                continue;
            };
            self.indexes.insert(MissingIndex {
                member: member.name.clone(),
                collection: name.clone(),
                columns: condition.fields.iter().map(ToString::to_string).collect(),
                rows: size,
                statement: Some(statement),
            });
        }
        self.rows_read[node.member] += read;
    }
}

/// Whether a store has to read a large collection to answer.
pub(crate) fn is_dear(collection: &Collection, conditions: &[Condition]) -> bool {
    collection.rows_estimated.unwrap_or(0) >= Limits::ROWS_WITHOUT_INDEX
        && conditions.iter().any(|condition| !is_served(collection, condition))
}

/// Whether an index serves the condition: one that begins with a column that is compared as it stands, or with an
/// expression that folds it.
fn is_served(collection: &Collection, condition: &Condition) -> bool {
    let is_asked = |on: &str| condition.fields.iter().any(|field| field.below().is_empty() && field.root() == on);
    let folds = |on: &str| {
        let on = on.to_lowercase();
        on.contains("lower(") && condition.fields.iter().any(|field| on.contains(&field.root().to_lowercase()))
    };
    let mut firsts = collection.indexes.iter().filter_map(|index| index.on.first());
    let key = [&collection.key].into_iter().chain(&collection.unique).filter_map(|columns| columns.first());
    match condition.fold {
        Fold::Exact => firsts.any(|on| is_asked(on)) || key.into_iter().any(|on| is_asked(on)),
        Fold::Lower => firsts.any(|on| folds(on)),
        Fold::Address | Fold::Digits(_) => false,
    }
}

type Result1 = (Vec<Answer>, Option<Fault>);

/// Threads pay only when several members have something to do.
fn side_by_side(
    graph: &Graph,
    members: &mut [Member],
    questions: Vec<Vec<Question>>,
    options: Options,
    progress: &dyn Progress,
) -> Vec<Result1> {
    let busy = questions.iter().filter(|questions| !questions.is_empty()).count();
    let pairs = members.iter_mut().zip(questions);
    if busy < 2 {
        return pairs.map(|(member, questions)| one_by_one(graph, member, questions, options, progress)).collect();
    }
    std::thread::scope(|scope| {
        let work = |(member, questions): (_, Vec<Question>)| {
            scope.spawn(move || one_by_one(graph, member, questions, options, progress))
        };
        let running: Vec<_> = pairs.map(work).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or_else(|_| (Vec::new(), Some(broken())))).collect()
    })
}

fn broken() -> Fault {
    Fault::internal("search-broken", "A search thread ended in a panic")
}

fn one_by_one(
    graph: &Graph,
    member: &mut Member,
    questions: Vec<Question>,
    options: Options,
    progress: &dyn Progress,
) -> Result1 {
    let mut answers = Vec::with_capacity(questions.len());
    for question in questions {
        match one(graph, member, &question, options) {
            Ok(rows) => {
                progress.advance(rows.len() as u64);
                answers.push(Answer { question, rows });
            }
            Err(fault) => return (answers, Some(fault)),
        }
    }
    (answers, None)
}

fn one(graph: &Graph, member: &mut Member, question: &Question, options: Options) -> Result<Vec<Came>, Fault> {
    let node = &graph.nodes[question.node];
    let mut fields = node.needs.clone();
    fields.extend(question.extra.iter().cloned());
    let kept = fields.len();
    if options.digests {
        fields.extend(node.digest_columns().into_iter().map(FieldPath::column));
    }
    let find =
        Find { collection: &node.collection.name, fields: &fields, any: &question.conditions, limit: question.limit };
    let mut rows = Vec::new();
    member.store.find(&find, &mut |mut row| {
        let digest = options.digests.then(|| digest(&row.cells[kept..]));
        row.cells.truncate(kept);
        row.cells.shrink_to_fit();
        rows.push(Came { key: row.key, cells: row.cells, digest });
        Ok(())
    })?;
    Ok(rows)
}
