//! Links that nobody declared: a column named and typed like a key whose values are found there, in the same store or in
//! another; a column of addresses that are another store's people; and pairs of columns that name a table and a row of it
//! (`owner_type`, `owner_id`). They are told with what speaks for them. Those that are sure become references; the others are followed
//! only when the map says so.

use std::collections::BTreeSet;

use model::Fault;

use super::words;
use crate::Limits;
use crate::catalog::{Catalog, Collection, Column, ColumnKind};
use crate::map::sample::Sample;
use crate::row::FieldPath;
use crate::store::{Condition, DataStore, Find, Fold};

/// Values that are asked for at most.
const VALUES_MAX: usize = 100;
/// Fewer different values prove nothing.
const VALUES_MIN: usize = 3;
/// So many of a hundred have to be there: rows that refer to what is gone are the rule where nobody watches over a link.
const FOUND_PERCENT: usize = 80;
/// Different words of a type that are looked at.
const TYPES_MAX: usize = 20;

/// A column that looks like a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undeclared {
    /// The referring collection and its field.
    pub from: (String, FieldPath),
    /// The dataset of the collection referred to, where it is another one.
    pub dataset: Option<String>,
    /// The collection referred to and its key.
    pub to: (String, String),
    /// The rows for which it holds: a column and its word.
    pub when: Option<(String, String)>,
    /// Different values that were asked for.
    pub values: usize,
    /// Those of them that were found.
    pub found: usize,
    /// How much speaks for it, of a hundred: the likeness of names, how many values, how many of them were found.
    pub score: u8,
    /// Its values could not be there by chance.
    pub by_value: bool,
    /// It is taken as a reference without being asked: by its values; or by its name (`customer_id`, and one `customer.id` only) or
    /// by the word beside it, where every value that was seen is there.
    pub is_sure: bool,
    /// It stands in a list or within a document, or says who did something to the row: where something else says whose the row
    /// is, this does not.
    pub is_aside: bool,
}

/// One store, for finding links between several.
pub struct Party<'p> {
    /// The dataset that describes it.
    pub dataset: &'p str,
    /// The store itself.
    pub store: &'p mut dyn DataStore,
    /// What it holds.
    pub catalog: &'p Catalog,
    /// What was seen of it.
    pub samples: &'p [Sample],
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
            let values = values(sample, column);
            let targets = targets(catalog, collection, column);
            let is_named = targets.iter().all(|(target, key)| named_like(&column.name, &target.name, &key.name));
            let is_only = is_named && targets.iter().all(|(target, _)| target.name == targets[0].0.name);
            let like = if is_only { Like::OnlyName } else { Like::Name };
            let looks = Looks { like, fold: Fold::Exact, values: &values };
            for (target, key) in targets {
                if let Some((count, score)) = looks.within(store, target, key)? {
                    let mut link = link(collection, column, (target, key), (values.len(), count, score));
                    link.is_sure = is_only && count == values.len();
                    found.push(link);
                    break;
                }
            }
            found.extend(polymorphic(store, catalog, (collection, sample), column)?);
        }
    }
    Ok(found)
}

