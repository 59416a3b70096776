//! Rows in named bodies of bytes: the files of a folder, the objects of a bucket.
//!
//! A collection is a pattern of names and a format. Its rows are named by the name of their body and their key, or the
//! digest of their bytes when the map marks no field as primary key. Changing rows writes their body anew.

mod along;
mod array;
mod csv;
pub(crate) mod formats;
mod lines;
#[cfg(feature = "parquet")]
mod parquet;
mod propose;
mod scan;

use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Write};
use std::ops::ControlFlow;

use model::{Fault, Progress};
use privacy::catalog::{Catalog, Collection};
use privacy::map::Dataset;
use privacy::row::{Cell, FieldPath, Key};
use privacy::store::{Abilities, Along, DataStore, EachRow, Find, Hit, Needles, Scanned, Transaction};

use crate::document::columns::{Columns, SAMPLE_ROWS, column};
use crate::document::json::{Node, Value};
use crate::document::record::{ROW_DIGEST, Record, row_digest};
use crate::document::shape::{Shape, settled};
use crate::document::wanted::{Keys, Wanted};
use formats::{Changed, Format, Options, Verdict};

/// How many bodies of a collection are sampled.
const SAMPLE_BODIES: usize = 20;
/// Above so many wanted names, listing is cheaper than asking for each.
const NAMES_ASKED_MAX: usize = 1_000;

/// How the names of files end that a rewrite has begun; they begin with a dot.
pub(crate) const LEFTOVER: &str = ".probity-new";

/// One body, as a listing tells it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// What names it, an old version of an object included: `a/b.csv`, `a/b.csv?versionId=…`.
    pub(crate) id: String,
    /// The name without a version, which templates are about.
    pub(crate) name: String,
    /// In bytes.
    pub(crate) size: u64,
    /// Why it cannot be read, in words.
    pub(crate) unread: Option<String>,
    /// Deleted, with older versions below: it has a name and no content.
    pub(crate) is_marker: bool,
}

/// What parts the name of an object from the version of it in an id.
pub(crate) const VERSION: &str = "?versionId=";

impl Entry {
    /// The id of the newest version of that name. Behind a name in which the mark itself stands comes an empty version, or it
    /// would be read as a version of another object.
    pub(crate) fn current_id(name: &str) -> String {
        if name.contains(VERSION) { format!("{name}{VERSION}") } else { name.to_owned() }
    }

    /// Whether it is no older version.
    pub(crate) fn is_current(&self) -> bool {
        self.id == self.name || self.id == Entry::current_id(&self.name)
    }
}

/// Bodies by name.
pub(crate) trait Bodies: Send {
    /// For certificates.
    fn version(&mut self) -> Result<String, Fault>;
    /// The column in which the name stands: `path`, `key`.
    fn name_column(&self) -> &'static str;
    /// What this kind can do.
    fn abilities(&self) -> Abilities;
    /// The id of the body of that name.
    fn id_of(&self, name: &str) -> String {
        name.to_owned()
    }
    /// Every body whose name begins with `prefix`, old versions too.
    fn list(&self, prefix: &str) -> Box<dyn Iterator<Item = Result<Entry, Fault>>>;
    /// The body of that id, when it is there and is no folder.
    fn entry(&mut self, id: &str) -> Result<Option<Entry>, Fault>;
    /// Refuses what a lock protects, before anything is deleted.
    fn check(&mut self, _id: &str) -> Result<(), Fault> {
        Ok(())
    }
    /// Its bytes.
    fn read(&mut self, id: &str) -> Result<Option<Box<dyn Read>>, Fault>;
    /// Writes it anew, all or nothing, if `change` makes it different; a body that changed meanwhile is drift.
    fn rewrite(&mut self, id: &str, change: &mut Change<'_>) -> Result<Changed, Fault>;
    /// Takes it away with every version of it; false when it was not there.
    fn remove(&mut self, id: &str) -> Result<bool, Fault>;
    /// Names of what is being uploaded and can be neither read nor listed.
    fn unfinished(&mut self) -> Result<Vec<String>, Fault> {
        Ok(Vec::new())
    }
    /// What stays on disks after rows went, a sentence each.
    fn remains(&mut self) -> Result<Vec<String>, Fault>;
}

/// Reads a body and writes its successor.
pub(crate) type Change<'a> = dyn FnMut(Box<dyn Read + '_>, &mut dyn Write) -> Result<Changed, Fault> + 'a;

