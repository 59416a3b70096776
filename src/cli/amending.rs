//! Changes to rows of one person that leave the rows where they are: rectified, or marked as restricted.

use std::collections::BTreeMap;

use model::{Digest, Fault, Kind};
use privacy::apply::{self, Means, Part as StorePart};
use privacy::discover::{Found, Member, Options, also_known_as, discover};
use privacy::graph::{Graph, Part};
use privacy::identity::Identity;
use privacy::journal::{Act, Journal as _, Phase};
use privacy::plan::{self, Action, Gap, Plan, Recipient, Step};
use privacy::rectify::{self, Change, Under};
use privacy::register::{Request, Right, Status};
use privacy::tombstone::Secret;
use serde_json::{Value, json};

use super::context::Context;
use super::exit::Exit;
use super::progress::Count;
use super::requests::{self, Dossier, HoldFile};
use super::{data_map, signals, stores, terms};
use crate::commands::ConfirmArgs;

/// Stores that are open, and what the person has in them.
pub(crate) struct Amends {
    members: Vec<Member>,
    pub(crate) graph: Graph,
    found: Found,
    identities: Vec<Identity>,
    secret: Secret,
    also: Vec<Digest>,
    gaps: Vec<Gap>,
    inputs: BTreeMap<String, Digest>,
}

impl Amends {
    /// Opens every store and finds the person. All must answer: data that are right in one store alone are wrong in the other.
    ///
    /// # Errors
    /// Those of the map and the stores; `no-match`.
    pub(crate) fn open(context: &Context, identities: Vec<Identity>) -> Result<Self, Fault> {
        let reading = data_map::load_quietly(context)?;
        let mut members = stores::open(context, &reading.map, &[])?.whole()?;
        let parts: Vec<Part<'_>> = members
            .iter()
            .map(|member| Part { member: &member.name, dataset: &member.dataset, catalog: &member.catalog })
            .collect();
        let (graph, gaps) = Graph::new(&reading.map, &parts)?;
        let options = Options { digests: true, tolerant: false };
        let found = discover(&graph, &mut members, &identities, &options, &*context.progress(Count::Items))?;
        if found.is_empty() {
            return Err(Fault::no_verdict("no-match", "No store holds anything of this person").advise(
                "Check the identities, and whether the map names the fields that hold them (identity: email).",
            ));
        }
        let secret = requests::secret(context)?;
        let known = also_known_as(&graph, &mut members, &found, &identities)?;
        let also = known.iter().map(|(kind, normal)| secret.pseudonym(kind, normal)).collect();
        let mut hasher = seal::Hasher::new();
        for path in data_map::paths(context).into_iter().filter(|path| path.exists()) {
            let bytes = std::fs::read(&path).map_err(|error| Fault::io("read", &path, error))?;
            hasher.update(seal::sha256(&bytes).as_bytes());
        }
        let inputs = BTreeMap::from([("datamap".to_owned(), hasher.finish())]);
        Ok(Amends { members, graph, found, identities, secret, also, gaps, inputs })
    }

    /// The pseudonyms of the person: kind and text.
    pub(crate) fn pseudonyms(&self) -> Vec<(String, Digest)> {
        let one = |one: &Identity| (one.kind().to_owned(), self.secret.pseudonym(one.kind(), one.normalised()));
        self.identities.iter().map(one).collect()
    }

    /// The pseudonyms of the person, those of identities included that only their rows tell.
    pub(crate) fn all_pseudonyms(&self) -> &[Digest] {
        &self.also
    }

    /// Who got data of the person (Art. 19), where no plan says it.
    pub(crate) fn recipients(&self) -> Vec<Recipient> {
        plan::recipients(&self.graph, &|node| !self.found.rows[node].is_empty())
    }

    /// Plans `changes`.
    ///
    /// # Errors
    /// As [`rectify::plan`].
    pub(crate) fn plan(&self, context: &Context, changes: &[Change], article: &str, why: &str) -> Result<Plan, Fault> {
        let printed = |one: &Identity| (one.kind().to_owned(), self.secret.printed(one.kind(), one.normalised()));
        let under = Under {
            regime: terms::regime(context)?.0,
            article: article.to_owned(),
            reason: why.to_owned(),
            subject: self.identities.iter().map(printed).collect(),
            inputs: self.inputs.clone(),
            gaps: self.gaps.clone(),
        };
        rectify::plan(&self.graph, &self.members, &self.found, changes, under)
    }

