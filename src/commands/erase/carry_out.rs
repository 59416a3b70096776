//! Carrying a plan out: journal and ledger first, then store after store, then looking for what is left, then the certificate.

use ledger::Entry;
use model::{Digest, Fault, Kind};
use privacy::apply::{self, Applied, Part};
use privacy::certificate::{About, Certificate, Outcomes};
use privacy::identity::{self, Identity};
use privacy::journal::{Act, Journal as _, Phase};
use privacy::plan::Plan;
use privacy::register::Status;
use privacy::tombstone::{Read, Tombstone};
use privacy::verify::Verified;

use super::certify::Means;
use super::scene::Scene;
use super::shown::Erased;
use super::{CarryArgs, Done};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::progress::Count;
use crate::cli::requests::{self, ANCHORS, Dossier, FileJournal, PLAN};
use crate::cli::{journal as entries, signals};

/// What was confirmed.
pub(in crate::commands) struct Order {
    pub(in crate::commands) plan: Plan,
    pub(in crate::commands) approvers: Vec<String>,
    /// Why it is done although the person's data are restricted.
    pub(in crate::commands) despite: Option<(String, String)>,
}

/// One erase under way.
pub(super) struct Run<'r> {
    pub(super) plan: &'r Plan,
    pub(super) dossier: Dossier,
    pub(super) journal: FileJournal,
    pub(super) means: Means,
}

const APPROVALS: &str = "approvals.json";
/// While this file is in the state folder, nothing is erased.
const STOP: &str = "STOP";

/// Opens a dossier with `open` and carries the order out.
///
/// # Errors
/// `erase-busy`, what the keys say; refusals before anything was changed.
pub(in crate::commands) fn begin(
    context: &mut Context,
    scene: &mut Scene,
    order: Order,
    carry: &CarryArgs,
    open: impl FnOnce(&Context, &Scene) -> Result<Dossier, Fault>,
) -> Result<Done, Fault> {
    let _turn = requests::turn(context)?;
    proceed(context)?;
    let means = Means::open(context, carry)?;
    let mut dossier = open(context, scene)?;
    let digest = order.plan.digest()?;
    let request = &mut dossier.request;
    request.ground.clone_from(&order.plan.ground);
    request.despite = order.despite;
    request.owe(order.plan.recipients.iter().map(|one| (&*one.name, &*one.collections)));
    request.set_digest("plan", digest);
    dossier.put(PLAN, order.plan.to_json()?.to_string().as_bytes())?;
    dossier.put(ANCHORS, serde_json::json!(scene.anchors()).to_string().as_bytes())?;
    dossier.write(APPROVALS, serde_json::json!(order.approvers).to_string().as_bytes())?;
    dossier.save()?;
    let mut journal = dossier.journal(context)?;
    let approved = order.approvers.iter().map(|_| Act::of(Phase::Approved).about(digest));
    let acts: Vec<Act> = [Act::of(Phase::Confirmed).about(digest)].into_iter().chain(approved).collect();
    journal.enter(&acts)?;
    Run { plan: &order.plan, dossier, journal, means }.go(
        context,
        scene,
        if scene.age.is_some() { "retain.confirmed" } else { "erase.confirmed" },
    )
}

