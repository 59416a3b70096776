//! All segments of a device: whether they are one chain, and why samples are missing.

use model::Digest;
use seal::PublicKey;

use super::segment::{Moment, Segment, What};

/// Why there are no samples, or fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The disk took none, and the ring in memory was full.
    Gap,
    /// A line that nobody was promised was cut off its segment after a crash.
    Cut,
    /// Segments went, for room.
    Dropped {
        /// After a receiver had taken them.
        is_acknowledged: bool,
    },
    /// The wall clock was set.
    Clock {
        /// By how much, forward.
        by_ms: i64,
    },
    /// The device slept.
    Asleep,
    /// The device was off: the next sample is of another boot.
    Off,
    /// The sampler was stopped, and started again later.
    Stopped,
    /// It was not stopped and started again: it crashed, or was killed.
    Killed,
    /// It was there, and took no samples: the machine was too busy, or time was taken from it.
    Late,
    /// The history begins before what is here: its beginning was read elsewhere, or kept back.
    Earlier,
    /// The chain has a piece that is not here, and nothing says why.
    Missing,
    /// Two pieces begin at the same place: the key was used twice, or somebody wrote history anew.
    Forked,
}

impl Why {
    /// The word that people and machines read.
    pub fn word(self) -> &'static str {
        match self {
            Why::Gap => "gap",
            Why::Cut => "cut",
            Why::Dropped { is_acknowledged: true } => "dropped-acknowledged",
            Why::Dropped { is_acknowledged: false } => "dropped",
            Why::Clock { .. } => "clock",
            Why::Asleep => "asleep",
            Why::Off => "off",
            Why::Stopped => "stopped",
            Why::Killed => "killed",
            Why::Late => "late",
            Why::Earlier => "earlier",
            Why::Missing => "missing",
            Why::Forked => "forked",
        }
    }

    /// Whether what the device signed says why, or nothing has to.
    pub fn is_explained(self) -> bool {
        !matches!(self, Why::Missing | Why::Forked)
    }
}

/// A hole: between two moments of the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole {
    /// The reason.
    pub why: Why,
    /// Nanoseconds since 1970.
    pub from_ns: i64,
    /// See `from_ns`.
    pub to_ns: i64,
    /// How many samples are not there; of what was dropped, lines. 0 where nobody knows.
    pub samples: u64,
}

/// What the segments of one device come to.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its key.
    pub key: PublicKey,
    /// The machine's name, as it says itself.
    pub host: String,
    /// How many segments there are.
    pub segments: usize,
    /// How many samples.
    pub samples: u64,
    /// How many there would be without any hole, from the first to the last.
    pub expected: u64,
    /// The holes, by time.
    pub holes: Vec<Hole>,
}

/// Puts segments together, by device.
pub fn join(mut segments: Vec<Segment>) -> Vec<Device> {
    segments
        .sort_by(|a, b| (a.device.as_bytes(), a.first, a.end.hex()).cmp(&(b.device.as_bytes(), b.first, b.end.hex())));
    // The same bytes under two names are one segment.
    segments.dedup_by(|a, b| a.device == b.device && a.end == b.end);
    segments.chunk_by(|a, b| a.device == b.device).filter_map(device).collect()
}

fn device(segments: &[Segment]) -> Option<Device> {
    let newest = segments.last()?;
    let mut holes: Vec<Hole> = segments.iter().flat_map(|segment| segment.holes.iter().copied()).collect();
    // What was dropped for room and is here all the same was taken before.
    holes.retain(|hole| !matches!(hole.why, Why::Dropped { is_acknowledged: true }) || has_gaps(segments));
    holes.extend(chain(segments));
    let moments: Vec<&Moment> = segments.iter().flat_map(|segment| &segment.moments).collect();
    let (expected, quiet) = silences(&moments);
    // A gap that the device tells of is why there were no samples then.
    let is_told = |quiet: &Hole| {
        let within = |hole: &&Hole| hole.from_ns >= quiet.from_ns && hole.to_ns <= quiet.to_ns && hole.samples > 0;
        holes.iter().filter(within).any(|hole| hole.why == Why::Gap)
    };
    let untold: Vec<Hole> = quiet.into_iter().filter(|quiet| !is_told(quiet)).collect();
    holes.extend(untold);
    holes.sort_by_key(|hole| hole.from_ns);
    let samples = segments.iter().map(|segment| segment.samples).sum();
    Some(Device {
        key: newest.device,
        host: newest.host.clone(),
        segments: segments.len(),
        samples,
        expected: expected.max(samples),
        holes,
    })
}

