//! One ingestion: originals one after the other, their records, and one commit at the end.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::PathBuf;

use model::{Digest, Fault, Instant, Place, Progress, Record, RecordKind, Rejection};
use seal::SigningKey;

use crate::layout::{Layout, Workplace};
use crate::manifest::Manifest;
use crate::originals::{Original, OriginalWriter};
use crate::parts::{About, ClosedPart, Part};
use crate::rejects::Rejects;
use crate::rows::{Rows, measure};
use crate::{Limits, OriginalKey, Store};

/// Collects originals and their records; [`Batch::commit`] makes all of them visible at once.
///
/// The order of calls for each original: [`Batch::original`], then [`Batch::push`] and [`Batch::reject`], then
/// [`Batch::finish_original`] or [`Batch::abandon_original`]. A batch that is dropped leaves nothing but the rejected
/// lines of its originals.
pub struct Batch<'s> {
    pub(crate) layout: Layout,
    pub(crate) limits: Limits,
    pub(crate) key: &'s SigningKey,
    pub(crate) progress: &'s dyn Progress,
    pub(crate) now: Instant,
    pub(crate) manifest: Manifest,
    pub(crate) workplace: Workplace,
    pub(crate) closed: Vec<ClosedPart>,
    pub(crate) origins: Vec<Origin>,
    partitions: Vec<Partition>,
    by_key: BTreeMap<(RecordKind, i64), usize>,
    latest: Option<((RecordKind, i64), usize)>,
    waiting: usize,
    clock: u64,
    names: u32,
    brought: BTreeSet<OriginalKey>,
    sizes: HashSet<u64>,
    rejects: Option<Rejects>,
    broken: bool,
}

/// One kind and day.
struct Partition {
    kind: RecordKind,
    date: String,
    rows: Rows,
    part: Option<Part>,
    used: u64,
}

/// One original of the batch; its ordinal number is its index.
pub(crate) struct Origin {
    pub(crate) records: u64,
    pub(crate) state: State,
}

pub(crate) enum State {
    /// Being read.
    Open,
    /// To be committed.
    Kept { key: OriginalKey, size: u64, rejected: u64, path: PathBuf },
    /// Abandoned, or in the store already.
    Dropped,
}

/// What became of an original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The same reading of the same bytes is in the store or in this batch: nothing of it will be added.
    pub known: bool,
    /// The file with its rejected lines, when there are any.
    pub rejected: Option<PathBuf>,
}

const DAY_NANOS: i64 = 86_400_000_000_000;

impl Store<'_> {
    /// Begins an ingestion at `now`. Several batches may run at once, in several processes.
    ///
    /// # Errors
    /// `store-needs-key` without a key; the errors of [`Store::snapshot`]; failures to write.
    pub fn begin<'s>(&'s self, now: Instant, progress: &'s dyn Progress) -> Result<Batch<'s>, Fault> {
        let key = self.key.ok_or_else(|| {
            Fault::refused("store-needs-key", "Adding to the store needs its signing key")
                .advise("Give the key of the project; reading needs none.")
        })?;
        Ok(Batch {
            manifest: Manifest::read(&self.layout, self.limits)?,
            workplace: Workplace::new(&self.layout, now)?,
            layout: self.layout.clone(),
            limits: self.limits,
            key,
            progress,
            now,
            closed: Vec::new(),
            origins: Vec::new(),
            partitions: Vec::new(),
            by_key: BTreeMap::new(),
            latest: None,
            waiting: 0,
            clock: 0,
            names: 0,
            brought: BTreeSet::new(),
            sizes: HashSet::new(),
            rejects: None,
            broken: false,
        })
    }
}

