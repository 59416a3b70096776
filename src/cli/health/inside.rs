//! What lies in the project itself.

use std::io::Write as _;
use std::path::Path;

use model::{ByteSize, Fault, counted};
use store::Store;

use super::{Check, State, ago};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::job::{self, Job};
use crate::cli::journal;
use crate::cli::keys::{Keyring, Role};
use crate::cli::pins;

/// Seconds by which the clock may be behind the last entry of the ledger: machines that write to one folder differ a little.
const CLOCK_BEHIND: i64 = 5;

/// Room is left, and a file can be written to the disk.
pub(super) fn disk(context: &Context) -> Check {
    let state = context.project.state("");
    let folder = if state.is_dir() { state.as_path() } else { context.project.root() };
    let room = || -> Result<(u64, u64, ByteSize), Fault> {
        let about =
            rustix::fs::statvfs(folder).map_err(|error| Fault::io("look at the disk of", folder, error.into()))?;
        if state.is_dir() {
            write(&state)?;
        }
        Ok((about.f_bavail * about.f_frsize, about.f_blocks * about.f_frsize, context.config.size("health.free")?))
    };
    match room() {
        Err(fault) => Check::failed("disk", &fault),
        Ok((free, size, least)) => {
            let says = format!("{} of {} free", ByteSize(free), ByteSize(size));
            let check = match free < least.0 {
                false => Check::of("disk", State::Ok, says),
                true => Check::of("disk", State::Degraded, format!("{says}, less than {least}"))
                    .advise("Make room, or set `health.free` to what is enough here."),
            };
            check.figure("free_bytes", free).figure("size_bytes", size)
        }
    }
}

/// A file that comes to the disk and goes again.
fn write(folder: &Path) -> Result<(), Fault> {
    let failed = |error| Fault::io("write to", folder, error);
    let mut file = tempfile::tempfile_in(folder).map_err(failed)?;
    file.write_all(&[0; 4_096]).and_then(|()| file.sync_all()).map_err(failed)
}

/// The keys are there, nobody else can read them, and their halves belong together.
pub(super) fn keys(context: &Context) -> Check {
    if !context.project.is_initialised() && !context.project.state("keys").is_dir() {
        return Check::of("keys", State::Absent, "`init` has not been here");
    }
    let ring = Keyring::of(context);
    // A demonstration makes a key when it needs it; in a project of one's own each of them has to be there.
    let wanted = |role: &Role| context.project.is_initialised() || ring.public(*role).is_ok();
    let mut demo = false;
    for role in Role::ALL.into_iter().filter(wanted) {
        match ring.look(role) {
            Ok(is_demo) => demo |= is_demo,
            Err(fault) => return Check::failed("keys", &fault),
        }
    }
    match demo {
        false => Check::of("keys", State::Ok, "evidence, ledger and store: there, private, and whole"),
        true => Check::of("keys", State::Degraded, "these are keys of a demonstration")
            .advise("`probity init` makes keys of your own, in a new folder."),
    }
}

/// The ledger opens, its checkpoint is signed by the project's key, and continues what was seen before.
pub(super) fn ledger(context: &Context) -> Check {
    if !journal::exists(context) && !context.project.is_initialised() {
        return Check::of("ledger", State::Absent, "nothing was recorded yet");
    }
    let look = || -> Result<Check, Fault> {
        let folder = journal::existing_folder(context)?;
        let view = ledger::View::open(&folder)?;
        let known = [journal::verifier(context)?];
        ledger::Checkpoint::open(view.checkpoint().note().as_bytes(), &known)?;
        if let Some(pin) = pins::Memory::of(&folder, &known[0]).recall(&known)? {
            view.check_pin(&pin)?;
        }
        let (size, signed) = (view.size(), view.signed_size());
        let says = format!("{}, {signed} of them under the checkpoint", counted(size, "entry", "entries"));
        Ok(Check::of("ledger", State::Ok, says).figure("entries", size).figure("signed_entries", signed))
    };
    look().unwrap_or_else(|fault| Check::failed("ledger", &fault))
}

/// The clock does not tell a time before the last entry of the ledger.
pub(super) fn clock(context: &Context) -> Check {
    let last = || -> Result<Option<model::Instant>, Fault> {
        let view = ledger::View::open(&journal::existing_folder(context)?)?;
        view.entries(0..view.size()).next_back().map(|item| Ok(item?.entry()?.time)).transpose()
    };
    // What is wrong with the ledger is said by the ledger's own check.
    let Some(last) = last().ok().flatten() else {
        return Check::of("clock", State::Absent, "no entry of the ledger to compare it with");
    };
    let since = context.now().seconds() - last.seconds();
    let check = match since < -CLOCK_BEHIND {
        false => Check::of("clock", State::Ok, format!("{} after the last entry of the ledger", ago(since.max(0)))),
        true => Check::of("clock", State::Degraded, format!("{} before the last entry of the ledger", ago(-since)))
            .advise(
                "Set the clock of this machine: times that go back are found fault with where evidence is checked.",
            ),
    };
    check.figure("last_entry_timestamp_seconds", last.seconds())
}

/// The newest state of the store can be read.
pub(super) fn store(context: &Context) -> Check {
    let folder = context.project.state("store");
    if !folder.is_dir() {
        return Check::of("store", State::Absent, "nothing was ingested yet");
    }
    match Store::open(&folder, None).and_then(|store| store.snapshot()) {
        Err(fault) => Check::failed("store", &fault),
        Ok(snapshot) => {
            let rows: u64 = snapshot.files.iter().map(|file| file.rows).sum();
            let version = snapshot.version.map_or("nothing in it".to_owned(), |version| format!("version {version}"));
            let says = format!("{version}, {}", counted(rows, "row", "rows"));
            Check::of("store", State::Ok, says).figure("rows", rows)
        }
    }
}

/// Jobs run when they are due, and do what they are for.
pub(super) fn jobs(context: &Context) -> Check {
    let files = match job::files(context) {
        Err(fault) => return Check::failed("jobs", &fault),
        Ok(files) if files.is_empty() => return Check::of("jobs", State::Absent, "there are no jobs"),
        Ok(files) => files,
    };
    let mut wrong = Vec::new();
    for path in &files {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match Job::read(path).and_then(|job| standing(context, &job)) {
            Ok(None) => {}
            Ok(Some(why)) => wrong.push(format!("{name} {why}")),
            Err(fault) => return Check::failed("jobs", &fault),
        }
    }
    let total = files.len();
    let check = match wrong.as_slice() {
        [] => Check::of("jobs", State::Ok, format!("{}, none late", counted(total as u64, "job", "jobs"))),
        wrong => Check::of("jobs", State::Degraded, wrong.join("; ")).advise(
            "See that something calls `probity run --due` (`util schedule`), and what `probity run FILE` says.",
        ),
    };
    check.figure("known", total).figure("late_or_failing", wrong.len())
}

/// What is wrong with a job: it missed a whole slot, or did not come to its end.
fn standing(context: &Context, job: &Job) -> Result<Option<String>, Fault> {
    let Some(every) = job.every else { return Ok(None) };
    let Some(last) = job::last(job, context)? else { return Ok(Some("has never run".to_owned())) };
    let since = context.now().seconds() - last.started.seconds();
    if i128::from(since) > 2 * every.nanos() / 1_000_000_000 {
        return Ok(Some(format!("ran {} ago and is due every {every}", ago(since))));
    }
    // Answers are no failures: a job that finds a rule broken did what it is for.
    let failed = last.exit.filter(|code| *code > u64::from(Exit::NoVerdict.code()));
    Ok(failed.map(|code| format!("ended with exit code {code}")))
}
