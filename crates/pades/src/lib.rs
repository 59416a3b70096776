//! Signatures in PDF files: PAdES (ETSI EN 319 142-1) over ISO 32000-1, 12.8.
//!
//! | function | what it does | level |
//! |---|---|---|
//! | [`sign`] | puts a signature field into the document and signs it | B-B, with a time stamp B-T |
//! | [`extend`] | adds certificates and revocation data, and a time stamp over the document | B-LT, B-LTA |
//! | [`certificates`] | the certificates that a document brings, to ask about their revocation | – |
//! | [`signatures`] | finds every signature, our own and others', and says what each is worth | – |
//!
//! Invariants:
//! - the first signature stands in the only revision of the file, so that nothing was ever changed after signing; later ones
//!   are appended, and no byte before them changes;
//! - a document that conforms to PDF/A-3a and PDF/UA-1 does so with each of these signatures;
//! - a signature leaves out its own `/Contents` and nothing else; where a reader could be led to see other bytes than were
//!   signed (wrapping, forged ranges, appended revisions, shadow documents) the answer is no, with the reason;
//! - a revision after a signature may add signatures, time stamps and validation data; all else is a change after signing;
//! - same input, same keys, same time: same bytes, but for what a time stamping authority answers.
//!
//! Deliberately absent: encrypted documents (they are named as not checked), values of form fields after signing (a court
//! has no use for a signed form that goes on changing), the clock, the network. A stamp is asked of the caller.
//!
//! `docs/conformance/pades.md` says clause by clause how the standards are met.

mod appearance;
mod changes;
mod crypto;
mod date;
mod extend;
mod form;
mod judge;
mod limits;
mod range;
mod read;
mod reader;
mod revision;
mod sign;
mod write;

use model::{Digest, Fault, Instant};

pub use changes::Change;
pub use extend::{certificates, extend};
pub use judge::{Found, Kind, signatures};
pub use limits::Limits;
pub use reader::Reader;
pub use sign::sign;

/// A rectangle on a page in points, from the lower left corner of the page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    /// From the left.
    pub left: f32,
    /// From below.
    pub bottom: f32,
    /// Its width.
    pub width: f32,
    /// Its height.
    pub height: f32,
}

impl Rect {
    pub(crate) fn sides(self) -> [f32; 4] {
        [self.left, self.bottom, self.left + self.width, self.bottom + self.height]
    }
}

/// Where a signature goes and what it says.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// The name of the field. A field of this name that is there and empty is signed; else a new one is made.
    pub name: &'a str,
    /// The page that the field belongs to, from 1.
    pub page: usize,
    /// Where a visible signature stands. Nothing for one that is not shown.
    pub rect: Option<Rect>,
    /// Why the document is signed; empty for none.
    pub reason: &'a str,
    /// Where it is signed; empty for none.
    pub location: &'a str,
    /// When it is signed, as the signer says.
    pub time: Instant,
}

/// Asks a time stamping authority: the SHA-256 of what is stamped goes in, the token (RFC 3161) comes out in DER, or nothing
/// if there is to be no stamp. It is asked again when a signature did not fit into its place.
pub type Stamp<'a> = dyn FnMut(&Digest) -> Result<Option<Vec<u8>>, Fault> + 'a;
