//! Streams of NATS: `nats://HOST:4222/SUBJECT?credentials=FILE&ca=FILE`; `tls://` is always encrypted.
//!
//! A segment is one message, or several of half a mebibyte, each with a subject of its own below SUBJECT: its name with dots, and
//! which part of how many it is. The stream is asked to take it only as the first message of that subject, so that one whose
//! acknowledgement was lost is there once, however long ago it was sent.

mod parts;

use std::fmt;
use std::path::Path;

use connectors::{Access, Acknowledge, Publication};
use model::Fault;
use sampler::push::{self, Receiver, Target};

use super::address::Address;
use super::{Fetched, access, told};
use parts::{Parts, Taken};

/// Servers take a mebibyte with the headers where nobody says otherwise.
const PART_BYTES: usize = 512 << 10;

fn incomplete(waiting: usize, fetched: &Fetched) -> Fault {
    let message = format!("Of {waiting} segments the stream has not every part; {} are whole", fetched.segments);
    Fault::partial("stream-incomplete", message).advise(
        "Fetch again when their samplers have pushed the rest; ask for the limits of the stream where they never come.",
    )
}

/// What the server says no to is no refusal of segments.
fn told_of(fault: Fault) -> Fault {
    match fault.kind() {
        model::Kind::Unavailable => Fault::unavailable("fetch-failed", fault.message().to_owned())
            .advise("Fetch again: nothing was changed there."),
        _ => fault,
    }
}

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

    fn access(&self) -> Access {
        Access { credentials: self.address.file("credentials"), ..access(self.address.file("ca")) }
    }

    /// Brings every segment that the stream keeps into `folder`: once, however often it is asked for.
    ///
    /// # Errors
    /// `stream-incomplete` where parts of some are missing: the others are there then; those of the server, and I/O faults.
    pub(super) fn fetch(&self, folder: &Path) -> Result<Fetched, Fault> {
        std::fs::create_dir_all(folder).map_err(|error| Fault::io("make", folder, error))?;
        let (mut parts, mut fetched) = (Parts::default(), Fetched::default());
        connectors::fetch(&self.address.place, &self.access(), &self.subject, &mut |subject, bytes| {
            let below = subject.get(self.subject.len() + 1..).unwrap_or_default();
            match parts.take(below, bytes)? {
                Taken::Segment(name, bytes) => {
                    fetched.segments += 1;
                    push::keep(folder, &name, &bytes).map_err(|error| Fault::io("write to", folder, error))
                }
                Taken::Part => Ok(()),
                Taken::Other => {
                    fetched.others += 1;
                    Ok(())
                }
            }
        })
        .map_err(told_of)?;
        match parts.waiting() {
            0 => Ok(fetched),
            waiting => Err(incomplete(waiting, &fetched)),
        }
    }

    fn part(&self, name: &str, part: &str, bytes: &[u8]) -> Result<(), Fault> {
        let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
        let subject = format!("{}.{}.{part}", self.subject, stem.replace('-', "."));
        let id = format!("{name}/{part}");
        let message = Publication { subject: &subject, id: &id, body: bytes, is_only: true };
        connectors::publish(&self.address.place, &self.access(), &message, Acknowledge::Always).map_err(told)
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
