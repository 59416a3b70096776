//! What this room takes at most.

/// Every limit of the room.
pub struct Limits;

impl Limits {
    /// Bytes of one line of the register: an observation names every alert that it speaks of.
    pub const LINE_BYTES: usize = 256 << 20;
    /// Signals of one document.
    pub const SIGNALS: usize = 100_000;
    /// Targets that one alert policy names.
    pub const NOTIFIED: usize = 100;
    /// Characters of a text that is kept of a document.
    pub const TEXT_CHARS: usize = 500;
    /// How long a silence lasts at most, in days.
    pub const SILENCE_DAYS: i64 = 366;
    /// Moments of an alert that are shown; the register has them all.
    pub const HISTORY: usize = 1_000;
}
