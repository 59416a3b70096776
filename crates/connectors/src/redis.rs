//! Redis, and what speaks its protocol (Dragonfly, Valkey): `redis://host:port/DB`, `redis+cluster://host`,
//! `redis+sentinel://host/NAME/DB`.
//!
//! A collection is a pattern of keys. Keys are found with SCAN, never KEYS; deleted with UNLINK, HDEL, LREM, SREM, ZREM and
//! XDEL, which may be repeated; changed under WATCH, so that a key that somebody else writes is left alone.

mod change;
mod place;
mod resp;
mod rows;
mod scan;
mod settings;
mod wire;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::time::Duration;

use model::{Fault, Progress};
use privacy::catalog::{Catalog, Collection, ColumnKind};
use privacy::map::{Dataset, Settings};
use privacy::row::{Cell, FieldPath, Key};
use privacy::store::{Abilities, DataStore, EachRow, Find, Hit, Needles, Scanned, Standing, Transaction};
use redis::cmd;

use crate::Access;
use crate::bounds::harmless;
use crate::document::columns::{Columns, SAMPLE_ROWS, column};
use crate::document::needle::Sought;
use crate::document::pattern::{Patterns, differs};
use crate::document::record::Record;
use crate::document::shape::{Shape, settled};
use crate::document::template::Template;
use crate::document::wanted::{Keys, Wanted};
use crate::web_address::Address;

use rows::{Layout, bytes, shown};
use scan::Scan;
pub(crate) use settings::settings;
use wire::{Cursor, Wire};

/// Milliseconds until a key expires; told when asked for, and no part of what a row is.
const TTL: &str = "ttl_ms";
/// Above so many wanted keys, a walk over all of them is cheaper.
const KEYS_ASKED_MAX: usize = 10_000;
/// Fields of a hash by which it is told whether they are columns or rows.
const FIELDS_LOOKED_AT: usize = 200;
/// Keys that are asked for in one go.
const KEYS_AT_ONCE: usize = 500;

/// Connects.
pub(crate) fn open(url: &str, access: &Access, dataset: &Dataset) -> Result<Box<dyn DataStore>, Fault> {
    let address = Address::parse(url)?;
    let db = place::database(&address).ok_or_else(|| {
        Fault::bad_config("bad-store-address", "The path of the address is no number of a database")
            .advise("Write redis://host:port/0, redis+cluster://host:port, redis+sentinel://host:port/NAME/0.")
    })?;
    let mapped = Shape::of(dataset, ':')?;
    for shape in &mapped {
        if let Some(word) = shape.format.as_deref().filter(|word| Layout::of_word(word, false).is_none()) {
            return Err(shape
                .wrong("bad-format", format!("The format {word:?} of {} is unknown", shape.name))
                .advise("Write hash, string, list, set, zset or stream."));
        }
    }
    Ok(Box::new(Redis { wire: Wire::open(&address, db, access)?, db, mapped, proposed: None }))
}

struct Redis {
    wire: Wire,
    db: i64,
    mapped: Vec<Shape>,
    proposed: Option<Vec<Shape>>,
}

impl Redis {
    fn shapes(&mut self) -> Result<Vec<Shape>, Fault> {
        if self.proposed.is_none() {
            self.proposed = Some(self.propose()?);
        }
        let mut shapes = settled(&self.mapped, self.proposed.as_deref().unwrap_or_default());
        shapes.retain(|shape| !shape.templates.is_empty());
        Ok(shapes)
    }

    fn shape(&mut self, name: &str) -> Result<Shape, Fault> {
        let known = self.mapped.iter().find(|shape| shape.name == name && !shape.templates.is_empty()).cloned();
        let found = match known {
            Some(shape) => Some(shape),
            None => self.shapes()?.into_iter().find(|shape| shape.name == name),
        };
        found.ok_or_else(|| unknown(name))
    }

