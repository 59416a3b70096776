//! Parquet: a row is the object of its values; a change writes the file anew with the same schema, compression and size
//! of row groups.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, StringArray};
use arrow_cast::CastOptions;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{ArrowError, DataType};
use model::Fault;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::WriterProperties;
use privacy::row::{Cell, FieldPath};

use crate::document::json::{Member, Node, Value};

use super::formats::{Changed, Judge, Verdict, bad_row, unreadable, unwritable};

const BATCH_ROWS: usize = 1_024;

/// One pass. The footer stands at the end: a stream is laid into a file without a name first.
pub(crate) fn walk(
    name: &str,
    input: &mut dyn Read,
    output: Option<&mut dyn Write>,
    judge: &mut Judge<'_>,
) -> Result<Changed, Fault> {
    let wrong =
        |error: &dyn std::fmt::Display| bad_row(name, 0, 0, format!("it is no Parquet that can be read here: {error}"));
    let mut laid = tempfile::tempfile().map_err(|error| unreadable(name, error))?;
    std::io::copy(input, &mut laid).map_err(|error| unreadable(name, error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(laid).map_err(|error| wrong(&error))?;
    let schema = builder.schema().clone();
    let mut writer = match &output {
        None => None,
        Some(_) => {
            let file = tempfile::tempfile().map_err(|error| unwritable(name, error))?;
            let like = like(builder.metadata());
            Some(ArrowWriter::try_new(file, schema, Some(like)).map_err(|error| wrong(&error))?)
        }
    };
    let mut changed = Changed::default();
    for batch in builder.with_batch_size(BATCH_ROWS).build().map_err(|error| wrong(&error))? {
        let batch = batch.map_err(|error| wrong(&error))?;
        let Some(batch) = judged(name, batch, judge, &mut changed)? else { break };
        if let Some(writer) = &mut writer {
            writer.write(&batch).map_err(|error| wrong(&error))?;
        }
    }
    if let (Some(writer), Some(output)) = (writer, output) {
        let mut new: File = writer.into_inner().map_err(|error| wrong(&error))?;
        let copied = new.seek(SeekFrom::Start(0)).and_then(|_| std::io::copy(&mut new, output));
        copied.map_err(|error| unwritable(name, error))?;
    }
    Ok(changed)
}

/// Properties that make a file like the one that was read.
fn like(metadata: &ParquetMetaData) -> WriterProperties {
    let groups = metadata.row_groups();
    let mut properties = WriterProperties::builder();
    if let Some(column) = groups.first().and_then(|group| group.columns().first()) {
        properties = properties.set_compression(column.compression());
    }
    if let Some(rows) =
        groups.iter().filter_map(|group| usize::try_from(group.num_rows()).ok()).max().filter(|rows| *rows > 0)
    {
        properties = properties.set_max_row_group_row_count(Some(rows));
    }
    let words = metadata.file_metadata().key_value_metadata().cloned().unwrap_or_default();
    let words: Vec<_> = words.into_iter().filter(|word| word.key != "ARROW:schema").collect();
    properties.set_key_value_metadata((!words.is_empty()).then_some(words)).build()
}

/// The rows that stay, with what is set; `None` when no more are wanted.
fn judged(
    name: &str,
    batch: RecordBatch,
    judge: &mut Judge<'_>,
    changed: &mut Changed,
) -> Result<Option<RecordBatch>, Fault> {
    let mut kept = Vec::with_capacity(batch.num_rows());
    let mut sets: Vec<(usize, Vec<(FieldPath, Cell)>)> = Vec::new();
    for row in 0..batch.num_rows() {
        let node = object(name, &batch, row)?;
        let text = node.compact();
        match judge(node, text.as_bytes())? {
            Verdict::Stop => return Ok(None),
            Verdict::Keep => kept.push(true),
            Verdict::Drop => {
                changed.found += 1;
                changed.is_different = true;
                kept.push(false);
            }
            Verdict::Set(fields) => {
                changed.found += 1;
                kept.push(true);
                sets.push((row, fields));
            }
        }
    }
    let batch = if sets.is_empty() { batch } else { set(name, batch, &sets, changed)? };
    match kept.iter().all(|kept| *kept) {
        true => Ok(Some(batch)),
        false => arrow_select::filter::filter_record_batch(&batch, &BooleanArray::from(kept))
            .map(Some)
            .map_err(|error| bad_row(name, 0, 0, error)),
    }
}

fn object(name: &str, batch: &RecordBatch, row: usize) -> Result<Node, Fault> {
    let schema = batch.schema();
    let members =
        schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
            Ok(Member { name: field.name().clone(), node: Node::of(value(name, column, row)?) })
        });
    Ok(Node::of(Value::Object(members.collect::<Result<_, Fault>>()?)))
}

