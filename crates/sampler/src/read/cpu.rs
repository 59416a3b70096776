//! How busy the processors are: `proc/stat`.

use super::Root;
use crate::names;
use crate::point::Points;

/// The times at the sample before.
#[derive(Debug, Default)]
pub(super) struct Cpu(Option<Times>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Times {
    total: u64,
    idle: u64,
}

impl Cpu {
    pub(super) fn read(&mut self, root: &Root, points: &mut Points) {
        let times = root.again("proc/stat").and_then(|text| times(&text));
        let before = std::mem::replace(&mut self.0, times);
        let (Some(before), Some(times)) = (before, times) else { return };
        let passed = times.total.checked_sub(before.total).filter(|passed| *passed > 0);
        let idle = times.idle.checked_sub(before.idle);
        if let (Some(passed), Some(idle)) = (passed, idle) {
            points.push(names::CPU_UTILIZATION, 1.0 - idle.min(passed) as f64 / passed as f64);
        }
    }
}

/// The first eight fields: time of guests is inside that of their users already. Waiting for a disk is idle.
fn times(text: &str) -> Option<Times> {
    let fields: Vec<u64> = text
        .lines()
        .next()?
        .strip_prefix("cpu ")?
        .split_ascii_whitespace()
        .take(8)
        .map_while(|field| field.parse().ok())
        .collect();
    (fields.len() >= 5).then(|| Times { total: fields.iter().sum(), idle: fields[3] + fields[4] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_counts() {
        let check = |text, expect: Option<(u64, u64)>| {
            assert_eq!(times(text), expect.map(|(total, idle)| Times { total, idle }), "{text}");
        };
        check("cpu  100 0 100 700 100 0 0 0 50 0\ncpu0 1 2 3\n", Some((1_000, 800)));
        check("cpu  1 2 3\n", None);
        check("", None);
    }
}
