//! probity's own store, as one that retention ends rows of: a row is a day's data file, an original, or a paper.
//!
//! It is the dataset `probity` for rules in `retention.yaml`: the collections `logs`, `metrics` and `traces`, `originals` with
//! the lines that were not understood, and those of [`papers`]. The field `day` is the last day of a row's records. It is looked at
//! where a rule names it. Removing records is one commit; the bytes go with it.

mod papers;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use evidence::Case;
use model::{Digest, Fault, Instant, Progress, RecordKind};
use privacy::catalog::{Catalog, Collection, Column, ColumnKind};
use privacy::discover::Member;
use privacy::map::{Dataset, MappedCollection, MappedField};
use privacy::row::{Cell, FieldPath, Key, Row};
use privacy::store::{Abilities, DataStore, EachRow, Find, Hit, Needles, Scanned, Transaction};
use seal::SigningKey;
use store::{CommitNotes, OriginalKey, Removal, Store};

use super::context::Context;
use super::journal;
use super::keys::{Keyring, Role};
use super::passphrase::PassphraseArgs;

/// The dataset of the rules, and the member of the plan.
pub(crate) const NAME: &str = "probity";
const ORIGINALS: &str = "originals";
const OF_RECORDS: &[(&str, ColumnKind)] = &[
    ("sha256", ColumnKind::Text),
    ("reader", ColumnKind::Text),
    ("day", ColumnKind::Time),
    ("records", ColumnKind::Integer),
    ("bytes", ColumnKind::Integer),
];
const OF_PAPERS: &[(&str, ColumnKind)] =
    &[("name", ColumnKind::Text), ("sha256", ColumnKind::Text), ("day", ColumnKind::Time)];

/// The project's own store as a member, and what the map would say of it.
///
/// # Errors
/// What key and store say.
pub(crate) fn member(context: &Context) -> Result<(Member, Dataset), Fault> {
    let key = Keyring::of(context).open(context, Role::Store, &PassphraseArgs::default())?;
    let (state, folder) = (context.project.state(""), context.project.state("store"));
    let mut store = Own { state, folder, key: key.secret, now: context.now() };
    let catalog = store.describe()?;
    let mapped = |collection: &Collection| MappedCollection {
        name: collection.name.clone(),
        fields: collection.columns.iter().map(mapped_field).collect(),
        ..MappedCollection::default()
    };
    let collections = catalog.collections.iter().map(mapped).collect();
    let dataset = Dataset { key: NAME.to_owned(), store: NAME.to_owned(), collections, ..Dataset::default() };
    Ok((Member { name: NAME.to_owned(), dataset: NAME.to_owned(), store: Box::new(store), catalog }, dataset))
}

fn mapped_field(column: &Column) -> MappedField {
    let categories = vec!["system.operations".to_owned()];
    MappedField { path: FieldPath::column(&column.name), categories, ..MappedField::default() }
}

/// Enters the newest commit in the ledger, where it is not there yet.
///
/// # Errors
/// What the store and the ledger say.
pub(crate) fn enter(context: &Context) -> Result<(), Fault> {
    let folder = context.project.state("store");
    match folder.is_dir() {
        true => journal::reconcile(context, &Store::open(&folder, None)?, "retain", "retain.removed"),
        false => Ok(()),
    }
}

/// For each row of these keys, the exhibit of a case that is the same original or was read into it.
///
/// # Errors
/// What a case or the store says: what cannot be looked at may be what counts.
pub(crate) fn exhibits(
    context_cases: &Path,
    folder: &Path,
    collection: &str,
    keys: &[Key],
) -> Result<Vec<Option<(String, String)>>, Fault> {
    let mut of: BTreeMap<Digest, (String, String)> = BTreeMap::new();
    for id in Case::list(context_cases)? {
        let case = Case::open(context_cases, &id)?;
        let gone = case.custody().destroyed();
        for exhibit in case.exhibits().into_iter().filter(|exhibit| !gone.contains_key(exhibit.id.as_str())) {
            of.entry(exhibit.sha256).or_insert((id.clone(), exhibit.id));
        }
    }
    if of.is_empty() {
        return Ok(vec![None; keys.len()]);
    }
    let mut by_file: BTreeMap<Digest, &(String, String)> = BTreeMap::new();
    let sources = if collection == ORIGINALS { Vec::new() } else { Store::open(folder, None)?.sources()? };
    for source in &sources {
        if let Some(exhibit) = of.get(&source.key.digest) {
            by_file.extend(source.files.iter().map(|file| (*file, exhibit)));
        }
    }
    let one = |key: &Key| {
        let digest = digest_of(key)?;
        if collection == ORIGINALS { of.get(&digest) } else { by_file.get(&digest).copied() }.cloned()
    };
    Ok(keys.iter().map(one).collect())
}

fn name_of(key: &Key) -> String {
    key.0.first().cloned().flatten().unwrap_or_default()
}

fn digest_of(key: &Key) -> Option<Digest> {
    Digest::parse(key.0.first()?.as_deref()?).ok()
}

/// The store in its folder, and the papers beside it.
struct Own {
    state: PathBuf,
    folder: PathBuf,
    key: SigningKey,
    now: Instant,
}

