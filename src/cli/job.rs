//! Job files: steps that are argument lists of other commands, and how often they are due.

use std::fs::File;
use std::path::{Path, PathBuf};

use model::{Fault, Instant, Place, Span};
use rustix::fs::{FlockOperation, flock};
use serde_json::{Value as Json, json};

use super::context::Context;
use super::exit::Exit;
use super::files::{self, Existing};
use super::keys;
use super::toml_file::{self, Located, Table, Value};

const STEPS_MAX: usize = 200;

/// A job file.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) path: PathBuf,
    pub(crate) every: Option<Span>,
    keep_going: bool,
    pub(crate) steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) arguments: Vec<String>,
    /// Where its arguments stand.
    pub(crate) place: Place,
}

impl Job {
    /// Reads a job file.
    ///
    /// # Errors
    /// `unknown-key`, `wrong-type`, `bad-span`, `no-steps`, `bad-toml`, all located; I/O faults.
    pub(crate) fn read(path: &Path) -> Result<Job, Fault> {
        let mut job = Job { path: path.to_path_buf(), every: None, keep_going: false, steps: Vec::new() };
        for (key, value) in toml_file::read(path)? {
            match (key.item.as_str(), value.item) {
                ("every", Value::Text(text)) => {
                    let span = Span::parse(&text);
                    job.every = Some(span.map_err(|fault| {
                        let located = toml_file::complaint(fault.code(), fault.message(), &value.place);
                        located.advise(fault.advice().unwrap_or_default())
                    })?);
                }
                ("keep_going", Value::Flag(flag)) => job.keep_going = flag,
                ("step", Value::List(steps)) => job.steps = steps.into_iter().map(step).collect::<Result<_, _>>()?,
                ("every" | "keep_going" | "step", _) => {
                    return Err(toml_file::complaint(
                        "wrong-type",
                        &format!("{} has another type", key.item),
                        &value.place,
                    )
                    .advise("every = \"12h\", keep_going = true, and [[step]] sections."));
                }
                _ => return Err(toml_file::unknown_key(&key, &["every", "keep_going", "step"])),
            }
        }
        match job.steps.len() {
            0 => Err(Fault::bad_config("no-steps", "The job has no steps")
                .at(Place::file(path))
                .advise("Add a [[step]] with run = [\"evaluate\"].")),
            1..=STEPS_MAX => Ok(job),
            _ => Err(Fault::bad_config("too-many-steps", format!("The job has more than {STEPS_MAX} steps"))
                .at(Place::file(path))
                .advise("Split it into several jobs.")),
        }
    }

    /// Whether the job goes on after a step that ended with `exit`: answers never stop a job, failures do.
    pub(crate) fn goes_on_after(&self, exit: Exit) -> bool {
        exit.is_answer() || (self.keep_going && exit != Exit::Interrupted)
    }

    /// A name for state files: the stem, and a digest of the whole path so that two `nightly.toml` do not meet.
    fn id(&self) -> String {
        let whole = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        let digest = seal::sha256(whole.as_os_str().as_encoded_bytes());
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let stem: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        format!("{stem}-{}", digest.short())
    }
}

fn step(table: Located<Value>) -> Result<Step, Fault> {
    let Value::Table(rows) = table.item else {
        return Err(toml_file::complaint("wrong-type", "A step is a table", &table.place).advise("Write [[step]]."));
    };
    let mut step = Step { name: String::new(), arguments: Vec::new(), place: table.place.clone() };
    read_step(rows, &mut step)?;
    if step.arguments.is_empty() {
        return Err(toml_file::complaint("no-arguments", "The step runs nothing", &table.place)
            .advise("Add run = [\"evaluate\", \"--pack\", \"production\"]."));
    }
    if step.name.is_empty() {
        step.name = step.arguments.join(" ");
    }
    Ok(step)
}

