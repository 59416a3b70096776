//! The log's file: read to its end and checked, or known to be untouched since.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::ControlFlow;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::time::Duration;

use ledger::{Fact, Filter};
use model::{ByteSize, Digest, Fault, Place};
use privacy::consent::{Entry, Head, Index, Key, Line, Mark, Marks, Reader, Stat, Tip, write_index};
use rustix::fs::{FlockOperation, flock};

use super::Consents;
use crate::cli::context::Context;
use crate::cli::{files, journal, keys};

const HEAD_MAX: ByteSize = ByteSize(4 << 10);
/// A line is shorter: what is longer is none.
const LINE_MAX: u64 = 64 << 10;
const LOCK_WAITS: u32 = 6_000;
const LOCK_WAIT: Duration = Duration::from_millis(5);
/// The name of the head's digest in an entry of the ledger.
pub(super) const LEDGER_HEAD: &str = "consent_head";
/// The name of the number of lines.
pub(super) const LEDGER_LINES: &str = "consent_lines";

/// Held by whoever writes, until it is dropped.
pub(super) struct Lock {
    _file: File,
}

/// Called for every line, with its digest, where it begins and how many bytes it has.
pub(crate) type Each<'e> = dyn FnMut(&Line, &Digest, u64, usize) -> Result<(), Fault> + 'e;

impl Consents {
    /// The end of the log, and that it is sound up to there: known, or read and checked now.
    ///
    /// # Errors
    /// `consent-log-broken`, `consent-log-cut`, `consent-other-key`, `consent-busy`; I/O faults.
    pub(super) fn head(&self, context: &Context) -> Result<Tip, Fault> {
        match self.known_head()? {
            Some(tip) => Ok(tip),
            None => {
                let lock = self.lock()?;
                self.head_locked(context, &lock)
            }
        }
    }

    /// The same for whoever holds the lock.
    pub(super) fn head_locked(&self, context: &Context, lock: &Lock) -> Result<Tip, Fault> {
        if let Some(tip) = self.known_head()? {
            return Ok(tip);
        }
        self.mend_tail(lock)?;
        let mut marks = Vec::new();
        let tip = self.read(context, &mut |line, digest, offset, length| {
            marks.extend(Marks::of(line, digest, offset, length));
            Ok(())
        })?;
        // Where they cannot be kept, the log is read again the next time.
        let _ = self.write_index(&tip, &mut marks).and_then(|()| self.write_head(&tip));
        Ok(tip)
    }

    fn known_head(&self) -> Result<Option<Tip>, Fault> {
        let Ok(text) = files::read_text(&self.path("head"), HEAD_MAX) else { return Ok(None) };
        let head = Head::parse(&self.key, &text);
        let stat = self.stat()?;
        Ok(head.filter(|head| head.stat == stat && head.tip.size == stat.size).map(|head| head.tip))
    }

    /// Reads the whole log and checks it.
    ///
    /// # Errors
    /// As [`Consents::head`]; what `each` says.
    pub(crate) fn read(&self, context: &Context, each: &mut Each<'_>) -> Result<Tip, Fault> {
        let known = known_tip(context)?;
        let path = self.path("log.jsonl");
        let mut seen = known.is_none_or(|(lines, _)| lines == 0);
        let tip = self.read_behind(Tip::start(), u64::MAX, &mut |line, digest, offset, length| {
            if let Entry::Begun { key, .. } = &line.entry
                && key != self.secret.id()
            {
                return Err(other_key(key, self.secret.id()));
            }
            if let Some((_, expect)) = known.filter(|(lines, _)| *lines == line.number + 1) {
                seen = true;
                if expect != *digest {
                    return Err(Fault::unverified(
                        "consent-log-broken",
                        "The line is not the one that the project's ledger knows",
                    )
                    .at(Place::line(line.number + 1, 0).in_file(&path))
                    .advise("The log was replaced. Restore it from a backup."));
                }
            }
            each(line, digest, offset, length)
        })?;
        match known.filter(|_| !seen) {
            Some((lines, _)) => Err(cut(lines, tip.lines).at(Place::file(&path))),
            None => Ok(tip),
        }
    }

