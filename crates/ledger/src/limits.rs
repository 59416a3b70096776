//! What this room accepts at most.

/// The limits of this room.
pub struct Limits;

impl Limits {
    /// Bytes of one entry: a bundle gives its length 16 bits (C2SP tlog-tiles). Log larger things by their digest.
    pub const ENTRY_BYTES: usize = 65_535;
    /// Bytes of one group given to `append`.
    pub const GROUP_BYTES: usize = 64 << 20;
    /// Bytes of entries that may be durable but unsigned before `append` seals by itself.
    pub const UNSIGNED_BYTES: usize = 16 << 20;
    /// Entries that may be durable but unsigned before `append` seals by itself.
    pub const UNSIGNED_ENTRIES: usize = 65_536;
    /// Bytes of a bundle of 256 entries, the largest file under `tile`.
    pub const FILE_BYTES: u64 = 256 * (2 + 65_535);
    /// Bytes of a segment that are read: what one group can add beyond the two limits above, with room.
    pub const SEGMENT_BYTES: u64 = 512 << 20;
    /// Bytes of a proof file: 63 hashes and a note.
    pub const PROOF_BYTES: usize = (1 << 20) + (64 << 10);
    /// Entries of a log: beyond it a checkpoint is refused.
    pub const ENTRIES: u64 = (1 << 63) - 1;
    /// How long `open` waits for another process to finish, in milliseconds; then `ledger-busy`.
    pub const LOCK_WAIT_MS: u64 = 10_000;
    /// A clock may go back by this much, in seconds, before it is logged: processes wait for each other's lock.
    pub const CLOCK_SLACK_SECONDS: i64 = 60;
    /// How often a reader starts over because a writer replaced the checkpoint under it.
    pub const VIEW_RETRIES: usize = 100;
}
