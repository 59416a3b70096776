//! The engine of the project: SQL over its store, within the limits of its settings.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use engine::{Engine, Limits};
use model::Fault;
use store::{Snapshot, Store};

use super::context::Context;
use super::signals;

/// The engine over the project's store as it is now.
///
/// # Errors
/// `bad-size`; what the store and the engine say.
pub(crate) fn open(context: &Context) -> Result<Engine, Fault> {
    over(context, &Store::open(&context.project.state("store"), None)?.snapshot()?)
}

/// The engine over a snapshot.
///
/// # Errors
/// `bad-size`, `bad-number`; what the engine says.
pub(crate) fn over(context: &Context, snapshot: &Snapshot) -> Result<Engine, Fault> {
    let threads = context.config.parsed("query.threads", |text| {
        text.parse::<usize>().map_err(|_| Fault::usage("bad-number", format!("{text:?} is not a number of threads")))
    })?;
    let threads = match threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    let stop: Arc<AtomicBool> = signals::shared();
    Ok(Engine::open(snapshot, threads)?.with_limits(&limits(context)?)?.at(context.now()).cancelled_by(stop))
}

/// What a question may cost, as the settings say.
///
/// # Errors
/// `bad-size`.
pub(crate) fn limits(context: &Context) -> Result<Limits, Fault> {
    let memory = usize::try_from(context.config.size("query.memory")?.0).unwrap_or(usize::MAX);
    // Where there is no state folder there is nothing to ask, so nothing spills; and a question does not make a project.
    // On a read-only file system a large question reaches the limit of memory.
    let spill = context.project.state("spill");
    let spill = (context.project.state("").is_dir() && std::fs::create_dir_all(&spill).is_ok()).then_some(spill);
    Ok(Limits { memory_bytes_max: memory, spill, ..Limits::default() })
}
