//! Packs: folders of rules with their parameters.
//!
//! `pack.yaml` names the pack (`name`, `title`, `version`, `parameters`), and the controls of the framework that it is about
//! (`framework`, `controls`), where it is about one; every other `*.yaml` of the folder is a rule. A folder of one's own stands
//! beside the built-in packs and is read the same way.

use std::path::{Path, PathBuf};

use cel::Value;
use model::Fault;
use yaml::Fields;

use crate::control::{self, Control};
use crate::limits::Limits;
use crate::parameter::{Parameter, Setting};
use crate::rule::{Reading, Rule};
use crate::shape::{Catalogue, Field, Shape};
use crate::value;

/// Rules that belong together.
#[derive(Debug)]
pub struct Pack {
    /// Its name: `gdpr`.
    pub name: String,
    /// What it is, in a sentence.
    pub title: String,
    /// Its version.
    pub version: String,
    /// What its user may set.
    pub parameters: Vec<Parameter>,
    /// The controls of its framework, in the order of the file; none once rules were left out, which says nothing of them.
    pub controls: Vec<Control>,
    /// Its rules, by id.
    pub rules: Vec<Rule>,
    framework: Option<String>,
    values: Vec<Value>,
    /// Whether rules were left out.
    narrowed: bool,
}

const KEYS: &[&str] = &["name", "title", "version", "parameters", "framework", "controls"];

impl Pack {
    /// Reads the files of a pack's folder, `pack.yaml` among them.
    ///
    /// # Errors
    /// `bad-pack`, and what the rules say, each with file, line and column.
    pub fn read(files: &[(PathBuf, String)], catalogue: &Catalogue, limits: &Limits) -> Result<Self, Fault> {
        let head = |(path, _): &&(PathBuf, String)| path.file_name().is_some_and(|name| name == "pack.yaml");
        let (path, text) = files.iter().find(head).ok_or_else(|| {
            Fault::bad_config("bad-pack", "The folder has no pack.yaml")
                .advise("Add one with `name`, `title` and `version`.")
        })?;
        let mut pack = Self::head(text).map_err(|fault| fault.in_file(path))?;
        let parameters = pack.shape();
        let reading = Reading { pack: &pack.name, catalogue, parameters: &parameters, limits };
        let is_policy = |(path, _): &&(PathBuf, String)| path.extension().is_some_and(|ending| ending == "rego");
        let (policies, texts): (Vec<_>, Vec<_>) = files.iter().filter(|(other, _)| other != path).partition(is_policy);
        let mut rules =
            texts.into_iter().map(|(path, text)| Rule::read(path, text, reading)).collect::<Result<Vec<_>, _>>()?;
        rules.extend(in_rego(&policies, reading)?);
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        if let Some(pair) = rules.windows(2).find(|pair| pair[0].id == pair[1].id) {
            let message = format!("{:?} is the id of two rules", pair[0].id);
            return Err(Fault::bad_config("bad-pack", message).advise("Rename one.").at(pair[1].place.clone()));
        }
        rules.iter().try_for_each(|rule| pack.knows_controls(rule))?;
        pack.rules = rules;
        Ok(pack)
    }

    /// Whether the controls that a rule gives evidence for are there.
    fn knows_controls(&self, rule: &Rule) -> Result<(), Fault> {
        let Some(framework) = &self.framework else { return Ok(()) };
        let of_framework =
            |article: &str| article.strip_prefix(framework.as_str()).is_some_and(|id| id.starts_with(' '));
        let is_known = |article: &str| self.controls.iter().any(|control| control.article == article);
        let unknown = rule.law.iter().find(|law| of_framework(&law.article) && !is_known(&law.article));
        unknown.map_or(Ok(()), |law| {
            let message = format!("{:?} is no control of pack.yaml", law.article);
            Err(Fault::bad_config("bad-pack", message).advise("Name one of its `controls`.").at(rule.place.clone()))
        })
    }

    fn head(text: &str) -> Result<Self, Fault> {
        let nodes = yaml::read(text, &yaml::Limits::default())?;
        let [node] = nodes.as_slice() else {
            return Err(Fault::bad_config("bad-pack", "pack.yaml holds one document").advise("Write one mapping."));
        };
        let fields = Fields::of(node, "", KEYS)?;
        let parameters = match fields.node("parameters") {
            None => vec![],
            Some(node) => {
                let entries = Fields::open(node, "parameters")?;
                let read = |(key, node): &(yaml::Key, yaml::Node)| {
                    Parameter::read(&key.text, node, &entries.path_of(&key.text))
                };
                entries.entries().iter().map(read).collect::<Result<Vec<_>, _>>()?
            }
        };
        let values = parameters.iter().map(|one| one.value(&one.default)).collect::<Result<_, _>>()?;
        Ok(Pack {
            name: fields.required_text("name")?.to_owned(),
            title: fields.required_text("title")?.to_owned(),
            version: fields.required_text("version")?.to_owned(),
            parameters,
            controls: control::read(&fields)?,
            framework: fields.text("framework")?.map(str::to_owned),
            rules: vec![],
            values,
            narrowed: false,
        })
    }

