//! The way back: the original of an output, made with its mapping.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use model::{Digest, Fault};
use redact::{Limits, Source as _, Vessel as _};

use super::mapping::Origin;
use super::source::{self, Draft, Replay};
use crate::cli::intake::Input;

/// Makes the original of an output that a mapping knows.
///
/// # Errors
/// Those of [`super::origin`] and of `redact::restore`; `not-restored` when the bytes are not those of the original.
pub(crate) fn restore(input: &Input, draft: &mut Draft, origin: &Origin, limits: &Limits) -> Result<(), Fault> {
    let replay = Replay::new(input, &model::Hidden);
    match &origin.delta {
        None => redact::restore(&mut *replay.open()?, &mut *draft.create()?, origin.kind, &origin.removals, limits)?,
        Some(delta) => {
            // What does not lead back is no original either, and the digest says so.
            let original = delta.apply(&source::whole(&replay, limits)?, limits.document_bytes).unwrap_or_default();
            let mut writer = draft.create()?;
            writer.write_all(&original).and_then(|()| writer.flush()).map_err(source::write_failed)?;
        }
    }
    if draft.digest()? == origin.input {
        return Ok(());
    }
    Err(Fault::unverified("not-restored", "what came out is not the original; nothing was written")
        .advise("The original used another spelling of the same text, such as escapes; read the values in the mapping with `age -d`."))
}

/// The digest of a file.
///
/// # Errors
/// I/O faults.
pub(crate) fn digest(input: &Input) -> Result<Digest, Fault> {
    Replay::new(input, &model::Hidden).digest()
}

/// The digest of a file at a path.
///
/// # Errors
/// I/O faults.
pub(crate) fn digest_of(path: &Path) -> Result<Digest, Fault> {
    let mut file = File::open(path).map_err(|error| Fault::io("open", path, error))?;
    let mut hasher = seal::Hasher::new();
    io::copy(&mut file, &mut hasher).map_err(|error| Fault::io("read", path, error))?;
    Ok(hasher.finish())
}
