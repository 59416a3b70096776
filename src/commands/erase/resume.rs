//! `erase --resume ID`: what was begun is finished, never taken back.

use model::Fault;
use privacy::journal::{Act, Journal as _, Phase, standing};
use privacy::plan::Plan;
use privacy::register::Status;
use privacy::verify;

use super::carry_out::{Run, proceed};
use super::certify::Means;
use super::scene::Scene;
use super::{CarryArgs, Done, HowArgs};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::progress::Count;
use crate::cli::requests::{self, Dossier, FileJournal, PLAN};

pub(super) fn run(context: &mut Context, id: &str, how: &HowArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "erase.finished");
    let open = |context: &mut Context, dossier: &mut Dossier, _: &Plan| {
        let mut scene = Scene::open(context, dossier.subject()?, &[])?;
        scene.look_again(context)?;
        if let Some(despite) = how.despite.check(context, &scene.pseudonyms(), "go on erasing")? {
            dossier.request.despite = Some(despite);
            dossier.save()?;
        }
        Ok(scene)
    };
    go_on(context, id, &how.carry, "erase.resumed", open)
}

/// Goes on with the dossier of this id, on the scene that `open` opens.
///
/// # Errors
/// `not-confirmed`, `plan-drift`, and what stores and keys say.
pub(in crate::commands) fn go_on(
    context: &mut Context,
    id: &str,
    carry: &CarryArgs,
    act: &str,
    open: impl FnOnce(&mut Context, &mut Dossier, &Plan) -> Result<Scene, Fault>,
) -> Result<Done, Fault> {
    let _turn = requests::turn(context)?;
    let mut dossier = Dossier::open(context, id)?;
    let mut journal = dossier.journal(context)?;
    if journal.torn {
        context.output.warn("the last line of the journal was not finished; it was cut off and kept beside it");
    }
    if dossier.request.status == Status::Fulfilled {
        return already(context, &mut dossier, &mut journal);
    }
    if !journal.acts().iter().any(|act| act.phase == Phase::Confirmed) {
        return Err(never_begun(context, &mut dossier)?);
    }
    proceed(context)?;
    let means = Means::open(context, carry)?;
    let plan = Plan::parse(&dossier.take(PLAN)?)?;
    let digest = plan.digest()?;
    context.trace.digest("plan", digest);
    let mut scene = open(context, &mut dossier, &plan)?;
    came_back(context, &plan, &mut scene, &mut journal)?;
    nothing_new(context, &plan, &mut scene, &journal)?;
    journal.enter(&[Act::of(Phase::Resumed).about(digest)])?;
    Run { plan: &plan, dossier, journal, means }.go(context, &mut scene, act)
}

/// Stopped between the making of its folder and the first line of its journal: nothing was changed, and it is over.
fn never_begun(context: &Context, dossier: &mut Dossier) -> Result<Fault, Fault> {
    dossier.request.status = Status::Revoked;
    dossier.request.answered = Some(context.now());
    dossier.request.details = Some("Stopped before it was begun".to_owned());
    dossier.close()?;
    let message = format!("The request {} was stopped before it was begun", dossier.request.id);
    Ok(Fault::refused("not-confirmed", message)
        .advise("Nothing was changed. Make the plan once more with --dry-run, and confirm it."))
}

/// Everything was done; a run may have been stopped before the key was destroyed.
fn already(context: &mut Context, dossier: &mut Dossier, journal: &mut FileJournal) -> Result<Done, Fault> {
    dossier.destroy_key()?;
    if journal.acts().last().is_none_or(|act| act.phase != Phase::Closed) {
        journal.enter(&[Act::of(Phase::Closed)])?;
    }
    context.trace.word("request", dossier.request.id.clone());
    Ok(Done::showing(Exit::Done, super::shown::Finished { request: dossier.request.clone() }))
}

/// A store that is done can hold rows of the plan again: a server that took over had not heard of their deletion, or a
/// backup came back. Then it is to be done once more.
fn came_back(context: &Context, plan: &Plan, scene: &mut Scene, journal: &mut FileJournal) -> Result<(), Fault> {
    let done = |acts: &[Act], member: &str| standing(acts, member) == Some(Phase::Committed);
    if !plan.stores.iter().any(|store| done(journal.acts(), &store.member)) {
        return Ok(());
    }
    let progress = context.progress(Count::Items);
    let rows = match scene.age {
        None => verify::planned(plan, &scene.graph, &mut scene.members, &scene.identities, &*progress)?,
        Some(_) => privacy::retention::look_again(plan, &mut scene.members, false, &*progress)?.left,
    };
    for left in &rows {
        if done(journal.acts(), &left.member) {
            journal.enter(&[Act::of(Phase::CameBack).in_store(&left.member)])?;
        }
    }
    Ok(())
}

/// Rows that have come since are not in the plan: where a store is still to be done, they would stay behind.
fn nothing_new(context: &Context, plan: &Plan, scene: &mut Scene, journal: &FileJournal) -> Result<(), Fault> {
    let open = |member: &str| standing(journal.acts(), member) != Some(Phase::Committed);
    // Of rows that are over by now those that the plan does not know are another plan's.
    if scene.age.is_some() || !plan.stores.iter().any(|store| open(&store.member)) {
        return Ok(());
    }
    let progress = context.progress(Count::Items);
    let new = verify::unplanned(plan, &scene.graph, &mut scene.members, &scene.identities, &*progress)?;
    match new.iter().find(|left| open(&left.member)) {
        None => Ok(()),
        Some(left) => {
            let message =
                format!("{}.{} has rows of the person that the plan does not know", left.member, left.collection);
            Err(Fault::refused("plan-drift", message).advise(
                "Withdraw the request (probity request withdraw ID --reason WORDS), make a new plan with --dry-run and \
                     confirm that one; what is done already stays done.",
            ))
        }
    }
}
