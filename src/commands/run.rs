//! `run`: the steps of a job, one after the other, in this program.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;
use model::{Fault, Instant};
use serde_json::{Value, json};

use super::{Command, Done};
use crate::cli::args::{Cli, GlobalArgs};
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::failure;
use crate::cli::job::{self, Job, Step};
use crate::cli::journal::Wanted;
use crate::cli::output::{Page, Show};
use crate::cli::signals;
use crate::cli::table::Table;

pub(crate) const EXAMPLES: &[Example] = &[
    Example { about: "Run a job now", line: "probity run jobs/nightly.toml" },
    Example { about: "Run what is due; cron calls this as often as it likes", line: "probity run --due" },
];

/// Run a job: steps that are other commands
#[derive(Args, Debug)]
pub(crate) struct RunArgs {
    /// The job file
    #[arg(required_unless_present = "due", conflicts_with = "due")]
    file: Option<PathBuf>,
    /// Run the jobs of the project that are due
    #[arg(long)]
    due: bool,
}

pub(crate) fn run(context: &mut Context, args: RunArgs) -> Result<Done, Fault> {
    let runs = match args.file {
        Some(file) => vec![run_now(context, &Job::read(&file)?)?],
        None => run_due(context)?,
    };
    let exit = runs.iter().map(|run| run.exit).fold(Exit::Done, Exit::worse);
    context.trace.begin(Wanted::Always, "run.finished");
    context.trace.count("jobs", runs.len() as u64);
    context.trace.count("steps", runs.iter().map(|run| run.steps.len() as u64).sum());
    Ok(Done::showing(exit, Runs { runs, exit }))
}

fn run_now(context: &mut Context, job: &Job) -> Result<Ran, Fault> {
    let Some(held) = job::hold(job, context)? else {
        return Err(Fault::unavailable("job-running", format!("{} is running already", job.path.display()))
            .advise("Wait for it to end."));
    };
    held.remember_start()?;
    let ran = steps(context, job);
    held.remember_end(context.now(), ran.exit)?;
    Ok(ran)
}

fn run_due(context: &mut Context) -> Result<Vec<Ran>, Fault> {
    let mut runs = Vec::new();
    for path in job_files(context)? {
        let job = Job::read(&path)?;
        let Some(every) = job.every else {
            context.output.detail(&format!("{} has no `every`; it runs only when named", path.display()));
            continue;
        };
        match job::hold(&job, context)? {
            None => context.output.note(&format!("{} is running already; left alone", path.display())),
            Some(held) if held.is_due(every)? => {
                held.remember_start()?;
                let ran = steps(context, &job);
                held.remember_end(context.now(), ran.exit)?;
                runs.push(ran);
            }
            Some(_) => context.output.detail(&format!("{} is not due", path.display())),
        }
    }
    Ok(runs)
}

fn job_files(context: &Context) -> Result<Vec<PathBuf>, Fault> {
    let mut found = Vec::new();
    for entry in context.config.list("run.jobs") {
        let path = context.project.root().join(entry);
        if !path.is_dir() {
            found.push(path);
            continue;
        }
        let fault = |error| Fault::io("read the folder", &path, error);
        for file in std::fs::read_dir(&path).map_err(fault)? {
            let file = file.map_err(fault)?.path();
            if file.extension().is_some_and(|ending| ending == "toml") {
                found.push(file);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn steps(context: &mut Context, job: &Job) -> Ran {
    // One time for the placeholders of all steps, so that a later step finds what an earlier one named.
    let started = context.now();
    let mut ran = Ran { job: job.path.display().to_string(), steps: Vec::new(), left: 0, exit: Exit::Done };
    for (index, step) in job.steps.iter().enumerate() {
        let stopped = signals::check().is_err();
        if stopped {
            ran.exit = Exit::Interrupted;
            break;
        }
        announce(context, index + 1, job.steps.len(), step);
        let finished = one(context, &job.path, step, started);
        let exit = finished.exit;
        ran.exit = ran.exit.worse(exit);
        ran.steps.push(finished);
        if !job.goes_on_after(exit) {
            break;
        }
    }
    ran.left = job.steps.len() - ran.steps.len();
    ran
}

fn announce(context: &mut Context, number: usize, total: usize, step: &Step) {
    if !context.output.is_json() {
        let mut page = Page::new(context.output.layout());
        page.gap();
        page.heading(&format!("[{number}/{total}] {}", step.name));
        if !context.output.is_quiet() {
            // A closed pipe shows when the result is written.
            let _ = context.output.write(page.text().as_bytes());
        }
    }
}

fn one(context: &mut Context, job: &Path, step: &Step, started: Instant) -> StepRan {
    context.output.collect();
    let exit = match parse(context, job, step, started).and_then(|command| super::dispatch(context, command)) {
        Ok(exit) => exit,
        Err(fault) => failure::report(context, &fault),
    };
    StepRan { name: step.name.clone(), exit, results: context.output.collected() }
}

fn parse(context: &Context, job: &Path, step: &Step, started: Instant) -> Result<Command, Fault> {
    let mut argv = vec![OsString::from("probity")];
    for argument in &step.arguments {
        argv.push(job::fill_in(argument, job, context, started)?.into());
    }
    let wrong = |code, message: String, advice: &str| {
        Err(Fault::bad_config(code, message).at(model::Place::file(job)).advise(advice))
    };
    let cli = match Cli::parse_from_shell(&argv) {
        Ok(cli) => cli,
        Err(stopped) => {
            return wrong(
                "bad-step",
                format!("Step {:?}: {}", step.name, stopped.message().trim_end()),
                "Mend the step.",
            );
        }
    };
    if cli.global != GlobalArgs::default() {
        let message = format!("Step {:?} has a global flag", step.name);
        return wrong("bad-step", message, "Give global flags to `run` itself; they hold for every step.");
    }
    match cli.command {
        Command::Run(_) => {
            wrong("bad-step", format!("Step {:?} is a job again", step.name), "List its steps here instead.")
        }
        command => Ok(command),
    }
}

struct Runs {
    runs: Vec<Ran>,
    exit: Exit,
}

struct Ran {
    job: String,
    steps: Vec<StepRan>,
    left: usize,
    exit: Exit,
}

struct StepRan {
    name: String,
    exit: Exit,
    results: Vec<Value>,
}

impl Show for Runs {
    fn json(&self) -> Value {
        let step = |step: &StepRan| json!({"name": step.name, "exit": step.exit.code(), "results": step.results});
        let run = |run: &Ran| {
            let steps: Vec<Value> = run.steps.iter().map(step).collect();
            json!({"job": run.job, "exit": run.exit.code(), "steps": steps, "steps_left": run.left})
        };
        let runs: Vec<Value> = self.runs.iter().map(run).collect();
        json!({"schema": "run/1", "exit": self.exit.code(), "jobs": runs})
    }

    fn human(&self, page: &mut Page) {
        if self.runs.is_empty() {
            page.line("Nothing is due.");
        }
        for run in &self.runs {
            page.gap();
            page.heading(&run.job);
            let mut table = Table::new(&["step", "exit", "meaning"]);
            for step in &run.steps {
                table.row([step.name.as_str().into(), step.exit.code().to_string().into(), step.exit.name().into()]);
            }
            page.table(&table);
            if run.left > 0 {
                page.line(format!("{} more steps were not run.", run.left));
            }
        }
    }
}
