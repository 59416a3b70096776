//! `util`: completions, man pages, schemas, explanations, schedules.

#[cfg(feature = "house")]
mod generate;
#[cfg(feature = "rules")]
mod jobs;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::Shell;
use model::Fault;
use serde_json::{Value, json};

use super::Done;
use crate::cli::args;
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::explain;
use crate::cli::files::{self, Existing};
use crate::cli::output::{Page, Show};
use crate::cli::pages;
use crate::cli::schemas;

pub(crate) const EXAMPLES: &[Example] = &[
    Example { about: "What a failure code means", line: "probity util explain disk-full" },
    Example { about: "Completions for bash", line: "probity util completions bash" },
    Example { about: "The contract of a format", line: "probity util schema evaluation.v1.schema.json" },
    #[cfg(feature = "house")]
    Example {
        about: "Recording rules and burn rate alerts for Prometheus, and where Alertmanager sends them",
        line: "probity util prometheus-rules --rule slo --output rules.yml",
    },
    Example { about: "Man pages into a folder", line: "probity util man man1" },
];

/// Completions, man pages, schemas, explanations, schedules
#[derive(Args, Debug)]
pub(crate) struct UtilArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the man pages
    Man {
        /// Into this folder
        dir: PathBuf,
        /// Replace pages that are there
        #[arg(long)]
        overwrite: bool,
    },
    /// Print the schema of a format, or list them
    Schema {
        /// Its file name
        name: Option<String>,
    },
    /// Say what a failure code means and what to do, or list the codes
    Explain {
        /// The code
        code: Option<String>,
    },
    /// Print the command reference as Markdown
    Reference,
    /// Print the lines for crontab that run a job when it is due
    #[cfg(feature = "house")]
    Cron(ScheduleArgs),
    /// Print the systemd service and timer that run a job when it is due
    #[cfg(feature = "house")]
    Systemd(ScheduleArgs),
    /// Print the Kubernetes CronJob that runs a job when it is due
    #[cfg(feature = "house")]
    Kubernetes(ScheduleArgs),
    #[cfg(feature = "house")]
    #[command(flatten)]
    Generate(generate::Verb),
    /// Write job files that judge retention, encryption, audit logging, minimisation and consent
    #[cfg(feature = "rules")]
    Jobs {
        /// Into this folder
        dir: PathBuf,
        /// Replace jobs that are there
        #[arg(long)]
        overwrite: bool,
    },
    /// Look inside, for those who work on probity
    #[command(hide = true)]
    Debug {
        #[command(subcommand)]
        what: Debug,
    },
}

#[derive(Subcommand, Debug)]
enum Debug {
    /// End as a bug ends it: with exit 70 and a message that can be reported
    Panic {
        /// On another thread than the first
        #[arg(long)]
        thread: bool,
    },
}

#[cfg(feature = "house")]
#[derive(Args, Debug)]
struct ScheduleArgs {
    /// The job file
    file: PathBuf,
}

pub(crate) fn run(context: &mut Context, args: UtilArgs) -> Result<Done, Fault> {
    #[cfg(feature = "house")]
    use crate::cli::schedule::Clock;
    let text = match args.verb {
        Verb::Completions { shell } => completions(shell),
        Verb::Man { dir, overwrite } => return write_man(&dir, Existing::from_flag(overwrite)),
        Verb::Schema { name } => schema(name)?,
        Verb::Explain { code } => explanation(code)?,
        Verb::Reference => pages::reference(),
        #[cfg(feature = "house")]
        Verb::Cron(args) => schedule(context, Clock::Cron, &args)?,
        #[cfg(feature = "house")]
        Verb::Systemd(args) => schedule(context, Clock::Systemd, &args)?,
        #[cfg(feature = "house")]
        Verb::Kubernetes(args) => schedule(context, Clock::Kubernetes, &args)?,
        #[cfg(feature = "house")]
        Verb::Generate(verb) => return generate::run(context, verb),
        #[cfg(feature = "rules")]
        Verb::Jobs { dir, overwrite } => {
            let written = jobs::write(&dir, Existing::from_flag(overwrite))?;
            return Ok(Done::showing(Exit::Done, Written(written)));
        }
        Verb::Debug { what: Debug::Panic { thread } } => panic(thread),
    };
    context.output.write(text.as_bytes())?;
    Ok(Done::streamed(Exit::Done))
}

/// A bug on demand, so that a test sees what a user would see.
fn panic(thread: bool) -> ! {
    let bug = || panic!("it was asked for with `util debug panic`");
    if thread {
        // The hook ends the program from there; a join that returned would be a bug as well.
        let _ = std::thread::spawn(bug).join();
    }
    bug()
}

fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut args::tree(), "probity", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

fn write_man(dir: &std::path::Path, existing: Existing) -> Result<Done, Fault> {
    let mut written = Vec::new();
    for (name, page) in pages::man()? {
        let path = dir.join(name);
        files::write(&path, &page, existing)?;
        written.push(path.display().to_string());
    }
    Ok(Done::showing(Exit::Done, Written(written)))
}

fn schema(name: Option<String>) -> Result<String, Fault> {
    let Some(name) = name else {
        return Ok(schemas::names().map(|name| format!("{name}\n")).collect());
    };
    schemas::text(&name).map(str::to_owned).ok_or_else(|| unknown("schema", &name, schemas::names()))
}

fn explanation(code: Option<String>) -> Result<String, Fault> {
    let Some(code) = code else {
        return Ok(explain::codes().map(|code| format!("{code}\n")).collect());
    };
    explain::page(&code).map(str::to_owned).ok_or_else(|| unknown("failure code", &code, explain::codes()))
}

fn unknown(what: &str, word: &str, known: impl Iterator<Item = &'static str>) -> Fault {
    let advice = match model::nearest(word, known) {
        Some(nearest) => format!("Did you mean {nearest}?"),
        None => "Leave the name out for a list.".to_owned(),
    };
    Fault::usage("unknown-name", format!("There is no {what} {word:?}")).advise(advice)
}

#[cfg(feature = "house")]
fn schedule(context: &Context, clock: crate::cli::schedule::Clock, args: &ScheduleArgs) -> Result<String, Fault> {
    let job = crate::cli::job::Job::read(&args.file)?;
    let every = job.every.ok_or_else(|| {
        Fault::bad_config("no-schedule", "The job has no `every`")
            .at(model::Place::file(&args.file))
            .advise("Add every = \"12h\" at the top.")
    })?;
    warn_unless_due(context, &args.file)?;
    let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("probity"));
    crate::cli::schedule::text(clock, every, context.project.root(), &program)
}

/// A schedule calls `run --due`, which looks at the project's jobs and nowhere else.
#[cfg(feature = "house")]
fn warn_unless_due(context: &Context, file: &std::path::Path) -> Result<(), Fault> {
    let whole = |path: &std::path::Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    if !crate::cli::job::files(context)?.iter().any(|known| whole(known) == whole(file)) {
        let (file, root) = (file.display(), context.project.root().display());
        context.output.warn(&format!("{file} is not among the jobs of {root}; add it to `jobs` in [run]"));
    }
    Ok(())
}

struct Written(Vec<String>);

impl Show for Written {
    fn json(&self) -> Value {
        json!({"schema": "files/1", "files": self.0})
    }

    fn human(&self, page: &mut Page) {
        for path in &self.0 {
            page.line(path);
        }
    }
}
