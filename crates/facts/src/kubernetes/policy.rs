//! Which pods a NetworkPolicy guards: those that it selects (`LabelSelector`: all of `matchLabels` and of `matchExpressions`; empty
//! selects all), where it says who may come in, and that is not everybody.

use yaml::Node;

use super::Object;
use crate::tree::{at, list, map, text, texts};

/// A NetworkPolicy.
pub(super) struct Policy<'n> {
    namespace: &'n str,
    selector: Option<&'n Node>,
    node: &'n Node,
}

impl<'n> Policy<'n> {
    /// The object as a policy, if it is one.
    pub(super) fn of(object: &Object<'n>) -> Option<Self> {
        let selector = at(object.node, &["spec", "podSelector"]);
        (object.kind() == "NetworkPolicy").then(|| Policy {
            namespace: object.namespace(),
            selector,
            node: object.node,
        })
    }

    /// Whether it is about who may come in: without `policyTypes` it is (NetworkPolicySpec).
    pub(super) fn is_about_ingress(&self) -> bool {
        let types = texts(self.node, &["spec", "policyTypes"]);
        types.is_empty() || types.contains(&"Ingress")
    }

    /// Whether it keeps somebody out: a rule of `ingress` that names neither callers nor ports lets everybody in everywhere.
    pub(super) fn guards(&self) -> bool {
        let lets_all_in = |rule: &Node| list(rule, &["from"]).is_empty() && list(rule, &["ports"]).is_empty();
        !list(self.node, &["spec", "ingress"]).iter().any(lets_all_in)
    }

    /// Whether it selects pods with these labels in this namespace.
    pub(super) fn selects(&self, namespace: &str, labels: &[(&str, &str)]) -> bool {
        let Some(selector) = self.selector else { return self.namespace == namespace };
        let value = |key: &str| labels.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
        let all_equal = map(selector, &["matchLabels"]).into_iter().all(|(key, wanted)| value(key) == Some(wanted));
        let fits = |one: &Node| {
            let key = text(one, &["key"]).unwrap_or_default();
            let values = texts(one, &["values"]);
            match text(one, &["operator"]) {
                Some("In") => value(key).is_some_and(|value| values.contains(&value)),
                Some("NotIn") => value(key).is_none_or(|value| !values.contains(&value)),
                Some("Exists") => value(key).is_some(),
                Some("DoesNotExist") => value(key).is_none(),
                // An operator that the API does not have selects nothing: such a policy is refused by the cluster.
                _ => false,
            }
        };
        self.namespace == namespace && all_equal && list(selector, &["matchExpressions"]).iter().all(fits)
    }
}
