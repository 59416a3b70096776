//! `case derive`: a redacted copy of an exhibit becomes an exhibit; the original stays where and as it is.

use std::fs::File;
use std::path::PathBuf;

use clap::Args;
use evidence::{Act, Case, Exhibit, NewExhibit, Origin, Provenance, REDACTION_LOG};
use model::{Fault, grouped};

use super::handling::WhoArgs;
use super::shown::Added;
use crate::cli::context::Context;
use crate::cli::files::{Existing, NewFile};
use crate::cli::intake;
use crate::cli::journal::Wanted;
use crate::cli::progress::Count;
use crate::cli::redaction::{self, By, Draft, Log, Outcome, PlanArgs, Run};
use crate::commands::Done;

#[derive(Args, Debug)]
pub(super) struct DeriveArgs {
    /// The case
    id: String,
    /// The exhibit, for example EX-001
    exhibit: String,
    /// Redact it; without any other way to derive, this says what is done
    #[arg(long, required = true)]
    redact: bool,
    #[command(flatten)]
    plan: PlanArgs,
    /// Why the copy is made
    #[arg(long, alias = "reason", default_value = "redacted copy", value_name = "TEXT")]
    purpose: String,
    #[command(flatten)]
    who: WhoArgs,
    /// Take the copy in although parts of it, such as pictures, could not be looked into
    #[arg(long)]
    allow_unscanned: bool,
}

pub(super) fn run(context: &mut Context, args: &DeriveArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "case.derived");
    let plan = args.plan.plan()?;
    let mut case = Case::open(&super::folder(context), &args.id)?;
    let original = case.exhibit(&args.exhibit)?;
    let inputs = intake::find(&[original_path(&case, &original)])?;
    let [input] = inputs.as_slice() else {
        return Err(Fault::bad_input("not-found", format!("the file of {} is not there", original.id))
            .advise("Run `probity case show` to see what the case holds."));
    };
    let folder = tempfile::tempdir_in(case.folder()).map_err(|error| Fault::io("write in", case.folder(), error))?;
    let (copy_path, log_path) = (folder.path().join("copy"), folder.path().join("log"));
    let (people, now) = (args.who.people(context), context.now());
    let by = context.actor();
    let tool = format!("probity {}", env!("CARGO_PKG_VERSION"));
    let profile = plan.profile.name.clone();
    let signed = By { actor: &by, tool: &tool, time: now, profile: &profile, basis: plan.profile.basis.as_deref() };
    let mut log = Log::create(&log_path, Existing::Keep, &signed)?;
    let mut draft = Draft::new(NewFile::create(&copy_path, Existing::Keep)?);
    let progress = context.progress(Count::Bytes);
    let outcome = redaction::take_one(input, &mut draft, None, &mut Run::new(&plan, &*progress), &mut log)?;
    if outcome.read != Some(original.sha256) {
        return Err(Fault::unverified(
            "exhibit-changed",
            format!("{} is not what was taken into the case", original.id),
        )
        .advise("Run `probity case show` and find out who changed it; take a fresh copy in from its source."));
    }
    refuse_unscanned(&outcome, args.allow_unscanned)?;
    draft.close()?.appear()?;
    log.close(input, &outcome)?;
    log.finish()?;
    let act = Act { time: now, ..people.act(context, &args.purpose) };
    let handling = args.who.handling(&people, None);
    let values = grouped(outcome.total());
    let how = format!("redacted by {tool}, profile {profile}, {values} redactions");
    let mut added = Added::to(&args.id);
    for (path, name, description, how) in [
        (
            &copy_path,
            format!("redacted-{}", original.original_name),
            format!("Redacted copy of {}", original.id),
            how.as_str(),
        ),
        (
            &log_path,
            format!("redactions-{}.jsonl", original.id),
            "Redaction log of the exhibit before it".to_owned(),
            REDACTION_LOG,
        ),
    ] {
        let mut file = File::open(path).map_err(|error| Fault::io("open", path, error))?;
        let new = NewExhibit { name: &name, description: &description };
        let provenance = Provenance::Derived { from: &original.id, how };
        let origin = Origin { provenance, handling, ..Origin::default() };
        added.exhibits.push(case.take_in(&mut file, new, &origin, &act, &*progress)?);
    }
    added.trace(context, &case);
    Ok(Done::showing(added.exit(), added))
}

fn original_path(case: &Case, exhibit: &Exhibit) -> PathBuf {
    case.folder().join(&exhibit.file)
}

fn refuse_unscanned(outcome: &Outcome, allowed: bool) -> Result<(), Fault> {
    match outcome.unscanned.first() {
        Some(part) if !allowed => {
            Err(Fault::refused("parts-not-scanned", format!("not everything could be looked into: {part}"))
                .advise("Look at it yourself, then give --allow-unscanned."))
        }
        _ => Ok(()),
    }
}
