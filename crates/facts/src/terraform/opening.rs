//! What networks let in from everywhere.

use serde_json::{Value, json};

use super::body::{Body, Resource};

const EVERYWHERE: [&str; 2] = ["0.0.0.0/0", "::/0"];

/// Every rule that lets the whole internet in.
pub(super) fn all(resources: &[Resource]) -> Vec<Value> {
    let mut found = Vec::new();
    for one in resources {
        match one.kind.as_str() {
            "aws_security_group" => {
                let open =
                    one.body.blocks("ingress").filter(|ingress| lists(ingress, &["cidr_blocks", "ipv6_cidr_blocks"]));
                found.extend(open.map(|ingress| opening(one, ingress)));
            }
            "aws_security_group_rule" => {
                let inward = one.body.text(&["type"]) != Ok(Some("egress"));
                found.extend(
                    (inward && lists(&one.body, &["cidr_blocks", "ipv6_cidr_blocks"])).then(|| opening(one, &one.body)),
                );
            }
            "aws_vpc_security_group_ingress_rule" => {
                let open = ["cidr_ipv4", "cidr_ipv6"].iter().any(|key| {
                    one.body.text(&[key]).is_ok_and(|text| text.is_some_and(|text| EVERYWHERE.contains(&text)))
                });
                found.extend(open.then(|| opening(one, &one.body)));
            }
            _ => {}
        }
    }
    found
}

fn lists(body: &Body, keys: &[&str]) -> bool {
    keys.iter().flat_map(|key| body.texts(key)).any(|range| EVERYWHERE.contains(&range))
}

fn opening(one: &Resource, body: &Body) -> Value {
    let port = |key| body.text(&[key]).ok().flatten().and_then(|text| text.parse::<i64>().ok());
    let protocol = ["protocol", "ip_protocol"].iter().find_map(|key| body.text(&[key]).ok().flatten());
    // «-1» is every protocol and every port.
    let every = protocol == Some("-1");
    json!({
        "address": one.address,
        "from_port": if every { Some(0) } else { port("from_port") },
        "to_port": if every { Some(65_535) } else { port("to_port") },
        "place": one.place,
    })
}

/// A listener that only sends callers on to https.
pub(super) fn redirects(body: &Body) -> bool {
    body.blocks("default_action").any(|action| {
        action.text(&["type"]) == Ok(Some("redirect"))
            && action.block("redirect").is_some_and(|to| to.text(&["protocol"]) == Ok(Some("HTTPS")))
    })
}