/// A row: its cells in the order of [`columns`].
type Cells = Vec<Cell>;

impl Own {
    fn open(&self) -> Result<Store<'_>, Fault> {
        Store::open(&self.folder, Some(&self.key))
    }

    fn rows(&self, collection: &str) -> Result<Vec<Cells>, Fault> {
        if is_paper(collection) {
            return papers::rows(&self.state, collection);
        }
        let cells = |digest: &Digest, reader: Option<&str>, last: Instant, records: u64, bytes: u64| {
            vec![
                Some(digest.hex()),
                reader.map(str::to_owned),
                Some(last.date()),
                Some(records.to_string()),
                Some(bytes.to_string()),
            ]
        };
        if collection == ORIGINALS {
            let sources = self.open()?.sources()?;
            let row = |source: store::Source| {
                let file = &source.file;
                cells(&source.key.digest, Some(&source.key.reader), source.last, file.records, file.size)
            };
            return Ok(sources.into_iter().map(row).collect());
        }
        let kind = RecordKind::parse(collection)?;
        let snapshot = self.open()?.snapshot()?;
        Ok(snapshot.of_kind(kind).map(|file| cells(&file.sha256, None, file.last, file.rows, file.bytes)).collect())
    }

    fn find_in(&self, find: &Find<'_>, without: &Removing<'_>, each: &mut EachRow<'_>) -> Result<(), Fault> {
        let value = |row: &Cells, field: &FieldPath| {
            let columns = columns(find.collection);
            columns.iter().position(|(name, _)| *name == field.root()).and_then(|at| row[at].clone())
        };
        let meets = |row: &Cells| {
            let mut any = find.any.iter();
            find.any.is_empty()
                || any.any(|condition| {
                    let tuple: Option<Vec<String>> = condition.fields.iter().map(|field| value(row, field)).collect();
                    let when = condition.when.as_ref();
                    let holds = when.is_none_or(|(field, wanted)| value(row, field).as_ref() == Some(wanted));
                    holds && tuple.is_some_and(|tuple| condition.values.contains(&tuple))
                })
        };
        let rows = self.rows(find.collection)?;
        let there = rows.iter().filter(|row| !without.has(find.collection, &key(find.collection, row)));
        let most = usize::try_from(find.limit.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        for row in there.filter(|row| meets(row)).take(most) {
            let cells = find.fields.iter().map(|field| value(row, field)).collect();
            each(Row { key: key(find.collection, row), cells })?;
        }
        Ok(())
    }
}

fn is_paper(collection: &str) -> bool {
    papers::collections().any(|known| known == collection)
}

fn columns(collection: &str) -> &'static [(&'static str, ColumnKind)] {
    if is_paper(collection) { OF_PAPERS } else { OF_RECORDS }
}

/// The columns that name a row: the first ones.
fn naming(collection: &str) -> &'static [&'static str] {
    match collection {
        ORIGINALS => &["sha256", "reader"],
        paper if is_paper(paper) => &["name"],
        _ => &["sha256"],
    }
}

fn key(collection: &str, row: &Cells) -> Key {
    Key(row[..naming(collection).len()].to_vec())
}

fn original(digest: Digest, key: &Key) -> OriginalKey {
    OriginalKey { digest, reader: key.0.get(1).cloned().flatten().unwrap_or_default() }
}

impl DataStore for Own {
    fn abilities(&self) -> Abilities {
        Abilities { transactions: true, versions: false }
    }

    fn version(&mut self) -> Result<String, Fault> {
        Ok(concat!("probity store ", env!("CARGO_PKG_VERSION")).to_owned())
    }

    fn describe(&mut self) -> Result<Catalog, Fault> {
        let column = |(name, kind): &(&str, ColumnKind)| Column {
            name: (*name).to_owned(),
            kind: *kind,
            type_name: String::new(),
            nullable: false,
            has_default: false,
            generated: false,
            max_chars: None,
            words: Vec::new(),
            comment: None,
            label: None,
            checks: Vec::new(),
        };
        let collection = |name: &str| {
            let key: Vec<String> = naming(name).iter().map(|name| (*name).to_owned()).collect();
            let has_reader = |(column, _): &&(&str, ColumnKind)| name == ORIGINALS || *column != "reader";
            Collection {
                name: name.to_owned(),
                columns: columns(name).iter().filter(has_reader).map(column).collect(),
                unique: vec![key.clone()],
                key,
                transactional: true,
                ..Collection::default()
            }
        };
        let mut collections: Vec<Collection> = RecordKind::ALL.map(|kind| collection(kind.word())).into();
        collections.extend([ORIGINALS].into_iter().chain(papers::collections()).map(collection));
        collections.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Catalog { collections, ..Catalog::default() })
    }

    fn find(&mut self, find: &Find<'_>, each: &mut EachRow<'_>) -> Result<(), Fault> {
        self.find_in(find, &Removing::of(self), each)
    }

    fn begin(&mut self) -> Result<Box<dyn Transaction + '_>, Fault> {
        Ok(Box::new(Removing::of(self)))
    }

    fn scan(
        &mut self,
        _needles: &dyn Needles,
        _hit: &mut dyn FnMut(Hit) -> Result<(), Fault>,
        _progress: &dyn Progress,
    ) -> Result<Scanned, Fault> {
        let unread = vec!["Records, originals and papers were not read: they end by their age.".to_owned()];
        Ok(Scanned { unread, ..Scanned::default() })
    }

    fn compact(&mut self, collections: &[&str]) -> Result<Vec<String>, Fault> {
        self.open()?.let_go()?;
        papers::sweep(&self.state)?;
        let (papers, records): (Vec<&str>, Vec<&str>) = collections.iter().partition(|name| is_paper(name));
        let mut remains = Vec::new();
        if !records.is_empty() {
            remains.push(
                "The signed log of the store and the ledger keep what was removed as digests, sizes, days and numbers of records; \
                 the same originals are not read in again.",
            );
        }
        if !papers.is_empty() {
            remains.push(
                "The ledger keeps of requests, runs and evaluations their ids, times and digests; tombstones, holds, restrictions \
                 and consents stay in files of their own. No later request gets the id of one that was ended.",
            );
        }
        remains.push("The bytes were deleted as files; disks, snapshots and backups of them may keep them.");
        Ok(remains.into_iter().map(str::to_owned).collect())
    }
}

