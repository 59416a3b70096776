//! `config`: show the settings that apply here.

use clap::{Args, Subcommand};
use model::Fault;
use serde_json::{Map, Value, json};

use super::Done;
use crate::cli::config::{Config, Setting, variable};
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::output::{Page, Show};
use crate::cli::table::Table;

pub(crate) const EXAMPLES: &[Example] = &[
    Example { about: "What applies here, and where each value came from", line: "probity config show --origin" },
    Example { about: "The built-in defaults alone", line: "probity --config none config show" },
];

/// Show the settings that apply here
#[derive(Args, Debug)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Print every setting
    Show {
        /// Say where each value came from, and which variable sets it
        #[arg(long)]
        origin: bool,
    },
}

pub(crate) fn run(context: &mut Context, args: ConfigArgs) -> Result<Done, Fault> {
    let Verb::Show { origin } = args.verb;
    Ok(Done::showing(Exit::Done, Settings { config: context.config.clone(), origin }))
}

struct Settings {
    config: Config,
    origin: bool,
}

impl Show for Settings {
    fn json(&self) -> Value {
        let entry = |setting: &Setting| json!({"value": setting.value.to_toml(), "origin": setting.origin.to_string()});
        let settings: Map<String, Value> =
            self.config.settings().map(|(key, setting)| (key.to_owned(), entry(setting))).collect();
        json!({"schema": "settings/1", "settings": settings})
    }

    fn human(&self, page: &mut Page) {
        if !self.origin {
            for (key, setting) in self.config.settings() {
                page.line(format!("{key} = {}", setting.value.to_toml()));
            }
            return;
        }
        let mut table = Table::new(&["setting", "value", "origin", "variable"]);
        for (key, setting) in self.config.settings() {
            let origin = setting.origin.to_string();
            table.row([key.into(), setting.value.to_toml().into(), origin.into(), variable(key).into()]);
        }
        page.table(&table);
    }
}
