//! Jobs of a workflow: what they do, what they may, what they wait for.

use serde_json::{Value, json};
use yaml::Node;

use super::script;
use super::{Workflow, act, permissions};
use crate::tree::{at, entries, list, text, texts};

/// A job.
pub(super) struct Job<'n> {
    pub(super) id: &'n str,
    pub(super) node: &'n Node,
}

/// A step of a job.
pub(super) struct Step<'n> {
    node: &'n Node,
}

/// What a job does, told by the actions that it uses and the commands that it runs.
#[derive(Clone, Copy, Default)]
pub(super) struct Duties {
    pub(super) tests: bool,
    pub(super) scans: bool,
    pub(super) signs: bool,
    pub(super) publishes: bool,
    pub(super) deploys: bool,
}

impl Duties {
    fn and(self, other: Duties) -> Duties {
        Duties {
            tests: self.tests || other.tests,
            scans: self.scans || other.scans,
            signs: self.signs || other.signs,
            publishes: self.publishes || other.publishes,
            deploys: self.deploys || other.deploys,
        }
    }
}

impl<'n> Job<'n> {
    pub(super) fn steps(&self) -> impl Iterator<Item = Step<'n>> {
        list(self.node, &["steps"]).iter().map(|node| Step { node })
    }

    /// `environment: production`, `environment: {name: production}`
    fn environment(&self) -> Option<&'n str> {
        text(self.node, &["environment"]).or(text(self.node, &["environment", "name"]))
    }

    pub(super) fn duties(&self) -> Duties {
        let called = text(self.node, &["uses"]).map(act::duties).unwrap_or_default();
        let own = self.steps().fold(called, |duties, step| duties.and(step.duties()));
        let named = [Some(self.id), text(self.node, &["name"])].into_iter().flatten().any(act::names_deployment);
        Duties { deploys: own.deploys || self.environment().is_some() || named && !own.tests, ..own }
    }

    /// The ids in `needs`: one, or a list.
    fn needs(&self) -> Vec<&'n str> {
        text(self.node, &["needs"]).map_or_else(|| texts(self.node, &["needs"]), |one| vec![one])
    }

    /// Every job that must have succeeded before this one. A cycle, which GitHub refuses, ends.
    fn before<'w>(&self, workflow: &'w Workflow<'n>) -> Vec<&'w Job<'n>> {
        let (mut found, mut open): (Vec<&Job<'n>>, Vec<&str>) = (Vec::new(), self.needs());
        while let Some(id) = open.pop() {
            if let Some(job) = workflow.job(id).filter(|job| found.iter().all(|known| known.id != job.id)) {
                found.push(job);
                open.extend(job.needs());
            }
        }
        found
    }

    /// Whether it runs only after tests have passed. Not known when another workflow starts it.
    fn is_gated(&self, workflow: &Workflow<'n>) -> Option<bool> {
        // `always()` and `!cancelled()` run it whatever became of what it needs.
        let condition = text(self.node, &["if"]).unwrap_or_default();
        let regardless = ["always()", "failure()", "!cancelled()"].iter().any(|word| condition.contains(word));
        let earlier = !regardless && self.before(workflow).iter().any(|job| job.duties().tests);
        let tested = self.steps().position(|step| step.duties().tests);
        let shipped = self.steps().position(|step| step.duties().deploys || step.duties().publishes);
        let here = tested.is_some_and(|tested| shipped.is_none_or(|shipped| tested < shipped));
        match earlier || here {
            false if workflow.events().contains(&"workflow_run") => None,
            gated => Some(gated),
        }
    }

    /// Whether what it publishes is signed: by itself, by a job before it, or by one after it.
    fn is_signed(&self, workflow: &Workflow<'n>) -> bool {
        let after = workflow.jobs.iter().filter(|job| job.before(workflow).iter().any(|before| before.id == self.id));
        self.duties().signs || self.before(workflow).into_iter().chain(after).any(|job| job.duties().signs)
    }

    pub(super) fn value(&self, workflow: &Workflow<'n>) -> Value {
        let duties = self.duties();
        let (own, general) = (permissions(self.node), permissions(workflow.node));
        let rights = own.as_ref().or(general.as_ref());
        // What every job of several may write, hardly each of them needs.
        let inherited = match (&own, &general) {
            (None, Some(general)) if workflow.jobs.len() > 1 => general.writes(),
            _ => &[],
        };
        json!({
            "workflow": workflow.name(),
            "name": self.id,
            "permissions_stated": rights.is_some(),
            "writes_all": rights.is_some_and(super::Rights::writes_all),
            "inherited_writes": inherited,
            "environment": self.environment(),
            "needs": self.needs(),
            "tests": duties.tests,
            "scans": duties.scans,
            "publishes": duties.publishes,
            "signed": self.is_signed(workflow),
            "deploys": duties.deploys,
            "after_tests": self.is_gated(workflow),
            "place": workflow.place(self.node),
        })
    }

    /// What the job and its steps use that others wrote.
    pub(super) fn actions(&self, workflow: &Workflow<'_>) -> Vec<Value> {
        let nodes = std::iter::once(self.node).chain(list(self.node, &["steps"]));
        let uses = nodes.filter_map(|node| at(node, &["uses"]).filter(|uses| uses.scalar().is_some()));
        let images = [at(self.node, &["container"]), at(self.node, &["container", "image"])].into_iter().flatten();
        let services = entries(self.node, &["services"]).iter().filter_map(|(_, node)| at(node, &["image"]));
        let one = |node: &Node, name: &str, pinned: bool| {
            json!({
                "workflow": workflow.name(),
                "job": self.id,
                "name": name,
                "pinned": pinned,
                "place": workflow.place(node),
            })
        };
        let used = uses
            .filter_map(|node| Some((node, node.scalar()?)))
            .map(|(node, name)| one(node, name, act::is_pinned(name)));
        let images = images.chain(services).filter_map(|node| Some((node, node.scalar()?)));
        used.chain(images.map(|(node, name)| one(node, name, act::is_image_pinned(name)))).collect()
    }
}

