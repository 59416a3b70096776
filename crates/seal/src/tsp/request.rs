//! What is asked of an authority (RFC 3161 §2.4.1).

use model::{Digest, Fault};

use crate::asn1::{oid, tag, write};

/// A question for a time stamp, with the authority's certificate in the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The SHA-256 of what is to be stamped: the octets of a signature.
    pub imprint: Digest,
    /// A random number, which the answer repeats: an old answer cannot be sent again.
    pub nonce: u64,
    /// The policy that the stamp must be made under, such as `1.2.3.4.1`; `None` leaves it to the authority.
    pub policy: Option<String>,
}

impl Request {
    /// The bytes to send as `application/timestamp-query`.
    ///
    /// # Errors
    /// `bad-timestamp-policy` when the policy is no object identifier.
    pub fn to_der(&self) -> Result<Vec<u8>, Fault> {
        let policy = match &self.policy {
            Some(policy) => write::oid(&oid::content(policy).ok_or_else(|| {
                Fault::usage("bad-timestamp-policy", format!("{policy:?} is not an object identifier"))
                    .advise("Write the policy as its authority does, for example 1.2.3.4.1.")
            })?),
            None => Vec::new(),
        };
        // With NULL parameters, as RFC 5754 §2 lets readers expect and OpenSSL writes it.
        let algorithm = write::sequence(&[&write::oid(oid::SHA256), &[tag::NULL, 0]]);
        Ok(write::sequence(&[
            &write::natural(&[1]),
            &write::sequence(&[&algorithm, &write::octets(self.imprint.as_bytes())]),
            &policy,
            &write::natural(&self.nonce.to_be_bytes()),
            &[tag::BOOLEAN, 1, 0xff],
        ]))
    }
}
