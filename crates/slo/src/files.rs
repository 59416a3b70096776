//! The documents of a rule file.

use model::Fault;
use yaml::Node;

use crate::Limits;

/// Every document of `text`, in order.
///
/// # Errors
/// `bad-yaml`, `duplicate-key`, `rules-too-large`, each with line and column.
pub(crate) fn documents(text: &str, limits: &Limits) -> Result<Vec<Node>, Fault> {
    let limits = yaml::Limits { bytes: limits.file_bytes, nodes: limits.nodes, depth: limits.depth };
    yaml::read(text, &limits).map_err(|fault| match fault.code() {
        "yaml-too-large" => Fault::bad_config("rules-too-large", fault.message().replacen("The", "The rule", 1))
            .advise(fault.advice().unwrap_or_default())
            .at(fault.place().cloned().unwrap_or_default()),
        _ => fault,
    })
}
