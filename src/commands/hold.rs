//! `hold`: what must be kept for now, whatever is asked.

use clap::{Args, Subcommand};
use model::{Fault, Instant};
use privacy::hold::{Hold, On};
use serde_json::{Value, json};

use super::Done;
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::output::{Page, Show};
use crate::cli::requests::{self, holds};
use crate::cli::subject::SubjectArgs;
use crate::cli::table::Table;

pub(crate) const EXAMPLES: &[Example] = &[
    Example {
        about: "Keep everything of a person while proceedings last",
        line: "probity hold add email=ann@example.org --law \"proceedings 4 O 17/26\" --approver counsel",
    },
    Example {
        about: "Keep a collection for an audit",
        line: "probity hold add --collection shop.invoice --code 17-3-b --law \"tax audit 2026\" --approver cfo --until 2027-06-30",
    },
    Example { about: "What is held, why and since when", line: "probity hold list" },
];

/// Keep data of a person or a collection from being erased
///
/// A hold is asked for when an erase is planned and again right before each store keeps the changes; when it cannot be asked,
/// nothing is erased. A person is held as a pseudonym, never in clear.
#[derive(Args, Debug)]
pub(crate) struct HoldArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Add a hold
    Add(Box<AddArgs>),
    /// Release a hold: what it kept is erased by the next plan
    Release {
        /// The hold
        id: String,
    },
    /// List the holds
    List,
}

#[derive(Args, Debug)]
struct AddArgs {
    #[command(flatten)]
    subject: SubjectArgs,
    /// A collection of the data map, `dataset.collection`, or a whole dataset
    #[arg(long, value_name = "NAME", conflicts_with = "subject")]
    collection: Option<String>,
    /// The code of Art. 17(3): 17-3-a to 17-3-e
    #[arg(long, value_name = "CODE", default_value = "17-3-e")]
    code: String,
    /// The law or the proceedings, in words
    #[arg(long, value_name = "TEXT")]
    law: String,
    /// Who ordered it
    #[arg(long, value_name = "NAME")]
    approver: String,
    /// Until when; otherwise until it is released
    #[arg(long, value_name = "TIME", value_parser = Instant::parse)]
    until: Option<Instant>,
}

pub(crate) fn run(context: &mut Context, args: HoldArgs) -> Result<Done, Fault> {
    match args.verb {
        Verb::Add(args) => add(context, *args),
        Verb::Release { id } => release(context, &id),
        Verb::List => {
            context.trace.begin(Wanted::WhereThere, "hold.listed");
            Ok(Done::showing(Exit::Done, Listed { holds: holds::list(context)?, now: context.now() }))
        }
    }
}

fn add(context: &mut Context, args: AddArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "hold.added");
    let on = match args.collection {
        Some(name) => {
            holds::check_name(context, &name)?;
            On::Collection(name)
        }
        None => {
            let secret = requests::secret(context)?;
            let identities = args.subject.identities(context)?;
            On::Subject(identities.iter().map(|one| secret.pseudonym(one.kind(), one.normalised())).collect())
        }
    };
    let known = ["17-3-a", "17-3-b", "17-3-c", "17-3-d", "17-3-e"];
    if !known.contains(&args.code.as_str()) {
        return Err(Fault::usage("bad-hold-code", format!("{:?} is no code of Art. 17(3)", args.code))
            .advise(format!("Write one of {}.", known.join(", "))));
    }
    if let Some(until) = args.until.filter(|until| *until <= context.now()) {
        return Err(Fault::usage("hold-over", format!("The hold would have ended on {}", until.date()))
            .advise("--until names a time to come; without it the hold is in force until it is released."));
    }
    let hold = Hold {
        id: holds::next_id(context)?,
        on,
        code: args.code,
        law: args.law,
        approver: args.approver,
        since: context.now(),
        until: args.until,
        released: None,
    };
    holds::change(context, &hold)?;
    context.trace.word("hold", hold.id.clone());
    Ok(Done::showing(Exit::Done, One { hold }))
}

fn release(context: &mut Context, id: &str) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "hold.released");
    let mut hold = holds::list(context)?.into_iter().find(|hold| hold.id == id).ok_or_else(|| {
        Fault::bad_input("no-hold", format!("There is no hold {id:?}")).advise("`probity hold list` names them.")
    })?;
    if hold.released.is_none() {
        hold.released = Some(context.now());
        holds::change(context, &hold)?;
    }
    context.trace.word("hold", hold.id.clone());
    Ok(Done::showing(Exit::Done, One { hold }))
}

struct One {
    hold: Hold,
}

impl Show for One {
    fn json(&self) -> Value {
        self.hold.to_json()
    }

    fn human(&self, page: &mut Page) {
        let what = if self.hold.released.is_some() {
            "released: plan the erase of what it kept once more"
        } else {
            "in force"
        };
        page.line(format!("{} is {what}.", self.hold.id));
    }
}

struct Listed {
    holds: Vec<Hold>,
    now: Instant,
}

impl Show for Listed {
    fn json(&self) -> Value {
        json!({"schema": "holds/1", "holds": self.holds.iter().map(Hold::to_json).collect::<Vec<_>>()})
    }

    fn human(&self, page: &mut Page) {
        if self.holds.is_empty() {
            return page.line("No hold.");
        }
        let mut table = Table::new(&["hold", "on", "code", "law", "approver", "since", "state"]);
        for hold in &self.holds {
            let on = match &hold.on {
                On::Subject(_) => "a person",
                On::Collection(name) => name,
            };
            let state = match (hold.released, hold.until) {
                (Some(time), _) => format!("released {}", time.date()),
                (None, Some(time)) if !hold.holds_at(self.now) => format!("ended {}", time.date()),
                (None, Some(time)) => format!("until {}", time.date()),
                (None, None) => "in force".to_owned(),
            };
            let cells = [&*hold.id, on, &hold.code, &hold.law, &hold.approver, &hold.since.date(), &state];
            table.row(cells.map(Into::into));
        }
        page.table(&table);
    }
}
