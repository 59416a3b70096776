//! Kubernetes manifests and what `helm template` prints.
//!
//! Source: Kubernetes API reference v1.34, `PodSpec`, `Container`, `NetworkPolicySpec`, `LabelSelector`.

mod container;
mod policy;
mod rollout;

use serde_json::{Value, json};
use yaml::Node;

use crate::tree::{at, ends, flag, integer, list, map, mentions, place, text};
use crate::{File, Gap, Read};

/// A manifest has the keys `apiVersion` and `kind`, and is YAML or JSON by its name.
pub(crate) fn recognise(file: File<'_>) -> bool {
    ends(file, &[".yaml", ".yml", ".json"]) && mentions(file.text, "apiVersion") && mentions(file.text, "kind")
}

/// One object of a manifest.
struct Object<'n> {
    file: &'n str,
    node: &'n Node,
}

impl<'n> Object<'n> {
    fn kind(&self) -> &'n str {
        text(self.node, &["kind"]).unwrap_or_default()
    }

    fn namespace(&self) -> &'n str {
        text(self.node, &["metadata", "namespace"]).unwrap_or("default")
    }

    /// `namespace/name`.
    fn name(&self) -> String {
        let name = text(self.node, &["metadata", "name"]).or(text(self.node, &["metadata", "generateName"]));
        format!("{}/{}", self.namespace(), name.unwrap_or("(no name)"))
    }

    fn place(&self, node: &Node) -> String {
        place(self.file, node)
    }

    /// The pod it makes, where it makes one.
    fn pod(&self) -> Option<Pod<'n>> {
        let (spec, labels): (&[&str], &[&str]) = match self.kind() {
            "Pod" => (&["spec"], &["metadata", "labels"]),
            "CronJob" => (
                &["spec", "jobTemplate", "spec", "template", "spec"],
                &["spec", "jobTemplate", "spec", "template", "metadata", "labels"],
            ),
            "Deployment" | "Rollout" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController" | "Job" => {
                (&["spec", "template", "spec"], &["spec", "template", "metadata", "labels"])
            }
            _ => return None,
        };
        Some(Pod { spec: at(self.node, spec)?, labels: map(self.node, labels) })
    }
}

/// What a workload makes copies of.
struct Pod<'n> {
    spec: &'n Node,
    labels: Vec<(&'n str, &'n str)>,
}

