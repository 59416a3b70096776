//! Files of a folder: `file:DIR`.
//!
//! No name leads out of the folder: every part of a path is opened by itself, links are never followed. A file is written
//! anew beside itself, brought to the disk and renamed, so that whoever reads it, and whoever pulls the plug, has the old
//! or the new one.

mod walk;

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use model::Fault;
use privacy::map::Dataset;
use privacy::store::{Abilities, DataStore};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::Access;
use crate::bodies::formats::{Changed, unwritable};
use crate::bodies::{Bodies, Change, Entry, LEFTOVER, Rows};

/// Opens the folder that `url` names; relative paths start from `access.folder`.
pub(crate) fn open(url: &str, access: &Access, dataset: &Dataset) -> Result<Box<dyn DataStore>, Fault> {
    let path = url.split_once(':').map_or(url, |(_, path)| path);
    let path = if path.starts_with("///") { &path[2..] } else { path };
    let path = access.folder.join(path);
    let root = rustix::fs::openat(CWD, &path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let root = root.map_err(|error| closed(&path, error.into()))?;
    Ok(Box::new(Rows::of(Files { path, root }, dataset)?))
}

struct Files {
    path: PathBuf,
    root: OwnedFd,
}

fn closed(path: &Path, error: std::io::Error) -> Fault {
    let what = Fault::io("open the folder", path, error);
    Fault::unavailable("store-unreachable", what.message().to_owned())
        .advise("Check the path of the store, and that this user may read it.")
}

/// What `act` on a name did wrong; that nothing stands there is `None`.
fn absent<T>(act: &str, name: &str, result: Result<T, Errno>) -> Result<Option<T>, Fault> {
    match result {
        Ok(done) => Ok(Some(done)),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
        Err(Errno::LOOP) => {
            Err(Fault::unavailable("body-not-readable", format!("{name} cannot be read: a link is on the way"))
                .advise("Links are not followed, for they can lead out of the folder. Put the file itself there."))
        }
        Err(error) => Err(Fault::io(act, Path::new(name), error.into())),
    }
}

fn is_link(folder: &OwnedFd, name: &str) -> bool {
    let stat = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW);
    stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
}

impl Files {
    /// The folder in which `name` stands, and the last part of it.
    fn parent<'a>(&self, name: &'a str) -> Result<Option<(OwnedFd, &'a str)>, Fault> {
        let mut parts: Vec<&str> = name.split('/').collect();
        let wrong = |part: &&str| part.is_empty() || *part == "." || *part == ".." || part.contains('\0');
        if parts.iter().any(wrong) {
            return Err(Fault::bad_input(
                "path-outside",
                format!("{name:?} is no path within the folder of the store"),
            )
            .advise("Paths are relative, without `.` and `..`."));
        }
        let last = parts.pop().unwrap_or_default();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut folder = self.root.try_clone().map_err(|error| Fault::io("open", &self.path, error))?;
        for part in parts {
            let next = match rustix::fs::openat(&folder, part, flags, Mode::empty()) {
                // Without following, a link is no folder.
                Err(Errno::NOTDIR) if is_link(&folder, part) => Err(Errno::LOOP),
                next => next,
            };
            match absent("open", name, next)? {
                Some(next) => folder = next,
                None => return Ok(None),
            }
        }
        Ok(Some((folder, last)))
    }

    fn stat(&self, name: &str) -> Result<Option<Stat>, Fault> {
        let Some((folder, last)) = self.parent(name)? else { return Ok(None) };
        absent("look at", name, rustix::fs::statat(&folder, last, AtFlags::SYMLINK_NOFOLLOW))
    }

    fn file(&self, name: &str) -> Result<Option<File>, Fault> {
        let Some((folder, last)) = self.parent(name)? else { return Ok(None) };
        // A pipe would wait for a writer for ever.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = absent("open", name, rustix::fs::openat(&folder, last, flags, Mode::empty()))?;
        Ok(file.map(File::from))
    }

    /// Writes the successor of `file` into `folder` and puts it in its place.
    fn replace(
        &self,
        name: &str,
        file: &File,
        folder: &OwnedFd,
        last: &str,
        change: &mut Change<'_>,
    ) -> Result<Changed, Fault> {
        let io = |act: &'static str| move |error: Errno| Fault::io(act, Path::new(name), error.into());
        let before = rustix::fs::fstat(file).map_err(io("look at"))?;
        if before.st_nlink > 1 {
            return Err(linked(name));
        }
        let beside = format!(".{last}{LEFTOVER}");
        // What an interrupted run has left is of no use to this one.
        let _ = rustix::fs::unlinkat(folder, &beside, AtFlags::empty());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let new = rustix::fs::openat(folder, &beside, flags, Mode::RUSR | Mode::WUSR).map_err(io("write beside"))?;
        let new = File::from(new);
        let done = write(name, file, &new, change).and_then(|changed| {
            if changed.is_different && !changed.is_gone {
                keep_rights(&before, &new).map_err(io("keep owner and rights of"))?;
                new.sync_all().map_err(|error| unwritable(name, error))?;
            }
            let now = rustix::fs::statat(folder, last, AtFlags::SYMLINK_NOFOLLOW).map_err(io("look at"))?;
            if !is_same(&now, &before) {
                return Err(changed_meanwhile(name));
            }
            match changed {
                Changed { is_gone: true, .. } => {
                    rustix::fs::unlinkat(folder, last, AtFlags::empty()).map_err(io("delete"))?
                }
                Changed { is_different: true, .. } => {
                    rustix::fs::renameat(folder, &beside, folder, last).map_err(io("replace"))?;
                }
                Changed { is_different: false, .. } => {}
            }
            Ok(changed)
        });
        if !matches!(done, Ok(Changed { is_different: true, is_gone: false, .. })) {
            let _ = rustix::fs::unlinkat(folder, &beside, AtFlags::empty());
        }
        let changed = done?;
        rustix::fs::fsync(folder).map_err(io("bring to the disk the folder of"))?;
        Ok(changed)
    }
}

