//! `rectify`: wrong data put right in every store.

use std::fmt::Write as _;

use clap::Args;
use model::{Digest, Fault, Instant, counted};
use privacy::plan::Plan;
use privacy::rectify::Change;
use privacy::register::{Recipient, Right};
use serde_json::{Value, json};

use super::Done;
use crate::cli::amending::{self, Amended, Amends};
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::output::{Page, Show};
use crate::cli::request_list;
use crate::cli::requests::Answering;
use crate::cli::restrictions::DespiteArgs;
use crate::cli::subject::SubjectArgs;
use crate::cli::table::Table;

pub(crate) const EXAMPLES: &[Example] = &[
    Example {
        about: "What would change, and the digest to confirm",
        line: "probity rectify email=ann@example.org --set person.name='Ann Lee' --dry-run",
    },
    Example {
        about: "Do exactly that",
        line: "probity rectify email=ann@example.org --set person.name='Ann Lee' --confirm 3f9c0e1a",
    },
    Example { about: "Requests and the days that are left", line: "probity rectify --list" },
];

/// Put wrong data of a person right, in every store
///
/// Only rows of the person change, and only the fields that are named (Art. 16 GDPR). The plan is confirmed by its digest;
/// what has changed since is refused. Each store is changed in one transaction where it has them. Keys and links are not
/// changed: other rows refer to them.
#[derive(Args, Debug)]
pub(crate) struct RectifyArgs {
    #[command(flatten)]
    subject: SubjectArgs,
    /// What is right: COLLECTION.FIELD=VALUE, or DATASET:COLLECTION.FIELD=VALUE (can be repeated)
    #[arg(long, value_name = "CHANGE", required_unless_present_any = ["clear", "list"])]
    set: Vec<String>,
    /// Field that is to hold nothing: COLLECTION.FIELD (can be repeated)
    #[arg(long, value_name = "FIELD")]
    clear: Vec<String>,
    /// List the requests for rectification with the days that are left
    #[arg(long, conflicts_with_all = ["subject", "set", "clear", "dry_run", "confirm", "request"])]
    list: bool,
    #[command(flatten)]
    despite: DespiteArgs,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

/// How a plan is looked at and confirmed.
#[derive(Args, Clone, Debug)]
pub(crate) struct ConfirmArgs {
    /// Only plan: show what would change, and the digest
    #[arg(long, conflicts_with = "confirm")]
    pub(crate) dry_run: bool,
    /// Carry out the plan with this digest
    #[arg(long, value_name = "DIGEST")]
    pub(crate) confirm: Option<String>,
    /// Carry out the request of this id (`probity request open`) instead of a new one
    #[arg(long, value_name = "ID")]
    pub(crate) request: Option<String>,
    /// When the request came in; default: now
    #[arg(long, value_name = "TIME", value_parser = Instant::parse, conflicts_with = "request")]
    pub(crate) received: Option<Instant>,
    /// How it was verified that whoever asks is the person; no names
    #[arg(long, value_name = "WORDS")]
    pub(crate) verified_by: Option<String>,
}

impl ConfirmArgs {
    pub(crate) fn answering(&self) -> Answering {
        let (request, verified_by) = (self.request.clone(), self.verified_by.clone());
        Answering { request, received: self.received, verified_by, against: None }
    }
}

pub(crate) fn run(context: &mut Context, args: RectifyArgs) -> Result<Done, Fault> {
    if args.list {
        let listed = request_list::list(context, "rectify.listed", |right| right == Right::Rectification)?;
        return Ok(Done::showing(Exit::Done, listed));
    }
    context.trace.begin(Wanted::WhereThere, "rectify.planned");
    let sets = args.set.iter().map(|text| Change::parse(text));
    let changes = sets.chain(args.clear.iter().map(|place| Change::clear(place))).collect::<Result<Vec<_>, _>>()?;
    let identities = args.subject.of_request(context, args.confirm.request.as_deref())?;
    args.confirm.answering().check(context, Right::Rectification, &identities)?;
    let mut amends = Amends::open(context, identities)?;
    let plan = amends.plan(context, &changes, "16", "The person said what is right.")?;
    let digest = plan.digest()?;
    context.trace.digest("plan", digest);
    if args.confirm.dry_run {
        return Ok(Done::showing(Exit::Done, Planned { plan, digest }));
    }
    amending::confirmed(&args.confirm, &digest)?;
    context.trace.begin(Wanted::Always, "rectify.finished");
    let despite = args.despite.check(context, amends.all_pseudonyms(), "rectify")?;
    let amended = amends.carry_out(context, &plan, Right::Rectification, &args.confirm, despite)?;
    Ok(Done::showing(amended.exit(), amended))
}

/// A plan to look at.
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    pub(crate) digest: Digest,
}