/// Asks every store about the columns of the others: those that are named like its keys, and addresses of its people. The number
/// is that of the party whose column it is.
///
/// # Errors
/// What a store says.
pub fn across(parties: &mut [Party<'_>]) -> Result<Vec<(usize, Undeclared)>, Fault> {
    let mut found = Vec::new();
    for from in 0..parties.len() {
        let Party { dataset, catalog, samples, .. } = parties[from];
        for other in parties.iter_mut().filter(|other| other.dataset != dataset) {
            for sample in samples {
                let Some(collection) = catalog.collection(&sample.collection) else { continue };
                for column in collection.columns.iter().filter(|column| may_refer(collection, column)) {
                    if let Some(mut link) = elsewhere(other, collection, column, &values(sample, column))? {
                        link.dataset = Some(other.dataset.to_owned());
                        found.push((from, link));
                    }
                }
            }
        }
    }
    Ok(found)
}

fn values(sample: &Sample, column: &Column) -> Vec<String> {
    let sampled = sample.field(&FieldPath::column(&column.name)).filter(|field| !field.is_object && !field.is_list);
    let values: BTreeSet<&String> = sampled.into_iter().flat_map(|field| &field.values).collect();
    // Where nothing forbids it, nobody is often number 0.
    let is_nobody = |value: &str| column.kind == ColumnKind::Integer && value == "0";
    values.into_iter().filter(|value| !is_nobody(value)).take(VALUES_MAX).cloned().collect()
}

fn link(
    collection: &Collection,
    column: &Column,
    (target, key): (&Collection, &Column),
    (values, found, score): (usize, usize, u8),
) -> Undeclared {
    Undeclared {
        from: (collection.name.clone(), FieldPath::column(&column.name)),
        dataset: None,
        to: (target.name.clone(), key.name.clone()),
        when: None,
        values,
        found,
        score,
        by_value: false,
        is_sure: false,
        is_aside: words::is_actor(&column.name),
    }
}

/// What a column of one store refers to in another.
fn elsewhere(
    other: &mut Party<'_>,
    collection: &Collection,
    column: &Column,
    values: &[String],
) -> Result<Option<Undeclared>, Fault> {
    let is_address = |value: &str| value.contains('@') && !value.contains(char::is_whitespace);
    let are_addresses = !values.is_empty() && values.iter().all(|value| is_address(value.trim()));
    for (target, key) in keys(other.catalog) {
        // The same kind of value, however each store keeps it.
        let is_named = named_like(&column.name, &target.name, &key.name);
        let is_people = words::is_people(&target.name);
        let holds_addresses = words::category(&key.name, true) == Some("user.contact.email");
        let (like, fold) = match () {
            () if are_addresses && is_people && holds_addresses => (Like::Identity, Fold::Lower),
            () if is_named && !are_addresses => (Like::Name, Fold::Exact),
            () => continue,
        };
        let folded: Vec<String> = match fold {
            Fold::Lower => values.iter().map(|value| value.trim().to_lowercase()).collect(),
            _ => values.to_vec(),
        };
        let looks = Looks { like, fold, values: &folded };
        if let Some((count, score)) = looks.within(other.store, target, key)? {
            return Ok(Some(link(collection, column, (target, key), (folded.len(), count, score))));
        }
    }
    Ok(None)
}

/// `owner_id` beside `owner_type`: where the words of the type name collections, the rows of each word refer to that one.
fn polymorphic(
    store: &mut dyn DataStore,
    catalog: &Catalog,
    (collection, sample): (&Collection, &Sample),
    column: &Column,
) -> Result<Vec<Undeclared>, Fault> {
    let Some(kind) = type_of(collection, column) else { return Ok(vec![]) };
    let mut found = Vec::new();
    for word in values(sample, kind).into_iter().take(TYPES_MAX) {
        let Some((target, key)) = catalog.collections.iter().find_map(|target| named_by(&word, target)) else {
            continue;
        };
        let when = Condition {
            fields: vec![FieldPath::column(&kind.name)],
            fold: Fold::Exact,
            values: vec![vec![word.clone()]],
            when: None,
        };
        let field = FieldPath::column(&column.name);
        let limit = Some(VALUES_MAX as u64);
        let find = Find { collection: &collection.name, fields: std::slice::from_ref(&field), any: &[when], limit };
        let mut values = BTreeSet::new();
        store.find(&find, &mut |row| {
            values.extend(row.cells.into_iter().next().flatten());
            Ok(())
        })?;
        let values: Vec<String> = values.into_iter().collect();
        let looks = Looks { like: Like::Type, fold: Fold::Exact, values: &values };
        if let Some((count, score)) = looks.within(store, target, key)? {
            let mut link = link(collection, column, (target, key), (values.len(), count, score));
            link.when = Some((kind.name.clone(), word));
            link.is_sure = count == values.len();
            found.push(link);
        }
    }
    Ok(found)
}

/// The column that says what `column` refers to: `owner_type` for `owner_id`.
fn type_of<'c>(collection: &'c Collection, column: &Column) -> Option<&'c Column> {
    let words = words::split(&column.name);
    let (tail, stem) = words.split_last().filter(|(_, stem)| !stem.is_empty())?;
    let is_type = |other: &&Column| {
        let words = words::split(&other.name);
        let tail = words.last().map(String::as_str);
        matches!(tail, Some("type" | "kind" | "class" | "model" | "table")) && words[..words.len() - 1] == *stem
    };
    let is_text = |other: &&Column| other.kind == ColumnKind::Text;
    collection.columns.iter().filter(is_text).find(is_type).filter(|_| matches!(tail.as_str(), "id" | "key" | "uuid"))
}

/// The key of `target` where `word` names it: `Person`, `people`, `App\\Models\\Customer`, `shop.customer`.
fn named_by<'c>(word: &str, target: &'c Collection) -> Option<(&'c Collection, &'c Column)> {
    let plain = |name: &str| words::split(name).iter().map(|word| words::singular(word)).collect::<String>();
    let last = word.rsplit(['.', ':', '\\', '/']).next().unwrap_or(word);
    let name = target.name.rsplit('.').next().unwrap_or(&target.name);
    let is_named = !last.is_empty() && (plain(last) == plain(name) || last == "Person" && name == "people");
    let key = target.column(target.key.first()?).filter(|_| target.key.len() == 1 && !target.read_only)?;
    is_named.then_some((target, key))
}

