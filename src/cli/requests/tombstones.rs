//! The project's tombstones and the secret that they are made with.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;

use model::{ByteSize, Fault};
use privacy::tombstone::{Secret, Tombstone, Tombstones};
use zeroize::Zeroizing;

use crate::cli::context::Context;
use crate::cli::{consent, files, keys};

const FILE_MAX: ByteSize = ByteSize(1 << 30);
const KEY_MAX: ByteSize = ByteSize(1 << 10);
const KEY: &str = "keys/tombstone.key";
const STONES: &str = "tombstones.jsonl";

/// The secret of the project's pseudonyms; made when there is none and nobody was erased yet.
///
/// # Errors
/// `no-key` when it is gone and there are tombstones; `bad-key-file`; I/O faults.
pub(crate) fn secret(context: &Context) -> Result<Secret, Fault> {
    let path = context.project.state(KEY);
    if !path.is_file() {
        if [STONES, consent::LOG].iter().any(|of| context.project.state(of).is_file()) {
            let message = format!("The secret of the pseudonyms is not at {}", path.display());
            return Err(Fault::unavailable("no-key", message).advise(
                "Restore it from your backup. Without it nobody who was erased, or who consented, can be known again.",
            ));
        }
        keys::private_folder(files::folder_of(&path))?;
        let hex: String = keys::random()?.iter().map(|byte| format!("{byte:02x}")).collect();
        match keys::write_secret(&path, Zeroizing::new(hex + "\n").as_bytes()) {
            // Another run was quicker; its secret is ours.
            Err(fault) if fault.code() == "output-exists" => {}
            written => written?,
        }
    }
    let text = Zeroizing::new(files::read_text(&path, KEY_MAX)?);
    let digest = model::Digest::parse(text.trim()).map_err(|_| {
        Fault::bad_input("bad-key-file", "This is no secret of tombstones: 64 hexadecimal digits")
            .at(model::Place::file(&path))
            .advise("Restore it from your backup.")
    })?;
    Ok(Secret::new(*digest.as_bytes()))
}

/// As [`secret`], where there is one: nothing is made.
///
/// # Errors
/// As [`secret`].
pub(crate) fn known_secret(context: &Context) -> Result<Option<Secret>, Fault> {
    context.project.state(KEY).is_file().then(|| secret(context)).transpose()
}

/// Who was erased.
///
/// # Errors
/// `bad-tombstone`; I/O faults.
pub(crate) fn stones(context: &Context) -> Result<Tombstones, Fault> {
    let path = context.project.state(STONES);
    if !path.is_file() {
        return Ok(Tombstones::default());
    }
    Tombstones::read(&files::read_text(&path, FILE_MAX)?).map_err(|fault| fault.in_file(&path))
}

/// Adds tombstones. On return they are on the disk.
///
/// # Errors
/// I/O faults.
pub(crate) fn bury(context: &Context, dead: &[Tombstone]) -> Result<(), Fault> {
    if dead.is_empty() {
        return Ok(());
    }
    let path = context.project.state(STONES);
    let fault = |error| Fault::io("write", &path, error);
    // A line that an earlier run did not finish was promised to nobody.
    if path.is_file() {
        let bytes = files::read(&path, FILE_MAX)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole < bytes.len() {
            File::options().write(true).open(&path).and_then(|file| file.set_len(whole as u64)).map_err(fault)?;
        }
    }
    let lines: String = dead.iter().map(|stone| stone.to_line() + "\n").collect();
    let mut file = File::options().create(true).append(true).mode(0o600).open(&path).map_err(fault)?;
    file.write_all(lines.as_bytes()).and_then(|()| file.sync_all()).map_err(fault)?;
    File::open(files::folder_of(&path)).and_then(|folder| folder.sync_all()).map_err(fault)
}
