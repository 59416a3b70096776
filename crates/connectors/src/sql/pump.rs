//! From asynchronous drivers to calls that block.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use futures::future::{Either, select};
use futures::{FutureExt as _, Stream, StreamExt as _};
use model::Fault;
use tokio::runtime::{Builder, Runtime};

/// Most rows that wait on this side.
const AHEAD: usize = 16;
/// How much this process may grow while it waits for one answer or row, in bytes: no server that is set up in earnest has
/// larger ones (`max_allowed_packet` of MariaDB and a field of PostgreSQL end there), and drivers join what comes without
/// asking how much it is.
const GROWTH: u64 = 1 << 30;
/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// A runtime on the calling thread, for one connection.
pub(crate) fn runtime() -> Result<Runtime, Fault> {
    Builder::new_current_thread().enable_all().build().map_err(|error| {
        Fault::unavailable("store-unreachable", format!("No connection could be prepared: {error}"))
            .advise("Look at the limits on open files and threads of this process.")
    })
}

/// The same items; an error when one lets itself be waited for longer than `patience`, or when they have not ended at
/// `end`: a server that keeps to the limit it was given ends them before.
pub(crate) fn patient<T>(
    stream: impl Stream<Item = Result<T, sqlx::Error>> + Unpin,
    patience: Duration,
    end: Option<Instant>,
) -> impl Stream<Item = Result<T, sqlx::Error>> {
    futures::stream::unfold(Some(stream), move |stream| async move {
        let mut stream = stream?;
        let is_over = end.is_some_and(|end| end <= Instant::now());
        // What is there already is taken without a timer.
        let ready = stream.next().now_or_never();
        let item = match ready {
            Some(item) => Ok(item),
            None => within(patience, async { Ok(stream.next().await) }).await,
        };
        match item {
            Ok(item) if !is_over => item.map(|item| (item, Some(stream))),
            Ok(_) => Some((Err(sqlx::Error::Io(ErrorKind::TimedOut.into())), None)),
            Err(error) => Some((Err(error), None)),
        }
    })
}

/// The answer; `TimedOut` when there is none in time, `FileTooLarge` when it takes more than [`GROWTH`] of memory.
pub(crate) async fn within<T>(
    patience: Duration,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let (answer, grown) = (std::pin::pin!(answer), std::pin::pin!(grown()));
    match tokio::time::timeout(patience, select(answer, grown)).await {
        Ok(Either::Left((answer, _))) => answer,
        Ok(Either::Right(_)) => Err(sqlx::Error::Io(ErrorKind::FileTooLarge.into())),
        Err(_) => Err(sqlx::Error::Io(ErrorKind::TimedOut.into())),
    }
}

/// Returns when this process has grown by more than [`GROWTH`] since the first look; never where that cannot be seen.
async fn grown() {
    tokio::time::sleep(LOOK).await;
    let Some(first) = resident() else { return std::future::pending().await };
    while resident().is_none_or(|now| now < first.saturating_add(GROWTH)) {
        tokio::time::sleep(LOOK).await;
    }
}

/// Memory of this process in bytes, where the system tells it as Linux does.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib << 10)
}

/// Gives each item to `each`, outside the runtime: it may use other stores.
pub(crate) fn drain<T, E>(
    runtime: &Runtime,
    stream: impl Stream<Item = Result<T, E>>,
    mut failed: impl FnMut(E) -> Fault,
    mut each: impl FnMut(T) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut stream = std::pin::pin!(stream);
    let mut batch = Vec::with_capacity(AHEAD);
    loop {
        let is_over = runtime.block_on(async {
            match stream.next().await {
                Some(item) => batch.push(item),
                None => return true,
            }
            while batch.len() < AHEAD {
                match stream.next().now_or_never() {
                    Some(Some(item)) => batch.push(item),
                    Some(None) => return true,
                    None => return false,
                }
            }
            false
        });
        for item in batch.drain(..) {
            each(item.map_err(&mut failed)?)?;
        }
        if is_over {
            return Ok(());
        }
    }
}
