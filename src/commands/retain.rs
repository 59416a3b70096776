//! `retain`: what is past its time goes: plan → confirm → apply → certificate, as with `erase`.

mod shown;

use clap::{Args, Subcommand};
use model::{ByteSize, Fault};
use privacy::plan::Plan;
use privacy::register::Right;

use super::Done;
use super::erase::carry_out::{self, Order};
use super::erase::scene::Scene;
use super::erase::{self, CarryArgs, resume};
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::files;
use crate::cli::journal::Wanted;
use crate::cli::own_store;
use crate::cli::requests::{self, Dossier};

pub(crate) const EXAMPLES: &[Example] = &[
    Example { about: "What is past its time, and the digest to confirm", line: "probity retain plan" },
    Example {
        about: "Keep that plan, so that others can look at it",
        line: "probity retain plan --plan retention-plan.json",
    },
    Example { about: "Do exactly that", line: "probity retain apply --confirm 3f9c0e1a" },
    Example { about: "Go on where a run was stopped", line: "probity retain apply --resume ret-0007" },
];

/// End what is past its retention period, and prove it
///
/// How long rows are kept stands in the data map (`meta.probity.retention`) and in retention.yaml: rules by collection,
/// category, purpose and jurisdiction, each with the event or the field with which the time begins. A row stays as long as the
/// longest of its purposes needs it, no longer than a law allows, and in any case as long as a law demands; a hold keeps it
/// whatever the rules say. A collection with personal data and without a period is told, and is a "no". Rows without a date
/// are told too. What probity itself keeps is the dataset `probity` (`logs`, `metrics`, `traces`, `originals`, `requests`,
/// `retentions`, `evaluations`; field `day`): where a rule names it, whole days, originals, requests that are over and earlier
/// evaluations go, but for exhibits of cases. The plan is confirmed by its digest and carried out as an erase is: journal first,
/// one transaction per store, a certificate at the end.
#[derive(Args, Debug)]
pub(crate) struct RetainArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Show what is past its time, what becomes of it, and where no period is known
    Plan(PlanArgs),
    /// Carry a plan out
    Apply(Box<ApplyArgs>),
}

#[derive(Args, Clone, Debug)]
struct AsOfArgs {
    /// Count ages as of this day; default: today, or the day of the plan that is named
    #[arg(long, value_name = "DAY")]
    as_of: Option<String>,
    /// Most rows of one plan, the longest overdue first; default: retain.rows
    #[arg(long, value_name = "COUNT")]
    rows: Option<usize>,
}

#[derive(Args, Debug)]
struct PlanArgs {
    #[command(flatten)]
    as_of: AsOfArgs,
    /// Write the plan to this file
    #[arg(long, value_name = "FILE")]
    plan: Option<std::path::PathBuf>,
    /// Refuse to plan when there are gaps: periods and dates that are missing, collections without map
    #[arg(long)]
    strict: bool,
}

#[derive(Args, Debug)]
struct ApplyArgs {
    /// Go on with the run of this id
    #[arg(long, value_name = "ID", conflicts_with_all = ["dry_run", "confirm", "plan", "as_of", "rows"])]
    resume: Option<String>,
    #[command(flatten)]
    as_of: AsOfArgs,
    #[command(flatten)]
    carry: CarryArgs,
}

const PLAN_MAX: ByteSize = ByteSize(1 << 30);

pub(crate) fn run(context: &mut Context, args: RetainArgs) -> Result<Done, Fault> {
    match args.verb {
        Verb::Plan(args) => plan(context, &args.as_of, args.plan, args.strict),
        Verb::Apply(args) => {
            let done = carried_out(context, &args);
            // The ledger has every commit of the store, whatever became of the rest.
            own_store::enter(context).and(done)
        }
    }
}

fn carried_out(context: &mut Context, args: &ApplyArgs) -> Result<Done, Fault> {
    match &args.resume {
        Some(id) => {
            context.trace.begin(Wanted::Always, "retain.finished");
            let open =
                |context: &mut Context, _: &mut Dossier, plan: &Plan| Scene::of_age(context, plan.as_of.as_deref());
            resume::go_on(context, id, &args.carry, "retain.resumed", open)
        }
        None if args.carry.dry_run => plan(context, &args.as_of, args.carry.plan.clone(), args.carry.strict),
        None => apply(context, args),
    }
}

fn plan(
    context: &mut Context,
    as_of: &AsOfArgs,
    file: Option<std::path::PathBuf>,
    strict: bool,
) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "retain.planned");
    let mut scene = Scene::of_age(context, as_of.as_of.as_deref())?;
    let most = most(context, as_of)?;
    let (plan, tallies) = scene.plan_of_age(context, most, strict)?;
    context.trace.digest("plan", plan.digest()?);
    let summary = shown::Summary::new(&scene, &tallies, most);
    context.trace.count("over", summary.over());
    let exit = if summary.is_defined() { Exit::Done } else { Exit::No };
    Ok(Done::showing(exit, shown::Planned { plan: erase::planned(plan, file)?, summary }))
}

fn apply(context: &mut Context, args: &ApplyArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "retain.planned");
    let day = match (&args.as_of.as_of, &args.carry.plan) {
        (Some(day), _) => Some(day.clone()),
        (None, Some(path)) => Plan::parse(&files::read(path, PLAN_MAX)?).map_err(|fault| fault.in_file(path))?.as_of,
        (None, None) => None,
    };
    let mut scene = Scene::of_age(context, day.as_deref())?;
    let most = most(context, &args.as_of)?;
    let (plan, tallies) = scene.plan_of_age(context, most, args.carry.strict)?;
    context.trace.digest("plan", plan.digest()?);
    if plan.steps.is_empty() {
        let summary = shown::Summary::new(&scene, &tallies, most);
        return Ok(Done::showing(Exit::Done, shown::Planned { plan: erase::planned(plan, None)?, summary }));
    }
    let approvers = erase::confirmed(context, &args.carry, &plan, "retain.finished")?;
    let order = Order { plan, approvers, despite: None };
    let open = |context: &Context, _: &Scene| {
        let mut dossier = Dossier::create(context, Right::Retention, context.now(), &[])?;
        dossier.request.regime = "gdpr".to_owned();
        Ok(dossier)
    };
    carry_out::begin(context, &mut scene, order, &args.carry, open)
}

/// Most rows of one plan.
fn most(context: &Context, args: &AsOfArgs) -> Result<usize, Fault> {
    match args.rows {
        Some(rows) => Ok(rows),
        None => context.config.parsed("retain.rows", requests::number),
    }
}
