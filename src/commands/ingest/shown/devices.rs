//! What the segments of a device came to: how many samples, and why not more.

use std::collections::BTreeMap;

use model::{Instant, grouped};
use sampler::verify::Hole;
use serde_json::{Value, json};

use crate::cli::exit::Exit;
use crate::cli::intake::Known;
use crate::cli::output::{Output, Page};
use crate::cli::table::{Cell, Table};

/// Holes that are shown one by one.
const HOLES_MAX: usize = 20;

/// A hole that nothing explains is a no: what is there is sound, and it is not all.
pub(super) fn exit(known: &Known) -> Exit {
    if unexplained(known) > 0 { Exit::No } else { Exit::Done }
}

fn unexplained(known: &Known) -> usize {
    known.device.holes.iter().filter(|hole| !hole.why.is_explained()).count()
}

pub(super) fn json(known: &Known) -> Value {
    let device = &known.device;
    let hole = |hole: &Hole| {
        json!({
            "why": hole.why.word(), "explained": hole.why.is_explained(), "samples": hole.samples,
            "from": instant(hole.from_ns), "to": instant(hole.to_ns),
        })
    };
    json!({
        "device": model::hex(device.key.as_bytes()),
        "fingerprint": device.key.fingerprint(),
        "host": device.host,
        "trusted": known.is_trusted,
        "segments": device.segments,
        "samples": device.samples,
        "expected": device.expected,
        "holes": device.holes.iter().map(hole).collect::<Vec<_>>(),
    })
}

pub(super) fn human(known: &Known, page: &mut Page) {
    let device = &known.device;
    let (samples, expected) = (grouped(device.samples), grouped(device.expected));
    page.line(format!("Device {} ({}): {samples} of {expected} samples.", device.host, device.key.fingerprint()));
    match device.holes.len() {
        0 => {}
        1..=HOLES_MAX => page.table(&each(&device.holes)),
        _ => page.table(&grouped_holes(&device.holes)),
    }
}

fn each(holes: &[Hole]) -> Table {
    let mut table = Table::new(&["hole", "from", "to", "missing"]);
    for hole in holes {
        let (from, to) = (instant(hole.from_ns), instant(hole.to_ns));
        table.row([hole.why.word().into(), from.into(), to.into(), Cell::Count(hole.samples)]);
    }
    table
}

/// `--json` has every one.
fn grouped_holes(holes: &[Hole]) -> Table {
    let mut kinds: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    for hole in holes {
        let [count, samples] = kinds.entry(hole.why.word()).or_default();
        *count += 1;
        *samples += hole.samples;
    }
    let mut table = Table::new(&["hole", "times", "missing"]);
    for (word, [count, samples]) in kinds {
        table.row([word.into(), Cell::Count(count), Cell::Count(samples)]);
    }
    table
}

fn instant(nanos: i64) -> String {
    Instant::from_nanos(nanos).to_string()
}

pub(super) fn complain(known: &Known, output: &Output) {
    let Known { device, is_trusted } = known;
    if !is_trusted {
        let print = device.key.fingerprint();
        output.warn(&format!(
            "Nobody has said whose key {print} ({}) is: its signatures hold, for whoever has it. Name its device.pub with --trust.",
            device.host
        ));
    }
    match unexplained(known) {
        0 => {}
        count => output.warn(&format!("{}: {count} holes that nothing explains.", device.host)),
    }
}
