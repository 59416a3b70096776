//! What a PDF may make this room read or hold.

/// The limits of this room.
#[derive(Clone, Copy, Debug)]
pub struct Limits;

impl Limits {
    /// Bytes of a PDF.
    pub const FILE_BYTES: usize = 1 << 30;
    /// Cross-reference sections, which is revisions and a few more.
    pub const SECTIONS: usize = 128;
    /// Entries of all cross-reference sections together.
    pub const ENTRIES: usize = 2_000_000;
    /// Objects of all revisions together, each counted in every revision that has it.
    pub const ENTRIES_HELD: usize = 8_000_000;
    /// Bytes that one stream of cross-references, objects or metadata may become.
    pub const STREAM_BYTES: usize = 256 << 20;
    /// Bytes that all such streams together may become.
    pub const EXPANDED_BYTES: usize = 1 << 30;
    /// Signatures of one file.
    pub const SIGNATURES: usize = 256;
    /// Fields of the form that are looked at.
    pub const FIELDS: usize = 100_000;
    /// Bytes of one signature.
    pub const SIGNATURE_BYTES: usize = 4 << 20;
    /// Octets that are kept free for a signature at first. Doubled while it does not fit.
    pub const PLACEHOLDER: usize = 8_192;
    /// Octets that are kept free at most.
    pub const PLACEHOLDER_MAX: usize = 1 << 20;
    /// Ends of revisions that are tried from the back when the end of a file cannot be read.
    pub const ENDS_TRIED: usize = 64;
    /// Changes that are listed, each in a sentence.
    pub const CHANGES: usize = 100;
}
