//! The buffer: segments of chained lines in a folder, bounded, and never in the way of a start.
//!
//! What is durable: when [`Spool::append`] answers [`Kept::Written`], the line is on the disk (`fdatasync`). What a power cut or
//! a kill leaves behind it is cut off at the next start, kept aside, and recorded. A disk that takes nothing costs no sample until
//! the ring in memory is full; what is lost then is counted and recorded. Lines of one start never follow those of another in one
//! file, so a segment that was handed over never changes.

mod files;
mod recover;

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::PathBuf;

use model::{Digest, Fault};
use seal::{SigningKey, canonical};

use crate::clock::{HOUR_NS, Now};
use crate::line;
use crate::names;
use crate::os;

pub(crate) use files::is_locked;
pub use files::{ENDING, Named, list};

/// What the buffer may cost.
#[derive(Clone, Debug)]
pub struct Limits {
    /// A segment is closed when it has this many bytes.
    pub segment_bytes: u64,
    /// Or is this old.
    pub segment_ns: i64,
    /// All segments together; the oldest go first, acknowledged ones before others.
    pub total_bytes: u64,
    /// Samples that wait in memory while the disk takes none.
    pub ring: usize,
    /// The wall clock may drift this much from one sample to the next before that is a jump.
    pub clock_step_ns: i64,
}

impl Default for Limits {
    fn default() -> Self {
        let (segment_bytes, total_bytes) = (1 << 20, 64 << 20);
        Limits { segment_bytes, segment_ns: HOUR_NS, total_bytes, ring: 120, clock_step_ns: 2_000_000_000 }
    }
}

/// What stands in the head of each segment.
#[derive(Clone, Debug)]
pub struct About {
    /// The machine's name.
    pub host: String,
    /// Which boot this is.
    pub boot: String,
    /// How often a sample is taken.
    pub interval_ms: u64,
}

/// What became of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is on the disk, with what had waited: these lines.
    Written(Vec<u8>),
    /// The disk did not take it: it waits in memory.
    Waiting(String),
}

/// The buffer of one device.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    key: SigningKey,
    about: About,
    limits: Limits,
    /// The number of the next line, and the digest of the last one.
    seq: u64,
    head: Digest,
    open: Option<Open>,
    /// Why the next segment begins.
    why: &'static str,
    /// What happened to files and is to be written down.
    pending: Vec<Vec<u8>>,
    ring: VecDeque<Waiting>,
    /// How many of these the disk has refused.
    held: usize,
    lost: Option<Lost>,
    reason: &'static str,
    last: Option<Now>,
    /// Lines below this number were taken by every receiver.
    acknowledged: u64,
    /// One process at a time; free again when this is dropped.
    _lock: File,
}

/// The segment that is written to.
#[derive(Debug)]
struct Open {
    file: File,
    path: PathBuf,
    first: u64,
    /// How many bytes are good.
    good: u64,
    since_boot_ns: i64,
}

#[derive(Clone, Debug)]
struct Waiting {
    now: Now,
    says: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Lost {
    count: u64,
    first_wall_ns: i64,
    last_wall_ns: i64,
}

impl Spool {
    /// Opens the buffer in `folder`, which is there. What the last run left unfinished is cut and kept aside.
    ///
    /// # Errors
    /// `sampler-running` when another process has it; I/O faults of reading. Never because of what the segments hold.
    pub fn open(folder: PathBuf, key: SigningKey, about: About, limits: Limits) -> Result<Self, Fault> {
        let lock = files::lock(&folder)?;
        let left = recover::recover(&folder)?;
        Ok(Spool {
            folder,
            key,
            about,
            limits,
            seq: left.seq,
            head: left.head,
            open: None,
            why: "start",
            pending: left.cuts,
            ring: VecDeque::new(),
            held: 0,
            lost: None,
            reason: "",
            last: None,
            acknowledged: 0,
            _lock: lock,
        })
    }

    /// Lines below `seq` were taken by every receiver: their segments may go when room is needed.
    pub fn acknowledge(&mut self, seq: u64) {
        self.acknowledged = self.acknowledged.max(seq);
    }

