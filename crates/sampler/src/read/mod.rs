//! What the Linux kernel says of the machine, read from its own files below `--root`.
//!
//! Every file and every attribute is optional: a battery that answers ENODEV costs its own points and nothing else.

mod battery;
mod cgroup;
mod cpu;
mod disk;
mod memory;
mod network;
mod process;
mod thermal;

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::clock::Now;
use crate::names;
use crate::point::Points;

/// More of one file of the kernel is not read.
const FILE_MAX: u64 = 256 << 10;
/// More entries of one folder are not looked at; processes come one folder each.
const ENTRIES_MAX: usize = 65_536;

/// Where the machine's files begin: `/`, the mount of a host in a container, or a fixture.
#[derive(Clone, Debug)]
pub struct Root(PathBuf);

impl Root {
    /// A root.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Root(path.into())
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.0.join(below.trim_start_matches('/'))
    }

    /// The text of a file, or `None` whatever is wrong with it.
    pub(crate) fn text(&self, below: &str) -> Option<String> {
        // Most files fit: one read for what is there, and one that finds the end.
        let mut bytes = Vec::with_capacity(8 << 10);
        File::open(self.path(below)).ok()?.take(FILE_MAX).read_to_end(&mut bytes).ok()?;
        String::from_utf8(bytes).ok()
    }

    pub(crate) fn word(&self, below: &str) -> Option<String> {
        self.text(below).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    pub(crate) fn number(&self, below: &str) -> Option<u64> {
        self.text(below)?.trim().parse().ok()
    }

    /// The names in a folder, sorted, so that samples are in one order.
    pub(crate) fn names(&self, below: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path(below)) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.take(ENTRIES_MAX).flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort_unstable();
        names
    }

    /// Which boot this is; a fresh id for each.
    pub fn boot_id(&self) -> String {
        self.word("proc/sys/kernel/random/boot_id").unwrap_or_else(|| "unknown".to_owned())
    }

    /// The machine's name.
    pub fn host(&self) -> String {
        self.word("proc/sys/kernel/hostname").or_else(|| self.word("etc/hostname")).unwrap_or_default()
    }

    fn as_path(&self) -> &Path {
        &self.0
    }
}

/// All readers, with what they remember from one sample to the next.
#[derive(Debug)]
pub struct Readers {
    root: Root,
    processes: Vec<String>,
    cpu: cpu::Cpu,
    cgroup: cgroup::Cgroup,
    network: network::Network,
    battery: battery::Battery,
}

impl Readers {
    /// Readers below `root`; `processes` are names of programs whose memory and processor time is wanted.
    pub fn new(root: Root, processes: Vec<String>) -> Self {
        let cgroup = cgroup::Cgroup::find(&root);
        let (cpu, network, battery) = Default::default();
        Readers { root, processes, cpu, cgroup, network, battery }
    }

    /// Reads everything once. What is a difference to the sample before is missing in the first one.
    pub fn read(&mut self, now: &Now) -> Points {
        let mut points = Points::default();
        let root = &self.root;
        self.cpu.read(root, &mut points);
        memory::read(root, &mut points);
        load(root, &mut points);
        self.cgroup.read(root, now, &mut points);
        self.network.read(root, now, &mut points);
        disk::read(root, &mut points);
        self.battery.read(root, now, &mut points);
        thermal::read(root, &mut points);
        process::read(root, &self.processes, &mut points);
        points
    }
}

fn load(root: &Root, points: &mut Points) {
    let Some(text) = root.text("proc/loadavg") else { return };
    for (window, load) in ["1m", "5m", "15m"].into_iter().zip(text.split_ascii_whitespace()) {
        if let Ok(load) = load.parse::<f64>() {
            points.labelled(names::LOAD, &[("window", window)], load);
        }
    }
}

#[cfg(test)]
pub(crate) mod fixture;
