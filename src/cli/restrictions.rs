//! Whose processing is restricted (Art. 18), `.probity/restrictions.jsonl`: pseudonyms, times and reasons, one line for each
//! change. Nothing is taken out of it; the last line about a pseudonym holds.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use model::{ByteSize, Digest, Fault, Instant};
use serde_json::{Value, json};

use super::context::Context;
use super::{files, keys};

const FILE_MAX: ByteSize = ByteSize(256 << 20);

/// One change for one identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Restriction {
    /// The request that asked for it.
    pub(crate) request: String,
    /// Kind of the identity.
    pub(crate) kind: String,
    pub(crate) pseudonym: Digest,
    /// Since when it holds, or when it was lifted.
    pub(crate) since: Instant,
    pub(crate) restricted: bool,
    /// Words of the house, no names.
    pub(crate) reason: Option<String>,
}

/// The restrictions that hold now, in the order in which they came.
///
/// # Errors
/// `bad-restriction`; I/O faults.
pub(crate) fn active(context: &Context) -> Result<Vec<Restriction>, Fault> {
    let path = path(context);
    if !path.try_exists().map_err(|error| Fault::io("read", &path, error))? {
        return Ok(Vec::new());
    }
    let mut active: Vec<Restriction> = Vec::new();
    for (number, line) in files::read_text(&path, FILE_MAX)?.lines().enumerate() {
        let one = serde_json::from_str(line).ok().and_then(|value| Restriction::read(&value)).ok_or_else(|| {
            Fault::bad_input("bad-restriction", "This line is no restriction (restriction/1)")
                .at(model::Place::line(number as u64 + 1, 0))
                .in_file(&path)
                .advise("Restore the file from a backup: whose data must not be used stands in it.")
        })?;
        active.retain(|known| known.pseudonym != one.pseudonym);
        if one.restricted {
            active.push(one);
        }
    }
    Ok(active)
}

/// Adds changes. On return they are on the disk.
///
/// # Errors
/// I/O faults.
pub(crate) fn enter(context: &Context, changes: &[Restriction]) -> Result<(), Fault> {
    let path = path(context);
    keys::private_folder(files::folder_of(&path))?;
    let fault = |error| Fault::io("write", &path, error);
    let lines: String = changes.iter().map(|one| format!("{}\n", one.to_json())).collect();
    let mut file = File::options().create(true).append(true).mode(0o600).open(&path).map_err(fault)?;
    file.write_all(lines.as_bytes()).and_then(|()| file.sync_all()).map_err(fault)?;
    File::open(files::folder_of(&path)).and_then(|folder| folder.sync_all()).map_err(fault)
}

fn path(context: &Context) -> PathBuf {
    context.project.state("restrictions.jsonl")
}

impl Restriction {
    /// `restriction/1`.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "schema": "restriction/1",
            "request_id": self.request,
            "kind": self.kind,
            "pseudonym": self.pseudonym.hex(),
            "since": self.since.to_string(),
            "restricted": self.restricted,
            "reason": self.reason,
        })
    }

    fn read(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        (text("schema")? == "restriction/1").then_some(())?;
        Some(Restriction {
            request: text("request_id")?.to_owned(),
            kind: text("kind")?.to_owned(),
            pseudonym: Digest::parse(text("pseudonym")?).ok()?,
            since: Instant::parse(text("since")?).ok()?,
            restricted: value.get("restricted")?.as_bool()?,
            reason: text("reason").map(str::to_owned),
        })
    }
}
