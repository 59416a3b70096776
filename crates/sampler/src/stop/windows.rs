//! Ctrl-C, and the end of a session. What ends tasks ends the process, which costs nothing that is on the disk.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};

/// How often is looked.
const LOOK: Duration = Duration::from_millis(500);

/// Listens for Ctrl-C.
#[derive(Debug)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// From now on it is listened for.
    ///
    /// # Errors
    /// The system takes no handler.
    pub fn listen() -> io::Result<Self> {
        let wanted = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&wanted))?;
        }
        Ok(Stop(wanted))
    }

    /// Waits; true as soon as somebody wants the sampler to stop, and from then on.
    pub fn wait(&mut self, time: Duration) -> bool {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if self.0.load(Ordering::Relaxed) || left.is_zero() {
                return self.0.load(Ordering::Relaxed);
            }
            thread::sleep(left.min(LOOK));
        }
    }
}