impl Show for Planned {
    fn json(&self) -> Value {
        json!({
            "schema": "rectify-plan/1",
            "article": self.plan.article,
            "digest": format!("sha256:{}", self.digest),
            "rows": amending::rows(&self.plan),
            "changes": self.plan.steps.iter().map(amending::step_json).collect::<Vec<_>>(),
            "shared": self.plan.shared.iter().map(|shared| json!({
                "store": shared.member, "collection": shared.collection, "rows": shared.rows.len(), "reason": shared.reason,
            })).collect::<Vec<_>>(),
            "traps": self.plan.traps.iter().map(|trap| trap.text.clone()).collect::<Vec<_>>(),
            "gaps": self.plan.gaps.iter().map(|gap| gap.text.clone()).collect::<Vec<_>>(),
        })
    }

    fn human(&self, page: &mut Page) {
        let mut table = Table::new(&["store", "collection", "fields", "rows"]);
        for step in &self.plan.steps {
            let fields = amending::fields(step).join(", ");
            table.row([step.member.clone(), step.collection.clone(), fields, step.rows.to_string()].map(Into::into));
        }
        page.table(&table);
        page.gap();
        self.plan.traps.iter().for_each(|trap| page.line(format!("Note: {}", trap.text)));
        self.plan.gaps.iter().for_each(|gap| page.line(format!("Gap: {}", gap.text)));
        for shared in &self.plan.shared {
            let rows = counted(shared.rows.len() as u64, "row", "rows");
            page.line(format!("{rows} of {}.{} stay: {}", shared.member, shared.collection, shared.reason));
        }
        page.line(format!("Nothing was changed. Carry it out with --confirm {}", self.digest));
    }
}

impl Show for Amended {
    fn json(&self) -> Value {
        json!({
            "schema": "rectify-result/1",
            "request_id": self.request.id,
            "status": self.request.status.words().0,
            "digest": format!("sha256:{}", self.digest),
            "complete": self.fault.is_none(),
            "rows": self.rows,
            "already": self.already,
            "recipients": self.request.recipients.iter().map(Recipient::to_json).collect::<Vec<_>>(),
            "stores": self.stores.iter().map(|(name, done)| json!({"store": name, "done": done})).collect::<Vec<_>>(),
            "fault": self.fault.as_ref().map(|fault| json!({"code": fault.code(), "message": fault.message()})),
        })
    }

    fn human(&self, page: &mut Page) {
        page.field("request", &self.request.id);
        let mut line = counted(self.rows, "row changed", "rows changed");
        if self.already > 0 {
            let _ = write!(line, ", {} as wanted before", self.already);
        }
        page.line(line + ".");
        for (name, _) in self.stores.iter().filter(|(_, done)| !done) {
            page.line(format!("Not done: {name}."));
        }
        self.request.recipients.iter().for_each(|one| page.field("to tell", &one.name));
        if let Some(fault) = &self.fault {
            page.line(fault.message());
            page.line("Run the same command again with --dry-run: what is done stays done.");
        }
    }
}
