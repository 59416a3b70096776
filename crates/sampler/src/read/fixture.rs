//! A machine made of files.

use std::fs;

use super::{Readers, Root};
use crate::clock::{MINUTE_NS, Now};
use crate::point::{Number, Points};

pub(crate) struct Machine(tempfile::TempDir);

impl Machine {
    /// The machine of the format's description: one interface near the wrap of 32 bits, one battery.
    pub(crate) fn new() -> Self {
        let machine = Machine(tempfile::tempdir().unwrap());
        machine.write("proc/stat", "cpu  100 0 100 700 100 0 0 0 0 0\n");
        machine.write("proc/meminfo", "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 600 kB\n");
        machine.write("proc/loadavg", "0.50 0.25 0.10 1/100 4242\n");
        machine.write(
            "proc/net/dev",
            "h\nh\n    lo: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0\n  eth0: 4294967000 1 0 0 0 0 0 0 500 1 0 0 0 0 0 0\n",
        );
        machine.write("proc/sys/kernel/random/boot_id", "6f2c0f5e-8c0e-4c3e-9b1e-1d3a5f7b9c2d\n");
        machine.write("proc/sys/kernel/hostname", "device-7\n");
        for (name, value) in
            [("type", "Battery"), ("status", "Discharging"), ("energy_now", "40000000"), ("energy_full", "50000000")]
        {
            machine.write(&format!("sys/class/power_supply/BAT0/{name}"), &format!("{value}\n"));
        }
        machine
    }

