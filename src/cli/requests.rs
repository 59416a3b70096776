//! Requests of people: a folder each, `.probity/requests/<id>/`, of mode 0700.
//!
//! ```text
//! request.json       the entry of the register, without personal data
//! key                the age key of this request, mode 0600; when it is gone, nobody reads what follows any more
//! plan.json.age      the plan
//! subject.json.age   the identities
//! journal.jsonl      what was done, chained
//! certificate.*      JSON, XML, PDF
//! ```

mod answering;
pub(crate) mod ended;
pub(crate) mod holds;
mod journal;
mod shelf;
mod tombstones;

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use model::{ByteSize, Digest, Fault, Instant};
use privacy::identity::{Identity, Region, Rules};
use privacy::register::{Request, Right, commitment};
use rustix::fs::{FlockOperation, flock};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::context::Context;
use super::files::{self, Existing};
use super::keys;

pub(crate) use answering::Answering;
pub(crate) use holds::HoldFile;
pub(crate) use journal::FileJournal;
use shelf::{SHELVES, Shelf};
#[cfg(feature = "rules")]
pub(crate) use tombstones::known_secret;
pub(crate) use tombstones::{bury, secret, stones};

const REQUEST: &str = "request.json";
const KEY: &str = "key";
const FILE_MAX: ByteSize = ByteSize(4 << 30);
const SMALL_MAX: ByteSize = ByteSize(1 << 20);
/// What is encrypted to the key of a request.
pub(crate) const PLAN: &str = "plan.json";
/// Tombstones of that by which rows of other stores hang on the person.
pub(crate) const ANCHORS: &str = "anchors.json";
/// The identities of a request.
pub(crate) const SUBJECT: &str = "subject.json";

/// The folder of all requests.
pub(crate) fn folder(context: &Context) -> PathBuf {
    context.project.state("requests")
}

/// One request and its folder.
pub(crate) struct Dossier {
    folder: PathBuf,
    /// The entry of the register; written by [`Dossier::save`].
    pub(crate) request: Request,
    secret: Option<Zeroizing<String>>,
}

impl Dossier {
    /// Makes the folder of a new request of the person with these identities. Nothing of it is in clear but the times. It stands
    /// in the register when it is saved, and then with all that was said about it.
    ///
    /// # Errors
    /// I/O faults.
    pub(crate) fn create(
        context: &Context,
        right: Right,
        received: Instant,
        identities: &[Identity],
    ) -> Result<Self, Fault> {
        let shelf = Shelf::of(right);
        let all = context.project.state(shelf.folder);
        keys::private_folder(&all)?;
        let (folder, id) = numbered(&all, shelf)?;
        let (secret, recipient) = seal::new_holder();
        // The recipient stands beside it as `age-keygen` writes it, so that `age` itself can be used as well.
        let text = Zeroizing::new(format!("# public key: {recipient}\n{}\n", *secret));
        keys::write_secret(&folder.join(KEY), text.as_bytes())?;
        let mut request = Request::new(&id, right, received);
        request.subject = commitments(&text, identities);
        let dossier = Dossier { folder, request, secret: Some(text) };
        dossier.put(SUBJECT, subject_json(identities).to_string().as_bytes())?;
        Ok(dossier)
    }

    /// Opens the request with this id.
    ///
    /// # Errors
    /// `no-request`, `bad-request-file`; I/O faults.
    pub(crate) fn open(context: &Context, id: &str) -> Result<Self, Fault> {
        let shelf = Shelf::of_id(id);
        let folder = context.project.state(shelf.unwrap_or(SHELVES[0]).folder).join(id);
        let path = folder.join(REQUEST);
        if shelf.is_none() || !path.is_file() {
            return Err(Fault::bad_input("no-request", format!("There is no request {id:?} in this project"))
                .advise("`probity erase --list` names the requests for erasure, `probity export --list` the others."));
        }
        let request = Request::parse(&files::read_text(&path, SMALL_MAX)?).map_err(|fault| fault.in_file(&path))?;
        let key = folder.join(KEY);
        let secret = match key.is_file() {
            true => Some(Zeroizing::new(files::read_text(&key, SMALL_MAX)?)),
            false => None,
        };
        Ok(Dossier { folder, request, secret })
    }

