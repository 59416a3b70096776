//! `health`: whether this project can do its work.

use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use model::{Fault, Instant};
use serde_json::{Value, json};

use super::Done;
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::health::{self, Check, State};
use crate::cli::output::{Page, Show};
use crate::cli::table::Table;

pub(crate) const EXAMPLES: &[Example] = &[
    Example { about: "Can this project do its work?", line: "probity health" },
    Example { about: "And are its stores and time stamp authorities there?", line: "probity health --reach --json" },
    Example {
        about: "For the text collector of node_exporter, from cron",
        line: "probity health --format openmetrics > probity.prom",
    },
];

/// Check that this project can do its work
///
/// Disk, keys, ledger, clock, store, jobs, targets of alerts; with --reach stores and authorities. Each is ok, degraded (it works, and something about it does not, or will not for long), failed, or absent. The exit code is
/// that of the worst: 0, 5 when something is degraded, 1 when something failed; 3 where there is no project. Nothing is changed,
/// and the ledger does not hear of it. What was recorded and kept is hashed by `audit verify`, not here.
#[derive(Args, Debug)]
pub(crate) struct HealthArgs {
    /// Ask the stores and time stamp authorities of the settings, too
    #[arg(long)]
    reach: bool,
    /// Form of the answer; --json is short for json
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
    /// OpenMetrics, which node_exporter's text collector reads as well
    Openmetrics,
}

pub(crate) fn run(context: &mut Context, args: &HealthArgs) -> Result<Done, Fault> {
    let is_project = context.project.is_initialised() || context.project.state("").is_dir();
    let health = Health { at: context.now(), checks: health::checks(context, args.reach), is_project };
    let exit = match health.state() {
        State::Absent => Exit::NoVerdict,
        State::Ok => Exit::Done,
        State::Degraded => Exit::Partial,
        State::Failed => Exit::No,
    };
    match args.format {
        Format::Human => Ok(Done::showing(exit, health)),
        Format::Json => context.output.document(health.json()).map(|()| Done::streamed(exit)),
        Format::Openmetrics => context.output.write(health.openmetrics().as_bytes()).map(|()| Done::streamed(exit)),
    }
}

struct Health {
    at: Instant,
    checks: Vec<Check>,
    is_project: bool,
}

impl Health {
    /// The worst of the parts; absent where there is no project that could be well.
    fn state(&self) -> State {
        let worst = self.checks.iter().map(|check| check.state).max();
        worst.filter(|_| self.is_project).unwrap_or(State::Absent)
    }

    /// OpenMetrics 1.0 which is Prometheus' older text format as well, so gauges throughout and no units: of the states of a part
    /// one is 1.
    fn openmetrics(&self) -> String {
        let mut text =
            String::from("# HELP probity_health How well a part of the project does.\n# TYPE probity_health gauge\n");
        for check in &self.checks {
            for state in State::ALL {
                let (name, word, is) = (check.name, state.word(), u8::from(check.state == state));
                let _ = writeln!(text, "probity_health{{part=\"{name}\",state=\"{word}\"}} {is}");
            }
        }
        for check in &self.checks {
            for (name, value) in &check.figures {
                let metric = format!("probity_{}_{name}", check.name);
                let about = format!("{}: {}.", check.name, name.replace('_', " "));
                let _ = writeln!(text, "# HELP {metric} {about}\n# TYPE {metric} gauge\n{metric} {value}");
            }
        }
        text + "# EOF\n"
    }
}

impl Show for Health {
    fn json(&self) -> Value {
        json!({
            "schema": "health/1",
            "at": self.at.to_string(),
            "state": self.state().word(),
            "checks": self.checks.iter().map(Check::json).collect::<Vec<_>>(),
        })
    }

    fn human(&self, page: &mut Page) {
        let mut table = Table::new(&["part", "state", "what was seen"]);
        for check in &self.checks {
            table.row([check.name.into(), check.state.word().into(), check.says.as_str().into()]);
        }
        page.table(&table);
        for check in self.checks.iter().filter(|check| check.state > State::Ok) {
            if let Some(advice) = &check.advice {
                page.line(format!("{}: {advice}", check.name));
            }
        }
        match self.is_project {
            true => page.line(format!("health: {}", self.state().word())),
            false => page.line("There is no project here: `probity init` makes one, and --project names one."),
        }
    }
}
