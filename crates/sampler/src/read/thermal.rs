//! Temperatures: thermal zones and monitors of chips.

use super::Root;
use crate::names;
use crate::point::Points;

pub(super) fn read(root: &Root, points: &mut Points) {
    const ZONES: &str = "sys/class/thermal";
    for zone in root.names(ZONES).iter().filter(|name| name.starts_with("thermal_zone")) {
        let about = root.word(&format!("{ZONES}/{zone}/type"));
        show(root, &format!("{ZONES}/{zone}/temp"), zone, about.as_deref(), points);
    }
    const CHIPS: &str = "sys/class/hwmon";
    for chip in root.names(CHIPS) {
        let about = root.word(&format!("{CHIPS}/{chip}/name"));
        let inputs = root.names(&format!("{CHIPS}/{chip}"));
        for input in inputs.iter().filter(|name| name.starts_with("temp") && name.ends_with("_input")) {
            let sensor = input.trim_end_matches("_input");
            show(root, &format!("{CHIPS}/{chip}/{input}"), &format!("{chip}-{sensor}"), about.as_deref(), points);
        }
    }
}

fn show(root: &Root, file: &str, id: &str, about: Option<&str>, points: &mut Points) {
    let Some(thousandths) = root.word(file).and_then(|text| text.parse::<i64>().ok()) else { return };
    let labels = [("hw.id", id), ("hw.name", about.unwrap_or_default())];
    let known = if about.is_some() { 2 } else { 1 };
    points.labelled(names::TEMPERATURE, &labels[..known], thousandths as f64 / 1_000.0);
}
