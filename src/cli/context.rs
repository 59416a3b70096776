//! What a command may know of the world: time, identity, settings, project, output.

use std::env;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use model::{Fault, Instant, Progress};

use super::args::GlobalArgs;
use super::config::Config;
use super::output::{Output, Show};
use super::progress::{self, Count};
use super::project::Project;

/// Everything that enters a command from outside its arguments.
pub(crate) struct Context {
    /// Where results go.
    pub(crate) output: Output,
    /// Effective settings.
    pub(crate) config: Config,
    /// The folder we work in.
    pub(crate) project: Project,
    /// Whether questions may be asked.
    pub(crate) may_ask: bool,
    /// What the ledger will hold about this run.
    #[cfg(feature = "house")]
    pub(crate) trace: super::journal::Trace,
    /// Our own traces, where a collector is named.
    #[cfg(feature = "house")]
    pub(crate) spans: Option<Box<super::spans::Spans>>,
    fixed_time: Option<Instant>,
}

impl Context {
    /// Reads environment, configuration and clock, once.
    ///
    /// # Errors
    /// Whatever is wrong with the configuration, located.
    pub(crate) fn from_environment(global: &GlobalArgs) -> Result<Context, Fault> {
        let project = project(global)?;
        let user = user_file(global).filter(|file| file.is_file());
        let files: Vec<_> = user.as_deref().into_iter().chain(project.config()).collect();
        let config = Config::load(&files, settings_of_environment())?;
        Ok(Context {
            output: Output::new(global),
            config,
            project,
            may_ask: !global.no_input,
            #[cfg(feature = "house")]
            trace: super::journal::Trace::default(),
            #[cfg(feature = "house")]
            spans: super::spans::Spans::wanted(global.otlp.as_deref()),
            fixed_time: global.time,
        })
    }

    /// The current time: the clock's, or what `--time` fixes it to.
    pub(crate) fn now(&self) -> Instant {
        self.fixed_time.unwrap_or_else(clock)
    }

    /// What `--time` fixes the clock to.
    #[cfg(feature = "alerts")]
    pub(crate) fn fixed_time(&self) -> Option<Instant> {
        self.fixed_time
    }

    /// The same for whatever outlives this borrow.
    #[cfg(feature = "house")]
    pub(crate) fn clock(&self) -> Box<dyn Fn() -> Instant> {
        let fixed = self.fixed_time;
        Box::new(move || fixed.unwrap_or_else(clock))
    }

    /// Shows a result.
    ///
    /// # Errors
    /// When standard output cannot take it.
    pub(crate) fn report(&mut self, result: &dyn Show) -> Result<(), Fault> {
        self.output.show(result)
    }

    /// A progress bar, or nothing where nobody looks.
    pub(crate) fn progress(&self, count: Count) -> Box<dyn Progress> {
        progress::bar(count, self.output.is_quiet())
    }

    /// Who acts: the configured name, or the number of the system's user. Never a person's name unless configured.
    pub(crate) fn actor(&self) -> String {
        match self.config.text("identity.actor") {
            "" => format!("uid-{}", user_id()),
            actor => actor.to_owned(),
        }
    }
}

fn project(global: &GlobalArgs) -> Result<Project, Fault> {
    let start = match &global.project {
        Some(folder) => folder.clone(),
        None => env::current_dir().map_err(|error| Fault::io("read", "the working folder".as_ref(), error))?,
    };
    match global.config.as_deref().and_then(|path| path.to_str()) {
        Some("none") => Project::at(&start, None),
        _ => match &global.config {
            Some(file) if file.is_file() => Project::at(&start, Some(file.clone())),
            Some(file) => Err(Fault::bad_config("no-config", format!("There is no file {}", file.display()))
                .advise("Give the path of a probity.toml, or `none` for the built-in defaults.")),
            None => Project::find(&start),
        },
    }
}

/// `$XDG_CONFIG_HOME/probity/config.toml`, or below `~/.config`. `--config` replaces discovery altogether.
fn user_file(global: &GlobalArgs) -> Option<PathBuf> {
    if global.config.is_some() {
        return None;
    }
    let folder = absolute_folder("XDG_CONFIG_HOME").or_else(|| Some(absolute_folder("HOME")?.join(".config")))?;
    Some(folder.join("probity").join("config.toml"))
}

/// Where probity remembers things about this machine's user: `$XDG_STATE_HOME/probity`, or below `~/.local/state`.
#[cfg(feature = "house")]
pub(crate) fn user_state_folder() -> Option<PathBuf> {
    let folder = absolute_folder("XDG_STATE_HOME").or_else(|| Some(absolute_folder("HOME")?.join(".local/state")))?;
    Some(folder.join("probity"))
}

/// Where a user's own fonts lie: `$XDG_DATA_HOME/fonts`, or below `~/.local/share`.
#[cfg(feature = "pdf")]
pub(crate) fn user_font_folder() -> Option<PathBuf> {
    let folder = absolute_folder("XDG_DATA_HOME").or_else(|| Some(absolute_folder("HOME")?.join(".local/share")))?;
    Some(folder.join("fonts"))
}

/// Where the ssh-agent listens, if there is one.
#[cfg(feature = "pdf")]
pub(crate) fn agent_socket() -> Option<PathBuf> {
    env::var_os("SSH_AUTH_SOCK").filter(|socket| !socket.is_empty()).map(PathBuf::from)
}

fn absolute_folder(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from).filter(|folder| folder.is_absolute())
}

/// Variables that set settings: `PROBITY_…`, but not those that the test house uses for itself.
fn settings_of_environment() -> Vec<(String, String)> {
    env::vars()
        .filter(|(name, _)| name.starts_with("PROBITY_"))
        .filter(|(name, _)| !["PROBITY_TEST_", "PROBITY_CI_"].iter().any(|prefix| name.starts_with(prefix)))
        .collect()
}

fn clock() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

#[cfg(feature = "house")]
fn user_id() -> u32 {
    rustix::process::getuid().as_raw()
}

#[cfg(not(feature = "house"))]
fn user_id() -> u32 {
    0
}
