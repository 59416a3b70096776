//! `facts`: what rules are judged from, collected and shown.

mod shapes;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use model::{Fault, Span, counted};
use rules::{Catalogue, Facts, Missing};
use serde_json::Value;

use super::Done;
use crate::cli::args::span;
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::facts::{self, sheet};
use crate::cli::files::{self, Existing};
use crate::cli::journal::Wanted;
use crate::cli::output::{Page, Show};
use crate::cli::table::Table;
use shapes::Shapes;

pub(crate) const EXAMPLES: &[Example] = &[
    Example { about: "What could be known, and what a rule may name", line: "probity facts --shape" },
    Example {
        about: "Everything that can be read here, kept for later",
        line: "probity facts --input k8s/ --output facts.json",
    },
    Example {
        about: "The same, asking only where what is known is older than an hour",
        line: "probity facts --max-age 1h",
    },
    Example { about: "Judge what was kept", line: "probity evaluate --pack infrastructure --facts facts.json" },
];

/// Collect and show the facts that rules are judged from
///
/// Facts come from what the project has (registers, ledger, stores) and from files that are named. Values of people are not in
/// them. What is shown can be kept with --output and judged later with `evaluate --facts`.
#[derive(Args, Debug)]
pub(crate) struct FactsArgs {
    /// Facts to collect; otherwise all
    #[arg(value_name = "NAME")]
    name: Vec<String>,
    /// File or folder that facts are read from: manifests, configuration, reports (can be repeated)
    #[arg(long, value_name = "PATH")]
    input: Vec<PathBuf>,
    /// Facts that were collected before (can be repeated); they go before what is live
    #[arg(long, value_name = "FILE")]
    facts: Vec<PathBuf>,
    /// Take facts that this project collected at most so long ago, such as 90s, 2h or 7d, instead of asking again
    #[arg(long, value_name = "DURATION", value_parser = span)]
    max_age: Option<Span>,
    /// Show the fields of the facts instead of collecting them
    #[arg(long, conflicts_with_all = ["input", "facts", "max_age", "output"])]
    shape: bool,
    /// Write the facts to this file as well
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file when it exists
    #[arg(long, requires = "output")]
    overwrite: bool,
}

pub(crate) fn run(context: &mut Context, args: &FactsArgs) -> Result<Done, Fault> {
    let known = facts::Known::of(context)?;
    let catalogue = &known.catalogue;
    let wanted = wanted(catalogue, &args.name)?;
    if args.shape {
        let shapes = wanted.iter().filter_map(|name| catalogue.find(name)).cloned().collect();
        return Ok(Done::showing(Exit::Done, Shapes(shapes)));
    }
    context.trace.begin(Wanted::WhereThere, "facts.collected");
    let asked = facts::Asked { needs: wanted.clone(), inputs: &args.input, sheets: &args.facts, age_max: args.max_age };
    let facts = facts::gather(context, &asked, &known)?;
    let missing = wanted.iter().filter(|name| facts.find(name).is_none());
    let missing = missing.map(|name| ((*name).to_owned(), facts.why_missing(name))).collect::<Vec<_>>();
    let document = sheet::write(&facts, &missing);
    context.trace.count("facts", facts.all().count() as u64);
    let text = format!("{document:#}\n");
    context.trace.digest("document", seal::sha256(text.as_bytes()));
    if let Some(path) = &args.output {
        files::write(path, text.as_bytes(), Existing::from_flag(args.overwrite))?;
    }
    let exit = if args.name.is_empty() || missing.is_empty() { Exit::Done } else { Exit::NoVerdict };
    Ok(Done::showing(exit, Collected { facts, missing, document, in_full: !args.name.is_empty() }))
}

fn wanted<'a>(catalogue: &'a Catalogue, names: &[String]) -> Result<BTreeSet<&'a str>, Fault> {
    let known: Vec<&str> = catalogue.all().map(|fact| fact.name.as_str()).collect();
    if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
        let fault = Fault::usage("unknown-fact", format!("There is no fact named {name:?}"));
        return Err(fault.advise(match model::nearest(name, known.iter().copied()) {
            Some(near) => format!("Did you mean {near:?}?"),
            None => format!("The facts are: {}.", known.join(", ")),
        }));
    }
    Ok(known.into_iter().filter(|known| names.is_empty() || names.iter().any(|name| name == known)).collect())
}

/// What was collected.
struct Collected {
    facts: Facts,
    missing: Vec<(String, Missing)>,
    document: Value,
    /// Somebody asked for these by name: the values are shown.
    in_full: bool,
}

impl Show for Collected {
    fn json(&self) -> Value {
        self.document.clone()
    }

    fn human(&self, page: &mut Page) {
        let mut table = Table::new(&["fact", "what it holds", "from", "collected"]);
        for (name, fact) in self.facts.all() {
            let sources = counted(fact.sources.len() as u64, "source", "sources");
            let cached = if fact.cached { " (cached)" } else { "" };
            let collected = format!("{}{cached}", fact.collected);
            table.row([name.into(), contents(&fact.value).into(), sources.into(), collected.into()]);
        }
        page.table(&table);
        for (name, fact) in self.facts.all() {
            for gap in &fact.gaps {
                let remedy = gap.remedy.as_deref().map(|remedy| format!(" {remedy}")).unwrap_or_default();
                page.line(format!("{name}: not read: {}: {}.{remedy}", gap.what, gap.why));
            }
            if self.in_full {
                page.gap();
                page.heading(name);
                page.raw(&format!("{:#}\n", fact.value));
            }
        }
        page.gap();
        for (name, why) in &self.missing {
            match why {
                Missing::NotGiven(why) => page.line(format!("{name}: {why}")),
                Missing::Failed(gap) => page.line(format!("{name}: COULD NOT BE READ: {}: {}", gap.what, gap.why)),
            }
        }
    }
}

/// `12 containers, 3 workloads`.
fn contents(value: &Value) -> String {
    let lists = value.as_object().into_iter().flatten();
    let count = |(name, value): (&String, &Value)| Some(format!("{} {name}", value.as_array()?.len()));
    lists.filter_map(count).collect::<Vec<_>>().join(", ")
}