    /// The number of the next line, and that of the first line of the segment that is written to.
    pub fn place(&self) -> (u64, Option<u64>) {
        (self.seq, self.open.as_ref().map(|open| open.first))
    }

    /// How many samples wait in memory, and how many were lost since the disk stopped taking them.
    pub fn waiting(&self) -> (usize, u64) {
        (self.ring.len(), self.lost.map_or(0, |lost| lost.count))
    }

    /// Closes the segment that is open: it can be handed over then.
    pub fn rotate(&mut self, why: &'static str) {
        if self.open.take().is_some() {
            self.why = why;
        }
    }

    /// Takes a sample: `says` are its members, each with a comma in front.
    pub fn append(&mut self, now: &Now, says: Vec<u8>) -> Kept {
        self.see_clock(now);
        self.ring.push_back(Waiting { now: *now, says });
        self.write_out(now)
    }

    /// Says that the sampler stops by itself, and closes the segment.
    pub fn stop(&mut self, now: &Now) -> Kept {
        self.pending.push(event("stop", ""));
        let kept = self.write_out(now);
        self.rotate("start");
        kept
    }

    fn see_clock(&mut self, now: &Now) {
        let Some(last) = self.last.replace(*now) else { return };
        let step = (now.wall_ns - last.wall_ns) - (now.boot_ns - last.boot_ns);
        if step.abs() > self.limits.clock_step_ns {
            self.pending.push(event("clock", &format!(",\"delta_ms\":{}", step / 1_000_000)));
        }
    }

    /// Writes what is pending and what waits. On failure all of it waits for the next time.
    fn write_out(&mut self, now: &Now) -> Kept {
        let written = match self.try_write(now) {
            Err(error) if is_full(&error) && self.forget_acknowledged() => self.try_write(now),
            written => written,
        };
        match written {
            Ok(lines) => {
                self.pending.clear();
                self.ring.clear();
                (self.held, self.lost) = (0, None);
                Kept::Written(lines)
            }
            Err(error) => {
                self.reason = reason(&error);
                self.why = "recovered";
                self.hold();
                Kept::Waiting(error.to_string())
            }
        }
    }

    /// Keeps the ring within its bound.
    fn hold(&mut self) {
        while self.ring.len() > self.limits.ring {
            let Some(gone) = self.ring.pop_front() else { break };
            let wall_ns = gone.now.wall_ns;
            let lost = self.lost.get_or_insert(Lost { count: 0, first_wall_ns: wall_ns, last_wall_ns: wall_ns });
            lost.count += 1;
            lost.last_wall_ns = wall_ns;
        }
        self.held = self.ring.len();
    }

    fn try_write(&mut self, now: &Now) -> io::Result<Vec<u8>> {
        let is_old = |open: &Open| now.boot_ns - open.since_boot_ns >= self.limits.segment_ns;
        if self.open.as_ref().is_some_and(is_old) {
            self.rotate("age");
        } else if self.open.as_ref().is_some_and(|open| open.good >= self.limits.segment_bytes) {
            self.rotate("size");
        }
        let mut batch = Batch { bytes: Vec::new(), seq: self.seq, head: self.head };
        let begins = self.open.is_none();
        let mut goners = Vec::new();
        if begins {
            goners = files::goners(&self.folder, self.acknowledged, self.limits.total_bytes, self.limits.segment_bytes);
            self.line(&mut batch, now, &self.head_of_segment());
            if !goners.is_empty() {
                self.line(&mut batch, now, &files::dropped(&self.folder, &goners));
            }
        }
        for says in &self.pending {
            self.line(&mut batch, now, says);
        }
        if self.held > 0 || self.lost.is_some() {
            self.line(&mut batch, now, &self.gap());
        }
        for waiting in &self.ring {
            self.line(&mut batch, &waiting.now, &waiting.says);
        }
        self.put(now, &batch.bytes)?;
        (self.seq, self.head) = (batch.seq, batch.head);
        // Only now: the record that explains the hole is on the disk.
        for gone in goners {
            let _ = fs::remove_file(self.folder.join(gone.name));
        }
        Ok(batch.bytes)
    }

