//! Linux, macOS, the BSDs.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// A connection. To the system one over TCP and one of a Unix socket are the same.
pub(crate) type Stream = std::os::unix::net::UnixStream;

pub(crate) fn of_tcp(stream: TcpStream) -> Stream {
    OwnedFd::from(stream).into()
}

/// A folder for nobody else to look into.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// A new file that nobody else can read.
pub(crate) fn create_secret(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Whether nobody else can read it.
pub(crate) fn is_secret(about: &Metadata) -> bool {
    about.permissions().mode() & 0o077 == 0
}

/// On return the names in it are on the disk.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// What tells a file from another one that has its name later.
pub(crate) fn number(about: &Metadata) -> u64 {
    about.ino()
}