fn read_step(rows: Table, step: &mut Step) -> Result<(), Fault> {
    for (key, value) in rows {
        match (key.item.as_str(), value.item) {
            ("name", Value::Text(text)) => step.name = text,
            ("run", Value::List(items)) => {
                step.place = value.place;
                for item in items {
                    match item.item {
                        Value::Text(text) => step.arguments.push(text),
                        other => {
                            let message = format!("An argument is a text, not {}", other.type_word());
                            return Err(toml_file::complaint("wrong-type", &message, &item.place)
                                .advise("Put it in double quotes."));
                        }
                    }
                }
            }
            ("name" | "run", _) => {
                return Err(toml_file::complaint(
                    "wrong-type",
                    &format!("{} has another type", key.item),
                    &value.place,
                )
                .advise("name = \"text\", run = [\"command\", \"argument\"]."));
            }
            _ => return Err(toml_file::unknown_key(&key, &["name", "run"])),
        }
    }
    Ok(())
}

/// Replaces `{here}` (the job file's folder), `{root}` (the project), `{state}` (its state folder), `{date}` (2026-01-31)
/// and `{time}` (20260131t090000z) in an argument.
///
/// # Errors
/// `unknown-placeholder` for any other word in braces.
pub(crate) fn fill_in(argument: &str, job: &Path, context: &Context, now: Instant) -> Result<String, Fault> {
    let mut filled = String::with_capacity(argument.len());
    let mut rest = argument;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((word, after)) = after.split_once('}') else {
            return Ok(filled + "{" + after);
        };
        filled.push_str(&placeholder(word, job, context, now)?);
        rest = after;
    }
    Ok(filled + rest)
}

fn placeholder(word: &str, job: &Path, context: &Context, now: Instant) -> Result<String, Fault> {
    let path = |path: &Path| path.display().to_string();
    Ok(match word {
        "here" => path(job.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))),
        "root" => path(context.project.root()),
        "state" => path(&context.project.state("")).trim_end_matches('/').to_owned(),
        "date" => now.date(),
        "time" => now.to_millis()[..19].replace(['-', ':'], "").to_lowercase() + "z",
        _ => {
            return Err(Fault::bad_config("unknown-placeholder", format!("There is no placeholder {{{word}}}"))
                .at(Place::file(job))
                .advise("The placeholders are {here}, {root}, {state}, {date} and {time}."));
        }
    })
}

/// The lock and the memory of a job.
pub(crate) struct Held {
    state: PathBuf,
    started: Instant,
    _lock: File,
}

/// What is remembered of the last run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Last {
    pub(crate) started: Instant,
    pub(crate) finished: bool,
    /// The code that it ended with.
    pub(crate) exit: Option<u64>,
}

/// What is remembered of the last run of a job; nothing where it never ran.
///
/// # Errors
/// I/O faults.
pub(crate) fn last(job: &Job, context: &Context) -> Result<Option<Last>, Fault> {
    remembered(&state(job, context))
}

fn state(job: &Job, context: &Context) -> PathBuf {
    context.project.state("run").join(format!("{}.json", job.id()))
}

fn remembered(state: &Path) -> Result<Option<Last>, Fault> {
    if !state.exists() {
        return Ok(None);
    }
    let text = files::read_text(state, model::ByteSize(64 << 10))?;
    // A state file that cannot be read is one we do not remember: the job runs once too often rather than never.
    let state: Json = serde_json::from_str(&text).unwrap_or_default();
    let started = state["started"].as_str().and_then(|text| Instant::parse(text).ok());
    Ok(started.map(|started| Last { started, finished: state["finished"].is_string(), exit: state["exit"].as_u64() }))
}

