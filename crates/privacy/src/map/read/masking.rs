//! `masking_strategy_override` of a field.

use model::Fault;
use yaml::{Fields, Node};

use crate::map::Masking;

/// The strategies by the names that Fides gives them.
const STRATEGIES: &[&str] =
    &["null_rewrite", "string_rewrite", "random_string_rewrite", "hash", "hmac", "aes_encrypt", "preserve"];

/// Fides's own default.
const RANDOM_LENGTH: u64 = 30;

pub(in crate::map) fn read(node: &Node, path: &str) -> Result<Masking, Fault> {
    let fields = Fields::open(node, path)?;
    let strategy = fields.required_text("strategy")?;
    let configuration = fields.node("configuration");
    let setting = |key: &str| configuration.and_then(|node| node.entry(key)).filter(|node| !node.is_null());
    match strategy {
        "null_rewrite" => Ok(Masking::Null),
        "string_rewrite" => {
            let missing = || unknown("string_rewrite has no configuration.rewrite_value", node);
            let value = setting("rewrite_value").and_then(Node::scalar).ok_or_else(missing)?.to_owned();
            let suffix = setting("format_preservation").and_then(|kept| kept.entry("suffix")?.scalar());
            Ok(Masking::Text { value, suffix: suffix.unwrap_or_default().to_owned() })
        }
        "random_string_rewrite" => {
            let Some(node) = setting("length") else { return Ok(Masking::Random(RANDOM_LENGTH)) };
            let length = node.scalar().and_then(|text| text.parse().ok()).filter(|length| *length > 0);
            length.map(Masking::Random).ok_or_else(|| yaml::wrong_type("length", node, "a whole number above 0"))
        }
        "hash" | "hmac" | "aes_encrypt" => Ok(Masking::Pseudonym),
        "preserve" => Ok(Masking::Keep),
        other => {
            let fault = unknown(&format!("There is no masking strategy {other:?}"), node);
            Err(match model::nearest(other, STRATEGIES.iter().copied()) {
                Some(near) => fault.advise(format!("Did you mean {near:?}? As it stands the value is taken out.")),
                None => fault,
            })
        }
    }
}

fn unknown(message: &str, node: &Node) -> Fault {
    Fault::bad_config("unknown-strategy", message)
        .advise(format!("The strategies are {}. As it stands the value is taken out.", STRATEGIES.join(", ")))
        .at(node.place.clone())
}
