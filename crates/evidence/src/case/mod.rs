//! A case: a folder of exhibits, evaluations and AI-reasoning records, and the custody log that says how they came there.
//!
//! ```text
//! <root>/<id>/case.json                  what never changes: id, title, when it was opened and by whom
//! <root>/<id>/custody.jsonl              the log; an exhibit is in the case when its line is here
//! <root>/<id>/exhibits/EX-001/<name>     the exhibit, byte for byte
//! <root>/<id>/evaluations/0001.json      a verdict, as it was written
//! <root>/<id>/reasoning/0001.json        what an AI model said, as it was recorded
//! ```
//! Files are on the disk before their line is, and a line is on the disk when the call returns. After a crash a file
//! without a line is left over (the next one takes its place) or a torn line (it is set aside, and a line says so).

mod acts;
mod disk;
mod end;
mod log;
mod read;

use std::fs;
use std::path::{Path, PathBuf};

use model::{Digest, Fault, Instant, Progress};

use crate::custody::{Chain, Deed, Entry, Status};
use crate::names::{check_case_id, check_text, quote};
use crate::wire::CaseFolder;
use crate::{Limits, files, json};

pub use acts::{Receipt, Transfer};
pub(crate) use read::{Evaluated, exhibit_of, read_evaluation, reasoned_of, recorded_of};

/// Who does something to a case, when and why.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    /// When.
    pub time: Instant,
    /// Who.
    pub by: &'a str,
    /// Why.
    pub purpose: &'a str,
}

/// An exhibit that is to come into a case.
#[derive(Clone, Copy, Debug)]
pub struct NewExhibit<'a> {
    /// The name it had where it was found. Kept as data; the file gets a safe name.
    pub name: &'a str,
    /// What it is, for people.
    pub description: &'a str,
}

/// How an exhibit was made that is the log of redactions: the report says what such a log says.
pub const REDACTION_LOG: &str = "log of the redactions";

/// Where an exhibit comes from. `None` is "not recorded".
#[derive(Clone, Copy, Debug, Default)]
pub struct Origin<'a> {
    /// What it is to the thing that was found.
    pub provenance: Provenance<'a>,
    /// The path it was taken from, as it was given.
    pub path: Option<&'a str>,
    /// The host, device or person it was taken from, as stated.
    pub source: Option<&'a str>,
    /// When the file was last modified, as its file system says.
    pub modified: Option<Instant>,
    /// The time that its content covers, as stated.
    pub period: Option<&'a str>,
    /// How it was handled.
    pub handling: Handling<'a>,
}

/// What an exhibit is to the thing that was found.
#[derive(Clone, Copy, Debug, Default)]
pub enum Provenance<'a> {
    /// As it came from where it was found.
    #[default]
    Original,
    /// A copy of this exhibit: the same bytes, or it is refused.
    CopyOf(&'a str),
    /// Made from an exhibit.
    Derived {
        /// The exhibit.
        from: &'a str,
        /// How: the program, its version, what it was told.
        how: &'a str,
    },
}

/// How an exhibit was handled, besides who, when and why. `None` is "not recorded".
#[derive(Clone, Copy, Debug, Default)]
pub struct Handling<'a> {
    /// In which role the person acted.
    pub role: Option<&'a str>,
    /// Who writes it down, where that is somebody else than who did it.
    pub recorded_by: Option<&'a str>,
    /// By what authority: a warrant, an order, consent.
    pub authority: Option<&'a str>,
    /// The seal it is under: its number and state.
    pub seal: Option<&'a str>,
    /// Where it is kept.
    pub storage: Option<&'a str>,
}

/// An exhibit of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exhibit {
    /// `EX-001`.
    pub id: String,
    /// The name of its file: safe in paths.
    pub name: String,
    /// The path in the case folder: `exhibits/EX-001/<name>`.
    pub file: String,
    /// The name it had where it was found.
    pub original_name: String,
    /// What it is.
    pub description: String,
    /// Bytes.
    pub size: u64,
    /// Digest of its bytes.
    pub sha256: Digest,
    /// When it came into the case.
    pub collected: Instant,
    /// Who brought it.
    pub collected_by: String,
    /// What it is to the thing that was found; `None` where that was not recorded (`custody/1`).
    pub status: Option<Status>,
    /// The exhibit it is a copy of, or was made from.
    pub parent: Option<String>,
    /// How it was made from that.
    pub derivation: Option<String>,
    /// The path it was taken from, as it was given.
    pub original_path: Option<String>,
    /// The host, device or person it was taken from, as stated.
    pub source: Option<String>,
    /// When the file was last modified, as its file system said.
    pub modified: Option<Instant>,
    /// The time that its content covers, as stated.
    pub period: Option<String>,
}

