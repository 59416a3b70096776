//! Lines that were not understood, one file for each original that has some.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use model::{Digest, Fault, Rejection};

use crate::layout::{self, Layout, create_file};
use crate::wire::RejectedLine;

/// The rejected lines of the original in progress.
pub(crate) struct Rejects {
    file: BufWriter<File>,
    path: PathBuf,
    pub(crate) count: u64,
}

impl Rejects {
    pub(crate) fn create(path: PathBuf) -> Result<Self, Fault> {
        Ok(Rejects { file: BufWriter::new(create_file(&path)?), path, count: 0 })
    }

    pub(crate) fn push(&mut self, rejection: &Rejection) -> Result<(), Fault> {
        self.count += 1;
        let line = RejectedLine {
            line: rejection.place.line,
            column: rejection.place.column,
            code: rejection.code,
            reason: &rejection.reason,
            text: &rejection.text,
        };
        serde_json::to_writer(&mut self.file, &line)
            .map_err(std::io::Error::from)
            .and_then(|()| self.file.write_all(b"\n"))
            .map_err(|error| Fault::io("write", &self.path, error))
    }

    /// Gives the file its name; it is durable afterwards, whatever becomes of the batch.
    pub(crate) fn keep(self, layout: &Layout, digest: &Digest) -> Result<PathBuf, Fault> {
        let fail = |error| Fault::io("write", &self.path, error);
        let file = self.file.into_inner().map_err(|error| fail(error.into_error()))?;
        file.sync_all().map_err(fail)?;
        let path = layout.rejected(digest);
        layout::rename(&self.path, &path)?;
        Ok(path)
    }
}