    /// Puts a value into a parameter.
    ///
    /// # Errors
    /// `unknown-parameter`, `bad-parameter`.
    pub fn set(&mut self, setting: &Setting) -> Result<(), Fault> {
        let Some(index) = self.parameters.iter().position(|one| one.name == setting.name) else {
            let names: Vec<&str> = self.parameters.iter().map(|one| one.name.as_str()).collect();
            let message = format!("The pack {:?} has no parameter {:?}", self.name, setting.name);
            return Err(Fault::usage("unknown-parameter", message).advise(match names.as_slice() {
                [] => "It has none.".to_owned(),
                names => format!("Its parameters are {}.", names.join(", ")),
            }));
        };
        self.values[index] = self.parameters[index].value(&setting.value)?;
        Ok(())
    }

    /// The record that expressions call `parameters`.
    pub(crate) fn values(&self) -> Value {
        let names = self.parameters.iter().map(|one| one.name.as_str());
        value::record(names.zip(self.values.iter().cloned()))
    }

    fn shape(&self) -> Shape {
        let field = |one: &Parameter| Field {
            name: one.name.clone(),
            shape: one.shape.clone(),
            optional: false,
            about: one.about.clone(),
        };
        Shape::Record(self.parameters.iter().map(field).collect())
    }

    /// Keeps the rules that `wanted` takes.
    pub fn keep(&mut self, wanted: impl Fn(&Rule) -> bool) {
        let all = self.rules.len();
        self.rules.retain(wanted);
        if self.rules.len() < all {
            self.controls.clear();
            self.narrowed = true;
        }
    }

    /// Whether an id is that of a rule that this pack would have, and has not.
    pub(crate) fn lacks(&self, id: &str) -> bool {
        let is_own = id.split_once('.').is_some_and(|(pack, _)| pack == self.name);
        is_own && !self.narrowed && !self.rules.iter().any(|rule| rule.id == id)
    }
}

#[cfg(feature = "rego")]
use crate::rego::read as in_rego;

/// Without the interpreter a policy is refused, not left out.
#[cfg(not(feature = "rego"))]
fn in_rego(policies: &[&(PathBuf, String)], _: Reading<'_>) -> Result<Vec<Rule>, Fault> {
    match policies {
        [] => Ok(vec![]),
        [(path, _), ..] => Err(Fault::usage("not-built-in", "This probity was built without policies in Rego")
            .advise("Build it with `--features rego`, or take the *.rego files out of the pack.")
            .at(model::Place::file(path))),
    }
}

macro_rules! built_in {
    ($($pack:literal: [$($file:literal),* $(,)?]),* $(,)?) => {
        &[$(($pack, &[$(($file, include_str!(concat!("../packs/", $pack, "/", $file, ".yaml")))),*])),*]
    };
}

type Files = &'static [(&'static str, &'static str)];

