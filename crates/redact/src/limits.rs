//! Every limit of the room, in one place.

/// What input may cost at most. Whatever is larger is refused with a reason, never half-read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a document that is held in memory (office, mail, PDF, XML, one JSON document).
    pub document_bytes: u64,
    /// Bytes of all parts of a container after decompression.
    pub expanded_bytes: u64,
    /// Largest ratio of a part's size to its compressed size, once it is above 1 MiB.
    pub expansion: u64,
    /// Parts of a container.
    pub parts: usize,
    /// Containers within containers: an attachment in a mail in an archive.
    pub nesting: u32,
    /// Depth of JSON, XML and MIME.
    pub depth: u32,
    /// Bytes of a line that is held at once; longer lines are cut between words.
    pub line_bytes: usize,
    /// Bytes of a value that spans lines, such as a private key.
    pub value_bytes: usize,
    /// Names that the inputs of a run teach each other.
    pub learned_names: usize,
    /// Values that the inputs of a run teach each other.
    pub learned_values: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            document_bytes: 512 << 20,
            expanded_bytes: 1 << 30,
            expansion: 1_000,
            parts: 100_000,
            nesting: 8,
            depth: 256,
            line_bytes: 1 << 20,
            value_bytes: 64 << 10,
            learned_names: 20_000,
            learned_values: 50_000,
        }
    }
}
