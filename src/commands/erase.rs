//! `erase`: plan → confirm → apply → verify → certificate.

mod approval;
pub(super) mod carry_out;
mod certify;
mod confirm;
mod pages;
mod replay;
pub(super) mod resume;
pub(super) mod scene;
pub(super) mod shown;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use model::Fault;
use privacy::plan::Plan;
use privacy::register::Right;

use super::Done;
use crate::cli::authority::TimeArgs;
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::files::{self, Existing};
use crate::cli::journal::Wanted;
use crate::cli::passphrase::PassphraseArgs;
use crate::cli::request_list;
use crate::cli::requests::Answering;
use crate::cli::restrictions::DespiteArgs;
use crate::cli::sealers::{KeyArgs, SignerArgs};
use crate::cli::subject::SubjectArgs;
use carry_out::Order;
use scene::Scene;

pub(crate) const EXAMPLES: &[Example] = &[
    Example {
        about: "What would be done, and the digest to confirm",
        line: "probity erase email=ann@example.org --dry-run",
    },
    Example { about: "Do exactly that", line: "probity erase email=ann@example.org --confirm 3f9c0e1a" },
    Example { about: "Go on where a run was stopped", line: "probity erase --resume req-0007" },
    Example { about: "Requests and the days that are left", line: "probity erase --list" },
    Example { about: "Erase again whom a restored backup brought back", line: "probity erase replay shop --dry-run" },
];

/// Erase a person's data from every store, and prove it
///
/// The plan names every row that goes, changes or stays, and why; its digest is what is confirmed. What has changed since
/// is refused. Each store is changed in one transaction where it has them; a run that was stopped is finished with --resume.
/// Afterwards every store is searched again for every form of every identity, and a signed certificate says what was
/// deleted, what stays by which law, what is shared with others, and what was not looked at.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct EraseArgs {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    subject: SubjectArgs,
    /// Go on with the request of this id
    #[arg(long, value_name = "ID", conflicts_with_all = ["subject", "dry_run", "confirm", "plan"])]
    resume: Option<String>,
    /// List the requests for erasure with the days that are left
    #[arg(long, conflicts_with_all = ["subject", "resume", "dry_run", "confirm", "plan"])]
    list: bool,
    #[command(flatten)]
    how: HowArgs,
}

// How a plan is confirmed and carried out, whatever its ground.
#[derive(Args, Clone, Debug)]
pub(crate) struct CarryArgs {
    /// Only plan: show every row that goes, changes or stays, and the digest
    #[arg(long, conflicts_with = "confirm")]
    pub(super) dry_run: bool,
    /// With --dry-run: write the plan to this file. Without: carry out the plan of this file
    #[arg(long, value_name = "FILE")]
    pub(super) plan: Option<PathBuf>,
    /// Carry out the plan with this digest
    #[arg(long, value_name = "DIGEST")]
    pub(super) confirm: Option<String>,
    /// Refuse to plan when there are gaps: collections without map, references that lead nowhere
    #[arg(long)]
    pub(super) strict: bool,
    /// Approval of another person, made with ssh-keygen -Y sign (can be repeated)
    #[arg(long, value_name = "FILE")]
    approval: Vec<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    #[command(flatten, next_help_heading = "Time")]
    time: TimeArgs,
    #[command(flatten, next_help_heading = "Signers")]
    key: KeyArgs,
    #[command(flatten, next_help_heading = "Signers")]
    signers: SignerArgs,
}

// How an erase is planned, confirmed and carried out.
#[derive(Args, Clone, Debug)]
pub(crate) struct HowArgs {
    #[command(flatten)]
    carry: CarryArgs,
    /// The ground: 17-1-a to 17-1-f
    #[arg(long, value_name = "GROUND")]
    ground: Option<String>,
    /// Carry out the request of this id (`probity request open`) instead of a new one
    #[arg(long, value_name = "ID")]
    request: Option<String>,
    /// When the request came in; default: now
    #[arg(long, value_name = "TIME", value_parser = model::Instant::parse, conflicts_with = "request")]
    received: Option<model::Instant>,
    /// How it was verified that whoever asks is the person; no names
    #[arg(long, value_name = "WORDS")]
    verified_by: Option<String>,
    #[command(flatten)]
    despite: DespiteArgs,
}

impl HowArgs {
    fn answering(&self) -> Answering {
        let (request, verified_by) = (self.request.clone(), self.verified_by.clone());
        Answering { request, received: self.received, verified_by, against: None }
    }
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Erase again those whom a restored backup brought back into a store
    Replay(Box<replay::ReplayArgs>),
}

pub(crate) fn run(context: &mut Context, args: EraseArgs) -> Result<Done, Fault> {
    match (&args.verb, &args.resume) {
        (Some(Verb::Replay(replay)), _) => replay::run(context, replay),
        _ if args.list => {
            let listed = request_list::list(context, "erase.listed", |right| right == Right::Erasure)?;
            Ok(Done::showing(Exit::Done, listed))
        }
        (None, Some(id)) => resume::run(context, id, &args.how),
        (None, None) => {
            context.trace.begin(Wanted::WhereThere, "erase.planned");
            let identities = args.subject.of_request(context, args.how.request.as_deref())?;
            args.how.answering().check(context, Right::Erasure, &identities)?;
            let mut scene = Scene::open(context, identities, &[])?;
            erase(context, &mut scene, &args.how)
        }
    }
}

/// Plans, and carries the plan out where it is confirmed.
pub(crate) fn erase(context: &mut Context, scene: &mut Scene, how: &HowArgs) -> Result<Done, Fault> {
    let plan = scene.plan(context, how.ground.as_deref(), how.carry.strict)?;
    context.trace.digest("plan", plan.digest()?);
    if how.carry.dry_run {
        return Ok(Done::showing(Exit::Done, planned(plan, how.carry.plan.clone())?));
    }
    let approvers = confirmed(context, &how.carry, &plan, "erase.finished")?;
    let despite = how.despite.check(context, &scene.pseudonyms(), "erase")?;
    let order = Order { plan, approvers, despite };
    let answering = how.answering();
    let open = |context: &Context, scene: &Scene| answering.open(context, Right::Erasure, &scene.identities);
    carry_out::begin(context, scene, order, &how.carry, open)
}

/// A plan that nobody has confirmed yet, written to `file` where one is named.
pub(super) fn planned(plan: Plan, file: Option<PathBuf>) -> Result<shown::Planned, Fault> {
    if let Some(path) = &file {
        let text = format!("{:#}\n", plan.to_json()?);
        files::write(path, text.as_bytes(), Existing::Keep)?;
    }
    shown::Planned::new(plan, file)
}

/// Goes on only when this very plan was confirmed, and as many approved it as must. From then on every end is in the ledger.
///
/// # Errors
/// `plan-changed`, `not-confirmed`, `too-few-approvals`, and what else confirmation and approvals say.
pub(super) fn confirmed(
    context: &mut Context,
    carry: &CarryArgs,
    plan: &Plan,
    act: &'static str,
) -> Result<Vec<String>, Fault> {
    let digest = plan.digest()?;
    confirm::confirmed(context, carry, plan)?;
    context.trace.begin(Wanted::Always, act);
    context.trace.digest("plan", digest);
    approval::check(context, &carry.approval, &digest)
}
