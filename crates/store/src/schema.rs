//! The columns: one table of them, from which the arrow schema, the Delta schema and the Parquet settings follow.

use std::sync::{Arc, LazyLock};

use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use model::RecordKind;
use serde_json::{Value, json};

/// The version of the layout and of the columns below; every commit names it.
pub const SCHEMA_ID: &str = "probity-store/1";

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Microseconds since 1970 in UTC: Delta knows nothing finer.
    Time,
    Integer,
    Long,
    Double,
    Text,
    TextMap,
}

/// How a column is written to Parquet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// Few distinct values: a dictionary.
    Words,
    /// Many distinct values: a dictionary would be built, found too large and thrown away.
    Plain,
    /// Integers close to their neighbours: differences.
    Steps,
}

/// One column of the wide table.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) coding: Coding,
    kinds: &'static [RecordKind],
}

use Coding::{Plain, Steps, Words};
use RecordKind::{Logs, Metrics, Traces};
use Shape::{Double, Integer, Long, Text, TextMap, Time};

const ALL: &[RecordKind] = &RecordKind::ALL;
const REQUESTS: &[RecordKind] = &[Logs, Traces];
const NAMED: &[RecordKind] = &[Metrics, Traces];

/// Every column, in the order of the wide table. Add only at the end: commits name columns for ever.
pub(crate) const COLUMNS: &[Column] = &[
    column("ts", Time, Steps, ALL),
    column("ts_ns", Long, Steps, ALL),
    column("raw", Text, Words, ALL),
    column("line", Long, Steps, ALL),
    column("service", Text, Words, ALL),
    column("host", Text, Words, ALL),
    column("attributes", TextMap, Words, ALL),
    column("severity", Text, Words, &[Logs]),
    column("severity_number", Integer, Words, &[Logs]),
    column("message", Text, Plain, &[Logs]),
    column("method", Text, Words, &[Logs]),
    column("path", Text, Words, &[Logs]),
    column("status", Integer, Words, &[Logs]),
    column("latency_ms", Double, Plain, &[Logs]),
    column("bytes", Long, Plain, &[Logs]),
    column("trace_id", Text, Plain, REQUESTS),
    column("span_id", Text, Plain, REQUESTS),
    column("name", Text, Words, NAMED),
    column("series", Text, Words, &[Metrics]),
    column("sample_type", Text, Words, &[Metrics]),
    column("unit", Text, Words, &[Metrics]),
    column("value", Double, Plain, &[Metrics]),
    column("value_int", Long, Plain, &[Metrics]),
    column("start_ts", Time, Plain, &[Metrics]),
    column("parent_id", Text, Plain, &[Traces]),
    column("span_kind", Text, Words, &[Traces]),
    column("duration_ns", Long, Plain, &[Traces]),
    column("span_status", Text, Words, &[Traces]),
];

/// The columns that are folders, not columns of the Parquet files.
pub(crate) const PARTITIONS: [&str; 2] = ["kind", "dt"];

const fn column(name: &'static str, shape: Shape, coding: Coding, kinds: &'static [RecordKind]) -> Column {
    Column { name, shape, coding, kinds }
}

/// The columns of the Parquet files of one kind, in order: all of them nullable, `ts` in UTC, `attributes` a
/// `Map<Utf8, Utf8>`. The partition columns `kind` and `dt` are not among them.
pub fn columns(kind: RecordKind) -> SchemaRef {
    static SCHEMAS: LazyLock<[SchemaRef; 3]> = LazyLock::new(|| RecordKind::ALL.map(arrow_schema_of));
    let index = match kind {
        Logs => 0,
        Metrics => 1,
        Traces => 2,
    };
    Arc::clone(&SCHEMAS[index])
}

fn arrow_schema_of(kind: RecordKind) -> SchemaRef {
    let of_kind = COLUMNS.iter().filter(|column| column.kinds.contains(&kind));
    Arc::new(Schema::new(
        of_kind.map(|column| Field::new(column.name, data_type(column.shape), true)).collect::<Vec<_>>(),
    ))
}

fn data_type(shape: Shape) -> DataType {
    match shape {
        Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Integer => DataType::Int32,
        Long => DataType::Int64,
        Double => DataType::Float64,
        Text => DataType::Utf8,
        TextMap => DataType::Map(map_entries(), false),
    }
}

/// The names that the Parquet format gives to the parts of a map, so that every reader finds them.
pub(crate) fn map_entries() -> Arc<Field> {
    Arc::new(Field::new("key_value", DataType::Struct(map_fields()), false))
}

/// Key and value of `attributes`.
pub(crate) fn map_fields() -> Fields {
    vec![Field::new("key", DataType::Utf8, false), Field::new("value", DataType::Utf8, true)].into()
}

/// The wide schema as the Delta protocol writes it: JSON inside a string.
pub(crate) fn delta_schema() -> String {
    let field = |name: &str, shape| json!({"name": name, "type": shape, "nullable": true, "metadata": {}});
    let columns = COLUMNS.iter().map(|column| field(column.name, delta_type(column.shape)));
    let partitions = PARTITIONS.iter().map(|name| field(name, json!("string")));
    json!({"type": "struct", "fields": columns.chain(partitions).collect::<Vec<_>>()}).to_string()
}

fn delta_type(shape: Shape) -> Value {
    match shape {
        Time => json!("timestamp"),
        Integer => json!("integer"),
        Long => json!("long"),
        Double => json!("double"),
        Text => json!("string"),
        TextMap => json!({"type": "map", "keyType": "string", "valueType": "string", "valueContainsNull": true}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_one_kind_holds_only_that_kinds_columns() {
        let check = |kind, has: &[&str], lacks: &[&str]| {
            let schema = columns(kind);
            assert!(has.iter().all(|name| schema.field_with_name(name).is_ok()), "{kind}");
            assert!(lacks.iter().all(|name| schema.field_with_name(name).is_err()), "{kind}");
        };
        check(Logs, &["ts", "message", "trace_id", "attributes"], &["value", "name", "kind", "dt"]);
        check(Metrics, &["ts", "series", "value_int", "name"], &["message", "trace_id"]);
        check(Traces, &["trace_id", "name", "duration_ns"], &["message", "series"]);
    }

    #[test]
    fn column_names_are_unique_regardless_of_case() {
        let mut names: Vec<_> = COLUMNS.iter().map(|column| column.name.to_lowercase()).collect();
        names.extend(PARTITIONS.map(str::to_owned));
        names.sort();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
