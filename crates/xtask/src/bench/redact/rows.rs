//! Results: one row for a program in a case.

use serde_json::{Value, json};

use super::super::measure::{Cost, Spread};
use super::super::table::Table;

pub(super) struct Row {
    pub(super) case: &'static str,
    pub(super) id: &'static str,
    pub(super) name: String,
    pub(super) rules: Option<usize>,
    pub(super) bytes: u64,
    pub(super) found: Option<u64>,
    /// Why there are no costs.
    pub(super) problem: Option<String>,
    pub(super) costs: Vec<Cost>,
}

impl Row {
    fn spread(&self, figure: impl Fn(&Cost) -> f64) -> Option<Spread> {
        (!self.costs.is_empty()).then(|| Spread::of(&self.costs, figure))
    }

    /// Median of the CPU time in seconds.
    pub(super) fn cpu(&self) -> Option<f64> {
        self.spread(|cost| cost.cpu).map(|cpu| cpu.median)
    }

    pub(super) fn wall(&self) -> Option<f64> {
        self.spread(|cost| cost.wall).map(|wall| wall.median)
    }

    /// The highest resident set of all runs, in MB.
    pub(super) fn peak(&self) -> Option<f64> {
        self.spread(|cost| cost.peak as f64 / 1e6).map(|peak| peak.most)
    }

    /// MB per CPU second.
    pub(super) fn speed(&self) -> Option<f64> {
        self.cpu().map(|cpu| self.bytes as f64 / 1e6 / cpu)
    }

    /// MB per CPU second, times rules: how much text one rule sees in one second.
    pub(super) fn rule_speed(&self) -> Option<f64> {
        Some(self.speed()? * self.rules? as f64)
    }

    pub(super) fn json(&self) -> Value {
        let all = |figure: fn(&Cost) -> f64| self.costs.iter().map(figure).collect::<Vec<_>>();
        json!({
            "case": self.case, "program": self.id, "name": self.name, "rules": self.rules, "bytes": self.bytes,
            "found": self.found, "problem": self.problem, "cpu_s": all(|cost| cost.cpu), "wall_s": all(|cost| cost.wall),
            "peak_bytes": self.costs.iter().map(|cost| cost.peak).collect::<Vec<_>>(),
        })
    }
}

/// The last column says how many times faster than a row the probity above it is.
pub(super) fn table(title: &str, rows: &[Row]) -> Table {
    let columns = [
        "program",
        "rules",
        "CPU s: median (least–most)",
        "MB per CPU s",
        "MB per CPU s × rules",
        "wall s",
        "found",
        "peak RSS MB",
        "probity above is … times as fast",
    ];
    let bytes = rows.first().map_or(0, |row| row.bytes);
    let size = match bytes {
        0..1000 => format!("{bytes} bytes"),
        1000..1_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{:.0} MB", bytes as f64 / 1e6),
    };
    let mut table = Table::new(&format!("{title}, {size}"), &columns);
    let mut first = None;
    for row in rows {
        first = if row.id == "probity" { row.speed() } else { first.or(row.speed()) };
        let cpu =
            row.spread(|cost| cost.cpu).map(|cpu| format!("{:.3} ({:.3}–{:.3})", cpu.median, cpu.least, cpu.most));
        let cells = [
            row.name.clone(),
            row.rules.map_or_else(String::new, |rules| rules.to_string()),
            cpu.or(row.problem.clone()).unwrap_or_default(),
            figure(row.speed()),
            figure(row.rule_speed()),
            figure(row.wall()),
            row.found.map_or_else(String::new, |found| found.to_string()),
            figure(row.peak()),
            figure(first.zip(row.speed()).map(|(first, speed)| first / speed)),
        ];
        table.row(&cells);
    }
    table
}

/// Three digits or so.
pub(super) fn figure(number: Option<f64>) -> String {
    match number {
        None => String::new(),
        Some(number) if number < 10.0 => format!("{number:.2}"),
        Some(number) if number < 100.0 => format!("{number:.1}"),
        Some(number) => format!("{number:.0}"),
    }
}
