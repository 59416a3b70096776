//! Some rows of what is stored, for whoever wants to see what kind of text lies in it.
//!
//! Rows are taken in stripes from files that are spread over all files of a kind, the oldest and the newest among them: the
//! same store gives the same sample.

use std::fs::File;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use model::{Fault, Place, RecordKind};
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector};

use crate::schema::columns;
use crate::{DataFile, Snapshot};

/// Files of one kind that are looked into.
const FILES_MAX: usize = 8;

/// Places in one file from which neighbouring rows are taken.
const STRIPES: usize = 5;

/// Columns in which people write; the others are digests, words of a format, and numbers.
const TEXTS: [&str; 5] = ["service", "host", "message", "path", "name"];

/// One text of a sampled row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampledText {
    /// Digest of the original, in hexadecimal digits.
    pub original: String,
    /// Its line, from 1.
    pub line: u64,
    /// The column; the key of an attribute stands in `attribute`.
    pub column: &'static str,
    /// The key, where the text is the value of an attribute.
    pub attribute: Option<String>,
    /// The text.
    pub text: String,
}

impl Snapshot {
    /// The texts of about `rows` rows of one kind. Data files are not held against their digests here.
    ///
    /// # Errors
    /// `io-failed`, `damaged-data-file`.
    pub fn sample(&self, kind: RecordKind, rows: usize) -> Result<Vec<SampledText>, Fault> {
        let files: Vec<&DataFile> = self.of_kind(kind).filter(|file| file.rows > 0).collect();
        let files = spread(&files, FILES_MAX);
        let mut texts = Vec::new();
        for file in &files {
            sample_file(file, rows.div_ceil(files.len()), &mut texts)?;
        }
        Ok(texts)
    }
}

/// At most `most` of `all`, evenly spread, first and last among them.
fn spread<'f>(all: &[&'f DataFile], most: usize) -> Vec<&'f DataFile> {
    if all.len() <= most {
        return all.to_vec();
    }
    (0..most).map(|index| all[index * (all.len() - 1) / (most - 1)]).collect()
}

fn sample_file(file: &DataFile, rows: usize, texts: &mut Vec<SampledText>) -> Result<(), Fault> {
    let damaged = |error: &dyn std::fmt::Display| {
        Fault::unverified("damaged-data-file", format!("A data file does not read: {error}"))
            .advise("Run `probity audit verify`; it names the file that differs from its digest.")
            .at(Place::file(&file.path))
    };
    let open = File::open(&file.path).map_err(|error| Fault::io("read", &file.path, error))?;
    let options = ArrowReaderOptions::new().with_schema(columns(file.kind));
    let builder =
        ParquetRecordBatchReaderBuilder::try_new_with_options(open, options).map_err(|error| damaged(&error))?;
    let there = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or_default();
    let reader = builder.with_row_selection(stripes(there, rows)).with_batch_size(rows.max(1)).build();
    for batch in reader.map_err(|error| damaged(&error))? {
        take(&batch.map_err(|error| damaged(&error))?, texts);
    }
    Ok(())
}

/// `rows` of `there` rows, in stripes from the beginning to the end.
fn stripes(there: usize, rows: usize) -> RowSelection {
    if rows >= there {
        return RowSelection::from(vec![RowSelector::select(there)]);
    }
    let stripes = STRIPES.min(rows).max(1);
    let length = rows / stripes;
    let gaps = (stripes - 1).max(1);
    let mut selectors = Vec::new();
    let mut at = 0;
    for stripe in 0..stripes {
        let begin = (stripe * (there - length) / gaps).max(at);
        selectors.push(RowSelector::skip(begin - at));
        selectors.push(RowSelector::select(length.min(there - begin)));
        at = (begin + length).min(there);
    }
    RowSelection::from(selectors)
}

fn take(batch: &RecordBatch, texts: &mut Vec<SampledText>) {
    let raw = batch["raw"].as_string::<i32>();
    let lines = batch["line"].as_primitive::<Int64Type>();
    for row in 0..batch.num_rows() {
        let text = |column: &'static str, attribute: Option<&str>, text: &str| SampledText {
            original: if raw.is_null(row) { String::new() } else { raw.value(row).to_owned() },
            line: if lines.is_null(row) { 0 } else { u64::try_from(lines.value(row)).unwrap_or_default() },
            column,
            attribute: attribute.map(str::to_owned),
            text: text.to_owned(),
        };
        for column in TEXTS {
            let Some(values) = batch.column_by_name(column).map(|values| values.as_string::<i32>()) else { continue };
            texts.extend((!values.is_null(row)).then(|| text(column, None, values.value(row))));
        }
        let attributes = batch["attributes"].as_map();
        if attributes.is_null(row) {
            continue;
        }
        let pairs = attributes.value(row);
        let (keys, values) = (pairs.column(0).as_string::<i32>(), pairs.column(1).as_string::<i32>());
        let named = (0..pairs.len()).filter(|at| !values.is_null(*at));
        texts.extend(named.map(|at| text("attributes", Some(keys.value(at)), values.value(at))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stripes_reach_from_the_first_row_to_the_last() {
        let check = |there: usize, rows: usize| {
            let selection = stripes(there, rows);
            assert_eq!(selection.row_count(), rows.min(there), "{rows} of {there}");
            let selectors: Vec<RowSelector> = selection.into();
            assert!(!selectors[0].skip && !selectors[selectors.len() - 1].skip, "{rows} of {there}: {selectors:?}");
            assert_eq!(selectors.iter().map(|one| one.row_count).sum::<usize>(), there, "{rows} of {there}");
        };
        check(3, 10);
        check(10, 10);
        check(100, 10);
        check(101, 25);
        check(1_000, 5);
    }
}
