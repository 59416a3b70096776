//! What is refused of what others made.

use crate::Limits;

impl Limits {
    /// Files in a container, bag or folder of others.
    pub const FOREIGN_FILES: usize = 200_000;
    /// Length of a name in one of them.
    pub const FOREIGN_PATH_BYTES: usize = 4_096;
    /// Folders in one another.
    pub const FOREIGN_DEPTH: usize = 64;
    /// How many times its own size a zip of others may unpack to,
    pub const FOREIGN_RATIO: u64 = 200;
    /// or how many bytes, if that is more.
    pub const FOREIGN_FREE_BYTES: u64 = 64 << 20;
    /// A manifest of a bag of others.
    pub const FOREIGN_MANIFEST_BYTES: u64 = 128 << 20;
    /// A signature, time stamp, proof or document of signatures of others.
    pub const FOREIGN_SIGNATURE_BYTES: u64 = 32 << 20;
    /// Signatures and time stamps in one container.
    pub const FOREIGN_SIGNATURES: usize = 256;
}