    fn line(&self, batch: &mut Batch, now: &Now, says: &[u8]) {
        let (line, digest) = line::write(batch.seq, &self.about.boot, now, says, &batch.head, &self.key);
        batch.bytes.extend_from_slice(&line);
        batch.seq += 1;
        batch.head = digest;
    }

    /// Brings bytes to the disk. Where that fails the segment is left as it was, and is not written to again: after a failed
    /// sync nobody knows what the disk holds.
    fn put(&mut self, now: &Now, bytes: &[u8]) -> io::Result<()> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => {
                let (path, file) = files::create(&self.folder, self.seq)?;
                Open { file, path, first: self.seq, good: 0, since_boot_ns: now.boot_ns }
            }
        };
        let written = open.file.write_all(bytes).and_then(|()| open.file.sync_data());
        let written = written.and_then(|()| if open.good == 0 { os::sync_folder(&self.folder) } else { Ok(()) });
        if let Err(error) = written {
            if open.good == 0 {
                let _ = fs::remove_file(&open.path);
            } else if let Err(cut) = open.file.set_len(open.good).and_then(|()| open.file.sync_data()) {
                // The torn line stays where it is; whoever verifies passes over what has no end.
                drop(cut);
            }
            return Err(error);
        }
        open.good += bytes.len() as u64;
        self.open = Some(open);
        Ok(())
    }

    /// A full disk: the oldest segment that was acknowledged goes.
    fn forget_acknowledged(&mut self) -> bool {
        let Some(gone) = files::oldest_acknowledged(&self.folder, self.acknowledged) else { return false };
        let says = files::dropped(&self.folder, std::slice::from_ref(&gone));
        if fs::remove_file(self.folder.join(&gone.name)).is_err() {
            return false;
        }
        self.pending.push(says);
        true
    }

    fn gap(&self) -> Vec<u8> {
        let waited = self.held;
        let first = self.ring.front().map_or(0, |waiting| waiting.now.wall_ns);
        let lost = self.lost.unwrap_or(Lost { count: 0, first_wall_ns: first, last_wall_ns: first });
        let Lost { count, first_wall_ns, last_wall_ns } = lost;
        let says = format!(
            ",\"lost\":{count},\"waited\":{waited},\"first_wall_ns\":{first_wall_ns},\"last_wall_ns\":{last_wall_ns},\"reason\":\"{}\"",
            self.reason
        );
        event("gap", &says)
    }

    fn head_of_segment(&self) -> Vec<u8> {
        let About { host, interval_ms, .. } = &self.about;
        let device = model::hex(self.key.public().as_bytes());
        let mut says =
            event("segment", &format!(",\"format\":\"{}\",\"device\":\"{device}\",\"host\":", crate::FORMAT));
        canonical::push_string(&mut says, host);
        let more =
            format!(",\"why\":\"{}\",\"interval_ms\":{interval_ms},\"semconv\":\"{}\"", self.why, names::SCHEMA_URL);
        says.extend_from_slice(more.as_bytes());
        says.extend_from_slice(b",\"metrics\":{");
        for (at, metric) in names::TABLE.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            let entry = format!("{comma}\"{}\":[\"{}\",\"{}\"]", metric.name, metric.kind.word(), metric.unit);
            says.extend_from_slice(entry.as_bytes());
        }
        says.push(b'}');
        says
    }
}

struct Batch {
    bytes: Vec<u8>,
    seq: u64,
    head: Digest,
}

fn event(word: &str, more: &str) -> Vec<u8> {
    format!(",\"event\":\"{word}\"{more}").into_bytes()
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

fn reason(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull => "disk-full",
        ErrorKind::QuotaExceeded => "quota",
        ErrorKind::FileTooLarge => "file-too-large",
        ErrorKind::ReadOnlyFilesystem => "read-only",
        ErrorKind::NotFound => "folder-gone",
        ErrorKind::PermissionDenied => "no-permission",
        _ => "io-error",
    }
}

#[cfg(test)]
mod tests;
