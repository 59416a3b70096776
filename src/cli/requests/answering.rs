//! Which request a command answers: the one that it names, or a new one.

use model::{Fault, Instant};
use privacy::identity::Identity;
use privacy::journal::{Journal as _, Phase};
use privacy::register::Right;

use super::{Context, Dossier};
use crate::cli::terms;

/// What a command knows of the request that it answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answering {
    /// The request of this id instead of a new one.
    pub(crate) request: Option<String>,
    /// When it came in; now, where nobody says.
    pub(crate) received: Option<Instant>,
    /// How it was verified that whoever asks is the person.
    pub(crate) verified_by: Option<String>,
    /// Of an objection: its ground, and what it is against.
    pub(crate) against: Option<(String, Vec<String>)>,
}

impl Answering {
    /// Says no before any store is asked.
    ///
    /// # Errors
    /// As [`Answering::open`].
    pub(crate) fn check(&self, context: &Context, right: Right, identities: &[Identity]) -> Result<(), Fault> {
        match &self.request {
            Some(id) => {
                let dossier = Dossier::open(context, id)?;
                fits(&dossier, right, identities)?;
                not_begun(context, &dossier)
            }
            None => Ok(()),
        }
    }

    /// The request, with its term counted.
    ///
    /// # Errors
    /// `no-request`, `request-answered`, `request-paused`, `wrong-request`; I/O faults; those of the terms.
    pub(crate) fn open(&self, context: &Context, right: Right, identities: &[Identity]) -> Result<Dossier, Fault> {
        let mut dossier = match &self.request {
            Some(id) => {
                let dossier = Dossier::open(context, id)?;
                fits(&dossier, right, identities)?;
                not_begun(context, &dossier)?;
                dossier
            }
            None => {
                let now = context.now();
                let received = self.received.unwrap_or(now);
                if received > now {
                    return Err(Fault::usage("time-outside-request", format!("{received} is in the future"))
                        .advise("--received says when the request came in."));
                }
                let mut dossier = Dossier::create(context, right, received, identities)?;
                dossier.request.regime = terms::regime(context)?.0;
                dossier
            }
        };
        dossier.request.due = terms::due(context, &dossier.request)?.map(|due| due.at);
        if self.verified_by.is_some() {
            dossier.request.verification.clone_from(&self.verified_by);
        }
        if let Some((ground, purposes)) = &self.against {
            dossier.request.ground = Some(ground.clone());
            dossier.request.purposes.clone_from(purposes);
        }
        dossier.save()?;
        Ok(dossier)
    }
}

/// What one person asked for is not answered with the data of another, and not before it is known who asks.
fn fits(dossier: &Dossier, right: Right, identities: &[Identity]) -> Result<(), Fault> {
    let request = &dossier.request;
    request.still_open()?;
    if request.is_paused() {
        let cause = request.pauses.iter().find(|pause| pause.until.is_none()).map_or("", |pause| pause.cause.word());
        return Err(Fault::refused(
            "request-paused",
            format!("The request {} waits for the person ({cause})", request.id),
        )
        .advise(format!("When the answer has come: probity request resume {} --verified-by WORDS", request.id)));
    }
    if request.right != right {
        let message =
            format!("The request {} is one for {}, not for {}", request.id, request.right.word(), right.word());
        return Err(wrong(message));
    }
    match dossier.is_of(identities)? {
        true => Ok(()),
        false => Err(wrong(format!("The request {} names other identities", request.id))),
    }
}

/// The journal of an erase is about one plan: what it says is done would be taken for done under another.
fn not_begun(context: &Context, dossier: &Dossier) -> Result<(), Fault> {
    let is_begun =
        dossier.has_journal() && dossier.journal(context)?.acts().iter().any(|act| act.phase == Phase::Confirmed);
    match is_begun {
        false => Ok(()),
        true => {
            let id = &dossier.request.id;
            Err(Fault::refused("request-begun", format!("The request {id} is being carried out under another plan"))
                .advise(format!(
                    "Finish it: probity erase --resume {id}. Where that is refused because rows have changed: probity \
                     request withdraw {id} --reason WORDS, and confirm the new plan with --received {}.",
                    dossier.request.received
                )))
        }
    }
}

fn wrong(message: String) -> Fault {
    Fault::refused("wrong-request", message)
        .advise("Leave KEY=VALUE out to answer for whom the request names, or open another: probity request open")
}
