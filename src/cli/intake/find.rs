//! Which files are meant.

use std::fs::Metadata;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use model::{Fault, Instant, Place};
use walkdir::WalkDir;

use crate::cli::project::STATE_FOLDER;

const DEPTH_MAX: usize = 64;
const FILES_MAX: usize = 1_000_000;

/// One input: a file, or standard input.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    path: PathBuf,
    metadata: Option<Metadata>,
}

impl Input {
    /// The path; `-` for standard input.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A file that somebody has open.
    pub(super) fn at(path: PathBuf) -> Self {
        Input { path, metadata: None }
    }

    pub(crate) fn is_stdin(&self) -> bool {
        self.path.as_os_str() == "-"
    }

    /// The size of a regular file.
    pub(crate) fn size(&self) -> Option<u64> {
        self.metadata.as_ref().filter(|metadata| metadata.is_file()).map(Metadata::len)
    }

    /// When the file was written.
    pub(crate) fn modified(&self) -> Option<Instant> {
        let since = self.metadata.as_ref()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        i64::try_from(since.as_nanos()).ok().map(Instant::from_nanos)
    }

    /// The time in the file's name, as recorders write it: `node-20260131T090000Z.prom`.
    pub(crate) fn stamp_in_name(&self) -> Option<Instant> {
        stamp(self.path.file_name()?.to_str()?)
    }

    /// The fault with this input as its file.
    pub(crate) fn name_in(&self, fault: Fault) -> Fault {
        if self.is_stdin() { fault } else { fault.in_file(&self.path) }
    }
}

/// The files behind `paths`: files themselves, folders with everything below, `-` for standard input.
///
/// Symbolic links inside folders are not followed, and only regular files count there: a link bomb or a socket in a
/// folder does no harm. What probity itself keeps in a project is no input.
///
/// # Errors
/// `not-found`, `no-permission`, `io-failed`; `not-a-file`, `too-many-files`.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Vec<Input>, Fault> {
    let mut inputs = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            inputs.push(Input { path: path.clone(), metadata: None });
            continue;
        }
        let metadata = path.metadata().map_err(|error| Fault::io("open", path, error))?;
        if metadata.is_dir() {
            walk(path, &mut inputs)?;
        } else if metadata.file_type().is_socket() || metadata.file_type().is_block_device() {
            return Err(Fault::bad_input("not-a-file", format!("{} is a socket or a disk", path.display()))
                .advise("Name a file, a folder, a pipe, or `-` for standard input."));
        } else {
            inputs.push(Input { path: path.clone(), metadata: Some(metadata) });
        }
    }
    Ok(inputs)
}

fn walk(folder: &Path, inputs: &mut Vec<Input>) -> Result<(), Fault> {
    let tree = WalkDir::new(folder).max_depth(DEPTH_MAX).sort_by_file_name().into_iter();
    for entry in tree.filter_entry(|entry| entry.depth() == 0 || entry.file_name() != STATE_FOLDER) {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(folder).to_path_buf();
            Fault::io("read", &path, error.into())
        })?;
        if !entry.file_type().is_file() || is_of_a_sampler(entry.path()) {
            continue;
        }
        if inputs.len() == FILES_MAX {
            return Err(Fault::bad_input("too-many-files", format!("There are more than {FILES_MAX} files"))
                .at(Place::file(folder))
                .advise("Name a smaller folder."));
        }
        let metadata = entry.metadata().map_err(|error| Fault::io("read", entry.path(), error.into()))?;
        inputs.push(Input { path: entry.into_path(), metadata: Some(metadata) });
    }
    Ok(())
}

/// What a sampler keeps beside its segments: its key, its lock, what was cut off, what receivers have.
fn is_of_a_sampler(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let is_named_so = ["device.key", "device.pub", "lock"].contains(&name)
        || [".torn", ".receiver"].iter().any(|end| name.ends_with(end));
    is_named_so && path.with_file_name("device.pub").is_file()
}

/// The first `YYYYMMDDTHHMMSSZ` (ISO 8601, basic form, UTC) in a name.
fn stamp(name: &str) -> Option<Instant> {
    name.as_bytes().windows(16).find_map(|window| {
        let shape = window.iter().enumerate().all(|(index, byte)| match index {
            8 => *byte == b'T',
            15 => *byte == b'Z',
            _ => byte.is_ascii_digit(),
        });
        let text = std::str::from_utf8(window).ok().filter(|_| shape)?;
        let (date, time) = (&text[..8], &text[9..15]);
        let rfc3339 =
            format!("{}-{}-{}T{}:{}:{}Z", &date[..4], &date[4..6], &date[6..], &time[..2], &time[2..4], &time[4..]);
        Instant::parse(&rfc3339).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorders_name_holds_the_time() {
        let check = |name, expect: Option<&str>| {
            assert_eq!(stamp(name).map(|instant| instant.to_string()).as_deref(), expect, "{name}");
        };
        check("node-20260131T090000Z.prom.gz", Some("2026-01-31T09:00:00Z"));
        check("20261399T090000Z", None);
        check("node-20260131T090000.prom", None);
        check("node.prom", None);
    }
}
