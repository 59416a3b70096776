//! Handing over: segments as they are, to a folder or to a [`Receiver`], or their samples as OTLP.
//!
//! A receiver's place in the chain is a file beside the segments. It moves after the receiver has taken something, so that nothing
//! is lost by a crash; what is sent a second time then has the same name, or the same times, and is no second fact.

mod backoff;
mod courier;
mod http;
mod otlp;
mod place;
pub(crate) mod protobuf;
pub mod receiver;
mod target;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use model::Fault;
use seal::sha256;

use crate::line::Link;
use crate::os;
use crate::spool::{self, Named};

pub(crate) use backoff::Backoff;
pub(crate) use courier::carry;
pub use place::Place;
pub use receiver::Receiver;
pub use target::{Kind, Target};

/// So many lines go into one OTLP request.
const LINES_MAX: usize = 100;

/// Hands over what `target` does not have yet of the lines below `durable`. Segments go whole, once they are closed: `open` is
/// the number of the first line of the one that is still written to.
///
/// Gives the number of the first line that it does not have.
///
/// # Errors
/// `push-failed`; I/O faults of our own folder.
pub fn push(folder: &Path, target: &Target, open: Option<u64>, durable: u64) -> Result<u64, Fault> {
    let mut place = Place::read(folder, target);
    let segments = spool::list(folder).map_err(|error| Fault::io("read", folder, error))?;
    for (at, segment) in segments.iter().enumerate() {
        let end = segments.get(at + 1).map_or(u64::MAX, |next| next.first);
        let is_closed = open.is_none_or(|open| segment.first < open);
        if end <= place.next || segment.first >= durable || !is_closed && !target.is_otlp() {
            continue;
        }
        let path = folder.join(&segment.name);
        let bytes = match fs::read(&path) {
            // It went for room while we looked; the record of that follows.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            bytes => bytes.map_err(|error| Fault::io("read", &path, error))?,
        };
        match target.is_otlp() {
            true => samples(folder, target, &bytes, durable, &mut place)?,
            false => whole(folder, target, segment, &bytes, &mut place)?,
        }
    }
    Ok(place.next)
}

/// A segment as it is. Its name says what it holds, so that handing it over twice is handing it over once.
fn whole(folder: &Path, target: &Target, segment: &Named, bytes: &[u8], place: &mut Place) -> Result<(), Fault> {
    let Some(last) = bytes.split(|byte| *byte == b'\n').filter_map(Link::read).next_back() else { return Ok(()) };
    // Of the newest segment only its last line says where it ends.
    if last.seq < place.next {
        return Ok(());
    }
    let device = head(bytes, "device");
    let device = device.get(..16).unwrap_or("unknown");
    let name = format!("{device}-{:020}-{}{}", segment.first, sha256(bytes).short(), spool::ENDING);
    match &target.kind {
        Kind::Folder(to) => keep(to, &name, bytes).map_err(|error| Fault::io("write to", to, error))?,
        Kind::Segments(receiver) => receiver.take(&name, "application/x-ndjson", bytes)?,
        Kind::OtlpJson(_) | Kind::OtlpProtobuf(_) => {}
    }
    place.advance(folder, last.seq + 1)
}

/// Writes a file into a folder under the name that stands for its content: it appears whole, and once.
///
/// # Errors
/// I/O errors.
pub fn keep(to: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let path = to.join(name);
    if fs::metadata(&path).is_ok_and(|known| known.len() == bytes.len() as u64) {
        return Ok(());
    }
    let draft = to.join(format!(".{name}.part"));
    let mut file = File::create(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, &path)?;
    os::sync_folder(to)
}

fn samples(folder: &Path, target: &Target, bytes: &[u8], durable: u64, place: &mut Place) -> Result<(), Fault> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n"));
    let wanted = |link: &Link| link.seq >= place.next && link.seq < durable;
    let mut lines: Vec<(u64, &[u8])> =
        lines.filter_map(|line| Link::read(line).filter(wanted).map(|link| (link.seq, line))).collect();
    while !lines.is_empty() {
        let rest = lines.split_off(lines.len().min(LINES_MAX));
        let host = head(bytes, "host");
        let request = otlp::Request::of(&host, lines.iter().map(|(_, line)| *line));
        if !request.is_empty() {
            let (receiver, media_type, body) = match &target.kind {
                Kind::OtlpJson(receiver) => (receiver, "application/json", request.json()),
                Kind::OtlpProtobuf(receiver) => (receiver, "application/x-protobuf", protobuf::request(&request)),
                Kind::Folder(_) | Kind::Segments(_) => return Ok(()),
            };
            receiver.take("", media_type, &body)?;
        }
        if let Some((last, _)) = lines.last() {
            place.advance(folder, last + 1)?;
        }
        lines = rest;
    }
    Ok(())
}

/// What the head of a segment says of its device.
fn head(bytes: &[u8], member: &str) -> String {
    let head = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let head: serde_json::Value = serde_json::from_slice(head).unwrap_or_default();
    head[member].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod fleet;
#[cfg(test)]
mod tests;
