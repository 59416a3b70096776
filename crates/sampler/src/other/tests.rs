//! On Linux the same machine can be asked in both ways.

use super::{Readers, Root};
use crate::clock::Now;
use crate::names::{self, Kind};
use crate::point::{Number, Point, Points};

fn number(value: Number) -> f64 {
    match value {
        Number::Int(int) => int as f64,
        Number::Float(float) => float,
    }
}

fn same<'p>(points: &'p Points, point: &Point) -> Option<&'p Point> {
    // Names of chips and of volumes are theirs.
    points.0.iter().find(|other| other.metric == point.metric && other.labels == point.labels)
}

/// What only rises lies between what our own readers say before and after; what is fixed is the same; and every series but
/// those that are said not to be given is there.
#[test]
fn both_ways_say_the_same() {
    let mine = std::fs::read_to_string("/proc/self/comm").unwrap().trim().to_owned();
    let mut own = crate::read::Readers::new(crate::read::Root::new("/"), vec![mine.clone()]);
    let mut other = Readers::new(Root::new("/"), vec![mine]);
    own.read(&Now::default());
    other.read(&Now::default());
    std::thread::sleep(sysinfo::MINIMUM_CPU_UPDATE_INTERVAL);
    let (before, between, after) = (own.read(&Now::default()), other.read(&Now::default()), own.read(&Now::default()));
    let mut compared = 0;
    for point in &between.0 {
        let (Some(before), Some(after)) = (same(&before, point), same(&after, point)) else { continue };
        let (low, value, high) = (number(before.value), number(point.value), number(after.value));
        let fits = match point.metric.name {
            "system.memory.limit" | "system.filesystem.limit" => value == low,
            "probity.system.load_average" => (value - low).abs() < 2.0,
            // The kernel shows hundredths of a second to the one, and thousandths made of them to the other.
            "process.cpu.time" => (low - 0.02..=high + 0.02).contains(&value),
            _ if point.metric.kind == Kind::Counter => (low..=high).contains(&value),
            "system.cpu.utilization" | "system.memory.utilization" => (0.0..=1.0).contains(&value),
            _ => value > 0.0,
        };
        assert!(fits, "{}: {low}, {value}, {high}", point.metric.name);
        compared += 1;
    }
    let (root, theirs) = (crate::read::Root::new("/"), Root::new("/"));
    assert_eq!(theirs.host(), root.host());
    assert!(theirs.boot_id().starts_with("since-") || theirs.boot_id() == root.boot_id());
    assert!(compared >= 7, "{between:?}");
    let is_missing = |point: &&Point| !between.0.iter().any(|other| other.metric == point.metric);
    let missing: Vec<&str> = before.0.iter().filter(is_missing).map(|point| point.metric.name).collect();
    // Where the root is what a container makes of others, sysinfo knows of no disk.
    let has_disks = !other.disks.list().is_empty();
    let not_given = |name: &&str| {
        let said = ["hw.battery.", "hw.status", "container.", "probity.container.", "probity.battery."];
        let is_of_a_disk = name.starts_with("system.filesystem.") || name.starts_with("system.disk.");
        *name == names::MEMORY_AVAILABLE.name
            || is_of_a_disk && !has_disks
            || said.iter().any(|start| name.starts_with(start))
    };
    assert!(missing.iter().all(not_given), "{missing:?}");
}
