//! Parquet files in the making.
//!
//! Rows are written before the digest of their original is known: it is known only when its last byte has been read.
//! So the column `raw` gets a placeholder of the same length, in an uncompressed dictionary page, and the placeholder
//! is overwritten when the batch is sealed. No row waits in memory for a digest, and no input is read twice.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use arrow_array::RecordBatch;
use model::{Fault, Instant, RecordKind};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use crate::layout::create_file;
use crate::rewrite::span;
use crate::rows::Rows;
use crate::schema::{COLUMNS, Coding, Shape, columns};

/// An open Parquet file.
pub(crate) struct Part {
    writer: ArrowWriter<BufWriter<File>>,
    about: About,
}

/// A closed Parquet file, not yet in its place.
#[derive(Debug)]
pub(crate) struct ClosedPart {
    pub(crate) about: About,
    slots: Vec<Slot>,
}

/// What is known of a Parquet file while it grows.
#[derive(Clone, Debug)]
pub(crate) struct About {
    pub(crate) path: PathBuf,
    pub(crate) kind: RecordKind,
    pub(crate) date: String,
    pub(crate) rows: u64,
    pub(crate) span: Option<(Instant, Instant)>,
    /// How many rows each original gave.
    pub(crate) origins: BTreeMap<u32, u64>,
}

/// Where a placeholder stands in a file.
#[derive(Clone, Copy, Debug)]
struct Slot {
    offset: u64,
    origin: u32,
}

/// Who wrote a file, in the form that readers parse. Not the version of the program: the same rows give the same bytes.
const WRITER: &str = "probity-store version 1.0.0";
const PLACEHOLDER: &str = "original-";
/// As long as a digest in hex.
const NAME_BYTES: usize = 64;

/// What stands in `raw` until the digest is known: 64 bytes.
pub(crate) fn placeholder(origin: u32) -> String {
    format!("{PLACEHOLDER}{origin:0>width$}", width = NAME_BYTES - PLACEHOLDER.len())
}

impl About {
    pub(crate) fn new(path: PathBuf, kind: RecordKind, date: String) -> Self {
        About { path, kind, date, rows: 0, span: None, origins: BTreeMap::new() }
    }

    fn grow(&mut self, first: Instant, last: Instant) {
        let (a, b) = self.span.unwrap_or((first, last));
        self.span = Some((a.min(first), b.max(last)));
    }
}

impl Part {
    pub(crate) fn create(about: About) -> Result<Self, Fault> {
        let file = BufWriter::with_capacity(1 << 16, create_file(&about.path)?);
        // Readers take the types from Parquet and Delta; arrow's copy of the schema would only repeat them.
        let options = ArrowWriterOptions::new().with_properties(properties(about.kind)).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(file, columns(about.kind), options);
        Ok(Part { writer: writer.map_err(|error| parquet_fault(&about.path, error))?, about })
    }

    /// Writes rows as one row group.
    pub(crate) fn write(&mut self, rows: Rows) -> Result<(), Fault> {
        let Some((first, last)) = rows.span() else { return Ok(()) };
        self.about.grow(first, last);
        for (origin, count) in rows.origins() {
            *self.about.origins.entry(*origin).or_default() += *count as u64;
        }
        let batch = rows.finish(self.about.kind, placeholder);
        let batch = batch.map_err(|error| parquet_fault(&self.about.path, error.into()))?;
        self.write_group(&batch)
    }

    /// Writes rows that were read back as one row group.
    pub(crate) fn write_kept(&mut self, batch: &RecordBatch) -> Result<(), Fault> {
        let Some((first, last)) = span(batch) else { return Ok(()) };
        self.about.grow(first, last);
        self.write_group(batch)
    }

    fn write_group(&mut self, batch: &RecordBatch) -> Result<(), Fault> {
        self.about.rows += batch.num_rows() as u64;
        let written = self.writer.write(batch).and_then(|()| self.writer.flush());
        written.map_err(|error| parquet_fault(&self.about.path, error))
    }

    /// Bytes written so far.
    pub(crate) fn size(&self) -> u64 {
        self.writer.bytes_written() as u64
    }

    /// Ends the file. Its bytes are not durable yet.
    pub(crate) fn close(mut self) -> Result<ClosedPart, Fault> {
        let path = self.about.path.clone();
        let metadata = self.writer.finish().map_err(|error| parquet_fault(&path, error))?;
        self.writer.inner_mut().flush().map_err(|error| Fault::io("write", &path, error))?;
        Ok(ClosedPart { slots: slots(&path, &metadata)?, about: self.about })
    }
}

impl ClosedPart {
    /// Writes the name of each original over its placeholder, and makes the file durable.
    pub(crate) fn name_originals(&self, name: impl Fn(u32) -> String) -> Result<(), Fault> {
        let fail = |error| Fault::io("write", &self.about.path, error);
        let mut file = File::options().write(true).open(&self.about.path).map_err(fail)?;
        for slot in &self.slots {
            let name = name(slot.origin);
            debug_assert_eq!(name.len(), NAME_BYTES, "a name fills its slot");
            file.seek(SeekFrom::Start(slot.offset)).and_then(|_| file.write_all(name.as_bytes())).map_err(fail)?;
        }
        file.sync_all().map_err(fail)
    }

