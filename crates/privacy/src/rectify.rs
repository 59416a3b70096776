//! Wrong data put right in every store (GDPR Art. 16): a plan of `set` steps, applied as an erase is.
//!
//! Only rows of the person change, and only fields that are named. What could not be written – a key, a value that does not
//! fit the column – is a fault of the plan, before anything is changed.

use std::collections::BTreeMap;

use model::{Digest, Fault};

use crate::catalog::{Column, ColumnKind};
use crate::discover::{Found, FoundRow, Member, Role};
use crate::graph::{Graph, Node};
use crate::identity::{self, Rules};
use crate::plan::{Action, Gap, Outcome, Plan, Shared, Step, StorePlan, Target, Trap};
use crate::row::{Cell, FieldPath};

/// `person.name=Ann Lee`: what a field is to hold.
#[derive(Clone, PartialEq, Eq)]
pub struct Change {
    /// Only in this dataset; `None`: wherever a collection of that name has the field.
    pub dataset: Option<String>,
    /// As the map or the catalog names it.
    pub collection: String,
    /// A whole column.
    pub field: String,
    /// What is right; `None`: nothing at all (SQL `NULL`).
    pub value: Cell,
}

/// The value is personal data.
impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Change({}.{})", self.collection, self.field)
    }
}

impl Change {
    /// Reads `COLLECTION.FIELD=VALUE` or `DATASET:COLLECTION.FIELD=VALUE`.
    ///
    /// # Errors
    /// `bad-change`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let (place, value) = text.split_once('=').ok_or_else(|| bad_change("there is no `=`"))?;
        Ok(Change { value: Some(value.to_owned()), ..Change::clear(place)? })
    }

    /// Reads `COLLECTION.FIELD`: the field is to hold nothing.
    ///
    /// # Errors
    /// `bad-change`.
    pub fn clear(place: &str) -> Result<Self, Fault> {
        let (dataset, rest) = place.split_once(':').map_or((None, place), |(dataset, rest)| (Some(dataset), rest));
        let (collection, field) = rest.rsplit_once('.').ok_or_else(|| bad_change("it names no field"))?;
        if collection.is_empty() || field.is_empty() || dataset.is_some_and(str::is_empty) {
            return Err(bad_change("a name is empty"));
        }
        Ok(Change {
            dataset: dataset.map(str::to_owned),
            collection: collection.to_owned(),
            field: field.to_owned(),
            value: None,
        })
    }

    fn is_for(&self, node: &Node) -> bool {
        let is_mapped = node.mapped.as_ref().is_some_and(|mapped| mapped.name == self.collection);
        self.dataset.as_ref().is_none_or(|dataset| *dataset == node.dataset)
            && (is_mapped || node.collection.name == self.collection)
    }
}

/// What the plan is made under.
pub struct Under {
    /// `gdpr`, `ccpa`.
    pub regime: String,
    /// `16`, or `18` for flags of restriction.
    pub article: String,
    /// What the certificate of each step says.
    pub reason: String,
    /// Kind and pseudonym of each identity.
    pub subject: Vec<(String, String)>,
    /// Digests of what the plan was made from.
    pub inputs: BTreeMap<String, Digest>,
    /// What is out of sight.
    pub gaps: Vec<Gap>,
}

/// Plans the changes on rows that were found with [`crate::discover::Options::digests`].
///
/// # Errors
/// `no-such-field` when no collection has it; `cannot-rectify-field` with every field that cannot be written so;
/// `nothing-to-rectify` when the person has no row in any of the collections.
pub fn plan(graph: &Graph, members: &[Member], found: &Found, changes: &[Change], under: Under) -> Result<Plan, Fault> {
    let mut refused = Vec::new();
    let mut plan = Plan {
        regime: under.regime,
        article: under.article,
        subject: under.subject,
        inputs: under.inputs,
        gaps: under.gaps,
        ..Plan::default()
    };
    plan.gaps.extend(found.gaps.iter().cloned());
    known(graph, changes)?;
    for (number, node) in graph.nodes.iter().enumerate() {
        let wanted: Vec<&Change> = changes.iter().filter(|change| change.is_for(node)).collect();
        let rows = &found.rows[number];
        if wanted.is_empty() || rows.is_empty() {
            continue;
        }
        for change in &wanted {
            refused.extend(refusal(node, change).map(|why| format!("{}.{} {why}", node.name(), change.field)));
        }
        plan.traps.extend(traps(graph, number, &wanted));
        plan.shared.extend(shared(node, rows));
        plan.steps.extend(step(node, rows, &wanted, &under.reason));
    }
    if !refused.is_empty() {
        return Err(Fault::refused("cannot-rectify-field", refused.join("; ")).advise(
            "Give values that the columns can hold; keys and links are changed by the application, not here.",
        ));
    }
    if plan.steps.is_empty() {
        return Err(Fault::no_verdict("nothing-to-rectify", "The person has no row of their own in these collections")
            .advise("`probity export` shows which rows they have."));
    }
    for (at, step) in plan.steps.iter_mut().enumerate() {
        step.number = at as u64 + 1;
    }
    plan.stores = stores(graph, members, &plan.steps);
    plan.recipients = crate::plan::recipients(graph, &|node| {
        let node = &graph.nodes[node];
        plan.steps.iter().any(|step| step.member == node.member_name && step.collection == node.collection.name)
    });
    Ok(plan)
}

