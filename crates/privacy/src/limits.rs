//! What this room takes at most.

/// Every limit of the room.
pub struct Limits;

impl Limits {
    /// Places that the scan of one store lists; the rest is counted.
    pub const HITS: usize = 10_000;
    /// Bytes of one line of a journal, of tombstones or of holds.
    pub const LINE_BYTES: usize = 64 << 10;
    /// Keys that go into one batch of a change.
    pub const BATCH: usize = 2_000;
}
