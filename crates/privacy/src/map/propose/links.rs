//! Links that nobody declared: a column named and typed like a key, whose values are all found there.

use std::collections::BTreeSet;

use model::Fault;

use super::words;
use crate::catalog::{Catalog, Collection, Column, ColumnKind};
use crate::map::sample::Sample;
use crate::row::FieldPath;
use crate::store::{Condition, DataStore, Find, Fold};

/// Values that are asked for at most.
const VALUES_MAX: usize = 100;
/// Fewer different values prove nothing.
const VALUES_MIN: usize = 3;

/// A column that looks like a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undeclared {
    /// The referring collection and its column.
    pub from: (String, String),
    /// The collection referred to and its key.
    pub to: (String, String),
    /// Values that were asked for, all of them found.
    pub values: usize,
}

/// Asks the store which columns of its own collections look like references to its keys.
///
/// # Errors
/// What the store says.
pub fn undeclared(store: &mut dyn DataStore, catalog: &Catalog, samples: &[Sample]) -> Result<Vec<Undeclared>, Fault> {
    let mut found = Vec::new();
    for sample in samples {
        let Some(collection) = catalog.collection(&sample.collection) else { continue };
        for column in collection.columns.iter().filter(|column| may_refer(collection, column)) {
            let Some(sampled) = sample.field(&FieldPath::column(&column.name)) else { continue };
            let values: BTreeSet<&str> = sampled.values.iter().map(String::as_str).collect();
            if values.len() < VALUES_MIN {
                continue;
            }
            let values: Vec<&str> = values.into_iter().take(VALUES_MAX).collect();
            for (target, key) in targets(catalog, collection, column) {
                if contains_all(store, target, key, &values)? {
                    found.push(Undeclared {
                        from: (collection.name.clone(), column.name.clone()),
                        to: (target.name.clone(), key.name.clone()),
                        values: values.len(),
                    });
                    break;
                }
            }
        }
    }
    Ok(found)
}

fn may_refer(collection: &Collection, column: &Column) -> bool {
    let is_linked = collection.links.iter().any(|link| link.columns.contains(&column.name));
    !is_linked
        && collection.key != [column.name.as_str()]
        && matches!(column.kind, ColumnKind::Integer | ColumnKind::Text)
}

/// Keys of other collections that are named and typed like `column`.
fn targets<'c>(catalog: &'c Catalog, collection: &Collection, column: &Column) -> Vec<(&'c Collection, &'c Column)> {
    let of = |target: &'c Collection| {
        let keys = target.unique.iter().chain([&target.key]).filter(|key| key.len() == 1);
        keys.filter_map(|key| target.column(&key[0])).map(move |key| (target, key))
    };
    let mut found: Vec<_> = catalog
        .collections
        .iter()
        .filter(|target| !target.read_only)
        .flat_map(of)
        .filter(|(target, key)| key.kind == column.kind && (target.name != collection.name || key.name != column.name))
        .filter(|(target, key)| is_named_like(&column.name, &target.name, &key.name))
        .collect();
    found.dedup_by(|a, b| std::ptr::eq(a.0, b.0) && a.1.name == b.1.name);
    found
}

/// `customer_id` and `customer.id`; `customer_id` and `customer.customer_id`; `mail` and `person.mail`.
fn is_named_like(column: &str, target: &str, key: &str) -> bool {
    let join = |words: Vec<String>| words.concat();
    let (column, key_words) = (join(words::split(column)), words::split(key));
    let key = key_words.concat();
    let table: Vec<String> = words::split(target.rsplit('.').next().unwrap_or(target));
    let stem = table.iter().map(|word| words::singular(word)).collect::<String>();
    let last = table.last().map(|word| words::singular(word)).unwrap_or_default();
    let generic = matches!(key.as_str(), "id" | "key" | "no" | "nr" | "number" | "code" | "uuid" | "name");
    column == key && !generic || [format!("{stem}{key}"), format!("{last}{key}")].contains(&column)
}

fn contains_all(store: &mut dyn DataStore, target: &Collection, key: &Column, values: &[&str]) -> Result<bool, Fault> {
    let field = FieldPath::column(&key.name);
    let values: Vec<Vec<String>> = values.iter().map(|value| vec![(*value).to_owned()]).collect();
    let wanted = values.len();
    let condition = Condition { fields: vec![field.clone()], fold: Fold::Exact, values, when: None };
    let find = Find { collection: &target.name, fields: &[field], any: &[condition], limit: None };
    let mut found = 0;
    store.find(&find, &mut |_| {
        found += 1;
        Ok(())
    })?;
    Ok(found >= wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_references_follow_the_names_of_keys() {
        let check = |column, target, key, expect| {
            assert_eq!(is_named_like(column, target, key), expect, "{column} → {target}.{key}")
        };
        check("customer_id", "customer", "id", true);
        check("CustomerId", "Customer", "CustomerId", true);
        check("customer_id", "shop.customers", "id", true);
        check("person_id", "app_person", "id", true);
        check("mail", "person", "mail", true);
        check("id", "person", "id", false);
        check("code", "country", "code", false);
        check("type_id", "person", "id", false);
    }
}
