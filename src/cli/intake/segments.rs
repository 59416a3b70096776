//! Segments of samplers: no record of one is taken before all of its lines were verified.

use std::cell::RefCell;
use std::path::PathBuf;

use ingest::{Format, Request};
use model::{ByteSize, Fault};
use sampler::verify::{self, Device, Segment};
use seal::PublicKey;

use super::source::Source;
use crate::cli::files;

/// A sampler closes its segments at 1 MiB; the last batch of lines may lie beyond.
const SEGMENT_MAX: u64 = 64 << 20;
const KEY_MAX: ByteSize = ByteSize(64 << 10);

/// Whose segments are taken, and what they were.
#[derive(Default)]
pub(crate) struct Segments {
    trusted: Vec<PublicKey>,
    judged: RefCell<Vec<Segment>>,
}

/// What a device's segments came to.
pub(crate) struct Known {
    pub(crate) device: Device,
    /// Somebody named its key.
    pub(crate) is_trusted: bool,
}

impl Segments {
    /// Takes segments of the devices with these public keys; of every device where there is none.
    ///
    /// # Errors
    /// `bad-public-key`; I/O faults.
    pub(crate) fn trusting(keys: &[PathBuf]) -> Result<Self, Fault> {
        let key = |path: &PathBuf| {
            PublicKey::from_pem(&files::read_text(path, KEY_MAX)?).map_err(|fault| fault.in_file(path))
        };
        Ok(Segments { trusted: keys.iter().map(key).collect::<Result<_, _>>()?, ..Segments::default() })
    }

    /// Verifies what `source` holds, where that is a segment; it is held in memory from then on, so that what is read is what
    /// was verified.
    ///
    /// # Errors
    /// `bad-segment`, `segment-altered`, `device-not-trusted`.
    pub(super) fn judge(&self, request: &Request, source: &mut Source<'_>) -> Result<(), Fault> {
        if request.format != Format::Segment {
            return Ok(());
        }
        let segment = Segment::read(source.whole(SEGMENT_MAX)?)?;
        if !self.trusted.is_empty() && !self.trusted.contains(&segment.device) {
            let message =
                format!("This segment is of a device whose key was not named: {}", segment.device.fingerprint());
            return Err(Fault::unverified("device-not-trusted", message)
                .advise("Name the device.pub of this device with --trust, if it is one of yours."));
        }
        self.judged.borrow_mut().push(segment);
        Ok(())
    }

    /// The devices of all segments that were sound.
    pub(crate) fn devices(&self) -> Vec<Known> {
        let devices = verify::join(self.judged.take());
        let known = |device: Device| Known { is_trusted: self.trusted.contains(&device.key), device };
        devices.into_iter().map(known).collect()
    }
}
