//! The limits of the container or service that we run in, versions 1 and 2, and what of them is used.
//!
//! A limit may be set on any group above ours, as systemd's slices have it: the tightest counts.

use super::Root;
use crate::clock::Now;
use crate::names;
use crate::point::Points;

/// A larger limit is none: the kernel writes the largest page-aligned number where nobody set one.
const LIMIT_MAX: u64 = 1 << 60;

/// Where our group is, and its processor time at the sample before.
#[derive(Debug, Default)]
pub(super) struct Cgroup {
    cpu: Option<Group>,
    memory: Option<Group>,
    before: Option<(i64, u64)>,
    /// What the machine has: a limit above it is none.
    total: Option<u64>,
}

/// One controller: the folders from our own group up to the root.
#[derive(Debug)]
struct Group {
    is_v2: bool,
    folders: Vec<String>,
}

impl Cgroup {
    pub(super) fn find(root: &Root) -> Self {
        let text = root.text("proc/self/cgroup").unwrap_or_default();
        let line = |controller: &str| {
            text.lines().find_map(|line| {
                let mut fields = line.splitn(3, ':').skip(1);
                let (controllers, path) = (fields.next()?, fields.next()?);
                controllers.split(',').any(|name| name == controller).then_some((controllers, path))
            })
        };
        let group = |controller: &str| match line(controller) {
            Some((controllers, path)) => Some(Group::new(root, false, &format!("sys/fs/cgroup/{controllers}"), path)),
            None => line("").map(|(_, path)| Group::new(root, true, "sys/fs/cgroup", path)),
        };
        let total = root.text("proc/meminfo").and_then(|text| super::memory::kibibytes(&text, "MemTotal:"));
        Cgroup { cpu: group("cpu"), memory: group("memory"), before: None, total }
    }

    pub(super) fn read(&mut self, root: &Root, now: &Now, points: &mut Points) {
        self.cpu(root, now, points);
        self.memory(root, points);
    }

    fn cpu(&mut self, root: &Root, now: &Now, points: &mut Points) {
        let Some(group) = &self.cpu else { return };
        let Some(cpus) = group.tightest(|folder| quota(root, group.is_v2, folder)) else { return };
        let Some(used) = used_nanos(root, group) else { return };
        points.push(names::CONTAINER_CPU_LIMIT, cpus);
        let before = self.before.replace((now.boot_ns, used));
        let Some((at, before)) = before else { return };
        let passed = now.boot_ns - at;
        let Some(spent) = used.checked_sub(before).filter(|_| passed > 0) else { return };
        let usage = spent as f64 / passed as f64;
        points.push(names::CONTAINER_CPU, usage);
        points.push(names::CONTAINER_CPU_UTILIZATION, usage / cpus);
    }

    fn memory(&self, root: &Root, points: &mut Points) {
        let Some(group) = &self.memory else { return };
        let (limit, usage, inactive) = match group.is_v2 {
            true => ("memory.max", "memory.current", "inactive_file "),
            false => ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "),
        };
        let sensible = |limit: &u64| *limit < self.total.unwrap_or(LIMIT_MAX).min(LIMIT_MAX);
        let limit = group.tightest(|folder| root.number(&format!("{folder}/{limit}")).filter(sensible));
        let Some((limit, own)) = limit.zip(group.folders.first()) else { return };
        points.push(names::CONTAINER_MEMORY_LIMIT, limit);
        let Some(usage) = root.number(&format!("{own}/{usage}")) else { return };
        points.push(names::CONTAINER_MEMORY, usage);
        let stat = root.again(&format!("{own}/memory.stat")).unwrap_or_default();
        let inactive = stat.lines().find_map(|line| line.strip_prefix(inactive)?.trim().parse::<u64>().ok());
        if let Some(inactive) = inactive {
            points.push(names::CONTAINER_WORKING_SET, usage.saturating_sub(inactive));
        }
    }
}

impl Group {
    /// In a container the path may be the host's, which is not mounted here: then the mount itself is our group.
    fn new(root: &Root, is_v2: bool, mount: &str, path: &str) -> Self {
        let mut path = path.trim_matches('/').to_owned();
        if path.contains("..") || !root.path(&format!("{mount}/{path}")).is_dir() {
            path.clear();
        }
        let mut folders = Vec::new();
        while !path.is_empty() {
            folders.push(format!("{mount}/{path}"));
            path.truncate(path.rfind('/').unwrap_or(0));
        }
        folders.push(mount.to_owned());
        Group { is_v2, folders }
    }

    fn tightest<T: PartialOrd>(&self, limit: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.folders.iter().filter_map(|folder| limit(folder)).reduce(|a, b| if b < a { b } else { a })
    }
}

/// How many processors a group may use.
fn quota(root: &Root, is_v2: bool, folder: &str) -> Option<f64> {
    let (quota, period) = if is_v2 {
        let text = root.again(&format!("{folder}/cpu.max"))?;
        let (quota, period) = text.trim().split_once(' ')?;
        (quota.parse::<f64>().ok()?, period.parse::<f64>().ok()?)
    } else {
        let number = |name| root.number(&format!("{folder}/{name}"));
        (number("cpu.cfs_quota_us")? as f64, number("cpu.cfs_period_us")? as f64)
    };
    (quota > 0.0 && period > 0.0).then(|| quota / period)
}

fn used_nanos(root: &Root, group: &Group) -> Option<u64> {
    let own = group.folders.first()?;
    if group.is_v2 {
        let text = root.again(&format!("{own}/cpu.stat"))?;
        let used = text.lines().find_map(|line| line.strip_prefix("usage_usec ")?.trim().parse::<u64>().ok());
        return used?.checked_mul(1_000);
    }
    let usage = |folder: &str| root.number(&format!("{folder}/cpuacct.usage"));
    usage(own).or_else(|| usage(&own.replacen("sys/fs/cgroup/cpu/", "sys/fs/cgroup/cpuacct/", 1)))
}