const BUILT_IN: &[(&str, Files)] = built_in! {
    "ccpa": [
        "pack",
        "answered",
        "deleted-proof",
        "denial-reason",
        "disclosed-to",
        "extension-told",
        "period",
        "providers-told",
        "purpose",
        "source",
        "verified",
    ],
    "gdpr": [
        "pack",
        "a12-3-answered",
        "a12-3-extension-told",
        "a12-6-verified",
        "a13-notice",
        "a13-recipients",
        "a14-source",
        "a15-1-information",
        "a15-3-copy",
        "a15-reachable",
        "a16-carried-out",
        "a17-3-hold-reviewed",
        "a17-certified",
        "a17-ground",
        "a17-replaceable",
        "a19-recipients-told",
        "a20-1-handed-over",
        "a21-3-stopped",
        "a21-4-channel",
        "a22-profiling-basis",
        "a25-ingested-clear",
        "a26-1-arrangement",
        "a26-2-essence",
        "a27-1-representative",
        "a28-2-authorised",
        "a28-3-contract",
        "a28-3-g-return",
        "a30-1-a-controller",
        "a30-1-c-categories",
        "a30-1-d-recipients",
        "a30-1-e-countries",
        "a30-1-f-retention",
        "a30-1-g-security",
        "a30-2-a-controllers",
        "a30-dataset-recorded",
        "a30-declared",
        "a30-reviewed",
        "a30-unmapped",
        "a31-answered",
        "a32-1-a-at-rest",
        "a32-1-a-backups-encrypted",
        "a32-1-a-in-transit",
        "a32-1-a-key-age",
        "a32-1-a-tls-version",
        "a32-1-b-access-approved",
        "a32-1-b-access-reviewed",
        "a32-1-b-login",
        "a32-1-b-passwords",
        "a32-1-b-public-grants",
        "a32-1-b-superusers",
        "a32-1-c-backups-fresh",
        "a32-1-d-audit-log",
        "a32-1-d-drilled",
        "a33-3-content",
        "a33-72h",
        "a33-register",
        "a33-register-sound",
        "a34-2-content",
        "a34-people-told",
        "a35-2-advice",
        "a35-3-demanded",
        "a35-dpia",
        "a36-1-consulted",
        "a37-1-named",
        "a37-7-reachable",
        "a38-3-reports",
        "a39-1-b-review",
        "a44-located",
        "a44-transfers",
        "a46-assessed",
        "a5-1-b-declared",
        "a5-1-b-purpose",
        "a5-1-b-queries",
        "a5-1-c-category-used",
        "a5-1-c-empty-columns",
        "a5-1-c-read",
        "a5-1-e-dates",
        "a5-1-e-ingested",
        "a5-1-e-retention",
        "a5-1-f-credentials",
        "a5-2-ledger-clock",
        "a5-2-ledger-silence",
        "a5-2-ledger-sound",
        "a6-1-basis",
        "a6-1-collection-basis",
        "a6-1-f-weighed",
        "a6-consent",
        "a7-1-current-notice",
        "a7-1-proof",
        "a7-3-delay",
        "a7-3-processing",
        "a8-guardian",
        "a9-1-hidden",
        "a9-2-exception",
        "a9-explicit-basis",
    ],
    "infrastructure": [
        "pack",
        "alerts-answered",
        "alerts-evaluated",
        "backups-drilled",
        "backups-encrypted",
        "backups-fresh",
        "certificate-ends",
        "dockerfile-healthcheck",
        "dockerfile-no-remote-add",
        "dockerfile-no-secrets",
        "dockerfile-non-root",
        "dockerfile-pinned",
        "endpoint-certificate",
        "endpoint-certificate-ends",
        "endpoint-key",
        "endpoint-tls-version",
        "flags-default",
        "flags-not-expired",
        "har-address",
        "har-cookies",
        "har-headers",
        "har-https",
        "key-age",
        "key-private",
        "kong-admin-closed",
        "kong-authentication",
        "kong-https",
        "kong-rate-limit",
        "kong-upstream-tls",
        "kubernetes-image-pinned",
        "kubernetes-limits",
        "kubernetes-network-policy",
        "kubernetes-no-gap",
        "kubernetes-no-host",
        "kubernetes-no-privilege",
        "kubernetes-no-secrets",
        "kubernetes-non-root",
        "kubernetes-probes",
        "kubernetes-rollout",
        "kubernetes-zones",
        "load-failures",
        "load-latency",
        "mariadb-anonymous",
        "mariadb-audit-log",
        "mariadb-encrypted-at-rest",
        "mariadb-ended-accounts",
        "mariadb-hosts",
        "mariadb-listens",
        "mariadb-login",
        "mariadb-password-hash",
        "mariadb-replica-lag",
        "mariadb-superusers",
        "mariadb-tls",
        "mariadb-tls-version",
        "mariadb-version",
        "nats-login",
        "nats-tls",
        "nats-version",
        "postgresql-audit-log",
        "postgresql-checksums",
        "postgresql-encrypted-at-rest",
        "postgresql-ended-accounts",
        "postgresql-listens",
        "postgresql-login",
        "postgresql-new-passwords",
        "postgresql-password-hash",
        "postgresql-public-grants",
        "postgresql-replica-lag",
        "postgresql-superusers",
        "postgresql-tls",
        "postgresql-tls-version",
        "postgresql-version",
        "redis-dangerous-commands",
        "redis-kept",
        "redis-listens",
        "redis-login",
        "redis-replica-lag",
        "redis-tls",
        "redis-tls-version",
        "redis-version",
        "scan-clean",
        "scan-fresh",
        "scan-known",
        "terraform-at-rest",
        "terraform-backups",
        "terraform-in-transit",
        "terraform-ports",
        "terraform-private",
        "terraform-rotation",
        "terraform-zones",
        "tests-pass",
        "tests-steady",
        "workflow-environment",
        "workflow-gate",
        "workflow-no-injection",
        "workflow-no-printed-secrets",
        "workflow-no-stranger",
        "workflow-permissions",
        "workflow-pinned",
        "workflow-scan",
        "workflow-sign",
    ],
    "soc2": [
        "pack",
        "a1-1-limits",
        "a1-1-load",
        "a1-2-backups-encrypted",
        "a1-2-backups-fresh",
        "a1-2-replicas",
        "a1-2-zones",
        "a1-3-in-time",
        "c1-1-period",
        "c1-2-ended",
        "cc1-3-contact",
        "cc1-3-owner",
        "cc2-1-inventory",
        "cc2-1-reviewed",
        "cc3-2-assessed",
        "cc3-2-demanded",
        "cc4-1-judged",
        "cc4-2-followed-up",
        "cc5-1-measures",
        "cc5-2-tokens",
        "cc6-1-encryption-at-rest",
        "cc6-1-key-age",
        "cc6-1-login",
        "cc6-1-routes",
        "cc6-2-mariadb-ended",
        "cc6-2-postgresql-ended",
        "cc6-3-bypass",
        "cc6-3-superusers",
        "cc6-5-erased",
        "cc6-6-certificates",
        "cc6-6-listens",
        "cc6-6-ports",
        "cc6-6-rate-limits",
        "cc6-7-endpoint-tls",
        "cc6-7-tls",
        "cc6-8-pinned",
        "cc6-8-privilege",
        "cc7-1-scan-clean",
        "cc7-1-scan-fresh",
        "cc7-2-audit-log",
        "cc7-2-ledger",
        "cc7-2-monitoring",
        "cc7-2-silence",
        "cc7-2-understood",
        "cc7-2-alerts",
        "cc7-3-alerts-answered",
        "cc7-3-judged",
        "cc7-4-recorded",
        "cc7-5-drilled",
        "cc8-1-approved",
        "cc8-1-signed",
        "cc8-1-tested",
        "cc8-1-tests-pass",
        "cc9-2-contract",
        "cc9-2-return",
        "p1-1-notice",
        "p1-1-notice-current",
        "p2-1-proof",
        "p3-1-needed",
        "p3-1-source",
        "p3-2-explicit",
        "p4-1-processing",
        "p4-1-purpose",
        "p5-1-access",
        "p5-1-verified",
        "p5-2-corrected",
        "p5-2-told",
        "p6-1-ground",
        "p6-1-recipients",
        "p6-3-register",
        "p6-6-authority",
        "p6-6-people",
        "p6-7-packaged",
        "p8-1-settled",
        "cc6-2-approved",
        "cc6-3-reviewed",
    ],
};

