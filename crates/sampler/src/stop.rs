//! Waiting for the next sample, or for somebody who wants the sampler to stop. For the edge; without a thread of its own.

use std::io::{self, ErrorKind, Read as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

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
            // A time-out of zero would wait for ever.
            if left.is_zero() || self.signals.set_read_timeout(Some(left)).is_err() {
                break;
            }
            match self.signals.read(&mut [0; 1]) {
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                _ => self.is_wanted = true,
            }
        }
        self.is_wanted
    }
}
