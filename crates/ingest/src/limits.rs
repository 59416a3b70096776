//! What an input may cost.

/// The limits of one reading. Whatever the input is, memory stays within a small multiple of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest line, in bytes; a longer one is rejected and skipped without being kept. 16 MiB; at most 512 MiB.
    pub line_bytes_max: usize,
    /// Largest single OTLP document, or entry of a HAR, in bytes. 64 MiB; at most 512 MiB.
    pub document_bytes_max: usize,
    /// Deepest nesting of JSON. 64.
    pub depth_max: usize,
    /// Most fields of one record, labels of one series, or columns of a table. 1,024.
    pub fields_max: usize,
    /// Most series of one metric family that are watched for duplicates. 1,000,000.
    pub family_series_max: usize,
    /// Most buckets that one exponential histogram may be expanded to. 10,000.
    pub buckets_max: usize,
    /// Largest decoded input, in bytes. 1 TiB.
    pub decoded_bytes_max: u64,
    /// Largest ratio of decoded to compressed bytes, once more than 64 MiB are decoded. 1,000.
    pub expansion_max: u64,
    /// Most warnings that are kept word for word. 100.
    pub warnings_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            line_bytes_max: 16 << 20,
            document_bytes_max: 64 << 20,
            depth_max: 64,
            fields_max: 1_024,
            family_series_max: 1_000_000,
            buckets_max: 10_000,
            decoded_bytes_max: 1 << 40,
            expansion_max: 1_000,
            warnings_max: 100,
        }
    }
}