/// What makes a column look like a reference before its values are asked for.
#[derive(Clone, Copy, PartialEq)]
enum Like {
    /// Its name.
    Name,
    /// Its name, which is like that of one key only.
    OnlyName,
    /// Another column says so, row by row.
    Type,
    /// It holds what names a person.
    Identity,
}

struct Looks<'l> {
    like: Like,
    fold: Fold,
    values: &'l [String],
}

impl Looks<'_> {
    /// How many of the values are in `key`, and how much that says; `None`: too little.
    fn within(
        &self,
        store: &mut dyn DataStore,
        target: &Collection,
        key: &Column,
    ) -> Result<Option<(usize, u8)>, Fault> {
        let is_told = matches!(self.like, Like::Type | Like::OnlyName);
        if self.values.len() < if is_told { 1 } else { VALUES_MIN } {
            return Ok(None);
        }
        let there = present(store, (&target.name, &key.name), self.fold, self.values)?;
        let found = there.len().min(self.values.len());
        let is_few = self.values.len() < VALUES_MIN && found < self.values.len();
        let enough = found > 0 && !is_few && found * 100 >= self.values.len() * FOUND_PERCENT;
        Ok(enough.then(|| (found, self.score(found))))
    }

    /// Names and types weigh half; the rest is how many values are there, and that they are more than small numbers, which
    /// are found in every table.
    fn score(&self, found: usize) -> u8 {
        let all = self.values.len();
        let are_small =
            self.values.iter().all(|value| value.len() < 5 && value.bytes().all(|byte| byte.is_ascii_digit()));
        let many = match all {
            0..=2 => 0,
            3..=9 => 10,
            10..=29 => 20,
            _ => 30,
        };
        let missing = (all - found) * 100 / all;
        let score: usize = 50 + many + if are_small { 0 } else { 20 };
        u8::try_from(score.saturating_sub(usize::from(missing > 0) * 10 + missing)).unwrap_or(100)
    }
}

/// Those of `values` that a column holds, as its cells have them; in lower case where it does not count.
pub(super) fn present<V: AsRef<str>>(
    store: &mut dyn DataStore,
    (collection, key): (&str, &str),
    fold: Fold,
    values: &[V],
) -> Result<BTreeSet<String>, Fault> {
    let field = FieldPath::column(key);
    let mut there = BTreeSet::new();
    for values in values.chunks(Limits::BATCH) {
        let values = values.iter().map(|value| vec![value.as_ref().to_owned()]).collect();
        let condition = Condition { fields: vec![field.clone()], fold, values, when: None };
        let find = Find { collection, fields: std::slice::from_ref(&field), any: &[condition], limit: None };
        store.find(&find, &mut |row| {
            there.extend(row.cells.into_iter().next().flatten().map(|cell| match fold {
                Fold::Lower => cell.trim().to_lowercase(),
                _ => cell,
            }));
            Ok(())
        })?;
    }
    Ok(there)
}

fn may_refer(collection: &Collection, column: &Column) -> bool {
    let is_linked = collection.links.iter().any(|link| link.columns.contains(&column.name));
    !is_linked
        && collection.key != [column.name.as_str()]
        && matches!(column.kind, ColumnKind::Integer | ColumnKind::Text)
}

/// Every column that alone names a row.
pub(super) fn keys(catalog: &Catalog) -> Vec<(&Collection, &Column)> {
    let of = |target| {
        let target: &Collection = target;
        let keys = target.unique.iter().chain([&target.key]).filter(|key| key.len() == 1);
        keys.filter_map(|key| target.column(&key[0])).map(move |key| (target, key))
    };
    let mut found: Vec<_> = catalog.collections.iter().filter(|target| !target.read_only).flat_map(of).collect();
    found.dedup_by(|a, b| std::ptr::eq(a.0, b.0) && a.1.name == b.1.name);
    found
}

/// Keys of other collections that are named and typed like `column`; else those of people, where the column is called by what
/// people are (`post_author`).
fn targets<'c>(catalog: &'c Catalog, collection: &Collection, column: &Column) -> Vec<(&'c Collection, &'c Column)> {
    let is_other = |target: &Collection, key: &Column| target.name != collection.name || key.name != column.name;
    let mut found = keys(catalog);
    found.retain(|(target, key)| key.kind == column.kind && is_other(target, key));
    let named: Vec<_> =
        found.iter().filter(|(target, key)| named_like(&column.name, &target.name, &key.name)).copied().collect();
    if !named.is_empty() || !words::is_people(&column.name) || column.kind != ColumnKind::Integer {
        return named;
    }
    found.retain(|(target, key)| words::is_people(&target.name) && target.key == [key.name.as_str()]);
    found
}

