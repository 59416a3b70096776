//! Where a package is written: a file, or a file that only its recipients can open.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};

use evidence::package::{Out, Places};
use model::Fault;

/// What is smaller goes to the file together with what follows.
const BUFFER: usize = 64 << 10;
/// After so many bytes the disk begins to write them.
const AHEAD: u64 = 64 << 20;

/// So much goes to the file in one call. For more the kernel looks for larger pieces of memory, and where there are none it
/// moves others about to make them: that took a third of a build's time.
const CALL: usize = 32 << 10;

/// A file for a package.
pub(crate) enum Vault<'f> {
    Open(BufWriter<Ahead<'f>>),
    #[cfg(feature = "passphrase")]
    Closed(Box<seal::Sealing<BufWriter<Ahead<'f>>>>),
}

/// A file that the disk writes while more of it is made, so that nobody waits for all of it at the end.
pub(crate) struct Ahead<'f> {
    file: &'f mut File,
    /// The kernel lets one thread write to a file at a time, and those that wait for it there keep a processor busy. Here
    /// they sleep.
    turn: Mutex<()>,
    since: AtomicU64,
    /// Asks the thread that waits for the disk.
    disk: OnceLock<Option<Disk>>,
}

/// The thread that waits for the disk, and how to ask it.
type Disk = (SyncSender<()>, JoinHandle<io::Result<()>>);

impl<'f> Ahead<'f> {
    fn new(file: &'f mut File) -> Self {
        Ahead { file, turn: Mutex::new(()), since: AtomicU64::new(0), disk: OnceLock::new() }
    }

    /// Has the disk begin where enough was written.
    fn wrote(&self, bytes: usize) {
        let since = self.since.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        if since < AHEAD {
            return;
        }
        self.since.store(0, Ordering::Relaxed);
        if let Some((send, _)) = self.disk.get_or_init(|| self.begin()) {
            // Where it is behind, it has enough to do.
            send.try_send(()).ok();
        }
    }

    fn begin(&self) -> Option<Disk> {
        let file = self.file.try_clone().ok()?;
        let (send, asked) = sync_channel(1);
        Some((send, thread::spawn(move || asked.into_iter().try_for_each(|()| file.sync_data()))))
    }

    /// What the disk said. It says it once: whoever syncs the file later does not hear it again.
    fn settle(&mut self) -> io::Result<()> {
        let Some((send, thread)) = self.disk.take().flatten() else { return Ok(()) };
        drop(send);
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that waits for the disk ended early")))
    }
}

impl Drop for Ahead<'_> {
    fn drop(&mut self) {
        // Nobody waits for what is given up.
        self.settle().ok();
    }
}

impl Places for Ahead<'_> {
    fn write_at(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        // Nothing is kept behind the lock, so a thread that ended in there left nothing half done.
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut to = at;
        for call in bytes.chunks(CALL) {
            self.file.write_all_at(call, to)?;
            to += call.len() as u64;
        }
        drop(turn);
        self.wrote(bytes.len());
        Ok(())
    }
}

impl Write for Ahead<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.wrote(written);
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
        let written = |mut out: BufWriter<Ahead<'_>>| {
            out.flush()?;
            out.get_mut().settle()
        };
        let done = match self {
            Vault::Open(out) => written(out),
            #[cfg(feature = "passphrase")]
            Vault::Closed(sealing) => sealing.finish().and_then(written),
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

    fn places(&mut self) -> Option<&dyn Places> {
        match self {
            Vault::Open(out) => Some(out.get_ref()),
            #[cfg(feature = "passphrase")]
            Vault::Closed(_) => None,
        }
    }
}
