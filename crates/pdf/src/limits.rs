//! What this room refuses to draw.

/// Limits of a report.
pub struct Limits;

impl Limits {
    /// Pages.
    pub const PAGES: usize = 20_000;
}
