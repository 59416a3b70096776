//! Where a package is written: a file, or a file that only its recipients can open.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use evidence::package::Out;
use model::Fault;

/// What is smaller goes to the file together with what follows.
const BUFFER: usize = 64 << 10;
/// After so many bytes the disk begins to write them.
const AHEAD: u64 = 64 << 20;

/// A file for a package.
pub(crate) enum Vault<'f> {
    Open(BufWriter<Ahead<'f>>),
    #[cfg(feature = "passphrase")]
    Closed(Box<seal::Sealing<BufWriter<Ahead<'f>>>>),
}

/// A file that the disk writes while more of it is made, so that nobody waits for all of it at the end.
pub(crate) struct Ahead<'f> {
    file: &'f mut File,
    since: u64,
    /// Asks the thread that waits for the disk; `None` where there is none.
    disk: Option<(SyncSender<()>, JoinHandle<()>)>,
}

impl<'f> Ahead<'f> {
    fn new(file: &'f mut File) -> Self {
        Ahead { file, since: 0, disk: None }
    }

    /// Has the disk begin. What it says is heard at the end, when the file is synced as a whole.
    fn begin(&mut self) {
        if self.disk.is_none() {
            let Ok(file) = self.file.try_clone() else { return };
            let (send, asked) = sync_channel(1);
            let wait = move || asked.into_iter().for_each(|()| drop(file.sync_data()));
            self.disk = Some((send, thread::spawn(wait)));
        }
        if let Some((send, _)) = &self.disk {
            // Where it is behind, it has enough to do.
            send.try_send(()).ok();
        }
    }
}

impl Drop for Ahead<'_> {
    fn drop(&mut self) {
        if let Some((send, thread)) = self.disk.take() {
            drop(send);
            thread.join().ok();
        }
    }
}

impl Write for Ahead<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.since += written as u64;
        if self.since >= AHEAD {
            self.since = 0;
            self.begin();
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Ahead<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl<'f> Vault<'f> {
    /// For everybody where `recipients` is empty.
    ///
    /// # Errors
    /// `bad-recipient`, `not-built-in`, or what the disk says.
    pub(crate) fn new(file: &'f mut File, recipients: &[String]) -> Result<Self, Fault> {
        let out = BufWriter::with_capacity(BUFFER, Ahead::new(file));
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
