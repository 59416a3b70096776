//! The command line as typed.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, ValueEnum};
use model::{Digest, Instant};

use super::exit::{self, Exit};
use crate::commands::{self, Command};

/// Metrics and logs to verdicts to sealed packages
#[derive(Parser, Debug)]
#[command(name = "probity", version, propagate_version = true, max_term_width = 100, infer_subcommands = false)]
#[command(subcommand_required = true, arg_required_else_help = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes, on either side of its name.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// Print one JSON document (or JSON Lines where records stream)
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print nothing for people but errors and warnings
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Say more on standard error (can be repeated)
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// When to use colours: auto (on a terminal, unless NO_COLOR is set or TERM is dumb), always, never
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    #[arg(hide_possible_values = true)]
    pub(crate) color: ColorChoice,
    /// Take this as the current time, for reproducible output
    #[arg(long, global = true, value_name = "RFC3339", value_parser = instant)]
    pub(crate) time: Option<Instant>,
    /// Never ask; a missing answer is exit 4
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// Read this configuration file instead of searching one; `none` for built-in defaults
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Work in the project around this folder instead of the working folder
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
    /// Hand a span of each command to this collector (OTLP/HTTP)
    #[cfg(feature = "house")]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) otlp: Option<String>,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set or TERM is dumb
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// A parse that ended the run: help, version, or a wrong command line.
#[derive(Debug)]
pub(crate) struct Stopped(Box<clap::Error>);

impl Stopped {
    /// Prints what clap has to say, help to standard output and complaints to standard error.
    pub(crate) fn print(self) -> Exit {
        // A closed stream cannot be told about itself.
        let _ = self.0.print();
        match self.0.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Done,
            _ => Exit::Usage,
        }
    }

    /// The complaint as one text, for a step of a job.
    pub(crate) fn message(&self) -> String {
        self.0.to_string()
    }
}

impl Cli {
    /// Parses what was typed.
    ///
    /// # Errors
    /// Help, version, or a wrong command line.
    pub(crate) fn parse_from_shell(argv: &[OsString]) -> Result<Cli, Stopped> {
        // Making the whole tree takes longer than most commands take to answer: it is for help, and to say what is wrong.
        let matches = match branch(argv).map(|tree| tree.try_get_matches_from(argv)) {
            Some(Ok(matches)) => matches,
            _ => tree().try_get_matches_from(argv).map_err(|error| Stopped(Box::new(name_absent(error))))?,
        };
        Cli::from_arg_matches(&matches).map_err(|error| Stopped(Box::new(error)))
    }
}

/// The tree with no command but the first that is named. Where that was the value of a flag the line does not fit to it.
fn branch(argv: &[OsString]) -> Option<clap::Command> {
    let command = argv.iter().skip(1).find_map(|word| commands::alone(word.to_str()?))?;
    Some(GlobalArgs::augment_args(clap::Command::new("probity")).subcommand(command))
}

/// The whole tree of commands: help, man pages, completions and reference come from here.
pub(crate) fn tree() -> clap::Command {
    let tree = Cli::command().after_help(format!("{}\n{}", exit::table(), "More: probity util --help"));
    commands::with_examples(tree)
}

/// Names a command that exists but is not in this build, instead of calling it unknown.
fn name_absent(mut error: clap::Error) -> clap::Error {
    let name = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(name)) => name.clone(),
        _ => return error,
    };
    if let Some(message) = absent(&name, commands::ABSENT) {
        error = clap::Error::raw(ErrorKind::InvalidSubcommand, message);
    }
    error
}

fn absent(name: &str, list: &[(&str, &str)]) -> Option<String> {
    let (_, feature) = list.iter().find(|(absent, _)| *absent == name)?;
    Some(format!(
        "the command `{name}` is not built into this probity; it comes with the feature `{feature}`. Use the full build.\n"
    ))
}

/// Reads a time for a flag.
pub(crate) fn instant(text: &str) -> Result<Instant, String> {
    Instant::parse(text).map_err(|fault| format!("{}. {}", fault.message(), fault.advice().unwrap_or_default()))
}

/// Reads a length of time for a flag.
#[cfg(feature = "house")]
pub(crate) fn span(text: &str) -> Result<model::Span, String> {
    model::Span::parse(text).map_err(|fault| format!("{}. {}", fault.message(), fault.advice().unwrap_or_default()))
}

/// Reads a digest for a flag.
pub(crate) fn digest(text: &str) -> Result<Digest, String> {
    Digest::parse(text).map_err(|fault| format!("{}. {}", fault.message(), fault.advice().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_sound() {
        tree().debug_assert();
    }

    /// What the branch of one command understands is what the whole tree understands, wherever a name stands.
    #[test]
    fn a_branch_is_read_as_the_whole_tree_is() {
        let lines = [
            "config show --origin",
            "--json config show",
            "config show --json -vv --project util",
            "--project util config show",
            "--project config config show",
            "util explain no-key",
            "util explain util --time 2026-11-22T12:00:00Z",
        ];
        for line in lines {
            let argv: Vec<OsString> = ["probity"].into_iter().chain(line.split(' ')).map(OsString::from).collect();
            let whole = Cli::from_arg_matches(&tree().try_get_matches_from(&argv).expect(line)).expect(line);
            let read = Cli::parse_from_shell(&argv).expect(line);
            assert_eq!(format!("{read:?}"), format!("{whole:?}"), "{line}");
        }
        let all: Vec<&str> = commands::COMMANDS.iter().map(|(name, ..)| *name).collect();
        let built = tree();
        assert_eq!(all, built.get_subcommands().map(clap::Command::get_name).collect::<Vec<_>>());
        for (name, ..) in commands::COMMANDS {
            let names = |tree: &clap::Command| {
                let one = tree.find_subcommand(name).expect("a command");
                let arguments = one.get_arguments().map(|one| one.get_id().to_string());
                arguments.chain(one.get_subcommands().map(|one| one.get_name().to_owned())).collect::<Vec<_>>()
            };
            let branch = clap::Command::new("probity").subcommand(commands::alone(name).expect("a command"));
            assert_eq!(names(&branch), names(&built), "{name}");
        }
    }

    #[test]
    fn a_command_of_another_build_is_named_and_not_called_unknown() {
        let small = [("query", "engine"), ("ingest", "house")];
        let message = absent("query", &small).unwrap();
        assert!(
            message.contains("`query` is not built into this probity") && message.contains("`engine`"),
            "{message}"
        );
        assert_eq!(absent("verify", &small), None);
        // Each command is in this build or among the absent ones.
        let built = tree();
        for name in ["init", "ingest", "query", "evaluate", "case", "package", "verify", "audit", "run"] {
            let is_absent = absent(name, commands::ABSENT).is_some();
            assert_ne!(built.find_subcommand(name).is_some(), is_absent, "{name}");
        }
    }

    #[test]
    fn global_flags_stand_on_either_side() {
        for argv in [["probity", "--json", "config", "show"], ["probity", "config", "show", "--json"]] {
            let argv: Vec<OsString> = argv.iter().map(OsString::from).collect();
            assert!(Cli::parse_from_shell(&argv).is_ok_and(|cli| cli.global.json));
        }
    }
}