    /// The same, of a log that may not be there yet.
    ///
    /// # Errors
    /// As [`Consents::read`].
    pub(crate) fn read_there(&self, context: &Context, each: &mut Each<'_>) -> Result<Tip, Fault> {
        if self.path("log.jsonl").is_file() { self.read(context, each) } else { Ok(Tip::start()) }
    }

    /// Reads the lines behind `tip` that begin before `end`. An unfinished line at the end was promised to nobody.
    pub(super) fn read_behind(&self, tip: Tip, end: u64, each: &mut Each<'_>) -> Result<Tip, Fault> {
        let path = self.path("log.jsonl");
        let fault = |error| Fault::io("read", &path, error);
        let mut file = File::open(&path).map_err(fault)?;
        file.seek(SeekFrom::Start(tip.size)).map_err(fault)?;
        let mut input = BufReader::with_capacity(1 << 20, file);
        let mut reader = Reader::behind(tip);
        let mut bytes = Vec::new();
        while reader.tip().size < end {
            bytes.clear();
            input.by_ref().take(LINE_MAX + 1).read_until(b'\n', &mut bytes).map_err(fault)?;
            let Some(line) = bytes.strip_suffix(b"\n") else {
                // Too long for a line of ours: the reader says where.
                return match bytes.len() as u64 > LINE_MAX {
                    true => Err(reader.line(&bytes).err().unwrap_or_else(|| cut(0, 0)).in_file(&path)),
                    false => Ok(reader.tip()),
                };
            };
            let offset = reader.tip().size;
            let (line, digest) = reader.line(line).map_err(|fault| fault.in_file(&path))?;
            each(&line, &digest, offset, bytes.len() - 1)?;
        }
        Ok(reader.tip())
    }

    /// One line, which has to be the one that left `mark`.
    pub(super) fn line_of(&self, mark: &Mark) -> Result<(Line, Digest), Fault> {
        let path = self.path("log.jsonl");
        let mut bytes = vec![0; mark.length as usize];
        let read = File::open(&path).and_then(|file| file.read_exact_at(&mut bytes, mark.offset));
        read.map_err(|error| Fault::io("read", &path, error))?;
        let digest = seal::sha256(&bytes);
        Line::read(&bytes).filter(|_| mark.is_of(&digest)).map(|line| (line, digest)).ok_or_else(|| {
            Fault::unverified("consent-log-broken", "The line is not the one that was entered")
                .at(Place::line(mark.number + 1, 0).in_file(&path))
                .advise("Restore the log from a backup. No consent is taken for given on the word of a log that was changed.")
        })
    }

    fn stat(&self) -> Result<Stat, Fault> {
        let path = self.path("log.jsonl");
        let metadata = fs::metadata(&path).map_err(|error| Fault::io("read", &path, error))?;
        let changed = metadata.ctime().saturating_mul(1_000_000_000).saturating_add(metadata.ctime_nsec());
        Ok(Stat { inode: metadata.ino(), size: metadata.len(), changed })
    }

    /// Cuts an unfinished line off and keeps it apart.
    fn mend_tail(&self, _lock: &Lock) -> Result<(), Fault> {
        let path = self.path("log.jsonl");
        let fault = |error| Fault::io("write", &path, error);
        let size = fs::metadata(&path).map_err(fault)?.len();
        let from = size.saturating_sub(LINE_MAX + 1);
        let mut end = Vec::new();
        let mut file = File::open(&path).map_err(fault)?;
        file.seek(SeekFrom::Start(from)).and_then(|_| file.read_to_end(&mut end)).map_err(fault)?;
        let whole = end.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if whole == end.len() || (whole == 0 && from > 0) {
            return Ok(());
        }
        let whole_size = from + whole as u64;
        files::write(&self.path(&format!("torn-{whole_size}")), &end[whole..], files::Existing::Replace)?;
        let file = File::options().write(true).open(&path).map_err(fault)?;
        file.set_len(whole_size).and_then(|()| file.sync_all()).map_err(fault)
    }