/// An evaluation or an AI-reasoning record of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The path in the case folder: `evaluations/0001.json`, `reasoning/0001.json`.
    pub file: String,
    /// Bytes.
    pub size: u64,
    /// Digest of its bytes.
    pub sha256: Digest,
    /// When it was recorded.
    pub time: Instant,
    /// Who recorded it.
    pub by: String,
}

/// An open case.
#[derive(Debug)]
pub struct Case {
    folder: PathBuf,
    id: String,
    title: String,
    opened: Instant,
    opened_by: String,
    chain: Chain,
}

impl Case {
    /// Opens a new case in `<root>/<id>`. On return it is on the disk; on failure nothing is there.
    ///
    /// # Errors
    /// `bad-case-id`, `case-exists`, `text-missing`, `text-too-long`, or what the disk says.
    pub fn create(root: &Path, id: &str, title: &str, act: &Act) -> Result<Case, Fault> {
        check_case_id(id)?;
        check_text("The title of the case", title, Limits::LINE_BYTES)?;
        check_act(act)?;
        let folder = root.join(id);
        if folder.exists() {
            return Err(already_there(id));
        }
        files::make_folder(root)?;
        let draft = files::draft(&folder);
        if draft.exists() {
            fs::remove_dir_all(&draft).map_err(|error| Fault::io("remove", &draft, error))?;
        }
        files::make_folder(&draft.join("exhibits"))?;
        files::make_folder(&draft.join("evaluations"))?;
        let wire = CaseFolder {
            schema: "case-folder/1".to_owned(),
            id: id.to_owned(),
            title: title.to_owned(),
            opened: act.time.to_string(),
            by: act.by.to_owned(),
        };
        files::write_whole(&draft.join("case.json"), &json::to_pretty(&wire)?)?;
        let opened = Entry { note: Some(title.to_owned()), ..log::blank(&Chain::EMPTY, Deed::Opened, act) };
        let mut line = opened.to_line()?;
        line.push(b'\n');
        files::write_whole(&draft.join("custody.jsonl"), &line)?;
        // A folder with something in it is never replaced: rename(2) answers ENOTEMPTY.
        fs::rename(&draft, &folder).map_err(|error| match folder.exists() {
            true => already_there(id),
            false => Fault::io("create", &folder, error),
        })?;
        files::sync_parent(&folder)?;
        Case::open(root, id)
    }

    /// Opens a case that is there, and walks its custody log.
    ///
    /// # Errors
    /// `bad-case-id`, `case-missing`, `case-damaged`, `custody-broken`, or what the disk says.
    pub fn open(root: &Path, id: &str) -> Result<Case, Fault> {
        check_case_id(id)?;
        let folder = root.join(id);
        let path = folder.join("case.json");
        if !path.exists() {
            return Err(Fault::bad_input("case-missing", format!("There is no case {id} in {}", root.display()))
                .advise("List the cases, or open a new one."));
        }
        let damaged = |why: String| {
            Fault::bad_input("case-damaged", format!("{} is not the file of a case: {why}", path.display()))
                .advise("Restore the case folder from a backup.")
        };
        let wire: CaseFolder = json::read(&files::read_bounded(&path, 1 << 20)?).map_err(damaged)?;
        if wire.schema != "case-folder/1" || wire.id != id {
            return Err(damaged(format!("it says {} and {}", quote(&wire.schema), quote(&wire.id))));
        }
        let opened = crate::wire::instant(&wire.opened).map_err(damaged)?;
        let chain = log::read_chain(&folder)?;
        let first = chain.entries.first();
        let agrees = first.is_some_and(|entry| {
            entry.deed == Deed::Opened
                && entry.note.as_deref() == Some(&wire.title)
                && entry.time == opened
                && entry.by == wire.by
        });
        if !agrees {
            return Err(damaged("it does not agree with the first line of the custody log".to_owned()));
        }
        Ok(Case { folder, id: wire.id, title: wire.title, opened, opened_by: wire.by, chain })
    }

