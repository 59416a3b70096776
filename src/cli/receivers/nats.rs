//! Streams of NATS: `nats://HOST:4222/SUBJECT?credentials=FILE&ca=FILE`; `tls://` is always encrypted.
//!
//! A segment is one message, or several of half a mebibyte, each with a subject of its own below SUBJECT: its name with dots, and
//! which part of how many it is. The stream is asked to take it only as the first message of that subject, so that one whose
//! acknowledgement was lost is there once, however long ago it was sent.

use std::fmt;

use connectors::{Access, Acknowledge, Publication};
use model::Fault;
use sampler::push::{Receiver, Target};

use super::address::Address;
use super::{access, told};

/// Servers take a mebibyte with the headers where nobody says otherwise.
const PART_BYTES: usize = 512 << 10;

/// A stream.
pub(super) struct Stream {
    address: Address,
    subject: String,
}

impl Stream {
    /// # Errors
    /// `bad-push-target`.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let address = Address::parse(text, &["credentials", "ca"])?;
        let path =
            address.place.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
        let is_token = |token: &str| !token.is_empty() && !token.contains(['*', '>', '/']);
        match path.split('.').all(is_token) {
            true => Ok(Stream { subject: path.to_owned(), address }),
            false => Err(Target::unknown("A stream of NATS needs a subject below which it takes segments")),
        }
    }

    fn part(&self, name: &str, part: &str, bytes: &[u8]) -> Result<(), Fault> {
        let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
        let subject = format!("{}.{}.{part}", self.subject, stem.replace('-', "."));
        let id = format!("{name}/{part}");
        let message = Publication { subject: &subject, id: &id, body: bytes, is_only: true };
        let access = Access { credentials: self.address.file("credentials"), ..access(self.address.file("ca")) };
        connectors::publish(&self.address.place, &access, &message, Acknowledge::Always).map_err(told)
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stream({})", self.address.place)
    }
}

impl Receiver for Stream {
    fn take(&self, name: &str, _: &str, bytes: &[u8]) -> Result<(), Fault> {
        let parts = bytes.chunks(PART_BYTES);
        let count = parts.len();
        parts.enumerate().try_for_each(|(at, part)| self.part(name, &format!("{}-{count}", at + 1), part))
    }
}