    /// Opens a request and carries the plan out: journal first, all or nothing in each store.
    ///
    /// # Errors
    /// `erase-busy`; refusals before anything was changed.
    pub(crate) fn carry_out(
        &mut self,
        context: &mut Context,
        plan: &Plan,
        right: Right,
        args: &ConfirmArgs,
        despite: Option<(String, String)>,
    ) -> Result<Amended, Fault> {
        let _turn = requests::turn(context)?;
        let digest = plan.digest()?;
        let mut dossier = args.answering().open(context, right, &self.identities)?;
        dossier.request.set_digest("plan", digest);
        dossier.request.despite = despite;
        dossier.request.owe(plan.recipients.iter().map(|one| (&*one.name, &*one.collections)));
        dossier.save()?;
        let mut journal = dossier.journal(context)?;
        journal.enter(&[Act::of(Phase::Confirmed).about(digest)])?;
        let holds = HoldFile::new(context, self.also.clone());
        let progress = context.progress(Count::Items);
        let means = Means { holds: &holds, proceed: &signals::check, progress: &*progress };
        let mut parts: Vec<StorePart<'_>> = self
            .members
            .iter_mut()
            .map(|member| StorePart { name: &member.name, store: &mut *member.store, catalog: &member.catalog })
            .collect();
        let applied = apply::apply(plan, &mut parts, &mut journal, &means)?;
        let sum =
            |of: fn(&apply::StepApplied) -> u64| applied.stores.iter().flat_map(|store| &store.steps).map(of).sum();
        let (rows, already) = (sum(|step| step.rows), sum(|step| step.already));
        if applied.is_whole() {
            close(context, &mut dossier)?;
            journal.enter(&[Act::of(Phase::Closed)])?;
        } else if !applied.has_changed() {
            dossier.request.status = Status::Revoked;
            dossier.save()?;
            dossier.destroy_key()?;
        }
        context.trace.digest("plan", digest);
        context.trace.digest("journal", journal.head());
        context.trace.word("request", &dossier.request.id);
        context.trace.count("rows", rows);
        Ok(Amended {
            request: dossier.request,
            digest,
            rows,
            already,
            changed: applied.has_changed(),
            stores: applied.stores.iter().map(|store| (store.member.clone(), store.is_done())).collect(),
            fault: applied.fault,
        })
    }

    /// A new request of the person.
    ///
    /// # Errors
    /// I/O faults; those of the terms.
    pub(crate) fn dossier(&self, context: &Context, right: Right, args: &ConfirmArgs) -> Result<Dossier, Fault> {
        let mut dossier = args.answering().open(context, right, &self.identities)?;
        dossier.request.owe(self.recipients().iter().map(|one| (&*one.name, &*one.collections)));
        dossier.save()?;
        Ok(dossier)
    }
}

/// The request is answered.
///
/// # Errors
/// I/O faults.
pub(crate) fn close(context: &Context, dossier: &mut Dossier) -> Result<(), Fault> {
    dossier.request.status = Status::Fulfilled;
    dossier.request.answered = Some(context.now());
    dossier.save()?;
    dossier.destroy_key()
}

/// What came of a plan.
pub(crate) struct Amended {
    pub(crate) request: Request,
    pub(crate) digest: Digest,
    pub(crate) rows: u64,
    /// Rows that held what is right before.
    pub(crate) already: u64,
    /// Anything was changed.
    pub(crate) changed: bool,
    /// Each store, and whether it is done.
    pub(crate) stores: Vec<(String, bool)>,
    pub(crate) fault: Option<Fault>,
}

impl Amended {
    pub(crate) fn exit(&self) -> Exit {
        match &self.fault {
            None => Exit::Done,
            Some(_) if self.changed => Exit::Partial,
            Some(fault) => fault.kind().into(),
        }
    }
}

/// Goes on only when this very plan was confirmed.
///
/// # Errors
/// `bad-digest`, `plan-changed`, `not-confirmed`.
pub(crate) fn confirmed(args: &ConfirmArgs, digest: &Digest) -> Result<(), Fault> {
    let Some(text) = &args.confirm else {
        return Err(Fault::refused("not-confirmed", "The change was not confirmed, so nothing was changed")
            .advise(format!("Look at the plan with --dry-run, then confirm it: --confirm {digest}")));
    };
    if Digest::parse(text)? != *digest {
        let message =
            format!("The plan has another digest now, sha256:{digest}: stores, map, values or identities have changed");
        return Err(Fault::new(Kind::Refused, "plan-changed", message)
            .advise("Look at it once more with --dry-run, and confirm the digest that it shows then."));
    }
    Ok(())
}

/// Rows of a plan.
pub(crate) fn rows(plan: &Plan) -> u64 {
    plan.steps.iter().map(|step| step.rows).sum()
}

/// The fields that a step sets.
pub(crate) fn fields(step: &Step) -> Vec<String> {
    match &step.action {
        Action::Set(fields) => fields.iter().map(ToString::to_string).collect(),
        Action::Delete => Vec::new(),
    }
}

/// A step for programs. Without values: they are personal data, and whoever wrote them knows them.
pub(crate) fn step_json(step: &Step) -> Value {
    json!({"store": step.member, "collection": step.collection, "fields": fields(step), "rows": step.rows})
}
