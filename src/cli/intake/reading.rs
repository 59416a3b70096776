//! Which reading of its bytes an original is, and whether the store has it.

use std::cmp::Ordering;

use ingest::{Format, READER_VERSION, Request, Warning};
use model::{Place, RecordKind};
use store::{Batch, OriginalKey};

use super::{Plan, Taken};

/// Everything besides the bytes that the records depend on.
///
/// The stamp counts where the user or the file's name gives it: two scrapes with equal bytes are then two facts. A
/// file's modification time does not: a copied file is the same file.
pub(super) fn reader(request: &Request, plan: &Plan, taken: &Taken) -> String {
    let mut reader = format!("{}{VERSION}{READER_VERSION}", request.format.name());
    // The other formats say themselves what they hold, and tables hold logs unless somebody says otherwise.
    let table = matches!(request.format, Format::JsonLines | Format::Csv | Format::Logfmt);
    if let Some(kind) = request.kind.filter(|kind| table && *kind != RecordKind::Logs) {
        reader.push_str(&format!("+kind-{kind}"));
    }
    if let Some((_, digest)) = plan.map.as_ref().filter(|_| table) {
        reader.push_str(&format!("+map-{}", digest.short()));
    }
    let samples = matches!(request.format, Format::Prometheus | Format::OpenMetrics | Format::Statsd);
    if let Some(stamp) = plan.stamp.or_else(|| taken.input.stamp_in_name()).filter(|_| samples) {
        reader.push_str(&format!("+at-{}", stamp.nanos()));
    }
    reader
}

/// What stands before the version of a reader.
const VERSION: &str = "-v";

/// Whether the store has these bytes as read by another version of the reader, and otherwise in the same way: with the same
/// format, kind, map and stamp. The warning says so.
///
/// What that version read stays as it is. To read the bytes anew would put each of their records into the store a second
/// time, and evidence may rest on the first.
pub(super) fn by_another_version(batch: &Batch<'_>, key: &OriginalKey) -> Option<Warning> {
    let (ours, way) = take_apart(&key.reader)?;
    let stored = batch.readers(&key.digest).into_iter().filter_map(take_apart);
    let theirs = stored.filter(|(_, theirs)| *theirs == way).map(|(version, _)| version).max()?;
    let which = match theirs.cmp(&ours) {
        Ordering::Less => "an earlier version",
        Ordering::Equal => return None,
        Ordering::Greater => "a later version",
    };
    Some(Warning {
        code: "other-reader-version",
        message: format!("Already stored, read by {which} of the reader; nothing was added"),
        place: Place::default(),
    })
}

/// `jsonlines-v1+kind-traces` is version 1 of `jsonlines` and `+kind-traces`.
fn take_apart(reader: &str) -> Option<(u32, (&str, &str))> {
    let (named, options) = reader.split_at(reader.find('+').unwrap_or(reader.len()));
    let (format, version) = named.rsplit_once(VERSION)?;
    Some((version.parse().ok()?, (format, options)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::intake::{State, find, take};
    use model::{Decimal, Hidden, Instant};
    use std::fs;
    use std::io::Write as _;
    use store::{CommitNotes, Store};

    const LOG: &[u8] = b"192.0.2.1 - - [01/Nov/2026:00:00:00 +0000] \"GET / HTTP/1.1\" 200 5\n";

    fn plan() -> Plan {
        let now = Instant::parse("2026-11-22T12:00:00Z").unwrap();
        let max_rejected = Decimal::ZERO;
        Plan {
            format: None,
            kind: None,
            map: None,
            now,
            stamp: None,
            any_time: false,
            max_rejected,
            segments: Default::default(),
        }
    }

    fn notes() -> CommitNotes {
        CommitNotes { tool: "test".to_owned() }
    }

    /// Bytes that another version has read are stored once, whether their size tells it before the reading or not.
    #[test]
    fn what_another_version_has_read_is_not_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let key = seal::SigningKey::from_seed([7; 32]);
        let store = Store::open(&folder.path().join("store"), Some(&key)).unwrap();
        let mut batch = store.begin(plan().now, &Hidden).unwrap();
        let mut writer = batch.original().unwrap();
        writer.write_all(LOG).unwrap();
        let original = writer.finish().unwrap();
        let earlier = OriginalKey { digest: original.digest, reader: "access-log-v0".to_owned() };
        batch.finish_original(original, &earlier).unwrap();
        batch.commit(&notes()).unwrap();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(LOG).unwrap();
        for (name, bytes) in [("access.log", LOG.to_vec()), ("access.log.gz", packed.finish().unwrap())] {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            let intake = take(find(&[path]).unwrap(), &plan(), &store, &notes(), &Hidden).unwrap();
            let one = &intake.taken[0];
            assert!(matches!(one.state, State::Known) && intake.commits.is_empty(), "{name}");
            assert_eq!(one.digest, Some(earlier.digest), "{name}");
            let codes: Vec<_> = one.tally.warnings.iter().map(|warning| warning.code).collect();
            assert_eq!(codes, ["other-reader-version"], "{name}");
        }
        assert_eq!(store.snapshot().unwrap().originals.len(), 1);
    }

    fn check(reader: &str, expect: Option<(u32, (&str, &str))>) {
        assert_eq!(take_apart(reader), expect, "{reader}");
    }

    #[test]
    fn a_reader_is_taken_apart() {
        check("access-log-v1", Some((1, ("access-log", ""))));
        check("otlp-json-v12", Some((12, ("otlp-json", ""))));
        check("jsonlines-v1+kind-traces+map-0a-v3", Some((1, ("jsonlines", "+kind-traces+map-0a-v3"))));
        for foreign in ["", "csv", "csv-v", "csv+map-v1", "somebody's-vat"] {
            check(foreign, None);
        }
    }
}
