//! Segments put together from their parts: `DEVICE.FIRST.DIGEST.PART-PARTS`, in whatever order they come.

use std::collections::BTreeMap;

use model::Fault;
use seal::sha256;

/// A segment of 64 MiB, the largest that `ingest` reads.
const PARTS_MAX: usize = 128;
/// Segments of which a part is missing; samplers push one after the other.
const WAITING_MAX: usize = 1_000;

/// Those of which something is missing, by name and number of parts.
#[derive(Default)]
pub(super) struct Parts(BTreeMap<(String, usize), Vec<Option<Vec<u8>>>>);

/// What a message was.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// The last part that was missing: name and bytes.
    Segment(String, Vec<u8>),
    Part,
    /// None of a sampler's.
    Other,
}

impl Parts {
    /// # Errors
    /// `segment-altered` when the parts are not what their name says; `stream-incomplete` when too many wait.
    pub(super) fn take(&mut self, below: &str, bytes: Vec<u8>) -> Result<Taken, Fault> {
        let Some(Named { name, digest, part, count }) = named(below) else { return Ok(Taken::Other) };
        let key = (name, count);
        let parts = self.0.entry(key.clone()).or_insert_with(|| vec![None; count]);
        parts[part - 1] = Some(bytes);
        if parts.iter().any(Option::is_none) {
            return if self.0.len() > WAITING_MAX { Err(too_many()) } else { Ok(Taken::Part) };
        }
        let whole: Vec<u8> = self.0.remove(&key).into_iter().flatten().flatten().flatten().collect();
        match sha256(&whole).short() == digest {
            true => Ok(Taken::Segment(key.0, whole)),
            false => {
                Err(Fault::unverified("segment-altered", format!("The parts of {} are not what its name says", key.0))
                    .advise("Somebody changed the stream. Ask the device for the segment."))
            }
        }
    }

    /// Of how many segments something is missing.
    pub(super) fn waiting(&self) -> usize {
        self.0.len()
    }
}

struct Named<'s> {
    /// As a folder has it.
    name: String,
    digest: &'s str,
    /// From 1.
    part: usize,
    count: usize,
}

/// Only what a sampler calls its segments: a name becomes that of a file.
fn named(below: &str) -> Option<Named<'_>> {
    let mut tokens = below.split('.');
    let (device, first, digest, part) = (tokens.next()?, tokens.next()?, tokens.next()?, tokens.next()?);
    let is_hex = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_ours = is_hex(device, 16) && first.len() == 20 && first.bytes().all(|byte| byte.is_ascii_digit());
    let (part, count) = part.split_once('-')?;
    let (part, count) = (part.parse().ok()?, count.parse().ok()?);
    let is_part = (1..=count).contains(&part) && count <= PARTS_MAX;
    (is_ours && is_hex(digest, 12) && is_part && tokens.next().is_none()).then(|| Named {
        name: format!("{device}-{first}-{digest}{}", sampler::spool::ENDING),
        digest,
        part,
        count,
    })
}

fn too_many() -> Fault {
    Fault::partial("stream-incomplete", format!("Of more than {WAITING_MAX} segments the stream has not every part"))
        .advise("These are not the streams of samplers, or somebody deletes messages from them.")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parts come in any order and between those of others; what is named otherwise is nobody's file.
    #[test]
    fn parts_become_segments() {
        let whole = b"first second".to_vec();
        let digest = sha256(&whole).short();
        let name = |device: &str, part: &str| format!("{device}.{}.{digest}.{part}", "0".repeat(20));
        let (device, other) = ("0123456789abcdef", "fedcba9876543210");
        let mut parts = Parts::default();
        let mut take = |subject: &str, bytes: &[u8]| parts.take(subject, bytes.to_vec());
        assert_eq!(take(&name(device, "2-2"), b"second").unwrap(), Taken::Part);
        assert_eq!(take(&name(other, "1-2"), b"first ").unwrap(), Taken::Part);
        let file = format!("{device}-{}-{digest}.segment", "0".repeat(20));
        assert_eq!(take(&name(device, "1-2"), b"first ").unwrap(), Taken::Segment(file, whole.clone()));
        assert_eq!(take(&name(device, "1-1"), b"other").unwrap_err().code(), "segment-altered");
        for wrong in [
            "",
            "x",
            "../etc.0.0.1-1",
            &name("..", "1-1"),
            &name(device, "0-1"),
            &name(device, "2-1"),
            &name(device, "1-999"),
        ] {
            assert_eq!(take(wrong, b"x").unwrap(), Taken::Other, "{wrong}");
        }
        assert_eq!(parts.waiting(), 1);
    }
}
