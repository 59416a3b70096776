//! Links that values alone tell: a UUID, or another identifier too long to stand in two places by chance, that is the key of a row.
//!
//! What the field is called does not count (`likes.a`, `event.payload.actor.id`, a list of watchers), nor how many values there
//! are. Every key is asked for all the values of all stores together, in batches.

use std::collections::BTreeSet;

use model::Fault;

use super::links::{Party, Undeclared, keys, present};
use super::words;
use crate::catalog::{Catalog, Collection, Column, ColumnKind};
use crate::discover::is_dear;
use crate::map::sample::{Sample, SampledField};
use crate::map::taxonomy;
use crate::row::FieldPath;
use crate::store::{Condition, Fold};

/// Shorter texts are words.
const CHARS_MIN: usize = 14;
/// Fewer different signs are a pattern.
const SIGNS_MIN: usize = 8;
/// Shorter numbers are times and amounts.
const DIGITS_MIN: usize = 17;
/// Values of one field that are asked for: a few are enough.
const VALUES_MAX: usize = 20;
/// So many of a hundred: as sure as values can make it.
const SCORE: u8 = 100;

/// A field that no reference speaks of, and its values that are unmistakable.
struct Field<'f> {
    party: usize,
    collection: &'f Collection,
    path: &'f FieldPath,
    values: BTreeSet<&'f str>,
    /// It alone names the rows of its own collection.
    is_key: bool,
    /// See [`Undeclared::is_aside`].
    is_aside: bool,
    /// Keys that have some of its values.
    found: Vec<Found<'f>>,
}

/// A key that has some of a field's values.
struct Found<'f> {
    party: usize,
    target: &'f Collection,
    key: &'f str,
    count: usize,
}

/// Asks every store for the unmistakable values of all. The number is that of the party whose field it is.
///
/// # Errors
/// What a store says.
pub fn by_value(parties: &mut [Party<'_>]) -> Result<Vec<(usize, Undeclared)>, Fault> {
    let known: Vec<(&str, &Catalog, &[Sample])> =
        parties.iter().map(|party| (party.dataset, party.catalog, party.samples)).collect();
    let mut fields: Vec<Field<'_>> = Vec::new();
    for (at, (_, catalog, samples)) in known.iter().enumerate() {
        for sample in *samples {
            let Some(collection) = catalog.collection(&sample.collection) else { continue };
            fields.extend(unmistakable(at, collection, sample));
        }
    }
    let all: BTreeSet<&str> = fields.iter().flat_map(|field| &field.values).copied().collect();
    let all: Vec<&str> = all.into_iter().collect();
    if all.is_empty() {
        return Ok(vec![]);
    }
    for (at, (_, catalog, samples)) in known.iter().enumerate() {
        let asked = |(target, key): &(&Collection, &Column)| has_unmistakable(samples, target, &key.name);
        for (target, key) in ends(catalog).into_iter().filter(asked) {
            let there = present(&mut *parties[at].store, (&target.name, &key.name), Fold::Exact, &all)?;
            for field in &mut fields {
                let count = field.values.iter().filter(|value| there.contains(**value)).count();
                if count > 0 && field.may_refer_to(at, target, &key.name) {
                    field.found.push(Found { party: at, target, key: &key.name, count });
                }
            }
        }
    }
    let datasets: Vec<&str> = known.iter().map(|(dataset, ..)| *dataset).collect();
    Ok(fields.iter().filter_map(|field| field.link(&datasets)).collect())
}

/// The fields of a sample whose values are unmistakable, most of them.
fn unmistakable<'f>(party: usize, collection: &'f Collection, sample: &'f Sample) -> impl Iterator<Item = Field<'f>> {
    let is_linked =
        |path: &FieldPath| collection.links.iter().any(|link| link.columns.iter().any(|c| c == path.root()));
    let wanted =
        move |field: &&SampledField| !(field.is_object || field.path.below().is_empty() && is_linked(&field.path));
    sample.fields.iter().filter(wanted).filter_map(move |field| {
        let values: BTreeSet<&str> =
            field.values.iter().map(String::as_str).filter(|value| is_unmistakable(value)).take(VALUES_MAX).collect();
        let is_most = values.len() * 2 >= distinct(&field.values).min(VALUES_MAX);
        let is_own = collection.own.iter().any(|own| own == field.path.root());
        let is_key = collection.key == [field.path.root()] && field.path.below().is_empty();
        (is_most && !values.is_empty() && !is_own).then(|| Field {
            party,
            collection,
            path: &field.path,
            values,
            is_key,
            is_aside: field.is_list
                || !field.path.below().is_empty()
                || field.path.0.last().is_some_and(|name| words::is_actor(name)),
            found: vec![],
        })
    })
}

/// What can be referred to: keys, and every column of a table about people, where nobody may have said that it is unique.
fn ends(catalog: &Catalog) -> Vec<(&Collection, &Column)> {
    let mut ends = keys(catalog);
    for target in catalog.collections.iter().filter(|target| !target.read_only && is_people(target)) {
        let is_dear = |column: &Column| {
            let fields = vec![FieldPath::column(&column.name)];
            is_dear(target, &[Condition { fields, fold: Fold::Exact, values: vec![], when: None }])
        };
        let is_new = |column: &&Column| {
            let is_known = ends.iter().any(|(of, key)| of.name == target.name && key.name == column.name);
            !is_known && !is_dear(column)
        };
        let new: Vec<_> = target.columns.iter().filter(is_new).map(|column| (target, column)).collect();
        ends.extend(new);
    }
    ends
}

/// By its name, or by what its columns are called.
fn is_people(collection: &Collection) -> bool {
    let has = |wanted: &str| {
        let category = |column: &Column| words::category(&column.name, true);
        collection.columns.iter().filter_map(category).any(|category| taxonomy::within(category, wanted))
    };
    words::is_people(&collection.name) || has("user.name.last") && (has("user.name.first") || has("user.contact.email"))
}

/// Whether the key of `target` was seen to hold such values. One that refers to another key itself (`profile.person_id`) is not
/// what is meant.
fn has_unmistakable(samples: &[Sample], target: &Collection, key: &str) -> bool {
    if target.links.iter().any(|link| link.columns == [key]) {
        return false;
    }
    let is_text =
        target.column(key).is_some_and(|column| matches!(column.kind, ColumnKind::Text | ColumnKind::Integer));
    let sampled = samples.iter().find(|sample| sample.collection == target.name);
    let field = sampled.and_then(|sample| sample.field(&FieldPath::column(key)));
    is_text && field.is_some_and(|field| field.values.iter().any(|value| is_unmistakable(value)))
}

impl Field<'_> {
    /// Not to itself; and of two keys that are the same, people are referred to.
    fn may_refer_to(&self, party: usize, target: &Collection, key: &str) -> bool {
        let is_itself = self.party == party && self.collection.name == target.name && self.path.root() == key;
        let is_lesser = is_people(target) && !is_people(self.collection);
        !is_itself && (!self.is_key || is_lesser)
    }

    /// To the key with most of its values; of equal ones to people, and within the store.
    fn link(&self, datasets: &[&str]) -> Option<(usize, Undeclared)> {
        let is_key = |of: &Found<'_>| of.target.key == [of.key];
        let rank = |of: &&Found<'_>| (of.count, is_people(of.target), of.party == self.party, is_key(of));
        let Found { party, target, key, count } = self.found.iter().max_by_key(rank)?;
        let link = Undeclared {
            from: (self.collection.name.clone(), self.path.clone()),
            dataset: (*party != self.party).then(|| datasets[*party].to_owned()),
            to: (target.name.clone(), (*key).to_owned()),
            when: None,
            values: self.values.len(),
            found: *count,
            score: SCORE,
            by_value: true,
            is_sure: true,
            is_aside: self.is_aside,
        };
        Some((self.party, link))
    }
}

