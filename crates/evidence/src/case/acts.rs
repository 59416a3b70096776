//! What can be done to a case. Each act is one line of the custody log; on failure the case is as before.

use std::fs;
use std::io::Read;

use model::{Digest, Fault, Progress};
use seal::PublicKey;

use super::disk::{hash_file, store};
use super::end::ended;
use super::log::blank;
use super::{
    Act, Case, Exhibit, Handling, NewExhibit, Origin, Provenance, Recorded, changed, exhibit_of, read_evaluation,
};
use crate::custody::{Countersignature, Deed, Entry, Statement, Status};
use crate::names::{check_text, safe_name};
use crate::{Limits, files, reasoning};

/// A transfer of an exhibit.
#[derive(Clone, Debug)]
pub struct Transfer<'a> {
    /// The exhibit.
    pub exhibit: &'a str,
    /// Who receives it.
    pub to: &'a str,
    /// How it is handled.
    pub handling: Handling<'a>,
}

/// What the receiver of an exhibit gave back: see [`Statement`].
#[derive(Clone, Copy, Debug)]
pub struct Receipt<'a> {
    /// The statement as the receiver had it, byte for byte.
    pub statement: &'a [u8],
    /// The receiver's signature of it.
    pub signature: &'a str,
    /// The receiver's key, which the caller has from the receiver.
    pub receiver: &'a PublicKey,
}

impl Case {
    /// Takes an original into the case; nothing else is known about where it comes from. See [`Case::take_in`].
    ///
    /// # Errors
    /// As [`Case::take_in`].
    pub fn add(
        &mut self,
        content: &mut dyn Read,
        new: NewExhibit,
        act: &Act,
        progress: &dyn Progress,
    ) -> Result<Exhibit, Fault> {
        self.take_in(content, new, &Origin::default(), act, progress)
    }

    /// Takes an exhibit into the case: one pass, hashed while it is written. The exhibit that it is a copy of, or was made
    /// from, is hashed again. On return file and custody line are on the disk.
    ///
    /// # Errors
    /// `exhibit-too-large`, `too-many-exhibits`, `no-such-exhibit`, `not-a-copy`, `exhibit-changed` of the exhibit it comes
    /// from, `custody-time-backwards`, `case-busy`, `text-missing`, `text-too-long`, or what reader and disk say. The case is
    /// then as before.
    pub fn take_in(
        &mut self,
        content: &mut dyn Read,
        new: NewExhibit,
        origin: &Origin,
        act: &Act,
        progress: &dyn Progress,
    ) -> Result<Exhibit, Fault> {
        check_new(&new, origin)?;
        let _lock = self.begin(act)?;
        let (parent, before) = self.parent(&origin.provenance, progress)?;
        let id = self.next_exhibit()?;
        let file = format!("exhibits/{id}/{}", safe_name(new.name));
        let (path, home) = (self.folder.join(&file), self.folder.join("exhibits").join(&id));
        if home.exists() {
            // Left over from a crash: no custody line names it.
            fs::remove_dir_all(&home).map_err(|error| Fault::io("remove", &home, error))?;
        }
        files::make_folder(&home)?;
        let stored = store(content, &path, progress).and_then(|stored| check_copy(&origin.provenance, before, stored));
        let (size, sha256) = stored.inspect_err(|_| drop(fs::remove_dir_all(&home)))?;
        files::sync_parent(&path)?;
        files::sync_parent(&home)?;
        let text = |text: Option<&str>| text.map(str::to_owned);
        let entry = Entry {
            exhibit: Some(id),
            to: Some(act.by.to_owned()),
            status: Some(status(&origin.provenance)),
            parent,
            derivation: match origin.provenance {
                Provenance::Derived { how, .. } => Some(how.to_owned()),
                _ => None,
            },
            file: Some(file),
            original_name: Some(new.name.to_owned()),
            original_path: text(origin.path),
            source: text(origin.source),
            modified: origin.modified,
            period: text(origin.period),
            size: Some(size),
            note: Some(new.description.to_owned()),
            sha256_before: before,
            sha256_after: Some(sha256),
            ..handled(blank(&self.chain, Deed::Collected, act), &origin.handling)
        };
        let added = exhibit_of(&entry);
        self.append(entry)?;
        added.ok_or_else(|| Fault::internal("exhibit-lost", "The exhibit was added but cannot be described"))
    }

    fn next_exhibit(&self) -> Result<String, Fault> {
        let number = self.chain.entries.iter().filter(|entry| entry.deed == Deed::Collected).count() + 1;
        if number <= Limits::EXHIBITS {
            return Ok(format!("EX-{number:03}"));
        }
        Err(Fault::refused("too-many-exhibits", format!("The case has {} exhibits already", number - 1))
            .advise("Open a second case for the others."))
    }

