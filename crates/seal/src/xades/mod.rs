//! XAdES signatures of containers (EN 319 132-1 in ASiC-E, EN 319 162-1): `META-INF/signatures*.xml`.
//!
//! ```text
//! asic:XAdESSignatures
//!   ds:Signature
//!     ds:SignedInfo              one reference with a digest for each file, and one for the signed properties
//!     ds:SignatureValue          over SignedInfo; r ‖ s for ECDSA
//!     ds:KeyInfo                 the certificate
//!     ds:Object/xades:QualifyingProperties
//!       xades:SignedProperties     claimed time, digest of the certificate, media type of each file
//!       xades:UnsignedProperties   time stamp over SignatureValue; certificates and revocations for later
//! ```
//!
//! [`sign()`] writes one form of this and no other. [`verify()`] reads what others write as well: it is tested with signatures
//! of libdigidocpp, xmlsec1 and Apache Santuario, the library under EU DSS.
//!
//! Deliberately absent: transforms other than canonical forms (OpenDocument's signatures of its own XML parts answer "not
//! checked"), archive time stamps, counter signatures, signature policies. What is there and was not looked at is in the notes.

mod document;
mod intact;
mod manifest;
mod read;
mod sign;
mod uri;
mod verify;

use model::Fault;

pub use intact::Files;
pub use manifest::{Listed, Manifest, manifest};
pub use sign::{File, sign, signature_value, with_long_term, with_timestamp};
pub use verify::{Verified, references, verify};

const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
const XADES: &str = "http://uri.etsi.org/01903/v1.3.2#";
const ASIC: &str = "http://uri.etsi.org/02918/v1.2.1#";
/// The type of the reference to the signed properties.
const SIGNED_PROPERTIES: &str = "http://uri.etsi.org/01903#SignedProperties";

fn refuse(reason: &str) -> Fault {
    Fault::bad_input("bad-xades", format!("This XML signature cannot be used: {reason}"))
        .advise("Give the file META-INF/signatures*.xml of a container, whole and unchanged.")
}
