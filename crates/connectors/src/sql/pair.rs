//! Work that is divided between two connections.

use std::sync::atomic::{AtomicUsize, Ordering};

use model::Fault;

/// A connection that can be had twice.
pub(crate) trait Beside: Sized + Send {
    /// One more connection of the same kind.
    fn beside(&self) -> Result<Self, Fault>;
}

/// With fewer rows a second connection costs more than it saves.
const ROWS_LEAST: u64 = 100_000;

/// Does each of `jobs`, which concern about so many `rows`, on this connection or on one more. The answers are in the order
/// of the jobs. What the other connection leaves undone, because it cannot be had or breaks, is done here.
///
/// # Errors
/// What `act` says on this connection.
pub(crate) fn side_by_side<S: Beside, J: Sync, T: Send>(
    session: &mut S,
    jobs: &[J],
    rows: u64,
    act: impl Fn(&mut S, &J) -> Result<T, Fault> + Sync,
) -> Result<Vec<T>, Fault> {
    let next = AtomicUsize::new(0);
    let work = |session: &mut S, done: &mut Vec<(usize, T)>| -> Result<(), Fault> {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(at) else { return Ok(()) };
            done.push((at, act(session, job)?));
        }
    };
    let other = (jobs.len() > 1 && rows >= ROWS_LEAST).then(|| session.beside());
    let mut done = Vec::new();
    std::thread::scope(|scope| {
        let other = other.and_then(Result::ok).map(|mut other| {
            let work = &work;
            scope.spawn(move || {
                let mut done = Vec::new();
                // That it failed shows in what is left undone.
                let _ = work(&mut other, &mut done);
                done
            })
        });
        let own = work(session, &mut done);
        if own.is_err() {
            // The other one begins nothing more.
            next.store(jobs.len(), Ordering::Relaxed);
        }
        done.extend(other.and_then(|other| other.join().ok()).into_iter().flatten());
        own
    })?;
    let mut answers: Vec<Option<T>> = jobs.iter().map(|_| None).collect();
    for (at, answer) in done {
        answers[at] = Some(answer);
    }
    let missing = |(answer, job): (Option<T>, &J)| answer.map_or_else(|| act(session, job), Ok);
    answers.into_iter().zip(jobs).map(missing).collect()
}