    fn propose(&mut self) -> Result<Vec<Shape>, Fault> {
        let mut patterns = Patterns::default();
        let mut turns = self.wire.turns()?;
        let mut cursor = Some(Cursor::default());
        while let Some(at) = cursor {
            let (next, keys) = self.wire.scan(at, b"*")?;
            let names = keys.iter().filter_map(|key| std::str::from_utf8(key).ok());
            for name in names.filter(|name| self.mapped.iter().all(|shape| shape.matches(name).is_none())) {
                patterns.see(name, ':');
            }
            turns.turn(self.wire.host(), next, !keys.is_empty())?;
            cursor = next;
        }
        let mut shapes = Vec::new();
        for (name, template, first) in patterns.into_found() {
            let Ok(template) = Template::parse(&template, ':') else { continue };
            let kind: String = self.wire.ask(cmd("TYPE").arg(&first))?;
            let mut settings = Settings::default();
            if kind == "hash" && template.variables().is_empty() && self.has_rows_in_fields(&first)? {
                settings.words.insert("rows".to_owned(), ("fields".to_owned(), model::Place::default()));
            }
            shapes.push(Shape {
                name,
                templates: vec![template],
                format: Layout::of_word(&kind, false).map(|_| kind),
                key: Vec::new(),
                fields: Vec::new(),
                settings,
                place: model::Place::default(),
            });
        }
        Ok(shapes)
    }

    /// Whether the fields of a hash are named after what they belong to, such as `carts` with a field for each person: their
    /// names are data then, and no columns.
    fn has_rows_in_fields(&mut self, key: &str) -> Result<bool, Fault> {
        let (_, pairs): (u64, Vec<Vec<u8>>) =
            self.wire.ask(cmd("HSCAN").arg(key).arg(0).arg("COUNT").arg(FIELDS_LOOKED_AT))?;
        let fields = pairs.len() / 2;
        let different = pairs.iter().step_by(2).filter(|field| differs(&shown(field))).count();
        Ok(fields > 1 && different * 2 > fields)
    }