/// Changes that the map asks for when processing is restricted (`meta.probity.restriction: {field, set, clear}`), or when that
/// is lifted.
pub fn flags(graph: &Graph, restricted: bool) -> Vec<Change> {
    let of_node = |node: &Node| {
        let settings = &node.mapped.as_ref()?.settings;
        let word = if restricted { "restriction.set" } else { "restriction.clear" };
        Some(Change {
            dataset: Some(node.dataset.clone()),
            collection: node.collection.name.clone(),
            field: settings.word("restriction.field")?.to_owned(),
            value: settings.word(word).map(str::to_owned),
        })
    };
    let mut flags: Vec<Change> = graph.nodes.iter().filter_map(of_node).collect();
    // Shards of one dataset have the same collections.
    flags.dedup();
    flags
}

fn known(graph: &Graph, changes: &[Change]) -> Result<(), Fault> {
    for change in changes {
        let has = |node: &Node| change.is_for(node) && node.collection.column(&change.field).is_some();
        if !graph.nodes.iter().any(has) {
            let name = format!("{}.{}", change.collection, change.field);
            return Err(Fault::usage("no-such-field", format!("No open store has a field {name}")).advise(
                "Write it as COLLECTION.FIELD=VALUE, with the names of the store; `probity map scan` shows them.",
            ));
        }
    }
    Ok(())
}

/// Why a field cannot be written so.
fn refusal(node: &Node, change: &Change) -> Option<String> {
    let column = node.collection.column(&change.field)?;
    let field = node.field(&FieldPath::column(&change.field));
    let is_link = node.collection.links.iter().any(|link| link.columns.contains(&change.field));
    if node.collection.key.contains(&change.field) || field.is_some_and(|field| field.primary_key) {
        return Some("names the row: other rows refer to it".to_owned());
    }
    if is_link {
        return Some("is a foreign key".to_owned());
    }
    if column.generated || field.is_some_and(|field| field.read_only) || node.collection.read_only {
        return Some("is not written by anybody".to_owned());
    }
    let Some(value) = &change.value else {
        return (!column.nullable).then(|| "cannot be empty".to_owned());
    };
    let kind = field.and_then(|field| field.identity.as_deref()).and_then(identity::canonical_kind);
    if kind.as_deref() == Some("email") && identity::normalise("email", value, &Rules::default()).is_none() {
        return Some("holds e-mail addresses, and this is none".to_owned());
    }
    unfit(column, value)
}

fn unfit(column: &Column, value: &str) -> Option<String> {
    let chars = value.chars().count() as u64;
    if let Some(most) = column.max_chars.filter(|most| chars > *most) {
        return Some(format!("holds at most {most} characters"));
    }
    if !column.words.is_empty() && !column.words.iter().any(|word| word == value) {
        return Some(format!("holds one of {}", column.words.join(", ")));
    }
    if value.contains('\0') {
        return Some("cannot hold a NUL".to_owned());
    }
    let fits = match column.kind {
        ColumnKind::Integer => value.parse::<i128>().is_ok(),
        ColumnKind::Number => value.parse::<f64>().is_ok(),
        ColumnKind::Boolean => matches!(value, "true" | "false"),
        ColumnKind::Json | ColumnKind::List => serde_json::from_str::<serde::de::IgnoredAny>(value).is_ok(),
        ColumnKind::Bytes => value.len().is_multiple_of(2) && value.bytes().all(|byte| byte.is_ascii_hexdigit()),
        ColumnKind::Text | ColumnKind::Time | ColumnKind::Other => true,
    };
    (!fits).then(|| format!("is of the type {}, and this is none", column.type_name))
}

fn is_theirs(row: &FoundRow) -> bool {
    matches!(row.role, Role::Owned | Role::Up { exclusive: true })
}

fn step(node: &Node, rows: &[FoundRow], changes: &[&Change], reason: &str) -> Option<Step> {
    let fields: Vec<&Change> =
        changes.iter().copied().filter(|change| node.collection.column(&change.field).is_some()).collect();
    let cells: Vec<Cell> = fields.iter().map(|change| change.value.clone()).collect();
    let target = |row: &FoundRow| {
        let digest = row.digest?;
        Some(Target { key: row.key.clone(), digest, count: row.count, cells: cells.clone() })
    };
    let targets: Vec<Target> = rows.iter().filter(|row| is_theirs(row)).filter_map(target).collect();
    if targets.is_empty() || fields.is_empty() {
        return None;
    }
    Some(Step {
        number: 0,
        member: node.member_name.clone(),
        collection: node.collection.name.clone(),
        action: Action::Set(fields.iter().map(|change| FieldPath::column(&change.field)).collect()),
        outcome: Outcome::Rectified,
        reason: reason.to_owned(),
        via: Vec::new(),
        key: node.collection.naming().into_iter().map(str::to_owned).collect(),
        digest_of: node.digest_columns().into_iter().map(str::to_owned).collect(),
        rows: targets.iter().map(|target| target.count).sum(),
        targets,
    })
}