    /// The request with this id, which is still to be answered. Of one that is over the key goes, where a run was stopped before
    /// that.
    ///
    /// # Errors
    /// As [`Dossier::open`]; `request-answered`.
    pub(crate) fn open_to_answer(context: &Context, id: &str) -> Result<Self, Fault> {
        let mut dossier = Dossier::open(context, id)?;
        let still = dossier.request.still_open();
        if still.is_err() {
            dossier.destroy_key()?;
        }
        still.map(|()| dossier)
    }

    /// Writes the entry of a request that is over, and destroys its key.
    ///
    /// # Errors
    /// I/O faults.
    pub(crate) fn close(&mut self) -> Result<(), Fault> {
        self.save()?;
        self.destroy_key()
    }

    /// Every request of the project, in the order of their ids.
    ///
    /// # Errors
    /// `bad-request-file`; I/O faults.
    pub(crate) fn list(context: &Context) -> Result<Vec<Request>, Fault> {
        let ids = ended::ids(&folder(context))?;
        ids.iter().map(|id| Ok(Dossier::open(context, id)?.request)).collect()
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes the entry of the register.
    ///
    /// # Errors
    /// I/O faults.
    pub(crate) fn save(&self) -> Result<(), Fault> {
        self.write(REQUEST, format!("{:#}\n", self.request.to_json()).as_bytes())
    }

    /// Writes a file for its owner only.
    ///
    /// # Errors
    /// I/O faults.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        let path = self.path(name);
        files::write(&path, bytes, Existing::Replace)?;
        let own = fs::Permissions::from_mode(0o600);
        fs::set_permissions(&path, own).map_err(|error| Fault::io("write", &path, error))
    }

    /// Keeps `bytes` as `name`, encrypted to the key of the request.
    ///
    /// # Errors
    /// `request-closed`; I/O faults.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        let secret = self.secret()?;
        let recipient = secret.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap_or_default();
        self.write(&format!("{name}.age"), &seal::encrypt_to(recipient, bytes)?)
    }

    /// What was kept as `name`.
    ///
    /// # Errors
    /// `request-closed`, `bad-age-file`; I/O faults.
    pub(crate) fn take(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let secret = self.secret()?;
        let path = self.path(&format!("{name}.age"));
        seal::decrypt_with(secret, &files::read(&path, FILE_MAX)?).map_err(|fault| fault.in_file(&path))
    }

    /// The identities that the request names, read by the rules of then.
    ///
    /// # Errors
    /// As [`Dossier::take`]; `bad-request-file`.
    pub(crate) fn subject(&self) -> Result<Vec<Identity>, Fault> {
        let bytes = self.take(SUBJECT)?;
        let value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        read_subject(&value).ok_or_else(|| {
            Fault::bad_input("bad-request-file", "The identities of the request cannot be read")
                .at(model::Place::file(self.path(&format!("{SUBJECT}.age"))))
                .advise("Restore the folder of the request from a backup.")
        })
    }

    /// Whether the request names these identities, and no others.
    ///
    /// # Errors
    /// `request-closed`.
    pub(crate) fn is_of(&self, identities: &[Identity]) -> Result<bool, Fault> {
        let mut asked = self.request.subject.clone();
        let mut named = commitments(self.secret()?, identities);
        named.sort();
        asked.sort();
        Ok(named == asked)
    }

    /// The journal of the request.
    ///
    /// # Errors
    /// `journal-broken`; I/O faults.
    pub(crate) fn journal(&self, context: &Context) -> Result<FileJournal, Fault> {
        FileJournal::open(&self.path("journal.jsonl"), &self.request.id, context.clock())
    }

    /// Whether anything was entered there.
    pub(crate) fn has_journal(&self) -> bool {
        self.path("journal.jsonl").is_file()
    }

    /// Destroys the key, and what was encrypted to it: from now on nobody knows whom the request was about.
    ///
    /// # Errors
    /// I/O faults.
    pub(crate) fn destroy_key(&mut self) -> Result<(), Fault> {
        let key = self.path(KEY);
        if key.is_file() {
            let fault = |error| Fault::io("destroy", &key, error);
            let length = fs::metadata(&key).map_err(fault)?.len();
            // Most disks write elsewhere all the same; the ciphertexts go too.
            let zeros = vec![0; usize::try_from(length).unwrap_or_default()];
            fs::write(&key, zeros).and_then(|()| File::open(&key)?.sync_all()).map_err(fault)?;
            fs::remove_file(&key).map_err(fault)?;
        }
        for name in [PLAN, SUBJECT, ANCHORS] {
            let path = self.path(&format!("{name}.age"));
            if path.is_file() {
                fs::remove_file(&path).map_err(|error| Fault::io("remove", &path, error))?;
            }
        }
        self.secret = None;
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(|e| Fault::io("write", &self.folder, e))
    }

    fn secret(&self) -> Result<&Zeroizing<String>, Fault> {
        self.secret.as_ref().ok_or_else(|| {
            Fault::refused("request-closed", format!("The request {} is closed: its key is destroyed", self.request.id))
                .advise("What it did is in its certificate. Make a new request for what is still to be done.")
        })
    }
}

