//! Temperatures: thermal zones and monitors of chips.

use super::{Names, Root};
use crate::clock::Now;
use crate::names;
use crate::point::Points;

/// Which zones and chips there are.
#[derive(Debug, Default)]
pub(super) struct Thermal {
    zones: Names,
    chips: Names,
    /// The inputs of each chip.
    inputs: Vec<(String, Names)>,
}

impl Thermal {
    pub(super) fn read(&mut self, root: &Root, now: &Now, points: &mut Points) {
        const ZONES: &str = "sys/class/thermal";
        let zones = self.zones.of(root, ZONES, now);
        for zone in zones.iter().filter(|name| name.starts_with("thermal_zone")) {
            let about = root.word(&format!("{ZONES}/{zone}/type"));
            show(root, &format!("{ZONES}/{zone}/temp"), zone, about.as_deref(), points);
        }
        const CHIPS: &str = "sys/class/hwmon";
        let chips = self.chips.of(root, CHIPS, now);
        if !self.inputs.iter().map(|(chip, _)| chip).eq(chips) {
            self.inputs = chips.iter().map(|chip| (chip.clone(), Names::default())).collect();
        }
        for (chip, inputs) in &mut self.inputs {
            let about = root.word(&format!("{CHIPS}/{chip}/name"));
            let inputs = inputs.of(root, &format!("{CHIPS}/{chip}"), now);
            for input in inputs.iter().filter(|name| name.starts_with("temp") && name.ends_with("_input")) {
                let sensor = input.trim_end_matches("_input");
                show(root, &format!("{CHIPS}/{chip}/{input}"), &format!("{chip}-{sensor}"), about.as_deref(), points);
            }
        }
    }
}

fn show(root: &Root, file: &str, id: &str, about: Option<&str>, points: &mut Points) {
    let Some(thousandths) = root.word(file).and_then(|text| text.parse::<i64>().ok()) else { return };
    let labels = [("hw.id", id), ("hw.name", about.unwrap_or_default())];
    let known = if about.is_some() { 2 } else { 1 };
    points.labelled(names::TEMPERATURE, &labels[..known], thousandths as f64 / 1_000.0);
}