    /// The exhibit that a new one comes from, and its digest, measured now.
    fn parent(
        &self,
        provenance: &Provenance,
        progress: &dyn Progress,
    ) -> Result<(Option<String>, Option<Digest>), Fault> {
        let id = match provenance {
            Provenance::Original => return Ok((None, None)),
            Provenance::CopyOf(id) | Provenance::Derived { from: id, .. } => id,
        };
        let parent = self.measured(id, progress)?;
        Ok((Some(parent.id), Some(parent.sha256)))
    }

    /// An exhibit whose file was hashed again just now, and is what was collected.
    pub(super) fn measured(&self, id: &str, progress: &dyn Progress) -> Result<Exhibit, Fault> {
        let exhibit = self.exhibit(id)?;
        if let Some(line) = self.chain.destroyed().get(id) {
            return Err(ended(line));
        }
        match hash_file(&self.folder.join(&exhibit.file), progress)? {
            (size, sha256) if (size, sha256) == (exhibit.size, exhibit.sha256) => Ok(exhibit),
            _ => Err(changed(&exhibit.file)),
        }
    }

    /// What the receiver of an exhibit has to sign. Nothing is recorded.
    ///
    /// # Errors
    /// `no-such-exhibit`, `exhibit-changed`, `text-missing`, `text-too-long`, or what the disk says.
    pub fn statement(&self, transfer: &Transfer, act: &Act, progress: &dyn Progress) -> Result<Statement, Fault> {
        super::check_act(act)?;
        check_transfer(transfer)?;
        self.refuse_ended(transfer.exhibit)?;
        let exhibit = self.measured(transfer.exhibit, progress)?;
        let text = |text: Option<&str>| text.map(str::to_owned);
        Ok(Statement {
            case: self.id.clone(),
            from: self.holder(&exhibit),
            exhibit: exhibit.id,
            size: exhibit.size,
            sha256: exhibit.sha256,
            to: transfer.to.to_owned(),
            reason: act.purpose.to_owned(),
            authority: text(transfer.handling.authority),
            seal: text(transfer.handling.seal),
            storage: text(transfer.handling.storage),
            stated: act.time,
        })
    }

    pub(super) fn holder(&self, exhibit: &Exhibit) -> String {
        self.chain.holder(&exhibit.id).unwrap_or(&exhibit.collected_by).to_owned()
    }

    /// Records that an exhibit changed hands, without a signature of the receiver.
    ///
    /// # Errors
    /// As [`Case::statement`] and [`Case::note`].
    pub fn transfer(&mut self, transfer: &Transfer, act: &Act, progress: &dyn Progress) -> Result<Entry, Fault> {
        let _lock = self.begin(act)?;
        let statement = self.statement(transfer, act, progress)?;
        self.transferred(statement, None, &transfer.handling, act)
    }

    /// Records that an exhibit changed hands and that its receiver signed for it. Who receives what, why and under which seal
    /// is what the statement says; the purpose of `act` is not asked.
    ///
    /// # Errors
    /// `bad-statement`, `statement-differs` when it does not fit the case as it is now, `bad-ssh-signature`,
    /// `wrong-namespace`, `wrong-signature`, `wrong-receiver`, `countersignature-used`; otherwise as [`Case::transfer`].
    pub fn transfer_countersigned(
        &mut self,
        exhibit: &str,
        receipt: &Receipt,
        handling: &Handling,
        act: &Act,
        progress: &dyn Progress,
    ) -> Result<Entry, Fault> {
        let stated = Statement::parse(receipt.statement)?;
        let act = Act { purpose: &stated.reason, ..*act };
        let _lock = self.begin(&act)?;
        let handling = Handling {
            authority: stated.authority.as_deref(),
            seal: stated.seal.as_deref(),
            storage: stated.storage.as_deref(),
            ..*handling
        };
        let transfer = Transfer { exhibit, to: &stated.to, handling };
        let now = Statement { stated: stated.stated, ..self.statement(&transfer, &act, progress)? };
        check_stated(&stated, &now, &act)?;
        let signed = stated.countersigned(receipt.signature, receipt.receiver)?;
        if self
            .chain
            .entries
            .iter()
            .any(|entry| entry.countersignature.as_ref().is_some_and(|known| known.signature == signed.signature))
        {
            return Err(Fault::refused("countersignature-used", "This signature stands in the custody log already")
                .advise("Each transfer has a statement of its own: write a new one and let the receiver sign it."));
        }
        self.transferred(now, Some(signed), &handling, &act)
    }

