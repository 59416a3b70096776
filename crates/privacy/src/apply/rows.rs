//! Rows of one batch: read again under lock, compared with the plan, changed, looked at once more.

use std::collections::{HashMap, HashSet};

use model::Fault;

use super::drift;
use crate::catalog::Catalog;
use crate::plan::{Action, Step, Target};
use crate::row::{Cell, FieldPath, Key, Row, digest};
use crate::store::Transaction;

/// What a batch was found to be.
pub(super) struct Found<'p> {
    /// Rows that are as planned.
    pub(super) to_do: Vec<ToDo<'p>>,
    /// Rows that are as they should be already.
    pub(super) already: u64,
    /// Which columns [`ToDo::linked`] holds.
    pub(super) linked: Vec<String>,
}

/// A row that is as planned.
pub(super) struct ToDo<'p> {
    pub(super) target: &'p Target,
    /// How many there are of it: more than one only without a key.
    pub(super) count: u64,
    /// The cells that other rows may refer to.
    pub(super) linked: Vec<Cell>,
    /// What stands now in the fields that are to be set.
    before: Vec<Cell>,
}

struct Seen {
    count: u64,
    cells: Vec<Cell>,
}

/// Reads `batch` again and locks it.
///
/// # Errors
/// `plan-drift`; what the store says.
pub(super) fn read<'p>(
    transaction: &mut dyn Transaction,
    step: &Step,
    batch: &'p [Target],
    catalog: &Catalog,
    touched: &HashSet<(String, Key)>,
) -> Result<Found<'p>, Fault> {
    let linked = linked_columns(step, catalog);
    let set = set_fields(step);
    let columns = step.digest_of.iter().chain(&linked).map(|column| FieldPath::column(column));
    let fields: Vec<FieldPath> = columns.chain(set.iter().cloned()).collect();
    let seen = reread(transaction, step, &fields, batch)?;
    let (digested, links) = (step.digest_of.len(), linked.len());
    let mut found = Found { to_do: Vec::new(), already: 0, linked };
    for target in batch {
        let Some(row) = seen.get(&target.key) else {
            found.already += target.count;
            continue;
        };
        let (own, rest) = row.cells.split_at(digested);
        let (linked, before) = rest.split_at(links);
        let ours = touched.contains(&(step.collection.clone(), target.key.clone()));
        let as_planned = ours || digest(own) == target.digest;
        if !set.is_empty() && before == target.cells {
            found.already += row.count;
        } else if !as_planned {
            return Err(drift(step, "a row is not as it was"));
        } else if row.count > target.count {
            return Err(drift(step, "there are more rows that are equal in everything"));
        } else {
            found.already += target.count - row.count;
            found.to_do.push(ToDo { target, count: row.count, linked: linked.to_vec(), before: before.to_vec() });
        }
    }
    Ok(found)
}

fn set_fields(step: &Step) -> &[FieldPath] {
    match &step.action {
        Action::Delete => &[],
        Action::Set(fields) => fields,
    }
}

/// The columns of the collection that links of others refer to; they are needed only where rows are deleted.
fn linked_columns(step: &Step, catalog: &Catalog) -> Vec<String> {
    let links = catalog.collections.iter().flat_map(|collection| &collection.links);
    let referred = links.filter(|link| step.action == Action::Delete && link.target == step.collection);
    let mut columns: Vec<String> = referred.flat_map(|link| link.target_columns.clone()).collect();
    columns.sort();
    columns.dedup();
    columns
}

fn reread(
    transaction: &mut dyn Transaction,
    step: &Step,
    fields: &[FieldPath],
    batch: &[Target],
) -> Result<HashMap<Key, Seen>, Fault> {
    let keys: Vec<Key> = batch.iter().map(|target| target.key.clone()).collect();
    let mut seen: HashMap<Key, Seen> = HashMap::with_capacity(keys.len());
    let mut each = |row: Row| {
        let one = seen.entry(row.key).or_insert(Seen { count: 0, cells: row.cells });
        one.count += 1;
        Ok(())
    };
    transaction.reread(&step.collection, fields, &keys, &mut each)?;
    Ok(seen)
}

