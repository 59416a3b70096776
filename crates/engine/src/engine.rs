//! The engine: one snapshot, one runtime, many questions.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use model::{Fault, Instant};
use slo::measure::{Basis, Interval};
use store::{DataFile, Snapshot};
use tokio::runtime::{Builder, Runtime};

use crate::limits::Limits;
use crate::refuse::{self, Author};
use crate::session::{self, Tables};

/// How often a running question looks whether it has been cancelled.
const CANCEL_POLL: Duration = Duration::from_millis(50);

/// Answers questions about the data of one snapshot of the store.
///
/// Answers do not change while the store does, nor with the number of threads. Questions may be asked one at a time;
/// each uses all threads.
pub struct Engine {
    pub(crate) files: Arc<[DataFile]>,
    pub(crate) basis: Basis,
    pub(crate) base: SessionState,
    pub(crate) runtime: Runtime,
    pub(crate) threads: usize,
    pub(crate) now: Option<Instant>,
    cancel: Arc<AtomicBool>,
}

impl Engine {
    /// An engine over the data files of `snapshot`, with [`Limits::default`]. Nothing is read yet.
    ///
    /// `threads` (0 counts as 1) is how many partitions a question is divided into; with 1 no threads are started.
    ///
    /// # Errors
    /// `engine-failed` when threads cannot be started.
    pub fn open(snapshot: &Snapshot, threads: usize) -> Result<Engine, Fault> {
        let threads = threads.max(1);
        let runtime = match threads {
            1 => Builder::new_current_thread().enable_time().build(),
            _ => Builder::new_multi_thread().worker_threads(threads).enable_time().build(),
        };
        let runtime = runtime.map_err(|error| {
            Fault::unavailable("engine-failed", format!("Threads cannot be started: {error}"))
                .advise("Try again with `--threads 1`, or when less is running.")
        })?;
        Ok(Engine {
            files: snapshot.files.clone().into(),
            basis: Basis { version: snapshot.version, head: snapshot.head },
            base: base(threads, &Limits::default(), None)?,
            runtime,
            threads,
            now: None,
            cancel: Arc::default(),
        })
    }

    /// The same engine with other limits for memory and spilling.
    ///
    /// # Errors
    /// `engine-failed` when the folder to spill to cannot be used.
    pub fn with_limits(mut self, limits: &Limits) -> Result<Engine, Fault> {
        self.base = base(self.threads, limits, None)?;
        Ok(self)
    }

    /// The same engine, in whose SQL `now()` is `now`. Without it, queries that ask for the time do not plan; rules
    /// never may ask, so this concerns [`Engine::query`] alone.
    #[must_use]
    pub fn at(mut self, now: Instant) -> Engine {
        self.now = Some(now);
        self
    }

    /// The same engine, which stops with the fault `interrupted` soon after `cancel` becomes true.
    #[must_use]
    pub fn cancelled_by(mut self, cancel: Arc<AtomicBool>) -> Engine {
        self.cancel = cancel;
        self
    }

    /// When the newest record happened; `None` without records.
    pub fn newest(&self) -> Option<Instant> {
        self.files.iter().map(|file| file.last).max()
    }

    /// Functions and the tables as they are inside `window`, or whole.
    pub(crate) fn state(&self, base: &SessionState, window: Option<Interval>) -> Result<SessionState, DataFusionError> {
        let tables = Tables { files: Arc::clone(&self.files), window, base: base.clone() };
        session::over(base, Arc::new(tables))
    }

    /// Waits for `work` on this thread; gives up when cancelled.
    pub(crate) fn wait<T>(
        &self,
        author: Author,
        work: impl Future<Output = Result<T, DataFusionError>>,
    ) -> Result<T, Fault> {
        self.wait_until(None, author, work)
    }

    /// Waits for `work` on this thread; gives up when cancelled, or when it is too late.
    pub(crate) fn wait_until<T>(
        &self,
        deadline: Option<Deadline>,
        author: Author,
        work: impl Future<Output = Result<T, DataFusionError>>,
    ) -> Result<T, Fault> {
        self.runtime.block_on(async {
            let mut work = pin!(work);
            loop {
                if self.cancel.load(Ordering::Relaxed) {
                    return Err(Fault::interrupted("interrupted", "Stopped before the answer was complete"));
                }
                if let Some(deadline) = deadline {
                    deadline.check()?;
                }
                if let Ok(done) = tokio::time::timeout(CANCEL_POLL, &mut work).await {
                    return done.map_err(|error| refuse::fault(&error, author));
                }
            }
        })
    }
}

/// Until when an answer has to be there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    end: std::time::Instant,
    allowed: Duration,
}

impl Deadline {
    pub(crate) fn after(allowed: Duration) -> Self {
        Deadline { end: std::time::Instant::now() + allowed, allowed }
    }

    fn check(self) -> Result<(), Fault> {
        if std::time::Instant::now() < self.end {
            return Ok(());
        }
        let message = format!("The answer took longer than {} s", self.allowed.as_secs());
        Err(Fault::unavailable("query-timeout", message).advise("Ask for less, or allow more time."))
    }
}

/// # Errors
/// `engine-failed` when the folder to spill to cannot be used.
pub(crate) fn base(threads: usize, limits: &Limits, now: Option<Instant>) -> Result<SessionState, Fault> {
    session::base(threads, limits, now).map_err(|error| {
        Fault::unavailable("engine-failed", format!("The engine cannot start: {error}"))
            .advise("Check that the folder to spill to exists and can be written to.")
    })
}
