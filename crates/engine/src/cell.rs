//! One value of an answer, in a form that any writer can print.

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::{
    DataType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use datafusion::arrow::util::display::array_value_to_string;
use model::Instant;

/// One value of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// `NULL`.
    Null,
    /// A truth value.
    Boolean(bool),
    /// An integer.
    Integer(i128),
    /// A double, NaN and infinities included.
    Float(f64),
    /// A decimal number, in digits.
    Decimal(String),
    /// A text.
    Text(&'a str),
    /// A point in time. Times without a zone are in UTC.
    Time(Instant),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A list.
    List(Vec<Cell<'a>>),
    /// Names and values: a map or a struct.
    Object(Vec<(String, Cell<'a>)>),
    /// Anything else (dates, intervals), as DataFusion prints it.
    Other(String),
}

impl<'a> Cell<'a> {
    /// The value of `array` at `row`.
    pub(crate) fn at(array: &'a dyn Array, row: usize) -> Cell<'a> {
        if array.is_null(row) {
            return Cell::Null;
        }
        macro_rules! number {
            ($type:ty, $cell:ident) => {
                Cell::$cell(array.as_primitive::<$type>().value(row).into())
            };
        }
        match array.data_type() {
            DataType::Null => Cell::Null,
            DataType::Boolean => Cell::Boolean(array.as_boolean().value(row)),
            DataType::Int8 => number!(Int8Type, Integer),
            DataType::Int16 => number!(Int16Type, Integer),
            DataType::Int32 => number!(Int32Type, Integer),
            DataType::Int64 => number!(Int64Type, Integer),
            DataType::UInt8 => number!(UInt8Type, Integer),
            DataType::UInt16 => number!(UInt16Type, Integer),
            DataType::UInt32 => number!(UInt32Type, Integer),
            DataType::UInt64 => number!(UInt64Type, Integer),
            DataType::Float16 => number!(Float16Type, Float),
            DataType::Float32 => number!(Float32Type, Float),
            DataType::Float64 => number!(Float64Type, Float),
            DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => {
                Cell::Decimal(printed(array, row))
            }
            DataType::Utf8 => Cell::Text(array.as_string::<i32>().value(row)),
            DataType::LargeUtf8 => Cell::Text(array.as_string::<i64>().value(row)),
            DataType::Utf8View => Cell::Text(array.as_string_view().value(row)),
            DataType::Binary => Cell::Bytes(array.as_binary::<i32>().value(row)),
            DataType::LargeBinary => Cell::Bytes(array.as_binary::<i64>().value(row)),
            DataType::BinaryView => Cell::Bytes(array.as_binary_view().value(row)),
            DataType::Timestamp(unit, _) => Self::time(array, row, *unit),
            _ => Self::nested(array, row),
        }
    }

    fn time(array: &dyn Array, row: usize, unit: TimeUnit) -> Cell<'a> {
        let instant = match unit {
            TimeUnit::Second => Instant::from_seconds(array.as_primitive::<TimestampSecondType>().value(row)),
            TimeUnit::Millisecond => Instant::from_millis(array.as_primitive::<TimestampMillisecondType>().value(row)),
            TimeUnit::Microsecond => Instant::from_micros(array.as_primitive::<TimestampMicrosecondType>().value(row)),
            TimeUnit::Nanosecond => {
                Some(Instant::from_nanos(array.as_primitive::<TimestampNanosecondType>().value(row)))
            }
        };
        instant.map_or_else(|| Cell::Other(printed(array, row)), Cell::Time)
    }

    fn nested(array: &'a dyn Array, row: usize) -> Cell<'a> {
        match array.data_type() {
            DataType::Map(..) => {
                let map = array.as_map();
                let offsets = map.value_offsets();
                // Offsets of a map lie inside its keys: not negative.
                let entries = offsets[row] as usize..offsets[row + 1] as usize;
                let (keys, values) = (map.keys().as_ref(), map.values().as_ref());
                Cell::Object(entries.map(|entry| (Cell::at(keys, entry).text(), Cell::at(values, entry))).collect())
            }
            DataType::Struct(fields) => {
                let columns = array.as_struct().columns();
                let named = fields.iter().zip(columns);
                Cell::Object(
                    named.map(|(field, column)| (field.name().clone(), Cell::at(column.as_ref(), row))).collect(),
                )
            }
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                let offsets = list.value_offsets();
                let entries = offsets[row] as usize..offsets[row + 1] as usize;
                Cell::List(entries.map(|entry| Cell::at(list.values().as_ref(), entry)).collect())
            }
            _ => Cell::Other(printed(array, row)),
        }
    }

    /// Plain text: what CSV and tables hold. `NULL` is empty; lists and objects are JSON.
    pub fn text(&self) -> String {
        match self {
            Cell::Null => String::new(),
            Cell::Text(text) => (*text).to_owned(),
            Cell::Decimal(text) | Cell::Other(text) => text.clone(),
            Cell::Time(instant) => instant.to_string(),
            Cell::Float(number) => format!("{number:?}"),
            Cell::Bytes(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
            Cell::Boolean(_) | Cell::Integer(_) | Cell::List(_) | Cell::Object(_) => {
                let mut json = String::new();
                self.json(&mut json);
                json
            }
        }
    }

    /// Appends JSON. NaN and infinities, which JSON has not, are the texts `"NaN"`, `"inf"` and `"-inf"`.
    pub fn json(&self, out: &mut String) {
        match self {
            Cell::Null => out.push_str("null"),
            Cell::Boolean(truth) => out.push_str(if *truth { "true" } else { "false" }),
            Cell::Integer(number) => out.push_str(&number.to_string()),
            Cell::Float(number) if number.is_finite() => out.push_str(&format!("{number:?}")),
            Cell::Decimal(digits) => out.push_str(digits),
            Cell::Text(text) => quote(text, out),
            Cell::Float(_) | Cell::Time(_) | Cell::Bytes(_) | Cell::Other(_) => quote(&self.text(), out),
            Cell::List(cells) => {
                out.push('[');
                for (at, cell) in cells.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    cell.json(out);
                }
                out.push(']');
            }
            Cell::Object(members) => {
                out.push('{');
                for (at, (name, cell)) in members.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    quote(name, out);
                    out.push(':');
                    cell.json(out);
                }
                out.push('}');
            }
        }
    }
}

/// Appends a JSON string (RFC 8259 §7).
pub(crate) fn quote(text: &str, out: &mut String) {
    // Strings always serialize.
    out.push_str(&model::harmless_json(&serde_json::to_string(text).unwrap_or_default()));
}

fn printed(array: &dyn Array, row: usize) -> String {
    array_value_to_string(array, row).unwrap_or_default()
}
