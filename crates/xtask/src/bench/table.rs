//! Results as Markdown.

use std::fmt::Write;

use super::measure::{Cost, Spread};

/// A heading, a table and notes below it.
pub(crate) struct Table(String);

impl Table {
    pub(crate) fn new(title: &str, columns: &[&str]) -> Self {
        let rule = columns.iter().map(|_| "---").collect::<Vec<_>>().join(" | ");
        Table(format!("## {title}\n\n| {} |\n| {rule} |\n", columns.join(" | ")))
    }

    /// A heading and what another program printed.
    pub(crate) fn prose(title: &str, text: &str) -> Self {
        Table(format!("## {title}\n\n{text}\n"))
    }

    /// Throughput of `bytes` per CPU second; the first row's median is what later rows are compared with.
    pub(crate) fn throughput(title: &str, bytes: u64, rows: &[(String, &[Cost])]) -> Self {
        let columns = [
            "program",
            "CPU s: median (least–most)",
            "MB per CPU s",
            "wall s: median (least–most)",
            "peak RSS MB",
            "CPU against the first",
            "wall against the first",
        ];
        let mut table = Table::new(title, &columns);
        let median = |figure: fn(&Cost) -> f64| rows.first().map_or(1.0, |(_, costs)| Spread::of(costs, figure).median);
        let first = (median(|cost| cost.cpu), median(|cost| cost.wall));
        for (name, costs) in rows {
            let (cpu, wall) = (Spread::of(costs, |cost| cost.cpu), Spread::of(costs, |cost| cost.wall));
            table.row(&[
                name.clone(),
                format!("{:.3} ({:.3}–{:.3})", cpu.median, cpu.least, cpu.most),
                format!("{:.0}", bytes as f64 / 1e6 / cpu.median),
                format!("{:.2} ({:.2}–{:.2})", wall.median, wall.least, wall.most),
                format!("{:.0}", Spread::of(costs, |cost| cost.peak as f64).most / 1e6),
                format!("{:.1}×", cpu.median / first.0),
                format!("{:.1}×", wall.median / first.1),
            ]);
        }
        table
    }

    pub(crate) fn row(&mut self, cells: &[String]) {
        let _ = writeln!(self.0, "| {} |", cells.join(" | "));
    }

    pub(crate) fn note(mut self, text: &str) -> Self {
        let _ = write!(self.0, "\n{text}\n");
        self
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
