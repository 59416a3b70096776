//! Amazon's buckets: what is said of one stands in resources of its own.

use super::body::{Body, Found, Resource, Value};
use super::refer::{belongs, refers};

/// A bucket with what belongs to it.
pub(super) struct Bucket<'r> {
    blocks: Option<&'r Body>,
    policies: Vec<&'r Body>,
}

impl<'r> Bucket<'r> {
    pub(super) fn of(bucket: &'r Resource, all: &'r [Resource]) -> Self {
        let own = |kind: &'static str| all.iter().filter(move |one| one.kind == kind && belongs(one, "bucket", bucket));
        let policies = own("aws_s3_bucket_policy").map(|one| &one.body);
        Bucket {
            blocks: own("aws_s3_bucket_public_access_block").map(|one| &one.body).next(),
            policies: policies
                .chain([&bucket.body].into_iter().filter(|body| body.find(&["policy"]) != Found::Absent))
                .collect(),
        }
    }

    /// All four ways of making it public are closed.
    pub(super) fn is_private(&self) -> Option<bool> {
        const WAYS: [&str; 4] =
            ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"];
        let Some(blocks) = self.blocks else { return Some(false) };
        let closed = WAYS.map(|way| match blocks.find(&[way]) {
            Found::Absent => Some(false),
            Found::Is(Value::Known(text)) => text.parse().ok(),
            Found::Open | Found::Is(_) => None,
        });
        match (closed.contains(&Some(false)), closed.contains(&None)) {
            (true, _) => Some(false),
            (false, true) => None,
            (false, false) => Some(true),
        }
    }

    /// A policy denies what does not come over TLS (`aws:SecureTransport`).
    pub(super) fn demands_tls(&self, data: &[Resource]) -> Option<bool> {
        let says = |policy: &&Body| -> Option<bool> {
            let written = policy.written("policy")?;
            if written.contains("SecureTransport") {
                return Some(true);
            }
            let document = data.iter().find(|one| refers(written, &one.address));
            match (document, policy.find(&["policy"])) {
                (Some(document), _) => Some(mentions_tls(&document.body)),
                (None, Found::Is(_)) => Some(false),
                // Written out in place: `jsonencode({…})` holds every word that there is, unless a name stands for some.
                (None, _) => (written.starts_with("jsonencode(") && !written.contains("var.")).then_some(false),
            }
        };
        let said: Vec<Option<bool>> = self.policies.iter().map(says).collect();
        match (said.contains(&Some(true)), said.contains(&None)) {
            (true, _) => Some(true),
            (false, true) => None,
            (false, false) => Some(false),
        }
    }
}

/// `aws_iam_policy_document` with a condition on `aws:SecureTransport`.
fn mentions_tls(document: &Body) -> bool {
    let conditions = document.blocks("statement").flat_map(|statement| statement.blocks("condition"));
    conditions.filter_map(|condition| condition.written("variable")).any(|name| name == "aws:SecureTransport")
}
