//! The hosts of one store, and the connection to one of them.

use model::Fault;
use privacy::map::Dataset;
use privacy::store::DataStore;

use crate::Access;

/// Hosts of the same store, in the order in which they are tried.
pub(super) struct Berth {
    hosts: Vec<String>,
    access: Access,
    open: Option<Box<dyn DataStore>>,
}

impl Berth {
    pub(super) fn new(hosts: Vec<String>, access: Access) -> Self {
        Berth { hosts, access, open: None }
    }

    pub(super) fn has_several(&self) -> bool {
        self.hosts.len() > 1
    }

    /// The store at hand, if one is open.
    pub(super) fn at_hand(&self) -> Option<&dyn DataStore> {
        self.open.as_deref()
    }

    /// Closes the connection: the next question looks for a host again.
    pub(super) fn leave(&mut self) {
        self.open = None;
    }

    /// The store at hand, or else the first host that answers and can be written to, or else the first that answers.
    ///
    /// # Errors
    /// Of the last host.
    pub(super) fn store(&mut self, dataset: &Dataset) -> Result<&mut dyn DataStore, Fault> {
        if self.open.is_none() {
            self.open = Some(self.moor(dataset)?);
        }
        match &mut self.open {
            Some(store) => Ok(store.as_mut()),
            None => Err(Fault::internal("internal", "A store was closed while it was opened")),
        }
    }

    fn moor(&self, dataset: &Dataset) -> Result<Box<dyn DataStore>, Fault> {
        let mut readable = None;
        let mut last = None;
        for host in &self.hosts {
            let opened = crate::open(host, &self.access, dataset).and_then(|mut store| {
                let is_writable = !self.has_several() || !store.standing()?.read_only;
                Ok((store, is_writable))
            });
            match opened {
                Ok((store, true)) => return Ok(store),
                Ok((store, false)) => readable = readable.or(Some(store)),
                Err(fault) => last = Some(fault),
            }
        }
        match (readable, last) {
            (Some(store), _) => Ok(store),
            (None, Some(fault)) => Err(fault),
            (None, None) => Err(Fault::internal("internal", "A store without a host was to be opened")),
        }
    }
}