    /// The same file elsewhere, with placeholders instead of names. The file itself may have a durable name already
    /// and is not touched.
    pub(crate) fn unnamed_copy(&self, path: PathBuf) -> Result<ClosedPart, Fault> {
        let mut from = File::open(&self.about.path).map_err(|error| Fault::io("read", &self.about.path, error))?;
        std::io::copy(&mut from, &mut create_file(&path)?).map_err(|error| Fault::io("write", &path, error))?;
        let copy = ClosedPart { about: About { path, ..self.about.clone() }, slots: self.slots.clone() };
        copy.name_originals(placeholder)?;
        Ok(copy)
    }
}

/// Finds the placeholders: they stand in the dictionary pages of `raw`, and nothing else does.
fn slots(path: &Path, metadata: &ParquetMetaData) -> Result<Vec<Slot>, Fault> {
    let mut file = File::open(path).map_err(|error| Fault::io("read", path, error))?;
    let mut slots = Vec::new();
    for group in metadata.row_groups() {
        let (start, length) = dictionary(group).ok_or_else(|| {
            Fault::internal("parquet-failed", format!("No dictionary for the originals in {}", path.display()))
        })?;
        let mut page = vec![0; length];
        file.seek(SeekFrom::Start(start))
            .and_then(|_| std::io::Read::read_exact(&mut file, &mut page))
            .map_err(|error| Fault::io("read", path, error))?;
        slots.extend(find_placeholders(&page).map(|(at, origin)| Slot { offset: start + at as u64, origin }));
    }
    Ok(slots)
}

fn dictionary(group: &RowGroupMetaData) -> Option<(u64, usize)> {
    let raw = group.columns().iter().find(|column| column.column_path().string() == "raw")?;
    let start = raw.dictionary_page_offset()?;
    let length = raw.data_page_offset().checked_sub(start)?;
    Some((u64::try_from(start).ok()?, usize::try_from(length).ok()?))
}

fn find_placeholders(page: &[u8]) -> impl Iterator<Item = (usize, u32)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at + NAME_BYTES <= page.len() {
            let candidate = &page[at..at + NAME_BYTES];
            if let Some(digits) = candidate.strip_prefix(PLACEHOLDER.as_bytes())
                && let Some(origin) = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok())
            {
                at += NAME_BYTES;
                return Some((at - NAME_BYTES, origin));
            }
            at += 1;
        }
        None
    })
}

/// zstd 1 everywhere; dictionaries where they pay; statistics of `ts` alone, because others would repeat personal data
/// in a place where nobody looks for it.
fn properties(kind: RecordKind) -> WriterProperties {
    static PROPERTIES: LazyLock<[WriterProperties; 3]> = LazyLock::new(|| RecordKind::ALL.map(properties_of));
    let index = RecordKind::ALL.iter().position(|other| *other == kind).unwrap_or(0);
    PROPERTIES[index].clone()
}

fn properties_of(kind: RecordKind) -> WriterProperties {
    let schema = columns(kind);
    // Level 1 is a constant inside zstd's range, so that the fallback is never taken.
    let zstd = Compression::ZSTD(ZstdLevel::try_new(1).unwrap_or_default());
    let mut builder = WriterProperties::builder()
        .set_created_by(WRITER.to_owned())
        .set_compression(zstd)
        .set_dictionary_enabled(false)
        .set_dictionary_page_size_limit(256 << 10)
        .set_data_page_row_count_limit(usize::MAX)
        .set_data_page_size_limit(1 << 20)
        .set_write_batch_size(4096)
        .set_max_row_group_row_count(None)
        .set_statistics_enabled(EnabledStatistics::None);
    for column in COLUMNS.iter().filter(|column| schema.index_of(column.name).is_ok()) {
        builder = column_properties(builder, column.name, column.shape, column.coding);
    }
    builder
        .set_column_statistics_enabled(ColumnPath::from("ts"), EnabledStatistics::Chunk)
        .set_column_compression(ColumnPath::from("raw"), Compression::UNCOMPRESSED)
        // Never falls back to plain pages: the placeholders must stand in the dictionary.
        .set_column_dictionary_page_size_limit(ColumnPath::from("raw"), usize::MAX)
        .build()
}

fn column_properties(
    builder: WriterPropertiesBuilder,
    name: &str,
    shape: Shape,
    coding: Coding,
) -> WriterPropertiesBuilder {
    let parts: Vec<Vec<String>> = match shape {
        Shape::TextMap => ["key", "value"].map(|part| vec![name.into(), "key_value".into(), part.into()]).into(),
        _ => vec![vec![name.into()]],
    };
    parts.into_iter().map(ColumnPath::new).fold(builder, |builder, path| match coding {
        Coding::Words => builder.set_column_dictionary_enabled(path, true),
        Coding::Steps => builder.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
        Coding::Plain => builder,
    })
}

/// An error of the Parquet writer: most often the disk's.
pub(crate) fn parquet_fault(path: &Path, error: ParquetError) -> Fault {
    match error {
        ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
            Ok(error) => Fault::io("write", path, *error),
            Err(inner) => unexpected(path, ParquetError::External(inner)),
        },
        error => unexpected(path, error),
    }
}

fn unexpected(path: &Path, error: ParquetError) -> Fault {
    Fault::internal("parquet-failed", format!("The Parquet writer failed on {}: {error}", path.display()))
        .advise("Nothing was stored. Please report it with the first lines of the input.")
        .caused_by(Arc::new(error))
}
