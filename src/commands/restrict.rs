//! `restrict`: a person's data are kept and not used.

use clap::{Args, ValueEnum};
use model::{Digest, Fault, Instant, counted};
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
use crate::cli::request_list;
use crate::cli::restrictions::{self, Restriction};
use crate::cli::subject::SubjectArgs;
use crate::cli::table::Table;

pub(crate) const EXAMPLES: &[Example] = &[
    Example {
        about: "Which flags would be set in the stores, and the digest to confirm",
        line: "probity restrict email=ann@example.org --reason 'accuracy contested' --dry-run",
    },
    Example {
        about: "Lift it again, when the person was told",
        line: "probity restrict email=ann@example.org --lift --told 2026-11-20 --confirm 3f9c0e1a",
    },
    Example { about: "Whose processing is restricted, by pseudonym", line: "probity restrict --list" },
];

/// Restrict the processing of a person's data, or lift that
///
/// The restriction stands in the project's list under a pseudonym (Art. 18 GDPR), and in the stores where the data map names
/// a field for it (`meta.probity.restriction`); those changes are confirmed by the digest of their plan. While it holds,
/// `erase`, `rectify` and `export --portability` refuse without an exception of Art. 18(2) (--despite-restriction); the person's
/// own access (Art. 15) is answered, and says that it holds. Before it is lifted the person has to be told (Art. 18(3)).
#[derive(Args, Debug)]
pub(crate) struct RestrictArgs {
    #[command(flatten)]
    subject: SubjectArgs,
    /// Lift the restriction
    #[arg(long, requires = "told")]
    lift: bool,
    /// With --lift: when the person was told that it is lifted (Art. 18(3))
    #[arg(long, value_name = "TIME", value_parser = Instant::parse, requires = "lift")]
    told: Option<Instant>,
    /// The letter of Art. 18(1) that the person relies on
    #[arg(long, value_name = "LETTER", value_enum, conflicts_with = "lift")]
    ground: Option<Ground>,
    /// Why, in words of the house; no names
    #[arg(long, value_name = "WORDS")]
    reason: Option<String>,
    /// List the restrictions that hold, and the requests for one with the days that are left
    #[arg(long, conflicts_with_all = ["subject", "lift", "reason", "dry_run", "confirm", "request"])]
    list: bool,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

/// Art. 18(1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Ground {
    /// The person contests that the data are right
    #[value(name = "18-1-a")]
    Contested,
    /// The processing is unlawful and the person opposes erasure
    #[value(name = "18-1-b")]
    Unlawful,
    /// The person needs the data for legal claims
    #[value(name = "18-1-c")]
    Claims,
    /// The person has objected, and the grounds are being weighed
    #[value(name = "18-1-d")]
    Objection,
}

impl Ground {
    fn word(self) -> &'static str {
        match self {
            Ground::Contested => "18-1-a",
            Ground::Unlawful => "18-1-b",
            Ground::Claims => "18-1-c",
            Ground::Objection => "18-1-d",
        }
    }
}

pub(crate) fn run(context: &mut Context, args: RestrictArgs) -> Result<Done, Fault> {
    if args.list {
        let requests = request_list::list(context, "restrict.listed", |right| right == Right::Restriction)?;
        return Ok(Done::showing(Exit::Done, Listed(restrictions::active(context)?, requests)));
    }
    context.trace.begin(Wanted::WhereThere, "restrict.planned");
    let identities = args.subject.of_request(context, args.confirm.request.as_deref())?;
    args.confirm.answering().check(context, Right::Restriction, &identities)?;
    if args.told.is_some_and(|told| told > context.now()) {
        return Err(Fault::refused("person-not-told", "The person is not told yet that the restriction is lifted")
            .advise("Tell them first (Art. 18(3) GDPR), then lift it."));
    }
    let mut amends = Amends::open(context, identities)?;
    let known = held(context, &amends)?;
    if args.lift && known.is_empty() {
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
    // To mark data as restricted, or no longer so, is what the restriction itself asks for.
    let amended = amends.carry_out(context, &plan, Right::Restriction, &args.confirm, None)?;
    if amended.fault.is_some() {
        return Ok(Done::showing(amended.exit(), amended));
    }
    enter(context, &amends, &args, Some((amended.request.id, amended.rows)))
}

/// The restrictions that hold for the person, by whatever identity.
fn held(context: &Context, amends: &Amends) -> Result<Vec<Restriction>, Fault> {
    let mut held = restrictions::active(context)?;
    held.retain(|one| amends.all_pseudonyms().contains(&one.pseudonym));
    Ok(held)
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
        ground: args.ground.map(|ground| ground.word().to_owned()),
        reason: args.reason.clone(),
    };
    // Lifted as a whole: one that was left under another identity would still stop everything.
    let subject = match args.lift {
        true => held(context, amends)?.into_iter().map(|one| (one.kind, one.pseudonym)).collect(),
        false => amends.pseudonyms(),
    };
    let changes: Vec<Restriction> = subject.into_iter().map(change).collect();
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

struct Listed(Vec<Restriction>, request_list::Listed);

impl Show for Listed {
    fn json(&self) -> Value {
        json!({
            "schema": "restrictions/1",
            "restrictions": self.0.iter().map(Restriction::to_json).collect::<Vec<_>>(),
            "requests": self.1.json()["requests"],
        })
    }

    fn human(&self, page: &mut Page) {
        if self.0.is_empty() {
            page.line("No restriction holds.");
            return self.1.human(page);
        }
        let mut table = Table::new(&["request", "kind", "pseudonym", "since", "ground", "reason"]);
        for one in &self.0 {
            let reason = one.reason.clone().unwrap_or_default();
            let pseudonym = one.pseudonym.hex()[..12].to_owned();
            let ground = one.ground.clone().unwrap_or_default();
            let cells = [one.request.clone(), one.kind.clone(), pseudonym, one.since.date(), ground, reason];
            table.row(cells.map(Into::into));
        }
        page.table(&table);
        page.gap();
        self.1.human(page);
    }
}
