//! What became of recipients after a certificate was made (Art. 19), chained to it.

use model::{Digest, Fault, Instant};
use serde_json::{Value, json};

use crate::register::Recipient;

/// One supplement. Each names every recipient as the register knows it then, so that the last one says all.
#[derive(Clone, Debug)]
pub struct Supplement<'r> {
    /// `req-0007`.
    pub request: &'r str,
    /// 1 for the first.
    pub number: u64,
    /// The certificate that is continued.
    pub certificate: Digest,
    /// The document before: the certificate, or the supplement with the number before.
    pub follows: Digest,
    /// When it was made.
    pub made: Instant,
    /// Who made it.
    pub operator: &'r str,
    /// Program and version.
    pub tool: &'r str,
    /// Who is to be told, and who was.
    pub recipients: &'r [Recipient],
}

impl Supplement<'_> {
    /// As `erase-supplement/1`.
    pub fn to_json(&self) -> Value {
        json!({
            "schema": "erase-supplement/1",
            "request": self.request,
            "number": self.number,
            "certificate": format!("sha256:{}", self.certificate),
            "follows": format!("sha256:{}", self.follows),
            "made": self.made.to_string(),
            "operator": self.operator,
            "tool": self.tool,
            "recipients": self.recipients.iter().map(Recipient::to_json).collect::<Vec<_>>(),
        })
    }

    /// The bytes that are signed: canonical JSON (RFC 8785).
    ///
    /// # Errors
    /// `integer-not-canonical` for numbers beyond 2⁵³.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Fault> {
        seal::canonical::to_bytes(&self.to_json())
    }
}
