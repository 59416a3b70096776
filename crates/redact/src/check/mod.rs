//! Checksums and other proofs that a string is what it looks like, by name.
