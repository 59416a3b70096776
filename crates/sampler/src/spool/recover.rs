//! What a start finds: where the chain ends, and what stands behind that.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use model::{Digest, Fault};
use seal::canonical;

use super::files;
use crate::line::Link;

/// Where the chain goes on.
pub(super) struct Left {
    pub(super) seq: u64,
    pub(super) head: Digest,
    /// Records of what was cut.
    pub(super) cuts: Vec<Vec<u8>>,
}

/// Finds the last good line. What follows it was promised to nobody: it goes to a file beside the segment.
///
/// Damage in the middle of a segment is left as it is; whoever verifies names it. The chain goes on behind the last good line.
pub(super) fn recover(folder: &Path) -> Result<Left, Fault> {
    let mut left = Left { seq: 0, head: Digest::ZERO, cuts: Vec::new() };
    let segments = files::list(folder).map_err(|error| Fault::io("read", folder, error))?;
    for segment in segments.iter().rev() {
        let path = folder.join(&segment.name);
        let bytes = fs::read(&path).map_err(|error| Fault::io("read", &path, error))?;
        let (last, good) = last_good(&bytes);
        if good < bytes.len() {
            let kept = cut(&path, &bytes[good..], good).is_ok();
            left.cuts.push(record(&segment.name, bytes.len() - good, kept));
        }
        if let Some(last) = last {
            (left.seq, left.head) = (last.seq + 1, last.digest);
            break;
        }
    }
    Ok(left)
}

/// The last line whose digest is right, and where it ends.
fn last_good(bytes: &[u8]) -> (Option<Link>, usize) {
    let (mut last, mut good, mut at) = (None, 0, 0);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        if let Some(link) = line.strip_suffix(b"\n").and_then(Link::read) {
            (last, good) = (Some(link), at);
        }
    }
    (last, good)
}

/// Moves the tail aside. A segment without one good line goes as a whole.
fn cut(path: &Path, tail: &[u8], good: usize) -> io::Result<()> {
    let aside = path.with_extension("torn");
    if good == 0 {
        return fs::rename(path, aside);
    }
    let mut file = File::create(&aside)?;
    file.write_all(tail)?;
    file.sync_all()?;
    let segment = OpenOptions::new().write(true).open(path)?;
    segment.set_len(good as u64)?;
    segment.sync_all()
}

fn record(name: &str, bytes: usize, kept: bool) -> Vec<u8> {
    let mut says = b",\"event\":\"cut\",\"segment\":".to_vec();
    canonical::push_string(&mut says, name);
    says.extend_from_slice(format!(",\"bytes\":{bytes},\"kept\":{kept}").as_bytes());
    says
}
