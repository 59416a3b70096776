//! Contents as those who check signatures ask for them: by digest.

use std::cell::RefCell;
use std::io;

use seal::cms::Content;
use seal::x509::Hash;

use super::super::hash::{Algorithm, Hasher};
use super::super::tree::{Tree, Unread};

/// One file of a tree. Its digests are made when they are asked for: only the signer knows which.
pub(in crate::foreign) struct Streamed<'t> {
    tree: &'t dyn Tree,
    path: &'t str,
    failed: RefCell<Option<io::Error>>,
}

impl<'t> Streamed<'t> {
    pub(in crate::foreign) fn new(tree: &'t dyn Tree, path: &'t str) -> Self {
        Streamed { tree, path, failed: RefCell::new(None) }
    }

    /// What the disk said while it was read.
    pub(in crate::foreign) fn failure(self) -> io::Result<()> {
        self.failed.into_inner().map_or(Ok(()), Err)
    }
}

impl Content for Streamed<'_> {
    fn digest(&self, hash: Hash) -> Option<Vec<u8>> {
        let mut hasher = Hasher::new(Algorithm::from(hash));
        match self.tree.read(self.path, &mut |piece| hasher.update(piece)) {
            Ok(()) => Some(hasher.finish()),
            Err(Unread::Flawed(_)) => None,
            Err(Unread::Disk(error)) => {
                *self.failed.borrow_mut() = Some(error);
                None
            }
        }
    }
}
