//! NATS JetStream and KV buckets: `nats://host:port`.
//!
//! A collection is a pattern of subjects, in whatever streams they lie; a KV bucket is the subjects `$KV.BUCKET.KEY`. A row is
//! a message, so that each revision of a key counts. Messages are deleted one by one where the stream lets them be, and their
//! bytes are overwritten; under a bucket the subject is purged, and the name of the key goes with its last revision.

mod fetch;
mod filters;
mod login;
mod messages;
mod publish;
mod settings;
mod wire;

use std::collections::{BTreeMap, BTreeSet};

use model::{Fault, Progress};
use privacy::catalog::{Catalog, Collection};
use privacy::map::{Dataset, Settings};
use privacy::row::{Cell, FieldPath, Key};
use privacy::store::{Abilities, Along, DataStore, EachRow, Find, Hit, Needles, Scanned, Transaction};

use crate::Access;
use crate::document::columns::{Columns, SAMPLE_ROWS};
use crate::document::edit;
use crate::document::json;
use crate::document::needle::Sought;
use crate::document::pattern::Patterns;
use crate::document::record::Record;
use crate::document::shape::{Shape, settled};
use crate::document::template::Template;
use crate::document::wanted::Wanted;
use crate::web_address::Address;

pub use fetch::{EachBody, fetch};
use filters::{filters, is_subject};
use messages::{Message, Stream};
pub use publish::{Acknowledge, Message as Publication, publish};
pub(crate) use settings::settings;
use wire::Wire;

const AROUND: &[&str] = &["stream", "seq", "subject"];

/// Connects.
pub(crate) fn open(url: &str, access: &Access, dataset: &Dataset) -> Result<Box<dyn DataStore>, Fault> {
    let address = Address::parse(url)?;
    let mapped = Shape::of(dataset, '.')?;
    for shape in &mapped {
        if let Some(word) = shape.format.as_deref().filter(|word| !["json", "kv", "stream"].contains(word)) {
            return Err(shape
                .wrong("bad-format", format!("The format {word:?} of {} is unknown", shape.name))
                .advise("Write json, or leave it out."));
        }
    }
    Ok(Box::new(Nats { wire: Wire::open(&address, access)?, mapped, proposed: None }))
}

struct Nats {
    wire: Wire,
    mapped: Vec<Shape>,
    proposed: Option<Vec<Shape>>,
}

impl Nats {
    fn shapes(&mut self) -> Result<Vec<Shape>, Fault> {
        if self.proposed.is_none() {
            self.proposed = Some(self.propose()?);
        }
        let mut shapes = settled(&self.mapped, self.proposed.as_deref().unwrap_or_default());
        shapes.retain(|shape| !shape.templates.is_empty());
        Ok(shapes)
    }

    fn propose(&mut self) -> Result<Vec<Shape>, Fault> {
        let mut patterns = Patterns::default();
        for stream in messages::streams(&mut self.wire)? {
            for (subject, _) in messages::subjects(&mut self.wire, &stream.name, ">")? {
                if self.mapped.iter().all(|shape| shape.matches(&subject).is_none()) {
                    patterns.see(&subject, '.');
                }
            }
        }
        let shapes = patterns.into_found().filter_map(|(name, template, _)| {
            Some(Shape {
                name,
                templates: vec![Template::parse(&template, '.').ok()?],
                format: None,
                key: Vec::new(),
                fields: Vec::new(),
                settings: Settings::default(),
                place: model::Place::default(),
            })
        });
        Ok(shapes.collect())
    }

    fn shape(&mut self, name: &str) -> Result<Shape, Fault> {
        let known = self.mapped.iter().find(|shape| shape.name == name && !shape.templates.is_empty()).cloned();
        let found = match known {
            Some(shape) => Some(shape),
            None => self.shapes()?.into_iter().find(|shape| shape.name == name),
        };
        found.ok_or_else(|| unknown(name))
    }

