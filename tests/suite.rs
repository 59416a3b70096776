//! The one end-to-end binary: what a user types, what comes out, with which exit code.
//!
//! Every test runs the real program in a folder of its own with a clean environment and a fixed clock. `UPDATE=1` rewrites
//! the golden files in `fixtures/golden/cli`; the diff is the review.

#[path = "suite/adversary.rs"]
mod adversary;
#[cfg(feature = "alerts")]
#[path = "suite/alert.rs"]
mod alert;
#[cfg(feature = "alerts")]
#[path = "suite/alert_targets.rs"]
mod alert_targets;
#[cfg(feature = "alerts")]
#[path = "suite/alert_watch.rs"]
mod alert_watch;
#[cfg(feature = "privacy")]
#[path = "suite/amend.rs"]
mod amend;
#[path = "suite/audit.rs"]
mod audit;
#[path = "suite/authority.rs"]
mod authority;
#[path = "suite/bad_input.rs"]
mod bad_input;
#[path = "suite/browser.rs"]
mod browser;
#[cfg(all(feature = "privacy", feature = "redact"))]
#[path = "suite/chinook.rs"]
mod chinook;
#[cfg(feature = "privacy")]
#[path = "suite/consent.rs"]
mod consent;
#[path = "suite/court.rs"]
mod court;
#[path = "suite/custody.rs"]
mod custody;
#[cfg(feature = "privacy")]
#[path = "suite/databases.rs"]
mod databases;
#[path = "suite/demo.rs"]
mod demo;
#[path = "suite/documents.rs"]
mod documents;
#[cfg(all(feature = "privacy", feature = "rules"))]
#[path = "suite/duties.rs"]
mod duties;
#[cfg(feature = "privacy")]
#[path = "suite/erase.rs"]
mod erase;
#[path = "suite/evaluate.rs"]
mod evaluate;
#[path = "suite/exit.rs"]
mod exit;
#[cfg(feature = "privacy")]
#[path = "suite/export.rs"]
mod export;
#[cfg(feature = "rules")]
#[path = "suite/facts.rs"]
mod facts;
#[cfg(feature = "privacy")]
#[path = "suite/faults.rs"]
mod faults;
#[path = "suite/follow.rs"]
mod follow;
#[cfg(feature = "privacy")]
#[path = "suite/forum.rs"]
mod forum;
#[cfg(feature = "alerts")]
#[path = "suite/generate.rs"]
mod generate;
#[cfg(feature = "privacy")]
#[path = "suite/handed.rs"]
mod handed;
#[path = "suite/health.rs"]
mod health;
#[path = "suite/help.rs"]
mod help;
#[path = "suite/house.rs"]
mod house;
#[cfg(feature = "privacy")]
#[path = "suite/incident.rs"]
mod incident;
#[path = "suite/indicators.rs"]
mod indicators;
#[path = "suite/ingest.rs"]
mod ingest;
#[path = "suite/init.rs"]
mod init;
#[path = "suite/keys.rs"]
mod keys;
#[cfg(feature = "privacy")]
#[path = "suite/map.rs"]
mod map;
#[cfg(feature = "privacy")]
#[path = "suite/others.rs"]
mod others;
#[cfg(feature = "privacy")]
#[path = "suite/own_store.rs"]
mod own_store;
#[path = "suite/package.rs"]
mod package;
#[cfg(all(feature = "rules", feature = "pdf"))]
#[path = "suite/paper.rs"]
mod paper;
#[path = "suite/probe.rs"]
mod probe;
#[path = "suite/produce.rs"]
mod produce;
#[cfg(feature = "privacy")]
#[path = "../crates/connectors/tests/common/proxy.rs"]
mod proxy;
#[path = "suite/query.rs"]
mod query;
#[path = "suite/redact.rs"]
mod redact;
#[cfg(feature = "rules")]
#[path = "suite/rego.rs"]
mod rego;
#[cfg(feature = "rules")]
#[path = "suite/reports.rs"]
mod reports;
#[cfg(feature = "privacy")]
#[path = "suite/requests.rs"]
mod requests;
#[cfg(all(feature = "privacy", feature = "rules"))]
#[path = "suite/retain.rs"]
mod retain;
#[cfg(all(feature = "privacy", feature = "rules"))]
#[path = "suite/rules.rs"]
mod rules;
#[path = "suite/run.rs"]
mod run;
#[cfg(feature = "sampler")]
#[path = "suite/sampler.rs"]
mod sampler;
#[cfg(all(feature = "sampler-tls", feature = "sampler-s3", feature = "sampler-nats", feature = "privacy"))]
#[path = "suite/sampler_push.rs"]
mod sampler_push;
#[cfg(all(feature = "privacy", feature = "rules"))]
#[path = "suite/servers.rs"]
mod servers;
#[path = "suite/slo.rs"]
mod slo;
#[path = "suite/spans.rs"]
mod spans;
#[cfg(feature = "privacy")]
#[path = "../crates/connectors/tests/common/standby.rs"]
mod standby;
#[cfg(all(feature = "privacy", feature = "redact"))]
#[path = "suite/stores.rs"]
mod stores;
#[path = "suite/verify.rs"]
mod verify;
#[cfg(feature = "privacy")]
#[path = "suite/whole.rs"]
mod whole;
