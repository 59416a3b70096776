//! What the files of a case say, read once: the report is made from it.

use std::fs::File;
use std::io::BufReader;

use model::Fault;

use crate::case::{Case, Recorded, changed};
use crate::wire::RedactionsWire;
use crate::{Limits, files, redactions};

/// What the files of a case say.
pub(crate) struct Contents {
    /// The evaluation files, as recorded.
    pub(crate) evaluations: Vec<(Recorded, Vec<u8>)>,
    /// The AI-reasoning records, as recorded.
    pub(crate) reasoning: Vec<(Recorded, Vec<u8>)>,
    /// What the redaction logs among the exhibits say.
    pub(crate) redactions: Vec<RedactionsWire>,
}

impl Contents {
    /// Reads them. Exhibits that are no redaction logs are not read here.
    ///
    /// # Errors
    /// `exhibit-changed` when a file is not what was recorded, or what the disk says.
    pub(crate) fn read(case: &Case) -> Result<Self, Fault> {
        let exhibits = case.exhibits();
        let mut redactions = Vec::new();
        let gone = case.custody().destroyed();
        let there = exhibits.iter().filter(|exhibit| !gone.contains_key(exhibit.id.as_str()));
        for log in there.filter(|exhibit| redactions::is_log(exhibit)) {
            let path = case.folder().join(&log.file);
            let file = File::open(&path).map_err(|error| Fault::io("read", &path, error))?;
            redactions.push(redactions::summary(log, &exhibits, BufReader::new(file)));
        }
        Ok(Contents {
            evaluations: recorded(case, case.evaluations(), Limits::EVALUATION_BYTES)?,
            reasoning: recorded(case, case.reasoning(), Limits::REASONING_BYTES)?,
            redactions,
        })
    }
}

fn recorded(case: &Case, all: Vec<Recorded>, max: u64) -> Result<Vec<(Recorded, Vec<u8>)>, Fault> {
    let read = |recorded: Recorded| {
        let bytes = files::read_bounded(&case.folder().join(&recorded.file), max)?;
        match seal::sha256(&bytes) == recorded.sha256 {
            true => Ok((recorded, bytes)),
            false => Err(changed(&recorded.file)),
        }
    };
    all.into_iter().map(read).collect()
}
