//! How the custody of an exhibit ends: it is given back, or destroyed.

use std::fs;

use model::{Fault, Progress};

use super::acts::{check_handling, check_transfer, handled};
use super::log::blank;
use super::{Act, Case, Exhibit, Handling, Transfer};
use crate::custody::{Deed, Entry};
use crate::names::check_text;
use crate::{Limits, files};

impl Case {
    /// Records that an exhibit was given back. The file that the case has stays in it, and can be looked at; nothing changes
    /// hands any more.
    ///
    /// # Errors
    /// `custody-ended` when it was given back or destroyed before; otherwise as [`Case::transfer`].
    pub fn give_back(&mut self, transfer: &Transfer, act: &Act, progress: &dyn Progress) -> Result<Entry, Fault> {
        check_transfer(transfer)?;
        let _lock = self.begin(act)?;
        self.refuse_ended(transfer.exhibit)?;
        let exhibit = self.measured(transfer.exhibit, progress)?;
        let entry = Entry {
            from: Some(self.holder(&exhibit)),
            to: Some(transfer.to.to_owned()),
            exhibit: Some(exhibit.id),
            size: Some(exhibit.size),
            sha256_before: Some(exhibit.sha256),
            sha256_after: Some(exhibit.sha256),
            ..handled(blank(&self.chain, Deed::Returned, act), &transfer.handling)
        };
        self.append(entry.clone())?;
        Ok(entry)
    }

    /// Records that an exhibit was destroyed, and how, and removes its file. What it was, its digest and its history stay in the
    /// log. The line is on the disk before the file is gone; where the file could not be removed, the same call removes it
    /// later.
    ///
    /// # Errors
    /// `custody-ended` when it was destroyed before and its file is gone; `no-such-exhibit`, `exhibit-changed`; otherwise as
    /// [`Case::note`].
    pub fn destroy(
        &mut self,
        exhibit: &str,
        how: &str,
        handling: &Handling,
        act: &Act,
        progress: &dyn Progress,
    ) -> Result<Entry, Fault> {
        check_text("How the exhibit is destroyed", how, Limits::TEXT_BYTES)?;
        check_handling(handling)?;
        let _lock = self.begin(act)?;
        let exhibit = self.exhibit(exhibit)?;
        if let Some(line) = self.chain.destroyed().get(exhibit.id.as_str()).map(|line| (*line).clone()) {
            return match self.folder.join(&exhibit.file).exists() {
                true => self.remove(&exhibit).map(|()| line),
                false => Err(ended(&line)),
            };
        }
        let exhibit = self.measured(&exhibit.id, progress)?;
        let entry = Entry {
            from: Some(self.holder(&exhibit)),
            exhibit: Some(exhibit.id.clone()),
            note: Some(how.to_owned()),
            size: Some(exhibit.size),
            sha256_before: Some(exhibit.sha256),
            ..handled(blank(&self.chain, Deed::Destroyed, act), handling)
        };
        self.append(entry.clone())?;
        self.remove(&exhibit)?;
        Ok(entry)
    }

    fn remove(&self, exhibit: &Exhibit) -> Result<(), Fault> {
        let path = self.folder.join(&exhibit.file);
        let home = self.folder.join("exhibits").join(&exhibit.id);
        fs::remove_dir_all(&home).map_err(|error| Fault::io("remove", &path, error))?;
        files::sync_parent(&home)
    }

    /// An exhibit that was given back or destroyed changes hands no more.
    pub(super) fn refuse_ended(&self, exhibit: &str) -> Result<(), Fault> {
        let mut of = self.chain.entries.iter().filter(|entry| entry.exhibit.as_deref() == Some(exhibit));
        of.rfind(|entry| entry.deed.ends_custody()).map_or(Ok(()), |line| Err(ended(line)))
    }
}

pub(super) fn ended(line: &Entry) -> Fault {
    let id = line.exhibit.as_deref().unwrap_or_default();
    let date = line.time.date();
    let message = match (line.deed, &line.to) {
        (Deed::Returned, Some(to)) => format!("{id} was given back to {} on {date}", crate::names::quote(to)),
        _ => format!("{id} was destroyed on {date}"),
    };
    Fault::refused("custody-ended", message)
        .advise("Write a remark with `case note`; what comes in again is a new exhibit, with `case add`.")
}
