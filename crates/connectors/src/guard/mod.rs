//! What stands between the program and a store: which host is asked, how often, how long, and what happens when it fails.

mod rate;

pub use rate::Rate;

use model::Fault;
use privacy::map::Dataset;
use privacy::store::DataStore;

use crate::Access;

/// The way to one store.
#[derive(Clone, Debug)]
pub struct Route {
    /// Addresses of hosts of the same store, in the order in which they are tried.
    pub hosts: Vec<String>,
    /// A replica that is read from instead.
    pub replica: Option<String>,
    /// What lets us in.
    pub access: Access,
    /// How many questions are asked at most.
    pub rate: Option<Rate>,
    /// How often a question that was not answered is asked again.
    pub retries: u32,
    /// Spreads the waits of several runs over time.
    pub seed: u64,
}

/// Opens the first host of `route` that can be opened.
///
/// # Errors
/// As [`crate::open`], of the last host.
pub fn open(route: &Route, dataset: &Dataset) -> Result<Box<dyn DataStore>, Fault> {
    let mut last = None;
    for host in &route.hosts {
        match crate::open(host, &route.access, dataset) {
            Ok(store) => return Ok(store),
            Err(fault) => last = Some(fault),
        }
    }
    Err(last.unwrap_or_else(|| Fault::internal("internal", "A store without a host was to be opened")))
}
