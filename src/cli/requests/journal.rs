//! The journal of a request as a file.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use model::{ByteSize, Digest, Fault, Instant};
use privacy::journal::{Act, Chain, Journal};

use crate::cli::files;

const FILE_MAX: ByteSize = ByteSize(256 << 20);

/// Lines that are on the disk before anything is done.
pub(crate) struct FileJournal {
    path: PathBuf,
    file: File,
    chain: Chain,
    size: u64,
    clock: Box<dyn Fn() -> Instant>,
    /// Whether an unfinished line was cut off.
    pub(crate) torn: bool,
}

impl FileJournal {
    /// Opens the journal of `request`, or begins it. An unfinished line at its end is cut off and kept apart.
    ///
    /// # Errors
    /// `journal-broken`; I/O faults.
    pub(crate) fn open(path: &Path, request: &str, clock: Box<dyn Fn() -> Instant>) -> Result<Self, Fault> {
        let fault = |error| Fault::io("write", path, error);
        let file = File::options().create(true).append(true).mode(0o600).open(path).map_err(fault)?;
        File::open(files::folder_of(path)).and_then(|folder| folder.sync_all()).map_err(fault)?;
        let bytes = files::read(path, FILE_MAX)?;
        let read = Chain::read(request, &bytes).map_err(|fault| fault.in_file(path))?;
        if read.torn {
            let apart = path.with_extension(format!("torn-{}", read.whole));
            fs::write(&apart, &bytes[read.whole..]).map_err(|error| Fault::io("write", &apart, error))?;
            file.set_len(read.whole as u64).and_then(|()| file.sync_all()).map_err(fault)?;
        }
        let size = read.whole as u64;
        Ok(FileJournal { path: path.to_path_buf(), file, chain: read.chain, size, clock, torn: read.torn })
    }

    /// When its first line was entered.
    pub(crate) fn began(&self) -> Option<Instant> {
        self.chain.began()
    }

    /// The digest of the last line, which stands for all.
    pub(crate) fn head(&self) -> Digest {
        self.chain.head()
    }
}

impl Journal for FileJournal {
    fn enter(&mut self, acts: &[Act]) -> Result<(), Fault> {
        if acts.is_empty() {
            return Ok(());
        }
        let mut chain = self.chain.clone();
        let lines = chain.add(acts, (self.clock)());
        let written = self.file.write_all(&lines).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // What did not fit is taken back, so that the file ends with a whole line; if not, the next run cuts it off.
            let _ = self.file.set_len(self.size).and_then(|()| self.file.sync_data());
            return Err(Fault::io("write", &self.path, error));
        }
        self.size += lines.len() as u64;
        self.chain = chain;
        Ok(())
    }

    fn acts(&self) -> &[Act] {
        self.chain.acts()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use privacy::journal::Phase;

    /// A line that was not finished is cut off, kept apart and told; the chain goes on behind what is whole.
    #[test]
    fn a_torn_line_is_cut_off_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let open = || FileJournal::open(&path, "req-0001", Box::new(|| Instant::from_nanos(0))).unwrap();
        let act = |phase| Act::of(phase).in_store("shop");
        open().enter(&[act(Phase::Intent)]).unwrap();
        File::options().append(true).open(&path).unwrap().write_all(b"{\"at\":\"20").unwrap();
        let mut journal = open();
        assert!(journal.torn);
        journal.enter(&[act(Phase::Committed)]).unwrap();
        let again = open();
        assert!(!again.torn);
        assert_eq!(again.acts(), [act(Phase::Intent), act(Phase::Committed)]);
        let kept = fs::read_dir(folder.path()).unwrap().flatten().find(|entry| entry.path() != path).unwrap();
        assert_eq!(fs::read(kept.path()).unwrap(), b"{\"at\":\"20");
    }

    /// When the disk is full nothing is entered, and the file still ends with a whole line.
    #[test]
    fn a_full_disk_enters_nothing() {
        let mut journal = FileJournal {
            path: PathBuf::from("/dev/full"),
            file: File::options().append(true).open("/dev/full").unwrap(),
            chain: Chain::new("req-0001"),
            size: 0,
            clock: Box::new(|| Instant::from_nanos(0)),
            torn: false,
        };
        let fault = journal.enter(&[Act::of(Phase::Confirmed)]).unwrap_err();
        assert_eq!((fault.code(), journal.acts().len()), ("disk-full", 0));
    }
}
