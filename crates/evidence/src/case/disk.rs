//! Files of a case on their way in and out: hashed while they pass.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use model::{Digest, Fault, Progress};
use seal::Hasher;

use crate::{Limits, files};

/// Copies a stream into a file that appears whole: size and digest.
pub(super) fn store(content: &mut dyn Read, path: &Path, progress: &dyn Progress) -> Result<(u64, Digest), Fault> {
    let draft = files::draft(path);
    let mut file = File::create(&draft).map_err(|error| Fault::io("create", &draft, error))?;
    let mut hasher = Hasher::new();
    let mut block = vec![0; 1 << 18];
    let mut size = 0;
    loop {
        let got = match content.read(&mut block) {
            Ok(0) => break,
            Ok(got) => got,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Fault::io("read the exhibit for", path, error)),
        };
        size += got as u64;
        if size > Limits::EXHIBIT_BYTES {
            return Err(Fault::bad_input(
                "exhibit-too-large",
                format!("The exhibit is larger than {} bytes", Limits::EXHIBIT_BYTES),
            )
            .advise("Split it, and add the parts."));
        }
        hasher.update(&block[..got]);
        file.write_all(&block[..got]).map_err(|error| Fault::io("write", &draft, error))?;
        progress.advance(got as u64);
    }
    file.sync_all().map_err(|error| Fault::io("sync", &draft, error))?;
    fs::rename(&draft, path).map_err(|error| Fault::io("write", path, error))?;
    Ok((size, hasher.finish()))
}

pub(super) fn hash_file(path: &Path, progress: &dyn Progress) -> Result<(u64, Digest), Fault> {
    let mut file = File::open(path).map_err(|error| Fault::io("read", path, error))?;
    let mut hasher = Hasher::new();
    let mut block = vec![0; 1 << 18];
    let mut size = 0;
    loop {
        match file.read(&mut block).map_err(|error| Fault::io("read", path, error))? {
            0 => return Ok((size, hasher.finish())),
            got => {
                hasher.update(&block[..got]);
                size += got as u64;
                progress.advance(got as u64);
            }
        }
    }
}