/// `customer_id` and `customer.id`; `customer_id` and `customer.customer_id`; `billing_address_id` and `addresses.id`; `mail`
/// and `person.mail`.
pub(crate) fn named_like(column: &str, target: &str, key: &str) -> bool {
    let (words, key) = (words::split(column), words::split(key).concat());
    let table: Vec<String> = words::split(target.rsplit('.').next().unwrap_or(target));
    let stem = table.iter().map(|word| words::singular(word)).collect::<String>();
    let last = table.last().map(|word| words::singular(word)).unwrap_or_default();
    let generic = matches!(key.as_str(), "id" | "key" | "no" | "nr" | "number" | "code" | "uuid" | "name");
    let whole = [format!("{stem}{key}"), format!("{last}{key}")];
    // A column that is called like the table alone: `visit.person` and `person.id`.
    if generic && words.concat() == stem {
        return true;
    }
    // What stands before says which of several: `billing_address_id`.
    words.concat() == key && !generic || (0..words.len()).any(|from| whole.contains(&words[from..].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_references_follow_the_names_of_keys() {
        let check = |column, target, key, expect| {
            assert_eq!(named_like(column, target, key), expect, "{column} → {target}.{key}")
        };
        check("customer_id", "customer", "id", true);
        check("CustomerId", "Customer", "CustomerId", true);
        check("customer_id", "shop.customers", "id", true);
        check("person_id", "app_person", "id", true);
        check("mail", "person", "mail", true);
        check("person", "person", "id", true);
        check("person", "person", "mail", false);
        check("id", "person", "id", false);
        check("code", "country", "code", false);
        check("type_id", "person", "id", false);
        check("address_id", "address", "id", true);
        check("AddressId", "addresses", "id", true);
        check("billing_address_id", "address", "id", true);
        check("id_address", "address", "id", false);
        check("nonaddressid", "address", "id", false);
    }

    #[test]
    fn words_of_types_name_tables() {
        let table = |name: &str| Collection {
            name: name.to_owned(),
            key: vec!["id".to_owned()],
            columns: vec![column("id", ColumnKind::Integer)],
            ..Collection::default()
        };
        let check =
            |word, target, expect| assert_eq!(named_by(word, &table(target)).is_some(), expect, "{word} → {target}");
        check("Customer", "customers", true);
        check("App\\Models\\Customer", "shop.customer", true);
        check("Shop::OrderLine", "order_lines", true);
        check("person", "person", true);
        check("Person", "people", true);
        check("customer", "customer_order", false);
        check("", "customer", false);
    }

    fn column(name: &str, kind: ColumnKind) -> Column {
        Column {
            name: name.to_owned(),
            kind,
            type_name: String::new(),
            nullable: true,
            has_default: false,
            generated: false,
            max_chars: None,
            words: vec![],
            comment: None,
            label: None,
            checks: vec![],
        }
    }

    #[test]
    fn a_pair_of_columns_names_a_table_and_a_row() {
        let columns = ["id", "owner_type", "owner_id", "commentableType", "commentableId", "state_id"];
        let kind =
            |name: &str| if name.to_lowercase().ends_with("type") { ColumnKind::Text } else { ColumnKind::Integer };
        let table = Collection {
            columns: columns.iter().map(|name| column(name, kind(name))).collect(),
            ..Collection::default()
        };
        let check = |name: &str, expect: Option<&str>| {
            let found = type_of(&table, &column(name, ColumnKind::Integer)).map(|column| column.name.as_str());
            assert_eq!(found, expect, "{name}");
        };
        check("owner_id", Some("owner_type"));
        check("commentableId", Some("commentableType"));
        check("state_id", None);
        check("id", None);
    }

    #[test]
    fn more_and_rarer_values_say_more() {
        let score = |values: &[&str], found: usize| {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            Looks { like: Like::Name, fold: Fold::Exact, values: &values }.score(found)
        };
        assert_eq!(score(&["1", "2", "3"], 3), 60);
        assert_eq!(score(&["a@b.c", "d@e.f", "g@h.i"], 3), 80);
        assert_eq!(score(&["1", "2", "3", "4", "5"], 4), 30);
        let many: Vec<String> = (100_000..100_040).map(|n| n.to_string()).collect();
        assert_eq!(score(&many.iter().map(String::as_str).collect::<Vec<_>>(), 40), 100);
    }
}
