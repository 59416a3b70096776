//! Statements held against the data map.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use facts::queries::{Dialect, Reach, Touch, touches};
use privacy::map::{Dataset, MappedCollection, MappedField, taxonomy};
use rules::Gap;
use serde_json::{Value, json};

/// Statements that differ in their constants only are read once; so many are remembered.
const REMEMBERED: usize = 20_000;
/// Gaps of one log that are told one by one.
const GAPS_TOLD: usize = 20;
/// Schemas of servers about themselves.
const OF_SERVERS: [&str; 5] = ["information_schema", "mysql", "performance_schema", "pg_catalog", "sys"];

/// A statement, and how it was asked.
pub(super) struct Asked<'a> {
    pub(super) account: &'a str,
    pub(super) text: &'a str,
    pub(super) times: u64,
    /// Whether who asks reads everything by profession, so that it is no sign of need.
    pub(super) is_tool: bool,
    pub(super) place: &'a str,
}

/// What was found of one store.
pub(super) struct Tally<'m> {
    dataset: &'m Dataset,
    dialect: Dialect,
    database: String,
    known: HashMap<String, Arc<Reach>>,
    /// By account, collection and category: how many statements, and the place of the first.
    accesses: BTreeMap<(String, &'m str, &'m str), (u64, String)>,
    read: BTreeMap<String, u64>,
    /// By account and reason: how many, and the place of the first.
    unread: BTreeMap<(String, String), (u64, String)>,
}

impl<'m> Tally<'m> {
    pub(super) fn new(dataset: &'m Dataset, dialect: Dialect, database: String) -> Self {
        Tally {
            dataset,
            dialect,
            database,
            known: HashMap::new(),
            accesses: BTreeMap::new(),
            read: BTreeMap::new(),
            unread: BTreeMap::new(),
        }
    }

    pub(super) fn dataset(&self) -> &'m str {
        &self.dataset.key
    }

    /// Whether the statements of this database are those of the store.
    pub(super) fn is_ours(&self, database: &str) -> bool {
        self.database.is_empty() || self.database == database
    }

    pub(super) fn take(&mut self, asked: &Asked<'_>) {
        let reach = self.reach(asked.text);
        let touches = match reach.as_ref() {
            Reach::Tables(touches) => touches,
            Reach::Unread(why) => return self.miss(asked, format!("a statement was not read: {why}")),
        };
        for touch in touches.iter().filter(|touch| !is_of_server(&touch.table)) {
            match collection(self.dataset, &self.database, &touch.table) {
                Some(collection) => self.use_of(asked, collection, touch),
                None => self.miss(asked, format!("{} is not in the data map", touch.table.join("."))),
            }
        }
    }

    fn use_of(&mut self, asked: &Asked<'_>, collection: &'m MappedCollection, touch: &Touch) {
        let dataset = self.dataset;
        for field in collection.fields.iter().filter(|field| dataset.is_personal(collection, field)) {
            let column = column(field);
            let is_read = touch.every || touch.read.contains(&column);
            if is_read && !asked.is_tool {
                let name = format!("{}.{}.{}", dataset.key, collection.name, field.path);
                *self.read.entry(name).or_default() += asked.times;
            }
        }
        let used = |field: &&'m MappedField| {
            let column = column(field);
            touch.every || touch.whole || touch.read.contains(&column) || touch.written.contains(&column)
        };
        let categories: BTreeSet<&'m str> = collection
            .fields
            .iter()
            .filter(used)
            .filter(|field| !is_key(field))
            .flat_map(|field| dataset.categories(collection, field))
            .filter(|category| taxonomy::is_personal(category))
            .collect();
        for category in categories {
            let key = (asked.account.to_owned(), collection.name.as_str(), category);
            let (times, _) = self.accesses.entry(key).or_insert_with(|| (0, asked.place.to_owned()));
            *times += asked.times;
        }
    }

    fn miss(&mut self, asked: &Asked<'_>, why: String) {
        let (times, _) =
            self.unread.entry((asked.account.to_owned(), why)).or_insert_with(|| (0, asked.place.to_owned()));
        *times += asked.times;
    }

    fn reach(&mut self, text: &str) -> Arc<Reach> {
        let shape = shape(text);
        if let Some(known) = self.known.get(&shape) {
            return Arc::clone(known);
        }
        let (dataset, database) = (self.dataset, self.database.as_str());
        let knows = |table: &[String], name: &str| {
            let found = collection(dataset, database, table);
            found.is_some_and(|found| found.fields.iter().any(|field| column(field) == name))
        };
        let reach = Arc::new(touches(self.dialect, text, &knows));
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert(shape, Arc::clone(&reach));
        reach
    }

    /// What was not read since the last time this was asked.
    pub(super) fn gaps(&mut self, log: &str) -> Vec<Gap> {
        let unread = std::mem::take(&mut self.unread);
        let more = unread.len().saturating_sub(GAPS_TOLD);
        let gap = |((account, why), (times, place)): ((String, String), (u64, String))| {
            let is_map = why.ends_with("data map");
            let remedy = is_map.then(|| "Run `probity map scan`, or name it in the map by hand.".to_owned());
            Gap { what: place, why: format!("{why} (statements of {account}: {times}, this the first)"), remedy }
        };
        let mut gaps: Vec<Gap> = unread.into_iter().take(GAPS_TOLD).map(gap).collect();
        gaps.extend((more > 0).then(|| Gap {
            what: log.to_owned(),
            why: format!("{more} more kinds of statements were not read"),
            remedy: None,
        }));
        gaps
    }

    /// The lists `accesses` and `read` of the fact.
    pub(super) fn finish(self, store: &str) -> (Vec<Value>, Vec<Value>) {
        let dataset = &self.dataset.key;
        let access = |((account, collection, category), (statements, place)): ((String, &str, &str), (u64, String))| {
            json!({
                "store": store, "account": account, "dataset": dataset, "collection": format!("{dataset}.{collection}"),
                "category": category, "statements": statements, "place": place,
            })
        };
        let read = |(field, statements): (String, u64)| json!({"field": field, "statements": statements});
        (self.accesses.into_iter().map(access).collect(), self.read.into_iter().map(read).collect())
    }
}

