//! A followed file and what its rotations left beside it.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use model::Fault;

/// Endings of packed files: what is in them was taken before they were packed.
const PACKED: [&str; 6] = [".gz", ".zst", ".xz", ".bz2", ".lz4", ".zip"];

/// One file of a family.
pub(super) struct Member {
    pub(super) path: PathBuf,
    /// Device and inode.
    pub(super) place: (u64, u64),
    pub(super) size: u64,
    /// It lies where the followed file lies.
    pub(super) is_main: bool,
}

/// The followed file, where it is there, and files beside it whose names go on behind its own: `app.log.1`, `app.log-20260131`.
/// Packed ones are left out. What disappears meanwhile is not there.
///
/// # Errors
/// Failures to read the folder.
pub(super) fn members(main: &Path) -> Result<Vec<Member>, Fault> {
    let folder = match main.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let name = main.file_name().unwrap_or_default().as_encoded_bytes();
    let mut members: Vec<Member> = member(main, true, fs::metadata(main)).into_iter().collect();
    for entry in fs::read_dir(folder).map_err(|error| Fault::io("read", folder, error))? {
        let entry = entry.map_err(|error| Fault::io("read", folder, error))?;
        let own = entry.file_name();
        let rest = own.as_encoded_bytes().strip_prefix(name);
        let is_packed = PACKED.iter().any(|end| own.as_encoded_bytes().ends_with(end.as_bytes()));
        if rest.and_then(<[u8]>::first).is_some_and(|byte| b".-_".contains(byte)) && !is_packed {
            members.extend(member(&entry.path(), false, entry.metadata()));
        }
    }
    Ok(members)
}

fn member(path: &Path, is_main: bool, metadata: std::io::Result<fs::Metadata>) -> Option<Member> {
    let metadata = metadata.ok().filter(fs::Metadata::is_file)?;
    let place = (metadata.dev(), metadata.ino());
    Some(Member { path: path.to_path_buf(), place, size: metadata.len(), is_main })
}
