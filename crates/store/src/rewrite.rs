//! A data file without the rows of some originals: for originals that were abandoned or overtaken. Seldom needed.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::PathBuf;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_select::filter::filter_record_batch;
use model::{Fault, Instant};
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;

use crate::Limits;
use crate::parts::{About, ClosedPart, Part, parquet_fault, placeholder};
use crate::schema::columns;

/// Writes `part` again to `target`, without the rows of the originals in `dropped`; `copy` is a name for a copy of it.
///
/// Rows are told apart by placeholders, not by digests: two readings of the same bytes have the same digest.
pub(crate) fn without(
    part: &ClosedPart,
    dropped: &BTreeSet<u32>,
    copy: PathBuf,
    target: PathBuf,
) -> Result<ClosedPart, Fault> {
    let copy = part.unnamed_copy(copy)?;
    let fail = |error| parquet_fault(&copy.about.path, error);
    let file = File::open(&copy.about.path).map_err(|error| Fault::io("read", &copy.about.path, error))?;
    let options = ArrowReaderOptions::new().with_schema(columns(part.about.kind));
    let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)
        .and_then(|builder| builder.with_batch_size(Limits::DEFAULT.group_rows_max).build())
        .map_err(fail)?;
    let mut about = About::new(target, part.about.kind, part.about.date.clone());
    about.origins = part.about.origins.clone();
    about.origins.retain(|origin, _| !dropped.contains(origin));
    let names: BTreeSet<String> = dropped.iter().map(|origin| placeholder(*origin)).collect();
    let mut rewritten = Part::create(about)?;
    for batch in reader {
        let batch = batch.and_then(|batch| filter_record_batch(&batch, &others(&batch, &names)));
        rewritten.write_kept(&batch.map_err(|error| fail(ParquetError::from(error)))?)?;
    }
    rewritten.close()
}

fn others(batch: &RecordBatch, dropped: &BTreeSet<String>) -> BooleanArray {
    let raw = batch["raw"].as_string::<i32>();
    raw.iter().map(|name| Some(name.is_none_or(|name| !dropped.contains(name)))).collect()
}

/// First and last time of the rows of a batch that was read back.
pub(crate) fn span(batch: &RecordBatch) -> Option<(Instant, Instant)> {
    let micros = batch["ts"].as_primitive::<TimestampMicrosecondType>();
    let nanos = batch["ts_ns"].as_primitive::<Int64Type>();
    let time = |row| if nanos.is_null(row) { micros.value(row) * 1_000 } else { nanos.value(row) };
    let (first, last) = ((0..batch.num_rows()).map(time).min()?, (0..batch.num_rows()).map(time).max()?);
    Some((Instant::from_nanos(first), Instant::from_nanos(last)))
}