impl Pack {
    /// The names of the built-in packs.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The files of a built-in pack, to read or to write out for editing.
    pub fn files(name: &str) -> Option<Vec<(PathBuf, String)>> {
        let (_, files) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        let path = |file: &str| Path::new(name).join(format!("{file}.yaml"));
        Some(files.iter().map(|(file, text)| (path(file), (*text).to_owned())).collect())
    }

    /// A built-in pack.
    ///
    /// # Errors
    /// `unknown-pack`.
    pub fn built_in(name: &str, catalogue: &Catalogue, limits: &Limits) -> Result<Self, Fault> {
        let files = Self::files(name).ok_or_else(|| {
            let near = model::nearest(name, Self::names());
            Fault::usage("unknown-pack", format!("There is no pack named {name:?}")).advise(match near {
                Some(near) => format!("Did you mean {near:?}?"),
                None => format!("The packs are {}.", Self::names().collect::<Vec<_>>().join(", ")),
            })
        })?;
        Self::read(&files, catalogue, limits)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::BUILT_IN;

    /// A rule that lies in a pack's folder is in the pack.
    #[test]
    fn every_file_of_a_pack_is_built_in() {
        let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("packs");
        for (pack, files) in BUILT_IN {
            let known: BTreeSet<String> = files.iter().map(|(name, _)| format!("{name}.yaml")).collect();
            let there = std::fs::read_dir(packs.join(pack)).unwrap();
            let there: BTreeSet<String> =
                there.map(|entry| entry.unwrap().file_name().to_str().unwrap().to_owned()).collect();
            assert_eq!(known, there, "{pack}");
        }
    }
}
