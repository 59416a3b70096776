//! One file or folder per kind of data store, each behind a feature of its name; each implements
//! [`privacy::store::DataStore`].
//!
//! What is to be found, kept or deleted is decided in `privacy`; here it is only asked for and done. A connector
//!
//! - says the same text for the same value on every connection, whatever the client's settings are;
//! - holds one row and one batch of the driver, never a result;
//! - never makes text into a statement: values are bound, names are quoted by one function;
//! - calls everything that the network, the server or the disk did `Unavailable`, so that "could not ask" is never read
//!   as "not there".
//!
//! Deliberately absent: policy, retries of writes, and knowledge of other stores.

mod access;
#[cfg(feature = "bodies")]
#[cfg_attr(not(feature = "all"), allow(dead_code))]
mod bodies;
#[cfg(feature = "bucket")]
// What puts objects uses a part of it.
#[cfg_attr(not(feature = "objects"), allow(dead_code))]
mod bucket;
#[cfg(any(feature = "redis", feature = "nats"))]
mod crc16;
// Each kind uses its part of it.
#[cfg(any(feature = "bucket", feature = "document", feature = "mysql", feature = "postgres"))]
#[cfg_attr(not(feature = "all"), allow(dead_code))]
mod bounds;
// Each kind uses its part of it.
#[cfg(feature = "nats")]
mod channel;
#[cfg(feature = "document")]
#[cfg_attr(not(feature = "all"), allow(dead_code))]
mod document;
#[cfg(feature = "exec")]
mod exec;
#[cfg(feature = "files")]
mod files;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
pub mod guard;
#[cfg(any(feature = "redis", feature = "nats"))]
pub mod handshake;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "objects")]
mod objects;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
// Kinds without settings of their own ask nobody.
#[cfg_attr(
    any(feature = "fuzz", not(any(feature = "mysql", feature = "nats", feature = "postgres", feature = "redis"))),
    allow(dead_code)
)]
pub mod server;
// What one of the kinds alone does not use, another does.
#[cfg(feature = "web")]
mod endpoint;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
#[cfg_attr(not(all(feature = "mysql", feature = "postgres", feature = "sqlite")), allow(dead_code, unused_imports))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "redis", feature = "nats"))]
mod tls;
#[cfg(feature = "web")]
#[cfg_attr(not(all(feature = "objects", feature = "http")), allow(dead_code))]
mod web;
#[cfg(any(feature = "redis", feature = "nats"))]
mod web_address;

pub use access::{Access, Tls};
#[cfg(feature = "bucket")]
pub use bucket::Bucket;
#[cfg(feature = "nats")]
pub use channel::Channel;
#[cfg(feature = "web")]
pub use endpoint::Endpoint;
#[cfg(feature = "nats")]
pub use nats::{Acknowledge, EachBody, Publication, fetch, publish};

use model::Fault;
use privacy::map::Dataset;
use privacy::store::DataStore;

/// Opens the store at `url`, and connects to it. `dataset` tells the shape of what has no catalog of its own (keys,
/// objects, messages); stores with a catalog ask it only which of their texts are lists.
///
/// The kind is the scheme of the address: `sqlite:FILE`, `postgres://…`.
///
/// # Errors
/// `unknown-store-kind`, `store-kind-not-built`, and what the store answers: `store-unreachable`, `store-login-refused`, …
pub fn open(url: &str, access: &Access, dataset: &Dataset) -> Result<Box<dyn DataStore>, Fault> {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
    let _ = (access, dataset);
    match scheme.as_str() {
        #[cfg(feature = "mysql")]
        "mysql" | "mariadb" => mysql::open(url, access, dataset),
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => postgres::open(url, access, dataset),
        #[cfg(feature = "sqlite")]
        "sqlite" => sqlite::open(url, access, dataset),
        #[cfg(feature = "files")]
        "file" => files::open(url, access, dataset),
        #[cfg(feature = "exec")]
        "exec" => exec::open(url, access, dataset),
        #[cfg(feature = "http")]
        "http" | "https" => http::open(url, access, dataset),
        #[cfg(feature = "nats")]
        "nats" | "tls" => nats::open(url, access, dataset),
        #[cfg(feature = "redis")]
        "redis" | "rediss" | "redis+cluster" | "rediss+cluster" | "redis+sentinel" | "rediss+sentinel" => {
            redis::open(url, access, dataset)
        }
        #[cfg(feature = "objects")]
        "s3" => objects::open(url, access, dataset),
        known if KINDS.iter().any(|(_, schemes)| schemes.contains(&known)) => Err(not_built(known)),
        _ => Err(Fault::bad_config("unknown-store-kind", "The address of a store begins with no scheme that is known")
            .advise(format!(
                "Begin it with one of {}.",
                KINDS.iter().map(|(_, schemes)| schemes[0]).collect::<Vec<_>>().join(", ")
            ))),
    }
}

/// Every kind: its feature, and the schemes of its addresses.
const KINDS: &[(&str, &[&str])] = &[
    ("postgres", &["postgres", "postgresql"]),
    ("mysql", &["mysql", "mariadb"]),
    ("sqlite", &["sqlite"]),
    ("redis", &["redis", "rediss", "redis+cluster", "rediss+cluster", "redis+sentinel", "rediss+sentinel"]),
    ("objects", &["s3"]),
    ("files", &["file"]),
    ("nats", &["nats", "tls"]),
    ("http", &["https", "http"]),
    ("exec", &["exec"]),
];

fn not_built(scheme: &str) -> Fault {
    Fault::bad_config("store-kind-not-built", format!("This probity was built without {scheme} stores"))
        .advise("Use a build with the feature `privacy`, which has every kind.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_known_scheme_names_those_that_are() {
        for url in ["", "shop.db", "oracle://db", ":memory:"] {
            let fault = open(url, &Access::default(), &Dataset::default()).err().expect("refused");
            assert_eq!(fault.code(), "unknown-store-kind", "{url}");
            assert!(fault.advice().is_some_and(|advice| advice.contains("postgres")), "{url}");
        }
    }
}
