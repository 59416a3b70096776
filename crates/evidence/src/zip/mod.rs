//! One form of zip: the only one that `build` writes and `verify` accepts.
//!
//! The first entry is `mimetype`, whose content so begins at byte 38 (EN 319 162-1); the others are stored, sorted by name, without gaps, extra fields, comments, flags or data descriptors; the time is
//! 1980-01-01 00:00 and the mode 0644, or 0755 for `*.sh`. So every byte outside the contents follows from names, sizes, CRCs and
//! order, and a flipped byte anywhere is seen. ZIP64 fields appear exactly where a number does not fit.
//!
//! Stored, not deflated: one content has one encoding, the digest of the content covers the bytes in the file, reading
//! costs no more than hashing, and no bomb can be built. Exhibits that need to be small are compressed by whoever adds them.

mod form;
mod plain;
mod read;
mod write;

pub(crate) use form::{Entry, MIMETYPE, PADDING, order};
pub use plain::ZipStream;
pub(crate) use read::{Directory, open};
pub(crate) use write::Writer;
pub use write::{Out, Places};
