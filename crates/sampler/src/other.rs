//! What other systems say of the machine, through sysinfo: macOS, Windows, FreeBSD. The names are those of [`names`].
//!
//! Not given there, because nobody can be asked: batteries, limits of containers, `system.memory.linux.available`, and on Windows
//! the load. A first processor's share is missing, as on Linux.

use std::path::PathBuf;

use sysinfo::{Components, DiskRefreshKind, Disks, Networks, ProcessRefreshKind, ProcessesToUpdate, System};

use crate::clock::Now;
use crate::names;
use crate::order::sort;
use crate::point::Points;
use crate::traffic::{Counted, Traffic};

/// More processes are not shown: a name that fits hundreds was not meant.
const PROCESSES_MAX: usize = 32;

/// This machine: there are no files of another one to read.
#[derive(Debug)]
pub struct Root;

impl Root {
    /// This machine, whatever the path.
    pub fn new(_: impl Into<PathBuf>) -> Self {
        Root
    }

    /// Which boot this is. Windows has no id for it: there it is when that was, which may change with the clock.
    pub fn boot_id(&self) -> String {
        let name = if cfg!(target_os = "macos") { "kern.bootsessionuuid" } else { "kern.boot_id" };
        let asked = std::process::Command::new("sysctl").args(["-n", name]).output();
        let id = asked.ok().filter(|asked| cfg!(unix) && asked.status.success());
        let id = id.and_then(|asked| String::from_utf8(asked.stdout).ok()).map(|id| id.trim().to_owned());
        id.filter(|id| !id.is_empty()).unwrap_or_else(|| format!("since-{}", System::boot_time()))
    }

    /// The machine's name.
    pub fn host(&self) -> String {
        System::host_name().unwrap_or_default()
    }
}

/// All readers, with what they remember from one sample to the next.
#[derive(Debug)]
pub struct Readers {
    processes: Vec<String>,
    system: System,
    networks: Networks,
    disks: Disks,
    components: Components,
    traffic: Traffic,
    is_first: bool,
}

impl Readers {
    /// Readers of this machine; `processes` are names of programs whose memory and processor time is wanted.
    pub fn new(_: Root, processes: Vec<String>) -> Self {
        Readers {
            processes,
            system: System::new(),
            networks: Networks::new(),
            disks: Disks::new(),
            components: Components::new(),
            traffic: Traffic::default(),
            is_first: true,
        }
    }

    /// Reads everything once. What is a difference to the sample before is missing in the first one.
    pub fn read(&mut self, now: &Now) -> Points {
        let mut points = Points::default();
        self.cpu(&mut points);
        self.memory(&mut points);
        load(&mut points);
        self.network(now, &mut points);
        self.disk(&mut points);
        self.temperatures(&mut points);
        self.programs(&mut points);
        points
    }

    fn cpu(&mut self, points: &mut Points) {
        self.system.refresh_cpu_usage();
        if !std::mem::take(&mut self.is_first) {
            points.push(names::CPU_UTILIZATION, f64::from(self.system.global_cpu_usage()) / 100.0);
        }
    }

    fn memory(&mut self, points: &mut Points) {
        self.system.refresh_memory();
        let (total, used) = (self.system.total_memory(), self.system.used_memory());
        if total > 0 {
            points.push(names::MEMORY_LIMIT, total);
            points.labelled(names::MEMORY_USAGE, &[("system.memory.state", "used")], used);
            points.labelled(names::MEMORY_UTILIZATION, &[("system.memory.state", "used")], used as f64 / total as f64);
        }
    }

    fn network(&mut self, now: &Now, points: &mut Points) {
        self.networks.refresh(true);
        let mut all: Vec<_> = self.networks.list().iter().collect();
        sort(&mut all, |a, b| a.0 < b.0);
        let counted = all.into_iter().map(|(name, data)| Counted {
            name,
            received: (data.total_received(), data.total_packets_received()),
            sent: (data.total_transmitted(), data.total_packets_transmitted()),
        });
        self.traffic.see(now.boot_ns, counted, points);
    }

    /// Each disk once, whatever volumes it has; and the room where the system is.
    fn disk(&mut self, points: &mut Points) {
        self.disks.refresh_specifics(true, DiskRefreshKind::nothing().with_storage().with_io_usage());
        let mut all: Vec<_> = self.disks.list().iter().collect();
        sort(&mut all, |a, b| a.mount_point() < b.mount_point());
        let mut seen = Vec::new();
        for disk in &all {
            // A volume of Windows may have no name; its letter it has.
            let named = disk.name().to_string_lossy().trim_start_matches("/dev/").to_owned();
            let name = if named.is_empty() { disk.mount_point().display().to_string() } else { named };
            if seen.contains(&name) {
                continue;
            }
            let usage = disk.usage();
            for (direction, bytes) in [("read", usage.total_read_bytes), ("write", usage.total_written_bytes)] {
                points.labelled(names::DISK_IO, &[("system.device", &name), ("disk.io.direction", direction)], bytes);
            }
            seen.push(name);
        }
        // "/", or "C:\".
        let Some(system) = all.first() else { return };
        let (size, free) = (system.total_space(), system.available_space());
        let at = system.mount_point().to_string_lossy();
        let mount = ("system.filesystem.mountpoint", at.as_ref());
        points.labelled(names::FILESYSTEM_LIMIT, &[mount], size);
        for (state, bytes) in [("used", size.saturating_sub(free)), ("free", free)] {
            points.labelled(names::FILESYSTEM_USAGE, &[mount, ("system.filesystem.state", state)], bytes);
        }
    }

    fn temperatures(&mut self, points: &mut Points) {
        self.components.refresh(true);
        for (at, sensor) in self.components.list().iter().enumerate() {
            let Some(celsius) = sensor.temperature() else { continue };
            let id = sensor.id().map_or_else(|| at.to_string(), str::to_owned);
            points.labelled(names::TEMPERATURE, &[("hw.id", &id), ("hw.name", sensor.label())], f64::from(celsius));
        }
    }

    fn programs(&mut self, points: &mut Points) {
        if self.processes.is_empty() {
            return;
        }
        let wanted = ProcessRefreshKind::nothing().with_memory().with_cpu().without_tasks();
        self.system.refresh_processes_specifics(ProcessesToUpdate::All, true, wanted);
        let is_meant = |name: &str| {
            self.processes.iter().any(|wanted| wanted == name || name.strip_suffix(".exe") == Some(wanted))
        };
        let named = self.system.processes().values().filter_map(|process| Some((process.name().to_str()?, process)));
        let mut meant: Vec<_> = named.filter(|(name, _)| is_meant(name)).collect();
        sort(&mut meant, |a, b| a.1.pid() < b.1.pid());
        for (name, process) in meant.into_iter().take(PROCESSES_MAX) {
            let pid = process.pid().to_string();
            let labels = [("process.executable.name", name), ("process.pid", pid.as_str())];
            points.labelled(names::PROCESS_MEMORY, &labels, process.memory());
            points.labelled(names::PROCESS_CPU, &labels, process.accumulated_cpu_time() as f64 / 1_000.0);
        }
    }
}

/// Windows has none.
fn load(points: &mut Points) {
    if cfg!(windows) {
        return;
    }
    let load = System::load_average();
    for (window, load) in [("1m", load.one), ("5m", load.five), ("15m", load.fifteen)] {
        points.labelled(names::LOAD, &[("window", window)], load);
    }
}

#[cfg(test)]
mod tests;
