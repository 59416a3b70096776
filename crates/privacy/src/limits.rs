//! What this room takes at most.

/// Every limit of the room.
pub struct Limits;

impl Limits {
    /// Places that the scan of one store lists; the rest is counted.
    pub const HITS: usize = 10_000;
    /// Bytes of one line of a journal, of tombstones or of holds.
    pub const LINE_BYTES: usize = 64 << 10;
    /// Keys that go into one question or one batch of a change.
    pub const BATCH: usize = 2_000;
    /// Rows of one person; more are a wrong link.
    pub const ROWS_FOUND: u64 = 20_000_000;
    /// A collection of at least so many rows is not searched without an index unless the plan says so.
    pub const ROWS_WITHOUT_INDEX: u64 = 10_000;
}
