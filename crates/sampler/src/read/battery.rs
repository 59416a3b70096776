//! Batteries: how full, and how fast that falls.
//!
//! A rate is taken over half an hour at least, in which the battery was discharging throughout: where the kernel counts in whole
//! percent a minute shows nothing, or 60 %/h. The resolution stands beside the level.

use std::collections::VecDeque;

use super::{Names, Root};
use crate::clock::{HOUR_NS, MINUTE_NS, Now};
use crate::names;
use crate::point::Points;

const WINDOW_MIN_NS: i64 = 30 * MINUTE_NS;

/// Levels since the battery began to discharge, of the last hour.
#[derive(Debug, Default)]
pub(super) struct Battery {
    supplies: Names,
    window: VecDeque<(i64, f64)>,
}

/// One battery, in whatever it counts.
struct Level {
    now: f64,
    full: f64,
    /// The smallest step of the level, as a share.
    step: f64,
}

impl Battery {
    pub(super) fn read(&mut self, root: &Root, now: &Now, points: &mut Points) {
        let (mut levels, mut is_discharging) = (Vec::new(), true);
        for name in self.supplies.of(root, "sys/class/power_supply", now) {
            let folder = format!("sys/class/power_supply/{name}");
            let word = |attribute: &str| root.word(&format!("{folder}/{attribute}"));
            // Mice and keyboards have batteries as well.
            if word("type").as_deref() != Some("Battery") || word("scope").as_deref() == Some("Device") {
                continue;
            }
            let status = word("status").unwrap_or_else(|| "Unknown".to_owned()).to_ascii_lowercase();
            is_discharging &= status == "discharging";
            let labels = [("hw.id", name.as_str()), ("hw.type", "battery"), ("hw.state", status.as_str())];
            points.labelled(names::STATUS, &labels, 1_u64);
            let Some(level) = level(root, &folder) else { continue };
            points.labelled(names::BATTERY_CHARGE, &labels[..1], (level.now / level.full).min(1.0));
            points.labelled(names::BATTERY_RESOLUTION, &labels[..1], crate::point::Number::Float(level.step));
            levels.push(level);
        }
        if levels.is_empty() || !is_discharging {
            self.window.clear();
            return;
        }
        // A watch is kept on the sum: which of two batteries is emptied first is the firmware's affair.
        let (left, full) = levels.iter().fold((0.0, 0.0), |(left, full), level| (left + level.now, full + level.full));
        if let Some(rate) = self.drain(now.boot_ns, left / full) {
            points.push(names::BATTERY_DRAIN, rate);
        }
    }

    /// Percent an hour.
    fn drain(&mut self, at: i64, level: f64) -> Option<f64> {
        self.window.push_back((at, level));
        while self.window.get(1).is_some_and(|(second, _)| at - second >= HOUR_NS) {
            self.window.pop_front();
        }
        let (from, first) = *self.window.front()?;
        let passed = at - from;
        (passed >= WINDOW_MIN_NS).then(|| (first - level) * 100.0 * HOUR_NS as f64 / passed as f64)
    }
}

/// Energy (µWh), else charge (µAh), else whole percent.
fn level(root: &Root, folder: &str) -> Option<Level> {
    let number = |attribute: &str| root.number(&format!("{folder}/{attribute}")).map(|number| number as f64);
    for kind in ["energy", "charge"] {
        let (now, full) = (number(&format!("{kind}_now")), number(&format!("{kind}_full")));
        if let (Some(now), Some(full)) = (now, full.filter(|full| *full > 0.0)) {
            return Some(Level { now, full, step: 1.0 / full });
        }
    }
    Some(Level { now: number("capacity").filter(|percent| *percent <= 100.0)?, full: 100.0, step: 0.01 })
}
