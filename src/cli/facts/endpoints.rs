//! The fact `endpoints`: a handshake with every TLS end point of stores and of the setting `facts.endpoints`.

use std::collections::BTreeSet;

use connectors::Access;
use connectors::handshake::{self, Handshake, Point, Prelude};
use model::{Fault, Instant};
use rules::Source;
use seal::x509::Certificate;
use serde_json::{Value, json};

use super::{Collected, Context, Found, gap};
use crate::cli::stores;

/// An end point, what lets it be trusted, and the setting it comes from.
struct Named {
    point: Point,
    access: Access,
    place: String,
}

pub(super) fn collect(context: &Context, _: &BTreeSet<&str>) -> Found {
    let collected = match named(context) {
        Err(fault) => Collected::failed("facts.endpoints", &fault),
        Ok(all) if all.is_empty() => {
            Collected::not_given("no store is spoken to over TLS, and the setting facts.endpoints names nothing")
        }
        Ok(all) => shaken(context, &all),
    };
    vec![("endpoints", collected)]
}

fn shaken(context: &Context, all: &[Named]) -> Collected {
    let now = u64::try_from(context.now().seconds()).unwrap_or_default();
    let seen: Vec<Result<Handshake, Fault>> = std::thread::scope(|scope| {
        let shake = |one| {
            move || -> Result<Handshake, Fault> {
                let one: &Named = one;
                handshake::shake(&one.point, &one.access, now)
            }
        };
        let threads: Vec<_> = all.iter().map(|one| scope.spawn(shake(one))).collect();
        let lost = || Fault::internal("thread-lost", "A handshake ended in a panic");
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(lost()))).collect()
    });
    let (mut points, mut sources, mut gaps) = (Vec::new(), Vec::new(), Vec::new());
    for (one, seen) in all.iter().zip(seen) {
        match seen {
            Err(fault) => gaps.push(gap(&name(&one.point), &fault)),
            Ok(seen) => {
                sources
                    .push(Source { name: name(&one.point), digest: seen.chain.first().map(|der| seal::sha256(der)) });
                points.push(value(one, &seen, context.now()));
            }
        }
    }
    Collected::now(context, json!({"points": points}), sources, gaps)
}

fn name(point: &Point) -> String {
    format!("{}:{}", point.host, point.port)
}

fn value(one: &Named, seen: &Handshake, now: Instant) -> Value {
    let certificate = seen.chain.first().and_then(|der| Certificate::from_der(der).ok());
    let mut value =
        certificate.as_ref().map_or_else(|| json!({}), |certificate| super::keys::certificate(certificate, now));
    value["issuer"] = json!(certificate.as_ref().map(Certificate::issuer));
    value["not_before"] = json!(certificate.as_ref().map(|one| one.not_before().to_string()));
    value["self_signed"] = json!(certificate.as_ref().map(|one| one.subject() == one.issuer()));
    value["name"] = json!(name(&one.point));
    value["tls"] = json!(seen.version.is_some());
    value["failure"] = json!(seen.failure);
    value["version"] = json!(seen.version);
    value["cipher"] = json!(seen.cipher);
    value["old_versions"] = json!(seen.old_versions);
    value["host_matches"] = json!(seen.host_matches);
    value["trusted"] = json!(seen.trusted);
    value["place"] = json!(one.place);
    value
}

fn named(context: &Context) -> Result<Vec<Named>, Fault> {
    let mut all = Vec::new();
    for store in stores::servers(context) {
        // Whoever cannot be let in can still be greeted.
        let access = store.access().unwrap_or_default();
        let point = of_store(&store.url, &access);
        all.extend(point.map(|point| Named { point, access: access.clone(), place: format!("stores.{}", store.name) }));
        let endpoint = access.endpoint.as_deref().and_then(|endpoint| of_store(endpoint, &access));
        all.extend(endpoint.map(|point| Named { point, access, place: format!("stores.{}.endpoint", store.name) }));
    }
    for text in context.config.list("facts.endpoints") {
        let (host, port) = place(text, 443).ok_or_else(|| bad(text))?;
        let (point, place) = (Point { host, port, prelude: Prelude::None }, "facts.endpoints".to_owned());
        all.push(Named { point, access: Access::default(), place });
    }
    Ok(all)
}

/// The TLS end point of a store's address, where it is spoken to over TLS.
fn of_store(url: &str, access: &Access) -> Option<Point> {
    let (scheme, _) = url.split_once("://")?;
    let (port, prelude, is_always) = match scheme.to_ascii_lowercase().as_str() {
        "https" => (443, Prelude::None, true),
        "rediss" | "rediss+cluster" => (6379, Prelude::None, true),
        "redis" | "redis+cluster" => (6379, Prelude::None, false),
        "tls" => (4222, Prelude::Nats, true),
        "nats" => (4222, Prelude::Nats, false),
        "postgres" | "postgresql" => (5432, Prelude::Postgres, false),
        _ => return None,
    };
    let (host, port) = place(url, port)?;
    (is_always || access.tls.wanted(&host)).then_some(Point { host, port, prelude })
}

/// Host and port of an address; what stands before and behind them is not looked at.
fn place(text: &str, usual: u16) -> Option<(String, u16)> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let (host, port) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map(|(host, port)| (host, port.strip_prefix(':')))?,
        None => rest.rsplit_once(':').map_or((rest, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map_or(Some(usual), |port| port.parse().ok())?;
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

fn bad(text: &str) -> Fault {
    Fault::bad_config("bad-endpoint", format!("facts.endpoints has {text:?}, which is no end point"))
        .advise("Write each as \"host:port\"; without a port it is 443.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn end_points_are_found_in_addresses() {
        let check = |text: &str, expect: Option<(&str, u16)>| {
            let found = place(text, 443);
            assert_eq!(found.as_ref().map(|(host, port)| (host.as_str(), *port)), expect, "{text}");
        };
        check("shop.example.org:8443", Some(("shop.example.org", 8443)));
        check("https://shop.example.org/v1?x=a:b", Some(("shop.example.org", 443)));
        check("postgres://ann@db:5433/shop", Some(("db", 5433)));
        check("[::1]:9", Some(("::1", 9)));
        check("shop:port", None);
        check(":443", None);
        let tls = |url: &str| of_store(url, &Access::default()).map(|point| (point.port, point.prelude));
        assert_eq!(tls("postgres://db.example.org/shop"), Some((5432, Prelude::Postgres)));
        assert_eq!(tls("postgres://127.0.0.1/shop"), None);
        assert_eq!(tls("rediss://localhost"), Some((6379, Prelude::None)));
        assert_eq!(tls("sqlite:shop.db"), None);
    }
}
