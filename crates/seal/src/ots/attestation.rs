//! Attestations: who says that a message was there, and since when.

use std::cmp::Ordering;
use std::fmt;

use super::read::{Reader, push_varbytes, push_varuint};
use crate::Limits;

const PENDING: [u8; 8] = [0x83, 0xdf, 0xe3, 0x0d, 0x2e, 0xf9, 0x0c, 0x8e];
const BITCOIN: [u8; 8] = [0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01];

/// What stands at the end of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attestation {
    /// A calendar has promised to have the message attested to. This proves no time.
    Pending {
        /// Where the calendar says it is.
        uri: String,
    },
    /// The message is the merkle root of a block of the Bitcoin chain.
    Bitcoin {
        /// Which block.
        height: u64,
    },
    /// Another kind, kept byte for byte.
    Unknown {
        /// Its kind.
        tag: [u8; 8],
        /// What it says.
        payload: Vec<u8>,
    },
}

impl Attestation {
    /// The block, if it is one of Bitcoin.
    pub fn height(&self) -> Option<u64> {
        match self {
            Attestation::Bitcoin { height } => Some(*height),
            _ => None,
        }
    }

    pub(super) fn read(reader: &mut Reader) -> Result<Self, &'static str> {
        let tag = <[u8; 8]>::try_from(reader.take(8)?).map_err(|_| "it ends too early")?;
        let payload = reader.varbytes(Limits::OTS_PAYLOAD_BYTES)?;
        let mut inside = Reader::new(payload);
        let attestation = match tag {
            PENDING => Attestation::Pending { uri: uri(inside.varbytes(Limits::OTS_URI_BYTES)?)? },
            BITCOIN => Attestation::Bitcoin { height: inside.varuint()? },
            _ => return Ok(Attestation::Unknown { tag, payload: payload.to_vec() }),
        };
        inside.end()?;
        Ok(attestation)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.tag());
        let mut payload = Vec::new();
        match self {
            Attestation::Pending { uri } => push_varbytes(&mut payload, uri.as_bytes()),
            Attestation::Bitcoin { height } => push_varuint(&mut payload, *height),
            Attestation::Unknown { payload: kept, .. } => payload.extend_from_slice(kept),
        }
        push_varbytes(out, &payload);
    }

    fn tag(&self) -> [u8; 8] {
        match self {
            Attestation::Pending { .. } => PENDING,
            Attestation::Bitcoin { .. } => BITCOIN,
            Attestation::Unknown { tag, .. } => *tag,
        }
    }

    /// The order in which the `ots` client writes them.
    pub(super) fn order(&self, other: &Attestation) -> Ordering {
        self.tag().cmp(&other.tag()).then_with(|| match (self, other) {
            (Attestation::Pending { uri: a }, Attestation::Pending { uri: b }) => a.cmp(b),
            (Attestation::Bitcoin { height: a }, Attestation::Bitcoin { height: b }) => a.cmp(b),
            (Attestation::Unknown { payload: a, .. }, Attestation::Unknown { payload: b, .. }) => a.cmp(b),
            _ => Ordering::Equal,
        })
    }
}

impl fmt::Display for Attestation {
    /// A few words for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Attestation::Pending { uri } => write!(f, "pending at {uri}"),
            Attestation::Bitcoin { height } => write!(f, "Bitcoin block {height}"),
            Attestation::Unknown { tag, .. } => {
                f.write_str("unknown attestation ")?;
                tag.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

/// The characters that the `ots` client allows: nothing that could be a query, a password or another host.
fn uri(bytes: &[u8]) -> Result<String, &'static str> {
    let is_plain = bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._/:".contains(byte));
    is_plain.then(|| bytes.iter().map(|byte| char::from(*byte)).collect()).ok_or("a calendar's address is none")
}
