//! Signatures in CMS (RFC 5652), as CAdES and PAdES want them (ETSI EN 319 122-1, EN 319 142-1): detached, over content
//! that lies elsewhere.
//!
//! What [`sign`] writes is level B-B; [`with_timestamp`] raises it to B-T.

mod attributes;
mod intact;
mod read;
mod sign;
mod verify;

pub use intact::{Content, Rules};
pub use read::{signature_value, unpadded};
pub use sign::{Sign, sign, with_timestamp};
pub use verify::{attached, certificates, verify, verify_each};

pub(crate) use attributes::names_certificate;
pub(crate) use intact::check;
pub(crate) use read::{SignedData, SignerInfo};
pub(crate) use verify::evidence_in;
