//! Plug-ins: `exec:COMMAND`. A program of somebody else speaks for a store, one JSON object a line over its standard input
//! and output; `docs/exec-plugin.md` is the contract.

mod child;

use model::{Fault, Progress};
use privacy::catalog::{Catalog, Collection, ColumnKind, Link, OnDelete};
use privacy::map::Dataset;
use privacy::row::{Cell, FieldPath, Key, Row};
use privacy::store::{
    Abilities, Condition, DataStore, EachRow, Find, Fold, Hit, Needles, Scanned, Standing, Transaction,
};
use serde_json::{Map, Value, json};

use crate::Access;
use crate::bounds::harmless;
use crate::document::columns::column;
use crate::document::needle::Sought;

#[cfg(feature = "fuzz")]
pub(crate) use child::part;
use child::{Plugin, breach};

const PROTOCOL: u64 = 1;
const TEXT_FORM: &str = "a text has `collection`, `field`, `key` and `text`";

/// Starts the plug-in and asks how it is.
pub(crate) fn open(url: &str, access: &Access, dataset: &Dataset) -> Result<Box<dyn DataStore>, Fault> {
    let mut plugin = Plugin::start(url, access)?;
    let collections = dataset.collections.iter().map(|collection| {
        let words =
            collection.settings.words.iter().map(|(word, (text, _))| (word.clone(), Value::from(text.as_str())));
        let fields = collection.fields.iter().map(|field| json!(field.path.0));
        json!({"name": collection.name, "settings": words.collect::<Map<_, _>>(), "fields": fields.collect::<Vec<_>>()})
    });
    let question = json!({
        "protocol": PROTOCOL,
        "user": access.user,
        "password": access.password.as_ref().map(|password| password.as_str()),
        "collections": collections.collect::<Vec<_>>(),
    });
    let health = plugin.ask("health", question, &mut nothing)?;
    known(&plugin, &health, &["protocol", "name", "version", "transactions", "versions", "read_only"])?;
    if health.get("protocol").and_then(Value::as_u64) != Some(PROTOCOL) {
        return Err(plugin.wrong("it speaks another version of the protocol"));
    }
    let flag = |name: &str| health.get(name).and_then(Value::as_bool).unwrap_or(false);
    let word = |name: &str| harmless(health.get(name).and_then(Value::as_str).unwrap_or_default());
    let version = format!("{} {}", word("name"), word("version")).trim().to_owned();
    let abilities = Abilities { transactions: flag("transactions"), versions: flag("versions") };
    Ok(Box::new(Exec { version, abilities, read_only: flag("read_only"), plugin }))
}

struct Exec {
    plugin: Plugin,
    version: String,
    abilities: Abilities,
    read_only: bool,
}

/// For questions that are answered in one line.
fn nothing(name: &str, _: Value) -> Result<(), Fault> {
    Err(breach("The plug-in", &format!("it sends a {name} where none was asked for")))
}

/// Refuses fields that the protocol does not know.
fn known(plugin: &Plugin, fields: &Map<String, Value>, names: &[&str]) -> Result<(), Fault> {
    match fields.keys().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err(plugin.wrong(&format!("the field {name:?} is unknown"))),
        None => Ok(()),
    }
}

fn texts(value: &Value) -> Vec<String> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Strings and nulls; `None` when it is anything else.
fn cells(value: &Value) -> Option<Vec<Cell>> {
    let one = |value: &Value| match value {
        Value::Null => Some(None),
        Value::String(text) => Some(Some(text.clone())),
        _ => None,
    };
    value.as_array()?.iter().map(one).collect()
}

fn paths(fields: &[FieldPath]) -> Value {
    fields.iter().map(|field| json!(field.0)).collect()
}

fn keys_of(keys: &[Key]) -> Value {
    keys.iter().map(|key| json!(key.0)).collect()
}

fn condition(condition: &Condition) -> Value {
    let fold = match condition.fold {
        Fold::Exact => "exact".to_owned(),
        Fold::Lower => "lower".to_owned(),
        Fold::Address => "address".to_owned(),
        Fold::Digits(count) => format!("digits:{count}"),
    };
    let when = condition.when.as_ref().map(|(field, is)| json!({"field": field.0, "is": is}));
    json!({"fields": paths(&condition.fields), "fold": fold, "values": condition.values, "when": when})
}

