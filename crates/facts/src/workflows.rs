//! Workflows of GitHub Actions.
//!
//! Source: GitHub Docs, «Workflow syntax», «Events that trigger workflows», «Secure use reference».

mod act;
mod job;
mod script;

use serde_json::{Value, json};
use yaml::Node;

use self::job::Job;
use crate::tree::{Document, at, begins, ends, entries, open, place, text, texts};
use crate::{File, Read};

pub(crate) fn recognise(file: File<'_>) -> bool {
    ends(file, &[".yaml", ".yml"]) && begins(file.text, "jobs") && begins(file.text, "on")
}

pub(crate) fn read(files: &[File<'_>]) -> Read {
    let (documents, gaps) = open(files);
    let workflows: Vec<Workflow<'_>> = documents.iter().map(Workflow::of).collect();
    let (mut jobs, mut actions, mut steps) = (Vec::new(), Vec::new(), Vec::new());
    for workflow in &workflows {
        for job in &workflow.jobs {
            jobs.push(job.value(workflow));
            actions.extend(job.actions(workflow));
            steps.extend(job.steps().map(|step| step.value(workflow, job)));
        }
    }
    let workflows: Vec<Value> = workflows.iter().map(Workflow::value).collect();
    Read { value: json!({"workflows": workflows, "jobs": jobs, "actions": actions, "steps": steps}), gaps }
}

/// One workflow file.
struct Workflow<'n> {
    file: &'n str,
    node: &'n Node,
    jobs: Vec<Job<'n>>,
}

impl<'n> Workflow<'n> {
    fn of(document: &'n Document<'_>) -> Self {
        let jobs = entries(&document.node, &["jobs"]).iter().map(|(key, node)| Job { id: &key.text, node });
        Workflow { file: document.file, node: &document.node, jobs: jobs.collect() }
    }

    fn name(&self) -> &'n str {
        text(self.node, &["name"]).unwrap_or_else(|| self.file.rsplit(['/', '\\']).next().unwrap_or(self.file))
    }

    /// `on: push`, `on: [push]`, `on: {push: …}`
    fn events(&self) -> Vec<&'n str> {
        match at(self.node, &["on"]).map(|on| (on.scalar(), on)) {
            Some((Some(one), _)) => vec![one],
            Some((None, on)) => {
                let keys = entries(on, &[]).iter().map(|(key, _)| key.text.as_str());
                keys.chain(texts(on, &[])).collect()
            }
            None => vec![],
        }
    }

    /// Whether it runs with the rights of the repository on what a stranger sent.
    fn meets_strangers(&self) -> bool {
        self.events().iter().any(|event| ["pull_request_target", "workflow_run", "issue_comment"].contains(event))
    }

    fn job(&self, id: &str) -> Option<&Job<'n>> {
        self.jobs.iter().find(|job| job.id == id)
    }

    fn value(&self) -> Value {
        let any = |is: fn(&job::Duties) -> bool| self.jobs.iter().any(|job| is(&job.duties()));
        json!({
            "name": self.name(),
            "events": self.events(),
            "permissions": permissions(self.node).as_ref().map(Rights::word),
            "scans": any(|duties| duties.scans),
            "tests": any(|duties| duties.tests),
            "signs": any(|duties| duties.signs),
            "place": place(self.file, self.node),
        })
    }

    fn place(&self, node: &Node) -> String {
        place(self.file, node)
    }
}

/// What `permissions` grants.
enum Rights<'n> {
    /// `read-all`, `write-all`, `{}`.
    All(&'n str),
    /// Scopes, and those that may be written.
    Listed(Vec<&'n str>),
}

impl Rights<'_> {
    fn word(&self) -> &str {
        match self {
            Rights::All(word) => word,
            Rights::Listed(_) => "listed",
        }
    }

    fn writes_all(&self) -> bool {
        matches!(self, Rights::All("write-all"))
    }

    fn writes(&self) -> &[&str] {
        match self {
            Rights::All(_) => &[],
            Rights::Listed(writes) => writes,
        }
    }
}

/// The `permissions` of a workflow or job; `None` when it says nothing.
fn permissions(node: &Node) -> Option<Rights<'_>> {
    let rights = at(node, &["permissions"])?;
    Some(match rights.scalar() {
        Some(word) => Rights::All(word),
        None => Rights::Listed(
            entries(rights, &[])
                .iter()
                .filter(|(_, right)| right.scalar() == Some("write"))
                .map(|(key, _)| key.text.as_str())
                .collect(),
        ),
    })
}

#[cfg(test)]
mod tests;
