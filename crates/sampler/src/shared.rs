//! What the loop, the one who hands over and the one who is asked know of each other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::application::Applications;
use crate::point::Points;

/// One of these for each run.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// Somebody waits for changes: telling nobody is a call of the kernel as well.
    is_awaited: AtomicBool,
}

/// What is known now.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The number of the first line that is not on the disk yet.
    pub(crate) durable: u64,
    /// The number of the first line of the segment that is written to.
    pub(crate) open: Option<u64>,
    /// Every receiver has the lines below this one.
    pub(crate) acknowledged: u64,
    /// The newest sample.
    pub(crate) points: Points,
    /// When it was taken.
    pub(crate) taken: Option<Instant>,
    /// Samples that wait in memory.
    pub(crate) waiting: usize,
    /// Samples that were lost since the disk stopped taking them.
    pub(crate) lost: u64,
    /// What applications say.
    pub(crate) applications: Applications,
    /// For whoever looks after the device; the loop says them.
    pub(crate) notes: Vec<String>,
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whoever waits that there is something new.
    pub(crate) fn tell(&self) {
        if self.is_awaited.load(Ordering::Relaxed) {
            self.changed.notify_all();
        }
    }

    /// Waits until lines beyond `durable` are on the disk, or for some time.
    pub(crate) fn wait(&self, durable: u64, time: Duration) {
        self.is_awaited.store(true, Ordering::Relaxed);
        let has_nothing = |state: &mut State| state.durable <= durable;
        drop(self.changed.wait_timeout_while(self.lock(), time, has_nothing));
    }
}
