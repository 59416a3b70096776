//! Windows. There are no modes: what keeps others out is the access list of the folder, which `install windows` sets.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::net::TcpStream;
use std::os::windows::fs::MetadataExt as _;
use std::path::Path;

/// A connection.
pub(crate) type Stream = TcpStream;

pub(crate) fn of_tcp(stream: TcpStream) -> Stream {
    stream
}

/// A folder with the access list of the one above it.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// A new file with the access list of its folder.
pub(crate) fn create_secret(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Its access list is not looked at: the folder's is what counts.
pub(crate) fn is_secret(_: &Metadata) -> bool {
    true
}

/// NTFS keeps a journal of names; there is nothing that a program could ask for.
pub(crate) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// What tells a file from another one that has its name later: when it was made.
pub(crate) fn number(about: &Metadata) -> u64 {
    about.creation_time()
}
