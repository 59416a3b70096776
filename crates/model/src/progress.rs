//! Progress as a handle: rooms report, the edge decides whether anybody sees it.

/// Receives progress. Calls are cheap and may come from several threads.
pub trait Progress: Sync {
    /// `total` units (bytes, entries, files) lie ahead; 0 when nobody knows.
    fn start(&self, what: &str, total: u64);
    /// `done` more units are behind us.
    fn advance(&self, done: u64);
    /// The work that [`Progress::start`] announced is over.
    fn finish(&self);
}

/// Nobody watches: the default.
pub struct Hidden;

impl Progress for Hidden {
    fn start(&self, _what: &str, _total: u64) {}
    fn advance(&self, _done: u64) {}
    fn finish(&self) {}
}
