//! Signals.

use std::io;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

/// Listens for SIGTERM, SIGINT and SIGHUP. A signal writes to a pipe, so none that comes between two waits is missed.
#[derive(Debug)]
pub struct Stop {
    signals: UnixStream,
    is_wanted: bool,
}

impl Stop {
    /// From now on signals are listened for.
    ///
    /// # Errors
    /// The system has no room for a pipe.
    pub fn listen() -> io::Result<Self> {
        let (signals, writer) = UnixStream::pair()?;
        for signal in [SIGTERM, SIGINT, SIGHUP] {
            pipe::register(signal, writer.try_clone()?)?;
        }
        Ok(Stop { signals, is_wanted: false })
    }

    /// Waits; true as soon as somebody wants the sampler to stop, and from then on.
    pub fn wait(&mut self, time: Duration) -> bool {
        let until = Instant::now() + time;
        while !self.is_wanted {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(left) = Timespec::try_from(left) else { break };
            match poll(&mut [PollFd::new(&self.signals, PollFlags::IN)], Some(&left)) {
                Ok(0) => break,
                Err(Errno::INTR) => {}
                _ => self.is_wanted = true,
            }
        }
        self.is_wanted
    }
}
