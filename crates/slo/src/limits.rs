//! How much this room reads before it refuses.

/// Bounds on rule files. A file beyond one of them is refused whole, with the fault `rules-too-large`.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes in one file.
    pub file_bytes: usize,
    /// Nodes (scalars, lists, mappings) in one file, aliases expanded: a chain of aliases cannot multiply past it.
    pub nodes: usize,
    /// How deep lists and mappings nest, aliases expanded.
    pub depth: usize,
    /// Objects in all files together.
    pub objects: usize,
    /// Faults that are collected before reading stops.
    pub faults: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { file_bytes: 16 << 20, nodes: 1_000_000, depth: 64, objects: 100_000, faults: 100 }
    }
}