pub(crate) fn read(files: &[File<'_>]) -> Read {
    let mut gaps = Vec::new();
    let mut documents = Vec::new();
    for file in files {
        match yaml::read(file.text, &yaml::Limits::default()) {
            Ok(nodes) => documents.push((file.name, nodes)),
            Err(fault) => gaps.push(gap(*file, &fault)),
        }
    }
    let objects: Vec<Object<'_>> =
        documents.iter().flat_map(|(file, nodes)| nodes.iter().flat_map(|node| expand(file, node))).collect();
    Read { value: value(&objects), gaps }
}

/// A chart's own templates are not manifests yet.
fn gap(file: File<'_>, fault: &model::Fault) -> Gap {
    let gap = Gap::of(file, fault);
    match file.text.contains("{{") {
        true => Gap { remedy: Some("Give what `helm template` prints, not the chart's templates.".to_owned()), ..gap },
        false => gap,
    }
}

/// A `List` is its items.
fn expand<'n>(file: &'n str, node: &'n Node) -> Vec<Object<'n>> {
    let object = Object { file, node };
    match object.kind() {
        "" => vec![],
        kind if kind.ends_with("List") && at(node, &["items"]).is_some() => {
            list(node, &["items"]).iter().map(|node| Object { file, node }).collect()
        }
        _ => vec![object],
    }
}

fn value(objects: &[Object<'_>]) -> Value {
    let policies: Vec<policy::Policy<'_>> = objects.iter().filter_map(policy::Policy::of).collect();
    let (mut containers, mut workloads) = (Vec::new(), Vec::new());
    for object in objects {
        if let Some(pod) = object.pod() {
            containers.extend(container::all(object, &pod));
            workloads.push(workload(object, &pod, &policies));
        }
    }
    let of_kind = |kind: &'static str| objects.iter().filter(move |object| object.kind() == kind);
    json!({
        "containers": containers,
        "workloads": workloads,
        "rollouts": objects.iter().filter_map(rollout::of).collect::<Vec<_>>(),
        "services": of_kind("Service").map(service).collect::<Vec<_>>(),
        "ingresses": of_kind("Ingress").map(ingress).collect::<Vec<_>>(),
        "disruption_budgets": of_kind("PodDisruptionBudget").map(named).collect::<Vec<_>>(),
    })
}

fn workload(object: &Object<'_>, pod: &Pod<'_>, policies: &[policy::Policy<'_>]) -> Value {
    let spec = pod.spec;
    let host_paths = list(spec, &["volumes"]).iter().filter_map(|volume| text(volume, &["hostPath", "path"]));
    json!({
        "kind": object.kind(),
        "name": format!("{}/{}", object.kind(), object.name()),
        "namespace": object.namespace(),
        "labels": pod.labels.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>(),
        // One copy is what the API takes when nobody says (DeploymentSpec.replicas).
        "replicas": replicas(object),
        // A Deployment replaces its copies bit by bit when nobody says (DeploymentStrategy).
        "recreated": text(object.node, &["spec", "strategy", "type"]) == Some("Recreate"),
        "spread_over_zones": spread(spec),
        "host_network": flag(spec, &["hostNetwork"]).unwrap_or(false),
        "host_pid": flag(spec, &["hostPID"]).unwrap_or(false),
        "host_ipc": flag(spec, &["hostIPC"]).unwrap_or(false),
        "host_paths": host_paths.collect::<Vec<_>>(),
        "service_account_token": flag(spec, &["automountServiceAccountToken"]),
        "network_policy": is_guarded(object, pod, policies),
        "place": object.place(object.node),
    })
}

/// Policies add up: what one lets in another cannot keep out.
fn is_guarded(object: &Object<'_>, pod: &Pod<'_>, policies: &[policy::Policy<'_>]) -> bool {
    let about_it = || {
        policies.iter().filter(|policy| policy.is_about_ingress() && policy.selects(object.namespace(), &pod.labels))
    };
    about_it().next().is_some() && about_it().all(policy::Policy::guards)
}

fn replicas(object: &Object<'_>) -> Option<i64> {
    match object.kind() {
        "Deployment" | "Rollout" | "StatefulSet" | "ReplicaSet" | "ReplicationController" => {
            Some(integer(object.node, &["spec", "replicas"]).unwrap_or(1))
        }
        "Pod" => Some(1),
        _ => None,
    }
}

/// `topologySpreadConstraints`, or pod anti-affinity, over zones.
fn spread(spec: &Node) -> bool {
    let is_zone = |key: Option<&str>| {
        matches!(key, Some("topology.kubernetes.io/zone" | "failure-domain.beta.kubernetes.io/zone"))
    };
    let constraints = list(spec, &["topologySpreadConstraints"]);
    let anti = at(spec, &["affinity", "podAntiAffinity"]);
    let required = anti.map(|anti| list(anti, &["requiredDuringSchedulingIgnoredDuringExecution"])).unwrap_or_default();
    let preferred =
        anti.map(|anti| list(anti, &["preferredDuringSchedulingIgnoredDuringExecution"])).unwrap_or_default();
    constraints.iter().any(|one| is_zone(text(one, &["topologyKey"])))
        || required.iter().any(|one| is_zone(text(one, &["topologyKey"])))
        || preferred.iter().any(|one| is_zone(text(one, &["podAffinityTerm", "topologyKey"])))
}

fn service(object: &Object<'_>) -> Value {
    json!({
        "name": object.name(),
        "kind": text(object.node, &["spec", "type"]).unwrap_or("ClusterIP"),
        "place": object.place(object.node),
    })
}

fn ingress(object: &Object<'_>) -> Value {
    let secured: Vec<&str> =
        list(object.node, &["spec", "tls"]).iter().flat_map(|tls| crate::tree::texts(tls, &["hosts"])).collect();
    let rules = list(object.node, &["spec", "rules"]);
    // A rule without a host is for every host, which no certificate of the manifest covers.
    let tls =
        !rules.is_empty() && rules.iter().all(|rule| text(rule, &["host"]).is_some_and(|host| secured.contains(&host)));
    json!({"name": object.name(), "tls": tls, "place": object.place(object.node)})
}

fn named(object: &Object<'_>) -> Value {
    json!({"name": object.name(), "place": object.place(object.node)})
}
