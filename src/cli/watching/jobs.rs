//! Jobs that judge while a watch goes on: `probity run JOB` as a process of its own, when the store has a new commit and
//! after so long. One at a time, each waited for by nobody.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use model::Fault;

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::job::Job;

/// How long a job has to end when the watch does.
const FAREWELL: Duration = Duration::from_secs(10);

pub(super) struct Jobs {
    paths: Vec<PathBuf>,
    /// Those that are yet to run in this round.
    waiting: Vec<PathBuf>,
    running: Option<Child>,
    begun: Option<Instant>,
    /// The store at the beginning of the newest round.
    store: Option<SystemTime>,
}

impl Jobs {
    /// These jobs, read so that a mistake in one is said now.
    ///
    /// # Errors
    /// What is wrong with one, located.
    pub(super) fn of(context: &Context, paths: &[PathBuf]) -> Result<Self, Fault> {
        for path in paths {
            Job::read(path)?;
        }
        let store = newest(context);
        Ok(Jobs { paths: paths.to_vec(), waiting: Vec::new(), running: None, begun: None, store })
    }

    /// Looks after the one that runs, and starts the next.
    pub(super) fn turn(&mut self, context: &Context, every: Duration) {
        if let Some(child) = &mut self.running {
            match child.try_wait() {
                Ok(None) => return,
                Ok(Some(status)) => {
                    let answers = [Exit::Done, Exit::No, Exit::NoVerdict].map(|exit| i32::from(exit.code()));
                    if !status.code().is_some_and(|code| answers.contains(&code)) {
                        context.output.warn(&format!("A job of the watch ended with {status}; it runs again"));
                    }
                }
                Err(error) => context.output.warn(&format!("A job of the watch cannot be waited for: {error}")),
            }
            self.running = None;
        }
        let store = newest(context);
        let is_due = self.begun.is_none_or(|begun| begun.elapsed() >= every) || store != self.store;
        if self.waiting.is_empty() && is_due && !self.paths.is_empty() {
            (self.begun, self.store) = (Some(Instant::now()), store);
            self.waiting = self.paths.iter().rev().cloned().collect();
        }
        let Some(path) = self.waiting.pop() else { return };
        match start(context, &path) {
            Ok(child) => self.running = Some(child),
            Err(error) => context.output.warn(&format!("A job of the watch cannot be started: {error}")),
        }
    }

    /// Ends the one that runs: it stops cleanly when it is asked to, and is killed when it takes too long.
    pub(super) fn end(&mut self) {
        let Some(mut child) = self.running.take() else { return };
        if let Some(id) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        }
        let begun = Instant::now();
        while begun.elapsed() < FAREWELL {
            match child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(20)),
                _ => return,
            }
        }
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn start(context: &Context, job: &Path) -> std::io::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["run", "--no-input", "--quiet"]).arg(std::path::absolute(job)?);
    if let Some(time) = context.fixed_time() {
        command.args(["--time", &time.to_string()]);
    }
    command.current_dir(context.project.root()).stdin(Stdio::null()).stdout(Stdio::null()).spawn()
}

/// When the store got its newest commit.
fn newest(context: &Context) -> Option<SystemTime> {
    context.project.state("store/data/_delta_log").metadata().ok()?.modified().ok()
}
