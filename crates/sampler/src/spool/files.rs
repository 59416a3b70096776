//! The files of the buffer. Nothing but their names and their lines says what they are: there is no index that could be wrong.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::Fault;
use seal::canonical;

use crate::line::Link;
use crate::order::sort;

/// What the names of segments end in; before it stands the number of the first line, in 20 digits.
pub const ENDING: &str = ".segment";
/// The file whose lock says that a sampler runs.
const LOCK: &str = "lock";

/// A segment by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The file's name.
    pub name: String,
    /// The number of its first line.
    pub first: u64,
    /// How many bytes it has.
    pub bytes: u64,
    /// All its lines were taken by every receiver.
    is_acknowledged: bool,
}

/// The segments in a folder, oldest first. What is named otherwise is none.
///
/// # Errors
/// I/O errors of the folder.
pub fn list(folder: &Path) -> io::Result<Vec<Named>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let digits = name.strip_suffix(ENDING).filter(|digits| digits.len() == 20);
        let Some(first) = digits.and_then(|digits| digits.parse().ok()) else { continue };
        let bytes = entry.metadata()?.len();
        found.push(Named { name, first, bytes, is_acknowledged: false });
    }
    sort(&mut found, |a: &Named, b| a.first < b.first);
    Ok(found)
}

/// Takes the folder for this process.
pub(super) fn lock(folder: &Path) -> Result<File, Fault> {
    let path = folder.join(LOCK);
    let failed = |error| Fault::io("lock", &path, error);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    // Who only asks whether a sampler runs holds the lock for a moment.
    let mut locked = file.try_lock();
    for _ in 0..20 {
        if !matches!(locked, Err(fs::TryLockError::WouldBlock)) {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
        locked = file.try_lock();
    }
    match locked {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => {
            Err(Fault::refused("sampler-running", format!("Another sampler writes to {}", folder.display()))
                .advise("One sampler for each folder: stop the other one, or name another folder."))
        }
        Err(fs::TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Whether a sampler runs there.
pub(crate) fn is_locked(folder: &Path) -> bool {
    File::open(folder.join(LOCK)).is_ok_and(|file| matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)))
}

/// A new segment. One of the same name can only be what a failed attempt left: it goes aside.
pub(super) fn create(folder: &Path, first: u64) -> io::Result<(PathBuf, File)> {
    let path = folder.join(format!("{first:020}{ENDING}"));
    let open = || OpenOptions::new().append(true).create_new(true).open(&path);
    let file = match open() {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            fs::rename(&path, path.with_extension("torn"))?;
            open()?
        }
        file => file?,
    };
    Ok((path, file))
}

/// The segments in the order in which they go, with whether they were acknowledged: `below` is the first line that was not.
fn with_acknowledged(folder: &Path, below: u64) -> Vec<Named> {
    let mut all = list(folder).unwrap_or_default();
    // The newest stays: it says where the chain goes on.
    let next: Vec<u64> = all.iter().skip(1).map(|segment| segment.first).collect();
    all.truncate(next.len());
    for (segment, next) in all.iter_mut().zip(next) {
        segment.is_acknowledged = next <= below;
    }
    all
}

pub(super) fn oldest_acknowledged(folder: &Path, below: u64) -> Option<Named> {
    with_acknowledged(folder, below).into_iter().find(|segment| segment.is_acknowledged)
}

/// What has to go for a new segment of `more` bytes to have room below `most`.
pub(super) fn goners(folder: &Path, below: u64, most: u64, more: u64) -> Vec<Named> {
    let newest = list(folder).ok().and_then(|all| all.last().map(|newest| newest.bytes)).unwrap_or(0);
    let mut candidates = with_acknowledged(folder, below);
    let mut total: u64 = candidates.iter().map(|segment| segment.bytes).sum::<u64>() + newest;
    sort(&mut candidates, |a, b| (!a.is_acknowledged, a.first) < (!b.is_acknowledged, b.first));
    let mut gone = Vec::new();
    for segment in candidates {
        if total.saturating_add(more) <= most {
            break;
        }
        total -= segment.bytes;
        gone.push(segment);
    }
    sort(&mut gone, |a: &Named, b| a.first < b.first);
    gone
}

/// The record that explains why these are not there: where each begins and ends in the chain.
pub(super) fn dropped(folder: &Path, gone: &[Named]) -> Vec<u8> {
    let mut says = b",\"event\":\"dropped\",\"segments\":[".to_vec();
    for (at, segment) in gone.iter().enumerate() {
        if at > 0 {
            says.push(b',');
        }
        let bytes = fs::read(folder.join(&segment.name)).unwrap_or_default();
        let links: Vec<Link> = bytes.split(|byte| *byte == b'\n').filter_map(Link::read).collect();
        let (first, last, count) = (links.first(), links.last(), links.len());
        says.extend_from_slice(b"{\"name\":");
        canonical::push_string(&mut says, &segment.name);
        let digest = |digest: Option<model::Digest>| digest.map(|digest| digest.hex()).unwrap_or_default();
        let more = format!(
            ",\"first\":{},\"lines\":{count},\"previous\":\"{}\",\"end\":\"{}\",\"acknowledged\":{}}}",
            segment.first,
            digest(first.map(|link| link.previous)),
            digest(last.map(|link| link.digest)),
            segment.is_acknowledged
        );
        says.extend_from_slice(more.as_bytes());
    }
    says.push(b']');
    says
}