    /// Shows each message of a collection that can meet `wanted`, until `each` says no.
    fn each_message(&mut self, shape: &Shape, wanted: &Wanted, each: &mut EachMessage<'_>) -> Result<(), Fault> {
        let filters = filters(shape, wanted);
        for stream in messages::streams(&mut self.wire)? {
            let mut told: BTreeSet<u64> = BTreeSet::new();
            for filter in &filters {
                let mut seq = 1;
                while let Some(message) = messages::next(&mut self.wire, &stream.name, filter, seq)? {
                    seq = message.seq + 1;
                    let Some(variables) = shape.matches(&message.subject) else { continue };
                    if filters.len() > 1 && !told.insert(message.seq) {
                        continue;
                    }
                    if !each(&stream, &message, &variables)? {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    fn describe_one(&mut self, shape: &Shape, streams: &[Stream]) -> Result<Collection, Fault> {
        let mut around = AROUND.to_vec();
        around.extend(shape.variables());
        let mut columns = Columns::declared(shape, &around);
        let mut rows = 0;
        self.each_message(shape, &Wanted::of(&[]), &mut |stream, message, variables| {
            columns.see(&message.record(&stream.name, variables).body);
            rows += 1;
            Ok(rows < SAMPLE_ROWS)
        })?;
        let mut count = 0;
        for stream in streams {
            for filter in filters(shape, &Wanted::of(&[])) {
                let found = messages::subjects(&mut self.wire, &stream.name, &filter)?;
                count +=
                    found.iter().filter(|(subject, _)| shape.matches(subject).is_some()).map(|(_, n)| n).sum::<u64>();
            }
        }
        let key = key();
        let names: Vec<String> = key.iter().map(ToString::to_string).collect();
        Ok(Collection {
            name: shape.name.clone(),
            columns: columns.into_columns(&around, &key),
            unique: vec![names.clone()],
            key: names,
            rows_estimated: Some(count),
            words: shape.words(None),
            own: AROUND.iter().map(|name| (*name).to_owned()).collect(),
            ..Collection::default()
        })
    }

    fn stream(&mut self, name: &str) -> Result<Option<Stream>, Fault> {
        Ok(messages::streams(&mut self.wire)?.into_iter().find(|stream| stream.name == name))
    }

    /// The messages with these keys that are there and belong to the collection, by stream.
    fn found(&mut self, shape: &Shape, keys: &[Key]) -> Result<BTreeMap<String, Vec<Message>>, Fault> {
        let mut found: BTreeMap<String, Vec<Message>> = BTreeMap::new();
        for key in keys {
            let [Some(stream), Some(seq)] = key.0.as_slice() else { continue };
            let Ok(seq) = seq.parse() else { continue };
            if !is_name(stream) {
                return Err(unknown(&shape.name));
            }
            let Some(message) = messages::message(&mut self.wire, stream, seq)? else { continue };
            if shape.matches(&message.subject).is_none() {
                return Err(unknown(&shape.name));
            }
            found.entry(stream.clone()).or_default().push(message);
        }
        Ok(found)
    }

    /// Under a bucket: the revisions `gone` of one subject. Older ones are versions of the same row and go with them, unless a
    /// newer one stays: then the key is somebody else's now, and nobody knows whose the older ones were.
    fn purge(&mut self, stream: &Stream, subject: &str, gone: &BTreeSet<u64>) -> Result<u64, Fault> {
        let (mut kept, mut has_older) = (None, false);
        let mut seq = 1;
        let last = gone.last().copied().unwrap_or(0);
        while let Some(revision) = messages::next(&mut self.wire, &stream.name, subject, seq)? {
            seq = revision.seq + 1;
            if gone.contains(&revision.seq) || revision.is_marker() {
                continue;
            }
            if revision.seq < last {
                has_older = true;
            } else {
                kept = Some(kept.unwrap_or(revision.seq));
            }
        }
        if has_older && kept.is_some() {
            return Err(Fault::refused(
                "revision-not-deletable",
                "A revision of a key cannot be deleted while an older and a newer one stay",
            )
            .advise("Both belong to somebody else. Purge the key by hand, or let the plan take the whole key."));
        }
        messages::purge(&mut self.wire, &stream.name, subject, kept)?;
        Ok(gone.len() as u64)
    }
}

type EachMessage<'a> = dyn FnMut(&Stream, &Message, &[(String, String)]) -> Result<bool, Fault> + 'a;

impl DataStore for Nats {
    fn abilities(&self) -> Abilities {
        Abilities { transactions: false, versions: true }
    }

    fn version(&mut self) -> Result<String, Fault> {
        Ok(format!("NATS {}", self.wire.server))
    }

    fn describe(&mut self) -> Result<Catalog, Fault> {
        self.proposed = None;
        let mut catalog = Catalog::default();
        let streams = messages::streams(&mut self.wire)?;
        for shape in self.shapes()? {
            catalog.collections.push(self.describe_one(&shape, &streams)?);
        }
        catalog.collections.sort_by(|one, other| one.name.cmp(&other.name));
        let sealed = streams.iter().filter(|stream| stream.denies_delete && stream.denies_purge);
        catalog.gaps = sealed
            .map(|stream| format!("Nothing can be deleted from the stream {}: it is sealed", stream.name))
            .collect();
        Ok(catalog)
    }

    fn find(&mut self, find: &Find<'_>, each: &mut EachRow<'_>) -> Result<(), Fault> {
        let shape = self.shape(find.collection)?;
        let wanted = Wanted::of(find.any);
        let mut left = find.limit.unwrap_or(u64::MAX);
        self.each_message(&shape, &wanted, &mut |stream, message, variables| {
            if left == 0 {
                return Ok(false);
            }
            let record = message.record(&stream.name, variables);
            if wanted.meets(&record) {
                left -= 1;
                each(record.row(&key(), find.fields))?;
            }
            Ok(left > 0)
        })
    }

    fn goes_along(&mut self, collection: &str, keys: &[Key]) -> Result<Along, Fault> {
        let shape = self.shape(collection)?;
        let mut along = Along::default();
        for (name, found) in self.found(&shape, keys)? {
            if !self.stream(&name)?.is_some_and(|stream| stream.denies_delete) {
                continue;
            }
            for (subject, gone) in by_subject(found) {
                let last = gone.last().copied().unwrap_or(0);
                let mut seq = 1;
                while let Some(revision) = messages::next(&mut self.wire, &name, &subject, seq)? {
                    seq = revision.seq + 1;
                    if revision.seq > last {
                        break;
                    }
                    let is_other = !gone.contains(&revision.seq) && !revision.is_marker();
                    along.versions += u64::from(is_other);
                    along.others += u64::from(is_other);
                }
            }
        }
        Ok(along)
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
        let sought = Sought::of(needles);
        let mut scanned = Scanned::default();
        let mut collections = BTreeSet::new();
        progress.start("scan", 0);
        for stream in messages::streams(&mut self.wire)? {
            let mut names = messages::consumers(&mut self.wire, &stream.name)?;
            names.push(stream.name.clone());
            for name in names {
                for needle in sought.within(name.as_bytes()) {
                    hit(Hit {
                        collection: stream.name.clone(),
                        field: None,
                        key: Key(vec![Some(name.clone())]),
                        needle,
                    })?;
                }
            }
            if stream.name.starts_with("OBJ_") {
                scanned.unread.push(format!("The object store {} was searched piece by piece.", stream.name));
            }
            let mut seq = 1;
            while let Some(message) = messages::next(&mut self.wire, &stream.name, ">", seq)? {
                seq = message.seq + 1;
                let shape = shapes.iter().find(|shape| shape.matches(&message.subject).is_some());
                let collection = shape.map_or(stream.name.as_str(), |shape| shape.name.as_str());
                collections.insert(collection.to_owned());
                scanned.rows += 1;
                scanned.bytes += message.data.len() as u64;
                search(sought, &stream.name, collection, &message, hit)?;
                progress.advance(1);
            }
        }
        progress.finish();
        scanned.collections = collections.len() as u64;
        Ok(scanned)
    }

    fn compact(&mut self, _collections: &[&str]) -> Result<Vec<String>, Fault> {
        let streams = messages::streams(&mut self.wire)?;
        let told = streams.iter().filter(|stream| stream.on_disk).map(|stream| match stream.denies_delete {
            true => format!(
                "{}: what was purged is listed no more; its bytes stay in the block files until the server writes those anew.",
                stream.name
            ),
            false => format!("{}: the bytes of deleted messages were overwritten in their block files.", stream.name),
        });
        Ok(told
            .chain(["Mirrors in other accounts, backups and snapshots are not reached from here.".to_owned()])
            .collect())
    }
}

/// The numbers of messages by their subjects.
fn by_subject(messages: Vec<Message>) -> BTreeMap<String, BTreeSet<u64>> {
    let mut by_subject: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for message in messages {
        by_subject.entry(message.subject).or_default().insert(message.seq);
    }
    by_subject
}

fn search(
    sought: Sought<'_>,
    stream: &str,
    collection: &str,
    message: &Message,
    hit: &mut dyn FnMut(Hit) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let record: Record = message.record(stream, &[]);
    let mut found: Vec<(Option<String>, usize)> = Vec::new();
    found.extend(sought.within(message.subject.as_bytes()).into_iter().map(|needle| (None, needle)));
    sought.document(&record.body, &mut |field, needle| found.push((Some(field.to_owned()), needle)));
    for (field, needle) in found {
        hit(Hit { collection: collection.to_owned(), field, key: record.key(&key()), needle })?;
    }
    Ok(())
}

/// Every act is done at once and may be repeated.
struct Acts<'a>(&'a mut Nats);

impl Transaction for Acts<'_> {
    fn reread(
        &mut self,
        collection: &str,
        fields: &[FieldPath],
        keys: &[Key],
        each: &mut EachRow<'_>,
    ) -> Result<(), Fault> {
        let shape = self.0.shape(collection)?;
        for (stream, found) in self.0.found(&shape, keys)? {
            for message in found {
                let variables = shape.matches(&message.subject).unwrap_or_default();
                each(message.record(&stream, &variables).row(&key(), fields))?;
            }
        }
        Ok(())
    }

    fn find(&mut self, find: &Find<'_>, each: &mut EachRow<'_>) -> Result<(), Fault> {
        self.0.find(find, each)
    }

    fn delete(&mut self, collection: &str, keys: &[Key]) -> Result<u64, Fault> {
        let shape = self.0.shape(collection)?;
        let mut count = 0;
        for (name, found) in self.0.found(&shape, keys)? {
            let Some(stream) = self.0.stream(&name)? else { continue };
            if !stream.denies_delete {
                for message in found {
                    count += u64::from(messages::delete(&mut self.0.wire, &name, message.seq)?);
                }
                continue;
            }
            for (subject, gone) in by_subject(found) {
                count += self.0.purge(&stream, &subject, &gone)?;
            }
        }
        Ok(count)
    }

    fn set(&mut self, collection: &str, fields: &[FieldPath], rows: &[(Key, Vec<Cell>)]) -> Result<u64, Fault> {
        let shape = self.0.shape(collection)?;
        let mut all = Vec::new();
        for (key, cells) in rows {
            let new: Vec<(FieldPath, Cell)> = fields.iter().cloned().zip(cells.iter().cloned()).collect();
            for (name, found) in self.0.found(&shape, std::slice::from_ref(key))? {
                all.extend(found.into_iter().map(|message| (name.clone(), message, new.clone())));
            }
        }
        // The oldest revision first: each takes those before it along.
        all.sort_by_key(|(_, message, _)| message.seq);
        for (name, message, new) in &all {
            self.0.revise(name, message, new)?;
        }
        Ok(all.len() as u64)
    }

    fn defer_constraints(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    fn commit(self: Box<Self>) -> Result<(), Fault> {
        Ok(())
    }
}

impl Nats {
    /// A new revision of a key; the one that it takes the place of goes, with those before it.
    fn revise(&mut self, stream: &str, message: &Message, new: &[(FieldPath, Cell)]) -> Result<(), Fault> {
        if !message.subject.starts_with("$KV.") {
            return Err(not_set("messages of a stream cannot be changed, only deleted"));
        }
        let last = self.last(stream, &message.subject, message.seq)?;
        if last != message.seq {
            // An older revision is taken away with what was in it.
            return messages::purge(&mut self.wire, stream, &message.subject, Some(message.seq + 1)).map(drop);
        }
        let text = std::str::from_utf8(&message.data).map_err(|_| not_set("its value is no text"))?;
        let value = match json::parse_answer(text) {
            Ok(node) if !node.members().is_empty() => edit::set(text, &node, new).unwrap_or_else(|| text.to_owned()),
            _ => match new.iter().find(|(field, _)| field.root() == "value") {
                Some((_, Some(value))) => value.clone(),
                Some((_, None)) => return Err(not_set("a value cannot be taken out of its key: delete the row")),
                None => text.to_owned(),
            },
        };
        if value == text {
            return Ok(());
        }
        let seq = messages::put(&mut self.wire, &message.subject, message.seq, value.as_bytes())?.ok_or_else(|| {
            Fault::refused("body-changed", "A key was written by somebody else at the same time")
                .advise("Nothing was changed in it. Run the command again.")
        })?;
        messages::purge(&mut self.wire, stream, &message.subject, Some(seq)).map(drop)
    }

    fn last(&mut self, stream: &str, subject: &str, from: u64) -> Result<u64, Fault> {
        let mut last = from;
        while let Some(message) = messages::next(&mut self.wire, stream, subject, last + 1)? {
            last = message.seq;
        }
        Ok(last)
    }
}

fn key() -> Vec<FieldPath> {
    vec![FieldPath::column("stream"), FieldPath::column("seq")]
}

/// Names of streams stand in subjects of the API.
fn is_name(text: &str) -> bool {
    is_subject(text) && !text.contains('.')
}

fn unknown(name: &str) -> Fault {
    Fault::unavailable("unknown-collection", format!("The store has no collection {name:?}")).advise(
        "Give its subjects as `meta.probity.keys` in the data map; `probity map check` shows what else differs.",
    )
}

fn not_set(why: &str) -> Fault {
    Fault::refused("field-not-set", format!("A field of a message cannot be set: {why}"))
        .advise("Let the data map say that such rows are deleted.")
}
