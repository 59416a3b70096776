//! The facts `ingested`, what the store's own log says of the records in it, and `exposed`, what the detectors of personal
//! data find in a sample of them.

use std::collections::{BTreeMap, BTreeSet};

use model::{Fault, RecordKind};
use rules::Source;
use serde_json::{Value, json};
use store::{Snapshot, Store};

use super::{Collected, Context, Found};

/// Every fact that is collected here.
pub(super) const FACTS: &[&str] = &["exposed", "ingested"];

/// Seconds of a day in UTC.
const DAY: i64 = 86_400;

/// Reads the log of the store, and rows of it where these are wanted.
pub(super) fn collect(context: &Context, wanted: &BTreeSet<&str>) -> Found {
    let wanted = FACTS.iter().copied().filter(|name| wanted.contains(name));
    let snapshot = Store::open(&context.project.state("store"), None).and_then(|store| store.snapshot());
    let one = |name: &'static str| match &snapshot {
        Err(fault) => Collected::failed("the log of the store", fault),
        Ok(snapshot) if snapshot.originals.is_empty() && snapshot.files.is_empty() => {
            Collected::not_given("nothing was ingested here; `probity ingest` reads metrics, logs and traces")
        }
        Ok(snapshot) if name == "ingested" => {
            Collected::now(context, ingested(context, snapshot), vec![source(context, snapshot)], vec![])
        }
        Ok(snapshot) => exposed(context, snapshot).unwrap_or_else(|fault| Collected::failed("the sample", &fault)),
    };
    wanted.map(|name| (name, one(name))).collect()
}

/// The store as it was read: its newest commit holds the digests of all before it.
pub(super) fn source(context: &Context, snapshot: &Snapshot) -> Source {
    let version = snapshot.version.map_or_else(|| "empty".to_owned(), |version| format!("version {version}"));
    let folder = context.project.state("store");
    Source { name: format!("{}, {version}", folder.display()), digest: Some(snapshot.head) }
}

fn ingested(context: &Context, snapshot: &Snapshot) -> Value {
    let kinds = RecordKind::ALL.into_iter().filter(|kind| snapshot.rows(*kind) > 0);
    json!({
        "kinds": kinds.map(|kind| of_kind(context, snapshot, kind)).collect::<Vec<_>>(),
        "readers": readers(context, snapshot),
    })
}

fn of_kind(context: &Context, snapshot: &Snapshot, kind: RecordKind) -> Value {
    let files = || snapshot.of_kind(kind);
    let first = files().map(|file| file.first).min();
    let last = files().map(|file| file.last).max();
    let days = files().map(|file| file.date.as_str()).collect::<BTreeSet<_>>().len() as i64;
    let between = first.zip(last).map(|(first, last)| last.seconds().div_euclid(DAY) - first.seconds().div_euclid(DAY));
    json!({
        "kind": kind.word(),
        "records": snapshot.rows(kind),
        "files": files().count(),
        "bytes": files().map(|file| file.bytes).sum::<u64>(),
        "first": first.map(|time| time.to_string()),
        "last": last.map(|time| time.to_string()),
        "days": days,
        "days_missing": between.map_or(0, |between| (between + 1 - days).max(0)),
        "place": context.project.state("store").join(format!("data/kind={kind}")).display().to_string(),
    })
}

fn readers(context: &Context, snapshot: &Snapshot) -> Vec<Value> {
    let mut readers: BTreeMap<&str, [u64; 4]> = BTreeMap::new();
    for (key, original) in &snapshot.originals {
        let sums = readers.entry(&key.reader).or_default();
        for (sum, one) in sums.iter_mut().zip([1, original.size, original.records, original.rejected]) {
            *sum += one;
        }
    }
    let place = context.project.state("store").join("raw").display().to_string();
    let one = |(reader, [originals, bytes, records, rejected]): (&str, [u64; 4])| {
        json!({
            "reader": reader, "originals": originals, "bytes": bytes, "records": records, "rejected": rejected,
            "place": place,
        })
    };
    readers.into_iter().map(one).collect()
}

#[cfg(not(all(feature = "privacy", feature = "redact")))]
fn exposed(_: &Context, _: &Snapshot) -> Result<Collected, Fault> {
    let fault = Fault::usage("not-built-in", "This probity was built without detectors of personal data");
    Err(fault.advise("Use the full build."))
}

#[cfg(all(feature = "privacy", feature = "redact"))]
fn exposed(context: &Context, snapshot: &Snapshot) -> Result<Collected, Fault> {
    let classifier = crate::cli::classify::Classifier::new()?;
    let mut columns: BTreeMap<(&str, String), Column> = BTreeMap::new();
    for kind in RecordKind::ALL {
        for text in snapshot.sample(kind, SAMPLED)? {
            let name = match &text.attribute {
                None => text.column.to_owned(),
                // A key can name a person as well as a value can.
                Some(key) if !classifier.guess(&[], std::slice::from_ref(key)).is_empty() => {
                    format!("{}.[…]", text.column)
                }
                Some(key) => format!("{}.{key}", text.column),
            };
            let names = [text.attribute.clone().unwrap_or_else(|| text.column.to_owned())];
            let found = classifier.guess(&names, std::slice::from_ref(&text.text));
            columns.entry((kind.word(), name)).or_default().take(&text, found);
        }
    }
    let columns: Vec<Value> = columns.into_iter().map(|((kind, name), column)| column.value(kind, &name)).collect();
    Ok(Collected::now(context, json!({"columns": columns}), vec![source(context, snapshot)], vec![]))
}

/// Rows of each kind that are looked at.
#[cfg(all(feature = "privacy", feature = "redact"))]
const SAMPLED: usize = 200;

/// Places of one column that are told.
#[cfg(all(feature = "privacy", feature = "redact"))]
const PLACES_MAX: usize = 10;

/// What the texts of one column came to.
#[cfg(all(feature = "privacy", feature = "redact"))]
#[derive(Default)]
struct Column {
    sampled: u64,
    found: u64,
    categories: BTreeSet<String>,
    names: BTreeSet<String>,
    places: Vec<String>,
}

#[cfg(all(feature = "privacy", feature = "redact"))]
impl Column {
    fn take(&mut self, text: &store::SampledText, found: Vec<privacy::map::propose::Guess>) {
        self.sampled += 1;
        if found.is_empty() {
            return;
        }
        self.found += 1;
        if self.places.len() < PLACES_MAX {
            self.places.push(format!("{}:{}", text.original, text.line));
        }
        for guess in found {
            self.categories.insert(guess.category);
            self.names.insert(guess.name);
        }
    }

    fn value(self, kind: &str, name: &str) -> Value {
        let names: Vec<String> = self.names.into_iter().collect();
        let place = self.places.first().cloned().unwrap_or_else(|| format!("{kind}.{name}"));
        json!({
            "kind": kind, "column": name, "sampled": self.sampled, "found": self.found, "categories": self.categories,
            "found_names": names.join(", "), "places": self.places, "place": place,
        })
    }
}