fn write(name: &str, file: &File, new: &File, change: &mut Change<'_>) -> Result<Changed, Fault> {
    let mut output = BufWriter::with_capacity(1 << 18, new);
    let changed = change(Box::new(file), &mut output)?;
    output.flush().map_err(|error| unwritable(name, error))?;
    Ok(changed)
}

fn keep_rights(before: &Stat, new: &File) -> Result<(), Errno> {
    let own = rustix::fs::fstat(new)?;
    if (own.st_uid, own.st_gid) != (before.st_uid, before.st_gid) {
        use rustix::fs::{Gid, Uid};
        rustix::fs::fchown(new, Some(Uid::from_raw(before.st_uid)), Some(Gid::from_raw(before.st_gid)))?;
    }
    rustix::fs::fchmod(new, Mode::from_raw_mode(before.st_mode))
}

/// Whether it is still the file that was read, of the same length and time.
fn is_same(one: &Stat, other: &Stat) -> bool {
    one.st_dev == other.st_dev
        && one.st_ino == other.st_ino
        && one.st_size == other.st_size
        && (one.st_mtime, one.st_mtime_nsec) == (other.st_mtime, other.st_mtime_nsec)
}

fn linked(name: &str) -> Fault {
    Fault::refused("file-has-links", format!("{name} has another name on this disk"))
        .advise("The other name would keep the old content. Take the link away, or make it a copy, and run again.")
}

fn changed_meanwhile(name: &str) -> Fault {
    Fault::refused("body-changed", format!("{name} was written by somebody else at the same time"))
        .advise("Nothing was changed in it. Run the command again when nobody writes to it.")
}

impl Bodies for Files {
    fn version(&mut self) -> Result<String, Fault> {
        Ok(format!("files of a folder ({})", std::env::consts::OS))
    }

    fn name_column(&self) -> &'static str {
        "path"
    }

    fn abilities(&self) -> Abilities {
        Abilities { transactions: false, versions: false }
    }

    fn list(&self, prefix: &str) -> Box<dyn Iterator<Item = Result<Entry, Fault>>> {
        Box::new(walk::Walk::of(&self.path, prefix))
    }

    fn entry(&mut self, id: &str) -> Result<Option<Entry>, Fault> {
        let Some(stat) = self.stat(id)? else { return Ok(None) };
        let kind = FileType::from_raw_mode(stat.st_mode);
        let unread = (kind != FileType::RegularFile).then(|| walk::why(kind == FileType::Symlink).to_owned());
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        Ok((kind != FileType::Directory).then(|| Entry {
            id: id.to_owned(),
            name: id.to_owned(),
            size,
            unread,
            is_marker: false,
        }))
    }

    fn read(&mut self, id: &str) -> Result<Option<Box<dyn Read>>, Fault> {
        Ok(self.file(id)?.map(|file| Box::new(file) as Box<dyn Read>))
    }

    fn rewrite(&mut self, id: &str, change: &mut Change<'_>) -> Result<Changed, Fault> {
        let (Some((folder, last)), Some(file)) = (self.parent(id)?, self.file(id)?) else {
            return Ok(Changed::default());
        };
        // Who else keeps to such locks waits for us, or we for nobody.
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(Fault::unavailable("store-lock-timeout", format!("{id} is locked by another program"))
                    .advise("Run the command again when the other program is done."));
            }
            Err(std::fs::TryLockError::Error(error)) => return Err(Fault::io("lock", Path::new(id), error)),
        }
        self.replace(id, &file, &folder, last, change)
    }

    fn remove(&mut self, id: &str) -> Result<bool, Fault> {
        let (Some((folder, last)), Some(stat)) = (self.parent(id)?, self.stat(id)?) else { return Ok(false) };
        if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_nlink > 1 {
            return Err(linked(id));
        }
        let is_done = absent("delete", id, rustix::fs::unlinkat(&folder, last, AtFlags::empty()))?.is_some();
        rustix::fs::fsync(&folder)
            .map_err(|error| Fault::io("bring to the disk the folder of", Path::new(id), error.into()))?;
        Ok(is_done)
    }

    fn remains(&mut self) -> Result<Vec<String>, Fault> {
        Ok(vec![
            "Files were replaced or deleted and their folders brought to the disk; the blocks of the old files stay on it until \
             they are used again, and in snapshots and backups of the file system."
                .to_owned(),
        ])
    }
}
