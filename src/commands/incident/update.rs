//! `incident update`: what is known by now, and what is to be done.

use clap::Args;
use model::{Fault, Instant};
use privacy::incident::Event;

use super::{Done, shown};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::incidents;
use crate::cli::journal::Wanted;

// What can be known of an incident. An empty text takes back what was said.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct DetailArgs {
    /// When it began
    #[arg(long, value_name = "TIME", value_parser = Instant::parse)]
    occurred: Option<Instant>,
    /// When it ended
    #[arg(long, value_name = "TIME", value_parser = Instant::parse)]
    ended: Option<Instant>,
    /// Kind of breach: confidentiality, integrity, availability
    #[arg(long, value_name = "KIND", value_parser = ["confidentiality", "integrity", "availability", ""], value_delimiter = ',')]
    kind: Vec<String>,
    /// What happened (Art. 33(3)(a))
    #[arg(long, value_name = "WORDS")]
    nature: Option<String>,
    /// How many people, about (Art. 33(3)(a))
    #[arg(long, value_name = "NUMBER")]
    people: Option<String>,
    /// Which kinds of people (Art. 33(3)(a))
    #[arg(long, value_name = "WORDS")]
    people_categories: Option<String>,
    /// How many records, about (Art. 33(3)(a))
    #[arg(long, value_name = "NUMBER")]
    records: Option<String>,
    /// Which kinds of records (Art. 33(3)(a))
    #[arg(long, value_name = "WORDS")]
    record_categories: Option<String>,
    /// Who can be asked, where it is not privacy.officer (Art. 33(3)(b))
    #[arg(long, value_name = "WORDS")]
    contact: Option<String>,
    /// What it can lead to (Art. 33(3)(c))
    #[arg(long, value_name = "WORDS")]
    consequences: Option<String>,
    /// What was done and will be done about it (Art. 33(3)(d))
    #[arg(long, value_name = "WORDS")]
    measures: Option<String>,
    /// The risk to people: none is unlikely to result in one, and needs no notification
    #[arg(long, value_name = "RISK", value_parser = ["none", "risk", "high", ""])]
    risk: Option<String>,
    /// Why that is the risk
    #[arg(long, value_name = "WORDS")]
    risk_reason: Option<String>,
    /// Why people need not be told although the risk is high: 34-3-a unintelligible data, 34-3-b the risk was averted, 34-3-c public
    /// communication instead
    #[arg(long, value_name = "CODE", value_parser = ["34-3-a", "34-3-b", "34-3-c", ""])]
    exemption: Option<String>,
    /// In what way that holds
    #[arg(long, value_name = "WORDS")]
    exemption_reason: Option<String>,
    /// How it could happen
    #[arg(long, value_name = "WORDS")]
    cause: Option<String>,
    /// What was learnt
    #[arg(long, value_name = "WORDS")]
    lessons: Option<String>,
}

impl DetailArgs {
    /// What was said, by the words of the register.
    ///
    /// # Errors
    /// `time-to-come`.
    pub(super) fn said(self, context: &Context) -> Result<Vec<(&'static str, String)>, Fault> {
        let time =
            |what: &str, time: Option<Instant>| time.map(|time| incidents::past(context, what, time)).transpose();
        let kind = (!self.kind.is_empty()).then(|| self.kind.join(", "));
        let all = [
            ("occurred", time("--occurred", self.occurred)?),
            ("ended", time("--ended", self.ended)?),
            ("kind", kind),
            ("nature", self.nature),
            ("people", self.people),
            ("people-categories", self.people_categories),
            ("records", self.records),
            ("record-categories", self.record_categories),
            ("contact", self.contact),
            ("consequences", self.consequences),
            ("measures", self.measures),
            ("risk", self.risk),
            ("risk-reason", self.risk_reason),
            ("exemption", self.exemption),
            ("exemption-reason", self.exemption_reason),
            ("cause", self.cause),
            ("lessons", self.lessons),
        ];
        Ok(all.into_iter().filter_map(|(word, text)| Some((word, text?))).collect())
    }
}

#[derive(Args, Debug)]
pub(super) struct UpdateArgs {
    /// The incident
    id: String,
    #[command(flatten)]
    details: DetailArgs,
    /// Something for the timeline
    #[arg(long, value_name = "WORDS")]
    note: Option<String>,
    /// Something that is to be done
    #[arg(long, value_name = "WORDS", requires = "owner", conflicts_with = "done")]
    action: Option<String>,
    /// Who does it: a role
    #[arg(long, value_name = "ROLE", requires = "action")]
    owner: Option<String>,
    /// By which day it is to be done
    #[arg(long, value_name = "DAY", requires = "action")]
    due: Option<String>,
    /// The action of this number is done
    #[arg(long, value_name = "NUMBER")]
    done: Option<usize>,
}

pub(super) fn run(context: &mut Context, args: &UpdateArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "incident.updated");
    let incident = incidents::one(context, &args.id)?;
    let mut said = args.details.clone().said(context)?;
    said.extend(args.note.clone().map(|note| ("note", note)));
    // What people of a closed incident still have to do can be entered; what was known when it was closed stays.
    if !said.is_empty() {
        shown::still_open(&incident)?;
    }
    let action = action(args, incident.actions.len())?;
    if said.is_empty() && action.is_empty() {
        return Err(Fault::usage("nothing-said", "Nothing is said about the incident")
            .advise("Name what is known: --nature, --people, --measures …; --note, --action or --done."));
    }
    let events = [(Event::Updated, said), (Event::Action, action)].into_iter().filter(|(_, said)| !said.is_empty());
    let incident = incidents::enter(context, Some(&args.id), events.collect())?;
    Ok(Done::showing(Exit::Done, shown::One { incident, now: context.now() }))
}

fn action(args: &UpdateArgs, known: usize) -> Result<Vec<(&'static str, String)>, Fault> {
    if let Some(number) = args.done {
        return match (1..=known).contains(&number) {
            true => Ok(vec![("done", number.to_string())]),
            false => Err(Fault::usage("no-action", format!("{} has no action {number}", args.id))
                .advise("`probity incident show` numbers them.")),
        };
    }
    let (Some(what), Some(owner)) = (&args.action, &args.owner) else { return Ok(Vec::new()) };
    let mut said = vec![("what", what.clone()), ("owner", owner.clone())];
    if let Some(day) = &args.due {
        if day.len() != 10 || Instant::parse(day).is_err() {
            return Err(Fault::usage("bad-date", format!("{day:?} is no day")).advise("Write it as 2026-11-22."));
        }
        said.push(("due", day.clone()));
    }
    Ok(said)
}
