//! Bytes from and to each disk (`proc/diskstats`), and the room on the file system of the root.

use super::Root;
use crate::names;
use crate::point::Points;

/// The kernel counts in these, whatever the disk has.
const SECTOR: u64 = 512;

/// Which names are those of whole disks: asked once, as long as a name is in the list.
#[derive(Debug, Default)]
pub(super) struct Disk(Vec<(String, bool)>);

impl Disk {
    pub(super) fn read(&mut self, root: &Root, points: &mut Points) {
        let text = root.again("proc/diskstats").unwrap_or_default();
        let known = std::mem::take(&mut self.0);
        for line in text.lines() {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            let Some(name) = fields.get(2) else { continue };
            let before = known.iter().find(|(known, _)| known == name);
            let is_disk = before.map_or_else(|| is_disk(root, name), |(_, is_disk)| *is_disk);
            if is_disk {
                show(name, &fields, points);
            }
            self.0.push(((*name).to_owned(), is_disk));
        }
        room(root, points);
    }
}

fn show(name: &str, fields: &[&str], points: &mut Points) {
    for (direction, at) in [("read", 5), ("write", 9)] {
        let sectors = fields.get(at).and_then(|field| field.parse::<u64>().ok());
        if let Some(bytes) = sectors.and_then(|sectors| sectors.checked_mul(SECTOR)) {
            let labels = [("system.device", name), ("disk.io.direction", direction)];
            points.labelled(names::DISK_IO, &labels, bytes);
        }
    }
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
