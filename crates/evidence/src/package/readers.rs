//! What verify asks others: readers of PDFs, and whoever has the headers of Bitcoin's blocks.

use model::Fault;
use seal::{Answer, Signed, Trust};

/// A signature or time stamp in a PDF.
#[derive(Clone, Debug)]
pub struct PdfSignature {
    /// The name of its field.
    pub field: String,
    /// A time stamp of the document rather than somebody's signature.
    pub is_stamp: bool,
    /// What is known about it.
    pub signed: Signed,
    /// Whether it covers the whole file, or what came later is allowed.
    pub whole: Answer,
}

/// Reads signatures and files in PDFs.
pub trait PdfReader {
    /// Every signature, in the order in which they were made.
    ///
    /// # Errors
    /// `bad-pdf` where the file cannot be read as a PDF.
    fn signatures(&self, pdf: &[u8], trust: &Trust) -> Result<Vec<PdfSignature>, Fault>;

    /// The embedded files, by name.
    ///
    /// # Errors
    /// `bad-pdf` where the file cannot be read as a PDF.
    fn attachments(&self, pdf: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Fault>;
}

/// Has the headers of Bitcoin's blocks.
pub trait Blocks {
    /// The 80 bytes of the header of the block at this height; `None` where nobody was named who has it.
    ///
    /// # Errors
    /// What the network says.
    fn header(&self, height: u64) -> Result<Option<[u8; 80]>, Fault>;

    /// Who is asked, for people.
    fn name(&self) -> String;
}

/// Nobody was named who has headers.
pub struct NoBlocks;

impl Blocks for NoBlocks {
    fn header(&self, _height: u64) -> Result<Option<[u8; 80]>, Fault> {
        Ok(None)
    }

    fn name(&self) -> String {
        "nobody".to_owned()
    }
}
