//! A case: a folder of exhibits and evaluations, and the custody log that says how they came there.
//!
//! ```text
//! <root>/<id>/case.json                  what never changes: id, title, when it was opened and by whom
//! <root>/<id>/custody.jsonl              the log; an exhibit is in the case when its line is here
//! <root>/<id>/exhibits/EX-001/<name>     the exhibit, byte for byte
//! <root>/<id>/evaluations/0001.json      a verdict, as it was written
//! ```
//! Files are on the disk before their line is, and a line is on the disk when the call returns. After a crash a file
//! without a line is left over (the next one takes its place) or a torn line (it is set aside, and a line says so).

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use model::{Digest, Fault, Instant, Progress};
use seal::Hasher;

use crate::custody::{self, Chain, Deed, Entry};
use crate::names::{check_case_id, check_text, quote, safe_name};
use crate::wire::{CaseFolder, EvaluationFile};
use crate::{Limits, files, json};

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
}

/// An evaluation of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The path in the case folder: `evaluations/0001.json`.
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
        let opened = Entry { note: Some(title.to_owned()), ..blank(&Chain::EMPTY, Deed::Opened, act) };
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
        let chain = read_chain(&folder)?;
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

    /// The evaluations, in the order in which they were recorded.
    pub fn evaluations(&self) -> Vec<Recorded> {
        self.chain.entries.iter().filter_map(recorded_of).collect()
    }

    /// Takes an exhibit into the case: one pass, hashed while it is written. On return file and custody line are on the disk.
    ///
    /// # Errors
    /// `exhibit-too-large`, `too-many-exhibits`, `custody-time-backwards`, `case-busy`, `text-missing`, `text-too-long`,
    /// or what reader and disk say. The case is then as before.
    pub fn add(
        &mut self,
        content: &mut dyn Read,
        new: NewExhibit,
        act: &Act,
        progress: &dyn Progress,
    ) -> Result<Exhibit, Fault> {
        check_text("The name of the exhibit", new.name, Limits::ORIGINAL_NAME_BYTES)?;
        if new.description.len() > Limits::TEXT_BYTES {
            check_text("The description of the exhibit", new.description, Limits::TEXT_BYTES)?;
        }
        let _lock = self.begin(act)?;
        let number = self.exhibits().len() + 1;
        if number > Limits::EXHIBITS {
            return Err(Fault::refused("too-many-exhibits", format!("The case has {} exhibits already", number - 1))
                .advise("Open a second case for the others."));
        }
        let id = format!("EX-{number:03}");
        let file = format!("exhibits/{id}/{}", safe_name(new.name));
        let path = self.folder.join(&file);
        let home = self.folder.join("exhibits").join(&id);
        if home.exists() {
            // Left over from a crash: no custody line names it.
            fs::remove_dir_all(&home).map_err(|error| Fault::io("remove", &home, error))?;
        }
        files::make_folder(&home)?;
        let stored = store(content, &path, progress);
        let (size, sha256) = stored.inspect_err(|_| drop(fs::remove_dir_all(&home)))?;
        files::sync_parent(&path)?;
        files::sync_parent(&home)?;
        let entry = Entry {
            exhibit: Some(id),
            to: Some(act.by.to_owned()),
            file: Some(file),
            original_name: Some(new.name.to_owned()),
            size: Some(size),
            note: Some(new.description.to_owned()),
            sha256_after: Some(sha256),
            ..blank(&self.chain, Deed::Collected, act)
        };
        let added = exhibit_of(&entry);
        self.append(entry)?;
        added.ok_or_else(|| Fault::internal("exhibit-lost", "The exhibit was added but cannot be described"))
    }

    /// Records the outcome of an evaluation (`evaluation/1`), byte for byte.
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
        let file = format!("evaluations/{number:04}.json");
        files::write_whole(&self.folder.join(&file), evaluation)?;
        let entry = Entry {
            file: Some(file),
            size: Some(evaluation.len() as u64),
            sha256_after: Some(seal::sha256(evaluation)),
            ..blank(&self.chain, Deed::Evaluated, act)
        };
        let recorded = recorded_of(&entry);
        self.append(entry)?;
        recorded
            .ok_or_else(|| Fault::internal("evaluation-lost", "The evaluation was recorded but cannot be described"))
    }

    /// Writes a remark into the custody log.
    ///
    /// # Errors
    /// `text-missing`, `text-too-long`; otherwise as [`Case::add`].
    pub fn note(&mut self, text: &str, act: &Act) -> Result<(), Fault> {
        check_text("The remark", text, Limits::TEXT_BYTES)?;
        let _lock = self.begin(act)?;
        self.append(Entry { note: Some(text.to_owned()), ..blank(&self.chain, Deed::Annotated, act) })
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

    /// Walks the custody log on the disk again and re-hashes every exhibit and evaluation.
    ///
    /// # Errors
    /// `custody-broken`, `exhibit-changed` with the first file that is missing or not as collected.
    pub fn check(&self, progress: &dyn Progress) -> Result<Chain, Fault> {
        let chain = read_chain(&self.folder)?;
        let held: Vec<&Entry> = chain.entries.iter().filter(|entry| entry.file.is_some()).collect();
        progress.start("check the exhibits", held.iter().filter_map(|entry| entry.size).sum());
        for entry in held {
            let Some(file) = &entry.file else { continue };
            let there = hash_file(&self.folder.join(file), progress)?;
            if entry.size != Some(there.0) || entry.sha256_after != Some(there.1) {
                return Err(changed(file));
            }
        }
        progress.finish();
        Ok(chain)
    }

    /// Takes the lock, reads what others appended meanwhile, sets a torn line aside.
    fn begin(&mut self, act: &Act) -> Result<files::Lock, Fault> {
        check_act(act)?;
        let lock = files::lock(&self.folder)?;
        self.chain = read_chain(&self.folder)?;
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
    fn append(&mut self, entry: Entry) -> Result<(), Fault> {
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

impl Chain {
    const EMPTY: Chain = Chain { entries: Vec::new(), head: Digest::ZERO, bytes: 0, torn: 0 };
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

fn check_act(act: &Act) -> Result<(), Fault> {
    check_text("The name of the person", act.by, Limits::LINE_BYTES)?;
    check_text("The purpose", act.purpose, Limits::TEXT_BYTES)
}

fn read_chain(folder: &Path) -> Result<Chain, Fault> {
    let path = folder.join("custody.jsonl");
    custody::read(&files::read_bounded(&path, Limits::HELD_BYTES)?).map_err(|fault| fault.in_file(&path))
}

/// The next entry of a chain, with nothing filled in but what every entry has.
fn blank(chain: &Chain, deed: Deed, act: &Act) -> Entry {
    Entry {
        seq: chain.entries.len() as u64 + 1,
        time: act.time,
        deed,
        exhibit: None,
        by: act.by.to_owned(),
        from: None,
        to: None,
        purpose: act.purpose.to_owned(),
        file: None,
        original_name: None,
        size: None,
        note: None,
        sha256_before: None,
        sha256_after: None,
        prev: chain.head,
    }
}

pub(crate) fn exhibit_of(entry: &Entry) -> Option<Exhibit> {
    let file = entry.file.clone().filter(|_| entry.deed == Deed::Collected)?;
    Some(Exhibit {
        id: entry.exhibit.clone()?,
        name: file.rsplit('/').next()?.to_owned(),
        file,
        original_name: entry.original_name.clone()?,
        description: entry.note.clone().unwrap_or_default(),
        size: entry.size?,
        sha256: entry.sha256_after?,
        collected: entry.time,
        collected_by: entry.by.clone(),
    })
}

pub(crate) fn recorded_of(entry: &Entry) -> Option<Recorded> {
    let file = entry.file.clone().filter(|_| entry.deed == Deed::Evaluated)?;
    Some(Recorded { file, size: entry.size?, sha256: entry.sha256_after?, time: entry.time, by: entry.by.clone() })
}

/// Reads `evaluation/1`.
pub(crate) fn read_evaluation(bytes: &[u8]) -> Result<EvaluationFile, String> {
    if bytes.len() as u64 > Limits::EVALUATION_BYTES {
        return Err(format!("it is larger than {} bytes", Limits::EVALUATION_BYTES));
    }
    let evaluation: EvaluationFile = json::read(bytes)?;
    if evaluation.schema != "evaluation/1" {
        return Err(format!("its schema is {}", quote(&evaluation.schema)));
    }
    let is_verdict = |word: &str| ["met", "broken", "no data"].contains(&word);
    let words = evaluation.objectives.iter().map(|objective| objective.verdict.as_str());
    if let Some(word) = words.chain([evaluation.verdict.as_str()]).find(|word| !is_verdict(word)) {
        return Err(format!("{} is no verdict", quote(word)));
    }
    Ok(evaluation)
}

/// Copies a stream into a file that appears whole: size and digest.
fn store(content: &mut dyn Read, path: &Path, progress: &dyn Progress) -> Result<(u64, Digest), Fault> {
    let draft = files::draft(path);
    let mut file = File::create(&draft).map_err(|error| Fault::io("create", &draft, error))?;
    let mut hasher = Hasher::new();
    let mut block = vec![0; 1 << 18];
    let mut size = 0;
    loop {
        let got = match content.read(&mut block) {
            Ok(0) => break,
            Ok(got) => got,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Fault::io("read the exhibit for", path, error)),
        };
        size += got as u64;
        if size > Limits::EXHIBIT_BYTES {
            return Err(Fault::bad_input(
                "exhibit-too-large",
                format!("The exhibit is larger than {} bytes", Limits::EXHIBIT_BYTES),
            )
            .advise("Split it, and add the parts."));
        }
        hasher.update(&block[..got]);
        file.write_all(&block[..got]).map_err(|error| Fault::io("write", &draft, error))?;
        progress.advance(got as u64);
    }
    file.sync_all().map_err(|error| Fault::io("sync", &draft, error))?;
    fs::rename(&draft, path).map_err(|error| Fault::io("write", path, error))?;
    Ok((size, hasher.finish()))
}

fn hash_file(path: &Path, progress: &dyn Progress) -> Result<(u64, Digest), Fault> {
    let mut file = File::open(path).map_err(|error| Fault::io("read", path, error))?;
    let mut hasher = Hasher::new();
    let mut block = vec![0; 1 << 18];
    let mut size = 0;
    loop {
        match file.read(&mut block).map_err(|error| Fault::io("read", path, error))? {
            0 => return Ok((size, hasher.finish())),
            got => {
                hasher.update(&block[..got]);
                size += got as u64;
                progress.advance(got as u64);
            }
        }
    }
}