    pub(crate) fn write(&self, below: &str, text: &str) {
        let path = self.0.path().join(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn root(&self) -> Root {
        Root::new(self.0.path())
    }
}

/// Nanoseconds of all clocks at minute `minute`.
pub(crate) fn at(minute: i64) -> Now {
    let since = minute * MINUTE_NS;
    Now { wall_ns: 1_790_000_000_000_000_000 + since, boot_ns: 42_000_000_000 + since, mono_ns: 42_000_000_000 + since }
}

/// The value of a series, `name` or `name label-value`.
fn value(points: &Points, series: &str) -> Option<Number> {
    let mut words = series.split(' ');
    let name = words.next().unwrap();
    let labels: Vec<&str> = words.collect();
    let fits = |point: &&crate::point::Point| {
        point.metric.name == name && labels.iter().all(|word| point.labels.iter().any(|(_, value)| value == word))
    };
    points.0.iter().find(fits).map(|point| point.value)
}

#[track_caller]
fn check(points: &Points, expect: &[(&str, Option<Number>)]) {
    for (series, expect) in expect {
        assert_eq!(value(points, series), *expect, "{series}");
    }
}

const fn int(number: i64) -> Option<Number> {
    Some(Number::Int(number))
}

const fn float(number: f64) -> Option<Number> {
    Some(Number::Float(number))
}

#[test]
fn a_machine_is_read() {
    let machine = Machine::new();
    let mut readers = Readers::new(machine.root(), Vec::new());
    let first = readers.read(&at(0));
    check(
        &first,
        &[
            ("system.cpu.utilization", None),
            ("system.memory.usage used", int(400 * 1024)),
            ("system.memory.limit", int(1_000 * 1024)),
            ("system.memory.utilization used", float(0.4)),
            ("probity.system.load_average 5m", float(0.25)),
            ("system.network.io eth0 receive", int(4_294_967_000)),
            ("system.network.io lo", None),
            ("probity.network.rate eth0", None),
            ("hw.battery.charge BAT0", float(0.8)),
            ("hw.status BAT0 discharging", int(1)),
            ("probity.battery.drain_rate", None),
            ("container.memory.usage", None),
        ],
    );
    machine.write("proc/stat", "cpu  150 0 150 950 150 0 0 0 0 0\n");
    machine.write("proc/net/dev", "h\nh\n  eth0: 704 2 0 0 0 0 0 0 600 1 0 0 0 0 0 0\n");
    machine.write("sys/class/power_supply/BAT0/energy_now", "39000000\n");
    check(
        &readers.read(&at(30)),
        &[
            ("system.cpu.utilization", float(0.25)),
            ("probity.network.rate eth0 receive", float(2_000.0)),
            ("probity.network.rate eth0 transmit", float(200.0)),
            ("probity.network.resets eth0", None),
            ("probity.battery.drain_rate", float(4.0)),
        ],
    );
    machine.write("sys/class/power_supply/BAT0/status", "Charging\n");
    machine.write("proc/net/dev", "h\nh\n  eth0: 4 1 0 0 0 0 0 0 600 1 0 0 0 0 0 0\n");
    check(
        &readers.read(&at(31)),
        &[
            ("probity.battery.drain_rate", None),
            ("hw.status BAT0 charging", int(1)),
            ("probity.network.resets eth0 receive", int(1)),
        ],
    );
}

/// Nothing is there, or nothing can be read: no sample fails because of it.
#[test]
fn a_machine_without_anything_has_no_points() {
    let machine = Machine(tempfile::tempdir().unwrap());
    let mut readers = Readers::new(machine.root(), vec!["init".to_owned()]);
    for minute in 0..2 {
        let points = readers.read(&at(minute));
        let others: Vec<_> = points.0.iter().filter(|point| !point.metric.name.contains("filesystem")).collect();
        assert!(others.is_empty(), "{others:?}");
    }
    assert_eq!((machine.root().boot_id(), machine.root().host()), ("unknown".to_owned(), String::new()));
    machine.write("proc/stat", "cpu  x\n");
    machine.write("proc/meminfo", "MemTotal: 1 furlong\n");
    machine.write("sys/class/power_supply/BAT0/type", "Battery\n");
    fs::create_dir_all(machine.root().path("sys/class/power_supply/BAT0/energy_now")).unwrap();
    check(&readers.read(&at(2)), &[("hw.status BAT0 unknown", int(1)), ("hw.battery.charge BAT0", None)]);
}

#[test]
fn limits_of_a_container_version_2() {
    let machine = Machine::new();
    machine.write("proc/meminfo", "MemTotal: 16000000 kB\nMemAvailable: 600 kB\n");
    machine.write("proc/self/cgroup", "0::/app.slice/app.service\n");
    let slice = "sys/fs/cgroup/app.slice";
    machine.write(&format!("{slice}/memory.max"), "536870912\n");
    machine.write(&format!("{slice}/cpu.max"), "max 100000\n");
    let own = "sys/fs/cgroup/app.slice/app.service";
    machine.write(&format!("{own}/memory.max"), "max\n");
    machine.write(&format!("{own}/memory.current"), "300000000\n");
    machine.write(&format!("{own}/memory.stat"), "anon 1\ninactive_file 100000000\n");
    machine.write(&format!("{own}/cpu.max"), "50000 100000\n");
    machine.write(&format!("{own}/cpu.stat"), "usage_usec 1000000\n");
    let mut readers = Readers::new(machine.root(), Vec::new());
    readers.read(&at(0));
    machine.write(&format!("{own}/cpu.stat"), "usage_usec 16000000\n");
    check(
        &readers.read(&at(1)),
        &[
            ("container.memory.usage", int(300_000_000)),
            ("container.memory.working_set", int(200_000_000)),
            ("probity.container.memory.limit", int(536_870_912)),
            ("probity.container.cpu.limit", float(0.5)),
            ("container.cpu.usage", float(0.25)),
            ("probity.container.cpu.utilization", float(0.5)),
        ],
    );
}

/// The path is the host's, the mount is our own; the largest number is no limit.
#[test]
fn limits_of_a_container_version_1() {
    let machine = Machine::new();
    machine.write("proc/meminfo", "MemTotal: 16000000 kB\nMemAvailable: 600 kB\n");
    machine.write("proc/self/cgroup", "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n0::/docker/abc\n");
    let (cpu, memory) = ("sys/fs/cgroup/cpu,cpuacct", "sys/fs/cgroup/memory");
    machine.write(&format!("{cpu}/cpu.cfs_quota_us"), "200000\n");
    machine.write(&format!("{cpu}/cpu.cfs_period_us"), "100000\n");
    machine.write(&format!("{cpu}/cpuacct.usage"), "0\n");
    machine.write(&format!("{memory}/memory.limit_in_bytes"), "9223372036854771712\n");
    let mut readers = Readers::new(machine.root(), Vec::new());
    check(
        &readers.read(&at(0)),
        &[("probity.container.memory.limit", None), ("probity.container.cpu.limit", float(2.0))],
    );
    machine.write(&format!("{cpu}/cpuacct.usage"), "60000000000\n");
    machine.write(&format!("{memory}/memory.limit_in_bytes"), "1000000\n");
    machine.write(&format!("{memory}/memory.usage_in_bytes"), "900000\n");
    machine.write(&format!("{memory}/memory.stat"), "total_inactive_file 1000\n");
    check(
        &readers.read(&at(1)),
        &[("container.cpu.usage", float(1.0)), ("container.memory.working_set", int(899_000))],
    );
}

#[test]
fn processes_disks_and_temperatures() {
    let machine = Machine::new();
    machine.write("proc/4242/comm", "mediation\n");
    machine.write("proc/4242/status", "Name:\tmediation\nVmRSS:\t  2048 kB\n");
    machine.write("proc/4242/stat", "4242 (medi) ation) S 1 1 1 0 -1 4 0 0 0 0 150 50 0 0 20 0 1 0 5 0 0\n");
    machine.write("proc/1/comm", "init\n");
    machine.write("proc/diskstats", "   8 0 sda 1 0 100 0 2 0 200 0 0 0 0\n   8 1 sda1 1 0 100 0 2 0 200 0 0 0 0\n");
    machine.write("sys/block/sda/size", "1\n");
    machine.write("sys/class/thermal/thermal_zone0/type", "x86_pkg_temp\n");
    machine.write("sys/class/thermal/thermal_zone0/temp", "45500\n");
    machine.write("sys/class/hwmon/hwmon1/temp1_input", "-3000\n");
    let mut readers = Readers::new(machine.root(), vec!["mediation".to_owned()]);
    check(
        &readers.read(&at(0)),
        &[
            ("process.memory.usage mediation 4242", int(2 << 20)),
            ("process.cpu.time mediation", float(2.0)),
            ("process.memory.usage init", None),
            ("system.disk.io sda read", int(51_200)),
            ("system.disk.io sda write", int(102_400)),
            ("system.disk.io sda1", None),
            ("hw.temperature thermal_zone0 x86_pkg_temp", float(45.5)),
            ("hw.temperature hwmon1-temp1", float(-3.0)),
        ],
    );
}
