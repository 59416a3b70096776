//! Rows in files and objects: one file per format, each reads and rewrites as a stream.

use std::io::{BufRead, BufReader, Read, Write};
use std::ops::ControlFlow;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use model::{Fault, Place};
use privacy::row::{Cell, FieldPath};

use crate::document::json::Node;

#[cfg(feature = "parquet")]
use super::parquet;
use super::{array, csv, lines};

/// How large one row may be, and one JSON file that has to be read as a whole.
pub(crate) const ROW_BYTES_MAX: u64 = 64 << 20;
/// A JSON file that is no JSON Lines is held in memory.
pub(crate) const ARRAY_BYTES_MAX: u64 = 512 << 20;

/// How the rows of a file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// JSON Lines: `jsonl`.
    Lines,
    /// With a header: `csv`.
    Csv,
    /// A list of rows, or one row: `json`.
    Array,
    /// `parquet`.
    Parquet,
    /// The file is the row: `whole`.
    Whole,
}

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

/// What becomes of a row.
pub(crate) enum Verdict {
    Keep,
    Drop,
    Set(Vec<(FieldPath, Cell)>),
    /// No more rows are wanted; only while reading.
    Stop,
}

/// Looks at a row and at its bytes.
pub(crate) type Judge<'a> = dyn FnMut(Node, &[u8]) -> Result<Verdict, Fault> + 'a;

/// What a pass over a file did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    /// Rows that were to be dropped or set, and were there.
    pub(crate) found: u64,
    /// Bytes differ from before.
    pub(crate) is_different: bool,
    /// The file was one row, and that is gone.
    pub(crate) is_gone: bool,
}

impl Format {
    /// `jsonl` → lines.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "jsonl" | "ndjson" => Format::Lines,
            "csv" => Format::Csv,
            "json" => Format::Array,
            "parquet" => Format::Parquet,
            "whole" => Format::Whole,
            _ => return None,
        })
    }

    /// By the ending of a name; what is not known is a whole.
    pub(crate) fn of_name(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let bare = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
        match bare.rsplit_once('.').map_or("", |(_, ending)| ending) {
            "jsonl" | "ndjson" => Format::Lines,
            "csv" | "tsv" => Format::Csv,
            "json" => Format::Array,
            "parquet" => Format::Parquet,
            _ => Format::Whole,
        }
    }

    /// The word of the data map.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Format::Lines => "jsonl",
            Format::Csv => "csv",
            Format::Array => "json",
            Format::Parquet => "parquet",
            Format::Whole => "whole",
        }
    }
}

impl Packing {
    /// By the ending of a name.
    pub(crate) fn of_name(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        match () {
            () if name.ends_with(".gz") => Packing::Gzip,
            () if name.ends_with(".zst") => Packing::Zstd,
            () => Packing::Plain,
        }
    }

    /// What is packed in `input`.
    pub(crate) fn unpack<'a>(self, name: &str, input: Box<dyn Read + 'a>) -> Result<Box<dyn Read + 'a>, Fault> {
        Ok(match self {
            Packing::Plain => input,
            Packing::Gzip => Box::new(MultiGzDecoder::new(input)),
            Packing::Zstd => Box::new(zstd::Decoder::new(input).map_err(|error| unreadable(name, error))?),
        })
    }
}

/// Where the rows of a JSON file are, and what parts the fields of a CSV file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// `rows: data.users`.
    pub(crate) rows: Option<FieldPath>,
    /// `delimiter`; otherwise what the header shows.
    pub(crate) delimiter: Option<u8>,
}

/// Receives rows and their bytes until it breaks.
pub(crate) type EachNode<'a> = dyn FnMut(Node, &[u8]) -> Result<ControlFlow<()>, Fault> + 'a;

/// Shows each row to `each` until it breaks.
pub(crate) fn read(
    format: Format,
    options: &Options,
    name: &str,
    input: Box<dyn Read + '_>,
    each: &mut EachNode<'_>,
) -> Result<(), Fault> {
    let mut judge = |node: Node, bytes: &[u8]| {
        each(node, bytes).map(|flow| if flow.is_break() { Verdict::Stop } else { Verdict::Keep })
    };
    let mut input = Packing::of_name(name).unpack(name, input)?;
    walk(format, options, name, &mut input, None, &mut judge).map(drop)
}

/// Copies `input` to `output`, without the rows that `judge` drops and with those that it sets.
pub(crate) fn rewrite(
    format: Format,
    options: &Options,
    name: &str,
    input: Box<dyn Read + '_>,
    output: &mut dyn Write,
    judge: &mut Judge<'_>,
) -> Result<Changed, Fault> {
    let packing = Packing::of_name(name);
    let mut input = packing.unpack(name, input)?;
    match packing {
        Packing::Plain => walk(format, options, name, &mut input, Some(output), judge),
        Packing::Gzip => {
            let mut packed = GzEncoder::new(output, Compression::default());
            let changed = walk(format, options, name, &mut input, Some(&mut packed), judge)?;
            packed.finish().map(|_| changed).map_err(|error| unwritable(name, error))
        }
        Packing::Zstd => {
            let mut packed = zstd::Encoder::new(output, 0).map_err(|error| unwritable(name, error))?;
            let changed = walk(format, options, name, &mut input, Some(&mut packed), judge)?;
            packed.finish().map(|_| changed).map_err(|error| unwritable(name, error))
        }
    }
}

fn walk(
    format: Format,
    options: &Options,
    name: &str,
    input: &mut dyn Read,
    output: Option<&mut dyn Write>,
    judge: &mut Judge<'_>,
) -> Result<Changed, Fault> {
    match format {
        Format::Lines => lines::walk(name, &mut BufReader::with_capacity(1 << 18, input), output, judge),
        Format::Csv => csv::walk(name, options, &mut BufReader::with_capacity(1 << 18, input), output, judge),
        Format::Array => array::walk(name, options, input, output, judge),
        #[cfg(feature = "parquet")]
        Format::Parquet => parquet::walk(name, input, output, judge),
        #[cfg(not(feature = "parquet"))]
        Format::Parquet => Err(bad_row(name, 0, 0, "this build reads no Parquet")),
        Format::Whole => Ok(Changed::default()),
    }
}

/// Appends up to and with the next line feed; 0 at the end.
pub(crate) fn line(name: &str, number: u64, input: &mut dyn BufRead, line: &mut Vec<u8>) -> Result<usize, Fault> {
    let room = ROW_BYTES_MAX.saturating_sub(line.len() as u64);
    let taken = input.take(room).read_until(b'\n', line).map_err(|error| unreadable(name, error))?;
    match taken as u64 == room && line.last() != Some(&b'\n') {
        true => Err(bad_row(name, number, 0, format!("it is longer than {} MiB", ROW_BYTES_MAX >> 20))),
        false => Ok(taken),
    }
}

/// A row that cannot be read: nothing can be said about the file.
pub(crate) fn bad_row(name: &str, line: u64, column: u64, why: impl std::fmt::Display) -> Fault {
    Fault::bad_input("bad-row", format!("A row cannot be read: {why}"))
        .advise("Mend the file, or give its collection another format in the data map (`whole` for files of any kind).")
        .at(Place::line(line, column).in_file(std::path::Path::new(name)))
}

/// The store broke while a file was read.
pub(crate) fn unreadable(name: &str, error: std::io::Error) -> Fault {
    Fault::io("read", std::path::Path::new(name), error)
}

/// The store, or the disk, broke while a file was written.
pub(crate) fn unwritable(name: &str, error: std::io::Error) -> Fault {
    Fault::io("write", std::path::Path::new(name), error)
}
