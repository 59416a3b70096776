//! What a verifier remembers: a checkpoint it has seen, kept away from the log.

use model::{Digest, Fault};
use seal::note::Verifier;

use crate::Checkpoint;

/// A remembered checkpoint. Its text form is the signed note itself, so that it convinces others too.
///
/// Size alone would miss a rewrite of equal length: a pin holds size and root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin(Checkpoint);

impl Pin {
    /// Remembers `checkpoint`.
    pub fn of(checkpoint: &Checkpoint) -> Self {
        Pin(checkpoint.clone())
    }

    /// Reads a pin. The log's key must have signed it: a forged pin would accuse an honest log.
    ///
    /// # Errors
    /// `bad-checkpoint`, `wrong-signature`, `unknown-signer`.
    pub fn parse(text: &str, known: &[Verifier]) -> Result<Self, Fault> {
        Checkpoint::open(text.as_bytes(), known).map(Pin)
    }

    /// The signed note.
    pub fn to_text(&self) -> &str {
        self.0.note()
    }

    /// The checkpoint.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.0
    }

    /// Whether the log whose checkpoint is `now` continues what was pinned. `root_at` answers with the root of its
    /// first so many entries; it is asked for the pinned size at most.
    ///
    /// # Errors
    /// `ledger-other-origin`, `ledger-rolled-back` (fewer entries than pinned), `ledger-forked` (the same entries no
    /// longer have the same root), or whatever `root_at` answers.
    pub fn check(&self, now: &Checkpoint, root_at: impl FnOnce(u64) -> Result<Digest, Fault>) -> Result<(), Fault> {
        self.check_head(now)?;
        let pinned = &self.0;
        if root_at(pinned.size)? == pinned.root {
            return Ok(());
        }
        Err(Fault::unverified(
            "ledger-forked",
            format!("The first {} entries are not those that were signed before", pinned.size),
        )
        .advise("History was rewritten and signed again. Keep this copy and the pin: together they prove it."))
    }

    /// The part of [`Pin::check`] that needs no tile: origin and size.
    pub(crate) fn check_head(&self, now: &Checkpoint) -> Result<(), Fault> {
        let pinned = &self.0;
        if now.origin != pinned.origin {
            return Err(Fault::unverified(
                "ledger-other-origin",
                format!("This is the ledger {}, but {} was pinned", now.origin, pinned.origin),
            )
            .advise("Verify each ledger with its own pin."));
        }
        if now.size < pinned.size {
            return Err(Fault::unverified(
                "ledger-rolled-back",
                format!("The ledger has {} signed entries, but {} were signed before", now.size, pinned.size),
            )
            .advise(
                "An older copy was put back or entries were cut off. Find the newer copy; keep this one as evidence.",
            ));
        }
        Ok(())
    }
}