    /// Waits for whoever writes.
    pub(super) fn lock(&self) -> Result<Lock, Fault> {
        keys::private_folder(&self.folder)?;
        let path = self.path("lock");
        let fault = |error| Fault::io("open", &path, error);
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(fault)?;
        for _ in 0..LOCK_WAITS {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(rustix::io::Errno::WOULDBLOCK) => std::thread::sleep(LOCK_WAIT),
                Err(error) => return Err(fault(error.into())),
            }
        }
        Err(Fault::unavailable("consent-busy", "Another run has been writing consents for half a minute")
            .advise("Wait until it has ended, then run the command again; nothing was changed."))
    }

    pub(super) fn write_head(&self, tip: &Tip) -> Result<(), Fault> {
        let head = Head { tip: *tip, stat: self.stat()? };
        self.replace("head", |file| file.write_all(head.to_text(&self.key).as_bytes()))
    }

    pub(super) fn write_index(&self, tip: &Tip, marks: &mut Vec<(Key, Mark)>) -> Result<(), Fault> {
        self.replace("index", |file| {
            let mut out = std::io::BufWriter::with_capacity(1 << 20, file);
            write_index(&self.key, tip, marks, &mut out)?;
            out.flush()
        })
    }

    /// The index, where there is one; and how its file is read.
    pub(super) fn index(&self) -> Result<Option<(Index, File)>, Fault> {
        let path = self.path("index");
        let fault = |error| Fault::io("read", &path, error);
        let Ok(file) = File::open(&path) else { return Ok(None) };
        let index = Index::open(&self.key, &mut read_at(&file)).map_err(fault)?;
        Ok(index.map(|index| (index, file)))
    }

    /// Not synced: what is lost with the power is made again.
    fn replace(&self, name: &str, write: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<(), Fault> {
        let path = self.path(name);
        let fault = |error| Fault::io("write", &path, error);
        let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(&self.folder).map_err(fault)?;
        write(file.as_file_mut()).map_err(fault)?;
        file.persist(&path).map(drop).map_err(|error| fault(error.error))
    }
}

/// Reads what is there of so many bytes.
pub(super) fn read_at(file: &File) -> impl FnMut(u64, usize) -> std::io::Result<Vec<u8>> + '_ {
    |offset, length| {
        let mut bytes = vec![0; length];
        let mut read = 0;
        while read < length {
            match file.read_at(&mut bytes[read..], offset + read as u64)? {
                0 => break,
                more => read += more,
            }
        }
        bytes.truncate(read);
        Ok(bytes)
    }
}

/// How far the ledger knows the log: so many lines, and the digest of the last of them.
pub(super) fn known_tip(context: &Context) -> Result<Option<(u64, Digest)>, Fault> {
    if !journal::exists(context) {
        return Ok(None);
    }
    let view = ledger::View::open(&journal::folder(context))?;
    // Objections come in as requests.
    let told = ["consent", "request"].map(|command| told_by(&view, command));
    let told: Vec<_> = told.into_iter().collect::<Result<_, _>>()?;
    Ok(told.into_iter().flatten().max_by_key(|(lines, _)| *lines))
}

/// The last entry of a command that tells how far the log had come.
fn told_by(view: &ledger::View, command: &str) -> Result<Option<(u64, Digest)>, Fault> {
    let filter = Filter { command: Some(command.to_owned()), newest_first: true, ..Filter::default() };
    let mut known = None;
    view.search(&filter, |found| {
        let digest = found.entry.digests.iter().find(|(name, _)| name == LEDGER_HEAD).map(|(_, digest)| *digest);
        let lines = found.entry.facts.iter().find_map(|(name, fact)| match fact {
            Fact::Integer(lines) if name == LEDGER_LINES => u64::try_from(*lines).ok(),
            _ => None,
        });
        known = lines.zip(digest);
        if known.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(known)
}

pub(super) fn cut(known: u64, lines: u64) -> Fault {
    let message = format!("The project's ledger knows {known} lines of the log of consents, and it has {lines}");
    Fault::unverified("consent-log-cut", message)
        .advise("Lines were taken away, among them perhaps withdrawals. Restore the log from a backup.")
}

fn other_key(of_log: &str, ours: &str) -> Fault {
    let message = format!("The log of consents was begun with the secret {of_log}, and the project's is {ours}");
    Fault::unavailable("consent-other-key", message)
        .advise("Restore .probity/keys/tombstone.key from your backup: without it nobody in the log can be known.")
}

/// A folder's entries are on the disk.
pub(super) fn sync_folder(folder: &Path) -> Result<(), Fault> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| Fault::io("write", folder, error))
}
