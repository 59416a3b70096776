//! Ingested data: raw originals by digest, Parquet files, and a Delta log whose commits are chained and signed.
//!
//! ```text
//! raw/sha256/ab/abcdef….zst                  the original, named by the digest of its uncompressed bytes
//! data/kind=…/dt=…/<digest>.parquet          immutable, zstd, named by the digest of the file; rows sorted by time
//! data/_delta_log/<20 digits>.json           one commit: Delta actions, digest of the commit before, signature
//! rejected/<digest>.jsonl                    the lines of an original that were not understood
//! tmp/                                       everything is written here first
//! ```
//!
//! Invariants:
//! - a commit is visible whole or not at all, and everything it names is durable before it is;
//! - a reading of an original ([`OriginalKey`]) is in the store at most once, however many processes bring it;
//! - commit *n* holds the SHA-256 of the bytes of commit *n* − 1 and an Ed25519 signature over itself;
//! - what is removed is removed by a commit: files go after it, and the digests of what was there stay known, so that the same bytes
//!   are not read in again;
//! - nothing that can be personal data stands in the log or in statistics: they outlive every erasure;
//! - the same input, key and time give the same bytes: names follow from content, nothing is random;
//! - memory is bounded by [`Limits`], whatever the input.
//!
//! Deliberately absent: SQL (`engine`), parsing (`ingest`), who did it and why (`ledger`), checkpoints of the Delta
//! log (readers replay every commit, 10,000 in about 0.1 s: commit batches, not lines).

mod batch;
mod commit;
mod layout;
mod limits;
mod manifest;
mod originals;
mod parts;
mod rejects;
mod removal;
mod rewrite;
mod rows;
mod sample;
mod schema;
mod snapshot;
mod sources;
mod store;
mod sweep;
mod verify;
mod wire;

pub use batch::{Batch, Finished};
pub use commit::{Commit, CommitNotes};
pub use limits::Limits;
pub use originals::{Original, OriginalWriter};
pub use removal::{Removal, Removed};
pub use sample::SampledText;
pub use schema::{SCHEMA_ID, columns};
pub use snapshot::{DataFile, OriginalFile, OriginalKey, Reading, Snapshot};
pub use sources::Source;
pub use store::Store;
pub use sweep::Swept;
pub use verify::StoreReport;