/// One commit that removes records, and papers beside it.
struct Removing<'o> {
    own: &'o Own,
    removal: Removal,
    /// Collection and name.
    papers: BTreeSet<(String, String)>,
}

impl<'o> Removing<'o> {
    fn of(own: &'o Own) -> Self {
        Removing { own, removal: Removal::default(), papers: BTreeSet::new() }
    }

    fn has(&self, collection: &str, key: &Key) -> bool {
        if is_paper(collection) {
            return self.papers.contains(&(collection.to_owned(), name_of(key)));
        }
        match (digest_of(key), collection == ORIGINALS) {
            (Some(digest), true) => self.removal.originals.contains(&original(digest, key)),
            (Some(digest), false) => self.removal.files.contains(&digest),
            (None, _) => false,
        }
    }

    fn add(&mut self, collection: &str, key: &Key) {
        if is_paper(collection) {
            self.papers.insert((collection.to_owned(), name_of(key)));
            return;
        }
        match (digest_of(key), collection == ORIGINALS) {
            (Some(digest), true) => _ = self.removal.originals.insert(original(digest, key)),
            (Some(digest), false) => _ = self.removal.files.insert(digest),
            (None, _) => {}
        }
    }

    /// One commit, and then the bytes.
    fn remove_records(&self) -> Result<(), Fault> {
        if self.removal.files.is_empty() && self.removal.originals.is_empty() {
            return Ok(());
        }
        let store = self.own.open()?;
        let notes = CommitNotes { tool: concat!("probity ", env!("CARGO_PKG_VERSION")).to_owned() };
        store.remove(&self.removal, &notes, self.own.now)?;
        store.let_go().map(drop).map_err(|fault| unfinished("Removed files", &fault))
    }

    fn remove_papers(&self) -> Result<(), Fault> {
        let remove = |(collection, name): &(String, String)| papers::remove(&self.own.state, collection, name);
        self.papers.iter().try_for_each(remove).map_err(|fault| unfinished("Requests, runs and evaluations", &fault))
    }
}

fn unfinished(what: &str, fault: &Fault) -> Fault {
    Fault::unavailable("commit-unknown", format!("{what} could not be deleted: {}", fault.message()))
        .advise("Mend that, and run the same again with --resume.")
}

impl Transaction for Removing<'_> {
    fn reread(
        &mut self,
        collection: &str,
        fields: &[FieldPath],
        keys: &[Key],
        each: &mut EachRow<'_>,
    ) -> Result<(), Fault> {
        let wanted: BTreeSet<&Key> = keys.iter().collect();
        let find = Find { collection, fields, any: &[], limit: None };
        self.own.find_in(&find, self, &mut |row| if wanted.contains(&row.key) { each(row) } else { Ok(()) })
    }

    fn find(&mut self, find: &Find<'_>, each: &mut EachRow<'_>) -> Result<(), Fault> {
        self.own.find_in(find, self, each)
    }

    fn delete(&mut self, collection: &str, keys: &[Key]) -> Result<u64, Fault> {
        let mut there = Vec::new();
        self.reread(collection, &[], keys, &mut |row| {
            there.push(row.key);
            Ok(())
        })?;
        there.iter().for_each(|key| self.add(collection, key));
        Ok(there.len() as u64)
    }

    fn set(&mut self, _collection: &str, _fields: &[FieldPath], _rows: &[(Key, Vec<Cell>)]) -> Result<u64, Fault> {
        Err(Fault::refused("rows-not-changed", "Records in probity's own store are removed and never changed")
            .advise("Let the rule say `action: delete`."))
    }

    fn defer_constraints(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    /// Once the commit is there, whatever fails is met by another attempt, which finds what is gone gone, and deletes what is left.
    fn commit(self: Box<Self>) -> Result<(), Fault> {
        self.remove_records()?;
        self.remove_papers()
    }
}
