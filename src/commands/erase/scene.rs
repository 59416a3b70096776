//! Everything that an erase looks at: stores, map, graph, person.

use std::collections::{BTreeMap, BTreeSet};

use model::{Digest, Fault};
use privacy::anchor::anchors;
use privacy::discover::{Found, Member, Options, also_known_as, discover, is_of};
use privacy::graph::{Graph, Part};
use privacy::hanging;
use privacy::identity::Identity;
use privacy::map::DataMap;
use privacy::plan::{Gap, Holds, Plan, Policy};
use privacy::retention::Tally;
use privacy::store::Nothing;
use privacy::tombstone::{Secret, Tombstones};
use privacy::verify::{Verified, verify};

use crate::cli::context::Context;
use crate::cli::progress::Count;
use crate::cli::retention::{self, Retention};
use crate::cli::{data_map, own_store, requests, store_keys, stores, terms};

/// Stores that are open, how their rows refer to each other, and whom it is about.
pub(crate) struct Scene {
    pub(crate) members: Vec<Member>,
    pub(crate) graph: Graph,
    pub(crate) identities: Vec<Identity>,
    pub(crate) secret: Secret,
    /// Rows go because of their age; then it is about nobody.
    pub(crate) age: Option<Retention>,
    /// Pseudonyms of further identities of the person, as their rows tell.
    also: Vec<Digest>,
    /// Kind and value of that by which rows of other stores hang on those of the person.
    anchors: BTreeSet<(String, String)>,
    /// The one store that is meant, where it is one.
    only: Option<String>,
    gaps: Vec<Gap>,
    inputs: BTreeMap<String, Digest>,
}

impl Scene {
    /// Opens the stores of these names, all of them where none is named. Every one must answer.
    ///
    /// # Errors
    /// Those of the map; of the settings of stores; `store-unreachable` and what else a store says.
    pub(crate) fn open(context: &Context, identities: Vec<Identity>, names: &[String]) -> Result<Self, Fault> {
        let map = data_map::load_quietly(context)?.map;
        // One that cannot be asked may hold what is to go: nothing is deleted anywhere then.
        let members = stores::open(context, &map, names)?.whole()?;
        Scene::of(context, identities, &map, members)
    }

    /// The stores, and probity's own where a rule of retention names it: then there need be no others.
    fn with_own(context: &Context) -> Result<Self, Fault> {
        if !retention::names_own_store(context)? {
            return Scene::open(context, Vec::new(), &[]);
        }
        let mut map = data_map::load_or_none(context)?.map(|read| read.map).unwrap_or_default();
        let mut members = match store_keys::names(&context.config).is_empty() {
            true => Vec::new(),
            false => stores::open(context, &map, &[])?.whole()?,
        };
        let (own, dataset) = own_store::member(context)?;
        if map.dataset(&dataset.key).is_some() || members.iter().any(|member| is_of(&own.name, &member.name)) {
            let message = format!("{:?} is the name of probity's own store in rules of retention", own.name);
            return Err(Fault::bad_config("bad-retention", message)
                .advise("Give the other dataset or store of that name another one."));
        }
        map.datasets.push(dataset);
        members.push(own);
        Scene::of(context, Vec::new(), &map, members)
    }

    fn of(context: &Context, identities: Vec<Identity>, map: &DataMap, members: Vec<Member>) -> Result<Self, Fault> {
        let parts: Vec<Part<'_>> = members
            .iter()
            .map(|member| Part { member: &member.name, dataset: &member.dataset, catalog: &member.catalog })
            .collect();
        let (graph, gaps) = Graph::new(map, &parts)?;
        let secret = requests::secret(context)?;
        let (age, also, inputs) = (None, Vec::new(), inputs(context)?);
        let (anchors, only) = (BTreeSet::new(), None);
        Ok(Scene { members, graph, identities, secret, age, also, anchors, only, gaps, inputs })
    }

    /// Leaves every store but this one alone: nothing is found there, nothing changed, nothing said of it.
    pub(crate) fn only(&mut self, store: &str) {
        for member in self.members.iter_mut().filter(|member| !is_of(store, &member.name)) {
            member.store = Box::new(Nothing);
        }
        self.gaps.retain(|gap| gap.member.as_ref().is_none_or(|member| is_of(store, member)));
        self.only = Some(store.to_owned());
    }

