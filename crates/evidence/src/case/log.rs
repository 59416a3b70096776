//! The custody log of a case folder: read, appended to, one writer at a time.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use model::Fault;

use super::{Act, Case, check_act};
use crate::custody::{self, Chain, Deed, Entry};
use crate::{Limits, files};

impl Case {
    /// Takes the lock, reads what others appended meanwhile, sets a torn line aside.
    pub(super) fn begin(&mut self, act: &Act) -> Result<files::Lock, Fault> {
        check_act(act)?;
        let lock = files::lock(&self.folder)?;
        // Nobody appended since: what is known is not read again, or a thousand files would be read a million times. What was
        // changed in place does not fit the next line, which the next reader sees.
        let path = self.folder.join("custody.jsonl");
        let size = std::fs::metadata(&path).map_err(|error| Fault::io("read", &path, error))?.len();
        if size != self.chain.bytes || self.chain.torn > 0 {
            self.chain = read_chain(&self.folder)?;
        }
        if let Some(last) = self.chain.entries.last().filter(|last| last.time > act.time) {
            return Err(Fault::refused(
                "custody-time-backwards",
                format!("The last custody entry is of {}, this one would be of {}", last.time, act.time),
            )
            .advise("Check the clock of this machine, or the time you gave; a custody log never goes back."));
        }
        if self.chain.torn > 0 {
            self.set_torn_aside(act)?;
        }
        Ok(lock)
    }

    fn set_torn_aside(&mut self, act: &Act) -> Result<(), Fault> {
        let path = self.folder.join("custody.jsonl");
        let log = files::read_bounded(&path, Limits::HELD_BYTES)?;
        let torn = log.get(self.chain.bytes as usize..).unwrap_or_default();
        let digest = seal::sha256(torn);
        let note =
            format!("{} bytes of a write that was cut off were set aside in torn-{}", torn.len(), digest.short());
        files::write_whole(&self.folder.join(format!("torn-{}", digest.short())), torn)?;
        files::write_whole(&path, log.get(..self.chain.bytes as usize).unwrap_or(&log))?;
        self.chain.torn = 0;
        let entry = Entry { note: Some(note), sha256_before: Some(digest), ..blank(&self.chain, Deed::Recovered, act) };
        self.append(entry)
    }

    /// Appends one line; on the disk when this returns.
    pub(super) fn append(&mut self, entry: Entry) -> Result<(), Fault> {
        if self.chain.entries.len() >= Limits::CUSTODY_ENTRIES {
            return Err(Fault::refused("custody-full", "The custody log of this case is full")
                .advise("Open a second case and refer to this one."));
        }
        let mut line = entry.to_line()?;
        let head = seal::sha256(&line);
        line.push(b'\n');
        let path = self.folder.join("custody.jsonl");
        let write = || -> std::io::Result<()> {
            let mut file = OpenOptions::new().append(true).open(&path)?;
            file.write_all(&line)?;
            file.sync_data()
        };
        write().map_err(|error| Fault::io("append to", &path, error))?;
        self.chain.head = head;
        self.chain.bytes += line.len() as u64;
        self.chain.entries.push(entry);
        Ok(())
    }
}

pub(super) fn read_chain(folder: &Path) -> Result<Chain, Fault> {
    let path = folder.join("custody.jsonl");
    custody::read(&files::read_bounded(&path, Limits::HELD_BYTES)?).map_err(|fault| fault.in_file(&path))
}

/// The next entry of a chain, with nothing filled in but what every entry has.
pub(super) fn blank(chain: &Chain, deed: Deed, act: &Act) -> Entry {
    Entry::new(chain.entries.len() as u64 + 1, act.time, deed, act.by, act.purpose, chain.head)
}
