//! Memory and processor time of the programs that were named: `proc/PID`.

use super::Root;
use crate::names;
use crate::point::Points;

/// More processes are not shown: a name that fits hundreds was not meant.
const PROCESSES_MAX: usize = 32;
/// The kernel shows times in hundredths of a second on every platform (USER_HZ).
const TICKS: f64 = 100.0;

pub(super) fn read(root: &Root, wanted: &[String], points: &mut Points) {
    if wanted.is_empty() {
        return;
    }
    let pids = root.names("proc").into_iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    let mut shown = 0;
    for pid in pids {
        let Some(name) = root.text(&format!("proc/{pid}/comm")) else { continue };
        let name = name.trim_end_matches('\n');
        // The kernel keeps the first 15 bytes of a name.
        if !wanted.iter().any(|wanted| wanted == name || name.len() == 15 && wanted.starts_with(name)) {
            continue;
        }
        show(root, &pid, name, points);
        shown += 1;
        if shown == PROCESSES_MAX {
            return;
        }
    }
}

fn show(root: &Root, pid: &str, name: &str, points: &mut Points) {
    let labels = [("process.executable.name", name), ("process.pid", pid)];
    let status = root.text(&format!("proc/{pid}/status"));
    if let Some(bytes) = status.and_then(|text| super::memory::kibibytes(&text, "VmRSS:")) {
        points.labelled(names::PROCESS_MEMORY, &labels, bytes);
    }
    // A program's name may hold blanks and brackets: what counts stands behind the last one.
    let stat = root.text(&format!("proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok());
    if let Some((user, system)) = ticks(11).zip(ticks(12)) {
        points.labelled(names::PROCESS_CPU, &labels, (user + system) as f64 / TICKS);
    }
}
