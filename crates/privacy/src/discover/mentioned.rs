//! Fields that hold addresses or telephone numbers and that the map does not call identities: rows in which the person's stands
//! are told, so that nothing is left out in silence. Whose they are, the map has to say.

use model::{Fault, Progress};

use super::ask::{self, Question};
use super::{Member, Search, State, texts};
use crate::graph::{Node, gap};
use crate::identity::Identity;
use crate::map::{MappedField, taxonomy};
use crate::plan::Gap;
use crate::row::FieldPath;

/// Rows that are counted of one field besides those that are known to be the person's; then it is "at least".
const ROWS_MAX: u64 = 1_000;

/// Asks every such field that can be asked for the price of an index or of a small collection.
pub(super) fn look(search: &mut Search<'_>, members: &mut [Member], progress: &dyn Progress) -> Result<(), Fault> {
    let learned = std::mem::take(&mut search.learned);
    let identities: Vec<&Identity> = search.identities.iter().chain(&learned).collect();
    let mut questions = Vec::new();
    for (number, node) in search.graph.nodes.iter().enumerate().filter(|(_, node)| !node.skipped) {
        for (field, kind) in fields(node) {
            let named = identities.iter().filter(|one| one.is_of(kind));
            let conditions: Vec<_> = named.map(|one| one.condition(field)).collect();
            if conditions.is_empty() {
                continue;
            }
            if ask::is_dear(&node.collection, &conditions) {
                search.asked.gaps.push(unseen(node, field));
                continue;
            }
            // The person's own rows come too, and must not hide the others.
            let limit = Some(ROWS_MAX + search.nodes[number].rows.len() as u64);
            let extra = vec![field.clone()];
            questions.push(Question { node: number, conditions, edges: vec![], extra, limit });
        }
    }
    for answer in search.asked.ask(search.graph, members, questions, search.options, progress)? {
        let node = answer.question.node;
        let Some(field) = answer.question.extra.first() else { continue };
        let needs = search.graph.nodes[node].needs.len();
        let is_named = |cell: &Option<String>| {
            let cell = cell.as_deref().unwrap_or_default();
            texts(cell).iter().any(|text| identities.iter().any(|one| one.matches(text)))
        };
        let is_known = |key| {
            let known = search.nodes[node].index.get(key).map(|at| search.nodes[node].rows[*at].state);
            known.is_some_and(|state| state != State::Points)
        };
        let rows = answer.rows.iter().filter(|row| row.cells.get(needs).is_some_and(is_named) && !is_known(&row.key));
        let count = rows.count() as u64;
        if count > 0 {
            tell(search, node, field, count, count >= ROWS_MAX);
        }
    }
    Ok(())
}

fn tell(search: &mut Search<'_>, node: usize, field: &FieldPath, count: u64, is_more: bool) {
    let node = &search.graph.nodes[node];
    let rows = model::counted(count, "row", "rows");
    let (collection, least) = (&node.collection.name, if is_more { "at least " } else { "" });
    let text = format!(
        "{collection}.{field} names the person in {least}{rows} that the map does not call theirs, and that are no part of \
         this: say in the map what the field is (`fides_meta: {{identity: …}}`, or `meta: {{probity: {{other_people: true}}}}`)"
    );
    search.asked.gaps.push(gap("unattributed", Some(&node.member_name), Some(collection), text, None));
}

fn unseen(node: &Node, field: &FieldPath) -> Gap {
    let (collection, rows) = (&node.collection.name, model::grouped(node.collection.rows_estimated.unwrap_or(0)));
    let text = format!(
        "{collection}.{field} was not looked through for what names the person: about {rows} rows, no index that serves it, \
         and the map does not say what it is"
    );
    gap("not-looked-through", Some(&node.member_name), Some(collection), text, None)
}

/// The fields that hold what names people, by their categories, and of which the map says nothing more.
fn fields(node: &Node) -> impl Iterator<Item = (&FieldPath, &'static str)> {
    let is_silent = |field: &&MappedField| {
        let says = ["owner", "other_people"].iter().any(|word| field.settings.words.contains_key(*word));
        field.identity.is_none() && field.references.is_empty() && !says
    };
    let mapped = node.mapped.iter().flat_map(|mapped| &mapped.fields);
    mapped.filter(is_silent).filter_map(|field| Some((&field.path, taxonomy::reaches(&field.categories)?)))
}