impl Exec {
    fn rows(
        &mut self,
        op: &str,
        question: Value,
        (width, limit): (usize, Option<u64>),
        each: &mut EachRow<'_>,
    ) -> Result<(), Fault> {
        let program = self.plugin.program.clone();
        let mut left = limit.unwrap_or(u64::MAX);
        let done = self.plugin.ask(op, question, &mut |name, row| {
            left = left.checked_sub(1).ok_or_else(|| breach(&program, "there are more rows than were asked for"))?;
            let fits = row.as_object().is_some_and(|row| row.len() == 2);
            match (name, fits, cells(&row["key"]), cells(&row["cells"])) {
                ("row", true, Some(key), Some(cells)) if cells.len() == width => each(Row { key: Key(key), cells }),
                _ => Err(breach(
                    &program,
                    "a row has `key` and as many `cells` as fields were asked for, strings or null",
                )),
            }
        })?;
        known(&self.plugin, &done, &[])
    }

    fn count(&mut self, op: &str, question: Value) -> Result<u64, Fault> {
        let done = self.plugin.ask(op, question, &mut nothing)?;
        known(&self.plugin, &done, &["rows"])?;
        done.get("rows")
            .and_then(Value::as_u64)
            .ok_or_else(|| self.plugin.wrong("an answer says how many `rows` there were"))
    }

    fn find_rows(&mut self, find: &Find<'_>, each: &mut EachRow<'_>) -> Result<(), Fault> {
        let any: Vec<Value> = find.any.iter().map(condition).collect();
        let question =
            json!({"collection": find.collection, "fields": paths(find.fields), "any": any, "limit": find.limit});
        self.rows("find", question, (find.fields.len(), find.limit), each)
    }
}

fn collection(plugin: &Plugin, value: &Value, has_transactions: bool) -> Result<Collection, Fault> {
    let fields = value.as_object().ok_or_else(|| plugin.wrong("a collection is an object"))?;
    known(plugin, fields, &["name", "columns", "key", "links", "rows", "comment", "read_only"])?;
    let list = |name: &str| fields.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let columns = list("columns").iter().map(|value| {
        let fields = value.as_object().ok_or_else(|| plugin.wrong("a column is an object"))?;
        known(plugin, fields, &["name", "kind", "nullable", "generated", "max_chars", "comment"])?;
        let name = value["name"].as_str().ok_or_else(|| plugin.wrong("a column has a `name`"))?;
        let kind = kind(value["kind"].as_str().unwrap_or("text")).ok_or_else(|| plugin.wrong("a `kind` is unknown"))?;
        let mut column = column(name, kind, value["nullable"].as_bool().unwrap_or(true));
        column.generated = value["generated"].as_bool().unwrap_or(false);
        column.max_chars = value["max_chars"].as_u64();
        column.comment = value["comment"].as_str().map(str::to_owned);
        Ok(column)
    });
    let links = list("links").iter().map(|value| {
        let fields = value.as_object().ok_or_else(|| plugin.wrong("a link is an object"))?;
        known(plugin, fields, &["columns", "target", "target_columns"])?;
        let target = value["target"].as_str().unwrap_or_default().to_owned();
        Ok(Link {
            name: format!("link to {target}"),
            columns: texts(&value["columns"]),
            target,
            target_columns: texts(&value["target_columns"]),
            on_delete: OnDelete::NoAction,
            deferrable: false,
        })
    });
    let key = texts(&value["key"]);
    Ok(Collection {
        name: value["name"].as_str().ok_or_else(|| plugin.wrong("a collection has a `name`"))?.to_owned(),
        columns: columns.collect::<Result<_, Fault>>()?,
        unique: if key.is_empty() { Vec::new() } else { vec![key.clone()] },
        key,
        links: links.collect::<Result<_, Fault>>()?,
        rows_estimated: value["rows"].as_u64(),
        comment: value["comment"].as_str().map(str::to_owned),
        transactional: has_transactions,
        read_only: value["read_only"].as_bool().unwrap_or(false),
        ..Collection::default()
    })
}

fn kind(word: &str) -> Option<ColumnKind> {
    Some(match word {
        "text" => ColumnKind::Text,
        "integer" => ColumnKind::Integer,
        "number" => ColumnKind::Number,
        "boolean" => ColumnKind::Boolean,
        "time" => ColumnKind::Time,
        "bytes" => ColumnKind::Bytes,
        "json" => ColumnKind::Json,
        "list" => ColumnKind::List,
        "other" => ColumnKind::Other,
        _ => return None,
    })
}

impl DataStore for Exec {
    fn abilities(&self) -> Abilities {
        self.abilities
    }

    fn standing(&mut self) -> Result<Standing, Fault> {
        Ok(Standing { read_only: self.read_only, behind: None })
    }

    fn version(&mut self) -> Result<String, Fault> {
        Ok(self.version.clone())
    }

