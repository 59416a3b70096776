//! APIs that a YAML file describes: `https://…` with `api = "FILE"`; `docs/http-api.md` is the contract.
//!
//! Rows are JSON objects of lists. What the server can look for it is asked for, everything else is read and compared here.
//! Acts are done at once and may be repeated: a row that is gone already is no error.

mod api;
mod client;
mod token;

use std::collections::HashSet;

use model::{Fault, Progress};
use privacy::catalog::{Catalog, Collection};
use privacy::map::Dataset;
use privacy::row::{Cell, FieldPath, Key};
use privacy::store::{Abilities, DataStore, EachRow, Find, Fold, Hit, Needles, Scanned, Transaction};

use crate::Access;
use crate::document::columns::{Columns, SAMPLE_ROWS};
use crate::document::edit;
use crate::document::json::{Node, Value, quoted};
use crate::document::needle::Sought;
use crate::document::record::{Record, reach};
use crate::document::shape::Shape;
use crate::document::wanted::{Keys, Wanted};
use crate::web::encoded;

use api::{Act, Api, Described};
use client::Client;

/// Above so many wanted values, reading the whole list is cheaper.
const ASKED_MAX: usize = 500;

/// Reads the description. Nothing is asked before the first question.
pub(crate) fn open(url: &str, access: &Access, dataset: &Dataset) -> Result<Box<dyn DataStore>, Fault> {
    let Some(path) = &access.api else {
        return Err(Fault::bad_config("bad-api", "The store has no description of its API")
            .advise("Name the YAML file as `api` of the store; docs/http-api.md says what is in it."));
    };
    let password = access.password.as_ref().map_or("", |password| password.as_str());
    let api = Api::read(&access.folder.join(path), access.user.as_deref().unwrap_or_default(), password)?;
    let mapped = Shape::of(dataset, '/')?;
    let client = Client::of(url, &api, access)?;
    Ok(Box::new(Http { client, collections: api.collections, mapped }))
}

struct Http {
    client: Client,
    collections: Vec<Described>,
    mapped: Vec<Shape>,
}

impl Http {
    fn described(&self, name: &str) -> Result<Described, Fault> {
        self.collections.iter().find(|collection| collection.name == name).cloned().ok_or_else(|| unknown(name))
    }

    /// The row with that key, when it is there.
    fn get(&self, described: &Described, key: &Key) -> Result<Option<Node>, Fault> {
        let path = described.get.as_ref().and_then(|get| Some((get, filled(get, &described.key, key)?)));
        let Some((get, path)) = path else {
            let wanted = [key.clone()];
            let mut found = None;
            self.client.list(&described.list, &[], &mut |row| {
                let record = record(row);
                if Keys::of(&wanted).contains(&record.key(&described.key)) {
                    found = Some(record.body);
                }
                Ok(found.is_none())
            })?;
            return Ok(found);
        };
        let Ok((answer, _)) = self.client.ask(&get.method, &path, None)? else { return Ok(None) };
        let mut found = Vec::new();
        reach(&answer, &get.row, &mut found);
        Ok(found.first().map(|node| (*node).clone()).filter(|node| !node.members().is_empty()))
    }

    fn search(
        &self,
        described: &Described,
        find: &Find<'_>,
        each: &mut dyn FnMut(Record) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        let wanted = Wanted::of(find.any);
        let mut met = |row: Node| {
            let record = record(row);
            if wanted.meets(&record) { each(record) } else { Ok(true) }
        };
        if let ([field], Some(_)) = (described.key.as_slice(), &described.get) {
            let values =
                wanted.only(field.root()).filter(|values| field.below().is_empty() && values.len() <= ASKED_MAX);
            if let Some(values) = values {
                for value in values {
                    let row = self.get(described, &Key(vec![Some(value)]))?;
                    if !row.map_or(Ok(true), &mut met)? {
                        break;
                    }
                }
                return Ok(());
            }
        }
        let Some(questions) = questions(described, find) else {
            return self.client.list(&described.list, &[], &mut met);
        };
        let mut told = HashSet::new();
        for (parameter, value) in questions {
            let mut is_over = false;
            self.client.list(&described.list, &[(&parameter, &value)], &mut |row| {
                // Two questions can have the same row for an answer.
                if !told.insert(record(row.clone()).key(&described.key)) {
                    return Ok(true);
                }
                is_over = !met(row)?;
                Ok(!is_over)
            })?;
            if is_over {
                break;
            }
        }
        Ok(())
    }

