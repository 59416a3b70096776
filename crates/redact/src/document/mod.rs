//! Containers: office documents, mail, PDF. Held in memory, rewritten whole.
//!
//! Every layer is visited or taken out: what was taken out is listed in [`Rewritten::removed`], what was kept although
//! nobody could read it (pictures) in [`Rewritten::unscanned`].

pub mod mail;
pub mod office;
pub mod pdf;

mod archive;
mod joined;
mod nested;
mod table;

use model::Fault;

use crate::Decide;

/// Reads an attached file: its bytes (text in UTF-8), its name (may be empty), its media type, and who decides. Gives the
/// whole file after its edits, or `None` when it cannot read that format.
///
/// Pieces that it hands on get spots of their own: the attachment's part leads theirs.
pub type Attachments<'a> = dyn FnMut(&[u8], &str, &str, &mut dyn Decide) -> Result<Option<Vec<u8>>, Fault> + 'a;

/// A container after its walk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewritten {
    /// The whole container. The input's own bytes when nothing had to change.
    pub bytes: Vec<u8>,
    /// What was taken out whole because it cannot be read piece by piece.
    pub removed: Vec<Removed>,
    /// What the reader has to know: signatures that are void, values that stay readable elsewhere.
    pub warnings: Vec<String>,
    /// What was kept although nobody could look into it: pictures, letters without a meaning.
    pub unscanned: Vec<String>,
}

/// A part that was taken out whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The part, in the words of the container. Never text of the document.
    pub what: String,
    /// Why.
    pub why: &'static str,
}
