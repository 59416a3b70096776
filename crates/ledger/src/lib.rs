//! The ledger: an audit log in which nothing can be changed, cut or reordered unnoticed.
//!
//! A folder of files in the layout of C2SP tlog-tiles: a SHA-256 Merkle tree (RFC 6962 §2.1) whose root is signed in
//! `checkpoint`. Anybody verifies it with the public key alone, with our code or with other people's.
//!
//! | in the folder | is |
//! |---|---|
//! | `checkpoint` | signed note: origin, size, root; replaced as a whole, the only file that changes |
//! | `tile/entries/…` | bundles of 256 entries: u16 length and bytes, repeated |
//! | `tile/<level>/…` | 256 hashes of 32 bytes |
//! | `segment/<first index>` | entries that are durable but not yet under the checkpoint |
//! | `lock`, `tmp/` | one writer at a time; files before they are renamed into place |
//!
//! [`Log`] writes, [`View`] reads while a writer writes, [`verify`] checks everything from the bytes up,
//! [`verify_proof`] checks one entry without the log. [`Pin`] is what a verifier remembers between two looks.
//!
//! Invariants:
//! - [`Log::append`] returns after `fdatasync`, never before; the entries survive a power cut;
//! - durable is not signed: [`Log::seal`] folds entries into the tree, reads the files back, recomputes the root from
//!   them and only then signs (a bit that flipped in memory is not signed);
//! - after a failed sync nothing more is written through that [`Log`]: the kernel may have dropped the page;
//! - a torn tail behind the last acknowledged group is cut, and the cut is an entry (`ledger.recovered`); damage before
//!   it stops the log with file and offset;
//! - order is the index, never the time; a clock that went back is an entry (`ledger.clock-went-back`);
//! - a missing log is never started again silently: [`Log::create`] is a decision of the caller.
//!
//! Without a [`Pin`] or a witness nobody can see that an older copy of the whole folder was put back. [`verify`] says
//! how far its answer is anchored.
//!
//! Deliberately absent: which command writes what, personal data (entries carry digests and commitments), the clock.

mod checkpoint;
mod entry;
mod files;
mod hash;
mod limits;
mod log;
mod pin;
mod proof;
mod seal_up;
mod search;
mod segment;
pub mod tile;
pub mod tree;
mod verify;
mod view;
mod walk;
mod wire;

pub use checkpoint::Checkpoint;
pub use entry::{Entry, Fact};
pub use limits::Limits;
pub use log::{Identity, Log};
pub use pin::Pin;
pub use proof::{Proof, Proven, verify_proof};
pub use search::{Filter, Found, Searched};
pub use segment::{Replay, Tear, replay};
pub use verify::{Verified, verify};
pub use view::{Entries, Item, View};
