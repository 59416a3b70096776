//! One segment.

use model::{Digest, Fault, Place};
use seal::PublicKey;
use serde_json::Value;

use super::device::{Hole, Why};
use crate::line::{LINE_MAX, Link};

/// What a sound segment holds.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Whose key has signed every line.
    pub device: PublicKey,
    /// The machine's name, as it says itself.
    pub host: String,
    /// How often it takes a sample.
    pub interval_ms: u64,
    /// The numbers of its first and last line.
    pub first: u64,
    /// See `first`.
    pub last: u64,
    /// The digest of the line before the first.
    pub previous: Digest,
    /// The digest of the last line.
    pub end: Digest,
    /// How many samples it holds.
    pub samples: u64,
    /// Bytes behind the last line: cut short by a power cut or a full disk.
    pub torn: u64,
    /// What it says of holes.
    pub holes: Vec<Hole>,
    /// Segments that the device says it has dropped: from which digest to which.
    pub(super) bridges: Vec<(Digest, Digest)>,
    /// Clocks of each sample, and of each start and stop.
    pub(super) moments: Vec<Moment>,
}

/// One line, as far as holes are concerned.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    pub(super) wall_ns: i64,
    pub(super) boot_ns: i64,
    pub(super) mono_ns: i64,
    /// How often a sample was taken then.
    pub(super) interval_ns: i64,
    pub(super) boot: Box<str>,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Sample,
    /// The head of a segment with which a sampler started.
    Start,
    Stop,
    Other,
}

impl Segment {
    /// Checks every line: its digest, the chain, the signature, the order. Lines that have no end at the end of the file are
    /// passed over and counted.
    ///
    /// # Errors
    /// `bad-segment` when it is none; `segment-altered`, with the line, when it is not what the device wrote.
    pub fn read(bytes: &[u8]) -> Result<Segment, Fault> {
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let head = lines.next().and_then(|line| line.strip_suffix(b"\n")).ok_or_else(|| bad("It has no whole line"))?;
        let mut segment = Segment::begin(head)?;
        let mut number = 1;
        for line in lines {
            number += 1;
            match line.strip_suffix(b"\n") {
                Some(line) => segment.take(line, number)?,
                None => segment.torn = line.len() as u64,
            }
        }
        Ok(segment)
    }

    fn begin(line: &[u8]) -> Result<Segment, Fault> {
        let said: Value = serde_json::from_slice(line).map_err(|_| bad("Its first line is no JSON"))?;
        if said["event"] != "segment" || said["format"] != crate::FORMAT {
            return Err(bad("Its first line is not the head of a segment of this version"));
        }
        let device = said["device"].as_str().and_then(model::unhex::<32>).ok_or_else(|| bad("It names no device"))?;
        let device = PublicKey::from_bytes(&device)?;
        let link = Link::read(line).ok_or_else(|| altered(1, "its digest is another one"))?;
        if !link.is_signed_by(&device) {
            return Err(altered(1, "its signature is not the device's"));
        }
        let mut segment = Segment {
            device,
            host: said["host"].as_str().unwrap_or_default().to_owned(),
            interval_ms: said["interval_ms"].as_u64().filter(|ms| *ms > 0).ok_or_else(|| bad("It has no interval"))?,
            first: link.seq,
            last: link.seq,
            previous: link.previous,
            end: link.digest,
            samples: 0,
            torn: 0,
            holes: Vec::new(),
            bridges: Vec::new(),
            moments: Vec::new(),
        };
        let what = if said["why"] == "start" { What::Start } else { What::Other };
        segment.see(&said, what, 1)?;
        Ok(segment)
    }

    fn take(&mut self, line: &[u8], number: u64) -> Result<(), Fault> {
        if line.len() > LINE_MAX {
            return Err(altered(number, "it is longer than any line of a sampler"));
        }
        let link = Link::read(line).ok_or_else(|| altered(number, "its digest is another one"))?;
        if link.previous != self.end || link.seq != self.last + 1 {
            return Err(altered(number, "it does not follow the line before it"));
        }
        if !link.is_signed_by(&self.device) {
            return Err(altered(number, "its signature is not the device's"));
        }
        (self.last, self.end) = (link.seq, link.digest);
        let said: Value = serde_json::from_slice(line).map_err(|_| altered(number, "it is no JSON"))?;
        let what = match said["event"].as_str() {
            None => {
                self.samples += 1;
                What::Sample
            }
            Some("stop") => What::Stop,
            Some(event) => {
                self.event(event, &said);
                What::Other
            }
        };
        self.see(&said, what, number)
    }

    fn see(&mut self, said: &Value, what: What, number: u64) -> Result<(), Fault> {
        let clock = |name: &str| said[name].as_i64().ok_or_else(|| altered(number, "it has no clocks"));
        self.moments.push(Moment {
            wall_ns: clock("wall_ns")?,
            boot_ns: clock("boot_ns")?,
            mono_ns: clock("mono_ns")?,
            interval_ns: i64::try_from(self.interval_ms.saturating_mul(1_000_000)).unwrap_or(i64::MAX),
            boot: said["boot"].as_str().unwrap_or_default().into(),
            what,
        });
        Ok(())
    }

    fn event(&mut self, event: &str, said: &Value) {
        let at = said["wall_ns"].as_i64().unwrap_or_default();
        let number = |name: &str| said[name].as_u64().unwrap_or_default();
        let hole = |why, from_ns, to_ns, samples| Hole { why, from_ns, to_ns, samples };
        match event {
            "gap" => {
                let time = |name: &str| said[name].as_i64().unwrap_or(at);
                self.holes.push(hole(Why::Gap, time("first_wall_ns"), time("last_wall_ns"), number("lost")));
            }
            "cut" => self.holes.push(hole(Why::Cut, at, at, 0)),
            "clock" => self.holes.push(Hole {
                why: Why::Clock { by_ms: said["delta_ms"].as_i64().unwrap_or_default() },
                from_ns: at,
                to_ns: at,
                samples: 0,
            }),
            "dropped" => self.dropped(said),
            _ => {}
        }
    }

    fn dropped(&mut self, said: &Value) {
        for one in said["segments"].as_array().into_iter().flatten() {
            let digest = |name: &str| one[name].as_str().and_then(|text| Digest::parse(text).ok());
            if let Some(bridge) = digest("previous").zip(digest("end")) {
                self.bridges.push(bridge);
            }
            let at = said["wall_ns"].as_i64().unwrap_or_default();
            let is_acknowledged = one["acknowledged"] == true;
            let samples = one["lines"].as_u64().unwrap_or_default();
            self.holes.push(Hole { why: Why::Dropped { is_acknowledged }, from_ns: at, to_ns: at, samples });
        }
    }
}

fn bad(why: &str) -> Fault {
    Fault::bad_input("bad-segment", format!("This is no segment of a sampler: {why}"))
        .advise("Name the folder that `probity sampler run --output` writes to, or one that segments were pushed to.")
}

fn altered(line: u64, why: &str) -> Fault {
    Fault::unverified("segment-altered", format!("This line is not what the device wrote: {why}"))
        .advise("Fetch the segment from the device again; nothing of this file was taken.")
        .at(Place::line(line, 0))
}