fn has_gaps(segments: &[Segment]) -> bool {
    let first = segments.first().is_some_and(|first| first.previous != Digest::ZERO);
    first || segments.windows(2).any(|pair| pair[1].previous != pair[0].end)
}

/// Pieces that are not here, unless the device says that it dropped them.
fn chain(segments: &[Segment]) -> Vec<Hole> {
    let bridges: Vec<(Digest, Digest)> = segments.iter().flat_map(|segment| segment.bridges.iter().copied()).collect();
    let (mut end, mut at, mut last) = (Digest::ZERO, None, None);
    let mut holes = Vec::new();
    for segment in segments {
        let begins = segment.moments.first().map(|moment| moment.wall_ns).unwrap_or_default();
        if last.is_some_and(|last| segment.first <= last) {
            holes.push(Hole { why: Why::Forked, from_ns: begins, to_ns: begins, samples: 0 });
        } else if !leads(end, segment.previous, &bridges) {
            let why = if last.is_some() { Why::Missing } else { Why::Earlier };
            holes.push(Hole { why, from_ns: at.unwrap_or(begins), to_ns: begins, samples: 0 });
        }
        (end, last) = (segment.end, Some(segment.last));
        at = segment.moments.last().map(|moment| moment.wall_ns);
    }
    holes
}

/// Whether dropped segments lead from one digest to the other.
fn leads(mut from: Digest, to: Digest, bridges: &[(Digest, Digest)]) -> bool {
    // Each bridge is crossed once at most: a circle of hashes does not exist, a forged one would not end.
    for _ in 0..=bridges.len() {
        if from == to {
            return true;
        }
        let Some((_, end)) = bridges.iter().find(|(previous, _)| *previous == from) else { return false };
        from = *end;
    }
    false
}

/// How many samples there should be, and times without any that the clocks and the starts explain.
fn silences(moments: &[&Moment]) -> (u64, Vec<Hole>) {
    let (mut expected, mut holes) = (0, Vec::new());
    let (mut before, mut was_stopped, mut was_started): (Option<&Moment>, bool, bool) = (None, false, false);
    for moment in moments {
        match moment.what {
            What::Stop => was_stopped = true,
            What::Start => was_started = true,
            What::Other => {}
            What::Sample => {
                expected += 1;
                if let Some(before) = before.replace(moment) {
                    // Where the interval was changed in between the longer one counts: nobody said which held until when.
                    let interval_ns = before.interval_ns.max(moment.interval_ns);
                    let passed = passed(before, moment).saturating_add(interval_ns / 2);
                    let missed = u64::try_from(passed / interval_ns - 1).unwrap_or(0);
                    expected += missed;
                    if missed > 0 {
                        let why = why(before, moment, was_started, was_stopped, interval_ns);
                        let (from_ns, to_ns) = (before.wall_ns, moment.wall_ns);
                        holes.push(Hole { why, from_ns, to_ns, samples: missed });
                    }
                }
                (was_started, was_stopped) = (false, false);
            }
        }
    }
    (expected, holes)
}

/// Across boots there is only the wall clock.
fn passed(before: &Moment, after: &Moment) -> i64 {
    match before.boot == after.boot {
        true => after.boot_ns - before.boot_ns,
        false => after.wall_ns - before.wall_ns,
    }
}

fn why(before: &Moment, after: &Moment, was_started: bool, was_stopped: bool, interval_ns: i64) -> Why {
    if before.boot != after.boot {
        return Why::Off;
    }
    if was_started {
        return if was_stopped { Why::Stopped } else { Why::Killed };
    }
    let asleep = (after.boot_ns - before.boot_ns) - (after.mono_ns - before.mono_ns);
    if asleep > interval_ns / 2 { Why::Asleep } else { Why::Late }
}
