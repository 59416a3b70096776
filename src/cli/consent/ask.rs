//! Asking how it stands, without reading the whole log.

use model::Fault;
use privacy::consent::{Channel, Entry, Key, Line, Mark, Marks, Pseudonym, Tip, decide};

use super::file::{Lock, read_at};
use super::{Answer, Consents};
use crate::cli::context::Context;

impl Consents {
    /// How it stands with whoever has one of these pseudonyms.
    ///
    /// # Errors
    /// As [`Consents::head`].
    pub(crate) fn ask(
        &self,
        context: &Context,
        subject: &[Pseudonym],
        purpose: &str,
        channel: Option<&str>,
    ) -> Result<Answer, Fault> {
        let keys: Vec<Key> = subject.iter().map(|one| Key::of(&one.digest, purpose)).collect();
        let (marks, tip) = self.marks(context, &keys, None)?;
        let now = tip.now(context.now());
        let (standing, mark) = decide(&marks, Channel::of(channel), now);
        let by = mark.map(|mark| self.said(mark, subject, purpose)).transpose()?;
        Ok(Answer { standing, by, tip })
    }

    /// The line that decides, read and compared.
    fn said(&self, mark: &Mark, subject: &[Pseudonym], purpose: &str) -> Result<(Line, model::Digest), Fault> {
        let (line, digest) = self.line_of(mark)?;
        match &line.entry {
            Entry::Act(act) if act.purpose == purpose && act.subject.iter().any(|one| subject.contains(one)) => {
                Ok((line, digest))
            }
            _ => Err(Fault::unverified("consent-log-broken", "The line is about somebody or something else")
                .at(model::Place::line(line.number + 1, 0).in_file(&self.path("log.jsonl")))
                .advise("Restore the log from a backup.")),
        }
    }

    /// The last marks of `keys`, up to the end of the log; of whoever holds the lock with it.
    pub(super) fn marks(
        &self,
        context: &Context,
        keys: &[Key],
        lock: Option<&Lock>,
    ) -> Result<(Vec<Mark>, Tip), Fault> {
        // Another run can append, and make the index anew, between the two.
        for _ in 0..3 {
            let head = match lock {
                Some(lock) => self.head_locked(context, lock)?,
                None => self.head(context)?,
            };
            if let Some(marks) = self.indexed(keys, &head)? {
                return Ok((marks, head));
            }
        }
        // No index of this log: it is read, and the index made again.
        let _taken = if lock.is_none() { Some(self.lock()?) } else { None };
        let mut all = Vec::new();
        let tip = self.read(context, &mut |line, digest, offset, length| {
            all.extend(Marks::of(line, digest, offset, length));
            Ok(())
        })?;
        let marks = all.iter().filter(|(key, _)| keys.contains(key)).map(|(_, mark)| *mark).collect();
        let _ = self.write_index(&tip, &mut all).and_then(|()| self.write_head(&tip));
        Ok((marks, tip))
    }

    /// From the index and the lines behind it; `None` where they do not lead to `head`.
    fn indexed(&self, keys: &[Key], head: &Tip) -> Result<Option<Vec<Mark>>, Fault> {
        let Some((index, file)) = self.index()? else { return Ok(None) };
        let mut read = read_at(&file);
        let mut marks = Vec::new();
        for key in keys {
            match index.marks(key, &mut read).map_err(|error| Fault::io("read", &self.path("index"), error))? {
                Some(found) => marks.extend(found),
                None => return Ok(None),
            }
        }
        let Some(tail) = self.tail(index.tip(), head)? else { return Ok(None) };
        marks.extend(tail.into_iter().filter(|(key, _)| keys.contains(key)).map(|(_, mark)| mark));
        Ok(Some(marks))
    }

    /// The marks of the lines between the index and the end; `None` where the one does not lead to the other.
    pub(super) fn tail(&self, from: Tip, head: &Tip) -> Result<Option<Vec<(Key, Mark)>>, Fault> {
        if from == *head {
            return Ok(Some(Vec::new()));
        }
        if from.size >= head.size {
            return Ok(None);
        }
        let mut tail = Vec::new();
        let read = self.read_behind(from, head.size, &mut |line, digest, offset, length| {
            tail.extend(Marks::of(line, digest, offset, length));
            Ok(())
        });
        match read {
            Ok(tip) if tip == *head => Ok(Some(tail)),
            Ok(_) => Ok(None),
            // An index of another log does not fit to this one: the whole log is read, and says where it is broken.
            Err(fault) if fault.code() == "consent-log-broken" => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}