    /// The same for looking at rows that hang on other stores.
    pub(crate) fn hanging<'s>(&'s mut self, stones: &'s Tombstones) -> hanging::Scene<'s> {
        let Scene { graph, members, gaps, secret, .. } = self;
        hanging::Scene { graph, members, gaps, secret, stones }
    }

    fn is_meant(&self, member: &str) -> bool {
        self.only.as_ref().is_none_or(|store| is_of(store, member))
    }

    /// What a search afterwards says of the stores that are meant.
    pub(crate) fn of_those_meant(&self, mut verified: Verified) -> Verified {
        verified.stores.retain(|store| self.is_meant(&store.member));
        verified
    }

    /// Kind and pseudonym of that by which rows of other stores hang on those of the person.
    pub(crate) fn anchors(&self) -> Vec<(String, String)> {
        let one = |(kind, value): &(String, String)| (kind.clone(), self.secret.pseudonym(kind, value).hex());
        self.anchors.iter().map(one).collect()
    }

    /// Kind and pseudonym of each identity.
    pub(crate) fn subject(&self) -> Vec<(String, String)> {
        let one = |one: &Identity| (one.kind().to_owned(), self.secret.printed(one.kind(), one.normalised()));
        self.identities.iter().map(one).collect()
    }

    /// The same as digests.
    pub(crate) fn pseudonyms(&self) -> Vec<Digest> {
        let own = self.identities.iter().map(|one| self.secret.pseudonym(one.kind(), one.normalised()));
        own.chain(self.also.iter().copied()).collect()
    }

    /// Learns by which other identities the person is known: holds and restrictions on those are theirs.
    fn learn(&mut self, found: &Found) -> Result<(), Fault> {
        let known = also_known_as(&self.graph, &mut self.members, found, &self.identities)?;
        self.anchors = anchors(&self.graph, found);
        self.also = known.iter().map(|(kind, normal)| self.secret.pseudonym(kind, normal)).collect();
        Ok(())
    }

    /// Finds what is left of the person and learns from that, for a run that goes on with a plan of before.
    ///
    /// # Errors
    /// What the stores say.
    pub(crate) fn look_again(&mut self, context: &Context) -> Result<(), Fault> {
        let options = Options { digests: false, tolerant: false };
        let progress = context.progress(Count::Items);
        let found = discover(&self.graph, &mut self.members, &self.identities, &options, &*progress)?;
        self.learn(&found)
    }

    /// The holds on the person, or on whosever rows are over.
    pub(crate) fn holds(&self, context: &Context) -> Box<dyn Holds> {
        match &self.age {
            Some(age) => Box::new(age.holds(context)),
            None => Box::new(requests::HoldFile::new(context, self.pseudonyms())),
        }
    }