    fn transferred(
        &mut self,
        statement: Statement,
        countersignature: Option<Countersignature>,
        handling: &Handling,
        act: &Act,
    ) -> Result<Entry, Fault> {
        let entry = Entry {
            exhibit: Some(statement.exhibit),
            from: Some(statement.from),
            to: Some(statement.to),
            size: Some(statement.size),
            sha256_before: Some(statement.sha256),
            sha256_after: Some(statement.sha256),
            countersignature,
            ..handled(blank(&self.chain, Deed::Transferred, act), handling)
        };
        self.append(entry.clone())?;
        Ok(entry)
    }

    /// Records that an exhibit was looked at, with its digest measured just now.
    ///
    /// # Errors
    /// `no-such-exhibit`, `exhibit-changed`; otherwise as [`Case::note`].
    pub fn access(
        &mut self,
        exhibit: &str,
        handling: &Handling,
        act: &Act,
        progress: &dyn Progress,
    ) -> Result<Entry, Fault> {
        check_handling(handling)?;
        let _lock = self.begin(act)?;
        let exhibit = self.measured(exhibit, progress)?;
        let entry = Entry {
            exhibit: Some(exhibit.id),
            size: Some(exhibit.size),
            sha256_before: Some(exhibit.sha256),
            sha256_after: Some(exhibit.sha256),
            ..handled(blank(&self.chain, Deed::Accessed, act), handling)
        };
        self.append(entry.clone())?;
        Ok(entry)
    }

    /// Records the outcome of an evaluation (`evaluation/1`, `judgement/1`), byte for byte.
    ///
    /// # Errors
    /// `bad-evaluation` when it is not one; otherwise as [`Case::add`].
    pub fn record_evaluation(&mut self, evaluation: &[u8], act: &Act) -> Result<Recorded, Fault> {
        read_evaluation(evaluation).map_err(|why| {
            Fault::bad_input("bad-evaluation", format!("This is not the outcome of an evaluation: {why}"))
                .advise("Record what evaluate wrote with --json, unchanged.")
        })?;
        let _lock = self.begin(act)?;
        let number = self.evaluations().len() + 1;
        if number > Limits::EVALUATIONS {
            return Err(Fault::refused(
                "too-many-evaluations",
                format!("The case has {} evaluations already", number - 1),
            )
            .advise("Open a second case for the others."));
        }
        let entry = blank(&self.chain, Deed::Evaluated, act);
        self.record(format!("evaluations/{number:04}.json"), evaluation, entry)
    }

    /// Records what an AI model said (`reasoning/1`), byte for byte. Its inputs are exhibits of the case, or are outside.
    ///
    /// # Errors
    /// `bad-reasoning` when it is no such record, or names an exhibit that is not in the case; otherwise as [`Case::add`].
    pub fn record_reasoning(&mut self, record: &[u8], handling: &Handling, act: &Act) -> Result<Recorded, Fault> {
        check_handling(handling)?;
        let _lock = self.begin(act)?;
        reasoning::accept(record, &self.exhibits())?;
        let number = self.reasoning().len() + 1;
        if number > Limits::REASONING {
            return Err(Fault::refused(
                "too-many-reasoning-records",
                format!("The case has {} AI-reasoning records already", number - 1),
            )
            .advise("Open a second case for the others."));
        }
        files::make_folder(&self.folder.join("reasoning"))?;
        let entry = handled(blank(&self.chain, Deed::Reasoned, act), handling);
        self.record(format!("reasoning/{number:04}.json"), record, entry)
    }

    fn record(&mut self, file: String, bytes: &[u8], entry: Entry) -> Result<Recorded, Fault> {
        files::write_whole(&self.folder.join(&file), bytes)?;
        let sha256 = seal::sha256(bytes);
        let recorded =
            Recorded { file: file.clone(), size: bytes.len() as u64, sha256, time: entry.time, by: entry.by.clone() };
        self.append(Entry { file: Some(file), size: Some(recorded.size), sha256_after: Some(sha256), ..entry })?;
        Ok(recorded)
    }

    /// Writes a remark into the custody log.
    ///
    /// # Errors
    /// As [`Case::remark`].
    pub fn note(&mut self, text: &str, act: &Act) -> Result<(), Fault> {
        self.remark(text, &Handling::default(), act)
    }