    /// How the rows of `shape` lie: as the map says, or as the first of its keys does.
    fn layout(&mut self, shape: &Shape) -> Result<Layout, Fault> {
        let has_field_rows = shape.settings.word("rows") == Some("fields");
        if let Some(layout) = shape.format.as_deref().and_then(|word| Layout::of_word(word, has_field_rows)) {
            return Ok(layout);
        }
        let mut found = None;
        self.each_key(shape, &mut |wire, key, _| {
            let kind: String = wire.ask(cmd("TYPE").arg(key))?;
            found = Layout::of_word(&kind, has_field_rows);
            Ok(if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(found.unwrap_or(Layout::Hash))
    }

    /// Every key of the collection, each once, with the variables of its name.
    fn each_key(&mut self, shape: &Shape, each: &mut EachKey<'_>) -> Result<(), Fault> {
        let mut told: HashSet<Vec<u8>> = HashSet::new();
        for template in &shape.templates {
            let pattern = template.glob();
            let mut turns = self.wire.turns()?;
            let mut cursor = Some(Cursor::default());
            while let Some(at) = cursor {
                let (next, keys) = self.wire.scan(at, pattern.as_bytes())?;
                let has_keys = !keys.is_empty();
                for key in keys {
                    let Some(variables) = shape.matches(&shown(&key)) else { continue };
                    // SCAN may tell a key twice, and two templates may mean it.
                    if told.insert(key.clone()) && each(&mut self.wire, &key, &variables)?.is_break() {
                        return Ok(());
                    }
                }
                turns.turn(self.wire.host(), next, has_keys)?;
                cursor = next;
            }
        }
        Ok(())
    }

    /// The keys that alone can hold wanted rows, when the condition says so.
    fn named(&self, shape: &Shape, wanted: &Wanted) -> Option<Vec<String>> {
        let mut names = wanted.only("key").or_else(|| match shape.templates.as_slice() {
            [template] => match template.variables().as_slice() {
                [variable] if !template.text().contains('*') => {
                    let values = wanted.only(variable)?;
                    Some(values.into_iter().map(|value| template.fill(&|_| Some(value.clone()), "")).collect())
                }
                _ => template.literal().map(|name| vec![name.to_owned()]),
            },
            _ => None,
        })?;
        names.sort_unstable();
        names.dedup();
        (names.len() <= KEYS_ASKED_MAX).then_some(names)
    }

    fn search(
        &mut self,
        shape: &Shape,
        names: Option<Vec<String>>,
        meets: &dyn Fn(&Record, &[FieldPath]) -> bool,
        fields: &[FieldPath],
        limit: u64,
        each: &mut EachRow<'_>,
    ) -> Result<(), Fault> {
        let layout = self.layout(shape)?;
        let key = layout.key();
        let ask = Ask { layout, wants_ttl: fields.iter().any(|field| field.root() == TTL) };
        let mut left = limit;
        let mut held: Vec<NamedKey> = Vec::new();
        let mut flush = |wire: &mut Wire, held: &mut Vec<NamedKey>| {
            ask.rows(wire, shape, &std::mem::take(held), &mut |record| {
                if left > 0 && meets(&record, &key) {
                    left -= 1;
                    each(record.row(&key, fields))?;
                }
                Ok(if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })
        };
        let mut is_over = false;
        let mut hold = |wire: &mut Wire, name: &[u8], variables: &[(String, String)]| {
            held.push((name.to_vec(), variables.to_vec()));
            let flow = if held.len() < KEYS_AT_ONCE { ControlFlow::Continue(()) } else { flush(wire, &mut held)? };
            is_over = flow.is_break();
            Ok(flow)
        };
        match names {
            None => self.each_key(shape, &mut hold)?,
            Some(names) => {
                for name in names {
                    let Some(variables) = shape.matches(&name) else { continue };
                    if hold(&mut self.wire, &bytes(&name), &variables)?.is_break() {
                        break;
                    }
                }
            }
        }
        if is_over { Ok(()) } else { flush(&mut self.wire, &mut held).map(drop) }
    }

    fn describe_one(&mut self, shape: &Shape) -> Result<Collection, Fault> {
        let layout = self.layout(shape)?;
        let mut around = layout.around();
        around.splice(1..1, shape.variables());
        let mut columns = Columns::declared(shape, &around);
        let (mut keys, mut rows, mut sampled, mut expire, mut plain) = (0_u64, 0_u64, 0_u64, 0_u64, 0_u64);
        self.each_key(shape, &mut |wire, key, variables| {
            keys += 1;
            if rows >= SAMPLE_ROWS || wire.ask::<String>(cmd("TYPE").arg(key))? != layout.word() {
                return Ok(ControlFlow::Continue(()));
            }
            sampled += 1;
            expire += u64::from(wire.ask::<i64>(cmd("PTTL").arg(key))? >= 0);
            rows::rows(wire, key, layout, variables, &mut |record| {
                columns.see(&record.body);
                plain += u64::from(record.body.members().is_empty());
                rows += 1;
                Ok(if rows >= SAMPLE_ROWS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })
            .map(drop)?;
            Ok(ControlFlow::Continue(()))
        })?;
        let key = layout.key();
        let mut columns = columns.into_columns(&around, &key);
        let mut ttl = column(TTL, ColumnKind::Integer, true);
        ttl.generated = true;
        columns.push(ttl);
        let key: Vec<String> = key.iter().map(ToString::to_string).collect();
        let expiry = (expire > 0).then(|| format!("{expire} of {sampled} keys looked at expire by themselves"));
        let mut own = vec!["key", TTL];
        own.extend((layout == Layout::Stream).then_some("id"));
        // Elements of JSON are columns as well.
        let is_element = key.get(1).is_some_and(|column| column == "value");
        own.extend((is_element && rows > 0 && plain == 0).then_some("value"));
        Ok(Collection {
            name: shape.name.clone(),
            columns,
            unique: if layout == Layout::List { Vec::new() } else { vec![key.clone()] },
            key,
            rows_estimated: (keys * rows).checked_div(sampled).or(Some(0)),
            comment: expiry,
            words: shape.words(Some(layout.word())),
            own: own.into_iter().map(str::to_owned).collect(),
            ..Collection::default()
        })
    }

    /// The databases that hold keys.
    fn databases(&mut self) -> Result<Vec<i64>, Fault> {
        let lines = self.wire.info("keyspace")?;
        let mut databases: Vec<i64> =
            lines.iter().filter_map(|(name, _)| name.strip_prefix("db")?.parse().ok()).collect();
        databases.sort_unstable();
        databases.dedup();
        Ok(databases)
    }

    fn standing_now(&mut self) -> Result<Standing, Fault> {
        let lines = self.wire.info("replication")?;
        let word = |name: &str| lines.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let is_replica =
            lines.iter().any(|(name, role)| name == "role" && matches!(role.as_str(), "slave" | "replica"));
        let behind = word("master_last_io_seconds_ago").and_then(|text| text.parse().ok()).map(Duration::from_secs);
        Ok(Standing { read_only: is_replica, behind: behind.filter(|_| is_replica) })
    }
}

/// A key and the variables of its name.
type NamedKey = (Vec<u8>, Vec<(String, String)>);

/// What is asked of many keys at once.
struct Ask {
    layout: Layout,
    wants_ttl: bool,
}

impl Ask {
    /// Shows the rows under `keys`: what is one row a key is asked for in one go, what is many is read key by key.
    fn rows(
        &self,
        wire: &mut Wire,
        shape: &Shape,
        keys: &[NamedKey],
        each: &mut rows::EachRecord<'_>,
    ) -> Result<ControlFlow<()>, Fault> {
        let kinds: Vec<String> = wire.each("TYPE", keys.iter().map(|(key, _)| key.as_slice()))?;
        let mut there = Vec::new();
        for ((key, variables), kind) in keys.iter().zip(&kinds).filter(|(_, kind)| *kind != "none") {
            if kind != self.layout.word() {
                return Err(other_type(shape, self.layout, kind));
            }
            there.push((key.as_slice(), variables));
        }
        let ttls: Vec<i64> =
            if self.wants_ttl { wire.each("PTTL", there.iter().map(|(key, _)| *key))? } else { Vec::new() };
        let mut each = |n: usize, mut record: Record| {
            if let Some(ttl) = ttls.get(n).filter(|ttl| **ttl >= 0) {
                record.around.push((TTL.to_owned(), ttl.to_string()));
            }
            each(record)
        };
        let loaded = rows::loaded(wire, self.layout, there.iter().map(|(key, _)| *key))?;
        for (n, (key, variables)) in there.iter().enumerate() {
            let flow = match &loaded {
                None => rows::rows(wire, key, self.layout, variables, &mut |record| each(n, record))?,
                Some(bodies) => match bodies.get(n).cloned().flatten() {
                    None => continue,
                    Some(body) => each(n, rows::record(key, variables, Vec::new(), body))?,
                },
            };
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

type EachKey<'a> = dyn FnMut(&mut Wire, &[u8], &[(String, String)]) -> Result<ControlFlow<()>, Fault> + 'a;

impl DataStore for Redis {
    fn abilities(&self) -> Abilities {
        Abilities { transactions: false, versions: false }
    }

    fn standing(&mut self) -> Result<Standing, Fault> {
        self.standing_now()
    }

    fn version(&mut self) -> Result<String, Fault> {
        let lines = self.wire.info("server")?;
        let word = |name: &str| lines.iter().find(|(known, _)| known == name).map(|(_, value)| harmless(value));
        let known = [("dragonfly_version", "Dragonfly"), ("valkey_version", "Valkey"), ("redis_version", "Redis")];
        let found = known.into_iter().find_map(|(field, name)| Some(format!("{name} {}", word(field)?)));
        Ok(found.unwrap_or_else(|| "Redis".to_owned()))
    }

    fn describe(&mut self) -> Result<Catalog, Fault> {
        self.proposed = None;
        let mut catalog = Catalog::default();
        for shape in self.shapes()? {
            catalog.collections.push(self.describe_one(&shape)?);
        }
        catalog.collections.sort_by(|one, other| one.name.cmp(&other.name));
        let others = self.databases()?.into_iter().filter(|db| *db != self.db);
        catalog.gaps = others
            .map(|db| format!("Database {db} of this server has keys too: only the residual scan reads it, unless it is a store of its own"))
            .collect();
        Ok(catalog)
    }

    fn find(&mut self, find: &Find<'_>, each: &mut EachRow<'_>) -> Result<(), Fault> {
        let shape = self.shape(find.collection)?;
        let wanted = Wanted::of(find.any);
        let names = self.named(&shape, &wanted);
        let limit = find.limit.unwrap_or(u64::MAX);
        self.search(&shape, names, &|record, _| wanted.meets(record), find.fields, limit, each)
    }

    fn begin(&mut self) -> Result<Box<dyn Transaction + '_>, Fault> {
        match self.standing_now()?.read_only {
            true => Err(Fault::unavailable("store-read-only", "The server is a replica, and refuses to be written to")
                .advise("Name the server that can be written to, or several in `hosts`.")),
            false => Ok(Box::new(Acts(self))),
        }
    }

    fn scan(
        &mut self,
        needles: &dyn Needles,
        hit: &mut dyn FnMut(Hit) -> Result<(), Fault>,
        progress: &dyn Progress,
    ) -> Result<Scanned, Fault> {
        let shapes = self.shapes()?;
        let mut scan = Scan::of(Sought::of(needles), hit);
        let own = self.db;
        progress.start("scan", 0);
        let databases = self.databases()?;
        let is_alone = databases.iter().all(|db| *db == own);
        for db in databases {
            // A cluster has one database, and some of its makes know no SELECT.
            if !is_alone {
                self.wire.ask::<()>(cmd("SELECT").arg(db))?;
            }
            let known = if db == own { shapes.as_slice() } else { &[] };
            let done = scan.database(&mut self.wire, db, db != own, known, progress);
            if !is_alone {
                self.wire.ask::<()>(cmd("SELECT").arg(own))?;
            }
            done?;
        }
        progress.finish();
        Ok(scan.finish())
    }

    fn compact(&mut self, _collections: &[&str]) -> Result<Vec<String>, Fault> {
        let persistence = self.wire.info("persistence")?;
        let has = |name: &str| persistence.iter().any(|(known, value)| known == name && value != "0");
        let mut told = vec!["Deleted keys are freed in memory, which is not overwritten.".to_owned()];
        if has("aof_enabled") {
            told.push(match self.wire.ask::<redis::Value>(&cmd("BGREWRITEAOF")) {
                Ok(_) => "The append-only file is being rewritten without what was deleted.".to_owned(),
                Err(_) => "The append-only file keeps what was deleted until the server rewrites it.".to_owned(),
            });
        }
        if has("rdb_last_save_time") && has("rdb_saves") || has("rdb_changes_since_last_save") && !has("aof_enabled") {
            told.push("Snapshots (RDB) on the server's disk and copies of them keep what was deleted until they are written anew.".to_owned());
        }
        let replicas = self.wire.info("replication")?;
        if let Some((_, count)) = replicas.iter().find(|(name, count)| name == "connected_slaves" && count != "0") {
            told.push(format!("{count} replicas follow by themselves; their files are theirs."));
        }
        Ok(told)
    }
}

/// Every act is done at once and may be repeated.
struct Acts<'a>(&'a mut Redis);

impl Acts<'_> {
    /// Only keys of the collection are touched, whatever a plan says.
    fn check(shape: &Shape, keys: &[Key]) -> Result<(), Fault> {
        let is_own =
            |key: &Key| key.0.first().and_then(Option::as_deref).is_some_and(|name| shape.matches(name).is_some());
        match keys.iter().all(is_own) {
            true => Ok(()),
            false => Err(unknown(&shape.name)),
        }
    }
}

impl Transaction for Acts<'_> {
    fn reread(
        &mut self,
        collection: &str,
        fields: &[FieldPath],
        keys: &[Key],
        each: &mut EachRow<'_>,
    ) -> Result<(), Fault> {
        let shape = self.0.shape(collection)?;
        let mut names: Vec<String> = keys.iter().filter_map(|key| key.0.first().cloned().flatten()).collect();
        names.sort_unstable();
        names.dedup();
        let wanted = Keys::of(keys);
        self.0.search(&shape, Some(names), &|record, key| wanted.contains(&record.key(key)), fields, u64::MAX, each)
    }

    fn find(&mut self, find: &Find<'_>, each: &mut EachRow<'_>) -> Result<(), Fault> {
        self.0.find(find, each)
    }

    fn delete(&mut self, collection: &str, keys: &[Key]) -> Result<u64, Fault> {
        let shape = self.0.shape(collection)?;
        Acts::check(&shape, keys)?;
        let layout = self.0.layout(&shape)?;
        change::delete(&mut self.0.wire, layout, keys)
    }

    fn set(&mut self, collection: &str, fields: &[FieldPath], rows: &[(Key, Vec<Cell>)]) -> Result<u64, Fault> {
        let shape = self.0.shape(collection)?;
        let layout = self.0.layout(&shape)?;
        let mut found = 0;
        for (key, cells) in rows {
            Acts::check(&shape, std::slice::from_ref(key))?;
            let new: Vec<(FieldPath, Cell)> = fields.iter().cloned().zip(cells.iter().cloned()).collect();
            found += u64::from(change::set(&mut self.0.wire, layout, key, &new)?);
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

fn unknown(name: &str) -> Fault {
    Fault::unavailable("unknown-collection", format!("The store has no collection {name:?}"))
        .advise("Give its keys as `meta.probity.keys` in the data map; `probity map check` shows what else differs.")
}

fn other_type(shape: &Shape, layout: Layout, kind: &str) -> Fault {
    shape
        .wrong("wrong-key-type", format!("A key of {} holds a {kind}, not a {}", shape.name, layout.word()))
        .advise("Give keys of another type a collection of their own, with a template that means no others.")
}
