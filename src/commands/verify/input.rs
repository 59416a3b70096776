//! What is checked: a file as it is, or what was encrypted to whoever checks it.

use std::fs::File;
use std::io;
use std::path::Path;
#[cfg(feature = "passphrase")]
use std::{
    io::{Read as _, Seek as _, SeekFrom},
    sync::{Mutex, PoisonError},
};

use evidence::Bytes;
use model::Fault;

/// A file that is checked, or that something is about.
pub(super) enum Input {
    /// As it is.
    Plain(File),
    /// Encrypted with age: what it holds is read piece by piece, and never written.
    #[cfg(feature = "passphrase")]
    Sealed { content: Box<Mutex<seal::Opened<File>>>, size: u64 },
}

/// The secret key of whoever checks, where one is named.
pub(super) struct Holder {
    #[cfg(feature = "passphrase")]
    secret: Option<zeroize::Zeroizing<String>>,
}

/// What a file of age begins with.
const SEALED: &[u8] = b"age-encryption.org/v1";

impl Holder {
    /// Reads the key.
    ///
    /// # Errors
    /// I/O faults; `not-built-in`.
    #[cfg(feature = "passphrase")]
    pub(super) fn read(path: Option<&Path>) -> Result<Self, Fault> {
        const KEY_MAX: model::ByteSize = model::ByteSize(64 << 10);
        let read = |path: &Path| crate::cli::files::read_text(path, KEY_MAX).map(zeroize::Zeroizing::new);
        Ok(Holder { secret: path.map(read).transpose()? })
    }

    #[cfg(not(feature = "passphrase"))]
    pub(super) fn read(path: Option<&Path>) -> Result<Self, Fault> {
        match path {
            None => Ok(Holder {}),
            Some(_) => Err(Fault::usage("not-built-in", "This probity was built without age")
                .advise("Use the full build, or one with the feature `passphrase`.")),
        }
    }

    /// Opens a file, and what is encrypted in it.
    ///
    /// # Errors
    /// `not-seekable`; those of [`seal::Opened::new`]; I/O faults.
    pub(super) fn open(&self, path: &Path) -> Result<Input, Fault> {
        let failed = |error| Fault::io("open", path, error);
        // A pipe would be waited for, and none of this can be read from the middle.
        if !path.metadata().map_err(failed)?.is_file() {
            return Err(Fault::bad_input("not-seekable", format!("{} is no file", path.display()))
                .advise("Save it to a file first."));
        }
        let file = File::open(path).map_err(failed)?;
        let mut begins = [0; SEALED.len()];
        let is_sealed = file.size().map_err(failed)? >= SEALED.len() as u64
            && file.read_at(0, &mut begins).map(|()| begins == *SEALED).map_err(failed)?;
        match is_sealed {
            false => Ok(Input::Plain(file)),
            true => self.unseal(file, path),
        }
    }

    #[cfg(feature = "passphrase")]
    fn unseal(&self, file: File, path: &Path) -> Result<Input, Fault> {
        // Without a key it is told as what it is.
        let Some(secret) = &self.secret else { return Ok(Input::Plain(file)) };
        let mut content = seal::Opened::new(secret, file).map_err(|fault| fault.in_file(path))?;
        let size = content.seek(SeekFrom::End(0)).map_err(|error| {
            Fault::bad_input("bad-age-file", format!("{} was cut or changed", path.display()))
                .advise("Take a fresh copy of it.")
                .caused_by(error)
        })?;
        Ok(Input::Sealed { content: Box::new(Mutex::new(content)), size })
    }

    #[cfg(not(feature = "passphrase"))]
    fn unseal(&self, file: File, _: &Path) -> Result<Input, Fault> {
        Ok(Input::Plain(file))
    }

    /// The same with its name, for people.
    ///
    /// # Errors
    /// As [`Holder::open`].
    pub(super) fn named(&self, path: &Path) -> Result<(Input, String), Fault> {
        Ok((self.open(path)?, path.display().to_string()))
    }
}

impl Input {
    /// Whether a key was needed.
    pub(super) fn is_sealed(&self) -> bool {
        !matches!(self, Input::Plain(_))
    }
}

impl Bytes for Input {
    fn size(&self) -> io::Result<u64> {
        match self {
            Input::Plain(file) => file.size(),
            #[cfg(feature = "passphrase")]
            Input::Sealed { size, .. } => Ok(*size),
        }
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        match self {
            Input::Plain(file) => file.read_at(at, into),
            #[cfg(feature = "passphrase")]
            Input::Sealed { content, .. } => {
                let mut content = content.lock().unwrap_or_else(PoisonError::into_inner);
                content.seek(SeekFrom::Start(at))?;
                content.read_exact(into)
            }
        }
    }
}
