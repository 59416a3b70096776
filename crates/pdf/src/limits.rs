//! What this room refuses to draw.

/// Limits of a report.
pub struct Limits;

impl Limits {
    /// Pages.
    pub const PAGES: usize = 20_000;
    /// Font files in all folders; the others are not seen.
    pub const FONT_FILES: usize = 20_000;
    /// Folders in folders where fonts are looked for.
    pub const FONT_FOLDERS_DEEP: usize = 6;
    /// Bytes of a font file; a larger one is not read.
    pub const FONT_BYTES: u64 = 128 << 20;
    /// Bytes of a text as a QR code (ISO/IEC 18004, version 40, correction M).
    pub const CODE_BYTES: usize = 2_331;
}
