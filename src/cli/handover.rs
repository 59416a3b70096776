//! What a person gets, as a file: a zip with its signature in it, or one document with its signature beside it; encrypted where
//! that is asked for.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use evidence::package::ZipStream;
use model::Fault;
use privacy::export::{Archive, Signed};
use seal::sshsig::Message;
use seal::{Ed25519Signer, minisign, sshsig};

use super::files::{self, Existing, NewFile};
use super::vault::Vault;

/// Address and namespace of the signature, as `ssh-keygen -Y verify` wants them.
pub(crate) const SIGNER: &str = "export@probity";
/// What is smaller never touches the disk.
const MEMORY: usize = 8 << 20;
const BUFFER: usize = 256 << 10;

/// Where rows wait: memory, or a file without a name in the folder of the output.
///
/// # Errors
/// I/O faults.
pub(crate) fn spool(output: &Path) -> Result<tempfile::SpooledTempFile, Fault> {
    let folder = files::folder_of(output);
    std::fs::create_dir_all(folder).map_err(|error| Fault::io("create the folder", folder, error))?;
    Ok(tempfile::spooled_tempfile_in(MEMORY, folder))
}

/// Signs `SHA256SUMS` in the two ways that people have programs for.
///
/// # Errors
/// What the key says.
pub(crate) fn sign(sums: &[u8], key: &dyn Ed25519Signer, created: &str) -> Result<Signed, Fault> {
    let public = key.public();
    let id = minisign::key_id(&public);
    let allowed = format!("{SIGNER} namespaces=\"{SIGNER}\" {}\n", public.openssh("").trim());
    let comment = format!("created:{created} file:SHA256SUMS hashed");
    Ok(vec![
        ("SHA256SUMS.sig", sshsig::sign(sums, SIGNER, key)?.into_bytes()),
        ("SHA256SUMS.minisig", minisign::sign(sums, key, id, &comment)?.into_bytes()),
        ("allowed_signers", allowed.into_bytes()),
        ("minisign.pub", minisign::public_key_text(&public, id).into_bytes()),
        ("signer.pub", format!("{}\n", public.openssh(SIGNER)).into_bytes()),
    ])
}

/// A file that appears under its name when all of it is there. Where it is encrypted, what it is made of lies in a file without
/// a name meanwhile, because a zip is not written from front to back.
pub(crate) struct Handover {
    new: NewFile,
    recipients: Vec<String>,
    clear: Option<File>,
    path: PathBuf,
    /// Where the signature of a document goes, and what it is.
    beside: Option<(NewFile, String)>,
}

/// Where the signature stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signing {
    /// In the file itself.
    Inside,
    /// Beside it, under its name and `.sig`.
    Beside,
}

impl Handover {
    /// Starts `path`; for everybody where `recipients` is empty.
    ///
    /// # Errors
    /// `output-exists`, `bad-recipient`; I/O faults.
    pub(crate) fn create(
        path: &Path,
        existing: Existing,
        recipients: &[String],
        signing: Signing,
    ) -> Result<Self, Fault> {
        let beside = match signing {
            Signing::Inside => None,
            Signing::Beside => Some((NewFile::create(&beside(path), existing)?, String::new())),
        };
        let mut new = NewFile::create(path, existing)?;
        let clear = match recipients.is_empty() {
            true => None,
            false => {
                // Says what is wrong with a recipient before any store is asked.
                drop(Vault::new(new.file(), recipients)?);
                new.file().set_len(0).and_then(|()| new.file().rewind()).map_err(|e| Fault::io("write", path, e))?;
                Some(tempfile::tempfile_in(files::folder_of(path)).map_err(|e| Fault::io("write beside", path, e))?)
            }
        };
        Ok(Handover { new, recipients: recipients.to_vec(), clear, path: path.to_path_buf(), beside })
    }

    fn file(&mut self) -> &mut File {
        match &mut self.clear {
            Some(file) => file,
            None => self.new.file(),
        }
    }

    /// Has `write` fill a zip.
    ///
    /// # Errors
    /// What it says; I/O faults.
    pub(crate) fn zip<T>(&mut self, write: impl FnOnce(&mut dyn Archive) -> Result<T, Fault>) -> Result<T, Fault> {
        let path = self.path.clone();
        let mut out = BufWriter::with_capacity(BUFFER, self.file());
        let mut zip = Zip { zip: ZipStream::new(&mut out), path: &path };
        let done = write(&mut zip)?;
        zip.zip.finish().and_then(|_| out.flush()).map_err(|error| fault(&path, error))?;
        Ok(done)
    }

    /// Has `write` fill one document, and signs it with `key`.
    ///
    /// # Errors
    /// As [`Handover::zip`]; what the key says.
    pub(crate) fn document<T>(
        &mut self,
        key: &dyn Ed25519Signer,
        write: impl FnOnce(&mut dyn Archive) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let path = self.path.clone();
        let (done, message) = {
            let out = BufWriter::with_capacity(BUFFER, self.file());
            let mut plain = Plain { out, message: Message::default(), path: &path };
            let done = write(&mut plain)?;
            plain.out.flush().map_err(|error| fault(&path, error))?;
            (done, plain.message)
        };
        let signature = message.sign(SIGNER, key)?;
        if let Some((_, text)) = &mut self.beside {
            *text = signature;
        }
        Ok(done)
    }

    /// Encrypts where that was asked for, and makes it appear.
    ///
    /// # Errors
    /// I/O faults; `output-exists` when somebody else has written it meanwhile.
    pub(crate) fn finish(mut self) -> Result<(), Fault> {
        if let Some(mut clear) = self.clear.take() {
            let path = self.path.clone();
            clear.seek(SeekFrom::Start(0)).map_err(|error| fault(&path, error))?;
            let mut vault = Vault::new(self.new.file(), &self.recipients)?;
            io::copy(&mut BufReader::with_capacity(BUFFER, clear), &mut vault).map_err(|error| fault(&path, error))?;
            vault.finish()?;
        }
        // The signature first: where the document is, it is.
        if let Some((mut new, text)) = self.beside.take() {
            let path = beside(&self.path);
            match self.recipients.is_empty() {
                true => new.file().write_all(text.as_bytes()).map_err(|error| fault(&path, error))?,
                // Whoever guesses a document could see by its signature that the guess is right.
                false => {
                    let mut vault = Vault::new(new.file(), &self.recipients)?;
                    vault.write_all(text.as_bytes()).map_err(|error| fault(&path, error))?;
                    vault.finish()?;
                }
            }
            new.finish()?;
        }
        self.new.finish()
    }
}

/// The name of the signature of `path`.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".sig");
    PathBuf::from(name)
}

struct Zip<'z> {
    zip: ZipStream<'z>,
    path: &'z Path,
}

impl Archive for Zip<'_> {
    fn begin(&mut self, name: &str) -> Result<(), Fault> {
        self.zip.begin(name).map_err(|error| fault(self.path, error))
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.zip.put(bytes).map_err(|error| fault(self.path, error))
    }

    fn end(&mut self) -> Result<(), Fault> {
        self.zip.end().map_err(|error| fault(self.path, error))
    }
}

/// One document instead of an archive: its only file is the output.
struct Plain<'f> {
    out: BufWriter<&'f mut File>,
    message: Message,
    path: &'f Path,
}

impl Archive for Plain<'_> {
    fn begin(&mut self, _name: &str) -> Result<(), Fault> {
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.message.update(bytes);
        self.out.write_all(bytes).map_err(|error| fault(self.path, error))
    }

    fn end(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

fn fault(path: &Path, error: io::Error) -> Fault {
    Fault::io("write", path, error)
}
