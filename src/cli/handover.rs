//! What a person gets, as a file: a zip or one document, signed, encrypted where that is asked for.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use evidence::package::ZipStream;
use model::Fault;
use privacy::export::{Archive, Signed};
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
}

impl Handover {
    /// Starts `path`; for everybody where `recipients` is empty.
    ///
    /// # Errors
    /// `output-exists`, `bad-recipient`; I/O faults.
    pub(crate) fn create(path: &Path, existing: Existing, recipients: &[String]) -> Result<Self, Fault> {
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
        Ok(Handover { new, recipients: recipients.to_vec(), clear, path: path.to_path_buf() })
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
    /// What it says; I/O faults; `export-too-large`.
    pub(crate) fn zip<T>(&mut self, write: impl FnOnce(&mut dyn Archive) -> Result<T, Fault>) -> Result<T, Fault> {
        let path = self.path.clone();
        let mut out = BufWriter::with_capacity(BUFFER, self.file());
        let mut zip = Zip { zip: ZipStream::new(&mut out), path: &path };
        let done = write(&mut zip)?;
        zip.zip.finish().and_then(|_| out.flush()).map_err(|error| fault(&path, error))?;
        Ok(done)
    }

    /// Has `write` fill one document.
    ///
    /// # Errors
    /// As [`Handover::zip`].
    pub(crate) fn document<T>(&mut self, write: impl FnOnce(&mut dyn Archive) -> Result<T, Fault>) -> Result<T, Fault> {
        let path = self.path.clone();
        let mut plain = Plain { out: BufWriter::with_capacity(BUFFER, self.file()), path: &path };
        let done = write(&mut plain)?;
        plain.out.flush().map_err(|error| fault(&path, error))?;
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
        self.new.finish()
    }
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
    path: &'f Path,
}

impl Archive for Plain<'_> {
    fn begin(&mut self, _name: &str) -> Result<(), Fault> {
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.out.write_all(bytes).map_err(|error| fault(self.path, error))
    }

    fn end(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

fn fault(path: &Path, error: io::Error) -> Fault {
    match error.kind() {
        // Only the zip says so: a disk that is full says it in other words.
        io::ErrorKind::FileTooLarge if error.raw_os_error().is_none() => {
            Fault::unavailable("export-too-large", "A file of the package would have more than 4 GiB")
                .advise("Write one document instead: --format json.")
        }
        _ => Fault::io("write", path, error),
    }
}
