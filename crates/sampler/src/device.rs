//! The key of a device: made on its first start, never anywhere else.
//!
//! A signature says "this device's key", and nothing about whether its sensors tell the truth.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::Path;

use model::Fault;
use seal::SigningKey;
use zeroize::Zeroizing;

use crate::os;

/// The secret half, mode 0600.
pub const KEY_FILE: &str = "device.key";
/// The public half, for whoever receives segments.
pub const PUBLIC_FILE: &str = "device.pub";
const KEY_MAX: u64 = 64 << 10;

/// Opens the key in `folder`, or makes one; the folder is made as well, for nobody else to look into.
///
/// # Errors
/// I/O faults; `key-mode` when others can read it; `bad-key-file`; `no-randomness`.
pub fn key(folder: &Path) -> Result<SigningKey, Fault> {
    let path = folder.join(KEY_FILE);
    if !path.exists() {
        make(folder, &path)?;
    }
    let failed = |error| Fault::io("read", &path, error);
    let file = File::open(&path).map_err(failed)?;
    if !os::is_secret(&file.metadata().map_err(failed)?) {
        return Err(Fault::refused("key-mode", format!("{} can be read by others", path.display())).advise(
            "Make it yours alone with `chmod 600`; when others may have read it, make a new device of this one.",
        ));
    }
    let mut pem = Zeroizing::new(String::new());
    file.take(KEY_MAX).read_to_string(&mut pem).map_err(failed)?;
    let key = SigningKey::from_pem(&pem).map_err(|fault| fault.in_file(&path))?;
    publish(folder, &key)?;
    Ok(key)
}

fn make(folder: &Path, path: &Path) -> Result<(), Fault> {
    let failed = |error| Fault::io("write", path, error);
    os::make_folder(folder).map_err(|error| Fault::io("make", folder, error))?;
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| {
        Fault::unavailable("no-randomness", format!("The system gives no randomness: {error}"))
            .advise("Run the command again.")
    })?;
    let pem = SigningKey::from_seed(seed).to_pem();
    // It appears whole: a start that is killed leaves no half of a key.
    let draft = path.with_extension("key.new");
    let _ = fs::remove_file(&draft);
    let mut file = os::create_secret(&draft).map_err(failed)?;
    file.write_all(pem.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    drop(file);
    fs::rename(&draft, path).and_then(|()| os::sync_folder(folder)).map_err(failed)
}

fn publish(folder: &Path, key: &SigningKey) -> Result<(), Fault> {
    let path = folder.join(PUBLIC_FILE);
    let pem = key.public().to_pem();
    if fs::read_to_string(&path).is_ok_and(|text| text == pem) {
        return Ok(());
    }
    fs::write(&path, pem).map_err(|error| Fault::io("write", &path, error))
}