/// Deletes what was found, and makes sure that it is gone.
///
/// # Errors
/// `not-erased` when the store kept rows all the same; what it says.
pub(super) fn delete(transaction: &mut dyn Transaction, step: &Step, found: &Found<'_>) -> Result<u64, Fault> {
    if found.to_do.is_empty() {
        return Ok(0);
    }
    let keys: Vec<Key> = found.to_do.iter().map(|row| row.target.key.clone()).collect();
    let expected: u64 = found.to_do.iter().map(|row| row.count).sum();
    let deleted = transaction.delete(&step.collection, &keys)?;
    // A cascade inside the collection may have been quicker; a trigger may have kept the row.
    if deleted != expected {
        let mut left = 0_u64;
        transaction.reread(&step.collection, &[], &keys, &mut |_| {
            left += 1;
            Ok(())
        })?;
        if left > 0 {
            return Err(kept(step));
        }
    }
    Ok(expected)
}

/// Sets the fields of what was found, and makes sure that none of them is what it was.
///
/// # Errors
/// As [`delete`].
pub(super) fn set(
    transaction: &mut dyn Transaction,
    step: &Step,
    fields: &[FieldPath],
    found: &Found<'_>,
) -> Result<u64, Fault> {
    if found.to_do.is_empty() {
        return Ok(0);
    }
    let rows: Vec<(Key, Vec<Cell>)> =
        found.to_do.iter().map(|row| (row.target.key.clone(), row.target.cells.clone())).collect();
    transaction.set(&step.collection, fields, &rows)?;
    let keys: Vec<Key> = rows.into_iter().map(|(key, _)| key).collect();
    let before: HashMap<&Key, &ToDo<'_>> = found.to_do.iter().map(|row| (&row.target.key, row)).collect();
    let mut undone = false;
    // A trigger may have put the old value back. Where the store spells the new one in its own way, that is no fault.
    transaction.reread(&step.collection, fields, &keys, &mut |row| {
        let was = before.get(&row.key);
        undone |= was.is_some_and(|was| {
            let cells = row.cells.iter().zip(&was.before).zip(&was.target.cells);
            cells.into_iter().any(|((now, before), wanted)| now == before && now != wanted)
        });
        Ok(())
    })?;
    if undone {
        return Err(kept(step));
    }
    Ok(found.to_do.iter().map(|row| row.count).sum())
}

/// How many rows of a batch that broke off are as they should be now.
///
/// # Errors
/// What the store says.
pub(super) fn changed(transaction: &mut dyn Transaction, step: &Step, found: &Found<'_>) -> Result<u64, Fault> {
    let batch: Vec<Target> = found.to_do.iter().map(|row| row.target.clone()).collect();
    let seen = reread(transaction, step, set_fields(step), &batch)?;
    let left = |row: &&ToDo<'_>| match (&step.action, seen.get(&row.target.key)) {
        (_, None) => 0,
        (Action::Delete, Some(seen)) => seen.count.min(row.count),
        (Action::Set(_), Some(seen)) if seen.cells == row.target.cells => 0,
        (Action::Set(_), Some(_)) => row.count,
    };
    // A row that is to be set and is not there was changed by somebody else.
    let counts = |row: &&ToDo<'_>| step.action == Action::Delete || seen.contains_key(&row.target.key);
    Ok(found.to_do.iter().filter(counts).map(|row| row.count - left(&row)).sum())
}

fn kept(step: &Step) -> Fault {
    let message = format!("The store kept rows of {}.{} as they were", step.member, step.collection);
    Fault::unavailable("not-erased", message)
        .advise("Look for a trigger or a rule that undoes changes there. Everything of this store was taken back.")
}