/// A store of bodies.
pub(crate) struct Rows<B> {
    bodies: B,
    mapped: Vec<Shape>,
    /// Collections that the map does not know, from a listing.
    proposed: Option<Vec<Shape>>,
}

impl<B: Bodies> Rows<B> {
    /// # Errors
    /// `bad-template`, `bad-format`.
    pub(crate) fn of(bodies: B, dataset: &Dataset) -> Result<Self, Fault> {
        let mapped = Shape::of(dataset, '/')?;
        for shape in &mapped {
            if let Some(word) = shape.format.as_deref().filter(|word| Format::of_word(word).is_none()) {
                return Err(shape
                    .wrong("bad-format", format!("The format {word:?} of {} is unknown", shape.name))
                    .advise("Write json, jsonl, csv, parquet or whole."));
            }
        }
        Ok(Rows { bodies, mapped, proposed: None })
    }

    /// Mapped collections and those that a listing shows beside them.
    fn shapes(&mut self) -> Result<Vec<Shape>, Fault> {
        if self.proposed.is_none() {
            self.proposed = Some(propose::propose(&self.bodies, &self.mapped)?);
        }
        Ok(settled(&self.mapped, self.proposed.as_deref().unwrap_or_default()))
    }

    fn shape(&mut self, name: &str) -> Result<Shape, Fault> {
        let mapped = self.mapped.iter().find(|shape| shape.name == name && !shape.templates.is_empty()).cloned();
        let found = match mapped {
            Some(shape) => Some(shape),
            None => self.shapes()?.into_iter().find(|shape| shape.name == name && !shape.templates.is_empty()),
        };
        found.ok_or_else(|| unknown(name))
    }

    /// What names a row of `shape`.
    fn key(&self, shape: &Shape) -> Vec<FieldPath> {
        key(self.bodies.name_column(), shape)
    }

