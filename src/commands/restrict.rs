//! `restrict`: a person's data are kept and not used.

use clap::Args;
use model::{Digest, Fault, counted};
use privacy::plan::Plan;
use privacy::rectify;
use privacy::register::Right;
use serde_json::{Value, json};

use super::Done;
use super::rectify::{ConfirmArgs, Planned};
use crate::cli::amending::{self, Amends};
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::output::{Page, Show};
use crate::cli::restrictions::{self, Restriction};
use crate::cli::subject::SubjectArgs;
use crate::cli::table::Table;

pub(crate) const EXAMPLES: &[Example] = &[
    Example {
        about: "Which flags would be set in the stores, and the digest to confirm",
        line: "probity restrict email=ann@example.org --reason 'accuracy contested' --dry-run",
    },
    Example { about: "Lift it again", line: "probity restrict email=ann@example.org --lift --confirm 3f9c0e1a" },
    Example { about: "Whose processing is restricted, by pseudonym", line: "probity restrict --list" },
];

/// Restrict the processing of a person's data, or lift that
///
/// The restriction stands in the project's list under a pseudonym (Art. 18 GDPR), and in the stores where the data map names
/// a field for it (`meta.probity.restriction`); those changes are confirmed by the digest of their plan. Before a
/// restriction is lifted the person has to be told (Art. 18(3)).
#[derive(Args, Debug)]
pub(crate) struct RestrictArgs {
    #[command(flatten)]
    subject: SubjectArgs,
    /// Lift the restriction
    #[arg(long)]
    lift: bool,
    /// Why, in words of the house; no names
    #[arg(long, value_name = "WORDS")]
    reason: Option<String>,
    /// List the restrictions that hold
    #[arg(long, conflicts_with_all = ["subject", "lift", "reason", "dry_run", "confirm"])]
    list: bool,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

pub(crate) fn run(context: &mut Context, args: RestrictArgs) -> Result<Done, Fault> {
    if args.list {
        context.trace.begin(Wanted::WhereThere, "restrict.listed");
        return Ok(Done::showing(Exit::Done, Listed(restrictions::active(context)?)));
    }
    context.trace.begin(Wanted::WhereThere, "restrict.planned");
    let mut amends = Amends::open(context, args.subject.identities()?)?;
    let known = restrictions::active(context)?;
    let is_known = |pseudonym: &Digest| known.iter().any(|one| one.pseudonym == *pseudonym);
    if args.lift && !amends.pseudonyms().iter().any(|(_, pseudonym)| is_known(pseudonym)) {
        return Err(Fault::refused("not-restricted", "The processing of this person's data is not restricted").advise(
            "`probity restrict --list` shows the restrictions that hold; name the person by the same identities.",
        ));
    }
    let Some(plan) = flags(context, &amends, args.lift)? else {
        return enter(context, &amends, &args, None);
    };
    let digest = plan.digest()?;
    if args.confirm.dry_run {
        return Ok(Done::showing(Exit::Done, Planned { plan, digest }));
    }
    amending::confirmed(&args.confirm, &digest)?;
    context.trace.begin(Wanted::Always, "restrict.finished");
    let amended = amends.carry_out(context, &plan, Right::Restriction, &args.confirm)?;
    if amended.fault.is_some() {
        return Ok(Done::showing(amended.exit(), amended));
    }
    enter(context, &amends, &args, Some((amended.request.id, amended.rows)))
}

/// The plan for the fields that the map names; `None` where it names none, or the person has no row there.
fn flags(context: &Context, amends: &Amends, lift: bool) -> Result<Option<Plan>, Fault> {
    let changes = rectify::flags(&amends.graph, !lift);
    if changes.is_empty() {
        return Ok(None);
    }
    let why = if lift { "The restriction is lifted." } else { "Processing is restricted." };
    match amends.plan(context, &changes, "18", why) {
        Err(fault) if fault.code() == "nothing-to-rectify" => Ok(None),
        plan => plan.map(Some),
    }
}

/// Puts it into the list. `done`: the request under which stores were changed, and how many rows.
fn enter(
    context: &mut Context,
    amends: &Amends,
    args: &RestrictArgs,
    done: Option<(String, u64)>,
) -> Result<Done, Fault> {
    if args.confirm.dry_run {
        return Ok(Done::showing(Exit::Done, Entered { request: None, rows: 0, lifted: args.lift }));
    }
    context.trace.begin(Wanted::Always, if args.lift { "restrict.lifted" } else { "restrict.set" });
    let (request, rows) = match done {
        Some(done) => done,
        None => {
            let mut dossier = amends.dossier(context, Right::Restriction, &args.confirm)?;
            amending::close(context, &mut dossier)?;
            (dossier.request.id, 0)
        }
    };
    let since = context.now();
    let change = |(kind, pseudonym): (String, Digest)| Restriction {
        request: request.clone(),
        kind,
        pseudonym,
        since,
        restricted: !args.lift,
        reason: args.reason.clone(),
    };
    let changes: Vec<Restriction> = amends.pseudonyms().into_iter().map(change).collect();
    restrictions::enter(context, &changes)?;
    context.trace.word("request", &request);
    context.trace.count("rows", rows);
    Ok(Done::showing(Exit::Done, Entered { request: Some(request), rows, lifted: args.lift }))
}

/// A restriction that was set or lifted; without a request: one that would be.
struct Entered {
    request: Option<String>,
    rows: u64,
    lifted: bool,
}

impl Show for Entered {
    fn json(&self) -> Value {
        json!({
            "schema": "restrict-result/1",
            "request_id": self.request,
            "restricted": !self.lifted,
            "done": self.request.is_some(),
            "rows": self.rows,
        })
    }

    fn human(&self, page: &mut Page) {
        let Some(id) = &self.request else {
            return page.line("Nothing was changed. No store has a field for it: it would stand in the list alone.");
        };
        page.field("request", id);
        page.field("marked in the stores", counted(self.rows, "row", "rows"));
        page.line(match self.lifted {
            true => "The restriction is lifted.",
            false => "Processing is restricted. Before that is lifted the person has to be told (Art. 18(3) GDPR).",
        });
    }
}

struct Listed(Vec<Restriction>);

impl Show for Listed {
    fn json(&self) -> Value {
        json!({"schema": "restrictions/1", "restrictions": self.0.iter().map(Restriction::to_json).collect::<Vec<_>>()})
    }

    fn human(&self, page: &mut Page) {
        if self.0.is_empty() {
            return page.line("No restriction holds.");
        }
        let mut table = Table::new(&["request", "kind", "pseudonym", "since", "reason"]);
        for one in &self.0 {
            let reason = one.reason.clone().unwrap_or_default();
            let pseudonym = one.pseudonym.hex()[..12].to_owned();
            table.row([one.request.clone(), one.kind.clone(), pseudonym, one.since.date(), reason].map(Into::into));
        }
        page.table(&table);
    }
}