impl Run<'_> {
    /// Does what is left to do. The ledger learns of it before the first store does.
    pub(super) fn go(mut self, context: &mut Context, scene: &mut Scene, act: &str) -> Result<Done, Fault> {
        let id = self.dossier.request.id.clone();
        context.trace.word("request", &id);
        self.announce(context, scene, act)?;
        let applied = self.apply(context, scene)?;
        for outcome in privacy::plan::Outcome::ALL {
            context.trace.count(outcome.word(), apply::rows_of(self.plan, &applied, outcome));
        }
        if let Some(fault) = &applied.fault {
            context.trace.word("fault", fault.code());
            if fault.kind() == Kind::Refused && !applied.has_changed() {
                return Err(self.refused(context, fault)?);
            }
        }
        let now = still_held(context, self.plan)?;
        let (verified, fault) = match applied.is_whole() {
            true => match scene.verify(context, &now) {
                Ok(verified) => {
                    let verified = scene.of_those_meant(verified);
                    let fault = verified.fault().map(again);
                    (Some(verified), fault)
                }
                Err(fault) => (None, Some(fault)),
            },
            false => (None, None),
        };
        if let Some(fault) = &fault {
            context.trace.word("fault", fault.code());
        }
        self.finish(context, scene, applied, verified, fault)
    }

    /// Nothing was changed and nothing will be under this plan: the request is over.
    fn refused(&mut self, context: &Context, fault: &Fault) -> Result<Fault, Fault> {
        self.dossier.request.status = Status::Revoked;
        self.dossier.request.answered = Some(context.now());
        self.dossier.request.details = Some(format!("Refused before anything was changed: {}", fault.code()));
        self.dossier.close()?;
        self.journal.enter(&[Act::of(Phase::Closed).because(fault.code())])?;
        Ok(again(fault))
    }

    fn announce(&self, context: &Context, scene: &Scene, act: &str) -> Result<(), Fault> {
        let entry = Entry {
            time: context.now(),
            actor: context.actor(),
            command: scene.command().to_owned(),
            act: act.to_owned(),
            outcome: "begun".to_owned(),
            code: 0,
            digests: vec![("plan".to_owned(), self.plan.digest()?), ("journal".to_owned(), self.journal.head())],
            facts: vec![("request".to_owned(), ledger::Fact::Text(self.dossier.request.id.clone()))],
        };
        entries::append(context, &[entry])
    }

    fn apply(&mut self, context: &Context, scene: &mut Scene) -> Result<Applied, Fault> {
        let holds = scene.holds(context);
        let progress = context.progress(Count::Items);
        let stop = || proceed(context);
        let means = apply::Means { holds: &*holds, proceed: &stop, progress: &*progress };
        let mut parts: Vec<Part<'_>> = scene
            .members
            .iter_mut()
            .map(|member| Part { name: &member.name, store: &mut *member.store, catalog: &member.catalog })
            .collect();
        apply::apply(self.plan, &mut parts, &mut self.journal, &means)
    }

    fn finish(
        mut self,
        context: &mut Context,
        scene: &mut Scene,
        applied: Applied,
        verified: Option<Verified>,
        fault: Option<Fault>,
    ) -> Result<Done, Fault> {
        let fault_kind = applied.fault.as_ref().or(fault.as_ref()).map(Fault::kind);
        let changed = applied.has_changed();
        let certificate = self.certificate(context, scene, &applied, verified.as_ref())?;
        let mut erased = Erased::new(
            &certificate,
            &self.dossier,
            self.plan.digest()?,
            &verified,
            applied.fault.or(fault),
            scene.command(),
        );
        if verified.is_some() {
            let digest = self.means.write(context, &self.dossier, &certificate)?;
            self.journal.enter(&[Act::of(Phase::Verified).about(digest), Act::of(Phase::Certified).about(digest)])?;
            context.trace.digest("certificate", digest);
            self.dossier.request.set_digest("certificate", digest);
            self.bury(context, scene)?;
            self.dossier.save()?;
            erased.certificate = Some(self.dossier.path("certificate.pdf"));
        }
        context.trace.word("result", certificate.result.word());
        context.trace.digest("journal", self.journal.head());
        let exit = match certificate.result {
            // What a hold keeps past its time is in the next plan; a person's request waits for it.
            Outcomes::Complete if scene.age.is_none() && self.is_held(context)? => Exit::Done,
            Outcomes::Complete => {
                self.close(context)?;
                erased.closed = true;
                Exit::Done
            }
            Outcomes::Residual => Exit::No,
            Outcomes::Incomplete if changed => Exit::Partial,
            Outcomes::Incomplete => fault_kind.unwrap_or(Kind::Partial).into(),
        };
        Ok(Done::showing(exit, erased))
    }

    fn certificate(
        &self,
        context: &Context,
        scene: &mut Scene,
        applied: &Applied,
        verified: Option<&Verified>,
    ) -> Result<Certificate, Fault> {
        let mut digests = vec![("plan".to_owned(), self.plan.digest()?), ("journal".to_owned(), self.journal.head())];
        digests.extend(self.plan.inputs.iter().map(|(name, digest)| (name.clone(), *digest)));
        let approvals = std::fs::read(self.dossier.path(APPROVALS)).unwrap_or_default();
        let request = &self.dossier.request;
        let about = About {
            request: request.id.clone(),
            received: request.received,
            started: self.journal.began().unwrap_or_else(|| context.now()),
            finished: context.now(),
            operator: context.actor(),
            approvers: serde_json::from_slice(&approvals).unwrap_or_default(),
            identified_by: request.verification.clone(),
            tool: format!("probity {}", env!("CARGO_PKG_VERSION")),
            digests,
            recipients: request.recipients.clone(),
            tombstones: scene.identities.len() as u64,
        };
        let versions: Vec<String> = self
            .plan
            .stores
            .iter()
            .map(|store| {
                let member = scene.members.iter_mut().find(|member| member.name == store.member);
                // That a store does not tell its version is no reason to leave the certificate out.
                member.and_then(|member| member.store.version().ok()).unwrap_or_else(|| "unknown".to_owned())
            })
            .collect();
        Ok(Certificate::new(about, self.plan, &versions, applied, verified))
    }

    /// Pseudonyms of the identities, so that a backup that comes back can be erased again.
    fn bury(&self, context: &Context, scene: &Scene) -> Result<(), Fault> {
        let known = requests::stones(context)?;
        let fresh = scene.identities.iter().filter(|one| {
            let known = known.of(&scene.secret, one.kind(), one.normalised());
            // One that takes more for the person than an earlier one has the last word.
            known.is_none_or(|stone| {
                let folds = stone.read.as_ref().is_some_and(|read| read.fold_plus);
                let dialled = stone.read.as_ref().and_then(|read| read.region.as_deref());
                !folds && one.rules().fold_plus
                    || one.rules().region.is_some_and(|region| dialled != Some(region.name()))
            })
        });
        let read = |one: &Identity| Read {
            fold_plus: one.rules().fold_plus,
            region: one.rules().region.map(|region| region.name().to_owned()),
        };
        let anchors = self.anchors()?;
        let stone = |kind: &str, pseudonym: Digest, read: Option<Read>| Tombstone {
            kind: kind.to_owned(),
            pseudonym,
            key: scene.secret.id().to_owned(),
            normalisation: identity::VERSION,
            request: self.dossier.request.id.clone(),
            erased: context.now(),
            read,
            anchored: anchors.is_some(),
        };
        let own = |one: &Identity| scene.secret.pseudonym(one.kind(), one.normalised());
        let mut stones: Vec<Tombstone> = fresh.map(|one| stone(one.kind(), own(one), Some(read(one)))).collect();
        let anchors = anchors.iter().flatten().filter(|(kind, pseudonym)| !known.has(kind, pseudonym));
        stones.extend(anchors.map(|(kind, pseudonym)| stone(kind, *pseudonym, None)));
        requests::bury(context, &stones)
    }

    /// By what rows of other stores hung on the person: kind and pseudonym. `None`: the request was begun by a version that
    /// did not keep it.
    fn anchors(&self) -> Result<Option<Vec<(String, Digest)>>, Fault> {
        if !self.dossier.path(&format!("{ANCHORS}.age")).is_file() {
            return Ok(None);
        }
        let read: Vec<(String, String)> = serde_json::from_slice(&self.dossier.take(ANCHORS)?).unwrap_or_default();
        let parsed = read.into_iter().map(|(kind, hex)| Ok((kind, Digest::parse(&hex)?)));
        parsed.collect::<Result<Vec<_>, Fault>>().map(Some)
    }

    /// Whether a hold keeps a part of it: then the request stays open, so that nobody forgets it when the hold is released.
    fn is_held(&mut self, context: &Context) -> Result<bool, Fault> {
        let mut holds: Vec<String> =
            still_held(context, self.plan)?.kept.into_iter().filter_map(|it| it.hold).collect();
        holds.sort();
        holds.dedup();
        if !holds.is_empty() {
            let details =
                format!("Done but for what is held by {}: plan it again when that is released", holds.join(", "));
            self.dossier.request.details = Some(details);
            self.dossier.save()?;
        }
        Ok(!holds.is_empty())
    }

    /// The request is answered; whom it was about is known to nobody any more.
    pub(super) fn close(&mut self, context: &Context) -> Result<(), Fault> {
        self.dossier.request.status = Status::Fulfilled;
        self.dossier.request.answered = Some(context.now());
        self.dossier.close()?;
        self.journal.enter(&[Act::of(Phase::Closed)])
    }
}

/// The same fault, told once more.
fn again(fault: &Fault) -> Fault {
    Fault::new(fault.kind(), fault.code(), fault.message()).advise(fault.advice().unwrap_or_default())
}

/// The plan without what was kept by holds that are not in force any more: rows of those are left, not kept.
fn still_held(context: &Context, plan: &Plan) -> Result<Plan, Fault> {
    let holds = requests::holds::list(context)?;
    let in_force = |id: &String| holds.iter().any(|hold| hold.id == *id && hold.holds_at(context.now()));
    let mut plan = plan.clone();
    plan.kept.retain(|kept| kept.hold.as_ref().is_none_or(in_force));
    Ok(plan)
}

/// Stops between two steps: a file that says so, or a signal.
pub(super) fn proceed(context: &Context) -> Result<(), Fault> {
    let stop = context.project.state(STOP);
    if stop.try_exists().map_err(|error| Fault::io("read", &stop, error))? {
        return Err(Fault::refused("erase-stopped", format!("Nothing is erased while {} is there", stop.display()))
            .advise("Remove it when erasing may go on; `--resume` finishes what was begun."));
    }
    signals::check()
}