/// The collection of the map that a statement calls so. The schema `public` and the database of the store go without saying.
fn collection<'m>(dataset: &'m Dataset, database: &str, table: &[String]) -> Option<&'m MappedCollection> {
    let mut table = table;
    if table.len() > 2 || (table.len() == 2 && (table[0] == database.to_lowercase() || table[0] == "public")) {
        table = &table[1..];
    }
    if table.len() == 2 && table[0] == "public" {
        table = &table[1..];
    }
    let name = table.join(".");
    dataset.collections.iter().find(|one| one.name.to_lowercase() == name)
}

/// What rows are found by goes with whatever is asked of them, and is nothing that an activity would declare.
fn is_key(field: &MappedField) -> bool {
    field.primary_key || !field.references.is_empty()
}

fn column(field: &MappedField) -> String {
    field.path.0.first().map(|column| column.to_lowercase()).unwrap_or_default()
}

fn is_of_server(table: &[String]) -> bool {
    let (schemas, name) = table.split_at(table.len().saturating_sub(1));
    schemas.last().is_some_and(|schema| OF_SERVERS.contains(&schema.as_str()))
        || name.iter().any(|name| name.starts_with("pg_"))
}

/// A statement without its constants: quoted texts and digits.
fn shape(text: &str) -> String {
    let mut shape = String::with_capacity(text.len());
    let mut all = text.chars().peekable();
    while let Some(one) = all.next() {
        match one {
            '\'' => {
                while let Some(inner) = all.next() {
                    match inner {
                        '\\' => drop(all.next()),
                        '\'' if all.peek() != Some(&'\'') => break,
                        '\'' => drop(all.next()),
                        _ => {}
                    }
                }
                shape.push('\'');
            }
            digit if digit.is_ascii_digit() => {
                while all.peek().is_some_and(char::is_ascii_digit) {
                    all.next();
                }
                shape.push('0');
            }
            other => shape.push(other),
        }
    }
    shape
}