    /// The ids of the cases in `root`, sorted. A root that is not there has none.
    ///
    /// # Errors
    /// What the disk says.
    pub fn list(root: &Path) -> Result<Vec<String>, Fault> {
        let folders = match fs::read_dir(root) {
            Ok(folders) => folders,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Fault::io("read", root, error)),
        };
        let mut ids = Vec::new();
        for folder in folders {
            let folder = folder.map_err(|error| Fault::io("read", root, error))?;
            let name = folder.file_name().to_string_lossy().into_owned();
            if check_case_id(&name).is_ok() && folder.path().join("case.json").exists() {
                ids.push(name);
            }
        }
        ids.sort();
        Ok(ids)
    }

    /// The id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// When the case was opened.
    pub fn opened(&self) -> Instant {
        self.opened
    }

    /// Who opened it.
    pub fn opened_by(&self) -> &str {
        &self.opened_by
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The custody log as it was when the case was opened or last changed through this value.
    pub fn custody(&self) -> &Chain {
        &self.chain
    }

    /// The exhibits, in the order in which they came.
    pub fn exhibits(&self) -> Vec<Exhibit> {
        self.chain.entries.iter().filter_map(exhibit_of).collect()
    }

    /// The exhibit of that id.
    ///
    /// # Errors
    /// `no-such-exhibit`.
    pub fn exhibit(&self, id: &str) -> Result<Exhibit, Fault> {
        self.exhibits().into_iter().find(|exhibit| exhibit.id == id).ok_or_else(|| {
            Fault::bad_input("no-such-exhibit", format!("The case has no exhibit {}", quote(id)))
                .advise("Run `probity case show` to see what the case holds.")
        })
    }

    /// The evaluations, in the order in which they were recorded.
    pub fn evaluations(&self) -> Vec<Recorded> {
        self.chain.entries.iter().filter_map(recorded_of).collect()
    }

    /// The AI-reasoning records, in the order in which they were recorded.
    pub fn reasoning(&self) -> Vec<Recorded> {
        self.chain.entries.iter().filter_map(reasoned_of).collect()
    }

    /// Walks the custody log on the disk again and re-hashes every exhibit, evaluation and AI-reasoning record; checks the
    /// countersignatures.
    ///
    /// # Errors
    /// `custody-broken`, `countersignature-wrong`, `exhibit-changed` with the first file that is missing or not as collected.
    pub fn check(&self, progress: &dyn Progress) -> Result<Chain, Fault> {
        let chain = log::read_chain(&self.folder)?;
        let held: Vec<&Entry> = chain.entries.iter().filter(|entry| entry.file.is_some()).collect();
        progress.start("check the exhibits", held.iter().filter_map(|entry| entry.size).sum());
        let destroyed = chain.destroyed();
        for entry in held {
            let Some(file) = &entry.file else { continue };
            if entry.exhibit.as_deref().is_some_and(|id| destroyed.contains_key(id)) {
                still_there(&self.folder, file)?;
                continue;
            }
            let there = disk::hash_file(&self.folder.join(file), progress)?;
            if entry.size != Some(there.0) || entry.sha256_after != Some(there.1) {
                return Err(changed(file));
            }
        }
        progress.finish();
        match chain.wrong_countersignatures(&self.id).first() {
            None => Ok(chain),
            Some(wrong) => {
                Err(Fault::unverified("countersignature-wrong", format!("The custody log is not sound: {wrong}"))
                    .advise("Compare the log with a package that was built before, which holds a copy."))
            }
        }
    }
}

fn already_there(id: &str) -> Fault {
    Fault::refused("case-exists", format!("There is a case {id} already"))
        .advise("Choose another id, or add to the case that is there.")
}

pub(crate) fn changed(file: &str) -> Fault {
    Fault::unverified("exhibit-changed", format!("{file} is not what the custody log says was collected")).advise(
        "Restore the file from where it was collected, or from an earlier package; its digest is in the custody log.",
    )
}

fn still_there(folder: &Path, file: &str) -> Result<(), Fault> {
    match folder.join(file).exists() {
        false => Ok(()),
        true => {
            Err(Fault::unverified("exhibit-still-there", format!("{file} is there, and the log says it was destroyed"))
                .advise("Run `probity case destroy` for it again, or find out who put it back."))
        }
    }
}

fn check_act(act: &Act) -> Result<(), Fault> {
    check_text("The name of the person", act.by, Limits::LINE_BYTES)?;
    check_text("The purpose", act.purpose, Limits::TEXT_BYTES)
}
