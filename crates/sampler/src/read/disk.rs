//! Bytes from and to each disk (`proc/diskstats`), and the room on the file system of the root.

use super::Root;
use crate::names;
use crate::point::Points;

/// The kernel counts in these, whatever the disk has.
const SECTOR: u64 = 512;

pub(super) fn read(root: &Root, points: &mut Points) {
    for line in root.text("proc/diskstats").unwrap_or_default().lines() {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let Some(name) = fields.get(2).filter(|name| is_disk(root, name)) else { continue };
        for (direction, at) in [("read", 5), ("write", 9)] {
            let sectors = fields.get(at).and_then(|field| field.parse::<u64>().ok());
            if let Some(bytes) = sectors.and_then(|sectors| sectors.checked_mul(SECTOR)) {
                let labels = [("system.device", *name), ("disk.io.direction", direction)];
                points.labelled(names::DISK_IO, &labels, bytes);
            }
        }
    }
    room(root, points);
}

/// Whole disks only: a partition's bytes are its disk's as well, and a loop's those of the disk below.
fn is_disk(root: &Root, name: &str) -> bool {
    let is_made_up = ["loop", "ram", "zram", "dm-", "md"].iter().any(|prefix| name.starts_with(prefix));
    !is_made_up && !name.contains('/') && root.path(&format!("sys/block/{name}")).exists()
}

fn room(root: &Root, points: &mut Points) {
    let Ok(about) = rustix::fs::statvfs(root.as_path()) else { return };
    let size = about.f_blocks.saturating_mul(about.f_frsize);
    let mount = ("system.filesystem.mountpoint", "/");
    points.labelled(names::FILESYSTEM_LIMIT, &[mount], size);
    for (state, blocks) in [("used", about.f_blocks - about.f_bfree), ("free", about.f_bavail)] {
        let labels = [mount, ("system.filesystem.state", state)];
        points.labelled(names::FILESYSTEM_USAGE, &labels, blocks.saturating_mul(about.f_frsize));
    }
}