    fn describe_one(&self, described: &Described) -> Result<Collection, Fault> {
        let shape = self.mapped.iter().find(|shape| shape.name == described.name);
        let mut columns = shape.map_or_else(Columns::default, |shape| Columns::declared(shape, &[]));
        let mut rows = 0;
        self.client.list(&described.list, &[], &mut |row| {
            columns.see(&row);
            rows += 1;
            Ok(rows < SAMPLE_ROWS)
        })?;
        let key: Vec<String> = described.key.iter().map(ToString::to_string).collect();
        Ok(Collection {
            name: described.name.clone(),
            columns: columns.into_columns(&[], &described.key),
            unique: vec![key.clone()],
            key,
            rows_estimated: (rows < SAMPLE_ROWS).then_some(rows),
            read_only: described.delete.is_none() && described.set.is_none(),
            ..Collection::default()
        })
    }
}

/// What the server is asked for, when every condition is about a field that it can look for.
fn questions(described: &Described, find: &Find<'_>) -> Option<Vec<(String, String)>> {
    let mut questions = Vec::new();
    for condition in find.any {
        let [field] = condition.fields.as_slice() else { return None };
        let (_, parameter) = described.list.search.iter().find(|(known, _)| known == field)?;
        // How a server folds nobody knows: it is asked for exact values alone.
        if condition.fold != Fold::Exact {
            return None;
        }
        questions.extend(condition.values.iter().flatten().map(|value| (parameter.clone(), value.clone())));
    }
    (!questions.is_empty() && questions.len() <= ASKED_MAX).then_some(questions)
}

fn record(body: Node) -> Record {
    Record { around: Vec::new(), body }
}

/// The path of a row; `None` when a part of the key is missing or would lead elsewhere.
fn filled(act: &Act, key: &[FieldPath], values: &Key) -> Option<String> {
    let mut path = act.path.clone();
    for (field, value) in key.iter().zip(&values.0) {
        let value = value.as_deref().filter(|value| !value.is_empty() && !leads_out(value))?;
        path = path.replace(&format!("{{{field}}}"), &encoded(value, false));
    }
    Some(path)
}

/// Whether a server that reads `%2F` as `/` could take it for a way to another place.
fn leads_out(value: &str) -> bool {
    value.split(['/', '\\']).any(|part| [".", ".."].contains(&part))
}

impl DataStore for Http {
    fn abilities(&self) -> Abilities {
        Abilities { transactions: false, versions: false }
    }

    fn version(&mut self) -> Result<String, Fault> {
        Ok(format!("HTTP API of {}", self.client.host()))
    }

    fn describe(&mut self) -> Result<Catalog, Fault> {
        let mut collections =
            self.collections.iter().map(|described| self.describe_one(described)).collect::<Result<Vec<_>, Fault>>()?;
        collections.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Catalog { collections, ..Catalog::default() })
    }

    fn find(&mut self, find: &Find<'_>, each: &mut EachRow<'_>) -> Result<(), Fault> {
        let described = self.described(find.collection)?;
        let mut left = find.limit.unwrap_or(u64::MAX);
        if left == 0 {
            return Ok(());
        }
        self.search(&described, find, &mut |record| {
            left -= 1;
            each(record.row(&described.key, find.fields))?;
            Ok(left > 0)
        })
    }

    fn begin(&mut self) -> Result<Box<dyn Transaction + '_>, Fault> {
        Ok(Box::new(Acts(self)))
    }

    fn scan(
        &mut self,
        needles: &dyn Needles,
        hit: &mut dyn FnMut(Hit) -> Result<(), Fault>,
        progress: &dyn Progress,
    ) -> Result<Scanned, Fault> {
        let sought = Sought::of(needles);
        let mut scanned = Scanned::default();
        progress.start("scan", 0);
        for described in &self.collections {
            self.client.list(&described.list, &[], &mut |row| {
                let mut found = Vec::new();
                scanned.rows += 1;
                scanned.bytes += sought.document(&row, &mut |field, needle| found.push((field.to_owned(), needle)));
                progress.advance(1);
                let key = record(row).key(&described.key);
                for (field, needle) in found {
                    hit(Hit { collection: described.name.clone(), field: Some(field), key: key.clone(), needle })?;
                }
                Ok(true)
            })?;
            scanned.collections += 1;
        }
        progress.finish();
        scanned.unread.push(format!("{}: only what its lists show was read.", self.client.host()));
        Ok(scanned)
    }

    fn compact(&mut self, _collections: &[&str]) -> Result<Vec<String>, Fault> {
        Ok(vec![format!(
            "What {} keeps of deleted rows on its disks and in its backups cannot be seen from here.",
            self.client.host()
        )])
    }
}

