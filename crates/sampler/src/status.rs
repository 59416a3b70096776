//! How the buffer stands: for people and for machines.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use model::{ByteSize, Fault, Instant, counted};
use serde_json::{Value, json};

use crate::line::Link;
use crate::push::{Place, Target, push};
use crate::spool;

/// How the buffer in a folder stands.
#[derive(Clone, Debug)]
pub struct Status {
    is_running: bool,
    segments: usize,
    bytes: u64,
    /// The number of the next line, and when the last one was written.
    next: u64,
    last_wall_ns: Option<i64>,
    torn: usize,
    receivers: Vec<Place>,
}

impl Status {
    /// Looks.
    ///
    /// # Errors
    /// I/O faults.
    pub fn of(folder: &Path) -> Result<Self, Fault> {
        let failed = |error| Fault::io("read", folder, error);
        let segments = spool::list(folder).map_err(failed)?;
        let files = fs::read_dir(folder).map_err(failed)?.flatten();
        let torn = files.filter(|file| file.path().extension().is_some_and(|end| end == "torn")).count();
        let newest = segments.last().and_then(|newest| fs::read(folder.join(&newest.name)).ok()).unwrap_or_default();
        let last = newest.split(|byte| *byte == b'\n').rfind(|line| Link::read(line).is_some());
        let said: Value = last.and_then(|line| serde_json::from_slice(line).ok()).unwrap_or_default();
        Ok(Status {
            is_running: spool::is_locked(folder),
            segments: segments.len(),
            bytes: segments.iter().map(|segment| segment.bytes).sum(),
            next: said["seq"].as_u64().map_or(0, |seq| seq + 1),
            last_wall_ns: said["wall_ns"].as_i64(),
            torn,
            receivers: Place::all(folder),
        })
    }

    /// One line, and one for each receiver; or one JSON document.
    pub fn show(&self, json: bool) -> String {
        let last = self.last_wall_ns.map(|last| Instant::from_nanos(last).to_string());
        let behind = |place: &Place| self.next.saturating_sub(place.next);
        if json {
            let receivers: Vec<Value> = self
                .receivers
                .iter()
                .map(|place| json!({"receiver": place.target, "next": place.next, "behind": behind(place)}))
                .collect();
            return json!({
                "schema": "sampler-status/1", "running": self.is_running, "segments": self.segments,
                "bytes": self.bytes, "lines": self.next, "last": last, "torn": self.torn, "receivers": receivers,
            })
            .to_string()
                + "\n";
        }
        let mut text = format!(
            "{}: {} so far in {} of {}, the last one {}; {} kept.\n",
            if self.is_running { "running" } else { "stopped" },
            counted(self.next, "line", "lines"),
            counted(self.segments as u64, "segment", "segments"),
            ByteSize(self.bytes),
            last.as_deref().unwrap_or("never"),
            counted(self.torn as u64, "torn end", "torn ends")
        );
        for place in &self.receivers {
            let _ = writeln!(text, "{}\t{} behind", place.target, counted(behind(place), "line", "lines"));
        }
        text
    }
}

/// Hands over everything that can be handed over, now. While a sampler runs its newest segment stays.
///
/// # Errors
/// `push-failed` and I/O faults, the first of them: every receiver is tried.
pub fn flush(folder: &Path, targets: &[Target]) -> Result<(), Fault> {
    let segments = spool::list(folder).map_err(|error| Fault::io("read", folder, error))?;
    let open = segments.last().map(|newest| newest.first).filter(|_| spool::is_locked(folder));
    let mut outcome = Ok(());
    for target in targets {
        let pushed = push(folder, target, open, open.unwrap_or(u64::MAX)).map(drop);
        outcome = outcome.and(pushed);
    }
    outcome
}