impl<'n> Step<'n> {
    fn run(&self) -> &'n str {
        text(self.node, &["run"]).unwrap_or_default()
    }

    fn uses(&self) -> &'n str {
        text(self.node, &["uses"]).unwrap_or_default()
    }

    fn duties(&self) -> Duties {
        let pushes = text(self.node, &["with", "push"]).is_some_and(|push| push != "false");
        let image = self.uses().starts_with("docker/build-push-action") && pushes;
        let duties = act::duties(self.uses()).and(script::duties(self.run()));
        Duties { publishes: duties.publishes || image, ..duties }
    }

    /// Variables that hold a secret, as this step sees them.
    fn secret_variables(&self, workflow: &Workflow<'n>, job: &Job<'n>) -> Vec<&'n str> {
        let all = [workflow.node, job.node, self.node].into_iter().flat_map(|node| entries(node, &["env"]));
        let holds = |node: &Node| node.scalar().is_some_and(|text| text.contains("secrets."));
        all.filter(|(_, node)| holds(node)).map(|(key, _)| key.text.as_str()).collect()
    }

    /// Whether it fetches what a stranger sent, in a workflow that has the repository's own rights.
    fn checks_out_stranger(&self, workflow: &Workflow<'n>) -> bool {
        let with = |key: &str| text(self.node, &["with", key]).unwrap_or_default();
        let checkout = self.uses().starts_with("actions/checkout@");
        let named = checkout && [with("ref"), with("repository")].into_iter().any(act::is_strangers);
        workflow.meets_strangers() && (named || script::fetches_stranger(self.run()))
    }

    /// Texts of strangers that become part of a script: of the shell's, or of what runs JavaScript.
    fn untrusted(&self, workflow: &Workflow<'n>, job: &Job<'n>) -> Vec<&'n str> {
        let all = [workflow.node, job.node, self.node].into_iter().flat_map(|node| entries(node, &["env"]));
        let holds = |node: &Node| node.scalar().is_some_and(script::holds_chosen);
        let variables: Vec<&str> = all.filter(|(_, node)| holds(node)).map(|(key, _)| key.text.as_str()).collect();
        let javascript = self.uses().to_ascii_lowercase().starts_with("actions/github-script@");
        let script = if javascript { text(self.node, &["with", "script"]).unwrap_or_default() } else { self.run() };
        script::untrusted(script, &variables)
    }

    pub(super) fn value(&self, workflow: &Workflow<'n>, job: &Job<'n>) -> Value {
        let name = text(self.node, &["name"]).or(text(self.node, &["id"])).or(text(self.node, &["uses"]));
        json!({
            "workflow": workflow.name(),
            "job": job.id,
            "name": name.unwrap_or("run"),
            "checks_out_stranger": self.checks_out_stranger(workflow),
            "prints_secrets": script::printed_secrets(self.run(), &self.secret_variables(workflow, job)),
            "untrusted": self.untrusted(workflow, job),
            "place": workflow.place(self.node),
        })
    }
}
