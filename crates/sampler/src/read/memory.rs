//! The memory of the machine: `proc/meminfo`.

use super::Root;
use crate::names;
use crate::point::Points;

pub(super) fn read(root: &Root, points: &mut Points) {
    let Some(text) = root.again("proc/meminfo") else { return };
    let available = kibibytes(&text, "MemAvailable:");
    if let Some(available) = available {
        points.push(names::MEMORY_AVAILABLE, available);
    }
    let Some(total) = kibibytes(&text, "MemTotal:") else { return };
    points.push(names::MEMORY_LIMIT, total);
    // Without MemAvailable (before Linux 3.14) nobody knows what is free: there is no figure then.
    if let Some(used) = available.and_then(|available| total.checked_sub(available)) {
        points.labelled(names::MEMORY_USAGE, &[("system.memory.state", "used")], used);
        points.labelled(names::MEMORY_UTILIZATION, &[("system.memory.state", "used")], used as f64 / total as f64);
    }
}

/// Bytes behind a name in a file that counts in kB.
pub(super) fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}