fn value(name: &str, column: &ArrayRef, row: usize) -> Result<Value, Fault> {
    use DataType as T;
    if column.is_null(row) {
        return Ok(Value::Null);
    }
    let list = |elements: &ArrayRef| -> Result<Value, Fault> {
        let nodes = (0..elements.len()).map(|n| value(name, elements, n).map(Node::of));
        Ok(Value::List(nodes.collect::<Result<_, _>>()?))
    };
    let shown = || shown(name, column, row);
    Ok(match column.data_type() {
        T::Boolean => Value::Boolean(column.as_boolean().value(row)),
        T::Int8 | T::Int16 | T::Int32 | T::Int64 | T::UInt8 | T::UInt16 | T::UInt32 | T::UInt64 => {
            Value::Number(shown()?)
        }
        T::Decimal32(..) | T::Decimal64(..) | T::Decimal128(..) | T::Decimal256(..) => Value::Number(shown()?),
        T::Float16 | T::Float32 | T::Float64 => float(shown()?),
        T::List(_) => list(&column.as_list::<i32>().value(row))?,
        T::LargeList(_) => list(&column.as_list::<i64>().value(row))?,
        T::FixedSizeList(..) => list(&column.as_fixed_size_list().value(row))?,
        T::Struct(fields) => {
            let columns = column.as_struct().columns();
            let members = fields.iter().zip(columns).map(|(field, column)| {
                Ok(Member { name: field.name().clone(), node: Node::of(value(name, column, row)?) })
            });
            Value::Object(members.collect::<Result<_, Fault>>()?)
        }
        T::Map(..) => list(&(Arc::new(column.as_map().value(row)) as ArrayRef))?,
        T::Dictionary(..) => {
            let dictionary = column.as_any_dictionary();
            value(name, dictionary.values(), dictionary.normalized_keys()[row])?
        }
        T::Timestamp(..) | T::Time32(_) | T::Time64(_) => Value::Text(brief(&shown()?)),
        _ => Value::Text(shown()?),
    })
}

fn shown(name: &str, column: &ArrayRef, row: usize) -> Result<String, Fault> {
    let cell = column.slice(row, 1);
    let cell = match cell.data_type() {
        // Such times are counted in UTC whatever zone they were meant for.
        DataType::Timestamp(unit, Some(_)) => retyped(&cell, DataType::Timestamp(*unit, Some(UTC.into()))),
        _ => Ok(cell),
    };
    let options = FormatOptions::new();
    cell.and_then(|cell| ArrayFormatter::try_new(&cell, &options)?.value(0).try_to_string())
        .map_err(|error| bad_row(name, 0, 0, error))
}

const UTC: &str = "+00:00";

/// The same bits under another name of their type.
fn retyped(column: &ArrayRef, kind: DataType) -> Result<ArrayRef, ArrowError> {
    Ok(arrow_array::make_array(column.to_data().into_builder().data_type(kind).build()?))
}

/// `05.600Z` → `05.6Z`.
fn brief(time: &str) -> String {
    let (bare, zone) = time.strip_suffix('Z').map_or((time, ""), |bare| (bare, "Z"));
    let bare = if bare.contains('.') { bare.trim_end_matches('0').trim_end_matches('.') } else { bare };
    format!("{bare}{zone}")
}

/// The texts as values of a column.
fn parsed(texts: &StringArray, kind: &DataType) -> Result<ArrayRef, ArrowError> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    if texts.null_count() == texts.len() {
        return Ok(arrow_array::new_null_array(kind, texts.len()));
    }
    match kind {
        DataType::Timestamp(unit, Some(_)) => {
            let times = arrow_cast::cast_with_options(texts, &DataType::Timestamp(*unit, Some(UTC.into())), &options)?;
            retyped(&times, kind.clone())
        }
        kind => arrow_cast::cast_with_options(texts, kind, &options),
    }
}

/// Plain digits; what is no number is a text.
fn float(text: String) -> Value {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Value::Number(format!("{number}")),
        _ => Value::Text(text),
    }
}

fn set(
    name: &str,
    batch: RecordBatch,
    sets: &[(usize, Vec<(FieldPath, Cell)>)],
    changed: &mut Changed,
) -> Result<RecordBatch, Fault> {
    let schema = batch.schema();
    let mut columns = batch.columns().to_vec();
    for (n, field) in schema.fields().iter().enumerate() {
        let mut new: Vec<Option<&str>> = vec![None; batch.num_rows()];
        let mut is_set = vec![false; batch.num_rows()];
        for (row, cells) in sets {
            for (path, cell) in cells.iter().filter(|(path, _)| path.root() == field.name()) {
                if !path.below().is_empty() {
                    return Err(not_set(name, field.name(), "only whole columns of Parquet files are set"));
                }
                new[*row] = cell.as_deref();
                is_set[*row] = Node::of(value(name, &columns[n], *row)?).cell() != *cell;
            }
        }
        if is_set.contains(&true) {
            changed.is_different = true;
            let refuse = |error: &dyn std::fmt::Display| not_set(name, field.name(), &error.to_string());
            let fresh = parsed(&StringArray::from(new), field.data_type()).map_err(|error| refuse(&error))?;
            columns[n] = arrow_select::zip::zip(&BooleanArray::from(is_set), &fresh, &columns[n])
                .map_err(|error| refuse(&error))?;
        }
    }
    RecordBatch::try_new(schema, columns).map_err(|error| not_set(name, "a column", &error.to_string()))
}

fn not_set(name: &str, field: &str, why: &str) -> Fault {
    Fault::refused("field-not-set", format!("{field} of {name} cannot be set: {why}"))
        .advise("Let the data map give a replacement that fits the type of the field, or delete the row.")
}