/// Every act is done at once and may be repeated.
struct Acts<'a>(&'a mut Http);

impl Transaction for Acts<'_> {
    fn reread(
        &mut self,
        collection: &str,
        fields: &[FieldPath],
        keys: &[Key],
        each: &mut EachRow<'_>,
    ) -> Result<(), Fault> {
        let described = self.0.described(collection)?;
        if described.get.is_none() {
            let wanted = Keys::of(keys);
            return self.0.client.list(&described.list, &[], &mut |row| {
                let record = record(row);
                if wanted.contains(&record.key(&described.key)) {
                    each(record.row(&described.key, fields))?;
                }
                Ok(true)
            });
        }
        for key in keys {
            if let Some(row) = self.0.get(&described, key)? {
                each(record(row).row(&described.key, fields))?;
            }
        }
        Ok(())
    }

    fn find(&mut self, find: &Find<'_>, each: &mut EachRow<'_>) -> Result<(), Fault> {
        self.0.find(find, each)
    }

    fn delete(&mut self, collection: &str, keys: &[Key]) -> Result<u64, Fault> {
        let described = self.0.described(collection)?;
        let delete = described.delete.as_ref().ok_or_else(|| no_act(collection, "deleted"))?;
        let mut gone = 0;
        let paths =
            keys.iter().map(|key| filled(delete, &described.key, key).ok_or_else(|| not_addressable(collection)));
        // All of them before the first is asked for.
        for path in paths.collect::<Result<Vec<String>, Fault>>()? {
            // 404 and 410: somebody was quicker, or we were the time before.
            gone += u64::from(self.0.client.ask(&delete.method, &path, None)?.is_ok());
        }
        Ok(gone)
    }

    fn set(&mut self, collection: &str, fields: &[FieldPath], rows: &[(Key, Vec<Cell>)]) -> Result<u64, Fault> {
        let described = self.0.described(collection)?;
        let set = described.set.as_ref().ok_or_else(|| no_act(collection, "set"))?;
        let mut found = 0;
        for (key, cells) in rows {
            let path = filled(set, &described.key, key).ok_or_else(|| not_addressable(collection))?;
            let Some(row) = self.0.get(&described, key)? else { continue };
            let body = patch(&row, fields, cells, &set.row);
            found += u64::from(self.0.client.ask(&set.method, &path, Some(&body))?.is_ok());
        }
        Ok(found)
    }

    fn defer_constraints(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    fn commit(self: Box<Self>) -> Result<(), Fault> {
        Ok(())
    }
}

/// A merge patch (RFC 7396) of the columns that change: below the first part a field has its whole new value.
fn patch(row: &Node, fields: &[FieldPath], cells: &[Cell], place: &[String]) -> String {
    let mut members: Vec<(String, String)> = Vec::new();
    for (field, cell) in fields.iter().zip(cells) {
        let old = row.member(field.root());
        let value = match (field.below(), old) {
            ([], old) => edit::json_of(old, cell),
            (below, Some(old)) => {
                let known = members.iter().find(|(name, _)| name == field.root()).map(|(_, json)| json.clone());
                let text = known.unwrap_or_else(|| old.compact());
                // What is compact was read from JSON, or written by us.
                let node = crate::document::json::parse(&text).unwrap_or_else(|_| Node::of(Value::Null));
                edit::set(&text, &node, &[(FieldPath(below.to_vec()), cell.clone())]).unwrap_or(text)
            }
            (_, None) => continue,
        };
        members.retain(|(name, _)| name != field.root());
        members.push((field.root().to_owned(), value));
    }
    let object: Vec<String> = members.iter().map(|(name, json)| format!("{}:{json}", quoted(name))).collect();
    let object = format!("{{{}}}", object.join(","));
    place.iter().rev().fold(object, |inner, name| format!("{{{}:{inner}}}", quoted(name)))
}

fn unknown(name: &str) -> Fault {
    Fault::unavailable("unknown-collection", format!("The description of the API has no collection {name:?}"))
        .advise("Add it to the file that `api` of the store names.")
}

fn not_addressable(collection: &str) -> Fault {
    Fault::refused(
        "row-not-addressable",
        format!("A row of {collection} has a key that no path can name: it is empty, or a part of it is a dot or two"),
    )
    .advise("Nothing was asked for it. Delete it by hand, or name rows by another field in the description of the API.")
}

fn no_act(collection: &str, act: &str) -> Fault {
    Fault::refused(
        "api-lacks-act",
        format!("The description of the API does not say how rows of {collection} are {act}"),
    )
    .advise("Add it, or let the data map keep these rows with a reason.")
}
