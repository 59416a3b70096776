//! From asynchronous drivers to calls that block.

use std::time::{Duration, Instant};

use futures::{FutureExt as _, Stream, StreamExt as _};
use model::Fault;
use tokio::runtime::{Builder, Runtime};

/// Most rows that wait on this side.
const AHEAD: usize = 16;

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
            None => tokio::time::timeout(patience, stream.next()).await,
        };
        match item {
            Ok(item) if !is_over => item.map(|item| (item, Some(stream))),
            _ => Some((Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())), None)),
        }
    })
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