fn subject_json(identities: &[Identity]) -> Value {
    let rules = identities.first().map(|identity| *identity.rules()).unwrap_or_default();
    // Of people who came back one can have been erased with folded addresses and another without.
    let given = identities.iter().map(|identity| {
        json!({
            "kind": identity.kind(), "value": identity.given(), "fold_plus": identity.rules().fold_plus,
            "region": identity.rules().region.map(|region| region.name().to_owned()),
        })
    });
    json!({
        "region": rules.region.map(|region| region.name().to_owned()),
        "fold_plus": rules.fold_plus,
        "identities": given.collect::<Vec<_>>(),
    })
}

fn read_subject(value: &Value) -> Option<Vec<Identity>> {
    let region = value["region"].as_str().map(Region::parse).transpose().ok()?;
    let rules = Rules { region, fold_plus: value["fold_plus"].as_bool()? };
    let one = |one: &Value| {
        let region = one["region"].as_str().map(Region::parse).transpose().ok()?;
        let own =
            Rules { region: region.or(rules.region), fold_plus: one["fold_plus"].as_bool().unwrap_or(rules.fold_plus) };
        Identity::new(one["kind"].as_str()?, one["value"].as_str()?, &own).ok()
    };
    value["identities"].as_array()?.iter().map(one).collect()
}

/// One run at a time changes stores: held until it is dropped.
pub(crate) struct Turn {
    /// The lock lives as long as the file is open.
    _lock: File,
}

/// Waits for nobody: another erase is told.
///
/// # Errors
/// `erase-busy`; I/O faults.
pub(crate) fn turn(context: &Context) -> Result<Turn, Fault> {
    let folder = context.project.state("run");
    keys::private_folder(&folder)?;
    let path = folder.join("erase.lock");
    let fault = |error| Fault::io("open", &path, error);
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(fault)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Turn { _lock: file }),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            Err(Fault::unavailable("erase-busy", "Another erase of this project is running")
                .advise("Wait until it has ended, then run the command again; nothing was changed."))
        }
        Err(error) => Err(fault(error.into())),
    }
}

/// A setting that is a whole number.
///
/// # Errors
/// `bad-number`.
pub(crate) fn number(text: &str) -> Result<usize, Fault> {
    text.parse()
        .map_err(|_| Fault::bad_config("bad-number", format!("{text} is no number")).advise("Write a whole number."))
}

/// Kind of each identity, and what commits to it: salted with what nobody may guess, which follows from the key of the request
/// and goes with it.
fn commitments(secret: &str, identities: &[Identity]) -> Vec<(String, Digest)> {
    let salt = seal::sha256(format!("probity request salt 1\n{secret}").as_bytes());
    let one = |one: &Identity| commitment(salt.as_bytes(), one.kind(), one.normalised());
    identities.iter().map(|identity| (identity.kind().to_owned(), one(identity))).collect()
}

/// A folder with the next free number.
fn numbered(all: &Path, shelf: Shelf) -> Result<(PathBuf, String), Fault> {
    let fault = |error| Fault::io("create a folder in", all, error);
    let taken =
        fs::read_dir(all).map_err(fault)?.flatten().filter_map(|entry| shelf.number(entry.file_name().to_str()?));
    // An id that somebody has read in the ledger or in a certificate stands for one dossier for ever.
    let mut number = taken.max().unwrap_or(0).max(ended::last_ended(all)?) + 1;
    loop {
        let id = format!("{}{number:04}", shelf.prefix);
        match fs::DirBuilder::new().mode(0o700).create(all.join(&id)) {
            Ok(()) => return Ok((all.join(&id), id)),
            // Another run was quicker.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(fault(error)),
        }
    }
}