    fn describe(&mut self) -> Result<Catalog, Fault> {
        let told = self.plugin.ask("describe", json!({}), &mut nothing)?;
        known(&self.plugin, &told, &["collections", "gaps"])?;
        let list = told.get("collections").and_then(Value::as_array).cloned().unwrap_or_default();
        let collections = list.iter().map(|value| collection(&self.plugin, value, self.abilities.transactions));
        let mut collections: Vec<Collection> = collections.collect::<Result<_, Fault>>()?;
        collections.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Catalog { collections, gaps: told.get("gaps").map(texts).unwrap_or_default(), ..Catalog::default() })
    }

    fn find(&mut self, find: &Find<'_>, each: &mut EachRow<'_>) -> Result<(), Fault> {
        self.find_rows(find, each)
    }

    fn begin(&mut self) -> Result<Box<dyn Transaction + '_>, Fault> {
        let done = self.plugin.ask("begin", json!({}), &mut nothing)?;
        known(&self.plugin, &done, &[])?;
        Ok(Box::new(Acts { exec: self, is_open: true }))
    }

    fn scan(
        &mut self,
        needles: &dyn Needles,
        hit: &mut dyn FnMut(Hit) -> Result<(), Fault>,
        progress: &dyn Progress,
    ) -> Result<Scanned, Fault> {
        let sought = Sought::of(needles);
        let mut scanned = Scanned::default();
        let program = self.plugin.program.clone();
        progress.start("scan", 0);
        // The plug-in shows its texts: it need not know what is looked for.
        let done = self.plugin.ask("scan", json!({}), &mut |name, text| {
            let fits = text.as_object().is_some_and(|text| {
                text.keys().all(|name| ["collection", "field", "key", "text"].contains(&name.as_str()))
            });
            let (Some(collection), Some(key), Some(content)) =
                (text["collection"].as_str(), cells(&text["key"]), text["text"].as_str())
            else {
                return Err(breach(&program, TEXT_FORM));
            };
            if !fits || name != "text" {
                return Err(breach(&program, TEXT_FORM));
            }
            scanned.rows += 1;
            scanned.bytes += content.len() as u64;
            progress.advance(content.len() as u64);
            for needle in sought.within(content.as_bytes()) {
                let field = text["field"].as_str().map(str::to_owned);
                hit(Hit { collection: collection.to_owned(), field, key: Key(key.clone()), needle })?;
            }
            Ok(())
        })?;
        progress.finish();
        known(&self.plugin, &done, &["collections", "unread"])?;
        scanned.collections = done.get("collections").and_then(Value::as_u64).unwrap_or(0);
        scanned.unread = done.get("unread").map(texts).unwrap_or_default();
        Ok(scanned)
    }

    fn compact(&mut self, collections: &[&str]) -> Result<Vec<String>, Fault> {
        let done = self.plugin.ask("compact", json!({"collections": collections}), &mut nothing)?;
        known(&self.plugin, &done, &["remains"])?;
        Ok(done.get("remains").map(texts).unwrap_or_default())
    }
}

struct Acts<'a> {
    exec: &'a mut Exec,
    is_open: bool,
}

impl Transaction for Acts<'_> {
    fn reread(
        &mut self,
        collection: &str,
        fields: &[FieldPath],
        keys: &[Key],
        each: &mut EachRow<'_>,
    ) -> Result<(), Fault> {
        let question = json!({"collection": collection, "fields": paths(fields), "keys": keys_of(keys)});
        self.exec.rows("reread", question, (fields.len(), None), each)
    }

    fn find(&mut self, find: &Find<'_>, each: &mut EachRow<'_>) -> Result<(), Fault> {
        self.exec.find_rows(find, each)
    }

    fn delete(&mut self, collection: &str, keys: &[Key]) -> Result<u64, Fault> {
        self.exec.count("delete", json!({"collection": collection, "keys": keys_of(keys)}))
    }

    fn set(&mut self, collection: &str, fields: &[FieldPath], rows: &[(Key, Vec<Cell>)]) -> Result<u64, Fault> {
        let rows: Vec<Value> = rows.iter().map(|(key, cells)| json!({"key": key.0, "cells": cells})).collect();
        self.exec.count("set", json!({"collection": collection, "fields": paths(fields), "rows": rows}))
    }

    fn defer_constraints(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    fn commit(mut self: Box<Self>) -> Result<(), Fault> {
        self.is_open = false;
        let has_transactions = self.exec.abilities.transactions;
        self.exec.plugin.ask("commit", json!({}), &mut nothing).map(drop).map_err(|fault| {
            match has_transactions && ["store-unreachable", "store-timeout"].contains(&fault.code()) {
                true => {
                    Fault::unavailable("commit-unknown", format!("Nobody knows whether the commit took place: {fault}"))
                        .advise("Run the command again: it asks the store what was done.")
                }
                false => fault,
            }
        })
    }
}

impl Drop for Acts<'_> {
    fn drop(&mut self) {
        if self.is_open {
            // A plug-in that is gone has forgotten it anyway.
            let _ = self.exec.plugin.ask("rollback", json!({}), &mut nothing);
        }
    }
}
