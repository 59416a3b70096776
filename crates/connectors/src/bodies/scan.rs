//! The residual scan: every name and every byte, rows by their fields.

use std::collections::BTreeSet;
use std::io::Read;
use std::ops::ControlFlow;

use model::{Fault, Progress};
use privacy::row::Key;
use privacy::store::{Hit, Needles, Scanned};

use crate::document::needle::Sought;
use crate::document::shape::Shape;

use super::formats::{self, Format, Packing, unreadable};
use super::{Bodies, Entry, around, format, key, options, record};

/// The field under which hits outside rows are told.
const CONTENT: &str = "content";

type EachHit<'a> = dyn FnMut(Hit) -> Result<(), Fault> + 'a;

/// Reads everything once.
pub(crate) fn scan<B: Bodies>(
    bodies: &mut B,
    shapes: &[Shape],
    needles: &dyn Needles,
    hit: &mut EachHit<'_>,
    progress: &dyn Progress,
) -> Result<Scanned, Fault> {
    let sought = Sought::of(needles);
    let mut scanned = Scanned::default();
    let mut collections = BTreeSet::new();
    progress.start("scan", 0);
    for entry in bodies.list("") {
        let entry = entry?;
        let shape = shapes.iter().find(|shape| shape.matches(&entry.name).is_some());
        let collection = shape.map_or(entry.name.as_str(), |shape| shape.name.as_str());
        collections.insert(collection.to_owned());
        // Older versions have the same name.
        let named = if entry.is_current() { sought.within(entry.name.as_bytes()) } else { Vec::new() };
        for needle in named {
            hit(Hit {
                collection: collection.to_owned(),
                field: None,
                key: Key(vec![Some(entry.id.clone())]),
                needle,
            })?;
        }
        match &entry.unread {
            Some(why) => scanned.unread.push(format!("{} was not read: {why}.", entry.id)),
            None if entry.is_marker => {}
            None => match body(bodies, shape, &entry, sought, &mut scanned, hit) {
                Err(fault) if fault.code() == "body-not-readable" => scanned.unread.push(format!("{fault}.")),
                done => done?,
            },
        }
        progress.advance(entry.size);
    }
    for name in bodies.unfinished()? {
        for needle in sought.within(name.as_bytes()) {
            hit(Hit { collection: name.clone(), field: None, key: Key(vec![Some(name.clone())]), needle })?;
        }
        scanned.unread.push(format!("An upload to {name} is not finished: its parts cannot be read."));
    }
    progress.finish();
    scanned.collections = collections.len() as u64;
    Ok(scanned)
}

fn body<B: Bodies>(
    bodies: &mut B,
    shape: Option<&Shape>,
    entry: &Entry,
    sought: Sought<'_>,
    scanned: &mut Scanned,
    hit: &mut EachHit<'_>,
) -> Result<(), Fault> {
    if let Some(shape) = shape.filter(|shape| format(shape) != Format::Whole) {
        match rows(bodies, shape, entry, sought, scanned, hit) {
            Err(fault) if fault.code() == "bad-row" => {
                scanned.unread.push(format!("{} was searched as bytes, not by rows: {}.", entry.id, fault.message()));
            }
            done => return done,
        }
    }
    let Some(input) = bodies.read(&entry.id)? else { return Ok(()) };
    let mut input = Packing::of_name(&entry.name).unpack(&entry.id, input)?;
    let mut head = Vec::new();
    (&mut input).take(8).read_to_end(&mut head).map_err(|error| unreadable(&entry.id, error))?;
    let mut whole = head.chain(input);
    let (found, bytes) = match packed(&head) {
        // What is packed can be looked into as a whole only; the needles say themselves what stays closed.
        true if entry.size <= PACKED_MAX => {
            let mut held = Vec::new();
            whole.read_to_end(&mut held).map_err(|error| unreadable(&entry.id, error))?;
            (sought.within(&held), held.len() as u64)
        }
        is_packed => {
            if is_packed {
                scanned
                    .unread
                    .push(format!("{} was searched as bytes only: it is too large to be unpacked.", entry.id));
            }
            sought.stream(&mut whole).map_err(|error| unreadable(&entry.id, error))?
        }
    };
    scanned.bytes += bytes;
    scanned.rows += 1;
    for needle in found {
        let collection = shape.map_or(entry.name.as_str(), |shape| shape.name.as_str()).to_owned();
        let field = Some(CONTENT.to_owned());
        hit(Hit { collection, field, key: Key(vec![Some(entry.id.clone())]), needle })?;
    }
    Ok(())
}

/// Rows by their fields, so that a hit names its row.
fn rows<B: Bodies>(
    bodies: &mut B,
    shape: &Shape,
    entry: &Entry,
    sought: Sought<'_>,
    scanned: &mut Scanned,
    hit: &mut EachHit<'_>,
) -> Result<(), Fault> {
    let key = key(bodies.name_column(), shape);
    let around = around(bodies.name_column(), shape, entry);
    let Some(input) = bodies.read(&entry.id)? else { return Ok(()) };
    let (mut rows, mut bytes) = (0, 0);
    formats::read(format(shape), &options(shape), &entry.name, input, &mut |node, raw| {
        rows += 1;
        bytes += raw.len() as u64;
        let mut found = Vec::new();
        sought.document(&node, &mut |field, needle| found.push((field.to_owned(), needle)));
        if !found.is_empty() {
            let key = record(&around, &key, node, raw).key(&key);
            for (field, needle) in found {
                hit(Hit { collection: shape.name.clone(), field: Some(field), key: key.clone(), needle })?;
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    scanned.rows += rows;
    scanned.bytes += bytes;
    Ok(())
}

/// The largest packed body that is held to be looked into.
const PACKED_MAX: u64 = 64 << 20;

/// Whether its text is packed, so that a search for bytes does not see it.
fn packed(head: &[u8]) -> bool {
    let magics: [&[u8]; 3] = [b"PK\x03\x04", b"%PDF", b"\x1f\x8b"];
    magics.iter().any(|magic| head.starts_with(magic))
}
