//! Containers of a pod.

use serde_json::{Value, json};
use yaml::Node;

use super::{Object, Pod};
use crate::tree::{at, flag, integer, list, text, texts};
use crate::{image, secret};

/// Every container of the pod, init containers last.
pub(super) fn all(object: &Object<'_>, pod: &Pod<'_>) -> Vec<Value> {
    let plain = list(pod.spec, &["containers"]).iter().map(|node| one(object, pod, node, false));
    plain.chain(list(pod.spec, &["initContainers"]).iter().map(|node| one(object, pod, node, true))).collect()
}

fn one(object: &Object<'_>, pod: &Pod<'_>, node: &Node, init: bool) -> Value {
    let named = text(node, &["image"]).unwrap_or_default();
    let (tag, digest) = image::parts(named);
    // What the container says counts before what its pod says (SecurityContext, PodSecurityContext).
    let own = |key: &str| flag(node, &["securityContext", key]);
    let pods = |key: &str| flag(pod.spec, &["securityContext", key]);
    let added = texts(node, &["securityContext", "capabilities", "add"]);
    let dropped = texts(node, &["securityContext", "capabilities", "drop"]);
    // A sidecar is an init container that is restarted always; it runs on.
    let sidecar = init && text(node, &["restartPolicy"]) == Some("Always");
    let long_running = (!init || sidecar) && !matches!(object.kind(), "Job" | "CronJob");
    json!({
        "name": text(node, &["name"]).unwrap_or_default(),
        "image": named,
        "image_tag": tag,
        "image_digest": digest,
        "workload": format!("{}/{}", object.kind(), object.name()),
        "init": init,
        "long_running": long_running,
        "runs_as_non_root": own("runAsNonRoot").or(pods("runAsNonRoot")),
        "user": integer(node, &["securityContext", "runAsUser"]).or(integer(pod.spec, &["securityContext", "runAsUser"])),
        "privileged": own("privileged").unwrap_or(false),
        "privilege_escalation": own("allowPrivilegeEscalation"),
        "read_only_root": own("readOnlyRootFilesystem"),
        "drops_all": dropped.iter().any(|name| name.eq_ignore_ascii_case("all")),
        "added_capabilities": added,
        "cpu_limit": text(node, &["resources", "limits", "cpu"]),
        "memory_limit": text(node, &["resources", "limits", "memory"]),
        "cpu_request": request(node, "cpu"),
        "memory_request": request(node, "memory"),
        "liveness": at(node, &["livenessProbe"]).is_some(),
        "readiness": at(node, &["readinessProbe"]).is_some(),
        "plain_secrets": plain_secrets(node),
        "place": object.place(node),
    })
}

/// A request that is not written is taken from the limit (ResourceRequirements.requests).
fn request<'n>(node: &'n Node, what: &str) -> Option<&'n str> {
    text(node, &["resources", "requests", what]).or(text(node, &["resources", "limits", what]))
}

/// Names of variables that look like secrets and whose value is written out instead of taken from a Secret.
fn plain_secrets(node: &Node) -> Vec<&str> {
    list(node, &["env"])
        .iter()
        .filter(|one| text(one, &["value"]).is_some_and(|value| !value.is_empty()))
        .filter_map(|one| text(one, &["name"]))
        .filter(|name| secret::is_name(name))
        .collect()
}
