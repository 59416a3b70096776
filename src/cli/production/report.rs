//! Reads redaction logs back, and sees that no line of theirs was changed.

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;

use model::{Digest, Fault, Place};
use serde_json::Value;

/// Longer lines are none of ours.
const LINE_MAX: u64 = 1 << 20;

/// A line of a redaction log.
pub(crate) enum Line {
    /// Something that was taken out of the file whose line follows.
    Redaction(Redaction),
    /// The file that the redactions above it belong to.
    File(Box<Redacted>),
}

/// Something that was taken out.
pub(crate) struct Redaction {
    /// Number of the line in the log.
    pub(crate) sequence: u64,
    /// Where: `line 3`, `page 2`.
    pub(crate) place: String,
    /// Type.
    pub(crate) kind: String,
    pub(crate) rule: String,
    pub(crate) reason: Option<String>,
    pub(crate) operator: String,
    /// Keyed digest.
    pub(crate) before: String,
    pub(crate) after: Option<String>,
}

/// A file from which something was taken out, or nothing.
#[derive(Clone)]
pub(crate) struct Redacted {
    pub(crate) output: Digest,
    /// Parts that were left out whole, and why.
    pub(crate) removed: Vec<String>,
    pub(crate) unscanned: Vec<String>,
    pub(crate) actor: String,
    pub(crate) time: String,
    pub(crate) basis: Option<String>,
}

/// Hands on each line of a log, in order. The digest of the last line stands for all of them.
///
/// # Errors
/// I/O faults; `bad-redaction-log`; `redaction-log-changed`; what `each` says.
pub(crate) fn read(path: &Path, each: &mut dyn FnMut(Line) -> Result<(), Fault>) -> Result<Option<Digest>, Fault> {
    let file = File::open(path).map_err(|error| Fault::io("open", path, error))?;
    let mut reader = BufReader::new(file);
    let (mut number, mut previous, mut is_open) = (0, None, false);
    loop {
        let mut text = Vec::new();
        let read = reader.by_ref().take(LINE_MAX).read_until(b'\n', &mut text);
        if read.map_err(|error| Fault::io("read", path, error))? == 0 {
            break;
        }
        let at = |fault: Fault| fault.at(Place::line(number + 1, 0).in_file(path));
        let text = text.strip_suffix(b"\n").unwrap_or(&text);
        let document: Value =
            serde_json::from_slice(text).map_err(|_| at(bad("this is no line of a redaction log")))?;
        let told = previous.map(|digest: Digest| format!("sha256:{digest}"));
        if document["seq"] != number || document["prev"].as_str() != told.as_deref() {
            return Err(at(changed()));
        }
        let line = line(&document).ok_or_else(|| at(bad("this is no line of a redaction log")))?;
        is_open = matches!(line, Line::Redaction(_));
        each(line)?;
        previous = Some(seal::sha256(text));
        number += 1;
    }
    match is_open {
        true => Err(bad("it ends before it says of which file the last redactions are").in_file(path)),
        false => Ok(previous),
    }
}

fn line(document: &Value) -> Option<Line> {
    let text = |name: &str| document[name].as_str().map(str::to_owned);
    let texts = |name: &str, of: fn(&Value) -> Option<String>| -> Option<Vec<String>> {
        document[name].as_array()?.iter().map(of).collect()
    };
    Some(match document["schema"].as_str()? {
        "redaction/1" => Line::Redaction(Redaction {
            sequence: document["seq"].as_u64()?,
            place: place(&document["place"]),
            kind: text("type")?,
            rule: text("rule")?,
            reason: text("reason"),
            operator: text("op")?,
            before: text("before")?,
            after: text("after"),
        }),
        "redacted-file/1" => Line::File(Box::new(Redacted {
            output: Digest::parse(document["output"].as_str()?).ok()?,
            removed: texts("removed", |part| Some(format!("{}: {}", part["what"].as_str()?, part["why"].as_str()?)))?,
            unscanned: texts("unscanned", |part| part.as_str().map(str::to_owned))?,
            actor: text("actor")?,
            time: text("time")?,
            basis: text("basis"),
        })),
        _ => return None,
    })
}

/// Where something stood, in words.
fn place(place: &Value) -> String {
    let text = |name: &str| place[name].as_str().unwrap_or_default();
    let words = match text("in") {
        "value" => text("pointer").to_owned(),
        "cell" => format!("row {}, column {}", place["row"], text("column")),
        "part" if text("path").is_empty() => text("part").to_owned(),
        "part" => format!("{}, {}", text("part"), text("path")),
        "page" => format!("page {}, {}", place["page"], text("layer")),
        _ => String::new(),
    };
    match (place["line"].as_u64(), words.is_empty()) {
        (Some(line), true) => format!("line {line}"),
        (Some(line), false) => format!("line {line}: {words}"),
        (None, _) => words,
    }
}

fn bad(what: &str) -> Fault {
    Fault::bad_input("bad-redaction-log", what).advise("Give a file that `probity redact --report FILE` wrote.")
}

fn changed() -> Fault {
    Fault::unverified("redaction-log-changed", "the line does not follow the one before it: the log was changed, or a part of it is missing")
        .advise("Use the log as `probity redact --report` wrote it; the ledger of the project holds the digest of its last line.")
}
