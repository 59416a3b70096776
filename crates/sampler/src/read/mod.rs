//! What the Linux kernel says of the machine, read from its own files below `--root`.
//!
//! Every file and every attribute is optional: a battery that answers ENODEV costs its own points and nothing else. Files of the
//! kernel stay open and are read anew at each sample: opening them costs more than reading them.

mod battery;
mod cgroup;
mod cpu;
mod disk;
mod memory;
mod network;
mod process;
mod thermal;

use std::cell::RefCell;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::clock::{MINUTE_NS, Now};
use crate::names;
use crate::order::sort;
use crate::point::Points;
use crate::traffic::Traffic;

/// More of one file of the kernel is not read.
const FILE_MAX: usize = 256 << 10;
/// What is read at once. The kernel gives a page of what it lists, and whole lines: less than half of one is all there was.
const CHUNK: usize = 8 << 10;
const HALF_PAGE: usize = 2 << 10;
/// More entries of one folder are not looked at; processes come one folder each.
const ENTRIES_MAX: usize = 65_536;
/// More files are not kept open.
const KEPT_MAX: usize = 128;

/// Where the machine's files begin: `/`, the mount of a host in a container, or a fixture.
#[derive(Debug)]
pub struct Root {
    path: PathBuf,
    /// Files of the kernel, which are other ones at each reading.
    kept: RefCell<Vec<(String, File)>>,
}

impl Root {
    /// A root.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Root { path: path.into(), kept: RefCell::default() }
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.path.join(below.trim_start_matches('/'))
    }

    /// The text of a file, or `None` whatever is wrong with it.
    pub(crate) fn text(&self, below: &str) -> Option<String> {
        whole(&File::open(self.path(below)).ok()?)
    }

    /// The same of a file that is there at each sample.
    pub(crate) fn again(&self, below: &str) -> Option<String> {
        let mut kept = self.kept.borrow_mut();
        if let Some(at) = kept.iter().position(|(name, _)| name == below) {
            if let Some(text) = whole(&kept[at].1) {
                return Some(text);
            }
            // What it belonged to is gone; there may be another one under its name.
            kept.swap_remove(at);
        }
        let file = File::open(self.path(below)).ok()?;
        let text = whole(&file)?;
        if kept.len() < KEPT_MAX && is_kernels(&file) {
            kept.push((below.to_owned(), file));
        }
        Some(text)
    }

    pub(crate) fn word(&self, below: &str) -> Option<String> {
        self.again(below).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    pub(crate) fn number(&self, below: &str) -> Option<u64> {
        self.again(below)?.trim().parse().ok()
    }

    /// The names in a folder, sorted, so that samples are in one order.
    pub(crate) fn names(&self, below: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path(below)) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.take(ENTRIES_MAX).flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        sort(&mut names, |a, b| a < b);
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
        &self.path
    }
}

/// A file from its beginning, in as few readings as can be.
fn whole(file: &File) -> Option<String> {
    let mut bytes = Vec::with_capacity(CHUNK);
    while bytes.len() < FILE_MAX {
        let at = bytes.len();
        bytes.resize(at + CHUNK, 0);
        let count = file.read_at(&mut bytes[at..], at as u64).ok()?;
        bytes.truncate(at + count);
        if count < HALF_PAGE {
            break;
        }
    }
    String::from_utf8(bytes).ok()
}

/// Whether a file is made by the kernel whenever it is read: any other may be replaced by one of the same name.
fn is_kernels(file: &File) -> bool {
    const PROC: u32 = 0x9fa0;
    const SYSFS: u32 = 0x6265_6572;
    const CGROUP: u32 = 0x0027_e0eb;
    const CGROUP2: u32 = 0x6367_7270;
    rustix::fs::fstatfs(file).is_ok_and(|about| [PROC, SYSFS, CGROUP, CGROUP2].contains(&(about.f_type as u32)))
}

/// The names in a folder that seldom change: those of the kernel are looked through once a minute.
#[derive(Debug, Default)]
struct Names {
    names: Vec<String>,
    /// When they were looked through.
    at: Option<i64>,
}

impl Names {
    fn of(&mut self, root: &Root, folder: &str, now: &Now) -> &[String] {
        if self.at.is_none_or(|at| !(0..MINUTE_NS).contains(&(now.boot_ns - at))) {
            // A folder that is not there may come later.
            let Ok(file) = File::open(root.path(folder)) else { return &[] };
            self.names = root.names(folder);
            self.at = is_kernels(&file).then_some(now.boot_ns);
        }
        &self.names
    }
}

/// All readers, with what they remember from one sample to the next.
#[derive(Debug)]
pub struct Readers {
    root: Root,
    processes: Vec<String>,
    cpu: cpu::Cpu,
    cgroup: cgroup::Cgroup,
    traffic: Traffic,
    disk: disk::Disk,
    battery: battery::Battery,
    thermal: thermal::Thermal,
}

impl Readers {
    /// Readers below `root`; `processes` are names of programs whose memory and processor time is wanted.
    pub fn new(root: Root, processes: Vec<String>) -> Self {
        let cgroup = cgroup::Cgroup::find(&root);
        let (cpu, traffic, disk, battery, thermal) = Default::default();
        Readers { root, processes, cpu, cgroup, traffic, disk, battery, thermal }
    }

    /// Reads everything once. What is a difference to the sample before is missing in the first one.
    pub fn read(&mut self, now: &Now) -> Points {
        let mut points = Points::default();
        let root = &self.root;
        self.cpu.read(root, &mut points);
        memory::read(root, &mut points);
        load(root, &mut points);
        self.cgroup.read(root, now, &mut points);
        network::read(root, now, &mut self.traffic, &mut points);
        self.disk.read(root, &mut points);
        self.battery.read(root, now, &mut points);
        self.thermal.read(root, now, &mut points);
        process::read(root, &self.processes, &mut points);
        points
    }
}

fn load(root: &Root, points: &mut Points) {
    let Some(text) = root.again("proc/loadavg") else { return };
    for (window, load) in ["1m", "5m", "15m"].into_iter().zip(text.split_ascii_whitespace()) {
        if let Ok(load) = load.parse::<f64>() {
            points.labelled(names::LOAD, &[("window", window)], load);
        }
    }
}

#[cfg(test)]
pub(crate) mod fixture;
