//! Withdrawn: nothing more is done under this request, and what was done under it stays done and is told.

use model::Fault;
use privacy::journal::{Act, Journal as _, Phase};
use privacy::register::Status;

use super::shown::One;
use super::{Done, WithdrawArgs, object};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::requests::{self, Dossier};

pub(super) fn run(context: &mut Context, args: &WithdrawArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "request.withdrawn");
    // Not under the hands of a run that carries it out.
    let _turn = requests::turn(context)?;
    let mut dossier = Dossier::open_to_answer(context, &args.id)?;
    let stores = match dossier.has_journal() {
        true => {
            let mut journal = dossier.journal(context)?;
            let stores = privacy::journal::committed(journal.acts());
            journal.enter(&[Act::of(Phase::Closed).because("withdrawn")])?;
            context.trace.digest("journal", journal.head());
            stores
        }
        false => Vec::new(),
    };
    let done = match stores.is_empty() {
        true => String::new(),
        false => format!("; done before in {}", stores.join(", ")),
    };
    object::lift(context, &dossier)?;
    dossier.request.status = Status::Revoked;
    dossier.request.answered = Some(context.now());
    dossier.request.details = Some(format!("Withdrawn: {}{done}", args.reason));
    dossier.close()?;
    context.trace.word("request", args.id.clone());
    context.trace.count("stores_done", stores.len() as u64);
    if !stores.is_empty() {
        context.output.note(&format!(
            "{} of the person {} erased already; what is left is found by a new plan (--received {} keeps the term)",
            stores.join(", "),
            if stores.len() == 1 { "is" } else { "are" },
            dossier.request.received
        ));
    }
    Ok(Done::showing(Exit::Done, One { request: dossier.request, now: context.now() }))
}
