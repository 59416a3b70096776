//! Actions by their names: pinned or not, and what they are for.

use super::job::Duties;

/// By commit (40 digits, 64 for SHA-256), by digest for an image, or in the repository itself.
pub(super) fn is_pinned(uses: &str) -> bool {
    let is_commit = |text: &str| matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match uses.strip_prefix("docker://") {
        Some(image) => is_image_pinned(image),
        None => uses.starts_with("./") || uses.rsplit_once('@').is_some_and(|(_, version)| is_commit(version)),
    }
}

pub(super) fn is_image_pinned(image: &str) -> bool {
    crate::image::parts(image).1.is_some()
}

const SCANS: &[&str] = &[
    "github/codeql-action/analyze",
    "aquasecurity/trivy-action",
    "anchore/scan-action",
    "snyk/actions",
    "actions/dependency-review-action",
    "google/osv-scanner",
    "gitleaks/gitleaks-action",
    "trufflesecurity/trufflehog",
    "semgrep/",
    "returntocorp/semgrep",
    "bridgecrewio/checkov-action",
    "rustsec/audit-check",
    "embarkstudios/cargo-deny-action",
    "sonarsource/",
    "docker/scout-action",
    "pypa/gh-action-pip-audit",
];

const SIGNS: &[&str] = &[
    "actions/attest",
    "slsa-framework/slsa-github-generator",
    "sigstore/gh-action-sigstore-python",
    "azure/trusted-signing-action",
    "notaryproject/notation-action/sign",
];

const PUBLISHES: &[&str] = &[
    "pypa/gh-action-pypi-publish",
    "softprops/action-gh-release",
    "js-devtools/npm-publish",
    "goreleaser/goreleaser-action",
];

const DEPLOYS: &[&str] = &[
    "azure/webapps-deploy",
    "azure/k8s-deploy",
    "azure/functions-action",
    "aws-actions/amazon-ecs-deploy-task-definition",
    "google-github-actions/deploy-",
    "actions/deploy-pages",
    "cloudflare/wrangler-action",
    "superfly/flyctl-actions",
    "appleboy/ssh-action",
];

/// What an action, or a workflow that is called, does.
pub(super) fn duties(uses: &str) -> Duties {
    let uses = uses.to_ascii_lowercase();
    let is = |list: &[&str]| list.iter().any(|one| uses.starts_with(one));
    // A workflow that is called says by its file's name what it is for.
    let file = uses.split('@').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    let called = |word: &str| uses.contains(".github/workflows/") && file.contains(word);
    Duties {
        tests: called("test"),
        scans: is(SCANS) || called("scan"),
        signs: is(SIGNS) || called("sign"),
        publishes: is(PUBLISHES),
        deploys: is(DEPLOYS) || called("deploy"),
    }
}

/// Whether the name of a job says that it brings something to its users.
pub(super) fn names_deployment(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| ["deploy", "deployment", "rollout"].contains(&word))
}

/// Expressions that name the head of a pull request, which anybody may have written.
const STRANGERS: [&str; 5] = [
    "github.event.pull_request.head",
    "github.head_ref",
    "github.event.workflow_run.head_",
    "refs/pull/",
    "github.event.number",
];

pub(super) fn is_strangers(text: &str) -> bool {
    STRANGERS.iter().any(|one| text.contains(one))
}