    /// The same, with the role of whoever makes the remark and who wrote it down.
    ///
    /// # Errors
    /// `text-missing`, `text-too-long`; otherwise as [`Case::add`].
    pub fn remark(&mut self, text: &str, handling: &Handling, act: &Act) -> Result<(), Fault> {
        check_text("The remark", text, Limits::TEXT_BYTES)?;
        check_handling(handling)?;
        let _lock = self.begin(act)?;
        let line = handled(blank(&self.chain, Deed::Annotated, act), handling);
        self.append(Entry { note: Some(text.to_owned()), ..line })
    }

    /// Writes into the custody log that a package with this manifest left the house. The package itself holds the log as it was
    /// before.
    ///
    /// # Errors
    /// As [`Case::add`].
    pub fn record_export(&mut self, manifest: Digest, act: &Act) -> Result<(), Fault> {
        let _lock = self.begin(act)?;
        let note = Some("digest of manifest.json of the package".to_owned());
        self.append(Entry { note, sha256_after: Some(manifest), ..blank(&self.chain, Deed::Exported, act) })
    }
}

pub(super) fn handled(entry: Entry, handling: &Handling) -> Entry {
    let text = |text: Option<&str>| text.map(str::to_owned);
    Entry {
        role: text(handling.role),
        recorded_by: text(handling.recorded_by),
        authority: text(handling.authority),
        seal: text(handling.seal),
        storage: text(handling.storage),
        ..entry
    }
}

fn status(provenance: &Provenance) -> Status {
    match provenance {
        Provenance::Original => Status::Original,
        Provenance::CopyOf(_) => Status::VerifiedCopy,
        Provenance::Derived { .. } => Status::Derived,
    }
}

fn check_copy(provenance: &Provenance, before: Option<Digest>, stored: (u64, Digest)) -> Result<(u64, Digest), Fault> {
    match provenance {
        Provenance::CopyOf(id) if before != Some(stored.1) => {
            Err(Fault::refused("not-a-copy", format!("The file is no copy of {id}: its digest is {}", stored.1))
                .advise(
                    "Take it in with --derived-from and --how when it was made from the exhibit, or without either.",
                ))
        }
        _ => Ok(stored),
    }
}

fn check_new(new: &NewExhibit, origin: &Origin) -> Result<(), Fault> {
    check_text("The name of the exhibit", new.name, Limits::ORIGINAL_NAME_BYTES)?;
    if new.description.len() > Limits::TEXT_BYTES {
        check_text("The description of the exhibit", new.description, Limits::TEXT_BYTES)?;
    }
    if let Provenance::Derived { how, .. } = origin.provenance {
        check_text("How the exhibit was made", how, Limits::TEXT_BYTES)?;
    }
    check_each(&[
        ("The path of the exhibit", origin.path, Limits::ORIGINAL_NAME_BYTES),
        ("The source of the exhibit", origin.source, Limits::LINE_BYTES),
        ("The period of the exhibit", origin.period, Limits::LINE_BYTES),
    ])?;
    check_handling(&origin.handling)
}

pub(super) fn check_transfer(transfer: &Transfer) -> Result<(), Fault> {
    check_text("The name of the receiver", transfer.to, Limits::LINE_BYTES)?;
    check_handling(&transfer.handling)
}

pub(super) fn check_handling(handling: &Handling) -> Result<(), Fault> {
    check_each(&[
        ("The role", handling.role, Limits::LINE_BYTES),
        ("The name of whoever records it", handling.recorded_by, Limits::LINE_BYTES),
        ("The authority", handling.authority, Limits::TEXT_BYTES),
        ("The seal", handling.seal, Limits::LINE_BYTES),
        ("The storage", handling.storage, Limits::LINE_BYTES),
    ])
}

fn check_each(texts: &[(&str, Option<&str>, usize)]) -> Result<(), Fault> {
    texts.iter().try_for_each(|(what, text, max)| text.map_or(Ok(()), |text| check_text(what, text, *max)))
}

/// A statement is good for the case as it is now: same exhibit, same bytes, same holder, not from the future.
fn check_stated(stated: &Statement, now: &Statement, act: &Act) -> Result<(), Fault> {
    let differs = [
        ("case", stated.case != now.case),
        ("exhibit", stated.exhibit != now.exhibit),
        ("size and digest", (stated.size, stated.sha256) != (now.size, now.sha256)),
        ("holder", stated.from != now.from),
        ("time", stated.stated > act.time),
    ];
    match differs.iter().find(|(_, differs)| *differs) {
        None => Ok(()),
        Some((what, _)) => Err(Fault::refused(
            "statement-differs",
            format!("The {what} in the statement is not that of this transfer"),
        )
        .advise("Write a new statement with `case transfer --statement` and let the receiver sign it.")),
    }
}
