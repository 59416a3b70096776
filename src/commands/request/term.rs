//! Opened, extended, standing still, refused.

use model::Fault;
use privacy::register::{Cause, Request, Status};

use super::shown::One;
use super::{Done, ExtendArgs, OpenArgs, PauseArgs, RefuseArgs, ResumeArgs, Waiting, object};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::requests::{Answering, Dossier};
use crate::cli::terms;

pub(super) fn open(context: &mut Context, args: &OpenArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "request.opened");
    args.objection.check(args.right.right())?;
    let identities = args.subject.identities(context)?;
    let right = args.right.right();
    let begun = object::begun(context, right, &identities, &args.objection)?;
    let verified_by = args.verified_by.clone();
    let new = Answering { request: None, received: args.received, verified_by, against: args.objection.against() };
    let mut dossier = begun.map_or_else(|| new.open(context, right, &identities), Ok)?;
    object::end_purposes(context, &mut dossier)?;
    context.trace.word("right", right.word());
    done(context, dossier.request)
}

pub(super) fn show(context: &mut Context, id: &str) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "request.shown");
    let mut request = Dossier::open(context, id)?.request;
    if request.is_paused() {
        request.due = terms::due(context, &request)?.map(|due| due.at);
    }
    done(context, request)
}

pub(super) fn extend(context: &mut Context, args: &ExtendArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "request.extended");
    let (calendar, now) = (terms::calendar(context)?, context.now());
    change(context, &args.id, |request| request.extend(&args.reason, args.told.unwrap_or(now), &calendar, now))
}

pub(super) fn pause(context: &mut Context, args: &PauseArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "request.paused");
    let (calendar, now) = (terms::calendar(context)?, context.now());
    let cause = match args.waiting_for {
        Waiting::Identity => Cause::Identity,
        Waiting::Scope => Cause::Scope,
    };
    context.trace.word("waiting_for", cause.word());
    change(context, &args.id, |request| request.pause(cause, &args.reason, args.asked.unwrap_or(now), &calendar, now))
}

pub(super) fn resume(context: &mut Context, args: &ResumeArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "request.resumed");
    let now = context.now();
    change(context, &args.id, |request| {
        request.resume(args.at.unwrap_or(now), now)?;
        if args.verified_by.is_some() {
            request.verification.clone_from(&args.verified_by);
        }
        Ok(())
    })
}

pub(super) fn refuse(context: &mut Context, args: &RefuseArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "request.refused");
    let mut dossier = Dossier::open_to_answer(context, &args.id)?;
    // What was begun in the stores is finished first: a refusal would leave it half done and unsaid.
    if dossier.request.digest("plan").is_some() {
        return Err(Fault::refused("request-answered", format!("The request {} is being carried out", args.id))
            .advise("Finish it: probity erase --resume ID."));
    }
    object::can_refuse(&dossier.request, args.because)?;
    object::lift(context, &dossier)?;
    dossier.request.status = Status::denied(args.because.word()).unwrap_or(Status::DeniedOther);
    dossier.request.answered = Some(context.now());
    dossier.request.details = Some(args.reason.clone());
    dossier.close()?;
    context.trace.word("because", args.because.word());
    done(context, dossier.request)
}

/// Changes the term of a request, and counts it anew.
fn change(
    context: &mut Context,
    id: &str,
    change: impl FnOnce(&mut Request) -> Result<(), Fault>,
) -> Result<Done, Fault> {
    let mut dossier = Dossier::open(context, id)?;
    change(&mut dossier.request)?;
    dossier.request.due = terms::due(context, &dossier.request)?.map(|due| due.at);
    dossier.save()?;
    done(context, dossier.request)
}

fn done(context: &mut Context, request: Request) -> Result<Done, Fault> {
    context.trace.word("request", request.id.clone());
    if let Some(due) = request.due {
        context.trace.word("due", due.to_string());
    }
    Ok(Done::showing(Exit::Done, One { request, now: context.now() }))
}
