//! Which original has rows in which data file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use model::{Digest, Fault, Instant};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::manifest::Manifest;
use crate::parts::parquet_fault;
use crate::{DataFile, OriginalFile, OriginalKey, Store};

/// An original that is there, and what was read from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Which.
    pub key: OriginalKey,
    /// As the log knows it.
    pub file: OriginalFile,
    /// The latest time of its records: exact while they are there, no earlier than that where they are gone already, and when it
    /// was brought in where it never had any.
    pub last: Instant,
    /// The data files that have rows of these bytes, by their digests.
    pub files: BTreeSet<Digest>,
}

impl Store<'_> {
    /// Every original that is there. Reads a column of the data files of commits that brought in several.
    ///
    /// # Errors
    /// The errors of [`Store::snapshot`]; `changed-data` for a data file that cannot be read.
    pub fn sources(&self) -> Result<Vec<Source>, Fault> {
        let manifest = Manifest::read(&self.layout, self.limits)?;
        let mut by_version: BTreeMap<u64, BTreeSet<Digest>> = BTreeMap::new();
        for (key, file) in &manifest.originals {
            by_version.entry(file.version).or_default().insert(key.digest);
        }
        let mut rows: BTreeMap<Digest, Vec<&DataFile>> = BTreeMap::new();
        for file in manifest.files.values() {
            let brought = by_version.get(&file.version);
            let digests = match brought.filter(|brought| brought.len() == 1) {
                Some(only) => only.clone(),
                None => raw(&file.path)?,
            };
            digests.into_iter().for_each(|digest| rows.entry(digest).or_default().push(file));
        }
        let source = |(key, original): (&OriginalKey, &OriginalFile)| {
            let files = rows.get(&key.digest).map_or(&[][..], Vec::as_slice);
            let newest = files.iter().map(|file| file.last).max();
            Source {
                key: key.clone(),
                file: original.clone(),
                last: newest.max(original.gone).unwrap_or(original.brought),
                files: files.iter().map(|file| file.sha256).collect(),
            }
        };
        Ok(manifest.present().map(source).collect())
    }
}

/// The originals that rows of a data file name.
fn raw(path: &Path) -> Result<BTreeSet<Digest>, Fault> {
    let fail = |error| parquet_fault(path, error);
    let file = File::open(path).map_err(|error| Fault::io("read", path, error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(fail)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), ["raw"]);
    let reader = builder.with_projection(mask).build().map_err(fail)?;
    let mut found = BTreeSet::new();
    for batch in reader {
        let batch = batch.map_err(|error| fail(error.into()))?;
        let names = batch["raw"].as_string::<i32>();
        let mut last = "";
        for name in (0..names.len()).filter(|row| names.is_valid(*row)).map(|row| names.value(row)) {
            if name != last {
                found.extend(Digest::parse(name).ok());
                last = name;
            }
        }
    }
    Ok(found)
}
