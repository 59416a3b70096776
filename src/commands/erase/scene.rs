//! Everything that an erase looks at: stores, map, graph, person.

use std::collections::BTreeMap;

use model::{Digest, Fault};
use privacy::discover::{Found, Member, Options, also_known_as, discover};
use privacy::graph::{Graph, Part};
use privacy::identity::Identity;
use privacy::plan::{Gap, Plan, Policy};
use privacy::tombstone::Secret;

use crate::cli::context::Context;
use crate::cli::progress::Count;
use crate::cli::{data_map, requests, stores, terms};

/// Stores that are open, how their rows refer to each other, and whom it is about.
pub(crate) struct Scene {
    pub(crate) members: Vec<Member>,
    pub(crate) graph: Graph,
    pub(crate) identities: Vec<Identity>,
    pub(crate) secret: Secret,
    /// Pseudonyms of further identities of the person, as their rows tell.
    also: Vec<Digest>,
    gaps: Vec<Gap>,
    inputs: BTreeMap<String, Digest>,
}

impl Scene {
    /// Opens the stores of these names, all of them where none is named. Every one must answer.
    ///
    /// # Errors
    /// Those of the map; of the settings of stores; `store-unreachable` and what else a store says.
    pub(crate) fn open(context: &Context, identities: Vec<Identity>, names: &[String]) -> Result<Self, Fault> {
        let map = data_map::load_quietly(context)?;
        // One that cannot be asked may hold what is to go: nothing is deleted anywhere then.
        let members = stores::open(context, &map.map, names)?.whole()?;
        let parts: Vec<Part<'_>> = members
            .iter()
            .map(|member| Part { member: &member.name, dataset: &member.dataset, catalog: &member.catalog })
            .collect();
        let (graph, gaps) = Graph::new(&map.map, &parts)?;
        let secret = requests::secret(context)?;
        Ok(Scene { members, graph, identities, secret, also: Vec::new(), gaps, inputs: inputs(context)? })
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

    /// The holds on the person.
    pub(crate) fn holds(&self, context: &Context) -> requests::HoldFile {
        requests::HoldFile::new(context, self.pseudonyms())
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
            holds: &holds,
            secret: Some(&self.secret),
            gaps: self.gaps.clone(),
        };
        let plan = privacy::plan::plan(&self.graph, &mut self.members, &found, &policy, &*progress)?;
        if plan.is_empty() {
            return Err(Fault::no_verdict("no-match", "No store holds anything of this person").advise(
                "Check the identities, and whether the map names the fields that hold them (identity: email).",
            ));
        }
        if strict && !plan.gaps.is_empty() {
            let first = plan.gaps.first().map(|gap| gap.text.clone()).unwrap_or_default();
            let message = format!("The plan has {}: {first}", model::counted(plan.gaps.len() as u64, "gap", "gaps"));
            return Err(Fault::refused("plan-has-gaps", message).advise(
                "Map what is not mapped (`probity map check`), or leave --strict out: the gaps are then told.",
            ));
        }
        Ok(plan)
    }
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