impl Batch<'_> {
    /// This reading of these bytes is in the store, or in this batch.
    pub fn known(&self, key: &OriginalKey) -> bool {
        self.manifest.originals.contains_key(key) || self.brought.contains(key)
    }

    /// Some original has this uncompressed size: hashing the input before parsing it may save the parsing.
    pub fn size_known(&self, size: u64) -> bool {
        self.manifest.knows_size(size) || self.sizes.contains(&size)
    }

    /// The readers that have read these bytes before, in the store or in this batch, ordered.
    pub fn readers(&self, digest: &Digest) -> Vec<&str> {
        let from = OriginalKey { digest: *digest, reader: String::new() };
        let stored = self.manifest.originals.range(&from..).map(|(key, _)| key);
        let stored = stored.take_while(|key| key.digest == *digest);
        let brought = self.brought.range(&from..).take_while(|key| key.digest == *digest);
        let mut readers: Vec<_> = stored.chain(brought).map(|key| key.reader.as_str()).collect();
        readers.sort_unstable();
        readers
    }

    /// Begins the next original: what is pushed from now on belongs to it. Every byte that is parsed is also written
    /// to the writer, which borrows nothing from the batch.
    ///
    /// # Errors
    /// Failures to write.
    pub fn original(&mut self) -> Result<OriginalWriter, Fault> {
        self.expect_no_original()?;
        let path = self.fresh("zst");
        let writer = OriginalWriter::create(path)?;
        self.origins.push(Origin { records: 0, state: State::Open });
        Ok(writer)
    }

    /// Adds a record of the original in progress.
    ///
    /// # Errors
    /// `not-finite`, `number-too-large`, `record-too-large` at the line of the record; failures to write.
    pub fn push(&mut self, record: &Record<'_>) -> Result<(), Fault> {
        let text_bytes = measure(record)?;
        if text_bytes > self.limits.record_bytes_max {
            return Err(too_large(record.line, text_bytes, self.limits.record_bytes_max));
        }
        let origin = self.origin_in_progress()?;
        let index = self.partition(record)?;
        let rows = &mut self.partitions[index].rows;
        self.waiting += rows.push(record, origin, text_bytes);
        if rows.len() >= self.limits.group_rows_max || rows.bytes() >= self.limits.group_bytes_max {
            self.flush(index)?;
        } else if self.waiting >= self.limits.waiting_bytes_max {
            self.flush_largest()?;
        }
        Ok(())
    }

    /// Keeps a line of the original in progress that was not understood.
    ///
    /// # Errors
    /// Failures to write.
    pub fn reject(&mut self, rejection: &Rejection) -> Result<(), Fault> {
        self.origin_in_progress()?;
        if self.rejects.is_none() {
            let path = self.fresh("jsonl");
            self.rejects = Some(Rejects::create(path)?);
        }
        // Created just above.
        self.rejects.as_mut().map_or(Ok(()), |rejects| rejects.push(rejection))
    }

    /// Ends the original in progress: it and its records will be committed, unless they are known.
    ///
    /// # Errors
    /// `bad-original-key` when the key is not that of the original or its reader has no usable name; failures to write.
    pub fn finish_original(&mut self, original: Original, key: &OriginalKey) -> Result<Finished, Fault> {
        self.check_key(&original, key)?;
        let rejected_lines = self.rejects.as_ref().map_or(0, |rejects| rejects.count);
        let rejected = self.keep_rejects(Some(&original))?;
        let known = self.known(key);
        let ordinal = self.origin_in_progress()?;
        if known {
            self.drop_in_progress(Some(original));
        } else {
            self.brought.insert(key.clone());
            let Original { size, path, .. } = original;
            self.sizes.insert(size);
            let state = State::Kept { key: key.clone(), size, rejected: rejected_lines, path };
            self.origins[ordinal as usize].state = state;
        }
        Ok(Finished { known, rejected })
    }

    /// Takes back the original in progress and everything pushed since it began. Its rejected lines are kept under its
    /// digest when it was read to its end, and the path of that file is returned.
    ///
    /// # Errors
    /// Failures to write.
    pub fn abandon_original(&mut self, original: Option<Original>) -> Result<Option<PathBuf>, Fault> {
        self.origin_in_progress()?;
        let rejected = self.keep_rejects(original.as_ref())?;
        self.drop_in_progress(original);
        Ok(rejected)
    }

    fn keep_rejects(&mut self, original: Option<&Original>) -> Result<Option<PathBuf>, Fault> {
        match (self.rejects.take(), original) {
            (Some(rejects), Some(original)) => rejects.keep(&self.layout, &original.digest).map(Some),
            _ => Ok(None),
        }
    }

    fn drop_in_progress(&mut self, original: Option<Original>) {
        if let Some(origin) = self.origins.last_mut() {
            origin.state = State::Dropped;
        }
        if let Some(original) = original {
            // It goes with the workplace at the latest.
            let _ = fs::remove_file(original.path);
        }
    }

    /// The rows and files of the record's kind and day.
    fn partition(&mut self, record: &Record<'_>) -> Result<usize, Fault> {
        let key = (record.body.kind(), record.time.nanos().div_euclid(DAY_NANOS));
        if let Some((latest, index)) = self.latest
            && latest == key
        {
            return Ok(index);
        }
        if !self.by_key.contains_key(&key) && self.partitions.len() >= self.limits.partitions_max {
            self.close_parts()?;
        }
        let index = *self.by_key.entry(key).or_insert_with(|| {
            let (kind, date) = (key.0, record.time.date());
            self.partitions.push(Partition { kind, date, rows: Rows::new(kind), part: None, used: 0 });
            self.partitions.len() - 1
        });
        self.latest = Some((key, index));
        Ok(index)
    }

    fn flush_largest(&mut self) -> Result<(), Fault> {
        let largest = (0..self.partitions.len()).max_by_key(|index| self.partitions[*index].rows.bytes());
        largest.map_or(Ok(()), |index| self.flush(index))
    }

    /// Writes the waiting rows of a partition as a row group. After a failure the batch cannot be committed.
    fn flush(&mut self, index: usize) -> Result<(), Fault> {
        let flushed = self.write_group(index);
        self.broken |= flushed.is_err();
        flushed
    }

    fn write_group(&mut self, index: usize) -> Result<(), Fault> {
        self.open_part(index)?;
        self.clock += 1;
        let partition = &mut self.partitions[index];
        partition.used = self.clock;
        let rows = std::mem::replace(&mut partition.rows, Rows::new(partition.kind));
        self.waiting -= rows.bytes();
        for (origin, count) in rows.origins() {
            self.origins[*origin as usize].records += *count as u64;
        }
        let Some(part) = &mut partition.part else { return Ok(()) };
        part.write(rows)?;
        if part.size() >= self.limits.file_size_max.0 { self.close_part(index) } else { Ok(()) }
    }

    fn open_part(&mut self, index: usize) -> Result<(), Fault> {
        if self.partitions[index].part.is_some() {
            return Ok(());
        }
        let open = self.partitions.iter().enumerate().filter(|(_, partition)| partition.part.is_some());
        let (count, oldest) = (open.clone().count(), open.min_by_key(|(_, partition)| partition.used));
        if let Some((oldest, _)) = oldest.filter(|_| count >= self.limits.files_open_max) {
            self.close_part(oldest)?;
        }
        let path = self.fresh("parquet");
        let partition = &mut self.partitions[index];
        partition.part = Some(Part::create(About::new(path, partition.kind, partition.date.clone()))?);
        Ok(())
    }

    fn close_part(&mut self, index: usize) -> Result<(), Fault> {
        if let Some(part) = self.partitions[index].part.take() {
            self.closed.push(part.close()?);
        }
        Ok(())
    }

    /// Writes everything that waits and closes every file.
    pub(crate) fn close_parts(&mut self) -> Result<(), Fault> {
        for index in 0..self.partitions.len() {
            if self.partitions[index].rows.len() > 0 {
                self.flush(index)?;
            }
            let closed = self.close_part(index);
            self.broken |= closed.is_err();
            closed?;
        }
        self.partitions.clear();
        self.by_key.clear();
        self.latest = None;
        Ok(())
    }

    /// A name in the workplace that no file has.
    pub(crate) fn fresh(&mut self, extension: &str) -> PathBuf {
        self.names += 1;
        self.workplace.path(&format!("{}.{extension}", self.names))
    }

    pub(crate) fn expect_no_original(&self) -> Result<(), Fault> {
        match self.origins.last() {
            Some(Origin { state: State::Open, .. }) => Err(misuse("an original is still in progress")),
            _ if self.broken => Err(misuse("it failed to write before")),
            _ => Ok(()),
        }
    }

    fn origin_in_progress(&self) -> Result<u32, Fault> {
        match self.origins.last() {
            // Four thousand million originals do not fit into one batch: each costs a file.
            Some(Origin { state: State::Open, .. }) => Ok(self.origins.len() as u32 - 1),
            _ => Err(misuse("no original is in progress")),
        }
    }

    fn check_key(&self, original: &Original, key: &OriginalKey) -> Result<(), Fault> {
        let named = (1..=self.limits.reader_bytes_max).contains(&key.reader.len());
        let printable = key.reader.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if key.digest == original.digest && named && printable {
            return Ok(());
        }
        Err(Fault::internal(
            "bad-original-key",
            format!("{:?} does not identify a reading of {}", key.reader, key.digest),
        )
        .advise("Nothing was stored. Please report it."))
    }
}

fn too_large(line: u64, bytes: usize, limit: usize) -> Fault {
    Fault::bad_input("record-too-large", format!("The record has {bytes} bytes of text; the limit is {limit}"))
        .advise("Split the record, or leave its largest member out.")
        .at(Place::line(line, 0))
}

fn misuse(what: &str) -> Fault {
    Fault::internal("batch-misuse", format!("The batch cannot go on: {what}"))
        .advise("Nothing was stored. Please report it.")
}