/// The job files that `run --due` looks at, sorted.
///
/// # Errors
/// I/O faults.
pub(crate) fn files(context: &Context) -> Result<Vec<PathBuf>, Fault> {
    let mut found = Vec::new();
    for entry in context.config.list("run.jobs") {
        let path = context.project.root().join(entry);
        if !path.is_dir() {
            // A folder that is not there holds no jobs; a file that is not there is a mistake, and reading it says so.
            found.extend(path.extension().is_some().then_some(path));
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

/// Takes the job's lock without waiting; `None` when another run holds it.
///
/// # Errors
/// I/O faults.
pub(crate) fn hold(job: &Job, context: &Context) -> Result<Option<Held>, Fault> {
    let folder = context.project.state("run");
    keys::private_folder(&context.project.state(""))?;
    keys::private_folder(&folder)?;
    let path = folder.join(format!("{}.lock", job.id()));
    let lock = File::create(&path).map_err(|error| Fault::io("lock", &path, error))?;
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(Held { state: state(job, context), started: context.now(), _lock: lock })),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(Fault::io("lock", &path, error.into())),
    }
}

impl Held {
    /// Whether a run is due: none in this slot yet, or the last one was cut short.
    ///
    /// Slots are `every` long and counted from 1970-01-01T00:00:00Z, so a run that starts a little late does not push
    /// the next one out of its slot, and any number of missed slots is made up for by one run.
    ///
    /// # Errors
    /// I/O faults.
    pub(crate) fn is_due(&self, every: Span) -> Result<bool, Fault> {
        let last = remembered(&self.state)?;
        Ok(last.is_none_or(|last| !last.finished || slot(last.started, every) != slot(self.started, every)))
    }

    /// Remembers that the run has started, so that a run that is killed counts as missed.
    ///
    /// # Errors
    /// I/O faults.
    pub(crate) fn remember_start(&self) -> Result<(), Fault> {
        self.remember(None)
    }

    /// Remembers how the run ended.
    ///
    /// # Errors
    /// I/O faults.
    pub(crate) fn remember_end(&self, now: Instant, exit: Exit) -> Result<(), Fault> {
        self.remember(Some((now, exit)))
    }

    fn remember(&self, end: Option<(Instant, Exit)>) -> Result<(), Fault> {
        let state = json!({
            "schema": "run-state/1",
            "started": self.started.to_string(),
            "finished": end.map(|(now, _)| now.to_string()),
            "exit": end.map(|(_, exit)| exit.code()),
        });
        files::write(&self.state, format!("{state}\n").as_bytes(), Existing::Replace)
    }
}

fn slot(instant: Instant, every: Span) -> i128 {
    i128::from(instant.nanos()).div_euclid(every.nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Job, Fault> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("job.toml");
        std::fs::write(&path, text).unwrap();
        Job::read(&path)
    }

    #[test]
    fn a_job_is_steps_and_how_often() {
        let job = read("every = \"12h\"\n[[step]]\nrun = [\"evaluate\", \"--pack\", \"production\"]\n").unwrap();
        assert_eq!(job.every.unwrap().to_string(), "12h");
        assert_eq!(job.steps[0].name, "evaluate --pack production");
    }

    #[test]
    fn what_is_wrong_is_located() {
        let check = |text, code, line| {
            let fault = read(text).unwrap_err();
            assert_eq!((fault.code(), fault.place().unwrap().line), (code, line), "{text}");
        };
        check("evry = \"12h\"\n", "unknown-key", 1);
        check("every = \"12 hours\"\n", "bad-span", 1);
        check("every = 12\n", "wrong-type", 1);
        check("every = \"1h\"\n", "no-steps", 0);
        check("[[step]]\nname = \"x\"\n", "no-arguments", 1);
        check("[[step]]\nrun = [1]\n", "wrong-type", 2);
        check("[[step]]\nruns = [\"evaluate\"]\n", "unknown-key", 2);
    }

    #[test]
    fn a_late_start_does_not_push_the_next_run_out_of_its_slot() {
        let every = Span::parse("12h").unwrap();
        let at = |text: &str| slot(Instant::parse(text).unwrap(), every);
        assert_eq!(at("2026-01-01T00:00:07Z"), at("2026-01-01T11:59:59Z"));
        assert_ne!(at("2026-01-01T00:00:07Z"), at("2026-01-01T12:00:00Z"));
    }
}
