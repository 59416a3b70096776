//! Where a package is written: a file, or a file that only its recipients can open.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use evidence::package::Out;
use model::Fault;

/// A file for a package.
pub(crate) enum Vault<'f> {
    Open(BufWriter<&'f mut File>),
    #[cfg(feature = "passphrase")]
    Closed(Box<seal::Sealing<BufWriter<&'f mut File>>>),
}

impl<'f> Vault<'f> {
    /// For everybody where `recipients` is empty.
    ///
    /// # Errors
    /// `bad-recipient`, `not-built-in`, or what the disk says.
    pub(crate) fn new(file: &'f mut File, recipients: &[String]) -> Result<Self, Fault> {
        let out = BufWriter::with_capacity(1 << 20, file);
        if recipients.is_empty() {
            return Ok(Vault::Open(out));
        }
        #[cfg(feature = "passphrase")]
        return Ok(Vault::Closed(Box::new(seal::Sealing::begin(recipients, out)?)));
        #[cfg(not(feature = "passphrase"))]
        Err(Fault::usage("not-built-in", "This probity was built without age").advise("Use the full build."))
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// What the disk says.
    pub(crate) fn finish(self) -> Result<(), Fault> {
        let done = match self {
            Vault::Open(mut out) => out.flush(),
            #[cfg(feature = "passphrase")]
            Vault::Closed(sealing) => sealing.finish().and_then(|mut out| out.flush()),
        };
        done.map_err(|error| Fault::io("write", Path::new("the package"), error))
    }
}

impl Write for Vault<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Vault::Open(out) => out.write(bytes),
            #[cfg(feature = "passphrase")]
            Vault::Closed(sealing) => sealing.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Vault::Open(out) => out.flush(),
            #[cfg(feature = "passphrase")]
            Vault::Closed(sealing) => sealing.flush(),
        }
    }
}

impl Out for Vault<'_> {
    fn patch(&mut self, at: u64, bytes: &[u8], end: u64) -> io::Result<()> {
        match self {
            Vault::Open(out) => {
                out.seek(SeekFrom::Start(at))?;
                out.write_all(bytes)?;
                out.seek(SeekFrom::Start(end)).map(drop)
            }
            #[cfg(feature = "passphrase")]
            Vault::Closed(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn can_patch(&self) -> bool {
        matches!(self, Vault::Open(_))
    }
}
