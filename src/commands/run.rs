//! `run`: the steps of a job, one after the other, in this program.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;
use model::{Fault, Instant, counted};
use serde_json::{Value, json};

use super::{Command, Done};
use crate::cli::args::{Cli, GlobalArgs};
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::failure;
use crate::cli::job::{self, Held, Job, Step};
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
    // For a job that cannot start; each step begins a trace of its own.
    context.trace.begin(Wanted::WhereThere, "run.finished");
    let runs = match args.file {
        Some(file) => vec![run_now(context, &Job::read(&file)?)?],
        None => run_due(context)?,
    };
    let exit = runs.iter().map(|run| run.exit).fold(Exit::Done, Exit::worse);
    // A clock that asks every minute fills no ledger: where nothing was due, nothing happened.
    context.trace.begin(if runs.is_empty() { Wanted::Never } else { Wanted::Always }, "run.finished");
    context.trace.count("jobs", runs.len() as u64);
    context.trace.count("steps", runs.iter().map(|run| run.steps.len() as u64).sum());
    Ok(Done::showing(exit, Runs { runs, exit }))
}

fn run_now(context: &mut Context, job: &Job) -> Result<Ran, Fault> {
    let planned = plan(context, job)?;
    let Some(held) = job::hold(job, context)? else {
        return Err(Fault::unavailable("job-running", format!("{} is running already", job.path.display()))
            .advise("Wait for it to end."));
    };
    carry_out(context, job, planned, &held)
}

fn run_due(context: &mut Context) -> Result<Vec<Ran>, Fault> {
    let mut runs = Vec::new();
    for path in job::files(context)? {
        match run_if_due(context, &path) {
            Ok(ran) => runs.extend(ran),
            // One job that cannot run keeps no other from running.
            Err(fault) => runs.push(failed(context, &path, &fault)),
        }
    }
    Ok(runs)
}

fn run_if_due(context: &mut Context, path: &Path) -> Result<Option<Ran>, Fault> {
    let job = Job::read(path)?;
    let Some(every) = job.every else {
        context.output.detail(&format!("{} has no `every`; it runs only when named", path.display()));
        return Ok(None);
    };
    let planned = plan(context, &job)?;
    match job::hold(&job, context)? {
        None => context.output.note(&format!("{} is running already; left alone", path.display())),
        Some(held) if held.is_due(every)? => return carry_out(context, &job, planned, &held).map(Some),
        Some(_) => context.output.detail(&format!("{} is not due", path.display())),
    }
    Ok(None)
}

fn failed(context: &mut Context, path: &Path, fault: &Fault) -> Ran {
    context.output.collect();
    let exit = failure::report(context, fault);
    let step = StepRan { name: "read the job".to_owned(), exit, results: context.output.collected() };
    Ran { job: path.display().to_string(), steps: vec![step], left: 0, exit }
}

/// A step and the command that it is.
type Planned<'j> = Vec<(&'j Step, Command)>;

/// Every step is understood before the first one runs.
///
/// One time fills the placeholders of all steps, so that a later step finds what an earlier one named.
fn plan<'j>(context: &Context, job: &'j Job) -> Result<Planned<'j>, Fault> {
    let started = context.now();
    job.steps.iter().map(|step| Ok((step, parse(context, &job.path, step, started)?))).collect()
}

fn carry_out(context: &mut Context, job: &Job, planned: Planned<'_>, held: &Held) -> Result<Ran, Fault> {
    held.remember_start()?;
    let ran = steps(context, job, planned);
    // What was stopped by hand or by a shutdown is due again, as if it had been killed.
    if ran.exit != Exit::Interrupted {
        held.remember_end(context.now(), ran.exit)?;
    }
    Ok(ran)
}

fn steps(context: &mut Context, job: &Job, planned: Planned<'_>) -> Ran {
    let total = planned.len();
    let mut ran = Ran { job: job.path.display().to_string(), steps: Vec::new(), left: 0, exit: Exit::Done };
    for (step, command) in planned {
        if signals::check().is_err() {
            ran.exit = Exit::Interrupted;
            break;
        }
        announce(context, ran.steps.len() + 1, total, step);
        let finished = one(context, step, command);
        let exit = finished.exit;
        ran.exit = ran.exit.worse(exit);
        ran.steps.push(finished);
        if !job.goes_on_after(exit) {
            break;
        }
    }
    ran.left = total - ran.steps.len();
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

fn one(context: &mut Context, step: &Step, command: Command) -> StepRan {
    context.output.collect();
    let exit = match super::dispatch(context, command) {
        Ok(exit) => exit,
        Err(fault) => failure::report(context, &fault),
    };
    StepRan { name: step.name.clone(), exit, results: context.output.collected() }
}

fn parse(context: &Context, job: &Path, step: &Step, started: Instant) -> Result<Command, Fault> {
    let mut argv = vec![OsString::from("probity")];
    for argument in &step.arguments {
        argv.push(job::fill_in(argument, job, context, started).map_err(|fault| fault.at(step.place.clone()))?.into());
    }
    let wrong = |code, message: String, advice: &str| {
        Err(Fault::bad_config(code, message).at(step.place.clone()).advise(advice))
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
                let steps = counted(run.left as u64, "more step was", "more steps were");
                page.line(format!("{steps} not run."));
            }
        }
    }
}