    /// The command whose scene it is.
    pub(crate) fn command(&self) -> &'static str {
        if self.age.is_some() { "retain" } else { "erase" }
    }

    /// Looks again for what was to go.
    ///
    /// # Errors
    /// What the stores say.
    pub(crate) fn verify(&mut self, context: &Context, plan: &Plan) -> Result<Verified, Fault> {
        let progress = context.progress(Count::Items);
        match self.age {
            Some(_) => privacy::retention::look_again(plan, &mut self.members, true, &*progress),
            None => verify(plan, &self.graph, &mut self.members, &self.identities, &*progress),
        }
    }

    /// Opens the stores to end what is past its time as of `day`, today where none is named.
    ///
    /// # Errors
    /// As [`Scene::open`]; those of [`Retention::open`] and of the holds.
    pub(crate) fn of_age(context: &Context, day: Option<&str>) -> Result<Self, Fault> {
        let mut scene = Scene::with_own(context)?;
        let mut age = Retention::open(context, &mut scene.graph, day)?;
        age.learn_holds(context, &scene.graph, &mut scene.members, &scene.secret)?;
        scene.inputs.extend(age.rules.map(|digest| ("retention".to_owned(), digest)));
        scene.age = Some(age);
        Ok(scene)
    }

    /// Selects the rows that are past their time, `most` of them, and plans what becomes of them.
    ///
    /// # Errors
    /// `plan-has-gaps` with `strict`; what stores, holds and the plan say.
    pub(crate) fn plan_of_age(
        &mut self,
        context: &Context,
        most: usize,
        strict: bool,
    ) -> Result<(Plan, BTreeMap<usize, Tally>), Fault> {
        let Some(age) = &self.age else { return Err(Fault::internal("internal", "A scene of a person has no ages")) };
        let mut selected = age.select(context, &self.graph, &mut self.members, Some(&self.secret), most)?;
        let tallies = std::mem::take(&mut selected.tallies);
        let holds = age.holds(context);
        let ages = age.ages();
        let today = age.today.to_string();
        let gaps = [self.gaps.clone(), std::mem::take(&mut selected.gaps), age.undefined(&self.graph)].concat();
        let policy = Policy {
            regime: "gdpr",
            article: "5(1)(e)",
            ground: None,
            subject: Vec::new(),
            inputs: self.inputs.clone(),
            today: &today,
            holds: &holds,
            secret: Some(&self.secret),
            gaps,
            ages: Some(&ages),
        };
        let progress = context.progress(Count::Items);
        let mut plan = privacy::retention::plan(&self.graph, &mut self.members, selected, &policy, &*progress)?;
        with_backups(context, &mut plan)?;
        if strict {
            without_gaps(&plan)?;
        }
        Ok((plan, tallies))
    }

    /// Finds the person and plans the erase.
    ///
    /// # Errors
    /// `no-match` when nothing was found; `plan-has-gaps` with `strict`; what discovery and plan say.
    pub(crate) fn plan(&mut self, context: &Context, ground: Option<&str>, strict: bool) -> Result<Plan, Fault> {
        let progress = context.progress(Count::Items);
        let options = Options { digests: true, tolerant: false };
        let found = discover(&self.graph, &mut self.members, &self.identities, &options, &*progress)?;
        self.learn(&found)?;
        let holds = self.holds(context);
        let today = context.now().date();
        let regime = terms::regime(context)?.0;
        let policy = Policy {
            regime: &regime,
            article: if regime == "gdpr" { "17" } else { "1798.105" },
            ground,
            subject: self.subject(),
            inputs: self.inputs.clone(),
            today: &today,
            holds: &*holds,
            secret: Some(&self.secret),
            gaps: self.gaps.clone(),
            ages: None,
        };
        let mut plan = privacy::plan::plan(&self.graph, &mut self.members, &found, &policy, &*progress)?;
        plan.stores.retain(|store| self.is_meant(&store.member));
        plan.estimates.rows_read.retain(|(member, _)| self.is_meant(member));
        if plan.is_empty() {
            return Err(Fault::no_verdict("no-match", "No store holds anything of this person").advise(
                "Check the identities, and whether the map names the fields that hold them (identity: email).",
            ));
        }
        with_backups(context, &mut plan)?;
        if strict {
            without_gaps(&plan)?;
        }
        Ok(plan)
    }
}

/// What is known of the backups of the stores that the plan changes.
fn with_backups(context: &Context, plan: &mut Plan) -> Result<(), Fault> {
    for store in &plan.stores {
        plan.backups.extend(stores::backups(context, &store.member)?);
    }
    Ok(())
}

fn without_gaps(plan: &Plan) -> Result<(), Fault> {
    let Some(first) = plan.gaps.first() else { return Ok(()) };
    let gaps = model::counted(plan.gaps.len() as u64, "gap", "gaps");
    Err(Fault::refused("plan-has-gaps", format!("The plan has {gaps}: {}", first.text))
        .advise("Map what is not mapped (`probity map check`), or leave --strict out: the gaps are then told."))
}

/// What the plan was made from, as digests.
fn inputs(context: &Context) -> Result<BTreeMap<String, Digest>, Fault> {
    let mut hasher = seal::Hasher::new();
    for path in data_map::paths(context).into_iter().filter(|path| path.exists()) {
        let bytes = std::fs::read(&path).map_err(|error| Fault::io("read", &path, error))?;
        hasher.update(seal::sha256(&bytes).as_bytes());
    }
    Ok(BTreeMap::from([("datamap".to_owned(), hasher.finish())]))
}
