//! Appending to the log: one run at a time, on the disk before anything is said to be done.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;

use model::Fault;
use privacy::consent::{Act, Append, Entry, Key, Marks, Pseudonym, Tip};
use privacy::identity;

use super::file::{LEDGER_HEAD, LEDGER_LINES, Lock, read_at, sync_folder};
use super::{Consents, is_given};
use crate::cli::context::Context;

/// The index is made anew when so many lines stand behind it.
const TAIL_MAX: u64 = 256;
/// So many rounds of looking for further identities of one person; more are several people.
const ROUNDS_MAX: usize = 16;

/// The right to append, and what is to be appended.
pub(crate) struct Writing<'c> {
    pub(crate) consents: &'c Consents,
    pub(crate) lines: Append,
    before: Tip,
    pub(super) lock: Lock,
}

impl Consents {
    /// Waits for its turn, and begins the log where there is none.
    ///
    /// # Errors
    /// `consent-busy`; as `Consents::head`.
    pub(crate) fn write(&self, context: &Context) -> Result<Writing<'_>, Fault> {
        let lock = self.lock()?;
        let there = self.path("log.jsonl").is_file();
        let before = if there { self.head_locked(context, &lock)? } else { Tip::start() };
        let mut writing = Writing { consents: self, lines: Append::behind(before), before, lock };
        if before.lines == 0 {
            let key = self.secret_id().to_owned();
            writing.lines.add(Entry::Begun { key, normalisation: identity::VERSION }, context.now());
        }
        Ok(writing)
    }
}

impl Writing<'_> {
    /// Adds an act; the number of its line comes back.
    pub(crate) fn add(&mut self, context: &Context, act: Act) -> u64 {
        self.lines.add(Entry::Act(Box::new(act)), context.now())
    }

    /// Everybody whose consents for `purpose` end when `subject` withdraws: the identities that stand beside theirs in a consent
    /// that holds. Otherwise it would go on to hold under a name that nobody thought of.
    ///
    /// # Errors
    /// As `Consents::head`.
    pub(crate) fn whole_person(
        &self,
        context: &Context,
        subject: &[Pseudonym],
        purpose: &str,
    ) -> Result<Vec<Pseudonym>, Fault> {
        let mut all: BTreeSet<Pseudonym> = subject.iter().cloned().collect();
        if self.before.lines == 0 {
            return Ok(all.into_iter().collect());
        }
        let mut asked = BTreeSet::new();
        for _ in 0..ROUNDS_MAX {
            let new: Vec<Key> =
                all.iter().map(|one| Key::of(&one.digest, purpose)).filter(|key| asked.insert(*key)).collect();
            if new.is_empty() {
                break;
            }
            let (marks, tip) = self.consents.marks(context, &new, Some(&self.lock))?;
            for mark in marks.iter().filter(|mark| is_given(mark, tip.now(context.now()))) {
                if let Entry::Act(act) = self.consents.line_of(mark)?.0.entry {
                    all.extend(act.subject);
                }
            }
        }
        Ok(all.into_iter().collect())
    }

    /// Whether there are lines on the disk.
    pub(super) fn is_begun(&self) -> bool {
        self.before.lines > 0
    }

    /// Whether nothing is to be appended.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.lines().iter().all(|(line, _)| matches!(line.entry, Entry::Begun { .. }))
    }

    /// Appends what was added so far. On return it is on the disk; more can be added.
    ///
    /// # Errors
    /// I/O faults; then the log is as it was.
    pub(crate) fn flush(&mut self) -> Result<Tip, Fault> {
        let path = self.consents.path("log.jsonl");
        let fault = |error| Fault::io("write", &path, error);
        let fresh = self.before.lines == 0;
        let mut file = File::options().create(true).append(true).mode(0o600).open(&path).map_err(fault)?;
        let written = file.write_all(self.lines.bytes()).and_then(|()| file.sync_data());
        if let Err(error) = written {
            // What did not fit is taken back; if that fails too, the next run cuts off what is unfinished.
            let _ = file.set_len(self.before.size).and_then(|()| file.sync_data());
            return Err(fault(error));
        }
        if fresh {
            sync_folder(&self.consents.folder)?;
        }
        let tip = self.lines.tip();
        // Without it the log is read once more: nothing is lost.
        let _ = self.consents.write_head(&tip);
        self.before = tip;
        self.lines = Append::behind(tip);
        Ok(tip)
    }

    /// Appends, brings the index up to date where it is far behind, and tells the trace how far the log has come.
    ///
    /// # Errors
    /// As [`Writing::flush`].
    pub(crate) fn finish(mut self, context: &mut Context) -> Result<Tip, Fault> {
        let tip = self.flush()?;
        context.trace.digest(LEDGER_HEAD, tip.digest);
        context.trace.count(LEDGER_LINES, tip.lines);
        // An index that could not be made is made by whoever asks next.
        let _ = self.consents.renew_index(&tip);
        drop(self.lock);
        Ok(tip)
    }
}

impl Consents {
    /// Makes the index anew where it is far behind `tip`, from the old one and the lines behind it.
    fn renew_index(&self, tip: &Tip) -> Result<(), Fault> {
        let fault = |error| Fault::io("read", &self.path("index"), error);
        if let Some((index, file)) = self.index()? {
            if index.tip().lines <= tip.lines && tip.lines - index.tip().lines <= TAIL_MAX {
                return Ok(());
            }
            if let Some(tail) = self.tail(index.tip(), tip)?
                && let Some(mut marks) = index.entries(&mut read_at(&file)).map_err(fault)?
            {
                marks.extend(tail);
                return self.write_index(tip, &mut marks);
            }
        }
        let mut marks = Vec::new();
        let read = self.read_behind(Tip::start(), tip.size, &mut |line, digest, offset, length| {
            marks.extend(Marks::of(line, digest, offset, length));
            Ok(())
        })?;
        if read == *tip { self.write_index(tip, &mut marks) } else { Ok(()) }
    }
}
