//! The facts `postgresql`, `mariadb`, `redis` and `nats`, what the servers of stores say of their settings, and `servers`,
//! what these have in common.

use std::collections::BTreeSet;
use std::time::Duration;

use connectors::server::{self, Refused};
use facts::server::Heard;
use model::Fault;
use rules::{Fact, Gap, Source};
use serde_json::Value;

use super::{Collected, Context, Found, gap};
use crate::cli::stores::{self, Server};

/// Questions to catalogs are short: whoever takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Every fact that is collected here.
pub(super) const FACTS: &[&str] = &["mariadb", "nats", "postgresql", "redis", ALL];

/// What all kinds have in common.
const ALL: &str = "servers";

/// Asks the servers of the kinds that are wanted, side by side.
pub(super) fn collect(context: &Context, wanted: &BTreeSet<&str>) -> Found {
    let servers = stores::servers(context);
    let is_wanted = |kind: &&str| wanted.contains(kind) || wanted.contains(ALL);
    let kinds = facts::server::KINDS.into_iter().filter(is_wanted);
    let mut found: Found = kinds.map(|kind| (kind, of_kind(context, kind, &servers))).collect();
    if wanted.contains(ALL) {
        let all = together(context, &found);
        found.push((ALL, all));
    }
    found
}

/// The servers of every kind as one fact; what could not be asked stays a gap.
fn together(context: &Context, found: &Found) -> Collected {
    let facts: Vec<(&str, &Fact)> = found.iter().filter_map(|(kind, one)| Some((*kind, fact(one)?))).collect();
    if facts.is_empty() {
        return Collected::not_given("no store of probity.toml is a server with settings of its own");
    }
    let value = facts::server::together(facts.iter().map(|(kind, fact)| (*kind, &fact.value)));
    let sources = facts.iter().flat_map(|(_, fact)| fact.sources.clone()).collect();
    let gaps = facts.iter().flat_map(|(_, fact)| fact.gaps.clone()).collect();
    Collected::now(context, value, sources, gaps)
}

fn fact(collected: &Collected) -> Option<&Fact> {
    match collected {
        Collected::Fact(fact) => Some(fact),
        Collected::Missing(_) => None,
    }
}

fn of_kind(context: &Context, kind: &'static str, all: &[Server]) -> Collected {
    let ours: Vec<&Server> = all.iter().filter(|one| server::kind(&one.url) == Some(kind)).collect();
    if ours.is_empty() {
        return Collected::not_given("no store of this kind stands in probity.toml");
    }
    let asked: Vec<Result<server::Server, Fault>> = std::thread::scope(|scope| {
        let threads: Vec<_> = ours.iter().map(|one| scope.spawn(|| ask(one))).collect();
        let lost = || Fault::internal("thread-lost", "Asking a server ended in a panic");
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(lost()))).collect()
    });
    let gaps: Vec<Gap> =
        ours.iter().zip(&asked).filter_map(|(one, asked)| Some(gap(&one.name, asked.as_ref().err()?))).collect();
    let said: Vec<(&Server, &server::Server)> =
        ours.iter().zip(&asked).filter_map(|(one, asked)| Some((*one, asked.as_ref().ok()?))).collect();
    let refused: Vec<Vec<(&str, String)>> =
        said.iter().map(|(_, said)| said.refused.iter().map(|one| (one.what, sentence(one))).collect()).collect();
    let heard = said.iter().zip(&refused);
    let heard = heard.map(|((one, said), refused)| Heard { store: &one.name, answers: &said.answers, refused });
    let value: Value = facts::server::interpret(kind, &heard.collect::<Vec<_>>());
    let digest = super::sheet::digest(&value);
    let sources = said.iter().map(|(one, _)| Source { name: one.name.clone(), digest: Some(digest) }).collect();
    Collected::now(context, value, sources, gaps)
}

fn ask(one: &Server) -> Result<server::Server, Fault> {
    let mut access = one.access()?;
    access.statement_timeout = match access.statement_timeout {
        Duration::ZERO => PATIENCE,
        time => time.min(PATIENCE),
    };
    server::ask(&one.url, &access)
}

/// What was not told, and what would let it.
fn sentence(refused: &Refused) -> String {
    match refused.grant.as_str() {
        "" => format!("{}: {}", refused.what, refused.why),
        grant => format!("{}: {}; what would let it: {grant}", refused.what, refused.why),
    }
}