/// Whether a value stands nowhere but where it was put: UUIDs, ULIDs, identifiers of documents, prefixed keys of services,
/// numbers that say when and where they were made.
fn is_unmistakable(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    if digits == value.len() {
        return digits >= DIGITS_MIN && has_many_signs(value, 5);
    }
    let is_plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let has_letters = value.bytes().any(|byte| byte.is_ascii_alphabetic());
    let is_one = is_plain && value.len() >= CHARS_MIN && has_letters && digits >= 2;
    is_uuid(value) && has_many_signs(value, 3) || is_one && has_many_signs(value, SIGNS_MIN)
}

fn distinct(values: &[String]) -> usize {
    values.iter().collect::<BTreeSet<_>>().len()
}

fn has_many_signs(value: &str, least: usize) -> bool {
    value.bytes().collect::<BTreeSet<_>>().len() >= least
}

fn is_uuid(value: &str) -> bool {
    let parts: Vec<&str> = value.split('-').collect();
    let is_hex = |part: &&str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_and_random_is_unmistakable() {
        let check = |value, expect| assert_eq!(is_unmistakable(value), expect, "{value}");
        check("11111111-1111-4111-8111-111111111111", true);
        check("00000000-0000-0000-0000-000000000000", false);
        check("01ARZ3NDEKTSV4RRFFQ69G5FAV", true);
        check("507f1f77bcf86cd799439011", true);
        check("cus_9s6XKzkNRiz8i3", true);
        check("175928847299117063", true);
        check("00000000000000000", false);
        check("4711", false);
        check("1732112233445", false);
        check("2026-05-05-00-00-00", false);
        check("administrator-role", false);
        check("ann.berg@example.org", false);
        check("a sentence with 22 words", false);
    }
}