    fn describe_one(&mut self, shape: &Shape) -> Result<Collection, Fault> {
        let key = self.key(shape);
        let format = format(shape);
        let mut around = vec![self.bodies.name_column()];
        around.extend(shape.variables());
        let mut columns = Columns::declared(shape, &around);
        let (mut bytes, mut rows, mut total) = (0, 0, 0);
        for entry in entries(&self.bodies, shape) {
            let entry = entry?;
            total += if format == Format::Whole { u64::from(entry.is_current()) } else { entry.size };
            if entry.unread.is_some()
                || entry.is_marker
                || format == Format::Whole
                || rows >= SAMPLE_ROWS
                || bytes > (64 << 20)
            {
                continue;
            }
            let Some(input) = self.bodies.read(&entry.id)? else { continue };
            let mut seen = 0;
            formats::read(format, &options(shape), &entry.name, input, &mut |node, raw| {
                columns.see(&node);
                seen += 1;
                bytes += raw.len() as u64 + 1;
                Ok(if seen >= SAMPLE_ROWS / SAMPLE_BODIES as u64 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                })
            })?;
            rows += seen;
        }
        let mut columns = columns.into_columns(&around, &key);
        if key.last().is_some_and(|field| field.root() == ROW_DIGEST) {
            columns.push(column(ROW_DIGEST, privacy::catalog::ColumnKind::Text, false));
        }
        let key: Vec<String> = key.iter().map(ToString::to_string).collect();
        let own = [self.bodies.name_column(), ROW_DIGEST].map(str::to_owned);
        let estimate = if format == Format::Whole { Some(total) } else { (total * rows).checked_div(bytes) };
        Ok(Collection {
            name: shape.name.clone(),
            columns,
            unique: vec![key.clone()],
            key,
            rows_estimated: estimate.or(Some(0)),
            words: shape.words(Some(format.word())),
            own: own.to_vec(),
            ..Collection::default()
        })
    }

    /// The bodies in which rows that meet `wanted` can be.
    fn candidates(&mut self, shape: &Shape, wanted: &Wanted) -> Result<Vec<Entry>, Fault> {
        let names = wanted.only(self.bodies.name_column()).or_else(|| match shape.templates.as_slice() {
            [template] => match template.variables().as_slice() {
                [variable] if !template.text().contains("**") && template.text().matches('*').count() == 0 => {
                    let values = wanted.only(variable)?;
                    Some(values.into_iter().map(|value| template.fill(&|_| Some(value.clone()), "")).collect())
                }
                _ => template.literal().map(|name| vec![name.to_owned()]),
            },
            _ => None,
        });
        let has_versions = self.bodies.abilities().versions;
        match names.filter(|names| !has_versions && names.len() <= NAMES_ASKED_MAX) {
            Some(mut names) => {
                names.sort_unstable();
                names.dedup();
                let mut found = Vec::new();
                // A value of another store that leads elsewhere makes no name of this collection.
                let leads_away = |name: &String| name.split('/').any(|part| ["", ".", ".."].contains(&part));
                for name in names.iter().filter(|name| shape.matches(name).is_some() && !leads_away(name)) {
                    found.extend(self.bodies.entry(&self.bodies.id_of(name))?);
                }
                Ok(found)
            }
            None => entries(&self.bodies, shape).collect(),
        }
    }

    fn search(
        &mut self,
        shape: &Shape,
        entries: Vec<Entry>,
        meets: &dyn Fn(&Record) -> bool,
        fields: &[FieldPath],
        limit: u64,
        each: &mut EachRow<'_>,
    ) -> Result<(), Fault> {
        let key = self.key(shape);
        let mut left = limit;
        for entry in entries {
            if left == 0 {
                break;
            }
            if let Some(why) = &entry.unread {
                return Err(not_readable(&entry.id, why));
            }
            let around = around(self.bodies.name_column(), shape, &entry);
            if format(shape) == Format::Whole {
                // Its versions go with it.
                if !entry.is_current() {
                    continue;
                }
                let record = Record { around, body: Node::of(Value::Null) };
                if meets(&record) {
                    left -= 1;
                    each(record.row(&key, fields))?;
                }
                continue;
            }
            if entry.is_marker {
                continue;
            }
            let Some(input) = self.bodies.read(&entry.id)? else { continue };
            formats::read(format(shape), &options(shape), &entry.name, input, &mut |node, raw| {
                let record = record(&around, &key, node, raw);
                if meets(&record) {
                    left -= 1;
                    each(record.row(&key, fields))?;
                }
                Ok(if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
        }
        Ok(())
    }

    /// Changes the rows with these keys, body by body.
    fn change(&mut self, collection: &str, keys: &[Key], verdict: &dyn Fn(&Key) -> Verdict) -> Result<u64, Fault> {
        let shape = self.shape(collection)?;
        let (mut found, mut rows) = (0, BTreeMap::new());
        for (id, keys) in by_body(keys) {
            let Some(entry) = self.bodies.entry(id)? else { continue };
            if shape.matches(&entry.name).is_none() {
                return Err(unknown(id));
            }
            if format(&shape) == Format::Whole {
                match verdict(&keys[0]) {
                    Verdict::Drop => found += u64::from(self.bodies.remove(id)?),
                    _ => return Err(whole_not_set(collection)),
                }
                continue;
            }
            // What was a row under the same key before is an older version of it.
            for older in if shape.key.is_empty() { Vec::new() } else { self.older(&entry)? } {
                let (_, wanted) = rows.entry(older.id.clone()).or_insert_with(|| (older.clone(), Wants::new()));
                for key in &keys {
                    wanted.entry(under(&older.id, key)).or_insert((key.clone(), false));
                }
            }
            let (_, wanted) = rows.entry(id.to_owned()).or_insert_with(|| (entry, Wants::new()));
            wanted.extend(keys.into_iter().map(|key| (key.clone(), (key, true))));
        }
        // Names with a version come behind the one without: a run that is stopped between them still finds the row.
        for (entry, wanted) in rows.values().rev() {
            found += self.rewrite(&shape, entry, wanted, verdict)?;
        }
        Ok(found)
    }

    /// Changes rows of one body; says how many of those that were asked for were there.
    fn rewrite(
        &mut self,
        shape: &Shape,
        entry: &Entry,
        wanted: &Wants,
        verdict: &dyn Fn(&Key) -> Verdict,
    ) -> Result<u64, Fault> {
        let key = self.key(shape);
        let around = around(self.bodies.name_column(), shape, entry);
        let mut found = 0;
        self.bodies.rewrite(&entry.id, &mut |input, output| {
            found = 0;
            formats::rewrite(format(shape), &options(shape), &entry.name, input, output, &mut |node, raw| {
                let own = record(&around, &key, node, raw).key(&key);
                let Some((asked, counts)) = wanted.get(&own) else { return Ok(Verdict::Keep) };
                found += u64::from(*counts);
                Ok(verdict(asked))
            })
        })?;
        Ok(found)
    }

    /// The versions of a body that are older than this one.
    fn older(&mut self, entry: &Entry) -> Result<Vec<Entry>, Fault> {
        if !self.bodies.abilities().versions {
            return Ok(Vec::new());
        }
        let mut versions = Vec::new();
        for version in self.bodies.list(&entry.name) {
            let version = version?;
            if version.name == entry.name && !version.is_marker && version.unread.is_none() {
                versions.push(version);
            }
        }
        // A listing begins with the newest.
        let at = versions.iter().position(|version| version.id == entry.id);
        Ok(at.map_or_else(Vec::new, |at| versions.split_off(at + 1)))
    }
}

impl<B: Bodies> DataStore for Rows<B> {
    fn abilities(&self) -> Abilities {
        self.bodies.abilities()
    }

    fn version(&mut self) -> Result<String, Fault> {
        self.bodies.version()
    }

    fn describe(&mut self) -> Result<Catalog, Fault> {
        self.proposed = None;
        let mut catalog = Catalog::default();
        for shape in self.shapes()? {
            if shape.templates.is_empty() {
                continue;
            }
            match self.describe_one(&shape) {
                Ok(collection) => catalog.collections.push(collection),
                Err(fault) if fault.code() == "bad-row" => catalog.gaps.push(format!("{}: {fault}", shape.name)),
                Err(fault) => return Err(fault),
            }
        }
        catalog.collections.sort_by(|one, other| one.name.cmp(&other.name));
        for entry in self.bodies.list("") {
            let entry = entry?;
            catalog.gaps.extend(entry.unread.map(|why| format!("{} was not read: {why}", entry.id)));
        }
        Ok(catalog)
    }

    fn find(&mut self, find: &Find<'_>, each: &mut EachRow<'_>) -> Result<(), Fault> {
        let shape = self.shape(find.collection)?;
        let wanted = Wanted::of(find.any);
        let entries = self.candidates(&shape, &wanted)?;
        let meets = |record: &Record| wanted.meets(record);
        self.search(&shape, entries, &meets, find.fields, find.limit.unwrap_or(u64::MAX), each)
    }

    fn content(&mut self, collection: &str, key: &Key) -> Result<Option<Box<dyn Read>>, Fault> {
        let shape = self.shape(collection)?;
        let Some(id) = key.0.first().and_then(Option::as_deref).filter(|_| format(&shape) == Format::Whole) else {
            return Ok(None);
        };
        let entry = self.bodies.entry(id)?.filter(|entry| shape.matches(&entry.name).is_some() && !entry.is_marker);
        if let Some(why) = entry.as_ref().and_then(|entry| entry.unread.as_ref()) {
            return Err(not_readable(id, why));
        }
        entry.map_or(Ok(None), |entry| self.bodies.read(&entry.id))
    }

    fn goes_along(&mut self, collection: &str, keys: &[Key]) -> Result<Along, Fault> {
        match self.bodies.abilities().versions {
            true => along::along(self, collection, keys),
            false => Ok(Along::default()),
        }
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
        let shapes = self.shapes()?;
        scan::scan(&mut self.bodies, &shapes, needles, hit, progress)
    }

    fn compact(&mut self, _collections: &[&str]) -> Result<Vec<String>, Fault> {
        self.bodies.remains()
    }
}

/// Keys by the id of the body that they are in.
fn by_body(keys: &[Key]) -> BTreeMap<&str, Vec<Key>> {
    let mut by_body: BTreeMap<&str, Vec<Key>> = BTreeMap::new();
    for key in keys {
        let Some(Some(id)) = key.0.first() else { continue };
        by_body.entry(id).or_default().push(key.clone());
    }
    by_body
}

/// Rows of a body by their key there: as which key each was asked for, and whether it counts or is an older version of one.
type Wants = HashMap<Key, (Key, bool)>;

/// The key of the same row in another body.
fn under(id: &str, key: &Key) -> Key {
    Key([Some(id.to_owned())].into_iter().chain(key.0.iter().skip(1).cloned()).collect())
}

/// Every act is done at once and may be repeated: bodies know no transactions.
struct Acts<'a, B>(&'a mut Rows<B>);

impl<B: Bodies> Transaction for Acts<'_, B> {
    fn reread(
        &mut self,
        collection: &str,
        fields: &[FieldPath],
        keys: &[Key],
        each: &mut EachRow<'_>,
    ) -> Result<(), Fault> {
        let shape = self.0.shape(collection)?;
        let key = self.0.key(&shape);
        let mut names: Vec<&str> = keys.iter().filter_map(|key| key.0.first()?.as_deref()).collect();
        names.sort_unstable();
        names.dedup();
        let mut entries = Vec::new();
        for name in names {
            self.0.bodies.check(name)?;
            entries.extend(self.0.bodies.entry(name)?.filter(|entry| shape.matches(&entry.name).is_some()));
        }
        let wanted = Keys::of(keys);
        self.0.search(&shape, entries, &|record| wanted.contains(&record.key(&key)), fields, u64::MAX, each)
    }

    fn find(&mut self, find: &Find<'_>, each: &mut EachRow<'_>) -> Result<(), Fault> {
        self.0.find(find, each)
    }

    fn delete(&mut self, collection: &str, keys: &[Key]) -> Result<u64, Fault> {
        self.0.change(collection, keys, &|_| Verdict::Drop)
    }

    fn set(&mut self, collection: &str, fields: &[FieldPath], rows: &[(Key, Vec<Cell>)]) -> Result<u64, Fault> {
        let new: std::collections::HashMap<&Key, &Vec<Cell>> = rows.iter().map(|(key, cells)| (key, cells)).collect();
        let keys: Vec<Key> = rows.iter().map(|(key, _)| key.clone()).collect();
        self.0.change(collection, &keys, &|key| {
            let cells = new.get(key).into_iter().flat_map(|cells| cells.iter().cloned());
            Verdict::Set(fields.iter().cloned().zip(cells).collect())
        })
    }

    fn defer_constraints(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    fn commit(self: Box<Self>) -> Result<(), Fault> {
        Ok(())
    }
}

/// The bodies of one collection.
fn entries<B: Bodies>(bodies: &B, shape: &Shape) -> impl Iterator<Item = Result<Entry, Fault>> + use<B> {
    let templates = shape.templates.clone();
    let lists: Vec<_> = templates.iter().map(|template| bodies.list(template.prefix())).collect();
    lists.into_iter().enumerate().flat_map(move |(n, list)| {
        let templates = templates.clone();
        list.filter(move |entry| match entry {
            // A body that two templates mean is listed by the first of them.
            Ok(entry) if entry.name.ends_with('/') => {
                // A folder that cannot be read can hold what is looked for.
                let prefix = templates[n].prefix();
                prefix.starts_with(&entry.name) || entry.name.starts_with(prefix)
            }
            Ok(entry) => templates.iter().position(|template| template.matches(&entry.name).is_some()) == Some(n),
            Err(_) => true,
        })
    })
}

fn key(name_column: &str, shape: &Shape) -> Vec<FieldPath> {
    let mut key = vec![FieldPath::column(name_column)];
    match (format(shape), shape.key.as_slice()) {
        (Format::Whole, _) => {}
        (_, []) => key.push(FieldPath::column(ROW_DIGEST)),
        (_, fields) => key.extend(fields.iter().filter(|field| field.root() != name_column).cloned()),
    }
    key
}

fn around(name_column: &str, shape: &Shape, entry: &Entry) -> Vec<(String, String)> {
    let mut around = vec![(name_column.to_owned(), entry.id.clone())];
    around.extend(shape.matches(&entry.name).unwrap_or_default());
    around
}

fn record(around: &[(String, String)], key: &[FieldPath], body: Node, raw: &[u8]) -> Record {
    let mut around = around.to_vec();
    if key.last().is_some_and(|field| field.root() == ROW_DIGEST) {
        around.push((ROW_DIGEST.to_owned(), row_digest(raw)));
    }
    Record { around, body }
}

fn format(shape: &Shape) -> Format {
    let by_name = || shape.templates.first().map_or(Format::Whole, |template| Format::of_name(template.text()));
    shape.format.as_deref().and_then(Format::of_word).unwrap_or_else(by_name)
}

fn options(shape: &Shape) -> Options {
    let delimiter = shape.settings.word("delimiter").map(|word| if word == "tab" { "\t" } else { word });
    Options {
        rows: shape.settings.word("rows").map(FieldPath::parse),
        delimiter: delimiter.and_then(|word| word.bytes().next()),
    }
}

fn unknown(name: &str) -> Fault {
    Fault::unavailable("unknown-collection", format!("The store has no collection {name:?}"))
        .advise("Give its names as `meta.probity.keys` in the data map; `probity map check` shows what else differs.")
}

fn not_readable(id: &str, why: &str) -> Fault {
    Fault::unavailable("body-not-readable", format!("{id} cannot be read: {why}")).advise(
        "Until it can be read nobody knows whose data is in it. Make it readable, or take it out of the collection.",
    )
}

fn whole_not_set(collection: &str) -> Fault {
    Fault::refused("whole-not-set", format!("The files of {collection} are kept or deleted as a whole"))
        .advise("Let the data map say `delete`, or keep them.")
}
