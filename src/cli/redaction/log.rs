//! The redaction log: one JSON line per redaction, each with the digest of the line before, and one line per file that
//! says what the redactions above it belong to. Never a value, nor its length.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};
use std::path::Path;

use model::{Digest, Fault, Instant};
use redact::{Seen, Witness, wire};
use serde_json::{Map, Value, json};

use super::Outcome;
use crate::cli::drafts;
use crate::cli::files::{self, Existing, NewFile};
use crate::cli::intake::Input;

/// A redaction log being written.
pub(crate) struct Log {
    file: NewFile,
    sequence: u64,
    previous: Option<Digest>,
    /// The lines of the input at work, until it is known what became of it.
    open: BufWriter<File>,
    act: Map<String, Value>,
}

impl Log {
    /// Starts a log.
    ///
    /// # Errors
    /// `output-exists`; I/O faults.
    pub(crate) fn create(path: &Path, existing: Existing, by: &By<'_>) -> Result<Self, Fault> {
        drafts::sweep(files::folder_of(path));
        let file = NewFile::create(path, existing)?;
        let open = tempfile::tempfile().map_err(|error| Fault::io("write", path, error))?;
        let act = json!({"actor": by.actor, "tool": by.tool, "time": by.time.to_string(), "profile": by.profile, "basis": by.basis});
        let act = act.as_object().cloned().unwrap_or_default();
        Ok(Log { file, sequence: 0, previous: None, open: BufWriter::new(open), act })
    }

    /// Forgets what was noted about the input at work.
    pub(crate) fn forget(&mut self) -> Result<(), Fault> {
        self.open.flush().and_then(|()| self.open.get_mut().set_len(0)).map_err(failed)?;
        self.open.get_mut().rewind().map_err(failed)
    }

    /// The input at work is done: its redactions go into the log.
    pub(crate) fn close(&mut self, input: &Input, outcome: &Outcome) -> Result<(), Fault> {
        self.open.flush().map_err(failed)?;
        let mut lines = self.open.get_ref().try_clone().map_err(failed)?;
        lines.rewind().map_err(failed)?;
        for line in BufReader::new(lines).lines() {
            let line: Value = serde_json::from_str(&line.map_err(failed)?).map_err(io::Error::from).map_err(failed)?;
            if let Value::Object(line) = line {
                self.write(line)?;
            }
        }
        self.forget()?;
        let mut line = self.act.clone();
        let hex = |digest: &Option<Digest>| digest.map(|digest| format!("sha256:{digest}"));
        line.insert("schema".into(), "redacted-file/1".into());
        line.insert("file".into(), input.path().display().to_string().into());
        line.insert("input".into(), hex(&outcome.read).into());
        line.insert("output".into(), hex(&outcome.written).into());
        line.insert("redactions".into(), outcome.total().into());
        let removed = outcome.removed.iter().map(|part| json!({"what": part.what, "why": part.why}));
        line.insert("removed".into(), removed.collect());
        line.insert("unscanned".into(), outcome.unscanned.clone().into());
        self.write(line)
    }

    fn write(&mut self, mut line: Map<String, Value>) -> Result<(), Fault> {
        line.insert("seq".into(), self.sequence.into());
        line.insert("prev".into(), self.previous.map(|digest| format!("sha256:{digest}")).into());
        let text = Value::Object(line).to_string();
        self.previous = Some(seal::sha256(text.as_bytes()));
        self.sequence += 1;
        self.file.file().write_all(text.as_bytes()).and_then(|()| self.file.file().write_all(b"\n")).map_err(failed)
    }

    /// Makes the log appear; the digest of its last line stands for all of them.
    pub(crate) fn finish(self) -> Result<Option<Digest>, Fault> {
        self.file.finish()?;
        Ok(self.previous)
    }
}

/// Notes the redactions of the input at work.
impl Witness for Log {
    fn seen(&mut self, seen: &Seen<'_>) -> Result<(), Fault> {
        serde_json::to_writer(&mut self.open, &wire::redaction(seen)).map_err(io::Error::from).map_err(failed)?;
        self.open.write_all(b"\n").map_err(failed)
    }

    fn again(&mut self) -> Result<(), Fault> {
        self.forget()
    }
}

/// Who redacts, when, with what, by which profile.
pub(crate) struct By<'a> {
    pub(crate) actor: &'a str,
    pub(crate) tool: &'a str,
    pub(crate) time: Instant,
    pub(crate) profile: &'a str,
    pub(crate) basis: Option<&'a str>,
}

fn failed(error: io::Error) -> Fault {
    Fault::io("write", "the redaction log".as_ref(), error)
}
