//! Objections (Art. 21): against what, on which ground; heeded, or outweighed.

use clap::{Args, ValueEnum};
use model::{Digest, Fault, Instant};
use privacy::consent::{Kind, name};
use privacy::identity::Identity;
use privacy::register::{Request, Right, Status};

use super::shown::One;
use super::{Because, Done, UpholdArgs};
use crate::cli::consent::objections::{Objection, enter};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::requests::Dossier;

#[derive(Args, Clone, Debug, Default)]
pub(super) struct ObjectionArgs {
    /// Of an objection: the purpose that it is against, as `consent check` is asked (can be repeated)
    #[arg(long, value_name = "NAME")]
    purpose: Vec<String>,
    /// Of an objection: the paragraph of Art. 21 that the person relies on
    #[arg(long, value_name = "PARAGRAPH", value_enum)]
    ground: Option<Ground>,
}

/// Art. 21.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Ground {
    /// Against legitimate or public interests: it ends unless compelling grounds outweigh
    #[value(name = "21-1")]
    Interests,
    /// Against direct marketing: it ends, and nothing is weighed (Art. 21(3))
    #[value(name = "21-2")]
    Marketing,
    /// Against research or statistics: it ends unless it is a task of public interest
    #[value(name = "21-6")]
    Research,
}

impl Ground {
    fn word(self) -> &'static str {
        match self {
            Ground::Interests => "21-1",
            Ground::Marketing => "21-2",
            Ground::Research => "21-6",
        }
    }
}

impl ObjectionArgs {
    /// Says what is missing, or too much, before anything is opened.
    pub(super) fn check(&self, right: Right) -> Result<(), Fault> {
        self.purpose.iter().try_for_each(|purpose| name("purpose", purpose).map(drop))?;
        let said = (!self.purpose.is_empty(), self.ground.is_some());
        match (right == Right::Objection, said) {
            (true, (true, true)) | (false, (false, false)) => Ok(()),
            (true, _) => Err(Fault::usage("objection-incomplete", "An objection is against something")
                .advise("Name the purposes and the paragraph of Art. 21: --purpose newsletter --ground 21-2.")),
            (false, _) => Err(Fault::usage("objection-incomplete", "Only an objection is against a purpose")
                .advise("Leave out --purpose and --ground.")),
        }
    }

    /// Its ground, and what it is against.
    pub(super) fn against(&self) -> Option<(String, Vec<String>)> {
        self.ground.map(|ground| (ground.word().to_owned(), self.purpose.clone()))
    }
}

/// The name of the digest of the log of consents once an objection stands in it.
const ENTERED: &str = "consents";

/// Ends in the log of consents what was begun in the register only, because a run was stopped between the two. Comes back with the
/// objection that is the one that somebody opens now.
pub(super) fn begun(
    context: &mut Context,
    right: Right,
    identities: &[Identity],
    args: &ObjectionArgs,
) -> Result<Option<Dossier>, Fault> {
    if right != Right::Objection {
        return Ok(None);
    }
    let against = args.against().map(|(ground, purposes)| (Some(ground), purposes)).unwrap_or_default();
    let mut same = None;
    for request in Dossier::list(context)?.into_iter().filter(is_begun_only) {
        let mut dossier = Dossier::open(context, &request.id)?;
        end_purposes(context, &mut dossier)?;
        context.output.note(&format!("{} was begun before and is finished now", request.id));
        if (request.ground, request.purposes) == against && dossier.is_of(identities)? {
            same = Some(dossier);
        }
    }
    Ok(same)
}

/// In the register, and not known to be in the log of consents.
fn is_begun_only(request: &Request) -> bool {
    request.right == Right::Objection && request.status.is_open() && request.digest(ENTERED).is_none()
}

/// From the time at which an objection came in its purposes are over for the person. Entered twice it is the same: an act counts
/// from when it was done.
pub(super) fn end_purposes(context: &mut Context, dossier: &mut Dossier) -> Result<(), Fault> {
    if !is_begun_only(&dossier.request) {
        return Ok(());
    }
    context.trace.word("ground", dossier.request.ground.clone().unwrap_or_default());
    let head = told(context, dossier, Kind::Objected, dossier.request.received)?;
    dossier.request.set_digest(ENTERED, head);
    dossier.save()
}

/// The objection does not stand any more: it was refused, or taken back.
pub(super) fn lift(context: &mut Context, dossier: &Dossier) -> Result<(), Fault> {
    match dossier.request.right {
        Right::Objection => told(context, dossier, Kind::Lifted, context.now()).map(drop),
        _ => Ok(()),
    }
}

fn told(context: &mut Context, dossier: &Dossier, kind: Kind, at: Instant) -> Result<Digest, Fault> {
    let (identities, request) = (dossier.subject()?, &dossier.request);
    enter(context, &Objection { identities: &identities, purposes: &request.purposes, request: &request.id, kind, at })
}

/// Whether a request can be refused for this reason.
pub(super) fn can_refuse(request: &Request, because: Because) -> Result<(), Fault> {
    let is_objection = request.right == Right::Objection;
    if because == Because::CompellingGrounds && !is_objection {
        return Err(Fault::refused("wrong-request", format!("The request {} is no objection", request.id))
            .advise("Compelling grounds outweigh objections only (Art. 21(1))."));
    }
    let about_who = [Because::NoMatch, Because::NotVerified, Because::Fraud, Because::Jurisdiction].contains(&because);
    if is_objection && request.ground.as_deref() == Some(Ground::Marketing.word()) && !about_who {
        let message = format!("The request {} is an objection to direct marketing", request.id);
        return Err(Fault::refused("objection-not-weighed", message)
            .advise("It ends whenever somebody objects (Art. 21(3)). Tell the person: probity request uphold ID."));
    }
    Ok(())
}

/// The person was told that their objection is heeded.
pub(super) fn uphold(context: &mut Context, args: &UpholdArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "request.upheld");
    let mut dossier = Dossier::open_to_answer(context, &args.id)?;
    if dossier.request.right != Right::Objection {
        let message = format!("The request {} is one for {}", args.id, dossier.request.right.word());
        return Err(Fault::refused("wrong-request", message)
            .advise("Only an objection is upheld; other requests are answered by what carries them out."));
    }
    let told = args.told.unwrap_or(context.now());
    if told < dossier.request.received || told > context.now() {
        return Err(Fault::usage("time-outside-request", format!("{told} lies before the request or in the future"))
            .advise("--told says when the person was told that their objection is heeded."));
    }
    end_purposes(context, &mut dossier)?;
    dossier.request.status = Status::Fulfilled;
    dossier.request.answered = Some(told);
    dossier.close()?;
    context.trace.word("request", args.id.clone());
    Ok(Done::showing(Exit::Done, One { request: dossier.request, now: context.now() }))
}