/// Rows that are others' as well stay as they are.
fn shared(node: &Node, rows: &[FoundRow]) -> Option<Shared> {
    let others: Vec<_> = rows
        .iter()
        .filter(|row| matches!(row.role, Role::Shared | Role::Up { exclusive: false }))
        .map(|row| row.key.clone())
        .collect();
    (!others.is_empty()).then(|| Shared {
        member: node.member_name.clone(),
        collection: node.collection.name.clone(),
        key: node.collection.naming().into_iter().map(str::to_owned).collect(),
        rows: others,
        reason: "They are somebody else's as well.".to_owned(),
        advice: "Change them in the application, where both can be asked.".to_owned(),
    })
}

fn traps(graph: &Graph, number: usize, changes: &[&Change]) -> Vec<Trap> {
    let node = &graph.nodes[number];
    let trap = |kind: &str, text: String| Trap {
        kind: kind.to_owned(),
        member: node.member_name.clone(),
        collection: node.collection.name.clone(),
        text,
    };
    let mut traps: Vec<Trap> = (node.collection.triggers.iter())
        .map(|name| trap("trigger", format!("The trigger {name} may write old values elsewhere.")))
        .collect();
    for change in changes {
        let path = FieldPath::column(&change.field);
        let joins = graph.edges.iter().any(|edge| {
            edge.child == number && edge.child_fields.contains(&path)
                || edge.parent == number && edge.parent_fields.contains(&path)
        });
        if node.identities.iter().any(|(field, _)| *field == path) {
            let text = "names the person: fields that are not named here, in any store, still hold the old value";
            traps.push(trap("identity", format!("{} {text}.", change.field)));
        }
        if joins {
            traps.push(trap(
                "link",
                format!(
                    "{} links rows: those that still hold the old value are not found from here any more.",
                    change.field
                ),
            ));
        }
    }
    traps
}

fn stores(graph: &Graph, members: &[Member], steps: &[Step]) -> Vec<StorePlan> {
    let is_safe = |member: &Member| {
        let collection = |step: &Step| member.catalog.collection(&step.collection).is_some_and(|one| one.transactional);
        member.store.abilities().transactions && steps.iter().filter(|step| step.member == member.name).all(collection)
    };
    let touched = members.iter().filter(|member| steps.iter().any(|step| step.member == member.name));
    let store = |member: &Member| StorePlan {
        member: member.name.clone(),
        dataset: member.dataset.clone(),
        transactional: is_safe(member),
        defer: false,
        collections: graph.nodes.iter().filter(|node| node.member_name == member.name).count() as u64,
    };
    let mut stores: Vec<StorePlan> = touched.map(store).collect();
    // What cannot be taken back comes last.
    stores.sort_by_key(|store| !store.transactional);
    stores
}

fn bad_change(why: &str) -> Fault {
    Fault::usage("bad-change", format!("A change is written as COLLECTION.FIELD=VALUE, and {why}"))
        .advise("Write it as person.name=\"Ann Lee\", or shop:person.name=\"Ann Lee\" for one dataset alone.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_read_and_never_traced() {
        let check = |text: &str, expect: Option<(Option<&str>, &str, &str, &str)>| {
            let read = Change::parse(text).ok();
            let read = read.as_ref().map(|one| {
                (one.dataset.as_deref(), one.collection.as_str(), one.field.as_str(), one.value.as_deref().unwrap())
            });
            assert_eq!(read, expect, "{text}");
        };
        check("person.name=Ann Lee", Some((None, "person", "name", "Ann Lee")));
        check("shop:crm.person.name=a=b.c", Some((Some("shop"), "crm.person", "name", "a=b.c")));
        check("person.name=", Some((None, "person", "name", "")));
        check("person.name", None);
        check("name=x", None);
        check(".name=x", None);
        assert_eq!(format!("{:?}", Change::parse("person.name=Ann").unwrap()), "Change(person.name)");
    }

    #[test]
    fn values_fit_their_column() {
        let column = |kind, max_chars, words: &[&str]| Column {
            name: "c".to_owned(),
            kind,
            type_name: "t".to_owned(),
            nullable: true,
            has_default: false,
            generated: false,
            max_chars,
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            comment: None,
            label: None,
            checks: Vec::new(),
        };
        let check =
            |column: &Column, value: &str, fits: bool| assert_eq!(unfit(column, value).is_none(), fits, "{value}");
        check(&column(ColumnKind::Text, Some(3), &[]), "äöü", true);
        check(&column(ColumnKind::Text, Some(3), &[]), "long", false);
        check(&column(ColumnKind::Text, None, &["a", "b"]), "c", false);
        check(&column(ColumnKind::Integer, None, &[]), "x", false);
        check(&column(ColumnKind::Boolean, None, &[]), "true", true);
        check(&column(ColumnKind::Json, None, &[]), "{\"a\":1}", true);
        check(&column(ColumnKind::Bytes, None, &[]), "0g", false);
        check(&column(ColumnKind::Text, None, &[]), "a\0", false);
    }
}
